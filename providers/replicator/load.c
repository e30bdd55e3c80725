#include <config.h>

#include "providers/replicator/load.h"

#include "lang/base/clock.h"
#include "lang/base/map.h"
#include "providers/pg/pg.h"
#include "providers/replicator/mover.h"
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
	TICK_MS = 50,
	PUBLISH_MS = 1000,
	PING_MS = 20000,
	CANCEL_MS = 1000,
};

/* --- what is to be done --- */

/* A partition comes with its root when that is selected too. */
static bool comes_with_parent(const struct load_state *l, const struct table *t)
{
	struct str parent = t->parent;

	while (parent.n) {
		const struct table *up =
		    map_get(&l->from_catalog.by_name, parent);

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
		struct unit *other = map_put(
		    &targets, catalog_key(u->to_schema, u->to_table, a), u);

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
		if (mover_ask_status(l->to, e->xid, &load->mem, &status, err) <
		    0)
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
		before =
		    map_get(done, catalog_key(t->schema, t->name, &load->mem));
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

	if (pg_run(l->from, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
		   err) < 0 ||
	    pg_query(l->from, "SELECT pg_export_snapshot()", 0, NULL,
		     &l->load->mem, &r, err) < 0)
		return error_add(err,
				 "could not take a snapshot of the source");
	snprintf(l->snapshot, sizeof(l->snapshot), "%.*s", STR_ARG(r.cells[0]));
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
	l->has_record_hash =
	    pg_version(l->from) >= 140000 && pg_version(l->to) >= 140000;
	if (read_earlier(l, &done, err) < 0) {
		map_release(&done);
		return -1;
	}
	make_units(l, &done);
	map_release(&done);
	return make_schemas(l, err);
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

static bool has_busy(struct load_state *l)
{
	bool is_busy;

	pthread_mutex_lock(&l->lock);
	is_busy = l->n_busy > 0;
	pthread_mutex_unlock(&l->lock);
	return is_busy;
}

/* Publishes, keeps the snapshot alive, cancels; until all workers have ended.
 */
static void watch_workers(struct load_state *l, struct mover *workers, size_t n)
{
	int64_t published = clock_ms();
	int64_t pinged = clock_ms();
	int64_t cancelled = 0;

	while (has_busy(l)) {
		int64_t now = clock_ms();
		struct error err = { 0 };

		/* Again and again: a worker may just have begun a statement. */
		if (mover_is_ending(l) && now - cancelled >= CANCEL_MS) {
			for (size_t i = 0; i < n; i++)
				mover_cancel(&workers[i]);
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
		if (now - pinged >= PING_MS && !mover_is_ending(l)) {
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

static size_t start_workers(struct load_state *l, struct mover *workers,
			    size_t n)
{
	size_t started = 0;

	l->n_busy = n;
	for (size_t i = 0; i < n; i++) {
		workers[i].l = l;
		pthread_mutex_init(&workers[i].lock, NULL);
		workers[i].is_started =
		    pthread_create(&workers[i].thread, NULL, mover_main,
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
	struct mover *workers = arena_new(&load->mem, struct mover, n + 1);
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

		if (mover_make_durable(l, &why) < 0) {
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
