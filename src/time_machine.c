/*
 * time_machine.c
 *		SQL entry points that look back: on_hand_at, movement_at, chain_end_at,
 *		stock_at, and ledger_settled_at, which says how far that is safe.
 *
 * They see what the calling statement sees, and write nothing, so they work on a
 * standby.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/procarray.h"
#include "utils/backend_status.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "argument.h"
#include "compat.h"
#include "identity.h"
#include "ledger_scan.h"
#include "plan.h"
#include "stock.h"

/* When a month was retired last, as the statement sees it and as it is. */
static KeptPlan retirement_seen = {
	.sql = "SELECT pg_catalog.max(r.retired_at) FROM inventory.ledger_retirement r",
	.result = SPI_OK_SELECT,
	.reads = true
};

static KeptPlan retirement_now = {
	.sql = "SELECT pg_catalog.max(r.retired_at) FROM inventory.ledger_retirement r",
	.result = SPI_OK_SELECT
};

static KeptPlan find_prepared = {
	.sql = "SELECT FROM pg_catalog.pg_prepared_xacts p "
	"WHERE p.database OPERATOR(pg_catalog.=) pg_catalog.current_database() LIMIT 1",
	.result = SPI_OK_SELECT,
	.reads = true
};

/*
 * What reservations held at $1: those made by then and not closed by then hold what
 * they hold now, or when they were cancelled, and what was fulfilled since.
 */
#define HELD_AT(ITEM) \
	"SELECT r.product_id, r.warehouse_id, pg_catalog.sum(r.held) AS held FROM (" \
	"SELECT a.product_id, a.warehouse_id, " \
	"CAST(a.quantity OPERATOR(pg_catalog.-) a.quantity_fulfilled AS pg_catalog.numeric) AS held " \
	"FROM inventory.reservation a WHERE a.status OPERATOR(pg_catalog.=) 'ACTIVE' " \
	"AND a.created_at OPERATOR(pg_catalog.<=) $1 " ITEM("a") \
	"UNION ALL " \
	"SELECT c.product_id, c.warehouse_id, c.quantity OPERATOR(pg_catalog.-) c.quantity_fulfilled " \
	"FROM inventory.reservation c WHERE c.status OPERATOR(pg_catalog.=) 'CANCELLED' " \
	"AND c.closed_at OPERATOR(pg_catalog.>) $1 " \
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
PG_FUNCTION_INFO_V1(inventory_chain_end_at);
PG_FUNCTION_INFO_V1(inventory_stock_at);
PG_FUNCTION_INFO_V1(inventory_check_retirement);
PG_FUNCTION_INFO_V1(inventory_ledger_settled_at);

static bool ReadMoment(FunctionCallInfo fcinfo, LedgerMovement *movement);
static Datum ReturnRow(FunctionCallInfo fcinfo, Datum *values, bool *nulls, int count);
static void CheckItem(FunctionCallInfo fcinfo);
static TimestampTz RetiredAt(KeptPlan *plan, bool latest);
static TimestampTz OldestWriter(void);
static bool SeesWriters(Snapshot snapshot);
static bool ArgumentBasis(FunctionCallInfo fcinfo, int n);

/*
 * on_hand_at(product_id, warehouse_id, at)
 */
Datum
inventory_on_hand_at(PG_FUNCTION_ARGS)
{
	LedgerMovement movement;

	if (ReadMoment(fcinfo, &movement))
		return movement.values[Anum_movement_on_hand_after - 1];
	CheckItem(fcinfo);
	PG_RETURN_INT64(0);
}

/*
 * movement_at(product_id, warehouse_id, at)
 */
Datum
inventory_movement_at(PG_FUNCTION_ARGS)
{
	LedgerMovement movement;

	if (!ReadMoment(fcinfo, &movement))
		PG_RETURN_NULL();
	return ReturnRow(fcinfo, movement.values, movement.nulls, Natts_movement);
}

/*
 * chain_end_at(product_id, warehouse_id, at)
 */
Datum
inventory_chain_end_at(PG_FUNCTION_ARGS)
{
	LedgerMovement movement;
	Datum		values[2] = {0, 0};
	bool		nulls[2] = {true, true};

	if (ReadMoment(fcinfo, &movement))
	{
		values[0] = movement.values[Anum_movement_version - 1];
		nulls[0] = false;
		values[1] = movement.values[Anum_movement_row_hash - 1];
		nulls[1] = movement.nulls[Anum_movement_row_hash - 1];
	}
	return ReturnRow(fcinfo, values, nulls, 2);
}

/*
 * check_retirement()
 */
Datum
inventory_check_retirement(PG_FUNCTION_ARGS)
{
	Identity	caller;
	bool		same;

	EnterEngineToRead(fcinfo, &caller);
	same = RetiredAt(&retirement_seen, false) == RetiredAt(&retirement_now, true);
	LeaveEngine(&caller);
	if (!same)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("months of the ledger were retired that this statement does not see"),
				 errhint("Try again, in a new transaction.")));
	PG_RETURN_BOOL(true);
}

/*
 * ledger_settled_at()
 *
 * Who writes is looked at before what the statement does not see, so a transaction
 * that ends in between is missed by neither.
 */
Datum
inventory_ledger_settled_at(PG_FUNCTION_ARGS)
{
	/* Not later than when the snapshot was taken. */
	TimestampTz settled = IsolationUsesXactSnapshot() ?
		GetCurrentTransactionStartTimestamp() : GetCurrentStatementStartTimestamp();
	Identity	caller;
	bool		prepared;

	if (RecoveryInProgress())
		PG_RETURN_NULL();
	EnterEngineToRead(fcinfo, &caller);
	prepared = PlanExecute(&find_prepared, NULL, NULL) > 0;
	LeaveEngine(&caller);
	settled = Min(settled, OldestWriter());
	if (prepared || TIMESTAMP_IS_NOBEGIN(settled) || !SeesWriters(GetActiveSnapshot()))
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(settled - 1);
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
 * The last movement of the item at the time that the arguments say.
 */
static bool
ReadMoment(FunctionCallInfo fcinfo, LedgerMovement *movement)
{
	int64		product_id = ArgumentId(fcinfo, 0, "product_id");
	int64		warehouse_id = ArgumentId(fcinfo, 1, "warehouse_id");
	TimestampTz at = ArgumentTime(fcinfo, 2, "at");

	return LedgerLastMovement(product_id, warehouse_id, at, movement);
}

/*
 * A row of the type that the function returns, whose first columns these are;
 * columns that somebody added are NULL.
 */
static Datum
ReturnRow(FunctionCallInfo fcinfo, Datum *values, bool *nulls, int count)
{
	TupleDesc	desc;
	Datum	   *all_values;
	bool	   *all_nulls;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE ||
		desc->natts < count)
		elog(ERROR, "the function does not return the row that it should");
	all_values = palloc0(desc->natts * sizeof(Datum));
	all_nulls = palloc(desc->natts * sizeof(bool));
	memset(all_nulls, true, desc->natts * sizeof(bool));
	memcpy(all_values, values, count * sizeof(Datum));
	memcpy(all_nulls, nulls, count * sizeof(bool));
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), all_values, all_nulls));
}

/*
 * Raises IV003 unless the product and the warehouse of the arguments exist.
 */
static void
CheckItem(FunctionCallInfo fcinfo)
{
	Identity	caller;

	EnterEngineToRead(fcinfo, &caller);
	StockCheckProduct(PG_GETARG_INT64(0));
	StockCheckWarehouse(PG_GETARG_INT64(1));
	LeaveEngine(&caller);
}

static TimestampTz
RetiredAt(KeptPlan *plan, bool latest)
{
	bool		isnull;
	Datum		value;

	if (latest)
		PlanExecuteLatest(plan, NULL, NULL);
	else
		PlanExecute(plan, NULL, NULL);
	value = PlanColumn(0, 1, &isnull);
	return isnull ? DT_NOBEGIN : DatumGetTimestampTz(value);
}

/*
 * When the oldest transaction of this database began that has written something;
 * DT_NOEND when nobody writes, DT_NOBEGIN when somebody's beginning is not known.
 */
static TimestampTz
OldestWriter(void)
{
	TimestampTz oldest = DT_NOEND;
	int			backends;

	/* What was seen earlier in this transaction is kept otherwise. */
	pgstat_clear_backend_activity_snapshot();
	backends = pgstat_fetch_stat_numbackends();
	for (int i = 1; i <= backends; i++)
	{
		LocalPgBackendStatus *backend = BackendStatusCompat(i);

		if (backend == NULL || !TransactionIdIsValid(backend->backend_xid) ||
			backend->backendStatus.st_databaseid != MyDatabaseId)
			continue;
		oldest = Min(oldest, backend->backendStatus.st_xact_start_timestamp == 0 ? DT_NOBEGIN :
					 backend->backendStatus.st_xact_start_timestamp);
	}
	return oldest;
}

/*
 * Has no transaction committed that the snapshot does not see?  When it began is no
 * longer known then.  Those from xmax on may have been running when the snapshot was
 * taken, too: it lists none that is later than the last that had ended.
 */
static bool
SeesWriters(Snapshot snapshot)
{
	TransactionId next = XidFromFullTransactionId(ReadNextFullTransactionId());

	for (uint32 i = 0; i < snapshot->xcnt; i++)
	{
		if (!TransactionIdIsInProgress(snapshot->xip[i]) &&
			TransactionIdDidCommit(snapshot->xip[i]))
			return false;
	}
	for (TransactionId xid = snapshot->xmax; TransactionIdPrecedes(xid, next);)
	{
		if (!TransactionIdIsInProgress(xid) && TransactionIdDidCommit(xid))
			return false;
		TransactionIdAdvance(xid);
	}
	return true;
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
