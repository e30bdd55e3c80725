#ifndef DMSL_ENGINE_SETUP_H
#define DMSL_ENGINE_SETUP_H

/*
 * What commands stand on: the configuration of a stack file, its store, state
 * and journal, the lease. Each function adds to the context; setup_close()
 * gives back all of it, in any case.
 */

#include <stdbool.h>

struct arena;
struct context;
struct error;
struct expansion;

/* Exit statuses; the manual repeats them. */
enum {
	STATUS_DONE = 0,
	STATUS_FAILED = 1,
	STATUS_CHANGES = 2, /* plan --detailed-exitcode */
	STATUS_USAGE = 64,
};

enum access {
	ACCESS_READ,  /* state as committed, overlaid by a dead run's journal */
	ACCESS_PLAN,  /* the same, and the state key is made if there is none */
	ACCESS_WRITE, /* takes the lease first; gives the run an id */
};

/*
 * The folder of the standard components: where DMSL_LIBRARY says, beside the
 * program in a build tree, or as installed.
 */
const char *setup_library(struct arena *a);
/* Loads the texts, also such that declare no stack. */
int setup_texts(struct context *c, const char *path, struct error *err);
/*
 * Loads the texts. Findings are in the context; 0 also when there are errors,
 * as long as it is known which stack it is.
 */
int setup_config(struct context *c, const char *path, struct error *err);
int setup_state(struct context *c, enum access access, struct error *err);
/*
 * setup_config(), setup_state(), expand(): NULL also when there are findings.
 * The state is read beside the text, but by who writes: the lease comes first.
 */
struct expansion *setup_stack(struct context *c, const char *path,
			      enum access access, struct error *err);
/* Closes what the expansion opened, and releases it. */
void setup_shut(struct context *c, struct expansion *e);
void setup_close(struct context *c, struct expansion *e);

/*
 * Shows the findings and the error, as text or as JSON; returns STATUS_FAILED.
 * An error of kind 0 adds nothing to the findings.
 */
int setup_fail(struct context *c, const struct error *err);
/* The findings alone. */
void setup_findings(struct context *c);

#endif
