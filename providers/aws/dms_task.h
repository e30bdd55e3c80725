#ifndef DMSL_PROVIDERS_AWS_DMS_TASK_H
#define DMSL_PROVIDERS_AWS_DMS_TASK_H

/* What dms_task.c, dms_load.c and dms_effects.c share. Private. */

#include "engine/provider.h"

#include <stdbool.h>
#include <stdint.h>

/* The task itself; null when there is none. */
int task_find(struct call *c, bool may_start, struct str arn,
	      struct value *out);
struct str task_status(struct value task);
/* starting or running */
bool task_is_active(struct value task);
/* A status that passes by itself: creating, stopping, … */
bool task_is_passing(struct value task);
int task_stop(struct call *c, struct str arn);
int task_start(struct call *c, struct str arn, const char *type);
/*
 * What was or will be loaded: 32 hex digits of the mapping's SHA-256 and 32 of
 * the settings'.
 */
struct str task_load_hash(struct value config, struct arena *a);
/* All table statistics of the service: a list of maps, bounded. */
int task_statistics(struct call *c, bool may_start, struct str arn,
		    struct value *out);

/* resource_ops.run and .inspect */
enum step task_run(struct call *c);
enum step task_inspect(struct call *c);
/* Adds what a load does to data. */
int task_effects(struct call *c);

#endif
