# An index by which other references are the same, as a DBA makes it for a search, is not
# what fulfill_order and cancel_order find an order by.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('reference');
# ICU wants an encoding that it knows.
$node->init(extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
$node->start;
if ($node->psql('postgres', q{CREATE COLLATION ignoring_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)}) != 0)
{
    plan skip_all => 'the server has no ICU';
}
$node->safe_psql('postgres', $_) for (
    'CREATE EXTENSION inventory',
    q{INSERT INTO inventory.product (sku, name) VALUES ('P', 'P')},
    q{INSERT INTO inventory.warehouse (name) VALUES ('W')},
    'SELECT inventory.receive_stock(1, 1, 10)',
    'CREATE INDEX ON inventory.reservation (reference_id COLLATE ignoring_case)',
    q{SELECT inventory.reserve_stock(1, 1, 1, 'case')},
    q{SELECT inventory.reserve_stock(1, 1, 2, 'CASE')});
is($node->safe_psql('postgres', q{SELECT string_agg(reference_id, ', ') FROM inventory.fulfill_order('CASE')}), 'CASE', 'one order is fulfilled');
is($node->safe_psql('postgres', q{SELECT string_agg(reference_id, ', ') FROM inventory.cancel_order('case')}), 'case', 'the other is there to be cancelled');
$node->safe_psql('postgres', 'DROP INDEX inventory.reservation_reference');
$node->safe_psql('postgres', q{SELECT inventory.reserve_stock(1, 1, 1, r) FROM unnest(ARRAY['more', 'MORE']) r});
is($node->safe_psql('postgres', q{SELECT string_agg(reference_id, ', ') FROM inventory.fulfill_order('MORE')}), 'MORE', 'where it is the only index, too');
$node->stop;
done_testing();
