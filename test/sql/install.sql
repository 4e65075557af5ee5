-- Create, look, drop, create again.
SET client_min_messages = warning;
-- From 18 on the server says in which line of the script.
\set SHOW_CONTEXT never
CREATE SCHEMA inventory;
CREATE EXTENSION inventory;
\set SHOW_CONTEXT errors
DROP SCHEMA inventory;
CREATE ROLE regress_inventory_user;
SET ROLE regress_inventory_user;
\set VERBOSITY sqlstate
CREATE EXTENSION inventory;
\set VERBOSITY default
RESET ROLE;
CREATE EXTENSION inventory;
-- Members: functions with their arguments, relations, types
SELECT p.proname || '(' || pg_get_function_arguments(p.oid) || ')' AS function, pg_get_function_result(p.oid) AS result
FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid JOIN pg_proc p ON p.oid = d.objid
WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'inventory'
ORDER BY p.oid::regprocedure::text COLLATE "C";
SELECT c.relkind, c.relname FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid JOIN pg_class c ON c.oid = d.objid
WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'inventory' AND c.relkind IN ('r', 'v')
ORDER BY 1, 2;
SELECT t.typname FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid JOIN pg_type t ON t.oid = d.objid
WHERE d.classid = 'pg_type'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'inventory' AND t.typtype = 'e'
ORDER BY 1;
SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = 'inventory'::regnamespace AND NOT t.tgisinternal ORDER BY 1, 2;
-- Twice is once too often, and it stays in its schema.
CREATE EXTENSION inventory;
CREATE SCHEMA elsewhere;
ALTER EXTENSION inventory SET SCHEMA elsewhere;
DROP SCHEMA elsewhere;
-- Every call keeps plans; they have to outlive the extension they were made for.
CREATE PROCEDURE call_everything() LANGUAGE plpgsql AS $$
DECLARE
    -- Not a row: PL/pgSQL itself keeps the type of a variable of a dropped row type.
    r bigint;
BEGIN
    INSERT INTO inventory.product (product_id, sku, name) VALUES (1, 'A-1', 'Anvil');
    INSERT INTO inventory.warehouse (warehouse_id, name) VALUES (1, 'North');
    PERFORM inventory.receive_stock(1, 1, 10);
    PERFORM inventory.return_stock(1, 1, 1);
    PERFORM inventory.adjust_stock(1, 1, -1, 'DAMAGE');
    PERFORM inventory.reserve_stock(1, 1, 2, 'order-1', idempotency_key => 'key');
    SELECT v.reservation_id INTO r FROM inventory.reserve_stock(1, 1, 2, 'order-1', idempotency_key => 'key') v;
    PERFORM inventory.extend_reservation(r, 60);
    PERFORM inventory.fulfill_reservation(r, 1);
    PERFORM inventory.cancel_reservation(r);
    SELECT v.reservation_id INTO r FROM inventory.reserve_stock(1, 1, 9, 'order-2') v;
    UPDATE inventory.reservation SET expires_at = now() - interval '1 min' WHERE reservation_id = r;
    PERFORM inventory.reserve_stock(1, 1, 5, 'order-3');
    PERFORM inventory.expire_reservations();
    UPDATE inventory.inventory_item SET quantity_on_hand = 20;
    INSERT INTO inventory.warehouse (warehouse_id, name) VALUES (2, 'South');
    INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand) VALUES (1, 2, 5);
    PERFORM inventory.reserve_order('order-4', '[{"product_id": 1, "quantity": 4}]', idempotency_key => 'order-key');
    PERFORM inventory.reserve_order('order-4', '[{"product_id": 1, "quantity": 4}]', idempotency_key => 'order-key');
    PERFORM inventory.fulfill_order('order-4');
    PERFORM inventory.reserve_order('order-5', '[{"product_id": 1, "warehouse_id": 2, "quantity": 1}]');
    PERFORM inventory.cancel_order('order-5');
    INSERT INTO inventory.supplier (supplier_id, name) VALUES (1, 'Smith');
    SELECT o.po_id INTO r FROM inventory.create_purchase_order(1, 1, '[{"product_id": 1, "qty": 6}]') o;
    PERFORM inventory.submit_purchase_order(r);
    PERFORM inventory.confirm_purchase_order(r);
    PERFORM inventory.receive_purchase_order(r, '[{"product_id": 1, "qty": 2}]');
    PERFORM inventory.cancel_purchase_order(r);
    SELECT t.transfer_id INTO r FROM inventory.create_transfer(1, 2, '[{"product_id": 1, "qty": 3}]') t;
    PERFORM inventory.ship_transfer(r);
    PERFORM inventory.receive_transfer(r, '[{"product_id": 1, "qty": 2}]');
    PERFORM inventory.close_transfer(r);
    SELECT t.transfer_id INTO r FROM inventory.transfer_stock(1, 1, 2, 1) t;
    PERFORM inventory.cancel_transfer(r);
    PERFORM inventory.plan_cycle_counts();
    PERFORM inventory.start_count(1, 2);
    PERFORM inventory.record_count(1, 2, 1, 'THEFT', 'cancel_newest');
    INSERT INTO inventory.product_supplier (product_id, supplier_id, is_preferred) VALUES (1, 1, true);
    INSERT INTO inventory.item_planning (product_id, warehouse_id, forecast_method) VALUES (1, 1, 'sba');
    PERFORM inventory.refresh_demand();
    PERFORM inventory.recompute_policies(30);
    UPDATE inventory.inventory_item SET reorder_point = 1000, reorder_quantity = 50;
    PERFORM inventory.run_replenishment();
    SELECT min(n.notification_id) INTO r FROM inventory.procurement_notification n;
    PERFORM inventory.acknowledge_notification(r);
    PERFORM inventory.forecast_error(inventory.demand_series(1, 1), 'mean', 5);
    PERFORM inventory.schedule_job('job', '1 minute', 'SELECT 1');
    PERFORM inventory.alter_job('job', schedule => '0 0 * * *', command => 'SELECT 2');
    PERFORM inventory.schedule_job('job', '1 minute', 'SELECT 3');
    PERFORM inventory.run_job('job');
    UPDATE inventory.job SET next_run_at = now();
    PERFORM inventory.run_job('job', if_due => true);
    PERFORM inventory.unschedule_job('job');
END
$$;
CALL call_everything();
SELECT warehouse_id, version, movement_type, quantity, on_hand_after FROM inventory.stock_movement ORDER BY movement_id;
SELECT * FROM inventory.verify_ledger();
DROP EXTENSION inventory;
-- Nothing is left.
SELECT count(*) FROM pg_namespace WHERE nspname = 'inventory';
SELECT inventory.receive_stock(1, 1, 1);
CREATE EXTENSION inventory;
CALL call_everything();
SELECT warehouse_id, version, movement_type, quantity, on_hand_after FROM inventory.stock_movement ORDER BY movement_id;
SELECT * FROM inventory.verify_ledger();
DROP EXTENSION inventory;
CREATE EXTENSION inventory;
-- Another session
\c -
SET client_min_messages = warning;
CALL call_everything();
SELECT product_id, warehouse_id, quantity_on_hand, quantity_reserved, quantity_available FROM inventory.stock_level ORDER BY 1, 2;
SELECT * FROM inventory.verify_ledger();
DROP PROCEDURE call_everything();
DROP EXTENSION inventory;
DROP ROLE regress_inventory_user;
