#ifndef DMSL_LANG_DMS_PROBLEM_H
#define DMSL_LANG_DMS_PROBLEM_H

/*
 * What is wrong with a table mapping or with task settings. The checks know
 * neither where the text stands nor what AWS calls the mistake to its callers:
 * they name the rule and the part of it, and whoever asked for the check turns
 * that into a finding with a place, or into an answer.
 */

#include "lang/base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct error;

#define DMS_NO_RULE ((size_t)-1)

struct dms_problem {
	const char *code; /* "E0416"; "W…" is a warning */
	size_t rule;	  /* its index in "rules", or DMS_NO_RULE */
	const char *path; /* inside the rule or the settings; NULL: all of it */
	size_t other;	  /* a second rule, or DMS_NO_RULE */
	const char *hint; /* or NULL */
	/* The whole of what AWS is known to say, or NULL. */
	const char *service;
	struct str message;
};

struct dms_report {
	struct arena *arena;
	void (*add)(struct dms_report *r, const struct dms_problem *p);
	size_t n_errors;
};

/* Adds a problem with a message; -1, so that one can return it. */
int dms_report(struct dms_report *r, struct dms_problem p, const char *format,
	       ...) __attribute__((format(printf, 3, 4)));
/* A problem of a whole rule or of a part of it. */
#define DMS_PROBLEM(code_, rule_, path_)                                       \
	((struct dms_problem){                                                 \
	    .code = (code_),                                                   \
	    .rule = (rule_),                                                   \
	    .path = (path_),                                                   \
	    .other = DMS_NO_RULE,                                              \
	})
/* "columns[3]", "boundaries[1][0]"; lives in the report's arena. */
const char *dms_path(struct dms_report *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
