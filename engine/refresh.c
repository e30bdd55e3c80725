#include <config.h>

#include "engine/refresh.h"

#include "lang/base/clock.h"
#include "lang/base/error.h"
#include "lang/base/vec.h"
#include "lang/diag.h"

#include "engine/calls.h"
#include "engine/check.h"
#include "engine/context.h"
#include "engine/diff.h"
#include "engine/operation.h"
#include "engine/providers.h"
#include "engine/schedule.h"
#include "engine/secrets.h"

enum {
	READ_LIMIT_MS = 120000,	 /* one read with all its polls */
	STALL_LIMIT_MS = 300000, /* no call comes back at all */
	BATCH_MOST = 100,	 /* reads in one call */
	POLL_LEAST_MS = 10,
	PARALLEL = 10, /* when nobody says */
};

#define NO_NODE SIZE_MAX

/* Resources of one type at one provider. */
struct read_group {
	struct str provider, type; /* as the state says */
	size_t index;		   /* of the open provider */
	const struct resource_type *of;
	size_t n;
};

/* One read. Numbered by group, so that a batch is a run of nodes. */
struct read_node {
	size_t resource, group;
	int64_t begun_ms; /* 0: not yet */
	int attempt;
	bool is_alone;		     /* not in a batch again */
	struct engine_call *pending; /* goes on with this one */
};

struct reading {
	struct context *c;
	struct catalog *types;
	const struct place *places;
	struct arena *arena;
	struct refreshed *all;
	size_t n;
	struct arena scratch;
	VEC(struct read_group) groups;
	struct read_node *nodes;
	size_t n_nodes;
	struct schedule schedule; /* of the nodes: no order, only waits */
	size_t held;		  /* taken out of it, for the next call */
	size_t n_calls;
	struct workers *workers;
	bool is_stalled;
};

static int make_group(struct reading *r, const struct state_resource *s,
		      struct read_group *out, struct error *err)
{
	*out = (struct read_group){ .provider = s->provider, .type = s->type };
	if (provider_index(r->c, s->provider, &out->index, err))
		return error_add(err, "reading %.*s", STR_ARG(s->address));
	out->of = provider_type(r->c->open[out->index].provider, s->type);
	if (out->of)
		return 0;
	error_set(err, ERROR_CORRUPT,
		  "%.*s in the state has the type \"%.*s\", which "
		  "provider \"%.*s\" does not know",
		  STR_ARG(s->address), STR_ARG(s->type), STR_ARG(s->provider));
	return error_hint(err, "Use the version of dmsl that made it, or a "
			       "newer one.");
}

/* There are as many groups as types in use, however many resources. */
static int find_group(struct reading *r, const struct state_resource *s,
		      size_t *out, struct error *err)
{
	struct read_group made;

	for (*out = 0; *out < r->groups.n; ++*out)
		if (str_eq(r->groups.items[*out].type, s->type) &&
		    str_eq(r->groups.items[*out].provider, s->provider))
			return 0;
	if (make_group(r, s, &made, err) < 0)
		return -1;
	*vec_push(&r->groups) = made;
	return 0;
}

/* Reads that are worth a call: built-in types exist nowhere but in the state.
 */
static bool is_read(const struct reading *r, size_t i)
{
	const struct type_info *t =
	    catalog_type(r->types, r->all[i].state->type);

	return t && !t->schema->is_built_in;
}

/* One node for each read, those of a group side by side. */
static int make_nodes(struct reading *r, struct error *err)
{
	size_t *group = arena_new(&r->scratch, size_t, r->n + 1);
	size_t *at, ignored;

	for (size_t i = 0; i < r->n; i++) {
		group[i] = NO_NODE;
		if (!is_read(r, i))
			continue;
		if (find_group(r, r->all[i].state, &group[i], err) < 0)
			return -1;
		r->groups.items[group[i]].n++;
		r->n_nodes++;
	}
	at = arena_new(&r->scratch, size_t, r->groups.n + 1);
	for (size_t g = 0; g < r->groups.n; g++)
		at[g + 1] = at[g] + r->groups.items[g].n;
	r->nodes = arena_new(&r->scratch, struct read_node, r->n_nodes + 1);
	for (size_t i = 0; i < r->n; i++)
		if (group[i] != NO_NODE)
			r->nodes[at[group[i]]++] = (struct read_node){
				.resource = i,
				.group = group[i],
			};
	schedule_init(&r->schedule, r->n_nodes);
	return schedule_begin(&r->schedule, &ignored);
}

void refresh_failed(struct context *c, const char *code, struct place place,
		    struct str address, const char *what,
		    const struct error *why)
{
	size_t before = c->diags.n;
	struct diag *to =
	    diag_error(&c->diags, code, place, "could not %s %.*s: %s", what,
		       STR_ARG(address), why->message);

	/* Findings at one place are one: the others are notes of it. */
	if (c->diags.n == before)
		diag_note(&c->diags, to, (struct place){ 0 }, "nor %.*s: %s",
			  STR_ARG(address), why->message);
	else if (why->hint[0])
		diag_hint(&c->diags, to, "%s", why->hint);
}

void refreshed_set(struct refreshed *f, struct value attrs, struct arena *a)
{
	struct value before = f->now->attrs;

	if (attrs.kind == VALUE_MAP && before.kind == VALUE_MAP &&
	    attrs.marks == before.marks &&
	    attrs.as.map.entries == before.as.map.entries &&
	    attrs.as.map.n == before.as.map.n)
		return;
	if (f->now == f->state) {
		f->now = arena_new(a, struct state_resource, 1);
		*f->now = *f->state;
	}
	f->now->attrs = attrs;
}

/* What a finished read says of the resource. */
static void take_result(struct reading *r, const struct engine_call *e)
{
	size_t i = r->nodes[e->index].resource;
	struct refreshed *f = &r->all[i];
	const struct call *c = &e->call;

	if (e->outcome == STEP_FAILED) {
		refresh_failed(r->c, "E0501", r->places[i], f->state->address,
			       "read", &c->err);
		return;
	}
	f->is_gone = c->is_gone;
	f->is_broken = c->is_broken;
	f->status = str_dup(c->status, r->arena);
	if (c->is_gone || c->result.kind != VALUE_MAP)
		return;
	const struct type_info *t = catalog_type(r->types, f->state->type);
	struct value read =
	    diff_convert(t, value_copy(c->result, r->arena), r->arena);
	struct value before = f->now->attrs;

	read = secrets_keep(read, before, r->arena);
	refreshed_set(f, diff_overlay(before, read, r->arena), r->arena);
	f->has_drifted = !value_eq(before, f->now->attrs);
}

static struct engine_call *call_of(struct reading *r, size_t node)
{
	struct read_node *n = &r->nodes[node];
	const struct read_group *g = &r->groups.items[n->group];
	const struct state_resource *s = r->all[n->resource].now;
	struct engine_call *e = n->pending;

	n->pending = NULL;
	if (e)
		return e;
	if (!n->begun_ms)
		n->begun_ms = clock_ms();
	e = call_new(r->c, g->index, g->of, s->address, s, CALL_READ);
	e->call.attempt = n->attempt;
	e->index = node;
	return e;
}

static bool may_join(const struct reading *r, size_t node)
{
	const struct read_node *n = &r->nodes[node];

	return !n->is_alone && r->groups.items[n->group].of->ops->read_batch;
}

static bool take(struct reading *r, int64_t now, size_t *node)
{
	if (r->held == NO_NODE)
		return schedule_next(&r->schedule, now, node);
	*node = r->held;
	r->held = NO_NODE;
	return true;
}

/* Further nodes of the group that can be read by the same call. */
static void fill_batch(struct reading *r, struct engine_call *first,
		       int64_t now)
{
	size_t group = r->nodes[first->index].group, node;

	while (first->n_joined + 1 < BATCH_MOST && take(r, now, &node)) {
		if (r->nodes[node].group != group || !may_join(r, node)) {
			r->held = node;
			return;
		}
		call_join(first, call_of(r, node));
	}
}

static void fill(struct reading *r)
{
	int64_t now = clock_ms();
	size_t node;

	while (r->n_calls < (size_t)r->c->parallel && take(r, now, &node)) {
		struct engine_call *e = call_of(r, node);

		if (may_join(r, node))
			fill_batch(r, e, now);
		workers_submit(r->workers, &e->work);
		r->n_calls++;
	}
}

/*
 * Whether a failed read is tried once more, and when: one of a batch by itself,
 * since a batch may fail for what is wrong with one of it; one that was too
 * fast, later. For the rest the provider has its own attempts.
 */
static bool try_again(struct reading *r, const struct engine_call *e,
		      bool was_joined, int64_t *delay)
{
	struct read_node *n = &r->nodes[e->index];

	*delay = 0;
	if (e->call.err.kind == ERROR_THROTTLED) {
		*delay = operation_retry_delay(
		    ERROR_THROTTLED, false, n->attempt,
		    str_hash(e->call.address) + (uint64_t)clock_ms());
		n->attempt++;
		return *delay >= 0;
	}
	if (!was_joined || operation_had_no_answer(e->call.err.kind))
		return false;
	n->is_alone = true;
	return true;
}

/* True when it was put off, and goes on as it is. */
static bool put_off(struct reading *r, struct engine_call *e)
{
	struct read_node *n = &r->nodes[e->index];
	int64_t now = clock_ms();
	int64_t wait =
	    e->call.poll_ms > POLL_LEAST_MS ? e->call.poll_ms : POLL_LEAST_MS;

	if (now - n->begun_ms >= READ_LIMIT_MS) {
		e->outcome =
		    call_fail(&e->call, ERROR_TIMEOUT, "no answer in %d s",
			      READ_LIMIT_MS / 1000);
		return false;
	}
	e->call.is_poll = true;
	e->joined = NULL;
	e->n_joined = 0;
	n->is_alone = true;
	n->pending = e;
	schedule_wait(&r->schedule, e->index, now + wait);
	return true;
}

static void finish(struct reading *r, struct engine_call *e, bool was_joined)
{
	int64_t delay;

	if (e->outcome == STEP_PENDING && put_off(r, e))
		return;
	if (e->outcome == STEP_FAILED && try_again(r, e, was_joined, &delay)) {
		schedule_wait(&r->schedule, e->index, clock_ms() + delay);
	} else {
		take_result(r, e);
		schedule_done(&r->schedule, e->index);
	}
	call_free(e);
}

static void call_ended(struct reading *r, struct engine_call *e)
{
	bool was_joined = e->n_joined > 0;

	r->n_calls--;
	while (e) {
		struct engine_call *next = e->joined;

		finish(r, e, was_joined);
		e = next;
	}
}

/* To the next wait that is over, but not long: a stall is noticed, too. */
static int sleep_ms(const struct reading *r)
{
	int64_t due, left;

	if (!schedule_due(&r->schedule, &due))
		return 1000;
	left = due - clock_ms();
	return left < 0 ? 0 : left > 1000 ? 1000 : (int)left;
}

static int read_all(struct reading *r, struct error *err)
{
	int64_t heard = clock_ms();

	for (;;) {
		struct work *w;

		fill(r);
		if (!r->n_calls && schedule_is_over(&r->schedule))
			return 0;
		w = workers_next(r->workers, sleep_ms(r));
		if (w || !r->n_calls)
			heard = clock_ms();
		if (clock_ms() - heard > STALL_LIMIT_MS) {
			/* The calls still run: their memory stays theirs. */
			r->is_stalled = r->c->has_stalled = true;
			return error_set(err, ERROR_TIMEOUT,
					 "no provider has answered for %d s",
					 STALL_LIMIT_MS / 1000);
		}
		for (; w; w = workers_next(r->workers, 0))
			call_ended(r, w->data);
	}
}

int refresh(struct context *c, struct catalog *types,
	    struct state_resource **all, const struct place *places, size_t n,
	    bool skip, struct arena *a, struct refreshed **out,
	    struct error *err)
{
	size_t errors = c->diags.n_errors;
	struct reading r = {
		.c = c,
		.types = types,
		.places = places,
		.arena = a,
		.all = arena_new(a, struct refreshed, n ? n : 1),
		.n = n,
		.held = NO_NODE,
	};
	int result = 0;

	for (size_t i = 0; i < n; i++) {
		const struct type_info *t = catalog_type(types, all[i]->type);

		if (!t) {
			error_set(err, ERROR_CORRUPT,
				  "%.*s in the state has the unknown type "
				  "\"%.*s\"",
				  STR_ARG(all[i]->address),
				  STR_ARG(all[i]->type));
			error_hint(err, "Use the version of dmsl that made it, "
					"or a newer one.");
			return -1;
		}
		r.all[i].state = all[i];
		r.all[i].now = all[i];
		refreshed_set(&r.all[i], diff_convert(t, all[i]->attrs, a), a);
	}
	*out = r.all;
	if (skip)
		return 0;
	if (c->parallel <= 0)
		c->parallel = PARALLEL;
	result = make_nodes(&r, err);
	if (result == 0 && r.n_nodes) {
		r.workers = workers_open(c->parallel, err);
		result = r.workers ? read_all(&r, err) : -1;
	}
	if (!r.is_stalled) {
		workers_close(r.workers);
		schedule_release(&r.schedule);
		vec_release(&r.groups);
		arena_release(&r.scratch);
	}
	return c->diags.n_errors > errors ? -1 : result;
}
