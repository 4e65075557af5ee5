#!/usr/bin/env bash
# Runs the measurements that are named, or all but reports and import, one after the
# other, each in a cluster of its own, and writes the tables to standard output. A
# measurement that fails does not keep the others from running.
#
# Usage: bench/run_all.sh [NAME...]      (without names about 40 minutes on two cores)
set -euo pipefail
. "$(dirname "$0")/common.sh"
here=$(cd "$(dirname "$0")" && pwd)
[ $# -gt 0 ] || set -- instructions throughput batch replay ledger memory growth million_update replenishment
failed=
for name in "$@"; do
    [ -x "$here/$name.sh" ] && [ "$name" != run_all ] || die "no such measurement: $name; there are $(basename -as .sh "$here"/*.sh | grep -vxE 'common|run_all' | paste -sd ' ')"
done
for name in "$@"; do
    printf '\n== bench/%s.sh, %s\n' "$name" "$(date -u +'%F %H:%M')"
    "$here/$name.sh" || failed+=" $name"
done
[ -z "$failed" ] || { printf '\nfailed:%s\n' "$failed" >&2; exit 1; }
