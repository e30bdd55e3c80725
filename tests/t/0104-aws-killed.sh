#!/bin/sh
# SIGKILL of apply and of destroy at random instants: the next run ends it, nothing is
# there twice, nothing is left. DMSL_AWS_KILLS=N: so many in all (check-crash-aws).
. "$DMSL_SRCDIR/tests/lib.sh"
. "$DMSL_SRCDIR/tests/aws/scenario.sh"
moto_start
proxy_start
kills=${DMSL_AWS_KILLS:-20}
seed=${DMSL_AWS_SEED:-$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')}
# Several rounds, since ever more of the stack stands as apply is killed again.
rounds=$(((kills + 19) / 20))

test_expect_success 'a run that nobody kills' '
	start=$(date +%s%N) &&
	dmsl_on apply --yes >apply.txt &&
	whole=$((($(date +%s%N) - start) / 1000000)) &&
	aws_count >expect-count &&
	"$DMSL" state list $stack >expect-state &&
	dmsl_on destroy --yes >destroy.txt &&
	nothing_left &&
	: >"$AWS_LOG"
'

round=0
while [ $round -lt $rounds ]; do
	round=$((round + 1))
	test_expect_success "round $round: an apply after ten kills ends as if there had been none" '
		echo "seed $seed round $round" &&
		killed 10 $((seed + round)) $((whole * 9 / 10)) apply &&
		dmsl_on apply --yes >apply.txt &&
		aws_count >actual-count &&
		test_cmp expect-count actual-count &&
		"$DMSL" state list $stack >actual-state &&
		test_cmp expect-state actual-state &&
		same_as_state &&
		settled "round $round" &&
		test_path_is_missing .git/dmsl/cloud/journal
	'
	test_expect_success "round $round: a destroy after ten kills leaves nothing" '
		killed 10 $((seed + 100 + round)) $((whole * 9 / 10)) destroy &&
		dmsl_on destroy --yes >destroy.txt &&
		nothing_left
	'
	test_expect_success "round $round: nothing was made twice, in wrong form or order" '
		check_log valid unique order left &&
		: >"$AWS_LOG"
	'
done

test_done
