#!/usr/bin/env bash
# Many lines in one call: an order of ten lines next to ten calls, a batch of
# independent lines next to one call and one commit a line, and how large a backend
# gets over a batch of 100,000 lines.
#
# Usage: bench/batch.sh [ROUNDS]      (1,000 orders each)
set -euo pipefail
. "$(dirname "$0")/common.sh"
rounds=${1:-1000}
[[ $rounds =~ ^[1-9][0-9]*$ ]] || wrong_usage
items=20000
batch=1000
large=100000

prepare_bench "postgresql-client-$PG_MAJOR"
start_bench 'synchronous_commit = on'
make_stock stock "$items" 1000000000
run -d stock -v items="$items" <<'SQL'
SELECT count(inventory.reserve_stock(g, 1, 1, 'READY-' || g)) FROM generate_series(1, :items) g \g /dev/null
SELECT count(peer.reserve_stock(g, 1, 1, 'READY-' || g)) FROM generate_series(1, :items) g \g /dev/null
VACUUM ANALYZE;
-- Each in a transaction of its own, ten items far from each other
CREATE PROCEDURE bench.orders(way text, rounds integer) LANGUAGE plpgsql AS $$
DECLARE
    lines jsonb;
    product bigint;
BEGIN
    FOR n IN 1 .. rounds LOOP
        IF way = 'calls' THEN
            FOR k IN 0 .. 9 LOOP
                PERFORM inventory.reserve_stock(1 + n % 2000 + k * 2000, 1, 1, 'CALLS');
            END LOOP;
        ELSE
            lines := (SELECT jsonb_agg(jsonb_build_object('product_id', 1 + n % 2000 + k * 2000, 'warehouse_id', 1, 'quantity', 1)) FROM generate_series(0, 9) k);
            CASE way
                WHEN 'order' THEN PERFORM inventory.reserve_order('ORDER', lines);
                WHEN 'peer' THEN PERFORM peer.reserve_order('ORDER', lines);
                WHEN 'peer_set' THEN PERFORM peer.reserve_order_set('ORDER', lines);
            END CASE;
        END IF;
        COMMIT;
    END LOOP;
END
$$;
SQL
orders() { per "$(PGOPTIONS='-c synchronous_commit=off' cpu stock "CALL bench.orders('$1', $rounds)")" "$rounds" 1000; }
# The rival first and last, so that none of them gets the best of the machine.
calls=$(orders calls)
order=$(orders order)
peer=$(orders peer)
set_peer=$(orders peer_set)
table 'an order of 10 lines' 'µs of CPU' 'ratio' 'target' ''
row '10 × reserve_stock, one transaction' "$calls" 1.00 '' ''
r=$(ratio "$order" "$calls")
row 'reserve_order' "$order" "$r" '≤ 0.50' "$(verdict "$r" most 0.50)"
row 'PL/pgSQL, line by line' "$peer" "$(ratio "$peer" "$calls")" '' ''
row 'PL/pgSQL, a statement a step' "$set_peer" "$(ratio "$set_peer" "$calls")" '' ''

if [ "$(value -d stock -c "SELECT count(*) FROM pg_proc WHERE proname = 'reserve_batch' AND pronamespace = 'inventory'::regnamespace")" = 0 ]; then
    say
    say 'reserve_batch() is not there: batches are skipped.'
    exit 0
fi

# made STATEMENT: how many reservations a function makes, without counting tries
reservations() { value -d stock -c 'SELECT count(*) FROM inventory.reservation'; }
# lines_per_second FILE SECONDS: of a pgbench script with one client
lines_per_second() {
    local before after began ended
    before=$(reservations)
    began=$(date +%s%N)
    pgbench -n -M prepared -c 1 -T "$2" -D items="$items" -f "$1" stock >"$WORK/pgbench.out" 2>&1 || { cat "$WORK/pgbench.out" >&2; die "pgbench failed"; }
    ended=$(date +%s%N)
    after=$(reservations)
    per "$((after - before))" "$((ended - began))" 1000000000
}
cat >"$WORK/single.sql" <<'SQL'
\set product random(1, :items)
SELECT * FROM inventory.reserve_stock(:product, 1, 1, 'SINGLE');
SQL
cat >"$WORK/batch.sql" <<SQL
\\set product random(1, :items)
SELECT b.* FROM (SELECT array_agg(1 + (:product + g * 7) % :items) AS products, array_agg(1::bigint) AS ones, array_agg('BATCH-' || g) AS names FROM generate_series(1, $batch) g) a, inventory.reserve_batch(a.products, a.ones, a.ones, a.names) b;
SQL
single=$(lines_per_second "$WORK/single.sql" 10)
batched=$(lines_per_second "$WORK/batch.sql" 10)
table 'independent lines, synchronous_commit on' 'lines a second' 'ratio'
row 'reserve_stock, one call and one commit a line' "$(whole "$single")" 1.00
row "reserve_batch of $(whole $batch) lines" "$(whole "$batched")" "$(ratio "$batched" "$single")"

# memory: how far the backend of a session grew, in kB, without the shared buffers it touched
cat >"$WORK/memory.sql" <<SQL
SELECT inventory.reserve_stock(1, 1, 1, 'WARM') \\g /dev/null
SELECT substring(pg_read_file('/proc/self/status') FROM 'RssAnon:\\s+(\\d+)') AS before \\gset
CREATE TEMP TABLE request AS SELECT array_agg(1 + g % $items) AS products, array_agg(1::bigint) AS ones, array_agg('BATCH-' || g) AS names FROM generate_series(1, $large::bigint) g;
SELECT substring(pg_read_file('/proc/self/status') FROM 'VmHWM:\\s+(\\d+)') AS ready, bench.wall() AS began \\gset
SELECT count(reservation_id) AS made FROM request a, inventory.reserve_batch(a.products, a.ones, a.ones, a.names) \\gset
SELECT :made, round((bench.wall() - :began) / 1000, 2), round(substring(pg_read_file('/proc/self/status') FROM 'VmHWM:\\s+(\\d+)')::numeric / 1024, 1),
    round((substring(pg_read_file('/proc/self/status') FROM 'RssShmem:\\s+(\\d+)')::numeric) / 1024, 1);
SQL
IFS='|' read -r made took peak shared < <(value -d stock -f "$WORK/memory.sql")
[ "$made" = "$large" ] || die "the batch made $made of $large reservations"
private=$(per "$(less "$peak" "$shared")" 1)
table "a batch of $(whole $large) lines" 'figure' 'target' ''
row 'seconds' "$took" '' ''
row 'peak of the backend, MB' "$peak" '' ''
row 'of that shared buffers, MB' "$shared" '' ''
row 'without them, MB' "$private" '< 100' "$(verdict "$private" most 100)"
check_invariants stock
