#include <config.h>

#include "engine/calls.h"
#include "engine/cmd/task.h"

#include "engine/cmd/commands.h"
#include "engine/context.h"
#include "engine/report.h"
#include "engine/setup.h"
#include "engine/show.h"
#include "engine/target.h"

#include <stdlib.h>

enum { INSPECT_MS = 60 * 1000 };

/* Tenths of a second between two times in seconds with a fraction; or -1. */
static int64_t tenths_between(struct value row, struct arena *a)
{
	struct str begin = value_text(row, "start"),
		   end = value_text(row, "end");
	double from = begin.n ? strtod(str_c(begin, a), NULL) : 0;
	double to = end.n ? strtod(str_c(end, a), NULL) : 0;

	return from > 0 && to >= from ? (int64_t)((to - from) * 10 + 0.5) : -1;
}

/* A row of table statistics with its name in one, and with its speed. */
static struct value measured(struct value row, struct arena *a)
{
	int64_t rows = value_number(row, "rows", -1);
	int64_t tenths = tenths_between(row, a);

	if (!value_text(row, "schema").n || !value_text(row, "table").n)
		return row;
	row = value_with(row, STR("table"),
			 value_str(str_fmt(a, "%.*s.%.*s",
					   STR_ARG(value_text(row, "schema")),
					   STR_ARG(value_text(row, "table")))),
			 a);
	if (tenths < 0)
		return row;
	row = value_with(
	    row, STR("time"),
	    value_str(str_fmt(a, "%lld.%lld s", (long long)(tenths / 10),
			      (long long)(tenths % 10))),
	    a);
	if (rows > 0 && tenths > 0)
		row = value_with(row, STR("rows/s"),
				 value_int(rows * 10 / tenths), a);
	return row;
}

static void print_tables(struct value list, struct arena *a)
{
	static const char *const columns[] = {
		"table",   "state",	 "rows",    "time",   "rows/s",
		"inserts", "updates",	 "deletes", "errors", "validation",
		"result",  "assessment", NULL,
	};
	struct value *rows = arena_new(a, struct value, list.as.list.n + 1);

	for (size_t i = 0; i < list.as.list.n; i++)
		rows[i] = measured(list.as.list.items[i], a);
	show_table(value_list(rows, list.as.list.n), columns, stdout);
}

/* A fact by the name it has in JSON: elapsed_ms is shown as a time. */
static void print_fact(struct str name, struct value v)
{
	uint64_t ms = 0;
	bool is_time = str_ends(name, "_ms") && v.kind == VALUE_NUMBER &&
		       str_to_u64(v.as.text, &ms);
	size_t n = is_time ? name.n - 3 : name.n;

	for (size_t i = 0; i < n; i++)
		putchar(name.s[i] == '_' ? ' ' : name.s[i]);
	fputs(": ", stdout);
	if (is_time)
		printf("%s\n", report_time((int64_t)ms).text);
	else
		show_value(v, false, stdout);
}

void task_print(struct value facts, struct arena *a)
{
	for (size_t i = 0; facts.kind == VALUE_MAP && i < facts.as.map.n; i++) {
		const struct value_entry *e = &facts.as.map.entries[i];

		if (e->value.kind == VALUE_LIST || value_is_null(e->value) ||
		    (e->value.kind == VALUE_STRING && !e->value.as.text.n))
			continue;
		print_fact(e->key, e->value);
	}
	for (size_t i = 0; facts.kind == VALUE_MAP && i < facts.as.map.n; i++)
		if (facts.as.map.entries[i].value.kind == VALUE_LIST)
			print_tables(facts.as.map.entries[i].value, a);
}

/* The facts of one; -1: err. To be freed in any case. */
static struct engine_call *look(struct context *c, const struct target *t,
				struct error *err)
{
	struct engine_call *e =
	    call_new(c, t->provider, t->type, t->resource->address, t->resource,
		     CALL_INSPECT);

	e->call.config = value_copy(t->resource->attrs, &e->arena);
	if (call_run_now(e, INSPECT_MS) == STEP_FAILED) {
		*err = e->call.err;
		error_add(err, "\"%.*s\"", STR_ARG(t->resource->address));
	}
	return e;
}

static int inspect(struct context *c, const struct target *t,
		   const struct task_args *args, struct error *err)
{
	struct engine_call *e = look(c, t, err);
	enum step outcome = e->outcome;

	if (outcome == STEP_DONE && args->json)
		show_json(e->call.result, false, stdout);
	else if (outcome == STEP_DONE)
		task_print(e->call.result, &e->arena);
	call_free(e);
	return outcome == STEP_DONE ? 0 : -1;
}

static int inspect_all(struct context *c, const struct task_args *args,
		       struct error *err)
{
	size_t n, n_found = 0;
	struct state_resource **sorted = state_sorted(&c->state, c->arena, &n);

	for (size_t i = 0; i < n; i++) {
		struct target t;
		struct error ignored;

		if (target_find(c, sorted[i]->address, &t, &ignored) < 0 ||
		    !t.type->ops->inspect)
			continue;
		if (!args->json)
			printf("%s%.*s\n", n_found ? "\n" : "",
			       STR_ARG(sorted[i]->address));
		n_found++;
		if (inspect(c, &t, args, err) < 0)
			return -1;
	}
	if (!n_found)
		return error_set(err, ERROR_NOT_FOUND,
				 "the state has no replication task");
	return 0;
}

static int inspect_one(struct context *c, const char *address,
		       const struct task_args *args, struct error *err)
{
	struct target t;

	if (target_find(c, str_from(address), &t, err) < 0)
		return -1;
	if (!t.type->ops->inspect)
		return error_set(err, ERROR_INVALID,
				 "%s \"%s\" has no "
				 "statistics",
				 t.type->name, address);
	return inspect(c, &t, args, err);
}

/* -- list -- */

/* A row of the list: its facts, without the tables; or why there are none. */
static struct value row_of(struct context *c, const struct target *t)
{
	struct error err = { 0 };
	struct engine_call *e = look(c, t, &err);
	struct value row = value_copy(e->call.result, c->arena);

	if (e->outcome != STEP_DONE)
		row = value_with(
		    value_null(), STR("failure"),
		    value_str(str_dup(str_from(err.message), c->arena)),
		    c->arena);
	call_free(e);
	row = value_with(row, STR("tables"), value_null(), c->arena);
	return value_with(row, STR("task"), value_str(t->resource->address),
			  c->arena);
}

static int list(struct context *c, const struct task_args *args,
		struct error *err)
{
	static const char *const columns[] = {
		"task",	       "status",  "mode",    "progress",
		"loaded",      "errors",  "loading", "queued",
		"stop_reason", "failure", NULL,
	};
	struct state_resource **sorted;
	struct value *rows;
	size_t n, n_rows = 0;

	(void)err;
	sorted = state_sorted(&c->state, c->arena, &n);
	rows = arena_new(c->arena, struct value, n + 1);
	for (size_t i = 0; i < n; i++) {
		struct target t;
		struct error ignored;

		if (target_find(c, sorted[i]->address, &t, &ignored) == 0 &&
		    t.type->ops->control)
			rows[n_rows++] = row_of(c, &t);
	}
	if (args->json)
		show_json(value_list(rows, n_rows), false, stdout);
	else if (!n_rows)
		printf("The state has no replication task.\n");
	else
		show_table(value_list(rows, n_rows), columns, stdout);
	return 0;
}

/* -- the commands -- */

static int run(struct context *c, const struct task_args *args,
	       const struct option_list *operands,
	       int (*all)(struct context *c, const struct task_args *args,
			  struct error *err))
{
	struct error err = { 0 };
	struct expansion *e;
	int status = run_take(c, &args->run, false);

	if (status != STATUS_DONE)
		return status;
	e = setup_stack(c, operands->items[0], ACCESS_READ, &err);
	if (!e)
		status = setup_fail(c, &err);
	else if (operands->n > 1
		     ? inspect_one(c, operands->items[1], args, &err) < 0
		     : all(c, args, &err) < 0)
		status = setup_fail(c, &err);
	setup_close(c, e);
	return status;
}

static int run_stats(struct context *c, void *data,
		     const struct option_list *operands)
{
	return run(c, data, operands, inspect_all);
}

static int run_list(struct context *c, void *data,
		    const struct option_list *operands)
{
	return run(c, data, operands, list);
}

static const struct option options[] = {
	OPTION(struct task_args, json, "json", NULL, "as JSON"),
	RUN_OPTIONS_PARAMS(struct task_args, run),
	OPTION_END,
};

const struct command cmd_task_stats = {
	.name = "task stats",
	.usage = "FILE [ADDRESS]",
	.summary = "print the table statistics of replication tasks",
	.options = options,
	.args_size = sizeof(struct task_args),
	.least = 1,
	.most = 2,
	.run = run_stats,
};

const struct command cmd_task_list = {
	.name = "task list",
	.usage = "FILE",
	.summary = "list the replication tasks and how far they are",
	.options = options,
	.args_size = sizeof(struct task_args),
	.least = 1,
	.most = 1,
	.run = run_list,
};
