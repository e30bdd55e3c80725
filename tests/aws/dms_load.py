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


def ask(self, endpoint, *statements, rows=None):
    """(output, error or None) of statements at an endpoint's database, which are one
    transaction; None where no server stands behind it. Rows go to a COPY FROM STDIN."""
    words = [word for statement in statements for word in ("-c", statement)]
    client = connect(self, endpoint, "-1", *words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    if not client:
        return None
    output, errors = client.communicate(rows, timeout=120)
    return output, errors.strip() if client.returncode else None


def try_connection(self, endpoint):
    """None, or why the endpoint's database cannot be reached."""
    try:
        answer = ask(self, endpoint, "SELECT 1")
        return answer[1] if answer else None
    except paths.NoPath as reason:
        return str(reason)


# A table's columns and key as CREATE TABLE has them; nothing when it is not there.
DEFINITION = """SELECT string_agg(part, ', ') FROM (
    SELECT format('%I %s%s', attname, format_type(atttypid, atttypmod),
                  CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END) AS part
    FROM pg_attribute WHERE attrelid = to_regclass({0}) AND attnum > 0 AND NOT attisdropped
    UNION ALL SELECT pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = to_regclass({0}) AND contype = 'p') AS parts"""


def load(self, source, target, table, settings):
    """Copies one table as DMS does: what is not in the target is made there."""
    schema, name = ('"' + part.replace('"', '""') + '"'
                    for part in (table["SchemaName"], table["TableName"]))
    full = f"{schema}.{name}"
    literal = "'" + full.replace("'", "''") + "'"
    validates = settings.get("ValidationSettings", {}).get("EnableValidation")
    found = ask(self, source, DEFINITION.format(literal))
    if not found:
        table.update(TableState="Table completed", FullLoadRows=4,
                     ValidationState="Validated" if validates else "Not enabled")
        return
    definition = found[0].strip()
    if not definition:
        table["TableState"] = "Table does not exist"
        return
    rows, failed = ask(self, source, f"COPY (SELECT * FROM {full}) TO STDOUT")
    if not failed:
        mode = settings.get("FullLoadSettings", {}).get("TargetTablePrepMode", "DROP_AND_CREATE")
        prepare = [f"CREATE SCHEMA IF NOT EXISTS {schema}"]
        if mode == "DROP_AND_CREATE":
            prepare.append(f"DROP TABLE IF EXISTS {full}")
        prepare.append(f"CREATE TABLE IF NOT EXISTS {full} ({definition})")
        if mode == "TRUNCATE_BEFORE_LOAD":
            prepare.append(f"TRUNCATE {full}")
        _, failed = ask(self, target, *prepare, f"COPY {full} FROM STDIN", rows=rows)
    if failed:
        table.update(TableState="Table error", FullLoadRows=0)
        return
    table.update(TableState="Table completed", FullLoadRows=rows.count("\n"))
    if validates:
        table["ValidationState"] = (
            "Validated" if "PRIMARY KEY" in definition else "No primary key")


def load_tables(self, source, target, task):
    """What a full load has done when it is over; tables that are done stay so."""
    settings = json.loads(task.view["ReplicationTaskSettings"])
    for table in task.tables.values():
        if table["TableState"] != "Table completed":
            load(self, source, target, table, settings)
