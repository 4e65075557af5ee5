-- run_replenishment: what is drafted, what is not and why, who is told, and transfers instead.

-- What NOTIFY carries reaches only a client that listens at the commit of another, so clients of their own look for it, in a database that goes away.
\setenv PGHOST :HOST
\setenv PGPORT :PORT
\setenv PGUSER :USER
\setenv PGDATABASE :DBNAME
\setenv PGOPTIONS '-c lc_messages=C'
\setenv TOLD_DB :DBNAME'_told'
\setenv TOLD_SETUP 'CREATE EXTENSION inventory; INSERT INTO inventory.warehouse (warehouse_id, name) VALUES (1, ''w''); INSERT INTO inventory.supplier (supplier_id, name) VALUES (1, ''s''), (2, ''t''); INSERT INTO inventory.product (product_id, sku, name) SELECT i, i::text, ''p'' FROM generate_series(1, 1002) i; INSERT INTO inventory.product_supplier (product_id, supplier_id, is_preferred, unit_cost) SELECT i, CASE WHEN i = 1 THEN 1 ELSE 2 END, true, 1 FROM generate_series(1, 501) i; INSERT INTO inventory.inventory_item (product_id, warehouse_id, reorder_point) SELECT i, 1, 10 FROM generate_series(1, 1002) i'
\setenv TOLD_RUN 'LISTEN inventory_procurement; SELECT count(*) FROM inventory.run_replenishment()'
\setenv TOLD_ROWS 'SELECT jsonb_agg(jsonb_build_array(notification_id, payload) ORDER BY notification_id) FROM inventory.procurement_notification'
\set made `psql -Xq -c 'SET client_min_messages = warning' -c "DROP DATABASE IF EXISTS \"$TOLD_DB\"" -c "CREATE DATABASE \"$TOLD_DB\"" && psql -Xq -v ON_ERROR_STOP=1 -d "$TOLD_DB" -c "$TOLD_SETUP"`
\set told `psql -XAtq -d "$TOLD_DB" -c "$TOLD_RUN" 2>&1`
\set told_again `psql -XAtq -d "$TOLD_DB" -c "$TOLD_RUN" 2>&1`
\set told_rows `psql -XAtq -d "$TOLD_DB" -c "$TOLD_ROWS"; psql -Xqc "DROP DATABASE \"$TOLD_DB\""`

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION inventory;
SELECT plan(110);

\ir include/setup.psql

SET LOCAL timezone = 'UTC';
INSERT INTO inventory.supplier (supplier_id, name) SELECT i, 'Supplier ' || i FROM generate_series(1, 9) i;

-- An item that has 5 and wants 10
CREATE FUNCTION pg_temp.low(product bigint, warehouse bigint, available bigint DEFAULT 5, point bigint DEFAULT 10, quantity bigint DEFAULT 20) RETURNS void LANGUAGE sql AS $$
    INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand, reorder_point, reorder_quantity) VALUES (product, warehouse, available, point, quantity)
    ON CONFLICT (product_id, warehouse_id) DO UPDATE SET quantity_on_hand = excluded.quantity_on_hand, reorder_point = excluded.reorder_point, reorder_quantity = excluded.reorder_quantity
$$;

-- What a run drafts: supplier>warehouse status: product quantity @cost
CREATE FUNCTION pg_temp.run() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    drafts bigint[] := ARRAY(SELECT po_id FROM inventory.run_replenishment());
BEGIN
    RETURN coalesce((SELECT string_agg(format('%s>%s %s: %s', o.supplier_id, o.warehouse_id, o.status, (SELECT string_agg(format('p%s %s @%s', l.product_id, l.quantity, coalesce(l.unit_cost::text, '-')), ', ' ORDER BY l.line_no)
        FROM inventory.purchase_order_line l WHERE l.po_id = o.po_id)), '; ' ORDER BY d.n) FROM unnest(drafts) WITH ORDINALITY d (po_id, n) JOIN inventory.purchase_order o USING (po_id)), 'nothing');
END
$$;

-- What the last run logged of an item
CREATE FUNCTION pg_temp.logged(product bigint, warehouse bigint DEFAULT 1) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', outcome, quantity, reason) FROM inventory.replenishment_log
    WHERE product_id = product AND warehouse_id = warehouse AND logged_at = (SELECT max(logged_at) FROM inventory.replenishment_log)
$$;

-- What only these functions write
CREATE FUNCTION pg_temp.told() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws('|', (SELECT string_agg(n::text, ';' ORDER BY notification_id) FROM inventory.procurement_notification n), (SELECT string_agg(e::text, ';' ORDER BY entry_id) FROM inventory.replenishment_entry e),
        (SELECT last_run_at FROM inventory.replenishment_run))
$$;

-- What is drafted

SELECT pg_temp.state() AS before \gset
SELECT is(pg_temp.run(), 'nothing', 'an empty catalogue');
SELECT is(pg_temp.state(), :'before', 'changes nothing');
SELECT is((SELECT count(*) FROM inventory.replenishment_log), 0::bigint, 'and logs nothing');
INSERT INTO inventory.product_supplier (product_id, supplier_id, is_preferred, unit_cost, min_order_quantity, order_multiple) VALUES
    (1, 1, true, 2.50, 1, 1), (2, 1, true, NULL, 50, 1), (3, 1, true, 0, 1, 12), (4, 1, true, 3, 50, 12), (5, 1, true, 1, 1, 1), (6, 2, true, 7, 1, 1), (7, 2, true, 8, 24, 12), (8, 1, true, 1, 1, 1), (9, 1, true, 1, 1, 1), (1, 2, false, 1, 1, 1);
UPDATE inventory.product SET unit_cost = 99 WHERE product_id = 2;
SELECT count(pg_temp.low(p, 1)) FROM generate_series(1, 7) p;
SELECT pg_temp.low(1, 2), pg_temp.low(5, 1, 0, 100, 20), pg_temp.low(8, 1, 10), pg_temp.low(9, 1, 11), pg_temp.low(6, 2, 9, 10, 0);
SELECT pg_temp.low(7, 2, 0, 24, 3);
-- 12 on hand of which 3 are promised, 10 wanted
SELECT pg_temp.low(9, 2, 12);
SELECT inventory.reserve_stock(9, 2, 3, 'customer');
SELECT pg_temp.state() AS before \gset
CREATE TEMP TABLE drafts AS SELECT * FROM inventory.run_replenishment();
SELECT is((SELECT string_agg(format('%s>%s %s', supplier_id, warehouse_id, status), ', ' ORDER BY po_id) FROM drafts), '1>1 DRAFT, 1>2 DRAFT, 2>1 DRAFT, 2>2 DRAFT', 'one draft for each preferred supplier and warehouse');
SELECT results_eq('SELECT * FROM drafts ORDER BY po_id', 'SELECT * FROM inventory.purchase_order ORDER BY po_id', 'which are returned as they are stored');
SELECT is((SELECT string_agg(format('%s>%s %s p%s %s @%s', d.supplier_id, d.warehouse_id, l.line_no, l.product_id, l.quantity, l.unit_cost), ', ' ORDER BY l.po_id, l.line_no) FROM inventory.purchase_order_line l JOIN drafts d USING (po_id)),
    '1>1 1 p1 20 @2.50, 1>1 2 p2 50 @, 1>1 3 p3 24 @0, 1>1 4 p4 60 @3, 1>1 5 p5 100 @1, 1>2 1 p1 20 @2.50, 1>2 2 p9 20 @1, 2>1 1 p6 20 @7, 2>1 2 p7 24 @8, 2>2 1 p6 1 @7, 2>2 2 p7 24 @8',
    'a line for each product: reorder_quantity, the minimum, whole multiples, both, what is missing; at the supplier''s cost');
SELECT ok((SELECT bool_and(expected_delivery_date IS NULL AND created_by = session_user AND created_at BETWEEN now() AND clock_timestamp() AND submitted_at IS NULL) FROM drafts), 'they are of whoever ran it');
SELECT is((SELECT string_agg(concat_ws(' ', product_id, warehouse_id, quantity_available, reorder_point, outcome, quantity, reason, supplier_name, product_name, warehouse_name, base_unit, sku, po_id = (SELECT d.po_id FROM drafts d WHERE d.supplier_id = l.supplier_id AND d.warehouse_id = l.warehouse_id)), ', ' ORDER BY product_id, warehouse_id) FROM inventory.replenishment_log l WHERE product_id IN (5, 6)),
    '5 1 0 100 ORDERED 100 available is below the reorder point Supplier 1 Product 5 North piece SKU-5 t, 6 1 5 10 ORDERED 20 available is below the reorder point Supplier 2 Product 6 North piece SKU-6 t, 6 2 9 10 ORDERED 1 available is below the reorder point Supplier 2 Product 6 South piece SKU-6 t', 'each is in the log');
SELECT is((SELECT concat_ws(' ', count(*), count(DISTINCT logged_at), min(logged_at) = (SELECT last_run_at FROM inventory.replenishment_run)) FROM inventory.replenishment_log WHERE logged_at >= (SELECT last_run_at FROM inventory.replenishment_run)), '11 1 f', 'nothing else is, at one time');
SELECT is(pg_temp.logged(8), NULL, 'what has as much as its reorder point is not low');
SELECT is(pg_temp.level(9, 2), '12/3/9', 'what is reserved is not available');

SELECT is((SELECT string_agg(concat_ws(' ', n.po_id - d.first, n.payload ->> 'event', n.acknowledged_at, n.created_at = (SELECT max(logged_at) FROM inventory.replenishment_log)), ', ' ORDER BY n.notification_id) FROM inventory.procurement_notification n, (SELECT min(po_id) AS first FROM drafts) d),
    '0 purchase_order_drafted t, 1 purchase_order_drafted t, 2 purchase_order_drafted t, 3 purchase_order_drafted t', 'one notification for each draft');
SELECT is((SELECT payload FROM inventory.procurement_notification JOIN drafts d USING (po_id) WHERE d.supplier_id = 1 AND d.warehouse_id = 1), jsonb_build_object('event', 'purchase_order_drafted', 'po_id', (SELECT min(po_id) FROM drafts), 'supplier_id', 1, 'supplier_name', 'Supplier 1', 'warehouse_id', 1, 'warehouse_name', 'North', 'total_cost', 330,
    'line_items', '[{"product_id": 1, "qty": 20, "unit_cost": 2.50}, {"product_id": 2, "qty": 50, "unit_cost": null}, {"product_id": 3, "qty": 24, "unit_cost": 0}, {"product_id": 4, "qty": 60, "unit_cost": 3}, {"product_id": 5, "qty": 100, "unit_cost": 1}]'::jsonb),
    'with all that is in it, and 20 * 2.50 + 60 * 3 + 100 * 1');
SELECT pg_temp.healthy('drafts');

SELECT is(pg_temp.run(), 'nothing', 'a second run drafts nothing');
SELECT is((SELECT concat_ws(' ', count(*), count(po_id), count(quantity), string_agg(DISTINCT outcome || ' ' || reason, ', ')) FROM inventory.replenishment_log WHERE logged_at = (SELECT max(logged_at) FROM inventory.replenishment_log)), '11 11 0 SKIPPED it is on an open purchase order', 'and says why');
SELECT is((SELECT count(*) FROM inventory.replenishment_log l JOIN inventory.purchase_order o USING (po_id) WHERE o.warehouse_id = l.warehouse_id AND l.outcome = 'SKIPPED'), 11::bigint, 'and where it is ordered');
SELECT is((SELECT count(*) FROM inventory.procurement_notification), 4::bigint, 'nobody is told again');
SELECT is((SELECT concat_ws(' ', count(*), sum(quantity_on_hand), sum(quantity_reserved)) FROM inventory.inventory_item), (SELECT concat_ws(' ', count(*), sum(quantity_on_hand), 3) FROM inventory.inventory_item), 'no stock was touched');

-- What is not, each for one reason: product 10 in warehouse 1

INSERT INTO inventory.product_supplier (product_id, supplier_id, is_preferred) VALUES (10, 3, true), (11, 3, true), (12, 3, false);
DELETE FROM inventory.procurement_notification;
SELECT pg_temp.low(10, 1);
CREATE FUNCTION pg_temp.tried(preparation text, OUT result text) LANGUAGE plpgsql AS $$
BEGIN
    BEGIN
        EXECUTE preparation;
        result := concat_ws(' / ', pg_temp.run(), pg_temp.logged(10));
        RAISE EXCEPTION USING ERRCODE = 'UU000', MESSAGE = result;
    EXCEPTION WHEN SQLSTATE 'UU000' THEN
        NULL;
    END;
END
$$;
-- An order of product 10 for a warehouse, left in some state
CREATE FUNCTION pg_temp.ordered(state text, warehouse bigint DEFAULT 1, received bigint DEFAULT NULL, others boolean DEFAULT false) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    id bigint := (inventory.create_purchase_order(4, warehouse, jsonb_build_array(jsonb_build_object('product_id', 10, 'qty', 3)) || CASE WHEN others THEN '[{"product_id": 20, "qty": 9}]' ELSE '[]' END::jsonb)).po_id;
BEGIN
    IF state <> 'DRAFT' THEN PERFORM inventory.submit_purchase_order(id); END IF;
    IF state IN ('CONFIRMED', 'RECEIVED') THEN PERFORM inventory.confirm_purchase_order(id); END IF;
    IF state = 'RECEIVED' THEN PERFORM inventory.receive_purchase_order(id); END IF;
    IF state = 'CANCELLED' THEN PERFORM inventory.cancel_purchase_order(id); END IF;
    IF received IS NOT NULL THEN PERFORM inventory.receive_purchase_order(id, jsonb_build_array(jsonb_build_object('product_id', 10, 'qty', received))); END IF;
END
$$;
SELECT is(pg_temp.tried(preparation), result, preparation) FROM (VALUES
    ('SELECT', '3>1 DRAFT: p10 20 @- / ORDERED 20 available is below the reorder point'),
    ('UPDATE inventory.product SET is_active = false WHERE product_id = 10', 'nothing / SKIPPED the product is not active'),
    ('UPDATE inventory.product SET is_active = false WHERE product_id = 11', '3>1 DRAFT: p10 20 @- / ORDERED 20 available is below the reorder point'),
    ('UPDATE inventory.inventory_item SET reorder_point = 5 WHERE product_id = 10', 'nothing'),
    ('UPDATE inventory.inventory_item SET reorder_point = 6 WHERE product_id = 10', '3>1 DRAFT: p10 20 @- / ORDERED 20 available is below the reorder point'),
    ('UPDATE inventory.inventory_item SET reorder_point = 0, quantity_on_hand = 0 WHERE product_id = 10', 'nothing'),
    ('SELECT inventory.receive_stock(10, 1, 5)', 'nothing'),
    ('SELECT inventory.receive_stock(10, 2, 5)', '3>1 DRAFT: p10 20 @- / ORDERED 20 available is below the reorder point'),
    ('SELECT pg_temp.ordered(''DRAFT'')', 'nothing / SKIPPED it is on an open purchase order'),
    ('SELECT pg_temp.ordered(''SUBMITTED'')', 'nothing / SKIPPED it is on an open purchase order'),
    ('SELECT pg_temp.ordered(''CONFIRMED'')', 'nothing / SKIPPED it is on an open purchase order'),
    ('SELECT pg_temp.ordered(''CONFIRMED'', 1, 2)', 'nothing / SKIPPED it is on an open purchase order'),
    ('SELECT pg_temp.ordered(''RECEIVED'')', '3>1 DRAFT: p10 20 @- / ORDERED 20 available is below the reorder point'),
    ('SELECT pg_temp.ordered(''CANCELLED'')', '3>1 DRAFT: p10 20 @- / ORDERED 20 available is below the reorder point'),
    ('SELECT pg_temp.ordered(''CONFIRMED'', 1, 3, true)', '3>1 DRAFT: p10 20 @- / ORDERED 20 available is below the reorder point'),
    ('SELECT pg_temp.ordered(''DRAFT'', 2)', '3>1 DRAFT: p10 20 @- / ORDERED 20 available is below the reorder point'),
    ('SELECT pg_temp.ordered(s) FROM unnest(''{RECEIVED,CANCELLED,SUBMITTED}''::text[]) s', 'nothing / SKIPPED it is on an open purchase order'),
    ('DELETE FROM inventory.product_supplier WHERE product_id = 10', 'nothing / SKIPPED no preferred supplier'),
    ('UPDATE inventory.product_supplier SET is_preferred = false WHERE product_id = 10', 'nothing / SKIPPED no preferred supplier'),
    ('UPDATE inventory.supplier SET is_active = false WHERE supplier_id = 3', 'nothing / SKIPPED the preferred supplier is not active'),
    ('UPDATE inventory.supplier SET is_active = false WHERE supplier_id = 4', '3>1 DRAFT: p10 20 @- / ORDERED 20 available is below the reorder point'),
    ('UPDATE inventory.product SET is_active = false; DELETE FROM inventory.product_supplier WHERE product_id = 10', 'nothing / SKIPPED the product is not active'),
    ('UPDATE inventory.inventory_item SET reorder_quantity = 0 WHERE product_id = 10', '3>1 DRAFT: p10 5 @- / ORDERED 5 available is below the reorder point'),
    ('SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off', '3>1 DRAFT: p10 20 @- / ORDERED 20 available is below the reorder point')) v (preparation, result);
SELECT is(current_setting('enable_seqscan'), 'on', 'settings of the planner are put back');

-- Many items that became low, and orders that were opened, since the tables were analyzed and a session made its plans
SAVEPOINT large;
ANALYZE inventory.inventory_item, inventory.purchase_order, inventory.purchase_order_line;
SELECT count(*) AS drafts FROM inventory.run_replenishment() \gset
INSERT INTO inventory.product (product_id, sku, name) SELECT 100000 + g, 'LARGE-' || g, 'Large' FROM generate_series(1, 20000) g;
INSERT INTO inventory.inventory_item (product_id, warehouse_id, reorder_point) SELECT product_id, 1, (product_id <= 102001)::integer FROM inventory.product WHERE sku LIKE 'LARGE-%';
INSERT INTO inventory.purchase_order (po_id, supplier_id, warehouse_id) SELECT 100000 + g, 1, 1 FROM generate_series(1, 400) g;
INSERT INTO inventory.purchase_order_line (po_id, line_no, product_id, quantity) SELECT 100000 + 1 + g % 400, 1 + g / 400, 100000 + g, 1 FROM generate_series(1, 2000) g;
CREATE FUNCTION pg_temp.rows_read() RETURNS bigint LANGUAGE sql AS 'SELECT sum(seq_tup_read + idx_tup_fetch)::bigint FROM pg_stat_xact_all_tables WHERE relname IN (''inventory_item'', ''purchase_order'', ''purchase_order_line'')';
SELECT pg_temp.rows_read() AS rows_before \gset
SELECT count(*) AS drafts FROM inventory.run_replenishment() \gset
SELECT cmp_ok(pg_temp.rows_read() - :rows_before, '<', 20000::bigint, 'a run reads what is low and what is on order, each once, whatever the planner knows');
SELECT is((SELECT string_agg(concat_ws(' ', n, reason), ', ' ORDER BY n) FROM (SELECT count(*) AS n, reason FROM inventory.replenishment_log WHERE sku LIKE 'LARGE-%' GROUP BY reason) r), '1 no preferred supplier, 2000 it is on an open purchase order', 'and finds all of it');
SELECT seq_scan AS scans FROM pg_stat_xact_all_tables WHERE relid = 'inventory.purchase_order'::regclass \gset
SET LOCAL enable_indexscan = off;
SET LOCAL enable_bitmapscan = off;
SELECT count(*) AS drafts FROM inventory.run_replenishment() \gset
SELECT cmp_ok((SELECT seq_scan FROM pg_stat_xact_all_tables WHERE relid = 'inventory.purchase_order'::regclass), '>', :scans::bigint, 'its statements are planned for each run');
ROLLBACK TO large;
SAVEPOINT overflow;
UPDATE inventory.product_supplier SET order_multiple = 4611686018427387904 WHERE product_id = 10;
SELECT pg_temp.low(10, 1, 5, 9223372036854775807, 1);
SELECT is_empty('SELECT * FROM inventory.run_replenishment()', 'a multiple above bigint is not ordered');
SELECT is((SELECT reason FROM inventory.replenishment_log WHERE product_id = 10 ORDER BY entry_id DESC LIMIT 1), 'the quantity to order is out of range', 'and says so');
SELECT pg_temp.healthy('a quantity out of range');
ROLLBACK TO overflow;

-- Rolled back: nothing is left
SELECT concat(pg_temp.state(), pg_temp.told()) AS before \gset
SAVEPOINT before_run;
SELECT is(pg_temp.run(), '3>1 DRAFT: p10 20 @-', 'a run');
ROLLBACK TO before_run;
SELECT is(concat(pg_temp.state(), pg_temp.told()), :'before', 'that is rolled back leaves nothing');
SELECT is(pg_temp.run(), '3>1 DRAFT: p10 20 @-', 'the next one drafts it');

-- Nobody to ask

DELETE FROM inventory.procurement_notification;
SELECT pg_temp.low(12, 1), pg_temp.low(13, 2, 0), pg_temp.low(11, 2);
UPDATE inventory.supplier SET is_active = false WHERE supplier_id = 3;
SELECT is(pg_temp.run(), 'nothing', 'items without an active preferred supplier');
SELECT is((SELECT jsonb_agg(jsonb_build_array(po_id, payload)) FROM inventory.procurement_notification), '[[null, {"event": "no_preferred_supplier", "items": [
    {"product_id": 11, "sku": "SKU-11", "warehouse_id": 2, "quantity_available": 5, "reorder_point": 10, "reason": "the preferred supplier is not active"},
    {"product_id": 12, "sku": "SKU-12", "warehouse_id": 1, "quantity_available": 5, "reorder_point": 10, "reason": "no preferred supplier"},
    {"product_id": 13, "sku": "SKU-13", "warehouse_id": 2, "quantity_available": 0, "reorder_point": 10, "reason": "no preferred supplier"}]}]]', 'are told, all together');
SELECT pg_temp.run();
SELECT is((SELECT count(*) FROM inventory.procurement_notification), 1::bigint, 'once');
SELECT is(concat_ws(', ', pg_temp.logged(12), pg_temp.logged(13, 2), pg_temp.logged(11, 2)), 'SKIPPED no preferred supplier, SKIPPED no preferred supplier, SKIPPED the preferred supplier is not active', 'and logged by each run');
INSERT INTO inventory.product_supplier (product_id, supplier_id, is_preferred) VALUES (13, 3, true);
SELECT pg_temp.run();
SELECT is((SELECT payload -> 'items' FROM inventory.procurement_notification ORDER BY notification_id DESC LIMIT 1), '[{"product_id": 13, "sku": "SKU-13", "warehouse_id": 2, "quantity_available": 0, "reorder_point": 10, "reason": "the preferred supplier is not active"}]', 'another reason is told, of that item alone');
UPDATE inventory.supplier SET is_active = true WHERE supplier_id = 3;
SELECT is(pg_temp.run(), '3>2 DRAFT: p11 20 @-, p13 20 @-', 'a supplier that delivers again gets the orders');
SELECT inventory.cancel_purchase_order(max(po_id)) FROM inventory.purchase_order;
UPDATE inventory.supplier SET is_active = false WHERE supplier_id = 3;
DELETE FROM inventory.procurement_notification;
SELECT pg_temp.run();
SELECT is((SELECT jsonb_path_query_array(payload, '$.items[*].product_id') FROM inventory.procurement_notification), '[11, 13]', 'what was on order between is told again');
UPDATE inventory.supplier SET is_active = true WHERE supplier_id = 3;
SELECT pg_temp.run();

-- NOTIFY, as other clients saw it: a count, then the notifications

SELECT is((SELECT string_agg(line, '') FROM regexp_split_to_table(:'told', E'\n') line WHERE line ~ '^[0-9]+$'), '2', 'a run of 1,002 items drafted two orders');
SELECT alike(:'told'::text, '%NOTICE:  low items that no active preferred supplier sells: 501%See inventory.replenishment_log.%', 'and whoever ran it was told of the others');
CREATE TEMP TABLE heard AS SELECT substring(line FROM 'with payload "(.*)" received')::jsonb AS payload, octet_length(substring(line FROM 'with payload "(.*)" received')) AS bytes
    FROM regexp_split_to_table(:'told', E'\n') line WHERE line LIKE 'Asynchronous notification "inventory_procurement"%';
CREATE TEMP TABLE written AS SELECT (x -> 0)::bigint AS notification_id, x -> 1 AS payload FROM jsonb_array_elements(:'told_rows') x;
SELECT is((SELECT count(*) FROM heard), 3::bigint, 'each was told, and the items that have no supplier');
SELECT is((SELECT payload - 'po_id' - 'notification_id' FROM heard WHERE payload ->> 'supplier_id' = '1'), '{"event": "purchase_order_drafted", "supplier_id": 1, "supplier_name": "s", "warehouse_id": 1, "warehouse_name": "w", "line_items": [{"product_id": 1, "qty": 10, "unit_cost": 1}], "total_cost": 10}', 'a short one whole');
SELECT is((SELECT string_agg(concat_ws(' ', h.payload ->> 'event', h.payload ->> 'truncated', h.payload -> 'line_items', h.payload -> 'items', h.bytes < 8000, h.payload -> 'po_id' IS NOT DISTINCT FROM coalesce(w.payload -> 'po_id', 'null')), ', ' ORDER BY h.payload ->> 'event' DESC)
    FROM heard h JOIN written w ON w.notification_id = (h.payload ->> 'notification_id')::bigint WHERE h.payload ? 'truncated'), 'purchase_order_drafted true t t, no_preferred_supplier true t t', 'long ones without their lines');
SELECT is((SELECT string_agg(concat_ws(' ', payload ->> 'event', jsonb_array_length(coalesce(payload -> 'line_items', payload -> 'items')), octet_length(payload::text) > 8000), ', ' ORDER BY notification_id) FROM written), 'purchase_order_drafted 1 f, purchase_order_drafted 500 t, no_preferred_supplier 501 t', 'which are whole in the table');
SELECT is((SELECT string_agg(line, ' ') FROM regexp_split_to_table(:'told_again', E'\n') line WHERE line !~ '^HINT'), 'NOTICE:  low items that no active preferred supplier sells: 501 0', 'the next run tells only whoever runs it');

-- Taking note

SELECT notification_id AS id FROM inventory.procurement_notification ORDER BY 1 LIMIT 1 \gset
SELECT is((SELECT concat_ws(' ', n.notification_id, n.acknowledged_at BETWEEN now() AND clock_timestamp(), n.payload ->> 'event') FROM inventory.acknowledge_notification(:id) n), concat(:id, ' t no_preferred_supplier'), 'a notification is acknowledged');
SELECT acknowledged_at AS at FROM inventory.procurement_notification WHERE notification_id = :id \gset
SELECT is((SELECT n.acknowledged_at FROM inventory.acknowledge_notification(:id) n), :'at'::timestamptz, 'again: when it was first');
SELECT is((SELECT count(*) FROM inventory.procurement_notification WHERE acknowledged_at IS NOT NULL), 1::bigint, 'the others are not');
SELECT concat(pg_temp.told()) AS told \gset
SELECT pg_temp.refused('SELECT inventory.acknowledge_notification(-1)', 'IV003', 'notification -1 does not exist', '', 'an unknown notification');
SELECT pg_temp.refused('SELECT inventory.acknowledge_notification(NULL)', '22023', 'notification_id must not be NULL', '', 'NULL');
SELECT is(pg_temp.told(), :'told', 'nothing was acknowledged by that');

-- Transfers instead

INSERT INTO inventory.warehouse (warehouse_id, name, priority) VALUES (3, 'West', 50), (4, 'East', 200);
-- The transfers of a product: from>to status quantity
CREATE FUNCTION pg_temp.moved(product bigint) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s>%s %s %s', t.from_warehouse_id, t.to_warehouse_id, t.status, l.quantity), ', ' ORDER BY t.transfer_id)
    FROM inventory.transfer_order t JOIN inventory.transfer_order_line l USING (transfer_id) WHERE l.product_id = product
$$;
INSERT INTO inventory.product_supplier (product_id, supplier_id, is_preferred) SELECT p, 5, true FROM unnest('{14,15,16,17,18,19,21,24,25,26,27,28}'::bigint[]) p;
SELECT pg_temp.low(14, 1), pg_temp.low(14, 2, 100, 30);
SELECT is(pg_temp.run(), '5>1 DRAFT: p14 20 @-', 'off unless asked for');
SELECT inventory.cancel_purchase_order(max(po_id)) FROM inventory.purchase_order;
SET LOCAL inventory.replenish_by_transfer = on;
SELECT is(pg_temp.run(), 'nothing', 'what another warehouse can spare is not ordered');
SELECT is(pg_temp.moved(14), '2>1 PENDING 20', 'but moved, as much as would be ordered');
SELECT is((SELECT concat_ws(' ', outcome, quantity, reason, po_id, transfer_id = (SELECT max(transfer_id) FROM inventory.transfer_order), supplier_id) FROM inventory.replenishment_log WHERE product_id = 14 ORDER BY entry_id DESC LIMIT 1), 'TRANSFER 20 warehouse 2 can spare it t 5', 'as the log says');
SELECT is(concat_ws(' ', pg_temp.level(14, 1), pg_temp.level(14, 2)), '5/0/5 100/20/80', 'it is held at its source');
SELECT is(pg_temp.run(), 'nothing', 'a transfer that is pending');
SELECT is(concat_ws(', ', pg_temp.moved(14), pg_temp.logged(14)), '2>1 PENDING 20, SKIPPED it is on its way from another warehouse', 'is waited for');
SELECT max(transfer_id) AS transfer FROM inventory.transfer_order \gset
SELECT inventory.ship_transfer(:transfer);
SELECT is(concat_ws(', ', pg_temp.run(), pg_temp.moved(14), pg_temp.logged(14)), 'nothing, 2>1 IN_TRANSIT 20, SKIPPED it is on its way from another warehouse', 'as one that is on its way');
SELECT inventory.cancel_transfer(:transfer);
SELECT is(concat_ws(', ', pg_temp.run(), pg_temp.moved(14)), 'nothing, 2>1 CANCELLED 20, 2>1 PENDING 20', 'not one that was cancelled');
SELECT inventory.ship_transfer(max(transfer_id)), inventory.receive_transfer(max(transfer_id)) FROM inventory.transfer_order;
SELECT is(concat_ws(', ', pg_temp.run(), pg_temp.moved(14), pg_temp.logged(14)), 'nothing, 2>1 CANCELLED 20, 2>1 RECEIVED 20', 'what arrived is not low');
SELECT pg_temp.low(14, 1);
SELECT is(concat_ws(', ', pg_temp.run(), pg_temp.moved(14)), 'nothing, 2>1 CANCELLED 20, 2>1 RECEIVED 20, 2>1 PENDING 20', 'low again: moved again, one that was received is over');
SET LOCAL inventory.replenish_by_transfer = off;
SELECT is(pg_temp.run(), '5>1 DRAFT: p14 20 @-', 'nothing is waited for where transfers are off');
SET LOCAL inventory.replenish_by_transfer = on;

SELECT pg_temp.low(15, 1), pg_temp.low(15, 2, 12, 0), pg_temp.low(16, 1), pg_temp.low(16, 2, 34, 30), pg_temp.low(24, 1), pg_temp.low(24, 2, 35, 30), pg_temp.low(25, 1), pg_temp.low(25, 2, 60, 30);
SELECT inventory.reserve_stock(25, 2, 26, 'customer');
SELECT is(pg_temp.run(), '5>1 DRAFT: p16 20 @-, p25 20 @-', 'spare is what is available above the reorder point, less than what is missing is none');
SELECT is(concat_ws(', ', pg_temp.moved(15), pg_temp.moved(16), pg_temp.moved(24), pg_temp.moved(25)), '2>1 PENDING 12, 2>1 PENDING 5', 'more than what is missing is moved whole, and just what is missing too');
SELECT is((SELECT bool_or(is_low) FROM inventory.inventory_item WHERE product_id IN (15, 24) AND warehouse_id = 2), false, 'no source becomes low');

SELECT pg_temp.low(17, 1), pg_temp.low(17, 3), pg_temp.low(17, 2, 54, 30), pg_temp.low(18, 1), pg_temp.low(18, 3), pg_temp.low(18, 2, 57, 30);
SELECT is(pg_temp.run(), '5>3 DRAFT: p17 20 @-', 'two warehouses that want of one source: what the first gets the second does not');
SELECT is(concat_ws('; ', pg_temp.moved(17), pg_temp.moved(18)), '2>1 PENDING 20; 2>1 PENDING 20, 2>3 PENDING 7', 'the rest, if it is enough');
SELECT pg_temp.low(19, 1), pg_temp.low(19, 2, 100, 0), pg_temp.low(19, 3, 100, 0), pg_temp.low(19, 4, 100, 0), pg_temp.low(21, 1), pg_temp.low(21, 3, 4, 0), pg_temp.low(21, 4, 100, 0), pg_temp.low(21, 2, 10, 6);
SELECT is(concat_ws('; ', pg_temp.run(), pg_temp.moved(19), pg_temp.moved(21)), 'nothing; 3>1 PENDING 20; 4>1 PENDING 20', 'sources by the priority of their warehouses, those that have enough');

DELETE FROM inventory.procurement_notification;
SELECT pg_temp.low(22, 1), pg_temp.low(22, 2, 100, 0), pg_temp.low(23, 1), pg_temp.low(23, 2, 3, 0), pg_temp.low(26, 1), pg_temp.low(26, 2, 100, 0), pg_temp.low(27, 1), pg_temp.low(27, 2, 100, 0);
UPDATE inventory.product SET is_active = false WHERE product_id = 26;
SELECT inventory.create_purchase_order(6, 1, '[{"product_id": 27, "qty": 1}]') IS NOT NULL AS made \gset
SELECT is(concat_ws('; ', pg_temp.run(), pg_temp.moved(22), pg_temp.moved(23), pg_temp.moved(26), pg_temp.moved(27)), 'nothing; 2>1 PENDING 20', 'an item without supplier is moved where it can be; neither what is not active nor what is on order is');
SELECT is((SELECT jsonb_path_query_array(payload, '$.items[*].product_id') FROM inventory.procurement_notification), '[23]', 'only what can be had nowhere is told');
SELECT is(concat_ws(', ', pg_temp.logged(26), pg_temp.logged(27)), 'SKIPPED the product is not active, SKIPPED it is on an open purchase order', 'the others are logged');

-- A transfer of two products, one of which is all there
SELECT pg_temp.low(28, 4, 3, 0), pg_temp.low(29, 4, 3, 0);
SELECT transfer_id AS transfer FROM inventory.create_transfer(4, 1, '[{"product_id": 28, "qty": 3}, {"product_id": 29, "qty": 3}]') \gset
SELECT inventory.ship_transfer(:transfer), inventory.receive_transfer(:transfer, '[{"product_id": 28, "qty": 3}]');
UPDATE inventory.inventory_item SET reorder_point = 10, reorder_quantity = 20 WHERE product_id = 28 AND warehouse_id = 1;
SELECT is(pg_temp.run(), '5>1 DRAFT: p28 20 @-', 'what arrived of a transfer is not waited for until the rest of it is there');
SET LOCAL inventory.replenish_by_transfer = off;
SELECT pg_temp.healthy('transfers');

-- The log

SET LOCAL inventory.replenishment_log_days = 2;
UPDATE inventory.replenishment_entry SET logged_at = clock_timestamp() - '47 hours 59 minutes'::interval WHERE product_id = 14;
UPDATE inventory.replenishment_entry SET logged_at = clock_timestamp() - '48 hours'::interval WHERE product_id = 15;
SELECT count(*) AS entries FROM inventory.replenishment_entry WHERE product_id NOT IN (14, 15) \gset
SELECT pg_temp.run();
SELECT is((SELECT concat_ws(' ', count(*) FILTER (WHERE logged_at < now() - '47 hours'::interval AND product_id = 14) > 0, count(*) FILTER (WHERE product_id = 15 AND logged_at < now()),
    count(*) FILTER (WHERE product_id NOT IN (14, 15) AND logged_at < (SELECT max(logged_at) FROM inventory.replenishment_entry)) = :entries) FROM inventory.replenishment_entry), 't 0 t', 'entries are kept for inventory.replenishment_log_days');
RESET inventory.replenishment_log_days;
SELECT is(current_setting('inventory.replenishment_log_days'), '90', '90 unless set');

-- Who may

CREATE ROLE replenishment_planner;
CREATE ROLE replenishment_operator;
CREATE ROLE replenishment_runner;
SELECT inventory.grant_access('replenishment_planner', 'planner'), inventory.grant_access('replenishment_operator', 'operator');
GRANT USAGE ON SCHEMA inventory TO replenishment_runner;
GRANT EXECUTE ON FUNCTION inventory.run_replenishment(), inventory.acknowledge_notification(bigint) TO replenishment_runner;
SELECT max(notification_id) AS id FROM inventory.procurement_notification \gset
SELECT pg_temp.low(1, 4), pg_temp.low(9, 4);
SET ROLE replenishment_operator;
SELECT throws_ok('SELECT inventory.run_replenishment()', '42501', NULL, 'an operator does not run it');
SELECT throws_ok('SELECT inventory.acknowledge_notification(1)', '42501', NULL, 'nor acknowledge');
SET ROLE replenishment_runner;
SELECT is((SELECT string_agg(format('%s>%s', supplier_id, warehouse_id), ', ') FROM inventory.run_replenishment()), '1>4', 'EXECUTE is all that it takes');
SELECT is((SELECT n.notification_id FROM inventory.acknowledge_notification(:id) n), :id::bigint, 'to acknowledge too');
SELECT throws_ok('SELECT * FROM inventory.purchase_order', '42501', NULL, 'the tables stay closed');
RESET ROLE;
SELECT inventory.cancel_purchase_order(max(po_id)) FROM inventory.purchase_order;
SET ROLE replenishment_planner;
SET LOCAL search_path = pg_temp, public;
SET LOCAL inventory.performed_by = 'the planner';
SELECT is((SELECT string_agg(format('%s>%s %s', supplier_id, warehouse_id, created_by), ', ') FROM inventory.run_replenishment()), '1>4 the planner', 'a planner runs it');
RESET ROLE;
SELECT is_empty('SELECT FROM inventory.run_replenishment()', 'once');
SELECT pg_temp.healthy('replenishment');

SELECT * FROM finish();
ROLLBACK;
