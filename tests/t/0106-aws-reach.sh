#!/bin/sh
# SQL on private databases of the stand-in for AWS: by the workstation and by the
# Data API, with real PostgreSQL servers behind the clusters.
. "$DMSL_SRCDIR/tests/lib.sh"
. "$DMSL_SRCDIR/tests/aws/scenario.sh"

stack=stacks/sql.dmsl
cp "$DMSL_SRCDIR/tests/aws/sql.dmsl" $stack
one='sql_database.demo["one"]'

# Larger than a command may be, and than an answer is shown.
awk 'BEGIN { for (i = 0; i < 2500; i++) printf "%d: a line of some length, äöü\n", i }' \
	>stacks/large.txt
{
	echo "CREATE SCHEMA big; CREATE TABLE big.t (body text);"
	echo "DROP TABLE IF EXISTS big.none;"
	printf "INSERT INTO big.t VALUES ('"
	cat stacks/large.txt
	echo "');"
} >stacks/large.sql

cat >stacks/quotes.sql <<\SQL
CREATE SCHEMA quotes;
CREATE TABLE quotes.t (n int, body text);
INSERT INTO quotes.t VALUES (1, 'it''s'), (2, E'a\\b\'c'), (3, $$a 'b' $1 "c"$$);
INSERT INTO quotes.t VALUES (4, $x$ $$ `date` $(date) %s \n DMSL
DMSL $x$), (5, ':name'), (6, U&'\00e4'), (7, '');
DO $$ BEGIN RAISE NOTICE 'nothing to see'; END $$;
COMMENT ON TABLE quotes.t IS '/* -- */';
CREATE FUNCTION quotes."f""g"() RETURNS text LANGUAGE sql AS $f$ SELECT 'x;y' $f$;
INSERT INTO quotes.t VALUES (8, quotes."f""g"());
SQL
printf '%s' "it's|a\\b'c|a 'b' \$1 \"c\"| \$\$ \`date\` \$(date) %s \\n DMSL
DMSL |:name|ä||x;y" >stacks/quotes.txt

cat >stacks/failing.sql <<\SQL
CREATE SCHEMA half;
DROP TABLE IF EXISTS half.none;

INSERT INTO half.none VALUES (1);
SQL

cat >stacks/slow.sql <<\SQL
CREATE TABLE slow (n int);
INSERT INTO slow VALUES (1);
SELECT pg_sleep(3);
SQL

postgres_start one
postgres_start two
moto_start
proxy_start

# on_server SQL: on the server that has the fixtures of cluster one.
on_server() {
	for on_server_port in $(sed 's/.*:\([0-9]*\) admin/\1/' "$DMSL_MOTO_DATABASES"); do
		psql -XqAt -h 127.0.0.1 -p "$on_server_port" -U admin -d "demo one's \"db\"" -c "$1" \
			2>/dev/null
	done
}

test_expect_success 'statements and answers in pieces, quotes of every kind, two clusters at one port' '
	"$DMSL" validate $stack --set on=aws &&
	proxy_mark apply &&
	dmsl_on apply --yes >apply.txt 2>&1 || {
		cat apply.txt
		return 1
	}
	test_contains apply.txt "check whole" "check quoted" "check encrypted" &&
	check_log --span apply valid tags unique &&
	test "$(on_server "SELECT count(*) FROM big.t")" = 1 &&
	settled first
'

test_expect_success 'a failure has its line and what the server said, and leaves nothing' '
	test_must_fail dmsl_on apply --yes --set step=2 >fail.txt 2>&1 &&
	test_contains fail.txt "line 4: relation \"half.none\" does not exist" &&
	test_lacks fail.txt "00000" skipping &&
	test -z "$(on_server "SELECT 1 FROM pg_namespace WHERE nspname = \$\$half\$\$")"
'

test_expect_success 'a secret in the statements is refused before it is sent' '
	proxy_mark leak &&
	test_must_fail dmsl_on apply --yes --set step=3 >leak.txt 2>&1 &&
	test_contains leak.txt "the statements hold a secret" "data_api or direct" &&
	check_log --span leak valid
'

test_expect_success 'killed while it runs: it is run once' '
	"$DMSL" apply $stack --set on=aws --set step=4 --yes >killed.txt 2>&1 &
	killed_pid=$! &&
	tries=0 &&
	until [ -n "$(on_server "SELECT 1 FROM pg_stat_activity WHERE wait_event = \$\$PgSleep\$\$")" ]; do
		tries=$((tries + 1))
		test $tries -lt 300 || return 1
		sleep 0.1
	done &&
	kill -KILL $killed_pid &&
	{ wait $killed_pid; :; } &&
	dmsl_on apply --yes --set step=4 >again.txt 2>&1 &&
	test "$(on_server "SELECT count(*) FROM slow")" = 1 &&
	dmsl_on apply --yes >again.txt 2>&1 &&
	test -z "$(on_server "SELECT 1 FROM pg_class WHERE relname = \$\$slow\$\$")"
'

# again FAULTS: the fixture is made once more while the service does this.
again() {
	proxy_faults "$1" &&
	dmsl_on apply --yes --set step=4 >again.txt 2>&1 || {
		tail -n 20 again.txt
		return 1
	}
	proxy_faults "{}" &&
	test "$(on_server "SELECT count(*) FROM slow")" = 1 &&
	dmsl_on apply --yes >again.txt 2>&1
}

test_expect_success 'a workstation that is not registered yet is waited for; a lost answer does no harm' '
	again "{\"faults\": [{\"kind\": \"error\", \"operations\": [\"ssm:SendCommand\"], \"skip\": 4, \"times\": 2,
		\"code\": \"InvalidInstanceId\", \"text\": \"not in a valid state\"}]}" &&
	again "{\"faults\": [{\"kind\": \"reset-after\", \"operations\": [\"ssm:SendCommand\"], \"skip\": 4, \"times\": 1}]}"
'

test_expect_success 'a command that the service timed out is looked at anew, and run once' '
	again "{\"faults\": [{\"kind\": \"answer\", \"operations\": [\"ssm:GetCommandInvocation\"], \"skip\": 9,
		\"times\": 1, \"members\": {\"Status\": \"TimedOut\", \"StandardOutputContent\": \"\"}}]}"
'

# host_path PROGRAM...: what the workstation has, without these.
host_path() {
	mkdir -p host &&
	for host_program in sh cat base64 find head ls mkdir mktemp mv rm tr wc dirname python3; do
		ln -sf "$(command -v $host_program)" host/$host_program || return 1
	done &&
	cp "$DMSL_SRCDIR/tests/aws/shim_"*.py . &&
	echo "$PWD/host" >"$aws_dir/host-path"
}

test_expect_success 'psql that is not there yet is waited for' '
	host_path &&
	printf "#!/bin/sh\nexec %s/tests/aws/shims/aws \"\$@\"\n" "$DMSL_SRCDIR" >host/aws &&
	chmod +x host/aws &&
	{ dmsl_on apply --yes --set step=4 >wait.txt 2>&1 & } &&
	wait_pid=$! &&
	tries=0 &&
	until grep -q "\"dmsl 1 200 " "$AWS_LOG" || [ $tries = 300 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done &&
	rm -f "$aws_dir/host-path" &&
	wait $wait_pid &&
	grep -q "\"dmsl 1 200 " "$AWS_LOG" &&
	test "$(on_server "SELECT count(*) FROM slow")" = 1 &&
	dmsl_on apply --yes >again.txt 2>&1
'

test_expect_success 'a secret that the workstation may not read is said' '
	host_path &&
	printf "#!/bin/sh\nexit 0\n" >host/psql &&
	printf "#!/bin/sh\necho AccessDeniedException: not for you >&2\nexit 254\n" >host/aws &&
	chmod +x host/psql host/aws &&
	test_when_finished "rm -f \"$aws_dir/host-path\"" &&
	test_must_fail dmsl_on apply --yes --set step=4 >denied.txt 2>&1 &&
	test_contains denied.txt "cannot read the secret" AccessDeniedException secretsmanager:GetSecretValue
'

test_expect_success 'psql on the workstation by the session plugin, and a word where it lacks' '
	test_must_fail dmsl_on psql "$one" >psql.txt 2>&1 &&
	test_contains psql.txt "session-manager-plugin" "not installed" &&
	mkdir -p bin &&
	cat >bin/session-manager-plugin <<-\PLUGIN &&
	#!/bin/sh
	test "$1" = --version && echo "${PLUGIN_VERSION:-1.2.707.0}" && exit
	printf "%s\n" "$@" >arguments
	env | grep ^AWS_ >environment
	PLUGIN
	chmod +x bin/session-manager-plugin &&
	(
		PATH=$PWD/bin:$PATH
		PLUGIN_VERSION=1.2.497.0
		export PLUGIN_VERSION
		test_must_fail dmsl_on psql "$one"
	) >psql.txt 2>&1 &&
	test_contains psql.txt "too old" &&
	test_path_is_missing arguments &&
	(PATH=$PWD/bin:$PATH && dmsl_on psql "$one") &&
	test_contains environment "AWS_SSM_START_SESSION_RESPONSE={" "\"TokenValue\"" "\"StreamUrl\"" &&
	test_lacks arguments TokenValue session-token "$SECRET" &&
	test "$(sed -n 1p arguments)" = AWS_SSM_START_SESSION_RESPONSE &&
	test "$(sed -n 2,3p arguments)" = "us-east-1
StartSession" &&
	test -z "$(sed -n 4p arguments)" &&
	test_contains arguments AWS-StartInteractiveCommand "$AWS_ENDPOINT_URL" &&
	python3 - >script <<-\PY &&
	import json
	print(json.loads(open("arguments").read().splitlines()[4])["Parameters"]["command"][0])
	PY
	host=$(AWS_ENDPOINT_URL=$moto_url aws ec2 describe-instances --output text \
		--query "Reservations[0].Instances[0].InstanceId") &&
	command=$(python3 -c "import json; print(json.dumps({\"commands\": [
		\"echo \\\"SELECT current_database();\\\" | \" + open(\"script\").read()]}))") &&
	sent=$(AWS_ENDPOINT_URL=$moto_url aws ssm send-command --instance-ids "$host" --output text \
		--document-name AWS-RunShellScript --parameters "$command" --query Command.CommandId) &&
	tries=0 &&
	until AWS_ENDPOINT_URL=$moto_url aws ssm get-command-invocation --command-id "$sent" \
			--instance-id "$host" --output text >shown && ! grep -q InProgress shown; do
		tries=$((tries + 1))
		test $tries -lt 20 || return 1
	done &&
	test_contains shown "demo one"
'

test_expect_success 'the password is in no call but those that carry it' '
	check_log secret &&
	python3 "$DMSL_SRCDIR/tests/find-secret.py" .
'

test_expect_success 'destroy leaves nothing' '
	dmsl_on destroy --yes >destroy.txt 2>&1 &&
	nothing_left
'


test_done
