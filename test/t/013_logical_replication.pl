# A reporting server that follows by logical replication, set up as the example does
# it, has the same stock, ledger and documents, and makes no movement of its own.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $source = PostgreSQL::Test::Cluster->new('source');
$source->init(allows_streaming => 'logical');
$source->append_conf('postgresql.conf', 'wal_level = logical');
$source->start;
my $report = PostgreSQL::Test::Cluster->new('report');
$report->init;
$report->start;

$source->safe_psql('postgres', q{
CREATE EXTENSION inventory;
SET client_min_messages = warning;
CREATE ROLE reporting LOGIN REPLICATION;
INSERT INTO inventory.root_cause (code, description) VALUES ('MOUSE', 'Eaten');
INSERT INTO inventory.category (name) VALUES ('all');
INSERT INTO inventory.category (name, parent_id) VALUES ('some', 1);
INSERT INTO inventory.product (sku, name, category_id) SELECT 'P' || g, 'Product ' || g, 2 FROM generate_series(1, 500) g;
INSERT INTO inventory.warehouse (name, timezone) VALUES ('North', 'Europe/London'), ('South', 'UTC');
INSERT INTO inventory.supplier (name) VALUES ('Supplier');
INSERT INTO inventory.product_supplier (product_id, supplier_id, is_preferred) VALUES (1, 1, true);
INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand, reorder_point) SELECT product_id, 1, 100, 99 FROM inventory.product;
});
work($source, 'first');

# The first copy, while the source goes on.
command_ok([ 'psql', '-X', '-q', '-d', $source->connstr('postgres'), '-v', 'role=reporting', '-f', 'examples/reporting_replica/publisher.sql' ], 'publisher.sql');
command_ok([ 'psql', '-X', '-q', '-d', $report->connstr('postgres'), '-v', 'source=' . $source->connstr('postgres') . ' user=reporting', '-f', 'examples/reporting_replica/subscriber.sql' ], 'subscriber.sql');
work($source, 'while it is copied');
$report->wait_for_subscription_sync($source, 'inventory_reporting');
my @tables = split /\n/, $report->safe_psql('postgres', 'SELECT srrelid::regclass FROM pg_subscription_rel ORDER BY 1');
cmp_ok(scalar @tables, '>=', 22, 'tables are replicated');
is($source->safe_psql('postgres', q{
SELECT c.relname FROM pg_class c JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid AND e.extname = 'inventory'
WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p' AND NOT c.relispartition AND c.oid::regclass::text NOT IN ('} . join("', '", @tables) . q{') ORDER BY 1}),
    "idempotency_key\njob\njob_run", 'all but these');
follows('after the first copy');
is($report->safe_psql('postgres', 'SELECT count(*) FROM inventory.' . $_) > 0, 1, "there is something in $_")
    for qw(stock_level movement_history open_reservation in_transit);

# Changes as they come, by functions and by plain SQL.
work($source, 'streamed');
$source->safe_psql('postgres', q{
UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand + 7 WHERE warehouse_id = 1;
DELETE FROM inventory.inventory_item WHERE version = 0;
DELETE FROM inventory.reservation WHERE status <> 'ACTIVE';
UPDATE inventory.product SET name = 'Another name' WHERE product_id = 7;
DELETE FROM inventory.product_supplier;
TRUNCATE inventory.procurement_notification;
});
follows('after changes of all kinds');

# What happens while the subscription is off, and while the reporting server is down.
$report->safe_psql('postgres', 'ALTER SUBSCRIPTION inventory_reporting DISABLE');
work($source, 'while it is off');
isnt(contents($report), contents($source), 'a subscription that is off does not follow');
$report->safe_psql('postgres', 'ALTER SUBSCRIPTION inventory_reporting ENABLE');
follows('after it was off');
$report->stop('immediate');
work($source, 'while it is down');
$report->start;
follows('after it was down');

# A transaction that comes to nothing, and one of many rows.
$source->safe_psql('postgres', q{
BEGIN; SELECT inventory.adjust_stock(1, 1, 5, 'FOUND'); ROLLBACK;
BEGIN; UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand + 1; SAVEPOINT s; UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand + 1; ROLLBACK TO s; COMMIT;
});
follows('after a rollback');

# What the reporting server keeps to itself.
is($report->safe_psql('postgres', 'SELECT count(*) FROM inventory.idempotency_key'), '0', 'keys stay where they are');
is($report->safe_psql('postgres', 'SELECT count(*) FROM inventory.job WHERE NOT is_builtin'), '0', 'so do jobs');

$report->stop;
$source->stop;
done_testing();

# Something of everything.
sub work
{
    my ($node, $name) = @_;

    $node->safe_psql('postgres', qq{
SET client_min_messages = warning;
SELECT inventory.reserve_stock(1, 1, 2, '$name', idempotency_key => '$name 1', ttl_minutes => 100000);
SELECT inventory.reserve_order('$name order', '[{"product_id": 2, "quantity": 2}, {"product_id": 3, "quantity": 1}]');
SELECT inventory.fulfill_order('$name order');
SELECT inventory.cancel_reservation(r.reservation_id) FROM inventory.reserve_stock(4, 1, 1, '$name') r;
SELECT inventory.adjust_stock(5, 1, -1, 'MOUSE');
SELECT inventory.receive_stock(6, 2, 3);
INSERT INTO inventory.inventory_item (product_id, warehouse_id) VALUES (floor(random() * 400)::bigint + 10, 2) ON CONFLICT DO NOTHING;
UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand + 1 WHERE product_id BETWEEN 10 AND 60 AND warehouse_id = 1;
SELECT inventory.receive_purchase_order(c.po_id, '[{"product_id": 1, "qty": 3}]')
FROM inventory.create_purchase_order(1, 1, '[{"product_id": 1, "qty": 10, "unit_cost": 2.50}]') o, inventory.submit_purchase_order(o.po_id) s, inventory.confirm_purchase_order(s.po_id) c;
SELECT inventory.receive_transfer(transfer_id, '[{"product_id": 8, "qty": 1}]') FROM inventory.transfer_stock(8, 1, 2, 3);
SELECT inventory.record_count(9, 1, quantity_on_hand - 1, 'MOUSE') FROM inventory.inventory_item WHERE product_id = 9 AND warehouse_id = 1;
SELECT inventory.refresh_demand();
INSERT INTO inventory.procurement_notification (payload) VALUES ('{}');
SELECT inventory.schedule_job('$name', '1 day', 'SELECT 1');
});
    return;
}

# The rows of all tables that are replicated, as text.
sub contents
{
    my ($node) = @_;

    return $node->safe_psql('postgres', join(' UNION ALL ', map { "SELECT '$_', t::text FROM $_ t" } @tables) . ' ORDER BY 1, 2');
}

# The reporting server has caught up and is equal.
sub follows
{
    my ($when) = @_;

    $source->wait_for_catchup('inventory_reporting');
    my ($there, $here) = (contents($source), contents($report));
    for my $table (@tables)
    {
        my ($wanted, $found) = map { join "\n", grep { /^\Q$table\E\|/ } split /\n/ } $there, $here;
        is($found, $wanted, "$when: $table is equal");
    }
    is($report->safe_psql('postgres', 'SELECT problem FROM inventory.verify_ledger() UNION ALL SELECT problem FROM inventory.verify_references()'), '', "$when: the invariants hold");
    return;
}
