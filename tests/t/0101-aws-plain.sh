#!/bin/sh
# An opinion that is not ours: moto as it is, without the start-up file, for all of the
# reference migration that it can do, which is what is not of DMS.
. "$DMSL_SRCDIR/tests/lib.sh"
. "$DMSL_SRCDIR/tests/aws/scenario.sh"
moto_start --plain
proxy_start
sed '/^replication main/,$d' stacks/cloud.dmsl >cloud && mv cloud stacks/cloud.dmsl

test_expect_success 'apply makes it, as the service models want it' '
	dmsl_on apply --yes >apply.txt &&
	check_log valid tags &&
	same_as_state
'

test_expect_success 'destroy takes it down in order, and leaves nothing' '
	dmsl_on destroy --yes >destroy.txt &&
	check_log valid order &&
	"$DMSL" state list $stack >in-state &&
	test_must_be_empty in-state &&
	# Clusters that are gone leave an automated snapshot behind, on plain moto.
	aws_list | grep -v " snapshot " >in-aws
	test_must_be_empty in-aws
'

test_done
