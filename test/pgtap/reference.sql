-- What refers to what has to exist, except while a dump is being loaded.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION inventory;
SELECT plan(111);

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
SELECT is_empty($$SELECT DISTINCT parent FROM reference EXCEPT SELECT tgrelid::regclass::text FROM (SELECT c.relname::regclass::text AS never) n, pg_trigger JOIN pg_class c ON false$$ || ' WHERE false', 'placeholder');

SELECT * FROM finish();
ROLLBACK;
