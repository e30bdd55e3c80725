#!/bin/sh
# The shell side of the stand-in for AWS: the census, the proxy, plain moto, and
# moto with signatures checked.
. "$DMSL_SRCDIR/tests/lib.sh"
. "$DMSL_SRCDIR/tests/aws/lib.sh"
AWS_MAX_ATTEMPTS=1
moto_start
proxy_start

test_expect_success 'an empty account is empty' '
	aws_list >list &&
	test_must_be_empty list
'

test_expect_success 'what is made is counted, with its tags; what is deleted is not' '
	vpc=$(aws ec2 create-vpc --cidr-block 10.0.0.0/16 --query Vpc.VpcId --output text \
		--tag-specifications "ResourceType=vpc,Tags=[{Key=a,Value=b c}]") &&
	group=$(aws ec2 create-security-group --group-name g --description g --vpc-id "$vpc" \
		--query GroupId --output text) &&
	aws dms create-endpoint --endpoint-identifier e --endpoint-type source --engine-name postgres &&
	aws secretsmanager create-secret --name s --secret-string x &&
	aws_list >list &&
	test_contains list "ec2 vpc $vpc - a=b_c" "ec2 security-group $group g -" \
		"secretsmanager secret" "dms endpoint" &&
	aws_count >count &&
	printf "%s\n" "dms endpoint 1" "ec2 security-group 1" "ec2 security-group-rule 1" \
		"ec2 vpc 1" "secretsmanager secret 1" >expect &&
	test_cmp expect count &&
	aws ec2 delete-security-group --group-id "$group" &&
	aws ec2 delete-vpc --vpc-id "$vpc" &&
	aws_count >count &&
	printf "%s\n" "dms endpoint 1" "secretsmanager secret 1" >expect &&
	test_cmp expect count
'

test_expect_success 'the log of the AWS CLI is flawless, and spans part it' '
	proxy_mark reading &&
	aws ec2 describe-vpcs &&
	check_log valid &&
	check_log --span reading reads &&
	test_must_fail check_log reads
'

test_expect_success 'faults are set and taken back' '
	proxy_faults "{\"faults\": [{\"kind\": \"throttle\"}]}" &&
	test_must_fail aws ec2 describe-vpcs &&
	proxy_faults "{}" &&
	aws ec2 describe-vpcs
'

test_expect_success 'a reset empties the account' '
	moto_reset &&
	aws_list >list &&
	test_must_be_empty list
'

test_expect_success 'with signatures checked, a wrong secret is refused' '
	moto_auth &&
	aws ec2 describe-vpcs &&
	aws dms describe-endpoints &&
	(
		AWS_SECRET_ACCESS_KEY=wrong
		test_must_fail aws dms describe-endpoints 2>err
	) &&
	test_contains err "SignatureDoesNotMatch" &&
	moto_auth_after inf
'

test_expect_success 'plain moto can be had, too' '
	moto_start --plain &&
	test_must_fail aws dms describe-engine-versions 2>err &&
	test_contains err "500"
'

test_expect_success 'a full load can be over before it is seen to run' '
	DMSL_MOTO_SHORT_LOAD=1 &&
	export DMSL_MOTO_SHORT_LOAD &&
	moto_start &&
	PYTHONPATH=$aws_py python3 - <<-\PY
	import stack
	s = stack.Stack(stack.clients()).build()
	s.tested()
	s.dms.start_replication_task(ReplicationTaskArn=s.task(),
	                             StartReplicationTaskType="start-replication")
	seen = []
	while "stopped" not in seen:
	    seen.append(s.listed("describe_replication_tasks", "ReplicationTasks")[0]["Status"])
	assert set(seen) == {"starting", "stopped"}, seen
	PY
'

test_done
