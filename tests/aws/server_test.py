"""The stand-in for AWS, driven by boto3: what is refused, kept, and played."""

import os
import subprocess
import sys

import stack
from tap import case, main, refused, until

aws = stack.clients()
ec2, rds, elb, dms = aws["ec2"], aws["rds"], aws["elbv2"], aws["dms"]
s = stack.Stack(aws)


@case("the path of the reference stack is built, in states that pass")
def _():
    s.build()
    assert "/net/main/" in s.path["balancer"] and "listener/net/" in s.path["listener"]
    assert s.path["name"].split(".")[-1] in s.dns_name
    group = dms.describe_replication_subnet_groups()["ReplicationSubnetGroups"][0]
    assert group["VpcId"] == s.near["vpc"]
    assert [x["SubnetIdentifier"] for x in group["Subnets"]] == s.near["subnets"]


@case("a client token gives the same object once more, or a refusal")
def _():
    given = dict(SubnetId=s.db["subnets"][0], ClientToken="eni", Description="one")
    first = ec2.create_network_interface(**given)["NetworkInterface"]["NetworkInterfaceId"]
    again = ec2.create_network_interface(**given)["NetworkInterface"]["NetworkInterfaceId"]
    assert first == again
    refused("IdempotentParameterMismatch", ec2.create_network_interface,
            **{**given, "Description": "two"})
    ec2.delete_network_interface(NetworkInterfaceId=first)
    for create, key in ((lambda: ec2.create_route_table(VpcId=s.db["vpc"], ClientToken="t")
                         ["RouteTable"]["RouteTableId"], "RouteTableId"),):
        table = create()
        assert table == create()
        ec2.delete_route_table(**{key: table})


@case("names that are taken are refused; equal settings give what is there")
def _():
    balancer = dict(Name="main", Type="network", Scheme="internal", Subnets=s.db["subnets"])
    found = elb.create_load_balancer(**balancer)["LoadBalancers"]
    assert found[0]["LoadBalancerArn"] == s.path["balancer"]
    refused("DuplicateLoadBalancerName", elb.create_load_balancer,
            **{**balancer, "Scheme": "internet-facing"})
    group = dict(Name="main", Protocol="TCP", Port=5432, VpcId=s.db["vpc"], TargetType="ip")
    assert elb.create_target_group(**group)["TargetGroups"][0]["TargetGroupArn"] == s.path["group"]
    refused("DuplicateTargetGroupName", elb.create_target_group, **{**group, "Port": 1})
    refused("DuplicateListener", elb.create_listener, LoadBalancerArn=s.path["balancer"],
            Protocol="UDP", Port=5432,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": s.path["group"]}])
    refused("DBClusterAlreadyExistsFault", rds.create_db_cluster, DBClusterIdentifier="MAIN-db",
            Engine="aurora-postgresql", MasterUsername="x", MasterUserPassword="12345678")
    refused("DBInstanceAlreadyExists", rds.create_db_instance, DBInstanceIdentifier="main-db-1",
            DBInstanceClass="db.t3.medium", Engine="aurora-postgresql")
    refused("DBSubnetGroupAlreadyExists", rds.create_db_subnet_group, DBSubnetGroupName="Main-DB",
            DBSubnetGroupDescription="x", SubnetIds=s.db["subnets"])
    refused("ResourceAlreadyExistsFault", dms.create_replication_subnet_group,
            ReplicationSubnetGroupIdentifier="MAIN", ReplicationSubnetGroupDescription="x",
            SubnetIds=s.db["subnets"])
    refused("ResourceAlreadyExistsFault", dms.create_endpoint, EndpointIdentifier="Source-DB",
            EndpointType="source", EngineName="postgres")


@case("parameter groups: made once, in use, reset, unknown")
def _():
    given = dict(DBClusterParameterGroupName="Pg", DBParameterGroupFamily="aurora-postgresql15",
                 Description="pg")
    rds.create_db_cluster_parameter_group(**given)
    refused("DBParameterGroupAlreadyExists", rds.create_db_cluster_parameter_group, **given)
    rds.modify_db_cluster_parameter_group(DBClusterParameterGroupName="pg", Parameters=[
        {"ParameterName": "rds.logical_replication", "ParameterValue": "1",
         "ApplyMethod": "pending-reboot"}])
    until(lambda: rds.describe_db_clusters()["DBClusters"][0]["Status"], "available")
    rds.modify_db_cluster(DBClusterIdentifier="main-db", DBClusterParameterGroupName="pg",
                          ApplyImmediately=True)
    refused("InvalidDBParameterGroupState", rds.delete_db_cluster_parameter_group,
            DBClusterParameterGroupName="pg")
    until(lambda: rds.describe_db_clusters()["DBClusters"][0]["Status"], "available")
    rds.modify_db_cluster(DBClusterIdentifier="main-db",
                          DBClusterParameterGroupName="default.aurora-postgresql15")
    rds.reset_db_cluster_parameter_group(DBClusterParameterGroupName="pg", ResetAllParameters=True)
    assert not rds.describe_db_cluster_parameters(DBClusterParameterGroupName="pg")["Parameters"]
    rds.delete_db_cluster_parameter_group(DBClusterParameterGroupName="pg")
    refused("DBParameterGroupNotFound", rds.describe_db_parameter_groups, DBParameterGroupName="no")


@case("a DB subnet group is changed and stays")
def _():
    rds.modify_db_subnet_group(DBSubnetGroupName="main-db", SubnetIds=s.db["subnets"][::-1])
    assert rds.describe_db_subnet_groups(DBSubnetGroupName="main-db")["DBSubnetGroups"]
    refused("DBSubnetGroupDoesNotCoverEnoughAZs", rds.modify_db_subnet_group,
            DBSubnetGroupName="main-db", SubnetIds=s.db["subnets"][:1])


@case("a task needs tested connections, runs and stops by itself, with statistics")
def _():
    task = s.task()
    start = dict(ReplicationTaskArn=task, StartReplicationTaskType="start-replication")
    refused("InvalidResourceStateFault", dms.start_replication_task, **start)
    refused("InvalidResourceStateFault", dms.describe_table_statistics, ReplicationTaskArn=task)
    s.tested()
    s.tested()
    dms.start_replication_task(**start)
    seen = []

    def look():
        found = dms.describe_replication_tasks(
            Filters=[{"Name": "replication-task-id", "Values": ["DEMO"]}])["ReplicationTasks"][0]
        seen.append(found["Status"])
        return found.get("StopReason")
    until(look, "Stop Reason FULL_LOAD_ONLY_FINISHED")
    assert {"starting", "running", "stopped"} <= set(seen), seen
    table = dms.describe_table_statistics(ReplicationTaskArn=task)["TableStatistics"][0]
    assert table["TableState"] == "Table completed" and table["FullLoadRows"] == 4, table
    refused("InvalidParameterCombinationException", dms.start_replication_task, **start)
    refused("InvalidResourceStateFault", dms.delete_endpoint, EndpointArn=s.ends["source"])
    refused("InvalidResourceStateFault", dms.delete_replication_instance,
            ReplicationInstanceArn=s.instance)
    dms.modify_replication_task(ReplicationTaskArn=task, ReplicationTaskSettings="{}")
    s.wait("describe_replication_tasks", "ReplicationTasks", "replication-task-arn", task, "stopped")


@case("an endpoint's change, tags and certificate; connections can be dropped")
def _():
    end = s.ends["source"]
    dms.modify_endpoint(EndpointArn=end, EngineName="aurora-postgresql",
                        PostgreSQLSettings={"HeartbeatEnable": True})
    s.wait("describe_endpoints", "Endpoints", "endpoint-arn", end, "active")
    found = dms.describe_endpoints(Filters=[{"Name": "endpoint-arn", "Values": [end]}])["Endpoints"][0]
    assert found["PostgreSQLSettings"]["HeartbeatEnable"] and "Password" not in found
    dms.add_tags_to_resource(ResourceArn=end, Tags=[{"Key": "a", "Value": "b"}])
    dms.remove_tags_from_resource(ResourceArn=end, TagKeys=["dmsl:intent"])
    keys = {t["Key"] for t in dms.list_tags_for_resource(ResourceArn=end)["TagList"]}
    assert keys == {"dmsl:stack", "dmsl:address", "a"}, keys
    dms.delete_connection(EndpointArn=end, ReplicationInstanceArn=s.instance)
    refused("ResourceNotFoundFault", dms.delete_connection, EndpointArn=end,
            ReplicationInstanceArn=s.instance)
    pem = dms.import_certificate(CertificateIdentifier="ca", CertificatePem="x")["Certificate"]
    dms.delete_certificate(CertificateArn=pem["CertificateArn"])


@case("a connection test says what is missing on the way")
def _():
    elb.deregister_targets(TargetGroupArn=s.path["group"], Targets=[{"Id": s.address}])
    dms.test_connection(ReplicationInstanceArn=s.instance, EndpointArn=s.ends["target"])
    s.wait("describe_connections", "Connections", "endpoint-arn", s.ends["target"], "failed")
    elb.register_targets(TargetGroupArn=s.path["group"], Targets=[{"Id": s.address, "Port": 5432}])


@case("an assessment run passes")
def _():
    task = s.listed("describe_replication_tasks", "ReplicationTasks")[0]["ReplicationTaskArn"]
    dms.start_replication_task_assessment_run(
        ReplicationTaskArn=task, ServiceAccessRoleArn="arn:aws:iam::123456789012:role/r",
        ResultLocationBucket="b", AssessmentRunName="one")
    until(lambda: dms.describe_replication_task_assessment_runs()
          ["ReplicationTaskAssessmentRuns"][0]["Status"], "passed")
    assert dms.describe_replication_task_individual_assessments()[
        "ReplicationTaskIndividualAssessments"]


@case("what is in use is not deleted")
def _():
    refused("DependencyViolation", ec2.delete_security_group, GroupId=s.near["group"])
    refused("DependencyViolation", ec2.delete_subnet, SubnetId=s.db["subnets"][0])
    refused("DependencyViolation", ec2.delete_vpc, VpcId=s.db["vpc"])
    refused("ResourceInUse", elb.delete_load_balancer, LoadBalancerArn=s.path["balancer"])
    refused("ResourceInUse", elb.delete_target_group, TargetGroupArn=s.path["group"])
    left = ec2.delete_vpc_endpoint_service_configurations(ServiceIds=[s.path["service"]])
    assert left["Unsuccessful"][0]["Error"]["Code"] == "ExistingVpcEndpointConnections"
    refused("InvalidDBClusterStateFault", rds.delete_db_cluster, DBClusterIdentifier="main-db",
            SkipFinalSnapshot=True)
    refused("InvalidDBSubnetGroupStateFault", rds.delete_db_subnet_group,
            DBSubnetGroupName="main-db")
    refused("InvalidResourceStateFault", dms.delete_replication_subnet_group,
            ReplicationSubnetGroupIdentifier="main")
    eni = ec2.describe_network_interfaces(Filters=[
        {"Name": "description", "Values": ["RDSNetworkInterface"]}])["NetworkInterfaces"][0]
    refused("InvalidNetworkInterface.InUse", ec2.delete_network_interface,
            NetworkInterfaceId=eni["NetworkInterfaceId"])


@case("connections of endpoints are listed, rejected and accepted")
def _():
    def state():
        return ec2.describe_vpc_endpoint_connections(Filters=[
            {"Name": "service-id", "Values": [s.path["service"]]}]
        )["VpcEndpointConnections"][0]["VpcEndpointState"]
    assert state() == "available"
    given = dict(ServiceId=s.path["service"], VpcEndpointIds=[s.vpce])
    assert not ec2.reject_vpc_endpoint_connections(**given)["Unsuccessful"]
    assert state() == "rejected"
    ec2.accept_vpc_endpoint_connections(**given)
    until(lambda: ec2.describe_vpc_endpoints(VpcEndpointIds=[s.vpce])["VpcEndpoints"][0]["State"],
          "available")


@case("a gateway endpoint moves its route tables; NAT gateways take their time")
def _():
    vpc, subnet = s.near["vpc"], s.near["subnets"][0]
    tables = [ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _ in "ab"]
    made = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3",
                                   VpcEndpointType="Gateway", RouteTableIds=tables[:1])
    name = made["VpcEndpoint"]["VpcEndpointId"]
    ec2.modify_vpc_endpoint(VpcEndpointId=name, AddRouteTableIds=tables[1:],
                            RemoveRouteTableIds=tables[:1])
    refused("DependencyViolation", ec2.delete_route_table, RouteTableId=tables[1])
    assert not ec2.delete_vpc_endpoints(VpcEndpointIds=[name])["Unsuccessful"]
    for table in tables:
        ec2.delete_route_table(RouteTableId=table)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]
    assert nat["State"] == "pending"

    def state():
        return ec2.describe_nat_gateways(NatGatewayIds=[nat["NatGatewayId"]]
                                         )["NatGateways"][0]["State"]
    until(state, "available")
    refused("InvalidIPAddress.InUse", ec2.release_address, AllocationId=address)
    ec2.delete_nat_gateway(NatGatewayId=nat["NatGatewayId"])
    until(state, "deleted")
    ec2.release_address(AllocationId=address)
    refused("NatGatewayNotFound", ec2.describe_nat_gateways, NatGatewayIds=["nat-0123456789"])


@case("what the account offers and allows")
def _():
    versions = rds.describe_db_engine_versions(Engine="aurora-postgresql", EngineVersion="15")
    assert versions["DBEngineVersions"][0]["DBParameterGroupFamily"] == "aurora-postgresql15"
    assert rds.describe_orderable_db_instance_options(
        Engine="aurora-postgresql", EngineVersion="15.12", DBInstanceClass="db.t3.medium"
    )["OrderableDBInstanceOptions"]
    rds.describe_pending_maintenance_actions()
    assert dms.describe_orderable_replication_instances()["OrderableReplicationInstances"]
    assert dms.describe_engine_versions()["EngineVersions"]
    quotas = aws["service-quotas"]
    code = quotas.list_service_quotas(ServiceCode="vpc")["Quotas"][0]["QuotaCode"]
    assert quotas.get_service_quota(ServiceCode="vpc", QuotaCode=code)["Quota"]["Value"]
    assert aws["kms"].describe_key(KeyId="alias/aws/dms")["KeyMetadata"]["Enabled"]


@case("IAM: a profile's tags, a role removed twice, a simulated policy")
def _():
    iam = aws["iam"]
    iam.create_role(RoleName="r", AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}')
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument='{"Version": "2012-10-17",'
                        '"Statement": [{"Effect": "Allow", "Action": "dms:*", "Resource": "*"}]}')
    iam.create_instance_profile(InstanceProfileName="i", Tags=[{"Key": "k", "Value": "v"}])
    assert iam.list_instance_profile_tags(InstanceProfileName="i")["Tags"][0]["Key"] == "k"
    both = dict(InstanceProfileName="i", RoleName="r")
    iam.add_role_to_instance_profile(**both)
    iam.remove_role_from_instance_profile(**both)
    refused("NoSuchEntity", iam.remove_role_from_instance_profile, **both)
    found = iam.simulate_principal_policy(
        PolicySourceArn="arn:aws:iam::123456789012:role/r",
        ActionNames=["dms:CreateEndpoint", "ec2:CreateVpc"])["EvaluationResults"]
    assert [x["EvalDecision"] for x in found] == ["allowed", "implicitDeny"]
    iam.delete_instance_profile(InstanceProfileName="i")
    iam.delete_role_policy(RoleName="r", PolicyName="p")
    iam.delete_role(RoleName="r")


@case("a secret that is not there, or waits for its end")
def _():
    secrets = aws["secretsmanager"]
    try:
        secrets.describe_secret(SecretId="none")
        raise AssertionError("found")
    except secrets.exceptions.ResourceNotFoundException as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    secrets.create_secret(Name="s", SecretString="x")
    secrets.delete_secret(SecretId="s", RecoveryWindowInDays=7)
    refused("InvalidRequestException", secrets.create_secret, Name="s", SecretString="x")
    refused("InvalidRequestException", secrets.put_secret_value, SecretId="s", SecretString="y")
    secrets.restore_secret(SecretId="s")
    secrets.put_secret_value(SecretId="s", SecretString="y")
    secrets.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)


@case("a dry run makes nothing; other details that moto has its own way")
def _():
    before = len(ec2.describe_vpcs()["Vpcs"])
    refused("DryRunOperation", ec2.create_vpc, CidrBlock="10.0.0.0/16", DryRun=True)
    assert len(ec2.describe_vpcs()["Vpcs"]) == before
    refused("MalformedPolicyDocument", aws["iam"].create_role, RoleName="bad",
            AssumeRolePolicyDocument="{")
    refused("InvalidParameterValue", ec2.run_instances, MinCount=1, MaxCount=1,
            ImageId="ami-0123456789", IamInstanceProfile={"Name": "none"})
    name = "com.amazonaws.us-east-1.dms"
    assert [x["ServiceName"] for x in ec2.describe_vpc_endpoint_services(Filters=[
        {"Name": "service-name", "Values": [name]}])["ServiceDetails"]] == [name]
    subnet, tables = s.db["subnets"][0], [
        ec2.create_route_table(VpcId=s.db["vpc"])["RouteTable"]["RouteTableId"] for _ in "ab"]
    made = ec2.associate_route_table(RouteTableId=tables[0], SubnetId=subnet)["AssociationId"]
    refused("Resource.AlreadyAssociated", ec2.associate_route_table, RouteTableId=tables[1],
            SubnetId=subnet)
    ec2.disassociate_route_table(AssociationId=made)
    for table in tables:
        ec2.delete_route_table(RouteTableId=table)


@case("everything that is tagged is found by its tags")
def _():
    found = aws["resourcegroupstaggingapi"].get_resources(
        TagFilters=[{"Key": "dmsl:stack", "Values": ["dev/1"]}], ResourcesPerPage=100)
    kinds = {arn["ResourceARN"].split(":")[2] + ":" + arn["ResourceARN"].split(":", 5)[5]
             .split("/")[0].split(":")[0] for arn in found["ResourceTagMappingList"]}
    assert {"ec2:vpc", "ec2:vpc-endpoint", "ec2:vpc-endpoint-service", "rds:cluster", "rds:subgrp",
            "elasticloadbalancing:loadbalancer", "dms:rep", "dms:task", "dms:endpoint",
            "dms:subgrp"} <= kinds, kinds


def census():
    here = os.path.dirname(os.path.abspath(__file__))
    lines = subprocess.run([sys.executable, here + "/census.py", "--count"], check=True,
                           capture_output=True, text=True).stdout.splitlines()
    return dict(line.rsplit(" ", 1) for line in lines)


@case("the census counts it all")
def _():
    wanted = {"ec2 vpc": "2", "ec2 subnet": "4", "ec2 security-group": "2",
              "ec2 vpc-endpoint": "1", "ec2 vpc-endpoint-service": "1",
              "elbv2 load-balancer": "1", "elbv2 listener": "1", "elbv2 target-group": "1",
              "elbv2 target": "1", "rds db-cluster": "1", "rds db-instance": "1",
              "rds db-subnet-group": "1", "dms replication-subnet-group": "1",
              "dms replication-instance": "1", "dms endpoint": "2", "dms task": "1"}
    seen = census()
    assert {kind: seen.get(kind) for kind in wanted} == wanted, seen


@case("destroyed in AWS's order, nothing is left")
def _():
    s.destroy()
    assert not census(), census()
    assert not [x for x in ec2.describe_network_interfaces()["NetworkInterfaces"]]
    assert not rds.describe_db_cluster_snapshots()["DBClusterSnapshots"]


main()
