"""A small migration, made and unmade with boto3 in AWS's order: two networks, a
cluster behind a balancer and an endpoint service, an endpoint, DMS on top."""

import json

import boto3

from tap import until

MAPPINGS = ('{"rules": [{"rule-type": "selection", "rule-id": "1", "rule-name": "1",'
            ' "object-locator": {"schema-name": "public", "table-name": "t"},'
            ' "rule-action": "include"}]}')
SERVICES = ("ec2", "rds", "elbv2", "dms", "secretsmanager", "iam", "sts", "kms", "ssm",
            "logs", "rds-data", "service-quotas", "resourcegroupstaggingapi")


def clients(**more):
    return {name: boto3.client(name, **more) for name in SERVICES}


def tags(name):
    return [{"Key": "dmsl:stack", "Value": "dev/1"}, {"Key": "dmsl:address", "Value": name},
            {"Key": "dmsl:intent", "Value": "i-" + name}]


def marked(kind, name):
    return [{"ResourceType": kind, "Tags": tags(name)}]


class Stack:
    def __init__(self, aws):
        self.aws = aws
        self.ec2, self.rds, self.elb, self.dms = (
            aws[name] for name in ("ec2", "rds", "elbv2", "dms"))

    def network(self, name):
        ec2 = self.ec2
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=marked("vpc", name)
                             )["Vpc"]["VpcId"]
        for attribute in ("EnableDnsSupport", "EnableDnsHostnames"):
            ec2.modify_vpc_attribute(VpcId=vpc, **{attribute: {"Value": True}})
        subnets = [ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone="us-east-1" + zone,
            TagSpecifications=marked("subnet", f"{name}-{zone}"))["Subnet"]["SubnetId"]
            for n, zone in ((1, "a"), (2, "b"))]
        group = ec2.create_security_group(
            GroupName=name, Description=name, VpcId=vpc,
            TagSpecifications=marked("security-group", name))["GroupId"]
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{
            "IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432,
            "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}])
        return {"vpc": vpc, "subnets": subnets, "group": group}

    def cluster(self, net, name, password):
        rds = self.rds
        rds.create_db_subnet_group(DBSubnetGroupName=name, DBSubnetGroupDescription=name,
                                   SubnetIds=net["subnets"], Tags=tags(name))
        rds.create_db_cluster(
            DBClusterIdentifier=name, Engine="aurora-postgresql", EngineVersion="15.12",
            MasterUsername="postgres", MasterUserPassword=password, DBSubnetGroupName=name,
            VpcSecurityGroupIds=[net["group"]], StorageType="aurora-iopt1", Port=5432,
            EnableHttpEndpoint=True, Tags=tags(name))
        until(lambda: rds.describe_db_clusters(DBClusterIdentifier=name)
              ["DBClusters"][0]["Status"], "available")
        rds.create_db_instance(
            DBInstanceIdentifier=name + "-1", DBClusterIdentifier=name, Tags=tags(name + "-1"),
            Engine="aurora-postgresql", DBInstanceClass="db.t3.medium")
        until(lambda: rds.describe_db_instances(DBInstanceIdentifier=name + "-1")
              ["DBInstances"][0]["DBInstanceStatus"], "available")
        found = self.ec2.describe_network_interfaces(Filters=[
            {"Name": "group-id", "Values": [net["group"]]},
            {"Name": "description", "Values": ["RDSNetworkInterface"]}])
        return found["NetworkInterfaces"][0]["PrivateIpAddress"]

    def service(self, net, address, name):
        elb = self.elb
        balancer = elb.create_load_balancer(
            Name=name, Type="network", Scheme="internal", Subnets=net["subnets"],
            Tags=tags(name))["LoadBalancers"][0]["LoadBalancerArn"]
        until(lambda: elb.describe_load_balancers(LoadBalancerArns=[balancer])
              ["LoadBalancers"][0]["State"]["Code"], "active")
        group = elb.create_target_group(
            Name=name, Protocol="TCP", Port=5432, VpcId=net["vpc"], TargetType="ip",
            Tags=tags(name))["TargetGroups"][0]["TargetGroupArn"]
        elb.register_targets(TargetGroupArn=group, Targets=[{"Id": address, "Port": 5432}])
        listener = elb.create_listener(
            LoadBalancerArn=balancer, Protocol="TCP", Port=5432, Tags=tags(name),
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group}]
        )["Listeners"][0]["ListenerArn"]
        service = self.ec2.create_vpc_endpoint_service_configuration(
            NetworkLoadBalancerArns=[balancer], AcceptanceRequired=False,
            TagSpecifications=marked("vpc-endpoint-service", name))["ServiceConfiguration"]
        return {"balancer": balancer, "group": group, "listener": listener,
                "service": service["ServiceId"], "name": service["ServiceName"]}

    def endpoint(self, net, service):
        made = self.ec2.create_vpc_endpoint(
            VpcId=net["vpc"], ServiceName=service, VpcEndpointType="Interface",
            SubnetIds=net["subnets"], SecurityGroupIds=[net["group"]], ClientToken="endpoint-1",
            TagSpecifications=marked("vpc-endpoint", "endpoint"))["VpcEndpoint"]["VpcEndpointId"]

        def look():
            found = self.ec2.describe_vpc_endpoints(VpcEndpointIds=[made])["VpcEndpoints"][0]
            self.dns_name = found["DnsEntries"][0]["DnsName"]
            return found["State"]
        until(look, "available")
        return made

    def build(self, password="sentinel-1a2b3c"):
        self.db, self.near = self.network("db"), self.network("near")
        self.address = self.cluster(self.db, "main-db", password)
        self.path = self.service(self.db, self.address, "main")
        self.vpce = self.endpoint(self.near, self.path["name"])
        dms = self.dms
        dms.create_replication_subnet_group(
            ReplicationSubnetGroupIdentifier="Main", SubnetIds=self.near["subnets"],
            ReplicationSubnetGroupDescription="main", Tags=tags("main"))
        self.instance = dms.create_replication_instance(
            ReplicationInstanceIdentifier="main", ReplicationInstanceClass="dms.t3.medium",
            ReplicationSubnetGroupIdentifier="main", PubliclyAccessible=False,
            VpcSecurityGroupIds=[self.near["group"]], Tags=tags("main")
        )["ReplicationInstance"]["ReplicationInstanceArn"]
        self.wait("describe_replication_instances", "ReplicationInstances",
                  "replication-instance-arn", self.instance, "available")
        self.ends = {}
        for side in ("source", "target"):
            self.ends[side] = dms.create_endpoint(
                EndpointIdentifier=side + "-db", EndpointType=side, EngineName="aurora-postgresql",
                ServerName=self.dns_name, Port=5432, DatabaseName="postgres",
                Username="postgres", Password=password, SslMode="require", Tags=tags(side)
            )["Endpoint"]["EndpointArn"]
            self.wait("describe_endpoints", "Endpoints", "endpoint-arn", self.ends[side], "active")
        return self

    def wait(self, operation, answer, name, value, wanted, key=None):
        key = key or {"ReplicationInstances": "ReplicationInstanceStatus"}.get(answer, "Status")
        until(lambda: getattr(self.dms, operation)(Filters=[{"Name": name, "Values": [value]}])
              [answer][0][key], wanted)

    def gone(self, look):
        """Until the Describe finds nothing any more."""
        from botocore.exceptions import ClientError

        def there():
            try:
                return bool(look())
            except ClientError as error:
                assert "NotFound" in error.response["Error"]["Code"], error
                return False
        until(there, False)

    def tested(self):
        for end in self.ends.values():
            self.dms.test_connection(ReplicationInstanceArn=self.instance, EndpointArn=end)
            self.wait("describe_connections", "Connections", "endpoint-arn", end, "successful")

    def task(self, kind="full-load", name="Demo", settings=None):
        made = self.dms.create_replication_task(
            ReplicationTaskIdentifier=name, MigrationType=kind, TableMappings=MAPPINGS,
            SourceEndpointArn=self.ends["source"], TargetEndpointArn=self.ends["target"],
            ReplicationInstanceArn=self.instance, Tags=tags(name),
            ReplicationTaskSettings=json.dumps(settings or {})
        )["ReplicationTask"]["ReplicationTaskArn"]
        self.wait("describe_replication_tasks", "ReplicationTasks", "replication-task-arn",
                  made, "ready")
        return made

    def destroy(self):
        dms, ec2, elb, rds = self.dms, self.ec2, self.elb, self.rds
        for task in self.listed("describe_replication_tasks", "ReplicationTasks"):
            dms.delete_replication_task(ReplicationTaskArn=task["ReplicationTaskArn"])
        self.gone(lambda: self.listed("describe_replication_tasks", "ReplicationTasks"))
        for end in self.ends.values():
            dms.delete_endpoint(EndpointArn=end)
        self.gone(lambda: self.listed("describe_endpoints", "Endpoints"))
        dms.delete_replication_instance(ReplicationInstanceArn=self.instance)
        self.gone(lambda: self.listed("describe_replication_instances", "ReplicationInstances"))
        dms.delete_replication_subnet_group(ReplicationSubnetGroupIdentifier="main")
        ec2.delete_vpc_endpoints(VpcEndpointIds=[self.vpce])
        until(lambda: ec2.describe_vpc_endpoints(VpcEndpointIds=[self.vpce])
              ["VpcEndpoints"][0]["State"], "deleted")
        ec2.delete_vpc_endpoint_service_configurations(ServiceIds=[self.path["service"]])
        elb.delete_listener(ListenerArn=self.path["listener"])
        elb.delete_target_group(TargetGroupArn=self.path["group"])
        elb.delete_load_balancer(LoadBalancerArn=self.path["balancer"])
        rds.delete_db_instance(DBInstanceIdentifier="main-db-1")
        self.gone(lambda: rds.describe_db_instances()["DBInstances"])
        until(lambda: rds.describe_db_clusters()["DBClusters"][0]["Status"], "available")
        rds.delete_db_cluster(DBClusterIdentifier="main-db", SkipFinalSnapshot=True)
        self.gone(lambda: rds.describe_db_clusters()["DBClusters"])
        rds.delete_db_subnet_group(DBSubnetGroupName="main-db")
        for net in (self.db, self.near):
            ec2.delete_security_group(GroupId=net["group"])
            for subnet in net["subnets"]:
                ec2.delete_subnet(SubnetId=subnet)
            ec2.delete_vpc(VpcId=net["vpc"])

    def listed(self, operation, answer):
        return getattr(self.dms, operation)()[answer]
