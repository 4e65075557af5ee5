/*
 * stock.c
 *		The item row: the only code that locks and changes one.
 *
 * Rows are locked by key alone and compared in C afterwards: a condition on a
 * quantity inside the locking query would be evaluated on the old row and give no
 * row after a wait.  Above READ COMMITTED a row that changed since the snapshot
 * raises 40001, which nobody here catches.
 */
#include "stock.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "miscadmin.h"
#include "utils/timestamp.h"

#include "errors.h"
#include "fast_path.h"
#include "guc.h"
#include "plan.h"

/*
 * How often to try to make an item.  One round is enough unless others make and
 * delete it at the same time; a trigger or policy that hides it would go on for
 * ever.
 */
#define CREATE_ROUNDS	100

#define ITEM_COLUMNS \
	"i.item_id, i.product_id, i.warehouse_id, i.quantity_on_hand, " \
	"i.quantity_reserved, i.version, i.last_movement_at, i.last_movement_id, i.last_hash "

static KeptPlan lock_item = {
	.sql = "SELECT " ITEM_COLUMNS
	"FROM inventory.inventory_item i "
	"WHERE i.product_id OPERATOR(pg_catalog.=) $1 "
	"AND i.warehouse_id OPERATOR(pg_catalog.=) $2 "
	"FOR NO KEY UPDATE",
	.result = SPI_OK_SELECT,
	.nargs = 2,
	.argtypes = {INT8OID, INT8OID}
};

static KeptPlan lock_items_with_expired = {
	.sql = "SELECT " ITEM_COLUMNS
	"FROM (SELECT r.product_id, r.warehouse_id, "
	"pg_catalog.sum(r.quantity OPERATOR(pg_catalog.-) r.quantity_fulfilled) AS held "
	"FROM inventory.reservation r "
	"WHERE r.status OPERATOR(pg_catalog.=) 'ACTIVE' "
	"AND r.expires_at OPERATOR(pg_catalog.<=) $1 "
	"GROUP BY r.product_id, r.warehouse_id) AS e "
	"JOIN inventory.inventory_item i "
	"ON i.product_id OPERATOR(pg_catalog.=) e.product_id "
	"AND i.warehouse_id OPERATOR(pg_catalog.=) e.warehouse_id "
	"WHERE e.held OPERATOR(pg_catalog.<=) CAST(i.quantity_reserved AS pg_catalog.numeric) "
	"ORDER BY i.product_id, i.warehouse_id LIMIT $2 "
	"FOR NO KEY UPDATE OF i SKIP LOCKED",
	.result = SPI_OK_SELECT,
	.nargs = 2,
	.argtypes = {TIMESTAMPTZOID, INT8OID}
};

static KeptPlan lock_item_of_reservation = {
	.sql = "SELECT " ITEM_COLUMNS
	"FROM inventory.reservation r "
	"JOIN inventory.inventory_item i "
	"ON i.product_id OPERATOR(pg_catalog.=) r.product_id "
	"AND i.warehouse_id OPERATOR(pg_catalog.=) r.warehouse_id "
	"WHERE r.reservation_id OPERATOR(pg_catalog.=) $1 "
	"FOR NO KEY UPDATE OF i",
	.result = SPI_OK_SELECT,
	.nargs = 1,
	.argtypes = {INT8OID}
};

static KeptPlan create_item = {
	.sql = "INSERT INTO inventory.inventory_item (product_id, warehouse_id) "
	"VALUES ($1, $2) ON CONFLICT (product_id, warehouse_id) DO NOTHING",
	.result = SPI_OK_INSERT,
	.nargs = 2,
	.argtypes = {INT8OID, INT8OID}
};

static KeptPlan store_item = {
	.sql = "UPDATE inventory.inventory_item SET quantity_on_hand = $2, "
	"quantity_reserved = $3, version = $4, last_movement_at = $5, "
	"last_movement_id = $9, last_hash = $10 "
	"WHERE item_id OPERATOR(pg_catalog.=) $1 "
	"AND quantity_on_hand OPERATOR(pg_catalog.=) $6 "
	"AND quantity_reserved OPERATOR(pg_catalog.=) $7 "
	"AND version OPERATOR(pg_catalog.=) $8 "
	"RETURNING quantity_on_hand, quantity_reserved, version",
	.result = SPI_OK_UPDATE_RETURNING,
	.nargs = 10,
	.argtypes = {INT8OID, INT8OID, INT8OID, INT8OID, TIMESTAMPTZOID, INT8OID, INT8OID, INT8OID,
	INT8OID, BYTEAOID}
};

static KeptPlan find_product = {
	.sql = "SELECT FROM inventory.product WHERE product_id OPERATOR(pg_catalog.=) $1",
	.result = SPI_OK_SELECT,
	.nargs = 1,
	.argtypes = {INT8OID}
};

static KeptPlan find_warehouse = {
	.sql = "SELECT FROM inventory.warehouse WHERE warehouse_id OPERATOR(pg_catalog.=) $1",
	.result = SPI_OK_SELECT,
	.nargs = 1,
	.argtypes = {INT8OID}
};

/*
 * Locks those of some items, in their order, whose policy differs, and stores it.
 * unnest of several arrays: see ledger.c.
 */
static KeptPlan store_policies = {
	.sql = "WITH changed AS MATERIALIZED ("
	"SELECT i.item_id, u.n, u.reorder_point, u.reorder_quantity, "
	"i.reorder_point AS point_before, i.reorder_quantity AS quantity_before "
	"FROM unnest($1, $2, $3, $4) WITH ORDINALITY AS u(product_id, warehouse_id, reorder_point, reorder_quantity, n) "
	"JOIN inventory.inventory_item i ON i.product_id OPERATOR(pg_catalog.=) u.product_id "
	"AND i.warehouse_id OPERATOR(pg_catalog.=) u.warehouse_id "
	"WHERE i.reorder_point OPERATOR(pg_catalog.<>) u.reorder_point "
	"OR i.reorder_quantity OPERATOR(pg_catalog.<>) u.reorder_quantity "
	"ORDER BY i.product_id, i.warehouse_id FOR NO KEY UPDATE OF i) "
	"UPDATE inventory.inventory_item i SET reorder_point = c.reorder_point, reorder_quantity = c.reorder_quantity "
	"FROM changed c WHERE i.item_id OPERATOR(pg_catalog.=) c.item_id "
	"RETURNING c.n, c.point_before, c.quantity_before",
	.result = SPI_OK_UPDATE_RETURNING,
	.nargs = 4,
	.argtypes = {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID}
};

static KeptPlan mark_counted = {
	.sql = "UPDATE inventory.inventory_item SET last_counted_at = GREATEST(last_counted_at, $2) "
	"WHERE item_id OPERATOR(pg_catalog.=) $1",
	.result = SPI_OK_UPDATE,
	.nargs = 2,
	.argtypes = {INT8OID, TIMESTAMPTZOID}
};

static int	CompareItems(const void *a, const void *b);
static bool TakesLock(const StockItem *item);
static void AppendFirst(StockItem *item);
static void ErrorMissing(int64 product_id, int64 warehouse_id,
						 int64 quantity) pg_attribute_noreturn();
static bool LockByKey(int64 product_id, int64 warehouse_id, StockItem *item);
static bool LockOnce(int64 product_id, int64 warehouse_id, StockItem *item);
static void ReadFound(FastRelation *fast, StockItem *item);
static void ErrorNotLocked(const StockItem *item) pg_attribute_noreturn();
static bool StoreFast(StockItem *item);
static bool StorePolicyFast(StockPolicy *policy);
static bool PolicyDiffers(FastRelation *fast, StockPolicy *policy);
static bool UpdatePolicy(FastRelation *fast, const StockPolicy *policy);
static void StorePoliciesByStatement(StockPolicy *policies, int count);
static void StoreByStatement(const StockItem *item);
static bool ReadSingleItem(uint64 rows, StockItem *item);
static void ReadItem(uint64 row, StockItem *item);
static void Stored(StockItem *item);

/*
 * Adds an item to a set that is not locked yet; the same one may be added more
 * than once.  create says whether to make it where it does not exist.  A zeroed
 * set is an empty one.
 */
void
StockSetAdd(StockSet *set, int64 product_id, int64 warehouse_id, bool create)
{
	if (set->count == set->capacity)
	{
		set->capacity = Max(8, set->capacity * 2);
		set->items = set->items == NULL ?
			palloc_extended(set->capacity * sizeof(StockItem), MCXT_ALLOC_HUGE) :
			repalloc_huge(set->items, set->capacity * sizeof(StockItem));
	}
	set->items[set->count++] = (StockItem)
	{
		.product_id = product_id,
			.warehouse_id = warehouse_id,
			.create = create
	};
}

/*
 * Sorts the set and drops what is in it twice.
 */
void
StockSetSort(StockSet *set)
{
	int			kept = 0;

	if (set->count > 1)
		qsort(set->items, set->count, sizeof(StockItem), CompareItems);
	for (int i = 0; i < set->count; i++)
	{
		if (kept > 0 && CompareItems(&set->items[kept - 1], &set->items[i]) == 0)
			set->items[kept - 1].create |= set->items[i].create;
		else
			set->items[kept++] = set->items[i];
	}
	set->count = kept;
}

/*
 * Sorts the set and locks its items in that order, waiting for each.  Raises IV003
 * for one to be made whose product or warehouse does not exist.
 */
void
StockSetLock(StockSet *set)
{
	StockSetSort(set);
	StockSetLockFrom(set, 0);
}

/*
 * The same for the items of a sorted set from one on.
 */
void
StockSetLockFrom(StockSet *set, int first)
{
	for (int i = first; i < set->count; i++)
	{
		StockItem  *item = &set->items[i];

		CHECK_FOR_INTERRUPTS();
		if (item->create)
			StockLockOrCreate(item->product_id, item->warehouse_id, item);
		else if (!LockByKey(item->product_id, item->warehouse_id, item))
			item->item_id = 0;
	}
}

/*
 * An item of a sorted set.
 */
StockItem *
StockSetFind(const StockSet *set, int64 product_id, int64 warehouse_id)
{
	StockItem	key = {.product_id = product_id, .warehouse_id = warehouse_id};
	StockItem  *found = bsearch(&key, set->items, set->count, sizeof(StockItem),
								CompareItems);

	if (found == NULL)
		elog(ERROR, "item of product %lld in warehouse %lld is not in the set",
			 (long long) product_id, (long long) warehouse_id);
	return found;
}

/*
 * Raises what it means that an item does not exist which quantity was to be taken
 * from: IV003 without the product or the warehouse, else nothing is available
 * (IV001).
 */
static void
ErrorMissing(int64 product_id, int64 warehouse_id, int64 quantity)
{
	StockCheckProduct(product_id);
	StockCheckWarehouse(warehouse_id);
	ErrorInsufficientStock(product_id, warehouse_id, 0, quantity);
}

/*
 * Raises IV003 unless the product exists.
 */
void
StockCheckProduct(int64 product_id)
{
	if (!StockProductExists(product_id))
		ErrorNotFound("product", product_id);
}

/*
 * Raises IV003 unless the warehouse exists.
 */
void
StockCheckWarehouse(int64 warehouse_id)
{
	if (!StockWarehouseExists(warehouse_id))
		ErrorNotFound("warehouse", warehouse_id);
}

bool
StockProductExists(int64 product_id)
{
	Datum		values[1] = {Int64GetDatum(product_id)};

	return PlanExecute(&find_product, values, NULL) == 1;
}

bool
StockWarehouseExists(int64 warehouse_id)
{
	Datum		values[1] = {Int64GetDatum(warehouse_id)};

	return PlanExecute(&find_warehouse, values, NULL) == 1;
}

/*
 * Locks the item of a product and warehouse to take quantity from it, waiting for
 * it, and reads it as it is then.  A known product that was never stocked in a
 * known warehouse has nothing available (IV001); otherwise IV003.
 */
void
StockLockExisting(int64 product_id, int64 warehouse_id, int64 quantity,
				  StockItem *item)
{
	if (!LockByKey(product_id, warehouse_id, item))
		ErrorMissing(product_id, warehouse_id, quantity);
}

/*
 * Locks at most max_items items that have reservations expired by now, in order,
 * without waiting: those that another transaction holds are passed over, and those
 * whose expired reservations hold more than is reserved (rows inserted by hand,
 * which verify_ledger names), so that neither stops the others.  Returns how many,
 * and the items in the current memory context.
 */
uint64
StockLockExpired(TimestampTz now, int64 max_items, StockItem **items)
{
	Datum		values[2] = {TimestampTzGetDatum(now), Int64GetDatum(max_items)};
	uint64		rows = PlanExecute(&lock_items_with_expired, values, NULL);

	*items = palloc_extended(Max(rows, 1) * sizeof(StockItem), MCXT_ALLOC_HUGE);
	for (uint64 row = 0; row < rows; row++)
		ReadItem(row, &(*items)[row]);
	return rows;
}

/*
 * Locks the item that a reservation holds stock of.  False when there is no such
 * reservation.  What the reservation says has to be read afterwards.
 */
bool
StockLockOfReservation(int64 reservation_id, StockItem *item)
{
	Datum		values[1] = {Int64GetDatum(reservation_id)};

	return ReadSingleItem(PlanExecute(&lock_item_of_reservation, values, NULL), item);
}

/*
 * Locks an item that is known to exist, since reservations do not outlive theirs;
 * false when it does not.
 */
bool
StockLockKnown(int64 product_id, int64 warehouse_id, StockItem *item)
{
	return LockByKey(product_id, warehouse_id, item);
}

/*
 * Reads an item that is to be stored at once (StockTryStore, StockTryMove), which locks
 * it; where somebody else is at it, that waits for our turn.  False when somebody is at
 * it even then, when it takes a statement, and when it does not exist: it has to be
 * locked first.
 */
bool
StockRead(int64 product_id, int64 warehouse_id, StockItem *item)
{
	int64		keys[2] = {product_id, warehouse_id};
	FastRelation *fast = FastOpen(FAST_ITEM);

	if (fast == NULL || !FastFindFree(fast, keys))
		return false;
	ReadFound(fast, item);
	item->locked = false;
	return true;
}

/*
 * Locks an item, making it first when the product was never stocked in the
 * warehouse.  Raises IV003 when there is no such product or warehouse.  When two
 * transactions make the same item, the second waits for the first and then locks
 * the first one's row; it goes round again if that row is gone by then.
 */
void
StockLockOrCreate(int64 product_id, int64 warehouse_id, StockItem *item)
{
	Datum		values[2] = {Int64GetDatum(product_id), Int64GetDatum(warehouse_id)};

	for (int round = 0; round < CREATE_ROUNDS; round++)
	{
		if (LockOnce(product_id, warehouse_id, item))
			return;
		CHECK_FOR_INTERRUPTS();
		StockCheckProduct(product_id);
		StockCheckWarehouse(warehouse_id);
		PlanExecute(&create_item, values, NULL);
	}
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("no item can be made for product %lld in warehouse %lld",
					(long long) product_id, (long long) warehouse_id),
			 errhint("Look for a trigger, rule or row security policy on inventory.inventory_item.")));
}

/*
 * Writes a locked item back.  Does nothing for the ledger: a change of on_hand
 * goes through StockMove.  Raises IV004 when the row is not as it was read, since a
 * user's trigger moved or reserved the same item in between, or when a trigger
 * changes what is stored.
 */
void
StockStore(StockItem *item)
{
	if (!StockTryStore(item))
		ErrorNotLocked(item);
}

/*
 * The same for an item that may only have been read.  False, and nothing is written,
 * when it is not what it was: then it has to be locked and looked at again.
 */
bool
StockTryStore(StockItem *item)
{
	if (!StoreFast(item))
	{
		if (!item->locked)
			return false;
		StoreByStatement(item);
	}
	item->locked = true;
	Stored(item);
	return true;
}

static void
ErrorNotLocked(const StockItem *item)
{
	elog(ERROR, "item %lld was not locked", (long long) item->item_id);
}

/*
 * StockStore without a statement; false when it takes one.
 */
static bool
StoreFast(StockItem *item)
{
	static const AttrNumber columns[] = {
		Anum_item_quantity_on_hand, Anum_item_quantity_reserved, Anum_item_version,
		Anum_item_last_movement_at, Anum_item_last_movement_id, Anum_item_last_hash
	};
	bool		no_history = item->version == 0;
	bool		nulls[] = {false, false, false, no_history, no_history, no_history};
	int64		keys[] = {item->product_id, item->warehouse_id};
	Datum		values[lengthof(columns)];
	FastRelation *fast = FastOpen(FAST_ITEM);

	if (fast == NULL || !(item->locked ? FastBring(fast, item->tid, keys) : FastHolds(fast, item->tid)) ||
		StockSlotInt64(fast->row, Anum_item_id) != item->item_id ||
		StockSlotInt64(fast->row, Anum_item_quantity_on_hand) != item->stored_on_hand ||
		StockSlotInt64(fast->row, Anum_item_quantity_reserved) != item->stored_reserved ||
		StockSlotInt64(fast->row, Anum_item_version) != item->stored_version)
		return false;
	values[0] = Int64GetDatum(item->on_hand);
	values[1] = Int64GetDatum(item->reserved);
	values[2] = Int64GetDatum(item->version);
	values[3] = TimestampTzGetDatum(item->last_movement_at);
	values[4] = Int64GetDatum(item->last_movement_id);
	values[5] = no_history ? (Datum) 0 : LedgerHashDatum(&item->last_hash);
	if (!FastUpdate(fast, lengthof(columns), columns, values, nulls))
		return false;
	item->tid = fast->stored->tts_tid;
	return true;
}

/*
 * StockStore by a plain statement.
 */
static void
StoreByStatement(const StockItem *item)
{
	Datum		values[10] = {
		Int64GetDatum(item->item_id),
		Int64GetDatum(item->on_hand),
		Int64GetDatum(item->reserved),
		Int64GetDatum(item->version),
		TimestampTzGetDatum(item->last_movement_at),
		Int64GetDatum(item->stored_on_hand),
		Int64GetDatum(item->stored_reserved),
		Int64GetDatum(item->stored_version),
		Int64GetDatum(item->last_movement_id),
		LedgerHashDatum(&item->last_hash)
	};
	const char *nulls = item->version == 0 ? "    n   nn" : NULL;

	if (PlanExecute(&store_item, values, nulls) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVENTORY_LEDGER_IMMUTABLE),
				 errmsg("item %lld was changed while it was being worked on",
						(long long) item->item_id),
				 errhint("Look for a trigger that moves or reserves stock of the same item.")));
	if (PlanInt64(0, 1) != item->on_hand || PlanInt64(0, 2) != item->reserved ||
		PlanInt64(0, 3) != item->version)
		ereport(ERROR,
				(errcode(ERRCODE_INVENTORY_LEDGER_IMMUTABLE),
				 errmsg("item %lld was not stored as the ledger has it",
						(long long) item->item_id),
				 errhint("Look for a trigger on inventory.inventory_item that changes the row.")));
}

/*
 * Changes what is on hand of a locked item by the movement's quantity, stores the
 * item (with whatever the caller changed of reserved) and appends the movement to
 * the ledger.  The caller has seen to it that enough is there.  Raises 22003 when
 * the level would overflow.  Returns the id of the movement; its row is the
 * result of the last statement (PlanResult).
 */
int64
StockMove(StockItem *item, const Movement *movement)
{
	if (!StockTryMove(item, movement))
		ErrorNotLocked(item);
	return item->last_movement_id;
}

/*
 * The same for an item that may only have been read.  False, and nothing is written,
 * when it is not what it was: then it has to be locked and looked at again.
 */
bool
StockTryMove(StockItem *item, const Movement *movement)
{
	LedgerRow	row;
	int64		on_hand;

	if (pg_add_s64_overflow(item->on_hand, movement->quantity, &on_hand))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("quantity on hand of product %lld in warehouse %lld would overflow",
						(long long) item->product_id, (long long) item->warehouse_id),
				 errdetail("On hand: %lld, to add: %lld.",
						   (long long) item->on_hand, (long long) movement->quantity)));
	if (!item->locked && TakesLock(item))
		return false;
	if (item->version == 0 && item->on_hand != 0)
		AppendFirst(item);
	item->on_hand = on_hand;
	LedgerPrepare(item, movement, &row);
	if (!StockTryStore(item))
		return false;
	LedgerAppend(item, &row);
	return true;
}

/*
 * Has an item to be locked before it moves?  Where its first movement comes along, or
 * a business time is given, whose own lock comes after that of the item.
 */
static bool
TakesLock(const StockItem *item)
{
	return (item->version == 0 && item->on_hand != 0) ||
		(guc_occurred_at != NULL && guc_occurred_at[0] != '\0');
}

/*
 * Gives items, which come in their order and each once, another policy, where it
 * differs from the one that they have by now; those were locked then, and stored is
 * set.  No movement: nothing moves.
 */
void
StockStorePolicies(StockPolicy *policies, int count)
{
	if (FastOpen(FAST_ITEM) == NULL)
	{
		StorePoliciesByStatement(policies, count);
		return;
	}
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!StorePolicyFast(&policies[i]))
			StorePoliciesByStatement(&policies[i], 1);
	}
}

/*
 * The same for one item without a statement; false when it takes one.  The row is
 * written where it was read, which locks it.  Only one that somebody else changed
 * meanwhile is locked first, and looked at again.
 */
static bool
StorePolicyFast(StockPolicy *policy)
{
	int64		keys[] = {policy->product_id, policy->warehouse_id};
	FastRelation *fast = FastOpen(FAST_ITEM);

	policy->stored = false;
	if (fast == NULL)
		return false;
	if (FastBring(fast, policy->tid, keys))
	{
		if (!PolicyDiffers(fast, policy))
			return true;
		if (UpdatePolicy(fast, policy))
			return policy->stored = true;
	}
	if (!FastLock(fast, keys) || !PolicyDiffers(fast, policy))
		return true;
	return policy->stored = UpdatePolicy(fast, policy);
}

/*
 * Reads the policy of the row in fast->row; is it another one?
 */
static bool
PolicyDiffers(FastRelation *fast, StockPolicy *policy)
{
	policy->point_before = StockSlotInt64(fast->row, Anum_item_reorder_point);
	policy->quantity_before = StockSlotInt64(fast->row, Anum_item_reorder_quantity);
	return policy->point_before != policy->reorder_point ||
		policy->quantity_before != policy->reorder_quantity;
}

static bool
UpdatePolicy(FastRelation *fast, const StockPolicy *policy)
{
	static const AttrNumber columns[] = {Anum_item_reorder_point, Anum_item_reorder_quantity};
	static const bool nulls[] = {false, false};
	Datum		values[] = {
		Int64GetDatum(policy->reorder_point),
		Int64GetDatum(policy->reorder_quantity)
	};

	return FastUpdate(fast, lengthof(columns), columns, values, nulls);
}

/*
 * StockStorePolicies by a plain statement.
 */
static void
StorePoliciesByStatement(StockPolicy *policies, int count)
{
	int64	   *columns[4];
	Datum		values[4];
	uint64		rows;

	for (int c = 0; c < (int) lengthof(columns); c++)
		columns[c] = palloc(count * sizeof(int64));
	for (int i = 0; i < count; i++)
	{
		policies[i].stored = false;
		columns[0][i] = policies[i].product_id;
		columns[1][i] = policies[i].warehouse_id;
		columns[2][i] = policies[i].reorder_point;
		columns[3][i] = policies[i].reorder_quantity;
	}
	for (int c = 0; c < (int) lengthof(columns); c++)
		values[c] = PlanInt64Array(columns[c], count);
	rows = PlanExecute(&store_policies, values, NULL);
	for (uint64 row = 0; row < rows; row++)
	{
		StockPolicy *policy = &policies[PlanInt64(row, 1) - 1];

		policy->point_before = PlanInt64(row, 2);
		policy->quantity_before = PlanInt64(row, 3);
		policy->stored = true;
	}
}

/*
 * Notes when a locked item was counted; a late entry does not set it back.
 */
void
StockMarkCounted(const StockItem *item, TimestampTz counted_at)
{
	Datum		values[2] = {Int64GetDatum(item->item_id), TimestampTzGetDatum(counted_at)};

	PlanWriteRow(&mark_counted, values, NULL);
}

/*
 * The order in which items are locked.
 */
static int
CompareItems(const void *a, const void *b)
{
	const StockItem *left = a;
	const StockItem *right = b;

	if (left->product_id != right->product_id)
		return left->product_id < right->product_id ? -1 : 1;
	if (left->warehouse_id != right->warehouse_id)
		return left->warehouse_id < right->warehouse_id ? -1 : 1;
	return 0;
}

/*
 * Writes the first movement of an item that the running statement inserted with
 * stock, for a user's trigger that moves it before the statement ends.
 */
static void
AppendFirst(StockItem *item)
{
	Movement	first = {
		.type = guc_movement_type,
		.quantity = item->on_hand,
		.reference_id = GucText(guc_reference_id),
		.root_cause = LedgerDirectRootCause()
	};
	LedgerRow	row;

	LedgerPrepare(item, &first, &row);
	LedgerAppend(item, &row);
}

/*
 * Locks an item and reads it; false when there is none.  It is looked for twice, since
 * whoever we waited for may have deleted it and made it anew.
 */
static bool
LockByKey(int64 product_id, int64 warehouse_id, StockItem *item)
{
	return LockOnce(product_id, warehouse_id, item) || LockOnce(product_id, warehouse_id, item);
}

/*
 * The same, looking for it once.
 */
static bool
LockOnce(int64 product_id, int64 warehouse_id, StockItem *item)
{
	Datum		values[2] = {Int64GetDatum(product_id), Int64GetDatum(warehouse_id)};
	int64		keys[2] = {product_id, warehouse_id};
	FastRelation *fast = FastOpen(FAST_ITEM);

	if (fast != NULL)
	{
		if (!FastLock(fast, keys))
			return false;
		ReadFound(fast, item);
		return true;
	}
	return ReadSingleItem(PlanExecute(&lock_item, values, NULL), item);
}

/*
 * Reads the row that the fast path has locked.
 */
static void
ReadFound(FastRelation *fast, StockItem *item)
{
	StockReadSlot(fast->row, item);
	item->tid = fast->row->tts_tid;
}

/*
 * Reads the only row that a locking statement returned, if it returned one.
 */
static bool
ReadSingleItem(uint64 rows, StockItem *item)
{
	if (rows == 0)
		return false;
	ReadItem(0, item);
	return true;
}

/*
 * Reads a row of the last locking statement.
 */
static void
ReadItem(uint64 row, StockItem *item)
{
	bool		isnull;
	Datum		value;

	item->item_id = PlanInt64(row, 1);
	item->product_id = PlanInt64(row, 2);
	item->warehouse_id = PlanInt64(row, 3);
	item->on_hand = PlanInt64(row, 4);
	item->reserved = PlanInt64(row, 5);
	item->version = PlanInt64(row, 6);
	value = PlanColumn(row, 7, &isnull);
	item->last_movement_at = isnull ? DT_NOBEGIN : DatumGetTimestampTz(value);
	value = PlanColumn(row, 8, &isnull);
	item->last_movement_id = isnull ? 0 : DatumGetInt64(value);
	value = PlanColumn(row, 9, &isnull);
	LedgerHashRead(value, isnull, &item->last_hash);
	ItemPointerSetInvalid(&item->tid);
	item->locked = true;
	Stored(item);
}

/*
 * Reads a row of inventory_item, as a statement's transition table or the fast path
 * has it.
 */
void
StockReadSlot(TupleTableSlot *slot, StockItem *item)
{
	Datum		value;
	bool		isnull;

	item->item_id = StockSlotInt64(slot, Anum_item_id);
	item->product_id = StockSlotInt64(slot, Anum_item_product_id);
	item->warehouse_id = StockSlotInt64(slot, Anum_item_warehouse_id);
	item->on_hand = StockSlotInt64(slot, Anum_item_quantity_on_hand);
	item->reserved = StockSlotInt64(slot, Anum_item_quantity_reserved);
	item->version = StockSlotInt64(slot, Anum_item_version);
	value = slot_getattr(slot, Anum_item_last_movement_at, &isnull);
	item->last_movement_at = isnull ? DT_NOBEGIN : DatumGetTimestampTz(value);
	value = slot_getattr(slot, Anum_item_last_movement_id, &isnull);
	item->last_movement_id = isnull ? 0 : DatumGetInt64(value);
	value = slot_getattr(slot, Anum_item_last_hash, &isnull);
	LedgerHashRead(value, isnull, &item->last_hash);
	ItemPointerSetInvalid(&item->tid);
	item->locked = true;
	Stored(item);
}

/*
 * A bigint or timestamptz of an item row that cannot be NULL.
 */
int64
StockSlotInt64(TupleTableSlot *slot, AttrNumber attnum)
{
	bool		isnull;
	Datum		value = slot_getattr(slot, attnum, &isnull);

	if (isnull)
		elog(ERROR, "unexpected NULL in column %d of inventory_item", attnum);
	return DatumGetInt64(value);
}

/*
 * The item and its row are the same now.
 */
static void
Stored(StockItem *item)
{
	item->stored_on_hand = item->on_hand;
	item->stored_reserved = item->reserved;
	item->stored_version = item->version;
}
