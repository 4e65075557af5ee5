# A dump, however it is made and loaded, is the same inventory, and one of that is
# the same again.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('dump');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION inventory; ' . slurp_file('test/every_table.sql'));
is($node->safe_psql('postgres', q{
SELECT (SELECT string_agg(DISTINCT status::text, ' ' ORDER BY status::text) FROM inventory.purchase_order),
    (SELECT string_agg(DISTINCT status::text, ' ' ORDER BY status::text) FROM inventory.transfer_order),
    (SELECT bool_or(superseded_by IS NOT NULL) AND bool_or(movement_id IS NOT NULL) AND bool_or(delta = 0)
        AND bool_or(started_at IS NOT NULL AND counted_at IS NULL) AND bool_or(velocity_class IS NOT NULL) FROM inventory.cycle_count)}),
    'CANCELLED CONFIRMED DRAFT RECEIVED SUBMITTED|CANCELLED IN_TRANSIT PENDING RECEIVED|t', 'there is a document in every state');

my @tables = split /\n/, $node->safe_psql('postgres', q{
SELECT c.oid::regclass FROM pg_class c JOIN pg_depend d ON d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e'
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
    -- What is staged for an import is a copy of files, and is in no dump.
    AND c.relname !~ '^import_' ORDER BY 1});
cmp_ok(scalar @tables, '>=', 26, 'the extension has tables');
my $original = contents('postgres');
ok($original->{$_}, "there is something in $_") for @tables;
my ($next_reservation, $next_purchase, $next_transfer, $next_count) = split /\|/, $node->safe_psql('postgres', q{
SELECT (SELECT max(reservation_id) FROM inventory.reservation) + 1, (SELECT max(po_id) FROM inventory.purchase_order) + 1,
    (SELECT max(transfer_id) FROM inventory.transfer_order) + 1, (SELECT max(count_id) FROM inventory.cycle_count) + 1});

my $movements = $node->safe_psql('postgres', 'SELECT count(*) FROM inventory.stock_movement');

# How a dump is made and loaded. Of the data alone it is loaded into a database
# that has the extension and nothing else: not the months of the past, so the ledger
# goes in through its root, and what was retired stays out.
my @data_alone = ('--load-via-partition-root', '--exclude-table-data=inventory.stock_movement_2026_01');
my @ways = (
    { name => 'a plain dump', dump => [] },
    { name => 'a plain dump with INSERT', dump => ['--inserts'] },
    { name => 'a custom dump', dump => ['--format=custom'], restore => [] },
    { name => 'a custom dump, in parallel', dump => ['--format=custom'], restore => ['--jobs=4'] },
    { name => 'a directory dump, both in parallel', dump => [ '--format=directory', '--jobs=4' ], restore => ['--jobs=4'] },
    { name => 'the data alone', dump => [ '--data-only', @data_alone ], extension => 1 },
    { name => 'the data alone, in parallel', dump => [ '--data-only', '--format=custom', @data_alone ], restore => [ '--data-only', '--jobs=4' ], extension => 1 },
    { name => 'the data of a whole dump, in parallel', dump => [ '--format=custom', @data_alone ], restore => [ '--data-only', '--jobs=4' ], extension => 1 });

# In parallel the order is whatever it happens to be: also the worst one, in which
# what is referred to always comes last.
push @ways, { name => 'a custom dump in the worst order', dump => ['--format=custom'], restore => ['--jobs=2'], order => \&children_first };

my $number = 0;
for my $way (@ways)
{
    my $restored = 'restored' . ++$number;
    my $again = $restored . '_again';

    carry('postgres', $restored, $way);
    carried($restored, $way->{name});
    # A dump of what was restored is as good as the first one.
    carry($restored, $again, $way);
    carried($again, "$way->{name}, twice");
    goes_on($again);
}

# Between two databases that know no other months than a new one, the data alone
# need no more than that.
$node->safe_psql('postgres', 'CREATE DATABASE young');
$node->safe_psql('young', q{
CREATE EXTENSION inventory;
INSERT INTO inventory.product (sku, name) VALUES ('A', 'A');
INSERT INTO inventory.warehouse (name) VALUES ('W');
SELECT inventory.receive_stock(1, 1, 10), inventory.receive_stock(1, 1, 5);
});
carry('young', 'younger', { dump => ['--data-only'], extension => 1 });
is($node->safe_psql('younger', 'SELECT m::text FROM inventory.stock_movement m ORDER BY version'),
    $node->safe_psql('young', 'SELECT m::text FROM inventory.stock_movement m ORDER BY version'), 'the data alone of a young ledger');
is($node->safe_psql('younger', 'SELECT * FROM inventory.verify_ledger()'), '', 'which is sound');

# A row whose parent is not in the dump is loaded, and found afterwards.
$node->safe_psql('postgres', 'CREATE DATABASE orphaned');
$node->command_ok([ 'pg_dump', '--exclude-table-data=inventory.supplier', '-f', $node->basedir . '/orphaned.sql', 'postgres' ], 'pg_dump without the suppliers');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', 'orphaned', '-f', $node->basedir . '/orphaned.sql' ], 'psql loads it');
is($node->safe_psql('orphaned', 'SELECT table_name, column_name, value, problem FROM inventory.verify_references() ORDER BY 1'),
    "product_supplier|supplier_id|1|not present in table supplier\npurchase_order|supplier_id|1|not present in table supplier", 'what refers to them is found');

$node->stop;
done_testing();

# Dumps one database and loads it into another that this makes.
sub carry
{
    my ($from, $to, $way) = @_;
    my $dump = $node->basedir . "/$to.dump";
    my @restore = defined $way->{restore} ? @{ $way->{restore} } : ();

    $node->safe_psql('postgres', "CREATE DATABASE $to");
    $node->safe_psql($to, 'CREATE EXTENSION inventory') if $way->{extension};
    $node->command_ok([ 'pg_dump', @{ $way->{dump} }, '-f', $dump, $from ], "pg_dump @{ $way->{dump} }");
    push @restore, '--use-list=' . $way->{order}->($dump) if $way->{order};
    if (defined $way->{restore})
    {
        $node->command_ok([ 'pg_restore', '--exit-on-error', @restore, '-d', $to, $dump ], "pg_restore @{ $way->{restore} }");
    }
    else
    {
        $node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $to, '-f', $dump ], 'psql loads it');
    }
    return;
}

# The list of a dump with the data of tables in such an order that those which refer
# to others come first.
sub children_first
{
    my ($dump) = @_;
    my @order = qw(purchase_receipt procurement_notification purchase_order_line transfer_order_line item_planning cycle_count
        product_supplier inventory_item purchase_order transfer_order product category warehouse supplier);
    my %place = map { $order[$_] => $_ + 1 } 0 .. $#order;
    my ($list) = run_command([ 'pg_restore', '--list', $dump ]);
    my @lines = split /\n/, $list;
    my $place = sub { my ($table) = $_[0] =~ /TABLE DATA inventory (\w+)/; return $table && $place{$table} ? $place{$table} : 0; };
    my $file = "$dump.list";

    PostgreSQL::Test::Utils::append_to_file($file, join("\n", sort { $place->($a) <=> $place->($b) } @lines) . "\n");
    return $file;
}

# The rows of each table, as text.
sub contents
{
    my ($database) = @_;
    my %rows;
    my $query = join ' UNION ALL ', map { "SELECT '$_', t::text FROM $_ t" } @tables;

    for my $line (split /\n/, $node->safe_psql($database, "$query ORDER BY 1, 2"))
    {
        my ($table, $row) = split /\|/, $line, 2;
        $rows{$table} .= "$row\n";
    }
    return \%rows;
}

# A database has exactly what the first one has.
sub carried
{
    my ($database, $name) = @_;

    my $there = contents($database);

    is($there->{$_}, $original->{$_}, "$name: $_ is equal") for @tables;
    is($node->safe_psql($database, 'SELECT count(*) FROM inventory.stock_movement'), $movements, "$name: loading moves nothing");
    is($node->safe_psql($database, 'SELECT * FROM inventory.verify_ledger()'), '', "$name: the invariants hold");
    is($node->safe_psql($database, 'SELECT * FROM inventory.verify_references()'), '', "$name: what is referred to is there");
    for my $query (q{INSERT INTO inventory.product (sku, name, category_id) VALUES ('N', 'N', 999)}, 'DELETE FROM inventory.supplier')
    {
        my (undef, undef, $stderr) = $node->psql($database, "\\set VERBOSITY sqlstate\n$query");
        like($stderr, qr/23503/, "$name: and has to be");
    }
    return;
}

# Everything goes on where it was.
sub goes_on
{
    my ($database) = @_;

    is($node->safe_psql($database, q{SELECT reservation_id FROM inventory.reserve_stock(1, 1, 1, 'C')}),
        $next_reservation, 'ids go on');
    is($node->safe_psql($database, q{SELECT reservation_id FROM inventory.reserve_stock(1, 1, 10, 'A', idempotency_key => 'k')}),
        '1', 'and so do idempotency keys');
    is($node->safe_psql($database, q{SELECT string_agg(product_id || ' ' || quantity, ', ')
            FROM inventory.reserve_order('O-1', '[{"product_id": 3, "quantity": 2}, {"product_id": 1, "warehouse_id": 1, "quantity": 3}]', idempotency_key => 'order key')}),
        '3 2, 1 3', 'those of orders too');
    is($node->safe_psql($database, q{SELECT po_id, status FROM inventory.receive_purchase_order(4)
            UNION ALL SELECT po_id, status FROM inventory.create_purchase_order(1, 1, '[{"product_id": 1, "qty": 1}]')}),
        "4|RECEIVED\n$next_purchase|DRAFT", 'purchase orders go on');
    is($node->safe_psql($database, q{SELECT transfer_id, status FROM inventory.receive_transfer(3)
            UNION ALL SELECT transfer_id, status FROM inventory.ship_transfer(1)
            UNION ALL SELECT transfer_id, status FROM inventory.transfer_stock(5, 1, 2, 1)}),
        "3|RECEIVED\n1|IN_TRANSIT\n$next_transfer|IN_TRANSIT", 'so do transfers');
    is($node->safe_psql($database, q{SELECT count_id = (SELECT count_id FROM inventory.cycle_count WHERE started_at IS NOT NULL AND counted_at IS NULL), delta FROM inventory.record_count(3, 1, 90, 'MOUSE')
            UNION ALL SELECT count_id = } . $next_count . q{, delta FROM inventory.record_count(5, 2, 0)}),
        "t|-5\nt|0", 'and counts');
    is($node->safe_psql($database, q{SELECT run_id, status FROM inventory.run_job('mine')}), '2|SUCCEEDED', 'jobs too');
    is($node->safe_psql($database, 'SELECT * FROM inventory.verify_ledger()'), '', 'and the invariants still hold');
    return;
}
