#!/usr/bin/env bash
# Reservations per second that were made, not tried, by function, by the flow of an
# application that sends each statement, by one PL/pgSQL function and by one CTE;
# with 1, 8 and 32 clients, over many items and over one, with and without waiting
# for the disk. Then what a whole transaction costs the server, how many updates of
# items stay heap-only, and multixacts.
#
# Usage: bench/throughput.sh [--long | --quick-disk | SECONDS]      (5 seconds a cell; --long: 30)
#
# --quick-disk asks for one item alone, waiting for a disk that is none: the
# write-ahead log lies in memory, so that a commit waits for as good as nothing.
set -euo pipefail
. "$(dirname "$0")/common.sh"
items=10000
commits='on off' sizes="$items 1" quick=
case ${1:-5} in
    --long) seconds=30 ;;
    --quick-disk) seconds=5 quick=1 commits=on sizes=1 ;;
    *) seconds=${1:-5} ;;
esac
numbers "$seconds"
turns=$((seconds < 5 ? seconds : 5))

prepare_bench "postgresql-client-$PG_MAJOR"
start_bench 'synchronous_commit = on'
[ -z "$quick" ] || move_wal_to_memory
make_stock stock "$items" 1000000000
reserve_each stock "$items"

mkdir "$WORK/scripts"
script() { cat >"$WORK/scripts/$1.sql"; }
script function <<'SQL'
\set product random(1, :items)
SELECT * FROM inventory.reserve_stock(:product, 1, 1, 'ORDER');
SQL
script flow <<'SQL'
\set product random(1, :items)
BEGIN;
SELECT quantity_available AS available FROM peer.inventory_item WHERE product_id = :product AND warehouse_id = 1 FOR UPDATE \gset
\if :available >= 1
UPDATE peer.inventory_item SET quantity_reserved = quantity_reserved + 1 WHERE product_id = :product AND warehouse_id = 1;
INSERT INTO peer.reservation (product_id, warehouse_id, quantity, reference_id, expires_at) VALUES (:product, 1, 1, 'ORDER', clock_timestamp() + interval '30 minutes') RETURNING *;
COMMIT;
\else
ROLLBACK;
\endif
SQL
script plpgsql <<'SQL'
\set product random(1, :items)
SELECT * FROM peer.reserve_stock(:product, 1, 1, 'ORDER');
SQL
script cte <<'SQL'
\set product random(1, :items)
WITH item AS (UPDATE peer.inventory_item SET quantity_reserved = quantity_reserved + 1 WHERE product_id = :product AND warehouse_id = 1 AND quantity_available >= 1 RETURNING product_id, warehouse_id) INSERT INTO peer.reservation (product_id, warehouse_id, quantity, reference_id, expires_at) SELECT product_id, warehouse_id, 1, 'ORDER', clock_timestamp() + interval '30 minutes' FROM item RETURNING *;
SQL
ways='function flow plpgsql cte'
declare -A called=([function]='reserve_stock' [flow]='five statements, prepared' [plpgsql]='PL/pgSQL' [cte]='one CTE')

watch_backends
# Reservations are only inserted: the sequence would count those rolled back too.
reservations() { value -d stock -c 'SELECT (SELECT count(*) FROM inventory.reservation) + (SELECT count(*) FROM peer.reservation)'; }

# load WAY CLIENTS ITEMS COMMIT SECONDS: adds to made, took (seconds) and used (ms of backend CPU) of the way
declare -A made took used
load() {
    local before cpu_before tries tps
    before=$(reservations)
    cpu_before=$(cpu_of_backends)
    PGOPTIONS="-c synchronous_commit=$4" pgbench -n -M prepared -c "$2" -j "$(($2 < 2 ? 1 : 2))" -T "$5" -D items="$3" -f "$WORK/scripts/$1.sql" stock >"$WORK/pgbench.out" 2>"$WORK/pgbench.err" || {
        cat "$WORK/pgbench.err" >&2
        die "pgbench failed"
    }
    used[$1]=$(less "$(cpu_of_backends)" "$(less "$cpu_before" "${used[$1]:-0}")")
    made[$1]=$((${made[$1]:-0} + $(reservations) - before))
    [ "${made[$1]}" -gt 0 ] || die "$1 made no reservation"
    tps=$(sed -n 's/^tps = \([0-9.]*\).*/\1/p' "$WORK/pgbench.out")
    tries=$(sed -n 's/^number of transactions actually processed: \([0-9]*\).*/\1/p' "$WORK/pgbench.out")
    took[$1]=$(awk -v a="${took[$1]:-0}" -v n="$tries" -v tps="$tps" 'BEGIN { print a + n / tps }')
}

declare -A rates costs
for commit in $commits; do
    for some in $sizes; do
        for clients in 1 8 32; do
            # The rivals take turns, so that what else the machine does hits all of them.
            made=() took=() used=()
            for ((turn = 0; turn < turns; turn++)); do
                for way in $ways; do load "$way" "$clients" "$some" "$commit" $((seconds / turns)); done
            done
            for way in $ways; do
                rates[$way,$clients,$some,$commit]=$(per "${made[$way]}" "${took[$way]}")
                costs[$way,$clients,$some,$commit]=$(per "${used[$way]}" "${made[$way]}" 1000)
            done
            run -d stock -c 'VACUUM'
        done
    done
done
check_invariants stock

table "reservations made a second, $((seconds / turns * turns)) s a cell" 'clients' 'synchronous_commit' 'reserve_stock' 'five statements' 'PL/pgSQL' 'one CTE' 'over five statements' 'over PL/pgSQL'
for commit in $commits; do
    for some in $sizes; do
        for clients in 1 8 32; do
            key=$clients,$some,$commit
            [ "$some" = 1 ] && what='one item' || what="$(whole "$some") items"
            row "$what" "$clients" "$commit" "$(whole "${rates[function,$key]}")" "$(whole "${rates[flow,$key]}")" "$(whole "${rates[plpgsql,$key]}")" "$(whole "${rates[cte,$key]}")" \
                "$(ratio "${rates[function,$key]}" "${rates[flow,$key]}")" "$(ratio "${rates[function,$key]}" "${rates[plpgsql,$key]}")"
        done
    done
done
[ -z "$quick" ] || exit 0

table 'CPU of the server for each reservation made, µs' 'clients' 'reserve_stock' 'five statements' 'PL/pgSQL' 'one CTE' 'to five statements' 'target' ''
for clients in 1 8; do
    key=$clients,$items,off
    r=$(ratio "${costs[function,$key]}" "${costs[flow,$key]}")
    row "$(whole "$items") items" "$clients" "${costs[function,$key]}" "${costs[flow,$key]}" "${costs[plpgsql,$key]}" "${costs[cte,$key]}" "$r" '≤ 0.35' "$(verdict "$r" most 0.35)"
done

# Reserve, then fulfil what was reserved, with 8 clients in the one warehouse.
script function_whole <<'SQL'
\set product random(1, :items)
BEGIN;
SELECT reservation_id AS id FROM inventory.reserve_stock(:product, 1, 1, 'ORDER') \gset
SELECT status FROM inventory.fulfill_reservation(:id);
COMMIT;
SQL
script plpgsql_whole <<'SQL'
\set product random(1, :items)
BEGIN;
SELECT reservation_id AS id FROM peer.reserve_stock(:product, 1, 1, 'ORDER') \gset
SELECT status FROM peer.fulfill_reservation(:id);
COMMIT;
SQL
next_multixact() { value -d stock -c 'SELECT next_multixact_id::text::bigint FROM pg_control_checkpoint()'; }
table '8 clients, reserved and fulfilled in a transaction' 'made' 'CPU, µs' 'updates of items' 'heap-only, %' 'multixacts' 'target' ''
for way in function_whole plpgsql_whole; do
    [ "$way" = function_whole ] && item=inventory.inventory_item || item=peer.inventory_item
    run -d stock -c "SELECT pg_stat_reset_single_table_counters('$item'::regclass)" -c 'CHECKPOINT' >/dev/null
    multi=$(next_multixact)
    load "$way" 8 "$items" off "$seconds"
    run -d stock -c 'CHECKPOINT'
    multi=$(($(next_multixact) - multi))
    read -r updates hot < <(value -F ' ' -d stock -c "SELECT n_tup_upd, round(100.0 * n_tup_hot_upd / n_tup_upd, 1) FROM pg_stat_all_tables WHERE relid = '$item'::regclass")
    if [ "$way" = function_whole ]; then
        row 'inventory' "$(whole "${made[$way]}")" "$(per "${used[$way]}" "${made[$way]}" 1000)" "$(whole "$updates")" "$hot" "$multi" '0 multixacts' "$(verdict "$multi" most 0)"
    else
        row 'PL/pgSQL' "$(whole "${made[$way]}")" "$(per "${used[$way]}" "${made[$way]}" 1000)" "$(whole "$updates")" "$hot" "$multi" '' ''
    fi
done
check_invariants stock
