#include <config.h>

#include "providers/replicator/load.h"

#include "lang/base/clock.h"
#include "lang/base/map.h"
#include "providers/pg/copy.h"
#include "providers/pg/pg.h"
#include "providers/replicator/catalog.h"
#include "providers/replicator/ledger.h"
#include "providers/replicator/progress.h"
#include "providers/replicator/server.h"
#include "providers/replicator/session.h"
#include "providers/replicator/unit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	ATTEMPTS = 4,
	BACKOFF_MS = 500,
	TICK_MS = 50,
	PUBLISH_MS = 1000,
	PING_MS = 20000,
	CANCEL_MS = 1000,
	ROWS_MS = 200, /* between two notes of a table's rows */
};

struct worker {
	struct load_state *l;
	pthread_t thread;
	bool is_started;
	/* Guards the pointers against the coordinator, which cancels. */
	pthread_mutex_t lock;
	struct pg *from, *to;
	struct unit *unit;
	int64_t noted_ms;
};

struct load_state {
	struct load *load;
	struct pg *from; /* holds the snapshot open */
	pthread_mutex_t to_lock; /* of to, once the workers run */
	struct pg *to;
	struct ledger ledger;
	struct catalog from_catalog, to_catalog;
	struct unit *units; /* to do, in the order they start */
	size_t n;
	bool has_record_hash;
	char snapshot[64];
	pthread_mutex_t lock; /* of what follows */
	size_t next;
	size_t n_busy; /* workers that have not ended */
	enum load_end end;
	struct error why;
	atomic_bool is_ending; /* no new units, and what runs is cancelled */
};

/* --- what is to be done --- */

/* A partition comes with its root when that is selected too. */
static bool comes_with_parent(const struct load_state *l, const struct table *t)
{
	struct str parent = t->parent;

	while (parent.n) {
		const struct table *up = map_get(&l->from_catalog.by_name,
						 parent);

		if (!up)
			return false;
		if (mapping_select(&l->load->mapping, up->schema, up->name))
			return true;
		parent = up->parent;
	}
	return false;
}

static void refuse_doubles(struct unit *units, size_t n, struct arena *a)
{
	struct map targets = { 0 };

	for (size_t i = 0; i < n; i++) {
		struct unit *u = &units[i];
		struct unit *other =
			map_put(&targets,
				catalog_key(u->to_schema, u->to_table, a), u);

		if (!other)
			continue;
		error_set(&u->broken, ERROR_INVALID,
			  "two tables would go to \"%.*s\".\"%.*s\"",
			  STR_ARG(u->to_schema), STR_ARG(u->to_table));
		other->broken = u->broken;
	}
	map_release(&targets);
}

static int by_start(const void *x, const void *y)
{
	const struct unit *a = x;
	const struct unit *b = y;

	if (a->load_order != b->load_order)
		return a->load_order > b->load_order ? -1 : 1;
	if (a->source->bytes != b->source->bytes)
		return a->source->bytes > b->source->bytes ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

/* What became of a transaction of the target. */
static int ask_status(struct pg *c, struct str xid, struct arena *a,
		      struct str *status, struct error *err)
{
	struct pg_result r;

	if (pg_query(c, "SELECT txid_status($1::bigint)", 1, &xid, a, &r,
		     err) < 0)
		return error_add(err, "could not ask for a transaction's end");
	*status = r.cells[0];
	return 0;
}

/*
 * Tables whose load had committed without our having noted it: those would be
 * loaded twice.
 */
static int read_ledger(struct load_state *l, struct map *done,
		       struct error *err)
{
	struct load *load = l->load;
	struct ledger_entry *entries;
	size_t n;

	if (ledger_read(load->ledger_path, &load->mem, &entries, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct ledger_entry *e = &entries[i];
		struct str key = catalog_key(e->schema, e->table, &load->mem);
		struct table_progress *t;
		struct str status;

		if (map_get(done, key))
			continue;
		if (ask_status(l->to, e->xid, &load->mem, &status, err) < 0)
			return -1;
		if (!str_is(status, "committed"))
			continue;
		t = arena_new(&load->mem, struct table_progress, 1);
		t->state = TABLE_COMPLETED;
		t->rows = e->rows;
		t->end_ms = server_time_ms();
		map_put(done, key, t);
	}
	return 0;
}

/* Tables that an earlier run completed, by name, when resuming. */
static int read_earlier(struct load_state *l, struct map *done,
			struct error *err)
{
	struct load *load = l->load;
	struct table_progress *tables;
	size_t n;

	if (!load->is_resume)
		return 0;
	n = progress_copy(load->progress, &load->mem, &tables);
	for (size_t i = 0; i < n; i++)
		if (tables[i].state == TABLE_COMPLETED)
			map_put(done,
				catalog_key(tables[i].schema, tables[i].table,
					    &load->mem),
				&tables[i]);
	return read_ledger(l, done, err);
}

static void make_units(struct load_state *l, const struct map *done)
{
	struct load *load = l->load;
	struct unit_maker maker = {
		.from = &l->from_catalog,
		.to = &l->to_catalog,
		.mapping = &load->mapping,
		.settings = &load->settings,
		.has_record_hash = l->has_record_hash,
	};
	size_t room = l->from_catalog.n + 1;
	struct table_progress *tables =
		arena_new(&load->mem, struct table_progress, room);
	size_t n_tables = 0;

	l->units = arena_new(&load->mem, struct unit, room);
	for (size_t i = 0; i < l->from_catalog.n; i++) {
		const struct table *t = &l->from_catalog.tables[i];
		const struct mapping_selection *rule =
			mapping_select(&load->mapping, t->schema, t->name);
		struct table_progress *p = &tables[n_tables];
		struct table_progress *before;

		if (!rule || rule->action == MAPPING_EXCLUDE ||
		    comes_with_parent(l, t))
			continue;
		before = map_get(done,
				 catalog_key(t->schema, t->name, &load->mem));
		if (before) {
			*p = *before;
		} else {
			unit_make(&maker, t, rule, &load->mem, &l->units[l->n]);
			l->units[l->n++].index = n_tables;
			p->state = TABLE_BEFORE_LOAD;
			p->validation = load->settings.validation
						? VALIDATION_PENDING
						: VALIDATION_OFF;
		}
		p->schema = t->schema;
		p->table = t->name;
		p->estimate = t->rows;
		n_tables++;
	}
	refuse_doubles(l->units, l->n, &load->mem);
	qsort(l->units, l->n, sizeof(*l->units), by_start);
	progress_reset(load->progress, tables, n_tables);
}

size_t load_n_tables(const struct load *l)
{
	return l->progress->n;
}

/* One by one: IF NOT EXISTS is no help when two make one at the same time. */
static int make_schemas(struct load_state *l, struct error *err)
{
	struct arena a = { 0 };
	int rc = 0;

	for (size_t i = 0; i < l->n && rc == 0; i++) {
		struct str name = l->units[i].to_schema;
		struct str sql;

		if (l->units[i].broken.kind != ERROR_NONE ||
		    map_has(&l->to_catalog.schemas, name))
			continue;
		sql = pg_identifier(name, &a);
		sql = str_fmt(&a, "CREATE SCHEMA %.*s", STR_ARG(sql));
		rc = pg_run(l->to, sql.s, err);
		if (rc < 0)
			error_add(err, "could not create schema \"%.*s\"",
				  STR_ARG(name));
		map_put(&l->to_catalog.schemas, name, l);
	}
	arena_release(&a);
	return rc;
}

static int take_snapshot(struct load_state *l, struct error *err)
{
	struct pg_result r;

	if (pg_run(l->from,
		   "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", err) <
		    0 ||
	    pg_query(l->from, "SELECT pg_export_snapshot()", 0, NULL,
		     &l->load->mem, &r, err) < 0)
		return error_add(err, "could not take a snapshot of the source");
	snprintf(l->snapshot, sizeof(l->snapshot), "%.*s",
		 STR_ARG(r.cells[0]));
	return 0;
}

int load_open(struct load *load, struct error *err)
{
	struct load_state *l = xmalloc(sizeof(*l));
	struct map done = { 0 };

	memset(l, 0, sizeof(*l));
	load->state = l;
	l->load = load;
	pthread_mutex_init(&l->lock, NULL);
	pthread_mutex_init(&l->to_lock, NULL);
	ledger_init(&l->ledger, load->ledger_path);
	if (session_open_source(load->server, load->source, &l->from, err) <
		    0 ||
	    session_open_target(load->server, load->target, &l->to, err) < 0 ||
	    /* First the instant, so that the catalog is of it as well. */
	    take_snapshot(l, err) < 0)
		return -1;
	if (catalog_read(l->from, &load->mem, &l->from_catalog, err) < 0)
		return error_add(err, "source");
	if (catalog_read(l->to, &load->mem, &l->to_catalog, err) < 0)
		return error_add(err, "target");
	l->has_record_hash = pg_version(l->from) >= 140000 &&
			     pg_version(l->to) >= 140000;
	if (read_earlier(l, &done, err) < 0) {
		map_release(&done);
		return -1;
	}
	make_units(l, &done);
	map_release(&done);
	return make_schemas(l, err);
}

/* --- one worker --- */

/*
 * The workers' commits did not wait for the disk. Commits are written in order:
 * one that waits makes all before it durable.
 */
static int make_durable(struct load_state *l, struct error *err)
{
	struct error ignored = { 0 };
	int rc = -1;

	pthread_mutex_lock(&l->to_lock);
	for (int i = 0; i < 2 && rc < 0; i++) {
		if (!l->to && session_open_target(l->load->server,
						  l->load->target, &l->to,
						  err) < 0)
			break;
		rc = pg_run(l->to,
			    "SET synchronous_commit = on;"
			    "SELECT txid_current()",
			    i ? err : &ignored);
		if (rc < 0) {
			/* It was idle all the time and may be gone. */
			pg_close(l->to);
			l->to = NULL;
		}
	}
	pthread_mutex_unlock(&l->to_lock);
	return rc < 0 ? error_add(err, "could not make the load durable") : 0;
}

static void set_connection(struct worker *w, struct pg **at, struct pg *c)
{
	pthread_mutex_lock(&w->lock);
	*at = c;
	pthread_mutex_unlock(&w->lock);
}

static void drop(struct worker *w, struct pg **at)
{
	struct pg *c = *at;

	set_connection(w, at, NULL);
	pg_close(c);
}

static int begin_source(struct worker *w, struct error *err)
{
	char sql[200];

	snprintf(sql, sizeof(sql),
		 "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
		 "SET TRANSACTION SNAPSHOT '%s'",
		 w->l->snapshot);
	if (pg_run(w->from, sql, err) < 0)
		return error_add(err, "could not read the source's snapshot");
	return 0;
}

static int connect_worker(struct worker *w, struct error *err)
{
	struct load *load = w->l->load;
	struct pg *c;

	if (!w->from) {
		if (session_open_source(load->server, load->source, &c, err) <
		    0)
			return -1;
		set_connection(w, &w->from, c);
		if (begin_source(w, err) < 0)
			return -1;
	}
	if (!w->to) {
		if (session_open_target(load->server, load->target, &c, err) <
		    0)
			return -1;
		set_connection(w, &w->to, c);
	}
	return 0;
}

static bool is_ending(const struct load_state *l)
{
	return atomic_load(&l->is_ending) ||
	       atomic_load(l->load->is_stopping);
}

static bool watch(void *data, int64_t rows, int64_t bytes)
{
	struct worker *w = data;
	int64_t now = clock_ms();

	(void)bytes;
	if (now - w->noted_ms >= ROWS_MS) {
		w->noted_ms = now;
		progress_rows(w->l->load->progress, w->unit->index, rows);
	}
	return is_ending(w->l);
}

/*
 * Before a commit that must not happen twice: notes the transaction's number.
 * Behind it a commit of another connection is made durable, so that the target
 * cannot forget the number in a crash and give it to somebody else.
 */
static int note_commit(struct worker *w, int64_t rows, struct arena *a,
		       struct str *xid, struct error *err)
{
	struct ledger_entry e = {
		.schema = w->unit->source->schema,
		.table = w->unit->source->name,
		.rows = rows,
	};
	struct pg_result r;

	if (pg_query(w->to, "SELECT txid_current()", 0, NULL, a, &r, err) < 0)
		return -1;
	e.xid = *xid = r.cells[0];
	if (make_durable(w->l, err) < 0)
		return -1;
	return ledger_note(&w->l->ledger, &e, err);
}

/*
 * The connection was lost during COMMIT. 0: it was carried out. -1: it was not,
 * and the load may be done again, or (ERROR_FAILED) nobody knows.
 */
static int settle(struct worker *w, struct str xid, struct arena *a,
		  struct error *err)
{
	struct error lost = *err;
	struct str status = { 0 };
	struct pg *c;

	for (int i = 0; i < ATTEMPTS; i++) {
		clock_sleep_ms((int64_t)BACKOFF_MS << i);
		if (session_open_target(w->l->load->server, w->l->load->target,
					&c, err) < 0)
			continue;
		if (ask_status(c, xid, a, &status, err) < 0)
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

static int commit(struct worker *w, int64_t rows, struct error *err)
{
	struct arena a = { 0 };
	struct str xid = { 0 };
	int rc = 0;

	if (w->unit->keeps_rows)
		rc = note_commit(w, rows, &a, &xid, err);
	if (rc == 0) {
		rc = pg_run(w->to, "COMMIT", err);
		if (rc < 0 && xid.n && !pg_sqlstate(w->to)[0])
			rc = settle(w, xid, &a, err);
	}
	arena_release(&a);
	return rc;
}

/* The rows, in one transaction of the target. */
static int move(struct worker *w, int64_t *rows, struct error *err)
{
	struct unit *u = w->unit;
	struct copy copy = {
		.from = w->from,
		.to = w->to,
		.from_sql = u->copy_from,
		.to_sql = u->copy_to,
		.watch = watch,
		.data = w,
	};
	struct error ignored = { 0 };

	if (pg_run(w->to, "BEGIN", err) < 0 ||
	    (u->prepare && pg_run(w->to, u->prepare, err) < 0)) {
		(void)pg_run(w->to, "ROLLBACK", &ignored);
		return error_add(err, "could not prepare the target table");
	}
	if (copy_run(&copy, err) < 0) {
		(void)pg_run(w->to, "ROLLBACK", &ignored);
		/* The source's transaction has failed as well, or may have. */
		(void)pg_run(w->from, "ROLLBACK", &ignored);
		if (begin_source(w, &ignored) < 0)
			drop(w, &w->from);
		return error_add(err, copy.failed == COPY_SOURCE ? "source"
				      : copy.failed == COPY_TARGET
					      ? "target"
					      : "copy");
	}
	if ((u->afterwards && pg_run(w->to, u->afterwards, err) < 0) ||
	    commit(w, copy.rows, err) < 0) {
		(void)pg_run(w->to, "ROLLBACK", &ignored);
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
		 is_same ? "rows and checksum agree" : "rows or checksum differ",
		 (long long)n_from, STR_ARG(from[1]), (long long)n_to,
		 STR_ARG(to[1]));
}

/* Both servers count and hash at the same time; the source as of the load. */
static void validate(struct worker *w, struct table_progress *t)
{
	struct progress *p = w->l->load->progress;
	struct unit *u = w->unit;
	struct arena a = { 0 };
	struct error err = { 0 };
	struct str from[2], to[2];
	bool has_from = pg_send(w->from, u->sum_from, &err) == 0;
	bool has_to = has_from && pg_send(w->to, u->sum_to, &err) == 0;
	int rc = has_from && has_to ? 0 : -1;

	/* Both results are read, whatever becomes of one of them. */
	if (has_from && read_sum(w->from, &a, from, &err) < 0)
		rc = -1;
	if (has_to && read_sum(w->to, &a, to, &err) < 0)
		rc = -1;
	if (rc == 0) {
		note_sums(t, u->has_key, from, to);
	} else {
		if (!is_ending(w->l)) {
			t->validation = VALIDATION_ERROR;
			snprintf(t->details, sizeof(t->details),
				 "could not compare: %.200s", err.message);
		}
		drop(w, &w->from);
		drop(w, &w->to);
	}
	progress_put(p, u->index, t);
	arena_release(&a);
}

static void note_table_error(struct worker *w, struct table_progress *t,
			     const struct error *err)
{
	struct load_state *l = w->l;
	struct load *load = l->load;

	t->state = TABLE_ERROR;
	t->rows = 0;
	t->end_ms = server_time_ms();
	if (load->settings.validation)
		t->validation = VALIDATION_TABLE_ERROR;
	snprintf(t->details, sizeof(t->details), "%.255s", err->message);
	progress_put(load->progress, w->unit->index, t);
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

static void note_lost(struct worker *w, struct table_progress *t,
		      const struct error *err)
{
	struct load_state *l = w->l;

	t->state = TABLE_CANCELLED;
	t->rows = 0;
	t->end_ms = server_time_ms();
	progress_put(l->load->progress, w->unit->index, t);
	pthread_mutex_lock(&l->lock);
	if (l->end == LOAD_DONE) {
		l->end = LOAD_LOST;
		l->why = *err;
	}
	atomic_store(&l->is_ending, true);
	pthread_mutex_unlock(&l->lock);
}

static void note_cancelled(struct worker *w, struct table_progress *t)
{
	t->state = TABLE_CANCELLED;
	t->rows = 0;
	t->end_ms = server_time_ms();
	progress_put(w->l->load->progress, w->unit->index, t);
}

static bool is_passing(const struct error *err)
{
	return err->kind == ERROR_UNAVAILABLE || err->kind == ERROR_TIMEOUT ||
	       err->kind == ERROR_CONFLICT;
}

static void load_unit(struct worker *w)
{
	struct load_state *l = w->l;
	struct progress *p = l->load->progress;
	struct table_progress t;
	struct error err = { 0 };
	int64_t rows = 0;
	int rc = -1;

	progress_get(p, w->unit->index, &t);
	t.state = TABLE_LOADING;
	t.start_ms = server_time_ms();
	t.end_ms = 0;
	progress_put(p, w->unit->index, &t);
	if (w->unit->broken.kind != ERROR_NONE) {
		note_table_error(w, &t, &w->unit->broken);
		return;
	}
	for (int i = 0; i < ATTEMPTS && !is_ending(l); i++) {
		memset(&err, 0, sizeof(err));
		rc = connect_worker(w, &err);
		if (rc == 0)
			rc = move(w, &rows, &err);
		if (rc == 0 || !is_passing(&err))
			break;
		server_log(l->load->server,
			   "table '%.*s'.'%.*s', attempt %d: %s",
			   STR_ARG(t.schema), STR_ARG(t.table), i + 1,
			   err.message);
		/* Never go on with a connection that failed so. */
		drop(w, &w->from);
		drop(w, &w->to);
		for (int64_t end = clock_ms() + ((int64_t)BACKOFF_MS << i);
		     clock_ms() < end && !is_ending(l);)
			clock_sleep_ms(TICK_MS);
	}
	if (rc < 0 && is_ending(l)) {
		note_cancelled(w, &t);
	} else if (rc < 0 && is_passing(&err)) {
		note_lost(w, &t, &err);
	} else if (rc < 0) {
		note_table_error(w, &t, &err);
	} else {
		t.state = TABLE_COMPLETED;
		t.rows = rows;
		t.end_ms = server_time_ms();
		t.details[0] = '\0';
		progress_put(p, w->unit->index, &t);
		if (l->load->settings.validation && !is_ending(l))
			validate(w, &t);
	}
}

static struct unit *next_unit(struct load_state *l)
{
	struct unit *u = NULL;

	pthread_mutex_lock(&l->lock);
	if (l->next < l->n && !is_ending(l))
		u = &l->units[l->next++];
	pthread_mutex_unlock(&l->lock);
	return u;
}

static void *run_worker(void *arg)
{
	struct worker *w = arg;

	while ((w->unit = next_unit(w->l)))
		load_unit(w);
	drop(w, &w->from);
	drop(w, &w->to);
	pthread_mutex_lock(&w->l->lock);
	w->l->n_busy--;
	pthread_mutex_unlock(&w->l->lock);
	return NULL;
}

/* --- the coordinator --- */

static size_t count_workers(const struct load_state *l)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	size_t n = cores > 0 ? (size_t)cores + 1 : 2;

	/* More than one a core and one to spare gain nothing. */
	if (l->load->settings.max_subtasks > 0 &&
	    n > (size_t)l->load->settings.max_subtasks)
		n = (size_t)l->load->settings.max_subtasks;
	return n < l->n ? n : l->n;
}

static void cancel_workers(struct worker *workers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		pthread_mutex_lock(&workers[i].lock);
		if (workers[i].from)
			pg_cancel(workers[i].from);
		if (workers[i].to)
			pg_cancel(workers[i].to);
		pthread_mutex_unlock(&workers[i].lock);
	}
}

static bool has_busy(struct load_state *l)
{
	bool is_busy;

	pthread_mutex_lock(&l->lock);
	is_busy = l->n_busy > 0;
	pthread_mutex_unlock(&l->lock);
	return is_busy;
}

/* Publishes, keeps the snapshot alive, cancels; until all workers have ended. */
static void watch_workers(struct load_state *l, struct worker *workers,
			  size_t n)
{
	int64_t published = clock_ms();
	int64_t pinged = clock_ms();
	int64_t cancelled = 0;

	while (has_busy(l)) {
		int64_t now = clock_ms();
		struct error err = { 0 };

		/* Again and again: a worker may just have begun a statement. */
		if (is_ending(l) && now - cancelled >= CANCEL_MS) {
			cancel_workers(workers, n);
			cancelled = now;
		}
		if (now - published >= PUBLISH_MS) {
			published = now;
			if (progress_save(l->load->progress,
					  l->load->progress_path, &err) < 0)
				server_log(l->load->server,
					   "could not save statistics: %s",
					   err.message);
		}
		/* Balancers close what is silent for long. */
		if (now - pinged >= PING_MS && !is_ending(l)) {
			pinged = now;
			(void)pg_run(l->from, "SELECT 1", &err);
		}
		clock_sleep_ms(TICK_MS);
	}
}

/* What this run loaded may be lost with the target: it is to be loaded anew. */
static void doubt_units(struct load_state *l)
{
	for (size_t i = 0; i < l->next; i++) {
		struct table_progress t;

		progress_get(l->load->progress, l->units[i].index, &t);
		if (t.state != TABLE_COMPLETED)
			continue;
		t.state = TABLE_CANCELLED;
		t.rows = 0;
		progress_put(l->load->progress, l->units[i].index, &t);
	}
}

static size_t start_workers(struct load_state *l, struct worker *workers,
			    size_t n)
{
	size_t started = 0;

	l->n_busy = n;
	for (size_t i = 0; i < n; i++) {
		workers[i].l = l;
		pthread_mutex_init(&workers[i].lock, NULL);
		workers[i].is_started =
			pthread_create(&workers[i].thread, NULL, run_worker,
				       &workers[i]) == 0;
		started += workers[i].is_started;
	}
	pthread_mutex_lock(&l->lock);
	l->n_busy -= n - started;
	pthread_mutex_unlock(&l->lock);
	return started;
}

enum load_end load_run(struct load *load, struct error *err)
{
	struct load_state *l = load->state;
	size_t n = count_workers(l);
	struct worker *workers = arena_new(&load->mem, struct worker, n + 1);
	enum load_end end;

	if (n > 0 && start_workers(l, workers, n) == 0) {
		error_set(err, ERROR_QUOTA, "could not start a thread");
		return LOAD_LOST;
	}
	watch_workers(l, workers, n);
	for (size_t i = 0; i < n; i++) {
		if (workers[i].is_started)
			pthread_join(workers[i].thread, NULL);
		pthread_mutex_destroy(&workers[i].lock);
	}
	end = l->end;
	*err = l->why;
	if (end == LOAD_DONE && atomic_load(load->is_stopping))
		end = LOAD_STOPPED;
	if (l->next > 0) {
		struct error why = { 0 };

		if (make_durable(l, &why) < 0) {
			doubt_units(l);
			if (end == LOAD_DONE || end == LOAD_STOPPED) {
				end = LOAD_LOST;
				*err = why;
			}
		}
	}
	return end;
}

void load_close(struct load *load)
{
	struct load_state *l = load->state;

	if (l) {
		pg_close(l->from);
		pg_close(l->to);
		catalog_clear(&l->from_catalog);
		catalog_clear(&l->to_catalog);
		ledger_release(&l->ledger);
		pthread_mutex_destroy(&l->to_lock);
		pthread_mutex_destroy(&l->lock);
		free(l);
	}
	arena_release(&load->mem);
}
