#include <config.h>

#include "engine/setup.h"

#include "engine/context.h"
#include "engine/expand.h"
#include "engine/identity.h"
#include "engine/journal.h"
#include "engine/seal.h"
#include "engine/state.h"
#include "engine/store.h"
#include "engine/target.h"
#include "lang/ast.h"
#include "lang/config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	MOST_ERRORS = 20,
	READS_MOST = 20, /* of a state that others change */
};

const char *setup_library(struct arena *a)
{
	const char *path = getenv("DMSL_LIBRARY");
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	ptrdiff_t slash;

	if (path && *path)
		return path;
	slash = str_rfind((struct str){ self, n > 0 ? (size_t)n : 0 }, '/');
	if (slash >= 0) {
		path = str_fmt(a, "%.*s/stacks/lib", (int)slash, self).s;
		if (access(path, R_OK) == 0)
			return path;
	}
	return DMSL_DATADIR "/stacks/lib";
}

/* For what a misspelt type may have meant. */
static const char *const *type_names(struct context *c)
{
	const char **names;
	size_t n = 0;

	while (c->schemas && c->schemas[n])
		n++;
	names = arena_new(c->arena, const char *, n + 1);
	for (size_t i = 0; i < n; i++)
		names[i] = c->schemas[i]->name;
	return names;
}

int setup_texts(struct context *c, const char *path, struct error *err)
{
	const struct config_options o = {
		.is_type = c->is_type,
		.type_names = type_names(c),
		.library = setup_library(c->arena),
		.open = c->open_text,
		.context = c->texts,
	};

	c->path = path;
	c->config = config_load_with(path, &o, c->arena, &c->diags, err);
	return c->config ? 0 : -1;
}

int setup_config(struct context *c, const char *path, struct error *err)
{
	if (setup_texts(c, path, err) < 0)
		return -1;
	if (c->config->stack)
		return 0;
	/* Look further, so that one run shows all mistakes. */
	expansion_release(expand(c, true, err));
	*err = (struct error){ 0 };
	return -1;
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
static int read_state(struct context *c, bool is_writing, struct error *err)
{
	struct str text;

	if (store_load(c->store, c->arena, &text, &c->base_commit, err) < 0)
		return -1;
	state_init(&c->state, c->arena);
	if (text.n && state_read(&c->state, text, c->seal, err) < 0)
		return error_add(err, "state of \"%.*s\"",
				 STR_ARG(c->config->stack->name));
	c->state.stack = c->config->stack->name;
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
static int read_shared_state(struct context *c, struct error *err)
{
	for (int i = 0; i < READS_MOST; i++) {
		int result = read_state(c, false, err);

		if ((result == 0 && !c->replay) || !is_torn(c))
			return result;
		state_release(&c->state);
		c->state = (struct state){ 0 };
		c->replay = NULL;
		*err = (struct error){ 0 };
	}
	error_set(err, ERROR_UNAVAILABLE,
		  "the state of \"%.*s\" was changed %d times while it was "
		  "read",
		  STR_ARG(c->config->stack->name), READS_MOST);
	return error_hint(err, "Others apply it again and again: try later.");
}

int setup_state(struct context *c, enum access access, struct error *err)
{
	struct store_options o = {
		.stack_path = c->path,
		.stack = c->config->stack->name,
	};
	bool is_writing = access == ACCESS_WRITE;
	char uid[17];

	if (store_open(&o, &c->store, err) < 0)
		return -1;
	if (store_note(c->store) && !c->is_json)
		fprintf(stderr, "%s\n", store_note(c->store));
	if (is_writing && seal_check(err) < 0)
		return -1;
	/* Before the state is read: nobody may move it afterwards. */
	if (is_writing && take_lease(c, err) < 0)
		return -1;
	if (seal_open(store_folder(c->store), access != ACCESS_READ, &c->seal,
		      err) < 0)
		return -1;
	if (!is_writing)
		return read_shared_state(c, err);
	if (read_state(c, true, err) < 0)
		return -1;
	if (!c->state.uid.n) {
		if (random_hex(8, uid, err) < 0)
			return -1;
		c->state.uid = str_dup(str_from(uid), c->arena);
	}
	return 0;
}

static void tell_known(struct context *c)
{
	struct arena scratch = { 0 };
	struct state_resource **all;
	size_t n;

	all = state_sorted(&c->state, &scratch, &n);
	for (size_t i = 0; i < n; i++) {
		const struct resource_type *t;
		size_t at;

		if (target_provider(c, all[i]->provider, &at) < 0)
			continue;
		t = provider_type(c->open[at].provider, all[i]->type);
		if (t && t->ops->know)
			t->ops->know(c->open[at].self, all[i]->id,
				     all[i]->attrs);
	}
	arena_release(&scratch);
}

struct expansion *setup_stack(struct context *c, const char *path,
			      enum access access, struct error *err)
{
	struct expansion *e;

	if (setup_config(c, path, err) < 0)
		return NULL;
	if (c->diags.n_errors) {
		/* Look further, so that one run shows all mistakes. */
		e = expand(c, true, err);
		if (e)
			expansion_release(e);
		*err = (struct error){ 0 };
		return NULL;
	}
	if (setup_state(c, access, err) < 0)
		return NULL;
	*err = (struct error){ 0 };
	e = expand(c, false, err);
	if (!e)
		return NULL;
	if (c->diags.n_errors) {
		*err = (struct error){ 0 };
	} else if (identity_check(c, err) == 0) {
		tell_known(c);
		return e;
	}
	expansion_release(e);
	return NULL;
}

/* Threads still run calls: nothing of theirs may be freed. */
static _Noreturn void leave(struct context *c)
{
	struct error err;

	if (c->has_lease && store_unlease(c->store, &err) < 0)
		fprintf(stderr, "dmsl: warning: %s\n", err.message);
	fflush(stdout);
	_exit(STATUS_FAILED);
}

void setup_shut(struct context *c, struct expansion *e)
{
	if (e)
		expansion_release(e);
	for (size_t i = 0; i < c->n_open; i++)
		if (c->open[i].provider->close)
			c->open[i].provider->close(c->open[i].self);
	c->n_open = 0;
}

void setup_close(struct context *c, struct expansion *e)
{
	struct error err;

	if (c->has_stalled)
		leave(c);
	setup_shut(c, e);
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
	if (c->config)
		config_release(c->config);
	c->config = NULL;
}

void setup_findings(struct context *c)
{
	/* What was shown with the plan is not said again after the apply. */
	struct diags rest = c->diags;

	if (rest.n == c->n_told)
		return;
	for (size_t i = 0; i < c->n_told; i++)
		rest.n_errors -= rest.items[i]->severity == SEVERITY_ERROR;
	rest.items += c->n_told;
	rest.n -= c->n_told;
	c->n_told = c->diags.n;
	fflush(stdout);
	if (c->is_json && c->is_events)
		diags_print_events(&rest, stdout);
	else if (c->is_json)
		diags_print_json(&rest, stdout);
	else
		diags_print(&rest, stderr, c->color, c->width, MOST_ERRORS);
}

int setup_fail(struct context *c, const struct error *err)
{
	setup_findings(c);
	if (err->kind == ERROR_NONE || !err->message[0])
		return STATUS_FAILED;
	fflush(stdout);
	fprintf(stderr, "%sdmsl: error:%s %s\n", c->color ? "\033[1;31m" : "",
		c->color ? "\033[0m" : "", err->message);
	if (err->hint[0])
		fprintf(stderr, "  hint: %s\n", err->hint);
	return STATUS_FAILED;
}
