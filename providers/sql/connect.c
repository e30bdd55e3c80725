#include <config.h>

#include "providers/sql/connect.h"

#include "providers/pg/pg.h"

#include <inttypes.h>
#include <stdio.h>

static const struct sql_host *host_of(const struct call *c)
{
	return c->type->data;
}

struct sql_place sql_place_of(struct str database_id)
{
	struct sql_place at;

	/* A cluster's id has no slash; a database's name may. */
	at.cluster = str_cut(&database_id, '/');
	at.database = database_id;
	return at;
}

struct str sql_stack(const struct call *c)
{
	const struct sql_host *host = host_of(c);

	return host->stack ? host->stack(c->self) : (struct str){ "", 0 };
}

struct str sql_mark_of_stack(const struct call *c)
{
	return str_fmt(c->arena, "dmsl:%.*s:", STR_ARG(sql_stack(c)));
}

/*
 * The address is for people: it changes when the resource is moved, and then
 * another one may have it. Whose a database is, is whose step made it.
 */
struct str sql_mark(const struct call *c)
{
	return str_fmt(c->arena, "%.*s%.32s:%.*s",
		       STR_ARG(sql_mark_of_stack(c)), str_c(c->token, c->arena),
		       STR_ARG(c->address));
}

int sql_target(struct call *c, struct sql_place at, struct pg_target *out,
	       struct error *err)
{
	*out = (struct pg_target){ 0 };
	if (host_of(c)->target(c->self, at.cluster, at.database, c->arena, out,
			       err) < 0)
		return -1;
	if (out->application.n == 0)
		out->application = STR("dmsl");
	return 0;
}

int sql_connect_to(const struct pg_target *t, struct pg **out,
		   struct error *err)
{
	/*
	 * Nothing of the session's text may be decided by how the account is
	 * set up. What we are told to be committed stays so when the server is
	 * killed next.
	 */
	static const char setup[] =
	    SQL_WATCH_CLIENT ";"
			     "SET synchronous_commit = on;"
			     "SET lock_timeout = '30s';"
			     "SET statement_timeout = '1h';"
			     "SET idle_in_transaction_session_timeout = '5min';"
			     "SET standard_conforming_strings = on";

	if (pg_open(t, out, err) < 0) {
		/* Nothing was asked yet, so nothing can have been done. */
		if (err->kind == ERROR_TIMEOUT)
			err->kind = ERROR_UNAVAILABLE;
		return -1;
	}
	if (pg_run(*out, setup, err) == 0)
		return 0;
	pg_close(*out);
	*out = NULL;
	return error_add(err, "could not set up the session");
}

/* The server ends a statement that takes longer, and takes it back. */
static int limit_statements(struct pg *pg, int64_t ms, struct error *err)
{
	char text[64];

	/* The largest that it takes. */
	if (ms > INT32_MAX)
		ms = INT32_MAX;
	snprintf(text, sizeof(text), "SET statement_timeout = %" PRId64, ms);
	return pg_run(pg, text, err);
}

int sql_connect(struct call *c, struct sql_place at, struct pg **out,
		struct error *err)
{
	struct pg_target target;

	*out = NULL;
	if (sql_target(c, at, &target, err) < 0 ||
	    sql_connect_to(&target, out, err) < 0)
		return -1;
	if (c->left_ms == 0 || limit_statements(*out, c->left_ms, err) == 0)
		return 0;
	pg_close(*out);
	*out = NULL;
	return error_add(err, "could not set up the session");
}

int sql_connect_to_undo(struct call *c, struct sql_place at, struct pg **out,
			struct error *err)
{
	const struct sql_host *host = host_of(c);

	if (sql_connect(c, at, out, err) == 0)
		return 0;
	if (err->kind != ERROR_UNAVAILABLE || !host->start)
		return -1;
	if (host->start(c->self, at.cluster, c->arena, err) < 0)
		return -1;
	return sql_connect(c, at, out, err);
}

void sql_tell_start(struct call *c, struct sql_place at)
{
	struct pg_target ignored;
	struct error err;

	if (host_of(c)->start && sql_target(c, at, &ignored, &err) < 0 &&
	    err.kind == ERROR_UNAVAILABLE)
		call_effect(c, EFFECT_START, STR("server"),
			    "start PostgreSQL of cluster \"%.*s\", to take "
			    "back what was made in it",
			    STR_ARG(at.cluster));
}

enum step sql_read_failed(struct call *c)
{
	if (c->err.kind == ERROR_NOT_FOUND) {
		c->is_gone = true;
	} else if (c->err.kind == ERROR_UNAVAILABLE ||
		   c->err.kind == ERROR_TIMEOUT) {
		c->is_broken = true;
		c->status =
		    str_fmt(c->arena, "cannot be reached: %s", c->err.message);
	} else {
		return STEP_FAILED;
	}
	c->err = (struct error){ 0 };
	return STEP_DONE;
}
