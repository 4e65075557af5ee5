# A session that makes failing and succeeding calls for long does not grow. A
# million failing calls with INVENTORY_TEST_LONG, a tenth of them without.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $calls = $ENV{INVENTORY_TEST_LONG} ? 1_000_000 : 100_000;

my $node = PostgreSQL::Test::Cluster->new('memory');
$node->init;
$node->append_conf('postgresql.conf', "synchronous_commit = off\nshared_buffers = 16MB");
$node->start;
$node->safe_psql('postgres', q{
CREATE EXTENSION inventory;
INSERT INTO inventory.product (sku, name) VALUES ('A', 'A');
INSERT INTO inventory.warehouse (name) VALUES ('W'), ('V');
SELECT inventory.receive_stock(1, 1, 10);
CREATE PROCEDURE fail_often(calls int) LANGUAGE plpgsql AS $$
DECLARE
    failures int := 0;
BEGIN
    FOR i IN 1 .. calls LOOP
        BEGIN
            CASE i % 8
                WHEN 0 THEN PERFORM inventory.reserve_stock(1, 1, 11, 'x');
                WHEN 1 THEN PERFORM inventory.reserve_stock(1, 1, 0, 'x');
                WHEN 2 THEN PERFORM inventory.fulfill_reservation(-1);
                WHEN 3 THEN PERFORM inventory.adjust_stock(1, 1, -1, 'no such cause');
                WHEN 4 THEN PERFORM inventory.reserve_order('x', '[{"product_id": 1, "quantity": 5}, {"product_id": 1, "quantity": 6}]');
                WHEN 5 THEN PERFORM inventory.create_transfer(1, 2, '[{"product_id": 1, "qty": 11}]');
                WHEN 6 THEN PERFORM inventory.record_count(1, 1, 9);
                ELSE PERFORM inventory.receive_stock(1, 1, 9223372036854775807);
            END CASE;
        EXCEPTION WHEN OTHERS THEN
            failures := failures + 1;
        END;
        IF i % 1000 = 0 THEN
            COMMIT;
        END IF;
    END LOOP;
    IF failures <> calls THEN
        RAISE EXCEPTION '% of % calls failed', failures, calls;
    END IF;
END
$$;
CREATE PROCEDURE succeed_often(calls int) LANGUAGE plpgsql AS $$
DECLARE
    made bigint;
BEGIN
    FOR i IN 1 .. calls LOOP
        SELECT reservation_id INTO made FROM inventory.reserve_stock(1, 1, 1, 'x');
        PERFORM inventory.cancel_reservation(made);
        UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand + 1;
        IF i % 100 = 0 THEN
            COMMIT;
        END IF;
    END LOOP;
END
$$;
CREATE PROCEDURE work_on_documents(calls int) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. calls LOOP
        -- A name of its own, since cancelling reads all that an order ever reserved.
        PERFORM inventory.reserve_order('O-' || i, '[{"product_id": 1, "quantity": 2}, {"product_id": 1, "warehouse_id": 1, "quantity": 1}]');
        PERFORM inventory.cancel_order('O-' || i);
        PERFORM inventory.cancel_transfer((inventory.transfer_stock(1, 1, 2, 1)).transfer_id);
        PERFORM inventory.start_count(1, 1);
        PERFORM inventory.record_count(1, 1, 10 + i % 2, 'COUNT_ERROR');
        COMMIT;
    END LOOP;
END
$$;
});

for my $what ([ fail_often => $calls ], [ work_on_documents => $calls / 50 ], [ succeed_often => $calls / 10 ])
{
    my ($procedure, $count) = @$what;

    # The first round warms the caches; both readings come from one session.
    my ($before, $after) = split /\n/, $node->safe_psql('postgres', qq{
        CALL $procedure(2000);
        SELECT sum(used_bytes) FROM pg_backend_memory_contexts;
        CALL $procedure($count);
        SELECT sum(used_bytes) FROM pg_backend_memory_contexts;
    });
    note("$procedure: $count calls, $before bytes before, $after after");
    cmp_ok($after - $before, '<', 128 * 1024, "$procedure: $count calls leave no memory behind");
}

# The session's peak, of which a part is what it touches of the shared buffers.
my $peak = q{(regexp_match(pg_read_file('/proc/self/status'), 'VmHWM:\s+(\d+) kB'))[1]::bigint};
for my $setting ('on', 'off')
{
    my ($before, $held, $after) = split /\n/, $node->safe_psql('postgres', qq{
        SET inventory.fast_path = $setting;
        SELECT inventory.receive_stock(1, 1, 1000000) \\g /dev/null
        SELECT $peak;
        SELECT count(reservation_id) FROM inventory.reserve_batch(
            ARRAY(SELECT 1 FROM generate_series(1, 100000)), ARRAY(SELECT 1 FROM generate_series(1, 100000)),
            ARRAY(SELECT 1 FROM generate_series(1, 100000)), ARRAY(SELECT 'line ' || i FROM generate_series(1, 100000) i));
        SELECT $peak;
    });
    is($held, 100_000, "a batch of 100,000 lines, fast path $setting");
    note("$before kB before, $after kB after");
    cmp_ok($after - $before, '<', 100 * 1024, 'takes less than 100 MB');
}
is($node->safe_psql('postgres', 'SELECT * FROM inventory.verify_ledger()'), '', 'the invariants hold');

$node->stop;
done_testing();
