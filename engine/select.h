#ifndef DMSL_ENGINE_SELECT_H
#define DMSL_ENGINE_SELECT_H

/*
 * Which resources a plan is about: --only and --except. What is left out stays
 * as it is, outside and in the state. Pure: it looks at names and dependencies
 * alone.
 *
 * A pattern is one of
 *
 *	an address         data.a, or one instance: subnet.part["a"]
 *	an address around  network.dms: all inside; subnet.part: each instance
 *	a glob             *.part[*], aurora.source/\*: "*" is any text, "/" too
 *	a file             lib/x.dmsl: what is declared there
 *
 * --only takes along what the selected need, so that it is as the text says
 * when they are made from it; and, of what is destroyed, its users. --except
 * takes along what needs something that is left out and not there yet; and, of
 * what would be destroyed, what is used by something that stays.
 */

#include "lang/base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct config;
struct error;
struct expansion;
struct map;
struct state_resource;

struct selection {
	struct str *only, *except; /* patterns */
	size_t n_only, n_except;
	/*
	 * A saved plan is carried out: just the resources whose addresses are
	 * keys here. Patterns are not looked at then.
	 */
	const struct map *exact;
};

struct select_input {
	const struct selection *selection;
	const struct config *config;	   /* for files; may be NULL */
	const struct expansion *expansion; /* NULL: a destroy */
	struct state_resource *const *state;
	size_t n_state;
	bool is_destroy; /* all that the state holds goes */
	/* Addresses that --only takes along, too; not what --except names. */
	const struct map *also;
	bool also_users; /* and all that uses those, by the state */
};

/* Both NULL: nothing is left out. */
struct chosen {
	bool *leaves_resource; /* by dense id of the expansion */
	bool *leaves_state;    /* by position in the state */
	/*
	 * Why something is left out that was not meant: the address of what is
	 * left out and needed, or uses it. Empty: it was meant.
	 */
	struct str *resource_because, *state_because;
};

/*
 * -1 when a pattern matches nothing; the error names what may be meant. Time is
 * linear in resources and dependencies.
 */
int select_choose(const struct select_input *in, struct arena *a,
		  struct chosen *out, struct error *err);
/* Whether a pattern that is no file means this address. */
bool select_matches(struct str pattern, struct str address);

#endif
