#!/bin/sh
# The reference migration on the stand-in for AWS, end to end: planned, applied,
# looked at from outside, changed behind our back, repaired, destroyed. Real
# PostgreSQL servers stand behind the clusters; every request is recorded and judged.
. "$DMSL_SRCDIR/tests/lib.sh"
. "$DMSL_SRCDIR/tests/aws/scenario.sh"

stack=stacks/dev.dmsl
postgres_start one
postgres_start two
moto_start
proxy_start

# sql SIDE STATEMENT: rows of the database on that side, asked past AWS and dmsl.
sql() {
	sql_at=$(sed -n "s/^dev-aurora-$1[^ ]* \\([^ ]*\\) .*/\\1/p" "$DMSL_MOTO_DATABASES") &&
	psql -X -A -t -F '|' -v ON_ERROR_STOP=1 -h "${sql_at%:*}" -p "${sql_at#*:}" -U admin \
		-d demo_db -c "$2"
}

test_expect_success 'a plan changes nothing' '
	proxy_mark plan &&
	dmsl_on plan >plan.txt &&
	grep "^Plan: [0-9]* to create" plan.txt &&
	test_lacks plan.txt simulated &&
	check_log --span plan reads valid &&
	aws_list >list &&
	test_must_be_empty list
'

test_expect_success 'who uses a path waits until its near end lets them in' '
	dmsl_on graph >graph.txt &&
	for side in source target; do
		sed -n "/^dms_endpoint.$side\$/,/^[^ ]/p" graph.txt >needs.txt &&
		test_contains needs.txt "needs private_path.$side/security_group_rule.network" || return 1
	done
'

test_expect_success 'apply makes it all, once, with its tags' '
	proxy_mark apply &&
	dmsl_on apply --yes >apply.txt &&
	check_log --span apply valid tags unique &&
	same_as_state
'

test_expect_success 'the parts are there, counted from outside' '
	aws_count >count &&
	test_contains count "ec2 vpc 3" "ec2 subnet 8" "ec2 internet-gateway 1" "ec2 instance 1" \
		"ec2 vpc-endpoint 8" "ec2 vpc-endpoint-service 2" "elbv2 load-balancer 2" \
		"elbv2 target 2" "rds db-cluster 2" "rds db-instance 2" "secretsmanager secret 2" \
		"dms endpoint 2" "dms task 1" "dms replication-instance 1"
'

test_expect_success 'the rows stand in the target' '
	sql target "SELECT firstname FROM demo_schema.demo_accounts ORDER BY accountnumber" >rows &&
	printf "%s\n" John Mary Tom Peter >expect &&
	test_cmp expect rows &&
	grep moved apply.txt
'

test_expect_success 'a second plan and a second apply have nothing to do' '
	settled first &&
	# A hundred calls for 86 resources; commands are asked after as long as they take.
	check_log --span "settled first" economy >calls &&
	cat calls &&
	awk "!/ssm:|calls in all/ { n += \$1 } END { exit n > 120 }" calls &&
	proxy_mark again &&
	dmsl_on apply --yes >apply.txt &&
	proxy_mark done &&
	check_log --span again reads &&
	# It looks once, and at what the check needs.
	check_log --span again economy >again &&
	cat again &&
	awk "!/ssm:|calls in all/ { n += \$1 } END { exit n > 120 }" again &&
	test "$(git rev-list --count dmsl/state)" = 1
'

test_expect_success 'the password is in no file and in no call but those that carry it' '
	check_log secret &&
	test -s apply.txt &&
	python3 "$DMSL_SRCDIR/tests/find-secret.py" .
'

# cli ARGUMENT...: the AWS CLI, past the proxy.
cli() {
	AWS_ENDPOINT_URL=$moto_url aws "$@" --output text
}

test_expect_success 'drift: a tag, a rule, a target, an endpoint that is gone' '
	vpc=$(cli ec2 describe-vpcs --filters "Name=tag:dmsl:address,Values=network.dms/vpc.main" \
		--query "Vpcs[0].VpcId") &&
	cli ec2 create-tags --resources "$vpc" --tags Key=environment,Value=other &&
	set -- $(cli ec2 describe-security-group-rules --query \
		"SecurityGroupRules[?FromPort==\`5432\` && !IsEgress].[GroupId,SecurityGroupRuleId]|[0]") &&
	# Not past the proxy: the log must know that it is gone.
	aws ec2 revoke-security-group-ingress --group-id "$1" --security-group-rule-ids "$2" >revoked.txt &&
	group=$(cli elbv2 describe-target-groups --query "TargetGroups[0].TargetGroupArn") &&
	address=$(cli elbv2 describe-target-health --target-group-arn "$group" \
		--query "TargetHealthDescriptions[0].Target.Id") &&
	cli elbv2 deregister-targets --target-group-arn "$group" --targets "Id=$address" &&
	endpoint=$(cli ec2 describe-vpc-endpoints --query \
		"VpcEndpoints[?VpcEndpointType==\`Gateway\`]|[0].VpcEndpointId") &&
	aws ec2 delete-vpc-endpoints --vpc-endpoint-ids "$endpoint" >deleted.txt &&
	test_expect_code 2 dmsl_on plan --detailed-exitcode >plan.txt &&
	test_contains plan.txt network.dms/vpc.main security_group target_group.main vpc_endpoint.s3 &&
	proxy_mark drift &&
	dmsl_on apply --yes >apply.txt &&
	check_log --span drift valid tags &&
	settled drift &&
	same_as_state
'

test_expect_success 'destroy leaves nothing, and takes it down in order' '
	proxy_mark destroy &&
	dmsl_on destroy --yes >destroy.txt &&
	nothing_left &&
	check_log valid order &&
	check_log economy
'

test_done
