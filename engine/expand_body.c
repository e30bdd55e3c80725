/*
 * In: the declarations of the root or of a component. Out: a slot for each of
 * its names, and findings about names that are declared twice, and types of
 * params that are none.
 */
#include <config.h>

#include "engine/expand_private.h"

#include "lang/base/error.h"
#include "lang/config.h"

#include <string.h>

struct str group_key(char *room, size_t n, struct str type, struct str name,
		     struct arena *a)
{
	if (type.n + 1 + name.n > n)
		return str_fmt(a, "%.*s.%.*s", STR_ARG(type), STR_ARG(name));
	memcpy(room, type.s, type.n);
	room[type.n] = '.';
	memcpy(room + type.n + 1, name.s, name.n);
	return (struct str){ room, type.n + 1 + name.n };
}

struct group_decl *body_group(const struct body *b, struct str type,
			      struct str name, struct arena *a)
{
	char room[256];

	return map_get(&b->groups,
		       group_key(room, sizeof(room), type, name, a));
}

/* What other languages call our types. */
static struct str type_meant(struct str wrong, struct str near)
{
	static const char *const words[][2] = {
		{ "int", "number" },	     { "integer", "number" },
		{ "float", "number" },	     { "double", "number" },
		{ "decimal", "number" },     { "boolean", "bool" },
		{ "str", "string" },	     { "text", "string" },
		{ "array", "list(string)" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (str_is(wrong, words[i][0]))
			return str_from(words[i][1]);
	return near;
}

void body_suggest_types(const struct expander *x, struct suggest *near)
{
	for (size_t i = 0; i < x->catalog.schemas.n; i++)
		suggest_try(near, x->catalog.schemas.entries[i].key);
	for (size_t i = 0; i < x->c->config->components.n; i++)
		suggest_try(near, x->c->config->components.entries[i].key);
}

/* Says so where a type names what is neither a resource nor a component. */
static bool check_type_names(struct expander *x, const struct type *t,
			     struct place place)
{
	bool is_good = true;

	if (t->kind == TYPE_REF && !map_has(&x->catalog.schemas, t->name) &&
	    !map_has(&x->c->config->components, t->name)) {
		struct suggest near = suggest_start(t->name);
		struct diag *to =
		    diag_error(x->diags, "E0210", place,
			       "unknown type \"%.*s\"", STR_ARG(t->name));

		for (const char *const *word = type_words; *word; word++)
			suggest_try(&near, str_from(*word));
		body_suggest_types(x, &near);
		near.best = type_meant(t->name, near.best);
		check_suggest(&near, x->diags, to);
		is_good = false;
	}
	for (size_t i = 0; t->parts && i < t->n; i++)
		is_good &= check_type_names(x, t->parts[i], place);
	return is_good;
}

static const struct type *param_type(struct expander *x,
				     const struct ast_param *p,
				     const struct source *source)
{
	struct error err = { 0 };
	uint32_t at = 0;
	struct place place = { source, p->type.span };
	const struct type *t;

	if (p->type.text.n == 0)
		return NULL;
	t = type_parse(p->type.text, x->arena, &at, &err);
	if (!t) {
		place.span.start += at;
		if (place.span.start >= place.span.end)
			place.span.start = p->type.span.start;
		diag_error(x->diags, "E0210", place, "%s", err.message);
		return NULL;
	}
	return check_type_names(x, t, place) ? t : NULL;
}

static void already_declared(struct expander *x, struct place place,
			     const char *kind, struct str name,
			     struct place first)
{
	struct diag *to =
	    diag_error(x->diags, "E0202", place,
		       "%s \"%.*s\" is declared twice", kind, STR_ARG(name));

	diag_note(x->diags, to, first, "first declared here");
}

static struct name_decl *add_name(struct expander *x, struct body *b,
				  struct map *in, struct name_decl decl)
{
	struct name_decl *n = arena_new(x->arena, struct name_decl, 1);
	struct name_decl *first = map_get(in, decl.name);

	if (first) {
		already_declared(x, decl.place,
				 decl.kind == NAME_OUTPUT ? "output" : "name",
				 decl.name, first->place);
		return first;
	}
	*n = decl;
	n->slot = b->n_bindings++;
	map_put(in, n->name, n);
	return n;
}

static void add_param(struct expander *x, struct body *b,
		      const struct ast_param *p, const struct source *source)
{
	const struct type *type = param_type(x, p, source);

	add_name(x, b, &b->names,
		 (struct name_decl){
		     .kind = NAME_PARAM,
		     .name = p->name,
		     .place = { source, p->name_span },
		     .value = p->fallback,
		     .param = p,
		     .type = type,
		     /* What has no type that is known fits nowhere. */
		     .is_broken = p->type.text.n && !type,
		 });
}

static void add_group(struct expander *x, struct body *b,
		      const struct ast_decl *d)
{
	struct group_decl *g = &b->decls[b->n_groups], *first;
	struct str key = group_key(b->keys, SIZE_MAX, d->type, d->name, NULL);

	b->keys[key.n] = '\0';
	first = map_add(&b->groups, key, g);
	if (first) {
		struct diag *to =
		    diag_error(x->diags, "E0202", decl_place(d),
			       "%.*s \"%.*s\" is declared twice",
			       STR_ARG(d->type), STR_ARG(d->name));

		diag_note(x->diags, to, decl_place(first->decl),
			  "first declared here");
		return;
	}
	b->keys += key.n + 1;
	g->key = key;
	g->decl = d;
	g->slot = (uint32_t)b->n_groups++;
	g->type = catalog_type(&x->catalog, d->type);
	g->is_single = g->type && !d->more->over;
}

static bool is_group(const struct ast_decl *d)
{
	return d->kind == DECL_INSTANCE || d->kind == DECL_EXISTING;
}

/*
 * Room for the groups and their keys: these stand together, because each
 * reference looks at one.
 */
static void make_room(struct expander *x, struct body *b,
		      struct ast_decl *const *decls, size_t n)
{
	size_t n_groups = 0, n_keys = 0;

	for (size_t i = 0; i < n; i++)
		if (is_group(decls[i])) {
			n_groups++;
			n_keys += decls[i]->type.n + decls[i]->name.n + 2;
		}
	b->decls = arena_new(x->arena, struct group_decl, n_groups);
	b->keys = arena_new(x->arena, char, n_keys);
	map_reserve(&b->groups, n_groups);
}

/*
 * output NAME = VALUE { depends_on = [ … ] }: who uses the output needs these
 * too, such as the server beside the cluster whose data it serves.
 */
static const struct ast_expr *output_depends_on(struct expander *x,
						const struct ast_decl *d)
{
	const struct ast_attr *depends_on =
	    ast_attr_find(&d->body, STR("depends_on"));

	for (size_t i = 0; i < d->body.n_attrs; i++) {
		const struct ast_attr *a = &d->body.attrs[i];

		if (a != depends_on)
			diag_error(x->diags, "E0203",
				   (struct place){ d->source, a->name_span },
				   "unrecognised attribute \"%.*s\" in output "
				   "\"%.*s\"",
				   STR_ARG(a->name), STR_ARG(d->name));
	}
	return depends_on ? depends_on->value : NULL;
}

static void add_decl(struct expander *x, struct body *b,
		     const struct ast_decl *d)
{
	switch (d->kind) {
	case DECL_PARAM:
		for (size_t i = 0; i < d->more->n_params; i++)
			add_param(x, b, &d->more->params[i], d->source);
		break;
	case DECL_LET:
		add_name(x, b, &b->names,
			 (struct name_decl){
			     .kind = NAME_LET,
			     .name = d->name,
			     .place = decl_place(d),
			     .value = d->value,
			 });
		break;
	case DECL_OUTPUT:
		add_name(x, b, &b->outputs,
			 (struct name_decl){
			     .kind = NAME_OUTPUT,
			     .name = d->name,
			     .place = decl_place(d),
			     .value = d->value,
			     .depends_on = output_depends_on(x, d),
			 });
		break;
	case DECL_INSTANCE:
	case DECL_EXISTING:
		add_group(x, b, d);
		break;
	case DECL_STACK:
	case DECL_PROVIDER:
	case DECL_CHECK:
		if (b->component)
			diag_error(x->diags, "E0206", decl_place(d),
				   "this can stand only outside of components");
		break;
	/* Not of a component: loading has said so. */
	case DECL_MOVED:
	case DECL_IMPORT:
	case DECL_REMOVED:
	case DECL_COMPONENT:
	case DECL_USE:
		break;
	}
}

static void fill_slots(struct expander *x, struct body *b)
{
	b->bindings = arena_new(x->arena, struct name_decl *,
				b->n_bindings ? b->n_bindings : 1);
	for (size_t i = 0; i < b->names.n; i++) {
		struct name_decl *n = b->names.entries[i].value;

		b->bindings[n->slot] = n;
	}
	for (size_t i = 0; i < b->outputs.n; i++) {
		struct name_decl *n = b->outputs.entries[i].value;

		b->bindings[n->slot] = n;
	}
}

/* The body of the component that a group makes instances of, or NULL. */
static const struct body *component_body(struct expander *x, struct str name)
{
	struct body *b = map_get(&x->bodies, name);
	const struct ast_decl *decl;

	decl = b ? NULL : map_get(&x->c->config->components, name);
	if (decl)
		b = body_new(x, decl);
	if (b)
		b->is_used = true;
	return b;
}

struct body *body_new(struct expander *x, const struct ast_decl *component)
{
	struct body *b = arena_new(x->arena, struct body, 1);
	struct ast_decl **decls = x->c->config->decls;
	size_t n = x->c->config->n_decls;

	b->component = component;
	if (component) {
		/* Known before its inside is looked at: it may name itself. */
		map_put(&x->bodies, component->name, b);
		decls = component->more->decls;
		n = component->more->n_decls;
		for (size_t i = 0; i < component->more->n_params; i++)
			add_param(x, b, &component->more->params[i],
				  component->source);
	}
	make_room(x, b, decls, n);
	for (size_t i = 0; i < n; i++)
		add_decl(x, b, decls[i]);
	fill_slots(x, b);
	for (size_t i = 0; i < b->n_groups; i++)
		if (!b->decls[i].type)
			b->decls[i].component =
			    component_body(x, b->decls[i].decl->type);
	return b;
}
