#!/bin/sh
# The AWS CLI drives the replication server, as users do: the same commands as
# on AWS, signatures checked, a wrong key refused, SIGTERM heeded.

folder=$(mktemp -d /tmp/dmsl-test-XXXXXX) || exit 99
server=
cleanup() {
	if [ -n "$server" ]; then
		kill "$server" 2>/dev/null
		wait "$server" 2>/dev/null
	fi
	rm -rf "$folder"
}
trap cleanup EXIT
trap 'exit 99' HUP INT TERM

. "$DMSL_SRCDIR/tests/aws/use-venv.sh"

n=0
ok() {
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		sed 's/^/# /' "$folder/out"
	fi
}

# Runs a command; its output goes to $folder/out.
run() {
	"$@" >"$folder/out" 2>&1
}

dms() {
	run aws dms "$@" --endpoint-url "$url" --output text
}

# The output must hold this text.
says() {
	grep -qF -- "$1" "$folder/out"
}

start_server() {
	"$DMSL_BUILDDIR/tests/support/replicator" <"$folder/config" \
		>"$folder/server.out" 2>&1 &
	server=$!
	i=0
	while [ ! -f "$folder/data/replicator.json" ] && [ $i -lt 200 ]; do
		sleep 0.05
		i=$((i + 1))
	done
	url=$(sed -n 's/.*"url": "\(.*\)".*/\1/p' \
		"$folder/data/replicator.json" 2>/dev/null)
}

cat >"$folder/config" <<END
{"listen": "127.0.0.1", "port": 0, "folder": "$folder/data",
 "access_key": "AKIATEST", "secret_key": "open sesame", "region": "us-east-1",
 "account": "000000000000", "vault": "$folder/vault",
 "vault_key": "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
 "routes_file": "$folder/routes.json", "ca_file": ""}
END
export AWS_ACCESS_KEY_ID=AKIATEST AWS_SECRET_ACCESS_KEY="open sesame"
export AWS_DEFAULT_REGION=us-east-1 AWS_MAX_ATTEMPTS=1

echo 1..17
start_server
[ -n "$url" ]
ok $? "the server says where it listens"

dms describe-endpoints
ok $? "describe-endpoints of a new server"

run "$DMSL_BUILDDIR/tests/support/replicator" <"$folder/config"
[ $? -eq 1 ] && says "another replication server"
ok $? "a second server on the folder is refused"

dms create-replication-subnet-group --replication-subnet-group-identifier main \
	--replication-subnet-group-description "über" --subnet-ids a b &&
	dms create-replication-instance --replication-instance-identifier main \
	--replication-instance-class dms.t3.medium \
	--replication-subnet-group-identifier main
ok $? "an instance in a subnet group"
instance=$(grep -o 'arn:aws:dms:[^	]*:rep:[A-Z0-9]*' "$folder/out" | head -1)

dms create-endpoint --endpoint-identifier source --endpoint-type source \
	--engine-name postgres --server-name 127.0.0.1 --port 1 \
	--database-name d --username u --password sentinel-77aa
ok $? "an endpoint with a password"
says sentinel-77aa
[ $? -ne 0 ]
ok $? "its password is not shown"
source=$(grep -o 'arn:aws:dms:[^	]*:endpoint:[A-Z0-9]*' "$folder/out" | head -1)
dms create-endpoint --endpoint-identifier target --endpoint-type target \
	--engine-name postgres --server-name 127.0.0.1 --port 1 \
	--database-name d --username u --password sentinel-77aa
target=$(grep -o 'arn:aws:dms:[^	]*:endpoint:[A-Z0-9]*' "$folder/out" | head -1)

grep -rqF sentinel-77aa "$folder/data"
[ $? -ne 0 ]
ok $? "nor does it stand in any file"

dms create-replication-task --replication-task-identifier demo \
	--source-endpoint-arn "$source" --target-endpoint-arn "$target" \
	--replication-instance-arn "$instance" --migration-type full-load \
	--table-mappings '{"rules":[{"rule-type":"selection","rule-id":"1",
	"rule-name":"1","object-locator":{"schema-name":"s","table-name":"%"},
	"rule-action":"include"}]}'
ok $? "a task"
task=$(grep -o 'arn:aws:dms:[^	]*:task:[A-Z0-9]*' "$folder/out" | head -1)

dms create-replication-task --replication-task-identifier bad \
	--source-endpoint-arn "$source" --target-endpoint-arn "$target" \
	--replication-instance-arn "$instance" --migration-type full-load \
	--table-mappings '{"rules":[]}'
says "(InvalidParameterValueException)" &&
	says "At least one selection rule is required."
ok $? "a mapping without rules is refused in AWS's words"

dms start-replication-task --replication-task-arn "$task" \
	--start-replication-task-type start-replication
says "(InvalidResourceStateFault)" && says "should be successful for starting"
ok $? "a start without connection tests is refused"

dms test-connection --replication-instance-arn "$instance" \
	--endpoint-arn "$source" && sleep 1 && dms describe-connections
says failed && says "Connection refused"
ok $? "a connection test that fails says why"

dms add-tags-to-resource --resource-arn "$task" --tags Key=who,Value=me &&
	dms list-tags-for-resource --resource-arn "$task" && says who
ok $? "tags"

AWS_SECRET_ACCESS_KEY=wrong dms describe-endpoints
says "(InvalidSignatureException)"
ok $? "a wrong secret key is refused"
AWS_ACCESS_KEY_ID=AKIAOTHER dms describe-endpoints
says "(UnrecognizedClientException)"
ok $? "a wrong access key is refused"
AWS_DEFAULT_REGION=eu-west-1 dms describe-endpoints
says "(InvalidSignatureException)"
ok $? "another region is refused"

kill -9 "$server"
wait "$server" 2>/dev/null
rm -f "$folder/data/replicator.json"
start_server
dms describe-replication-tasks && says "$task" && says ready
ok $? "a killed server knows its tasks when it is started again"

kill "$server"
wait "$server"
status=$?
server=
[ $status -eq 0 ] && [ ! -f "$folder/data/replicator.json" ]
ok $? "it ends cleanly on SIGTERM"
