"""Which database a host name leads to, by following what was built in moto: VPC
endpoint, endpoint service, balancer, listener, target, address, writer. A real
PostgreSQL may stand behind a cluster (names.py)."""

import subprocess

from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends
from moto.rds.models import rds_backends



class NoPath(Exception):
    pass


def psql(server, statements, database="postgres"):
    """Runs statements as the admin; they go by standard input."""
    host, port, admin = server
    subprocess.run(
        ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", host, "-p", port,
         "-U", admin, "-d", database],
        input=statements, text=True, check=True, capture_output=True, timeout=60)


def admits(ec2, groups, port):
    """Whether one of the groups lets a TCP port in."""
    for group in filter(None, map(ec2.get_security_group_from_id, groups)):
        for rule in group.ingress_rules:
            if rule.ip_protocol == "-1" or (
                    rule.ip_protocol == "tcp"
                    and int(rule.from_port) <= port <= int(rule.to_port)):
                return True
    return False


def cluster_at(account, region, vpc, address, port):
    """The cluster whose writer has this private address in this network; another may
    have the same range."""
    ec2 = ec2_backends[account][region]
    for eni in ec2.enis.values():
        instance = getattr(eni, "db_instance", None)
        if instance and eni.subnet.vpc_id == vpc and eni.private_ip_address == address:
            cluster = rds_backends[account][region].clusters.get(instance.db_cluster_identifier)
            if not cluster or int(cluster.port) != port:
                raise NoPath(f"nothing listens at {address}:{port}")
            if not admits(ec2, [group.id for group in eni.group_set], port):
                raise NoPath(f"timeout expired: the database's group lets {port} not in")
            return cluster
    raise NoPath(f"no database has the address {address}")


def cluster_behind(account, region, name, port):
    """The cluster that a client of this host name reaches; NoPath says what lacks."""
    for cluster in rds_backends[account][region].clusters.values():
        if name == cluster.endpoint:
            return cluster
    ec2 = ec2_backends[account][region]
    for endpoint in ec2.vpc_end_points.values():
        if endpoint.state == "available" and any(
                name == entry["dns_name"] for entry in endpoint.dns_entries or []):
            break
    else:
        raise NoPath(f'could not translate host name "{name}" to address')
    if not admits(ec2, endpoint.security_group_ids, port):
        raise NoPath(f"timeout expired: the endpoint's group lets {port} not in")
    for service in ec2.configurations.values():
        if service.service_name == endpoint.service_name:
            break
    else:
        raise NoPath(f"there is no endpoint service {endpoint.service_name}")
    elb = elbv2_backends[account][region]
    for arn in service.network_load_balancer_arns:
        for listener in elb.load_balancers[arn].listeners.values():
            if int(listener.port) != port:
                continue
            for action in listener.default_actions:
                for group_arn in elb._get_target_group_arns_from(action.data):
                    group = elb.target_groups[group_arn]
                    for target in group.targets.values():
                        return cluster_at(account, region, group.vpc_id, target["Id"],
                                          int(target.get("Port") or group.port))
            raise NoPath("connection refused: the balancer has no target")
    raise NoPath(f"connection refused: no listener on port {port}")


def has_internet(ec2, subnet):
    """Whether the subnet's route table leads out of the network."""
    tables = [t for t in ec2.route_tables.values() if t.vpc_id == subnet.vpc_id]
    table = next((t for t in tables if subnet.id in t._associations.values()), None) \
        or next(t for t in tables if t.main_association_id)
    return any(route.destination_cidr_block == "0.0.0.0/0" for route in table._routes.values())


def services_for(account, region, subnet):
    """The services of AWS that a host in this subnet reaches by their own names."""
    ec2 = ec2_backends[account][region]
    if has_internet(ec2, subnet):
        return {"*"}
    return {endpoint.service_name.rsplit(".", 1)[1] for endpoint in ec2.vpc_end_points.values()
            if endpoint.vpc_id == subnet.vpc_id and endpoint.state == "available"
            and endpoint.private_dns_enabled}


def databases_for(account, region, subnet):
    """(name, cluster) of each database that a host in this subnet reaches: the clusters
    of its own network, and those at the other end of an endpoint in it."""
    rds = rds_backends[account][region]
    for cluster in rds.clusters.values():
        group = rds.subnet_groups.get(cluster.db_subnet_group_name)
        if group and group.vpc_id == subnet.vpc_id:
            yield cluster.endpoint, cluster
            for member in cluster._members:
                yield member.address, cluster
    ports = {int(cluster.port) for cluster in rds.clusters.values()}
    for endpoint in ec2_backends[account][region].vpc_end_points.values():
        if endpoint.vpc_id != subnet.vpc_id:
            continue
        for entry in endpoint.dns_entries or []:
            for port in ports:
                try:
                    yield entry["dns_name"], cluster_behind(account, region, entry["dns_name"], port)
                except NoPath:
                    pass
