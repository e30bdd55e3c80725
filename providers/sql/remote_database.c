/*
 * sql_database by statements that stand alone. CREATE DATABASE and DROP
 * DATABASE want a transaction of their own, so the steps of database.c become
 * stages, each of which can be repeated: look, make, name, drop.
 */
#include <config.h>

#include "providers/sql/remote.h"

#include "providers/pg/pg.h"
#include "providers/sql/connect.h"

#include <string.h>

enum { STAGES_MAX = 8 };

static struct sql_place beside(struct str cluster)
{
	return (struct sql_place){ cluster, STR("postgres") };
}

static struct str aside_of(const struct call *c)
{
	return str_fmt(c->arena, "dmsl_%.*s",
		       STR_ARG(str_sub(c->token, 0, 32)));
}

/* One word: none, aside, ours, other, both (another's, and one aside). */
static struct str look_sql(struct call *c, struct str name)
{
	struct arena *a = c->arena;
	struct str literal = pg_literal(name, a);

	return str_fmt(
	    a,
	    "SELECT CASE WHEN d.oid IS NULL THEN "
	    "CASE WHEN x.oid IS NULL THEN 'none' ELSE 'aside' END "
	    "WHEN shobj_description(d.oid, 'pg_database') = %.*s THEN 'ours' "
	    "WHEN x.oid IS NULL THEN 'other' ELSE 'both' END "
	    "FROM (SELECT 1) one "
	    "LEFT JOIN pg_database d ON d.datname = %.*s "
	    "LEFT JOIN pg_database x ON x.datname = %.*s",
	    STR_ARG(pg_literal(sql_mark(c), a)), STR_ARG(literal),
	    STR_ARG(pg_literal(aside_of(c), a)));
}

static struct str name_sql(struct call *c, struct str name)
{
	struct arena *a = c->arena;
	struct str quoted = pg_identifier(aside_of(c), a);
	struct str text =
	    str_fmt(a,
		    "BEGIN COMMENT ON DATABASE %.*s IS %.*s; "
		    "ALTER DATABASE %.*s RENAME TO %.*s; END",
		    STR_ARG(quoted), STR_ARG(pg_literal(sql_mark(c), a)),
		    STR_ARG(quoted), STR_ARG(pg_identifier(name, a)));

	return str_fmt(a, "DO %.*s", STR_ARG(pg_literal(text, a)));
}

static struct str drop_sql(struct call *c, struct str name)
{
	return str_fmt(c->arena, "DROP DATABASE IF EXISTS %.*s WITH (FORCE)",
		       STR_ARG(pg_identifier(name, c->arena)));
}

/* 55006: in use for a moment. The engine tries again, after a while. */
static enum step failed(struct call *c, const struct sql_answer *answer)
{
	if (strcmp(answer->state, "55006") == 0)
		c->err.kind = ERROR_THROTTLED;
	return STEP_FAILED;
}

static void refuse(struct call *c, struct str name)
{
	error_set(&c->err, ERROR_EXISTS,
		  "database \"%.*s\" exists and was not made by this resource",
		  STR_ARG(name));
	error_hint(&c->err, "choose another name, or drop the database if "
			    "nobody needs it");
}

enum step remote_database_create(struct call *c, struct str cluster,
				 struct str name)
{
	struct sql_job job = { .at = beside(cluster), .is_change = true };
	struct sql_answer answer;

	for (int i = 0; i < STAGES_MAX; i++) {
		struct str stage = sql_remote_stage(c, "look");
		enum step result;

		if (str_is(stage, "make")) {
			job.sql = str_fmt(
			    c->arena, "CREATE DATABASE %.*s",
			    STR_ARG(pg_identifier(aside_of(c), c->arena)));
			result = sql_remote_run(c, "make", &job, &answer);
			/* 42P04: an earlier attempt made it. */
			if (result == STEP_FAILED &&
			    strcmp(answer.state, "42P04") == 0) {
				c->err = (struct error){ 0 };
				result = STEP_DONE;
			}
			if (result != STEP_DONE)
				return result == STEP_FAILED
					   ? failed(c, &answer)
					   : result;
			c->memo = STR("name");
		} else if (str_is(stage, "name")) {
			job.sql = name_sql(c, name);
			result = sql_remote_run(c, "name", &job, &answer);
			if (result == STEP_PENDING)
				return result;
			/* 42P04, 3D000: somebody, perhaps we, was first. */
			if (result == STEP_FAILED &&
			    strcmp(answer.state, "42P04") != 0 &&
			    strcmp(answer.state, "3D000") != 0)
				return failed(c, &answer);
			c->err = (struct error){ 0 };
			c->memo = STR("look");
		} else if (str_is(stage, "drop")) {
			job.sql = drop_sql(c, aside_of(c));
			result = sql_remote_run(c, "drop", &job, &answer);
			if (result == STEP_PENDING)
				return result;
			refuse(c, name);
			return STEP_FAILED;
		} else {
			struct sql_job look = { .at = job.at,
						.sql = look_sql(c, name) };

			result = sql_remote_run(c, "look", &look, &answer);
			if (result != STEP_DONE)
				return result;
			if (str_is(answer.text, "ours"))
				return STEP_DONE;
			if (str_is(answer.text, "other")) {
				refuse(c, name);
				return STEP_FAILED;
			}
			c->memo = str_is(answer.text, "aside")	? STR("name")
				  : str_is(answer.text, "both") ? STR("drop")
								: STR("make");
		}
	}
	return call_fail(c, ERROR_CONFLICT,
			 "database \"%.*s\" appears and disappears",
			 STR_ARG(name));
}

enum step remote_database_destroy(struct call *c)
{
	struct sql_place at = sql_place_of(c->id);
	struct arena *a = c->arena;
	struct sql_job job = { .at = beside(at.cluster) };
	struct sql_answer answer;
	enum step result;

	if (!str_is(sql_remote_stage(c, "whose"), "drop")) {
		struct str mark = pg_literal(sql_mark_of_stack(c), a);

		job.sql = str_fmt(
		    a,
		    "SELECT coalesce(starts_with(shobj_description(oid, "
		    "'pg_database'), %.*s), false) FROM pg_database "
		    "WHERE datname = %.*s",
		    STR_ARG(mark), STR_ARG(pg_literal(at.database, a)));
		result = sql_remote_run(c, "whose", &job, &answer);
		/* Without its cluster there is no database. */
		if (result == STEP_FAILED && c->err.kind == ERROR_NOT_FOUND)
			return STEP_DONE;
		if (result != STEP_DONE)
			return result;
		if (answer.is_null)
			return STEP_DONE;
		if (!str_is(answer.text, "t")) {
			call_fail(c, ERROR_CONFLICT,
				  "database \"%.*s\" does not carry the mark "
				  "of this stack: it was made anew by somebody "
				  "else",
				  STR_ARG(at.database));
			error_hint(&c->err, "drop it by hand, or forget the "
					    "resource");
			return STEP_FAILED;
		}
		c->memo = STR("drop");
	}
	job.is_change = true;
	job.sql = drop_sql(c, at.database);
	return sql_remote_run(c, "drop", &job, &answer);
}
