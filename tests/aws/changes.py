#!/usr/bin/env python3
"""changes.py before|after STATE TYPES: whether AWS shows the values of changes.dmsl, and
whether changes.dmsl has a value of every attribute that can change in place, as the
schemas in the folder TYPES say. STATE is the stack's state."""

import json
import os
import re
import sys

import boto3
import jmespath

# Address: service, call, its parameters ("ID" stands for the object's id), where the object is
# in the answer, and for each attribute its path there, and the values before and after.
# A value @ADDRESS is the id of that object.
TABLE = {
    "vpc.changed": ("ec2", "describe_vpcs", {"VpcIds": ["ID"]}, "Vpcs[0]", {
        "tags": ("Tags[?Key=='when'].Value|[0]", "before", "after")}),
    "vpc.changed ": ("ec2", "describe_vpc_attribute", {"VpcId": "ID", "Attribute": "enableDnsSupport"},
                     "EnableDnsSupport", {"dns_support": ("Value", True, False)}),
    "vpc.changed  ": ("ec2", "describe_vpc_attribute",
                      {"VpcId": "ID", "Attribute": "enableDnsHostnames"}, "EnableDnsHostnames",
                      {"dns_hostnames": ("Value", True, False)}),
    "subnet.changed": ("ec2", "describe_subnets", {"SubnetIds": ["ID"]}, "Subnets[0]", {
        "public": ("MapPublicIpOnLaunch", False, True)}),
    "internet_gateway.changed": (
        "ec2", "describe_internet_gateways", {"InternetGatewayIds": ["ID"]}, "InternetGateways[0]", {
            "vpc": ("Attachments[0].VpcId", "@network.main/vpc.main", "@network.other/vpc.main")}),
    "route_table.changed": ("ec2", "describe_route_tables", {"RouteTableIds": ["ID"]},
                            "RouteTables[0]", {
        "subnets": ("Associations[].SubnetId", [], ["@subnet.changed"]),
        "route": ("Routes[?GatewayId!='local'].DestinationCidrBlock", ["172.16.0.0/12"],
                  ["0.0.0.0/0"])}),
    "security_group_rule.cidr": (
        "ec2", "describe_security_group_rules", {"SecurityGroupRuleIds": ["ID"]},
        "SecurityGroupRules[0]", {
            "protocol": ("IpProtocol", "tcp", "udp"), "port": ("FromPort", 5000, 6000),
            "to_port": ("ToPort", 5010, 6010), "cidr": ("CidrIpv4", "10.0.1.0/24", "10.0.2.0/24"),
            "description": ("Description", "first", "second")}),
    "security_group_rule.group": (
        "ec2", "describe_security_group_rules", {"SecurityGroupRuleIds": ["ID"]},
        "SecurityGroupRules[0]", {"group": ("ReferencedGroupInfo.GroupId", "@security_group.one",
                                            "@security_group.two")}),
    "security_group_rule.list": (
        "ec2", "describe_security_group_rules", {"SecurityGroupRuleIds": ["ID"]},
        "SecurityGroupRules[0]", {"prefix_list": (
            "PrefixListId", "@vpc_endpoint.gateway.prefix_list",
            "@vpc_endpoint.dynamodb.prefix_list")}),
    "network_interface.changed": (
        "ec2", "describe_network_interfaces", {"NetworkInterfaceIds": ["ID"]},
        "NetworkInterfaces[0]", {"security_groups": (
            "Groups[].GroupId", ["@security_group.one"], ["@security_group.two"])}),
    "load_balancer.changed": (
        "elbv2", "describe_load_balancers", {"LoadBalancerArns": ["ID"]}, "LoadBalancers[0]", {
            "subnets": ("length(AvailabilityZones)", 1, 2),
            "security_groups": ("SecurityGroups", ["@security_group.one"], ["@security_group.two"])}),
    "load_balancer.changed ": (
        "elbv2", "describe_load_balancer_attributes", {"LoadBalancerArn": "ID"}, "Attributes", {
            "cross_zone": ("[?Key=='load_balancing.cross_zone.enabled'].Value|[0]", "false", "true"),
            "deletion_protection": ("[?Key=='deletion_protection.enabled'].Value|[0]", "true",
                                    "false")}),
    "target_group.changed": (
        "elbv2", "describe_target_groups", {"TargetGroupArns": ["ID"]}, "TargetGroups[0]", {
            "health_interval": ("HealthCheckIntervalSeconds", 10, 30),
            "healthy_after": ("HealthyThresholdCount", 3, 5),
            "unhealthy_after": ("UnhealthyThresholdCount", 2, 4)}),
    "target_group.changed ": (
        "elbv2", "describe_target_group_attributes", {"TargetGroupArn": "ID"}, "Attributes", {
            "deregistration_delay": ("[?Key=='deregistration_delay.timeout_seconds'].Value|[0]",
                                     "60", "30"),
            "preserve_client_ip": ("[?Key=='preserve_client_ip.enabled'].Value|[0]", "false",
                                   "true")}),
    "target_group.outside": (
        "elbv2", "describe_target_health", {"TargetGroupArn": "ID"}, "TargetHealthDescriptions", {
            "targets": ("[].Target.Id", ["192.168.7.7"], ["192.168.7.8"])}),
    "listener.changed": ("elbv2", "describe_listeners", {"ListenerArns": ["ID"]}, "Listeners[0]", {
        "port": ("Port", 5432, 5433),
        "target_group": ("DefaultActions[0].TargetGroupArn", "@target_group.outside",
                         "@target_group.other")}),
    "listener.changed ": (
        "elbv2", "describe_listener_attributes", {"ListenerArn": "ID"}, "Attributes", {
            "idle_timeout": ("[?Key=='tcp.idle_timeout.seconds'].Value|[0]", "300", "600")}),
    "endpoint_service.changed": (
        "ec2", "describe_vpc_endpoint_service_configurations", {"ServiceIds": ["ID"]},
        "ServiceConfigurations[0]", {
            "load_balancer": ("NetworkLoadBalancerArns", ["@load_balancer.changed"],
                              ["@load_balancer.other"]),
            "acceptance": ("AcceptanceRequired", False, True)}),
    "endpoint_service.changed ": (
        "ec2", "describe_vpc_endpoint_service_permissions", {"ServiceId": "ID"},
        "AllowedPrincipals", {"allowed_principals": (
            "[].Principal", ["arn:aws:iam::111111111111:root"],
            ["arn:aws:iam::222222222222:root"])}),
    "vpc_endpoint.changed": (
        "ec2", "describe_vpc_endpoints", {"VpcEndpointIds": ["ID"]}, "VpcEndpoints[0]", {
            "subnets": ("length(SubnetIds)", 1, 2),
            "security_groups": ("Groups[].GroupId", ["@security_group.one"],
                                ["@security_group.two"]),
            "private_dns": ("PrivateDnsEnabled", False, True),
            "policy": ("PolicyDocument.Statement[0].Action", "ssm:*", "ssm:Get*")}),
    "vpc_endpoint.gateway": (
        "ec2", "describe_vpc_endpoints", {"VpcEndpointIds": ["ID"]}, "VpcEndpoints[0]", {
            "route_tables": ("length(RouteTableIds)", 1, 2)}),
    "db_subnet_group.changed": (
        "rds", "describe_db_subnet_groups", {"DBSubnetGroupName": "ID"}, "DBSubnetGroups[0]", {
            "description": ("DBSubnetGroupDescription", "first", "second"),
            "subnets": ("length(Subnets)", 2, 3)}),
    "db_cluster_parameter_group.changed": (
        "rds", "describe_db_cluster_parameters", {"DBClusterParameterGroupName": "ID"}, "Parameters",
        {"parameters": ("[?ParameterName=='log_min_duration_statement'].ParameterValue|[0]", "100",
                        "200")}),
    "db_parameter_group.changed": (
        "rds", "describe_db_parameters", {"DBParameterGroupName": "ID"}, "Parameters",
        {"parameters": ("[?ParameterName=='log_lock_waits'].ParameterValue|[0]", "0", "1")}),
    "secret.changed": ("secretsmanager", "describe_secret", {"SecretId": "ID"}, "@", {
        "description": ("Description", "first", "second")}),
    "secret.changed ": ("secretsmanager", "get_secret_value", {"SecretId": "ID"}, "SecretString", {
        "value": ("password", "PASSWORD", "PASSWORD2")}),
    "db_cluster.changed": (
        "rds", "describe_db_clusters", {"DBClusterIdentifier": "ID"}, "DBClusters[0]", {
            "version": ("EngineVersion", "15.10", "15.12"),
            "secret": ("TagList[?Key=='dmsl:secret'].Value|[0]", "@secret.changed", "@secret.other"),
            "data_api": ("HttpEndpointEnabled", False, True), "port": ("Port", 5432, 5433),
            "security_groups": ("VpcSecurityGroups[].VpcSecurityGroupId", ["@security_group.one"],
                                ["@security_group.two"]),
            "parameter_group": ("DBClusterParameterGroup", "@db_cluster_parameter_group.changed",
                                "@db_cluster_parameter_group.other"),
            "storage_type": ("StorageType", "aurora", "aurora-iopt1"),
            "min_capacity": ("ServerlessV2ScalingConfiguration.MinCapacity", 0, 1),
            "max_capacity": ("ServerlessV2ScalingConfiguration.MaxCapacity", 4, 8),
            "log_exports": ("EnabledCloudwatchLogsExports || `[]`", [], ["postgresql"]),
            "iam_authentication": ("IAMDatabaseAuthenticationEnabled", False, True),
            "backup_days": ("BackupRetentionPeriod", 2, 3),
            "backup_window": ("PreferredBackupWindow", "02:00-03:00", "04:00-05:00"),
            "maintenance_window": ("PreferredMaintenanceWindow", "sun:05:00-sun:06:00",
                                   "mon:05:00-mon:06:00"),
            "deletion_protection": ("DeletionProtection", True, False)}),
    "db_instance.changed": (
        "rds", "describe_db_instances", {"DBInstanceIdentifier": "ID"}, "DBInstances[0]", {
            "class": ("DBInstanceClass", "db.r5.large", "db.r6g.large"),
            "parameter_group": ("DBParameterGroups[0].DBParameterGroupName",
                                "@db_parameter_group.changed", "@db_parameter_group.other"),
            "promotion_tier": ("PromotionTier", 1, 2),
            "auto_minor_upgrade": ("AutoMinorVersionUpgrade", False, True),
            "ca_certificate": ("CACertificateIdentifier", "rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1"),
            "maintenance_window": ("PreferredMaintenanceWindow", "sun:06:00-sun:07:00",
                                   "mon:06:00-mon:07:00"),
            "monitoring": ("MonitoringInterval", 60, 30),
            "monitoring_role": ("MonitoringRoleArn", "@iam_role.changed.arn",
                                "@iam_role.other.arn")}),
    "iam_role.changed": ("iam", "get_role", {"RoleName": "ID"}, "Role", {
        "service": ("AssumeRolePolicyDocument.Statement[0].Principal.Service",
                    "monitoring.rds.amazonaws.com", "ec2.amazonaws.com"),
        "description": ("Description", "first", "second"),
        "max_session": ("MaxSessionDuration", 3600, 7200),
        "permissions_boundary": ("PermissionsBoundary.PermissionsBoundaryArn",
                                 "arn:aws:iam::aws:policy/ReadOnlyAccess",
                                 "arn:aws:iam::aws:policy/PowerUserAccess")}),
    "iam_role.changed ": (
        "iam", "list_attached_role_policies", {"RoleName": "ID"}, "AttachedPolicies", {
            "managed_policies": ("[].PolicyName", ["AmazonRDSEnhancedMonitoringRole"],
                                 ["AmazonSSMManagedInstanceCore"])}),
    "iam_role.changed  ": ("iam", "list_role_policies", {"RoleName": "ID"}, "PolicyNames", {
        "policy": ("@", ["first"], ["second"])}),
    "iam_role.other": ("iam", "get_role", {"RoleName": "ID"}, "Role", {
        "services": ("length([AssumeRolePolicyDocument.Statement[0].Principal.Service][])", 1, 2)}),
    "iam_role.trust": ("iam", "get_role", {"RoleName": "ID"}, "Role", {
        "trust": ("AssumeRolePolicyDocument.Statement[0].Principal.Service", "dms.amazonaws.com",
                  "ec2.amazonaws.com")}),
    "instance_profile.changed": (
        "iam", "get_instance_profile", {"InstanceProfileName": "ID"}, "InstanceProfile", {
            "role": ("Roles[].RoleName", ["@iam_role.changed"], ["@iam_role.other"])}),
    "instance.changed": (
        "ec2", "describe_instances", {"InstanceIds": ["ID"]}, "Reservations[0].Instances[0]", {
            "class": ("InstanceType", "t3.micro", "t3.small"),
            "security_groups": ("SecurityGroups[].GroupId", ["@security_group.one"],
                                ["@security_group.two"])}),
    "instance.changed   ": (
        "ec2", "describe_iam_instance_profile_associations",
        {"Filters": [{"Name": "instance-id", "Values": ["ID"]}]},
        "IamInstanceProfileAssociations[0]", {
            "profile": ("IamInstanceProfile.Arn.split", "@instance_profile.changed",
                        "@instance_profile.other")}),
    "instance.changed ": (
        "ec2", "describe_instance_attribute", {"InstanceId": "ID", "Attribute": "userData"},
        "UserData", {"user_data": ("Value", "IyEvYmluL3NoCmVjaG8gZmlyc3QK",
                                   "IyEvYmluL3NoCmVjaG8gc2Vjb25kCg==")}),
    "instance.changed  ": (
        "ec2", "describe_instance_attribute",
        {"InstanceId": "ID", "Attribute": "disableApiTermination"}, "DisableApiTermination",
        {"termination_protection": ("Value", True, False)}),
    "log_group.changed": ("logs", "describe_log_groups", {"logGroupNamePrefix": "ID"},
                          "logGroups[0]", {"retention_days": ("retentionInDays", 7, 14)}),
    "replication_subnet_group.changed": (
        "dms", "describe_replication_subnet_groups", {}, "ReplicationSubnetGroups[0]", {
            "description": ("ReplicationSubnetGroupDescription", "first", "second"),
            "subnets": ("length(Subnets)", 2, 3)}),
    "replication_instance.changed": (
        "dms", "describe_replication_instances", {}, "ReplicationInstances[0]", {
            "class": ("ReplicationInstanceClass", "dms.t3.medium", "dms.t3.large"),
            "storage": ("AllocatedStorage", 20, 30),
            "security_groups": ("VpcSecurityGroups[].VpcSecurityGroupId", ["@security_group.one"],
                                ["@security_group.two"]),
            "multi_az": ("MultiAZ", False, True),
            "auto_minor_upgrade": ("AutoMinorVersionUpgrade", False, True),
            "maintenance_window": ("PreferredMaintenanceWindow", "sun:05:00-sun:06:00",
                                   "mon:05:00-mon:06:00")}),
    "dms_endpoint.changed": (
        "dms", "describe_endpoints", {}, "Endpoints[?EndpointIdentifier=='changed']|[0]", {
            "engine": ("EngineName", "postgres", "aurora-postgresql"),
            "server": ("ServerName", "one.example.org", "two.example.org"),
            "port": ("Port", 5432, 5433), "database": ("DatabaseName", "one", "two"),
            "username": ("Username", "first", "second"), "ssl": ("SslMode", "require", "none"),
            "options": ("PostgreSQLSettings.CaptureDdls", True, False)}),
    "dms_task.changed": (
        "dms", "describe_replication_tasks", {}, "ReplicationTasks[0]", {
            "mode": ("MigrationType", "full-load-and-cdc", "full-load"),
            "tables": ("TableMappings.rules[0].\"object-locator\".\"table-name\"", "first", "second"),
            "settings": ("ReplicationTaskSettings.TargetMetadata.LobMaxSize", 32, 64)}),
}
# What no table can hold, and why.
ELSEWHERE = {
    "dms_task.assess_role": "of an assessment that is made before a load; no attribute of the task",
    "db_cluster.password": "AWS never shows it",
    "db_cluster.managed_password": "excludes password",
    "db_cluster.auto_pause": "goes with min_capacity",
    "db_instance.performance_insights": "the stand-in forgets it; the request is looked at",
    "load_balancer.filter_endpoints": "the stand-in forgets it; the request is looked at",
    "db_instance.public": "needs a network with a way out",
    "secret.kms_key": "needs a key", "log_group.kms_key": "needs a key",
    "dms_endpoint.secret": "read by dmsl, and sent as name and password",
    "dms_endpoint.password": "AWS never shows it",
    "dms_endpoint.certificate": "excludes ssl = none",
    "dms_endpoint.secret_access_role": "excludes username",
    "replication_instance.version": "the stand-in has one",
    "replication_instance.network_type": "needs addresses of both kinds",
}
NOT_AWS = {"database", "sql_database", "sql_role", "schema_copy", "fixture", "data",
           "random_password"}


def changeable(folder):
    """Every TYPE.ATTRIBUTE that can change in place, from the schemas."""
    for name in os.listdir(folder):
        if not name.endswith(".c"):
            continue
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            text = file.read()
        tables = dict(re.findall(r"struct attr_schema (\w+)\[\] = \{(.*?)\n\};", text, re.S))
        for kind, attrs in re.findall(r'\.name = "(\w+)",\s*\.group = "\w+",\s*\.attrs = (\w+)', text):
            if kind in NOT_AWS:
                continue
            for attr, flags in re.findall(r'\{ "(\w+)",\s*"[^"]*"(?:\s*"[^"]*")*,\s*([A-Z_| \n\t]+),',
                                          tables[attrs]):
                if not re.search("REPLACE|LOCAL|STABLE", flags) and flags.strip() != "ATTR_COMPUTED":
                    yield f"{kind}.{attr}"


def documents(value):
    """Texts that are JSON are read."""
    if isinstance(value, str) and value[:1] == "{":
        return json.loads(value)
    if isinstance(value, dict):
        return {key: documents(inner) for key, inner in value.items()}
    return [documents(inner) for inner in value] if isinstance(value, list) else value


def main():
    when, state_file, folder = sys.argv[1:]
    with open(state_file, encoding="utf-8") as file:
        objects = json.load(file)["resources"]
    clients, wrong, seen = {}, [], set()

    def resolve(value):
        if isinstance(value, list):
            return [resolve(inner) for inner in value]
        if isinstance(value, str) and value.startswith("PASSWORD"):
            return value.replace("PASSWORD", os.environ["SECRET"])
        if not isinstance(value, str) or not value.startswith("@"):
            return value
        address, attr = value[1:], "id"
        if address not in objects:
            address, attr = address.rsplit(".", 1)
        return objects[address]["id"] if attr == "id" else objects[address]["attrs"][attr]

    def put(value, identity):
        if isinstance(value, list):
            return [put(inner, identity) for inner in value]
        if isinstance(value, dict):
            return {key: put(inner, identity) for key, inner in value.items()}
        return identity if value == "ID" else value

    for key, (service, call, given, path, attributes) in TABLE.items():
        address = key.strip()
        identity = objects[address]["id"]
        client = clients.setdefault(service, boto3.client(service))
        answer = getattr(client, call)(**{k: put(v, identity) for k, v in given.items()})
        found = jmespath.search(path, documents(json.loads(json.dumps(answer, default=str))))
        for attribute, (where, before, after) in attributes.items():
            seen.add(f"{address.split('.')[0]}.{attribute}")
            wanted = resolve(after if when == "after" else before)
            if where.endswith(".split"):
                shown = jmespath.search(where[:-6], found).rsplit("/", 1)[1]
            else:
                shown = jmespath.search(where, found)
            if shown != wanted:
                wrong.append(f"{address}.{attribute} is {shown!r}, not {wanted!r}")
    everything = set(changeable(folder))
    assert len(everything) > 80, everything
    wrong += [f"{name} is changed nowhere" for name in sorted(everything - seen - set(ELSEWHERE))]
    print("\n".join(wrong), end="\n" if wrong else "")
    sys.exit(bool(wrong))


main()
