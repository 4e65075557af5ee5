# What the measurements share: a cluster, the stock in it, and the CPU time that a
# backend spends. Source it; but for --help
# nothing happens until a function is called.
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/common.sh"

# usage: prints the header of a script.
usage() { awk 'NR > 1 { if (!/^#/) exit; sub(/^# ?/, ""); print }' "$0"; }
case ${1:-} in -h | --help) usage; exit 0 ;; esac

# wrong_usage: prints the line of the usage that the header of a script states.
wrong_usage() { sed -n 's/^# \(Usage:\)/\1/p' "$0" >&2; exit 2; }
# numbers VALUE...: refuses what is no number above 0.
numbers() { local n; for n in "$@"; do [[ $n =~ ^[1-9][0-9]{0,9}$ ]] || wrong_usage; done; }

# prepare_bench [PACKAGE...]: builds the tree in a private copy.
prepare_bench() {
    trap remove_work EXIT
    install_packages "postgresql-$PG_MAJOR" "postgresql-server-dev-$PG_MAJOR" make gcc libc6-dev "$@"
    make_work
    cd "$WORK/tree"
    build
}

# start_bench [SETTING...]: a server for measuring. No autovacuum, no checkpoint on
# the way: they would hit one of the rivals and not the other.
start_bench() {
    start_server 'shared_buffers = 1GB' 'max_wal_size = 32GB' 'checkpoint_timeout = 1h' 'autovacuum = off' 'max_connections = 60' 'client_min_messages = warning' "$@"
}

# start_server [SETTING...]: a cluster, and which pages the kernel gives its memory in:
# where a working set is too large for the caches of a processor, that counts.
start_server() {
    start_cluster "$@"
    awk -v standard="$(($(getconf PAGESIZE) / 1024))" '
        $1 == "KernelPageSize:" && $2 > huge { huge = $2 }
        END { if (huge > standard) printf "Shared memory in huge pages of %d kB.\n", huge
              else if (huge) printf "Shared memory in pages of %d kB: no huge pages are left (vm.nr_hugepages).\n", huge }
    ' "/proc/$(as_user head -n 1 "$WORK/data/postmaster.pid")/smaps" 2>/dev/null || true
}

# move_wal_to_memory: the log of the cluster lies in memory from now on.
move_wal_to_memory() {
    as_user "$PG_BIN/pg_ctl" -D "$WORK/data" -m fast -w stop >/dev/null
    memory=$(mktemp -d /dev/shm/inventory.XXXXXX)
    trap 'remove_work; rm -rf "$memory"' EXIT
    mv "$WORK/data/pg_wal" "$memory/pg_wal"
    [ "$(id -u)" -ne 0 ] || chown -R "$RUN_USER" "$memory"
    as_user ln -s "$memory/pg_wal" "$WORK/data/pg_wal"
    as_user "$PG_BIN/pg_ctl" -D "$WORK/data" -l "$WORK/server.log" -w -t 120 start >/dev/null
}

run() { psql -Xq -v ON_ERROR_STOP=1 "$@"; }
value() { psql -XAtq -v ON_ERROR_STOP=1 "$@"; }

# make_stock DATABASE ITEMS QUANTITY [lean]: ITEMS items with the same stock for
# inventory and for the peers (bench/peer.sql), and bench.cpu().
make_stock() {
    run -c "CREATE DATABASE $1"
    run -d "$1" -v items="$2" -v quantity="$3" -v lean="$([ "${4:-}" = lean ] && echo true || echo false)" -f bench/peer.sql -f bench/stock.sql
}

# reserve_each DATABASE ITEMS: a reservation of each item for inventory and for the
# peers. Plans are made before there are reservations; a table that is not small makes
# them by index.
reserve_each() {
    run -d "$1" -v items="$2" <<'SQL'
SELECT count(inventory.reserve_stock(g, 1, 1, 'READY-' || g)) FROM generate_series(1, :items) g \g /dev/null
SELECT count(peer.reserve_stock(g, 1, 1, 'READY-' || g)) FROM generate_series(1, :items) g \g /dev/null
VACUUM ANALYZE;
SQL
}

# cpu DATABASE STATEMENT [TIMES [BEFORE]]: least CPU time of the backend in
# milliseconds, of TIMES (3) runs in one session; BEFORE is run before each of them
# and not counted. With TIME=wall it is the time on the clock.
cpu() {
    local i
    for ((i = 0; i < ${3:-3}; i++)); do
        printf '%s;\n' "${4:-SELECT}"
        printf 'SELECT bench.%s() AS began \\gset\n' "${TIME:-cpu}"
        printf '%s \\g /dev/null\n' "$2"
        printf "SELECT 'ms', bench.%s() - :began;\n" "${TIME:-cpu}"
    done | value -d "$1" | awk -F'|' '$1 == "ms" { print $2 }' | sort -n | head -n 1
}
wall() { TIME=wall cpu "$@"; }

# watch_backends: from now on cpu_of_backends gives the CPU time of all client backends so
# far, in ms: what the postmaster knows of the children it has waited for, once there
# are no more of them than now.
watch_backends() {
    postmaster=$(as_user head -n 1 "$WORK/data/postmaster.pid")
    sleep 1
    at_rest=$(children)
}
# Some processes are gone before they are read.
children() { { cat /proc/[0-9]*/stat 2>/dev/null || true; } | awk -v parent="$postmaster" '{ sub(/.*\) /, ""); n += $2 == parent } END { print n + 0 }'; }
cpu_of_backends() {
    while [ "$(children)" -gt "$at_rest" ]; do sleep 0.05; done
    awk -v tick="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print ($14 + $15) * 1000 / tick }' "/proc/$postmaster/stat"
}

# ratio A B; per A B [FACTOR]: A / B * FACTOR, two decimals; less A B: A - B; whole NUMBER: 1234567 as 1,234,567
per() {
    [ -n "$1" ] && [ -n "$2" ] || die "a measurement failed"
    awk -v a="$1" -v b="$2" -v f="${3:-1}" 'BEGIN { if (b == 0) exit 1; printf "%.2f", a / b * f }'
}
ratio() { per "$1" "$2"; }
less() {
    [ -n "$1" ] && [ -n "$2" ] || die "a measurement failed"
    awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f", a - b }'
}
whole() {
    [ -n "$1" ] || die "a measurement failed"
    awk -v a="$1" 'BEGIN { printf "%.0f", a }' | sed -e ':again' -e 's/\([0-9]\)\([0-9]\{3\}\)\($\|,\)/\1,\2\3/' -e 't again'
}

# verdict NUMBER most|least TARGET
verdict() { awk -v n="$1" -v how="$2" -v t="$3" 'BEGIN { print ((how == "most" ? n <= t : n >= t) ? "met" : "missed") }'; }

# Tables: table COLUMN..., then row CELL...; what is printed can be pasted into docs/benchmarks.md.
row() { local cell; for cell in "$@"; do printf '| %s ' "$cell"; done; printf '|\n'; }
table() { printf '\n'; row "$@"; local _; for _ in "$@"; do printf '|---'; done; printf '|\n'; }

# check_invariants DATABASE
check_invariants() {
    [ "$(value -d "$1" -c 'SELECT count(*) FROM inventory.verify_ledger()')" = 0 ] || die "verify_ledger() found problems"
}
