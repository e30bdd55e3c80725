#include <config.h>

#include "engine/cmd/commands.h"
#include "engine/context.h"
#include "engine/plan.h"
#include "engine/runs.h"
#include "engine/saved.h"
#include "engine/setup.h"
#include "engine/summary.h"

struct args {
	bool yes, json, no_refresh;
	int parallel;
	struct option_list set;
	const char *detail;
};

/* A saved plan was looked at when it was made: it is not asked about again. */
static int apply_saved(struct context *c, const struct saved_plan *saved)
{
	struct run r = {
		.path = str_c(saved->path, c->arena),
		.is_write = true,
		.is_destroy = saved->is_destroy,
	};
	struct error err = { 0 };
	int status;

	c->settings = saved->settings;
	c->n_settings = saved->n_settings;
	status = run_plan(c, &r);
	if (status == STATUS_DONE) {
		if (plan_matches(r.plan, c, saved, &err) < 0)
			status = setup_fail(c, &err);
		else
			status = run_apply(c, &r);
	}
	run_close(c, &r);
	return status;
}

static int apply_stack(struct context *c, const char *path, bool no_refresh)
{
	struct run r = {
		.path = path,
		.is_write = true,
		.no_refresh = no_refresh,
	};
	struct error err = { 0 };
	int status = run_plan(c, &r);

	if (status == STATUS_DONE && !c->is_json)
		plan_print(r.plan, c, stdout);
	if (status == STATUS_DONE && plan_is_empty(r.plan)) {
		summary_nothing(c);
	} else if (status == STATUS_DONE) {
		if (run_confirm(c, "Do this?", &err))
			status = run_apply(c, &r);
		else
			status = setup_fail(c, &err);
	}
	run_close(c, &r);
	return status;
}

static int run(struct context *c, void *data,
	       const struct option_list *operands)
{
	struct args *args = data;
	const char *path = operands->n ? operands->items[0] : NULL;
	struct error err = { 0 };
	struct saved_plan saved;
	bool is_usage;

	c->is_json = c->is_events = args->json;
	c->assume_yes = args->yes;
	if (args->parallel)
		c->parallel = args->parallel;
	if (plan_detail_from(args->detail, &c->detail, &err) < 0 ||
	    run_settings(c, &args->set, &err) < 0) {
		setup_fail(c, &err);
		return STATUS_USAGE;
	}
	if (path && saved_is_stack(path))
		return apply_stack(c, path, args->no_refresh);
	if (args->set.n) {
		error_set(&err, ERROR_INVALID,
			  "a saved plan has its params already");
		error_hint(&err, "Plan again with --set, or name the stack "
				 "file.");
		setup_fail(c, &err);
		return STATUS_USAGE;
	}
	if (saved_find(c, path, &saved, &is_usage, &err) < 0) {
		setup_fail(c, &err);
		return is_usage ? STATUS_USAGE : STATUS_FAILED;
	}
	return apply_saved(c, &saved);
}

static const struct option options[] = {
	OPTION(struct args, yes, "yes", NULL, "do not ask"),
	OPTION(struct args, set, "set", "NAME=VALUE",
	       "set a param; repeatable"),
	OPTION(struct args, parallel, "parallel", "N",
	       "calls at once (default 10)"),
	OPTION_NOT(struct args, no_refresh, "refresh",
		   "trust the state, read nothing"),
	OPTION(struct args, detail, "detail", "HOW",
	       "show a summary, normal, or full"),
	OPTION(struct args, json, "json", NULL, "events as JSON lines"),
	OPTION_END,
};

const struct command cmd_apply = {
	.name = "apply",
	.usage = "[FILE | PLAN]",
	.summary = "do what a plan says, and commit the state",
	.help = "With a stack file: plans, shows, asks, applies. With a plan, "
		"or with\nnothing and one saved plan here: does exactly what "
		"was shown, or nothing.",
	.options = options,
	.args_size = sizeof(struct args),
	.least = 0,
	.most = 1,
	.run = run,
};
