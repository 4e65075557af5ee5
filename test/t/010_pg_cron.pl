# The jobs under pg_cron instead of the worker. With INVENTORY_TEST_LONG it waits
# for pg_cron to run one, which takes up to a minute.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('cron');
$node->init;
$node->start;
if ($node->safe_psql('postgres', q{SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_cron'}) eq '0')
{
    $node->stop;
    plan skip_all => 'pg_cron is not installed';
}
my $socket = $node->host;
$node->append_conf('postgresql.conf', qq{
shared_preload_libraries = 'pg_cron'
cron.database_name = 'postgres'
cron.host = '$socket'
});
$node->restart;
$node->safe_psql('postgres', q{
CREATE EXTENSION inventory;
CREATE EXTENSION pg_cron;
CREATE TABLE ran (at timestamptz DEFAULT now());
SELECT inventory.schedule_job('night', '30 2 * * 1-5', 'INSERT INTO public.ran DEFAULT VALUES');
SELECT inventory.schedule_job('london', '30 2 * * *', 'SELECT 1', 'Europe/London');
SELECT inventory.schedule_job('named', '30 2 * * MON', 'SELECT 1');
SELECT inventory.schedule_job('it''s', '90 seconds', 'SELECT 1');
SELECT inventory.schedule_with_pg_cron();
});
is($node->safe_psql('postgres', q{SELECT jobname, schedule, command, database, username = current_user, active FROM cron.job ORDER BY jobname COLLATE "C"}), <<'END' =~ s/\n$//r, 'each job is registered');
inventory.expire_reservations|* * * * *|SELECT inventory.run_job('expire_reservations', if_due => true)|postgres|t|t
inventory.it's|* * * * *|SELECT inventory.run_job('it''s', if_due => true)|postgres|t|t
inventory.ledger_partitions|45 0 * * *|SELECT inventory.run_job('ledger_partitions', if_due => true)|postgres|t|t
inventory.london|* * * * *|SELECT inventory.run_job('london', if_due => true)|postgres|t|t
inventory.named|* * * * *|SELECT inventory.run_job('named', if_due => true)|postgres|t|t
inventory.night|30 2 * * 1-5|SELECT inventory.run_job('night', if_due => true)|postgres|t|t
inventory.plan_cycle_counts|30 0 * * *|SELECT inventory.run_job('plan_cycle_counts', if_due => true)|postgres|t|t
inventory.refresh_demand|15 0 * * *|SELECT inventory.run_job('refresh_demand', if_due => true)|postgres|t|t
inventory.replenishment|0 * * * *|SELECT inventory.run_job('replenishment', if_due => true)|postgres|t|t
END

# Again after a change: what changed is changed, what is gone is removed, what is somebody else's stays.
$node->safe_psql('postgres', q{
SELECT cron.schedule('other', '0 0 * * *', 'SELECT 1');
SELECT inventory.unschedule_job('london');
SELECT inventory.alter_job('night', schedule => '0 4 * * *');
SELECT inventory.schedule_with_pg_cron()});
is($node->safe_psql('postgres', q{SELECT string_agg(jobname || ' ' || schedule, ', ' ORDER BY jobname) FROM cron.job WHERE jobname IN ('other', 'inventory.london', 'inventory.night')}),
    'inventory.night 0 4 * * *, other 0 0 * * *', 'it can be called again');

# What pg_cron runs does what is due, once.
my $command = $node->safe_psql('postgres', q{UPDATE inventory.job SET next_run_at = now() WHERE name = 'night'; SELECT command FROM cron.job WHERE jobname = 'inventory.night'});
$node->safe_psql('postgres', $command) for 1 .. 2;
is($node->safe_psql('postgres', q{SELECT count(*), (SELECT count(*) FROM inventory.job_run WHERE job_name = 'night' AND status = 'SUCCEEDED') FROM ran}), '1|1', 'it runs when it is due, and not again');

SKIP:
{
    skip 'set INVENTORY_TEST_LONG to wait for pg_cron', 1 unless $ENV{INVENTORY_TEST_LONG};
    $node->safe_psql('postgres', q{UPDATE inventory.job SET next_run_at = now() WHERE name = 'it''s'});
    ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM inventory.job_run WHERE job_name = 'it''s' AND status = 'SUCCEEDED'}), 'pg_cron runs it');
}
$node->stop;
done_testing();
