"""What DMS does with databases: tries connections and copies tables, through psql,
where a PostgreSQL stands behind a cluster; else it is only as if."""

import json
import os
import subprocess

from moto.secretsmanager.models import secretsmanager_backends

import names
import paths


def included(mappings):
    """(schema, table) of each selection rule without a wildcard."""
    for rule in json.loads(mappings)["rules"]:
        if rule.get("rule-type") == "selection" and rule.get("rule-action") in ("include", "explicit"):
            locator = rule["object-locator"]
            yield locator["schema-name"], locator["table-name"]


def login_of(self, endpoint):
    """(host, port, user, password) by the endpoint's own fields or its secret."""
    settings = endpoint.view.get("PostgreSQLSettings") or {}
    secret = settings.get("SecretsManagerSecretId")
    if secret:
        backend = secretsmanager_backends[self.current_account][self.region]
        held = json.loads(backend.get_secret_value(secret, "", "AWSCURRENT")["SecretString"])
        if not {"username", "password", "host", "port"} <= held.keys():
            raise paths.NoPath("the secret lacks one of username, password, host, port")
        return held["host"], int(held["port"]), held["username"], held["password"]
    merged = {**endpoint.view, **settings}
    return (merged.get("ServerName"), int(merged.get("Port", 5432)),
            merged.get("Username"), endpoint.password)


def connect(self, endpoint, *arguments, **options):
    """A psql at the endpoint's database; None where no server stands behind it."""
    host, port, user, password = login_of(self, endpoint)
    cluster = paths.cluster_behind(self.current_account, self.region, host, port)
    server = names.server_of(cluster.endpoint)
    if not server:
        return None
    environment = {**os.environ, "PGPASSWORD": password or "", "PGCONNECT_TIMEOUT": "10"}
    mode = endpoint.view.get("SslMode", "none")
    environment["PGSSLMODE"] = "disable" if mode == "none" else "require"
    settings = endpoint.view.get("PostgreSQLSettings") or {}
    database = endpoint.view.get("DatabaseName") or settings.get("DatabaseName", "postgres")
    return subprocess.Popen(
        ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", server[0],
         "-p", server[1], "-U", user, "-d", database, *arguments],
        env=environment, stderr=subprocess.PIPE, text=True, **options)


def try_connection(self, endpoint):
    """None, or why the endpoint's database cannot be reached."""
    try:
        client = connect(self, endpoint, "-c", "SELECT 1", stdout=subprocess.PIPE)
        if client:
            _, errors = client.communicate(timeout=20)
            return errors.strip() if client.returncode else None
        return None
    except paths.NoPath as reason:
        return str(reason)


def load(self, source, target, table, truncate):
    name = ".".join('"' + part.replace('"', '""') + '"'
                    for part in (table["SchemaName"], table["TableName"]))
    table["TableState"] = "Table completed"
    reader = connect(self, source, "-c", f"COPY (SELECT * FROM {name}) TO STDOUT",
                     stdout=subprocess.PIPE)
    if not reader:
        table["FullLoadRows"] = 4
        return
    rows, errors = reader.communicate(timeout=120)
    if not reader.returncode:
        writer = connect(self, target, "-c", f"TRUNCATE {name}" if truncate else "SELECT 1",
                         "-c", f"COPY {name} FROM STDIN",
                         stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        _, errors = writer.communicate(rows, timeout=120)
        if not writer.returncode:
            table["FullLoadRows"] = rows.count("\n")
            return
    table["TableState"] = (
        "Table does not exist" if "does not exist" in errors else "Table error")


def load_tables(self, source, target, task):
    """What a full load has done when the task is seen to have stopped."""
    truncate = "TRUNCATE" in json.loads(task.view["ReplicationTaskSettings"]).get(
        "FullLoadSettings", {}).get("TargetTablePrepMode", "")
    for table in task.tables.values():
        if table["TableState"] != "Table completed":
            load(self, source, target, table, truncate)
