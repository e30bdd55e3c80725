#include <config.h>

#include "engine/setup.h"

#include "engine/context.h"
#include "engine/expand.h"
#include "engine/identity.h"
#include "engine/load.h"
#include "engine/state.h"
#include "engine/store.h"
#include "engine/target.h"
#include "lang/ast.h"
#include "lang/config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_ERRORS = 20 };

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

static void read_ahead(void *context, struct str stack)
{
	load_ahead(context, stack);
}

static int load_texts(struct context *c, const char *path, bool is_ahead,
		      struct error *err)
{
	const struct config_options o = {
		.is_type = c->is_type,
		.type_names = type_names(c),
		.library = setup_library(c->arena),
		.open = c->open_text,
		.open_context = c->texts,
		.tell_stack = is_ahead ? read_ahead : NULL,
		.tell_context = c,
	};

	c->path = path;
	c->config = config_load_with(path, &o, c->arena, &c->diags, err);
	return c->config ? 0 : -1;
}

int setup_texts(struct context *c, const char *path, struct error *err)
{
	return load_texts(c, path, false, err);
}

static int load_config(struct context *c, const char *path, bool is_ahead,
		       struct error *err)
{
	if (load_texts(c, path, is_ahead, err) < 0)
		return -1;
	if (c->config->stack)
		return 0;
	/* Look further, so that one run shows all mistakes. */
	expansion_release(expand(c, true, err));
	*err = (struct error){ 0 };
	return -1;
}

int setup_config(struct context *c, const char *path, struct error *err)
{
	return load_config(c, path, false, err);
}

int setup_state(struct context *c, enum access access, struct error *err)
{
	return load_state(c, c->config->stack->name, access, err);
}

static bool wants_to_know(const struct context *c)
{
	for (size_t i = 0; i < c->n_open; i++)
		for (const struct resource_type *t = c->open[i].provider->types;
		     t->name; t++)
			if (t->ops->know)
				return true;
	return false;
}

/* What the state has of types whose providers want to know of it. */
static void tell_known(struct context *c)
{
	const struct resource_type *t = NULL;
	struct str provider = { 0 }, type = { 0 };
	size_t at = 0;

	if (!wants_to_know(c))
		return;
	for (size_t i = 0; i < c->state.resources.n; i++) {
		const struct state_resource *r =
		    c->state.resources.entries[i].value;

		if (!r)
			continue;
		/* Most are of the type of the one before. */
		if (!str_eq(r->provider, provider) || !str_eq(r->type, type)) {
			provider = r->provider;
			type = r->type;
			t = target_provider(c, provider, &at) < 0
				? NULL
				: provider_type(c->open[at].provider, type);
		}
		if (t && t->ops->know)
			t->ops->know(c->open[at].self, r->id, r->attrs);
	}
}

struct expansion *setup_stack(struct context *c, const char *path,
			      enum access access, struct error *err)
{
	struct expansion *e;

	if (load_config(c, path, access != ACCESS_WRITE, err) < 0)
		return NULL;
	if (c->diags.n_errors) {
		/* Look further, so that one run shows all mistakes. */
		e = expand(c, true, err);
		if (e)
			expansion_release(e);
		*err = (struct error){ 0 };
		return NULL;
	}
	e = expand_text(c, false);
	if (setup_state(c, access, err) < 0) {
		expansion_release(e);
		return NULL;
	}
	*err = (struct error){ 0 };
	e = expand_values(e, err);
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
	if (c->has_stalled)
		leave(c);
	setup_shut(c, e);
	load_release(c);
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
