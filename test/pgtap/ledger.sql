-- Every writer of inventory_item leaves one movement per change, and nobody
-- changes what follows from the ledger.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION inventory;
SELECT plan(231);

\ir include/setup.psql

-- Direct INSERT

INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand) VALUES (1, 1, 10);
SELECT is(pg_temp.ledger(1, 1), '1 ADJUSTMENT 10>10', 'INSERT with stock');
SELECT results_eq('SELECT reference_id, root_cause, performed_by, session_role, occurred_at = created_at FROM inventory.stock_movement',
    $$VALUES (NULL::text, NULL::text, session_user::text COLLATE "default", session_user::text COLLATE "default", true)$$, 'who did it, and nothing that was not said');
SELECT is((SELECT (i.version, i.last_movement_at) FROM inventory.inventory_item i), (SELECT (m.version, m.created_at) FROM inventory.stock_movement m), 'the item carries version and time of its movement');
INSERT INTO inventory.inventory_item (product_id, warehouse_id) VALUES (1, 2);
SELECT is(pg_temp.ledger(1, 2), NULL, 'INSERT without stock');
INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand) VALUES (2, 1, 20), (2, 2, 0), (3, 1, 30), (3, 2, 40);
SELECT is(concat_ws(' | ', pg_temp.ledger(2, 1), pg_temp.ledger(2, 2), pg_temp.ledger(3, 1), pg_temp.ledger(3, 2)),
    '1 ADJUSTMENT 20>20 | 1 ADJUSTMENT 30>30 | 1 ADJUSTMENT 40>40', 'INSERT of many rows');
INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand) SELECT p, 1, p * 10 FROM generate_series(4, 9) p;
SELECT is((SELECT count(*) FROM inventory.stock_movement WHERE product_id BETWEEN 4 AND 9), 6::bigint, 'INSERT ... SELECT');
COPY inventory.inventory_item (product_id, warehouse_id, quantity_on_hand) FROM STDIN;
10	1	100
10	2	0
11	1	110
\.
SELECT is(concat_ws(' | ', pg_temp.ledger(10, 1), pg_temp.ledger(10, 2), pg_temp.ledger(11, 1)), '1 ADJUSTMENT 100>100 | 1 ADJUSTMENT 110>110', 'COPY');
SELECT pg_temp.healthy('inserted');

-- A row that arrives with its version has its history: a dump is being loaded.

INSERT INTO inventory.stock_movement (movement_id, product_id, warehouse_id, movement_type, quantity, on_hand_after, version, performed_by, session_role, created_at, occurred_at, row_hash)
    VALUES (-12, 12, 1, 'PURCHASE', 7, 7, 1, 'x', 'x', '2024-01-01 00:00+00', '2024-01-01 00:00+00', '\xa6b209bab723835932ccc2222d38ad86f89f3589aeeb8f02560064d7a7538363');
INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand, version, last_movement_at, last_movement_id, last_hash)
    VALUES (12, 1, 7, 1, '2024-01-01 00:00+00', -12, '\xa6b209bab723835932ccc2222d38ad86f89f3589aeeb8f02560064d7a7538363');
SELECT is(pg_temp.ledger(12, 1), '1 PURCHASE 7>7', 'INSERT with a version writes no movement');
COPY inventory.inventory_item (product_id, warehouse_id, quantity_on_hand, version, last_movement_at, last_movement_id, last_hash) FROM STDIN;
13	1	5	1	2024-01-01 00:00+00	-13	\\x80cd64176651622edcc0d3371fff9e095e8e1b29e2a4b8ff884af4dc63956027
\.
COPY inventory.stock_movement (movement_id, product_id, warehouse_id, movement_type, quantity, on_hand_after, version, performed_by, session_role, created_at, occurred_at, row_hash) FROM STDIN;
-13	13	1	PURCHASE	5	5	1	x	x	2024-01-01 00:00+00	2024-01-01 00:00+00	\\x80cd64176651622edcc0d3371fff9e095e8e1b29e2a4b8ff884af4dc63956027
\.
SELECT is(pg_temp.ledger(13, 1), '1 PURCHASE 5>5', 'nor does COPY');
UPDATE inventory.inventory_item SET quantity_on_hand = 9 WHERE product_id = 12;
SELECT is(pg_temp.ledger(12, 1), '1 PURCHASE 7>7, 2 ADJUSTMENT 2>9', 'and its history goes on');
SELECT pg_temp.healthy('loaded');

-- Direct UPDATE

UPDATE inventory.inventory_item SET quantity_on_hand = 4 WHERE product_id = 1 AND warehouse_id = 1;
SELECT is(pg_temp.ledger(1, 1), '1 ADJUSTMENT 10>10, 2 ADJUSTMENT -6>4', 'UPDATE of one row');
UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand + 1 WHERE product_id IN (2, 3);
SELECT is(concat_ws(' | ', pg_temp.ledger(2, 1), pg_temp.ledger(2, 2), pg_temp.ledger(3, 1), pg_temp.ledger(3, 2)),
    '1 ADJUSTMENT 20>20, 2 ADJUSTMENT 1>21 | 1 ADJUSTMENT 1>1 | 1 ADJUSTMENT 30>30, 2 ADJUSTMENT 1>31 | 1 ADJUSTMENT 40>40, 2 ADJUSTMENT 1>41', 'UPDATE of many rows');
UPDATE inventory.inventory_item i SET quantity_on_hand = n.quantity FROM (VALUES (4, 41), (5, 50), (6, 59)) AS n(product_id, quantity) WHERE i.product_id = n.product_id;
SELECT is(concat_ws(' | ', pg_temp.ledger(4, 1), pg_temp.ledger(5, 1), pg_temp.ledger(6, 1)),
    '1 ADJUSTMENT 40>40, 2 ADJUSTMENT 1>41 | 1 ADJUSTMENT 50>50 | 1 ADJUSTMENT 60>60, 2 ADJUSTMENT -1>59', 'UPDATE ... FROM, one of its rows without a change');
SELECT pg_temp.state() AS before \gset
UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand;
SELECT is(pg_temp.state(), :'before', 'an UPDATE that changes nothing');
UPDATE inventory.inventory_item SET reorder_point = 5, reorder_quantity = 10, last_counted_at = now(), attributes = '{"bin": "A1"}' WHERE product_id = 1;
SELECT is(pg_temp.ledger(1, 1), '1 ADJUSTMENT 10>10, 2 ADJUSTMENT -6>4', 'an UPDATE of other columns');
UPDATE inventory.inventory_item SET quantity_on_hand = 5 WHERE product_id = 999;
SELECT pg_temp.healthy('updated');

INSERT INTO inventory.inventory_item AS i (product_id, warehouse_id, quantity_on_hand) VALUES (14, 1, 14), (1, 1, 1), (14, 2, 0)
    ON CONFLICT (product_id, warehouse_id) DO UPDATE SET quantity_on_hand = i.quantity_on_hand + EXCLUDED.quantity_on_hand;
SELECT is(concat_ws(' | ', pg_temp.ledger(14, 1), pg_temp.ledger(1, 1), pg_temp.ledger(14, 2)), '1 ADJUSTMENT 14>14 | 1 ADJUSTMENT 10>10, 2 ADJUSTMENT -6>4, 3 ADJUSTMENT 1>5', 'ON CONFLICT DO UPDATE');
INSERT INTO inventory.inventory_item AS i (product_id, warehouse_id, quantity_on_hand) VALUES (15, 1, 15), (1, 1, 100) ON CONFLICT DO NOTHING;
SELECT is(concat_ws(' | ', pg_temp.ledger(15, 1), pg_temp.ledger(1, 1)), '1 ADJUSTMENT 15>15 | 1 ADJUSTMENT 10>10, 2 ADJUSTMENT -6>4, 3 ADJUSTMENT 1>5', 'ON CONFLICT DO NOTHING');
MERGE INTO inventory.inventory_item i USING (VALUES (16::bigint, 16::bigint), (1, 2), (15, 0)) AS n(product_id, quantity) ON i.product_id = n.product_id AND i.warehouse_id = 1
    WHEN MATCHED THEN UPDATE SET quantity_on_hand = i.quantity_on_hand + n.quantity
    WHEN NOT MATCHED THEN INSERT (product_id, warehouse_id, quantity_on_hand) VALUES (n.product_id, 1, n.quantity);
SELECT is(concat_ws(' | ', pg_temp.ledger(16, 1), pg_temp.ledger(1, 1), pg_temp.ledger(15, 1)),
    '1 ADJUSTMENT 16>16 | 1 ADJUSTMENT 10>10, 2 ADJUSTMENT -6>4, 3 ADJUSTMENT 1>5, 4 ADJUSTMENT 2>7 | 1 ADJUSTMENT 15>15', 'MERGE');
WITH taken AS (
    UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand - 3 WHERE product_id = 4 AND warehouse_id = 1 RETURNING product_id
), given AS (
    UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand + 3 WHERE product_id = 5 AND warehouse_id = 1 RETURNING product_id
), made AS (
    INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand) VALUES (4, 2, 3), (5, 2, 0) RETURNING product_id
)
SELECT is((SELECT count(*) FROM (TABLE taken UNION ALL TABLE given UNION ALL TABLE made) t), 4::bigint, 'data-modifying CTEs');
SELECT is(concat_ws(' | ', pg_temp.ledger(4, 1), pg_temp.ledger(5, 1), pg_temp.ledger(4, 2), pg_temp.ledger(5, 2)),
    '1 ADJUSTMENT 40>40, 2 ADJUSTMENT 1>41, 3 ADJUSTMENT -3>38 | 1 ADJUSTMENT 50>50, 2 ADJUSTMENT 3>53 | 1 ADJUSTMENT 3>3', 'each of their changes moved');
WITH f AS (SELECT m.quantity FROM inventory.receive_stock(7, 1, 5) m), u AS (UPDATE inventory.inventory_item SET quantity_on_hand = 81 WHERE product_id = 8 RETURNING 1)
SELECT is((SELECT count(*) FROM f, u), 1::bigint, 'a function beside a CTE that writes');
SELECT is(concat_ws(' | ', pg_temp.ledger(7, 1), pg_temp.ledger(8, 1)), '1 ADJUSTMENT 70>70, 2 PURCHASE 5>75 | 1 ADJUSTMENT 80>80, 2 ADJUSTMENT 1>81', 'both moved');
SELECT pg_temp.healthy('upserted, merged, CTEs');

DO $$
BEGIN
    FOR i IN 1..50 LOOP
        UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand + i WHERE product_id = 9;
    END LOOP;
END
$$;
SELECT is((SELECT concat(quantity_on_hand, ' ', version) FROM inventory.inventory_item WHERE product_id = 9), '1365 51', 'an UPDATE in a loop');
SELECT results_eq('SELECT version, quantity FROM inventory.stock_movement WHERE product_id = 9 AND version > 1 ORDER BY version', 'SELECT i + 1::bigint, i FROM generate_series(1::bigint, 50) i', 'each turn moved');
DECLARE walk CURSOR FOR SELECT quantity_on_hand FROM inventory.inventory_item WHERE product_id = 16 FOR UPDATE;
FETCH walk;
UPDATE inventory.inventory_item SET quantity_on_hand = 17 WHERE CURRENT OF walk;
CLOSE walk;
SELECT is(pg_temp.ledger(16, 1), '1 ADJUSTMENT 16>16, 2 ADJUSTMENT 1>17', 'UPDATE ... WHERE CURRENT OF');

-- More than one batch of ledger rows

SAVEPOINT many;
INSERT INTO inventory.product (product_id, sku, name) SELECT i, 'MANY-' || i, 'Many' FROM generate_series(1001, 21500) i;
INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand) SELECT i, 1, i FROM generate_series(1001, 21500) i;
UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand - (product_id % 2) WHERE product_id > 1000;
SELECT is((SELECT concat(count(*), ' ', sum(quantity)) FROM inventory.stock_movement WHERE product_id > 1000), '30750 230625000', '20,500 items in one statement');
SELECT pg_temp.healthy('batches');
ROLLBACK TO many;

-- Savepoints

SELECT pg_temp.state() AS before \gset
SAVEPOINT s;
UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand + 1 WHERE product_id < 5;
SELECT inventory.receive_stock(1, 1, 5), inventory.receive_stock(20, 1, 5), inventory.reserve_stock(1, 1, 1, 'o', idempotency_key => 'k');
ROLLBACK TO s;
SELECT is(pg_temp.state(), :'before', 'a savepoint that is rolled back leaves nothing');
UPDATE inventory.inventory_item SET quantity_on_hand = 6 WHERE product_id = 1 AND warehouse_id = 1;
SAVEPOINT s;
UPDATE inventory.inventory_item SET quantity_on_hand = 5 WHERE product_id = 1 AND warehouse_id = 1;
ROLLBACK TO s;
SELECT inventory.receive_stock(1, 1, 1);
UPDATE inventory.inventory_item SET quantity_on_hand = 8 WHERE product_id = 1 AND warehouse_id = 1;
SELECT is(pg_temp.ledger(1, 1), '1 ADJUSTMENT 10>10, 2 ADJUSTMENT -6>4, 3 ADJUSTMENT 1>5, 4 ADJUSTMENT 2>7, 5 ADJUSTMENT -1>6, 6 PURCHASE 1>7, 7 ADJUSTMENT 1>8', 'and no gap, functions and direct changes mixed');
SELECT pg_temp.healthy('savepoints');

-- Versions and times

SELECT is_empty($$
    SELECT product_id, warehouse_id FROM inventory.stock_movement GROUP BY 1, 2
    HAVING min(version) <> 1 OR max(version) <> count(*) OR count(DISTINCT version) <> count(*)
$$, 'versions 1..n without gaps');
SELECT is_empty($$
    SELECT * FROM (SELECT m.*, lag(created_at) OVER (PARTITION BY product_id, warehouse_id ORDER BY version) AS previous FROM inventory.stock_movement m) x
    WHERE created_at <= previous
$$, 'created_at increases strictly, inside of one transaction too');
SELECT is_empty($$
    SELECT i.item_id FROM inventory.inventory_item i JOIN inventory.stock_movement m USING (product_id, warehouse_id)
    GROUP BY i.item_id HAVING i.version <> count(*) OR i.last_movement_at <> max(m.created_at) OR i.quantity_on_hand <> sum(m.quantity)
$$, 'an item has the number, the last time and the sum of its movements');

-- Triggers of users

CREATE FUNCTION pg_temp.follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Product 22 follows product 21.
    IF NEW.product_id = 21 THEN
        UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand + 1 WHERE product_id = 22 AND warehouse_id = 1;
    END IF;
    RETURN NEW;
END
$$;
SELECT inventory.receive_stock(21, 1, 50), inventory.receive_stock(22, 1, 50), inventory.receive_stock(23, 1, 50);
CREATE TRIGGER follow AFTER UPDATE ON inventory.inventory_item FOR EACH ROW EXECUTE FUNCTION pg_temp.follow();
UPDATE inventory.inventory_item SET quantity_on_hand = 40 WHERE product_id IN (21, 23);
SELECT is(concat_ws(' | ', pg_temp.ledger(21, 1), pg_temp.ledger(22, 1), pg_temp.ledger(23, 1)),
    '1 PURCHASE 50>50, 2 ADJUSTMENT -10>40 | 1 PURCHASE 50>50, 2 ADJUSTMENT 1>51 | 1 PURCHASE 50>50, 2 ADJUSTMENT -10>40', 'an AFTER ROW trigger that updates another item');
SELECT inventory.receive_stock(21, 1, 5);
SELECT is(concat_ws(' | ', pg_temp.ledger(21, 1), pg_temp.ledger(22, 1)),
    '1 PURCHASE 50>50, 2 ADJUSTMENT -10>40, 3 PURCHASE 5>45 | 1 PURCHASE 50>50, 2 ADJUSTMENT 1>51, 3 ADJUSTMENT 1>52', 'and that a function fires');
UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand + 10 WHERE product_id IN (21, 22);
SELECT is((SELECT concat(quantity_on_hand, ' ', version) FROM inventory.inventory_item WHERE product_id = 22), '63 5', 'and that meets an item of its own statement');
SELECT pg_temp.healthy('AFTER ROW trigger');
DROP TRIGGER follow ON inventory.inventory_item;

CREATE TRIGGER follow BEFORE UPDATE ON inventory.inventory_item FOR EACH ROW EXECUTE FUNCTION pg_temp.follow();
UPDATE inventory.inventory_item SET quantity_on_hand = 30 WHERE product_id IN (21, 23);
SELECT is(concat((SELECT concat(quantity_on_hand, ' ', version) FROM inventory.inventory_item WHERE product_id = 22), ' ', pg_temp.ledger(23, 1)),
    '64 6 1 PURCHASE 50>50, 2 ADJUSTMENT -10>40, 3 ADJUSTMENT -10>30', 'a BEFORE ROW trigger that updates another item');
SELECT inventory.receive_stock(21, 1, 5);
SELECT is((SELECT concat(quantity_on_hand, ' ', version) FROM inventory.inventory_item WHERE product_id = 22), '65 7', 'and that a function fires');
SELECT pg_temp.healthy('BEFORE ROW trigger');
DROP TRIGGER follow ON inventory.inventory_item;

CREATE TRIGGER follow AFTER INSERT ON inventory.inventory_item FOR EACH ROW EXECUTE FUNCTION pg_temp.follow();
INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand) VALUES (21, 2, 1), (23, 2, 1);
SELECT is(concat_ws(' | ', pg_temp.ledger(21, 2), pg_temp.ledger(23, 2), (SELECT version FROM inventory.inventory_item WHERE product_id = 22)), '1 ADJUSTMENT 1>1 | 1 ADJUSTMENT 1>1 | 8', 'a trigger of an INSERT that updates another item');
SELECT pg_temp.healthy('trigger of an INSERT');
DROP TRIGGER follow ON inventory.inventory_item;

CREATE FUNCTION pg_temp.round_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.quantity_on_hand := NEW.quantity_on_hand + NEW.quantity_on_hand % 2;
    RETURN NEW;
END
$$;
CREATE TRIGGER round_up BEFORE INSERT OR UPDATE ON inventory.inventory_item FOR EACH ROW EXECUTE FUNCTION pg_temp.round_up();
INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand) VALUES (24, 1, 5);
UPDATE inventory.inventory_item SET quantity_on_hand = 7 WHERE product_id = 24;
UPDATE inventory.inventory_item SET quantity_on_hand = 7 WHERE product_id = 24;
SELECT is(pg_temp.ledger(24, 1), '1 ADJUSTMENT 6>6, 2 ADJUSTMENT 2>8', 'what a BEFORE trigger makes of a level is what moves');
SELECT pg_temp.healthy('a trigger that changes the level');
DROP TRIGGER round_up ON inventory.inventory_item;

CREATE FUNCTION pg_temp.skip() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER skip BEFORE UPDATE ON inventory.inventory_item FOR EACH ROW EXECUTE FUNCTION pg_temp.skip();
SELECT pg_temp.state() AS before \gset
UPDATE inventory.inventory_item SET quantity_on_hand = 1000 WHERE product_id = 24;
SELECT is(pg_temp.state(), :'before', 'an UPDATE that a trigger skips does not move');
DROP TRIGGER skip ON inventory.inventory_item;

CREATE FUNCTION pg_temp.count_in() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand + 1 WHERE item_id = NEW.item_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER count_in AFTER INSERT ON inventory.inventory_item FOR EACH ROW EXECUTE FUNCTION pg_temp.count_in();
SELECT lives_ok('INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand) VALUES (25, 1, 5)', 'a trigger of an INSERT that updates the new item');
SELECT is((SELECT concat(quantity_on_hand, ' ', version) FROM inventory.inventory_item WHERE product_id = 25), '6 2', 'both changes moved');
SELECT pg_temp.healthy('a trigger that updates the new item');
DROP TRIGGER count_in ON inventory.inventory_item;
CREATE FUNCTION pg_temp.receive_more() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM inventory.receive_stock(NEW.product_id, NEW.warehouse_id, 2);
    RETURN NULL;
END
$$;
CREATE TRIGGER receive_more AFTER INSERT ON inventory.inventory_item FOR EACH ROW EXECUTE FUNCTION pg_temp.receive_more();
INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand) VALUES (25, 2, 5);
SELECT is(pg_temp.ledger(25, 2), '1 ADJUSTMENT 5>5, 2 PURCHASE 2>7', 'a trigger of an INSERT that receives more of the new item');
SELECT pg_temp.healthy('a trigger that receives more of the new item');
DROP TRIGGER receive_more ON inventory.inventory_item;

-- A user's trigger on the ledger that writes more of it
CREATE FUNCTION pg_temp.levy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.product_id = 26 THEN
        PERFORM inventory.receive_stock(27, 1, 1);
        UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand + 1 WHERE product_id = 28;
    END IF;
    RETURN NULL;
END
$$;
SELECT inventory.receive_stock(28, 1, 1);
CREATE TRIGGER levy AFTER INSERT ON inventory.stock_movement FOR EACH ROW EXECUTE FUNCTION pg_temp.levy();
SELECT inventory.receive_stock(26, 1, 1);
UPDATE inventory.inventory_item SET quantity_on_hand = 3 WHERE product_id = 26;
SELECT is(concat_ws(' | ', pg_temp.ledger(26, 1), pg_temp.ledger(27, 1), pg_temp.ledger(28, 1)),
    '1 PURCHASE 1>1, 2 ADJUSTMENT 2>3 | 1 PURCHASE 1>1, 2 PURCHASE 1>2 | 1 PURCHASE 1>1, 2 ADJUSTMENT 1>2, 3 ADJUSTMENT 1>3', 'a trigger on the ledger that moves stock');
SELECT pg_temp.healthy('a trigger on the ledger');
DROP TRIGGER levy ON inventory.stock_movement;

-- Settings

SAVEPOINT settings;
SET LOCAL inventory.movement_type = 'SALE';
SET LOCAL inventory.reference_id = 'import 7';
SET LOCAL inventory.root_cause = 'COUNT_ERROR';
SET LOCAL inventory.performed_by = 'anna';
SET LOCAL inventory.occurred_at = '2024-05-06 07:08:09+00';
UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand - 1 WHERE product_id IN (2, 3) AND warehouse_id = 1;
INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand) VALUES (29, 1, 1);
SELECT results_eq($$SELECT movement_type::text, quantity, reference_id, root_cause, performed_by, session_role, occurred_at, created_at > now()
    FROM inventory.stock_movement ORDER BY movement_id DESC LIMIT 3$$,
    $$SELECT 'SALE'::text, q::bigint, 'import 7'::text, 'COUNT_ERROR'::text, 'anna'::text, session_user::text COLLATE "default", timestamptz '2024-05-06 07:08:09+00', true FROM (VALUES (1), (-1), (-1)) AS v(q)$$,
    'a transaction says what its direct changes are');
ROLLBACK TO settings;
SELECT is(concat_ws('|', current_setting('inventory.movement_type'), current_setting('inventory.reference_id'), current_setting('inventory.occurred_at')), 'ADJUSTMENT||', 'until its end');
UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand - 1 WHERE product_id = 2 AND warehouse_id = 1;
SELECT results_eq($$SELECT movement_type::text, reference_id FROM inventory.stock_movement ORDER BY movement_id DESC LIMIT 1$$, $$VALUES ('ADJUSTMENT', NULL::text)$$, 'then it is an ADJUSTMENT again');
SET LOCAL timezone = 'UTC';
SET LOCAL inventory.occurred_at = '2024-05-06 07:08:09';
UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand - 1 WHERE product_id = 2 AND warehouse_id = 1;
SELECT is((SELECT occurred_at FROM inventory.stock_movement ORDER BY movement_id DESC LIMIT 1), '2024-05-06 07:08:09+00'::timestamptz, 'a time without a zone is in the session''s');
SET LOCAL inventory.occurred_at = '';
SELECT throws_ok($$SET LOCAL inventory.movement_type = 'GIFT'$$, '22023', 'invalid value for parameter "inventory.movement_type": "GIFT"', 'unknown movement type');
SELECT throws_ok($$SET LOCAL inventory.occurred_at = 'soon'$$, '22023', 'invalid value for parameter "inventory.occurred_at": "soon"', 'no timestamp');
SELECT throws_ok($$SET LOCAL inventory.occurred_at = 'infinity'$$, '22023', 'invalid value for parameter "inventory.occurred_at": "infinity"', 'an infinite timestamp');
SELECT throws_ok($$SET LOCAL inventory.occurred_at = '-infinity'$$, '22023', 'invalid value for parameter "inventory.occurred_at": "-infinity"', 'a timestamp before all others');
SELECT throws_ok($$SET LOCAL inventory.occurred_at = '2024-02-30'$$, '22023', 'invalid value for parameter "inventory.occurred_at": "2024-02-30"', 'no such day');
SELECT throws_ok($$SET LOCAL inventory.occured_at = 'x'$$, '42602', 'invalid configuration parameter name "inventory.occured_at"', 'a setting that does not exist');
CREATE TEMP TABLE label (name text);
INSERT INTO label VALUES ('reference_id'), ('root_cause'), ('performed_by');
SELECT throws_ok(format($$SELECT set_config('inventory.%s', repeat('x', 100000), true)$$, name), '22023', NULL, name || ' too long') FROM label;
SET LOCAL inventory.root_cause = 'GREMLINS';
SELECT pg_temp.refused('UPDATE inventory.inventory_item SET quantity_on_hand = 99 WHERE product_id = 2', '22023', 'unknown root cause "GREMLINS"', '', 'UPDATE with an unknown root cause');
SELECT pg_temp.refused('INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand) VALUES (30, 1, 5)', '22023', 'unknown root cause "GREMLINS"', '', 'INSERT with an unknown root cause');
SELECT lives_ok('UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand WHERE product_id = 2', 'which does not matter where nothing moves');
SET LOCAL inventory.root_cause = '';
SELECT set_config('inventory.occurred_at', (clock_timestamp() + interval '1 hour')::text, true);
SELECT throws_ok('UPDATE inventory.inventory_item SET quantity_on_hand = 99 WHERE product_id = 2', '22023', 'inventory.occurred_at lies in the future', 'UPDATE in the future');
SELECT set_config('inventory.occurred_at', '4714-11-24 00:00:00+00 BC', true) FROM (SELECT current_setting('inventory.occurred_at') AS future) AS f \gset kept_
SELECT throws_ok('SELECT inventory.receive_stock(2, 1, 1)', '22023', 'inventory.occurred_at lies before 1900', 'before anybody counted stock');
SELECT throws_ok('UPDATE inventory.inventory_item SET quantity_on_hand = 99 WHERE product_id = 2', '22023', 'inventory.occurred_at lies before 1900', 'UPDATE then');
SET LOCAL inventory.occurred_at = '2999-01-01';
SELECT throws_ok('INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand) VALUES (30, 1, 5)', '22023', 'inventory.occurred_at lies in the future', 'INSERT in the future');
SET LOCAL inventory.occurred_at = '';
-- What a statement says of itself does not change on the way: the hash would not fit.
SELECT throws_ok($$UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand + 1, attributes = jsonb_build_object('by', set_config('inventory.performed_by', product_id::text, true)) WHERE product_id IN (5, 6)$$,
    'IV004', NULL, 'a setting that changes within a statement');
SELECT pg_temp.healthy('settings');

-- The ledger is append-only

SELECT pg_temp.refused('UPDATE inventory.stock_movement SET quantity = 1', 'IV004', 'the ledger is append-only: UPDATE of stock_movement is not allowed', '', 'UPDATE of the ledger');
SELECT pg_temp.refused('UPDATE inventory.stock_movement SET reference_id = NULL WHERE false', 'IV004', 'the ledger is append-only: UPDATE of stock_movement is not allowed', '', 'UPDATE of no row');
SELECT pg_temp.refused('DELETE FROM inventory.stock_movement WHERE product_id = 1', 'IV004', 'the ledger is append-only: DELETE of stock_movement is not allowed', '', 'DELETE from the ledger');
SELECT pg_temp.refused('TRUNCATE inventory.stock_movement', 'IV004', 'the ledger is append-only: TRUNCATE of stock_movement is not allowed', '', 'TRUNCATE of the ledger');
SELECT pg_temp.refused($$INSERT INTO inventory.stock_movement_default SELECT * FROM inventory.stock_movement WHERE product_id = 12 ON CONFLICT (movement_id) DO UPDATE SET quantity = 0$$,
    'IV004', 'the ledger is append-only: UPDATE of stock_movement_default is not allowed', '', 'ON CONFLICT DO UPDATE of the ledger');
SELECT pg_temp.refused(format('%s inventory.%I%s', w.what, c.relname, w.rest), 'IV004', format('the ledger is append-only: %s of %s is not allowed', split_part(w.what, ' ', 1), c.relname), '', format('%s %s', w.what, c.relname))
    FROM pg_class c, (VALUES ('UPDATE', ' SET quantity = 1'), ('DELETE FROM', ''), ('TRUNCATE', '')) AS w(what, rest)
    WHERE c.relispartition AND c.relkind = 'r' AND c.relnamespace = 'inventory'::regnamespace ORDER BY c.relname, w.what;
SELECT pg_temp.refused('MERGE INTO inventory.stock_movement m USING (VALUES (1)) AS v(p) ON m.product_id = v.p WHEN MATCHED THEN UPDATE SET quantity = 0',
    'IV004', 'the ledger is append-only: UPDATE of stock_movement is not allowed', '', 'MERGE that updates the ledger');
SELECT pg_temp.refused('MERGE INTO inventory.stock_movement m USING (VALUES (1)) AS v(p) ON m.product_id = v.p WHEN MATCHED THEN DELETE',
    'IV004', 'the ledger is append-only: DELETE of stock_movement is not allowed', '', 'MERGE that deletes from the ledger');

-- Items

SELECT pg_temp.refused('UPDATE inventory.inventory_item SET product_id = 30 WHERE product_id = 1 AND warehouse_id = 1', 'IV004', 'the product and the warehouse of an item never change', '', 'product of an item');
SELECT pg_temp.refused('UPDATE inventory.inventory_item SET warehouse_id = 2 WHERE product_id = 5 AND warehouse_id = 1', 'IV004', 'the product and the warehouse of an item never change', '', 'warehouse of an item');
SELECT pg_temp.refused('UPDATE inventory.inventory_item SET item_id = 10000000 WHERE product_id = 1 AND warehouse_id = 1', 'IV004', 'the product and the warehouse of an item never change', '', 'id of an item');
SELECT pg_temp.refused('UPDATE inventory.inventory_item SET version = version + 1 WHERE product_id = 1 AND warehouse_id = 1', 'IV004', 'version, last_movement_at, last_movement_id and last_hash follow from the ledger and cannot be set', '', 'version of an item');
SELECT pg_temp.refused('UPDATE inventory.inventory_item SET last_movement_at = NULL WHERE product_id = 1 AND warehouse_id = 1', 'IV004', 'version, last_movement_at, last_movement_id and last_hash follow from the ledger and cannot be set', '', 'time of the last movement');
SELECT pg_temp.refused('UPDATE inventory.inventory_item SET quantity_on_hand = 1, version = version + 1 WHERE product_id = 1 AND warehouse_id = 1', 'IV004', 'version, last_movement_at, last_movement_id and last_hash follow from the ledger and cannot be set', '', 'version together with the level');
SELECT pg_temp.refused('UPDATE inventory.inventory_item SET quantity_reserved = 1 WHERE product_id = 1 AND warehouse_id = 1', 'IV002', 'quantity_reserved follows from the reservations and cannot be set', '', 'reserved quantity of an item');
SELECT pg_temp.refused('UPDATE inventory.inventory_item SET quantity_available = 1 WHERE product_id = 1 AND warehouse_id = 1', '428C9', 'column "quantity_available" can only be updated to DEFAULT', 'Column "quantity_available" is a generated column.', 'available quantity of an item');
SELECT item_id AS item FROM inventory.inventory_item WHERE product_id = 1 AND warehouse_id = 1 \gset
SELECT pg_temp.refused('DELETE FROM inventory.inventory_item WHERE product_id = 1 AND warehouse_id = 1', 'IV004', format('item %s has history and cannot be deleted', :item), 'The ledger has 7 movements of product 1 in warehouse 1.', 'DELETE of an item with history');
SELECT pg_temp.refused('MERGE INTO inventory.inventory_item i USING (VALUES (1)) AS v(p) ON i.product_id = v.p AND i.warehouse_id = 1 WHEN MATCHED THEN DELETE', 'IV004', format('item %s has history and cannot be deleted', :item), 'The ledger has 7 movements of product 1 in warehouse 1.', 'MERGE that deletes an item with history');
SELECT lives_ok('DELETE FROM inventory.inventory_item WHERE product_id = 1 AND warehouse_id = 2', 'DELETE of an item without history');
SELECT is((SELECT count(*) FROM inventory.inventory_item WHERE product_id = 1), 1::bigint, 'removes it');
SELECT pg_temp.refused('TRUNCATE inventory.inventory_item', 'IV004', 'inventory_item cannot be truncated', '', 'TRUNCATE of items');
SELECT pg_temp.refused('TRUNCATE inventory.product CASCADE', '23503', 'cannot truncate table "product", which table "inventory_item" refers to', '', 'TRUNCATE of products');
SELECT throws_ok('DELETE FROM inventory.product WHERE product_id = 1', '23503', 'update or delete on table "product" violates foreign key constraint "inventory_item_product_id_fkey" on table "inventory_item"', 'DELETE of a product with items');
SELECT throws_ok('UPDATE inventory.product SET product_id = 500 WHERE product_id = 1', '23503', NULL, 'another id for a product with items');
SELECT throws_ok('DELETE FROM inventory.warehouse WHERE warehouse_id = 1', '23503', 'update or delete on table "warehouse" violates foreign key constraint "inventory_item_warehouse_id_fkey" on table "inventory_item"', 'DELETE of a warehouse with items');
SELECT lives_ok('DELETE FROM inventory.product WHERE product_id = 30', 'DELETE of a product without items');
SELECT throws_ok('INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand) VALUES (999, 1, 1)', '23503', NULL, 'an item of no product');

-- Levels

SELECT reservation_id AS r1 FROM inventory.reserve_stock(1, 1, 5, 'order-1') \gset
SELECT throws_ok('UPDATE inventory.inventory_item SET quantity_on_hand = 4 WHERE product_id = 1 AND warehouse_id = 1', '23514', 'new row for relation "inventory_item" violates check constraint "inventory_item_quantities"', 'below what is reserved');
SELECT throws_ok('UPDATE inventory.inventory_item SET quantity_on_hand = -1 WHERE product_id = 2 AND warehouse_id = 1', '23514', 'new row for relation "inventory_item" violates check constraint "inventory_item_quantities"', 'below zero');
SELECT throws_ok('INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand) VALUES (29, 2, -1)', '23514', 'new row for relation "inventory_item" violates check constraint "inventory_item_quantities"', 'INSERT below zero');
SELECT throws_ok('INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand, quantity_reserved) VALUES (29, 2, 1, 2)', '23514', 'new row for relation "inventory_item" violates check constraint "inventory_item_quantities"', 'INSERT with more reserved than there is');
SELECT throws_ok('UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand + 9223372036854775807 WHERE product_id = 2', '22003', 'bigint out of range', 'out of bigint');
SELECT lives_ok('UPDATE inventory.inventory_item SET quantity_on_hand = 9223372036854775807 WHERE product_id = 2 AND warehouse_id = 1', 'the last of bigint');
SELECT lives_ok('UPDATE inventory.inventory_item SET quantity_on_hand = 0 WHERE product_id = 2 AND warehouse_id = 1', 'and back to nothing');
SELECT is(pg_temp.level(1, 1), '8/5/3', 'what was refused is as it was');
SELECT pg_temp.healthy('levels');

-- Reservations

CREATE TEMP TABLE change (assignment text);
INSERT INTO change VALUES ('product_id = 2'), ('warehouse_id = 2'), ('quantity = 6'), ('quantity_fulfilled = 1'), ('reservation_id = 10000000'), ($$status = 'CANCELLED', closed_at = now()$$);
SELECT pg_temp.refused(format('UPDATE inventory.reservation SET %s WHERE reservation_id = %s', assignment, :r1), 'IV002', format('item, quantities and status of reservation %s cannot be set', :r1), '', 'UPDATE of a reservation: ' || assignment) FROM change;
SELECT pg_temp.refused(format('DELETE FROM inventory.reservation WHERE reservation_id = %s', :r1), 'IV002', format('reservation %s cannot be deleted', :r1), 'It is ACTIVE and holds stock.', 'DELETE of an ACTIVE reservation');
SELECT pg_temp.refused('TRUNCATE inventory.reservation', 'IV002', 'reservations cannot be truncated', 'Some of them are ACTIVE and hold stock.', 'TRUNCATE with an ACTIVE reservation');
SELECT lives_ok(format($$UPDATE inventory.reservation SET expires_at = now() + interval '1 day', reference_id = 'order-2' WHERE reservation_id = %s$$, :r1), 'other columns of a reservation may change');
SELECT inventory.cancel_reservation(:r1);
SELECT pg_temp.refused(format($$UPDATE inventory.reservation SET status = 'ACTIVE', closed_at = NULL WHERE reservation_id = %s$$, :r1), 'IV002', format('item, quantities and status of reservation %s cannot be set', :r1), '', 'a CANCELLED reservation back to life');
SELECT lives_ok(format('DELETE FROM inventory.reservation WHERE reservation_id = %s', :r1), 'DELETE of a closed reservation');
SELECT inventory.cancel_reservation(r.reservation_id) FROM inventory.reserve_stock(1, 1, 5, 'order-3') r;
SELECT lives_ok('TRUNCATE inventory.reservation', 'TRUNCATE of closed reservations');
SELECT pg_temp.healthy('reservations');

SELECT * FROM finish();
ROLLBACK;
