#!/usr/bin/env bash
# A year of real invoices (the "Online Retail" data set, as for scripts/demo --data):
# each order reserved whole and fulfilled, returns and corrections booked, a
# transaction an invoice, by inventory and by the same in PL/pgSQL. There is enough
# of everything, so that all of them do the same; levels are compared at the end.
#
# Usage: bench/replay.sh [FILE [INVOICES]]      (../shared/data/online_retail.csv.xz, all)
set -euo pipefail
. "$(dirname "$0")/common.sh"
file=${1:-$SOURCE/../shared/data/online_retail.csv.xz}
invoices=${2:-1000000}
numbers "$invoices"
[ -z "${1:-}" ] || [ -e "$file" ] || die "no such file: $file"
if [ ! -e "$file" ]; then
    say "no such file: $file; the replay is skipped."
    exit 0
fi
file=$(realpath -- "$file")

prepare_bench xz-utils
# Statistics are kept up to date, as they would be: plans depend on them.
start_bench 'synchronous_commit = off' 'autovacuum = on' 'autovacuum_naptime = 5s'
make_stock replay 1 1
case $file in *.xz) xz -dc -- "$file" ;; *) cat -- "$file" ;; esac | run -d replay -f examples/online_retail_load.sql >/dev/null
run -d replay -v invoices="$invoices" <<'SQL'
UPDATE inventory.inventory_item SET quantity_on_hand = 2 * quantity_on_hand + 100;
INSERT INTO peer.warehouse (warehouse_id, name) SELECT warehouse_id, name FROM inventory.warehouse w WHERE NOT EXISTS (SELECT FROM peer.warehouse p WHERE p.warehouse_id = w.warehouse_id);
INSERT INTO peer.product (product_id, sku, name) SELECT product_id, sku, name FROM inventory.product w WHERE NOT EXISTS (SELECT FROM peer.product p WHERE p.product_id = w.product_id);
DELETE FROM peer.inventory_item;
INSERT INTO peer.inventory_item (product_id, warehouse_id, quantity_on_hand) SELECT product_id, warehouse_id, quantity_on_hand FROM inventory.inventory_item;

CREATE TABLE bench.invoice AS
SELECT l.position, l.invoice_no,
    jsonb_agg(jsonb_build_object('product_id', l.product_id, 'warehouse_id', w.warehouse_id, 'quantity', l.quantity) ORDER BY l.line_no) FILTER (WHERE l.kind = 'order line') AS lines,
    count(*) AS number
FROM replay.line l
JOIN inventory.warehouse w ON w.name = 'Online Retail'
WHERE l.product_id IS NOT NULL AND l.position <= :invoices
GROUP BY l.position, l.invoice_no;
ALTER TABLE bench.invoice ADD PRIMARY KEY (position);
CREATE TABLE bench.other AS
SELECT l.position, l.line_no, l.kind, l.product_id, w.warehouse_id, l.delta, l.root_cause
FROM replay.line l
JOIN inventory.warehouse w ON w.name = 'Online Retail'
WHERE l.product_id IS NOT NULL AND l.kind <> 'order line' AND l.position <= :invoices;
CREATE INDEX ON bench.other (position, line_no);

CREATE PROCEDURE bench.replay(way text, first_position bigint, last_position bigint) LANGUAGE plpgsql AS $$
DECLARE
    invoice record;
    line record;
BEGIN
    FOR invoice IN SELECT * FROM bench.invoice i WHERE i.position BETWEEN first_position AND last_position ORDER BY i.position LOOP
        IF invoice.lines IS NOT NULL THEN
            CASE way
                WHEN 'inventory' THEN
                    PERFORM inventory.reserve_order(invoice.invoice_no, invoice.lines);
                    PERFORM inventory.fulfill_order(invoice.invoice_no);
                WHEN 'lines' THEN
                    PERFORM peer.reserve_order(invoice.invoice_no, invoice.lines);
                    PERFORM peer.fulfill_order(invoice.invoice_no);
                WHEN 'sets' THEN
                    PERFORM peer.reserve_order_set(invoice.invoice_no, invoice.lines);
                    PERFORM peer.fulfill_order_set(invoice.invoice_no);
            END CASE;
        END IF;
        FOR line IN SELECT * FROM bench.other o WHERE o.position = invoice.position ORDER BY o.line_no LOOP
            IF way <> 'inventory' THEN
                PERFORM peer.move_stock(line.product_id, line.warehouse_id, line.delta, CASE line.kind WHEN 'return' THEN 'RETURN' ELSE 'ADJUSTMENT' END::inventory.movement_type, invoice.invoice_no, line.root_cause);
            ELSIF line.kind = 'return' THEN
                PERFORM inventory.return_stock(line.product_id, line.warehouse_id, line.delta, invoice.invoice_no);
            ELSE
                PERFORM inventory.adjust_stock(line.product_id, line.warehouse_id, line.delta, line.root_cause, invoice.invoice_no);
            END IF;
        END LOOP;
        COMMIT;
    END LOOP;
END
$$;
VACUUM ANALYZE;
SQL
lines=$(value -d replay -c 'SELECT sum(number) FROM bench.invoice')
last=$(value -d replay -c 'SELECT max(position) FROM bench.invoice')
orders=$(value -d replay -c 'SELECT count(lines) FROM bench.invoice')

declare -A seconds used levels
for way in inventory lines sets; do
    run -c "CREATE DATABASE replay_$way TEMPLATE replay" -c 'CHECKPOINT'
    # One session; a call for each hundred invoices, since a session tells autovacuum
    # what it did when it waits for the next call.
    IFS='|' read -r used[$way] seconds[$way] < <({
        echo 'SELECT bench.cpu() AS cpu, bench.wall() AS wall \gset'
        for ((from = 1; from <= last; from += 100)); do echo "CALL bench.replay('$way', $from, $((from + 99)));"; done
        echo 'SELECT bench.cpu() - :cpu, round((bench.wall() - :wall) / 1000, 1);'
    } | value -d "replay_$way")
    [ "$way" = inventory ] && item=inventory.inventory_item || item=peer.inventory_item
    levels[$way]=$(value -d "replay_$way" -c "SELECT md5(string_agg(concat_ws(' ', product_id, warehouse_id, quantity_on_hand, quantity_reserved), ',' ORDER BY product_id, warehouse_id)) FROM $item WHERE product_id > 1")
    [ "$way" != inventory ] || check_invariants replay_inventory
    run -c "DROP DATABASE replay_$way"
done
[ "${levels[inventory]}" = "${levels[lines]}" ] && [ "${levels[inventory]}" = "${levels[sets]}" ] || die "levels differ at the end"

table "$(whole "$lines") lines, $(whole "$orders") orders" 'seconds' 'lines a second' 'µs of CPU a line' 'inventory is faster' 'by CPU' 'target' ''
line() {
    local speed cost
    speed=$(ratio "${seconds[$2]}" "${seconds[inventory]}")
    cost=$(ratio "${used[$2]}" "${used[inventory]}")
    row "$1" "${seconds[$2]}" "$(whole "$(per "$lines" "${seconds[$2]}")")" "$(per "${used[$2]}" "$lines" 1000)" "$speed" "$cost" "${3:+≥ $3}" "${3:+$(verdict "$speed" least "$3")}"
}
line 'inventory: reserve_order, fulfill_order' inventory
line 'PL/pgSQL, line by line' lines 4
line 'PL/pgSQL, a statement a step' sets
say
say 'The levels are the same at the end.'
