#ifndef DMSL_ENGINE_SUMMARY_H
#define DMSL_ENGINE_SUMMARY_H

/*
 * What an apply or a destroy did, for people or as the last JSON line: counts,
 * outputs, checks, findings, and what to do next.
 */

struct apply_result;
struct context;
struct plan;

/* Results go to standard output, findings and advice to standard error. */
void summary_print(struct context *c, const struct plan *p,
		   const struct apply_result *r);
/*
 * What was not done and why, grouped, and how to go on; nothing when all was
 * done. summary_print() does it, too.
 */
void summary_missing(const struct context *c, const struct plan *p,
		     const struct apply_result *r);
/* Of an apply that had nothing to do: what became of its checks. */
void summary_nothing(struct context *c, const struct plan *p,
		     const struct apply_result *r);

#endif
