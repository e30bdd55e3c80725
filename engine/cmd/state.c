#include <config.h>

#include "engine/cmd/commands.h"
#include "engine/context.h"
#include "engine/setup.h"
#include "engine/show.h"
#include "engine/target.h"

struct args {
	bool json;
};

static int open_state(struct context *c, const char *path, struct error *err)
{
	if (setup_config(c, path, err) < 0 ||
	    setup_state(c, ACCESS_READ, err) < 0)
		return -1;
	if (c->replay)
		fprintf(stderr, "An interrupted run is pending: the next "
				"apply recovers it.\n");
	return 0;
}

static int run_list(struct context *c, void *data,
		    const struct option_list *operands)
{
	const struct args *args = data;
	struct error err = { 0 };
	struct state_resource **sorted;
	struct value *list;
	size_t n;
	int status = STATUS_DONE;

	if (open_state(c, operands->items[0], &err) < 0) {
		status = setup_fail(c, &err);
		goto out;
	}
	sorted = state_sorted(&c->state, c->arena, &n);
	list = arena_new(c->arena, struct value, n + 1);
	for (size_t i = 0; i < n; i++) {
		list[i] = value_str(sorted[i]->address);
		if (!args->json)
			printf("%.*s\n", STR_ARG(sorted[i]->address));
	}
	if (args->json)
		show_json(value_list(list, n), false, stdout);
out:
	setup_close(c, NULL);
	return status;
}

static int run_show(struct context *c, void *data,
		    const struct option_list *operands)
{
	const struct args *args = data;
	struct str address = str_from(operands->items[1]);
	const struct state_resource *r = NULL;
	struct error err = { 0 };
	int status = STATUS_DONE;

	if (open_state(c, operands->items[0], &err) == 0) {
		r = state_find(&c->state, address);
		if (!r)
			target_missing(c, address, &err);
	}
	if (!r)
		status = setup_fail(c, &err);
	else if (args->json)
		show_json(show_resource_value(r, c->arena), false, stdout);
	else
		show_resource(r, stdout);
	setup_close(c, NULL);
	return status;
}

static const struct option options[] = {
	OPTION(struct args, json, "json", NULL, "as JSON"),
	OPTION_END,
};

const struct command cmd_state_list = {
	.name = "state list",
	.usage = "FILE",
	.summary = "list the addresses in the state",
	.options = options,
	.args_size = sizeof(struct args),
	.least = 1,
	.most = 1,
	.run = run_list,
};

const struct command cmd_state_show = {
	.name = "state show",
	.usage = "FILE ADDRESS",
	.summary = "print one resource of the state, secrets masked",
	.options = options,
	.args_size = sizeof(struct args),
	.least = 2,
	.most = 2,
	.run = run_show,
};
