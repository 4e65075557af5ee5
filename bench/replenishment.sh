#!/usr/bin/env bash
# What a run of the replenishment costs when all that is low is on order, next to
# its query and to the same query without is_low, with the same number of low items
# in a small and in a large catalogue: the time is to follow the low items. And
# recompute_policies, with the sums that refresh_demand keeps, a day later, by
# statements alone and with a window of another length, next to a statement written
# by hand that sets the same numbers on a copy of inventory_item without triggers,
# from a table of daily sales, and keeps no history. Prints milliseconds, the best of
# three for the first part and of ten for its queries, whose rows are read and not sent;
# for the second part also CPU time of the backend, which the ratios are of.
#
# Usage: bench/replenishment.sh [ITEMS [DAYS]]      (1,000,000, 9)
#
# DAYS of the 90 days of the window have a sale of each item; 90 takes a table of
# 90 rows an item, twice: for 1,000,000 items a quarter of an hour and 40 GB.
set -euo pipefail
. "$(dirname "$0")/common.sh"
items=${1:-1000000}
days=${2:-9}
numbers "$items" "$days"
low=$((items / 200))
small=$((items / 10))
[ "$low" -gt 0 ] && [ "$days" -le 90 ] || die "ITEMS must be at least 200, DAYS 1 to 90"

trap remove_work EXIT
install_packages "postgresql-$PG_MAJOR" "postgresql-server-dev-$PG_MAJOR" make gcc libc6-dev
make_work
cd "$WORK/tree"
build
start_server 'shared_buffers = 2GB' 'work_mem = 256MB' 'max_wal_size = 16GB' 'checkpoint_timeout = 1h' 'synchronous_commit = off' 'autovacuum = off' 'client_min_messages = warning'

# milliseconds DATABASE STATEMENT
milliseconds() { run -d "$1" -c '\timing on' -c "$2" | awk '/^Time:/ { printf "%.1f\n", $2 }'; }
# In one session: a new one first has to map the pages of the shared buffers.
best() { run -d "$1" -c '\timing on' -c "$2" -c "$2" -c "$2" | awk '/^Time:/ { printf "%.1f\n", $2 }' | sort -n | head -n 1; }
# best_read DATABASE SETTING QUERY [BEFORE]: the query planned with the setting and run
# ten times in a session, its rows read and not sent. BEFORE is run before each and not
# counted: it drives what the query reads out of the caches of the processor.
best_read() {
    {
        printf 'SET cursor_tuple_fraction = 1;\n%s;\nBEGIN;\n' "$2"
        for _ in {1..10}; do
            printf '%s \\g /dev/null\n' "${4:-SELECT}"
            printf '\\timing on\nDECLARE q NO SCROLL CURSOR FOR %s;\nMOVE ALL q;\n\\timing off\nCLOSE q;\n' "$3"
        done
    } | PGOPTIONS='-c max_parallel_workers_per_gather=0 -c jit=off' run -d "$1" | awk '/^Time:/ { if (n++ % 2) printf "%.1f\n", planned + $2; planned = $2 }' | sort -n | head -n 1
}
# spent DATABASE STATEMENTS: milliseconds on the clock and of CPU, which the kernel counts in hundredths of a second
spent() {
    local cpu="SELECT 'cpu', (split_part(s, ' ', 14)::numeric + split_part(s, ' ', 15)::numeric) * 10 FROM pg_read_file('/proc/' || pg_backend_pid() || '/stat') s;"
    printf '%s\n' "$cpu" '\timing on' "$2;" '\timing off' "$cpu" | run -d "$1" -AtF ' ' |
        awk '/^Time:/ { t += $2 } /^cpu/ { c = $2 - c } END { printf "%.0f %.0f\n", t, c }'
}
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / (b > 0 ? b : 1) }'; }

# fill DATABASE ITEMS: a catalogue with $low low items, each item with a supplier
fill() {
    psql -Xqc "CREATE DATABASE $1"
    run -d "$1" -v items="$2" -v every="$(($2 / low))" <<'SQL'
CREATE EXTENSION inventory;
INSERT INTO inventory.warehouse (name) VALUES ('W');
INSERT INTO inventory.supplier (name) SELECT 'S' FROM generate_series(1, 50);
INSERT INTO inventory.product (sku, name, unit_cost) SELECT 'P' || g, 'P', 1 + g % 100 FROM generate_series(1, :items) g;
INSERT INTO inventory.product_supplier (product_id, supplier_id, is_preferred, lead_time_stddev_days, order_multiple) SELECT product_id, 1 + product_id % 50, true, product_id % 3, 1 + product_id % 12 FROM inventory.product;
INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand, reorder_point, reorder_quantity)
SELECT product_id, 1, 100, CASE WHEN product_id % :every = 0 THEN 200 ELSE 50 END, 100 FROM inventory.product;
VACUUM ANALYZE;
SQL
}

# What run_replenishment reads: the low items, or with another condition, and what is on order
find() { printf '%s' "SELECT i.product_id, i.warehouse_id, i.quantity_available, i.reorder_point, i.reorder_quantity FROM inventory.inventory_item i WHERE $1"; }
open="o.status IN ('DRAFT', 'SUBMITTED', 'CONFIRMED')"
on_order="SELECT l.product_id, o.warehouse_id, o.po_id, o.supplier_id FROM inventory.purchase_order o
    CROSS JOIN LATERAL (SELECT l.product_id FROM inventory.purchase_order_line l WHERE l.po_id = o.po_id AND l.quantity_received < l.quantity OFFSET 0) AS l WHERE $open"
# The same by hand without is_low, in one query
by_hand="SELECT i.product_id, i.warehouse_id, i.quantity_available, i.reorder_point, i.reorder_quantity, o.po_id, o.supplier_id
    FROM inventory.inventory_item i
    LEFT JOIN (inventory.purchase_order o JOIN inventory.purchase_order_line l ON l.po_id = o.po_id AND l.quantity_received < l.quantity
        AND $open) ON l.product_id = i.product_id AND o.warehouse_id = i.warehouse_id
    WHERE i.quantity_available < i.reorder_point"

# As run_replenishment has it planned, and as it is planned else
by_index='SET enable_seqscan = off'
usual='SET enable_seqscan = on'
all='SELECT sum(quantity_on_hand) FROM inventory.inventory_item'
declare -A drafted idle found found_cold ordered ordered_cold without sought
for size in "$small" "$items"; do
    name=catalogue_$size
    fill "$name" "$size"
    drafted[$size]=$(milliseconds "$name" 'SELECT count(*) FROM inventory.run_replenishment()')
    [ "$(psql -XAt -d "$name" -c 'SELECT count(*) FROM inventory.purchase_order_line')" = "$low" ] || die "not all low items were drafted"
    run -d "$name" -c 'VACUUM ANALYZE'
    idle[$size]=$(best "$name" 'SELECT count(*) FROM inventory.run_replenishment()')
    [ "$(psql -XAt -d "$name" -c 'SELECT count(*) FROM inventory.purchase_order_line')" = "$low" ] || die "something was drafted twice"
    found[$size]=$(best_read "$name" "$by_index" "$(find i.is_low)")
    found_cold[$size]=$(best_read "$name" "$by_index" "$(find i.is_low)" "$all")
    ordered[$size]=$(best_read "$name" "$by_index" "$on_order")
    ordered_cold[$size]=$(best_read "$name" "$by_index" "$on_order" "$all")
    without[$size]=$(best_read "$name" "$usual" "$by_hand")
    sought[$size]=$(best_read "$name" "$usual" "$(find 'i.quantity_available < i.reorder_point')")
done

printf '\n%-44s %10s %10s  ratio\n' "$low low items, ms" "of $small" "of $items"
line() { printf '%-44s %10.1f %10.1f  %s\n' "$1" "$2" "$3" "$(ratio "$3" "$2")"; }
line 'run_replenishment, all to be drafted' "${drafted[$small]}" "${drafted[$items]}"
line 'run_replenishment, all on order' "${idle[$small]}" "${idle[$items]}"
sum() { awk -v a="$1" -v b="$2" 'BEGIN { print a + b }'; }
line 'finding the low items' "${found[$small]}" "${found[$items]}"
line 'reading what is on order' "${ordered[$small]}" "${ordered[$items]}"
line 'both' "$(sum "${found[$small]}" "${ordered[$small]}")" "$(sum "${found[$items]}" "${ordered[$items]}")"
line 'finding, after all items were read' "${found_cold[$small]}" "${found_cold[$items]}"
line 'reading, after all items were read' "${ordered_cold[$small]}" "${ordered_cold[$items]}"
line 'both' "$(sum "${found_cold[$small]}" "${ordered_cold[$small]}")" "$(sum "${found_cold[$items]}" "${ordered_cold[$items]}")"
line 'finding them without is_low' "${sought[$small]}" "${sought[$items]}"
line 'by hand without is_low, in one query' "${without[$small]}" "${without[$items]}"

# Demand as refresh_demand would have read it, and a table of daily sales with the same
name=catalogue_$items
run -d "$name" -v days="$days" <<'SQL'
UPDATE inventory.inventory_item SET reorder_point = 0, reorder_quantity = 0;
INSERT INTO inventory.demand_daily (product_id, warehouse_id, day, quantity)
SELECT i.product_id, 1, (now() AT TIME ZONE 'UTC')::date - 1 - ((i.product_id + k * (90 / :days)) % 90)::integer, 1 + (i.product_id + k) % 20 FROM inventory.inventory_item i, generate_series(0, :days - 1) k;
INSERT INTO inventory.demand_state (product_id, warehouse_id, version, rolled_up_to, quantity, quantity_squared)
SELECT i.product_id, 1, i.version, i.last_movement_at, d.quantity, d.squared FROM inventory.inventory_item i
JOIN (SELECT product_id, sum(quantity) AS quantity, sum(quantity * quantity) AS squared FROM inventory.demand_daily GROUP BY 1) d USING (product_id);
INSERT INTO inventory.demand_window (warehouse_id, window_days, window_end, refreshed_at) VALUES (1, 90, (now() AT TIME ZONE 'UTC')::date - 1, now());
CREATE TABLE daily_sales (product_id bigint, warehouse_id bigint, day date, quantity bigint);
INSERT INTO daily_sales SELECT * FROM inventory.demand_daily;
ALTER TABLE daily_sales ADD PRIMARY KEY (product_id, warehouse_id, day);
CREATE TABLE by_hand (LIKE inventory.inventory_item INCLUDING ALL);
ALTER TABLE by_hand SET (fillfactor = 60);
INSERT INTO by_hand (product_id, warehouse_id, quantity_on_hand) SELECT product_id, 1, 100 FROM inventory.product;
VACUUM ANALYZE;
CHECKPOINT;
SQL

read -r kept kept_cpu < <(spent "$name" 'SELECT inventory.recompute_policies(90)')
read -r hand hand_cpu < <(spent "$name" "
    UPDATE by_hand i SET reorder_point = ceil(p.point - 1e-9), reorder_quantity = ceil(ceil(greatest(p.minimum, p.quantity) - 1e-9) / p.multiple) * p.multiple
    FROM (SELECT d.product_id, d.warehouse_id, d.mean * t.lead_time_days + 1.6448536269514722 * sqrt(t.lead_time_days * d.deviation ^ 2 + (d.mean * t.lead_time_stddev_days) ^ 2) AS point,
            t.min_order_quantity AS minimum, t.order_multiple AS multiple, sqrt(2 * 25 * 365 * d.mean / (0.25 * coalesce(t.unit_cost, p.unit_cost)::double precision)) AS quantity
        FROM (SELECT product_id, warehouse_id, sum(quantity)::double precision / 90 AS mean, sqrt(((sum(quantity * quantity) - sum(quantity) ^ 2 / 90) / 89)::double precision) AS deviation
            FROM daily_sales WHERE day > (now() AT TIME ZONE 'UTC')::date - 91 AND day < (now() AT TIME ZONE 'UTC')::date GROUP BY 1, 2) d
        JOIN inventory.product p ON p.product_id = d.product_id AND p.is_active
        JOIN inventory.product_supplier t ON t.product_id = d.product_id AND t.is_preferred) p
    WHERE i.product_id = p.product_id AND i.warehouse_id = p.warehouse_id")
differences=$(psql -XAt -d "$name" -c 'SELECT count(*) FROM by_hand h JOIN inventory.inventory_item i USING (product_id, warehouse_id) WHERE (h.reorder_point, h.reorder_quantity) <> (i.reorder_point, i.reorder_quantity)')
[ "$differences" = 0 ] || die "$differences policies differ from those by hand"
fresh() { run -d "$name" -c 'VACUUM ANALYZE' -c CHECKPOINT; }
fresh
read -r again again_cpu < <(spent "$name" 'SELECT inventory.recompute_policies(90)')
read -r later later_cpu < <(spent "$name" "SELECT inventory.recompute_policies(90, as_of => (now() AT TIME ZONE 'UTC')::date)")
fresh
read -r anew anew_cpu < <(spent "$name" 'SELECT inventory.recompute_policies(60)')
fresh
run -d "$name" -c 'UPDATE inventory.inventory_item SET reorder_point = 0, reorder_quantity = 0'
fresh
read -r statements statements_cpu < <(spent "$name" 'SET inventory.fast_path = off; SELECT inventory.recompute_policies(60)')

printf '\n%-48s %10s %10s  ratio\n' "Policies of $items items, $days days each" 'ms' 'ms of CPU'
line() {
    [ "$3" -gt 0 ] || die "a measurement failed: $1"
    printf '%-48s %10d %10d  %s\n' "$1" "$2" "$3" "$(ratio "$3" "$hand_cpu")"
}
line 'by hand, no history, no triggers' "$hand" "$hand_cpu"
line 'recompute_policies, sums kept, all change' "$kept" "$kept_cpu"
line 'the same by statements (fast_path = off)' "$statements" "$statements_cpu"
line 'recompute_policies again, nothing changes' "$again" "$again_cpu"
line 'recompute_policies, a day later' "$later" "$later_cpu"
line 'recompute_policies, window of 60 days' "$anew" "$anew_cpu"
