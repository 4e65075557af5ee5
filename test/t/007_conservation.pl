# Stock is conserved: eight clients do everything at once that moves stock, each
# step writes into a journal of its own what it was told, and at the end the
# journal, the ledger, the levels and the documents tell the same story.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use FindBin;
use lib $FindBin::RealBin;
use Conservation;

my $seed = $ENV{INVENTORY_TEST_SEED} || int(rand(1_000_000_000));
my $clients = 8;
my $steps = 1000;

my $node = PostgreSQL::Test::Cluster->new('conservation');
$node->init;
$node->append_conf('postgresql.conf', "synchronous_commit = off\nclient_min_messages = warning");
$node->start;
install_conservation($node);

# The round trip to COMMIT leaves the others time to run into the locks.
note("seed $seed: INVENTORY_TEST_SEED repeats the draws, though not the order in which the clients take turns");
$node->command_checks_all(
    [
        'pgbench', '-n', '-c', $clients, '-j', 2, '-t', $steps, "--random-seed=$seed",
        '-f', write_script("\\set seed random(0, 1000000000)\nBEGIN;\nSELECT random_step(:seed);\nCOMMIT;"), 'postgres'
    ],
    0, [ qr/^number of failed transactions: 0 /m ], [ qr/^pgbench: setting random seed to $seed\n$/ ],
    $clients * $steps . " random steps by $clients clients");

note(query(q{SELECT format('%-28s %s', operation, string_agg(format('%s %s', outcome, count), ', ' ORDER BY count DESC))
    FROM (SELECT operation, outcome, count(*) FROM step GROUP BY operation, outcome) s GROUP BY operation ORDER BY operation}));
is(query(q{SELECT s.* FROM step s JOIN operation o ON o.name = s.operation WHERE s.outcome <> 'ok' AND s.outcome <> ALL (o.errors)}),
    '', 'no deadlock, and no refusal but the expected ones');
is(query(q{SELECT name FROM operation o WHERE (SELECT count(*) FROM step s WHERE s.operation = o.name AND s.outcome = 'ok') < 10}),
    '', 'every kind of step succeeded at least ten times');
is(query(q{SELECT what FROM (VALUES
        ('IV001', (SELECT count(*) FROM step WHERE outcome = 'IV001')),
        ('IV002', (SELECT count(*) FROM step WHERE outcome = 'IV002')),
        ('a reservation expired', (SELECT count(*) FROM inventory.reservation WHERE close_reason = 'EXPIRED')),
        ('a count cancelled a reservation', (SELECT count(*) FROM inventory.reservation WHERE close_reason = 'COUNT_SHORTFALL')),
        ('a count netted a movement out', (SELECT count(*) FROM inventory.cycle_count c JOIN inventory.stock_movement m USING (movement_id)
            WHERE m.version > c.started_version + 1)),
        ('an order took a product from two warehouses', (SELECT count(*) FROM (SELECT FROM inventory.reservation WHERE reference_type = 'ORDER'
            GROUP BY reference_id, product_id HAVING count(DISTINCT warehouse_id) > 1) s)),
        ('a part of a transfer arrived', (SELECT count(*) FROM inventory.transfer_order_line
            WHERE quantity_received > 0 AND quantity_received < quantity_shipped)),
        ('a part of a transfer was lost', (SELECT count(*) FROM inventory.transfer_order_line WHERE quantity_lost > 0)),
        ('a part of a transfer went back', (SELECT count(*) FROM inventory.transfer_order_line WHERE quantity_returned > 0)),
        ('a line of a purchase order came in parts', (SELECT count(*) FROM (SELECT FROM inventory.purchase_receipt
            GROUP BY po_id, line_no HAVING count(*) > 1) s))
    ) AS seen(what, times) WHERE times = 0}),
    '', 'and everything that is worth seeing happened');
check_conservation($node, 'under way');

$node->safe_psql('postgres', 'CALL finish()');
is(query(q{SELECT 'transfer', transfer_id FROM inventory.transfer_order WHERE status IN ('PENDING', 'IN_TRANSIT')
    UNION ALL SELECT 'purchase order', po_id FROM inventory.purchase_order WHERE status NOT IN ('RECEIVED', 'CANCELLED')
    UNION ALL SELECT 'reservation', reservation_id FROM inventory.reservation WHERE status = 'ACTIVE'
    UNION ALL SELECT 'on the way', transfer_id FROM inventory.in_transit
    UNION ALL SELECT 'held of', item_id FROM inventory.inventory_item WHERE quantity_reserved <> 0}),
    '', 'everything that was open can be ended, and nothing stays behind');
check_conservation($node, 'ended');

$node->stop;
done_testing();

sub query
{
    my ($sql) = @_;
    return $node->safe_psql('postgres', $sql);
}

sub write_script
{
    my ($text) = @_;
    my $file = $node->basedir . '/script.sql';
    open my $handle, '>', $file or die "$file: $!";
    print $handle "$text\n";
    close $handle;
    return $file;
}
