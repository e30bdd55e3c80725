/*
 * Patterns, and what goes with what they mean: random graphs against the rules
 * as they are written, applied until nothing changes any more.
 */
#include <config.h>

#include "engine/select.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/base/map.h"

#include "engine/expand.h"
#include "engine/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_patterns(void **state)
{
	static const struct {
		const char *pattern, *address;
		bool is_meant;
	} cases[] = {
		{ "data.a", "data.a", true },
		{ "data.a", "data.ab", false },
		{ "data.a", "data.a[\"k\"]", true },
		{ "data.a[\"k\"]", "data.a[\"k\"]", true },
		{ "data.a[\"k\"]", "data.a[\"kk\"]", false },
		{ "aurora.source", "aurora.source/db_cluster.main", true },
		{ "aurora.source", "aurora.source[\"x\"]/secret.s", true },
		{ "aurora.source", "aurora.sources/secret.s", false },
		{ "db_cluster.main", "aurora.source/db_cluster.main", false },
		{ "aurora.source/*", "aurora.source/db_cluster.main", true },
		{ "aurora.source/*", "aurora.source/a.b/c.d", true },
		{ "aurora.source/*", "aurora.target/c.d", false },
		{ "subnet.*", "subnet.a", true },
		{ "subnet.*", "network.one/subnet.a", false },
		{ "*.private[*]", "network.dms/subnet.private[\"a\"]", true },
		{ "*.private[*]", "network.dms/subnet.public[\"a\"]", false },
		{ "*.source", "aurora.source/db_cluster.main", true },
		{ "*/db_cluster.main", "aurora.source/db_cluster.main", true },
		{ "*", "data.a", true },
		{ "d*a*.a", "data.a", true },
		{ "d*b*.a", "data.a", false },
		/* Brackets and slashes in a key are no ends. */
		{ "data.a[\"x", "data.a[\"x/y\"]", false },
		{ "data.a[\"x/y\"]", "data.a[\"x/y\"]", true },
		{ "data.a[\"x\\\"", "data.a[\"x\\\"/y\"]", false },
		{ "", "data.a", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool is_meant = select_matches(str_from(cases[i].pattern),
					       str_from(cases[i].address));

		if (is_meant == cases[i].is_meant)
			continue;
		print_message("%s and %s\n", cases[i].pattern,
			      cases[i].address);
		fail();
	}
}

/* -- Random graphs -------------------------------------------------------- */

enum { N = 24 };

/* The same numbers on every machine, so that a failure is found again. */
static unsigned next(uint64_t *seed, unsigned below)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(*seed >> 33) % below;
}

struct graphs {
	struct arena arena;
	struct expansion e;
	struct resource resources[N];
	struct state_resource state[N], *sorted[N];
	size_t n_state;
	bool is_declared[N], is_there[N], is_tainted[N];
	bool needs[N][N], uses[N][N]; /* by number of the address */
	bool is_only[N], is_except[N];
	bool has_only;
	struct str only[N], except[N];
	struct selection selection;
};

static struct str name(struct graphs *g, size_t i)
{
	return str_fmt(&g->arena, "data.d%02zu", i);
}

static void make_resource(struct graphs *g, uint64_t *seed, size_t i,
			  size_t *number)
{
	struct resource *r = &g->resources[g->e.n];

	r->index = g->e.n;
	r->address = name(g, i);
	r->deps = arena_new(&g->arena, size_t, N);
	for (size_t k = 0; k < i; k++) {
		if (!g->is_declared[k] || next(seed, 6))
			continue;
		g->needs[i][k] = true;
		r->deps[r->n_deps++] = number[k];
	}
	number[i] = g->e.n++;
}

static void make_state(struct graphs *g, uint64_t *seed, size_t i)
{
	struct state_resource *s = &g->state[g->n_state];

	s->address = name(g, i);
	s->is_tainted = g->is_tainted[i];
	s->deps = arena_new(&g->arena, struct str, N);
	for (size_t k = 0; k < i; k++) {
		if (!g->is_there[k] || next(seed, 6))
			continue;
		g->uses[i][k] = true;
		s->deps[s->n_deps++] = name(g, k);
	}
	g->sorted[g->n_state++] = s;
}

static void make(struct graphs *g, uint64_t *seed)
{
	size_t number[N];

	memset(g, 0, sizeof(*g));
	g->e.resources = g->resources;
	g->has_only = next(seed, 2);
	for (size_t i = 0; i < N; i++) {
		g->is_declared[i] = next(seed, 4) > 0;
		g->is_there[i] = !g->is_declared[i] || next(seed, 3) > 0;
		g->is_tainted[i] = g->is_there[i] && next(seed, 8) == 0;
		if (g->is_declared[i])
			make_resource(g, seed, i, number);
		if (g->is_there[i])
			make_state(g, seed, i);
		if (g->has_only && (next(seed, 8) == 0 || i == N - 1)) {
			g->is_only[i] = true;
			g->only[g->selection.n_only++] = name(g, i);
		}
		if (next(seed, 10) == 0) {
			g->is_except[i] = true;
			g->except[g->selection.n_except++] = name(g, i);
		}
	}
	g->selection.only = g->only;
	g->selection.except = g->except;
}

/* The rules, until nothing changes. */
static void naive(const struct graphs *g, bool is_destroy, bool *left)
{
	bool picked[N], declared[N], goes[N];

	for (size_t i = 0; i < N; i++) {
		declared[i] = g->is_declared[i] && !is_destroy;
		goes[i] = g->is_there[i] && !declared[i];
		picked[i] = !g->has_only || g->is_only[i];
	}
	for (int round = 0; round < N; round++)
		for (size_t i = 0; i < N; i++)
			for (size_t k = 0; k < N; k++) {
				if (picked[i] && declared[i] && g->needs[i][k])
					picked[k] = true;
				if (picked[k] && goes[k] && g->uses[i][k])
					picked[i] = true;
			}
	for (size_t i = 0; i < N; i++)
		left[i] = !picked[i] || g->is_except[i];
	for (int round = 0; round < N; round++)
		for (size_t i = 0; i < N; i++)
			for (size_t k = 0; k < N; k++) {
				bool is_to_come =
				    declared[k] &&
				    (!g->is_there[k] || g->is_tainted[k]);

				if (left[k] && is_to_come && g->needs[i][k])
					left[i] = true;
				if (left[i] && g->uses[i][k] && goes[k])
					left[k] = true;
			}
}

/* Nothing is made without what it needs, or goes before its users. */
static void assert_sound(const struct graphs *g, bool is_destroy,
			 const bool *left)
{
	for (size_t i = 0; i < N; i++)
		for (size_t k = 0; k < N; k++) {
			if (!is_destroy && g->needs[i][k] && !left[i])
				assert_true(!left[k] || g->is_there[k]);
			if (is_destroy && g->uses[i][k] && !left[k])
				assert_false(left[i]);
		}
}

static void check(struct graphs *g, bool is_destroy, uint64_t reproducer)
{
	struct select_input in = {
		.selection = &g->selection,
		.expansion = &g->e,
		.state = g->sorted,
		.n_state = g->n_state,
		.is_destroy = is_destroy,
	};
	bool wanted[N], got[N];
	struct chosen chosen;
	struct error err;

	naive(g, is_destroy, wanted);
	memcpy(got, wanted, sizeof(got));
	assert_int_equal(select_choose(&in, &g->arena, &chosen, &err), 0);
	for (size_t i = 0; i < N; i++) {
		struct str address = name(g, i);

		for (size_t k = 0; k < g->e.n; k++)
			if (str_eq(g->resources[k].address, address))
				got[i] = chosen.leaves_resource[k];
		for (size_t k = 0; k < g->n_state; k++)
			if (str_eq(g->state[k].address, address))
				got[i] = chosen.leaves_state[k];
		if (got[i] == wanted[i])
			continue;
		print_message("seed %llu: %s is %sleft out\n",
			      (unsigned long long)reproducer,
			      str_c(address, &g->arena), got[i] ? "" : "not ");
		fail();
	}
	assert_sound(g, is_destroy, got);
}

static void test_random(void **state)
{
	struct graphs *g = malloc(sizeof(*g));

	(void)state;
	assert_non_null(g);
	for (uint64_t i = 1; i <= 2000; i++) {
		uint64_t seed = i;

		make(g, &seed);
		check(g, i % 3 == 0, i);
		arena_release(&g->arena);
	}
	free(g);
}

static void test_exact(void **state)
{
	struct graphs *g = malloc(sizeof(*g));
	struct map exact = { 0 };
	struct select_input in = { 0 };
	struct chosen chosen;
	struct error err;
	uint64_t seed = 7;

	(void)state;
	assert_non_null(g);
	make(g, &seed);
	for (size_t i = 0; i < g->e.n; i++)
		map_put(&exact, g->resources[i].address, g);
	/* Patterns do not count then, and nothing is taken along. */
	g->selection.exact = &exact;
	in.selection = &g->selection;
	in.expansion = &g->e;
	in.state = g->sorted;
	in.n_state = g->n_state;
	assert_int_equal(select_choose(&in, &g->arena, &chosen, &err), 0);
	for (size_t i = 0; i < g->e.n; i++)
		assert_false(chosen.leaves_resource[i]);
	for (size_t i = 0; i < g->n_state; i++)
		assert_int_equal(chosen.leaves_state[i],
				 !map_has(&exact, g->state[i].address));
	map_release(&exact);
	arena_release(&g->arena);
	free(g);
}

static void test_nothing_matches(void **state)
{
	struct graphs *g = malloc(sizeof(*g));
	struct str wrong = STR_INIT("data.d033");
	struct select_input in = { 0 };
	struct chosen chosen;
	struct error err = { 0 };
	uint64_t seed = 3;

	(void)state;
	assert_non_null(g);
	make(g, &seed);
	g->selection = (struct selection){ .only = &wrong, .n_only = 1 };
	in.selection = &g->selection;
	in.expansion = &g->e;
	in.state = g->sorted;
	in.n_state = g->n_state;
	assert_int_equal(select_choose(&in, &g->arena, &chosen, &err), -1);
	assert_string_equal(err.message,
			    "option --only: nothing matches \"data.d033\"");
	assert_non_null(strstr(err.hint, "Did you mean 'data.d"));
	arena_release(&g->arena);
	free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_nothing_matches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
