#include <config.h>

#include "engine/recorded.h"

#include "engine/expand.h"
#include "engine/joins.h"
#include "engine/replace_when.h"
#include "engine/state.h"
#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/base/vec.h"

#include <stdlib.h>

static int compare_str(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/*
 * An existing object is not in the state: what it was found by stands there in
 * its place, so that nothing goes before its users. A join stands for the rest
 * of what is inside.
 */
static void name_deps(const struct expansion *e, const struct resource *r,
		      struct arena *a, struct state_resource *out)
{
	VEC(size_t) open = { 0 };
	VEC(struct str) names = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < r->n_deps; i++)
		*vec_push(&open) = r->deps[i];
	while (open.n) {
		size_t id = open.items[--open.n];
		const struct resource *d;

		if (id >= e->n) {
			const struct join *j = &e->joins[id - e->n];

			if (j->n_existing < j->end - j->first)
				*vec_push(&names) = join_dep(j->address, a);
			for (size_t i = 0; i < j->n_found_by; i++)
				*vec_push(&open) = j->found_by[i];
			continue;
		}
		d = &e->resources[id];
		if (!d->is_existing)
			*vec_push(&names) = d->address;
		for (size_t i = 0; d->is_existing && i < d->n_deps; i++)
			*vec_push(&open) = d->deps[i];
	}
	if (names.n > 1)
		qsort(names.items, names.n, sizeof(*names.items), compare_str);
	for (size_t i = 0; i < names.n; i++)
		if (n == 0 || !str_eq(names.items[n - 1], names.items[i]))
			names.items[n++] = names.items[i];
	names.n = n;
	out->n_deps = n;
	out->deps = vec_take(&names, a);
	vec_release(&open);
}

static bool eq_deps(const struct state_resource *a,
		    const struct state_resource *b)
{
	if (a->n_deps != b->n_deps)
		return false;
	for (size_t i = 0; i < a->n_deps; i++)
		if (!str_eq(a->deps[i], b->deps[i]))
			return false;
	return true;
}

bool recorded_eq(const struct state_resource *a, const struct state_resource *b)
{
	return a->prevent_destroy == b->prevent_destroy &&
	       a->keep_on_destroy == b->keep_on_destroy &&
	       str_eq(a->replace_when, b->replace_when) && eq_deps(a, b);
}

static bool same_deps(const struct expansion *e, const struct resource *r,
		      const struct state_resource *prior, struct arena *a)
{
	struct state_resource now = { 0 };

	for (size_t i = 0; i < r->n_deps; i++) {
		const struct resource *d =
		    r->deps[i] < e->n ? &e->resources[r->deps[i]] : NULL;

		if (!d || d->is_existing) {
			name_deps(e, r, a, &now);
			return eq_deps(&now, prior);
		}
		if (!prior->n_deps ||
		    !bsearch(&d->address, prior->deps, prior->n_deps,
			     sizeof(*prior->deps), compare_str))
			return false;
	}
	return r->n_deps == prior->n_deps;
}

int recorded_changes(struct expansion *e, const struct resource *r,
		     const struct state_resource *prior, struct arena *a,
		     bool *out, struct error *err)
{
	struct str digest = prior->replace_when;
	struct value v;

	*out = r->prevent_destroy != prior->prevent_destroy ||
	       r->keep_on_destroy != prior->keep_on_destroy ||
	       !same_deps(e, r, prior, a);
	/* With a finding nothing comes of the plan. */
	if (expand_replace_when(e, r->index, a, &v) < 0 || !value_is_known(v))
		return 0;
	if (replace_when_digest(e->context, v, a, &digest, err) < 0)
		return -1;
	*out |= !str_eq(digest, prior->replace_when);
	return 0;
}

int recorded_fill(struct expansion *e, const struct resource *r,
		  struct arena *a, struct state_resource *out,
		  struct error *err)
{
	struct value v;

	name_deps(e, r, a, out);
	out->prevent_destroy = r->prevent_destroy;
	out->keep_on_destroy = r->keep_on_destroy;
	if (expand_replace_when(e, r->index, a, &v) < 0) {
		/* The finding is there already. */
		*err = (struct error){ .kind = ERROR_INVALID };
		return -1;
	}
	if (!value_is_known(v))
		return 0;
	return replace_when_digest(e->context, v, a, &out->replace_when, err);
}
