#!/bin/sh
# What is there comes under dmsl: by import, one by one, and by state recover, all that
# carries the stack's tags.
. "$DMSL_SRCDIR/tests/lib.sh"
. "$DMSL_SRCDIR/tests/aws/scenario.sh"
moto_start
proxy_start

test_expect_success 'an object that someone else made is imported, and kept' '
	cat >one.dmsl <<-\DMSL &&
	stack one { provider = aws }
	provider aws { region = "us-east-1" }
	vpc main { cidr = 10.0.0.0/16 }
	subnet a { vpc = vpc.main  zone = "us-east-1a"  cidr = 10.0.1.0/24 }
	DMSL
	vpc=$(aws ec2 create-vpc --cidr-block 10.0.0.0/16 --query Vpc.VpcId --output text) &&
	echo "import vpc.main = \"$vpc\"" >>one.dmsl &&
	"$DMSL" plan one.dmsl >plan.txt &&
	grep "1 to import" plan.txt &&
	"$DMSL" apply one.dmsl --yes >apply.txt &&
	aws_list >list &&
	test "$(grep -c " vpc " list)" = 1 &&
	test_contains list "ec2 vpc $vpc" "dmsl:address=vpc.main" &&
	"$DMSL" plan one.dmsl --detailed-exitcode &&
	sed "/^import/d" one.dmsl >two && mv two one.dmsl &&
	"$DMSL" destroy one.dmsl --yes &&
	aws_list >list &&
	test_must_be_empty list
'

test_expect_success 'an id that does not exist is an error at plan' '
	echo "import vpc.main = \"vpc-0123456789abcdef0\"" >>one.dmsl &&
	test_must_fail "$DMSL" plan one.dmsl >out 2>&1 &&
	test_contains out vpc-0123456789abcdef0
'

test_expect_success 'a state that is lost is recovered from the tags' '
	dmsl_on apply --yes >apply.txt &&
	# What is in no account cannot come back.
	"$DMSL" state list $stack | grep -v random_password >expect &&
	git update-ref -d refs/heads/dmsl/state &&
	rm -rf .git/dmsl/cloud &&
	proxy_mark recover &&
	"$DMSL" state recover $stack --set on=aws --yes >recover.txt &&
	check_log --span recover reads valid &&
	"$DMSL" state list $stack >actual &&
	test_cmp expect actual &&
	same_as_state &&
	# The generated password is made anew; nothing that stands is made or destroyed.
	dmsl_on apply --yes >apply.txt &&
	test_contains apply.txt "Plan: 1 to create," " 0 to destroy" &&
	same_as_state &&
	settled recovered
'

test_expect_success 'what was recovered can be destroyed' '
	dmsl_on destroy --yes >destroy.txt &&
	nothing_left
'

test_done
