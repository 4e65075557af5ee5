-- Forecasts of demand: worked examples, what each method promises, errors.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION inventory;
SELECT plan(210);

CREATE TEMP TABLE method (name text PRIMARY KEY);
INSERT INTO method VALUES ('mean'), ('ses'), ('croston'), ('sba'), ('tsb'), ('holt_winters');

-- Equal but for rounding, number by number.
CREATE FUNCTION pg_temp.near(have float8[], want float8[], label text, tolerance float8 DEFAULT 1e-12) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN cardinality(have) = cardinality(want) AND NOT EXISTS (
            SELECT FROM unnest(have, want) AS pair (h, w) WHERE NOT coalesce(abs(h - w) <= tolerance * abs(w), false))
        THEN pass(label) ELSE is(have, want, label) END
$$;

CREATE FUNCTION pg_temp.detail_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN detail;
END
$$;

-- Two tests: SQLSTATE 22023 with the message, and DETAIL.
CREATE FUNCTION pg_temp.refused(statement text, message text, detail text, label text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN NEXT throws_ok(statement, '22023', message, label);
    RETURN NEXT is(pg_temp.detail_of(statement), detail, label || ': detail');
END
$$;

-- The formulas once more, so that long series can be checked. Each returns the forecast and the squared
-- errors of one day ahead.

CREATE FUNCTION pg_temp.ses(x float8[], alpha float8, OUT forecast float8, OUT squared float8) LANGUAGE plpgsql AS $$
BEGIN
    forecast := x[1];
    squared := 0;
    FOR t IN 2 .. cardinality(x) LOOP
        squared := squared + (x[t] - forecast) ^ 2;
        forecast := alpha * x[t] + (1 - alpha) * forecast;
    END LOOP;
END
$$;

CREATE FUNCTION pg_temp.croston(x float8[], alpha float8, factor float8, OUT forecast float8, OUT squared float8) LANGUAGE plpgsql AS $$
DECLARE
    size float8;
    gap float8;
    last integer := 0;
BEGIN
    squared := 0;
    FOR t IN 1 .. cardinality(x) LOOP
        squared := squared + coalesce((x[t] - forecast) ^ 2, 0);
        CONTINUE WHEN x[t] <= 0;
        size := coalesce(alpha * x[t] + (1 - alpha) * size, x[t]);
        gap := coalesce(alpha * (t - last) + (1 - alpha) * gap, t);
        last := t;
        forecast := factor * size / gap;
    END LOOP;
    forecast := coalesce(forecast, 0);
END
$$;

CREATE FUNCTION pg_temp.tsb(x float8[], alpha float8, beta float8, OUT forecast float8, OUT squared float8) LANGUAGE plpgsql AS $$
DECLARE
    size float8;
    chance float8;
BEGIN
    squared := 0;
    FOR t IN 1 .. cardinality(x) LOOP
        squared := squared + coalesce((x[t] - forecast) ^ 2, 0);
        chance := coalesce((1 - beta) * chance + beta * (x[t] > 0)::integer, CASE WHEN x[t] > 0 THEN 1.0 / t END);
        size := CASE WHEN x[t] > 0 THEN coalesce((1 - alpha) * size + alpha * x[t], x[t]) ELSE size END;
        forecast := size * chance;
    END LOOP;
    forecast := coalesce(forecast, 0);
END
$$;

CREATE FUNCTION pg_temp.holt_winters(x float8[], m integer, alpha float8, beta float8, gamma float8, horizon integer, OUT forecast float8[], OUT squared float8) LANGUAGE plpgsql AS $$
DECLARE
    n integer := cardinality(x);
    first float8 := (SELECT avg(v) FROM unnest(x[1:m]) v);
    slope float8 := ((SELECT avg(v) FROM unnest(x[m + 1:2 * m]) v) - first) / m;
    level float8 := first - slope * (m + 1) / 2;
    season float8[] := ARRAY(SELECT (x[i] + x[m + i]) / 2 - (level + slope * (i + m / 2.0)) FROM generate_series(1, m) i);
    before float8;
BEGIN
    squared := 0;
    -- season[m + t] is what day t leaves behind
    FOR t IN 1 .. n LOOP
        before := level;
        squared := squared + (x[t] - level - 0.98 * slope - season[t]) ^ 2;
        level := alpha * (x[t] - season[t]) + (1 - alpha) * (level + 0.98 * slope);
        slope := beta * (level - before) + (1 - beta) * 0.98 * slope;
        season[m + t] := gamma * (x[t] - level) + (1 - gamma) * season[t];
    END LOOP;
    forecast := ARRAY(SELECT greatest(0, level + slope * 0.98 * (1 - 0.98 ^ h) / (1 - 0.98) + season[n + 1 + (h - 1) % m]) FROM generate_series(1, horizon) h);
END
$$;

-- A few hundred histories: short and long, dense and sparse, noise, seasons, trends, in small and large numbers.
SELECT setseed(0.42);
CREATE TEMP TABLE history (id integer PRIMARY KEY, x float8[] NOT NULL);
INSERT INTO history
SELECT s.id, array_agg(CASE WHEN random() < s.density
        THEN s.unit * greatest(0, 20 * random() + s.trend * d + CASE WHEN s.id % 2 = 0 THEN 8 * sin(d * 2 * pi() / 7) ELSE 0 END) ELSE 0 END ORDER BY d)
FROM (SELECT id, 1 + id % 97 AS days, (ARRAY[0.05, 0.2, 0.5, 1])[1 + id % 4] AS density, (ARRAY[1, 1, 1e-9, 1e12])[1 + id / 4 % 4] AS unit,
    (random() - 0.5) AS trend FROM generate_series(1, 400) id) AS s, generate_series(1, s.days) d
GROUP BY s.id;

-- By hand
--
-- Demand 5 on day 3, 3 on day 7, 4 on day 9, none on day 10.
-- size, alpha 0.2: 5; 5 + 0.2 (3 - 5) = 4.6; 4.6 + 0.2 (4 - 4.6) = 4.48.
-- interval: 3; 3 + 0.2 (4 - 3) = 3.2; 3.2 + 0.2 (2 - 3.2) = 2.96.
-- probability, beta 0.1: 1/3; three days * 0.9 = 0.243; 0.243 * 0.9 + 0.1 = 0.3187; * 0.9 = 0.28683; * 0.9 + 0.1 = 0.358147; * 0.9 = 0.3223323.

\set intermittent '{0,0,5,0,0,0,3,0,4,0}'
SELECT pg_temp.near(inventory.forecast(:'intermittent', 'croston', alpha => 0.2), ARRAY[4.48 / 2.96], 'croston by hand');
SELECT pg_temp.near(inventory.forecast(:'intermittent', 'sba', alpha => 0.2), ARRAY[0.9 * 4.48 / 2.96], 'sba by hand');
SELECT pg_temp.near(inventory.forecast(:'intermittent', 'tsb', alpha => 0.2, beta => 0.1), ARRAY[0.3223323 * 4.48], 'tsb by hand');
SELECT pg_temp.near(inventory.forecast(:'intermittent', 'mean'), ARRAY[1.2], 'mean by hand');

-- 10; 10 + 0.3 * 2 = 10.6; 10.6 + 0.3 * 0.4 = 10.72; 10.72 + 0.3 * 4.28 = 12.004
SELECT pg_temp.near(inventory.forecast('{10,12,11,15}', 'ses', 3, alpha => 0.3), ARRAY[12.004, 12.004, 12.004], 'ses by hand, flat');

-- Seasons of 2 days, means 15 and 19: slope 2, level before day 1 15 - 2 * 1.5 = 12, the line is 14, 16, 18, 20, the seasons -4 and 4. All constants 0.5:
-- day 1: expected 12 + 1.96 = 13.96; level (10 + 4 + 13.96) / 2 = 13.98; slope (1.98 + 1.96) / 2 = 1.97; season (10 - 13.98 - 4) / 2 = -3.99
-- day 2: expected 13.98 + 1.9306; level (16 + 15.9106) / 2 = 15.9553; slope (1.9753 + 1.9306) / 2 = 1.95295; season (20 - 15.9553 + 4) / 2 = 4.02235
-- day 3: expected 15.9553 + 1.913891; level (17.99 + 17.869191) / 2 = 17.9295955; slope (1.9742955 + 1.913891) / 2 = 1.94409325; season (14 - 17.9295955 - 3.99) / 2 = -3.95979775
-- day 4: expected 17.9295955 + 1.905211385; level (19.97765 + 19.834806885) / 2 = 19.9062284425; slope (1.9766329425 + 1.905211385) / 2 = 1.94092216375; season (24 - 19.9062284425 + 4.02235) / 2 = 4.05806077875
-- day 5: 19.9062284425 + 0.98 slope - 3.95979775; day 6: 19.9062284425 + (0.98 + 0.9604) slope + 4.05806077875
SELECT pg_temp.near(inventory.forecast('{10,20,14,24}', 'holt_winters', 2, 2, 0.5, 0.5, 0.5),
    ARRAY[19.9062284425 + 0.98 * 1.94092216375 - 3.95979775, 19.9062284425 + 1.9404 * 1.94092216375 + 4.05806077875], 'holt_winters by hand');

-- Trained on 2, 4, 3, 5: mean 3.5, errors -0.5 and -4.5; day to day 2, 1 and 2.
SELECT pg_temp.near(ARRAY[e.mae, e.rmse, e.mase, e.bias], ARRAY[2.5, sqrt(10.25), 1.5, -2.5], 'errors by hand')
    FROM inventory.forecast_error('{2,4,3,5,4,8}', 'mean', 2) e;
-- Trained on 2, 3, 2, 1, 2: mean 2, errors -1 and 2; day to day 1 each time.
SELECT pg_temp.near(ARRAY[e.mae, e.rmse, e.mase, e.bias], ARRAY[1.5, sqrt(2.5), 1.5, 0.5], 'bias above zero: too much was forecast')
    FROM inventory.forecast_error('{2,3,2,1,2,3,0}', 'mean', 2) e;
SELECT is((SELECT e.mase FROM inventory.forecast_error('{3,3,3,4}', 'mean', 1) e), NULL, 'no mase where demand never changed');
SELECT is((SELECT e.mase FROM inventory.forecast_error('{3,4}', 'mean', 1) e), NULL, 'nor after a single day');

-- The formulas, on every history

SELECT is_empty(format($$
    SELECT h.id, m.have, m.want FROM history h, LATERAL (VALUES
        (inventory.forecast(h.x, 'mean'), (SELECT avg(v) FROM unnest(h.x) v)),
        (inventory.forecast(h.x, 'ses', alpha => %1$s), (pg_temp.ses(h.x, %1$s)).forecast),
        (inventory.forecast(h.x, 'croston', alpha => %1$s), (pg_temp.croston(h.x, %1$s, 1)).forecast),
        (inventory.forecast(h.x, 'tsb', alpha => %1$s, beta => %2$s), (pg_temp.tsb(h.x, %1$s, %2$s)).forecast)) AS m (have, want)
    WHERE NOT coalesce(abs(m.have[1] - m.want) <= 1e-9 * (SELECT max(v) FROM unnest(h.x) v), false)$$, a.alpha, a.beta), format('mean, ses, croston and tsb, alpha %s, beta %s', a.alpha, a.beta))
FROM (VALUES (0.05, 0.3), (0.3, 0.05), (0.9, 1), (1, 0.5)) AS a (alpha, beta);
SELECT is_empty(format($$
    SELECT h.id, m, f.have, f.want FROM history h, generate_series(1, 9) m,
        LATERAL (SELECT inventory.forecast(h.x, 'holt_winters', 10, m, %1$s, %2$s, %3$s), (pg_temp.holt_winters(h.x, m, %1$s, %2$s, CASE WHEN m = 1 THEN 0 ELSE %3$s END, 10)).forecast) AS f (have, want)
    WHERE h.id %% 5 = 0 AND cardinality(h.x) >= 2 * m AND EXISTS (
        SELECT FROM unnest(f.have, f.want) AS p (h, w) WHERE NOT coalesce(abs(p.h - p.w) <= 1e-7 * (SELECT max(v) FROM unnest(h.x) v), false))$$,
        a.alpha, a.beta, a.gamma), format('holt_winters, seasons of 1 to 9 days, alpha %s, beta %s, gamma %s', a.alpha, a.beta, a.gamma))
FROM (VALUES (0.1, 0.05, 0.2), (0.5, 0.4, 0.9)) AS a (alpha, beta, gamma);
SELECT is_empty($$
    SELECT h.id, m.name, want, e FROM (SELECT *, coalesce(nullif((SELECT max(v) FROM unnest(x) v), 0), 1) AS unit FROM history WHERE cardinality(x) > 5) h, method m,
        inventory.forecast_error(h.x, m.name, 5) e, LATERAL (
            SELECT avg(abs(d)) AS mae, sqrt(avg(d * d)) AS rmse, avg(d) AS bias
            FROM (SELECT f / h.unit - a / h.unit AS d FROM unnest(inventory.forecast(trim_array(h.x, 5), m.name, 5), h.x[cardinality(h.x) - 4:]) AS p (f, a)) AS off) AS want, LATERAL (
            SELECT avg(abs(h.x[t] / h.unit - h.x[t - 1] / h.unit)) AS error FROM generate_series(2, cardinality(h.x) - 5) t) AS naive
    WHERE NOT coalesce(abs(e.mae / h.unit - want.mae) < 1e-9 AND abs(e.rmse / h.unit - want.rmse) < 1e-9 AND abs(e.bias / h.unit - want.bias) < 1e-9, false)
        OR (coalesce(naive.error, 0) > 0) <> (e.mase IS NOT NULL) OR abs(e.mase * naive.error - want.mae) > 1e-9$$,
    'forecast_error is what forecast is off by, one forecast from the days before the holdout');

-- What holds for every history

SELECT is_empty($$
    SELECT h.id, unit, m.name, s, f FROM history h, unnest(ARRAY[1, 1e-310, 1e290]::float8[]) unit, method m, unnest(ARRAY[1, 2, 7, 30]) s,
        LATERAL (SELECT inventory.forecast(ARRAY(SELECT v * unit FROM unnest(h.x) WITH ORDINALITY AS u (v, o) ORDER BY o), m.name, 15, s)) AS r (f)
    WHERE cardinality(f) <> 15 OR EXISTS (SELECT FROM unnest(f) v WHERE NOT (v >= 0 AND v < 'infinity'))
$$, 'forecasts are numbers, not below zero, one for each day');
CREATE TEMP TABLE long_history (x float8[]);
INSERT INTO long_history SELECT array_agg(random() * 9) FROM generate_series(1, 10000);
SELECT is_empty($$
    SELECT m.name, a, b FROM long_history h, method m, unnest(ARRAY[0.001, 0.02, 0.51, 1]) a, unnest(ARRAY[0.001, 0.005, 0.176, 1]) b, LATERAL (SELECT inventory.forecast(h.x, m.name, 1, 7, a, b)) AS r (f)
    WHERE m.name <> 'holt_winters' AND NOT (f[1] >= 0 AND f[1] <= 9)
$$, 'whatever the constants');
SELECT is_empty($$
    SELECT m.name, s, f FROM long_history h, method m, unnest(ARRAY[1, 2, 7, 30, 365, 5000]) s, LATERAL (SELECT inventory.forecast(h.x, m.name, 30, s)) AS r (f)
    WHERE EXISTS (SELECT FROM unnest(f) v WHERE NOT (v >= 0 AND v < 20))
$$, 'the constants that are chosen do not make a long forecast swing');
SELECT throws_ok(format('SELECT inventory.forecast(x || x || x || x || x || x || x || x, ''holt_winters'', 1, 30, 0.1, 1, %s) FROM long_history', g), '22003', 'forecast is out of range', 'others may, beyond all numbers: ' || g)
    FROM unnest(ARRAY[0.9, 0.95, 1]) g;
SELECT is_empty($$
    SELECT h.id, m.name FROM history h, method m, LATERAL (SELECT inventory.forecast(h.x, m.name, 15)) AS r (f)
    WHERE (m.name <> 'holt_winters' OR cardinality(h.x) < 14) AND EXISTS (SELECT FROM unnest(f) v WHERE v <> f[1])
$$, 'all methods but holt_winters are flat');
SELECT is_empty($$
    SELECT h.id, m.name FROM history h, method m WHERE h.id / 4 % 4 < 2
    AND inventory.forecast(ARRAY(SELECT v * 1024 FROM unnest(h.x) WITH ORDINALITY AS u (v, o) ORDER BY o), m.name, 8) <> ARRAY(SELECT f * 1024 FROM unnest(inventory.forecast(h.x, m.name, 8)) WITH ORDINALITY AS u (f, o) ORDER BY o)
$$, 'another unit gives the same forecast in that unit');
SELECT is_empty($$
    SELECT h.id, m.name, unit FROM history h, method m, unnest(ARRAY[2.0::float8 ^ -900, 2.0::float8 ^ 900]) unit WHERE h.id / 4 % 4 < 2
    AND EXISTS (SELECT FROM unnest(inventory.forecast(ARRAY(SELECT v * unit FROM unnest(h.x) WITH ORDINALITY AS u (v, o) ORDER BY o), m.name, 8), inventory.forecast(h.x, m.name, 8)) AS pair (have, want)
        WHERE want > 1e-9 AND have IS DISTINCT FROM want * unit)
$$, 'be it tiny or huge');
SELECT is_empty($$
    SELECT h.id, m.name FROM history h, method m, LATERAL (SELECT inventory.forecast(h.x, m.name, 1)) AS r (f)
    WHERE m.name <> 'holt_winters' AND NOT f[1] <= (1 + 1e-12) * (SELECT max(v) FROM unnest(h.x) v)
$$, 'no flat forecast is above the largest demand');
SELECT is_empty($$
    SELECT c, days, m.name, f FROM unnest(ARRAY[0, 1, 0.1, 7.3, 1e-300, 1e300]) c, unnest(ARRAY[1, 2, 9, 14, 21, 100]) days, method m,
        LATERAL (SELECT inventory.forecast(array_fill(c::float8, ARRAY[days]), m.name, 10)) AS r (f)
    WHERE EXISTS (SELECT FROM unnest(f) v WHERE NOT abs(v - c) <= 1e-12 * c)
$$, 'constant demand is forecast as it is, by every method');
SELECT is_empty($$
    SELECT gap, m.name, f FROM generate_series(1, 12) gap, method m,
        LATERAL (SELECT inventory.forecast(ARRAY(SELECT CASE WHEN d % gap = 0 THEN 6 ELSE 0 END::float8 FROM generate_series(1, gap * 10) d), m.name, 1, alpha => 0.2, beta => 0.01)) AS r (f)
    WHERE m.name = 'croston' AND NOT abs(f[1] - 6.0 / gap) < 1e-12 OR m.name = 'sba' AND NOT abs(f[1] - CASE gap WHEN 1 THEN 1 ELSE 0.9 END * 6 / gap) < 1e-12
        OR m.name = 'tsb' AND NOT abs(f[1] * gap / 6 - 1) < 0.06
$$, 'demand at a fixed interval');
SELECT is_empty($$
    SELECT h.id, a FROM history h, unnest(ARRAY[0.01, 0.1, 0.3, 1]) a, LATERAL (SELECT (inventory.forecast(h.x, 'croston', alpha => a))[1], (inventory.forecast(h.x, 'sba', alpha => a))[1]) AS f (croston, sba)
    WHERE EXISTS (SELECT FROM unnest(h.x) v WHERE v = 0) AND NOT abs(sba - (1 - a / 2) * croston) <= 1e-12 * croston
$$, 'sba is (1 - alpha / 2) croston');

-- When demand stops
SELECT is(inventory.forecast(x || array_fill(0::float8, ARRAY[365]), 'croston', alpha => 0.1), inventory.forecast(x, 'croston', alpha => 0.1), 'croston does not notice that demand has stopped')
    FROM (VALUES ('{0,3,0,0,4,2,0,5}'::float8[])) AS h (x);
SELECT pg_temp.near(inventory.forecast(x || array_fill(0::float8, ARRAY[50]), 'tsb', alpha => 0.1, beta => 0.1),
    ARRAY[0.9 ^ 50 * (inventory.forecast(x, 'tsb', alpha => 0.1, beta => 0.1))[1]], 'tsb falls by beta each day')
    FROM (VALUES ('{0,3,0,0,4,2,0,5}'::float8[])) AS h (x);
SELECT cmp_ok((inventory.forecast(x || array_fill(0::float8, ARRAY[1000]), 'tsb'))[1], '<', 0.001::float8, 'down to nothing, with constants of its own too')
    FROM (VALUES ('{0,3,0,0,4,2,0,5}'::float8[])) AS h (x);
SELECT ok((inventory.forecast(x || array_fill(0::float8, ARRAY[1000]), 'croston'))[1] > 0.5 AND (inventory.forecast(x || array_fill(0::float8, ARRAY[1000]), 'sba'))[1] > 0.5, 'as croston and sba do not')
    FROM (VALUES ('{0,3,0,0,4,2,0,5}'::float8[])) AS h (x);

-- A season and a trend
CREATE TEMP TABLE week (x float8[]);
INSERT INTO week SELECT array_agg((ARRAY[10, 12, 9, 11, 20, 30, 5])[1 + d % 7] ORDER BY d) FROM generate_series(0, 83) d;
SELECT cmp_ok((SELECT e.mae FROM inventory.forecast_error(x, 'holt_winters', 14) e), '<', 0.01 * (SELECT e.mae FROM inventory.forecast_error(x, 'mean', 14) e),
    'holt_winters sees a clean week') FROM week;
SELECT pg_temp.near(inventory.forecast(x, 'holt_winters', 9), '{10,12,9,11,20,30,5,10,12}', 'day by day', 1e-9) FROM week;
SELECT pg_temp.near(inventory.forecast(trim_array(x, 3), 'holt_winters', 4), '{20,30,5,10}', 'from the day of the week that is next', 1e-9) FROM week;
SELECT cmp_ok((SELECT e.mae FROM inventory.forecast_error(y, 'holt_winters', 14) e), '<', 0.5 * (SELECT e.mae FROM inventory.forecast_error(y, 'mean', 14) e),
    'and one with noise and a trend')
    FROM (SELECT array_agg(v * 2 + o * 0.2 + random() * 6 ORDER BY o) FROM week, unnest(x) WITH ORDINALITY AS u (v, o)) AS noisy (y);
SELECT cmp_ok((SELECT e.mae FROM inventory.forecast_error(x, 'holt_winters', 14, 6) e), '>', 1::float8, 'not with a season of the wrong length') FROM week;
SELECT ok(f[1] > 60 AND f[30] > f[1] + 15 AND f[30] < 90 AND f[30] - f[29] < f[2] - f[1], 'a trend goes on, damped')
    FROM (SELECT inventory.forecast(ARRAY(SELECT d::float8 FROM generate_series(1, 60) d), 'holt_winters', 30, 1)) AS r (f);
SELECT is((inventory.forecast(ARRAY(SELECT d::float8 FROM generate_series(60, 1, -1) d), 'holt_winters', 30, 1))[30], 0::float8, 'but never below zero');

-- Too little history
SELECT is(inventory.forecast(x[:13], 'holt_winters', 5), inventory.forecast(x[:13], 'ses', 5), 'less than two seasons: holt_winters is ses') FROM week;
SELECT is(inventory.forecast(x, 'holt_winters', 5, 2147483647), inventory.forecast(x, 'ses', 5), 'so it is with a season of ages') FROM week;
SELECT isnt(inventory.forecast(x[:14], 'holt_winters', 5), inventory.forecast(x[:14], 'ses', 5), 'two seasons are enough') FROM week;
SELECT is(inventory.forecast(h.x, 'ses'), inventory.forecast(h.x, 'ses', alpha => 2 / (cardinality(h.x) + 1.0)), format('ses of %s days: a fixed constant', cardinality(h.x)))
    FROM (VALUES ('{3}'::float8[]), ('{3,9}'), ('{3,9,4,8,2,6,5,9,1}')) AS h (x);
SELECT isnt(inventory.forecast(h.x, 'ses'), inventory.forecast(h.x, 'ses', alpha => 2 / 11.0), 'ses of 10 days: its own') FROM (VALUES ('{3,9,4,8,2,6,5,9,1,7}'::float8[])) AS h (x);
SELECT is(inventory.forecast(h.x, m.name), inventory.forecast(h.x, m.name, alpha => 0.1, beta => 0.1), m.name || ' of 4 demands: a fixed constant')
    FROM method m, (VALUES ('{0,3,0,0,9,0,5,0,0,0,1,0}'::float8[])) AS h (x) WHERE m.name IN ('croston', 'sba', 'tsb');
SELECT isnt(inventory.forecast(h.x, m.name), inventory.forecast(h.x, m.name, alpha => 0.1, beta => 0.1), m.name || ' of 5 demands: its own')
    FROM method m, (VALUES ('{0,3,0,0,9,0,5,0,0,0,1,0,2}'::float8[])) AS h (x) WHERE m.name IN ('croston', 'sba', 'tsb');
SELECT is(inventory.forecast(h.x, 'holt_winters', 3, 4), inventory.forecast(h.x, 'holt_winters', 3, 4, 0.19, 0.053, 0.1), 'holt_winters of less than 3 seasons: fixed constants')
    FROM (VALUES ('{3,9,4,8,2,6,5,9,1,7,3}'::float8[])) AS h (x);
SELECT isnt(inventory.forecast(h.x, 'holt_winters', 3, 4), inventory.forecast(h.x, 'holt_winters', 3, 4, 0.19, 0.053, 0.1), 'holt_winters of 3 seasons: its own')
    FROM (VALUES ('{3,9,4,8,2,6,5,9,1,7,3,8}'::float8[])) AS h (x);
SELECT is(inventory.forecast(h.x, 'holt_winters', 3, 2), inventory.forecast(h.x, 'holt_winters', 3, 2, 0.19, 0.053, 0.1), 'of 9 days: fixed constants')
    FROM (VALUES ('{3,9,4,8,2,6,5,9,1}'::float8[])) AS h (x);

-- The constants that are chosen are the best ones, as a search of every thousandth finds them.
CREATE TEMP TABLE demand (id integer PRIMARY KEY, x float8[]);
INSERT INTO demand SELECT s, array_agg(CASE WHEN random() < 0.6 THEN 5 + s * d / 20.0 + 10 * random() ELSE 0 END ORDER BY d) FROM generate_series(1, 4) s, generate_series(1, 60) d GROUP BY s;
SELECT is_empty($$
    SELECT d.id, f, best FROM demand d,
        LATERAL (SELECT (pg_temp.ses(d.x, a / 1000.0)).* FROM generate_series(10, 990) a ORDER BY squared LIMIT 1) AS best,
        LATERAL (SELECT (inventory.forecast(d.x, 'ses'))[1]) AS f (f)
    WHERE NOT abs(f.f - best.forecast) < 0.02
$$, 'ses');
SELECT pg_temp.near(inventory.forecast(x, 'ses'), inventory.forecast(x, 'ses', alpha => a), 'ses, at the end of its range: ' || a, 1e-3)
    FROM (VALUES ('{1,2,3,4,5,6,7,8,9,10,11,12}'::float8[], 0.99), ('{2,1,3,1,3,1,3,1,3,1,3,1}', 0.01)) AS h (x, a);
SELECT is_empty(format($$
    SELECT d.id, f, best FROM demand d,
        LATERAL (SELECT a, (pg_temp.croston(d.x, a / 1000.0, %s)).* FROM generate_series(10, 300) a ORDER BY squared LIMIT 1) AS best,
        LATERAL (SELECT (inventory.forecast(d.x, %L))[1]) AS f (f)
    WHERE NOT abs(f.f - best.forecast) < 0.02$$, m.factor, m.name), m.name)
FROM (VALUES ('croston', '1'), ('sba', '1 - a / 2000.0')) AS m (name, factor);
SELECT is_empty($$
    SELECT d.id, f, best FROM demand d,
        LATERAL (SELECT a, b, (pg_temp.tsb(d.x, a / 200.0, b / 200.0)).squared FROM generate_series(2, 60) a, generate_series(2, 60) b ORDER BY squared LIMIT 1) AS near_best,
        LATERAL (SELECT (pg_temp.tsb(d.x, a / 4000.0, b / 4000.0)).* FROM generate_series(greatest(20 * near_best.a - 20, 40), least(20 * near_best.a + 20, 1200)) a,
            generate_series(greatest(20 * near_best.b - 20, 40), least(20 * near_best.b + 20, 1200)) b ORDER BY squared LIMIT 1) AS best,
        LATERAL (SELECT (inventory.forecast(d.x, 'tsb'))[1]) AS f (f)
    WHERE NOT abs(f.f - best.forecast) < 0.05
$$, 'tsb');
SELECT is_empty($$
    SELECT d.id, f, best FROM demand d,
        LATERAL (SELECT (pg_temp.tsb(d.x, 0.7, b / 1000.0)).* FROM generate_series(10, 300) b ORDER BY squared LIMIT 1) AS best,
        LATERAL (SELECT (inventory.forecast(d.x, 'tsb', alpha => 0.7))[1]) AS f (f)
    WHERE NOT abs(f.f - best.forecast) < 0.02
$$, 'tsb with one constant given');

SELECT is_empty(format($$
    SELECT d.id, f, best FROM demand d,
        LATERAL (SELECT (pg_temp.holt_winters(d.x, 7, %s, %s, %s, 8)).* FROM generate_series(%s) c ORDER BY squared LIMIT 1) AS best,
        LATERAL (SELECT inventory.forecast(d.x, 'holt_winters', 8, 7, %s)) AS f (f)
    WHERE d.id <= 2 AND NOT abs(f.f[8] - best.forecast[8]) < 0.02$$, o.a, o.b, o.c, o.range, o.given), 'holt_winters, ' || o.name)
FROM (VALUES ('alpha', 'c / 1000.0', '0.02', '0.2', '20, 510', 'NULL, 0.02, 0.2'), ('beta', '0.1', 'c / 1000.0', '0.2', '5, 176', '0.1, NULL, 0.2'),
    ('gamma', '0.1', '0.02', 'c / 1000.0', '50, 500', '0.1, 0.02')) AS o (name, a, b, c, range, given);

SELECT pg_temp.near(inventory.forecast(h.x, 'holt_winters', 7, 7, h.a, h.b, h.c), inventory.forecast(h.x, 'holt_winters', 7, 7, coalesce(h.a, 0.51), coalesce(h.b, 0.176), coalesce(h.c, 0.5)), 'holt_winters, at the upper end of ' || h.name, 1e-3)
    FROM (SELECT 'alpha' AS name, array_agg(d * d::float8 ORDER BY d) AS x, NULL::float8 AS a, 0.02::float8 AS b, 0.05::float8 AS c FROM generate_series(1, 60) d
        UNION ALL SELECT 'beta', array_agg(d * d::float8 ORDER BY d), 0.1, NULL, 0.05 FROM generate_series(1, 60) d
        UNION ALL SELECT 'gamma', array_agg(100 + CASE d % 7 WHEN 0 THEN d WHEN 3 THEN -d ELSE 0 END::float8 ORDER BY d), 0.02, 0.005, NULL FROM generate_series(1, 60) d) AS h;

-- Histories at the edge
SELECT is(inventory.forecast('{8}', m.name, 2), '{8,8}', m.name || ' of a single day') FROM method m;
SELECT is(inventory.forecast('{0,0,0}', m.name, 2), '{0,0}', m.name || ' of no demand') FROM method m;
SELECT is(inventory.forecast('[5:8]={1,2,3,5}', m.name, 3, 2), inventory.forecast('{1,2,3,5}', m.name, 3, 2), m.name || ' counts from any lower bound') FROM method m;
CREATE TEMP TABLE filled AS SELECT '{1,2,NULL,5}'::float8[] AS x;
UPDATE filled SET x[3] = 3;
SELECT is(inventory.forecast(x, m.name), inventory.forecast('{1,2,3,5}', m.name), m.name || ' of an array that had a NULL once') FROM method m, filled;
SELECT is(inventory.forecast('{4,-2,0,2}', 'croston', alpha => 0.5), inventory.forecast('{4,0,0,2}', 'croston', alpha => 0.5), 'a day with more returns than sales is none with demand');
SELECT is(inventory.forecast('{4,-2,0,2}', 'tsb', alpha => 0.5, beta => 0.5), inventory.forecast('{4,0,0,2}', 'tsb', alpha => 0.5, beta => 0.5), 'nor for tsb');
SELECT is(inventory.forecast('{4,-6,-2}', m.name, 1, 1), '{0}', m.name || ' of returns is not below zero') FROM method m WHERE m.name IN ('mean', 'ses', 'holt_winters');
SELECT is(inventory.forecast(array_fill(1.7e308::float8, ARRAY[100]), m.name, 2), '{1.7e308,1.7e308}', m.name || ' of the largest numbers') FROM method m;
SELECT is(inventory.forecast(array_fill(5e-324::float8, ARRAY[100]), m.name, 2), '{5e-324,5e-324}', m.name || ' of the smallest') FROM method m;
SELECT throws_ok($$SELECT inventory.forecast('{0.1e308,0.5e308,1e308,1.4e308,1.7e308}', 'holt_winters', 30, 1, 0.5, 0.5)$$, '22003', 'forecast is out of range', 'a trend beyond all numbers');
SELECT is(cardinality(inventory.forecast('{1,2,3}', m.name, 3650)), 3650, m.name || ' of ten years') FROM method m;
SELECT is(inventory.forecast('{1,2}'::integer[], 'mean'), '{1.5}', 'whole numbers will do');

-- NULL
SELECT is(inventory.forecast(NULL, 'mean'), NULL, 'no demand, no forecast');
SELECT is(inventory.forecast('{1}', NULL), NULL, 'no method');
SELECT is(inventory.forecast('{1}', 'mean', NULL), NULL, 'no horizon');
SELECT is(inventory.forecast('{1}', 'mean', 1, NULL), NULL, 'no season');
SELECT is_empty(format('SELECT * FROM inventory.forecast_error(%s)', a), 'no errors of ' || a)
    FROM unnest(ARRAY['NULL, ''mean'', 1, 7', '''{1,2}'', NULL, 1, 7', '''{1,2}'', ''mean'', NULL, 7', '''{1,2}'', ''mean'', 1, NULL']) a;

-- Refused, by both

CREATE TEMP TABLE wrong (label text, demand text, method text, days text, season text, message text, detail text);
INSERT INTO wrong VALUES
    ('unknown method', '{1,2}', 'arima', '1', '7', 'unknown method "arima"', ''),
    ('method in capitals', '{1,2}', 'MEAN', '1', '7', 'unknown method "MEAN"', ''),
    ('empty method', '{1,2}', '', '1', '7', 'method must not be empty', ''),
    ('long method', '{1,2}', repeat('x', 300), '1', '7', 'method is too long', 'It has 300 bytes; at most 255 are kept.'),
    ('empty demand', '{}', 'mean', '1', '7', 'demand must not be empty', ''),
    ('a NULL', '{1,NULL,2}', 'mean', '1', '7', 'demand must not contain NULL', ''),
    ('NaN', '{1,NaN,2}', 'mean', '1', '7', 'demand must be finite', 'Day 2 of it is NaN.'),
    ('infinity', '[0:2]={1,2,Infinity}', 'mean', '1', '7', 'demand must be finite', 'Day 3 of it is infinite.'),
    ('minus infinity', '{-Infinity,2}', 'mean', '1', '7', 'demand must be finite', 'Day 1 of it is infinite.'),
    ('two dimensions', '{{1,2},{3,4}}', 'mean', '1', '7', 'demand must have one dimension', 'It has 2.'),
    ('season 0', '{1,2}', 'mean', '1', '0', 'season_length must be positive', 'Got 0.'),
    ('season below 0', '{1,2}', 'holt_winters', '1', '-7', 'season_length must be positive', 'Got -7.');
SELECT pg_temp.refused(format('SELECT inventory.forecast(%L, %L, %s, %s)', w.demand, w.method, w.days, w.season), w.message, w.detail, 'forecast: ' || w.label) FROM wrong w;
SELECT pg_temp.refused(format('SELECT * FROM inventory.forecast_error(%L, %L, %s, %s)', w.demand, w.method, w.days, w.season), w.message, w.detail, 'forecast_error: ' || w.label) FROM wrong w;
SELECT pg_temp.refused(format('SELECT inventory.forecast(''{1,2}'', ''mean'', %s)', h.days), h.message, h.detail, 'horizon ' || h.days)
    FROM (VALUES (0, 'horizon must be positive', 'Got 0.'), (-1, 'horizon must be positive', 'Got -1.'), (3651, 'horizon must be at most 3650 days', 'Got 3651.')) AS h (days, message, detail);
SELECT pg_temp.refused(format('SELECT * FROM inventory.forecast_error(''{1,2,3}'', ''mean'', %s)', h.days), h.message, h.detail, 'holdout ' || h.days)
    FROM (VALUES (0, 'holdout must be positive', 'Got 0.'), (-1, 'holdout must be positive', 'Got -1.'),
        (3, 'holdout must be shorter than the demand', 'Held out: 3, days of demand: 3.'), (4, 'holdout must be shorter than the demand', 'Held out: 4, days of demand: 3.')) AS h (days, message, detail);
SELECT pg_temp.refused(format('SELECT inventory.forecast(''{1,2}'', ''mean'', %s => %L)', c.name, v.value), c.name || ' must be above 0 and at most 1', v.detail, format('%s %s', c.name, v.value))
    FROM (VALUES ('alpha'), ('beta'), ('gamma')) AS c (name), (VALUES ('0', 'Got 0.'), ('1.5', 'Got 1.5.'), ('NaN', 'Got NaN.')) AS v (value, detail);

-- A long forecast can be cancelled while it works: the timeout strikes before there is a result.
CREATE TEMP TABLE endless_history AS SELECT array_fill(1::float8, ARRAY[2000000]) AS x;
CREATE FUNCTION pg_temp.cancelled_in_time() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    result float8[];
BEGIN
    result := inventory.forecast(x, 'holt_winters') FROM endless_history;
    RETURN false;
EXCEPTION WHEN query_canceled THEN
    RETURN result IS NULL;
END
$$;
SET LOCAL statement_timeout = '300ms';
SELECT ok(pg_temp.cancelled_in_time(), 'a long forecast can be cancelled');
SET LOCAL statement_timeout = 0;

-- Declared as what they are
SELECT is((SELECT concat_ws(' ', provolatile, proparallel, proisstrict) FROM pg_proc WHERE oid = 'inventory.forecast(float8[], text, integer, integer, float8, float8, float8)'::regprocedure), 'i s f', 'forecast');
SELECT is((SELECT concat_ws(' ', provolatile, proparallel, proisstrict) FROM pg_proc WHERE oid = 'inventory.forecast_error(float8[], text, integer, integer)'::regprocedure), 'i s t', 'forecast_error');

SELECT * FROM finish();
ROLLBACK;
