CREATE VIEW inventory.job_status AS
SELECT j.name, j.schedule, j.timezone, j.owner, j.enabled, j.is_builtin, j.timeout,
    CASE WHEN j.is_builtin OR EXISTS (SELECT FROM pg_roles r WHERE r.rolname = j.owner AND pg_has_role(r.oid, 'USAGE')) THEN j.command END AS command,
    l.started_at AS last_started_at, l.finished_at AS last_finished_at, l.status AS last_status, l.reason AS last_reason,
    l.error AS last_error, l.error_code AS last_error_code, l.rows,
    j.next_run_at, j.next_run_at AT TIME ZONE j.timezone AS next_run_local, j.consecutive_failures,
    s.started_at AS last_skipped_at, s.reason AS last_skip_reason
FROM inventory.job j
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
COMMENT ON COLUMN inventory.job_status.command IS 'What it runs; NULL, unless it is built in, for those who do not have the rights of its owner: there may be a secret in it.';
COMMENT ON COLUMN inventory.job_status.last_started_at IS 'When its last run began; NULL before the first.';
COMMENT ON COLUMN inventory.job_status.last_finished_at IS 'When that ended; NULL while it is running.';
COMMENT ON COLUMN inventory.job_status.last_status IS 'How it ended.';
COMMENT ON COLUMN inventory.job_status.last_reason IS 'Why it was late or run again; NULL when it was on time.';
COMMENT ON COLUMN inventory.job_status.last_error IS 'Message of its error.';
COMMENT ON COLUMN inventory.job_status.last_error_code IS 'SQLSTATE of its error.';
COMMENT ON COLUMN inventory.job_status.rows IS 'What it returned or how many rows it changed.';
COMMENT ON COLUMN inventory.job_status.next_run_at IS 'When it is due next; NULL when it is not enabled.';
COMMENT ON COLUMN inventory.job_status.next_run_local IS 'The same by the clock of its time zone.';
COMMENT ON COLUMN inventory.job_status.consecutive_failures IS 'How many runs in a row have failed.';
COMMENT ON COLUMN inventory.job_status.last_skipped_at IS 'When a run was last left out; NULL when none was.';
COMMENT ON COLUMN inventory.job_status.last_skip_reason IS 'Why.';
