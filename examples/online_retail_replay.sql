-- How invoices are replayed: CALL replay.run(first, last) replays those at these
-- positions of replay.invoice, one transaction each. Load the data before, with
-- examples/online_retail_load.sql.
\set QUIET on
\set ON_ERROR_STOP on

-- Only what did not fit is kept here: everything else is in the ledger.
CREATE UNLOGGED TABLE replay.refused (
    line_no bigint PRIMARY KEY,
    message text NOT NULL,
    detail text NOT NULL
);

CREATE UNLOGGED TABLE replay.chunk (
    first_position bigint NOT NULL,
    last_position bigint NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL
);

CREATE PROCEDURE replay.run(first_position bigint, last_position bigint)
LANGUAGE plpgsql
AS $$
DECLARE
    started_at timestamptz := clock_timestamp();
    warehouse bigint := (SELECT w.warehouse_id FROM inventory.warehouse w WHERE w.name = 'Online Retail');
    invoice record;
    line record;
    held inventory.reservation;
    moved inventory.stock_movement;
    to_ship bigint[];
    reservation bigint;
    problem text;
    problem_detail text;
BEGIN
    FOR invoice IN
        SELECT i.position, i.invoice_no, i.occurred_at
        FROM replay.invoice i
        WHERE i.position BETWEEN first_position AND last_position
        ORDER BY i.position
    LOOP
        -- The ledger records when it was written; this says when it happened.
        PERFORM set_config('inventory.occurred_at', invoice.occurred_at::text, true);
        to_ship := '{}';
        FOR line IN
            SELECT l.line_no, l.kind, l.product_id, abs(l.delta) AS quantity, l.delta, l.root_cause
            FROM replay.line l
            WHERE l.position = invoice.position AND l.product_id IS NOT NULL
            ORDER BY l.line_no
        LOOP
            -- A line that does not fit is refused by itself: the rest of the
            -- invoice goes on. Any other error ends the replay.
            BEGIN
                CASE line.kind
                    WHEN 'order line' THEN
                        held := inventory.reserve_stock(line.product_id, warehouse, line.quantity, invoice.invoice_no);
                        to_ship := to_ship || held.reservation_id;
                    WHEN 'return' THEN
                        moved := inventory.return_stock(line.product_id, warehouse, line.quantity, invoice.invoice_no);
                    WHEN 'write-off', 'found goods' THEN
                        moved := inventory.adjust_stock(line.product_id, warehouse, line.delta, line.root_cause, invoice.invoice_no);
                END CASE;
            EXCEPTION WHEN SQLSTATE 'IV001' THEN
                GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT, problem_detail = PG_EXCEPTION_DETAIL;
                INSERT INTO replay.refused VALUES (line.line_no, problem, problem_detail);
            END;
        END LOOP;
        -- The whole order is held by now, so that none of this can be refused.
        FOREACH reservation IN ARRAY to_ship LOOP
            held := inventory.fulfill_reservation(reservation);
        END LOOP;
        COMMIT;
    END LOOP;
    INSERT INTO replay.chunk VALUES (first_position, last_position, started_at, clock_timestamp());
END
$$;
