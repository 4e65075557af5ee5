-- refresh_demand against a plain reading of the ledger, and recompute_policies against numbers worked out by hand.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION inventory;
SELECT plan(360);

\ir include/setup.psql

SET LOCAL timezone = 'UTC';
SET LOCAL datestyle = 'ISO';
-- North and South where it is noon now, so that no day ends while the numbers are looked at; the others at the ends of the world.
UPDATE inventory.warehouse SET timezone = (SELECT CASE WHEN k >= 0 THEN 'Etc/GMT-' ELSE 'Etc/GMT+' END || abs(k) FROM (SELECT 12 - extract(hour FROM now())::integer AS k) x);
INSERT INTO inventory.warehouse (warehouse_id, name, timezone) VALUES (3, 'Kiritimati', 'Pacific/Kiritimati'), (4, 'Pago Pago', 'Pacific/Pago_Pago');

-- Midnight, by the clock of a warehouse, of the day that many days ago
CREATE FUNCTION pg_temp.midnight(warehouse bigint, days_ago integer) RETURNS timestamptz LANGUAGE sql AS $$
    SELECT ((now() AT TIME ZONE timezone)::date - days_ago)::timestamp AT TIME ZONE timezone FROM inventory.warehouse w WHERE w.warehouse_id = midnight.warehouse
$$;

-- A sale, or a return where the quantity is negative, as late as it is told
CREATE FUNCTION pg_temp.sell(product bigint, warehouse bigint, quantity bigint, at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('inventory.occurred_at', at::text, true);
    IF quantity > 0 THEN
        PERFORM inventory.fulfill_reservation(r.reservation_id) FROM inventory.reserve_stock(product, warehouse, quantity, 'till') r;
    ELSE
        PERFORM inventory.return_stock(product, warehouse, -quantity);
    END IF;
    PERFORM set_config('inventory.occurred_at', '', true);
END
$$;
CREATE FUNCTION pg_temp.sell(product bigint, warehouse bigint, quantity bigint, days_ago integer) RETURNS void LANGUAGE sql AS $$
    SELECT pg_temp.sell(product, warehouse, quantity, pg_temp.midnight(warehouse, days_ago))
$$;

-- What item_demand should say of windows that end on these days, every day of the ledger counted
CREATE FUNCTION pg_temp.plain(days integer, ends jsonb)
RETURNS TABLE (product_id bigint, warehouse_id bigint, window_start date, window_end date, quantity numeric, squared numeric, mean double precision, deviation double precision) LANGUAGE sql AS $$
    SELECT i.product_id, i.warehouse_id, min(g.day)::date, max(g.day)::date, sum(coalesce(m.demand, 0)), sum(coalesce(m.demand, 0) * coalesce(m.demand, 0)),
        avg(coalesce(m.demand, 0))::double precision, coalesce(stddev_samp(coalesce(m.demand, 0)), 0)::double precision
    FROM inventory.inventory_item i
    CROSS JOIN generate_series((ends ->> i.warehouse_id::text)::date - days + 1, (ends ->> i.warehouse_id::text)::date, '1 day') AS g (day)
    LEFT JOIN (
        SELECT s.product_id, s.warehouse_id, (s.occurred_at AT TIME ZONE w.timezone)::date AS day, -sum(s.quantity) AS demand
        FROM inventory.stock_movement s JOIN inventory.warehouse w USING (warehouse_id)
        WHERE s.movement_type IN ('SALE', 'RETURN') GROUP BY 1, 2, 3) m
        ON m.product_id = i.product_id AND m.warehouse_id = i.warehouse_id AND m.day = g.day
    WHERE EXISTS (SELECT FROM inventory.stock_movement s WHERE s.product_id = i.product_id AND s.warehouse_id = i.warehouse_id)
    GROUP BY i.product_id, i.warehouse_id
$$;

-- Where they end: today where anything was sold or returned today, else yesterday; by the clock that the refresh looked at
CREATE FUNCTION pg_temp.ends() RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_object_agg(x.warehouse_id, x.today - CASE WHEN EXISTS (
        SELECT FROM inventory.stock_movement s WHERE s.warehouse_id = x.warehouse_id AND s.movement_type IN ('SALE', 'RETURN') AND (s.occurred_at AT TIME ZONE x.timezone)::date = x.today) THEN 0 ELSE 1 END)
    FROM (SELECT w.warehouse_id, w.timezone, (v.refreshed_at AT TIME ZONE w.timezone)::date AS today FROM inventory.warehouse w JOIN inventory.demand_window v USING (warehouse_id)) x
$$;

-- Where item_demand and the plain reading differ
CREATE FUNCTION pg_temp.differences(days integer, ends jsonb DEFAULT pg_temp.ends()) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT concat_ws(' ', p, d)
    FROM pg_temp.plain(days, ends) p FULL JOIN inventory.item_demand d ON d.product_id = p.product_id AND d.warehouse_id = p.warehouse_id
    LEFT JOIN inventory.demand_state s ON s.product_id = d.product_id AND s.warehouse_id = d.warehouse_id
    WHERE (d.window_days, d.window_start, d.window_end, d.quantity, s.quantity_squared, d.sku) IS DISTINCT FROM (days, p.window_start, p.window_end, p.quantity, p.squared, 'SKU-' || p.product_id)
        OR NOT coalesce(abs(d.avg_daily_usage - p.mean) <= 1e-12 * greatest(1, abs(p.mean)) AND abs(d.stddev_daily_usage - p.deviation) <= 1e-12 * greatest(1, p.deviation), false)
$$;

-- Two tests: how many items had new movements, and that all figures are those of a plain reading
CREATE FUNCTION pg_temp.refreshed(days integer, items bigint, label text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN NEXT is(inventory.refresh_demand(days), items, label || ': items with new movements');
    RETURN NEXT is_empty(format('SELECT pg_temp.differences(%s)', days), label || ': every day of the window');
END
$$;

-- Everything that is known of demand, but when it was refreshed
CREATE FUNCTION pg_temp.known() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws('|', (SELECT string_agg(d::text, ';' ORDER BY d.product_id, d.warehouse_id, d.day) FROM inventory.demand_daily d),
        (SELECT string_agg(s::text, ';' ORDER BY s.product_id, s.warehouse_id) FROM inventory.demand_state s),
        (SELECT string_agg(concat_ws(',', warehouse_id, window_days, window_end), ';' ORDER BY warehouse_id) FROM inventory.demand_window))
$$;

-- Nothing yet

SELECT pg_temp.refreshed(90, 0, 'an empty ledger');
SELECT is((SELECT count(*) FROM inventory.demand_window), 4::bigint, 'each warehouse has a window');
SELECT is((SELECT count(*) FROM inventory.item_demand), 0::bigint, 'no item has demand');

-- Sales of all ages, near midnight, returned, returned more than sold

SELECT count(inventory.receive_stock(p, w, 100000)) FROM generate_series(1, 8) p, generate_series(1, 4) w;
SELECT pg_temp.refreshed(90, 32, 'receipts');
SELECT is((SELECT concat_ws(' ', count(*), min(quantity), max(quantity), max(avg_daily_usage), max(stddev_daily_usage)) FROM inventory.item_demand), '32 0 0 0 0', 'are no demand');
SELECT is((SELECT count(*) FROM inventory.demand_daily), 0::bigint, 'and make no days');
-- A day for the product and warehouse, which are 1 to 8 and 1 to 4, so that windows of all lengths have some of them
SELECT count(pg_temp.sell(p, w, 1 + (p * 7 + w * 3 + d) % 11, d)) FROM generate_series(1, 4) p, generate_series(1, 4) w, generate_series(1, 120, 3) d;
SELECT pg_temp.refreshed(90, 16, 'sales');
SELECT pg_temp.refreshed(90, 0, 'nothing new');
SELECT count(pg_temp.sell(5, w, 1, pg_temp.midnight(w, 1) - '1 microsecond'::interval)), count(pg_temp.sell(5, w, 10, pg_temp.midnight(w, 1))),
    count(pg_temp.sell(5, w, 100, pg_temp.midnight(w, 0) - '1 microsecond'::interval)) FROM generate_series(1, 4) w;
SELECT pg_temp.refreshed(90, 4, 'near midnight');
SELECT is((SELECT string_agg(concat_ws(' ', d.warehouse_id, (now() AT TIME ZONE w.timezone)::date - d.day, d.quantity), ', ' ORDER BY d.warehouse_id, d.day) FROM inventory.demand_daily d JOIN inventory.warehouse w USING (warehouse_id) WHERE product_id = 5),
    '1 2 1, 1 1 110, 2 2 1, 2 1 110, 3 2 1, 3 1 110, 4 2 1, 4 1 110', 'a day is a day of the warehouse, from midnight to midnight');
SELECT pg_temp.sell(5, 3, 3, pg_temp.midnight(4, 5)), pg_temp.sell(5, 4, 4, pg_temp.midnight(3, 5));
SELECT pg_temp.refreshed(90, 2, 'the midnight of a far zone');
SELECT is((SELECT count(DISTINCT d.day - (m.occurred_at AT TIME ZONE 'UTC')::date) FROM inventory.stock_movement m JOIN inventory.demand_daily d USING (product_id, warehouse_id) WHERE m.product_id = 5 AND ((m.warehouse_id, d.quantity) = (3, 3) AND m.quantity = -3
    OR (m.warehouse_id, d.quantity) = (4, 4) AND m.quantity = -4)), 2::bigint, 'is another day than in UTC, for one of the two at least');

SELECT pg_temp.sell(1, 1, -3, 4), pg_temp.sell(6, 1, 9, 7), pg_temp.sell(6, 1, -9, 7), pg_temp.sell(6, 2, 4, 9), pg_temp.sell(6, 2, -10, 8), pg_temp.sell(6, 2, -1, 9);
SELECT pg_temp.refreshed(90, 3, 'returns');
SELECT is((SELECT string_agg(concat_ws(' ', warehouse_id, quantity), ', ' ORDER BY warehouse_id, day) FROM inventory.demand_daily WHERE product_id = 6), '1 0, 2 3, 2 -10', 'are netted by the day, which may be negative');
SELECT is((SELECT string_agg(concat_ws(' ', warehouse_id, quantity, avg_daily_usage < 0, stddev_daily_usage > 0), ', ' ORDER BY warehouse_id) FROM inventory.item_demand WHERE product_id = 6), '1 0 f f, 2 -7 t t, 3 0 f f, 4 0 f f', 'as is the window');
SELECT count(inventory.adjust_stock(7, w, -5, 'DAMAGE')), count(inventory.transfer_stock(7, w, w % 4 + 1, 5)) FROM generate_series(1, 4) w;
SELECT count(inventory.receive_transfer(transfer_id)) FROM inventory.transfer_order;
SELECT inventory.receive_stock(8, 1, 5);
SELECT pg_temp.refreshed(90, 5, 'adjustments, transfers and receipts are no demand');
SELECT is((SELECT count(*) FROM inventory.demand_daily WHERE product_id IN (7, 8)), 0::bigint, 'none of a day either');
UPDATE inventory.inventory_item SET reorder_point = 1 WHERE product_id = 8;
SELECT pg_temp.refreshed(90, 0, 'what is no movement is not new');

-- A plain UPDATE that says SALE is one.
SET LOCAL inventory.movement_type = 'SALE';
UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand - 13 WHERE product_id = 8 AND warehouse_id = 2;
RESET inventory.movement_type;
SELECT pg_temp.refreshed(90, 1, 'a sale by plain SQL');
SELECT is((SELECT quantity FROM inventory.item_demand WHERE product_id = 8 AND warehouse_id = 2), 13::numeric, 'counts today');
SELECT is((SELECT string_agg(concat_ws(' ', warehouse_id, (refreshed_at AT TIME ZONE timezone)::date - window_end), ', ' ORDER BY warehouse_id) FROM inventory.demand_window JOIN inventory.warehouse USING (warehouse_id)),
    '1 1, 2 0, 3 1, 4 1', 'a window ends today only where something was sold today');

-- Late entries within the window and before it, and before any other
SELECT pg_temp.sell(1, 1, 1000, 10), pg_temp.sell(1, 1, 500, 100), pg_temp.sell(2, 3, 77, 90), pg_temp.sell(2, 4, 78, 91), pg_temp.sell(3, 3, 79, 89), pg_temp.sell(4, 1, 5, 4000), pg_temp.sell(4, 2, 5, 3650), pg_temp.sell(4, 3, 5, 3651);
SELECT pg_temp.refreshed(90, 7, 'late entries');
SELECT pg_temp.refreshed(days, 0, format('a window of %s days', days)) FROM unnest('{30,90,1,2,3650,3649,90,90,7}'::integer[]) days;
SELECT pg_temp.sell(1, 1, 17, 3), pg_temp.sell(1, 2, 18, 20), pg_temp.sell(1, 3, 19, 0), pg_temp.sell(2, 1, -20, 6);
SELECT pg_temp.refreshed(90, 4, 'new sales and another length at once');
SELECT is(inventory.refresh_demand(), 0::bigint, '90 days are the default');
SELECT is_empty('SELECT pg_temp.differences(90)', 'of the window');
SELECT pg_temp.sell(1, 1, 2, 1), pg_temp.sell(1, 1, 3, 40);
SELECT pg_temp.refreshed(1, 1, 'the same to a window of 1 day');
SELECT is((SELECT concat_ws(' ', quantity, avg_daily_usage, stddev_daily_usage, window_start = window_end) FROM inventory.item_demand WHERE product_id = 1 AND warehouse_id = 1),
    (SELECT concat_ws(' ', -sum(quantity), -sum(quantity), 0, true) FROM inventory.stock_movement WHERE product_id = 1 AND warehouse_id = 1 AND movement_type IN ('SALE', 'RETURN') AND occurred_at >= pg_temp.midnight(1, 1)), 'one day has no deviation');

-- From scratch

SELECT inventory.refresh_demand(90);
SELECT pg_temp.known() AS known \gset
SELECT is(inventory.refresh_demand(90, true), 32::bigint, 'from scratch, every item is new');
SELECT is(pg_temp.known(), :'known', 'with the same result');
SELECT inventory.refresh_demand(30);
SELECT pg_temp.known() AS known \gset
UPDATE inventory.demand_daily SET quantity = quantity + 1;
UPDATE inventory.demand_state SET quantity = 0 WHERE product_id = 1;
DELETE FROM inventory.demand_state WHERE product_id = 2;
SELECT is(inventory.refresh_demand(from_scratch => true, window_days => 30), 32::bigint, 'whatever is kept');
SELECT is(pg_temp.known(), :'known', 'is made anew');
UPDATE inventory.warehouse SET timezone = 'Pacific/Pago_Pago' WHERE warehouse_id = 3;
SELECT inventory.refresh_demand(30, true);
SELECT is_empty('SELECT pg_temp.differences(30)', 'another time zone, from scratch');
UPDATE inventory.warehouse SET timezone = 'Pacific/Kiritimati' WHERE warehouse_id = 3;
SELECT inventory.refresh_demand(30, true);
SELECT is_empty('SELECT pg_temp.differences(30)', 'and back');

-- A window that slides

-- As if the last refresh had been on an earlier day, with the same movements known
CREATE FUNCTION pg_temp.set_back(days integer, days_ago integer) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    ends jsonb;
BEGIN
    UPDATE inventory.demand_window v SET window_days = days, window_end = (v.refreshed_at AT TIME ZONE w.timezone)::date - days_ago FROM inventory.warehouse w WHERE w.warehouse_id = v.warehouse_id;
    ends := (SELECT jsonb_object_agg(warehouse_id, window_end) FROM inventory.demand_window);
    UPDATE inventory.demand_state s SET quantity = p.quantity, quantity_squared = p.squared FROM pg_temp.plain(days, ends) p WHERE p.product_id = s.product_id AND p.warehouse_id = s.warehouse_id;
    RETURN NEXT is_empty(format('SELECT pg_temp.differences(%s, %L)', days, ends), format('a window of %s days that ended %s days ago', days, days_ago));
END
$$;
CREATE FUNCTION pg_temp.slid(days integer, days_ago integer, next_days integer) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY SELECT pg_temp.set_back(days, days_ago);
    RETURN QUERY SELECT pg_temp.refreshed(next_days, 0, format('a window of %s days from %s days ago, refreshed to %s', days, days_ago, next_days));
END
$$;
SELECT pg_temp.slid(days, ago, days) FROM (VALUES (30, 1), (30, 2), (30, 5), (30, 29), (30, 30), (30, 31), (30, 32), (30, 200), (90, 7), (90, 90), (90, 4000), (1, 1), (1, 2), (1, 3), (3650, 1), (3650, 400), (3650, 3651)) v (days, ago);
SELECT pg_temp.slid(days, ago, next_days) FROM (VALUES (30, 5, 90), (90, 5, 30), (30, 40, 7), (1, 5, 2), (2, 5, 1)) v (days, ago, next_days);
-- New sales come into the old window, between the old end and the new, and fall out of both
SELECT pg_temp.set_back(30, 10);
SELECT pg_temp.sell(1, 1, 31, 12), pg_temp.sell(1, 1, 32, 5), pg_temp.sell(1, 1, 33, 38), pg_temp.sell(1, 1, 34, 300), pg_temp.sell(1, 4, 35, 10), pg_temp.sell(2, 4, 36, 9), pg_temp.sell(3, 4, 37, 0), pg_temp.sell(3, 2, -38, 39), pg_temp.sell(3, 2, 39, 40);
SELECT pg_temp.refreshed(30, 5, 'new sales while a window slides');
SELECT pg_temp.set_back(30, 10);
SELECT pg_temp.sell(1, 1, 41, 12), pg_temp.sell(1, 1, 42, 5), pg_temp.sell(1, 1, 43, 38), pg_temp.sell(1, 1, 44, 70), pg_temp.sell(4, 2, 45, 40);
SELECT pg_temp.refreshed(60, 2, 'while it slides and grows');
-- As of a day, which is the same everywhere

CREATE FUNCTION pg_temp.refreshed_as_of(days integer, as_of date, items bigint, scratch boolean, label text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN NEXT is(inventory.refresh_demand(days, scratch, as_of), items, label || ': items with new movements');
    RETURN NEXT is_empty(format('SELECT pg_temp.differences(%s, %L)', days, (SELECT jsonb_object_agg(warehouse_id, as_of) FROM inventory.warehouse)), label || ': every day of the window');
END
$$;
SELECT pg_temp.refreshed_as_of(days, current_date - ago, 0, false, format('%s days as of %s days ago', days, ago))
    FROM (VALUES (30, 10), (30, 9), (30, 12), (30, 12), (90, 3), (90, 200), (90, 4), (1, 4), (1, 5), (3650, 60), (3650, 0), (30, 36000), (30, 2), (30, -1)) v (days, ago);
SELECT pg_temp.refreshed_as_of(45, current_date - 20, 32, true, 'from scratch as of a day');
SELECT pg_temp.sell(1, 1, 61, 22), pg_temp.sell(1, 2, 62, 3), pg_temp.sell(1, 3, -63, 70), pg_temp.sell(1, 4, 64, 60);
SELECT pg_temp.refreshed_as_of(45, current_date - 20, 4, false, 'new sales as of a day');
SELECT pg_temp.sell(1, 1, 65, 22), pg_temp.sell(1, 2, 66, 3);
SELECT pg_temp.refreshed_as_of(45, current_date - 40, 2, false, 'and while it moves back');
SELECT pg_temp.refreshed(45, 0, 'without a day, as if it had never been');
SELECT pg_temp.refreshed(30, 0, 'and of 30 days');

-- A warehouse that came later
INSERT INTO inventory.warehouse (warehouse_id, name, timezone) SELECT 5, 'Late', timezone FROM inventory.warehouse WHERE warehouse_id = 1;
SELECT inventory.receive_stock(1, 5, 100);
SELECT pg_temp.sell(1, 5, 5, 29), pg_temp.sell(1, 5, 6, 30), pg_temp.sell(1, 5, 7, 31), pg_temp.sell(1, 5, 8, 1);
SELECT is(inventory.refresh_demand(30), 1::bigint, 'a warehouse that came later');
SELECT is((SELECT concat_ws(' ', window_days, quantity) FROM inventory.item_demand WHERE warehouse_id = 5), '30 19', 'has the window of the others');
CREATE FUNCTION pg_temp.ended() RETURNS integer LANGUAGE sql AS $$
    SELECT (v.refreshed_at AT TIME ZONE w.timezone)::date - v.window_end FROM inventory.demand_window v JOIN inventory.warehouse w USING (warehouse_id) WHERE warehouse_id = 5
$$;
SELECT is(pg_temp.ended(), 1, 'which ends yesterday');
SELECT pg_temp.sell(1, 5, 6, 0);
SELECT pg_temp.refreshed(30, 1, 'sold today');
SELECT is(pg_temp.ended(), 0, 'the window ends today');
SELECT pg_temp.sell(1, 5, -6, 0);
SELECT pg_temp.refreshed(30, 1, 'all of it returned');
SELECT is(pg_temp.ended(), 0, 'something was sold today all the same');
SELECT pg_temp.healthy('demand');

-- Refused

SELECT pg_temp.known() AS known \gset
SELECT pg_temp.refused(format(call, days), '22023', 'window_days ' || message, detail, format(call, days))
    FROM (VALUES ('SELECT inventory.refresh_demand(%s)'), ('SELECT inventory.recompute_policies(%s)')) c (call),
        (VALUES ('0', 'must be positive', 'Got 0.'), ('-1', 'must be positive', 'Got -1.'), ('-2147483648', 'must be positive', 'Got -2147483648.'), ('3651', 'must be at most 3650', 'Got 3651.'),
        ('2147483647', 'must be at most 3650', 'Got 2147483647.'), ('NULL', 'must not be NULL', '')) v (days, message, detail);
SELECT pg_temp.refused('SELECT inventory.refresh_demand(90, NULL)', '22023', 'from_scratch must not be NULL', '', 'from_scratch NULL');
SELECT pg_temp.refused(format('SELECT inventory.recompute_policies(90, %s)', level), '22023', 'service_level must lie between 0 and 1', format('Got %s.', got), format('service_level %s', level))
    FROM (VALUES ('0', '0'), ('1', '1'), ('-0.5', '-0.5'), ('1.5', '1.5'), ($$'NaN'$$, 'NaN'), ($$'Infinity'$$, 'Infinity'), ($$'-Infinity'$$, '-Infinity')) v (level, got);
SELECT pg_temp.refused(format(call, day), '22023', message, '', format(call, day))
    FROM (VALUES ('SELECT inventory.refresh_demand(90, false, %s)'), ('SELECT inventory.recompute_policies(90, 0.95, %s)')) c (call),
        (VALUES ('current_date + 3', 'as_of must not lie in the future, or more than a century back'), ('current_date - 36502', 'as_of must not lie in the future, or more than a century back'),
        ($$'infinity'$$, 'as_of must not be infinite'), ($$'-infinity'$$, 'as_of must not be infinite')) v (day, message);
SELECT pg_temp.refused('SELECT inventory.recompute_policies(90, NULL)', '22023', 'service_level must not be NULL', '', 'service_level NULL');
SELECT is(pg_temp.known(), :'known', 'what is known of demand is as it was');
SELECT is((SELECT count(*) FROM inventory.policy_history), 0::bigint, 'and no policy was computed');

-- Policies

-- reorder point/quantity of an item
CREATE FUNCTION pg_temp.policy(product bigint, warehouse bigint DEFAULT 1) RETURNS text LANGUAGE sql AS $$
    SELECT format('%s/%s', reorder_point, reorder_quantity) FROM inventory.inventory_item WHERE product_id = product AND warehouse_id = warehouse
$$;
-- Another window than the policies are going to need
SELECT inventory.refresh_demand(90);
-- 50 a day, for 30 days: 11, 16 and 17 the same each day, others 40 and 60 by turns, whose deviation is sqrt(3000 / 29) = 10.171
INSERT INTO inventory.supplier (supplier_id, name) VALUES (1, 'S'), (2, 'T');
SELECT count(inventory.receive_stock(p, 1, 100000)) FROM generate_series(11, 28) p;
SELECT count(pg_temp.sell(p, 1, CASE WHEN p IN (11, 16, 17) THEN 50 WHEN d % 2 = 0 THEN 40 ELSE 60 END, d)) FROM unnest('{11,12,13,14,15,16,17,18,19,20,21,25,28}'::bigint[]) p, generate_series(1, 30) d;
SELECT pg_temp.sell(22, 1, 30, 40), pg_temp.sell(23, 1, 5, 3), pg_temp.sell(23, 1, -35, 4);
INSERT INTO inventory.product_supplier (product_id, supplier_id, is_preferred, lead_time_days, lead_time_stddev_days, unit_cost, min_order_quantity, order_multiple) VALUES
    (11, 1, true, 7, 0, NULL, 1, 1), (12, 1, true, 7, 0, 2.50, 1, 1), (13, 1, true, 7, 2, 2.50, 1000, 12), (14, 1, true, 0, 0, NULL, 5000, 1), (15, 1, true, 7.5, 0, NULL, 1, 700),
    (16, 1, true, 0, 3, 0, 1, 1), (17, 1, true, 7, 0, NULL, 1, 1), (18, 1, true, 7, 0, NULL, 10, 1), (19, 1, false, 7, 0, 1, 1, 1),
    (21, 1, true, 7, 0, 1, 1, 1), (22, 1, true, 7, 0, 1, 10, 4), (23, 1, true, 7, 0, 1, 1, 1), (24, 1, true, 7, 0, 1, 1, 1), (25, 1, true, 7, 0, 1, 1, 1), (26, 1, true, 7, 0, 1, 1, 1),
    (25, 2, false, 70, 0, 100, 1, 1), (28, 1, true, 7, 0, 1000000, 1, 1);
UPDATE inventory.product SET unit_cost = 10 WHERE product_id IN (12, 17);
UPDATE inventory.product SET is_active = false WHERE product_id = 21;
UPDATE inventory.supplier SET is_active = false WHERE supplier_id = 2;
UPDATE inventory.inventory_item SET reorder_point = 3, reorder_quantity = 4 WHERE product_id BETWEEN 11 AND 28;
CREATE FUNCTION pg_temp.stock() RETURNS text LANGUAGE sql AS $$
    SELECT md5(concat((SELECT string_agg(concat_ws(',', item_id, quantity_on_hand, quantity_reserved, version, last_movement_at, last_counted_at), ';' ORDER BY item_id) FROM inventory.inventory_item),
        (SELECT string_agg(m::text, ';' ORDER BY movement_id) FROM inventory.stock_movement m)))
$$;
SELECT pg_temp.stock() AS stock \gset
SET LOCAL inventory.performed_by = 'the planner';
SELECT is(inventory.recompute_policies(30), 10::bigint, 'how many policies changed');
RESET inventory.performed_by;
SELECT is_empty('SELECT pg_temp.differences(30)', 'the demand was refreshed first');
SELECT is(pg_temp.policy(product), policy, label) FROM (VALUES
    (11, '350/1500', '50 * 7, and 50 * 30 where there is no cost'),
    (12, '395/1209', '350 + 1.6449 * 10.171 * sqrt(7) = 394.3; sqrt(2 * 25 * 18250 / (0.25 * 2.50)) = 1208.3 by the cost of the supplier'),
    (13, '521/1212', '350 + 1.6449 * sqrt(7 * 103.45 + 2500 * 4) = 520.3; in twelves'),
    (14, '0/5000', 'no lead time; the minimum'),
    (15, '421/2100', '375 + 1.6449 * 10.171 * sqrt(7.5) = 420.8; 1500 in 700s'),
    (16, '247/1500', '1.6449 * 50 * 3 = 246.7: only the lead time varies; a cost of nothing is none'),
    (17, '350/605', 'sqrt(2 * 25 * 18250 / (0.25 * 10)) = 604.2 by the cost of the product'),
    (18, '395/1500', 'the minimum is less'),
    (19, '3/4', 'a supplier that is not preferred: left alone'),
    (20, '3/4', 'no supplier: left alone'),
    (21, '3/4', 'an inactive product: left alone'),
    (22, '3/4', 'no demand in the window: what people set stays'),
    (23, '3/4', 'more returned than sold: stays'),
    (24, '3/4', 'never sold: stays'),
    (25, '395/1911', 'sqrt(2 * 25 * 18250 / 0.25) = 1910.5: the preferred supplier counts'),
    (27, '3/4', 'nothing known at all'),
    (28, '395/2', 'sqrt(2 * 25 * 18250 / 250000) = 1.9')) v (product, policy, label);
SELECT is((SELECT string_agg(concat_ws(' ', product_id, reorder_point_before, reorder_point, reorder_quantity_before, reorder_quantity), ', ' ORDER BY product_id) FROM inventory.policy_history),
    '11 3 350 4 1500, 12 3 395 4 1209, 13 3 521 4 1212, 14 3 0 4 5000, 15 3 421 4 2100, 16 3 247 4 1500, 17 3 350 4 605, 18 3 395 4 1500, 25 3 395 4 1911, 28 3 395 4 2', 'policy_history has what changed, and nothing else');
SELECT ok((SELECT bool_and((window_days, service_level, avg_daily_usage, computed_by, warehouse_id) = (30, 0.95, 50, 'the planner', 1) AND computed_at BETWEEN now() AND clock_timestamp()
    AND abs(stddev_daily_usage - CASE WHEN product_id IN (11, 16, 17) THEN 0 ELSE sqrt(3000.0 / 29) END) < 1e-9) FROM inventory.policy_history), 'with the figures and whoever had it computed');
SELECT is((SELECT concat_ws(' ', lead_time_days, lead_time_stddev_days) FROM inventory.policy_history WHERE product_id = 13), '7 2', 'and the lead time');
SELECT is(inventory.recompute_policies(30, 0.95), 0::bigint, 'again: nothing changes');
SELECT is((SELECT count(*) FROM inventory.policy_history), 10::bigint, 'and no history is written');
SELECT is(inventory.reorder_point(50, 7, 10, 1.65), 394::bigint, 'the formula is that of reorder_point');

SET LOCAL inventory.order_cost = 100;
SET LOCAL inventory.holding_rate = 0.1;
SELECT is(inventory.recompute_policies(30), 5::bigint, 'other costs change the quantities of what has a cost');
SELECT is((SELECT string_agg(concat_ws(' ', p, pg_temp.policy(p)), ', ' ORDER BY p) FROM unnest('{11,12,13,17,25,28}'::bigint[]) p), '11 350/1500, 12 395/3821, 13 521/3828, 17 350/1911, 25 395/6042, 28 395/7', 'sqrt(2 * 100 * 18250 / (0.1 * 2.50)) = 3821.0 and so on');
SET LOCAL inventory.holding_rate = 0;
SELECT inventory.recompute_policies(30);
SELECT is((SELECT string_agg(DISTINCT pg_temp.policy(p), ', ') FROM unnest('{12,25,28}'::bigint[]) p), '395/1500', 'keeping costs nothing: 30 days');
SET LOCAL inventory.holding_rate = 0.25;
SET LOCAL inventory.order_cost = 0;
SELECT inventory.recompute_policies(30);
SELECT is((SELECT string_agg(DISTINCT pg_temp.policy(p), ', ') FROM unnest('{12,25,28}'::bigint[]) p), '395/1500', 'ordering costs nothing: 30 days');
RESET inventory.order_cost;
RESET inventory.holding_rate;
SELECT inventory.recompute_policies(30, 0.99);
SELECT is((SELECT string_agg(concat_ws(' ', p, pg_temp.policy(p)), ', ' ORDER BY p) FROM unnest('{11,12,13}'::bigint[]) p), '11 350/1500, 12 413/1209, 13 591/1212', '350 + 2.3263 * 26.910 = 412.6, 350 + 2.3263 * 103.56 = 590.9');
SELECT inventory.recompute_policies(30, 0.1);
SELECT is(pg_temp.policy(12), '316/1209', '350 - 1.2816 * 26.910 = 315.5: a low service level is below the mean');
SELECT inventory.recompute_policies(30, 1e-300);
SELECT is((SELECT string_agg(concat_ws(' ', p, pg_temp.policy(p)), ', ' ORDER BY p) FROM unnest('{12,13,16}'::bigint[]) p), '12 0/1209, 13 0/1212, 16 0/1500', 'never below nothing');
SELECT inventory.recompute_policies(60, 0.5);
SELECT is((SELECT string_agg(concat_ws(' ', p, pg_temp.policy(p)), ', ' ORDER BY p) FROM unnest('{11,12,22}'::bigint[]) p), '11 175/750, 12 175/855, 22 4/192', 'half the demand in twice the window; the older sale counts in it: 0.5 * 7 = 3.5, sqrt(2 * 25 * 182.5 / 0.25) = 191.05');

-- What was computed before goes down with its demand; what people set stays.
SELECT inventory.recompute_policies(30);
SELECT count(*) AS changes FROM inventory.policy_history \gset
SELECT is(pg_temp.policy(22), '0/12', 'no demand any more: a computed policy goes to 0, and the minimum in fours');
UPDATE inventory.inventory_item SET reorder_point = 8, reorder_quantity = 9 WHERE product_id IN (22, 24);
SELECT is(inventory.recompute_policies(30), 1::bigint, 'and again after people changed it');
SELECT is(concat_ws(' ', pg_temp.policy(22), pg_temp.policy(24)), '0/12 8/9', 'but not what was never computed');
SELECT is((SELECT concat_ws(' ', avg_daily_usage, stddev_daily_usage, reorder_point_before, reorder_point, reorder_quantity_before, reorder_quantity, service_level, window_days, computed_by = session_user) FROM inventory.policy_history WHERE product_id = 22 ORDER BY policy_id DESC LIMIT 1),
    '0 0 8 0 9 12 0.95 30 t', 'as history says');
SELECT is((SELECT count(*) FROM inventory.policy_history), :changes + 1::bigint, 'once');
DELETE FROM inventory.product_supplier WHERE product_id = 12;
UPDATE inventory.inventory_item SET reorder_point = 8, reorder_quantity = 9 WHERE product_id = 12;
SELECT is(inventory.recompute_policies(30), 0::bigint, 'nothing computed where the preferred supplier is gone');
SELECT is(pg_temp.policy(12), '8/9', 'the policy is left alone');
SELECT is(pg_temp.stock(), :'stock', 'levels, versions and the ledger are as they were before the first policy');
SELECT is((SELECT concat_ws(' ', count(*), bool_and(is_low = (quantity_available < reorder_point))) FROM inventory.inventory_item WHERE product_id BETWEEN 11 AND 28), '18 t', 'is_low follows the reorder point');

-- As of a day, 15 of whose 30 had sales
SELECT inventory.recompute_policies(30, 0.5, (pg_temp.midnight(1, 16) AT TIME ZONE (SELECT timezone FROM inventory.warehouse WHERE warehouse_id = 1))::date);
SELECT is(pg_temp.policy(11), '175/750', 'as of a day: half the demand');
-- Numbers that no double holds, and a multiple that the greatest number is none of
UPDATE inventory.product_supplier SET min_order_quantity = 1234567890123454999 WHERE product_id = 11;
UPDATE inventory.product_supplier SET min_order_quantity = 9223372036854775807, order_multiple = 4 WHERE product_id = 17;
-- Sold, and returned on another day
SELECT pg_temp.sell(26, 1, 10, 2);
SELECT inventory.recompute_policies(30);
SELECT is(concat_ws(', ', pg_temp.policy(11), pg_temp.policy(17)), '350/1234567890123454999, 350/9223372036854775804', 'minima and multiples are exact');
SELECT isnt(pg_temp.policy(26), '0/1', 'sold once');
SELECT pg_temp.sell(26, 1, -10, 1);
SELECT inventory.recompute_policies(30);
SELECT is((SELECT concat_ws(' ', pg_temp.policy(26), quantity, stddev_daily_usage > 0) FROM inventory.item_demand WHERE product_id = 26), '0/1 0 t', 'and returned on another day: no demand, however much it varied');

-- Who may compute

CREATE ROLE demand_planner;
CREATE ROLE demand_operator;
SELECT inventory.grant_access('demand_planner', 'planner'), inventory.grant_access('demand_operator', 'operator');
SET ROLE demand_planner;
SELECT is(inventory.refresh_demand(45), 0::bigint, 'a planner refreshes');
SELECT is(inventory.recompute_policies(60, 0.5) > 0, true, 'and computes');
SET ROLE demand_operator;
SELECT throws_ok('SELECT inventory.refresh_demand()', '42501', NULL, 'an operator does not refresh');
SELECT throws_ok('SELECT inventory.recompute_policies()', '42501', NULL, 'nor compute');
SELECT is(has_table_privilege('inventory.demand_state', 'SELECT') AND NOT has_table_privilege('inventory.demand_state', 'INSERT'), true, 'but may look');
RESET ROLE;

-- A rolled back refresh
SELECT pg_temp.known() AS known \gset
SAVEPOINT before;
SELECT pg_temp.sell(1, 1, 51, 2);
SELECT inventory.recompute_policies(7);
ROLLBACK TO before;
SELECT is(pg_temp.known(), :'known', 'a refresh that is rolled back leaves nothing');
SELECT pg_temp.sell(1, 1, 52, 2);
SELECT pg_temp.refreshed(60, 1, 'the next one reads what came since');
SELECT pg_temp.healthy('policies');

-- What planners decide for single items

INSERT INTO inventory.product (product_id, sku, name, unit_cost) SELECT p, 'CHOSEN-' || p, 'Chosen', 2 FROM generate_series(901, 904) p;
INSERT INTO inventory.supplier (supplier_id, name) VALUES (901, 'Chosen');
INSERT INTO inventory.product_supplier (product_id, supplier_id, is_preferred, lead_time_days) SELECT p, 901, true, 4 FROM generate_series(901, 904) p;
SELECT inventory.receive_stock(p, 1, 100000) FROM generate_series(901, 904) p;
SELECT pg_temp.sell(p, 1, 10 + d % 3, d) FROM generate_series(901, 904) p, generate_series(5, 40, 5) d;
INSERT INTO inventory.item_planning (product_id, warehouse_id, forecast_method, service_level, is_manual) VALUES
    (902, 1, 'sba', NULL, false), (903, 1, 'mean', 0.999, false), (904, 1, 'mean', NULL, true);
SELECT inventory.recompute_policies(40, 0.9);
CREATE TEMP VIEW chosen AS SELECT DISTINCT ON (h.product_id) h.*, d.avg_daily_usage AS mean FROM inventory.policy_history h
    JOIN inventory.item_demand d USING (product_id, warehouse_id) WHERE h.product_id > 900 ORDER BY h.product_id, h.policy_id DESC;
SELECT results_eq('SELECT product_id, forecast_method, service_level FROM chosen', $$VALUES (901::bigint, 'mean', 0.9::float8), (902, 'sba', 0.9), (903, 'mean', 0.999)$$, 'each item as it was chosen, but one that people plan');
SELECT is((SELECT array_length(inventory.demand_series(901, 1), 1)), 40, 'a number for each day of the window');
SELECT is((SELECT sum(q) / 40 FROM unnest(inventory.demand_series(901, 1)) q), (SELECT mean FROM chosen WHERE product_id = 901), 'which have the mean of the demand');
SELECT is((SELECT avg_daily_usage FROM chosen WHERE product_id = 902), (inventory.forecast(inventory.demand_series(902, 1), 'sba'))[1], 'the policy rests on the forecast');
SELECT isnt((SELECT avg_daily_usage FROM chosen WHERE product_id = 902), (SELECT mean FROM chosen WHERE product_id = 902), 'which is not the mean');
SELECT is((SELECT reorder_point FROM chosen WHERE product_id = 903), (SELECT inventory.reorder_point(avg_daily_usage, 4, stddev_daily_usage, inventory.z_value(0.999)) FROM chosen WHERE product_id = 903), 'a service level of its own');
SELECT is((SELECT reorder_point FROM inventory.inventory_item WHERE product_id = 904), 0::bigint, 'nothing is computed where people plan');
SELECT is((SELECT array_agg(forecast_method ORDER BY forecast_method) FROM inventory.forecast_accuracy WHERE product_id = 902), '{croston,holt_winters,mean,sba,ses,tsb}', 'forecast_accuracy has every method');
SELECT is((SELECT forecast_method || ' ' || holdout_days FROM inventory.forecast_accuracy WHERE product_id = 902 AND is_chosen), 'sba 13', 'and says which is chosen');
SELECT is((SELECT (mae, rmse, mase, bias) FROM inventory.forecast_accuracy WHERE product_id = 902 AND is_chosen), (SELECT (e.mae, e.rmse, e.mase, e.bias) FROM inventory.forecast_error(inventory.demand_series(902, 1), 'sba', 13) e), 'with its errors');

-- One item does not stop the others: more sold on a day than a bigint, costs and lead times without measure

INSERT INTO inventory.product (product_id, sku, name, unit_cost) SELECT p, 'SKU-' || p, 'Extreme', 2 FROM generate_series(911, 915) p;
INSERT INTO inventory.product_supplier (product_id, supplier_id, is_preferred, lead_time_days, unit_cost) VALUES (911, 901, true, 1, 2), (912, 901, true, 4, '1e-320'), (913, 901, true, '1e300', 2), (914, 901, true, 4, '1e-400'), (915, 901, true, 4, 2);
SELECT inventory.receive_stock(p, 1, 100) FROM generate_series(912, 915) p;
INSERT INTO inventory.inventory_item (product_id, warehouse_id, reorder_point, reorder_quantity) SELECT p, 1, 7, 8 FROM generate_series(912, 914) p ON CONFLICT (product_id, warehouse_id) DO UPDATE SET reorder_point = 7, reorder_quantity = 8;
SELECT pg_temp.sell(p, 1, 10, 3) FROM generate_series(912, 915) p;
SELECT inventory.receive_stock(911, 1, 9000000000000000000);
SELECT pg_temp.sell(911, 1, 9000000000000000000, 3);
SELECT inventory.receive_stock(911, 1, 9000000000000000000);
SELECT pg_temp.sell(911, 1, 9000000000000000000, 3);
-- Its warning about those that do not fit is expected.
SET LOCAL client_min_messages = error;
SELECT lives_ok('SELECT inventory.recompute_policies(40, 0.9)', 'policies are computed');
SET LOCAL client_min_messages = warning;
SELECT is((SELECT quantity FROM inventory.demand_daily WHERE product_id = 911), 18000000000000000000, 'a day of more than a bigint');
SELECT is((SELECT (quantity, avg_daily_usage, stddev_daily_usage) FROM inventory.item_demand WHERE product_id = 911), (SELECT (18000000000000000000, 450000000000000000::float8, (sqrt((18000000000000000000 ^ 2 * 40 - 18000000000000000000 ^ 2) / (40 * 39)))::float8)), 'is summed up exactly');
SELECT is((SELECT quantity_squared FROM inventory.demand_state WHERE product_id = 911), 18000000000000000000 * 18000000000000000000, 'and squared');
SELECT is_empty($$SELECT d FROM pg_temp.differences(40) d WHERE d !~ 'CHOSEN'$$, 'with the others');
SELECT inventory.return_stock(911, 1, 9000000000000000000);
SELECT is(inventory.refresh_demand(40), 1::bigint, 'a return');
SELECT is_empty($$SELECT d FROM pg_temp.differences(40) d WHERE d !~ 'CHOSEN'$$, 'is taken off');
SELECT inventory.refresh_demand(30);
SELECT is_empty($$SELECT d FROM pg_temp.differences(30) d WHERE d !~ 'CHOSEN'$$, 'another window');
SELECT results_eq('SELECT product_id, reorder_point, reorder_quantity FROM inventory.inventory_item WHERE product_id BETWEEN 911 AND 915 AND warehouse_id = 1 ORDER BY 1',
    $$VALUES (911::bigint, (SELECT inventory.reorder_point(450000000000000000, 1, (sqrt((18000000000000000000 ^ 2 * 40 - 18000000000000000000 ^ 2) / (40 * 39)))::float8, inventory.z_value(0.9))),
        (SELECT ceil(inventory.economic_order_quantity(450000000000000000::float8 * 365, 25, 0.5)::numeric)::bigint)),
        (912, 7, 8), (913, 7, 8), (914, 7, 8), (915, 6, 96)$$, 'what cannot be computed stays as it is');

-- With and without statements, in several batches

DELETE FROM inventory.product_supplier WHERE product_id BETWEEN 912 AND 914;
INSERT INTO inventory.product (product_id, sku, name, unit_cost) SELECT p, 'MANY-' || p, 'Many', 1 + p % 7 FROM generate_series(10001, 22000) p;
INSERT INTO inventory.product_supplier (product_id, supplier_id, is_preferred, lead_time_days, lead_time_stddev_days, min_order_quantity, order_multiple) SELECT p, 901, true, p % 30, p % 3, 1 + p % 50, 1 + p % 12 FROM generate_series(10001, 22000) p;
INSERT INTO inventory.inventory_item (product_id, warehouse_id) SELECT p, 2 FROM generate_series(10001, 22000) p;
INSERT INTO inventory.demand_state (product_id, warehouse_id, version, quantity, quantity_squared) SELECT p, 2, 0, p % 1000 + 30, (p % 1000 + 30) ^ 2 FROM generate_series(10001, 22000) p;
-- Policies and history as one call makes them of items that had none, by the fast path or without it, and back
CREATE FUNCTION pg_temp.policies(fast boolean, OUT changed bigint, OUT made text, OUT commands boolean) LANGUAGE plpgsql AS $$
DECLARE
    last bigint := (SELECT max(policy_id) FROM inventory.policy_history);
BEGIN
    PERFORM set_config('inventory.fast_path', fast::text, true);
    UPDATE inventory.inventory_item SET reorder_point = 7, reorder_quantity = 8;
    changed := inventory.recompute_policies(30);
    made := md5(concat_ws('|', (SELECT string_agg(concat_ws(' ', product_id, warehouse_id, reorder_point, reorder_quantity, is_low, quantity_on_hand, version), ';' ORDER BY item_id) FROM inventory.inventory_item),
        (SELECT string_agg((to_jsonb(h) - 'policy_id' - 'computed_at')::text, ';' ORDER BY h.policy_id) FROM inventory.policy_history h WHERE h.policy_id > last)));
    -- One command for each item, or one for many
    commands := (SELECT count(DISTINCT cmin::text) > 100 FROM inventory.inventory_item WHERE product_id > 10000);
    RESET inventory.fast_path;
END
$$;
SELECT * FROM pg_temp.policies(false) \gset statement_
SELECT * FROM pg_temp.policies(true) \gset fast_
SELECT ok(:statement_changed > 12000, 'thousands of policies');
SELECT is(:fast_changed::bigint, :statement_changed::bigint, 'the fast path changes as many as statements');
SELECT is(:'fast_made'::text, :'statement_made', 'with the same policies and history');
SELECT is(:'statement_commands'::boolean, false, 'by statements for many items');
SELECT is(:'fast_commands'::boolean, true, 'and by none');
SELECT is((SELECT count(*) FROM (SELECT product_id, lag(product_id) OVER (ORDER BY policy_id) AS before FROM inventory.policy_history WHERE warehouse_id = 2 AND product_id > 10000 AND policy_id > (SELECT max(policy_id) FROM inventory.policy_history) - :fast_changed) h WHERE before > product_id), 0::bigint, 'in the order of the items');

-- What people put on the items is honoured: a trigger, row security, a constraint.
CREATE TABLE pg_temp.seen (product_id bigint);
GRANT ALL ON pg_temp.seen TO PUBLIC;
CREATE FUNCTION inventory_test_see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.product_id = 10002 THEN RETURN NULL; END IF;
    INSERT INTO pg_temp.seen VALUES (NEW.product_id);
    RETURN NEW;
END $$;
UPDATE inventory.inventory_item SET reorder_point = 7, reorder_quantity = 8 WHERE product_id BETWEEN 10001 AND 10010;
CREATE TRIGGER see BEFORE UPDATE ON inventory.inventory_item FOR EACH ROW EXECUTE FUNCTION inventory_test_see();
SELECT is(inventory.recompute_policies(30), 9::bigint, 'a trigger that keeps an item as it is');
SELECT is((SELECT count(*) FROM pg_temp.seen), 9::bigint, 'fires for each of the others');
SELECT is((SELECT concat_ws('/', reorder_point, reorder_quantity) FROM inventory.inventory_item WHERE product_id = 10002), '7/8', 'is obeyed');
SELECT is((SELECT count(*) FROM inventory.policy_history WHERE product_id = 10002), 2::bigint, 'and nothing is told of it');
DROP TRIGGER see ON inventory.inventory_item;
DROP FUNCTION inventory_test_see();
CREATE POLICY others ON inventory.inventory_item USING (product_id <> 10002);
ALTER TABLE inventory.inventory_item ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE ROLE demand_owner;
ALTER TABLE inventory.inventory_item OWNER TO demand_owner;
ALTER FUNCTION inventory.recompute_policies(integer, double precision, date) OWNER TO demand_owner;
GRANT USAGE ON SCHEMA inventory TO demand_owner;
GRANT SELECT, INSERT, UPDATE, DELETE, TRIGGER ON ALL TABLES IN SCHEMA inventory TO demand_owner;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA inventory TO demand_owner;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA inventory TO demand_owner;
SELECT is(inventory.recompute_policies(30), 0::bigint, 'row security that hides an item from the owner');
ALTER TABLE inventory.inventory_item DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
ALTER TABLE inventory.inventory_item ADD CONSTRAINT low CHECK (reorder_point < 8) NOT VALID;
SELECT throws_ok('SELECT inventory.recompute_policies(30)', '23514', NULL, 'a constraint that a policy does not meet');
ALTER TABLE inventory.inventory_item DROP CONSTRAINT low;
SELECT is(inventory.recompute_policies(30), 1::bigint, 'and when it is gone');

SELECT * FROM finish();
ROLLBACK;
