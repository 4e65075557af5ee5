# Where commits wait for the disk, sessions that want one item again and again wait at its
# door, one lets the next in, and nothing is lost by it.

use strict;
use warnings;

use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('hot');
$node->init;
$node->append_conf('postgresql.conf', "fsync = on\ndeadlock_timeout = '50ms'");
$node->start;
$node->safe_psql('postgres', $_) for (
    'CREATE EXTENSION inventory',
    q{INSERT INTO inventory.warehouse (name) VALUES ('W')},
    q{INSERT INTO inventory.product (sku, name) VALUES ('A', 'A'), ('B', 'B')},
    q{SELECT inventory.receive_stock(p, 1, 1000000) FROM generate_series(1, 2) p});

my $script = $node->basedir . '/hot.sql';
PostgreSQL::Test::Utils::append_to_file($script, <<'SQL');
\set product random(1, 2)
SELECT inventory.reserve_stock(1, 1, 1, 'hot');
BEGIN;
SELECT inventory.reserve_stock(1, 1, 2, 'first');
SAVEPOINT s;
SELECT inventory.reserve_stock(2, 1, 1, 'second');
ROLLBACK TO s;
SELECT inventory.receive_stock(:product, 1, 1);
COMMIT;
SQL

# load(COMMIT, SEEN): eight sessions work until a query sees what they wait for; did it?
sub load
{
    my ($commit, $seen) = @_;
    local $ENV{PGOPTIONS} = "-c synchronous_commit=$commit";
    my $load = IPC::Run::start([ 'pgbench', '-n', '-c', '8', '-T', '600', '-f', $script, '-h', $node->host, '-p', $node->port, 'postgres' ], '>', \my $out, '2>', \my $err);
    my $before = $node->safe_psql('postgres', 'SELECT count(*) FROM inventory.reservation');
    my $found = $node->poll_query_until('postgres', $seen);
    $found &&= $node->poll_query_until('postgres', "SELECT count(*) > $before + 500 FROM inventory.reservation");
    $load->signal('TERM');
    eval { $load->finish };
    unlike($err // '', qr/ERROR|WARNING/, "no call fails, synchronous_commit $commit");
    return $found;
}

sub waits { "SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'advisory' AND objsubid = $_[0] AND NOT granted" }

ok(load('on', waits(516)), 'sessions wait at the door');
ok(load('off', waits('ANY (ARRAY[512, 513, 514, 515])')), 'and in lines');
ok($node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_locks WHERE locktype = 'advisory' AND objsubid BETWEEN 512 AND 516}), 'nobody keeps a place');
is($node->safe_psql('postgres', q{SELECT count(*) FROM inventory.inventory_item i WHERE i.quantity_reserved <> (SELECT sum(r.quantity) FROM inventory.reservation r WHERE r.product_id = i.product_id)}), '0', 'what is reserved is what was made');
is($node->safe_psql('postgres', 'SELECT * FROM inventory.verify_ledger()'), '', 'the invariants hold');

done_testing();
