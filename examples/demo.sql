-- The main job of inventory, step by step: psql demo <examples/demo.sql, from the
-- root of the source tree, in a database that has the extension and no stock yet.
-- scripts/demo does that in a private cluster.
\set QUIET on
\set ON_ERROR_STOP on
\set SHOW_CONTEXT never
\pset footer off
SET client_min_messages = warning;
-- Where the warehouses are, so that today is the same day here and there.
SET timezone = 'Europe/London';

-- A step that has to be refused turns ON_ERROR_STOP off and checks with this that
-- it was refused for the right reason; anything else still ends the demo.
CREATE FUNCTION pg_temp.expect(expected text, seen text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF seen <> expected THEN
        RAISE EXCEPTION 'expected SQLSTATE %, got %', expected, seen;
    END IF;
END
$$;
CREATE FUNCTION pg_temp.expect_intact() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM inventory.verify_ledger()) THEN
        RAISE EXCEPTION 'the ledger and the levels disagree';
    END IF;
END
$$;

\echo '== 1. The catalogue: goods and warehouses are plain tables, filled by INSERT or COPY.'
\echo
CREATE TEMPORARY TABLE catalogue_file (sku text, name text, category text, base_unit text, unit_cost numeric, unit_price numeric);
\copy catalogue_file FROM 'examples/catalogue.csv' WITH (FORMAT csv, HEADER)

\set QUIET off
\set ECHO queries
INSERT INTO inventory.warehouse (name, timezone) VALUES ('Harbour', 'Europe/London'), ('High Street', 'Europe/London');
\set ECHO none
SELECT warehouse_id AS harbour FROM inventory.warehouse WHERE name = 'Harbour' \gset
SELECT warehouse_id AS high_street FROM inventory.warehouse WHERE name = 'High Street' \gset
\set ECHO queries

INSERT INTO inventory.category (name) SELECT DISTINCT category FROM catalogue_file ORDER BY category;

INSERT INTO inventory.product (sku, name, category_id, base_unit, unit_cost, unit_price)
SELECT f.sku, f.name, c.category_id, f.base_unit, f.unit_cost, f.unit_price
FROM catalogue_file f
JOIN inventory.category c ON c.name = f.category
ORDER BY f.sku;

SELECT p.product_id, p.sku, p.name, c.name AS category, p.base_unit, p.unit_cost, p.unit_price
FROM inventory.product p
JOIN inventory.category c USING (category_id)
ORDER BY p.product_id;

\echo
\echo '== 2. Goods come in: a receipt raises the level and leaves a row in the ledger.'
\echo
SELECT p.sku, m.warehouse_id, m.movement_type, m.quantity, m.on_hand_after, m.reference_id
FROM (VALUES
    ('TEA-EARL-100', :harbour, 40), ('TEA-SENCHA-100', :harbour, 25), ('POT-GLASS-1L', :harbour, 12),
    ('MUG-BLUE-30', :harbour, 60), ('TEA-EARL-100', :high_street, 8), ('MUG-BLUE-30', :high_street, 15)
) AS delivery(sku, warehouse_id, quantity)
JOIN inventory.product p USING (sku),
    inventory.receive_stock(p.product_id, delivery.warehouse_id, delivery.quantity, 'DELIVERY-77') AS m
ORDER BY p.sku, m.warehouse_id;

\echo
\echo '== 3. An order reserves: the goods are promised to it, though they are still on the shelf.'
\echo
SELECT r.reservation_id, p.sku, r.quantity, r.reference_id, r.status, r.expires_at > now() AS held_for_now
FROM inventory.product p,
    inventory.reserve_stock(p.product_id, :harbour, 10, 'ORDER-1001', idempotency_key => 'shop-8f3a') AS r
WHERE p.sku = 'TEA-EARL-100';

\echo
\echo '== 4. The shop sends the same request again: the key makes it the same reservation, not a second one.'
\echo
SELECT r.reservation_id, p.sku, r.quantity, r.reference_id, r.status
FROM inventory.product p,
    inventory.reserve_stock(p.product_id, :harbour, 10, 'ORDER-1001', idempotency_key => 'shop-8f3a') AS r
WHERE p.sku = 'TEA-EARL-100';

SELECT sku, warehouse_name, quantity_on_hand, quantity_reserved, quantity_available
FROM inventory.stock_level
WHERE sku = 'TEA-EARL-100'
ORDER BY warehouse_name;

\echo
\echo '== 5. An order for more than there is gets refused, with a code a program can tell: nothing is oversold.'
\echo
\set ON_ERROR_STOP off
SELECT r.reservation_id
FROM inventory.product p, inventory.reserve_stock(p.product_id, :harbour, 31, 'ORDER-1002') AS r
WHERE p.sku = 'TEA-EARL-100';
\set seen :SQLSTATE
\set ECHO none
\set ON_ERROR_STOP on
\echo 'SQLSTATE:' :seen
SELECT pg_temp.expect('IV001', :'seen') \g /dev/null
\set ECHO queries

\echo
\echo '== 6. The order leaves in two parcels: each is a sale in the ledger, the rest stays held.'
\echo
SELECT f.reservation_id, f.quantity, f.quantity_fulfilled, f.status
FROM inventory.open_reservation o, inventory.fulfill_reservation(o.reservation_id, 4) AS f
WHERE o.reference_id = 'ORDER-1001';

-- No quantity: all that is left.
SELECT f.reservation_id, f.quantity, f.quantity_fulfilled, f.status
FROM inventory.open_reservation o, inventory.fulfill_reservation(o.reservation_id) AS f
WHERE o.reference_id = 'ORDER-1001';

\echo
\echo '== 7. A customer changes their mind: cancelling frees the goods at once.'
\echo
SELECT p.sku, r.quantity, r.reference_id, r.status
FROM inventory.product p, inventory.reserve_stock(p.product_id, :harbour, 3, 'ORDER-1003') AS r
WHERE p.sku = 'POT-GLASS-1L';

SELECT c.reservation_id, c.reference_id, c.status, c.close_reason
FROM inventory.open_reservation o, inventory.cancel_reservation(o.reservation_id, 'customer cancelled') AS c
WHERE o.reference_id = 'ORDER-1003';

\echo
\echo '== 8. Two teapots broke: an adjustment says why, so that losses can be told apart later.'
\echo
SELECT p.sku, m.movement_type, m.quantity, m.on_hand_after, m.root_cause
FROM inventory.product p, inventory.adjust_stock(p.product_id, :harbour, -2, 'DAMAGE', 'REPORT-12') AS m
WHERE p.sku = 'POT-GLASS-1L';

\echo
\echo '== 9. Somebody corrects a level by plain UPDATE: the ledger gets its row all the same.'
\echo
UPDATE inventory.inventory_item AS i SET quantity_on_hand = 57
FROM inventory.product p
WHERE p.product_id = i.product_id AND i.warehouse_id = :harbour AND p.sku = 'MUG-BLUE-30';

SELECT sku, version, movement_type, quantity, on_hand_after, performed_by
FROM inventory.movement_history
WHERE sku = 'MUG-BLUE-30' AND warehouse_id = :harbour
ORDER BY version;

\echo
\echo '== 10. Somebody tries to cover a loss by deleting it from the ledger: refused, even for a superuser.'
\echo
\set ON_ERROR_STOP off
DELETE FROM inventory.stock_movement WHERE root_cause = 'DAMAGE';
\set seen :SQLSTATE
\set ECHO none
\set ON_ERROR_STOP on
\echo 'SQLSTATE:' :seen
SELECT pg_temp.expect('IV004', :'seen') \g /dev/null
\set ECHO queries

\echo
\echo '== 11. What is where now.'
\echo
SELECT sku, warehouse_name, quantity_on_hand, quantity_reserved, quantity_available, base_unit
FROM inventory.stock_level
ORDER BY sku, warehouse_name;

\echo
\echo '== 12. What to order: a reorder point per item, and a view of those that are below theirs.'
\echo
UPDATE inventory.inventory_item AS i SET reorder_point = 35, reorder_quantity = 40
FROM inventory.product p
WHERE p.product_id = i.product_id AND i.warehouse_id = :harbour AND p.sku LIKE 'TEA-%';

SELECT sku, warehouse_name, quantity_available, reorder_point, shortfall, reorder_quantity
FROM inventory.low_stock
ORDER BY sku;

\echo
\echo '== 13. How a level came about: every change, in order, with its reason.'
\echo
SELECT sku, version, movement_type, quantity, on_hand_after, reference_id, root_cause
FROM inventory.movement_history
WHERE sku IN ('TEA-EARL-100', 'POT-GLASS-1L') AND warehouse_id = :harbour
ORDER BY sku, version;

\echo
\echo '== 14. Six days ago the buyer ordered what is low. It is entered today: a setting says when it was.'
\echo
INSERT INTO inventory.supplier (name) VALUES ('Leaf and Sons');
\set ECHO none
SELECT supplier_id AS leaf FROM inventory.supplier WHERE name = 'Leaf and Sons' \gset
\set ECHO queries
INSERT INTO inventory.product_supplier (product_id, supplier_id, is_preferred, lead_time_days, unit_cost)
SELECT product_id, :leaf, true, 5, round(unit_cost * 0.9, 2) FROM inventory.product WHERE sku LIKE 'TEA-%';

\set ECHO none
SELECT now() - interval '6 days' AS six_days_ago \gset
\set ECHO queries
SET inventory.occurred_at = :'six_days_ago';

SELECT o.po_id, s.name AS supplier_name, o.warehouse_id, o.status, o.created_at::date AS drafted_on
FROM inventory.create_purchase_order(:leaf, :harbour, (
        SELECT jsonb_agg(jsonb_build_object('product_id', product_id, 'qty', reorder_quantity) ORDER BY sku)
        FROM inventory.low_stock WHERE warehouse_id = :harbour)) AS o
JOIN inventory.supplier s USING (supplier_id);
\set ECHO none
SELECT max(po_id) AS po FROM inventory.purchase_order \gset
\set ECHO queries

SELECT l.line_no, p.sku, l.quantity, l.quantity_received, l.unit_cost
FROM inventory.purchase_order_line l
JOIN inventory.product p USING (product_id)
WHERE l.po_id = :po
ORDER BY l.line_no;

\echo
\echo '== 15. It went to the supplier the same day, who confirmed it for tomorrow.'
\echo
SELECT po_id, status, submitted_at::date AS submitted_on
FROM inventory.submit_purchase_order(:po);

SELECT po_id, status, expected_delivery_date
FROM inventory.confirm_purchase_order(:po, current_date + 1);

RESET inventory.occurred_at;

\echo
\echo '== 16. The first lorry brings a part of it: the order stays open for the rest.'
\echo
\set ECHO none
SELECT json_agg(json_build_object('product_id', p.product_id, 'qty', v.qty) ORDER BY p.sku) AS first_lorry
FROM (VALUES ('TEA-EARL-100', 40), ('TEA-SENCHA-100', 10)) AS v(sku, qty)
JOIN inventory.product p USING (sku) \gset
\set ECHO queries
SELECT po_id, status
FROM inventory.receive_purchase_order(:po, :'first_lorry');

SELECT l.line_no, p.sku, l.quantity, l.quantity_received, l.quantity - l.quantity_received AS still_open
FROM inventory.purchase_order_line l
JOIN inventory.product p USING (product_id)
WHERE l.po_id = :po
ORDER BY l.line_no;

\echo
\echo '== 17. The second lorry brings the rest, before the day the supplier named. The ledger has the receipts.'
\echo
-- No lines: all that is open.
SELECT po_id, status
FROM inventory.receive_purchase_order(:po);

SELECT l.line_no, p.sku, r.quantity, r.unit_cost, m.movement_type, m.on_hand_after
FROM inventory.purchase_receipt r
JOIN inventory.purchase_order_line l USING (po_id, line_no)
JOIN inventory.product p USING (product_id)
JOIN inventory.stock_movement m USING (movement_id)
WHERE r.po_id = :po
ORDER BY r.receipt_id;

SELECT supplier_name, orders_received, on_time_share, fill_rate,
    round(lead_time_days_mean::numeric, 1) AS lead_time_days
FROM inventory.supplier_performance;

\echo
\echo '== 18. A hotel orders more mugs than any warehouse has. It does not care from where: several serve it.'
\echo
\set ECHO none
SELECT json_agg(json_build_object('product_id', p.product_id, 'quantity', v.quantity) ORDER BY p.sku) AS hotel
FROM (VALUES ('MUG-BLUE-30', 60), ('POT-GLASS-1L', 2)) AS v(sku, quantity)
JOIN inventory.product p USING (sku) \gset
\set ECHO queries
SELECT r.reservation_id, p.sku, w.name AS warehouse_name, r.quantity, r.reference_id, r.status
FROM inventory.reserve_order('ORDER-1004',
    :'hotel') AS r
JOIN inventory.product p USING (product_id)
JOIN inventory.warehouse w USING (warehouse_id)
ORDER BY r.reservation_id;

\echo
\echo '== 19. The hotel''s order leaves, all of it or nothing: one sale for each reservation.'
\echo
SELECT r.reservation_id, p.sku, w.name AS warehouse_name, r.quantity_fulfilled, r.status
FROM inventory.fulfill_order('ORDER-1004') AS r
JOIN inventory.product p USING (product_id)
JOIN inventory.warehouse w USING (warehouse_id)
ORDER BY r.reservation_id;

\echo
\echo '== 20. The High Street needs tea: a transfer holds it, then a van leaves. On the way it is in neither place.'
\echo
\set ECHO none
SELECT json_agg(json_build_object('product_id', p.product_id, 'qty', v.qty) ORDER BY p.sku) AS van
FROM (VALUES ('TEA-EARL-100', 20), ('TEA-SENCHA-100', 10)) AS v(sku, qty)
JOIN inventory.product p USING (sku) \gset
\set ECHO queries
SELECT transfer_id, from_warehouse_id, to_warehouse_id, status
FROM inventory.create_transfer(:harbour, :high_street, :'van');
\set ECHO none
SELECT max(transfer_id) AS transfer FROM inventory.transfer_order \gset
\set ECHO queries

SELECT sku, warehouse_name, quantity, reference_type, reference_id
FROM inventory.open_reservation
ORDER BY sku;

SELECT transfer_id, status
FROM inventory.ship_transfer(:transfer);

SELECT transfer_id, sku, from_warehouse_name, to_warehouse_name, quantity_in_transit, base_unit
FROM inventory.in_transit
ORDER BY sku;

\echo
\echo '== 21. The van arrives three tins of Sencha short. They never turn up, and are given up as lost.'
\echo
\set ECHO none
SELECT json_agg(json_build_object('product_id', p.product_id, 'qty', v.qty) ORDER BY p.sku) AS arrived
FROM (VALUES ('TEA-EARL-100', 20), ('TEA-SENCHA-100', 7)) AS v(sku, qty)
JOIN inventory.product p USING (sku) \gset
\set ECHO queries
SELECT transfer_id, status
FROM inventory.receive_transfer(:transfer, :'arrived');

SELECT transfer_id, sku, quantity_shipped, quantity_received, quantity_in_transit
FROM inventory.in_transit;

SELECT transfer_id, status
FROM inventory.close_transfer(:transfer);

SELECT p.sku, l.quantity_shipped, l.quantity_received, l.quantity_lost, l.root_cause
FROM inventory.transfer_order_line l
JOIN inventory.product p USING (product_id)
WHERE l.transfer_id = :transfer
ORDER BY l.line_no;

\echo
\echo '== 22. What to count today: a share of the goods each day, fast movers more often than the rest.'
\echo
SELECT inventory.plan_cycle_counts() AS counts_planned;

SELECT sku, warehouse_name, velocity_class, days_overdue, base_unit
FROM inventory.count_due
ORDER BY warehouse_name, velocity_class, sku;

\echo
\echo '== 23. Of 50 tins 48 are on the shelf, and 5 are sold before that is entered: 2 are missing, not 7.'
\echo
SELECT p.sku, c.count_id, c.system_quantity AS system_has
FROM inventory.product p, inventory.start_count(p.product_id, :harbour) AS c
WHERE p.sku = 'TEA-EARL-100';

SELECT p.sku, r.quantity, r.reference_id, r.status
FROM inventory.product p, inventory.reserve_stock(p.product_id, :harbour, 5, 'ORDER-1005') AS r
WHERE p.sku = 'TEA-EARL-100';

SELECT quantity_fulfilled, reference_id, status
FROM inventory.fulfill_order('ORDER-1005');

SELECT p.sku, c.count_id, c.system_quantity AS system_had, c.counted_quantity, c.delta, c.root_cause
FROM inventory.product p, inventory.record_count(p.product_id, :harbour, 48, 'THEFT') AS c
WHERE p.sku = 'TEA-EARL-100';

SELECT sku, version, movement_type, quantity, on_hand_after, reference_id, root_cause
FROM inventory.movement_history
WHERE sku = 'TEA-EARL-100' AND warehouse_id = :harbour
ORDER BY version DESC
LIMIT 3;

\echo
\echo '== 24. What was lost, where and why. The one without a cause is the level that was set by hand in step 9.'
\echo
SELECT warehouse_name, root_cause, entries, quantity_lost, quantity_found, shrinkage_value
FROM inventory.shrinkage
ORDER BY shrinkage_value DESC;

\echo
\echo '== 25. Two months of Chai are entered as they were sold, day by day, and what a day takes is worked out.'
\echo
DO $$
DECLARE
    chai bigint := (SELECT product_id FROM inventory.product WHERE sku = 'TEA-CHAI-100');
    sold_on date;
BEGIN
    PERFORM set_config('inventory.occurred_at', (current_date - 61)::text, true);
    PERFORM inventory.receive_stock(chai, 1, 300, 'opening stock');
    FOR sold_on IN SELECT generate_series(current_date - 60, current_date - 1, interval '1 day') LOOP
        PERFORM set_config('inventory.occurred_at', (sold_on + time '12:00')::text, true);
        PERFORM inventory.reserve_stock(chai, 1, 2 + (current_date - sold_on) * 7 % 5, 'CHAI-' || sold_on);
        PERFORM inventory.fulfill_order('CHAI-' || sold_on);
    END LOOP;
END
$$;

SELECT inventory.refresh_demand(window_days => 60) AS items_refreshed;

SELECT sku, window_days, quantity AS sold, round(avg_daily_usage::numeric, 2) AS avg_daily_usage,
    round(stddev_daily_usage::numeric, 2) AS stddev_daily_usage
FROM inventory.item_demand
WHERE sku = 'TEA-CHAI-100' AND warehouse_id = 1;

\echo
\echo '== 26. From that, the lead time and the costs follow when to order, and how much.'
\echo
SELECT inventory.recompute_policies(window_days => 60, service_level => 0.98) AS policies_changed;

SELECT p.sku, h.lead_time_days, h.reorder_point_before, h.reorder_point, h.reorder_quantity_before, h.reorder_quantity
FROM inventory.policy_history h
JOIN inventory.product p USING (product_id)
WHERE p.sku = 'TEA-CHAI-100' AND h.warehouse_id = 1;

\echo
\echo '== 27. A tea party takes most of it. The scan finds what is low, drafts the order and tells procurement.'
\echo
SELECT r.quantity_fulfilled, r.status
FROM inventory.product p,
    inventory.reserve_stock(p.product_id, 1, 50, 'ORDER-1006') AS o,
    inventory.fulfill_reservation(o.reservation_id) AS r
WHERE p.sku = 'TEA-CHAI-100';

SELECT sku, warehouse_name, quantity_available, reorder_point, shortfall, reorder_quantity
FROM inventory.low_stock
ORDER BY sku;

SELECT o.po_id, s.name AS supplier_name, o.warehouse_id, o.status
FROM inventory.run_replenishment() AS o
JOIN inventory.supplier s USING (supplier_id);

SELECT sku, warehouse_name, quantity_available AS available, reorder_point, outcome, quantity, po_id
FROM inventory.replenishment_log
ORDER BY entry_id;

SELECT notification_id, payload ->> 'event' AS event, payload ->> 'po_id' AS po_id, payload -> 'line_items' AS line_items
FROM inventory.procurement_notification
ORDER BY notification_id;

\echo
\echo '== 28. Looking back: what was in the Harbour when the van left, and what is there now.'
\echo
\set ECHO none
SELECT created_at AS van_left FROM inventory.stock_movement WHERE movement_type = 'TRANSFER_OUT' ORDER BY movement_id LIMIT 1 \gset
\set ECHO queries
SELECT p.sku, s.quantity_on_hand AS on_hand_then, s.quantity_reserved AS reserved_then, i.quantity_on_hand AS on_hand_now
FROM inventory.stock_at(:'van_left', warehouse_id => :harbour) AS s
JOIN inventory.product p USING (product_id)
JOIN inventory.inventory_item i USING (product_id, warehouse_id)
WHERE p.sku IN ('TEA-EARL-100', 'TEA-SENCHA-100')
ORDER BY p.sku;

\echo
\echo '== 29. Chai was sold for two months before anybody entered it: two answers to what was there a week ago.'
\echo
SELECT (SELECT quantity_on_hand FROM inventory.stock_at(now() - interval '7 days', p.product_id, 1)) AS the_system_said,
    (SELECT quantity_on_hand FROM inventory.stock_at(now() - interval '7 days', p.product_id, 1, 'occurred')) AS was_on_the_shelf
FROM inventory.product p
WHERE p.sku = 'TEA-CHAI-100';

\echo
\echo '== 30. The books are closed. Whoever enters something for those days now is refused.'
\echo
SELECT inventory.close_period(current_date - 7);

BEGIN;
SET LOCAL inventory.occurred_at = 'yesterday';
SELECT quantity, occurred_at::date = current_date - 1 AS yesterday
FROM inventory.product p, inventory.receive_stock(p.product_id, 1, 1, 'LATE-1') AS m
WHERE p.sku = 'TEA-CHAI-100';
COMMIT;

\set ON_ERROR_STOP off
BEGIN;
SELECT set_config('inventory.occurred_at', (current_date - 8)::text, true) <> '' AS last_week;
SELECT m.movement_id
FROM inventory.product p, inventory.receive_stock(p.product_id, 1, 1, 'LATE-2') AS m
WHERE p.sku = 'TEA-CHAI-100';
\echo SQLSTATE: :SQLSTATE
\set ECHO none
\set last_state :SQLSTATE
\set ECHO queries
ROLLBACK;
\set ON_ERROR_STOP on
\set ECHO none
SELECT pg_temp.expect('IV002', :'last_state') \g /dev/null
\set ECHO queries

\echo
\echo '== 31. A superuser switches the triggers off and makes the missing mugs of step 9 a sale of somebody else.'
\echo
BEGIN;
ALTER TABLE inventory.stock_movement DISABLE TRIGGER USER;
UPDATE inventory.stock_movement SET movement_type = 'SALE', performed_by = 'somebody else'
WHERE product_id = 3 AND warehouse_id = 1 AND version = 2;
SELECT v.product_id, v.problem FROM inventory.verify_ledger() AS v;
ROLLBACK;

\echo
\echo '== 32. One hash stands for the whole ledger up to a time. Kept elsewhere, it tells whether that is still the same.'
\echo
SELECT octet_length(inventory.ledger_digest(at)) AS bytes, at < clock_timestamp() AS settled
FROM inventory.ledger_settled_at() AS at;

\echo
\echo '== 33. What the stock is worth, how old it is, and what can be promised for which day.'
\echo
SELECT warehouse_name, sum(quantity_on_hand) AS on_hand, round(sum(average_value), 2) AS average_value, round(sum(fifo_value), 2) AS fifo_value
FROM inventory.inventory_valuation
GROUP BY warehouse_name
ORDER BY warehouse_name;

SELECT sku, warehouse_name, quantity_0_30, quantity_61_90, oldest_on = current_date - 61 AS from_the_opening_stock
FROM inventory.stock_ageing
WHERE sku = 'TEA-CHAI-100' AND quantity_on_hand > 0;

SELECT o.po_id, o.status
FROM inventory.purchase_order d, inventory.submit_purchase_order(d.po_id) AS o
WHERE d.status = 'DRAFT';

SELECT sku, available_on - current_date AS in_days, quantity_in, available_to_promise
FROM inventory.available_to_promise
WHERE sku = 'TEA-CHAI-100' AND warehouse_id = 1
ORDER BY available_on;

\echo
\echo '== 34. The proof: every level and every reservation is checked against the ledger.'
\echo
\set QUIET on
\pset footer on
SELECT * FROM inventory.verify_ledger();
\set ECHO none
SELECT pg_temp.expect_intact() \g /dev/null
\echo 'No row: the levels, the ledger and the reservations agree.'
