/*
 * forecast_math.c
 *		Forecasts of demand from its history.
 *
 * x(t) is the demand of day t, t = 1 .. n; alpha, beta and gamma are smoothing
 * constants.  A day with demand is one with x(t) > 0.
 *
 * mean			(x(1) + ... + x(n)) / n
 *
 * ses			Simple exponential smoothing (Brown 1956, Holt 1957; Silver, Pyke and
 *				Thomas, Inventory and Production Management in Supply Chains).
 *				level = level + alpha (x(t) - level), from level = x(1).
 *
 * croston		Croston 1972, Operational Research Quarterly 23.  On each day with
 *				demand, q days after the one before:
 *				size = size + alpha (x(t) - size)
 *				interval = interval + alpha (q - interval)
 *				The forecast is size / interval.  They start with the first day that
 *				has demand: its size, and its number in the history.
 *
 * sba			Syntetos and Boylan 2005, International Journal of Forecasting 21.
 *				Croston's ratio is too high on average, since the reciprocal of a
 *				mean is not the mean of the reciprocals; the forecast is
 *				(1 - alpha / 2) size / interval.  With demand on every day of the
 *				history the interval is 1 and certain, and there is nothing to
 *				correct.
 *
 * tsb			Teunter, Syntetos and Babai 2011, European Journal of Operational
 *				Research 214.  The probability of demand instead of the interval,
 *				and every day, so that it falls when demand stops:
 *				probability = probability + beta ((1 or 0) - probability)
 *				size = size + alpha (x(t) - size), on days with demand
 *				The forecast is probability * size.  Start as for croston, the
 *				probability with 1 / interval.
 *
 * holt_winters	Holt 1957 (again in International Journal of Forecasting 20, 2004),
 *				Winters 1960, Management Science 6; the trend is damped, as Gardner
 *				and McKenzie 1985, Management Science 31, since a trend that goes on
 *				for ever is rarely true of demand.  phi is the damping, m the season:
 *				level' = alpha (x(t) - season(t - m)) + (1 - alpha) (level + phi slope)
 *				slope' = beta (level' - level) + (1 - beta) phi slope
 *				season(t) = gamma (x(t) - level') + (1 - gamma) season(t - m)
 *				The forecast of day n + h is
 *				level + (phi + phi^2 + ... + phi^h) slope + season, the latest one of
 *				that day of the season.  It starts from the first two seasons: the
 *				line through their means, and the average distances from it.  A
 *				season of one day is none: level and trend alone.  A history shorter
 *				than two seasons says nothing of a season: ses instead.
 *
 * Constants that the caller leaves open are those with which the squared errors of
 * forecasting each day from the days before it are smallest: a grid first, then a
 * golden section search around its best point, constant by constant.  That is the
 * same amount of work for every history of the same length, and of equals the
 * smallest wins, so the answer depends on nothing but the history.  Where the
 * history is too short to tell, constants are fixed: see EnoughHistory and
 * DefaultConstant.
 */
#include "forecast_math.h"

#include <float.h>
#include <math.h>
#include <stddef.h>

/* phi: what is left of a trend after a day. */
#define DAMPING				0.98

/* Days that constants are chosen by, and days with demand. */
#define ENOUGH_DAYS			10
#define ENOUGH_DEMANDS		5
/* Seasons: two to start from, and one to learn from. */
#define ENOUGH_SEASONS		3

#define GOLDEN_SECTION		0.6180339887498949
#define GOLDEN_STEPS		15
/* Times that each constant of several is refined, the others held. */
#define REFINE_ROUNDS		2

/* Where a constant is looked for: points evenly from low to high. */
typedef struct ConstantRange
{
	double		low;
	double		high;
	int			points;
} ConstantRange;

/* What a method knows at the end of the history. */
typedef struct ForecastState
{
	double		level;			/* per day; of holt_winters without the season */
	double		slope;			/* of holt_winters */
	double		size;			/* of demand, where there is any */
	double		interval;		/* days; 0: there was no demand */
	double		probability;	/* that a day has demand */
} ForecastState;

static double Track(const ForecastSeries *series, ForecastMethod method,
					const double *constants, ForecastState *state);
static void TrackMean(const ForecastSeries *series, ForecastState *state);
static double TrackSes(const ForecastSeries *series, double alpha,
					   ForecastState *state);
static int	StartIntermittent(const ForecastSeries *series, ForecastState *state);
static double TrackCroston(const ForecastSeries *series, ForecastMethod method,
						   double alpha, ForecastState *state);
static double CrostonFactor(const ForecastSeries *series, ForecastMethod method,
							double alpha);
static double TrackTsb(const ForecastSeries *series, const double *constants,
					   ForecastState *state);
static void StartHoltWinters(const ForecastSeries *series, ForecastState *state);
static double TrackHoltWinters(const ForecastSeries *series, const double *constants,
							   ForecastState *state);
static void Extrapolate(const ForecastSeries *series, ForecastMethod method,
						const ForecastState *state, int horizon, double *forecast);
static void ChooseConstants(const ForecastSeries *series, ForecastMethod method,
							double *constants);
static void SearchGrid(const ForecastSeries *series, ForecastMethod method,
					   const ConstantRange *ranges, double *constants);
static bool NextGridPoint(const ConstantRange *ranges, int *point);
static double GridValue(const ConstantRange *range, int point);
static void Refine(const ForecastSeries *series, ForecastMethod method,
				   const ConstantRange *range, int which, double *constants);
static double ErrorWith(const ForecastSeries *series, ForecastMethod method,
						const double *constants, int which, double value);
static bool EnoughHistory(const ForecastSeries *series, ForecastMethod method);
static int	CountDemands(const ForecastSeries *series);
static double DefaultConstant(const ForecastSeries *series, ForecastMethod method,
							  int which);
static ConstantRange SearchRange(ForecastMethod method, int which);
static int	ConstantsOf(ForecastMethod method);
static ForecastMethod EffectiveMethod(ForecastMethod method, int days,
									  int season_length);
static double NaiveError(const double *demand, int days);
static double Square(double value);
static double AtLeastZero(double value);

/*
 * Divides the history by a power of two, so that its largest number is about 1
 * and sums and squares neither overflow nor vanish.  Rounds nothing that matters.
 * Returns the exponent for ForecastUnscale.
 */
int
ForecastScale(double *demand, int days)
{
	double		largest = 0;
	int			exponent;

	for (int i = 0; i < days; i++)
		largest = fmax(largest, fabs(demand[i]));
	(void) frexp(largest, &exponent);
	for (int i = 0; i < days; i++)
		demand[i] = ldexp(demand[i], -exponent);
	return exponent;
}

/*
 * Turns a number of a scaled history into one of the real one.  False: it is out
 * of range.
 */
bool
ForecastUnscale(double *value, int exponent)
{
	*value = ldexp(*value, exponent);
	return isfinite(*value);
}

/*
 * How many numbers ForecastSeries.season has room for when this is to be
 * forecast.
 */
int
ForecastSeasonRoom(ForecastMethod method, int days, int season_length)
{
	if (EffectiveMethod(method, days, season_length) != FORECAST_HOLT_WINTERS)
		return 0;
	return season_length;
}

/*
 * Forecasts the horizon days that follow the history.  constants has
 * FORECAST_CONSTANTS numbers from 0 to 1, or FORECAST_CHOOSE; those that the
 * method has no use for are not looked at.  No number is below zero.
 */
void
ForecastRun(const ForecastSeries *series, ForecastMethod method,
			const double *constants, int horizon, double *forecast)
{
	ForecastMethod effective = EffectiveMethod(method, series->days,
											   series->season_length);
	double		chosen[FORECAST_CONSTANTS];
	ForecastState state = {0};

	for (int i = 0; i < FORECAST_CONSTANTS; i++)
		chosen[i] = constants[i];
	ChooseConstants(series, effective, chosen);
	(void) Track(series, effective, chosen, &state);
	Extrapolate(series, effective, &state, horizon, forecast);
}

/*
 * How far a forecast of the last holdout days, made from those before, was off:
 * mean absolute error, root of the mean squared error, mean error, and the mean
 * absolute scaled error of Hyndman and Koehler 2006, International Journal of
 * Forecasting 22: the mean absolute error divided by what it costs, on the days
 * before, to forecast each day by the one before it.
 */
void
ForecastMeasure(const double *demand, int days, int holdout,
				const double *forecast, ForecastErrors *errors)
{
	int			trained = days - holdout;
	double		absolute = 0;
	double		squared = 0;
	double		sum = 0;
	double		naive = NaiveError(demand, trained);

	for (int i = 0; i < holdout; i++)
	{
		double		error = forecast[i] - demand[trained + i];

		absolute += fabs(error);
		squared += Square(error);
		sum += error;
	}
	errors->mae = absolute / holdout;
	errors->rmse = sqrt(squared / holdout);
	errors->bias = sum / holdout;
	errors->has_mase = naive > 0;
	errors->mase = errors->has_mase ? errors->mae / naive : 0;
}

/*
 * Goes through the history once.  Returns the sum of the squared errors of
 * forecasting each day from the days before it, from where the method has
 * something to go by; state is what it knows at the end.
 */
static double
Track(const ForecastSeries *series, ForecastMethod method, const double *constants,
	  ForecastState *state)
{
	if (series->pulse != NULL)
		series->pulse();
	switch (method)
	{
		case FORECAST_MEAN:
			TrackMean(series, state);
			return 0;
		case FORECAST_SES:
			return TrackSes(series, constants[FORECAST_ALPHA], state);
		case FORECAST_CROSTON:
		case FORECAST_SBA:
			return TrackCroston(series, method, constants[FORECAST_ALPHA], state);
		case FORECAST_TSB:
			return TrackTsb(series, constants, state);
		case FORECAST_HOLT_WINTERS:
			return TrackHoltWinters(series, constants, state);
	}
	return 0;
}

/*
 * Track for mean, which has nothing to choose.  Day by day rather than by the sum,
 * so that constant demand comes out as it is.
 */
static void
TrackMean(const ForecastSeries *series, ForecastState *state)
{
	state->level = 0;
	for (int t = 0; t < series->days; t++)
		state->level += (series->demand[t] - state->level) / (t + 1);
}

/*
 * Track for ses.
 */
static double
TrackSes(const ForecastSeries *series, double alpha, ForecastState *state)
{
	double		level = series->demand[0];
	double		squared = 0;

	for (int t = 1; t < series->days; t++)
	{
		double		error = series->demand[t] - level;

		squared += Square(error);
		level += alpha * error;
	}
	state->level = level;
	return squared;
}

/*
 * Starts size, interval and probability with the first day that has demand.
 * Returns the number of days up to it, or of all days where there is none; the
 * interval is 0 then.
 */
static int
StartIntermittent(const ForecastSeries *series, ForecastState *state)
{
	*state = (ForecastState) {0};
	for (int t = 0; t < series->days; t++)
	{
		if (series->demand[t] > 0)
		{
			state->size = series->demand[t];
			state->interval = t + 1;
			state->probability = 1.0 / (t + 1);
			return t + 1;
		}
	}
	return series->days;
}

/*
 * Track for croston and sba.
 */
static double
TrackCroston(const ForecastSeries *series, ForecastMethod method, double alpha,
			 ForecastState *state)
{
	int			start = StartIntermittent(series, state);
	int			last = start - 1;
	double		factor = CrostonFactor(series, method, alpha);
	double		squared = 0;

	if (state->interval == 0)
		return 0;
	state->level = factor * state->size / state->interval;
	for (int t = start; t < series->days; t++)
	{
		squared += Square(series->demand[t] - state->level);
		if (series->demand[t] > 0)
		{
			state->size += alpha * (series->demand[t] - state->size);
			state->interval += alpha * (t - last - state->interval);
			state->level = factor * state->size / state->interval;
			last = t;
		}
	}
	return squared;
}

/*
 * What the ratio of size and interval is multiplied by.
 */
static double
CrostonFactor(const ForecastSeries *series, ForecastMethod method, double alpha)
{
	if (method != FORECAST_SBA || CountDemands(series) == series->days)
		return 1;
	return 1 - alpha / 2;
}

/*
 * Track for tsb.
 */
static double
TrackTsb(const ForecastSeries *series, const double *constants,
		 ForecastState *state)
{
	int			start = StartIntermittent(series, state);
	double		size = state->size;
	double		probability = state->probability;
	double		squared = 0;

	for (int t = start; t < series->days; t++)
	{
		bool		has_demand = series->demand[t] > 0;

		squared += Square(series->demand[t] - probability * size);
		if (has_demand)
			size += constants[FORECAST_ALPHA] * (series->demand[t] - size);
		probability += constants[FORECAST_BETA] * ((has_demand ? 1 : 0) - probability);
	}
	state->level = probability * size;
	return squared;
}

/*
 * Level and slope before the first day, and the season, from the first two
 * seasons.
 */
static void
StartHoltWinters(const ForecastSeries *series, ForecastState *state)
{
	int			m = series->season_length;
	const double *first = series->demand;
	const double *second = series->demand + m;
	double		first_mean = 0;
	double		second_mean = 0;

	for (int i = 0; i < m; i++)
	{
		first_mean += first[i];
		second_mean += second[i];
	}
	first_mean /= m;
	second_mean /= m;

	/* A season's mean is the level in its middle, (m + 1) / 2 days in. */
	state->slope = (second_mean - first_mean) / m;
	state->level = first_mean - state->slope * (m + 1) / 2;
	for (int i = 0; i < m; i++)
	{
		double		line = state->level + state->slope * (i + 1);

		series->season[i] = ((first[i] - line) +
							 (second[i] - line - state->slope * m)) / 2;
	}
}

/*
 * Track for holt_winters.  There are two seasons at least.  series->season has
 * the latest number of each day of the season, that of the first day of the
 * history first.
 */
static double
TrackHoltWinters(const ForecastSeries *series, const double *constants,
				 ForecastState *state)
{
	double		alpha = constants[FORECAST_ALPHA];
	double		beta = constants[FORECAST_BETA];
	double		gamma = series->season_length > 1 ? constants[FORECAST_GAMMA] : 0;
	double	   *season = series->season;
	double		squared = 0;

	StartHoltWinters(series, state);
	for (int t = 0, i = 0; t < series->days; t++, i++)
	{
		double		demand = series->demand[t];
		double		expected = state->level + DAMPING * state->slope;
		double		level;

		if (i == series->season_length)
			i = 0;
		squared += Square(demand - expected - season[i]);
		level = alpha * (demand - season[i]) + (1 - alpha) * expected;
		state->slope = beta * (level - state->level) +
			(1 - beta) * DAMPING * state->slope;
		season[i] = gamma * (demand - level) + (1 - gamma) * season[i];
		state->level = level;
	}
	return squared;
}

/*
 * The forecast from what is known at the end of the history.  Only holt_winters
 * tells one day from another.
 */
static void
Extrapolate(const ForecastSeries *series, ForecastMethod method,
			const ForecastState *state, int horizon, double *forecast)
{
	double		left = 1;
	double		damped = 0;

	for (int h = 0; h < horizon; h++)
	{
		forecast[h] = state->level;
		if (method == FORECAST_HOLT_WINTERS)
		{
			left *= DAMPING;
			damped += left;
			forecast[h] += damped * state->slope +
				series->season[(series->days + h) % series->season_length];
		}
		forecast[h] = AtLeastZero(forecast[h]);
	}
}

/*
 * Puts a number in the place of each constant that is left open.
 */
static void
ChooseConstants(const ForecastSeries *series, ForecastMethod method,
				double *constants)
{
	int			count = ConstantsOf(method);
	bool		search = EnoughHistory(series, method);
	ConstantRange ranges[FORECAST_CONSTANTS];
	int			open = 0;

	for (int i = 0; i < FORECAST_CONSTANTS; i++)
	{
		bool		is_open = i < count && constants[i] == FORECAST_CHOOSE;

		if (is_open && !search)
			constants[i] = DefaultConstant(series, method, i);
		if (is_open && search)
		{
			ranges[i] = SearchRange(method, i);
			open++;
		}
		else
			ranges[i] = (ConstantRange) {constants[i], constants[i], 1};
	}
	if (open == 0)
		return;

	SearchGrid(series, method, ranges, constants);
	for (int round = 0; round < (open > 1 ? REFINE_ROUNDS : 1); round++)
		for (int i = 0; i < count; i++)
			if (ranges[i].points > 1)
				Refine(series, method, &ranges[i], i, constants);
}

/*
 * Sets constants to the best point of the grid, the first of equals.
 */
static void
SearchGrid(const ForecastSeries *series, ForecastMethod method,
		   const ConstantRange *ranges, double *constants)
{
	int			point[FORECAST_CONSTANTS] = {0};
	double		best = DBL_MAX;

	for (int i = 0; i < FORECAST_CONSTANTS; i++)
		constants[i] = ranges[i].low;
	do
	{
		double		tried[FORECAST_CONSTANTS];
		ForecastState state;
		double		error;

		for (int i = 0; i < FORECAST_CONSTANTS; i++)
			tried[i] = GridValue(&ranges[i], point[i]);
		error = Track(series, method, tried, &state);
		if (error < best)
		{
			best = error;
			for (int i = 0; i < FORECAST_CONSTANTS; i++)
				constants[i] = tried[i];
		}
	} while (NextGridPoint(ranges, point));
}

/*
 * Goes to the next point of the grid.  False: there are no more.
 */
static bool
NextGridPoint(const ConstantRange *ranges, int *point)
{
	for (int i = FORECAST_CONSTANTS - 1; i >= 0; i--)
	{
		if (++point[i] < ranges[i].points)
			return true;
		point[i] = 0;
	}
	return false;
}

/*
 * The number at a point of a range, counted from 0.
 */
static double
GridValue(const ConstantRange *range, int point)
{
	if (range->points == 1)
		return range->low;
	return range->low + (range->high - range->low) * point / (range->points - 1);
}

/*
 * Looks for a better value of one constant between the neighbours that it has in
 * the grid, the others held.  Kiefer's golden section search (1953); it finds the
 * lowest point if there is one valley, and never takes anything worse than what
 * was there.
 */
static void
Refine(const ForecastSeries *series, ForecastMethod method,
	   const ConstantRange *range, int which, double *constants)
{
	double		step = (range->high - range->low) / (range->points - 1);
	double		low = fmax(range->low, constants[which] - step);
	double		high = fmin(range->high, constants[which] + step);
	double		left = high - GOLDEN_SECTION * (high - low);
	double		right = low + GOLDEN_SECTION * (high - low);
	double		left_error = ErrorWith(series, method, constants, which, left);
	double		right_error = ErrorWith(series, method, constants, which, right);
	double		found;

	for (int i = 0; i < GOLDEN_STEPS; i++)
	{
		if (left_error <= right_error)
		{
			high = right;
			right = left;
			right_error = left_error;
			left = high - GOLDEN_SECTION * (high - low);
			left_error = ErrorWith(series, method, constants, which, left);
		}
		else
		{
			low = left;
			left = right;
			left_error = right_error;
			right = low + GOLDEN_SECTION * (high - low);
			right_error = ErrorWith(series, method, constants, which, right);
		}
	}
	found = left_error <= right_error ? left : right;
	if (fmin(left_error, right_error) <
		ErrorWith(series, method, constants, which, constants[which]))
		constants[which] = found;
}

/*
 * What Track returns with another value of one constant.  With some, holt_winters
 * swings ever wider until its numbers overflow: nothing could be worse.
 */
static double
ErrorWith(const ForecastSeries *series, ForecastMethod method,
		  const double *constants, int which, double value)
{
	double		tried[FORECAST_CONSTANTS];
	double		squared;
	ForecastState state;

	for (int i = 0; i < FORECAST_CONSTANTS; i++)
		tried[i] = constants[i];
	tried[which] = value;
	squared = Track(series, method, tried, &state);
	return isfinite(squared) ? squared : DBL_MAX;
}

/*
 * Is there enough to choose constants by?
 */
static bool
EnoughHistory(const ForecastSeries *series, ForecastMethod method)
{
	switch (method)
	{
		case FORECAST_MEAN:
			return false;
		case FORECAST_SES:
			return series->days >= ENOUGH_DAYS;
		case FORECAST_CROSTON:
		case FORECAST_SBA:
		case FORECAST_TSB:
			return CountDemands(series) >= ENOUGH_DEMANDS;
		case FORECAST_HOLT_WINTERS:
			return series->days >= ENOUGH_DAYS &&
				series->days / series->season_length >= ENOUGH_SEASONS;
	}
	return false;
}

/*
 * The number of days with demand.
 */
static int
CountDemands(const ForecastSeries *series)
{
	int			count = 0;

	for (int t = 0; t < series->days; t++)
		if (series->demand[t] > 0)
			count++;
	return count;
}

/*
 * A constant for a history too short to choose one by.  ses: 2 / (n + 1), with
 * which the days are as old on average as in a plain average of n days (Brown
 * 1963); else the values that Silver, Pyke and Thomas give for general use, 0.1,
 * and 0.19, 0.053 and 0.1 with Winters' method.
 */
static double
DefaultConstant(const ForecastSeries *series, ForecastMethod method, int which)
{
	static const double winters[FORECAST_CONSTANTS] = {0.19, 0.053, 0.1};

	if (method == FORECAST_SES)
		return 2.0 / (series->days + 1.0);
	if (method == FORECAST_HOLT_WINTERS)
		return winters[which];
	return 0.1;
}

/*
 * Where a constant is looked for.  ses may follow quickly; what is seen on some
 * days only is smoothed with 0.01 to 0.3, and Winters' constants stay within the
 * bounds that Silver, Pyke and Thomas give, since larger ones chase noise.
 */
static ConstantRange
SearchRange(ForecastMethod method, int which)
{
	static const ConstantRange winters[FORECAST_CONSTANTS] = {
		{0.02, 0.51, 5}, {0.005, 0.176, 4}, {0.05, 0.5, 4}
	};

	if (method == FORECAST_HOLT_WINTERS)
		return winters[which];
	if (method == FORECAST_SES)
		return (ConstantRange) {0.01, 0.99, 50};
	if (method == FORECAST_TSB)
		return (ConstantRange) {0.01, 0.3, 10};
	return (ConstantRange) {0.01, 0.3, 30};
}

/*
 * How many constants a method has.
 */
static int
ConstantsOf(ForecastMethod method)
{
	switch (method)
	{
		case FORECAST_MEAN:
			return 0;
		case FORECAST_SES:
		case FORECAST_CROSTON:
		case FORECAST_SBA:
			return 1;
		case FORECAST_TSB:
			return 2;
		case FORECAST_HOLT_WINTERS:
			return 3;
	}
	return 0;
}

/*
 * The method that is used when this one is asked for.
 */
static ForecastMethod
EffectiveMethod(ForecastMethod method, int days, int season_length)
{
	if (method == FORECAST_HOLT_WINTERS && days / 2 < season_length)
		return FORECAST_SES;
	return method;
}

/*
 * The mean absolute difference of a day to the one before; 0 for a single day.
 */
static double
NaiveError(const double *demand, int days)
{
	double		sum = 0;

	for (int t = 1; t < days; t++)
		sum += fabs(demand[t] - demand[t - 1]);
	return days > 1 ? sum / (days - 1) : 0;
}

static double
Square(double value)
{
	return value * value;
}

/*
 * What is not finite stays so, below zero too: ForecastUnscale has to see it.
 */
static double
AtLeastZero(double value)
{
	return isfinite(value) && value <= 0 ? 0 : value;
}
