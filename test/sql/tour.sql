-- The short way round.
SET client_min_messages = warning;
CREATE EXTENSION inventory;
INSERT INTO inventory.product (sku, name) VALUES ('ANVIL', 'Anvil'), ('BOLT', 'Bolt') RETURNING product_id, sku, base_unit;
INSERT INTO inventory.warehouse (name, timezone) VALUES ('North', 'Europe/London') RETURNING warehouse_id, name;
SELECT movement_type, quantity, on_hand_after, version FROM inventory.receive_stock(1, 1, 100, 'delivery-1');
SELECT movement_type, quantity, on_hand_after, version FROM inventory.receive_stock(2, 1, 5000);
UPDATE inventory.inventory_item SET reorder_point = 90, reorder_quantity = 50 WHERE product_id = 1;
SELECT reservation_id, quantity, status, expires_at - created_at AS lasts FROM inventory.reserve_stock(1, 1, 20, 'order-1');
SELECT sku, quantity_on_hand, quantity_reserved, quantity_available, is_low FROM inventory.stock_level ORDER BY sku;
SELECT sku, quantity_available, reorder_point, shortfall, reorder_quantity FROM inventory.low_stock;
SELECT quantity, quantity_fulfilled, status FROM inventory.fulfill_reservation(1, 15);
SELECT sku, quantity, quantity_fulfilled, quantity_open, reference_id, is_expired FROM inventory.open_reservation;
SELECT quantity, quantity_fulfilled, status, close_reason FROM inventory.cancel_reservation(1, 'customer called');
SELECT movement_type, quantity, on_hand_after FROM inventory.return_stock(1, 1, 1, 'rma-1');
SELECT movement_type, quantity, on_hand_after, root_cause FROM inventory.adjust_stock(1, 1, -2, 'DAMAGE');
-- A whole order: the second line is served from wherever there is enough.
INSERT INTO inventory.warehouse (name, priority) VALUES ('South', 10) RETURNING warehouse_id, name;
SELECT on_hand_after FROM inventory.receive_stock(2, 2, 30);
SELECT reservation_id, product_id, warehouse_id, quantity, status
FROM inventory.reserve_order('order-2', '[{"product_id": 1, "warehouse_id": 1, "quantity": 2}, {"product_id": 2, "quantity": 50}]');
SELECT reservation_id, product_id, warehouse_id, quantity_fulfilled, status FROM inventory.fulfill_order('order-2');
-- Buy, move, count.
INSERT INTO inventory.supplier (name) VALUES ('Acme') RETURNING supplier_id, name;
SELECT po_id, status FROM inventory.create_purchase_order(1, 2, '[{"product_id": 1, "qty": 20, "unit_cost": 12.50}]', '2030-01-01');
SELECT po_id, status FROM inventory.submit_purchase_order(1);
SELECT po_id, status, expected_delivery_date FROM inventory.confirm_purchase_order(1, '2030-01-02');
SELECT po_id, status FROM inventory.receive_purchase_order(1, '[{"product_id": 1, "qty": 15}]');
SELECT po_id, status FROM inventory.receive_purchase_order(1);
SELECT transfer_id, status FROM inventory.transfer_stock(1, 2, 1, 8);
SELECT sku, from_warehouse_name, to_warehouse_name, quantity_in_transit FROM inventory.in_transit;
SELECT transfer_id, status FROM inventory.receive_transfer(1);
SELECT counted_quantity, system_quantity, delta, root_cause FROM inventory.record_count(1, 2, 11, 'THEFT');
-- Plain SQL leaves its movement as well.
BEGIN;
SET LOCAL inventory.movement_type = 'PURCHASE';
SET LOCAL inventory.reference_id = 'import-1';
SET LOCAL inventory.performed_by = 'importer';
UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand + 10;
COMMIT;
SELECT sku, warehouse_name, movement_type, quantity, on_hand_after, version, reference_id, root_cause, performed_by = session_role AS by_session
FROM inventory.movement_history ORDER BY movement_id;
SELECT sku, warehouse_name, quantity_on_hand, quantity_reserved, quantity_available, is_low FROM inventory.stock_level ORDER BY sku, warehouse_id;
SELECT * FROM inventory.verify_ledger();
DROP EXTENSION inventory;
