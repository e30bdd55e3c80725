#ifndef DMSL_ENGINE_WORKER_H
#define DMSL_ENGINE_WORKER_H

/*
 * Threads that take work and give it back done. They see nothing but the work
 * itself: graph, journal and state are the main thread's, but for the reading
 * of the last two ahead (engine/load.h). The only file that knows threads.
 */

#include "lang/base/error.h"

struct work {
	void (*run)(struct work *w); /* on a worker */
	void *data;
	struct work *next; /* private */
};

struct workers;

/* n threads (1 to 256), signals blocked in them. */
struct workers *workers_open(int n, struct error *err);
void workers_submit(struct workers *w, struct work *work);
/*
 * A finished work; NULL after timeout_ms without one (0: does not wait, -1:
 * waits as long as it takes) or when a signal interrupted the wait.
 */
struct work *workers_next(struct workers *w, int timeout_ms);
/*
 * A descriptor that ends a wait of workers_next() when it becomes readable,
 * such as one of signalfd(); it is not read. -1: none.
 */
void workers_watch(struct workers *w, int fd);
/* Waits for what runs, drops what has not begun, joins the threads. */
void workers_close(struct workers *w);

/*
 * One work on a thread of its own, begun at once; NULL: no thread can be had.
 * The work stays where it is until work_join(), which waits for its end.
 */
struct thread;
struct thread *work_start(struct work *w);
void work_join(struct thread *t);

#endif
