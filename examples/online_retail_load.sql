-- Loads the Online Retail invoices into a schema "replay" and makes them ready to
-- be replayed: classifies every line, fills the catalogue, and makes up opening
-- stock. The CSV comes in on standard input:
--   psql -f examples/online_retail_load.sql demo <online_retail.csv
\set QUIET on
\set ON_ERROR_STOP on
SET client_min_messages = warning;
-- The invoices are those of a British wholesaler, and name no time zone.
SET timezone = 'Europe/London';

CREATE SCHEMA replay;

-- The file as it is. line_no is the order of the file.
CREATE UNLOGGED TABLE replay.staging (
    line_no bigint GENERATED ALWAYS AS IDENTITY,
    invoice_no text NOT NULL,
    stock_code text NOT NULL,
    description text,
    quantity bigint NOT NULL,
    invoice_date timestamptz NOT NULL,
    unit_price numeric NOT NULL,
    customer_id text,
    country text
);
\copy replay.staging (invoice_no, stock_code, description, quantity, invoice_date, unit_price, customer_id, country) FROM pstdin WITH (FORMAT csv, HEADER)
ANALYZE replay.staging;

-- What each kind of line is, and what the replay does with it.
CREATE TABLE replay.kind (
    position integer NOT NULL,
    kind text PRIMARY KEY,
    action text NOT NULL
);
INSERT INTO replay.kind VALUES
    (1, 'order line', 'reserve_stock, then fulfill_reservation'),
    (2, 'return', 'return_stock'),
    (3, 'write-off', 'adjust_stock down, cause guessed'),
    (4, 'found goods', 'adjust_stock up, cause FOUND'),
    (5, 'service code', 'skipped: postage, fees, vouchers'),
    (6, 'anything else', 'skipped');

-- One transaction of the replay each, in time order. A few invoices were written
-- over two minutes; their first line dates them.
CREATE UNLOGGED TABLE replay.invoice AS
SELECT row_number() OVER (ORDER BY min(s.invoice_date), min(s.line_no)) AS position,
    s.invoice_no, min(s.invoice_date) AS occurred_at
FROM replay.staging s
GROUP BY s.invoice_no;
ALTER TABLE replay.invoice ADD PRIMARY KEY (position);

-- Every line gets exactly one kind: the first that fits. delta is what the line
-- does to the level, in pieces.
CREATE UNLOGGED TABLE replay.line AS
SELECT i.position, c.line_no, c.invoice_no, c.sku, c.kind, c.quantity,
    CASE WHEN c.kind IN ('order line', 'return') THEN -c.quantity
        WHEN c.kind IN ('write-off', 'found goods') THEN c.quantity
        ELSE 0 END AS delta,
    CASE c.kind
        WHEN 'found goods' THEN 'FOUND'
        WHEN 'write-off' THEN
            CASE WHEN c.words ~ 'dam|dag|thrown? away|destroy|smash|crush|wet|rust|mould|broken|break|crack|fault|unsale' THEN 'DAMAGE'
                WHEN c.words ~ 'lost|missing|mia|can''t find' THEN 'THEFT'
                WHEN c.words ~ 'not rcvd' THEN 'RECEIVING_ERROR'
                WHEN c.words ~ 'check|count|stock entry' THEN 'COUNT_ERROR'
                WHEN c.words ~ 'found' THEN 'FOUND'
                ELSE 'OTHER' END
    END AS root_cause,
    NULL::bigint AS product_id
FROM (
    SELECT s.line_no, s.invoice_no, s.quantity,
        -- 15056BL and 15056bl are the same article.
        upper(btrim(s.stock_code)) AS sku,
        lower(coalesce(s.description, '')) AS words,
        CASE
            -- Goods have five digits, or the prefix of a partner's range.
            WHEN upper(btrim(s.stock_code)) !~ '^([0-9]{5}|DCGS)' THEN 'service code'
            WHEN s.invoice_no LIKE 'C%' AND s.quantity < 0 THEN 'return'
            WHEN s.invoice_no LIKE 'C%' THEN 'anything else'
            WHEN s.quantity < 0 THEN 'write-off'
            WHEN s.quantity > 0 AND s.unit_price <= 0 AND s.customer_id IS NULL THEN 'found goods'
            WHEN s.quantity > 0 THEN 'order line'
            ELSE 'anything else'
        END AS kind
    FROM replay.staging s
) AS c
JOIN replay.invoice i ON i.invoice_no = c.invoice_no
ORDER BY i.position, c.line_no;

INSERT INTO inventory.warehouse (name, timezone) VALUES ('Online Retail', 'Europe/London');

-- The catalogue. Where a SKU has several descriptions the one that orders use most
-- is its name: the others are mostly remarks about its stock. The price is the
-- median of the year; the cost is made up.
INSERT INTO inventory.product (sku, name, unit_price, unit_cost)
SELECT l.sku,
    coalesce(
        mode() WITHIN GROUP (ORDER BY btrim(s.description)) FILTER (WHERE l.kind = 'order line'),
        mode() WITHIN GROUP (ORDER BY btrim(s.description)),
        '(no description)'),
    percentile_disc(0.5) WITHIN GROUP (ORDER BY s.unit_price) FILTER (WHERE s.unit_price > 0),
    round(0.6 * percentile_disc(0.5) WITHIN GROUP (ORDER BY s.unit_price) FILTER (WHERE s.unit_price > 0), 2)
FROM replay.line l
JOIN replay.staging s USING (line_no)
WHERE l.kind NOT IN ('service code', 'anything else')
GROUP BY l.sku
ORDER BY l.sku;

UPDATE replay.line l SET product_id = p.product_id
FROM inventory.product p
WHERE p.sku = l.sku AND l.kind NOT IN ('service code', 'anything else');
CREATE INDEX ON replay.line (position, line_no);
VACUUM ANALYZE replay.line;

-- The data has no receipts. Opening stock is 95 % of the most that the year ever
-- took out of an article net of what came back: enough for most orders, but some
-- meet an empty shelf, as they should.
CREATE TABLE replay.opening AS
SELECT need.product_id, ceil(0.95 * max(need.quantity))::bigint AS quantity
FROM (
    SELECT l.product_id, -sum(l.delta) OVER (PARTITION BY l.product_id ORDER BY l.position, l.line_no) AS quantity
    FROM replay.line l
    WHERE l.product_id IS NOT NULL
) AS need
GROUP BY need.product_id
HAVING max(need.quantity) > 0;

BEGIN;
SELECT set_config('inventory.occurred_at', (min(occurred_at) - interval '1 day')::text, true) FROM replay.invoice \g /dev/null
SELECT count(inventory.receive_stock(o.product_id, w.warehouse_id, o.quantity, 'OPENING'))
FROM replay.opening o, inventory.warehouse w \g /dev/null
COMMIT;
ANALYZE inventory.product, inventory.inventory_item;

\pset format unaligned
\pset tuples_only on
SELECT format('%s lines of %s invoices; %s articles, opening stock of %s pieces made up.',
    to_char((SELECT count(*) FROM replay.staging), 'FM999,999,999'),
    to_char((SELECT count(*) FROM replay.invoice), 'FM999,999,999'),
    to_char((SELECT count(*) FROM inventory.product), 'FM999,999,999'),
    to_char((SELECT sum(quantity) FROM replay.opening), 'FM999,999,999,999'));
