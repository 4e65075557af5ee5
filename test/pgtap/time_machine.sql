-- Levels at any time, partitions of the ledger, months that are retired, periods
-- that are closed.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION inventory;
SELECT plan(155);

\ir include/setup.psql

-- A history as a dump would bring it: movements at given times, with their hashes,
-- and the item that they leave behind.
CREATE FUNCTION pg_temp.load_history(product bigint, warehouse bigint, times timestamptz[], quantities bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    level bigint := 0;
    hash bytea;
    id bigint;
BEGIN
    FOR v IN 1 .. array_length(times, 1) LOOP
        level := level + quantities[v];
        id := nextval('inventory.stock_movement_movement_id_seq');
        hash := inventory.movement_hash(hash, id, product, warehouse, CASE WHEN quantities[v] < 0 THEN 'SALE' ELSE 'PURCHASE' END::inventory.movement_type, quantities[v], level, v, NULL, NULL, NULL, 'x', 'x', times[v], times[v]);
        INSERT INTO inventory.stock_movement VALUES (id, product, warehouse, CASE WHEN quantities[v] < 0 THEN 'SALE' ELSE 'PURCHASE' END::inventory.movement_type, quantities[v], level, v, NULL, NULL, NULL, 'x', 'x', times[v], times[v], hash);
    END LOOP;
    INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand, version, last_movement_at, last_movement_id, last_hash)
        VALUES (product, warehouse, level, array_length(times, 1), times[array_length(times, 1)], id, hash);
END
$$;

-- Where on_hand_at is not the sum of the movements until then, around each movement.
CREATE FUNCTION pg_temp.wrong_levels() RETURNS TABLE (product bigint, warehouse bigint, at timestamptz, found bigint, meant bigint) LANGUAGE sql AS $$
    SELECT * FROM (
        SELECT i.product_id, i.warehouse_id, t.at, inventory.on_hand_at(i.product_id, i.warehouse_id, t.at) AS found,
            (SELECT coalesce(sum(m.quantity), 0)::bigint FROM inventory.stock_movement m WHERE m.product_id = i.product_id AND m.warehouse_id = i.warehouse_id AND m.created_at <= t.at) AS meant
        FROM inventory.inventory_item i
        CROSS JOIN (SELECT DISTINCT m.created_at + d.d * interval '1 microsecond' AS at FROM inventory.stock_movement m, generate_series(-1, 1) AS d(d)) t
    ) c WHERE c.found IS DISTINCT FROM c.meant
$$;

-- Partitions

SELECT is(inventory.make_ledger_partitions(3), 0, 'the months are there already');
SELECT is(inventory.make_ledger_partitions(5), 2, 'two more');
SELECT is(inventory.make_ledger_partitions(3, '2025-11-30'), (extract(year FROM now() AT TIME ZONE 'UTC')::integer - 2025) * 12 + extract(month FROM now() AT TIME ZONE 'UTC')::integer - 11, 'those since a month, in whose middle a day is');
SELECT is((SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE oid = 'inventory.stock_movement_2025_12'::regclass),
    (SELECT format('FOR VALUES FROM (%L) TO (%L)', '2025-12-01 00:00:00+00'::timestamptz, '2026-01-01 00:00:00+00'::timestamptz)), 'a month is one of UTC');
SELECT is((SELECT concat(count(*) FILTER (WHERE contype = 'p'), ' ', count(*) FILTER (WHERE contype = 'u')) FROM pg_constraint WHERE conrelid = 'inventory.stock_movement_2025_12'::regclass), '1 1', 'with its keys');
SELECT throws_ok(format('SELECT inventory.make_ledger_partitions(%s)', c.arguments), '22023', NULL, 'make_ledger_partitions ' || c.arguments)
    FROM (VALUES ('0'), ('-1'), ('NULL'), ('1201'), ('2147483647'), ($$3, '1899-12-31'$$), ($$3, 'infinity'$$), ($$3, '-infinity'$$)) AS c(arguments);

-- on_hand_at

SELECT pg_temp.load_history(1, 1, ARRAY['2025-11-03 00:00+00', '2025-12-01 00:00+00', '2025-12-31 23:59:59.999999+00', '2026-01-01 00:00+00', '2026-03-15 12:00+00']::timestamptz[], ARRAY[10, 5, -3, 8, -20]);
SELECT pg_temp.load_history(2, 1, ARRAY['2026-02-01 00:00+00', '2026-02-01 00:00:00.000001+00']::timestamptz[], ARRAY[7, -7]);
-- Months without a partition of their own.
SELECT pg_temp.load_history(3, 2, ARRAY['2019-05-05 00:00+00', '2019-06-05 00:00+00', '2026-01-10 00:00+00']::timestamptz[], ARRAY[100, -1, -2]);
SELECT pg_temp.load_history(4, 2, ARRAY['2019-05-05 00:00+00']::timestamptz[], ARRAY[4]);
SELECT is((SELECT count(*) FROM inventory.stock_movement_default), 3::bigint, 'what has no month goes to the default partition');
INSERT INTO inventory.inventory_item (product_id, warehouse_id) VALUES (5, 1);
INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand) VALUES (6, 1, 60);
SELECT pg_temp.healthy('loaded');
SELECT is_empty('SELECT * FROM pg_temp.wrong_levels()', 'on_hand_at is the sum of the movements, at and around each of them');
-- Scans of the indexes of each month, in this transaction.
CREATE FUNCTION pg_temp.scans() RETURNS TABLE (partition text, scans bigint) LANGUAGE sql AS $$
    SELECT i.indrelid::regclass::text, sum(pg_stat_get_xact_numscans(i.indexrelid))::bigint
    FROM pg_inherits h JOIN pg_index i ON i.indrelid = h.inhrelid WHERE h.inhparent = 'inventory.stock_movement'::regclass GROUP BY 1
$$;
CREATE TEMP TABLE scans_before AS SELECT * FROM pg_temp.scans();
SELECT is(inventory.on_hand_at(1, 1, '2026-01-31'), 20::bigint, 'a level of a month');
SELECT results_eq('SELECT a.partition, a.scans - b.scans FROM pg_temp.scans() a JOIN scans_before b USING (partition) WHERE a.scans > b.scans ORDER BY 1',
    $$VALUES ('inventory.stock_movement_2026_01', 1::bigint), ('inventory.stock_movement_default', 1::bigint)$$, 'is one probe there, and one of what has no month');
SELECT is(inventory.on_hand_at(1, 1, '2025-12-31 23:59:59.999998+00'), 15::bigint, 'before a movement');
SELECT is(inventory.on_hand_at(1, 1, '2025-12-31 23:59:59.999999+00'), 12::bigint, 'at it');
SELECT is(inventory.on_hand_at(1, 1, 'infinity'), 0::bigint, 'at the end of time: as it is now');
SELECT is(inventory.on_hand_at(1, 1, '-infinity'), 0::bigint, 'at its beginning: nothing');
SELECT is(inventory.on_hand_at(5, 1, now()), 0::bigint, 'an item that never moved');
SELECT is(inventory.on_hand_at(7, 1, now()), 0::bigint, 'a product that was never stocked');
SELECT is(inventory.on_hand_at(4, 2, now()), 4::bigint, 'only in the default partition');
SELECT throws_ok('SELECT inventory.on_hand_at(99, 1, now())', 'IV003', 'product 99 does not exist');
SELECT throws_ok('SELECT inventory.on_hand_at(1, 99, now())', 'IV003', 'warehouse 99 does not exist');
SELECT throws_ok(format('SELECT inventory.on_hand_at(%s)', c.arguments), '22023', c.message)
    FROM (VALUES ('NULL, 1, now()', 'product_id must not be NULL'), ('1, NULL, now()', 'warehouse_id must not be NULL'), ('1, 1, NULL', 'at must not be NULL')) AS c(arguments, message);
SELECT is((SELECT (m.version, m.quantity, m.on_hand_after) FROM inventory.movement_at(1, 1, '2026-01-31') m), (4::bigint, 8::bigint, 20::bigint), 'movement_at');
SELECT is(inventory.movement_at(1, 1, '2025-11-02'), NULL, 'before the first there is none');
SELECT is_empty('SELECT m.* FROM inventory.stock_movement m WHERE m IS DISTINCT FROM inventory.movement_at(m.product_id, m.warehouse_id, m.created_at)', 'it is the whole row');

-- stock_at: what the levels were at each step is what they are said to have been.

CREATE TEMP TABLE seen (step integer GENERATED ALWAYS AS IDENTITY, at timestamptz, level text);
CREATE FUNCTION pg_temp.levels_now() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s/%s:%s/%s/%s', product_id, warehouse_id, quantity_on_hand, quantity_reserved, quantity_available), ' ' ORDER BY product_id, warehouse_id) FROM inventory.inventory_item
    WHERE quantity_on_hand > 0
$$;
CREATE FUNCTION pg_temp.levels_at(at timestamptz) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s/%s:%s/%s/%s', product_id, warehouse_id, quantity_on_hand, quantity_reserved, quantity_available), ' ' ORDER BY product_id, warehouse_id) FROM inventory.stock_at(at)
    WHERE quantity_on_hand > 0
$$;
CREATE FUNCTION pg_temp.step(statement text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    INSERT INTO seen (at, level) VALUES (clock_timestamp(), pg_temp.levels_now());
END
$$;
SELECT pg_temp.step(s) FROM unnest(ARRAY[
    'SELECT inventory.receive_stock(10, 1, 100), inventory.receive_stock(10, 2, 50), inventory.receive_stock(11, 1, 30)',
    $$SELECT inventory.reserve_stock(10, 1, 20, 'a')$$,
    $$SELECT inventory.reserve_stock(10, 1, 30, 'b')$$,
    $$SELECT inventory.reserve_stock(11, 1, 30, 'c')$$,
    $$SELECT inventory.fulfill_reservation(reservation_id, 5) FROM inventory.reservation WHERE reference_id = 'a'$$,
    $$SELECT inventory.fulfill_reservation(reservation_id, 6) FROM inventory.reservation WHERE reference_id = 'a'$$,
    $$SELECT inventory.cancel_reservation(reservation_id) FROM inventory.reservation WHERE reference_id = 'b'$$,
    'SELECT inventory.transfer_stock(10, 1, 2, 7)',
    $$SELECT inventory.fulfill_reservation(reservation_id) FROM inventory.reservation WHERE reference_id = 'a'$$,
    $$SELECT inventory.adjust_stock(10, 2, -5, 'DAMAGE')$$,
    'SELECT inventory.receive_transfer(1)',
    $$UPDATE inventory.reservation SET expires_at = clock_timestamp() WHERE reference_id = 'c'$$,
    'SELECT inventory.expire_reservations()',
    $$SELECT inventory.reserve_order('o', '[{"product_id": 10, "warehouse_id": 1, "quantity": 3}, {"product_id": 11, "warehouse_id": 1, "quantity": 4}]')$$,
    $$SELECT inventory.fulfill_order('o')$$,
    'UPDATE inventory.inventory_item SET quantity_on_hand = 1 WHERE product_id = 11']) WITH ORDINALITY AS t(s, n) ORDER BY n;
SELECT is(pg_temp.levels_at(at), level, 'step ' || step) FROM seen ORDER BY step;
SELECT is((SELECT count(DISTINCT level) FROM seen), 15::bigint, 'the steps differ, but for the date of an expiry');
SELECT results_eq(format('SELECT * FROM inventory.stock_at(%L, 10, 1)', (SELECT at FROM seen WHERE step = 6)), 'VALUES (10::bigint, 1::bigint, 89::bigint, 39::bigint, 50::bigint)', 'one item');
SELECT results_eq(format('SELECT * FROM inventory.stock_at(%L, 10)', (SELECT at FROM seen WHERE step = 6)), 'VALUES (10::bigint, 1::bigint, 89::bigint, 39::bigint, 50::bigint), (10, 2, 50, 0, 50)', 'one product');
SELECT results_eq(format('SELECT product_id, quantity_on_hand FROM inventory.stock_at(%L, warehouse_id => 2)', (SELECT at FROM seen WHERE step = 6)), 'VALUES (3::bigint, 97::bigint), (4, 4), (10, 50)', 'one warehouse');
SELECT is((SELECT count(*) FROM inventory.stock_at('-infinity')), (SELECT count(*) FROM inventory.inventory_item), 'every item, also before it moved');
SELECT is_empty('SELECT * FROM inventory.stock_at(now(), 99, 1)', 'an unknown item');
SELECT throws_ok(format('SELECT * FROM inventory.stock_at(%s)', c.arguments), '22023', c.message)
    FROM (VALUES ('NULL', 'at must not be NULL'), ($$now(), basis => 'later'$$, 'unknown basis "later"'), ('now(), basis => NULL', 'basis must not be NULL'), ($$now(), basis => repeat('x', 10000000)$$, 'basis is too long')) AS c(arguments, message);

-- Business time: late entries count from when they happened, and rewrite nothing.

SELECT string_agg(m::text, ';' ORDER BY movement_id) AS ledger FROM inventory.stock_movement m \gset
SET LOCAL inventory.occurred_at = '2026-01-15 00:00+00';
SELECT inventory.receive_stock(1, 1, 3);
SELECT inventory.adjust_stock(6, 1, -1, 'COUNT_ERROR');
SET LOCAL inventory.occurred_at = '2026-02-15 00:00+00';
SELECT inventory.receive_stock(1, 1, 4);
RESET inventory.occurred_at;
SELECT is((SELECT string_agg(m::text, ';' ORDER BY movement_id) FROM inventory.stock_movement m WHERE movement_id <= (SELECT max(movement_id) - 3 FROM inventory.stock_movement)), :'ledger', 'the ledger before is as it was');
SELECT is((SELECT quantity_on_hand FROM inventory.stock_at('2026-01-31', 1, 1)), 20::bigint, 'recorded by then');
SELECT is((SELECT quantity_on_hand FROM inventory.stock_at('2026-01-31', 1, 1, 'occurred')), 23::bigint, 'happened by then');
SELECT is((SELECT quantity_on_hand FROM inventory.stock_at('2026-01-31', 6, 1, 'occurred')), -1::bigint, 'a loss before the first receipt');
SELECT is_empty($$
    SELECT * FROM (SELECT DISTINCT occurred_at + d.d * interval '1 microsecond' AS at FROM inventory.stock_movement, generate_series(-1, 1) AS d(d)) t
    CROSS JOIN LATERAL inventory.stock_at(t.at, basis => 'occurred') s
    WHERE s.quantity_on_hand <> (SELECT coalesce(sum(m.quantity), 0) FROM inventory.stock_movement m WHERE m.product_id = s.product_id AND m.warehouse_id = s.warehouse_id AND m.occurred_at <= t.at)
$$, 'by business time it is the sum of what had happened');
SELECT pg_temp.healthy('late entries');

-- Closed periods

UPDATE inventory.warehouse SET timezone = 'America/New_York' WHERE warehouse_id = 2;
SELECT lives_ok($$SELECT inventory.close_period('2026-01-31')$$, 'close January');
SET LOCAL inventory.occurred_at = '2026-01-31 23:59:59+00';
SELECT pg_temp.refused('SELECT inventory.receive_stock(1, 1, 1)', 'IV002', 'inventory.occurred_at lies in a closed period', 'It is 2026-01-31 in warehouse 1; everything through 2026-01-31 is closed.', 'a late entry');
SELECT pg_temp.refused('UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand + 1 WHERE product_id = 1', 'IV002', 'inventory.occurred_at lies in a closed period', 'It is 2026-01-31 in warehouse 1; everything through 2026-01-31 is closed.', 'by plain SQL');
SELECT pg_temp.refused('INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand) VALUES (20, 1, 1)', 'IV002', 'inventory.occurred_at lies in a closed period', 'It is 2026-01-31 in warehouse 1; everything through 2026-01-31 is closed.', 'with a new item');
SELECT lives_ok($$SELECT inventory.reserve_stock(6, 1, 1, 'late')$$, 'a reservation has no business time');
SET LOCAL inventory.occurred_at = '2026-02-01 00:00+00';
SELECT lives_ok('SELECT inventory.receive_stock(1, 1, 1)', 'the day after is open');
SELECT throws_ok('SELECT inventory.receive_stock(3, 2, 1)', 'IV002', 'inventory.occurred_at lies in a closed period', 'where it is still the day before it is not');
SELECT throws_ok($$UPDATE inventory.warehouse SET timezone = 'Asia/Tokyo' WHERE warehouse_id = 1$$, 'IV002', 'the time zone of warehouse 1 cannot be changed while a period is closed', 'days do not move out of a closed period');
SELECT lives_ok($$UPDATE inventory.warehouse SET timezone = timezone, address = 'Quay 1' WHERE warehouse_id = 1$$, 'what is not changed may be written');
RESET inventory.occurred_at;
SELECT lives_ok($$INSERT INTO inventory.warehouse (warehouse_id, name, timezone) VALUES (3, 'Far west', 'Etc/GMT+12')$$, 'a warehouse where today is open');
SELECT throws_ok(format('SELECT inventory.close_period(%L)', c.through), c.code, NULL, 'close_period ' || coalesce(c.through, 'NULL'))
    FROM (VALUES ('2026-01-31', 'IV002'), ('2025-12-31', 'IV002'), (NULL, '22023'), ('infinity', '22023'), ('-infinity', '22023'), ((now() AT TIME ZONE 'UTC')::date::text, '22023')) AS c(through, code);
SELECT lives_ok($$SELECT inventory.close_period('2026-02-28')$$, 'close February');
SELECT throws_ok(format('SELECT inventory.reopen_period(%s)', c.arguments), c.code, NULL, 'reopen_period ' || c.arguments)
    FROM (VALUES ($$'2026-03-01', 'x'$$, 'IV002'), ($$'2026-02-28', NULL$$, '22023'), ($$'2026-02-28', ''$$, '22023'), ($$NULL, 'x'$$, '22023'), ($$'2026-02-28', repeat('x', 2001)$$, '22023')) AS c(arguments, code);
SELECT lives_ok($$SELECT inventory.reopen_period('2026-02-28', 'an invoice turned up')$$, 'open February again');
SET LOCAL inventory.occurred_at = '2026-02-01 00:00+00';
SELECT lives_ok('SELECT inventory.receive_stock(1, 1, 1)', 'February takes late entries again');
SET LOCAL inventory.occurred_at = '2026-01-31 00:00+00';
SELECT throws_ok('SELECT inventory.receive_stock(1, 1, 1)', 'IV002', NULL, 'January is still closed');
RESET inventory.occurred_at;
SELECT is((SELECT string_agg(concat_ws(' ', through, closed_by = session_user, reopened_by = session_user, reason), ', ' ORDER BY closing_id) FROM inventory.period_closing),
    '2026-01-31 t, 2026-02-28 t t an invoice turned up', 'who did that, and why');

-- Retiring months

SELECT inventory.ledger_digest('2026-01-31') AS january, inventory.ledger_digest() AS digest, clock_timestamp() AS then \gset
SET LOCAL client_min_messages = error;
SELECT is_empty($$SELECT * FROM inventory.retire_movements('2026-01-01')$$, 'nothing that is older than the default partition''s is left behind');
SET LOCAL client_min_messages = warning;
-- A DBA brings the strays of 2019 into a partition of their own.
ALTER TABLE inventory.stock_movement DETACH PARTITION inventory.stock_movement_default;
CREATE TABLE inventory.stock_movement_2019 (LIKE inventory.stock_movement INCLUDING ALL EXCLUDING IDENTITY, PRIMARY KEY (movement_id), UNIQUE (product_id, warehouse_id, created_at));
INSERT INTO inventory.stock_movement_2019 SELECT * FROM inventory.stock_movement_default;
ALTER TABLE inventory.stock_movement_default DISABLE TRIGGER USER;
DELETE FROM inventory.stock_movement_default;
ALTER TABLE inventory.stock_movement_default ENABLE TRIGGER USER;
ALTER TABLE inventory.stock_movement ATTACH PARTITION inventory.stock_movement_2019 FOR VALUES FROM ('2019-01-01') TO ('2020-01-01');
ALTER TABLE inventory.stock_movement ATTACH PARTITION inventory.stock_movement_default DEFAULT;
SELECT pg_temp.healthy('a partition by hand');
SELECT is_empty('SELECT * FROM pg_temp.wrong_levels()', 'levels are found in it');
SELECT results_eq($$SELECT * FROM inventory.retire_movements('2026-01-20')$$, $$VALUES ('stock_movement_2019', 3::bigint), ('stock_movement_2025_11', 1), ('stock_movement_2025_12', 2)$$, 'the months before');
SELECT pg_temp.healthy('retired');
SELECT is((SELECT count(*) FROM inventory.stock_movement WHERE created_at < '2026-01-01'), 0::bigint, 'they are no longer in the ledger');
SELECT results_eq('SELECT product_id, warehouse_id, version, on_hand_after FROM inventory.ledger_opening ORDER BY 1, 2, 3', 'VALUES (1::bigint, 1::bigint, 1::bigint, 10::bigint), (1, 1, 3, 12), (3, 2, 2, 99), (4, 2, 1, 4)', 'what they left, month by month');
SELECT is(inventory.on_hand_at(1, 1, '2026-01-01'), 20::bigint, 'levels since then are as they were');
SELECT is(inventory.on_hand_at(3, 2, '2026-01-05'), 99::bigint, 'also before an item moved again');
SELECT is(inventory.on_hand_at(4, 2, now()), 4::bigint, 'and when it never did');
SELECT is(inventory.on_hand_at(2, 1, '2025-06-01'), 0::bigint, 'what had not been there was not retired');
SELECT throws_ok($$SELECT inventory.on_hand_at(1, 1, '2025-12-15')$$, 'IV002', 'the history of product 1 in warehouse 1 at that time was retired', 'levels before');
SELECT throws_ok($$SELECT * FROM inventory.stock_at('2025-12-15')$$, 'IV002', NULL, 'of all items');
SELECT throws_ok($$SELECT inventory.ledger_digest('2025-12-15')$$, 'IV002', NULL, 'the digest of then');
SELECT is(inventory.ledger_digest(:'then'), :'digest'::bytea, 'the digest is what it was');
SELECT is(inventory.ledger_digest('2026-01-31'), :'january'::bytea, 'that of January too');
SELECT is((SELECT count(*) FROM inventory.stock_movement_2025_12), 2::bigint, 'the table is still there');
SELECT throws_ok('DELETE FROM inventory.stock_movement_2025_12', 'IV004', NULL, 'and append-only');
SELECT is((SELECT string_agg(concat_ws(' ', partition_name, movements, retired_by = session_user), ', ' ORDER BY partition_name) FROM inventory.ledger_retirement),
    'stock_movement_2019 3 t, stock_movement_2025_11 1 t, stock_movement_2025_12 2 t', 'who did that');
SELECT is(inventory.make_ledger_partitions(3, '2025-11-01'), 0, 'retired months are not made again');
UPDATE inventory.inventory_item SET quantity_on_hand = 5 WHERE product_id = 4;
SELECT is((SELECT (version, quantity) FROM inventory.stock_movement WHERE product_id = 4), (2::bigint, 1::bigint), 'an item goes on from its opening balance');
SELECT pg_temp.healthy('gone on');
SELECT results_eq($$SELECT * FROM inventory.retire_movements('2026-03-01')$$, $$VALUES ('stock_movement_2026_01', 2::bigint), ('stock_movement_2026_02', 2)$$, 'two more months');
SELECT pg_temp.healthy('retired again');
SELECT is((SELECT string_agg(version::text, ' ' ORDER BY version) FROM inventory.ledger_opening WHERE product_id = 1), '1 3 4', 'opening balances are added');
SELECT is_empty($$SELECT o.version FROM inventory.ledger_opening o WHERE o.row_hash IS DISTINCT FROM inventory.movement_hash(o.previous_hash, o.movement_id, o.product_id, o.warehouse_id, o.movement_type, o.quantity, o.on_hand_after, o.version, o.reference_id, o.reservation_id, o.root_cause, o.performed_by, o.session_role, o.created_at, o.occurred_at)$$, 'whose hashes can be computed again');
SELECT is((SELECT version FROM inventory.movement_at(4, 2, clock_timestamp())), 2::bigint, 'movement_at finds the last one');
SELECT is((SELECT (version, movement_id = (SELECT max(movement_id) FROM inventory.ledger_opening WHERE product_id = 3)) FROM inventory.movement_at(3, 2, '2026-02-10')), (3::bigint, true), 'also when it was retired');
SELECT throws_ok('DELETE FROM inventory.ledger_opening', 'IV004', NULL, 'and stay');
SELECT is_empty('SELECT * FROM inventory.rebuild_stock()', 'there is nothing to rebuild');
SELECT is((SELECT string_agg(concat_ws(' ', quantity_remaining, occurred_at = '2026-01-10 00:00+00', movement_id IS NULL), ', ') FROM inventory.stock_layer WHERE product_id = 3), '97 t t', 'stock is as old as the last that was retired');
-- Attached again, a month is checked with the rest.
ALTER TABLE inventory.stock_movement ATTACH PARTITION inventory.stock_movement_2026_02 FOR VALUES FROM ('2026-02-01 00:00+00') TO ('2026-03-01 00:00+00');
ALTER TABLE inventory.stock_movement ATTACH PARTITION inventory.stock_movement_2026_01 FOR VALUES FROM ('2026-01-01 00:00+00') TO ('2026-02-01 00:00+00');
SELECT is((SELECT string_agg(concat_ws(' ', quantity_remaining, movement_id IS NULL), ', ') FROM inventory.stock_layer WHERE product_id = 1 AND occurred_at < '2026-03-01' AND movement_id IS NULL), NULL, 'and stands for itself');
SELECT pg_temp.healthy('attached again');
-- Where a month between is missing, nobody guesses.
SELECT is(inventory.on_hand_at(1, 1, '2026-01-15'), 20::bigint, 'levels in a month that is attached again');
SELECT is(inventory.on_hand_at(2, 1, '2026-02-15'), 0::bigint, 'and after it');
ALTER TABLE inventory.stock_movement ATTACH PARTITION inventory.stock_movement_2025_11 FOR VALUES FROM ('2025-11-01 00:00+00') TO ('2025-12-01 00:00+00');
SELECT pg_temp.healthy('with a hole');
SELECT throws_ok($$SELECT inventory.on_hand_at(1, 1, '2025-12-15')$$, 'IV002', NULL, 'in the hole');
SELECT throws_ok($$SELECT inventory.on_hand_at(1, 1, '2025-11-15')$$, 'IV002', NULL, 'before it, where the next movement is not there');
SELECT is(inventory.on_hand_at(1, 1, '2026-01-15'), 20::bigint, 'after it');
SELECT results_eq($$SELECT * FROM inventory.retire_movements('2025-12-01')$$, $$VALUES ('stock_movement_2025_11', 1::bigint)$$, 'retired once more');
SELECT pg_temp.healthy('without it');
-- What is found when somebody forges around the openings; it is undone each time.
CREATE FUNCTION pg_temp.forged(VARIADIC statements text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    statement text;
    found text;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOREACH statement IN ARRAY statements LOOP
        EXECUTE statement;
    END LOOP;
    SET LOCAL session_replication_role = origin;
    SELECT string_agg(v.product_id || ' ' || v.problem, ', ' ORDER BY v.product_id, v.problem) INTO found FROM inventory.verify_ledger() v;
    RAISE EXCEPTION 'undo';
EXCEPTION
    WHEN raise_exception THEN RETURN found;
END
$$;
SELECT is(pg_temp.forged($$UPDATE inventory.stock_movement_2026_02 SET reference_id = 'forged' WHERE product_id = 2 AND version = 2$$),
    '2 movement 2 does not have the hash of its content and the movement before it', 'a row of a month that was attached again');
SELECT is(pg_temp.forged($$UPDATE inventory.ledger_opening SET row_hash = sha256('x') WHERE (product_id, version) IN ((1, 3), (2, 2))$$),
    '1 movement 3 does not have the hash of its content and the movement before it, 1 movement 4 does not have the hash of its content and the movement before it, 2 last hash differs from the ledger, 2 movement 2 does not have the hash of its content and the movement before it, 2 opening balance 2 is not the movement before it', 'the hash of an opening');
SELECT is(pg_temp.forged('UPDATE inventory.ledger_opening SET on_hand_after = 99 WHERE product_id = 3 AND version = 3', 'UPDATE inventory.inventory_item SET quantity_on_hand = 99 WHERE product_id = 3'),
    '3 movement 3 does not have the hash of its content and the movement before it', 'the level of an opening, and of its item');
SELECT is(pg_temp.forged(format('UPDATE inventory.ledger_opening SET %s WHERE product_id = 3 AND version = 2', c.change)), '3 movement 2 does not have the hash of its content and the movement before it', 'an older opening: ' || c.change)
    FROM (VALUES ($$reference_id = 'x'$$), ($$created_at = created_at + interval '1 day'$$), ('movement_id = 0'), ('previous_hash = NULL')) AS c(change);
-- A movement that hangs on an older opening and leads nowhere.
SELECT is(pg_temp.forged($$INSERT INTO inventory.stock_movement SELECT -7, 1, 1, 'SALE', -7, 3, 2, 'forged', NULL, NULL, 'x', 'x', '2025-11-15+00', '2025-11-15+00',
        inventory.movement_hash((SELECT row_hash FROM inventory.ledger_opening WHERE (product_id, warehouse_id, version) = (1, 1, 1)), -7, 1, 1, 'SALE', -7, 3, 2, 'forged', NULL, NULL, 'x', 'x', '2025-11-15+00', '2025-11-15+00')$$),
    '1 opening balance 3 is not the movement before it', 'a movement between two openings');

-- Partitions that somebody made otherwise are refused, not misread.
CREATE FUNCTION pg_temp.with_partition(VARIADIC statements text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    statement text;
BEGIN
    FOREACH statement IN ARRAY statements LOOP
        EXECUTE statement;
    END LOOP;
    RAISE EXCEPTION '%', inventory.on_hand_at(6, 1, '2025-01-20');
EXCEPTION
    WHEN raise_exception OR object_not_in_prerequisite_state THEN RETURN SQLERRM;
END
$$;
SELECT is(pg_temp.with_partition('CREATE TABLE inventory.sub (LIKE inventory.stock_movement) PARTITION BY HASH (product_id)', 'CREATE UNIQUE INDEX ON inventory.sub (product_id, warehouse_id, created_at)',
        'ALTER TABLE inventory.stock_movement ATTACH PARTITION inventory.sub FOR VALUES FROM (''2025-01-01+00'') TO (''2025-02-01+00'')'),
    'partition sub of the ledger is not a table with the columns of the ledger in their order', 'one that is partitioned itself');
SELECT is(pg_temp.with_partition('CREATE TABLE inventory.sub (LIKE inventory.stock_movement)', 'CREATE UNIQUE INDEX ON inventory.sub (product_id, warehouse_id, created_at DESC)',
        'ALTER TABLE inventory.stock_movement ATTACH PARTITION inventory.sub FOR VALUES FROM (''2025-01-01+00'') TO (''2025-02-01+00'')'),
    'table sub has lost the index that items are found by', 'one whose index goes the other way');
SELECT is(pg_temp.with_partition('CREATE TABLE inventory.sub (movement_id bigint NOT NULL, warehouse_id bigint NOT NULL, product_id bigint NOT NULL, movement_type inventory.movement_type NOT NULL, quantity bigint NOT NULL, on_hand_after bigint NOT NULL, version bigint NOT NULL, reference_id text, reservation_id bigint,
            root_cause text, performed_by text NOT NULL, session_role text NOT NULL, created_at timestamptz NOT NULL, occurred_at timestamptz NOT NULL, row_hash bytea, UNIQUE (product_id, warehouse_id, created_at))',
        'ALTER TABLE inventory.stock_movement ATTACH PARTITION inventory.sub FOR VALUES FROM (''2025-01-01+00'') TO (''2025-02-01+00'')'),
    'partition sub of the ledger is not a table with the columns of the ledger in their order', 'one with other columns at their place');
SELECT is(pg_temp.with_partition(VARIADIC (SELECT array_agg(format('ALTER TABLE inventory.stock_movement DETACH PARTITION %s', inhrelid::regclass)) FROM pg_inherits WHERE inhparent = 'inventory.stock_movement'::regclass)), '0', 'a ledger without partitions');
CREATE TABLE inventory.years (LIKE inventory.stock_movement INCLUDING ALL EXCLUDING IDENTITY, PRIMARY KEY (movement_id), UNIQUE (product_id, warehouse_id, created_at));
ALTER TABLE inventory.stock_movement ATTACH PARTITION inventory.years FOR VALUES FROM ('2020-03-01+00') TO ('2025-06-15+00');
SELECT is(inventory.make_ledger_partitions(3, '2020-01-01'), 6, 'months that something else covers, if in part, are left out');
SELECT throws_ok(format('SELECT * FROM inventory.retire_movements(%s)', c.argument), '22023', NULL, 'retire_movements ' || c.argument)
    FROM (VALUES ('NULL'), ($$now() + interval '1 day'$$), ($$'infinity'$$), ($$'-infinity'$$)) AS c(argument);

SELECT * FROM finish();
ROLLBACK;
