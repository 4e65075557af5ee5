-- plan_cycle_counts, start_count, record_count, and what the views make of them.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION inventory;
SELECT plan(249);

\ir include/setup.psql
SET LOCAL timezone = 'UTC';

-- What is queued for some days from now on: day product class
CREATE FUNCTION pg_temp.queued(warehouse bigint, first integer, last integer) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', due_on - current_date, product_id, velocity_class), ', ' ORDER BY due_on, velocity_class, product_id)
    FROM inventory.cycle_count WHERE warehouse_id = warehouse AND due_on BETWEEN current_date + first AND current_date + last
$$;

-- Sells one piece of an item at a time.
CREATE FUNCTION pg_temp.sell(product bigint, warehouse bigint, times integer) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(f.status) FROM generate_series(1, times) n, LATERAL inventory.reserve_stock(product, warehouse, 1, 'till-' || n) r,
        LATERAL inventory.fulfill_reservation(r.reservation_id) f
$$;

-- A count as people see it: counted/system delta cause
CREATE FUNCTION pg_temp.seen(c inventory.cycle_count) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', format('%s/%s', c.counted_quantity, c.system_quantity), c.delta, c.root_cause)
$$;

-- Planning: 28 days of a warehouse with 10 fast items, which make the first 80 of
-- its 100 sales, and 40 slow ones, half of which were sold once

INSERT INTO inventory.product (product_id, sku, name) SELECT i, 'SKU-' || i, 'Product ' || i FROM generate_series(31, 80) i;
SELECT count(inventory.receive_stock(p, 1, 100)) FROM generate_series(31, 80) p;
SELECT sum(pg_temp.sell(p, 1, CASE WHEN p <= 40 THEN 8 ELSE 1 END)) FROM generate_series(31, 60) p;
SELECT count(inventory.receive_stock(p, 2, 100)) FROM unnest('{31,32,61}'::bigint[]) p;
SELECT pg_temp.sell(61, 2, 3);
SELECT sum(inventory.plan_cycle_counts(current_date + d)) AS planned FROM generate_series(0, 27) d \gset
SELECT is(:planned::bigint, (SELECT count(*) FROM inventory.cycle_count), 'planning returns how many it queued');
SELECT is((SELECT string_agg(concat(warehouse_id, ' ', velocity_class, ' ', items), ', ' ORDER BY warehouse_id, velocity_class)
    FROM (SELECT warehouse_id, velocity_class, count(DISTINCT product_id) AS items FROM inventory.cycle_count GROUP BY 1, 2) x),
    '1 FAST 10, 1 SLOW 40, 2 FAST 1, 2 SLOW 2', 'the first 80 percent of the sales of each warehouse are fast');
SELECT is((SELECT string_agg(DISTINCT product_id::text, ',') FROM inventory.cycle_count WHERE warehouse_id = 2 AND velocity_class = 'FAST'), '61', 'what is slow in one warehouse may be fast in another');
SELECT is_empty($$
    SELECT p, f FROM generate_series(31, 40) p, generate_series(0, 21) f
    WHERE (SELECT count(*) FROM inventory.cycle_count c WHERE c.product_id = p AND c.warehouse_id = 1 AND c.due_on BETWEEN current_date + f AND current_date + f + 6) <> 1
$$, 'each fast item once in every 7 days');
SELECT is_empty('SELECT p FROM generate_series(41, 80) p WHERE (SELECT count(*) FROM inventory.cycle_count c WHERE c.product_id = p AND c.warehouse_id = 1) <> 1', 'each slow item once in 28 days');
SELECT results_eq($$
    SELECT DISTINCT velocity_class, counts, count(*) OVER (PARTITION BY velocity_class, counts) FROM (
        SELECT due_on, velocity_class, count(*) AS counts FROM inventory.cycle_count WHERE warehouse_id = 1 GROUP BY 1, 2) x
    ORDER BY 1, 2
$$, $$VALUES ('FAST', 2::bigint, 20::bigint), ('SLOW', 2, 20)$$, 'each day its share of each class, a seventh and a 28th, rounded up');
SELECT is(pg_temp.queued(1, 0, 0), '0 31 FAST, 0 32 FAST, 0 41 SLOW, 0 42 SLOW', 'those that move most come first');
SELECT is(pg_temp.queued(2, 0, 7), '0 61 FAST, 0 31 SLOW, 1 32 SLOW, 7 61 FAST', 'each warehouse has a queue of its own');
SELECT ok((SELECT bool_and(counted_at IS NULL AND started_at IS NULL AND superseded_by IS NULL AND system_quantity IS NULL) FROM inventory.cycle_count), 'nothing is counted yet');

SELECT pg_temp.state() AS before \gset
SELECT is(inventory.plan_cycle_counts(), 0::bigint, 'again, for today, which is the default');
SELECT is((SELECT sum(inventory.plan_cycle_counts(current_date + d)) FROM generate_series(0, 27) d), 0::numeric, 'and for all the days');
SELECT is(pg_temp.state(), :'before', 'adds nothing');
SELECT pg_temp.sell(80, 1, 50);
SELECT pg_temp.state() AS before \gset
SELECT is((SELECT sum(inventory.plan_cycle_counts(current_date + d)) FROM generate_series(0, 6) d), 0::numeric, 'not either after a slow item became fast');
SELECT is(pg_temp.state(), :'before', 'nothing at all');
SELECT is((SELECT product_id FROM inventory.cycle_count WHERE warehouse_id = 1 AND due_on = current_date + 19 AND velocity_class = 'SLOW' AND product_id = 80), 80::bigint, 'it is queued once, late, as slow');
SELECT inventory.plan_cycle_counts(current_date + 28);
SELECT is(pg_temp.queued(1, 28, 28), '28 31 FAST, 28 80 FAST, 28 41 SLOW, 28 42 SLOW', 'the next day knows that it is fast, and the slow ones begin anew');
SELECT pg_temp.refused('SELECT inventory.plan_cycle_counts(NULL)', '22023', 'due_on must not be NULL', '', 'plan NULL');
SELECT pg_temp.refused($$SELECT inventory.plan_cycle_counts('infinity')$$, '22023', 'due_on must not be infinite', '', 'plan infinity');
SELECT pg_temp.refused($$SELECT inventory.plan_cycle_counts('-infinity')$$, '22023', 'due_on must not be infinite', '', 'plan -infinity');
SELECT pg_temp.refused($$SELECT inventory.plan_cycle_counts('5874897-12-31')$$, '22023', 'due_on must lie within ten years of today', '', 'plan the last day there is');
SELECT pg_temp.refused($$SELECT inventory.plan_cycle_counts('4713-01-01 BC')$$, '22023', 'due_on must lie within ten years of today', '', 'plan one of the first days');
SELECT pg_temp.healthy('planning');

-- Settings; each on an empty queue, in a warehouse of its own

CREATE FUNCTION pg_temp.replanned(warehouse bigint, days integer) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM inventory.cycle_count;
    PERFORM inventory.plan_cycle_counts(current_date + d) FROM generate_series(0, days - 1) d;
    RETURN pg_temp.queued(warehouse, 0, days - 1);
END
$$;
INSERT INTO inventory.warehouse (warehouse_id, name) VALUES (3, 'East');
SELECT count(inventory.receive_stock(p, 3, 100)) FROM generate_series(1, 4) p;
-- 60, 30 and 10 percent of the sales
SELECT pg_temp.sell(1, 3, 6), pg_temp.sell(2, 3, 3), pg_temp.sell(3, 3, 1);
SELECT is(pg_temp.replanned(3, 1), '0 1 FAST, 0 3 SLOW', 'count_fast_percent 80: the first two are fast');
SET LOCAL inventory.count_fast_percent = 60;
SELECT is(pg_temp.replanned(3, 2), '0 1 FAST, 0 2 SLOW, 1 3 SLOW', '60: the first alone');
SET LOCAL inventory.count_fast_percent = 91;
SELECT is(pg_temp.replanned(3, 3), '0 1 FAST, 0 4 SLOW, 1 2 FAST, 2 3 FAST', '91: all three');
SET LOCAL inventory.count_fast_percent = 100;
SELECT is(pg_temp.replanned(3, 3), '0 1 FAST, 0 4 SLOW, 1 2 FAST, 2 3 FAST', '100: what never moved stays slow');
SET LOCAL inventory.count_fast_percent = 0;
SELECT is(pg_temp.replanned(3, 1), '0 1 SLOW', '0: none is fast');
RESET inventory.count_fast_percent;
SET LOCAL inventory.count_fast_days = 1;
SELECT is(pg_temp.replanned(3, 2), '0 1 FAST, 0 2 FAST, 0 3 SLOW, 1 1 FAST, 1 2 FAST, 1 4 SLOW', 'count_fast_days 1: every day');
SET LOCAL inventory.count_fast_days = 2;
SET LOCAL inventory.count_slow_days = 3;
SELECT is(pg_temp.replanned(3, 4), '0 1 FAST, 0 3 SLOW, 1 2 FAST, 1 4 SLOW, 2 1 FAST, 3 2 FAST, 3 3 SLOW', 'every second and third day');
RESET inventory.count_fast_days;
RESET inventory.count_slow_days;
-- Of equals, none is faster than the other.
SELECT pg_temp.sell(4, 3, 3);
SET LOCAL inventory.count_fast_percent = 50;
SELECT is(pg_temp.replanned(3, 3), '0 1 FAST, 0 3 SLOW, 1 2 FAST, 2 4 FAST', 'items that move equally often are in one class');
RESET inventory.count_fast_percent;
SET LOCAL inventory.occurred_at = '2024-01-01';
SELECT pg_temp.sell(3, 3, 50);
RESET inventory.occurred_at;
SELECT is(pg_temp.replanned(3, 1), '0 1 FAST, 0 3 SLOW', 'what was sold long ago does not count');
SET LOCAL inventory.count_window_days = 3650;
SELECT is(pg_temp.replanned(3, 1), '0 3 FAST, 0 1 SLOW', 'unless the window reaches back to it');
RESET inventory.count_window_days;
SELECT throws_ok(format('SET LOCAL inventory.%s = %s', name, value), '22023', NULL, format('inventory.%s = %s is refused', name, value))
    FROM (VALUES ('count_fast_percent', '101'), ('count_fast_percent', '-1'), ('count_fast_percent', 'NaN'), ('count_fast_days', '0'), ('count_slow_days', '0'), ('count_window_days', '0')) v(name, value);

SELECT pg_temp.replanned(3, 1);
SELECT pg_temp.sell(4, 3, 30);
SELECT is(inventory.plan_cycle_counts(), 0::bigint, 'a day that was planned stays as it was');
SELECT is(pg_temp.queued(3, 0, 0), '0 1 FAST, 0 3 SLOW', 'even if another item has become the fastest');
SELECT is(pg_temp.replanned(3, 1), '0 4 FAST, 0 2 SLOW', 'which a new plan would have first');

INSERT INTO inventory.warehouse (warehouse_id, name) VALUES (4, 'West'), (9, 'Depot');
SELECT inventory.receive_stock(1, 9, 5), inventory.receive_stock(1, 9, 5), inventory.adjust_stock(1, 9, -1, 'DAMAGE'), inventory.receive_stock(2, 9, 5);
SELECT inventory.transfer_stock(2, 9, 2, 1);
SELECT is(pg_temp.replanned(9, 1), '0 2 FAST, 0 1 SLOW', 'transfers out count as sales do, receipts and adjustments do not');
SELECT inventory.receive_stock(10, 4, 5), inventory.receive_stock(11, 4, 5), inventory.receive_stock(12, 4, 5);
SELECT inventory.adjust_stock(11, 4, -5, 'DAMAGE'), inventory.adjust_stock(12, 4, -5, 'DAMAGE');
UPDATE inventory.product SET is_active = false WHERE product_id IN (10, 11);
SELECT is(pg_temp.replanned(4, 28), '0 10 SLOW, 1 12 SLOW', 'what is no longer sold is counted as long as there is any; what is sold also when there is none');

-- A count that nobody planned puts the next one off.
INSERT INTO inventory.warehouse (warehouse_id, name) VALUES (5, 'Here');
SELECT count(inventory.receive_stock(p, 5, 100)) FROM unnest('{13,14}'::bigint[]) p;
SELECT pg_temp.sell(13, 5, 2);
SELECT set_config('inventory.occurred_at', now()::text, true);
DELETE FROM inventory.cycle_count;
SELECT inventory.record_count(13, 5, 98), inventory.record_count(14, 5, 100);
RESET inventory.occurred_at;
SELECT count(inventory.plan_cycle_counts(current_date + d)) FROM generate_series(0, 28) d;
SELECT is(pg_temp.queued(5, 0, 28), '7 13 FAST, 14 13 FAST, 21 13 FAST, 28 13 FAST, 28 14 SLOW', 'an item that was counted is not due before its cycle is over');
SELECT pg_temp.healthy('settings');
DELETE FROM inventory.cycle_count;

-- Counts without a start

SELECT inventory.receive_stock(1, 1, 100);
SELECT clock_timestamp() AS earlier \gset
SELECT results_eq($$SELECT c.counted_quantity, c.system_quantity, c.delta, c.root_cause, c.movement_id, c.due_on, c.velocity_class, c.started_at, c.counted_by FROM inventory.record_count(1, 1, 100) c$$,
    $$VALUES (100::bigint, 100::bigint, 0::bigint, NULL::text, NULL::bigint, NULL::date, NULL::text, NULL::timestamptz, session_user::text COLLATE "default")$$, 'a count that is exact');
SELECT is((SELECT i.last_counted_at FROM inventory.inventory_item i WHERE product_id = 1 AND warehouse_id = 1), (SELECT counted_at FROM inventory.cycle_count), 'the item knows when');
SELECT ok((SELECT counted_at BETWEEN :'earlier' AND clock_timestamp() FROM inventory.cycle_count), 'which is now');
SELECT is(pg_temp.ledger(1, 1), '1 PURCHASE 100>100', 'nothing moved');
SELECT is(pg_temp.seen(inventory.record_count(1, 1, 100, 'THEFT')), '100/100 0', 'a cause that is not needed is not kept');
SELECT count_id AS c1, movement_id AS m1, delta AS d1, root_cause AS r1 FROM inventory.record_count(1, 1, 97, 'THEFT') \gset
SELECT is(concat(:d1, ' ', :'r1'), '-3 THEFT', 'less than the system has');
SELECT is((SELECT concat_ws(' ', movement_type, quantity, on_hand_after, reference_id, root_cause) FROM inventory.stock_movement WHERE movement_id = :m1), format('ADJUSTMENT -3 97 %s THEFT', :c1), 'makes one ADJUSTMENT');
SELECT is(pg_temp.seen(inventory.record_count(1, 1, 105, 'FOUND')), '105/97 8 FOUND', 'more than the system has');
SELECT is(pg_temp.level(1, 1), '105/0/105', 'the level is what was counted');
SELECT is(pg_temp.ledger(1, 1), '1 PURCHASE 100>100, 2 ADJUSTMENT -3>97, 3 ADJUSTMENT 8>105', 'one movement for each difference');
SELECT is(pg_temp.seen(inventory.record_count(1, 1, 0, 'THEFT')), '0/105 -105 THEFT', 'all is gone');
SELECT is(pg_temp.seen(inventory.record_count(1, 1, 9223372036854775807, 'FOUND')), '9223372036854775807/0 9223372036854775807 FOUND', 'the most there can be');
SELECT inventory.record_count(1, 1, 105, 'COUNT_ERROR');
SELECT is(pg_temp.seen(inventory.record_count(2, 1, 0)), '0/0 0', 'nothing where it was never stocked');
SELECT is(pg_temp.level(2, 1), '0/0/0', 'makes the item');
SELECT is(pg_temp.seen(inventory.record_count(3, 1, 7, 'FOUND')), '7/0 7 FOUND', 'something where it was never stocked');
SELECT is(pg_temp.ledger(3, 1), '1 ADJUSTMENT 7>7', 'is its first movement');
SELECT is((SELECT count(*) FROM inventory.cycle_count), 9::bigint, 'each was a count of its own');
SELECT is_empty('SELECT count_id FROM inventory.cycle_count WHERE superseded_by IS NOT NULL', 'none superseded another');
SELECT pg_temp.healthy('counts without a start');

-- Refusals

SELECT pg_temp.refused('SELECT inventory.record_count(1, 1, 90)', '22023', 'a count that differs needs a root cause', 'Counted: 90, the system had: 105.', 'less without a cause');
SELECT pg_temp.refused('SELECT inventory.record_count(1, 1, 106)', '22023', 'a count that differs needs a root cause', 'Counted: 106, the system had: 105.', 'more without a cause');
SELECT pg_temp.refused('SELECT inventory.record_count(4, 1, 1)', '22023', 'a count that differs needs a root cause', 'Counted: 1, the system had: 0.', 'never stocked without a cause');
SELECT pg_temp.refused($$SELECT inventory.record_count(1, 1, 90, 'GREMLINS')$$, '22023', 'unknown root cause "GREMLINS"', '', 'unknown cause');
SELECT pg_temp.refused($$SELECT inventory.record_count(1, 1, 105, 'GREMLINS')$$, '22023', 'unknown root cause "GREMLINS"', '', 'unknown cause although exact');
SELECT pg_temp.refused($$SELECT inventory.record_count(1, 1, 90, '')$$, '22023', 'root_cause must not be empty', '', 'empty cause');
SELECT pg_temp.refused($$SELECT inventory.record_count(1, 1, 90, repeat('x', 256))$$, '22023', 'root_cause is too long', 'It has 256 bytes; at most 255 are kept.', 'long cause');
SELECT pg_temp.refused('SELECT inventory.record_count(1, 1, -1)', '22023', 'counted_quantity must not be negative', 'Got -1.', 'negative count');
SELECT pg_temp.refused('SELECT inventory.record_count(1, 1, -9223372036854775808)', '22023', 'counted_quantity must not be negative', 'Got -9223372036854775808.', 'most negative count');
SELECT pg_temp.refused($$SELECT inventory.record_count(1, 1, 90, 'THEFT', 'shrug')$$, '22023', 'unknown on_shortfall "shrug"', '', 'unknown on_shortfall');
SELECT pg_temp.refused($$SELECT inventory.record_count(1, 1, 90, 'THEFT', 'ERROR')$$, '22023', 'unknown on_shortfall "ERROR"', '', 'on_shortfall in capitals');
SELECT pg_temp.refused($$SELECT inventory.record_count(1, 1, 90, 'THEFT', '')$$, '22023', 'on_shortfall must not be empty', '', 'empty on_shortfall');
SELECT pg_temp.refused($$SELECT inventory.record_count(1, 1, 90, 'THEFT', NULL)$$, '22023', 'on_shortfall must not be NULL', '', 'on_shortfall NULL');
SELECT pg_temp.refused('SELECT inventory.record_count(NULL, 1, 1)', '22023', 'product_id must not be NULL', '', 'record product NULL');
SELECT pg_temp.refused('SELECT inventory.record_count(1, NULL, 1)', '22023', 'warehouse_id must not be NULL', '', 'record warehouse NULL');
SELECT pg_temp.refused('SELECT inventory.record_count(1, 1, NULL)', '22023', 'counted_quantity must not be NULL', '', 'count NULL');
SELECT pg_temp.refused('SELECT inventory.record_count(99, 1, 0)', 'IV003', 'product 99 does not exist', '', 'record an unknown product');
SELECT pg_temp.refused('SELECT inventory.record_count(1, 99, 0)', 'IV003', 'warehouse 99 does not exist', '', 'record in an unknown warehouse');
SELECT pg_temp.refused('SELECT inventory.start_count(NULL, 1)', '22023', 'product_id must not be NULL', '', 'start product NULL');
SELECT pg_temp.refused('SELECT inventory.start_count(1, NULL)', '22023', 'warehouse_id must not be NULL', '', 'start warehouse NULL');
SELECT pg_temp.refused('SELECT inventory.start_count(99, 1)', 'IV003', 'product 99 does not exist', '', 'start an unknown product');
SELECT pg_temp.refused('SELECT inventory.start_count(1, 99)', 'IV003', 'warehouse 99 does not exist', '', 'start in an unknown warehouse');

-- Counts with a start

SELECT inventory.receive_stock(5, 1, 50);
SELECT count_id AS c5 FROM inventory.start_count(5, 1) \gset
SELECT is((SELECT concat_ws(' ', system_quantity, started_version, started_at IS NOT NULL, counted_at IS NULL, counted_by IS NULL, due_on IS NULL) FROM inventory.cycle_count WHERE count_id = :c5), '50 1 t t t t', 'a start remembers the level and the version');
SELECT inventory.receive_stock(5, 1, 20);
SELECT is(pg_temp.seen(inventory.record_count(5, 1, 48, 'THEFT')), '48/50 -2 THEFT', 'a receipt after the start is no part of the difference');
SELECT is(pg_temp.level(5, 1), '68/0/68', 'and stays');
SELECT is((SELECT count_id FROM inventory.cycle_count WHERE counted_quantity = 48), :c5::bigint, 'it was the count that was started');
SELECT inventory.start_count(5, 1);
SELECT pg_temp.sell(5, 1, 5);
SELECT is(pg_temp.seen(inventory.record_count(5, 1, 70, 'FOUND')), '70/68 2 FOUND', 'nor is a sale');
SELECT is(pg_temp.level(5, 1), '65/0/65', 'the level has both');
SELECT inventory.start_count(5, 1);
SELECT inventory.receive_stock(5, 1, 10);
SELECT pg_temp.sell(5, 1, 3);
SELECT is((SELECT concat(delta, ' ', movement_id IS NULL) FROM inventory.record_count(5, 1, 65)), '0 t', 'nor are both, and the count is exact');
SELECT is(pg_temp.level(5, 1), '72/0/72', 'the level knows of both');
SELECT count_id AS again FROM inventory.start_count(5, 1) \gset
SELECT inventory.receive_stock(5, 1, 8);
SELECT is((SELECT concat(count_id, ' ', system_quantity, ' ', started_version = (SELECT version FROM inventory.inventory_item WHERE product_id = 5)) FROM inventory.start_count(5, 1)), format('%s 80 t', :again), 'to start again is to begin anew, with the same count');
SELECT is(pg_temp.seen(inventory.record_count(5, 1, 80)), '80/80 0', 'and with the level of then');
SELECT isnt((SELECT count_id FROM inventory.start_count(5, 1)), :again::bigint, 'a start after it was recorded is another count');
SELECT pg_temp.refused('SELECT inventory.record_count(5, 1, 79)', '22023', 'a count that differs needs a root cause', 'Counted: 79, the system had: 80.', 'started, without a cause');
SELECT inventory.receive_stock(5, 1, 1);
SELECT pg_temp.refused($$SELECT inventory.record_count(5, 1, 9223372036854775807, 'FOUND')$$, '22003', 'quantity on hand of product 5 in warehouse 1 would overflow', 'On hand: 81, to add: 9223372036854775727.', 'more than fits');
SET LOCAL inventory.occurred_at = '2024-05-06 07:08:09+00';
SELECT throws_ok('SELECT inventory.record_count(5, 1, 80)', '22023', 'inventory.occurred_at lies before what it follows', 'counted before it was started');
SELECT is((SELECT count(*) FROM inventory.cycle_count WHERE product_id = 5 AND counted_at IS NULL), 1::bigint, 'changes nothing');
RESET inventory.occurred_at;
SELECT is(pg_temp.seen(inventory.record_count(5, 1, 80)), '80/80 0', 'the started count goes on');
SELECT is((SELECT concat_ws(' ', c.system_quantity, c.started_version, pg_temp.level(6, 1)) FROM inventory.start_count(6, 1) c), '0 0 0/0/0', 'to start where it was never stocked makes the item');
SELECT inventory.receive_stock(6, 1, 4);
SELECT is(pg_temp.seen(inventory.record_count(6, 1, 0)), '0/0 0', 'whose first receipt came after');
SELECT is(pg_temp.level(6, 1), '4/0/4', 'and stays');
SELECT pg_temp.healthy('counts with a start');

-- When it was counted

SELECT last_counted_at AS last FROM inventory.inventory_item WHERE product_id = 5 \gset
SET LOCAL inventory.occurred_at = '2024-05-06 07:08:09+00';
SELECT is((SELECT c.counted_at FROM inventory.record_count(5, 1, 80, 'OTHER') c), '2024-05-06 07:08:09+00'::timestamptz, 'a late entry has the business time');
SELECT is((SELECT last_counted_at FROM inventory.inventory_item WHERE product_id = 5), :'last'::timestamptz, 'and does not set back when the item was last counted');
SELECT is((SELECT occurred_at FROM inventory.stock_movement WHERE product_id = 5 ORDER BY version DESC LIMIT 1), '2024-05-06 07:08:09+00'::timestamptz, 'its adjustment has the business time too');
SELECT is((SELECT c.started_at FROM inventory.start_count(7, 1) c), '2024-05-06 07:08:09+00'::timestamptz, 'so has a start');
SELECT inventory.record_count(7, 1, 0);
SELECT is((SELECT last_counted_at FROM inventory.inventory_item WHERE product_id = 7), '2024-05-06 07:08:09+00'::timestamptz, 'the first count sets it');
RESET inventory.occurred_at;
SET LOCAL inventory.performed_by = 'anna';
SELECT is((SELECT c.counted_by FROM inventory.record_count(7, 1, 1, 'FOUND') c), 'anna', 'counted_by is the setting inventory.performed_by');
SELECT is((SELECT performed_by FROM inventory.stock_movement WHERE product_id = 7 AND warehouse_id = 1), 'anna', 'as in the ledger');
SET LOCAL inventory.performed_by = '';

-- Less than is reserved

CREATE FUNCTION pg_temp.held(product bigint) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', reference_id, status, close_reason), ', ' ORDER BY reservation_id) FROM inventory.reservation WHERE product_id = product AND reference_id !~ '^till'
$$;
SELECT inventory.receive_stock(8, 1, 10);
SELECT inventory.reserve_stock(8, 1, 3, 'a'), inventory.reserve_stock(8, 1, 3, 'b'), inventory.reserve_stock(8, 1, 2, 'c');
SELECT pg_temp.refused($$SELECT inventory.record_count(8, 1, 7, 'THEFT')$$, 'IV001', 'the count of product 8 in warehouse 1 leaves 7 where 8 are reserved', 'Available: 2, requested: 3.', 'the count needs what is reserved');
SELECT is(pg_temp.seen(inventory.record_count(8, 1, 8, 'THEFT')), '8/10 -2 THEFT', 'it may take all that is not reserved');
SELECT is(pg_temp.level(8, 1), '8/8/0', 'to the last piece');
SELECT is(pg_temp.seen(inventory.record_count(8, 1, 8, on_shortfall => 'cancel_newest')), '8/8 0', 'an exact count cancels nothing');
SELECT is(pg_temp.held(8), 'a ACTIVE, b ACTIVE, c ACTIVE', 'all are there');
SELECT is(pg_temp.seen(inventory.record_count(8, 1, 5, 'THEFT', 'cancel_newest')), '5/8 -3 THEFT', 'cancel_newest');
SELECT is(pg_temp.held(8), 'a ACTIVE, b CANCELLED COUNT_SHORTFALL, c CANCELLED COUNT_SHORTFALL', 'cancels the newest, as many as are needed');
SELECT is(pg_temp.level(8, 1), '5/3/2', 'and what one of them held too much is free');
SELECT is(pg_temp.seen(inventory.record_count(8, 1, 4, 'THEFT', 'cancel_newest')), '4/5 -1 THEFT', 'where it fits');
SELECT is(pg_temp.held(8), 'a ACTIVE, b CANCELLED COUNT_SHORTFALL, c CANCELLED COUNT_SHORTFALL', 'it cancels none');
SELECT is(pg_temp.seen(inventory.record_count(8, 1, 0, 'THEFT', 'cancel_newest')), '0/4 -4 THEFT', 'nothing is left');
SELECT is(concat(pg_temp.held(8), ' ', pg_temp.level(8, 1)), 'a CANCELLED COUNT_SHORTFALL, b CANCELLED COUNT_SHORTFALL, c CANCELLED COUNT_SHORTFALL 0/0/0', 'nor of what was reserved');
SELECT inventory.receive_stock(9, 1, 10);
SELECT inventory.reserve_stock(9, 1, 5, 'a'), inventory.reserve_stock(9, 1, 3, 'b', 'TRANSFER'), inventory.reserve_stock(9, 1, 2, 'c');
SELECT inventory.fulfill_reservation(reservation_id, 1) FROM inventory.reservation WHERE product_id = 9 AND reference_id = 'c';
UPDATE inventory.reservation SET expires_at = now() - interval '1 min' WHERE product_id = 9 AND reference_id = 'a';
SELECT pg_temp.refused($$SELECT inventory.record_count(9, 1, 3, 'THEFT')$$, 'IV001', 'the count of product 9 in warehouse 1 leaves 3 where 9 are reserved', 'Available: 5, requested: 6.', 'what has expired counts as free');
SELECT is(pg_temp.seen(inventory.record_count(9, 1, 7, 'THEFT', 'cancel_newest')), '7/9 -2 THEFT', 'cancel_newest, with an expired one');
SELECT is(pg_temp.held(9), 'a CANCELLED EXPIRED, b ACTIVE, c ACTIVE', 'takes from that first, although it is older');
SELECT is(pg_temp.level(9, 1), '7/4/3', 'all of it');
SELECT is(pg_temp.seen(inventory.record_count(9, 1, 3, 'THEFT', 'cancel_newest')), '3/7 -4 THEFT', 'then from the newest, of which a part was fulfilled');
SELECT is(pg_temp.held(9), 'a CANCELLED EXPIRED, b ACTIVE, c CANCELLED COUNT_SHORTFALL', 'and only from that');
SELECT is(pg_temp.level(9, 1), '3/3/0', 'since it is enough');
SELECT is(pg_temp.seen(inventory.record_count(9, 1, 2, 'THEFT', 'cancel_newest')), '2/3 -1 THEFT', 'then from what is held for a transfer');
SELECT is(concat(pg_temp.held(9), ' ', pg_temp.level(9, 1)), 'a CANCELLED EXPIRED, b CANCELLED COUNT_SHORTFALL, c CANCELLED COUNT_SHORTFALL 2/0/2', 'which is not spared');
SELECT inventory.receive_stock(15, 1, 10);
SELECT inventory.reserve_stock(15, 1, 6, 'a');
UPDATE inventory.reservation SET expires_at = now() - interval '1 min' WHERE product_id = 15;
SELECT is(pg_temp.seen(inventory.record_count(15, 1, 5, 'THEFT')), '5/10 -5 THEFT', 'expired ones go by themselves');
SELECT is(concat(pg_temp.held(15), ' ', pg_temp.level(15, 1)), 'a CANCELLED EXPIRED 5/0/5', 'as always');
SELECT inventory.receive_stock(16, 1, 10);
SELECT inventory.start_count(16, 1);
SELECT pg_temp.sell(16, 1, 8);
SELECT inventory.reserve_stock(16, 1, 1, 'a');
SELECT pg_temp.refused($$SELECT inventory.record_count(16, 1, 1, 'THEFT')$$, 'IV001', 'the count of product 16 in warehouse 1 leaves -7 where 1 are reserved', 'Available: 1, requested: 9.', 'less was there than has been sold since');
SELECT pg_temp.refused($$SELECT inventory.record_count(16, 1, 1, 'THEFT', 'cancel_newest')$$, 'IV001', 'the count of product 16 in warehouse 1 leaves -7 where 1 are reserved', 'Available: 2, requested: 9.', 'and there is no cancelling that');
SELECT is(pg_temp.held(16), 'a ACTIVE', 'nothing was cancelled for it');
SELECT is(pg_temp.seen(inventory.record_count(16, 1, 8, 'THEFT', 'cancel_newest')), '8/10 -2 THEFT', 'as much as has been sold is enough');
SELECT is(pg_temp.level(16, 1), '0/0/0', 'and leaves nothing');
SELECT inventory.receive_stock(17, 1, 10);
SELECT inventory.reserve_stock(17, 1, 10, 'a');
SELECT is(pg_temp.seen(inventory.record_count(17, 1, 10)), '10/10 0', 'an item that is all reserved can be counted');
SELECT is(pg_temp.seen(inventory.record_count(17, 1, 12, 'FOUND')), '12/10 2 FOUND', 'also with more than was known');
SELECT is(pg_temp.level(17, 1), '12/10/2', 'which is free');
SELECT pg_temp.healthy('less than is reserved');

-- Queued counts

DELETE FROM inventory.cycle_count;
INSERT INTO inventory.warehouse (warehouse_id, name) VALUES (6, 'Queue');
SELECT inventory.receive_stock(18, 6, 10), inventory.receive_stock(19, 6, 10);
SELECT count(inventory.plan_cycle_counts(current_date + d)) FROM generate_series(-56, 28) d;
SELECT is(pg_temp.queued(6, -56, 28), '-56 18 SLOW, -55 19 SLOW, -28 18 SLOW, -27 19 SLOW, 0 18 SLOW, 1 19 SLOW, 28 18 SLOW', 'a queue with a past and a future');
SELECT results_eq('SELECT product_id, velocity_class, due_on, days_overdue, counts_open, started_at FROM inventory.count_due WHERE warehouse_id = 6 ORDER BY due_on',
    'VALUES (18::bigint, ''SLOW'', current_date - 56, 56, 3::bigint, NULL::timestamptz), (19, ''SLOW'', current_date - 55, 55, 2, NULL)', 'count_due has each item once, with nothing of the future');
SELECT count_id AS started FROM inventory.start_count(18, 6) \gset
SELECT is((SELECT due_on FROM inventory.cycle_count WHERE count_id = :started), current_date, 'a start takes the last that is due');
SELECT is((SELECT concat(counts_open, ' ', started_at IS NOT NULL) FROM inventory.count_due WHERE warehouse_id = 6 AND product_id = 18), '3 t', 'count_due shows that it is under way');
SELECT is((SELECT c.count_id FROM inventory.record_count(18, 6, 10) c), :started::bigint, 'recording answers it');
SELECT results_eq('SELECT due_on - current_date, superseded_by, counted_at IS NOT NULL FROM inventory.cycle_count WHERE warehouse_id = 6 AND product_id = 18 ORDER BY due_on',
    format('VALUES (-56, %s::bigint, false), (-28, %1$s, false), (0, NULL, true), (28, NULL, false)', :started), 'the older ones have become needless, the future one has not');
SELECT is((SELECT concat(c.due_on - current_date, ' ', c.velocity_class) FROM inventory.record_count(19, 6, 10) c), '-27 SLOW', 'without a start: the last that is due');
SELECT is_empty('SELECT FROM inventory.count_due WHERE warehouse_id = 6', 'nothing is left to count');
SELECT is((SELECT concat(c.due_on IS NULL, ' ', c.velocity_class IS NULL) FROM inventory.record_count(18, 6, 10) c), 't t', 'once more is a count that nobody planned');
SELECT is((SELECT count(*) FROM inventory.cycle_count WHERE warehouse_id = 6 AND superseded_by IS NOT NULL), 3::bigint, 'which makes nothing needless');
SELECT inventory.start_count(20, 6);
SELECT results_eq('SELECT product_id, velocity_class, due_on, days_overdue, counts_open, started_at IS NOT NULL FROM inventory.count_due WHERE warehouse_id = 6',
    'VALUES (20::bigint, NULL::text, NULL::date, NULL::integer, 1::bigint, true)', 'count_due has what was started without a plan');
SELECT is_empty($$SELECT attname FROM pg_attribute WHERE attrelid = 'inventory.count_due'::regclass AND attnum > 0 AND attname ~ 'quantity|delta|version|on_hand|reserved|available'$$, 'it does not tell how much there should be');
-- The day of the warehouse decides, not the day of the session.
INSERT INTO inventory.warehouse (warehouse_id, name, timezone) VALUES (7, 'Day ahead', 'Etc/GMT-14'), (8, 'Day behind', 'Etc/GMT+12');
SELECT inventory.receive_stock(18, 7, 10), inventory.receive_stock(18, 8, 10);
INSERT INTO inventory.cycle_count (product_id, warehouse_id, due_on, velocity_class) SELECT 18, w.warehouse_id, d.day, 'SLOW' FROM inventory.warehouse w,
    LATERAL (SELECT (now() AT TIME ZONE w.timezone)::date + n AS day FROM generate_series(0, 1) n) d WHERE w.warehouse_id IN (7, 8);
SELECT results_eq('SELECT warehouse_id, days_overdue, counts_open FROM inventory.count_due WHERE warehouse_id IN (7, 8) ORDER BY 1', 'VALUES (7::bigint, 0, 1::bigint), (8, 0, 1)', 'a day begins when it does in the warehouse');
SELECT pg_temp.healthy('queued counts');

-- count_accuracy

DELETE FROM inventory.cycle_count;
SELECT inventory.plan_cycle_counts();
SELECT inventory.record_count(18, 7, 10);
SELECT inventory.record_count(18, 7, 8, 'DAMAGE'), inventory.record_count(18, 7, 8), inventory.record_count(18, 7, 9, 'FOUND'), inventory.record_count(20, 7, 0);
SELECT inventory.record_count(20, 8, 0);
SELECT inventory.start_count(21, 7);
SELECT results_eq('SELECT warehouse_name, velocity_class, counts, counts_exact, accuracy, system_quantity, absolute_difference, net_difference, round(unit_accuracy::numeric, 6) FROM inventory.count_accuracy WHERE warehouse_id IN (7, 8) ORDER BY 1, 2',
    $$VALUES ('Day ahead', 'SLOW', 1::bigint, 1::bigint, 1::float8, 10::numeric, 0::numeric, 0::numeric, 1::numeric),
    ('Day ahead', 'UNPLANNED', 4, 2, 0.5, 26, 3, -1, round(23::numeric / 26, 6)),
    ('Day behind', 'UNPLANNED', 1, 1, 1, 0, 0, 0, NULL)$$, 'count_accuracy: what was recorded, by warehouse and class');
SELECT inventory.record_count(18, 8, 40, 'FOUND');
SELECT is((SELECT unit_accuracy FROM inventory.count_accuracy WHERE warehouse_id = 8 AND velocity_class = 'SLOW'), 0::float8, 'never below nothing');
SELECT is((SELECT last_counted_at FROM inventory.count_accuracy WHERE warehouse_id = 7 AND velocity_class = 'SLOW'), (SELECT counted_at FROM inventory.cycle_count WHERE warehouse_id = 7 AND velocity_class = 'SLOW'), 'and when the last was');

-- shrinkage

INSERT INTO inventory.warehouse (warehouse_id, name, timezone) VALUES (11, 'Auckland', 'Pacific/Auckland'), (12, 'New York', 'America/New_York');
UPDATE inventory.product SET unit_cost = 2.50 WHERE product_id = 24;
UPDATE inventory.product SET unit_cost = 10 WHERE product_id = 25;
SET LOCAL inventory.occurred_at = '2024-01-15 12:00+00';
SELECT inventory.receive_stock(p, w, 100) FROM unnest('{24,25,26}'::bigint[]) p, unnest('{11,12}'::bigint[]) w;
SELECT inventory.return_stock(24, 11, 5);
SELECT pg_temp.sell(24, 11, 5);
SELECT inventory.adjust_stock(24, 11, -4, 'DAMAGE'), inventory.adjust_stock(25, 11, -1, 'DAMAGE'), inventory.adjust_stock(24, 11, 1, 'DAMAGE'), inventory.adjust_stock(25, 11, -2, 'THEFT'), inventory.adjust_stock(25, 11, 3, 'FOUND');
SELECT inventory.adjust_stock(26, 11, -7, 'EXPIRED');
UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand - 6 WHERE product_id = 24 AND warehouse_id = 12;
-- The first of February in Auckland, the last of January in New York
SET LOCAL inventory.occurred_at = '2024-02-01 03:00+00';
SELECT inventory.record_count(24, 11, 90, 'THEFT'), inventory.record_count(24, 12, 90, 'THEFT');
-- 8 go from New York to Auckland, 3 of which never arrive; 2 are on the way back.
SET LOCAL inventory.occurred_at = '2024-02-01 04:00+00';
SELECT transfer_id AS lossy FROM inventory.transfer_stock(25, 12, 11, 8) \gset
SELECT inventory.transfer_stock(25, 11, 12, 2);
SET LOCAL inventory.occurred_at = '2024-03-05 12:00+00';
SELECT inventory.receive_transfer(:lossy, '[{"product_id": 25, "qty": 5}]'), inventory.close_transfer(:lossy);
RESET inventory.occurred_at;
SELECT results_eq('SELECT month, warehouse_name, root_cause, entries, quantity_lost, quantity_found, shrinkage_quantity, shrinkage_value FROM inventory.shrinkage WHERE warehouse_id IN (11, 12) ORDER BY warehouse_id, month, root_cause',
    $$VALUES (date '2024-01-01', 'Auckland', 'DAMAGE', 3::bigint, 5::numeric, 1::numeric, 4::numeric, 17.50::numeric),
    ('2024-01-01', 'Auckland', 'EXPIRED', 1, 7, 0, 7, NULL),
    ('2024-01-01', 'Auckland', 'FOUND', 1, 0, 3, -3, -30),
    ('2024-01-01', 'Auckland', 'THEFT', 1, 2, 0, 2, 20),
    ('2024-02-01', 'Auckland', 'THEFT', 1, 7, 0, 7, 17.50),
    ('2024-01-01', 'New York', 'THEFT', 1, 4, 0, 4, 10.00),
    ('2024-01-01', 'New York', NULL, 1, 6, 0, 6, 15.00),
    ('2024-03-01', 'New York', 'LOST_IN_TRANSIT', 1, 3, 0, 3, 30)$$,
    'shrinkage: by month of the warehouse, cause and value; receipts, sales and returns are none, what a transfer lost is of the warehouse it left');
SELECT pg_temp.healthy('views');

-- Kept plans outlive the extension they were made for.

DROP FUNCTION pg_temp.seen(inventory.cycle_count);
DROP EXTENSION inventory;
CREATE EXTENSION inventory;
INSERT INTO inventory.product (product_id, sku, name) VALUES (1, 'A-1', 'Anvil');
INSERT INTO inventory.warehouse (warehouse_id, name) VALUES (1, 'North');
SELECT inventory.receive_stock(1, 1, 10);
SELECT inventory.reserve_stock(1, 1, 10, 'a');
SELECT is(inventory.plan_cycle_counts(), 1::bigint, 'after DROP EXTENSION and CREATE EXTENSION');
SELECT is((SELECT c.system_quantity FROM inventory.start_count(1, 1) c), 10::bigint, 'start_count too');
SELECT is((SELECT c.delta FROM inventory.record_count(1, 1, 9, 'THEFT', 'cancel_newest') c), -1::bigint, 'and record_count');
SELECT is(concat(pg_temp.held(1), ' ', pg_temp.level(1, 1)), 'a CANCELLED COUNT_SHORTFALL 9/0/9', 'which makes room');
SELECT pg_temp.healthy('a new extension');

-- A day that is far away keeps nothing from being counted before

SELECT is(inventory.plan_cycle_counts(current_date + 365), 1::bigint, 'a day in a year');
SELECT is((SELECT sum(inventory.plan_cycle_counts(current_date + d)) FROM generate_series(1, 60) d), 2::numeric, 'and the days before it');
SELECT pg_temp.healthy('days out of order');

-- A start that was forgotten

INSERT INTO inventory.product (product_id, sku, name) VALUES (2, 'A-2', 'Anvil, small');
SELECT inventory.receive_stock(2, 1, 50);
SET LOCAL inventory.performed_by = 'ann';
SET LOCAL inventory.occurred_at = '2024-05-06 07:00:00+00';
SELECT is((SELECT c.started_by FROM inventory.start_count(2, 1) c), 'ann', 'a start keeps who began');
SET LOCAL inventory.occurred_at = '';
SET LOCAL inventory.performed_by = 'bob';
SET LOCAL client_min_messages = error;
SELECT inventory.adjust_stock(2, 1, -10, 'OTHER');
SELECT results_eq($$SELECT c.counted_quantity, c.system_quantity, c.delta, c.counted_by, c.started_by FROM inventory.record_count(2, 1, 40) c$$,
    $$VALUES (40::bigint, 40::bigint, 0::bigint, 'bob', 'ann')$$, 'one that is older than inventory.count_start_hours does not count');
SELECT is(pg_temp.level(2, 1), '40/0/40', 'and nothing is taken off');
SET LOCAL inventory.occurred_at = '2024-05-06 07:00:00+00';
SELECT lives_ok('SELECT inventory.start_count(2, 1)', 'another start as old');
SET LOCAL inventory.occurred_at = '';
SELECT inventory.adjust_stock(2, 1, -10, 'OTHER');
SET LOCAL inventory.count_start_hours = 87600;
SELECT results_eq($$SELECT c.system_quantity, c.delta FROM inventory.record_count(2, 1, 40) c$$, $$VALUES (40::bigint, 0::bigint)$$, 'does where the setting says so');
SELECT is(pg_temp.level(2, 1), '30/0/30', 'and what moved is netted out');

-- Who closed what

SELECT inventory.reserve_stock(2, 1, 5, 'by-count');
SELECT lives_ok($$SELECT inventory.record_count(2, 1, 2, 'THEFT', 'cancel_newest')$$, 'a count cancels');
SELECT is((SELECT r.closed_by FROM inventory.reservation r WHERE r.reference_id = 'by-count'), 'bob', 'and the reservation keeps who did');
SELECT is((SELECT r.closed_by FROM inventory.reserve_stock(2, 1, 1, 'open') r), NULL, 'nobody closed one that is open');
SELECT is((SELECT r.closed_by FROM inventory.fulfill_order('open') r), 'bob', 'who fulfilled it');
SELECT pg_temp.healthy('forgotten starts');

SELECT * FROM finish();
ROLLBACK;
