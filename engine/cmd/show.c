#include <config.h>

#include "engine/cmd/commands.h"
#include "engine/context.h"
#include "engine/expand.h"
#include "engine/plan.h"
#include "engine/runs.h"
#include "engine/saved.h"
#include "engine/setup.h"
#include "engine/show.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/json.h"
#include "lang/suggest.h"

struct args {
	const char *detail;
	bool mappings;
	struct run_options run;
};

static int show_stack(struct context *c, const char *path)
{
	struct error err = { 0 };
	int status = STATUS_DONE;

	if (setup_config(c, path, &err) < 0 ||
	    setup_state(c, ACCESS_READ, &err) < 0)
		status = setup_fail(c, &err);
	else
		show_state(&c->state, c->detail, stdout);
	setup_close(c, NULL);
	return status;
}

/* -- what DMS is sent -- */

static bool has_mapping(const struct resource *r)
{
	const struct block_schema *b = r->schema->blocks;

	for (; b && b->name; b++)
		if (b->kind == BLOCK_MAPPING)
			return true;
	return false;
}

/* A document of a task, as a value; null: none is sent. */
static struct value document(struct value task, const char *attr,
			     struct arena *a)
{
	const struct value *v = value_get(task, attr);
	struct error err;
	struct value out;

	if (!v || (v->kind == VALUE_STRING && !v->marks &&
		   (v->as.text.n == 0 || str_is(v->as.text, "{}"))))
		return value_null();
	if (v->marks || v->kind != VALUE_STRING ||
	    json_read(v->as.text, a, &out, &err) < 0)
		return *v;
	return out;
}

static struct value documents(struct expansion *e, const struct resource *r,
			      struct arena *a)
{
	static const char *const names[][2] = {
		{ "tables", "TableMappings" },
		{ "settings", "ReplicationTaskSettings" },
	};
	struct value out = value_map(NULL, 0, a);
	struct value task;

	if (expand_wanted(e, r->index, a, &task, NULL) < 0)
		return value_null();
	for (size_t i = 0; i < 2; i++) {
		struct value v = document(task, names[i][0], a);

		if (!value_is_null(v))
			out = value_with(out, str_from(names[i][1]), v, a);
	}
	return out;
}

static int no_task(const struct expansion *e, const char *address,
		   struct error *err)
{
	struct suggest near = suggest_start(str_from(address));

	for (size_t i = 0; i < e->n; i++)
		if (has_mapping(&e->resources[i]))
			suggest_try(&near, e->resources[i].address);
	error_set(err, ERROR_NOT_FOUND, "the stack has no dms_task \"%s\"",
		  address);
	if (near.best.n)
		error_hint(err, "Did you mean %.*s?", STR_ARG(near.best));
	return -1;
}

/* All tasks by their addresses, or the documents of one. */
static int print_mappings(struct expansion *e, const char *address,
			  struct arena *a, struct error *err)
{
	struct value_entry *tasks = arena_new(a, struct value_entry, e->n + 1);
	size_t n = 0;

	for (size_t i = 0; i < e->n; i++) {
		const struct resource *r = &e->resources[i];

		if (!has_mapping(r) || r->is_existing ||
		    (address && !str_is(r->address, address)))
			continue;
		tasks[n].key = r->address;
		tasks[n++].value = documents(e, r, a);
	}
	if (address && n == 0)
		return no_task(e, address, err);
	show_json(address ? tasks[0].value : value_map(tasks, n, a), false,
		  stdout);
	return 0;
}

static int show_mappings(struct context *c, const char *path,
			 const char *address)
{
	struct expansion *e = NULL;
	struct error err = { 0 };
	int result = -1;

	if (setup_config(c, path, &err) == 0)
		e = expand(c, true, &err);
	if (e && c->diags.n_errors == 0) {
		setup_findings(c);
		result = print_mappings(e, address, c->arena, &err);
	}
	if (result < 0)
		result = setup_fail(c, &err);
	setup_close(c, e);
	return result;
}

static int run(struct context *c, void *data,
	       const struct option_list *operands)
{
	struct args *args = data;
	const char *path = operands->n ? operands->items[0] : NULL;
	struct error err = { 0 };
	struct saved_plan saved;
	bool is_usage;

	if (plan_detail_from(args->detail, &c->detail, &err)) {
		setup_fail(c, &err);
		return STATUS_USAGE;
	}
	if (args->mappings ? !path : operands->n > 1) {
		error_set(&err, ERROR_INVALID,
			  args->mappings
			      ? "--mappings needs the file of a stack"
			      : "an address goes with --mappings only");
		setup_fail(c, &err);
		return STATUS_USAGE;
	}
	if (args->mappings) {
		int status = run_take(c, &args->run, false);

		if (status != STATUS_DONE)
			return status;
		return show_mappings(
		    c, path, operands->n > 1 ? operands->items[1] : NULL);
	}
	if (path && saved_is_stack(path))
		return show_stack(c, path);
	if (saved_find(c, path, &saved, &is_usage, &err) < 0) {
		setup_fail(c, &err);
		return is_usage ? STATUS_USAGE : STATUS_FAILED;
	}
	show_plan(saved.text, c->detail, stdout);
	saved_plan_release(&saved);
	return STATUS_DONE;
}

static const struct option options[] = {
	OPTION(struct args, detail, "detail", "HOW",
	       "a summary, normal, or (of a state) full"),
	OPTION(struct args, mappings, "mappings", NULL,
	       "of a stack: what its tasks send to DMS"),
	RUN_OPTIONS_PARAMS(struct args, run),
	OPTION_END,
};

const struct command cmd_show = {
	.name = "show",
	.usage = "[FILE [ADDRESS] | PLAN]",
	.summary = "print the state of a stack, or a saved plan",
	.help = "With --mappings, from the text of FILE alone: the table "
		"mappings and the settings of each dms_task, or of that at "
		"ADDRESS, as JSON as DMS takes it.",
	.options = options,
	.args_size = sizeof(struct args),
	.least = 0,
	.most = 2,
	.run = run,
};
