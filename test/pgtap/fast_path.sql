-- The fast path: when it is taken, that nothing is lost by it, and for everything that
-- only the executor can do that it steps back, and comes again when that is gone.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION inventory;
SELECT plan(174);

\ir include/setup.psql

SELECT current_setting('inventory.fast_path') = 'on' AS is_on \gset
SELECT CASE WHEN :'is_on'::boolean THEN 'fast' ELSE 'statement' END AS expected \gset
SELECT set_config('test.expected', :'expected', true);

-- What it writes for one call carries one command id; statements have one each.
CREATE FUNCTION pg_temp.reserve_path() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    made inventory.reservation := inventory.reserve_stock(1, 1, 1, 'path');
BEGIN
    RETURN CASE (SELECT i.cmin FROM inventory.inventory_item i WHERE (i.product_id, i.warehouse_id) = (1, 1))
        WHEN (SELECT r.cmin FROM inventory.reservation r WHERE r.reservation_id = made.reservation_id)
        THEN 'fast' ELSE 'statement' END;
END
$$;
CREATE FUNCTION pg_temp.receive_path() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    made inventory.stock_movement := inventory.receive_stock(1, 1, 1);
BEGIN
    RETURN CASE (SELECT i.cmin FROM inventory.inventory_item i WHERE (i.product_id, i.warehouse_id) = (1, 1))
        WHEN (SELECT m.cmin FROM inventory.stock_movement m WHERE m.movement_id = made.movement_id)
        THEN 'fast' ELSE 'statement' END;
END
$$;

-- Five tests: which path a reserve and a receipt take after something was done to the
-- tables, that both work, and that the path is the old one when it is undone.
CREATE FUNCTION pg_temp.after(change text, reserve text, receive text, label text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    before text;
BEGIN
    IF current_setting('test.expected') = 'statement' THEN
        reserve := 'statement';
        receive := 'statement';
    END IF;
    BEGIN
        EXECUTE change;
        before := pg_temp.level(1, 1);
        RETURN NEXT is(pg_temp.reserve_path(), reserve, label || ': reserve');
        RETURN NEXT is(pg_temp.receive_path(), receive, label || ': receive');
        RETURN NEXT is(pg_temp.level(1, 1), (SELECT format('%s/%s/%s', split_part(before, '/', 1)::bigint + 1, split_part(before, '/', 2)::bigint + 1, split_part(before, '/', 3))), label || ': both count');
        RETURN NEXT pg_temp.healthy(label);
        RAISE EXCEPTION 'undo' USING ERRCODE = 'ZZ000';
    EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
        NULL;
    END;
    RETURN NEXT is(pg_temp.reserve_path() || ' ' || pg_temp.receive_path(), current_setting('test.expected') || ' ' || current_setting('test.expected'), label || ': and back');
END
$$;

SELECT inventory.receive_stock(1, 1, 1000);
SELECT is(pg_temp.reserve_path(), :'expected', 'reserve');
SELECT is(pg_temp.receive_path(), :'expected', 'receive');
SET LOCAL inventory.fast_path = off;
SELECT is(pg_temp.reserve_path() || ' ' || pg_temp.receive_path(), 'statement statement', 'it can be switched off');
SELECT set_config('inventory.fast_path', :'is_on', true);

-- What it returns is what it stored, and that is a whole row

SELECT inventory.receive_stock(2, 1, 10);
UPDATE inventory.inventory_item SET reorder_point = 5, attributes = '{"bin": "A1"}' WHERE product_id = 2;
CREATE TEMP TABLE kept AS SELECT inventory.reserve_stock(2, 1, 4, 'order') AS r;
SELECT is((SELECT r FROM kept), (SELECT r FROM inventory.reservation r WHERE reference_id = 'order'), 'reserve_stock returns what is stored');
UPDATE kept SET r = inventory.fulfill_reservation((r).reservation_id, 1);
SELECT is((SELECT r FROM kept), (SELECT r FROM inventory.reservation r WHERE reference_id = 'order'), 'so does fulfill_reservation');
UPDATE kept SET r = inventory.cancel_reservation((r).reservation_id, 'changed my mind');
SELECT is((SELECT r FROM kept), (SELECT r FROM inventory.reservation r WHERE reference_id = 'order'), 'and cancel_reservation');
CREATE TEMP TABLE moved AS SELECT inventory.return_stock(2, 1, 3, 'back') AS m;
SELECT is((SELECT m FROM moved), (SELECT m FROM inventory.stock_movement m WHERE reference_id = 'back'), 'and return_stock');
SELECT set_eq($$SELECT r::text FROM inventory.reserve_order('big', '[{"product_id": 2, "warehouse_id": 1, "quantity": 1}, {"product_id": 2, "quantity": 2}]') r$$,
    $$SELECT r::text FROM inventory.reservation r WHERE reference_id = 'big'$$, 'and reserve_order');
SELECT set_eq($$SELECT r::text FROM inventory.fulfill_order('big') r$$, $$SELECT r::text FROM inventory.reservation r WHERE reference_id = 'big'$$, 'and fulfill_order');
SELECT is((SELECT concat_ws(' ', quantity_on_hand, quantity_reserved, quantity_available, reorder_point, version, is_low, attributes) FROM inventory.inventory_item WHERE product_id = 2), '9 0 9 5 5 f {"bin": "A1"}', 'the other columns of the item are as they were');
SELECT pg_temp.healthy('a whole row');
DROP TABLE kept, moved;

-- Indexes: each entry where it belongs

SET LOCAL enable_seqscan = off;
SET LOCAL enable_bitmapscan = off;
SELECT inventory.reserve_stock(2, 1, 6, 'low');
SELECT results_eq('SELECT product_id FROM inventory.inventory_item WHERE is_low AND warehouse_id = 1', 'VALUES (2::bigint)', 'an item that became low is in the index of low ones');
SELECT inventory.cancel_order('low');
SELECT is_empty('SELECT FROM inventory.inventory_item WHERE is_low AND warehouse_id = 1', 'and is not any more');
SELECT inventory.reserve_stock(2, 1, 1, 'a'), inventory.reserve_stock(2, 1, 1, 'b');
SELECT results_eq($$SELECT reference_id FROM inventory.reservation WHERE product_id = 2 AND warehouse_id = 1 AND status = 'ACTIVE' ORDER BY expires_at$$, $$VALUES ('a'), ('b')$$, 'active ones by item');
SELECT is((SELECT count(*) FROM inventory.reservation WHERE status = 'ACTIVE' AND expires_at > now() AND reference_id = 'b'), 1::bigint, 'and by time');
SELECT inventory.fulfill_order('b');
SELECT results_eq($$SELECT reference_id FROM inventory.reservation WHERE product_id = 2 AND warehouse_id = 1 AND closed_at IS NOT NULL ORDER BY closed_at DESC LIMIT 1$$, $$VALUES ('b')$$, 'closed ones by item');
SELECT results_eq($$SELECT status::text FROM inventory.reservation WHERE reference_id = 'b'$$, $$VALUES ('FULFILLED')$$, 'by reference');
SELECT is((SELECT quantity FROM inventory.stock_movement WHERE product_id = 2 AND warehouse_id = 1 ORDER BY created_at DESC LIMIT 1), -1::bigint, 'movements by item');
RESET enable_seqscan;
RESET enable_bitmapscan;

-- An error on the way leaves nothing behind

SELECT last_value AS last_id FROM inventory.reservation_reservation_id_seq \gset
SELECT setval('inventory.reservation_reservation_id_seq', 1, false);
SELECT pg_temp.state() AS state_before \gset
SELECT throws_ok('SELECT inventory.reserve_stock(2, 1, 1, ''twice'')', '23505', 'duplicate key value violates unique constraint "reservation_pkey"', 'an id that is taken');
SELECT is(pg_temp.state(), :'state_before', 'changes nothing');
SELECT setval('inventory.reservation_reservation_id_seq', :last_id);
SELECT is(pg_temp.reserve_path(), :'expected', 'afterwards it goes on');

-- Constraints that call nothing but the server's functions are enforced on the way

ALTER TABLE inventory.inventory_item ADD CONSTRAINT small CHECK (quantity_on_hand < 5000);
SELECT throws_ok('SELECT inventory.receive_stock(1, 1, 5000)', '23514', 'new row for relation "inventory_item" violates check constraint "small"', 'a CHECK constraint of the item');
SELECT pg_temp.after('SELECT 1', 'fast', 'fast', 'a CHECK constraint that holds');
ALTER TABLE inventory.inventory_item DROP CONSTRAINT small;
UPDATE inventory.reservation SET close_reason = 'open' WHERE close_reason IS NULL;
ALTER TABLE inventory.reservation ADD CONSTRAINT few CHECK (quantity < 50 AND reference_id <> 'x'), ALTER close_reason SET NOT NULL, ALTER close_reason SET DEFAULT 'open';
SELECT is((SELECT r.close_reason FROM inventory.reserve_stock(1, 1, 1, 'o') r), 'open', 'a default that somebody set');
ALTER TABLE inventory.reservation ALTER close_reason DROP NOT NULL, ALTER close_reason DROP DEFAULT;
SELECT throws_ok('SELECT inventory.reserve_stock(1, 1, 50, ''o'')', '23514', 'new row for relation "reservation" violates check constraint "few"', 'a CHECK constraint of the reservation');
SELECT throws_ok('SELECT inventory.reserve_stock(1, 1, 1, ''x'')', '23514', 'new row for relation "reservation" violates check constraint "few"', 'on a text');
ALTER TABLE inventory.reservation DROP CONSTRAINT few;
ALTER TABLE inventory.reservation ADD CONSTRAINT reasoned CHECK (status = 'ACTIVE' OR close_reason IS NOT NULL) NOT VALID;
SELECT r.reservation_id AS unreasoned FROM inventory.reserve_stock(1, 1, 1, 'o') r \gset
SELECT throws_ok(format('SELECT inventory.cancel_reservation(%s)', :unreasoned), '23514', 'new row for relation "reservation" violates check constraint "reasoned"', 'on what an update leaves');
SELECT lives_ok(format('SELECT inventory.cancel_reservation(%s, %L)', :unreasoned, 'why not'), 'and it can be met');
ALTER TABLE inventory.reservation DROP CONSTRAINT reasoned;

-- What it steps back from

CREATE TABLE public.fired (what text);
CREATE FUNCTION public.note_firing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.fired VALUES (TG_TABLE_NAME || ' ' || TG_OP);
    RETURN NEW;
END
$$;
CREATE TYPE public.tag AS (v integer);
CREATE FUNCTION public.is_fine(bigint) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN true; END';

SELECT pg_temp.after('ALTER TABLE inventory.inventory_item ENABLE ROW LEVEL SECURITY', 'statement', 'statement', 'row security of items');
SELECT pg_temp.after('ALTER TABLE inventory.reservation ENABLE ROW LEVEL SECURITY', 'statement', 'fast', 'row security of reservations');
SELECT pg_temp.after('ALTER TABLE inventory.stock_movement ENABLE ROW LEVEL SECURITY', 'fast', 'statement', 'row security of the ledger');
SELECT pg_temp.after('CREATE TRIGGER t BEFORE UPDATE ON inventory.inventory_item FOR EACH ROW EXECUTE FUNCTION public.note_firing()', 'statement', 'statement', 'a trigger on items');
SELECT pg_temp.after('CREATE TRIGGER t AFTER INSERT ON inventory.reservation FOR EACH ROW EXECUTE FUNCTION public.note_firing()', 'statement', 'fast', 'a trigger on reservations');
SELECT pg_temp.after('CREATE TRIGGER t AFTER INSERT ON inventory.stock_movement FOR EACH ROW EXECUTE FUNCTION public.note_firing()', 'fast', 'statement', 'a row trigger on the ledger');
SELECT pg_temp.after('CREATE TRIGGER t AFTER INSERT ON inventory.stock_movement FOR EACH STATEMENT EXECUTE FUNCTION public.note_firing()', 'fast', 'statement', 'a statement trigger on the ledger');
SELECT pg_temp.after('CREATE RULE r AS ON INSERT TO inventory.reservation DO ALSO INSERT INTO public.fired VALUES (''rule'')', 'statement', 'fast', 'a rule');
SELECT pg_temp.after('ALTER TABLE inventory.reservation ADD COLUMN more text DEFAULT ''more''', 'statement', 'fast', 'a column more');
SELECT pg_temp.after('ALTER TABLE inventory.inventory_item ADD CHECK (public.is_fine(quantity_on_hand))', 'statement', 'statement', 'a constraint that calls somebody''s function');
SELECT pg_temp.after('ALTER TABLE inventory.reservation ADD tags public.tag[], ADD CHECK (tags <> ''{}''::public.tag[])', 'statement', 'fast', 'a constraint that compares what somebody may have written a comparison for');
SELECT pg_temp.after('ALTER TABLE inventory.reservation ADD bin text, ADD CHECK (bin IN (''a'', ''b'') AND quantity NOT IN (13, 17))', 'fast', 'fast', 'a constraint with lists');
SELECT pg_temp.after('ALTER TABLE inventory.inventory_item ADD CHECK (ROW(quantity_on_hand, 1) <> ROW(-1, 1))', 'fast', 'fast', 'a constraint that compares numbers');
SELECT pg_temp.after('ALTER TABLE inventory.reservation ADD tags public.tag[]; CREATE INDEX ON inventory.reservation (tags)', 'statement', 'fast', 'an index of such a type');
SELECT pg_temp.after('CREATE INDEX ON inventory.inventory_item ((quantity_on_hand + 1))', 'statement', 'statement', 'an index on an expression');
SELECT pg_temp.after('CREATE INDEX ON inventory.reservation (quantity) WHERE public.is_fine(quantity)', 'statement', 'fast', 'a partial index that calls somebody''s function');
SELECT pg_temp.after('CREATE INDEX ON inventory.reservation USING hash (reference_id)', 'statement', 'fast', 'an index of another kind');
SELECT pg_temp.after('CREATE TABLE public.child () INHERITS (inventory.reservation)', 'statement', 'fast', 'a table that inherits');
SELECT pg_temp.after('ALTER TABLE inventory.reservation ALTER closed_by SET DEFAULT ''me''', 'statement', 'fast', 'another default');
SELECT pg_temp.after('ALTER TABLE inventory.inventory_item DROP CONSTRAINT inventory_item_product_id_warehouse_id_key', 'statement', 'statement', 'no index on the key');
SELECT pg_temp.after((SELECT format('ALTER TABLE inventory.stock_movement DETACH PARTITION %1$s; INSERT INTO inventory.stock_movement SELECT * FROM %1$s', tableoid::regclass)
    FROM inventory.stock_movement LIMIT 1), 'fast', 'statement', 'no partition of the month');

-- And what it does not mind

SELECT pg_temp.after('ALTER TABLE inventory.inventory_item SET (fillfactor = 90)', 'fast', 'fast', 'another fillfactor');
SELECT pg_temp.after('ALTER TABLE inventory.reservation ADD COLUMN more text; ALTER TABLE inventory.inventory_item ADD COLUMN more text; ALTER TABLE inventory.stock_movement ADD COLUMN more text', 'fast', 'fast', 'a column that is left NULL');
SELECT pg_temp.after('ALTER TABLE inventory.reservation ADD COLUMN more text; ALTER TABLE inventory.reservation DROP COLUMN more; ALTER TABLE inventory.stock_movement ADD COLUMN more text; ALTER TABLE inventory.stock_movement DROP COLUMN more', 'fast', 'fast', 'a column that is gone');
SELECT pg_temp.after('CREATE DOMAIN public.filled AS text DEFAULT ''filled''; ALTER TABLE inventory.inventory_item ADD COLUMN more public.filled', 'statement', 'statement', 'a column of a domain');
SELECT pg_temp.after('CREATE INDEX ON inventory.reservation (created_at) WHERE quantity > 0', 'fast', 'fast', 'another index');
SELECT pg_temp.after('CREATE TRIGGER t BEFORE DELETE ON inventory.reservation FOR EACH ROW EXECUTE FUNCTION public.note_firing()', 'fast', 'fast', 'a trigger for what it does not do');
SELECT pg_temp.after('CREATE TABLE public.referring (item_id bigint REFERENCES inventory.inventory_item)', 'fast', 'fast', 'a foreign key to items');

-- What is returned is what is there in the end

SAVEPOINT late_trigger;
CREATE FUNCTION public.extend_all() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE inventory.reservation SET expires_at = expires_at + '1 day'::interval WHERE reference_id = NEW.reference_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER t AFTER INSERT ON inventory.stock_movement FOR EACH ROW EXECUTE FUNCTION public.extend_all();
SELECT FROM inventory.receive_stock(2, 1, 5);
SELECT count(inventory.reserve_stock(product, 1, 1, 'many')) AS made FROM (VALUES (1), (2)) v (product) \gset
CREATE TEMP TABLE returned AS SELECT * FROM inventory.fulfill_order('many');
SELECT results_eq('SELECT * FROM returned ORDER BY 1', $$SELECT * FROM inventory.reservation WHERE reference_id = 'many' ORDER BY 1$$, 'a trigger that changes what was written before is seen');
ROLLBACK TO late_trigger;

-- What others put on the tables is done

CREATE TRIGGER t BEFORE UPDATE ON inventory.inventory_item FOR EACH ROW EXECUTE FUNCTION public.note_firing();
CREATE TRIGGER t AFTER INSERT OR UPDATE ON inventory.reservation FOR EACH ROW EXECUTE FUNCTION public.note_firing();
CREATE TRIGGER t AFTER INSERT ON inventory.stock_movement FOR EACH ROW EXECUTE FUNCTION public.note_firing();
SELECT inventory.fulfill_reservation(r.reservation_id) FROM inventory.reserve_stock(1, 1, 1, 'fires') r;
SELECT is((SELECT string_agg(regexp_replace(what, '_\d+_\d+', ''), ', ') FROM public.fired), 'inventory_item UPDATE, reservation INSERT, inventory_item UPDATE, stock_movement INSERT, reservation UPDATE', 'every trigger fires');

SELECT * FROM finish();
ROLLBACK;
