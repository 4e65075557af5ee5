-- The errors as a user sees them. After each its SQLSTATE.
SET client_min_messages = warning;
CREATE EXTENSION inventory;
SET timezone = 'UTC';
SET datestyle = 'ISO';
INSERT INTO inventory.product (product_id, sku, name) VALUES (1, 'A-1', 'Anvil'), (2, 'B-2', 'Bolt');
INSERT INTO inventory.warehouse (warehouse_id, name) VALUES (1, 'North');
SELECT quantity, on_hand_after FROM inventory.receive_stock(1, 1, 10);
SELECT reservation_id, quantity FROM inventory.reserve_stock(1, 1, 4, 'order-1', idempotency_key => 'key-1');
SELECT reservation_id, quantity FROM inventory.reserve_stock(1, 1, 1, 'order-2', idempotency_key => 'key-2');
UPDATE inventory.reservation SET expires_at = '2024-01-02 03:04:05+00' WHERE reservation_id = 2;
-- An order, purchase orders DRAFT, CONFIRMED and RECEIVED, transfers PENDING, IN_TRANSIT and CANCELLED, a count under way
INSERT INTO inventory.product (product_id, sku, name, is_active) VALUES (3, 'C-3', 'Chain', true), (4, 'D-4', 'Drill', false);
INSERT INTO inventory.warehouse (warehouse_id, name) VALUES (2, 'South');
INSERT INTO inventory.supplier (supplier_id, name, is_active) VALUES (1, 'Acme', true), (2, 'Gone', false);
SELECT quantity, on_hand_after FROM inventory.receive_stock(3, 1, 100);
SELECT reservation_id, quantity FROM inventory.reserve_order('order-10', '[{"product_id": 3, "quantity": 2}]', idempotency_key => 'key-3');
SELECT reservation_id, status FROM inventory.fulfill_order('order-10');
SET inventory.occurred_at = '2024-05-06 07:08:09+00';
SELECT po_id, status FROM inventory.create_purchase_order(1, 1, '[{"product_id": 3, "qty": 10}]');
SELECT po_id, status FROM inventory.create_purchase_order(1, 1, '[{"product_id": 3, "qty": 10, "unit_cost": 2.50}]');
SELECT po_id, status FROM inventory.submit_purchase_order(2);
SELECT po_id, status FROM inventory.confirm_purchase_order(2);
SELECT po_id, status FROM inventory.create_purchase_order(1, 1, '[{"product_id": 3, "qty": 1}]');
SELECT po_id, status FROM inventory.submit_purchase_order(3);
SELECT po_id, status FROM inventory.confirm_purchase_order(3);
SELECT po_id, status FROM inventory.receive_purchase_order(3);
SELECT transfer_id, status FROM inventory.create_transfer(1, 2, '[{"product_id": 3, "qty": 5}]');
SELECT transfer_id, status FROM inventory.transfer_stock(3, 1, 2, 5);
SELECT transfer_id, status FROM inventory.transfer_stock(3, 1, 2, 5);
SELECT transfer_id, status FROM inventory.cancel_transfer(3);
-- The business time of this start is years ago.
SET inventory.count_start_hours = 87600;
SELECT system_quantity FROM inventory.start_count(3, 1);
RESET inventory.occurred_at;
SELECT quantity, status FROM inventory.reserve_order('order-11', '[{"product_id": 3, "warehouse_id": 1, "quantity": 30}]');
SELECT quantity, status FROM inventory.fulfill_order('order-11');
SELECT quantity FROM inventory.reserve_stock(3, 1, 50, 'order-12');
SELECT system_quantity FROM inventory.start_count(2, 2);
SELECT on_hand_after FROM inventory.receive_stock(2, 2, 1);
\set VERBOSITY default
\set SHOW_CONTEXT never
-- IV001
SELECT inventory.reserve_stock(1, 1, 7, 'order-3');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.reserve_stock(2, 1, 7, 'order-3');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.fulfill_reservation(1, 5);
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.adjust_stock(1, 1, -7, 'DAMAGE');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.reserve_order('order-3', '[{"product_id": 1, "warehouse_id": 1, "quantity": 4}, {"product_id": 1, "warehouse_id": 1, "quantity": 3}]');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.reserve_order('order-3', '[{"product_id": 1, "quantity": 7}]');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.create_transfer(1, 2, '[{"product_id": 1, "qty": 7}]');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.transfer_stock(1, 2, 1, 1);
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.record_count(3, 1, 80, 'THEFT');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.record_count(3, 1, 20, 'THEFT', 'cancel_newest');
\echo :LAST_ERROR_SQLSTATE
-- IV002
SELECT inventory.fulfill_reservation(2);
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.extend_reservation(2, 10);
\echo :LAST_ERROR_SQLSTATE
SELECT status FROM inventory.cancel_reservation(2);
SELECT inventory.cancel_reservation(2);
\echo :LAST_ERROR_SQLSTATE
UPDATE inventory.inventory_item SET quantity_reserved = 0;
\echo :LAST_ERROR_SQLSTATE
UPDATE inventory.reservation SET status = 'CANCELLED' WHERE reservation_id = 1;
\echo :LAST_ERROR_SQLSTATE
DELETE FROM inventory.reservation WHERE reservation_id = 1;
\echo :LAST_ERROR_SQLSTATE
TRUNCATE inventory.reservation;
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.fulfill_order('order-10');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.cancel_order('order-10');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.fulfill_order('order-2');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.create_purchase_order(2, 1, '[{"product_id": 3, "qty": 1}]');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.create_purchase_order(1, 1, '[{"product_id": 4, "qty": 1}]');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.submit_purchase_order(2);
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.confirm_purchase_order(1);
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.receive_purchase_order(1);
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.cancel_purchase_order(3);
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.ship_transfer(2);
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.receive_transfer(1);
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.close_transfer(1);
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.cancel_transfer(3);
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.cancel_reservation(reservation_id) FROM inventory.transfer_order_line WHERE transfer_id = 1;
\echo :LAST_ERROR_SQLSTATE
-- IV003
SELECT inventory.receive_stock(99, 1, 1);
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.receive_stock(1, 99, 1);
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.cancel_reservation(99);
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.reserve_order('order-3', '[{"product_id": 3, "quantity": 1}, {"product_id": 99, "quantity": 1}]');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.reserve_order('order-3', '[{"product_id": 3, "warehouse_id": 99, "quantity": 1}]');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.fulfill_order('order-99');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.cancel_order('order-99');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.create_purchase_order(99, 1, '[{"product_id": 3, "qty": 1}]');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.create_purchase_order(1, 99, '[{"product_id": 3, "qty": 1}]');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.create_purchase_order(1, 1, '[{"product_id": 99, "qty": 1}]');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.submit_purchase_order(99);
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.receive_purchase_order(2, '[{"product_id": 1, "qty": 1}]');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.create_transfer(1, 99, '[{"product_id": 3, "qty": 1}]');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.create_transfer(1, 2, '[{"product_id": 99, "qty": 1}]');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.ship_transfer(99);
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.receive_transfer(2, '[{"product_id": 1, "qty": 1}]');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.start_count(99, 1);
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.record_count(1, 99, 0);
\echo :LAST_ERROR_SQLSTATE
-- IV004
UPDATE inventory.stock_movement SET quantity = 1;
\echo :LAST_ERROR_SQLSTATE
DELETE FROM inventory.stock_movement;
\echo :LAST_ERROR_SQLSTATE
TRUNCATE inventory.stock_movement;
\echo :LAST_ERROR_SQLSTATE
UPDATE inventory.inventory_item SET product_id = 2;
\echo :LAST_ERROR_SQLSTATE
UPDATE inventory.inventory_item SET version = 7;
\echo :LAST_ERROR_SQLSTATE
DELETE FROM inventory.inventory_item;
\echo :LAST_ERROR_SQLSTATE
TRUNCATE inventory.inventory_item;
\echo :LAST_ERROR_SQLSTATE
-- IV005
SELECT inventory.reserve_stock(1, 1, 5, 'order-1', idempotency_key => 'key-1');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.reserve_order('order-10', '[{"product_id": 3, "quantity": 3}]', idempotency_key => 'key-3');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.reserve_order('order-10', '[{"product_id": 3, "quantity": 3}]', idempotency_key => 'key-1');
\echo :LAST_ERROR_SQLSTATE
-- 22023
SELECT inventory.reserve_stock(1, 1, 0, 'order-3');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.reserve_stock(1, 1, NULL, 'order-3');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.reserve_stock(1, 1, 1, '');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.reserve_stock(1, 1, 1, 'order-3', 'PICNIC');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.reserve_stock(1, 1, 1, 'order-3', ttl_minutes => -1);
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.reserve_stock(1, 1, 1, repeat('x', 10485760));
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.adjust_stock(1, 1, 0, 'DAMAGE');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.adjust_stock(1, 1, 1, 'GREMLINS');
\echo :LAST_ERROR_SQLSTATE
SET inventory.movement_type = 'GIFT';
\echo :LAST_ERROR_SQLSTATE
SET inventory.occurred_at = 'soon';
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.grant_access('pg_monitor', 'owner');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.grant_access(NULL, 'reader');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.reserve_order('order-3', '{"product_id": 3, "quantity": 1}');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.reserve_order('order-3', '[]');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.reserve_order('order-3', '[{"product_id": 3, "quantity": 1}, {"product_id": 3, "qty": 1}]');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.reserve_order('order-3', '[{"product_id": 3}]');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.reserve_order('order-3', '[{"product_id": 3, "quantity": "some"}]');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.reserve_order('order-3', '[{"product_id": 3, "quantity": 0}]');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.reserve_order('order-3', '[{"product_id": 3, "quantity": 1}]', 0);
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.reserve_order('', '[{"product_id": 3, "quantity": 1}]');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.fulfill_order(NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.create_purchase_order(1, 1, '[{"product_id": 3, "qty": 1, "unit_cost": -1}]');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.create_purchase_order(1, 1, '[{"product_id": 3, "qty": 1.5}]');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.create_purchase_order(1, 1, '[{"product_id": 3, "qty": 1}]', 'infinity');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.receive_purchase_order(2, '[{"product_id": 3, "qty": 11}]');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.create_transfer(1, 1, '[{"product_id": 3, "qty": 1}]');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.create_transfer(1, 2, '[{"product_id": 3, "qty": 1, "unit_cost": 1}]');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.transfer_stock(3, 1, 2, 0);
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.receive_transfer(2, '[{"product_id": 3, "qty": 6}]');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.close_transfer(2, 'GREMLINS');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.plan_cycle_counts(NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.plan_cycle_counts('infinity');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.record_count(3, 1, -1);
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.record_count(3, 1, 90);
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.record_count(3, 1, 90, 'GREMLINS');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.record_count(3, 1, 90, 'THEFT', 'shrug');
\echo :LAST_ERROR_SQLSTATE
SET inventory.allocation = 'cheapest';
\echo :LAST_ERROR_SQLSTATE
SET inventory.count_fast_percent = 101;
\echo :LAST_ERROR_SQLSTATE
-- Business times that lie before what they follow
SET inventory.occurred_at = '2024-05-06 07:08:08+00';
SELECT inventory.receive_purchase_order(2);
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.receive_transfer(2);
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.record_count(3, 1, 90, 'THEFT');
\echo :LAST_ERROR_SQLSTATE
RESET inventory.occurred_at;
-- 22003
SELECT inventory.receive_stock(1, 1, 9223372036854775807);
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.adjust_stock(1, 1, -9223372036854775808, 'DAMAGE');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.reserve_order('order-3', '[{"product_id": 3, "quantity": 9223372036854775808}]');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.reserve_order('order-3', '[{"product_id": 3, "quantity": 9223372036854775807}, {"product_id": 3, "quantity": 1}]');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.record_count(2, 2, 9223372036854775807, 'FOUND');
\echo :LAST_ERROR_SQLSTATE
-- 42501
CREATE ROLE regress_inventory_reader;
SELECT inventory.grant_access('regress_inventory_reader', 'reader');
SET ROLE regress_inventory_reader;
SELECT inventory.receive_stock(1, 1, 1);
\echo :LAST_ERROR_SQLSTATE
UPDATE inventory.inventory_item SET quantity_on_hand = 1;
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.reserve_order('order-3', '[{"product_id": 3, "quantity": 1}]');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.create_purchase_order(1, 1, '[{"product_id": 3, "qty": 1}]');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.plan_cycle_counts();
\echo :LAST_ERROR_SQLSTATE
UPDATE inventory.transfer_order SET status = 'RECEIVED';
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
-- IV002 of access
SELECT inventory.grant_access('regress_inventory_reader', 'admin');
SELECT inventory.revoke_access('regress_inventory_reader', 'operator');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.revoke_access('regress_inventory_reader', 'admin');
-- Nothing came of any of it.
SELECT product_id, warehouse_id, quantity_on_hand, quantity_reserved, quantity_available, version FROM inventory.inventory_item ORDER BY 1, 2;
SELECT reservation_id, quantity, quantity_fulfilled, status FROM inventory.reservation ORDER BY 1;
SELECT po_id, status FROM inventory.purchase_order ORDER BY 1;
SELECT transfer_id, status FROM inventory.transfer_order ORDER BY 1;
SELECT product_id, system_quantity, counted_quantity FROM inventory.cycle_count ORDER BY 1;
SELECT count(*) FROM inventory.stock_movement;
SELECT * FROM inventory.verify_ledger();
DROP EXTENSION inventory;
DROP ROLE regress_inventory_reader;
