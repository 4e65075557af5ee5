-- receive, return, adjust, and every way they refuse.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION inventory;
SELECT plan(159);

\ir include/setup.psql

-- Receive

SELECT results_eq($$SELECT m.product_id, m.warehouse_id, m.movement_type::text, m.quantity, m.on_hand_after, m.version, m.reference_id,
        m.reservation_id, m.root_cause, m.performed_by, m.session_role, m.occurred_at = m.created_at
    FROM inventory.receive_stock(1, 1, 10, 'delivery-1') m$$,
    $$VALUES (1::bigint, 1::bigint, 'PURCHASE', 10::bigint, 10::bigint, 1::bigint, 'delivery-1', NULL::bigint, NULL::text, session_user::text COLLATE "default", session_user::text COLLATE "default", true)$$,
    'a first receipt returns its movement');
SELECT is(pg_temp.level(1, 1), '10/0/10', 'and makes the item');
SELECT results_eq($$SELECT m.quantity, m.on_hand_after, m.version, m.reference_id FROM inventory.receive_stock(1, 1, 5) m$$,
    $$VALUES (5::bigint, 15::bigint, 2::bigint, NULL::text)$$, 'a second receipt adds');
SELECT is((SELECT count(*) FROM inventory.inventory_item), 1::bigint, 'to the same item');
SELECT is((SELECT (i.version, i.last_movement_at) FROM inventory.inventory_item i), (SELECT (m.version, m.created_at) FROM inventory.stock_movement m WHERE m.version = 2), 'the item carries version and time of its last movement');
UPDATE inventory.product SET is_active = false WHERE product_id = 2;
SELECT lives_ok('SELECT inventory.receive_stock(2, 1, 1)', 'what is no longer bought can still come in');
SELECT pg_temp.healthy('receive');

-- Return

SELECT results_eq($$SELECT m.movement_type::text, m.quantity, m.on_hand_after, m.version, m.reference_id FROM inventory.return_stock(1, 1, 3, 'rma-1') m$$,
    $$VALUES ('RETURN', 3::bigint, 18::bigint, 3::bigint, 'rma-1')$$, 'a return adds');
SELECT is((SELECT m.on_hand_after FROM inventory.return_stock(3, 2, 3) m), 3::bigint, 'a return makes the item where it was never stocked');
SELECT pg_temp.healthy('return');

-- Receive and return refuse the same

CREATE TEMP TABLE adding (f text);
INSERT INTO adding VALUES ('receive_stock'), ('return_stock');
SELECT pg_temp.refused(format('SELECT inventory.%s(1, 1, 0)', f), '22023', 'quantity must be positive', 'Got 0.', f || ' 0') FROM adding;
SELECT pg_temp.refused(format('SELECT inventory.%s(1, 1, -1)', f), '22023', 'quantity must be positive', 'Got -1.', f || ' -1') FROM adding;
SELECT pg_temp.refused(format('SELECT inventory.%s(1, 1, -9223372036854775808)', f), '22023', 'quantity must be positive', 'Got -9223372036854775808.', f || ' the most negative quantity') FROM adding;
SELECT pg_temp.refused(format('SELECT inventory.%s(NULL, 1, 1)', f), '22023', 'product_id must not be NULL', '', f || ' product NULL') FROM adding;
SELECT pg_temp.refused(format('SELECT inventory.%s(1, NULL, 1)', f), '22023', 'warehouse_id must not be NULL', '', f || ' warehouse NULL') FROM adding;
SELECT pg_temp.refused(format('SELECT inventory.%s(1, 1, NULL)', f), '22023', 'quantity must not be NULL', '', f || ' quantity NULL') FROM adding;
SELECT pg_temp.refused(format('SELECT inventory.%s(99, 1, 1)', f), 'IV003', 'product 99 does not exist', '', f || ' unknown product') FROM adding;
SELECT pg_temp.refused(format('SELECT inventory.%s(1, 99, 1)', f), 'IV003', 'warehouse 99 does not exist', '', f || ' unknown warehouse') FROM adding;
SELECT pg_temp.refused(format('SELECT inventory.%s(1, 1, 9223372036854775807)', f), '22003', 'quantity on hand of product 1 in warehouse 1 would overflow', 'On hand: 18, to add: 9223372036854775807.', f || ' overflow') FROM adding;
SELECT throws_ok(format($$SELECT inventory.%s(1, 1, 1, repeat('x', 10485760))$$, f), '22023', 'reference_id is too long', f || ' reference of 10 MB') FROM adding;
SELECT lives_ok('SELECT inventory.receive_stock(1, 1, 9223372036854775807 - 18)', 'up to the last of bigint');
SELECT pg_temp.refused(format('SELECT inventory.%s(1, 1, 1)', f), '22003', 'quantity on hand of product 1 in warehouse 1 would overflow', 'On hand: 9223372036854775807, to add: 1.', f || ' one more') FROM adding;
SELECT pg_temp.refused($$SELECT inventory.adjust_stock(1, 1, 1, 'FOUND')$$, '22003', 'quantity on hand of product 1 in warehouse 1 would overflow', 'On hand: 9223372036854775807, to add: 1.', 'adjust one more');
SELECT lives_ok($$SELECT inventory.adjust_stock(1, 1, -9223372036854775807, 'THEFT')$$, 'and all of it out again');
SELECT is(pg_temp.level(1, 1), '0/0/0', 'to nothing');
SELECT pg_temp.healthy('the ends of bigint');

-- Adjust

SELECT inventory.receive_stock(4, 1, 100);
SELECT results_eq($$SELECT m.movement_type::text, m.quantity, m.on_hand_after, m.version, m.root_cause, m.reference_id FROM inventory.adjust_stock(4, 1, -7, 'DAMAGE', 'claim-1') m$$,
    $$VALUES ('ADJUSTMENT', -7::bigint, 93::bigint, 2::bigint, 'DAMAGE', 'claim-1')$$, 'down');
SELECT results_eq($$SELECT m.movement_type::text, m.quantity, m.on_hand_after, m.version, m.root_cause, m.reference_id FROM inventory.adjust_stock(4, 1, 7, 'FOUND') m$$,
    $$VALUES ('ADJUSTMENT', 7::bigint, 100::bigint, 3::bigint, 'FOUND', NULL::text)$$, 'up');
SELECT is((SELECT m.on_hand_after FROM inventory.adjust_stock(5, 2, 9, 'FOUND') m), 9::bigint, 'up makes the item where it was never stocked');
SELECT lives_ok(format('SELECT inventory.adjust_stock(4, 1, 1, %L)', code), 'root cause ' || code) FROM inventory.root_cause ORDER BY code;
SELECT inventory.adjust_stock(4, 1, -8, 'OTHER');
INSERT INTO inventory.root_cause (code, description) VALUES ('MICE', 'Eaten');
SELECT is((SELECT m.root_cause FROM inventory.adjust_stock(4, 1, -1, 'MICE') m), 'MICE', 'a root cause that users added');
SELECT inventory.reserve_stock(4, 1, 60, 'order-1');
SELECT is(pg_temp.level(4, 1), '99/60/39', '39 are free');
SELECT pg_temp.refused($$SELECT inventory.adjust_stock(4, 1, -40, 'DAMAGE')$$, 'IV001', 'insufficient stock of product 4 in warehouse 1', 'Available: 39, requested: 40.', 'below what is reserved');
SELECT pg_temp.refused($$SELECT inventory.adjust_stock(4, 1, -9223372036854775807, 'DAMAGE')$$, 'IV001', 'insufficient stock of product 4 in warehouse 1', 'Available: 39, requested: 9223372036854775807.', 'far below zero');
SELECT pg_temp.refused($$SELECT inventory.adjust_stock(4, 1, -9223372036854775808, 'DAMAGE')$$, '22003', 'delta is out of range', '', 'the most negative delta');
SELECT pg_temp.refused($$SELECT inventory.adjust_stock(4, 2, -9223372036854775808, 'DAMAGE')$$, '22003', 'delta is out of range', '', 'the most negative delta, never stocked');
SELECT lives_ok($$SELECT inventory.adjust_stock(4, 1, -39, 'DAMAGE')$$, 'down to what is reserved');
SELECT is(pg_temp.level(4, 1), '60/60/0', 'nothing is free');
UPDATE inventory.reservation SET expires_at = now() - interval '1 min';
SELECT lives_ok($$SELECT inventory.adjust_stock(4, 1, -10, 'DAMAGE')$$, 'what expired is freed first');
SELECT is(pg_temp.level(4, 1), '50/0/50', 'all of it');
SELECT is((SELECT concat(status, ' ', close_reason) FROM inventory.reservation), 'CANCELLED EXPIRED', 'and the reservation is closed');
SELECT pg_temp.refused($$SELECT inventory.adjust_stock(4, 1, 0, 'DAMAGE')$$, '22023', 'delta must not be zero', '', 'delta 0');
SELECT pg_temp.refused($$SELECT inventory.adjust_stock(4, 1, NULL, 'DAMAGE')$$, '22023', 'delta must not be NULL', '', 'delta NULL');
SELECT pg_temp.refused($$SELECT inventory.adjust_stock(NULL, 1, 1, 'DAMAGE')$$, '22023', 'product_id must not be NULL', '', 'adjust product NULL');
SELECT pg_temp.refused($$SELECT inventory.adjust_stock(4, NULL, 1, 'DAMAGE')$$, '22023', 'warehouse_id must not be NULL', '', 'adjust warehouse NULL');
SELECT pg_temp.refused($$SELECT inventory.adjust_stock(4, 1, 1, NULL)$$, '22023', 'root_cause must not be NULL', '', 'root cause NULL');
SELECT pg_temp.refused($$SELECT inventory.adjust_stock(4, 1, 1, '')$$, '22023', 'root_cause must not be empty', '', 'root cause empty');
SELECT pg_temp.refused($$SELECT inventory.adjust_stock(4, 1, 1, 'GREMLINS')$$, '22023', 'unknown root cause "GREMLINS"', '', 'unknown root cause');
SELECT pg_temp.refused($$SELECT inventory.adjust_stock(4, 1, 1, 'damage')$$, '22023', 'unknown root cause "damage"', '', 'root cause in small letters');
SELECT pg_temp.refused($$SELECT inventory.adjust_stock(4, 2, -1, 'DAMAGE')$$, 'IV001', 'insufficient stock of product 4 in warehouse 2', 'Available: 0, requested: 1.', 'down where never stocked');
SELECT is((SELECT count(*) FROM inventory.inventory_item WHERE product_id = 4), 1::bigint, 'which makes no item');
SELECT pg_temp.refused($$SELECT inventory.adjust_stock(99, 1, 1, 'DAMAGE')$$, 'IV003', 'product 99 does not exist', '', 'adjust an unknown product up');
SELECT pg_temp.refused($$SELECT inventory.adjust_stock(99, 1, -1, 'DAMAGE')$$, 'IV003', 'product 99 does not exist', '', 'adjust an unknown product down');
SELECT pg_temp.refused($$SELECT inventory.adjust_stock(4, 99, 1, 'DAMAGE')$$, 'IV003', 'warehouse 99 does not exist', '', 'adjust in an unknown warehouse up');
SELECT pg_temp.refused($$SELECT inventory.adjust_stock(4, 99, -1, 'DAMAGE')$$, 'IV003', 'warehouse 99 does not exist', '', 'adjust in an unknown warehouse down');
SELECT throws_ok($$SELECT inventory.adjust_stock(4, 1, 1, repeat('x', 10485760))$$, '22023', 'root_cause is too long', 'root cause of 10 MB');
SELECT throws_ok($$SELECT inventory.adjust_stock(4, 1, 1, 'DAMAGE', repeat('x', 10485760))$$, '22023', 'reference_id is too long', 'adjust reference of 10 MB');
SELECT is(pg_temp.level(4, 1), '50/0/50', 'the level is what it was');
SELECT pg_temp.healthy('adjust');

-- Settings that describe a function's movement

SET LOCAL inventory.performed_by = 'anna';
SET LOCAL inventory.movement_type = 'RETURN';
SET LOCAL inventory.reference_id = 'not this';
SET LOCAL inventory.root_cause = 'THEFT';
SET LOCAL inventory.occurred_at = '2024-05-06 07:08:09+00';
SELECT results_eq($$SELECT m.movement_type::text, m.reference_id, m.root_cause, m.performed_by, m.session_role, m.occurred_at, m.created_at > now()
    FROM inventory.receive_stock(6, 1, 1, 'this') m$$,
    $$VALUES ('PURCHASE', 'this', NULL::text, 'anna', session_user::text COLLATE "default", timestamptz '2024-05-06 07:08:09+00', true)$$,
    'a function takes who and when from the settings, the rest from its arguments');
SELECT set_config('inventory.occurred_at', (now() + interval '1 day')::text, true);
SELECT throws_ok('SELECT inventory.receive_stock(6, 1, 1)', '22023', 'inventory.occurred_at lies in the future', 'a business time in the future');
SELECT doesnt_match(pg_temp.detail_of('SELECT inventory.receive_stock(6, 1, 1)'), '^It is ([^,]*), the movement is recorded at \1[.]$', 'DETAIL names both times');
SELECT is(pg_temp.level(6, 1), '1/0/1', 'changes nothing');
SET LOCAL inventory.occurred_at = '';
SELECT ok((SELECT m.occurred_at = m.created_at FROM inventory.receive_stock(6, 1, 1) m), 'an empty one is the recorded time');
SELECT pg_temp.healthy('settings');

SELECT * FROM finish();
ROLLBACK;
