#!/usr/bin/env bash
# A session that makes reservations and nothing else, in transactions of its own:
# how large its backend is after a tenth, a half and all of them.
#
# Usage: bench/memory.sh [--long | RESERVATIONS]      (200,000; --long: 1,000,000)
set -euo pipefail
. "$(dirname "$0")/common.sh"
case ${1:-200000} in --long) total=1000000 ;; *) total=${1:-200000} ;; esac
numbers "$total"
[ "$total" -ge 10 ] || die "RESERVATIONS must be at least 10"
items=1000

prepare_bench
start_bench 'synchronous_commit = off'
make_stock stock "$items" 1000000000
run -d stock <<'SQL'
CREATE PROCEDURE bench.reserve(first bigint, last bigint) LANGUAGE plpgsql AS $$
BEGIN
    FOR n IN first .. last LOOP
        PERFORM inventory.reserve_stock(1 + n % 1000, 1, 1, 'ORDER-' || n);
        COMMIT;
    END LOOP;
END
$$;
SQL
# After each tenth: memory of the backend's own (without shared buffers), all
# memory contexts, those of the statements and plans kept.
{
    step=$((total / 10))
    for ((done = 0; done < total; done += step)); do
        echo "CALL bench.reserve($((done + 1)), $((done + step)));"
        cat <<'SQL'
SELECT substring(pg_read_file('/proc/self/status') FROM 'RssAnon:\s+(\d+)')::bigint, (SELECT sum(total_bytes) / 1024 FROM pg_backend_memory_contexts)::bigint, (SELECT sum(used_bytes) / 1024 FROM pg_backend_memory_contexts)::bigint;
SQL
    done
} >"$WORK/session.sql"
value -d stock -f "$WORK/session.sql" >"$WORK/sizes"
[ "$(value -d stock -c 'SELECT count(*) FROM inventory.reservation')" -ge "$total" ] || die "not all were made"

size() { sed -n "$1p" "$WORK/sizes" | cut -d'|' -f"$2"; }
table 'one session, kB' "after $(whole $((total / 10)))" "after $(whole $((total / 2)))" "after $(whole "$total")" 'bytes a call in the second half' 'target' ''
line() {
    local grown
    grown=$(per "$(($(size 10 "$2") - $(size 5 "$2")))" "$total" 2048)
    # What the allocator takes and gives back by pages is not a leak.
    row "$1" "$(whole "$(size 1 "$2")")" "$(whole "$(size 5 "$2")")" "$(whole "$(size 10 "$2")")" "$grown" '< 1' "$(verdict "$grown" most 1)"
}
line 'resident memory of its own' 1
line 'memory contexts' 2
line 'used in memory contexts' 3
