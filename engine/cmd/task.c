#include <config.h>

#include "engine/calls.h"
#include "engine/cmd/commands.h"
#include "engine/context.h"
#include "engine/setup.h"
#include "engine/show.h"
#include "engine/target.h"

enum { INSPECT_MS = 60 * 1000 };

struct args {
	bool json;
};

/*
 * A type tells facts as a map; its lists of maps are tables, the rest stands
 * above them.
 */
static void print_facts(struct value facts)
{
	if (facts.kind == VALUE_LIST) {
		show_table(facts, stdout);
		return;
	}
	for (size_t i = 0; facts.kind == VALUE_MAP && i < facts.as.map.n; i++) {
		const struct value_entry *e = &facts.as.map.entries[i];

		if (e->value.kind == VALUE_LIST || value_is_null(e->value))
			continue;
		printf("%.*s: ", STR_ARG(e->key));
		show_value(e->value, false, stdout);
	}
	for (size_t i = 0; facts.kind == VALUE_MAP && i < facts.as.map.n; i++)
		if (facts.as.map.entries[i].value.kind == VALUE_LIST)
			show_table(facts.as.map.entries[i].value, stdout);
}

static int inspect(struct context *c, const struct target *t,
		   const struct args *args, struct error *err)
{
	struct engine_call *e = call_new(c, t->provider, t->type,
					 t->resource->address, t->resource,
					 CALL_INSPECT);
	enum step outcome;

	e->call.config = value_copy(t->resource->attrs, &e->arena);
	outcome = call_run_now(e, INSPECT_MS);
	if (outcome == STEP_FAILED)
		*err = e->call.err;
	else if (outcome == STEP_PENDING)
		error_set(err, ERROR_TIMEOUT, "no answer within a minute");
	else if (args->json)
		show_json(e->call.result, false, stdout);
	else
		print_facts(e->call.result);
	call_free(e);
	if (outcome == STEP_DONE)
		return 0;
	return error_add(err, "\"%.*s\"", STR_ARG(t->resource->address));
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
		return error_set(err, ERROR_INVALID, "%s \"%s\" has no "
				 "statistics", t.type->name, address);
	return inspect(c, &t, args, err);
}

static int run(struct context *c, void *data,
	       const struct option_list *operands)
{
	struct error err = { 0 };
	struct expansion *e = setup_stack(c, operands->items[0], ACCESS_READ,
					  &err);
	int status = STATUS_DONE;

	if (!e)
		status = setup_fail(c, &err);
	else if (operands->n > 1 ?
			 inspect_one(c, operands->items[1], data, &err) < 0 :
			 inspect_all(c, data, &err) < 0)
		status = setup_fail(c, &err);
	setup_close(c, e);
	return status;
}

static const struct option options[] = {
	OPTION(struct args, json, "json", NULL, "as JSON"),
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
	.run = run,
};
