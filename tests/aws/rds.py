"""RDS: names that are taken, what is in use, states, the writer's interface, and the
calls that moto lacks. Where a PostgreSQL stands behind a cluster (paths.py), its
master user and password are set there too."""

from moto.core.resource_tagging import TaggedResource
from moto.ec2.models import ec2_backends
from moto.rds.models import DBCluster, DBInstance, RDSBackend, rds_backends
from moto.rds.responses import RDSResponse

import names
import paths
from engine_versions import VERSIONS, given
from ec2 import service_interface
from hooks import Fault, Life, handles, lives

CLASSES = ("db.t3.medium", "db.t4g.medium", "db.r5.large", "db.r6g.large", "db.serverless")


def backend(self):
    return rds_backends[self.current_account][self.region]


def rds(*operations):
    return handles(RDSResponse, *operations)


# Groups: their names, and what uses them

GROUPS = {
    "DBSubnetGroup": ("DBSubnetGroupName", "subnet_groups", "DBSubnetGroupAlreadyExists",
                      "DBSubnetGroupNotFoundFault", "InvalidDBSubnetGroupStateFault"),
    "DBParameterGroup": ("DBParameterGroupName", "db_parameter_groups",
                         "DBParameterGroupAlreadyExists", "DBParameterGroupNotFound",
                         "InvalidDBParameterGroupState"),
    "DBClusterParameterGroup": ("DBClusterParameterGroupName", "db_cluster_parameter_groups",
                                "DBParameterGroupAlreadyExists", "DBParameterGroupNotFound",
                                "InvalidDBParameterGroupState"),
}


def users_of(store, kind, name):
    clusters, instances = store.clusters.values(), store.databases.values()
    if kind == "DBSubnetGroup":
        return [c.db_cluster_identifier for c in clusters if c.db_subnet_group_name == name]
    if kind == "DBClusterParameterGroup":
        return [c.db_cluster_identifier for c in clusters if c.parameter_group == name]
    return [i.db_instance_identifier for i in instances
            if getattr(i, "db_parameter_group_name", None) == name]


def group(kind):
    key, attribute, exists, missing, in_use = GROUPS[kind]

    @rds("Create" + kind)
    def create(self, moto):
        name = given(self, key).lower()
        if name in getattr(backend(self), attribute):
            raise Fault(exists, f"{kind} {name} already exists.")
        if kind == "DBSubnetGroup":
            refuse_one_zone(self)
        self.params[key] = name
        return moto()

    @rds("Describe" + kind + "s", "Modify" + kind, "Delete" + kind, "Reset" + kind)
    def other(self, moto):
        name = given(self, key)
        known = getattr(backend(self), attribute)
        if name and name.lower() not in known:
            raise Fault(missing, f"{kind} {name} not found.")
        if name:
            self.params[key] = name.lower()
        if self._get_action().startswith("Delete"):
            users = users_of(backend(self), kind, name.lower())
            if users:
                raise Fault(in_use, f"{kind} {name} is used by {users[0]}.")
        if self._get_action() == "ModifyDBSubnetGroup":
            refuse_one_zone(self)
            held = known[name.lower()]
            answer = moto()
            known[name.lower()] = held
            return answer
        if self._get_action().startswith("Reset"):
            return reset(self, known[name.lower()], key)
        return moto()


def reset(self, held, key):
    if given(self, "ResetAllParameters"):
        held.parameters.clear()
    for parameter in given(self, "Parameters", []):
        held.parameters.pop(parameter["ParameterName"], None)
    return {key: held.name}


def refuse_one_zone(self):
    ec2 = ec2_backends[self.current_account][self.region]
    zones = {ec2.get_subnet(name).availability_zone for name in given(self, "SubnetIds", [])}
    if len(zones) < 2:
        raise Fault("DBSubnetGroupDoesNotCoverEnoughAZs",
                    "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement.")


for each in GROUPS:
    group(each)


# Clusters

@rds("CreateDBCluster")
def _(self, moto):
    store, name = backend(self), given(self, "DBClusterIdentifier").lower()
    if name in store.clusters:
        raise Fault("DBClusterAlreadyExistsFault", f"DB cluster {name} already exists.")
    subnets, parameters = given(self, "DBSubnetGroupName"), given(self, "DBClusterParameterGroupName")
    if subnets and subnets.lower() not in store.subnet_groups:
        raise Fault("DBSubnetGroupNotFoundFault", f"DB subnet group '{subnets}' does not exist.")
    if parameters and not parameters.startswith("default.") \
            and parameters.lower() not in store.db_cluster_parameter_groups:
        raise Fault("DBClusterParameterGroupNotFound", f"{parameters} not found.")
    refuse_unknown_version(given(self, "EngineVersion"))
    storage = given(self, "StorageType")
    if storage:
        del self.params["StorageType"]
    answer = moto()
    cluster = answer.result["DBCluster"]
    cluster.storage_type = storage or "aurora"
    if not parameters:
        cluster.parameter_group = f"default.{cluster.engine}{cluster.engine_version.split('.')[0]}"
    if not given(self, "KmsKeyId"):
        cluster.kms_key_id = f"arn:aws:kms:{self.region}:{self.current_account}:key/aws-rds"
    cluster._enable_http_endpoint = bool(given(self, "EnableHttpEndpoint"))
    lives(store)[cluster.arn] = Life("creating", "available")
    cluster.status = "creating"
    names.rename("free", cluster.endpoint)
    set_login(cluster, given(self, "MasterUserPassword"), given(self, "DatabaseName"))
    return answer


def refuse_unknown_version(version):
    if version and not any(v == version or v.startswith(version + ".") for v in VERSIONS):
        raise Fault("InvalidParameterCombination",
                    f"Cannot find version {version} for aurora-postgresql")


def quote(text):
    return "'" + text.replace("'", "''") + "'"


def set_login(cluster, password, database=None):
    """The master user and the database stand in the server behind the cluster."""
    server = names.server_of(cluster.endpoint)
    if server and password:
        name = '"' + cluster.master_username.replace('"', '""') + '"'
        paths.psql(server, f"""SET log_statement = 'none';
            SELECT 'CREATE ROLE {name}' WHERE NOT EXISTS (SELECT FROM pg_roles
              WHERE rolname = {quote(cluster.master_username)}) \\gexec
            ALTER ROLE {name} SUPERUSER LOGIN PASSWORD {quote(password)};""")
    if server and database and database != "postgres":
        paths.psql(server, f'CREATE DATABASE "{database}";')


def drop_databases(cluster):
    """What the deleted cluster held is gone."""
    server = names.server_of(cluster.endpoint)
    if server:
        paths.psql(server, """SELECT format('DROP DATABASE %I WITH (FORCE)', datname)
            FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres' \\gexec
            DROP SCHEMA public CASCADE;
            CREATE SCHEMA public AUTHORIZATION pg_database_owner;""")
        names.rename(cluster.endpoint, "free")


# The status is played by Describes: moto's own must not move it.
DBCluster.status = property(lambda self: self._status,
                            lambda self, value: setattr(self, "_status", value))


def describe(operation, kind, attribute, key, missing):
    @rds(operation)
    def _(self, moto):
        answer = moto()
        shown = []
        for thing in answer.result[kind]:
            thing.status = lives(backend(self)).setdefault(thing.arn, Life("available")).describe()
            if thing.status == "gone":
                remove(self, getattr(backend(self), attribute), thing)
            else:
                shown.append(thing)
        if given(self, key) and not shown:
            raise Fault(missing, f"{given(self, key)} not found.")
        answer.result[kind] = shown
        return answer


describe("DescribeDBClusters", "DBClusters", "clusters", "DBClusterIdentifier",
         "DBClusterNotFoundFault")
describe("DescribeDBInstances", "DBInstances", "databases", "DBInstanceIdentifier",
         "DBInstanceNotFound")


def remove(self, things, thing):
    del things[thing.resource_id]
    lives(backend(self)).pop(thing.arn, None)
    ec2 = ec2_backends[self.current_account][self.region]
    for eni in list(ec2.enis.values()):
        if getattr(eni, "db_instance", None) is thing:
            del ec2.enis[eni.id]


def must_be_available(self, thing, code):
    life = lives(backend(self)).get(thing.arn)
    if life and life.now != "available":
        raise Fault(code, f"{thing.arn} is {life.now}, not available.")


@rds("ModifyDBCluster")
def _(self, moto):
    store, name = backend(self), given(self, "DBClusterIdentifier").lower()
    if name not in store.clusters:
        raise Fault("DBClusterNotFoundFault", f"DBCluster {name} not found.")
    cluster = store.clusters[name]
    must_be_available(self, cluster, "InvalidDBClusterStateFault")
    password, http = given(self, "MasterUserPassword"), given(self, "EnableHttpEndpoint")
    logs = given(self, "CloudwatchLogsExportConfiguration", {})
    answer = moto()
    set_login(cluster, password)
    if http is not None:
        cluster._enable_http_endpoint = http
    exports = set(cluster.enabled_cloudwatch_logs_exports) | set(logs.get("EnableLogTypes", []))
    cluster.enabled_cloudwatch_logs_exports = sorted(exports - set(logs.get("DisableLogTypes", [])))
    lives(store)[cluster.arn] = Life("modifying", "available")
    return answer


@rds("DeleteDBCluster")
def _(self, moto):
    store, name = backend(self), given(self, "DBClusterIdentifier").lower()
    cluster = store.clusters.get(name)
    if not cluster:
        raise Fault("DBClusterNotFoundFault", f"DBCluster {name} not found.")
    must_be_available(self, cluster, "InvalidDBClusterStateFault")
    snapshot, skip = given(self, "FinalDBSnapshotIdentifier"), given(self, "SkipFinalSnapshot")
    if bool(snapshot) == bool(skip):
        raise Fault("InvalidParameterCombination", "FinalDBSnapshotIdentifier is required "
                    "unless SkipFinalSnapshot is specified, and refused when it is.")
    for member in cluster._members:
        if lives(store).get(member.arn, Life("available")).now != "deleting":
            raise Fault("InvalidDBClusterStateFault", "Cluster cannot be deleted, it still "
                        "contains DB instances in non-deleting state.")
    for member in cluster._members:
        remove(self, store.databases, member)
    answer = moto()
    drop_databases(cluster)
    store.clusters[name] = cluster
    lives(store)[cluster.arn] = Life("deleting", "gone")
    cluster.status = "deleting"
    return answer


# Instances

@rds("CreateDBInstance")
def _(self, moto):
    store = backend(self)
    cluster = store.clusters.get(str(given(self, "DBClusterIdentifier")).lower())
    answer = moto()
    instance = answer.result["DBInstance"]
    lives(store)[instance.arn] = Life("creating", "available")
    instance.status = "creating"
    if cluster and cluster.db_subnet_group_name in store.subnet_groups:
        group_name = cluster.db_subnet_group_name
        instance.db_subnet_group_name = group_name
        add_interface(self, instance, cluster, store.subnet_groups[group_name]._subnets)
    return answer


def add_interface(self, instance, cluster, subnets):
    """As on AWS it says neither instance nor cluster; db_instance is for us."""
    ec2 = ec2_backends[self.current_account][self.region]
    zone = given(self, "AvailabilityZone", subnets[0].availability_zone)
    subnet = next(s for s in subnets if s.availability_zone == zone)
    instance.availability_zone = zone
    eni = service_interface(ec2, subnet.id, cluster.vpc_security_group_ids, "RDSNetworkInterface")
    eni.db_instance = instance


@rds("ModifyDBInstance", "RebootDBInstance", "DeleteDBInstance")
def _(self, moto):
    store, name = backend(self), given(self, "DBInstanceIdentifier").lower()
    instance = store.databases.get(name)
    if not instance:
        raise Fault("DBInstanceNotFound", f"DBInstance {name} not found.")
    must_be_available(self, instance, "InvalidDBInstanceState")
    states = {"ModifyDBInstance": ("modifying", "available"),
              "RebootDBInstance": ("rebooting", "available"),
              "DeleteDBInstance": ("deleting", "gone")}[self._get_action()]
    answer = moto()
    store.databases[name] = instance
    lives(store)[instance.arn] = Life(*states)
    instance.status = states[0]
    return answer


# What moto lacks

@rds("DescribeOrderableDBInstanceOptions")
def _(self, moto):
    if given(self, "Engine") != "aurora-postgresql":
        return moto()
    version, kind = given(self, "EngineVersion"), given(self, "DBInstanceClass")
    zones = [{"Name": self.region + zone} for zone in "abc"]
    return {"OrderableDBInstanceOptions": [
        {"Engine": "aurora-postgresql", "EngineVersion": v, "DBInstanceClass": c, "Vpc": True,
         "AvailabilityZones": zones, "SupportsClusters": True, "StorageType": "aurora",
         "SupportedEngineModes": ["provisioned"], "LicenseModel": "postgresql-license"}
        for v in VERSIONS if version in (None, v) for c in CLASSES if kind in (None, c)]}


@rds("DescribePendingMaintenanceActions")
def _(self, _moto):
    return {"PendingMaintenanceActions": []}


@rds("AddTagsToResource", "RemoveTagsFromResource", "ListTagsForResource")
def _(self, moto):
    arn = given(self, "ResourceName")
    if not backend(self)._get_resource_for_tagging(arn):
        raise Fault("InvalidParameterValue", f"The resource {arn} was not found.")
    return moto()


def more_tagged(self, original=RDSBackend.iter_tagged_resources):
    yield from original(self)
    for kind, things in (("subgrp", self.subnet_groups), ("pg", self.db_parameter_groups),
                         ("cluster-pg", self.db_cluster_parameter_groups)):
        for thing in things.values():
            yield TaggedResource(arn=thing.arn, resource_type="rds:" + kind,
                                 tags={t["Key"]: t["Value"] for t in thing.get_tags()})


RDSBackend.iter_tagged_resources = more_tagged
# Nothing of ours outlives its cluster.
DBCluster.save_automated_backup = DBInstance.save_automated_backup = lambda self: None


@rds("EnableHttpEndpoint", "DisableHttpEndpoint")
def _(self, _moto):
    arn = given(self, "ResourceArn")
    for cluster in backend(self).clusters.values():
        if cluster.arn == arn:
            cluster._enable_http_endpoint = self._get_action() == "EnableHttpEndpoint"
            return {"ResourceArn": arn, "HttpEndpointEnabled": cluster._enable_http_endpoint}
    raise Fault("ResourceNotFoundFault", f"{arn} is not found")
