#include <config.h>

#include "engine/schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 60 };

/* A small generator of its own, so that a seed reproduces a case. */
static unsigned next_random(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 16 & 0x7fff;
}

struct model {
	size_t n;
	bool needs[MOST][MOST]; /* [a][b]: a needs b */
	bool is_done[MOST], is_failed[MOST], is_skipped[MOST];
	size_t n_skipped_calls;
};

static void random_graph(struct model *m, struct schedule *s, unsigned *seed)
{
	memset(m, 0, sizeof(*m));
	m->n = 1 + next_random(seed) % MOST;
	schedule_init(s, m->n);
	for (size_t a = 1; a < m->n; a++) {
		for (size_t b = 0; b < a; b++) {
			if (next_random(seed) % 8)
				continue;
			m->needs[a][b] = true;
			schedule_edge(s, b, a, next_random(seed) % 4 == 0);
			/* The same edge twice is no other graph. */
			if (next_random(seed) % 8 == 0)
				schedule_edge(s, b, a, false);
		}
		schedule_weight(s, a, next_random(seed) % 100);
	}
}

static void note_skipped(void *context, size_t node, size_t because)
{
	struct model *m = context;

	assert_true(m->is_failed[because]);
	assert_false(m->is_done[node] || m->is_skipped[node]);
	m->is_skipped[node] = true;
	m->n_skipped_calls++;
}

/* What is skipped is what needs something failed or skipped, nothing else. */
static void check_end(const struct model *m, const struct schedule *s)
{
	for (size_t a = 0; a < m->n; a++) {
		bool is_lost = false;

		for (size_t b = 0; b < a; b++)
			is_lost |= m->needs[a][b] &&
				   (m->is_failed[b] || m->is_skipped[b]);
		assert_int_equal(m->is_skipped[a], is_lost);
		assert_int_equal(
		    m->is_done[a] + m->is_failed[a] + m->is_skipped[a], 1);
	}
	assert_int_equal(s->counts[SCHEDULE_SKIPPED], m->n_skipped_calls);
}

static void every_order_holds(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 2000; round++) {
		unsigned seed = round;
		static struct model m;
		struct schedule s;
		size_t running[MOST], n_running = 0, node, turns[MOST] = { 0 };
		int64_t now = 0;

		random_graph(&m, &s, &seed);
		assert_int_equal(schedule_begin(&s, &node), 0);
		for (;;) {
			size_t i;
			int64_t due;

			while (n_running < 4 && schedule_next(&s, now, &node)) {
				for (size_t b = 0; b < m.n; b++)
					assert_true(!m.needs[node][b] ||
						    m.is_done[b]);
				running[n_running++] = node;
				assert_true(++turns[node] <= 3);
			}
			if (!n_running && schedule_is_over(&s))
				break;
			if (!n_running) {
				assert_true(schedule_due(&s, &due));
				assert_true(due > now);
				now = due;
				continue;
			}
			i = next_random(&seed) % n_running;
			node = running[i];
			running[i] = running[--n_running];
			if (turns[node] < 3 && next_random(&seed) % 3 == 0) {
				schedule_wait(&s, node,
					      now + 1 +
						  next_random(&seed) % 50);
			} else if (next_random(&seed) % 12 == 0) {
				m.is_failed[node] = true;
				schedule_fail(&s, node, note_skipped, &m);
			} else {
				m.is_done[node] = true;
				schedule_done(&s, node);
			}
			now++;
		}
		check_end(&m, &s);
		schedule_release(&s);
	}
}

static void long_paths_begin_first(void **state)
{
	struct schedule s;
	size_t node;

	(void)state;
	/* 0; 1 -> 2, where 2 is heavy; 3 is heavier than 1 alone. */
	schedule_init(&s, 4);
	schedule_edge(&s, 1, 2, false);
	schedule_weight(&s, 1, 1);
	schedule_weight(&s, 2, 300);
	schedule_weight(&s, 3, 100);
	assert_int_equal(schedule_begin(&s, &node), 0);
	assert_true(schedule_next(&s, 0, &node));
	assert_int_equal(node, 1);
	assert_true(schedule_next(&s, 0, &node));
	assert_int_equal(node, 3);
	assert_true(schedule_next(&s, 0, &node));
	assert_int_equal(node, 0);
	assert_false(schedule_next(&s, 0, &node));
	schedule_release(&s);
}

static void cycles_are_found(void **state)
{
	struct schedule s;
	size_t node;

	(void)state;
	schedule_init(&s, 3);
	schedule_edge(&s, 1, 2, false);
	schedule_edge(&s, 2, 1, false);
	assert_int_equal(schedule_begin(&s, &node), -1);
	assert_true(node == 1 || node == 2);
	schedule_release(&s);
	/* A soft edge gives way. */
	schedule_init(&s, 3);
	schedule_edge(&s, 1, 2, false);
	schedule_edge(&s, 2, 1, true);
	assert_int_equal(schedule_begin(&s, &node), 0);
	schedule_release(&s);
}

static void draining_begins_nothing(void **state)
{
	struct schedule s;
	size_t node;

	(void)state;
	schedule_init(&s, 2);
	assert_int_equal(schedule_begin(&s, &node), 0);
	assert_true(schedule_next(&s, 0, &node));
	schedule_wait(&s, node, 10);
	schedule_drain(&s);
	assert_false(schedule_is_over(&s));
	assert_false(schedule_next(&s, 9, &node));
	assert_true(schedule_next(&s, 10, &node));
	assert_int_equal(node, 0);
	schedule_done(&s, node);
	assert_true(schedule_is_over(&s));
	schedule_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_order_holds),
		cmocka_unit_test(long_paths_begin_first),
		cmocka_unit_test(cycles_are_found),
		cmocka_unit_test(draining_begins_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
