-- Transfers between warehouses: hold, ship, receive, lose, cancel. How their lines are read as JSON is in purchasing.sql.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION inventory;
SELECT plan(525);

\ir include/setup.psql

SET LOCAL timezone = 'UTC';
SET LOCAL datestyle = 'ISO';
INSERT INTO inventory.warehouse (warehouse_id, name, timezone) VALUES (3, 'Los Angeles', 'America/Los_Angeles');

-- The lines of a transfer: number product asked>shipped received/lost/returned cause
CREATE FUNCTION pg_temp.lines_of(id bigint) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', line_no, 'p' || product_id, format('%s>%s %s/%s/%s', quantity, quantity_shipped, quantity_received, quantity_lost, quantity_returned), root_cause), ', ' ORDER BY line_no)
    FROM inventory.transfer_order_line WHERE transfer_id = id
$$;

CREATE FUNCTION pg_temp.status_of(id bigint) RETURNS text LANGUAGE sql AS $$
    SELECT status::text FROM inventory.transfer_order WHERE transfer_id = id
$$;

-- Its reservations: line quantity/fulfilled status reason
CREATE FUNCTION pg_temp.holds(id bigint) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', l.line_no, format('%s/%s', r.quantity, r.quantity_fulfilled), r.status, r.close_reason), ', ' ORDER BY l.line_no)
    FROM inventory.transfer_order_line l JOIN inventory.reservation r USING (reservation_id) WHERE l.transfer_id = id
$$;

-- What the view shows on the way: line quantity
CREATE FUNCTION pg_temp.on_the_way(id bigint) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s %s', line_no, quantity_in_transit), ', ' ORDER BY line_no) FROM inventory.in_transit WHERE transfer_id = id
$$;

-- What is on hand, on the way or lost is what came from outside less what left, for each product.
CREATE FUNCTION pg_temp.conserved(label text) RETURNS text LANGUAGE sql AS $$
    SELECT is_empty('SELECT product_id, here.quantity, outside.quantity
        FROM (SELECT product_id, sum(quantity) AS quantity FROM (
            SELECT product_id, quantity_on_hand FROM inventory.inventory_item
            UNION ALL SELECT product_id, quantity_in_transit FROM inventory.in_transit
            UNION ALL SELECT product_id, quantity_lost FROM inventory.transfer_order_line) AS place (product_id, quantity) GROUP BY product_id) AS here
        FULL JOIN (SELECT product_id, sum(quantity) AS quantity FROM inventory.stock_movement WHERE movement_type NOT IN (''TRANSFER_IN'', ''TRANSFER_OUT'') GROUP BY product_id) AS outside USING (product_id)
        WHERE here.quantity IS DISTINCT FROM outside.quantity', label || ': nothing appears or vanishes')
$$;

-- PENDING holds the goods

SELECT inventory.receive_stock(1, 1, 100), inventory.receive_stock(2, 1, 20);
SELECT transfer_id AS t, x.from_warehouse_id AS source, x.to_warehouse_id AS destination, x.status AS status, x.created_at > now() AS is_dated,
    concat(x.shipped_at, x.received_at, x.cancelled_at) AS later, x.created_by AS creator
    FROM inventory.create_transfer(1, 2, '[{"product_id": 1, "qty": 30}, {"product_id": 2, "qty": 5}, {"product_id": 1, "qty": 10}]') x \gset
SELECT is(concat_ws(' ', :'source', :'destination', :'status', :'is_dated', :'later', :'creator'), '1 2 PENDING t  ' || session_user, 'a new transfer is PENDING, of the session user');
SELECT is(pg_temp.lines_of(:t), '1 p1 30>0 0/0/0, 2 p2 5>0 0/0/0, 3 p1 10>0 0/0/0', 'with its lines, nothing shipped');
SELECT is(concat_ws(' ', pg_temp.level(1, 1), pg_temp.level(2, 1), pg_temp.level(1, 2)), '100/40/60 20/5/15 0/0/0', 'the goods are held at the source, the destination has an empty item');
SELECT is(pg_temp.holds(:t), '1 30/0 ACTIVE, 2 5/0 ACTIVE, 3 10/0 ACTIVE', 'by a reservation for each line');
SELECT results_eq(format('SELECT o.product_id, o.warehouse_id, o.quantity_open, o.reference_type::text, o.reference_id, o.expires_at, o.is_expired, o.created_by
        FROM inventory.open_reservation o JOIN inventory.transfer_order_line l USING (reservation_id) WHERE l.transfer_id = %s ORDER BY l.line_no', :t),
    format($$VALUES (1::bigint, 1::bigint, 30::bigint, 'TRANSFER', '%s', NULL::timestamptz, false, session_user::text COLLATE "default"),
        (2, 1, 5, 'TRANSFER', '%1$s', NULL, false, session_user), (1, 1, 10, 'TRANSFER', '%1$s', NULL, false, session_user)$$, :t), 'open_reservation shows them, of type TRANSFER, without expiry');
SELECT is(pg_temp.on_the_way(:t), NULL, 'nothing is on the way');
SELECT is(inventory.expire_reservations(), 0::bigint, 'nothing to expire');
SELECT pg_temp.refused($$SELECT inventory.reserve_stock(1, 1, 61, 'order')$$, 'IV001', 'insufficient stock of product 1 in warehouse 1', 'Available: 60, requested: 61.', 'an order for what is held');
SELECT reservation_id AS r FROM inventory.transfer_order_line WHERE transfer_id = :t AND line_no = 1 \gset
CREATE TEMP TABLE theft (call text, label text);
INSERT INTO theft SELECT format(call, :r), label FROM (VALUES ('SELECT inventory.fulfill_reservation(%s)', 'fulfil the hold'), ('SELECT inventory.fulfill_reservation(%s, 1)', 'fulfil a part of the hold'),
    ('SELECT inventory.cancel_reservation(%s)', 'cancel the hold'), ('SELECT inventory.cancel_reservation(%s, ''mine'')', 'cancel the hold with a reason')) v (call, label);
SELECT pg_temp.refused(call, 'IV002', format('reservation %s belongs to transfer %s', :r, :t), 'The transfer is PENDING.', label) FROM theft;
SELECT pg_temp.refused(format('SELECT inventory.%s(%L)', f, :'t'), 'IV003', format('order ''%s'' has no reservations', :t), '', f || ' of the transfer') FROM unnest(ARRAY['fulfill_order', 'cancel_order']) f;
SELECT is((SELECT concat_ws(' ', x.status, x.expires_at) FROM inventory.extend_reservation(:r, 5) x), 'ACTIVE', 'to extend it changes nothing');
SELECT is(pg_temp.holds(:t), '1 30/0 ACTIVE, 2 5/0 ACTIVE, 3 10/0 ACTIVE', 'the holds are what they were');
SELECT pg_temp.conserved('pending');
SELECT pg_temp.healthy('pending');

-- Ship

SELECT is((SELECT concat_ws(' ', x.transfer_id, x.status, x.shipped_at > x.created_at, x.received_at, x.cancelled_at) FROM inventory.ship_transfer(:t) x), concat(:t, ' IN_TRANSIT t'), 'shipped');
SELECT is(pg_temp.lines_of(:t), '1 p1 30>30 0/0/0, 2 p2 5>5 0/0/0, 3 p1 10>10 0/0/0', 'all of it');
SELECT is(pg_temp.holds(:t), '1 30/30 FULFILLED, 2 5/5 FULFILLED, 3 10/10 FULFILLED', 'the holds are used up');
SELECT is(concat_ws(' ', pg_temp.level(1, 1), pg_temp.level(2, 1), pg_temp.level(1, 2)), '60/0/60 15/0/15 0/0/0', 'it has left the source and not arrived');
SELECT is(pg_temp.ledger(1, 1), '1 PURCHASE 100>100, 2 TRANSFER_OUT -30>70, 3 TRANSFER_OUT -10>60', 'a movement for each line');
SELECT is((SELECT count(*) FROM inventory.stock_movement m JOIN inventory.transfer_order_line l ON l.reservation_id = m.reservation_id AND l.product_id = m.product_id AND l.quantity = -m.quantity
    WHERE m.movement_type = 'TRANSFER_OUT' AND m.reference_id = :'t' AND l.transfer_id = :t), 3::bigint, 'with the transfer as its reference, and its hold');
SELECT results_eq(format('SELECT line_no, product_id, sku, product_name, from_warehouse_id, from_warehouse_name, to_warehouse_id, to_warehouse_name, quantity_shipped, quantity_received, quantity_in_transit, base_unit,
        shipped_at = (SELECT shipped_at FROM inventory.transfer_order x WHERE x.transfer_id = i.transfer_id) FROM inventory.in_transit i WHERE transfer_id = %s ORDER BY line_no', :t),
    $$VALUES (1, 1::bigint, 'SKU-1', 'Product 1', 1::bigint, 'North', 2::bigint, 'South', 30::bigint, 0::bigint, 30::bigint, 'piece', true),
        (2, 2, 'SKU-2', 'Product 2', 1, 'North', 2, 'South', 5, 0, 5, 'piece', true), (3, 1, 'SKU-1', 'Product 1', 1, 'North', 2, 'South', 10, 0, 10, 'piece', true)$$, 'in_transit shows each line');
SELECT pg_temp.refused(call, 'IV002', format('reservation %s is not active', :r), 'It is FULFILLED.', label || ', shipped') FROM theft;
SELECT pg_temp.conserved('shipped');
SELECT pg_temp.healthy('shipped');

-- Receive in parts

SELECT is((SELECT concat_ws(' ', x.status, x.received_at) FROM inventory.receive_transfer(:t, '[{"product_id": 1, "qty": 12}]') x), 'IN_TRANSIT', 'a part leaves it IN_TRANSIT');
SELECT is(concat_ws('; ', pg_temp.lines_of(:t), pg_temp.on_the_way(:t)), '1 p1 30>30 12/0/0, 2 p2 5>5 0/0/0, 3 p1 10>10 0/0/0; 1 18, 2 5, 3 10', 'it goes to the first line of the product');
SELECT pg_temp.conserved('a part');
SELECT pg_temp.healthy('a part');
SELECT is((SELECT x.status FROM inventory.receive_transfer(:t, '[{"product_id": 1, "qty": 20}, {"product_id": 2, "qty": 5}, {"product_id": 1, "qty": 1}]') x), 'IN_TRANSIT', 'a part for two lines, and the product twice');
SELECT is(concat_ws('; ', pg_temp.lines_of(:t), pg_temp.on_the_way(:t)), '1 p1 30>30 30/0/0, 2 p2 5>5 5/0/0, 3 p1 10>10 3/0/0; 3 7', 'fills the first and goes on with the next');
SELECT is((SELECT quantity_received FROM inventory.in_transit WHERE transfer_id = :t), 3::bigint, 'in_transit shows what has arrived');
SELECT pg_temp.refused(format($$SELECT inventory.receive_transfer(%s, '[{"product_id": 1, "qty": 8}]')$$, :t), '22023', 'line 1 of line_items: more of product 1 than is open', 'Open: 7, to receive: 8.', 'more than is in transit');
SELECT pg_temp.refused(format($$SELECT inventory.receive_transfer(%s, '[{"product_id": 1, "qty": 5}, {"product_id": 1, "qty": 3}]')$$, :t), '22023', 'line 2 of line_items: more of product 1 than is open', 'Open: 2, to receive: 3.', 'more than is in transit in two parts');
SELECT pg_temp.refused(format($$SELECT inventory.receive_transfer(%s, '[{"product_id": 1, "qty": 1}, {"product_id": 2, "qty": 1}]')$$, :t), '22023', 'line 2 of line_items: more of product 2 than is open', 'Open: 0, to receive: 1.', 'of what has arrived already');
SELECT pg_temp.refused(format($$SELECT inventory.receive_transfer(%s, '[{"product_id": 3, "qty": 1}]')$$, :t), 'IV003', format('line 1 of line_items: product 3 is not on transfer %s', :t), '', 'a product that is not on it');
SET LOCAL inventory.over_receipt_tolerance_percent = 100;
SELECT pg_temp.refused(format($$SELECT inventory.receive_transfer(%s, '[{"product_id": 1, "qty": 8}]')$$, :t), '22023', 'line 1 of line_items: more of product 1 than is open', 'Open: 7, to receive: 8.', 'whatever suppliers may do');
SET LOCAL inventory.over_receipt_tolerance_percent = 0;
SELECT is((SELECT concat_ws(' ', x.transfer_id, x.status, x.received_at > x.shipped_at, x.cancelled_at) FROM inventory.receive_transfer(:t) x), concat(:t, ' RECEIVED t'), 'NULL receives the rest');
SELECT is(pg_temp.lines_of(:t), '1 p1 30>30 30/0/0, 2 p2 5>5 5/0/0, 3 p1 10>10 10/0/0', 'all of it has arrived');
SELECT is(pg_temp.on_the_way(:t), NULL, 'nothing is on the way');
SELECT is(concat_ws('; ', pg_temp.ledger(1, 2), pg_temp.ledger(2, 2)), '1 TRANSFER_IN 12>12, 2 TRANSFER_IN 18>30, 3 TRANSFER_IN 2>32, 4 TRANSFER_IN 1>33, 5 TRANSFER_IN 7>40; 1 TRANSFER_IN 5>5', 'a movement for each part of a line');
SELECT is((SELECT count(*) FROM inventory.stock_movement WHERE movement_type = 'TRANSFER_IN' AND reference_id = :'t' AND warehouse_id = 2 AND reservation_id IS NULL), 6::bigint, 'with the transfer as its reference');
SELECT is(concat_ws(' ', pg_temp.level(1, 1), pg_temp.level(1, 2)), '60/0/60 40/0/40', 'the sum is what it was');
SELECT pg_temp.conserved('received');
SELECT pg_temp.healthy('received');
SELECT transfer_id AS t FROM inventory.create_transfer(2, 1, '[{"product_id": 1, "qty": 40}, {"product_id": 2, "qty": 5}]') \gset
SELECT inventory.ship_transfer(:t);
SELECT is((SELECT x.status FROM inventory.receive_transfer(:t, '[{"product_id": 2, "qty": 5}, {"product_id": 1, "qty": 40}]') x), 'RECEIVED', 'parts that leave nothing make it RECEIVED');
SELECT is(concat_ws(' ', pg_temp.level(1, 1), pg_temp.level(1, 2), pg_temp.level(2, 1), pg_temp.level(2, 2)), '100/0/100 0/0/0 20/0/20 0/0/0', 'and all is back');
SELECT pg_temp.conserved('back');
SELECT pg_temp.healthy('back');

-- Close with a loss

UPDATE inventory.product SET unit_cost = 2.50 WHERE product_id = 3;
INSERT INTO inventory.root_cause (code, description) VALUES ('PIRATES', 'Boarded');
SELECT inventory.receive_stock(3, 3, 100), inventory.receive_stock(4, 3, 100);
CREATE FUNCTION pg_temp.shrunk(cause text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', month, warehouse_id, warehouse_name, entries, quantity_lost, quantity_found, shrinkage_quantity, shrinkage_value), ', ' ORDER BY month, warehouse_id)
    FROM inventory.shrinkage WHERE root_cause = cause
$$;
SET LOCAL inventory.occurred_at = '2024-01-31 00:00:00+00';
SELECT transfer_id AS t FROM inventory.create_transfer(3, 2, '[{"product_id": 3, "qty": 30}, {"product_id": 4, "qty": 5}, {"product_id": 3, "qty": 10}]') \gset
SELECT inventory.ship_transfer(:t);
SELECT inventory.receive_transfer(:t, '[{"product_id": 3, "qty": 32}]');
SELECT pg_temp.refused(format('SELECT inventory.close_transfer(%s, %L)', :t, cause), '22023', message, '', coalesce('close with ' || cause, 'close with NULL')) FROM (VALUES
    (NULL, 'root_cause must not be NULL'), ('', 'root_cause must not be empty'), ('GREMLINS', 'unknown root cause "GREMLINS"'), ('theft', 'unknown root cause "theft"'), ('THEFT ', 'unknown root cause "THEFT "')) v (cause, message);
SELECT throws_ok(format('SELECT inventory.close_transfer(%s, repeat(%L, 10485760))', :t, 'x'), '22023', 'root_cause is too long', 'close with 10 MB');
SELECT pg_temp.ledger(3, 3) || pg_temp.ledger(3, 2) AS before \gset
SET LOCAL inventory.occurred_at = '2024-02-01 02:00:00+00';
SELECT is((SELECT concat_ws(' ', x.transfer_id, x.status, x.received_at, x.cancelled_at) FROM inventory.close_transfer(:t) x), concat(:t, ' RECEIVED 2024-02-01 02:00:00+00'), 'what never arrived is given up');
SELECT is(pg_temp.lines_of(:t), '1 p3 30>30 30/0/0, 2 p4 5>5 0/5/0 LOST_IN_TRANSIT, 3 p3 10>10 2/8/0 LOST_IN_TRANSIT', 'lost on the lines that lack something, by default LOST_IN_TRANSIT');
SELECT is(pg_temp.ledger(3, 3) || pg_temp.ledger(3, 2), :'before', 'without a movement');
SELECT is(concat_ws(' ', pg_temp.level(3, 3), pg_temp.level(3, 2), pg_temp.on_the_way(:t)), '60/0/60 32/0/32', 'it is in neither warehouse, nor on the way');
SELECT is(pg_temp.shrunk('LOST_IN_TRANSIT'), '2024-01-01 3 Los Angeles 2 13 0 13 20.00', 'shrinkage of the warehouse it left, in its month, at cost where there is one');
SELECT pg_temp.conserved('closed');
SELECT pg_temp.healthy('closed');
SELECT transfer_id AS t FROM inventory.transfer_stock(3, 3, 2, 4) \gset
SELECT is((SELECT x.status FROM inventory.close_transfer(:t, 'THEFT') x), 'RECEIVED', 'all of it lost to another cause');
SELECT is(pg_temp.lines_of(:t), '1 p3 4>4 0/4/0 THEFT', 'which the line has');
SELECT transfer_id AS t FROM inventory.transfer_stock(3, 3, 2, 6) \gset
SELECT is((SELECT x.status FROM inventory.close_transfer(:t, 'PIRATES') x), 'RECEIVED', 'or to one that users added');
SELECT is(pg_temp.shrunk('THEFT'), '2024-01-01 3 Los Angeles 1 4 0 4 10.00', 'shrinkage by cause');
SELECT is(pg_temp.shrunk('PIRATES'), '2024-01-01 3 Los Angeles 1 6 0 6 15.00', 'shrinkage by a cause that users added');
SELECT inventory.adjust_stock(3, 3, -5, 'THEFT'), inventory.adjust_stock(3, 2, -1, 'THEFT');
SELECT is(pg_temp.shrunk('THEFT'), '2024-01-01 3 Los Angeles 2 9 0 9 22.50, 2024-02-01 2 South 1 1 0 1 2.50', 'added to what was adjusted there');
SET LOCAL inventory.occurred_at = '';
SELECT pg_temp.conserved('other causes');
SELECT pg_temp.healthy('other causes');

-- Cancel

SELECT inventory.receive_stock(5, 1, 100), inventory.receive_stock(6, 1, 100);
SELECT transfer_id AS t FROM inventory.create_transfer(1, 2, '[{"product_id": 5, "qty": 30}, {"product_id": 6, "qty": 5}]') \gset
SELECT is((SELECT concat_ws(' ', x.transfer_id, x.status, x.shipped_at, x.received_at, x.cancelled_at > x.created_at) FROM inventory.cancel_transfer(:t) x), concat(:t, ' CANCELLED t'), 'cancel a PENDING one');
SELECT is(pg_temp.holds(:t), '1 30/0 CANCELLED TRANSFER_CANCELLED, 2 5/0 CANCELLED TRANSFER_CANCELLED', 'its holds are released');
SELECT is(concat_ws('; ', pg_temp.level(5, 1), pg_temp.ledger(5, 1), pg_temp.lines_of(:t)), '100/0/100; 1 PURCHASE 100>100; 1 p5 30>0 0/0/0, 2 p6 5>0 0/0/0', 'and nothing moves');
SELECT pg_temp.conserved('cancelled');
SELECT pg_temp.healthy('cancelled');
SELECT transfer_id AS t FROM inventory.create_transfer(1, 2, '[{"product_id": 5, "qty": 30}, {"product_id": 6, "qty": 5}]') \gset
SELECT inventory.ship_transfer(:t);
SELECT is((SELECT concat_ws(' ', x.transfer_id, x.status, x.cancelled_at > x.shipped_at, x.received_at) FROM inventory.cancel_transfer(:t) x), concat(:t, ' CANCELLED t'), 'cancel one IN_TRANSIT');
SELECT is(pg_temp.lines_of(:t), '1 p5 30>30 0/0/30, 2 p6 5>5 0/0/5', 'what was on the way is returned');
SELECT is(concat_ws('; ', pg_temp.level(5, 1), pg_temp.ledger(5, 1), pg_temp.on_the_way(:t), pg_temp.level(5, 2)), '100/0/100; 1 PURCHASE 100>100, 2 TRANSFER_OUT -30>70, 3 TRANSFER_IN 30>100; 0/0/0', 'to the source, and the destination never had it');
SELECT is((SELECT count(*) FROM inventory.stock_movement WHERE movement_type = 'TRANSFER_IN' AND warehouse_id = 1 AND reference_id = :'t'), 2::bigint, 'with the transfer as the reference of the way back');
SELECT pg_temp.conserved('returned');
SELECT pg_temp.healthy('returned');
SELECT transfer_id AS t FROM inventory.create_transfer(1, 2, '[{"product_id": 5, "qty": 30}, {"product_id": 6, "qty": 5}, {"product_id": 5, "qty": 7}]') \gset
SELECT inventory.ship_transfer(:t);
SELECT inventory.receive_transfer(:t, '[{"product_id": 5, "qty": 31}]');
SELECT is((SELECT x.status FROM inventory.cancel_transfer(:t) x), 'CANCELLED', 'cancel one of which a part has arrived');
SELECT is(pg_temp.lines_of(:t), '1 p5 30>30 30/0/0, 2 p6 5>5 0/0/5, 3 p5 7>7 1/0/6', 'the rest is returned');
SELECT is(concat_ws(' ', pg_temp.level(5, 1), pg_temp.level(5, 2), pg_temp.level(6, 1), pg_temp.level(6, 2), pg_temp.on_the_way(:t)), '69/0/69 31/0/31 100/0/100 0/0/0', 'what has arrived stays');
SELECT pg_temp.conserved('returned in part');
SELECT pg_temp.healthy('returned in part');

-- Each step from each state

SELECT inventory.receive_stock(7, 1, 10000);
CREATE FUNCTION pg_temp.transfer_in(state text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    id bigint := (inventory.create_transfer(1, 2, '[{"product_id": 7, "qty": 10}]')).transfer_id;
BEGIN
    IF state NOT IN ('PENDING', 'CANCELLED from PENDING') THEN
        PERFORM inventory.ship_transfer(id);
    END IF;
    IF state LIKE '%part%' THEN
        PERFORM inventory.receive_transfer(id, '[{"product_id": 7, "qty": 4}]');
    END IF;
    IF state = 'RECEIVED' THEN
        PERFORM inventory.receive_transfer(id);
    ELSIF state LIKE 'RECEIVED with a loss%' THEN
        PERFORM inventory.close_transfer(id);
    ELSIF state LIKE 'CANCELLED%' THEN
        PERFORM inventory.cancel_transfer(id);
    END IF;
    RETURN id;
END
$$;
CREATE TEMP TABLE case_of_transfer AS SELECT s AS state, pg_temp.transfer_in(s) AS transfer_id FROM unnest(ARRAY['PENDING', 'IN_TRANSIT', 'IN_TRANSIT in part', 'RECEIVED', 'RECEIVED with a loss', 'RECEIVED with a loss in part',
    'CANCELLED from PENDING', 'CANCELLED from IN_TRANSIT', 'CANCELLED in part']) s;
SELECT is(pg_temp.status_of(transfer_id), split_part(state, ' ', 1), 'a transfer ' || state) FROM case_of_transfer;
CREATE TEMP TABLE step (f text, wanted text, allowed text[], becomes text);
INSERT INTO step VALUES
    ('ship_transfer', 'PENDING', '{PENDING}', 'IN_TRANSIT'),
    ('receive_transfer', 'IN_TRANSIT', '{IN_TRANSIT}', 'RECEIVED'),
    ('close_transfer', 'IN_TRANSIT', '{IN_TRANSIT}', 'RECEIVED'),
    ('cancel_transfer', 'open', '{PENDING,IN_TRANSIT}', 'CANCELLED');
SELECT pg_temp.refused(format('SELECT inventory.%s(%s)', s.f, c.transfer_id), 'IV002', format('transfer %s is not %s', c.transfer_id, s.wanted), format('It is %s.', split_part(c.state, ' ', 1)), s.f || ' of one ' || c.state)
    FROM step s, case_of_transfer c WHERE split_part(c.state, ' ', 1) <> ALL (s.allowed);
SELECT pg_temp.refused(format($$SELECT inventory.receive_transfer(%s, '[{"product_id": 7, "qty": 1}]')$$, transfer_id), 'IV002', format('transfer %s is not IN_TRANSIT', transfer_id), format('It is %s.', split_part(state, ' ', 1)), 'a part of one ' || state)
    FROM case_of_transfer WHERE state NOT LIKE 'IN_TRANSIT%';
CREATE TEMP TABLE fresh AS SELECT s.f, s.becomes, c.state, pg_temp.transfer_in(c.state) AS transfer_id FROM step s, case_of_transfer c WHERE split_part(c.state, ' ', 1) = ANY (s.allowed);
SELECT results_eq(format('SELECT transfer_id, status::text FROM inventory.%s(%s)', f, transfer_id), format('SELECT %s::bigint, %L::text', transfer_id, becomes), f || ' of one ' || state) FROM fresh;
SELECT is(pg_temp.status_of(transfer_id), becomes, 'makes it ' || becomes) FROM fresh;
SELECT is((SELECT count(*) FROM inventory.transfer_order WHERE (status = 'CANCELLED') <> (cancelled_at IS NOT NULL) OR (status = 'RECEIVED') <> (received_at IS NOT NULL) OR status IN ('IN_TRANSIT', 'RECEIVED') AND shipped_at IS NULL), 0::bigint, 'times and states agree');
SELECT pg_temp.refused(format('SELECT inventory.%s(NULL)', f), '22023', 'transfer_id must not be NULL', '', f || ' NULL') FROM step;
SELECT pg_temp.refused(format('SELECT inventory.%s(%s)', f, id), 'IV003', format('transfer %s does not exist', id), '', f || ' of an unknown transfer ' || id) FROM step, unnest(ARRAY[999999, 0, -1]) id;
SELECT pg_temp.conserved('each step');
SELECT pg_temp.healthy('each step');

-- Create refuses

SELECT inventory.receive_stock(8, 1, 100);
CREATE TEMP TABLE line (one jsonb DEFAULT '[{"product_id": 8, "qty": 1}]');
INSERT INTO line DEFAULT VALUES;
SELECT pg_temp.refused(format('SELECT inventory.create_transfer(%s, %L)', sides, one), code, message, detail, 'from and to ' || sides) FROM line, (VALUES
    ('NULL, 1', '22023', 'from_warehouse_id must not be NULL', ''), ('1, NULL', '22023', 'to_warehouse_id must not be NULL', ''),
    ('1, 1', '22023', 'from_warehouse_id and to_warehouse_id must differ', 'Both are 1.'), ('99, 99', '22023', 'from_warehouse_id and to_warehouse_id must differ', 'Both are 99.'),
    ('99, 1', 'IV003', 'warehouse 99 does not exist', ''), ('1, 99', 'IV003', 'warehouse 99 does not exist', ''), ('98, 99', 'IV003', 'warehouse 98 does not exist', '')) v (sides, code, message, detail);
SELECT pg_temp.refused(format('SELECT inventory.create_transfer(1, 2, %L)', lines), code, message, detail, label) FROM (VALUES
    ('an unknown product', '[{"product_id": 8, "qty": 1}, {"product_id": 99, "qty": 1}]', 'IV003', 'line 2 of line_items: product 99 does not exist', ''),
    ('a product that was never stocked there', '[{"product_id": 8, "qty": 1}, {"product_id": 9, "qty": 5}]', 'IV001', 'insufficient stock of product 9 in warehouse 1', 'Available: 0, requested: 5.'),
    ('more than is available', '[{"product_id": 8, "qty": 101}]', 'IV001', 'insufficient stock of product 8 in warehouse 1', 'Available: 100, requested: 101.'),
    ('more than is available on two lines', '[{"product_id": 8, "qty": 60}, {"product_id": 8, "qty": 41}]', 'IV001', 'insufficient stock of product 8 in warehouse 1', 'Available: 40, requested: 41.'),
    ('two lines of all of a bigint', '[{"product_id": 8, "qty": 1}, {"product_id": 8, "qty": 9223372036854775807}, {"product_id": 8, "qty": 9223372036854775807}]', 'IV001', 'insufficient stock of product 8 in warehouse 1', 'Available: 99, requested: 9223372036854775807.')) v (label, lines, code, message, detail);
SELECT is((SELECT count(*) FROM inventory.inventory_item WHERE product_id IN (8, 9)), 1::bigint, 'a refused one makes no items');
SELECT pg_temp.refused($$SELECT inventory.create_transfer(2, 1, '[{"product_id": 8, "qty": 1}]')$$, 'IV001', 'insufficient stock of product 8 in warehouse 2', 'Available: 0, requested: 1.', 'from where it is not');
UPDATE inventory.product SET is_active = false WHERE product_id = 8;
SELECT is((SELECT x.status FROM inventory.create_transfer(1, 2, '[{"product_id": 8, "qty": 60}, {"product_id": 8, "qty": 40}]') x), 'PENDING', 'all that is available on two lines, of a product that is no longer bought');
SELECT is(pg_temp.level(8, 1), '100/100/0', 'nothing is left');
SELECT pg_temp.conserved('create refuses');
SELECT pg_temp.healthy('create refuses');

-- In one call

SELECT inventory.receive_stock(10, 1, 20);
SELECT transfer_id AS t, x.status AS status, x.from_warehouse_id AS source, x.to_warehouse_id AS destination, x.shipped_at >= x.created_at AS is_shipped FROM inventory.transfer_stock(10, 1, 2, 12) x \gset
SELECT is(concat_ws(' ', :'status', :'source', :'destination', :'is_shipped', pg_temp.lines_of(:t)), 'IN_TRANSIT 1 2 t 1 p10 12>12 0/0/0', 'transfer_stock is on the way');
SELECT is(concat_ws('; ', pg_temp.level(10, 1), pg_temp.ledger(10, 1), pg_temp.holds(:t), pg_temp.on_the_way(:t)), '8/0/8; 1 PURCHASE 20>20, 2 TRANSFER_OUT -12>8; 1 12/12 FULFILLED; 1 12', 'as create_transfer and ship_transfer make it');
SELECT is((SELECT x.status FROM inventory.receive_transfer(:t) x), 'RECEIVED', 'and arrives');
SELECT pg_temp.refused(format('SELECT inventory.transfer_stock(%s)', arguments), code, message, detail, format('transfer_stock(%s)', arguments)) FROM (VALUES
    ('NULL, 1, 2, 1', '22023', 'product_id must not be NULL', ''), ('10, NULL, 2, 1', '22023', 'from_warehouse_id must not be NULL', ''), ('10, 1, NULL, 1', '22023', 'to_warehouse_id must not be NULL', ''),
    ('10, 1, 2, NULL', '22023', 'quantity must not be NULL', ''), ('10, 1, 2, 0', '22023', 'quantity must be positive', 'Got 0.'), ('10, 1, 2, -1', '22023', 'quantity must be positive', 'Got -1.'),
    ('10, 1, 2, -9223372036854775808', '22023', 'quantity must be positive', 'Got -9223372036854775808.'),
    ('10, 1, 1, 1', '22023', 'from_warehouse_id and to_warehouse_id must differ', 'Both are 1.'), ('10, 99, 1, 1', 'IV003', 'warehouse 99 does not exist', ''), ('10, 1, 99, 1', 'IV003', 'warehouse 99 does not exist', ''),
    ('10, 1, 2, 9', 'IV001', 'insufficient stock of product 10 in warehouse 1', 'Available: 8, requested: 9.'), ('10, 1, 2, 9223372036854775807', 'IV001', 'insufficient stock of product 10 in warehouse 1', 'Available: 8, requested: 9223372036854775807.'),
    ('10, 3, 1, 1', 'IV001', 'insufficient stock of product 10 in warehouse 3', 'Available: 0, requested: 1.'),
    ('99, 1, 2, 1', 'IV003', 'product 99 does not exist', '')) v (arguments, code, message, detail);
SELECT pg_temp.conserved('in one call');
SELECT pg_temp.healthy('in one call');

-- A hold that a count cancelled

SELECT inventory.receive_stock(11, 1, 100), inventory.receive_stock(12, 1, 10);
SELECT transfer_id AS t FROM inventory.create_transfer(1, 2, '[{"product_id": 12, "qty": 10}, {"product_id": 11, "qty": 60}, {"product_id": 11, "qty": 30}]') \gset
SELECT inventory.record_count(11, 1, 80, 'COUNT_ERROR', on_shortfall => 'cancel_newest');
SELECT is(pg_temp.holds(:t), '1 10/0 ACTIVE, 2 60/0 ACTIVE, 3 30/0 CANCELLED COUNT_SHORTFALL', 'a count finds less and cancels the newest hold');
SELECT is(concat_ws(' ', pg_temp.status_of(:t), pg_temp.level(11, 1)), 'PENDING 80/60/20', 'the transfer waits');
SELECT pg_temp.refused(format('SELECT inventory.ship_transfer(%s)', :t), 'IV001', 'insufficient stock of product 11 in warehouse 1', 'Available: 20, requested: 30.', 'the line finds too little, and the others do not leave without it');
SELECT is(pg_temp.holds(:t), '1 10/0 ACTIVE, 2 60/0 ACTIVE, 3 30/0 CANCELLED COUNT_SHORTFALL', 'their holds stay');
SELECT inventory.receive_stock(11, 1, 15);
SELECT is((SELECT x.status FROM inventory.ship_transfer(:t) x), 'IN_TRANSIT', 'the line finds enough');
SELECT is(concat_ws('; ', pg_temp.lines_of(:t), pg_temp.level(11, 1), pg_temp.ledger(11, 1)), '1 p12 10>10 0/0/0, 2 p11 60>60 0/0/0, 3 p11 30>30 0/0/0; 5/0/5; 1 PURCHASE 100>100, 2 ADJUSTMENT -20>80, 3 PURCHASE 15>95, 4 TRANSFER_OUT -60>35, 5 TRANSFER_OUT -30>5', 'and takes what is available');
SELECT is((SELECT concat_ws(' ', reference_id, reservation_id) FROM inventory.stock_movement WHERE product_id = 11 AND version = 5), :'t', 'the transfer is the reference, no reservation is');
SELECT pg_temp.conserved('a hold lost');
SELECT pg_temp.healthy('a hold lost');
SELECT is((SELECT x.status FROM inventory.receive_transfer(:t) x), 'RECEIVED', 'it arrives like the others');
SELECT transfer_id AS t FROM inventory.create_transfer(1, 2, '[{"product_id": 11, "qty": 2}, {"product_id": 11, "qty": 3}]') \gset
SELECT inventory.record_count(11, 1, 2, 'COUNT_ERROR', on_shortfall => 'cancel_newest');
SELECT is((SELECT x.status FROM inventory.cancel_transfer(:t) x), 'CANCELLED', 'one that lost a hold can be cancelled');
SELECT is(concat_ws('; ', pg_temp.holds(:t), pg_temp.level(11, 1)), '1 2/0 CANCELLED TRANSFER_CANCELLED, 2 3/0 CANCELLED COUNT_SHORTFALL; 2/0/2', 'which gives back what was still held, once');
SELECT transfer_id AS t FROM inventory.create_transfer(1, 2, '[{"product_id": 11, "qty": 2}]') \gset
SELECT inventory.record_count(11, 1, 0, 'COUNT_ERROR', on_shortfall => 'cancel_newest');
SELECT pg_temp.refused(format('SELECT inventory.ship_transfer(%s)', :t), 'IV001', 'insufficient stock of product 11 in warehouse 1', 'Available: 0, requested: 2.', 'nothing is left');
SELECT inventory.receive_stock(11, 1, 2);
SELECT reservation_id AS r FROM inventory.reserve_stock(11, 1, 2, 'order-1') \gset
SELECT pg_temp.refused(format('SELECT inventory.ship_transfer(%s)', :t), 'IV001', 'insufficient stock of product 11 in warehouse 1', 'Available: 0, requested: 2.', 'what an order holds is not taken');
UPDATE inventory.reservation SET expires_at = now() - interval '1 min' WHERE reservation_id = :r;
SELECT is((SELECT x.status FROM inventory.ship_transfer(:t) x), 'IN_TRANSIT', 'unless it has expired');
SELECT is((SELECT concat_ws(' ', status, close_reason) FROM inventory.reservation WHERE reservation_id = :r), 'CANCELLED EXPIRED', 'which closes it');
SELECT is(pg_temp.level(11, 1), '0/0/0', 'and the sums are right');
INSERT INTO inventory.transfer_order (transfer_id, from_warehouse_id, to_warehouse_id) VALUES (1000000, 1, 2);
INSERT INTO inventory.transfer_order_line (transfer_id, line_no, product_id, quantity) VALUES (1000000, 1, 11, 3);
SELECT inventory.receive_stock(11, 1, 4);
SELECT is((SELECT x.status FROM inventory.ship_transfer(1000000) x), 'IN_TRANSIT', 'one that was inserted without a hold takes what is available');
SELECT is(concat_ws(' ', pg_temp.level(11, 1), pg_temp.lines_of(1000000)), '1/0/1 1 p11 3>3 0/0/0', 'too');
SELECT pg_temp.conserved('holds lost');
SELECT pg_temp.healthy('holds lost');

-- Expired reservations make room

SELECT inventory.receive_stock(13, 1, 10);
SELECT inventory.reserve_stock(13, 1, 4, 'order-' || i) FROM generate_series(1, 2) i;
SELECT pg_temp.refused($$SELECT inventory.create_transfer(1, 2, '[{"product_id": 13, "qty": 3}]')$$, 'IV001', 'insufficient stock of product 13 in warehouse 1', 'Available: 2, requested: 3.', 'what orders hold');
UPDATE inventory.reservation SET expires_at = now() - interval '1 min' WHERE product_id = 13 AND reference_id = 'order-1';
SELECT pg_temp.refused($$SELECT inventory.create_transfer(1, 2, '[{"product_id": 13, "qty": 7}]')$$, 'IV001', 'insufficient stock of product 13 in warehouse 1', 'Available: 6, requested: 7.', 'what has expired counts as available');
SELECT transfer_id AS t FROM inventory.create_transfer(1, 2, '[{"product_id": 13, "qty": 2}]') \gset
SELECT is((SELECT string_agg(concat_ws(' ', status, close_reason), ', ' ORDER BY reference_id) FROM inventory.reservation WHERE product_id = 13 AND reference_type = 'ORDER'), 'ACTIVE, ACTIVE', 'a transfer that finds enough leaves the expired one');
SELECT lives_ok($$SELECT inventory.create_transfer(1, 2, '[{"product_id": 13, "qty": 1}, {"product_id": 13, "qty": 3}]')$$, 'one that needs the stock');
SELECT is((SELECT string_agg(concat_ws(' ', status, close_reason), ', ' ORDER BY reference_id) FROM inventory.reservation WHERE product_id = 13 AND reference_type = 'ORDER'), 'CANCELLED EXPIRED, ACTIVE', 'frees it, and not the other');
SELECT is(pg_temp.level(13, 1), '10/10/0', 'and the sums are right');
UPDATE inventory.reservation SET expires_at = now() - interval '1 min' WHERE product_id = 13 AND reference_id = 'order-2';
SELECT is((SELECT x.status FROM inventory.transfer_stock(13, 1, 2, 4) x), 'IN_TRANSIT', 'in one call too');
SELECT is(pg_temp.level(13, 1), '6/6/0', 'which takes it away');
SELECT pg_temp.conserved('expired');
SELECT pg_temp.healthy('expired');

-- A reservation of type TRANSFER that somebody made himself

SELECT inventory.receive_stock(14, 1, 100);
SELECT transfer_id AS t FROM inventory.create_transfer(1, 2, '[{"product_id": 14, "qty": 10}]') \gset
SELECT reservation_id AS r1 FROM inventory.reserve_stock(14, 1, 20, :'t', reference_type => 'TRANSFER') \gset
SELECT reservation_id AS r2 FROM inventory.reserve_stock(14, 1, 30, :'t', reference_type => 'TRANSFER') \gset
SELECT reservation_id AS r3 FROM inventory.reserve_stock(14, 1, 5, :'t', reference_type => 'TRANSFER') \gset
SELECT is((SELECT concat_ws(' ', x.status, x.quantity_fulfilled) FROM inventory.fulfill_reservation(:r1, 15) x), 'ACTIVE 15', 'is tied to no transfer: a part can be fulfilled');
SELECT is((SELECT x.status FROM inventory.fulfill_reservation(:r1) x), 'FULFILLED', 'all of it');
SELECT is((SELECT x.close_reason FROM inventory.cancel_reservation(:r2, 'mine') x), 'mine', 'it can be cancelled');
SELECT is(concat_ws('; ', pg_temp.level(14, 1), pg_temp.ledger(14, 1)), '80/15/65; 1 PURCHASE 100>100, 2 SALE -15>85, 3 SALE -5>80', 'fulfilled it is a SALE');
SELECT is((SELECT x.status FROM inventory.ship_transfer(:t) x), 'IN_TRANSIT', 'the transfer of that number ships');
SELECT is(concat_ws('; ', pg_temp.level(14, 1), (SELECT status FROM inventory.reservation WHERE reservation_id = :r3)), '70/5/65; ACTIVE', 'its own goods');
SELECT is((SELECT x.status FROM inventory.cancel_transfer(:t) x), 'CANCELLED', 'to cancel the transfer');
SELECT is(concat_ws('; ', pg_temp.level(14, 1), (SELECT status FROM inventory.reservation WHERE reservation_id = :r3)), '80/5/75; ACTIVE', 'leaves it alone');
SELECT is((SELECT x.status FROM inventory.cancel_reservation(:r3) x), 'CANCELLED', 'it can be cancelled still');
SELECT pg_temp.conserved('reservations of others');
SELECT pg_temp.healthy('reservations of others');

-- Steps that are rolled back

SELECT inventory.receive_stock(15, 1, 50);
SELECT transfer_id AS t FROM inventory.create_transfer(1, 2, '[{"product_id": 15, "qty": 20}]') \gset
CREATE FUNCTION pg_temp.undone(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    who text := current_user;
    path text := current_setting('search_path');
BEGIN
    BEGIN
        EXECUTE call;
        RAISE EXCEPTION 'undo it';
    EXCEPTION WHEN raise_exception THEN
        RETURN CASE WHEN current_user = who AND current_setting('search_path') = path THEN 'undone' ELSE 'left as somebody else' END;
    END;
END
$$;
CREATE TEMP TABLE undo (call text);
INSERT INTO undo SELECT replace(call, ':t', :'t') FROM unnest(ARRAY['SELECT inventory.ship_transfer(:t)', 'SELECT inventory.cancel_transfer(:t)', $$SELECT inventory.create_transfer(1, 2, '[{"product_id": 15, "qty": 30}]')$$,
    'SELECT inventory.transfer_stock(15, 1, 2, 30)', 'SELECT inventory.receive_transfer((inventory.ship_transfer(:t)).transfer_id)', 'SELECT inventory.close_transfer((inventory.ship_transfer(:t)).transfer_id)',
    'SELECT inventory.cancel_transfer((inventory.ship_transfer(:t)).transfer_id)']) call;
SELECT pg_temp.state() AS before \gset
SELECT is(pg_temp.undone(call), 'undone', call || ' in a subtransaction that rolls back') FROM undo;
SELECT is(pg_temp.state(), :'before', 'leaves nothing behind');
SAVEPOINT shipped;
SELECT inventory.ship_transfer(:t);
SELECT is(pg_temp.on_the_way(:t), '1 20', 'shipped');
ROLLBACK TO shipped;
SELECT is(pg_temp.state(), :'before', 'and rolled back');
SELECT throws_ok(format('SELECT inventory.receive_transfer(%s)', :t), 'IV002', format('transfer %s is not IN_TRANSIT', :t), 'it is not on the way');
SELECT is((SELECT x.status FROM inventory.ship_transfer(:t) x), 'IN_TRANSIT', 'it can be shipped again');
SAVEPOINT arrived;
SELECT inventory.receive_transfer(:t, '[{"product_id": 15, "qty": 19}]');
ROLLBACK TO arrived;
SELECT is((SELECT x.status FROM inventory.receive_transfer(:t) x), 'RECEIVED', 'and received');
SELECT is(concat_ws(' ', pg_temp.level(15, 1), pg_temp.level(15, 2), pg_temp.ledger(15, 2)), '30/0/30 20/0/20 1 TRANSFER_IN 20>20', 'once');
SELECT pg_temp.conserved('rolled back');
SELECT pg_temp.healthy('rolled back');

-- The ends of bigint

SELECT inventory.receive_stock(16, 1, 10), inventory.receive_stock(16, 2, 9223372036854775807 - 5), inventory.receive_stock(17, 1, 10);
SELECT transfer_id AS t FROM inventory.create_transfer(1, 2, '[{"product_id": 17, "qty": 10}, {"product_id": 16, "qty": 6}]') \gset
SELECT inventory.ship_transfer(:t);
SELECT pg_temp.refused(format('SELECT inventory.receive_transfer(%s)', :t), '22003', 'quantity on hand of product 16 in warehouse 2 would overflow', 'On hand: 9223372036854775802, to add: 6.', 'an arrival that would overflow');
SELECT is((SELECT x.status FROM inventory.receive_transfer(:t, '[{"product_id": 17, "qty": 10}, {"product_id": 16, "qty": 5}]') x), 'IN_TRANSIT', 'up to the last of bigint');
SELECT pg_temp.refused(format('SELECT inventory.receive_transfer(%s)', :t), '22003', 'quantity on hand of product 16 in warehouse 2 would overflow', 'On hand: 9223372036854775807, to add: 1.', 'one more');
SELECT is((SELECT x.status FROM inventory.cancel_transfer(:t) x), 'CANCELLED', 'the one that does not fit goes back');
SELECT is(concat_ws(' ', pg_temp.level(16, 1), pg_temp.level(16, 2)), '5/0/5 9223372036854775807/0/9223372036854775807', 'to the source');
SELECT transfer_id AS t FROM inventory.transfer_stock(16, 1, 2, 5) \gset
SELECT inventory.receive_stock(16, 1, 9223372036854775807 - 4);
SELECT pg_temp.refused(format('SELECT inventory.cancel_transfer(%s)', :t), '22003', 'quantity on hand of product 16 in warehouse 1 would overflow', 'On hand: 9223372036854775803, to add: 5.', 'a return that would overflow');
SELECT is((SELECT x.status FROM inventory.close_transfer(:t) x), 'RECEIVED', 'what fits nowhere can be given up');
SELECT transfer_id AS t FROM inventory.transfer_stock(16, 2, 3, 9223372036854775807) \gset
SELECT is((SELECT x.status FROM inventory.receive_transfer(:t, '[{"product_id": 16, "qty": 9223372036854775807}]') x), 'RECEIVED', 'all of a bigint');
SELECT is(concat_ws(' ', pg_temp.level(16, 2), pg_temp.level(16, 3)), '0/0/0 9223372036854775807/0/9223372036854775807', 'arrives');
SELECT pg_temp.conserved('the ends of bigint');
SELECT pg_temp.healthy('the ends of bigint');

-- Business time and who it was

SELECT inventory.receive_stock(18, 1, 100);
SET LOCAL inventory.performed_by = 'anna';
SET LOCAL inventory.occurred_at = '2024-01-01 00:00:00+00';
SELECT transfer_id AS t, x.created_at AS created, x.created_by AS creator FROM inventory.create_transfer(1, 2, '[{"product_id": 18, "qty": 10}]') x \gset
SELECT is(concat_ws(' ', :'created', :'creator', (SELECT r.created_by FROM inventory.reservation r JOIN inventory.transfer_order_line USING (reservation_id) WHERE transfer_id = :t)), '2024-01-01 00:00:00+00 anna anna', 'asked for at the business time, by the setting inventory.performed_by');
SET LOCAL inventory.occurred_at = '2024-01-02 00:00:00+00';
SELECT is((SELECT x.shipped_at FROM inventory.ship_transfer(:t) x), timestamptz '2024-01-02 00:00:00+00', 'shipped');
SET LOCAL inventory.occurred_at = '2024-01-01 23:59:59.999999+00';
SELECT pg_temp.refused(format('SELECT inventory.%s(%s)', f, :t), '22023', 'inventory.occurred_at lies before what it follows', 'It is 2024-01-01 23:59:59.999999+00, and this was shipped at 2024-01-02 00:00:00+00.', f || ' before the shipment')
    FROM unnest(ARRAY['receive_transfer', 'close_transfer', 'cancel_transfer']) f;
SET LOCAL inventory.occurred_at = '2024-01-03 00:00:00+00';
SELECT is((SELECT x.received_at FROM inventory.receive_transfer(:t, '[{"product_id": 18, "qty": 4}]') x), NULL, 'a part has no received_at');
SET LOCAL inventory.occurred_at = '2024-01-04 00:00:00+00';
SELECT is((SELECT x.received_at FROM inventory.receive_transfer(:t) x), timestamptz '2024-01-04 00:00:00+00', 'received_at comes with the last of it');
SELECT results_eq(format('SELECT warehouse_id, quantity, occurred_at, performed_by, created_at > now() FROM inventory.stock_movement WHERE reference_id = %L AND product_id = 18 ORDER BY movement_id', :'t'),
    $$VALUES (1::bigint, -10::bigint, timestamptz '2024-01-02 00:00:00+00', 'anna', true), (2, 4, '2024-01-03 00:00:00+00', 'anna', true), (2, 6, '2024-01-04 00:00:00+00', 'anna', true)$$, 'movements have the business time');
SELECT transfer_id AS t FROM inventory.transfer_stock(18, 1, 2, 5) \gset
SELECT is((SELECT x.cancelled_at FROM inventory.cancel_transfer(:t) x), timestamptz '2024-01-04 00:00:00+00', 'cancelled at the same moment');
SELECT transfer_id AS t FROM inventory.transfer_stock(18, 1, 2, 5) \gset
SET LOCAL inventory.occurred_at = '2024-01-06 00:00:00+00';
SELECT inventory.receive_transfer(:t, '[{"product_id": 18, "qty": 1}]');
SET LOCAL inventory.occurred_at = '2024-01-05 00:00:00+00';
SELECT is((SELECT x.received_at FROM inventory.receive_transfer(:t) x), timestamptz '2024-01-05 00:00:00+00', 'received_at is the time of the step that left nothing, even of a late entry');
SELECT set_config('inventory.occurred_at', (now() + interval '1 day')::text, true);
SELECT throws_ok('SELECT inventory.transfer_stock(18, 1, 2, 5)', '22023', 'inventory.occurred_at lies in the future', 'in the future');
SET LOCAL inventory.occurred_at = '';
SET LOCAL inventory.performed_by = '';
SELECT pg_temp.conserved('business time');
SELECT pg_temp.healthy('business time');

-- line_items

SELECT inventory.receive_stock(19, 1, 100), inventory.receive_stock(20, 1, 100);
SELECT transfer_id AS t FROM inventory.create_transfer(1, 2, '[{"product_id": 20, "qty": 3}, {"product_id": 19, "qty": "4"}, {"product_id": 20, "qty": 5.0}]') \gset
SELECT is((SELECT inventory.line_items(x) FROM inventory.transfer_order x WHERE transfer_id = :t), '[{"product_id": 20, "qty": 3}, {"product_id": 19, "qty": 4}, {"product_id": 20, "qty": 5}]'::jsonb, 'what comes out is what went in');
SELECT n.transfer_id AS again FROM inventory.transfer_order x, inventory.create_transfer(1, 2, inventory.line_items(x)) n WHERE x.transfer_id = :t \gset
SELECT is(pg_temp.lines_of(:again), pg_temp.lines_of(:t), 'and can be fed back in');
SELECT inventory.ship_transfer(:t);
SELECT is((SELECT (inventory.receive_transfer(:t, inventory.line_items(x))).status FROM inventory.transfer_order x WHERE transfer_id = :t), 'RECEIVED', 'and to the receipt');
SET LOCAL search_path = public, inventory;
SELECT is((SELECT x.line_items FROM inventory.transfer_order x WHERE transfer_id = :t), (SELECT inventory.line_items(x) FROM inventory.transfer_order x WHERE transfer_id = :t), 'readable as a column with inventory in the search_path');
RESET search_path;
INSERT INTO inventory.transfer_order (transfer_id, from_warehouse_id, to_warehouse_id) VALUES (1000001, 1, 2);
SELECT is((SELECT inventory.line_items(x) FROM inventory.transfer_order x WHERE transfer_id = 1000001), '[]'::jsonb, 'a transfer without lines');
SELECT pg_temp.conserved('line_items');
SELECT pg_temp.healthy('line_items');

-- Ten thousand lines

INSERT INTO inventory.product (product_id, sku, name) SELECT i, 'SKU-' || i, 'Product ' || i FROM generate_series(100001, 110000) i;
INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand) SELECT i, 1, 5 FROM generate_series(100001, 110000) i;
SELECT transfer_id AS t FROM inventory.create_transfer(1, 2, (SELECT jsonb_agg(jsonb_build_object('product_id', i, 'qty', 2) ORDER BY i DESC) FROM generate_series(100001, 110000) i)) \gset
SELECT is((SELECT concat_ws(' ', count(*), sum(quantity_reserved)) FROM inventory.inventory_item WHERE product_id > 100000 AND warehouse_id = 1), '10000 20000', '10,000 lines are held');
SELECT is((SELECT x.status FROM inventory.ship_transfer(:t) x), 'IN_TRANSIT', 'shipped');
SELECT is((SELECT concat_ws(' ', count(*), sum(quantity_in_transit)) FROM inventory.in_transit WHERE transfer_id = :t), '10000 20000', 'on the way');
SELECT is((SELECT x.status FROM inventory.receive_transfer(:t, (SELECT jsonb_agg(jsonb_build_object('product_id', i, 'qty', 1)) FROM generate_series(100001, 110000) i)) x), 'IN_TRANSIT', 'half of each arrives');
SELECT is((SELECT x.status FROM inventory.cancel_transfer(:t) x), 'CANCELLED', 'the other half goes back');
SELECT is((SELECT string_agg(concat_ws(' ', warehouse_id, n, quantity, reserved), ', ' ORDER BY warehouse_id) FROM (SELECT warehouse_id, count(*), sum(quantity_on_hand), sum(quantity_reserved) FROM inventory.inventory_item WHERE product_id > 100000 GROUP BY warehouse_id) AS v (warehouse_id, n, quantity, reserved)),
    '1 10000 40000 0, 2 10000 10000 0', 'and each piece is somewhere');
SELECT pg_temp.conserved('ten thousand lines');
SELECT pg_temp.healthy('ten thousand lines');

SELECT * FROM finish();
ROLLBACK;
