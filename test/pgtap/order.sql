-- Whole orders: reserve_order with named warehouses and sourced ones,
-- fulfill_order, cancel_order, and every way they refuse.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION inventory;
SELECT plan(428);

\ir include/setup.psql
SET LOCAL timezone = 'UTC';
SET LOCAL datestyle = 'ISO';

-- Makes an order; what comes back, as it comes back: product@warehouse quantity
CREATE FUNCTION pg_temp.made(reference text, lines jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s@%s %s', r.product_id, r.warehouse_id, r.quantity), ', ' ORDER BY r.ordinality)
    FROM inventory.reserve_order(reference, lines) WITH ORDINALITY r
$$;

-- What has become of the reservations of an order: product@warehouse quantity/fulfilled status reason
CREATE FUNCTION pg_temp.held(reference text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', format('%s@%s %s/%s', product_id, warehouse_id, quantity, quantity_fulfilled), status, close_reason), ', ' ORDER BY reservation_id)
    FROM inventory.reservation WHERE reference_id = reference
$$;

-- refused, whatever the setting inventory.allocation
CREATE FUNCTION pg_temp.refused_by_all(statement text, code text, message text, detail text, label text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    policy text;
BEGIN
    FOREACH policy IN ARRAY ARRAY['most_stock', 'fewest_splits', 'priority'] LOOP
        PERFORM set_config('inventory.allocation', policy, true);
        RETURN QUERY SELECT pg_temp.refused(statement, code, message, detail, label || ' by ' || policy);
    END LOOP;
END
$$;

CREATE FUNCTION pg_temp.expire(reference text) RETURNS void LANGUAGE sql AS $$
    UPDATE inventory.reservation SET expires_at = '2024-01-02 03:04:05+00' WHERE reference_id = reference
$$;

-- Served in the order 3, 4, 1, 2, 5
INSERT INTO inventory.warehouse (warehouse_id, name, priority) VALUES (3, 'East', 10), (4, 'West', 10), (5, 'Far', 200);

-- All lines or none

SELECT inventory.receive_stock(1, 1, 10), inventory.receive_stock(1, 2, 10), inventory.receive_stock(2, 1, 10), inventory.receive_stock(3, 1, 10);
SELECT is(pg_temp.made('order-1', '[{"product_id": 2, "warehouse_id": 1, "quantity": 3}, {"product_id": 1, "warehouse_id": 2, "quantity": 4}, {"product_id": 1, "warehouse_id": 1, "quantity": 5}]'),
    '2@1 3, 1@2 4, 1@1 5', 'lines in any order, reservations in the order of the lines');
SELECT is(concat_ws(' ', pg_temp.level(2, 1), pg_temp.level(1, 2), pg_temp.level(1, 1)), '10/3/7 10/4/6 10/5/5', 'each item holds its line');
SELECT results_eq($$SELECT DISTINCT reference_type::text, status::text, quantity_fulfilled, expires_at - created_at, created_by, closed_at IS NULL FROM inventory.reservation WHERE reference_id = 'order-1'$$,
    $$VALUES ('ORDER', 'ACTIVE', 0::bigint, interval '30 minutes', session_user::text COLLATE "default", true)$$, 'they are ACTIVE for 30 minutes');
SELECT is((SELECT r.expires_at - r.created_at FROM inventory.reserve_order('order-1b', '[{"product_id": "1", "warehouse_id": "1", "quantity": "1"}]', 2147483647) r),
    make_interval(mins => 2147483647), 'or for as long as one wants; numbers may come as strings');
SELECT pg_temp.refused($$SELECT inventory.reserve_order('o', '[{"product_id": 3, "warehouse_id": 1, "quantity": 1}, {"product_id": 1, "warehouse_id": 2, "quantity": 1}, {"product_id": 1, "warehouse_id": 1, "quantity": 5}]')$$,
    'IV001', 'insufficient stock of product 1 in warehouse 1', 'Available: 4, requested: 5.', 'the last line does not fit');
SELECT pg_temp.refused($$SELECT inventory.reserve_order('o', '[{"product_id": 1, "warehouse_id": 1, "quantity": 5}, {"product_id": 3, "warehouse_id": 1, "quantity": 1}]')$$,
    'IV001', 'insufficient stock of product 1 in warehouse 1', 'Available: 4, requested: 5.', 'the first line does not fit');
SELECT pg_temp.refused($$SELECT inventory.reserve_order('o', '[{"product_id": 3, "warehouse_id": 1, "quantity": 6}, {"product_id": 3, "warehouse_id": 1, "quantity": 6}]')$$,
    'IV001', 'insufficient stock of product 3 in warehouse 1', 'Available: 10, requested: 12.', 'the same item twice');
SELECT is(pg_temp.made('order-2', '[{"product_id": 3, "warehouse_id": 1, "quantity": 6}, {"product_id": 2, "warehouse_id": 1, "quantity": 1}, {"product_id": 3, "warehouse_id": 1, "quantity": 4}]'),
    '3@1 6, 2@1 1, 3@1 4', 'the same item twice, and it fits');
SELECT is(pg_temp.level(3, 1), '10/10/0', 'is held twice');
SELECT is((SELECT count(*) FROM inventory.stock_movement WHERE movement_type <> 'PURCHASE'), 0::bigint, 'nothing moved');
SELECT pg_temp.healthy('all or none');

-- Lines with and without a warehouse

SELECT inventory.receive_stock(4, 1, 10), inventory.receive_stock(4, 2, 5);
SAVEPOINT mixed;
SELECT is(pg_temp.made('order-3', '[{"product_id": 4, "quantity": 5}, {"product_id": 4, "warehouse_id": 1, "quantity": 10}]'),
    '4@2 5, 4@1 10', 'what a later line names is not given to an earlier one that names none');
ROLLBACK TO mixed;
SELECT is(pg_temp.made('order-3', '[{"product_id": 4, "quantity": 6}, {"product_id": 4, "warehouse_id": 1, "quantity": 6}, {"product_id": 4, "quantity": 2, "warehouse_id": null}]'),
    '4@1 4, 4@2 2, 4@1 6, 4@2 2', 'the first may have what the named one leaves; null names none');
ROLLBACK TO mixed;
SELECT pg_temp.refused_by_all($$SELECT inventory.reserve_order('o', '[{"product_id": 4, "quantity": 6}, {"product_id": 4, "warehouse_id": 1, "quantity": 10}]')$$,
    'IV001', 'insufficient stock of product 4 in all warehouses together', 'Available: 5, requested: 6.', 'the named line leaves too little');
SELECT pg_temp.refused_by_all($$SELECT inventory.reserve_order('o', '[{"product_id": 4, "quantity": 1}, {"product_id": 4, "warehouse_id": 1, "quantity": 11}]')$$,
    'IV001', 'insufficient stock of product 4 in warehouse 1', 'Available: 10, requested: 11.', 'the named line itself does not fit');
SELECT pg_temp.healthy('mixed lines');

-- inventory.allocation = priority

SELECT is(current_setting('inventory.allocation'), 'priority', 'the last policy tried is priority');
RESET inventory.allocation;
SELECT is(current_setting('inventory.allocation'), 'priority', 'which is the default too');
SELECT inventory.receive_stock(5, w, q) FROM (VALUES (1, 10), (3, 4), (4, 3), (5, 50)) v(w, q);
SELECT is(pg_temp.made('order-4', '[{"product_id": 5, "quantity": 3}]'), '5@3 3', 'the preferred warehouse, the lowest id of equals');
SELECT is(pg_temp.made('order-5', '[{"product_id": 5, "quantity": 2}, {"product_id": 5, "quantity": 10}]'), '5@3 1, 5@4 1, 5@4 2, 5@1 8', 'what one has not comes from the next');
SELECT is(pg_temp.made('order-6', '[{"product_id": 5, "quantity": 52}]'), '5@1 2, 5@5 50', 'to the last one');
SELECT pg_temp.refused($$SELECT inventory.reserve_order('o', '[{"product_id": 5, "quantity": 1}]')$$, 'IV001', 'insufficient stock of product 5 in all warehouses together', 'Available: 0, requested: 1.', 'and then nothing is left');
SELECT is((SELECT string_agg(pg_temp.level(5, w), ' ' ORDER BY w) FROM unnest('{1,3,4,5}'::bigint[]) w), '10/10/0 4/4/0 3/3/0 50/50/0', 'the levels');
SELECT inventory.receive_stock(6, 1, 5), inventory.receive_stock(6, 2, 5);
UPDATE inventory.warehouse SET priority = -1 WHERE warehouse_id = 2;
SELECT is(pg_temp.made('order-7', '[{"product_id": 6, "quantity": 1}]'), '6@2 1', 'a warehouse that is preferred from now on');
UPDATE inventory.warehouse SET priority = 100 WHERE warehouse_id = 2;

-- most_stock

SET LOCAL inventory.allocation = 'most_stock';
SELECT inventory.receive_stock(7, w, q) FROM (VALUES (1, 5), (2, 9), (3, 9), (4, 2)) v(w, q);
SELECT is(pg_temp.made('order-8', '[{"product_id": 7, "quantity": 4}]'), '7@3 4', 'most_stock: where most is, the preferred one of equals');
SELECT is(pg_temp.made('order-9', '[{"product_id": 7, "quantity": 10}]'), '7@2 9, 7@3 1', 'then where most is left');
SELECT is(pg_temp.made('order-10', '[{"product_id": 7, "quantity": 2}, {"product_id": 7, "quantity": 2}]'), '7@1 2, 7@3 2', 'each line looks anew');

-- fewest_splits

SET LOCAL inventory.allocation = 'fewest_splits';
SELECT inventory.receive_stock(8, w, q) FROM (VALUES (3, 5), (4, 5), (5, 10)) v(w, q);
SAVEPOINT splits;
SELECT is(pg_temp.made('order-11', '[{"product_id": 8, "quantity": 10}]'), '8@5 10', 'fewest_splits: the one that has all, although preferred ones have parts');
ROLLBACK TO splits;
SELECT is(pg_temp.made('order-11', '[{"product_id": 8, "quantity": 5}]'), '8@3 5', 'the preferred one where several have all');
ROLLBACK TO splits;
SELECT is(pg_temp.made('order-11', '[{"product_id": 8, "quantity": 20}]'), '8@5 10, 8@3 5, 8@4 5', 'all of them where all are needed');
ROLLBACK TO splits;
SELECT inventory.receive_stock(9, w, q) FROM (VALUES (3, 4), (4, 4), (1, 6), (2, 3)) v(w, q);
SELECT is(pg_temp.made('order-12', '[{"product_id": 9, "quantity": 10}]'), '9@1 6, 9@3 4', 'two, not the three that come first');

SELECT inventory.receive_stock(23, w, q) FROM (VALUES (3, 6), (4, 4)) v(w, q);
SELECT is(pg_temp.made('order-12b', '[{"product_id": 23, "quantity": 10}]'), '23@3 6, 23@4 4', 'two, the preferred one of which has most');

-- Warehouse 3 has most of what is wanted, 7 of 12, and both others would be needed
-- besides it; those two are enough by themselves.
SELECT inventory.receive_stock(p, w, q) FROM (VALUES (10, 3, 4), (12, 3, 3), (10, 4, 4), (11, 4, 2), (11, 1, 2), (12, 1, 4)) v(p, w, q);
SAVEPOINT cover;
SELECT is(pg_temp.made('order-13', '[{"product_id": 10, "quantity": 4}, {"product_id": 11, "quantity": 4}, {"product_id": 12, "quantity": 4}]'),
    '10@4 4, 11@4 2, 11@1 2, 12@1 4', 'three products out of two warehouses, where the fullest one would make it three');
ROLLBACK TO cover;
SELECT inventory.receive_stock(13, 3, 1);
SELECT is(pg_temp.made('order-13', '[{"product_id": 10, "quantity": 4}, {"product_id": 11, "quantity": 4}, {"product_id": 12, "quantity": 4}, {"product_id": 13, "quantity": 1, "warehouse_id": 3}]'),
    '10@3 4, 11@4 2, 11@1 2, 12@1 4, 13@3 1', 'three where a line names the third');
ROLLBACK TO cover;
SELECT inventory.receive_stock(p, w, q) FROM (VALUES (24, 3, 1), (25, 3, 5), (25, 4, 9), (26, 4, 1)) v(p, w, q);
SELECT is(pg_temp.made('order-13', '[{"product_id": 24, "quantity": 1}, {"product_id": 25, "quantity": 5}, {"product_id": 26, "quantity": 1}]'), '24@3 1, 25@3 5, 26@4 1',
    'of the warehouses that the order needs, the preferred one that has all of a line');
ROLLBACK TO cover;

-- Warehouses that the order uses anyway cost nothing.
SELECT inventory.receive_stock(14, w, q) FROM (VALUES (3, 5), (5, 5)) v(w, q);
SELECT inventory.receive_stock(13, 5, 5);
SAVEPOINT used;
SELECT is(pg_temp.made('order-14', '[{"product_id": 14, "quantity": 5}, {"product_id": 13, "quantity": 1, "warehouse_id": 5}]'), '14@5 5, 13@5 1', 'a warehouse that another line names comes first');
ROLLBACK TO used;
SELECT is(pg_temp.made('order-14', '[{"product_id": 14, "quantity": 5}, {"product_id": 13, "quantity": 1}]'), '14@5 5, 13@5 1', 'both from where both are');
ROLLBACK TO used;
SELECT is(pg_temp.made('order-14', '[{"product_id": 14, "quantity": 5}]'), '14@3 5', 'otherwise the preferred one');
ROLLBACK TO used;
SELECT is(pg_temp.made('order-14', '[{"product_id": 14, "quantity": 6}, {"product_id": 13, "quantity": 1, "warehouse_id": 5}]'), '14@3 5, 14@5 1, 13@5 1', 'with another one where it has too little');
RESET inventory.allocation;
SELECT throws_ok($$SET LOCAL inventory.allocation = 'cheapest'$$, '22023', 'invalid value for parameter "inventory.allocation": "cheapest"', 'an unknown policy');
SELECT throws_ok($$SET LOCAL inventory.allocation = ''$$, '22023', 'invalid value for parameter "inventory.allocation": ""', 'an empty policy');
SELECT pg_temp.healthy('allocation');

-- What cannot be had

SELECT inventory.receive_stock(15, 1, 3), inventory.receive_stock(15, 2, 4);
SELECT pg_temp.refused_by_all($$SELECT inventory.reserve_order('o', '[{"product_id": 15, "quantity": 1}, {"product_id": 99, "quantity": 1}]')$$, 'IV003', 'line 2 of lines: product 99 does not exist', '', 'sourced, unknown product');
SELECT pg_temp.refused_by_all($$SELECT inventory.reserve_order('o', '[{"product_id": 30, "quantity": 2}]')$$, 'IV001', 'insufficient stock of product 30 in all warehouses together', 'Available: 0, requested: 2.', 'sourced, nowhere stocked');
SELECT pg_temp.refused_by_all($$SELECT inventory.reserve_order('o', '[{"product_id": 30, "quantity": 2}, {"product_id": 98, "quantity": 1}]')$$, 'IV003', 'line 2 of lines: product 98 does not exist', '', 'an unknown product behind one that is nowhere stocked');
SELECT pg_temp.refused_by_all($$SELECT inventory.reserve_order('o', '[{"product_id": 15, "quantity": 8}]')$$, 'IV001', 'insufficient stock of product 15 in all warehouses together', 'Available: 7, requested: 8.', 'sourced, too little everywhere');
SELECT pg_temp.refused_by_all($$SELECT inventory.reserve_order('o', '[{"product_id": 15, "quantity": 4}, {"product_id": 15, "quantity": 4}]')$$, 'IV001', 'insufficient stock of product 15 in all warehouses together', 'Available: 7, requested: 8.', 'sourced twice, too little everywhere');
SELECT pg_temp.refused($$SELECT inventory.reserve_order('o', '[{"product_id": 15, "warehouse_id": 1, "quantity": 1}, {"product_id": 99, "warehouse_id": 1, "quantity": 1}]')$$, 'IV003', 'line 2 of lines: product 99 does not exist', '', 'named, unknown product');
SELECT pg_temp.refused($$SELECT inventory.reserve_order('o', '[{"product_id": 15, "warehouse_id": 1, "quantity": 1}, {"product_id": 15, "warehouse_id": 99, "quantity": 1}]')$$, 'IV003', 'line 2 of lines: warehouse 99 does not exist', '', 'named, unknown warehouse');
SELECT pg_temp.refused($$SELECT inventory.reserve_order('o', '[{"product_id": 30, "warehouse_id": 1, "quantity": 2}, {"product_id": 15, "warehouse_id": 1, "quantity": 1}, {"product_id": 30, "warehouse_id": 1, "quantity": 3}]')$$, 'IV001', 'insufficient stock of product 30 in warehouse 1', 'Available: 0, requested: 5.', 'named, never stocked');
SELECT is((SELECT count(*) FROM inventory.inventory_item WHERE product_id IN (30, 98, 99)), 0::bigint, 'none of that makes an item');
SELECT pg_temp.healthy('what cannot be had');

-- What has expired is free

SELECT inventory.receive_stock(16, 3, 10), inventory.receive_stock(16, 1, 10);
SELECT inventory.reserve_stock(16, 3, 8, 'expired-1'), inventory.reserve_stock(16, 1, 4, 'expired-2');
SELECT pg_temp.expire('expired-1');
SELECT is(pg_temp.made('order-15', '[{"product_id": 16, "quantity": 6}]'), '16@3 6', 'sourced: from the preferred warehouse, whose stock is held by an expired one');
SELECT is(concat_ws(' ', pg_temp.level(16, 3), pg_temp.held('expired-1')), '10/6/4 16@3 8/0 CANCELLED EXPIRED', 'which is closed');
SELECT pg_temp.expire('expired-2');
SELECT pg_temp.refused_by_all($$SELECT inventory.reserve_order('o', '[{"product_id": 16, "quantity": 15}]')$$, 'IV001', 'insufficient stock of product 16 in all warehouses together', 'Available: 14, requested: 15.', 'sourced: expired ones count as available');
SELECT pg_temp.refused($$SELECT inventory.reserve_order('o', '[{"product_id": 16, "warehouse_id": 1, "quantity": 5}, {"product_id": 16, "warehouse_id": 1, "quantity": 6}]')$$, 'IV001', 'insufficient stock of product 16 in warehouse 1', 'Available: 10, requested: 11.', 'named: expired ones count as available');
SELECT is(pg_temp.made('order-16', '[{"product_id": 16, "warehouse_id": 1, "quantity": 2}, {"product_id": 16, "warehouse_id": 1, "quantity": 4}]'), '16@1 2, 16@1 4', 'named: where the rest is enough');
SELECT is(pg_temp.held('expired-2'), '16@1 4/0 ACTIVE', 'the expired one stays');
SELECT is(pg_temp.made('order-17', '[{"product_id": 16, "warehouse_id": 1, "quantity": 1}]'), '16@1 1', 'named: where it is needed');
SELECT is(concat_ws(' ', pg_temp.level(16, 1), pg_temp.held('expired-2')), '10/7/3 16@1 4/0 CANCELLED EXPIRED', 'it goes');
SELECT pg_temp.healthy('expired reservations');

-- The ends of bigint

SELECT pg_temp.refused($$SELECT inventory.reserve_order('o', '[{"product_id": 15, "warehouse_id": 1, "quantity": 9223372036854775807}, {"product_id": 15, "warehouse_id": 1, "quantity": 1}]')$$, '22003', 'the lines together ask for too much of product 15', '', 'named lines overflow');
SELECT pg_temp.refused_by_all($$SELECT inventory.reserve_order('o', '[{"product_id": 15, "quantity": 9223372036854775807}, {"product_id": 15, "quantity": 1}]')$$, '22003', 'the lines together ask for too much of product 15', '', 'sourced lines overflow');
SELECT pg_temp.refused($$SELECT inventory.reserve_order('o', '[{"product_id": 15, "quantity": 9223372036854775808}]')$$, '22003', 'line 1 of lines: quantity is out of range', '', 'a quantity overflows');
SELECT pg_temp.refused_by_all($$SELECT inventory.reserve_order('o', '[{"product_id": 15, "quantity": 9223372036854775807}]')$$, 'IV001', 'insufficient stock of product 15 in all warehouses together', 'Available: 7, requested: 9223372036854775807.', 'all of a bigint');
SELECT inventory.receive_stock(17, w, 9223372036854775807) FROM unnest('{1,2,3}'::bigint[]) w;
SELECT is(pg_temp.made('order-18', '[{"product_id": 17, "quantity": 9223372036854775807}]'), '17@3 9223372036854775807', 'where that is there');
SELECT is(pg_temp.made('order-19', '[{"product_id": 17, "quantity": 9223372036854775806}, {"product_id": 17, "warehouse_id": 2, "quantity": 9223372036854775807}]'), '17@1 9223372036854775806, 17@2 9223372036854775807', 'and more than once');
SELECT is((SELECT string_agg(pg_temp.level(17, w), ' ' ORDER BY w) FROM unnest('{1,2,3}'::bigint[]) w),
    '9223372036854775807/9223372036854775806/1 9223372036854775807/9223372036854775807/0 9223372036854775807/9223372036854775807/0', 'but one');
SELECT is((SELECT count(*) FROM inventory.fulfill_order('order-19')), 2::bigint, 'and out with it');
SELECT inventory.receive_stock(27, w, 9223372036854775807) FROM unnest('{1,2}'::bigint[]) w;
SELECT is(pg_temp.made('order-19b', '[{"product_id": 27, "quantity": 1}]'), '27@1 1', 'together they have more than a bigint');
SELECT pg_temp.healthy('the ends of bigint');

-- Arguments

SELECT pg_temp.refused($$SELECT inventory.reserve_order('o', '[{"product_id": 15, "quantity": 1}]', 0)$$, '22023', 'ttl_minutes must be positive', 'Got 0.', 'ttl 0');
SELECT pg_temp.refused($$SELECT inventory.reserve_order('o', '[{"product_id": 15, "quantity": 1}]', -1)$$, '22023', 'ttl_minutes must be positive', 'Got -1.', 'ttl -1');
SELECT pg_temp.refused($$SELECT inventory.reserve_order('o', '[{"product_id": 15, "quantity": 1}]', NULL)$$, '22023', 'ttl_minutes must not be NULL', '', 'ttl NULL');
SELECT pg_temp.refused($$SELECT inventory.reserve_order(NULL, '[{"product_id": 15, "quantity": 1}]')$$, '22023', 'reference_id must not be NULL', '', 'reference NULL');
SELECT pg_temp.refused($$SELECT inventory.reserve_order('', '[{"product_id": 15, "quantity": 1}]')$$, '22023', 'reference_id must not be empty', '', 'reference empty');
SELECT pg_temp.refused($$SELECT inventory.reserve_order(repeat('x', 256), '[{"product_id": 15, "quantity": 1}]')$$, '22023', 'reference_id is too long', 'It has 256 bytes; at most 255 are kept.', 'reference of 256 bytes');
SELECT pg_temp.refused($$SELECT inventory.reserve_order(repeat('ä', 128), '[{"product_id": 15, "quantity": 1}]')$$, '22023', 'reference_id is too long', 'It has 256 bytes; at most 255 are kept.', 'reference of 128 letters of two bytes');
SELECT pg_temp.refused($$SELECT inventory.reserve_order('o', '[{"product_id": 15, "quantity": 1}]', idempotency_key => '')$$, '22023', 'idempotency_key must not be empty', '', 'key empty');
SELECT pg_temp.refused($$SELECT inventory.reserve_order('o', '[{"product_id": 15, "quantity": 1}]', idempotency_key => repeat('x', 256))$$, '22023', 'idempotency_key is too long', 'It has 256 bytes; at most 255 are kept.', 'key of 256 bytes');
SAVEPOINT longest;
SELECT lives_ok($$SELECT inventory.reserve_order(repeat('x', 255), '[{"product_id": 15, "quantity": 1}]', idempotency_key => repeat('k', 255))$$, 'reference and key of 255 bytes');
SELECT is((SELECT string_agg(r.reference_id, ',') FROM inventory.fulfill_order(repeat('x', 255)) r), repeat('x', 255), 'which can be fulfilled');
ROLLBACK TO longest;
SELECT pg_temp.refused($$SELECT inventory.reserve_order('o', NULL)$$, '22023', 'lines must not be NULL', '', 'lines NULL');
CREATE TEMP TABLE malformed (lines text, code text, message text, detail text);
INSERT INTO malformed VALUES
    ('{"product_id": 15, "quantity": 1}', '22023', 'lines must be a JSON array of at least one line', 'It is an object.'),
    ('{}', '22023', 'lines must be a JSON array of at least one line', 'It is an object.'),
    ('[]', '22023', 'lines must be a JSON array of at least one line', 'It is empty.'),
    ('1', '22023', 'lines must be a JSON array of at least one line', 'It is a single value.'),
    ('null', '22023', 'lines must be a JSON array of at least one line', 'It is a single value.'),
    ('"[]"', '22023', 'lines must be a JSON array of at least one line', 'It is a single value.'),
    ('[{"product_id": 15, "quantity": 1}, 7]', '22023', 'line 2 of lines is not a JSON object', ''),
    ('[{"product_id": 15, "quantity": 1}, null]', '22023', 'line 2 of lines is not a JSON object', ''),
    ('[[{"product_id": 15, "quantity": 1}]]', '22023', 'line 1 of lines is not a JSON object', ''),
    ('[{}]', '22023', 'line 1 of lines has no product_id', ''),
    ('[{"quantity": 1}]', '22023', 'line 1 of lines has no product_id', ''),
    ('[{"product_id": 15, "warehouse_id": 1}]', '22023', 'line 1 of lines has no quantity', ''),
    ('[{"product_id": 15, "quantity": 1, "qty": 1}]', '22023', 'line 1 of lines has an unknown key "qty"', ''),
    ('[{"product_id": 15, "quantity": 1, "unit_cost": 1}]', '22023', 'line 1 of lines has an unknown key "unit_cost"', ''),
    ('[{"product_id": 15, "quantity": 1, "Warehouse_id": 1}]', '22023', 'line 1 of lines has an unknown key "Warehouse_id"', ''),
    ('[{"product_id": 15, "quantity": 1}, {"product_id": 15, "quantity": 0}]', '22023', 'line 2 of lines: quantity must be positive', 'Got 0.'),
    ('[{"product_id": 15, "quantity": -1}]', '22023', 'line 1 of lines: quantity must be positive', 'Got -1.'),
    ('[{"product_id": 15, "quantity": -9223372036854775808}]', '22023', 'line 1 of lines: quantity must be positive', 'Got -9223372036854775808.'),
    ('[{"product_id": 15, "quantity": 1.5}]', '22023', 'line 1 of lines: quantity must be a whole number', ''),
    ('[{"product_id": 15, "quantity": "1.5"}]', '22023', 'line 1 of lines: quantity must be a whole number', ''),
    ('[{"product_id": 15, "quantity": null}]', '22023', 'line 1 of lines: quantity must be given, not null', ''),
    ('[{"product_id": 15, "quantity": true}]', '22023', 'line 1 of lines: quantity must be a number', ''),
    ('[{"product_id": 15, "quantity": "many"}]', '22023', 'line 1 of lines: quantity must be a number', ''),
    ('[{"product_id": 15, "quantity": "NaN"}]', '22023', 'line 1 of lines: quantity must be a number', ''),
    ('[{"product_id": 15, "quantity": ""}]', '22023', 'line 1 of lines: quantity must be a number', ''),
    ('[{"product_id": 15, "quantity": [1]}]', '22023', 'line 1 of lines: quantity must be a number', ''),
    ('[{"product_id": null, "quantity": 1}]', '22023', 'line 1 of lines: product_id must be given, not null', ''),
    ('[{"product_id": "A-1", "quantity": 1}]', '22023', 'line 1 of lines: product_id must be a number', ''),
    ('[{"product_id": 15, "quantity": 1, "warehouse_id": "North"}]', '22023', 'line 1 of lines: warehouse_id must be a number', ''),
    ('[{"product_id": 15, "quantity": 1, "warehouse_id": 1.5}]', '22023', 'line 1 of lines: warehouse_id must be a whole number', ''),
    ('[{"product_id": 15, "quantity": 1, "warehouse_id": 9223372036854775808}]', '22003', 'line 1 of lines: warehouse_id is out of range', ''),
    ('[{"product_id": -9223372036854775809, "quantity": 1}]', '22003', 'line 1 of lines: product_id is out of range', ''),
    ('[{"product_id": 15, "quantity": 1e400}]', '22003', 'line 1 of lines: quantity is out of range', '');
SELECT pg_temp.refused(format('SELECT inventory.reserve_order(%L, %L)', 'o', m.lines), m.code, m.message, m.detail, m.lines) FROM malformed m;
SAVEPOINT numbers;
SELECT is(pg_temp.made('order-20', '[{"product_id": 15.0, "quantity": 2e0}]'), '15@1 2', 'whole numbers however they are written');
ROLLBACK TO numbers;
SELECT pg_temp.healthy('arguments');

-- Idempotency

SELECT inventory.receive_stock(18, 1, 20), inventory.receive_stock(18, 3, 5), inventory.receive_stock(19, 1, 20);
SELECT string_agg(reservation_id::text, ',' ORDER BY ordinality) AS first FROM inventory.reserve_order('order-21', '[{"product_id": 18, "quantity": 7}, {"product_id": 19, "warehouse_id": 1, "quantity": 2}]', 30, 'key-1') WITH ORDINALITY \gset
SELECT is(pg_temp.held('order-21'), '18@3 5/0 ACTIVE, 18@1 2/0 ACTIVE, 19@1 2/0 ACTIVE', 'an order with a key');
SELECT pg_temp.state() AS before \gset
SELECT is((SELECT string_agg(reservation_id::text, ',' ORDER BY ordinality) FROM inventory.reserve_order('order-21', '[{"quantity":7,"product_id":18},{"warehouse_id":1,"product_id":19,"quantity":2}]', 30, 'key-1') WITH ORDINALITY), :'first',
    'the same request gives the same reservations in the same order');
SELECT is(pg_temp.state(), :'before', 'and changes nothing');
SELECT inventory.fulfill_reservation(split_part(:'first', ',', 2)::bigint, 1), inventory.cancel_reservation(split_part(:'first', ',', 3)::bigint, 'late');
SELECT is((SELECT string_agg(concat_ws(' ', r.reservation_id, r.quantity_fulfilled, r.status, r.close_reason), ', ' ORDER BY ordinality) FROM inventory.reserve_order('order-21', '[{"product_id": 18, "quantity": 7}, {"product_id": 19, "warehouse_id": 1, "quantity": 2}]', 30, 'key-1') WITH ORDINALITY r),
    format('%s 0 ACTIVE, %s 1 ACTIVE, %s 0 CANCELLED late', split_part(:'first', ',', 1), split_part(:'first', ',', 2), split_part(:'first', ',', 3)), 'a late repetition shows what became of them');
CREATE TEMP TABLE variant (label text, arguments text, described text);
INSERT INTO variant VALUES
    ('quantity', $$'order-21', '[{"product_id": 18, "quantity": 8}, {"product_id": 19, "warehouse_id": 1, "quantity": 2}]', 30$$, $$reference_id => 'order-21', lines => [{"product_id": 18, "quantity": 8}, {"product_id": 19, "warehouse_id": 1, "quantity": 2}], ttl_minutes => 30$$),
    ('order of lines', $$'order-21', '[{"product_id": 19, "warehouse_id": 1, "quantity": 2}, {"product_id": 18, "quantity": 7}]', 30$$, $$reference_id => 'order-21', lines => [{"product_id": 19, "warehouse_id": 1, "quantity": 2}, {"product_id": 18, "quantity": 7}], ttl_minutes => 30$$),
    ('number of lines', $$'order-21', '[{"product_id": 18, "quantity": 7}]', 30$$, $$reference_id => 'order-21', lines => [{"product_id": 18, "quantity": 7}], ttl_minutes => 30$$),
    ('ttl', $$'order-21', '[{"product_id": 18, "quantity": 7}, {"product_id": 19, "warehouse_id": 1, "quantity": 2}]', 31$$, $$reference_id => 'order-21', lines => [{"product_id": 18, "quantity": 7}, {"product_id": 19, "warehouse_id": 1, "quantity": 2}], ttl_minutes => 31$$),
    ('reference', $$'order-22', '[{"product_id": 18, "quantity": 7}, {"product_id": 19, "warehouse_id": 1, "quantity": 2}]', 30$$, $$reference_id => 'order-22', lines => [{"product_id": 18, "quantity": 7}, {"product_id": 19, "warehouse_id": 1, "quantity": 2}], ttl_minutes => 30$$);
SELECT pg_temp.refused(format('SELECT inventory.reserve_order(%s, %L)', v.arguments, 'key-1'), 'IV005', 'idempotency key "key-1" was used with other arguments',
    format($$First: reserve_order(reference_id => 'order-21', lines => [{"product_id": 18, "quantity": 7}, {"product_id": 19, "warehouse_id": 1, "quantity": 2}], ttl_minutes => 30). Now: reserve_order(%s).$$, v.described),
    'the key with another ' || v.label) FROM variant v;
SELECT inventory.reserve_stock(19, 1, 1, 'order-22', idempotency_key => 'key-2');
SELECT pg_temp.refused($$SELECT inventory.reserve_order('order-22', '[{"product_id": 19, "warehouse_id": 1, "quantity": 1}]', 30, 'key-2')$$, 'IV005', 'idempotency key "key-2" was used with other arguments',
    $$First: reserve_stock(product_id => 19, warehouse_id => 1, quantity => 1, reference_id => 'order-22', reference_type => 'ORDER', ttl_minutes => 30). Now: reserve_order(reference_id => 'order-22', lines => [{"product_id": 19, "warehouse_id": 1, "quantity": 1}], ttl_minutes => 30).$$,
    'the key of a reserve_stock');
SELECT throws_ok($$SELECT inventory.reserve_stock(18, 1, 1, 'order-21', idempotency_key => 'key-1')$$, 'IV005', 'idempotency key "key-1" was used with other arguments', 'and the other way round');
SELECT throws_ok($$SELECT inventory.reserve_order('order-23', '[{"product_id": 19, "quantity": 1000}]', 30, 'key-3')$$, 'IV001', NULL, 'a failed call with a key');
SELECT lives_ok($$SELECT inventory.reserve_order('order-23', '[{"product_id": 19, "quantity": 1}]', 30, 'key-3')$$, 'leaves the key free');
SELECT is(pg_temp.held('order-23'), '19@1 1/0 ACTIVE', 'for one order');
SELECT is((SELECT count(*) FROM inventory.reserve_order('order-23', '[{"quantity": "1", "warehouse_id": null, "product_id": 19.0}]', 30, 'key-3')), 1::bigint, 'the same line written otherwise');
SELECT is(pg_temp.held('order-23'), '19@1 1/0 ACTIVE', 'is the same request');
SELECT throws_ok($$SELECT inventory.reserve_order('many', (SELECT jsonb_agg(1) FROM generate_series(1, 1000001)))$$, '22023', 'lines has too many lines', 'more lines than anybody orders');
SELECT jsonb_agg('{"product_id": 18, "warehouse_id": 1, "quantity": 1}'::jsonb)::text AS many FROM generate_series(1, 100) \gset
SELECT inventory.receive_stock(18, 1, 200);
SELECT is((SELECT count(*) FROM inventory.reserve_order('order-24', :'many', 30, 'key-4')), 100::bigint, 'a hundred lines with a key');
SELECT pg_temp.state() AS before \gset
SELECT is((SELECT count(*) FROM inventory.reserve_order('order-24', :'many', 30, 'key-4')), 100::bigint, 'again');
SELECT is(pg_temp.state(), :'before', 'and nothing changed');
SELECT is((SELECT request FROM inventory.idempotency_key WHERE key = 'key-4'),
    format('reference_id => %L, lines => [100 lines with SHA-256 %s], ttl_minutes => 30', 'order-24',
        encode(sha256((SELECT string_agg('{"product_id": 18, "warehouse_id": 1, "quantity": 1}', ', ') FROM generate_series(1, 100))::bytea), 'hex')), 'long lines are kept as their hash');
SELECT throws_ok(format('SELECT inventory.reserve_order(%L, %L, 30, %L)', 'order-24', jsonb_set(:'many', '{99,quantity}', '2'), 'key-4'), 'IV005', 'idempotency key "key-4" was used with other arguments', 'and other ones are told apart');
SELECT inventory.cancel_reservation(reservation_id) FROM inventory.reservation WHERE reference_id = 'order-24' ORDER BY reservation_id LIMIT 40;
DELETE FROM inventory.reservation WHERE reference_id = 'order-24' AND status = 'CANCELLED';
SELECT pg_temp.refused(format('SELECT inventory.reserve_order(%L, %L, 30, %L)', 'order-24', :'many', 'key-4'), 'IV003', '40 of 100 reservations do not exist any more', '', 'the key of reservations that were deleted');
SELECT isnt((SELECT r.reservation_id FROM inventory.reserve_order('order-26', '[{"product_id": 18, "quantity": 1}]') r), (SELECT r.reservation_id FROM inventory.reserve_order('order-26', '[{"product_id": 18, "quantity": 1}]') r), 'no key: each call is its own');
SELECT pg_temp.healthy('idempotency');

-- Fulfil

SELECT inventory.receive_stock(20, 1, 20), inventory.receive_stock(20, 2, 20), inventory.receive_stock(21, 1, 20);
SELECT string_agg(reservation_id::text, ',' ORDER BY ordinality) AS ids FROM inventory.reserve_order('order-30', '[{"product_id": 21, "warehouse_id": 1, "quantity": 5}, {"product_id": 20, "warehouse_id": 1, "quantity": 6}, {"product_id": 20, "warehouse_id": 2, "quantity": 7}, {"product_id": 20, "warehouse_id": 1, "quantity": 1}]') WITH ORDINALITY \gset
SELECT inventory.reserve_stock(20, 1, 2, 'order-30', 'TRANSFER'), inventory.reserve_stock(20, 1, 3, 'order-31');
SELECT inventory.fulfill_reservation(split_part(:'ids', ',', 1)::bigint, 2), inventory.fulfill_reservation(split_part(:'ids', ',', 4)::bigint);
SELECT is((SELECT string_agg(concat_ws(' ', format('%s@%s', r.product_id, r.warehouse_id), r.quantity_fulfilled, r.status, r.closed_at >= r.created_at), ', ' ORDER BY ordinality) FROM inventory.fulfill_order('order-30') WITH ORDINALITY r),
    '21@1 5 FULFILLED t, 20@1 6 FULFILLED t, 20@2 7 FULFILLED t', 'what is ACTIVE of an order, also after a part was fulfilled by itself');
SELECT is(concat_ws(' ', pg_temp.level(21, 1), pg_temp.level(20, 1), pg_temp.level(20, 2)), '15/0/15 13/5/8 13/0/13', 'left its warehouses');
SELECT is(concat_ws(' | ', pg_temp.ledger(21, 1), pg_temp.ledger(20, 1), pg_temp.ledger(20, 2)),
    '1 PURCHASE 20>20, 2 SALE -2>18, 3 SALE -3>15 | 1 PURCHASE 20>20, 2 SALE -1>19, 3 SALE -6>13 | 1 PURCHASE 20>20, 2 SALE -7>13', 'by one SALE each');
SELECT set_eq($$SELECT DISTINCT reference_id FROM inventory.stock_movement WHERE product_id IN (20, 21) AND movement_type = 'SALE'$$, ARRAY['order-30'], 'which names the order');
SELECT is((SELECT string_agg(status::text, ',') FROM inventory.reservation WHERE reference_id = 'order-30' AND reference_type = 'TRANSFER'), 'ACTIVE', 'what is held for a transfer of the same name is left alone');
SELECT is(pg_temp.held('order-31'), '20@1 3/0 ACTIVE', 'so are other orders');
SELECT pg_temp.refused($$SELECT inventory.fulfill_order('order-30')$$, 'IV002', 'order ''order-30'' has no active reservation', 'They are FULFILLED.', 'fulfil twice');
SELECT pg_temp.refused($$SELECT inventory.cancel_order('order-30')$$, 'IV002', 'order ''order-30'' has no active reservation', 'They are FULFILLED.', 'cancel a fulfilled one');
SELECT inventory.reserve_order('order-32', '[{"product_id": 20, "warehouse_id": 1, "quantity": 1}, {"product_id": 21, "warehouse_id": 1, "quantity": 1}, {"product_id": 20, "warehouse_id": 2, "quantity": 1}]');
SELECT inventory.fulfill_reservation(min(reservation_id)) FROM inventory.reservation WHERE reference_id = 'order-32';
UPDATE inventory.reservation SET expires_at = '2024-01-02 03:04:05+00' WHERE reference_id = 'order-32' AND product_id = 21;
SELECT reservation_id AS late FROM inventory.reservation WHERE reference_id = 'order-32' AND product_id = 21 \gset
SELECT pg_temp.refused($$SELECT inventory.fulfill_order('order-32')$$, 'IV002', format('reservation %s has expired', :late), 'It is ACTIVE and expired at 2024-01-02 03:04:05+00.', 'one of them has expired');
SELECT is(pg_temp.held('order-32'), '20@1 1/1 FULFILLED, 21@1 1/0 ACTIVE, 20@2 1/0 ACTIVE', 'and none is fulfilled');
SELECT inventory.cancel_reservation(:late);
SELECT is((SELECT string_agg(format('%s@%s', r.product_id, r.warehouse_id), ',') FROM inventory.fulfill_order('order-32') r), '20@2', 'without it the rest goes');
SELECT pg_temp.refused($$SELECT inventory.fulfill_order('order-32')$$, 'IV002', 'order ''order-32'' has no active reservation', 'They are CANCELLED, FULFILLED.', 'and nothing is left');
SELECT inventory.reserve_stock(20, 1, 1, 'move-1', 'TRANSFER');
CREATE TEMP TABLE step (f text);
INSERT INTO step VALUES ('fulfill_order'), ('cancel_order');
SELECT pg_temp.refused(format('SELECT inventory.%s(%L)', f, 'nobody''s'), 'IV003', 'order ''nobody''''s'' has no reservations', '', f || ' unknown') FROM step;
SELECT pg_temp.refused(format('SELECT inventory.%s(%L)', f, 'move-1'), 'IV003', 'order ''move-1'' has no reservations', '', f || ' of a transfer') FROM step;
SELECT pg_temp.refused(format('SELECT inventory.%s(NULL)', f), '22023', 'reference_id must not be NULL', '', f || ' NULL') FROM step;
SELECT pg_temp.refused(format('SELECT inventory.%s(%L)', f, ''), '22023', 'reference_id must not be empty', '', f || ' empty') FROM step;
SELECT pg_temp.refused(format('SELECT inventory.%s(%L)', f, repeat('x', 256)), '22023', 'reference_id is too long', 'It has 256 bytes; at most 255 are kept.', f || ' of 256 bytes') FROM step;
SELECT pg_temp.healthy('fulfil');

-- Cancel

SELECT inventory.receive_stock(22, 1, 20), inventory.receive_stock(22, 2, 20);
SELECT string_agg(reservation_id::text, ',' ORDER BY ordinality) AS ids FROM inventory.reserve_order('order-40', '[{"product_id": 22, "warehouse_id": 2, "quantity": 5}, {"product_id": 22, "warehouse_id": 1, "quantity": 6}, {"product_id": 22, "warehouse_id": 1, "quantity": 7}]') WITH ORDINALITY \gset
SELECT inventory.reserve_stock(22, 1, 1, 'order-40', 'TRANSFER');
SELECT inventory.fulfill_reservation(split_part(:'ids', ',', 1)::bigint, 2), inventory.fulfill_reservation(split_part(:'ids', ',', 2)::bigint);
SELECT pg_temp.refused($$SELECT inventory.cancel_order('order-40', repeat('x', 2001))$$, '22023', 'reason is too long', 'It has 2001 bytes; at most 2000 are kept.', 'a reason of 2001 bytes');
SELECT pg_temp.expire('order-40');
SELECT is((SELECT string_agg(concat_ws(' ', format('%s@%s', r.product_id, r.warehouse_id), r.quantity_fulfilled, r.status, r.close_reason, r.closed_at >= r.created_at), ', ' ORDER BY ordinality) FROM inventory.cancel_order('order-40', 'changed my mind') WITH ORDINALITY r),
    '22@2 2 CANCELLED changed my mind t, 22@1 0 CANCELLED changed my mind t', 'what is ACTIVE of an order, also what has expired');
SELECT is(concat_ws(' ', pg_temp.level(22, 1), pg_temp.level(22, 2)), '14/1/13 18/0/18', 'is free again, what was fulfilled stays fulfilled, and the transfer keeps its own');
SELECT pg_temp.refused($$SELECT inventory.cancel_order('order-40')$$, 'IV002', 'order ''order-40'' has no active reservation', 'They are CANCELLED, FULFILLED.', 'cancel twice');
SELECT pg_temp.refused($$SELECT inventory.fulfill_order('order-40')$$, 'IV002', 'order ''order-40'' has no active reservation', 'They are CANCELLED, FULFILLED.', 'fulfil a cancelled one');
SELECT inventory.reserve_order('order-40', '[{"product_id": 22, "quantity": 1}]');
SELECT is((SELECT string_agg(concat(r.status, ' ', r.close_reason IS NULL), ',') FROM inventory.cancel_order('order-40') r), 'CANCELLED t', 'the same order begun again, without a reason');
SELECT pg_temp.healthy('cancel');

-- What is rolled back was never there.

SELECT pg_temp.state() AS before \gset
SAVEPOINT back;
SELECT is(pg_temp.made('order-50', '[{"product_id": 22, "quantity": 3}]'), '22@1 3', 'in a subtransaction');
SELECT inventory.fulfill_order('order-50');
SELECT inventory.reserve_order('order-51', '[{"product_id": 22, "quantity": 3}]', 30, 'key-5');
ROLLBACK TO back;
SELECT is(pg_temp.state(), :'before', 'that is rolled back');
DO $$
BEGIN
    PERFORM inventory.reserve_order('order-51', '[{"product_id": 22, "quantity": 3}]', 30, 'key-5');
    PERFORM inventory.reserve_order('order-52', '[{"product_id": 22, "quantity": 3000}]');
EXCEPTION WHEN SQLSTATE 'IV001' THEN
    NULL;
END
$$;
SELECT is(pg_temp.state(), :'before', 'or fails further on');
SELECT lives_ok($$SELECT inventory.reserve_order('order-53', '[{"product_id": 22, "quantity": 1}]', 30, 'key-5')$$, 'its key is free');
SELECT pg_temp.healthy('rolled back');

-- Callers that may do nothing but call

CREATE ROLE inventory_test_caller;
GRANT USAGE ON SCHEMA inventory TO inventory_test_caller;
GRANT EXECUTE ON FUNCTION inventory.reserve_order(text, jsonb, integer, text), inventory.fulfill_order(text), inventory.cancel_order(text, text) TO inventory_test_caller;
SET LOCAL inventory.performed_by = 'till 7';
SET LOCAL ROLE inventory_test_caller;
SELECT is((SELECT string_agg(concat(r.warehouse_id, ' ', r.quantity, ' ', r.created_by), ',') FROM inventory.reserve_order('order-60', '[{"product_id": 22, "quantity": 4}]') r), '1 4 till 7', 'in FROM');
SELECT results_eq($$SELECT (inventory.reserve_order('order-' || n, '[{"product_id": 22, "warehouse_id": 2, "quantity": 2}, {"product_id": 22, "warehouse_id": 2, "quantity": 1}]')).quantity FROM generate_series(61, 62) n$$,
    'VALUES (2::bigint), (1), (2), (1)', 'in the SELECT list, row by row');
SELECT is((SELECT count(*) FROM (SELECT inventory.fulfill_order('order-61')) x), 2::bigint, 'fulfill_order in the SELECT list');
SELECT is((SELECT count(*) FROM (SELECT inventory.cancel_order('order-62', 'why not')) x), 2::bigint, 'cancel_order in the SELECT list');
SELECT throws_ok($$SELECT inventory.reserve_order('order-63', '[{"product_id": 22, "quantity": 4000}]')$$, 'IV001', NULL, 'a refusal');
SELECT is(current_user::text, 'inventory_test_caller', 'leaves the caller who he was');
SELECT throws_ok('SELECT * FROM inventory.reservation', '42501', 'permission denied for table reservation', 'with no more rights than before');
RESET ROLE;
SELECT set_eq($$SELECT performed_by FROM inventory.stock_movement WHERE reference_id = 'order-61'$$, ARRAY['till 7'], 'performed_by is the setting inventory.performed_by');
SELECT is(pg_temp.held('order-62'), '22@2 2/0 CANCELLED why not, 22@2 1/0 CANCELLED why not', 'and the reason is kept');
SELECT is(pg_temp.held('order-60'), '22@1 4/0 ACTIVE', 'as is the order');
SELECT pg_temp.healthy('callers');

-- Kept plans outlive the extension they were made for.

REVOKE ALL ON SCHEMA inventory FROM inventory_test_caller;
DROP EXTENSION inventory;
CREATE EXTENSION inventory;
INSERT INTO inventory.product (product_id, sku, name) VALUES (1, 'A-1', 'Anvil');
INSERT INTO inventory.warehouse (warehouse_id, name) VALUES (1, 'North');
SELECT inventory.receive_stock(1, 1, 10);
SELECT is(pg_temp.made('order-70', '[{"product_id": 1, "quantity": 3}, {"product_id": 1, "warehouse_id": 1, "quantity": 2}]'), '1@1 3, 1@1 2', 'after DROP EXTENSION and CREATE EXTENSION');
SELECT is((SELECT count(*) FROM inventory.fulfill_order('order-70')), 2::bigint, 'fulfill_order too');
SELECT inventory.reserve_order('order-71', '[{"product_id": 1, "quantity": 3}]', idempotency_key => 'key-6');
SELECT is((SELECT count(*) FROM inventory.reserve_order('order-71', '[{"product_id": 1, "quantity": 3}]', idempotency_key => 'key-6')), 1::bigint, 'and keys');
SELECT is((SELECT count(*) FROM inventory.cancel_order('order-71')), 1::bigint, 'and cancel_order');
SELECT pg_temp.healthy('a new extension');

SELECT * FROM finish();
ROLLBACK;
