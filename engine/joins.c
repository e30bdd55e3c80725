#include <config.h>

#include "engine/joins.h"

#include "engine/address.h"
#include "engine/state.h"
#include "lang/base/arena.h"
#include "lang/base/vec.h"

#include <stdint.h>

/* A join that fits badly names its resources one by one, up to so many. */
enum { NAMED_MOST = 1000 };

bool join_is(struct str dep)
{
	return str_ends(dep, "/");
}

struct str join_dep(struct str address, struct arena *a)
{
	return str_fmt(a, "%.*s/", STR_ARG(address));
}

static struct str around_of(struct str dep)
{
	return str_sub(dep, 0, dep.n - 1);
}

/* Also what was replaced and is left over: its address goes on with "#". */
static bool is_inside(struct str address, struct str around)
{
	return address.n > around.n &&
	       str_eq(str_sub(address, 0, around.n), around) &&
	       (address.s[around.n] == '/' || address.s[around.n] == '[');
}

bool join_covers(struct str dep, struct str address)
{
	return join_is(dep) && is_inside(address, around_of(dep));
}

size_t joins_add(struct joins *j, struct str dep)
{
	struct str around = around_of(dep);
	uintptr_t number = (uintptr_t)map_get(&j->numbers, around);

	if (!number) {
		number = j->numbers.n + 1;
		map_put(&j->numbers, around, (void *)number);
	}
	return number - 1;
}

bool joins_find(const struct joins *j, struct str dep, size_t *number)
{
	uintptr_t found = (uintptr_t)map_get(&j->numbers, around_of(dep));

	*number = found - 1;
	return found != 0;
}

/* The next key that is an address around this one, and what it has. */
static void *next_around(const struct map *keys, struct str address, size_t *at,
			 struct str *around)
{
	while (keys->n && *at < address.n) {
		void *found;

		*at = address_next_end(address, *at);
		*around = str_sub(address, 0, *at);
		found =
		    is_inside(address, *around) ? map_get(keys, *around) : NULL;
		if (found)
			return found;
	}
	return NULL;
}

bool joins_next(const struct joins *j, struct str address, size_t *at,
		size_t *number)
{
	struct str around;
	uintptr_t found =
	    (uintptr_t)next_around(&j->numbers, address, at, &around);

	*number = found - 1;
	return found != 0;
}

void joins_release(struct joins *j)
{
	map_release(&j->numbers);
}

/* -- Moves ---------------------------------------------------------------- */

/* What is inside an address now. */
struct place_now {
	size_t n;
};

/* Resources that were inside of one join, and are inside of one address now. */
struct part {
	struct str around; /* empty: of none */
	struct place_now *now;
	VEC(struct str) names;
	struct part *next;
};

struct parts {
	struct part *first;
};

/*
 * The address around that the resource came to from the one it was inside of:
 * where what is behind it stayed the same.
 */
static struct str around_now(const struct rename *r, struct str was)
{
	struct str rest = str_skip(r->before, was.n);
	struct str tail;

	if (is_inside(r->after, was))
		return was;
	if (r->after.n <= rest.n)
		return (struct str){ 0 };
	tail = str_skip(r->after, r->after.n - rest.n);
	return str_eq(tail, rest) ? str_sub(r->after, 0, r->after.n - rest.n)
				  : (struct str){ 0 };
}

static struct part *part_of(struct renames *r, struct parts *all,
			    struct str around)
{
	struct part **at = &all->first;

	/* As many as declarations have moved something out of it. */
	while (*at && !str_eq((*at)->around, around))
		at = &(*at)->next;
	if (!*at) {
		*at = arena_new(r->arena, struct part, 1);
		(*at)->around = around;
	}
	return *at;
}

static void find_parts(struct renames *r, const struct rename *one,
		       struct map *places)
{
	size_t at = 0;
	struct str was;
	struct parts *all;

	while ((all = next_around(&r->joins, one->before, &at, &was))) {
		struct part *p = part_of(r, all, around_now(one, was));

		*vec_push(&p->names) = one->after;
		if (!p->around.n || p->now)
			continue;
		p->now = map_get(places, p->around);
		if (!p->now) {
			p->now = arena_new(r->arena, struct place_now, 1);
			map_put(places, p->around, p->now);
		}
	}
}

void renames_init(struct renames *r, const struct rename *all, size_t n,
		  struct state_resource *const *users, size_t n_users,
		  struct arena *a)
{
	struct map places = { 0 };

	*r = (struct renames){ .arena = a };
	for (size_t i = 0; i < n; i++)
		if (!str_eq(all[i].before, all[i].after))
			map_put(&r->to, all[i].before, (void *)&all[i].after);
	if (r->to.n == 0)
		return;
	for (size_t i = 0; i < n_users; i++)
		for (size_t k = 0; users[i] && k < users[i]->n_deps; k++) {
			struct str dep = users[i]->deps[k];

			if (join_is(dep) && !map_has(&r->joins, around_of(dep)))
				map_put(&r->joins, around_of(dep),
					arena_new(a, struct parts, 1));
		}
	for (size_t i = 0; r->joins.n && i < n; i++)
		find_parts(r, &all[i], &places);
	for (size_t i = 0; places.n && i < n; i++) {
		struct place_now *now;
		struct str around;
		size_t at = 0;

		while ((now = next_around(&places, all[i].after, &at, &around)))
			now->n++;
	}
	map_release(&places);
}

bool renames_concern(const struct renames *r, const struct state_resource *s)
{
	for (size_t i = 0; r->to.n && i < s->n_deps; i++)
		if (map_has(&r->to, s->deps[i]) || join_is(s->deps[i]))
			return true;
	return false;
}

static bool fits(const struct part *p)
{
	return p->now && (p->now->n == p->names.n || p->names.n > NAMED_MOST);
}

void renames_apply(const struct renames *r, struct state_resource *s)
{
	VEC(struct str) deps = { 0 };

	for (size_t i = 0; i < s->n_deps; i++) {
		const struct str *to = map_get(&r->to, s->deps[i]);
		const struct parts *all =
		    join_is(s->deps[i])
			? map_get(&r->joins, around_of(s->deps[i]))
			: NULL;

		if (!all)
			*vec_push(&deps) = to ? *to : s->deps[i];
		for (const struct part *p = all ? all->first : NULL; p;
		     p = p->next)
			if (fits(p))
				*vec_push(&deps) =
				    join_dep(p->around, r->arena);
			else
				for (size_t k = 0; k < p->names.n; k++)
					*vec_push(&deps) = p->names.items[k];
	}
	s->n_deps = deps.n;
	s->deps = vec_take(&deps, r->arena);
	state_sort_deps(s);
}

void renames_release(struct renames *r)
{
	for (size_t i = 0; i < r->joins.n; i++)
		for (struct part *p =
			 ((struct parts *)r->joins.entries[i].value)->first;
		     p; p = p->next)
			vec_release(&p->names);
	map_release(&r->joins);
	map_release(&r->to);
}
