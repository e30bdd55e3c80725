#ifndef DMSL_PROVIDERS_SQL_SPLIT_H
#define DMSL_PROVIDERS_SQL_SPLIT_H

/*
 * SQL text to statements, as psql cuts it: at semicolons outside quotes,
 * comments, parentheses and BEGIN ATOMIC bodies. Pure.
 */

#include "lang/base/str.h"

#include <stddef.h>

struct arena;
struct error;

struct statement {
	struct str text; /* without the semicolon and what stands before it */
	struct str word; /* its first word, as written: "create" */
	size_t line;	 /* where it begins, from 1 */
};

struct statements {
	struct statement *items;
	size_t n;
};

/* Fails on a quote or comment that is not closed, and on a NUL byte. */
int sql_split(struct str sql, struct arena *a, struct statements *out,
	      struct error *err);
/*
 * As sql_split(); refuses too what would end or escape the transaction that the
 * statements are run in: COMMIT and its kind, psql's backslash commands.
 */
int sql_split_for_transaction(struct str sql, struct arena *a,
			      struct statements *out, struct error *err);

#endif
