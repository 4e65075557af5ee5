-- Other people's triggers on the tables, the engine's triggers on other people's
-- tables, and rows inserted by hand: nothing is sold, lost or taken over by them.
BEGIN;
SET LOCAL client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION inventory;
SELECT plan(80);

\ir include/setup.psql
CREATE ROLE inventory_test_operator;
SELECT inventory.grant_access('inventory_test_operator', 'operator');
SELECT inventory.receive_stock(p, 1, 10) FROM generate_series(1, 10) p;

-- A careless trigger of the DBA, and an operator who would like its rights

CREATE SCHEMA inventory_test;
CREATE TABLE inventory_test.audit (what text);
CREATE FUNCTION inventory_test.audit_movement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO inventory_test.audit VALUES (lower('MOVED'));
    RETURN NULL;
END
$$;
CREATE TRIGGER audit AFTER INSERT ON inventory.stock_movement FOR EACH ROW EXECUTE FUNCTION inventory_test.audit_movement();
CREATE SCHEMA inventory_test_evil AUTHORIZATION inventory_test_operator;
SET LOCAL ROLE inventory_test_operator;
CREATE FUNCTION inventory_test_evil.lower(text) RETURNS text LANGUAGE sql AS $$ SELECT 'as ' || current_user $$;
SET LOCAL search_path TO inventory_test_evil, pg_catalog, public;
SELECT public.is((inventory.receive_stock(1, 1, 1)).on_hand_after, 11::bigint, 'an operator receives');
SELECT public.is(pg_catalog.current_setting('search_path'), 'inventory_test_evil, pg_catalog, public', 'and has the search_path it had');
SELECT public.throws_ok('SELECT inventory.receive_stock(1, 1, 0)', '22023', 'quantity must be positive', 'after a refusal');
SELECT public.throws_ok('SELECT inventory.reserve_stock(1, 1, 999, $$x$$)', 'IV001', NULL, 'and after one under the lock');
SELECT public.is(pg_catalog.current_setting('search_path'), 'inventory_test_evil, pg_catalog, public', 'too');
RESET ROLE;
RESET search_path;
SELECT is((SELECT string_agg(what, ',') FROM inventory_test.audit), 'moved', 'the trigger did not look where the operator pointed');
DROP TRIGGER audit ON inventory.stock_movement;

-- A trigger that makes the plan it runs under invalid, and uses it again

CREATE FUNCTION inventory_test.kit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.product_id = 2 THEN
        ANALYZE inventory.stock_movement;
        ANALYZE inventory.inventory_item;
        PERFORM inventory.receive_stock(3, 1, 1, 'kit');
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER kit AFTER INSERT ON inventory.stock_movement FOR EACH ROW EXECUTE FUNCTION inventory_test.kit();
SELECT is((inventory.receive_stock(2, 1, 1)).on_hand_after, 11::bigint, 'a trigger that invalidates running plans');
SELECT is((inventory.receive_stock(2, 1, 1)).on_hand_after, 12::bigint, 'and once more');
SELECT is(pg_temp.ledger(3, 1), '1 PURCHASE 10>10, 2 PURCHASE 1>11, 3 PURCHASE 1>12', 'what it moved is there');
DROP TRIGGER kit ON inventory.stock_movement;

-- Triggers that swallow or change rows

CREATE FUNCTION inventory_test.swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER swallow BEFORE INSERT ON inventory.stock_movement FOR EACH ROW EXECUTE FUNCTION inventory_test.swallow();
SELECT throws_ok('UPDATE inventory.inventory_item SET quantity_on_hand = 20 WHERE product_id = 3', 'IV004', '1 of 1 movements did not reach the ledger', 'an UPDATE whose movement is swallowed');
SELECT throws_ok('INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand) VALUES (20, 1, 5)', 'IV004', '1 of 1 movements did not reach the ledger', 'an INSERT whose movement is swallowed');
DROP TRIGGER swallow ON inventory.stock_movement;

CREATE FUNCTION inventory_test.more() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.quantity_on_hand := NEW.quantity_on_hand + 1; RETURN NEW; END $$;
CREATE TRIGGER aa BEFORE UPDATE ON inventory.inventory_item FOR EACH ROW EXECUTE FUNCTION inventory_test.more();
SELECT throws_like('SELECT inventory.receive_stock(4, 1, 1)', 'item % was not stored as the ledger has it', 'a function whose item is changed on the way');
DROP TRIGGER aa ON inventory.inventory_item;

CREATE FUNCTION inventory_test.other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.product_id := 29; RETURN NEW; END $$;
CREATE TRIGGER zzz BEFORE UPDATE ON inventory.inventory_item FOR EACH ROW EXECUTE FUNCTION inventory_test.other();
SELECT throws_like('UPDATE inventory.inventory_item SET quantity_on_hand = 7 WHERE product_id = 4', 'item % was changed behind the ledger''s back', 'a trigger that gives an item another product');
SELECT throws_like('UPDATE inventory.inventory_item SET reorder_point = 7 WHERE product_id = 4', 'item % was changed behind the ledger''s back', 'also where the level stays');
DROP TRIGGER zzz ON inventory.inventory_item;
SELECT pg_temp.healthy('triggers that swallow and change');

-- The same for what orders and counts write

CREATE FUNCTION pg_temp.swallowed(relation text, event text, statement text, label text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    before text := pg_temp.state();
BEGIN
    EXECUTE format('CREATE TRIGGER swallow BEFORE %s ON inventory.%I FOR EACH ROW EXECUTE FUNCTION inventory_test.swallow()', event, relation);
    RETURN NEXT isnt(pg_temp.detail_of(statement), 'no error', label);
    RETURN NEXT is(pg_temp.state(), before, label || ': nothing changed');
    EXECUTE format('DROP TRIGGER swallow ON inventory.%I', relation);
END
$$;
SELECT pg_temp.swallowed('reservation', 'INSERT', $$SELECT inventory.reserve_order('o', '[{"product_id": 8, "quantity": 1}]')$$, 'an order whose reservation is swallowed');
SELECT pg_temp.swallowed('idempotency_key', 'INSERT', $$SELECT inventory.reserve_order('o', '[{"product_id": 8, "quantity": 1}]', idempotency_key => 'k')$$, 'an order whose key is swallowed');
SELECT pg_temp.swallowed('idempotency_key', 'UPDATE', $$SELECT inventory.reserve_order('o', '[{"product_id": 8, "quantity": 1}]', idempotency_key => 'k')$$, 'an order whose result is not kept with its key');
SELECT pg_temp.swallowed('inventory_item', 'UPDATE', $$SELECT inventory.reserve_order('o', '[{"product_id": 8, "quantity": 1}]')$$, 'an order whose hold is swallowed');
SELECT inventory.reserve_order('order', '[{"product_id": 8, "quantity": 1}]');
SELECT pg_temp.swallowed('reservation', 'UPDATE', $$SELECT inventory.fulfill_order('order')$$, 'an order whose fulfilment is swallowed');
SELECT pg_temp.swallowed('reservation', 'UPDATE', $$SELECT inventory.cancel_order('order')$$, 'an order whose end is swallowed');
SELECT pg_temp.swallowed('stock_movement', 'INSERT', $$SELECT inventory.fulfill_order('order')$$, 'an order whose movement is swallowed');
SELECT pg_temp.swallowed('cycle_count', 'INSERT', 'SELECT inventory.start_count(9, 1)', 'a count that is swallowed');
SELECT inventory.start_count(9, 1);
SELECT pg_temp.swallowed('cycle_count', 'UPDATE', $$SELECT inventory.record_count(9, 1, 9, 'THEFT')$$, 'a count whose result is swallowed');
SELECT pg_temp.swallowed('stock_movement', 'INSERT', $$SELECT inventory.record_count(9, 1, 9, 'THEFT')$$, 'a count whose movement is swallowed');
SELECT pg_temp.healthy('orders and counts that are swallowed');

-- The settings reach the first movement also when a trigger writes it

CREATE FUNCTION inventory_test.correct() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM inventory.adjust_stock(NEW.product_id, NEW.warehouse_id, -1, 'DAMAGE');
    RETURN NULL;
END
$$;
CREATE TRIGGER correct AFTER INSERT ON inventory.inventory_item FOR EACH ROW EXECUTE FUNCTION inventory_test.correct();
SELECT set_config('inventory.reference_id', 'opening', true), set_config('inventory.root_cause', 'FOUND', true);
INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand) VALUES (21, 1, 5);
SELECT set_config('inventory.reference_id', '', true), set_config('inventory.root_cause', '', true);
SELECT is((SELECT string_agg(concat_ws(' ', version, quantity, reference_id, root_cause), ', ' ORDER BY version) FROM inventory.stock_movement WHERE product_id = 21),
    '1 5 opening FOUND, 2 -1 DAMAGE', 'reference and cause of the first movement');
DROP TRIGGER correct ON inventory.inventory_item;

-- The engine's triggers on other tables, or at other times

CREATE TABLE inventory_test.inventory_item (a int, b text);
INSERT INTO inventory_test.inventory_item VALUES (1, 'x');
CREATE TRIGGER t BEFORE UPDATE OR DELETE ON inventory_test.inventory_item FOR EACH ROW EXECUTE FUNCTION inventory.item_guard();
SELECT throws_ok('UPDATE inventory_test.inventory_item SET a = 2', '39P01', NULL, 'item_guard on another table');
SELECT throws_ok('DELETE FROM inventory_test.inventory_item', '39P01', NULL, 'also for DELETE');
CREATE TRIGGER u AFTER INSERT ON inventory_test.inventory_item FOR EACH STATEMENT EXECUTE FUNCTION inventory.item_ledger();
SELECT throws_ok('INSERT INTO inventory_test.inventory_item VALUES (2)', '39P01', NULL, 'item_ledger on another table');
CREATE FUNCTION pg_temp.misplaced(definition text, statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'CREATE TRIGGER zzzz_misplaced ' || definition;
    RETURN throws_ok(statement, '39P01', NULL, definition);
END
$$;
SAVEPOINT misplaced;
SELECT pg_temp.misplaced('BEFORE UPDATE ON inventory.inventory_item EXECUTE FUNCTION inventory.item_guard()', 'UPDATE inventory.inventory_item SET reorder_point = 1');
ROLLBACK TO misplaced;
SELECT pg_temp.misplaced('BEFORE INSERT ON inventory.inventory_item FOR EACH ROW EXECUTE FUNCTION inventory.item_guard()', 'INSERT INTO inventory.inventory_item (product_id, warehouse_id) VALUES (22, 1)');
ROLLBACK TO misplaced;
SELECT pg_temp.misplaced('AFTER UPDATE ON inventory.inventory_item EXECUTE FUNCTION inventory.item_ledger()', 'UPDATE inventory.inventory_item SET reorder_point = 1');
ROLLBACK TO misplaced;
SELECT pg_temp.misplaced('AFTER UPDATE ON inventory.inventory_item FOR EACH ROW EXECUTE FUNCTION inventory.item_ledger()', 'UPDATE inventory.inventory_item SET reorder_point = 1');
ROLLBACK TO misplaced;
SELECT pg_temp.misplaced('AFTER DELETE ON inventory.inventory_item EXECUTE FUNCTION inventory.item_ledger()', 'DELETE FROM inventory.inventory_item WHERE false');
ROLLBACK TO misplaced;
SELECT pg_temp.misplaced('BEFORE UPDATE ON inventory.reservation EXECUTE FUNCTION inventory.reservation_guard()', 'UPDATE inventory.reservation SET close_reason = NULL');
ROLLBACK TO misplaced;

-- Reservations inserted by hand hold nothing, so nothing is sold on their strength

INSERT INTO inventory.reservation (product_id, warehouse_id, quantity, reference_id, expires_at) VALUES (5, 1, 5, 'phantom', now() - interval '1 hour'), (28, 2, 5, 'no item', now() - interval '2 hours');
SELECT throws_ok($$SELECT inventory.reserve_stock(5, 1, 12, 'big')$$, 'IV001', NULL, 'more than is there is not sold');
SELECT is(pg_temp.detail_of($$SELECT inventory.reserve_stock(5, 1, 12, 'big')$$), 'Available: 10, requested: 12.', 'and the phantom is not counted');
SELECT throws_ok($$SELECT inventory.cancel_reservation(reservation_id) FROM inventory.reservation WHERE reference_id = 'phantom'$$, 'IV002', NULL, 'it cannot be given back');
SELECT throws_ok($$SELECT inventory.reserve_order('big', '[{"product_id": 5, "quantity": 12}]')$$, 'IV001', NULL, 'nor by an order that names no warehouse');
SELECT is(pg_temp.detail_of($$SELECT inventory.reserve_order('big', '[{"product_id": 5, "quantity": 12}]')$$), 'Available: 10, requested: 12.', 'where the phantom is not counted either');
SELECT throws_ok($$SELECT inventory.cancel_order('phantom')$$, 'IV002', NULL, 'nor is it given back as an order');
SELECT inventory.reserve_stock(7, 1, 1, 'phantom order');
INSERT INTO inventory.reservation (product_id, warehouse_id, quantity, reference_id) VALUES (7, 1, 5, 'phantom order'), (28, 2, 5, 'no item order');
SELECT pg_temp.refused($$SELECT inventory.fulfill_order('phantom order')$$, 'IV002', 'reservations of product 7 in warehouse 1 hold more than is reserved', 'Reserved: 0, to give back: 5.', 'an order with a phantom is not fulfilled');
SELECT throws_ok($$SELECT inventory.fulfill_order('no item order')$$, 'IV003', NULL, 'nor is one of an item that does not exist');
SELECT throws_ok($$SELECT inventory.record_count(7, 1, 0, 'THEFT', 'cancel_newest')$$, 'IV002', 'reservations of product 7 in warehouse 1 hold more than is reserved', 'nor does a count make room with it');
SELECT inventory.reserve_stock(6, 1, 3, 'real');
UPDATE inventory.reservation SET expires_at = now() - interval '1 min' WHERE reference_id = 'real';
SELECT is(inventory.expire_reservations(1), 1::bigint, 'it does not keep others from expiring');

-- Users' triggers that work on the item that is being worked on: an error, never a movement or a reservation that is
-- overwritten

SAVEPOINT nested;
UPDATE inventory.reservation SET expires_at = now() + interval '1 hour' WHERE status = 'ACTIVE';
CREATE FUNCTION pg_temp.kit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF new.product_id = 8 THEN
        PERFORM inventory.adjust_stock(9, new.warehouse_id, -1, 'DAMAGE');
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER kit AFTER UPDATE ON inventory.inventory_item FOR EACH ROW EXECUTE FUNCTION pg_temp.kit();
SELECT inventory.receive_stock(9, 1, 10), inventory.receive_stock(8, 1, 10);
SELECT pg_temp.refused($$SELECT inventory.reserve_order('kit', '[{"product_id": 8, "warehouse_id": 1, "quantity": 1}, {"product_id": 9, "warehouse_id": 1, "quantity": 1}]')$$,
    'IV004', format('item %s was changed while it was being worked on', (SELECT item_id FROM inventory.inventory_item WHERE product_id = 9 AND warehouse_id = 1)), '', 'an order whose second item the first one moves');
SELECT lives_ok($$SELECT inventory.reserve_stock(8, 1, 1, 'kit')$$, 'one item is not in the way of another');
DROP TRIGGER kit ON inventory.inventory_item;

CREATE FUNCTION pg_temp.waiting_list() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF new.status = 'CANCELLED' AND new.reference_id NOT LIKE 'waiting%' THEN
        PERFORM inventory.reserve_stock(new.product_id, new.warehouse_id, 1, 'waiting ' || new.reservation_id);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER waiting_list AFTER UPDATE ON inventory.reservation FOR EACH ROW EXECUTE FUNCTION pg_temp.waiting_list();
SELECT inventory.receive_stock(10, 1, 10);
SELECT inventory.reserve_stock(10, 1, 10, 'first');
SELECT item_id AS item FROM inventory.inventory_item WHERE product_id = 10 AND warehouse_id = 1 \gset
SELECT pg_temp.refused($$SELECT inventory.record_count(10, 1, 8, 'THEFT', 'cancel_newest')$$, 'IV004', format('item %s was changed while it was being worked on', :item), '', 'a count that makes room, where others take it');
UPDATE inventory.reservation SET expires_at = now() - interval '1 min' WHERE reference_id = 'first';
SELECT pg_temp.refused('SELECT inventory.expire_reservations()', 'IV004', format('item %s was changed while it was being worked on', :item), '', 'an expiry that gives the stock away');
SELECT pg_temp.refused($$SELECT inventory.reserve_stock(10, 1, 15, 'second')$$, 'IV004', format('item %s was changed while it was being worked on', :item), '', 'a reserve that frees what expired');
DROP TRIGGER waiting_list ON inventory.reservation;
SELECT lives_ok('SELECT inventory.expire_reservations()', 'without the trigger it expires');

CREATE FUNCTION pg_temp.receive_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 3 AND new.movement_type = 'PURCHASE' THEN
        PERFORM inventory.receive_purchase_order(new.reference_id::bigint);
    END IF;
    RETURN NULL;
END
$$;
INSERT INTO inventory.supplier (supplier_id, name) VALUES (1, 'Smith');
SELECT po_id AS po FROM inventory.create_purchase_order(1, 1, '[{"product_id": 8, "qty": 7}]') \gset
SELECT inventory.submit_purchase_order(:po), inventory.confirm_purchase_order(:po);
CREATE TRIGGER receive_again AFTER INSERT ON inventory.stock_movement FOR EACH ROW EXECUTE FUNCTION pg_temp.receive_again();
SELECT throws_ok(format('SELECT inventory.receive_purchase_order(%s)', :po), NULL, NULL, 'a receipt that receives again');
SELECT is((SELECT quantity_received FROM inventory.purchase_order_line WHERE po_id = :po), 0::bigint, 'brings in nothing');
ROLLBACK TO nested;

-- A trigger that cancels the reservation that is being fulfilled: on either path.
CREATE FUNCTION pg_temp.cancels() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.movement_type = 'SALE' THEN
        PERFORM inventory.cancel_reservation(NEW.reservation_id);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER cancels AFTER INSERT ON inventory.stock_movement FOR EACH ROW EXECUTE FUNCTION pg_temp.cancels();
SELECT inventory.receive_stock(21, 1, 30), inventory.reserve_stock(21, 1, 10, 'other');
SELECT reservation_id AS mine FROM inventory.reserve_stock(21, 1, 5, 'mine') \gset
SELECT pg_temp.refused(format('SELECT inventory.fulfill_reservation(%s)', :mine), 'IV002', format('reservation %s was changed while it was being worked on', :mine), '', 'a reservation that a trigger cancels');
SELECT pg_temp.refused(format('SELECT inventory.fulfill_reservation(%s, 1)', :mine), 'IV002', format('reservation %s was changed while it was being worked on', :mine), '', 'a part of it');
DROP TRIGGER cancels ON inventory.stock_movement;

SELECT * FROM finish();
ROLLBACK;
