/* Questions to a database: for checks, and for people at psql. */
#include <config.h>

#include "providers/sql/sql.h"

#include "lang/base/buf.h"
#include "providers/pg/pg.h"
#include "providers/sql/connect.h"

static int ask(struct call *c, struct pg *pg, struct pg_result *out)
{
	/* A check looks and changes nothing. */
	if (pg_run(pg, "BEGIN READ ONLY; SET LOCAL statement_timeout = '60s'",
		   &c->err) < 0)
		return -1;
	return pg_query(pg, str_c(c->sql, c->arena), 0, NULL, c->arena, out,
			&c->err);
}

enum step sql_query(struct call *c, const struct pg_target *t)
{
	struct pg_result answer = { 0 };
	struct pg *pg;
	int result;

	if (sql_connect_to(t, &pg, &c->err) < 0)
		return STEP_FAILED;
	result = ask(c, pg, &answer);
	if (result < 0 && pg_sqlstate(pg)[0])
		error_add(&c->err, "query failed (SQLSTATE %s)",
			  pg_sqlstate(pg));
	pg_close(pg);
	if (result < 0)
		return STEP_FAILED;
	c->result = value_null();
	if (answer.n_rows && answer.n_columns && answer.cells[0].s)
		c->result = value_str(answer.cells[0]);
	return STEP_DONE;
}

int sql_session(struct call *c, const struct pg_target *t, struct session *out)
{
	struct buf b;

	/*
	 * A connection string wins over the user's environment and service
	 * files; the password alone must not stand in an argument.
	 */
	buf_init(&b, 16384);
	pg_add_option(&b, "host", t->host);
	pg_add_option(&b, "hostaddr", t->hostaddr);
	if (t->port)
		pg_add_option(&b, "port", str_fmt(c->arena, "%d", t->port));
	pg_add_option(&b, "dbname", t->database);
	pg_add_option(&b, "user", t->user);
	pg_add_option(&b, "sslmode", t->ssl_mode);
	pg_add_option(&b, "sslrootcert", t->ca_file);
	out->argv = arena_new(c->arena, char *, 3);
	out->argv[0] = str_c(STR("psql"), c->arena);
	out->argv[1] = str_c(buf_str(&b), c->arena);
	out->env = arena_new(c->arena, char *, 2);
	if (t->password.n)
		out->env[0] = str_c(
		    str_fmt(c->arena, "PGPASSWORD=%.*s", STR_ARG(t->password)),
		    c->arena);
	buf_release(&b);
	return 0;
}
