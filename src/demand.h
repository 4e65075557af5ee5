/*
 * demand.h
 *		Daily demand, and its sums over a window.
 */
#ifndef INVENTORY_DEMAND_H
#define INVENTORY_DEMAND_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/date.h"

extern int32 DemandArgumentWindow(FunctionCallInfo fcinfo, int n);
extern const DateADT *DemandArgumentAsOf(FunctionCallInfo fcinfo, int n, DateADT *day);
extern int64 DemandRefresh(int32 window_days, const DateADT *as_of, bool from_scratch);

#endif							/* INVENTORY_DEMAND_H */
