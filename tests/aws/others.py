"""What moto lacks of IAM, KMS, Secrets Manager, Service Quotas and the tagging API."""

import fnmatch
import json
import uuid

from moto.core.resource_tagging import TaggedResource
from moto.ec2.models import EC2Backend
from moto.iam.models import iam_backends
from moto.iam.responses import IamResponse
from moto.kms.models import kms_backends
from moto.kms.responses import KmsResponse
from moto.secretsmanager import exceptions
from moto.secretsmanager.models import secretsmanager_backends
from moto.secretsmanager.responses import SecretsManagerResponse
from moto.servicequotas.responses import ServiceQuotasResponse

from hooks import Fault, handles

QUOTAS = [
    ("vpc", "L-F678F1CE", "VPCs per Region", 5.0),
    ("vpc", "L-A4707A72", "Internet gateways per Region", 5.0),
    ("vpc", "L-DF5E4CA3", "Network interfaces per Region", 5000.0),
    ("vpc", "L-29B6F2EB", "Interface VPC endpoints per VPC", 50.0),
    ("ec2", "L-0263D0A3", "EC2-VPC Elastic IPs", 5.0),
    ("ec2", "L-1216C47A", "Running On-Demand Standard instances", 32.0),
    ("elasticloadbalancing", "L-69A177A2", "Network Load Balancers per Region", 50.0),
    ("rds", "L-952B80B8", "DB clusters", 40.0),
    ("rds", "L-7B6409FD", "DB instances", 40.0),
    ("dms", "L-0B1C2CDE", "Replication instances", 60.0),
]


def quota(service, code, name, value):
    return {"ServiceCode": service, "QuotaCode": code, "QuotaName": name, "Value": value,
            "Unit": "None", "Adjustable": True, "GlobalQuota": False,
            "QuotaArn": f"arn:aws:servicequotas:::{service}/{code}"}


@handles(ServiceQuotasResponse, "ListServiceQuotas", "ListAWSDefaultServiceQuotas")
def _(self, _moto):
    service = json.loads(self.body)["ServiceCode"]
    return {"Quotas": [quota(*row) for row in QUOTAS if row[0] == service]}


@handles(ServiceQuotasResponse, "GetServiceQuota", "GetAWSDefaultServiceQuota")
def _(self, _moto):
    wanted = json.loads(self.body)
    for row in QUOTAS:
        if row[:2] == (wanted["ServiceCode"], wanted["QuotaCode"]):
            return {"Quota": quota(*row)}
    raise Fault("NoSuchResourceException", f"There is no quota {wanted['QuotaCode']}.")


# IAM

def iam(self):
    return iam_backends[self.current_account][self.partition]


@handles(IamResponse, "ListInstanceProfileTags")
def _(self, _moto):
    profile = iam(self).get_instance_profile(self._get_param("InstanceProfileName"))
    return {"Tags": [{"Key": k, "Value": v} for k, v in profile.tags.items()]
            if isinstance(profile.tags, dict) else profile.tags, "IsTruncated": False}


@handles(IamResponse, "RemoveRoleFromInstanceProfile")
def _(self, moto):
    profile = iam(self).get_instance_profile(self._get_param("InstanceProfileName"))
    role = self._get_param("RoleName")
    if role not in [held.name for held in profile.roles]:
        raise Fault("NoSuchEntity", f"Role {role} is not in instance profile {profile.name}.")
    return moto()


def documents(self, arn):
    """The policies of a user or role, as their documents."""
    kind, name = arn.split(":", 5)[5].split("/", 1)
    name = name.rsplit("/", 1)[-1]
    store = iam(self)
    holder = store.get_user(name) if kind == "user" else store.get_role(name)
    found = [policy.document for policy in holder.managed_policies.values()]
    inline = holder.policies
    found += inline.values() if isinstance(inline, dict) else [p["policy_document"] for p in inline]
    return [json.loads(text) if isinstance(text, str) else text for text in found]


def listed(value):
    return value if isinstance(value, list) else [value]


def decide(policies, action):
    """Without conditions and resources: a denial wins, then a permission."""
    effects = {statement["Effect"] for policy in policies
               for statement in listed(policy["Statement"])
               if any(fnmatch.fnmatchcase(action.lower(), pattern.lower())
                      for pattern in listed(statement.get("Action", [])))}
    if "Deny" in effects:
        return "explicitDeny"
    return "allowed" if "Allow" in effects else "implicitDeny"


@handles(IamResponse, "SimulatePrincipalPolicy")
def _(self, _moto):
    arn = self._get_param("PolicySourceArn")
    root = arn.endswith(":root") or ":sts:" in arn
    policies = [] if root else documents(self, arn)
    resources = self._get_param("ResourceArns", []) or ["*"]
    return {"IsTruncated": False, "EvaluationResults": [
        {"EvalActionName": action, "EvalResourceName": resource,
         "EvalDecision": "allowed" if root else decide(policies, action)}
        for action in self._get_param("ActionNames", []) for resource in resources]}


@handles(IamResponse, "CreateRole", "UpdateAssumeRolePolicy")
def _(self, moto):
    try:
        json.loads(self._get_param("AssumeRolePolicyDocument") or self._get_param("PolicyDocument"))
    except ValueError:
        raise Fault("MalformedPolicyDocument", "This policy contains invalid Json") from None
    return moto()


# Secrets Manager: what is not found is 400, and what waits for its end refuses

@handles(SecretsManagerResponse, "CreateSecret", "PutSecretValue", "UpdateSecret")
def _(self, moto):
    p = json.loads(self.body)
    wanted = p.get("SecretId", p.get("Name"))
    for secret in secretsmanager_backends[self.current_account][self.region].secrets.values():
        if wanted in (secret.name, secret.arn) and secret.is_deleted():
            raise Fault("InvalidRequestException", "You can't perform this operation on the "
                        "secret because it was marked for deletion.")
    if "ClientRequestToken" not in p:
        # Without a value no version is made, and none is needed; moto wants one.
        self.body = json.dumps({**p, "ClientRequestToken": str(uuid.uuid4())})
    return moto()


def not_found_is_400(error):
    original = error.__init__

    def init(self, *arguments):
        original(self, *arguments)
        self.code = 400

    error.__init__ = init


for each in (exceptions.ResourceNotFoundException, exceptions.SecretNotFoundException,
             exceptions.SecretHasNoValueException):
    not_found_is_400(each)


# KMS: the alias that DMS's first use makes

@handles(KmsResponse, "DescribeKey")
def _(self, moto):
    store = kms_backends[self.current_account][self.region]
    if json.loads(self.body).get("KeyId", "").endswith("alias/aws/dms") \
            and not store.alias_exists("alias/aws/dms"):
        key = store.create_key(None, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "DMS's own", None)
        store.create_alias(key.id, "alias/aws/dms")
    return moto()


# What GetResources leaves out of EC2

def more_tagged(self, original=EC2Backend.iter_tagged_resources):
    seen = set()
    for resource in original(self):
        seen.add(resource.arn)
        yield resource
    left = [("elastic-ip", a.allocation_id, a) for a in self.addresses]
    left += [("vpc-endpoint", e.id, e) for e in self.vpc_end_points.values()
             if e.state != "deleted"]
    left += [("vpc-endpoint-service", s.id, s) for s in self.configurations.values()]
    left += [("security-group-rule", rule.id, rule) for groups in self.groups.values()
             for group in groups.values() for rule in group.ingress_rules + group.egress_rules]
    for kind, name, thing in left:
        arn = f"arn:aws:ec2:{self.region_name}:{self.account_id}:{kind}/{name}"
        if arn not in seen:
            yield TaggedResource(arn=arn, resource_type="ec2:" + kind,
                                 tags={t["key"]: t["value"] for t in thing.get_tags()})


EC2Backend.iter_tagged_resources = more_tagged
