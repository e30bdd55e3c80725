/*
 * fixture by statements that stand alone: the row of dmsl.intents and the
 * user's statements are one DO block, hence one transaction. What it decides it
 * decides on the server:
 *
 *	DM001  other statements of this fixture are there already
 *	DM002  an earlier run was just taken back: try again
 *
 * A failing statement's line is put before the server's words.
 */
#include <config.h>

#include "providers/sql/remote.h"

#include "lang/base/buf.h"
#include "providers/pg/pg.h"
#include "providers/sql/connect.h"
#include "providers/sql/intents.h"

#include <string.h>

enum { BUSY_MS = 2000, PROGRAM_MAX = 64 << 20 };

static bool has_state(const struct sql_answer *answer, const char *state)
{
	return strcmp(answer->state, state) == 0;
}

/* "DO 'program'"; the buffer is used up. */
static int finish(struct call *c, struct buf *b, struct str *out)
{
	if (buf_is_full(b)) {
		buf_wipe(b);
		return error_set(&c->err, ERROR_QUOTA,
				 "the statements have more than %d MiB",
				 PROGRAM_MAX >> 20);
	}
	*out = str_join(STR("DO "), "", pg_literal(buf_str(b), c->arena),
			c->arena);
	buf_wipe(b);
	return 0;
}

static void add_statements(struct buf *b, const struct statements *all,
			   const char *before, const char *after,
			   struct arena *a)
{
	for (size_t i = 0; i < all->n; i++) {
		buf_fmt(b, "line := %zu;\n%s EXECUTE ", all->items[i].line,
			before);
		buf_add_str(b, pg_literal(all->items[i].text, a));
		buf_fmt(b, ";%s\n", after);
	}
}

/* The end of a program whose statements noted their line. */
#define PLACED                                                                 \
	"EXCEPTION WHEN OTHERS THEN\n"                                         \
	"GET STACKED DIAGNOSTICS words = MESSAGE_TEXT, "                       \
	"code = RETURNED_SQLSTATE;\n"                                          \
	"IF line > 0 THEN words := format('line %s: %s', line, words); "       \
	"END IF;\n"                                                            \
	"RAISE EXCEPTION USING MESSAGE = words, ERRCODE = code;\nEND"

static int create_program(struct call *c, const struct statements *all,
			  struct str hash, struct str *out)
{
	struct arena *a = c->arena;
	struct str token = pg_literal(c->token, a);
	struct str stack = pg_literal(sql_stack(c), a);
	struct str address = pg_literal(c->address, a);
	struct str digest = pg_literal(hash, a);
	struct buf b;

	buf_init(&b, PROGRAM_MAX);
	buf_fmt(&b,
		"DECLARE line int := 0; words text; code text; n int; "
		"was record;\nBEGIN\n"
		"PERFORM set_config('lock_timeout', '30s', true);\n"
		"PERFORM pg_advisory_xact_lock_shared(" INTENTS_LOCK ");\n"
		"INSERT INTO dmsl.intents (token, stack, address, sql_hash) "
		"VALUES (%.*s, %.*s, %.*s, %.*s) ON CONFLICT DO NOTHING;\n"
		"GET DIAGNOSTICS n = ROW_COUNT;\n"
		"IF n = 0 THEN\n"
		"SELECT token, sql_hash INTO was FROM dmsl.intents "
		"WHERE token = %.*s OR (stack = %.*s AND address = %.*s);\n"
		"IF NOT FOUND THEN "
		"RAISE EXCEPTION 'taken back' USING ERRCODE = 'DM002'; "
		"END IF;\n"
		"IF was.token = %.*s OR was.sql_hash = %.*s THEN RETURN; "
		"END IF;\n"
		"RAISE EXCEPTION 'other statements' USING ERRCODE = 'DM001';\n"
		"END IF;\n",
		STR_ARG(token), STR_ARG(stack), STR_ARG(address),
		STR_ARG(digest), STR_ARG(token), STR_ARG(stack),
		STR_ARG(address), STR_ARG(token), STR_ARG(digest));
	add_statements(&b, all, "", "", a);
	buf_add_c(&b, PLACED);
	return finish(c, &b, out);
}

/* What is gone already need not be taken back. */
#define UNLESS_GONE                                                            \
	" EXCEPTION WHEN invalid_catalog_name OR invalid_schema_name OR "      \
	"undefined_object OR undefined_function OR undefined_table THEN "      \
	"NULL; END;"

static int undo_program(struct call *c, struct str hash,
			const struct statements *all, struct str *out)
{
	struct arena *a = c->arena;
	struct buf b;

	buf_init(&b, PROGRAM_MAX);
	buf_fmt(&b,
		"DECLARE line int := 0; words text; code text; n int;\nBEGIN\n"
		"PERFORM set_config('lock_timeout', '30s', true);\n"
		"PERFORM pg_advisory_xact_lock_shared(" INTENTS_LOCK ");\n"
		"IF to_regclass('dmsl.intents') IS NULL THEN RETURN; END IF;\n"
		"DELETE FROM dmsl.intents WHERE " INTENTS_IS_THIS ";\n"
		"GET DIAGNOSTICS n = ROW_COUNT;\n"
		"IF n = 0 THEN RETURN; END IF;\n",
		STR_ARG(pg_literal(sql_stack(c), a)),
		STR_ARG(pg_literal(hash, a)));
	add_statements(&b, all, "BEGIN", UNLESS_GONE, a);
	buf_add_c(&b, PLACED);
	return finish(c, &b, out);
}

/* A lock was not to be had: again, after a while. */
static enum step locked(struct call *c, const char *stage,
			const char *waiting_for)
{
	c->err = (struct error){ 0 };
	c->memo = str_from(stage);
	return call_wait(c, BUSY_MS, "%s", waiting_for);
}

/* The database is not there, nor what was made in it. */
static bool is_gone(const struct call *c, const struct sql_answer *answer)
{
	return c->err.kind == ERROR_NOT_FOUND &&
	       (answer->state[0] == '\0' || has_state(answer, "3D000"));
}

static void hide_words(struct call *c, const struct sql_answer *answer)
{
	struct str rest = str_from(c->err.message);
	struct str place = { "", 0 };
	static const char mark[] = "line ";

	/* The line is ours; what follows it is the server's. */
	while (rest.n && place.n == 0) {
		struct str part = str_trim(str_cut(&rest, ':'));

		if (str_starts(part, mark))
			place = part;
	}
	error_set(&c->err, c->err.kind,
		  "%.*s (SQLSTATE %s): the statement failed; it holds a "
		  "secret, so the server's words are not shown",
		  STR_ARG(place.n ? str_dup(place, c->arena) : STR("a line")),
		  answer->state);
}

enum step remote_fixture_create(struct call *c, struct sql_place at,
				const struct statements *all, struct str hash,
				bool is_secret)
{
	struct sql_job job = { .at = at, .is_change = true };
	struct sql_answer answer;
	enum step result;

	if (str_is(sql_remote_stage(c, "schema"), "schema")) {
		job.sql = STR(INTENTS_MAKE);
		result = sql_remote_run(c, "schema", &job, &answer);
		if (result == STEP_FAILED && has_state(&answer, "55P03"))
			return locked(c, "schema",
				      "the schema dmsl to be free");
		if (result != STEP_DONE)
			return result;
		c->memo = STR("run");
	}
	if (create_program(c, all, hash, &job.sql) < 0)
		return STEP_FAILED;
	job.has_secret = is_secret;
	result = sql_remote_run(c, "run", &job, &answer);
	if (result != STEP_FAILED)
		return result;
	/* 42P01: somebody dropped the empty table just now. */
	if (has_state(&answer, "55P03") || has_state(&answer, "DM002") ||
	    (has_state(&answer, "42P01") &&
	     !str_contains(str_from(c->err.message), STR("line "))))
		return locked(c, "schema",
			      "an earlier run of the fixture to end");
	if (has_state(&answer, "DM001")) {
		intents_refuse(c);
		return STEP_FAILED;
	}
	if (is_secret && answer.state[0])
		hide_words(c, &answer);
	return STEP_FAILED;
}

enum step remote_fixture_undo(struct call *c, struct sql_place at,
			      struct str hash, const struct statements *all,
			      bool is_secret)
{
	struct sql_job job = { .at = at, .is_change = true };
	struct sql_answer answer;
	enum step result;

	if (str_is(sql_remote_stage(c, "undo"), "undo")) {
		if (undo_program(c, hash, all, &job.sql) < 0)
			return STEP_FAILED;
		job.has_secret = is_secret;
		result = sql_remote_run(c, "undo", &job, &answer);
		if (result == STEP_FAILED && is_secret && answer.state[0])
			hide_words(c, &answer);
		if (result == STEP_FAILED && has_state(&answer, "55P03"))
			return locked(c, "undo", "a lock in the database");
		if (result == STEP_FAILED && is_gone(c, &answer))
			return STEP_DONE;
		if (result != STEP_DONE)
			return result;
		c->memo = STR("sweep");
	}
	job.sql = STR(INTENTS_DROP);
	job.has_secret = false;
	result = sql_remote_run(c, "sweep", &job, &answer);
	if (result == STEP_FAILED && has_state(&answer, "55P03"))
		return locked(c, "sweep", "a lock in the database");
	return result;
}
