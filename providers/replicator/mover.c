#include <config.h>

#include "providers/replicator/mover.h"

#include "lang/base/arena.h"
#include "lang/base/clock.h"
#include "providers/pg/copy.h"
#include "providers/pg/pg.h"
#include "providers/replicator/progress.h"
#include "providers/replicator/server.h"
#include "providers/replicator/session.h"
#include "providers/replicator/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ATTEMPTS = 4,
	BACKOFF_MS = 500,
	TICK_MS = 50,
	ROWS_MS = 200, /* between two notes of a table's rows */
};

int mover_ask_status(struct pg *c, struct str xid, struct arena *a,
		     struct str *status, struct error *err)
{
	struct pg_result r;

	if (pg_query(c, "SELECT txid_status($1::bigint)", 1, &xid, a, &r, err) <
	    0)
		return error_add(err, "could not ask for a transaction's end");
	*status = r.cells[0];
	return 0;
}

int mover_make_durable(struct load_state *l, struct error *err)
{
	/*
	 * A commit waits for the disk only when its transaction has written
	 * something: to have a number is not enough.
	 */
	static const char sql[] =
	    "SET synchronous_commit = on;"
	    "SELECT pg_logical_emit_message(true, 'dmsl', 'durable')";
	struct error ignored = { 0 };
	int rc = -1;

	pthread_mutex_lock(&l->to_lock);
	for (int i = 0; i < 2 && rc < 0; i++) {
		if (!l->to &&
		    session_open_target(l->load->server, l->load->target,
					&l->to, err) < 0)
			break;
		rc = pg_run(l->to, sql, i ? err : &ignored);
		if (rc < 0) {
			/* It was idle all the time and may be gone. */
			pg_close(l->to);
			l->to = NULL;
		}
	}
	pthread_mutex_unlock(&l->to_lock);
	return rc < 0 ? error_add(err, "could not make the load durable") : 0;
}

static void set_connection(struct mover *m, struct pg **at, struct pg *c)
{
	pthread_mutex_lock(&m->lock);
	*at = c;
	pthread_mutex_unlock(&m->lock);
}

static void drop(struct mover *m, struct pg **at)
{
	struct pg *c = *at;

	set_connection(m, at, NULL);
	pg_close(c);
}

static int begin_source(struct mover *m, struct error *err)
{
	char sql[200];

	snprintf(sql, sizeof(sql),
		 "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
		 "SET TRANSACTION SNAPSHOT '%s'",
		 m->l->snapshot);
	if (pg_run(m->from, sql, err) < 0)
		return error_add(err, "could not read the source's snapshot");
	return 0;
}

static int connect_worker(struct mover *m, struct error *err)
{
	struct load *load = m->l->load;
	struct pg *c;

	if (!m->from) {
		if (session_open_source(load->server, load->source, &c, err) <
		    0)
			return -1;
		set_connection(m, &m->from, c);
		if (begin_source(m, err) < 0)
			return -1;
	}
	if (!m->to) {
		if (session_open_target(load->server, load->target, &c, err) <
		    0)
			return -1;
		set_connection(m, &m->to, c);
	}
	return 0;
}

bool mover_is_ending(const struct load_state *l)
{
	return atomic_load(&l->is_ending) || atomic_load(l->load->is_stopping);
}

static bool watch(void *data, int64_t rows, int64_t bytes)
{
	struct mover *m = data;
	int64_t now = clock_ms();

	(void)bytes;
	if (now - m->noted_ms >= ROWS_MS) {
		m->noted_ms = now;
		progress_rows(m->l->load->progress, m->unit->index, rows);
	}
	return mover_is_ending(m->l);
}

/*
 * Before a commit that must not happen twice: notes the transaction's number.
 * Behind it a commit of another connection is made durable, so that the target
 * cannot forget the number in a crash and give it to somebody else.
 */
static int note_commit(struct mover *m, int64_t rows, struct arena *a,
		       struct str *xid, struct error *err)
{
	struct ledger_entry e = {
		.schema = m->unit->source->schema,
		.table = m->unit->source->name,
		.rows = rows,
	};
	struct pg_result r;

	if (pg_query(m->to, "SELECT txid_current()", 0, NULL, a, &r, err) < 0)
		return -1;
	e.xid = *xid = r.cells[0];
	if (mover_make_durable(m->l, err) < 0)
		return -1;
	return ledger_note(&m->l->ledger, &e, err);
}

/*
 * The connection was lost during COMMIT. 0: it was carried out. -1: it was not,
 * and the load may be done again, or (ERROR_FAILED) nobody knows.
 */
static int settle(struct mover *m, struct str xid, struct arena *a,
		  struct error *err)
{
	struct error lost = *err;
	struct str status = { 0 };
	struct pg *c;

	for (int i = 0; i < ATTEMPTS; i++) {
		clock_sleep_ms((int64_t)BACKOFF_MS << i);
		if (session_open_target(m->l->load->server, m->l->load->target,
					&c, err) < 0)
			continue;
		if (mover_ask_status(c, xid, a, &status, err) < 0)
			status = (struct str){ 0 };
		pg_close(c);
		if (str_is(status, "committed"))
			return 0;
		if (str_is(status, "aborted")) {
			*err = lost;
			return -1;
		}
	}
	return error_set(err, ERROR_FAILED,
			 "the connection was lost during COMMIT and the target "
			 "does not tell how it ended: compare the table before "
			 "loading it again");
}

static int commit(struct mover *m, int64_t rows, struct error *err)
{
	struct arena a = { 0 };
	struct str xid = { 0 };
	int rc = 0;

	if (m->unit->keeps_rows)
		rc = note_commit(m, rows, &a, &xid, err);
	if (rc == 0) {
		rc = pg_run(m->to, "COMMIT", err);
		if (rc < 0 && xid.n && !pg_sqlstate(m->to)[0])
			rc = settle(m, xid, &a, err);
	}
	arena_release(&a);
	return rc;
}

/* The rows, in one transaction of the target. */
static int move(struct mover *m, int64_t *rows, struct error *err)
{
	struct unit *u = m->unit;
	struct copy copy = {
		.from = m->from,
		.to = m->to,
		.from_sql = u->copy_from,
		.to_sql = u->copy_to,
		.watch = watch,
		.data = m,
	};
	struct error ignored = { 0 };

	if (pg_run(m->to, "BEGIN", err) < 0 ||
	    (u->prepare && pg_run(m->to, u->prepare, err) < 0)) {
		(void)pg_run(m->to, "ROLLBACK", &ignored);
		return error_add(err, "could not prepare the target table");
	}
	if (copy_run(&copy, err) < 0) {
		(void)pg_run(m->to, "ROLLBACK", &ignored);
		/* The source's transaction has failed as well, or may have. */
		(void)pg_run(m->from, "ROLLBACK", &ignored);
		if (begin_source(m, &ignored) < 0)
			drop(m, &m->from);
		return error_add(err, copy.failed == COPY_SOURCE   ? "source"
				      : copy.failed == COPY_TARGET ? "target"
								   : "copy");
	}
	if ((u->afterwards && pg_run(m->to, u->afterwards, err) < 0) ||
	    commit(m, copy.rows, err) < 0) {
		(void)pg_run(m->to, "ROLLBACK", &ignored);
		return error_add(err, "target");
	}
	*rows = copy.rows;
	return 0;
}

static int read_sum(struct pg *c, struct arena *a, struct str sum[2],
		    struct error *err)
{
	struct pg_result r;

	if (pg_take(c, a, &r, err) < 0)
		return -1;
	sum[0] = r.cells[0];
	sum[1] = r.cells[1];
	return 0;
}

static void note_sums(struct table_progress *t, bool has_key,
		      const struct str from[2], const struct str to[2])
{
	bool is_same = str_eq(from[0], to[0]) && str_eq(from[1], to[1]);
	int64_t n_from = strtoll(from[0].s, NULL, 10);
	int64_t n_to = strtoll(to[0].s, NULL, 10);

	t->validation = !is_same  ? VALIDATION_MISMATCH
			: has_key ? VALIDATION_GOOD
				  : VALIDATION_NO_KEY;
	t->differing = is_same ? 0 : llabs(n_from - n_to);
	if (!is_same && t->differing == 0)
		t->differing = 1;
	snprintf(t->details, sizeof(t->details),
		 "%s: %lld rows, checksum %.*s at the source, %lld rows, "
		 "checksum %.*s at the target",
		 is_same ? "rows and checksum agree"
			 : "rows or checksum differ",
		 (long long)n_from, STR_ARG(from[1]), (long long)n_to,
		 STR_ARG(to[1]));
}

/* Both servers count and hash at the same time; the source as of the load. */
static void validate(struct mover *m, struct table_progress *t)
{
	struct progress *p = m->l->load->progress;
	struct unit *u = m->unit;
	struct arena a = { 0 };
	struct error err = { 0 };
	struct str from[2], to[2];
	bool has_from = pg_send(m->from, u->sum_from, &err) == 0;
	bool has_to = has_from && pg_send(m->to, u->sum_to, &err) == 0;
	int rc = has_from && has_to ? 0 : -1;

	/* Both results are read, whatever becomes of one of them. */
	if (has_from && read_sum(m->from, &a, from, &err) < 0)
		rc = -1;
	if (has_to && read_sum(m->to, &a, to, &err) < 0)
		rc = -1;
	if (rc == 0) {
		note_sums(t, u->has_key, from, to);
	} else {
		if (!mover_is_ending(m->l)) {
			t->validation = VALIDATION_ERROR;
			snprintf(t->details, sizeof(t->details),
				 "could not compare: %.200s", err.message);
		}
		drop(m, &m->from);
		drop(m, &m->to);
	}
	progress_put(p, u->index, t);
	arena_release(&a);
}

static void note_table_error(struct mover *m, struct table_progress *t,
			     const struct error *err)
{
	struct load_state *l = m->l;
	struct load *load = l->load;

	t->state = TABLE_ERROR;
	t->rows = 0;
	t->end_ms = server_time_ms();
	if (load->settings.validation)
		t->validation = VALIDATION_TABLE_ERROR;
	snprintf(t->details, sizeof(t->details), "%.255s", err->message);
	progress_put(load->progress, m->unit->index, t);
	server_log(load->server, "table '%.*s'.'%.*s' was errored: %s",
		   STR_ARG(t->schema), STR_ARG(t->table), err->message);
	pthread_mutex_lock(&l->lock);
	if (!load->table_error[0])
		snprintf(load->table_error, sizeof(load->table_error),
			 "Table '%.*s'.'%.*s' was errored/suspended: %.400s",
			 STR_ARG(t->schema), STR_ARG(t->table), err->message);
	if (load->stops_on_error && l->end == LOAD_DONE) {
		l->end = LOAD_FATAL;
		l->why = *err;
		atomic_store(&l->is_ending, true);
	}
	pthread_mutex_unlock(&l->lock);
}

static void note_lost(struct mover *m, struct table_progress *t,
		      const struct error *err)
{
	struct load_state *l = m->l;

	t->state = TABLE_CANCELLED;
	t->rows = 0;
	t->end_ms = server_time_ms();
	progress_put(l->load->progress, m->unit->index, t);
	pthread_mutex_lock(&l->lock);
	if (l->end == LOAD_DONE) {
		l->end = LOAD_LOST;
		l->why = *err;
	}
	atomic_store(&l->is_ending, true);
	pthread_mutex_unlock(&l->lock);
}

static void note_cancelled(struct mover *m, struct table_progress *t)
{
	t->state = TABLE_CANCELLED;
	t->rows = 0;
	t->end_ms = server_time_ms();
	progress_put(m->l->load->progress, m->unit->index, t);
}

static bool is_passing(const struct error *err)
{
	return err->kind == ERROR_UNAVAILABLE || err->kind == ERROR_TIMEOUT ||
	       err->kind == ERROR_CONFLICT;
}

static void load_unit(struct mover *m)
{
	struct load_state *l = m->l;
	struct progress *p = l->load->progress;
	struct table_progress t;
	struct error err = { 0 };
	int64_t rows = 0;
	int rc = -1;

	progress_get(p, m->unit->index, &t);
	t.state = TABLE_LOADING;
	t.start_ms = server_time_ms();
	t.end_ms = 0;
	progress_put(p, m->unit->index, &t);
	if (m->unit->broken.kind != ERROR_NONE) {
		note_table_error(m, &t, &m->unit->broken);
		return;
	}
	for (int i = 0; i < ATTEMPTS && !mover_is_ending(l); i++) {
		memset(&err, 0, sizeof(err));
		rc = connect_worker(m, &err);
		if (rc == 0)
			rc = move(m, &rows, &err);
		if (rc == 0 || !is_passing(&err))
			break;
		server_log(
		    l->load->server, "table '%.*s'.'%.*s', attempt %d: %s",
		    STR_ARG(t.schema), STR_ARG(t.table), i + 1, err.message);
		/* Never go on with a connection that failed so. */
		drop(m, &m->from);
		drop(m, &m->to);
		for (int64_t end = clock_ms() + ((int64_t)BACKOFF_MS << i);
		     clock_ms() < end && !mover_is_ending(l);)
			clock_sleep_ms(TICK_MS);
	}
	if (rc < 0 && mover_is_ending(l)) {
		note_cancelled(m, &t);
	} else if (rc < 0 && is_passing(&err)) {
		note_lost(m, &t, &err);
	} else if (rc < 0) {
		note_table_error(m, &t, &err);
	} else {
		t.state = TABLE_COMPLETED;
		t.rows = rows;
		t.end_ms = server_time_ms();
		t.details[0] = '\0';
		progress_put(p, m->unit->index, &t);
		if (l->load->settings.validation && !mover_is_ending(l))
			validate(m, &t);
	}
}

static struct unit *next_unit(struct load_state *l)
{
	struct unit *u = NULL;

	pthread_mutex_lock(&l->lock);
	if (l->next < l->n && !mover_is_ending(l))
		u = &l->units[l->next++];
	pthread_mutex_unlock(&l->lock);
	return u;
}

void *mover_main(void *arg)
{
	struct mover *m = arg;

	while ((m->unit = next_unit(m->l)))
		load_unit(m);
	drop(m, &m->from);
	drop(m, &m->to);
	pthread_mutex_lock(&m->l->lock);
	m->l->n_busy--;
	pthread_mutex_unlock(&m->l->lock);
	return NULL;
}

void mover_cancel(struct mover *m)
{
	pthread_mutex_lock(&m->lock);
	if (m->from)
		pg_cancel(m->from);
	if (m->to)
		pg_cancel(m->to);
	pthread_mutex_unlock(&m->lock);
}
