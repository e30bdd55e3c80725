#ifndef DMSL_ENGINE_CMD_TASK_H
#define DMSL_ENGINE_CMD_TASK_H

/* What the task commands share. */

#include "lang/value.h"

#include "engine/runs.h"

struct arena;
struct context;

struct task_args {
	bool json, yes, wait;
	struct run_options run;
};

/*
 * Facts that a type tells of itself, as a map, for people; its lists of maps
 * are tables.
 */
void task_print(struct value facts, struct arena *a);

#endif
