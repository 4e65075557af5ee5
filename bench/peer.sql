-- What a competent user would write instead: the same tables with the same
-- constraints, generated columns and indexes, without triggers, hashes and
-- partitions. Items refer to products and warehouses, reservations and movements to
-- items; not more, since references to a warehouse from every reservation would make
-- all writers share one row. Variable lean: no foreign keys, no second generated
-- column and its index, and one CHECK a table.
CREATE EXTENSION inventory;
CREATE SCHEMA peer;
CREATE TABLE peer.product (LIKE inventory.product INCLUDING ALL);
CREATE TABLE peer.warehouse (LIKE inventory.warehouse INCLUDING ALL);
CREATE TABLE peer.inventory_item (LIKE inventory.inventory_item INCLUDING ALL) WITH (fillfactor = 60);
CREATE TABLE peer.reservation (LIKE inventory.reservation INCLUDING ALL);
CREATE TABLE peer.stock_movement (LIKE inventory.stock_movement INCLUDING ALL, PRIMARY KEY (movement_id), UNIQUE (product_id, warehouse_id, created_at));
\if :lean
ALTER TABLE peer.inventory_item
    DROP COLUMN is_low,
    DROP CONSTRAINT inventory_item_reorder_point_check,
    DROP CONSTRAINT inventory_item_reorder_quantity_check,
    DROP CONSTRAINT inventory_item_version_check;
ALTER TABLE peer.reservation
    DROP CONSTRAINT reservation_fulfilment,
    DROP CONSTRAINT reservation_quantity_check,
    ADD CHECK (0 <= quantity_fulfilled AND quantity_fulfilled <= quantity AND quantity > 0);
\else
ALTER TABLE peer.inventory_item
    ADD FOREIGN KEY (product_id) REFERENCES peer.product,
    ADD FOREIGN KEY (warehouse_id) REFERENCES peer.warehouse;
ALTER TABLE peer.reservation ADD FOREIGN KEY (product_id, warehouse_id) REFERENCES peer.inventory_item (product_id, warehouse_id);
ALTER TABLE peer.stock_movement ADD FOREIGN KEY (product_id, warehouse_id) REFERENCES peer.inventory_item (product_id, warehouse_id);
\endif

-- Locks by key, then checks: a quantity in the WHERE of the lock would be compared
-- as it was before the wait.
CREATE FUNCTION peer.reserve_stock(p_product_id bigint, p_warehouse_id bigint, p_quantity bigint, p_reference_id text, p_ttl_minutes integer DEFAULT 30)
RETURNS peer.reservation
LANGUAGE plpgsql
AS $$
DECLARE
    available bigint;
    made peer.reservation;
BEGIN
    IF p_quantity IS NULL OR p_quantity <= 0 THEN
        RAISE EXCEPTION 'quantity must be positive' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT i.quantity_available INTO available
    FROM peer.inventory_item i
    WHERE i.product_id = p_product_id AND i.warehouse_id = p_warehouse_id
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such item';
    END IF;
    IF available < p_quantity THEN
        RAISE EXCEPTION 'insufficient stock' USING ERRCODE = 'IV001', DETAIL = format('Available: %s, requested: %s.', available, p_quantity);
    END IF;
    UPDATE peer.inventory_item i SET quantity_reserved = i.quantity_reserved + p_quantity
    WHERE i.product_id = p_product_id AND i.warehouse_id = p_warehouse_id;
    INSERT INTO peer.reservation (product_id, warehouse_id, quantity, reference_id, expires_at)
    VALUES (p_product_id, p_warehouse_id, p_quantity, p_reference_id, clock_timestamp() + make_interval(mins => p_ttl_minutes))
    RETURNING * INTO made;
    RETURN made;
END
$$;

CREATE FUNCTION peer.fulfill_reservation(p_reservation_id bigint)
RETURNS peer.reservation
LANGUAGE plpgsql
AS $$
DECLARE
    held peer.reservation;
    quantity_left bigint;
    on_hand bigint;
    item_version bigint;
    now_at timestamptz;
BEGIN
    SELECT * INTO held FROM peer.reservation r WHERE r.reservation_id = p_reservation_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such reservation';
    END IF;
    now_at := clock_timestamp();
    IF held.status <> 'ACTIVE' OR held.expires_at <= now_at THEN
        RAISE EXCEPTION 'reservation % is % or expired', p_reservation_id, held.status;
    END IF;
    quantity_left := held.quantity - held.quantity_fulfilled;
    UPDATE peer.inventory_item i
    SET quantity_on_hand = i.quantity_on_hand - quantity_left, quantity_reserved = i.quantity_reserved - quantity_left,
        version = i.version + 1, last_movement_at = clock_timestamp()
    WHERE i.product_id = held.product_id AND i.warehouse_id = held.warehouse_id
    RETURNING i.quantity_on_hand, i.version, i.last_movement_at INTO on_hand, item_version, now_at;
    INSERT INTO peer.stock_movement (product_id, warehouse_id, movement_type, quantity, on_hand_after, version, reference_id, reservation_id, performed_by, session_role, created_at, occurred_at)
    VALUES (held.product_id, held.warehouse_id, 'SALE', -quantity_left, on_hand, item_version, held.reference_id, p_reservation_id, session_user, session_user, now_at, now_at);
    UPDATE peer.reservation r
    SET quantity_fulfilled = r.quantity, status = 'FULFILLED', closed_at = now_at, closed_by = session_user
    WHERE r.reservation_id = p_reservation_id
    RETURNING * INTO held;
    RETURN held;
END
$$;

-- Receipts, returns and adjustments
CREATE FUNCTION peer.move_stock(p_product_id bigint, p_warehouse_id bigint, p_quantity bigint, p_type inventory.movement_type, p_reference_id text DEFAULT NULL, p_root_cause text DEFAULT NULL)
RETURNS peer.stock_movement
LANGUAGE plpgsql
AS $$
DECLARE
    on_hand bigint;
    item_version bigint;
    now_at timestamptz;
    made peer.stock_movement;
BEGIN
    UPDATE peer.inventory_item i
    SET quantity_on_hand = i.quantity_on_hand + p_quantity, version = i.version + 1, last_movement_at = clock_timestamp()
    WHERE i.product_id = p_product_id AND i.warehouse_id = p_warehouse_id
    RETURNING i.quantity_on_hand, i.version, i.last_movement_at INTO on_hand, item_version, now_at;
    IF NOT FOUND THEN
        INSERT INTO peer.inventory_item AS i (product_id, warehouse_id, quantity_on_hand, version, last_movement_at)
        VALUES (p_product_id, p_warehouse_id, p_quantity, 1, clock_timestamp())
        ON CONFLICT (product_id, warehouse_id) DO UPDATE
        SET quantity_on_hand = i.quantity_on_hand + p_quantity, version = i.version + 1, last_movement_at = clock_timestamp()
        RETURNING i.quantity_on_hand, i.version, i.last_movement_at INTO on_hand, item_version, now_at;
    END IF;
    INSERT INTO peer.stock_movement (product_id, warehouse_id, movement_type, quantity, on_hand_after, version, reference_id, root_cause, performed_by, session_role, created_at, occurred_at)
    VALUES (p_product_id, p_warehouse_id, p_type, p_quantity, on_hand, item_version, p_reference_id, p_root_cause, session_user, session_user, now_at, now_at)
    RETURNING * INTO made;
    RETURN made;
END
$$;

-- A whole order, the obvious way: one line after the other, in the order of the keys.
CREATE FUNCTION peer.reserve_order(p_reference_id text, p_lines jsonb, p_ttl_minutes integer DEFAULT 30)
RETURNS SETOF peer.reservation
LANGUAGE plpgsql
AS $$
DECLARE
    line record;
BEGIN
    FOR line IN
        SELECT l.product_id, l.warehouse_id, l.quantity
        FROM jsonb_to_recordset(p_lines) AS l (product_id bigint, warehouse_id bigint, quantity bigint)
        ORDER BY l.product_id, l.warehouse_id
    LOOP
        RETURN NEXT peer.reserve_stock(line.product_id, line.warehouse_id, line.quantity, p_reference_id, p_ttl_minutes);
    END LOOP;
END
$$;

CREATE FUNCTION peer.fulfill_order(p_reference_id text)
RETURNS SETOF peer.reservation
LANGUAGE plpgsql
AS $$
DECLARE
    id bigint;
BEGIN
    FOR id IN
        SELECT r.reservation_id FROM peer.reservation r
        WHERE r.reference_id = p_reference_id AND r.status = 'ACTIVE'
        ORDER BY r.product_id, r.warehouse_id, r.reservation_id
    LOOP
        RETURN NEXT peer.fulfill_reservation(id);
    END LOOP;
END
$$;

-- The same by one statement for each step, by somebody who thinks in sets.
CREATE FUNCTION peer.reserve_order_set(p_reference_id text, p_lines jsonb, p_ttl_minutes integer DEFAULT 30)
RETURNS SETOF peer.reservation
LANGUAGE plpgsql
AS $$
DECLARE
    wanted integer;
    updated integer;
BEGIN
    wanted := (SELECT count(DISTINCT (l.product_id, l.warehouse_id)) FROM jsonb_to_recordset(p_lines) AS l (product_id bigint, warehouse_id bigint));
    PERFORM FROM peer.inventory_item i
    WHERE (i.product_id, i.warehouse_id) IN (SELECT l.product_id, l.warehouse_id FROM jsonb_to_recordset(p_lines) AS l (product_id bigint, warehouse_id bigint))
    ORDER BY i.product_id, i.warehouse_id
    FOR NO KEY UPDATE;
    UPDATE peer.inventory_item i SET quantity_reserved = i.quantity_reserved + w.quantity
    FROM (
        SELECT l.product_id, l.warehouse_id, sum(l.quantity)::bigint AS quantity
        FROM jsonb_to_recordset(p_lines) AS l (product_id bigint, warehouse_id bigint, quantity bigint)
        GROUP BY l.product_id, l.warehouse_id
    ) AS w
    WHERE i.product_id = w.product_id AND i.warehouse_id = w.warehouse_id AND i.quantity_available >= w.quantity;
    GET DIAGNOSTICS updated = ROW_COUNT;
    IF updated < wanted THEN
        RAISE EXCEPTION 'insufficient stock' USING ERRCODE = 'IV001';
    END IF;
    RETURN QUERY
    INSERT INTO peer.reservation (product_id, warehouse_id, quantity, reference_id, expires_at)
    SELECT l.product_id, l.warehouse_id, l.quantity, p_reference_id, clock_timestamp() + make_interval(mins => p_ttl_minutes)
    FROM jsonb_to_recordset(p_lines) AS l (product_id bigint, warehouse_id bigint, quantity bigint)
    RETURNING *;
END
$$;

CREATE FUNCTION peer.fulfill_order_set(p_reference_id text)
RETURNS SETOF peer.reservation
LANGUAGE plpgsql
AS $$
BEGIN
    -- The items first, in the order of their keys, then what depends on them.
    PERFORM FROM peer.inventory_item i
    WHERE (i.product_id, i.warehouse_id) IN (SELECT r.product_id, r.warehouse_id FROM peer.reservation r WHERE r.reference_id = p_reference_id AND r.status = 'ACTIVE')
    ORDER BY i.product_id, i.warehouse_id
    FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM peer.reservation r WHERE r.reference_id = p_reference_id AND r.status = 'ACTIVE' AND r.expires_at <= clock_timestamp()) THEN
        RAISE EXCEPTION 'a reservation has expired';
    END IF;
    WITH taken AS (
        SELECT r.reservation_id, r.product_id, r.warehouse_id, r.quantity - r.quantity_fulfilled AS quantity,
            row_number() OVER item_lines AS position, sum(r.quantity - r.quantity_fulfilled) OVER item_lines AS so_far
        FROM peer.reservation r
        WHERE r.reference_id = p_reference_id AND r.status = 'ACTIVE'
        WINDOW item_lines AS (PARTITION BY r.product_id, r.warehouse_id ORDER BY r.reservation_id)
    )
    INSERT INTO peer.stock_movement (product_id, warehouse_id, movement_type, quantity, on_hand_after, version, reference_id, reservation_id, performed_by, session_role, created_at, occurred_at)
    SELECT t.product_id, t.warehouse_id, 'SALE', -t.quantity, i.quantity_on_hand - t.so_far, i.version + t.position, p_reference_id, t.reservation_id, session_user, session_user,
        s.at + t.position * interval '1 microsecond', s.at + t.position * interval '1 microsecond'
    FROM taken t
    JOIN peer.inventory_item i USING (product_id, warehouse_id)
    CROSS JOIN (SELECT clock_timestamp() AS at) s;
    UPDATE peer.inventory_item i
    SET quantity_on_hand = i.quantity_on_hand - w.quantity, quantity_reserved = i.quantity_reserved - w.quantity,
        version = i.version + w.lines, last_movement_at = clock_timestamp()
    FROM (
        SELECT r.product_id, r.warehouse_id, sum(r.quantity - r.quantity_fulfilled)::bigint AS quantity, count(*) AS lines
        FROM peer.reservation r
        WHERE r.reference_id = p_reference_id AND r.status = 'ACTIVE'
        GROUP BY r.product_id, r.warehouse_id
    ) AS w
    WHERE i.product_id = w.product_id AND i.warehouse_id = w.warehouse_id;
    RETURN QUERY
    UPDATE peer.reservation r
    SET quantity_fulfilled = r.quantity, status = 'FULFILLED', closed_at = clock_timestamp(), closed_by = session_user
    WHERE r.reference_id = p_reference_id AND r.status = 'ACTIVE'
    RETURNING r.*;
END
$$;
