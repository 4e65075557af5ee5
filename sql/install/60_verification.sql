CREATE FUNCTION inventory.as_bigint(value numeric) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN value BETWEEN -9223372036854775808 AND 9223372036854775807 THEN value::bigint END;
COMMENT ON FUNCTION inventory.as_bigint(numeric) IS 'A number as bigint, or NULL where it does not fit: forged rows must not hide other problems behind an overflow.';

CREATE FUNCTION inventory.movement_hash(previous bytea, movement_id bigint, product_id bigint, warehouse_id bigint, movement_type inventory.movement_type, quantity bigint, on_hand_after bigint, version bigint,
    reference_id text, reservation_id bigint, root_cause text, performed_by text, session_role text, created_at timestamptz, occurred_at timestamptz)
RETURNS bytea
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'inventory_movement_hash';
COMMENT ON FUNCTION inventory.movement_hash(bytea, bigint, bigint, bigint, inventory.movement_type, bigint, bigint, bigint, text, bigint, text, text, text, timestamptz, timestamptz) IS
'The row_hash of a movement: SHA-256 over the row_hash of the movement before it of the same item (NULL: none, 32 zero bytes) and the columns of stock_movement in their order. docs/ledger.md says how they are written as bytes, so that anybody can compute it without this extension. NULL where a column that cannot be NULL is.';

CREATE FUNCTION inventory.check_retirement()
RETURNS boolean
LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'inventory_check_retirement';
COMMENT ON FUNCTION inventory.check_retirement() IS
'True, once it has made sure that the statement sees the opening balances of all months that are retired by now. Errors: 40001 it does not, since a month was retired while it waited, or after its transaction began: to be tried again.';

CREATE FUNCTION inventory.verify_ledger()
RETURNS TABLE (product_id bigint, warehouse_id bigint, problem text, expected bigint, actual bigint)
LANGUAGE sql STABLE
BEGIN ATOMIC
    -- Each movement beside the one before it. The openings of retired months stand for
    -- what was before, and are checked by their own hashes.
    WITH history AS (
        SELECT m.*, NULL::bytea AS previous_hash, false AS is_opening FROM inventory.stock_movement m
        WHERE inventory.check_retirement()
        UNION ALL
        SELECT o.*, true FROM inventory.ledger_opening o
    ), chain AS (
        SELECT h.product_id, h.warehouse_id, h.version, h.quantity, h.on_hand_after, h.created_at, h.movement_id, h.row_hash,
            lag(h.version, 1, 0::bigint) OVER item_history + 1 AS expected_version,
            lag(h.on_hand_after, 1, 0::bigint) OVER item_history AS on_hand_before,
            h.is_opening,
            coalesce(h.created_at <= lag(h.created_at) OVER item_history, false) AS is_early,
            h.occurred_at > h.created_at AS is_future,
            h.row_hash IS DISTINCT FROM inventory.movement_hash(CASE WHEN h.is_opening THEN h.previous_hash ELSE lag(h.row_hash) OVER item_history END, h.movement_id, h.product_id, h.warehouse_id, h.movement_type, h.quantity, h.on_hand_after, h.version,
                h.reference_id, h.reservation_id, h.root_cause, h.performed_by, h.session_role, h.created_at, h.occurred_at) AS is_forged,
            -- A movement before an opening is of a month that was attached again: it is the one that the opening stands for.
            h.is_opening AND NOT coalesce(lag(h.is_opening) OVER item_history, true)
                AND (lag(h.version) OVER item_history <> h.version OR lag(h.row_hash) OVER item_history IS DISTINCT FROM h.row_hash) AS is_forged_start,
            lead(h.version) OVER item_history IS NULL AS is_last
        FROM history h
        WINDOW item_history AS (PARTITION BY h.product_id, h.warehouse_id ORDER BY h.version, h.is_opening, h.movement_id)
    ), suspect AS MATERIALIZED (
        SELECT c.* FROM chain c
        WHERE c.is_last OR c.is_forged_start OR c.is_forged OR (NOT c.is_opening
            AND (c.version <> c.expected_version OR c.on_hand_before::numeric + c.quantity <> c.on_hand_after OR c.is_early OR c.is_future))
    ), held AS (
        SELECT r.product_id, r.warehouse_id, sum(r.quantity::numeric - r.quantity_fulfilled) AS quantity
        FROM inventory.reservation r
        WHERE r.status = 'ACTIVE'
        GROUP BY r.product_id, r.warehouse_id
    ), item AS MATERIALIZED (
        SELECT coalesce(i.product_id, c.product_id) AS product_id, coalesce(i.warehouse_id, c.warehouse_id) AS warehouse_id,
            coalesce(i.quantity_on_hand, 0) AS quantity_on_hand, coalesce(i.version, 0) AS version,
            coalesce(c.on_hand_after, 0) AS on_hand_after, coalesce(c.version, 0) AS last_version,
            i.last_movement_at, c.created_at, i.last_movement_id, c.movement_id, i.last_hash, c.row_hash
        FROM inventory.inventory_item i
        FULL JOIN (SELECT * FROM suspect WHERE is_last) c ON c.product_id = i.product_id AND c.warehouse_id = i.warehouse_id
        WHERE (i.quantity_on_hand, i.version, i.last_movement_at, i.last_movement_id, i.last_hash)
            IS DISTINCT FROM (coalesce(c.on_hand_after, 0), coalesce(c.version, 0), c.created_at, c.movement_id, c.row_hash)
    ), retired AS (
        SELECT coalesce(max(t.retired_before), '-infinity') AS before FROM inventory.ledger_retirement t
    )
    SELECT c.product_id, c.warehouse_id, 'movement version out of sequence', c.expected_version, c.version
    FROM suspect c WHERE c.version <> c.expected_version AND NOT c.is_opening
    UNION ALL
    SELECT c.product_id, c.warehouse_id, 'movement ' || c.version || ' does not follow from the one before',
        inventory.as_bigint(c.on_hand_before::numeric + c.quantity), c.on_hand_after
    FROM suspect c WHERE c.on_hand_before::numeric + c.quantity <> c.on_hand_after AND NOT c.is_opening
    UNION ALL
    SELECT c.product_id, c.warehouse_id, 'movement ' || c.version || ' is not later than the one before', NULL, NULL
    FROM suspect c WHERE c.is_early AND NOT c.is_opening
    UNION ALL
    SELECT c.product_id, c.warehouse_id, 'movement ' || c.version || ' occurred after it was recorded', NULL, NULL
    FROM suspect c WHERE c.is_future AND NOT c.is_opening
    UNION ALL
    SELECT c.product_id, c.warehouse_id, 'movement ' || c.version || ' does not have the hash of its content and the movement before it', NULL, NULL
    FROM suspect c WHERE c.is_forged
    UNION ALL
    SELECT c.product_id, c.warehouse_id, 'opening balance ' || c.version || ' is not the movement before it', NULL, NULL
    FROM suspect c WHERE c.is_forged_start
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
    SELECT i.product_id, i.warehouse_id, 'last movement id differs from the ledger', i.movement_id, i.last_movement_id
    FROM item i WHERE i.last_movement_id IS DISTINCT FROM i.movement_id
    UNION ALL
    SELECT i.product_id, i.warehouse_id, 'last hash differs from the ledger', NULL, NULL
    FROM item i WHERE i.last_hash IS DISTINCT FROM i.row_hash
    UNION ALL
    SELECT coalesce(i.product_id, h.product_id), coalesce(i.warehouse_id, h.warehouse_id), 'reserved quantity differs from the active reservations',
        inventory.as_bigint(coalesce(h.quantity, 0)), coalesce(i.quantity_reserved, 0)
    FROM inventory.inventory_item i
    FULL JOIN held h ON h.product_id = i.product_id AND h.warehouse_id = i.warehouse_id
    WHERE coalesce(h.quantity, 0) <> coalesce(i.quantity_reserved, 0)
    UNION ALL
    SELECT r.product_id, r.warehouse_id, 'reservation ' || r.reservation_id || ' was fulfilled otherwise than its movements say',
        inventory.as_bigint(coalesce(taken.quantity, 0)), r.quantity_fulfilled
    FROM retired
    -- Movements of reservations that are older than the ledger may have been retired.
    JOIN inventory.reservation r ON r.created_at >= retired.before
    LEFT JOIN (SELECT m.reservation_id, -sum(m.quantity) AS quantity FROM inventory.stock_movement m WHERE m.reservation_id IS NOT NULL GROUP BY m.reservation_id) taken
        ON taken.reservation_id = r.reservation_id
    WHERE coalesce(taken.quantity, 0) <> r.quantity_fulfilled
    UNION ALL
    SELECT i.product_id, i.warehouse_id, 'reserved quantity outside of what is on hand', i.quantity_on_hand, i.quantity_reserved
    FROM inventory.inventory_item i WHERE NOT (0 <= i.quantity_reserved AND i.quantity_reserved <= i.quantity_on_hand);
END;
COMMENT ON FUNCTION inventory.verify_ledger() IS
'Checks every item against its ledger rows and its reservations: hashes, levels, versions without gaps, times in order, reserved sums, fulfilled quantities. Returns one row per problem, none when all is well: a movement that was changed, removed, inserted or reordered, a level or a reserved sum that does not follow. expected and actual are NULL where numbers do not apply or do not fit. Reads the whole ledger.
Whoever can write the tables and computes all hashes of an item anew is not found here, but by ledger_digest.';

CREATE FUNCTION inventory.rebuild_stock(apply boolean DEFAULT false)
RETURNS TABLE (product_id bigint, warehouse_id bigint, quantity_on_hand bigint, ledger_on_hand bigint, quantity_reserved bigint, active_reserved bigint, version bigint, ledger_version bigint, is_repaired boolean)
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_rebuild_stock';
COMMENT ON FUNCTION inventory.rebuild_stock(boolean) IS
'Items whose level, reserved quantity or version is not what their last movement and their ACTIVE reservations say: what they say, and what it ought to be, in base units. With apply they are set to that, and an ADJUSTMENT of 0, root cause OTHER, tells in the ledger what they said before. The ledger itself is never changed: what verify_ledger finds wrong in it stays.
One that cannot be stored (more reserved than on hand, a product or warehouse that is gone) is left as it is, with a WARNING. Errors: 22023 a NULL.';
