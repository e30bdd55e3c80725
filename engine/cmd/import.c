#include <config.h>

#include "engine/cmd/commands.h"
#include "engine/context.h"
#include "engine/plan.h"
#include "engine/runs.h"
#include "engine/setup.h"

struct args {
	bool yes, json;
	struct run_options run;
	const char *detail;
};

static int import(struct context *c, const struct args *args, const char *path)
{
	struct run r = {
		.path = path,
		.is_write = true,
		.options = &args->run,
	};
	struct error err = { 0 };
	int status = run_plan(c, &r);

	if (status == STATUS_DONE && !c->is_json)
		run_show(c, &r);
	if (status == STATUS_DONE && r.plan->is_empty)
		status = run_nothing(c, &r);
	else if (status == STATUS_DONE && run_confirm(c, "Do this?", &err))
		status = run_apply(c, &r);
	else if (status == STATUS_DONE)
		status = setup_fail(c, &err);
	run_close(c, &r);
	return status;
}

static int run(struct context *c, void *data,
	       const struct option_list *operands)
{
	struct args *args = data;
	struct import one = {
		.address = str_from(operands->items[1]),
		.id = str_from(operands->items[2]),
	};
	struct error err = { 0 };
	int status;

	c->is_json = c->is_events = args->json;
	c->assume_yes = args->yes;
	c->imports = &one;
	c->n_imports = 1;
	if (plan_detail_from(args->detail, &c->detail, &err) < 0) {
		setup_fail(c, &err);
		return STATUS_USAGE;
	}
	/* One at a time: the rest of the stack is none of this. */
	args->run.only = (struct option_list){ &operands->items[1], 1 };
	status = run_take(c, &args->run, false);
	return status == STATUS_DONE ? import(c, args, operands->items[0])
				     : status;
}

static const struct option options[] = {
	OPTION(struct args, yes, "yes", NULL, "do not ask"),
	RUN_OPTIONS_PARAMS(struct args, run),
	OPTION(struct args, detail, "detail", "HOW",
	       "show a summary, normal, or full"),
	OPTION(struct args, json, "json", NULL, "events as JSON lines"),
	OPTION_END,
};

const struct command cmd_import = {
	.name = "import",
	.usage = "FILE ADDRESS ID",
	.summary = "take over an object that exists already",
	.help = "What an apply of import ADDRESS = \"ID\" would do with "
		"--only ADDRESS:\nplans, shows, asks, changes what differs "
		"from the block, commits the state.",
	.options = options,
	.args_size = sizeof(struct args),
	.least = 3,
	.most = 3,
	.run = run,
};
