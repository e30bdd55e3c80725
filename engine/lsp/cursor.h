#ifndef DMSL_ENGINE_LSP_CURSOR_H
#define DMSL_ENGINE_LSP_CURSOR_H

/*
 * What may be written at a place of a text that is being written: told by the
 * tokens before it, since the tree has a gap just there.
 */

#include "lang/base/str.h"
#include "lang/source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

enum cursor_kind {
	CURSOR_NOTHING,	    /* a comment, a string, a name being made up */
	CURSOR_DECLARATION, /* or the type of an instance */
	CURSOR_RESOURCE,    /* behind `existing`: a resource type */
	CURSOR_TYPE,	    /* of a param */
	CURSOR_ITEM,	    /* an attribute or a block */
	CURSOR_RULE,	    /* of tables { } */
	CURSOR_VALUE,	    /* an expression */
	CURSOR_MEMBER,	    /* behind a dot */
};

enum { CURSOR_BLOCKS_MAX = 4 };

struct cursor {
	enum cursor_kind kind;
	struct span word; /* what is there of it, up to the place */
	/* Around it: the words a declaration begins with; empty: none. */
	struct str head, type;
	struct str blocks[CURSOR_BLOCKS_MAX]; /* outermost first */
	size_t n_blocks;
	bool is_in_component;
	struct str attr;   /* CURSOR_VALUE: whose; or empty */
	bool is_in_list;   /* an item of it */
	bool is_inside;	   /* of a call, a map, …: not the value itself */
	struct str before; /* CURSOR_MEMBER: the expression before the dot */
};

/* The texts are those of the source, or live in the arena. */
void cursor_read(const struct source *s, uint32_t offset, struct arena *a,
		 struct cursor *out);

#endif
