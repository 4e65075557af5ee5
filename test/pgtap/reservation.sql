-- reserve, fulfil, cancel, extend, expire, and every way they refuse.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION inventory;
SELECT plan(240);

\ir include/setup.psql

-- What a reservation looks like: quantity/fulfilled status reason
CREATE FUNCTION pg_temp.held(id bigint) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', format('%s/%s', quantity, quantity_fulfilled), status, close_reason)
    FROM inventory.reservation WHERE reservation_id = id
$$;

SELECT inventory.receive_stock(1, 1, 100);

-- Reserve

SELECT reservation_id AS r1, expires_at - created_at AS ttl, r.reference_id AS ref, r.reference_type AS type, r.created_by AS creator
    FROM inventory.reserve_stock(1, 1, 30, 'order-1') r \gset
SELECT is(pg_temp.held(:r1), '30/0 ACTIVE', 'a reservation is ACTIVE');
SELECT is(:'ttl'::interval, interval '30 minutes', 'it lasts 30 minutes');
SELECT is(concat(:'ref', ' ', :'type', ' ', :'creator'), 'order-1 ORDER ' || session_user, 'it is for an order, made by the session user');
SELECT is(pg_temp.level(1, 1), '100/30/70', 'it holds stock');
SELECT is(pg_temp.ledger(1, 1), '1 PURCHASE 100>100', 'nothing moved');
SELECT is((SELECT r.reference_type::text FROM inventory.reserve_stock(1, 1, 1, 'transfer-1', 'TRANSFER', 5) r), 'TRANSFER', 'a reservation for a transfer');
SELECT is((SELECT r.expires_at - r.created_at FROM inventory.reserve_stock(product_id => 1, warehouse_id => 1, quantity => 1, reference_id => 'o', ttl_minutes => 2147483647) r),
    make_interval(mins => 2147483647), 'the longest time to live');
SELECT lives_ok($$SELECT inventory.reserve_stock(1, 1, 68, 'order-2')$$, 'everything that is available can be reserved');
SELECT is(pg_temp.level(1, 1), '100/100/0', 'nothing is available any more');
SELECT pg_temp.refused($$SELECT inventory.reserve_stock(1, 1, 1, 'order-3')$$, 'IV001', 'insufficient stock of product 1 in warehouse 1', 'Available: 0, requested: 1.', 'one more than there is');
SELECT pg_temp.healthy('reserve');

-- Reserve: refusals

SELECT inventory.receive_stock(2, 1, 10);
SELECT pg_temp.refused($$SELECT inventory.reserve_stock(2, 1, 11, 'o')$$, 'IV001', 'insufficient stock of product 2 in warehouse 1', 'Available: 10, requested: 11.', 'too much');
SELECT pg_temp.refused($$SELECT inventory.reserve_stock(2, 1, 9223372036854775807, 'o')$$, 'IV001', 'insufficient stock of product 2 in warehouse 1', 'Available: 10, requested: 9223372036854775807.', 'far too much');
SELECT pg_temp.refused($$SELECT inventory.reserve_stock(2, 2, 1, 'o')$$, 'IV001', 'insufficient stock of product 2 in warehouse 2', 'Available: 0, requested: 1.', 'never stocked there');
SELECT pg_temp.refused($$SELECT inventory.reserve_stock(99, 1, 1, 'o')$$, 'IV003', 'product 99 does not exist', '', 'unknown product');
SELECT pg_temp.refused($$SELECT inventory.reserve_stock(2, 99, 1, 'o')$$, 'IV003', 'warehouse 99 does not exist', '', 'unknown warehouse');
SELECT pg_temp.refused($$SELECT inventory.reserve_stock(9223372036854775807, 1, 1, 'o')$$, 'IV003', 'product 9223372036854775807 does not exist', '', 'largest product');
SELECT pg_temp.refused($$SELECT inventory.reserve_stock(-9223372036854775808, 1, 1, 'o')$$, 'IV003', 'product -9223372036854775808 does not exist', '', 'smallest product');
SELECT pg_temp.refused($$SELECT inventory.reserve_stock(2, 1, 0, 'o')$$, '22023', 'quantity must be positive', 'Got 0.', 'quantity 0');
SELECT pg_temp.refused($$SELECT inventory.reserve_stock(2, 1, -5, 'o')$$, '22023', 'quantity must be positive', 'Got -5.', 'negative quantity');
SELECT pg_temp.refused($$SELECT inventory.reserve_stock(2, 1, -9223372036854775808, 'o')$$, '22023', 'quantity must be positive', 'Got -9223372036854775808.', 'most negative quantity');
SELECT pg_temp.refused($$SELECT inventory.reserve_stock(NULL, 1, 1, 'o')$$, '22023', 'product_id must not be NULL', '', 'product NULL');
SELECT pg_temp.refused($$SELECT inventory.reserve_stock(2, NULL, 1, 'o')$$, '22023', 'warehouse_id must not be NULL', '', 'warehouse NULL');
SELECT pg_temp.refused($$SELECT inventory.reserve_stock(2, 1, NULL, 'o')$$, '22023', 'quantity must not be NULL', '', 'quantity NULL');
SELECT pg_temp.refused($$SELECT inventory.reserve_stock(2, 1, 1, NULL)$$, '22023', 'reference_id must not be NULL', '', 'reference NULL');
SELECT pg_temp.refused($$SELECT inventory.reserve_stock(2, 1, 1, '')$$, '22023', 'reference_id must not be empty', '', 'reference empty');
SELECT pg_temp.refused($$SELECT inventory.reserve_stock(2, 1, 1, 'o', NULL)$$, '22023', 'reference_type must not be NULL', '', 'type NULL');
SELECT pg_temp.refused($$SELECT inventory.reserve_stock(2, 1, 1, 'o', 'PICNIC')$$, '22023', 'unknown reference type "PICNIC"', '', 'unknown type');
SELECT pg_temp.refused($$SELECT inventory.reserve_stock(2, 1, 1, 'o', 'order')$$, '22023', 'unknown reference type "order"', '', 'type in small letters');
SELECT pg_temp.refused($$SELECT inventory.reserve_stock(2, 1, 1, 'o', '')$$, '22023', 'reference_type must not be empty', '', 'type empty');
SELECT pg_temp.refused($$SELECT inventory.reserve_stock(2, 1, 1, 'o', ttl_minutes => 0)$$, '22023', 'ttl_minutes must be positive', 'Got 0.', 'ttl 0');
SELECT pg_temp.refused($$SELECT inventory.reserve_stock(2, 1, 1, 'o', ttl_minutes => -1)$$, '22023', 'ttl_minutes must be positive', 'Got -1.', 'ttl -1');
SELECT pg_temp.refused($$SELECT inventory.reserve_stock(2, 1, 1, 'o', ttl_minutes => NULL)$$, '22023', 'ttl_minutes must not be NULL', '', 'ttl NULL');
SELECT pg_temp.refused($$SELECT inventory.reserve_stock(2, 1, 1, 'o', idempotency_key => '')$$, '22023', 'idempotency_key must not be empty', '', 'key empty');
SELECT throws_ok($$SELECT inventory.reserve_stock(2, 1, 1, repeat('x', 10485760))$$, '22023', 'reference_id is too long', 'reference of 10 MB');
SELECT matches(pg_temp.detail_of($$SELECT inventory.reserve_stock(2, 1, 1, repeat('x', 10485760))$$), '^It has 10485760 bytes; at most [0-9]+ are kept\.$', 'reference of 10 MB: detail');
SELECT throws_ok($$SELECT inventory.reserve_stock(2, 1, 1, 'o', repeat('x', 10485760))$$, '22023', 'reference_type is too long', 'type of 10 MB');
SELECT throws_ok($$SELECT inventory.reserve_stock(2, 1, 1, 'o', idempotency_key => repeat('x', 10485760))$$, '22023', 'idempotency_key is too long', 'key of 10 MB');
SELECT is(pg_temp.level(2, 1), '10/0/10', 'all of those left the level alone');
SELECT pg_temp.healthy('reserve refused');

-- Fulfil

SELECT inventory.receive_stock(3, 1, 50);
SELECT reservation_id AS r3 FROM inventory.reserve_stock(3, 1, 20, 'order-3') \gset
SELECT is((SELECT concat(r.quantity_fulfilled, ' ', r.status, ' ', r.closed_at IS NULL) FROM inventory.fulfill_reservation(:r3, 5) r), '5 ACTIVE t', 'a part');
SELECT is(pg_temp.level(3, 1), '45/15/30', 'a part leaves the warehouse and what is held');
SELECT is((SELECT concat(r.quantity_fulfilled, ' ', r.status) FROM inventory.fulfill_reservation(:r3, 5) r), '10 ACTIVE', 'another part');
SELECT pg_temp.refused(format('SELECT inventory.fulfill_reservation(%s, 11)', :r3), 'IV001', format('reservation %s has less left than is to be fulfilled', :r3), 'Available: 10, requested: 11.', 'more than is left');
SELECT pg_temp.refused(format('SELECT inventory.fulfill_reservation(%s, 9223372036854775807)', :r3), 'IV001', format('reservation %s has less left than is to be fulfilled', :r3), 'Available: 10, requested: 9223372036854775807.', 'far more than is left');
SELECT pg_temp.refused(format('SELECT inventory.fulfill_reservation(%s, 0)', :r3), '22023', 'quantity must be positive', 'Got 0.', 'fulfil 0');
SELECT pg_temp.refused(format('SELECT inventory.fulfill_reservation(%s, -1)', :r3), '22023', 'quantity must be positive', 'Got -1.', 'fulfil -1');
SELECT is((SELECT concat(r.quantity_fulfilled, ' ', r.status, ' ', r.closed_at >= r.created_at, ' ', r.close_reason) FROM inventory.fulfill_reservation(:r3) r), '20 FULFILLED t ', 'NULL is all that is left');
SELECT is(pg_temp.level(3, 1), '30/0/30', 'the rest is as it was');
SELECT is(pg_temp.ledger(3, 1), '1 PURCHASE 50>50, 2 SALE -5>45, 3 SALE -5>40, 4 SALE -10>30', 'each part is one SALE');
SELECT results_eq(format('SELECT reference_id, reservation_id, root_cause FROM inventory.stock_movement WHERE movement_type = %L AND product_id = 3', 'SALE'),
    format('SELECT %L, %s::bigint, NULL::text FROM generate_series(1, 3)', 'order-3', :r3), 'a SALE names its order and reservation');
SELECT pg_temp.refused(format('SELECT inventory.fulfill_reservation(%s)', :r3), 'IV002', format('reservation %s is not active', :r3), 'It is FULFILLED.', 'fulfil twice');
SELECT pg_temp.refused(format('SELECT inventory.cancel_reservation(%s)', :r3), 'IV002', format('reservation %s is not active', :r3), 'It is FULFILLED.', 'cancel a fulfilled one');
SELECT pg_temp.refused(format('SELECT inventory.extend_reservation(%s, 5)', :r3), 'IV002', format('reservation %s is not active', :r3), 'It is FULFILLED.', 'extend a fulfilled one');
SELECT pg_temp.refused('SELECT inventory.fulfill_reservation(999999)', 'IV003', 'reservation 999999 does not exist', '', 'fulfil an unknown one');
SELECT pg_temp.refused('SELECT inventory.fulfill_reservation(-9223372036854775808)', 'IV003', 'reservation -9223372036854775808 does not exist', '', 'fulfil an impossible one');
SELECT pg_temp.refused('SELECT inventory.fulfill_reservation(NULL)', '22023', 'reservation_id must not be NULL', '', 'fulfil NULL');
SELECT pg_temp.healthy('fulfil');

-- Cancel

SELECT reservation_id AS r4 FROM inventory.reserve_stock(3, 1, 12, 'order-4') \gset
SELECT is((SELECT concat(r.status, ' ', r.close_reason, ' ', r.closed_at IS NOT NULL) FROM inventory.cancel_reservation(:r4, 'changed my mind') r), 'CANCELLED changed my mind t', 'cancel');
SELECT is(pg_temp.level(3, 1), '30/0/30', 'the stock is free again');
SELECT pg_temp.refused(format('SELECT inventory.cancel_reservation(%s)', :r4), 'IV002', format('reservation %s is not active', :r4), 'It is CANCELLED.', 'cancel twice');
SELECT pg_temp.refused(format('SELECT inventory.fulfill_reservation(%s)', :r4), 'IV002', format('reservation %s is not active', :r4), 'It is CANCELLED.', 'fulfil a cancelled one');
SELECT pg_temp.refused('SELECT inventory.cancel_reservation(999999)', 'IV003', 'reservation 999999 does not exist', '', 'cancel an unknown one');
SELECT pg_temp.refused('SELECT inventory.cancel_reservation(NULL)', '22023', 'reservation_id must not be NULL', '', 'cancel NULL');
SELECT reservation_id AS r5 FROM inventory.reserve_stock(3, 1, 12, 'order-5') \gset
SELECT throws_ok(format($$SELECT inventory.cancel_reservation(%s, repeat('x', 10485760))$$, :r5), '22023', 'reason is too long', 'a reason of 10 MB');
SELECT is(pg_temp.held(:r5), '12/0 ACTIVE', 'a reason of 10 MB: nothing changed');
SELECT inventory.fulfill_reservation(:r5, 7);
SELECT is((SELECT concat(r.quantity, ' ', r.quantity_fulfilled, ' ', r.status, ' ', r.close_reason IS NULL) FROM inventory.cancel_reservation(:r5) r), '12 7 CANCELLED t', 'cancel after a part was fulfilled');
SELECT is(pg_temp.level(3, 1), '23/0/23', 'what was fulfilled stays fulfilled');
SELECT pg_temp.healthy('cancel');

-- Extend

SELECT reservation_id AS r6, expires_at AS until FROM inventory.reserve_stock(3, 1, 1, 'order-6', ttl_minutes => 10) \gset
SELECT ok((SELECT r.expires_at BETWEEN clock_timestamp() + interval '59 min' AND clock_timestamp() + interval '60 min' FROM inventory.extend_reservation(:r6, 60) r), 'an hour from now');
SELECT ok((SELECT r.expires_at > clock_timestamp() + interval '59 min' FROM inventory.extend_reservation(:r6, 1) r), 'it never gets shorter');
UPDATE inventory.reservation SET expires_at = NULL WHERE reservation_id = :r6;
SELECT is((SELECT r.expires_at FROM inventory.extend_reservation(:r6, 5) r), NULL, 'one that never expires stays so');
SELECT lives_ok(format('SELECT inventory.extend_reservation(%s, 2147483647)', :r6), 'the longest extension');
SELECT pg_temp.refused(format('SELECT inventory.extend_reservation(%s, 0)', :r6), '22023', 'ttl_minutes must be positive', 'Got 0.', 'extend by 0');
SELECT pg_temp.refused(format('SELECT inventory.extend_reservation(%s, -1)', :r6), '22023', 'ttl_minutes must be positive', 'Got -1.', 'extend by -1');
SELECT pg_temp.refused(format('SELECT inventory.extend_reservation(%s, NULL)', :r6), '22023', 'ttl_minutes must not be NULL', '', 'extend by NULL');
SELECT pg_temp.refused('SELECT inventory.extend_reservation(NULL, 5)', '22023', 'reservation_id must not be NULL', '', 'extend NULL');
SELECT pg_temp.refused('SELECT inventory.extend_reservation(999999, 5)', 'IV003', 'reservation 999999 does not exist', '', 'extend an unknown one');
SELECT inventory.cancel_reservation(:r6);

-- Idempotency

SELECT inventory.receive_stock(4, 1, 100), inventory.receive_stock(5, 1, 100), inventory.receive_stock(4, 2, 100);
SELECT reservation_id AS k1 FROM inventory.reserve_stock(4, 1, 10, 'order-7', 'ORDER', 30, 'key-1') \gset
SELECT pg_temp.state() AS before \gset
SELECT is((SELECT reservation_id FROM inventory.reserve_stock(4, 1, 10, 'order-7', 'ORDER', 30, 'key-1')), :k1::bigint, 'the same request gives the same reservation');
SELECT is(pg_temp.state(), :'before', 'and changes nothing');
CREATE TEMP TABLE variant (label text, arguments text, described text);
INSERT INTO variant VALUES
    ('product', $$5, 1, 10, 'order-7', 'ORDER', 30$$, $$product_id => 5, warehouse_id => 1, quantity => 10, reference_id => 'order-7', reference_type => 'ORDER', ttl_minutes => 30$$),
    ('warehouse', $$4, 2, 10, 'order-7', 'ORDER', 30$$, $$product_id => 4, warehouse_id => 2, quantity => 10, reference_id => 'order-7', reference_type => 'ORDER', ttl_minutes => 30$$),
    ('quantity', $$4, 1, 11, 'order-7', 'ORDER', 30$$, $$product_id => 4, warehouse_id => 1, quantity => 11, reference_id => 'order-7', reference_type => 'ORDER', ttl_minutes => 30$$),
    ('reference', $$4, 1, 10, 'order-8', 'ORDER', 30$$, $$product_id => 4, warehouse_id => 1, quantity => 10, reference_id => 'order-8', reference_type => 'ORDER', ttl_minutes => 30$$),
    ('reference type', $$4, 1, 10, 'order-7', 'TRANSFER', 30$$, $$product_id => 4, warehouse_id => 1, quantity => 10, reference_id => 'order-7', reference_type => 'TRANSFER', ttl_minutes => 30$$),
    ('ttl', $$4, 1, 10, 'order-7', 'ORDER', 31$$, $$product_id => 4, warehouse_id => 1, quantity => 10, reference_id => 'order-7', reference_type => 'ORDER', ttl_minutes => 31$$);
SELECT pg_temp.refused(format($$SELECT inventory.reserve_stock(%s, 'key-1')$$, v.arguments), 'IV005', 'idempotency key "key-1" was used with other arguments',
    format($$First: reserve_stock(product_id => 4, warehouse_id => 1, quantity => 10, reference_id => 'order-7', reference_type => 'ORDER', ttl_minutes => 30). Now: reserve_stock(%s).$$, v.described),
    'the key with another ' || v.label) FROM variant v;
SELECT inventory.fulfill_reservation(:k1);
SELECT is((SELECT concat(r.reservation_id, ' ', r.status) FROM inventory.reserve_stock(4, 1, 10, 'order-7', 'ORDER', 30, 'key-1') r), concat(:k1, ' FULFILLED'), 'a late repetition shows what became of it');
SELECT isnt((SELECT reservation_id FROM inventory.reserve_stock(4, 1, 10, 'order-7', 'ORDER', 30, 'key-2')), :k1::bigint, 'another key is another request');
SELECT isnt((SELECT a.reservation_id FROM inventory.reserve_stock(4, 1, 1, 'order-9') a), (SELECT b.reservation_id FROM inventory.reserve_stock(4, 1, 1, 'order-9') b), 'no key: each call is its own');
SELECT pg_temp.refused($$SELECT inventory.reserve_stock(4, 1, 1000, 'order-10', idempotency_key => 'key-3')$$, 'IV001', 'insufficient stock of product 4 in warehouse 1', 'Available: 78, requested: 1000.', 'a failed call with a key');
SELECT lives_ok($$SELECT inventory.reserve_stock(4, 1, 5, 'order-10', idempotency_key => 'key-3')$$, 'leaves the key free');
SELECT is((SELECT count(*) FROM inventory.reservation WHERE reference_id = 'order-10'), 1::bigint, 'for one reservation');
SELECT lives_ok($$SELECT inventory.reserve_stock(4, 1, 1, 'a''b, quantity => 5', idempotency_key => 'key ''4')$$, 'quotes in a key and a reference');
SELECT throws_ok($$SELECT inventory.reserve_stock(4, 1, 1, 'a''b', idempotency_key => 'key ''4')$$, 'IV005', 'idempotency key "key ''4" was used with other arguments', 'are told apart');
SELECT pg_temp.healthy('idempotency');

-- Expiry

SELECT inventory.receive_stock(6, 1, 10);
SELECT reservation_id AS e1 FROM inventory.reserve_stock(6, 1, 4, 'order-11') \gset
SELECT reservation_id AS e2 FROM inventory.reserve_stock(6, 1, 4, 'order-12') \gset
UPDATE inventory.reservation SET expires_at = '2024-01-02 03:04:05+00' WHERE reservation_id IN (:e1, :e2);
SELECT throws_ok(format('SELECT inventory.fulfill_reservation(%s)', :e1), 'IV002', format('reservation %s has expired', :e1), 'an expired one cannot be fulfilled');
SET LOCAL timezone = 'UTC';
SET LOCAL datestyle = 'ISO';
SELECT pg_temp.refused(format('SELECT inventory.fulfill_reservation(%s, 1)', :e1), 'IV002', format('reservation %s has expired', :e1), 'It is ACTIVE and expired at 2024-01-02 03:04:05+00.', 'nor in part');
SELECT pg_temp.refused(format('SELECT inventory.extend_reservation(%s, 5)', :e1), 'IV002', format('reservation %s has expired', :e1), 'It is ACTIVE and expired at 2024-01-02 03:04:05+00.', 'nor extended');
SELECT is((SELECT r.close_reason FROM inventory.cancel_reservation(:e1, 'late') r), 'late', 'it can be cancelled');
SELECT is(pg_temp.level(6, 1), '10/4/6', 'which frees its stock');
SELECT lives_ok($$SELECT inventory.reserve_stock(6, 1, 6, 'order-13')$$, 'a reserve that finds enough');
SELECT is(pg_temp.held(:e2), '4/0 ACTIVE', 'leaves the expired one');
SELECT pg_temp.refused($$SELECT inventory.reserve_stock(6, 1, 5, 'order-14')$$, 'IV001', 'insufficient stock of product 6 in warehouse 1', 'Available: 4, requested: 5.', 'what has expired counts as available');
SELECT lives_ok($$SELECT inventory.reserve_stock(6, 1, 4, 'order-14')$$, 'a reserve that needs the stock');
SELECT is(pg_temp.held(:e2), '4/0 CANCELLED EXPIRED', 'takes it from the expired one');
SELECT is(pg_temp.level(6, 1), '10/10/0', 'and the sums are right');
SELECT pg_temp.healthy('expiry');

SELECT inventory.receive_stock(7, 1, 20), inventory.receive_stock(8, 1, 20);
SELECT inventory.fulfill_reservation(r.reservation_id, 1) FROM generate_series(1, 6) i, inventory.reserve_stock(7, 1, 2, 'p7-' || i) r;
SELECT count(inventory.reserve_stock(8, 1, 2, 'p8-' || i)) FROM generate_series(1, 6) i;
UPDATE inventory.reservation SET expires_at = now() - interval '1 min' WHERE product_id IN (7, 8) AND reference_id NOT IN ('p7-6', 'p8-6');
SELECT is(inventory.expire_reservations(3), 3::bigint, 'at most max_rows');
SELECT is((SELECT count(*) FROM inventory.reservation WHERE close_reason = 'EXPIRED' AND product_id IN (7, 8)), 3::bigint, 'and no more than that');
SELECT pg_temp.healthy('some expired');
SELECT is(inventory.expire_reservations(), 7::bigint, 'the rest');
SELECT is(inventory.expire_reservations(), 0::bigint, 'and then none');
SELECT is(pg_temp.level(7, 1), '14/1/13', 'what was fulfilled stays fulfilled');
SELECT is(pg_temp.level(8, 1), '20/2/18', 'what has not expired is still held');
SELECT set_eq('SELECT status::text, close_reason, closed_at IS NOT NULL FROM inventory.reservation WHERE product_id IN (7, 8)',
    $$VALUES ('CANCELLED', 'EXPIRED', true), ('ACTIVE', NULL, false)$$, 'expired ones are CANCELLED');
SELECT pg_temp.refused('SELECT inventory.expire_reservations(0)', '22023', 'max_rows must be positive', 'Got 0.', 'expire 0');
SELECT pg_temp.refused('SELECT inventory.expire_reservations(-1)', '22023', 'max_rows must be positive', 'Got -1.', 'expire -1');
SELECT pg_temp.refused('SELECT inventory.expire_reservations(NULL)', '22023', 'max_rows must not be NULL', '', 'expire NULL');
SELECT pg_temp.healthy('all expired');

-- The ends of bigint

SELECT inventory.receive_stock(9, 1, 9223372036854775807);
SELECT reservation_id AS x1 FROM inventory.reserve_stock(9, 1, 9223372036854775807, 'everything') \gset
SELECT is(pg_temp.level(9, 1), '9223372036854775807/9223372036854775807/0', 'all of a bigint is reserved');
SELECT pg_temp.refused($$SELECT inventory.reserve_stock(9, 1, 9223372036854775807, 'more')$$, 'IV001', 'insufficient stock of product 9 in warehouse 1', 'Available: 0, requested: 9223372036854775807.', 'and nothing is left');
UPDATE inventory.reservation SET expires_at = now() - interval '1 min' WHERE reservation_id = :x1;
SELECT reservation_id AS x2 FROM inventory.reserve_stock(9, 1, 9223372036854775807, 'everything again') \gset
SELECT is(pg_temp.held(:x1), '9223372036854775807/0 CANCELLED EXPIRED', 'an expired one gives all of it back');
SELECT inventory.fulfill_reservation(:x2, 9223372036854775806);
SELECT is(pg_temp.level(9, 1), '1/1/0', 'nearly all of it is fulfilled');
SELECT inventory.fulfill_reservation(:x2);
SELECT is(pg_temp.level(9, 1), '0/0/0', 'then the rest');
SELECT pg_temp.healthy('the ends of bigint');

-- Who made it

SET LOCAL inventory.performed_by = 'till 7';
SELECT is((SELECT r.created_by FROM inventory.reserve_stock(2, 1, 1, 'o') r), 'till 7', 'created_by is the setting inventory.performed_by');

SELECT * FROM finish();
ROLLBACK;
