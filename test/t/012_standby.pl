# A streaming standby answers every question and refuses every change; after its
# promotion everything goes on where it was.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->start;
$primary->safe_psql('postgres', q{
CREATE EXTENSION inventory;
SET client_min_messages = warning;
CREATE ROLE shop LOGIN;
SELECT inventory.grant_access('shop', 'reader');
INSERT INTO inventory.category (name) VALUES ('all');
INSERT INTO inventory.product (sku, name, category_id, unit_cost) SELECT 'P' || g, 'Product ' || g, 1, g FROM generate_series(1, 5) g;
INSERT INTO inventory.warehouse (name, timezone) VALUES ('North', 'Europe/London'), ('South', 'UTC');
INSERT INTO inventory.supplier (name) VALUES ('Supplier');
INSERT INTO inventory.product_supplier (product_id, supplier_id, is_preferred) VALUES (1, 1, true);
INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand, reorder_point) SELECT product_id, 1, 100, 99 FROM inventory.product;
});
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;

# What happens after the backup comes by streaming.
$primary->safe_psql('postgres', q{
SET client_min_messages = warning;
SELECT inventory.reserve_stock(1, 1, 10, 'A', idempotency_key => 'k', ttl_minutes => 100000);
SELECT inventory.reserve_stock(2, 1, 10, 'B', ttl_minutes => 100000);
SELECT inventory.fulfill_reservation(1, 4);
SELECT inventory.adjust_stock(3, 1, -5, 'DAMAGE');
UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand + 1 WHERE product_id = 4;
SELECT inventory.create_purchase_order(1, 1, '[{"product_id": 1, "qty": 10, "unit_cost": 2.50}]', '2030-01-31') FROM generate_series(1, 4);
SELECT inventory.submit_purchase_order(po_id) FROM generate_series(2, 4) po_id;
SELECT inventory.confirm_purchase_order(po_id) FROM generate_series(3, 4) po_id;
SELECT inventory.receive_purchase_order(4, '[{"product_id": 1, "qty": 3}]');
SELECT inventory.create_transfer(1, 2, '[{"product_id": 2, "qty": 3}]') FROM generate_series(1, 3);
SELECT inventory.ship_transfer(transfer_id) FROM generate_series(2, 3) transfer_id;
SELECT inventory.receive_transfer(3, '[{"product_id": 2, "qty": 1}]');
SELECT inventory.close_transfer(3);
SELECT inventory.plan_cycle_counts('2020-01-03');
SELECT inventory.record_count(4, 1, 50, 'THEFT');
SELECT inventory.recompute_policies(30, 0.9);
UPDATE inventory.inventory_item SET reorder_point = 1000 WHERE product_id IN (1, 3);
SELECT inventory.run_replenishment();
SELECT inventory.run_job('refresh_demand');
});
caught_up();

# Every view and every function that only reads, for the owner and for a reader.
my @views = split /\n/, $primary->safe_psql('postgres', q{
SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace = 'inventory'::regnamespace AND c.relkind = 'v' ORDER BY 1});
cmp_ok(scalar @views, '>=', 10, 'there are views');
my @questions = ((map { "SELECT * FROM $_ t ORDER BY t::text" } grep { !/stock_turnover/ } @views),
    # Its means go by the clock.
    'SELECT product_id, warehouse_id, quantity_on_hand, quantity_sold, cost_of_goods_sold FROM inventory.stock_turnover ORDER BY 1, 2',
    'SELECT * FROM inventory.verify_ledger()',
    'SELECT * FROM inventory.verify_references()',
    q{SELECT inventory.on_hand_at(1, 1, '2100-01-01')},
    q{SELECT inventory.movement_at(1, 1, '2100-01-01')},
    q{SELECT * FROM inventory.stock_at('2100-01-01')},
    q{SELECT * FROM inventory.stock_at('2100-01-01', 1, 1, 'occurred')},
    q{SELECT inventory.ledger_digest('2100-01-01')},
    'SELECT count(*) FROM inventory.access_rules()',
    'SELECT inventory.line_items(o) FROM inventory.purchase_order o ORDER BY po_id',
    'SELECT inventory.line_items(t) FROM inventory.transfer_order t ORDER BY transfer_id',
    'SELECT inventory.demand_series(1, 1)',
    q{SELECT * FROM inventory.forecast(inventory.demand_series(1, 1), 'ses')},
    q{SELECT inventory.next_run('5 4 * * *', '2030-01-01 00:00+00')},
    'SELECT inventory.z_value(0.95)');
for my $question (@questions)
{
    my $answer = $primary->safe_psql('postgres', $question);
    is($standby->safe_psql('postgres', $question), $answer, "the standby answers: $question");
    is($standby->safe_psql('postgres', "SET SESSION AUTHORIZATION shop; $question"), $answer, 'a reader too');
}
is($standby->safe_psql('postgres', 'SELECT count(*) > 0 FROM inventory.' . $_), 't', "there is something in $_")
    for qw(stock_level movement_history open_reservation in_transit item_demand replenishment_log job_status);

is($standby->safe_psql('postgres', 'SELECT count(*) FROM inventory.rebuild_stock()'), '0', 'rebuild_stock looks without writing');

# Every function that writes, and plain SQL.
my @changes = (
    q{SELECT inventory.reserve_stock(1, 1, 1, 'no')},
    q{SELECT inventory.reserve_stock(1, 1, 10, 'A', idempotency_key => 'k')},
    q{SELECT inventory.reserve_batch('{1}', '{1}', '{1}', '{B}')},
    'SELECT inventory.fulfill_reservation(1)',
    'SELECT inventory.cancel_reservation(1)',
    'SELECT inventory.extend_reservation(1, 60)',
    'SELECT inventory.expire_reservations()',
    'SELECT inventory.receive_stock(1, 1, 1)',
    'SELECT inventory.return_stock(1, 1, 1)',
    q{SELECT inventory.adjust_stock(1, 1, 1, 'FOUND')},
    q{SELECT inventory.reserve_order('O', '[{"product_id": 1, "quantity": 1}]')},
    q{SELECT inventory.fulfill_order('A')},
    q{SELECT inventory.cancel_order('A')},
    q{SELECT inventory.create_purchase_order(1, 1, '[{"product_id": 1, "qty": 1}]')},
    'SELECT inventory.submit_purchase_order(1)',
    'SELECT inventory.confirm_purchase_order(2)',
    'SELECT inventory.receive_purchase_order(3)',
    'SELECT inventory.cancel_purchase_order(1)',
    q{SELECT inventory.create_transfer(1, 2, '[{"product_id": 1, "qty": 1}]')},
    'SELECT inventory.ship_transfer(1)',
    'SELECT inventory.receive_transfer(2)',
    'SELECT inventory.close_transfer(2)',
    'SELECT inventory.cancel_transfer(1)',
    'SELECT inventory.transfer_stock(1, 1, 2, 1)',
    'SELECT inventory.plan_cycle_counts()',
    'SELECT inventory.start_count(1, 1)',
    'SELECT inventory.record_count(1, 1, 1)',
    'SELECT inventory.refresh_demand()',
    'SELECT inventory.recompute_policies()',
    'SELECT inventory.run_replenishment()',
    'SELECT inventory.acknowledge_notification(1)',
    q{SELECT inventory.schedule_job('mine', '1 minute', 'SELECT 1')},
    q{SELECT inventory.alter_job('refresh_demand', enabled => false)},
    q{SELECT inventory.unschedule_job('refresh_demand')},
    q{SELECT inventory.run_job('refresh_demand')},
    'SELECT inventory.worker_start()',
    q{SELECT inventory.grant_access('shop', 'admin')},
    q{SELECT inventory.revoke_access('shop', 'reader')},
    q{SELECT inventory.access_check_role('shop')},
    q{SELECT inventory.close_period('2001-01-01')},
    q{SELECT inventory.reopen_period('2001-01-01', 'x')},
    'SELECT inventory.make_ledger_partitions()',
    q{SELECT inventory.retire_movements('2001-01-01')},
    'SELECT inventory.rebuild_stock(true)',
    'UPDATE inventory.inventory_item SET quantity_on_hand = 1',
    q{INSERT INTO inventory.product (sku, name) VALUES ('N', 'N')},
    'DELETE FROM inventory.product WHERE product_id = 5',
    'TRUNCATE inventory.category');
for my $change (@changes)
{
    my (undef, undef, $stderr) = $standby->psql('postgres', "\\set VERBOSITY sqlstate\n$change");
    like($stderr, qr/ERROR:  25006/, "the standby refuses: $change");
}
my $called = join ',', map { /inventory\.(\w+)\(/ ? "'$1'" : () } @changes;
# worker_stop has nothing to stop here, worker_pid writes nothing, and pg_cron has to be there first. What is
# staged for an import is unlogged, so that a standby has nothing of it to read or write.
for my $function (qw(import_check import_load import_clear))
{
    my ($code) = $standby->psql('postgres', "SELECT * FROM inventory.$function()");
    isnt($code, 0, "the standby refuses $function");
}
is($standby->safe_psql('postgres', qq{
SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'inventory'::regnamespace AND p.provolatile = 'v' AND p.prorettype <> 'trigger'::regtype
AND has_function_privilege('public', p.oid, 'EXECUTE') IS FALSE AND p.proname NOT IN ($called, 'worker_stop', 'worker_pid', 'ledger_settled_at', 'schedule_with_pg_cron', 'import_check', 'import_load', 'import_clear')}), '', 'no function that writes was left out');

# Promotion, with something under way on the primary.
my $ids = q{SELECT (SELECT max(movement_id) FROM inventory.stock_movement), (SELECT max(reservation_id) FROM inventory.reservation), (SELECT max(po_id) FROM inventory.purchase_order),
    (SELECT max(receipt_id) FROM inventory.purchase_receipt), (SELECT max(transfer_id) FROM inventory.transfer_order), (SELECT max(count_id) FROM inventory.cycle_count),
    (SELECT max(item_id) FROM inventory.inventory_item), (SELECT max(product_id) FROM inventory.product), (SELECT max(run_id) FROM inventory.job_run)};
my $open = $primary->background_psql('postgres');
$open->query_safe(q{BEGIN; SELECT quantity FROM inventory.reserve_stock(5, 1, 100, 'under way')});
caught_up();
my @before = split /\|/, $primary->safe_psql('postgres', $ids);
$primary->stop('immediate');
eval { $open->quit };
$standby->promote;

is(join('|', split /\|/, $standby->safe_psql('postgres', $ids)), join('|', @before), 'all that was committed is there');
is($standby->safe_psql('postgres', 'SELECT quantity_available FROM inventory.stock_level WHERE product_id = 5 AND warehouse_id = 1'), '100', 'and nothing that was not');
$standby->safe_psql('postgres', q{
SET client_min_messages = warning;
SELECT inventory.fulfill_reservation(1);
SELECT inventory.reserve_stock(5, 1, 100, 'C');
SELECT inventory.receive_stock(5, 2, 1);
SELECT inventory.receive_purchase_order(4);
SELECT inventory.create_purchase_order(1, 1, '[{"product_id": 1, "qty": 1}]');
SELECT inventory.receive_transfer(2);
SELECT inventory.transfer_stock(4, 1, 2, 1);
SELECT inventory.record_count(4, 1, 40, 'THEFT');
INSERT INTO inventory.product (sku, name) VALUES ('N', 'N');
SELECT inventory.run_job('refresh_demand');
});
my @after = split /\|/, $standby->safe_psql('postgres', $ids);
cmp_ok($after[$_], '>', $before[$_], 'ids go on') for 0 .. $#before;
is($standby->safe_psql('postgres', q{SELECT reservation_id, quantity_fulfilled FROM inventory.reserve_stock(1, 1, 10, 'A', idempotency_key => 'k', ttl_minutes => 100000)}), '1|10', 'and so do idempotency keys');
is($standby->safe_psql('postgres', q{SELECT table_name FROM inventory.verify_references() UNION ALL SELECT problem FROM inventory.verify_ledger()}), '', 'the invariants hold');

$standby->stop;
done_testing();

sub caught_up
{
    $primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
    return;
}
