#!/bin/sh
# Every attribute of every type that can change in place: applied with one value, then
# with another; AWS shows each, and the plan after is clean. What replaces, how a stack
# stands twice, and what is used without being owned.
. "$DMSL_SRCDIR/tests/lib.sh"
. "$DMSL_SRCDIR/tests/aws/scenario.sh"
cp "$DMSL_SRCDIR/tests/aws/changes.dmsl" stacks/
moto_start
proxy_start
stack=stacks/changes.dmsl

# shown before|after: AWS has these values, as the state says which objects.
shown() {
	git show dmsl/state:changes.dmstate.json >state.json &&
	AWS_ENDPOINT_URL=$moto_url python3 "$aws_py/changes.py" "$1" state.json \
		"$DMSL_SRCDIR/providers/types"
}

test_expect_success 'everything is made with its first value' '
	proxy_mark before &&
	"$DMSL" apply $stack --yes >apply.txt &&
	check_log --span before valid tags unique &&
	shown before &&
	"$DMSL" plan $stack --detailed-exitcode >plan.txt
'

test_expect_success 'everything that can change in place does' '
	proxy_mark after &&
	"$DMSL" apply $stack --set after=true --yes >apply.txt &&
	test_contains apply.txt " 0 to create," " 0 to destroy" &&
	check_log --span after valid unique &&
	# What the stand-in forgets.
	grep "\"operation\": \"SetSecurityGroups\"" "$AWS_LOG" | grep "PrivateLinkTraffic\": \"on\"" &&
	grep "\"operation\": \"RegisterTargets\"" "$AWS_LOG" |
		grep "\"Id\": \"192.168.7.8\", \"AvailabilityZone\": \"all\"" &&
	grep "\"operation\": \"ModifyDBInstance\"" "$AWS_LOG" |
		grep "\"EnablePerformanceInsights\": true" &&
	shown after
'

test_expect_success 'the plan after it is clean' '
	proxy_mark clean &&
	{ "$DMSL" plan $stack --set after=true --detailed-exitcode >plan.txt || { cat plan.txt && false; }; } &&
	check_log --span clean reads valid
'

test_expect_success 'what destroy leaves is said, with its end' '
	"$DMSL" destroy $stack --set after=true --yes >destroy.txt &&
	grep "can be restored until [0-9-]*" destroy.txt &&
	grep -i snapshot destroy.txt &&
	check_log valid order &&
	aws_list | grep -v " snapshot " >left
	test_must_be_empty left
'

test_done
