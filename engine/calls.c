#include <config.h>

#include "engine/calls.h"

#include "lang/base/clock.h"

#include "engine/address.h"
#include "engine/context.h"
#include "engine/seal.h"
#include "engine/secrets.h"

#include <stdlib.h>

enum {
	NAME_MAX_BYTES = 60, /* fits the identifiers of most services */
	BESIDE_DIGITS = 6,   /* of the token, behind a second object's name */
	POLL_MIN_MS = 10,
	POLL_MAX_MS = 60000,
};

static int derive(const struct context *c, struct str label, void *bytes,
		  size_t n, struct error *err)
{
	if (!c->seal) {
		error_set(err, ERROR_NOT_FOUND, "there is no state key");
		return error_hint(err,
				  "Set DMSL_STATE_KEY or "
				  "DMSL_STATE_KEY_FILE, or run apply, which "
				  "makes one.");
	}
	return seal_derive(c->seal, label, bytes, n, err);
}

/*
 * The parts are joined by a byte that none of them can hold, so that no two
 * labels come out alike.
 */
static int call_derive(struct call *c, const char *label, bool stable,
		       void *bytes, size_t n, struct error *err)
{
	const struct context *x = c->engine;
	struct str who = stable ? x->state.uid : c->run_id;

	return derive(x,
		      str_fmt(c->arena, "%s\n%.*s\n%.*s\n%s",
			      stable ? "stack" : "run", STR_ARG(who),
			      STR_ARG(c->address), label),
		      bytes, n, err);
}

int setup_derive(void *engine, const char *label, void *bytes, size_t n,
		 struct error *err)
{
	const struct context *c = engine;
	struct arena scratch = { 0 };
	int result = derive(c,
			    str_fmt(&scratch, "provider\n%.*s\n%s",
				    STR_ARG(c->state.uid), label),
			    bytes, n, err);

	arena_release(&scratch);
	return result;
}

static enum step refuse(struct call *c, const char *what)
{
	return call_fail(c, ERROR_INVALID, "%s cannot be %s", c->type->name,
			 what);
}

static enum step call_step(struct engine_call *e)
{
	const struct resource_ops *ops = e->call.type->ops;
	struct call *c = &e->call;

	switch (e->function) {
	case CALL_PLAN:
		if (!ops->plan)
			return STEP_DONE;
		return ops->plan(c, e->action) ? STEP_FAILED : STEP_DONE;
	case CALL_READ:
		return ops->read(c);
	case CALL_LOOKUP:
		return ops->lookup ? ops->lookup(c) : ops->read(c);
	case CALL_CREATE:
		return ops->create(c);
	case CALL_UPDATE:
		return ops->update ? ops->update(c) : refuse(c, "changed");
	case CALL_DESTROY:
		return ops->destroy(c);
	case CALL_RUN:
		return ops->run ? ops->run(c) : refuse(c, "run");
	case CALL_QUERY:
		return ops->query ? ops->query(c) : refuse(c, "queried");
	case CALL_INSPECT:
		return ops->inspect ? ops->inspect(c) : refuse(c, "inspected");
	case CALL_CONTROL:
		return ops->control ? ops->control(c) : refuse(c, "controlled");
	case CALL_CLAIM:
		return ops->claim ? ops->claim(c) : refuse(c, "claimed");
	}
	BUG("function %d of a call", e->function);
}

/* The first and those that were joined to it, by one function. */
static void run_batch(struct engine_call *first)
{
	const struct resource_ops *ops = first->call.type->ops;
	size_t n = first->n_joined + 1, i = 0;
	struct call **calls = xrealloc(NULL, n, sizeof(struct call *));
	enum step *outcomes = xrealloc(NULL, n, sizeof(*outcomes));

	for (struct engine_call *e = first; e; e = e->joined) {
		calls[i] = &e->call;
		outcomes[i++] = STEP_FAILED;
	}
	if (first->function == CALL_READ)
		ops->read_batch(calls, outcomes, n);
	else
		ops->poll_batch(calls, outcomes, n);
	i = 0;
	for (struct engine_call *e = first; e; e = e->joined)
		e->outcome = outcomes[i++];
	free(calls);
	free(outcomes);
}

static void run_work(struct work *w)
{
	struct engine_call *e = w->data;

	if (e->n_joined)
		run_batch(e);
	else
		e->outcome = call_step(e);
	for (; e; e = e->joined)
		secrets_hide(&e->call);
}

static const enum verb verbs[] = {
	[CALL_PLAN] = VERB_READ,     [CALL_READ] = VERB_READ,
	[CALL_LOOKUP] = VERB_READ,   [CALL_CREATE] = VERB_CREATE,
	[CALL_UPDATE] = VERB_UPDATE, [CALL_DESTROY] = VERB_DESTROY,
	[CALL_RUN] = VERB_RUN,	     [CALL_QUERY] = VERB_READ,
	[CALL_INSPECT] = VERB_READ,  [CALL_CLAIM] = VERB_READ,
	[CALL_CONTROL] = VERB_RUN,
};

struct engine_call *call_new(struct context *c, size_t provider,
			     const struct resource_type *type,
			     struct str address,
			     const struct state_resource *prior,
			     enum call_function function)
{
	struct engine_call *e = xmalloc(sizeof(*e));

	/* Of what is left over providers know where it belonged. */
	address_deposed(address, &address);
	*e = (struct engine_call){
		.function = function,
		.action = "none",
		.context = c,
	};
	e->work.run = run_work;
	e->work.data = e;
	e->call = (struct call){
		.self = c->open[provider].self,
		.type = type,
		.arena = &e->arena,
		.address = str_dup(address, &e->arena),
		.name = address_default_name(&e->arena, c->state.stack, address,
					     NAME_MAX_BYTES),
		.run_id = c->run_id,
		.verb = verbs[function],
		.derive = call_derive,
		.engine = c,
	};
	if (prior) {
		e->call.id = str_dup(prior->id, &e->arena);
		e->call.prior = value_copy(prior->attrs, &e->arena);
	}
	return e;
}

struct str call_name_beside(const struct context *c, struct str address,
			    struct str token, struct arena *a)
{
	struct str name = address_default_name(
	    a, c->state.stack, address, NAME_MAX_BYTES - BESIDE_DIGITS - 1);

	return str_fmt(a, "%.*s-%.*s", STR_ARG(name), BESIDE_DIGITS, token.s);
}

void call_free(struct engine_call *e)
{
	if (!e)
		return;
	vec_release(&e->call.effects);
	vec_release(&e->call.notices);
	arena_release(&e->arena);
	free(e);
}

void call_join(struct engine_call *first, struct engine_call *e)
{
	if (e->function != first->function || e->call.type != first->call.type)
		BUG("%s cannot go with %s", e->call.type->name,
		    first->call.type->name);
	e->joined = first->joined;
	first->joined = e;
	first->n_joined++;
}

enum step call_run_once(struct engine_call *e)
{
	run_work(&e->work);
	return e->outcome;
}

int64_t call_pause_ms(const struct engine_call *e)
{
	return e->call.poll_ms < POLL_MIN_MS   ? POLL_MIN_MS
	       : e->call.poll_ms > POLL_MAX_MS ? POLL_MAX_MS
					       : e->call.poll_ms;
}

enum step call_run_now(struct engine_call *e, int64_t limit_ms)
{
	int64_t end = clock_ms() + limit_ms;

	for (;;) {
		int64_t wait;

		if (call_run_once(e) != STEP_PENDING)
			return e->outcome;
		wait = call_pause_ms(e);
		if (clock_ms() + wait > end)
			break;
		clock_sleep_ms(wait);
		e->call.is_poll = true;
	}
	e->outcome = call_fail(
	    &e->call, ERROR_TIMEOUT, "waited %lld s for %.*s",
	    (long long)(limit_ms / 1000), STR_ARG(e->call.waiting_for));
	return e->outcome;
}
