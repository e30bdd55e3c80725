"""elbv2: names and ARNs of network load balancers, their interfaces and states,
duplicates, and the order of deletes."""

import moto.elbv2.models as models
from moto.core.resource_tagging import TaggedResource
from moto.core.responses import EmptyResult
from moto.ec2.models import ec2_backends
from moto.elbv2.responses import ELBV2Response

from ec2 import service_interface
from hooks import Fault, Life, handles, lives, ours, parameters


def backend(self):
    return models.elbv2_backends[self.current_account][self.region]


def elb(*operations):
    return handles(ELBV2Response, *operations)


def name_network_balancers():
    original = models.make_arn_for_load_balancer

    def make(account_id, name, region_name, lb_id=None, **more):
        arn = original(account_id=account_id, name=name, region_name=region_name, lb_id=lb_id, **more)
        return arn.replace("loadbalancer/app/", f"loadbalancer/{name_network_balancers.kind}/")

    models.make_arn_for_load_balancer = make


def settings(self):
    """What must be equal for a second create to give the first one's object."""
    given = parameters(self)
    given.pop("Tags", None)
    return given


def same_or_duplicate(self, moto, kind, key, code):
    """AWS answers a create of what is there already with the object itself."""
    made = ours(backend(self), kind)
    objects = {"LoadBalancers": backend(self).load_balancers,
               "TargetGroups": backend(self).target_groups}[kind]
    known = made.get(key)
    if known and known[0] in objects:
        if known[1] != settings(self):
            raise Fault(code, f"A {kind[:-1]} with the same name '{key}' exists, "
                        "but with different settings")
        return {kind: [objects[known[0]]]}
    given = settings(self)
    answer = moto()
    made[key] = (answer.result[kind][0].arn, given)
    return answer


@elb("CreateLoadBalancer")
def _(self, moto):
    name_network_balancers.kind = "net" if self._get_param("Type") == "network" else "app"
    store = backend(self)
    before = set(store.load_balancers)
    answer = same_or_duplicate(self, moto, "LoadBalancers", self._get_param("Name"),
                               "DuplicateLoadBalancerName")
    for arn in set(store.load_balancers) - before:
        balancer = store.load_balancers[arn]
        lives(store)[arn] = Life("provisioning", "active")
        add_interfaces(self, balancer)
    return answer


def description(balancer):
    return "ELB " + balancer.arn.split(":loadbalancer/")[1]


def add_interfaces(self, balancer):
    ec2 = ec2_backends[self.current_account][self.region]
    fixed = {m["SubnetId"]: m.get("PrivateIPv4Address")
             for m in self._get_param("SubnetMappings", [])}
    held = {eni.subnet.id for eni in ec2.enis.values() if eni.description == description(balancer)}
    for subnet in balancer.subnets:
        if subnet.id not in held:
            service_interface(ec2, subnet.id, balancer.security_groups, description(balancer),
                              "network_load_balancer", fixed.get(subnet.id))


def drop_interfaces(self, balancer, keep=()):
    ec2 = ec2_backends[self.current_account][self.region]
    for eni in list(ec2.enis.values()):
        if eni.description == description(balancer) and eni.subnet.id not in keep:
            del ec2.enis[eni.id]


@elb("DescribeLoadBalancers")
def _(self, moto):
    answer = moto()
    for balancer in answer.result["LoadBalancers"]:
        balancer.state = lives(backend(self))[balancer.arn].describe()
    return answer


@elb("SetSubnets")
def _(self, moto):
    answer = moto()
    balancer = backend(self).load_balancers[self._get_param("LoadBalancerArn")]
    drop_interfaces(self, balancer, [subnet.id for subnet in balancer.subnets])
    add_interfaces(self, balancer)
    return answer


@elb("DeleteLoadBalancer")
def _(self, moto):
    arn = self._get_param("LoadBalancerArn")
    balancer = backend(self).load_balancers.get(arn)
    if not balancer:
        return EmptyResult()
    if balancer.attrs.get("deletion_protection.enabled") == "true":
        raise Fault("OperationNotPermitted", f"Load balancer '{arn}' cannot be deleted because "
                    "deletion protection is enabled")
    for service in ec2_backends[self.current_account][self.region].configurations.values():
        if arn in service.network_load_balancer_arns:
            raise Fault("ResourceInUse", f"Load balancer '{arn}' cannot be deleted because it is "
                        f"currently associated with another service ({service.id})")
    drop_interfaces(self, balancer)
    return moto()


@elb("CreateTargetGroup")
def _(self, moto):
    return same_or_duplicate(self, moto, "TargetGroups", self._get_param("Name"),
                             "DuplicateTargetGroupName")


@elb("DeleteTargetGroup")
def _(self, moto):
    if self._get_param("TargetGroupArn") not in backend(self).target_groups:
        return EmptyResult()
    return moto()


@elb("CreateListener")
def _(self, moto):
    store = backend(self)
    balancer = store.load_balancers.get(self._get_param("LoadBalancerArn"))
    made = ours(store, "Listeners")
    for listener in balancer.listeners.values() if balancer else []:
        if str(listener.port) == str(self._get_param("Port")):
            if made.get(listener.arn) == settings(self):
                return {"Listeners": [listener]}
            raise Fault("DuplicateListener",
                        f"A listener already exists on port {listener.port} of {balancer.arn}")
    given = settings(self)
    answer = moto()
    made[answer.result["Listeners"][0].arn] = given
    return answer


@elb("DescribeTargetHealth")
def _(self, moto):
    answer = moto()
    store = backend(self)
    group = self._get_param("TargetGroupArn")
    if not store._any_listener_using(group):
        for health in answer.result["TargetHealthDescriptions"]:
            health.status, health.reason = "unused", "Target.NotInUse"
            health.description = "Target group is not configured to receive traffic"
    return answer


def more_tagged(self, original=models.ELBv2Backend.iter_tagged_resources):
    yield from original(self)
    for balancer in self.load_balancers.values():
        for arn in balancer.listeners:
            yield TaggedResource(arn=arn, resource_type="elasticloadbalancing:listener",
                                 tags=self.tagging_service.get_tag_dict_for_resource(arn))


models.ELBv2Backend.iter_tagged_resources = more_tagged
name_network_balancers()
