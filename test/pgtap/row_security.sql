-- Row security: of our tables, where their owner obeys it, where he does not, and where it is a superuser's; of other
-- people's tables whose policies call our functions; and what a view shows to a cheap function that tells.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION inventory;
SELECT plan(96);

\ir include/setup.psql
CREATE ROLE inventory_test_owner;
CREATE ROLE inventory_test_reader;
CREATE ROLE inventory_test_operator;
CREATE ROLE inventory_test_admin;
SELECT inventory.grant_access('inventory_test_reader', 'reader'), inventory.grant_access('inventory_test_operator', 'operator'), inventory.grant_access('inventory_test_admin', 'admin');
SELECT inventory.receive_stock(p, w, 10) FROM generate_series(1, 3) p, generate_series(1, 2) w;
SELECT reservation_id AS r1 FROM inventory.reserve_stock(1, 1, 2, 'seen') \gset
SELECT reservation_id AS r2 FROM inventory.reserve_stock(2, 1, 3, 'hidden') \gset
SELECT inventory.reserve_stock(1, 1, 1, 'key', idempotency_key => 'key');

-- What a statement of a role ends in, undone: its SQLSTATE, or 'done', and how many problems the ledger has then, looked
-- at by a superuser, from whom nothing is hidden.
CREATE FUNCTION pg_temp.outcome(role text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
    problems bigint;
BEGIN
    BEGIN
        EXECUTE format('SET LOCAL ROLE %I', role);
        EXECUTE statement;
        RESET ROLE;
        SELECT count(*) INTO problems FROM inventory.verify_ledger();
        RAISE EXCEPTION 'done, % problems', problems USING ERRCODE = 'ZZ000';
    EXCEPTION
        WHEN SQLSTATE 'ZZ000' THEN result := SQLERRM;
        WHEN OTHERS THEN result := SQLSTATE;
    END;
    RETURN result;
END
$$;
-- The same on either path.
CREATE FUNCTION pg_temp.ends(role text, statement text, expected text, label text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    before text := pg_temp.state();
    path text := current_setting('inventory.fast_path');
BEGIN
    IF expected = 'done' THEN
        expected := 'done, 0 problems';
    END IF;
    RETURN NEXT is(pg_temp.outcome(role, statement), expected, label);
    PERFORM set_config('inventory.fast_path', 'off', true);
    RETURN NEXT is(pg_temp.outcome(role, statement), expected, label || ', by statements');
    PERFORM set_config('inventory.fast_path', path, true);
    RETURN NEXT is(pg_temp.state(), before, label || ': nothing changed');
END
$$;

-- Tables of a superuser: row security does not apply to whom the functions work as, not even where it is forced.
SAVEPOINT superuser;
ALTER TABLE inventory.inventory_item ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE inventory.reservation ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE inventory.stock_movement ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
SELECT pg_temp.ends('inventory_test_operator', 'SELECT inventory.receive_stock(1, 1, 1)', 'done', 'a superuser''s items, all hidden from everybody: receive');
SELECT pg_temp.ends('inventory_test_operator', format('SELECT inventory.fulfill_reservation(%s)', :r2), 'done', 'fulfil');
SELECT pg_temp.ends('inventory_test_operator', $$SELECT inventory.reserve_order('o', '[{"product_id": 1, "quantity": 11}]')$$, 'done', 'an order from two warehouses');
SET LOCAL ROLE inventory_test_reader;
SELECT is((SELECT count(*) FROM inventory.inventory_item), 0::bigint, 'a reader sees no row of the table');
-- Documented: views and functions read with the owner's rights.
SELECT is((SELECT count(*) FROM inventory.stock_level), 6::bigint, 'and every row of the view');
SELECT is((SELECT count(*) FROM inventory.stock_at(clock_timestamp())), 6::bigint, 'and of the function');
RESET ROLE;
-- Plain SQL of an admin obeys the policies, and what it changes goes to the ledger, which he may not see.
CREATE POLICY warehouse ON inventory.inventory_item USING (warehouse_id = 1);
SET LOCAL ROLE inventory_test_admin;
UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand + 1;
SELECT throws_ok('INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand) VALUES (9, 2, 5)', '42501', NULL, 'an admin''s INSERT against a policy');
RESET ROLE;
SELECT is((SELECT string_agg(format('%s/%s %s', product_id, warehouse_id, quantity_on_hand), ', ' ORDER BY product_id, warehouse_id) FROM inventory.inventory_item),
    '1/1 11, 1/2 10, 2/1 11, 2/2 10, 3/1 11, 3/2 10', 'an admin''s UPDATE reaches what he sees');
SELECT pg_temp.healthy('plain SQL under row security');
ROLLBACK TO superuser;

-- Everything given to a role that is no superuser.
DO $$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        SELECT format('ALTER TABLE %s OWNER TO inventory_test_owner', oid::regclass) FROM pg_class WHERE relnamespace = 'inventory'::regnamespace AND relkind IN ('r', 'p', 'v')
        UNION ALL SELECT format('ALTER FUNCTION %s OWNER TO inventory_test_owner', oid::regprocedure) FROM pg_proc WHERE pronamespace = 'inventory'::regnamespace
        UNION ALL SELECT format('ALTER TYPE %s OWNER TO inventory_test_owner', oid::regtype) FROM pg_type WHERE typnamespace = 'inventory'::regnamespace AND typtype = 'e'
        UNION ALL SELECT 'ALTER SCHEMA inventory OWNER TO inventory_test_owner'
    LOOP
        EXECUTE statement;
    END LOOP;
END
$$;
SAVEPOINT owner;
ALTER TABLE inventory.inventory_item ENABLE ROW LEVEL SECURITY;
SELECT pg_temp.ends('inventory_test_operator', 'SELECT inventory.receive_stock(2, 1, 1)', 'done', 'an owner is above his own row security');

-- Forced: hidden rows are not there for the engine, and nothing goes wrong by that.
ALTER TABLE inventory.inventory_item FORCE ROW LEVEL SECURITY;
CREATE POLICY hidden ON inventory.inventory_item USING (product_id <> 2) WITH CHECK (product_id <> 3);
SELECT pg_temp.ends('inventory_test_operator', 'SELECT inventory.receive_stock(1, 1, 1)', 'done', 'forced, an item that is seen: receive');
SELECT pg_temp.ends('inventory_test_operator', format('SELECT inventory.fulfill_reservation(%s)', :r1), 'done', 'an item that is seen: fulfil');
SELECT pg_temp.ends('inventory_test_operator', 'SELECT inventory.receive_stock(2, 1, 1)', '42501', 'an item that is hidden: receive');
SELECT pg_temp.ends('inventory_test_operator', $$SELECT inventory.reserve_stock(2, 1, 1, 'o')$$, 'IV001', 'an item that is hidden: reserve');
SELECT pg_temp.ends('inventory_test_operator', $$SELECT inventory.reserve_order('o', '[{"product_id": 2, "quantity": 1}]')$$, 'IV001', 'an item that is hidden: order');
SELECT pg_temp.ends('inventory_test_operator', format('SELECT inventory.fulfill_reservation(%s)', :r2), 'IV003', 'an item that is hidden: fulfil');
SELECT pg_temp.ends('inventory_test_operator', $$SELECT inventory.cancel_order('hidden')$$, 'IV003', 'an item that is hidden: cancel an order');
SELECT pg_temp.ends('inventory_test_operator', $$SELECT inventory.record_count(2, 1, 5, 'THEFT')$$, '42501', 'an item that is hidden: count');
SELECT pg_temp.ends('inventory_test_operator', 'SELECT inventory.receive_stock(3, 1, 1)', '42501', 'an item that may not be written: receive');
SELECT pg_temp.ends('inventory_test_operator', $$SELECT inventory.reserve_stock(3, 1, 1, 'o')$$, '42501', 'an item that may not be written: reserve');
SELECT pg_temp.ends('inventory_test_operator', $$SELECT inventory.reserve_batch('{1,3}', '{1,1}', '{1,1}', '{a,b}')$$, '42501', 'a batch with one that may not be written');
ROLLBACK TO owner;

SAVEPOINT owner;
ALTER TABLE inventory.reservation ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY hidden ON inventory.reservation USING (reference_id <> 'hidden') WITH CHECK (reference_id <> 'refused');
SELECT pg_temp.ends('inventory_test_operator', $$SELECT inventory.reserve_stock(2, 1, 7, 'o')$$, 'done', 'a reservation that is hidden holds what it holds');
SELECT pg_temp.ends('inventory_test_operator', $$SELECT inventory.reserve_stock(2, 1, 8, 'o')$$, 'IV001', 'all of it');
SELECT pg_temp.ends('inventory_test_operator', $$SELECT inventory.reserve_stock(1, 1, 1, 'refused')$$, '42501', 'a reservation that may not be written');
SELECT pg_temp.ends('inventory_test_operator', format('SELECT inventory.cancel_reservation(%s)', :r2), 'IV003', 'a reservation that is hidden');
ROLLBACK TO owner;

SAVEPOINT owner;
ALTER TABLE inventory.stock_movement ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY hidden ON inventory.stock_movement USING (product_id <> 2) WITH CHECK (product_id <> 3);
SELECT pg_temp.ends('inventory_test_operator', 'SELECT inventory.receive_stock(1, 1, 1)', 'done', 'a ledger with policies: receive');
SELECT pg_temp.ends('inventory_test_operator', 'SELECT inventory.receive_stock(3, 1, 1)', '42501', 'a movement that may not be written');
ROLLBACK TO owner;

SAVEPOINT owner;
ALTER TABLE inventory.idempotency_key ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY hidden ON inventory.idempotency_key USING (key <> 'key') WITH CHECK (true);
SELECT pg_temp.ends('inventory_test_operator', $$SELECT inventory.reserve_stock(1, 1, 1, 'key', idempotency_key => 'key')$$, '42501', 'a key that is hidden is not used twice');
ROLLBACK TO owner;

-- A policy that looks who it is: it is always the owner, whoever called first in the session and left kept plans.
SAVEPOINT owner;
ALTER TABLE inventory.inventory_item ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY who ON inventory.inventory_item USING (current_user = 'inventory_test_owner');
SELECT pg_temp.ends(r, 'SELECT inventory.receive_stock(1, 1, 1)', 'done', 'called by ' || r) FROM unnest(ARRAY['inventory_test_operator', 'inventory_test_admin']) r;
ALTER POLICY who ON inventory.inventory_item USING (current_user <> 'inventory_test_owner');
SELECT pg_temp.ends(r, 'SELECT inventory.receive_stock(1, 1, 1)', '42501', 'hidden from the owner, called by ' || r) FROM unnest(ARRAY['inventory_test_operator', 'inventory_test_admin']) r;
ROLLBACK TO owner;
ROLLBACK TO superuser;

-- Policies and views of others that call our functions do so with the rights of whom they apply to.
CREATE TABLE inventory_test_offer (product_id bigint);
INSERT INTO inventory_test_offer VALUES (1), (2), (9);
ALTER TABLE inventory_test_offer ENABLE ROW LEVEL SECURITY;
CREATE POLICY in_stock ON inventory_test_offer USING (inventory.on_hand_at(product_id, 1, clock_timestamp()) > 0);
CREATE VIEW inventory_test_barrier WITH (security_barrier) AS SELECT o.product_id, (inventory.receive_stock(o.product_id, 1, 1)).on_hand_after FROM inventory_test_offer o WHERE o.product_id = 1;
CREATE ROLE inventory_test_nobody;
GRANT SELECT ON inventory_test_offer, inventory_test_barrier TO PUBLIC;
SET LOCAL ROLE inventory_test_reader;
SELECT set_eq('SELECT product_id FROM inventory_test_offer', ARRAY[1, 2]::bigint[], 'a policy that asks for the level');
SELECT throws_ok('SELECT * FROM inventory_test_barrier', '42501', 'permission denied for function receive_stock', 'a view lends nobody its owner''s right to call');
SET LOCAL ROLE inventory_test_nobody;
SELECT throws_ok('SELECT * FROM inventory_test_offer', '42501', NULL, 'nor does a policy');
SET LOCAL ROLE inventory_test_operator;
SELECT is((SELECT on_hand_after FROM inventory_test_barrier), 11::bigint, 'an operator receives by a view');
RESET ROLE;
SELECT pg_temp.healthy('functions in policies and views');

-- A cheap function that tells what it is given is run early, on what a view would not show. It learns nothing of the jobs
-- of others, whose commands and errors are secrets.
SET LOCAL ROLE inventory_test_admin;
SELECT inventory.schedule_job('secret', '1 year', 'SELECT ''secret''::integer');
SELECT inventory.run_job('secret');
RESET ROLE;
CREATE TABLE inventory_test_told (what text);
GRANT ALL ON inventory_test_told TO PUBLIC;
CREATE FUNCTION inventory_test_tell(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$BEGIN INSERT INTO inventory_test_told VALUES ($1); RETURN true; END$$;
SET LOCAL ROLE inventory_test_reader;
SELECT count(*) FROM inventory.job_status j WHERE inventory_test_tell(j.command) AND inventory_test_tell(j.last_error) AND inventory_test_tell(j::text);
SELECT count(*) FROM inventory.job_history h WHERE inventory_test_tell(h.error) AND inventory_test_tell(h::text);
SELECT throws_ok('SELECT command FROM inventory.job', '42501', NULL, 'the jobs themselves are not his to read');
RESET ROLE;
SELECT cmp_ok((SELECT count(*) FROM inventory_test_told), '>', 10::bigint, 'a function that tells was told');
SELECT is_empty($$SELECT what FROM inventory_test_told WHERE what ~ '::integer|type integer'$$, 'but of no command and no error of others');
SET LOCAL ROLE inventory_test_admin;
SELECT is((SELECT command FROM inventory.job_status WHERE name = 'secret'), 'SELECT ''secret''::integer', 'which their owner sees');
SELECT matches((SELECT error FROM inventory.job_history WHERE job_name = 'secret'), 'type integer', 'with the error');
RESET ROLE;
SELECT is_empty($$SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'inventory'::regnamespace AND proleakproof$$, 'none of our functions says that it is leakproof');
SELECT is_empty($$SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'inventory'::regnamespace AND provolatile = 'v' AND proparallel <> 'u'$$, 'none that writes is run in a parallel worker');

SELECT * FROM finish();
ROLLBACK;
