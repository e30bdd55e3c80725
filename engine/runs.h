#ifndef DMSL_ENGINE_RUNS_H
#define DMSL_ENGINE_RUNS_H

/*
 * The parts that plan, apply and destroy share: from a stack file to a plan,
 * and from a plan to what became of it (summary.h says that). They show what
 * went wrong themselves; what they return is an exit status.
 */

#include "engine/opts.h"

#include <stdbool.h>

struct arena;
struct context;
struct error;
struct expansion;
struct plan;
struct saved_plan;

/* What plan, apply and destroy are asked alike. */
struct run_options {
	struct option_list set, params, only, except, replace;
	bool no_refresh, refresh_only;
};

/* Rows for their tables; `field` is the struct run_options in `type`. */
#define RUN_OPTIONS_PARAMS(type, field)                                        \
	OPTION(type, field.set, "set", "NAME=VALUE",                           \
	       "set a param; repeatable"),                                     \
	    OPTION(type, field.params, "params", "FILE",                       \
		   "take params from JSON or NAME = VALUE lines; repeatable")
#define RUN_OPTIONS_SELECT(type, field)                                        \
	OPTION(type, field.only, "only", "WHAT",                               \
	       "this, and what it needs: an address, glob or file; "           \
	       "repeatable"),                                                  \
	    OPTION(type, field.except, "except", "WHAT",                       \
		   "all but this; repeatable")
#define RUN_OPTIONS_CHANGE(type, field)                                        \
	OPTION(type, field.replace, "replace", "ADDRESS",                      \
	       "make this one anew; repeatable"),                              \
	    OPTION_NOT(type, field.no_refresh, "refresh",                      \
		       "trust the state, read nothing"),                       \
	    OPTION(type, field.refresh_only, "refresh-only", NULL,             \
		   "take over what was changed outside, change nothing")

struct run {
	const char *path; /* the stack file */
	bool is_write;	  /* takes the lease, recovers first */
	bool is_destroy;
	const struct run_options *options; /* NULL: none */
	const struct saved_plan *saved;	   /* is carried out; or NULL */
	struct expansion *expansion;
	struct plan *plan;
};

/*
 * Takes the params; refuses options that contradict each other. 0, or an exit
 * status: what is wrong was shown.
 */
int run_take(struct context *c, const struct run_options *o, bool is_destroy);
/* Shows the plan, and what was found, to people. */
void run_show(struct context *c, const struct run *r);
/* See recover(). Does not come back when calls still run. */
int run_recover(struct context *c, struct expansion *e, bool may_carry,
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
/* There is nothing to apply: runs the checks, and says so. */
int run_nothing(struct context *c, struct run *r);

#endif
