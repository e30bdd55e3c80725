#!/usr/bin/env python3
"""census.py [--count | --addresses]: everything in the account, of all services that the stacks use,
seen from outside: a line each, sorted, `SERVICE KIND ID NAME TAGS`; with --count the
number of each kind, with --addresses the dmsl:address of what carries one. What an account has without anyone's doing (the default network,
main route tables, default groups, what a service holds for another thing) is left out,
and so is what is only still listed after its deletion."""

import collections
import re
import sys

import boto3

ENDED = {"deleted", "terminated", "deleting", "shutting-down"}
found, addresses = [], []


def tag_text(tags):
    pairs = tags.items() if isinstance(tags, dict) else (
        (tag.get("Key", tag.get("TagKey")), tag.get("Value", tag.get("TagValue"))) for tag in tags or [])
    return ",".join(f"{key}={value}" for key, value in sorted(pairs)).replace(" ", "_") or "-"


def add(service, kind, identity, name, tags):
    for tag in tags if isinstance(tags, list) else [{"Key": k, "Value": v} for k, v in (tags or {}).items()]:
        if tag.get("Key") == "dmsl:address":
            addresses.append(re.sub("=([0-9A-F]{2})", lambda m: chr(int(m[1], 16)), tag["Value"]))
    found.append(f"{service} {kind} {identity} {name or '-'} {tag_text(tags)}")


def pages(client, operation, answer, **parameters):
    for page in client.get_paginator(operation).paginate(**parameters):
        yield from page[answer]


def ec2():
    client = boto3.client("ec2")
    vpcs = {v["VpcId"]: v for v in pages(client, "describe_vpcs", "Vpcs")}
    ours = {name for name, vpc in vpcs.items() if not vpc["IsDefault"]}
    for name in ours:
        add("ec2", "vpc", name, None, vpcs[name].get("Tags"))
    for subnet in pages(client, "describe_subnets", "Subnets"):
        if subnet["VpcId"] in ours:
            add("ec2", "subnet", subnet["SubnetId"], subnet["CidrBlock"], subnet.get("Tags"))
    for gateway in pages(client, "describe_internet_gateways", "InternetGateways"):
        if not any(a["VpcId"] not in ours for a in gateway["Attachments"]):
            add("ec2", "internet-gateway", gateway["InternetGatewayId"], None, gateway.get("Tags"))
    for table in pages(client, "describe_route_tables", "RouteTables"):
        if table["VpcId"] in ours and not any(a.get("Main") for a in table["Associations"]):
            add("ec2", "route-table", table["RouteTableId"], None, table.get("Tags"))
            for route in table["Routes"]:
                target = route.get("GatewayId") or route.get("NatGatewayId")
                if target != "local":
                    where = route.get("DestinationCidrBlock") or route.get("DestinationPrefixListId")
                    add("ec2", "route", f"{table['RouteTableId']}:{where}", target, None)
            for association in table["Associations"]:
                add("ec2", "association", association["RouteTableAssociationId"], None, None)
    for group in pages(client, "describe_security_groups", "SecurityGroups"):
        if group["VpcId"] in ours and group["GroupName"] != "default":
            add("ec2", "security-group", group["GroupId"], group["GroupName"], group.get("Tags"))
            for rule in pages(client, "describe_security_group_rules", "SecurityGroupRules",
                              Filters=[{"Name": "group-id", "Values": [group["GroupId"]]}]):
                add("ec2", "security-group-rule", rule["SecurityGroupRuleId"], None, rule.get("Tags"))
    for address in client.describe_addresses()["Addresses"]:
        add("ec2", "elastic-ip", address["AllocationId"], None, address.get("Tags"))
    for gateway in pages(client, "describe_nat_gateways", "NatGateways"):
        if gateway["State"] not in ENDED:
            add("ec2", "natgateway", gateway["NatGatewayId"], None, gateway.get("Tags"))
    for eni in pages(client, "describe_network_interfaces", "NetworkInterfaces"):
        if eni["VpcId"] in ours and not eni.get("RequesterManaged"):
            add("ec2", "network-interface", eni["NetworkInterfaceId"], None, eni.get("TagSet"))
    for reservation in pages(client, "describe_instances", "Reservations"):
        for instance in reservation["Instances"]:
            if instance["State"]["Name"] not in ENDED:
                add("ec2", "instance", instance["InstanceId"], None, instance.get("Tags"))
    for volume in pages(client, "describe_volumes", "Volumes"):
        # One that is attached is the instance's own, and carries its tags.
        tags = None if volume["Attachments"] else volume.get("Tags")
        add("ec2", "volume", volume["VolumeId"], None, tags)
    for endpoint in pages(client, "describe_vpc_endpoints", "VpcEndpoints"):
        if endpoint["State"].lower() not in ENDED:
            add("ec2", "vpc-endpoint", endpoint["VpcEndpointId"],
                endpoint["ServiceName"].split(".")[-1].split("-")[0], endpoint.get("Tags"))
    for service in pages(client, "describe_vpc_endpoint_service_configurations",
                         "ServiceConfigurations"):
        add("ec2", "vpc-endpoint-service", service["ServiceId"], None, service.get("Tags"))


def elbv2():
    client = boto3.client("elbv2")

    def tags(arn):
        return client.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"]
    for balancer in pages(client, "describe_load_balancers", "LoadBalancers"):
        arn = balancer["LoadBalancerArn"]
        add("elbv2", "load-balancer", arn, balancer["LoadBalancerName"], tags(arn))
        for listener in pages(client, "describe_listeners", "Listeners", LoadBalancerArn=arn):
            add("elbv2", "listener", listener["ListenerArn"], None, tags(listener["ListenerArn"]))
    for group in pages(client, "describe_target_groups", "TargetGroups"):
        arn = group["TargetGroupArn"]
        add("elbv2", "target-group", arn, group["TargetGroupName"], tags(arn))
        for target in client.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]:
            add("elbv2", "target", f"{arn}:{target['Target']['Id']}", None, None)


def rds():
    client = boto3.client("rds")

    def each(kind, operation, answer, arn, name):
        for thing in pages(client, operation, answer):
            if not thing[name].startswith("default"):
                tags = client.list_tags_for_resource(ResourceName=thing[arn])["TagList"]
                add("rds", kind, thing[arn], thing[name], tags)
    each("db-subnet-group", "describe_db_subnet_groups", "DBSubnetGroups",
         "DBSubnetGroupArn", "DBSubnetGroupName")
    each("db-parameter-group", "describe_db_parameter_groups", "DBParameterGroups",
         "DBParameterGroupArn", "DBParameterGroupName")
    each("db-cluster-parameter-group", "describe_db_cluster_parameter_groups",
         "DBClusterParameterGroups", "DBClusterParameterGroupArn", "DBClusterParameterGroupName")
    each("db-cluster", "describe_db_clusters", "DBClusters", "DBClusterArn", "DBClusterIdentifier")
    each("db-instance", "describe_db_instances", "DBInstances", "DBInstanceArn",
         "DBInstanceIdentifier")
    for snapshot in pages(client, "describe_db_cluster_snapshots", "DBClusterSnapshots"):
        add("rds", "snapshot", snapshot["DBClusterSnapshotArn"],
            snapshot["DBClusterSnapshotIdentifier"], None)


def others():
    for secret in pages(boto3.client("secretsmanager"), "list_secrets", "SecretList"):
        if not secret.get("DeletedDate"):
            add("secretsmanager", "secret", secret["ARN"], secret["Name"], secret.get("Tags"))
    iam = boto3.client("iam")
    for role in pages(iam, "list_roles", "Roles"):
        if role["Path"].startswith("/aws-service-role/"):
            continue
        name = role["RoleName"]
        add("iam", "role", role["RoleId"], name, iam.list_role_tags(RoleName=name)["Tags"])
        for policy in pages(iam, "list_attached_role_policies", "AttachedPolicies", RoleName=name):
            add("iam", "attachment", f"{name}:{policy['PolicyName']}", None, None)
        for policy in pages(iam, "list_role_policies", "PolicyNames", RoleName=name):
            add("iam", "role-policy", f"{name}:{policy}", None, None)
    for profile in pages(iam, "list_instance_profiles", "InstanceProfiles"):
        add("iam", "instance-profile", profile["InstanceProfileId"],
            profile["InstanceProfileName"], profile.get("Tags"))
    logs = boto3.client("logs")
    for group in pages(logs, "describe_log_groups", "logGroups"):
        arn = group["arn"].removesuffix(":*")
        add("logs", "log-group", arn, group["logGroupName"],
            logs.list_tags_for_resource(resourceArn=arn)["tags"])


def dms():
    client = boto3.client("dms")
    account = boto3.client("sts").get_caller_identity()["Account"]

    def each(kind, operation, answer, name, arn, status):
        for thing in getattr(client, operation)()[answer]:
            if thing[status] == "deleting":
                continue
            identity = thing.get(arn) or \
                f"arn:aws:dms:{client.meta.region_name}:{account}:subgrp:{thing[name]}"
            try:
                tags = client.list_tags_for_resource(ResourceArn=identity)["TagList"]
            except client.exceptions.ResourceNotFoundFault:
                tags = None
            add("dms", kind, identity, thing[name], tags)
    each("replication-subnet-group", "describe_replication_subnet_groups", "ReplicationSubnetGroups",
         "ReplicationSubnetGroupIdentifier", "-", "SubnetGroupStatus")
    each("replication-instance", "describe_replication_instances", "ReplicationInstances",
         "ReplicationInstanceIdentifier", "ReplicationInstanceArn", "ReplicationInstanceStatus")
    each("endpoint", "describe_endpoints", "Endpoints", "EndpointIdentifier", "EndpointArn", "Status")
    each("task", "describe_replication_tasks", "ReplicationTasks", "ReplicationTaskIdentifier",
         "ReplicationTaskArn", "Status")


def main():
    for service in (ec2, elbv2, rds, others, dms):
        service()
    if "--count" in sys.argv:
        counts = collections.Counter(" ".join(line.split(" ")[:2]) for line in found)
        found[:] = [f"{kind} {count}" for kind, count in counts.items()]
    if "--addresses" in sys.argv:
        found[:] = addresses
    print("\n".join(sorted(found)), end="\n" if found else "")


main()
