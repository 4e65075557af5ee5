CREATE VIEW inventory.job_status AS
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
COMMENT ON VIEW inventory.job_status IS 'One row per job: its last run and its next.';
COMMENT ON COLUMN inventory.job_status.name IS 'Name of the job.';
COMMENT ON COLUMN inventory.job_status.schedule IS 'When it is due: an interval, or five cron fields.';
COMMENT ON COLUMN inventory.job_status.timezone IS 'Time zone of the schedule.';
COMMENT ON COLUMN inventory.job_status.owner IS 'The role it runs as.';
COMMENT ON COLUMN inventory.job_status.enabled IS 'False: it is never due.';
COMMENT ON COLUMN inventory.job_status.is_builtin IS 'True for the jobs that come with the extension.';
COMMENT ON COLUMN inventory.job_status.timeout IS 'A run that takes longer is cancelled.';
COMMENT ON COLUMN inventory.job_status.command IS 'What it runs; NULL, unless it is built in, for those who have neither the rights of its owner nor admin access: there may be a secret in it.';
COMMENT ON COLUMN inventory.job_status.last_started_at IS 'When its last run began; NULL before the first.';
COMMENT ON COLUMN inventory.job_status.last_finished_at IS 'When that ended; NULL while it is running.';
COMMENT ON COLUMN inventory.job_status.last_status IS 'How it ended.';
COMMENT ON COLUMN inventory.job_status.last_reason IS 'Why it was late or run again; NULL when it was on time.';
COMMENT ON COLUMN inventory.job_status.last_error IS 'Message of its error; NULL too for those who have neither the rights of its owner nor admin access.';
COMMENT ON COLUMN inventory.job_status.last_error_code IS 'SQLSTATE of its error.';
COMMENT ON COLUMN inventory.job_status.rows IS 'What it returned or how many rows it changed.';
COMMENT ON COLUMN inventory.job_status.next_run_at IS 'When it is due next; NULL when it is not enabled.';
COMMENT ON COLUMN inventory.job_status.next_run_local IS 'The same by the clock of its time zone.';
COMMENT ON COLUMN inventory.job_status.consecutive_failures IS 'How many runs in a row have failed.';
COMMENT ON COLUMN inventory.job_status.last_skipped_at IS 'When a run was last left out; NULL when none was.';
COMMENT ON COLUMN inventory.job_status.last_skip_reason IS 'Why.';
COMMENT ON COLUMN inventory.job_status.worker_pid IS 'Process of the worker of this database; NULL when there is none, so that nothing is run when it is due.';

CREATE VIEW inventory.job_history AS
SELECT r.run_id, r.job_name, r.run_as, r.by_hand, r.status, r.scheduled_for, r.started_at, r.finished_at, r.rows, r.reason,
    CASE WHEN has_function_privilege('inventory.grant_access(pg_catalog.regrole, pg_catalog.text)', 'EXECUTE')
            OR EXISTS (SELECT FROM inventory.job j WHERE j.name = r.job_name AND j.created_at <= r.started_at AND pg_has_role(j.owner_oid, 'USAGE'))
        THEN r.error END AS error,
    r.error_code
FROM inventory.job_run r;
COMMENT ON VIEW inventory.job_history IS 'Runs of jobs, and runs that were left out: job_run for those who may not see every error.';
COMMENT ON COLUMN inventory.job_history.run_id IS 'Identifier.';
COMMENT ON COLUMN inventory.job_history.job_name IS 'Name of the job.';
COMMENT ON COLUMN inventory.job_history.run_as IS 'The role it ran as.';
COMMENT ON COLUMN inventory.job_history.by_hand IS 'True when run_job started it, as pg_cron does too; false when the worker did.';
COMMENT ON COLUMN inventory.job_history.status IS 'How it ended.';
COMMENT ON COLUMN inventory.job_history.scheduled_for IS 'When it was due; NULL for a run by hand.';
COMMENT ON COLUMN inventory.job_history.started_at IS 'When it began; for one that was left out, when that was decided.';
COMMENT ON COLUMN inventory.job_history.finished_at IS 'When it ended; NULL while it is running.';
COMMENT ON COLUMN inventory.job_history.rows IS 'What it returned or how many rows it changed.';
COMMENT ON COLUMN inventory.job_history.reason IS 'Why it was late, left out or run again; NULL for a run on time.';
COMMENT ON COLUMN inventory.job_history.error IS 'Message of the error; NULL where there was none, and for those who have neither the rights of the job''s owner nor admin access: there may be a secret in it.';
COMMENT ON COLUMN inventory.job_history.error_code IS 'Its SQLSTATE.';
