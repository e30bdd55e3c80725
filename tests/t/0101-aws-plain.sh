#!/bin/sh
# An opinion that is not ours: moto as it is, without the start-up file, for all that it
# can do of a migration: not DMS, not what connects to an endpoint service, and not
# instances of clusters, which have no address.
. "$DMSL_SRCDIR/tests/lib.sh"
. "$DMSL_SRCDIR/tests/aws/scenario.sh"
moto_start --plain
proxy_start
cat >stacks/plain.dmsl <<\DMSL
param on : enum(local, aws) = aws
param password : string secret
let zones = ["us-east-1a", "us-east-1b"]

stack plain {
  provider = on
  tags     = { environment = "test" }
}
provider aws { region = "us-east-1" }

network source { cidr = 10.0.0.0/16  zones = zones  public = true }
network dms    { cidr = 10.0.0.0/16  zones = zones }

elastic_ip out {}
nat_gateway out { subnet = network.source.public_subnets[0]  elastic_ip = elastic_ip.out }

secret master { value = { username = "postgres", password = password }  recovery_days = 0 }
db_subnet_group main { subnets = network.source.private_subnets }
db_cluster_parameter_group main {
  family     = "aurora-postgresql15"
  parameters = { "rds.logical_replication" = "1" }
}
db_cluster main {
  version             = "15"
  username            = "postgres"
  password            = password
  subnet_group        = db_subnet_group.main
  parameter_group     = db_cluster_parameter_group.main
  deletion_protection = false
  final_snapshot      = false
}

load_balancer main { subnets = network.source.private_subnets }
target_group main { vpc = network.source.vpc  port = 5432  targets = [10.0.1.200, 10.0.2.200] }
listener main { load_balancer = load_balancer.main  port = 5432  target_group = target_group.main }

workstation main { network = network.dms  secrets = [secret.master] }
log_group main { name = "/dmsl/plain"  retention_days = 7 }
DMSL
stack=stacks/plain.dmsl

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
