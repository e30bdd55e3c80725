#ifndef DMSL_ENGINE_PLAN_CHANGE_H
#define DMSL_ENGINE_PLAN_CHANGE_H

/* Values of a plan as text for people; secrets are hidden. */

#include "lang/value.h"

struct buf;
struct plan_change;
struct type_schema;

/* One value on one line, cut to width bytes (0: not cut). */
void plan_value_text(struct buf *out, struct value v, unsigned width);
/*
 * "old -> new"; of documents, lists and maps only the parts that differ:
 * several on lines of their own, each behind a newline.
 */
void plan_change_text(struct buf *out, const struct plan_change *c,
		      const struct type_schema *t);

#endif
