#ifndef DMSL_PROVIDERS_REPLICATOR_RUN_H
#define DMSL_PROVIDERS_REPLICATOR_RUN_H

/*
 * The runs of tasks. Each task that was ever started has a run: its progress,
 * and while it runs, its thread, which alone changes the task's status from
 * "starting" on, until it has ended.
 */

#include "lang/value.h"

#include <stdbool.h>

struct arena;
struct error;
struct progress;
struct runs;
struct server;

enum run_start { RUN_FIRST, RUN_RESUME, RUN_RELOAD };

struct runs *runs_open(struct server *s);
/*
 * For a server that starts: what was running when it ended is failed and can be
 * resumed. Locks the book.
 */
void runs_recover(struct runs *r);
/*
 * Asks every run to end and waits some seconds; their tasks stay "running" in
 * the book, so that the next server recovers them.
 */
void runs_end(struct runs *r);
/* Frees it; after runs_end(), when every run has ended. */
void runs_close(struct runs *r);

/* These are called with the book locked. */
int run_start(struct runs *r, struct str task_arn, enum run_start how,
	      struct error *err);
void run_stop(struct runs *r, struct str task_arn);
/* The task is deleted: forgets its progress; it must not run. */
void run_forget(struct runs *r, struct str task_arn);
/* NULL when the task was never started. */
struct progress *run_progress(struct runs *r, struct str task_arn);

#endif
