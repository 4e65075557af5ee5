-- The reports that are computed from the ledger, with figures worked out by hand,
-- and against a simulation that walks random movements one by one.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION inventory;
SELECT plan(68);

\ir include/setup.psql

SET LOCAL timezone = 'UTC';
SET LOCAL datestyle = 'ISO';
INSERT INTO inventory.warehouse (warehouse_id, name, timezone) VALUES (3, 'Ranked', 'UTC'), (4, 'Early', 'Pacific/Kiritimati'), (5, 'Late', 'Pacific/Pago_Pago'), (6, 'Random', 'UTC'), (7, 'Random too', 'UTC');
INSERT INTO inventory.supplier (supplier_id, name) VALUES (1, 'Acme');

-- From here on everything happens that many days ago.
CREATE FUNCTION pg_temp.days_ago(days double precision) RETURNS text LANGUAGE sql AS $$
    SELECT set_config('inventory.occurred_at', CASE WHEN days > 0 THEN (now() - make_interval(secs => days * 86400))::text ELSE '' END, true)
$$;
-- A purchase order, received at once
CREATE FUNCTION pg_temp.buy(product bigint, warehouse bigint, quantity bigint, cost numeric, days double precision) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    id bigint;
BEGIN
    PERFORM pg_temp.days_ago(days);
    id := (inventory.create_purchase_order(1, warehouse, jsonb_build_array(jsonb_strip_nulls(jsonb_build_object('product_id', product, 'qty', quantity, 'unit_cost', cost))))).po_id;
    PERFORM inventory.submit_purchase_order(id);
    PERFORM inventory.confirm_purchase_order(id);
    PERFORM inventory.receive_purchase_order(id);
END
$$;
CREATE FUNCTION pg_temp.receive(product bigint, warehouse bigint, quantity bigint, days double precision) RETURNS void LANGUAGE sql AS $$
    SELECT pg_temp.days_ago(days);
    SELECT inventory.receive_stock(product, warehouse, quantity);
$$;
CREATE FUNCTION pg_temp.sell(product bigint, warehouse bigint, quantity bigint, days double precision) RETURNS void LANGUAGE sql AS $$
    SELECT pg_temp.days_ago(days);
    SELECT inventory.fulfill_reservation((inventory.reserve_stock(product, warehouse, quantity, 'order')).reservation_id);
$$;
CREATE FUNCTION pg_temp.take_back(product bigint, warehouse bigint, quantity bigint, days double precision) RETURNS void LANGUAGE sql AS $$
    SELECT pg_temp.days_ago(days);
    SELECT inventory.return_stock(product, warehouse, quantity);
$$;
CREATE FUNCTION pg_temp.adjust(product bigint, warehouse bigint, delta bigint, days double precision) RETURNS void LANGUAGE sql AS $$
    SELECT pg_temp.days_ago(days);
    SELECT inventory.adjust_stock(product, warehouse, delta, 'OTHER');
$$;
CREATE FUNCTION pg_temp.cost(product bigint, cost numeric) RETURNS void LANGUAGE sql AS $$
    UPDATE inventory.product SET unit_cost = $2 WHERE product_id = $1
$$;

-- on hand @average=value, FIFO @cost=value
CREATE FUNCTION pg_temp.worth(product bigint, warehouse bigint) RETURNS text LANGUAGE sql AS $$
    SELECT format('%s @%s=%s, FIFO @%s=%s', quantity_on_hand, coalesce(average_cost::text, '-'), coalesce(trim_scale(average_value)::text, '-'), coalesce(fifo_cost::text, '-'), coalesce(trim_scale(fifo_value)::text, '-'))
    FROM inventory.inventory_valuation WHERE product_id = product AND warehouse_id = warehouse
$$;
-- quantity=value of each bucket, and the age of the oldest layer
CREATE FUNCTION pg_temp.ages(product bigint, warehouse bigint) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', quantity_0_30 || '=' || coalesce(trim_scale(value_0_30)::text, '-'), quantity_31_60 || '=' || coalesce(trim_scale(value_31_60)::text, '-'), quantity_61_90 || '=' || coalesce(trim_scale(value_61_90)::text, '-'),
        quantity_91_180 || '=' || coalesce(trim_scale(value_91_180)::text, '-'), quantity_181_365 || '=' || coalesce(trim_scale(value_181_365)::text, '-'), quantity_over_365 || '=' || coalesce(trim_scale(value_over_365)::text, '-'),
        'oldest', coalesce((current_date - oldest_on)::text, '-'))
    FROM inventory.stock_ageing WHERE product_id = product AND warehouse_id = warehouse
$$;

-- Valuation and layers

-- 10 at 2.00, 10 at 4.00: the average is 3.00. 15 are sold and 3 come back: 8 at 3.00. 8 at 6.00 make it
-- (8 * 3 + 8 * 6) / 16 = 4.50, and 2 that break leave it there: 14 * 4.50 = 63.
-- First in, first out, the 14 are 8 at 6.00, the 3 that came back at product.unit_cost 5.00, and 3 of those at 4.00: 48 + 15 + 12 = 75.
SELECT pg_temp.cost(1, 5);
SELECT pg_temp.buy(1, 1, 10, 2.00, 100), pg_temp.buy(1, 1, 10, 4.00, 50), pg_temp.sell(1, 1, 15, 40), pg_temp.take_back(1, 1, 3, 30), pg_temp.buy(1, 1, 8, 6.00, 20), pg_temp.adjust(1, 1, -2, 10);
SELECT is(pg_temp.worth(1, 1), '14 @4.5=63, FIFO @5.357142857143=75', 'valuation by moving average and by FIFO');
SELECT results_eq('SELECT sku, product_name, warehouse_name, movement_type::text, current_date - received_on, age_days, occurred_at, quantity, quantity_remaining, base_unit, unit_cost, value FROM inventory.stock_layer WHERE product_id = 1 ORDER BY age_days',
    $$SELECT 'SKU-1', 'Product 1', 'North', l.t, l.d, l.d, now() - make_interval(days => l.d), l.q, l.r, 'piece', l.c, l.v
        FROM (VALUES ('PURCHASE', 20, 8::bigint, 8::bigint, 6.00, 48.00), ('RETURN', 30, 3, 3, 5, 15), ('PURCHASE', 50, 10, 3, 4.00, 12.00)) AS l(t, d, q, r, c, v)$$, 'the layers it is made of');
-- 8 are 20 and 3 are 30 days old, 3 are 50.
SELECT is(pg_temp.ages(1, 1), '11=63 3=12 0=0 0=0 0=0 0=0 oldest 50', 'their ages');
SELECT is((SELECT round(average_age_days::numeric, 6) FROM inventory.stock_ageing WHERE product_id = 1), 28.571429, '(8 * 20 + 3 * 30 + 3 * 50) / 14 days on average');

-- Recorded: 10 at 1.00, 5 sold, and then 10 at 3.00 of the day before: (5 * 1 + 10 * 3) / 15 = 2.333333333333, of which 7 are sold; 8 * 2.333333333333.
-- By business time the 10 at 1.00 came last: 8 of them are there.
SELECT pg_temp.buy(2, 1, 10, 1, 10), pg_temp.sell(2, 1, 5, 8), pg_temp.buy(2, 1, 10, 3, 40), pg_temp.sell(2, 1, 7, 5);
SELECT is(pg_temp.worth(2, 1), '8 @2.333333333333=18.666666666664, FIFO @1=8', 'late entries: the average follows the books, layers the calendar');
SELECT is(pg_temp.ages(2, 1), '8=8 0=0 0=0 0=0 0=0 0=0 oldest 10', 'and so do ages');

-- The edges of the buckets, one of each
SELECT pg_temp.cost(3, 2);
SELECT pg_temp.receive(3, 1, d.quantity, d.days) FROM (VALUES (1, 0), (2, 30), (4, 31), (8, 60), (16, 61), (32, 90), (64, 91), (128, 180), (256, 181), (512, 365), (1024, 366), (2048, 1000)) AS d (quantity, days);
SELECT is(pg_temp.ages(3, 1), '3=6 12=24 48=96 192=384 768=1536 3072=6144 oldest 1000', 'each bucket has both its ends');

-- Days are those of the warehouse: half an hour before and after its midnight, 31 and 30 days ago
SELECT pg_temp.receive(3, w.warehouse_id, b.quantity, extract(epoch FROM now() - ((date_trunc('day', now() AT TIME ZONE w.timezone) - interval '30 days' + b.off) AT TIME ZONE w.timezone)) / 86400)
    FROM inventory.warehouse w, (VALUES (5, interval '-30 min'), (7, interval '30 min')) AS b (quantity, off) WHERE w.warehouse_id IN (4, 5);
SELECT is((SELECT string_agg(concat_ws(' ', quantity_0_30, quantity_31_60, (now() AT TIME ZONE w.timezone)::date - oldest_on), ', ' ORDER BY a.warehouse_id)
    FROM inventory.stock_ageing a JOIN inventory.warehouse w USING (warehouse_id) WHERE product_id = 3 AND warehouse_id IN (4, 5)), '7 5 31, 7 5 31', 'in the time zone of the warehouse');

-- What costs come from
SELECT pg_temp.receive(4, 1, 10, 0), pg_temp.receive(4, 2, 5, 0), pg_temp.sell(4, 2, 5, 0);
SELECT is(pg_temp.worth(4, 1), '10 @-=-, FIFO @-=-', 'without a cost there is no value');
SELECT is(pg_temp.ages(4, 1), '10=- 0=0 0=0 0=0 0=0 0=0 oldest 0', 'but an age');
SELECT is(pg_temp.worth(4, 2), '0 @-=0, FIFO @-=0', 'nothing is worth nothing');
SELECT is(pg_temp.ages(4, 2), '0=0 0=0 0=0 0=0 0=0 0=0 oldest -', 'and has no age');
SELECT pg_temp.cost(5, 7), pg_temp.receive(5, 1, 10, 3);
SELECT is(pg_temp.worth(5, 1), '10 @7=70, FIFO @7=70', 'goods that came without an order cost product.unit_cost');
-- 10 at 2 and 30 at 4: the mean of all receipts is 140 / 40 = 3.50, and so is the average. 8 go to South, at 3.50. 30 at 4 and 2 at 2 stay.
SELECT pg_temp.buy(6, 1, 10, 2, 9), pg_temp.buy(6, 1, 30, 4, 8), pg_temp.days_ago(5);
SELECT inventory.receive_transfer((inventory.transfer_stock(6, 1, 2, 8)).transfer_id);
SELECT is(pg_temp.worth(6, 1), '32 @3.5=112, FIFO @3.875=124', 'a transfer leaves the average of the source alone');
SELECT is(pg_temp.worth(6, 2), '8 @3.5=28, FIFO @3.5=28', 'without product.unit_cost the mean of all receipts of the product stands for it');
SELECT is((SELECT unit_cost FROM inventory.product_cost WHERE product_id = 6), 3.5, 'as product_cost says');
SELECT is((SELECT string_agg(concat_ws(' ', product_id, coalesce(unit_cost::text, '-')), ', ' ORDER BY product_id) FROM inventory.product_cost WHERE product_id IN (4, 5)), '4 -, 5 7', 'product.unit_cost comes first, and NULL is nothing known');
-- 4 at 1, then 4 of which no receipt has a cost, at product.unit_cost 9: (4 + 36) / 8 = 5
SELECT pg_temp.cost(7, 9), pg_temp.buy(7, 1, 4, 1, 9), pg_temp.buy(7, 1, 4, NULL, 8);
SELECT is(pg_temp.worth(7, 1), '8 @5=40, FIFO @5=40', 'a purchase without a cost is one at product.unit_cost');
SELECT pg_temp.cost(8, 100), pg_temp.buy(8, 1, 10, 2, 9), pg_temp.sell(8, 1, 10, 8), pg_temp.buy(8, 1, 5, 3, 7);
SELECT is(pg_temp.worth(8, 1), '5 @3=15, FIFO @3=15', 'the average starts anew when nothing was left');
SELECT pg_temp.cost(9, 10), pg_temp.adjust(9, 1, 5, 9), pg_temp.buy(9, 1, 5, 20, 8);
SELECT is(pg_temp.worth(9, 1), '10 @15=150, FIFO @15=150', 'goods found before the first purchase cost product.unit_cost');
SELECT pg_temp.cost(10, 2), pg_temp.receive(10, 1, 5, 1);
UPDATE inventory.product SET is_active = false WHERE product_id = 10;
SELECT is(concat_ws('; ', pg_temp.worth(10, 1), pg_temp.ages(10, 1)), '5 @2=10, FIFO @2=10; 5=10 0=0 0=0 0=0 0=0 0=0 oldest 1', 'a product that is no longer bought is worth what it was');
SELECT is((SELECT count(*) FROM inventory.inventory_valuation), (SELECT count(*) FROM inventory.inventory_item), 'a row for each item');

-- 700 receipts of 1 and as many sales of 1, and then one: the weights of the first receipts are far below what can be told from 0.
SELECT pg_temp.cost(11, 1), pg_temp.buy(11, 1, 1, 3, 9);
SELECT pg_temp.buy(11, 1, 9, 7, 9), pg_temp.sell(11, 1, 9, 9) FROM generate_series(1, 150) g;
SELECT is(pg_temp.worth(11, 1), '1 @7=7, FIFO @7=7', 'many receipts: what is long gone weighs nothing');

-- Turnover

-- 100 came 146 days ago, the first of them, 50 were sold 73 days ago, 10 came back 36.5 days ago: 100 - 50 / 2 + 10 / 4 = 77.5 on average.
-- 40 were sold in the end: 40 / 77.5 = 0.516129 times in 146 days; 60 last 60 * 146 / 40 = 219 days.
SELECT pg_temp.cost(13, 4), pg_temp.receive(13, 1, 100, 146), pg_temp.sell(13, 1, 50, 73), pg_temp.take_back(13, 1, 10, 36.5);
-- 20 came and 5 were sold more than a year ago; of the 15, 3 went to waste half a year ago: 13.5 on average.
SELECT pg_temp.receive(13, 2, 20, 400), pg_temp.sell(13, 2, 5, 366), pg_temp.adjust(13, 2, -3, 182.5);
-- One came back that was sold before.
SELECT pg_temp.receive(14, 1, 10, 400), pg_temp.sell(14, 1, 5, 380), pg_temp.take_back(14, 1, 1, 73);
INSERT INTO inventory.inventory_item (product_id, warehouse_id) VALUES (15, 2);
SELECT is((SELECT string_agg(concat_ws(' ', product_id, warehouse_id, quantity_on_hand, 'sold', quantity_sold, 'at', coalesce(trim_scale(average_cost)::text, '-'), coalesce(trim_scale(cost_of_goods_sold)::text, '-'), 'of', round(average_on_hand::numeric, 4),
        coalesce(trim_scale(round(average_inventory_value, 3))::text, '-'), 'ratio', coalesce(round(turnover_ratio::numeric, 6)::text, '-'), 'daily', round(avg_daily_usage::numeric, 6), 'supply', coalesce(round(days_of_supply::numeric, 4)::text, '-')), E'\n' ORDER BY product_id, warehouse_id)
    FROM inventory.stock_turnover WHERE product_id IN (13, 14, 15)),
    E'13 1 60 sold 40 at 4 160 of 77.5000 310 ratio 0.516129 daily 0.273973 supply 219.0000\n13 2 12 sold 0 at 4 0 of 13.5000 54 ratio 0.000000 daily 0.000000 supply -\n'
    '14 1 6 sold -1 at - - of 5.2000 - ratio -0.192308 daily -0.002740 supply -\n15 2 0 sold 0 at - 0 of 0.0000 - ratio - daily 0.000000 supply -', 'turnover over the year');
SELECT is((SELECT string_agg(round(days_covered)::text, ' ' ORDER BY product_id, warehouse_id) FROM inventory.stock_turnover WHERE product_id IN (13, 14, 15)), '146 365 365 0', 'the days that it covers');
SELECT is((SELECT trim_scale(cost_of_goods_sold) FROM inventory.stock_turnover WHERE product_id = 1), 54.0, 'goods sold cost the moving average: (15 - 3) * 4.50');
SELECT is((SELECT count(*) FROM inventory.stock_turnover), (SELECT count(*) FROM inventory.inventory_item), 'a row for each item in the turnover');

-- ABC and XYZ

-- In units of 52: 80, 13, 3, 3, 1 of 100. The first makes 80 %; before the second 80 % are made, so it is a B; before the two of 3, 93 %; before the last 99 %.
-- 21 sells one each week; 22 one in 40 of 52 weeks: mean 40 / 52, variance (40 - 40 * 40 / 52) / 51, variation 0.553066; 23 once: variation sqrt(52) = 7.211103.
-- 24 twice: mean 2 / 52, variance (2 - 4 / 52) / 51, variation 5.048782. 28 sells 4 in one week: as once.
SELECT pg_temp.cost(p, c) FROM (VALUES (21, 80), (22, 16.9), (23, 156), (24, 78), (25, 1), (26, NULL), (27, 2), (28, 13), (29, NULL)) AS v (p, c);
SELECT pg_temp.receive(p, 3, 100, 400) FROM generate_series(21, 29) p;
SELECT pg_temp.sell(21, 3, 1, 7 * k + 6.9) FROM generate_series(0, 51) k;
SELECT pg_temp.sell(21, 3, 1, 364.5);
SELECT pg_temp.sell(22, 3, 1, 7 * k + 3) FROM generate_series(1, 40) k;
SELECT pg_temp.sell(23, 3, 1, 100), pg_temp.sell(24, 3, 1, 363), pg_temp.sell(24, 3, 1, 1), pg_temp.sell(26, 3, 4, 50), pg_temp.take_back(27, 3, 3, 50), pg_temp.sell(28, 3, 5, 50), pg_temp.take_back(28, 3, 1, 50);
SELECT is((SELECT string_agg(concat_ws(' ', product_id, quantity_sold, coalesce(trim_scale(consumption_value)::text, '-'), coalesce(value_share::text, '-'), coalesce(cumulative_share::text, '-'), coalesce(abc_class, '-') || xyz_class, coalesce(round(coefficient_of_variation::numeric, 6)::text, '-')), E'\n' ORDER BY product_id)
    FROM inventory.abc_classification WHERE warehouse_id = 3),
    E'21 52 4160 0.8 0.8 AX 0.000000\n22 40 676 0.13 0.93 BY 0.553066\n23 1 156 0.03 0.99 BZ 7.211103\n24 2 156 0.03 0.99 BZ 5.048782\n25 0 0 0 1 CZ -\n'
    '26 4 - - - -Z 7.211103\n27 -3 -6 0 1 CZ -\n28 4 52 0.01 1 CZ 7.211103\n29 0 0 0 1 CZ -', 'ABC by value, XYZ by variation');
SELECT is((SELECT string_agg(DISTINCT concat_ws(' ', abc_class || xyz_class, coalesce(value_share::text, '-'), coalesce(cumulative_share::text, '-')), ', ') FROM inventory.abc_classification WHERE warehouse_id = 5), 'CZ - -', 'nothing sold in a warehouse');
SELECT is((SELECT count(*) FROM inventory.abc_classification), (SELECT count(*) FROM inventory.inventory_item), 'a row for each item in the classification');
-- 26 weeks of 1 and 26 of 3: mean 2, deviation sqrt(52 / 51), variation 0.504878.
SELECT pg_temp.cost(30, 1), pg_temp.receive(30, 3, 200, 400);
SELECT pg_temp.sell(30, 3, CASE WHEN k % 2 = 0 THEN 1 ELSE 3 END, 7 * k + 3) FROM generate_series(0, 51) k;
SELECT is((SELECT concat_ws(' ', quantity_sold, xyz_class, round(coefficient_of_variation::numeric, 6)) FROM inventory.abc_classification WHERE product_id = 30), '104 Y 0.504878', 'just beyond 0.5 is Y');

-- Open orders and what can be promised

-- 100 came, 30 are held. Due in 3 days: 20 confirmed, 5 submitted, 1000 that nobody has ordered. 7 should have come yesterday. 9 nobody knows when.
-- Of 40 due in 10 days 15 have come. 12 are shipped from South, 4 have arrived. 3 more are asked for.
-- An order of two lines has one of them in.
-- 100 - 30 + 15 + 4 = 89 available; 7 + 8 are expected today: 104; 25 in 3 days: 129; 25 in 10 days: 154.
CREATE FUNCTION pg_temp.ordered(product bigint, warehouse bigint, quantity bigint, cost numeric, due_in integer, status text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    id bigint := (inventory.create_purchase_order(1, warehouse, jsonb_build_array(jsonb_strip_nulls(jsonb_build_object('product_id', product, 'qty', quantity, 'unit_cost', cost))), current_date + due_in)).po_id;
BEGIN
    IF status <> 'DRAFT' THEN
        PERFORM inventory.submit_purchase_order(id);
    END IF;
    IF status = 'CONFIRMED' THEN
        PERFORM inventory.confirm_purchase_order(id);
    END IF;
    RETURN id;
END
$$;
SELECT pg_temp.days_ago(0);
SELECT inventory.receive_stock(16, 1, 100), inventory.reserve_stock(16, 1, 30, 'o'), inventory.receive_stock(16, 2, 50);
SELECT pg_temp.ordered(16, 1, 20, 1.50, 3, 'CONFIRMED') AS po1, pg_temp.ordered(16, 1, 5, 2, 3, 'SUBMITTED') AS po2, pg_temp.ordered(16, 1, 1000, 1, 3, 'DRAFT') AS po3, pg_temp.ordered(16, 1, 7, NULL, -1, 'CONFIRMED') AS po4,
    pg_temp.ordered(16, 1, 9, 1, 1, 'CONFIRMED') AS po5, pg_temp.ordered(16, 1, 40, 1, 10, 'CONFIRMED') AS po6, pg_temp.ordered(17, 1, 6, 1, 5, 'CONFIRMED') AS po7, pg_temp.ordered(18, 1, 2, 1, -3, 'DRAFT') AS po8,
    (inventory.create_purchase_order(1, 1, '[{"product_id": 20, "qty": 3, "unit_cost": 1}, {"product_id": 20, "qty": 4, "unit_cost": 1}]', current_date)).po_id AS po9 \gset
UPDATE inventory.purchase_order SET expected_delivery_date = NULL WHERE po_id = :po5;
SELECT inventory.receive_purchase_order(:po6, '[{"product_id": 16, "qty": 15}]');
SELECT inventory.submit_purchase_order(:po9), inventory.confirm_purchase_order(:po9), inventory.receive_purchase_order(:po9, '[{"product_id": 20, "qty": 3}]');
SELECT inventory.cancel_purchase_order(pg_temp.ordered(16, 1, 77, 1, 3, 'CONFIRMED'));
SELECT inventory.receive_transfer((inventory.transfer_stock(16, 2, 1, 12)).transfer_id, '[{"product_id": 16, "qty": 4}]');
SELECT inventory.create_transfer(2, 1, '[{"product_id": 16, "qty": 3}]');
SELECT results_eq('SELECT product_id, available_on - current_date, quantity_in, available_to_promise, undated_inbound FROM inventory.available_to_promise WHERE product_id IN (16, 17, 18) AND warehouse_id = 1 ORDER BY 1, 2',
    'VALUES (16::bigint, 0, 15::numeric, 104::numeric, 9::numeric), (16, 3, 25, 129, 9), (16, 10, 25, 154, 9), (17, 0, 0, 0, 0), (17, 5, 6, 6, 0)', 'what can be promised, day by day, of items never stocked too');
SELECT results_eq('SELECT sku, product_name, warehouse_name, available_on - current_date, quantity_in, available_to_promise, undated_inbound, base_unit FROM inventory.available_to_promise WHERE product_id = 16 AND warehouse_id = 2',
    $$VALUES ('SKU-16', 'Product 16', 'South', 0, 0::numeric, 35::numeric, 0::numeric, 'piece')$$, 'what a transfer holds is not promised twice');
SELECT results_eq('SELECT po_id, line_no, status::text, supplier_name, warehouse_name, sku, quantity, quantity_received, quantity_open, base_unit, unit_cost, open_value, expected_delivery_date - current_date, days_overdue, submitted_at IS NOT NULL, confirmed_at IS NOT NULL FROM inventory.open_purchase_order ORDER BY po_id',
    format($$VALUES (%s::bigint, 1, 'CONFIRMED', 'Acme', 'North', 'SKU-16', 20::bigint, 0::bigint, 20::bigint, 'piece', 1.50, 30.00, 3, 0, true, true), (%s, 1, 'SUBMITTED', 'Acme', 'North', 'SKU-16', 5, 0, 5, 'piece', 2, 10, 3, 0, true, false),
        (%s, 1, 'DRAFT', 'Acme', 'North', 'SKU-16', 1000, 0, 1000, 'piece', 1, 1000, 3, 0, false, false), (%s, 1, 'CONFIRMED', 'Acme', 'North', 'SKU-16', 7, 0, 7, 'piece', NULL, NULL, -1, 1, true, true),
        (%s, 1, 'CONFIRMED', 'Acme', 'North', 'SKU-16', 9, 0, 9, 'piece', 1, 9, NULL, NULL, true, true), (%s, 1, 'CONFIRMED', 'Acme', 'North', 'SKU-16', 40, 15, 25, 'piece', 1, 25, 10, 0, true, true),
        (%s, 1, 'CONFIRMED', 'Acme', 'North', 'SKU-17', 6, 0, 6, 'piece', 1, 6, 5, 0, true, true), (%s, 1, 'DRAFT', 'Acme', 'North', 'SKU-18', 2, 0, 2, 'piece', 1, 2, -3, 0, false, false),
        (%s, 2, 'CONFIRMED', 'Acme', 'North', 'SKU-20', 4, 0, 4, 'piece', 1, 4, 0, 0, true, true)$$, :po1, :po2, :po3, :po4, :po5, :po6, :po7, :po8, :po9), 'open orders and by how much they are late');
-- Today is a day of the warehouse: of the two one is ahead of, the other behind UTC for at least a part of the day.
SELECT inventory.receive_stock(19, 4, 1), inventory.receive_stock(19, 5, 1);
SELECT results_eq('SELECT warehouse_id, available_on FROM inventory.available_to_promise WHERE product_id = 19 ORDER BY 1', 'SELECT warehouse_id, (now() AT TIME ZONE timezone)::date FROM inventory.warehouse WHERE warehouse_id IN (4, 5) ORDER BY 1', 'today in the time zone of the warehouse');
SELECT isnt((SELECT min(available_on) FROM inventory.available_to_promise WHERE product_id = 19), (SELECT max(available_on) FROM inventory.available_to_promise WHERE product_id = 19), 'which differs');
SELECT is((SELECT count(DISTINCT (product_id, warehouse_id)) FROM inventory.available_to_promise), (SELECT count(*) + 1 FROM inventory.inventory_item), 'each item can be promised, and the one that was never stocked');
SELECT pg_temp.healthy('figures by hand');

-- Numbers that are as large as they get

INSERT INTO inventory.product (product_id, sku, name, unit_cost) SELECT i, 'BIG-' || i, 'Big', 10000000000 FROM generate_series(51, 53) i;
INSERT INTO inventory.product (product_id, sku, name, unit_cost) VALUES (54, 'BIG-54', 'Big', 1e400), (55, 'BIG-55', 'Small', 1e-400);
SELECT inventory.receive_stock(i, w, 9223372036854775807) FROM generate_series(51, 55) i, generate_series(1, 2) w;
SELECT pg_temp.sell(i, 1, 9223372036854775807, 0) FROM generate_series(51, 55) i;
SELECT inventory.receive_stock(i, 1, 9223372036854775807) FROM generate_series(51, 55) i;
SELECT pg_temp.sell(i, 1, 9223372036854775807, 0) FROM generate_series(51, 55) i;
SELECT pg_temp.ordered(51, 2, 9223372036854775807, 10000000000, 3, 'CONFIRMED'), pg_temp.ordered(51, 2, 9223372036854775807, 10000000000, 3, 'CONFIRMED');
SELECT is(pg_temp.worth(51, 2), '9223372036854775807 @10000000000=92233720368547758070000000000, FIFO @10000000000=92233720368547758070000000000', 'values do not overflow');
SELECT is((SELECT quantity_0_30 FROM inventory.stock_ageing WHERE product_id = 51 AND warehouse_id = 2), 9223372036854775807::numeric, 'nor ages');
SELECT is((SELECT concat_ws(' ', quantity_sold, cost_of_goods_sold) FROM inventory.stock_turnover WHERE product_id = 51 AND warehouse_id = 1), '18446744073709551614 184467440737095516140000000000', 'nor turnover');
SELECT is((SELECT concat_ws(' ', quantity_sold, consumption_value) FROM inventory.abc_classification WHERE product_id = 51 AND warehouse_id = 1), '18446744073709551614 184467440737095516140000000000', 'nor consumption');
SELECT is((SELECT concat_ws(' ', quantity_in, available_to_promise) FROM inventory.available_to_promise WHERE product_id = 51 AND warehouse_id = 2 AND available_on > current_date), '18446744073709551614 27670116110564327421', 'nor promises');
CREATE TEMP TABLE report (name text);
INSERT INTO report SELECT unnest(ARRAY['inventory_valuation', 'stock_layer', 'stock_ageing', 'stock_turnover', 'abc_classification', 'open_purchase_order', 'available_to_promise']);
SELECT lives_ok('SELECT * FROM inventory.' || name, name || ' of costs beyond double precision') FROM report;
SELECT pg_temp.healthy('large numbers');

-- A level that the ledger does not explain
SAVEPOINT forged;
INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand, version) VALUES (5, 2, 10, 1);
SELECT is(concat_ws('; ', pg_temp.worth(5, 2), pg_temp.ages(5, 2)), '10 @7=70, FIFO @-=-; 0=0 0=0 0=0 0=0 0=0 0=0 oldest -', 'what the ledger does not know has no FIFO value and no age');
ROLLBACK TO forged;

-- Random movements, walked one by one

SELECT setseed(0.74);
INSERT INTO inventory.product (product_id, sku, name, unit_cost) SELECT i, 'RANDOM-' || i, 'Random', CASE WHEN i % 3 > 0 THEN i % 7 + 0.5 END FROM generate_series(101, 112) i;
CREATE FUNCTION pg_temp.something() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    product bigint := 101 + floor(random() * 12);
    warehouse bigint := 6 + floor(random() * 2);
    quantity bigint := 1 + floor(random() * 20);
    days double precision := random() * 500;
    what integer := floor(random() * 10);
    there bigint := coalesce((SELECT i.quantity_available FROM inventory.inventory_item i WHERE (i.product_id, i.warehouse_id) = (product, warehouse)), 0);
BEGIN
    IF what < 2 THEN
        PERFORM pg_temp.buy(product, warehouse, quantity, round((1 + random() * 9)::numeric, 2), days);
    ELSIF what < 3 OR there = 0 THEN
        PERFORM pg_temp.receive(product, warehouse, quantity, days);
    ELSIF what < 4 THEN
        PERFORM pg_temp.take_back(product, warehouse, quantity / 4 + 1, days);
    ELSIF what < 5 THEN
        PERFORM pg_temp.adjust(product, warehouse, CASE WHEN random() < 0.5 THEN 2 ELSE -1 END, days);
    ELSIF what < 6 THEN
        PERFORM pg_temp.days_ago(days);
        PERFORM inventory.receive_transfer((inventory.transfer_stock(product, warehouse, 13 - warehouse, least(quantity, there))).transfer_id);
    ELSE
        PERFORM pg_temp.sell(product, warehouse, least(quantity, there), days);
    END IF;
END
$$;
SELECT count(pg_temp.something()) FROM generate_series(1, 900);

-- Goods come in by business time, and all that ever left takes the oldest first. Costs and the average as accountants write them, one after the other.
CREATE FUNCTION pg_temp.simulated() RETURNS TABLE (product_id bigint, warehouse_id bigint, average_cost numeric, fifo_value numeric, buckets numeric[], oldest_on date, average_on_hand double precision, variation double precision)
LANGUAGE plpgsql AS $$
DECLARE
    item record;
    m record;
    left_over bigint;
    used bigint;
    standard numeric;
    edge integer[] := '{30,60,90,180,365}';
    bucket integer;
    level bigint;
    since timestamptz;
    sold bigint[];
BEGIN
    FOR item IN SELECT * FROM inventory.inventory_item i WHERE i.warehouse_id IN (6, 7) LOOP
        product_id := item.product_id;
        warehouse_id := item.warehouse_id;
        standard := coalesce((SELECT p.unit_cost FROM inventory.product p WHERE p.product_id = item.product_id),
            (SELECT sum(r.quantity * r.unit_cost) / sum(r.quantity) FROM inventory.purchase_receipt r JOIN inventory.purchase_order_line l USING (po_id, line_no) WHERE l.product_id = item.product_id));

        average_cost := standard;
        FOR m IN SELECT s.*, r.unit_cost FROM inventory.stock_movement s LEFT JOIN inventory.purchase_receipt r USING (movement_id)
            WHERE (s.product_id, s.warehouse_id) = (item.product_id, item.warehouse_id) ORDER BY s.version
        LOOP
            IF m.movement_type = 'PURCHASE' THEN
                average_cost := ((m.on_hand_after - m.quantity) * average_cost + m.quantity * coalesce(m.unit_cost, standard)) / m.on_hand_after;
            END IF;
        END LOOP;

        fifo_value := 0;
        buckets := '{0,0,0,0,0,0}';
        oldest_on := NULL;
        left_over := (SELECT coalesce(-sum(s.quantity), 0) FROM inventory.stock_movement s WHERE (s.product_id, s.warehouse_id) = (item.product_id, item.warehouse_id) AND s.quantity < 0);
        FOR m IN SELECT s.*, r.unit_cost FROM inventory.stock_movement s LEFT JOIN inventory.purchase_receipt r USING (movement_id)
            WHERE (s.product_id, s.warehouse_id) = (item.product_id, item.warehouse_id) AND s.quantity > 0 ORDER BY s.occurred_at, s.version
        LOOP
            used := least(left_over, m.quantity);
            left_over := left_over - used;
            CONTINUE WHEN used = m.quantity;
            fifo_value := fifo_value + (m.quantity - used) * coalesce(m.unit_cost, standard);
            bucket := 1;
            WHILE bucket < 6 AND current_date - m.occurred_at::date > edge[bucket] LOOP
                bucket := bucket + 1;
            END LOOP;
            buckets[bucket] := buckets[bucket] + m.quantity - used;
            oldest_on := coalesce(oldest_on, m.occurred_at::date);
        END LOOP;

        average_on_hand := 0;
        level := 0;
        since := now() - interval '365 days';
        sold := array_fill(0::bigint, ARRAY[52]);
        FOR m IN SELECT s.* FROM inventory.stock_movement s WHERE (s.product_id, s.warehouse_id) = (item.product_id, item.warehouse_id) ORDER BY s.occurred_at, s.version LOOP
            IF m.occurred_at > since THEN
                average_on_hand := average_on_hand + level * extract(epoch FROM m.occurred_at - since) / (365 * 86400);
                since := m.occurred_at;
            END IF;
            level := level + m.quantity;
            FOR week IN 1 .. 52 LOOP
                IF m.movement_type IN ('SALE', 'RETURN') AND m.occurred_at > now() - week * interval '7 days' AND m.occurred_at <= now() - (week - 1) * interval '7 days' THEN
                    sold[week] := sold[week] - m.quantity;
                END IF;
            END LOOP;
        END LOOP;
        average_on_hand := average_on_hand + level * extract(epoch FROM now() - since) / (365 * 86400);
        SELECT CASE WHEN sum(w) > 0 THEN stddev_samp(w) / avg(w) END INTO variation FROM unnest(sold) w;
        RETURN NEXT;
    END LOOP;
END
$$;
CREATE TEMP TABLE simulated AS SELECT * FROM pg_temp.simulated();
SELECT cmp_ok((SELECT count(*) FROM simulated s JOIN inventory.inventory_valuation v USING (product_id, warehouse_id) WHERE v.quantity_on_hand > 0), '>', 15::bigint, 'there are random items');
SELECT cmp_ok((SELECT count(*) FROM inventory.stock_movement m JOIN inventory.stock_movement n USING (product_id, warehouse_id) WHERE m.warehouse_id = 6 AND m.version < n.version AND m.occurred_at > n.occurred_at), '>', 1000::bigint, 'whose entries are late');
SELECT is_empty('SELECT s.*, v.average_cost FROM simulated s LEFT JOIN inventory.inventory_valuation v USING (product_id, warehouse_id) WHERE abs(s.average_cost - v.average_cost) < 1e-9 IS NOT true', 'the moving average is that of one entry after the other');
SELECT is_empty('SELECT s.*, v.fifo_value FROM simulated s LEFT JOIN inventory.inventory_valuation v USING (product_id, warehouse_id) WHERE abs(s.fifo_value - v.fifo_value) < 1e-9 IS NOT true', 'FIFO is what the oldest that left leave');
SELECT is_empty($$SELECT s.*, a.* FROM simulated s LEFT JOIN inventory.stock_ageing a USING (product_id, warehouse_id)
    WHERE (s.buckets = ARRAY[a.quantity_0_30, a.quantity_31_60, a.quantity_61_90, a.quantity_91_180, a.quantity_181_365, a.quantity_over_365] AND s.oldest_on IS NOT DISTINCT FROM a.oldest_on) IS NOT true$$, 'ages are theirs');
SELECT is_empty($$SELECT product_id, warehouse_id FROM inventory.stock_ageing a JOIN inventory.inventory_valuation v USING (product_id, warehouse_id)
    WHERE a.quantity_on_hand <> a.quantity_0_30 + a.quantity_31_60 + a.quantity_61_90 + a.quantity_91_180 + a.quantity_181_365 + a.quantity_over_365
    OR v.fifo_value IS DISTINCT FROM a.value_0_30 + a.value_31_60 + a.value_61_90 + a.value_91_180 + a.value_181_365 + a.value_over_365$$, 'ages add up to the stock and its value');
SELECT is_empty('SELECT s.*, t.average_on_hand FROM simulated s LEFT JOIN inventory.stock_turnover t USING (product_id, warehouse_id) WHERE abs(s.average_on_hand - t.average_on_hand) < 1e-6 IS NOT true', 'the average level is that of one day after the other')
    WHERE NOT EXISTS (SELECT FROM simulated WHERE average_on_hand < 0);
SELECT is_empty('SELECT s.*, a.coefficient_of_variation FROM simulated s LEFT JOIN inventory.abc_classification a USING (product_id, warehouse_id) WHERE coalesce(abs(s.variation - a.coefficient_of_variation) < 1e-9, s.variation IS NULL AND a.coefficient_of_variation IS NULL) IS NOT true', 'the variation is that of 52 weeks');
SELECT pg_temp.healthy('random movements');

-- Who may read them, and what one item costs

CREATE ROLE inventory_test_reader;
CREATE ROLE inventory_test_views;
SELECT inventory.grant_access('inventory_test_reader', 'reader');
GRANT USAGE ON SCHEMA inventory TO inventory_test_views;
SELECT format('GRANT SELECT ON inventory.%I TO inventory_test_views', name) FROM report \gexec
CREATE FUNCTION pg_temp.rows_seen_by(role text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    seen text := '';
    view text;
    n bigint;
BEGIN
    FOR view IN SELECT name FROM report ORDER BY name LOOP
        EXECUTE format('SET LOCAL ROLE %I', role);
        EXECUTE format('SELECT count(*) FROM (SELECT * FROM inventory.%I OFFSET 0) v', view) INTO n;
        RESET ROLE;
        seen := concat_ws(' ', seen, n);
    END LOOP;
    RETURN seen;
END
$$;
SELECT is(pg_temp.rows_seen_by('inventory_test_reader'), pg_temp.rows_seen_by(session_user), 'a reader sees all of them');
SELECT is(pg_temp.rows_seen_by('inventory_test_views'), pg_temp.rows_seen_by(session_user), 'who was granted the views alone needs no more');
SET LOCAL ROLE inventory_test_views;
SELECT throws_ok('SELECT * FROM inventory.stock_movement', '42501', NULL, 'and gets no more');
RESET ROLE;

-- The condition on the item has to arrive at the ledger.
CREATE FUNCTION pg_temp.plan_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    line text;
    plan text := '';
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
        plan := plan || line || E'\n';
    END LOOP;
    RETURN plan;
END
$$;
SET LOCAL enable_seqscan = off;
SET LOCAL enable_bitmapscan = off;
SELECT matches(pg_temp.plan_of('SELECT * FROM inventory.' || name || ' WHERE product_id = 1 AND warehouse_id = 1'), 'on stock_movement[^\n]*\n *Index Cond: \(\(product_id = ''?1''?(::bigint)?\) AND \(warehouse_id = ''?1''?(::bigint)?\)', 'one item of ' || name || ' reads the movements of one item')
    FROM report WHERE name NOT IN ('abc_classification', 'open_purchase_order', 'available_to_promise');
SELECT matches(pg_temp.plan_of('SELECT * FROM inventory.available_to_promise WHERE product_id = 1 AND warehouse_id = 1'), 'on inventory_item[^\n]*\n *Index Cond: \(\(product_id = ''?1''?(::bigint)?\) AND \(warehouse_id = ''?1''?(::bigint)?\)', 'one item of available_to_promise reads one item');

SELECT * FROM finish();
ROLLBACK;
