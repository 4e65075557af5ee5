CREATE FUNCTION inventory.on_hand_at(product_id bigint, warehouse_id bigint, at timestamptz)
RETURNS bigint
LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'inventory_on_hand_at';
COMMENT ON FUNCTION inventory.on_hand_at(bigint, bigint, timestamptz) IS
'Quantity on hand of an item at a time, in base units, by when movements were recorded: one index probe where the item moved in the month asked for, and one for each month before it that it did not move in. 0 before its first movement.
Movements of transactions that had not committed when the statement began are not seen, though some of them may carry an earlier time: see ledger_settled_at.
Errors: IV002 that part of its history was retired; IV003 no such product or warehouse; 22023 a NULL.';

CREATE FUNCTION inventory.movement_at(product_id bigint, warehouse_id bigint, at timestamptz)
RETURNS inventory.stock_movement
LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'inventory_movement_at';
COMMENT ON FUNCTION inventory.movement_at(bigint, bigint, timestamptz) IS
'The last movement of an item that was recorded by a time, NULL where there is none in the ledger. Errors: 22023 a NULL.';

CREATE FUNCTION inventory.stock_at(at timestamptz, product_id bigint DEFAULT NULL, warehouse_id bigint DEFAULT NULL, basis text DEFAULT 'recorded')
RETURNS TABLE (product_id bigint, warehouse_id bigint, quantity_on_hand bigint, quantity_reserved bigint, quantity_available bigint)
LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'inventory_stock_at';
COMMENT ON FUNCTION inventory.stock_at(timestamptz, bigint, bigint, text) IS
'Levels at a time, in base units: of one item, of all of a product or a warehouse, or of all items there are today; 0 for those that had not moved by then.
Basis recorded goes by when movements were recorded (created_at). Basis occurred goes by when they happened (occurred_at): entries that were recorded later count from the time they were given. Reservations have one time, when they were made and closed, and count by it on either basis; so on basis occurred the available quantity may be negative.
Errors: IV002 that part of the history was retired; 22023 an unknown basis, a NULL time or basis; 22003 late entries add up to more than a bigint.';

CREATE FUNCTION inventory.ledger_settled_at()
RETURNS timestamptz
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_ledger_settled_at';
COMMENT ON FUNCTION inventory.ledger_settled_at() IS
'The latest time whose levels are settled for the statement that asks: it sees all that was recorded by then, and whatever it does not see, of transactions that are running or will come, is recorded later. stock_at, on_hand_at and ledger_digest give the same answer for that time, or an earlier one, in this statement and ever after. It is when the oldest transaction began that is writing, no later than when the statement began, or above READ COMMITTED its transaction.
NULL where that is not known: on a standby, while a prepared transaction waits, when track_activities is off for somebody who writes, and when a transaction that was writing has committed since the statement began (ask again). It supposes that the clock of the server does not step back.';

CREATE FUNCTION inventory.chain_end_at(product_id bigint, warehouse_id bigint, at timestamptz, OUT version bigint, OUT row_hash bytea)
RETURNS record
LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'inventory_chain_end_at';
COMMENT ON FUNCTION inventory.chain_end_at(bigint, bigint, timestamptz) IS
'Version and row_hash of the last movement of an item that was recorded by a time, whether it is in the ledger or was retired; NULLs before its first one. Errors: IV002 that part of its history was retired; 22023 a NULL.';

CREATE FUNCTION inventory.ledger_digest(at timestamptz DEFAULT clock_timestamp())
RETURNS bytea
LANGUAGE sql STABLE
BEGIN ATOMIC
    -- The items are hashed in groups: all of them in one value could be more than a gigabyte.
    SELECT sha256(coalesce(string_agg(g.digest, '' ORDER BY g.item_group), ''))
    FROM (
        SELECT i.product_id / 4096 AS item_group,
            sha256(string_agg(int8send(i.product_id) || int8send(i.warehouse_id) || int8send(e.version) || coalesce(e.row_hash, ''), '' ORDER BY i.product_id, i.warehouse_id)) AS digest
        FROM inventory.inventory_item i
        CROSS JOIN LATERAL inventory.chain_end_at(i.product_id, i.warehouse_id, ledger_digest.at) e
        WHERE e.version IS NOT NULL
        GROUP BY i.product_id / 4096
    ) g;
END;
COMMENT ON FUNCTION inventory.ledger_digest(timestamptz) IS
'One SHA-256 over the ledger as of a time: over where the chain of each item ended then. Keep it somewhere else, with its time: as long as the ledger of that time gives the same digest and verify_ledger finds nothing, no movement up to then was changed, removed, inserted or reordered, and nobody who can write the tables can hide that.
Ask for a time that is settled (ledger_settled_at), or transactions that are running may change the answer. Retiring movements does not change it. Errors: IV002 that part of the history was retired; 22023 a NULL.';
