#!/bin/sh
# Loads that are run by hand: begun, watched, stopped, gone on with, begun anew. A lock
# on the source holds a load for as long as the test looks.
. "$DMSL_SRCDIR/tests/lib.sh"
. "$DMSL_SRCDIR/tests/lib-stack.sh"

stack=stacks/dev.dmsl
task=dms_task.demo
target='sql_database.demo["target"]'
source='sql_database.demo["source"]'
table=demo_schema.demo_accounts
sed 's/generate_series(1, 1000000)/generate_series(1, 1000)/' \
  stacks/fixtures/orders.sql >orders.sql && mv orders.sql stacks/fixtures/orders.sql

# task WORD [ARGUMENT...]
task() {
  word=$1
  shift
  timeout 120 "$DMSL" task "$word" $stack "$@"
}

# refused WORDS COMMAND...: it fails, and says so.
refused() {
  words=$1
  shift
  test_expect_code 1 "$@" >out 2>err </dev/null &&
  test_contains err "$words"
}

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

lock_source() {
  { sql "$source" "BEGIN; LOCK TABLE $table IN ACCESS EXCLUSIVE MODE;
      SELECT pg_sleep(300)" >/dev/null 2>&1 & } &&
  until_done has_lock
}

has_lock() {
  test "$(sql "$source" "SELECT count(*) FROM pg_locks WHERE granted
    AND mode = 'AccessExclusiveLock' AND relation = '$table'::regclass")" = 1
}

unlock_source() {
  sql "$source" "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE granted
    AND mode = 'AccessExclusiveLock' AND relation = '$table'::regclass" >/dev/null
}

has_rows() {
  test "$(sql "$target" "SELECT count(*) FROM $table" 2>/dev/null)" = "$1"
}

# is_in STATUS: of the task, by its list.
is_in() {
  task list --json >list.json &&
  grep -q "\"status\": *\"$1\"" list.json
}

no_lease() {
  git for-each-ref refs/dmsl/lease >leases &&
  test_must_be_empty leases
}

test_expect_success 'a stack whose load is run by hand' '
  sed "s/run       = on_apply/run = manual/; /^check moved/,/^}/d" $stack >new &&
  mv new $stack &&
  "$DMSL" apply $stack --yes >apply.txt &&
  task list >list.txt &&
  test_contains list.txt $task ready
'

test_expect_success 'what was never started can only be started; without a yes it is not' '
  refused "was never started" task resume --yes &&
  refused "was never started" task reload --yes &&
  refused "was never started" task wait &&
  refused "there is no terminal" task start &&
  test_contains out "truncate $table" &&
  refused "no resource" task start dms_task.other --yes &&
  refused "is no replication task" task start "$target" --yes &&
  is_in ready &&
  no_lease
'

test_expect_success 'start begins the load and gives the lease back' '
  lock_source &&
  task start --yes >start.txt &&
  test_contains start.txt "! truncate $table on target-db" "status: running" &&
  is_in running &&
  no_lease &&
  git log -1 --format=%s dmsl/state >subject &&
  echo "Task start $task" >expect &&
  test_cmp expect subject
'

test_expect_success 'what runs is neither started nor loaded anew' '
  refused "runs already" task start --yes &&
  refused "runs" task reload --yes &&
  test_contains err "dmsl task stop" &&
  refused "has no table \"sales.ordres\"" task reload $task sales.ordres --yes &&
  test_contains err "did you mean \"sales.orders\"" &&
  refused "is no table" task reload $task orders. --yes &&
  refused "once a run" task reload $task sales.orders --yes &&
  is_in running
'

test_expect_success 'an interrupt ends waiting, not the load' '
  { "$DMSL" task wait $stack --json >wait.json 2>wait.err & } &&
  waiter=$! &&
  until_done grep -q "\"for\":\"the load" wait.json &&
  kill -INT $waiter &&
  test_expect_code 1 wait $waiter &&
  test_contains wait.err "stopped waiting" "What runs goes on" &&
  is_in running
'

test_expect_success 'stop stops it, twice is once, and wait says so' '
  task stop >stop.txt &&
  test_contains stop.txt "status: stopped" NORMAL &&
  task stop >stop.txt &&
  test_contains stop.txt "status: stopped" &&
  refused "was stopped before its end" task wait &&
  test_contains err "dmsl task resume" &&
  refused "was started before" task start --yes
'

test_expect_success 'resume goes on with it' '
  unlock_source &&
  task resume --yes --wait >resume.txt 2>resume.err &&
  test_contains resume.txt "goes on" FULL_LOAD_ONLY_FINISHED &&
  has_rows 4 &&
  refused "nothing to go on with" task resume --yes &&
  test_contains err "dmsl task reload"
'

test_expect_success 'reload loads all anew; as JSON each line is an object' '
  sql "$target" "DELETE FROM $table" &&
  task reload --yes --wait --json >reload.json &&
  has_rows 4 &&
  while read -r line; do
    case $line in
    "{"*"}") ;;
    *) return 1 ;;
    esac
  done <reload.json &&
  test_contains reload.json "\"type\":\"result\"" "\"rows\":1000"
'

test_expect_success 'single tables are those of a running task' '
  refused "single tables of running tasks only" task reload $task sales.orders --yes
'

test_expect_success 'an assessment is of AWS alone, and apply goes on without it' '
  refused "no premigration assessment" task assess &&
  sed "s/run = manual/run = on_apply assess = true/" $stack >new &&
  mv new $stack &&
  "$DMSL" plan $stack >plan.txt
'

test_expect_success 'what was loaded by hand is not loaded by the next apply' '
  "$DMSL" plan $stack --detailed-exitcode >plan.txt
'

test_expect_success 'an apply that waits for a load can be told so: stop needs no lease' '
  lock_source &&
  sed "s/parallel_tables = 16/parallel_tables = 8/" $stack >new &&
  mv new $stack &&
  { "$DMSL" apply $stack --yes >apply.txt 2>&1 & } &&
  apply=$! &&
  until_done is_in running &&
  refused "is being changed by" task resume --yes &&
  task stop >stop.txt &&
  test_expect_code 1 wait $apply &&
  test_contains apply.txt "the load was stopped before its end" &&
  unlock_source
'

load_of() {
  git show dmsl/state:dev.dmstate.json | grep -o '"loaded": *"[0-9a-f]*"'
}

test_expect_success 'a request that is killed at any instant is known to the next run' '
  sed "s/run = on_apply/run = manual/" $stack >new &&
  mv new $stack &&
  "$DMSL" apply $stack --yes >apply.txt 2>&1 &&
  # Or what takes the table away in the end would wait for it.
  test_when_finished unlock_source &&
  lock_source &&
  test_when_finished unlock_source &&
  load_of >before &&
  for ms in 5 10 20 30 40 60 80 100 130 160 200 250 300; do
    "$DMSL" task reload $stack --yes >killed.txt 2>&1 &
    pid=$!
    sleep "$(awk "BEGIN { print $ms / 1000 }")"
    kill -KILL $pid 2>/dev/null
    wait $pid
    "$DMSL" apply $stack --yes >apply.txt 2>&1 || return 1
    load_of >after
    if is_in running; then
      ! cmp before after
      return
    fi
    test_cmp before after || return 1
    echo "nothing was begun after $ms ms"
  done
  false
'

test_done
