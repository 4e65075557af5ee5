-- What became of every line, after the replay of examples/online_retail_replay.sql.
-- Fails when lines are unaccounted for or the ledger does not agree with them:
--   psql -v lines_in_file=541909 -f examples/online_retail_account.sql demo
\set QUIET on
\set ON_ERROR_STOP on
\set SHOW_CONTEXT never
\pset footer off
\pset numericlocale on
\pset null ''
SET lc_numeric = 'C';

-- Each line with its kind and whether it was done.
CREATE TEMPORARY TABLE account AS
SELECT k.position, k.kind, k.action, count(l.line_no) AS lines, coalesce(sum(l.quantity), 0)::bigint AS units,
    count(l.line_no) FILTER (WHERE l.product_id IS NOT NULL AND r.line_no IS NULL) AS done,
    count(r.line_no) AS refused,
    count(l.line_no) FILTER (WHERE l.product_id IS NULL) AS skipped,
    coalesce(sum(l.delta) FILTER (WHERE r.line_no IS NULL), 0)::bigint AS moved
FROM replay.kind k
LEFT JOIN replay.line l ON l.kind = k.kind
LEFT JOIN replay.refused r ON r.line_no = l.line_no
GROUP BY k.position, k.kind, k.action;

\echo
\echo '== Every line of the file, and what was done with it'
\echo
SELECT kind, lines, units, done, refused, skipped, action AS "what was done"
FROM (
    SELECT position, kind, lines, units, done, refused, skipped, action FROM account
    UNION ALL
    SELECT 99, 'total', sum(lines)::bigint, sum(units)::bigint, sum(done)::bigint, sum(refused)::bigint, sum(skipped)::bigint, '' FROM account
) AS a
ORDER BY position;

\echo 'Units are those of the file: negative for returns and write-offs. Refused: SQLSTATE IV001, too little'
\echo 'on the shelf. Unpaid lines of a known customer are gifts and count as orders.'
SELECT set_config('replay.lines_in_file', :'lines_in_file', false) \g /dev/null
DO $$
DECLARE
    in_file bigint := current_setting('replay.lines_in_file');
    accounted bigint := (SELECT sum(lines) FROM account);
    placed bigint := (SELECT sum(done + refused + skipped) FROM account);
BEGIN
    IF accounted <> in_file OR placed <> in_file THEN
        RAISE EXCEPTION 'the file has % lines, but % are accounted for and % are done, refused or skipped', in_file, accounted, placed;
    END IF;
END
$$;
\echo 'The total is the number of lines in the file.'

\echo
\echo '== Why stock was adjusted, as far as the descriptions tell'
\echo
SELECT l.kind, l.root_cause, count(*) AS lines, sum(l.delta) AS units, count(r.line_no) AS refused
FROM replay.line l
LEFT JOIN replay.refused r USING (line_no)
WHERE l.root_cause IS NOT NULL
GROUP BY l.kind, l.root_cause
ORDER BY l.kind DESC, count(*) DESC;

\echo
\echo '== What is dirty in the file, service codes included'
\echo
WITH spelling AS (
    SELECT upper(btrim(stock_code)) AS sku, count(DISTINCT stock_code) AS codes, count(DISTINCT btrim(description)) AS descriptions
    FROM replay.staging
    GROUP BY upper(btrim(stock_code))
), repeated AS (
    SELECT count(*) - 1 AS extra
    FROM replay.staging s
    GROUP BY s.invoice_no, s.stock_code, s.description, s.quantity, s.invoice_date, s.unit_price, s.customer_id, s.country
    HAVING count(*) > 1
)
SELECT d.what, d.number, d.treatment
FROM (
    SELECT count(*) FILTER (WHERE invoice_no LIKE 'C%') AS cancelled,
        count(*) FILTER (WHERE invoice_no NOT LIKE 'C%' AND quantity < 0) AS negative,
        count(*) FILTER (WHERE unit_price <= 0) AS unpaid,
        count(*) FILTER (WHERE customer_id IS NULL) AS nobody,
        count(*) FILTER (WHERE description IS NULL) AS undescribed
    FROM replay.staging
) AS s,
LATERAL (VALUES
    (1, 'lines of cancellations', s.cancelled, 'returned to stock'),
    (2, 'negative lines of other invoices', s.negative, 'written off'),
    (3, 'lines with a price of 0 or less', s.unpaid, 'a gift, found or written off; services skipped'),
    (4, 'lines without a customer', s.nobody, 'taken as they are'),
    (5, 'lines without a description', s.undescribed, 'named by the other lines of the SKU'),
    (6, 'lines that repeat another exactly', (SELECT sum(extra)::bigint FROM repeated), 'taken as they are'),
    (7, 'SKUs that differ only in letter case', (SELECT count(*) FROM spelling WHERE codes > 1), 'folded to upper case'),
    (8, 'SKUs with several descriptions', (SELECT count(*) FROM spelling WHERE descriptions > 1), 'the most frequent one is the name')
) AS d(position, what, number, treatment)
ORDER BY d.position;

\echo
\echo '== Orders and speed'
\echo
WITH per_order AS (
    SELECT l.invoice_no, count(r.line_no) AS refused, count(*) AS lines
    FROM replay.line l
    LEFT JOIN replay.refused r USING (line_no)
    WHERE l.kind = 'order line'
    GROUP BY l.invoice_no
)
SELECT count(*) AS orders,
    count(*) FILTER (WHERE refused = 0) AS "complete",
    count(*) FILTER (WHERE refused BETWEEN 1 AND lines - 1) AS "in part",
    count(*) FILTER (WHERE refused = lines) AS "refused whole"
FROM per_order;
SELECT t.lines AS "lines replayed", round(t.seconds, 1) AS seconds, round(t.lines / t.seconds) AS "lines per second",
    round(t.movements / t.seconds) AS "movements per second"
FROM (
    SELECT (SELECT sum(done + refused) FROM account) AS lines,
        (SELECT count(*) FROM inventory.stock_movement WHERE movement_type <> 'PURCHASE') AS movements,
        (SELECT extract(epoch FROM sum(ended_at - started_at)) FROM replay.chunk) AS seconds
) AS t;

\echo
\echo '== The ten articles that sold best'
\echo
SELECT sku, product_name, -sum(quantity) AS "units sold", count(*) AS sales, max(l.quantity_on_hand) AS "left"
FROM inventory.movement_history h
JOIN inventory.stock_level l USING (product_id, warehouse_id, sku, product_name)
WHERE movement_type = 'SALE'
GROUP BY product_id, sku, product_name
ORDER BY sum(quantity), sku
LIMIT 10;

\echo
\echo '== Does the ledger agree? The lines of the file on one side, what inventory recorded on the other'
\echo
CREATE TEMPORARY TABLE agreement AS
WITH ledger AS (
    SELECT CASE movement_type
            WHEN 'PURCHASE' THEN 'opening stock'
            WHEN 'SALE' THEN 'order line'
            WHEN 'RETURN' THEN 'return'
            ELSE CASE WHEN quantity < 0 THEN 'write-off' ELSE 'found goods' END
        END AS kind, quantity
    FROM inventory.stock_movement
), file AS (
    SELECT 0 AS position, 'opening stock' AS kind, count(*) AS lines, coalesce(sum(quantity), 0)::bigint AS units FROM replay.opening
    UNION ALL
    SELECT position, kind, done, moved FROM account WHERE kind NOT IN ('service code', 'anything else')
)
SELECT f.position, f.kind, f.lines AS file_lines, f.units AS file_units,
    (SELECT count(*) FROM ledger l WHERE l.kind = f.kind) AS ledger_lines,
    (SELECT coalesce(sum(l.quantity), 0)::bigint FROM ledger l WHERE l.kind = f.kind) AS ledger_units
FROM file f
UNION ALL
SELECT 99, 'on hand', NULL, (SELECT sum(units)::bigint FROM file), NULL, (SELECT sum(quantity_on_hand)::bigint FROM inventory.inventory_item);

SELECT kind, file_lines AS "lines done", ledger_lines AS movements, file_units AS "units of lines", ledger_units AS "units recorded"
FROM agreement
ORDER BY position;

DO $$
DECLARE
    wrong bigint;
BEGIN
    IF EXISTS (SELECT FROM agreement WHERE file_units <> ledger_units OR file_lines <> ledger_lines) THEN
        RAISE EXCEPTION 'the ledger does not agree with the lines that were replayed';
    END IF;
    -- The same for each article by itself, since sums could hide two errors.
    SELECT count(*) INTO wrong
    FROM (
        SELECT product_id, sum(quantity) AS quantity
        FROM (
            SELECT product_id, quantity FROM replay.opening
            UNION ALL
            SELECT l.product_id, l.delta FROM replay.line l
            WHERE l.product_id IS NOT NULL AND NOT EXISTS (SELECT FROM replay.refused r WHERE r.line_no = l.line_no)
        ) AS m
        GROUP BY product_id
    ) AS expected
    FULL JOIN inventory.inventory_item i USING (product_id)
    WHERE coalesce(expected.quantity, 0) <> coalesce(i.quantity_on_hand, 0);
    IF wrong > 0 THEN
        RAISE EXCEPTION 'the level of % articles is not what their lines add up to', wrong;
    END IF;
    IF EXISTS (SELECT FROM inventory.open_reservation) THEN
        RAISE EXCEPTION 'reservations are left open';
    END IF;
    SELECT count(*) INTO wrong FROM inventory.verify_ledger();
    IF wrong > 0 THEN
        RAISE EXCEPTION 'inventory.verify_ledger() found % problems', wrong;
    END IF;
END
$$;
\echo 'Opening + returned + found - sold - written off = on hand, in sum and for every single article.'
\echo 'inventory.verify_ledger() returns no row: levels, ledger and reservations agree.'

-- One supplier for everything, since the data names none: two weeks, give or take
-- three days, in dozens.
\set QUIET on
INSERT INTO inventory.supplier (name) VALUES ('Wholesale') \g /dev/null
INSERT INTO inventory.product_supplier (product_id, supplier_id, is_preferred, lead_time_days, lead_time_stddev_days, order_multiple)
SELECT p.product_id, max(s.supplier_id), true, 14, 3, 12
FROM inventory.product p CROSS JOIN inventory.supplier s
GROUP BY p.product_id;
SELECT max(occurred_at)::date AS last_day FROM replay.invoice \gset

\echo
\echo '== What a planner gets out of it: policies from the 365 days up to the last invoice'
\echo
SELECT inventory.recompute_policies(365, 0.95, :'last_day') AS "policies computed";
SELECT count(*) FILTER (WHERE i.is_low) AS "items below their reorder point", count(*) AS items
FROM inventory.inventory_item i;

\echo
\echo '== The ten that run out first at the pace of the year'
\echo
SELECT p.sku, left(p.name, 30) AS name, i.quantity_available AS available, round(d.avg_daily_usage::numeric, 1) AS "per day",
    round((i.quantity_available / d.avg_daily_usage)::numeric, 1) AS "days left", i.reorder_point AS "reorder point", i.reorder_quantity AS "order"
FROM inventory.inventory_item i
JOIN inventory.product p USING (product_id)
JOIN inventory.item_demand d USING (product_id, warehouse_id)
WHERE i.is_low AND d.avg_daily_usage > 0
ORDER BY i.quantity_available / d.avg_daily_usage, d.avg_daily_usage DESC
LIMIT 10;

\echo
\echo '== And the purchase order that one call drafts of all of them'
\echo
CREATE TEMPORARY TABLE drafted AS SELECT * FROM inventory.run_replenishment();
SELECT d.po_id, d.status, count(*) AS lines, sum(l.quantity) AS units
FROM drafted d
JOIN inventory.purchase_order_line l USING (po_id)
GROUP BY d.po_id, d.status;
