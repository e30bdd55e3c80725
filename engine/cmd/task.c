#include <config.h>

#include "engine/calls.h"
#include "engine/cmd/commands.h"
#include "engine/context.h"
#include "engine/facts.h"
#include "engine/runs.h"
#include "engine/setup.h"
#include "engine/show.h"
#include "engine/target.h"

#include <stdio.h>

enum { INSPECT_MS = 60 * 1000 };

struct args {
	bool json;
	struct run_options run;
};

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
		   const struct args *args, struct error *err)
{
	struct engine_call *e = look(c, t, err);
	enum step outcome = e->outcome;

	if (outcome == STEP_DONE && args->json)
		show_json(e->call.result, false, stdout);
	else if (outcome == STEP_DONE)
		facts_print(e->call.result, &e->arena);
	call_free(e);
	return outcome == STEP_DONE ? 0 : -1;
}

static int inspect_all(struct context *c, const struct args *args,
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
		       const struct args *args, struct error *err)
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

static int list(struct context *c, const struct args *args, struct error *err)
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

static int run(struct context *c, const struct args *args,
	       const struct option_list *operands,
	       int (*all)(struct context *c, const struct args *args,
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
	OPTION(struct args, json, "json", NULL, "as JSON"),
	RUN_OPTIONS_PARAMS(struct args, run),
	OPTION_END,
};

const struct command cmd_task_stats = {
	.name = "task stats",
	.usage = "FILE [ADDRESS]",
	.summary = "print the table statistics of replication tasks",
	.options = options,
	.args_size = sizeof(struct args),
	.least = 1,
	.most = 2,
	.run = run_stats,
};

const struct command cmd_task_list = {
	.name = "task list",
	.usage = "FILE",
	.summary = "list the replication tasks and how far they are",
	.options = options,
	.args_size = sizeof(struct args),
	.least = 1,
	.most = 1,
	.run = run_list,
};
