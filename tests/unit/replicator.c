/*
 * The replication server's calls and its full load, against a PostgreSQL server
 * of this test's own: two databases, "src" and "dst".
 */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/clock.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/json.h"
#include "providers/pg/pg.h"
#include "providers/replicator/fault.h"
#include "providers/replicator/ops.h"
#include "providers/replicator/run.h"
#include "providers/replicator/server.h"
#include "tests/support/pg_server.h"
#include "tests/support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { WAIT_MS = 30000 };

#define SENTINEL "sentinel-2f6c1d"

static struct pg_server pg;
static struct server server;
static struct arena mem;
static char folder[SCRATCH_MAX];

/* --- helpers --- */

static struct pg *open_database(const char *name)
{
	struct pg_target t = {
		.hostaddr = str_from(pg.host),
		.port = pg.port,
		.database = str_from(name),
		.user = STR("postgres"),
		.password = STR(PG_SERVER_PASSWORD),
	};
	struct error err = { 0 };
	struct pg *c;

	if (pg_open(&t, &c, &err) < 0)
		fail_msg("%s", err.message);
	return c;
}

static void run_sql(const char *database, const char *sql)
{
	struct pg *c = open_database(database);
	struct error err = { 0 };

	if (pg_run(c, sql, &err) < 0)
		fail_msg("%s: %s", sql, err.message);
	pg_close(c);
}

static struct str ask(const char *database, const char *sql)
{
	struct pg *c = open_database(database);
	struct error err = { 0 };
	struct pg_result r;

	if (pg_query(c, sql, 0, NULL, &mem, &r, &err) < 0)
		fail_msg("%s: %s", sql, err.message);
	pg_close(c);
	return r.n_rows ? r.cells[0] : STR("(no rows)");
}

static void assert_answer(const char *database, const char *sql,
			  const char *wanted)
{
	assert_string_equal(str_c(ask(database, sql), &mem), wanted);
}

/* Calls an operation; text: JSON. -1 with the fault. */
static int try_call(const char *name, struct str text, struct value *out,
		    struct fault *f)
{
	struct error err = { 0 };
	struct value in;

	memset(f, 0, sizeof(*f));
	if (json_read(text, &mem, &in, &err) < 0)
		fail_msg("%s: %.*s", err.message, STR_ARG(text));
	return ops_call(&server, str_from(name), in, &mem, out, f);
}

__attribute__((format(printf, 2, 3))) static struct value
call(const char *name, const char *format, ...)
{
	struct value out;
	struct fault f;
	va_list args;
	struct str text;

	va_start(args, format);
	text = str_vfmt(&mem, format, args);
	va_end(args);
	if (try_call(name, text, &out, &f) < 0)
		fail_msg("%s: %s: %s", name, f.type, f.message);
	return out;
}

__attribute__((format(printf, 3, 4))) static void
refused(const char *name, const char *type, const char *format, ...)
{
	struct value out;
	struct fault f;
	va_list args;
	struct str text;

	va_start(args, format);
	text = str_vfmt(&mem, format, args);
	va_end(args);
	if (try_call(name, text, &out, &f) == 0)
		fail_msg("%s should have been refused", name);
	assert_string_equal(f.type, type);
}

static struct value member(struct value v, const char *key)
{
	const struct value *m = value_get(v, key);

	if (!m)
		fail_msg("there is no member \"%s\"", key);
	return *m;
}

static char *text_of(struct value v, const char *key)
{
	return str_c(value_text(v, key), &mem);
}

static struct value first(struct value answer, const char *list)
{
	struct value v = member(answer, list);

	assert_true(v.kind == VALUE_LIST && v.as.list.n > 0);
	return v.as.list.items[0];
}

static struct str escaped(const char *json)
{
	struct buf b;
	struct str s;

	buf_init(&b, 65536);
	json_write_string(&b, str_from(json));
	s = str_dup(buf_str(&b), &mem);
	buf_release(&b);
	return s;
}

static char instance_arn[200], source_arn[200], target_arn[200];

static void keep(char to[200], struct value v, const char *key)
{
	snprintf(to, 200, "%s", text_of(v, key));
}

/* Waits for an end of the test; returns its status. */
static const char *test_connection(const char *endpoint)
{
	int64_t end = clock_ms() + WAIT_MS;

	call("TestConnection",
	     "{\"ReplicationInstanceArn\":\"%s\",\"EndpointArn\":\"%s\"}",
	     instance_arn, endpoint);
	for (;;) {
		struct value c =
		    first(call("DescribeConnections",
			       "{\"Filters\":[{\"Name\":\"endpoint-arn\","
			       "\"Values\":[\"%s\"]}]}",
			       endpoint),
			  "Connections");
		const char *status = text_of(c, "Status");

		if (strcmp(status, "testing") != 0)
			return status;
		assert_true(clock_ms() < end);
		clock_sleep_ms(10);
	}
}

static const char all_of_lab[] =
    "{\"rules\":[{\"rule-type\":\"selection\",\"rule-id\":\"1\","
    "\"rule-name\":\"1\",\"object-locator\":{\"schema-name\":\"lab\","
    "\"table-name\":\"%\"},\"rule-action\":\"include\"}]}";

static struct str make_task(const char *name, const char *mappings,
			    const char *settings)
{
	struct value task = member(
	    call("CreateReplicationTask",
		 "{\"ReplicationTaskIdentifier\":\"%s\","
		 "\"SourceEndpointArn\":\"%s\",\"TargetEndpointArn\":\"%s\","
		 "\"ReplicationInstanceArn\":\"%s\","
		 "\"MigrationType\":\"full-load\",\"TableMappings\":%s,"
		 "\"ReplicationTaskSettings\":%s}",
		 name, source_arn, target_arn, instance_arn,
		 escaped(mappings).s, escaped(settings).s),
	    "ReplicationTask");

	assert_string_equal(text_of(task, "Status"), "creating");
	return value_text(task, "ReplicationTaskArn");
}

static struct value describe(struct str arn)
{
	return first(call("DescribeReplicationTasks",
			  "{\"Filters\":[{\"Name\":\"replication-task-arn\","
			  "\"Values\":[\"%s\"]}]}",
			  arn.s),
		     "ReplicationTasks");
}

static struct value wait_task(struct str arn)
{
	int64_t end = clock_ms() + WAIT_MS;

	for (;;) {
		struct value task = describe(arn);
		const char *status = text_of(task, "Status");

		if (!strcmp(status, "stopped") || !strcmp(status, "failed"))
			return task;
		assert_true(clock_ms() < end);
		clock_sleep_ms(10);
	}
}

static void start_task(struct str arn, const char *how)
{
	call("StartReplicationTask",
	     "{\"ReplicationTaskArn\":\"%s\",\"StartReplicationTaskType\":"
	     "\"%s\"}",
	     arn.s, how);
}

static struct value run_task(struct str arn, const char *how)
{
	start_task(arn, how);
	return wait_task(arn);
}

static struct value statistics(struct str arn, const char *table)
{
	return first(call("DescribeTableStatistics",
			  "{\"ReplicationTaskArn\":\"%s\",\"Filters\":[{"
			  "\"Name\":\"table-name\",\"Values\":[\"%s\"]}]}",
			  arn.s, table),
		     "TableStatistics");
}

static int64_t stat_of(struct value task, const char *key)
{
	return value_number(member(task, "ReplicationTaskStats"), key, -1);
}

static void drop_task(struct str arn)
{
	call("DeleteReplicationTask", "{\"ReplicationTaskArn\":\"%s\"}", arn.s);
}

/* --- fixtures --- */

static const char lab_types[] =
    "CREATE SCHEMA lab;"
    "CREATE TYPE lab.mood AS ENUM ('sad', 'glad');"
    "CREATE DOMAIN lab.positive AS int CHECK (VALUE > 0);"
    "CREATE TYPE lab.pair AS (x int, y text);";

static const char lab_tables[] =
    "CREATE TABLE lab.wide (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY "
    "KEY, b bool, i2 smallint, i4 int, n numeric, n2 numeric(12,2), r real,"
    " d double precision, m money, t text, v varchar(20), c char(5),"
    " c1 \"char\", by bytea, da date, ti time, tiz timetz, ts timestamp,"
    " tsz timestamptz, iv interval, u uuid, inn inet, ci cidr, ma macaddr,"
    " bi bit(3), vb varbit, j json, jb jsonb, x xml, ia int[], ta text[],"
    " po point, ir int4range, tv tsvector, mo lab.mood, mos lab.mood[],"
    " pos lab.positive, pa lab.pair, rc regclass, ls pg_lsn,"
    " gen int GENERATED ALWAYS AS (i4 * 2) STORED);"
    "CREATE TABLE lab.plain (id int PRIMARY KEY, t text, n numeric(10,2));"
    "CREATE TABLE lab.no_key (a int, b text);"
    "CREATE TABLE lab.\"Odd \"\"Name%\" (\"a b\" int PRIMARY KEY);"
    "CREATE TABLE lab.empty (id int PRIMARY KEY);"
    "CREATE TABLE lab.parts (id int, r int, PRIMARY KEY (id, r))"
    " PARTITION BY LIST (r);"
    "CREATE TABLE lab.parts_1 PARTITION OF lab.parts FOR VALUES IN (1);"
    "CREATE TABLE lab.parts_2 PARTITION OF lab.parts FOR VALUES IN (2);";

static const char lab_rows[] =
    "INSERT INTO lab.wide (b, i2, i4, n, n2, r, d, m, t, v, c, c1, by, da,"
    " ti, tiz, ts, tsz, iv, u, inn, ci, ma, bi, vb, j, jb, x, ia, ta, po,"
    " ir, tv, mo, mos, pos, pa, rc, ls) SELECT g % 2 = 0, g % 32767,"
    " g * 7, CASE g % 5 WHEN 0 THEN 'NaN'::numeric WHEN 1 THEN 1.10"
    "  ELSE g / 7.0 END, g + 0.25, g / 3.0, CASE g % 9 WHEN 0 THEN"
    "  'infinity' WHEN 1 THEN '-0' ELSE g / 3.0 END, g::money,"
    " E'line\\n\\ttab \\\\ ' || repeat('\303\244\342\202\254', g % 50),"
    " 'v' || g, 'c' || g % 100, chr(65 + g % 20)::\"char\","
    " decode(md5(g::text), 'hex'), date 'epoch' + g,"
    " time '00:00:00.123456' + g * interval '1 s',"
    " timetz '12:00:00.000001+02', timestamp '1950-01-01' + g * interval"
    " '1 h 1 us', timestamptz '2020-01-01 00:00:00.5+01' + g * interval"
    " '1 min', (g || ' mon 3 days 04:05:06.789')::interval,"
    " md5(g::text)::uuid, ('10.0.' || g % 256 || '.1/24')::inet,"
    " '10.0.0.0/8', '08:00:2b:01:02:03', B'101', B'11011',"
    " '{\"a\":  1, \"b\":[1,2]}', jsonb_build_object('g', g, 'n', null),"
    " '<a>x</a>', ARRAY[g, NULL, -g], ARRAY['x', NULL, '{\",\\}'],"
    " point(g, -g), int4range(g, g + 5), to_tsvector('simple', 'a cat ' || "
    "g), (ARRAY['sad', 'glad'])[1 + g % 2]::lab.mood,"
    " ARRAY['sad', NULL]::lab.mood[], g, ROW(g, 'y,\"' || g)::lab.pair,"
    " 'pg_class'::regclass, '0/ABCDEF' FROM generate_series(1, 3000) g;"
    "INSERT INTO lab.wide (t) SELECT NULL FROM generate_series(1, 10);"
    "INSERT INTO lab.plain SELECT g, 'row ' || g, g / 4.0"
    " FROM generate_series(1, 5000) g;"
    "INSERT INTO lab.no_key SELECT g, NULL FROM generate_series(1, 100) g;"
    "INSERT INTO lab.\"Odd \"\"Name%\" VALUES (1), (2);"
    "INSERT INTO lab.parts SELECT g, 1 + g % 2 FROM generate_series(1, 100)"
    " g; ANALYZE";

static void make_databases(void)
{
	run_sql("postgres", "DROP DATABASE IF EXISTS src WITH (FORCE)");
	run_sql("postgres", "DROP DATABASE IF EXISTS dst WITH (FORCE)");
	run_sql("postgres", "CREATE DATABASE src");
	run_sql("postgres", "CREATE DATABASE dst");
	run_sql("src", lab_types);
	run_sql("src", lab_tables);
	run_sql("src", lab_rows);
}

static const char sum_wide[] =
    "SELECT count(*) || md5(string_agg(w::text, '|' ORDER BY id))"
    " FROM lab.wide w";

static void open_server(void)
{
	struct error err = { 0 };
	struct config *c = &server.config;

	memset(&server, 0, sizeof(server));
	c->listen = STR("127.0.0.1");
	c->folder = str_from(folder);
	c->region = STR("us-east-1");
	c->account = STR("000000000000");
	c->vault = str_fmt(&mem, "%s/vault", folder);
	c->routes_file = str_fmt(&mem, "%s/routes.json", folder);
	memset(c->vault_key, 7, sizeof(c->vault_key));
	server.log = fopen(str_fmt(&mem, "%s/log", folder).s, "a");
	pthread_mutex_init(&server.log_lock, NULL);
	assert_non_null(server.log);
	if (file_make_folders(str_fmt(&mem, "%s/tasks", folder).s, 0700, &err) <
		0 ||
	    book_open(&server.book, str_fmt(&mem, "%s/state.json", folder).s,
		      &err) < 0)
		fail_msg("%s", err.message);
	server.runs = runs_open(&server);
	runs_recover(server.runs);
}

static void close_server(void)
{
	runs_end(server.runs);
	runs_close(server.runs);
	book_close(&server.book);
	fclose(server.log);
}

static void make_endpoints(void)
{
	struct error err = { 0 };

	assert_int_equal(
	    file_replace(str_fmt(&mem, "%s/routes.json", folder).s,
			 str_fmt(&mem, "{\"db.example\":\"%s\"}", pg.host),
			 0600, &err),
	    0);
	assert_int_equal(
	    vault_put(str_c(server.config.vault, &mem), server.config.vault_key,
		      STR("db-master"),
		      STR("{\"username\":\"postgres\",\"password\":"
			  "\"" PG_SERVER_PASSWORD "\"}"),
		      &err),
	    0);
	call("CreateReplicationSubnetGroup",
	     "{\"ReplicationSubnetGroupIdentifier\":\"Main\","
	     "\"ReplicationSubnetGroupDescription\":\"d\","
	     "\"SubnetIds\":[\"subnet-1\",\"subnet-2\"]}");
	keep(instance_arn,
	     member(call("CreateReplicationInstance",
			 "{\"ReplicationInstanceIdentifier\":\"Main\","
			 "\"ReplicationInstanceClass\":\"dms.t3.medium\","
			 "\"ReplicationSubnetGroupIdentifier\":\"main\"}"),
		    "ReplicationInstance"),
	     "ReplicationInstanceArn");
	keep(source_arn,
	     member(call("CreateEndpoint",
			 "{\"EndpointIdentifier\":\"source\","
			 "\"EndpointType\":\"source\",\"EngineName\":"
			 "\"postgres\",\"ServerName\":\"db.example\",\"Port\":"
			 "%d,\"DatabaseName\":\"src\",\"Username\":\"postgres\""
			 ",\"Password\":\"" PG_SERVER_PASSWORD "\"}",
			 pg.port),
		    "Endpoint"),
	     "EndpointArn");
	keep(target_arn,
	     member(call("CreateEndpoint",
			 "{\"EndpointIdentifier\":\"target\","
			 "\"EndpointType\":\"target\",\"EngineName\":"
			 "\"aurora-postgresql\",\"DatabaseName\":\"dst\","
			 "\"PostgreSQLSettings\":{\"ServerName\":\"%s\","
			 "\"Port\":%d,\"SecretsManagerSecretId\":"
			 "\"arn:aws:secretsmanager:us-east-1:0:secret:"
			 "db-master\",\"SecretsManagerAccessRoleArn\":\"r\"}}",
			 pg.host, pg.port),
		    "Endpoint"),
	     "EndpointArn");
	assert_string_equal(test_connection(source_arn), "successful");
	assert_string_equal(test_connection(target_arn), "successful");
}

static int set_up_all(void **state)
{
	(void)state;
	if (!scratch_folder(folder, "test") || pg_server_start(&pg) < 0)
		return -1;
	open_server();
	make_databases();
	make_endpoints();
	return 0;
}

static int tear_down_all(void **state)
{
	struct error err = { 0 };

	(void)state;
	close_server();
	pg_server_stop(&pg);
	file_remove_tree(folder, &err);
	arena_release(&mem);
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	run_sql("dst", "DROP SCHEMA IF EXISTS lab CASCADE;"
		       "DROP SCHEMA IF EXISTS shop CASCADE");
	return 0;
}

/* --- tests --- */

/* Into a copy of the schema: every value as it was. */
static void loads_without_loss(void **state)
{
	struct value task, t;
	struct str arn;

	(void)state;
	run_sql("dst", lab_types);
	run_sql("dst", lab_tables);
	run_sql("dst", "INSERT INTO lab.plain VALUES (-1, 'old')");
	arn = make_task("no-loss", all_of_lab,
			"{\"FullLoadSettings\":{\"TargetTablePrepMode\":"
			"\"TRUNCATE_BEFORE_LOAD\"},\"ValidationSettings\":"
			"{\"EnableValidation\":true}}");
	task = run_task(arn, "start-replication");
	assert_string_equal(text_of(task, "Status"), "stopped");
	assert_string_equal(text_of(task, "StopReason"),
			    "Stop Reason FULL_LOAD_ONLY_FINISHED");
	assert_string_equal(text_of(task, "LastFailureMessage"), "");
	assert_int_equal(stat_of(task, "TablesErrored"), 0);
	assert_int_equal(stat_of(task, "TablesLoaded"), 6);
	assert_int_equal(stat_of(task, "FullLoadProgressPercent"), 100);
	assert_string_equal(str_c(ask("dst", sum_wide), &mem),
			    str_c(ask("src", sum_wide), &mem));
	t = statistics(arn, "wide");
	assert_int_equal(value_number(t, "FullLoadRows", 0), 3010);
	assert_string_equal(text_of(t, "TableState"), "Table completed");
	assert_string_equal(text_of(t, "ValidationState"), "Validated");
	t = statistics(arn, "no_key");
	assert_string_equal(text_of(t, "ValidationState"), "No primary key");
	assert_non_null(
	    strstr(text_of(t, "ValidationStateDetails"), "agree: 100 rows"));
	assert_answer("dst", "SELECT count(*) FROM lab.plain WHERE id < 0",
		      "0");
	assert_answer("dst",
		      "SELECT string_agg(id::text || r, ',' ORDER BY id)"
		      " FROM lab.parts_2 WHERE id < 6",
		      "12,32,52");
	assert_answer("dst", "SELECT count(*) FROM lab.\"Odd \"\"Name%\"", "2");
	drop_task(arn);
}

/* Without a schema on the target: made, with types as far as they exist. */
static void makes_missing_tables(void **state)
{
	struct value task;
	struct str arn;

	(void)state;
	arn = make_task("makes", all_of_lab,
			"{\"ValidationSettings\":{\"EnableValidation\":true}}");
	task = run_task(arn, "start-replication");
	assert_string_equal(text_of(task, "LastFailureMessage"), "");
	assert_int_equal(stat_of(task, "TablesLoaded"), 6);
	assert_answer("dst",
		      "SELECT string_agg(a.attname || ' ' || format_type("
		      "a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN "
		      "' not null' ELSE '' END, ', ' ORDER BY a.attnum) FROM "
		      "pg_attribute a WHERE attrelid = 'lab.wide'::regclass "
		      "AND attname IN ('id', 'n2', 'v', 'mo', 'mos', 'pos', "
		      "'pa', 'gen', 'tsz')",
		      "id bigint not null, n2 numeric(12,2), v character "
		      "varying(20), tsz timestamp with time zone, mo character "
		      "varying, mos text, pos integer, pa text, gen integer");
	assert_answer("dst",
		      "SELECT pg_get_constraintdef(oid) FROM pg_constraint "
		      "WHERE conrelid = 'lab.wide'::regclass AND contype = 'p'",
		      "PRIMARY KEY (id)");
	assert_string_equal(str_c(ask("dst", sum_wide), &mem),
			    str_c(ask("src", sum_wide), &mem));
	assert_string_equal(text_of(statistics(arn, "wide"), "ValidationState"),
			    "Validated");
	/* Again, with rows there already: the key refuses them. */
	task = run_task(arn, "reload-target");
	assert_string_equal(text_of(task, "Status"), "stopped");
	assert_true(stat_of(task, "TablesErrored") >= 3);
	assert_non_null(
	    strstr(text_of(task, "LastFailureMessage"), "duplicate key"));
	assert_string_equal(text_of(statistics(arn, "plain"), "TableState"),
			    "Table error");
	assert_answer("dst", "SELECT count(*) FROM lab.plain", "5000");
	drop_task(arn);
}

static void renames_and_filters(void **state)
{
	static const char mappings[] =
	    "{\"rules\":[{\"rule-type\":\"selection\",\"rule-id\":1,"
	    "\"rule-name\":\"1\",\"object-locator\":{\"schema-name\":"
	    "\"lab\",\"table-name\":\"plain\"},\"rule-action\":\"include\","
	    "\"filters\":[{\"filter-type\":\"source\",\"column-name\":"
	    "\"id\",\"filter-conditions\":[{\"filter-operator\":\"ste\","
	    "\"value\":\"10\"},{\"filter-operator\":\"between\","
	    "\"start-value\":\"100\",\"end-value\":\"109\"}]}]},"
	    "{\"rule-type\":\"transformation\",\"rule-id\":2,\"rule-name\":"
	    "\"2\",\"rule-target\":\"schema\",\"object-locator\":{"
	    "\"schema-name\":\"lab\"},\"rule-action\":\"rename\","
	    "\"value\":\"shop\"},"
	    "{\"rule-type\":\"transformation\",\"rule-id\":3,\"rule-name\":"
	    "\"3\",\"rule-target\":\"column\",\"object-locator\":{"
	    "\"schema-name\":\"lab\",\"table-name\":\"plain\","
	    "\"column-name\":\"t\"},\"rule-action\":\"rename\","
	    "\"value\":\"title\"},"
	    "{\"rule-type\":\"transformation\",\"rule-id\":4,\"rule-name\":"
	    "\"4\",\"rule-target\":\"column\",\"object-locator\":{"
	    "\"schema-name\":\"lab\",\"table-name\":\"plain\","
	    "\"column-name\":\"n\"},\"rule-action\":\"remove-column\"}]}";
	struct value task;
	struct str arn;

	(void)state;
	arn = make_task("renames", mappings,
			"{\"ValidationSettings\":{\"EnableValidation\":true}}");
	task = run_task(arn, "start-replication");
	assert_string_equal(text_of(task, "LastFailureMessage"), "");
	assert_answer("dst",
		      "SELECT count(*) || min(title) || max(p::text) FROM "
		      "shop.plain p",
		      "20row 1(9,\"row 9\")");
	assert_string_equal(
	    text_of(statistics(arn, "plain"), "ValidationState"), "Validated");
	drop_task(arn);
}

/* Columns that no rule keeps are left out, with their part of the key. */
static void keeps_columns(void **state)
{
	static const char mappings[] =
	    "{\"rules\":[{\"rule-type\":\"selection\",\"rule-id\":1,"
	    "\"rule-name\":\"1\",\"object-locator\":{\"schema-name\":"
	    "\"lab\",\"table-name\":\"plain\"},\"rule-action\":"
	    "\"include\"},"
	    "{\"rule-type\":\"transformation\",\"rule-id\":2,\"rule-name\":"
	    "\"2\",\"rule-target\":\"column\",\"object-locator\":{"
	    "\"schema-name\":\"lab\",\"table-name\":\"plain\","
	    "\"column-name\":\"id\"},\"rule-action\":\"include-column\"},"
	    "{\"rule-type\":\"transformation\",\"rule-id\":3,\"rule-name\":"
	    "\"3\",\"rule-target\":\"column\",\"object-locator\":{"
	    "\"schema-name\":\"lab\",\"table-name\":\"pl%\","
	    "\"column-name\":\"t\"},\"rule-action\":\"include-column\"},"
	    "{\"rule-type\":\"transformation\",\"rule-id\":4,\"rule-name\":"
	    "\"4\",\"rule-target\":\"column\",\"object-locator\":{"
	    "\"schema-name\":\"lab\",\"table-name\":\"plain\","
	    "\"column-name\":\"t\"},\"rule-action\":\"rename\","
	    "\"value\":\"title\"}]}";
	struct str arn;

	(void)state;
	arn = make_task("keeps", mappings, "{}");
	assert_string_equal(
	    text_of(run_task(arn, "start-replication"), "LastFailureMessage"),
	    "");
	assert_answer("dst",
		      "SELECT string_agg(attname, ',' ORDER BY attnum) FROM "
		      "pg_attribute WHERE attrelid = 'lab.plain'::regclass "
		      "AND attnum > 0",
		      "id,title");
	drop_task(arn);
}

/* What would be left undone is refused, not left out. */
static void refuses_rules(void **state)
{
	static const char mappings[] =
	    "{\"rules\":[{\"rule-type\":\"selection\",\"rule-id\":1,"
	    "\"rule-name\":\"1\",\"object-locator\":{\"schema-name\":"
	    "\"lab\",\"table-name\":\"plain\"},\"rule-action\":"
	    "\"include\"},"
	    "{\"rule-type\":\"transformation\",\"rule-id\":2,\"rule-name\":"
	    "\"2\",\"rule-target\":\"column\",\"object-locator\":{"
	    "\"schema-name\":\"lab\",\"table-name\":\"plain\","
	    "\"column-name\":\"t\"},\"rule-action\":"
	    "\"data-masking-hash-mask\"}]}";

	(void)state;
	refused("CreateReplicationTask", "InvalidParameterValueException",
		"{\"ReplicationTaskIdentifier\":\"masks\","
		"\"SourceEndpointArn\":\"%s\",\"TargetEndpointArn\":\"%s\","
		"\"ReplicationInstanceArn\":\"%s\","
		"\"MigrationType\":\"full-load\",\"TableMappings\":%s}",
		source_arn, target_arn, instance_arn, escaped(mappings).s);
}

static void tells_differences(void **state)
{
	static const char mappings[] =
	    "{\"rules\":[{\"rule-type\":\"selection\",\"rule-id\":1,"
	    "\"rule-name\":\"1\",\"object-locator\":{\"schema-name\":"
	    "\"lab\",\"table-name\":\"plain\"},\"rule-action\":"
	    "\"include\"}]}";
	struct value task;
	struct str arn;

	(void)state;
	/* A trigger that falsifies one row. */
	run_sql("dst", "CREATE SCHEMA lab; CREATE TABLE lab.plain (id int "
		       "PRIMARY KEY, t text, n numeric(10,2));"
		       "CREATE FUNCTION lab.f() RETURNS trigger LANGUAGE "
		       "plpgsql AS $$BEGIN IF NEW.id = 7 THEN NEW.t := 'x'; "
		       "END IF; RETURN NEW; END$$;"
		       "CREATE TRIGGER f BEFORE INSERT ON lab.plain FOR EACH "
		       "ROW EXECUTE FUNCTION lab.f()");
	arn = make_task("differs", mappings,
			"{\"ValidationSettings\":{\"EnableValidation\":true}}");
	task = run_task(arn, "start-replication");
	assert_string_equal(text_of(task, "Status"), "stopped");
	assert_string_equal(
	    text_of(statistics(arn, "plain"), "ValidationState"),
	    "Mismatched records");
	drop_task(arn);
}

/* A target without the column, a failing row: that table alone is in error. */
static void suspends_a_failing_table(void **state)
{
	struct value task, t;
	struct str arn;

	(void)state;
	run_sql("dst", "CREATE SCHEMA lab; CREATE TABLE lab.plain (id int "
		       "PRIMARY KEY CHECK (id <> 4321), t text, n "
		       "numeric(10,2)); INSERT INTO lab.plain VALUES (-5);"
		       "CREATE TABLE lab.no_key (a int)");
	arn = make_task("fails", all_of_lab,
			"{\"FullLoadSettings\":{\"TargetTablePrepMode\":"
			"\"TRUNCATE_BEFORE_LOAD\"}}");
	task = run_task(arn, "start-replication");
	assert_string_equal(text_of(task, "Status"), "stopped");
	assert_int_equal(stat_of(task, "TablesErrored"), 2);
	assert_int_equal(stat_of(task, "TablesLoaded"), 4);
	t = statistics(arn, "plain");
	assert_string_equal(text_of(t, "TableState"), "Table error");
	assert_int_equal(value_number(t, "FullLoadRows", -1), 0);
	assert_non_null(strstr(text_of(t, "ValidationStateDetails"),
			       "violates check constraint"));
	assert_non_null(
	    strstr(text_of(statistics(arn, "no_key"), "ValidationStateDetails"),
		   "no column \"b\""));
	/* The old row stands: the truncation was rolled back. */
	assert_answer("dst", "SELECT string_agg(id::text, ',') FROM lab.plain",
		      "-5");
	/* Repaired and resumed: only what failed is loaded. */
	run_sql("dst", "ALTER TABLE lab.plain DROP CONSTRAINT plain_id_check;"
		       "ALTER TABLE lab.no_key ADD b text;"
		       "DELETE FROM lab.empty; INSERT INTO lab.empty VALUES "
		       "(99)");
	task = run_task(arn, "resume-processing");
	assert_int_equal(stat_of(task, "TablesErrored"), 0);
	assert_int_equal(stat_of(task, "TablesLoaded"), 6);
	assert_answer("dst", "SELECT count(*) FROM lab.plain", "5000");
	assert_answer("dst", "SELECT id FROM lab.empty", "99");
	drop_task(arn);
}

static void stops_by_policy(void **state)
{
	struct value task;
	struct str arn;

	(void)state;
	run_sql("dst", "CREATE SCHEMA lab; CREATE TABLE lab.plain (id int "
		       "CHECK (id <> 4321), t text, n numeric(10,2))");
	arn = make_task("policy", all_of_lab,
			"{\"ErrorBehavior\":{\"TableErrorPolicy\":"
			"\"STOP_TASK\"}}");
	task = run_task(arn, "start-replication");
	assert_string_equal(text_of(task, "Status"), "failed");
	assert_non_null(
	    strstr(text_of(task, "StopReason"), "Stop Reason FATAL_ERROR"));
	assert_non_null(strstr(text_of(task, "LastFailureMessage"),
			       "violates check constraint"));
	drop_task(arn);
}

static void finds_no_tables(void **state)
{
	static const char mappings[] =
	    "{\"rules\":[{\"rule-type\":\"selection\",\"rule-id\":1,"
	    "\"rule-name\":\"1\",\"object-locator\":{\"schema-name\":"
	    "\"LAB\",\"table-name\":\"%\"},\"rule-action\":\"include\"}]}";
	struct value task;
	struct str arn;

	(void)state;
	arn = make_task("nothing", mappings, "{}");
	task = run_task(arn, "start-replication");
	assert_string_equal(text_of(task, "Status"), "failed");
	assert_non_null(strstr(text_of(task, "LastFailureMessage"),
			       "Last Error  No tables were found at task "
			       "initialization."));
	assert_string_equal(text_of(task, "LastFailureMessage"),
			    text_of(task, "StopReason"));
	drop_task(arn);
}

/* A table locked on the target: the task waits, is stopped, and is resumed. */
static void stops_within_seconds(void **state)
{
	struct pg *holder;
	struct error err = { 0 };
	struct value task;
	struct str arn;
	int64_t begun;

	(void)state;
	run_sql("dst", "CREATE SCHEMA lab; CREATE TABLE lab.plain (id int, t "
		       "text, n numeric(10,2)); INSERT INTO lab.plain VALUES "
		       "(-5)");
	holder = open_database("dst");
	assert_int_equal(pg_run(holder, "BEGIN; LOCK TABLE lab.plain", &err),
			 0);
	arn = make_task("stops", all_of_lab,
			"{\"FullLoadSettings\":{\"TargetTablePrepMode\":"
			"\"TRUNCATE_BEFORE_LOAD\"}}");
	refused("StopReplicationTask", "InvalidResourceStateFault",
		"{\"ReplicationTaskArn\":\"%s\"}", arn.s);
	start_task(arn, "start-replication");
	while (stat_of(describe(arn), "TablesLoaded") < 5)
		clock_sleep_ms(10);
	assert_string_equal(text_of(describe(arn), "Status"), "running");
	refused("ModifyReplicationTask", "InvalidResourceStateFault",
		"{\"ReplicationTaskArn\":\"%s\"}", arn.s);
	refused("DeleteReplicationTask", "InvalidResourceStateFault",
		"{\"ReplicationTaskArn\":\"%s\"}", arn.s);
	refused("DeleteEndpoint", "InvalidResourceStateFault",
		"{\"EndpointArn\":\"%s\"}", source_arn);
	begun = clock_ms();
	call("StopReplicationTask", "{\"ReplicationTaskArn\":\"%s\"}", arn.s);
	task = wait_task(arn);
	assert_true(clock_ms() - begun < 5000);
	assert_string_equal(text_of(task, "StopReason"), "Stop Reason NORMAL");
	assert_string_equal(text_of(statistics(arn, "plain"), "TableState"),
			    "Table cancelled");
	assert_int_equal(pg_run(holder, "COMMIT", &err), 0);
	pg_close(holder);
	assert_answer("dst", "SELECT id FROM lab.plain", "-5");
	refused("StartReplicationTask", "InvalidParameterCombinationException",
		"{\"ReplicationTaskArn\":\"%s\",\"StartReplicationTaskType\":"
		"\"start-replication\"}",
		arn.s);
	task = run_task(arn, "resume-processing");
	assert_int_equal(stat_of(task, "TablesLoaded"), 6);
	assert_answer("dst", "SELECT count(*) FROM lab.plain", "5000");
	drop_task(arn);
}

/* The server was killed while a task ran. */
static void recovers_a_killed_task(void **state)
{
	struct value task;
	struct item *item;
	struct error err = { 0 };
	struct str arn;

	(void)state;
	arn = make_task("killed", all_of_lab,
			"{\"FullLoadSettings\":{\"TargetTablePrepMode\":"
			"\"TRUNCATE_BEFORE_LOAD\"}}");
	run_task(arn, "start-replication");
	book_lock(&server.book);
	item = book_find(&server.book, BOOK_TASK, "ReplicationTaskArn", arn);
	item_set(item, "Status", value_c("running"));
	assert_int_equal(book_save(&server.book, &err), 0);
	book_unlock(&server.book);
	close_server();
	open_server();
	task = describe(arn);
	assert_string_equal(text_of(task, "Status"), "failed");
	assert_non_null(strstr(text_of(task, "StopReason"),
			       "Stop Reason RECOVERABLE_ERROR"));
	assert_int_equal(stat_of(task, "TablesLoaded"), 6);
	task = run_task(arn, "resume-processing");
	assert_string_equal(text_of(task, "Status"), "stopped");
	drop_task(arn);
}

/*
 * Killed between a commit and its note, without emptying before the load: the
 * rows are not doubled. A number that never committed is loaded.
 */
static void never_doubles_rows(void **state)
{
	struct value task;
	struct str arn, xid, path;
	struct error err = { 0 };
	struct pg_result r;
	struct pg *holder;

	(void)state;
	run_sql("dst", lab_types);
	run_sql("dst", lab_tables);
	arn = make_task("doubles", all_of_lab, "{}");
	task = run_task(arn, "start-replication");
	assert_int_equal(stat_of(task, "TablesLoaded"), 6);
	/* The note of one table is lost, and a line is cut short. */
	path = str_fmt(&mem, "%s/tasks/%.*s.json", folder,
		       STR_ARG(str_skip(arn, (size_t)str_rfind(arn, ':') + 1)));
	close_server();
	assert_int_equal(file_remove_tree(path.s, &err), 0);
	path =
	    str_fmt(&mem, "%.*s.ledger", STR_ARG(str_sub(path, 0, path.n - 5)));
	holder = open_database("dst");
	assert_int_equal(pg_run(holder, "BEGIN", &err), 0);
	if (pg_query(holder, "SELECT txid_current()", 0, NULL, &mem, &r, &err) <
	    0)
		fail_msg("%s", err.message);
	xid = r.cells[0];
	assert_int_equal(pg_run(holder, "ROLLBACK", &err), 0);
	pg_close(holder);
	assert_int_equal(
	    system(str_fmt(&mem,
			   "sed -i '/no_key/s/\"xid\":\"[0-9]*\"/"
			   "\"xid\":\"%.*s\"/' %.*s && printf "
			   "'{\"rows\":1' >> %.*s",
			   STR_ARG(xid), STR_ARG(path), STR_ARG(path))
		       .s),
	    0);
	open_server();
	task = run_task(arn, "resume-processing");
	assert_string_equal(text_of(task, "Status"), "stopped");
	assert_int_equal(stat_of(task, "TablesErrored"), 0);
	assert_answer("dst", "SELECT count(*) FROM lab.plain", "5000");
	assert_answer("dst", "SELECT count(*) FROM lab.no_key", "200");
	drop_task(arn);
}

static void checks_what_it_is_told(void **state)
{
	struct value v, page;
	struct str arn;

	(void)state;
	refused("DescribeNothing", "UnknownOperationException", "{}");
	refused("CreateReplicationTask", "ValidationException", "{}");
	refused("CreateEndpoint", "ResourceAlreadyExistsFault",
		"{\"EndpointIdentifier\":\"SOURCE\",\"EndpointType\":\"source\""
		",\"EngineName\":\"postgres\",\"ServerName\":\"x\","
		"\"Username\":\"u\"}");
	refused("CreateEndpoint", "InvalidParameterCombinationException",
		"{\"EndpointIdentifier\":\"x\",\"EndpointType\":\"source\","
		"\"EngineName\":\"postgres\",\"Username\":\"u\","
		"\"PostgreSQLSettings\":{\"SecretsManagerSecretId\":\"s\"}}");
	refused(
	    "DescribeEndpoints", "ResourceNotFoundFault",
	    "{\"Filters\":[{\"Name\":\"endpoint-id\",\"Values\":[\"no\"]}]}");
	refused("DescribeEndpoints", "InvalidParameterValueException",
		"{\"Filters\":[{\"Name\":\"colour\",\"Values\":[\"no\"]}]}");
	refused("DeleteReplicationSubnetGroup", "InvalidResourceStateFault",
		"{\"ReplicationSubnetGroupIdentifier\":\"main\"}");
	v = first(call("DescribeEndpoints",
		       "{\"Filters\":[{\"Name\":\"endpoint-type\",\"Values\":["
		       "\"target\"]}]}"),
		  "Endpoints");
	assert_string_equal(text_of(v, "EndpointIdentifier"), "target");
	assert_null(value_get(v, "_tags"));
	assert_null(value_get(v, "Password"));
	v = first(call("DescribeReplicationInstances", "{}"),
		  "ReplicationInstances");
	assert_string_equal(text_of(v, "ReplicationInstanceIdentifier"),
			    "main");
	assert_string_equal(text_of(member(v, "ReplicationSubnetGroup"),
				    "ReplicationSubnetGroupIdentifier"),
			    "main");

	call("AddTagsToResource",
	     "{\"ResourceArn\":\"%s\",\"Tags\":[{\"Key\":\"a\",\"Value\":"
	     "\"1\"},{\"Key\":\"b\",\"Value\":\"2\"}]}",
	     source_arn);
	call("RemoveTagsFromResource",
	     "{\"ResourceArn\":\"%s\",\"TagKeys\":[\"a\"]}", source_arn);
	v = member(
	    call("ListTagsForResource", "{\"ResourceArn\":\"%s\"}", source_arn),
	    "TagList");
	assert_int_equal(v.as.list.n, 1);
	assert_string_equal(text_of(v.as.list.items[0], "Key"), "b");

	/* Pages: 25 tasks, 20 and 5. */
	for (int i = 0; i < 25; i++) {
		char name[24];

		snprintf(name, sizeof(name), "page-%d", i);
		arn = make_task(name, all_of_lab, "{}");
	}
	page = call("DescribeReplicationTasks",
		    "{\"MaxRecords\":20,\"WithoutSettings\":true}");
	assert_int_equal(member(page, "ReplicationTasks").as.list.n, 20);
	assert_null(
	    value_get(first(page, "ReplicationTasks"), "TableMappings"));
	page = call("DescribeReplicationTasks",
		    "{\"MaxRecords\":20,\"Marker\":\"%s\"}",
		    text_of(page, "Marker"));
	assert_int_equal(member(page, "ReplicationTasks").as.list.n, 5);
	assert_null(value_get(page, "Marker"));
	refused("StartReplicationTask", "InvalidParameterCombinationException",
		"{\"ReplicationTaskArn\":\"%s\",\"StartReplicationTaskType\":"
		"\"resume-processing\"}",
		arn.s);
}

/* A changed endpoint is an untested one; a wrong password says so. */
static void tests_connections(void **state)
{
	struct str arn;
	struct value v;

	(void)state;
	arn = make_task("untested", all_of_lab, "{}");
	call("ModifyEndpoint",
	     "{\"EndpointArn\":\"%s\",\"Password\":\"" SENTINEL "\"}",
	     source_arn);
	refused("StartReplicationTask", "InvalidResourceStateFault",
		"{\"ReplicationTaskArn\":\"%s\",\"StartReplicationTaskType\":"
		"\"start-replication\"}",
		arn.s);
	assert_string_equal(test_connection(source_arn), "failed");
	v = first(call("DescribeConnections",
		       "{\"Filters\":[{\"Name\":\"endpoint-arn\",\"Values\":["
		       "\"%s\"]}]}",
		       source_arn),
		  "Connections");
	assert_non_null(strstr(text_of(v, "LastFailureMessage"),
			       "password authentication failed"));
	call("ModifyEndpoint",
	     "{\"EndpointArn\":\"%s\",\"ServerName\":\"nowhere.example\"}",
	     source_arn);
	assert_string_equal(test_connection(source_arn), "failed");
	v = first(call("DescribeConnections",
		       "{\"Filters\":[{\"Name\":\"endpoint-arn\",\"Values\":["
		       "\"%s\"]}]}",
		       source_arn),
		  "Connections");
	assert_non_null(strstr(text_of(v, "LastFailureMessage"),
			       "could not translate host name \"nowhere"));
}

static bool holds_sentinel(const char *path)
{
	struct error err = { 0 };
	struct str text;

	assert_int_equal(file_read(path, 64 << 20, &mem, &text, &err), 0);
	return str_contains(text, STR(SENTINEL)) ||
	       str_contains(text, STR(PG_SERVER_PASSWORD));
}

static void keeps_passwords_out_of_files(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_false(holds_sentinel(str_fmt(&mem, "%s/state.json", folder).s));
	assert_false(holds_sentinel(str_fmt(&mem, "%s/log", folder).s));
	assert_int_equal(file_replace(str_fmt(&mem, "%s/p", folder).s,
				      STR("x " SENTINEL), 0600, &err),
			 0);
	assert_true(holds_sentinel(str_fmt(&mem, "%s/p", folder).s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(loads_without_loss, set_up),
		cmocka_unit_test_setup(makes_missing_tables, set_up),
		cmocka_unit_test_setup(renames_and_filters, set_up),
		cmocka_unit_test_setup(keeps_columns, set_up),
		cmocka_unit_test_setup(refuses_rules, set_up),
		cmocka_unit_test_setup(tells_differences, set_up),
		cmocka_unit_test_setup(suspends_a_failing_table, set_up),
		cmocka_unit_test_setup(stops_by_policy, set_up),
		cmocka_unit_test_setup(finds_no_tables, set_up),
		cmocka_unit_test_setup(stops_within_seconds, set_up),
		cmocka_unit_test_setup(recovers_a_killed_task, set_up),
		cmocka_unit_test_setup(never_doubles_rows, set_up),
		cmocka_unit_test(checks_what_it_is_told),
		cmocka_unit_test(tests_connections),
		cmocka_unit_test(keeps_passwords_out_of_files),
	};

	if (!pg_server_is_there()) {
		printf("1..0 # SKIP PostgreSQL's server is not installed\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
