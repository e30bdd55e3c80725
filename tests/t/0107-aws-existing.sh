#!/bin/sh
# What replaces, with its successor first or after; a stack that stands twice; what is
# used without being owned.
. "$DMSL_SRCDIR/tests/lib.sh"
. "$DMSL_SRCDIR/tests/aws/scenario.sh"
moto_start
proxy_start

test_expect_success 'a successor stands before what it replaces goes' '
	cat >path.dmsl <<-\DMSL &&
	param port : number = 5432
	stack path { provider = aws }
	provider aws { region = "us-east-1" }
	network main { cidr = 10.0.0.0/16  zones = ["us-east-1a", "us-east-1b"] }
	load_balancer main { subnets = network.main.private_subnets }
	target_group main {
	  vpc     = network.main.vpc
	  port    = port
	  targets = [10.0.1.200]
	  lifecycle { create_before_destroy = true }
	}
	listener main { load_balancer = load_balancer.main  port = 5432  target_group = target_group.main }
	log_group main { name = "/dmsl/${port}" }
	DMSL
	"$DMSL" apply path.dmsl --yes >apply.txt &&
	proxy_mark replace &&
	"$DMSL" apply path.dmsl --set port=5433 --yes >apply.txt &&
	test_contains apply.txt "2 to replace" &&
	check_log --span replace valid tags unique &&
	check_log order &&
	aws_list >list &&
	test "$(grep -c "^elbv2 target-group " list)" = 1 &&
	test "$(grep -c "^logs log-group " list)" = 1 &&
	test_contains list /dmsl/5433 &&
	"$DMSL" plan path.dmsl --set port=5433 --detailed-exitcode >plan.txt &&
	"$DMSL" destroy path.dmsl --set port=5433 --yes >destroy.txt &&
	check_log order &&
	aws_list >list &&
	test_must_be_empty list
'

# named PREFIX: a repository with a stack whose names begin with it.
named() {
	mkdir "$1" &&
	test_repository "$1" &&
	cat >"$1/twin.dmsl" <<-DMSL
	stack twin { provider = aws }
	provider aws { region = "us-east-1"  name_prefix = "$1" }
	network main { cidr = 10.0.0.0/16  zones = ["us-east-1a", "us-east-1b"] }
	security_group main { vpc = network.main.vpc }
	db_subnet_group main { subnets = network.main.private_subnets }
	db_cluster_parameter_group main { family = "aurora-postgresql15" }
	target_group main { vpc = network.main.vpc  port = 5432 }
	load_balancer main { subnets = network.main.private_subnets }
	iam_role main { service = "ec2.amazonaws.com" }
	instance_profile main { role = iam_role.main }
	secret main { value = { username = "a" }  recovery_days = 0 }
	replication_subnet_group main { subnets = network.main.private_subnets }
	DMSL
}

test_expect_success 'a stack stands twice in an account, by its prefix' '
	named one && named two &&
	(cd one && "$DMSL" apply twin.dmsl --yes >apply.txt) &&
	(cd two && "$DMSL" apply twin.dmsl --yes >apply.txt) &&
	aws_count >count &&
	test_contains count "ec2 vpc 2" "elbv2 load-balancer 2" "rds db-subnet-group 2" "iam role 2" \
		"secretsmanager secret 2" "dms replication-subnet-group 2" &&
	(cd one && "$DMSL" destroy twin.dmsl --yes >destroy.txt) &&
	(cd two && "$DMSL" plan twin.dmsl --detailed-exitcode >plan.txt) &&
	(cd two && "$DMSL" destroy twin.dmsl --yes >destroy.txt) &&
	aws_list >list &&
	test_must_be_empty list
'

rds() {
	aws rds "$@" --endpoint-url "$AWS_ENDPOINT_URL"
}

test_expect_success 'what is there already is used, and stays as it was' '
	vpc=$(aws ec2 create-vpc --cidr-block 10.0.0.0/16 --query Vpc.VpcId --output text) &&
	a=$(aws ec2 create-subnet --vpc-id $vpc --cidr-block 10.0.1.0/24 --availability-zone us-east-1a \
		--query Subnet.SubnetId --output text) &&
	b=$(aws ec2 create-subnet --vpc-id $vpc --cidr-block 10.0.2.0/24 --availability-zone us-east-1b \
		--query Subnet.SubnetId --output text) &&
	group=$(aws ec2 create-security-group --vpc-id $vpc --group-name there --description there \
		--query GroupId --output text) &&
	rds create-db-subnet-group --db-subnet-group-name there --subnet-ids $a $b \
		--db-subnet-group-description there >/dev/null &&
	rds create-db-cluster --db-cluster-identifier there --engine aurora-postgresql \
		--db-subnet-group-name there --vpc-security-group-ids $group \
		--master-username postgres --master-user-password "$SECRET" >/dev/null &&
	rds describe-db-clusters >/dev/null &&
	aws_list >expect &&
	cat >used.dmsl <<-DMSL &&
	stack used { provider = aws }
	provider aws { region = "us-east-1" }
	network near { cidr = 10.0.0.0/16  zones = ["us-east-1a", "us-east-1b"] }
	existing vpc there { id = "$vpc" }
	existing subnet a { id = "$a" }
	existing subnet b { id = "$b" }
	existing security_group there { id = "$group" }
	existing db_cluster there { name = "there" }
	security_group_rule near {
	  security_group = security_group.there
	  direction      = ingress
	  port           = 5432
	  cidr           = 10.0.0.0/16
	}
	db_instance writer { cluster = db_cluster.there  class = "db.r5.large" }
	load_balancer main { subnets = [subnet.a, subnet.b] }
	target_group main { vpc = vpc.there  port = 5432  targets = [db_instance.writer.address] }
	listener main { load_balancer = load_balancer.main  port = 5432  target_group = target_group.main }
	endpoint_service main { load_balancer = load_balancer.main }
	vpc_endpoint main {
	  vpc        = network.near.vpc
	  service    = endpoint_service.main.service_name
	  subnets    = network.near.private_subnets
	  depends_on = [listener.main]
	}
	output at = vpc_endpoint.main.dns_name
	DMSL
	proxy_mark used &&
	"$DMSL" apply used.dmsl --yes >apply.txt &&
	check_log --span used valid tags unique &&
	"$DMSL" plan used.dmsl --detailed-exitcode >plan.txt &&
	"$DMSL" destroy used.dmsl --yes >destroy.txt &&
	check_log order &&
	aws_list >actual &&
	test_cmp expect actual
'

test_expect_success 'a path from a network that stands, to a server outside of it' '
	cat >outside.dmsl <<-DMSL &&
	stack outside { provider = aws }
	provider aws { region = "us-east-1" }
	existing vpc there { id = "$vpc" }
	existing subnet a { id = "$a" }
	existing subnet b { id = "$b" }
	existing security_group there { id = "$group" }
	network near { cidr = 10.0.0.0/16  zones = ["us-east-1a", "us-east-1b"] }
	network far {
	  cidr             = 10.0.0.0/16
	  zones            = ["us-east-1a", "us-east-1b"]
	  existing_vpc     = vpc.there
	  existing_subnets = [subnet.a, subnet.b]
	}
	secret login { value = { username = "app", password = "secret" }  recovery_days = 0 }
	database outside { host = "192.168.7.7"  port = 5444  secret = secret.login }
	database inside { host = "10.0.1.9"  secret = secret.login }
	private_path outside {
	  from    = network.near
	  network = network.far
	  address = database.outside.host
	  port    = database.outside.port
	}
	private_path inside { from = network.near  network = network.far  address = database.inside.host }
	security_group_rule balancers {
	  security_group = security_group.there
	  direction      = ingress
	  port           = 5432
	  cidr           = network.far.cidr
	}
	output at = private_path.outside.dns_name
	DMSL
	aws_list >expect &&
	: >"$AWS_LOG" &&
	"$DMSL" apply outside.dmsl --yes >apply.txt 2>&1 &&
	check_log valid tags unique &&
	grep "\"operation\": \"RegisterTargets\"" "$AWS_LOG" >targets &&
	test "$(wc -l <targets)" = 2 &&
	grep "\"Id\": \"192.168.7.7\", \"AvailabilityZone\": \"all\"" targets >all &&
	test "$(wc -l <all)" = 1 &&
	test "$(grep -c "\"AvailabilityZone\"" targets)" = 1 &&
	aws_list >list &&
	test "$(grep -c "^ec2 vpc " list)" = 2 &&
	test "$(grep -c "^elbv2 listener " list)" = 2 &&
	"$DMSL" plan outside.dmsl --detailed-exitcode >plan.txt &&
	"$DMSL" destroy outside.dmsl --yes >destroy.txt &&
	check_log order &&
	aws_list >actual &&
	test_cmp expect actual
'

dms() {
	aws dms "$@" --endpoint-url "$AWS_ENDPOINT_URL"
}

test_expect_success 'what DMS has is found by its tags, if they say which' '
	for n in one two; do
		dms create-endpoint --endpoint-identifier $n --endpoint-type source \
			--engine-name aurora-postgresql --server-name $n.example --port 5432 \
			--username app --password "$SECRET" --database-name shop \
			--tags Key=team,Value=sales Key=side,Value=$n >/dev/null || return 1
	done &&
	cat >tagged.dmsl <<-\DMSL &&
	stack tagged { provider = aws }
	provider aws { region = "us-east-1" }
	param tags : map(string)
	existing dms_endpoint there { tags = tags }
	data server { value = dms_endpoint.there.server }
	DMSL
	"$DMSL" apply tagged.dmsl --yes --set tags="{ team = \"sales\", side = \"two\" }" >apply.txt &&
	"$DMSL" state show tagged.dmsl data.server >server &&
	test_contains server two.example &&
	test_must_fail "$DMSL" plan tagged.dmsl --set tags="{ team = \"sales\" }" 2>err &&
	test_contains err "carry these tags" &&
	test_must_fail "$DMSL" plan tagged.dmsl --set tags="{ team = \"none\" }" 2>err &&
	test_contains err "E0318"
'

test_done
