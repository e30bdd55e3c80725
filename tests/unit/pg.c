/* Connections and COPY streams, against a PostgreSQL server of this test. */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/base/clock.h"
#include "lang/base/error.h"
#include "providers/pg/copy.h"
#include "providers/pg/pg.h"
#include "tests/support/pg_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct pg_server server;
static struct arena mem;

static struct pg_target target(void)
{
	return (struct pg_target){
		.hostaddr = str_from(server.host),
		.port = server.port,
		.database = STR("postgres"),
		.user = STR("postgres"),
		.password = STR(PG_SERVER_PASSWORD),
	};
}

static struct pg *connect_to(struct pg_target t)
{
	struct error err = { 0 };
	struct pg *c;

	if (pg_open(&t, &c, &err) < 0)
		fail_msg("%s", err.message);
	return c;
}

static void assert_no_connection(struct pg_target t, enum error_kind kind,
				 const char *words)
{
	struct error err = { 0 };
	struct pg *c;

	assert_int_equal(pg_open(&t, &c, &err), -1);
	assert_null(c);
	if (err.kind != kind || !strstr(err.message, words))
		fail_msg("%s: %s", error_kind_name(err.kind), err.message);
	assert_null(strstr(err.message, PG_SERVER_PASSWORD));
}

static struct str ask(struct pg *c, const char *sql)
{
	struct error err = { 0 };
	struct pg_result r;

	if (pg_query(c, sql, 0, NULL, &mem, &r, &err) < 0)
		fail_msg("%s: %s", sql, err.message);
	return r.cells[0];
}

static int set_up(void **state)
{
	(void)state;
	return pg_server_start(&server);
}

static int tear_down(void **state)
{
	(void)state;
	pg_server_stop(&server);
	arena_release(&mem);
	return 0;
}

static void passes_parameters(void **state)
{
	struct str params[3] = { STR("41"), { NULL, 0 }, STR("it's \\ \"x\"") };
	struct pg *c = connect_to(target());
	struct error err = { 0 };
	struct pg_result r;

	(void)state;
	assert_int_equal(pg_query(c,
				  "SELECT $1::int + 1, $2::text, $3::text, '' "
				  "FROM generate_series(1, 2)",
				  3, params, &mem, &r, &err),
			 0);
	assert_int_equal(r.n_rows, 2);
	assert_int_equal(r.n_columns, 4);
	assert_string_equal(r.cells[0].s, "42");
	assert_null(r.cells[1].s);
	assert_string_equal(r.cells[6].s, "it's \\ \"x\"");
	assert_non_null(r.cells[7].s);
	assert_string_equal(r.tag.s, "SELECT 2");
	assert_true(pg_version(c) > 100000);
	pg_close(c);
}

/* Quoting: what went in as a literal or as a name comes out the same. */
static void quotes(void **state)
{
	static const char *const texts[] = { "",    "a",	 "it's", "\\",
					     "\\'", "''",	 "\"",	 "a\"b",
					     "$1",  "\303\244 %" };
	struct pg *c = connect_to(target());

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct str s = str_from(texts[i]);
		struct str literal = pg_literal(s, &mem);
		struct str name = pg_identifier(s.n ? s : STR("x"), &mem);

		assert_true(str_eq(
		    ask(c, str_fmt(&mem, "SELECT %.*s", STR_ARG(literal)).s),
		    s));
		assert_true(str_eq(ask(c, str_fmt(&mem,
						  "SELECT attname FROM (SELECT "
						  "1 AS %.*s) AS t, LATERAL "
						  "(SELECT key AS attname FROM "
						  "json_each(row_to_json(t))) "
						  "AS k",
						  STR_ARG(name))
					      .s),
				   s.n ? s : STR("x")));
	}
	pg_close(c);
}

static void maps_errors(void **state)
{
	static const struct {
		const char *sql;
		const char *sqlstate;
		enum error_kind kind;
	} cases[] = {
		{ "SELECT * FROM nothing_there", "42P01", ERROR_NOT_FOUND },
		{ "SELEC 1", "42601", ERROR_INVALID },
		{ "SELECT 1 / 0", "22012", ERROR_INVALID },
		{ "CREATE DATABASE postgres", "42P04", ERROR_EXISTS },
		{ "COPY pg_class TO STDOUT", "", ERROR_INVALID },
		{ "CREATE TEMP TABLE t (a int); COPY t FROM STDIN", "57014",
		  ERROR_INVALID },
		{ "SELECT 1; SELECT 1 / 0; SELECT 1", "22012", ERROR_INVALID },
	};
	struct pg *c = connect_to(target());

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error err = { 0 };

		assert_int_equal(pg_run(c, cases[i].sql, &err), -1);
		assert_int_equal(err.kind, cases[i].kind);
		if (i < 4)
			assert_string_equal(pg_sqlstate(c), cases[i].sqlstate);
		/* And the connection goes on. */
		assert_string_equal(ask(c, "SELECT 7").s, "7");
	}
	pg_close(c);
}

static void says_why_it_cannot_connect(void **state)
{
	struct pg_target t = target();
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t n = sizeof(address);
	int64_t begun;
	int fd;

	(void)state;
	t.password = STR("wrong");
	assert_no_connection(t, ERROR_DENIED,
			     "FATAL: password authentication failed for user");
	t = target();
	t.database = STR("nowhere");
	assert_no_connection(t, ERROR_NOT_FOUND,
			     "database \"nowhere\" does not exist");
	t = target();
	t.port = 1;
	assert_no_connection(t, ERROR_UNAVAILABLE, "Connection refused");
	/* A path that accepts and is silent. */
	fd = socket(AF_INET, SOCK_STREAM, 0);
	inet_pton(AF_INET, server.host, &address.sin_addr);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, n), 0);
	assert_int_equal(listen(fd, 5), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &n), 0);
	t.port = ntohs(address.sin_port);
	t.timeout_s = 1;
	begun = clock_ms();
	assert_no_connection(t, ERROR_TIMEOUT, "timeout expired");
	assert_true(clock_ms() - begun < 3000);
	close(fd);
}

static void *cancel_soon(void *arg)
{
	clock_sleep_ms(200);
	pg_cancel(arg);
	return NULL;
}

static void cancels_what_runs(void **state)
{
	struct pg *c = connect_to(target());
	int64_t begun = clock_ms();
	struct error err = { 0 };
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, cancel_soon, c), 0);
	assert_int_equal(pg_run(c, "SELECT pg_sleep(20)", &err), -1);
	pthread_join(thread, NULL);
	assert_int_equal(err.kind, ERROR_INTERRUPTED);
	assert_true(clock_ms() - begun < 5000);
	assert_string_equal(ask(c, "SELECT 7").s, "7");
	pg_close(c);
}

static void loses_a_connection(void **state)
{
	struct pg *c = connect_to(target());
	struct pg *other = connect_to(target());
	struct error err = { 0 };

	(void)state;
	ask(other, str_fmt(&mem, "SELECT pg_terminate_backend(%s)",
			   ask(c, "SELECT pg_backend_pid()").s)
		       .s);
	assert_int_equal(pg_run(c, "SELECT 1", &err), -1);
	assert_int_equal(err.kind, ERROR_UNAVAILABLE);
	pg_close(c);
	pg_close(other);
}

/* --- COPY --- */

static bool stop_at_once(void *data, int64_t rows, int64_t bytes)
{
	(void)data;
	(void)bytes;
	return rows > 1000;
}

static void streams_rows(void **state)
{
	struct pg *from = connect_to(target());
	struct pg *to = connect_to(target());
	struct error err = { 0 };
	struct copy copy = {
		.from = from,
		.to = to,
		.from_sql = "COPY (SELECT g, repeat('x', g % 1000) FROM "
			    "generate_series(1, 50000) g) TO STDOUT (FORMAT "
			    "binary)",
		.to_sql = "COPY t FROM STDIN (FORMAT binary)",
	};

	(void)state;
	assert_int_equal(
	    pg_run(to, "CREATE TEMP TABLE t (a int, b text)", &err), 0);
	if (copy_run(&copy, &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(copy.rows, 50000);
	assert_string_equal(ask(to, "SELECT count(*) || ' ' || sum(length(b)) "
				    "FROM t")
				.s,
			    "50000 24975000");
	/* A row of 80 MB. */
	copy.from_sql = "COPY (SELECT 1, repeat('y', 80000000)) TO STDOUT "
			"(FORMAT binary)";
	assert_int_equal(pg_run(to, "TRUNCATE t", &err), 0);
	if (copy_run(&copy, &err) < 0)
		fail_msg("%s", err.message);
	assert_string_equal(ask(to, "SELECT length(b) FROM t").s, "80000000");

	/* The target refuses an early row of 20 GB: noticed long before. */
	copy.from_sql = "COPY (SELECT g, repeat('x', 1000) FROM "
			"generate_series(1, 20000000) g) TO STDOUT (FORMAT "
			"binary)";
	assert_int_equal(pg_run(to,
				"TRUNCATE t; ALTER TABLE t ADD CHECK (a < "
				"500)",
				&err),
			 0);
	assert_int_equal(copy_run(&copy, &err), -1);
	assert_int_equal(copy.failed, COPY_TARGET);
	assert_string_equal(pg_sqlstate(to), "23514");
	assert_non_null(strstr(err.message, "COPY t, line 500"));
	assert_true(copy.bytes < 200 * 1000 * 1000);

	/* The source fails in the middle: nothing stays. */
	copy.from_sql = "COPY (SELECT g, 1000 / (g - 400)::text::int FROM "
			"generate_series(1, 450) g) TO STDOUT";
	copy.to_sql = "COPY t FROM STDIN";
	assert_int_equal(copy_run(&copy, &err), -1);
	assert_int_equal(copy.failed, COPY_SOURCE);
	assert_non_null(strstr(err.message, "division by zero"));
	assert_string_equal(ask(to, "SELECT count(*) FROM t").s, "0");

	/* Stopped. */
	copy.from_sql = "COPY (SELECT 1, 'x' FROM generate_series(1, 20000000))"
			" TO STDOUT";
	copy.watch = stop_at_once;
	assert_int_equal(copy_run(&copy, &err), -1);
	assert_int_equal(err.kind, ERROR_INTERRUPTED);
	/* Statements that do not start leave both usable too. */
	copy.to_sql = "COPY nowhere FROM STDIN";
	assert_int_equal(copy_run(&copy, &err), -1);
	copy.to_sql = "COPY t FROM STDIN";
	copy.from_sql = "COPY nowhere TO STDOUT";
	assert_int_equal(copy_run(&copy, &err), -1);
	assert_int_equal(copy.failed, COPY_SOURCE);
	assert_string_equal(ask(from, "SELECT 7").s, "7");
	assert_string_equal(ask(to, "SELECT 7").s, "7");
	pg_close(from);
	pg_close(to);
}

/* --- TLS; last, since the server refuses plain connections afterwards --- */

static void checks_certificates(void **state)
{
	struct pg_target t = target();
	struct pg *c;

	(void)state;
	if (pg_server_use_tls(&server, "db.example") < 0)
		skip();
	clock_sleep_ms(500);
	t.ssl_mode = STR("disable");
	assert_no_connection(t, ERROR_DENIED, "no encryption");
	t.ssl_mode = STR("require");
	c = connect_to(t);
	assert_string_equal(ask(c, "SELECT ssl FROM pg_stat_ssl WHERE pid = "
				   "pg_backend_pid()")
				.s,
			    "t");
	pg_close(c);
	t.ssl_mode = STR("verify-full");
	t.host = STR("db.example");
	t.ca_file = str_fmt(&mem, "%s/ca.crt", server.folder);
	pg_close(connect_to(t));
	t.host = STR("other.example");
	assert_no_connection(t, ERROR_UNAVAILABLE, "does not match host name");
	t.host = STR("db.example");
	/* A certificate that did not sign this server's. */
	t.ca_file = str_fmt(&mem, "%s/data/server.crt", server.folder);
	assert_no_connection(t, ERROR_UNAVAILABLE, "certificate verify failed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passes_parameters),
		cmocka_unit_test(quotes),
		cmocka_unit_test(maps_errors),
		cmocka_unit_test(says_why_it_cannot_connect),
		cmocka_unit_test(cancels_what_runs),
		cmocka_unit_test(loses_a_connection),
		cmocka_unit_test(streams_rows),
		cmocka_unit_test(checks_certificates),
	};

	if (!pg_server_is_there()) {
		printf("1..0 # SKIP PostgreSQL's server is not installed\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
