#include <config.h>

#include "engine/worker.h"

#include "lang/base/arena.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A queue: first in, first out. */
struct queue {
	struct work *first, **last;
};

/*
 * `waiting` goes in, `finished` comes out, both under one lock. An eventfd is
 * readable while something is finished, so that the owner waits for work, a
 * descriptor of its own (signals) and time in one poll().
 */
struct workers {
	pthread_mutex_t lock;
	pthread_cond_t has_work;
	struct queue waiting, finished;
	bool is_closing;
	int event;
	int watched; /* -1: none */
	int n;
	pthread_t *threads;
};

static void queue_init(struct queue *q)
{
	q->first = NULL;
	q->last = &q->first;
}

static void queue_add(struct queue *q, struct work *w)
{
	w->next = NULL;
	*q->last = w;
	q->last = &w->next;
}

static struct work *queue_take(struct queue *q)
{
	struct work *w = q->first;

	if (!w)
		return NULL;
	q->first = w->next;
	if (!q->first)
		q->last = &q->first;
	w->next = NULL;
	return w;
}

static void signal_event(int event)
{
	uint64_t one = 1;

	while (write(event, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void clear_event(int event)
{
	uint64_t count;

	while (read(event, &count, sizeof(count)) < 0 && errno == EINTR)
		;
}

static void *thread_main(void *data)
{
	struct workers *w = data;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		struct work *work;

		while (!w->is_closing && !w->waiting.first)
			pthread_cond_wait(&w->has_work, &w->lock);
		if (w->is_closing)
			break;
		work = queue_take(&w->waiting);
		pthread_mutex_unlock(&w->lock);
		work->run(work);
		pthread_mutex_lock(&w->lock);
		/* One event stands for all that is finished. */
		if (!w->finished.first)
			signal_event(w->event);
		queue_add(&w->finished, work);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* Signals are the main thread's: a new thread inherits the mask. */
static int start(pthread_t *t, const pthread_attr_t *how,
		 void *(*main)(void *data), void *data)
{
	sigset_t all, old;
	int code;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	code = pthread_create(t, how, main, data);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return code;
}

static int start_threads(struct workers *w, int n, struct error *err)
{
	int code = 0;

	for (; w->n < n && !code; w->n += !code)
		code = start(&w->threads[w->n], NULL, thread_main, w);
	/* Fewer threads than wished for are slower, none are no use. */
	if (w->n)
		return 0;
	errno = code;
	return error_errno(err, "could not start a worker thread");
}

struct workers *workers_open(int n, struct error *err)
{
	struct workers *w;

	if (n < 1 || n > 256)
		BUG("%d workers", n);
	w = xmalloc(sizeof(*w));
	*w = (struct workers){ .watched = -1 };
	queue_init(&w->waiting);
	queue_init(&w->finished);
	w->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->event < 0) {
		error_errno(err, "could not make an event descriptor");
		free(w);
		return NULL;
	}
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->has_work, NULL);
	w->threads = xrealloc(NULL, (size_t)n, sizeof(*w->threads));
	if (start_threads(w, n, err) < 0) {
		workers_close(w);
		return NULL;
	}
	return w;
}

void workers_watch(struct workers *w, int fd)
{
	w->watched = fd;
}

void workers_submit(struct workers *w, struct work *work)
{
	pthread_mutex_lock(&w->lock);
	queue_add(&w->waiting, work);
	pthread_cond_signal(&w->has_work);
	pthread_mutex_unlock(&w->lock);
}

static struct work *take_finished(struct workers *w)
{
	struct work *work;

	pthread_mutex_lock(&w->lock);
	work = queue_take(&w->finished);
	if (work && !w->finished.first)
		clear_event(w->event);
	pthread_mutex_unlock(&w->lock);
	return work;
}

struct work *workers_next(struct workers *w, int timeout_ms)
{
	struct pollfd fds[2] = {
		{ .fd = w->event, .events = POLLIN },
		{ .fd = w->watched, .events = POLLIN },
	};
	struct work *work = take_finished(w);

	if (work || timeout_ms == 0)
		return work;
	/* A watched descriptor of -1 is left out by poll(). */
	if (poll(fds, 2, timeout_ms) <= 0)
		return NULL;
	return take_finished(w);
}

void workers_close(struct workers *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->is_closing = true;
	pthread_cond_broadcast(&w->has_work);
	pthread_mutex_unlock(&w->lock);
	for (int i = 0; i < w->n; i++)
		pthread_join(w->threads[i], NULL);
	pthread_cond_destroy(&w->has_work);
	pthread_mutex_destroy(&w->lock);
	close(w->event);
	free(w->threads);
	free(w);
}

struct thread {
	pthread_t id;
	struct work *work;
	cpu_set_t all; /* processors that it may run on; none: was not asked */
};

static void *lone_main(void *data)
{
	struct thread *t = data;

	if (CPU_COUNT(&t->all))
		sched_setaffinity(0, sizeof(t->all), &t->all);
	t->work->run(t->work);
	return NULL;
}

/*
 * Some kernels begin a thread on the processor it was made on, where it waits
 * for milliseconds, or its maker does: a small plan is over by then. So it
 * begins on another one, and is free to go afterwards.
 */
static void begin_elsewhere(struct thread *t, pthread_attr_t *how)
{
	int here = sched_getcpu();
	cpu_set_t others;

	CPU_ZERO(&t->all);
	if (here < 0 || here >= CPU_SETSIZE ||
	    sched_getaffinity(0, sizeof(t->all), &t->all) < 0)
		return;
	others = t->all;
	CPU_CLR(here, &others);
	if (CPU_COUNT(&others))
		pthread_attr_setaffinity_np(how, sizeof(others), &others);
}

struct thread *work_start(struct work *w)
{
	struct thread *t = xmalloc(sizeof(*t));
	pthread_attr_t how;
	int code;

	t->work = w;
	pthread_attr_init(&how);
	begin_elsewhere(t, &how);
	code = start(&t->id, &how, lone_main, t);
	pthread_attr_destroy(&how);
	if (code == 0)
		return t;
	free(t);
	return NULL;
}

void work_join(struct thread *t)
{
	pthread_join(t->id, NULL);
	free(t);
}
