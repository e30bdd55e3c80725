# What stands in for AWS, for shell tests; sourced after tests/lib.sh. Servers are
# started on free ports of loopback and ended, by pid, when the script ends. Files
# are in $TRASH/aws.
. "$DMSL_SRCDIR/tests/aws/use-venv.sh"
aws_py=$DMSL_SRCDIR/tests/aws
aws_dir=$TRASH/aws
mkdir -p "$aws_dir"
AWS_ACCESS_KEY_ID=AKIATESTTESTTESTTEST
AWS_SECRET_ACCESS_KEY=test-secret-key
AWS_REGION=us-east-1
AWS_DEFAULT_REGION=us-east-1
AWS_MAX_ATTEMPTS=2
MOTO_IAM_LOAD_MANAGED_POLICIES=true
MOTO_ENABLE_AMI_VALIDATION=true
MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION=true
DMSL_MOTO_DATABASES=$aws_dir/databases
export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION AWS_DEFAULT_REGION
DMSL_MOTO_CREDENTIALS=$aws_dir/credentials
export DMSL_MOTO_CREDENTIALS AWS_MAX_ATTEMPTS MOTO_IAM_LOAD_MANAGED_POLICIES MOTO_ENABLE_AMI_VALIDATION
export MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION DMSL_MOTO_DATABASES

# aws_serve NAME COMMAND...: a server that writes its URL to the file named last;
# returns when it has, with the URL in $aws_url.
aws_serve() {
	aws_name=$1
	shift
	rm -f "$aws_dir/$aws_name.url"
	"$@" "$aws_dir/$aws_name.url" >"$aws_dir/$aws_name.log" 2>&1 &
	aws_pid=$!
	test_atexit "kill $aws_pid 2>/dev/null; wait $aws_pid 2>/dev/null"
	aws_tries=0
	until [ -s "$aws_dir/$aws_name.url" ]; do
		aws_tries=$((aws_tries + 1))
		if [ $aws_tries -gt 300 ] || ! kill -0 $aws_pid 2>/dev/null; then
			echo "$aws_name does not start:"
			cat "$aws_dir/$aws_name.log"
			exit 1
		fi
		sleep 0.1
	done
	aws_url=$(cat "$aws_dir/$aws_name.url")
}

# moto_start [--plain]: moto with the start-up file, or as it is. Sets
# AWS_ENDPOINT_URL to it, and moto_url, which stays when a proxy is put before it.
moto_start() {
	aws_serve moto python3 "$aws_py/server.py" "$@"
	moto_url=$aws_url
	moto_pid=$aws_pid
	AWS_ENDPOINT_URL=$moto_url
	export AWS_ENDPOINT_URL moto_url
}

# moto_reset: everything in the account is gone.
moto_reset() {
	python3 -c 'import sys, urllib.request
urllib.request.urlopen(urllib.request.Request(sys.argv[1] + "/moto-api/reset", method="POST"))' \
		"$moto_url"
}

# postgres_start NAME: a PostgreSQL server with TLS, to stand behind a cluster (see
# names.py). Its superuser admin needs no password from here, everyone else does.
postgres_start() {
	pg_bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
	pg_dir=$aws_dir/$1
	mkdir -p "$pg_dir"
	pg_as=
	if [ "$(id -u)" = 0 ]; then
		chown -R 65534:65534 "$pg_dir"
		chmod 755 "$aws_dir"
		pg_as="setpriv --reuid=65534 --regid=65534 --clear-groups"
	fi
	pg_port=$(python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
	$pg_as "$pg_bin/initdb" -D "$pg_dir/data" -U admin -E UTF8 --locale=C.UTF-8 -N \
		>"$pg_dir/log" 2>&1 || { cat "$pg_dir/log" && exit 1; }
	$pg_as openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=database \
		-keyout "$pg_dir/data/server.key" -out "$pg_dir/data/server.crt" 2>>"$pg_dir/log"
	$pg_as sh -c "printf '%s\n' 'host all admin 127.0.0.1/32 trust' \
		'host all all 127.0.0.1/32 scram-sha-256' >'$pg_dir/data/pg_hba.conf'"
	(
		cd "$pg_dir" &&
			exec $pg_as "$pg_bin/postgres" -D data -p "$pg_port" -c fsync=off -c ssl=on \
				-c listen_addresses=127.0.0.1 -c unix_socket_directories= \
				-c shared_buffers=16MB -c wal_level=logical
	) >>"$pg_dir/log" 2>&1 &
	pg_pid=$!
	test_atexit "kill -INT $pg_pid 2>/dev/null; wait $pg_pid 2>/dev/null"
	pg_tries=0
	until "$pg_bin/pg_isready" -q -h 127.0.0.1 -p "$pg_port"; do
		pg_tries=$((pg_tries + 1))
		if [ $pg_tries -gt 100 ]; then
			cat "$pg_dir/log"
			exit 1
		fi
		sleep 0.1
	done
	psql -qX -h 127.0.0.1 -p "$pg_port" -U admin -d postgres \
		-c 'CREATE ROLE rds_superuser; CREATE ROLE rds_replication' || exit 1
	echo "free 127.0.0.1:$pg_port admin" >>"$DMSL_MOTO_DATABASES"
}

# proxy_start: the recording proxy, between AWS_ENDPOINT_URL and moto.
proxy_start() {
	AWS_LOG=$aws_dir/calls
	export AWS_LOG
	aws_serve proxy python3 "$aws_py/proxy.py" "$moto_url" "$AWS_LOG"
	AWS_ENDPOINT_URL=$aws_url
}

# proxy_control PATH [JSON]: see proxy.py.
proxy_control() {
	python3 -c 'import sys, urllib.parse, urllib.request
request = urllib.request.Request(sys.argv[1] + "/_proxy/" + urllib.parse.quote(sys.argv[2]),
                                 method="POST", data=sys.argv[3].encode())
sys.stdout.write(urllib.request.urlopen(request, timeout=10).read().decode())' \
		"$AWS_ENDPOINT_URL" "$1" "${2-}"
}

# proxy_mark NAME: what comes after it is the span NAME.
proxy_mark() {
	proxy_control "mark/$1" >/dev/null
}

# proxy_faults JSON: the faults from now on; {} for none.
proxy_faults() {
	proxy_control faults "$1" >/dev/null
}

# check_log [--span NAME]... CHECK...: see check_log.py.
check_log() {
	python3 "$aws_py/check_log.py" "$AWS_LOG" "$@"
}

# aws_list: everything in the account, a line each; aws_count: how much of each
# kind. Asked of moto itself, past the proxy and its faults.
aws_list() {
	AWS_ENDPOINT_URL=$moto_url python3 "$aws_py/census.py" "$@"
}
aws_count() {
	aws_list --count
}

# moto_auth: from now on moto checks each signature, against the key of a user made
# for it, which is the environment's key from here on, and an instance's too.
moto_auth() {
	aws iam create-user --user-name tester >/dev/null &&
	aws iam put-user-policy --user-name tester --policy-name all --policy-document \
		'{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}' &&
	aws iam create-access-key --user-name tester --output text \
		--query 'AccessKey.[AccessKeyId,SecretAccessKey]' >"$DMSL_MOTO_CREDENTIALS" &&
	read -r AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY <"$DMSL_MOTO_CREDENTIALS" &&
	moto_auth_after 0
}

# moto_auth_after N: signatures are checked after N calls; inf: no more.
moto_auth_after() {
	python3 -c 'import sys, urllib.request
urllib.request.urlopen(urllib.request.Request(
    sys.argv[1] + "/moto-api/reset-auth", sys.argv[2].encode(), {"Content-Type": "text/plain"}))' \
		"$moto_url" "$1"
}
