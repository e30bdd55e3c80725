/*
 * In: an expansion with its dependencies. Out: findings about what its values
 * are and how they go together, before anything outside is asked; and the
 * values, for a plan to take where they are what it would find.
 */
#include <config.h>

#include "engine/expand_private.h"

#include "engine/diff.h"
#include "engine/state.h"
#include "lang/base/buf.h"

#include <string.h>

static const struct value *checked_value(void *context, size_t index)
{
	const struct value *values = *(struct value *const *)context;

	return value_is_null(values[index]) ? NULL : &values[index];
}

static void fetch_ahead(const struct expander *x, size_t k)
{
	for (unsigned look = FETCH_LOOKS; look; look--) {
		size_t at = k + look * FETCH_AHEAD;

		if (at < x->resources.n)
			expand_fetch(x->e, x->order[at], look, x->values);
	}
}

/*
 * What is wanted of a resource that stays, in the words of the state, which are
 * the same: these are kept anyway, and what was evaluated need not be.
 */
static void keep_recorded(struct expander *x, struct checked *c,
			  struct value now)
{
	size_t n = c->wanted.as.map.n;
	struct value_entry *kept = arena_new(x->arena, struct value_entry, n);

	for (size_t i = 0; i < n; i++) {
		const struct value_entry *e = &c->wanted.as.map.entries[i];
		const struct value *v = value_get_str(now, e->key);

		kept[i].key = e->key;
		kept[i].value = v ? *v : value_copy(e->value, x->arena);
	}
	c->wanted.as.map.entries = kept;
}

/*
 * Takes a resource to stay as the state has it, where what is written is no
 * other. Secrets go ways of their own, and are left to the plan.
 */
static bool take_to_stay(struct expander *x, const struct resource *r,
			 const struct state_resource *s, struct checked *c,
			 struct arena *scratch)
{
	struct value now;

	if (s->is_tainted || r->is_existing || r->n_ignore ||
	    !str_is(s->type, r->schema->name) || value_marks(c->wanted))
		return false;
	now = diff_convert(r->type, s->attrs, x->arena);
	if (value_marks(now) ||
	    diff_attrs(r->type, now, c->wanted, c->places, r->place, scratch).n)
		return false;
	c->state = s;
	c->known = value_with(now, STR("id"), value_str(s->id), x->arena);
	keep_recorded(x, c, now);
	return true;
}

/* What is wanted of one, kept for a plan; own: emptied afterwards. */
static struct value check_kept(struct expander *x, size_t i, struct arena *own)
{
	const struct resource *r = &x->resources.items[i];
	const struct state_resource *s = x->prior[i];
	struct checked *c = &x->checked[i];
	struct place *places;

	expand_wanted(x->e, i, s ? own : x->arena, &c->wanted, &c->places);
	if (!s)
		return c->wanted;
	if (!take_to_stay(x, r, s, c, own))
		c->wanted = value_copy(c->wanted, x->arena);
	places = arena_new(x->arena, struct place, c->wanted.as.map.n);
	if (c->wanted.as.map.n)
		memcpy(places, c->places, c->wanted.as.map.n * sizeof(*places));
	c->places = places;
	arena_clear(own);
	return c->state ? c->known : c->wanted;
}

/* What the state has of each resource. */
static void find_prior(struct expander *x, struct arena *scratch)
{
	struct str addresses[MAP_MANY];

	x->prior = arena_new(scratch, void *, x->resources.n + 1);
	for (size_t i = 0, n; i < x->resources.n; i += n) {
		for (n = 0; n < MAP_MANY && i + n < x->resources.n; n++)
			addresses[n] = x->resources.items[i + n].address;
		map_get_many(&x->c->state.resources, addresses, n,
			     x->prior + i);
	}
}

static void check_resources(struct expander *x, struct arena *scratch)
{
	struct arena own = { 0 };
	/*
	 * What was evaluated is kept for the lookup it was made with, so each
	 * time has a context of its own.
	 */
	struct value **context = arena_new(x->arena, struct value *, 1);

	find_prior(x, scratch);
	x->values = arena_new(scratch, struct value, x->resources.n + 1);
	*context = x->values;
	x->e->lookup_context = context;
	for (size_t k = 0; k < x->resources.n; k++) {
		size_t i = x->order[k];

		fetch_ahead(x, k);
		if (x->checked)
			x->values[i] = check_kept(x, i, &own);
		else
			expand_wanted(x->e, i, scratch, &x->values[i], NULL);
	}
	arena_release(&own);
}

/* -- check blocks -- */

/* "db_cluster | sql_database": what can be asked here; empty: nothing. */
static struct str queried_types(const struct expander *x, struct arena *a)
{
	const struct resource_type *t = x->chosen->types;
	struct str all = { 0 };

	for (; t->name; t++)
		if (t->ops->query)
			all = str_fmt(a, "%.*s%s%s", STR_ARG(all),
				      all.n ? " | " : "", t->name);
	return all;
}

/* A resource that takes queries, or the id of one, of which nothing is said. */
static void check_on(struct expander *x, const struct ast_expr *on,
		     struct value v, struct arena *scratch)
{
	struct str types;
	struct error err;
	uint32_t at;
	struct buf why;

	if (!x->chosen || value_is_unknown(v) || v.kind == VALUE_STRING)
		return;
	types = queried_types(x, scratch);
	if (!types.n) {
		diag_error(x->diags, "E0250", expr_place(on),
			   "provider \"%s\" has nothing that a check can ask",
			   x->chosen->name);
		return;
	}
	buf_init(&why, 4000);
	if (type_convert(type_parse(types, scratch, &at, &err), v, scratch, &v,
			 &why) < 0)
		diag_error(x->diags, "E0250", expr_place(on), "%s", why.data);
	buf_release(&why);
}

/* One value, for what a query finds has no parts. */
static void check_expect(struct expander *x, const struct ast_expr *expect,
			 struct value v)
{
	if (v.kind == VALUE_OBJECT)
		diag_error(x->diags, "E0250", expr_place(expect),
			   "expected a value, found a %.*s",
			   STR_ARG(v.as.object->type));
}

static void check_attr(struct expander *x, const struct ast_decl *check,
		       const struct ast_attr *at, struct arena *scratch)
{
	static const struct type string = { .kind = TYPE_STRING };
	bool is_query = str_is(at->name, "query");
	struct value v;

	if (scope_evaluate(x->root, NULL, at->value, is_query ? &string : NULL,
			   scratch, &v) < 0)
		return;
	if (value_is_null(v) && !value_is_unknown(v))
		diag_error(x->diags, "E0220", expr_place(at->value),
			   "\"%.*s\" of check \"%.*s\" is null",
			   STR_ARG(at->name), STR_ARG(check->name));
	else if (str_is(at->name, "on"))
		check_on(x, at->value, v, scratch);
	else if (str_is(at->name, "expect"))
		check_expect(x, at->value, v);
}

static void check_all(struct expander *x, struct arena *scratch)
{
	struct value v;

	check_resources(x, scratch);
	/* Those that nothing uses have mistakes, too. */
	for (size_t i = 0; i < x->root_body->n_bindings; i++)
		if (x->root->bindings[i].decl->kind == NAME_LET)
			binding_value(x->root, &x->root->bindings[i], scratch,
				      &v);
	for (size_t i = 0; i < x->e->n_outputs; i++)
		expand_output(x->e, x->e->outputs[i], scratch, &v);
	for (size_t i = 0; i < x->e->n_checks; i++)
		for (size_t k = 0; k < x->e->checks[i]->body.n_attrs; k++)
			check_attr(x, x->e->checks[i],
				   &x->e->checks[i]->body.attrs[k], scratch);
}

/*
 * What the state has may be outdated, and what is wrong only because of that is
 * no finding: where there is an error, all is done again without it.
 */
static void check_with_state(struct expander *x, struct arena *scratch)
{
	struct diags quiet = { .arena = scratch }, *told = x->diags;
	bool is_good, is_quiet;

	x->diags = &quiet;
	check_all(x, scratch);
	domain_check(x);
	is_good = quiet.n_errors == 0;
	is_quiet = quiet.n == 0;
	x->diags = told;
	diags_release(&quiet);
	if (is_quiet)
		return;
	/* Once more, for the warnings. */
	if (!is_good)
		x->checked = NULL;
	check_all(x, scratch);
	domain_check(x);
}

void values_check(struct expander *x)
{
	struct arena scratch = { 0 };

	x->is_checking = true;
	x->e->lookup = checked_value;
	if (!x->check_only)
		x->checked =
		    arena_new(x->arena, struct checked, x->resources.n + 1);
	if (x->checked && x->c->state.resources.n) {
		check_with_state(x, &scratch);
	} else {
		check_all(x, &scratch);
		domain_check(x);
	}
	x->e->lookup = NULL;
	x->e->lookup_context = NULL;
	x->is_checking = false;
	x->values = NULL;
	x->prior = NULL;
	arena_release(&scratch);
}

const struct checked *expand_checked(const struct expansion *e, size_t index)
{
	const struct expander *x = e->private;

	return x->checked ? &x->checked[index] : NULL;
}
