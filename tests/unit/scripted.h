#ifndef DMSL_TESTS_UNIT_SCRIPTED_H
#define DMSL_TESTS_UNIT_SCRIPTED_H

/*
 * An HTTP server on a free port of 127.0.0.1 that replays a script and checks
 * each request against it. It speaks of AWS operations in any protocol.
 */

#include <stdbool.h>
#include <stddef.h>

enum scripted_how {
	SCRIPT_ANSWER,
	SCRIPT_CUT,   /* closes without an answer */
	SCRIPT_RESET, /* resets the connection without an answer */
	SCRIPT_PART,  /* closes in the middle of the body */
	SCRIPT_HANG,  /* says nothing until the client gives up */
};

struct buf;

struct scripted_step {
	const char *target; /* the operation; NULL: not looked at */
	const char *body;   /* exact; NULL: not looked at */
	int status;	    /* 0: 200 */
	const char *answer; /* NULL: {} */
	enum scripted_how how;
	const char *headers; /* more header lines, each with \r\n */
	const char *request; /* must be in the request; NULL: not looked at */
	const char *absent;  /* must not be; NULL: not looked at */
	/* Writes the answer to a request body; instead of `answer`. */
	void (*make)(const char *body, struct buf *out);
	int times;	  /* the step stands for so many; 0: one */
	int delay_ms;	  /* before the answer */
	bool keeps_alive; /* the connection; else it is closed */
};

struct scripted;

/* The script ends with a step that is all zero; every member may be short. */
struct scripted *scripted_start(const struct scripted_step *script);
const char *scripted_url(const struct scripted *s);
/* How many steps were played; how many connections came. */
int scripted_played(const struct scripted *s);
int scripted_connections(const struct scripted *s);
/*
 * Stops it; fails the test with what differed, or when steps are left over.
 * Releases all.
 */
void scripted_stop(struct scripted *s);

#endif
