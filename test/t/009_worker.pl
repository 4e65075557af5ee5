# The worker on a real server: jobs that come due, fail, take too long, are in each
# other's way; and a worker that is stopped, killed, or has no extension.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

my $node = PostgreSQL::Test::Cluster->new('worker');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', q{
shared_preload_libraries = 'inventory'
inventory.databases = 'postgres, shop, nowhere'
inventory.job_backoff = '1s'
fsync = on
restart_after_crash = on
});
$node->start;

# A database without the extension, one that does not exist.
ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'inventory worker' AND application_name = 'inventory worker' AND datname = 'postgres'}), 'a worker waits in a database without the extension');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'inventory launcher' AND datname IS NULL}), '1', 'the launcher is connected to none');
wait_for(sub { log_count(qr/there is no database "nowhere"/) == 1 && log_count(qr/the extension is not in database "postgres"/) == 1 }, 'each is said');

$node->safe_psql('postgres', q{
CREATE EXTENSION inventory;
INSERT INTO inventory.product (sku, name) VALUES ('A', 'A');
INSERT INTO inventory.warehouse (name) VALUES ('W');
SELECT inventory.receive_stock(1, 1, 100);
SELECT inventory.reserve_stock(1, 1, 10, 'late');
UPDATE inventory.reservation SET expires_at = now() - interval '1 minute';
CREATE TABLE seen (at timestamptz DEFAULT clock_timestamp(), who text DEFAULT current_user, session_who text DEFAULT session_user, note text);
SELECT inventory.alter_job('expire_reservations', schedule => '1 second');
});
ok(poll(q{SELECT close_reason = 'EXPIRED' FROM inventory.reservation}), 'CREATE EXTENSION is seen, and a reservation expires by itself');
ok(poll(q{SELECT count(*) > 0 FROM inventory.job_run WHERE job_name = 'expire_reservations' AND status = 'SUCCEEDED' AND rows = 1 AND finished_at >= started_at AND scheduled_for <= started_at AND reason IS NULL}), 'the run is recorded');
is($node->safe_psql('postgres', q{SELECT last_status, consecutive_failures, next_run_at > now() - interval '1 second' FROM inventory.job_status WHERE name = 'expire_reservations'}), 'SUCCEEDED|0|t', 'and in job_status');
$node->safe_psql('postgres', q{SELECT inventory.alter_job('expire_reservations', schedule => '1 minute')});

# What is low is drafted by itself.
is($node->safe_psql('postgres', q{SELECT string_agg(name || ' ' || schedule, ', ' ORDER BY name) FROM inventory.job_status WHERE name IN ('replenishment', 'refresh_demand')}), 'refresh_demand 15 0 * * *, replenishment 0 * * * *', 'the scan is on the hour');
$node->safe_psql('postgres', q{
INSERT INTO inventory.supplier (name) VALUES ('S');
INSERT INTO inventory.product_supplier (product_id, supplier_id, is_preferred, unit_cost) VALUES (1, 1, true, 2);
UPDATE inventory.inventory_item SET reorder_point = 200, reorder_quantity = 300;
SELECT inventory.alter_job('replenishment', schedule => '1 second');
});
ok(poll(q{SELECT count(*) = 1 FROM inventory.purchase_order WHERE status = 'DRAFT'}), 'the worker drafts an order');
ok(poll(q{SELECT count(*) = 1 FROM inventory.job_run WHERE job_name = 'replenishment' AND status = 'SUCCEEDED' AND rows = 1}), 'and records how many');
ok(poll(q{SELECT count(*) > 1 FROM inventory.job_run WHERE job_name = 'replenishment' AND status = 'SUCCEEDED'}), 'the next run goes by');
is($node->safe_psql('postgres', q{SELECT count(*), sum(quantity) FROM inventory.purchase_order_line}), '1|300', 'and orders nothing twice');
is($node->safe_psql('postgres', q{SELECT payload ->> 'event' FROM inventory.procurement_notification}), 'purchase_order_drafted', 'procurement is told');
$node->safe_psql('postgres', q{SELECT inventory.alter_job('replenishment', schedule => '0 * * * *')});

# A change is seen at once, though the worker would sleep for seconds.
$node->safe_psql('postgres', q{SELECT inventory.schedule_job('note', '1 year', 'INSERT INTO public.seen (note) VALUES (1)')});
my $changed_at = $node->safe_psql('postgres', q{UPDATE inventory.job SET next_run_at = clock_timestamp() WHERE name = 'note' RETURNING next_run_at});
ok(poll(q{SELECT count(*) = 1 FROM public.seen WHERE note = '1'}), 'a job that became due runs');
is($node->safe_psql('postgres', qq{SELECT at - '$changed_at' < interval '4 seconds' FROM public.seen WHERE note = '1'}), 't', 'before the worker would have looked by itself');

# Failures: recorded, backed off, and nobody else's business.
$node->safe_psql('postgres', q{
SELECT inventory.schedule_job('bad', '1 second', 'SELECT 1 / 0');
SELECT inventory.schedule_job('syntax', '1 second', 'SELEC');
SELECT inventory.schedule_job('commit', '1 second', 'COMMIT');
SELECT inventory.schedule_job('slow', '1 second', 'SELECT pg_catalog.pg_sleep(600)', timeout => '1 second');
SELECT inventory.schedule_job('good', '1 second', 'INSERT INTO public.seen (note) VALUES (2), (3)');
SELECT inventory.schedule_job('forged', '1 second', 'SELECT 1');
ALTER TABLE inventory.job DISABLE TRIGGER inventory_guard;
UPDATE inventory.job SET timezone = 'Atlantis' WHERE name = 'forged';
ALTER TABLE inventory.job ENABLE TRIGGER inventory_guard;
});
ok(poll(q{SELECT count(*) >= 3 FROM inventory.job_run WHERE job_name = 'bad' AND status = 'FAILED' AND error = 'division by zero' AND error_code = '22012' AND rows IS NULL}), 'a failure is recorded');
ok(poll(q{SELECT count(*) >= 2 FROM inventory.job_run WHERE job_name = 'bad' AND status = 'SKIPPED' AND started_at = finished_at AND reason ~ '^backing off, failures in a row: \d, left out: \d'}), 'what back-off leaves out too');
is($node->safe_psql('postgres', q{
SELECT bool_and(gap >= least(n, 3) * interval '1 second') FROM (
    SELECT row_number() OVER w AS n, lead(started_at) OVER w - finished_at AS gap FROM inventory.job_run
    WHERE job_name = 'bad' AND status = 'FAILED' WINDOW w AS (ORDER BY run_id)) f WHERE n < 3}), 't', 'the delay grows');
ok(poll(q{SELECT consecutive_failures >= 3 AND next_run_at > last_finished_at + interval '3 seconds' FROM inventory.job_status WHERE name = 'bad'}), 'it doubles');
ok(poll(q{SELECT count(*) > 0 FROM inventory.job_run WHERE job_name = 'slow' AND error = 'it took longer than its timeout of 1000 ms' AND error_code = '57014' AND finished_at - started_at < interval '3 seconds'}), 'a timeout ends a run');
ok(poll(q{SELECT count(*) > 0 FROM inventory.job_run WHERE job_name = 'syntax' AND error_code = '42601'}), 'a syntax error is recorded');
ok(poll(q{SELECT count(*) > 0 FROM inventory.job_run WHERE job_name = 'commit' AND error_code = '0A000'}), 'a job cannot end its transaction');
ok(poll(q{SELECT count(*) = 1 FROM inventory.job_run WHERE job_name = 'forged' AND reason ~ 'Atlantis'}), 'a schedule that has become invalid is recorded, once');
ok(poll(q{SELECT count(*) >= 3 FROM inventory.job_run WHERE job_name = 'good' AND status = 'SUCCEEDED' AND rows = 2}), 'the other jobs go on');
$node->safe_psql('postgres', q{SELECT inventory.unschedule_job(n) FROM unnest('{syntax,commit,slow,forged}'::text[]) n});

# Success resets.
$node->safe_psql('postgres', q{SELECT inventory.alter_job('bad', command => 'SELECT 1')});
ok(poll(q{SELECT last_status = 'SUCCEEDED' AND consecutive_failures = 0 FROM inventory.job_status WHERE name = 'bad'}), 'a job that is mended is tried at once');
$node->safe_psql('postgres', q{SELECT inventory.unschedule_job('bad')});

# Overlap: a run by hand that has not ended, and one of the worker's own that overruns.
my $hand = $node->background_psql_compat;
$hand->('BEGIN; SELECT status FROM inventory.run_job(\'good\');', qr/SUCCEEDED/);
ok(poll(q{SELECT count(*) > 0 FROM inventory.job_run WHERE job_name = 'good' AND status = 'SKIPPED' AND reason = 'a run that was started by hand was still going on'}), 'a run that would overlap with one by hand is left out, and recorded');
$hand->("COMMIT;\nSELECT 'done';", qr/done/);
$hand->();
$node->safe_psql('postgres', q{SELECT inventory.schedule_job('long', '1 second', 'SELECT pg_catalog.pg_sleep(4)'); });
ok(poll(q{SELECT last_status = 'RUNNING' FROM inventory.job_status WHERE name = 'long'}), 'a run that goes on is RUNNING');
is($node->safe_psql('postgres', q{SELECT state, query FROM pg_stat_activity WHERE backend_type = 'inventory worker' AND datname = 'postgres'}), 'active|SELECT pg_catalog.pg_sleep(4)', 'and in pg_stat_activity');
my ($code, $stdout, $stderr) = $node->psql('postgres', q{SELECT inventory.run_job('long')});
like($stderr, qr/job "long" is running/, 'it cannot be started by hand as well');
ok(poll(q{SELECT count(*) > 0 FROM inventory.job_run WHERE job_name = 'long' AND status = 'SKIPPED' AND reason ~ '^the run before was still going on, left out: [34]'}), 'what came due meanwhile is left out, and recorded');
ok(poll(q{SELECT count(*) > 0 FROM inventory.job_run WHERE job_name = 'good' AND status = 'SUCCEEDED' AND reason ~ '^late by [2-9] s: job "long" was running'}), 'the other job is late, and says why');
$node->safe_psql('postgres', q{SELECT inventory.unschedule_job('long')});

# Whose rights a job has.
$node->safe_psql('postgres', q{
CREATE ROLE clerk;
CREATE TABLE secret (a int);
INSERT INTO secret VALUES (1);
GRANT INSERT ON seen TO clerk;
GRANT CREATE, USAGE ON SCHEMA public TO clerk;
SELECT inventory.grant_access('clerk', 'admin');
SET ROLE clerk;
SELECT inventory.schedule_job('clerk', '1 second', 'INSERT INTO public.seen (note) VALUES (''clerk''); SET search_path = public; SET application_name = ''clerk''; CREATE TEMP TABLE IF NOT EXISTS left_over (a int); SELECT pg_catalog.pg_advisory_lock(1)');
SELECT inventory.schedule_job('snoop', '1 second', 'SELECT count(*) FROM public.secret');
SELECT inventory.schedule_job('climb', '1 second', 'RESET SESSION AUTHORIZATION');
SELECT inventory.schedule_job('role', '1 second', 'SET ROLE postgres');
-- What is deferred runs at commit, and has to run as the clerk still.
CREATE TABLE trap (a int);
CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO public.seen (note) VALUES ('trap ' || (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)); RETURN NULL; END$$;
CREATE CONSTRAINT TRIGGER trap AFTER INSERT ON trap DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION trap();
SELECT inventory.schedule_job('trap', '1 second', 'INSERT INTO public.trap VALUES (1)');
});
ok(poll(q{SELECT count(*) >= 2 FROM seen WHERE note = 'clerk' AND who = 'clerk' AND session_who = 'clerk'}), 'a job runs as its owner');
ok(poll(q{SELECT count(*) > 0 FROM seen WHERE note = 'trap false' AND who = 'clerk'}), 'also what it left for the commit');
is($node->safe_psql('postgres', q{SELECT count(*) FROM seen WHERE note = 'trap true'}), '0', 'never with more rights');
for my $job (qw(snoop climb role))
{
    ok(poll(qq{SELECT count(*) > 0 FROM inventory.job_run WHERE job_name = '$job' AND error_code = '42501' AND run_as = 'clerk'}), "$job: permission denied");
}
is($node->safe_psql('postgres', q{SELECT count(*) FROM inventory.job_run WHERE job_name IN ('snoop', 'climb', 'role') AND status = 'SUCCEEDED'}), '0', 'always');
$node->safe_psql('postgres', q{
SELECT inventory.unschedule_job(n) FROM unnest('{snoop,climb,role,trap,clerk}'::text[]) n;
SELECT inventory.schedule_job('after', '1 second', 'INSERT INTO public.seen (note) SELECT ''after '' || pg_catalog.current_setting(''search_path'') || '' '' || pg_catalog.current_setting(''application_name'') || '' '' || (SELECT count(*) FROM pg_catalog.pg_class WHERE relname = ''left_over'') || '' '' || (SELECT count(*) FROM pg_catalog.pg_locks WHERE locktype = ''advisory'' AND objsubid < 3) || '' '' || current_user');
});
ok(poll(q{SELECT count(*) > 0 FROM seen WHERE note ~ 'after'}), 'the next job');
is($node->safe_psql('postgres', q{SELECT DISTINCT note FROM seen WHERE note ~ 'after'}), 'after pg_catalog, pg_temp inventory worker 0 0 postgres', 'finds nothing of the session of the one before');
$node->safe_psql('postgres', q{SELECT inventory.unschedule_job('after')});
$node->safe_psql('postgres', q{SET ROLE clerk; SELECT inventory.schedule_job('orphan', '1 second', 'SELECT 1')});
$node->safe_psql('postgres', q{DROP OWNED BY clerk; DROP ROLE clerk});
ok(poll(q{SELECT count(*) > 0 FROM inventory.job_run WHERE job_name = 'orphan' AND status = 'SKIPPED' AND reason = 'role "clerk", as which it runs, does not exist'}), 'a job whose owner is gone is left out');
$node->safe_psql('postgres', q{SELECT inventory.unschedule_job('orphan')});

# The worker comes back.
my $pid = worker_pid('postgres');
my $at = time;
$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid)");
ok(poll(qq{SELECT count(*) > 0 FROM inventory.job_run r, pg_stat_activity a WHERE a.backend_type = 'inventory worker' AND a.pid <> $pid AND r.job_name = 'good' AND r.started_at > a.backend_start AND r.status = 'SUCCEEDED'}), 'after pg_terminate_backend a new one works');
cmp_ok(time - $at, '<', 5, sprintf('after %.1f s', time - $at));
$pid = launcher_pid();
$at = time;
$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid)");
ok(poll(qq{SELECT count(*) > 0 FROM inventory.job_run r, pg_stat_activity a, pg_stat_activity l WHERE a.backend_type = 'inventory worker' AND l.backend_type = 'inventory launcher' AND l.pid <> $pid AND a.backend_start > l.backend_start AND r.job_name = 'good' AND r.started_at > a.backend_start}), 'so does the launcher');
cmp_ok(time - $at, '<', 5, sprintf('after %.1f s', time - $at));
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'inventory worker' AND datname = 'postgres'}), '1', 'with one worker');

# A run that is cut off leaves nothing, and is run again.
$node->safe_psql('postgres', q{SELECT inventory.schedule_job('cut', '1 year', 'INSERT INTO public.seen (note) VALUES (''cut''); SELECT pg_catalog.pg_sleep(0.7)'); UPDATE inventory.job SET next_run_at = now() WHERE name = 'cut'});
ok(poll(q{SELECT last_status = 'RUNNING' FROM inventory.job_status WHERE name = 'cut'}), 'a run is under way');
$pid = worker_pid('postgres');
$at = time;
kill 'KILL', $pid;
# Until the postmaster knows, and then without a statement: psql does not read one where it cannot connect.
usleep(10_000) while kill 0, $pid;
$node->poll_query_until('postgres', undef, '') or die 'the server does not come back';
ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM inventory.job_run WHERE job_name = 'cut' AND status = 'SUCCEEDED'}), 'after kill -9 the server and the worker come back');
cmp_ok(time - $at, '<', 8, sprintf('and the run is done after %.1f s', time - $at));
is($node->safe_psql('postgres', q{SELECT string_agg(status || coalesce(' ' || regexp_replace(reason, '\d+', 'N'), ''), ', ' ORDER BY run_id) FROM inventory.job_run WHERE job_name = 'cut'}), 'CRASHED, SUCCEEDED again: run N did not finish', 'it was run again, once');
is($node->safe_psql('postgres', q{SELECT count(*), (SELECT consecutive_failures FROM inventory.job_status WHERE name = 'cut') FROM seen WHERE note = 'cut'}), '1|0', 'and did its work once');
is($node->safe_psql('postgres', q{SELECT * FROM inventory.verify_ledger()}), '', 'the invariants hold');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'inventory worker' AND datname = 'postgres'}), '1', 'there is one worker');

# A job that kills the worker each time does not do so without a pause.
$node->safe_psql('postgres', q{SELECT inventory.schedule_job('killer', '1 second', 'SELECT pg_catalog.pg_terminate_backend(pg_catalog.pg_backend_pid())')});
ok(poll(q{SELECT count(*) >= 2 FROM inventory.job_run WHERE job_name = 'killer' AND status = 'CRASHED'}), 'a job that ends the worker is run again');
ok(poll(q{SELECT consecutive_failures >= 2 AND next_run_at >= last_finished_at + interval '1.9 seconds' FROM inventory.job_status WHERE name = 'killer'}), 'then it is backed off');
$node->safe_psql('postgres', q{SELECT inventory.unschedule_job('killer')});

# A run missed while the server was down; old records.
$node->safe_psql('postgres', q{
SELECT inventory.alter_job('cut', enabled => false);
SELECT inventory.schedule_job('missed', '1 year', 'INSERT INTO public.seen (note) VALUES (''missed'')');
INSERT INTO inventory.job_run (job_name, run_as, status, started_at, finished_at) SELECT 'old', 'x', 'SUCCEEDED', now() - interval '31 days', now() - interval '31 days' FROM generate_series(1, 3)});
$node->safe_psql('postgres', q{SELECT inventory.worker_stop()});
$node->safe_psql('postgres', q{UPDATE inventory.job SET schedule = '1 hour', next_run_at = now() - interval '150 minutes' WHERE name = 'missed'});
$at = time;
$node->stop('fast');
cmp_ok(time - $at, '<', 4, sprintf('a fast shutdown takes %.1f s', time - $at));
$node->start;
ok(poll(q{SELECT count(*) = 1 FROM seen WHERE note = 'missed'}), 'a run that was missed while the server was down is run');
is($node->safe_psql('postgres', q{SELECT status, reason ~ '^late by 90\d\d s: the server was not running; more that came due since, left out: 2$', next_run_at > now() FROM inventory.job_run, inventory.job WHERE job_name = 'missed' AND name = 'missed'}), 'SUCCEEDED|t|t', 'once, with the reason');
ok(poll(q{SELECT count(*) = 1 FROM inventory.job_run WHERE job_name = 'old'}), 'old records are purged, but for the last of a job');

# DROP EXTENSION and CREATE EXTENSION again.
$pid = worker_pid('postgres');
$node->safe_psql('postgres', 'DROP EXTENSION inventory');
wait_for(sub { log_count(qr/the extension is gone/) == 1 }, 'the worker says that the extension is gone');
$node->safe_psql('postgres', q{CREATE EXTENSION inventory; SELECT inventory.schedule_job('good', '1 second', 'SELECT 1')});
ok(poll(q{SELECT count(*) > 0 FROM inventory.job_run WHERE job_name = 'good' AND status = 'SUCCEEDED'}), 'and goes on when it is there again');
is(worker_pid('postgres'), $pid, 'it is the same one');

# Another database comes and goes.
$node->safe_psql('postgres', 'CREATE DATABASE shop');
$node->safe_psql('shop', q{CREATE EXTENSION inventory; SELECT inventory.schedule_job('good', '1 second', 'SELECT 1')});
ok($node->poll_query_until('shop', q{SELECT count(*) > 0 FROM inventory.job_run WHERE job_name = 'good'}), 'a database that is created gets its worker');
my $last;
is($node->safe_psql('shop', 'SELECT inventory.worker_stop()'), 't', 'worker_stop()');
is($node->safe_psql('shop', 'SELECT inventory.worker_stop()'), 'f', 'there is none any more');
$last = $node->safe_psql('postgres', q{SELECT max(run_id) FROM inventory.job_run});
ok(poll(qq{SELECT count(*) = 5 FROM inventory.job_run WHERE run_id BETWEEN $last + 1 AND $last + 5}), 'while the worker of another database goes on');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE datname = 'shop'}), '0', 'it stays away');
is($node->safe_psql('shop', 'SELECT inventory.worker_start()'), 't', 'worker_start()');
is($node->safe_psql('shop', 'SELECT inventory.worker_start()'), 'f', 'there is one already');
$node->safe_psql('shop', 'SELECT inventory.worker_stop()');
$node->safe_psql('postgres', 'DROP DATABASE shop');
pass('DROP DATABASE works without the worker');
$node->safe_psql('postgres', 'CREATE DATABASE shop');
ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE datname = 'shop' AND backend_type = 'inventory worker'}), 'one of the same name is another database');
$node->safe_psql('postgres', 'DROP DATABASE shop WITH (FORCE)');
pass('DROP DATABASE ... WITH (FORCE) works with it');

# The setting can be changed.
$node->append_conf('postgresql.conf', "inventory.databases = ''");
$node->reload;
ok($node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'inventory worker'}), 'a database that is no longer named loses its worker');
$node->append_conf('postgresql.conf', "inventory.databases = 'postgres'");
$node->reload;
ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'inventory worker'}), 'and gets it back');

# A standby waits, and works once it is promoted.
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
is($standby->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type ~ 'inventory'}), '0', 'nothing runs on a standby');
(undef, undef, $stderr) = $standby->psql('postgres', 'SELECT inventory.worker_start()');
like($stderr, qr/cannot execute inventory\.worker_start\(\) during recovery/, 'nor can it be started there');
$node->stop('fast');
$standby->promote;
$last = $standby->safe_psql('postgres', q{SELECT max(run_id) FROM inventory.job_run});
$at = time;
ok($standby->poll_query_until('postgres', qq{SELECT count(*) > 0 FROM inventory.job_run WHERE run_id > $last AND status = 'SUCCEEDED'}), 'the worker starts at promotion');
note(sprintf('%.1f s after promotion', time - $at));
$at = time;
$standby->stop('fast');
cmp_ok(time - $at, '<', 4, 'a fast shutdown ends at once');

# Without preloading.
$standby->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$standby->start;
is($standby->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type ~ 'inventory'}), '0', 'a server that does not preload the library has no worker');
is($standby->safe_psql('postgres', 'SELECT inventory.worker_start()'), 't', 'but can start one');
$last = $standby->safe_psql('postgres', q{SELECT max(run_id) FROM inventory.job_run});
ok($standby->poll_query_until('postgres', qq{SELECT count(*) > 0 FROM inventory.job_run WHERE run_id > $last AND status = 'SUCCEEDED'}), 'which works');
$pid = $standby->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'inventory worker'});
$standby->safe_psql('postgres', "SELECT pg_terminate_backend($pid)");
ok($standby->poll_query_until('postgres', qq{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'inventory worker' AND pid <> $pid}), 'and comes back');
is($standby->safe_psql('postgres', 'SELECT inventory.worker_stop()'), 't', 'until it is stopped');
$standby->safe_psql('postgres', 'CREATE DATABASE doomed');
$standby->safe_psql('doomed', q{CREATE EXTENSION inventory; SELECT inventory.schedule_job('good', '1 second', 'SELECT 1'); SELECT inventory.worker_start()});
ok($standby->poll_query_until('doomed', q{SELECT count(*) >= 3 FROM inventory.job_run WHERE job_name = 'good'}), 'another database starts one');
is($standby->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type ~ 'inventory' AND datname = 'postgres'}), '0', 'the one that was stopped stays away');
$standby->safe_psql('postgres', 'DROP DATABASE doomed WITH (FORCE)');
ok($standby->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type ~ 'inventory'}), 'one whose database was dropped ends');
$standby->safe_psql('postgres', 'SELECT inventory.worker_start()');
$last = $standby->safe_psql('postgres', q{SELECT max(run_id) FROM inventory.job_run});
ok($standby->poll_query_until('postgres', qq{SELECT count(*) = 4 FROM inventory.job_run WHERE run_id BETWEEN $last + 1 AND $last + 4}), 'while another one works');
my @attempts = slurp_file($standby->logfile) =~ /FATAL:  database .* does not exist/g;
cmp_ok(scalar @attempts, '<=', 1, 'it does not try to connect again and again');
$standby->stop('fast');

# The server that pg_upgrade starts has none.
$standby->append_conf('postgresql.conf', "shared_preload_libraries = 'inventory'");
my @pg_ctl = ('pg_ctl', '--wait', '--pgdata', $standby->data_dir, '--log', $standby->logfile);
command_ok([ @pg_ctl, '--options', '-b', 'start' ], 'a server in binary upgrade mode');
is($standby->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type ~ 'inventory'}), '0', 'has no worker');
like(slurp_file($standby->logfile), qr/database system is ready to accept connections/, 'though it takes connections');
command_ok([ @pg_ctl, 'stop' ], 'and stops');
done_testing();

sub poll
{
    my ($query) = @_;
    return $node->poll_query_until('postgres', $query);
}

sub wait_for
{
    my ($condition, $name) = @_;
    my $until = time + $PostgreSQL::Test::Utils::timeout_default;
    usleep(50_000) until $condition->() || time > $until;
    ok($condition->(), $name);
}

sub log_count
{
    my ($pattern) = @_;
    my @hits = slurp_file($node->logfile) =~ /$pattern/g;
    return scalar @hits;
}

sub worker_pid
{
    my ($database) = @_;
    return $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'inventory worker' AND datname = '$database'");
}

sub launcher_pid
{
    return $node->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'inventory launcher'});
}

# A session that stays: called with a statement and what its output has to match, it
# waits for that; called with nothing, it ends.
sub PostgreSQL::Test::Cluster::background_psql_compat
{
    my ($self) = @_;
    my ($in, $out, $err) = ('', '', '');
    my $timer = IPC::Run::timer(180);
    my $psql = IPC::Run::start([ 'psql', '-XAtq', '-d', $self->connstr('postgres') ], '<', \$in, '>', \$out, '2>', \$err, $timer);
    return sub {
        my ($statement, $expected) = @_;
        if (!defined $statement)
        {
            $in .= "\\q\n";
            IPC::Run::finish($psql);
            return;
        }
        $out = '';
        $in .= "$statement\n";
        IPC::Run::pump($psql) until $out =~ $expected;
    };
}
