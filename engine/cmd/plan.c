#include <config.h>

#include "engine/cmd/commands.h"
#include "engine/context.h"
#include "engine/plan.h"
#include "engine/runs.h"
#include "engine/saved.h"
#include "engine/setup.h"
#include "engine/store.h"
#include "lang/base/buf.h"
#include "lang/base/file.h"

#include <unistd.h>

struct args {
	bool json, detailed_exitcode, destroy;
	const char *out;
	struct run_options run;
	const char *detail;
};

static void print_json(const struct context *c, const struct plan *p)
{
	struct buf b;

	buf_init(&b, 1 << 30);
	plan_write_json(p, c, &b);
	fwrite(b.data, 1, b.len, stdout);
	if (!b.len || b.data[b.len - 1] != '\n')
		putchar('\n');
	buf_release(&b);
}

/* The plan of a stack is the last that was shown; of nothing there is none. */
static int save(struct context *c, const struct plan *p, const char *out,
		struct error *err)
{
	const char *path = out ? out : run_plan_path(c);

	if (!out && p->is_empty) {
		unlink(path);
		return 0;
	}
	if (!out &&
	    file_make_folders(store_stack_folder(c->store), 0700, err) < 0)
		return -1;
	return plan_save(p, c, path, err);
}

/* What is not in the plan itself: how it goes on from here. */
static void tell_next(struct context *c, const struct plan *p, const char *out)
{
	const char *operand;

	fflush(stdout);
	if (store_is_leased(c->store))
		fprintf(stderr,
			"Stack \"%.*s\" is being changed right now: this plan "
			"does not know of that.\n",
			STR_ARG(c->state.stack));
	if (p->is_empty)
		return;
	operand = out ? out : saved_operand(c, run_plan_path(c));
	fprintf(stderr, "Saved. To do exactly this: dmsl apply%s%s\n",
		operand ? " " : "", operand ? operand : "");
}

static int run(struct context *c, void *data,
	       const struct option_list *operands)
{
	struct args *args = data;
	struct run r = {
		.path = operands->items[0],
		.is_destroy = args->destroy,
		.options = &args->run,
	};
	struct error err = { 0 };
	int status;

	c->is_json = args->json;
	if (plan_detail_from(args->detail, &c->detail, &err) < 0) {
		setup_fail(c, &err);
		return STATUS_USAGE;
	}
	status = run_take(c, &args->run, args->destroy);
	if (status == STATUS_DONE)
		status = run_plan(c, &r);
	if (status != STATUS_DONE)
		goto out;
	if (c->is_json)
		print_json(c, r.plan);
	else
		run_show(c, &r);
	if (save(c, r.plan, args->out, &err) < 0) {
		status = setup_fail(c, &err);
		goto out;
	}
	if (!c->is_json)
		tell_next(c, r.plan, args->out);
	if (args->detailed_exitcode && !r.plan->is_empty)
		status = STATUS_CHANGES;
out:
	run_close(c, &r);
	return status;
}

static const struct option options[] = {
	RUN_OPTIONS_PARAMS(struct args, run),
	RUN_OPTIONS_SELECT(struct args, run),
	RUN_OPTIONS_CHANGE(struct args, run),
	OPTION(struct args, destroy, "destroy", NULL,
	       "plan to destroy all that the state holds"),
	OPTION(struct args, out, "out", "PLAN", "save the plan in this file"),
	OPTION(struct args, detail, "detail", "HOW",
	       "show a summary, normal, or full"),
	OPTION(struct args, json, "json", NULL,
	       "the plan as JSON, in the shape of Terraform's"),
	OPTION(struct args, detailed_exitcode, "detailed-exitcode", NULL,
	       "exit with 2 when there is something to do"),
	OPTION_END,
};

const struct command cmd_plan = {
	.name = "plan",
	.usage = "FILE",
	.summary = "show what would change, and save it for apply",
	.help = "Changes nothing outside. The plan is saved inside the git "
		"directory, one per stack.",
	.options = options,
	.args_size = sizeof(struct args),
	.least = 1,
	.most = 1,
	.run = run,
};
