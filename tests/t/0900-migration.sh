#!/bin/sh
# The reference migration, end to end on this machine: what issue after issue
# must keep. Real servers, real paths, real rows.
. "$DMSL_SRCDIR/tests/lib.sh"
. "$DMSL_SRCDIR/tests/lib-stack.sh"

stack=stacks/dev.dmsl
target='sql_database.demo["target"]'
source='sql_database.demo["source"]'

test_expect_success 'the reference stack is valid' '
  "$DMSL" validate $stack
'

test_expect_success 'the first plan says what would be made, and its effects' '
  "$DMSL" plan $stack >plan.txt &&
  grep "^Plan: [0-9]* to create ([0-9]* simulated), 0 to change, 0 to destroy; 1 load to run" plan.txt &&
  grep "sales.orders" plan.txt &&
  test_path_is_missing "$DMSL_HOME"
'

test_expect_success 'apply makes it, loads the tables and commits the state' '
  "$DMSL" apply $stack --yes >apply.txt &&
  grep "moved" apply.txt &&
  test "$(git rev-list --count dmsl/state)" = 1 &&
  git show dmsl/state:dev.dmstate.json | python3 -m json.tool >/dev/null
'

test_expect_success 'the rows stand in the target, read through the path over TLS' '
  sql dms_endpoint.target "SELECT firstname FROM demo_schema.demo_accounts ORDER BY accountnumber" >rows &&
  printf "%s\n" John Mary Tom Peter >expect &&
  test_cmp expect rows &&
  sql dms_endpoint.target "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()" >ssl &&
  echo t >expect &&
  test_cmp expect ssl
'

test_expect_success 'every row of both tables is the same on both sides' '
  for table in demo_schema.demo_accounts sales.orders; do
    query="SELECT count(*), sum(hashtextextended(t::text, 0)::numeric) FROM $table AS t" &&
    sql "$source" "$query" >expect &&
    sql "$target" "$query" >actual &&
    test_cmp expect actual || return 1
  done
'

test_expect_success 'a second plan and a second apply have nothing to do' '
  "$DMSL" plan $stack --detailed-exitcode >plan.txt &&
  grep "^No changes" plan.txt &&
  "$DMSL" apply $stack --yes >apply.txt &&
  test "$(git rev-list --count dmsl/state)" = 1
'

test_expect_success 'the statistics of the task are shown' '
  "$DMSL" task stats $stack >stats &&
  grep "sales.orders .*1,000,000" stats
'

test_expect_success 'the JSON of a plan has the shape that policy tools know' '
  "$DMSL" plan $stack --json >plan.json &&
  python3 - <<-PY
	import json
	plan = json.load(open("plan.json"))
	assert plan["format_version"], plan
	for change in plan["resource_changes"]:
	    assert change["change"]["actions"] == ["no-op"], change["address"]
	PY
'

test_expect_success 'a stopped server shows as drift, and apply starts it' '
  stop_one_postgres &&
  test_expect_code 2 "$DMSL" plan $stack --detailed-exitcode >plan.txt &&
  grep "db_instance.writer" plan.txt &&
  grep -i "stopped\|not running\|down" plan.txt &&
  "$DMSL" apply $stack --yes >apply.txt &&
  "$DMSL" plan $stack --detailed-exitcode &&
  sql dms_endpoint.target "SELECT count(*) FROM sales.orders" >actual &&
  echo 1000000 >expect &&
  test_cmp expect actual
'

test_expect_success 'a server that is asked to end but waits for a client is drift too' '
  { sql "$source" "SELECT pg_sleep(60)" >/dev/null 2>&1 & } &&
  for _ in $(seq 50); do
    sleeping=$(sql "$source" "SELECT count(*) FROM pg_stat_activity
      WHERE query = \$\$SELECT pg_sleep(60)\$\$") &&
    test "$sleeping" = 1 && break
    sleep 0.1
  done &&
  kill -TERM "$("$DMSL" local status $stack | awk "/db-.*source/ { print \$4 }")" &&
  sleep 0.5 &&
  "$DMSL" local status $stack >status &&
  grep "db-.*source.* stopping" status &&
  "$DMSL" plan $stack >plan.txt &&
  grep "! start PostgreSQL" plan.txt &&
  "$DMSL" apply $stack --yes >apply.txt &&
  "$DMSL" plan $stack --detailed-exitcode
'

test_expect_success 'local stop and local start: all of it, and nothing is lost' '
  "$DMSL" local stop $stack &&
  "$DMSL" local status $stack >status &&
  grep "replicator .*stopped" status &&
  ! grep running status &&
  "$DMSL" local start $stack &&
  "$DMSL" local status $stack >status &&
  ! grep stopped status &&
  "$DMSL" plan $stack --detailed-exitcode
'

test_expect_success AWS 'the AWS command line reads the replication server' '
  (
    eval "$("$DMSL" local env $stack)" &&
    aws dms describe-endpoints --output text \
      --query "Endpoints[].EndpointIdentifier" | tr "\t" "\n" | sort >../endpoints &&
    aws dms describe-connections --output text --query "Connections[].Status" >../connections &&
    task=$(aws dms describe-replication-tasks --output text \
      --query "ReplicationTasks[0].ReplicationTaskArn") &&
    aws dms describe-table-statistics --replication-task-arn "$task" --output text \
      --query "TableStatistics[].[TableName,FullLoadRows]" | sort >../statistics
  ) &&
  printf "%s\n" source-db target-db >expect &&
  test_cmp expect ../endpoints &&
  printf "demo_accounts\t4\norders\t1000000\n" >expect &&
  test_cmp expect ../statistics &&
  grep "successful.*successful" ../connections
'

test_expect_success AWS 'a wrong key is refused' '
  (
    eval "$("$DMSL" local env $stack)" &&
    AWS_SECRET_ACCESS_KEY=wrong &&
    export AWS_SECRET_ACCESS_KEY &&
    test_expect_code 255 aws dms describe-endpoints 2>../refused
  ) &&
  grep -i "signature" ../refused
'

test_expect_success 'a tag alone is an update, and nothing else' '
  sed "s/environment = \"dev\"/environment = \"test\"/" $stack >new &&
  mv new $stack &&
  "$DMSL" plan $stack >plan.txt &&
  grep "^Plan: 0 to create.*0 to destroy" plan.txt &&
  ! grep "^  !" plan.txt &&
  "$DMSL" apply $stack --yes >apply.txt &&
  "$DMSL" plan $stack --detailed-exitcode
'

test_expect_success 'a further fixture and a third table: exactly that, with its effects' '
  cat >>$stack <<-\DMSL &&
	fixture regions {
	  on   = sql_database.demo["source"]
	  sql  = <<~SQL
	    CREATE TABLE sales.regions (id int PRIMARY KEY, name text);
	    INSERT INTO sales.regions VALUES (1, $$north$$), (2, $$south$$);
	    SQL
	  undo = "DROP TABLE sales.regions"
	  depends_on = [fixture.orders]
	}
	DMSL
  sed "s/    include sales.orders/&\n    include sales.regions/
    s/fixture.accounts, fixture.orders\]/fixture.accounts, fixture.orders, fixture.regions]/" $stack >new &&
  mv new $stack &&
  "$DMSL" plan $stack >plan.txt &&
  grep "^Plan: 1 to create.*, 1 to change.*, 0 to destroy.*1 load" plan.txt &&
  grep "sales.regions" plan.txt &&
  "$DMSL" apply $stack --yes >apply.txt &&
  sql "$target" "SELECT name FROM sales.regions ORDER BY id" >actual &&
  printf "%s\n" north south >expect &&
  test_cmp expect actual &&
  "$DMSL" plan $stack --detailed-exitcode
'

test_expect_success 'at the other provider nothing is planned without credentials' '
  test_must_fail "$DMSL" plan $stack --set on=aws 2>err &&
  test_contains err "there are no AWS credentials"
'

test_expect_success 'destroy leaves no process, no listener, no file, and an empty state' '
  "$DMSL" local status $stack >status &&
  stack_processes >before &&
  test -s before &&
  "$DMSL" destroy $stack --yes >destroy.txt &&
  stack_processes >after &&
  test_must_be_empty after &&
  stack_listeners >listeners &&
  test_must_be_empty listeners &&
  test -z "$(find "$DMSL_HOME" -type f 2>/dev/null)" &&
  git show dmsl/state:dev.dmstate.json >state.json &&
  ! grep "db_cluster" state.json &&
  "$DMSL" state list $stack >list &&
  test_must_be_empty list
'

test_done
