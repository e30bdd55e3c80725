#include <config.h>

#include "engine/cmd/commands.h"
#include "engine/context.h"
#include "engine/plan.h"
#include "engine/runs.h"
#include "engine/saved.h"
#include "engine/setup.h"

struct args {
	bool yes, json;
	int parallel;
	struct run_options run;
	const char *detail;
};

/* A saved plan was looked at when it was made: it is not asked about again. */
static int apply_saved(struct context *c, struct saved_plan *saved)
{
	struct run r = {
		.path = saved_from_here(str_c(saved->path, c->arena)),
		.is_write = true,
		.is_destroy = saved->is_destroy,
		.saved = saved,
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
	saved_plan_release(saved);
	return status;
}

static int apply_stack(struct context *c, const char *path,
		       const struct run_options *options)
{
	struct run r = {
		.path = path,
		.is_write = true,
		.options = options,
	};
	struct error err = { 0 };
	int status = run_plan(c, &r);

	if (status == STATUS_DONE && !c->is_json)
		run_show(c, &r);
	if (status == STATUS_DONE && r.plan->is_empty) {
		status = run_nothing(c, &r);
	} else if (status == STATUS_DONE) {
		if (run_confirm(c, "Do this?", &err))
			status = run_apply(c, &r);
		else
			status = setup_fail(c, &err);
	}
	run_close(c, &r);
	return status;
}

static bool has_options(const struct run_options *o)
{
	return o->set.n || o->params.n || o->only.n || o->except.n ||
	       o->replace.n || o->refresh_only || o->no_refresh;
}

static int run(struct context *c, void *data,
	       const struct option_list *operands)
{
	struct args *args = data;
	const char *path = operands->n ? operands->items[0] : NULL;
	struct error err = { 0 };
	struct saved_plan saved;
	bool is_usage;
	int status;

	c->is_json = c->is_events = args->json;
	c->assume_yes = args->yes;
	if (args->parallel)
		c->parallel = args->parallel;
	if (plan_detail_from(args->detail, &c->detail, &err) < 0) {
		setup_fail(c, &err);
		return STATUS_USAGE;
	}
	status = run_take(c, &args->run, false);
	if (status != STATUS_DONE)
		return status;
	if (path && saved_is_stack(path))
		return apply_stack(c, path, &args->run);
	if (has_options(&args->run)) {
		error_set(&err, ERROR_INVALID,
			  "a saved plan has its options already");
		error_hint(&err, "Plan again with them, or name the stack "
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
	RUN_OPTIONS_PARAMS(struct args, run),
	RUN_OPTIONS_SELECT(struct args, run),
	RUN_OPTIONS_CHANGE(struct args, run),
	OPTION(struct args, parallel, "parallel", "N",
	       "calls at once (default 10)"),
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
