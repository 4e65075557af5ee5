/*
 * ledger_scan.h
 *		The way into the history of one item without a statement: index probes in the
 *		partitions of the ledger.
 */
#ifndef INVENTORY_LEDGER_SCAN_H
#define INVENTORY_LEDGER_SCAN_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

/* Columns of stock_movement that C code reads from a row. */
#define Anum_movement_id				1
#define Anum_movement_product_id		2
#define Anum_movement_warehouse_id		3
#define Anum_movement_type				4
#define Anum_movement_on_hand_after		6
#define Anum_movement_created_at		13
#define Natts_movement					15

extern bool LedgerLastMovement(int64 product_id, int64 warehouse_id, TimestampTz at,
							   Datum *values, bool *nulls);
extern List *LedgerPartitionsBefore(TimestampTz before);

#endif							/* INVENTORY_LEDGER_SCAN_H */
