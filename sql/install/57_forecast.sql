CREATE FUNCTION inventory.forecast(demand double precision[], method text, horizon integer DEFAULT 1, season_length integer DEFAULT 7,
    alpha double precision DEFAULT NULL, beta double precision DEFAULT NULL, gamma double precision DEFAULT NULL)
RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'inventory_forecast';
COMMENT ON FUNCTION inventory.forecast(double precision[], text, integer, integer, double precision, double precision, double precision) IS
'The demand of the next horizon days, never below 0, from one number x per day, oldest first, days without demand included as 0. A day with demand is one above 0. NULL if demand, method, horizon or season_length is.
mean: the plain average.
ses: level += alpha (x - level), from the first day (simple exponential smoothing: Brown 1956, Holt 1957).
croston: size / interval; on days with demand size += alpha (x - size), interval += alpha (days since the last - interval) (Croston 1972).
sba: (1 - alpha/2) croston, which takes out its bias; as croston with demand on every day of the history (Syntetos & Boylan 2005).
tsb: probability * size; every day probability += beta ((1 or 0) - probability), on days with demand size += alpha (x - size), so it falls when demand stops (Teunter, Syntetos & Babai 2011).
croston, sba and tsb start with the first day with demand: its size, its number in the history as the interval, 1 / interval as the probability.
holt_winters: level, damped trend and additive season, one number for each day; level'' = alpha (x - season) + (1 - alpha) (level + 0.98 slope), slope'' = beta (level'' - level) + (1 - beta) 0.98 slope, season'' = gamma (x - level'') + (1 - gamma) season (Holt 1957, Winters 1960, Gardner & McKenzie 1985); season_length 1 has no season; ses with less than two seasons of demand.
Constants that are NULL are chosen by the smallest squared errors of forecasting each day from those before: ses from 0.01 to 0.99, croston, sba and tsb 0.01 to 0.3, holt_winters alpha 0.02 to 0.51, beta 0.005 to 0.176, gamma 0.05 to 0.5. Fixed where there is too little to choose by: ses below 10 days 2 / (days + 1); croston, sba, tsb below 5 days with demand 0.1; holt_winters below 3 seasons or 10 days 0.19, 0.053, 0.1 (Silver, Pyke & Thomas). A constant that the method does not have is ignored; large beta and gamma can make holt_winters swing ever wider over a long history.
Errors: 22023 unknown method; demand empty, with a NULL, NaN or infinity, or of several dimensions; horizon not from 1 to 3650; season_length not positive; a constant not above 0 or above 1. 22003 the forecast does not fit.';

CREATE FUNCTION inventory.forecast_error(demand double precision[], method text, holdout integer, season_length integer DEFAULT 7)
RETURNS TABLE (mae double precision, rmse double precision, mase double precision, bias double precision)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 1 AS 'MODULE_PATHNAME', 'inventory_forecast_error';
COMMENT ON FUNCTION inventory.forecast_error(double precision[], text, integer, integer) IS
'How far forecast() would have been off: one forecast of the last holdout days, made from the days before them. In base units per day: mae mean absolute error, rmse root of the mean squared error, bias mean of forecast - demand, above 0 where too much was forecast. mase: mae divided by the mean absolute difference of each day before the holdout to its predecessor; below 1 is better than repeating yesterday; NULL where that is 0 (Hyndman & Koehler 2006). No row if an argument is NULL.
Errors: 22023 and 22003 as forecast(); 22023 holdout not positive, or not shorter than demand.';
