/*
 * In: a loaded configuration. Out: every resource instance, numbered in the
 * order of the text, with what it needs; each evaluated once as far as values
 * are known, so that mistakes show before anything outside is asked.
 */
#include <config.h>

#include "engine/expand.h"

#include "engine/expand_private.h"

#include "lang/base/error.h"
#include "lang/config.h"

#include "engine/address.h"
#include "engine/inputs.h"

#include <stdlib.h>

/* -- Instances to resources ----------------------------------------------- */

/* A type that cannot be looked for is read by its id. */
static void check_findable(struct expander *x, const struct resource *r)
{
	struct str type = str_from(r->schema->name);
	const struct resource_type *t =
	    x->chosen ? provider_type(x->chosen, type) : NULL;
	struct diag *to;

	if (!t || ast_attr_find(&r->decl->body, STR("id")) ||
	    (t->ops->lookup && r->decl->body.n_attrs))
		return;
	to = diag_error(x->diags, "E0220", r->place,
			"existing %.*s \"%.*s\" has no \"id\"", STR_ARG(type),
			STR_ARG(r->decl->name));
	diag_hint(x->diags, to, "Add id = … (string)%s.",
		  t->ops->lookup ? ", or other attributes that say which one "
				   "it is"
				 : "");
}

static const struct life no_life;

static void add_resource(struct expander *x, struct instance_scope *i,
			 const struct type_info *t, struct str address,
			 const struct ast_block *node, const struct span name)
{
	const struct ast_decl *d = i->group->decl->decl;
	const struct life *life = i->life;
	struct resource r = {
		.index = x->resources.n,
		.address = address,
		.decl = d,
		.schema = t->schema,
		.type = t,
		.place = { d->source, name },
		.scope = i,
		.node = node,
		.is_existing = d->kind == DECL_EXISTING,
	};

	if (r.is_existing)
		life = &no_life;
	if (node)
		life = life_read(i->group->scope, i, &node->body, life);
	r.prevent_destroy = life->prevent_destroy;
	r.keep_on_destroy = life->keep_on_destroy;
	r.create_before_destroy = life->create_before_destroy;
	x->creates_first |= r.create_before_destroy;
	if (life->has_timeouts)
		r.timeouts = &life->timeouts;
	life_ignored(x, resource_body(&r), &r);
	if (provider_for(x, t, i->life->site, r.place, &r.provider))
		x->has_failed = true;
	else if (r.is_existing)
		check_findable(x, &r);
	*vec_push(&x->resources) = r;
}

static void number_scope(struct expander *x, struct scope *s);

static void number_instance(struct expander *x, struct instance_scope *i)
{
	const struct group_decl *g = i->group->decl;
	const struct instance_scope *around = i->group->scope->self;
	const struct ast_body *b = &g->decl->body;

	i->first = (uint32_t)x->resources.n;
	i->life = provider_site(
	    x, g->decl,
	    life_read(i->group->scope, i, b, around ? around->life : &no_life));
	if (g->component) {
		struct scope *inner = instance_inner(i);

		if (inner)
			number_scope(x, inner);
	} else if (g->type) {
		add_resource(x, i, g->type, i->object.address, NULL,
			     g->decl->name_span);
		if (g->is_single)
			i->group->scope->singles[g->slot] = i->first + 1;
	}
	for (size_t k = 0; g->type && k < b->n_blocks; k++) {
		const struct ast_block *node = &b->blocks[k];
		const struct block_schema *s =
		    schema_block(g->type->schema, node->name);

		if (!s || s->kind != BLOCK_NODES)
			continue;
		add_resource(
		    x, i, catalog_type(&x->catalog, str_from(s->node_type)),
		    address_make(x->arena, i->object.address, node->name,
				 node->label, false, (struct str){ 0 }),
		    node, node->label.n ? node->label_span : node->name_span);
	}
	i->end = (uint32_t)x->resources.n;
}

static void number_scope(struct expander *x, struct scope *s)
{
	/* Params and their checks, also of those that nothing uses. */
	for (size_t i = 0; i < s->body->n_bindings; i++) {
		struct value v;

		if (s->bindings[i].decl->kind == NAME_PARAM)
			binding_value(s, &s->bindings[i], x->arena, &v);
	}
	for (size_t i = 0; i < s->body->n_groups; i++) {
		struct group *g = &s->groups[i];

		if (group_open(g))
			continue;
		for (size_t k = 0; k < g->n; k++) {
			if (x->resources.n > INSTANCES_MAX) {
				diag_error(x->diags, "E0303",
					   decl_place(g->decl->decl),
					   "more than %d resources",
					   INSTANCES_MAX);
				return;
			}
			number_instance(x, &g->instances[k]);
		}
	}
}

const struct resource *expand_find(const struct expansion *e,
				   struct str address)
{
	struct expander *x = e ? e->private : NULL;

	if (!x)
		return NULL;
	if (!x->by_address.n) {
		map_reserve(&x->by_address, e->n);
		for (size_t i = 0; i < e->n; i++)
			map_put(&x->by_address, e->resources[i].address,
				&e->resources[i]);
	}
	return map_get(&x->by_address, address);
}

/* -- The stack ------------------------------------------------------------ */

static void stack_block(struct expander *x, const struct ast_decl *stack)
{
	static const struct type string = { .kind = TYPE_STRING };
	static const struct type *const part[] = { &string };
	static const struct type map = {
		.kind = TYPE_MAP,
		.parts = (const struct type **)(void *)part,
		.n = 1,
	};
	const struct ast_attr *tags = ast_attr_find(&stack->body, STR("tags"));

	x->e->stack = stack->name;
	x->e->stack_tags = value_null();
	for (size_t i = 0; i < stack->body.n_attrs; i++) {
		const struct ast_attr *a = &stack->body.attrs[i];

		if (!str_is(a->name, "provider") && !str_is(a->name, "tags"))
			diag_error(
			    x->diags, "E0203",
			    (struct place){ stack->source, a->name_span },
			    "unrecognised attribute \"%.*s\" in stack "
			    "\"%.*s\"",
			    STR_ARG(a->name), STR_ARG(stack->name));
	}
	if (tags &&
	    scope_evaluate(x->root, NULL, tags->value, &map, x->arena,
			   &x->e->stack_tags) == 0 &&
	    !value_is_known(x->e->stack_tags)) {
		diag_error(x->diags, "E0305", expr_place(tags->value),
			   "the stack's tags must be known before apply");
		x->e->stack_tags = value_null();
	}
	if (tags)
		rules_check_stack_tags(x, expr_place(tags->value));
}

static void collect(struct expander *x)
{
	struct config *c = x->c->config;
	const struct ast_decl **outputs =
	    arena_new(x->arena, const struct ast_decl *, c->n_others + 1);
	const struct ast_decl **checks =
	    arena_new(x->arena, const struct ast_decl *, c->n_others + 1);

	x->e->outputs = outputs;
	x->e->checks = checks;
	for (size_t i = 0; i < c->n_others; i++) {
		if (c->others[i]->kind == DECL_OUTPUT)
			outputs[x->e->n_outputs++] = c->others[i];
		if (c->others[i]->kind == DECL_CHECK)
			checks[x->e->n_checks++] = c->others[i];
	}
}

static void root_params(struct expander *x, struct map *params)
{
	for (size_t i = 0; i < x->root_body->names.n; i++) {
		struct map_entry *e = &x->root_body->names.entries[i];

		if (((struct name_decl *)e->value)->kind == NAME_PARAM)
			map_put(params, e->key, e->value);
	}
}

/* Names, then values: what is misspelt is told once, where it stands. */
static void check_names(struct expander *x)
{
	struct map params = { 0 };

	x->root_body = body_new(x, NULL);
	/* Those that nothing uses have mistakes, too. */
	for (size_t i = 0; i < x->c->config->components.n; i++) {
		struct map_entry *e = &x->c->config->components.entries[i];

		if (!map_has(&x->bodies, e->key))
			body_new(x, e->value);
	}
	body_check(x, x->root_body);
	for (size_t i = 0; i < x->bodies.n; i++)
		body_check(x, x->bodies.entries[i].value);
	root_params(x, &params);
	inputs_check(x->c, &params);
	map_release(&params);
}

/* -1: there is none, or its provider cannot be used. */
static int choose_stack(struct expander *x)
{
	const struct ast_decl *stack = x->c->config->stack;

	if (!stack)
		return -1;
	stack_block(x, stack);
	if (x->c->state.stack.n == 0)
		x->c->state.stack = x->e->stack;
	return providers_choose(x);
}

static struct expander *expander_new(struct context *c, bool check_only)
{
	struct expander *x = arena_new(c->arena, struct expander, 1);

	x->e = arena_new(c->arena, struct expansion, 1);
	x->e->context = c;
	x->e->private = x;
	x->c = c;
	x->arena = c->arena;
	x->diags = &c->diags;
	x->check_only = check_only;
	x->n_errors = c->diags.n_errors;
	if (!c->diags.arena)
		c->diags.arena = c->arena;
	catalog_init(&x->catalog, c->schemas, c->arena);
	return x;
}

struct expansion *expand_text(struct context *c, bool check_only)
{
	struct expander *x;

	if (!c->config)
		return NULL;
	x = expander_new(c, check_only);
	collect(x);
	check_names(x);
	x->root = scope_new(x, x->root_body, NULL);
	/* What is wrong elsewhere is told all the same. */
	if (choose_stack(x))
		x->check_only = true;
	number_scope(x, x->root);
	x->e->resources = x->resources.items;
	x->e->n = x->resources.n;
	declared_find(x);
	deps_find(x);
	life_propagate(x);
	return x->e;
}

struct expansion *expand_values(struct expansion *e, struct error *err)
{
	struct expander *x = e ? e->private : NULL;

	if (!x)
		return NULL;
	if (!x->check_only && providers_open(x, err) < 0) {
		if (x->diags->n_errors == x->n_errors) {
			expansion_release(e);
			return NULL;
		}
		x->check_only = true;
	}
	values_check(x);
	unused_report(x);
	return e;
}

struct expansion *expand(struct context *c, bool check_only, struct error *err)
{
	return expand_values(expand_text(c, check_only), err);
}

void expand_check_components(struct context *c)
{
	struct expander *x = expander_new(c, true);
	const struct map *components = &c->config->components;

	/* One names another, so that some are there already. */
	for (size_t i = 0; i < components->n; i++)
		if (!map_has(&x->bodies, components->entries[i].key))
			body_new(x, components->entries[i].value);
	for (size_t i = 0; i < x->bodies.n; i++)
		body_check(x, x->bodies.entries[i].value);
	expansion_release(x->e);
}

int expand_output(struct expansion *e, const struct ast_decl *output,
		  struct arena *a, struct value *out)
{
	struct expander *x = e->private;
	struct name_decl *d = map_get(&x->root_body->outputs, output->name);
	size_t errors = x->diags->n_errors;

	*out = value_unknown();
	if (!d)
		return -1;
	binding_value(x->root, &x->root->bindings[d->slot], a, out);
	*out = value_plain(*out, a);
	return x->diags->n_errors > errors ? -1 : 0;
}

int expand_check(struct expansion *e, const struct ast_decl *check,
		 const char *attr, struct arena *a, struct value *out)
{
	struct expander *x = e->private;
	const struct ast_attr *written =
	    ast_attr_find(&check->body, str_from(attr));

	*out = value_null();
	if (!written)
		return 0;
	return scope_evaluate(x->root, NULL, written->value, NULL, a, out);
}

bool resource_is_in(const struct resource *r, const struct source *s)
{
	const struct instance_scope *i = r->scope;

	for (; i; i = i->group->scope->self)
		if (i->group->decl->decl->source == s)
			return true;
	return false;
}

void expansion_release(struct expansion *e)
{
	struct expander *x = e ? e->private : NULL;

	if (!x)
		return;
	for (size_t i = 0; i < x->bodies.n; i++) {
		struct body *b = x->bodies.entries[i].value;

		map_release(&b->names);
		map_release(&b->outputs);
		map_release(&b->groups);
	}
	if (x->root_body) {
		map_release(&x->root_body->names);
		map_release(&x->root_body->outputs);
		map_release(&x->root_body->groups);
	}
	declared_release(x);
	map_release(&x->bodies);
	map_release(&x->by_address);
	catalog_release(&x->catalog);
	vec_release(&x->resources);
	vec_release(&x->joins);
	vec_release(&x->busy);
	vec_release(&x->sites);
	map_release(&x->documents);
	free(x->gather.items);
	e->private = NULL;
}
