"""How SQL gets to a private database: commands on an instance by Systems Manager,
and the Data API. Both reach the PostgreSQL that stands behind a cluster (paths.py).

A command of AWS-RunShellScript is run by sh in an empty folder, with nothing of our
environment but PATH, in which psql and aws are ours (shims/). They reach what the
instance's network lets it reach, which is found out from what was built in moto when
the command is sent: psql the databases of its own network and those behind endpoints
in it, by their names there (its shim looks the name up and sets PGHOSTADDR and the
port); aws the services with an endpoint in the network, all where it has a way to the
internet. The agent itself needs the endpoints ssm, ssmmessages and ec2messages."""

import base64
import datetime
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import uuid

from moto.ec2.models import ec2_backends
from moto.rdsdata import urls
from moto.rdsdata.responses import RDSDataServiceResponse
from moto.ssm.models import ssm_backends
from moto.ssm.responses import SimpleSystemManagerResponse as Ssm
from moto.rds.models import rds_backends
from moto.secretsmanager.models import secretsmanager_backends

import libpq
import names
import paths
from hooks import Fault, handles, ours, out_of_turn

HERE = os.path.dirname(os.path.abspath(__file__))
# What GetCommandInvocation shows of each stream; the rest is lost.
SHOWN = 24000
# Holds another PATH for commands, where a test has put one.
PATH_FILE = os.path.join(os.path.dirname(names.LISTING), "host-path")
AGENT = {"ssm", "ssmmessages", "ec2messages"}


def given(self):
    return json.loads(self.body or "{}")


def online(self):
    """Instances whose agent would answer: running, with a profile, and a way to it."""
    ec2 = ec2_backends[self.current_account][self.region]
    return [instance for reservation in ec2.reservations.values()
            for instance in reservation.instances
            if instance._state.name == "running" and instance.iam_instance_profile
            and AGENT <= services(self, instance)]


def subnet_of(self, instance):
    return ec2_backends[self.current_account][self.region].get_subnet(instance.subnet_id)


def services(self, instance):
    found = paths.services_for(self.current_account, self.region, subnet_of(self, instance))
    return AGENT | found if "*" in found else found


def listing(self, instance):
    """The databases that the instance reaches, in the form of names.py."""
    lines = []
    for name, cluster in paths.databases_for(
            self.current_account, self.region, subnet_of(self, instance)):
        server = names.server_of(cluster.endpoint)
        if server:
            lines.append(f"{name} {server[0]}:{server[1]} {server[2]}\n")
    # Servers that are nobody's here stand beside all networks.
    lines += [f"{name[5:]} {address} {admin}\n" for name, address, admin in names.lines()
              if name.startswith("host:")]
    return "".join(lines)


@handles(Ssm, "DescribeInstanceInformation")
def _(self, _moto):
    wanted = None
    for rule in given(self).get("Filters", []):
        if rule.get("Key") == "InstanceIds":
            wanted = rule["Values"]
    return {"InstanceInformationList": [
        {"InstanceId": instance.id, "PingStatus": "Online", "PlatformType": "Linux",
         "AgentVersion": "3.3.0.0", "ResourceType": "EC2Instance"}
        for instance in online(self) if wanted is None or instance.id in wanted]}


class Run(threading.Thread):
    """One command on one instance."""

    def __init__(self, script, region, seconds, databases, reachable):
        super().__init__(daemon=True)
        self.script, self.region, self.seconds = script, region, seconds
        self.databases, self.reachable = databases, reachable
        self.status, self.code, self.output, self.errors = "InProgress", -1, "", ""
        self.started = datetime.datetime.now(datetime.timezone.utc)

    def run(self):
        with tempfile.TemporaryDirectory(
                dir=os.path.dirname(names.LISTING) or None, prefix="host-") as folder:
            environment = {
                "PATH": HERE + "/shims:/usr/local/bin:/usr/bin:/bin", "HOME": folder,
                "LC_ALL": "C.UTF-8", "AWS_SSM_REGION_NAME": self.region,
                "DMSL_MOTO_PYTHON": sys.executable,
                "DMSL_MOTO_URL": os.environ["DMSL_MOTO_URL"],
                "DMSL_MOTO_CREDENTIALS": os.environ.get("DMSL_MOTO_CREDENTIALS", ""),
                "DMSL_MOTO_SERVICES": " ".join(self.reachable),
                "DMSL_MOTO_DATABASES": folder + "/.databases"}
            if os.path.exists(PATH_FILE):
                with open(PATH_FILE, encoding="utf-8") as file:
                    environment["PATH"] = file.read().strip()
            with open(folder + "/.databases", "w", encoding="utf-8") as file:
                file.write(self.databases)
            process = subprocess.Popen(
                ["sh", "-s"], cwd=folder, env=environment, stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
            try:
                output, errors = process.communicate(self.script.encode(), self.seconds)
                self.code = process.returncode
                self.status = "Failed" if self.code else "Success"
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                output, errors = process.communicate()
                self.status = "TimedOut"
            self.output, self.errors = (
                stream.decode("utf-8", "replace")[:SHOWN] for stream in (output, errors))


def runs(self):
    return ours(ssm_backends[self.current_account][self.region], "runs")


@handles(Ssm, "SendCommand")
def _(self, _moto):
    p = given(self)
    if p["DocumentName"] != "AWS-RunShellScript":
        raise Fault("InvalidDocument", f"There is no document {p['DocumentName']}.")
    known = {instance.id: instance for instance in online(self)}
    for name in p.get("InstanceIds", []):
        if name not in known:
            raise Fault("InvalidInstanceId", f"Instances [[{name}]] not in a valid state")
    command = str(uuid.uuid4())
    seconds = int(p["Parameters"].get("executionTimeout", ["3600"])[0])
    for name in p["InstanceIds"]:
        run = Run("\n".join(p["Parameters"]["commands"]), self.region, min(seconds, 120),
                  listing(self, known[name]), services(self, known[name]))
        runs(self)[command, name] = run
        run.start()
    return {"Command": {"CommandId": command, "DocumentName": p["DocumentName"],
                        "InstanceIds": p["InstanceIds"], "Status": "Pending",
                        "Comment": p.get("Comment", ""), "TargetCount": len(p["InstanceIds"])}}


@handles(Ssm, "GetCommandInvocation")
def _(self, _moto):
    p = given(self)
    run = runs(self).get((p["CommandId"], p["InstanceId"]))
    if not run:
        raise Fault("InvocationDoesNotExist", "")
    # A look at it waits a little, so that pollers need not.
    with out_of_turn():
        run.join(0.2)
    return {"CommandId": p["CommandId"], "InstanceId": p["InstanceId"], "Status": run.status,
            "StatusDetails": run.status, "ResponseCode": run.code,
            "DocumentName": "AWS-RunShellScript", "PluginName": "aws:runShellScript",
            "ExecutionStartDateTime": run.started.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "StandardOutputContent": run.output, "StandardErrorContent": run.errors}


@handles(Ssm, "StartSession")
def _(self, _moto):
    p = given(self)
    if p.get("DocumentName") != "AWS-StartInteractiveCommand":
        raise Fault("InvalidDocument", f"There is no document {p.get('DocumentName')}.")
    if p["Target"] not in {instance.id for instance in online(self)}:
        raise Fault("TargetNotConnected", f"{p['Target']} is not connected.")
    session = f"dmsl-{uuid.uuid4().hex[:17]}"
    return {"SessionId": session, "TokenValue": "session-token-of-" + session,
            "StreamUrl": f"wss://ssmmessages.{self.region}.amazonaws.com/v1/data-channel/{session}"}


@handles(Ssm, "CancelCommand")
def _(self, _moto):
    return {}


# The Data API

def data(*operations):
    return handles(RDSDataServiceResponse, *operations)


for path in ("BatchExecute", "BeginTransaction", "CommitTransaction", "RollbackTransaction"):
    urls.url_paths["{0}/" + path + "$"] = urls.response.dispatch


def cluster_of(self, p):
    for cluster in rds_backends[self.current_account][self.region].clusters.values():
        if cluster.arn == p["resourceArn"]:
            if not cluster._enable_http_endpoint:
                raise Fault("BadRequestException", "HttpEndpoint is not enabled for resource "
                            + cluster.arn)
            return cluster
    raise Fault("BadRequestException", f"{p['resourceArn']} is not found")


def session(self, p):
    """A connection: the transaction's, or a new one."""
    cluster = cluster_of(self, p)
    if p.get("transactionId"):
        try:
            return ours(rds_backends[self.current_account][self.region],
                        "transactions")[p["transactionId"]]
        except KeyError:
            raise Fault("TransactionNotFoundException", p["transactionId"]) from None
    secret = secretsmanager_backends[self.current_account][self.region].get_secret_value(
        p["secretArn"], "", "AWSCURRENT")
    login = json.loads(secret["SecretString"])
    server = names.server_of(cluster.endpoint)
    if not server:
        raise Fault("DatabaseUnavailableException", f"no server stands behind {cluster.endpoint}")
    try:
        with out_of_turn():
            return libpq.Connection(server[0], server[1], p.get("database") or "postgres",
                                    login["username"], login["password"])
    except libpq.Error as reason:
        raise Fault("BadRequestException", str(reason)) from None


def execute(connection, sql, values):
    try:
        with out_of_turn():
            return connection.execute(sql, {v["name"]: v["value"] for v in values})
    except libpq.Error as reason:
        raise Fault("DatabaseErrorException", f"{reason}; SQLState: {reason.state}") from None


def field(text, kind):
    if text is None:
        return {"isNull": True}
    if kind in ("int2", "int4", "int8"):
        return {"longValue": int(text)}
    if kind in ("float4", "float8"):
        return {"doubleValue": float(text)}
    if kind == "bool":
        return {"booleanValue": text == "t"}
    if kind == "bytea":
        return {"blobValue": bytes.fromhex(text[2:])}
    return {"stringValue": text}


@data("ExecuteStatement")
def _(self, _moto):
    p = given(self)
    connection = session(self, p)
    result = execute(connection, p["sql"], p.get("parameters", []))
    if not p.get("transactionId"):
        connection.close()
    answer = {"numberOfRecordsUpdated": result.changed, "generatedFields": []}
    if result.columns:
        answer["records"] = [[field(text, kind) for text, (_, kind) in zip(row, result.columns)]
                             for row in result.rows]
    if p.get("includeResultMetadata"):
        answer["columnMetadata"] = [
            {"name": name, "label": name, "typeName": kind, "nullable": 1}
            for name, kind in result.columns]
    if sum(len(text or "") for row in result.rows for text in row) > 1 << 20:
        raise Fault("BadRequestException", "Database returned more than the allowed response size limit")
    return answer


@data("BatchExecuteStatement")
def _(self, _moto):
    p = given(self)
    connection = session(self, p)
    for values in p.get("parameterSets") or [[]]:
        execute(connection, p["sql"], values)
    if not p.get("transactionId"):
        connection.close()
    return {"updateResults": [{"generatedFields": []} for _ in p.get("parameterSets") or [[]]]}


@data("BeginTransaction")
def _(self, _moto):
    connection = session(self, given(self))
    execute(connection, "BEGIN", [])
    name = base64.b64encode(os.urandom(24)).decode()
    ours(rds_backends[self.current_account][self.region], "transactions")[name] = connection
    return {"transactionId": name}


@data("CommitTransaction", "RollbackTransaction")
def _(self, _moto):
    p = given(self)
    commit = self._get_action().startswith("Commit")
    known = ours(rds_backends[self.current_account][self.region], "transactions")
    connection = known.pop(p["transactionId"], None)
    if not connection:
        raise Fault("NotFoundException", "the transaction is not found")
    execute(connection, "COMMIT" if commit else "ROLLBACK", [])
    connection.close()
    return {"transactionStatus": "Transaction Committed" if commit else "Rollback Complete"}
