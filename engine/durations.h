#ifndef DMSL_ENGINE_DURATIONS_H
#define DMSL_ENGINE_DURATIONS_H

/*
 * How long operations took in earlier runs, by type and action: what a person
 * who waits is told. A file of the stack, see the top of durations.c; nothing
 * depends on it, so one that is damaged is no error.
 */

#include "lang/base/arena.h"
#include "lang/base/map.h"
#include "lang/base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct error;

struct durations {
	struct arena arena;
	struct map by_name; /* "TYPE ACTION" -> struct duration */
	bool has_changed;
};

/* All zero is empty, and is what a file that cannot be read gives. */
void durations_load(struct durations *d, const char *folder);
void durations_release(struct durations *d);
/* The average in milliseconds; -1: there was none yet. */
int64_t durations_get(const struct durations *d, const char *type,
		      const char *action);
void durations_add(struct durations *d, const char *type, const char *action,
		   int64_t ms);
/* Writes it if there is something new. */
int durations_save(struct durations *d, const char *folder, struct error *err);

#endif
