#ifndef DMSL_ENGINE_FACTS_H
#define DMSL_ENGINE_FACTS_H

/*
 * Facts that a type tells of a running thing, as a map, for people: a line
 * each, then its lists of maps as tables, those of rows with their speed.
 */

#include "lang/value.h"

struct arena;

/* To standard output. */
void facts_print(struct value facts, struct arena *a);

#endif
