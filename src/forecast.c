/*
 * forecast.c
 *		SQL entry points that forecast demand: forecast, forecast_error.  What they
 *		compute is in forecast_math.c.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "argument.h"
#include "forecast_math.h"

/* Ten years. */
#define MAX_HORIZON		3650

/* A history as it came in. */
typedef struct History
{
	double	   *demand;			/* scaled, oldest first; memory of the call */
	int			days;
	int			exponent;		/* for ForecastUnscale */
} History;

PG_FUNCTION_INFO_V1(inventory_forecast);
PG_FUNCTION_INFO_V1(inventory_forecast_error);

static void ReadHistory(ArrayType *array, History *history);
static ForecastMethod ReadMethod(FunctionCallInfo fcinfo, int n);
static double ReadConstant(FunctionCallInfo fcinfo, int n, const char *name);
static void Run(const History *history, int days, ForecastMethod method,
				int season_length, const double *constants, int horizon,
				double *forecast);
static double Unscaled(double value, int exponent);
static void Pulse(void);

/*
 * forecast(demand, method, horizon, season_length, alpha, beta, gamma)
 *
 * NULL where one of the first four is NULL, as if the function were STRICT.
 */
Datum
inventory_forecast(PG_FUNCTION_ARGS)
{
	History		history;
	ForecastMethod method;
	double		constants[FORECAST_CONSTANTS];
	double	   *forecast;
	Datum	   *result;
	int32		horizon;
	int32		season_length;

	for (int i = 0; i < 4; i++)
		if (PG_ARGISNULL(i))
			PG_RETURN_NULL();
	method = ReadMethod(fcinfo, 1);
	horizon = ArgumentPositive(fcinfo, 2, "horizon");
	season_length = ArgumentPositive(fcinfo, 3, "season_length");
	if (horizon > MAX_HORIZON)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("horizon must be at most %d days", MAX_HORIZON),
				 errdetail("Got %d.", horizon)));
	constants[FORECAST_ALPHA] = ReadConstant(fcinfo, 4, "alpha");
	constants[FORECAST_BETA] = ReadConstant(fcinfo, 5, "beta");
	constants[FORECAST_GAMMA] = ReadConstant(fcinfo, 6, "gamma");
	ReadHistory(PG_GETARG_ARRAYTYPE_P(0), &history);

	forecast = palloc(horizon * sizeof(double));
	Run(&history, history.days, method, season_length, constants, horizon, forecast);
	result = palloc(horizon * sizeof(Datum));
	for (int h = 0; h < horizon; h++)
		result[h] = Float8GetDatum(Unscaled(forecast[h], history.exponent));
	PG_RETURN_ARRAYTYPE_P(construct_array(result, horizon, FLOAT8OID, sizeof(float8),
										  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/*
 * forecast_error(demand, method, holdout, season_length)
 */
Datum
inventory_forecast_error(PG_FUNCTION_ARGS)
{
	ForecastMethod method = ReadMethod(fcinfo, 1);
	int32		holdout = ArgumentPositive(fcinfo, 2, "holdout");
	int32		season_length = ArgumentPositive(fcinfo, 3, "season_length");
	double		constants[FORECAST_CONSTANTS] = {FORECAST_CHOOSE, FORECAST_CHOOSE, FORECAST_CHOOSE};
	History		history;
	ForecastErrors errors;
	double	   *forecast;
	Datum		values[4];
	bool		nulls[4] = {false};
	ReturnSetInfo *set;

	ReadHistory(PG_GETARG_ARRAYTYPE_P(0), &history);
	if (holdout >= history.days)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("holdout must be shorter than the demand"),
				 errdetail("Held out: %d, days of demand: %d.", holdout, history.days),
				 errhint("At least one day has to be left to forecast from.")));

	InitMaterializedSRF(fcinfo, 0);
	forecast = palloc_extended(holdout * sizeof(double), MCXT_ALLOC_HUGE);
	Run(&history, history.days - holdout, method, season_length, constants, holdout,
		forecast);
	ForecastMeasure(history.demand, history.days, holdout, forecast, &errors);

	values[0] = Float8GetDatum(Unscaled(errors.mae, history.exponent));
	values[1] = Float8GetDatum(Unscaled(errors.rmse, history.exponent));
	values[2] = Float8GetDatum(Unscaled(errors.mase, 0));
	nulls[2] = !errors.has_mase;
	values[3] = Float8GetDatum(Unscaled(errors.bias, history.exponent));
	set = (ReturnSetInfo *) fcinfo->resultinfo;
	tuplestore_putvalues(set->setResult, set->setDesc, values, nulls);
	return (Datum) 0;
}

/*
 * Reads an array of days.  Raises 22023 for one that is no history: empty, of
 * several dimensions, with an element that is missing or not finite.
 */
static void
ReadHistory(ArrayType *array, History *history)
{
	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("demand must have one dimension"),
				 errdetail("It has %d.", ARR_NDIM(array))));
	history->days = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	if (history->days == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("demand must not be empty"),
				 errhint("One number for each day, oldest first, days without demand included as 0.")));
	if (array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("demand must not contain NULL"),
				 errhint("A day without demand is 0.")));

	history->demand = palloc_extended(history->days * sizeof(double), MCXT_ALLOC_HUGE);
	memcpy(history->demand, ARR_DATA_PTR(array), history->days * sizeof(double));
	for (int i = 0; i < history->days; i++)
		if (!isfinite(history->demand[i]))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("demand must be finite"),
					 errdetail("Day %d of it is %s.", i + 1,
							   isnan(history->demand[i]) ? "NaN" : "infinite")));
	history->exponent = ForecastScale(history->demand, history->days);
}

/*
 * The method of that name.  Raises 22023 for one that does not exist.
 */
static ForecastMethod
ReadMethod(FunctionCallInfo fcinfo, int n)
{
	static const char *const names[] = {
		[FORECAST_MEAN] = "mean",
		[FORECAST_SES] = "ses",
		[FORECAST_CROSTON] = "croston",
		[FORECAST_SBA] = "sba",
		[FORECAST_TSB] = "tsb",
		[FORECAST_HOLT_WINTERS] = "holt_winters"
	};
	char	   *name = text_to_cstring(ArgumentLabel(fcinfo, n, "method"));

	for (int i = 0; i < (int) lengthof(names); i++)
		if (strcmp(name, names[i]) == 0)
			return (ForecastMethod) i;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown method \"%s\"", name),
			 errhint("Known methods: mean, ses, croston, sba, tsb, holt_winters.")));
}

/*
 * A smoothing constant, NULL for one that the method chooses.  Raises 22023 for
 * one outside of 0 to 1; at 0 nothing would ever be learnt.
 */
static double
ReadConstant(FunctionCallInfo fcinfo, int n, const char *name)
{
	double		value;

	if (PG_ARGISNULL(n))
		return FORECAST_CHOOSE;
	value = PG_GETARG_FLOAT8(n);
	if (!(value > 0 && value <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be above 0 and at most 1", name),
				 errdetail("Got %g.", value)));
	return value;
}

/*
 * Forecasts horizon days from the first days of a history.
 */
static void
Run(const History *history, int days, ForecastMethod method, int season_length,
	const double *constants, int horizon, double *forecast)
{
	ForecastSeries series = {
		.demand = history->demand,
		.days = days,
		.season_length = season_length,
		.pulse = Pulse
	};
	Size		room = ForecastSeasonRoom(method, days, season_length);

	series.season = palloc_extended(Max(room, 1) * sizeof(double), MCXT_ALLOC_HUGE);
	ForecastRun(&series, method, constants, horizon, forecast);
}

/*
 * A number of a scaled history as it is outside.  Raises 22003 where it does not
 * fit.
 */
static double
Unscaled(double value, int exponent)
{
	if (!ForecastUnscale(&value, exponent))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("forecast is out of range")));
	return value;
}

/*
 * Lets a user cancel a forecast of a long history.
 */
static void
Pulse(void)
{
	CHECK_FOR_INTERRUPTS();
}
