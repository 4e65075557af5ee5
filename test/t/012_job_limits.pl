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

$node->stop;
done_testing();

sub poll
{
    my ($query) = @_;
    return $node->poll_query_until('postgres', $query);
}

sub worker_pid
{
    return $node->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'inventory worker'});
}
