#!/usr/bin/env python3
"""check_log.py LOG [--span NAME]... CHECK...: judges what proxy.py has recorded; with
--span only what came after that mark and before the next. Exits 1 with a line for
each fault that it finds. The checks:

  valid      every request was as the service's model wants it
  reads      no call changed anything (SQL by commands and the Data API is let pass)
  tags       every create that can carry tags has dmsl:stack, dmsl:address, dmsl:intent
  order      nothing was deleted while something that uses it was left
  unique     nothing was created twice for one address while the first was left
  secret     the text in the environment variable SECRET stands in no request but in
             the members that must carry it
  left       what was created and not deleted (prints it, fails if there is any)
  economy    prints the number of calls of each operation (never fails)"""

import base64
import collections
import json
import os
import sys
import urllib.parse

from graph import Graph

READS = ("Describe", "List", "Get", "Simulate", "AssumeRole", "BatchGet")
REACH = {"SendCommand", "CancelCommand", "ExecuteStatement", "BatchExecuteStatement",
         "BeginTransaction", "CommitTransaction", "RollbackTransaction"}
OWNED = ("dmsl:stack", "dmsl:address", "dmsl:intent")
CREATES = ("Create", "Run", "Allocate", "Import", "AuthorizeSecurityGroup")
# Makes no object of ours.
UNTAGGED = {"CreateServiceLinkedRole", "CreateTags"}
CARRIERS = {"CreateSecret": "SecretString", "PutSecretValue": "SecretString",
            "UpdateSecret": "SecretString", "CreateDBCluster": "MasterUserPassword",
            "ModifyDBCluster": "MasterUserPassword", "CreateDBInstance": "MasterUserPassword",
            "ModifyDBInstance": "MasterUserPassword", "CreateEndpoint": "Password",
            "ModifyEndpoint": "Password"}


def name(call):
    return f"{call['n']} {call['service']}:{call['operation']}"


def succeeded(call):
    return 200 <= call["status"] < 300 and not call["error"]


def changes(call):
    operation = call["operation"] or ""
    return not operation.startswith(READS) and operation not in REACH \
        and not call["params"].get("DryRun")


def valid(calls):
    return [f"{name(call)}: {text}" for call in calls for text in call["wrong"]]


def reads(calls):
    return [f"{name(call)} changes something" for call in calls if changes(call)]


def tags_of(call):
    params = call["params"]
    given = params.get("Tags") or params.get("tags") or []
    for specification in params.get("TagSpecifications", []):
        given = given + specification.get("Tags", [])
    if isinstance(given, dict):
        return given
    return {tag.get("Key", tag.get("TagKey")): tag.get("Value", tag.get("TagValue"))
            for tag in given}


def can_carry_tags(call):
    import wire
    shape = wire.model(call["service"]).operation_model(call["operation"]).input_shape
    return shape and any(member in shape.members for member in ("Tags", "tags", "TagSpecifications"))


def tags(calls):
    found = []
    for call in calls:
        operation = call["operation"] or ""
        if operation.startswith(CREATES) and operation not in UNTAGGED and succeeded(call) \
                and can_carry_tags(call):
            missing = [key for key in OWNED if key not in tags_of(call)]
            if missing:
                found.append(f"{name(call)} has no tag {', '.join(missing)}")
    return found


def order(calls):
    graph = Graph()
    return [f"{name(call)}: {text}" for call in calls if succeeded(call)
            for text in graph.see(call)]


def left(calls):
    graph = Graph()
    for call in calls:
        if succeeded(call):
            list(graph.see(call))
    return [f"left: {node}" for node in sorted(map(str, graph.living()))]


def unique(calls):
    graph, made, found = Graph(), {}, []
    for call in calls:
        if not succeeded(call):
            continue
        before = set(graph.living())
        list(graph.see(call))
        address = tags_of(call).get("dmsl:address")
        for node in set(graph.living()) - before:
            key = (call["operation"], address)
            if address and made.get(key) in before:
                found.append(f"{name(call)} makes {node}, but {made[key]} is there for {address}")
            made[key] = node
    return found


def forms(secret):
    quoted = urllib.parse.quote(secret, safe="")
    return {secret, quoted, urllib.parse.quote_plus(secret), json.dumps(secret)[1:-1],
            base64.b64encode(secret.encode()).decode().rstrip("=")}


def without(value, member):
    if isinstance(value, dict):
        return {k: without(v, member) for k, v in value.items() if k != member}
    return [without(v, member) for v in value] if isinstance(value, list) else value


def secret(calls):
    wanted = forms(os.environ["SECRET"])
    found = []
    for call in calls:
        carrier = CARRIERS.get(call["operation"])
        text = json.dumps(without(call["params"], carrier), ensure_ascii=False)
        if not carrier:
            text += call["body"]
        if any(form in text for form in wanted):
            found.append(f"{name(call)} carries the secret")
    return found


def economy(calls):
    counts = collections.Counter(f"{call['service']}:{call['operation']}" for call in calls)
    for operation, count in sorted(counts.items()):
        print(f"{count:6} {operation}")
    print(f"{len(calls):6} calls in all")
    return []


CHECKS = {check.__name__: check
          for check in (valid, reads, tags, order, unique, secret, left, economy)}


def load(path, spans):
    calls, span = [], None
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            if "mark" in entry:
                span = entry["mark"]
            elif not spans or span in spans:
                calls.append(entry)
    return calls


def main():
    arguments, spans, chosen = sys.argv[1:], [], []
    path = arguments.pop(0)
    while arguments:
        word = arguments.pop(0)
        if word == "--span":
            spans.append(arguments.pop(0))
        else:
            chosen.append(CHECKS[word])
    calls = load(path, spans)
    if not calls:
        sys.exit("no call was recorded")
    found = [text for check in chosen for text in check(calls)]
    print("\n".join(found), end="\n" if found else "")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
