/*
 * stock.h
 *		The item row: the only code that locks and changes one.
 *
 * The order of locks, for everybody:
 *	 1. an idempotency key,
 *	 2. the document (purchase order, transfer) that the step belongs to,
 *	 3. item rows, several of them sorted by (product_id, warehouse_id),
 *	 4. what depends on an item (its reservations), read in a statement after the
 *		one that locked it.
 * Whoever holds the item row may read and change what its reservations hold without
 * locking them: nobody else changes that meanwhile.  Only expires_at can be set by
 * plain SQL without the item; who writes a reservation leaves it alone or looks
 * again.
 *
 * Writing an item locks it as well.  So one that nobody else is at may be read first
 * (StockRead), and what depends on it after that, and be stored only if it is still
 * what it was (StockTryStore, StockTryMove): then it is as if it had been locked when
 * it was read.  That works since everybody who changes reservations stores their
 * item, too.
 */
#ifndef INVENTORY_STOCK_H
#define INVENTORY_STOCK_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "executor/tuptable.h"
#include "storage/itemptr.h"

#include "ledger.h"

/* Columns of inventory_item that C code reads from a row. */
#define Anum_item_id					1
#define Anum_item_product_id			2
#define Anum_item_warehouse_id			3
#define Anum_item_quantity_on_hand		4
#define Anum_item_quantity_reserved		5
#define Anum_item_quantity_available	6
#define Anum_item_reorder_point			7
#define Anum_item_reorder_quantity		8
#define Anum_item_version				10
#define Anum_item_last_movement_at		11
#define Anum_item_last_movement_id		12
#define Anum_item_last_hash				13
#define Anum_item_is_low				14

/* A locked or read item, as it is and as it is going to be. */
typedef struct StockItem
{
	int64		item_id;
	int64		product_id;
	int64		warehouse_id;
	int64		on_hand;		/* base units */
	int64		reserved;		/* base units */
	int64		version;		/* number of its ledger rows */
	TimestampTz last_movement_at;	/* DT_NOBEGIN before the first one */
	int64		last_movement_id;	/* 0 before the first one */
	LedgerHash	last_hash;
	int64		stored_on_hand; /* the row as it was read or stored last */
	int64		stored_reserved;
	int64		stored_version;
	ItemPointerData tid;		/* where the fast path found or stored it; else invalid */
	bool		locked;			/* false: only read */
	bool		create;			/* of a StockSet: make it where it is missing */
	int64		demand;			/* of a StockSet: what its user wants of it */
} StockItem;

/*
 * Items to be locked together, sorted and each once after StockSetSort or StockSetLock.  One that
 * does not exist, and is not to be made, has no item_id then.
 */
typedef struct StockSet
{
	int			count;
	int			capacity;
	StockItem  *items;
} StockSet;

/* The policy that an item is going to have. */
typedef struct StockPolicy
{
	int64		product_id;
	int64		warehouse_id;
	ItemPointerData tid;		/* where it was read */
	int64		reorder_point;
	int64		reorder_quantity;
	int64		point_before;	/* the one that it has, or had */
	int64		quantity_before;
	bool		stored;
} StockPolicy;

extern void StockSetAdd(StockSet *set, int64 product_id, int64 warehouse_id,
						bool create);
extern void StockSetSort(StockSet *set);
extern void StockSetLock(StockSet *set);
extern void StockSetLockFrom(StockSet *set, int first);
extern StockItem *StockSetFind(const StockSet *set, int64 product_id, int64 warehouse_id);
extern bool StockProductExists(int64 product_id);
extern bool StockWarehouseExists(int64 warehouse_id);
extern void StockCheckProduct(int64 product_id);
extern void StockCheckWarehouse(int64 warehouse_id);
extern void StockLockExisting(int64 product_id, int64 warehouse_id, int64 quantity,
							  StockItem *item);
extern uint64 StockLockExpired(TimestampTz now, int64 max_items, StockItem **items);
extern bool StockLockOfReservation(int64 reservation_id, StockItem *item);
extern bool StockLockKnown(int64 product_id, int64 warehouse_id, StockItem *item);
extern bool StockRead(int64 product_id, int64 warehouse_id, StockItem *item);
extern void StockReadSlot(TupleTableSlot *slot, StockItem *item);
extern int64 StockSlotInt64(TupleTableSlot *slot, AttrNumber attnum);
extern void StockLockOrCreate(int64 product_id, int64 warehouse_id, StockItem *item);
extern void StockStore(StockItem *item);
extern bool StockTryStore(StockItem *item);
extern int64 StockMove(StockItem *item, const Movement *movement);
extern bool StockTryMove(StockItem *item, const Movement *movement);
extern void StockStorePolicies(StockPolicy *policies, int count);
extern void StockMarkCounted(const StockItem *item, TimestampTz counted_at);

static inline int64
StockAvailable(const StockItem *item)
{
	return item->on_hand - item->reserved;
}

#endif							/* INVENTORY_STOCK_H */
