# What was acknowledged survives a crash, what was not is gone without a trace.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = PostgreSQL::Test::Cluster->new('crash');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', "fsync = on\nrestart_after_crash = on");
$node->start;
$node->safe_psql('postgres', q{
CREATE EXTENSION inventory;
INSERT INTO inventory.product (sku, name) VALUES ('A', 'A');
INSERT INTO inventory.warehouse (name) VALUES ('W');
SELECT inventory.receive_stock(1, 1, 100);
});
$node->backup('base');

# A backend that is killed in the middle of a transaction takes the server through
# recovery.
my ($in, $out) = ('', '');
my $timer = IPC::Run::timer(180);
my $psql = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ], '<', \$in, '>', \$out, '2>', \my $err, $timer);
$in .= "SELECT 'pid=' || pg_backend_pid();\nBEGIN;\nSELECT quantity FROM inventory.adjust_stock(1, 1, -100, 'OTHER');\n";
IPC::Run::pump($psql) until $out =~ /^-100$/m;
my ($pid) = $out =~ /pid=(\d+)/;
kill 'KILL', $pid;
$in .= "\\q\n";
IPC::Run::finish($psql);
# Until the postmaster knows, and then without a statement: psql does not read one where it cannot connect.
usleep(10_000) while kill 0, $pid;
ok($node->poll_query_until('postgres', undef, ''), 'the server is back');
is(level(), '100|0|1', 'the unfinished adjustment is gone');

# A server that stops at once, with one transaction committed and one not.
$node->safe_psql('postgres', q{SELECT inventory.reserve_stock(1, 1, 7, 'kept')});
$node->stop('immediate');
$node->start;
is(level(), '100|7|1', 'the acknowledged reservation is there');
is($node->safe_psql('postgres', 'SELECT * FROM inventory.verify_ledger()'), '', 'the invariants hold');

# A standby reads, and says why it does not write.
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
is($standby->safe_psql('postgres', 'SELECT quantity_reserved FROM inventory.stock_level'), '7', 'a standby shows the level');
my ($code, $stdout, $stderr) = $standby->psql('postgres', q{\set VERBOSITY sqlstate
SELECT inventory.reserve_stock(1, 1, 1, 'no')});
like($stderr, qr/25006/, 'a standby refuses to reserve');
(undef, undef, $stderr) = $standby->psql('postgres', q{SELECT inventory.reserve_stock(1, 1, 1, 'no')});
like($stderr, qr/cannot execute inventory\.reserve_stock\(\) in a read-only transaction/, 'and says so');
$standby->promote;
is($standby->safe_psql('postgres', q{SELECT quantity FROM inventory.reserve_stock(1, 1, 1, 'yes')}), '1', 'until it is promoted');
is($standby->safe_psql('postgres', 'SELECT * FROM inventory.verify_ledger()'), '', 'the invariants hold there');

$standby->stop;
$node->stop;
done_testing();

sub level
{
    return $node->safe_psql('postgres', 'SELECT quantity_on_hand, quantity_reserved, version FROM inventory.inventory_item');
}
