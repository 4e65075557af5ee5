-- Purchase orders from draft to receipt, how suppliers deliver, and lines as JSON for every function that takes them.

-- Warnings reach only the client, so a client of its own looks for them, before this one holds locks on the extension.
\setenv PGHOST :HOST
\setenv PGPORT :PORT
\setenv PGUSER :USER
\setenv PGDATABASE :DBNAME
\setenv PGOPTIONS '-c lc_messages=C -c client_min_messages=warning'
\setenv WARNED_BY 'SELECT inventory.create_purchase_order(1, 1, ''[{"product_id": 1, "qty": 20}, {"product_id": 1, "qty": 8}, {"product_id": 1, "qty": 25}, {"product_id": 1, "qty": 7}, {"product_id": 2, "qty": 1}]'')'
\setenv TERMS 'INSERT INTO inventory.product (product_id, sku, name) VALUES (1, ''a'', ''a''), (2, ''b'', ''b''); INSERT INTO inventory.warehouse (warehouse_id, name) VALUES (1, ''w''); INSERT INTO inventory.supplier (supplier_id, name) VALUES (1, ''s''); INSERT INTO inventory.product_supplier (product_id, supplier_id, min_order_quantity, order_multiple) VALUES (1, 1, 10, 4)'
\set warned `psql -XqAt -v ON_ERROR_STOP=1 -c 'BEGIN' -c 'CREATE EXTENSION inventory' -c "$TERMS" -c "$WARNED_BY" -c 'ROLLBACK' 2>&1 >/dev/null`

BEGIN;
-- Without the warnings, which were looked for above.
SET LOCAL client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION inventory;
SELECT plan(2679);

\ir include/setup.psql

SET LOCAL timezone = 'UTC';
SET LOCAL datestyle = 'ISO';
INSERT INTO inventory.warehouse (warehouse_id, name, timezone) VALUES (3, 'Los Angeles', 'America/Los_Angeles'), (4, 'Kiritimati', 'Pacific/Kiritimati');
INSERT INTO inventory.supplier (supplier_id, name) SELECT i, 'Supplier ' || i FROM generate_series(1, 9) i;

-- The lines of an order: number product received/ordered @agreed cost
CREATE FUNCTION pg_temp.lines_of(id bigint) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s p%s %s/%s @%s', line_no, product_id, quantity_received, quantity, coalesce(unit_cost::text, '-')), ', ' ORDER BY line_no)
    FROM inventory.purchase_order_line WHERE po_id = id
$$;

-- What came in for it, and whether the movement each receipt names is its own: line quantity @cost
CREATE FUNCTION pg_temp.receipts(id bigint) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s %s @%s%s', r.line_no, r.quantity, coalesce(r.unit_cost::text, '-'),
        CASE WHEN (m.movement_type, m.quantity, m.reference_id, m.product_id, m.warehouse_id, m.occurred_at >= r.received_at)
            = ('PURCHASE', r.quantity, id::text, l.product_id, o.warehouse_id, true) THEN '' ELSE ' without movement' END), ', ' ORDER BY r.receipt_id)
    FROM inventory.purchase_receipt r
    JOIN inventory.purchase_order_line l ON l.po_id = r.po_id AND l.line_no = r.line_no
    JOIN inventory.purchase_order o ON o.po_id = r.po_id
    LEFT JOIN inventory.stock_movement m ON m.movement_id = r.movement_id
    WHERE r.po_id = id
$$;

CREATE FUNCTION pg_temp.status_of(id bigint) RETURNS text LANGUAGE sql AS $$
    SELECT status::text FROM inventory.purchase_order WHERE po_id = id
$$;

-- A confirmed order for one warehouse
CREATE FUNCTION pg_temp.confirmed(supplier bigint, warehouse bigint, line_items jsonb, expected date DEFAULT NULL) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    id bigint := (inventory.create_purchase_order(supplier, warehouse, line_items, expected)).po_id;
BEGIN
    PERFORM inventory.submit_purchase_order(id);
    PERFORM inventory.confirm_purchase_order(id);
    RETURN id;
END
$$;

-- The life of an order

INSERT INTO inventory.product_supplier (product_id, supplier_id, unit_cost) VALUES (1, 1, 2.50), (2, 1, NULL);
SELECT po_id AS po, o.supplier_id AS supplier, o.warehouse_id AS warehouse, o.status AS status, o.expected_delivery_date IS NULL AS no_day,
    o.created_at > now() AS is_dated, concat(o.submitted_at, o.confirmed_at, o.received_at, o.cancelled_at) AS later, o.created_by AS creator
    FROM inventory.create_purchase_order(1, 1, '[{"product_id": 1, "qty": 100}, {"product_id": 3, "qty": 7, "unit_cost": 1}]') o \gset
SELECT is(concat_ws(' ', :'supplier', :'warehouse', :'status', :'no_day', :'is_dated', :'later', :'creator'), '1 1 DRAFT t t  ' || session_user, 'a new order is a DRAFT without a day, of the session user');
SELECT is(pg_temp.lines_of(:po), '1 p1 0/100 @2.50, 2 p3 0/7 @1', 'with its lines');
SELECT is((SELECT concat_ws(' ', o.po_id, o.status, o.submitted_at > o.created_at, o.confirmed_at, o.received_at, o.cancelled_at) FROM inventory.submit_purchase_order(:po) o), concat(:po, ' SUBMITTED t'), 'submitted');
SELECT is((SELECT concat_ws(' ', o.po_id, o.status, o.confirmed_at > o.submitted_at, o.received_at, o.cancelled_at) FROM inventory.confirm_purchase_order(:po) o), concat(:po, ' CONFIRMED t'), 'confirmed');
SELECT is((SELECT count(*) FROM inventory.inventory_item), 0::bigint, 'nothing is in stock before the receipt');
SELECT is((SELECT concat_ws(' ', o.po_id, o.status, o.received_at > o.confirmed_at, o.cancelled_at) FROM inventory.receive_purchase_order(:po) o), concat(:po, ' RECEIVED t'), 'NULL receives all that is open');
SELECT is(pg_temp.lines_of(:po), '1 p1 100/100 @2.50, 2 p3 7/7 @1', 'on all lines');
SELECT is(pg_temp.receipts(:po), '1 100 @2.50, 2 7 @1', 'a receipt for each, with the agreed cost and its movement');
SELECT is(concat_ws(', ', pg_temp.ledger(1, 1), pg_temp.ledger(3, 1)), '1 PURCHASE 100>100, 1 PURCHASE 7>7', 'which makes the items where nothing was stocked');
SELECT is((SELECT count(*) FROM inventory.purchase_receipt r JOIN inventory.purchase_order o USING (po_id)
    WHERE o.po_id = :po AND r.received_at = o.received_at AND abs(r.lead_time_days - extract(epoch FROM o.received_at - o.submitted_at) / 86400) < 1e-9), 2::bigint, 'the receipts have the time and the lead time of the order');
SELECT is((SELECT movement_type FROM inventory.stock_movement WHERE reference_id = :'po' AND product_id = 1), 'PURCHASE', 'po_id is the reference of the movement');
SELECT pg_temp.healthy('the life of an order');

-- Each step from each state

CREATE FUNCTION pg_temp.order_in(state text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    id bigint := (inventory.create_purchase_order(1, 1, '[{"product_id": 1, "qty": 10}]')).po_id;
BEGIN
    IF state NOT IN ('DRAFT', 'CANCELLED from DRAFT') THEN
        PERFORM inventory.submit_purchase_order(id);
    END IF;
    IF state NOT IN ('DRAFT', 'CANCELLED from DRAFT', 'SUBMITTED', 'CANCELLED from SUBMITTED') THEN
        PERFORM inventory.confirm_purchase_order(id);
    END IF;
    IF state = 'RECEIVED' THEN
        PERFORM inventory.receive_purchase_order(id);
    END IF;
    IF state = 'CONFIRMED with a part received' OR state = 'CANCELLED with a part received' THEN
        PERFORM inventory.receive_purchase_order(id, '[{"product_id": 1, "qty": 4}]');
    END IF;
    IF state LIKE 'CANCELLED%' THEN
        PERFORM inventory.cancel_purchase_order(id);
    END IF;
    RETURN id;
END
$$;
CREATE TEMP TABLE case_of_order (state text, po_id bigint);
INSERT INTO case_of_order SELECT s, pg_temp.order_in(s) FROM unnest(ARRAY['DRAFT', 'SUBMITTED', 'CONFIRMED', 'CONFIRMED with a part received', 'RECEIVED',
    'CANCELLED from DRAFT', 'CANCELLED from SUBMITTED', 'CANCELLED from CONFIRMED', 'CANCELLED with a part received']) s;
SELECT is(pg_temp.status_of(po_id), split_part(state, ' ', 1), 'an order ' || state) FROM case_of_order;
CREATE TEMP TABLE step (f text, wanted text, allowed text[], becomes text);
INSERT INTO step VALUES
    ('submit_purchase_order', 'DRAFT', '{DRAFT}', 'SUBMITTED'),
    ('confirm_purchase_order', 'SUBMITTED', '{SUBMITTED}', 'CONFIRMED'),
    ('receive_purchase_order', 'CONFIRMED', '{CONFIRMED}', 'RECEIVED'),
    ('cancel_purchase_order', 'open', '{DRAFT,SUBMITTED,CONFIRMED}', 'CANCELLED');
SELECT pg_temp.refused(format('SELECT inventory.%s(%s)', s.f, c.po_id), 'IV002', format('purchase order %s is not %s', c.po_id, s.wanted),
        format('It is %s.', split_part(c.state, ' ', 1)), s.f || ' of one ' || c.state)
    FROM step s, case_of_order c WHERE split_part(c.state, ' ', 1) <> ALL (s.allowed);
SELECT is(pg_temp.status_of(po_id), split_part(state, ' ', 1), state || ' is what it was') FROM case_of_order;
CREATE TEMP TABLE fresh AS SELECT s.f, s.becomes, c.state, pg_temp.order_in(c.state) AS po_id FROM step s, case_of_order c WHERE split_part(c.state, ' ', 1) = ANY (s.allowed);
SELECT results_eq(format('SELECT po_id, status::text FROM inventory.%s(%s)', f, po_id), format('SELECT %s::bigint, %L::text', po_id, becomes), f || ' of one ' || state) FROM fresh;
SELECT is(pg_temp.status_of(po_id), becomes, 'makes it ' || becomes) FROM fresh;
SELECT is((SELECT count(*) FROM inventory.purchase_order WHERE status = 'CANCELLED' AND cancelled_at IS NULL OR status <> 'CANCELLED' AND cancelled_at IS NOT NULL), 0::bigint, 'exactly the cancelled ones have cancelled_at');
SELECT is((SELECT count(*) FROM inventory.purchase_order WHERE (status = 'RECEIVED') <> (received_at IS NOT NULL)), 0::bigint, 'exactly the received ones have received_at');
SELECT is(pg_temp.lines_of(po_id), '1 p1 4/10 @2.50', 'what came in before the cancellation stays') FROM case_of_order WHERE state = 'CANCELLED with a part received';
SELECT pg_temp.refused(format('SELECT inventory.%s(NULL)', f), '22023', 'po_id must not be NULL', '', f || ' NULL') FROM step;
SELECT pg_temp.refused(format('SELECT inventory.%s(%s)', f, id), 'IV003', format('purchase order %s does not exist', id), '', f || ' of an unknown order ' || id)
    FROM step, unnest(ARRAY[999999, 0, -1]) id;
SELECT pg_temp.refused(format($$SELECT inventory.receive_purchase_order(%s, '[{"product_id": 1, "qty": 1}]')$$, c.po_id), 'IV002', format('purchase order %s is not CONFIRMED', c.po_id),
        format('It is %s.', split_part(c.state, ' ', 1)), 'a part of one ' || c.state)
    FROM case_of_order c WHERE c.state NOT LIKE 'CONFIRMED%';
SELECT pg_temp.healthy('each step from each state');

-- Create refuses

CREATE TEMP TABLE line (one jsonb DEFAULT '[{"product_id": 1, "qty": 1}]');
INSERT INTO line DEFAULT VALUES;
UPDATE inventory.supplier SET is_active = false WHERE supplier_id = 2;
UPDATE inventory.product SET is_active = false WHERE product_id = 4;
SELECT pg_temp.refused(format('SELECT inventory.create_purchase_order(NULL, 1, %L)', one), '22023', 'supplier_id must not be NULL', '', 'supplier NULL') FROM line;
SELECT pg_temp.refused(format('SELECT inventory.create_purchase_order(1, NULL, %L)', one), '22023', 'warehouse_id must not be NULL', '', 'warehouse NULL') FROM line;
SELECT pg_temp.refused(format('SELECT inventory.create_purchase_order(99, 1, %L)', one), 'IV003', 'supplier 99 does not exist', '', 'an unknown supplier') FROM line;
SELECT pg_temp.refused(format('SELECT inventory.create_purchase_order(1, 99, %L)', one), 'IV003', 'warehouse 99 does not exist', '', 'an unknown warehouse') FROM line;
SELECT pg_temp.refused(format('SELECT inventory.create_purchase_order(2, 1, %L)', one), 'IV002', 'supplier 2 is not active', 'Nothing is ordered there any more.', 'an inactive supplier') FROM line;
SELECT pg_temp.refused($$SELECT inventory.create_purchase_order(1, 1, '[{"product_id": 1, "qty": 1}, {"product_id": 4, "qty": 1}]')$$, 'IV002', 'line 2 of line_items: product 4 is not active', 'It is no longer bought.', 'an inactive product');
SELECT pg_temp.refused($$SELECT inventory.create_purchase_order(1, 1, '[{"product_id": 1, "qty": 1}, {"product_id": 99, "qty": 1}]')$$, 'IV003', 'line 2 of line_items: product 99 does not exist', '', 'an unknown product');
SELECT pg_temp.refused(format('SELECT inventory.create_purchase_order(1, 1, %L, %L)', one, day), '22023', 'expected_delivery_date must not be infinite', '', 'expected ' || day) FROM line, unnest(ARRAY['infinity', '-infinity']) day;
SELECT po_id AS po FROM inventory.create_purchase_order(1, 1, '[{"product_id": 1, "qty": 1}]') \gset
SELECT inventory.submit_purchase_order(:po);
SELECT pg_temp.refused(format('SELECT inventory.confirm_purchase_order(%s, %L)', :po, day), '22023', 'expected_delivery_date must not be infinite', '', 'confirmed for ' || day) FROM unnest(ARRAY['infinity', '-infinity']) day;
UPDATE inventory.supplier SET is_active = false WHERE supplier_id = 1;
UPDATE inventory.product SET is_active = false WHERE product_id = 1;
SELECT lives_ok(format('SELECT inventory.confirm_purchase_order(%s)', :po), 'what was ordered while they were active is confirmed');
SELECT lives_ok(format('SELECT inventory.receive_purchase_order(%s)', :po), 'and comes in');
UPDATE inventory.supplier SET is_active = true WHERE supplier_id = 1;
UPDATE inventory.product SET is_active = true WHERE product_id = 1;
SELECT pg_temp.healthy('create refuses');

-- Costs

INSERT INTO inventory.product_supplier (product_id, supplier_id, unit_cost) VALUES (5, 1, 2.50), (6, 1, 0);
SELECT po_id AS po FROM inventory.create_purchase_order(1, 1, '[{"product_id": 5, "qty": 1}, {"product_id": 5, "qty": 1, "unit_cost": 3.125},
    {"product_id": 5, "qty": 1, "unit_cost": null}, {"product_id": 5, "qty": 1, "unit_cost": "4.20"}, {"product_id": 5, "qty": 1, "unit_cost": 0},
    {"product_id": 2, "qty": 1}, {"product_id": 7, "qty": 1}, {"product_id": 6, "qty": 1}, {"product_id": 5, "qty": 1, "unit_cost": "0.00"}]') \gset
SELECT is(pg_temp.lines_of(:po), '1 p5 0/1 @2.50, 2 p5 0/1 @3.125, 3 p5 0/1 @2.50, 4 p5 0/1 @4.20, 5 p5 0/1 @0, 6 p2 0/1 @-, 7 p7 0/1 @-, 8 p6 0/1 @0, 9 p5 0/1 @0.00',
    'the supplier''s cost where none is named, NULL where he has none; explicit, NULL, as a string, zero');
CREATE TEMP TABLE bad_cost (cost text, problem text);
INSERT INTO bad_cost VALUES ('-0.01', 'must not be negative'), ('"-1"', 'must not be negative'), ('"abc"', 'must be a number'), ('""', 'must be a number'), ('"NaN"', 'must be a number'),
    ('"Infinity"', 'must be a number'), ('"1e3"', 'must be a number'), ('"2.5 "', 'must be a number'), ('true', 'must be a number'), ('[1]', 'must be a number'), ('{}', 'must be a number'),
    (format('"%s"', repeat('9', 101)), 'must be a number');
SELECT pg_temp.refused(format($$SELECT inventory.create_purchase_order(1, 1, '[{"product_id": 5, "qty": 1}, {"product_id": 5, "qty": 1, "unit_cost": %s}]')$$, cost), '22023',
    'line 2 of line_items: unit_cost ' || problem, '', 'a cost of ' || left(cost, 20)) FROM bad_cost;
SELECT po_id AS po FROM inventory.create_purchase_order(1, 1, '[{"product_id": 5, "qty": 1, "unit_cost": 1e-20}]') \gset
SELECT is(pg_temp.lines_of(:po), '1 p5 0/1 @0.00000000000000000001', 'a tiny cost is kept to the last digit');
SELECT pg_temp.confirmed(1, 1, '[{"product_id": 5, "qty": 10, "unit_cost": 2}, {"product_id": 7, "qty": 10}]') AS po \gset
SELECT inventory.receive_purchase_order(:po, '[{"product_id": 5, "qty": 1}, {"product_id": 5, "qty": 2, "unit_cost": 1.99}, {"product_id": 5, "qty": 3, "unit_cost": null},
    {"product_id": 7, "qty": 4}, {"product_id": 7, "qty": 5, "unit_cost": "0.50"}]');
SELECT is(pg_temp.receipts(:po), '1 1 @2, 1 2 @1.99, 1 3 @2, 2 4 @-, 2 5 @0.50', 'a receipt may name another cost');
SELECT is(pg_temp.lines_of(:po), '1 p5 6/10 @2, 2 p7 9/10 @-', 'which does not change what was agreed');
SELECT pg_temp.healthy('costs');

-- The supplier's terms

SELECT is(:'warned'::text, $$WARNING:  line 2 of line_items: less of product 1 than supplier 1 accepts
DETAIL:  Ordered: 8, at least: 10.
WARNING:  line 3 of line_items: not a multiple of what supplier 1 sells product 1 in
DETAIL:  Ordered: 25, in multiples of: 4.
WARNING:  line 4 of line_items: less of product 1 than supplier 1 accepts
DETAIL:  Ordered: 7, at least: 10.
WARNING:  line 4 of line_items: not a multiple of what supplier 1 sells product 1 in
DETAIL:  Ordered: 7, in multiples of: 4.$$, 'warnings of what is below the minimum or off the multiple, of nothing else');
INSERT INTO inventory.product_supplier (product_id, supplier_id, min_order_quantity, order_multiple) VALUES (8, 1, 10, 4);
SELECT is(pg_temp.lines_of(po_id), '1 p8 0/7 @-', 'and the order is made all the same') FROM inventory.create_purchase_order(1, 1, '[{"product_id": 8, "qty": 7}]');
SELECT is(inventory.line_items(o), '[{"product_id": 8, "qty": 7, "unit_cost": null}]', 'with the quantity that was asked for') FROM inventory.purchase_order o ORDER BY po_id DESC LIMIT 1;

-- Receipts in parts

SELECT pg_temp.confirmed(1, 2, '[{"product_id": 9, "qty": 10}, {"product_id": 10, "qty": 5}, {"product_id": 9, "qty": 20}]') AS po \gset
SELECT is((SELECT concat_ws(' ', o.status, o.received_at) FROM inventory.receive_purchase_order(:po, '[{"product_id": 9, "qty": 4}]') o), 'CONFIRMED', 'a part leaves it CONFIRMED');
SELECT is(pg_temp.lines_of(:po), '1 p9 4/10 @-, 2 p10 0/5 @-, 3 p9 0/20 @-', 'it goes to the first line of the product');
SELECT is((SELECT o.status FROM inventory.receive_purchase_order(:po, '[{"product_id": 9, "qty": 9}]') o), 'CONFIRMED', 'a part for two lines');
SELECT is(pg_temp.lines_of(:po), '1 p9 10/10 @-, 2 p10 0/5 @-, 3 p9 3/20 @-', 'fills the first and goes on with the next');
SELECT is((SELECT o.status FROM inventory.receive_purchase_order(:po, '[{"product_id": 9, "qty": 1}, {"product_id": 10, "qty": 2}, {"product_id": 9, "qty": 6}]') o), 'CONFIRMED', 'a product twice in one receipt');
SELECT is(pg_temp.lines_of(:po), '1 p9 10/10 @-, 2 p10 2/5 @-, 3 p9 10/20 @-', 'adds up');
SELECT is(pg_temp.receipts(:po), '1 4 @-, 1 6 @-, 3 3 @-, 3 1 @-, 2 2 @-, 3 6 @-', 'each has its receipt and movement');
SELECT is(pg_temp.ledger(9, 2), '1 PURCHASE 4>4, 2 PURCHASE 6>10, 3 PURCHASE 3>13, 4 PURCHASE 1>14, 5 PURCHASE 6>20', 'one after the other in the ledger');
SELECT pg_temp.refused(format($$SELECT inventory.receive_purchase_order(%s, '[{"product_id": 10, "qty": 1}, {"product_id": 9, "qty": 11}]')$$, :po), '22023', 'line 2 of line_items: more of product 9 than is open', 'Open: 10, to receive: 11.', 'more than is open on all lines');
SELECT pg_temp.refused(format($$SELECT inventory.receive_purchase_order(%s, '[{"product_id": 9, "qty": 6}, {"product_id": 9, "qty": 5}]')$$, :po), '22023', 'line 2 of line_items: more of product 9 than is open', 'Open: 4, to receive: 5.', 'more than is open in two parts');
SELECT pg_temp.refused(format($$SELECT inventory.receive_purchase_order(%s, '[{"product_id": 10, "qty": 9223372036854775807}]')$$, :po), '22023', 'line 1 of line_items: more of product 10 than is open', 'Open: 3, to receive: 9223372036854775807.', 'all of a bigint');
SELECT pg_temp.refused(format($$SELECT inventory.receive_purchase_order(%s, '[{"product_id": 9, "qty": 1}, {"product_id": 1, "qty": 1}]')$$, :po), 'IV003', format('line 2 of line_items: product 1 is not on purchase order %s', :po), '', 'a product that is not on it');
SELECT pg_temp.refused(format($$SELECT inventory.receive_purchase_order(%s, '[{"product_id": 99, "qty": 1}]')$$, :po), 'IV003', format('line 1 of line_items: product 99 is not on purchase order %s', :po), '', 'an unknown product');
SELECT is((SELECT o.status FROM inventory.receive_purchase_order(:po) o), 'RECEIVED', 'NULL brings in the rest');
SELECT is(pg_temp.lines_of(:po), '1 p9 10/10 @-, 2 p10 5/5 @-, 3 p9 20/20 @-', 'of every line');
SELECT is(concat_ws(' ', pg_temp.level(9, 2), pg_temp.level(10, 2)), '30/0/30 5/0/5', 'and the levels are the sums');
SELECT is((SELECT sum(r.quantity) FROM inventory.purchase_receipt r JOIN inventory.stock_movement m USING (movement_id) WHERE r.po_id = :po AND m.quantity = r.quantity), 35::numeric, 'receipts and movements add up to what was ordered');
SELECT pg_temp.confirmed(1, 2, '[{"product_id": 9, "qty": 5}, {"product_id": 10, "qty": 5}]') AS po \gset
SELECT is((SELECT string_agg(o.status::text, ' ') FROM inventory.receive_purchase_order(:po, '[{"product_id": 10, "qty": 5}, {"product_id": 9, "qty": 5}]') o), 'RECEIVED', 'parts that leave nothing open make it RECEIVED');
SELECT pg_temp.healthy('receipts in parts');

-- Over-receipt

SELECT pg_temp.confirmed(1, 2, '[{"product_id": 11, "qty": 100}, {"product_id": 12, "qty": 1}]') AS po \gset
SELECT pg_temp.refused(format($$SELECT inventory.receive_purchase_order(%s, '[{"product_id": 11, "qty": 101}]')$$, :po), '22023', 'line 1 of line_items: more of product 11 than is open', 'Open: 100, to receive: 101.', 'nothing is tolerated unless it is set');
SET LOCAL inventory.over_receipt_tolerance_percent = 10;
SELECT pg_temp.refused(format($$SELECT inventory.receive_purchase_order(%s, '[{"product_id": 11, "qty": 111}]')$$, :po), '22023', 'line 1 of line_items: more of product 11 than is open', 'Open: 100, to receive: 111.', '111 of 100 at 10 %');
SELECT lives_ok(format($$SELECT inventory.receive_purchase_order(%s, '[{"product_id": 11, "qty": 110}]')$$, :po), '110 of 100 at 10 %');
SELECT is(concat_ws(' ', pg_temp.status_of(:po), pg_temp.lines_of(:po)), 'CONFIRMED 1 p11 110/100 @-, 2 p12 0/1 @-', 'all on the line, the other one is still open');
SELECT pg_temp.refused(format($$SELECT inventory.receive_purchase_order(%s, '[{"product_id": 11, "qty": 1}]')$$, :po), '22023', 'line 1 of line_items: more of product 11 than is open', 'Open: 0, to receive: 1.', 'one more');
SET LOCAL inventory.over_receipt_tolerance_percent = 5;
SELECT pg_temp.refused(format($$SELECT inventory.receive_purchase_order(%s, '[{"product_id": 11, "qty": 1}]')$$, :po), '22023', 'line 1 of line_items: more of product 11 than is open', 'Open: 0, to receive: 1.', 'one more with less tolerance than was used');
SET LOCAL inventory.over_receipt_tolerance_percent = 20;
SELECT is((SELECT o.status FROM inventory.receive_purchase_order(:po) o), 'RECEIVED', 'NULL brings in what is open, no excess');
SELECT is(pg_temp.lines_of(:po), '1 p11 110/100 @-, 2 p12 1/1 @-', 'of the other line');
SELECT is(pg_temp.receipts(:po), '1 110 @-, 2 1 @-', 'and makes no receipt of nothing');
SET LOCAL inventory.over_receipt_tolerance_percent = 10;
SELECT pg_temp.confirmed(1, 2, '[{"product_id": 11, "qty": 100}, {"product_id": 12, "qty": 1}]') AS po \gset
SELECT lives_ok(format($$SELECT inventory.receive_purchase_order(%s, '[{"product_id": 11, "qty": %s}]')$$, :po, part), 'in several receipts: ' || part) FROM unnest(ARRAY[60, 45, 4, 1]) WITH ORDINALITY p (part, n);
SELECT pg_temp.refused(format($$SELECT inventory.receive_purchase_order(%s, '[{"product_id": 11, "qty": 1}]')$$, :po), '22023', 'line 1 of line_items: more of product 11 than is open', 'Open: 0, to receive: 1.', 'the 111th');
SELECT is(pg_temp.lines_of(:po), '1 p11 110/100 @-, 2 p12 0/1 @-', 'there are 110');
SELECT pg_temp.confirmed(1, 2, '[{"product_id": 11, "qty": 100}]') AS po \gset
SELECT is((SELECT o.status FROM inventory.receive_purchase_order(:po, '[{"product_id": 11, "qty": 60}, {"product_id": 11, "qty": 50}]') o), 'RECEIVED', '110 in one receipt of two lines');
SELECT pg_temp.refused(format($$SELECT inventory.receive_purchase_order(%s, '[{"product_id": 11, "qty": 1}]')$$, :po), 'IV002', format('purchase order %s is not CONFIRMED', :po), 'It is RECEIVED.', 'no excess for an order that is RECEIVED');
SELECT pg_temp.confirmed(1, 2, '[{"product_id": 11, "qty": 100}, {"product_id": 11, "qty": 50}, {"product_id": 12, "qty": 9}, {"product_id": 10, "qty": 15}]') AS po \gset
SELECT pg_temp.refused(format($$SELECT inventory.receive_purchase_order(%s, '[{"product_id": 11, "qty": 166}]')$$, :po), '22023', 'line 1 of line_items: more of product 11 than is open', 'Open: 150, to receive: 166.', 'over two lines');
SELECT lives_ok(format($$SELECT inventory.receive_purchase_order(%s, '[{"product_id": 11, "qty": 155}]')$$, :po), 'five more than both');
SELECT is(pg_temp.lines_of(:po), '1 p11 105/100 @-, 2 p11 50/50 @-, 3 p12 0/9 @-, 4 p10 0/15 @-', 'both are filled before there is an excess');
SELECT lives_ok(format($$SELECT inventory.receive_purchase_order(%s, '[{"product_id": 11, "qty": 6}]')$$, :po), 'six more');
SELECT is(pg_temp.lines_of(:po), '1 p11 110/100 @-, 2 p11 51/50 @-, 3 p12 0/9 @-, 4 p10 0/15 @-', 'the excess of the first, then of the second');
SELECT pg_temp.refused(format($$SELECT inventory.receive_purchase_order(%s, '[{"product_id": 12, "qty": 10}]')$$, :po), '22023', 'line 1 of line_items: more of product 12 than is open', 'Open: 9, to receive: 10.', '10 % of 9 is no unit');
SELECT pg_temp.refused(format($$SELECT inventory.receive_purchase_order(%s, '[{"product_id": 10, "qty": 17}]')$$, :po), '22023', 'line 1 of line_items: more of product 10 than is open', 'Open: 15, to receive: 17.', '10 % of 15 is less than two');
SELECT lives_ok(format($$SELECT inventory.receive_purchase_order(%s, '[{"product_id": 10, "qty": 16}]')$$, :po), 'and more than one');
SET LOCAL inventory.over_receipt_tolerance_percent = 33.4;
SELECT pg_temp.refused(format($$SELECT inventory.receive_purchase_order(%s, '[{"product_id": 12, "qty": 13}]')$$, :po), '22023', 'line 1 of line_items: more of product 12 than is open', 'Open: 9, to receive: 13.', '33.4 % of 9 is three and no fourth');
SELECT is((SELECT o.status FROM inventory.receive_purchase_order(:po, '[{"product_id": 12, "qty": 12}]') o), 'RECEIVED', 'twelve of nine');
SET LOCAL inventory.over_receipt_tolerance_percent = 29;
SELECT lives_ok(format($$SELECT inventory.receive_purchase_order(%s, '[{"product_id": 11, "qty": 129}]')$$, pg_temp.confirmed(1, 2, '[{"product_id": 11, "qty": 100}]')), '29 % of 100 is 29, no binary fraction less');
SET LOCAL inventory.over_receipt_tolerance_percent = 100;
SELECT is((SELECT o.status FROM inventory.receive_purchase_order(pg_temp.confirmed(1, 4, '[{"product_id": 11, "qty": 9223372036854775807}]'), '[{"product_id": 11, "qty": 9223372036854775807}]') o), 'RECEIVED', 'double of all of a bigint is tolerated, all of it comes in');
SELECT throws_ok('SET LOCAL inventory.over_receipt_tolerance_percent = 101', '22023', NULL, 'more than 100 %');
SELECT throws_ok('SET LOCAL inventory.over_receipt_tolerance_percent = -1', '22023', NULL, 'less than nothing');
SELECT throws_ok('SET LOCAL inventory.over_receipt_tolerance_percent = ''NaN''', '22023', NULL, 'NaN percent');
SET LOCAL inventory.over_receipt_tolerance_percent = 0;
CREATE ROLE inventory_test_planner;
SELECT inventory.grant_access('inventory_test_planner', 'admin');
SET LOCAL ROLE inventory_test_planner;
SELECT throws_ok('SET LOCAL inventory.over_receipt_tolerance_percent = 10', '42501', 'permission denied to set parameter "inventory.over_receipt_tolerance_percent"', 'only a superuser may set it');
SELECT throws_ok($$SELECT set_config('inventory.over_receipt_tolerance_percent', '10', true)$$, '42501', NULL, 'by a function neither');
SELECT is(current_setting('inventory.over_receipt_tolerance_percent'), '0', 'everybody may read it');
RESET ROLE;
SELECT pg_temp.healthy('over-receipt');

-- The ends of bigint

INSERT INTO inventory.warehouse (warehouse_id, name) VALUES (5, 'Full');
SELECT inventory.receive_stock(13, 5, 9223372036854775807 - 5);
SELECT pg_temp.confirmed(1, 5, '[{"product_id": 14, "qty": 1}, {"product_id": 13, "qty": 6}]') AS po \gset
SELECT pg_temp.refused(format('SELECT inventory.receive_purchase_order(%s)', :po), '22003', 'quantity on hand of product 13 in warehouse 5 would overflow', 'On hand: 9223372036854775802, to add: 6.', 'a receipt that would overflow');
SELECT lives_ok(format($$SELECT inventory.receive_purchase_order(%s, '[{"product_id": 13, "qty": 5}]')$$, :po), 'up to the last of bigint');
SELECT pg_temp.refused(format($$SELECT inventory.receive_purchase_order(%s, '[{"product_id": 14, "qty": 1}, {"product_id": 13, "qty": 1}]')$$, :po), '22003', 'quantity on hand of product 13 in warehouse 5 would overflow', 'On hand: 9223372036854775807, to add: 1.', 'one more');
SELECT pg_temp.confirmed(1, 5, '[{"product_id": 15, "qty": 9223372036854775807}, {"product_id": 15, "qty": "9223372036854775807"}]') AS po \gset
SELECT pg_temp.refused(format('SELECT inventory.receive_purchase_order(%s)', :po), '22003', 'quantity on hand of product 15 in warehouse 5 would overflow', 'On hand: 9223372036854775807, to add: 9223372036854775807.', 'two lines that overflow together');
SELECT is(pg_temp.level(15, 5), NULL, 'and make no item');
SELECT inventory.receive_purchase_order(:po, '[{"product_id": 15, "qty": 9223372036854775807}]');
SELECT is(pg_temp.lines_of(:po), '1 p15 9223372036854775807/9223372036854775807 @-, 2 p15 0/9223372036854775807 @-', 'one of them fits');
SELECT pg_temp.healthy('the ends of bigint');

-- The day it is expected

INSERT INTO inventory.product_supplier (product_id, supplier_id, lead_time_days) VALUES (16, 1, 7), (17, 1, 2.25), (18, 1, 1e300), (16, 3, 20);
SET LOCAL inventory.occurred_at = '2024-03-10 05:00:00+00';
SELECT is((SELECT o.expected_delivery_date FROM inventory.submit_purchase_order((inventory.create_purchase_order(1, warehouse, products, named)).po_id) o), expected, label) FROM (VALUES
    ('the slowest product counts', 1, '[{"product_id": 17, "qty": 1}, {"product_id": 16, "qty": 1}, {"product_id": 7, "qty": 1}]'::jsonb, NULL::date, date '2024-03-17'),
    ('a part of a day counts as one', 1, '[{"product_id": 17, "qty": 1}]', NULL, '2024-03-13'),
    ('from the evening before where the goods go', 3, '[{"product_id": 17, "qty": 1}]', NULL, '2024-03-12'),
    ('from the same day in the far east', 4, '[{"product_id": 17, "qty": 1}]', NULL, '2024-03-13'),
    ('the day that was named stays', 1, '[{"product_id": 16, "qty": 1}]', '2024-04-01', '2024-04-01'),
    ('no terms, no day', 1, '[{"product_id": 7, "qty": 1}]', NULL, NULL),
    ('the same product on two lines', 1, '[{"product_id": 16, "qty": 1}, {"product_id": 16, "qty": 1}]', NULL, '2024-03-17'),
    ('a century at the most', 1, '[{"product_id": 18, "qty": 1}]', NULL, date '2024-03-10' + 36500)) AS v (label, warehouse, products, named, expected);
SELECT is((SELECT o.expected_delivery_date FROM inventory.submit_purchase_order((inventory.create_purchase_order(3, 1, '[{"product_id": 16, "qty": 1}]')).po_id) o), date '2024-03-30', 'the lead time of the supplier who is asked');
SET LOCAL inventory.occurred_at = '2024-03-10 10:30:00+00';
SELECT is((SELECT o.expected_delivery_date FROM inventory.submit_purchase_order((inventory.create_purchase_order(1, 4, '[{"product_id": 17, "qty": 1}]')).po_id) o), date '2024-03-14', 'from the next day where the goods go');
SET LOCAL timezone = 'Pacific/Honolulu';
SELECT is((SELECT o.expected_delivery_date FROM inventory.submit_purchase_order((inventory.create_purchase_order(1, 1, '[{"product_id": 17, "qty": 1}]')).po_id) o), date '2024-03-13', 'whatever the time zone of the session');
SET LOCAL timezone = 'UTC';
SELECT po_id AS po FROM inventory.create_purchase_order(1, 1, '[{"product_id": 16, "qty": 1}]') \gset
SELECT inventory.submit_purchase_order(:po);
SELECT is((SELECT o.expected_delivery_date FROM inventory.confirm_purchase_order(:po, '2024-05-05') o), date '2024-05-05', 'the supplier confirms another day');
SELECT pg_temp.confirmed(1, 1, '[{"product_id": 16, "qty": 1}]', '2024-05-06') AS po \gset
SELECT is((SELECT o.expected_delivery_date FROM inventory.purchase_order o WHERE po_id = :po), date '2024-05-06', 'confirmed without a day, it stays');

-- Business time

SET LOCAL inventory.occurred_at = '2024-01-01 00:00:00+00';
SET LOCAL inventory.performed_by = 'anna';
SELECT po_id AS po, o.created_at AS created, o.created_by AS creator FROM inventory.create_purchase_order(4, 1, '[{"product_id": 19, "qty": 10}]') o \gset
SELECT is(:'created'::timestamptz, timestamptz '2024-01-01 00:00:00+00', 'drafted at the business time');
SELECT is(:'creator'::text, 'anna', 'created_by is the setting inventory.performed_by');
SET LOCAL inventory.performed_by = '';
SET LOCAL inventory.occurred_at = '2024-01-02 00:00:00+00';
SELECT is((SELECT o.submitted_at FROM inventory.submit_purchase_order(:po) o), timestamptz '2024-01-02 00:00:00+00', 'submitted');
SET LOCAL inventory.occurred_at = '2024-01-01 23:59:59.999999+00';
SELECT pg_temp.refused(format('SELECT inventory.confirm_purchase_order(%s)', :po), '22023', 'inventory.occurred_at lies before what it follows', 'It is 2024-01-01 23:59:59.999999+00, and this was submitted at 2024-01-02 00:00:00+00.', 'confirmed before the submission');
SELECT pg_temp.refused(format('SELECT inventory.cancel_purchase_order(%s)', :po), '22023', 'inventory.occurred_at lies before what it follows', 'It is 2024-01-01 23:59:59.999999+00, and this was submitted at 2024-01-02 00:00:00+00.', 'cancelled before the submission');
SET LOCAL inventory.occurred_at = '2024-01-03 00:00:00+00';
SELECT is((SELECT o.confirmed_at FROM inventory.confirm_purchase_order(:po) o), timestamptz '2024-01-03 00:00:00+00', 'confirmed');
SET LOCAL inventory.occurred_at = '2024-01-01 12:00:00+00';
SELECT pg_temp.refused(format('SELECT inventory.receive_purchase_order(%s)', :po), '22023', 'inventory.occurred_at lies before what it follows', 'It is 2024-01-01 12:00:00+00, and this was submitted at 2024-01-02 00:00:00+00.', 'received before the submission');
SELECT pg_temp.refused(format($$SELECT inventory.receive_purchase_order(%s, '[{"product_id": 19, "qty": 1}]')$$, :po), '22023', 'inventory.occurred_at lies before what it follows', 'It is 2024-01-01 12:00:00+00, and this was submitted at 2024-01-02 00:00:00+00.', 'a part received before the submission');
SET LOCAL inventory.occurred_at = '2024-01-05 06:00:00+00';
SELECT is((SELECT o.received_at FROM inventory.receive_purchase_order(:po, '[{"product_id": 19, "qty": 4}]') o), NULL, 'a part has no received_at');
SET LOCAL inventory.occurred_at = '2024-01-12 12:00:00+00';
SELECT is((SELECT o.received_at FROM inventory.receive_purchase_order(:po) o), timestamptz '2024-01-12 12:00:00+00', 'received_at is when the last of it came in');
SELECT results_eq(format('SELECT r.quantity, r.received_at, r.lead_time_days, m.occurred_at FROM inventory.purchase_receipt r JOIN inventory.stock_movement m USING (movement_id) WHERE r.po_id = %s ORDER BY r.receipt_id', :po),
    $$VALUES (4::bigint, timestamptz '2024-01-05 06:00:00+00', 3.25::double precision, timestamptz '2024-01-05 06:00:00+00'),
        (6, '2024-01-12 12:00:00+00', 10.5, '2024-01-12 12:00:00+00')$$, 'receipts and movements have the business time, lead times count from the submission');
SET LOCAL inventory.occurred_at = '2024-01-02 00:00:00+00';
SELECT is((SELECT o.received_at FROM inventory.receive_purchase_order(pg_temp.confirmed(4, 1, '[{"product_id": 19, "qty": 1}]')) o), timestamptz '2024-01-02 00:00:00+00', 'all at the same moment');
SELECT is((SELECT lead_time_days FROM inventory.purchase_receipt ORDER BY receipt_id DESC LIMIT 1), 0::double precision, 'a lead time of nothing');
SELECT pg_temp.confirmed(6, 1, '[{"product_id": 19, "qty": 10}]', '2024-01-10') AS po \gset
SET LOCAL inventory.occurred_at = '2024-01-12 00:00:00+00';
SELECT inventory.receive_purchase_order(:po, '[{"product_id": 19, "qty": 4}]');
SET LOCAL inventory.occurred_at = '2024-01-05 00:00:00+00';
SELECT is((SELECT concat_ws(' ', o.status, o.received_at) FROM inventory.receive_purchase_order(:po) o), 'RECEIVED 2024-01-12 00:00:00+00', 'a delivery that is entered last is not the last that came in');
SELECT results_eq('SELECT on_time_share, lead_time_days_mean FROM inventory.supplier_performance WHERE supplier_id = 6', 'VALUES (0::double precision, 10::double precision)', 'and the order was late');
SELECT set_config('inventory.occurred_at', (now() + interval '1 day')::text, true);
SELECT throws_ok(format('SELECT inventory.create_purchase_order(4, 1, %L)', one), '22023', 'inventory.occurred_at lies in the future', 'drafted in the future') FROM line;
SET LOCAL inventory.occurred_at = '';
INSERT INTO inventory.purchase_order (po_id, supplier_id, warehouse_id, status) VALUES (1000000, 1, 1, 'CONFIRMED');
INSERT INTO inventory.purchase_order_line (po_id, line_no, product_id, quantity) VALUES (1000000, 1, 19, 5);
SELECT is((SELECT o.status FROM inventory.receive_purchase_order(1000000) o), 'RECEIVED', 'an order that was inserted as it was, and does not say when it was submitted');
SELECT is((SELECT concat_ws(' ', quantity, lead_time_days) FROM inventory.purchase_receipt WHERE po_id = 1000000), '5', 'has no lead time');
SELECT pg_temp.healthy('business time');

-- How suppliers deliver

CREATE FUNCTION pg_temp.at(moment text) RETURNS void LANGUAGE sql AS $$ SELECT set_config('inventory.occurred_at', moment, true) $$;
CREATE FUNCTION pg_temp.performance(supplier bigint) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', orders, orders_received, orders_cancelled, orders_overdue, coalesce(round(on_time_share::numeric, 6)::text, '-'), coalesce(round(lead_time_days_mean::numeric, 6)::text, '-'),
        coalesce(round(lead_time_days_stddev::numeric, 6)::text, '-'), coalesce(round(fill_rate::numeric, 6)::text, '-'))
    FROM inventory.supplier_performance WHERE supplier_id = supplier
$$;
SELECT is((SELECT count(*) FROM inventory.supplier_performance), 9::bigint, 'each supplier has a row');
SELECT is(pg_temp.performance(5), '0 0 0 0 - - - -', 'no orders, no shares');
SELECT pg_temp.at('2024-01-01 00:00:00+00');
SELECT po_id AS drafted FROM inventory.create_purchase_order(5, 3, '[{"product_id": 21, "qty": 1000}]', '2024-01-02') \gset
SELECT is(pg_temp.performance(5), '0 0 0 0 - - - -', 'a draft does not count');
SELECT inventory.cancel_purchase_order(po_id) FROM inventory.create_purchase_order(5, 3, '[{"product_id": 21, "qty": 1000}]', '2024-01-02');
SELECT is(pg_temp.performance(5), '0 0 0 0 - - - -', 'nor one that was cancelled as a draft');
SELECT pg_temp.confirmed(5, 3, '[{"product_id": 21, "qty": 100}]', '2024-01-11') AS on_time \gset
SELECT pg_temp.confirmed(5, 3, '[{"product_id": 21, "qty": 60}, {"product_id": 22, "qty": 40}]', '2024-01-11') AS late \gset
SELECT is(pg_temp.performance(5), '2 0 0 2 0.000000 - - 0.000000', 'two overdue');
SELECT pg_temp.at('2024-01-12 06:00:00+00');
SELECT inventory.receive_purchase_order(:on_time);
SELECT is(pg_temp.performance(5), '2 1 0 1 0.500000 11.250000 - 0.500000', 'in time on the evening of that day where the goods go, 11.25 days; one still overdue');
SET LOCAL inventory.over_receipt_tolerance_percent = 10;
SELECT pg_temp.at('2024-01-05 00:00:00+00');
SELECT inventory.receive_purchase_order(:late, '[{"product_id": 21, "qty": 66}]');
SELECT is(pg_temp.performance(5), '2 1 0 1 0.500000 11.250000 - 0.800000', 'a part of the other with an excess: 160 of 200');
SELECT pg_temp.at('2024-01-12 09:00:00+00');
SELECT inventory.receive_purchase_order(:late, '[{"product_id": 22, "qty": 44}]');
-- 11.25 and 11.375: the deviation is 0.125 / sqrt(2).
SELECT is(pg_temp.performance(5), '2 2 0 0 0.500000 11.312500 0.088388 1.000000', 'one in time, one late by an hour there, the excess counts for nothing');
SELECT pg_temp.at('2024-01-02 00:00:00+00');
SELECT pg_temp.confirmed(5, 3, '[{"product_id": 7, "qty": 50}]') AS no_day \gset
SELECT pg_temp.confirmed(5, 3, '[{"product_id": 21, "qty": 100}]', '2024-02-01') AS overdue \gset
SELECT po_id AS cancelled FROM inventory.submit_purchase_order((inventory.create_purchase_order(5, 3, '[{"product_id": 21, "qty": 10}]', '2024-02-01')).po_id) \gset
SELECT pg_temp.confirmed(5, 3, '[{"product_id": 21, "qty": 20}]', '2024-02-01') AS cancelled_in_part \gset
SELECT po_id AS open FROM inventory.submit_purchase_order((inventory.create_purchase_order(5, 3, '[{"product_id": 21, "qty": 40}]', '9999-01-01')).po_id) \gset
SELECT pg_temp.confirmed(5, 3, '[{"product_id": 21, "qty": 40}]', '9999-01-01') AS open_in_part \gset
SELECT pg_temp.at('2024-01-04 00:00:00+00');
SELECT inventory.receive_purchase_order(:no_day);
SELECT inventory.receive_purchase_order(:overdue, '[{"product_id": 21, "qty": 30}]');
SELECT inventory.receive_purchase_order(:cancelled_in_part, '[{"product_id": 21, "qty": 5}]');
SELECT inventory.receive_purchase_order(:open_in_part, '[{"product_id": 21, "qty": 10}]');
SELECT inventory.cancel_purchase_order(:cancelled);
SELECT inventory.cancel_purchase_order(:cancelled_in_part);
-- In time 1 of 3 (one overdue, one without a day does not count). Lead times 11.25, 11.375 and 2: mean 24.625 / 3,
-- squares of the differences from it 9.251736 + 10.027778 + 38.543403, half of which is the square of the deviation.
-- Delivered 100 + 100 + 50 + 30 + 5 + 10 of 100 + 100 + 50 + 100 + 20 + 40; not judged: 10 cancelled, 40 not yet due.
SELECT is(pg_temp.performance(5), '8 3 2 1 0.333333 8.208333 5.376938 0.719512', 'in time, late, overdue, cancelled, in part, open');
SELECT is((SELECT fill_rate FROM inventory.supplier_performance WHERE supplier_id = 5), 295::double precision / 410, 'the fill rate is 295 of 410');
SELECT is((SELECT supplier_name FROM inventory.supplier_performance WHERE supplier_id = 5), 'Supplier 5', 'with his name');
SELECT pg_temp.at('');
SET LOCAL inventory.over_receipt_tolerance_percent = 0;
SELECT pg_temp.healthy('how suppliers deliver');

-- line_items

SELECT po_id AS po FROM inventory.create_purchase_order(1, 1, '[{"product_id": 5, "qty": 3, "unit_cost": 1.50}, {"product_id": 7, "qty": "9223372036854775807"}, {"product_id": 5, "qty": 4}, {"product_id": 1, "qty": 5.0, "unit_cost": "0.10"}]') \gset
SELECT is((SELECT inventory.line_items(o) FROM inventory.purchase_order o WHERE po_id = :po), '[{"product_id": 5, "qty": 3, "unit_cost": 1.50}, {"product_id": 7, "qty": 9223372036854775807, "unit_cost": null},
    {"product_id": 5, "qty": 4, "unit_cost": 2.50}, {"product_id": 1, "qty": 5, "unit_cost": 0.10}]'::jsonb, 'what comes out is what went in');
SELECT n.po_id AS again FROM inventory.purchase_order o, inventory.create_purchase_order(1, 1, inventory.line_items(o)) n WHERE o.po_id = :po \gset
SELECT is(pg_temp.lines_of(:again), pg_temp.lines_of(:po), 'and can be fed back in');
SET LOCAL search_path = public, inventory;
SELECT is((SELECT po.line_items FROM inventory.purchase_order po WHERE po_id = :po), (SELECT inventory.line_items(o) FROM inventory.purchase_order o WHERE po_id = :po), 'readable as a column with inventory in the search_path');
RESET search_path;
SELECT pg_temp.confirmed(1, 1, '[{"product_id": 5, "qty": 3}, {"product_id": 1, "qty": 2}]') AS po \gset
SELECT is((SELECT (inventory.receive_purchase_order(:po, inventory.line_items(o))).status FROM inventory.purchase_order o WHERE po_id = :po), 'RECEIVED', 'what was ordered can be fed to the receipt');
INSERT INTO inventory.purchase_order (po_id, supplier_id, warehouse_id) VALUES (1000001, 1, 1);
SELECT is((SELECT inventory.line_items(o) FROM inventory.purchase_order o WHERE po_id = 1000001), '[]'::jsonb, 'an order without lines');
SELECT pg_temp.healthy('line_items');

-- Lines as JSON, the same for all functions that take them

SELECT inventory.receive_stock(20, 1, 1000000);
SELECT pg_temp.confirmed(1, 1, '[{"product_id": 20, "qty": 1000000}]') AS po \gset
SELECT transfer_id AS t FROM inventory.transfer_stock(20, 1, 2, 400000) \gset
CREATE TEMP TABLE taker (f text, call text, argument text, key text, other_key text, known_keys text, recorded text);
INSERT INTO taker VALUES
    ('create_purchase_order', 'SELECT inventory.create_purchase_order(1, 1, %L)', 'line_items', 'qty', 'quantity', 'product_id, qty, unit_cost',
        'SELECT sum(quantity) FROM inventory.purchase_order_line'),
    ('receive_purchase_order', format('SELECT inventory.receive_purchase_order(%s, %%L)', :po), 'line_items', 'qty', 'quantity', 'product_id, qty, unit_cost',
        'SELECT sum(quantity_received) FROM inventory.purchase_order_line'),
    ('create_transfer', 'SELECT inventory.create_transfer(1, 2, %L)', 'line_items', 'qty', 'quantity', 'product_id, qty',
        'SELECT sum(quantity) FROM inventory.transfer_order_line'),
    ('receive_transfer', format('SELECT inventory.receive_transfer(%s, %%L)', :t), 'line_items', 'qty', 'quantity', 'product_id, qty',
        'SELECT sum(quantity_received) FROM inventory.transfer_order_line'),
    ('reserve_order', 'SELECT inventory.reserve_order(''json'', %L)', 'lines', 'quantity', 'qty', 'product_id, warehouse_id, quantity',
        'SELECT sum(quantity) FROM inventory.reservation');

-- A template speaks of all of them: Q is the key of the quantity, O another function's, A the argument.
CREATE FUNCTION pg_temp.filled(template text, t taker) RETURNS text LANGUAGE sql AS $$
    SELECT replace(replace(replace(template, '<Q>', t.key), '<O>', t.other_key), '<A>', t.argument)
$$;
CREATE TEMP TABLE malformed (label text, json text, message text, detail text DEFAULT '', code text DEFAULT '22023');
INSERT INTO malformed (label, json, message, detail) SELECT label, json, '<A> must be a JSON array of at least one line', format('It is %s.', what) FROM (VALUES
    ('a string', '"x"', 'a single value'), ('a number', '5', 'a single value'), ('a boolean', 'true', 'a single value'), ('a JSON null', 'null', 'a single value'),
    ('lines in a string', '"[{\"product_id\": 20, \"<Q>\": 1}]"', 'a single value'),
    ('an empty object', '{}', 'an object'), ('one line without its array', '{"product_id": 20, "<Q>": 1}', 'an object'),
    ('an empty array', '[]', 'empty')) v (label, json, what);
INSERT INTO malformed (label, json, message) SELECT 'an element ' || element, format('[%s]', element), 'line 1 of <A> is not a JSON object'
    FROM unnest(ARRAY['5', '"x"', 'true', 'null', '[]', '[{"product_id": 20, "<Q>": 1}]']) element;
INSERT INTO malformed (label, json, message) VALUES
    ('an empty line', '[{}]', 'line 1 of <A> has no product_id'),
    ('no product', '[{"<Q>": 1}]', 'line 1 of <A> has no product_id'),
    ('no quantity', '[{"product_id": 20}]', 'line 1 of <A> has no <Q>'),
    ('an unknown key', '[{"product_id": 20, "<Q>": 1, "colour": "red"}]', 'line 1 of <A> has an unknown key "colour"'),
    ('an unknown key without a value', '[{"product_id": 20, "<Q>": 1, "colour": null}]', 'line 1 of <A> has an unknown key "colour"'),
    ('the key of another function', '[{"product_id": 20, "<Q>": 1, "<O>": 1}]', 'line 1 of <A> has an unknown key "<O>"'),
    ('only the key of another function', '[{"product_id": 20, "<O>": 1}]', 'line 1 of <A> has an unknown key "<O>"'),
    ('a key in capitals', '[{"PRODUCT_ID": 20, "<Q>": 1}]', 'line 1 of <A> has an unknown key "PRODUCT_ID"'),
    ('a key that goes on', '[{"product_id2": 20, "<Q>": 1}]', 'line 1 of <A> has an unknown key "product_id2"'),
    ('a key that is cut off', '[{"product_i": 20, "<Q>": 1}]', 'line 1 of <A> has an unknown key "product_i"'),
    ('an empty key', '[{"": 20, "<Q>": 1, "product_id": 20}]', 'line 1 of <A> has an unknown key ""'),
    ('a long key', format('[{"product_id": 20, "<Q>": 1, "x%s": 1}]', repeat('ü', 100000)), format('line 1 of <A> has an unknown key "x%s"', repeat('ü', 29)));
INSERT INTO malformed (label, json, message) SELECT format('%s %s', key, value), format('[{"product_id": %s, "<Q>": %s}]', CASE key WHEN 'product_id' THEN value ELSE '20' END, CASE key WHEN '<Q>' THEN value ELSE '1' END),
        format('line 1 of <A>: %s must be %s', key, problem)
    FROM (VALUES ('product_id'), ('<Q>')) k (key), (
        SELECT 'null', 'given, not null' UNION ALL
        SELECT value, 'a number' FROM unnest(ARRAY['true', 'false', '[]', '{}', '[5]', '{"a": 5}', '""', '"5 "', '" 5"', '"5\n"', '"abc"', '"NaN"', '"Infinity"', '"-Infinity"', '"1e3"', '"+5"', '"0x10"', '"5,0"', '"1_000"',
            '".5"', '"5."', '"-"', '"--5"', '"5-"', '"1.2.3"', '"."', '"٥"', '"null"']) value UNION ALL
        SELECT value, 'a whole number' FROM unnest(ARRAY['5.5', '"5.5"', '0.5', '-5.5', '1e-1', '5.0000000000000000001', '1e-400']) value) v (value, problem);
INSERT INTO malformed (label, json, message) VALUES
    ('a quantity of 101 digits in a string', format('[{"product_id": 20, "<Q>": "%s"}]', repeat('9', 101)), 'line 1 of <A>: <Q> must be a number'),
    ('a quantity of 1 MB in a string', format('[{"product_id": 20, "<Q>": "%s"}]', repeat('1', 1048576)), 'line 1 of <A>: <Q> must be a number'),
    ('a product of 1 MB in a string', format('[{"product_id": "%s", "<Q>": 1}]', repeat('x', 1048576)), 'line 1 of <A>: product_id must be a number');
INSERT INTO malformed (label, json, message, detail) SELECT '<Q> ' || value, format('[{"product_id": 20, "<Q>": %s}]', value), 'line 1 of <A>: <Q> must be positive', format('Got %s.', got) FROM (VALUES
    ('0', '0'), ('-0', '0'), ('0.0', '0'), ('"0"', '0'), ('"-0"', '0'), ('0e5', '0'), ('-1', '-1'), ('"-1"', '-1'), ('-1.0', '-1'), ('-9223372036854775808', '-9223372036854775808')) v (value, got);
INSERT INTO malformed (label, json, message, code) SELECT format('%s %s', key, left(value, 25)), format('[{"product_id": %s, "<Q>": %s}]', CASE key WHEN 'product_id' THEN value ELSE '20' END, CASE key WHEN '<Q>' THEN value ELSE '1' END),
        format('line 1 of <A>: %s is out of range', key), '22003'
    FROM (VALUES ('product_id'), ('<Q>')) k (key), unnest(ARRAY['9223372036854775808', '"9223372036854775808"', '-9223372036854775809', '1e19', '1e400', '-1e400', '1e100000', '18446744073709551621', format('"%s"', repeat('9', 100))]) value;
INSERT INTO malformed (label, json, message, detail) SELECT label || ' in line 3', format('[{"product_id": 20, "<Q>": 1}, {"product_id": 20, "<Q>": 1}, %s, {"<Q>": 1}]', bad), message, detail FROM (VALUES
    ('no object', '7', 'line 3 of <A> is not a JSON object', ''),
    ('no product', '{"<Q>": 1}', 'line 3 of <A> has no product_id', ''),
    ('no quantity', '{"product_id": 20}', 'line 3 of <A> has no <Q>', ''),
    ('an unknown key', '{"product_id": 20, "<Q>": 1, "x": 1}', 'line 3 of <A> has an unknown key "x"', ''),
    ('no number', '{"product_id": 20, "<Q>": "abc"}', 'line 3 of <A>: <Q> must be a number', ''),
    ('zero', '{"product_id": 20, "<Q>": 0}', 'line 3 of <A>: <Q> must be positive', 'Got 0.')) v (label, bad, message, detail);
INSERT INTO malformed (label, json, message, code) VALUES
    ('out of range in line 3', '[{"product_id": 20, "<Q>": 1}, {"product_id": 20, "<Q>": 1}, {"product_id": 20, "<Q>": 1e30}, {"<Q>": 1}]', 'line 3 of <A>: <Q> is out of range', '22003');
SELECT pg_temp.refused(format(t.call, pg_temp.filled(m.json, t)), m.code, pg_temp.filled(m.message, t), m.detail, format('%s, %s', t.f, pg_temp.filled(m.label, t))) FROM malformed m, taker t;

SELECT pg_temp.refused(format(call, NULL), '22023', argument || ' must not be NULL', '', f || ' NULL') FROM taker WHERE f NOT LIKE 'receive%';
SELECT pg_temp.refused(format(t.call, format('[{"product_id": 20, "%s": 1}, {"product_id": 99, "%1$s": 1}]', t.key)), 'IV003', format('line 2 of %s: product 99 %s', t.argument, CASE t.f
        WHEN 'receive_purchase_order' THEN 'is not on purchase order ' || :po WHEN 'receive_transfer' THEN 'is not on transfer ' || :t ELSE 'does not exist' END), '', t.f || ', a product that does not exist in line 2')
    FROM taker t;
SELECT throws_ok(format(call, '[{"product_id": 20, "qty": }]'), '22P02', 'invalid input syntax for type json', f || ', no JSON at all') FROM taker;

-- Keys that not all of them know
SELECT pg_temp.refused(format(call, format('[{"product_id": 20, "%s": 1, "%s": 1}]', key, k)), '22023', format('line 1 of %s has an unknown key "%s"', argument, k), '', format('%s does not know %s', f, k))
    FROM taker, unnest(ARRAY['unit_cost', 'warehouse_id', 'line_no']) k WHERE known_keys NOT LIKE '%' || k || '%';
CREATE FUNCTION pg_temp.hint_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    hint text;
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    RETURN hint;
END
$$;
SELECT is(pg_temp.hint_of(format(call, '[{"x": 1}]')), format('Known keys: %s.', known_keys), f || ' says which keys it knows') FROM taker;
SELECT is(pg_temp.hint_of(format(call, '5')), format('For example: [{"product_id": 1, "%s": 10}].', key), f || ' shows what lines look like') FROM taker;
SELECT pg_temp.refused(format($$SELECT inventory.reserve_order('json', '[{"product_id": 20, "quantity": 1}, {"product_id": 20, "warehouse_id": %s, "quantity": 1}]')$$, value), code, 'line 2 of lines: ' || message, '', 'warehouse_id ' || value) FROM (VALUES
    ('true', '22023', 'warehouse_id must be a number'), ('"abc"', '22023', 'warehouse_id must be a number'), ('""', '22023', 'warehouse_id must be a number'), ('[1]', '22023', 'warehouse_id must be a number'),
    ('{}', '22023', 'warehouse_id must be a number'), ('"1 "', '22023', 'warehouse_id must be a number'), ('"NaN"', '22023', 'warehouse_id must be a number'), ('1.5', '22023', 'warehouse_id must be a whole number'),
    ('9223372036854775808', '22003', 'warehouse_id is out of range'), ('1e400', '22003', 'warehouse_id is out of range'), ('99', 'IV003', 'warehouse 99 does not exist'), ('0', 'IV003', 'warehouse 0 does not exist'), ('-1', 'IV003', 'warehouse -1 does not exist')) v (value, code, message);
SELECT is((SELECT string_agg(format('%s %s', r.warehouse_id, r.quantity), ', ' ORDER BY reservation_id)
    FROM inventory.reserve_order('taken', '[{"product_id": 20, "warehouse_id": "1", "quantity": 1}, {"product_id": 20, "warehouse_id": 1.0, "quantity": 2}, {"product_id": 20, "warehouse_id": null, "quantity": 3}]') r),
    '1 1, 1 2, 1 3', 'warehouse_id as a string, as 1.0, and null is as good as left out');

-- What is taken
CREATE FUNCTION pg_temp.added(t taker, lines text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    before numeric;
    after numeric;
BEGIN
    EXECUTE t.recorded INTO before;
    EXECUTE format(t.call, lines);
    EXECUTE t.recorded INTO after;
    RETURN after - coalesce(before, 0);
END
$$;
SELECT is(pg_temp.added(t, format('[{"product_id": %s, "%s": %s}]', product, t.key, value)), 5::numeric, format('%s takes %s', t.f, value))
    FROM taker t, (VALUES ('20', '5'), ('20', '"5"'), ('20', '5.0'), ('20', '"5.0"'), ('20', '5e0'), ('20', '0.5e1'), ('20', '500e-2'), ('20', '"005"'), ('20', '5.00000000000000000000000000000000000000000000000000'),
        ('"20"', '5'), ('20.0', '5'), ('2e1', '5')) v (product, value);
SELECT is(pg_temp.added(t, format('[{"product_id": 1, "%s": 0, "product_id": 20, "%1$s": 5}]', t.key)), 5::numeric, t.f || ' takes the last of two equal keys, as jsonb does') FROM taker t;
SELECT is(pg_temp.added(t, format('[{"product_id": 20, "%s": 1}, {"product_id": 20, "%1$s": 2}, {"product_id": 20, "%1$s": 3}]', t.key)), 6::numeric, t.f || ' takes a product on several lines') FROM taker t;
SELECT pg_temp.healthy('lines as JSON');

-- Ten thousand lines

INSERT INTO inventory.product (product_id, sku, name) SELECT i, 'SKU-' || i, 'Product ' || i FROM generate_series(100001, 110000) i;
CREATE FUNCTION pg_temp.many(key text, last text, reversed boolean DEFAULT false) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_agg(jsonb_build_object('product_id', 100000 + CASE WHEN reversed THEN 10001 - i ELSE i END, key, CASE WHEN i = 10000 THEN last::jsonb ELSE '2' END) ORDER BY i) FROM generate_series(1, 10000) i
$$;
SELECT throws_ok(format(call, pg_temp.many(key, '0')), '22023', format('line 10000 of %s: %s must be positive', argument, key), f || ', the last of 10,000 lines') FROM taker;
SELECT pg_temp.confirmed(1, 1, pg_temp.many('qty', '2')) AS po \gset
SELECT is((SELECT concat_ws(' ', count(*), min(line_no), max(line_no), sum(quantity)) FROM inventory.purchase_order_line WHERE po_id = :po AND product_id = 100000 + line_no), '10000 1 10000 20000', 'an order of 10,000 lines');
SELECT is((SELECT o.status FROM inventory.receive_purchase_order(:po, jsonb_path_query_array(pg_temp.many('qty', '2', true), '$[1 to last]')) o), 'CONFIRMED', 'a receipt of 9,999 of them, from the last to the second');
SELECT is((SELECT o.status FROM inventory.receive_purchase_order(:po) o), 'RECEIVED', 'and then the one that is left');
SELECT is((SELECT concat_ws(' ', count(*), sum(m.quantity), count(DISTINCT r.line_no)) FROM inventory.purchase_receipt r JOIN inventory.stock_movement m USING (movement_id) WHERE r.po_id = :po), '10000 20000 10000', 'a movement for each line');
SELECT is((SELECT concat_ws(' ', count(*), sum(r.quantity)) FROM inventory.reserve_order('many', pg_temp.many('quantity', '1', true)) r), '10000 19999', 'an order of 10,000 lines is reserved');
SELECT is((SELECT jsonb_array_length(inventory.line_items(o)) FROM inventory.purchase_order o WHERE po_id = :po), 10000, 'line_items gives all of them');
SELECT pg_temp.confirmed(1, 2, jsonb_agg('{"product_id": 23, "qty": 1}'::jsonb)) AS po FROM generate_series(1, 10000) \gset
SELECT is((SELECT o.status FROM inventory.receive_purchase_order(:po, '[{"product_id": 23, "qty": 9999}, {"product_id": 23, "qty": 1}]') o), 'RECEIVED', 'one product on 10,000 lines');
SELECT is((SELECT concat_ws(' ', version, quantity_on_hand) FROM inventory.inventory_item WHERE product_id = 23), '10000 10000', 'each line is a movement');
SELECT pg_temp.healthy('ten thousand lines');

SELECT * FROM finish();
ROLLBACK;
