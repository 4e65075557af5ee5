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

SELECT inventory.reserve_order('O-1', '[{"product_id": 3, "quantity": 2}, {"product_id": 1, "warehouse_id": 1, "quantity": 3}]', idempotency_key => 'order key');
SELECT inventory.reserve_order('O-2', '[{"product_id": 5, "quantity": 4}]');
SELECT inventory.fulfill_order('O-2');

-- Six purchase orders: one in each state, and one of which a part has come in.
SELECT inventory.create_purchase_order(1, 1, '[{"product_id": 1, "qty": 10, "unit_cost": 2.50}, {"product_id": 2, "qty": 5}]', '2030-01-31') FROM generate_series(1, 6);
SELECT inventory.submit_purchase_order(po_id) FROM generate_series(2, 6) po_id;
SELECT inventory.confirm_purchase_order(po_id) FROM generate_series(3, 5) po_id;
SELECT inventory.receive_purchase_order(4, '[{"product_id": 1, "qty": 3, "unit_cost": 2.60}]');
SELECT inventory.receive_purchase_order(5);
SELECT inventory.cancel_purchase_order(6);
INSERT INTO inventory.procurement_notification (po_id, payload) VALUES (1, '{"po_id": 1}');

-- Six transfers: pending, shipped, arrived in part, with a loss, and cancelled before and after they left.
SELECT inventory.create_transfer(1, 2, '[{"product_id": 2, "qty": 3}, {"product_id": 4, "qty": 2}]') FROM generate_series(1, 6);
SELECT inventory.ship_transfer(transfer_id) FROM generate_series(2, 5) transfer_id;
SELECT inventory.receive_transfer(transfer_id, '[{"product_id": 2, "qty": 1}]') FROM generate_series(3, 5) transfer_id;
SELECT inventory.close_transfer(4, 'MOUSE');
SELECT inventory.cancel_transfer(transfer_id) FROM generate_series(5, 6) transfer_id;

-- Counts that are planned, begun, exact, wrong, and made needless by a later one.
INSERT INTO inventory.cycle_count (product_id, warehouse_id, due_on) VALUES (2, 1, '2020-01-01'), (2, 1, '2020-01-02');
SELECT inventory.plan_cycle_counts('2020-01-03');
SELECT inventory.record_count(2, 1, quantity_on_hand) FROM inventory.inventory_item WHERE product_id = 2 AND warehouse_id = 1;
SELECT inventory.start_count(3, 1);
SELECT inventory.record_count(4, 1, 50, 'MOUSE');

-- Demand, a policy that follows from it, and what the scan did about low stock.
INSERT INTO inventory.item_planning (product_id, warehouse_id, forecast_method) VALUES (1, 1, 'tsb');
SELECT inventory.recompute_policies(30, 0.9);
UPDATE inventory.inventory_item SET reorder_point = 1000 WHERE product_id IN (1, 3);
SELECT inventory.run_replenishment();

-- Jobs: built-in ones that were changed, one of a user, and a run.
SELECT inventory.alter_job('expire_reservations', schedule => '5 minutes');
SELECT inventory.alter_job('plan_cycle_counts', schedule => '0 3 * * *', timezone => 'Europe/London', enabled => false);
SELECT inventory.schedule_job('mine', '30 2 * * MON-FRI', 'SELECT 1', 'America/New_York', '1 hour');
SELECT inventory.run_job('mine');
});
is($node->safe_psql('postgres', q{
SELECT (SELECT string_agg(DISTINCT status::text, ' ' ORDER BY status::text) FROM inventory.purchase_order),
    (SELECT string_agg(DISTINCT status::text, ' ' ORDER BY status::text) FROM inventory.transfer_order),
    (SELECT bool_or(superseded_by IS NOT NULL) AND bool_or(movement_id IS NOT NULL) AND bool_or(delta = 0)
        AND bool_or(started_at IS NOT NULL AND counted_at IS NULL) AND bool_or(velocity_class IS NOT NULL) FROM inventory.cycle_count)}),
    'CANCELLED CONFIRMED DRAFT RECEIVED SUBMITTED|CANCELLED IN_TRANSIT PENDING RECEIVED|t', 'there is a document in every state');

my @tables = split /\n/, $node->safe_psql('postgres', q{
SELECT c.oid::regclass FROM pg_class c JOIN pg_depend d ON d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e'
WHERE c.relkind = 'r'
    -- What is staged for an import is a copy of files, and is in no dump.
    AND c.relname !~ '^import_' ORDER BY 1});
cmp_ok(scalar @tables, '>=', 18, 'the extension has tables');
for my $table (@tables)
{
    cmp_ok($node->safe_psql('postgres', "SELECT count(*) FROM $table"), '>', 0, "there is something in $table");
}
my ($next_reservation, $next_purchase, $next_transfer, $next_count) = split /\|/, $node->safe_psql('postgres', q{
SELECT (SELECT max(reservation_id) FROM inventory.reservation) + 1, (SELECT max(po_id) FROM inventory.purchase_order) + 1,
    (SELECT max(transfer_id) FROM inventory.transfer_order) + 1, (SELECT max(count_id) FROM inventory.cycle_count) + 1});

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
}

$node->stop;
done_testing();
