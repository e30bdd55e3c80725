#ifndef DMSL_TESTS_UNIT_PLANNED_H
#define DMSL_TESTS_UNIT_PLANNED_H

/*
 * For tests from text to plan: a provider of a few lines, whose objects are
 * what the test says they are. Nothing outside is touched but a folder.
 */

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"

#include "engine/context.h"
#include "engine/plan.h"

#include "tests/support/scratch.h"

#include <stdbool.h>

struct expansion;
struct resource;

/* What reads find: set by the tests, looked at by workers. */
struct world {
	const char *gone, *broken, *failing;
	const char *drifted; /* its class is "other" */
	const char *moved;   /* its endpoint is "new" */
	const char *table;   /* that a job truncates */
	int rows;
	bool needs_run, needs_replace;
	const char *refused, *advice; /* what a job's type says of it */
	const char *found;	      /* the cidr of what was not made here */
};
extern struct world world;

struct run {
	struct arena arena;
	struct context c;
	struct expansion *e;
	struct plan *p;
	struct error err;
	struct buf text; /* of the plan, or the findings */
	char folder[SCRATCH_MAX];
};

extern const char stack_text[];

void run_begin(struct run *r);
void run_end(struct run *r);
void take_findings(struct run *r);
int do_expand(struct run *r, const char *text);
int do_plan_with(struct run *r, const char *text, const struct plan_options *o);
int do_plan(struct run *r, const char *text);
void carry_out(struct run *r);
const struct plan_step *step_of(const struct run *r, const char *address);
/*
 * What comes behind a node of the plan's apply_graph, however far, by node.
 */
bool *reached_from(const struct run *r, size_t node, struct arena *a);
/* Whether the one is deleted before the other. */
bool goes_before(struct run *r, const char *first, const char *second);
enum action action_of(const struct run *r, const char *address);
void assert_has(const struct run *r, const char *part);
void assert_has_not(const struct run *r, const char *part);
const char *changed(struct run *r, const char *old, const char *new);
void applied(struct run *r);
const struct resource *resource_of(const struct run *r, const char *address);
int replan(struct run *r, const char *before, const char *after);

#endif
