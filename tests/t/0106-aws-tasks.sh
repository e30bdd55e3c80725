#!/bin/sh
# Tasks that are run by hand on the stand-in for AWS: one that follows changes, single
# tables loaded anew, premigration assessments, and an endpoint that cannot be reached
# after its change.
. "$DMSL_SRCDIR/tests/lib.sh"
. "$DMSL_SRCDIR/tests/aws/scenario.sh"
task=dms_task.demo

# task WORD [ARGUMENT...]
task() {
	word=$1
	shift
	timeout 60 "$DMSL" task "$word" $stack --set on=aws "$@"
}

# called OPERATION: how often, since the log was emptied.
called() {
	grep -c "\"operation\": \"$1\"" "$AWS_LOG"
}

# asked_for ACTION: whether doctor has asked if it is allowed.
asked_for() {
	grep "\"operation\": \"SimulatePrincipalPolicy\"" "$AWS_LOG" | grep -q "\"$1\""
}

# killed_at OPERATION WORD: dmsl task WORD is killed when it has called OPERATION.
killed_at() {
	: >"$AWS_LOG"
	DMSL_AWS_POLL_MS=20000 "$DMSL" task "$2" $stack --set on=aws --yes >killed.txt 2>&1 &
	killed_pid=$!
	for _ in $(seq 200); do
		[ "$(called "$1")" = 0 ] || break
		sleep 0.05
	done
	kill -KILL $killed_pid
	wait $killed_pid
	test $? = 137
}

# loaded: the state knows of a load.
loaded() {
	git show dmsl/state:cloud.dmstate.json >state.json &&
	grep -Eq "\"loaded\": *\"[0-9a-f]{64}\"" state.json
}

# refused WORDS COMMAND...: it fails, and says so.
refused() {
	words=$1
	shift
	test_expect_code 1 "$@" >out 2>err </dev/null &&
	test_contains err "$words"
}

# edit EXPRESSION: by sed, of the stack.
edit() {
	sed "$1" $stack >edited && mv edited $stack
}

is_in() {
	task list --json >list.json &&
	grep -q "\"status\": *\"$1\"" list.json
}

moto_start
proxy_start

test_expect_success 'a task that follows changes, and that nobody starts' '
	edit "s/= full_load$/= full_load_and_cdc/; s/on_apply/manual/" &&
	dmsl_on apply --yes >apply.txt &&
	is_in ready
'

# The service may get it when dmsl is gone, or never.
test_expect_success 'a start that is killed before it was sent starts nothing' '
	proxy_faults "{\"faults\": [{\"kind\": \"reset-before\",
		\"operations\": [\"dms:StartReplicationTask\"]}]}" &&
	killed_at AddTagsToResource start &&
	test -e .git/dmsl/cloud/journal &&
	proxy_faults "{}" &&
	dmsl_on apply --yes >apply.txt 2>&1 &&
	test_contains apply.txt "1 step is open" &&
	test_path_is_missing .git/dmsl/cloud/journal &&
	! loaded &&
	is_in ready
'

test_expect_success 'one that comes late is found, and not made again' '
	proxy_faults "{\"faults\": [{\"kind\": \"delay\", \"seconds\": 2,
		\"operations\": [\"dms:StartReplicationTask\"]}]}" &&
	killed_at AddTagsToResource start &&
	proxy_faults "{}" &&
	refused "runs already" task start --yes &&
	test_contains err "1 step is open" &&
	test "$(called StartReplicationTask)" = 1 &&
	loaded &&
	edit "s/= manual/= on_apply/" &&
	settled late &&
	edit "s/= on_apply/= manual/"
'

test_expect_success 'a reload that is killed when it has begun is recorded by the next run' '
	task stop >stop.txt &&
	edit "s/include public.t/include public.t  include public.u/" &&
	dmsl_on apply --yes >apply.txt 2>&1 &&
	loaded &&
	cp state.json before.json &&
	killed_at StartReplicationTask reload &&
	edit "s/= manual/= on_apply/" &&
	dmsl_on apply --yes >apply.txt 2>&1 &&
	test_contains apply.txt "1 step is open" &&
	test "$(called StartReplicationTask)" = 1 &&
	loaded &&
	! cmp -s before.json state.json &&
	settled reload &&
	edit "s/= on_apply/= manual/; s/  include public.u//" &&
	task stop >stop.txt &&
	dmsl_on destroy --yes >destroy.txt &&
	dmsl_on apply --yes >apply.txt 2>&1
'

test_expect_success 'start, and wait for the load' '
	proxy_mark start &&
	task start --yes --wait >start.txt 2>start.err &&
	test_contains start.txt "load public.t into target-db" "Table completed" &&
	is_in running &&
	check_log --span start valid &&
	refused "runs already" task start --yes
'

test_expect_success 'one table is loaded anew while it runs' '
	refused "has no table" task reload $task public.other --yes &&
	task reload $task public.t --yes --wait >reload.txt 2>reload.err &&
	test_contains reload.txt "asked: 1" "Table completed"
'

test_expect_success 'stop, resume, and all loaded anew' '
	task stop >stop.txt &&
	test_contains stop.txt "status: stopped" &&
	refused "single tables of running tasks only" task reload $task public.t --yes &&
	task resume --yes >resume.txt &&
	is_in running &&
	refused "stop it first" task reload --yes &&
	task stop >stop.txt &&
	task reload --yes --wait >reload.txt &&
	is_in running
'

test_expect_success 'an assessment needs a role and a bucket' '
	refused "needs assess_role" task assess &&
	proxy_mark doctor &&
	"$DMSL" doctor aws $stack --set on=aws >doctor.txt 2>&1 &&
	! asked_for dms:StartReplicationTaskAssessmentRun &&
	asked_for dms:StartReplicationTask &&
	cat >>$stack <<-\DMSL &&
	iam_role assess {
	  name     = "dms-assess"
	  service  = "dms.amazonaws.com"
	}
	DMSL
	edit "s/^  mode .*/&\n  assess = true  assess_role = iam_role.assess  assess_bucket = \"findings\"/" &&
	"$DMSL" doctor aws $stack --set on=aws >doctor.txt 2>&1 &&
	asked_for dms:StartReplicationTaskAssessmentRun &&
	dmsl_on apply --yes >apply.txt &&
	refused "runs already" task assess &&
	task stop >stop.txt &&
	proxy_mark assess &&
	task assess >assess.txt &&
	test_contains assess.txt "status: passed" "101 passed" "findings: s3://findings/dms" unsupported-data-types \
		assessment-100 "fetch: aws s3 cp --recursive" &&
	check_log --span assess valid
'

test_expect_success 'apply makes it before the load' '
	edit "s/= manual/= on_apply/; s/include public.t/include public.t  include public.u/" &&
	proxy_mark load &&
	dmsl_on apply --yes >apply.txt 2>&1 &&
	test_contains apply.txt "premigration assessment: 101 passed" &&
	check_log --span load valid &&
	aws dms describe-replication-task-assessment-runs \
		--query "length(ReplicationTaskAssessmentRuns)" >runs &&
	test "$(cat runs)" = 2 &&
	settled assessed
'

test_expect_success 'one that fails ends the apply before the load, and the next goes on' '
	edit "s/\"findings\"/\"failed-findings\"/; s/  include public.u/  include public.v/" &&
	test_expect_code 1 dmsl_on apply --yes >apply.txt 2>&1 &&
	test_contains apply.txt "assessment ended with \"failed\"" "unsupported-data-types-in-source (failed)" &&
	is_in stopped &&
	test_expect_code 1 task assess >assess.txt 2>err &&
	test_contains assess.txt "status: failed" "1 failed" &&
	test_contains err "assessment ended with \"failed\"" &&
	edit "s/\"failed-findings\"/\"warning-findings\"/" &&
	dmsl_on apply --yes >apply.txt 2>&1 &&
	test_contains apply.txt "premigration assessment: 1 warning, 100 passed" &&
	is_in running
'

test_expect_success 'an endpoint that its change makes unreachable leaves the task stopped' '
	is_in running &&
	edit "/^dms_endpoint target/,/^}/s/database = .*/&  port = 5433/" &&
	test_expect_code 1 dmsl_on apply --yes >apply.txt 2>&1 &&
	test_contains apply.txt "its tasks stay stopped" &&
	is_in stopped
'

test_expect_success 'the next apply mends it, and the task goes on' '
	edit "s/  port = 5433//" &&
	dmsl_on plan >plan.txt &&
	test_contains plan.txt "goes on" &&
	dmsl_on apply --yes >apply.txt 2>&1 &&
	is_in running &&
	settled mended
'

test_expect_success 'a task that somebody stops stays so' '
	task stop >stop.txt &&
	settled stopped &&
	dmsl_on destroy --yes >destroy.txt &&
	nothing_left
'

test_done
