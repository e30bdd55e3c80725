#ifndef DMSL_ENGINE_EXPAND_H
#define DMSL_ENGINE_EXPAND_H

/*
 * Configuration to resource instances: params and lets evaluated, components
 * and `for` unfolded, names bound, types and required attributes checked as far
 * as values are known, dependencies found. What is not known yet is evaluated
 * again, in the same code, when a step becomes ready.
 */

#include "lang/base/str.h"
#include "lang/diag.h"
#include "lang/value.h"

#include "engine/schema.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct ast_decl;
struct attr_info;
struct type_info;
struct config;
struct context;
struct error;
struct instance_scope; /* private */
struct state_resource;

/* timeouts { }: milliseconds for one operation; 0: the default */
struct timeouts {
	int64_t create_ms, update_ms, delete_ms, run_ms;
};

/* One resource instance. Index in expansion.resources is its dense id. */
struct resource {
	size_t index;
	/* What each reference to it looks at stands together. */
	const struct type_info *type; /* of the schema, made ready */
	bool is_existing; /* declared `existing`: read, never changed */
	bool prevent_destroy, keep_on_destroy;
	bool create_before_destroy;
	const struct instance_scope *scope;
	const struct type_schema *schema;
	struct str address;
	const struct ast_decl *decl; /* of the block, or of its parent's */
	size_t provider;	     /* index into context.open */
	/*
	 * What it refers to or depends_on, sorted: resources, and from
	 * expansion.n on joins.
	 */
	size_t *deps;
	size_t n_deps;
	struct str *ignore; /* attributes whose difference is none */
	size_t n_ignore;
	const struct timeouts *timeouts; /* NULL: the defaults */
	struct place place;		 /* of its name, for messages */
	const void *node; /* private: the block of a BLOCK_NODES resource */
};

/*
 * moved FROM -> TO, import ADDRESS = ID, removed ADDRESS { keep = … }: the ends
 * of a move, and what is removed, cover what is inside them.
 */
struct declared_move {
	struct str from, to;
	struct place place;
};
struct declared_import {
	struct str address, id;
	size_t resource; /* dense id */
	struct place place;
};
struct declared_removed {
	struct str address;
	bool keep; /* forgotten, not destroyed */
	struct place place;
};

/*
 * A component's instance, or all instances of one or of a resource, that
 * something depends on as a whole: they stand behind one another.
 */
struct join {
	struct str address;
	size_t first, end; /* resources inside */
	/*
	 * What `existing` inside was found by, outside of it: resources that
	 * are not existing. n_existing: how many of those inside are.
	 */
	size_t *found_by;
	size_t n_found_by, n_existing;
};

struct expansion {
	struct str stack;	    /* name */
	struct value stack_tags;    /* map */
	struct resource *resources; /* order of the text */
	size_t n;
	const size_t *order; /* dense ids, needs before what needs them */
	struct join *joins;  /* number n + i in deps */
	size_t n_joins;
	const struct ast_decl **outputs, **checks;
	size_t n_outputs, n_checks;
	struct declared_move *moves;
	struct declared_import *imports;
	struct declared_removed *removed;
	size_t n_moves, n_imports, n_removed;
	struct context *context;
	/*
	 * Attributes of a resource as known now: NULL result means "not known
	 * yet". Set by plan and apply before they evaluate anything. The map
	 * must hold "id"; unknown members are unknown values.
	 */
	const struct value *(*lookup)(void *lookup_context, size_t index);
	void *lookup_context;
	void *private;
};

/*
 * Expands a loaded configuration. Mistakes are findings in the context; NULL
 * only when nothing useful came out. Opens the providers the stack names, too
 * (context.open), unless check_only.
 */
struct expansion *expand(struct context *c, bool check_only, struct error *err);
/*
 * The same in two parts: what the text alone says, and what needs the state,
 * which may be read meanwhile (engine/load.h). expand_values() takes NULL, too.
 */
struct expansion *expand_text(struct context *c, bool check_only);
struct expansion *expand_values(struct expansion *e, struct error *err);

/*
 * The names and types in the components of a configuration, whether or not
 * anything makes an instance of them: for a text that no stack uses yet.
 */
void expand_check_components(struct context *c);

/*
 * What lifecycle { } or timeouts { } takes in a block; NULL: it is neither.
 */
const struct attr_schema *expand_common_attrs(struct str block,
					      bool is_component);

/*
 * The wanted attributes of a resource, by the values that lookup gives now: a
 * map with fallbacks filled in and tags merged; references are ids (or
 * unknown); attributes that are ATTR_COMPUTED and not written are absent. -1
 * when there were findings. places: where each entry was written, parallel to
 * the entries of the map; may be NULL.
 */
int expand_wanted(struct expansion *e, size_t index, struct arena *a,
		  struct value *out, struct place **places);
/*
 * What a resource was when the text was checked. What the state has was taken
 * to stay as it is there, if nothing that is written says otherwise; of all
 * else nothing was known but what is written. As long as both hold for all that
 * it needs, it is wanted like this. NULL: that is not kept.
 */
struct checked {
	const struct state_resource *state; /* that stays; NULL: none */
	struct value wanted;
	struct place *places;
	struct value known; /* where it stays: as lookup shall give it */
};
const struct checked *expand_checked(const struct expansion *e, size_t index);
/*
 * The resource with an address, or NULL; e may be NULL. The index is made when
 * it is first asked for: few plans need one.
 */
const struct resource *expand_find(const struct expansion *e,
				   struct str address);
/*
 * References lead anywhere, and with 100,000 resources each look at one would
 * wait for memory. So memory is asked beforehand for what will be looked at to
 * evaluate a resource, in three looks, of which each follows what the last one
 * brought: `look` counts down while others are evaluated, FETCH_AHEAD for each
 * look. values: of the lookup, by dense id.
 */
enum { FETCH_LOOKS = 3, FETCH_AHEAD = 8 };
void expand_fetch(const struct expansion *e, size_t index, unsigned look,
		  const struct value *values);
/* The value of lifecycle { replace_when }, plain; null: there is none. */
int expand_replace_when(struct expansion *e, size_t index, struct arena *a,
			struct value *out);
/*
 * Where lifecycle ignores attributes: they become in wanted (and places, which
 * may be NULL) what they are in `now`, whatever is written.
 */
void expand_ignored(const struct resource *r, struct value now, struct arena *a,
		    struct value *wanted, struct place **places);
/* The value of an output or of a check's attribute ("on", "expect", …). */
int expand_output(struct expansion *e, const struct ast_decl *output,
		  struct arena *a, struct value *out);
int expand_check(struct expansion *e, const struct ast_decl *check,
		 const char *attr, struct arena *a, struct value *out);
void expansion_release(struct expansion *e);

/*
 * Where the moves bring what has this address in the state: the first of them,
 * and *to in the arena. NULL: nowhere. What is left over from a replacement
 * goes with its resource.
 */
const struct declared_move *expand_moved(const struct expansion *e,
					 struct str address, struct arena *a,
					 struct str *to);
/* The declaration that removes what has this address, or NULL. */
const struct declared_removed *expand_removed(const struct expansion *e,
					      struct str address);

/* Whether it, or a component around it, is declared in that text. */
bool resource_is_in(const struct resource *r, const struct source *s);
/* What its type says of an attribute, or NULL. */
const struct attr_info *resource_attr(const struct resource *r,
				      struct str name);

#endif
