"""The recording proxy and the checks of its log: what botocore sends is flawless, each
planted mistake is found, each fault looks to a client as it should."""

import http.client
import json
import os
import subprocess
import sys
import urllib.parse
import urllib.request

import boto3
import botocore.config
import botocore.exceptions
import botocore.parsers
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

import stack
from tap import case, main

URL, LOG = os.environ["AWS_ENDPOINT_URL"], os.environ["AWS_LOG"]
HERE = os.path.dirname(os.path.abspath(__file__))
KEY, SECRET = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]


def control(path, body=None):
    request = urllib.request.Request(URL + "/_proxy/" + path, method="POST",
                                     data=b"" if body is None else json.dumps(body).encode())
    return urllib.request.urlopen(request, timeout=10).read()


def entries():
    with open(LOG, encoding="utf-8") as lines:
        return [entry for entry in map(json.loads, lines) if "mark" not in entry]


def check(*words, log=LOG, secret=""):
    """(found, output) of check_log.py."""
    done = subprocess.run([sys.executable, HERE + "/check_log.py", log, *words], text=True,
                          capture_output=True, env={**os.environ, "SECRET": secret})
    assert done.returncode in (0, 1) and not done.stderr, done.stderr
    return done.returncode == 1, done.stdout


def send(service, body, headers, key=KEY, secret=SECRET, signing=None, spoil=None):
    """A request of our own making; what the proxy found wrong with it."""
    request = AWSRequest("POST", URL + "/", headers, body)
    SigV4Auth(Credentials(key, secret), signing or service, "us-east-1").add_auth(request)
    sent = dict(request.headers.items())
    if spoil:
        spoil(sent)
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(URL).netloc)
    connection.request("POST", "/", body, sent)
    connection.getresponse().read()
    return " | ".join(entries()[-1]["wrong"])


def form(service, version, **parameters):
    more = parameters.pop("send", {})
    return send(service, urllib.parse.urlencode({**parameters, "Version": version}),
                {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}, **more)


def ec2(**parameters):
    return form("ec2", "2016-11-15", **parameters)


def dms(operation, **parameters):
    return send("dms", json.dumps(parameters), {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "AmazonDMSv20160101." + operation})


@case("a whole stack by boto3: recorded, flawless, in order, tagged, once")
def _():
    aws = stack.clients()
    control("mark/apply")
    s = stack.Stack(aws).build("sentinel-77aa")
    s.tested()
    task = s.task()
    aws["logs"].describe_log_groups()
    control("mark/plan")
    s.wait("describe_replication_tasks", "ReplicationTasks", "replication-task-arn", task, "ready")
    control("mark/destroy")
    s.destroy()
    for name in ("valid", "tags", "order", "unique", "left"):
        found, output = check(name)
        # boto3's rules of security groups carry no tags.
        lines = [line for line in output.splitlines() if "AuthorizeSecurityGroup" not in line]
        assert not lines, output
    assert check("secret", secret="sentinel-77aa") == (False, "")
    assert not check("--span", "plan", "reads")[0] and check("--span", "apply", "reads")[0]
    assert "ec2:CreateVpc" in check("economy")[1]


@case("planted mistakes in forms are found")
def _():
    for wanted, parameters in (
            ("unknown parameter Filterz.1.Name", {"Filterz.1.Name": "x"}),
            ("indices of Filter are [1, 3]", {"Filter.1.Name": "x", "Filter.3.Name": "y"}),
            ("MaxResults is no integer", {"MaxResults": "many"}),
            ("DryRun is no boolean", {"DryRun": "yes"}),
            ("has 1001", {"MaxResults": "1001"})):
        said = ec2(Action="DescribeVpcs", **parameters)
        assert wanted in said, (wanted, said)
    assert "has no operation" in ec2(Action="DescribeVpcz")
    assert "Version is" in form("ec2", "2011-01-01", Action="DescribeVpcs")
    said = ec2(Action="CreateVpc", **{"CidrBlock": "10.0.0.0/16", "InstanceTenancy": "mine"})
    assert "none of default, dedicated" in said, said
    assert "Missing required parameter" in ec2(Action="DeleteSubnet")
    said = form("rds", "2014-10-31", Action="CreateDBCluster", DBClusterIdentifier="a",
                Engine="aurora-postgresql", **{"VpcSecurityGroupIds.member.1": "sg-1"})
    assert "unknown parameter VpcSecurityGroupIds.member.1" in said, said
    twice = send("ec2", "Action=DescribeVpcs&Version=2016-11-15&DryRun=true&DryRun=true",
                 {"Content-Type": "application/x-www-form-urlencoded"})
    assert "comes twice" in twice, twice


@case("planted mistakes in JSON are found")
def _():
    for wanted, parameters in (
            ("Unknown parameter", {"EndpointIdentifier": "a", "EndpointType": "source",
                                   "EngineName": "postgres", "Misspelt": 1}),
            ("Invalid type for parameter Port", {"EndpointIdentifier": "a", "EndpointType": "source",
                                                 "EngineName": "postgres", "Port": "5432"}),
            ("is null", {"EndpointIdentifier": "a", "EndpointType": "source",
                         "EngineName": "postgres", "ServerName": None}),
            ("none of source, target", {"EndpointIdentifier": "a", "EndpointType": "middle",
                                        "EngineName": "postgres"}),
            ("Missing required parameter", {"EndpointType": "source"})):
        said = dms("CreateEndpoint", **parameters)
        assert wanted in said, (wanted, said)
    said = send("dms", "{}", {"Content-Type": "application/json",
                              "X-Amz-Target": "AmazonDMSv20160101.DescribeEndpoints"})
    assert "Content-Type is application/json" in said, said


@case("planted mistakes in signatures are found")
def _():
    given = {"Action": "DescribeVpcs"}
    assert not ec2(**given)
    assert "signature is wrong" in ec2(**given, send={"secret": "other"})

    def unsorted(headers):
        text = headers["Authorization"]
        headers["Authorization"] = text.replace("content-type;host", "host;content-type")
    assert "not sorted" in ec2(**given, send={"spoil": unsorted})

    def further(headers):
        headers["X-Amz-Security-Token"] = "unsigned"
    assert "x-amz-security-token is not signed" in ec2(**given, send={"spoil": further})

    def malformed(headers):
        headers["Authorization"] = headers["Authorization"].replace(", ", ",")
    assert "malformed Authorization" in ec2(**given, send={"spoil": malformed})

    def none(headers):
        del headers["Authorization"]
    assert "no Authorization" in ec2(**given, send={"spoil": none})

    def hashed(headers):
        headers["X-Amz-Content-Sha256"] = "0" * 64
    assert "Content-Sha256 is not" in ec2(**given, send={"spoil": hashed})
    assert "unknown service" in ec2(**given, send={"signing": "ec3"})
    assert int(control("wrong")) > 0


def log_of(*calls):
    path = LOG + ".made"
    with open(path, "w", encoding="utf-8") as file:
        for n, (operation, params, answer) in enumerate(calls):
            service = {"CreateSecret": "secretsmanager", "CreateDBCluster": "rds"}.get(operation, "ec2")
            file.write(json.dumps({
                "n": n, "service": service, "operation": operation, "params": params,
                "answer": answer, "status": 200, "error": None, "wrong": [],
                "body": json.dumps(params)}) + "\n")
    return path


@case("planted faults in a log are found")
def _():
    def tagged(address):
        return [{"ResourceType": "vpc", "Tags": [
            {"Key": "dmsl:stack", "Value": "s"}, {"Key": "dmsl:intent", "Value": "i"},
            {"Key": "dmsl:address", "Value": address}]}]
    vpc = ("CreateVpc", {"CidrBlock": "10.0.0.0/16", "TagSpecifications": tagged("a")},
           {"Vpc": {"VpcId": "vpc-1"}})
    again = (vpc[0], vpc[1], {"Vpc": {"VpcId": "vpc-2"}})
    subnet = ("CreateSubnet", {"VpcId": "vpc-1"}, {"Subnet": {"SubnetId": "subnet-1"}})
    drop = ("DeleteVpc", {"VpcId": "vpc-1"}, {})
    found, said = check("order", log=log_of(vpc, subnet, drop))
    assert found and "Vpc vpc-1 is deleted before Subnet subnet-1" in said, said
    assert not check("order", log=log_of(
        vpc, subnet, ("DeleteSubnet", {"SubnetId": "subnet-1"}, {}), drop))[0]
    assert check("unique", log=log_of(vpc, again))[0]
    assert not check("unique", log=log_of(vpc, drop, again))[0]
    assert check("tags", log=log_of(subnet))[0] and not check("tags", log=log_of(vpc))[0]
    assert check("left", log=log_of(vpc))[0] and not check("left", log=log_of(vpc, drop))[0]
    assert check("reads", log=log_of(drop))[0]


@case("security groups that refer to each other: rules first")
def _():
    def group(name):
        return ("CreateSecurityGroup", {"GroupName": name}, {"GroupId": "sg-" + name})
    permission = [{"IpProtocol": "tcp", "UserIdGroupPairs": [{"GroupId": "sg-b"}]}]
    rule = ("AuthorizeSecurityGroupIngress", {"GroupId": "sg-a", "IpPermissions": permission},
            {"SecurityGroupRules": [{"SecurityGroupRuleId": "sgr-1",
                                     "ReferencedGroupInfo": {"GroupId": "sg-b"}}]})
    drops = [("DeleteSecurityGroup", {"GroupId": "sg-" + name}, {}) for name in "ba"]
    assert check("order", log=log_of(group("a"), group("b"), rule, *drops))[0]
    for taken in ({"SecurityGroupRuleIds": ["sgr-1"]}, {"IpPermissions": permission}):
        revoke = ("RevokeSecurityGroupIngress", {"GroupId": "sg-a", **taken}, {})
        assert not check("order", log=log_of(group("a"), group("b"), rule, revoke, *drops))[0]
    assert not check("order", log=log_of(group("a"), group("b"), rule, *drops[::-1]))[0]


@case("a secret outside of its member is found, in every form")
def _():
    secret = 'p"ss/w+rd 1'
    carried = ("CreateDBCluster", {"MasterUserPassword": secret, "DBClusterIdentifier": "d"}, {})
    assert not check("secret", log=log_of(carried), secret=secret)[0]
    for leak in (secret, urllib.parse.quote(secret, safe=""), "cCJzcy93K3JkIDE="):
        stray = ("CreateDBCluster", {"MasterUserPassword": "x", "DBClusterIdentifier": leak}, {})
        assert check("secret", log=log_of(stray), secret=secret)[0], leak
        assert check("secret", log=log_of(("CreateVpc", {"CidrBlock": leak}, {})), secret=secret)[0]


def client(service="ec2", **more):
    return boto3.client(service, config=botocore.config.Config(
        retries={"total_max_attempts": 1}, read_timeout=5), **more)


def outcome(function, **parameters):
    try:
        function(**parameters)
        return "ok"
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
    except (botocore.exceptions.BotoCoreError, botocore.parsers.ResponseParserError) as error:
        return type(error).__name__


@case("each fault looks as it should")
def _():
    describe = client().describe_vpcs
    for kind, wanted in (("throttle", "RequestLimitExceeded"), ("error500", "InternalFailure"),
                         ("error503", "ServiceUnavailable"),
                         ("reset-before", "ConnectionClosedError"),
                         ("truncate", "ResponseParserError"),
                         ("garbage", "ResponseParserError")):
        control("faults", {"faults": [{"kind": kind, "times": 1}]})
        seen = outcome(describe)
        assert seen == wanted, (kind, seen)
        assert outcome(describe) == "ok"
    control("faults", {"faults": [{"kind": "throttle", "times": 3}]})
    for service, operation, wanted in (("dms", "describe_endpoints", "ThrottlingException"),
                                       ("rds", "describe_db_clusters", "Throttling"),
                                       ("iam", "list_roles", "Throttling")):
        seen = outcome(getattr(client(service), operation))
        assert seen == wanted, (service, seen)


@case("after a lost answer the effect took place; operations are matched; a seed repeats")
def _():
    ec2 = client()
    control("faults", {"faults": [{"kind": "reset-after", "operations": ["ec2:CreateVpc"]}]})
    before = len(ec2.describe_vpcs()["Vpcs"])
    assert outcome(ec2.create_vpc, CidrBlock="10.9.0.0/16") == "ConnectionClosedError"
    assert len(ec2.describe_vpcs()["Vpcs"]) == before + 1
    runs = []
    for _ in range(2):
        control("faults", {"seed": 7, "faults": [{"kind": "throttle", "rate": 0.5}]})
        runs.append([outcome(ec2.describe_vpcs) for _ in range(12)])
    assert runs[0] == runs[1] and len(set(runs[0])) == 2
    control("faults", {})


@case("a stale answer is the one before, once")
def _():
    ec2 = client()
    before = len(ec2.describe_vpcs()["Vpcs"])
    control("faults", {"faults": [{"kind": "stale", "seconds": 60}]})
    ec2.create_vpc(CidrBlock="10.8.0.0/16")
    assert [len(ec2.describe_vpcs()["Vpcs"]) - before for _ in range(2)] == [0, 1]
    control("faults", {})


@case("a wrong clock is noticed until the client corrects it; a key expires")
def _():
    control("faults", {"faults": [{"kind": "clock", "seconds": 3600}]})
    assert outcome(client().describe_vpcs) == "RequestTimeTooSkewed"
    control("faults", {"faults": [{"kind": "expired", "skip": 1, "times": 1}]})
    ec2 = client()
    assert outcome(ec2.describe_vpcs) == "ok"
    assert outcome(ec2.describe_vpcs) == "RequestExpired"
    assert outcome(ec2.describe_vpcs) == "RequestExpired"
    other = client("dms", aws_access_key_id="AKIAOTHEROTHEROTHER1", aws_secret_access_key="x")
    seen = outcome(other.describe_replication_instances)
    assert seen == "ok", seen
    control("faults", {})


main()
