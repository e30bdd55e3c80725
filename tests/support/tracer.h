#ifndef DMSL_TESTS_SUPPORT_TRACER_H
#define DMSL_TESTS_SUPPORT_TRACER_H

/*
 * Runs a child that is killed before or after the n-th of its system calls that
 * change something (files, locks, and the events by which its threads wake each
 * other), so that a test can take all of these places one by one.
 */

enum trace_end {
	TRACE_ENDED,	  /* it came to its end before; *status is set */
	TRACE_KILLED,	  /* at the place */
	TRACE_IMPOSSIBLE, /* nothing can be traced here */
};

struct trace {
	void (*child)(void *data); /* must not return */
	void *data;
	int place; /* from 1; each call has two; 0: never */
	/* -- results -- */
	int seen;   /* places that were passed */
	int status; /* of waitpid() */
};

/* The child may begin threads, but its own children are not traced. */
enum trace_end trace_run(struct trace *t);

#endif
