-- The mathematics of planning: known values, what has to hold whatever the numbers,
-- brute force where that is possible, and what is refused.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION inventory;
SELECT plan(169);

-- Equal but for a relative 1e-9, or what is given.
CREATE FUNCTION pg_temp.near(actual double precision, expected double precision, label text, tolerance double precision DEFAULT 1e-9) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN abs(actual - expected) <= tolerance * greatest(abs(expected), 1e-300) THEN pass(label)
        ELSE fail(format('%s: got %s, expected %s', label, actual, expected)) END
$$;
CREATE FUNCTION pg_temp.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END
$$;
CREATE TEMP TABLE factorial_log AS SELECT k, coalesce(sum(ln(greatest(k, 1)::double precision)) OVER (ORDER BY k), 0) AS log FROM generate_series(0, 60) k;
CREATE FUNCTION pg_temp.poisson(k integer, mean double precision) RETURNS double precision LANGUAGE sql AS $$
    SELECT exp(k * ln(mean) - mean - f.log) FROM factorial_log f WHERE f.k = $1
$$;
-- What a level costs per unit of time, summed over the demands.
CREATE FUNCTION pg_temp.rate(level integer, mean double precision, holding double precision, stockout double precision) RETURNS double precision LANGUAGE sql AS $$
    SELECT sum(exp(k * ln(mean) - mean - log) * (holding * greatest(level - k, 0) + stockout * greatest(k - level, 0))) FROM factorial_log
$$;

-- The standard normal distribution. Expected values from 50 digit arithmetic.

SELECT pg_temp.near(inventory.z_value(p), z, format('z_value(%s)', p), 1e-13) FROM (VALUES
    (0.95::double precision, 1.6448536269514722::double precision), (0.975, 1.959963984540054), (0.9, 1.2815515655446004), (0.99, 2.3263478740408408),
    (0.999, 3.090232306167813), (0.6, 0.2533471031357997), (0.75, 0.6744897501960817), (0.25, -0.6744897501960817), (0.5000001, 2.5066282733116483e-07),
    (0.05, -1.6448536269514722), (1e-6, -4.753424308822899), (1e-9, -5.997807015007687), (0.999999999, 5.9978070196016374),
    (1.1e-12, -7.0211813988846291), (1e-300, -37.047096299361199), (5e-324, -38.467405617144346)) v(p, z);
SELECT is(inventory.z_value(0.5), 0::double precision, 'half of the time without any safety stock');
SELECT is_empty('SELECT t FROM generate_series(1, 4095) i, lateral (SELECT i / 4096::double precision AS t) x WHERE inventory.z_value(t) <> -inventory.z_value(1 - t)', 'z_value is antisymmetric');
SELECT is_empty('SELECT p FROM (SELECT p, inventory.z_value(p) - lag(inventory.z_value(p)) OVER (ORDER BY p) AS step
    FROM (SELECT i / 20000.0::double precision AS p FROM generate_series(1, 19999) i) q) s WHERE step <= 0', 'z_value increases');
SELECT is_empty('SELECT p FROM (SELECT p, inventory.z_value(p) - lag(inventory.z_value(p)) OVER (ORDER BY p) AS step
    FROM (SELECT 0.25 + i * 1e-9::double precision AS p FROM generate_series(-500, 500) i UNION ALL SELECT 0.75 + i * 1e-9 FROM generate_series(-500, 500) i) q) s
    WHERE step <= 0', 'also where one formula follows the other');
-- The slope of the loss is the tail, so the loss function leads back.
SELECT is_empty('SELECT p FROM (SELECT i / 100.0::double precision AS p FROM generate_series(1, 99) i) q
    WHERE abs((inventory.standard_loss(inventory.z_value(p) - 1e-5) - inventory.standard_loss(inventory.z_value(p) + 1e-5)) / 2e-5 - (1 - p)) > 1e-9', 'z_value and standard_loss belong together');
SELECT pg_temp.near(inventory.standard_loss(z), l, format('standard_loss(%s)', z), 1e-12) FROM (VALUES
    (0::double precision, 0.3989422804014327::double precision), (0.3, 0.26676124211720988), (1, 0.08331547058768626), (-2, 2.0084907026168297), (4, 7.1452584324056668e-06), (20, 1.3700124947295799e-90)) v(z, l);
SELECT is_empty('SELECT z FROM generate_series(-6, 6, 0.25) z WHERE abs(inventory.standard_loss(-z) - inventory.standard_loss(z) - z) > 1e-14', 'excess less shortage is z');
SELECT is_empty('SELECT z FROM generate_series(-6, 6, 0.25) z WHERE abs(inventory.standard_loss_second(-z) + inventory.standard_loss_second(z) - (z * z + 1) / 2) > 1e-13', 'the second losses add up');
SELECT is_empty('SELECT z FROM generate_series(-3, 6, 0.25) z
    WHERE abs((inventory.standard_loss_second(z - 1e-4) - inventory.standard_loss_second(z + 1e-4)) / 2e-4 / inventory.standard_loss(z) - 1) > 1e-6', 'the slope of the second loss is the loss');
SELECT pg_temp.near(inventory.standard_loss_second(0), 0.25, 'standard_loss_second(0)', 1e-14);
SELECT results_eq('SELECT shortage, excess FROM inventory.normal_loss(12, 10, 0)', 'VALUES (0::double precision, 2::double precision)', 'without variance the loss is the difference');
SELECT pg_temp.near(shortage, 3 * 0.08331547058768626, 'normal_loss: shortage') FROM inventory.normal_loss(11, 8, 3);
SELECT pg_temp.near(excess, 3 * 1.08331547058768626, 'normal_loss: excess') FROM inventory.normal_loss(11, 8, 3);
SELECT is_empty($$SELECT x FROM generate_series(0, 25) x, inventory.poisson_loss(x, 6.5) l
    WHERE abs(l.shortage - pg_temp.rate(x, 6.5, 0, 1)) > 1e-12 OR abs(l.excess - pg_temp.rate(x, 6.5, 1, 0)) > 1e-12$$, 'poisson_loss is the sum over the demands');
SELECT pg_temp.near(shortage, (pg_temp.rate(4, 6.5, 0, 1) + pg_temp.rate(5, 6.5, 0, 1)) / 2, 'poisson_loss between whole numbers') FROM inventory.poisson_loss(4.5, 6.5);
SELECT results_eq('SELECT shortage, excess FROM inventory.poisson_loss(-3, 2)', 'VALUES (5::double precision, 0::double precision)', 'poisson_loss below nothing');
SELECT results_eq('SELECT shortage, excess FROM inventory.poisson_loss(1e9, 2)', 'VALUES (0::double precision, 999999998::double precision)', 'poisson_loss above everything');
-- With sqrt(n / (2 pi)) as the first term of its series.
SELECT pg_temp.near(shortage, sqrt(1e8 / (2 * pi())), 'poisson_loss of a very large mean', 1e-7) FROM inventory.poisson_loss(1e8, 1e8);

-- Safety stock and reorder point

SELECT is(inventory.reorder_point(50, 7, 10, 1.65), 394::bigint, 'the reorder point of the manual');
SELECT is(inventory.reorder_point(50, 7, 10), 394::bigint, 'z is 1.65 unless given');
SELECT is(inventory.reorder_point(50, 7), 350::bigint, 'no deviation, no safety stock');
SELECT is(inventory.reorder_point(1.1, 50), 55::bigint, 'rounding errors are not rounded up');
SELECT is(inventory.reorder_point(0.1, 3), 1::bigint, 'a part of a unit is rounded up');
SELECT is(inventory.reorder_point(50, 0, 10), 0::bigint, 'no lead time');
SELECT is(inventory.reorder_point(0, 7, 10, -3), -79::bigint, 'rounded up below zero too');
SELECT is(inventory.reorder_point(50, 6, 5, inventory.z_value(0.9), 2), 430::bigint, 'the lead time varies');
SELECT is(inventory.reorder_point(50, 6, 5, 1.65, 0), inventory.reorder_point(50, 6, 5, 1.65), 'or not');
SELECT pg_temp.near(inventory.safety_stock(1.28, 25, 4), 64, 'z * stddev * sqrt(lead time)');
SELECT pg_temp.near(inventory.safety_stock(2, 3, 4, 5, 6), 2 * sqrt(4 * 9 + 25 * 36), 'with a lead time that varies');
SELECT pg_temp.near(inventory.safety_stock(2, 3, 4, 5, 0), inventory.safety_stock(2, 3, 4), 'or not');
SELECT is(inventory.safety_stock(-2, 3, 4), -12::double precision, 'a service level below one half');
SELECT results_eq('SELECT mean, stddev FROM inventory.lead_time_demand(3, 4, 1, 1)', 'VALUES (3::double precision, 5::double precision)', 'demand over the lead time');

-- Lot sizes

SELECT pg_temp.near(inventory.economic_order_quantity(5000, 400, 28), sqrt(2 * 5000 * 400 / 28.0), 'economic order quantity');
SELECT is(inventory.economic_order_quantity(1000, 8, 4), sqrt(4000::double precision), 'the same by hand');
SELECT is(inventory.economic_order_quantity(0, 8, 4), 0::double precision, 'no demand, no order');
SELECT is(inventory.economic_order_quantity(1000, 0, 4), 0::double precision, 'orders for nothing are as small as can be');
SELECT is(inventory.eoq_cost(0, 8, 4, 10), 20::double precision, 'without demand only holding costs');
SELECT pg_temp.near(inventory.eoq_cost(1000, 8, 4, inventory.economic_order_quantity(1000, 8, 4)), sqrt(2 * 1000 * 8 * 4), 'at the best quantity ordering costs what holding does');
SELECT is_empty('SELECT q FROM generate_series(0.5, 2, 0.01) q WHERE inventory.eoq_cost(1000, 8, 4, q * sqrt(4000)) < inventory.eoq_cost(1000, 8, 4, sqrt(4000)) - 1e-9', 'no other quantity costs less');

CREATE TEMP TABLE discount_case AS
    SELECT i, 10 + i * 37 % CASE WHEN i % 4 = 0 THEN 90 ELSE 1900 END AS demand, 1 + i * 13 % 150 AS order_cost, 0.05 + i % 9 * 0.04 AS holding_rate,
        ARRAY[0, 50 + i * 7 % 90, (200 + i * 11 % 150) * (1 + i % 2 * 4)]::double precision[] AS breakpoints, ARRAY[12, 12 - i % 5 * 0.3, 9 - i % 7 * 0.5]::double precision[] AS unit_costs
    FROM generate_series(1, 60) i;
-- The cost of any quantity.
CREATE FUNCTION pg_temp.discount_cost(c discount_case, quantity double precision, incremental boolean) RETURNS double precision LANGUAGE sql AS $$
    SELECT c.demand * price + c.order_cost * c.demand / quantity + c.holding_rate * price * quantity / 2
    FROM (SELECT CASE WHEN incremental THEN
            (SELECT sum((least(quantity, coalesce(c.breakpoints[n + 1], quantity)) - c.breakpoints[n]) * c.unit_costs[n]) FROM generate_series(1, 3) n WHERE c.breakpoints[n] <= quantity) / quantity
        ELSE (SELECT c.unit_costs[max(n)] FROM generate_series(1, 3) n WHERE c.breakpoints[n] <= quantity) END AS price) p
$$;
SELECT is_empty('SELECT c.i FROM discount_case c, inventory.eoq_all_units_discount(demand, order_cost, holding_rate, breakpoints, unit_costs) l
    WHERE abs(pg_temp.discount_cost(c, l.quantity, false) / l.annual_cost - 1) > 1e-12', 'all units: the cost is that of the quantity');
SELECT is_empty('SELECT c.i, q FROM discount_case c, inventory.eoq_all_units_discount(demand, order_cost, holding_rate, breakpoints, unit_costs) l, generate_series(1, 1500, 2) q
    WHERE pg_temp.discount_cost(c, q, false) < l.annual_cost * (1 - 1e-12)', 'all units: no quantity costs less');
SELECT is_empty('SELECT c.i FROM discount_case c, inventory.eoq_incremental_discount(demand, order_cost, holding_rate, breakpoints, unit_costs) l
    WHERE abs(pg_temp.discount_cost(c, l.quantity, true) / l.annual_cost - 1) > 1e-12', 'incremental: the cost is that of the quantity');
SELECT is_empty('SELECT c.i, q FROM discount_case c, inventory.eoq_incremental_discount(demand, order_cost, holding_rate, breakpoints, unit_costs) l, generate_series(1, 1500, 2) q
    WHERE pg_temp.discount_cost(c, q, true) < l.annual_cost * (1 - 1e-12)', 'incremental: no quantity costs less');
SELECT cmp_ok((SELECT count(DISTINCT (SELECT count(*) FROM unnest(breakpoints) b WHERE b <= l.quantity)) FROM discount_case, inventory.eoq_all_units_discount(demand, order_cost, holding_rate, breakpoints, unit_costs) l), '=', 3::bigint, 'all ranges were best once');
SELECT pg_temp.near(quantity, inventory.economic_order_quantity(1000, 200, 100), 'one price, no discount') FROM inventory.eoq_all_units_discount(1000, 200, 0.2, '{0}', '{500}');
SELECT pg_temp.near(annual_cost, 500 * 1000 + sqrt(2 * 1000 * 200 * 100), 'and its cost') FROM inventory.eoq_incremental_discount(1000, 200, 0.2, '{0}', '{500}');
SELECT results_eq($$SELECT quantity, annual_cost FROM inventory.eoq_all_units_discount(1000, 200, 0.2, '[0:2]={0,200,500}', '[7:9]={500,475,450}')$$,
    'VALUES (500::double precision, 472900::double precision)', 'arrays may start anywhere');
SELECT results_eq($$SELECT quantity, annual_cost FROM inventory.eoq_all_units_discount(0, 200, 0.2, '{0,200}', '{500,475}')$$, 'VALUES (0::double precision, 0::double precision)', 'no demand, no order at any price');

SELECT pg_temp.near(quantity, inventory.economic_order_quantity(1300, 8, 0.225), 'waiting that costs very much is the plain order quantity', 1e-6) FROM inventory.eoq_backorders(1300, 8, 0.225, 1e9);
SELECT is_empty('SELECT p FROM (SELECT p, quantity - lag(quantity) OVER (ORDER BY p) AS quantity, stockout_fraction - lag(stockout_fraction) OVER (ORDER BY p) AS fraction, annual_cost - lag(annual_cost) OVER (ORDER BY p) AS cost
    FROM generate_series(1, 100) p, inventory.eoq_backorders(1300, 8, 0.225, p)) s WHERE quantity >= 0 OR fraction >= 0 OR cost <= 0', 'dearer waiting: less of it, smaller orders, more cost');
SELECT is_empty('SELECT q, x FROM inventory.eoq_backorders(1300, 8, 2, 5) b, generate_series(0.5, 1.5, 0.05) q, generate_series(0, 1, 0.05) x
    WHERE inventory.eoq_backorders_cost(1300, 8, 2, 5, b.quantity * q, x) < b.annual_cost - 1e-9', 'no other quantity and fraction cost less');
SELECT pg_temp.near(inventory.eoq_backorders_cost(1300, 8, 2, 5, quantity, stockout_fraction), annual_cost, 'the cost is that of the quantity') FROM inventory.eoq_backorders(1300, 8, 2, 5);
SELECT pg_temp.near(inventory.eoq_backorders_cost(1300, 8, 2, 5, 70, 0), inventory.eoq_cost(1300, 8, 2, 70), 'nobody waits: the plain cost');
SELECT pg_temp.near(quantity, inventory.economic_order_quantity(80, 4, 0.08), 'production at once is buying', 1e-6) FROM inventory.economic_production_quantity(80, 4, 0.08, 1e9);
SELECT pg_temp.near(quantity, sqrt(2 * 80 * 4 / (0.08 * (1 - 80 / 110.0))), 'economic production quantity') FROM inventory.economic_production_quantity(80, 4, 0.08, 110);
SELECT pg_temp.near(inventory.economic_production_cost(80, 4, 0.08, 110, quantity), annual_cost, 'the cost is that of the quantity') FROM inventory.economic_production_quantity(80, 4, 0.08, 110);

-- All plans that order at the start of some periods all that is needed until the next.
CREATE FUNCTION pg_temp.cheapest_plan(demand double precision[], order_cost double precision, holding double precision) RETURNS double precision LANGUAGE sql AS $$
    WITH plan AS (SELECT mask FROM generate_series(0, (1 << cardinality(demand)) - 1) mask),
    carried AS (
        SELECT mask, t, demand[t] AS d, mask & (1 << (t - 1)) <> 0 AS orders,
            (SELECT max(u) FROM generate_series(1, t) u WHERE mask & (1 << (u - 1)) <> 0) AS ordered
        FROM plan, generate_series(1, cardinality(demand)) t)
    SELECT min(cost) FROM (SELECT sum(CASE WHEN orders THEN order_cost ELSE 0 END + holding * d * coalesce(t - ordered, 0)) AS cost
        FROM carried GROUP BY mask HAVING bool_and(d = 0 OR ordered IS NOT NULL)) c
$$;
-- What the plan of wagner_whitin costs; NULL where a demand is not met.
CREATE FUNCTION pg_temp.plan_cost(plan double precision[], demand double precision[], order_cost double precision, holding double precision) RETURNS double precision LANGUAGE sql AS $$
    SELECT CASE WHEN min(stock) >= -1e-9 THEN sum(CASE WHEN q > 0 THEN order_cost ELSE 0 END + holding * stock) END
    FROM (SELECT q, sum(q - d) OVER (ORDER BY o) AS stock FROM unnest(plan, demand) WITH ORDINALITY u(q, d, o)) p
$$;
CREATE TEMP TABLE lot_case AS
    SELECT i, ARRAY(SELECT CASE WHEN (i * 7 + t * 5) % 4 = 0 THEN 0 ELSE (i * 31 + t * t * 17) % 90 END FROM generate_series(1, 4 + i % 5) t)::double precision[] AS demand,
        (i * 29 % 120)::double precision AS order_cost, (i % 6 * 0.5)::double precision AS holding
    FROM generate_series(1, 48) i;
SELECT is_empty('SELECT c.i, w.cost, pg_temp.cheapest_plan(demand, order_cost, holding) FROM lot_case c,
    lateral (SELECT min(total_cost) AS cost, max(total_cost) AS same, array_agg(order_quantity ORDER BY period) AS plan FROM inventory.wagner_whitin(demand, order_cost, holding)) w
    WHERE abs(w.cost - pg_temp.cheapest_plan(demand, order_cost, holding)) > 1e-9 OR w.cost <> w.same', 'no plan costs less than that of wagner_whitin');
SELECT is_empty('SELECT c.i FROM lot_case c,
    lateral (SELECT min(total_cost) AS cost, array_agg(order_quantity ORDER BY period) AS plan FROM inventory.wagner_whitin(demand, order_cost, holding)) w
    WHERE abs(w.cost - pg_temp.plan_cost(w.plan, demand, order_cost, holding)) <= 1e-9 IS NOT TRUE', 'and the plan costs that, and meets all demands');
SELECT results_eq($$SELECT period, order_quantity, total_cost FROM inventory.wagner_whitin('{200,200,200,200,200}', 100, 0.1)$$,
    $$VALUES (1, 400::double precision, 280::double precision), (2, 0, 280), (3, 600, 280), (4, 0, 280), (5, 0, 280)$$, 'of equal plans the one with the earlier second order');
SELECT results_eq($$SELECT order_quantity, total_cost FROM inventory.wagner_whitin('[5:8]={0,30,0,20}', 10, 1)$$,
    $$VALUES (0::double precision, 20::double precision), (30, 20), (0, 20), (20, 20)$$, 'nothing is ordered where nothing is needed');
SELECT results_eq($$SELECT order_quantity, total_cost FROM inventory.wagner_whitin('{0,0}', 10, 1)$$, $$VALUES (0::double precision, 0::double precision), (0, 0)$$, 'no demand at all');
SELECT results_eq($$SELECT order_quantity, total_cost FROM inventory.wagner_whitin('{5,6,7}', 0, 1)$$, $$VALUES (5::double precision, 0::double precision), (6, 0), (7, 0)$$, 'orders for nothing');
SELECT results_eq($$SELECT order_quantity, total_cost FROM inventory.wagner_whitin('{5,6,7}', 3, 0)$$, $$VALUES (18::double precision, 3::double precision), (0, 3), (0, 3)$$, 'holding for nothing');

SELECT pg_temp.near(quantity, inventory.economic_order_quantity(100, 30, 2), 'one product shares with nobody') FROM inventory.joint_replenishment_silver(10, '{20}', '{2}', '{100}');
SELECT results_eq($$SELECT item, multiple, round(quantity::numeric, 6) FROM inventory.joint_replenishment_silver(600, '{120,840,300}', '{160,20,50}', '{1,1,1}')$$,
    'VALUES (1, 1::bigint, 3.103164), (2, 3, 9.309493), (3, 1, 3.103164)', 'three products, worked by hand');
-- Cycle 1 is one order with all of them; its ordering and holding cost are equal.
SELECT is((SELECT count(*) FROM inventory.joint_replenishment_silver(600, '{120,840,300}', '{160,20,50}', '{1,1,1}') j
    WHERE abs(j.cost - 2 * (600 + 120 + 840 / 3.0 + 300) / j.cycle_time) < 1e-9), 3::bigint, 'ordering costs what holding does');

-- Newsvendor

SELECT pg_temp.near(quantity, 900 + 60 * inventory.z_value(79 / 122.0), 'newsvendor_normal') FROM inventory.newsvendor_normal(900, 60, 43, 79);
SELECT pg_temp.near(expected_cost, 2718.196781782411, 'and its cost') FROM inventory.newsvendor_normal(900, 60, 43, 79);
SELECT is_empty('SELECT x FROM inventory.newsvendor_normal(900, 60, 43, 79) n, generate_series(-30, 30) x WHERE inventory.newsvendor_normal_cost(900, 60, 43, 79, n.quantity + x) < n.expected_cost', 'no other quantity costs less');
SELECT results_eq('SELECT quantity, expected_cost FROM inventory.newsvendor_normal(900, 0, 43, 79)', 'VALUES (900::double precision, 0::double precision)', 'what is known costs nothing');
SELECT pg_temp.near(quantity, 4 * 900 + 2 * 60 * inventory.z_value(79 / 122.0), 'a lead time of three protects four periods') FROM inventory.newsvendor_normal(900, 60, 43, 79, 3);
SELECT results_eq('SELECT quantity, expected_cost FROM inventory.newsvendor_normal(900, 60, 43, 79, 0)', 'SELECT quantity, expected_cost FROM inventory.newsvendor_normal(900, 60, 43, 79)', 'none protects one');
SELECT is_empty($$SELECT m, u, n.quantity, n.expected_cost FROM generate_series(0.5, 12, 0.5) m, unnest('{0.01,1,4,99}'::double precision[]) u, inventory.newsvendor_poisson(m, 1, u) n,
    lateral (SELECT x, pg_temp.rate(x, m::double precision, 1, u) AS cost FROM generate_series(0, 40) x ORDER BY 2, 1 LIMIT 1) b
    WHERE n.quantity <> b.x OR abs(n.expected_cost - b.cost) > 1e-9$$, 'newsvendor_poisson is the best of all quantities');
SELECT results_eq('SELECT quantity, expected_cost FROM inventory.newsvendor_poisson(0, 1, 4)', 'VALUES (0::double precision, 0::double precision)', 'no demand, no stock');
SELECT results_eq('SELECT quantity, expected_cost FROM inventory.newsvendor_poisson(2, 1, 4, 2)', 'SELECT quantity, expected_cost FROM inventory.newsvendor_poisson(6, 1, 4)', 'three periods of Poisson demand');
SELECT pg_temp.near(inventory.newsvendor_poisson_cost(6, 1, 4, 5), pg_temp.rate(5, 6, 1, 4), 'newsvendor_poisson_cost');
SELECT pg_temp.near(p.quantity, n.quantity, 'much Poisson demand is normal demand', 1e-6) FROM inventory.newsvendor_poisson(1e8, 1, 9) p, inventory.newsvendor_normal(1e8, 1e4, 1, 9) n;
SELECT pg_temp.near(p.expected_cost, n.expected_cost, 'and costs the same', 1e-4) FROM inventory.newsvendor_poisson(1e8, 1, 9) p, inventory.newsvendor_normal(1e8, 1e4, 1, 9) n;
SELECT results_eq($$SELECT quantity, expected_cost FROM inventory.newsvendor_discrete('{3,1,2}', '{0.5,0.25,0.25}', 1, 1)$$, $$VALUES (2::double precision, 0.75::double precision)$$, 'values in any order, the smallest of the best');
SELECT is_empty($$SELECT u FROM generate_series(0.05, 20, 0.05) u, inventory.newsvendor_discrete('{1,2,3,5,8}', '{0.1,0.2,0.3,0.15,0.25}', 1, u) n, unnest('{1,2,3,5,8}'::double precision[]) x
    WHERE inventory.newsvendor_discrete_cost('{1,2,3,5,8}', '{0.1,0.2,0.3,0.15,0.25}', 1, u, x) < n.expected_cost - 1e-12$$, 'newsvendor_discrete is the best of all quantities');
SELECT pg_temp.near(inventory.newsvendor_discrete_cost('{1,3}', '{0.5,0.5}', 2, 7, 2), 0.5 * 2 + 0.5 * 7, 'newsvendor_discrete_cost');
SELECT pg_temp.near(expected_profit, 33.002394806823354, 'newsvendor_normal_explicit') FROM inventory.newsvendor_normal_explicit(50, 8, 1, 0.3, 0.12);
SELECT pg_temp.near(expected_profit + expected_cost, 50 * 0.7, 'profit and cost share the margin') FROM inventory.newsvendor_normal_explicit(50, 8, 1, 0.3, 0.12, 0.05, 0.2);
SELECT pg_temp.near(e.quantity, n.quantity, 'prices come to costs') FROM inventory.newsvendor_normal_explicit(50, 8, 1, 0.3, 0.12, 0.05, 0.2) e, inventory.newsvendor_normal(50, 8, 0.23, 0.9) n;
-- Sold are at most quantity and at most the demand.
SELECT pg_temp.near(expected_profit, (SELECT sum(pg_temp.poisson(d, 5) * (10 * least(d, e.quantity) + 1 * greatest(e.quantity - d, 0) - 4 * e.quantity)) FROM generate_series(0, 60) d), 'newsvendor_poisson_explicit, day by day')
    FROM inventory.newsvendor_poisson_explicit(5, 10, 4, 1) e;
SELECT pg_temp.near(fill_rate, (SELECT sum(pg_temp.poisson(d, 5) * least(d, e.quantity)) / 5 FROM generate_series(0, 60) d), 'and its fill rate') FROM inventory.newsvendor_poisson_explicit(5, 10, 4, 1) e;
SELECT cmp_ok(quantity, '<', 5::double precision, 'disposal that costs makes orders smaller') FROM inventory.newsvendor_poisson_explicit(5, 10, 4, -20);

-- (r, Q)

CREATE TEMP TABLE rq_case AS
    SELECT i, (5 + i * 37 % 300)::double precision AS demand, (1 + i * 11 % 60)::double precision AS stddev, (0.25 + i % 4)::double precision AS lead_time,
        (1 + i * 23 % 90)::double precision AS order_cost, (0.1 + i % 5)::double precision AS holding, (3 + i * 7 % 80)::double precision AS stockout
    FROM generate_series(1, 40) i;
-- Simpson's rule over the inventory positions.
SELECT is_empty('SELECT i FROM rq_case c, inventory.rq_policy(demand, stddev, lead_time, order_cost, holding, stockout, ''eoqb'') p, lateral (
        SELECT sum(CASE WHEN n IN (0, 400) THEN 1 WHEN n % 2 = 1 THEN 4 ELSE 2 END
            * inventory.newsvendor_normal_cost(demand * lead_time, stddev * sqrt(lead_time), holding, stockout, p.reorder_point + n * p.quantity / 400)) / 1200 AS mean
        FROM generate_series(0, 400) n) s
    WHERE abs((order_cost * demand / p.quantity + s.mean) / p.cost - 1) > 1e-5', 'the cost of (r, Q) is the average over the positions');
SELECT is_empty('SELECT i, x FROM rq_case c, inventory.rq_policy(demand, stddev, lead_time, order_cost, holding, stockout, ''eoqb'') p, generate_series(-5, 5) x
    WHERE inventory.rq_cost(demand, stddev, lead_time, order_cost, holding, stockout, p.reorder_point + x * stddev / 10, p.quantity) < p.cost * (1 - 1e-12)', 'eoqb: no other reorder point costs less');
SELECT is_empty('SELECT q, x FROM generate_series(1, 200, 13) q, inventory.rq_reorder_point(100, 10, 2, 9, 1, q) r, generate_series(-5, 5) x
    WHERE inventory.rq_cost(100, 10, 2, 5, 9, 1, r + x, q) < inventory.rq_cost(100, 10, 2, 5, 9, 1, r, q) * (1 - 1e-12)', 'nor where holding costs more than being short');
SELECT is_empty('SELECT i FROM rq_case c, inventory.rq_policy(demand, stddev, lead_time, order_cost, holding, stockout, ''eoqb'') p, inventory.eoq_backorders(demand, order_cost, holding, stockout) b
    WHERE p.quantity <> b.quantity OR abs(p.reorder_point - inventory.rq_reorder_point(demand, stddev, lead_time, holding, stockout, p.quantity)) > 1e-9', 'eoqb: the quantity is that of eoq_backorders');
SELECT is_empty('SELECT i FROM rq_case c, inventory.rq_policy(demand, stddev, lead_time, order_cost, holding, stockout, ''eoq_ss'') p
    WHERE abs(p.quantity / inventory.economic_order_quantity(demand, order_cost, holding) - 1) > 1e-12
    OR abs(p.reorder_point / (demand * lead_time + inventory.safety_stock(inventory.z_value(stockout / (holding + stockout)), stddev, lead_time)) - 1) > 1e-12', 'eoq_ss: order quantity and safety stock');
SELECT is_empty('SELECT i FROM rq_case c, inventory.rq_policy(demand, stddev, lead_time, order_cost, holding, stockout, ''loss'') p,
    lateral (SELECT stddev * sqrt(lead_time) AS sigma, (p.reorder_point - demand * lead_time) / (stddev * sqrt(lead_time)) AS z) x
    WHERE abs(sigma * inventory.standard_loss(z) / (holding * p.quantity / (holding + stockout)) - 1) > 1e-9
    OR abs(2 * (order_cost * demand + (holding + stockout) * sigma ^ 2 * inventory.standard_loss_second(z)) / holding / p.quantity ^ 2 - 1) > 1e-9', 'loss: both conditions hold');
SELECT is_empty('SELECT i FROM rq_case c, inventory.rq_policy(demand, stddev, lead_time, order_cost, holding, stockout * 10) p,
    lateral (SELECT stddev * sqrt(lead_time) AS sigma, (p.reorder_point - demand * lead_time) / (stddev * sqrt(lead_time)) AS z) x
    WHERE abs(inventory.z_value(1 - holding * p.quantity / (stockout * 10 * demand)) - z) > 1e-9
    OR abs(2 * demand * (order_cost + stockout * 10 * sigma * inventory.standard_loss(z)) / holding / p.quantity ^ 2 - 1) > 1e-9', 'eil: both conditions hold');
SELECT is_empty('SELECT i FROM rq_case c, inventory.rq_policy(demand, stddev, lead_time, order_cost, holding, stockout * 10) p,
    lateral (SELECT stddev * sqrt(lead_time) AS sigma) x, lateral (SELECT (p.reorder_point - demand * lead_time) / sigma AS z) y
    WHERE abs((holding * (sigma * z + p.quantity / 2) + order_cost * demand / p.quantity + stockout * 10 * demand * sigma * inventory.standard_loss(z) / p.quantity) / p.cost - 1) > 1e-9', 'eil: the cost is that of its model');
SELECT is_empty('SELECT i FROM rq_case c, inventory.rq_policy(demand, 0, lead_time, order_cost, holding, stockout, ''loss'') p, inventory.eoq_backorders(demand, order_cost, holding, stockout) b
    WHERE abs(p.quantity / b.quantity - 1) > 1e-12 OR abs(p.cost / b.annual_cost - 1) > 1e-9', 'without variance: backorders');
SELECT is_empty('SELECT i FROM rq_case c, unnest(''{eil,eoqb,loss,eoq_ss}''::text[]) method, inventory.rq_policy(demand, 1e-7, lead_time, order_cost, holding, stockout * 10, method) p, inventory.rq_policy(demand, 0, lead_time, order_cost, holding, stockout * 10, method) q
    WHERE abs(p.quantity / q.quantity - 1) > 1e-5 OR abs(p.reorder_point - q.reorder_point) > 1e-5', 'hardly any variance: hardly any difference');
SELECT results_eq('SELECT * FROM inventory.rq_policy(192, 17.4, 3, 85, 3, 40)', 'SELECT * FROM inventory.rq_policy(192, 17.4, 3, 85, 3, 40, ''eil'')', 'eil unless said');
SELECT is_empty('SELECT m, l, k, p, q.reorder_point, q.quantity, b.r, b.q FROM unnest(''{0.7,2,3.5}''::double precision[]) m, unnest(''{0.5,2}''::double precision[]) l, unnest(''{0,4,30}''::double precision[]) k, unnest(''{2,15}''::double precision[]) p,
    inventory.rq_policy_poisson(m, l, k, 1, p) q, lateral (
        SELECT r, q, (k * m + sum(rate) OVER (PARTITION BY r ORDER BY q)) / q AS cost
        FROM (SELECT r, q, pg_temp.rate(r + q, m * l, 1, p) AS rate FROM generate_series(-8, 12) r, generate_series(1, 25) q) g ORDER BY cost LIMIT 1) b
    WHERE q.reorder_point <> b.r OR q.quantity <> b.q OR abs(q.cost - b.cost) > 1e-9', 'rq_policy_poisson is the best of all policies');
SELECT pg_temp.near(inventory.rq_cost_poisson(1.5, 2, 100, 20, 150, 8, 12), (SELECT (150 + sum(pg_temp.rate(y, 3, 20, 150))) / 12 FROM generate_series(9, 20) y), 'rq_cost_poisson');
SELECT pg_temp.near(p.cost, n.cost, 'much Poisson demand is normal demand', 1e-4) FROM inventory.rq_policy_poisson(1e6, 1, 1000, 1, 9) p, inventory.rq_policy(1e6, 1e3, 1, 1000, 1, 9, 'eoqb') n;

-- (s, S)

-- From a level above s on: what a cycle still costs and how long it takes, level by
-- level; a period without demand repeats.
CREATE FUNCTION pg_temp.ss_cost(s integer, big_s integer, mean double precision, order_cost double precision, holding double precision, stockout double precision) RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE
    cost double precision[] := '{}';
    periods double precision[] := '{}';
    nothing double precision := exp(-mean);
BEGIN
    FOR n IN 1 .. big_s - s LOOP
        cost[n] := pg_temp.rate(s + n, mean, holding, stockout);
        periods[n] := 1;
        FOR d IN 1 .. n - 1 LOOP
            cost[n] := cost[n] + pg_temp.poisson(d, mean) * cost[n - d];
            periods[n] := periods[n] + pg_temp.poisson(d, mean) * periods[n - d];
        END LOOP;
        cost[n] := cost[n] / (1 - nothing);
        periods[n] := periods[n] / (1 - nothing);
    END LOOP;
    RETURN (order_cost + cost[big_s - s]) / periods[big_s - s];
END
$$;
CREATE TEMP TABLE ss_case AS SELECT m, k, p FROM unnest('{0.4,2,3.7}'::double precision[]) m, unnest('{0,3,20}'::double precision[]) k, unnest('{1,6}'::double precision[]) p;
SELECT is_empty('SELECT c.*, q.*, b.* FROM ss_case c, inventory.ss_policy_poisson(m, k, 1, p) q, lateral (
        SELECT min(pg_temp.ss_cost(s, big_s, m, k, 1, p)) AS best FROM generate_series(-8, 6) s, generate_series(s + 1, least(s + 18, 15)) big_s) b
    WHERE abs(q.cost - b.best) > 1e-9', 'no (s, S) costs less');
SELECT is_empty('SELECT c.* FROM ss_case c, inventory.ss_policy_poisson(m, k, 1, p) q
    WHERE abs(q.cost - pg_temp.ss_cost(q.s::integer, q.big_s::integer, m, k, 1, p)) > 1e-9 OR abs(q.cost - inventory.ss_cost_poisson(m, k, 1, p, q.s, q.big_s)) > 1e-12', 'and the policy costs that');
SELECT pg_temp.near(inventory.ss_cost_poisson(6, 5, 1, 4, 6, 18), pg_temp.ss_cost(6, 18, 6, 5, 1, 4), 'ss_cost_poisson');
SELECT is_empty('SELECT k FROM generate_series(1, 200, 7) k, inventory.ss_policy_poisson(9, k, 1, 9) p, inventory.ss_policy_poisson(9, k + 7, 1, 9) q
    WHERE q.cost <= p.cost OR q.big_s - q.s < p.big_s - p.s', 'dearer orders: fewer of them');
SELECT results_eq('SELECT s, big_s, cost FROM inventory.ss_policy_poisson(5, 0, 1, 9)', 'SELECT quantity - 1, quantity, expected_cost FROM inventory.newsvendor_poisson(5, 1, 9)', 'orders for nothing: the newsvendor every period');
SELECT results_eq('SELECT round(s::numeric, 6), round(big_s::numeric, 6), cost FROM inventory.ss_policy_power_approximation(190, 48, 60, 2, 36)', 'VALUES (226.613793, 324.379787, NULL::double precision)', 'power approximation');
-- It was fitted to be within some percent of the optimum.
SELECT is_empty('SELECT m FROM unnest(''{4,10,25}''::double precision[]) m, inventory.ss_policy_power_approximation(m, sqrt(m), 32, 1, 9) a, inventory.ss_policy_poisson(m, 32, 1, 9) b
    WHERE inventory.ss_cost_poisson(m, 32, 1, 9, round(a.s), round(a.big_s)) NOT BETWEEN b.cost * (1 - 1e-12) AND b.cost * 1.05', 'which comes near the best');

-- What every function is, and what it refuses; forecasts have tests of their own

CREATE TEMP VIEW planning_function AS SELECT p.* FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
    WHERE p.pronamespace = 'inventory'::regnamespace AND l.lanname = 'c' AND p.provolatile = 'i' AND p.proname !~ '^forecast';
SELECT is((SELECT count(*) FROM planning_function), 38::bigint, 'the functions of planning');
SELECT is_empty('SELECT oid::regprocedure FROM planning_function WHERE NOT proisstrict OR proparallel <> ''s'' OR obj_description(oid, ''pg_proc'') !~ ''Errors: .*Source: ''', 'are strict, parallel safe, and name their errors and source');

-- Arguments that work, and of what kind each is: f finite, n not negative, p
-- positive; a the same for arrays, with 0 allowed, b without, x checked below.
CREATE TEMP TABLE call (name text, arguments text[], kinds text[]);
INSERT INTO call VALUES
    ('z_value', '{0.5}', '{p}'),
    ('safety_stock', '{1,2,3}', '{f,n,n}'),
    ('safety_stock', '{1,2,3,4,5}', '{f,n,n,n,n}'),
    ('reorder_point', '{1,2,3,4}', '{n,n,n,f}'),
    ('reorder_point', '{1,2,3,4,5}', '{n,n,n,f,n}'),
    ('lead_time_demand', '{1,2,3,4}', '{n,n,n,n}'),
    ('economic_order_quantity', '{1,2,3}', '{n,n,p}'),
    ('eoq_cost', '{1,2,3,4}', '{n,n,p,p}'),
    ('eoq_all_units_discount', '{1,2,3,"''{0,10}''","''{5,4}''"}', '{n,n,p,x,b}'),
    ('eoq_incremental_discount', '{1,2,3,"''{0,10}''","''{5,4}''"}', '{n,n,p,x,b}'),
    ('eoq_backorders', '{1,2,3,4}', '{n,n,p,p}'),
    ('eoq_backorders_cost', '{1,2,3,4,5,0.5}', '{n,n,p,p,p,n}'),
    ('economic_production_quantity', '{1,2,3,4}', '{n,n,p,p}'),
    ('economic_production_cost', '{1,2,3,4,5}', '{n,n,p,p,p}'),
    ('wagner_whitin', '{"''{5,6}''",2,3}', '{a,n,n}'),
    ('joint_replenishment_silver', '{1,"''{5,6}''","''{5,6}''","''{5,6}''"}', '{p,a,b,b}'),
    ('newsvendor_normal', '{1,2,3,4}', '{n,n,p,p}'),
    ('newsvendor_normal', '{1,2,3,4,5}', '{n,n,p,p,n}'),
    ('newsvendor_normal_cost', '{1,2,3,4,5}', '{n,n,p,p,f}'),
    ('newsvendor_normal_explicit', '{10,2,5,4,1,0,0}', '{p,n,p,n,f,n,n}'),
    ('newsvendor_poisson', '{1,3,4}', '{n,p,p}'),
    ('newsvendor_poisson', '{1,3,4,5}', '{n,p,p,n}'),
    ('newsvendor_poisson_cost', '{1,3,4,5}', '{n,p,p,f}'),
    ('newsvendor_poisson_explicit', '{10,5,4,1,0,0}', '{p,p,n,f,n,n}'),
    ('newsvendor_discrete', '{"''{5,6}''","''{0.5,0.5}''",1,2}', '{a,x,p,p}'),
    ('newsvendor_discrete_cost', '{"''{5,6}''","''{0.5,0.5}''",1,2,3}', '{a,x,p,p,f}'),
    ('rq_policy', '{100,2,3,4,5,600,''eil''}', '{p,n,n,p,p,p,x}'),
    ('rq_cost', '{1,2,3,4,5,6,7,8}', '{n,n,n,n,p,p,f,p}'),
    ('rq_reorder_point', '{1,2,3,4,5,6}', '{n,n,n,p,p,p}'),
    ('rq_policy_poisson', '{1,2,3,4,5}', '{p,n,n,p,p}'),
    ('rq_cost_poisson', '{1,2,3,4,5,6,7}', '{p,n,n,p,p,f,p}'),
    ('ss_policy_poisson', '{1,2,3,4}', '{p,n,p,p}'),
    ('ss_cost_poisson', '{1,2,3,4,-5,6}', '{p,n,p,p,f,f}'),
    ('ss_policy_power_approximation', '{1,2,3,4,5}', '{p,n,p,p,p}'),
    ('standard_loss', '{1}', '{f}'),
    ('standard_loss_second', '{1}', '{f}'),
    ('normal_loss', '{1,2,3}', '{f,f,n}'),
    ('poisson_loss', '{1,2}', '{f,n}');
SELECT set_eq('SELECT name, cardinality(arguments)::smallint FROM call', 'SELECT proname::text, pronargs FROM planning_function', 'every function is called below');
-- A call with one argument replaced.
CREATE FUNCTION pg_temp.statement(c call, n integer DEFAULT NULL, value text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT format('SELECT * FROM inventory.%I(%s)', c.name, array_to_string(CASE WHEN n IS NULL THEN c.arguments ELSE c.arguments[:n - 1] || value || c.arguments[n + 1:] END, ', '))
$$;
SELECT is_empty('SELECT pg_temp.statement(c) FROM call c WHERE pg_temp.outcome(pg_temp.statement(c)) <> ''no error''', 'all of these work');
SELECT is_empty($$SELECT s, pg_temp.outcome(s) FROM call c, generate_subscripts(arguments, 1) n, unnest('{''NaN'',''Infinity'',''-Infinity''}'::text[]) v, lateral (SELECT pg_temp.statement(c, n, v) AS s) t
    WHERE kinds[n] IN ('f', 'n', 'p') AND pg_temp.outcome(s) <> '22023'$$, 'NaN and infinity are refused everywhere');
SELECT is_empty($$SELECT s, pg_temp.outcome(s) FROM call c, generate_subscripts(arguments, 1) n, lateral (SELECT pg_temp.statement(c, n, '-0.001') AS s) t
    WHERE kinds[n] IN ('n', 'p') AND pg_temp.outcome(s) <> '22023'$$, 'and so are negative numbers where they make no sense');
SELECT is_empty($$SELECT s, pg_temp.outcome(s) FROM call c, generate_subscripts(arguments, 1) n, lateral (SELECT pg_temp.statement(c, n, '0') AS s) t
    WHERE kinds[n] = 'p' AND pg_temp.outcome(s) <> '22023'$$, 'and zero');
SELECT is_empty($$SELECT s, pg_temp.outcome(s) FROM call c, generate_subscripts(arguments, 1) n, lateral (SELECT pg_temp.statement(c, n, '0') AS s) t
    WHERE kinds[n] = 'n' AND c.name NOT LIKE '%explicit' AND pg_temp.outcome(s) <> 'no error'$$, 'where it is none, zero is taken');
SELECT is_empty($$SELECT s, pg_temp.outcome(s) FROM call c, generate_subscripts(arguments, 1) n,
    unnest('{"''{}''","''{NULL,1}''","''{{1,2},{3,4}}''","''{{1,2}}''","''{1,2,3}''","''{NaN,1}''","''{1,Infinity}''","''{-1,1}''"}'::text[]) v, lateral (SELECT pg_temp.statement(c, n, v) AS s) t
    WHERE arguments[n] LIKE '''{%' AND NOT (c.name = 'wagner_whitin' AND v = '''{1,2,3}''') AND pg_temp.outcome(s) <> '22023'$$, 'arrays that are empty, have NULL, two dimensions, another length, or no good numbers');
SELECT is_empty($$SELECT s, pg_temp.outcome(s) FROM call c, generate_subscripts(arguments, 1) n, lateral (SELECT pg_temp.statement(c, n, '''{0,0}''') AS s) t
    WHERE kinds[n] = 'b' AND pg_temp.outcome(s) <> '22023'$$, 'arrays of zeros');
CREATE FUNCTION pg_temp.rows(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    EXECUTE format('SELECT string_agg(a::text, '';'') FROM (%s) a', statement) INTO answer;
    RETURN answer;
END
$$;
SELECT is_empty($$SELECT s FROM call c, generate_subscripts(arguments, 1) n, lateral (SELECT pg_temp.statement(c, n, 'NULL') AS s) t WHERE coalesce(pg_temp.rows(s), '()') <> '()'$$, 'a NULL has no answer');

CREATE FUNCTION pg_temp.refused(statement text, code text, message text) RETURNS text LANGUAGE sql AS $$
    SELECT throws_ok(statement, code, message, message)
$$;
SELECT pg_temp.refused('SELECT inventory.z_value(1)', '22023', 'service_level must be above 0 and below 1');
SELECT pg_temp.refused('SELECT inventory.z_value(95)', '22023', 'service_level must be above 0 and below 1');
SELECT pg_temp.refused('SELECT inventory.economic_order_quantity(1, 1, 0)', '22023', 'holding_cost_per_unit must be positive');
SELECT pg_temp.refused('SELECT inventory.safety_stock(1, -1, 1)', '22023', 'stddev_daily_usage must not be negative');
SELECT pg_temp.refused($$SELECT inventory.eoq_all_units_discount(1, 1, 1, '{1,2}', '{5,4}')$$, '22023', 'breakpoints must start at 0');
SELECT pg_temp.refused($$SELECT inventory.eoq_incremental_discount(1, 1, 1, '{0,2,2}', '{5,4,3}')$$, '22023', 'breakpoints must increase');
SELECT pg_temp.refused($$SELECT inventory.eoq_all_units_discount(1, 1, 1, '{0,2}', '{5,6}')$$, '22023', 'unit_costs must not increase');
SELECT pg_temp.refused($$SELECT inventory.eoq_all_units_discount(1, 1, 1, '{0,2}', '{5}')$$, '22023', 'breakpoints and unit_costs must have the same number of elements');
SELECT pg_temp.refused('SELECT inventory.economic_production_quantity(10, 1, 1, 10)', '22023', 'production_rate must be above annual_demand');
SELECT pg_temp.refused('SELECT inventory.eoq_backorders_cost(1, 1, 1, 1, 1, 1.1)', '22023', 'stockout_fraction must not be above 1');
SELECT pg_temp.refused($$SELECT inventory.newsvendor_discrete('{1,2}', '{0.5,0.4}', 1, 1)$$, '22023', 'probabilities must add up to 1');
SELECT pg_temp.refused('SELECT inventory.newsvendor_normal_explicit(10, 1, 3, 4)', '22023', 'unit_price must be above unit_cost');
SELECT pg_temp.refused('SELECT inventory.newsvendor_normal_explicit(10, 1, 5, 4, 4)', '22023', 'salvage_value must be below unit_cost');
SELECT pg_temp.refused($$SELECT inventory.rq_policy(1, 1, 1, 1, 1, 1, 'best')$$, '22023', 'unknown method "best"');
SELECT pg_temp.refused('SELECT inventory.rq_policy(100, 50, 1, 10, 2, 0.01)', '22023', 'stockout_cost is too small for a policy of this method');
SELECT pg_temp.refused('SELECT inventory.rq_policy(100, 0, 1, 10, 2, 0.01)', '22023', 'stockout_cost is too small for a policy of this method');
SELECT pg_temp.refused('SELECT inventory.rq_cost_poisson(1, 1, 1, 1, 1, 0.5, 1)', '22023', 'reorder_point must be a whole number');
SELECT pg_temp.refused('SELECT inventory.ss_cost_poisson(1, 1, 1, 1, 5, 5)', '22023', 's must be below big_s');
SELECT pg_temp.refused('SELECT inventory.reorder_point(1e18, 10)', '22003', 'bigint out of range');
SELECT pg_temp.refused('SELECT inventory.reorder_point(1e300, 1e300)', '22003', 'bigint out of range');
SELECT is(inventory.reorder_point(9007199254740992, 1000), 9007199254740992000::bigint, 'what fits into a bigint is returned');
SELECT pg_temp.refused('SELECT inventory.economic_order_quantity(1e308, 1e308, 1e-308)', '22003', 'value out of range: overflow');
SELECT pg_temp.refused($$SELECT * FROM inventory.wagner_whitin('{1e308,1e308}', 1e308, 1)$$, '22003', 'value out of range: overflow');
SELECT pg_temp.refused('SELECT inventory.newsvendor_poisson(2e8, 1, 1)', '54000', 'a mean of 2e+08 is too large for Poisson demand');
SELECT pg_temp.refused('SELECT inventory.rq_policy_poisson(1, 1, 1e300, 1, 9)', '54000', 'the exact answer would take too long to find');
SELECT pg_temp.refused('SELECT inventory.rq_cost_poisson(1, 1, 1, 1, 1, 0, 1e12)', '54000', 'the exact answer would take too long to find');
SELECT pg_temp.refused('SELECT inventory.ss_policy_poisson(1e7, 1e9, 1, 9)', '54000', 'the exact answer would take too long to find');
SELECT pg_temp.refused('SELECT inventory.ss_cost_poisson(1, 1, 1, 1, 0, 1e9)', '54000', 'the exact answer would take too long to find');
SELECT pg_temp.refused('SELECT * FROM inventory.wagner_whitin(array_fill(1::double precision, ARRAY[50001]), 1, 1)', '54000', 'the exact answer would take too long to find');

SELECT * FROM finish();
ROLLBACK;
