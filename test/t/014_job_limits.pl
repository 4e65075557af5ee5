# What a job cannot get away with: time it takes at commit, cancellations it catches,
# a role that comes back under another's name. And schedules by a clock that is moved.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $node = PostgreSQL::Test::Cluster->new('limits');
$node->init;
$node->append_conf('postgresql.conf', q{
shared_preload_libraries = 'inventory'
inventory.databases = 'postgres'
inventory.job_backoff = '1s'
inventory.job_run_retention_days = 3650
});
$node->start;
$node->safe_psql('postgres', q{
CREATE EXTENSION inventory;
CREATE TABLE seen (at timestamptz DEFAULT clock_timestamp(), who text DEFAULT current_user, note text);
CREATE TABLE trap (seconds int);
CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM pg_sleep(NEW.seconds); RETURN NULL; END$$;
CREATE CONSTRAINT TRIGGER trap AFTER INSERT ON trap DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION trap();
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child (id int REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
SELECT inventory.schedule_job('good', '1 second', 'SELECT 1');
});
ok(poll(q{SELECT count(*) > 0 FROM inventory.job_run WHERE job_name = 'good' AND status = 'SUCCEEDED'}), 'the worker works');

# What happens at commit is part of the run.
$node->safe_psql('postgres', q{
SELECT inventory.schedule_job('trap', '1 second', 'INSERT INTO public.trap VALUES (600)', timeout => '1 second');
SELECT inventory.schedule_job('held', '1 second', 'DECLARE held CURSOR WITH HOLD FOR SELECT pg_catalog.pg_sleep(600)', timeout => '1 second');
SELECT inventory.schedule_job('child', '1 second', 'INSERT INTO public.child VALUES (1)');
});
for my $job (qw(trap held))
{
    ok(poll(qq{SELECT count(*) > 0 FROM inventory.job_run WHERE job_name = '$job' AND error = 'it took longer than its timeout of 1000 ms' AND error_code = '57014' AND finished_at - started_at < interval '3 seconds'}), "$job: what a job leaves for the commit counts");
}
ok(poll(q{SELECT count(*) > 0 FROM inventory.job_run WHERE job_name = 'child' AND status = 'FAILED' AND error_code = '23503'}), 'a deferred constraint fails the run');
is($node->safe_psql('postgres', q{SELECT count(*) FROM inventory.job_run WHERE job_name IN ('trap', 'held', 'child') AND status = 'SUCCEEDED'}), '0', 'always');
$node->safe_psql('postgres', q{SELECT inventory.unschedule_job(n) FROM unnest('{trap,held,child}'::text[]) n});

# By hand, in a transaction of its own, too.
$node->safe_psql('postgres', q{SELECT inventory.schedule_job('child', '1 year', 'INSERT INTO public.child VALUES (1)')});
is($node->safe_psql('postgres', q{SELECT status, error_code FROM inventory.run_job('child')}), 'FAILED|23503', 'by hand: a deferred constraint fails the run');
my ($code, $stdout, $stderr) = $node->psql('postgres', q{BEGIN; INSERT INTO child VALUES (2); SELECT status FROM inventory.run_job('child'); INSERT INTO parent VALUES (1), (2); COMMIT; SELECT count(*) FROM child});
is("$code $stdout", "0 SUCCEEDED\n2", 'in a transaction of the caller it is his, as what he did himself');
$node->safe_psql('postgres', q{SELECT inventory.unschedule_job('child')});

# worker_stop() ends it there as well.
$node->safe_psql('postgres', q{SELECT inventory.schedule_job('trap', '1 second', 'INSERT INTO public.trap VALUES (600)')});
ok(poll(q{SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'inventory worker' AND wait_event = 'PgSleep'}), 'a commit that goes on');
my $at = time;
is($node->safe_psql('postgres', 'SELECT inventory.worker_stop()'), 't', 'is stopped');
cmp_ok(time - $at, '<', 5, 'at once');
$node->safe_psql('postgres', q{SELECT inventory.unschedule_job('trap'); SELECT inventory.worker_start()});

# A cancellation that is caught comes again; who catches them all loses the worker.
$node->safe_psql('postgres', q{
SELECT inventory.schedule_job('once', '1 second', 'DO $$BEGIN BEGIN PERFORM pg_catalog.pg_sleep(600); EXCEPTION WHEN query_canceled THEN NULL; END; PERFORM pg_catalog.pg_sleep(600); END$$', timeout => '1 second')});
ok(poll(q{SELECT count(*) > 0 FROM inventory.job_run WHERE job_name = 'once' AND error = 'it took longer than its timeout of 1000 ms' AND finished_at - started_at BETWEEN interval '1.9 seconds' AND '4 seconds'}), 'a command that catches its cancellation is cancelled again');
$node->safe_psql('postgres', q{SELECT inventory.unschedule_job('once')});
my $for_ever = q{DO $$BEGIN LOOP BEGIN PERFORM pg_catalog.pg_sleep(600); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END$$};
my $pid = worker_pid();
$node->safe_psql('postgres', "SELECT inventory.schedule_job('ever', '1 second', \$c\$$for_ever\$c\$, timeout => '1 second')");
ok(poll(q{SELECT count(*) >= 2 FROM inventory.job_run WHERE job_name = 'ever' AND status = 'CRASHED' AND finished_at - started_at < interval '12 seconds'}), 'one that always does ends with its worker');
isnt(worker_pid(), $pid, 'which comes back');
ok(poll(q{SELECT consecutive_failures >= 2 AND next_run_at >= last_finished_at + interval '1.9 seconds' FROM inventory.job_status WHERE name = 'ever'}), 'and backs it off');
ok(poll(q{SELECT count(*) > 0 FROM inventory.job_run WHERE job_name = 'good' AND status = 'SUCCEEDED' AND started_at > (SELECT min(finished_at) FROM inventory.job_run WHERE job_name = 'ever')}), 'the others go on');
$node->safe_psql('postgres', "SELECT inventory.alter_job('ever', timeout => '1 hour')");
ok(poll(q{SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'inventory worker' AND wait_event = 'PgSleep'}), 'while it goes on');
is($node->safe_psql('postgres', 'SELECT inventory.worker_stop()'), 't', 'worker_stop() ends it too');
$node->safe_psql('postgres', q{SELECT inventory.unschedule_job('ever'); SELECT inventory.worker_start()});

# The owner is a role, not a name.
is($node->safe_psql('postgres', q{SELECT worker_pid = (SELECT pid FROM pg_stat_activity WHERE backend_type = 'inventory worker') FROM inventory.job_status WHERE name = 'good'}), 't', 'job_status has the worker');
$node->safe_psql('postgres', q{
CREATE ROLE clerk;
GRANT INSERT ON seen TO clerk;
SELECT inventory.grant_access('clerk', 'admin');
SET ROLE clerk;
SELECT inventory.schedule_job('hers', '1 second', 'INSERT INTO public.seen DEFAULT VALUES');
RESET ROLE;
ALTER ROLE clerk RENAME TO officer;
CREATE ROLE clerk SUPERUSER;
});
ok(poll(q{SELECT count(*) > 0 FROM seen WHERE who = 'officer'}), 'a role that was renamed runs its job');
is($node->safe_psql('postgres', q{SELECT (SELECT owner FROM inventory.job WHERE name = 'hers'), count(*) FROM inventory.job_run WHERE job_name = 'hers' AND status <> 'SUCCEEDED'}), 'officer|0', 'under its new name');
$node->safe_psql('postgres', q{DROP OWNED BY officer; DROP ROLE officer; CREATE ROLE officer SUPERUSER; TRUNCATE seen});
ok(poll(q{SELECT count(*) = 1 FROM inventory.job_run WHERE job_name = 'hers' AND status = 'SKIPPED' AND reason = 'role "officer" is another one than scheduled it; alter_job has it run as this one'}), 'another role of that name does not');
my $last = $node->safe_psql('postgres', q{SELECT max(run_id) FROM inventory.job_run});
ok(poll(qq{SELECT count(*) >= 2 FROM inventory.job_run WHERE run_id > $last AND job_name = 'good'}), 'while others run');
is($node->safe_psql('postgres', q{SELECT count(*), (SELECT count(*) FROM seen) FROM inventory.job_run WHERE job_name = 'hers' AND status = 'SKIPPED'}), '1|0', 'it is said once');
$node->safe_psql('postgres', q{SELECT inventory.alter_job('hers', schedule => '1 second')});
ok(poll(q{SELECT count(*) > 0 FROM seen WHERE who = 'officer'}), 'until somebody with its rights says so');
$node->safe_psql('postgres', q{SELECT inventory.unschedule_job('hers')});

# Schedules by another clock: a year of them, with the hour that London does not have.
$node->safe_psql('postgres', q{
SELECT inventory.schedule_job('early', '30 1 * 3 *', 'SELECT 42', 'Europe/London');
SELECT inventory.unschedule_job('good');
});
my $due = $node->safe_psql('postgres', q{SELECT next_run_at FROM inventory.job WHERE name = 'early'});
for my $day (1 .. 32)
{
    my $offset = $node->safe_psql('postgres', q{SELECT ceil(extract(epoch FROM next_run_at - clock_timestamp())) FROM inventory.job WHERE name = 'early'});
    $node->safe_psql('postgres', "ALTER SYSTEM SET inventory.job_clock_offset = $offset");
    $node->reload;
    last unless poll_quietly(qq{SELECT count(*) >= $day FROM inventory.job_run WHERE job_name = 'early' AND status = 'SUCCEEDED' AND rows = 42});
}
is($node->safe_psql('postgres', q{SELECT count(*), bool_and(reason IS NULL AND started_at BETWEEN scheduled_for AND scheduled_for + interval '2 seconds'), count(*) FILTER (WHERE to_char(scheduled_for AT TIME ZONE 'Europe/London', 'HH24:MI') = '02:00') FROM inventory.job_run WHERE job_name = 'early'}), '32|t|1', 'a month of nights by a clock that is moved');
is($node->safe_psql('postgres', qq{SELECT min(scheduled_for) = '$due', max(scheduled_for) - min(scheduled_for) > interval '360 days' FROM inventory.job_run WHERE job_name = 'early'}), 't|t', 'each in its turn');

# One that the postmaster itself would start again.
$node->append_conf('postgresql.conf', q{shared_preload_libraries = ''});
$node->safe_psql('postgres', q{ALTER SYSTEM RESET ALL});
$node->restart;
$node->safe_psql('postgres', "UPDATE inventory.job SET enabled = false; SELECT inventory.schedule_job('ever', '1 second', \$c\$$for_ever\$c\$); SELECT inventory.worker_start()");
ok(poll(q{SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'inventory worker' AND wait_event = 'PgSleep'}), 'a worker without preloading');
is($node->safe_psql('postgres', 'SELECT inventory.worker_stop()'), 't', 'is stopped, though its job does not want to');
sleep 3;
is($node->safe_psql('postgres', 'SELECT worker_pid FROM inventory.job_status LIMIT 1'), '', 'and stays away');

$node->stop;
done_testing();

sub poll
{
    my ($query) = @_;
    return $node->poll_query_until('postgres', $query);
}

sub poll_quietly
{
    my ($query) = @_;
    my $until = time + $PostgreSQL::Test::Utils::timeout_default;
    while (time < $until)
    {
        return 1 if $node->safe_psql('postgres', $query) eq 't';
    }
    return 0;
}

sub worker_pid
{
    return $node->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'inventory worker'});
}
