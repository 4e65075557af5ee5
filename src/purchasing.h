/*
 * purchasing.h
 *		What other rooms need of purchase orders.
 */
#ifndef INVENTORY_PURCHASING_H
#define INVENTORY_PURCHASING_H

#include "postgres.h"

#include "utils/date.h"

#include "line_item.h"

extern int64 PurchaseOrderCreate(int64 supplier_id, int64 warehouse_id,
								 const LineItem *items, int nitems,
								 const DateADT *expected, bool *refused, Datum *row);

#endif							/* INVENTORY_PURCHASING_H */
