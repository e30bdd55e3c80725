/*
 * In: numbered resources. Out: for each the resources that it needs, found in
 * the text alone, so that both sides of a condition count. What a let, a param
 * or an output needs is found once; a name that stands for one object leads to
 * what is used of that object, not to all of it.
 */
#include <config.h>

#include "engine/expand_private.h"

#include "lang/refs.h"

#include "engine/address.h"
#include "engine/graph.h"

#include <stdlib.h>
#include <string.h>

/* Of fewer resources each is named: in the state that says more. */
enum { JOIN_LEAST = 8 };

struct ids {
	size_t *items;
	size_t n, room;
};

struct finder {
	struct expander *x;
	struct scope *scope;
	const struct instance_scope *vars;
	struct ids *ids;
	/* For messages: the word that leads to this resource. */
	size_t wanted;
	bool wants_place, has_place;
	struct place place;
};

static void find_in_expr(struct finder *f, const struct ast_expr *e);

static int order_ids(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;

	return x < y ? -1 : x > y;
}

/* From where to where a dependency reaches. */
struct reach {
	size_t first, end, id;
};

/* Of two that begin alike the wider first. */
static int order_reaches(const void *a, const void *b)
{
	const struct reach *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return x->end > y->end ? -1 : x->end < y->end;
}

/*
 * Joins stand where the resources would that they stand for, and what is inside
 * another is left out: components are one in the other or apart.
 */
static size_t merge_joins(const struct expander *x, size_t *ids, size_t n)
{
	struct reach *all = xrealloc(NULL, n, sizeof(*all));
	size_t kept = 0, end = 0;

	for (size_t i = 0; i < n; i++) {
		const struct join *j =
		    ids[i] < x->resources.n
			? NULL
			: &x->joins.items[ids[i] - x->resources.n];

		all[i].first = j ? j->first : ids[i];
		all[i].end = j ? j->end : ids[i] + 1;
		all[i].id = ids[i];
	}
	qsort(all, n, sizeof(*all), order_reaches);
	for (size_t i = 0; i < n; i++) {
		if (all[i].end <= end)
			continue;
		end = all[i].end;
		ids[kept++] = all[i].id;
	}
	free(all);
	return kept;
}

static struct index_set seal_ids(const struct expander *x, struct ids *ids)
{
	struct index_set set = { .progress = FINISHED };

	if (ids->n > 1)
		qsort(ids->items, ids->n, sizeof(*ids->items), order_ids);
	for (size_t i = 0; i < ids->n; i++)
		if (i == 0 || ids->items[i] != ids->items[i - 1])
			ids->items[set.n++] = ids->items[i];
	/* Numbers of joins are the highest. */
	if (set.n > 1 && ids->items[set.n - 1] >= x->resources.n)
		set.n = merge_joins(x, ids->items, set.n);
	if (set.n) {
		set.ids = arena_new(x->arena, size_t, set.n);
		memcpy(set.ids, ids->items, set.n * sizeof(*set.ids));
	}
	vec_release(ids);
	return set;
}

static void add_id(struct finder *f, size_t id)
{
	*vec_push(f->ids) = id;
}

static void add_set(struct finder *f, const struct index_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		add_id(f, set->ids[i]);
}

/* All resources from one to another, known by an address; *number is kept. */
static void add_join(struct finder *f, uint32_t *number, struct str address,
		     size_t first, size_t end)
{
	if (first == end)
		return;
	if (!*number) {
		*vec_push(&f->x->joins) = (struct join){
			.address = address,
			.first = first,
			.end = end,
		};
		*number = (uint32_t)f->x->joins.n;
	}
	add_id(f, f->x->resources.n + *number - 1);
}

/* Everything that the value of a binding was made from, found once. */
static const struct index_set *binding_deps(struct scope *s, struct binding *b)
{
	struct expander *x = s->x;
	const struct name_decl *d = b->decl;
	struct ids ids = { 0 };
	struct finder f = { .x = x, .scope = s, .ids = &ids };
	const struct ast_expr *e = d->value;

	/* The same circle is not told again of the resources in it. */
	if (b->deps.progress != NOT_BEGUN || b->is_circular ||
	    x->depth == EVALUATE_DEPTH_MAX)
		return &b->deps;
	b->deps.progress = AT_WORK;
	if (d->kind == NAME_PARAM) {
		const struct ast_attr *argument =
		    instance_argument(s->self, d->name);

		if (argument) {
			e = argument->value;
			f.scope = s->self->group->scope;
			f.vars = s->self;
		}
	}
	x->depth++;
	if (e)
		find_in_expr(&f, e);
	if (d->depends_on)
		find_in_expr(&f, d->depends_on);
	x->depth--;
	b->deps = seal_ids(x, &ids);
	return &b->deps;
}

static void find_in_instance(struct finder *f, struct instance_scope *i,
			     struct str attr);

static void find_in_value(struct finder *f, struct value v, struct str attr)
{
	if (value_is_unknown(v))
		return;
	if (v.kind == VALUE_OBJECT)
		find_in_instance(f, v.as.object->data, attr);
	for (size_t i = 0; v.kind == VALUE_LIST && i < v.as.list.n; i++)
		find_in_value(f, v.as.list.items[i], (struct str){ 0 });
	for (size_t i = 0; v.kind == VALUE_MAP && i < v.as.map.n; i++)
		find_in_value(f, v.as.map.entries[i].value, (struct str){ 0 });
}

static void find_in_binding(struct finder *f, struct scope *s,
			    struct binding *b, struct str attr)
{
	struct value v;

	/* Of a component only what is used; of a resource, all that led to it.
	 */
	if (attr.n) {
		binding_value(s, b, f->x->arena, &v);
		if (v.kind == VALUE_OBJECT && !value_is_unknown(v) &&
		    v.as.object->is_component) {
			find_in_instance(f, v.as.object->data, attr);
			return;
		}
	}
	add_set(f, binding_deps(s, b));
}

static void find_in_instance(struct finder *f, struct instance_scope *i,
			     struct str attr)
{
	struct scope *inner;
	struct name_decl *d;

	if (!i->object.is_component) {
		if (i->end > i->first)
			add_id(f, i->first);
		return;
	}
	inner = attr.n ? instance_inner(i) : NULL;
	d = inner ? map_get(&inner->body->outputs, attr) : NULL;
	if (d) {
		find_in_binding(f, inner, &inner->bindings[d->slot],
				(struct str){ 0 });
		return;
	}
	add_join(f, &i->join, i->object.address, i->first, i->end);
}

/* The one key that is meant; false: it may be any. */
static bool constant_key(struct finder *f, const struct ref *r, struct str *key)
{
	struct value v;

	*key = r->key;
	if (r->has_key || !r->index)
		return r->has_key;
	if (scope_evaluate(f->scope, f->vars, r->index, NULL, f->x->arena,
			   &v) ||
	    v.kind != VALUE_STRING || value_is_unknown(v))
		return false;
	*key = v.as.text;
	return true;
}

/*
 * Whether all instances are meant as a whole. Of a resource those are not that
 * are written inside of it: they may need what it is needed by.
 */
static bool is_joined(const struct group *g, const struct ref *r)
{
	if (!g->is_keyed || !g->n)
		return false;
	if (g->decl->component)
		return !r->attr.n;
	return g->n >= JOIN_LEAST &&
	       g->instances[g->n - 1].end - g->instances[0].first == g->n;
}

static void find_in_group(struct finder *f, struct group *g,
			  const struct ref *r)
{
	struct str parent, type, name, key;
	bool has_key;

	if (group_open(g))
		return;
	if (g->is_keyed && constant_key(f, r, &key)) {
		const struct instance_scope *i = group_instance(g, key);

		if (i)
			find_in_instance(f, (struct instance_scope *)i,
					 r->attr);
		return;
	}
	if (is_joined(g, r)) {
		struct str address = g->instances[0].object.address;

		/* It ends with the key. */
		address_split(address, f->x->arena, &parent, &type, &name,
			      &has_key, &key);
		add_join(
		    f, &g->join,
		    address_make(f->x->arena, parent, type, name, false, key),
		    g->instances[0].first, g->instances[g->n - 1].end);
		return;
	}
	for (size_t i = 0; i < g->n; i++)
		find_in_instance(f, &g->instances[i], r->attr);
}

static void find_ref(struct finder *f, const struct ref *r)
{
	struct scope *s = f->scope;
	struct str attr = r->second.n ? r->second : r->attr;

	if (f->vars) {
		const struct ast_decl *d = f->vars->group->decl->decl;

		if (d->more->key.n && str_eq(d->more->key, r->name))
			return;
		if (d->more->val.n && str_eq(d->more->val, r->name)) {
			find_in_value(f, f->vars->each->value, attr);
			return;
		}
	}
	struct name_decl *name = map_get(&s->body->names, r->name);

	if (name) {
		find_in_binding(f, s, &s->bindings[name->slot], attr);
		return;
	}
	if (r->second.n == 0)
		return;
	struct group *g = scope_group(s, r->node);

	if (g)
		find_in_group(f, g, r);
}

static void found_ref(void *context, const struct ref *r)
{
	struct finder *f = context;
	size_t from = f->ids->n;

	find_ref(f, r);
	if (!f->wants_place || f->has_place)
		return;
	for (size_t i = from; i < f->ids->n; i++)
		if (f->ids->items[i] == f->wanted) {
			f->has_place = true;
			f->place = r->place;
			return;
		}
}

static void find_in_expr(struct finder *f, const struct ast_expr *e)
{
	refs_find(e, found_ref, f);
}

static void find_in_body(struct finder *f, const struct ast_body *b,
			 const struct type_info *t)
{
	for (size_t i = 0; i < b->n_attrs; i++)
		if (!check_is_common_attr(b->attrs[i].name))
			find_in_expr(f, b->attrs[i].value);
	for (size_t i = 0; i < b->n_blocks; i++) {
		const struct block_info *info =
		    t ? type_info_block(t, b->blocks[i].name) : NULL;

		/* A node is a resource that needs things for itself. */
		if (info && info->schema->kind != BLOCK_NODES)
			find_in_body(f, &b->blocks[i].body, NULL);
	}
}

/* Most depend on nothing, and share that. */
static const struct index_set *keep_set(const struct expander *x,
					struct index_set set)
{
	static const struct index_set none = { .progress = FINISHED };
	struct index_set *kept;

	if (set.n == 0)
		return &none;
	kept = arena_new(x->arena, struct index_set, 1);
	*kept = set;
	return kept;
}

/* What depends_on of an instance and of those around it names, once. */
static const struct index_set *instance_depends(struct instance_scope *i)
{
	struct expander *x = i->group->scope->x;
	struct ids ids = { 0 };
	struct finder f = {
		.x = x,
		.scope = i->group->scope,
		.vars = i,
		.ids = &ids,
	};
	const struct ast_attr *a;

	if (i->depends_on)
		return i->depends_on;
	a = ast_attr_find(&i->group->decl->decl->body, STR("depends_on"));
	if (a)
		find_in_expr(&f, a->value);
	if (i->group->scope->self)
		add_set(&f,
			instance_depends(
			    (struct instance_scope *)i->group->scope->self));
	i->depends_on = keep_set(x, seal_ids(x, &ids));
	return i->depends_on;
}

static void find_plain(struct finder *f, const struct group_decl *d)
{
	for (size_t k = 0; k < d->n_needs; k++) {
		uint32_t number = f->scope->singles[d->needs[k]];

		if (number)
			add_id(f, number - 1);
	}
	if (f->scope->self)
		add_set(f, instance_depends(
			       (struct instance_scope *)f->scope->self));
}

static void find_of_resource(struct finder *f, const struct resource *r)
{
	struct instance_scope *i = (struct instance_scope *)r->scope;

	f->scope = i->group->scope;
	f->vars = i;
	if (i->group->decl->is_plain && !f->wants_place) {
		find_plain(f, i->group->decl);
		return;
	}
	find_in_body(f, resource_body(r), r->type);
	if (life_replace_when(r))
		find_in_expr(f, life_replace_when(r));
	if (r->node)
		add_id(f, i->first);
	add_set(f, instance_depends(i));
}

/* The place in `from` that makes it need `to`. */
static struct place hop_place(struct expander *x, size_t from, size_t to)
{
	const struct resource *r = &x->resources.items[from];
	struct ids ids = { 0 };
	struct finder f = {
		.x = x,
		.ids = &ids,
		.wants_place = true,
		.wanted = to,
	};

	find_of_resource(&f, r);
	if (!f.has_place) {
		const struct ast_attr *a = ast_attr_find(
		    &r->scope->group->decl->decl->body, STR("depends_on"));

		f.place = a ? expr_place(a->value) : r->place;
	}
	vec_release(&ids);
	return f.place;
}

/* Joins are no part of what is told: who needs what is inside needs them. */
static void report_cycle(struct expander *x, const size_t *cycle, size_t n)
{
	const struct resource *all = x->resources.items;
	struct diag *to;
	size_t first = 0, n_resources = 0;

	for (size_t i = 0; i < n; i++)
		n_resources += cycle[i] < x->resources.n;
	while (cycle[first] >= x->resources.n)
		first++;
	to = diag_error(x->diags, "E0301", all[cycle[first]].place,
			n_resources == 1
			    ? "%.*s depends on itself"
			    : "%.*s depends on itself through others",
			STR_ARG(all[cycle[first]].address));
	for (size_t k = 0, told = 0; k < n && told < 20; k++) {
		size_t at = (first + k) % n, next = (at + 1) % n, need = next;

		if (cycle[at] >= x->resources.n)
			continue;
		while (cycle[need] >= x->resources.n)
			need = (need + 1) % n;
		told++;
		diag_note(x->diags, to, hop_place(x, cycle[at], cycle[next]),
			  "%.*s needs %.*s", STR_ARG(all[cycle[at]].address),
			  STR_ARG(all[cycle[need]].address));
	}
	diag_hint(x->diags, to,
		  "Take one of these references out; one that "
		  "comes from depends_on may not be needed.");
}

/* What the `existing` inside were found by, as far as it is outside. */
static void find_found_by(struct expander *x, struct join *j,
			  const struct join **seen)
{
	const struct resource *all = x->resources.items;
	struct ids open = { 0 }, found = { 0 };
	struct index_set set;

	for (size_t i = j->first; i < j->end; i++) {
		j->n_existing += all[i].is_existing;
		for (size_t k = 0; all[i].is_existing && k < all[i].n_deps; k++)
			*vec_push(&open) = all[i].deps[k];
	}
	while (open.n) {
		size_t id = open.items[--open.n];

		if (id >= j->first && id < j->end)
			continue;
		if (id >= x->resources.n || !all[id].is_existing) {
			*vec_push(&found) = id;
			continue;
		}
		if (seen[id] == j)
			continue;
		seen[id] = j;
		for (size_t k = 0; k < all[id].n_deps; k++)
			*vec_push(&open) = all[id].deps[k];
	}
	vec_release(&open);
	set = seal_ids(x, &found);
	j->found_by = set.ids;
	j->n_found_by = set.n;
}

/* The needs of all, one behind the other; joins stand behind the resources. */
static void fill_graph(const struct expander *x, struct graph *g,
		       size_t n_edges, struct arena *a)
{
	const struct resource *all = x->resources.items;
	size_t n = x->resources.n;

	for (size_t j = 0; j < x->joins.n; j++)
		n_edges += x->joins.items[j].end - x->joins.items[j].first;
	g->n = n + x->joins.n;
	g->first = arena_new(a, size_t, g->n + 1);
	g->to = arena_new(a, size_t, n_edges);
	for (size_t i = 0; i < n; i++) {
		g->first[i + 1] = g->first[i] + all[i].n_deps;
		if (all[i].n_deps)
			memcpy(g->to + g->first[i], all[i].deps,
			       all[i].n_deps * sizeof(*g->to));
	}
	for (size_t j = 0; j < x->joins.n; j++) {
		size_t at = g->first[n + j];

		for (size_t i = x->joins.items[j].first;
		     i < x->joins.items[j].end; i++)
			g->to[at++] = i;
		g->first[n + j + 1] = at;
	}
}

static size_t *without_joins(const struct expander *x, size_t n_all)
{
	size_t *order = arena_new(x->arena, size_t, x->resources.n + 1), n = 0;

	for (size_t i = 0; i < n_all; i++)
		if (x->order_all[i] < x->resources.n)
			order[n++] = x->order_all[i];
	return order;
}

void deps_find(struct expander *x)
{
	struct resource *all = x->resources.items;
	struct arena scratch = { 0 };
	size_t *order, *cycle = NULL, n_cycle = 0, n_edges = 0;
	const struct join **seen;
	struct graph g = { 0 };
	int result;

	for (size_t i = 0; i < x->resources.n; i++) {
		struct ids ids = { 0 };
		struct finder f = { .x = x, .ids = &ids };
		struct index_set set;

		find_of_resource(&f, &all[i]);
		set = seal_ids(x, &ids);
		all[i].deps = set.ids;
		all[i].n_deps = set.n;
		n_edges += set.n;
	}
	fill_graph(x, &g, n_edges, &scratch);
	result = graph_order(&g, &scratch, &order, &cycle, &n_cycle);
	x->order_all = arena_new(x->arena, size_t, g.n + 1);
	for (size_t i = 0; i < g.n; i++)
		x->order_all[i] = result ? i : order[i];
	x->order = x->order_all;
	if (x->joins.n)
		x->order = without_joins(x, g.n);
	/* The values can still be checked, in the order of the text. */
	if (result)
		report_cycle(x, cycle, n_cycle);
	seen = arena_new(&scratch, const struct join *, x->resources.n);
	for (size_t j = 0; j < x->joins.n; j++)
		find_found_by(x, &x->joins.items[j], seen);
	x->e->order = x->order;
	x->e->joins = x->joins.items;
	x->e->n_joins = x->joins.n;
	arena_release(&scratch);
}
