#ifndef DMSL_PROVIDERS_AWS_DMS_ASSESS_H
#define DMSL_PROVIDERS_AWS_DMS_ASSESS_H

/* Premigration assessment runs of a task. Private to the folder. */

#include "engine/provider.h"

struct assessment {
	struct str status;  /* "passed", "warning", "failed", … */
	struct str where;   /* "s3://bucket/folder", with every finding */
	struct str command; /* what fetches them from there */
	/* Maps of assessment and result, the worst first. */
	struct value results;
};

/*
 * Whether the task can be assessed: by the service, and with the role and
 * bucket that it asks for. -1: err says what is missing.
 */
int dms_assess_check(struct call *c);
/*
 * Makes a run of this name, or finds the one that there is, and waits for its
 * end. The task stands still. Memo: "assess ARN".
 */
enum step dms_assess(struct call *c, struct str name, struct assessment *out);
bool dms_assess_has_failed(const struct assessment *a);
/* "2 failed, 1 warning, 20 passed" */
struct str dms_assess_counts(const struct assessment *a, struct arena *arena);
/* Fails with the assessments that did. */
enum step dms_assess_refuse(struct call *c, const struct assessment *a);

#endif
