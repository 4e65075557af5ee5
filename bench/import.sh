#!/usr/bin/env bash
# What it takes to bring in an existing business: files for a catalogue with terms
# of suppliers, levels and open orders are copied into the staging tables, checked
# and loaded, in a private cluster. Once with every product in four warehouses, once
# with every product in one. Next to it, a COPY of the same products, terms and
# levels, already as ids and numbers, into copies of the three tables with their
# indexes and checks, but without triggers, foreign keys and ledger.
#
# Usage: bench/import.sh [ITEMS]      (1,000,000)
set -euo pipefail
. "$(dirname "$0")/common.sh"
items=${1:-1000000}
numbers "$items"
[ "$items" -ge 400 ] || die "ITEMS must be at least 400"

trap remove_work EXIT
install_packages "postgresql-$PG_MAJOR" "postgresql-server-dev-$PG_MAJOR" make gcc libc6-dev
make_work
cd "$WORK/tree"
build
start_server 'shared_buffers = 2GB' 'max_wal_size = 32GB' 'checkpoint_timeout = 1h' 'client_min_messages = warning'

# seconds DATABASE: of the statements on standard input, on the clock and of CPU; the
# latter does not mind who else uses the machine
seconds() {
    local cpu="SELECT 'cpu', split_part(s, ' ', 14)::numeric + split_part(s, ' ', 15)::numeric FROM pg_read_file('/proc/' || pg_backend_pid() || '/stat') s;"
    { printf '%s\n' "$cpu" '\timing on'; cat; printf '%s\n' '\timing off' "$cpu"; } | run -d "$1" -AtF ' ' |
        awk '/^Time:/ { s += $2 } /^cpu/ { c = $2 - c } END { printf "%.1f %.1f\n", s / 1000, c / 100 }'
}
per_second() { awk -v n="$1" -v s="$2" 'BEGIN { printf "%.0f", n / (s > 0 ? s : 1) }'; }
count() { psql -XAt -d "$1" -c "SELECT count(*) FROM inventory.$2"; }

# write DATABASE PRODUCTS WAREHOUSES: the files
write() {
    run -d "$1" -v products="$2" -v warehouses="$3" <<'SQL'
SELECT :'products'::integer AS products, greatest(:'products'::integer / 250, 1) AS orders \gset
CREATE TEMP TABLE category_file AS SELECT 'Category ' || g AS name, CASE WHEN g > 20 THEN 'Category ' || 1 + g % 20 END AS parent FROM generate_series(1, 200) g;
CREATE TEMP TABLE warehouse_file AS SELECT 'Warehouse ' || g AS name, 'Europe/London' AS timezone FROM generate_series(1, :warehouses) g;
CREATE TEMP TABLE supplier_file AS SELECT 'Supplier ' || g AS name, '{"email": "orders@' || g || '.example"}' AS contact FROM generate_series(1, 500) g;
CREATE TEMP TABLE product_file AS SELECT 'SKU-' || lpad(g::text, 8, '0') AS sku, 'Product number ' || g AS name, 'Category ' || 1 + g % 200 AS category, 1 + (g % 9973) / 100.0 AS unit_cost, 2 + (g % 9973) / 60.0 AS unit_price,
    (g % 500) / 100.0 AS weight_kg, '{"length": ' || 1 + g % 90 || ', "width": ' || 1 + g % 70 || ', "height": ' || 1 + g % 50 || '}' AS dimensions_cm FROM generate_series(1, :products) g;
CREATE TEMP TABLE term_file AS SELECT sku, 'Supplier ' || 1 + n % 500 AS supplier, true AS is_preferred, 3 + n % 20 AS lead_time_days, unit_cost, 1 + n % 12 AS order_multiple FROM (SELECT *, row_number() OVER () AS n FROM product_file) p;
CREATE TEMP TABLE level_file AS SELECT sku, 'Warehouse ' || w AS warehouse, 1 + (n * w) % 500 AS quantity_on_hand, n % 40 AS reorder_point, 50 AS reorder_quantity FROM (SELECT sku, row_number() OVER () AS n FROM product_file) p, generate_series(1, :warehouses) w;
CREATE TEMP TABLE order_file AS SELECT 'PO-' || o AS order_reference, 'Supplier ' || 1 + o % 500 AS supplier, 'Warehouse ' || 1 + o % :warehouses AS warehouse, 'SKU-' || lpad((1 + (o * 7919 + l * 104729) % :products)::text, 8, '0') AS sku, 10 * l AS quantity, current_date - o % 30 AS ordered_on
    FROM generate_series(1, :orders) o, generate_series(1, 5) l;
\copy category_file TO 'categories.csv' WITH (FORMAT csv, HEADER)
\copy warehouse_file TO 'warehouses.csv' WITH (FORMAT csv, HEADER)
\copy supplier_file TO 'suppliers.csv' WITH (FORMAT csv, HEADER)
\copy product_file TO 'products.csv' WITH (FORMAT csv, HEADER)
\copy term_file TO 'terms.csv' WITH (FORMAT csv, HEADER)
\copy level_file TO 'levels.csv' WITH (FORMAT csv, HEADER)
\copy order_file TO 'orders.csv' WITH (FORMAT csv, HEADER)
SQL
}

stage='\copy inventory.import_category (name, parent) FROM categories.csv WITH (FORMAT csv, HEADER MATCH)
\copy inventory.import_warehouse (name, timezone) FROM warehouses.csv WITH (FORMAT csv, HEADER MATCH)
\copy inventory.import_supplier (name, contact) FROM suppliers.csv WITH (FORMAT csv, HEADER MATCH)
\copy inventory.import_product (sku, name, category, unit_cost, unit_price, weight_kg, dimensions_cm) FROM products.csv WITH (FORMAT csv, HEADER MATCH)
\copy inventory.import_product_supplier (sku, supplier, is_preferred, lead_time_days, unit_cost, order_multiple) FROM terms.csv WITH (FORMAT csv, HEADER MATCH)
\copy inventory.import_level (sku, warehouse, quantity_on_hand, reorder_point, reorder_quantity) FROM levels.csv WITH (FORMAT csv, HEADER MATCH)
\copy inventory.import_order_line (order_reference, supplier, warehouse, sku, quantity, ordered_on) FROM orders.csv WITH (FORMAT csv, HEADER MATCH)'

# by_hand DATABASE: the same, as a table of numbers would be copied
by_hand() {
    run -d "$1" <<'SQL'
CREATE TABLE product_by_hand (LIKE inventory.product INCLUDING ALL);
CREATE TABLE term_by_hand (LIKE inventory.product_supplier INCLUDING ALL);
CREATE TABLE level_by_hand (LIKE inventory.inventory_item INCLUDING ALL) WITH (fillfactor = 60);
\copy (SELECT * FROM inventory.product) TO product.tsv
\copy (SELECT * FROM inventory.product_supplier) TO term.tsv
\copy (SELECT item_id, product_id, warehouse_id, quantity_on_hand, reorder_point, reorder_quantity FROM inventory.inventory_item) TO level.tsv
CHECKPOINT;
SQL
    seconds "$1" <<'SQL'
\copy product_by_hand FROM product.tsv
\copy term_by_hand FROM term.tsv
\copy level_by_hand (item_id, product_id, warehouse_id, quantity_on_hand, reorder_point, reorder_quantity) FROM level.tsv
SQL
}

# measure PRODUCTS WAREHOUSES
measure() {
    local name=business_$2 copied checked loaded again hand
    psql -Xqc "CREATE DATABASE $name"
    run -d "$name" -c 'CREATE EXTENSION inventory'
    write "$name" "$1" "$2"
    run -c CHECKPOINT
    copied=$(seconds "$name" <<<"$stage")
    checked=$(seconds "$name" <<<'DO $$BEGIN IF EXISTS (SELECT FROM inventory.import_check()) THEN RAISE EXCEPTION $m$there are problems$m$; END IF; END$$;')
    loaded=$(seconds "$name" <<<'SELECT FROM inventory.import_load();')
    [ "$(count "$name" inventory_item)" = "$(($1 * $2))" ] && [ "$(count "$name" stock_movement)" = "$(($1 * $2))" ] || die "not every level was loaded"
    run -d "$name" -c 'VACUUM ANALYZE'
    again=$(seconds "$name" <<<'DO $$BEGIN IF EXISTS (SELECT FROM inventory.verify_ledger()) THEN RAISE EXCEPTION $m$the ledger does not add up$m$; END IF; END$$;')
    hand=$(by_hand "$name")
    printf '\n%-66s %9s %9s %12s\n' "$1 products and terms, $(($1 * $2)) levels, $(count "$name" purchase_order_line) open order lines" seconds 'CPU' 'levels/s'
    line() { printf '%-66s %9s %9s %12s\n' "$1" "$2" "$3" "$(per_second "$levels" "$2")"; }
    local levels=$(($1 * $2))
    line 'COPY into staging' $copied
    line 'import_check()' $checked
    line 'import_load(), which checks once more' $loaded
    line 'COPY and import_load()' $(printf '%s %s\n' $copied $loaded | awk '{ s += $1; c += $2 } END { printf "%.1f %.1f", s, c }')
    line 'COPY of ids and numbers into bare tables, nothing checked, no ledger' $hand
    line 'verify_ledger(), after VACUUM ANALYZE' $again
    psql -Xqc "DROP DATABASE $name"
}

measure $((items / 4)) 4
measure "$items" 1
