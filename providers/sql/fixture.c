/*
 * fixture: statements that are run once. What was run is a row of dmsl.intents
 * in the same database, written in the same transaction:
 *
 *	token     of the step: the same for every repetition of it
 *	stack     name/uid
 *	address   of the resource
 *	sql_hash  SHA-256 of the statements
 *	at        when
 *
 * The row is inserted first. A repetition whose earlier attempt still runs on
 * the server waits at the key until that one has ended; if it committed, there
 * is nothing left to do, and if not, the repetition is the one that does it.
 *
 * Schema dmsl is made in a transaction of its own under an exclusive advisory
 * lock, and dropped under it when no row is left, so that nothing stays behind;
 * what uses the table holds the lock shared.
 */
#include <config.h>

#include "providers/sql/sql.h"

#include "lang/base/digest.h"
#include "providers/pg/pg.h"
#include "providers/sql/connect.h"
#include "providers/sql/intents.h"
#include "providers/sql/presence.h"
#include "providers/sql/remote.h"
#include "providers/sql/split.h"

#include <string.h>

enum { BUSY_MS = 1000, SHOWN_BYTES = 60 };

/* Shared lock, so that nobody drops the table under a running fixture. */
static const char begin_work[] =
    "BEGIN; SELECT pg_advisory_xact_lock_shared(" INTENTS_LOCK ")";

static bool has_state(struct pg *pg, const char *state)
{
	return strcmp(pg_sqlstate(pg), state) == 0;
}

/* Byte offset of the server's position, which counts characters from 1. */
static size_t byte_of(struct str text, size_t position)
{
	size_t at = 0;

	for (size_t n = 1; n < position && at < text.n; n++) {
		at++;
		while (at < text.n &&
		       ((unsigned char)text.s[at] & 0xc0) == 0x80)
			at++;
	}
	return at;
}

/*
 * Puts line and column of the whole text, and the line, before the message.
 * The server's words may quote the statement: of a secret one they are left
 * out.
 */
static void place_failure(struct call *c, struct pg *pg,
			  const struct statement *s, bool is_secret)
{
	size_t at = byte_of(s->text, pg_position(pg));
	size_t line = s->line;
	size_t start = 0, end;

	for (size_t i = 0; i < at && i < s->text.n; i++)
		if (s->text.s[i] == '\n') {
			line++;
			start = i + 1;
		}
	if (pg_sqlstate(pg)[0] == '\0')
		return;
	for (end = start; end < s->text.n && s->text.s[end] != '\n';)
		end++;
	if (is_secret)
		error_set(&c->err, c->err.kind,
			  "line %zu (SQLSTATE %s): the statement failed; it "
			  "holds a secret, so the server's words are not shown",
			  line, pg_sqlstate(pg));
	else if (pg_position(pg))
		error_add(&c->err, "line %zu, at \"%.*s\" (SQLSTATE %s)", line,
			  STR_ARG(str_sub(
			      s->text, at,
			      at + SHOWN_BYTES < end ? at + SHOWN_BYTES : end)),
			  pg_sqlstate(pg));
	else
		error_add(&c->err, "line %zu, \"%.*s\" (SQLSTATE %s)", line,
			  STR_ARG(str_sub(s->text, start,
					  start + SHOWN_BYTES < end
					      ? start + SHOWN_BYTES
					      : end)),
			  pg_sqlstate(pg));
}

static int run_all(struct call *c, struct pg *pg, const struct statements *all,
		   bool is_secret)
{
	for (size_t i = 0; i < all->n; i++) {
		if (pg_run(pg, str_c(all->items[i].text, c->arena), &c->err) ==
		    0)
			continue;
		place_failure(c, pg, &all->items[i], is_secret);
		return -1;
	}
	return 0;
}

/* What a statement meant to take back is not there any more. */
static bool is_gone_already(const struct pg *pg)
{
	static const char *const states[] = {
		"3D000", /* no such database */
		"3F000", /* schema */
		"42704", /* role, type, … */
		"42883", /* function */
		"42P01", /* table, view, sequence */
	};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(pg_sqlstate(pg), states[i]) == 0)
			return true;
	return false;
}

/* As run_all(), but what is gone already need not be taken back. */
static int undo_all(struct call *c, struct pg *pg, const struct statements *all,
		    bool is_secret)
{
	static const char begin[] = "SAVEPOINT dmsl_undo";
	static const char end[] = "RELEASE SAVEPOINT dmsl_undo";
	static const char back[] = "ROLLBACK TO SAVEPOINT dmsl_undo; "
				   "RELEASE SAVEPOINT dmsl_undo";

	for (size_t i = 0; i < all->n; i++) {
		if (pg_run(pg, begin, &c->err) < 0)
			return -1;
		if (pg_run(pg, str_c(all->items[i].text, c->arena), &c->err) ==
		    0) {
			if (pg_run(pg, end, &c->err) < 0)
				return -1;
			continue;
		}
		if (!is_gone_already(pg)) {
			place_failure(c, pg, &all->items[i], is_secret);
			return -1;
		}
		c->err = (struct error){ 0 };
		if (pg_run(pg, back, &c->err) < 0)
			return -1;
	}
	return 0;
}

/*
 * The transaction that was begun is still the one: a statement that ends it by
 * a way we do not know must not leave a half without its row.
 */
static int commit(struct call *c, struct pg *pg, struct str transaction)
{
	struct pg_result now;

	if (pg_query(pg, "SELECT pg_current_xact_id()", 0, NULL, c->arena, &now,
		     &c->err) < 0)
		return -1;
	if (!str_eq(now.cells[0], transaction))
		return error_set(&c->err, ERROR_INVALID,
				 "the statements ended the transaction that "
				 "they were run in");
	return pg_run(pg, "COMMIT", &c->err);
}

void intents_refuse(struct call *c)
{
	error_set(
	    &c->err, ERROR_EXISTS,
	    "other statements of this fixture are in the database already");
	error_hint(&c->err,
		   "if the fixture that ran them was moved, give this one "
		   "another name; else take them back by hand and delete the "
		   "row of address %.*s from dmsl.intents",
		   STR_ARG(str_sub(c->address, 0, 200)));
}

enum outcome { WAS_RUN, IS_NEW, IS_BUSY, IS_BAD };

/* Inserts the row; tells whether there is something to do. */
static enum outcome claim(struct call *c, struct pg *pg, struct str hash,
			  struct str *transaction)
{
	static const char insert[] =
	    "INSERT INTO dmsl.intents (token, stack, address, sql_hash) "
	    "VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING "
	    "RETURNING pg_current_xact_id()";
	static const char earlier[] =
	    "SELECT token, sql_hash FROM dmsl.intents "
	    "WHERE token = $1 OR (stack = $2 AND address = $3)";
	struct str params[] = { c->token, sql_stack(c), c->address, hash };
	struct pg_result answer;

	for (size_t i = 0; i < 4; i++)
		if (!params[i].s)
			params[i].s = "";
	/* 42P01: somebody dropped the empty table just now. */
	if (pg_query(pg, insert, 4, params, c->arena, &answer, &c->err) < 0)
		return has_state(pg, "55P03") || has_state(pg, "42P01")
			   ? IS_BUSY
			   : IS_BAD;
	if (answer.n_rows) {
		*transaction = answer.cells[0];
		return IS_NEW;
	}
	if (pg_query(pg, earlier, 3, params, c->arena, &answer, &c->err) < 0)
		return IS_BAD;
	if (answer.n_rows == 0)
		return IS_BUSY; /* it was deleted meanwhile */
	if (str_eq(answer.cells[0], c->token) || str_eq(answer.cells[1], hash))
		return WAS_RUN;
	intents_refuse(c);
	return IS_BAD;
}

static int ensure_schema(struct call *c, struct pg *pg)
{
	struct pg_result answer;

	if (pg_query(pg, "SELECT to_regclass('dmsl.intents')", 0, NULL,
		     c->arena, &answer, &c->err) < 0)
		return -1;
	if (answer.cells[0].s)
		return 0;
	return pg_run(pg, INTENTS_MAKE, &c->err);
}

static enum step run_once(struct call *c, struct pg *pg,
			  const struct statements *all, struct str hash,
			  bool is_secret)
{
	struct str transaction = { "", 0 };

	if (ensure_schema(c, pg) < 0 || pg_run(pg, begin_work, &c->err) < 0)
		goto failed;
	switch (claim(c, pg, hash, &transaction)) {
	case WAS_RUN:
		return STEP_DONE;
	case IS_BUSY:
		c->err = (struct error){ 0 };
		return call_wait(c, BUSY_MS,
				 "an earlier run of the fixture to end");
	case IS_BAD:
		return STEP_FAILED;
	case IS_NEW:
		break;
	}
	if (run_all(c, pg, all, is_secret) < 0 ||
	    commit(c, pg, transaction) < 0)
		return STEP_FAILED;
	return STEP_DONE;
failed:
	/* Someone else drops or makes the schema at this moment. */
	if (!has_state(pg, "55P03"))
		return STEP_FAILED;
	c->err = (struct error){ 0 };
	return call_wait(c, BUSY_MS, "the schema dmsl to be free");
}

static struct str fixture_name(const struct call *c)
{
	struct str name = c->address;
	ptrdiff_t slash = str_rfind(name, '/');

	if (slash >= 0)
		name = str_skip(name, (size_t)slash + 1);
	if (str_starts(name, "fixture."))
		name = str_skip(name, strlen("fixture."));
	return name;
}

static bool is_secret_text(struct value map, const char *key)
{
	const struct value *v = value_get(map, key);

	return v && value_has_secret(*v);
}

static enum step fixture_create(struct call *c)
{
	struct str database = value_text(c->config, "on");
	struct str sql = value_text(c->config, "sql");
	struct statements all;
	bool is_secret = is_secret_text(c->config, "sql");
	char hex[DIGEST_HEX_SIZE];
	struct str hash;
	struct pg *pg;
	enum step result;

	if (sql_split_for_transaction(sql, c->arena, &all, &c->err) < 0)
		return STEP_FAILED;
	digest_sha256_hex(sql, hex);
	hash = str_dup(str_from(hex), c->arena);
	if (sql_is_remote(c, sql_place_of(database).cluster)) {
		result = remote_fixture_create(c, sql_place_of(database), &all,
					       hash, is_secret);
	} else {
		if (sql_connect(c, sql_place_of(database), &pg, &c->err) < 0)
			return STEP_FAILED;
		result = run_once(c, pg, &all, hash, is_secret);
		pg_close(pg);
	}
	if (result != STEP_DONE)
		return result;
	digest_sha256_hex(c->address, hex);
	c->id = str_fmt(c->arena, "%.*s#%.16s", STR_ARG(database), hex);
	c->result = c->config;
	return STEP_DONE;
}

static struct str hash_of(struct str id)
{
	return str_skip(id, (size_t)(str_rfind(id, '#') + 1));
}

static struct sql_place place_of(struct str id)
{
	ptrdiff_t hash = str_rfind(id, '#');

	return sql_place_of(hash < 0 ? id : str_sub(id, 0, (size_t)hash));
}

static struct str this_row(const struct call *c, const char *before)
{
	struct arena *a = c->arena;

	return str_fmt(a, "%s " INTENTS_IS_THIS, before,
		       STR_ARG(pg_literal(sql_stack(c), a)),
		       STR_ARG(pg_literal(hash_of(c->id), a)));
}

static struct sql_place place_of_call(const struct call *c)
{
	return place_of(c->id);
}

static struct str hash_of_call(const struct call *c)
{
	return hash_of(c->id);
}

static struct str all_hashes(const struct call *c)
{
	return str_fmt(c->arena,
		       "SELECT " INTENTS_HASH " FROM dmsl.intents "
		       "WHERE stack = %.*s",
		       STR_ARG(pg_literal(sql_stack(c), c->arena)));
}

static const struct sql_thing thing = {
	.place = place_of_call,
	.item = hash_of_call,
	.present = all_hashes,
};

static enum step fixture_read(struct call *c)
{
	enum step outcome;

	sql_read_all(&thing, &c, &outcome, 1);
	return outcome;
}

static void fixture_read_batch(struct call *const *calls, enum step *outcomes,
			       size_t n)
{
	sql_read_all(&thing, calls, outcomes, n);
}

static enum step fixture_update(struct call *c)
{
	int found = sql_is_present(&thing, c);

	if (found < 0)
		return STEP_FAILED;
	if (!found) {
		call_fail(c, ERROR_NOT_FOUND,
			  "the fixture is no longer in the database");
		error_hint(&c->err, "apply again: the new plan runs it");
		return STEP_FAILED;
	}
	c->result = c->config;
	return STEP_DONE;
}

/* Undoes and forgets in one transaction; a repetition finds no row. */
static int undo(struct call *c, struct pg *pg, const struct statements *all)
{
	struct str delete_row =
	    str_join(this_row(c, "DELETE FROM dmsl.intents WHERE"), " ",
		     STR("RETURNING pg_current_xact_id()"), c->arena);
	struct pg_result answer;

	if (pg_run(pg, begin_work, &c->err) < 0)
		return -1;
	if (pg_query(pg, str_c(delete_row, c->arena), 0, NULL, c->arena,
		     &answer, &c->err) < 0) {
		if (!has_state(pg, "42P01") && !has_state(pg, "3F000"))
			return -1;
		c->err = (struct error){ 0 };
		return pg_run(pg, "ROLLBACK", &c->err);
	}
	if (answer.n_rows == 0)
		return pg_run(pg, "ROLLBACK", &c->err);
	if (undo_all(c, pg, all, is_secret_text(c->prior, "undo")) < 0)
		return -1;
	return commit(c, pg, answer.cells[0]);
}

static enum step undo_here(struct call *c, const struct statements *all)
{
	struct pg *pg;
	bool is_busy;
	int result;

	if (sql_connect_to_undo(c, place_of(c->id), &pg, &c->err) < 0)
		/* Gone with its database. */
		return c->err.kind == ERROR_NOT_FOUND ? STEP_DONE : STEP_FAILED;
	result = undo(c, pg, all);
	if (result == 0)
		result = pg_run(pg, "RESET ROLE; " INTENTS_DROP, &c->err);
	is_busy = result < 0 && has_state(pg, "55P03");
	pg_close(pg);
	if (is_busy) {
		c->err = (struct error){ 0 };
		return call_wait(c, BUSY_MS, "a lock in the database");
	}
	return result == 0 ? STEP_DONE : STEP_FAILED;
}

static enum step fixture_destroy(struct call *c)
{
	struct statements all;
	enum step result;

	if (sql_split_for_transaction(value_text(c->prior, "undo"), c->arena,
				      &all, &c->err) < 0)
		result = STEP_FAILED;
	else if (!sql_is_remote(c, place_of(c->id).cluster))
		result = undo_here(c, &all);
	else
		result =
		    remote_fixture_undo(c, place_of(c->id), hash_of(c->id),
					&all, is_secret_text(c->prior, "undo"));
	if (result != STEP_FAILED)
		return result;
	error_add(&c->err, "undo");
	return STEP_FAILED;
}

/* "accounts on demo_db (12 statements)"; checks the text on the way. */
static int describe(struct call *c, struct value from, const char *key,
		    const char *verb)
{
	const struct value *sql = value_get(from, key);
	const struct value *on = value_get(from, "on");
	struct str where = { "", 0 };
	struct statements all;

	if (!sql || value_is_null(*sql))
		return 0;
	if (on && !value_is_unknown(*on))
		where = sql_place_of(value_text(from, "on")).database;
	else if (c->id.n)
		where = place_of(c->id).database;
	if (value_is_unknown(*sql)) {
		call_effect(c, EFFECT_SQL, str_from(key), "%s fixture %.*s",
			    verb, STR_ARG(fixture_name(c)));
		return 0;
	}
	if (sql_split_for_transaction(value_text(from, key), c->arena, &all,
				      &c->err) < 0)
		return error_add(&c->err, "%s", key);
	call_effect(c, EFFECT_SQL, str_from(key),
		    "%s fixture %.*s%s%.*s (%zu statement%s)", verb,
		    STR_ARG(fixture_name(c)), where.n ? " on " : "",
		    STR_ARG(where), all.n, all.n == 1 ? "" : "s");
	return 0;
}

static int fixture_plan(struct call *c, const char *action)
{
	struct str what = str_from(action);
	bool makes = str_is(what, "create") || str_is(what, "replace");
	bool removes = str_is(what, "delete") || str_is(what, "replace");
	struct statements all;

	if (removes && describe(c, c->prior, "undo", "undo") < 0)
		return -1;
	if (makes && describe(c, c->config, "sql", "run") < 0)
		return -1;
	/* A mistake in what will undo it is better found now. */
	if (!str_is(what, "delete") &&
	    sql_split_for_transaction(value_text(c->config, "undo"), c->arena,
				      &all, &c->err) < 0)
		return error_add(&c->err, "undo");
	return 0;
}

const struct resource_ops fixture_ops = {
	.plan = fixture_plan,
	.read = fixture_read,
	.read_batch = fixture_read_batch,
	.create = fixture_create,
	.update = fixture_update,
	.destroy = fixture_destroy,
	.recovery = 'T',
};
