/*
 * demand.c
 *		Demand and the policies that follow from it: refresh_demand and
 *		recompute_policies.
 *
 * The rollup follows the versions of the items, not the ids of the movements: those
 * of one item become visible in the order of its versions, while an id says nothing
 * about when its transaction commits.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "argument.h"
#include "guc.h"
#include "identity.h"
#include "plan.h"
#include "planning_math.h"

/* Longest window: ten years. */
#define MAX_WINDOW_DAYS		3650
/* As far back as demand is looked at. */
#define MAX_AGE_DAYS		36500

static KeptPlan forget_days = {
	.sql = "DELETE FROM inventory.demand_daily",
	.result = SPI_OK_DELETE
};

static KeptPlan forget_state = {
	.sql = "DELETE FROM inventory.demand_state",
	.result = SPI_OK_DELETE
};

static KeptPlan forget_windows = {
	.sql = "DELETE FROM inventory.demand_window",
	.result = SPI_OK_DELETE
};

/* A warehouse that has no window yet gets the one that ends yesterday. */
static KeptPlan open_windows = {
	.sql = "INSERT INTO inventory.demand_window (warehouse_id, window_days, window_end, refreshed_at) "
	"SELECT w.warehouse_id, $1, CAST(pg_catalog.timezone(w.timezone, $2) AS pg_catalog.date) OPERATOR(pg_catalog.-) 1, $2 "
	"FROM inventory.warehouse w ON CONFLICT (warehouse_id) DO NOTHING",
	.result = SPI_OK_INSERT,
	.nargs = 2,
	.argtypes = {INT4OID, TIMESTAMPTZOID}
};

/*
 * changed: items with movements that were not read yet.  moved: their new demand by
 * day.  written: the days as they are now, less what came is what they were.
 * delta: what that does to the sums over the window as it stands.
 */
static KeptPlan roll_up = {
	.sql = "WITH changed AS MATERIALIZED ("
	"SELECT i.product_id, i.warehouse_id, i.version, i.last_movement_at, w.timezone, s.rolled_up_to "
	"FROM inventory.inventory_item i "
	"JOIN inventory.warehouse w ON w.warehouse_id OPERATOR(pg_catalog.=) i.warehouse_id "
	"LEFT JOIN inventory.demand_state s ON s.product_id OPERATOR(pg_catalog.=) i.product_id "
	"AND s.warehouse_id OPERATOR(pg_catalog.=) i.warehouse_id "
	"WHERE i.version OPERATOR(pg_catalog.>) COALESCE(s.version, 0)), "
	"moved AS MATERIALIZED ("
	"SELECT c.product_id, c.warehouse_id, "
	"CAST(pg_catalog.timezone(c.timezone, m.occurred_at) AS pg_catalog.date) AS day, "
	"OPERATOR(pg_catalog.-) pg_catalog.sum(m.quantity) AS quantity "
	"FROM changed c JOIN inventory.stock_movement m "
	"ON m.product_id OPERATOR(pg_catalog.=) c.product_id "
	"AND m.warehouse_id OPERATOR(pg_catalog.=) c.warehouse_id "
	"AND m.created_at OPERATOR(pg_catalog.>) COALESCE(c.rolled_up_to, '-infinity') "
	"AND m.created_at OPERATOR(pg_catalog.<=) c.last_movement_at "
	"WHERE m.movement_type OPERATOR(pg_catalog.=) ANY (ARRAY['SALE', 'RETURN']::inventory.movement_type[]) "
	"GROUP BY 1, 2, 3), "
	"written AS ("
	"INSERT INTO inventory.demand_daily AS d (product_id, warehouse_id, day, quantity) "
	"SELECT m.product_id, m.warehouse_id, m.day, m.quantity FROM moved m "
	"ORDER BY m.product_id, m.warehouse_id, m.day "
	"ON CONFLICT (product_id, warehouse_id, day) "
	"DO UPDATE SET quantity = d.quantity OPERATOR(pg_catalog.+) excluded.quantity "
	"RETURNING d.product_id, d.warehouse_id, d.day, d.quantity), "
	"delta AS ("
	"SELECT m.product_id, m.warehouse_id, pg_catalog.sum(m.quantity) AS quantity, "
	"pg_catalog.sum((w.quantity OPERATOR(pg_catalog.*) w.quantity) OPERATOR(pg_catalog.-) "
	"((w.quantity OPERATOR(pg_catalog.-) m.quantity) OPERATOR(pg_catalog.*) "
	"(w.quantity OPERATOR(pg_catalog.-) m.quantity))) AS quantity_squared "
	"FROM moved m JOIN written w ON w.product_id OPERATOR(pg_catalog.=) m.product_id "
	"AND w.warehouse_id OPERATOR(pg_catalog.=) m.warehouse_id AND w.day OPERATOR(pg_catalog.=) m.day "
	"JOIN inventory.demand_window v ON v.warehouse_id OPERATOR(pg_catalog.=) m.warehouse_id "
	"WHERE m.day OPERATOR(pg_catalog.<=) v.window_end "
	"AND m.day OPERATOR(pg_catalog.>) (v.window_end OPERATOR(pg_catalog.-) v.window_days) "
	"GROUP BY m.product_id, m.warehouse_id) "
	"INSERT INTO inventory.demand_state AS s "
	"(product_id, warehouse_id, version, rolled_up_to, quantity, quantity_squared) "
	"SELECT c.product_id, c.warehouse_id, c.version, c.last_movement_at, "
	"COALESCE(d.quantity, 0), COALESCE(d.quantity_squared, 0) "
	"FROM changed c LEFT JOIN delta d ON d.product_id OPERATOR(pg_catalog.=) c.product_id "
	"AND d.warehouse_id OPERATOR(pg_catalog.=) c.warehouse_id "
	"ORDER BY c.product_id, c.warehouse_id "
	"ON CONFLICT (product_id, warehouse_id) DO UPDATE SET version = excluded.version, "
	"rolled_up_to = excluded.rolled_up_to, "
	"quantity = s.quantity OPERATOR(pg_catalog.+) excluded.quantity, "
	"quantity_squared = s.quantity_squared OPERATOR(pg_catalog.+) excluded.quantity_squared",
	.result = SPI_OK_INSERT,
	.replan = true
};

/*
 * Where each window is to end: on the day that was asked for; else today where
 * anything was sold today, else yesterday.
 */
#define NEXT_WINDOWS \
	"SELECT v.warehouse_id, v.window_days, v.window_end, COALESCE($3, t.today OPERATOR(pg_catalog.-) " \
	"CASE WHEN EXISTS (SELECT FROM inventory.demand_daily d " \
	"WHERE d.warehouse_id OPERATOR(pg_catalog.=) v.warehouse_id AND d.day OPERATOR(pg_catalog.=) t.today) THEN 0 ELSE 1 END) AS next_end " \
	"FROM inventory.demand_window v " \
	"JOIN inventory.warehouse w ON w.warehouse_id OPERATOR(pg_catalog.=) v.warehouse_id " \
	"CROSS JOIN LATERAL (SELECT CAST(pg_catalog.timezone(w.timezone, $2) AS pg_catalog.date) AS today) AS t"

/*
 * The days that come into a window of the same length that moves on, less those
 * that leave it.
 */
static KeptPlan slide_windows = {
	.sql = "WITH next AS (" NEXT_WINDOWS "), "
	"delta AS ("
	"SELECT d.product_id, d.warehouse_id, "
	"pg_catalog.sum(CASE WHEN d.day OPERATOR(pg_catalog.>) n.window_end THEN d.quantity ELSE OPERATOR(pg_catalog.-) d.quantity END) AS quantity, "
	"pg_catalog.sum(CASE WHEN d.day OPERATOR(pg_catalog.>) n.window_end THEN d.quantity ELSE OPERATOR(pg_catalog.-) d.quantity END "
	"OPERATOR(pg_catalog.*) d.quantity) AS quantity_squared "
	"FROM next n JOIN inventory.demand_daily d ON d.warehouse_id OPERATOR(pg_catalog.=) n.warehouse_id "
	"WHERE n.window_days OPERATOR(pg_catalog.=) $1 AND n.next_end OPERATOR(pg_catalog.>=) n.window_end "
	"AND ((d.day OPERATOR(pg_catalog.>) GREATEST(n.window_end, n.next_end OPERATOR(pg_catalog.-) n.window_days) "
	"AND d.day OPERATOR(pg_catalog.<=) n.next_end) "
	"OR (d.day OPERATOR(pg_catalog.>) (n.window_end OPERATOR(pg_catalog.-) n.window_days) "
	"AND d.day OPERATOR(pg_catalog.<=) LEAST(n.next_end OPERATOR(pg_catalog.-) n.window_days, n.window_end))) "
	"GROUP BY d.product_id, d.warehouse_id) "
	"UPDATE inventory.demand_state s SET "
	"quantity = s.quantity OPERATOR(pg_catalog.+) d.quantity, "
	"quantity_squared = s.quantity_squared OPERATOR(pg_catalog.+) d.quantity_squared "
	"FROM delta d WHERE s.product_id OPERATOR(pg_catalog.=) d.product_id "
	"AND s.warehouse_id OPERATOR(pg_catalog.=) d.warehouse_id",
	.result = SPI_OK_UPDATE,
	.replan = true,
	.nargs = 3,
	.argtypes = {INT4OID, TIMESTAMPTZOID, DATEOID}
};

/* A window of another length, or one that moves back, is summed up anew, from the days. */
static KeptPlan sum_windows = {
	.sql = "WITH next AS (" NEXT_WINDOWS "), "
	"sums AS ("
	"SELECT s.product_id, s.warehouse_id, COALESCE(pg_catalog.sum(d.quantity), 0) AS quantity, "
	"COALESCE(pg_catalog.sum(d.quantity OPERATOR(pg_catalog.*) d.quantity), 0) AS quantity_squared "
	"FROM next n JOIN inventory.demand_state s ON s.warehouse_id OPERATOR(pg_catalog.=) n.warehouse_id "
	"LEFT JOIN inventory.demand_daily d ON d.product_id OPERATOR(pg_catalog.=) s.product_id "
	"AND d.warehouse_id OPERATOR(pg_catalog.=) s.warehouse_id "
	"AND d.day OPERATOR(pg_catalog.<=) n.next_end AND d.day OPERATOR(pg_catalog.>) (n.next_end OPERATOR(pg_catalog.-) $1) "
	"WHERE n.window_days OPERATOR(pg_catalog.<>) $1 OR n.next_end OPERATOR(pg_catalog.<) n.window_end "
	"GROUP BY s.product_id, s.warehouse_id) "
	"UPDATE inventory.demand_state s SET quantity = u.quantity, quantity_squared = u.quantity_squared "
	"FROM sums u WHERE s.product_id OPERATOR(pg_catalog.=) u.product_id "
	"AND s.warehouse_id OPERATOR(pg_catalog.=) u.warehouse_id",
	.result = SPI_OK_UPDATE,
	.replan = true,
	.nargs = 3,
	.argtypes = {INT4OID, TIMESTAMPTZOID, DATEOID}
};

static KeptPlan move_windows = {
	.sql = "UPDATE inventory.demand_window v SET window_days = $1, window_end = n.next_end, refreshed_at = $2 "
	"FROM (" NEXT_WINDOWS ") AS n WHERE v.warehouse_id OPERATOR(pg_catalog.=) n.warehouse_id",
	.result = SPI_OK_UPDATE,
	.nargs = 3,
	.argtypes = {INT4OID, TIMESTAMPTZOID, DATEOID}
};

/*
 * figures: what the policy of each item follows from; wanted: the policy, NULL
 * where it does not fit.  Items without demand keep a policy that people set; one
 * that was computed goes to 0.  The items that change are locked in the order that
 * everybody locks them in.  Returns how many changed, how many do not fit, and the
 * first of those.
 */
static KeptPlan compute_policies = {
	.sql = "WITH figures AS ("
	"SELECT d.product_id, d.warehouse_id, COALESCE(n.forecast_method, 'mean') AS method, "
	"CASE WHEN n.forecast_method OPERATOR(pg_catalog.<>) 'mean' THEN (SELECT pg_catalog.avg(f.demand) "
	"FROM pg_catalog.unnest(inventory.forecast(inventory.demand_series(d.product_id, d.warehouse_id), n.forecast_method, "
	"CAST(GREATEST(LEAST(pg_catalog.ceil(t.lead_time_days), 365), 1) AS pg_catalog.int4), n.season_length)) AS f(demand)) "
	"ELSE GREATEST(d.avg_daily_usage, 0) END AS mean, d.stddev_daily_usage AS deviation, "
	"COALESCE(n.service_level, $6) AS service_level, "
	"CASE WHEN n.service_level IS NULL THEN $2 ELSE inventory.z_value(n.service_level) END AS z, "
	"t.lead_time_days, t.lead_time_stddev_days, t.min_order_quantity, t.order_multiple, "
	"COALESCE(t.unit_cost, p.unit_cost) AS unit_cost "
	"FROM inventory.item_demand d "
	"JOIN inventory.product p ON p.product_id OPERATOR(pg_catalog.=) d.product_id AND p.is_active "
	"JOIN inventory.product_supplier t ON t.product_id OPERATOR(pg_catalog.=) d.product_id AND t.is_preferred "
	"LEFT JOIN inventory.item_planning n ON n.product_id OPERATOR(pg_catalog.=) d.product_id "
	"AND n.warehouse_id OPERATOR(pg_catalog.=) d.warehouse_id "
	"WHERE n.is_manual IS NOT TRUE AND (d.quantity OPERATOR(pg_catalog.>) 0 OR EXISTS (SELECT FROM inventory.policy_history h "
	"WHERE h.product_id OPERATOR(pg_catalog.=) d.product_id AND h.warehouse_id OPERATOR(pg_catalog.=) d.warehouse_id))), "
	"wanted AS MATERIALIZED ("
	"SELECT f.*, p.reorder_point, "
	"CAST(LEAST(pg_catalog.ceil(GREATEST(CAST(f.min_order_quantity AS pg_catalog.numeric), CAST(p.lot_size AS pg_catalog.numeric)) "
	"OPERATOR(pg_catalog./) f.order_multiple), 9223372036854775807 OPERATOR(pg_catalog./) f.order_multiple) "
	"OPERATOR(pg_catalog.*) f.order_multiple AS pg_catalog.int8) AS reorder_quantity "
	"FROM figures f CROSS JOIN LATERAL inventory.computed_policy("
	"f.mean, f.deviation, f.z, f.lead_time_days, f.lead_time_stddev_days, f.unit_cost, $3, $4) AS p), "
	"changed AS MATERIALIZED ("
	"SELECT i.item_id, i.reorder_point AS point_before, i.reorder_quantity AS quantity_before, w.* "
	"FROM inventory.inventory_item i JOIN wanted w "
	"ON w.product_id OPERATOR(pg_catalog.=) i.product_id AND w.warehouse_id OPERATOR(pg_catalog.=) i.warehouse_id "
	"WHERE w.reorder_point IS NOT NULL "
	"AND (i.reorder_point OPERATOR(pg_catalog.<>) w.reorder_point OR i.reorder_quantity OPERATOR(pg_catalog.<>) w.reorder_quantity) "
	"ORDER BY i.product_id, i.warehouse_id FOR NO KEY UPDATE OF i), "
	"stored AS ("
	"UPDATE inventory.inventory_item i SET reorder_point = c.reorder_point, reorder_quantity = c.reorder_quantity "
	"FROM changed c WHERE i.item_id OPERATOR(pg_catalog.=) c.item_id "
	"RETURNING c.product_id, c.warehouse_id, c.method, c.service_level, c.mean, c.deviation, c.lead_time_days, c.lead_time_stddev_days, "
	"c.point_before, c.reorder_point, c.quantity_before, c.reorder_quantity), "
	"written AS ("
	"INSERT INTO inventory.policy_history (product_id, warehouse_id, computed_at, window_days, service_level, forecast_method, "
	"avg_daily_usage, stddev_daily_usage, lead_time_days, lead_time_stddev_days, "
	"reorder_point_before, reorder_point, reorder_quantity_before, reorder_quantity, computed_by) "
	"SELECT s.product_id, s.warehouse_id, $5, $1, s.service_level, s.method, s.mean, s.deviation, s.lead_time_days, s.lead_time_stddev_days, "
	"s.point_before, s.reorder_point, s.quantity_before, s.reorder_quantity, $7 FROM stored s RETURNING policy_id) "
	"SELECT (SELECT pg_catalog.count(*) FROM written), pg_catalog.count(*), "
	"(pg_catalog.array_agg(w.product_id ORDER BY w.product_id, w.warehouse_id))[1], "
	"(pg_catalog.array_agg(w.warehouse_id ORDER BY w.product_id, w.warehouse_id))[1] "
	"FROM wanted w WHERE w.reorder_point IS NULL",
	.result = SPI_OK_SELECT,
	.replan = true,
	.nargs = 7,
	.argtypes = {INT4OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, TIMESTAMPTZOID, FLOAT8OID, TEXTOID}
};

PG_FUNCTION_INFO_V1(inventory_refresh_demand);
PG_FUNCTION_INFO_V1(inventory_recompute_policies);
PG_FUNCTION_INFO_V1(inventory_computed_policy);

static double LotSizeFor(double daily, Numeric unit_cost, double order_cost, double holding_rate);
static int32 ArgumentWindow(FunctionCallInfo fcinfo, int n);
static double ArgumentServiceLevel(FunctionCallInfo fcinfo, int n);
static const DateADT *ArgumentAsOf(FunctionCallInfo fcinfo, int n, DateADT *day);
static int64 RefreshDemand(int32 window_days, const DateADT *as_of, bool from_scratch);

/*
 * refresh_demand(window_days, from_scratch, as_of)
 *
 * One at a time: the lock on the table is taken by nobody but refreshers and
 * maintenance.
 */
Datum
inventory_refresh_demand(PG_FUNCTION_ARGS)
{
	int32		window_days = ArgumentWindow(fcinfo, 0);
	DateADT		day;
	const DateADT *as_of = ArgumentAsOf(fcinfo, 2, &day);
	bool		from_scratch;
	Identity	caller;
	int64		refreshed;

	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("from_scratch must not be NULL")));
	from_scratch = PG_GETARG_BOOL(1);
	EnterEngine(fcinfo, &caller);
	refreshed = RefreshDemand(window_days, as_of, from_scratch);
	LeaveEngine(&caller);
	PG_RETURN_INT64(refreshed);
}

/*
 * recompute_policies(window_days, service_level, as_of)
 *
 * Locks the items that change, in the order of stock.h, in one statement.
 */
Datum
inventory_recompute_policies(PG_FUNCTION_ARGS)
{
	int32		window_days = ArgumentWindow(fcinfo, 0);
	double		service_level = ArgumentServiceLevel(fcinfo, 1);
	DateADT		day;
	const DateADT *as_of = ArgumentAsOf(fcinfo, 2, &day);
	Datum		values[7] = {
		Int32GetDatum(window_days),
		Float8GetDatum(NormalQuantile(service_level)),
		Float8GetDatum(guc_order_cost),
		Float8GetDatum(guc_holding_rate),
		TimestampTzGetDatum(GetCurrentTimestamp()),
		Float8GetDatum(service_level)
	};
	Identity	caller;
	int64		changed;

	EnterEngine(fcinfo, &caller);
	RefreshDemand(window_days, as_of, false);
	values[6] = PerformedBy();
	PlanExecute(&compute_policies, values, NULL);
	changed = PlanInt64(0, 1);
	if (PlanInt64(0, 2) > 0)
		ereport(WARNING,
				(errmsg("policies that do not fit, and were left as they are: %lld", (long long) PlanInt64(0, 2)),
				 errdetail("The first is that of product %lld in warehouse %lld.",
						   (long long) PlanInt64(0, 3), (long long) PlanInt64(0, 4)),
				 errhint("Look at its cost, demand and lead time.")));
	LeaveEngine(&caller);
	PG_RETURN_INT64(changed);
}

/*
 * computed_policy(avg_daily_usage, stddev_daily_usage, z, lead_time_days,
 *				   lead_time_stddev_days, unit_cost, order_cost, holding_rate)
 *
 * Raises nothing: one item must not keep the others from their policies.
 */
Datum
inventory_computed_policy(PG_FUNCTION_ARGS)
{
	NormalDemand daily = {.mean = PG_GETARG_FLOAT8(0), .stddev = PG_GETARG_FLOAT8(1)};
	NormalDemand lead_time = {.mean = PG_GETARG_FLOAT8(3), .stddev = PG_GETARG_FLOAT8(4)};
	NormalDemand demand = LeadTimeDemand(daily, lead_time);
	double		point = 0;
	double		lot = 0;
	TupleDesc	type;
	Datum		values[2];
	bool		nulls[2] = {true, true};

	if (daily.mean > 0)
	{
		point = Max(RoundUp(demand.mean + PG_GETARG_FLOAT8(2) * demand.stddev), 0);
		lot = LotSizeFor(daily.mean, PG_ARGISNULL(5) ? NULL : PG_GETARG_NUMERIC(5),
						 PG_GETARG_FLOAT8(6), PG_GETARG_FLOAT8(7));
	}
	if (FLOAT8_FITS_IN_INT64(point) && isfinite(lot))
	{
		values[0] = Int64GetDatum((int64) point);
		values[1] = Float8GetDatum(lot);
		nulls[0] = nulls[1] = false;
	}
	if (get_call_result_type(fcinfo, NULL, &type) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(type), values, nulls)));
}

/*
 * The economic order quantity, or 30 days of demand where nothing costs anything.
 * Infinite where a cost is as good as none.
 */
static double
LotSizeFor(double daily, Numeric unit_cost, double order_cost, double holding_rate)
{
	Datum		cost = PointerGetDatum(unit_cost);

	if (unit_cost == NULL || order_cost <= 0 || holding_rate <= 0 ||
		!DatumGetBool(DirectFunctionCall2(numeric_gt, cost, DirectFunctionCall1(int4_numeric, Int32GetDatum(0)))))
		return daily * 30;
	cost = DirectFunctionCall1(numeric_float8_no_overflow, cost);
	return EconomicOrderQuantity(daily * 365, order_cost, holding_rate * DatumGetFloat8(cost));
}

/*
 * A number of days that a window can have.
 */
static int32
ArgumentWindow(FunctionCallInfo fcinfo, int n)
{
	int32		window_days = ArgumentPositive(fcinfo, n, "window_days");

	if (window_days > MAX_WINDOW_DAYS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("window_days must be at most %d", MAX_WINDOW_DAYS),
				 errdetail("Got %d.", window_days)));
	return window_days;
}

/*
 * The last day of the window, not in the future; NULL where none is named.
 */
static const DateADT *
ArgumentAsOf(FunctionCallInfo fcinfo, int n, DateADT *day)
{
	if (!ArgumentOptionalDate(fcinfo, n, "as_of", day))
		return NULL;
	/* Somewhere it is tomorrow already. */
	if (*day > GetCurrentTimestamp() / USECS_PER_DAY + 1 ||
		*day < GetCurrentTimestamp() / USECS_PER_DAY - MAX_AGE_DAYS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("as_of must not lie in the future, or more than a century back")));
	return day;
}

/*
 * A probability within (0, 1).
 */
static double
ArgumentServiceLevel(FunctionCallInfo fcinfo, int n)
{
	double		level;

	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("service_level must not be NULL")));
	level = PG_GETARG_FLOAT8(n);
	if (!(level > 0 && level < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("service_level must lie between 0 and 1"),
				 errdetail("Got %g.", level)));
	return level;
}

/*
 * Reads the new movements, and lets the windows end where they should now.
 * Returns how many items had new movements.
 */
static int64
RefreshDemand(int32 window_days, const DateADT *as_of, bool from_scratch)
{
	Datum		values[3] = {
		Int32GetDatum(window_days),
		TimestampTzGetDatum(GetCurrentTimestamp()),
		DateADTGetDatum(as_of == NULL ? 0 : *as_of)
	};
	const char *nulls = as_of == NULL ? "  n" : NULL;
	uint64		changed;

	LockRelationOid(get_relname_relid("demand_state", get_namespace_oid("inventory", false)),
					ShareUpdateExclusiveLock);
	if (from_scratch)
	{
		PlanExecute(&forget_days, NULL, NULL);
		PlanExecute(&forget_state, NULL, NULL);
		PlanExecute(&forget_windows, NULL, NULL);
	}
	PlanExecute(&open_windows, values, NULL);
	changed = PlanExecute(&roll_up, NULL, NULL);
	PlanExecute(&slide_windows, values, nulls);
	PlanExecute(&sum_windows, values, nulls);
	PlanExecute(&move_windows, values, nulls);
	return (int64) changed;
}
