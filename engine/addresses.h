#ifndef DMSL_ENGINE_ADDRESSES_H
#define DMSL_ENGINE_ADDRESSES_H

/*
 * Many addresses for people, side by side; of instances of one block only the
 * keys after the first: subnet.private["a"]  ["b"]  and 71 more.
 */

#include "lang/base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct buf;

struct addresses {
	struct buf *out;
	unsigned width; /* cells of a line, without the indent */
	bool color;
	size_t most;	    /* that are shown; 0: all */
	const char *before; /* the first: "in "; NULL: nothing */
	/* private */
	size_t column, n, n_shown;
	struct str base; /* of the last: what stands before its key */
};

void addresses_add(struct addresses *l, struct str address);
/* Says how many more were added; ends the line. */
void addresses_end(struct addresses *l);

/* subnet.private of subnet.private["a"]; empty where there is no key. */
struct str address_without_key(struct str address);

#endif
