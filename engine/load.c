#include <config.h>

#include "engine/load.h"

#include "engine/context.h"
#include "engine/identity.h"
#include "engine/journal.h"
#include "engine/seal.h"
#include "engine/state.h"
#include "engine/store.h"
#include "engine/worker.h"
#include "lang/base/arena.h"

#include <stdlib.h>
#include <string.h>

enum { READS_MOST = 20 }; /* of a state that others change */

/* What a run that did not end has done already. */
static int overlay(struct context *c, struct error *err)
{
	struct journal_replay *r =
	    arena_new(c->arena, struct journal_replay, 1);

	if (journal_load(store_stack_folder(c->store), c->seal, &c->state,
			 c->arena, r, err) < 0)
		return -1;
	if (!r->begin.kind && !r->torn_bytes)
		return 0;
	c->replay = r;
	if (!c->state.uid.n)
		c->state.uid = r->begin.stack_uid;
	return identity_read(c, r->begin.provider, err);
}

/* The committed state, and what the journal says that is not in it yet. */
static int read_state(struct context *c, struct str stack, bool is_writing,
		      struct error *err)
{
	struct str text;

	if (store_load(c->store, c->arena, &text, &c->base_commit, err) < 0)
		return -1;
	state_init(&c->state, c->arena);
	if (text.n && state_read(&c->state, text, c->seal, err) < 0)
		return error_add(err, "state of \"%.*s\"", STR_ARG(stack));
	c->state.stack = stack;
	/* A live run's journal is its own. */
	if (!is_writing && store_is_leased(c->store))
		return 0;
	return overlay(c, err);
}

/*
 * Without the lease others go on meanwhile: one run may have committed behind
 * the state that was read, and the journal be of the one after it. Not when the
 * branch still stands where it stood, and nobody is at work.
 */
static bool is_torn(struct context *c)
{
	struct error ignored;
	bool is_there;

	return store_is_at(c->store, c->base_commit, &is_there, &ignored) < 0 ||
	       !is_there || store_is_leased(c->store);
}

/* Next time the run at work is seen, and its journal left alone. */
static int read_shared_state(struct context *c, struct str stack,
			     struct error *err)
{
	for (int i = 0; i < READS_MOST; i++) {
		int result = read_state(c, stack, false, err);

		if ((result == 0 && !c->replay) || !is_torn(c))
			return result;
		/* What cannot be read is not what others do. */
		if (result < 0 && i == READS_MOST - 1)
			return result;
		state_release(&c->state);
		c->state = (struct state){ 0 };
		c->replay = NULL;
		*err = (struct error){ 0 };
	}
	error_set(err, ERROR_UNAVAILABLE,
		  "the state of \"%.*s\" was changed %d times while it was "
		  "read",
		  STR_ARG(stack), READS_MOST);
	return error_hint(err, "Others apply it again and again: try later.");
}

static int open_store(struct context *c, struct str stack, struct error *err)
{
	struct store_options o = { .stack_path = c->path, .stack = stack };

	return store_open(&o, &c->store, err);
}

static int read_shared(struct context *c, struct str stack, struct error *err)
{
	if (open_store(c, stack, err) < 0 ||
	    seal_open(store_folder(c->store), false, &c->seal, err) < 0)
		return -1;
	return read_shared_state(c, stack, err);
}

static int take_lease(struct context *c, struct error *err)
{
	struct str broken = { 0 };
	char id[33];

	if (random_hex(16, id, err) < 0)
		return -1;
	c->run_id = str_dup(str_from(id), c->arena);
	if (store_lease(c->store, c->run_id, c->arena, &broken, err) < 0)
		return -1;
	c->has_lease = true;
	if (broken.n && !c->is_json)
		fprintf(stderr,
			"The lease of run %.8s is broken: its process "
			"is gone or silent.\n",
			broken.s);
	return 0;
}

static int read_leased(struct context *c, struct str stack, struct error *err)
{
	char uid[17];

	/* The lease before the state: nobody may move that afterwards. */
	if (open_store(c, stack, err) < 0 || seal_check(err) < 0 ||
	    take_lease(c, err) < 0 ||
	    seal_open(store_folder(c->store), true, &c->seal, err) < 0 ||
	    read_state(c, stack, true, err) < 0)
		return -1;
	if (c->state.uid.n)
		return 0;
	if (random_hex(8, uid, err) < 0)
		return -1;
	c->state.uid = str_dup(str_from(uid), c->arena);
	return 0;
}

/* -- On a thread of its own ----------------------------------------------- */

struct ahead {
	struct work work;
	struct thread *thread; /* NULL: was waited for */
	struct str stack;
	/* The thread's own, until it was waited for. */
	struct context context;
	struct arena arena;
	int result;
	struct error error;
};

static void run_ahead(struct work *w)
{
	struct ahead *a = w->data;

	a->result = read_shared(&a->context, a->stack, &a->error);
}

void load_ahead(struct context *c, struct str stack)
{
	struct ahead *a;

	if (c->ahead)
		return;
	a = arena_new(c->arena, struct ahead, 1);
	a->work = (struct work){ .run = run_ahead, .data = a };
	a->stack = str_dup(stack, c->arena);
	a->context.path = c->path;
	a->context.arena = &a->arena;
	a->thread = work_start(&a->work);
	if (a->thread)
		c->ahead = a;
}

static void wait_for(struct ahead *a)
{
	if (a->thread)
		work_join(a->thread);
	a->thread = NULL;
}

static int take_ahead(struct context *c, struct error *err)
{
	struct ahead *a = c->ahead;
	const struct context *from = &a->context;

	wait_for(a);
	c->store = from->store;
	c->seal = from->seal;
	c->state = from->state;
	c->base_commit = from->base_commit;
	c->replay = from->replay;
	a->context = (struct context){ 0 };
	*err = a->error;
	return a->result;
}

/* -- What the others see --------------------------------------------------- */

int load_state(struct context *c, struct str stack, enum access access,
	       struct error *err)
{
	int result;

	if (access == ACCESS_WRITE)
		result = read_leased(c, stack, err);
	else if (c->ahead && str_eq(c->ahead->stack, stack))
		result = take_ahead(c, err);
	else
		result = read_shared(c, stack, err);
	if (c->store && store_note(c->store) && !c->is_json)
		fprintf(stderr, "%s\n", store_note(c->store));
	if (result == 0 && access == ACCESS_PLAN && !c->seal)
		result = seal_open(store_folder(c->store), true, &c->seal, err);
	return result;
}

static void release(struct context *c)
{
	struct error err;

	if (c->state.arena)
		state_release(&c->state);
	if (c->has_lease && store_unlease(c->store, &err) < 0)
		fprintf(stderr, "dmsl: warning: %s\n", err.message);
	c->has_lease = false;
	seal_close(c->seal);
	c->seal = NULL;
	if (c->store)
		store_close(c->store);
	c->store = NULL;
}

void load_release(struct context *c)
{
	struct ahead *a = c->ahead;

	release(c);
	if (!a)
		return;
	wait_for(a);
	release(&a->context);
	arena_release(&a->arena);
	c->ahead = NULL;
}
