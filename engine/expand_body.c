/*
 * In: the declarations of the root or of a component. Out: a slot for each of
 * its names, and findings about all that can be told from the text alone: names
 * that nothing declares, attributes that a type does not have.
 */
#include <config.h>

#include "engine/expand_private.h"

#include "lang/base/error.h"
#include "lang/config.h"
#include "lang/refs.h"

#include <string.h>

/* The key of a declaration in body.groups. */
static struct str group_key(char *room, size_t n, struct str type,
			    struct str name, struct arena *a)
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

static void suggest_types(const struct expander *x, struct suggest *near)
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
		suggest_types(x, &near);
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
	struct str key = str_join(d->type, ".", d->name, x->arena);
	struct group_decl *g = arena_new(x->arena, struct group_decl, 1);
	struct group_decl *first = map_add(&b->groups, key, g);

	if (first) {
		struct diag *to =
		    diag_error(x->diags, "E0202", decl_place(d),
			       "%.*s \"%.*s\" is declared twice",
			       STR_ARG(d->type), STR_ARG(d->name));

		diag_note(x->diags, to, decl_place(first->decl),
			  "first declared here");
		return;
	}
	g->decl = d;
	g->slot = b->n_groups++;
	g->type = catalog_type(&x->catalog, d->type);
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
	b->decls = arena_new(x->arena, struct group_decl *,
			     b->n_groups ? b->n_groups : 1);
	for (size_t i = 0; i < b->groups.n; i++)
		b->decls[i] = b->groups.entries[i].value;
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
	for (size_t i = 0; i < n; i++)
		add_decl(x, b, decls[i]);
	fill_slots(x, b);
	for (size_t i = 0; i < b->n_groups; i++)
		if (!b->decls[i]->type)
			b->decls[i]->component =
			    component_body(x, b->decls[i]->decl->type);
	return b;
}

/* -- Names in expressions ------------------------------------------------- */

struct name_check {
	struct expander *x;
	const struct body *body;
	const struct ast_decl *decl; /* whose loop variables are in scope */
	bool has_vars;
	const struct type *wanted;    /* its enum members are words */
	bool takes_words;	      /* any bare word: a provider's name */
	const struct name_decl *self; /* whose body it is, or NULL */
};

static bool is_enum_member(const struct type *t, struct str name)
{
	if (!t)
		return false;
	if (t->kind == TYPE_ENUM) {
		for (size_t i = 0; i < t->n; i++)
			if (str_eq(t->names[i], name))
				return true;
		return false;
	}
	for (size_t i = 0; t->parts && i < t->n; i++)
		if (is_enum_member(t->parts[i], name))
			return true;
	return false;
}

static bool is_variable(const struct name_check *c, struct str name)
{
	return c->has_vars && name.n &&
	       (str_eq(c->decl->more->key, name) ||
		str_eq(c->decl->more->val, name));
}

static void unknown_reference(struct name_check *c, const struct ref *r)
{
	struct expander *x = c->x;
	char room[256];
	struct str key =
	    group_key(room, sizeof(room), r->name, r->second, x->arena);
	bool is_type = map_has(&x->catalog.schemas, r->name) ||
		       map_has(&x->c->config->components, r->name);
	struct suggest near = suggest_start(is_type ? r->second : r->name);
	struct diag *to;

	if (config_is_torn(x->c->config, is_type ? r->second : r->name))
		return;
	to = is_type ? diag_error(x->diags, "E0251", r->place,
				  "there is no %.*s \"%.*s\"", STR_ARG(r->name),
				  STR_ARG(r->second))
		     : diag_error(x->diags, "E0251", r->place,
				  "unknown name \"%.*s\"", STR_ARG(r->name));
	if (c->body->component && x->root_body &&
	    map_has(&x->root_body->groups, key)) {
		diag_hint(x->diags, to,
			  "A component sees only its params and "
			  "what it declares itself; hand it in as a param.");
		return;
	}
	if (!expand_suggests(x))
		return;
	for (size_t i = 0; is_type && i < c->body->n_groups; i++)
		if (str_eq(c->body->decls[i]->decl->type, r->name))
			suggest_try(&near, c->body->decls[i]->decl->name);
	if (is_type && near.best.n) {
		diag_hint(x->diags, to, "Did you mean \"%.*s.%.*s\"?",
			  STR_ARG(r->name), STR_ARG(near.best));
		return;
	}
	for (size_t i = 0; !is_type && i < x->catalog.schemas.n; i++)
		suggest_try(&near, x->catalog.schemas.entries[i].key);
	for (size_t i = 0; !is_type && i < c->body->names.n; i++)
		suggest_try(&near, c->body->names.entries[i].key);
	check_suggest(&near, x->diags, to);
}

static void check_ref(void *context, const struct ref *r)
{
	struct name_check *c = context;
	struct expander *x = c->x;

	if (is_variable(c, r->name))
		return;
	struct name_decl *name = map_get(&c->body->names, r->name);

	if (name) {
		/* What only its own check looks at is not used. */
		name->is_used |= name != c->self;
		return;
	}
	/* aws.prod is no resource. */
	if (r->second.n && !c->takes_words) {
		struct group_decl *g =
		    body_group(c->body, r->name, r->second, x->arena);

		if (g)
			ast_bind(r->node, g->slot + 1);
		else
			unknown_reference(c, r);
		return;
	}
	if (c->takes_words || is_enum_member(c->wanted, r->name) ||
	    config_is_torn(x->c->config, r->name))
		return;
	struct suggest near = suggest_start(r->name);
	struct diag *to = diag_error(x->diags, "E0251", r->place,
				     "unknown name \"%.*s\"", STR_ARG(r->name));

	if (c->body->component && x->root_body &&
	    map_has(&x->root_body->names, r->name)) {
		diag_hint(x->diags, to,
			  "A component sees only its params and what it "
			  "declares itself; hand it in as a param.");
		return;
	}
	/* Of an enumeration its members are told when it is evaluated. */
	if ((c->wanted && c->wanted->kind == TYPE_ENUM) || !expand_suggests(x))
		return;
	for (size_t i = 0; i < c->body->names.n; i++)
		suggest_try(&near, c->body->names.entries[i].key);
	if (c->has_vars) {
		suggest_try(&near, c->decl->more->key);
		suggest_try(&near, c->decl->more->val);
	}
	check_suggest(&near, x->diags, to);
}

static void check_expr(struct name_check *c, const struct ast_expr *e,
		       const struct type *wanted)
{
	if (!e)
		return;
	c->wanted = wanted;
	refs_find(e, check_ref, c);
}

/* Attributes of a body whose types are those of `attrs`. */
static void check_exprs(struct name_check *c, const struct ast_body *b,
			const struct attr_info *attrs, size_t n)
{
	for (size_t i = 0; i < b->n_attrs; i++) {
		const struct type *wanted = NULL;

		for (size_t k = 0; k < n; k++)
			if (str_is(b->attrs[i].name, attrs[k].schema->name))
				wanted = attrs[k].type;
		c->takes_words = str_is(b->attrs[i].name, "provider");
		check_expr(c, b->attrs[i].value, wanted);
		c->takes_words = false;
	}
}

/* lifecycle, timeouts; t is NULL in a component's instance. */
static void check_common_block(struct name_check *c, const struct ast_block *b,
			       const struct type_info *t)
{
	life_check(c->x, c->decl->source, b, t);
	for (size_t i = 0; i < b->body.n_attrs; i++)
		/* These are names of attributes, which life_check looked at. */
		if (!str_is(b->body.attrs[i].name, "ignore"))
			check_expr(c, b->body.attrs[i].value, NULL);
}

static void check_resource(struct name_check *c, const struct group_decl *g)
{
	struct expander *x = c->x;
	const struct ast_decl *d = g->decl;
	char *kind = str_c(d->type, x->arena);
	struct check_target target = {
		.attrs = g->type->attrs,
		.n = g->type->n,
		.type = g->type,
		.kind = kind,
		.name = d->name,
		.is_resource = true,
		.place = decl_place(d),
	};

	check_body(&d->body, d->source, &target, x->diags);
	check_exprs(c, &d->body, g->type->attrs, g->type->n);
	for (size_t i = 0; i < d->body.n_blocks; i++) {
		const struct ast_block *b = &d->body.blocks[i];
		const struct block_info *info =
		    type_info_block(g->type, b->name);

		if (!info) {
			if (check_is_common_block(b->name))
				check_common_block(c, b, g->type);
			continue;
		}
		if (info->schema->kind == BLOCK_LIST)
			check_exprs(c, &b->body, info->attrs, info->n);
		if (info->schema->kind != BLOCK_NODES)
			continue;
		const struct type_info *node = catalog_type(
		    &x->catalog, str_from(info->schema->node_type));
		struct check_target inner = {
			.attrs = node->attrs,
			.n = node->n,
			.type = node,
			.node = info,
			.kind = info->schema->name,
			.name = b->label,
			.is_resource = true,
			.place = { d->source, b->name_span },
		};

		check_body(&b->body, d->source, &inner, x->diags);
		check_exprs(c, &b->body, node->attrs, node->n);
		for (size_t k = 0; k < b->body.n_blocks; k++)
			if (check_is_common_block(b->body.blocks[k].name))
				check_common_block(c, &b->body.blocks[k], node);
	}
}

/*
 * An existing object is found by what is written of it, by any attribute; it
 * has neither a life cycle nor parts of its own.
 */
static void check_existing(struct name_check *c, const struct group_decl *g)
{
	static const struct attr_schema common[] = {
		{ "id", "string", ATTR_OPTIONAL, NULL, "" },
		{ "depends_on", "any", ATTR_OPTIONAL, NULL, "" },
		{ "provider", "any", ATTR_OPTIONAL, NULL, "" },
		{ 0 },
	};
	struct expander *x = c->x;
	const struct type_info *t = g->type;
	struct check_target target = {
		.kind = str_fmt(x->arena, "existing %s", t->schema->name).s,
		.name = g->decl->name,
		.place = decl_place(g->decl),
	};
	const struct attr_info *given =
	    check_attrs(common, &target.n, x->arena);
	struct attr_info *all =
	    arena_new(x->arena, struct attr_info, target.n + t->n);

	memcpy(all, given, target.n * sizeof(*all));
	for (size_t i = 0; i < t->n; i++) {
		struct attr_schema *s =
		    arena_new(x->arena, struct attr_schema, 1);

		*s = *t->attrs[i].schema;
		s->flags = ATTR_OPTIONAL;
		all[target.n] = t->attrs[i];
		all[target.n++].schema = s;
	}
	target.attrs = all;
	if (t->schema->is_built_in)
		diag_error(x->diags, "E0318", decl_place(g->decl),
			   "a %s does not exist outside of dmsl",
			   t->schema->name);
	check_body(&g->decl->body, g->decl->source, &target, x->diags);
	check_exprs(c, &g->decl->body, all, target.n);
}

static bool is_param(const struct body *b, struct str name)
{
	const struct name_decl *n = map_get(&b->names, name);

	return n && n->kind == NAME_PARAM;
}

/* The param that a misspelt argument may have meant; or empty. */
static struct str argument_meant(const struct body *b, struct str wrong)
{
	struct suggest near = suggest_start(wrong);

	for (size_t k = 0; k < b->names.n; k++)
		if (is_param(b, b->names.entries[k].key))
			suggest_try(&near, b->names.entries[k].key);
	return near.best;
}

static bool is_argument_misspelt(const struct body *b,
				 const struct ast_body *given, struct str param)
{
	for (size_t i = 0; i < given->n_attrs; i++)
		if (!is_param(b, given->attrs[i].name) &&
		    str_eq(argument_meant(b, given->attrs[i].name), param))
			return true;
	return false;
}

static void check_arguments(struct name_check *c, const struct group_decl *g)
{
	struct expander *x = c->x;
	const struct ast_decl *d = g->decl;
	const struct body *b = g->component;

	check_repeated(&d->body, d->source, x->diags);
	for (size_t i = 0; i < d->body.n_attrs; i++) {
		const struct ast_attr *a = &d->body.attrs[i];
		struct name_decl *n = map_get(&b->names, a->name);
		struct place place = { d->source, a->name_span };

		c->takes_words = str_is(a->name, "provider");
		if (n && n->kind == NAME_PARAM) {
			check_expr(c, a->value, n->type);
			continue;
		}
		check_expr(c, a->value, NULL);
		c->takes_words = false;
		if (check_is_common_attr(a->name))
			continue;
		struct suggest near = { .best = argument_meant(b, a->name) };
		struct diag *to = diag_error(
		    x->diags, "E0203", place,
		    "unrecognised attribute \"%.*s\" in %.*s \"%.*s\"",
		    STR_ARG(a->name), STR_ARG(d->type), STR_ARG(d->name));

		check_suggest(&near, x->diags, to);
	}
	for (size_t i = 0; i < b->names.n; i++) {
		struct name_decl *n = b->names.entries[i].value;

		if (n->kind != NAME_PARAM || n->value ||
		    ast_attr_find(&d->body, n->name) ||
		    is_argument_misspelt(b, &d->body, n->name))
			continue;
		struct diag *to = diag_error(x->diags, "E0220", decl_place(d),
					     "%.*s \"%.*s\" has no \"%.*s\"",
					     STR_ARG(d->type), STR_ARG(d->name),
					     STR_ARG(n->name));

		diag_note(x->diags, to, n->place, "the param is declared here");
	}
	for (size_t i = 0; i < d->body.n_blocks; i++)
		if (check_is_common_block(d->body.blocks[i].name))
			check_common_block(c, &d->body.blocks[i], NULL);
		else
			diag_error(x->diags, "E0222",
				   (struct place){
				       d->source, d->body.blocks[i].name_span },
				   "component \"%.*s\" takes no blocks",
				   STR_ARG(d->type));
}

static void check_check(struct name_check *c, const struct ast_decl *d)
{
	static const struct attr_schema attrs[] = {
		{ "on", "any", ATTR_REQUIRED, NULL, "" },
		{ "query", "string", ATTR_REQUIRED, NULL, "" },
		{ "expect", "any", ATTR_REQUIRED, NULL, "" },
		{ 0 },
	};
	struct check_target target = {
		.kind = "check",
		.name = d->name,
		.place = decl_place(d),
	};

	target.attrs = check_attrs(attrs, &target.n, c->x->arena);
	check_body(&d->body, d->source, &target, c->x->diags);
	check_exprs(c, &d->body, NULL, 0);
}

static void check_param(struct name_check *c, const struct ast_param *p,
			const struct source *source)
{
	static const struct attr_schema attrs[] = {
		{ "description", "string", ATTR_OPTIONAL, NULL, "" },
		{ "check", "bool", ATTR_OPTIONAL, NULL, "" },
		{ "message", "string", ATTR_OPTIONAL, NULL, "" },
		{ 0 },
	};
	struct check_target target = {
		.kind = "param",
		.name = p->name,
		.place = { source, p->name_span },
	};
	struct name_decl *n = map_get(&c->body->names, p->name);

	check_expr(c, p->fallback, n ? n->type : NULL);
	if (!p->body.n_attrs && !p->body.n_blocks)
		return;
	target.attrs = check_attrs(attrs, &target.n, c->x->arena);
	check_body(&p->body, source, &target, c->x->diags);
	c->self = n;
	check_exprs(c, &p->body, NULL, 0);
	c->self = NULL;
}

static void check_decl(struct name_check *c, const struct ast_decl *d)
{
	switch (d->kind) {
	case DECL_PARAM:
		for (size_t i = 0; i < d->more->n_params; i++)
			check_param(c, &d->more->params[i], d->source);
		break;
	case DECL_LET:
		check_expr(c, d->value, NULL);
		break;
	case DECL_OUTPUT:
		check_expr(c, d->value, NULL);
		check_exprs(c, &d->body, NULL, 0);
		break;
	case DECL_CHECK:
		check_check(c, d);
		break;
	case DECL_STACK:
		check_repeated(&d->body, d->source, c->x->diags);
		check_exprs(c, &d->body, NULL, 0);
		break;
	case DECL_IMPORT:
		check_expr(c, d->more->value2, NULL);
		break;
	case DECL_REMOVED:
		check_exprs(c, &d->body, NULL, 0);
		break;
	case DECL_PROVIDER:
	case DECL_INSTANCE:
	case DECL_EXISTING:
	case DECL_COMPONENT:
	case DECL_USE:
	case DECL_MOVED:
		break;
	}
}

/* Loading has found it too; the nearest name is what is added here. */
static void unknown_type(struct expander *x, const struct ast_decl *d)
{
	if (config_is_torn(x->c->config, d->type))
		return;
	struct suggest near = suggest_start(d->type);
	struct diag *to = diag_error(
	    x->diags, "E0201", (struct place){ d->source, d->type_span },
	    "unknown resource type or component \"%.*s\"", STR_ARG(d->type));

	if (to->hint.n)
		return;
	suggest_types(x, &near);
	check_suggest(&near, x->diags, to);
}

void body_check(struct expander *x, const struct body *b)
{
	struct name_check c = { .x = x, .body = b };
	struct ast_decl **decls = x->c->config->decls;
	size_t n = x->c->config->n_decls;

	if (b->component) {
		decls = b->component->more->decls;
		n = b->component->more->n_decls;
		for (size_t i = 0; i < b->component->more->n_params; i++)
			check_param(&c, &b->component->more->params[i],
				    b->component->source);
	}
	for (size_t i = 0; i < n; i++)
		check_decl(&c, decls[i]);
	for (size_t i = 0; i < b->n_groups; i++) {
		const struct group_decl *g = b->decls[i];

		c.decl = g->decl;
		c.has_vars = false;
		check_expr(&c, g->decl->more->over, NULL);
		c.has_vars = true;
		check_expr(&c, g->decl->more->condition, NULL);
		provider_check(x, g->decl);
		if (g->type && g->decl->kind == DECL_EXISTING)
			check_existing(&c, g);
		else if (g->type)
			check_resource(&c, g);
		else if (g->component)
			check_arguments(&c, g);
		else
			unknown_type(x, g->decl);
		c.has_vars = false;
	}
}
