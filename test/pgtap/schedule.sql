-- When jobs are due, who may do what with them, and what a run by hand leaves
-- behind. No worker is needed for any of it.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION inventory;
SELECT plan(153);

-- The next time after a given one. Times are UTC on both sides.
CREATE TEMP TABLE due (schedule text, after text, timezone text, next text, what text);
INSERT INTO due VALUES
    ('* * * * *', '2026-01-01 00:00:00', 'UTC', '2026-01-01 00:01:00', 'every minute'),
    ('* * * * *', '2026-01-01 00:00:59.999999', 'UTC', '2026-01-01 00:01:00', 'not before the next minute'),
    ('* * * * *', '1999-12-31 23:58:00.5', 'UTC', '1999-12-31 23:59:00', 'before the epoch too'),
    ('0 * * * *', '2026-01-01 23:00:00', 'UTC', '2026-01-02 00:00:00', 'hourly on the hour'),
    ('*/15 * * * *', '2026-01-01 00:46:00', 'UTC', '2026-01-01 01:00:00', 'a step'),
    ('5-20/10 * * * *', '2026-01-01 00:05:00', 'UTC', '2026-01-01 00:15:00', 'a range with a step'),
    ('5-20/10 * * * *', '2026-01-01 00:15:00', 'UTC', '2026-01-01 01:05:00', 'ends with the range'),
    ('1,3,59 2,4 * * *', '2026-01-01 02:03:00', 'UTC', '2026-01-01 02:59:00', 'a list'),
    ('1,3,59 2,4 * * *', '2026-01-01 02:59:00', 'UTC', '2026-01-01 04:01:00', 'a list of hours'),
    ('0,10-12,*/30 0 * * *', '2026-01-01 00:12:00', 'UTC', '2026-01-01 00:30:00', 'a list of everything'),
    ('30 2 * * *', '2026-01-31 02:30:00', 'UTC', '2026-02-01 02:30:00', 'daily, over the end of a month'),
    ('0 0 1 1 *', '2026-01-01 00:00:00', 'UTC', '2027-01-01 00:00:00', 'yearly'),
    ('0 0 1 jan *', '2026-05-05 00:00:00', 'UTC', '2027-01-01 00:00:00', 'a month by name'),
    ('0 0 1 Mar-Apr *', '2026-03-05 00:00:00', 'UTC', '2026-04-01 00:00:00', 'a range of names'),
    ('0 0 31 * *', '2026-04-01 00:00:00', 'UTC', '2026-05-31 00:00:00', 'a day that not every month has'),
    ('0 0 29 2 *', '2096-03-01 00:00:00', 'UTC', '2104-02-29 00:00:00', 'a leap day, over the year 2100'),
    ('2 1 */7 1 1', '2029-01-29 12:00:00', 'UTC', '2035-01-01 01:02:00', 'a rare combination of both days'),
    ('0 0 29 2 */7', '2032-03-01 00:00:00', 'UTC', '2060-02-29 00:00:00', 'a rarer one'),
    ('0 0 29 2 */7', '2088-03-01 00:00:00', 'Europe/London', '2128-02-29 00:00:00', 'the rarest'),
    ('0 0 * * 0', '2026-01-01 00:00:00', 'UTC', '2026-01-04 00:00:00', 'Sunday is 0'),
    ('0 0 * * 7', '2026-01-01 00:00:00', 'UTC', '2026-01-04 00:00:00', 'and 7'),
    ('0 0 * * SUN', '2026-01-01 00:00:00', 'UTC', '2026-01-04 00:00:00', 'and SUN'),
    ('0 0 * * 5-7', '2026-01-03 00:00:00', 'UTC', '2026-01-04 00:00:00', 'a week that ends with Sunday'),
    ('0 0 * * FRI-SUN', '2026-01-03 00:00:00', 'UTC', '2026-01-04 00:00:00', 'by name'),
    ('0 9 * * mon-fri', '2026-01-02 09:00:00', 'UTC', '2026-01-05 09:00:00', 'weekdays'),
    ('0 0 13 * 5', '2026-01-01 00:00:00', 'UTC', '2026-01-02 00:00:00', 'the 13th or a Friday: Friday'),
    ('0 0 13 * 5', '2026-01-09 00:00:00', 'UTC', '2026-01-13 00:00:00', 'the 13th or a Friday: the 13th'),
    ('0 0 */2 * 5', '2026-01-02 00:00:00', 'UTC', '2026-01-09 00:00:00', 'a field that begins with a star restricts nothing: both'),
    ('0 0 30 2 1', '2026-02-01 00:00:00', 'UTC', '2026-02-02 00:00:00', 'a day that never comes, or a Monday'),
    ('  0	0  1 *   *  ', '2026-01-01 00:00:00', 'UTC', '2026-02-01 00:00:00', 'any white space'),
    ('0 8 * * *', '2026-01-01 00:00:00', 'America/New_York', '2026-01-01 13:00:00', 'in a time zone'),
    ('0 8 * * *', '2026-07-01 00:00:00', 'America/New_York', '2026-07-01 12:00:00', 'in its summer'),
    ('15 5 * * *', '2026-01-01 00:00:00', 'Asia/Kathmandu', '2026-01-01 23:30:00', 'an offset of quarters'),
    -- The clocks of London: 01:00 becomes 02:00 on March 29th, and 02:00 becomes 01:00 on October 25th.
    ('30 1 * * *', '2026-03-28 02:00:00', 'Europe/London', '2026-03-29 01:00:00', 'London, a time that does not exist: when the clock has jumped'),
    ('30 1 * * *', '2026-03-29 01:00:00', 'Europe/London', '2026-03-30 00:30:00', 'London, the day after'),
    ('0,30 1,2 * * *', '2026-03-29 00:59:59', 'Europe/London', '2026-03-29 01:00:00', 'London, several times that do not exist are one'),
    ('0,30 1,2 * * *', '2026-03-29 01:00:00', 'Europe/London', '2026-03-29 01:30:00', 'London, and then the next'),
    ('30 1 * * *', '2026-10-24 02:00:00', 'Europe/London', '2026-10-25 00:30:00', 'London, a time that exists twice: the first'),
    ('30 1 * * *', '2026-10-25 00:30:00', 'Europe/London', '2026-10-26 01:30:00', 'London, not the second'),
    ('30 1 * * *', '2026-10-25 01:10:00', 'Europe/London', '2026-10-26 01:30:00', 'London, not even from between the two'),
    ('0 2 * * *', '2026-10-25 00:30:00', 'Europe/London', '2026-10-25 02:00:00', 'London, the hour after'),
    ('0 * * * *', '2026-10-25 00:00:00', 'Europe/London', '2026-10-25 01:00:00', 'London, every hour is every hour'),
    ('0 * * * *', '2026-03-29 00:00:00', 'Europe/London', '2026-03-29 01:00:00', 'London, every hour in spring'),
    ('30 * * * *', '2026-03-29 00:30:00', 'Europe/London', '2026-03-29 01:30:00', 'London, every hour does not make up for one that does not exist'),
    -- New York: 02:00 becomes 03:00 on March 8th, and 02:00 becomes 01:00 on November 1st.
    ('30 2 * * *', '2026-03-08 00:00:00', 'America/New_York', '2026-03-08 07:00:00', 'New York, a time that does not exist'),
    ('30 2 * * *', '2026-03-08 07:00:00', 'America/New_York', '2026-03-09 06:30:00', 'New York, the day after'),
    ('30 1 * * *', '2026-11-01 00:00:00', 'America/New_York', '2026-11-01 05:30:00', 'New York, a time that exists twice'),
    ('30 1 * * *', '2026-11-01 05:30:00', 'America/New_York', '2026-11-02 06:30:00', 'New York, the day after'),
    ('0 3 * * 0', '2026-03-07 12:00:00', 'America/New_York', '2026-03-08 07:00:00', 'New York, the hour that the clock jumps to'),
    -- Lord Howe: 02:00 becomes 02:30 on October 4th, and 02:00 becomes 01:30 on April 5th.
    ('15 2 * * *', '2026-10-03 12:00:00', 'Australia/Lord_Howe', '2026-10-03 15:30:00', 'Lord Howe, a time that does not exist'),
    ('15 2 * * *', '2026-10-03 15:30:00', 'Australia/Lord_Howe', '2026-10-04 15:15:00', 'Lord Howe, the day after'),
    ('45 1 * * *', '2026-04-04 12:00:00', 'Australia/Lord_Howe', '2026-04-04 14:45:00', 'Lord Howe, a time that exists twice'),
    ('45 1 * * *', '2026-04-04 14:45:00', 'Australia/Lord_Howe', '2026-04-05 15:15:00', 'Lord Howe, the day after'),
    -- A day that never was: Samoa went from December 29th to December 31st.
    ('0 12 30 12 *', '2011-12-30 09:00:00', 'Pacific/Apia', '2011-12-30 10:00:00', 'Samoa, a day that does not exist'),
    ('5 minutes', '2026-01-01 00:00:07.5', 'UTC', '2026-01-01 00:05:07.5', 'an interval'),
    ('90 seconds', '2026-01-01 00:00:00', 'UTC', '2026-01-01 00:01:30', 'of seconds'),
    ('PT5M', '2026-01-01 00:00:00', 'UTC', '2026-01-01 00:05:00', 'in ISO 8601'),
    ('1 day 2 hours 3 minutes', '2026-01-01 00:00:00', 'UTC', '2026-01-02 02:03:00', 'of many words'),
    ('1 month', '2026-01-31 00:00:00', 'UTC', '2026-02-28 00:00:00', 'of a month'),
    ('1 day', '2026-03-28 12:00:00', 'Europe/London', '2026-03-29 11:00:00', 'a day of 23 hours'),
    ('24 hours', '2026-03-28 12:00:00', 'Europe/London', '2026-03-29 12:00:00', '24 hours are 24 hours');
SELECT is(inventory.next_run(schedule, (after || '+00')::timestamptz, timezone), (next || '+00')::timestamptz, schedule || ': ' || what) FROM due;
SET LOCAL TimeZone = 'Asia/Tokyo';
SELECT is_empty($$SELECT * FROM due WHERE inventory.next_run(schedule, (after || '+00')::timestamptz, timezone) <> (next || '+00')::timestamptz$$, 'the time zone of the session does not matter');
-- The walk from one time to the next agrees with looking at every minute of two years.
SELECT is_empty($$
    WITH RECURSIVE walk AS (
        SELECT inventory.next_run('*/20 3,14 1-7 * 1', '2026-01-01 00:00+00', 'Europe/London') AS at
        UNION ALL SELECT inventory.next_run('*/20 3,14 1-7 * 1', at, 'Europe/London') FROM walk WHERE at < '2028-01-01 00:00+00'),
    minute AS (
        SELECT g AS at, g AT TIME ZONE 'Europe/London' AS here FROM generate_series('2026-01-01 00:01+00'::timestamptz, '2028-01-01 00:00+00', '1 minute') g),
    scan AS (
        SELECT at FROM minute WHERE extract(minute FROM here) IN (0, 20, 40) AND extract(hour FROM here) IN (3, 14)
            AND (extract(day FROM here) BETWEEN 1 AND 7 OR extract(dow FROM here) = 1))
    (SELECT at FROM walk WHERE at <= '2028-01-01 00:00+00' EXCEPT SELECT at FROM scan) UNION ALL (SELECT at FROM scan EXCEPT SELECT at FROM walk)
$$, 'no time is missed or made up in two years');

-- What is no schedule
CREATE TEMP TABLE wrong (schedule text, timezone text, detail text);
INSERT INTO wrong VALUES
    ('0 0 31 2 *', 'UTC', 'It never comes due.'), ('0 0 30 2 *', 'UTC', 'It never comes due.'), ('0 0 31 4,6,9,11 *', 'UTC', 'It never comes due.'),
    ('60 * * * *', 'UTC', 'Its field "minute" has a value that is out of range.'), ('* 24 * * *', 'UTC', 'Its field "hour" has a value that is out of range.'),
    ('* * 0 * *', 'UTC', 'Its field "day of month" has a value that is out of range.'), ('* * * 13 *', 'UTC', 'Its field "month" has a value that is out of range.'),
    ('* * * * 8', 'UTC', 'Its field "day of week" has a value that is out of range.'), ('99999999999999999999 * * * *', 'UTC', 'Its field "minute" has a value that is out of range.'),
    ('5-1 * * * *', 'UTC', 'Its field "minute" has a range that ends before it begins.'), ('5/2 * * * *', 'UTC', 'Its field "minute" has a step without a range.'),
    ('*/0 * * * *', 'UTC', 'Its field "minute" has a step that is out of range.'), ('1, * * * *', 'UTC', 'Its field "minute" has something that is no value, range, list or step.'),
    ('* * * foo *', 'UTC', 'Its field "month" has something that is no value, range, list or step.'), ('* * * janu *', 'UTC', 'Its field "month" has something that is no value, range, list or step.'),
    ('* * * * ? ', 'UTC', 'Its field "day of week" has something that is no value, range, list or step.'),
    ('* * * *', 'UTC', 'It is neither an interval nor five cron fields.'), ('* * * * * *', 'UTC', 'It is neither an interval nor five cron fields.'),
    ('often', 'UTC', 'It is neither an interval nor five cron fields.'), ('0 seconds', 'UTC', 'It is an interval of less than a second.'),
    ('-1 minute', 'UTC', 'It is an interval below zero.'), ('500 ms', 'UTC', 'It is an interval of less than a second.'), ('100 years', 'UTC', 'It is an interval of more than ten years.');
CREATE FUNCTION pg_temp.detail(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text;
    detail text;
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL;
    RETURN state || ' ' || detail;
END
$$;
SELECT is(pg_temp.detail(format('SELECT inventory.next_run(%L, now(), %L)', schedule, timezone)), '22023 ' || detail, schedule) FROM wrong;
SELECT throws_ok($$SELECT inventory.next_run('1 hour', now(), 'Nowhere/Atall')$$, '22023', 'time zone "Nowhere/Atall" not recognized', 'an unknown time zone');
SELECT throws_ok($$SELECT inventory.next_run('* * * * *', 'infinity')$$, '22023', NULL, 'an infinite time');
SELECT throws_ok($$SELECT inventory.next_run('0 0 1 1 *', '294276-12-31 12:00+00')$$, '22008', NULL, 'the end of time');
SELECT throws_ok($$SELECT inventory.next_run(NULL)$$, '22023', 'schedule must not be NULL', 'no schedule');
SELECT throws_ok($$SELECT inventory.next_run('1 day', NULL)$$, '22023', 'after must not be NULL', 'no time');
SELECT throws_ok($$SELECT inventory.next_run('1 day', now(), NULL)$$, '22023', 'timezone must not be NULL', 'no time zone');

-- Jobs and rights
CREATE ROLE inventory_test_alice;
CREATE ROLE inventory_test_bob;
CREATE ROLE inventory_test_reader;
SELECT inventory.grant_access(r, 'admin') FROM unnest('{inventory_test_alice,inventory_test_bob}'::regrole[]) r;
SELECT inventory.grant_access('inventory_test_reader', 'reader');
CREATE TABLE public.inventory_test_note (who text DEFAULT current_user);
GRANT INSERT ON public.inventory_test_note TO inventory_test_alice;
SET LOCAL ROLE inventory_test_alice;
SELECT ok(inventory.schedule_job('hers', '0 8 * * *', 'INSERT INTO public.inventory_test_note DEFAULT VALUES', 'Europe/London') > now(), 'a job is scheduled');
SELECT results_eq($$SELECT owner, command IS NOT NULL, extract(hour FROM next_run_local)::int, last_status FROM inventory.job_status WHERE name = 'hers'$$,
    $$VALUES ('inventory_test_alice', true, 8, NULL::inventory.job_run_status)$$, 'as the caller, shown in its time zone');
SELECT ok(inventory.schedule_job('hers', '1 hour', 'INSERT INTO public.inventory_test_note DEFAULT VALUES') < clock_timestamp() + interval '61 minutes', 'and changed');
SELECT throws_ok($$SELECT inventory.schedule_job('plan_cycle_counts', '1 hour', 'SELECT 1')$$, 'IV002', 'job "plan_cycle_counts" is built in', 'a built-in job is not replaced');
SELECT throws_ok($$SELECT inventory.alter_job('plan_cycle_counts', command => 'SELECT 1')$$, 'IV002', NULL, 'nor its command changed');
SELECT throws_ok($$SELECT inventory.unschedule_job('plan_cycle_counts')$$, 'IV002', NULL, 'nor is it removed');
SELECT lives_ok($$SELECT inventory.alter_job('plan_cycle_counts', schedule => '0 3 * * *', timezone => 'Europe/London')$$, 'but it is rescheduled');
SELECT is(inventory.alter_job('plan_cycle_counts', enabled => false), NULL, 'and switched off');
SELECT throws_ok($$SELECT inventory.schedule_job('x', 'never', 'SELECT 1')$$, '22023', NULL, 'a schedule is checked');
SELECT throws_ok($$SELECT inventory.schedule_job('x', '1 day', '')$$, '22023', 'command must not be empty', 'so is a command');
SELECT throws_ok($$SELECT inventory.schedule_job('x', '1 day', 'SELECT 1', timeout => '0')$$, '23514', NULL, 'and a timeout');
SELECT throws_ok($$SELECT inventory.alter_job('nothing')$$, 'IV003', 'job "nothing" does not exist', 'a job that does not exist');
SELECT throws_ok('SELECT * FROM inventory.job', '42501', NULL, 'commands are not for everybody');
SET LOCAL ROLE inventory_test_bob;
SELECT throws_ok($$SELECT inventory.schedule_job('hers', '1 hour', 'SELECT 1')$$, '42501', 'permission denied for job "hers"', 'an admin does not replace the job of somebody else');
SELECT throws_ok($$SELECT inventory.alter_job('hers', command => 'SELECT 1')$$, '42501', NULL, 'nor its command');
SELECT lives_ok($$SELECT inventory.alter_job('hers', enabled => false)$$, 'but can switch it off');
SELECT isnt((SELECT command FROM inventory.job_status WHERE name = 'hers'), NULL, 'and sees its command');
SELECT throws_ok($$SELECT inventory.run_job('hers')$$, '42501', 'permission denied for job "hers"', 'nor runs it, where it would meet his temporary tables');
SELECT is((SELECT status::text FROM inventory.run_job('expire_reservations')), 'SUCCEEDED', 'a built-in job he runs');
SELECT is(current_user::text, 'inventory_test_bob', 'and is himself afterwards');
RESET ROLE;
-- The last month that was made ahead.
SELECT max(h.inhrelid::regclass::text) AS month FROM pg_inherits h WHERE h.inhparent = 'inventory.stock_movement'::regclass AND h.inhrelid <> 'inventory.stock_movement_default'::regclass \gset
DROP TABLE :month;
SELECT results_eq($$SELECT j.name || ' ' || (inventory.run_job(j.name)).status::text FROM inventory.job j WHERE j.is_builtin ORDER BY j.name COLLATE "C"$$,
    ARRAY['expire_reservations SUCCEEDED', 'ledger_partitions SUCCEEDED', 'plan_cycle_counts SUCCEEDED', 'refresh_demand SUCCEEDED', 'replenishment SUCCEEDED'], 'all built-in jobs do what they are for');
SELECT isnt(to_regclass(:'month'), NULL, 'a month that was missing among them');
SELECT results_eq($$SELECT status, rows, run_as, by_hand FROM inventory.run_job('hers')$$, $$VALUES ('SUCCEEDED'::inventory.job_run_status, 1::bigint, 'inventory_test_alice', true)$$, 'who has her rights can');
SELECT inventory.schedule_job('nested', '1 hour', $$SELECT inventory.run_job('hers')$$);
SELECT results_eq($$SELECT status, error_code, error FROM inventory.run_job('nested')$$, $$VALUES ('FAILED'::inventory.job_run_status, 'IV002', 'a job cannot run another job')$$, 'a job runs no other');
SELECT results_eq('SELECT who FROM public.inventory_test_note', $$VALUES ('inventory_test_alice')$$, 'it ran as its owner');
SELECT inventory.schedule_job('hers too', '1 hour', 'SELECT 1'); UPDATE inventory.job SET owner = 'inventory_test_alice', command = 'SET search_path = public; CREATE TEMP TABLE t ()' WHERE name = 'hers too';
SELECT results_eq($$SELECT status, error_code FROM inventory.run_job('hers too')$$, $$VALUES ('FAILED'::inventory.job_run_status, '42501')$$, 'what would outlive it is refused');
UPDATE inventory.job SET command = 'SET search_path = public; SELECT 7' WHERE name = 'hers too';
SELECT is((SELECT rows FROM inventory.run_job('hers too')), 7::bigint, 'a number is what the command did');
SELECT isnt(current_setting('search_path'), 'public', 'and its settings go with it');
SELECT ok(inventory.run_job('hers too', if_due => true) IS NULL, 'a job that is not due is left alone');
UPDATE inventory.job SET next_run_at = clock_timestamp() - interval '3 hours 1 minute' WHERE name = 'hers too';
SELECT matches((inventory.run_job('hers too', if_due => true)).reason, '^late by 108\d\d s: nobody ran it; more that came due since, left out: 3$', 'one that is, runs once');
SELECT ok(inventory.run_job('hers too', if_due => true) IS NULL, 'not twice');
SELECT throws_ok('SELECT inventory.schedule_with_pg_cron()', '55000', 'pg_cron is not installed in this database', 'pg_cron has to be there');
SET LOCAL ROLE inventory_test_reader;
SELECT throws_ok($$SELECT inventory.run_job('hers')$$, '42501', NULL, 'a reader runs nothing');
SELECT isnt_empty('SELECT * FROM inventory.job_status', 'but sees how jobs do');
RESET ROLE;
SELECT is(inventory.worker_stop(), false, 'there is no worker to stop');
SELECT is((SELECT worker_pid FROM inventory.job_status WHERE name = 'hers'), NULL, 'and job_status shows none');

-- Commands and errors are for the owner of a job and for admins.
CREATE ROLE inventory_test_carol;
SELECT inventory.grant_access('inventory_test_carol', 'admin');
SET LOCAL ROLE inventory_test_carol;
SELECT inventory.schedule_job('secret', '1 hour', $$SELECT pg_catalog.format('secret %s', 'password')::pg_catalog.int4$$);
SELECT is((SELECT error FROM inventory.run_job('secret')), 'invalid input syntax for type integer: "secret password"', 'an error that says too much');
RESET ROLE;
SELECT inventory.revoke_access('inventory_test_carol', 'admin'), inventory.grant_access('inventory_test_carol', 'reader');
CREATE FUNCTION pg_temp.seen() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', j.command IS NOT NULL, j.last_error IS NOT NULL, j.last_error_code, h.error IS NOT NULL, h.error_code) FROM inventory.job_status j JOIN inventory.job_history h ON h.job_name = j.name WHERE j.name = 'secret'
$$;
SET LOCAL ROLE inventory_test_carol;
SELECT is(pg_temp.seen(), 't t 22P02 t 22P02', 'its owner sees it, and its command');
SET LOCAL ROLE inventory_test_reader;
SELECT is(pg_temp.seen(), 'f f 22P02 f 22P02', 'another reader neither');
SELECT throws_ok('SELECT error FROM inventory.job_run', '42501', NULL, 'nor behind the view');
SELECT isnt((SELECT command FROM inventory.job_status WHERE name = 'replenishment'), NULL, 'the command of a built-in job is no secret');
SET LOCAL ROLE inventory_test_bob;
SELECT is(pg_temp.seen(), 't t 22P02 t 22P02', 'an admin does');
RESET ROLE;
SELECT is(pg_temp.seen(), 't t 22P02 t 22P02', 'and a superuser');

-- An owner goes by the number of the role, not by its name.
ALTER ROLE inventory_test_alice RENAME TO inventory_test_anna;
CREATE ROLE inventory_test_alice;
SELECT is((SELECT owner FROM inventory.job_status WHERE name = 'hers'), 'inventory_test_anna', 'a role that was renamed is still the owner');
SELECT is((SELECT run_as || ' ' || status FROM inventory.run_job('hers')), 'inventory_test_anna SUCCEEDED', 'and the job runs as that role');
SELECT results_eq('SELECT who FROM public.inventory_test_note OFFSET 1', $$VALUES ('inventory_test_anna')$$, 'under its new name');
SELECT inventory.alter_job('hers', schedule => '2 hours');
SELECT is((SELECT owner FROM inventory.job WHERE name = 'hers'), 'inventory_test_anna', 'a dump has the new name too');
DROP OWNED BY inventory_test_carol;
DROP ROLE inventory_test_carol;
SELECT throws_ok($$SELECT inventory.run_job('secret')$$, '42501', NULL, 'a job whose owner was dropped is not run');
CREATE ROLE inventory_test_carol;
SELECT inventory.grant_access('inventory_test_carol', 'reader');
SELECT throws_ok($$SELECT inventory.run_job('secret')$$, 'IV002', 'job "secret" has no owner', 'nor as another role of that name');
SET LOCAL ROLE inventory_test_carol;
SELECT is(pg_temp.seen(), 'f f 22P02 f 22P02', 'which does not see what the other one left');
SET LOCAL ROLE inventory_test_bob;
SELECT inventory.alter_job('secret', schedule => '3 hours');
RESET ROLE;
SELECT is((SELECT j.owner_oid = 'inventory_test_carol'::regrole FROM inventory.job j WHERE name = 'secret'), false, 'somebody without the rights of that role does not give it the job');
SELECT inventory.alter_job('secret', schedule => '4 hours');
SELECT is((SELECT run_as || ' ' || status || ' ' || error_code FROM inventory.run_job('secret')), 'inventory_test_carol FAILED 22P02', 'somebody with them does');
INSERT INTO inventory.job (name, schedule, command, owner, owner_oid) VALUES ('loaded', '1 hour', 'SELECT 1', 'inventory_test_bob', 10), ('lost', '1 hour', 'SELECT 1', 'inventory_test_nobody', 10);
SELECT results_eq($$SELECT name, owner_oid FROM inventory.job WHERE name IN ('loaded', 'lost') ORDER BY name$$, $$VALUES ('loaded', 'inventory_test_bob'::regrole::oid), ('lost', NULL)$$, 'what is loaded goes by the name');
CREATE ROLE inventory_test_nobody;
SELECT throws_ok($$SELECT inventory.run_job('lost')$$, 'IV002', NULL, 'a role that comes later is not the one that was meant');
CREATE ROLE inventory_test_owner SUPERUSER;
ALTER TABLE inventory.job OWNER TO inventory_test_owner;
SELECT is((SELECT run_as || ' ' || status FROM inventory.run_job('expire_reservations')), 'inventory_test_owner SUCCEEDED', 'built-in jobs go with the extension');
SELECT is((SELECT owner FROM inventory.job_status WHERE name = 'expire_reservations'), 'inventory_test_owner', 'as job_status says');

-- A command does not see what the session has set.
CREATE TABLE public.inventory_test_setting (name text, setting text);
SELECT inventory.schedule_job('settings', '1 year', $$INSERT INTO public.inventory_test_setting SELECT s.name, s.setting FROM pg_catalog.pg_settings s WHERE s.name IN ('TimeZone', 'DateStyle', 'IntervalStyle', 'extra_float_digits', 'row_security', 'enable_seqscan', 'session_replication_role', 'inventory.performed_by', 'inventory.occurred_at', 'inventory.movement_type', 'inventory.root_cause', 'inventory.order_cost') UNION ALL SELECT 'my.own', pg_catalog.current_setting('my.own', true)$$);
SET TimeZone = 'Asia/Tokyo';
SET DateStyle = 'SQL, DMY';
SET LOCAL IntervalStyle = 'iso_8601';
SET extra_float_digits = -3;
SET row_security = off;
SET enable_seqscan = off;
SET session_replication_role = local;
SET inventory.performed_by = 'me';
SET LOCAL inventory.occurred_at = '2020-01-01';
SET inventory.movement_type = 'SALE';
SET inventory.root_cause = 'THEFT';
SET inventory.order_cost = 7;
SET my.own = 'x';
SELECT string_agg(s.name || '=' || s.setting, ' ' ORDER BY s.name) || current_setting('my.own') AS mine FROM pg_settings s \gset
SELECT is((SELECT rows FROM inventory.run_job('settings')), 13::bigint, 'a command that looks at settings');
SELECT is_empty($$SELECT s.name, s.setting, p.reset_val FROM public.inventory_test_setting s LEFT JOIN pg_settings p USING (name) WHERE s.setting IS DISTINCT FROM CASE s.name WHEN 'row_security' THEN 'on' WHEN 'my.own' THEN '' ELSE p.reset_val END$$, 'finds none of the session');
SELECT is((SELECT string_agg(s.name || '=' || s.setting, ' ' ORDER BY s.name) || current_setting('my.own') FROM pg_settings s), :'mine', 'which has them afterwards');
UPDATE inventory.job SET command = 'SELECT 1 / 0' WHERE name = 'settings';
SELECT is((SELECT status::text FROM inventory.run_job('settings')), 'FAILED', 'and after a failure');
SELECT is((SELECT string_agg(s.name || '=' || s.setting, ' ' ORDER BY s.name) || current_setting('my.own') FROM pg_settings s), :'mine', 'too');

SELECT * FROM finish();
ROLLBACK;
