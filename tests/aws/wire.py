"""Reads a request to AWS by the service models of botocore, as the service itself
would, and says everything that is wrong with it: unknown parameters, types, required
members, enums, patterns, lengths, gaps in lists, the form of the signature and the
signature itself."""

import base64
import binascii
import datetime
import functools
import hashlib
import json
import os
import re
import urllib.parse

import botocore.parsers
import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.validate import ParamValidator

# The service of a signing name; sts and the SSO ones also come unsigned.
SERVICES = {"ec2": "ec2", "rds": "rds", "elasticloadbalancing": "elbv2", "iam": "iam",
            "sts": "sts", "dms": "dms", "secretsmanager": "secretsmanager", "kms": "kms",
            "ssm": "ssm", "tagging": "resourcegroupstaggingapi", "logs": "logs",
            "rds-data": "rds-data", "servicequotas": "service-quotas"}
UNSIGNED = ("sts", "sso", "sso-oidc")
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[A-Za-z0-9]+)/(?P<date>\d{8})/(?P<region>[a-z0-9-]+)/"
    r"(?P<service>[a-z0-9-]+)/aws4_request, SignedHeaders=(?P<signed>[a-z0-9;-]+), "
    r"Signature=(?P<signature>[0-9a-f]{64})")
NOTHING = object()


@functools.lru_cache(None)
def model(service):
    return botocore.session.get_session().get_service_model(service)


def protocol(service):
    """The protocol that dmsl speaks with the service; botocore may prefer another."""
    metadata = model(service).metadata
    spoken = [p for p in metadata.get("protocols", [metadata["protocol"]])
              if p in ("ec2", "query", "json", "rest-json")]
    return spoken[0]


class Request:
    """What was read: service, operation, params, key, region, and `wrong`, a list."""

    def __init__(self, method, path, headers, body):
        self.method, self.path, self.body = method, path, body
        self.headers = {name.lower(): value for name, value in headers}
        self.service = self.operation = self.key = self.region = None
        self.params, self.wrong = {}, []
        self.model = None
        self.read_authorization()
        if self.service:
            {"ec2": self.read_form, "query": self.read_form, "json": self.read_json,
             "rest-json": self.read_rest}[protocol(self.service)]()
        if self.model:
            self.operation = self.model.name
            self.check_values()

    def say(self, text):
        self.wrong.append(text)

    # The signature

    def read_authorization(self):
        given = self.headers.get("authorization")
        if not given:
            self.read_unsigned()
            return
        found = AUTHORIZATION.fullmatch(given)
        if not found:
            self.say(f"malformed Authorization header: {given[:60]}")
            return
        self.key, self.region = found["key"], found["region"]
        self.service = SERVICES.get(found["service"])
        if not self.service:
            self.say(f"signed for an unknown service: {found['service']}")
        signed = found["signed"].split(";")
        if signed != sorted(signed):
            self.say("SignedHeaders is not sorted")
        for name in ["host", "x-amz-date"] + [n for n in self.headers if n.startswith("x-amz-")]:
            if name not in signed:
                self.say(f"header {name} is not signed")
        if not self.headers.get("x-amz-date", "").startswith(found["date"]):
            self.say("the date of the scope is not that of X-Amz-Date")
        sent = self.headers.get("x-amz-content-sha256")
        if sent and sent != hashlib.sha256(self.body).hexdigest():
            self.say("X-Amz-Content-Sha256 is not that of the body")
        self.check_signature(found, signed)

    def check_signature(self, found, signed):
        """Signs once more, with botocore, where the key is the environment's own."""
        if found["key"] != os.environ.get("AWS_ACCESS_KEY_ID"):
            return
        again = AWSRequest(self.method, "http://" + self.headers.get("host", "") + self.path,
                           {n: self.headers[n] for n in signed if n in self.headers}, self.body)
        again.context["timestamp"] = self.headers.get("x-amz-date", "")
        signer = SigV4Auth(Credentials(found["key"], os.environ["AWS_SECRET_ACCESS_KEY"]),
                           found["service"], found["region"])
        # The hash of the body is what the body says, whatever header was sent.
        signer.payload = lambda request: hashlib.sha256(self.body).hexdigest()
        text = signer.string_to_sign(again, signer.canonical_request(again))
        if signer.signature(text, again) != found["signature"]:
            self.say("the signature is wrong")

    def read_unsigned(self):
        form = dict(urllib.parse.parse_qsl(self.body.decode("utf-8", "replace")))
        path = self.path.split("?")[0]
        self.service = {"/token": "sso-oidc", "/federation/credentials": "sso"}.get(
            path, "sts" if form.get("Version") == model("sts").api_version else None)
        if not self.service:
            self.say("no Authorization header")

    # The protocols

    def find(self, name):
        if name not in model(self.service).operation_names:
            self.say(f"{self.service} has no operation {name}")
            return
        self.model = model(self.service).operation_model(name)
        if "authorization" not in self.headers and self.model.auth_type != "none":
            self.say(f"{name} must be signed")

    def content_type(self, wanted):
        given = self.headers.get("content-type", "").split(";")[0].strip()
        if given != wanted:
            self.say(f"Content-Type is {given or 'missing'}, not {wanted}")

    def read_form(self):
        self.content_type("application/x-www-form-urlencoded")
        if self.path != "/" or self.method != "POST":
            self.say(f"{self.method} {self.path} instead of POST /")
        self.form = {}
        for key, value in urllib.parse.parse_qsl(
                self.body.decode(), keep_blank_values=True, strict_parsing=bool(self.body)):
            if key in self.form:
                self.say(f"parameter {key} comes twice")
            self.form[key] = value
        version = self.form.pop("Version", None)
        if version != model(self.service).api_version:
            self.say(f"Version is {version}, not {model(self.service).api_version}")
        self.find(self.form.pop("Action", None))
        if not self.model:
            return
        self.used = set()
        if self.model.input_shape:
            params = self.take(self.model.input_shape, "")
            self.params = {} if params is NOTHING else params
        for key in sorted(set(self.form) - self.used):
            self.say(f"unknown parameter {key}")

    def wire_name(self, member, shape):
        ec2 = protocol(self.service) == "ec2"
        name = shape.serialization.get("name")
        if ec2:
            query = shape.serialization.get("queryName")
            return query or (name[0].upper() + name[1:] if name else member)
        return name or member

    def take(self, shape, prefix):
        if shape.type_name == "structure":
            dot = prefix and prefix + "."
            taken = {member: self.take(inner, dot + self.wire_name(member, inner))
                     for member, inner in shape.members.items()
                     if not dot or self.below(dot)}
            taken = {member: value for member, value in taken.items() if value is not NOTHING}
            return taken or NOTHING
        if shape.type_name in ("list", "map"):
            return self.take_list(shape, prefix)
        if prefix not in self.form:
            return NOTHING
        self.used.add(prefix)
        return self.convert(shape, prefix, self.form[prefix])

    def below(self, dot):
        return any(key.startswith(dot) for key in self.form)

    def take_list(self, shape, prefix):
        if self.form.get(prefix) == "":
            self.used.add(prefix)
            return [] if shape.type_name == "list" else {}
        base = prefix
        if shape.type_name == "map":
            base += "" if shape.serialization.get("flattened") else ".entry"
        elif protocol(self.service) != "ec2":
            name = shape.member.serialization.get("name")
            if shape.serialization.get("flattened"):
                base = prefix.rpartition(".")[0] + name if name else prefix
            else:
                base += "." + (name or "member")
        numbers = sorted({int(found[1]) for found in (
            re.match(re.escape(base) + r"\.(\d+)(?:\.|$)", key) for key in self.form) if found})
        if not numbers:
            return NOTHING
        if numbers != list(range(1, len(numbers) + 1)):
            self.say(f"the indices of {base} are {numbers}")
        if shape.type_name == "list":
            return [self.take(shape.member, f"{base}.{n}") for n in numbers]
        key, value = (part.serialization.get("name", default)
                      for part, default in ((shape.key, "key"), (shape.value, "value")))
        return {self.take(shape.key, f"{base}.{n}.{key}"):
                self.take(shape.value, f"{base}.{n}.{value}") for n in numbers}

    def convert(self, shape, name, text):
        """The text of a form as the type of the model."""
        kind = shape.type_name
        try:
            if kind == "boolean":
                return {"true": True, "false": False}[text]
            if kind in ("integer", "long"):
                return int(text)
            if kind in ("float", "double"):
                return float(text)
            if kind == "timestamp":
                return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
            if kind == "blob":
                return base64.b64decode(text, validate=True)
        except (KeyError, ValueError, binascii.Error):
            self.say(f"{name} is no {kind}: {text[:40]}")
        return text

    def read_json(self):
        metadata = model(self.service).metadata
        self.content_type("application/x-amz-json-" + metadata["jsonVersion"])
        prefix, _, name = self.headers.get("x-amz-target", "").rpartition(".")
        if prefix != metadata["targetPrefix"]:
            self.say(f"X-Amz-Target begins with {prefix}, not {metadata['targetPrefix']}")
        self.find(name)
        self.load_body()

    def read_rest(self):
        path, _, query = self.path.partition("?")
        for name in model(self.service).operation_names:
            operation = model(self.service).operation_model(name)
            http = operation.http
            if (http["method"], http["requestUri"].split("?")[0]) == (self.method, path):
                self.find(name)
        if not self.model:
            self.say(f"{self.service} has no {self.method} {path}")
            return
        if self.body:
            self.content_type("application/json")
        self.load_body()
        outside = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        for member, shape in (self.model.input_shape.members if self.model.input_shape else {}).items():
            place, name = shape.serialization.get("location"), shape.serialization.get("name", member)
            if place == "querystring" and name in outside:
                self.params[member] = outside.pop(name)
            if place == "header" and name.lower() in self.headers:
                self.params[member] = self.headers[name.lower()]
        for name in outside:
            self.say(f"unknown parameter {name}")

    def load_body(self):
        try:
            self.params = json.loads(self.body or b"{}")
        except ValueError as reason:
            self.say(f"the body is no JSON: {reason}")
        if not isinstance(self.params, dict):
            self.say("the body is no JSON object")
            self.params = {}

    # The values

    def check_values(self):
        shape = self.model.input_shape
        if not shape:
            if self.params:
                self.say(f"{self.model.name} takes no parameters")
            return
        report = ParamValidator().validate(self.for_validator(self.params, shape), shape)
        if report.has_errors():
            self.wrong += report.generate_report().splitlines()
        self.check(self.params, shape, self.model.name)

    def for_validator(self, value, shape):
        """JSON has blobs and times as text and numbers; the validator wants values."""
        kind = shape.type_name
        if kind == "structure" and isinstance(value, dict):
            return {k: self.for_validator(v, shape.members[k]) if k in shape.members else v
                    for k, v in value.items()}
        if kind == "list" and isinstance(value, list):
            return [self.for_validator(v, shape.member) for v in value]
        if kind == "blob" and isinstance(value, str):
            try:
                return base64.b64decode(value, validate=True)
            except binascii.Error:
                self.say("a blob is no base64")
        if kind == "timestamp" and not isinstance(value, (int, float, datetime.datetime)):
            self.say(f"a time is {value!r}")
        return value

    def check(self, value, shape, path):
        """What botocore's validator leaves out."""
        if value is None:
            self.say(f"{path} is null")
        elif isinstance(value, dict) and shape.type_name == "structure":
            for key, inner in value.items():
                if key in shape.members:
                    self.check(inner, shape.members[key], f"{path}.{key}")
        elif isinstance(value, list) and shape.type_name == "list":
            self.check_most(len(value), shape, path, "entries")
            for n, inner in enumerate(value):
                self.check(inner, shape.member, f"{path}[{n}]")
        elif isinstance(value, str) and shape.type_name == "string":
            self.check_most(len(value), shape, path, "characters")
            if shape.enum and value not in shape.enum:
                self.say(f"{path} is {value!r}, none of {', '.join(shape.enum[:8])} …")
            pattern = shape.metadata.get("pattern")
            if pattern and not matches(pattern, value):
                self.say(f"{path} does not match {pattern}")
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            self.check_most(value, shape, path, "")

    def check_most(self, size, shape, path, unit):
        most = shape.metadata.get("max")
        if most is not None and size > most:
            self.say(f"{path} has {size} {unit}, at most {most} may be")


def matches(pattern, value):
    try:
        return re.search(pattern if pattern.startswith("^") else f"^(?:{pattern})$", value, re.S)
    except re.error:  # a few are of another dialect
        return True


def read_answer(request, status, headers, body):
    """The answer as botocore reads it: (error code or None, parsed)."""
    if not request.model:
        return (None if status < 300 else f"HTTP {status}"), {}
    if status >= 300 and b"<html" in body[:200].lower():
        return f"HTTP {status}", {}
    parser = botocore.parsers.create_parser(protocol(request.service))
    try:
        parsed = parser.parse({"status_code": status, "headers": headers, "body": body},
                              request.model.output_shape)
    except Exception as reason:  # whatever the parser meets in what is no answer
        return f"unreadable: {type(reason).__name__}", {}
    parsed.pop("ResponseMetadata", None)
    return (parsed.get("Error", {}).get("Code") if status >= 300 else None), parsed
