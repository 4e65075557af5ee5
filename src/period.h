/*
 * period.h
 *		Closed periods: days that no business time can be given any more.
 */
#ifndef INVENTORY_PERIOD_H
#define INVENTORY_PERIOD_H

#include "postgres.h"

#include "datatype/timestamp.h"

extern void PeriodCheckOpen(const int64 *warehouse_ids, int count, TimestampTz occurred_at);

#endif							/* INVENTORY_PERIOD_H */
