-- What refers to what has to exist, except while a dump is being loaded.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION inventory;
SELECT plan(124);

\ir include/setup.psql

INSERT INTO inventory.category (category_id, name) VALUES (1, 'all');
INSERT INTO inventory.category (category_id, name, parent_id) VALUES (2, 'some', 1);
INSERT INTO inventory.supplier (supplier_id, name) VALUES (1, 'S');
UPDATE inventory.product SET category_id = 2 WHERE product_id = 1;
INSERT INTO inventory.product_supplier (product_id, supplier_id) VALUES (1, 1);
SELECT FROM inventory.receive_stock(1, 1, 10);
SELECT FROM inventory.create_purchase_order(1, 1, '[{"product_id": 1, "qty": 5}]');
SELECT FROM inventory.submit_purchase_order(1);
SELECT FROM inventory.confirm_purchase_order(1);
SELECT FROM inventory.receive_purchase_order(1, '[{"product_id": 1, "qty": 2}]');
INSERT INTO inventory.procurement_notification (po_id, payload) VALUES (1, '{}');
SELECT FROM inventory.create_transfer(1, 2, '[{"product_id": 1, "qty": 1}]');
INSERT INTO inventory.cycle_count (product_id, warehouse_id, due_on) VALUES (1, 1, '2020-01-01');
INSERT INTO inventory.item_planning (product_id, warehouse_id) VALUES (1, 1);

-- Every pair of the triggers' arguments: a table, a column of it and what it refers
-- to. The key of two columns counts as one.
CREATE TEMP TABLE reference AS
SELECT c.relname AS child, a.args[2 * i - 1] AS columns, a.args[2 * i] AS parent, split_part(a.args[2 * i - 1], ', ', -1) AS last_column
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
CROSS JOIN LATERAL (SELECT string_to_array(encode(t.tgargs, 'escape'), '\000') AS args) a
CROSS JOIN LATERAL generate_series(1, t.tgnargs / 2) i
WHERE c.relnamespace = 'inventory'::regnamespace AND t.tgname = 'inventory_reference';
SELECT is((SELECT count(*) FROM reference), 20::bigint, 'twenty references');
SELECT is_empty($$SELECT conrelid::regclass, conname FROM pg_constraint WHERE contype = 'f' AND connamespace = 'inventory'::regnamespace$$, 'none of them is a foreign key');

-- A parent that has the id.
CREATE FUNCTION pg_temp.insert_parent(parent text, id bigint) RETURNS text LANGUAGE sql AS $$
    SELECT CASE parent
        WHEN 'category' THEN format('INSERT INTO inventory.category (category_id, name) VALUES (%s, ''new'')', id)
        WHEN 'product' THEN format('INSERT INTO inventory.product (product_id, sku, name) VALUES (%s, ''NEW'', ''new'')', id)
        WHEN 'warehouse' THEN format('INSERT INTO inventory.warehouse (warehouse_id, name) VALUES (%s, ''new'')', id)
        WHEN 'supplier' THEN format('INSERT INTO inventory.supplier (supplier_id, name) VALUES (%s, ''new'')', id)
        WHEN 'purchase_order' THEN format('INSERT INTO inventory.purchase_order (po_id, supplier_id, warehouse_id) VALUES (%s, 1, 1)', id)
        WHEN 'purchase_order_line' THEN format('INSERT INTO inventory.purchase_order_line (po_id, line_no, product_id, quantity) VALUES (1, %s, 1, 1)', id)
        WHEN 'transfer_order' THEN format('INSERT INTO inventory.transfer_order (transfer_id, from_warehouse_id, to_warehouse_id) VALUES (%s, 1, 2)', id)
    END
$$;
CREATE FUNCTION pg_temp.key_column(parent text) RETURNS text LANGUAGE sql AS $$
    SELECT CASE parent WHEN 'purchase_order' THEN 'po_id' WHEN 'purchase_order_line' THEN 'line_no' WHEN 'transfer_order' THEN 'transfer_id' ELSE parent || '_id' END
$$;
CREATE FUNCTION pg_temp.loading(yes boolean) RETURNS text LANGUAGE sql AS $$
    SELECT set_config('check_function_bodies', (NOT yes)::text, true)
$$;

-- What comes of some statements, which are then undone: the error, or what
-- verify_references finds.
CREATE FUNCTION pg_temp.outcome(VARIADIC statements text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    statement text;
    found text;
    table_field text;
    name_field text;
    detail_field text;
BEGIN
    FOREACH statement IN ARRAY statements LOOP
        EXECUTE statement;
    END LOOP;
    SELECT string_agg(format('%s (%s)=(%s) %s: %s', v.table_name, v.column_name, v.value, v.problem, v.row_count), E'\n' ORDER BY v.table_name) INTO found FROM inventory.verify_references() v;
    RAISE EXCEPTION 'undo';
EXCEPTION
    WHEN raise_exception THEN
        RETURN coalesce(found, 'well');
    WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS table_field = TABLE_NAME, name_field = CONSTRAINT_NAME, detail_field = PG_EXCEPTION_DETAIL;
        RETURN format('%s %s %s: %s', SQLSTATE, table_field, name_field, detail_field);
END
$$;

-- One row of the child refers to 999, which is not there at first.
CREATE FUNCTION pg_temp.check_reference(child text, columns text, parent text, last_column text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    -- The item's own guard, and those that refer to the child, are not what is tried.
    bare text := CASE child WHEN 'inventory_item' THEN 'ALTER TABLE inventory.inventory_item DISABLE TRIGGER zz_inventory_guard, DISABLE TRIGGER inventory_ledger_update'
        WHEN 'purchase_order_line' THEN 'ALTER TABLE inventory.purchase_order_line DISABLE TRIGGER inventory_referenced' ELSE 'SELECT' END;
    refer text := format('UPDATE inventory.%s SET %I = 999 WHERE ctid = (SELECT min(ctid) FROM inventory.%1$s)', child, last_column);
    name text := child || '_' || replace(columns, ', ', '_') || '_fkey';
    label text := format('%s (%s)', child, columns);
    pair text := CASE WHEN columns ~ ',' THEN '1, 999' ELSE '999' END;
    key text := pg_temp.key_column(parent);
    parent_key text := CASE parent WHEN 'purchase_order_line' THEN 'po_id, line_no' ELSE key END;
    kept text := format('23503 %s %s: Key (%s)=(%s) is still referenced from table "%s".', child, name, parent_key, pair, child);
BEGIN
    RETURN NEXT is(pg_temp.outcome(bare, refer), format('23503 %s %s: Key (%s)=(%s) is not present in table "%s".', child, name, columns, pair, parent), label || ' has to be there');
    RETURN NEXT ok(pg_temp.outcome(bare, 'SELECT pg_temp.loading(true)', refer) ~ format('^%s \(%s\)=\(%s\) not present in table %s: 1(\n|$)', child, columns, pair, parent), label || ' may be missing while a dump is loaded, and is found');
    RETURN NEXT is(pg_temp.outcome(bare, pg_temp.insert_parent(parent, 999), refer, format('DELETE FROM inventory.%s WHERE %I = 999', parent, key)), kept, label || ' stays');
    RETURN NEXT is(pg_temp.outcome(bare, pg_temp.insert_parent(parent, 999), refer, format('UPDATE inventory.%s SET %I = 998 WHERE %2$I = 999', parent, key)), kept, label || ' keeps its key');
    RETURN NEXT is(pg_temp.outcome(bare, pg_temp.insert_parent(parent, 999), refer, format('UPDATE inventory.%s SET %I = 999 WHERE %2$I = 999', parent, key), 'TRUNCATE inventory.' || parent), format('23503 %s: ', (SELECT table_name || ' ' || constraint_name FROM pg_temp.first_reference(parent))), label || ' is not truncated');
END
$$;
CREATE FUNCTION pg_temp.first_reference(parent text) RETURNS TABLE (table_name text, constraint_name text) LANGUAGE sql AS $$
    SELECT v.table_name, v.constraint_name FROM (VALUES ('category', 'product', 'product_category_id_fkey'), ('product', 'product_supplier', 'product_supplier_product_id_fkey'),
        ('warehouse', 'inventory_item', 'inventory_item_warehouse_id_fkey'), ('supplier', 'product_supplier', 'product_supplier_supplier_id_fkey'),
        ('purchase_order', 'purchase_order_line', 'purchase_order_line_po_id_fkey'), ('purchase_order_line', 'purchase_receipt', 'purchase_receipt_po_id_line_no_fkey'),
        ('transfer_order', 'transfer_order_line', 'transfer_order_line_transfer_id_fkey')) v(parent, table_name, constraint_name) WHERE v.parent = $1
$$;
SELECT is(pg_temp.outcome('SELECT'), 'well', 'nothing is wrong at first');
SELECT pg_temp.check_reference(child, columns, parent, last_column) FROM reference ORDER BY child, columns;

-- As foreign keys do, it looks at the end of the statement.
SELECT is(pg_temp.outcome('INSERT INTO inventory.category (category_id, name, parent_id) VALUES (12, ''child'', 11), (11, ''parent'', NULL), (13, ''own parent'', 13)'),
    'well', 'rows of one statement may refer to each other');
SELECT is(pg_temp.outcome('UPDATE inventory.product SET category_id = NULL', 'DELETE FROM inventory.category'), 'well', 'and go together');
SELECT is(pg_temp.outcome('INSERT INTO inventory.supplier (supplier_id, name) VALUES (2, ''T'')', 'WITH gone AS (DELETE FROM inventory.supplier WHERE supplier_id = 2 RETURNING supplier_id) INSERT INTO inventory.product_supplier (product_id, supplier_id) SELECT 2, supplier_id FROM gone'),
    '23503 product_supplier product_supplier_supplier_id_fkey: Key (supplier_id)=(2) is still referenced from table "product_supplier".', 'a statement does not refer to what it deletes');
SELECT is(pg_temp.outcome('TRUNCATE inventory.procurement_notification, inventory.purchase_receipt, inventory.purchase_order_line, inventory.purchase_order'), 'well', 'tables are truncated together');
SELECT is(pg_temp.outcome('SELECT pg_temp.loading(true)', 'UPDATE inventory.product SET category_id = 999 WHERE product_id = 2', 'SELECT pg_temp.loading(false)',
    'UPDATE inventory.product SET name = ''another'', category_id = 999 WHERE product_id = 2'), 'product (category_id)=(999) not present in table category: 1', 'what does not change is not looked at');
SELECT is(pg_temp.outcome('INSERT INTO inventory.product (product_id, sku, name, category_id) SELECT 1000 + g, ''N'' || g, ''N'', CASE g WHEN 1000 THEN 66 ELSE g % 2 + 1 END FROM generate_series(1, 1000) g'),
    '23503 product product_category_id_fkey: Key (category_id)=(66) is not present in table "category".', 'the last of many rows is looked at, too');
SELECT is(pg_temp.outcome('UPDATE inventory.product SET category_id = NULL WHERE product_id = 1'), 'well', 'nothing is referred to by NULL');

-- Other triggers at the end of the statement.
CREATE FUNCTION pg_temp.correct() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE inventory.product SET category_id = 1 WHERE product_id = NEW.product_id AND category_id = 999;
    RETURN NULL;
END
$$;
CREATE FUNCTION pg_temp.bring_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO inventory.category SELECT OLD.*;
    RETURN NULL;
END
$$;
SELECT is(pg_temp.outcome('CREATE TRIGGER a AFTER INSERT ON inventory.product FOR EACH ROW EXECUTE FUNCTION pg_temp.correct()',
    $$INSERT INTO inventory.product (product_id, sku, name, category_id) VALUES (900, 'N', 'N', 999)$$), 'well', 'a row that was corrected meanwhile does not matter');
SELECT is(pg_temp.outcome('CREATE TRIGGER a AFTER DELETE ON inventory.category FOR EACH ROW EXECUTE FUNCTION pg_temp.bring_back()',
    'DELETE FROM inventory.category WHERE category_id = 1'), 'well', 'nor a deletion that was undone');

-- Who is believed to load a dump: the owner, and not in what the engine writes.
CREATE ROLE inventory_test_writer;
GRANT USAGE ON SCHEMA inventory TO inventory_test_writer;
GRANT INSERT ON inventory.product TO inventory_test_writer;
GRANT SELECT ON inventory.category TO inventory_test_writer;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA inventory TO inventory_test_writer;
CREATE FUNCTION pg_temp.misdirect() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.product_id := 999;
    RETURN NEW;
END
$$;
SELECT is(pg_temp.outcome('SELECT pg_temp.loading(true)', 'SET LOCAL ROLE inventory_test_writer', $$INSERT INTO inventory.product (product_id, sku, name, category_id) VALUES (900, 'N', 'N', 999)$$),
    '23503 product product_category_id_fkey: Key is not present in table "category".', 'somebody else does not load a dump, and who may not read is told no values');
SELECT is(pg_temp.outcome('SELECT pg_temp.loading(true)', 'CREATE TRIGGER a BEFORE INSERT ON inventory.purchase_order_line FOR EACH ROW EXECUTE FUNCTION pg_temp.misdirect()',
    $$SELECT inventory.create_purchase_order(1, 1, '[{"product_id": 1, "qty": 5}]')$$),
    '23503 purchase_order_line purchase_order_line_product_id_fkey: Key (product_id)=(999) is not present in table "product".', 'nor do the functions');
SELECT is(pg_temp.outcome('ALTER TABLE inventory.category ENABLE ROW LEVEL SECURITY', 'ALTER TABLE inventory.category FORCE ROW LEVEL SECURITY', 'SET LOCAL ROLE inventory_test_writer',
    $$INSERT INTO inventory.product (product_id, sku, name, category_id) VALUES (900, 'N', 'N', 1)$$, 'RESET ROLE'), 'well', 'row security does not hide what is referred to');
SELECT is(pg_temp.outcome('SET LOCAL session_replication_role = replica', 'DELETE FROM inventory.category WHERE category_id = 1'), 'category (parent_id)=(1) not present in table category: 1',
    'a replica takes what it is given');

-- Elsewhere
CREATE TABLE public.inventory_test_own (product_id bigint REFERENCES inventory.product, category_id bigint);
SELECT throws_ok('INSERT INTO public.inventory_test_own (product_id) VALUES (999)', '23503', NULL, 'tables of others may have foreign keys');
CREATE TRIGGER a AFTER INSERT ON public.inventory_test_own FOR EACH ROW EXECUTE FUNCTION inventory.reference_guard('product_id', 'product');
SELECT throws_ok('INSERT INTO public.inventory_test_own VALUES (1)', '39P01', NULL, 'but not the triggers');
CREATE TRIGGER a BEFORE INSERT ON inventory.job_run FOR EACH ROW EXECUTE FUNCTION inventory.reference_guard();
CREATE TRIGGER b AFTER INSERT ON inventory.demand_window FOR EACH ROW EXECUTE FUNCTION inventory.reference_guard('warehouse_id', 'warehouse');
CREATE TRIGGER c AFTER DELETE ON inventory.cycle_count FOR EACH ROW EXECUTE FUNCTION inventory.referenced_guard();
CREATE TRIGGER d AFTER DELETE ON inventory.product FOR EACH ROW EXECUTE FUNCTION inventory.reference_guard('category_id', 'category');
CREATE TRIGGER e AFTER INSERT ON inventory.supplier FOR EACH ROW EXECUTE FUNCTION inventory.referenced_guard();
SELECT throws_ok($$INSERT INTO inventory.job_run (job_name, run_as, status, started_at) VALUES ('x', 'x', 'RUNNING', now())$$, '39P01', NULL, 'before a row is stored');
SELECT throws_ok('INSERT INTO inventory.demand_window VALUES (1, 1, now(), now())', '39P01', 'demand_window (warehouse_id) does not refer to warehouse', 'a reference that does not exist');
SELECT throws_ok('DELETE FROM inventory.cycle_count', '39P01', 'nothing refers to cycle_count', 'a table that nothing refers to');
SELECT throws_ok('DELETE FROM inventory.product WHERE product_id = 30', '39P01', NULL, 'a row that refers to nothing any more');
SELECT throws_ok($$INSERT INTO inventory.supplier (supplier_id, name) VALUES (3, 'T')$$, '39P01', NULL, 'a row that nothing can refer to yet');
SELECT throws_ok('SELECT inventory.reference_guard()', '39P01', NULL, 'a trigger function is not called by hand');

SELECT * FROM finish();
ROLLBACK;
