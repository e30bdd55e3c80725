/* The graph against a naive oracle, on random graphs from a printed seed. */
#include <config.h>

#include "engine/graph.h"

#include "lang/base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 24 };

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* reach[i][k]: i needs k, however far. */
static bool oracle(size_t n, const struct edge *edges, size_t n_edges,
		   bool reach[MOST][MOST])
{
	bool has_cycle = false;

	memset(reach, 0, sizeof(bool) * MOST * MOST);
	for (size_t i = 0; i < n_edges; i++)
		reach[edges[i].from][edges[i].to] = true;
	for (size_t m = 0; m < n; m++)
		for (size_t i = 0; i < n; i++)
			for (size_t k = 0; k < n; k++)
				reach[i][k] |= reach[i][m] && reach[m][k];
	for (size_t i = 0; i < n; i++)
		has_cycle |= reach[i][i];
	return has_cycle;
}

static bool has_edge(const struct edge *edges, size_t n, size_t from, size_t to)
{
	for (size_t i = 0; i < n; i++)
		if (edges[i].from == from && edges[i].to == to)
			return true;
	return false;
}

static void check_one(uint64_t seed)
{
	struct arena a = { 0 };
	bool reach[MOST][MOST];
	struct edge edges[MOST * 3] = { 0 };
	size_t n = 1 + next_random(&seed) % (MOST - 1);
	size_t n_edges = next_random(&seed) % (n * 2);
	bool only_back = next_random(&seed) % 3 == 0;
	size_t *order, *cycle, n_cycle;
	size_t at[MOST];

	for (size_t i = 0; i < n_edges; i++) {
		edges[i].from = next_random(&seed) % n;
		edges[i].to = next_random(&seed) % n;
		if (only_back)
			edges[i].to =
			    edges[i].from ? edges[i].to % edges[i].from : 0;
		if (only_back && edges[i].from == 0)
			edges[i].from = n - 1 ? 1 : 0;
	}
	struct graph *g = graph_new(n, edges, n_edges, &a);
	bool has_cycle = oracle(n, edges, n_edges, reach);
	int result = graph_order(g, &a, &order, &cycle, &n_cycle);

	assert_int_equal(result, has_cycle ? -1 : 0);
	if (has_cycle) {
		assert_true(n_cycle > 0);
		for (size_t i = 0; i < n_cycle; i++)
			assert_true(has_edge(edges, n_edges, cycle[i],
					     cycle[(i + 1) % n_cycle]));
		arena_release(&a);
		return;
	}
	memset(at, 0xff, sizeof(at));
	for (size_t i = 0; i < n; i++)
		at[order[i]] = i;
	for (size_t i = 0; i < n_edges; i++)
		assert_true(at[edges[i].to] < at[edges[i].from]);
	/* Turned round twice it has the same edges. */
	struct graph *back = graph_reverse(g, &a);

	for (size_t i = 0; i < n; i++)
		for (size_t k = back->first[i]; k < back->first[i + 1]; k++)
			assert_true(has_edge(edges, n_edges, back->to[k], i));
	assert_int_equal(back->first[n], n_edges);
	arena_release(&a);
}

static void test_random(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 3000; seed++)
		check_one(seed * 0x9e3779b97f4a7c15u);
}

/* A chain far deeper than any stack. */
static void test_deep(void **state)
{
	enum { N = 1000000 };
	struct arena a = { 0 };
	struct edge *edges = calloc(N, sizeof(*edges));
	size_t *order, *cycle, n_cycle;

	(void)state;
	for (size_t i = 0; i + 1 < N; i++)
		edges[i] = (struct edge){ i, i + 1 };
	struct graph *g = graph_new(N, edges, N - 1, &a);

	assert_int_equal(graph_order(g, &a, &order, &cycle, &n_cycle), 0);
	assert_int_equal(order[0], N - 1);
	edges[N - 1] = (struct edge){ N - 1, 0 };
	g = graph_new(N, edges, N, &a);
	assert_int_equal(graph_order(g, &a, &order, &cycle, &n_cycle), -1);
	assert_int_equal(n_cycle, N);
	free(edges);
	arena_release(&a);
}

/* Without edges the order is that of the numbers. */
static void test_order_of_text(void **state)
{
	struct arena a = { 0 };
	struct edge edge = { 1, 3 };
	size_t *order, *cycle, n_cycle;
	struct graph *g = graph_new(4, &edge, 1, &a);

	(void)state;
	assert_int_equal(graph_order(g, &a, &order, &cycle, &n_cycle), 0);
	assert_int_equal(order[0], 0);
	assert_int_equal(order[1], 3);
	assert_int_equal(order[2], 1);
	assert_int_equal(order[3], 2);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_order_of_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
