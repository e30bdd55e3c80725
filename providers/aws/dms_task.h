#ifndef DMSL_PROVIDERS_AWS_DMS_TASK_H
#define DMSL_PROVIDERS_AWS_DMS_TASK_H

/*
 * What dms_task.c, dms_load.c, dms_watch.c, dms_control.c and dms_effects.c
 * share. Private.
 */

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
/*
 * A task that stands still only since its endpoint was changed has the tag
 * dmsl:stopped, with a digest of the dates of its last start: any other start
 * makes it worthless.
 */
int task_mark_stopped(struct call *c, struct value task);
bool task_is_left_stopped(struct call *c, struct value task, struct value tags);
/* Adds a tag to a task. */
int task_tag(struct call *c, struct str arn, const char *key, struct str value);
int task_stop(struct call *c, struct str arn);
/*
 * Whether the task stands still. Where it does not, *out is how the step goes
 * on: what runs is stopped, and waited for.
 */
bool task_is_still(struct call *c, struct value task, enum step *out);
int task_start(struct call *c, struct str arn, const char *type);
/*
 * What was or will be loaded: 32 hex digits of the mapping's SHA-256 and 32 of
 * the settings'.
 */
struct str task_load_hash(struct value config, struct arena *a);
/* All table statistics of the service: a list of maps, bounded. */
int task_statistics(struct call *c, bool may_start, struct str arn,
		    struct value *out);

/* -- what is seen of a load: dms_watch.c -- */

struct value task_stats(struct value task);
/*
 * 16 hex digits that differ after any start. The task's own date outlives a
 * restart of the service, statistics may not: they count only where there is no
 * such date, and for what is gone on with, whose date may stay.
 */
struct str task_base(struct call *c, struct value task, bool is_resumed);
bool task_has_run(struct value task);
/* Whether its reason to stop has this part: "FULL_LOAD_ONLY_FINISHED". */
bool task_has_reason(struct value task, const char *part);
/* The load of a task that goes on with changes is over while it runs. */
bool task_is_past_load(struct value task);
/* Fails with the words of the service, the bad tables and its log's errors. */
enum step task_failed(struct call *c, struct value task, const char *what);
/* The load is over: done when no table has an error; result says `loaded`. */
enum step task_loaded(struct call *c, struct value task);
/* Waits for the load; says how far it is. */
enum step task_loading(struct call *c, struct value task);

/*
 * The tag dmsl:load of a task is the hash of what was last begun to be loaded.
 */
int task_marked_load(struct call *c, struct str *hash);

/* resource_ops.run, .inspect and .control */
enum step task_run(struct call *c);
enum step task_inspect(struct call *c);
enum step task_control(struct call *c);
/* Adds what a load does to data. */
int task_effects(struct call *c);

#endif
