/*
 * In: what the stack says of objects that are there already: moved, import.
 * Out: the state as if it had been so all along, for the rest of the plan to
 * stand on; the state itself is left alone until apply.
 */
#include <config.h>

#include "engine/plan_private.h"

#include "lang/diag.h"

#include "engine/joins.h"
#include "engine/providers.h"

#include <stdlib.h>

/* -- moved ---------------------------------------------------------------- */

static void report_taken(struct planner *x, const struct declared_move *m,
			 struct str from, struct str to)
{
	struct diag *d =
	    diag_error(&x->c->diags, "E0315", m->place,
		       "%.*s cannot be moved to %.*s: that is there already",
		       STR_ARG(from), STR_ARG(to));

	diag_hint(&x->c->diags, d,
		  "If it was moved before, take this declaration out; if one "
		  "of the two shall go, say so first with \"removed\".");
}

/* all: each resource of the state, where it was and where it will be. */
static int find_moved(struct planner *x, struct rename *all)
{
	size_t errors = x->c->diags.n_errors;

	for (size_t i = 0; i < x->n_state; i++) {
		struct str from = x->state[i]->address;
		const struct declared_move *m =
		    expand_moved(x->e, from, x->arena, &all[i].after);

		all[i].before = from;
		if (!m)
			continue;
		if (map_has(&x->moved_from, all[i].after) ||
		    state_find(&x->c->state, all[i].after)) {
			report_taken(x, m, from, all[i].after);
			continue;
		}
		map_put(&x->moved_from, all[i].after, &all[i].before);
	}
	return x->c->diags.n_errors > errors ? -1 : 0;
}

static int compare_addresses(const void *a, const void *b)
{
	const struct state_resource *const *x = a;
	const struct state_resource *const *y = b;

	return str_cmp((*x)->address, (*y)->address);
}

int plan_moves(struct planner *x)
{
	struct rename *all;
	struct renames r;

	if (!x->e || x->e->n_moves == 0)
		return 0;
	all = arena_new(x->arena, struct rename, x->n_state + 1);
	if (find_moved(x, all))
		return -1;
	if (x->moved_from.n == 0)
		return 0;
	renames_init(&r, all, x->n_state, x->state, x->n_state, x->arena);
	for (size_t i = 0; i < x->n_state; i++) {
		struct state_resource *copy;

		if (str_eq(all[i].before, all[i].after) &&
		    !renames_concern(&r, x->state[i]))
			continue;
		copy = arena_new(x->arena, struct state_resource, 1);
		*copy = *x->state[i];
		copy->address = all[i].after;
		renames_apply(&r, copy);
		x->state[i] = copy;
	}
	renames_release(&r);
	qsort(x->state, x->n_state, sizeof(struct state_resource *),
	      compare_addresses);
	return 0;
}

struct str plan_moved_from(const struct planner *x, struct str address)
{
	const struct str *from = map_get(&x->moved_from, address);

	return from ? *from : (struct str){ 0 };
}

/* -- import --------------------------------------------------------------- */

static struct str object_key(struct str type, struct str id, struct arena *a)
{
	return str_fmt(a, "%.*s %.*s", STR_ARG(type), STR_ARG(id));
}

/* Which addresses have which objects. */
static void find_owners(struct planner *x, struct map *owners)
{
	for (size_t i = 0; i < x->n_state; i++)
		map_put(
		    owners,
		    object_key(x->state[i]->type, x->state[i]->id, &x->scratch),
		    x->state[i]);
}

/* One object has one address. */
static bool is_owned(struct planner *x, const struct declared_import *i,
		     struct map *owners)
{
	const struct resource *r = &x->e->resources[i->resource];
	struct str key =
	    object_key(str_from(r->schema->name), i->id, &x->scratch);
	const struct state_resource *owner = map_get(owners, key);
	struct state_resource *self;
	struct diag *d;

	if (!owner) {
		self = arena_new(&x->scratch, struct state_resource, 1);
		self->address = i->address;
		map_put(owners, key, self);
		return false;
	}
	d = diag_error(&x->c->diags, "E0316", i->place,
		       "%.*s cannot be imported: \"%.*s\" is %.*s already",
		       STR_ARG(i->address), STR_ARG(i->id),
		       STR_ARG(owner->address));
	diag_hint(&x->c->diags, d,
		  "moved A -> B gives what dmsl has made another address.");
	return true;
}

/* What is in the state already is imported, or is in the way. */
static bool is_imported(struct planner *x, const struct declared_import *i,
			struct map *owners)
{
	const struct refreshed *f = x->prior[i->resource];
	struct diag *d;

	if (!f)
		return is_owned(x, i, owners);
	if (str_eq(f->state->id, i->id))
		return true;
	d = diag_error(&x->c->diags, "E0316", i->place,
		       "%.*s cannot be imported: it is \"%.*s\" already",
		       STR_ARG(i->address), STR_ARG(f->state->id));
	diag_hint(&x->c->diags, d,
		  "Declare the object \"%.*s\" under a name of its own, or "
		  "take the declaration of the import out.",
		  STR_ARG(i->id));
	return true;
}

static struct state_resource *import_entry(struct planner *x,
					   const struct declared_import *i)
{
	const struct resource *r = &x->e->resources[i->resource];
	struct state_resource *s =
	    arena_new(x->arena, struct state_resource, 1);

	*s = (struct state_resource){
		.address = i->address,
		.type = str_from(r->schema->name),
		.provider = str_from(x->c->open[r->provider].title),
		.id = i->id,
		.attrs = value_map(NULL, 0, x->arena),
	};
	return s;
}

static void take_imports(struct planner *x,
			 const struct declared_import **wanted,
			 struct refreshed *read, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct state_resource *s = read[i].state;

		if (read[i].is_gone) {
			diag_error(&x->c->diags, "E0316", wanted[i]->place,
				   "there is no %.*s \"%.*s\" to import",
				   STR_ARG(s->type), STR_ARG(s->id));
			continue;
		}
		x->prior[wanted[i]->resource] = &read[i];
		map_put(&x->imported, s->address, (void *)(uintptr_t)wanted[i]);
	}
}

/* Objects that are taken over are read like those that dmsl has made. */
int plan_imports(struct planner *x)
{
	size_t most = x->e && !x->p->is_destroy ? x->e->n_imports : 0, n = 0;
	size_t errors = x->c->diags.n_errors;
	const struct declared_import **wanted;
	struct state_resource **all;
	struct refreshed *read;
	struct place *places;
	struct map owners = { 0 };
	int result;

	if (most == 0)
		return 0;
	find_owners(x, &owners);
	wanted = arena_new(&x->scratch, const struct declared_import *, most);
	all = arena_new(x->arena, struct state_resource *, most);
	places = arena_new(&x->scratch, struct place, most);
	for (size_t i = 0; i < most; i++) {
		if (is_imported(x, &x->e->imports[i], &owners))
			continue;
		wanted[n] = &x->e->imports[i];
		places[n] = wanted[n]->place;
		all[n] = import_entry(x, wanted[n]);
		n++;
	}
	map_release(&owners);
	result = refresh(x->c, &x->types, all, places, n, false, x->arena,
			 &read, x->err);
	if (result == 0)
		take_imports(x, wanted, read, n);
	return result || x->c->diags.n_errors > errors ? -1 : 0;
}

struct str plan_import_id(const struct planner *x, struct str address)
{
	const struct declared_import *i = map_get(&x->imported, address);

	return i ? i->id : (struct str){ 0 };
}
