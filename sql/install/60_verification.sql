CREATE FUNCTION inventory.as_bigint(value numeric) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN value BETWEEN -9223372036854775808 AND 9223372036854775807 THEN value::bigint END;
COMMENT ON FUNCTION inventory.as_bigint(numeric) IS 'A number as bigint, or NULL where it does not fit: forged rows must not hide other problems behind an overflow.';

CREATE FUNCTION inventory.verify_ledger()
RETURNS TABLE (product_id bigint, warehouse_id bigint, problem text, expected bigint, actual bigint)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH chain AS (
        SELECT m.product_id, m.warehouse_id, m.version, m.quantity, m.on_hand_after, m.created_at, m.occurred_at,
            row_number() OVER item_history AS expected_version,
            lag(m.on_hand_after, 1, 0::bigint) OVER item_history AS on_hand_before,
            lag(m.created_at) OVER item_history AS previous_created_at,
            lead(m.version) OVER item_history IS NULL AS is_last
        FROM inventory.stock_movement m
        WINDOW item_history AS (PARTITION BY m.product_id, m.warehouse_id ORDER BY m.version, m.movement_id)
    ), held AS (
        SELECT r.product_id, r.warehouse_id, sum(r.quantity::numeric - r.quantity_fulfilled) AS quantity
        FROM inventory.reservation r
        WHERE r.status = 'ACTIVE'
        GROUP BY r.product_id, r.warehouse_id
    ), item AS (
        SELECT coalesce(i.product_id, c.product_id) AS product_id, coalesce(i.warehouse_id, c.warehouse_id) AS warehouse_id,
            coalesce(i.quantity_on_hand, 0) AS quantity_on_hand, coalesce(i.version, 0) AS version,
            coalesce(c.on_hand_after, 0) AS on_hand_after, coalesce(c.version, 0) AS last_version,
            i.last_movement_at, c.created_at
        FROM inventory.inventory_item i
        FULL JOIN (SELECT * FROM chain WHERE is_last) c ON c.product_id = i.product_id AND c.warehouse_id = i.warehouse_id
    )
    SELECT c.product_id, c.warehouse_id, 'movement version out of sequence', c.expected_version, c.version
    FROM chain c WHERE c.version <> c.expected_version
    UNION ALL
    SELECT c.product_id, c.warehouse_id, 'movement ' || c.version || ' does not follow from the one before',
        inventory.as_bigint(c.on_hand_before::numeric + c.quantity), c.on_hand_after
    FROM chain c WHERE c.on_hand_before::numeric + c.quantity <> c.on_hand_after
    UNION ALL
    SELECT c.product_id, c.warehouse_id, 'movement ' || c.version || ' is not later than the one before', NULL, NULL
    FROM chain c WHERE c.created_at <= c.previous_created_at
    UNION ALL
    SELECT c.product_id, c.warehouse_id, 'movement ' || c.version || ' occurred after it was recorded', NULL, NULL
    FROM chain c WHERE c.occurred_at > c.created_at
    UNION ALL
    SELECT i.product_id, i.warehouse_id, 'quantity on hand differs from the ledger', i.on_hand_after, i.quantity_on_hand
    FROM item i WHERE i.on_hand_after <> i.quantity_on_hand
    UNION ALL
    SELECT i.product_id, i.warehouse_id, 'item version differs from the number of movements', i.last_version, i.version
    FROM item i WHERE i.last_version <> i.version
    UNION ALL
    SELECT i.product_id, i.warehouse_id, 'last movement time differs from the ledger', NULL, NULL
    FROM item i WHERE i.last_movement_at IS DISTINCT FROM i.created_at
    UNION ALL
    SELECT coalesce(i.product_id, h.product_id), coalesce(i.warehouse_id, h.warehouse_id), 'reserved quantity differs from the active reservations',
        inventory.as_bigint(coalesce(h.quantity, 0)), coalesce(i.quantity_reserved, 0)
    FROM inventory.inventory_item i
    FULL JOIN held h ON h.product_id = i.product_id AND h.warehouse_id = i.warehouse_id
    WHERE coalesce(h.quantity, 0) <> coalesce(i.quantity_reserved, 0)
    UNION ALL
    SELECT r.product_id, r.warehouse_id, 'reservation ' || r.reservation_id || ' was fulfilled otherwise than its movements say',
        inventory.as_bigint(coalesce(taken.quantity, 0)), r.quantity_fulfilled
    FROM inventory.reservation r
    LEFT JOIN (SELECT m.reservation_id, -sum(m.quantity) AS quantity FROM inventory.stock_movement m WHERE m.reservation_id IS NOT NULL GROUP BY m.reservation_id) taken
        ON taken.reservation_id = r.reservation_id
    WHERE coalesce(taken.quantity, 0) <> r.quantity_fulfilled
    UNION ALL
    SELECT i.product_id, i.warehouse_id, 'reserved quantity outside of what is on hand', i.quantity_on_hand, i.quantity_reserved
    FROM inventory.inventory_item i WHERE NOT (0 <= i.quantity_reserved AND i.quantity_reserved <= i.quantity_on_hand);
END;
COMMENT ON FUNCTION inventory.verify_ledger() IS
'Checks every item against its ledger rows and its reservations: levels, versions without gaps, times in order, reserved sums, fulfilled quantities. Returns one row per problem, none when all is well; expected and actual are NULL where numbers do not apply or do not fit. Reads the whole ledger.';
