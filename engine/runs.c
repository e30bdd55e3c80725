#include <config.h>

#include "engine/runs.h"

#include "engine/apply.h"
#include "engine/context.h"
#include "engine/expand.h"
#include "engine/journal.h"
#include "engine/opts.h"
#include "engine/plan.h"
#include "engine/recover.h"
#include "engine/setup.h"
#include "engine/state.h"
#include "engine/store.h"
#include "engine/summary.h"

#include <string.h>
#include <unistd.h>

int run_settings(struct context *c, const struct option_list *set,
		 struct error *err)
{
	c->settings = arena_new(c->arena, struct setting, set->n + 1);
	for (size_t i = 0; i < set->n; i++) {
		struct str text = str_from(set->items[i]);
		ptrdiff_t equals = str_find(text, '=');

		if (equals < 1)
			return error_set(err, ERROR_INVALID,
					 "option --set "
					 "takes NAME=VALUE, not \"%s\"",
					 set->items[i]);
		c->settings[c->n_settings++] = (struct setting){
			.name = str_sub(text, 0, (size_t)equals),
			.text = str_skip(text, (size_t)equals + 1),
		};
	}
	return 0;
}

/* Threads still run calls: nothing of theirs may be freed. */
static _Noreturn void leave(void)
{
	fprintf(stderr,
		"Stopped without waiting for what runs. The journal "
		"has it; the next apply finds out what became of it.\n");
	fflush(stdout);
	_exit(STATUS_FAILED);
}

static int recover_first(struct context *c, struct run *r, struct error *err)
{
	bool is_abandoned;
	int result =
	    recover(c, r->expansion, !r->is_destroy, &is_abandoned, err);

	if (is_abandoned)
		leave();
	return result;
}

int run_plan(struct context *c, struct run *r)
{
	struct plan_options o = {
		.is_destroy = r->is_destroy,
		.no_refresh = r->no_refresh,
	};
	struct error err = { 0 };

	r->expansion = setup_stack(
	    c, r->path, r->is_write ? ACCESS_WRITE : ACCESS_PLAN, &err);
	if (!r->expansion)
		return setup_fail(c, &err);
	if (r->is_write && recover_first(c, r, &err) < 0)
		return setup_fail(c, &err);
	if (plan_build(c, r->expansion, &o, &r->plan, &err) < 0)
		return setup_fail(c, &err);
	if (c->replay) {
		r->plan->has_recovery = true;
		r->plan->n_recovery_pending = c->replay->n_open;
	}
	return STATUS_DONE;
}

void run_close(struct context *c, struct run *r)
{
	if (r->plan)
		plan_release(r->plan);
	setup_close(c, r->expansion);
	*r = (struct run){ 0 };
}

const char *run_plan_path(struct context *c)
{
	return str_fmt(c->arena, "%s/plan", store_stack_folder(c->store)).s;
}

bool run_confirm(struct context *c, const char *question, struct error *err)
{
	char answer[16];

	if (c->assume_yes)
		return true;
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
		error_set(err, ERROR_INVALID, "there is no terminal to ask at");
		error_hint(err, "Look at the plan, then repeat with --yes.");
		return false;
	}
	fprintf(stderr, "\n%s Only \"yes\" is a yes: ", question);
	fflush(stderr);
	if (fgets(answer, sizeof(answer), stdin) && !strcmp(answer, "yes\n"))
		return true;
	error_set(err, ERROR_INTERRUPTED, "not confirmed, nothing was done");
	return false;
}

int run_apply(struct context *c, struct run *r)
{
	struct apply_result result;
	struct error err = { 0 };
	int status;

	fflush(stdout);
	status = apply_run(c, r->expansion, r->plan, &result, &err);
	if (result.is_abandoned)
		leave();
	if (status < 0) {
		setup_fail(c, &err);
		summary_missing(c, r->plan, &result);
		return STATUS_FAILED;
	}
	summary_print(c, r->plan, &result);
	/* What was saved stands on a state that is no more. */
	unlink(run_plan_path(c));
	return apply_is_whole(&result) ? STATUS_DONE : STATUS_FAILED;
}
