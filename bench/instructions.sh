#!/usr/bin/env bash
# Instructions for each call, counted by callgrind in a single-user backend: N and 2N
# calls from the same files, the difference divided by N, so that the start and
# whatever is done only once cancel. Each call is a transaction of its own through a prepared
# statement, on another item than the one before. Counts do not depend on what else
# the machine does; they repeat to the digits that are printed, give or take the last.
#
# Usage: bench/instructions.sh [CALLS]      (300)
set -euo pipefail
. "$(dirname "$0")/common.sh"
calls=${1:-300}
numbers "$calls"
[ "$calls" -ge 10 ] || die "CALLS must be at least 10"

prepare_bench valgrind
# Counters of activity are written by the clock, not by the call.
start_bench 'track_counts = off' 'track_activities = off' 'fsync = off' 'shared_buffers = 256MB'
# Large enough for plans by index, and an item for each call.
items=$((calls > 5000 ? 2 * calls : 10000))
for name in same lean; do
    make_stock "$name" "$items" 1000 "$name"
    run -d "$name" -v items="$items" <<'SQL'
SELECT count(inventory.reserve_stock(g, 1, 1, 'READY-' || g, ttl_minutes => 100000)) FROM generate_series(1, :items) g \g /dev/null
SELECT count(peer.reserve_stock(g, 1, 1, 'READY-' || g, 100000)) FROM generate_series(1, :items) g \g /dev/null
SELECT count(inventory.receive_stock(g, 1, 1)) FROM generate_series(1, :items) g \g /dev/null
SELECT count(peer.move_stock(g, 1, 1, 'PURCHASE')) FROM generate_series(1, 2) r, generate_series(1, :items) g \g /dev/null
VACUUM FREEZE ANALYZE;
CHECKPOINT;
SQL
done
as_user "$PG_BIN/pg_ctl" -D "$WORK/data" -m fast -w stop >/dev/null
as_user mv "$WORK/data" "$WORK/template"

# total FILE DATABASE: instructions of a single-user backend that runs FILE
total() {
    rm -rf "$WORK/data" "$WORK/callgrind.out"
    as_user cp -a "$WORK/template" "$WORK/data"
    as_user setarch -R valgrind --tool=callgrind --callgrind-out-file="$WORK/callgrind.out" \
        "$PG_BIN/postgres" --single -F -D "$WORK/data" "$2" <"$1" >"$WORK/single.out" 2>"$WORK/single.err"
    ! grep -q 'ERROR\|FATAL\|PANIC' "$WORK/single.err" || { cat "$WORK/single.err" >&2; die "the statements of $1 failed"; }
    awk '/^(summary|totals):/ { print $2; exit }' "$WORK/callgrind.out"
}

# instructions DATABASE PREPARED CALL: for one CALL, in which %d is the number of the call
instructions() {
    local n
    for n in 1 2; do
        {
            printf '%s\n' "$2"
            awk -v n=$((n * calls)) -v call="$3" 'BEGIN { for (i = 1; i <= n; i++) { s = call; gsub(/%d/, i, s); print s } }'
        } >"$WORK/calls.$n"
    done
    local once twice
    once=$(total "$WORK/calls.1" "$1")
    twice=$(total "$WORK/calls.2" "$1")
    per "$(less "$twice" "$once")" "$calls"
}

# Lines of a script: a statement each, since a single-user backend reads one a line.
reserve='SELECT (inventory.reserve_stock($1, $2, $3, $4)).reservation_id'
cte='WITH item AS (UPDATE peer.inventory_item SET quantity_reserved = quantity_reserved + $3 WHERE product_id = $1 AND warehouse_id = $2 AND quantity_available >= $3 RETURNING product_id, warehouse_id) INSERT INTO peer.reservation (product_id, warehouse_id, quantity, reference_id, expires_at) SELECT product_id, warehouse_id, $3, $4, clock_timestamp() + interval '"'30 minutes'"' FROM item RETURNING reservation_id'
call="EXECUTE f (%d, 1, 1, 'ORDER-%d');"
types='(bigint, bigint, bigint, text)'
nothing=$(instructions same 'PREPARE f (bigint) AS SELECT $1;' 'EXECUTE f (%d);')

# An order of ten lines: its items are spread over the catalogue.
json=$(awk -v items="$items" 'BEGIN { for (k = 0; k < 10; k++) printf "%s{\"product_id\": %d, \"warehouse_id\": 1, \"quantity\": 1}", (k ? ", " : ""), 1 + k * int(items / 10) }')
ten_calls=$(awk -v items="$items" 'BEGIN { printf "BEGIN;\n"; for (k = 0; k < 10; k++) printf "EXECUTE f (%d, 1, 1, '"'ORDER-%%d'"');\n", 1 + k * int(items / 10); printf "COMMIT;\n" }')

reserve_c=$(instructions same "PREPARE f $types AS $reserve;" "$call")
reserve_sql=$(instructions same "PREPARE f $types AS SELECT (peer.reserve_stock(\$1, \$2, \$3, \$4)).reservation_id;" "$call")
reserve_sql_lean=$(instructions lean "PREPARE f $types AS SELECT (peer.reserve_stock(\$1, \$2, \$3, \$4)).reservation_id;" "$call")
reserve_cte=$(instructions same "PREPARE f $types AS $cte;" "$call")
reserve_cte_lean=$(instructions lean "PREPARE f $types AS $cte;" "$call")
fulfil_c=$(instructions same 'PREPARE f (bigint) AS SELECT (inventory.fulfill_reservation($1)).status;' 'EXECUTE f (%d);')
fulfil_sql=$(instructions same 'PREPARE f (bigint) AS SELECT (peer.fulfill_reservation($1)).status;' 'EXECUTE f (%d);')
fulfil_sql_lean=$(instructions lean 'PREPARE f (bigint) AS SELECT (peer.fulfill_reservation($1)).status;' 'EXECUTE f (%d);')
order_one=$(instructions same 'PREPARE f (text, jsonb) AS SELECT count(*) FROM inventory.reserve_order($1, $2);' "EXECUTE f ('ORDER-%d', '[$json]');")
order_ten=$(instructions same "PREPARE f $types AS $reserve;" "$ten_calls")
order_peer=$(instructions same 'PREPARE f (text, jsonb) AS SELECT count(*) FROM peer.reserve_order($1, $2);' "EXECUTE f ('ORDER-%d', '[$json]');")
order_peer_set=$(instructions same 'PREPARE f (text, jsonb) AS SELECT count(*) FROM peer.reserve_order_set($1, $2);' "EXECUTE f ('ORDER-%d', '[$json]');")
receive_c=$(instructions same 'PREPARE f (bigint, text) AS SELECT (inventory.receive_stock($1, 1, 5, $2)).movement_id;' "EXECUTE f (%d, 'PO-%d');")
receive_sql=$(instructions same 'PREPARE f (bigint, text) AS SELECT (peer.move_stock($1, 1, 5, '"'PURCHASE'"', $2)).movement_id;' "EXECUTE f (%d, 'PO-%d');")
at_c=$(instructions same 'PREPARE f (bigint) AS SELECT inventory.on_hand_at($1, 1, clock_timestamp());' 'EXECUTE f (%d);')
at_probe=$(instructions same 'PREPARE f (bigint) AS SELECT m.on_hand_after FROM peer.stock_movement m WHERE m.product_id = $1 AND m.warehouse_id = 1 AND m.created_at <= now() ORDER BY m.created_at DESC LIMIT 1;' 'EXECUTE f (%d);')

thousands() { awk -v a="$1" 'BEGIN { printf "%.1f", a / 1000 }'; }
table 'a call' 'thousand instructions' 'rival' 'thousand instructions' 'ratio' 'target' ''
compare() { # WHAT INSTRUCTIONS RIVAL ITS-INSTRUCTIONS [TARGET]
    local r
    r=$(ratio "$2" "$4")
    row "$1" "$(thousands "$2")" "$3" "$(thousands "$4")" "$r" "${5:+≤ $5}" "${5:+$(verdict "$r" most "$5")}"
}
compare reserve_stock "$reserve_c" 'PL/pgSQL' "$reserve_sql" 0.45
compare reserve_stock "$reserve_c" 'PL/pgSQL, lean' "$reserve_sql_lean"
compare reserve_stock "$reserve_c" 'one CTE' "$reserve_cte" 0.75
compare reserve_stock "$reserve_c" 'one CTE, lean' "$reserve_cte_lean"
compare fulfill_reservation "$fulfil_c" 'PL/pgSQL' "$fulfil_sql" 0.50
compare fulfill_reservation "$fulfil_c" 'PL/pgSQL, lean' "$fulfil_sql_lean"
compare 'reserve_order, 10 lines' "$order_one" '10 × reserve_stock, one transaction' "$order_ten"
compare 'reserve_order, 10 lines' "$order_one" 'PL/pgSQL, line by line' "$order_peer"
compare 'reserve_order, 10 lines' "$order_one" 'PL/pgSQL, a statement a step' "$order_peer_set"
compare receive_stock "$receive_c" 'PL/pgSQL' "$receive_sql"
compare on_hand_at "$at_c" 'SELECT on_hand_after ... LIMIT 1' "$at_probe"
printf '\nEach count includes %s thousand for EXECUTE and the transaction around it.\n' "$(thousands "$nothing")"
