/*
 * forecast.c
 *		Fuzzes the forecasts: no number that is none, nothing out of bounds, and
 *		the plain methods against their formulas.
 */
#include "fuzz.h"

#include "forecast_math.h"

#define MOST_DAYS		80
#define MOST_HORIZON	20

/*
 * The level after simple exponential smoothing, by its definition.
 */
static double
SmoothedLevel(const double *demand, int days, double alpha)
{
	double		level = demand[0];

	for (int t = 1; t < days; t++)
		level = alpha * demand[t] + (1 - alpha) * level;
	return level;
}

int			LLVMFuzzerTestOneInput(const uint8 *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	Input		input = {data, size};
	ForecastMethod method = DrawInt(&input, FORECAST_MEAN, FORECAST_HOLT_WINTERS);
	bool		plain = DrawInt(&input, 0, 3) > 0;
	int			days = DrawInt(&input, 1, MOST_DAYS);
	int			season_length = DrawInt(&input, 0, 9) == 0 ? DrawInt(&input, 1, 60000) : DrawInt(&input, 1, 10);
	int			horizon = DrawInt(&input, 1, MOST_HORIZON);
	/* Exactly as much room as is promised, so that the sanitizer sees more. */
	double	   *demand = malloc(days * sizeof(double));
	double	   *forecast = malloc(horizon * sizeof(double));
	double	   *season = malloc(ForecastSeasonRoom(method, days, season_length) * sizeof(double));
	double		constants[FORECAST_CONSTANTS];
	ForecastSeries series = {demand, days, season_length, season, NULL};
	ForecastErrors errors;
	double		largest = 0;
	double		mean = 0;
	bool		negative = false;
	int			exponent;

	for (int i = 0; i < FORECAST_CONSTANTS; i++)
		constants[i] = DrawInt(&input, 0, 1) ? FORECAST_CHOOSE : DrawInt(&input, 1, 1000) / 1000.0;
	for (int i = 0; i < days; i++)
		demand[i] = plain ? Max(DrawInt(&input, -6, 12), 0) : DrawFinite(&input);

	exponent = ForecastScale(demand, days);
	for (int i = 0; i < days; i++)
	{
		PROPERTY(fabs(demand[i]) <= 1, "%g", demand[i]);
		largest = Max(largest, demand[i]);
		negative |= demand[i] < 0;
		mean += demand[i] / days;
	}
	ForecastRun(&series, method, constants, horizon, forecast);
	for (int h = 0; h < horizon; h++)
	{
		double		value = forecast[h];

		PROPERTY(!isnan(value) && value >= 0, "method %d, day %d: %g", method, h, value);
		if (method == FORECAST_MEAN)
			PROPERTY(fabs(value - Max(mean, 0)) < 1e-9, "%g, the mean is %g", value, mean);
		if (method == FORECAST_SES && constants[FORECAST_ALPHA] != FORECAST_CHOOSE)
		{
			double		level = Max(SmoothedLevel(demand, days, constants[FORECAST_ALPHA]), 0);

			PROPERTY(fabs(value - level) < 1e-9, "%g, smoothed by hand it is %g", value, level);
		}
		if (method != FORECAST_HOLT_WINTERS && !negative)
			PROPERTY(value <= largest * (1 + 1e-9), "method %d: %g, more than ever was", method, value);
		if (ForecastUnscale(&value, exponent))
			PROPERTY(isfinite(value) && value >= 0, "%g", value);
	}
	if (days > 1)
	{
		int			holdout = Min(horizon, days - 1);

		ForecastMeasure(demand, days, holdout, forecast, &errors);
		PROPERTY(errors.mae >= 0 && !isnan(errors.mae) && !isnan(errors.rmse) && !isnan(errors.bias) && !isnan(errors.mase),
				 "method %d: %g %g %g", method, errors.mae, errors.rmse, errors.mase);
		/* Squares of what is smaller yet vanish. */
		if (isfinite(errors.rmse))
			PROPERTY(errors.mae <= errors.rmse * (1 + 1e-9) + 1e-150, "%g above %g", errors.mae, errors.rmse);
	}
	free(demand);
	free(forecast);
	free(season);
	return 0;
}
