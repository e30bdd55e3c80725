#include <config.h>

#include "engine/refresh.h"

#include "lang/base/clock.h"
#include "lang/base/error.h"
#include "lang/diag.h"

#include "engine/calls.h"
#include "engine/check.h"
#include "engine/context.h"
#include "engine/diff.h"
#include "engine/providers.h"

enum {
	READ_LIMIT_MS = 120000,	 /* one read with all its polls */
	STALL_LIMIT_MS = 300000, /* no call comes back at all */
};

struct reading {
	struct context *c;
	struct catalog *types;
	const struct place *places;
	struct arena *arena;
	struct refreshed *all;
	size_t n, next, in_flight;
	struct workers *workers;
	struct engine_call **waiting; /* pending reads, due in their order */
	int64_t *due;
	int64_t *begun;
	size_t n_waiting;
};

static struct engine_call *reading_of(struct reading *r, size_t i,
				      struct error *err)
{
	const struct state_resource *s = r->all[i].state;
	const struct resource_type *t;
	struct engine_call *e;
	size_t provider;

	if (provider_index(r->c, s->provider, &provider, err)) {
		error_add(err, "reading %.*s", STR_ARG(s->address));
		return NULL;
	}
	t = provider_type(r->c->open[provider].provider, s->type);
	if (!t) {
		error_set(err, ERROR_CORRUPT,
			  "%.*s in the state has the type \"%.*s\", which "
			  "provider \"%.*s\" does not know",
			  STR_ARG(s->address), STR_ARG(s->type),
			  STR_ARG(s->provider));
		error_hint(err, "Use the version of dmsl that made it, or a "
				"newer one.");
		return NULL;
	}
	e = call_new(r->c, provider, t, s->address, s, CALL_READ);
	e->index = i;
	return e;
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

/* What a finished read says of the resource. */
static void take_result(struct reading *r, const struct engine_call *e)
{
	struct refreshed *f = &r->all[e->index];
	const struct call *c = &e->call;

	if (e->outcome == STEP_FAILED) {
		refresh_failed(r->c, "E0501", r->places[e->index],
			       f->state->address, "read", &c->err);
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
	struct value before = f->now.attrs;

	f->now.attrs = diff_overlay(before, read, r->arena);
	f->has_drifted = !value_eq(before, f->now.attrs);
}

static void put_off(struct reading *r, struct engine_call *e)
{
	int64_t wait = e->call.poll_ms > 10 ? e->call.poll_ms : 10;

	e->call.is_poll = true;
	r->waiting[r->n_waiting] = e;
	r->due[r->n_waiting++] = clock_ms() + wait;
}

/* Hands pending reads whose time has come to the workers again. */
static void wake(struct reading *r)
{
	int64_t now = clock_ms();
	size_t left = 0;

	for (size_t i = 0; i < r->n_waiting; i++) {
		if (r->due[i] <= now) {
			workers_submit(r->workers, &r->waiting[i]->work);
			continue;
		}
		r->waiting[left] = r->waiting[i];
		r->due[left++] = r->due[i];
	}
	r->n_waiting = left;
}

/* Reads that are worth a call: built-in types exist nowhere but in the state.
 */
static bool is_read(const struct reading *r, size_t i)
{
	const struct type_info *t =
	    catalog_type(r->types, r->all[i].state->type);

	return t && !t->schema->is_built_in;
}

static int fill(struct reading *r, size_t most, struct error *err)
{
	while (r->next < r->n && r->in_flight < most) {
		size_t i = r->next++;
		struct engine_call *e;

		if (!is_read(r, i))
			continue;
		e = reading_of(r, i, err);
		if (!e)
			return -1;
		r->begun[i] = clock_ms();
		r->in_flight++;
		workers_submit(r->workers, &e->work);
	}
	return 0;
}

static void finish(struct reading *r, struct engine_call *e)
{
	if (e->outcome == STEP_PENDING &&
	    clock_ms() - r->begun[e->index] < READ_LIMIT_MS) {
		put_off(r, e);
		return;
	}
	if (e->outcome == STEP_PENDING)
		e->outcome =
		    call_fail(&e->call, ERROR_TIMEOUT, "no answer in %d s",
			      READ_LIMIT_MS / 1000);
	take_result(r, e);
	call_free(e);
	r->in_flight--;
}

static int read_all(struct reading *r, struct error *err)
{
	size_t most = (size_t)r->c->parallel;
	int64_t heard = clock_ms();
	int result = fill(r, most, err);

	while (r->in_flight) {
		struct work *w = workers_next(r->workers, 100);

		if (w) {
			heard = clock_ms();
			finish(r, w->data);
		} else if (clock_ms() - heard > STALL_LIMIT_MS) {
			/* The calls still run: their memory stays theirs. */
			return error_set(err, ERROR_TIMEOUT,
					 "no provider has answered for %d s",
					 STALL_LIMIT_MS / 1000);
		}
		wake(r);
		if (result == 0)
			result = fill(r, most, err);
	}
	return result;
}

static bool has_work(const struct reading *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (is_read(r, i))
			return true;
	return false;
}

int refresh(struct context *c, struct catalog *types,
	    struct state_resource **all, const struct place *places, size_t n,
	    bool skip, struct arena *a, struct refreshed **out,
	    struct error *err)
{
	struct arena scratch = { 0 };
	size_t errors = c->diags.n_errors;
	int parallel = c->parallel > 0 ? c->parallel : 10;
	struct reading r = {
		.c = c,
		.types = types,
		.places = places,
		.arena = a,
		.all = arena_new(a, struct refreshed, n ? n : 1),
		.n = n,
	};
	int result = -1;

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
		r.all[i].now = *all[i];
		r.all[i].now.attrs = diff_convert(t, all[i]->attrs, a);
	}
	*out = r.all;
	if (skip || !has_work(&r))
		return 0;
	c->parallel = parallel;
	r.waiting = arena_new(&scratch, struct engine_call *, (size_t)parallel);
	r.due = arena_new(&scratch, int64_t, (size_t)parallel);
	r.begun = arena_new(&scratch, int64_t, n);
	r.workers = workers_open(parallel, err);
	if (r.workers) {
		result = read_all(&r, err);
		workers_close(r.workers);
	}
	arena_release(&scratch);
	if (c->diags.n_errors > errors)
		result = -1;
	return result;
}
