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
-- Plain SQL leaves its movement as well.
BEGIN;
SET LOCAL inventory.movement_type = 'PURCHASE';
SET LOCAL inventory.reference_id = 'import-1';
SET LOCAL inventory.performed_by = 'importer';
UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand + 10;
COMMIT;
SELECT sku, movement_type, quantity, on_hand_after, version, reference_id, root_cause, performed_by = session_role AS by_session
FROM inventory.movement_history ORDER BY movement_id;
SELECT sku, quantity_on_hand, quantity_reserved, quantity_available, is_low FROM inventory.stock_level ORDER BY sku;
SELECT * FROM inventory.verify_ledger();
DROP EXTENSION inventory;
