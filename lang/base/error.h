#ifndef DMSL_LANG_BASE_ERROR_H
#define DMSL_LANG_BASE_ERROR_H

/*
 * What failed in the world: network, database, git, file. A function that can
 * fail so returns -1 and fills its last parameter. Each layer that knows more
 * adds a line of context. The message never holds a secret. All zero is "no
 * error"; a struct error owns nothing and may be copied.
 *
 * An error of the input is a diag (lang/diag.h); an error of ours is BUG().
 */

#include <stdbool.h>

enum error_kind {
	ERROR_NONE,
	ERROR_FAILED,	   /* no better kind */
	ERROR_NOT_FOUND,   /* the thing is not there */
	ERROR_EXISTS,	   /* a thing of that name is there already */
	ERROR_CONFLICT,	   /* wrong state, or somebody else was first */
	ERROR_DENIED,	   /* credentials or permissions */
	ERROR_INVALID,	   /* the request itself was refused: do not repeat */
	ERROR_THROTTLED,   /* too fast: repeat later */
	ERROR_TIMEOUT,	   /* no answer, or lost: the outcome is unknown */
	ERROR_UNAVAILABLE, /* could not be reached, or not now: repeat later */
	ERROR_QUOTA,	   /* a limit of the service or of ours */
	ERROR_CORRUPT,	   /* stored data that is not what was written */
	ERROR_INTERRUPTED, /* the user asked to stop */
};

struct error {
	enum error_kind kind;
	char message[1000]; /* one line, lower case, no full stop */
	char hint[500];	    /* what the user can do; may be empty */
};

/* Sets kind and message; returns -1, so that one can `return error_set(…)`. */
int error_set(struct error *err, enum error_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* As error_set(), with ": " and the text of errno at the end. */
int error_errno(struct error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Puts "context: " before the message; returns -1. */
int error_add(struct error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Sets the hint; returns -1. */
int error_hint(struct error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* "throttled": the kind as a word for journals and JSON, and back. */
const char *error_kind_name(enum error_kind kind);

/* We are wrong: prints where and aborts. */
#define BUG(...) bug_at(__FILE__, __LINE__, __VA_ARGS__)
_Noreturn void bug_at(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
