#ifndef DMSL_ENGINE_REPORT_H
#define DMSL_ENGINE_REPORT_H

/*
 * What a run shows while it goes on, on standard error: on a terminal one line
 * for each running step with its time and what it waits for, and one with the
 * totals and the time that is left, redrawn, never more than the terminal is
 * high; elsewhere a plain line for each step that ended. With --json, one JSON
 * object a line on standard output, see dmsl(1). Never holds a value of an
 * attribute.
 */

#include "lang/base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct buf;
struct context;
struct error;
struct estimate;
struct report_line;

enum report_mode { REPORT_PLAIN, REPORT_LIVE, REPORT_JSON };

struct report {
	enum report_mode mode;
	FILE *out;
	bool color;
	unsigned width;
	size_t n_nodes;
	struct report_line **by_node; /* running steps */
	struct report_line *first, *last;
	size_t n_running, n_ended, n_failed;
	size_t n_skipped;
	size_t total;	     /* operations that there are to do */
	struct buf *notices; /* for the end; NULL: none */
	/* Set by who knows how long things take; NULL: nobody does. */
	struct estimate *estimate;
	size_t rows;  /* most lines of a draw; 0: as the terminal says */
	size_t drawn; /* lines on the terminal that the next draw replaces */
	int64_t begun_ms, drawn_ms;
};

/* Steps are told apart by node numbers below n_nodes. */
void report_open(struct report *r, const struct context *c, size_t n_nodes,
		 size_t total);
void report_close(struct report *r);
/* action and address must live until the step ended. */
void report_begin(struct report *r, size_t node, const char *action,
		  struct str address);
void report_waiting(struct report *r, size_t node, struct str what);
void report_retry(struct report *r, size_t node, const struct error *why,
		  int attempt, int64_t delay_ms);
/* err NULL: it went well. Tells how long it took. */
void report_end(struct report *r, size_t node, const struct error *err);
void report_skipped(struct report *r, struct str address, struct str because);
/* A sentence of the run itself. */
void report_note(struct report *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Something to know about a resource: at once as JSON, else at the end. */
void report_notice(struct report *r, struct str address, struct str text);
/* Draws again if it is time to; returns milliseconds to the next, or -1. */
int report_tick(struct report *r);

/* "38 ms", "4.2 s", "3 min 20 s". */
struct report_time {
	char text[48];
};
struct report_time report_time(int64_t ms);

#endif
