#include <config.h>

#include "providers/replicator/progress.h"

#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/json.h"
#include "providers/replicator/obj.h"
#include "providers/replicator/server.h"

#include <stdio.h>
#include <string.h>

enum { FILE_MAX = 256 << 20 };

static const char *const states[TABLE_N_STATES] = {
	[TABLE_BEFORE_LOAD] = "Before load",
	[TABLE_LOADING] = "Full load",
	[TABLE_COMPLETED] = "Table completed",
	[TABLE_CANCELLED] = "Table cancelled",
	[TABLE_ERROR] = "Table error",
	[TABLE_MISSING] = "Table does not exist",
};

static const char *const validations[VALIDATION_N_STATES] = {
	[VALIDATION_OFF] = "Not enabled",
	[VALIDATION_PENDING] = "Pending validation",
	[VALIDATION_GOOD] = "Validated",
	[VALIDATION_MISMATCH] = "Mismatched records",
	[VALIDATION_NO_KEY] = "No primary key",
	[VALIDATION_TABLE_ERROR] = "Table error",
	[VALIDATION_ERROR] = "Error",
};

static int find_word(const char *const *words, int n, struct str word)
{
	for (int i = 0; i < n; i++)
		if (str_is(word, words[i]))
			return i;
	return 0;
}

static struct value to_value(const struct table_progress *t, struct arena *a)
{
	struct obj o = { .n = 0 };

	obj_str(&o, "schema", t->schema);
	obj_str(&o, "table", t->table);
	obj_c(&o, "state", states[t->state]);
	obj_c(&o, "validation", validations[t->validation]);
	obj_int(&o, "rows", t->rows);
	obj_int(&o, "estimate", t->estimate);
	obj_int(&o, "start", t->start_ms);
	obj_int(&o, "end", t->end_ms);
	obj_int(&o, "update", t->update_ms);
	obj_int(&o, "differing", t->differing);
	obj_bool(&o, "reloaded", t->is_reloaded);
	obj_c(&o, "details", t->details);
	return obj_done(&o, a);
}

static void from_value(struct value v, struct arena *a,
		       struct table_progress *t)
{
	struct str details = value_text(v, "details");

	t->schema = str_dup(value_text(v, "schema"), a);
	t->table = str_dup(value_text(v, "table"), a);
	t->state = (enum table_state)find_word(states, TABLE_N_STATES,
					       value_text(v, "state"));
	t->validation = (enum table_validation)find_word(
	    validations, VALIDATION_N_STATES, value_text(v, "validation"));
	t->rows = value_number(v, "rows", 0);
	t->estimate = value_number(v, "estimate", 0);
	t->start_ms = value_number(v, "start", 0);
	t->end_ms = value_number(v, "end", 0);
	t->update_ms = value_number(v, "update", 0);
	t->differing = value_number(v, "differing", 0);
	t->is_reloaded = value_true(v, "reloaded");
	snprintf(t->details, sizeof(t->details), "%.*s", STR_ARG(details));
}

/* The times of a task: the member and where it stands. */
static const struct {
	const char *name;
	size_t offset;
} times[] = {
	{ "fresh_start", offsetof(struct progress, fresh_start_ms) },
	{ "start", offsetof(struct progress, start_ms) },
	{ "stop", offsetof(struct progress, stop_ms) },
	{ "load_start", offsetof(struct progress, load_start_ms) },
	{ "load_end", offsetof(struct progress, load_end_ms) },
};

static int64_t *time_at(struct progress *p, size_t i)
{
	return (int64_t *)(void *)((char *)p + times[i].offset);
}

void progress_open(struct progress *p, const char *path)
{
	struct arena a = { 0 };
	struct error err = { 0 };
	const struct value *list;
	struct value all;
	struct str text;

	memset(p, 0, sizeof(*p));
	pthread_mutex_init(&p->lock, NULL);
	if (file_read(path, FILE_MAX, &a, &text, &err) == 0 &&
	    json_read(text, &a, &all, &err) == 0) {
		for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
			*time_at(p, i) = value_number(all, times[i].name, 0);
		list = value_get(all, "tables");
		if (list && list->kind == VALUE_LIST) {
			p->n = list->as.list.n;
			p->tables =
			    arena_new(&p->mem, struct table_progress, p->n + 1);
			for (size_t i = 0; i < p->n; i++)
				from_value(list->as.list.items[i], &p->mem,
					   &p->tables[i]);
		}
	}
	arena_release(&a);
}

void progress_close(struct progress *p)
{
	arena_release(&p->mem);
	pthread_mutex_destroy(&p->lock);
}

int progress_save(struct progress *p, const char *path, struct error *err)
{
	struct arena a = { 0 };
	struct obj o = { .n = 0 };
	struct value *list;
	struct buf text;
	bool has_changes;
	int rc = 0;

	pthread_mutex_lock(&p->lock);
	has_changes = p->has_changes;
	p->has_changes = false;
	list = arena_new(&a, struct value, p->n + 1);
	for (size_t i = 0; has_changes && i < p->n; i++)
		list[i] = to_value(&p->tables[i], &a);
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		obj_int(&o, times[i].name, *time_at(p, i));
	obj_value(&o, "tables", value_list(list, p->n));
	buf_init(&text, FILE_MAX);
	if (has_changes)
		json_write(&text, obj_done(&o, &a), JSON_INDENT);
	pthread_mutex_unlock(&p->lock);
	/* The disk is slow: without the lock. */
	if (has_changes) {
		buf_add_char(&text, '\n');
		rc = buf_is_full(&text)
			 ? error_set(err, ERROR_QUOTA,
				     "the statistics are larger than %d "
				     "bytes",
				     FILE_MAX)
			 : file_replace(path, buf_str(&text), 0600, err);
	}
	buf_release(&text);
	arena_release(&a);
	return rc;
}

void progress_reset(struct progress *p, const struct table_progress *tables,
		    size_t n)
{
	struct arena fresh = { 0 };
	struct table_progress *copy =
	    arena_new(&fresh, struct table_progress, n + 1);

	for (size_t i = 0; i < n; i++) {
		copy[i] = tables[i];
		copy[i].schema = str_dup(tables[i].schema, &fresh);
		copy[i].table = str_dup(tables[i].table, &fresh);
	}
	pthread_mutex_lock(&p->lock);
	arena_release(&p->mem);
	p->mem = fresh;
	p->tables = copy;
	p->n = n;
	p->has_changes = true;
	pthread_mutex_unlock(&p->lock);
}

size_t progress_copy(struct progress *p, struct arena *a,
		     struct table_progress **out)
{
	size_t n;

	pthread_mutex_lock(&p->lock);
	n = p->n;
	*out = arena_new(a, struct table_progress, n + 1);
	for (size_t i = 0; i < n; i++) {
		(*out)[i] = p->tables[i];
		(*out)[i].schema = str_dup(p->tables[i].schema, a);
		(*out)[i].table = str_dup(p->tables[i].table, a);
	}
	pthread_mutex_unlock(&p->lock);
	return n;
}

void progress_get(struct progress *p, size_t i, struct table_progress *out)
{
	pthread_mutex_lock(&p->lock);
	*out = p->tables[i];
	pthread_mutex_unlock(&p->lock);
}

void progress_put(struct progress *p, size_t i, const struct table_progress *t)
{
	struct table_progress *to;

	pthread_mutex_lock(&p->lock);
	to = &p->tables[i];
	{
		struct str schema = to->schema;
		struct str table = to->table;

		*to = *t;
		to->schema = schema;
		to->table = table;
	}
	to->update_ms = server_time_ms();
	p->has_changes = true;
	pthread_mutex_unlock(&p->lock);
}

void progress_rows(struct progress *p, size_t i, int64_t rows)
{
	pthread_mutex_lock(&p->lock);
	p->tables[i].rows = rows;
	p->tables[i].update_ms = server_time_ms();
	p->has_changes = true;
	pthread_mutex_unlock(&p->lock);
}

void progress_cut(struct progress *p)
{
	pthread_mutex_lock(&p->lock);
	for (size_t i = 0; i < p->n; i++) {
		struct table_progress *t = &p->tables[i];

		if (t->state != TABLE_LOADING)
			continue;
		t->state = TABLE_CANCELLED;
		t->rows = 0;
		t->end_ms = server_time_ms();
		p->has_changes = true;
	}
	pthread_mutex_unlock(&p->lock);
}

static int percent(const struct progress *p, size_t n_left)
{
	double done = 0;
	double all = 0;

	if (p->n == 0 || n_left == 0)
		return p->load_start_ms ? 100 : 0;
	for (size_t i = 0; i < p->n; i++) {
		const struct table_progress *t = &p->tables[i];
		double rows = (double)t->rows;
		double whole = (double)t->estimate;

		if (whole < rows || t->state == TABLE_COMPLETED)
			whole = rows;
		/* An empty or unknown table weighs a little too. */
		all += whole + 1;
		done +=
		    t->state == TABLE_BEFORE_LOAD || t->state == TABLE_LOADING
			? rows
			: whole + 1;
	}
	return done >= all ? 99 : (int)(done * 100 / all);
}

struct value progress_stats(struct progress *p, bool is_running,
			    struct arena *a)
{
	int64_t counts[TABLE_N_STATES] = { 0 };
	struct obj o = { .n = 0 };
	struct value v;
	int64_t end;

	pthread_mutex_lock(&p->lock);
	for (size_t i = 0; i < p->n; i++)
		counts[p->tables[i].state]++;
	end = is_running ? server_time_ms() : p->stop_ms;
	obj_int(&o, "FullLoadProgressPercent",
		percent(p, (size_t)(counts[TABLE_BEFORE_LOAD] +
				    counts[TABLE_LOADING] +
				    counts[TABLE_CANCELLED])));
	obj_int(&o, "ElapsedTimeMillis",
		p->start_ms && end > p->start_ms ? end - p->start_ms : 0);
	obj_int(&o, "TablesLoaded", counts[TABLE_COMPLETED]);
	obj_int(&o, "TablesLoading", counts[TABLE_LOADING]);
	obj_int(&o, "TablesQueued",
		counts[TABLE_BEFORE_LOAD] + counts[TABLE_CANCELLED]);
	obj_int(&o, "TablesErrored",
		counts[TABLE_ERROR] + counts[TABLE_MISSING]);
	obj_time(&o, "FreshStartDate", p->fresh_start_ms, a);
	obj_time(&o, "StartDate", p->start_ms, a);
	obj_time(&o, "StopDate", is_running ? 0 : p->stop_ms, a);
	obj_time(&o, "FullLoadStartDate", p->load_start_ms, a);
	obj_time(&o, "FullLoadFinishDate", p->load_end_ms, a);
	v = obj_done(&o, a);
	pthread_mutex_unlock(&p->lock);
	return v;
}

struct value progress_show(const struct table_progress *t, struct arena *a)
{
	static const char *const zeroes[] = {
		"AppliedDdls",
		"AppliedDeletes",
		"AppliedInserts",
		"AppliedUpdates",
		"Ddls",
		"Deletes",
		"FullLoadCondtnlChkFailedRows",
		"FullLoadErrorRows",
		"Inserts",
		"Updates",
		"ValidationSuspendedRecords",
	};
	struct obj o = { .n = 0 };

	for (size_t i = 0; i < sizeof(zeroes) / sizeof(zeroes[0]); i++)
		obj_int(&o, zeroes[i], 0);
	obj_str(&o, "SchemaName", str_dup(t->schema, a));
	obj_str(&o, "TableName", str_dup(t->table, a));
	obj_c(&o, "TableState", states[t->state]);
	obj_int(&o, "FullLoadRows", t->rows);
	obj_bool(&o, "FullLoadReloaded", t->is_reloaded);
	obj_time(&o, "FullLoadStartTime", t->start_ms, a);
	obj_time(&o, "FullLoadEndTime", t->end_ms, a);
	obj_time(&o, "LastUpdateTime", t->update_ms, a);
	obj_c(&o, "ValidationState", validations[t->validation]);
	obj_int(&o, "ValidationFailedRecords", t->differing);
	obj_int(&o, "ValidationPendingRecords",
		t->validation == VALIDATION_PENDING ? t->rows : 0);
	if (t->details[0])
		obj_str(&o, "ValidationStateDetails",
			str_dup(str_from(t->details), a));
	return obj_done(&o, a);
}
