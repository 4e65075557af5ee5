\echo Use "ALTER EXTENSION inventory UPDATE" to load this file. \quit
-- Nothing of the caller's search_path may be found while this script runs.
SET LOCAL search_path TO pg_catalog, pg_temp;

-- A fulfilled reservation has nothing to look up by its item any more.
DROP INDEX IF EXISTS inventory.reservation_closed_item;
CREATE INDEX reservation_cancelled_item ON inventory.reservation (product_id, warehouse_id, closed_at) WHERE status = 'CANCELLED';

-- What indexes and constraints are for.
COMMENT ON INDEX inventory.category_parent IS 'Finds the categories below one.';
COMMENT ON INDEX inventory.product_category IS 'Finds the products of a category.';
COMMENT ON INDEX inventory.product_supplier_supplier IS 'Finds what a supplier offers.';
COMMENT ON INDEX inventory.product_supplier_preferred IS 'At most one supplier of a product is preferred; run_replenishment and recompute_policies find it here.';
COMMENT ON INDEX inventory.inventory_item_low IS 'Finds the low items of a warehouse, as run_replenishment does, without reading the others.';
COMMENT ON INDEX inventory.reservation_active_item IS 'Finds the open reservations of an item, those that expire first in front.';
COMMENT ON INDEX inventory.reservation_cancelled_item IS 'Finds the reservations of an item that were cancelled after some time: stock_at looks back at them.';
COMMENT ON INDEX inventory.reservation_reference IS 'Finds the reservations of an order: fulfill_order, cancel_order.';
COMMENT ON INDEX inventory.reservation_active_expiry IS 'Finds the open reservations that have expired: expire_reservations.';
COMMENT ON CONSTRAINT inventory_item_quantities ON inventory.inventory_item IS 'Nobody oversells: what is reserved is on hand.';
COMMENT ON CONSTRAINT reservation_fulfilment ON inventory.reservation IS 'While it is ACTIVE something is left of it and it has not been closed; FULFILLED has all of it, CANCELLED not.';
COMMENT ON CONSTRAINT period_closing_check ON inventory.period_closing IS 'A period that was reopened has a reason and somebody who did it.';
COMMENT ON INDEX inventory.purchase_order_supplier IS 'Finds the orders of a supplier.';
COMMENT ON INDEX inventory.purchase_order_open IS 'Finds the orders that a warehouse still waits for.';
COMMENT ON INDEX inventory.purchase_order_reference IS 'Finds an order by its number in the books of the business.';
COMMENT ON INDEX inventory.purchase_order_line_product IS 'Finds the orders of a product.';
COMMENT ON INDEX inventory.purchase_receipt_line IS 'Finds the receipts of a line of an order.';
COMMENT ON INDEX inventory.procurement_notification_order IS 'Finds what procurement was told of an order.';
COMMENT ON INDEX inventory.transfer_order_line_product IS 'Finds the transfers of a product.';
COMMENT ON CONSTRAINT transfer_order_check ON inventory.transfer_order IS 'Goods go to another warehouse.';
COMMENT ON CONSTRAINT transfer_order_line_check ON inventory.transfer_order_line IS 'No more is shipped than was asked for.';
COMMENT ON CONSTRAINT transfer_order_line_check1 ON inventory.transfer_order_line IS 'What arrived, was lost or came back has been shipped.';
COMMENT ON INDEX inventory.cycle_count_open IS 'Finds the counts of an item that are still to be made.';
COMMENT ON INDEX inventory.cycle_count_due_on IS 'Finds the counts of a day.';
COMMENT ON CONSTRAINT cycle_count_check ON inventory.cycle_count IS 'delta is what was counted less what was expected.';
COMMENT ON CONSTRAINT cycle_count_check1 ON inventory.cycle_count IS 'A count that was made has all its figures and somebody who counted.';
COMMENT ON INDEX inventory.demand_daily_day IS 'Finds the demand of a warehouse by day: what leaves the window.';
COMMENT ON INDEX inventory.policy_history_item IS 'Finds the policies that an item had, by when they were computed.';
COMMENT ON INDEX inventory.replenishment_entry_item IS 'Finds what runs did about an item.';
COMMENT ON INDEX inventory.replenishment_entry_logged_at IS 'Finds what a run did, and what is old.';
COMMENT ON INDEX inventory.job_run_job IS 'Finds the runs of a job, the last one first.';
COMMENT ON INDEX inventory.job_run_running IS 'Finds the runs that are under way.';

COMMENT ON COLUMN inventory.replenishment_entry.supplier_id IS 'The supplier it was ordered from, or is to be.';
COMMENT ON COLUMN inventory.replenishment_log.supplier_id IS 'The supplier it was ordered from, or is to be.';

COMMENT ON FUNCTION inventory.unschedule_job(text) IS
'Removes a job; its runs stay. A run that is under way goes on to its end.
Errors: IV003 no such job; 42501 it is somebody else''s, and the caller has no admin access; IV002 it is built in: switch it off with alter_job(name, enabled => false); 22023 a name that is too long, or a NULL.';

COMMENT ON FUNCTION inventory.run_job(text, boolean) IS
'Runs a job now, in this session and transaction, as its owner. An error of the command is recorded and returned, not raised. With if_due it runs only when its time has come, as the worker would, and the result is NULL otherwise.
A job that is not built in is run by whoever has the rights of its owner, since the command runs in the caller''s session; others have the worker run it: alter_job. What the session has set does not count for the command. Where the call is a transaction of its own, deferred triggers fire as part of the run; in a longer one they wait for its end, as the caller''s do. When the owner is another role, the command runs security-restricted: no temporary tables, no deferred triggers.
Errors: IV003 no such job; 42501 it is somebody else''s; IV002 it is running elsewhere, a job is running in this session, or its owner was dropped; 22023 a name that is too long, or a NULL; 57014 the caller''s own statement was cancelled.';

-- The types of what grant_access takes are named with their schema.
CREATE OR REPLACE VIEW inventory.job_status AS
SELECT j.name, j.schedule, j.timezone, coalesce(o.rolname::text, j.owner) COLLATE "default" AS owner, j.enabled, j.is_builtin, j.timeout,
    CASE WHEN j.is_builtin OR m.may_see THEN j.command END AS command,
    l.started_at AS last_started_at, l.finished_at AS last_finished_at, l.status AS last_status, l.reason AS last_reason,
    CASE WHEN m.may_see THEN l.error END AS last_error, l.error_code AS last_error_code, l.rows,
    j.next_run_at, j.next_run_at AT TIME ZONE j.timezone AS next_run_local, j.consecutive_failures,
    s.started_at AS last_skipped_at, s.reason AS last_skip_reason, w.worker_pid
FROM inventory.job j
LEFT JOIN pg_roles o ON o.oid = CASE WHEN j.is_builtin THEN (SELECT c.relowner FROM pg_class c WHERE c.oid = j.tableoid) ELSE j.owner_oid END
CROSS JOIN LATERAL (
    SELECT has_function_privilege('inventory.grant_access(pg_catalog.regrole, pg_catalog.text)', 'EXECUTE') OR pg_has_role(o.oid, 'USAGE') AS may_see
) AS m
CROSS JOIN (SELECT inventory.worker_pid() AS worker_pid) AS w
LEFT JOIN LATERAL (
    SELECT * FROM inventory.job_run r
    WHERE r.job_name = j.name AND r.started_at >= j.created_at AND r.status <> 'SKIPPED'
    ORDER BY r.run_id DESC LIMIT 1
) AS l ON true
LEFT JOIN LATERAL (
    SELECT * FROM inventory.job_run r
    WHERE r.job_name = j.name AND r.started_at >= j.created_at AND r.status = 'SKIPPED'
    ORDER BY r.run_id DESC LIMIT 1
) AS s ON true;

CREATE OR REPLACE VIEW inventory.job_history AS
SELECT r.run_id, r.job_name, r.run_as, r.by_hand, r.status, r.scheduled_for, r.started_at, r.finished_at, r.rows, r.reason,
    CASE WHEN has_function_privilege('inventory.grant_access(pg_catalog.regrole, pg_catalog.text)', 'EXECUTE')
            OR EXISTS (SELECT FROM inventory.job j WHERE j.name = r.job_name AND j.created_at <= r.started_at AND pg_has_role(j.owner_oid, 'USAGE'))
        THEN r.error END AS error,
    r.error_code
FROM inventory.job_run r;

-- Who changes rights waits for others who do.
CREATE OR REPLACE FUNCTION inventory.access_check_role(role regrole) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF role IS NULL OR role::oid = 0 THEN
        RAISE invalid_parameter_value USING MESSAGE = 'role must name a role';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = role) THEN
        RAISE undefined_object USING MESSAGE = format('role %s does not exist', role);
    END IF;
    -- The server lets two GRANTs of one object, or a GRANT and a TRUNCATE, fail rather than wait: import_clear, partitions.
    LOCK TABLE inventory.import_category, inventory.import_warehouse, inventory.import_supplier, inventory.import_product,
        inventory.import_product_supplier, inventory.import_level, inventory.import_order_line, inventory.stock_movement
        IN SHARE UPDATE EXCLUSIVE MODE;
END
$$;
COMMENT ON FUNCTION inventory.access_check_role(regrole) IS
'Refuses a missing role, and waits for others who are changing rights. Errors: 22023 a NULL or no role; 42704 no such role.';
