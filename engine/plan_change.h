#ifndef DMSL_ENGINE_PLAN_CHANGE_H
#define DMSL_ENGINE_PLAN_CHANGE_H

/* Values of a plan as text for people; secrets are hidden. */

#include "lang/value.h"

#include <stdbool.h>

struct buf;
struct plan_change;
struct type_schema;

struct change_style {
	unsigned width; /* of the terminal; 0: as long as they are */
	bool color;
	bool is_full; /* nothing is cut */
};

/*
 * One value on one line, cut to width cells (0: not cut) with a note that says
 * how much there is of it.
 */
void plan_value_text(struct buf *out, struct value v, unsigned width);
/*
 * "old -> new"; of maps only the parts that differ, of documents, lists and
 * texts the lines: several, each behind a newline.
 */
void plan_change_text(struct buf *out, const struct plan_change *c,
		      const struct type_schema *t,
		      const struct change_style *style);

#endif
