"""EC2's endpoints and endpoint services: what moto loses, their states, the
connections between them, and the order of their deletes."""

import json

from moto.ec2.models.vpc_service_configuration import VPCServiceConfiguration
from moto.ec2.models.vpcs import VPCEndPoint

from ec2 import backend, ec2, service_interface
from hooks import Fault, Life, lives, random_hex

CONNECTED = ("available", "pending", "pendingAcceptance")


def widen_ids():
    original = VPCServiceConfiguration.__init__

    def init(self, *args, **kwargs):
        original(self, *args, **kwargs)
        short, self.id = self.id, f"vpce-svc-{random_hex(17)}"
        self.service_name = self.service_name.replace(short, self.id)
        self.endpoint_dns_name = self.endpoint_dns_name.replace(short, self.id)

    VPCServiceConfiguration.__init__ = init


def service_of(store, endpoint):
    """The service of ours that an endpoint is connected to, or None."""
    for service in store.configurations.values():
        if service.service_name == endpoint.service_name:
            return service
    return None


def connections(store, service_id):
    return [endpoint for endpoint in store.vpc_end_points.values()
            if getattr(service_of(store, endpoint), "id", None) == service_id]


def names(endpoint, service, zones):
    """The DNS names: the regional one first, then one a zone."""
    host = service.endpoint_dns_name if service else ".".join(
        [endpoint.service_name.split(".")[-1], endpoint.ec2_backend.region_name,
         "vpce.amazonaws.com"])
    stem = f"{endpoint.id}-{random_hex(8)}"
    zone_id = "Z" + random_hex(12).upper()
    return [{"dns_name": f"{stem}{suffix}.{host}", "hosted_zone_id": zone_id}
            for suffix in [""] + ["-" + zone for zone in zones]]


@ec2("CreateVpcEndpoint")
def _(self, moto):
    store = backend(self)
    name = self._get_param("ServiceName")
    own = [s for s in store.configurations.values() if s.service_name == name]
    if ".vpce." in name and not own:
        raise Fault("InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist")
    refuse_private_dns(self, store, name)
    answer = moto()
    endpoint = answer.result["VpcEndpoint"]
    life = Life("available")
    if str(endpoint.vpc_endpoint_type).lower() == "interface":
        for eni in endpoint.network_interface_ids:
            del store.enis[eni]
        endpoint.network_interface_ids = []
        move_interfaces(store, endpoint)
        dress(store, endpoint)
        zones = [store.get_subnet(s).availability_zone for s in endpoint.subnet_ids or []]
        endpoint.dns_entries = names(endpoint, own[0] if own else None, zones)
        waits = own and own[0].acceptance_required
        life = Life("pendingAcceptance") if waits else Life("pending", "available")
    lives(store)[endpoint.id] = life
    endpoint.state = life.now
    return answer


def refuse_private_dns(self, store, name):
    if not self._get_param("PrivateDnsEnabled"):
        return
    vpc = store.get_vpc(self._get_param("VpcId"))
    if not (vpc.enable_dns_support and vpc.enable_dns_hostnames):
        raise Fault("InvalidParameter", "Enabling private DNS requires both enableDnsSupport "
                    f"and enableDnsHostnames VPC attributes set to true for {vpc.id}")
    for other in store.vpc_end_points.values():
        if other.vpc_id == vpc.id and other.service_name == name \
                and other.private_dns_enabled and other.state != "deleted":
            raise Fault("InvalidParameter", "private-dns-enabled cannot be set because there is "
                        f"already a conflicting DNS domain for {name} in the VPC {vpc.id}")


def dress(store, endpoint):
    """Gives the endpoint's interfaces its groups, and the groups to the endpoint."""
    if not endpoint.security_group_ids:
        endpoint.security_group_ids = [
            store.get_security_group_by_name_or_id("default", vpc_id=endpoint.vpc_id).id]
    for eni_id in endpoint.network_interface_ids:
        eni = store.enis[eni_id]
        eni.description = f"VPC Endpoint Interface {endpoint.id}"
        eni._group_set = [store.get_security_group_from_id(g) for g in endpoint.security_group_ids]


@ec2("DescribeVpcEndpoints")
def _(self, moto):
    store = backend(self)
    for name, endpoint in store.vpc_end_points.items():
        if name in lives(store):
            endpoint.state = lives(store)[name].describe()
    return moto()


@ec2("ModifyVpcEndpoint")
def _(self, moto):
    store = backend(self)
    endpoint = store.vpc_end_points.get(self._get_param("VpcEndpointId"))
    added = self._get_param("AddRouteTableIds", [])
    removed = self._get_param("RemoveRouteTableIds", [])
    answer = moto()
    if self._get_param("PrivateDnsEnabled") is not None:
        endpoint.private_dns_enabled = self._get_param("PrivateDnsEnabled")
    if self._get_param("ResetPolicy"):
        endpoint.policy_document = json.dumps(VPCEndPoint.DEFAULT_POLICY)
    prefix_list = endpoint.destination_prefix_list_id
    for table in added if prefix_list else []:
        store.create_route(table, None, gateway_id=endpoint.id,
                           destination_prefix_list_id=prefix_list)
    for table in removed if prefix_list else []:
        store.delete_route(table, prefix_list)
    if str(endpoint.vpc_endpoint_type).lower() == "interface":
        move_interfaces(store, endpoint)
        dress(store, endpoint)
    return answer


def move_interfaces(store, endpoint):
    """One interface in each subnet, no other."""
    held = {store.enis[e].subnet.id: e for e in endpoint.network_interface_ids}
    for subnet in set(held) - set(endpoint.subnet_ids):
        del store.enis[held.pop(subnet)]
    for subnet in set(endpoint.subnet_ids) - set(held):
        held[subnet] = service_interface(store, subnet, [], "", "vpc_endpoint").id
    endpoint.network_interface_ids = list(held.values())


@ec2("DeleteVpcEndpoints")
def _(self, moto):
    store = backend(self)
    wanted = self._get_param("VpcEndpointIds", [])
    missing = [name for name in wanted if name not in store.vpc_end_points
               or store.vpc_end_points[name].state == "deleted"]
    moto()
    for name in set(wanted) - set(missing):
        lives(store)[name] = Life("deleting", "deleted")
        store.vpc_end_points[name].state = "deleting"
        store.vpc_end_points[name].route_table_ids = []
    return {"Unsuccessful": [refused(name, "InvalidVpcEndpoint.NotFound", "does not exist")
                             for name in missing]}


def refused(name, code, why):
    return {"ResourceId": name, "Error": {"Code": code, "Message": f"{name} {why}"}}


# Endpoint services

@ec2("DescribeVpcEndpointServices")
def _(self, moto):
    # moto looks for its filters' values under another name.
    for rule in self._get_param("Filters", []):
        rule["Value"] = rule["Values"]
    return moto()


@ec2("CreateVpcEndpointServiceConfiguration")
def _(self, moto):
    for arn in self._get_param("NetworkLoadBalancerArns", []):
        balancer = backend(self).elbv2_backend.load_balancers.get(arn)
        if balancer and balancer.state == "provisioning":
            raise Fault("InvalidParameter", f"The load balancer {arn} is not active")
    return moto()


@ec2("DescribeVpcEndpointServiceConfigurations")
def _(self, moto):
    answer = moto()
    found = answer.result["ServiceConfigurations"]
    for rule in self._get_param("Filters", []):
        def value(service, name=rule["Name"]):
            if name.startswith("tag:"):
                return {t["key"]: t["value"] for t in service.get_tags()}.get(name[4:])
            return {"service-name": service.service_name, "service-id": service.id,
                    "service-state": service.service_state}.get(name)
        found = [service for service in found if value(service) in rule["Values"]]
    answer.result["ServiceConfigurations"] = found
    return answer


@ec2("DeleteVpcEndpointServiceConfigurations")
def _(self, moto):
    store = backend(self)
    wanted = self._get_param("ServiceIds", [])
    used = [name for name in wanted
            if any(e.state in CONNECTED for e in connections(store, name))]
    if used:
        return {"Unsuccessful": [refused(
            name, "ExistingVpcEndpointConnections", "has existing active VPC Endpoint connections")
            for name in used]}
    return moto()


@ec2("DescribeVpcEndpointConnections")
def _(self, _moto):
    store = backend(self)
    shown = []
    for endpoint in store.vpc_end_points.values():
        service = service_of(store, endpoint)
        if not service:
            continue
        view = {"ServiceId": service.id, "VpcEndpointId": endpoint.id,
                "VpcEndpointOwner": store.account_id, "VpcEndpointState": endpoint.state,
                "NetworkLoadBalancerArns": service.network_load_balancer_arns,
                "IpAddressType": "ipv4"}
        known = {"service-id": "ServiceId", "vpc-endpoint-id": "VpcEndpointId",
                 "vpc-endpoint-state": "VpcEndpointState"}
        if all(view[known[f["Name"]]] in f["Values"] for f in self._get_param("Filters", [])):
            shown.append(view)
    return {"VpcEndpointConnections": shown}


@ec2("AcceptVpcEndpointConnections", "RejectVpcEndpointConnections")
def _(self, _moto):
    store = backend(self)
    accept = self._get_action().startswith("Accept")
    failed = []
    for name in self._get_param("VpcEndpointIds", []):
        endpoint = store.vpc_end_points.get(name)
        if not endpoint or endpoint not in connections(store, self._get_param("ServiceId")):
            failed.append(refused(name, "InvalidVpcEndpointId.NotFound", "does not exist"))
            continue
        lives(store)[name] = Life("pending", "available") if accept else Life("rejected")
        endpoint.state = lives(store)[name].now
    return {"Unsuccessful": failed}


widen_ids()
