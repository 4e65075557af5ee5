/*
 * time_machine.c
 *		SQL entry points that look back: on_hand_at, movement_at, stock_at.
 *
 * They see what the calling statement sees, and write nothing, so they work on a
 * standby.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "argument.h"
#include "errors.h"
#include "identity.h"
#include "ledger_scan.h"
#include "plan.h"
#include "stock.h"

static KeptPlan find_opening = {
	.sql = "SELECT o.on_hand_after, o.created_at FROM inventory.ledger_opening o "
	"WHERE o.product_id OPERATOR(pg_catalog.=) $1 "
	"AND o.warehouse_id OPERATOR(pg_catalog.=) $2 ORDER BY o.version DESC LIMIT 1",
	.result = SPI_OK_SELECT,
	.reads = true,
	.nargs = 2,
	.argtypes = {INT8OID, INT8OID}
};

/*
 * What reservations held at $1: those made by then and not closed by then hold what
 * they hold now, and what was fulfilled since.
 */
#define HELD_AT(ITEM) \
	"SELECT r.product_id, r.warehouse_id, pg_catalog.sum(r.held) AS held FROM (" \
	"SELECT a.product_id, a.warehouse_id, " \
	"CAST(a.quantity OPERATOR(pg_catalog.-) a.quantity_fulfilled AS pg_catalog.numeric) AS held " \
	"FROM inventory.reservation a WHERE a.status OPERATOR(pg_catalog.=) 'ACTIVE' " \
	"AND a.created_at OPERATOR(pg_catalog.<=) $1 " ITEM("a") \
	"UNION ALL " \
	"SELECT c.product_id, c.warehouse_id, c.quantity OPERATOR(pg_catalog.-) c.quantity_fulfilled " \
	"FROM inventory.reservation c WHERE c.closed_at OPERATOR(pg_catalog.>) $1 " \
	"AND c.created_at OPERATOR(pg_catalog.<=) $1 " ITEM("c") \
	"UNION ALL " \
	"SELECT m.product_id, m.warehouse_id, OPERATOR(pg_catalog.-) m.quantity " \
	"FROM inventory.stock_movement m " \
	"JOIN inventory.reservation f ON f.reservation_id OPERATOR(pg_catalog.=) m.reservation_id " \
	"WHERE m.created_at OPERATOR(pg_catalog.>) $1 " \
	"AND f.created_at OPERATOR(pg_catalog.<=) $1 " ITEM("m") \
	") AS r GROUP BY r.product_id, r.warehouse_id"

/* What was recorded after $1 and had happened by then. */
#define LATE_AT(ITEM) \
	"SELECT l.product_id, l.warehouse_id, pg_catalog.sum(l.quantity) AS quantity " \
	"FROM inventory.stock_movement l WHERE l.created_at OPERATOR(pg_catalog.>) $1 " \
	"AND l.occurred_at OPERATOR(pg_catalog.<=) $1 AND $4 " ITEM("l") \
	"GROUP BY l.product_id, l.warehouse_id"

#define ANY_ITEM(ALIAS) \
	"AND ($2 IS NULL OR " ALIAS ".product_id OPERATOR(pg_catalog.=) $2) " \
	"AND ($3 IS NULL OR " ALIAS ".warehouse_id OPERATOR(pg_catalog.=) $3) "

#define ONE_ITEM(ALIAS) \
	"AND " ALIAS ".product_id OPERATOR(pg_catalog.=) $2 " \
	"AND " ALIAS ".warehouse_id OPERATOR(pg_catalog.=) $3 "

#define STOCK_AT(ITEM) \
	"WITH held AS MATERIALIZED (" HELD_AT(ITEM) "), late AS MATERIALIZED (" LATE_AT(ITEM) "), " \
	"level AS (SELECT i.product_id, i.warehouse_id, " \
	"inventory.on_hand_at(i.product_id, i.warehouse_id, $1) AS on_hand " \
	"FROM inventory.inventory_item i WHERE true " ITEM("i") ") " \
	"SELECT ROW(i.product_id, i.warehouse_id, q.on_hand, q.held, " \
	"q.on_hand OPERATOR(pg_catalog.-) q.held) " \
	"FROM level i " \
	"LEFT JOIN held h ON h.product_id OPERATOR(pg_catalog.=) i.product_id " \
	"AND h.warehouse_id OPERATOR(pg_catalog.=) i.warehouse_id " \
	"LEFT JOIN late l ON l.product_id OPERATOR(pg_catalog.=) i.product_id " \
	"AND l.warehouse_id OPERATOR(pg_catalog.=) i.warehouse_id " \
	"CROSS JOIN LATERAL (SELECT CAST(CAST(i.on_hand AS pg_catalog.numeric) " \
	"OPERATOR(pg_catalog.+) COALESCE(l.quantity, 0) AS pg_catalog.int8) AS on_hand, " \
	"CAST(COALESCE(h.held, 0) AS pg_catalog.int8) AS held) AS q " \
	"ORDER BY i.product_id, i.warehouse_id"

/* One item: the plan is kept. */
static KeptPlan stock_of_item = {
	.sql = STOCK_AT(ONE_ITEM),
	.result = SPI_OK_SELECT,
	.reads = true,
	.nargs = 4,
	.argtypes = {TIMESTAMPTZOID, INT8OID, INT8OID, BOOLOID}
};

/* Many: planned for what is asked for. */
static KeptPlan stock_of_items = {
	.sql = STOCK_AT(ANY_ITEM),
	.result = SPI_OK_SELECT,
	.replan = true,
	.reads = true,
	.nargs = 4,
	.argtypes = {TIMESTAMPTZOID, INT8OID, INT8OID, BOOLOID}
};

PG_FUNCTION_INFO_V1(inventory_on_hand_at);
PG_FUNCTION_INFO_V1(inventory_movement_at);
PG_FUNCTION_INFO_V1(inventory_stock_at);

static int64 OnHandBeforeLedger(FunctionCallInfo fcinfo, int64 product_id,
								int64 warehouse_id, TimestampTz at);
static bool ArgumentBasis(FunctionCallInfo fcinfo, int n);

/*
 * on_hand_at(product_id, warehouse_id, at)
 */
Datum
inventory_on_hand_at(PG_FUNCTION_ARGS)
{
	int64		product_id = ArgumentId(fcinfo, 0, "product_id");
	int64		warehouse_id = ArgumentId(fcinfo, 1, "warehouse_id");
	TimestampTz at = ArgumentTime(fcinfo, 2, "at");
	Datum		values[Natts_movement];
	bool		nulls[Natts_movement];

	if (LedgerLastMovement(product_id, warehouse_id, at, values, nulls))
		return values[Anum_movement_on_hand_after - 1];
	PG_RETURN_INT64(OnHandBeforeLedger(fcinfo, product_id, warehouse_id, at));
}

/*
 * movement_at(product_id, warehouse_id, at)
 */
Datum
inventory_movement_at(PG_FUNCTION_ARGS)
{
	int64		product_id = ArgumentId(fcinfo, 0, "product_id");
	int64		warehouse_id = ArgumentId(fcinfo, 1, "warehouse_id");
	TimestampTz at = ArgumentTime(fcinfo, 2, "at");
	Datum	   *values;
	bool	   *nulls;
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE ||
		desc->natts < Natts_movement)
		elog(ERROR, "movement_at does not return a movement");
	/* Columns that somebody added are NULL. */
	values = palloc0(desc->natts * sizeof(Datum));
	nulls = palloc(desc->natts * sizeof(bool));
	memset(nulls, true, desc->natts * sizeof(bool));
	if (!LedgerLastMovement(product_id, warehouse_id, at, values, nulls))
		PG_RETURN_NULL();
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

/*
 * stock_at(at, product_id, warehouse_id, basis)
 */
Datum
inventory_stock_at(PG_FUNCTION_ARGS)
{
	Datum		values[4] = {TimestampTzGetDatum(ArgumentTime(fcinfo, 0, "at"))};
	char		nulls[] = "    ";
	Identity	caller;

	InitMaterializedSRF(fcinfo, 0);
	for (int n = 1; n <= 2; n++)
	{
		values[n] = PG_ARGISNULL(n) ? (Datum) 0 : PG_GETARG_DATUM(n);
		nulls[n] = PG_ARGISNULL(n) ? 'n' : ' ';
	}
	values[3] = BoolGetDatum(ArgumentBasis(fcinfo, 3));
	EnterEngineToRead(fcinfo, &caller);
	PlanExecute(PG_ARGISNULL(1) || PG_ARGISNULL(2) ? &stock_of_items : &stock_of_item,
				values, nulls);
	PlanReturnSet(fcinfo);
	LeaveEngine(&caller);
	return (Datum) 0;
}

/*
 * What was on hand of an item when the ledger knows of no movement by then: nothing,
 * or what its retired movements left.  Raises IV003 for an unknown product or
 * warehouse, IV002 when the answer was retired.
 */
static int64
OnHandBeforeLedger(FunctionCallInfo fcinfo, int64 product_id, int64 warehouse_id,
				   TimestampTz at)
{
	Datum		values[2] = {Int64GetDatum(product_id), Int64GetDatum(warehouse_id)};
	int64		on_hand = 0;
	Identity	caller;

	EnterEngineToRead(fcinfo, &caller);
	if (PlanExecute(&find_opening, values, NULL) == 0)
	{
		StockCheckProduct(product_id);
		StockCheckWarehouse(warehouse_id);
	}
	else if (PlanInt64(0, 2) > at)
		ereport(ERROR,
				(errcode(ERRCODE_INVENTORY_INVALID_STATE),
				 errmsg("the history of product %lld in warehouse %lld at that time was retired",
						(long long) product_id, (long long) warehouse_id),
				 errdetail("It begins at %s.", timestamptz_to_str(PlanInt64(0, 2))),
				 errhint("inventory.ledger_retirement names the tables that hold it.")));
	else
		on_hand = PlanInt64(0, 1);
	LeaveEngine(&caller);
	return on_hand;
}

/*
 * Does basis ask for business time?  Raises 22023 for a basis that is unknown.
 */
static bool
ArgumentBasis(FunctionCallInfo fcinfo, int n)
{
	char	   *basis = text_to_cstring(ArgumentLabel(fcinfo, n, "basis"));

	if (strcmp(basis, "recorded") != 0 && strcmp(basis, "occurred") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown basis \"%s\"", basis),
				 errhint("Known bases: recorded, occurred.")));
	return strcmp(basis, "occurred") == 0;
}
