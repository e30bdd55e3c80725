#ifndef DMSL_PROVIDERS_REPLICATOR_PROGRESS_H
#define DMSL_PROVIDERS_REPLICATOR_PROGRESS_H

/*
 * How far a task is, table by table; written by its workers, read by calls and
 * kept in a file of its own, FOLDER/tasks/ID.json, between the runs of a task.
 * Every function but progress_open() and progress_close() takes the lock.
 */

#include "lang/base/arena.h"
#include "lang/value.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

enum table_state {
	TABLE_BEFORE_LOAD,
	TABLE_LOADING,
	TABLE_COMPLETED,
	TABLE_CANCELLED,
	TABLE_ERROR,
	TABLE_MISSING,
	TABLE_N_STATES,
};

enum table_validation {
	VALIDATION_OFF,
	VALIDATION_PENDING,
	VALIDATION_GOOD,
	VALIDATION_MISMATCH,
	VALIDATION_NO_KEY,
	VALIDATION_TABLE_ERROR,
	VALIDATION_ERROR,
	VALIDATION_N_STATES,
};

struct table_progress {
	struct str schema, table; /* at the source; in the progress's arena */
	enum table_state state;
	enum table_validation validation;
	int64_t rows;	  /* committed, or under way while loading */
	int64_t estimate; /* the planner's; 0: none */
	int64_t start_ms, end_ms, update_ms; /* since 1970 */
	int64_t differing;		     /* records that validation found */
	bool is_reloaded;
	char details[256]; /* of validation, or the error of the table */
};

struct progress {
	pthread_mutex_t lock;
	struct arena mem; /* of tables and their names */
	struct table_progress *tables;
	size_t n;
	int64_t fresh_start_ms, start_ms, stop_ms, load_start_ms, load_end_ms;
	bool has_changes; /* since it was saved */
};

/* Reads the file if there is one; what cannot be read counts as no runs. */
void progress_open(struct progress *p, const char *path);
void progress_close(struct progress *p);
/* Writes the file if something changed since the last time. */
int progress_save(struct progress *p, const char *path, struct error *err);

/* Takes the tables of a new run, in this order; copies them. */
void progress_reset(struct progress *p, const struct table_progress *tables,
		    size_t n);
/* A copy of all tables. */
size_t progress_copy(struct progress *p, struct arena *a,
		     struct table_progress **out);
/* A copy of table i, and storing one back (the names stay). */
void progress_get(struct progress *p, size_t i, struct table_progress *out);
void progress_put(struct progress *p, size_t i, const struct table_progress *t);
/* While table i loads: rows so far. */
void progress_rows(struct progress *p, size_t i, int64_t rows);
/* After a run that was cut short: what was loading is cancelled. */
void progress_cut(struct progress *p);

/* ReplicationTaskStats. */
struct value progress_stats(struct progress *p, bool is_running,
			    struct arena *a);
/* One entry of DescribeTableStatistics. */
struct value progress_show(const struct table_progress *t, struct arena *a);

#endif
