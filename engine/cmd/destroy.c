#include <config.h>

#include "engine/cmd/commands.h"
#include "engine/commit.h"
#include "engine/context.h"
#include "engine/plan.h"
#include "engine/runs.h"
#include "engine/setup.h"

struct args {
	bool yes, json;
	int parallel;
	struct run_options run;
	const char *detail;
};

static int run(struct context *c, void *data,
	       const struct option_list *operands)
{
	struct args *args = data;
	struct run r = {
		.path = operands->items[0],
		.is_write = true,
		.is_destroy = true,
		.options = &args->run,
	};
	struct error err = { 0 };
	struct str commit;
	int status;

	c->is_json = c->is_events = args->json;
	c->assume_yes = args->yes;
	if (args->parallel)
		c->parallel = args->parallel;
	if (plan_detail_from(args->detail, &c->detail, &err) < 0) {
		setup_fail(c, &err);
		return STATUS_USAGE;
	}
	status = run_take(c, &args->run, true);
	if (status == STATUS_DONE)
		status = run_plan(c, &r);
	if (status != STATUS_DONE)
		goto out;
	if (!c->is_json)
		run_show(c, &r);
	if (r.plan->is_empty) {
		/* A sweep that was cut off is done here. */
		if (!state_count(&c->state) &&
		    commit_state(c, STR("Destroy: nothing is left\n"), &commit,
				 &err) < 0)
			status = setup_fail(c, &err);
		else
			status = run_nothing(c, &r);
	} else if (!run_confirm(c, "Destroy this?", &err)) {
		status = setup_fail(c, &err);
	} else {
		status = run_apply(c, &r);
	}
out:
	run_close(c, &r);
	return status;
}

static const struct option options[] = {
	OPTION(struct args, yes, "yes", NULL, "do not ask"),
	RUN_OPTIONS_PARAMS(struct args, run),
	RUN_OPTIONS_SELECT(struct args, run),
	OPTION(struct args, parallel, "parallel", "N",
	       "calls at once (default 10)"),
	OPTION(struct args, detail, "detail", "HOW",
	       "show a summary, normal, or full"),
	OPTION(struct args, json, "json", NULL, "events as JSON lines"),
	OPTION_END,
};

const struct command cmd_destroy = {
	.name = "destroy",
	.usage = "FILE",
	.summary = "destroy all that the state of a stack holds",
	.options = options,
	.args_size = sizeof(struct args),
	.least = 1,
	.most = 1,
	.run = run,
};
