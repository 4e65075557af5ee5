-- verify_ledger finds what is wrong and nothing else; the views show what is there.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION inventory;
SELECT plan(80);

\ir include/setup.psql

-- What verify_ledger finds after the statement, which is then undone. The owner
-- has switched the guards off.
CREATE FUNCTION pg_temp.found_after(VARIADIC statements text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    statement text;
    found text;
BEGIN
    ALTER TABLE inventory.inventory_item DISABLE TRIGGER USER;
    ALTER TABLE inventory.stock_movement DISABLE TRIGGER USER;
    ALTER TABLE inventory.ledger_opening DISABLE TRIGGER USER;
    ALTER TABLE inventory.reservation DISABLE TRIGGER USER;
    FOREACH statement IN ARRAY statements LOOP
        EXECUTE statement;
    END LOOP;
    SELECT string_agg(format('%s/%s %s %s %s', v.product_id, v.warehouse_id, v.problem, v.expected, v.actual), E'\n' ORDER BY v.product_id, v.warehouse_id, v.problem, v.expected)
        INTO found FROM inventory.verify_ledger() v;
    RAISE EXCEPTION 'undo';
EXCEPTION
    WHEN raise_exception THEN RETURN found;
    WHEN OTHERS THEN RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;

SELECT is_empty('SELECT * FROM inventory.verify_ledger()', 'nothing in an empty warehouse');
SELECT inventory.receive_stock(1, 1, 10), inventory.receive_stock(1, 1, 5), inventory.adjust_stock(1, 1, -3, 'DAMAGE'), inventory.receive_stock(2, 1, 7), inventory.receive_stock(3, 2, 9);
INSERT INTO inventory.inventory_item (product_id, warehouse_id) VALUES (4, 1);
SELECT reservation_id AS r1 FROM inventory.reserve_stock(1, 1, 4, 'order-1') \gset
SELECT inventory.fulfill_reservation(:r1, 1);
SELECT is(pg_temp.ledger(1, 1), '1 PURCHASE 10>10, 2 PURCHASE 5>15, 3 ADJUSTMENT -3>12, 4 SALE -1>11', 'the history to spoil');
SELECT pg_temp.healthy('before');
SELECT is(pg_temp.found_after('SELECT 1'), NULL, 'nothing where nothing was done');

SELECT is(pg_temp.found_after('UPDATE inventory.inventory_item SET quantity_on_hand = 99 WHERE product_id = 2'),
    '2/1 quantity on hand differs from the ledger 7 99', 'a level that was changed behind the ledger');
SELECT is(pg_temp.found_after('UPDATE inventory.inventory_item SET quantity_on_hand = 5 WHERE product_id = 4'),
    '4/1 quantity on hand differs from the ledger 0 5', 'a level without any ledger');
SELECT is(pg_temp.found_after('UPDATE inventory.inventory_item SET version = 9 WHERE product_id = 2'),
    '2/1 item version differs from the number of movements 1 9', 'an item with another version');
SELECT is(pg_temp.found_after('UPDATE inventory.inventory_item SET last_movement_at = NULL WHERE product_id = 2'),
    '2/1 last movement time differs from the ledger  ', 'an item with another time');
SELECT is(pg_temp.found_after('UPDATE inventory.stock_movement SET quantity = 6 WHERE product_id = 1 AND version = 2'),
    E'1/1 movement 2 does not follow from the one before 16 15\n1/1 movement 2 does not have the hash of its content and the movement before it  ', 'a changed quantity');
SELECT is(pg_temp.found_after('UPDATE inventory.stock_movement SET quantity = 8 WHERE product_id = 2'),
    E'2/1 movement 1 does not follow from the one before 8 7\n2/1 movement 1 does not have the hash of its content and the movement before it  ', 'a changed quantity of the first');
SELECT is(pg_temp.found_after('UPDATE inventory.stock_movement SET on_hand_after = 16 WHERE product_id = 1 AND version = 2'),
    E'1/1 movement 2 does not follow from the one before 15 16\n1/1 movement 2 does not have the hash of its content and the movement before it  \n1/1 movement 3 does not follow from the one before 13 12', 'a changed level');
SELECT is(pg_temp.found_after('UPDATE inventory.stock_movement SET quantity = 8, on_hand_after = 8 WHERE product_id = 2'),
    E'2/1 movement 1 does not have the hash of its content and the movement before it  \n2/1 quantity on hand differs from the ledger 8 7', 'a changed quantity and level of the last');
SELECT is(pg_temp.found_after('DELETE FROM inventory.stock_movement WHERE product_id = 1 AND version = 2'),
    E'1/1 movement 3 does not follow from the one before 7 12\n1/1 movement 3 does not have the hash of its content and the movement before it  \n1/1 movement version out of sequence 2 3', 'a removed movement');
SELECT is(pg_temp.found_after('DELETE FROM inventory.stock_movement WHERE product_id = 1 AND version = 4'),
    E'1/1 item version differs from the number of movements 3 4\n1/1 last hash differs from the ledger  \n1/1 last movement id differs from the ledger 3 6\n1/1 last movement time differs from the ledger  \n1/1 quantity on hand differs from the ledger 12 11\n1/1 reservation 1 was fulfilled otherwise than its movements say 0 1', 'the last movement removed');
SELECT is(pg_temp.found_after('DELETE FROM inventory.stock_movement WHERE product_id = 2'),
    E'2/1 item version differs from the number of movements 0 1\n2/1 last hash differs from the ledger  \n2/1 last movement id differs from the ledger  4\n2/1 last movement time differs from the ledger  \n2/1 quantity on hand differs from the ledger 0 7', 'the only movement removed');
SELECT is(pg_temp.found_after('UPDATE inventory.stock_movement SET version = 5 WHERE product_id = 1 AND version = 4'),
    E'1/1 item version differs from the number of movements 5 4\n1/1 movement 5 does not have the hash of its content and the movement before it  \n1/1 movement version out of sequence 4 5', 'a gap in the versions');
SELECT is(pg_temp.found_after($$INSERT INTO inventory.stock_movement (product_id, warehouse_id, movement_type, quantity, on_hand_after, version, performed_by, session_role, created_at, occurred_at)
        VALUES (2, 1, 'SALE', -2, 5, 2, 'x', 'x', '2100-01-01', '2100-01-01')$$),
    E'2/1 item version differs from the number of movements 2 1\n2/1 last hash differs from the ledger  \n2/1 last movement id differs from the ledger 7 4\n2/1 last movement time differs from the ledger  \n2/1 movement 2 does not have the hash of its content and the movement before it  \n2/1 quantity on hand differs from the ledger 5 7', 'a forged movement');
SELECT is(pg_temp.found_after($$INSERT INTO inventory.stock_movement (product_id, warehouse_id, movement_type, quantity, on_hand_after, version, performed_by, session_role, created_at, occurred_at)
        VALUES (2, 1, 'SALE', -2, 5, 1, 'x', 'x', '2100-01-01', '2100-01-01')$$) ~ '2/1 movement version out of sequence 2 1', true, 'a forged movement with a version twice');
SELECT is(pg_temp.found_after($$INSERT INTO inventory.stock_movement (product_id, warehouse_id, movement_type, quantity, on_hand_after, version, performed_by, session_role, created_at, occurred_at)
        VALUES (77, 1, 'PURCHASE', 2, 2, 1, 'x', 'x', '2100-01-01', '2100-01-01')$$) ~ '77/1 item version differs from the number of movements 1 0', true, 'a movement without an item');
SELECT matches(pg_temp.found_after($$INSERT INTO inventory.stock_movement (product_id, warehouse_id, movement_type, quantity, on_hand_after, version, performed_by, session_role, created_at, occurred_at)
        VALUES (2, 1, 'PURCHASE', 9223372036854775807, 5, 2, 'x', 'x', '2100-01-01', '2100-01-01')$$) , '2/1 movement 2 does not follow from the one before', 'a forged movement that overflows');
SELECT is(pg_temp.found_after($$UPDATE inventory.stock_movement SET created_at = created_at - interval '1 day', occurred_at = occurred_at - interval '1 day' WHERE product_id = 1 AND version = 3$$),
    E'1/1 movement 3 does not have the hash of its content and the movement before it  \n1/1 movement 3 is not later than the one before  ', 'a movement moved back in time');
SELECT is(pg_temp.found_after($$UPDATE inventory.stock_movement SET occurred_at = created_at + interval '1 day' WHERE product_id = 1 AND version = 3$$),
    E'1/1 movement 3 does not have the hash of its content and the movement before it  \n1/1 movement 3 occurred after it was recorded  ', 'a movement before its business time');
SELECT is(pg_temp.found_after('UPDATE inventory.inventory_item SET quantity_reserved = 2 WHERE product_id = 1'),
    '1/1 reserved quantity differs from the active reservations 3 2', 'another reserved quantity');
SELECT is(pg_temp.found_after('DELETE FROM inventory.reservation'), '1/1 reserved quantity differs from the active reservations 0 3', 'a removed reservation');
SELECT is(pg_temp.found_after('UPDATE inventory.reservation SET quantity = 6'), '1/1 reserved quantity differs from the active reservations 5 3', 'a changed reservation');
SELECT is(pg_temp.found_after($$INSERT INTO inventory.reservation (product_id, warehouse_id, quantity, reference_id) VALUES (5, 1, 6, 'x')$$), '5/1 reserved quantity differs from the active reservations 6 0', 'a reservation without an item');
SELECT matches(pg_temp.found_after($$INSERT INTO inventory.reservation (product_id, warehouse_id, quantity, reference_id) VALUES (2, 1, 9223372036854775807, 'x'), (2, 1, 9223372036854775807, 'y')$$), '2/1 reserved quantity differs from the active reservations',
    'reservations that overflow');
SELECT is(pg_temp.found_after('ALTER TABLE inventory.inventory_item DROP CONSTRAINT inventory_item_quantities', 'UPDATE inventory.inventory_item SET quantity_reserved = 8 WHERE product_id = 2'),
    E'2/1 reserved quantity differs from the active reservations 0 8\n2/1 reserved quantity outside of what is on hand 7 8', 'more reserved than there is');
SELECT is(pg_temp.found_after('UPDATE inventory.inventory_item SET quantity_on_hand = 1 WHERE product_id IN (2, 3)'),
    E'2/1 quantity on hand differs from the ledger 7 1\n3/2 quantity on hand differs from the ledger 9 1', 'every item that is wrong');
SELECT pg_temp.healthy('after');

-- The chain: whatever is changed in a movement is found, also what no sum depends on.

SELECT is(pg_temp.found_after(format('UPDATE inventory.stock_movement SET %s WHERE product_id = 1 AND version = 3', c.change)),
    '1/1 movement 3 does not have the hash of its content and the movement before it  ', 'changed: ' || c.change)
FROM (VALUES ('movement_id = 900'), ($$movement_type = 'SALE'$$), ($$reference_id = 'x'$$), ($$reference_id = ''$$), ('root_cause = NULL'), ($$root_cause = 'THEFT'$$),
    ($$performed_by = 'somebody else'$$), ($$session_role = 'somebody else'$$), ($$created_at = created_at + interval '1 microsecond'$$), ($$occurred_at = occurred_at - interval '1 microsecond'$$)) AS c(change);
SELECT is(pg_temp.found_after('UPDATE inventory.stock_movement SET reservation_id = NULL WHERE product_id = 1 AND version = 4'),
    E'1/1 movement 4 does not have the hash of its content and the movement before it  \n1/1 reservation 1 was fulfilled otherwise than its movements say 0 1', 'changed: a reservation');
SELECT is(pg_temp.found_after($$UPDATE inventory.stock_movement SET row_hash = sha256('x') WHERE product_id = 1 AND version = 2$$),
    E'1/1 movement 2 does not have the hash of its content and the movement before it  \n1/1 movement 3 does not have the hash of its content and the movement before it  ', 'a changed hash breaks two links');
SELECT is(pg_temp.found_after('UPDATE inventory.stock_movement SET row_hash = NULL WHERE product_id = 1 AND version = 4', 'UPDATE inventory.inventory_item SET last_hash = NULL WHERE product_id = 1'),
    '1/1 movement 4 does not have the hash of its content and the movement before it  ', 'a removed hash');
SELECT is(pg_temp.found_after('UPDATE inventory.inventory_item SET last_hash = NULL WHERE product_id = 2'), '2/1 last hash differs from the ledger  ', 'an item with another hash');
SELECT is(pg_temp.found_after('UPDATE inventory.inventory_item SET last_movement_id = 900 WHERE product_id = 2'), '2/1 last movement id differs from the ledger 4 900', 'an item with another last movement');
-- Two movements of the same quantity change places.
SELECT is(pg_temp.found_after('SELECT inventory.receive_stock(2, 1, 1)', 'SELECT inventory.receive_stock(2, 1, 1)',
    'CREATE TEMP TABLE swapped AS SELECT m.*, o.movement_id AS other_id, o.row_hash AS other_hash FROM inventory.stock_movement m JOIN inventory.stock_movement o ON o.product_id = 2 AND m.version + o.version = 5 WHERE m.product_id = 2 AND m.version IN (2, 3)',
    'DELETE FROM inventory.stock_movement WHERE product_id = 2 AND version IN (2, 3)',
    'INSERT INTO inventory.stock_movement SELECT other_id, product_id, warehouse_id, movement_type, quantity, on_hand_after, version, reference_id, reservation_id, root_cause, performed_by, session_role, created_at, occurred_at, other_hash FROM swapped'),
    E'2/1 last hash differs from the ledger  \n2/1 last movement id differs from the ledger 11 12\n2/1 movement 2 does not have the hash of its content and the movement before it  \n2/1 movement 3 does not have the hash of its content and the movement before it  ', 'movements that changed places');
-- What anybody can compute without the extension.
SELECT is_empty($$
    SELECT m.version FROM (SELECT s.*, lag(s.row_hash) OVER (PARTITION BY s.product_id, s.warehouse_id ORDER BY s.version) AS previous FROM inventory.stock_movement s) m
    WHERE m.row_hash IS DISTINCT FROM sha256(coalesce(m.previous, decode(repeat('00', 32), 'hex')) || int8send(m.movement_id) || int8send(m.product_id) || int8send(m.warehouse_id)
        || int4send(octet_length(m.movement_type::text)) || convert_to(m.movement_type::text, 'UTF8') || int8send(m.quantity) || int8send(m.on_hand_after) || int8send(m.version)
        || coalesce('\x01' || int4send(octet_length(m.reference_id)) || convert_to(m.reference_id, 'UTF8'), '\x00') || coalesce('\x01' || int8send(m.reservation_id), '\x00')
        || coalesce('\x01' || int4send(octet_length(m.root_cause)) || convert_to(m.root_cause, 'UTF8'), '\x00')
        || int4send(octet_length(m.performed_by)) || convert_to(m.performed_by, 'UTF8') || int4send(octet_length(m.session_role)) || convert_to(m.session_role, 'UTF8')
        || timestamptz_send(m.created_at) || timestamptz_send(m.occurred_at))
$$, 'the hashes are what docs/ledger.md says');

-- One digest for all of it

SELECT inventory.ledger_digest() AS digest, clock_timestamp() AS digest_at \gset
SELECT inventory.receive_stock(3, 2, 1);
SELECT isnt(inventory.ledger_digest(), :'digest'::bytea, 'another movement, another digest');
SELECT is(inventory.ledger_digest(:'digest_at'), :'digest'::bytea, 'the digest of then is what it was');
SELECT is(inventory.ledger_digest('-infinity'), sha256(''), 'before the first movement there is nothing');
SELECT ok(inventory.ledger_settled_at() < now(), 'nothing is settled that this transaction may have recorded');
-- All hashes computed anew: only the digest tells.
CREATE FUNCTION pg_temp.forge() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    m inventory.stock_movement;
    previous bytea;
BEGIN
    UPDATE inventory.stock_movement SET performed_by = 'nobody' WHERE product_id = 1 AND version = 2;
    FOR m IN SELECT * FROM inventory.stock_movement WHERE product_id = 1 ORDER BY version LOOP
        previous := inventory.movement_hash(previous, m.movement_id, m.product_id, m.warehouse_id, m.movement_type, m.quantity, m.on_hand_after, m.version, m.reference_id, m.reservation_id,
            m.root_cause, m.performed_by, m.session_role, m.created_at, m.occurred_at);
        UPDATE inventory.stock_movement SET row_hash = previous WHERE movement_id = m.movement_id;
    END LOOP;
    UPDATE inventory.inventory_item SET last_hash = previous WHERE product_id = 1;
END
$$;
SELECT is(pg_temp.found_after('SELECT pg_temp.forge()'), NULL, 'verify_ledger does not find a history that was forged to the end');
SELECT is(pg_temp.found_after('SELECT pg_temp.forge()', format('DO $d$ BEGIN IF inventory.ledger_digest(%L) = %L THEN RAISE division_by_zero; END IF; END $d$', :'digest_at', :'digest')), NULL, 'its digest does');

-- rebuild_stock: what the ledger and the reservations say

CREATE FUNCTION pg_temp.rebuilt(apply boolean) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('%s/%s on hand %s->%s reserved %s->%s version %s->%s %s', product_id, warehouse_id, quantity_on_hand, ledger_on_hand, quantity_reserved, active_reserved, version, ledger_version, is_repaired)
    FROM inventory.rebuild_stock(apply)
$$;
SELECT is_empty('SELECT pg_temp.rebuilt(true)', 'nothing to mend');
ALTER TABLE inventory.inventory_item DISABLE TRIGGER USER;
UPDATE inventory.inventory_item SET quantity_on_hand = 99, quantity_reserved = 50 WHERE product_id = 1;
UPDATE inventory.inventory_item SET version = 7 WHERE product_id = 2;
DELETE FROM inventory.inventory_item WHERE product_id = 3;
ALTER TABLE inventory.inventory_item ENABLE TRIGGER USER;
SELECT pg_temp.state() AS before \gset
SELECT set_eq('SELECT pg_temp.rebuilt(false)', ARRAY['1/1 on hand 99->11 reserved 50->3 version 4->4 f', '2/1 on hand 7->7 reserved 0->0 version 7->1 f', '3/2 on hand 0->10 reserved 0->0 version 0->2 f'], 'what differs');
SELECT is(pg_temp.state(), :'before', 'and nothing is changed');
SELECT set_eq('SELECT pg_temp.rebuilt(true)', ARRAY['1/1 on hand 99->11 reserved 50->3 version 4->4 t', '2/1 on hand 7->7 reserved 0->0 version 7->1 t', '3/2 on hand 0->10 reserved 0->0 version 0->2 t'], 'mended');
SELECT pg_temp.healthy('rebuilt');
SELECT is(concat_ws(' | ', pg_temp.level(1, 1), pg_temp.level(2, 1), pg_temp.level(3, 2)), '11/3/8 | 7/0/7 | 10/0/10', 'to what the ledger says');
SELECT results_eq($$SELECT product_id, movement_type::text, quantity, on_hand_after, version, root_cause, reference_id FROM inventory.stock_movement WHERE quantity = 0 ORDER BY 1$$,
    $$VALUES (1::bigint, 'ADJUSTMENT', 0::bigint, 11::bigint, 5::bigint, 'OTHER', 'rebuild_stock: on hand was 99, reserved 50, version 4'), (2, 'ADJUSTMENT', 0, 7, 2, 'OTHER', 'rebuild_stock: on hand was 7, reserved 0, version 7'),
        (3, 'ADJUSTMENT', 0, 10, 3, 'OTHER', 'rebuild_stock: on hand was 0, reserved 0, version 0')$$, 'and the ledger tells');
-- More reserved than there is: reported, left alone.
ALTER TABLE inventory.reservation DISABLE TRIGGER USER;
UPDATE inventory.reservation SET quantity = 40 WHERE reservation_id = :r1;
SET LOCAL client_min_messages = error;
SELECT set_eq('SELECT pg_temp.rebuilt(true)', ARRAY['1/1 on hand 11->11 reserved 3->39 version 5->5 f'], 'what cannot be stored is left as it is');
SET LOCAL client_min_messages = warning;
UPDATE inventory.reservation SET quantity = 4 WHERE reservation_id = :r1;
ALTER TABLE inventory.reservation ENABLE TRIGGER USER;
SELECT pg_temp.healthy('mended');
SELECT throws_ok('SELECT * FROM inventory.rebuild_stock(NULL)', '22023', 'apply must not be NULL');

-- Views

UPDATE inventory.inventory_item SET reorder_point = 8, reorder_quantity = 20 WHERE product_id IN (1, 2);
SELECT results_eq('SELECT product_id, sku, product_name, warehouse_id, warehouse_name, quantity_on_hand, quantity_reserved, quantity_available, base_unit, reorder_point, reorder_quantity, is_low, last_counted_at IS NULL, last_movement_at IS NULL FROM inventory.stock_level ORDER BY 1, 4',
    $$VALUES (1::bigint, 'SKU-1', 'Product 1', 1::bigint, 'North', 11::bigint, 3::bigint, 8::bigint, 'piece', 8::bigint, 20::bigint, false, true, false),
        (2, 'SKU-2', 'Product 2', 1, 'North', 7, 0, 7, 'piece', 8, 20, true, true, false),
        (3, 'SKU-3', 'Product 3', 2, 'South', 10, 0, 10, 'piece', 0, 0, false, true, false),
        (4, 'SKU-4', 'Product 4', 1, 'North', 0, 0, 0, 'piece', 0, 0, false, true, true)$$, 'stock_level');
SELECT results_eq('SELECT * FROM inventory.low_stock', $$VALUES (2::bigint, 'SKU-2', 'Product 2', 1::bigint, 'North', 7::bigint, 0::bigint, 7::bigint, 'piece', 8::bigint, 20::bigint, 1::bigint)$$, 'low_stock');
SELECT inventory.reserve_stock(1, 1, 1, 'order-2');
SELECT results_eq('SELECT product_id, shortfall FROM inventory.low_stock ORDER BY 1', 'VALUES (1::bigint, 1::bigint), (2, 1)', 'what is reserved is not available');
SELECT inventory.receive_stock(2, 1, 1);
SELECT results_eq('SELECT product_id FROM inventory.low_stock', 'VALUES (1::bigint)', 'at its reorder point an item is not low');
SELECT results_eq('SELECT sku, product_name, warehouse_name, movement_type::text, quantity, on_hand_after, version, reference_id, reservation_id, root_cause, performed_by, session_role FROM inventory.movement_history WHERE product_id = 1 ORDER BY version',
    format($$SELECT 'SKU-1'::text, 'Product 1'::text, 'North'::text, v.t::text, v.q::bigint, v.o::bigint, v.v::bigint, v.ref::text, v.r::bigint, v.c::text, session_user::text COLLATE "default", session_user::text COLLATE "default"
        FROM (VALUES ('PURCHASE', 10, 10, 1, NULL, NULL::bigint, NULL), ('PURCHASE', 5, 15, 2, NULL, NULL, NULL), ('ADJUSTMENT', -3, 12, 3, NULL, NULL, 'DAMAGE'), ('SALE', -1, 11, 4, 'order-1', %s, NULL),
            ('ADJUSTMENT', 0, 11, 5, 'rebuild_stock: on hand was 99, reserved 50, version 4', NULL, 'OTHER')) AS v(t, q, o, v, ref, r, c)$$, :r1), 'movement_history');
SELECT is((SELECT count(*) FROM inventory.movement_history), (SELECT count(*) FROM inventory.stock_movement), 'movement_history has every movement');
UPDATE inventory.reservation SET expires_at = now() - interval '1 min' WHERE reference_id = 'order-2';
SELECT results_eq('SELECT product_id, sku, product_name, warehouse_id, warehouse_name, quantity, quantity_fulfilled, quantity_open, base_unit, reference_type::text, reference_id, created_by, is_expired FROM inventory.open_reservation ORDER BY reservation_id',
    $$SELECT 1::bigint, 'SKU-1'::text, 'Product 1'::text, 1::bigint, 'North'::text, v.q::bigint, v.f::bigint, v.o::bigint, 'piece'::text, 'ORDER'::text, v.ref::text, session_user::text COLLATE "default", v.e
        FROM (VALUES (4, 1, 3, 'order-1', false), (1, 0, 1, 'order-2', true)) AS v(q, f, o, ref, e)$$, 'open_reservation');
UPDATE inventory.reservation SET expires_at = NULL WHERE reference_id = 'order-2';
SELECT is((SELECT is_expired FROM inventory.open_reservation WHERE reference_id = 'order-2'), false, 'what never expires is not expired');
SELECT inventory.fulfill_reservation(:r1);
SELECT results_eq('SELECT reference_id FROM inventory.open_reservation', $$VALUES ('order-2')$$, 'what is fulfilled is not open');

-- Documents as JSON

INSERT INTO inventory.supplier (supplier_id, name) VALUES (1, 'Acme');
INSERT INTO inventory.purchase_order (po_id, supplier_id, warehouse_id) VALUES (1, 1, 1), (2, 1, 1);
INSERT INTO inventory.purchase_order_line (po_id, line_no, product_id, quantity, unit_cost) VALUES (1, 2, 2, 5, NULL), (1, 1, 1, 10, 2.50);
SELECT is((SELECT inventory.line_items(po) FROM inventory.purchase_order po WHERE po_id = 1), '[{"product_id": 1, "qty": 10, "unit_cost": 2.50}, {"product_id": 2, "qty": 5, "unit_cost": null}]'::jsonb, 'lines of a purchase order');
SELECT is((SELECT inventory.line_items(po) FROM inventory.purchase_order po WHERE po_id = 2), '[]'::jsonb, 'a purchase order without lines');
SELECT is((SELECT status::text FROM inventory.purchase_order WHERE po_id = 1), 'DRAFT', 'it starts as a draft');
INSERT INTO inventory.transfer_order (transfer_id, from_warehouse_id, to_warehouse_id) VALUES (1, 1, 2), (2, 2, 1);
INSERT INTO inventory.transfer_order_line (transfer_id, line_no, product_id, quantity) VALUES (1, 2, 2, 5), (1, 1, 1, 10);
SELECT is((SELECT inventory.line_items(t) FROM inventory.transfer_order t WHERE transfer_id = 1), '[{"product_id": 1, "qty": 10}, {"product_id": 2, "qty": 5}]'::jsonb, 'lines of a transfer order');
SELECT is((SELECT inventory.line_items(t) FROM inventory.transfer_order t WHERE transfer_id = 2), '[]'::jsonb, 'a transfer order without lines');
SELECT throws_ok('INSERT INTO inventory.transfer_order (from_warehouse_id, to_warehouse_id) VALUES (1, 1)', '23514', NULL, 'a transfer from a warehouse to itself');

-- Read as a column, a function is found by the search_path.
SET LOCAL search_path = inventory, public;
SELECT is((SELECT po.line_items FROM inventory.purchase_order po WHERE po_id = 1), inventory.line_items(p), 'lines of a purchase order as a column') FROM inventory.purchase_order p WHERE po_id = 1;
SELECT is((SELECT t.line_items FROM inventory.transfer_order t WHERE transfer_id = 1), inventory.line_items(o), 'lines of a transfer order as a column') FROM inventory.transfer_order o WHERE transfer_id = 1;

SELECT * FROM finish();
ROLLBACK;
