#ifndef DMSL_ENGINE_RUNS_H
#define DMSL_ENGINE_RUNS_H

/*
 * The parts that plan, apply and destroy share: from a stack file to a plan,
 * and from a plan to what became of it (summary.h says that). They show what
 * went wrong themselves; what they return is an exit status.
 */

#include <stdbool.h>

struct arena;
struct context;
struct error;
struct expansion;
struct option_list;
struct plan;

struct run {
	const char *path; /* the stack file */
	bool is_write;	  /* takes the lease, recovers first */
	bool is_destroy;
	bool no_refresh;
	struct expansion *expansion;
	struct plan *plan;
};

/* --set NAME=VALUE options to settings. */
int run_settings(struct context *c, const struct option_list *set,
		 struct error *err);
/* Fills expansion and plan; 0 or STATUS_FAILED. run_close() in any case. */
int run_plan(struct context *c, struct run *r);
void run_close(struct context *c, struct run *r);
/* <git common dir>/dmsl/<stack>/plan. */
const char *run_plan_path(struct context *c);
/* Whether the user says yes; without a terminal that is an error. */
bool run_confirm(struct context *c, const char *question, struct error *err);
/* Applies, says what was done. Does not come back when calls still run. */
int run_apply(struct context *c, struct run *r);

#endif
