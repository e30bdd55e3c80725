#ifndef DMSL_ENGINE_SCHEMA_H
#define DMSL_ENGINE_SCHEMA_H

/*
 * What a resource type looks like in the language: constant tables, the same
 * for every provider. Checking, planning, documentation and completion all come
 * from them. The tables stand in providers/types/.
 *
 * Every type has the computed attribute "id" besides those listed.
 */

#include "lang/base/str.h"

#include <stdbool.h>
#include <stddef.h>

enum attr_flag {
	ATTR_REQUIRED = 1,
	/*
	 * Given by the provider. Alone: may not be written. With
	 * ATTR_OPTIONAL: the provider fills it in when it was not written.
	 */
	ATTR_COMPUTED = 2,
	ATTR_OPTIONAL = 4,
	ATTR_REPLACE = 8, /* a change needs a new object */
	ATTR_SECRET = 16, /* its value is secret, whatever it came from */
	/*
	 * A computed value that cannot change while the object lives, so that
	 * it is known in the plan of an update (arn, dns_name, …).
	 */
	ATTR_STABLE = 32,
	/* Steers dmsl itself; a change alone is no change of the object. */
	ATTR_LOCAL = 64,
	/*
	 * A reference to what is changed inside: to what dmsl does not own only
	 * where that says modify = true.
	 */
	ATTR_MODIFIES = 128,
};

struct attr_schema {
	const char *name;
	const char *type; /* in the notation of lang/type.h */
	unsigned flags;	  /* enum attr_flag */
	/* The value when none is written, in the language; NULL: null. */
	const char *fallback;
	const char *doc; /* one sentence */
};

enum block_kind {
	BLOCK_LIST,    /* repeated: a list of objects in the attribute `name` */
	BLOCK_NODES,   /* labelled: each is a resource of type node_type */
	BLOCK_MAPPING, /* tables { }: the attribute is mapping JSON */
	BLOCK_SETTINGS, /* settings { }: the attribute is settings JSON */
};

/* A block in a resource's body. Its attribute of the same name is derived. */
struct block_schema {
	const char *name;
	enum block_kind kind;
	const struct attr_schema *attrs; /* ends with name NULL; BLOCK_LIST */
	/*
	 * BLOCK_NODES: a block `ingress web { … }` in security_group.db is the
	 * resource security_group.db/ingress.web of this type; it gets
	 * parent_attr = the parent, and each of `given` = the block's name.
	 */
	const char *node_type;
	const char *parent_attr;
	const char *given;
	const char *doc;
};

struct type_schema {
	const char *name;
	const char *group;		   /* "network", "path", "data", … */
	const struct attr_schema *attrs;   /* ends with name NULL */
	const struct block_schema *blocks; /* ends with name NULL; or NULL */
	bool has_tags;	  /* takes `tags`, stack tags are merged in */
	bool is_foreign;  /* what it describes is never dmsl's own */
	bool is_built_in; /* served by the program whatever the provider */
	bool is_fixed;	  /* prevents replacing: the old data would be lost */
	const char *doc;
};

/*
 * The table of all types is handed to the engine by main.c; it ends with NULL.
 * The lookups answer NULL for what there is not.
 */
const struct type_schema *schema_find(const struct type_schema *const *table,
				      struct str name);
const struct attr_schema *schema_attr(const struct type_schema *t,
				      struct str name);
const struct block_schema *schema_block(const struct type_schema *t,
					struct str name);

#endif
