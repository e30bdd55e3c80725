#!/bin/sh
# wait = started: the load is begun, and apply does not stay for it. A lock on
# the source holds the load for as long as the test looks.
. "$DMSL_SRCDIR/tests/lib.sh"
. "$DMSL_SRCDIR/tests/lib-stack.sh"

stack=stacks/dev.dmsl
target='sql_database.demo["target"]'
source='sql_database.demo["source"]'
table=demo_schema.demo_accounts

# until_done COMMAND...: runs it until it succeeds, for half a minute at most.
until_done() {
  for _ in $(seq 150); do
    if "$@"; then
      return 0
    fi
    sleep 0.2
  done
  return 1
}

has_lock() {
  test "$(sql "$source" "SELECT count(*) FROM pg_locks WHERE granted
    AND mode = 'AccessExclusiveLock' AND relation = '$table'::regclass")" = 1
}

is_loaded() {
  test "$(sql "$target" "SELECT count(*) FROM $table" 2>/dev/null)" = 4
}

test_expect_success 'a stack whose load is not run, and has no check of its rows' '
  sed "s/run       = on_apply/run = manual/; /^check moved/,/^}/d" $stack >new &&
  mv new $stack &&
  "$DMSL" apply $stack --yes >apply.txt
'

test_expect_success 'somebody holds a table of the source' '
  { sql "$source" "BEGIN; LOCK TABLE $table IN ACCESS EXCLUSIVE MODE;
      SELECT pg_sleep(300)" >/dev/null 2>&1 & } &&
  until_done has_lock
'

test_expect_success 'apply ends, and gives the lease back, while the load goes on' '
  sed "s/run = manual/run = on_apply/; s/wait      = loaded/wait = started/" $stack >new &&
  mv new $stack &&
  timeout 120 "$DMSL" apply $stack --yes >apply.txt &&
  grep "1 run" apply.txt &&
  has_lock &&
  ! is_loaded &&
  git for-each-ref refs/dmsl/lease >leases &&
  test_must_be_empty leases &&
  test_path_is_missing .git/dmsl/dev/journal
'

test_expect_success 'meanwhile plan and apply have nothing to do, and are let' '
  "$DMSL" plan $stack --detailed-exitcode >plan.txt &&
  timeout 60 "$DMSL" apply $stack --yes >apply.txt &&
  ! is_loaded
'

test_expect_success 'the load comes to its end by itself' '
  sql "$source" "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE granted
    AND mode = '\''AccessExclusiveLock'\'' AND relation = '\''$table'\''::regclass" >/dev/null &&
  until_done is_loaded
'

test_done
