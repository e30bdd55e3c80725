#include <config.h>

#include "engine/cmd/commands.h"
#include "engine/commit.h"
#include "engine/context.h"
#include "engine/expand.h"
#include "engine/identity.h"
#include "engine/rebuild.h"
#include "engine/runs.h"
#include "engine/setup.h"

struct args {
	bool yes;
	const char *uid;
	struct run_options run;
};

/* A state that has something in it was not lost. */
static int check_lost(struct context *c, struct error *err)
{
	if (c->replay) {
		error_set(err, ERROR_CONFLICT,
			  "the journal of an interrupted run is here");
		return error_hint(err,
				  "\"dmsl apply %s\" recovers it; the "
				  "state may not be lost.",
				  c->path);
	}
	if (!state_count(&c->state))
		return 0;
	error_set(err, ERROR_EXISTS,
		  "the state of \"%.*s\" is not lost: it has %zu resources",
		  STR_ARG(c->state.stack), state_count(&c->state));
	return error_hint(err, "dmsl import takes single objects over.");
}

static bool can_find(const struct context *c)
{
	for (size_t i = 0; i < c->n_open; i++)
		if (c->open[i].provider->find_owned)
			return true;
	return false;
}

/* The providers are opened twice: what they look for depends on the uid. */
static struct expansion *find_stack(struct rebuild *r, struct str uid,
				    struct error *err)
{
	struct context *c = r->context;
	struct expansion *e = expand(c, false, err);
	int result = -1;

	if (!e || c->diags.n_errors)
		return e;
	if (identity_check(c, err) == 0) {
		if (can_find(c))
			result = rebuild_find(r, &uid, err);
		else
			error_set(err, ERROR_INVALID,
				  "provider \"%s\" cannot tell what belongs to "
				  "a stack whose state was lost",
				  c->open[c->n_open - 1].title);
	}
	if (result < 0)
		return e;
	setup_shut(c, e);
	c->state.uid = uid;
	e = expand(c, false, err);
	if (e && !c->diags.n_errors && identity_check(c, err) == 0)
		rebuild_state(r, e, err);
	return e;
}

static void tell_rebuilt(const struct rebuild *r)
{
	const struct context *c = r->context;

	printf("Found %zu objects of stack \"%.*s\", uid %.*s.\n", r->n_taken,
	       STR_ARG(c->state.stack), STR_ARG(c->state.uid));
	for (size_t i = 0; i < r->n_foreign; i++)
		printf("%s  %.*s\n",
		       i ? "" : "\nNot declared: the next apply destroys\n",
		       STR_ARG(r->foreign[i]));
	for (size_t i = 0; i < r->n_twice; i++)
		printf("%s  %.*s \"%.*s\", marked for %.*s\n",
		       i ? ""
			 : "\nLeft out: the address is another object's, or "
			   "none\n",
		       STR_ARG(r->twice[i].type), STR_ARG(r->twice[i].id),
		       STR_ARG(r->twice[i].address));
	for (size_t i = 0; i < r->n_missing; i++)
		printf("%s  dmsl import %s '%.*s' ID\n",
		       i ? ""
			 : "\nNot found: the next apply creates them. Those "
			   "that exist are taken over by\n",
		       c->path, STR_ARG(r->missing[i]->address));
	fflush(stdout);
}

static int write_rebuilt(struct context *c, const struct rebuild *r,
			 struct error *err)
{
	struct str commit;

	tell_rebuilt(r);
	if (!run_confirm(c, "Write this state?", err))
		return -1;
	if (commit_state(c,
			 str_fmt(c->arena,
				 "Recover the state of %.*s\n\n"
				 "%zu objects were found by their marks.\n",
				 STR_ARG(c->state.stack), r->n_taken),
			 &commit, err) < 0)
		return -1;
	printf("State: commit %.12s\n", commit.n ? commit.s : "(unchanged)");
	return 0;
}

static int run(struct context *c, void *data,
	       const struct option_list *operands)
{
	struct args *args = data;
	struct rebuild r = { .context = c };
	struct expansion *e = NULL;
	struct error err = { 0 };
	int status;

	c->assume_yes = args->yes;
	status = run_take(c, &args->run, false);
	if (status != STATUS_DONE)
		return status;
	status = STATUS_FAILED;
	if (setup_config(c, operands->items[0], &err) == 0 &&
	    !c->diags.n_errors && setup_state(c, ACCESS_WRITE, &err) == 0 &&
	    check_lost(c, &err) == 0)
		e = find_stack(&r, str_from(args->uid), &err);
	if (e && !c->diags.n_errors && !err.kind &&
	    write_rebuilt(c, &r, &err) == 0)
		status = STATUS_DONE;
	if (status != STATUS_DONE)
		setup_fail(c, &err);
	setup_close(c, e);
	return status;
}

static const struct option options[] = {
	OPTION(struct args, yes, "yes", NULL, "do not ask"),
	OPTION(struct args, uid, "uid", "UID",
	       "which of several stacks of the name"),
	RUN_OPTIONS_PARAMS(struct args, run),
	OPTION_END,
};

const struct command cmd_state_recover = {
	.name = "state recover",
	.usage = "FILE",
	.summary = "make a lost state again from the marks on objects",
	.help = "Changes nothing outside. What carries no marks is listed "
		"with the command\nthat takes it over.",
	.options = options,
	.args_size = sizeof(struct args),
	.least = 1,
	.most = 1,
	.run = run,
};
