/*
 * Values of names: params, lets, outputs, loop variables, and what TYPE.NAME
 * stands for. Everything is evaluated when first asked for and kept.
 */
#include <config.h>

#include "engine/expand_private.h"

#include "lang/config.h"

#include "engine/address.h"
#include "engine/inputs.h"

#include <string.h>

/* Each begins a line of the processor's cache, and fills it. */
static struct group *groups_new(struct arena *a, size_t n)
{
	char *p = arena_alloc(a, n + 1, sizeof(struct group));

	_Static_assert(sizeof(struct group) == 64, "more than one line");
	return (void *)(p + (-(uintptr_t)p & (sizeof(struct group) - 1)));
}

struct scope *scope_new(struct expander *x, const struct body *b,
			const struct instance_scope *self)
{
	struct scope *s = arena_new(x->arena, struct scope, 1);

	s->x = x;
	s->body = b;
	s->self = self;
	s->depth = self ? self->group->scope->depth + 1 : 0;
	s->bindings = arena_new(x->arena, struct binding,
				b->n_bindings ? b->n_bindings : 1);
	s->groups = groups_new(x->arena, b->n_groups);
	s->singles = arena_new(x->arena, uint32_t, b->n_groups);
	for (size_t i = 0; i < b->n_bindings; i++)
		s->bindings[i].decl = b->bindings[i];
	for (size_t i = 0; i < b->n_groups; i++) {
		s->groups[i].decl = &b->decls[i];
		s->groups[i].scope = s;
	}
	return s;
}

const struct ast_attr *instance_argument(const struct instance_scope *i,
					 struct str param)
{
	return i ? ast_attr_find(&i->group->decl->decl->body, param) : NULL;
}

struct group *scope_group(struct scope *s, const struct ast_expr *x)
{
	struct group_decl *decl;

	if (x->bound)
		return &s->groups[x->bound - 1];
	decl = body_group(s->body, ast_text(x->left), ast_text(x), s->x->arena);
	return decl ? &s->groups[decl->slot] : NULL;
}

/* -- Callbacks of eval ---------------------------------------------------- */

static bool find_name(struct eval *e, struct str name, struct value *out)
{
	struct env *env = (struct env *)e;
	struct name_decl *decl;

	if (env->vars && name.n) {
		const struct ast_decl *d = env->vars->group->decl->decl;

		if (str_eq(d->more->key, name)) {
			*out = value_str(env->vars->each->key);
			return true;
		}
		if (str_eq(d->more->val, name)) {
			*out = env->vars->each->value;
			return true;
		}
	}
	decl = map_get(&env->scope->body->names, name);
	if (!decl && config_is_torn(env->scope->x->c->config, name)) {
		*out = value_unknown();
		return true;
	}
	if (!decl)
		return false;
	binding_value(env->scope, &env->scope->bindings[decl->slot], e->arena,
		      out);
	return true;
}

static bool find_reference(struct eval *e, const struct ast_expr *x,
			   struct value *out)
{
	struct env *env = (struct env *)e;
	const struct config *c = env->scope->x->c->config;
	struct group *g = scope_group(env->scope, x);

	if (config_is_torn(c, ast_text(x->left)) ||
	    (!g && config_is_torn(c, ast_text(x)))) {
		*out = value_unknown();
		return true;
	}
	if (!g)
		return false;
	/* What has no type that is known fits nowhere, which was said. */
	if (group_open(g) || !g->has_type)
		*out = value_unknown();
	else
		*out = g->value;
	return true;
}

static void find_near(struct eval *e, struct str wrong, struct str *near)
{
	struct env *env = (struct env *)e;
	const struct body *b = env->scope->body;
	struct suggest n = suggest_start(wrong);

	if (!expand_suggests(env->scope->x))
		return;
	for (size_t i = 0; i < b->names.n; i++)
		suggest_try(&n, b->names.entries[i].key);
	for (size_t i = 0; i < b->groups.n; i++)
		suggest_try(&n, b->groups.entries[i].key);
	*near = n.best;
}

void scope_env(struct scope *s, const struct instance_scope *vars,
	       struct arena *a, struct env *out)
{
	*out = (struct env){
		.eval = {
			.arena = a,
			.diags = s->x->diags,
			.context = s,
			.name = find_name,
			.reference = find_reference,
			.suggest = find_near,
		},
		.scope = s,
		.vars = vars,
	};
}

int scope_evaluate(struct scope *s, const struct instance_scope *vars,
		   const struct ast_expr *x, const struct type *wanted,
		   struct arena *a, struct value *out)
{
	size_t from = s->x->diags->n;
	struct env env;
	int result;

	scope_env(s, vars, a, &env);
	result = eval_expr(&env.eval, x, wanted, out);
	scope_trace(s, from);
	return result;
}

/* -- References to what is known by its id alone -------------------------- */

static bool id_get(const struct object *o, struct str name, struct arena *a,
		   struct value *out)
{
	const struct str *id = o->data;

	(void)a;
	*out = value_str(*id);
	return str_is(name, "id");
}

static struct value id_reference(struct str type, struct str id, unsigned marks,
				 struct arena *a)
{
	struct object *o = arena_new(a, struct object, 1);
	struct str *kept = arena_new(a, struct str, 1);

	*kept = id;
	*o = (struct object){
		.type = type,
		.address = id,
		.data = kept,
		.get = id_get,
	};
	return value_mark(
	    (struct value){ .kind = VALUE_OBJECT, .as.object = o }, marks);
}

/* Such references are of the arena that they were evaluated in. */
static struct value keep_references(struct value v, struct arena *a)
{
	if (v.kind == VALUE_OBJECT && v.as.object->get == id_get)
		return id_reference(v.as.object->type,
				    str_dup(v.as.object->address, a), v.marks,
				    a);
	return value_each(v, keep_references, a);
}

/* -- Params, lets, outputs ------------------------------------------------ */

/* The param's own check, in the scope that it belongs to; -1: not allowed. */
static int check_param(struct scope *s, const struct name_decl *d,
		       struct arena *a)
{
	const struct ast_attr *check =
	    ast_attr_find(&d->param->body, STR("check"));
	const struct ast_attr *message =
	    ast_attr_find(&d->param->body, STR("message"));
	static const struct type boolean = { .kind = TYPE_BOOL };
	size_t from = s->x->diags->n;
	struct value v;

	if (!check || scope_evaluate(s, NULL, check->value, &boolean, a, &v) ||
	    value_is_unknown(v) || (v.kind == VALUE_BOOL && v.as.boolean))
		return 0;
	struct value text = value_null();
	struct place place = d->place;
	const struct ast_attr *argument = instance_argument(s->self, d->name);

	/* It may tell the value. */
	if (message &&
	    (scope_evaluate(s, NULL, message->value, NULL, a, &text) ||
	     (value_marks(text) & MARK_SECRET)))
		text = value_null();
	if (argument)
		place = expr_place(argument->value);
	struct diag *to =
	    diag_error(s->x->diags, "E0304", place,
		       "param \"%.*s\" has a value that is not allowed%s"
		       "%.*s",
		       STR_ARG(d->name), text.kind == VALUE_STRING ? ": " : "",
		       text.kind == VALUE_STRING ? (int)text.as.text.n : 0,
		       text.kind == VALUE_STRING ? text.as.text.s : "");

	diag_note(s->x->diags, to, expr_place(check->value),
		  "this must be true");
	scope_trace(argument ? s->self->group->scope : s, from);
	return -1;
}

static int param_value(struct scope *s, const struct name_decl *d,
		       struct arena *a, struct value *out)
{
	const struct ast_attr *argument = instance_argument(s->self, d->name);

	if (argument)
		return scope_evaluate(s->self->group->scope, s->self,
				      argument->value, d->type, a, out);
	if (!s->self) {
		int given = input_value(s->x->c, d->param, d->type, a, out);

		if (given)
			return given < 0 ? -1 : 0;
	}
	if (d->value)
		return scope_evaluate(s, NULL, d->value, d->type, a, out);
	if (!s->self)
		input_missing(s->x->c, d->param, d->place);
	*out = value_unknown();
	return -1;
}

static void evaluate_binding(struct scope *s, struct binding *b,
			     struct arena *a, struct value *out)
{
	const struct name_decl *d = b->decl;

	*out = value_unknown();
	switch (d->kind) {
	case NAME_PARAM:
		if (d->is_broken || param_value(s, d, a, out))
			*out = value_unknown();
		if (d->param->is_secret)
			*out = value_mark(*out, MARK_SECRET);
		break;
	case NAME_LET:
	case NAME_OUTPUT:
		if (d->value)
			scope_evaluate(s, NULL, d->value, NULL, a, out);
		break;
	}
}

static void too_deep(struct expander *x, struct place place)
{
	diag_error(x->diags, "E0303", place,
		   "more than %d values stand behind each other",
		   EVALUATE_DEPTH_MAX);
}

void binding_value(struct scope *s, struct binding *b, struct arena *a,
		   struct value *out)
{
	struct expander *x = s->x;
	uint64_t lookups = x->n_lookups, missing = x->n_missing;

	if (b->progress == FINISHED &&
	    (!b->used_lookup ||
	     (x->e->lookup && b->lookup_context == x->e->lookup_context))) {
		*out = b->value;
		return;
	}
	*out = value_unknown();
	if (b->progress == AT_WORK) {
		b->is_circular = true;
		circle_report(x, b);
		return;
	}
	if (x->depth == EVALUATE_DEPTH_MAX) {
		too_deep(x, b->decl->place);
		return;
	}
	b->progress = AT_WORK;
	*vec_push(&x->busy) = (struct busy){ .binding = b, .scope = s };
	x->depth++;
	evaluate_binding(s, b, a, out);
	x->depth--;
	x->busy.n--;
	b->progress = NOT_BEGUN;
	/*
	 * Kept for good when no resource was asked; for this lookup when all
	 * that were asked could answer, and nothing will become known later.
	 */
	b->used_lookup = x->n_lookups != lookups;
	if (!b->used_lookup ||
	    (x->e->lookup && x->n_missing == missing && value_is_known(*out))) {
		b->value = value_copy(*out, x->arena);
		if (b->used_lookup)
			b->value = keep_references(b->value, x->arena);
		b->lookup_context = x->e->lookup_context;
		b->progress = FINISHED;
		*out = b->value;
		/* Once: its check looks at the param by name. */
		if (b->decl->kind == NAME_PARAM && !b->used_lookup &&
		    check_param(s, b->decl, a))
			*out = b->value = value_unknown();
	}
}

/* -- Attributes of existing objects --------------------------------------- */

static struct value as_reference(const struct type *t, struct value v,
				 struct arena *a)
{
	if (value_is_unknown(v))
		return v;
	if ((t->kind == TYPE_LIST || t->kind == TYPE_SET) &&
	    v.kind == VALUE_LIST) {
		struct value *items =
		    arena_new(a, struct value, v.as.list.n + 1);

		/* A type is nested as deep as it is written, which is little.
		 */
		for (size_t i = 0; i < v.as.list.n; i++)
			items[i] =
			    as_reference(t->parts[0], v.as.list.items[i], a);
		return value_mark(value_list(items, v.as.list.n), v.marks);
	}
	if (t->kind != TYPE_REF || v.kind != VALUE_STRING)
		return v;
	return id_reference(t->name, v.as.text, v.marks, a);
}

/* Before any plan: what is written of it is known. */
static bool written_of_existing(const struct resource *r, struct str name,
				const struct attr_info *info,
				struct expander *x, struct arena *a,
				struct value *out)
{
	static const struct type string = { .kind = TYPE_STRING };
	const struct ast_attr *w = ast_attr_find(&r->decl->body, name);
	bool is_good;

	if (!w || x->depth == EVALUATE_DEPTH_MAX)
		return false;
	x->depth++;
	is_good = scope_evaluate(r->scope->group->scope, r->scope, w->value,
				 info ? info->type : &string, a, out) == 0 &&
		  !value_is_null(*out);
	x->depth--;
	return is_good;
}

static bool existing_get(const struct resource *r, struct expander *x,
			 struct str name, struct arena *a, struct value *out)
{
	const struct attr_info *info = resource_attr(r, name);
	const struct value *now =
	    x->e->lookup ? x->e->lookup(x->e->lookup_context, r->index) : NULL;
	const struct value *v = now ? value_get_str(*now, name) : NULL;
	unsigned marks =
	    info && (info->schema->flags & ATTR_SECRET) ? MARK_SECRET : 0;

	if (!info && !str_is(name, "id"))
		return false;
	x->n_lookups++;
	x->n_missing += !now;
	/* While the text is checked nothing but what is written is known. */
	*out = now && !x->is_checking ? value_null() : value_unknown();
	if (v)
		*out = *v;
	else if (!x->e->lookup)
		if (!written_of_existing(r, name, info, x, a, out))
			*out = value_unknown();
	if (info && info->has_reference)
		*out = as_reference(info->type, *out, a);
	*out = value_mark(*out, marks);
	return true;
}

/* -- Instances ------------------------------------------------------------ */

/*
 * What an attribute is that a lookup does not have. While the text is checked,
 * lookups give what is wanted alone, but of what stays as it is.
 */
static struct value absent(const struct expander *x, size_t index,
			   const struct attr_info *info)
{
	bool is_given = !info || (info->schema->flags & ATTR_COMPUTED);

	if (!x->is_checking || !is_given ||
	    (x->checked && x->prior[index] && x->checked[index].state))
		return value_null();
	return value_unknown();
}

static bool resource_get(const struct resource *r, struct expander *x,
			 struct str name, struct arena *a, struct value *out)
{
	const struct attr_info *info = resource_attr(r, name);
	const struct value *now, *v;
	unsigned marks = 0;

	if (r->is_existing)
		return existing_get(r, x, name, a, out);
	if (!info && !str_is(name, "id"))
		return false;
	if (info && (info->schema->flags & ATTR_SECRET))
		marks = MARK_SECRET;
	x->n_lookups++;
	/* What refers to a resource goes on referring to it. */
	if (info && info->has_reference && x->depth < EVALUATE_DEPTH_MAX) {
		x->depth++;
		int failed = wanted_attr(x, r, info, a, out, NULL);

		x->depth--;
		if (failed)
			*out = value_unknown();
		else if (value_is_null(*out) &&
			 (info->schema->flags & ATTR_COMPUTED))
			goto look;
		return true;
	}
look:
	now =
	    x->e->lookup ? x->e->lookup(x->e->lookup_context, r->index) : NULL;
	if (now) {
		v = value_get_str(*now, name);
		*out = value_mark(v ? *v : absent(x, r->index, info), marks);
		return true;
	}
	x->n_missing++;
	*out = value_mark(value_unknown(), marks);
	/* Before any plan: what is written is known. */
	if (!x->e->lookup && info && x->depth < EVALUATE_DEPTH_MAX) {
		x->depth++;
		if (wanted_attr(x, r, info, a, out, NULL) ||
		    (value_is_null(*out) &&
		     (info->schema->flags & ATTR_COMPUTED)))
			*out = value_unknown();
		*out = value_mark(*out, marks);
		x->depth--;
	}
	return true;
}

static bool object_get(const struct object *o, struct str name, struct arena *a,
		       struct value *out)
{
	struct instance_scope *i = o->data;
	struct expander *x = i->group->scope->x;

	if (o->is_component) {
		struct scope *inner = instance_inner(i);
		struct name_decl *d =
		    inner ? map_get(&inner->body->outputs, name) : NULL;

		if (!inner) {
			*out = value_unknown();
			return true;
		}
		if (!d)
			return false;
		binding_value(inner, &inner->bindings[d->slot], a, out);
		return true;
	}
	if (i->end > i->first)
		return resource_get(&x->resources.items[i->first], x, name, a,
				    out);
	/* Its type is unknown, which was said. */
	if (!i->group->decl->type) {
		*out = value_unknown();
		return true;
	}
	/* Not numbered yet: only what is written can be known. */
	struct resource r = {
		.scope = i,
		.schema = i->group->decl->type->schema,
		.type = i->group->decl->type,
		.index = SIZE_MAX,
		.decl = i->group->decl->decl,
		.is_existing = i->group->decl->decl->kind == DECL_EXISTING,
	};

	return resource_get(&r, x, name, a, out);
}

const struct instance_scope *object_instance(const struct object *o)
{
	return o->get == object_get && !o->is_component ? o->data : NULL;
}

struct scope *instance_inner(struct instance_scope *i)
{
	struct scope *around = i->group->scope;

	if (i->inner)
		return i->inner;
	if (around->depth == EXPAND_DEPTH_MAX) {
		diag_error(around->x->diags, "E0303",
			   decl_place(i->group->decl->decl),
			   "components stand in each other more than %d deep",
			   EXPAND_DEPTH_MAX);
		return NULL;
	}
	i->inner = scope_new(around->x, i->group->decl->component, i);
	return i->inner;
}

/* each: NULL where the group is not keyed. */
static void instance_init(struct instance_scope *i, struct group *g,
			  const struct value_entry *each)
{
	struct expander *x = g->scope->x;
	const struct ast_decl *d = g->decl->decl;
	struct str around =
	    g->scope->self ? g->scope->self->object.address : (struct str){ 0 };

	i->group = g;
	i->each = each;
	i->object = (struct object){
		.type = d->type,
		.address = g->decl->key,
		.is_component = g->decl->component != NULL,
		.data = i,
		.get = object_get,
	};
	if (around.n || each)
		i->object.address =
		    address_make(x->arena, around, d->type, d->name, each,
				 each ? each->key : (struct str){ 0 });
}

bool unknown_is_told(const struct expander *x, struct value v, uint64_t lookups)
{
	return value_is_unknown(v) && x->diags->n_errors &&
	       x->n_lookups == lookups;
}

/* Whether the instance shall exist; -1: not known, or findings. */
static int is_wanted(struct group *g, const struct instance_scope *i)
{
	static const struct type boolean = { .kind = TYPE_BOOL };
	const struct ast_expr *x = g->decl->decl->more->condition;
	uint64_t lookups = g->scope->x->n_lookups;
	struct value v;

	if (!x)
		return 1;
	if (scope_evaluate(g->scope, i, x, &boolean, g->scope->x->arena, &v) ||
	    unknown_is_told(g->scope->x, v, lookups))
		return -1;
	if (v.kind != VALUE_BOOL || value_is_unknown(v)) {
		struct diag *to =
		    diag_error(g->scope->x->diags, "E0305", expr_place(x),
			       "whether this exists is known only after apply");

		diag_hint(g->scope->x->diags, to,
			  "Decide by params and "
			  "values that are written in the stack.");
		return -1;
	}
	return v.as.boolean;
}

static int add_instance(struct group *g, const struct value_entry *each)
{
	struct instance_scope *i = &g->instances[g->n];

	instance_init(i, g, each);
	switch (is_wanted(g, i)) {
	case 0:
		return 0;
	case 1:
		g->n++;
		return 0;
	}
	return -1;
}

static int list_instances(struct group *g, struct value list)
{
	const struct ast_decl *d = g->decl->decl;
	struct expander *x = g->scope->x;
	struct value_entry *entries =
	    arena_new(x->arena, struct value_entry, list.as.list.n);
	struct map seen = { 0 };
	int result = 0;

	for (size_t k = 0; k < list.as.list.n && result == 0; k++) {
		struct value item = list.as.list.items[k];

		if (item.kind != VALUE_STRING) {
			struct diag *to = diag_error(
			    x->diags, "E0306", expr_place(d->more->over),
			    "instances are keyed by strings, found a %s",
			    value_kind_name(item));

			diag_hint(x->diags, to,
				  "Use a list of strings, or a "
				  "map with the keys wanted.");
			result = -1;
		} else if (map_put(&seen, item.as.text, d->more->over)) {
			diag_error(x->diags, "E0306", expr_place(d->more->over),
				   "key \"%.*s\" comes twice",
				   STR_ARG(item.as.text));
			result = -1;
		} else {
			entries[k].key = item.as.text;
			entries[k].value = item;
			result = add_instance(g, &entries[k]);
		}
	}
	map_release(&seen);
	return result;
}

static int map_instances(struct group *g, struct value map)
{
	for (size_t k = 0; k < map.as.map.n; k++)
		if (add_instance(g, &map.as.map.entries[k]))
			return -1;
	return 0;
}

static int keyed_instances(struct group *g)
{
	const struct ast_decl *d = g->decl->decl;
	struct expander *x = g->scope->x;
	uint64_t lookups = x->n_lookups;
	struct value over;
	struct diag *to;

	if (scope_evaluate(g->scope, NULL, d->more->over, NULL, x->arena,
			   &over) ||
	    unknown_is_told(x, over, lookups))
		return -1;
	if (value_marks(over) & MARK_SECRET) {
		diag_error(x->diags, "E0306", expr_place(d->more->over),
			   "a secret cannot be the key of instances");
		return -1;
	}
	if (value_is_unknown(over) ||
	    (over.kind == VALUE_LIST && !value_is_known(over))) {
		to = diag_error(x->diags, "E0305", expr_place(d->more->over),
				"the instances are known only after apply");
		diag_hint(x->diags, to,
			  "Use keys that are written in the "
			  "stack, and unknown values only behind them.");
		return -1;
	}
	if (over.kind != VALUE_LIST && over.kind != VALUE_MAP) {
		diag_error(x->diags, "E0306", expr_place(d->more->over),
			   "\"for\" takes a list or a map, found a %s",
			   value_kind_name(over));
		return -1;
	}
	size_t n = over.kind == VALUE_LIST ? over.as.list.n : over.as.map.n;

	if (n > INSTANCES_MAX) {
		diag_error(x->diags, "E0303", expr_place(d->more->over),
			   "more than %d instances", INSTANCES_MAX);
		return -1;
	}
	g->instances = arena_new(x->arena, struct instance_scope, n ? n : 1);
	return over.kind == VALUE_LIST ? list_instances(g, over)
				       : map_instances(g, over);
}

static int make_instances(struct group *g)
{
	struct expander *x = g->scope->x;

	g->is_keyed = g->decl->decl->more->over != NULL;
	if (!g->is_keyed) {
		g->instances = arena_new(x->arena, struct instance_scope, 1);
		if (add_instance(g, NULL))
			return -1;
		if (g->n)
			g->value = (struct value){
				.kind = VALUE_OBJECT,
				.as.object = &g->instances[0].object,
			};
		return 0;
	}
	if (keyed_instances(g))
		return -1;
	struct value_entry *entries =
	    arena_new(x->arena, struct value_entry, g->n ? g->n : 1);

	for (size_t i = 0; i < g->n; i++) {
		entries[i].key = g->instances[i].each->key;
		entries[i].value.kind = VALUE_OBJECT;
		entries[i].value.as.object = &g->instances[i].object;
	}
	g->value = value_map(entries, g->n, x->arena);
	return 0;
}

int group_open(struct group *g)
{
	struct expander *x = g->scope->x;

	if (g->progress == FINISHED)
		return g->value.marks & MARK_UNKNOWN ? -1 : 0;
	if (g->progress == AT_WORK) {
		circle_report(x, g);
		return -1;
	}
	if (x->depth == EVALUATE_DEPTH_MAX) {
		too_deep(x, decl_place(g->decl->decl));
		return -1;
	}
	size_t from = x->diags->n;

	g->progress = AT_WORK;
	g->has_type = g->decl->type || g->decl->component;
	*vec_push(&x->busy) = (struct busy){ .group = g, .scope = g->scope };
	x->depth++;
	if (make_instances(g)) {
		g->n = 0;
		g->value = value_unknown();
	}
	x->depth--;
	x->busy.n--;
	scope_trace(g->scope, from);
	g->progress = FINISHED;
	return g->value.marks & MARK_UNKNOWN ? -1 : 0;
}

const struct instance_scope *group_instance(const struct group *g,
					    struct str key)
{
	const struct value *v = value_get_str(g->value, key);

	return v ? v->as.object->data : NULL;
}
