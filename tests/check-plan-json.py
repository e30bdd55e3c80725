"""Holds a plan's JSON against the shape of Terraform's plan representation.

Reads one plan from standard input; prints what does not fit, one a line, and
exits with 1 if there is anything.
"""
import json
import re
import sys

ACTIONS = [
    ["no-op"], ["create"], ["read"], ["update"], ["delete"], ["forget"],
    ["create", "delete"], ["delete", "create"],
]
REASONS = [
    "replace_because_tainted", "replace_because_cannot_update",
    "replace_by_request", "replace_by_triggers",
    "delete_because_no_resource_config", "read_because_config_unknown",
]
mistakes = []


def fit(condition, *words):
    if not condition:
        mistakes.append(" ".join(str(w) for w in words))


def has(where, value, **kinds):
    for name, kind in kinds.items():
        fit(name in value, where, "has no", name)
        fit(isinstance(value.get(name), kind), where, name, "is",
            value.get(name))


def marks(where, value, marked, secret):
    """true at a whole value, or the shape of the value as far as marked."""
    if marked is True:
        fit(not secret or value is None, where, "shows a sensitive value")
    elif isinstance(marked, dict):
        fit(value is None or isinstance(value, dict), where, "is no map")
        for k, m in marked.items():
            marks(f"{where}.{k}", (value or {}).get(k), m, secret)
    elif isinstance(marked, list):
        fit(isinstance(value, list) and len(value) == len(marked), where,
            "has another length")
        for k, (v, m) in enumerate(zip(value or [], marked)):
            marks(f"{where}[{k}]", v, m, secret)
    else:
        fit(marked is False, where, "is marked", marked)


def change(where, c):
    for name in ("before", "after", "after_unknown", "before_sensitive",
                 "after_sensitive"):
        fit(name in c, where, "has no", name)
    fit(c["actions"] in ACTIONS, where, "actions are", c["actions"])
    if c["actions"] == ["create"]:
        fit(c["before"] is None, where, "is created from something")
    if c["actions"] in (["delete"], ["forget"]):
        fit(c["after"] is None, where, "leaves something")
    if c["actions"] == ["no-op"] and c["after_unknown"] in ({}, False):
        fit(c["before"] == c["after"], where, "changes without an action")
    marks(where + ".after", c["after"], c["after_unknown"], False)
    marks(where + ".before", c["before"], c["before_sensitive"], True)
    marks(where + ".after", c["after"], c["after_sensitive"], True)


def resource(where, r):
    has(where, r, address=str, type=str, name=str, provider_name=str)
    fit(r["mode"] in ("managed", "data"), where, "mode is", r["mode"])
    fit(isinstance(r.get("index", ""), str), where, "index is no text")
    part = r["type"] + "." + r["name"]
    if "index" in r:
        part += "[" + json.dumps(r["index"], ensure_ascii=False) + "]"
    if "module_address" in r:
        part = r["module_address"] + "/" + part
    if "change" in r:
        fit(r["address"] == part or "/" in r["address"], where, "is not", part)


def resource_change(r):
    where = r["address"]
    resource(where, r)
    change(where, r["change"])
    if "replace_paths" in r["change"]:
        fit(len(r["change"]["actions"]) == 2, where, "is not replaced")
        for path in r["change"]["replace_paths"]:
            fit(path and isinstance(path[0], str), where, "path", path)
    if "importing" in r["change"]:
        has(where, r["change"]["importing"], id=str)
    if "action_reason" in r:
        fit(r["action_reason"] in REASONS, where, r["action_reason"])
    if "deposed" in r:
        fit(re.fullmatch("[0-9a-f]{8}", r["deposed"]), where, r["deposed"])
    if "previous_address" in r:
        fit(r["previous_address"] != where, where, "moves to itself")


def module(m, found):
    for r in m.get("resources", []):
        resource(r["address"], r)
        has(r["address"], r, schema_version=int, values=dict,
            sensitive_values=dict)
        marks(r["address"], r["values"], r["sensitive_values"], True)
        found.append(r["address"])
    for child in m.get("child_modules", []):
        has("child module", child, address=str)
        module(child, found)


def values(where, v):
    found = []
    has(where, v, outputs=dict, root_module=dict)
    for name, output in v["outputs"].items():
        has(where + " " + name, output, sensitive=bool)
        fit(not output["sensitive"] or output.get("value") is None, where,
            name, "shows a sensitive value")
    module(v["root_module"], found)
    fit(len(found) == len(set(found)), where, "names a resource twice")
    return found


def main():
    p = json.load(sys.stdin)
    has("plan", p, format_version=str, resource_changes=list,
        resource_drift=list, output_changes=dict, planned_values=dict,
        prior_state=dict, applyable=bool, complete=bool, errored=bool)
    fit(re.fullmatch(r"1\.\d+", p["format_version"]), "format_version")
    for r in p["resource_changes"]:
        resource_change(r)
    for r in p["resource_drift"]:
        resource_change(r)
        fit(r["change"]["actions"] in (["update"], ["delete"]), r["address"],
            "drifts by", r["change"]["actions"])
    for name, c in p["output_changes"].items():
        change("output " + name, c)
    planned = values("planned_values", p["planned_values"])
    prior = values("prior_state", p["prior_state"]["values"])
    goes = (["delete"], ["forget"])
    fit(sorted(planned) == sorted(
        r["address"] for r in p["resource_changes"]
        if r["change"]["actions"] not in goes), "planned_values differ")
    fit(sorted(prior) == sorted(
        r["address"] for r in p["resource_changes"]
        if r["change"]["before"] is not None), "prior_state differs")
    for m in mistakes:
        print(m)
    sys.exit(bool(mistakes))


main()
