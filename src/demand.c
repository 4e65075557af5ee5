/*
 * demand.c
 *		What was asked for each day, and the sums over a window: refresh_demand.
 *
 * The rollup follows the versions of the items, not the ids of the movements: those
 * of one item become visible in the order of its versions, while an id says nothing
 * about when its transaction commits.
 */
#include "demand.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "storage/lmgr.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "argument.h"
#include "identity.h"
#include "plan.h"

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
 * How many windows move on, and how many have to be summed up anew.  OFFSET 0 and
 * MATERIALIZED keep the planner from looking for each end more than once.
 */
static KeptPlan count_windows = {
	.sql = "SELECT pg_catalog.count(*) FILTER (WHERE n.window_days OPERATOR(pg_catalog.=) $1 "
	"AND n.next_end OPERATOR(pg_catalog.>) n.window_end), "
	"pg_catalog.count(*) FILTER (WHERE n.window_days OPERATOR(pg_catalog.<>) $1 "
	"OR n.next_end OPERATOR(pg_catalog.<) n.window_end) "
	"FROM (" NEXT_WINDOWS " OFFSET 0) AS n",
	.result = SPI_OK_SELECT,
	.nargs = 3,
	.argtypes = {INT4OID, TIMESTAMPTZOID, DATEOID}
};

/*
 * The days that come into a window of the same length that moves on, less those
 * that leave it: two ranges of days, which the index on them has.
 */
static KeptPlan slide_windows = {
	.sql = "WITH next AS MATERIALIZED (" NEXT_WINDOWS "), "
	"delta AS ("
	"SELECT d.product_id, d.warehouse_id, "
	"pg_catalog.sum(r.sign OPERATOR(pg_catalog.*) d.quantity) AS quantity, "
	"pg_catalog.sum(r.sign OPERATOR(pg_catalog.*) d.quantity OPERATOR(pg_catalog.*) d.quantity) AS quantity_squared "
	"FROM next n CROSS JOIN LATERAL (VALUES "
	"(CAST(1 AS pg_catalog.numeric), GREATEST(n.window_end, n.next_end OPERATOR(pg_catalog.-) n.window_days), n.next_end), "
	"(CAST(-1 AS pg_catalog.numeric), n.window_end OPERATOR(pg_catalog.-) n.window_days, "
	"LEAST(n.next_end OPERATOR(pg_catalog.-) n.window_days, n.window_end))) AS r(sign, after, until) "
	"JOIN inventory.demand_daily d ON d.warehouse_id OPERATOR(pg_catalog.=) n.warehouse_id "
	"AND d.day OPERATOR(pg_catalog.>) r.after AND d.day OPERATOR(pg_catalog.<=) r.until "
	"WHERE n.window_days OPERATOR(pg_catalog.=) $1 AND n.next_end OPERATOR(pg_catalog.>) n.window_end "
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
	.sql = "WITH next AS MATERIALIZED (SELECT n.warehouse_id, n.next_end FROM (" NEXT_WINDOWS " OFFSET 0) AS n "
	"WHERE n.window_days OPERATOR(pg_catalog.<>) $1 OR n.next_end OPERATOR(pg_catalog.<) n.window_end), "
	"sums AS ("
	"SELECT d.product_id, d.warehouse_id, pg_catalog.sum(d.quantity) AS quantity, "
	"pg_catalog.sum(d.quantity OPERATOR(pg_catalog.*) d.quantity) AS quantity_squared "
	"FROM next n JOIN inventory.demand_daily d ON d.warehouse_id OPERATOR(pg_catalog.=) n.warehouse_id "
	"WHERE d.day OPERATOR(pg_catalog.<=) n.next_end AND d.day OPERATOR(pg_catalog.>) (n.next_end OPERATOR(pg_catalog.-) $1) "
	"GROUP BY d.product_id, d.warehouse_id), "
	"known AS ("
	"SELECT k.product_id, k.warehouse_id, COALESCE(u.quantity, 0) AS quantity, COALESCE(u.quantity_squared, 0) AS quantity_squared "
	"FROM next n JOIN inventory.demand_state k ON k.warehouse_id OPERATOR(pg_catalog.=) n.warehouse_id "
	"LEFT JOIN sums u ON u.product_id OPERATOR(pg_catalog.=) k.product_id "
	"AND u.warehouse_id OPERATOR(pg_catalog.=) k.warehouse_id) "
	"UPDATE inventory.demand_state s SET quantity = k.quantity, quantity_squared = k.quantity_squared "
	"FROM known k WHERE s.product_id OPERATOR(pg_catalog.=) k.product_id "
	"AND s.warehouse_id OPERATOR(pg_catalog.=) k.warehouse_id",
	.result = SPI_OK_UPDATE,
	.replan = true,
	.nargs = 3,
	.argtypes = {INT4OID, TIMESTAMPTZOID, DATEOID}
};

static KeptPlan move_windows = {
	.sql = "UPDATE inventory.demand_window v SET window_days = $1, window_end = n.next_end, refreshed_at = $2 "
	"FROM (" NEXT_WINDOWS " OFFSET 0) AS n WHERE v.warehouse_id OPERATOR(pg_catalog.=) n.warehouse_id",
	.result = SPI_OK_UPDATE,
	.nargs = 3,
	.argtypes = {INT4OID, TIMESTAMPTZOID, DATEOID}
};

PG_FUNCTION_INFO_V1(inventory_refresh_demand);


/*
 * refresh_demand(window_days, from_scratch, as_of)
 *
 * One at a time: the lock on the table is taken by nobody but refreshers and
 * maintenance.
 */
Datum
inventory_refresh_demand(PG_FUNCTION_ARGS)
{
	int32		window_days = DemandArgumentWindow(fcinfo, 0);
	DateADT		day;
	const DateADT *as_of = DemandArgumentAsOf(fcinfo, 2, &day);
	bool		from_scratch = ArgumentBool(fcinfo, 1, "from_scratch");
	Identity	caller;
	int64		refreshed;

	EnterEngine(fcinfo, &caller);
	refreshed = DemandRefresh(window_days, as_of, from_scratch);
	LeaveEngine(&caller);
	PG_RETURN_INT64(refreshed);
}

/*
 * A number of days that a window can have.
 */
int32
DemandArgumentWindow(FunctionCallInfo fcinfo, int n)
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
const DateADT *
DemandArgumentAsOf(FunctionCallInfo fcinfo, int n, DateADT *day)
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
 * Reads the new movements, and lets the windows end where they should now.
 * Returns how many items had new movements.
 */
int64
DemandRefresh(int32 window_days, const DateADT *as_of, bool from_scratch)
{
	Datum		values[3] = {
		Int32GetDatum(window_days),
		TimestampTzGetDatum(GetCurrentTimestamp()),
		DateADTGetDatum(as_of == NULL ? 0 : *as_of)
	};
	const char *nulls = as_of == NULL ? "  n" : NULL;
	uint64		changed;
	bool		slide;
	bool		sum;

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
	PlanExecute(&count_windows, values, nulls);
	slide = PlanInt64(0, 1) > 0;
	sum = PlanInt64(0, 2) > 0;
	if (slide)
		PlanExecute(&slide_windows, values, nulls);
	if (sum)
		PlanExecute(&sum_windows, values, nulls);
	PlanExecute(&move_windows, values, nulls);
	return (int64) changed;
}
