# The suites, for those that source common.sh: against the build below $WORK, and all but
# TAP in the cluster that start_cluster made.

step() { printf '\n== %s\n' "$*"; }

# failed_logs: the logs of the TAP tests that failed, or ended before their plan.
failed_logs() {
    local file
    for file in "$WORK"/tree/tmp_check/log/regress_log_*; do
        [ -s "$file" ] || continue
        ! grep -qE '\) not ok ' "$file" && grep -qE '\) 1\.\.[0-9]+' "$file" || printf '%s\n' "$file"
    done
}

# show_differences: what went wrong. The failed tests come last and once more by themselves,
# where somebody who sees the end of a long output finds them.
show_differences() {
    local file server
    for file in "$WORK"/tree/regression.diffs "$WORK"/tree/output_iso/regression.diffs; do
        [ ! -s "$file" ] || cat "$file"
    done
    for file in $(failed_logs); do
        for server in "${file%/*}/${file##*/regress_log_}"_*.log; do
            [ ! -s "$server" ] || { printf '%s\n' "--- ${server##*/}"; tail -n 30 "$server"; }
        done
        printf '%s\n' "--- ${file##*/}"
        tail -n 30 "$file"
    done
    # What a sanitizer reported, an assertion that failed, a crash.
    head -qn 60 "$WORK"/reports/* 2>/dev/null || true
    grep -hE 'runtime error:|AddressSanitizer|TRAP:|PANIC:|terminated by signal|Failed process' "$WORK/server.log" "$WORK"/tree/tmp_check/log/*.log 2>/dev/null | tail -n 20 || true
    for file in $(failed_logs); do
        printf '%s\n' "--- ${file##*/}"
        grep -E -A 8 '\) not ok ' "$file" || tail -n 5 "$file"
    done
}

# on_exit: for a trap; shows what went wrong, if anything did, and leaves nothing behind.
on_exit() {
    local status=$?
    [ "$status" -eq 0 ] || [ -z "$WORK" ] || show_differences
    remove_work
    exit "$status"
}

# run_installcheck MAKE ARGUMENT...
run_installcheck() {
    server_conf | as_user tee "$WORK/temp.conf" >/dev/null
    as_user env PGHOST="$WORK" PGPORT=5432 PGUSER=postgres TEMP_CONFIG="$WORK/temp.conf" \
        INVENTORY_CASES="${INVENTORY_CASES:-$SOURCE/../shared/cases/planning_sample.csv}" \
        make -s -C "$WORK/tree" with_llvm=no PG_CONFIG="$PG_BIN/pg_config" installcheck "$@"
}

# prove_pgtap FILE...
prove_pgtap() {
    as_user "$PG_BIN/psql" -h "$WORK" -U postgres -Atc "SELECT 1 FROM pg_database WHERE datname = 'pgtap'" postgres | grep -q 1 ||
        as_user "$PG_BIN/createdb" -h "$WORK" -U postgres pgtap
    as_user pg_prove --quiet -h "$WORK" -U postgres -d pgtap "$@"
}

run_regression() {
    step 'Regression (pg_regress)'
    run_installcheck ISOLATION= TAP_TESTS=
}

# run_isolation [SPEC...]: all of them by default.
run_isolation() {
    step 'Races (isolation)'
    run_installcheck REGRESS= TAP_TESTS= ${1:+ISOLATION="$*"}
}

run_pgtap() {
    step 'Behaviour (pgTAP)'
    prove_pgtap test/pgtap/*.sql
}

run_by_statements() {
    step 'Races and behaviour, by statements alone (inventory.fast_path = off)'
    local specs=(batch-opposite cancel-twice count-fulfill count-plain-movement count-start-movement delete-item expire-skips-held
        expired-takeover expires-at-update extend-expire extend-snapshot first-receipt first-reservation fulfill-cancel fulfill-expire
        fulfill-twice idempotency-key item-deleted-while-waiting last-unit last-unit-many opposite-line-order opposite-order-update
        order-expire order-idempotency order-last-unit order-same-item-twice order-sourced order-split-update policy-recheck
        purchase-first-receipt release-twice repeatable-read reserve-while-waiting retry-after-timeout serializable subtransaction transfer-first-receipt
        transfer-opposite)
    export PGOPTIONS='-c inventory.fast_path=off'
    run_installcheck REGRESS= TAP_TESTS= ISOLATION="${specs[*]}"
    prove_pgtap test/pgtap/{batch,demand,fast_path,hostile,ledger,order,reservation,stock,transfer}.sql
    unset PGOPTIONS
}

# run_tap [FILE...]: all of them by default.
run_tap() {
    step 'Servers under load, dumped, crashed, short of disk and memory (TAP)'
    run_installcheck REGRESS= ISOLATION= ${1:+PROVE_TESTS="$*"}
}
