#!/usr/bin/env bash
# How costs grow: reservations, fulfilments, levels at a time, the check of the whole
# ledger and the size on disk, with two sizes of the catalogue and the ledger, and what
# a line through the two (costs by the logarithm of the size, the others in
# proportion) says of 10,000,000 items with 100,000,000 movements.
#
# Usage: bench/growth.sh [--long | ITEMS]      (100,000 and a tenth of it; --long: 1,000,000; ten movements each)
set -euo pipefail
. "$(dirname "$0")/common.sh"
case ${1:-100000} in --long) large=1000000 ;; *) large=${1:-100000} ;; esac
numbers "$large"
[ "$large" -ge 10000 ] || die "ITEMS must be at least 10,000"
small=$((large / 10))
calls=10000

prepare_bench
start_bench 'synchronous_commit = off' 'maintenance_work_mem = 512MB'

declare -A of
for items in "$small" "$large"; do
    make_stock growth "$items" 1000000
    for _ in 2 3 4 5 6 7 8 9 10; do
        run -d growth -c 'UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand + 1' -c 'VACUUM inventory.inventory_item'
    done
    # As many reservations as items to begin with, and none of them on the first pages
    run -d growth -v items="$items" <<'SQL'
INSERT INTO inventory.reservation (product_id, warehouse_id, quantity, quantity_fulfilled, reference_id, status, closed_at, closed_by)
SELECT g, 1, 1, 0, 'OLD-' || g, 'CANCELLED', now(), 'bench' FROM generate_series(1, :items) g;
CREATE PROCEDURE bench.reserve(calls integer, items bigint) LANGUAGE plpgsql AS $$
BEGIN
    FOR n IN 1 .. calls LOOP
        PERFORM inventory.reserve_stock(1 + floor(random() * items)::bigint, 1, 1, 'ORDER-' || n);
        COMMIT;
    END LOOP;
END
$$;
CREATE PROCEDURE bench.fulfil(calls integer) LANGUAGE plpgsql AS $$
DECLARE
    id bigint;
BEGIN
    FOR id IN SELECT reservation_id FROM inventory.reservation WHERE status = 'ACTIVE' LIMIT calls LOOP
        PERFORM inventory.fulfill_reservation(id);
        COMMIT;
    END LOOP;
END
$$;
CREATE TABLE bench.history AS SELECT min(created_at) FILTER (WHERE version = 2) AS first, max(created_at) AS last FROM inventory.stock_movement;
-- As if it had been written slowly
VACUUM FULL inventory.inventory_item;
VACUUM ANALYZE;
CHECKPOINT;
SQL
    movements=$(value -d growth -c 'SELECT count(*) FROM inventory.stock_movement')
    of[movements,$items]=$movements
    of[item,$items]=$(value -d growth -c "SELECT round(pg_total_relation_size('inventory.inventory_item') / $items.0)")
    of[movement,$items]=$(value -d growth -c "SELECT round(sum(pg_total_relation_size(inhrelid)) / $movements) FROM pg_inherits WHERE inhparent = 'inventory.stock_movement'::regclass")
    of[reservation,$items]=$(value -d growth -c "SELECT round(pg_total_relation_size('inventory.reservation') / $items.0)")
    of[reserve,$items]=$(per "$(cpu growth "CALL bench.reserve($calls, $items)" 3 'CHECKPOINT')" "$calls" 1000)
    of[fulfil,$items]=$(per "$(cpu growth "CALL bench.fulfil($calls)" 3 'CHECKPOINT')" "$calls" 1000)
    of[level,$items]=$(per "$(cpu growth "SELECT count(inventory.on_hand_at(1 + floor(random() * $items)::bigint, 1, h.first + random() * (h.last - h.first))) FROM bench.history h, generate_series(1, $calls)" 5)" "$calls" 1000)
    of[verify,$items]=$(per "$(cpu growth 'SELECT count(*) FROM inventory.verify_ledger()' 1)" "$movements" 1000)
    check_invariants growth
    run -c 'DROP DATABASE growth'
done

# What a tenfold step adds, added for as many steps as there are to 10,000,000
far=10000000
line() { # WHAT KEY DECIMALS
    local a=${of[$2,$small]} b=${of[$2,$large]}
    row "$1" "$a" "$b" "$(ratio "$b" "$a")" "$(awk -v a="$a" -v b="$b" -v n="$large" -v far=$far -v d="$3" 'BEGIN { printf "%.*f", d, b + (b > a ? b - a : 0) * log(far / n) / log(10) }')"
}
table '' "$(whole "$small") items, $(whole "${of[movements,$small]}") movements" "$(whole "$large") items, $(whole "${of[movements,$large]}") movements" 'ratio' '10,000,000 items, 100,000,000 movements (extrapolated)'
line 'reserve_stock, µs of CPU' reserve 0
line 'fulfill_reservation, µs of CPU' fulfil 0
line 'on_hand_at, µs of CPU' level 2
line 'verify_ledger, µs a movement' verify 2
line 'item on disk, bytes with indexes' item 0
line 'movement on disk, bytes with indexes' movement 0
line 'reservation on disk, bytes with indexes' reservation 0
gigabytes() { awk -v items="$1" -v movements="$2" -v i="${of[item,$large]}" -v m="${of[movement,$large]}" -v r="${of[reservation,$large]}" 'BEGIN { printf "%.2f", (items * i + movements * m + items * r) / 1e9 }'; }
row 'all of it on disk with a reservation an item, GB' "$(gigabytes "$small" "${of[movements,$small]}")" "$(gigabytes "$large" "${of[movements,$large]}")" '' "$(gigabytes $far 100000000)"
seconds() { awk -v v="$1" -v m="$2" 'BEGIN { printf "%.1f", v * m / 1e6 }'; }
row 'verify_ledger, seconds' "$(seconds "${of[verify,$small]}" "${of[movements,$small]}")" "$(seconds "${of[verify,$large]}" "${of[movements,$large]}")" '' \
    "$(awk -v a="${of[verify,$small]}" -v b="${of[verify,$large]}" -v n="$large" -v far=$far 'BEGIN { printf "%.0f", 100 * (b + (b > a ? b - a : 0) * log(far / n) / log(10)) }')"
