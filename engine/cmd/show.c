#include <config.h>

#include "engine/cmd/commands.h"
#include "engine/context.h"
#include "engine/plan.h"
#include "engine/saved.h"
#include "engine/setup.h"
#include "engine/show.h"

struct args {
	const char *detail;
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

static int run(struct context *c, void *data,
	       const struct option_list *operands)
{
	const char *path = operands->n ? operands->items[0] : NULL;
	struct error err = { 0 };
	struct saved_plan saved;
	bool is_usage;

	if (plan_detail_from(((struct args *)data)->detail, &c->detail, &err)) {
		setup_fail(c, &err);
		return STATUS_USAGE;
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
	OPTION_END,
};

const struct command cmd_show = {
	.name = "show",
	.usage = "[FILE | PLAN]",
	.summary = "print the state of a stack, or a saved plan",
	.options = options,
	.args_size = sizeof(struct args),
	.least = 0,
	.most = 1,
	.run = run,
};
