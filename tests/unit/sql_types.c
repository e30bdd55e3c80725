/* sql_database and fixture against a PostgreSQL of their own. */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/json.h"
#include "providers/pg/pg.h"
#include "providers/sql/split.h"
#include "providers/sql/sql.h"
#include "tests/support/pg_server.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TOKEN "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define OTHER "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static struct pg_target server_target(const struct pg_server *s,
				      const char *database)
{
	return (struct pg_target){
		.hostaddr = str_from(s->host),
		.port = s->port,
		.database = str_from(database),
		.user = STR("postgres"),
		.password = STR(PG_SERVER_PASSWORD),
	};
}

/* The text of the first column of the first row. */
static const char *ask(const struct pg_server *s, const char *database,
		       const char *sql, struct arena *a)
{
	struct pg_target t = server_target(s, database);
	struct pg_result r = { 0 };
	struct error err = { 0 };
	struct pg *c;

	if (pg_open(&t, &c, &err) < 0)
		fail_msg("%s", err.message);
	if (pg_query(c, sql, 0, NULL, a, &r, &err) < 0)
		fail_msg("%s: %s", sql, err.message);
	pg_close(c);
	return r.n_rows && r.n_columns ? r.cells[0].s : NULL;
}

/* The host: cluster "up" is the test's server, all others are down or gone. */
static int target(void *self, struct str cluster, struct str database,
		  struct arena *a, struct pg_target *out, struct error *err)
{
	const struct pg_server *s = self;

	if (str_is(cluster, "gone"))
		return error_set(err, ERROR_NOT_FOUND, "no such cluster");
	if (!str_is(cluster, "up"))
		return error_set(err, ERROR_UNAVAILABLE, "it is stopped");
	*out = server_target(s, "");
	out->database = str_dup(database, a);
	return 0;
}

static struct str stack(void *self)
{
	(void)self;
	return STR("dev/0123456789abcdef");
}

/* The same by statements that stand alone, with an answer at the second look.
 */
static enum step run(struct call *c, const struct sql_job *job,
		     struct str *memo, struct sql_answer *out)
{
	struct pg_result r = { 0 };
	struct pg_target t;
	struct pg *pg;
	int result;

	if (target(c->self, job->at.cluster, job->at.database, c->arena, &t,
		   &c->err) < 0)
		return STEP_FAILED;
	if (memo->n == 0) {
		*memo = STR("sent");
		return call_wait(c, 1, "an answer");
	}
	assert_true(str_is(*memo, "sent"));
	if (pg_open(&t, &pg, &c->err) < 0)
		return STEP_FAILED;
	if (!job->is_change)
		assert_int_equal(pg_run(pg, "BEGIN READ ONLY", &c->err), 0);
	if (c->left_ms)
		assert_int_equal(
		    pg_run(pg, "SET statement_timeout = '200ms'", &c->err), 0);
	result = pg_query(pg, str_c(job->sql, c->arena), 0, NULL, c->arena, &r,
			  &c->err);
	snprintf(out->state, sizeof(out->state), "%s", pg_sqlstate(pg));
	pg_close(pg);
	if (result < 0)
		return STEP_FAILED;
	out->is_null = r.n_rows == 0 || r.n_columns == 0 || !r.cells[0].s;
	if (!out->is_null)
		out->text = r.cells[0];
	return STEP_DONE;
}

static bool is_remote_way;

static bool is_remote(void *self, struct str cluster)
{
	(void)cluster;
	(void)self;
	return is_remote_way;
}

static const struct sql_host host = {
	.target = target,
	.stack = stack,
	.is_remote = is_remote,
	.run = run,
};
static const struct resource_type database_type = {
	.name = "sql_database",
	.ops = &sql_database_ops,
	.data = &host,
};
static const struct resource_type fixture_type = {
	.name = "fixture",
	.ops = &fixture_ops,
	.data = &host,
};

/* A function until it does not wait any more. */
static enum step go(struct call *c, enum step (*function)(struct call *c))
{
	enum step result;

	c->memo = STR("");
	for (int i = 0; i < 100; i++) {
		result = function(c);
		if (result != STEP_PENDING)
			return result;
		c->is_poll = true;
	}
	return result;
}

static struct call call(void **state, struct arena *a,
			const struct resource_type *type, const char *address,
			const char *config)
{
	struct call c = {
		.self = *state,
		.type = type,
		.arena = a,
		.address = str_from(address),
		.token = STR(TOKEN),
	};
	struct error err = { 0 };

	if (json_read(str_from(config), a, &c.config, &err) < 0)
		fail_msg("%s", err.message);
	c.prior = c.config;
	return c;
}

#define DATABASE(c, config)                                                    \
	struct call c = call(state, &a, &database_type,                        \
			     "sql_database.demo[\"a\"]", config)
#define FIXTURE(c, config)                                                     \
	struct call c = call(state, &a, &fixture_type, "fixture.rows", config)

static void is_done(struct call *c, enum step step)
{
	if (step == STEP_FAILED)
		print_error("%s (%s)\n", c->err.message, c->err.hint);
	assert_int_equal(step, STEP_DONE);
}

static void makes_and_drops_a_database(void **state)
{
	struct arena a = { 0 };

	DATABASE(c, "{\"on\":\"up\",\"name\":\"de\\\"mo\"}");
	is_done(&c, go(&c, c.type->ops->create));
	assert_true(str_is(c.id, "up/de\"mo"));
	assert_string_equal(
	    ask(*state, "postgres",
		"SELECT shobj_description(oid, 'pg_database') "
		"FROM pg_database WHERE datname = 'de\"mo'",
		&a),
	    "dmsl:dev/0123456789abcdef:00112233445566778899aabbccddeeff:"
	    "sql_database.demo[\"a\"]");
	/* Repeated, it is the same. */
	is_done(&c, go(&c, c.type->ops->create));
	is_done(&c, c.type->ops->read(&c));
	assert_false(c.is_gone || c.is_broken);
	is_done(&c, c.type->ops->update(&c));
	assert_int_equal(c.type->ops->plan(&c, "delete"), 0);
	assert_int_equal(c.effects.n, 1);
	assert_string_equal(c.effects.items[0].text.s,
			    "drop database de\"mo (0 tables, about 0 rows)");
	vec_release(&c.effects);
	c.sql = STR("select 40 + 2");
	is_done(&c, c.type->ops->query(&c));
	assert_true(str_is(c.result.as.text, "42"));
	c.sql = STR("create table t ()");
	assert_int_equal(c.type->ops->query(&c), STEP_FAILED);
	c.err = (struct error){ 0 };
	is_done(&c, go(&c, c.type->ops->destroy));
	is_done(&c, go(&c, c.type->ops->destroy));
	is_done(&c, c.type->ops->read(&c));
	assert_true(c.is_gone);
	arena_release(&a);
}

static void knows_what_was_moved(void **state)
{
	struct arena a = { 0 };

	DATABASE(c, "{\"on\":\"up\",\"name\":\"moved\"}");
	is_done(&c, go(&c, c.type->ops->create));
	/* A new one at its old address is not it. */
	DATABASE(d, "{\"on\":\"up\",\"name\":\"moved\"}");
	d.token = STR(OTHER);
	assert_int_equal(go(&d, d.type->ops->create), STEP_FAILED);
	assert_int_equal(d.err.kind, ERROR_EXISTS);
	assert_int_equal(d.id.n, 0);
	c.address = STR("sql_database.moved");
	c.token = STR(OTHER);
	is_done(&c, go(&c, c.type->ops->destroy));
	is_done(&c, c.type->ops->read(&c));
	assert_true(c.is_gone);

	FIXTURE(f, "{\"on\":\"up/postgres\",\"sql\":"
		   "\"CREATE TABLE once (a int)\","
		   "\"undo\":\"DROP TABLE once\"}");
	is_done(&f, go(&f, f.type->ops->create));
	f.address = STR("fixture.moved");
	is_done(&f, f.type->ops->read(&f));
	assert_false(f.is_gone);
	is_done(&f, f.type->ops->update(&f));
	is_done(&f, go(&f, f.type->ops->destroy));
	is_done(&f, f.type->ops->read(&f));
	assert_true(f.is_gone);
	assert_null(ask(*state, "postgres", "SELECT to_regclass('once')", &a));
	arena_release(&a);
}

static void goes_on_where_it_was_killed(void **state)
{
	struct arena a = { 0 };

	DATABASE(c, "{\"on\":\"up\",\"name\":\"half\"}");
	/* Killed between CREATE DATABASE and its mark. */
	ask(*state, "postgres",
	    "CREATE DATABASE \"dmsl_00112233445566778899aabbccddeeff\"", &a);
	c.is_recovery = true;
	is_done(&c, go(&c, c.type->ops->create));
	assert_string_equal(ask(*state, "postgres",
				"SELECT count(*) FROM pg_database "
				"WHERE datname LIKE 'dmsl%' OR "
				"datname = 'half'",
				&a),
			    "1");
	is_done(&c, go(&c, c.type->ops->destroy));
	arena_release(&a);
}

static void leaves_other_databases_alone(void **state)
{
	struct arena a = { 0 };

	DATABASE(c, "{\"on\":\"up\",\"name\":\"foreign\"}");
	ask(*state, "postgres", "CREATE DATABASE \"foreign\"", &a);
	assert_int_equal(go(&c, c.type->ops->create), STEP_FAILED);
	assert_int_equal(c.err.kind, ERROR_EXISTS);
	assert_non_null(strstr(c.err.message, "database \"foreign\" exists"));
	c.id = STR("up/foreign");
	assert_int_equal(go(&c, c.type->ops->destroy), STEP_FAILED);
	assert_int_equal(c.err.kind, ERROR_CONFLICT);
	ask(*state, "postgres", "DROP DATABASE \"foreign\"", &a);
	arena_release(&a);
}

static void tells_down_from_gone(void **state)
{
	struct arena a = { 0 };

	DATABASE(c, "{\"on\":\"down\",\"name\":\"x\"}");
	c.id = STR("down/x");
	is_done(&c, c.type->ops->read(&c));
	assert_true(c.is_broken);
	assert_false(c.is_gone);
	c.is_broken = false;
	c.id = STR("gone/x");
	is_done(&c, c.type->ops->read(&c));
	assert_true(c.is_gone);
	is_done(&c, go(&c, c.type->ops->destroy));
	c.id = STR("down/x");
	assert_int_equal(go(&c, c.type->ops->destroy), STEP_FAILED);
	arena_release(&a);
}

static const char *count(void **state, const char *sql, struct arena *a)
{
	return ask(*state, "postgres", sql, a);
}

static void runs_a_fixture_once(void **state)
{
	struct arena a = { 0 };

	FIXTURE(c, "{\"on\":\"up/postgres\",\"sql\":"
		   "\"CREATE SCHEMA s; CREATE TABLE s.t (a int);\\n"
		   "INSERT INTO s.t VALUES (1), (2)\","
		   "\"undo\":\"DROP SCHEMA s CASCADE\"}");
	assert_int_equal(c.type->ops->plan(&c, "create"), 0);
	assert_string_equal(c.effects.items[0].text.s,
			    "run fixture rows on postgres (3 statements)");
	vec_release(&c.effects);
	is_done(&c, go(&c, c.type->ops->create));
	assert_true(str_starts(c.id, "up/postgres#"));
	assert_int_equal(c.id.n, strlen("up/postgres#") + 16);
	/* A repetition finds the token. */
	is_done(&c, go(&c, c.type->ops->create));
	assert_string_equal(count(state, "SELECT count(*) FROM s.t", &a), "2");
	/* Another step finds the same statements of the same resource. */
	c.token = STR(OTHER);
	is_done(&c, go(&c, c.type->ops->create));
	assert_string_equal(count(state, "SELECT count(*) FROM s.t", &a), "2");
	is_done(&c, c.type->ops->read(&c));
	assert_false(c.is_gone || c.is_broken);
	is_done(&c, c.type->ops->update(&c));
	is_done(&c, go(&c, c.type->ops->destroy));
	assert_string_equal(count(state,
				  "SELECT count(*) FROM pg_namespace WHERE "
				  "nspname IN ('s', 'dmsl')",
				  &a),
			    "0");
	is_done(&c, go(&c, c.type->ops->destroy));
	is_done(&c, c.type->ops->read(&c));
	assert_true(c.is_gone);
	arena_release(&a);
}

/* Somebody dropped by hand what undo would drop: no reason to stay. */
static void undoes_what_is_still_there(void **state)
{
	struct arena a = { 0 };
	struct pg_target t = server_target(*state, "postgres");
	struct error err = { 0 };
	struct pg *hand;

	FIXTURE(c, "{\"on\":\"up/postgres\",\"sql\":"
		   "\"CREATE SCHEMA s; CREATE TABLE s.t (); CREATE TABLE u ();"
		   "CREATE ROLE dmsl_undone\","
		   "\"undo\":\"DROP TABLE s.t; DROP FUNCTION s.f(int);"
		   "DROP SCHEMA s CASCADE; DROP ROLE dmsl_undone;"
		   "DROP TABLE u\"}");
	is_done(&c, go(&c, c.type->ops->create));
	assert_int_equal(pg_open(&t, &hand, &err), 0);
	assert_int_equal(pg_run(hand,
				"DROP SCHEMA s CASCADE; "
				"DROP ROLE dmsl_undone",
				&err),
			 0);
	is_done(&c, go(&c, c.type->ops->destroy));
	assert_null(count(state, "SELECT to_regclass('u')", &a));
	assert_null(count(state, "SELECT to_regnamespace('dmsl')", &a));
	/* Any other failure keeps all of it. */
	FIXTURE(d, "{\"on\":\"up/postgres\","
		   "\"sql\":\"CREATE TABLE v (); CREATE TABLE w ()\","
		   "\"undo\":\"DROP TABLE v; SELECT 1 / 0\"}");
	is_done(&d, go(&d, d.type->ops->create));
	assert_int_equal(go(&d, d.type->ops->destroy), STEP_FAILED);
	assert_non_null(count(state, "SELECT to_regclass('v')", &a));
	d.err = (struct error){ 0 };
	assert_int_equal(pg_run(hand,
				"DROP TABLE v, w; DROP SCHEMA dmsl "
				"CASCADE",
				&err),
			 0);
	pg_close(hand);
	arena_release(&a);
}

static void does_not_quote_a_secret_statement(void **state)
{
	struct arena a = { 0 };

	FIXTURE(c, "{\"on\":\"up/postgres\",\"sql\":"
		   "\"SELECT 1;\\nSELECT CAST('s3ntinel' AS int)\"}");
	c.config = value_with(
	    c.config, STR("sql"),
	    value_mark(*value_get(c.config, "sql"), MARK_SECRET), &a);
	assert_int_equal(go(&c, c.type->ops->create), STEP_FAILED);
	assert_null(strstr(c.err.message, "s3ntinel"));
	assert_non_null(strstr(c.err.message, "line 2 (SQLSTATE 22P02)"));
	c.err = (struct error){ 0 };
	FIXTURE(f, "{\"on\":\"up/postgres\",\"sql\":\"SELECT 1\"}");
	f.id = STR("up/postgres#0");
	is_done(&f, go(&f, f.type->ops->destroy));
	assert_null(count(state, "SELECT to_regnamespace('dmsl')", &a));
	arena_release(&a);
}

static void keeps_nothing_of_a_failure(void **state)
{
	struct arena a = { 0 };

	FIXTURE(c,
		"{\"on\":\"up/postgres\",\"sql\":"
		"\"CREATE TABLE t (a int);\\n-- \\u00e4\\n"
		"INSERT INTO t\\n  VALUES (1, \\u0027\\u00e4\\u0027 + nix)\"}");
	assert_int_equal(go(&c, c.type->ops->create), STEP_FAILED);
	assert_string_equal(
	    c.err.message, is_remote_way
			       ? "line 3: column \"nix\" does not exist"
			       : "line 4, at \"nix)\" (SQLSTATE 42703): column "
				 "\"nix\" does not exist");
	assert_string_equal(
	    count(state, "SELECT count(*) FROM dmsl.intents", &a), "0");
	assert_null(count(state, "SELECT to_regclass('t')", &a));
	/* What its block allows is the server's limit, too. */
	FIXTURE(late, "{\"on\":\"up/postgres\",\"sql\":"
		      "\"CREATE TABLE t (a int); SELECT pg_sleep(600)\"}");
	late.left_ms = 200;
	assert_int_equal(go(&late, late.type->ops->create), STEP_FAILED);
	assert_non_null(strstr(late.err.message, "statement timeout"));
	assert_null(count(state, "SELECT to_regclass('t')", &a));
	/* What cannot be in a transaction says so itself. */
	FIXTURE(d, "{\"on\":\"up/postgres\",\"sql\":"
		   "\"SELECT 1;\\n\\nCREATE DATABASE x\"}");
	assert_int_equal(go(&d, d.type->ops->create), STEP_FAILED);
	assert_string_equal(
	    d.err.message,
	    is_remote_way
		? "line 3: CREATE DATABASE cannot run inside a transaction "
		  "block"
		: "line 3, \"CREATE DATABASE x\" (SQLSTATE 25001): "
		  "CREATE DATABASE cannot run inside a transaction "
		  "block");
	FIXTURE(e, "{\"on\":\"up/postgres\",\"sql\":\"SELECT 1;\\nCOMMIT\"}");
	assert_int_equal(e.type->ops->plan(&e, "create"), -1);
	assert_string_equal(e.err.message,
			    "sql: line 2: COMMIT cannot be used here");
	FIXTURE(f, "{\"on\":\"up/postgres\",\"sql\":\"SELECT 1\"}");
	f.id = STR("up/postgres#0");
	is_done(&f, go(&f, f.type->ops->destroy));
	assert_null(count(state, "SELECT to_regnamespace('dmsl')", &a));
	arena_release(&a);
}

static void *commit_later(void *connection)
{
	struct error err;

	pg_run(connection, "SELECT pg_sleep(0.5)", &err);
	pg_run(connection, "COMMIT", &err);
	return NULL;
}

/* The earlier attempt's server process still runs the statements. */
static void waits_for_the_earlier_attempt(void **state)
{
	struct arena a = { 0 };
	struct pg_target t = server_target(*state, "postgres");
	struct error err = { 0 };
	struct pg *earlier;
	pthread_t thread;

	FIXTURE(first, "{\"on\":\"up/postgres\",\"sql\":\"SELECT 1\"}");
	is_done(&first, go(&first, first.type->ops->create));
	is_done(&first, go(&first, first.type->ops->destroy));
	FIXTURE(c, "{\"on\":\"up/postgres\",\"sql\":"
		   "\"CREATE TABLE once (a int)\","
		   "\"undo\":\"DROP TABLE once\"}");
	is_done(&c, go(&c, c.type->ops->create));
	is_done(&c, go(&c, c.type->ops->destroy));
	/* As the killed one would: its row, then its statements. */
	assert_int_equal(pg_open(&t, &earlier, &err), 0);
	FIXTURE(keep, "{\"on\":\"up/postgres\",\"sql\":\"SELECT 2\"}");
	keep.address = STR("fixture.keep");
	keep.token = STR(OTHER);
	is_done(&keep, go(&keep, keep.type->ops->create));
	assert_int_equal(
	    pg_run(earlier,
		   "BEGIN; INSERT INTO dmsl.intents VALUES ('" TOKEN "',"
		   "'dev/0123456789abcdef', 'fixture.rows', 'x');"
		   "CREATE TABLE once (a int)",
		   &err),
	    0);
	/* It commits while the repetition waits. */
	assert_int_equal(pthread_create(&thread, NULL, commit_later, earlier),
			 0);
	is_done(&c, go(&c, c.type->ops->create));
	pthread_join(thread, NULL);
	pg_close(earlier);
	is_done(&c, go(&c, c.type->ops->destroy));
	assert_null(count(state, "SELECT to_regclass('once')", &a));
	is_done(&keep, go(&keep, keep.type->ops->destroy));
	assert_null(count(state, "SELECT to_regnamespace('dmsl')", &a));
	arena_release(&a);
}

static void refuses_other_statements_of_the_same(void **state)
{
	struct arena a = { 0 };

	FIXTURE(c, "{\"on\":\"up/postgres\",\"sql\":\"SELECT 1\"}");
	is_done(&c, go(&c, c.type->ops->create));
	FIXTURE(d, "{\"on\":\"up/postgres\",\"sql\":\"SELECT 2\"}");
	d.token = STR(OTHER);
	assert_int_equal(go(&d, d.type->ops->create), STEP_FAILED);
	assert_int_equal(d.err.kind, ERROR_EXISTS);
	is_done(&c, go(&c, c.type->ops->destroy));
	arena_release(&a);
}

static void opens_sessions_without_the_password(void **state)
{
	struct arena a = { 0 };
	struct session s = { 0 };
	struct pg_target t = {
		.host = STR("a'b\\c"),
		.hostaddr = STR("127.0.0.1"),
		.port = 15432,
		.database = STR("demo db"),
		.user = STR("me"),
		.password = STR("s3ntinel"),
		.ssl_mode = STR("verify-full"),
		.ca_file = STR("/x/ca.pem"),
	};

	DATABASE(c, "{\"on\":\"up\",\"name\":\"postgres\"}");
	assert_int_equal(sql_session(&c, &t, &s), 0);
	assert_string_equal(s.argv[0], "psql");
	assert_string_equal(s.argv[1],
			    "host='a\\'b\\\\c' hostaddr='127.0.0.1' "
			    "port='15432' dbname='demo db' user='me' "
			    "sslmode='verify-full' sslrootcert='/x/ca.pem'");
	assert_null(s.argv[2]);
	assert_string_equal(s.env[0], "PGPASSWORD=s3ntinel");
	assert_null(s.env[1]);
	arena_release(&a);
}

static void splits_statements(void **state)
{
	static const struct {
		const char *sql;
		size_t n;
		const char *last;
		size_t line;
	} good[] = {
		{ "", 0, NULL, 0 },
		{ " -- nothing\n /* at /* all */ ; */ ;;", 0, NULL, 0 },
		{ "select 1", 1, "select 1", 1 },
		{ "select 1;\nselect ';' ;", 2, "select ';'", 2 },
		{ "select 'it''s;'; select E'a\\';'", 2, "select E'a\\';'", 1 },
		{ "select \"a;\"\"b\";x", 2, "x", 1 },
		{ "do $$ begin; end $$; do $a$ $$;$a$;\n\nx y", 3, "x y", 3 },
		{ "select $1; select 1e5", 2, "select 1e5", 1 },
		{ "create rule r as on insert to t do (select 1; select 2);z",
		  2, "z", 1 },
		{ "create or replace function f() returns int begin atomic "
		  "select case when true then 1 end; select 2; end; q",
		  2, "q", 1 },
		{ "create table begin_atomic (a int); begin_x", 2, "begin_x",
		  1 },
		{ "/* c */ -- d\n  insert into t values (1)", 1,
		  "insert into t values (1)", 2 },
	};
	static const char *const bad[] = { "select 'a", "select \"a", "do $$ x",
					   "/* /* */", "select E'\\'" };
	struct arena a = { 0 };
	struct statements out;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(
		    sql_split(str_from(good[i].sql), &a, &out, &err), 0);
		if (out.n != good[i].n)
			print_error("%s\n", good[i].sql);
		assert_int_equal(out.n, good[i].n);
		if (!out.n)
			continue;
		assert_string_equal(str_c(out.items[out.n - 1].text, &a),
				    good[i].last);
		assert_int_equal(out.items[out.n - 1].line, good[i].line);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(sql_split(str_from(bad[i]), &a, &out, &err),
				 -1);
	assert_int_equal(sql_split_for_transaction(
			     STR("prepare transaction 'x'"), &a, &out, &err),
			 -1);
	assert_int_equal(sql_split_for_transaction(STR("prepare x as select 1"),
						   &a, &out, &err),
			 0);
	assert_int_equal(
	    sql_split_for_transaction(STR("\\d t"), &a, &out, &err), -1);
	arena_release(&a);
}

static int set_up(void **state)
{
	static struct pg_server server;

	*state = &server;
	return pg_server_start(&server);
}

static int remotely(void **state)
{
	(void)state;
	is_remote_way = true;
	return 0;
}

static int tear_down(void **state)
{
	pg_server_stop(*state);
	return 0;
}

#define REMOTELY(f)                                                            \
	{                                                                      \
#f "_remotely", f, remotely, NULL, NULL                        \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splits_statements),
		cmocka_unit_test(makes_and_drops_a_database),
		cmocka_unit_test(knows_what_was_moved),
		cmocka_unit_test(goes_on_where_it_was_killed),
		cmocka_unit_test(leaves_other_databases_alone),
		cmocka_unit_test(tells_down_from_gone),
		cmocka_unit_test(runs_a_fixture_once),
		cmocka_unit_test(undoes_what_is_still_there),
		cmocka_unit_test(does_not_quote_a_secret_statement),
		cmocka_unit_test(keeps_nothing_of_a_failure),
		cmocka_unit_test(waits_for_the_earlier_attempt),
		cmocka_unit_test(refuses_other_statements_of_the_same),
		cmocka_unit_test(opens_sessions_without_the_password),
		REMOTELY(makes_and_drops_a_database),
		REMOTELY(knows_what_was_moved),
		REMOTELY(goes_on_where_it_was_killed),
		REMOTELY(leaves_other_databases_alone),
		REMOTELY(tells_down_from_gone),
		REMOTELY(runs_a_fixture_once),
		REMOTELY(undoes_what_is_still_there),
		REMOTELY(does_not_quote_a_secret_statement),
		REMOTELY(keeps_nothing_of_a_failure),
		REMOTELY(waits_for_the_earlier_attempt),
		REMOTELY(refuses_other_statements_of_the_same),
	};

	if (!pg_server_is_there()) {
		puts("1..0 # SKIP PostgreSQL is not installed");
		return 0;
	}
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
