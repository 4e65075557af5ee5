\echo Use "ALTER EXTENSION inventory UPDATE" to load this file. \quit
-- Nothing of the caller's search_path may be found while this script runs.
SET LOCAL search_path TO pg_catalog, pg_temp;

-- A fulfilled reservation has nothing to look up by its item any more.
DROP INDEX IF EXISTS inventory.reservation_closed_item;
CREATE INDEX reservation_cancelled_item ON inventory.reservation (product_id, warehouse_id, closed_at) WHERE status = 'CANCELLED';

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
