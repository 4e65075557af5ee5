-- A hostile twin of the whole catalogue in front of pg_catalog: every function and every view does the same, and
-- nothing of the twin is called, on either path, for an admin and for the owner.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION inventory;

\ir include/setup.psql
CREATE ROLE inventory_test_admin;
CREATE ROLE inventory_test_mixed;
INSERT INTO inventory.supplier (name) VALUES ('Acme');
ALTER TABLE inventory.product ALTER product_id RESTART 1000;
ALTER TABLE inventory.warehouse ALTER warehouse_id RESTART 1000;
SELECT inventory.receive_stock(p, 1, 100) FROM generate_series(1, 2) p;
SELECT reservation_id AS r1 FROM inventory.reserve_stock(1, 1, 10, 'order-1') \gset
SELECT inventory.grant_access('inventory_test_admin', 'admin');
INSERT INTO inventory.product_supplier (product_id, supplier_id, is_preferred) SELECT p, 1, true FROM generate_series(1, 5) p;
UPDATE inventory.inventory_item SET reorder_point = 500, reorder_quantity = 500 WHERE product_id = 2;
\ir include/calls.psql

-- Errors are part of what a function does: none of them may come from the twin either.
INSERT INTO call VALUES
    ('error', 'SELECT inventory.receive_stock(1, 1, 0)'),
    ('error', 'SELECT inventory.receive_stock(99, 1, 1)'),
    ('error', $$SELECT inventory.reserve_stock(1, 1, 100000, 'o')$$),
    ('error', $$SELECT inventory.reserve_order('o', '[{"product_id": 1, "quantity": 100000}]')$$),
    ('error', $$SELECT inventory.reserve_order('o', '[{"product_id": 1.5}]')$$),
    ('error', $$SELECT inventory.adjust_stock(1, 1, -1, 'NO SUCH CAUSE')$$),
    ('error', $$SELECT inventory.fulfill_order('no such order')$$),
    ('error', 'SELECT inventory.cancel_reservation(0)'),
    ('error', 'SELECT inventory.submit_purchase_order(0)'),
    ('error', 'SELECT inventory.ship_transfer(0)'),
    ('error', $$SELECT inventory.schedule_job('bad', 'no schedule', 'SELECT 1')$$),
    ('error', $$SELECT inventory.alter_job('no such job')$$),
    ('error', $$SELECT inventory.next_run('1 minute', timezone => 'Nowhere')$$),
    ('error', $$SELECT inventory.import_check('no such way')$$),
    ('error', $$SELECT inventory.grant_access('inventory_test_mixed', 'no such level')$$),
    ('error', $$INSERT INTO inventory.inventory_item (product_id, warehouse_id) VALUES (99, 1)$$),
    ('error', $$INSERT INTO inventory.product (sku, name, category_id) VALUES ('bad', 'bad', 99)$$),
    ('error', 'DELETE FROM inventory.warehouse WHERE warehouse_id OPERATOR(pg_catalog.=) 1'),
    ('error', 'UPDATE inventory.inventory_item SET quantity_reserved = 1000'),
    ('error', 'DELETE FROM inventory.inventory_item'),
    ('error', $$INSERT INTO inventory.warehouse (name, timezone) VALUES ('bad', 'Nowhere')$$);
-- An import that has all of its tables filled, and a job whose command errs.
INSERT INTO call VALUES
    ('reader', $$SELECT inventory.forecast('{1,2,3,4,5,6,7,8}', 'sba')$$),
    ('admin', $$INSERT INTO inventory.import_category (name, parent) VALUES ('a', NULL), ('b', 'a')$$),
    ('admin', $$INSERT INTO inventory.import_warehouse (name, timezone) VALUES ('imported', 'Europe/London')$$),
    ('admin', $$INSERT INTO inventory.import_product (sku, name, category, dimensions_cm, is_active, attributes) VALUES ('imported', 'imported', 'b', '{"length": 1, "width": 2, "height": 3}', 'yes', '{}')$$),
    ('admin', $$INSERT INTO inventory.import_product_supplier (sku, supplier, lead_time_days) VALUES ('imported', 'Acme', '3')$$),
    ('admin', $$INSERT INTO inventory.import_level (sku, warehouse, quantity_on_hand) VALUES ('imported', 'imported', '7')$$),
    ('admin', $$INSERT INTO inventory.import_order_line (order_reference, supplier, warehouse, sku, quantity, ordered_on) VALUES ('po', 'Acme', 'imported', 'imported', '5', '2020-01-01')$$);

CREATE FUNCTION pg_temp.plain(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLERRM;
END
$$;
-- All of them one after the other; the import when its tables are filled.
CREATE FUNCTION pg_temp.all_calls(runner text, into_role text, path text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    c record;
    result text;
BEGIN
    PERFORM pg_catalog.set_config('inventory.fast_path', path, true);
    FOR c IN SELECT s.statement FROM pg_temp.call s WHERE s.access <> 'nobody' ORDER BY s.statement ~ 'import_(load|clear)|DELETE FROM', s.statement COLLATE "C" LOOP
        EXECUTE format('SET LOCAL ROLE %I', into_role);
        EXECUTE format('SELECT pg_temp.%I($1)', runner) INTO result USING c.statement;
        RESET ROLE;
        RETURN NEXT format('%s: %s', c.statement, regexp_replace(result, '[0-9a-f]{8}-[0-9a-f-]{27}|\d+', '#', 'g'));
    END LOOP;
END
$$;
GRANT SELECT ON call TO PUBLIC;
SELECT current_user AS owner \gset

-- All calls in a subtransaction of which nothing stays, first as ever and then with the twin in front.
SAVEPOINT calls;
SELECT string_agg(r, E'\n') AS plain_admin FROM pg_temp.all_calls('plain', 'inventory_test_admin', 'on') r \gset
ROLLBACK TO calls;
SAVEPOINT calls;
SELECT string_agg(r, E'\n') AS plain_owner FROM pg_temp.all_calls('plain', :'owner', 'on') r \gset
ROLLBACK TO calls;

\ir include/mirror.psql
SELECT plan(20);
SELECT is(pg_temp.shadowed(s), m, 'the twin is in force: ' || s) FROM (VALUES
    ('SELECT 1::pg_catalog.int8 = 1::pg_catalog.int8', 'hostile object called'),
    ($$SELECT CASE 'a'::pg_catalog.text WHEN 'b' THEN 1 END$$, 'hostile object called'),
    ('SELECT now()', 'hostile object called'),
    ('SELECT * FROM product', 'hostile object called'),
    ('SELECT * FROM pg_class', 'hostile object called'),
    ($$SELECT 'x'::text$$, 'value for domain text violates check constraint "text_check"'),
    ($$SELECT 'SALE'::movement_type$$, 'invalid input value for enum movement_type: "SALE"'),
    ('SELECT pg_catalog.count(*) FROM inventory.product', 'ok')) AS v(s, m);
SELECT is(pg_temp.hostile_calls(), 5::bigint, 'and it counts');
SELECT setval('inventory_test_evil.calls', 1, false);

SAVEPOINT calls;
SELECT string_agg(r, E'\n') AS twin FROM pg_temp.all_calls('shadowed', 'inventory_test_admin', 'on') r \gset
SELECT is(:'twin'::text, :'plain_admin', 'an admin''s calls do what they did');
SELECT pg_temp.healthy('the calls of an admin');
ROLLBACK TO calls;
SELECT is(pg_temp.hostile_calls(), 0::bigint, 'and call nothing of the twin');
SAVEPOINT calls;
SELECT string_agg(r, E'\n') AS twin FROM pg_temp.all_calls('shadowed', 'inventory_test_admin', 'off') r \gset
SELECT is(:'twin'::text, :'plain_admin', 'nor do they by statements alone');
SELECT pg_temp.healthy('the calls by statements');
ROLLBACK TO calls;
SELECT is(pg_temp.hostile_calls(), 0::bigint, 'and call nothing of the twin');
SAVEPOINT calls;
SELECT string_agg(r, E'\n') AS twin FROM pg_temp.all_calls('shadowed', :'owner', 'on') r \gset
SELECT is(:'twin'::text, :'plain_owner', 'the owner''s calls do what they did');
ROLLBACK TO calls;
SELECT is(pg_temp.hostile_calls(), 0::bigint, 'and call nothing of the twin');
SELECT is(strpos(:'plain_admin', 'hostile') + strpos(:'plain_owner', 'hostile'), 0, 'nor did they before');
SELECT cmp_ok((SELECT count(*) FROM pg_temp.call), '>', 200::bigint, 'that is every function and every view');
-- What only the calls that must fail say.
SELECT is((SELECT string_agg(l, E'\n') FROM regexp_split_to_table(:'plain_owner', E'\n') l WHERE l !~ ': ok$' AND l !~ 'receive_stock|reserve_|adjust_stock|fulfill_order|cancel_reservation|submit_|ship_|_job|next_run|import_check|no such level|INSERT|DELETE|UPDATE'), NULL, 'only what ought to fails');

SELECT * FROM finish();
ROLLBACK;
