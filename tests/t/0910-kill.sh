#!/bin/sh
# SIGKILL of apply at twenty random instants: the end is the same as without,
# and nothing is left over.
. "$DMSL_SRCDIR/tests/lib.sh"
. "$DMSL_SRCDIR/tests/lib-stack.sh"

stack=stacks/dev.dmsl
DMSL_PARAM_password=kill9password
export DMSL_PARAM_password
# A smaller table: the point is the instants, not the rows.
sed 's/generate_series(1, 1000000)/generate_series(1, 100000)/' \
  stacks/fixtures/orders.sql >orders.sql && mv orders.sql stacks/fixtures/orders.sql

# The state without what differs from run to run: the generated password, the
# ids that the replication server invents, the addresses that are handed out in
# the order of asking.
state() {
  git show dmsl/state:dev.dmstate.json | grep -v '"result":' |
    sed -E 's/:(endpoint|rep|task):[A-Z0-9]{26}/:\1:ID/g
      s/"password-[0-9a-f]+"/"password-ID"/
      s/"(127|10)\.[0-9.]+"/"ADDRESS"/g'
}
objects() {
  find "$DMSL_HOME" -path '*/objects/*' -type f | wc -l
}

test_expect_success 'a run that nobody kills' '
  "$DMSL" apply $stack --yes >apply.txt &&
  state >expect-state &&
  objects >expect-objects &&
  stack_processes | wc -l >expect-processes &&
  "$DMSL" destroy $stack --yes
'

test_expect_success 'twenty runs that are killed, and one that is not' '
  seed=$(od -An -N4 -tu4 /dev/urandom | tr -d " ") &&
  echo "seed $seed" &&
  for i in $(seq 20); do
    "$DMSL" apply $stack --yes >>killed.txt 2>&1 &
    pid=$! &&
    ms=$(awk -v s="$seed" -v i="$i" "BEGIN { srand(s + i); print 20 + int(rand() * 1200) }") &&
    sleep "$(awk -v ms="$ms" "BEGIN { print ms / 1000 }")" &&
    kill -KILL $pid 2>/dev/null
    wait $pid
  done
  "$DMSL" apply $stack --yes >apply.txt &&
  state >actual-state &&
  test_cmp expect-state actual-state &&
  objects >actual-objects &&
  test_cmp expect-objects actual-objects &&
  stack_processes | wc -l >actual-processes &&
  test_cmp expect-processes actual-processes
'

test_expect_success 'the rows are there, once' '
  sql dms_endpoint.target "SELECT count(*), count(DISTINCT id) FROM sales.orders" >actual &&
  echo "100000|100000" >expect &&
  test_cmp expect actual &&
  "$DMSL" plan $stack --detailed-exitcode
'

# Between the end of the load and the next write of the server's log to disk.
test_expect_success 'what was loaded outlives servers that are killed next' '
  "$DMSL" destroy $stack --yes &&
  "$DMSL" apply $stack --yes >apply.txt 2>&1 &
  pid=$!
  while kill -0 $pid 2>/dev/null; do
    if grep -q "^run dms_task.demo .* done" apply.txt; then
      kill -KILL $(head -qn1 "$DMSL_HOME"/*/db/*/data/postmaster.pid)
      break
    fi
    sleep 0.01
  done
  wait $pid
  "$DMSL" apply $stack --yes >again.txt &&
  sql dms_endpoint.target "SELECT count(*), count(DISTINCT id) FROM sales.orders" >actual &&
  test_cmp expect actual &&
  sql dms_endpoint.target "SELECT count(*) FROM demo_schema.demo_accounts" >actual &&
  echo 4 >expect &&
  test_cmp expect actual
'

test_expect_success 'destroy, killed ten times, leaves nothing' '
  for i in $(seq 10); do
    "$DMSL" destroy $stack --yes >>killed.txt 2>&1 &
    pid=$!
    sleep "0.$((i * 7 % 10))"
    kill -KILL $pid 2>/dev/null
    wait $pid
  done
  "$DMSL" destroy $stack --yes &&
  stack_processes >after &&
  test_must_be_empty after &&
  test -z "$(find "$DMSL_HOME" -type f 2>/dev/null)" &&
  git fsck --strict
'

test_done
