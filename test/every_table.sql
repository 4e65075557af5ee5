-- Something in every table of the extension, a document in every state, by all of its main
-- functions: in a database that has the extension and nothing in it.
INSERT INTO inventory.category (name) VALUES ('all');
INSERT INTO inventory.category (name, parent_id) VALUES ('some', 1);
INSERT INTO inventory.product (sku, name, category_id) SELECT 'P' || g, 'Product ' || g, 2 FROM generate_series(1, 5) g;
INSERT INTO inventory.warehouse (name, timezone) VALUES ('North', 'Europe/London'), ('South', 'UTC');
INSERT INTO inventory.root_cause (code, description) VALUES ('MOUSE', 'Eaten');
INSERT INTO inventory.supplier (name) VALUES ('Supplier');
INSERT INTO inventory.product_supplier (product_id, supplier_id, is_preferred) VALUES (1, 1, true);
INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand, reorder_point) SELECT product_id, 1, 100, 99 FROM inventory.product;
INSERT INTO inventory.inventory_item (product_id, warehouse_id) VALUES (1, 2);
SELECT inventory.reserve_stock(1, 1, 10, 'A', idempotency_key => 'k');
SELECT inventory.reserve_stock(2, 1, 10, 'B');
SELECT inventory.fulfill_reservation(1, 4);
SELECT inventory.cancel_reservation(2, 'no longer wanted');
SELECT inventory.adjust_stock(3, 1, -5, 'MOUSE');
UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand + 1 WHERE product_id = 4;

SELECT inventory.reserve_order('O-1', '[{"product_id": 3, "quantity": 2}, {"product_id": 1, "warehouse_id": 1, "quantity": 3}]', idempotency_key => 'order key');
SELECT inventory.reserve_order('O-2', '[{"product_id": 5, "quantity": 4}]');
SELECT inventory.fulfill_order('O-2');

-- Six purchase orders: one in each state, and one of which a part has come in.
SELECT inventory.create_purchase_order(1, 1, '[{"product_id": 1, "qty": 10, "unit_cost": 2.50}, {"product_id": 2, "qty": 5}]', '2030-01-31') FROM generate_series(1, 6);
SELECT inventory.submit_purchase_order(po_id) FROM generate_series(2, 6) po_id;
SELECT inventory.confirm_purchase_order(po_id) FROM generate_series(3, 5) po_id;
SELECT inventory.receive_purchase_order(4, '[{"product_id": 1, "qty": 3, "unit_cost": 2.60}]');
SELECT inventory.receive_purchase_order(5);
SELECT inventory.cancel_purchase_order(6);
INSERT INTO inventory.procurement_notification (po_id, payload) VALUES (1, '{"po_id": 1}');

-- Six transfers: pending, shipped, arrived in part, with a loss, and cancelled before and after they left.
SELECT inventory.create_transfer(1, 2, '[{"product_id": 2, "qty": 3}, {"product_id": 4, "qty": 2}]') FROM generate_series(1, 6);
SELECT inventory.ship_transfer(transfer_id) FROM generate_series(2, 5) transfer_id;
SELECT inventory.receive_transfer(transfer_id, '[{"product_id": 2, "qty": 1}]') FROM generate_series(3, 5) transfer_id;
SELECT inventory.close_transfer(4, 'MOUSE');
SELECT inventory.cancel_transfer(transfer_id) FROM generate_series(5, 6) transfer_id;

-- Counts that are planned, begun, exact, wrong, and made needless by a later one.
INSERT INTO inventory.cycle_count (product_id, warehouse_id, due_on) VALUES (2, 1, '2020-01-01'), (2, 1, '2020-01-02');
SELECT inventory.plan_cycle_counts('2020-01-03');
SELECT inventory.record_count(2, 1, quantity_on_hand) FROM inventory.inventory_item WHERE product_id = 2 AND warehouse_id = 1;
SELECT inventory.start_count(3, 1);
SELECT inventory.record_count(4, 1, 50, 'MOUSE');

-- Demand, a policy that follows from it, and what the scan did about low stock.
INSERT INTO inventory.item_planning (product_id, warehouse_id, forecast_method) VALUES (1, 1, 'tsb');
SELECT inventory.recompute_policies(30, 0.9);
UPDATE inventory.inventory_item SET reorder_point = 1000 WHERE product_id IN (1, 3);
SELECT inventory.run_replenishment();

-- Jobs: built-in ones that were changed, one of a user, and a run.
SELECT inventory.alter_job('expire_reservations', schedule => '5 minutes');
SELECT inventory.alter_job('plan_cycle_counts', schedule => '0 3 * * *', timezone => 'Europe/London', enabled => false);
SELECT inventory.schedule_job('mine', '30 2 * * MON-FRI', 'SELECT 1', 'America/New_York', '1 hour');
SELECT inventory.run_job('mine');

-- The past: a month that was retired, one without a partition, a period that is closed.
SELECT inventory.make_ledger_partitions(3, '2026-01-01');
DROP TABLE inventory.stock_movement_2026_03;
WITH first AS (SELECT -1::bigint AS movement_id, 3::bigint AS product_id, 2::bigint AS warehouse_id, 'PURCHASE'::inventory.movement_type AS movement_type, 5::bigint AS quantity, 5::bigint AS on_hand_after, 1::bigint AS version,
        NULL::text AS reference_id, NULL::bigint AS reservation_id, NULL::text AS root_cause, 'me' AS performed_by, 'me' AS session_role, '2026-01-10 12:00+00'::timestamptz AS created_at, '2026-01-10 12:00+00'::timestamptz AS occurred_at),
    hashed AS (SELECT f.*, inventory.movement_hash(NULL, f.movement_id, f.product_id, f.warehouse_id, f.movement_type, f.quantity, f.on_hand_after, f.version, f.reference_id, f.reservation_id, f.root_cause, f.performed_by, f.session_role, f.created_at, f.occurred_at) AS row_hash FROM first f),
    second AS (SELECT h.*, h.created_at + interval '2 months' AS t FROM hashed h),
    both_rows AS (SELECT * FROM hashed UNION ALL SELECT -2, product_id, warehouse_id, movement_type, 2, 7, 2, NULL, NULL, NULL, 'me', 'me', t, t,
        inventory.movement_hash(row_hash, -2, product_id, warehouse_id, movement_type, 2, 7, 2, NULL, NULL, NULL, 'me', 'me', t, t) FROM second),
    item AS (INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand, version, last_movement_at, last_movement_id, last_hash)
        SELECT product_id, warehouse_id, on_hand_after, version, created_at, movement_id, row_hash FROM both_rows WHERE version = 2)
INSERT INTO inventory.stock_movement SELECT * FROM both_rows;
SELECT inventory.retire_movements('2026-02-01');
SELECT inventory.close_period('2026-01-31');
