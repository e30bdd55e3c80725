#ifndef DMSL_ENGINE_DIFF_H
#define DMSL_ENGINE_DIFF_H

/*
 * Prior and wanted values of one resource: what differs, and whether that takes
 * an update or a new object. Pure; results live in the arena.
 */

#include "lang/source.h"
#include "lang/value.h"

#include "engine/plan.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct type_info;

/*
 * Attributes as the state or a provider has them (texts, ids) in the types of
 * the schema, so that they compare. What does not convert stays as it is.
 */
struct value diff_convert(const struct type_info *t, struct value attrs,
			  struct arena *a);
/* The entries of over on top of those of base; both maps or null. */
struct value diff_overlay(struct value base, struct value over,
			  struct arena *a);

/*
 * Attributes of an object that is still to be made: what is wanted, and unknown
 * what a provider gives, "id" included.
 */
struct value diff_to_come(const struct type_info *t, struct value wanted,
			  struct arena *a);

/* Of an existing object that is still to be found: what is written of it. */
struct value diff_existing(const struct type_info *t, struct value written,
			   struct arena *a);

struct diff {
	struct plan_change *changes;
	size_t n;
	bool needs_replace;
	bool needs_update; /* something besides ATTR_LOCAL differs */
	bool is_quiet;	   /* only tags or ATTR_LOCAL: computed values stay */
};

/* places: where each entry of wanted was written; where: the resource. */
struct diff diff_attrs(const struct type_info *t, struct value prior,
		       struct value wanted, const struct place *places,
		       struct place where, struct arena *a);

#endif
