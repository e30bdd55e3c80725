/*
 * In: patterns, resources of the configuration and of the state. Out: what is
 * left out. A node is an address: resources of the configuration by their
 * number, then those that only the state has.
 */
#include <config.h>

#include "engine/select.h"

#include "engine/address.h"
#include "engine/expand.h"
#include "engine/graph.h"
#include "engine/joins.h"
#include "engine/state.h"
#include "lang/ast.h"
#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/base/map.h"
#include "lang/base/vec.h"
#include "lang/config.h"
#include "lang/suggest.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct node {
	struct str address;
	const struct resource *resource;    /* NULL: only in the state */
	const struct state_resource *state; /* NULL: not there yet */
	bool is_selected;
	bool is_left_out;
	bool is_excepted; /* by a pattern */
	bool takes_users; /* what uses it comes along */
	const struct node *because;
	bool is_join; /* only hands on: see add_joins */
};

struct selector {
	const struct select_input *in;
	struct node *nodes;
	size_t n;	     /* without joins, which stand behind */
	size_t *state_node;  /* node of each resource of the state */
	struct graph *needs; /* by the configuration */
	struct graph *needed_by;
	struct graph *uses; /* by the state */
	struct graph *used_by;
	size_t *queue; /* nodes whose neighbours are to be looked at */
	size_t head, tail;
	struct arena scratch;
};

/* -- Patterns ------------------------------------------------------------- */

/* "*" is any text, also none. */
static bool glob_matches(struct str glob, struct str s)
{
	size_t g = 0, i = 0, star = SIZE_MAX, from = 0;

	while (i < s.n) {
		if (g < glob.n && glob.s[g] == '*') {
			star = g++;
			from = i;
		} else if (g < glob.n && glob.s[g] == s.s[i]) {
			g++;
			i++;
		} else if (star != SIZE_MAX) {
			g = star + 1;
			i = ++from;
		} else {
			return false;
		}
	}
	while (g < glob.n && glob.s[g] == '*')
		g++;
	return g == glob.n;
}

bool select_matches(struct str pattern, struct str address)
{
	bool is_glob = str_find(pattern, '*') >= 0;
	size_t end = 0;

	while (end < address.n) {
		struct str around;

		end = address_next_end(address, end);
		around = str_sub(address, 0, end);
		if (str_eq(pattern, around) ||
		    (is_glob && glob_matches(pattern, around)))
			return true;
	}
	return false;
}

/* The text of the stack that a pattern names, or NULL. */
static const struct source *file_of(const struct selector *s,
				    struct str pattern)
{
	const struct config *c = s->in->config;
	char wanted[PATH_MAX], have[PATH_MAX];
	struct arena a = { 0 };
	const struct source *found = NULL;

	if (c && str_ends(pattern, ".dmsl") &&
	    realpath(str_c(pattern, &a), wanted))
		for (size_t i = 0; i < c->n_files && !found; i++)
			if (realpath(str_c(c->files[i]->source->name, &a),
				     have) &&
			    str_is(str_from(wanted), have))
				found = c->files[i]->source;
	arena_release(&a);
	return found;
}

static int no_match(const struct selector *s, const char *option,
		    struct str pattern, const struct source *file,
		    struct error *err)
{
	struct suggest near = suggest_start(pattern);

	if (file)
		return error_set(err, ERROR_NOT_FOUND,
				 "option --%s: \"%.*s\" declares no resource",
				 option, STR_ARG(pattern));
	error_set(err, ERROR_NOT_FOUND, "option --%s: nothing matches \"%.*s\"",
		  option, STR_ARG(pattern));
	for (size_t i = 0; i < s->n; i++) {
		struct str address = s->nodes[i].address;
		size_t end = 0;

		while (end < address.n) {
			end = address_next_end(address, end);
			suggest_try(&near, str_sub(address, 0, end));
		}
	}
	if (near.best.n)
		return error_hint(err, "Did you mean '%.*s'?",
				  STR_ARG(near.best));
	return error_hint(err,
			  "It takes an address, such as %.*s, a glob, or "
			  "a file of the stack.",
			  s->n ? (int)s->nodes[0].address.n : 6,
			  s->n ? s->nodes[0].address.s : "data.a");
}

static int match(struct selector *s, const char *option, struct str pattern,
		 size_t mark, struct error *err)
{
	const struct source *file = NULL;
	size_t n = 0;

	for (int round = 0; round < 2 && n == 0; round++) {
		/* An address may look like a file: data.dmsl */
		if (round == 1 && !(file = file_of(s, pattern)))
			break;
		for (size_t i = 0; i < s->n; i++) {
			struct node *x = &s->nodes[i];
			bool is_meant =
			    file ? x->resource &&
				       resource_is_in(x->resource, file)
				 : select_matches(pattern, x->address);

			if (is_meant)
				*(bool *)((char *)x + mark) = true;
			n += is_meant;
		}
	}
	return n ? 0 : no_match(s, option, pattern, file, err);
}

/* What dmsl does not own is only read: the plan may be made from it. */
static bool is_exact(const struct selection *x, const struct node *node)
{
	return (node->resource && node->resource->is_existing) ||
	       map_has(x->exact, node->address);
}

static int match_all(struct selector *s, struct error *err)
{
	const struct selection *x = s->in->selection;

	for (size_t i = 0; i < s->n; i++)
		s->nodes[i].is_selected =
		    x->exact ? is_exact(x, &s->nodes[i]) : x->n_only == 0;
	for (size_t i = 0; !x->exact && i < x->n_only; i++)
		if (match(s, "only", x->only[i],
			  offsetof(struct node, is_selected), err))
			return -1;
	for (size_t i = 0; s->in->also && i < s->n; i++) {
		if (!map_has(s->in->also, s->nodes[i].address))
			continue;
		s->nodes[i].is_selected = true;
		s->nodes[i].takes_users = s->in->also_users;
	}
	for (size_t i = 0; !x->exact && i < x->n_except; i++)
		if (match(s, "except", x->except[i],
			  offsetof(struct node, is_excepted), err))
			return -1;
	return 0;
}

/* -- What goes with them -------------------------------------------------- */

static bool is_declared(const struct selector *s, const struct node *x)
{
	return x->resource && !s->in->is_destroy;
}

/* It would be destroyed: the state has it, the configuration does not. */
static bool goes(const struct selector *s, const struct node *x)
{
	return x->state && !is_declared(s, x);
}

/* Nothing that could be used was made of it so far. */
static bool is_to_come(const struct selector *s, const struct node *x)
{
	return is_declared(s, x) && (!x->state || x->state->is_tainted);
}

static void select_node(struct selector *s, size_t i)
{
	if (s->nodes[i].is_selected)
		return;
	s->nodes[i].is_selected = true;
	s->queue[s->tail++] = i;
}

static void take_users(struct selector *s, size_t i)
{
	for (size_t k = s->used_by->first[i]; k < s->used_by->first[i + 1];
	     k++) {
		struct node *user = &s->nodes[s->used_by->to[k]];

		if (!user->is_selected)
			user->takes_users = s->nodes[i].takes_users;
		select_node(s, s->used_by->to[k]);
	}
}

static void take_along(struct selector *s)
{
	s->head = s->tail = 0;
	for (size_t i = 0; i < s->n; i++)
		if (s->nodes[i].is_selected)
			s->queue[s->tail++] = i;
	while (s->head < s->tail) {
		size_t i = s->queue[s->head++];

		if (s->nodes[i].is_join || is_declared(s, &s->nodes[i]))
			for (size_t k = s->needs->first[i];
			     k < s->needs->first[i + 1]; k++)
				select_node(s, s->needs->to[k]);
		if (s->nodes[i].is_join || goes(s, &s->nodes[i]) ||
		    s->nodes[i].takes_users)
			take_users(s, i);
	}
}

/* Of a chain the first is why: it was meant. */
static void leave_node(struct selector *s, size_t i, const struct node *because)
{
	if (s->nodes[i].is_left_out)
		return;
	s->nodes[i].is_left_out = true;
	s->nodes[i].because =
	    because && because->because ? because->because : because;
	s->queue[s->tail++] = i;
}

static void leave_along(struct selector *s)
{
	s->head = s->tail = 0;
	for (size_t i = 0; i < s->n; i++)
		if (!s->nodes[i].is_selected || s->nodes[i].is_excepted)
			leave_node(s, i, NULL);
	while (s->head < s->tail) {
		size_t i = s->queue[s->head++];
		const struct node *x = &s->nodes[i];

		if (x->is_join || is_to_come(s, x))
			for (size_t k = s->needed_by->first[i];
			     k < s->needed_by->first[i + 1]; k++)
				leave_node(s, s->needed_by->to[k], x);
		for (size_t k = s->uses->first[i]; k < s->uses->first[i + 1];
		     k++) {
			const struct node *used = &s->nodes[s->uses->to[k]];

			if (used->is_join || goes(s, used))
				leave_node(s, s->uses->to[k], x);
		}
	}
}

/* -- Nodes and edges ------------------------------------------------------ */

static void add_nodes(struct selector *s, struct map *at)
{
	const struct select_input *in = s->in;
	size_t n = in->expansion ? in->expansion->n : 0;

	s->nodes = arena_new(&s->scratch, struct node, n + in->n_state + 1);
	s->state_node = arena_new(&s->scratch, size_t, in->n_state + 1);
	for (size_t i = 0; i < n; i++) {
		s->nodes[i].resource = &in->expansion->resources[i];
		s->nodes[i].address = s->nodes[i].resource->address;
		map_put(at, s->nodes[i].address, (void *)(uintptr_t)(i + 1));
	}
	for (size_t i = 0; i < in->n_state; i++) {
		uintptr_t found = (uintptr_t)map_get(at, in->state[i]->address);

		if (!found) {
			s->nodes[n].address = in->state[i]->address;
			map_put(at, in->state[i]->address,
				(void *)(uintptr_t)(n + 1));
			found = ++n;
		}
		s->nodes[found - 1].state = in->state[i];
		s->state_node[i] = found - 1;
	}
	s->n = n;
}

struct edges {
	struct edge *items;
	size_t n, room;
};

static void add_edge(struct edges *all, size_t from, size_t to)
{
	*vec_push(all) = (struct edge){ from, to };
}

/* What the configuration needs: joins are those of the expansion. */
static void add_needs(const struct selector *s, struct edges *needs)
{
	const struct expansion *e = s->in->expansion;

	for (size_t i = 0; e && i < e->n; i++)
		for (size_t k = 0; k < e->resources[i].n_deps; k++) {
			size_t dep = e->resources[i].deps[k];

			add_edge(needs, i,
				 dep < e->n ? dep : s->n + dep - e->n);
		}
	for (size_t j = 0; e && j < e->n_joins; j++)
		for (size_t i = e->joins[j].first; i < e->joins[j].end; i++)
			add_edge(needs, s->n + j, i);
}

/* What the state uses; joins stand from `first` on. */
static void add_uses(const struct selector *s, const struct map *at,
		     struct joins *joins, size_t first, struct edges *uses)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct state_resource *x = s->nodes[i].state;

		for (size_t k = 0; x && k < x->n_deps; k++) {
			uintptr_t used = (uintptr_t)map_get(at, x->deps[k]);

			if (join_is(x->deps[k])) {
				if (!join_covers(x->deps[k], x->address))
					add_edge(uses, i,
						 first + joins_add(joins,
								   x->deps[k]));
			} else if (used && used - 1 != i) {
				add_edge(uses, i, used - 1);
			}
		}
	}
	for (size_t i = 0; joins->numbers.n && i < s->n; i++) {
		size_t number, from = 0;

		while (s->nodes[i].state &&
		       joins_next(joins, s->nodes[i].address, &from, &number))
			add_edge(uses, first + number, i);
	}
}

/* A join is reached from the one side, and hands on to the other. */
static void add_joins(struct selector *s, size_t n)
{
	struct node *nodes = arena_new(&s->scratch, struct node, n + 1);

	memcpy(nodes, s->nodes, s->n * sizeof(*nodes));
	for (size_t i = s->n; i < n; i++)
		nodes[i].is_join = true;
	s->nodes = nodes;
	s->queue = arena_new(&s->scratch, size_t, n + 1);
}

static void add_edges(struct selector *s, const struct map *at)
{
	const struct expansion *e = s->in->expansion;
	size_t first = s->n + (e ? e->n_joins : 0), n;
	struct edges needs = { 0 }, uses = { 0 };
	struct joins joins = { 0 };

	add_needs(s, &needs);
	add_uses(s, at, &joins, first, &uses);
	n = first + joins.numbers.n;
	add_joins(s, n);
	s->needs = graph_new(n, needs.items, needs.n, &s->scratch);
	s->needed_by = graph_reverse(s->needs, &s->scratch);
	s->uses = graph_new(n, uses.items, uses.n, &s->scratch);
	s->used_by = graph_reverse(s->uses, &s->scratch);
	joins_release(&joins);
	vec_release(&needs);
	vec_release(&uses);
}

static void give_back(const struct selector *s, struct arena *a,
		      struct chosen *out)
{
	const struct select_input *in = s->in;
	size_t n = in->expansion ? in->expansion->n : 0;

	out->leaves_resource = arena_new(a, bool, n + 1);
	out->resource_because = arena_new(a, struct str, n + 1);
	out->leaves_state = arena_new(a, bool, in->n_state + 1);
	out->state_because = arena_new(a, struct str, in->n_state + 1);
	for (size_t i = 0; i < n; i++) {
		out->leaves_resource[i] = s->nodes[i].is_left_out;
		if (s->nodes[i].because)
			out->resource_because[i] = s->nodes[i].because->address;
	}
	for (size_t i = 0; i < in->n_state; i++) {
		const struct node *x = &s->nodes[s->state_node[i]];

		out->leaves_state[i] = x->is_left_out;
		if (x->because)
			out->state_because[i] = x->because->address;
	}
}

int select_choose(const struct select_input *in, struct arena *a,
		  struct chosen *out, struct error *err)
{
	struct selector s = { .in = in };
	struct map at = { 0 };
	int result;

	*out = (struct chosen){ 0 };
	add_nodes(&s, &at);
	result = match_all(&s, err);
	if (result == 0) {
		add_edges(&s, &at);
		if (!in->selection->exact)
			take_along(&s);
		leave_along(&s);
		give_back(&s, a, out);
	}
	map_release(&at);
	arena_release(&s.scratch);
	return result;
}
