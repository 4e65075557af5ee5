#!/usr/bin/env bash
# What the ledger costs when one statement changes many levels: the same UPDATE on
# inventory_item, on a copy of it with the same columns, constraints and indexes
# but no triggers, and by one ledger row per trigger call in PL/pgSQL, as it would
# be written by hand. Prints milliseconds and
# ratios of one run.
#
# Usage: bench/million_update.sh [ITEMS]      (1,000,000)
set -euo pipefail
. "$(dirname "$0")/common.sh"
items=${1:-1000000}
numbers "$items"

trap remove_work EXIT
install_packages "postgresql-$PG_MAJOR" "postgresql-server-dev-$PG_MAJOR" make gcc libc6-dev
make_work
cd "$WORK/tree"
build
start_server 'shared_buffers = 2GB' 'max_wal_size = 32GB' 'checkpoint_timeout = 1h' 'synchronous_commit = off' 'autovacuum = off'
psql -Xq -v ON_ERROR_STOP=1 -v items="$items" <<'SQL'
CREATE EXTENSION inventory;
INSERT INTO inventory.warehouse (name) VALUES ('W');
INSERT INTO inventory.product (sku, name) SELECT 'P' || g, 'P' FROM generate_series(1, :items) g;
INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand) SELECT product_id, 1, 10 FROM inventory.product;

CREATE TABLE bare (LIKE inventory.inventory_item INCLUDING ALL);
CREATE TABLE by_hand (LIKE inventory.inventory_item INCLUDING ALL);
CREATE TABLE by_hand_ledger (LIKE inventory.stock_movement INCLUDING ALL, PRIMARY KEY (movement_id), UNIQUE (product_id, warehouse_id, created_at));
ALTER TABLE bare SET (fillfactor = 60);
ALTER TABLE by_hand SET (fillfactor = 60);
INSERT INTO bare (product_id, warehouse_id, quantity_on_hand) SELECT product_id, 1, 10 FROM inventory.product;
INSERT INTO by_hand (product_id, warehouse_id, quantity_on_hand) SELECT product_id, 1, 10 FROM inventory.product;
CREATE FUNCTION by_hand_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO by_hand_ledger (product_id, warehouse_id, movement_type, quantity, on_hand_after, version, performed_by, session_role, created_at, occurred_at)
    VALUES (NEW.product_id, NEW.warehouse_id, 'ADJUSTMENT', NEW.quantity_on_hand - OLD.quantity_on_hand, NEW.quantity_on_hand, NEW.version + 1, session_user, session_user, clock_timestamp(), clock_timestamp());
    RETURN NULL;
END
$$;
CREATE TRIGGER by_hand AFTER UPDATE ON by_hand FOR EACH ROW EXECUTE FUNCTION by_hand_trigger();
VACUUM ANALYZE;
CHECKPOINT;
SQL

milliseconds() {
    local start end
    start=$(date +%s%N)
    psql -Xq -v ON_ERROR_STOP=1 -c "UPDATE $1 SET quantity_on_hand = quantity_on_hand + 1"
    end=$(date +%s%N)
    echo $(((end - start) / 1000000))
}

plain=$(milliseconds bare)
engine=$(milliseconds inventory.inventory_item)
hand=$(milliseconds by_hand)
[ "$(psql -XAtc 'SELECT count(*) FROM inventory.verify_ledger()')" = 0 ] || die "the invariants do not hold"
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }
printf '%-44s %8s ms  ratio\n' "UPDATE of $items items" ''
printf '%-44s %8d ms  %s\n' 'no triggers, no ledger' "$plain" 1.00
printf '%-44s %8d ms  %s\n' 'inventory (ledger written set-based)' "$engine" "$(ratio "$engine" "$plain")"
printf '%-44s %8d ms  %s\n' 'PL/pgSQL row trigger, one INSERT a row' "$hand" "$(ratio "$hand" "$plain")"
