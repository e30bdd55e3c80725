/*
 * In: an expansion and the state. Out: values of expressions that come from
 * elsewhere, evaluated in the root's scope.
 */
#include <config.h>

#include "engine/expand_ask.h"

#include "engine/diff.h"
#include "engine/expand_private.h"
#include "engine/state.h"

/* -- What resources are --------------------------------------------------- */

static const struct value *known(void *context, size_t index)
{
	const struct asking *q = context;

	return value_is_null(q->known[index]) ? NULL : &q->known[index];
}

/* By the addresses that the moves of the text bring them to. */
static void find_recorded(struct asking *q, struct context *c,
			  struct map *recorded)
{
	size_t n;
	struct state_resource **all = state_sorted(&c->state, q->arena, &n);

	for (size_t i = 0; i < n; i++) {
		struct str to;

		if (!expand_moved(q->e, all[i]->address, q->arena, &to))
			to = all[i]->address;
		map_put(recorded, to, all[i]);
	}
}

/* What only a provider gives, of what the state has. */
static struct value given(const struct resource *r,
			  const struct state_resource *s, struct arena *a)
{
	struct value now = diff_convert(r->type, s->attrs, a);
	size_t n = now.kind == VALUE_MAP ? now.as.map.n : 0, n_kept = 0;
	struct value_entry *kept = arena_new(a, struct value_entry, n + 2);

	for (size_t i = 0; i < n; i++) {
		const struct value_entry *e = &now.as.map.entries[i];
		const struct attr_info *info = resource_attr(r, e->key);

		if (info && (info->schema->flags & ATTR_COMPUTED))
			kept[n_kept++] = *e;
	}
	kept[n_kept++] = (struct value_entry){ STR("id"), value_str(s->id) };
	return value_map(kept, n_kept, a);
}

static struct value attributes(struct asking *q, const struct resource *r,
			       const struct state_resource *s)
{
	struct value written;

	expand_wanted(q->e, r->index, q->arena, &written, NULL);
	if (r->is_existing)
		return diff_existing(r->type, written, q->arena);
	if (!s || !str_is(s->type, r->schema->name))
		return diff_to_come(r->type, written, q->arena);
	return diff_overlay(given(r, s, q->arena), written, q->arena);
}

/* In the order of what needs what, so that none waits for another. */
static void find_attributes(struct asking *q, struct context *c)
{
	struct expander *x = q->e->private;
	struct diags quiet = { .arena = q->arena }, *told = x->diags;
	struct map recorded = { 0 };

	find_recorded(q, c, &recorded);
	x->diags = &quiet;
	for (size_t k = 0; k < q->e->n; k++) {
		const struct resource *r = &q->e->resources[q->e->order[k]];

		q->known[r->index] =
		    attributes(q, r, map_get(&recorded, r->address));
	}
	x->diags = told;
	diags_release(&quiet);
	map_release(&recorded);
}

void asking_open(struct asking *q, struct context *c, struct expansion *e)
{
	*q = (struct asking){ .e = e, .arena = c->arena };
	if (!e)
		return;
	q->known = arena_new(q->arena, struct value, e->n + 1);
	e->lookup = known;
	e->lookup_context = q;
	find_attributes(q, c);
}

void asking_close(struct asking *q)
{
	map_release(&q->names);
	if (!q->e)
		return;
	q->e->lookup = NULL;
	q->e->lookup_context = NULL;
}

/* -- Evaluation ----------------------------------------------------------- */

struct asked {
	struct env env; /* first: callbacks get a pointer to it */
	struct asking *q;
	/* Those of the root, behind the asker's own names. */
	bool (*name)(struct eval *e, struct str name, struct value *out);
	void (*suggest)(struct eval *e, struct str wrong, struct str *near);
};

static bool find_name(struct eval *e, struct str name, struct value *out)
{
	struct asked *asked = (struct asked *)(void *)e;
	const struct value *own = map_get(&asked->q->names, name);

	if (own) {
		*out = *own;
		return true;
	}
	return asked->name && asked->name(e, name, out);
}

static void find_near(struct eval *e, struct str wrong, struct str *near)
{
	struct asked *asked = (struct asked *)(void *)e;
	struct suggest s = suggest_start(wrong);

	for (size_t i = 0; i < asked->q->names.n; i++)
		suggest_try(&s, asked->q->names.entries[i].key);
	*near = s.best;
	if (!near->n && asked->suggest)
		asked->suggest(e, wrong, near);
}

int asking_evaluate(struct asking *q, const struct ast_expr *x, struct arena *a,
		    struct diags *d, struct value *out)
{
	struct asked asked = {
		.env.eval = { .arena = a, .diags = d },
		.q = q,
	};
	struct expander *expander = q->e ? q->e->private : NULL;
	struct diags *told;
	int result;

	if (!expander) {
		asked.env.eval.name = find_name;
		asked.env.eval.suggest = find_near;
		return eval_expr(&asked.env.eval, x, NULL, out);
	}
	told = expander->diags;
	expander->diags = d;
	scope_env(expander->root, NULL, a, &asked.env);
	asked.name = asked.env.eval.name;
	asked.suggest = asked.env.eval.suggest;
	asked.env.eval.name = find_name;
	asked.env.eval.suggest = find_near;
	result = eval_expr(&asked.env.eval, x, NULL, out);
	expander->diags = told;
	return result;
}

void asking_add(struct asking *q, struct str name, struct value v)
{
	struct value *kept = arena_new(q->arena, struct value, 1);

	*kept = v;
	map_put(&q->names, str_dup(name, q->arena), kept);
}

bool asking_has(const struct asking *q, struct str name)
{
	const struct expander *x = q->e ? q->e->private : NULL;

	return map_has(&q->names, name) ||
	       (x && map_has(&x->root_body->names, name));
}

/* -- Names ---------------------------------------------------------------- */

void asking_names(const struct asking *q,
		  void (*found)(void *context, struct str name), void *context)
{
	const struct expander *x = q->e ? q->e->private : NULL;
	const struct body *b = x ? x->root_body : NULL;

	for (size_t i = 0; i < q->names.n; i++)
		found(context, q->names.entries[i].key);
	for (size_t i = 0; b && i < b->names.n; i++)
		found(context, b->names.entries[i].key);
	for (size_t i = 0; b && i < b->groups.n; i++)
		found(context, b->groups.entries[i].key);
}

/* The body whose outputs an instance of a component has, or NULL. */
static const struct body *component_of(const struct object *o)
{
	const struct instance_scope *i = o->data;

	return o->is_component ? i->group->decl->component : NULL;
}

static void object_members(const struct asking *q, const struct object *o,
			   void (*found)(void *context, struct str name),
			   void *context)
{
	const struct body *b = component_of(o);
	const struct resource *r = b ? NULL : expand_find(q->e, o->address);

	for (size_t i = 0; b && i < b->outputs.n; i++)
		found(context, b->outputs.entries[i].key);
	if (b)
		return;
	found(context, STR("id"));
	for (size_t i = 0; r && i < r->type->n; i++)
		found(context, r->type->attrs[i].name);
}

void asking_members(const struct asking *q, struct value v,
		    void (*found)(void *context, struct str name),
		    void *context)
{
	if (v.kind == VALUE_OBJECT)
		object_members(q, v.as.object, found, context);
	else if (v.kind == VALUE_MAP && !(v.marks & MARK_SECRET))
		for (size_t i = 0; i < v.as.map.n; i++)
			found(context, v.as.map.entries[i].key);
}

struct insides {
	const struct object *object;
	struct arena *arena;
	VEC(struct value_entry) entries;
};

static void add_inside(void *context, struct str name)
{
	struct insides *in = context;
	struct value v;

	if (in->object->get(in->object, name, in->arena, &v) &&
	    !value_is_null(v))
		*vec_push(&in->entries) = (struct value_entry){ name, v };
}

struct value asking_inside(struct asking *q, struct value v, struct arena *a,
			   struct diags *d)
{
	struct insides in = { .object = v.as.object, .arena = a };
	struct expander *x = q->e ? q->e->private : NULL;
	struct diags *told;
	struct value out;

	if (v.kind != VALUE_OBJECT || !x)
		return v;
	told = x->diags;
	x->diags = d;
	object_members(q, in.object, add_inside, &in);
	x->diags = told;
	out = value_mark(value_map(in.entries.items, in.entries.n, a), v.marks);
	vec_release(&in.entries);
	return out;
}
