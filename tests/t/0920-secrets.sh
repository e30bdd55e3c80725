#!/bin/sh
# No secret in any byte: a sentinel as the master password is searched for in
# all that was written, printed and passed as an argument.
. "$DMSL_SRCDIR/tests/lib.sh"
. "$DMSL_SRCDIR/tests/lib-stack.sh"

stack=stacks/dev.dmsl
SECRET='Sen+tinel%42pass'
export SECRET
find_secret() {
  python3 "$DMSL_SRCDIR/tests/find-secret.py" "$@"
}
sed 's/generate_series(1, 1000000)/generate_series(1, 1000)/' \
  stacks/fixtures/orders.sql >orders.sql && mv orders.sql stacks/fixtures/orders.sql
mkdir out

# traced COMMAND...: its output, and every execve of it and its children, in out/.
# The tracer stays with the servers that the command leaves running.
count=0
traced() {
  count=$((count + 1))
  if command -v strace >/dev/null 2>&1 && strace -o /dev/null true 2>/dev/null; then
    # The leak checker of a sanitized build cannot work under a tracer.
    ASAN_OPTIONS=detect_leaks=0 DMSL_PARAM_password=$SECRET strace -DDD -f -s 100000 -e trace=execve \
      -o "out/$count.trace" "$@" >"out/$count.out" 2>"out/$count.err"
  else
    DMSL_PARAM_password=$SECRET "$@" >"out/$count.out" 2>"out/$count.err"
  fi
}

test_expect_success 'the search finds a planted secret in each form' '
  mkdir planted &&
  for form in "printf %s \"\$SECRET\"" "printf x%s \"\$SECRET\" | base64" \
    "printf %s \"\$SECRET\" | od -An -tx1 | tr -d \" \n\"" "echo Sen%2Btinel%2542pass"; do
    eval "$form" >planted/file &&
    test_must_fail find_secret planted >found &&
    grep planted/file found || return 1
  done &&
  (
    git init -q planted/repository && cd planted/repository &&
    printf %s "$SECRET" | git hash-object -w --stdin >/dev/null &&
    rm -f ../file
  ) &&
  test_must_fail find_secret planted
'

test_expect_success 'plan, apply, change, look, fail and destroy with the sentinel' '
  traced "$DMSL" plan $stack &&
  traced "$DMSL" plan $stack --json &&
  traced "$DMSL" apply $stack --yes &&
  traced "$DMSL" show $stack &&
  traced "$DMSL" output $stack --json &&
  traced "$DMSL" state show $stack aurora.source/db_cluster.main &&
  traced "$DMSL" psql $stack "sql_database.demo[\"target\"]" -- -c "SELECT 1" &&
  traced "$DMSL" task stats $stack &&
  traced "$DMSL" local status $stack &&
  traced "$DMSL" local env $stack &&
  sql "sql_database.demo[\"target\"]" "DROP TABLE sales.orders" &&
  sed "s/include sales.orders/include sales.none/" $stack >other.dmsl &&
  cp other.dmsl stacks/dev.dmsl &&
  { traced "$DMSL" apply $stack --yes || true; } &&
  for log in $(find "$DMSL_HOME" -name "*.log"); do
    cp "$log" "out/$(echo "$log" | tr / _)" || return 1
  done
'

test_expect_success 'the sentinel is nowhere: output, arguments, git, journal, plan, logs, data' '
  rm -rf planted &&
  find_secret out .git stacks "$DMSL_HOME"
'

test_expect_success 'nor after a crash in the middle' '
  "$DMSL" destroy $stack --yes &&
  git checkout -q stacks/dev.dmsl
  DMSL_PARAM_password=$SECRET "$DMSL" apply $stack --yes >out/crash.out 2>&1 &
  pid=$!
  sleep 1.5
  kill -KILL $pid
  wait $pid
  test $? = 137 &&
  find_secret out .git "$DMSL_HOME"
'

test_done
