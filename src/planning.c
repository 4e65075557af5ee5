/*
 * planning.c
 *		SQL entry points of the mathematics of planning: check arguments, call
 *		planning_math.c, return numbers.
 *
 * Every function is strict, immutable and reads nothing but its arguments.  What a
 * result cannot hold raises 22003.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "planning_math.h"

/* Largest level or quantity of a Poisson policy whose cost is asked for. */
#define MAX_LEVEL	1e15

PG_FUNCTION_INFO_V1(inventory_z_value);
PG_FUNCTION_INFO_V1(inventory_safety_stock);
PG_FUNCTION_INFO_V1(inventory_safety_stock_variable);
PG_FUNCTION_INFO_V1(inventory_reorder_point);
PG_FUNCTION_INFO_V1(inventory_reorder_point_variable);
PG_FUNCTION_INFO_V1(inventory_lead_time_demand);
PG_FUNCTION_INFO_V1(inventory_economic_order_quantity);
PG_FUNCTION_INFO_V1(inventory_eoq_cost);
PG_FUNCTION_INFO_V1(inventory_eoq_all_units_discount);
PG_FUNCTION_INFO_V1(inventory_eoq_incremental_discount);
PG_FUNCTION_INFO_V1(inventory_eoq_backorders);
PG_FUNCTION_INFO_V1(inventory_eoq_backorders_cost);
PG_FUNCTION_INFO_V1(inventory_economic_production_quantity);
PG_FUNCTION_INFO_V1(inventory_economic_production_cost);
PG_FUNCTION_INFO_V1(inventory_wagner_whitin);
PG_FUNCTION_INFO_V1(inventory_joint_replenishment_silver);
PG_FUNCTION_INFO_V1(inventory_newsvendor_normal);
PG_FUNCTION_INFO_V1(inventory_newsvendor_normal_cost);
PG_FUNCTION_INFO_V1(inventory_newsvendor_normal_explicit);
PG_FUNCTION_INFO_V1(inventory_newsvendor_poisson);
PG_FUNCTION_INFO_V1(inventory_newsvendor_poisson_cost);
PG_FUNCTION_INFO_V1(inventory_newsvendor_poisson_explicit);
PG_FUNCTION_INFO_V1(inventory_newsvendor_discrete);
PG_FUNCTION_INFO_V1(inventory_newsvendor_discrete_cost);
PG_FUNCTION_INFO_V1(inventory_rq_policy);
PG_FUNCTION_INFO_V1(inventory_rq_cost);
PG_FUNCTION_INFO_V1(inventory_rq_reorder_point);
PG_FUNCTION_INFO_V1(inventory_rq_policy_poisson);
PG_FUNCTION_INFO_V1(inventory_rq_cost_poisson);
PG_FUNCTION_INFO_V1(inventory_ss_policy_poisson);
PG_FUNCTION_INFO_V1(inventory_ss_cost_poisson);
PG_FUNCTION_INFO_V1(inventory_ss_policy_power_approximation);
PG_FUNCTION_INFO_V1(inventory_standard_loss);
PG_FUNCTION_INFO_V1(inventory_standard_loss_second);
PG_FUNCTION_INFO_V1(inventory_normal_loss);
PG_FUNCTION_INFO_V1(inventory_poisson_loss);

/* An array argument. */
typedef struct Numbers
{
	int			n;
	const double *values;
	const char *name;
} Numbers;

/* A value and its probability. */
typedef struct Outcome
{
	double		value;
	double		probability;
} Outcome;

/* What a seller's prices come to, and what is asked for. */
typedef struct Prices
{
	StockCosts	costs;
	double		margin;
} Prices;

static double Finite(FunctionCallInfo fcinfo, int n, const char *name);
static double NonNegative(FunctionCallInfo fcinfo, int n, const char *name);
static double Positive(FunctionCallInfo fcinfo, int n, const char *name);
static double Fraction(FunctionCallInfo fcinfo, int n, const char *name);
static int64 WholeNumber(FunctionCallInfo fcinfo, int n, const char *name);
static Numbers ReadNumbers(FunctionCallInfo fcinfo, int n, const char *name);
static void CheckElements(Numbers numbers, bool zero_allowed);
static void CheckLengths(Numbers a, Numbers b);
static NormalDemand ReadNormal(FunctionCallInfo fcinfo, int mean, int stddev);
static StockCosts ReadStockCosts(FunctionCallInfo fcinfo, int n);
static OrderCosts ReadOrderCosts(FunctionCallInfo fcinfo, int demand, int costs);
static Discount ReadDiscount(FunctionCallInfo fcinfo, int n);
static int	ReadOutcomes(FunctionCallInfo fcinfo, int n, double **values,
						 double **probabilities);
static int	CompareOutcomes(const void *a, const void *b);
static Prices ReadPrices(FunctionCallInfo fcinfo, int n);
static RqMethod ReadMethod(FunctionCallInfo fcinfo, int n);
static NormalDemand OverLeadTime(NormalDemand demand, double periods);
static void BuildPoisson(PoissonTable *table, double mean);
static double ReadProduction(FunctionCallInfo fcinfo);
static void *HostAllocate(size_t bytes);
static void HostPulse(void);
static double InRange(double value);
static int64 AsBigint(double value);
static void AddRow(FunctionCallInfo fcinfo, int n, const double *values);
static Datum OneRow(FunctionCallInfo fcinfo, int n, const double *values);
static void CheckStatus(PlanningStatus status, const char *hint);
static Datum NewsvendorRow(FunctionCallInfo fcinfo, double quantity, double cost);
static Datum SellerRow(FunctionCallInfo fcinfo, Prices prices, double mean,
					   double quantity, double shortage, double excess);

static const PlanningHost host = {.allocate = HostAllocate, .pulse = HostPulse};

/* ---- Arguments ---- */

/*
 * A number that is one.
 */
static double
Finite(FunctionCallInfo fcinfo, int n, const char *name)
{
	double		value = PG_GETARG_FLOAT8(n);

	if (!isfinite(value))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be a finite number", name)));
	return value;
}

/*
 * A number, zero or above.
 */
static double
NonNegative(FunctionCallInfo fcinfo, int n, const char *name)
{
	double		value = Finite(fcinfo, n, name);

	if (value < 0.0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be negative", name),
				 errdetail("Got %g.", value)));
	return value;
}

/*
 * A number above zero.
 */
static double
Positive(FunctionCallInfo fcinfo, int n, const char *name)
{
	double		value = Finite(fcinfo, n, name);

	if (value <= 0.0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be positive", name),
				 errdetail("Got %g.", value)));
	return value;
}

/*
 * A part of one, from 0 to 1.
 */
static double
Fraction(FunctionCallInfo fcinfo, int n, const char *name)
{
	double		value = NonNegative(fcinfo, n, name);

	if (value > 1.0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be above 1", name),
				 errdetail("Got %g.", value)));
	return value;
}

/*
 * A level or quantity that has to be a whole number.
 */
static int64
WholeNumber(FunctionCallInfo fcinfo, int n, const char *name)
{
	double		value = Finite(fcinfo, n, name);

	if (value != floor(value) || fabs(value) > MAX_LEVEL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be a whole number", name),
				 errdetail("Got %g.", value)));
	return (int64) value;
}

/*
 * An array of numbers: one dimension, at least one element, none of them NULL,
 * NaN or infinite.  Its lower bound does not matter.
 */
static Numbers
ReadNumbers(FunctionCallInfo fcinfo, int n, const char *name)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(n);
	Numbers		numbers = {.name = name};

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must have one dimension", name),
				 errdetail("It has %d.", ARR_NDIM(array))));
	if (ARR_NDIM(array) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be empty", name)));
	if (array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not contain NULL", name)));
	numbers.n = ARR_DIMS(array)[0];
	numbers.values = (const double *) ARR_DATA_PTR(array);
	for (int i = 0; i < numbers.n; i++)
		if (!isfinite(numbers.values[i]))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s must contain finite numbers only", name),
					 errdetail("Element %d is %g.", i + 1, numbers.values[i])));
	return numbers;
}

/*
 * Elements have to be above zero, or not below it.
 */
static void
CheckElements(Numbers numbers, bool zero_allowed)
{
	for (int i = 0; i < numbers.n; i++)
		if (numbers.values[i] < 0.0 || (numbers.values[i] == 0.0 && !zero_allowed))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 zero_allowed ? errmsg("%s must not contain negative numbers", numbers.name)
					 : errmsg("%s must contain positive numbers only", numbers.name),
					 errdetail("Element %d is %g.", i + 1, numbers.values[i])));
}

/*
 * Two arrays belong together.
 */
static void
CheckLengths(Numbers a, Numbers b)
{
	if (a.n != b.n)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s and %s must have the same number of elements", a.name, b.name),
				 errdetail("They have %d and %d.", a.n, b.n)));
}

/*
 * mean and stddev, neither negative.
 */
static NormalDemand
ReadNormal(FunctionCallInfo fcinfo, int mean, int stddev)
{
	NormalDemand demand = {
		.mean = NonNegative(fcinfo, mean, "mean"),
		.stddev = NonNegative(fcinfo, stddev, "stddev")
	};

	return demand;
}

/*
 * What a unit too many and a unit too few cost the newsvendor.
 */
static StockCosts
ReadStockCosts(FunctionCallInfo fcinfo, int n)
{
	StockCosts	costs = {
		.holding = Positive(fcinfo, n, "overage_cost"),
		.stockout = Positive(fcinfo, n + 1, "underage_cost")
	};

	return costs;
}

/*
 * Demand, and from costs on order_cost, holding_cost and stockout_cost.
 */
static OrderCosts
ReadOrderCosts(FunctionCallInfo fcinfo, int demand, int costs)
{
	OrderCosts	result = {
		.demand = PG_GETARG_FLOAT8(demand),
		.order = NonNegative(fcinfo, costs, "order_cost"),
		.stock.holding = Positive(fcinfo, costs + 1, "holding_cost"),
		.stock.stockout = Positive(fcinfo, costs + 2, "stockout_cost")
	};

	return result;
}

/*
 * breakpoints and unit_costs: the first range starts at 0, and no range is dearer
 * than the one before.
 */
static Discount
ReadDiscount(FunctionCallInfo fcinfo, int n)
{
	Numbers		breakpoints = ReadNumbers(fcinfo, n, "breakpoints");
	Numbers		unit_costs = ReadNumbers(fcinfo, n + 1, "unit_costs");
	Discount	discount = {
		.n = breakpoints.n,
		.breakpoints = breakpoints.values,
		.unit_costs = unit_costs.values
	};

	CheckLengths(breakpoints, unit_costs);
	CheckElements(unit_costs, false);
	if (breakpoints.values[0] != 0.0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("breakpoints must start at 0"),
				 errdetail("The first is %g.", breakpoints.values[0])));
	for (int i = 1; i < discount.n; i++)
	{
		if (breakpoints.values[i] <= breakpoints.values[i - 1])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("breakpoints must increase"),
					 errdetail("Element %d is %g, after %g.", i + 1,
							   breakpoints.values[i], breakpoints.values[i - 1])));
		if (unit_costs.values[i] > unit_costs.values[i - 1])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("unit_costs must not increase"),
					 errdetail("Element %d is %g, after %g.", i + 1,
							   unit_costs.values[i], unit_costs.values[i - 1])));
	}
	return discount;
}

/*
 * demand_values and probabilities, brought into increasing order of the values.
 * Returns how many.
 */
static int
ReadOutcomes(FunctionCallInfo fcinfo, int n, double **values, double **probabilities)
{
	Numbers		demands = ReadNumbers(fcinfo, n, "demand_values");
	Numbers		weights = ReadNumbers(fcinfo, n + 1, "probabilities");
	Outcome    *outcomes;
	double		sum = 0.0;

	CheckLengths(demands, weights);
	CheckElements(demands, true);
	CheckElements(weights, true);
	outcomes = palloc(demands.n * sizeof(Outcome));
	for (int i = 0; i < demands.n; i++)
	{
		outcomes[i] = (Outcome) {demands.values[i], weights.values[i]};
		sum += weights.values[i];
	}
	if (fabs(sum - 1.0) > 1e-6)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("probabilities must add up to 1"),
				 errdetail("They add up to %.9g.", sum)));
	qsort(outcomes, demands.n, sizeof(Outcome), CompareOutcomes);
	*values = palloc(demands.n * sizeof(double));
	*probabilities = palloc(demands.n * sizeof(double));
	for (int i = 0; i < demands.n; i++)
	{
		(*values)[i] = outcomes[i].value;
		(*probabilities)[i] = outcomes[i].probability;
	}
	return demands.n;
}

/*
 * For qsort.
 */
static int
CompareOutcomes(const void *a, const void *b)
{
	double		x = ((const Outcome *) a)->value;
	double		y = ((const Outcome *) b)->value;

	return (x > y) - (x < y);
}

/*
 * From n on unit_price, unit_cost, salvage_value, holding_cost and stockout_cost:
 * what a unit left over costs, and what one too few.
 */
static Prices
ReadPrices(FunctionCallInfo fcinfo, int n)
{
	double		price = NonNegative(fcinfo, n, "unit_price");
	double		cost = NonNegative(fcinfo, n + 1, "unit_cost");
	double		salvage = Finite(fcinfo, n + 2, "salvage_value");
	Prices		prices = {
		.costs.holding = cost - salvage + NonNegative(fcinfo, n + 3, "holding_cost"),
		.costs.stockout = price - cost + NonNegative(fcinfo, n + 4, "stockout_cost"),
		.margin = price - cost
	};

	if (prices.costs.stockout <= 0.0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unit_price must be above unit_cost"),
				 errdetail("A unit that is short costs %g, stockout_cost included.",
						   prices.costs.stockout)));
	if (prices.costs.holding <= 0.0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("salvage_value must be below unit_cost"),
				 errdetail("A unit that is left over costs %g, holding_cost included.",
						   prices.costs.holding)));
	return prices;
}

/*
 * The name of an approximation.
 */
static RqMethod
ReadMethod(FunctionCallInfo fcinfo, int n)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(n));

	if (strcmp(name, "eil") == 0)
		return RQ_EIL;
	if (strcmp(name, "eoqb") == 0)
		return RQ_EOQB;
	if (strcmp(name, "loss") == 0)
		return RQ_LOSS;
	if (strcmp(name, "eoq_ss") == 0)
		return RQ_EOQ_SS;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown method \"%s\"", name),
			 errhint("Known methods: eil, eoqb, loss, eoq_ss.")));
}

/*
 * Demand over a number of periods, each independent of the others.
 */
static NormalDemand
OverLeadTime(NormalDemand demand, double periods)
{
	NormalDemand fixed = {.mean = periods, .stddev = 0.0};

	return LeadTimeDemand(demand, fixed);
}

/*
 * The table of a Poisson distribution, or 54000.
 */
static void
BuildPoisson(PoissonTable *table, double mean)
{
	if (mean > MAX_POISSON_MEAN)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a mean of %g is too large for Poisson demand", mean),
				 errdetail("The largest is %g.", MAX_POISSON_MEAN),
				 errhint("Use a larger unit, or the function for normal demand with the square root of the mean as its standard deviation.")));
	PoissonTableBuild(table, mean, &host);
}

/* ---- The host of the mathematics, and results ---- */

/*
 * Memory of the call.
 */
static void *
HostAllocate(size_t bytes)
{
	return palloc_extended(bytes, MCXT_ALLOC_HUGE);
}

/*
 * Long loops can be cancelled.
 */
static void
HostPulse(void)
{
	CHECK_FOR_INTERRUPTS();
}

/*
 * A result that is a number, or 22003.
 */
static double
InRange(double value)
{
	if (!isfinite(value))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("value out of range: overflow")));
	return value;
}

/*
 * A whole number as a bigint, or 22003.
 */
static int64
AsBigint(double value)
{
	if (isnan(value) || !FLOAT8_FITS_IN_INT64(value))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("bigint out of range")));
	return (int64) value;
}

/*
 * Adds a row of numbers to the result set.
 */
static void
AddRow(FunctionCallInfo fcinfo, int n, const double *values)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Datum		columns[8];
	bool		nulls[8] = {false};

	for (int i = 0; i < n; i++)
		columns[i] = Float8GetDatum(InRange(values[i]));
	tuplestore_putvalues(result->setResult, result->setDesc, columns, nulls);
}

/*
 * The only row.
 */
static Datum
OneRow(FunctionCallInfo fcinfo, int n, const double *values)
{
	InitMaterializedSRF(fcinfo, 0);
	AddRow(fcinfo, n, values);
	return (Datum) 0;
}

/*
 * Raises what a search ended with.
 */
static void
CheckStatus(PlanningStatus status, const char *hint)
{
	if (status == PLANNING_NO_POLICY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("stockout_cost is too small for a policy of this method"),
				 errdetail("Ordering less often costs less than the shortages that it makes, however large they are."),
				 errhint("%s", hint)));
	if (status == PLANNING_TOO_LARGE)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the exact answer would take too long to find"),
				 errhint("%s", hint)));
}

/* ---- Safety stock and reorder point ---- */

/*
 * z_value(service_level)
 */
Datum
inventory_z_value(PG_FUNCTION_ARGS)
{
	double		service_level = Finite(fcinfo, 0, "service_level");

	if (service_level <= 0.0 || service_level >= 1.0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("service_level must be above 0 and below 1"),
				 errdetail("Got %g.", service_level),
				 errhint("95 percent is 0.95.")));
	PG_RETURN_FLOAT8(NormalQuantile(service_level));
}

/*
 * safety_stock(z, stddev_daily_usage, lead_time_days)
 */
Datum
inventory_safety_stock(PG_FUNCTION_ARGS)
{
	double		z = Finite(fcinfo, 0, "z");
	double		stddev = NonNegative(fcinfo, 1, "stddev_daily_usage");
	double		days = NonNegative(fcinfo, 2, "lead_time_days");

	PG_RETURN_FLOAT8(InRange(z * stddev * sqrt(days)));
}

/*
 * safety_stock(z, stddev_daily_usage, lead_time_days, avg_daily_usage,
 * lead_time_stddev_days)
 */
Datum
inventory_safety_stock_variable(PG_FUNCTION_ARGS)
{
	double		z = Finite(fcinfo, 0, "z");
	NormalDemand daily = {
		.stddev = NonNegative(fcinfo, 1, "stddev_daily_usage"),
		.mean = NonNegative(fcinfo, 3, "avg_daily_usage")
	};
	NormalDemand lead_time = {
		.mean = NonNegative(fcinfo, 2, "lead_time_days"),
		.stddev = NonNegative(fcinfo, 4, "lead_time_stddev_days")
	};

	PG_RETURN_FLOAT8(InRange(z * LeadTimeDemand(daily, lead_time).stddev));
}

/*
 * reorder_point(avg_daily_usage, lead_time_days, stddev_daily_usage, z)
 */
Datum
inventory_reorder_point(PG_FUNCTION_ARGS)
{
	double		average = NonNegative(fcinfo, 0, "avg_daily_usage");
	double		days = NonNegative(fcinfo, 1, "lead_time_days");
	double		stddev = NonNegative(fcinfo, 2, "stddev_daily_usage");
	double		z = Finite(fcinfo, 3, "z");

	PG_RETURN_INT64(AsBigint(RoundUp(average * days + z * stddev * sqrt(days))));
}

/*
 * reorder_point(avg_daily_usage, lead_time_days, stddev_daily_usage, z,
 * lead_time_stddev_days)
 */
Datum
inventory_reorder_point_variable(PG_FUNCTION_ARGS)
{
	NormalDemand daily = {
		.mean = NonNegative(fcinfo, 0, "avg_daily_usage"),
		.stddev = NonNegative(fcinfo, 2, "stddev_daily_usage")
	};
	NormalDemand lead_time = {
		.mean = NonNegative(fcinfo, 1, "lead_time_days"),
		.stddev = NonNegative(fcinfo, 4, "lead_time_stddev_days")
	};
	double		z = Finite(fcinfo, 3, "z");
	NormalDemand demand = LeadTimeDemand(daily, lead_time);

	PG_RETURN_INT64(AsBigint(RoundUp(demand.mean + z * demand.stddev)));
}

/*
 * lead_time_demand(avg_daily_usage, stddev_daily_usage, lead_time_days,
 * lead_time_stddev_days)
 */
Datum
inventory_lead_time_demand(PG_FUNCTION_ARGS)
{
	NormalDemand daily = {
		.mean = NonNegative(fcinfo, 0, "avg_daily_usage"),
		.stddev = NonNegative(fcinfo, 1, "stddev_daily_usage")
	};
	NormalDemand lead_time = {
		.mean = NonNegative(fcinfo, 2, "lead_time_days"),
		.stddev = NonNegative(fcinfo, 3, "lead_time_stddev_days")
	};
	NormalDemand demand = LeadTimeDemand(daily, lead_time);

	return OneRow(fcinfo, 2, (double[]) {demand.mean, demand.stddev});
}

/* ---- Lot sizes, demand known ---- */

/*
 * economic_order_quantity(annual_demand, order_cost, holding_cost_per_unit)
 */
Datum
inventory_economic_order_quantity(PG_FUNCTION_ARGS)
{
	double		demand = NonNegative(fcinfo, 0, "annual_demand");
	double		order_cost = NonNegative(fcinfo, 1, "order_cost");
	double		holding_cost = Positive(fcinfo, 2, "holding_cost_per_unit");

	PG_RETURN_FLOAT8(InRange(EconomicOrderQuantity(demand, order_cost, holding_cost)));
}

/*
 * eoq_cost(annual_demand, order_cost, holding_cost_per_unit, quantity)
 */
Datum
inventory_eoq_cost(PG_FUNCTION_ARGS)
{
	double		demand = NonNegative(fcinfo, 0, "annual_demand");
	double		order_cost = NonNegative(fcinfo, 1, "order_cost");
	double		holding_cost = Positive(fcinfo, 2, "holding_cost_per_unit");
	double		quantity = Positive(fcinfo, 3, "quantity");

	PG_RETURN_FLOAT8(InRange(EoqCost(demand, order_cost, holding_cost, quantity)));
}

/*
 * eoq_all_units_discount(annual_demand, order_cost, holding_rate, breakpoints,
 * unit_costs)
 */
Datum
inventory_eoq_all_units_discount(PG_FUNCTION_ARGS)
{
	LotSize		lot = EoqAllUnitsDiscount(NonNegative(fcinfo, 0, "annual_demand"),
										  NonNegative(fcinfo, 1, "order_cost"),
										  Positive(fcinfo, 2, "holding_rate"),
										  ReadDiscount(fcinfo, 3));

	return OneRow(fcinfo, 2, (double[]) {lot.quantity, lot.cost});
}

/*
 * eoq_incremental_discount(annual_demand, order_cost, holding_rate, breakpoints,
 * unit_costs)
 */
Datum
inventory_eoq_incremental_discount(PG_FUNCTION_ARGS)
{
	LotSize		lot = EoqIncrementalDiscount(NonNegative(fcinfo, 0, "annual_demand"),
											 NonNegative(fcinfo, 1, "order_cost"),
											 Positive(fcinfo, 2, "holding_rate"),
											 ReadDiscount(fcinfo, 3));

	return OneRow(fcinfo, 2, (double[]) {lot.quantity, lot.cost});
}

/*
 * eoq_backorders(annual_demand, order_cost, holding_cost, stockout_cost)
 */
Datum
inventory_eoq_backorders(PG_FUNCTION_ARGS)
{
	OrderCosts	costs = ReadOrderCosts(fcinfo, 0, 1);
	LotSize		lot;

	NonNegative(fcinfo, 0, "annual_demand");
	lot = EoqBackorders(&costs);
	return OneRow(fcinfo, 3, (double[]) {lot.quantity, AllowedTail(costs.stock), lot.cost});
}

/*
 * eoq_backorders_cost(annual_demand, order_cost, holding_cost, stockout_cost,
 * quantity, stockout_fraction)
 */
Datum
inventory_eoq_backorders_cost(PG_FUNCTION_ARGS)
{
	OrderCosts	costs = ReadOrderCosts(fcinfo, 0, 1);

	NonNegative(fcinfo, 0, "annual_demand");
	PG_RETURN_FLOAT8(InRange(EoqBackordersCost(&costs, Positive(fcinfo, 4, "quantity"),
											   Fraction(fcinfo, 5, "stockout_fraction"))));
}

/*
 * The holding cost of a unit that is made, not bought: stock builds up while it is
 * sold.  S&S section 3.6.
 */
static double
ReadProduction(FunctionCallInfo fcinfo)
{
	double		demand = NonNegative(fcinfo, 0, "annual_demand");
	double		holding_cost = Positive(fcinfo, 2, "holding_cost");
	double		rate = Positive(fcinfo, 3, "production_rate");

	if (rate <= demand)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("production_rate must be above annual_demand"),
				 errdetail("Got %g and %g.", rate, demand)));
	return holding_cost * ((rate - demand) / rate);
}

/*
 * economic_production_quantity(annual_demand, order_cost, holding_cost,
 * production_rate)
 */
Datum
inventory_economic_production_quantity(PG_FUNCTION_ARGS)
{
	double		order_cost = NonNegative(fcinfo, 1, "order_cost");
	double		holding_cost = ReadProduction(fcinfo);
	double		demand = PG_GETARG_FLOAT8(0);
	double		quantity = EconomicOrderQuantity(demand, order_cost, holding_cost);

	return OneRow(fcinfo, 2,
				  (double[]) {quantity, EoqCost(demand, order_cost, holding_cost, quantity)});
}

/*
 * economic_production_cost(annual_demand, order_cost, holding_cost,
 * production_rate, quantity)
 */
Datum
inventory_economic_production_cost(PG_FUNCTION_ARGS)
{
	double		order_cost = NonNegative(fcinfo, 1, "order_cost");
	double		holding_cost = ReadProduction(fcinfo);
	double		quantity = Positive(fcinfo, 4, "quantity");

	PG_RETURN_FLOAT8(InRange(EoqCost(PG_GETARG_FLOAT8(0), order_cost, holding_cost, quantity)));
}

/*
 * wagner_whitin(demand, order_cost, holding_cost)
 */
Datum
inventory_wagner_whitin(PG_FUNCTION_ARGS)
{
	Numbers		demand = ReadNumbers(fcinfo, 0, "demand");
	double		order_cost = NonNegative(fcinfo, 1, "order_cost");
	double		holding_cost = NonNegative(fcinfo, 2, "holding_cost");
	double	   *quantity = palloc(demand.n * sizeof(double));
	double		cost;
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	CheckElements(demand, true);
	CheckStatus(WagnerWhitin(demand.n, demand.values, order_cost, holding_cost, &host,
							 quantity, &cost),
				"Plan 50000 periods at most.");
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < demand.n; i++)
	{
		Datum		columns[3];
		bool		nulls[3] = {false};

		columns[0] = Int32GetDatum(i + 1);
		columns[1] = Float8GetDatum(InRange(quantity[i]));
		columns[2] = Float8GetDatum(InRange(cost));
		tuplestore_putvalues(result->setResult, result->setDesc, columns, nulls);
	}
	return (Datum) 0;
}

/*
 * joint_replenishment_silver(shared_order_cost, order_costs, holding_costs, demands)
 */
Datum
inventory_joint_replenishment_silver(PG_FUNCTION_ARGS)
{
	double		shared = Positive(fcinfo, 0, "shared_order_cost");
	Numbers		order_costs = ReadNumbers(fcinfo, 1, "order_costs");
	Numbers		holding_costs = ReadNumbers(fcinfo, 2, "holding_costs");
	Numbers		demands = ReadNumbers(fcinfo, 3, "demands");
	double	   *multiples = palloc(demands.n * sizeof(double));
	double		cycle;
	double		cost;
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	CheckLengths(order_costs, holding_costs);
	CheckLengths(order_costs, demands);
	CheckElements(order_costs, true);
	CheckElements(holding_costs, false);
	CheckElements(demands, false);
	cycle = JointReplenishment(demands.n, shared, order_costs.values, holding_costs.values,
							   demands.values, multiples, &cost);
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < demands.n; i++)
	{
		Datum		columns[5];
		bool		nulls[5] = {false};

		columns[0] = Int32GetDatum(i + 1);
		columns[1] = Int64GetDatum(AsBigint(multiples[i]));
		columns[2] = Float8GetDatum(InRange(multiples[i] * cycle * demands.values[i]));
		columns[3] = Float8GetDatum(InRange(cycle));
		columns[4] = Float8GetDatum(InRange(cost));
		tuplestore_putvalues(result->setResult, result->setDesc, columns, nulls);
	}
	return (Datum) 0;
}

/* ---- Newsvendor ---- */

/*
 * quantity and expected_cost.
 */
static Datum
NewsvendorRow(FunctionCallInfo fcinfo, double quantity, double cost)
{
	return OneRow(fcinfo, 2, (double[]) {quantity, cost});
}

/*
 * quantity, expected_profit, expected_cost and fill_rate of one who sells.
 */
static Datum
SellerRow(FunctionCallInfo fcinfo, Prices prices, double mean, double quantity,
		  double shortage, double excess)
{
	double		cost = prices.costs.holding * excess + prices.costs.stockout * shortage;

	return OneRow(fcinfo, 4,
				  (double[]) {quantity, prices.margin * mean - cost, cost, 1.0 - shortage / mean});
}

/*
 * newsvendor_normal(mean, stddev, overage_cost, underage_cost), and with lead_time
 */
Datum
inventory_newsvendor_normal(PG_FUNCTION_ARGS)
{
	NormalDemand demand = ReadNormal(fcinfo, 0, 1);
	StockCosts	costs = ReadStockCosts(fcinfo, 2);
	double		quantity;

	if (PG_NARGS() > 4)
		demand = OverLeadTime(demand, NonNegative(fcinfo, 4, "lead_time") + 1.0);
	quantity = NewsvendorNormal(demand, costs);
	return NewsvendorRow(fcinfo, quantity, NewsvendorNormalCost(demand, costs, quantity));
}

/*
 * newsvendor_normal_cost(mean, stddev, overage_cost, underage_cost, quantity)
 */
Datum
inventory_newsvendor_normal_cost(PG_FUNCTION_ARGS)
{
	NormalDemand demand = ReadNormal(fcinfo, 0, 1);
	StockCosts	costs = ReadStockCosts(fcinfo, 2);

	PG_RETURN_FLOAT8(InRange(NewsvendorNormalCost(demand, costs, Finite(fcinfo, 4, "quantity"))));
}

/*
 * newsvendor_normal_explicit(mean, stddev, unit_price, unit_cost, salvage_value,
 * holding_cost, stockout_cost)
 */
Datum
inventory_newsvendor_normal_explicit(PG_FUNCTION_ARGS)
{
	NormalDemand demand = {
		.mean = Positive(fcinfo, 0, "mean"),
		.stddev = NonNegative(fcinfo, 1, "stddev")
	};
	Prices		prices = ReadPrices(fcinfo, 2);
	double		quantity = NewsvendorNormal(demand, prices.costs);

	return SellerRow(fcinfo, prices, demand.mean, quantity, NormalShortage(demand, quantity),
					 NormalExcess(demand, quantity));
}

/*
 * newsvendor_poisson(mean, overage_cost, underage_cost), and with lead_time
 */
Datum
inventory_newsvendor_poisson(PG_FUNCTION_ARGS)
{
	double		mean = NonNegative(fcinfo, 0, "mean");
	StockCosts	costs = ReadStockCosts(fcinfo, 1);
	PoissonTable demand;
	double		quantity;

	if (PG_NARGS() > 3)
		mean *= NonNegative(fcinfo, 3, "lead_time") + 1.0;
	BuildPoisson(&demand, mean);
	quantity = NewsvendorPoisson(&demand, costs);
	return NewsvendorRow(fcinfo, quantity, NewsvendorPoissonCost(&demand, costs, quantity));
}

/*
 * newsvendor_poisson_cost(mean, overage_cost, underage_cost, quantity)
 */
Datum
inventory_newsvendor_poisson_cost(PG_FUNCTION_ARGS)
{
	double		mean = NonNegative(fcinfo, 0, "mean");
	StockCosts	costs = ReadStockCosts(fcinfo, 1);
	double		quantity = Finite(fcinfo, 3, "quantity");
	PoissonTable demand;

	BuildPoisson(&demand, mean);
	PG_RETURN_FLOAT8(InRange(NewsvendorPoissonCost(&demand, costs, quantity)));
}

/*
 * newsvendor_poisson_explicit(mean, unit_price, unit_cost, salvage_value,
 * holding_cost, stockout_cost)
 */
Datum
inventory_newsvendor_poisson_explicit(PG_FUNCTION_ARGS)
{
	double		mean = Positive(fcinfo, 0, "mean");
	Prices		prices = ReadPrices(fcinfo, 1);
	PoissonTable demand;
	double		quantity;

	BuildPoisson(&demand, mean);
	quantity = NewsvendorPoisson(&demand, prices.costs);
	return SellerRow(fcinfo, prices, mean, quantity, PoissonShortage(&demand, quantity),
					 PoissonExcess(&demand, quantity));
}

/*
 * newsvendor_discrete(demand_values, probabilities, overage_cost, underage_cost)
 */
Datum
inventory_newsvendor_discrete(PG_FUNCTION_ARGS)
{
	double	   *values;
	double	   *probabilities;
	int			n = ReadOutcomes(fcinfo, 0, &values, &probabilities);
	StockCosts	costs = ReadStockCosts(fcinfo, 2);
	double		quantity = NewsvendorDiscrete(n, values, probabilities, costs);

	return NewsvendorRow(fcinfo, quantity,
						 NewsvendorDiscreteCost(n, values, probabilities, costs, quantity));
}

/*
 * newsvendor_discrete_cost(demand_values, probabilities, overage_cost,
 * underage_cost, quantity)
 */
Datum
inventory_newsvendor_discrete_cost(PG_FUNCTION_ARGS)
{
	double	   *values;
	double	   *probabilities;
	int			n = ReadOutcomes(fcinfo, 0, &values, &probabilities);
	StockCosts	costs = ReadStockCosts(fcinfo, 2);
	double		quantity = Finite(fcinfo, 4, "quantity");

	PG_RETURN_FLOAT8(InRange(NewsvendorDiscreteCost(n, values, probabilities, costs, quantity)));
}

/* ---- (r, Q) policies ---- */

/*
 * rq_policy(demand, stddev, lead_time, order_cost, holding_cost, stockout_cost,
 * method)
 */
Datum
inventory_rq_policy(PG_FUNCTION_ARGS)
{
	NormalDemand demand = {
		.mean = Positive(fcinfo, 0, "demand"),
		.stddev = NonNegative(fcinfo, 1, "stddev")
	};
	double		lead_time = NonNegative(fcinfo, 2, "lead_time");
	OrderCosts	costs = ReadOrderCosts(fcinfo, 0, 3);
	RqMethod	method = ReadMethod(fcinfo, 6);
	RqPolicy	policy;

	Positive(fcinfo, 3, "order_cost");
	CheckStatus(RqNormal(&costs, OverLeadTime(demand, lead_time), method, &policy),
				"With this method stockout_cost is for each unit that is short, however long.");
	return OneRow(fcinfo, 3,
				  (double[]) {policy.reorder_point, policy.quantity, policy.cost});
}

/*
 * rq_cost(demand, stddev, lead_time, order_cost, holding_cost, stockout_cost,
 * reorder_point, quantity)
 */
Datum
inventory_rq_cost(PG_FUNCTION_ARGS)
{
	NormalDemand demand = {
		.mean = NonNegative(fcinfo, 0, "demand"),
		.stddev = NonNegative(fcinfo, 1, "stddev")
	};
	double		lead_time = NonNegative(fcinfo, 2, "lead_time");
	OrderCosts	costs = ReadOrderCosts(fcinfo, 0, 3);
	double		reorder_point = Finite(fcinfo, 6, "reorder_point");
	double		quantity = Positive(fcinfo, 7, "quantity");

	PG_RETURN_FLOAT8(InRange(RqNormalCost(&costs, OverLeadTime(demand, lead_time),
										  reorder_point, quantity)));
}

/*
 * rq_reorder_point(demand, stddev, lead_time, holding_cost, stockout_cost, quantity)
 */
Datum
inventory_rq_reorder_point(PG_FUNCTION_ARGS)
{
	NormalDemand demand = {
		.mean = NonNegative(fcinfo, 0, "demand"),
		.stddev = NonNegative(fcinfo, 1, "stddev")
	};
	double		lead_time = NonNegative(fcinfo, 2, "lead_time");
	StockCosts	costs = {
		.holding = Positive(fcinfo, 3, "holding_cost"),
		.stockout = Positive(fcinfo, 4, "stockout_cost")
	};
	double		quantity = Positive(fcinfo, 5, "quantity");

	PG_RETURN_FLOAT8(InRange(RqNormalReorderPoint(costs, OverLeadTime(demand, lead_time),
												  quantity)));
}

/*
 * rq_policy_poisson(demand, lead_time, order_cost, holding_cost, stockout_cost)
 */
Datum
inventory_rq_policy_poisson(PG_FUNCTION_ARGS)
{
	double		demand = Positive(fcinfo, 0, "demand");
	double		lead_time = NonNegative(fcinfo, 1, "lead_time");
	OrderCosts	costs = ReadOrderCosts(fcinfo, 0, 2);
	PoissonTable table;
	RqPolicy	policy;

	BuildPoisson(&table, demand * lead_time);
	CheckStatus(RqPoisson(&costs, &table, &host, &policy),
				"Use rq_policy, which needs no search.");
	return OneRow(fcinfo, 3,
				  (double[]) {policy.reorder_point, policy.quantity, policy.cost});
}

/*
 * rq_cost_poisson(demand, lead_time, order_cost, holding_cost, stockout_cost,
 * reorder_point, quantity)
 */
Datum
inventory_rq_cost_poisson(PG_FUNCTION_ARGS)
{
	double		demand = Positive(fcinfo, 0, "demand");
	double		lead_time = NonNegative(fcinfo, 1, "lead_time");
	OrderCosts	costs = ReadOrderCosts(fcinfo, 0, 2);
	int64		reorder_point = WholeNumber(fcinfo, 5, "reorder_point");
	int64		quantity = WholeNumber(fcinfo, 6, "quantity");
	PoissonTable table;

	Positive(fcinfo, 6, "quantity");
	if (quantity > MAX_RQ_QUANTITY)
		CheckStatus(PLANNING_TOO_LARGE, "Use rq_cost, which needs no search.");
	BuildPoisson(&table, demand * lead_time);
	PG_RETURN_FLOAT8(InRange(RqPoissonCost(&costs, &table, reorder_point, quantity, &host)));
}

/* ---- (s, S) policies ---- */

/*
 * ss_policy_poisson(mean, order_cost, holding_cost, stockout_cost)
 */
Datum
inventory_ss_policy_poisson(PG_FUNCTION_ARGS)
{
	double		mean = Positive(fcinfo, 0, "mean");
	OrderCosts	costs = ReadOrderCosts(fcinfo, 0, 1);
	PoissonTable table;
	SsPolicy	policy;

	BuildPoisson(&table, mean);
	CheckStatus(SsPoisson(&costs, &table, &host, &policy),
				"Use a larger unit, or ss_policy_power_approximation.");
	return OneRow(fcinfo, 3, (double[]) {policy.s, policy.big_s, policy.cost});
}

/*
 * ss_cost_poisson(mean, order_cost, holding_cost, stockout_cost, s, big_s)
 */
Datum
inventory_ss_cost_poisson(PG_FUNCTION_ARGS)
{
	double		mean = Positive(fcinfo, 0, "mean");
	OrderCosts	costs = ReadOrderCosts(fcinfo, 0, 1);
	int64		s = WholeNumber(fcinfo, 4, "s");
	int64		big_s = WholeNumber(fcinfo, 5, "big_s");
	PoissonTable table;
	double		cost;

	if (s >= big_s)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("s must be below big_s"),
				 errdetail("Got %lld and %lld.", (long long) s, (long long) big_s)));
	BuildPoisson(&table, mean);
	CheckStatus(SsPoissonCost(&costs, &table, s, big_s, &host, &cost), "Use a larger unit.");
	PG_RETURN_FLOAT8(InRange(cost));
}

/*
 * ss_policy_power_approximation(mean, stddev, order_cost, holding_cost,
 * stockout_cost)
 */
Datum
inventory_ss_policy_power_approximation(PG_FUNCTION_ARGS)
{
	NormalDemand demand = {
		.mean = Positive(fcinfo, 0, "mean"),
		.stddev = NonNegative(fcinfo, 1, "stddev")
	};
	OrderCosts	costs = ReadOrderCosts(fcinfo, 0, 2);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	SsPolicy	policy;
	Datum		columns[3] = {0};
	bool		nulls[3] = {false, false, true};

	Positive(fcinfo, 2, "order_cost");
	SsPowerApproximation(&costs, demand, &policy);
	InitMaterializedSRF(fcinfo, 0);
	columns[0] = Float8GetDatum(InRange(policy.s));
	columns[1] = Float8GetDatum(InRange(policy.big_s));
	tuplestore_putvalues(result->setResult, result->setDesc, columns, nulls);
	return (Datum) 0;
}

/* ---- Loss functions ---- */

/*
 * standard_loss(z)
 */
Datum
inventory_standard_loss(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(StandardLoss(Finite(fcinfo, 0, "z")));
}

/*
 * standard_loss_second(z)
 */
Datum
inventory_standard_loss_second(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(InRange(StandardLossSecond(Finite(fcinfo, 0, "z"))));
}

/*
 * normal_loss(x, mean, stddev)
 */
Datum
inventory_normal_loss(PG_FUNCTION_ARGS)
{
	double		x = Finite(fcinfo, 0, "x");
	NormalDemand demand = {
		.mean = Finite(fcinfo, 1, "mean"),
		.stddev = NonNegative(fcinfo, 2, "stddev")
	};

	return OneRow(fcinfo, 2,
				  (double[]) {NormalShortage(demand, x), NormalExcess(demand, x)});
}

/*
 * poisson_loss(x, mean)
 */
Datum
inventory_poisson_loss(PG_FUNCTION_ARGS)
{
	double		x = Finite(fcinfo, 0, "x");
	PoissonTable demand;

	BuildPoisson(&demand, NonNegative(fcinfo, 1, "mean"));
	return OneRow(fcinfo, 2,
				  (double[]) {PoissonShortage(&demand, x), PoissonExcess(&demand, x)});
}
