#ifndef DMSL_LANG_DIAG_H
#define DMSL_LANG_DIAG_H

/*
 * What is wrong with the input. Modules add to a list and never print;
 * diag_print.c alone renders. Messages are lower case without a full stop,
 * details and hints are sentences. Codes are stable: E0xxx errors, W0xxx
 * warnings; lang/diag_codes.h has the list.
 */

#include "lang/base/arena.h"
#include "lang/base/str.h"
#include "lang/source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum severity { SEVERITY_ERROR, SEVERITY_WARNING };

struct diag_note {
	struct place place; /* source may be NULL */
	struct str text;
	struct diag_note *next;
};

struct diag {
	enum severity severity;
	const char *code; /* "E0203" */
	struct str message;
	struct place place;
	struct str hint; /* may be empty */
	struct diag_note *notes;
	bool is_traced; /* for its owner: where it was found is told */
};

/* Findings that are kept; of those beyond, only the errors are counted. */
enum { DIAGS_MAX = 10000 };

/* All zero but arena is an empty list. */
struct diags {
	struct arena *arena; /* the configuration's */
	struct diag **items;
	size_t n, room;
	size_t n_errors;    /* grows with each error that is new */
	bool is_inexact;    /* one beyond DIAGS_MAX may be counted twice */
	struct diag *spare; /* private: what is added beyond DIAGS_MAX */
	uint32_t *slots;    /* private: finds what was added before */
	size_t n_slots;
};

/*
 * Adds a finding; the same code at the same place is added once. Returns it, so
 * that notes and a hint can be added; never NULL.
 */
struct diag *diag_error(struct diags *d, const char *code, struct place p,
			const char *format, ...)
    __attribute__((format(printf, 4, 5)));
struct diag *diag_warning(struct diags *d, const char *code, struct place p,
			  const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void diag_note(struct diags *d, struct diag *to, struct place p,
	       const char *format, ...) __attribute__((format(printf, 4, 5)));
/* A finding has one hint, the first. */
void diag_hint(struct diags *d, struct diag *to, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void diags_release(struct diags *d);
/* What a code means, in one line; NULL when there is no such code. */
const char *diag_title(struct str code);

/*
 * Prints the findings in the order of file and place, at most `most` errors
 * and the count of the rest: of those that are kept, and "more than" that where
 * not all are. `width` is the terminal's, 0 for no limit.
 */
void diags_print(const struct diags *d, FILE *out, bool color, unsigned width,
		 size_t most);
/* The same as one JSON array. */
void diags_print_json(const struct diags *d, FILE *out);
/* The same as events: one JSON object of type "finding" a line. */
void diags_print_events(const struct diags *d, FILE *out);

#endif
