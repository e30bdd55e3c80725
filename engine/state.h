#ifndef DMSL_ENGINE_STATE_H
#define DMSL_ENGINE_STATE_H

/*
 * What exists, as last known, and its text: canonical JSON, addresses sorted,
 * one attribute a line, no timestamps, no serial numbers. The same state is the
 * same bytes. Secret values are written sealed: {"$sealed":"…"}, see codec.h.
 * The format is described at the top of state.c.
 *
 * cidr, ip, duration and size are written as text and come back as strings: the
 * schema says what they are. Secret marks survive, unknown ones too.
 */

#include "lang/base/arena.h"
#include "lang/base/map.h"
#include "lang/base/str.h"
#include "lang/value.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;
struct seal;

struct state_resource {
	struct str address;
	struct str type;
	struct str provider; /* "local" */
	struct str id;
	struct value attrs; /* map; secrets marked and in clear in memory */
	struct str *deps;   /* direct dependencies, sorted addresses */
	size_t n_deps;
	/*
	 * Created, but a later wait or step of its creation failed: the next
	 * plan replaces it.
	 */
	bool is_tainted;
	bool
	    prevent_destroy; /* lifecycle, kept so that it outlives the block */
	bool keep_on_destroy;
	uint32_t position; /* in what state_sorted() gave last */
	/*
	 * Keyed digest of what lifecycle { replace_when } was; empty: none. A
	 * change replaces the resource.
	 */
	struct str replace_when;
};

/*
 * While a replacement that creates first is under way, the old object stands in
 * the state beside the new one: at its address with "#" and 8 hex digits behind
 * it, which no configuration can have. One whose id is also that of the address
 * itself was never replaced, and is dropped.
 */

struct state {
	struct arena *arena; /* where resources live */
	struct str stack;
	struct str uid; /* 16 hex digits; empty: a new stack */
	/*
	 * Address -> struct state_resource; NULL where one was removed, so
	 * walk it by state_sorted().
	 */
	struct map resources;
	bool has_deposed;     /* one may be there, as above */
	struct value outputs; /* map */
	/* Map: provider -> the account and region that it is about, if any. */
	struct value providers;
};

/* The arena stays the caller's; state_release() frees the map alone. */
void state_init(struct state *s, struct arena *a);
void state_release(struct state *s);
struct state_resource *state_find(const struct state *s, struct str address);
/* Copies r into the state's arena, replacing one of the same address. */
void state_put(struct state *s, const struct state_resource *r);
void state_remove(struct state *s, struct str address);
/*
 * Puts a copy of what has the address beside it, as left over from there on;
 * the copy, or NULL where there is nothing.
 */
struct state_resource *state_depose(struct state *s, struct str address);
/*
 * Drops what is left over from replacements that were never made: the object
 * is still that of its address.
 */
void state_drop_kept(struct state *s);
/* Sorted and each once, in place; state_put() does it too. */
void state_sort_deps(struct state_resource *r);
/*
 * Who depends on what was moved depends on it where it is now. moved: the old
 * address -> struct str, the new one.
 */
void state_rename_deps(struct state *s, const struct map *moved);
/* What a uid may be: nothing, of a new stack, or 16 hex digits. */
bool state_is_uid(struct str uid);
size_t state_count(const struct state *s);
/* All resources sorted by address; the array lives in a. */
struct state_resource **state_sorted(const struct state *s, struct arena *a,
				     size_t *n);
/* A copy with an arena of its own: for the working state of an apply. */
void state_copy(struct state *to, const struct state *from, struct arena *a);

/* seal may be NULL: then secrets are written as {"$secret":true}: to show. */
int state_write(const struct state *s, const struct seal *seal, struct buf *out,
		struct error *err);
/*
 * seal may be NULL: then sealed values are read as secret and unknown. Every
 * mistake in the text is an error that names the place; an empty text is a new
 * state. The state was initialised before, and is released also after an error.
 * It points into the text, which must live as long as the state's arena.
 */
int state_read(struct state *s, struct str text, const struct seal *seal,
	       struct error *err);

#endif
