/*
 * In: a body with its slots. Out: each TYPE.NAME of its text bound to one, and
 * findings about all that can be told from the text alone: names that nothing
 * declares, attributes that a type does not have.
 */
#include <config.h>

#include "engine/expand_private.h"

#include "lang/config.h"
#include "lang/refs.h"

#include <string.h>

struct name_check {
	struct expander *x;
	const struct body *body;
	const struct ast_decl *decl; /* whose loop variables are in scope */
	bool has_vars;
	const struct type *wanted;    /* its enum members are words */
	bool takes_words;	      /* any bare word: a provider's name */
	bool is_plain;		      /* what was seen of it so far */
	VEC(uint32_t) needs;	      /* of the declaration */
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
		if (str_eq(c->body->decls[i].decl->type, r->name))
			suggest_try(&near, c->body->decls[i].decl->name);
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

/* What a declaration needs: see group_decl.needs. */
static void keep_ref(struct name_check *c, const struct group_decl *g)
{
	if (!g || !g->is_single)
		c->is_plain = false;
	else
		*vec_push(&c->needs) = g->slot;
}

static void check_ref(void *context, const struct ref *r)
{
	struct name_check *c = context;
	struct expander *x = c->x;

	if (is_variable(c, r->name)) {
		c->is_plain = false;
		return;
	}
	struct name_decl *name = map_get(&c->body->names, r->name);

	if (name) {
		c->is_plain = false;
		/* What only its own check looks at is not used. */
		name->is_used |= name != c->self;
		return;
	}
	/* aws.prod is no resource. */
	if (r->second.n && !c->takes_words) {
		struct group_decl *g =
		    r->node->bound
			? &c->body->decls[r->node->bound - 1]
			: body_group(c->body, r->name, r->second, x->arena);

		if (g)
			ast_bind(r->node, g->slot + 1);
		else
			unknown_reference(c, r);
		keep_ref(c, g);
		return;
	}
	c->is_plain = false;
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
	body_suggest_types(x, &near);
	check_suggest(&near, x->diags, to);
}

/* Declarations at once, and of how many: fewer are at hand anyway. */
enum { BIND_AHEAD = 32, BIND_LEAST = 1 << 14 };

/* References that are looked for together. */
struct batch {
	struct name_check *c;
	const struct ast_expr *nodes[MAP_MANY];
	struct str keys[MAP_MANY];
	size_t n;
	char room[1 << 13]; /* of the keys */
	size_t used;
};

static void batch_bind(struct batch *b)
{
	void *found[MAP_MANY];

	map_get_many(&b->c->body->groups, b->keys, b->n, found);
	for (size_t i = 0; i < b->n; i++)
		if (found[i])
			ast_bind(b->nodes[i],
				 ((struct group_decl *)found[i])->slot + 1);
	b->n = b->used = 0;
}

static void batch_add(void *context, const struct ref *r)
{
	struct batch *b = context;
	size_t n = r->name.n + 1 + r->second.n;

	/* The rest is for check_ref(). */
	if (!r->second.n || n > 256 || is_variable(b->c, r->name) ||
	    map_has(&b->c->body->names, r->name))
		return;
	if (b->n == MAP_MANY || n > sizeof(b->room) - b->used)
		batch_bind(b);
	b->nodes[b->n] = r->node;
	b->keys[b->n++] =
	    group_key(b->room + b->used, n, r->name, r->second, NULL);
	b->used += n;
}

/* Binds what attributes from one declaration to another refer to. */
static void bind_ahead(struct name_check *c, size_t from, size_t to)
{
	struct batch b = { .c = c };

	c->has_vars = true;
	for (size_t i = from; i < to; i++) {
		const struct ast_body *body = &c->body->decls[i].decl->body;

		c->decl = c->body->decls[i].decl;
		for (size_t k = 0; k < body->n_attrs; k++)
			if (!str_is(body->attrs[k].name, "provider"))
				refs_find(body->attrs[k].value, batch_add, &b);
	}
	batch_bind(&b);
	c->has_vars = false;
}

static void keep_needs(const struct name_check *c, struct group_decl *g)
{
	const struct ast_body *b = &g->decl->body;
	bool is_plain = c->is_plain && g->type && b->n_blocks == 0 &&
			!g->decl->more->over && !g->decl->more->condition;

	for (size_t i = 0; i < b->n_attrs; i++)
		is_plain &= !check_is_common_attr(b->attrs[i].name);
	if (!is_plain)
		return;
	g->is_plain = true;
	g->n_needs = (uint32_t)c->needs.n;
	g->needs = arena_new(c->x->arena, uint32_t, c->needs.n);
	if (c->needs.n)
		memcpy(g->needs, c->needs.items,
		       c->needs.n * sizeof(*g->needs));
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
		struct group_decl *g = &b->decls[i];

		if (b->n_groups >= BIND_LEAST && i % BIND_AHEAD == 0)
			bind_ahead(&c, i,
				   i + BIND_AHEAD < b->n_groups ? i + BIND_AHEAD
								: b->n_groups);
		c.is_plain = true;
		c.needs.n = 0;
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
		keep_needs(&c, g);
	}
	vec_release(&c.needs);
}
