/*
 * Dependencies on components as a whole. The oracle is the same stack with each
 * resource named by itself: who needs whom, however far, may not differ.
 */
#include <config.h>

#include "tests/unit/planned.h"

#include "lang/base/buf.h"
#include "lang/base/clock.h"
#include "lang/diag.h"

#include "engine/apply_graph.h"
#include "engine/expand.h"
#include "engine/joins.h"
#include "engine/schedule.h"
#include "engine/select.h"
#include "engine/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* -- Random stacks -------------------------------------------------------- */

enum { BODIES = 3, ITEMS = 4, ROOTS = 7, ROUNDS = 150 };

static uint32_t seed;
static size_t n_joins, n_recorded; /* met so far */

static unsigned any(unsigned n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

enum kind { JOB, FOUND, ONE, KEYED, MANY };

/* Instances of MANY: enough to be one join. */
static const char many[] = "abcdefgh";

/*
 * A declaration: job, existing base, instance of a component, several; at the
 * root, also several of a job.
 */
struct item {
	enum kind kind;
	unsigned body; /* of ONE, KEYED */
	bool needs[ROOTS];
	bool refers[ROOTS]; /* to what a job has loaded */
	bool is_first;	    /* created before destroy */
};

struct stack {
	struct item bodies[BODIES][ITEMS];
	unsigned n_items[BODIES];
	struct item roots[ROOTS];
};

static void make_item(struct item *x, unsigned at, unsigned bodies,
		      const struct item *before)
{
	x->kind = bodies ? any(4) : any(2);
	x->body = bodies ? any(bodies) : 0;
	x->is_first = any(12) == 0;
	if (bodies == BODIES && any(6) == 0)
		x->kind = MANY;
	for (unsigned i = 0; i < at; i++) {
		x->needs[i] = any(3) == 0;
		x->refers[i] = before[i].kind == JOB && any(4) == 0;
	}
}

static void make_stack(struct stack *s)
{
	memset(s, 0, sizeof(*s));
	for (unsigned b = 0; b < BODIES; b++) {
		s->n_items[b] = any(ITEMS + 1);
		for (unsigned i = 0; i < s->n_items[b]; i++)
			make_item(&s->bodies[b][i], i, b, s->bodies[b]);
	}
	for (unsigned i = 0; i < ROOTS; i++)
		make_item(&s->roots[i], i, BODIES, s->roots);
}

/* How a text is written: with joins or without, under which name. */
struct form {
	bool is_pairwise;
	const char *prefix; /* of the names at the root */
	bool ends_early;    /* the last of the root are taken out */
};

static void write_name(struct buf *b, const struct item *x, unsigned i,
		       const char *prefix)
{
	if (x->kind == JOB || x->kind == FOUND || x->kind == MANY)
		buf_fmt(b, "%s.%s%u", x->kind == FOUND ? "base" : "job", prefix,
			i);
	else
		buf_fmt(b, "c%u.%s%u", x->body, prefix, i);
}

/* All that is meant by naming it as a whole. */
static void write_need(struct buf *b, const struct item *x, unsigned i,
		       const struct form *f, const char *prefix)
{
	bool is_spelt = f->is_pairwise;
	bool is_keyed = is_spelt && (x->kind == KEYED || x->kind == MANY);
	size_t n = x->kind == MANY ? strlen(many) : 2;

	for (size_t key = 0; key < (is_keyed ? n : 1); key++) {
		write_name(b, x, i, prefix);
		if (is_keyed)
			buf_fmt(b, "[\"%c\"]", many[key]);
		if (is_spelt && (x->kind == ONE || x->kind == KEYED))
			buf_add_c(b, ".all");
		buf_add_c(b, ", ");
	}
}

static void write_item(struct buf *b, const struct item *all, unsigned i,
		       const struct form *f, const char *prefix)
{
	const struct item *x = &all[i];
	bool is_job = x->kind == JOB || x->kind == MANY;

	if (x->kind == ONE || x->kind == KEYED)
		buf_fmt(b, "c%u %s%u%s {\n", x->body, prefix, i,
			x->kind == KEYED ? " for k in [\"a\", \"b\"]" : "");
	else
		buf_fmt(b, is_job ? "job %s%u" : "existing base %s%u", prefix,
			i);
	if (x->kind == MANY) {
		buf_add_c(b, " for k in [");
		for (size_t k = 0; many[k]; k++)
			buf_fmt(b, "\"%c\", ", many[k]);
		buf_add_c(b, "]");
	}
	if (x->kind != ONE && x->kind != KEYED)
		buf_add_c(b, " {\n");
	if (is_job) {
		buf_add_c(b, "server = \"s");
		for (unsigned k = 0; k < i; k++)
			if (x->refers[k])
				buf_fmt(b, "${job.%s%u.loaded}", prefix, k);
		buf_add_c(b, "\"");
	}
	if (x->kind == FOUND)
		buf_add_c(b, "class = \"k\"");
	buf_add_c(b, "\ndepends_on = [");
	for (unsigned k = 0; k < i; k++)
		if (x->needs[k])
			write_need(b, &all[k], k, f, prefix);
	buf_add_c(b, "]\n");
	if (x->is_first && x->kind != FOUND)
		buf_add_c(b, "lifecycle { create_before_destroy = true }\n");
	buf_add_c(b, "}\n");
}

static void write_stack(struct buf *b, const struct stack *s,
			const struct form *f)
{
	static const struct form pairwise = { .is_pairwise = true };

	buf_clear(b);
	buf_add_c(b, "stack dev { provider = fake }\n");
	for (unsigned c = 0; c < BODIES; c++) {
		buf_fmt(b, "component c%u() {\n", c);
		for (unsigned i = 0; i < s->n_items[c]; i++)
			write_item(b, s->bodies[c], i, f, "x");
		/* The same in both texts; only what it is used for is not. */
		buf_add_c(b, "output all = [");
		for (unsigned i = 0; i < s->n_items[c]; i++)
			write_need(b, &s->bodies[c][i], i, &pairwise, "x");
		buf_add_c(b, "]\n}\n");
	}
	for (unsigned i = 0; i < (f->ends_early ? ROOTS / 2 : ROOTS); i++)
		write_item(b, s->roots, i, f, f->prefix);
}

/* -- Who needs whom ------------------------------------------------------- */

struct matrix {
	size_t n;
	bool *at;
};

static void matrix_init(struct matrix *m, size_t n)
{
	m->n = n;
	m->at = xrealloc(NULL, n * n + 1, 1);
	memset(m->at, 0, n * n + 1);
}

static void close_over(struct matrix *m)
{
	for (size_t k = 0; k < m->n; k++)
		for (size_t i = 0; i < m->n; i++)
			for (size_t j = 0; m->at[i * m->n + k] && j < m->n; j++)
				m->at[i * m->n + j] |= m->at[k * m->n + j];
}

/* Both are told of the first `n` alone: behind them stand joins. */
static void assert_same(const char *what, const struct matrix *a,
			const struct matrix *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			if (a->at[i * a->n + j] != b->at[i * b->n + j]) {
				print_message("%s: %zu to %zu: joined %d, "
					      "pairwise %d\n",
					      what, i, j, a->at[i * a->n + j],
					      b->at[i * b->n + j]);
				fail();
			}
}

static void needs_of(const struct run *r, struct matrix *m)
{
	const struct expansion *e = r->e;

	matrix_init(m, e->n + e->n_joins);
	for (size_t i = 0; i < e->n; i++)
		for (size_t k = 0; k < e->resources[i].n_deps; k++)
			m->at[i * m->n + e->resources[i].deps[k]] = true;
	for (size_t j = 0; j < e->n_joins; j++)
		for (size_t i = e->joins[j].first; i < e->joins[j].end; i++)
			m->at[(e->n + j) * m->n + i] = true;
	close_over(m);
}

static void uses_of(const struct run *r, struct matrix *m)
{
	struct arena a = { 0 };
	size_t n;
	struct state_resource **all = state_sorted(&r->c.state, &a, &n);

	matrix_init(m, n);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < all[i]->n_deps; k++)
			for (size_t j = 0; j < n; j++)
				if (str_eq(all[i]->deps[k], all[j]->address) ||
				    join_covers(all[i]->deps[k],
						all[j]->address))
					m->at[i * n + j] = true;
	close_over(m);
	arena_release(&a);
}

/* Steps and deletes by position of the address, so that orders may differ. */
static size_t place_of(const struct plan *p, const struct apply_graph *g,
		       size_t node)
{
	size_t step = g->step_of[node], place = 0;

	for (size_t i = 0; i < p->n_steps; i++)
		place +=
		    str_cmp(p->steps[i].address, p->steps[step].address) < 0;
	return 2 * place + (g->delete_node[step] == node);
}

static void order_of(const struct run *r, struct matrix *m)
{
	struct arena a = { 0 };
	struct apply_graph g;
	struct schedule s;

	apply_graph_init(&g, r->p, &s);
	schedule_release(&s);
	matrix_init(m, 2 * r->p->n_steps);
	for (size_t i = 0; i < g.first_join; i++) {
		const bool *reached = reached_from(r, i, &a);
		size_t from = place_of(r->p, &g, i);

		for (size_t k = 0; k < g.first_join; k++)
			if (reached[k])
				m->at[from * m->n + place_of(r->p, &g, k)] =
				    true;
	}
	apply_graph_release(&g);
	arena_release(&a);
}

typedef void relation_fn(const struct run *r, struct matrix *m);

static void compare(const char *what, relation_fn *relation,
		    const struct run *joined, const struct run *pairwise,
		    size_t n)
{
	struct matrix a, b;

	relation(joined, &a);
	relation(pairwise, &b);
	assert_same(what, &a, &b, n ? n : a.n);
	free(a.at);
	free(b.at);
}

/* -- The same by both ----------------------------------------------------- */

struct both {
	struct stack stack;
	struct run joined, pairwise;
	struct buf text;
};

/* What went wrong can be looked at: DMSL_SEED is where to begin. */
static void plan_both(struct both *x, struct form f,
		      const struct plan_options *o, const char *more)
{
	struct run *runs[] = { &x->joined, &x->pairwise };

	for (int i = 0; i < 2; i++) {
		f.is_pairwise = i == 1;
		write_stack(&x->text, &x->stack, &f);
		buf_add_c(&x->text, more);
		if (do_plan_with(runs[i], x->text.data, o)) {
			print_message("%s\n%s\n%s\n", x->text.data,
				      runs[i]->text.data, runs[i]->err.message);
			fail();
		}
	}
	assert_int_equal(x->joined.p->n_steps, x->pairwise.p->n_steps);
}

static void assert_same_actions(const struct both *x)
{
	for (size_t i = 0; i < x->pairwise.p->n_steps; i++) {
		const struct plan_step *b = &x->pairwise.p->steps[i];
		struct arena a = { 0 };
		const struct plan_step *s =
		    step_of(&x->joined, str_c(b->address, &a));

		assert_int_equal(s->action, b->action);
		assert_int_equal(s->is_left_out, b->is_left_out);
		assert_int_equal(s->creates_first, b->creates_first);
		arena_release(&a);
	}
}

static void compare_plans(const struct both *x, const char *what)
{
	assert_same_actions(x);
	compare(what, order_of, &x->joined, &x->pairwise, 0);
}

static struct str any_address(const struct run *r)
{
	return r->p->n_steps ? r->p->steps[any((unsigned)r->p->n_steps)].address
			     : STR("job.r0");
}

static void replace_one(struct both *x, struct form f)
{
	struct arena a = { 0 };
	struct str address = str_dup(any_address(&x->pairwise), &a);
	struct plan_options o = { .replace = &address, .n_replace = 1 };

	if (!step_of(&x->pairwise, address.s)->is_existing) {
		plan_both(x, f, &o, "");
		compare_plans(x, "replace");
	}
	arena_release(&a);
}

static void choose_some(struct both *x, struct form f, bool is_destroy)
{
	struct arena a = { 0 };
	struct str address = str_dup(any_address(&x->pairwise), &a);
	struct selection only = { .only = &address, .n_only = 1 };
	struct selection except = { .except = &address, .n_except = 1 };
	struct plan_options o = { .is_destroy = is_destroy };

	if (is_destroy && !state_find(&x->joined.c.state, address))
		goto out;
	o.selection = &only;
	plan_both(x, f, &o, "");
	compare_plans(x, "only");
	o.selection = &except;
	plan_both(x, f, &o, "");
	compare_plans(x, "except");
out:
	arena_release(&a);
}

static size_t count_recorded(const struct run *r)
{
	struct arena a = { 0 };
	size_t n, count = 0;
	struct state_resource **all = state_sorted(&r->c.state, &a, &n);

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < all[i]->n_deps; k++)
			count += join_is(all[i]->deps[k]);
	arena_release(&a);
	return count;
}

static void one_round(struct both *x)
{
	static const struct plan_options all = { 0 };
	struct plan_options destroy = { .is_destroy = true };
	struct form f = { .prefix = "r" };
	struct buf moves;

	make_stack(&x->stack);
	run_begin(&x->joined);
	run_begin(&x->pairwise);
	plan_both(x, f, &all, "");
	assert_int_equal(x->pairwise.e->n_joins, 0);
	compare("needs", needs_of, &x->joined, &x->pairwise, x->joined.e->n);
	n_joins += x->joined.e->n_joins;
	compare_plans(x, "create");
	choose_some(x, f, false);
	plan_both(x, f, &all, "");
	carry_out(&x->joined);
	carry_out(&x->pairwise);
	n_recorded += count_recorded(&x->joined);
	assert_int_equal(count_recorded(&x->pairwise), 0);
	compare("uses", uses_of, &x->joined, &x->pairwise, 0);
	plan_both(x, f, &all, "");
	assert_true(x->joined.p->is_empty);
	replace_one(x, f);
	plan_both(x, f, &all, "");
	choose_some(x, f, false);
	plan_both(x, f, &all, "");
	choose_some(x, f, true);
	plan_both(x, f, &destroy, "");
	compare_plans(x, "destroy");
	/* The later blocks are gone, the others may have moved. */
	f.ends_early = true;
	plan_both(x, f, &all, "");
	compare_plans(x, "delete");
	f.prefix = "m";
	buf_init(&moves, 1 << 14);
	for (unsigned i = 0; i < ROOTS / 2; i++) {
		if (x->stack.roots[i].kind == FOUND)
			continue;
		buf_add_c(&moves, "moved ");
		write_name(&moves, &x->stack.roots[i], i, "r");
		buf_add_c(&moves, " -> ");
		write_name(&moves, &x->stack.roots[i], i, "m");
		buf_add_c(&moves, "\n");
	}
	plan_both(x, f, &all, moves.data);
	compare_plans(x, "move");
	buf_release(&moves);
	run_end(&x->joined);
	run_end(&x->pairwise);
}

static void test_same_as_pairwise(void **state)
{
	static struct both x;
	const char *from = getenv("DMSL_SEED");

	(void)state;
	buf_init(&x.text, 1 << 20);
	for (unsigned i = 0; i < ROUNDS; i++) {
		seed = (from ? (uint32_t)strtoul(from, NULL, 10) : 1) + i;
		one_round(&x);
	}
	assert_true(n_joins > ROUNDS && n_recorded > ROUNDS);
	buf_release(&x.text);
}

/* -- By hand -------------------------------------------------------------- */

static void test_depends_on_component(void **state)
{
	struct run r;

	(void)state;
	run_begin(&r);
	assert_int_equal(
	    do_expand(&r, "stack dev { provider = fake }\n"
			  "component c() {\n"
			  "  job a { server = \"x\" }\n"
			  "  job b { server = \"y\" }\n"
			  "}\n"
			  "c one { }\n"
			  "c two { depends_on = [c.one] }\n"
			  "job z for k in [\"p\", \"q\"] { server = k }\n"
			  "job y { server = job.z[\"q\"].loaded }\n"),
	    0);
	/* All of one as a whole. */
	assert_int_equal(r.e->n_joins, 1);
	assert_true(str_is(r.e->joins[0].address, "c.one"));
	assert_int_equal(r.e->joins[0].first, 0);
	assert_int_equal(r.e->joins[0].end, 2);
	for (size_t i = 2; i < 4; i++) {
		assert_int_equal(r.e->resources[i].n_deps, 1);
		assert_int_equal(r.e->resources[i].deps[0], r.e->n);
	}
	assert_int_equal(r.e->resources[6].n_deps, 1);
	assert_int_equal(r.e->resources[6].deps[0], 5);
	run_end(&r);
}

/* Instances of a resource as a whole, however they are named. */
static void test_depends_on_many(void **state)
{
	struct run r;

	(void)state;
	run_begin(&r);
	assert_int_equal(
	    do_plan(
		&r,
		"stack dev { provider = fake }\n"
		"let keys = [\"a\", \"b\", \"c\", \"d\", \"e\", \"f\", \"g\", "
		"\"h\"]\n"
		"vpc v { cidr = 10.0.0.0/16 }\n"
		"job z for k in keys { server = k }\n"
		"job y for k in keys { server = k  depends_on = [job.z] }\n"
		"job x { server = join(\",\", job.z[*].loaded) }\n"
		"job few for k in [\"a\", \"b\"] { server = k }\n"
		"job u { server = \"x\"  depends_on = [job.few] }\n"
		"group g for k in keys {\n"
		"  vpc = vpc.v\n"
		"  ingress one { port = 1 }\n"
		"}\n"
		"job t { server = \"x\"  depends_on = [group.g] }\n"),
	    0);
	assert_int_equal(r.e->n_joins, 1);
	assert_true(str_is(r.e->joins[0].address, "job.z"));
	assert_int_equal(resource_of(&r, "job.y[\"d\"]")->n_deps, 1);
	assert_int_equal(resource_of(&r, "job.x")->n_deps, 1);
	assert_int_equal(resource_of(&r, "job.u")->n_deps, 2);
	/* What is written inside of them may need others. */
	assert_int_equal(resource_of(&r, "job.t")->n_deps, 8);
	carry_out(&r);
	assert_true(
	    str_is(state_find(&r.c.state, STR("job.x"))->deps[0], "job.z/"));
	assert_int_equal(do_plan(&r, "stack dev { provider = fake }"), 0);
	assert_true(goes_before(&r, "job.x", "job.z[\"h\"]"));
	assert_true(goes_before(&r, "job.y[\"a\"]", "job.z[\"h\"]"));
	run_end(&r);
}

/* deps of one that depended on "c.a/" after the moves, joined by blanks. */
static const char *renamed(const struct rename *all, size_t n, struct arena *a)
{
	struct str dep = STR("c.a/");
	struct state_resource user = { .deps = &dep, .n_deps = 1 };
	struct state_resource *const users[] = { &user };
	struct renames r;
	struct str text = STR("");

	renames_init(&r, all, n, users, 1, a);
	assert_true(renames_concern(&r, &user));
	renames_apply(&r, &user);
	renames_release(&r);
	for (size_t i = 0; i < user.n_deps; i++)
		text = str_fmt(a, "%.*s%s%.*s", STR_ARG(text), i ? " " : "",
			       STR_ARG(user.deps[i]));
	return text.s;
}

#define MOVED(from, to)                                                        \
	{                                                                      \
		STR_INIT(from), STR_INIT(to)                                   \
	}
#define STAYS(at) MOVED(at, at)

static void test_renames(void **state)
{
	static const struct rename whole[] = {
		MOVED("c.a/job.x", "c.b/job.x"),
		MOVED("c.a/d.i[\"k\"]/job.y", "c.b/d.i[\"k\"]/job.y"),
		STAYS("c.ab/job.x"),
	};
	static const struct rename keyed[] = {
		MOVED("c.a[\"k\"]/job.x", "c.b[\"k\"]/job.x"),
		MOVED("c.a[\"l\"]/job.x", "c.b[\"l\"]/job.x"),
	};
	static const struct rename out[] = {
		MOVED("c.a/job.x", "job.z"),
		STAYS("c.a/job.y"),
		STAYS("c.a/job.y#01234567"),
	};
	static const struct rename in[] = {
		STAYS("c.a/job.x"),
		MOVED("job.z", "c.a/job.z"),
	};
	static const struct rename among[] = {
		MOVED("c.a/job.x", "c.b/job.x"),
		STAYS("c.b/job.y"),
	};
	static const struct rename half[] = {
		MOVED("c.a/job.x", "c.b/job.x"),
		STAYS("c.a/job.y"),
	};
	struct arena a = { 0 };

	(void)state;
	assert_string_equal(renamed(whole, 3, &a), "c.b/");
	assert_string_equal(renamed(keyed, 2, &a), "c.b/");
	assert_string_equal(renamed(out, 3, &a), "c.a/ job.z");
	/* Not what has come to it since, or was there before. */
	assert_string_equal(renamed(in, 2, &a), "c.a/job.x");
	assert_string_equal(renamed(among, 2, &a), "c.b/job.x");
	assert_string_equal(renamed(half, 2, &a), "c.a/ c.b/");
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_depends_on_component),
		cmocka_unit_test(test_depends_on_many),
		cmocka_unit_test(test_renames),
		cmocka_unit_test(test_same_as_pairwise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
