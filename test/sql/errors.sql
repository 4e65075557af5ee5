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
-- IV003
SELECT inventory.receive_stock(99, 1, 1);
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.receive_stock(1, 99, 1);
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.cancel_reservation(99);
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
-- 22003
SELECT inventory.receive_stock(1, 1, 9223372036854775807);
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.adjust_stock(1, 1, -9223372036854775808, 'DAMAGE');
\echo :LAST_ERROR_SQLSTATE
-- 42501
CREATE ROLE regress_inventory_reader;
SELECT inventory.grant_access('regress_inventory_reader', 'reader');
SET ROLE regress_inventory_reader;
SELECT inventory.receive_stock(1, 1, 1);
\echo :LAST_ERROR_SQLSTATE
UPDATE inventory.inventory_item SET quantity_on_hand = 1;
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
-- IV002 of access
SELECT inventory.grant_access('regress_inventory_reader', 'admin');
SELECT inventory.revoke_access('regress_inventory_reader', 'operator');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory.revoke_access('regress_inventory_reader', 'admin');
-- Nothing came of any of it.
SELECT quantity_on_hand, quantity_reserved, quantity_available, version FROM inventory.inventory_item;
SELECT reservation_id, quantity, quantity_fulfilled, status FROM inventory.reservation ORDER BY 1;
SELECT count(*) FROM inventory.stock_movement;
SELECT * FROM inventory.verify_ledger();
DROP EXTENSION inventory;
DROP ROLE regress_inventory_reader;
