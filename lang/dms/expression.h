#ifndef DMSL_LANG_DMS_EXPRESSION_H
#define DMSL_LANG_DMS_EXPRESSION_H

/*
 * Expressions of table mappings: SQLite's syntax, where $name is a column of
 * the source and $AR_… what DMS knows of row and table (dms-reference 1.6).
 * SQLite itself reads them, so what it takes and what we take is the same.
 */

#include "lang/base/str.h"

struct arena;
struct expression_reader;

enum expression_verdict {
	EXPRESSION_GOOD,
	EXPRESSION_DOUBTFUL, /* nothing says that DMS knows it */
	EXPRESSION_WRONG,
};

/* Never NULL; SQLite is loaded when the first expression is read. */
struct expression_reader *expression_open(void);
void expression_close(struct expression_reader *r);
/* why: the reason, hint: a way out or empty; both in the arena. */
enum expression_verdict expression_read(struct expression_reader *r,
					struct str text, struct arena *a,
					struct str *why, struct str *hint);

#endif
