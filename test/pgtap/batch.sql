-- reserve_batch: lines that stand for themselves, what comes of each, and every way
-- it refuses.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION inventory;
SELECT plan(91);

\ir include/setup.psql

-- line>reservation/available, numbered from the first reservation that the batch made
CREATE FUNCTION pg_temp.batch(products bigint[], warehouses bigint[], quantities bigint[], refs text[] DEFAULT NULL, ttl integer DEFAULT 30) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s>%s/%s', line, coalesce((reservation_id - first)::text, '-'), available), ' ' ORDER BY place)
    FROM (SELECT b.*, min(reservation_id) OVER () - 1 AS first
          FROM inventory.reserve_batch(products, warehouses, quantities, coalesce(refs, array_fill('o'::text, ARRAY[cardinality(products)])), ttl)
              WITH ORDINALITY AS b(line, reservation_id, available, place)) AS made
$$;

SELECT inventory.receive_stock(1, 1, 10), inventory.receive_stock(1, 2, 10), inventory.receive_stock(2, 1, 10);

-- What comes of the lines

SELECT is(pg_temp.batch('{1,1,2}', '{1,2,1}', '{4,5,6}'), '1>1/6 2>2/5 3>3/4', 'three lines of three items');
SELECT is(pg_temp.level(1, 1) || ' ' || pg_temp.level(1, 2) || ' ' || pg_temp.level(2, 1), '10/4/6 10/5/5 10/6/4', 'they are held');
SELECT is(pg_temp.ledger(1, 1), '1 PURCHASE 10>10', 'nothing moved');
SELECT is(pg_temp.batch('{1,2,1,1,2,1}', '{1,1,1,1,1,1}', '{5,4,2,1,1,1}'), '1>1/1 2>2/0 3>-/1 4>3/0 5>-/0 6>-/0', 'first come, first served, and the rest goes on');
SELECT is(pg_temp.batch('{3,3}', '{1,2}', '{1,1}'), '1>-/0 2>-/0', 'nothing fits: known, but never stocked');
SELECT is(pg_temp.batch('{3,1,3}', '{1,2,2}', '{1,5,1}'), '1>-/0 2>1/0 3>-/0', 'one fits among those that were never stocked');
SELECT is_empty('SELECT FROM inventory.inventory_item WHERE product_id = 3', 'no item is made');
SELECT is(pg_temp.batch('{}', '{}', '{}', '{}'), NULL, 'no lines');
SELECT is(pg_temp.batch('[5:6]={4,4}', '{1,1}', '[-1:0]={1,1}', '[0:1]={a,b}'), '1>-/0 2>-/0', 'arrays that do not start at 1');
SELECT is(pg_temp.batch('{1}', '{1}', '{9223372036854775807}'), '1>-/0', 'far too much');
SELECT pg_temp.healthy('batches');

-- What the reservations look like

SELECT inventory.receive_stock(4, 1, 100);
SET LOCAL inventory.performed_by = 'clerk';
SELECT string_agg(reservation_id::text, ',' ORDER BY line) AS made FROM inventory.reserve_batch('{4,4}', '{1,1}', '{3,2}', '{first,second}', 7) \gset
RESET inventory.performed_by;
SELECT results_eq(format('SELECT product_id, warehouse_id, quantity, quantity_fulfilled, reference_type::text, reference_id, status::text, expires_at - created_at, closed_at, close_reason, created_by, closed_by FROM inventory.reservation WHERE reservation_id IN (%s) ORDER BY reservation_id', :'made'),
    $$VALUES (4::bigint, 1::bigint, 3::bigint, 0::bigint, 'ORDER', 'first', 'ACTIVE', interval '7 min', NULL::timestamptz, NULL::text, 'clerk', NULL::text),
             (4, 1, 2, 0, 'ORDER', 'second', 'ACTIVE', interval '7 min', NULL, NULL, 'clerk', NULL)$$, 'every column');
SELECT is((SELECT count(*) FROM inventory.reserve_batch(ARRAY(SELECT 4 FROM generate_series(1, 95)), ARRAY(SELECT 1 FROM generate_series(1, 95)), ARRAY(SELECT 1 FROM generate_series(1, 95)), ARRAY(SELECT 'many' FROM generate_series(1, 95))) b WHERE b.reservation_id IS NOT NULL), 95::bigint, '95 lines of one item');
SELECT is(pg_temp.level(4, 1), '100/100/0', 'hold it all');
SELECT ok((SELECT bool_and(b.reservation_id > lag) FROM (SELECT reservation_id, lag(reservation_id) OVER (ORDER BY reservation_id) FROM inventory.reservation WHERE reference_id = 'many') b WHERE lag IS NOT NULL), 'with ids of their own');
SELECT inventory.fulfill_order('many');
SELECT is(pg_temp.level(4, 1), '5/5/0', 'they can be fulfilled');
SELECT pg_temp.healthy('fulfilled');

-- What has expired is freed when that helps

SELECT inventory.receive_stock(5, 1, 10);
SELECT inventory.reserve_batch('{5,5,5}', '{1,1,1}', '{3,3,3}', '{a,b,c}');
UPDATE inventory.reservation SET expires_at = '2000-01-01' WHERE reference_id IN ('a', 'b') AND product_id = 5;
SELECT is(pg_temp.batch('{5}', '{1}', '{1}'), '1>1/0', 'enough is left: nothing is freed');
SELECT is((SELECT count(*) FROM inventory.reservation WHERE product_id = 5 AND status = 'ACTIVE'), 4::bigint, 'all are still active');
SELECT is(pg_temp.batch('{5,5}', '{1,1}', '{7,8}'), '1>-/6 2>-/6', 'freeing would not help');
SELECT is((SELECT count(*) FROM inventory.reservation WHERE product_id = 5 AND status = 'ACTIVE'), 4::bigint, 'so it is not done');
SELECT is(pg_temp.batch('{5,5,5,5}', '{1,1,1,1}', '{7,4,3,2}'), '1>-/6 2>1/2 3>-/2 4>2/0', 'freed for the line that it serves');
SELECT is((SELECT count(*) FROM inventory.reservation WHERE product_id = 5 AND close_reason = 'EXPIRED'), 2::bigint, 'they are closed');
SELECT pg_temp.healthy('expired');

-- Refusals: all or nothing

SELECT inventory.receive_stock(6, 1, 10);
SELECT pg_temp.refused($$SELECT inventory.reserve_batch('{6,6,99}', '{1,1,1}', '{1,1,1}', '{a,b,c}')$$, 'IV003', 'line 3 of the batch: product 99 does not exist', '', 'unknown product');
SELECT pg_temp.refused($$SELECT inventory.reserve_batch('{6,6,98}', '{1,99,1}', '{1,1,1}', '{a,b,c}')$$, 'IV003', 'line 2 of the batch: warehouse 99 does not exist', '', 'unknown warehouse, and the first line that is wrong');
SELECT pg_temp.refused($$SELECT inventory.reserve_batch('{6}', '{1}', '{0}', '{a}')$$, '22023', 'line 1: quantity must be positive', 'Got 0.', 'quantity 0');
SELECT pg_temp.refused($$SELECT inventory.reserve_batch('{6,6}', '{1,1}', '{1,-9223372036854775808}', '{a,b}')$$, '22023', 'line 2: quantity must be positive', 'Got -9223372036854775808.', 'negative quantity');
SELECT pg_temp.refused($$SELECT inventory.reserve_batch('{6}', '{1}', '{1}', '{""}')$$, '22023', 'line 1: reference_id must not be empty', '', 'empty reference');
SELECT pg_temp.refused($$SELECT inventory.reserve_batch('{6}', '{1}', '{1}', ARRAY[repeat('x', 256)])$$, '22023', 'line 1: reference_id is too long', 'It has 256 bytes; at most 255 are kept.', 'long reference');
SELECT pg_temp.refused($$SELECT inventory.reserve_batch('{6,6}', '{1}', '{1,1}', '{a,b}')$$, '22023', 'product_ids, warehouse_ids, quantities and reference_ids must have the same length', 'They have 2, 1, 2 and 2 elements.', 'different lengths');
SELECT pg_temp.refused($$SELECT inventory.reserve_batch('{6}', '{1}', '{1}', '{}')$$, '22023', 'product_ids, warehouse_ids, quantities and reference_ids must have the same length', 'They have 1, 1, 1 and 0 elements.', 'no references');
SELECT pg_temp.refused($$SELECT inventory.reserve_batch('{{6,6}}', '{1,1}', '{1,1}', '{a,b}')$$, '22023', 'product_ids must have one dimension', 'It has 2.', 'two dimensions');
SELECT pg_temp.refused($$SELECT inventory.reserve_batch('{6,NULL}', '{1,1}', '{1,1}', '{a,b}')$$, '22023', 'product_ids must not contain NULL', '', 'a NULL product');
SELECT pg_temp.refused($$SELECT inventory.reserve_batch('{6}', '{NULL}', '{1}', '{a}')$$, '22023', 'warehouse_ids must not contain NULL', '', 'a NULL warehouse');
SELECT pg_temp.refused($$SELECT inventory.reserve_batch('{6}', '{1}', '{NULL}', '{a}')$$, '22023', 'quantities must not contain NULL', '', 'a NULL quantity');
SELECT pg_temp.refused($$SELECT inventory.reserve_batch('{6}', '{1}', '{1}', '{NULL}')$$, '22023', 'reference_ids must not contain NULL', '', 'a NULL reference');
SELECT pg_temp.refused($$SELECT inventory.reserve_batch(NULL, '{1}', '{1}', '{a}')$$, '22023', 'product_ids must not be NULL', '', 'no products');
SELECT pg_temp.refused($$SELECT inventory.reserve_batch('{6}', '{1}', '{1}', '{a}', 0)$$, '22023', 'ttl_minutes must be positive', 'Got 0.', 'ttl 0');
SELECT pg_temp.refused($$SELECT inventory.reserve_batch('{6}', '{1}', '{1}', '{a}', NULL)$$, '22023', 'ttl_minutes must not be NULL', '', 'ttl NULL');

-- More lines than are written at once, some of which do not fit: line n asks for 1 + n % 7
-- of an item that has it, or, every third, for more than there is.

SELECT inventory.receive_stock(29, 1, 100000), inventory.receive_stock(30, 1, 100);
CREATE FUNCTION pg_temp.many(label text) RETURNS TABLE (line integer, reservation_id bigint, available bigint) LANGUAGE sql AS $$
    SELECT b.* FROM (SELECT array_agg(29::bigint + (n % 3 = 0)::integer ORDER BY n) AS products, array_agg(1::bigint) AS warehouses, array_agg(CASE WHEN n % 3 = 0 THEN 1000::bigint ELSE 1 + n % 7 END ORDER BY n) AS quantities, array_agg(label || n ORDER BY n) AS labels FROM generate_series(1, 1700) AS n) AS wanted,
        inventory.reserve_batch(products, warehouses, quantities, labels) AS b
$$;
CREATE TEMP TABLE made AS SELECT * FROM pg_temp.many('M-');
SELECT is((SELECT count(*) FROM made), 1700::bigint, 'an answer for each line');
SELECT is((SELECT count(*) FROM made WHERE reservation_id IS NULL AND available = 100), 566::bigint, 'those that do not fit');
SELECT is((SELECT count(*) FROM made JOIN inventory.reservation r USING (reservation_id) WHERE (r.product_id, r.quantity, r.reference_id) = (29, 1 + line % 7, 'M-' || line)), 1134::bigint, 'each id is that of its line');
SELECT ok((SELECT bool_and(reservation_id > before) FROM (SELECT reservation_id, lag(reservation_id) OVER (ORDER BY line) AS before FROM made WHERE reservation_id IS NOT NULL) AS ordered WHERE before IS NOT NULL), 'ids in the order of the lines');
SELECT pg_temp.healthy('many lines');
-- Every index leads to every row of them.
SET LOCAL enable_seqscan = off;
SET LOCAL enable_bitmapscan = off;
SELECT is((SELECT count(*) FROM made m WHERE EXISTS (SELECT FROM inventory.reservation r WHERE r.reservation_id = m.reservation_id)), 1134::bigint, 'by id');
SELECT is((SELECT count(*) FROM made m WHERE EXISTS (SELECT FROM inventory.reservation r WHERE r.reference_id = 'M-' || m.line)), 1134::bigint, 'by reference');
SELECT is((SELECT count(*) FROM inventory.reservation r WHERE (r.product_id, r.warehouse_id) = (29, 1) AND r.status = 'ACTIVE'), 1134::bigint, 'by item');
SELECT is((SELECT count(*) FROM inventory.reservation r WHERE r.expires_at > '-infinity' AND r.expires_at IS NOT NULL AND r.status = 'ACTIVE' AND r.reference_id LIKE 'M-%'), 1134::bigint, 'by the time it expires');
RESET enable_seqscan;
RESET enable_bitmapscan;

-- One of many that is refused: nothing is written
ALTER TABLE inventory.reservation ADD COLUMN note text, ADD CONSTRAINT no_such CHECK (reference_id <> 'C-1699');
SELECT throws_ok($$SELECT FROM pg_temp.many('C-')$$, '23514', 'new row for relation "reservation" violates check constraint "no_such"', 'by a constraint');
SELECT is((SELECT count(reservation_id) FROM pg_temp.many('D-')), 1134::bigint, 'which others hold');
SELECT is((SELECT count(*) FROM inventory.reservation WHERE reference_id LIKE 'D-%' AND note IS NULL), 1134::bigint, 'a column that is not ours is NULL');
CREATE UNIQUE INDEX inventory_test_unique ON inventory.reservation (reference_id) WHERE reference_id LIKE 'U-%';
SELECT inventory.reserve_stock(29, 1, 1, 'U-1699');
SELECT throws_ok($$SELECT FROM pg_temp.many('U-')$$, '23505', 'duplicate key value violates unique constraint "inventory_test_unique"', 'by a unique index');
SELECT is((SELECT count(*) FROM inventory.reservation WHERE reference_id LIKE 'U-%' OR reference_id LIKE 'C-%'), 1::bigint, 'of which nothing is left');
SELECT pg_temp.healthy('refused');
DROP INDEX inventory.inventory_test_unique;

-- Rows that were inserted by hand

INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand, quantity_reserved) VALUES (7, 1, 10, 0);
INSERT INTO inventory.reservation (product_id, warehouse_id, quantity, reference_id, expires_at) VALUES (7, 1, 100, 'phantom', '2000-01-01');
SELECT is(pg_temp.batch('{7,7}', '{1,1}', '{11,10}'), '1>-/10 2>1/0', 'what was never held is not freed');

-- Half a transaction

SAVEPOINT before;
SELECT is(pg_temp.batch('{6,6}', '{1,1}', '{4,4}'), '1>1/6 2>2/2', 'reserved');
ROLLBACK TO before;
SELECT is(pg_temp.batch('{6,6}', '{1,1}', '{5,5}'), '1>1/5 2>2/0', 'undone by a rollback to a savepoint');

-- Two calls in one statement, the first statement of which comes while a line is written.
CREATE INDEX inventory_test_hash ON inventory.reservation USING hash (reference_id);
SELECT inventory.receive_stock(25, 1, 9), inventory.receive_stock(26, 1, 9), inventory.receive_stock(27, 1, 9), inventory.receive_stock(28, 1, 9);
SELECT inventory.reserve_batch('{25,26}', '{1,1}', '{1,1}', '{side 1,side 2}'), inventory.reserve_batch('{27,28}', '{1,1}', '{1,1}', '{side 3,side 4}');
SELECT is((SELECT count(*) FROM inventory.reservation WHERE reference_id ~ '^side'), 4::bigint, 'two batches side by side, where it takes statements');
DROP INDEX inventory.inventory_test_hash;

SELECT * FROM finish();
ROLLBACK;
