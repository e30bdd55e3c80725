#include <config.h>

#include "engine/recover.h"

#include "engine/commit.h"
#include "engine/context.h"
#include "engine/execute.h"
#include "engine/expand.h"
#include "engine/journal.h"
#include "engine/schedule.h"
#include "engine/state.h"
#include "engine/store.h"
#include "engine/target.h"
#include "lang/base/map.h"

#include <string.h>

enum { TIMEOUT_MS = 30 * 60 * 1000 };

struct recovery {
	struct context *context;
	struct expansion *expansion;
	struct journal_replay *replay;
	bool *is_begun;	     /* by open intent */
	size_t n_impossible; /* that cannot be repeated as things are */
	size_t n_left;	     /* outcomes that are not known, with those */
	struct report report;
};

static int fill(struct recovery *r, const struct journal_record *intent,
		struct operation *op, struct error *err)
{
	struct context *c = r->context;
	const struct resource *resource = NULL;

	if (target_provider(c, intent->provider, &op->provider) < 0)
		return error_set(err, ERROR_INVALID,
				 "provider \"%.*s\" is not "
				 "used by the stack any more",
				 STR_ARG(intent->provider));
	op->type = provider_type(c->open[op->provider].provider, intent->type);
	op->schema = schema_find(c->schemas, intent->type);
	if (!op->type || !op->schema)
		return error_set(err, ERROR_INVALID,
				 "there is no resource type "
				 "\"%.*s\"",
				 STR_ARG(intent->type));
	op->address = intent->address;
	op->config = value_copy(intent->config, &op->arena);
	op->prior = intent->prior;
	op->deps = intent->deps;
	op->n_deps = intent->n_deps;
	op->id = intent->id;
	op->memo = intent->memo;
	op->token = intent->token;
	op->run_id = intent->run_id;
	op->name = intent->name;
	op->control = intent->control;
	op->replace_when = intent->replace_when;
	op->is_recovery = true;
	resource = expand_find(r->expansion, op->address);
	if (resource) {
		op->prevent_destroy = resource->prevent_destroy;
		op->keep_on_destroy = resource->keep_on_destroy;
		op->timeout_ms = operation_timeout(resource, op->kind);
	}
	return 0;
}

static enum next next_operation(void *owner, size_t node, struct operation **op,
				struct error *err)
{
	struct recovery *r = owner;
	const struct journal_record *intent = &r->replay->open[node];
	enum operation_kind kind;

	if (r->is_begun[node])
		return NEXT_DONE;
	r->is_begun[node] = true;
	if (!operation_from_name(intent->action, &kind)) {
		error_set(err, ERROR_CORRUPT,
			  "the journal has an unknown "
			  "action \"%.*s\"",
			  STR_ARG(intent->action));
		return NEXT_FAILED;
	}
	*op = operation_new(kind);
	if (fill(r, intent, *op, err) == 0)
		return NEXT_OPERATION;
	operation_free(*op);
	return NEXT_FAILED;
}

/* A step that had no effect is planned again; that is all there is to it. */
static void step_failed(void *owner, size_t node, const struct operation *op,
			const struct error *err)
{
	struct recovery *r = owner;

	if (op)
		return;
	r->n_impossible++;
	report_note(&r->report, "cannot recover \"%.*s\": %s",
		    STR_ARG(r->replay->open[node].address), err->message);
}

static int repeat_open(struct recovery *r, struct journal *journal,
		       bool *is_abandoned, struct error *err)
{
	struct context *c = r->context;
	struct schedule schedule;
	struct execute x = {
		.context = c,
		.schedule = &schedule,
		.state = &c->state,
		.journal = journal,
		.report = &r->report,
		.parallel = c->parallel,
		.timeout_ms = TIMEOUT_MS,
		.owner = r,
		.next = next_operation,
		.failed = step_failed,
	};
	size_t node;
	int result;

	/* They were in flight together, so none depends on another. */
	schedule_init(&schedule, r->replay->n_open);
	schedule_begin(&schedule, &node);
	result = execute_run(&x, err);
	r->n_left =
	    schedule.counts[SCHEDULE_READY] + x.n_unknown + r->n_impossible;
	*is_abandoned = x.is_abandoned;
	if (!x.is_abandoned)
		schedule_release(&schedule);
	if (result < 0)
		return -1;
	if (x.broken.kind != ERROR_NONE) {
		*err = x.broken;
		return -1;
	}
	if (x.is_interrupted)
		return error_set(err, ERROR_INTERRUPTED,
				 "interrupted while "
				 "recovering; the journal has what is left");
	return 0;
}

static bool can_carry(const struct recovery *r,
		      const struct journal_replay *left)
{
	if (r->n_impossible || !r->expansion)
		return false;
	for (size_t i = 0; i < left->n_open; i++) {
		struct str address = left->open[i].address;

		if (!str_is(left->open[i].action,
			    operation_name(OPERATION_CREATE)) ||
		    !expand_find(r->expansion, address) ||
		    state_find(&r->context->state, address))
			return false;
	}
	return left->n_open > 0;
}

/* What is still open goes with the apply that follows, or stops it. */
static int carry(struct recovery *r, bool may_carry, struct error *err)
{
	struct context *c = r->context;
	struct journal_replay *left =
	    arena_new(c->arena, struct journal_replay, 1);
	struct state ignored;
	int result;

	state_init(&ignored, c->arena);
	result = journal_load(store_stack_folder(c->store), c->seal, &ignored,
			      c->arena, left, err);
	state_release(&ignored);
	if (result < 0)
		return -1;
	if (may_carry && can_carry(r, left)) {
		c->replay = left;
		return 0;
	}
	error_set(err, ERROR_TIMEOUT,
		  "the outcome of %zu interrupted %s is still not known",
		  r->n_left, r->n_left == 1 ? "step" : "steps");
	return error_hint(err, "Nothing was changed by this run. Try again "
			       "when the service answers.");
}

static int finish(struct context *c, struct journal *journal, struct error *err)
{
	struct journal_record end = { .kind = JOURNAL_END };
	struct str hash = c->replay->begin.plan_hash;
	struct str commit, message;

	/* A request to a task has no plan. */
	message = str_fmt(c->arena,
			  "Recover %.*s: end an interrupted run\n\n"
			  "%s%.*s%sDmsl-Version: %s\n",
			  STR_ARG(c->state.stack), hash.n ? "Plan-Hash: " : "",
			  STR_ARG(hash), hash.n ? "\n" : "", PACKAGE_VERSION);
	/* It may have kept objects; a destroy sweeps when nothing is left. */
	c->has_kept = true;
	if (!c->replay->has_end && commit_state(c, message, &commit, err) < 0) {
		struct error ignored;

		journal_close(journal, false, &ignored);
		return -1;
	}
	c->has_kept = false;
	/* From here on a replay changes nothing. */
	if (journal_add(journal, &end, err) == 0)
		journal_sync(journal, err);
	c->replay = NULL;
	return journal_close(journal, true, err);
}

int recover(struct context *c, struct expansion *e, bool may_carry,
	    bool *is_abandoned, struct error *err)
{
	struct journal_replay *replay = c->replay;
	struct recovery r = { .context = c, .expansion = e, .replay = replay };
	struct str own_run = c->run_id;
	struct journal *journal;
	int result = 0;

	*is_abandoned = false;
	if (!replay)
		return journal_clear(store_stack_folder(c->store), c->seal,
				     err);
	if (journal_open(store_stack_folder(c->store), c->seal, replay,
			 &journal, err) < 0)
		return error_add(err, "recovery");
	if (replay->n_open) {
		r.is_begun = arena_new(c->arena, bool, replay->n_open);
		report_open(&r.report, c, replay->n_open, replay->n_open);
		report_note(&r.report,
			    "An interrupted run is recovered first: "
			    "%zu %s open.",
			    replay->n_open,
			    replay->n_open == 1 ? "step is" : "steps are");
		/* Secrets and names are derived from the run that made them. */
		c->run_id = replay->begin.run_id;
		result = repeat_open(&r, journal, is_abandoned, err);
		c->run_id = own_run;
		if (!*is_abandoned)
			report_close(&r.report);
	}
	if (result < 0 || r.n_left) {
		struct error ignored;

		if (!*is_abandoned)
			journal_close(journal, false, &ignored);
		if (result == 0)
			result = carry(&r, may_carry, err);
		return result < 0 ? error_add(err, "recovery") : 0;
	}
	return finish(c, journal, err);
}
