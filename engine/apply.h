#ifndef DMSL_ENGINE_APPLY_H
#define DMSL_ENGINE_APPLY_H

/*
 * Carries out a plan: what a started and a finished step mean for journal,
 * state and report, and the one commit at the end. What a step wants is
 * evaluated again with real results; where that is not what the plan promised,
 * the step stops. Failures are findings in the context, at their blocks.
 */

#include "lang/base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct context;
struct error;
struct expansion;
struct plan;

struct apply_check {
	struct str name;
	struct str expected, found; /* as text */
	bool has_passed;
	bool has_run; /* false: left out, or it failed with a finding */
};

/* What became of a step of the plan. */
enum apply_outcome {
	OUTCOME_NONE, /* nothing was to be done, or it was not begun */
	OUTCOME_DONE,
	OUTCOME_FAILED,
	OUTCOME_UNKNOWN, /* nobody knows: the next run finds out */
	OUTCOME_SKIPPED, /* something that it needs failed */
};

struct apply_step {
	enum apply_outcome outcome;
	bool is_tainted; /* it is there, but not whole */
	size_t because;	 /* skipped: the step that failed */
};

struct apply_result {
	struct apply_step *steps; /* by step, in the context's arena */
	size_t created, updated, replaced, deleted, ran, forgotten;
	size_t moved, imported;
	size_t failed, skipped, not_begun;
	size_t n_unknown;
	struct apply_check *checks; /* in the context's arena */
	size_t n_checks;
	size_t n_checks_failed;
	struct str commit; /* empty: nothing was committed */
	bool is_interrupted;
	bool is_abandoned; /* calls still run: leave by _exit() */
	int64_t elapsed_ms;
};

/*
 * The context holds the lease and has a run id; an interrupted run was
 * recovered. -1 with err when the run as a whole failed (journal, commit);
 * failed steps are in the result and in the findings. e may be NULL for a
 * destroy.
 */
int apply_run(struct context *c, struct expansion *e, struct plan *p,
	      struct apply_result *out, struct error *err);
/*
 * Runs the checks where there is nothing to apply; the rest of the result is
 * zero.
 */
void apply_checks(struct context *c, struct expansion *e, struct plan *p,
		  struct apply_result *out);
/* All that was planned was done, and every check passed. */
bool apply_is_whole(const struct apply_result *r);

/*
 * Commits the context's state if its text is not what the store holds. Ends
 * what the providers made for a stack that has no resources any more, unless
 * objects of it are kept.
 */
int apply_commit(struct context *c, struct str message, struct str *commit,
		 struct error *err);

#endif
