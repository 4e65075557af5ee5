# What goes wrong while a job runs: shutdowns, kills, DROP EXTENSION, runs by hand at
# once, other schedulers; what the worker does about it and what it says.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

my $node = PostgreSQL::Test::Cluster->new('faults');
$node->init;
$node->append_conf('postgresql.conf', q{
shared_preload_libraries = 'inventory'
inventory.databases = 'postgres'
inventory.job_backoff = '100ms'
inventory.job_backoff_max = '2s'
fsync = on
restart_after_crash = on
});
$node->start;
$node->safe_psql('postgres', q{
CREATE EXTENSION inventory;
UPDATE inventory.job SET enabled = false;
INSERT INTO inventory.product (sku, name) VALUES ('A', 'A');
INSERT INTO inventory.warehouse (name) VALUES ('W');
SELECT inventory.receive_stock(1, 1, 100);
SELECT inventory.fulfill_reservation(r.reservation_id) FROM inventory.reserve_stock(1, 1, 10, 'sold') r;
CREATE TABLE seen (note text, at timestamptz DEFAULT clock_timestamp());
});
wait_for_worker();

# The worker itself does what is built in.
$node->safe_psql('postgres', q{
DROP TABLE inventory.stock_movement_} . $node->safe_psql('postgres', q{SELECT to_char(now() AT TIME ZONE 'UTC' + interval '2 months', 'YYYY_MM')}) . q{;
SELECT inventory.alter_job(name, enabled => true) FROM inventory.job_status WHERE name IN ('refresh_demand', 'plan_cycle_counts', 'ledger_partitions');
UPDATE inventory.job SET next_run_at = clock_timestamp() WHERE enabled});
for my $job (qw(refresh_demand plan_cycle_counts ledger_partitions))
{
    ok(poll(qq{SELECT count(*) > 0 FROM inventory.job_run WHERE job_name = '$job' AND status = 'SUCCEEDED' AND NOT by_hand AND scheduled_for IS NOT NULL AND rows > 0}), "the worker runs $job");
}
is($node->safe_psql('postgres', q{SELECT window_days IS NOT NULL FROM inventory.item_demand WHERE product_id = 1}), 't', 'there are figures of demand');
is($node->safe_psql('postgres', q{SELECT count(*) FROM inventory.cycle_count WHERE product_id = 1}), '1', 'there is a count to be done');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_inherits WHERE inhparent = 'inventory.stock_movement'::regclass}), '5', 'the month that was missing is there');
is($node->safe_psql('postgres', q{SELECT count(*) FROM inventory.job WHERE enabled AND next_run_at > now()}), '3', 'each is due again');
$node->safe_psql('postgres', q{UPDATE inventory.job SET enabled = false});

# Back-off doubles up to its cap.
$node->safe_psql('postgres', q{SELECT inventory.schedule_job('bad', '1 second', 'SELECT 1 / 0')});
ok(poll(q{SELECT consecutive_failures >= 7 FROM inventory.job WHERE name = 'bad'}), 'a job that fails again and again');
is($node->safe_psql('postgres', q{
WITH f AS (SELECT row_number() OVER w AS n, lead(started_at) OVER w - finished_at AS gap FROM inventory.job_run WHERE job_name = 'bad' AND status = 'FAILED' WINDOW w AS (ORDER BY run_id))
SELECT bool_and(gap >= least(0.1 * 2 ^ (n - 1), 2) * interval '1 second') || ' ' || bool_and(gap < interval '8 seconds') FROM f WHERE gap IS NOT NULL}), 'true true', 'each pause is twice the one before, and no longer than the cap');
$node->safe_psql('postgres', q{UPDATE inventory.job SET consecutive_failures = 1000000, next_run_at = clock_timestamp() WHERE name = 'bad'});
ok(poll(q{SELECT consecutive_failures > 1000000 AND next_run_at <= clock_timestamp() + interval '3.1 seconds' FROM inventory.job WHERE name = 'bad'}), 'also after a million of them');
$node->safe_psql('postgres', q{SELECT inventory.unschedule_job('bad')});

# Why a run is late: the worker was stopped; somebody held the job.
$node->safe_psql('postgres', q{SELECT inventory.schedule_job('late', '1 hour', 'SELECT 1'); SELECT inventory.worker_stop()});
$node->safe_psql('postgres', q{UPDATE inventory.job SET next_run_at = clock_timestamp() WHERE name = 'late'});
ok(poll(q{SELECT clock_timestamp() > next_run_at + interval '2 seconds' FROM inventory.job WHERE name = 'late'}), 'a run comes due without a worker');
is($node->safe_psql('postgres', 'SELECT inventory.worker_start()'), 't', 'the worker is started');
ok(poll(q{SELECT count(*) = 1 FROM inventory.job_history WHERE job_name = 'late' AND status = 'SUCCEEDED' AND reason ~ '^late by \d+ s: the worker was not running$'}), 'the run says that the worker was not running');
my $holder = session();
$holder->(q{BEGIN; UPDATE inventory.job SET next_run_at = clock_timestamp() WHERE name = 'late' RETURNING 'held';}, qr/held/);
$holder->(q{SELECT pg_sleep(2.1), 'slept';}, qr/slept/);
$holder->(q{COMMIT; SELECT 'done';}, qr/done/);
ok(poll(q{SELECT count(*) = 1 FROM inventory.job_history WHERE job_name = 'late' AND status = 'SUCCEEDED' AND reason ~ '^late by \d+ s: the server was busy$'}), 'a run that nobody is to blame for says that the server was busy');
$node->safe_psql('postgres', q{SELECT inventory.unschedule_job('late')});

# Two runs by hand at once.
$node->safe_psql('postgres', q{SELECT inventory.schedule_job('hand', '1 year', 'INSERT INTO public.seen VALUES (''hand'')')});
$holder->(q{BEGIN; SELECT status FROM inventory.run_job('hand');}, qr/SUCCEEDED/);
my ($code, $output, $error) = $node->psql('postgres', "\\set VERBOSITY verbose\nSELECT inventory.run_job('hand')");
like($error, qr/IV002: job "hand" is running.*DETAIL:  It is RUNNING in another session\./s, 'a second run by hand is refused');
($code, $output, $error) = $node->psql('postgres', "SELECT inventory.run_job('hand', if_due => true) IS NULL");
is("$output$error", 't', 'one that only looks whether it is due is not');
$holder->(q{ROLLBACK; SELECT 'done';}, qr/done/);
is($node->safe_psql('postgres', q{SELECT status FROM inventory.run_job('hand')}), 'SUCCEEDED', 'when the first is over it is run');
is($node->safe_psql('postgres', q{SELECT count(*), (SELECT count(*) FROM seen WHERE note = 'hand') FROM inventory.job_run WHERE job_name = 'hand'}), '1|1', 'and what was rolled back has left no trace');
$node->safe_psql('postgres', q{SELECT inventory.unschedule_job('hand')});

# A run by hand, over and over, against a worker that finds the job due every moment: no run of the worker fails by that,
# each that began did its work, and those that did not are said to be left out.
$node->safe_psql('postgres', q{SELECT inventory.schedule_job('both', '1 second', 'INSERT INTO public.seen VALUES (''both'')')});
hammer_with(q{SELECT inventory.run_job('both')}, 'both');
$node->safe_psql('postgres', q{SELECT inventory.alter_job('both', enabled => false)});
ok(poll(q{SELECT count(*) = 0 FROM inventory.job_run WHERE status = 'RUNNING'}), 'all runs are over');
is($node->safe_psql('postgres', q{SELECT string_agg(DISTINCT status || coalesce(' ' || error_code, ''), ', ') FROM inventory.job_run WHERE job_name = 'both' AND status <> 'SKIPPED'}), 'SUCCEEDED', 'runs by hand and of the worker: none fails by the other');
is($node->safe_psql('postgres', q{SELECT string_agg(DISTINCT by_hand::text, ' ') FROM inventory.job_run WHERE job_name = 'both' AND status = 'SUCCEEDED'}), 'false true', 'there are some of both');
is($node->safe_psql('postgres', q{SELECT count(*) = (SELECT count(*) FROM seen WHERE note = 'both') FROM inventory.job_run WHERE job_name = 'both' AND status = 'SUCCEEDED'}), 't', 'each did its work once');
is($node->safe_psql('postgres', q{SELECT consecutive_failures FROM inventory.job WHERE name = 'both'}), '0', 'nothing is backed off');
$node->safe_psql('postgres', q{SELECT inventory.unschedule_job('both')});

# What pg_cron calls, beside the worker: each due run is done by one of them.
$node->safe_psql('postgres', q{SELECT inventory.schedule_job('cron', '1 second', 'INSERT INTO public.seen VALUES (''cron'')')});
hammer_with(q{SELECT inventory.run_job('cron', if_due => true)}, 'cron');
$node->safe_psql('postgres', q{SELECT inventory.alter_job('cron', enabled => false)});
ok(poll(q{SELECT count(*) = 0 FROM inventory.job_run WHERE status = 'RUNNING'}), 'all runs are over');
is($node->safe_psql('postgres', q{SELECT string_agg(DISTINCT status || coalesce(' ' || error_code, ''), ', ') FROM inventory.job_run WHERE job_name = 'cron' AND status <> 'SKIPPED'}), 'SUCCEEDED', 'a second scheduler: no run fails');
is($node->safe_psql('postgres', q{SELECT count(*) - count(DISTINCT scheduled_for) FROM inventory.job_run WHERE job_name = 'cron' AND status = 'SUCCEEDED'}), '0', 'none is done twice');
is($node->safe_psql('postgres', q{SELECT count(*) = (SELECT count(*) FROM seen WHERE note = 'cron') AND count(*) > 10 FROM inventory.job_run WHERE job_name = 'cron' AND status = 'SUCCEEDED'}), 't', 'each did its work once');
$node->safe_psql('postgres', q{SELECT inventory.unschedule_job('cron')});

# A command that sets a search_path does not give that to a trigger on the records, which runs as the owner.
$node->safe_psql('postgres', q{
CREATE ROLE clerk;
GRANT CREATE ON DATABASE postgres TO clerk;
SELECT inventory.grant_access('clerk', 'admin');
CREATE TABLE audit (what text);
CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO public.audit VALUES (lower(NEW.status::text)); RETURN NULL; END$$;
CREATE TRIGGER audit AFTER UPDATE ON inventory.job_run FOR EACH ROW EXECUTE FUNCTION audit();
SET ROLE clerk;
CREATE SCHEMA clerk;
CREATE TABLE clerk.caught (who text);
GRANT INSERT ON clerk.caught TO PUBLIC;
CREATE FUNCTION clerk.lower(text) RETURNS text LANGUAGE plpgsql AS $$BEGIN INSERT INTO clerk.caught VALUES (current_user); RETURN 'caught'; END$$;
SELECT inventory.schedule_job('climb', '1 second', 'SET search_path = clerk, pg_catalog');
});
ok(poll(q{SELECT count(*) > 0 FROM inventory.job_run WHERE job_name = 'climb' AND status = 'SUCCEEDED'}), 'a job that sets a search_path');
is($node->safe_psql('postgres', q{SELECT (SELECT string_agg(DISTINCT what, ' ') FROM audit) || ' ' || (SELECT count(*) FROM clerk.caught)}), 'succeeded 0', 'a trigger that records its end does not find what is in there');
$node->safe_psql('postgres', q{SELECT inventory.unschedule_job('climb'); DROP TRIGGER audit ON inventory.job_run; DROP SCHEMA clerk CASCADE; DROP OWNED BY clerk; DROP ROLE clerk});

# DROP EXTENSION waits for the job that runs, and can be given up.
schedule_slow();
start_slow();
($code, $output, $error) = $node->psql('postgres', "SET lock_timeout = '300ms'; DROP EXTENSION inventory");
like($error, qr/lock timeout/, 'DROP EXTENSION waits for it');
my $dropper = session();
$dropper->(q{SELECT 'ready';}, qr/ready/);
$dropper->(q{DROP EXTENSION inventory; SELECT 'dropped';});
ok(poll(q{SELECT count(*) > 0 FROM pg_stat_activity WHERE query ~ '^DROP EXTENSION' AND wait_event_type = 'Lock'}), 'another one waits');
hurry();
$dropper->('', qr/dropped/);
is($node->safe_psql('postgres', q{SELECT count(*) FROM seen WHERE note = 'slow'}), '1', 'the job has done its work, then the extension is gone');
ok(poll(q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'inventory worker'}), 'the worker stays');
$node->safe_psql('postgres', q{CREATE EXTENSION inventory; UPDATE inventory.job SET enabled = false; SELECT inventory.schedule_job('again', '1 year', 'SELECT 1'); UPDATE inventory.job SET next_run_at = now() WHERE name = 'again'});
ok(poll(q{SELECT count(*) = 1 FROM inventory.job_run WHERE job_name = 'again' AND status = 'SUCCEEDED'}), 'and works for the one that is created next');
$dropper->();
$holder->();

# A fast shutdown while a job runs.
schedule_slow();
start_slow();
my $at = time;
$node->stop('fast');
cmp_ok(time - $at, '<', 10, sprintf('a fast shutdown while a job runs takes %.1f s', time - $at));
$node->start;
finished_slow('a fast shutdown');

# kill -9 of the worker's parents during a run: of the launcher, after which the server starts over; of the postmaster.
start_slow();
my $launcher = $node->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'inventory launcher'});
kill 'KILL', $launcher;
# Until the postmaster knows, and then without a statement: psql does not read one where it cannot connect.
usleep(10_000) while kill 0, $launcher;
$node->poll_query_until('postgres', undef, '') or die 'the server does not come back';
finished_slow('kill -9 of the launcher');
isnt($node->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'inventory launcher'}), $launcher, 'there is a new launcher');
start_slow();
my $worker = worker_pid();
$node->kill9;
my $gone_by = time + $PostgreSQL::Test::Utils::timeout_default;
usleep(50_000) while kill(0, $worker) && time < $gone_by;
ok(!kill(0, $worker), 'the worker ends when the postmaster is gone');
my $started;
while (!($started = $node->start(fail_ok => 1)) && time < $gone_by) { usleep(200_000) }
ok($started, 'the server starts again');
finished_slow('kill -9 of the postmaster');

is($node->safe_psql('postgres', q{SELECT count(*) FROM inventory.verify_ledger()}), '0', 'the books are right');
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

sub wait_for_worker
{
    poll(q{SELECT inventory.worker_pid() IS NOT NULL}) or die 'no worker';
}

# A job that does its work and then takes its time, until it is told to hurry.
sub schedule_slow
{
    $node->safe_psql('postgres', q{
CREATE TABLE IF NOT EXISTS hurry ();
SELECT inventory.schedule_job('slow', '1 year', 'INSERT INTO public.seen VALUES (''slow''); DO $$BEGIN WHILE NOT EXISTS (SELECT FROM public.hurry) LOOP PERFORM pg_catalog.pg_sleep(0.05); END LOOP; END$$', timeout => '1 hour')});
}

sub hurry
{
    $node->safe_psql('postgres', 'INSERT INTO hurry DEFAULT VALUES');
}

sub start_slow
{
    $node->safe_psql('postgres', q{
DELETE FROM hurry;
DELETE FROM seen;
DELETE FROM inventory.job_run WHERE job_name = 'slow';
UPDATE inventory.job SET consecutive_failures = 0, next_run_at = clock_timestamp() WHERE name = 'slow'});
    poll(q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'inventory worker' AND wait_event = 'PgSleep'}) or die 'the job does not run';
}

# Three tests: the run that was cut off is recorded, what it had done is gone, and it was done again, once.
sub finished_slow
{
    my ($what) = @_;
    hurry();
    ok(poll(q{SELECT count(*) = 1 FROM inventory.job_run WHERE job_name = 'slow' AND status = 'SUCCEEDED'}), "$what: the job is run again");
    is($node->safe_psql('postgres', q{SELECT string_agg(status || coalesce(' ' || regexp_replace(reason, '\d+', 'N'), ''), ', ' ORDER BY run_id) FROM inventory.job_run WHERE job_name = 'slow'}), 'CRASHED, SUCCEEDED again: run N did not finish', "$what: that is recorded");
    is($node->safe_psql('postgres', q{SELECT (SELECT count(*) FROM seen WHERE note = 'slow') || ' ' || (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'inventory worker') || ' ' || (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'inventory launcher')}), '1 1 1', "$what: the work is done once, by one worker of one launcher");
}

# A session that stays: called with a statement and what its output has to match, it waits for that; with nothing, it
# ends.
sub session
{
    my ($in, $out, $err) = ('', '', '');
    my $timer = IPC::Run::timer(180);
    my $psql = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ], '<', \$in, '>', \$out, '2>', \$err, $timer);
    return sub {
        my ($statement, $expected) = @_;
        if (!defined $statement)
        {
            $in .= "\\q\n";
            return IPC::Run::finish($psql);
        }
        $out = '' if length $statement;
        $in .= "$statement\n";
        return IPC::Run::pump_nb($psql) unless defined $expected;
        IPC::Run::pump($psql) until $out =~ $expected;
    };
}

# Two clients that run a statement over and over, for five seconds, and a third that makes a job due again and again.
sub hammer_with
{
    my ($statement, $job) = @_;
    my $directory = PostgreSQL::Test::Utils::tempdir();
    my %script = (
        run => "DO \$\$ BEGIN PERFORM ($statement); EXCEPTION WHEN SQLSTATE 'IV002' THEN NULL; END \$\$;\n",
        due => "UPDATE inventory.job SET next_run_at = clock_timestamp() WHERE name = '$job' AND next_run_at > clock_timestamp();\n\\sleep 5 ms\n");
    my (@clients, $output);
    for my $name (sort keys %script)
    {
        append_to_file("$directory/$name.sql", $script{$name});
        push @clients, IPC::Run::start([ 'pgbench', '-n', '-T', '5', '-c', $name eq 'run' ? 2 : 1, '-f', "$directory/$name.sql", '-h', $node->host, '-p', $node->port, 'postgres' ], '>', \$output, '2>', \$output);
    }
    IPC::Run::finish($_) for @clients;
}
