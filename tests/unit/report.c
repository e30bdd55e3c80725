/*
 * What a run shows while it goes on, and what it foretells: durations of
 * earlier runs, the longest path through what is left, a draw that fits.
 */
#include <config.h>

#include "engine/report.h"

#include "engine/apply_graph.h"
#include "engine/context.h"
#include "engine/estimate.h"
#include "engine/plan.h"
#include "engine/schedule.h"
#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/file.h"

#include "tests/support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[SCRATCH_MAX];

static int make_folder(void **state)
{
	(void)state;
	return scratch_folder(folder, "report") ? 0 : -1;
}

static int remove_folder(void **state)
{
	struct error err;

	(void)state;
	return file_remove_tree(folder, &err);
}

static void write_file(const char *text)
{
	struct arena a = { 0 };
	struct error err;

	assert_int_equal(file_replace(str_fmt(&a, "%s/durations", folder).s,
				      str_from(text), 0600, &err),
			 0);
	arena_release(&a);
}

static void assert_file(const char *expect)
{
	struct arena a = { 0 };
	struct error err;
	struct str text;

	assert_int_equal(file_read(str_fmt(&a, "%s/durations", folder).s, 10000,
				   &a, &text, &err),
			 0);
	assert_string_equal(text.s, expect);
	arena_release(&a);
}

/* -- Durations ------------------------------------------------------------ */

static void test_durations(void **state)
{
	struct durations d;
	struct error err;

	(void)state;
	durations_load(&d, folder);
	assert_int_equal(durations_get(&d, "db", "create"), -1);
	durations_add(&d, "db", "create", 1000);
	durations_add(&d, "db", "create", 2000);
	durations_add(&d, "a_1", "delete", 7);
	assert_int_equal(durations_get(&d, "db", "create"), 1250);
	assert_int_equal(durations_save(&d, folder, &err), 0);
	durations_release(&d);
	assert_file("dmsl-durations 1\n7 a_1 delete\n1250 db create\n");
	durations_load(&d, folder);
	assert_int_equal(durations_get(&d, "db", "create"), 1250);
	assert_int_equal(durations_get(&d, "a_1", "delete"), 7);
	assert_int_equal(durations_get(&d, "db", "delete"), -1);
	durations_release(&d);
}

static void test_damaged(void **state)
{
	static const char *const texts[] = {
		"",
		"dmsl-durations 2\n5 db create\n",
		"dmsl-durations 1\n5 db create",
		"dmsl-durations 1\n5 db create\n-5 db delete\n",
		"dmsl-durations 1\n5 db create\n5 db\n",
		"dmsl-durations 1\n5 db create\n99999999999999 db run\n",
		"dmsl-durations 1\n5 db create\n5 \033[2J run\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct durations d;
		struct error err;

		write_file(texts[i]);
		durations_load(&d, folder);
		assert_int_equal(durations_get(&d, "db", "create"), -1);
		durations_add(&d, "db", "create", 3);
		assert_int_equal(durations_save(&d, folder, &err), 0);
		durations_release(&d);
		assert_file("dmsl-durations 1\n3 db create\n");
	}
}

/* -- What is left --------------------------------------------------------- */

static const struct type_schema slow = { .name = "slow" };
static const struct type_schema quick = { .name = "quick" };
static const struct type_schema built_in = { .name = "in",
					     .is_built_in = true };

/* A chain quick -> slow -> quick, and a number of quick ones beside it. */
struct made {
	struct plan plan;
	struct plan_step steps[64];
	uint32_t needs[64];
	struct apply_graph graph;
	struct schedule schedule;
	struct estimate estimate;
};

static void make(struct made *m, size_t beside, int parallel)
{
	size_t node;

	memset(m, 0, sizeof(*m));
	m->plan.steps = m->steps;
	m->plan.n_steps = 4 + beside;
	for (size_t i = 0; i < m->plan.n_steps; i++)
		m->steps[i] = (struct plan_step){
			.index = (uint32_t)i,
			.address = STR("x.y"),
			.schema = &quick,
			.action = ACTION_CREATE,
		};
	m->steps[1].schema = &slow;
	m->steps[3].schema = &built_in;
	for (size_t i = 1; i < 4; i++) {
		m->needs[i] = (uint32_t)i - 1;
		m->steps[i].needs = &m->needs[i];
		m->steps[i].n_needs = 1;
	}
	apply_graph_init(&m->graph, &m->plan, &m->schedule);
	assert_int_equal(schedule_begin(&m->schedule, &node), 0);
	estimate_init(&m->estimate, folder, &m->plan, &m->graph, &m->schedule,
		      parallel);
}

static void unmake(struct made *m)
{
	estimate_release(&m->estimate);
	apply_graph_release(&m->graph);
	schedule_release(&m->schedule);
}

static void test_left(void **state)
{
	struct made m;
	struct estimate_running running = { 1, 20000 };
	bool is_least;
	size_t node;

	(void)state;
	write_file("dmsl-durations 1\n1000 quick create\n60000 slow create\n");
	make(&m, 0, 10);
	/* One after the other. */
	assert_int_equal(estimate_left(&m.estimate, NULL, 0, &is_least), 62000);
	assert_false(is_least);
	assert_true(schedule_next(&m.schedule, 0, &node));
	assert_int_equal(node, 0);
	estimate_done(&m.estimate, 0, "create", 900);
	schedule_done(&m.schedule, 0);
	assert_int_equal(estimate_left(&m.estimate, NULL, 0, &is_least), 61000);
	assert_true(schedule_next(&m.schedule, 0, &node));
	assert_int_equal(node, 1);
	assert_int_equal(estimate_left(&m.estimate, &running, 1, &is_least),
			 41000);
	/* It is late: what comes behind it is all that can be said. */
	running.elapsed_ms = 100000;
	assert_int_equal(estimate_left(&m.estimate, &running, 1, &is_least),
			 1000);
	/* What will never be begun takes no time. */
	schedule_fail(&m.schedule, 1, NULL, NULL);
	assert_int_equal(estimate_left(&m.estimate, NULL, 0, &is_least), -1);
	unmake(&m);
	/* Fifty seconds of calls, two at once; then many at once. */
	make(&m, 48, 1);
	assert_int_equal(estimate_left(&m.estimate, NULL, 0, &is_least), 62000);
	unmake(&m);
	write_file("dmsl-durations 1\n2000 quick create\n3000 slow create\n");
	make(&m, 48, 2);
	assert_int_equal(estimate_left(&m.estimate, NULL, 0, &is_least),
			 (50 * 2000 + 2000) / 2);
	unmake(&m);
	make(&m, 48, 50);
	assert_int_equal(estimate_left(&m.estimate, NULL, 0, &is_least), 7000);
	unmake(&m);
	/* What was never done is not foretold. */
	write_file("dmsl-durations 1\n1000 quick create\n");
	make(&m, 0, 10);
	assert_int_equal(estimate_left(&m.estimate, NULL, 0, &is_least), 2000);
	assert_true(is_least);
	unmake(&m);
	write_file("");
	make(&m, 0, 10);
	assert_int_equal(estimate_left(&m.estimate, NULL, 0, &is_least), -1);
	unmake(&m);
}

/* -- Draws ---------------------------------------------------------------- */

/* What was written since the last call. */
static void take(FILE *f, struct buf *out)
{
	char bytes[4096];
	size_t n;

	fflush(f);
	rewind(f);
	buf_clear(out);
	while ((n = fread(bytes, 1, sizeof(bytes), f)))
		buf_add(out, bytes, n);
	rewind(f);
	assert_int_equal(ftruncate(fileno(f), 0), 0);
}

static size_t count_lines(const struct buf *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->len; i++)
		n += b->data[i] == '\n';
	return n;
}

static void draw_again(struct report *r)
{
	r->drawn_ms = 0;
	report_tick(r);
}

static void test_draw(void **state)
{
	struct context c = { .width = 40 };
	struct report r;
	struct made m;
	struct buf text;
	FILE *out;
	const struct error failed = { .kind = ERROR_FAILED,
				      .message = "no luck" };

	(void)state;
	write_file("dmsl-durations 1\n9000 quick create\n3600000 slow "
		   "create\n");
	make(&m, 30, 10);
	report_open(&r, &c, m.graph.n_nodes, 34);
	r.out = tmpfile();
	r.estimate = &m.estimate;
	buf_init(&text, 100000);
	for (size_t i = 0; i < 30; i++)
		report_begin(&r, i, "create", STR("a.b"));
	report_waiting(&r, 0, STR("a thing that takes a name much too long"));
	for (r.rows = 4; r.rows < 40; r.rows++) {
		r.drawn = 0;
		draw_again(&r);
		take(r.out, &text);
		assert_true(count_lines(&text) <= r.rows - 1);
		assert_int_equal(count_lines(&text), r.drawn);
	}
	r.rows = 5;
	r.drawn = 0;
	report_end(&r, 2, NULL);
	report_end(&r, 3, &failed);
	report_skipped(&r, STR("a.c"), STR("a.b"));
	take(r.out, &text);
	draw_again(&r);
	take(r.out, &text);
	assert_int_equal(count_lines(&text), 4);
	assert_non_null(strstr(text.data, "\n  … and 26 more\n"));
	assert_non_null(strstr(text.data, "\n1 of 34 done, 28 running, 1 "));
	/* Cut at the terminal's width, in characters. */
	for (const char *at = text.data; *at; at = strchr(at, '\n') + 1) {
		struct str line = { at, (size_t)(strchr(at, '\n') - at) };
		size_t cells = 0;

		for (size_t i = 0; i < line.n; i++)
			cells += ((unsigned char)line.s[i] & 0xc0) != 0x80;
		assert_true(cells < 40);
	}
	c.width = 200;
	r.width = 200;
	draw_again(&r);
	take(r.out, &text);
	/* The lines of the last draw go first. */
	assert_int_equal(strncmp(text.data, "\033[4A\033[J", 7), 0);
	assert_non_null(
	    strstr(text.data, " of about 9.0 s, waits for a thing"));
	assert_non_null(strstr(text.data, " of about 60 min 0 s\n"));
	assert_non_null(strstr(text.data, ", 1 failed, 1 left out, "));
	assert_non_null(strstr(text.data, " left\n"));
	out = r.out;
	report_close(&r);
	fclose(out);
	buf_release(&text);
	unmake(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_left),
		cmocka_unit_test(test_draw),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
