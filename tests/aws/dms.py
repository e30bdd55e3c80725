"""AWS DMS: all of it is ours, since moto's knows no states, keeps no subnets and
replaces what has the same name. Tasks are in dms_tasks.py."""

import json

from moto.core.resource_tagging import TaggedResource
from moto.dms.models import DatabaseMigrationServiceBackend, dms_backends
from moto.dms.responses import DatabaseMigrationServiceResponse as Dms
from moto.ec2.models import ec2_backends

from ec2 import service_interface
from hooks import Fault, Life, handles, ours, random_name
from dms_load import try_connection

NOTHING_ELSE = ("ReplicationTaskArn", "ReplicationInstanceArn", "EndpointArn", "Tags",
                "Password", "ApplyImmediately", "ExactSettings", "ResourceIdentifier",
                "AllowMajorVersionUpgrade")


class Thing:
    """One object: its answer as AWS would give it, its tags and its states."""

    def __init__(self, arn, tags, status, view, *states):
        self.arn = arn
        self.tags = {tag["Key"]: tag["Value"] for tag in tags or []}
        self.status = status
        self.view = view
        self.life = Life(*states)
        self.password = None

    def show(self, state=None):
        return {**self.view, self.status: state or self.life.now}

    def seen(self, server, state):
        """Called when a Describe shows this state."""


def store(self):
    return ours(dms_backends[self.current_account][self.region], "things")


def of_kind(self, kind):
    return [thing for thing in store(self).values() if f":{kind}:" in thing.arn]


def find(self, arn):
    try:
        return store(self)[arn]
    except KeyError:
        raise Fault("ResourceNotFoundFault", f"{arn} was not found.") from None


def arn_of(self, kind, name):
    return f"arn:aws:dms:{self.region}:{self.current_account}:{kind}:{name}"


def refuse_same(self, kind, key, name):
    if any(thing.view[key].lower() == name.lower() for thing in of_kind(self, kind)):
        raise Fault("ResourceAlreadyExistsFault", f"{key} {name} already exists.")


def refuse_users(self, thing, *members):
    """Deleting what another thing names is refused."""
    for other in store(self).values():
        if other is not thing and any(
                other.view.get(member) == thing.arn for member in members):
            raise Fault("InvalidResourceStateFault", f"{thing.arn} is used by {other.arn}.")


def add(self, thing):
    store(self)[thing.arn] = thing
    return thing.show()


def dms(operation):
    def register(function):
        @handles(Dms, operation)
        def _(self, _moto):
            return function(self, json.loads(self.body or "{}"))
        return function
    return register


def describe(operation, answer, kind, filters):
    """A Describe with filters; what is at its end of life is gone."""
    @dms(operation)
    def _(self, p):
        found = of_kind(self, kind)
        for rule in p.get("Filters", []):
            if rule["Name"] not in filters:
                raise Fault("InvalidParameterValueException", f"Unknown filter {rule['Name']}.")
            wanted = [value.lower() for value in rule["Values"]]
            member = filters[rule["Name"]]
            found = [thing for thing in found if any(
                str(thing.view.get(name, "")).lower() in wanted for name in member)]
        shown = []
        for thing in found:
            state = thing.life.describe()
            if state == "gone":
                del store(self)[thing.arn]
            else:
                thing.seen(self, state)
                shown.append(thing.show(state))
        if p.get("Filters") and not shown:
            raise Fault("ResourceNotFoundFault", f"No {kind} matches the filters.")
        if p.get("WithoutSettings"):
            shown = [{k: v for k, v in view.items() if k != "ReplicationTaskSettings"}
                     for view in shown]
        return {answer: shown}


def modify(operation, answer, member, *states, users=()):
    @dms(operation)
    def _(self, p):
        thing = find(self, p[member])
        for task in of_kind(self, "task"):
            if task.life.now == "running" and thing.arn in map(task.view.get, users):
                raise Fault("InvalidResourceStateFault", f"{thing.arn} is used by {task.arn}.")
        if thing.life.passing or thing.life.now == "running":
            raise Fault("InvalidResourceStateFault",
                        f"{thing.arn} cannot be modified while it is {thing.life.now}.")
        changed = {k: v for k, v in p.items() if k not in NOTHING_ELSE}
        groups = changed.pop("VpcSecurityGroupIds", None)
        if groups is not None:
            changed["VpcSecurityGroups"] = active(groups)
        for key, value in changed.items():
            if isinstance(value, dict) and not p.get("ExactSettings"):
                value = {**thing.view.get(key, {}), **value}
            thing.view[key] = value
        remember_password(thing, p)
        thing.life.set(*(states or ("modifying", thing.life.now)))
        return {answer: thing.show()}


def delete(operation, answer, member, *users, after=lambda self, thing: None):
    @dms(operation)
    def _(self, p):
        thing = find(self, p[member])
        refuse_users(self, thing, *users)
        if thing.life.passing or thing.life.now == "running":
            raise Fault("InvalidResourceStateFault", f"{thing.arn} is {thing.life.now}.")
        after(self, thing)
        thing.life.set("deleting", "gone")
        return {answer: thing.show()}


def remember_password(thing, p):
    settings = thing.view.get("PostgreSQLSettings") or {}
    thing.password = p.get("Password") or settings.pop("Password", None) or thing.password


def active(groups):
    return [{"VpcSecurityGroupId": group, "Status": "active"} for group in groups]


# Subnet groups

def subnets_of(self, ids):
    ec2 = ec2_backends[self.current_account][self.region]
    found = [ec2.get_subnet(subnet) for subnet in ids]
    if len({subnet.availability_zone for subnet in found}) < 2:
        raise Fault("ReplicationSubnetGroupDoesNotCoverEnoughAZs",
                    "The subnets are in fewer than two zones.")
    return {"VpcId": found[0].vpc_id, "Subnets": [
        {"SubnetIdentifier": subnet.id, "SubnetStatus": "Active",
         "SubnetAvailabilityZone": {"Name": subnet.availability_zone}} for subnet in found]}


@dms("CreateReplicationSubnetGroup")
def _(self, p):
    name = p["ReplicationSubnetGroupIdentifier"].lower()
    refuse_same(self, "subgrp", "ReplicationSubnetGroupIdentifier", name)
    view = {"ReplicationSubnetGroupIdentifier": name, "SupportedNetworkTypes": ["IPV4"],
            "ReplicationSubnetGroupDescription": p["ReplicationSubnetGroupDescription"],
            **subnets_of(self, p["SubnetIds"])}
    return {"ReplicationSubnetGroup": add(self, Thing(
        arn_of(self, "subgrp", name), p.get("Tags"), "SubnetGroupStatus", view, "Complete"))}


describe("DescribeReplicationSubnetGroups", "ReplicationSubnetGroups", "subgrp",
         {"replication-subnet-group-id": ["ReplicationSubnetGroupIdentifier"]})


@dms("ModifyReplicationSubnetGroup")
def _(self, p):
    group = find(self, arn_of(self, "subgrp", p["ReplicationSubnetGroupIdentifier"].lower()))
    group.view.update(subnets_of(self, p["SubnetIds"]))
    if p.get("ReplicationSubnetGroupDescription"):
        group.view["ReplicationSubnetGroupDescription"] = p["ReplicationSubnetGroupDescription"]
    return {"ReplicationSubnetGroup": group.show()}


@dms("DeleteReplicationSubnetGroup")
def _(self, p):
    group = find(self, arn_of(self, "subgrp", p["ReplicationSubnetGroupIdentifier"].lower()))
    for instance in of_kind(self, "rep"):
        if instance.view["ReplicationSubnetGroup"] is group.view:
            raise Fault("InvalidResourceStateFault", f"{group.arn} is used by {instance.arn}.")
    del store(self)[group.arn]
    return {}


# Instances

def remove_interface(self, instance):
    ec2 = ec2_backends[self.current_account][self.region]
    for eni in list(ec2.enis.values()):
        if eni.description == "DMSNetworkInterface" and eni.private_ip_address in \
                instance.view["ReplicationInstancePrivateIpAddresses"]:
            del ec2.enis[eni.id]


@dms("CreateReplicationInstance")
def _(self, p):
    name = p["ReplicationInstanceIdentifier"].lower()
    refuse_same(self, "rep", "ReplicationInstanceIdentifier", name)
    ec2 = ec2_backends[self.current_account][self.region]
    for group in p.get("VpcSecurityGroupIds", []):
        if not ec2.get_security_group_from_id(group):
            raise Fault("InvalidParameterValueException", f"{group} does not exist.")
    subnets = find(self, arn_of(self, "subgrp", p["ReplicationSubnetGroupIdentifier"].lower()))
    eni = service_interface(ec2, subnets.view["Subnets"][0]["SubnetIdentifier"],
                            p.get("VpcSecurityGroupIds"), "DMSNetworkInterface")
    view = {
        "ReplicationInstanceIdentifier": name, "PendingModifiedValues": {},
        "ReplicationInstanceClass": p["ReplicationInstanceClass"],
        "AllocatedStorage": p.get("AllocatedStorage", 50),
        "EngineVersion": p.get("EngineVersion", "3.5.4"),
        "MultiAZ": p.get("MultiAZ", False), "NetworkType": "IPV4",
        "AutoMinorVersionUpgrade": p.get("AutoMinorVersionUpgrade", True),
        "PubliclyAccessible": p.get("PubliclyAccessible", True),
        "PreferredMaintenanceWindow": p.get("PreferredMaintenanceWindow", "sun:06:00-sun:06:30").lower(),
        "AvailabilityZone": p.get("AvailabilityZone", eni.subnet.availability_zone),
        "KmsKeyId": p.get("KmsKeyId", arn_of(self, "key", "dms").replace(":dms:", ":kms:")),
        "VpcSecurityGroups": active(p.get("VpcSecurityGroupIds", [])),
        "ReplicationSubnetGroup": subnets.view,
        "ReplicationInstancePrivateIpAddresses": [eni.private_ip_address]}
    thing = Thing(arn_of(self, "rep", random_name(26)), p.get("Tags"),
                  "ReplicationInstanceStatus", view, "creating", "available")
    view["ReplicationInstanceArn"] = thing.arn
    return {"ReplicationInstance": add(self, thing)}


describe("DescribeReplicationInstances", "ReplicationInstances", "rep", {
    "replication-instance-arn": ["ReplicationInstanceArn"],
    "replication-instance-id": ["ReplicationInstanceIdentifier"],
    "replication-instance-class": ["ReplicationInstanceClass"],
    "engine-version": ["EngineVersion"]})
modify("ModifyReplicationInstance", "ReplicationInstance", "ReplicationInstanceArn",
       "modifying", "available")
modify("RebootReplicationInstance", "ReplicationInstance", "ReplicationInstanceArn",
       "rebooting", "available")
delete("DeleteReplicationInstance", "ReplicationInstance", "ReplicationInstanceArn",
       "ReplicationInstanceArn", after=remove_interface)


# Endpoints, certificates, connections

@dms("CreateEndpoint")
def _(self, p):
    name = p["EndpointIdentifier"].lower()
    refuse_same(self, "endpoint", "EndpointIdentifier", name)
    if p.get("CertificateArn"):
        find(self, p["CertificateArn"])
    thing = Thing(arn_of(self, "endpoint", p.get("ResourceIdentifier") or random_name(26)),
                  p.get("Tags"), "Status", {}, "creating", "active")
    thing.view.update(
        {k: v for k, v in p.items() if k not in NOTHING_ELSE}, EndpointIdentifier=name,
        EndpointArn=thing.arn, EndpointType=p["EndpointType"].upper(),
        SslMode=p.get("SslMode", "none"))
    remember_password(thing, p)
    return {"Endpoint": add(self, thing)}


describe("DescribeEndpoints", "Endpoints", "endpoint", {
    "endpoint-arn": ["EndpointArn"], "endpoint-type": ["EndpointType"],
    "endpoint-id": ["EndpointIdentifier"], "engine-name": ["EngineName"]})
modify("ModifyEndpoint", "Endpoint", "EndpointArn", "modifying", "active",
       users=("SourceEndpointArn", "TargetEndpointArn"))
delete("DeleteEndpoint", "Endpoint", "EndpointArn", "SourceEndpointArn", "TargetEndpointArn")


@dms("ImportCertificate")
def _(self, p):
    name = p["CertificateIdentifier"].lower()
    refuse_same(self, "cert", "CertificateIdentifier", name)
    thing = Thing(arn_of(self, "cert", random_name(26)), p.get("Tags"), "SigningAlgorithm",
                  {"CertificateIdentifier": name, "CertificatePem": p.get("CertificatePem")},
                  "SHA256withRSA")
    thing.view["CertificateArn"] = thing.arn
    return {"Certificate": add(self, thing)}


describe("DescribeCertificates", "Certificates", "cert", {
    "certificate-arn": ["CertificateArn"], "certificate-id": ["CertificateIdentifier"]})


delete("DeleteCertificate", "Certificate", "CertificateArn", "CertificateArn")


def connections(self):
    return ours(dms_backends[self.current_account][self.region], "connections")


@dms("TestConnection")
def _(self, p):
    instance, endpoint = find(self, p["ReplicationInstanceArn"]), find(self, p["EndpointArn"])
    if instance.life.now != "available" or endpoint.life.now != "active":
        raise Fault("InvalidResourceStateFault", "The instance or the endpoint is not ready.")
    failure = try_connection(self, endpoint)
    thing = Thing("", [], "Status", {
        "ReplicationInstanceArn": instance.arn, "EndpointArn": endpoint.arn,
        "ReplicationInstanceIdentifier": instance.view["ReplicationInstanceIdentifier"],
        "EndpointIdentifier": endpoint.view["EndpointIdentifier"],
        "LastFailureMessage": failure or ""},
        "testing", "failed" if failure else "successful")
    connections(self)[instance.arn, endpoint.arn] = thing
    return {"Connection": thing.show()}


@dms("DescribeConnections")
def _(self, p):
    names = {"endpoint-arn": "EndpointArn", "replication-instance-arn": "ReplicationInstanceArn"}
    found = [thing for thing in connections(self).values()
             if all(arn in store(self) for arn in (thing.view["EndpointArn"],
                                                   thing.view["ReplicationInstanceArn"]))
             and all(thing.view[names[f["Name"]]] in f["Values"] for f in p.get("Filters", []))]
    if p.get("Filters") and not found:
        raise Fault("ResourceNotFoundFault", "No connection matches the filters.")
    return {"Connections": [thing.show(thing.life.describe()) for thing in found]}


@dms("DeleteConnection")
def _(self, p):
    thing = connections(self).pop((p["ReplicationInstanceArn"], p["EndpointArn"]), None)
    if not thing:
        raise Fault("ResourceNotFoundFault", "There is no such connection.")
    return {"Connection": thing.show("deleting")}


# Tags and what the account offers

@dms("ListTagsForResource")
def _(self, p):
    arns = p.get("ResourceArnList") or [p["ResourceArn"]]
    return {"TagList": [{"Key": key, "Value": value, "ResourceArn": arn}
                        for arn in arns for key, value in find(self, arn).tags.items()]}


@dms("AddTagsToResource")
def _(self, p):
    find(self, p["ResourceArn"]).tags.update({t["Key"]: t["Value"] for t in p["Tags"]})
    return {}


@dms("RemoveTagsFromResource")
def _(self, p):
    thing = find(self, p["ResourceArn"])
    thing.tags = {k: v for k, v in thing.tags.items() if k not in p["TagKeys"]}
    return {}


@dms("DescribeOrderableReplicationInstances")
def _(self, _p):
    return {"OrderableReplicationInstances": [{
        "EngineVersion": version, "ReplicationInstanceClass": kind, "StorageType": "gp2",
        "MinAllocatedStorage": 5, "MaxAllocatedStorage": 6144, "DefaultAllocatedStorage": 50,
        "IncludedAllocatedStorage": 50, "ReleaseStatus": "prod",
        "AvailabilityZones": [self.region + zone for zone in "abc"]}
        for version in ("3.5.3", "3.5.4")
        for kind in ("dms.t3.micro", "dms.t3.medium", "dms.c5.large", "dms.r5.large")]}


@dms("DescribeEngineVersions")
def _(self, _p):
    return {"EngineVersions": [{"Version": version, "ReleaseStatus": "prod",
                                "Lifecycle": "available", "AvailableUpgrades": []}
                               for version in ("3.5.3", "3.5.4")]}


@dms("DescribeAccountAttributes")
def _(self, _p):
    return {"UniqueAccountIdentifier": "dms-0123456789", "AccountQuotas": [
        {"AccountQuotaName": name, "Used": len(of_kind(self, kind)), "Max": limit}
        for name, kind, limit in (("ReplicationInstances", "rep", 60),
                                  ("ReplicationSubnetGroups", "subgrp", 60),
                                  ("Endpoints", "endpoint", 1000))]}


@dms("DescribeEndpointSettings")
def _(self, _p):
    return {"EndpointSettings": []}


@dms("DescribeEvents")
def _(self, _p):
    return {"Events": []}


def tagged(backend):
    for thing in ours(backend, "things").values():
        yield TaggedResource(arn=thing.arn, tags=thing.tags,
                             resource_type="dms:" + thing.arn.split(":")[5])


DatabaseMigrationServiceBackend.iter_tagged_resources = tagged
