#include <config.h>

#include "engine/cmd/commands.h"
#include "engine/context.h"
#include "engine/expand.h"
#include "engine/providers.h"
#include "engine/runs.h"
#include "engine/setup.h"
#include "engine/show.h"
#include "lang/base/vec.h"

struct args {
	bool json;
	struct run_options run;
};

/* All that was found, of all sites of the provider. */
struct findings {
	VEC(struct value) list;
	bool is_bad;
};

static const char *const words[] = {
	[HEALTH_GOOD] = "good",
	[HEALTH_DOUBT] = "doubt",
	[HEALTH_BAD] = "bad",
};

static void tell(struct context *c, const char *title, const struct examined *x,
		 struct findings *f)
{
	const struct value_entry entries[] = {
		{ STR("health"), value_c(words[x->health]) },
		{ STR("hint"), value_str(x->hint) },
		{ STR("provider"), value_c(title) },
		{ STR("subject"), value_str(x->subject) },
		{ STR("words"), value_str(x->words) },
	};

	f->is_bad |= x->health == HEALTH_BAD;
	*vec_push(&f->list) =
	    value_map(entries, sizeof(entries) / sizeof(*entries), c->arena);
	if (c->is_json)
		return;
	printf("%-5s  %-24.*s  %.*s\n", words[x->health], STR_ARG(x->subject),
	       STR_ARG(x->words));
	if (x->hint.n)
		printf("       %-24s  %.*s\n", "", STR_ARG(x->hint));
	fflush(stdout);
}

/* The resources that one of the open providers serves. */
static struct needed *needs_of(struct context *c, struct expansion *e,
			       size_t provider, size_t *n)
{
	struct needed *all = arena_new(c->arena, struct needed, e->n + 1);

	*n = 0;
	for (size_t i = 0; i < e->n; i++) {
		const struct resource *r = &e->resources[e->order[i]];
		struct needed *one = &all[*n];

		if (r->provider != provider || r->is_existing)
			continue;
		*one = (struct needed){
			.type = str_from(r->schema->name),
			.address = r->address,
			.exists = state_find(&c->state, r->address) != NULL,
		};
		if (expand_wanted(e, r->index, c->arena, &one->config, NULL) ==
		    0)
			++*n;
	}
	return all;
}

static int examine(struct context *c, struct expansion *e, const char *name,
		   struct findings *f, struct error *err)
{
	bool is_used = false;

	for (size_t i = 0; i < c->n_open; i++) {
		const struct open_provider *o = &c->open[i];
		struct needed *needs = NULL;
		struct examined *found = NULL;
		size_t n = 0, n_found = 0;

		if (!str_is(str_from(o->provider->name), name))
			continue;
		is_used = true;
		if (!o->provider->examine)
			return error_set(err, ERROR_INVALID,
					 "provider \"%s\" has nothing to "
					 "look at",
					 name);
		if (e)
			needs = needs_of(c, e, i, &n);
		o->provider->examine(o->self, needs, n, c->arena, &found,
				     &n_found);
		for (size_t k = 0; k < n_found; k++)
			tell(c, o->title, &found[k], f);
	}
	return is_used
		   ? 0
		   : error_set(err, ERROR_INVALID,
			       "the stack does not use provider \"%s\"", name);
}

static int run(struct context *c, void *data,
	       const struct option_list *operands)
{
	struct args *args = data;
	const char *name = operands->items[0];
	struct expansion *e = NULL;
	struct findings f = { 0 };
	struct error err = { 0 };
	size_t index;
	int result = run_take(c, &args->run, false);

	c->is_json = args->json;
	if (result != STATUS_DONE)
		return result;
	if (operands->n > 1) {
		/* Not as other commands begin: they give up at the first. */
		if (setup_config(c, operands->items[1], &err) == 0 &&
		    setup_state(c, ACCESS_READ, &err) == 0)
			e = expand(c, false, &err);
		result = e && !c->diags.n_errors ? 0 : -1;
	} else {
		result = provider_index(c, str_from(name), &index, &err);
	}
	if (result == 0)
		result = examine(c, e, name, &f, &err);
	if (result == 0 && args->json)
		show_json(value_list(f.list.items, f.list.n), false, stdout);
	if (result < 0)
		setup_fail(c, &err);
	vec_release(&f.list);
	setup_close(c, e);
	return result < 0 || f.is_bad ? STATUS_FAILED : STATUS_DONE;
}

static const struct option options[] = {
	RUN_OPTIONS_PARAMS(struct args, run),
	OPTION(struct args, json, "json", NULL, "as JSON"),
	OPTION_END,
};

const struct command cmd_doctor = {
	.name = "doctor",
	.usage = "PROVIDER [FILE]",
	.summary = "look at what a provider needs before anything is done",
	.help = "Of aws: credentials, region, permissions, quotas, roles, "
		"versions and classes;\nwith a stack file, what that stack "
		"needs. Changes nothing. Exit status 1 when\nsomething is "
		"bad.",
	.options = options,
	.args_size = sizeof(struct args),
	.least = 1,
	.most = 2,
	.run = run,
};
