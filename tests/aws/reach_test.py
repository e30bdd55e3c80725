"""SQL on a private database: by a command on an instance, and by the Data API."""

import json
import os

import stack
from tap import case, main, refused, until

aws = stack.clients()
ec2, ssm, data = aws["ec2"], aws["ssm"], aws["rds-data"]
s = stack.Stack(aws)
PASSWORD = "sentinel-1a2b3c"


def command(script):
    """(status, output, errors) of a script on the workstation."""
    sent = ssm.send_command(InstanceIds=[s.host], DocumentName="AWS-RunShellScript",
                            Parameters={"commands": [script]})["Command"]["CommandId"]
    done = {}

    def look():
        done.update(ssm.get_command_invocation(CommandId=sent, InstanceId=s.host))
        return done["Status"] == "InProgress"
    until(look, False)
    return done["Status"], done["StandardOutputContent"], done["StandardErrorContent"]


def host(net):
    """A running instance with a profile in the first subnet of a network."""
    image = ssm.get_parameter(
        Name="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64")["Parameter"]["Value"]
    made = ec2.run_instances(
        ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1, ClientToken=net["vpc"],
        SubnetId=net["subnets"][0], IamInstanceProfile={"Name": "w"})["Instances"][0]["InstanceId"]
    until(lambda: ec2.describe_instances(InstanceIds=[made])["Reservations"][0]["Instances"][0]
          ["State"]["Name"], "running")
    return made


def open_endpoints(net, *services):
    made = [ec2.create_vpc_endpoint(
        VpcId=net["vpc"], ServiceName="com.amazonaws.us-east-1." + service, PrivateDnsEnabled=True,
        VpcEndpointType="Interface", SubnetIds=net["subnets"], SecurityGroupIds=[net["group"]]
    )["VpcEndpoint"]["VpcEndpointId"] for service in services]
    until(lambda: {e["State"] for e in ec2.describe_vpc_endpoints(VpcEndpointIds=made)["VpcEndpoints"]},
          {"available"})


@case("a workstation answers once it runs with a profile and the agent's endpoints")
def _():
    s.build(PASSWORD)
    s.login = aws["secretsmanager"].create_secret(
        Name="login", SecretString=json.dumps({"username": "postgres", "password": PASSWORD}))["ARN"]
    iam = aws["iam"]
    iam.create_role(RoleName="w", AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}')
    iam.create_instance_profile(InstanceProfileName="w")
    iam.add_role_to_instance_profile(InstanceProfileName="w", RoleName="w")
    s.host = host(s.db)
    refused("InvalidInstanceId", ssm.send_command, InstanceIds=[s.host],
            DocumentName="AWS-RunShellScript", Parameters={"commands": ["true"]})
    for net in (s.db, s.near):
        open_endpoints(net, "ssm", "ssmmessages", "ec2messages")
    assert ssm.describe_instance_information(Filters=[{"Key": "InstanceIds", "Values": [s.host]}]
                                             )["InstanceInformationList"][0]["PingStatus"] == "Online"
    found = aws["rds"].describe_db_clusters()["DBClusters"][0]
    s.name, s.arn = found["Endpoint"], found["DBClusterArn"]


@case("psql connects to the cluster's own name, with the secret read on the host")
def _():
    open_endpoints(s.db, "secretsmanager")
    status, output, errors = command(f"""
        secret=$(aws secretsmanager get-secret-value --secret-id {s.login} \
            --query SecretString --output text)
        PGPASSWORD=$(echo "$secret" | sed 's/.*"password": "\\([^"]*\\)".*/\\1/')
        export PGPASSWORD
        psql -X -A -t "host={s.name} port=5432 user=postgres dbname=postgres sslmode=require" \
            -c "SELECT current_user, ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        psql -X -A -t -h {s.name} -p 5432 -U postgres -d postgres -c 'SELECT 6 * 7'""")
    assert (status, output) == ("Success", "postgres|t\n42\n"), (status, output, errors)


@case("a host in another network reaches the database by the endpoint's name alone")
def _():
    here, s.host = s.host, host(s.near)
    read = f"aws secretsmanager get-secret-value --secret-id {s.login}"
    status, _, errors = command(read)
    assert status == "Failed" and "Connect timeout" in errors, errors
    open_endpoints(s.near, "secretsmanager")
    assert command(read)[0] == "Success"
    ask = f"PGPASSWORD={PASSWORD} psql -X -A -t -U postgres -d postgres -c 'SELECT 1' -h "
    assert command(ask + s.dns_name)[:2] == ("Success", "1\n")
    assert command(ask + s.name)[0] == "Failed"
    s.host = here


@case("a wrong password, another name and a failing command are seen")
def _():
    status, _, errors = command(f"PGPASSWORD=wrong psql -h {s.name} -U postgres -d postgres -c ''")
    assert status == "Failed" and "password authentication failed" in errors, errors
    status, _, errors = command("psql -h elsewhere.example -c ''")
    assert status == "Failed" and "could not translate host name" in errors, errors
    assert command("exit 3")[0] == "Failed"


@case("no more than 24,000 characters come back")
def _():
    status, output, _ = command("seq 1 20000")
    assert status == "Success" and len(output) == 24000, len(output)


@case("nothing of the test's environment is seen on the host")
def _():
    _, output, _ = command("env")
    assert "MOTO_IAM" not in output and "PYTHON" not in output.replace("DMSL_MOTO_PYTHON", "")


def statement(sql, **more):
    return data.execute_statement(resourceArn=s.arn, secretArn=s.login, sql=sql,
                                  database="postgres", **more)


@case("the Data API: types, parameters, metadata, errors")
def _():
    found = statement("SELECT 1::int8 AS a, 't'::text, NULL, true, 1.5::float8, :x::int + 1, '\\x00ff'::bytea",
                      parameters=[{"name": "x", "value": {"longValue": 41}}], includeResultMetadata=True)
    assert found["records"] == [[{"longValue": 1}, {"stringValue": "t"}, {"isNull": True},
                                 {"booleanValue": True}, {"doubleValue": 1.5}, {"longValue": 42},
                                 {"blobValue": b"\x00\xff"}]], found["records"]
    assert found["columnMetadata"][0]["name"] == "a"
    statement("CREATE TABLE t (id int PRIMARY KEY)")
    assert statement("INSERT INTO t VALUES (1), (2)")["numberOfRecordsUpdated"] == 2
    refused("DatabaseErrorException", statement, sql="SELECT * FROM missing")
    refused("BadRequestException", data.execute_statement, resourceArn=s.arn + "x",
            secretArn=s.login, sql="SELECT 1")


@case("the Data API: a transaction is taken back, another is kept")
def _():
    for end in ("rollback", "commit"):
        name = data.begin_transaction(resourceArn=s.arn, secretArn=s.login,
                                      database="postgres")["transactionId"]
        data.batch_execute_statement(
            resourceArn=s.arn, secretArn=s.login, sql="INSERT INTO t VALUES (:id)", transactionId=name,
            parameterSets=[[{"name": "id", "value": {"longValue": n}}] for n in (3, 4)])
        getattr(data, end + "_transaction")(resourceArn=s.arn, secretArn=s.login, transactionId=name)
        count = statement("SELECT count(*) FROM t")["records"][0][0]["longValue"]
        assert count == (2 if end == "rollback" else 4), (end, count)


@case("DMS copies the rows of a table from one database to the other")
def _():
    dms = aws["dms"]
    statement("CREATE DATABASE copy")
    dms.modify_endpoint(EndpointArn=s.ends["target"], DatabaseName="copy")
    s.wait("describe_endpoints", "Endpoints", "endpoint-arn", s.ends["target"], "active")
    s.tested()
    task = s.task(settings={"FullLoadSettings": {"TargetTablePrepMode": "TRUNCATE_BEFORE_LOAD"},
                            "ValidationSettings": {"EnableValidation": True}})
    dms.start_replication_task(ReplicationTaskArn=task, StartReplicationTaskType="start-replication")
    s.wait("describe_replication_tasks", "ReplicationTasks", "replication-task-arn", task, "stopped")
    table = dms.describe_table_statistics(ReplicationTaskArn=task)["TableStatistics"][0]
    assert (table["TableState"], table["FullLoadRows"]) == ("Table completed", 4), table
    assert table["ValidationState"] == "Validated", table
    found = data.execute_statement(resourceArn=s.arn, secretArn=s.login, database="copy",
                                   sql="SELECT count(*) FROM t")
    assert found["records"] == [[{"longValue": 4}]]


@case("a table that is reloaded by a running task is loaded again")
def _():
    dms = aws["dms"]
    task = s.task("full-load-and-cdc", "cdc")
    dms.start_replication_task(ReplicationTaskArn=task, StartReplicationTaskType="start-replication")
    s.wait("describe_replication_tasks", "ReplicationTasks", "replication-task-arn", task, "running")

    def state():
        return dms.describe_table_statistics(ReplicationTaskArn=task)["TableStatistics"][0]["TableState"]
    until(state, "Table completed")
    dms.reload_tables(ReplicationTaskArn=task, TablesToReload=[{"SchemaName": "public", "TableName": "t"}])
    until(state, "Table completed")
    dms.stop_replication_task(ReplicationTaskArn=task)
    s.wait("describe_replication_tasks", "ReplicationTasks", "replication-task-arn", task, "stopped")
    dms.start_replication_task(ReplicationTaskArn=task, StartReplicationTaskType="resume-processing")


@case("a changed master password is the server's; a deleted cluster's databases are gone")
def _():
    rds = aws["rds"]
    rds.modify_db_cluster(DBClusterIdentifier="main-db", MasterUserPassword="another-4d5e",
                          ApplyImmediately=True)
    refused("BadRequestException", statement, sql="SELECT 1")
    aws["secretsmanager"].put_secret_value(SecretId=s.login, SecretString=json.dumps(
        {"username": "postgres", "password": "another-4d5e"}))
    statement("CREATE DATABASE demo_db")
    aws["dms"].test_connection(ReplicationInstanceArn=s.instance, EndpointArn=s.ends["source"])
    s.wait("describe_connections", "Connections", "endpoint-arn", s.ends["source"], "failed")
    rds.delete_db_instance(DBInstanceIdentifier="main-db-1")
    until(lambda: rds.describe_db_clusters()["DBClusters"][0]["Status"], "available")
    rds.delete_db_cluster(DBClusterIdentifier="main-db", SkipFinalSnapshot=True)
    with open(os.environ["DMSL_MOTO_DATABASES"], encoding="utf-8") as listing:
        assert listing.read().startswith("free "), "the server was not given back"




main()
