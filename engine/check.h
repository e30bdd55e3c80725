#ifndef DMSL_ENGINE_CHECK_H
#define DMSL_ENGINE_CHECK_H

/*
 * Schemas made ready for use (types parsed, fallbacks evaluated, each once),
 * and what can be said of a block from its text alone: unknown, repeated and
 * missing attributes, those that may not be written.
 */

#include "lang/base/map.h"
#include "lang/source.h"
#include "lang/suggest.h"
#include "lang/type.h"
#include "lang/value.h"

#include "engine/schema.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct ast_body;
struct ast_decl;
struct diag;
struct diags;

struct attr_info {
	const struct attr_schema *schema;
	struct str name; /* the schema's */
	const struct type *type;
	/* The type once references are ids; what state and providers see. */
	const struct type *stored;
	struct value fallback;	      /* null: none */
	const struct attr_rule *rule; /* the first of its rules, or NULL */
	bool has_reference;
};

struct block_info {
	const struct block_schema *schema;
	struct attr_info *attrs;
	size_t n;
};

struct type_info {
	const struct type_schema *schema;
	struct attr_info *attrs; /* in the order of the schema */
	size_t n;
	struct block_info *blocks;
	size_t n_blocks;
	/* "id" and ATTR_COMPUTED, unknown until the object is made: sorted. */
	struct value_entry *to_come;
	size_t n_to_come;
};

struct catalog {
	struct arena *arena;
	struct map schemas; /* name -> struct type_schema */
	struct map types;   /* name -> struct type_info, as far as asked for */
	const struct type_info *last; /* that was asked for */
};

void catalog_init(struct catalog *c, const struct type_schema *const *table,
		  struct arena *a);
void catalog_release(struct catalog *c);
/* NULL: there is no such type. A mistake in a schema is a BUG. */
const struct type_info *catalog_type(struct catalog *c, struct str name);
/* Infos of a table of attributes without rules: provider configuration. */
struct attr_info *check_attrs(const struct attr_schema *attrs, size_t *n,
			      struct arena *a);
/* `tags`, as resources take it. */
const struct attr_info *check_tags(struct arena *a);
const struct attr_info *type_info_attr(const struct type_info *t,
				       struct str name);
const struct block_info *type_info_block(const struct type_info *t,
					 struct str name);

/*
 * Evaluates a text in which no names are known: a fallback, --set. -1 with
 * findings, which show the text under `where`.
 */
int constant_value(struct str where, struct str text, const struct type *wanted,
		   struct arena *a, struct diags *d, struct value *out);

/* Attributes and blocks that every resource and component takes. */
bool check_is_common_attr(struct str name);
bool check_is_common_block(struct str name);

/* What to say of a table of attributes that a body is held against. */
struct check_target {
	const struct attr_info *attrs;
	size_t n;
	const struct type_info *type;  /* for blocks and tags; or NULL */
	const struct block_info *node; /* attributes given by the block */
	const char *kind; /* "vpc", "provider \"local\"" … for messages */
	struct str name;
	bool is_resource; /* takes depends_on, lifecycle, … */
	struct place place;
};
/* Adds findings; checks names only, evaluates nothing. */
void check_body(const struct ast_body *b, const struct source *s,
		const struct check_target *t, struct diags *d);
/*
 * Whether something in the body could not be read or is not known: what it
 * lacks may be that, and is no finding.
 */
bool check_is_unclear(const struct ast_body *b, const struct source *s,
		      const struct diags *d);
/* Repeated attributes of a body. */
void check_repeated(const struct ast_body *b, const struct source *s,
		    struct diags *d);

/* A hint "Did you mean …" when a name is near. */
void check_suggest(const struct suggest *s, struct diags *d, struct diag *to);

#endif
