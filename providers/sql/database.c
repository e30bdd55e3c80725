/*
 * sql_database. CREATE DATABASE cannot stand in a transaction, so the mark that
 * says whose it is cannot come with it. Hence a new database is made under a
 * name that only this step can have made (from its token), marked, and renamed
 * in one transaction: a database of the wanted name is whole and marked, or it
 * is somebody else's. After a crash the next attempt goes on where this one
 * ended.
 */
#include <config.h>

#include "providers/sql/sql.h"

#include "providers/pg/pg.h"
#include "providers/sql/connect.h"
#include "providers/sql/presence.h"
#include "providers/sql/remote.h"

enum { BUSY_MS = 500, BUSY_MAX = 60, NAME_MAX_BYTES = 63 };

/* A database as the catalog shows it. */
struct found {
	bool exists;
	struct str comment;
};

static int look_up(struct call *c, struct pg *pg, struct str name,
		   struct found *out)
{
	static const char sql[] =
	    "SELECT shobj_description(oid, 'pg_database') "
	    "FROM pg_database WHERE datname = $1";
	struct pg_result answer;

	*out = (struct found){ 0 };
	if (pg_query(pg, sql, 1, &name, c->arena, &answer, &c->err) < 0)
		return -1;
	out->exists = answer.n_rows > 0;
	if (out->exists)
		out->comment = answer.cells[0];
	return 0;
}

static int run(struct call *c, struct pg *pg, struct str sql)
{
	return pg_run(pg, str_c(sql, c->arena), &c->err);
}

static int drop(struct call *c, struct pg *pg, struct str name)
{
	return run(c, pg,
		   str_fmt(c->arena,
			   "DROP DATABASE IF EXISTS %.*s WITH (FORCE)",
			   STR_ARG(pg_identifier(name, c->arena))));
}

static int make(struct call *c, struct pg *pg, struct str name,
		struct str aside)
{
	struct arena *a = c->arena;
	struct str quoted = pg_identifier(aside, a);
	struct found half;
	int result;

	if (look_up(c, pg, aside, &half) < 0)
		return -1;
	if (!half.exists &&
	    run(c, pg, str_fmt(a, "CREATE DATABASE %.*s", STR_ARG(quoted))) < 0)
		return -1;
	result =
	    run(c, pg,
		str_fmt(a,
			"BEGIN; COMMENT ON DATABASE %.*s IS %.*s; "
			"ALTER DATABASE %.*s RENAME TO %.*s; COMMIT",
			STR_ARG(quoted), STR_ARG(pg_literal(sql_mark(c), a)),
			STR_ARG(quoted), STR_ARG(pg_identifier(name, a))));
	/* It may be there by now: only this very step would know it again. */
	if (result < 0 && c->err.kind == ERROR_UNAVAILABLE)
		c->err.kind = ERROR_TIMEOUT;
	return result;
}

static int not_ours(struct call *c, struct str name)
{
	error_set(&c->err, ERROR_EXISTS,
		  "database \"%.*s\" exists and was not made by this resource",
		  STR_ARG(name));
	return error_hint(&c->err, "choose another name, or drop the database "
				   "if nobody needs it");
}

static int ensure(struct call *c, struct pg *pg, struct str name)
{
	struct str aside =
	    str_fmt(c->arena, "dmsl_%.*s", STR_ARG(str_sub(c->token, 0, 32)));
	struct found there;

	if (look_up(c, pg, name, &there) < 0)
		return -1;
	if (!there.exists)
		return make(c, pg, name, aside);
	if (!str_eq(there.comment, sql_mark(c))) {
		struct error why;

		not_ours(c, name);
		why = c->err;
		/* What an earlier attempt made is of no use any more. */
		drop(c, pg, aside);
		c->err = why;
		return -1;
	}
	return 0;
}

/* Databases are made and dropped from beside: from "postgres". */
static int connect_beside(struct call *c, struct str cluster, struct pg **pg)
{
	struct sql_place at = { cluster, STR("postgres") };

	return sql_connect(c, at, pg, &c->err);
}

/* The template or the database is in use for a moment: try again, not forever.
 */
static enum step busy(struct call *c, const char *what)
{
	uint64_t n = 0;

	str_to_u64(c->memo, &n);
	if (n >= BUSY_MAX)
		return STEP_FAILED;
	c->err = (struct error){ 0 };
	c->memo = str_fmt(c->arena, "%llu", (unsigned long long)n + 1);
	return call_wait(c, BUSY_MS, "%s", what);
}

static enum step create_here(struct call *c, struct str cluster,
			     struct str name)
{
	struct pg *pg;
	bool is_busy;
	int result;

	if (connect_beside(c, cluster, &pg) < 0)
		return STEP_FAILED;
	result = ensure(c, pg, name);
	is_busy = result < 0 && str_is(str_from(pg_sqlstate(pg)), "55006");
	pg_close(pg);
	if (is_busy)
		return busy(c, "the template database to be free");
	return result < 0 ? STEP_FAILED : STEP_DONE;
}

static enum step database_create(struct call *c)
{
	struct str cluster = value_text(c->config, "on");
	struct str name = value_text(c->config, "name");
	enum step result;

	if (name.n == 0 || name.n > NAME_MAX_BYTES)
		return call_fail(c, ERROR_INVALID,
				 "a database's name has 1 to %d bytes",
				 NAME_MAX_BYTES);
	result = sql_is_remote(c, cluster)
		     ? remote_database_create(c, cluster, name)
		     : create_here(c, cluster, name);
	if (result == STEP_FAILED)
		error_add(&c->err, "creating database \"%.*s\"", STR_ARG(name));
	if (result != STEP_DONE)
		return result;
	c->id = str_fmt(c->arena, "%.*s/%.*s", STR_ARG(cluster), STR_ARG(name));
	c->result = c->config;
	return STEP_DONE;
}

/* Databases are looked for from beside: from "postgres". */
static struct sql_place beside_of(const struct call *c)
{
	return (struct sql_place){ sql_place_of(c->id).cluster,
				   STR("postgres") };
}

static struct str name_of(const struct call *c)
{
	return sql_place_of(c->id).database;
}

static struct str all_names(const struct call *c)
{
	(void)c;
	return STR("SELECT datname::text FROM pg_database");
}

static const struct sql_thing thing = {
	.place = beside_of,
	.item = name_of,
	.present = all_names,
};

static enum step database_read(struct call *c)
{
	enum step outcome;

	sql_read_all(&thing, &c, &outcome, 1);
	return outcome;
}

static void database_read_batch(struct call *const *calls, enum step *outcomes,
				size_t n)
{
	sql_read_all(&thing, calls, outcomes, n);
}

/* Nothing of it can change: an update says that the cluster is up again. */
static enum step database_update(struct call *c)
{
	int found = sql_is_present(&thing, c);

	if (found < 0)
		return STEP_FAILED;
	if (!found) {
		call_fail(c, ERROR_NOT_FOUND, "database \"%.*s\" is gone",
			  STR_ARG(name_of(c)));
		error_hint(&c->err, "apply again: the new plan creates it");
		return STEP_FAILED;
	}
	c->result = c->config;
	return STEP_DONE;
}

static bool is_of_stack(const struct call *c, struct str comment)
{
	struct str mark = sql_mark_of_stack(c);

	return str_eq(str_sub(comment, 0, mark.n), mark);
}

static enum step destroy_here(struct call *c)
{
	struct sql_place at = sql_place_of(c->id);
	struct found there;
	struct pg *pg;
	int result;

	if (sql_connect_to_undo(
		c, (struct sql_place){ at.cluster, STR("postgres") }, &pg,
		&c->err) < 0) {
		/* Without its cluster there is no database. */
		return c->err.kind == ERROR_NOT_FOUND ? STEP_DONE : STEP_FAILED;
	}
	result = look_up(c, pg, at.database, &there);
	if (result == 0 && there.exists && !is_of_stack(c, there.comment)) {
		error_set(&c->err, ERROR_CONFLICT,
			  "database \"%.*s\" does not carry the mark of this "
			  "stack: it was made anew by somebody else",
			  STR_ARG(at.database));
		error_hint(&c->err, "drop it by hand, or forget the resource");
		result = -1;
	} else if (result == 0 && there.exists) {
		result = drop(c, pg, at.database);
	}
	pg_close(pg);
	return result == 0 ? STEP_DONE : STEP_FAILED;
}

static enum step database_destroy(struct call *c)
{
	enum step result = sql_is_remote(c, sql_place_of(c->id).cluster)
			       ? remote_database_destroy(c)
			       : destroy_here(c);

	if (result == STEP_FAILED)
		error_add(&c->err, "dropping database \"%.*s\"",
			  STR_ARG(sql_place_of(c->id).database));
	return result;
}

/* "(3 tables, about 1,000,004 rows)", or empty where it cannot be asked. */
static struct str contents(struct call *c)
{
	static const char sql[] =
	    "SELECT format(' (%s table%s, about %s rows)', count(*), "
	    "CASE count(*) WHEN 1 THEN '' ELSE 's' END, "
	    "to_char(coalesce(sum(greatest(c.reltuples, 0)), 0), "
	    "'FM999,999,999,999,999,990')) "
	    "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
	    "WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN "
	    "('pg_catalog', 'information_schema', 'dmsl') "
	    "AND n.nspname NOT LIKE 'pg\\_%'";
	struct pg_result answer;
	struct error ignored;
	struct pg *pg;
	struct str text = { "", 0 };

	if (sql_is_remote(c, sql_place_of(c->id).cluster)) {
		struct sql_answer there;

		if (sql_remote_ask(c, sql_place_of(c->id), str_from(sql),
				   &there) == 0)
			return there.text;
		c->err = (struct error){ 0 };
		return text;
	}
	if (sql_connect(c, sql_place_of(c->id), &pg, &ignored) < 0)
		return text;
	if (pg_query(pg, sql, 0, NULL, c->arena, &answer, &ignored) == 0)
		text = answer.cells[0];
	pg_close(pg);
	return text;
}

static int database_plan(struct call *c, const char *action)
{
	struct str what = str_from(action);

	if (!c->id.n || !(str_is(what, "delete") || str_is(what, "replace")))
		return 0;
	sql_tell_start(c, sql_place_of(c->id));
	call_effect(c, EFFECT_DROP,
		    str_fmt(c->arena, "database %.*s",
			    STR_ARG(sql_place_of(c->id).database)),
		    "drop database %.*s%.*s",
		    STR_ARG(sql_place_of(c->id).database),
		    STR_ARG(contents(c)));
	return 0;
}

enum step sql_ask(struct call *c, const struct sql_host *host,
		  struct sql_place at)
{
	struct question q = { .c = c, .host = host, .at = at, .sql = c->sql };
	struct pg_target target = { 0 };

	if (!host->is_remote || !host->is_remote(c->self, at.cluster)) {
		if (host->target(c->self, at.cluster, at.database, c->arena,
				 &target, &c->err) < 0)
			return STEP_FAILED;
		return sql_query(c, &target);
	}
	sql_remote_ask_all(&q, 1);
	if (q.result == STEP_DONE)
		c->result =
		    q.answer.is_null ? value_null() : value_str(q.answer.text);
	return q.result;
}

static enum step database_query(struct call *c)
{
	return sql_ask(c, c->type->data, sql_place_of(c->id));
}

int sql_open_session(struct call *c, const struct sql_host *host,
		     struct sql_place at, struct session *out)
{
	struct pg_target target = { 0 };

	if (host->is_remote && host->is_remote(c->self, at.cluster))
		return host->session(c, at, out);
	if (host->target(c->self, at.cluster, at.database, c->arena, &target,
			 &c->err) < 0)
		return -1;
	return sql_session(c, &target, out);
}

static int database_session(struct call *c, struct session *out)
{
	return sql_open_session(c, c->type->data, sql_place_of(c->id), out);
}

const struct resource_ops sql_database_ops = {
	.plan = database_plan,
	.read = database_read,
	.read_batch = database_read_batch,
	.create = database_create,
	.update = database_update,
	.destroy = database_destroy,
	.query = database_query,
	.session = database_session,
	.recovery = 'N',
};
