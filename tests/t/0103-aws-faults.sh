#!/bin/sh
# A fifth of all calls fail: throttled, refused by the server, cut off before or after
# they took effect, cut short, garbled. What is made is made once, and all is taken down.
. "$DMSL_SRCDIR/tests/lib.sh"
. "$DMSL_SRCDIR/tests/aws/scenario.sh"
AWS_MAX_ATTEMPTS=10
export AWS_MAX_ATTEMPTS
moto_start
proxy_start
seed=$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')

# faults_on SEED: 20 in a hundred calls, of seven kinds.
faults_on() {
	rules=
	# Each rule is asked in turn, so the rates make up a fifth together.
	for kind in throttle error500 error503 reset-before reset-after truncate garbage; do
		rules="$rules${rules:+, }{\"kind\": \"$kind\", \"rate\": 0.0314}"
	done
	proxy_faults "{\"seed\": $1, \"faults\": [$rules]}"
}

test_expect_success 'an apply with faults makes everything once' '
	echo "seed $seed" &&
	faults_on $seed &&
	{ dmsl_on apply --yes >apply.txt || dmsl_on apply --yes >>apply.txt; } &&
	proxy_faults "{}" &&
	check_log valid unique tags &&
	same_as_state &&
	settled after
'

test_expect_success 'a destroy with faults leaves nothing' '
	faults_on $((seed + 1)) &&
	{ dmsl_on destroy --yes >destroy.txt || dmsl_on destroy --yes >>destroy.txt; } &&
	proxy_faults "{}" &&
	check_log order &&
	nothing_left
'

test_expect_success 'reads that lag behind make nothing twice and leave nothing' '
	proxy_faults "{\"seed\": $seed, \"faults\": [
		{\"kind\": \"stale\", \"rate\": 0.7, \"seconds\": 2},
		{\"kind\": \"delay\", \"rate\": 0.02, \"seconds\": 0.5}]}" &&
	dmsl_on apply --yes >apply.txt &&
	check_log valid unique tags &&
	dmsl_on destroy --yes >destroy.txt &&
	proxy_faults "{}" &&
	check_log order &&
	nothing_left
'

test_expect_success 'a create that is killed is repeated with every attribute as it was' '
	cat >target.dmsl <<-\DMSL &&
	stack target { provider = aws }
	provider aws { region = "us-east-1" }
	vpc main { cidr = 10.0.0.0/16 }
	target_group main { vpc = vpc.main  port = 5432  health_interval = 30s }
	DMSL
	proxy_faults "{\"faults\": [{\"kind\": \"reset-before\",
		\"operations\": [\"elasticloadbalancingv2:CreateTargetGroup\", \"elbv2:CreateTargetGroup\"]}]}" &&
	: >"$AWS_LOG" &&
	{ "$DMSL" apply target.dmsl --yes >killed.txt 2>&1 & } &&
	pid=$! &&
	for _ in $(seq 200); do
		if grep -q "\"operation\": \"CreateTargetGroup\"" "$AWS_LOG"; then
			break
		fi
		sleep 0.05
	done &&
	kill -KILL $pid &&
	{ wait $pid; :; } &&
	proxy_faults "{}" &&
	"$DMSL" apply target.dmsl --yes >apply.txt 2>&1 &&
	test_contains apply.txt "1 step is open" &&
	check_log valid unique &&
	grep "\"HealthCheckIntervalSeconds\": 30" "$AWS_LOG" >interval &&
	"$DMSL" plan target.dmsl --detailed-exitcode >plan.txt &&
	"$DMSL" destroy target.dmsl --yes >destroy.txt &&
	nothing_left
'

test_expect_success 'two applies at once: one makes everything, the other says why not' '
	{ dmsl_on apply --yes >other.txt 2>&1 & } &&
	other=$! &&
	{ dmsl_on apply --yes >apply.txt 2>&1 && mine=0 || mine=$?; } &&
	{ wait $other && others=0 || others=$?; } &&
	cat apply.txt other.txt &&
	test $((mine == 0 || others == 0)) = 1 &&
	check_log unique &&
	same_as_state &&
	dmsl_on destroy --yes >destroy.txt &&
	nothing_left
'

test_expect_success 'a clock that is an hour off is corrected' '
	proxy_faults "{\"faults\": [{\"kind\": \"clock\", \"seconds\": 3600}]}" &&
	dmsl_on plan >plan.txt &&
	proxy_faults "{}"
'

test_expect_success 'credentials that expire in the middle are an error that says so' '
	echo "seed $seed" &&
	proxy_faults "{\"faults\": [{\"kind\": \"expired\", \"skip\": $((60 + seed % 200)), \"times\": 1}]}" &&
	test_must_fail dmsl_on apply --yes >out 2>&1 &&
	grep -i expired out &&
	proxy_faults "{}" &&
	# The proxy has forgotten what it refused; the next run goes on with what was begun.
	proxy_mark renewed &&
	dmsl_on apply --yes >apply.txt &&
	same_as_state &&
	check_log --span renewed economy >calls &&
	! grep -E ":(Delete|Terminate|Release)" calls &&
	dmsl_on destroy --yes >destroy.txt &&
	nothing_left
'

test_done
