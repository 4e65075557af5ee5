# Options of a connection are not checked against the encoding of the database;
# what reaches the ledger is, since the ledger could not be mended.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('encoding');
$node->init(extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
$node->start;
$node->safe_psql('postgres', q{
CREATE EXTENSION inventory;
INSERT INTO inventory.product (sku, name) VALUES ('A', 'A');
INSERT INTO inventory.warehouse (name) VALUES ('W');
SELECT inventory.receive_stock(1, 1, 10);
});

my %statement = (
    performed_by => 'SELECT inventory.receive_stock(1, 1, 1)',
    reference_id => 'UPDATE inventory.inventory_item SET quantity_on_hand = 99',
    root_cause => 'UPDATE inventory.inventory_item SET quantity_on_hand = 99');
for my $setting (sort keys %statement)
{
    local $ENV{PGOPTIONS} = "-c inventory.$setting=x\377\376y";
    my ($code, $stdout, $stderr) = $node->psql('postgres', "\\set VERBOSITY sqlstate\n$statement{$setting}");
    like($stderr, qr/22021/, "$setting with bytes that are no text");
}
{
    local $ENV{PGOPTIONS} = "-c inventory.performed_by=J\303\274rgen";
    is($node->safe_psql('postgres', 'SELECT performed_by FROM inventory.receive_stock(1, 1, 1)'), "J\303\274rgen", 'text is taken');
}
is($node->safe_psql('postgres', 'SELECT quantity_on_hand FROM inventory.inventory_item'), '11', 'nothing else has moved');

$node->stop;
done_testing();
