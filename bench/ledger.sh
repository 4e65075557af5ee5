#!/usr/bin/env bash
# What the ledger costs and what it answers: a level at a time from short and long
# histories, next to adding up the movements; appending to the months next to one
# table with the same columns and indexes; the hash; the checks over all of it.
#
# Usage: bench/ledger.sh [ITEMS [ROUNDS]]      (100,000, 10: a million movements)
set -euo pipefail
. "$(dirname "$0")/common.sh"
items=${1:-100000}
rounds=${2:-10}
numbers "$items" "$rounds"
[ "$items" -ge 2000 ] && [ "$rounds" -ge 5 ] && [ "$rounds" -le 100 ] || die "ITEMS must be at least 2,000, ROUNDS 5 to 100"
long=100000

prepare_bench
start_bench 'synchronous_commit = off'
make_stock ledger "$items" 1000

# Item 1 gets a long history; the thousand after it get 100 movements each, as many
# in all; the others one of ROUNDS.
run -d ledger -v items="$items" -v rounds="$rounds" -v long="$long" <<'SQL'
SELECT set_config('bench.long', :'long', false), set_config('bench.rounds', :'rounds', false) \g /dev/null
DO $$
BEGIN
    FOR i IN 2 .. current_setting('bench.rounds')::integer LOOP
        UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand + 1;
        COMMIT;
    END LOOP;
    FOR i IN (SELECT max(version) FROM inventory.inventory_item WHERE product_id = 1) + 1 .. current_setting('bench.long')::bigint LOOP
        PERFORM inventory.receive_stock(1, 1, 1);
        IF i % 20 = 0 THEN COMMIT; END IF;
    END LOOP;
    FOR i IN current_setting('bench.rounds')::integer + 1 .. 100 LOOP
        UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand + 1 WHERE product_id BETWEEN 2 AND 1001;
        COMMIT;
    END LOOP;
END
$$;
-- One table with the keys of a month
CREATE TABLE peer.ledger_copy (LIKE inventory.stock_movement INCLUDING ALL, PRIMARY KEY (movement_id), UNIQUE (product_id, warehouse_id, created_at));
INSERT INTO peer.ledger_copy SELECT * FROM inventory.stock_movement;
CREATE TABLE bench.history AS
SELECT product_id, min(created_at) AS first, max(created_at) AS last, min(created_at) FILTER (WHERE version = 5000) AS five_thousandth
FROM inventory.stock_movement WHERE product_id <= 1001 GROUP BY product_id;
ALTER TABLE bench.history ADD PRIMARY KEY (product_id);
VACUUM ANALYZE;
CHECKPOINT;
SQL
movements=$(value -d ledger -c 'SELECT count(*) FROM inventory.stock_movement')

# levels FIRST LAST: microseconds for levels of these products at any time of their history
calls=20000
levels() {
    per "$(cpu ledger "SELECT count(inventory.on_hand_at(p.product_id, 1, h.first + p.at * (h.last - h.first)))
        FROM (SELECT $1 + g % ($2 - $1 + 1) AS product_id, random() AS at FROM generate_series(1, $calls) g) p JOIN bench.history h USING (product_id)" 7)" "$calls" 1000
}
hot_level=$(levels 2 2)
short_level=$(levels 2 1001)
long_level=$(levels 1 1)
at=$(value -d ledger -c 'SELECT five_thousandth FROM bench.history WHERE product_id = 1')
same_level=$(per "$(cpu ledger "SELECT count(inventory.on_hand_at(1, 1, '$at'::timestamptz + make_interval(secs => g * 0))) FROM generate_series(1, $calls) g" 5)" "$calls" 1000)
summed=$(per "$(cpu ledger "SELECT count((SELECT sum(m.quantity) FROM peer.ledger_copy m WHERE m.product_id = 1 AND m.warehouse_id = 1 AND m.created_at <= '$at'::timestamptz + make_interval(secs => g * 0))) FROM generate_series(1, 200) g" 5)" 200 1000)
number=$(value -d ledger -c "SELECT count(*) FROM peer.ledger_copy WHERE product_id = 1 AND created_at <= '$at'")

table 'level at a time, µs of CPU a call' 'µs' 'ratio' 'target' ''
row 'on_hand_at, 1,000 items with 100 movements' "$short_level" '1.00' '' ''
r=$(ratio "$long_level" "$short_level")
row "on_hand_at, one item with $(whole $long) movements" "$long_level" "$r" '≤ 1.2' "$(verdict "$r" most 1.2)"
row 'on_hand_at, one item with 100 movements, all in the cache of the processor' "$hot_level" "$(ratio "$hot_level" "$short_level")" '' ''
row 'on_hand_at, its movement 5,000' "$same_level" '1.00' '' ''
r=$(ratio "$summed" "$same_level")
row "sum of the $(whole "$number") movements up to there, from one table" "$summed" "$r" '≥ 30' "$(verdict "$r" least 30)"

middle=$(value -d ledger -c 'SELECT created_at FROM inventory.stock_movement WHERE product_id = 3 AND version = 5')
stock=$(wall ledger "SELECT count(*) FROM inventory.stock_at('$middle')")
occurred=$(wall ledger "SELECT count(*) FROM inventory.stock_at('$middle', basis => 'occurred')")
digest=$(wall ledger 'SELECT inventory.ledger_digest()')
verify=$(wall ledger 'SELECT count(*) FROM inventory.verify_ledger()' 2)
check_invariants ledger
table "one call over $(whole "$items") items, $(whole "$movements") movements" 'seconds' 'µs of each item or movement'
row 'stock_at, all items' "$(per "$stock" 1000)" "$(per "$stock" "$items" 1000)"
row 'stock_at, all items, by business time' "$(per "$occurred" 1000)" "$(per "$occurred" "$items" 1000)"
row 'ledger_digest, items' "$(per "$digest" 1000)" "$(per "$digest" "$items" 1000)"
row 'verify_ledger, movements' "$(per "$verify" 1000)" "$(per "$verify" "$movements" 1000)"

# The hash alone: less the same scan with another function of the same columns.
columns='m.row_hash, m.movement_id, m.product_id, m.warehouse_id, m.movement_type, m.quantity, m.on_hand_after, m.version, m.reference_id, m.reservation_id, m.root_cause, m.performed_by, m.session_role, m.created_at, m.occurred_at'
hashing=$(cpu ledger "SELECT count(inventory.movement_hash($columns)) FROM (SELECT * FROM peer.ledger_copy LIMIT 200000) m" 5)
scanning=$(cpu ledger "SELECT count(num_nulls($columns)) FROM (SELECT * FROM peer.ledger_copy LIMIT 200000) m" 5)
sha=$(cpu ledger "SELECT count(sha256(m.row_hash || m.row_hash || m.row_hash || m.row_hash || m.row_hash)) FROM (SELECT * FROM peer.ledger_copy LIMIT 200000) m" 5)
bare=$(cpu ledger "SELECT count(m.row_hash || m.row_hash || m.row_hash || m.row_hash || m.row_hash) FROM (SELECT * FROM peer.ledger_copy LIMIT 200000) m" 5)
table 'the hash of a movement' 'µs of CPU'
row 'movement_hash' "$(per "$(less "$hashing" "$scanning")" 200000 1000)"
row 'sha256 of 160 bytes, for comparison' "$(per "$(less "$sha" "$bare")" 200000 1000)"

# Appending, to the months and to one table. The rows are the same, made before.
rows=200000
singles=20000
make_stock append 1 1
run -d append -v rows="$rows" <<'SQL'
CREATE TABLE peer.ledger_copy (LIKE inventory.stock_movement INCLUDING ALL, PRIMARY KEY (movement_id), UNIQUE (product_id, warehouse_id, created_at));
CREATE UNLOGGED TABLE bench.source AS
SELECT g AS movement_id, 1 + (g * 7919) % 20000 AS product_id, 1 AS warehouse_id, 'SALE'::inventory.movement_type AS movement_type, -1::bigint AS quantity, 100::bigint AS on_hand_after, 1 + g / 20000 AS version,
    'ORDER-' || g AS reference_id, g AS reservation_id, NULL::text AS root_cause, 'postgres' AS performed_by, 'postgres' AS session_role, now() + g * interval '1 microsecond' AS created_at, now() + g * interval '1 microsecond' AS occurred_at,
    sha256(int8send(g)) AS row_hash
FROM generate_series(1, :rows::bigint) AS g;
VACUUM ANALYZE;

-- Months are as append-only as the rest; only a restore may empty them.
CREATE PROCEDURE bench.empty() LANGUAGE plpgsql AS $$
DECLARE
    months text := (SELECT string_agg(inhrelid::regclass::text, ', ') FROM pg_inherits WHERE inhparent = 'inventory.stock_movement'::regclass);
BEGIN
    SET LOCAL session_replication_role = replica;
    EXECUTE 'TRUNCATE ' || months || ', peer.ledger_copy';
END
$$;
-- One row a statement, through a plan that is kept, as the engine appends them
CREATE PROCEDURE bench.append_singly(target text, rows bigint) LANGUAGE plpgsql AS $$
DECLARE
    m bench.source;
BEGIN
    IF target = 'months' THEN
        FOR m IN SELECT * FROM bench.source WHERE movement_id <= rows LOOP
            INSERT INTO inventory.stock_movement VALUES (m.*);
        END LOOP;
    ELSE
        FOR m IN SELECT * FROM bench.source WHERE movement_id <= rows LOOP
            INSERT INTO peer.ledger_copy VALUES (m.*);
        END LOOP;
    END IF;
END
$$;
SQL
empty='CALL bench.empty(); CHECKPOINT'
set_months=$(cpu append 'INSERT INTO inventory.stock_movement SELECT * FROM bench.source' 5 "$empty")
set_plain=$(cpu append 'INSERT INTO peer.ledger_copy SELECT * FROM bench.source' 5 "$empty")
one_months=$(cpu append "CALL bench.append_singly('months', $singles)" 5 "$empty")
one_plain=$(cpu append "CALL bench.append_singly('plain', $singles)" 5 "$empty")
table 'appending, µs of CPU a row' 'by month' 'one table' 'ratio' 'target' ''
r=$(ratio "$set_months" "$set_plain")
row "INSERT ... SELECT of $(whole $rows) rows" "$(per "$set_months" $rows 1000)" "$(per "$set_plain" $rows 1000)" "$r" '≤ 1.1' "$(verdict "$r" most 1.1)"
r=$(ratio "$one_months" "$one_plain")
row "one row a statement, plan kept" "$(per "$one_months" $singles 1000)" "$(per "$one_plain" $singles 1000)" "$r" '≤ 1.1' "$(verdict "$r" most 1.1)"
