# While others write: what ledger_settled_at says is settled has the same digest and
# the same levels ever after.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use IPC::Run ();

my $node = PostgreSQL::Test::Cluster->new('settled');
$node->init;
$node->append_conf('postgresql.conf', 'max_prepared_transactions = 2');
$node->start;
$node->safe_psql('postgres', q{
CREATE EXTENSION inventory;
INSERT INTO inventory.product (sku, name) SELECT 'P' || g, 'P' FROM generate_series(1, 20) g;
INSERT INTO inventory.warehouse (name) VALUES ('W');
CREATE TABLE noted (at timestamptz, digest bytea, levels text);
});
my $script = $node->basedir . '/receive.sql';
append_to_file($script, "\\set p random(1, 20)\nBEGIN;\nSELECT inventory.receive_stock(:p, 1, 1);\nSELECT inventory.receive_stock(:p, 1, 1);\nCOMMIT;\n"
    . "SELECT reservation_id AS id FROM inventory.reserve_stock(:p, 1, 1, 'order') \\gset\nSELECT inventory.fulfill_reservation(:id);\n");
my $load = IPC::Run::start([ 'pgbench', '-n', '-c', 4, '-T', 600, '-f', $script, '-h', $node->host, '-p', $node->port, 'postgres' ], '>', \my $out, '2>', \my $err);
$node->poll_query_until('postgres', 'SELECT count(*) > 100 FROM inventory.stock_movement');

# Of an item that came into being later, nothing was on hand.
my $levels = q{(SELECT string_agg(product_id || ':' || quantity_on_hand, ' ' ORDER BY product_id) FILTER (WHERE quantity_on_hand <> 0) FROM inventory.stock_at(%s))};
my $note = 'INSERT INTO noted SELECT at, inventory.ledger_digest(at), ' . sprintf($levels, 'at')
    . ' FROM inventory.ledger_settled_at() AS at WHERE at IS NOT NULL';
$node->safe_psql('postgres', join(";\n", ($note) x 100, 'BEGIN ISOLATION LEVEL REPEATABLE READ', $note, 'SELECT pg_sleep(0.1)', ($note) x 10, 'COMMIT'));
$load->signal('TERM');
$load->finish;

cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM noted'), '>', 20, 'times were settled');
cmp_ok($node->safe_psql('postgres', 'SELECT count(DISTINCT digest) FROM noted'), '>', 20, 'and the ledger grew meanwhile');
is($node->safe_psql('postgres', 'SELECT count(*) FROM noted WHERE digest <> inventory.ledger_digest(at)'), '0', 'their digests hold');
is($node->safe_psql('postgres', 'SELECT count(*) FROM noted WHERE levels <> ' . sprintf($levels, 'noted.at')), '0', 'their levels too');

$node->safe_psql('postgres', q{BEGIN; SELECT inventory.receive_stock(1, 1, 1); PREPARE TRANSACTION 'waiting'});
is($node->safe_psql('postgres', 'SELECT inventory.ledger_settled_at() IS NULL'), 't', 'a prepared transaction may have recorded anything');
$node->safe_psql('postgres', q{COMMIT PREPARED 'waiting'});
is($node->safe_psql('postgres', 'SELECT inventory.ledger_settled_at() IS NULL'), 'f', 'until it is gone');
$node->stop;
done_testing();
