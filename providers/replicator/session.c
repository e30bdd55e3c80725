#include <config.h>

#include "providers/replicator/session.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "providers/pg/pg.h"
#include "providers/replicator/route.h"

#include <stdbool.h>
#include <string.h>

static const char both_sql[] = "SET client_min_messages = error;"
			       "SET statement_timeout = 0;"
			       "SET lock_timeout = '10min';"
			       "SET idle_in_transaction_session_timeout = 0;"
			       "SET datestyle = 'ISO, YMD';"
			       "SET intervalstyle = postgres;"
			       "SET timezone = 'UTC';"
			       "SET bytea_output = hex;"
			       "SET extra_float_digits = 3;"
			       "SET xmloption = content;"
			       "SET standard_conforming_strings = on;"
			       "SET search_path = pg_catalog";

/* Row security must not leave out rows silently: with "off" it is an error. */
static const char source_sql[] = "SET row_security = off;"
				 "SET default_transaction_read_only = on";

/*
 * Commits need not wait for the disk one by one: the load ends with one that
 * does. Without superuser's rights the rest is as the server has it.
 */
static const char target_sql[] = "SET synchronous_commit = off;"
				 "SET default_transaction_read_only = off";

/* Each for itself; a server that does not have it, or forbids it, is fine. */
static const struct {
	int since;
	bool is_for_target;
	const char *sql;
} wishes[] = {
	{ 140000, true, "SET default_toast_compression = lz4" },
	{ 140000, false, "SET idle_session_timeout = 0" },
	{ 140000, true, "SET idle_session_timeout = 0" },
	{ 140000, true, "SET client_connection_check_interval = '2s'" },
	{ 140000, false, "SET client_connection_check_interval = '2s'" },
	{ 170000, false, "SET transaction_timeout = 0" },
	{ 170000, true, "SET transaction_timeout = 0" },
};

static int set_up(struct pg *c, bool is_target, struct error *err)
{
	struct error ignored = { 0 };

	if (pg_run(c, both_sql, err) < 0 ||
	    pg_run(c, is_target ? target_sql : source_sql, err) < 0)
		return error_add(err, "could not set up the session");
	for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++)
		if (wishes[i].is_for_target == is_target &&
		    pg_version(c) >= wishes[i].since)
			(void)pg_run(c, wishes[i].sql, &ignored);
	return 0;
}

int session_open_source(struct server *s, struct value endpoint,
			struct pg **out, struct error *err)
{
	if (route_open(s, endpoint, "dmsl full load source", out, err) < 0)
		return error_add(err, "source endpoint");
	if (set_up(*out, false, err) == 0)
		return 0;
	pg_close(*out);
	*out = NULL;
	return error_add(err, "source endpoint");
}

int session_open_target(struct server *s, struct value endpoint,
			struct pg **out, struct error *err)
{
	const struct value *settings =
	    value_get(endpoint, "PostgreSQLSettings");
	struct arena a = { 0 };
	struct str script = { 0 };
	int rc;

	if (settings)
		script = value_text(*settings, "AfterConnectScript");
	if (route_open(s, endpoint, "dmsl full load target", out, err) < 0)
		return error_add(err, "target endpoint");
	rc = set_up(*out, true, err);
	if (rc == 0 && script.n && pg_run(*out, str_c(script, &a), err) < 0)
		rc = error_add(err, "AfterConnectScript");
	arena_release(&a);
	if (rc == 0)
		return 0;
	pg_close(*out);
	*out = NULL;
	return error_add(err, "target endpoint");
}
