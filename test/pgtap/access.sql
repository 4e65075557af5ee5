-- Who may do what, and that a hostile search_path changes nothing.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION inventory;
SELECT plan(1595);

\ir include/setup.psql

-- Names for this transaction only; nobody can hold them in the cluster.
CREATE ROLE inventory_test_nobody;
CREATE ROLE inventory_test_reader;
CREATE ROLE inventory_test_operator;
CREATE ROLE inventory_test_planner;
CREATE ROLE inventory_test_admin;
CREATE ROLE inventory_test_mixed;
CREATE ROLE inventory_test_writer;
CREATE ROLE inventory_test_mallory;
INSERT INTO inventory.supplier (name) VALUES ('Acme');
ALTER TABLE inventory.product ALTER product_id RESTART 1000;
ALTER TABLE inventory.warehouse ALTER warehouse_id RESTART 1000;
SELECT inventory.receive_stock(1, 1, 100), inventory.receive_stock(2, 1, 100);
SELECT reservation_id AS r1 FROM inventory.reserve_stock(1, 1, 10, 'order-1') \gset
SELECT inventory.grant_access('inventory_test_reader', 'reader'), inventory.grant_access('inventory_test_operator', 'operator'),
    inventory.grant_access('inventory_test_planner', 'planner'), inventory.grant_access('inventory_test_admin', 'admin');

\ir include/calls.psql
GRANT SELECT ON call TO PUBLIC;
SELECT is_empty($$
    SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'inventory'::regnamespace AND p.prorettype <> 'trigger'::regtype
    AND NOT EXISTS (SELECT FROM call c WHERE c.statement ~ ('inventory\.' || p.proname || '\('))
    -- These need a transaction or an extension of their own.
    AND p.proname NOT IN ('worker_start', 'schedule_with_pg_cron')
$$, 'every function of the extension is called below');

-- Runs each call as a role: it works where the role's levels give it, and raises
-- 42501 where they do not.
CREATE FUNCTION pg_temp.check_rights(role text, levels text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    c record;
BEGIN
    FOR c IN SELECT * FROM call ORDER BY access, statement LOOP
        EXECUTE format('SET LOCAL ROLE %I', role);
        IF c.access = ANY (levels) THEN
            RETURN NEXT lives_ok(c.statement, format('%s may: %s', role, left(c.statement, 80)));
        ELSE
            RETURN NEXT throws_ok(c.statement, '42501', NULL, format('%s may not: %s', role, left(c.statement, 80)));
        END IF;
        RESET ROLE;
    END LOOP;
END
$$;
SELECT pg_temp.check_rights('inventory_test_nobody', '{}');
SELECT pg_temp.check_rights('inventory_test_reader', '{reader}');
SELECT pg_temp.check_rights('inventory_test_operator', '{reader,operator}');
SELECT pg_temp.check_rights('inventory_test_planner', '{reader,planner}');
SELECT pg_temp.check_rights('inventory_test_admin', '{reader,operator,planner,admin}');
SELECT pg_temp.healthy('rights');

SET LOCAL ROLE inventory_test_nobody;
SELECT throws_ok('SELECT inventory.verify_ledger()', '42501', 'permission denied for schema inventory', 'PUBLIC does not even see the schema');
SET LOCAL ROLE inventory_test_reader;
SELECT throws_ok('SELECT inventory.receive_stock(1, 1, 1)', '42501', 'permission denied for function receive_stock', 'a reader is told what he may not call');
SELECT throws_ok('UPDATE inventory.inventory_item SET quantity_on_hand = 1', '42501', 'permission denied for table inventory_item', 'and not write');
SET LOCAL ROLE inventory_test_operator;
SELECT throws_ok('UPDATE inventory.inventory_item SET quantity_on_hand = 1', '42501', 'permission denied for table inventory_item', 'an operator goes through the functions');
RESET ROLE;

-- Trigger functions cannot be attached by others.
GRANT CREATE ON SCHEMA public TO inventory_test_admin;
SET LOCAL ROLE inventory_test_admin;
CREATE TABLE public.inventory_test_trap (LIKE inventory.inventory_item);
SELECT throws_ok('CREATE TRIGGER t AFTER UPDATE ON public.inventory_test_trap REFERENCING OLD TABLE AS o NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION inventory.item_ledger()', '42501', 'permission denied for function inventory.item_ledger', 'the ledger trigger cannot be put on another table');
RESET ROLE;

-- grant_access and revoke_access

SELECT throws_ok($$SELECT inventory.grant_access('inventory_test_mixed', 'owner')$$, '22023', 'unknown access level ''owner''', 'grant an unknown level');
SELECT throws_ok($$SELECT inventory.grant_access('inventory_test_mixed', 'Reader')$$, '22023', 'unknown access level ''Reader''', 'grant in capitals');
SELECT throws_ok($$SELECT inventory.grant_access('inventory_test_mixed', NULL)$$, '22023', 'unknown access level NULL', 'grant NULL');
SELECT throws_ok($$SELECT inventory.grant_access(NULL, 'reader')$$, '22023', 'role must name a role', 'grant to NULL');
SELECT throws_ok($$SELECT inventory.grant_access('-', 'reader')$$, '22023', 'role must name a role', 'grant to no role');
SELECT throws_ok($$SELECT inventory.grant_access('inventory_test_unknown', 'reader')$$, '42704', 'role "inventory_test_unknown" does not exist', 'grant to an unknown role');
SELECT throws_ok($$SELECT inventory.revoke_access('inventory_test_mixed', 'owner')$$, '22023', 'unknown access level ''owner''', 'revoke an unknown level');
SELECT throws_ok($$SELECT inventory.revoke_access('inventory_test_mixed', NULL)$$, '22023', 'unknown access level NULL', 'revoke NULL');
SELECT throws_ok($$SELECT inventory.revoke_access(NULL, 'reader')$$, '22023', 'role must name a role', 'revoke from NULL');
SELECT throws_ok(format($$SELECT inventory.grant_access('inventory_test_mixed', %L)$$, repeat('x', 1000000)), '22023', format('unknown access level ''%s''', repeat('x', 60)), 'grant a level of 1 MB');

-- Every right that a role has in the schema
CREATE FUNCTION pg_temp.rights(role name) RETURNS bigint LANGUAGE sql AS $$
    SELECT (SELECT count(*) FROM pg_class c, aclexplode(c.relacl) a WHERE c.relnamespace = 'inventory'::regnamespace AND a.grantee = quote_ident(role)::regrole)
        + (SELECT count(*) FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid, aclexplode(t.attacl) a WHERE c.relnamespace = 'inventory'::regnamespace AND a.grantee = quote_ident(role)::regrole)
        + (SELECT count(*) FROM pg_proc p, aclexplode(p.proacl) a WHERE p.pronamespace = 'inventory'::regnamespace AND a.grantee = quote_ident(role)::regrole)
        + (SELECT count(*) FROM pg_namespace n, aclexplode(n.nspacl) a WHERE n.nspname = 'inventory' AND a.grantee = quote_ident(role)::regrole)
$$;
SELECT is(pg_temp.rights('inventory_test_mixed'), 0::bigint, 'nothing to begin with');
SELECT lives_ok($$SELECT inventory.revoke_access('inventory_test_mixed', 'admin')$$, 'revoking what was not granted');
SELECT inventory.grant_access('inventory_test_mixed', 'reader');
SELECT pg_temp.rights('inventory_test_mixed') AS reading \gset
SELECT cmp_ok(:reading::bigint, '>', 20::bigint, 'a reader has rights');
SELECT inventory.grant_access('inventory_test_mixed', 'reader');
SELECT is(pg_temp.rights('inventory_test_mixed'), :reading::bigint, 'granting twice is granting once');
SELECT inventory.grant_access('inventory_test_mixed', 'operator'), inventory.grant_access('inventory_test_mixed', 'planner');
SELECT set_eq($$SELECT unnest(inventory.access_held('inventory_test_mixed'))$$, ARRAY['operator', 'planner'], 'two levels at once');
SELECT throws_ok($$SELECT inventory.revoke_access('inventory_test_mixed', 'reader')$$, 'IV002', 'role inventory_test_mixed has operator access, which includes reader', 'reading belongs to a higher level');
SELECT is(pg_temp.detail_of($$SELECT inventory.revoke_access('inventory_test_mixed', 'reader')$$), 'The role holds: operator, planner.', 'the error names what the role holds');
SELECT inventory.revoke_access('inventory_test_mixed', 'planner');
SELECT pg_temp.check_rights('inventory_test_mixed', '{reader,operator}');
SELECT inventory.revoke_access('inventory_test_mixed', 'operator');
SELECT is(pg_temp.rights('inventory_test_mixed'), 0::bigint, 'the last level takes the reading along');
SELECT inventory.grant_access('inventory_test_mixed', 'admin');
SELECT throws_ok($$SELECT inventory.revoke_access('inventory_test_mixed', 'operator')$$, 'IV002', 'role inventory_test_mixed has admin access, which includes operator', 'an admin is not made less by one level');
SELECT throws_ok($$SELECT inventory.revoke_access('inventory_test_mixed', 'planner')$$, 'IV002', 'role inventory_test_mixed has admin access, which includes planner', 'nor by another');
SELECT inventory.revoke_access('inventory_test_mixed', 'admin');
SELECT is(pg_temp.rights('inventory_test_mixed'), 0::bigint, 'an admin no more');
CREATE ROLE "inventory_test; DROP";
SELECT inventory.grant_access('"inventory_test; DROP"', 'operator');
SELECT is(pg_temp.rights('inventory_test; DROP') > :reading, true, 'a role whose name needs quotes');
SELECT inventory.revoke_access('"inventory_test; DROP"', 'operator');
SELECT is(pg_temp.rights('inventory_test; DROP'), 0::bigint, 'revoked from it as well');
SET LOCAL ROLE inventory_test_admin;
SELECT lives_ok($$SELECT inventory.grant_access('inventory_test_mixed', 'operator')$$, 'an admin grants');
SELECT lives_ok($$SELECT inventory.revoke_access('inventory_test_mixed', 'operator')$$, 'and revokes');
RESET ROLE;
SELECT is(pg_temp.rights('inventory_test_mixed'), 0::bigint, 'what the owner granted as well');

-- Who did it

SELECT inventory.receive_stock(3, 1, 5);
SET LOCAL ROLE inventory_test_operator;
SELECT inventory.receive_stock(3, 1, 5);
SET LOCAL inventory.performed_by = 'anna';
SELECT inventory.receive_stock(3, 1, 5);
SET LOCAL inventory.performed_by = '';
SET LOCAL ROLE inventory_test_admin;
UPDATE inventory.inventory_item SET quantity_on_hand = 20 WHERE product_id = 3;
SET LOCAL inventory.performed_by = 'bert';
UPDATE inventory.inventory_item SET quantity_on_hand = 25 WHERE product_id = 3;
SET LOCAL inventory.performed_by = '';
RESET ROLE;
SELECT is((SELECT string_agg(replace(performed_by, session_user, 'me') || '/' || replace(session_role, session_user, 'me'), ' ' ORDER BY version) FROM inventory.stock_movement WHERE product_id = 3),
    'me/me me/me anna/me me/me bert/me', 'performed_by and session_role');
SET LOCAL SESSION AUTHORIZATION inventory_test_operator;
SELECT inventory.receive_stock(3, 1, 1);
SET LOCAL inventory.performed_by = 'postgres';
SELECT inventory.receive_stock(3, 1, 1);
SET LOCAL inventory.performed_by = '';
SELECT is(current_user::text || session_user::text, 'inventory_test_operatorinventory_test_operator', 'a function leaves the caller who he was');
SELECT throws_ok('SELECT inventory.receive_stock(3, 1, 0)', '22023', 'quantity must be positive', 'so does one that fails early');
SELECT throws_ok('SELECT inventory.receive_stock(99, 1, 1)', 'IV003', 'product 99 does not exist', 'so does one that fails late');
SELECT is(current_user::text, 'inventory_test_operator', 'still who he was');
SELECT throws_ok('DELETE FROM inventory.reservation', '42501', 'permission denied for table reservation', 'with no more rights than before');
RESET SESSION AUTHORIZATION;
SELECT is((SELECT string_agg(performed_by || '/' || session_role, ' ' ORDER BY version) FROM inventory.stock_movement WHERE product_id = 3 AND version > 5),
    'inventory_test_operator/inventory_test_operator postgres/inventory_test_operator', 'session_role is the role that logged in, whatever performed_by says');

-- A role that may write the table, by a plain grant, and nothing else

GRANT USAGE ON SCHEMA inventory TO inventory_test_writer;
GRANT SELECT, UPDATE, INSERT ON inventory.inventory_item TO inventory_test_writer;
SELECT inventory.receive_stock(4, 1, 5);
SET LOCAL ROLE inventory_test_writer;
UPDATE inventory.inventory_item SET quantity_on_hand = 4 WHERE product_id = 4;
INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand) VALUES (4, 2, 8);
INSERT INTO inventory.inventory_item AS i (product_id, warehouse_id, quantity_on_hand) VALUES (4, 2, 1), (5, 1, 1) ON CONFLICT (product_id, warehouse_id) DO UPDATE SET quantity_on_hand = i.quantity_on_hand + 1;
SET LOCAL inventory.root_cause = 'FOUND';
UPDATE inventory.inventory_item SET quantity_on_hand = 5 WHERE product_id = 4 AND warehouse_id = 1;
SET LOCAL inventory.root_cause = '';
SELECT throws_ok('SELECT * FROM inventory.stock_movement', '42501', 'permission denied for table stock_movement', 'the writer may not read the ledger');
SELECT throws_ok('UPDATE inventory.inventory_item SET quantity_reserved = 1', 'IV002', 'quantity_reserved follows from the reservations and cannot be set', 'nor set what is reserved');
SELECT throws_ok('UPDATE inventory.inventory_item SET version = 0', 'IV004', 'version, last_movement_at, last_movement_id and last_hash follow from the ledger and cannot be set', 'nor the version');
RESET ROLE;
SELECT is(concat_ws(' | ', pg_temp.ledger(4, 1), pg_temp.ledger(4, 2), pg_temp.ledger(5, 1)),
    '1 PURCHASE 5>5, 2 ADJUSTMENT -1>4, 3 ADJUSTMENT 1>5 | 1 ADJUSTMENT 8>8, 2 ADJUSTMENT 1>9 | 1 ADJUSTMENT 1>1', 'but leaves his movements there');
SELECT pg_temp.healthy('a plain grant');

-- A hostile search_path: everything in it raises or lies.

CREATE SCHEMA inventory_test_evil AUTHORIZATION inventory_test_mallory;
SELECT inventory.grant_access('inventory_test_mallory', 'admin');
SELECT inventory.receive_stock(6, 1, 100);
SELECT reservation_id AS r6 FROM inventory.reserve_stock(6, 1, 10, 'victim') \gset
UPDATE inventory.reservation SET expires_at = now() - interval '1 min' WHERE reservation_id = :r6;
SELECT inventory.receive_stock(9, 1, 10);
INSERT INTO inventory.purchase_order (po_id, supplier_id, warehouse_id) VALUES (0, 1, 1);
INSERT INTO inventory.purchase_order_line (po_id, line_no, product_id, quantity) VALUES (0, 1, 1, 10);
SET LOCAL ROLE inventory_test_mallory;
SET LOCAL check_function_bodies = off;
DO $$
DECLARE
    f record;
BEGIN
    -- A function of the same name and arguments for each that the extension could
    -- call by its bare name.
    FOR f IN
        SELECT p.proname, oidvectortypes(p.proargtypes) AS arguments, format_type(p.prorettype, NULL) AS result
        FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f' AND NOT p.proretset
        AND p.proname IN ('nextval', 'clock_timestamp', 'now', 'format', 'lag', 'lead', 'quote_literal', 'left', 'array_to_string', 'jsonb_build_object', 'int8eq', 'int8mi', 'aclexplode', 'regclass', 'text', 'int8', 'timestamptz', 'timezone', 'make_interval', 'date', 'float8', 'numeric', 'int4', 'abs', 'date_trunc', 'quote_ident')
        AND NOT 'anyelement'::regtype = ANY (p.proargtypes) AND NOT '"any"'::regtype = ANY (p.proargtypes)
        AND p.prorettype NOT IN ('internal'::regtype, 'cstring'::regtype)
    LOOP
        EXECUTE format('CREATE FUNCTION inventory_test_evil.%I(%s) RETURNS %s LANGUAGE plpgsql AS %L', f.proname, f.arguments, f.result, 'BEGIN RAISE EXCEPTION ''hostile function called''; END');
    END LOOP;
END
$$;
CREATE FUNCTION inventory_test_evil.unnest(bigint[]) RETURNS SETOF bigint LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'hostile function called'; END$$;
CREATE FUNCTION inventory_test_evil.add(bigint, bigint) RETURNS bigint LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'hostile function called'; END$$;
CREATE AGGREGATE inventory_test_evil.sum(bigint) (SFUNC = inventory_test_evil.add, STYPE = bigint);
CREATE FUNCTION inventory_test_evil.bad(bigint, bigint) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'hostile function called'; END$$;
CREATE FUNCTION inventory_test_evil.bad(text, text) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'hostile function called'; END$$;
CREATE FUNCTION inventory_test_evil.bad(timestamptz, timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'hostile function called'; END$$;
CREATE FUNCTION inventory_test_evil.bad(numeric, numeric) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'hostile function called'; END$$;
CREATE FUNCTION inventory_test_evil.bad(date, date) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'hostile function called'; END$$;
CREATE FUNCTION inventory_test_evil.bad(integer, integer) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'hostile function called'; END$$;
CREATE FUNCTION inventory_test_evil.bad(double precision, double precision) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'hostile function called'; END$$;
DO $$
DECLARE
    type text;
BEGIN
    FOREACH type IN ARRAY ARRAY['reservation_status', 'reference_type', 'movement_type', 'purchase_order_status', 'transfer_status'] LOOP
        EXECUTE format('CREATE FUNCTION inventory_test_evil.bad(inventory.%I, inventory.%1$I) RETURNS boolean LANGUAGE plpgsql AS %L', type, 'BEGIN RAISE EXCEPTION ''hostile function called''; END');
    END LOOP;
END
$$;
CREATE FUNCTION inventory_test_evil.later(date, integer) RETURNS date LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'hostile function called'; END$$;
CREATE OPERATOR inventory_test_evil.+ (LEFTARG = date, RIGHTARG = integer, FUNCTION = inventory_test_evil.later);
CREATE OPERATOR inventory_test_evil.- (LEFTARG = date, RIGHTARG = integer, FUNCTION = inventory_test_evil.later);
CREATE OPERATOR inventory_test_evil.- (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = inventory_test_evil.add);
CREATE OPERATOR inventory_test_evil.+ (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = inventory_test_evil.add);
DO $$
DECLARE
    type text;
    operator text;
BEGIN
    FOREACH type IN ARRAY ARRAY['bigint', 'text', 'timestamptz', 'numeric', 'date', 'integer', 'double precision',
        'inventory.reservation_status', 'inventory.reference_type', 'inventory.movement_type', 'inventory.purchase_order_status', 'inventory.transfer_status'] LOOP
        FOREACH operator IN ARRAY ARRAY['=', '<>', '<', '<=', '>', '>='] LOOP
            EXECUTE format('CREATE OPERATOR inventory_test_evil.%s (LEFTARG = %s, RIGHTARG = %2$s, FUNCTION = inventory_test_evil.bad)', operator, type);
        END LOOP;
    END LOOP;
END
$$;
CREATE TYPE inventory_test_evil.movement_type AS ENUM ('STOLEN');
CREATE TYPE inventory_test_evil.reservation_status AS ENUM ('STOLEN');
CREATE TYPE inventory_test_evil.reference_type AS ENUM ('STOLEN');
CREATE TYPE inventory_test_evil.purchase_order_status AS ENUM ('STOLEN');
CREATE TYPE inventory_test_evil.transfer_status AS ENUM ('STOLEN');
CREATE DOMAIN inventory_test_evil.int8 AS pg_catalog.int8 CHECK (false);
CREATE DOMAIN inventory_test_evil.text AS pg_catalog.text CHECK (false);
CREATE DOMAIN inventory_test_evil.regclass AS pg_catalog.int8 CHECK (false);
CREATE DOMAIN inventory_test_evil.timestamptz AS pg_catalog.timestamptz CHECK (false);
CREATE TABLE inventory_test_evil.inventory_item (LIKE inventory.inventory_item INCLUDING DEFAULTS);
CREATE TABLE inventory_test_evil.stock_movement (LIKE inventory.stock_movement INCLUDING DEFAULTS);
CREATE TABLE inventory_test_evil.reservation (LIKE inventory.reservation INCLUDING DEFAULTS);
CREATE TABLE inventory_test_evil.product (LIKE inventory.product INCLUDING DEFAULTS);
CREATE TABLE inventory_test_evil.warehouse (LIKE inventory.warehouse INCLUDING DEFAULTS);
CREATE TABLE inventory_test_evil.root_cause (LIKE inventory.root_cause INCLUDING DEFAULTS);
CREATE TABLE inventory_test_evil.idempotency_key (LIKE inventory.idempotency_key INCLUDING DEFAULTS);
CREATE TABLE inventory_test_evil.supplier (LIKE inventory.supplier INCLUDING DEFAULTS);
CREATE TABLE inventory_test_evil.product_supplier (LIKE inventory.product_supplier INCLUDING DEFAULTS);
CREATE TABLE inventory_test_evil.purchase_order (LIKE inventory.purchase_order INCLUDING DEFAULTS);
CREATE TABLE inventory_test_evil.purchase_order_line (LIKE inventory.purchase_order_line INCLUDING DEFAULTS);
CREATE TABLE inventory_test_evil.purchase_receipt (LIKE inventory.purchase_receipt INCLUDING DEFAULTS);
CREATE TABLE inventory_test_evil.transfer_order (LIKE inventory.transfer_order INCLUDING DEFAULTS);
CREATE TABLE inventory_test_evil.transfer_order_line (LIKE inventory.transfer_order_line INCLUDING DEFAULTS);
CREATE TABLE inventory_test_evil.cycle_count (LIKE inventory.cycle_count INCLUDING DEFAULTS);
CREATE TABLE inventory_test_evil.pg_class (oid oid);
CREATE TABLE inventory_test_evil.pg_proc (oid oid);
CREATE TEMP TABLE inventory_item (LIKE inventory.inventory_item INCLUDING DEFAULTS);
CREATE TEMP TABLE stock_movement (LIKE inventory.stock_movement INCLUDING DEFAULTS);
CREATE TEMP TABLE reservation (LIKE inventory.reservation INCLUDING DEFAULTS);
CREATE TEMP TABLE idempotency_key (LIKE inventory.idempotency_key INCLUDING DEFAULTS);
CREATE TEMP TABLE cycle_count (LIKE inventory.cycle_count INCLUDING DEFAULTS);
CREATE TEMP TABLE transfer_order (LIKE inventory.transfer_order INCLUDING DEFAULTS);
CREATE TYPE pg_temp.movement_type AS ENUM ('STOLEN');

-- Runs a statement with the hostile schemas in front of pg_catalog.
CREATE FUNCTION pg_temp.hostile(statement pg_catalog.text) RETURNS pg_catalog.text LANGUAGE plpgsql SET search_path = inventory_test_evil, pg_temp, pg_catalog AS $$
DECLARE
    result pg_catalog.varchar;
BEGIN
    EXECUTE statement INTO result;
    RETURN result;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLERRM;
END
$$;
SELECT is(pg_temp.hostile('SELECT 1::pg_catalog.int8 = 1::pg_catalog.int8'), 'hostile function called', 'the hostile operators are in force');
SELECT is(pg_temp.hostile('SELECT clock_timestamp()'), 'hostile function called', 'so are the functions');
SELECT is(pg_temp.hostile('SELECT count(*) FROM inventory_item'), '0', 'and the tables');
SELECT is(pg_temp.hostile('SELECT m.on_hand_after FROM inventory.receive_stock(6, 1, 5) m'), '105', 'receive_stock');
SELECT is(pg_temp.hostile('SELECT m.on_hand_after FROM inventory.receive_stock(7, 1, 5) m'), '5', 'receive_stock, first receipt');
SELECT is(pg_temp.hostile('SELECT m.on_hand_after FROM inventory.return_stock(6, 1, 5) m'), '110', 'return_stock');
SELECT is(pg_temp.hostile($$SELECT m.on_hand_after FROM inventory.adjust_stock(6, 1, -10, 'DAMAGE') m$$), '100', 'adjust_stock');
SELECT is(pg_temp.hostile($$SELECT r.quantity FROM inventory.reserve_stock(6, 1, 95, 'o') r$$), '95', 'reserve_stock that frees an expired one');
RESET ROLE;
SELECT is((SELECT close_reason FROM inventory.reservation WHERE reservation_id = :r6), 'EXPIRED', 'freed it');
SET LOCAL ROLE inventory_test_mallory;
SELECT is(pg_temp.hostile($$SELECT r.quantity FROM inventory.reserve_stock(6, 1, 3, 'o', idempotency_key => 'evil') r$$), '3', 'reserve_stock with a key');
SELECT is(pg_temp.hostile($$SELECT r.quantity FROM inventory.reserve_stock(6, 1, 3, 'o', idempotency_key => 'evil') r$$), '3', 'and again');
SELECT is(pg_temp.hostile($$SELECT r.quantity FROM inventory.reserve_stock(6, 1, 4, 'o', idempotency_key => 'evil') r$$), 'idempotency key "evil" was used with other arguments', 'and with other arguments');
SELECT is(pg_temp.hostile($$SELECT r.quantity FROM inventory.reserve_stock(99, 1, 4, 'o') r$$), 'product 99 does not exist', 'an unknown product');
SELECT reservation_id AS r7 FROM inventory.reservation WHERE reference_id = 'o' AND quantity = 3 \gset
SELECT is(pg_temp.hostile(format('SELECT r.quantity_fulfilled FROM inventory.fulfill_reservation(%s, 1) r', :r7)), '1', 'fulfill_reservation');
SELECT is(pg_temp.hostile(format('SELECT r.quantity FROM inventory.extend_reservation(%s, 60) r', :r7)), '3', 'extend_reservation');
SELECT is(pg_temp.hostile(format('SELECT r.status FROM inventory.cancel_reservation(%s) r', :r7)), 'CANCELLED', 'cancel_reservation');
RESET ROLE;
UPDATE inventory.reservation SET expires_at = now() - interval '1 min' WHERE quantity = 95;
SET LOCAL ROLE inventory_test_mallory;
SELECT is(pg_temp.hostile('SELECT inventory.expire_reservations()'), '1', 'expire_reservations');
SELECT is(pg_temp.hostile('INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand) VALUES (8, 1, 8) RETURNING quantity_available'), '8', 'a direct INSERT');
SELECT set_config('inventory.root_cause', 'FOUND', true);
SELECT is(pg_temp.hostile('UPDATE inventory.inventory_item SET quantity_on_hand = 9 WHERE product_id OPERATOR(pg_catalog.=) 8 RETURNING version'), '2', 'a direct UPDATE');
SELECT set_config('inventory.root_cause', '', true);
SELECT is(pg_temp.hostile('SELECT inventory.line_items(po) FROM inventory.purchase_order po WHERE po.po_id OPERATOR(pg_catalog.=) 0'), '[{"qty": 10, "unit_cost": null, "product_id": 1}]', 'line_items');
SELECT is(pg_temp.hostile($$SELECT r.quantity FROM inventory.reserve_order('evil order', '[{"product_id": 9, "quantity": 6}, {"product_id": 9, "warehouse_id": 1, "quantity": 5}]', idempotency_key => 'evil order') r$$), '5', 'reserve_order, a line that is sourced and one that is named');
SELECT is(pg_temp.hostile($$SELECT r.quantity FROM inventory.reserve_order('evil order', '[{"product_id": 9, "quantity": 6}, {"product_id": 9, "warehouse_id": 1, "quantity": 5}]', idempotency_key => 'evil order') r$$), '5', 'and again');
SELECT is(pg_temp.hostile($$SELECT r.quantity FROM inventory.reserve_order('evil order', '[{"product_id": 9, "quantity": 99}]') r$$), 'insufficient stock of product 9 in all warehouses together', 'and more than there is');
SELECT is(pg_temp.hostile($$SELECT r.status FROM inventory.fulfill_order('evil order') r$$), 'FULFILLED', 'fulfill_order');
SELECT is(pg_temp.hostile($$SELECT r.status FROM inventory.fulfill_order('evil order') r$$), 'order ''evil order'' has no active reservation', 'and again');
SELECT is(pg_temp.hostile($$SELECT r.quantity FROM inventory.reserve_order('evil order 2', '[{"product_id": 9, "quantity": 1}]') r$$), '1', 'another order');
SELECT is(pg_temp.hostile($$SELECT r.status FROM inventory.cancel_order('evil order 2') r$$), 'CANCELLED', 'cancel_order');
SELECT is(pg_temp.hostile($$SELECT po.status FROM inventory.create_purchase_order(1, 1, '[{"product_id": 10, "qty": 10}, {"product_id": 11, "qty": 5, "unit_cost": 2}]') po$$), 'DRAFT', 'create_purchase_order');
SELECT max(po_id) AS po FROM inventory.purchase_order \gset
SELECT is(pg_temp.hostile(format('SELECT po.status FROM inventory.submit_purchase_order(%s) po', :po)), 'SUBMITTED', 'submit_purchase_order');
SELECT is(pg_temp.hostile(format('SELECT po.status FROM inventory.confirm_purchase_order(%s, %L) po', :po, '2030-01-01')), 'CONFIRMED', 'confirm_purchase_order');
SELECT is(pg_temp.hostile(format('SELECT po.status FROM inventory.receive_purchase_order(%s, %L) po', :po, '[{"product_id": 10, "qty": 4}]')), 'CONFIRMED', 'receive_purchase_order, a part');
SELECT is(pg_temp.hostile(format('SELECT po.status FROM inventory.receive_purchase_order(%s) po', :po)), 'RECEIVED', 'receive_purchase_order, the rest');
SELECT is(pg_temp.hostile('SELECT po.status FROM inventory.cancel_purchase_order(0) po'), 'CANCELLED', 'cancel_purchase_order');
SELECT is(pg_temp.hostile($$SELECT t.status FROM inventory.create_transfer(1, 2, '[{"product_id": 10, "qty": 4}]') t$$), 'PENDING', 'create_transfer');
SELECT max(transfer_id) AS transfer FROM inventory.transfer_order \gset
SELECT is(pg_temp.hostile(format('SELECT t.status FROM inventory.ship_transfer(%s) t', :transfer)), 'IN_TRANSIT', 'ship_transfer');
SELECT is(pg_temp.hostile(format('SELECT t.status FROM inventory.receive_transfer(%s, %L) t', :transfer, '[{"product_id": 10, "qty": 3}]')), 'IN_TRANSIT', 'receive_transfer');
SELECT is(pg_temp.hostile('SELECT quantity_in_transit FROM inventory.in_transit WHERE transfer_id OPERATOR(pg_catalog.=) ' || :transfer), '1', 'in_transit');
SELECT is(pg_temp.hostile(format('SELECT t.status FROM inventory.close_transfer(%s) t', :transfer)), 'RECEIVED', 'close_transfer');
SELECT is(pg_temp.hostile('SELECT t.status FROM inventory.transfer_stock(11, 1, 2, 2) t'), 'IN_TRANSIT', 'transfer_stock');
SELECT max(transfer_id) AS transfer FROM inventory.transfer_order \gset
SELECT is(pg_temp.hostile(format('SELECT t.status FROM inventory.cancel_transfer(%s) t', :transfer)), 'CANCELLED', 'cancel_transfer');
SELECT is(pg_temp.hostile($$SELECT inventory.plan_cycle_counts('2030-01-01') OPERATOR(pg_catalog.>) 0$$), 'true', 'plan_cycle_counts');
SELECT is(pg_temp.hostile('SELECT c.system_quantity FROM inventory.start_count(11, 1) c'), '5', 'start_count');
SELECT is(pg_temp.hostile('SELECT product_id FROM inventory.count_due WHERE product_id OPERATOR(pg_catalog.=) 11'), '11', 'count_due');
SELECT is(pg_temp.hostile($$SELECT r.quantity FROM inventory.reserve_stock(11, 1, 5, 'evil order 3') r$$), '5', 'all of it reserved');
SELECT is(pg_temp.hostile($$SELECT c.delta FROM inventory.record_count(11, 1, 3, 'THEFT') c$$), 'the count of product 11 in warehouse 1 leaves 3 where 5 are reserved', 'record_count that does not fit');
SELECT is(pg_temp.hostile($$SELECT c.delta FROM inventory.record_count(11, 1, 3, 'THEFT', 'cancel_newest') c$$), '-2', 'record_count that makes it fit');
SELECT is(pg_temp.hostile('SELECT count(*) FROM inventory.' || v), (SELECT (xpath('/row/c/text()', query_to_xml('SELECT count(*) AS c FROM inventory.' || v, false, true, '')))[1]::pg_catalog.text), v)
    FROM unnest(ARRAY['supplier_performance', 'count_accuracy', 'shrinkage']) v;
SELECT is(pg_temp.hostile('SELECT problem FROM inventory.verify_ledger()'), NULL, 'verify_ledger');
SELECT is(pg_temp.hostile('SELECT count(*) FROM inventory.stock_level'), (SELECT count(*)::pg_catalog.text FROM inventory.inventory_item), 'stock_level');
SELECT is(pg_temp.hostile('SELECT count(*) FROM inventory.low_stock'), (SELECT count(*)::pg_catalog.text FROM inventory.low_stock), 'low_stock');
SELECT is(pg_temp.hostile('SELECT count(*) FROM inventory.movement_history'), (SELECT count(*)::pg_catalog.text FROM inventory.stock_movement), 'movement_history');
SELECT is(pg_temp.hostile('SELECT count(*) FROM inventory.open_reservation'), (SELECT count(*)::pg_catalog.text FROM inventory.open_reservation), 'open_reservation');
SELECT is(pg_temp.hostile($$SELECT inventory.grant_access('inventory_test_mixed', 'operator')$$), '', 'grant_access');
SELECT is(pg_temp.hostile($$SELECT inventory.revoke_access('inventory_test_mixed', 'operator')$$), '', 'revoke_access');
RESET ROLE;
SELECT is(pg_temp.rights('inventory_test_mixed'), 0::bigint, 'granted and revoked');
SELECT is(pg_temp.ledger(6, 1), '1 PURCHASE 100>100, 2 PURCHASE 5>105, 3 RETURN 5>110, 4 ADJUSTMENT -10>100, 5 SALE -1>99', 'the real ledger has it all');
SELECT is(pg_temp.ledger(8, 1), '1 ADJUSTMENT 8>8, 2 ADJUSTMENT 1>9', 'the direct changes too');
SELECT is(concat_ws(' | ', pg_temp.ledger(10, 1), pg_temp.ledger(10, 2), pg_temp.ledger(11, 1)),
    '1 PURCHASE 4>4, 2 PURCHASE 6>10, 3 TRANSFER_OUT -4>6 | 1 TRANSFER_IN 3>3 | 1 PURCHASE 5>5, 2 TRANSFER_OUT -2>3, 3 TRANSFER_IN 2>5, 4 ADJUSTMENT -2>3', 'and those of the documents');
SELECT is((SELECT count(*) FROM (SELECT FROM inventory_test_evil.stock_movement UNION ALL SELECT FROM pg_temp.stock_movement UNION ALL SELECT FROM inventory_test_evil.reservation UNION ALL SELECT FROM pg_temp.reservation
    UNION ALL SELECT FROM pg_temp.inventory_item UNION ALL SELECT FROM inventory_test_evil.inventory_item UNION ALL SELECT FROM pg_temp.idempotency_key
    UNION ALL SELECT FROM inventory_test_evil.purchase_order UNION ALL SELECT FROM inventory_test_evil.purchase_order_line UNION ALL SELECT FROM inventory_test_evil.purchase_receipt UNION ALL SELECT FROM inventory_test_evil.transfer_order
    UNION ALL SELECT FROM inventory_test_evil.transfer_order_line UNION ALL SELECT FROM inventory_test_evil.cycle_count UNION ALL SELECT FROM pg_temp.cycle_count UNION ALL SELECT FROM pg_temp.transfer_order) x), 0::bigint, 'the hostile tables have nothing');
SELECT pg_temp.healthy('a hostile search_path');

SELECT * FROM finish();
ROLLBACK;
