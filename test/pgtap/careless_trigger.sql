-- Triggers that a careless owner puts on every table, calling a function by its bare name, and an admin who has one of that
-- name in his search_path: whatever he calls, on either path, it is never run with more rights than his own.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION inventory;
SELECT plan(13);

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
INSERT INTO call VALUES
    ('admin', $$SELECT inventory.schedule_job('path', '1 year', 'SET search_path = inventory_test_evil, pg_catalog'), inventory.run_job('path')$$),
    ('admin', $$INSERT INTO inventory.import_product (sku, name) VALUES ('imported', 'imported')$$),
    ('admin', 'DELETE FROM inventory.inventory_item WHERE product_id OPERATOR(pg_catalog.=) 20');
GRANT SELECT ON call TO PUBLIC;

CREATE TABLE public.inventory_test_audit (relation text, who text);
GRANT ALL ON public.inventory_test_audit TO PUBLIC;
CREATE FUNCTION public.inventory_test_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.inventory_test_audit VALUES (TG_RELID::pg_catalog.regclass, current_user);
    PERFORM lower('X');
    RETURN NULL;
END
$$;
CREATE FUNCTION public.inventory_test_before() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lower('X');
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
DO $$
DECLARE
    relation regclass;
BEGIN
    FOR relation IN SELECT c.oid FROM pg_class c WHERE c.relnamespace = 'inventory'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition LOOP
        EXECUTE format('CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION public.inventory_test_audit()', relation);
        EXECUTE format('CREATE TRIGGER before BEFORE INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION public.inventory_test_before()', relation);
    END LOOP;
END
$$;

CREATE SCHEMA inventory_test_evil AUTHORIZATION inventory_test_admin;
CREATE TABLE inventory_test_evil.caught (who text);
GRANT ALL ON inventory_test_evil.caught TO PUBLIC;
GRANT USAGE ON SCHEMA inventory_test_evil TO PUBLIC;
CREATE FUNCTION inventory_test_evil.lower(text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO inventory_test_evil.caught VALUES (current_user);
    RETURN 'x';
END
$$;
CREATE FUNCTION pg_temp.run(statement text) RETURNS text LANGUAGE plpgsql SET search_path = inventory_test_evil, pg_catalog AS $$
BEGIN
    EXECUTE statement;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    RETURN pg_catalog.concat(statement, ': ', SQLERRM);
END
$$;
CREATE FUNCTION pg_temp.all_calls(path text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    c record;
    result text;
BEGIN
    PERFORM set_config('inventory.fast_path', path, true);
    FOR c IN SELECT s.statement FROM call s WHERE s.access <> 'nobody' ORDER BY s.statement ~ 'import_(load|clear)|DELETE FROM', s.statement COLLATE "C" LOOP
        SET LOCAL ROLE inventory_test_admin;
        result := pg_temp.run(c.statement);
        RESET ROLE;
        IF result IS NOT NULL THEN
            RETURN NEXT result;
        END IF;
    END LOOP;
END
$$;
SAVEPOINT calls;
SELECT is_empty($$SELECT pg_temp.all_calls('on')$$, 'all calls work with triggers on every table');
SELECT set_eq('SELECT who FROM inventory_test_evil.caught', ARRAY['inventory_test_admin'], 'the function in the search_path is found where an admin writes a table himself, and is run as him');
SELECT ok(EXISTS (SELECT FROM public.inventory_test_audit WHERE starts_with(relation, r) AND who = session_user), 'the trigger of ' || r || ' ran as the owner')
    FROM unnest(ARRAY['inventory.stock_movement', 'inventory.inventory_item', 'inventory.reservation', 'inventory.purchase_order', 'inventory.transfer_order', 'inventory.cycle_count', 'inventory.job', 'inventory.job_run']) r;
SELECT pg_temp.healthy('triggers on every table');
ROLLBACK TO calls;
SELECT pg_temp.all_calls('off');
SELECT set_eq('SELECT who FROM inventory_test_evil.caught', ARRAY['inventory_test_admin'], 'nor by statements alone is it run as anybody else');
SELECT pg_temp.healthy('triggers on every table, statements');

SELECT * FROM finish();
ROLLBACK;
