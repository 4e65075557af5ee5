# Sixteen clients and far more tries than units: exactly the units are sold.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use IPC::Run ();

my $node = PostgreSQL::Test::Cluster->new('stress');
$node->init;
$node->append_conf('postgresql.conf', 'synchronous_commit = off');
$node->start;
$node->safe_psql('postgres', q{
CREATE EXTENSION inventory;
INSERT INTO inventory.product (sku, name) VALUES ('HOT', 'The one everybody wants');
INSERT INTO inventory.warehouse (name) VALUES ('Only');
SELECT inventory.receive_stock(1, 1, 1000);
CREATE FUNCTION try_reserve() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM inventory.reserve_stock(1, 1, 1, 'stress');
    RETURN true;
EXCEPTION WHEN SQLSTATE 'IV001' THEN
    RETURN false;
END
$$;
});

$node->command_ok(
    [ 'pgbench', '-n', '-c', '16', '-j', '2', '-t', '3750', '-f', write_script('SELECT try_reserve();'), 'postgres' ],
    '60,000 tries by 16 clients');

is($node->safe_psql('postgres', 'SELECT count(*), sum(quantity) FROM inventory.reservation WHERE status = $$ACTIVE$$'),
    '1000|1000', 'exactly 1,000 units are reserved');
is($node->safe_psql('postgres', 'SELECT quantity_on_hand, quantity_reserved, quantity_available FROM inventory.inventory_item'),
    '1000|1000|0', 'the level says the same');
is($node->safe_psql('postgres', 'SELECT * FROM inventory.verify_ledger()'), '', 'the invariants hold');

# The same with sales, cancellations, receipts and plain updates mixed.
$node->safe_psql('postgres', q{
INSERT INTO inventory.product (sku, name) SELECT 'P' || g, 'Product ' || g FROM generate_series(1, 4) g;
SELECT inventory.receive_stock(p.product_id, 1, 50) FROM inventory.product p WHERE p.sku LIKE 'P%';
CREATE FUNCTION random_step() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    product bigint := 2 + floor(random() * 4);
    chosen bigint;
BEGIN
    SELECT reservation_id INTO chosen FROM inventory.reservation
    WHERE product_id = product AND status = 'ACTIVE' ORDER BY random() LIMIT 1;
    CASE floor(random() * 8)::int
        WHEN 0, 1, 2 THEN PERFORM inventory.reserve_stock(product, 1, 1 + floor(random() * 5)::bigint, 'mix');
        WHEN 3 THEN PERFORM inventory.fulfill_reservation(chosen, 1);
        WHEN 4 THEN PERFORM inventory.fulfill_reservation(chosen);
        WHEN 5 THEN PERFORM inventory.cancel_reservation(chosen);
        WHEN 6 THEN PERFORM inventory.adjust_stock(product, 1, floor(random() * 9)::bigint - 4, 'OTHER');
        ELSE UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand + 1 WHERE product_id = product;
    END CASE;
EXCEPTION WHEN SQLSTATE 'IV001' OR SQLSTATE 'IV002' OR invalid_parameter_value THEN
    NULL;
END
$$;
});
$node->command_ok(
    [ 'pgbench', '-n', '-c', '16', '-j', '2', '-t', '300', '-f', write_script('SELECT random_step();'), 'postgres' ],
    '4,800 random steps by 16 clients');
is($node->safe_psql('postgres', 'SELECT * FROM inventory.verify_ledger()'), '', 'the invariants hold');
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM inventory.stock_movement WHERE product_id > 1'), '>', 1000,
    'and a lot has moved');
is($node->safe_psql('postgres', q{
        SELECT count(*) FROM inventory.inventory_item i
        WHERE quantity_on_hand <> (SELECT sum(quantity) FROM inventory.stock_movement m WHERE m.product_id = i.product_id)}),
    '0', 'each level is the sum of its movements');

# An item is wanted by many, also by the foreign keys of somebody's table: nobody waits for who waits for him.
$node->safe_psql('postgres', q{
CREATE TABLE note (item_id bigint REFERENCES inventory.inventory_item);
SELECT inventory.receive_stock(1, 1, 1000000);
});
my ($sell, $refer) = (write_script(q{BEGIN;
SELECT reservation_id AS id FROM inventory.reserve_stock(1, 1, 1, 'sold') \gset
SELECT inventory.fulfill_reservation(:id);
COMMIT;}, 'sell'), write_script('INSERT INTO note VALUES (1);', 'refer'));
for my $commit (qw(off on))
{
    $node->append_conf('postgresql.conf', "fsync = $commit\nsynchronous_commit = $commit\ndeadlock_timeout = 100ms");
    $node->reload;
    $node->command_like([ 'pgbench', '-n', '-c', '8', '-j', '2', '-t', '300', '-f', "$sell\@4", '-f', "$refer\@1", 'postgres' ],
        qr/number of transactions actually processed: 2400\/2400\nnumber of failed transactions: 0 /, "a hot item that is referred to, commits wait for the disk: $commit");
}
is($node->safe_psql('postgres', 'SELECT * FROM inventory.verify_ledger()'), '', 'the invariants hold');

# What is known of tables is to be thrown away all the time: whatever changes in the catalogue may concern it.
my $storm = IPC::Run::start([ 'pgbench', '-n', '-c', '4', '-T', '600', '-f', write_script("CREATE OR REPLACE FUNCTION storm_:client_id() RETURNS integer LANGUAGE sql AS 'SELECT 1';", 'storm'), '-h', $node->host, '-p', $node->port, 'postgres' ],
    '>', \my $said, '2>', \my $complained);
$node->command_ok([ 'pgbench', '-n', '-c', '4', '-j', '2', '-t', '500', '-f', $sell, 'postgres' ], 'sales while functions are replaced all the time');
$storm->signal('TERM');
$storm->finish;
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_proc WHERE proname LIKE 'storm_%'}), '4', 'which they were');
is($node->safe_psql('postgres', 'SELECT * FROM inventory.verify_ledger()'), '', 'the invariants hold');

$node->stop;
done_testing();

sub write_script
{
    my ($text, $name) = (@_, 'script');
    my $file = $node->basedir . "/$name.sql";
    open my $handle, '>', $file or die "$file: $!";
    print $handle "$text\n";
    close $handle;
    return $file;
}
