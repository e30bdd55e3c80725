#include <config.h>

#include "engine/cmd/commands.h"
#include "engine/context.h"
#include "engine/expand.h"
#include "engine/runs.h"
#include "engine/setup.h"

struct args {
	bool json;
	struct run_options run;
};

static int run(struct context *c, void *data,
	       const struct option_list *operands)
{
	struct args *args = data;
	struct error err = { 0 };
	struct expansion *e = NULL;
	int status;

	c->is_json = args->json;
	status = run_take(c, &args->run, false);
	if (status != STATUS_DONE)
		return status;
	if (setup_config(c, operands->items[0], &err) < 0) {
		if (c->is_json && !c->diags.n && !err.message[0])
			printf("[]\n");
		status = setup_fail(c, &err);
		goto out;
	}
	e = expand(c, true, &err);
	if (!e || c->diags.n_errors) {
		status = setup_fail(c, &err);
	} else if (c->is_json && !c->diags.n) {
		printf("[]\n");
	} else {
		setup_findings(c);
		if (!c->is_json)
			printf("%s is valid: %zu resource%s\n",
			       operands->items[0], e->n, e->n == 1 ? "" : "s");
	}
out:
	setup_close(c, e);
	return status;
}

static const struct option options[] = {
	OPTION(struct args, json, "json", NULL, "findings as JSON"),
	RUN_OPTIONS_PARAMS(struct args, run),
	OPTION_END,
};

const struct command cmd_validate = {
	.name = "validate",
	.usage = "FILE",
	.summary = "look for mistakes without touching anything",
	.options = options,
	.args_size = sizeof(struct args),
	.least = 1,
	.most = 1,
	.run = run,
};
