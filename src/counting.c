/*
 * counting.c
 *		SQL entry points of cycle counting: plan_cycle_counts, start_count,
 *		record_count.
 *
 * The counts of an item are started and recorded under the lock of the item.
 * Planning only adds rows and locks no item.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "argument.h"
#include "errors.h"
#include "guc.h"
#include "identity.h"
#include "ledger.h"
#include "plan.h"
#include "reservation.h"
#include "stock.h"

/* How far from today counts may be planned: a mistyped year is further. */
#define MAX_PLAN_DAYS	3660

/* Waits for a planner who is at it, and raises 40001 for one that it cannot see. */
static KeptPlan begin_plan = {
	.sql = "INSERT INTO inventory.count_plan (last_planned_at) VALUES ($1) "
	"ON CONFLICT (only_row) DO UPDATE SET last_planned_at = excluded.last_planned_at",
	.result = SPI_OK_INSERT,
	.nargs = 1,
	.argtypes = {TIMESTAMPTZOID}
};

static KeptPlan find_planned_day = {
	.sql = "SELECT FROM inventory.cycle_count c "
	"WHERE c.due_on OPERATOR(pg_catalog.=) $1 AND c.velocity_class IS NOT NULL LIMIT 1",
	.result = SPI_OK_SELECT,
	.nargs = 1,
	.argtypes = {DATEOID}
};

/*
 * ranked: how many of the warehouse's movements out belong to faster items; those
 * that move equally often are in one class.  waiting: since when each item has not
 * been counted or queued.  The day's share of a class goes to those that have
 * waited longest, the fastest of equals first.
 */
static KeptPlan plan_day = {
	.sql = "WITH moved AS ("
	"SELECT m.product_id, m.warehouse_id, pg_catalog.count(*) AS movements "
	"FROM inventory.stock_movement m "
	"WHERE m.movement_type OPERATOR(pg_catalog.=) ANY (ARRAY['SALE', 'TRANSFER_OUT']::inventory.movement_type[]) "
	"AND m.occurred_at OPERATOR(pg_catalog.>) ($2 OPERATOR(pg_catalog.-) pg_catalog.make_interval(days => $3)) "
	"GROUP BY m.product_id, m.warehouse_id), "
	"ranked AS ("
	"SELECT i.item_id, i.product_id, i.warehouse_id, i.last_counted_at, w.timezone, "
	"COALESCE(m.movements, 0) AS movements, "
	"pg_catalog.sum(COALESCE(m.movements, 0)) OVER warehouse AS all_movements, "
	"COALESCE(pg_catalog.sum(COALESCE(m.movements, 0)) OVER (warehouse ORDER BY COALESCE(m.movements, 0) DESC "
	"GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS faster_movements "
	"FROM inventory.inventory_item i "
	"JOIN inventory.product p ON p.product_id OPERATOR(pg_catalog.=) i.product_id "
	"JOIN inventory.warehouse w ON w.warehouse_id OPERATOR(pg_catalog.=) i.warehouse_id "
	"LEFT JOIN moved m ON m.product_id OPERATOR(pg_catalog.=) i.product_id "
	"AND m.warehouse_id OPERATOR(pg_catalog.=) i.warehouse_id "
	"WHERE p.is_active OR i.quantity_on_hand OPERATOR(pg_catalog.<>) 0 "
	"WINDOW warehouse AS (PARTITION BY i.warehouse_id)), "
	"classed AS ("
	"SELECT r.*, CASE WHEN r.movements OPERATOR(pg_catalog.>) 0 "
	"AND CAST(r.faster_movements AS pg_catalog.float8) OPERATOR(pg_catalog.<) "
	"(CAST(r.all_movements AS pg_catalog.float8) OPERATOR(pg_catalog.*) $4 OPERATOR(pg_catalog./) 100) "
	"THEN 'FAST' ELSE 'SLOW' END AS class FROM ranked r), "
	"waiting AS ("
	"SELECT c.*, CASE WHEN c.class OPERATOR(pg_catalog.=) 'FAST' THEN $5 ELSE $6 END AS cycle_days, "
	"GREATEST(q.due_on, CAST(pg_catalog.timezone(c.timezone, c.last_counted_at) AS pg_catalog.date)) AS since, "
	"pg_catalog.count(*) OVER (PARTITION BY c.warehouse_id, c.class) AS class_items "
	"FROM classed c LEFT JOIN ("
	"SELECT d.product_id, d.warehouse_id, pg_catalog.max(d.due_on) AS due_on "
	"FROM inventory.cycle_count d "
	"WHERE d.due_on OPERATOR(pg_catalog.>) ($1 OPERATOR(pg_catalog.-) GREATEST($5, $6)) "
	"AND d.due_on OPERATOR(pg_catalog.<=) $1 "
	"GROUP BY d.product_id, d.warehouse_id) AS q "
	"ON q.product_id OPERATOR(pg_catalog.=) c.product_id "
	"AND q.warehouse_id OPERATOR(pg_catalog.=) c.warehouse_id), "
	"due AS ("
	"SELECT w.*, pg_catalog.row_number() OVER (PARTITION BY w.warehouse_id, w.class "
	"ORDER BY w.since NULLS FIRST, w.movements DESC, w.item_id) AS place "
	"FROM waiting w "
	"WHERE w.since IS NULL OR w.since OPERATOR(pg_catalog.+) w.cycle_days OPERATOR(pg_catalog.<=) $1) "
	"INSERT INTO inventory.cycle_count (product_id, warehouse_id, due_on, velocity_class) "
	"SELECT u.product_id, u.warehouse_id, $1, u.class FROM due u "
	"WHERE u.place OPERATOR(pg_catalog.<=) "
	"((u.class_items OPERATOR(pg_catalog.+) u.cycle_days OPERATOR(pg_catalog.-) 1) OPERATOR(pg_catalog./) u.cycle_days) "
	"ORDER BY u.warehouse_id, u.class, u.place "
	"ON CONFLICT (product_id, warehouse_id, due_on) DO NOTHING",
	.result = SPI_OK_INSERT,
	.replan = true,
	.nargs = 6,
	.argtypes = {DATEOID, TIMESTAMPTZOID, INT4OID, FLOAT8OID, INT4OID, INT4OID}
};

/*
 * Which counts of an item a count today answers: those that are open and begun,
 * or due by now in the time zone of the session or of the warehouse.
 */
#define OPEN_COUNTS \
	"c.product_id OPERATOR(pg_catalog.=) $1 AND c.warehouse_id OPERATOR(pg_catalog.=) $2 " \
	"AND c.counted_at IS NULL AND c.superseded_by IS NULL " \
	"AND (c.started_at IS NOT NULL OR c.due_on IS NULL OR c.due_on OPERATOR(pg_catalog.<=) GREATEST(CURRENT_DATE, " \
	"(SELECT CAST(pg_catalog.timezone(w.timezone, $3) AS pg_catalog.date) " \
	"FROM inventory.warehouse w WHERE w.warehouse_id OPERATOR(pg_catalog.=) $2))) "

static KeptPlan find_open = {
	.sql = "SELECT c.count_id, c.system_quantity, c.started_at, c.started_by "
	"FROM inventory.cycle_count c WHERE " OPEN_COUNTS
	"ORDER BY c.started_at DESC NULLS LAST, c.due_on DESC NULLS LAST, c.count_id DESC LIMIT 1",
	.result = SPI_OK_SELECT,
	.nargs = 3,
	.argtypes = {INT8OID, INT8OID, TIMESTAMPTZOID}
};

static KeptPlan insert_count = {
	.sql = "INSERT INTO inventory.cycle_count AS c (product_id, warehouse_id) "
	"VALUES ($1, $2) RETURNING c.count_id",
	.result = SPI_OK_INSERT_RETURNING,
	.nargs = 2,
	.argtypes = {INT8OID, INT8OID}
};

static KeptPlan start_count = {
	.sql = "UPDATE inventory.cycle_count AS c SET started_at = $2, "
	"started_version = $3, system_quantity = $4, started_by = $5 "
	"WHERE c.count_id OPERATOR(pg_catalog.=) $1 RETURNING c",
	.result = SPI_OK_UPDATE_RETURNING,
	.nargs = 5,
	.argtypes = {INT8OID, TIMESTAMPTZOID, INT8OID, INT8OID, TEXTOID}
};

static KeptPlan supersede_counts = {
	.sql = "UPDATE inventory.cycle_count AS c SET superseded_by = $4 "
	"WHERE " OPEN_COUNTS "AND c.count_id OPERATOR(pg_catalog.<>) $4",
	.result = SPI_OK_UPDATE,
	.nargs = 4,
	.argtypes = {INT8OID, INT8OID, TIMESTAMPTZOID, INT8OID}
};

static KeptPlan record_count = {
	.sql = "UPDATE inventory.cycle_count AS c SET counted_at = $2, counted_by = $3, "
	"counted_quantity = $4, system_quantity = $5, "
	"delta = $4 OPERATOR(pg_catalog.-) $5, root_cause = $6, movement_id = $7 "
	"WHERE c.count_id OPERATOR(pg_catalog.=) $1 RETURNING c",
	.result = SPI_OK_UPDATE_RETURNING,
	.nargs = 7,
	.argtypes = {INT8OID, TIMESTAMPTZOID, TEXTOID, INT8OID, INT8OID, TEXTOID, INT8OID}
};

/* What record_count was told. */
typedef struct CountRequest
{
	int64		counted;		/* base units */
	text	   *root_cause;		/* or NULL */
	bool		cancel_newest;	/* when less is left than is reserved */
} CountRequest;

/* The count of a locked item that is going to be started or recorded. */
typedef struct CycleCount
{
	int64		count_id;
	bool		started;
	int64		system_quantity;	/* when it was started */
	TimestampTz started_at;
	const char *started_by;
} CycleCount;

PG_FUNCTION_INFO_V1(inventory_plan_cycle_counts);
PG_FUNCTION_INFO_V1(inventory_start_count);
PG_FUNCTION_INFO_V1(inventory_record_count);

static int64 PlanDay(DateADT due_on);
static void ReadCountRequest(FunctionCallInfo fcinfo, CountRequest *request);
static void FindOrInsertCount(const StockItem *item, CycleCount *count);
static void CheckStart(CycleCount *count, TimestampTz counted_at);
static int64 Adjust(StockItem *item, const CycleCount *count, int64 delta,
					const CountRequest *request);
static void MakeRoom(StockItem *item, int64 missing, bool cancel_newest);
static Datum StoreCount(const CycleCount *count, TimestampTz counted_at,
						int64 system_quantity, const CountRequest *request,
						int64 movement_id);
static void SupersedeOthers(const StockItem *item, const CycleCount *count);

/*
 * plan_cycle_counts(due_on)
 *
 * One planner at a time.
 */
Datum
inventory_plan_cycle_counts(PG_FUNCTION_ARGS)
{
	DateADT		due_on;
	Identity	caller;
	Datum		now;
	int64		planned;

	due_on = ArgumentDate(fcinfo, 0, "due_on");
	if (llabs((int64) due_on - GetCurrentTimestamp() / USECS_PER_DAY) > MAX_PLAN_DAYS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("due_on must lie within ten years of today")));
	EnterEngine(fcinfo, &caller);
	now = TimestampTzGetDatum(GetCurrentTimestamp());
	PlanWriteRow(&begin_plan, &now, NULL);
	planned = PlanDay(due_on);
	LeaveEngine(&caller);
	PG_RETURN_INT64(planned);
}

/*
 * start_count(product_id, warehouse_id)
 */
Datum
inventory_start_count(PG_FUNCTION_ARGS)
{
	int64		product_id = ArgumentId(fcinfo, 0, "product_id");
	int64		warehouse_id = ArgumentId(fcinfo, 1, "warehouse_id");
	Datum		values[5];
	StockItem	item;
	CycleCount	count;
	Identity	caller;
	Datum		result;

	EnterEngine(fcinfo, &caller);
	StockLockOrCreate(product_id, warehouse_id, &item);
	/* For who looks for the count in an older snapshot: 40001, not a second count. */
	StockStore(&item);
	FindOrInsertCount(&item, &count);
	values[0] = Int64GetDatum(count.count_id);
	values[1] = TimestampTzGetDatum(LedgerOccurredAt(GetCurrentTimestamp()));
	values[2] = Int64GetDatum(item.version);
	values[3] = Int64GetDatum(item.on_hand);
	values[4] = PerformedBy();
	PlanWriteRow(&start_count, values, NULL);
	result = PlanResult();
	LeaveEngine(&caller);
	return result;
}

/*
 * record_count(product_id, warehouse_id, counted_quantity, root_cause,
 *				on_shortfall)
 *
 * What moved since the count was started is in the item's level already, so the
 * difference to the level then is what the level now is wrong by.
 */
Datum
inventory_record_count(PG_FUNCTION_ARGS)
{
	int64		product_id = ArgumentId(fcinfo, 0, "product_id");
	int64		warehouse_id = ArgumentId(fcinfo, 1, "warehouse_id");
	CountRequest request;
	StockItem	item;
	CycleCount	count;
	TimestampTz counted_at;
	int64		system_quantity;
	int64		movement_id = 0;
	Identity	caller;
	Datum		result;

	ReadCountRequest(fcinfo, &request);
	EnterEngine(fcinfo, &caller);
	if (request.root_cause != NULL)
		LedgerCheckRootCause(request.root_cause);
	StockLockOrCreate(product_id, warehouse_id, &item);
	FindOrInsertCount(&item, &count);
	counted_at = LedgerOccurredAfter(count.started_at, "started");
	CheckStart(&count, counted_at);
	system_quantity = count.started ? count.system_quantity : item.on_hand;
	if (request.counted != system_quantity)
		movement_id = Adjust(&item, &count, request.counted - system_quantity, &request);
	StockMarkCounted(&item, counted_at);
	SupersedeOthers(&item, &count);
	result = StoreCount(&count, counted_at, system_quantity, &request, movement_id);
	LeaveEngine(&caller);
	return result;
}

/*
 * Queues the counts of a day, once.
 */
static int64
PlanDay(DateADT due_on)
{
	Datum		values[6] = {
		DateADTGetDatum(due_on),
		TimestampTzGetDatum(GetCurrentTimestamp()),
		Int32GetDatum(guc_count_window_days),
		Float8GetDatum(guc_count_fast_percent),
		Int32GetDatum(guc_count_fast_days),
		Int32GetDatum(guc_count_slow_days)
	};

	if (PlanExecute(&find_planned_day, values, NULL) > 0)
		return 0;
	return (int64) PlanExecute(&plan_day, values, NULL);
}

/*
 * Checks the arguments of record_count that need no lock.
 */
static void
ReadCountRequest(FunctionCallInfo fcinfo, CountRequest *request)
{
	char	   *on_shortfall;

	request->counted = ArgumentId(fcinfo, 2, "counted_quantity");
	if (request->counted < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("counted_quantity must not be negative"),
				 errdetail("Got %lld.", (long long) request->counted)));
	request->root_cause = PG_ARGISNULL(3) ? NULL : ArgumentLabel(fcinfo, 3, "root_cause");
	on_shortfall = text_to_cstring(ArgumentLabel(fcinfo, 4, "on_shortfall"));
	request->cancel_newest = strcmp(on_shortfall, "cancel_newest") == 0;
	if (!request->cancel_newest && strcmp(on_shortfall, "error") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown on_shortfall \"%s\"", on_shortfall),
				 errhint("Known values: error, cancel_newest.")));
}

/*
 * The count of a locked item that is under way or due, the last of several; a new
 * one where there is none.
 */
static void
FindOrInsertCount(const StockItem *item, CycleCount *count)
{
	Datum		values[3] = {
		Int64GetDatum(item->product_id),
		Int64GetDatum(item->warehouse_id),
		TimestampTzGetDatum(GetCurrentTimestamp())
	};
	bool		isnull;
	Datum		started_at;
	Datum		started_by;

	count->started = false;
	count->started_at = DT_NOBEGIN;
	if (PlanExecute(&find_open, values, NULL) == 0)
	{
		PlanWriteRow(&insert_count, values, NULL);
		count->count_id = PlanInt64(0, 1);
		return;
	}
	count->count_id = PlanInt64(0, 1);
	started_at = PlanColumn(0, 3, &isnull);
	if (isnull)
		return;
	count->started = true;
	count->started_at = DatumGetTimestampTz(started_at);
	count->system_quantity = PlanInt64(0, 2);
	started_by = PlanColumn(0, 4, &isnull);
	count->started_by = isnull ? "" : TextDatumGetCString(started_by);
}

/*
 * Looks at a start that may have been forgotten.  One that is too old does not
 * count; of one that somebody else made it is said that it does.
 */
static void
CheckStart(CycleCount *count, TimestampTz counted_at)
{
	if (!count->started)
		return;
	if (counted_at - count->started_at > (int64) guc_count_start_hours * USECS_PER_HOUR)
	{
		ereport(WARNING,
				(errmsg("the start of this count is too old and does not count"),
				 errdetail("\"%s\" started it at %s; inventory.count_start_hours is %d.",
						   count->started_by, timestamptz_to_str(count->started_at),
						   guc_count_start_hours),
				 errhint("The count was compared with what is there now.")));
		count->started = false;
	}
	else if (strcmp(count->started_by, TextDatumGetCString(PerformedBy())) != 0)
		ereport(NOTICE,
				(errmsg("the count is compared with what was there when \"%s\" started it at %s",
						count->started_by, timestamptz_to_str(count->started_at))));
}

/*
 * Corrects a locked item by what its count differs.  Returns the movement.
 */
static int64
Adjust(StockItem *item, const CycleCount *count, int64 delta,
	   const CountRequest *request)
{
	Movement	adjustment = {
		.type = MOVEMENT_ADJUSTMENT,
		.quantity = delta,
		.reference_id = cstring_to_text(psprintf("%lld", (long long) count->count_id)),
		.root_cause = request->root_cause
	};

	if (request->root_cause == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a count that differs needs a root cause"),
				 errdetail("Counted: %lld, the system had: %lld.",
						   (long long) request->counted,
						   (long long) (request->counted - delta)),
				 errhint("The known ones are in inventory.root_cause.")));
	if (delta < 0)
		MakeRoom(item, -delta, request->cancel_newest);
	return StockMove(item, &adjustment);
}

/*
 * Makes room for what is missing from a locked item.  Raises IV001 when the
 * reservations need it and are not to give way, or when more is missing than is
 * there.
 */
static void
MakeRoom(StockItem *item, int64 missing, bool cancel_newest)
{
	int64		available;

	if (cancel_newest && missing <= item->on_hand)
	{
		ReservationForceRoom(item, missing, "COUNT_SHORTFALL");
		return;
	}
	available = cancel_newest ? item->on_hand : ReservationFree(item);
	if (available < missing)
		ereport(ERROR,
				(errcode(ERRCODE_INVENTORY_INSUFFICIENT_STOCK),
				 errmsg("the count of product %lld in warehouse %lld leaves %lld where %lld are reserved",
						(long long) item->product_id, (long long) item->warehouse_id,
						(long long) (item->on_hand - missing), (long long) item->reserved),
				 errdetail("Available: %lld, requested: %lld.",
						   (long long) available, (long long) missing),
				 missing > item->on_hand ?
				 errhint("Count again: what has left since the count was started is more than it found.") :
				 errhint("Cancel reservations first, or let record_count do it: on_shortfall => 'cancel_newest'.")));
	ReservationMakeRoom(item, missing);
}

/*
 * Writes what was counted.  Returns the row.
 */
static Datum
StoreCount(const CycleCount *count, TimestampTz counted_at, int64 system_quantity,
		   const CountRequest *request, int64 movement_id)
{
	Datum		values[7] = {
		Int64GetDatum(count->count_id),
		TimestampTzGetDatum(counted_at),
		PerformedBy(),
		Int64GetDatum(request->counted),
		Int64GetDatum(system_quantity),
		PointerGetDatum(request->root_cause),
		Int64GetDatum(movement_id)
	};

	/* Where nothing differs there is neither a cause nor a movement. */
	PlanWriteRow(&record_count, values, movement_id == 0 ? "     nn" : NULL);
	return PlanResult();
}

/*
 * Other counts of the item that were due have become needless.
 */
static void
SupersedeOthers(const StockItem *item, const CycleCount *count)
{
	Datum		values[4] = {
		Int64GetDatum(item->product_id),
		Int64GetDatum(item->warehouse_id),
		TimestampTzGetDatum(GetCurrentTimestamp()),
		Int64GetDatum(count->count_id)
	};

	PlanExecute(&supersede_counts, values, NULL);
}
