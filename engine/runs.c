#include <config.h>

#include "engine/runs.h"

#include "engine/apply.h"
#include "engine/context.h"
#include "engine/expand.h"
#include "engine/inputs.h"
#include "engine/journal.h"
#include "engine/opts.h"
#include "engine/plan.h"
#include "engine/recover.h"
#include "engine/select.h"
#include "engine/setup.h"
#include "engine/state.h"
#include "engine/store.h"
#include "engine/summary.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

int run_take(struct context *c, const struct run_options *o, bool is_destroy)
{
	struct error err = { 0 };

	if (is_destroy && (o->refresh_only || o->replace.n))
		error_set(&err, ERROR_INVALID,
			  "option --%s does not go with a destroy",
			  o->replace.n ? "replace" : "refresh-only");
	else if (o->refresh_only && o->replace.n)
		error_set(&err, ERROR_INVALID,
			  "option --replace does not go with --refresh-only");
	else if (o->refresh_only && o->no_refresh)
		error_set(&err, ERROR_INVALID,
			  "option --refresh-only does not go with "
			  "--refresh=false");
	else if (inputs_take(c, &o->set, &o->params, &err) == 0)
		return 0;
	setup_fail(c, &err);
	return STATUS_USAGE;
}

void run_show(struct context *c, const struct run *r)
{
	plan_print(r->plan, c, stdout);
	setup_findings(c);
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

int run_recover(struct context *c, struct expansion *e, bool may_carry,
		struct error *err)
{
	bool is_abandoned;
	int result = recover(c, e, may_carry, &is_abandoned, err);

	if (is_abandoned)
		leave();
	return result;
}

static struct str *texts(const struct option_list *l, struct arena *a)
{
	struct str *copy = arena_new(a, struct str, l->n + 1);

	for (size_t i = 0; i < l->n; i++)
		copy[i] = str_from(l->items[i]);
	return copy;
}

/* What the command line, or the saved plan, asks for. */
static struct plan_options options_of(struct context *c, const struct run *r,
				      struct selection *s)
{
	struct plan_options o = { .is_destroy = r->is_destroy };
	const struct run_options *asked = r->options;

	if (r->saved) {
		o = r->saved->asked;
		o.is_destroy = r->saved->is_destroy;
		return o;
	}
	if (!asked)
		return o;
	o.no_refresh = asked->no_refresh;
	o.is_refresh_only = asked->refresh_only;
	o.replace = texts(&asked->replace, c->arena);
	o.n_replace = asked->replace.n;
	*s = (struct selection){
		.only = texts(&asked->only, c->arena),
		.n_only = asked->only.n,
		.except = texts(&asked->except, c->arena),
		.n_except = asked->except.n,
	};
	if (s->n_only || s->n_except)
		o.selection = s;
	return o;
}

int run_plan(struct context *c, struct run *r)
{
	struct selection selection;
	struct plan_options o = options_of(c, r, &selection);
	struct error err = { 0 };

	r->expansion = setup_stack(
	    c, r->path, r->is_write ? ACCESS_WRITE : ACCESS_PLAN, &err);
	if (!r->expansion)
		return setup_fail(c, &err);
	if (r->is_write &&
	    run_recover(c, r->expansion, !r->is_destroy, &err) < 0)
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

static void take_interrupt(int signal)
{
	(void)signal;
}

/*
 * Asks; an interrupt is a no, so that the lease is given back. It is blocked
 * but while waiting: none is missed.
 */
static bool is_yes(const char *question)
{
	struct sigaction take = { .sa_handler = take_interrupt }, before;
	struct pollfd terminal = { .fd = STDIN_FILENO, .events = POLLIN };
	sigset_t interrupt, mask;
	char answer[16];
	bool is_read;

	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	sigprocmask(SIG_BLOCK, &interrupt, &mask);
	sigaction(SIGINT, &take, &before);
	fprintf(stderr, "\n%s Only \"yes\" is a yes: ", question);
	fflush(stderr);
	is_read = ppoll(&terminal, 1, NULL, &mask) > 0 &&
		  fgets(answer, sizeof(answer), stdin);
	sigaction(SIGINT, &before, NULL);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	if (!is_read)
		fputc('\n', stderr);
	return is_read && !strcmp(answer, "yes\n");
}

bool run_confirm(struct context *c, const char *question, struct error *err)
{
	if (c->assume_yes)
		return true;
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
		error_set(err, ERROR_INVALID, "there is no terminal to ask at");
		error_hint(err, "Look at the plan, then repeat with --yes.");
		return false;
	}
	if (is_yes(question))
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
	/*
	 * What was saved is done, or stands on a state that is no more; what
	 * was applied in part may have left it as it is.
	 */
	if (r->saved || !r->plan->is_partial)
		unlink(run_plan_path(c));
	return apply_is_whole(&result) ? STATUS_DONE : STATUS_FAILED;
}

int run_nothing(struct context *c, struct run *r)
{
	struct apply_result result;

	apply_checks(c, r->expansion, r->plan, &result);
	summary_nothing(c, r->plan, &result);
	return apply_is_whole(&result) ? STATUS_DONE : STATUS_FAILED;
}
