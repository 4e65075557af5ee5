# One statement over many items: a ledger row each, written set-based.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $items = 25_000;

my $node = PostgreSQL::Test::Cluster->new('large');
$node->init;
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_stat_statements'\npg_stat_statements.track = all");
$node->start;
$node->safe_psql('postgres', qq{
CREATE EXTENSION inventory;
CREATE EXTENSION pg_stat_statements;
INSERT INTO inventory.warehouse (name) VALUES ('W');
INSERT INTO inventory.product (sku, name) SELECT 'P' || g, 'P' FROM generate_series(1, $items) g;
INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand) SELECT product_id, 1, 10 FROM inventory.product;
});
is($node->safe_psql('postgres', 'SELECT count(*), min(quantity), max(quantity) FROM inventory.stock_movement'),
    "$items|10|10", 'INSERT of many items');
is($node->safe_psql('postgres', 'SELECT * FROM inventory.verify_ledger()'), '', 'the invariants hold');

$node->safe_psql('postgres', q{
SELECT pg_stat_statements_reset();
UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand - product_id % 3;
});
my $changed = $node->safe_psql('postgres', 'SELECT count(*) FROM inventory.product WHERE product_id % 3 <> 0');
is($node->safe_psql('postgres', 'SELECT count(*), sum(quantity) FROM inventory.stock_movement WHERE version = 2'),
    $changed . '|-' . $node->safe_psql('postgres', 'SELECT sum(product_id % 3) FROM inventory.product'),
    'UPDATE of many items: the changed ones have a movement, the others none');
is($node->safe_psql('postgres', 'SELECT * FROM inventory.verify_ledger()'), '', 'the invariants hold');
cmp_ok($node->safe_psql('postgres', q{SELECT sum(calls) FROM pg_stat_statements WHERE query LIKE 'INSERT INTO inventory.stock_movement%'}),
    '<=', 3, 'few statements wrote them');

$node->stop;
done_testing();
