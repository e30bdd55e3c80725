/*
 * Which providers serve the stack, with what configuration, and which of them
 * serves a type.
 */
#include <config.h>

#include "engine/expand_private.h"

#include "lang/base/error.h"
#include "lang/config.h"

#include "engine/calls.h"
#include "engine/providers.h"

#include <string.h>

static const struct provider *find(const struct context *c, struct str name)
{
	for (size_t i = 0; c->providers && c->providers[i]; i++)
		if (str_is(name, c->providers[i]->name))
			return c->providers[i];
	return NULL;
}

static int open_one(struct context *c, const struct provider *p,
		    const char *title, struct value config, struct error *err)
{
	struct open_provider *open =
	    arena_new(c->arena, struct open_provider, c->n_open + 1);
	struct str path = str_from(c->path ? c->path : ".");
	ptrdiff_t slash = str_rfind(path, '/');
	struct provider_setup setup = {
		.stack = c->state.stack,
		.stack_uid = c->state.uid,
		.stack_folder = slash > 0    ? str_sub(path, 0, (size_t)slash)
				: slash == 0 ? STR("/")
					     : STR("."),
		.config = config,
		.is_write = c->run_id.n > 0,
		.run_id = c->run_id,
		.derive = setup_derive,
		.engine = c,
	};
	void *self = NULL;

	if (p->open && p->open(&setup, &self, err))
		return error_add(err, "opening provider \"%s\"", title);
	/* Few, and once a command: a new array each time. */
	if (c->n_open)
		memcpy(open, c->open, c->n_open * sizeof(*open));
	open[c->n_open] = (struct open_provider){
		.provider = p,
		.title = title,
		.self = self,
	};
	c->open = open;
	c->n_open++;
	return 0;
}

static void provider_defaults(struct context *c, const struct provider *p,
			      struct value *out)
{
	struct value_entry *entries;
	size_t n = 0, n_attrs;
	struct attr_info *attrs = check_attrs(p->config, &n_attrs, c->arena);

	entries = arena_new(c->arena, struct value_entry, n_attrs + 1);
	for (size_t i = 0; i < n_attrs; i++)
		if (!value_is_null(attrs[i].fallback))
			entries[n++] = (struct value_entry){
				str_from(attrs[i].schema->name),
				attrs[i].fallback,
			};
	*out = value_map(entries, n, c->arena);
}

int provider_index(struct context *c, struct str name, size_t *out,
		   struct error *err)
{
	const struct provider *p;
	struct value config;

	for (size_t i = 0; i < c->n_open; i++)
		if (str_is(name, c->open[i].title)) {
			*out = i;
			return 0;
		}
	if (str_find(name, '.') >= 0) {
		error_set(err, ERROR_NOT_FOUND,
			  "provider \"%.*s\" is not configured any more",
			  STR_ARG(name));
		return error_hint(err, "Its block is needed until what it "
				       "serves is destroyed.");
	}
	p = find(c, name);
	if (!p)
		return error_set(err, ERROR_NOT_FOUND,
				 "there is no provider \"%.*s\"",
				 STR_ARG(name));
	provider_defaults(c, p, &config);
	if (open_one(c, p, p->name, config, err))
		return -1;
	*out = c->n_open - 1;
	return 0;
}

/* -- What the stack says -------------------------------------------------- */

/* provider NAME LABEL { … } of the stack, or NULL. */
static const struct ast_decl *provider_decl(struct expander *x, struct str name,
					    struct str label)
{
	for (size_t i = 0; i < x->c->config->n_others; i++) {
		const struct ast_decl *d = x->c->config->others[i];

		if (d->kind == DECL_PROVIDER && str_eq(d->name, name) &&
		    str_eq(d->more->label, label))
			return d;
	}
	return NULL;
}

static int provider_config(struct expander *x, const struct provider *p,
			   const struct ast_decl *d, struct value *out)
{
	size_t n_attrs, n = 0, errors = x->diags->n_errors;
	struct attr_info *attrs = check_attrs(p->config, &n_attrs, x->arena);
	struct value_entry *entries =
	    arena_new(x->arena, struct value_entry, n_attrs + 1);
	struct check_target target = {
		.attrs = attrs,
		.n = n_attrs,
		.kind = "provider",
		.name = str_from(p->name),
	};

	if (d) {
		target.place = decl_place(d);
		check_body(&d->body, d->source, &target, x->diags);
	}
	for (size_t i = 0; i < n_attrs; i++) {
		struct str name = str_from(attrs[i].schema->name);
		const struct ast_attr *a =
		    d ? ast_attr_find(&d->body, name) : NULL;
		struct value v = attrs[i].fallback;
		uint64_t lookups = x->n_lookups;

		if (a && (scope_evaluate(x->root, NULL, a->value, attrs[i].type,
					 x->arena, &v) ||
			  unknown_is_told(x, v, lookups)))
			continue;
		if (!value_is_known(v)) {
			diag_error(x->diags, "E0305", expr_place(a->value),
				   "the configuration of a provider must be "
				   "known before apply");
			continue;
		}
		if (!value_is_null(v))
			entries[n++] = (struct value_entry){ name, v };
	}
	*out = value_map(entries, n, x->arena);
	return x->diags->n_errors > errors ? -1 : 0;
}

/* The name of the stack's provider: a bare word, or what an expression says. */
static int chosen_name(struct expander *x, const struct ast_attr *a,
		       struct str *out)
{
	static const struct type string = { .kind = TYPE_STRING };
	struct value v;

	if (a->value->kind == EXPR_NAME &&
	    !map_has(&x->root_body->names, ast_text(a->value))) {
		*out = ast_text(a->value);
		return 0;
	}
	if (scope_evaluate(x->root, NULL, a->value, &string, x->arena, &v))
		return -1;
	if (v.kind != VALUE_STRING) {
		/* What makes it unknown may have been reported. */
		if (!x->diags->n_errors)
			diag_error(x->diags, "E0305", expr_place(a->value),
				   "the provider must be known before apply");
		return -1;
	}
	*out = v.as.text;
	return 0;
}

static const struct provider *choose(struct expander *x,
				     const struct ast_decl *stack)
{
	const struct ast_attr *a = ast_attr_find(&stack->body, STR("provider"));
	const struct provider *p;
	struct suggest near;
	struct diag *to;
	struct str name;

	if (!a) {
		to = diag_error(x->diags, "E0307", decl_place(stack),
				"stack \"%.*s\" has no provider",
				STR_ARG(stack->name));
		diag_hint(x->diags, to, "Add provider = local.");
		return NULL;
	}
	if (chosen_name(x, a, &name))
		return NULL;
	p = find(x->c, name);
	if (!p) {
		to = diag_error(x->diags, "E0307", expr_place(a->value),
				"there is no provider \"%.*s\"", STR_ARG(name));
		near = suggest_start(name);
		for (size_t i = 0; x->c->providers[i]; i++)
			suggest_try(&near, str_from(x->c->providers[i]->name));
		check_suggest(&near, x->diags, to);
		return NULL;
	}
	return p;
}

/* In the order of the text: their numbers are the same in each command. */
static void find_sites(struct expander *x)
{
	struct str name = str_from(x->chosen->name);

	for (size_t i = 0; i < x->c->config->n_others; i++) {
		const struct ast_decl *d = x->c->config->others[i];

		if (d->kind == DECL_PROVIDER && d->more->label.n &&
		    str_eq(d->name, name) &&
		    provider_decl(x, d->name, d->more->label) == d)
			*vec_push(&x->sites) = d;
	}
}

int providers_choose(struct expander *x)
{
	const struct ast_decl *stack = x->c->config->stack;
	const struct ast_decl *block;

	x->core = find(x->c, STR("core"));
	x->chosen = choose(x, stack);
	if (!x->chosen)
		return -1;
	find_sites(x);
	block = provider_decl(x, str_from(x->chosen->name), (struct str){ 0 });
	if (provider_config(x, x->chosen, block, &x->chosen_config))
		return -1;
	x->site_configs = arena_new(x->arena, struct value, x->sites.n);
	for (size_t i = 0; i < x->sites.n; i++)
		if (provider_config(x, x->chosen, x->sites.items[i],
				    &x->site_configs[i]))
			return -1;
	return 0;
}

int providers_open(struct expander *x, struct error *err)
{
	struct context *c = x->c;
	size_t index;

	if (c->n_open)
		return 0;
	if (x->core && provider_index(c, STR("core"), &index, err))
		return -1;
	if (x->chosen != x->core &&
	    open_one(c, x->chosen, x->chosen->name, x->chosen_config, err))
		return -1;
	for (size_t i = 0; i < x->sites.n; i++) {
		const struct ast_decl *d = x->sites.items[i];
		const char *title =
		    str_fmt(c->arena, "%.*s.%.*s", STR_ARG(d->name),
			    STR_ARG(d->more->label))
			.s;

		if (open_one(c, x->chosen, title, x->site_configs[i], err))
			return -1;
	}
	return 0;
}

/* -- What a block says ------------------------------------------------------
 */

static void refuse_site(struct expander *x, struct place place,
			struct str label)
{
	struct suggest near = suggest_start(label);
	struct diag *to =
	    diag_error(x->diags, "E0310", place,
		       "there is no provider \"%.*s\"", STR_ARG(label));

	for (size_t i = 0; i < x->c->config->n_others; i++)
		if (x->c->config->others[i]->kind == DECL_PROVIDER)
			suggest_try(&near,
				    x->c->config->others[i]->more->label);
	check_suggest(&near, x->diags, to);
	if (!to->hint.n)
		diag_hint(x->diags, to,
			  "A second account or region is configured by a block "
			  "of its own: provider aws NAME { … }, and chosen by "
			  "provider = aws.NAME.");
}

/* The words of `aws` or `aws.prod`; false: something else. */
static bool site_words(const struct ast_expr *e, struct str *name,
		       struct str *label)
{
	*label = (struct str){ 0 };
	if (e->kind == EXPR_ATTR && e->left && e->left->kind == EXPR_NAME) {
		*label = ast_text(e);
		e = e->left;
	}
	*name = ast_text(e);
	return e->kind == EXPR_NAME;
}

void provider_check(struct expander *x, const struct ast_decl *d)
{
	const struct ast_attr *a = ast_attr_find(&d->body, STR("provider"));
	struct str name, label;
	struct place place;

	if (!a)
		return;
	place = expr_place(a->value);
	if (!site_words(a->value, &name, &label)) {
		diag_error(x->diags, "E0310", place,
			   "\"provider\" is the name of a provider: aws, or "
			   "aws.prod");
		return;
	}
	if (!find(x->c, name))
		refuse_site(x, place, name);
	else if (label.n && !provider_decl(x, name, label))
		refuse_site(x, place, label);
}

static void refuse_other(struct expander *x, struct place place,
			 struct str name)
{
	struct diag *to = diag_error(
	    x->diags, "E0310", place,
	    "provider \"%.*s\" does not serve this stack", STR_ARG(name));

	diag_hint(x->diags, to,
		  "A stack has one provider, %s; \"provider\" in a block "
		  "chooses among its accounts and regions.",
		  x->chosen->name);
}

/*
 * Where another provider serves the stack, it serves what is for one of the
 * sites of this one, too: a stack for two accounts is rehearsed on one machine.
 */
const struct life *provider_site(struct expander *x, const struct ast_decl *d,
				 const struct life *life)
{
	const struct ast_attr *a = ast_attr_find(&d->body, STR("provider"));
	struct str name, label;
	struct life *own;

	if (!a || !site_words(a->value, &name, &label))
		return life;
	own = arena_new(x->arena, struct life, 1);
	*own = *life;
	own->site = 0;
	if (x->chosen && !label.n && !str_is(name, x->chosen->name))
		refuse_other(x, expr_place(a->value), name);
	for (size_t i = 0; i < x->sites.n; i++)
		if (str_eq(x->sites.items[i]->name, name) &&
		    str_eq(x->sites.items[i]->more->label, label))
			own->site = i + 1;
	return own;
}

int provider_for(struct expander *x, const struct type_info *t, size_t site,
		 struct place place, size_t *out)
{
	const struct provider *p =
	    t->schema->is_built_in && x->core ? x->core : x->chosen;

	*out = 0;
	/* None could be chosen, which was said. */
	if (!p)
		return 0;
	/* Core stands first where there is one. */
	*out = p == x->core ? 0 : (x->core ? 1 : 0) + site;
	if (provider_type(p, str_from(t->schema->name)))
		return 0;
	diag_error(x->diags, "E0308", place,
		   "provider \"%s\" has no type \"%s\"", p->name,
		   t->schema->name);
	return -1;
}
