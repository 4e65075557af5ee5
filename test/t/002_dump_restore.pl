# A plain dump, loaded into an empty database, is the same inventory.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('dump');
$node->init;
$node->start;
$node->safe_psql('postgres', q{
CREATE EXTENSION inventory;
INSERT INTO inventory.category (name) VALUES ('all');
INSERT INTO inventory.category (name, parent_id) VALUES ('some', 1);
INSERT INTO inventory.product (sku, name, category_id) SELECT 'P' || g, 'Product ' || g, 2 FROM generate_series(1, 5) g;
INSERT INTO inventory.warehouse (name, timezone) VALUES ('North', 'Europe/London'), ('South', 'UTC');
INSERT INTO inventory.root_cause (code, description) VALUES ('MOUSE', 'Eaten');
INSERT INTO inventory.supplier (name) VALUES ('Supplier');
INSERT INTO inventory.product_supplier (product_id, supplier_id, is_preferred) VALUES (1, 1, true);
INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand, reorder_point) SELECT product_id, 1, 100, 99 FROM inventory.product;
INSERT INTO inventory.inventory_item (product_id, warehouse_id) VALUES (1, 2);
SELECT inventory.reserve_stock(1, 1, 10, 'A', idempotency_key => 'k');
SELECT inventory.reserve_stock(2, 1, 10, 'B');
SELECT inventory.fulfill_reservation(1, 4);
SELECT inventory.cancel_reservation(2, 'no longer wanted');
SELECT inventory.adjust_stock(3, 1, -5, 'MOUSE');
UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand + 1 WHERE product_id = 4;
});

my @tables = split /\n/, $node->safe_psql('postgres', q{
SELECT c.oid::regclass FROM pg_class c JOIN pg_depend d ON d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e'
WHERE c.relkind = 'r' ORDER BY 1});
cmp_ok(scalar @tables, '>=', 16, 'the extension has tables');

my $dump = $node->basedir . '/dump.sql';
my $copied = 0;
for my $format ([], ['--inserts'], ['--format=custom'])
{
    my $database = 'restored' . ++$copied;
    $node->safe_psql('postgres', "CREATE DATABASE $database");
    $node->command_ok([ 'pg_dump', @$format, '-f', $dump, 'postgres' ], "pg_dump @$format");
    if (@$format && $format->[0] eq '--format=custom')
    {
        $node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $database, $dump ], 'pg_restore');
    }
    else
    {
        $node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $database, '-f', $dump ], 'psql loads it');
    }
    for my $table (@tables)
    {
        my $query = "SELECT * FROM $table t ORDER BY t::text";
        is($node->safe_psql($database, $query), $node->safe_psql('postgres', $query), "$table is equal");
    }
    is($node->safe_psql($database, 'SELECT * FROM inventory.verify_ledger()'), '', 'the invariants hold after loading');
    is($node->safe_psql($database, q{SELECT reservation_id FROM inventory.reserve_stock(1, 1, 1, 'C')}),
        '3', 'ids go on');
    is($node->safe_psql($database, q{SELECT reservation_id FROM inventory.reserve_stock(1, 1, 10, 'A', idempotency_key => 'k')}),
        '1', 'and so do idempotency keys');
}

$node->stop;
done_testing();
