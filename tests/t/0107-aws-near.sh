#!/bin/sh
# SQL on the stand-in for AWS without a host in between: by the Data API and directly,
# and on a cluster that dmsl does not own.
. "$DMSL_SRCDIR/tests/lib.sh"
. "$DMSL_SRCDIR/tests/aws/scenario.sh"

stack=stacks/near.dmsl
cp "$DMSL_SRCDIR/tests/aws/sql-near.dmsl" $stack
{
	printf "CREATE SCHEMA big; CREATE TABLE big.t (body text); INSERT INTO big.t VALUES ('"
	awk 'BEGIN { for (i = 0; i < 30000; i++) printf "it\047\047s \"%d\" äöü\n", i }'
	echo "');"
} >stacks/large.sql
postgres_start one
moto_start
proxy_start
port=$pg_port

# on_server SQL
on_server() {
	psql -XqAt -h 127.0.0.1 -p $port -U admin -d demo_db -c "$1"
}

# near COMMAND [ARGUMENT...]: by the Data API.
near() {
	near_command=$1
	shift
	dmsl_on "$near_command" --set port=$port "$@"
}

# faulty SKIP FAULT: the fixture small is made while the Data API does this once.
faulty() {
	near apply --yes --set step=2 >faulty.txt 2>&1 &&
	proxy_faults "{\"faults\": [{\"operations\": [\"rds-data:*\"], \"skip\": $1, \"times\": 1, $2}]}" &&
	near apply --yes --set step=3 >faulty.txt 2>&1 || {
		tail -n 5 faulty.txt
		return 1
	}
	proxy_faults "{}" &&
	test "$(on_server "SELECT count(*) FROM small")" = 1
}

test_expect_success 'a class that the Data API does not work with is an error at plan' '
	test_must_fail near plan --set class=db.t3.medium >plan.txt 2>&1 &&
	test_contains plan.txt "the Data API does not work with class db.t3.medium" "workstation or direct"
'

test_expect_success 'without its endpoint the way out is said' '
	test_must_fail near apply --yes --set data_api=false >off.txt 2>&1 &&
	test_contains off.txt "HttpEndpoint is not enabled" "data_api = true"
'

test_expect_success 'the endpoint is enabled, and a statement in pieces is run' '
	proxy_mark on &&
	near apply --yes --set step=2 >apply.txt 2>&1 &&
	check_log --span on valid tags unique economy >calls.txt &&
	test_contains calls.txt EnableHttpEndpoint BatchExecuteStatement CommitTransaction &&
	test "$(on_server "SELECT count(*), max(length(body)) > 400000 FROM big.t")" = "1|t" &&
	test_expect_code 0 near plan --set step=2 --detailed-exitcode >plan.txt
'

test_expect_success 'the endpoint is found switched off, and switched on again' '
	arn=$(aws --endpoint-url "$moto_url" rds describe-db-clusters --output text \
		--query "DBClusters[0].DBClusterArn") &&
	aws --endpoint-url "$moto_url" rds disable-http-endpoint --resource-arn "$arn" >off.txt &&
	test_expect_code 2 near plan --set step=2 --detailed-exitcode >plan.txt 2>&1 &&
	test_contains plan.txt data_api &&
	near apply --yes --set step=2 >apply.txt 2>&1 &&
	test_expect_code 0 near plan --set step=2 --detailed-exitcode >plan.txt
'

test_expect_success 'a database that resumes, a statement whose end is not known: run once' '
	faulty 3 "\"kind\": \"error\", \"code\": \"DatabaseResumingException\", \"text\": \"The database is resuming\"" &&
	faulty 3 "\"kind\": \"error\", \"code\": \"StatementTimeoutException\", \"text\": \"Request timed out\"" &&
	faulty 4 "\"kind\": \"reset-after\""
'

test_expect_success 'an answer that is lost among the pieces: they are laid down anew' '
	near apply --yes >lost.txt 2>&1 &&
	proxy_faults "{\"faults\": [{\"operations\": [\"rds-data:BatchExecuteStatement\"], \"times\": 1,
		\"kind\": \"reset-after\"}]}" &&
	near apply --yes --set step=2 >lost.txt 2>&1 &&
	proxy_faults "{}" &&
	test "$(on_server "SELECT count(*), max(length(body)) > 400000 FROM big.t")" = "1|t"
'

test_expect_success 'a failure has its line, and leaves nothing' '
	test_must_fail near apply --yes --set step=4 >fail.txt 2>&1 &&
	test_contains fail.txt "line 4: relation \"half.none\" does not exist" &&
	test_lacks fail.txt SQLState &&
	test -z "$(on_server "SELECT 1 FROM pg_namespace WHERE nspname = \$\$half\$\$")"
'

test_expect_success 'an answer that is too large, and psql where there are no sessions' '
	sed "s/SELECT 6 \* 7/SELECT repeat(\x27x\x27, 2000000)/" stacks/near.dmsl >stacks/wide.dmsl &&
	{ "$DMSL" apply stacks/wide.dmsl --set on=aws --set port=$port --set step=3 --yes >wide.txt 2>&1; :; } &&
	test_contains wide.txt "limit of 1 MiB" &&
	test_must_fail near psql sql_database.demo >psql.txt 2>&1 &&
	test_contains psql.txt "workstation or direct"
'

test_expect_success 'on a cluster that is not its own SQL needs modify = true; a check does not' '
	id=$(aws --endpoint-url "$moto_url" rds describe-db-clusters --output text \
		--query "DBClusters[0].DBClusterIdentifier") &&
	cat >stacks/guest.dmsl <<-TXT &&
	param modify : bool = false
	param make : bool = false
	stack guest { provider = aws }
	provider aws { region = "us-east-1"  reach = data_api }
	existing db_cluster main { id = "$id"  modify = modify }
	sql_database guest if make { on = db_cluster.main  name = "guest" }
	check answers {
	  on     = db_cluster.main
	  query  = "SELECT 6 * 7"
	  expect = 42
	}
	TXT
	test_must_fail "$DMSL" plan stacks/guest.dmsl --set make=true >guest.txt 2>&1 &&
	test_contains guest.txt "error[E0319]" "modify = true" &&
	"$DMSL" apply stacks/guest.dmsl --yes >guest.txt 2>&1 &&
	test_contains guest.txt "check answers: passed" &&
	"$DMSL" apply stacks/guest.dmsl --set make=true --set modify=true --yes >guest.txt 2>&1 &&
	psql -XqAt -h 127.0.0.1 -p $port -U admin -d guest -c "SELECT 1" &&
	"$DMSL" destroy stacks/guest.dmsl --set make=true --set modify=true --yes >guest.txt 2>&1 &&
	test_must_fail psql -XqAt -h 127.0.0.1 -p $port -U admin -d guest -c "SELECT 1"
'

test_expect_success 'directly: one connection, encrypted' '
	PGHOSTADDR=127.0.0.1 &&
	export PGHOSTADDR &&
	near apply --yes --set reach=direct --set step=2 >direct.txt 2>&1 &&
	test_must_fail on_server "SELECT 1 FROM small" &&
	near apply --yes --set reach=direct --set step=3 >direct.txt 2>&1 &&
	test "$(on_server "SELECT count(*) FROM small")" = 1 &&
	near psql sql_database.demo --set reach=direct -- -XqAt \
		-c "SELECT ssl, current_database() FROM pg_stat_ssl WHERE pid = pg_backend_pid()" >rows &&
	echo "t|demo_db" >expect &&
	test_cmp expect rows &&
	near psql aurora.main/db_cluster.main --set reach=direct -- -XqAt -c "SELECT 1" >rows &&
	unset PGHOSTADDR
'

test_expect_success 'a database that somebody dropped is gone, not unreachable' '
	psql -XqAt -h 127.0.0.1 -p $port -U admin -d postgres -c "DROP DATABASE demo_db WITH (FORCE)" &&
	near plan --set step=3 >plan.txt 2>&1 &&
	grep "^Plan: 3 to create" plan.txt &&
	near apply --yes --set step=3 >apply.txt 2>&1 &&
	test "$(on_server "SELECT count(*) FROM small")" = 1
'

test_expect_success 'the password is in no call but those that carry it; destroy leaves nothing' '
	check_log secret &&
	python3 "$DMSL_SRCDIR/tests/find-secret.py" . &&
	near destroy --yes --set step=3 >destroy.txt 2>&1 &&
	nothing_left
'

test_done
