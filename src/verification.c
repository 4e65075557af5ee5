/*
 * verification.c
 *		SQL entry point that mends levels from the ledger: rebuild_stock.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "argument.h"
#include "identity.h"
#include "ledger.h"
#include "plan.h"
#include "stock.h"

/*
 * An item, where its ledger ends, and what its active reservations hold.  The history
 * that was retired ends where its opening balance says.
 */
#define HISTORY(ITEM) \
	"SELECT m.product_id, m.warehouse_id, m.version, m.on_hand_after, m.created_at, m.movement_id, m.row_hash " \
	"FROM inventory.stock_movement m WHERE true " ITEM("m") \
	"UNION ALL " \
	"SELECT o.product_id, o.warehouse_id, o.version, o.on_hand_after, o.created_at, o.movement_id, o.row_hash " \
	"FROM inventory.ledger_opening o WHERE true " ITEM("o")

#define HELD(ITEM) \
	"SELECT r.product_id, r.warehouse_id, CAST(LEAST(pg_catalog.sum(r.quantity OPERATOR(pg_catalog.-) r.quantity_fulfilled), " \
	"9223372036854775807) AS pg_catalog.int8) AS held " \
	"FROM inventory.reservation r WHERE r.status OPERATOR(pg_catalog.=) 'ACTIVE' " ITEM("r") \
	"GROUP BY r.product_id, r.warehouse_id"

#define ALL_ITEMS(ALIAS) ""

#define ONE_ITEM(ALIAS) \
	"AND " ALIAS ".product_id OPERATOR(pg_catalog.=) $1 " \
	"AND " ALIAS ".warehouse_id OPERATOR(pg_catalog.=) $2 "

/* IS DISTINCT FROM would look for its operator in the search_path. */
#define DIFFERS(A, B) \
	"(" A " OPERATOR(pg_catalog.<>) " B " OR (" A " IS NULL) OPERATOR(pg_catalog.<>) (" B " IS NULL))"

static KeptPlan find_differences = {
	.sql = "WITH ending AS ("
	"SELECT DISTINCT ON (h.product_id, h.warehouse_id) h.* FROM (" HISTORY(ALL_ITEMS) ") AS h "
	"WHERE inventory.check_retirement() "
	"ORDER BY h.product_id, h.warehouse_id, h.created_at DESC), "
	"held AS (" HELD(ALL_ITEMS) "), "
	"state AS (SELECT COALESCE(i.product_id, e.product_id, h.product_id) AS product_id, "
	"COALESCE(i.warehouse_id, e.warehouse_id, h.warehouse_id) AS warehouse_id, "
	"COALESCE(i.quantity_on_hand, 0) AS on_hand, COALESCE(e.on_hand_after, 0) AS ledger_on_hand, "
	"COALESCE(i.quantity_reserved, 0) AS reserved, COALESCE(h.held, 0) AS held, "
	"COALESCE(i.version, 0) AS version, COALESCE(e.version, 0) AS ledger_version, "
	"i.last_movement_at, e.created_at, i.last_movement_id, e.movement_id, i.last_hash, e.row_hash "
	"FROM inventory.inventory_item i FULL JOIN ending e ON e.product_id OPERATOR(pg_catalog.=) i.product_id "
	"AND e.warehouse_id OPERATOR(pg_catalog.=) i.warehouse_id "
	"FULL JOIN held h ON h.product_id OPERATOR(pg_catalog.=) COALESCE(i.product_id, e.product_id) "
	"AND h.warehouse_id OPERATOR(pg_catalog.=) COALESCE(i.warehouse_id, e.warehouse_id)) "
	"SELECT s.product_id, s.warehouse_id, s.on_hand, s.ledger_on_hand, s.reserved, s.held, s.version, s.ledger_version "
	"FROM state s WHERE (s.on_hand, s.reserved, s.version) "
	"OPERATOR(pg_catalog.<>) (s.ledger_on_hand, s.held, s.ledger_version) "
	"OR " DIFFERS("s.last_movement_at", "s.created_at") " "
	"OR " DIFFERS("s.last_movement_id", "s.movement_id") " "
	"OR " DIFFERS("s.last_hash", "s.row_hash") " "
	"ORDER BY s.product_id, s.warehouse_id",
	.result = SPI_OK_SELECT,
	.replan = true
};

static KeptPlan find_ending = {
	.sql = "SELECT h.on_hand_after, h.version, h.created_at, h.movement_id, h.row_hash "
	"FROM (" HISTORY(ONE_ITEM) ") AS h ORDER BY h.created_at DESC LIMIT 1",
	.result = SPI_OK_SELECT,
	.nargs = 2,
	.argtypes = {INT8OID, INT8OID}
};

static KeptPlan find_held = {
	.sql = "SELECT h.held FROM (" HELD(ONE_ITEM) ") AS h",
	.result = SPI_OK_SELECT,
	.nargs = 2,
	.argtypes = {INT8OID, INT8OID}
};

/* Columns of a difference. */
#define NUMBERS_OF_DIFFERENCE 8

PG_FUNCTION_INFO_V1(inventory_rebuild_stock);

static bool RebuildItem(int64 product_id, int64 warehouse_id);
static bool CheckParents(int64 product_id, int64 warehouse_id);
static void ReadEnding(StockItem *item);
static int64 ReadHeld(const StockItem *item);

/*
 * rebuild_stock(apply)
 *
 * When it applies, locks the items that differ, in their order.
 */
Datum
inventory_rebuild_stock(PG_FUNCTION_ARGS)
{
	bool		apply = ArgumentBool(fcinfo, 0, "apply");
	ReturnSetInfo *set = (ReturnSetInfo *) fcinfo->resultinfo;
	Datum	   *differences;
	bool		nulls[NUMBERS_OF_DIFFERENCE + 1] = {false};
	uint64		count;
	Identity	caller;

	InitMaterializedSRF(fcinfo, 0);
	if (apply)
		EnterEngine(fcinfo, &caller);
	else
		EnterEngineToRead(fcinfo, &caller);
	count = PlanExecute(&find_differences, NULL, NULL);
	differences = palloc_extended(Max(count, 1) * (NUMBERS_OF_DIFFERENCE + 1) * sizeof(Datum),
								  MCXT_ALLOC_HUGE);
	for (uint64 row = 0; row < count; row++)
	{
		for (int column = 0; column < NUMBERS_OF_DIFFERENCE; column++)
			differences[row * (NUMBERS_OF_DIFFERENCE + 1) + column] =
				Int64GetDatum(PlanInt64(row, column + 1));
	}
	for (uint64 row = 0; row < count; row++)
	{
		Datum	   *difference = &differences[row * (NUMBERS_OF_DIFFERENCE + 1)];

		CHECK_FOR_INTERRUPTS();
		difference[NUMBERS_OF_DIFFERENCE] =
			BoolGetDatum(apply && RebuildItem(DatumGetInt64(difference[0]),
											  DatumGetInt64(difference[1])));
		tuplestore_putvalues(set->setResult, set->setDesc, difference, nulls);
	}
	LeaveEngine(&caller);
	return (Datum) 0;
}

/*
 * Locks an item, making it where only its history is left, and sets it to what its
 * ledger and its reservations say then.  An ADJUSTMENT of nothing tells in the ledger
 * what the item said before.  False, with a WARNING, where that cannot be stored.
 */
static bool
RebuildItem(int64 product_id, int64 warehouse_id)
{
	StockItem	item;
	Movement	trail = {.type = MOVEMENT_ADJUSTMENT};
	int64		held;

	if (!CheckParents(product_id, warehouse_id))
		return false;
	StockLockOrCreate(product_id, warehouse_id, &item);
	trail.reference_id = cstring_to_text(psprintf("rebuild_stock: on hand was %lld, reserved %lld, version %lld",
												  (long long) item.on_hand, (long long) item.reserved,
												  (long long) item.version));
	trail.root_cause = cstring_to_text("OTHER");
	held = ReadHeld(&item);
	ReadEnding(&item);
	item.reserved = held;
	if (held > item.on_hand)
	{
		ereport(WARNING,
				(errmsg("product %lld in warehouse %lld is left as it is: more is reserved than its ledger has on hand",
						(long long) product_id, (long long) warehouse_id),
				 errdetail("On hand: %lld, reserved: %lld.", (long long) item.on_hand, (long long) held),
				 errhint("Cancel reservations of it, or count it with inventory.record_count().")));
		return false;
	}
	StockMove(&item, &trail);
	return true;
}

/*
 * Are the product and the warehouse there?  A WARNING when not.
 */
static bool
CheckParents(int64 product_id, int64 warehouse_id)
{
	if (StockProductExists(product_id) && StockWarehouseExists(warehouse_id))
		return true;
	ereport(WARNING,
			(errmsg("product %lld in warehouse %lld is left as it is: one of the two does not exist",
					(long long) product_id, (long long) warehouse_id)));
	return false;
}

/*
 * Sets a locked item to where its ledger ends.
 */
static void
ReadEnding(StockItem *item)
{
	Datum		values[2] = {Int64GetDatum(item->product_id), Int64GetDatum(item->warehouse_id)};
	bool		isnull;
	Datum		hash;

	item->on_hand = 0;
	item->version = 0;
	item->last_movement_at = DT_NOBEGIN;
	item->last_movement_id = 0;
	LedgerHashRead((Datum) 0, true, &item->last_hash);
	if (PlanExecute(&find_ending, values, NULL) == 0)
		return;
	item->on_hand = PlanInt64(0, 1);
	item->version = PlanInt64(0, 2);
	item->last_movement_at = PlanInt64(0, 3);
	item->last_movement_id = PlanInt64(0, 4);
	hash = PlanColumn(0, 5, &isnull);
	LedgerHashRead(hash, isnull, &item->last_hash);
}

/*
 * What the active reservations of a locked item hold.
 */
static int64
ReadHeld(const StockItem *item)
{
	Datum		values[2] = {Int64GetDatum(item->product_id), Int64GetDatum(item->warehouse_id)};

	return PlanExecute(&find_held, values, NULL) == 0 ? 0 : PlanInt64(0, 1);
}
