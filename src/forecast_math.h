/*
 * forecast_math.h
 *		Forecasts of demand from its history.  Plain arithmetic: no SQL, no memory
 *		of its own, no errors.
 */
#ifndef INVENTORY_FORECAST_MATH_H
#define INVENTORY_FORECAST_MATH_H

#include <stdbool.h>

typedef enum ForecastMethod
{
	FORECAST_MEAN,
	FORECAST_SES,
	FORECAST_CROSTON,
	FORECAST_SBA,
	FORECAST_TSB,
	FORECAST_HOLT_WINTERS
} ForecastMethod;

/* Smoothing constants by number; a method uses the first of them, or all. */
#define FORECAST_ALPHA		0
#define FORECAST_BETA		1
#define FORECAST_GAMMA		2
#define FORECAST_CONSTANTS	3

/* A constant that the method is to choose itself. */
#define FORECAST_CHOOSE		(-1.0)

/* What is known of the demand. */
typedef struct ForecastSeries
{
	const double *demand;		/* one finite number per day, oldest first */
	int			days;			/* at least one */
	int			season_length;	/* days, at least one */
	double	   *season;			/* room for ForecastSeasonRoom() numbers */
	void		(*pulse) (void);	/* called once per pass over the history, may
									 * not come back; NULL: nothing */
} ForecastSeries;

/* How far a forecast was off, in the unit of the demand. */
typedef struct ForecastErrors
{
	double		mae;
	double		rmse;
	double		mase;			/* without meaning unless has_mase */
	double		bias;			/* above zero: too much was forecast */
	bool		has_mase;
} ForecastErrors;

extern int	ForecastScale(double *demand, int days);
extern bool ForecastUnscale(double *value, int exponent);
extern int	ForecastSeasonRoom(ForecastMethod method, int days, int season_length);
extern void ForecastRun(const ForecastSeries *series, ForecastMethod method,
						const double *constants, int horizon, double *forecast);
extern void ForecastMeasure(const double *demand, int days, int holdout,
							const double *forecast, ForecastErrors *errors);

#endif							/* INVENTORY_FORECAST_MATH_H */
