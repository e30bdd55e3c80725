"""EC2: client tokens, states of NAT gateways, the order of deletes, addresses."""

import ipaddress

from moto.core.responses import ActionResult
from moto.core.types import Base64EncodedString
from moto.ec2.models import ec2_backends
from moto.ec2.responses import EC2Response
from moto.iam.models import iam_backends
from moto.rds.models import rds_backends

from hooks import Fault, Life, handles, honour_token, lives, parameters


def backend(self):
    return ec2_backends[self.current_account][self.region]


def ec2(*operations):
    return handles(EC2Response, *operations)


def holds(reason):
    raise Fault("DependencyViolation", f"{reason} and cannot be deleted.")


# Security groups

@ec2("DeleteSecurityGroup")
def _(self, moto):
    group_id = self._get_param("GroupId")
    store = backend(self)
    group = store.get_security_group_from_id(group_id)
    if group and group.name == "default":
        raise Fault("CannotDelete", f"The default group {group_id} cannot be deleted.")
    for eni in store.enis.values():
        if group_id in [held.id for held in eni.group_set]:
            holds(f"resource {group_id} has a dependent object ({eni.id})")
    for groups in store.groups.values():
        for other in groups.values():
            for rule in other.ingress_rules + other.egress_rules:
                if other.id != group_id and rule.source_group.get("GroupId") == group_id:
                    holds(f"resource {group_id} has a dependent object (a rule of {other.id})")
    return moto()


@ec2("ModifySecurityGroupRules")
def _(self, moto):
    answer = moto()
    group = backend(self).get_security_group_from_id(self._get_param("GroupId"))
    for change in parameters(self)["SecurityGroupRules"]:
        rule, wanted = group.get_rule(change["SecurityGroupRuleId"]), change["SecurityGroupRule"]
        if "ReferencedGroupId" in wanted:
            rule.source_group = {"GroupId": wanted["ReferencedGroupId"]}
        if "PrefixListId" in wanted:
            rule.prefix_list_id = wanted["PrefixListId"]
    return answer


# Instances

@ec2("ModifyInstanceAttribute")
def _(self, moto):
    data = self._get_param("UserData.Value")
    if not data:
        return moto()
    # It was decoded already; moto decodes it once more.
    backend(self).modify_instance_attribute(
        self._get_param("InstanceId"), "user_data", Base64EncodedString.from_raw_bytes(data))
    return {}


@ec2("ReplaceIamInstanceProfileAssociation")
def _(self, moto):
    answer = moto()
    for held in backend(self).iam_instance_profile_associations.values():
        if held.association_id == self._get_param("AssociationId"):
            held.instance.iam_instance_profile = {"Arn": held.iam_instance_profile.arn,
                                                  "Id": held.association_id}
    return answer


# Interfaces

def service_interface(store, subnet_id, groups, description, kind="interface", address=None):
    """An interface that a service of AWS holds in a subnet."""
    subnet = store.get_subnet(subnet_id)
    taken = {eni.private_ip_address for eni in store.enis.values() if eni.subnet is subnet}
    hosts = map(str, list(ipaddress.ip_network(subnet.cidr_block).hosts())[9:])
    address = address or next(host for host in hosts if host not in taken)
    eni = store.create_network_interface(
        subnet, address, group_ids=list(groups or []), description=description)
    eni.status, eni.interface_type, eni.requester_managed = "in-use", kind, True
    return eni


@ec2("CreateNetworkInterface")
def _(self, moto):
    address = self._get_param("PrivateIpAddress")
    subnet = self._get_param("SubnetId")
    for eni in backend(self).enis.values():
        if address and eni.private_ip_address == address and eni.subnet.id == subnet:
            raise Fault("InvalidIPAddress.InUse", f"The address {address} is in use.")
    return moto()


@ec2("DeleteNetworkInterface")
def _(self, moto):
    eni = backend(self).enis.get(self._get_param("NetworkInterfaceId"))
    if eni and (eni.status == "in-use" or eni.attachment_id):
        raise Fault("InvalidNetworkInterface.InUse", f"Interface {eni.id} is currently in use.")
    return moto()


@ec2("RunInstances")
def _(self, moto):
    given = self._get_param("IamInstanceProfile") or {}
    profiles = iam_backends[self.current_account][self.partition].instance_profiles.values()
    for key, known in (("Name", [p.name for p in profiles]), ("Arn", [p.arn for p in profiles])):
        if key in given and given[key] not in known:
            raise Fault("InvalidParameterValue", f"Value ({given[key]}) for parameter "
                        f"iamInstanceProfile.{key.lower()} is invalid. Invalid IAM Instance "
                        f"Profile {key.lower()}")
    return moto()


@ec2("TerminateInstances")
def _(self, moto):
    ids = self._get_param("InstanceIds", [])
    answer = moto()
    for eni in list(backend(self).enis.values()):
        if eni.instance and eni.instance.id in ids:
            # One that the launch made goes with the instance.
            if eni.delete_on_termination or eni.description == "Primary network interface":
                del backend(self).enis[eni.id]
            else:
                eni.instance = eni.attachment_id = None
                eni.status = "available"
    return answer


# Subnets, VPCs, gateways

@ec2("DeleteSubnet")
def _(self, moto):
    subnet = self._get_param("SubnetId")
    used = [eni.id for eni in backend(self).enis.values() if eni.subnet.id == subnet]
    used += [group.name for group in rds_backends[self.current_account][self.region]
             .subnet_groups.values() if subnet in [s.id for s in group._subnets]]
    if used:
        holds(f"The subnet '{subnet}' has dependencies ({used[0]})")
    return moto()


@ec2("DeleteVpc")
def _(self, moto):
    vpc, store = self._get_param("VpcId"), backend(self)
    used = [igw.id for igw in store.internet_gateways.values() if igw.vpc and igw.vpc.id == vpc]
    used += [group.id for group in store.groups[vpc].values() if group.name != "default"]
    used += [endpoint.id for endpoint in store.vpc_end_points.values()
             if endpoint.vpc_id == vpc and endpoint.state != "deleted"]
    if used:
        holds(f"The vpc '{vpc}' has dependencies ({used[0]})")
    return moto()


@ec2("DetachInternetGateway")
def _(self, moto):
    vpc = self._get_param("VpcId")
    for gateway in backend(self).nat_gateways.values():
        if gateway.vpc_id == vpc and gateway.state != "deleted" and gateway.connectivity_type == "public":
            raise Fault("DependencyViolation", f"Network {vpc} has some mapped public address(es) "
                        f"of {gateway.id}. Please unmap those before detaching the gateway.")
    return moto()


@ec2("ReleaseAddress")
def _(self, moto):
    allocation = self._get_param("AllocationId")
    for gateway in backend(self).nat_gateways.values():
        if gateway.state != "deleted" and any(
                held.get("allocationId") == allocation for held in gateway.address_set):
            raise Fault("InvalidIPAddress.InUse", f"{allocation} is in use by {gateway.id}.")
    return moto()


@ec2("AssociateRouteTable")
def _(self, moto):
    subnet, wanted = self._get_param("SubnetId"), self._get_param("RouteTableId")
    for table in backend(self).route_tables.values():
        if table.id != wanted and subnet and subnet in table._associations.values():
            raise Fault("Resource.AlreadyAssociated",
                        f"the specified association for route table {wanted} conflicts with an "
                        f"existing association of {subnet}")
    return moto()


@ec2("DeleteRouteTable")
def _(self, moto):
    table = backend(self).route_tables.get(self._get_param("RouteTableId"))
    if table and table.main_association_id:
        holds(f"The routeTable '{table.id}' is the main one")
    if table and any(endpoint.state != "deleted" and table.id in (endpoint.route_table_ids or [])
                     for endpoint in backend(self).vpc_end_points.values()):
        holds(f"The routeTable '{table.id}' has dependencies")
    return moto()


# NAT gateways

@ec2("CreateNatGateway")
def _(self, moto):
    answer = moto()
    gateway = answer.result["NatGateway"]
    gateway._eni.status = "in-use"
    lives(backend(self))[gateway.id] = Life("pending", "available")
    gateway.state = "pending"
    return answer


@ec2("DescribeNatGateways")
def _(self, moto):
    store = backend(self)
    for name in self._get_param("NatGatewayIds", []):
        if name not in store.nat_gateways:
            raise Fault("NatGatewayNotFound", f"The Nat Gateway {name} was not found")
    for name, gateway in store.nat_gateways.items():
        if name in lives(store):
            gateway.state = lives(store)[name].describe()
    answer = moto()
    filters = {f["Name"]: f["Values"] for f in self._get_param("Filter", self._get_param("Filters", []))}
    answer.result["NatGateways"] = [
        gateway for gateway in answer.result["NatGateways"]
        if all({t["key"]: t["value"] for t in gateway.get_tags()}.get(name[4:]) in values
               for name, values in filters.items() if name.startswith("tag:"))]
    return answer


@ec2("DeleteNatGateway")
def _(self, moto):
    name, store = self._get_param("NatGatewayId"), backend(self)
    gateway = store.nat_gateways.get(name)
    if not gateway:
        raise Fault("NatGatewayNotFound", f"The Nat Gateway {name} was not found")
    answer = moto()
    store.enis.pop(gateway._eni.id, None)
    lives(store)[name] = Life("deleting", "deleted")
    gateway.state = "deleting"
    return answer


def honour_tokens():
    """Last, so that a repeated token goes past all of the above."""
    honour_token(EC2Response, backend, "IdempotentParameterMismatch",
                 "CreateNatGateway", "CreateRouteTable", "CreateNetworkInterface",
                 "RunInstances", "CreateVpcEndpoint", "CreateVpcEndpointServiceConfiguration")


def dry_run():
    """DryRun never does a thing, whatever moto makes of it."""
    original = EC2Response.call_action

    def call_action(self):
        if str(self._get_param("DryRun")).lower() != "true":
            return original(self)
        _, headers, body = self.serialized(ActionResult(Fault(
            "DryRunOperation", "Request would have succeeded, but DryRun flag is set.")))
        return 412, headers, body

    EC2Response.call_action = call_action
