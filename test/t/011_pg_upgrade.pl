# pg_upgrade, with the worker preloaded and its databases named on both sides: nothing
# runs while it is at work, and afterwards everything is there and goes on. From a server
# of the same version, or from the one below the directory INVENTORY_UPGRADE_FROM
# (/usr/lib/postgresql/15, say), which has the extension installed.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $from = $ENV{INVENTORY_UPGRADE_FROM};
my %node;
for my $side (qw(old new))
{
    $node{$side} = PostgreSQL::Test::Cluster->new($side, $from && $side eq 'old' ? (install_path => $from) : ());
    # Both sides have to agree; 18 has them by default.
    $node{$side}->init(extra => ['--data-checksums']);
    $node{$side}->append_conf('postgresql.conf', q{
shared_preload_libraries = 'inventory'
inventory.databases = 'postgres, shop'
log_min_messages = debug1
});
}
my ($old, $new) = @node{qw(old new)};

$old->start;
# As pg_upgrade does from 18 on, which knows no other place.
if ($old->psql('postgres', q{LOAD '$libdir/inventory'}) != 0)
{
    $old->stop;
    plan skip_all => 'the library is not installed where pg_upgrade looks for it';
}
$old->safe_psql('postgres', 'CREATE ROLE nobody; CREATE ROLE clerk; DROP ROLE nobody; CREATE DATABASE shop');
$old->safe_psql('shop', q{
CREATE EXTENSION inventory;
INSERT INTO inventory.warehouse (name) VALUES ('North'), ('South');
INSERT INTO inventory.product (sku, name, unit_cost) SELECT 'SKU-' || i, 'Product ' || i, i FROM generate_series(1, 50) i;
INSERT INTO inventory.supplier (name) VALUES ('S');
INSERT INTO inventory.product_supplier (product_id, supplier_id, is_preferred) SELECT product_id, 1, true FROM inventory.product;
SELECT inventory.receive_stock(product_id, 1 + product_id % 2, 100) FROM inventory.product;
SELECT inventory.reserve_stock(1, 2, 10, 'O-1', idempotency_key => 'k');
SELECT inventory.fulfill_reservation(1, 4);
UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand - 1 WHERE product_id > 10;
SELECT inventory.create_transfer(2, 1, '[{"product_id": 3, "qty": 5}]');
SELECT inventory.ship_transfer(1);
SELECT inventory.record_count(4, 1, 90, 'THEFT');
SELECT inventory.plan_cycle_counts();
SELECT inventory.recompute_policies(30);
UPDATE inventory.inventory_item SET reorder_point = 1000 WHERE product_id < 5;
SELECT inventory.run_replenishment();
INSERT INTO inventory.root_cause (code) VALUES ('MOUSE');
SELECT inventory.alter_job('expire_reservations', schedule => '5 minutes');
SELECT inventory.grant_access('clerk', 'admin');
CREATE TABLE tick (at timestamptz DEFAULT clock_timestamp(), who text DEFAULT current_user);
GRANT INSERT ON tick TO clerk;
SET ROLE clerk;
SELECT inventory.schedule_job('tick', '1 second', 'INSERT INTO public.tick DEFAULT VALUES');
});
ok($old->poll_query_until('shop', 'SELECT count(*) >= 2 FROM tick'), 'the worker works');
$old->safe_psql('shop', 'SELECT inventory.worker_stop()');
is($old->safe_psql('shop', 'SELECT * FROM inventory.verify_ledger()'), '', 'the invariants hold');
my @tables = split /\n/, $old->safe_psql('shop', q{
SELECT c.oid::regclass FROM pg_class c JOIN pg_depend d ON d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e'
WHERE c.relkind = 'r' UNION ALL SELECT 'tick' ORDER BY 1});
cmp_ok(scalar @tables, '>', 20, 'there are tables');
my %contents = map { $_ => contents($old, $_) } @tables;
my $sequence = q{SELECT string_agg(sequencename || ' ' || last_value, ', ' ORDER BY sequencename) FROM pg_sequences WHERE schemaname = 'inventory' AND last_value IS NOT NULL};
my $next = $old->safe_psql('shop', q{SELECT last_value + 1 FROM inventory.reservation_reservation_id_seq});
my $numbers = $old->safe_psql('shop', $sequence);
$old->stop;
like(slurp_file($old->logfile), qr/registering background worker "inventory launcher"/, 'the log would say so');

my ($old_bin, $new_bin) = map { $_->config_data('--bindir') } $old, $new;
chdir $PostgreSQL::Test::Utils::tmp_check;
command_ok([ 'pg_upgrade', '--no-sync', '--retain',
        '--old-datadir', $old->data_dir, '--new-datadir', $new->data_dir, '--old-bindir', $old_bin, '--new-bindir', $new_bin,
        '--socketdir', $new->host, '--old-port', $old->port, '--new-port', $new->port ], 'pg_upgrade');
my @logs = glob($new->data_dir . '/pg_upgrade_output.d/*/log/pg_upgrade_server.log');
is(scalar @logs, 1, 'its servers have a log');
like(slurp_file($logs[0]), qr/database system is ready to accept connections/, 'in which they start');
is(join("\n", slurp_file($logs[0]) =~ /.*background worker (?:process )?"inventory.*/g), '', 'without a launcher or a worker');

# What is there, before the worker comes.
$new->append_conf('postgresql.conf', q{inventory.databases = ''});
$new->start;
for my $table (@tables)
{
    is(contents($new, $table), $contents{$table}, "$table is equal");
}
is($new->safe_psql('shop', $sequence), $numbers, 'so are the sequences');
is($new->safe_psql('shop', 'SELECT * FROM inventory.verify_ledger()'), '', 'the invariants hold');
is($new->safe_psql('shop', q{SELECT reservation_id FROM inventory.reserve_stock(1, 2, 10, 'O-1', idempotency_key => 'k')}), '1', 'keys are known');
cmp_ok($new->safe_psql('shop', q{SELECT reservation_id FROM inventory.reserve_stock(1, 2, 1, 'O-2')}), '>=', $next, 'ids go on');
is($new->safe_psql('shop', q{SELECT j.owner_oid = r.oid FROM inventory.job j JOIN pg_roles r ON r.rolname = 'clerk' WHERE name = 'tick'}), 't', 'the owner of the job is the same');
$new->append_conf('postgresql.conf', q{inventory.databases = 'shop'});
$new->reload;
my $ticks = $new->safe_psql('shop', 'SELECT count(*) FROM tick');
ok($new->poll_query_until('shop', qq{SELECT count(*) > $ticks FROM tick}), 'the worker goes on');
is($new->safe_psql('shop', q{SELECT DISTINCT who FROM tick}), 'clerk', 'as that role');
is($new->safe_psql('shop', 'SELECT * FROM inventory.verify_ledger()'), '', 'and the invariants hold');
$new->stop;
done_testing();

sub contents
{
    my ($server, $table) = @_;
    return $server->safe_psql('shop', "SELECT count(*), md5(string_agg(t::text, ';' ORDER BY t::text)) FROM $table t");
}
