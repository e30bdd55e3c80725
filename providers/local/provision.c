#include <config.h>

#include "providers/local/server.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "providers/local/scram.h"
#include "providers/pg/pg.h"

/*
 * What stands in a cluster before anybody uses it. Every statement can be
 * repeated; the password goes in as a verifier, because a server logs the text
 * of statements that fail.
 */

/* A connection as superuser through the unix socket. */
static int open_admin(const struct server *s, struct pg **out,
		      struct error *err)
{
	struct pg_target t = {
		.host = str_from(s->folder),
		.port = s->port,
		.database = STR("postgres"),
		.user = STR("rdsadmin"),
		.ssl_mode = STR("disable"),
		.application = STR("dmsl"),
	};

	return pg_open(&t, out, err);
}

static int has_row(struct pg *c, const char *sql, struct str name,
		   struct arena *a, bool *has, struct error *err)
{
	struct pg_result r;

	if (pg_query(c, sql, 1, &name, a, &r, err) < 0)
		return -1;
	*has = r.n_rows > 0;
	return 0;
}

static int run(struct pg *c, struct str sql, struct arena *a, struct error *err)
{
	return pg_run(c, str_c(sql, a), err);
}

static int make_group(struct pg *c, struct arena *a, struct error *err)
{
	bool has;

	if (has_row(c, "select from pg_roles where rolname = $1",
		    STR("rds_superuser"), a, &has, err) < 0)
		return -1;
	if (!has && pg_run(c,
			   "create role rds_superuser nologin; "
			   "create role rds_replication nologin",
			   err) < 0)
		return -1;
	if (pg_run(c,
		   "grant pg_monitor, pg_signal_backend, "
		   "rds_replication to rds_superuser with admin option",
		   err) < 0)
		return -1;
	/* 15 and later: what used to need a superuser can be granted. */
	if (pg_version(c) < 150000)
		return 0;
	return pg_run(c,
		      "grant pg_checkpoint to rds_superuser with admin "
		      "option; grant set on parameter "
		      "session_replication_role to rds_superuser",
		      err);
}

static int make_user(struct pg *c, struct str user, struct str password,
		     struct arena *a, struct error *err)
{
	struct str quoted = pg_identifier(user, a);
	struct str verifier;
	bool has;

	if (scram_verifier(password, NULL, a, &verifier, err) < 0 ||
	    has_row(c, "select from pg_roles where rolname = $1", user, a, &has,
		    err) < 0)
		return -1;
	if (!has &&
	    run(c, str_fmt(a, "create role %.*s nologin", STR_ARG(quoted)), a,
		err) < 0)
		return -1;
	return run(c,
		   str_fmt(a,
			   "alter role %.*s login createdb createrole "
			   "replication password %.*s; "
			   "grant rds_superuser to %.*s; "
			   "alter database postgres owner to %.*s",
			   STR_ARG(quoted), STR_ARG(pg_literal(verifier, a)),
			   STR_ARG(quoted), STR_ARG(quoted)),
		   a, err);
}

static int make_database(struct pg *c, struct str user, struct str name,
			 struct arena *a, struct error *err)
{
	bool has;

	if (!name.n)
		return 0;
	if (has_row(c, "select from pg_database where datname = $1", name, a,
		    &has, err) < 0)
		return -1;
	if (has)
		return 0;
	return run(c,
		   str_fmt(a, "create database %.*s owner %.*s",
			   STR_ARG(pg_identifier(name, a)),
			   STR_ARG(pg_identifier(user, a))),
		   a, err);
}

int server_provision(const struct server *s, struct str user,
		     struct str password, struct str database,
		     struct error *err)
{
	struct arena a = { 0 };
	struct pg *c = NULL;
	int rc = -1;

	if (open_admin(s, &c, err) == 0 && make_group(c, &a, err) == 0 &&
	    make_user(c, user, password, &a, err) == 0)
		rc = make_database(c, user, database, &a, err);
	if (rc < 0)
		error_add(err, "preparing cluster \"%.*s\"",
			  STR_ARG(s->cluster));
	pg_close(c);
	arena_release(&a);
	return rc;
}
