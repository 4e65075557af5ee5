#!/usr/bin/env bash
# What the reports cost that are computed from the ledger: each view read whole,
# for one warehouse, and for one item. The ledger is as an old one is: two years,
# the movements of all items mixed in the order of time, a fifth of them receipts of
# purchase orders at changing costs, now and then a return or a count. Prints
# milliseconds, the best of three for one item, and how many times as long it takes
# as summing up the ledger by item, which is the least that any of them has to do.
#
# Usage: bench/reports.sh [ITEMS [MOVEMENTS]]      (100,000, 1,000,000)
#
# Ten warehouses, so ITEMS is a multiple of ten; MOVEMENTS a multiple of ITEMS.
# With 1,000,000 and 10,000,000 it takes 8 GB of disk. WORK_MEM in the environment
# is the work_mem of the sessions, 64MB where it is not set.
set -euo pipefail
. "$(dirname "$0")/common.sh"
items=${1:-100000}
movements=${2:-1000000}
numbers "$items" "$movements"
[ "$items" -ge 10 ] && [ $((items % 10)) = 0 ] && [ $((movements % items)) = 0 ] || die "ITEMS must be a multiple of 10, MOVEMENTS of ITEMS"

trap remove_work EXIT
install_packages "postgresql-$PG_MAJOR" "postgresql-server-dev-$PG_MAJOR" make gcc libc6-dev
make_work
cd "$WORK/tree"
build
start_server 'shared_buffers = 2GB' "work_mem = ${WORK_MEM:-64MB}" 'maintenance_work_mem = 512MB' 'max_wal_size = 32GB' 'checkpoint_timeout = 1h' 'synchronous_commit = off' 'fsync = off' 'autovacuum = off' 'client_min_messages = warning'

milliseconds() { run -c '\timing on' -c "$1" | awk '/^Time:/ { printf "%.1f\n", $2 }'; }
best() {
    for _ in 1 2 3; do milliseconds "$1"; done | sort -n | head -n 1
}

# Filled as a dump is loaded: rows bring their history along. Movement n of an item
# is a receipt of 40 where n is 1 modulo 5; the others take 1 to 8, or bring one back.
run -v items="$items" -v each="$((movements / items))" <<'SQL'
CREATE EXTENSION inventory;
SET session_replication_role = replica;
INSERT INTO inventory.warehouse (name) SELECT 'W' || g FROM generate_series(1, 10) g;
INSERT INTO inventory.supplier (name) VALUES ('S');
INSERT INTO inventory.product (sku, name, unit_cost) SELECT 'P' || g, 'Product ' || g, CASE WHEN g % 10 > 0 THEN 1 + g % 100 END FROM generate_series(1, :items / 10) g;
INSERT INTO inventory.stock_movement (product_id, warehouse_id, movement_type, quantity, on_hand_after, version, performed_by, session_role, created_at, occurred_at)
SELECT m.p, m.w, m.t::inventory.movement_type, m.q, sum(m.q) OVER (PARTITION BY m.p, m.w ORDER BY m.n), m.n, 'bench', 'bench', m.at, m.at
FROM (
    SELECT p, w, n, now() - interval '1 minute' - interval '730 days' * (1 - (n - (p * 7 + w * 13) % 100 / 100.0) / :each) AS at,
        CASE WHEN n % 5 = 1 THEN 'PURCHASE' WHEN (p + n) % 11 = 0 THEN 'RETURN' WHEN (p + n) % 13 = 0 THEN 'ADJUSTMENT' ELSE 'SALE' END AS t,
        CASE WHEN n % 5 = 1 THEN 40 WHEN (p + n) % 11 = 0 THEN 1 ELSE -(1 + (p * 31 + w * 17 + n * 7) % 8) END AS q
    FROM generate_series(1, :items / 10) p, generate_series(1, 10) w, generate_series(1, :each) n
) AS m
ORDER BY m.at, m.p, m.w;
INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand, version, last_movement_at)
SELECT product_id, warehouse_id, on_hand_after, version, created_at FROM inventory.stock_movement WHERE version = :each;
-- One order for each warehouse, with a line for each product, for all its receipts;
-- and one that is open, for one item in twenty, a part of it late.
INSERT INTO inventory.purchase_order (supplier_id, warehouse_id, status, submitted_at, received_at) SELECT 1, warehouse_id, 'RECEIVED', now() - interval '731 days', now() FROM inventory.warehouse;
INSERT INTO inventory.purchase_order_line (po_id, line_no, product_id, quantity, quantity_received) SELECT po_id, product_id, product_id, 40, 40 FROM inventory.purchase_order, inventory.product;
INSERT INTO inventory.purchase_receipt (po_id, line_no, quantity, unit_cost, received_at, movement_id)
SELECT warehouse_id, product_id, quantity, 1 + product_id % 100 + version % 7 * 0.25, occurred_at, movement_id FROM inventory.stock_movement WHERE movement_type = 'PURCHASE';
INSERT INTO inventory.purchase_order (supplier_id, warehouse_id, status, submitted_at, confirmed_at, expected_delivery_date)
SELECT 1, warehouse_id, 'CONFIRMED', now(), now(), current_date - 5 + d FROM inventory.warehouse, generate_series(1, 20) d;
INSERT INTO inventory.purchase_order_line (po_id, line_no, product_id, quantity) SELECT o.po_id, p.product_id, p.product_id, 40 FROM inventory.purchase_order o JOIN inventory.product p ON p.product_id % 400 = o.po_id % 400 WHERE o.status = 'CONFIRMED';
RESET session_replication_role;
VACUUM ANALYZE;
CHECKPOINT;
SQL
[ "$(psql -XAtc 'SELECT count(*) FROM inventory.verify_ledger()')" = 0 ] || die "the ledger that was made is none"

printf '%-24s %12s %8s %14s %10s\n' "$items items, ms" whole ratio 'one warehouse' 'one item'
base=
# line NAME RELATION COLUMN
line() {
    local query="SELECT count(*), sum($3) FROM $2" whole
    whole=$(milliseconds "$query")
    base=${base:-$whole}
    printf '%-24s %12s %8s %14s %10s\n' "$1" "$whole" "$(awk -v a="$whole" -v b="$base" 'BEGIN { printf "%.2f", a / b }')" \
        "$(milliseconds "$query WHERE warehouse_id = 1")" "$(best "$query WHERE product_id = 1 AND warehouse_id = 1")"
}
line 'the ledger by item' '(SELECT product_id, warehouse_id, sum(quantity) AS quantity FROM inventory.stock_movement GROUP BY 1, 2) AS by_item' quantity
while read -r view column; do
    line "$view" "inventory.$view" "$column"
done <<'VIEWS'
inventory_valuation average_value + fifo_value
stock_layer value
stock_ageing quantity_over_365
stock_turnover cost_of_goods_sold
abc_classification consumption_value
open_purchase_order open_value
available_to_promise available_to_promise
VIEWS
[ "$(psql -XAtc 'SELECT count(*) FROM inventory.inventory_valuation WHERE fifo_value IS NULL OR average_value IS NULL')" = 0 ] || die "an item has no value"
