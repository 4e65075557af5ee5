/*
 * ledger_scan.h
 *		The way into the history of one item without a statement: index probes in the
 *		partitions of the ledger.
 */
#ifndef INVENTORY_LEDGER_SCAN_H
#define INVENTORY_LEDGER_SCAN_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* Columns of stock_movement, and of ledger_opening, that C code reads from a row. */
#define Anum_movement_id				1
#define Anum_movement_product_id		2
#define Anum_movement_warehouse_id		3
#define Anum_movement_type				4
#define Anum_movement_on_hand_after		6
#define Anum_movement_version			7
#define Anum_movement_created_at		13
#define Anum_movement_row_hash			15
#define Natts_movement					15

/* A row of the ledger. */
typedef struct LedgerMovement
{
	Datum		values[Natts_movement];
	bool		nulls[Natts_movement];
} LedgerMovement;

/* A partition of the ledger that has an end. */
typedef struct LedgerMonth
{
	Oid			partition;
	TimestampTz end;			/* of what is recorded in it; not in it itself */
} LedgerMonth;

extern bool LedgerLastMovement(int64 product_id, int64 warehouse_id, TimestampTz at,
							   LedgerMovement *movement);
extern int	LedgerPartitionsBefore(TimestampTz before, LedgerMonth **months);
extern bool LedgerIsCovered(TimestampTz start, TimestampTz end);

static inline int64
LedgerMovementInt64(const LedgerMovement *movement, int column)
{
	return DatumGetInt64(movement->values[column - 1]);
}

#endif							/* INVENTORY_LEDGER_SCAN_H */
