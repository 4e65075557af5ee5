/*
 * policy.c
 *		Reorder points and quantities from demand: recompute_policies.
 *
 * One query reads the figures of all items in the order in which everybody locks
 * them, a batch at a time; what follows from them is computed here, and only the
 * items whose policy changes are touched.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "demand.h"
#include "guc.h"
#include "identity.h"
#include "plan.h"
#include "planning_math.h"
#include "stock.h"

/* Items that are read, stored and written to the history together. */
#define BATCH_ROWS		5000

/* The columns of the result of find_figures. */
enum FigureColumn
{
	FIGURE_TID = 1,
	FIGURE_PRODUCT_ID,
	FIGURE_WAREHOUSE_ID,
	FIGURE_REORDER_POINT,
	FIGURE_REORDER_QUANTITY,
	FIGURE_DAYS,
	FIGURE_QUANTITY,
	FIGURE_SQUARES,
	FIGURE_MEAN,
	FIGURE_DEVIATION,
	FIGURE_METHOD,
	FIGURE_FORECAST,
	FIGURE_SERVICE_LEVEL,
	FIGURE_LEAD_TIME,
	FIGURE_LEAD_TIME_STDDEV,
	FIGURE_MINIMUM,
	FIGURE_MULTIPLE,
	FIGURE_UNIT_COST
};

#define FIGURE_COLUMNS	FIGURE_UNIT_COST

/*
 * Sums that a bigint holds, also times the days of the longest window, and squared;
 * others stay numeric.
 */
#define SUMS_FIT \
	"s.quantity_squared OPERATOR(pg_catalog.<=) 1000000000000000 " \
	"AND s.quantity OPERATOR(pg_catalog.<=) 3000000000 " \
	"AND s.quantity OPERATOR(pg_catalog.>=) (-3000000000)"

/*
 * Items without demand keep a policy that people set; one that was computed goes
 * to 0.  The mean and deviation are those of the view item_demand.
 */
static KeptPlan find_figures = {
	.sql = "SELECT i.ctid, s.product_id, s.warehouse_id, i.reorder_point, i.reorder_quantity, w.window_days, "
	"CASE WHEN " SUMS_FIT " THEN CAST(s.quantity AS pg_catalog.int8) END, "
	"CASE WHEN " SUMS_FIT " THEN CAST(s.quantity_squared AS pg_catalog.int8) END, "
	"CASE WHEN NOT (" SUMS_FIT ") THEN CAST(s.quantity OPERATOR(pg_catalog./) w.window_days AS pg_catalog.float8) END, "
	"CASE WHEN NOT (" SUMS_FIT ") AND w.window_days OPERATOR(pg_catalog.>) 1 THEN CAST(pg_catalog.sqrt("
	"GREATEST((s.quantity_squared OPERATOR(pg_catalog.*) w.window_days) OPERATOR(pg_catalog.-) (s.quantity OPERATOR(pg_catalog.*) s.quantity), 0) "
	"OPERATOR(pg_catalog./) (CAST(w.window_days AS pg_catalog.numeric) OPERATOR(pg_catalog.*) (w.window_days OPERATOR(pg_catalog.-) 1))) "
	"AS pg_catalog.float8) END, "
	"n.forecast_method, "
	"CASE WHEN n.forecast_method OPERATOR(pg_catalog.<>) 'mean' THEN (SELECT pg_catalog.avg(f.demand) "
	"FROM pg_catalog.unnest(inventory.forecast(inventory.demand_series(s.product_id, s.warehouse_id), n.forecast_method, "
	"CAST(GREATEST(LEAST(pg_catalog.ceil(t.lead_time_days), 365), 1) AS pg_catalog.int4), n.season_length)) AS f(demand)) END, "
	"n.service_level, t.lead_time_days, t.lead_time_stddev_days, t.min_order_quantity, t.order_multiple, "
	"COALESCE(t.unit_cost, p.unit_cost) "
	"FROM inventory.demand_state s "
	"JOIN inventory.demand_window w ON w.warehouse_id OPERATOR(pg_catalog.=) s.warehouse_id "
	"JOIN inventory.product p ON p.product_id OPERATOR(pg_catalog.=) s.product_id AND p.is_active "
	"JOIN inventory.product_supplier t ON t.product_id OPERATOR(pg_catalog.=) s.product_id AND t.is_preferred "
	"JOIN inventory.inventory_item i ON i.product_id OPERATOR(pg_catalog.=) s.product_id "
	"AND i.warehouse_id OPERATOR(pg_catalog.=) s.warehouse_id "
	"LEFT JOIN inventory.item_planning n ON n.product_id OPERATOR(pg_catalog.=) s.product_id "
	"AND n.warehouse_id OPERATOR(pg_catalog.=) s.warehouse_id "
	"WHERE n.is_manual IS NOT TRUE AND (s.quantity OPERATOR(pg_catalog.>) 0 OR EXISTS (SELECT FROM inventory.policy_history h "
	"WHERE h.product_id OPERATOR(pg_catalog.=) s.product_id AND h.warehouse_id OPERATOR(pg_catalog.=) s.warehouse_id)) "
	"ORDER BY s.product_id, s.warehouse_id",
	.result = SPI_OK_SELECT,
	.replan = true
};

/* Its arguments are so many arrays, and what is the same for all rows. */
#define HISTORY_COLUMNS	12

/* unnest of several arrays: see ledger.c. */
static KeptPlan write_history = {
	.sql = "INSERT INTO inventory.policy_history (product_id, warehouse_id, computed_at, window_days, service_level, forecast_method, "
	"avg_daily_usage, stddev_daily_usage, lead_time_days, lead_time_stddev_days, "
	"reorder_point_before, reorder_point, reorder_quantity_before, reorder_quantity, computed_by) "
	"SELECT u.product_id, u.warehouse_id, $13, $14, u.service_level, u.method, u.mean, u.deviation, u.lead_time, u.lead_time_stddev, "
	"u.point_before, u.reorder_point, u.quantity_before, u.reorder_quantity, $15 "
	"FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) "
	"AS u(product_id, warehouse_id, service_level, method, mean, deviation, lead_time, lead_time_stddev, "
	"point_before, reorder_point, quantity_before, reorder_quantity)",
	.result = SPI_OK_INSERT,
	.nargs = 15,
	.argtypes = {INT8ARRAYOID, INT8ARRAYOID, FLOAT8ARRAYOID, TEXTARRAYOID, FLOAT8ARRAYOID, FLOAT8ARRAYOID,
		FLOAT8ARRAYOID, FLOAT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID,
	TIMESTAMPTZOID, INT4OID, TEXTOID}
};

/* What is the same for all policies of a call. */
typedef struct Assumptions
{
	int32		window_days;
	double		service_level;
	double		z;				/* its normal quantile */
	TimestampTz computed_at;
	Datum		computed_by;
	Datum		mean;			/* the name of the forecast method */
} Assumptions;

/* What the policy of an item follows from. */
typedef struct Figures
{
	Datum		method;
	double		service_level;
	NormalDemand daily;
	NormalDemand lead_time;
} Figures;

/* Policies that are going to be stored together. */
typedef struct Batch
{
	int			count;
	StockPolicy *policies;
	Figures    *figures;
} Batch;

/* Policies that do not fit. */
typedef struct Unfit
{
	int64		count;
	int64		product_id;		/* of the first one */
	int64		warehouse_id;
} Unfit;

PG_FUNCTION_INFO_V1(inventory_recompute_policies);

static int64 RecomputePolicies(const Assumptions *given, Unfit *unfit);
static void ReadFigures(uint64 row, const Assumptions *given, Batch *batch, Unfit *unfit);
static NormalDemand DailyDemand(const Datum *values, const bool *nulls);
static bool ComputePolicy(const Figures *figures, const Assumptions *given, Numeric unit_cost,
						  int64 minimum, int64 multiple, StockPolicy *policy);
static double LotSizeFor(double daily, Numeric unit_cost);
static int64 OrderQuantity(double lot, int64 minimum, int64 multiple);
static int64 WriteHistory(const Batch *batch, const Assumptions *given);
static Datum ColumnArray(Oid type, Datum *values, int count);
static double ArgumentServiceLevel(FunctionCallInfo fcinfo, int n);

/*
 * recompute_policies(window_days, service_level, as_of)
 *
 * Locks the items that change, in the order of stock.h.
 */
Datum
inventory_recompute_policies(PG_FUNCTION_ARGS)
{
	Assumptions given = {
		.window_days = DemandArgumentWindow(fcinfo, 0),
		.service_level = ArgumentServiceLevel(fcinfo, 1),
		.computed_at = GetCurrentTimestamp()
	};
	DateADT		day;
	const DateADT *as_of = DemandArgumentAsOf(fcinfo, 2, &day);
	Unfit		unfit = {0};
	Identity	caller;
	int64		changed;

	given.z = NormalQuantile(given.service_level);
	EnterEngine(fcinfo, &caller);
	given.computed_by = PerformedBy();
	given.mean = CStringGetTextDatum("mean");
	DemandRefresh(given.window_days, as_of, false);
	changed = RecomputePolicies(&given, &unfit);
	if (unfit.count > 0)
		ereport(WARNING,
				(errmsg("policies that do not fit, and were left as they are: %lld", (long long) unfit.count),
				 errdetail("The first is that of product %lld in warehouse %lld.",
						   (long long) unfit.product_id, (long long) unfit.warehouse_id),
				 errhint("Look at its cost, demand and lead time.")));
	LeaveEngine(&caller);
	PG_RETURN_INT64(changed);
}

/*
 * Computes all policies, stores those that differ and writes what changed to the
 * history.  Returns how many that were.
 */
static int64
RecomputePolicies(const Assumptions *given, Unfit *unfit)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "inventory policies",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext outer = CurrentMemoryContext;
	Batch		batch = {
		.policies = palloc(BATCH_ROWS * sizeof(StockPolicy)),
		.figures = palloc(BATCH_ROWS * sizeof(Figures))
	};
	Portal		cursor = PlanOpen(&find_figures, NULL, NULL);
	int64		changed = 0;
	uint64		rows;

	while ((rows = PlanFetch(cursor, BATCH_ROWS)) > 0)
	{
		MemoryContextSwitchTo(scratch);
		batch.count = 0;
		for (uint64 row = 0; row < rows; row++)
			ReadFigures(row, given, &batch, unfit);
		if (batch.count > 0)
		{
			StockStorePolicies(batch.policies, batch.count);
			changed += WriteHistory(&batch, given);
		}
		MemoryContextSwitchTo(outer);
		MemoryContextReset(scratch);
	}
	PlanClose(cursor);
	MemoryContextDelete(scratch);
	return changed;
}

/*
 * Reads a row of find_figures, and adds the policy that follows to the batch where it
 * differs from the one that the item has.
 */
static void
ReadFigures(uint64 row, const Assumptions *given, Batch *batch, Unfit *unfit)
{
	StockPolicy *policy = &batch->policies[batch->count];
	Figures    *figures = &batch->figures[batch->count];
	Datum		values[FIGURE_COLUMNS + 1];
	bool		nulls[FIGURE_COLUMNS + 1];

	PlanRow(row, &values[1], &nulls[1]);
	*policy = (StockPolicy) {
		.product_id = DatumGetInt64(values[FIGURE_PRODUCT_ID]),
		.warehouse_id = DatumGetInt64(values[FIGURE_WAREHOUSE_ID]),
		.tid = *(ItemPointer) DatumGetPointer(values[FIGURE_TID]),
		.point_before = DatumGetInt64(values[FIGURE_REORDER_POINT]),
		.quantity_before = DatumGetInt64(values[FIGURE_REORDER_QUANTITY])
	};
	*figures = (Figures) {
		.method = nulls[FIGURE_METHOD] ? given->mean : values[FIGURE_METHOD],
		.service_level = nulls[FIGURE_SERVICE_LEVEL] ? given->service_level :
		DatumGetFloat8(values[FIGURE_SERVICE_LEVEL]),
		.daily = DailyDemand(values, nulls),
		.lead_time.mean = DatumGetFloat8(values[FIGURE_LEAD_TIME]),
		.lead_time.stddev = DatumGetFloat8(values[FIGURE_LEAD_TIME_STDDEV])
	};
	if (!ComputePolicy(figures, given,
					   nulls[FIGURE_UNIT_COST] ? NULL : DatumGetNumeric(values[FIGURE_UNIT_COST]),
					   DatumGetInt64(values[FIGURE_MINIMUM]), DatumGetInt64(values[FIGURE_MULTIPLE]),
					   policy))
	{
		if (unfit->count++ == 0)
		{
			unfit->product_id = policy->product_id;
			unfit->warehouse_id = policy->warehouse_id;
		}
		return;
	}
	if (policy->reorder_point == policy->point_before &&
		policy->reorder_quantity == policy->quantity_before)
		return;
	if (!nulls[FIGURE_METHOD])
		figures->method = PointerGetDatum(PG_DETOAST_DATUM_COPY(values[FIGURE_METHOD]));
	batch->count++;
}

/*
 * Mean, which is what is forecast where that was asked for, and deviation of the
 * daily demand, exact up to where they become a double.
 */
static NormalDemand
DailyDemand(const Datum *values, const bool *nulls)
{
	int64		days = DatumGetInt32(values[FIGURE_DAYS]);
	NormalDemand daily = {0, 0};

	if (!nulls[FIGURE_QUANTITY])
	{
		int64		quantity = DatumGetInt64(values[FIGURE_QUANTITY]);
		int64		squares = DatumGetInt64(values[FIGURE_SQUARES]);
		int64		spread = squares * days - quantity * quantity;

		daily.mean = (double) quantity / days;
		if (days > 1 && spread > 0)
			daily.stddev = sqrt((double) spread / (double) (days * (days - 1)));
	}
	else
	{
		daily.mean = DatumGetFloat8(values[FIGURE_MEAN]);
		if (!nulls[FIGURE_DEVIATION])
			daily.stddev = DatumGetFloat8(values[FIGURE_DEVIATION]);
	}
	if (nulls[FIGURE_FORECAST])
		daily.mean = Max(daily.mean, 0);
	else
		daily.mean = DatumGetFloat8(values[FIGURE_FORECAST]);
	return daily;
}

/*
 * The policy that follows from an item's figures.  False where it does not fit;
 * raises nothing, since one item must not keep the others from their policies.
 */
static bool
ComputePolicy(const Figures *figures, const Assumptions *given, Numeric unit_cost,
			  int64 minimum, int64 multiple, StockPolicy *policy)
{
	NormalDemand demand = LeadTimeDemand(figures->daily, figures->lead_time);
	double		z = figures->service_level == given->service_level ? given->z :
		NormalQuantile(figures->service_level);
	double		point = 0;
	double		lot = 0;

	if (figures->daily.mean > 0)
	{
		point = Max(RoundUp(demand.mean + z * demand.stddev), 0);
		lot = LotSizeFor(figures->daily.mean, unit_cost);
	}
	if (!FLOAT8_FITS_IN_INT64(point) || !isfinite(lot))
		return false;
	policy->reorder_point = (int64) point;
	policy->reorder_quantity = OrderQuantity(lot, minimum, multiple);
	return true;
}

/*
 * The economic order quantity, or 30 days of demand where nothing costs anything.
 * Infinite where a cost is as good as none.
 */
static double
LotSizeFor(double daily, Numeric unit_cost)
{
	Datum		cost = NumericGetDatum(unit_cost);

	if (unit_cost == NULL || guc_order_cost <= 0 || guc_holding_rate <= 0 ||
		!DatumGetBool(DirectFunctionCall2(numeric_gt, cost, NumericGetDatum(int64_to_numeric(0)))))
		return daily * 30;
	cost = DirectFunctionCall1(numeric_float8_no_overflow, cost);
	return EconomicOrderQuantity(daily * 365, guc_order_cost, guc_holding_rate * DatumGetFloat8(cost));
}

/*
 * A lot, at least the minimum, in multiples: the next one up, or the greatest there
 * is.
 */
static int64
OrderQuantity(double lot, int64 minimum, int64 multiple)
{
	double		whole = RoundUp(lot);
	int64		quantity = FLOAT8_FITS_IN_INT64(whole) ? Max((int64) whole, minimum) : PG_INT64_MAX;
	int64		lots = quantity / multiple + (quantity % multiple > 0 ? 1 : 0);

	return Min(lots, PG_INT64_MAX / multiple) * multiple;
}

/*
 * Writes the policies that were stored to the history.  Returns how many.
 */
static int64
WriteHistory(const Batch *batch, const Assumptions *given)
{
	Datum	   *columns[HISTORY_COLUMNS];
	Datum		values[HISTORY_COLUMNS + 3];
	int			rows = 0;

	for (int c = 0; c < HISTORY_COLUMNS; c++)
		columns[c] = palloc(batch->count * sizeof(Datum));
	for (int i = 0; i < batch->count; i++)
	{
		const StockPolicy *policy = &batch->policies[i];
		const Figures *figures = &batch->figures[i];
		int			c = 0;

		if (!policy->stored)
			continue;
		columns[c++][rows] = Int64GetDatum(policy->product_id);
		columns[c++][rows] = Int64GetDatum(policy->warehouse_id);
		columns[c++][rows] = Float8GetDatum(figures->service_level);
		columns[c++][rows] = figures->method;
		columns[c++][rows] = Float8GetDatum(figures->daily.mean);
		columns[c++][rows] = Float8GetDatum(figures->daily.stddev);
		columns[c++][rows] = Float8GetDatum(figures->lead_time.mean);
		columns[c++][rows] = Float8GetDatum(figures->lead_time.stddev);
		columns[c++][rows] = Int64GetDatum(policy->point_before);
		columns[c++][rows] = Int64GetDatum(policy->reorder_point);
		columns[c++][rows] = Int64GetDatum(policy->quantity_before);
		columns[c++][rows] = Int64GetDatum(policy->reorder_quantity);
		rows++;
	}
	if (rows == 0)
		return 0;
	for (int c = 0; c < HISTORY_COLUMNS; c++)
		values[c] = ColumnArray(write_history.argtypes[c], columns[c], rows);
	values[HISTORY_COLUMNS] = TimestampTzGetDatum(given->computed_at);
	values[HISTORY_COLUMNS + 1] = Int32GetDatum(given->window_days);
	values[HISTORY_COLUMNS + 2] = given->computed_by;
	return (int64) PlanExecute(&write_history, values, NULL);
}

/*
 * An array of a type that write_history takes.
 */
static Datum
ColumnArray(Oid type, Datum *values, int count)
{
	ArrayType  *array;

	if (type == TEXTARRAYOID)
		array = construct_array(values, count, TEXTOID, -1, false, TYPALIGN_INT);
	else
		array = construct_array(values, count, type == FLOAT8ARRAYOID ? FLOAT8OID : INT8OID,
								sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
	return PointerGetDatum(array);
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
