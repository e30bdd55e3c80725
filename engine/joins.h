#ifndef DMSL_ENGINE_JOINS_H
#define DMSL_ENGINE_JOINS_H

/*
 * A dependency in the state is the address of a resource or, with a slash and
 * nothing behind it, that of a component's instance or of all instances of a
 * component or resource: "aurora.source/" stands for all resources inside. So
 * what needs something large names it once, and the order is kept when the text
 * does not have the component any more.
 *
 * In a graph it is a node of its own, a join, which has no work: the users on
 * one side, the resources on the other, instead of an edge for each pair.
 */

#include "lang/base/map.h"
#include "lang/base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct state_resource;

bool join_is(struct str dep);
/* The dependency that stands for all inside of the address. */
struct str join_dep(struct str address, struct arena *a);
/* Whether the join stands for the resource with this address. */
bool join_covers(struct str dep, struct str address);

/* Joins by number, in the order in which they were first asked for. */
struct joins {
	struct map numbers;
};

size_t joins_add(struct joins *j, struct str dep);
bool joins_find(const struct joins *j, struct str dep, size_t *number);
/*
 * The joins that stand for the address, one a call, by the number; *at is 0
 * before the first. False: no more.
 */
bool joins_next(const struct joins *j, struct str address, size_t *at,
		size_t *number);
void joins_release(struct joins *j);

/*
 * Dependencies after moves. A join goes with what was inside, and stands for
 * just that: where something else is inside now, those that were are named.
 */
struct rename {
	struct str before, after; /* the address of a resource */
};

struct renames {
	struct map to;	  /* old address -> new one, as struct str */
	struct map joins; /* dependency -> its parts */
	struct arena *arena;
};

/* All resources, also those that stay. What is given must outlive it. */
void renames_init(struct renames *r, const struct rename *all, size_t n,
		  struct state_resource *const *users, size_t n_users,
		  struct arena *a);
bool renames_concern(const struct renames *r, const struct state_resource *s);
/* Gives it other deps, in the arena, sorted. */
void renames_apply(const struct renames *r, struct state_resource *s);
void renames_release(struct renames *r);

#endif
