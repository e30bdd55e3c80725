# For the scenarios on the stand-in for AWS; sourced after tests/lib.sh. The current
# folder becomes a repository with a copy of stacks/, and of the stack cloud.dmsl,
# which has all that AWS alone can do: no SQL, so no PostgreSQL is needed.
. "$DMSL_SRCDIR/tests/aws/lib.sh"
# In tests AWS is fast; so are the polls.
DMSL_AWS_POLL_MS=${DMSL_AWS_POLL_MS:-20}
DMSL_PARAM_password=sentinel-Xy7c3Qz9
SECRET=$DMSL_PARAM_password
export DMSL_AWS_POLL_MS DMSL_PARAM_password SECRET

cp -R "$DMSL_SRCDIR/stacks" stacks
cp "$DMSL_SRCDIR/tests/aws/cloud.dmsl" stacks/cloud.dmsl
chmod -R u+w stacks
# The rows are not the point here.
sed 's/generate_series(1, 1000000)/generate_series(1, 1000)/' \
	stacks/fixtures/orders.sql >orders.sql && mv orders.sql stacks/fixtures/orders.sql
test_repository .
git add stacks
git commit -q -m "The stacks"
stack=stacks/cloud.dmsl

# dmsl_on COMMAND [ARGUMENT...]: dmsl on $stack, for provider aws.
dmsl_on() {
	dmsl_command=$1
	shift
	"$DMSL" "$dmsl_command" $stack --set on=aws "$@"
}

# What AWS has of this stack and what the state has, by address: the same, once
# each. The types that are left out have no object of AWS.
same_as_state() {
	aws_list --addresses >in-aws &&
	"$DMSL" state list $stack |
		grep -Ev '(^|/)(random_password|data|sql_database|sql_role|schema_copy|fixture)\.' |
		sort >in-state &&
	test -s in-state &&
	test_cmp in-state in-aws
}

# settled: a plan finds nothing to do, and changes nothing.
settled() {
	proxy_mark "settled $1" &&
	dmsl_on plan --detailed-exitcode >plan.txt 2>&1 || {
		cat plan.txt
		return 1
	}
	check_log --span "settled $1" reads
}

# nothing_left: neither in AWS nor in the state.
nothing_left() {
	aws_list >in-aws &&
	test_must_be_empty in-aws &&
	"$DMSL" state list $stack >in-state &&
	test_must_be_empty in-state
}

# random_ms SEED N LEAST MOST: a number of milliseconds as seconds, the same for the
# same seed and N.
random_ms() {
	awk -v seed="$1" -v n="$2" -v least="$3" -v most="$4" 'BEGIN {
		srand(seed * 1000 + n)
		print (least + int(rand() * (most - least))) / 1000
	}'
}

# killed COUNT SEED MOST COMMAND: dmsl COMMAND --yes is killed COUNT times, at random
# instants of at most MOST milliseconds. A run that ends before it is killed does not
# count, and the next is of the other command: each kill strikes one that works.
killed() {
	killed_n=0
	killed_runs=0
	killed_command=$4
	while [ $killed_n -lt "$1" ]; do
		killed_runs=$((killed_runs + 1))
		# Not dmsl_on: the shell in between would be killed instead.
		"$DMSL" "$killed_command" $stack --set on=aws --yes >killed.txt 2>&1 &
		killed_pid=$!
		sleep "$(random_ms "$2" $killed_runs 5 "$3")"
		kill -KILL $killed_pid 2>/dev/null
		wait $killed_pid 2>/dev/null
		case $? in
		137)
			killed_n=$((killed_n + 1))
			echo "kill $killed_n of $killed_command, $(grep -c "done in" killed.txt) steps done"
			;;
		0)
			case $killed_command in
			apply) killed_command=destroy ;;
			destroy) killed_command=apply ;;
			esac
			;;
		*)
			echo "$killed_command, which nobody killed, fails:"
			cat killed.txt
			return 1
			;;
		esac
	done
}
