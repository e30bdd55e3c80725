"""Tasks of AWS DMS and their life, table statistics, assessment runs. What a task does
is real where a PostgreSQL stands behind the clusters (names.py): rows are copied.

DMSL_MOTO_SHORT_LOAD=1: a full load is over before anyone sees it running."""

import datetime
import json
import os

from dms import (Thing, add, arn_of, connections, delete, describe, dms, find, modify,
                 of_kind, refuse_same)
from dms_load import included, load_tables
from hooks import Fault, random_name

ENDS = ("SourceEndpointArn", "TargetEndpointArn")


class Task(Thing):
    def __init__(self, arn, tags, view):
        super().__init__(arn, tags, "Status", view, "creating", "ready")
        self.tables = None
        self.runs = 0
        self.will_stop = ""

    def show(self, state=None):
        state = state or self.life.now
        if state == "stopped" and self.will_stop:
            self.view["StopReason"] = "Stop Reason " + self.will_stop
        shown = super().show(state)
        tables = self.tables or {}
        done = sum(t["TableState"] == "Table completed" for t in tables.values())
        if self.runs:
            errors = sum(t["TableState"] == "Table error" for t in tables.values())
            shown["ReplicationTaskStats"] = {
                "FullLoadProgressPercent": 100 * done // len(tables) if tables else 100,
                "TablesLoaded": done, "TablesErrored": errors, "TablesQueued": 0,
                "TablesLoading": len(tables) - done - errors, "ElapsedTimeMillis": 1000,
                "StartDate": self.started, "FreshStartDate": self.started}
        return shown

    def seen(self, server, state):
        if state == "stopped" and self.will_stop:
            load_tables(server, *(find(server, self.view[end]) for end in ENDS), self)


@dms("CreateReplicationTask")
def _(self, p):
    name = p["ReplicationTaskIdentifier"].lower()
    refuse_same(self, "task", "ReplicationTaskIdentifier", name)
    for member, kind in zip(ENDS, ("SOURCE", "TARGET")):
        if find(self, p[member]).view["EndpointType"] != kind:
            raise Fault("InvalidParameterValueException", f"{p[member]} is no {kind.lower()}.")
    find(self, p["ReplicationInstanceArn"])
    check_documents(p)
    thing = Task(arn_of(self, "task", p.get("ResourceIdentifier") or random_name(26)),
                 p.get("Tags"), {})
    thing.view.update(
        {k: v for k, v in p.items() if k not in ("Tags", "ResourceIdentifier")},
        ReplicationTaskIdentifier=name, ReplicationTaskArn=thing.arn,
        ReplicationTaskCreationDate=datetime.datetime.now(datetime.timezone.utc))
    thing.view.setdefault("ReplicationTaskSettings", "{}")
    return {"ReplicationTask": add(self, thing)}


def check_documents(p):
    try:
        if "ReplicationTaskSettings" in p:
            json.loads(p["ReplicationTaskSettings"])
        if "TableMappings" in p and not list(included(p["TableMappings"])):
            raise ValueError("At least one selection rule is required.")
    except (ValueError, KeyError) as reason:
        raise Fault("InvalidParameterValueException", f"Invalid JSON document: {reason}") from None


describe("DescribeReplicationTasks", "ReplicationTasks", "task", {
    "replication-task-arn": ["ReplicationTaskArn"],
    "replication-task-id": ["ReplicationTaskIdentifier"],
    "migration-type": ["MigrationType"],
    "endpoint-arn": ["SourceEndpointArn", "TargetEndpointArn"],
    "replication-instance-arn": ["ReplicationInstanceArn"]})
modify("ModifyReplicationTask", "ReplicationTask", "ReplicationTaskArn")
delete("DeleteReplicationTask", "ReplicationTask", "ReplicationTaskArn")


@dms("StartReplicationTask")
def _(self, p):
    task, how = find(self, p["ReplicationTaskArn"]), p["StartReplicationTaskType"]
    view = task.view
    if task.life.passing or task.life.now not in ("ready", "stopped", "failed"):
        raise Fault("InvalidResourceStateFault", f"{task.arn} is {task.life.now}.")
    if task.runs and how == "start-replication" or not task.runs and how != "start-replication":
        raise Fault("InvalidParameterCombinationException",
                    f"Start Type : {how.upper().replace('-', '_')}, not valid for this task.")
    for member in ENDS:
        test = connections(self).get((view["ReplicationInstanceArn"], view[member]))
        if not test or test.life.now != "successful":
            raise Fault("InvalidResourceStateFault", "Test connection for replication instance "
                        f"and endpoint should be successful for starting the task: {view[member]}")
    task.runs += 1
    task.started = datetime.datetime.now(datetime.timezone.utc)
    view["ReplicationTaskStartDate"] = task.started
    view.pop("StopReason", None)
    task.tables = {name: {
        "SchemaName": name[0], "TableName": name[1], "TableState": "Before load",
        "FullLoadRows": 0, "FullLoadErrorRows": 0, "Inserts": 0, "Updates": 0, "Deletes": 0,
        "Ddls": 0, "ValidationState": "Not enabled"}
        for name in included(view["TableMappings"])}
    if view["MigrationType"] == "full-load":
        task.will_stop = "FULL_LOAD_ONLY_FINISHED"
        short = os.environ.get("DMSL_MOTO_SHORT_LOAD") == "1"
        task.life.set(*(["starting", "stopped"] if short else ["starting", "running", "stopped"]))
    else:
        task.will_stop = ""
        task.life.set("starting", "running")
    return {"ReplicationTask": task.show()}


@dms("StopReplicationTask")
def _(self, p):
    task = find(self, p["ReplicationTaskArn"])
    if task.life.now != "running":
        raise Fault("InvalidResourceStateFault", f"{task.arn} is not running.")
    task.will_stop = ""
    task.view["StopReason"] = "Stop Reason NORMAL"
    task.life.set("stopping", "stopped")
    return {"ReplicationTask": task.show()}


def progress(self, task, tables):
    """What a look at the statistics of a running task sees: one step further."""
    states = {table["TableState"] for table in tables}
    for table in tables:
        if table["TableState"] == "Before load":
            table["TableState"] = "Full load"
    if not task.will_stop and states & {"Full load", "Table is being reloaded"}:
        load_tables(self, *(find(self, task.view[end]) for end in ENDS), task)


@dms("DescribeTableStatistics")
def _(self, p):
    task = find(self, p["ReplicationTaskArn"])
    if task.tables is None:
        raise Fault("InvalidResourceStateFault", f"{task.arn} was never started.")
    names = {"schema-name": "SchemaName", "table-name": "TableName", "table-state": "TableState"}
    shown = [table for table in task.tables.values() if all(
        table[names[f["Name"]]] in f["Values"] for f in p.get("Filters", []))]
    if task.life.now == "running":
        progress(self, task, shown)
    return {"ReplicationTaskArn": task.arn, "TableStatistics": [dict(t) for t in shown]}


@dms("ReloadTables")
def _(self, p):
    task = find(self, p["ReplicationTaskArn"])
    if task.life.now != "running":
        raise Fault("InvalidResourceStateFault", f"{task.arn} is not running.")
    for table in p["TablesToReload"]:
        name = (table["SchemaName"], table["TableName"])
        if name not in task.tables:
            raise Fault("ResourceNotFoundFault", f"{'.'.join(name)} is not in the task.")
        task.tables[name].update(TableState="Table is being reloaded", FullLoadRows=0)
    return {"ReplicationTaskArn": task.arn}


# Assessment runs: they pass, but where the bucket's name begins with another result:
# that is the first one's, of more than a page.
MORE = 100


def result_of(bucket):
    first = bucket.split("-")[0]
    return first if first in ("failed", "warning") else "passed"


@dms("StartReplicationTaskAssessmentRun")
def _(self, p):
    task = find(self, p["ReplicationTaskArn"])
    if task.life.now not in ("ready", "stopped", "failed"):
        raise Fault("InvalidResourceStateFault", f"{task.arn} is {task.life.now}.")
    if any(run.view["AssessmentRunName"] == p["AssessmentRunName"]
           for run in of_kind(self, "assessment-run")):
        raise Fault("ResourceAlreadyExistsFault", p["AssessmentRunName"])
    thing = Thing(arn_of(self, "assessment-run", random_name(26)), p.get("Tags"), "Status", {
        "ReplicationTaskArn": task.arn, "AssessmentRunName": p["AssessmentRunName"],
        "ServiceAccessRoleArn": p["ServiceAccessRoleArn"],
        "ResultLocationBucket": p["ResultLocationBucket"],
        "ResultLocationFolder": "dms",
        "AssessmentProgress": {"IndividualAssessmentCount": 1 + MORE,
                               "IndividualAssessmentCompletedCount": 1 + MORE},
        "ResultStatistic": {"Passed": 1 + MORE, "Failed": 0, "Error": 0, "Warning": 0, "Cancelled": 0}},
        "starting", "running",
        result_of(p["ResultLocationBucket"]))
    thing.view["ReplicationTaskAssessmentRunArn"] = thing.arn
    return {"ReplicationTaskAssessmentRun": add(self, thing)}


describe("DescribeReplicationTaskAssessmentRuns", "ReplicationTaskAssessmentRuns",
         "assessment-run", {
             "replication-task-assessment-run-arn": ["ReplicationTaskAssessmentRunArn"],
             "replication-task-arn": ["ReplicationTaskArn"], "status": ["Status"]})


@dms("DescribeReplicationTaskIndividualAssessments")
def _(self, p):
    every = [{
        "ReplicationTaskIndividualAssessmentArn": f"{run.arn.replace('-run:', ':')}{i}",
        "ReplicationTaskAssessmentRunArn": run.arn,
        "Status": "passed" if i else run.life.now,
        "IndividualAssessmentName": f"assessment-{i}" if i else "unsupported-data-types-in-source"}
        for run in of_kind(self, "assessment-run") for i in range(1 + MORE)]
    first = int(p.get("Marker", 0))
    last = first + p.get("MaxRecords", 100)
    page = {"ReplicationTaskIndividualAssessments": every[first:last]}
    return page if last >= len(every) else {**page, "Marker": str(last)}
