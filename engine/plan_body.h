#ifndef DMSL_ENGINE_PLAN_BODY_H
#define DMSL_ENGINE_PLAN_BODY_H

/*
 * What stands under a step of a plan that is shown: the attributes that it is
 * made with, or those that change, with the place where each is written.
 */

#include "lang/source.h"

#include "engine/plan_change.h"

#include <stdbool.h>

struct buf;
struct plan_step;

struct body_style {
	struct change_style change;
	unsigned width; /* cells of a line of attributes */
	/* Steps that differ only in where they are written are alike without.
	 */
	bool has_places;
};

#define PAINT_RED   "\033[31m"
#define PAINT_GREEN "\033[32m"
#define PAINT_AMBER "\033[33m"
#define PAINT_FAINT "\033[2m"
#define PAINT_BOLD  "\033[1m"
#define PAINT_PLAIN "\033[0m"

/* Lines that end in a newline, indented; nothing where nothing is to say. */
void plan_body_text(struct buf *out, const struct plan_step *s,
		    const struct body_style *style);
/* "  stacks/dev.dmsl:12", or nothing without a place. */
void plan_place_text(struct buf *out, struct place p, bool color);

#endif
