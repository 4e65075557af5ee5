CREATE FUNCTION inventory.schedule_job(name text, schedule text, command text, timezone text DEFAULT 'UTC', timeout interval DEFAULT '10 minutes')
RETURNS timestamptz
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_schedule_job';
COMMENT ON FUNCTION inventory.schedule_job(text, text, text, text, interval) IS
'Has the worker run a command regularly, as the caller, or changes the job of that name if it is the caller''s. Returns when it is due first.
The command is SQL; its statements are one transaction, and names need their schema.
Errors: 22023 no schedule, an unknown time zone, a name or command that is missing or too long, a NULL; 23514 a timeout below a second or above 20 days; 42501 the job of that name is somebody else''s; IV002 it is built in.';

CREATE FUNCTION inventory.alter_job(name text, schedule text DEFAULT NULL, command text DEFAULT NULL, timezone text DEFAULT NULL, timeout interval DEFAULT NULL, enabled boolean DEFAULT NULL)
RETURNS timestamptz
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_alter_job';
COMMENT ON FUNCTION inventory.alter_job(text, text, text, text, interval, boolean) IS
'Changes a job in what is not NULL, and forgets its failures. Returns when it is due next; NULL when it is not enabled.
Whoever has the rights of its owner, or admin access. The command only with the rights of its owner, since it runs with them; that of a built-in job never. A job whose owner was dropped runs again, as the role that has the name now, when somebody with the rights of that role calls this.
Errors: IV003 no such job; 42501 it is somebody else''s; IV002 the command of a built-in job; 22023 no schedule, an unknown time zone; 23514 a timeout below a second or above 20 days.';

CREATE FUNCTION inventory.unschedule_job(name text)
RETURNS void
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_unschedule_job';
COMMENT ON FUNCTION inventory.unschedule_job(text) IS
'Removes a job; its runs stay. A run that is under way goes on to its end.
Errors: IV003 no such job; 42501 it is somebody else''s, and the caller has no admin access; IV002 it is built in: switch it off with alter_job(name, enabled => false); 22023 a name that is too long, or a NULL.';

CREATE FUNCTION inventory.run_job(name text, if_due boolean DEFAULT false)
RETURNS inventory.job_run
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_run_job';
COMMENT ON FUNCTION inventory.run_job(text, boolean) IS
'Runs a job now, in this session and transaction, as its owner. An error of the command is recorded and returned, not raised. With if_due it runs only when its time has come, as the worker would, and the result is NULL otherwise.
A job that is not built in is run by whoever has the rights of its owner, since the command runs in the caller''s session; others have the worker run it: alter_job. What the session has set does not count for the command. Where the call is a transaction of its own, deferred triggers fire as part of the run; in a longer one they wait for its end, as the caller''s do. When the owner is another role, the command runs security-restricted: no temporary tables, no deferred triggers.
Errors: IV003 no such job; 42501 it is somebody else''s; IV002 it is running elsewhere, a job is running in this session, or its owner was dropped; 22023 a name that is too long, or a NULL; 57014 the caller''s own statement was cancelled.';

CREATE FUNCTION inventory.worker_start()
RETURNS boolean
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_worker_start';
COMMENT ON FUNCTION inventory.worker_start() IS
'Starts the worker of this database. Returns false when it is running already. Where the library was not preloaded the worker is gone after the next restart of the server.
Errors: 53400 the server has no free worker process; 55000 the server is in recovery.';

CREATE FUNCTION inventory.worker_stop()
RETURNS boolean
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_worker_stop';
COMMENT ON FUNCTION inventory.worker_stop() IS
'Stops the worker of this database until worker_start() or a restart of the server, for example before DROP DATABASE, and waits until it is gone. A job that is running is cancelled; one that catches that loses the worker, a few seconds later. Returns false when there was none.
Errors: 57014 it was not gone after ten seconds.';

CREATE FUNCTION inventory.worker_pid()
RETURNS integer
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'inventory_worker_pid';
COMMENT ON FUNCTION inventory.worker_pid() IS 'The process of the worker of this database; NULL when there is none.';

CREATE FUNCTION inventory.schedule_with_pg_cron()
RETURNS TABLE (job_name text, cron_schedule text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    stale bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_extension e WHERE e.extname = 'pg_cron') THEN
        RAISE object_not_in_prerequisite_state USING
            MESSAGE = 'pg_cron is not installed in this database',
            HINT = 'CREATE EXTENSION pg_cron in the database that cron.database_name names, or use the worker.';
    END IF;
    FOR stale IN EXECUTE $q$
        SELECT c.jobid FROM cron.job c
        WHERE c.jobname LIKE 'inventory.%' AND c.username = current_user AND c.database = current_database()
            AND NOT EXISTS (SELECT FROM inventory.job_status j WHERE 'inventory.' || j.name = c.jobname) $q$
    LOOP
        EXECUTE 'SELECT cron.unschedule($1)' USING stale;
    END LOOP;
    FOR job_name, cron_schedule IN
        SELECT j.name, inventory.pg_cron_schedule(j.schedule, j.timezone) FROM inventory.job_status j ORDER BY j.name
    LOOP
        EXECUTE 'SELECT cron.schedule($1, $2, $3)' USING 'inventory.' || job_name, cron_schedule,
            format('SELECT inventory.run_job(%L, if_due => true)', job_name);
        RETURN NEXT;
    END LOOP;
END
$$;
COMMENT ON FUNCTION inventory.schedule_with_pg_cron() IS
'Registers the jobs with pg_cron, under the caller''s name, instead of the worker: each calls run_job(name, if_due => true), so runs are recorded here, as the job''s owner, and never overlap with the worker''s. What pg_cron cannot express, a time zone or an odd interval, is looked at every minute.
Call it again after jobs were added, removed or rescheduled. Errors: 55000 pg_cron is not installed in this database.';

CREATE FUNCTION inventory.pg_cron_schedule(schedule text, timezone text) RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
    -- pg_cron goes by UTC, and knows no names of months and days that all its versions agree on.
    SELECT CASE WHEN pg_cron_schedule.timezone IN ('UTC', 'GMT', 'Etc/UTC') AND pg_cron_schedule.schedule ~ '^[0-9*,/-]+( [0-9*,/-]+){4}$'
        THEN pg_cron_schedule.schedule ELSE '* * * * *' END;
END;
COMMENT ON FUNCTION inventory.pg_cron_schedule(text, text) IS 'A schedule as pg_cron should look at it: as it is, or every minute.';
