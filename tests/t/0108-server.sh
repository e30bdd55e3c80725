#!/bin/sh
# SQL on a PostgreSQL server that is there already: from the workstation and directly,
# with its own secret and TLS, on the stand-in for AWS and on this machine.
. "$DMSL_SRCDIR/tests/lib.sh"
. "$DMSL_SRCDIR/tests/aws/scenario.sh"

stack=stacks/server.dmsl
cp "$DMSL_SRCDIR/tests/aws/server.dmsl" $stack
postgres_start one
moto_start
proxy_start
port=$pg_port
# No cluster takes it: it stands somewhere, by this name.
echo "host:db.example 127.0.0.1:$port admin" >"$DMSL_MOTO_DATABASES"
DMSL_HOME=$TRASH/home
# No root certificate of this account's.
PGSSLROOTCERT=$TRASH/none.crt
export DMSL_HOME PGSSLROOTCERT

# on_server DATABASE SQL
on_server() {
	psql -XqAt -h 127.0.0.1 -p $port -U admin -d "$1" -c "$2"
}

# at PLACE COMMAND [ARGUMENT...]
at() {
	at_place=$1
	at_command=$2
	shift 2
	"$DMSL" "$at_command" $stack --set on="$at_place" --set port=$port "$@"
}

# rows_there: what the fixture made.
rows_there() {
	test "$(on_server app_db "SELECT count(*) FROM t")" = 2
}

no_app() {
	test "$(on_server postgres "SELECT count(*) FROM pg_database WHERE datname = 'app_db'")" = 0
}

on_server postgres "CREATE ROLE app SUPERUSER LOGIN PASSWORD '$DMSL_PARAM_password'"

test_expect_success 'what dmsl does not own is changed only where that is said' '
	test_must_fail at aws plan --set modify=false >plan.txt 2>&1 &&
	test_contains plan.txt "E0319" "modify = true"
'

test_expect_success 'from the workstation: made, checked, and nothing more to do' '
	proxy_mark apply &&
	at aws apply --yes >apply.txt 2>&1 &&
	check_log --span apply valid tags unique economy >calls.txt &&
	test_contains calls.txt SendCommand &&
	rows_there &&
	at aws plan --detailed-exitcode >plan.txt
'

test_expect_success 'TLS is changed in place, and honoured' '
	at aws apply --yes --set tls=none >apply.txt 2>&1 &&
	test_contains apply.txt "update database.there" &&
	test_lacks apply.txt replace &&
	rows_there &&
	test_must_fail at aws apply --yes --set tls=verify_full >apply.txt 2>&1 &&
	test_contains apply.txt "root certificate" &&
	at aws apply --yes >apply.txt 2>&1
'

test_expect_success 'destroy takes back what was made in it' '
	at aws destroy --yes >destroy.txt 2>&1 &&
	no_app &&
	nothing_left
'

test_expect_success 'directly, by its address' '
	proxy_mark direct &&
	at aws apply --yes --set reach=direct --set host=127.0.0.1 >apply.txt 2>&1 &&
	check_log --span direct economy >calls.txt &&
	test_lacks calls.txt SendCommand &&
	rows_there &&
	at aws psql database.there --set reach=direct --set host=127.0.0.1 -- -XAtc "SELECT 6 * 7" >answer.txt &&
	test "$(cat answer.txt)" = 42 &&
	at aws psql sql_database.app --set reach=direct --set host=127.0.0.1 -- -XAtc "SELECT count(*) FROM t" >answer.txt &&
	test "$(cat answer.txt)" = 2 &&
	at aws destroy --yes --set reach=direct --set host=127.0.0.1 >destroy.txt 2>&1 &&
	no_app
'

test_expect_success 'without a network it is reached from here; the Data API does not serve it' '
	at aws apply --yes --set near=false --set host=127.0.0.1 >apply.txt 2>&1 &&
	rows_there &&
	at aws destroy --yes --set near=false --set host=127.0.0.1 >destroy.txt 2>&1 &&
	test_must_fail at aws apply --yes --set reach=data_api >apply.txt 2>&1 &&
	test_contains apply.txt "serves clusters of Aurora alone" &&
	at aws destroy --yes --set reach=data_api >destroy.txt 2>&1
'

test_expect_success 'without a secret it says what lacks' '
	test_must_fail at aws apply --yes --set login=false >apply.txt 2>&1 &&
	test_contains apply.txt "names no secret" "set secret there" &&
	at aws destroy --yes --set login=false >destroy.txt 2>&1 &&
	nothing_left
'

test_expect_success 'on this machine it is the same' '
	at local apply --yes --set host=127.0.0.1 >apply.txt 2>&1 &&
	rows_there &&
	at local plan --set host=127.0.0.1 --detailed-exitcode >plan.txt &&
	at local apply --yes --set host=127.0.0.1 --set tls=none >apply.txt 2>&1 &&
	test_lacks apply.txt replace &&
	at local psql database.there --set host=127.0.0.1 -- -XAtc "SELECT 6 * 7" >answer.txt &&
	test "$(cat answer.txt)" = 42 &&
	at local destroy --yes --set host=127.0.0.1 >destroy.txt 2>&1 &&
	no_app &&
	test_must_fail at local apply --yes --set host=127.0.0.1 --set tls=verify_full >apply.txt 2>&1 &&
	test_contains apply.txt "root certificate" &&
	at local destroy --yes --set host=127.0.0.1 >destroy.txt 2>&1
'

test_expect_success 'its password is in no file' '
	python3 "$DMSL_SRCDIR/tests/find-secret.py" .
'

test_done
