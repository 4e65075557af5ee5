#!/usr/bin/env bash
# Many lines in one call: an order of ten lines next to ten calls, a batch of
# independent lines next to one call and one commit a line, and how large a backend
# gets over a batch of 100,000 lines.
#
# Usage: bench/batch.sh [ROUNDS]      (5,000: so many orders in each of three runs)
set -euo pipefail
. "$(dirname "$0")/common.sh"
rounds=${1:-5000}
numbers "$rounds"
items=20000
batch=1000
large=100000

prepare_bench "postgresql-client-$PG_MAJOR"
start_bench 'synchronous_commit = on'
make_stock stock "$items" 1000000000
reserve_each stock "$items"

# As an application sends them: prepared statements over one connection, the lines as
# text, each order in a transaction of its own; ten items far from each other.
lines='' calls='BEGIN;' peer_calls='BEGIN;'
for k in 0 1 2 3 4 5 6 7 8 9; do
    product=$((1 + k * 2000))
    lines+="${lines:+, }{\"product_id\": $product, \"warehouse_id\": 1, \"quantity\": 1}"
    calls+=$'\n'"SELECT * FROM inventory.reserve_stock($product, 1, 1, 'CALLS');"
    peer_calls+=$'\n'"SELECT * FROM peer.reserve_stock($product, 1, 1, 'CALLS');"
done
lines="[$lines]"
mkdir "$WORK/scripts"
printf '%s\nCOMMIT;\n' "$calls" >"$WORK/scripts/calls.sql"
printf '%s\nCOMMIT;\n' "$peer_calls" >"$WORK/scripts/peer_calls.sql"
printf "SELECT * FROM inventory.reserve_order('ORDER', :lines::jsonb);\n" >"$WORK/scripts/order.sql"
printf "SELECT * FROM peer.reserve_order('ORDER', :lines::jsonb);\n" >"$WORK/scripts/peer.sql"
printf "SELECT * FROM peer.reserve_order_set('ORDER', :lines::jsonb);\n" >"$WORK/scripts/peer_set.sql"
watch_backends
# orders WAY: least µs of CPU of the backend for an order, of three runs
orders() {
    local before i
    for i in 1 2 3; do
        before=$(cpu_of_backends)
        PGOPTIONS='-c synchronous_commit=off' pgbench -n -M prepared -c 1 -t "$rounds" -D lines="$lines" -f "$WORK/scripts/$1.sql" stock >"$WORK/pgbench.out" 2>&1 || { cat "$WORK/pgbench.out" >&2; die "pgbench failed"; }
        per "$(less "$(cpu_of_backends)" "$before")" "$rounds" 1000
        echo
    done | sort -n | head -n 1
}
calls=$(orders calls)
order=$(orders order)
peer_calls=$(orders peer_calls)
peer=$(orders peer)
set_peer=$(orders peer_set)
table 'an order of 10 lines, sent by a client' 'µs of CPU' 'ratio' 'target' ''
row '10 × reserve_stock, one transaction' "$calls" 1.00 '' ''
r=$(ratio "$order" "$calls")
row 'reserve_order' "$order" "$r" '≤ 0.50' "$(verdict "$r" most 0.50)"
row '10 × PL/pgSQL' "$peer_calls" "$(ratio "$peer_calls" "$calls")" '' ''
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
\\set day random(100000, 999999)
SELECT b.* FROM (SELECT array_agg(1 + (:product + g * 7) % :items) AS products, array_agg(1::bigint) AS ones, array_agg('ORDER-' || :day || '-' || g) AS names FROM generate_series(1, $batch) g) a, inventory.reserve_batch(a.products, a.ones, a.ones, a.names) b;
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
