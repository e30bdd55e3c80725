#!/bin/sh
# Every signature is checked twice, by moto against the stored secret and by the proxy
# against the environment's, over an apply and a destroy; a wrong secret does nothing.
. "$DMSL_SRCDIR/tests/lib.sh"
. "$DMSL_SRCDIR/tests/aws/scenario.sh"
moto_start
moto_auth || exit 1
proxy_start

test_expect_success 'a wrong secret is an error that says so, and nothing is made' '
	(
		AWS_SECRET_ACCESS_KEY=sentinel-W8kQ
		test_must_fail dmsl_on apply --yes >out 2>&1
	) &&
	grep -iE "signature|credential|access key" out &&
	test_lacks out sentinel-W8kQ &&
	aws_list >list &&
	test_must_be_empty list
'

test_expect_success 'apply and destroy, signed' '
	proxy_mark signed &&
	dmsl_on apply --yes >apply.txt &&
	same_as_state &&
	dmsl_on destroy --yes >destroy.txt &&
	check_log --span signed valid order &&
	nothing_left
'

test_done
