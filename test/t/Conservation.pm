# A load of everything that moves stock, whose steps keep a journal of what they
# were told, and the queries that find where journal, ledger, levels and documents
# disagree.

package Conservation;

use strict;
use warnings;

use Exporter 'import';
use Test::More;

our @EXPORT = qw(install_conservation check_conservation);

# The extension, something to move, and step(operation), random_step(seed) and finish().
sub install_conservation
{
    my ($node) = @_;

    $node->safe_psql('postgres', q{
CREATE EXTENSION inventory;
INSERT INTO inventory.product (sku, name) SELECT 'P' || g, 'Product ' || g FROM generate_series(1, 6) g;
INSERT INTO inventory.warehouse (name, priority) VALUES ('North', 3), ('South', 1), ('West', 2);
INSERT INTO inventory.supplier (name) VALUES ('Supplier');

-- What a step may do, how often it is drawn, and which refusals it may meet.
CREATE TABLE operation (name text PRIMARY KEY, weight int, errors text[]);
INSERT INTO operation VALUES
    ('receive_stock', 3, '{}'),
    ('return_stock', 1, '{}'),
    ('adjust_stock', 2, '{IV001}'),
    ('plain_update', 2, '{23514}'),
    ('reserve_stock', 4, '{IV001}'),
    ('fulfill_reservation_part', 3, '{IV001,IV002}'),
    ('fulfill_reservation', 2, '{IV002}'),
    ('cancel_reservation', 2, '{IV002}'),
    ('let_expire', 1, '{}'),
    ('expire_reservations', 1, '{}'),
    ('reserve_order', 8, '{IV001}'),
    ('fulfill_order', 4, '{IV002}'),
    ('cancel_order', 2, '{IV002}'),
    ('create_transfer', 8, '{IV001}'),
    ('transfer_stock', 2, '{IV001}'),
    ('transfer_and_receive', 2, '{IV001}'),
    ('ship_transfer', 5, '{IV001,IV002}'),
    ('receive_transfer_part', 5, '{IV002,22023}'),
    ('receive_transfer', 2, '{IV002}'),
    ('close_transfer', 2, '{IV002}'),
    ('cancel_transfer', 2, '{IV002}'),
    ('create_purchase_order', 4, '{}'),
    ('submit_purchase_order', 4, '{IV002}'),
    ('confirm_purchase_order', 4, '{IV002}'),
    ('receive_purchase_order_part', 5, '{IV002,22023}'),
    ('receive_purchase_order', 2, '{IV002}'),
    ('cancel_purchase_order', 1, '{IV002}'),
    ('start_count', 3, '{}'),
    ('record_count', 3, '{IV001}'),
    ('record_count_cancel_newest', 3, '{IV001}'),
    ('plan_cycle_counts', 1, '{}');

CREATE TABLE step (operation text, outcome text, message text);

-- document: R, T, P or C and the id of the reservation, transfer, purchase order or
-- count. LOST is no movement: such goods were in no warehouse any more.
CREATE TABLE journal (document text, movement text, product_id bigint, warehouse_id bigint, quantity bigint);
CREATE INDEX ON journal (document);
CREATE SEQUENCE order_number;

CREATE FUNCTION dice(sides bigint) RETURNS bigint LANGUAGE sql VOLATILE AS 'SELECT 1 + floor(random() * sides)::bigint';

CREATE FUNCTION some_reservation() RETURNS bigint LANGUAGE sql VOLATILE AS $$
SELECT reservation_id FROM inventory.reservation WHERE status = 'ACTIVE' ORDER BY random() LIMIT 1
$$;
CREATE FUNCTION some_order() RETURNS bigint LANGUAGE sql VOLATILE AS $$
SELECT reference_id::bigint FROM inventory.reservation WHERE status = 'ACTIVE' AND reference_type = 'ORDER' ORDER BY random() LIMIT 1
$$;
CREATE FUNCTION some_transfer(VARIADIC states text[]) RETURNS bigint LANGUAGE sql VOLATILE AS $$
SELECT transfer_id FROM inventory.transfer_order WHERE status::text = ANY (states) ORDER BY random() LIMIT 1
$$;
CREATE FUNCTION some_purchase(VARIADIC states text[]) RETURNS bigint LANGUAGE sql VOLATILE AS $$
SELECT po_id FROM inventory.purchase_order WHERE status::text = ANY (states) ORDER BY random() LIMIT 1
$$;

-- One to four lines, in any order, perhaps of the same product.
CREATE FUNCTION some_lines(most bigint) RETURNS jsonb LANGUAGE sql VOLATILE AS $$
SELECT jsonb_agg(jsonb_build_object('product_id', dice(6), 'qty', dice(most))) FROM generate_series(1, dice(4))
$$;
CREATE FUNCTION some_order_lines() RETURNS jsonb LANGUAGE sql VOLATILE AS $$
SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('product_id', dice(6), 'quantity', dice(6),
    'warehouse_id', CASE WHEN dice(2) = 1 THEN dice(3) END)))
FROM generate_series(1, dice(4))
$$;
-- A part of what is open, as it looks now: by the time it is used it may be too much.
CREATE FUNCTION some_part_of(transfer bigint, purchase bigint) RETURNS jsonb LANGUAGE sql VOLATILE AS $$
SELECT jsonb_agg(jsonb_build_object('product_id', product_id, 'qty', dice(quantity)) ORDER BY random())
FROM (
    SELECT product_id, sum(quantity_shipped - quantity_received)::bigint AS quantity
    FROM inventory.transfer_order_line WHERE transfer_id = transfer GROUP BY product_id
    UNION ALL
    SELECT product_id, sum(quantity - quantity_received)::bigint
    FROM inventory.purchase_order_line WHERE po_id = purchase GROUP BY product_id
) AS open
WHERE quantity > 0 AND dice(3) > 1
$$;

CREATE FUNCTION enter_lines(document text, movement text, warehouse_id bigint, lines jsonb, sign int) RETURNS void LANGUAGE sql VOLATILE AS $$
INSERT INTO journal
SELECT $1, $2, (line ->> 'product_id')::bigint, $3, $5 * (line ->> 'qty')::bigint FROM jsonb_array_elements($4) AS line
$$;
-- What the journal says is left of a document: of its lines, or of what it shipped.
-- Nobody else changes a document that this transaction has just changed.
CREATE FUNCTION left_of(of_document text, lines jsonb DEFAULT '[]') RETURNS jsonb LANGUAGE sql VOLATILE AS $$
SELECT coalesce(jsonb_agg(jsonb_build_object('product_id', product_id, 'qty', quantity)), '[]')
FROM (
    SELECT product_id, sum(quantity) AS quantity
    FROM (
        SELECT (line ->> 'product_id')::bigint AS product_id, (line ->> 'qty')::bigint AS quantity FROM jsonb_array_elements(lines) AS line
        UNION ALL
        SELECT product_id, -quantity FROM journal WHERE document = of_document
    ) AS entry
    GROUP BY product_id
) AS total
WHERE quantity <> 0
$$;
CREATE FUNCTION enter_sales(done inventory.reservation[]) RETURNS void LANGUAGE sql VOLATILE AS $$
INSERT INTO journal
SELECT 'R' || r.reservation_id, 'SALE', r.product_id, r.warehouse_id,
    -r.quantity_fulfilled - coalesce((SELECT sum(quantity) FROM journal WHERE document = 'R' || r.reservation_id), 0)
FROM unnest(done) AS r
$$;
CREATE FUNCTION enter_arrival(t inventory.transfer_order, movement text, warehouse_id bigint, part jsonb DEFAULT NULL) RETURNS void LANGUAGE sql VOLATILE AS $$
SELECT enter_lines('T' || t.transfer_id, movement, warehouse_id, coalesce(part, left_of('T' || t.transfer_id)), 1)
$$;
CREATE FUNCTION enter_shipment(t inventory.transfer_order) RETURNS void LANGUAGE sql VOLATILE AS $$
SELECT enter_lines('T' || t.transfer_id, 'TRANSFER_OUT', t.from_warehouse_id, inventory.line_items(t), -1)
$$;

CREATE FUNCTION step(operation text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    product bigint := dice(6);
    warehouse bigint := dice(3);
    other bigint := 1 + (warehouse + dice(2) - 1) % 3;
    quantity bigint := dice(8);
    outcome text := 'ok';
    message text;
    id bigint;
    part jsonb;
    moved inventory.stock_movement;
    held inventory.reservation;
    helds inventory.reservation[];
    purchase inventory.purchase_order;
    transfer inventory.transfer_order;
    counted inventory.cycle_count;
BEGIN
    id := CASE
        WHEN operation IN ('fulfill_reservation_part', 'fulfill_reservation', 'cancel_reservation') THEN some_reservation()
        WHEN operation IN ('let_expire', 'fulfill_order', 'cancel_order') THEN some_order()
        WHEN operation = 'ship_transfer' THEN some_transfer('PENDING')
        WHEN operation IN ('receive_transfer_part', 'receive_transfer', 'close_transfer') THEN some_transfer('IN_TRANSIT')
        WHEN operation = 'cancel_transfer' THEN some_transfer('PENDING', 'IN_TRANSIT')
        WHEN operation = 'submit_purchase_order' THEN some_purchase('DRAFT')
        WHEN operation = 'confirm_purchase_order' THEN some_purchase('SUBMITTED')
        WHEN operation IN ('receive_purchase_order_part', 'receive_purchase_order') THEN some_purchase('CONFIRMED')
        WHEN operation = 'cancel_purchase_order' THEN some_purchase('DRAFT', 'SUBMITTED', 'CONFIRMED')
        ELSE 0
    END;
    IF id IS NULL THEN
        RETURN 'nothing to do';
    END IF;
    BEGIN
        CASE operation
            WHEN 'receive_stock' THEN
                moved := inventory.receive_stock(product, warehouse, 2 * quantity, 'delivery');
            WHEN 'return_stock' THEN
                moved := inventory.return_stock(product, warehouse, quantity, 'returned');
            WHEN 'adjust_stock' THEN
                moved := inventory.adjust_stock(product, warehouse, CASE dice(2) WHEN 1 THEN quantity ELSE -quantity END, 'OTHER');
            WHEN 'plain_update' THEN
                quantity := quantity - 4;
                UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand + quantity
                WHERE product_id = product AND warehouse_id = warehouse;
                IF FOUND THEN
                    INSERT INTO journal VALUES ('update', 'ADJUSTMENT', product, warehouse, quantity);
                END IF;

            WHEN 'reserve_stock' THEN
                PERFORM inventory.reserve_stock(product, warehouse, quantity, nextval('order_number')::text);
            WHEN 'fulfill_reservation_part' THEN
                held := inventory.fulfill_reservation(id, quantity);
                INSERT INTO journal VALUES ('R' || id, 'SALE', held.product_id, held.warehouse_id, -quantity);
            WHEN 'fulfill_reservation' THEN
                held := inventory.fulfill_reservation(id);
                PERFORM enter_sales(ARRAY[held]);
            WHEN 'cancel_reservation' THEN
                PERFORM inventory.cancel_reservation(id, 'no longer wanted');
            WHEN 'let_expire' THEN
                UPDATE inventory.reservation SET expires_at = clock_timestamp()
                WHERE reservation_id = (
                    SELECT min(r.reservation_id) FROM inventory.reservation r
                    WHERE r.reference_id = id::text AND r.reference_type = 'ORDER' AND r.status = 'ACTIVE');
            WHEN 'expire_reservations' THEN
                PERFORM inventory.expire_reservations();

            WHEN 'reserve_order' THEN
                PERFORM set_config('inventory.allocation', (ARRAY['priority', 'most_stock', 'fewest_splits'])[dice(3)], true);
                PERFORM inventory.reserve_order(nextval('order_number')::text, some_order_lines());
            WHEN 'fulfill_order' THEN
                SELECT array_agg(r) INTO helds FROM inventory.fulfill_order(id::text) AS r;
                PERFORM enter_sales(helds);
            WHEN 'cancel_order' THEN
                PERFORM inventory.cancel_order(id::text);

            WHEN 'create_transfer' THEN
                PERFORM inventory.create_transfer(warehouse, other, some_lines(6));
            WHEN 'transfer_stock', 'transfer_and_receive' THEN
                transfer := inventory.transfer_stock(product, warehouse, other, quantity);
                PERFORM enter_shipment(transfer);
                IF operation = 'transfer_and_receive' THEN
                    transfer := inventory.receive_transfer(transfer.transfer_id);
                    PERFORM enter_arrival(transfer, 'TRANSFER_IN', other);
                END IF;
            WHEN 'ship_transfer' THEN
                transfer := inventory.ship_transfer(id);
                PERFORM enter_shipment(transfer);
            WHEN 'receive_transfer_part', 'receive_transfer' THEN
                IF operation = 'receive_transfer_part' THEN
                    part := some_part_of(id, NULL);
                END IF;
                transfer := inventory.receive_transfer(id, part);
                PERFORM enter_arrival(transfer, 'TRANSFER_IN', transfer.to_warehouse_id, part);
            WHEN 'close_transfer' THEN
                transfer := inventory.close_transfer(id);
                PERFORM enter_arrival(transfer, 'LOST', transfer.from_warehouse_id);
            WHEN 'cancel_transfer' THEN
                transfer := inventory.cancel_transfer(id);
                PERFORM enter_arrival(transfer, 'TRANSFER_IN', transfer.from_warehouse_id);

            WHEN 'create_purchase_order' THEN
                PERFORM inventory.create_purchase_order(1, warehouse, some_lines(9));
            WHEN 'submit_purchase_order' THEN
                PERFORM inventory.submit_purchase_order(id);
            WHEN 'confirm_purchase_order' THEN
                PERFORM inventory.confirm_purchase_order(id);
            WHEN 'receive_purchase_order_part', 'receive_purchase_order' THEN
                IF operation = 'receive_purchase_order_part' THEN
                    part := some_part_of(NULL, id);
                END IF;
                purchase := inventory.receive_purchase_order(id, part);
                PERFORM enter_lines('P' || id, 'PURCHASE', purchase.warehouse_id,
                    coalesce(part, left_of('P' || id, inventory.line_items(purchase))), 1);
            WHEN 'cancel_purchase_order' THEN
                PERFORM inventory.cancel_purchase_order(id);

            WHEN 'start_count' THEN
                PERFORM inventory.start_count(product, warehouse);
            WHEN 'record_count', 'record_count_cancel_newest' THEN
                -- What was there when the count began, a little more or less, or a third of it.
                quantity := coalesce(
                    (SELECT c.system_quantity FROM inventory.cycle_count c
                    WHERE c.product_id = product AND c.warehouse_id = warehouse AND c.counted_at IS NULL AND c.started_at IS NOT NULL
                    ORDER BY c.started_at DESC LIMIT 1),
                    (SELECT i.quantity_on_hand FROM inventory.inventory_item i WHERE i.product_id = product AND i.warehouse_id = warehouse),
                    0);
                quantity := CASE dice(3) WHEN 1 THEN quantity / 3 ELSE greatest(quantity + dice(7) - 4, 0) END;
                counted := inventory.record_count(product, warehouse, quantity, 'COUNT_ERROR',
                    CASE operation WHEN 'record_count' THEN 'error' ELSE 'cancel_newest' END);
                INSERT INTO journal VALUES ('C' || counted.count_id, 'ADJUSTMENT', product, warehouse, counted.delta);
            WHEN 'plan_cycle_counts' THEN
                PERFORM inventory.plan_cycle_counts(current_date - 20 + dice(40)::int);
        END CASE;
        IF moved.movement_id IS NOT NULL THEN
            INSERT INTO journal VALUES (moved.reference_id, moved.movement_type, moved.product_id, moved.warehouse_id, moved.quantity);
        END IF;
    EXCEPTION WHEN OTHERS THEN
        outcome := SQLSTATE;
        message := SQLERRM;
    END;
    INSERT INTO step VALUES (operation, outcome, message);
    RETURN outcome;
END
$$;

CREATE FUNCTION random_step(seed double precision) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM setseed(seed / 1e9);
    RETURN step((SELECT name FROM operation, generate_series(1, weight) ORDER BY random() LIMIT 1));
END
$$;
-- Ends what is open, in one session.
CREATE PROCEDURE finish() LANGUAGE plpgsql AS $$
DECLARE
    operation text;
BEGIN
    FOREACH operation IN ARRAY ARRAY['cancel_transfer', 'cancel_order', 'cancel_purchase_order'] LOOP
        WHILE step(operation) = 'ok' LOOP
            COMMIT;
        END LOOP;
    END LOOP;
END
$$;
});
    return;
}

# Each query finds what does not add up.
sub check_conservation
{
    my ($node, $when) = @_;
    my $query = sub { return $node->safe_psql('postgres', $_[0]) };

    is($query->(q{SELECT product_id, warehouse_id, movement, told.quantity, recorded.quantity
        FROM (SELECT product_id, warehouse_id, movement, sum(quantity) AS quantity FROM journal WHERE movement <> 'LOST' GROUP BY 1, 2, 3) told
        FULL JOIN (SELECT product_id, warehouse_id, movement_type::text AS movement, sum(quantity) AS quantity
            FROM inventory.stock_movement GROUP BY 1, 2, 3) recorded USING (product_id, warehouse_id, movement)
        WHERE coalesce(told.quantity, 0) <> coalesce(recorded.quantity, 0) ORDER BY 1, 2, 3}),
        '', "$when: the ledger has what the steps were told, item by item and type by type");
    is($query->(q{SELECT product_id, warehouse_id, told.quantity, i.quantity_on_hand
        FROM (SELECT product_id, warehouse_id, sum(quantity) AS quantity FROM journal WHERE movement <> 'LOST' GROUP BY 1, 2) told
        FULL JOIN inventory.inventory_item i USING (product_id, warehouse_id)
        WHERE coalesce(told.quantity, 0) <> coalesce(i.quantity_on_hand, 0) ORDER BY 1, 2}),
        '', "$when: and so have the levels");
    is($query->(q{SELECT p.product_id, on_shelves, on_the_way, lost, came - went AS balance
        FROM inventory.product p,
            LATERAL (SELECT coalesce(sum(quantity_on_hand), 0) AS on_shelves FROM inventory.inventory_item i WHERE i.product_id = p.product_id) s,
            LATERAL (SELECT coalesce(sum(quantity_in_transit), 0) AS on_the_way FROM inventory.in_transit v WHERE v.product_id = p.product_id) w,
            LATERAL (SELECT coalesce(sum(quantity_lost), 0) AS lost FROM inventory.transfer_order_line l WHERE l.product_id = p.product_id) l,
            LATERAL (SELECT coalesce(sum(quantity) FILTER (WHERE movement IN ('PURCHASE', 'RETURN', 'ADJUSTMENT')), 0) AS came,
                coalesce(-sum(quantity) FILTER (WHERE movement = 'SALE'), 0) AS went FROM journal j WHERE j.product_id = p.product_id) j
        WHERE on_shelves + on_the_way + lost <> came - went}),
        '', "$when: on the shelves, on the way and lost on it is what came in less what was sold");
    is($query->(q{SELECT l.*, v.quantity_in_transit FROM inventory.transfer_order_line l
        JOIN inventory.transfer_order t USING (transfer_id)
        LEFT JOIN inventory.in_transit v USING (transfer_id, line_no)
        WHERE l.quantity_shipped <> l.quantity_received + l.quantity_lost + l.quantity_returned + coalesce(v.quantity_in_transit, 0)
        OR l.quantity_shipped <> CASE WHEN t.shipped_at IS NULL THEN 0 ELSE l.quantity END}),
        '', "$when: what a line of a transfer shipped is received, lost, returned or in transit");
    is($query->(q{WITH line AS (
            SELECT 'T' || transfer_id AS document, from_warehouse_id, to_warehouse_id, l.* FROM inventory.transfer_order_line l
            JOIN inventory.transfer_order t USING (transfer_id)
        ), documented AS (
            SELECT document, product_id, from_warehouse_id AS warehouse_id, 'TRANSFER_OUT' AS movement, -quantity_shipped AS quantity FROM line
            UNION ALL SELECT document, product_id, to_warehouse_id, 'TRANSFER_IN', quantity_received FROM line
            UNION ALL SELECT document, product_id, from_warehouse_id, 'TRANSFER_IN', quantity_returned FROM line
            UNION ALL SELECT document, product_id, from_warehouse_id, 'LOST', quantity_lost FROM line
        ), recorded AS (
            SELECT 'T' || reference_id AS document, product_id, warehouse_id, movement_type::text AS movement, quantity FROM inventory.stock_movement
            WHERE movement_type IN ('TRANSFER_OUT', 'TRANSFER_IN')
            UNION ALL SELECT document, product_id, from_warehouse_id, 'LOST', quantity_lost FROM line
        ), told AS (
            SELECT document, product_id, warehouse_id, movement, quantity FROM journal WHERE movement IN ('TRANSFER_OUT', 'TRANSFER_IN', 'LOST')
        )
        SELECT document, product_id, warehouse_id, movement, sum(d), sum(r), sum(t)
        FROM (
            SELECT *, quantity AS d, 0 AS r, 0 AS t FROM documented
            UNION ALL SELECT *, 0, quantity, 0 FROM recorded
            UNION ALL SELECT *, 0, 0, quantity FROM told
        ) AS entry
        GROUP BY document, product_id, warehouse_id, movement
        HAVING sum(d) <> sum(r) OR sum(d) <> sum(t) ORDER BY document, product_id}),
        '', "$when: the lines of each transfer, its movements and the journal agree");
    is($query->(q{SELECT l.*, r.quantity, r.moved FROM inventory.purchase_order_line l
        JOIN inventory.purchase_order o USING (po_id)
        LEFT JOIN (
            SELECT r.po_id, r.line_no, sum(r.quantity) AS quantity, sum(m.quantity) AS moved, bool_and(m.product_id = l.product_id
                AND m.warehouse_id = o.warehouse_id AND m.movement_type = 'PURCHASE' AND m.reference_id = o.po_id::text) AS is_right
            FROM inventory.purchase_receipt r
            JOIN inventory.purchase_order_line l USING (po_id, line_no)
            JOIN inventory.purchase_order o USING (po_id)
            LEFT JOIN inventory.stock_movement m USING (movement_id)
            GROUP BY r.po_id, r.line_no
        ) AS r USING (po_id, line_no)
        WHERE l.quantity_received <> coalesce(r.quantity, 0) OR l.quantity_received <> coalesce(r.moved, 0) OR NOT coalesce(r.is_right, true)
        OR l.quantity_received > l.quantity OR (o.status = 'RECEIVED' AND l.quantity_received < l.quantity)}),
        '', "$when: the lines of purchase orders, their receipts and their movements agree");
    is($query->(q{SELECT document, product_id, sum(d), sum(r), sum(t)
        FROM (
            SELECT 'P' || po_id AS document, product_id, quantity_received AS d, 0 AS r, 0 AS t FROM inventory.purchase_order_line
            UNION ALL SELECT 'P' || reference_id, product_id, 0, quantity, 0 FROM inventory.stock_movement
                WHERE movement_type = 'PURCHASE' AND reference_id <> 'delivery'
            UNION ALL SELECT document, product_id, 0, 0, quantity FROM journal WHERE document LIKE 'P%'
        ) AS entry
        GROUP BY document, product_id HAVING sum(d) <> sum(r) OR sum(d) <> sum(t)}),
        '', "$when: and so do all movements in their name, and the journal");
    is($query->(q{SELECT c.*, m.quantity FROM inventory.cycle_count c LEFT JOIN inventory.stock_movement m USING (movement_id)
        WHERE c.counted_at IS NOT NULL AND (c.delta <> coalesce(m.quantity, 0)
            OR c.delta IS DISTINCT FROM (SELECT sum(quantity) FROM journal j WHERE j.document = 'C' || c.count_id)
            OR (c.delta <> 0 AND (m.movement_type, m.product_id, m.warehouse_id, m.reference_id)
                IS DISTINCT FROM ('ADJUSTMENT', c.product_id, c.warehouse_id, c.count_id::text)))}),
        '', "$when: what a count found wrong is what it moved");
    is($query->(q{SELECT c.*, m.on_hand_after, m.quantity, b.on_hand_after FROM inventory.cycle_count c
        LEFT JOIN inventory.stock_movement m USING (movement_id)
        LEFT JOIN inventory.stock_movement b ON (b.product_id, b.warehouse_id, b.version) = (c.product_id, c.warehouse_id, c.started_version)
        WHERE c.counted_at IS NOT NULL AND c.system_quantity
            <> CASE WHEN c.started_at IS NULL THEN m.on_hand_after - m.quantity ELSE coalesce(b.on_hand_after, 0) END}),
        '', "$when: and it compared with what was there when it began");
    is($query->(q{SELECT r.* FROM inventory.reservation r WHERE r.quantity_fulfilled < 0 OR r.quantity_fulfilled > r.quantity
        OR -r.quantity_fulfilled <> coalesce((SELECT sum(j.quantity) FROM journal j WHERE j.document = 'R' || r.reservation_id), 0)
        AND r.reference_type = 'ORDER'}),
        '', "$when: each reservation has sold what the steps were told");
    is($query->(q{SELECT t.transfer_id, t.status, r.* FROM inventory.reservation r
        LEFT JOIN inventory.transfer_order_line l USING (reservation_id)
        LEFT JOIN inventory.transfer_order t USING (transfer_id)
        WHERE r.reference_type = 'TRANSFER' AND r.status = 'ACTIVE'
        AND (t.status IS DISTINCT FROM 'PENDING' OR r.quantity <> l.quantity OR r.product_id <> l.product_id OR r.warehouse_id <> t.from_warehouse_id)}),
        '', "$when: only a pending transfer holds stock, that of its lines");
    is($query->('SELECT * FROM inventory.verify_ledger()'), '', "$when: the invariants hold");
    return;
}

1;
