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
#include <stdint.h>

struct arena;

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
	const struct attr_rule *rules;	 /* ends with attr NULL; or NULL */
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

/*
 * What a service takes as the value of an attribute, as far as its manual says
 * so: checked wherever the value is known. The words for messages and for
 * documentation are made from it (engine/rule.h).
 */
enum rule_kind {
	/*
	 * From least to most: a number; the milliseconds of a duration; the
	 * bytes of a size; the bits of a cidr; the characters of a text; the
	 * items of a list.
	 */
	RULE_RANGE,
	RULE_BYTES,   /* of a text */
	RULE_AMONG,   /* one of `among`: numbers, or seconds */
	RULE_NAME,    /* letters, digits and `others`, so many characters */
	RULE_WITHOUT, /* printable ASCII, none of `others` */
	RULE_DAILY,   /* 03:00-04:00, half an hour at least */
	RULE_WEEKLY,  /* sun:05:00-sun:06:00, half an hour at least */
	RULE_TAGS,    /* a map of tags */
};

enum rule_flag {
	RULE_LETTER_FIRST = 1,	 /* a name begins with a letter */
	RULE_SINGLE_HYPHENS = 2, /* no two hyphens together, none at the end */
	RULE_INNER_HYPHENS = 4,	 /* no hyphen at either end */
	RULE_OR_ZERO = 8,	 /* RULE_RANGE: 0 is possible, too */
	RULE_WARNS = 16,	 /* the service may take it all the same */
	RULE_FRACTIONS = 32,	 /* RULE_RANGE: not whole numbers alone */
};

struct attr_rule {
	const char *attr;
	enum rule_kind kind;
	int64_t least, most;
	unsigned flags;	       /* enum rule_flag */
	const char *others;    /* characters */
	const char *not_first; /* how a name cannot begin: "sg-" */
	const char *not_name;  /* a name that is taken: "default" */
	const int64_t *among;  /* ends with -1 */
};

enum choice_kind { CHOICE_ONE, CHOICE_AT_MOST_ONE };

/* Attributes of which only one can be given. */
struct attr_choice {
	enum choice_kind kind;
	const char *attrs[4]; /* ends with NULL where there are fewer */
};

struct type_schema {
	const char *name;
	const char *group;		   /* "network", "path", "data", … */
	const struct attr_schema *attrs;   /* ends with name NULL */
	const struct attr_rule *rules;	   /* ends with attr NULL; or NULL */
	const struct attr_choice *choices; /* ends with no attrs; or NULL */
	const struct block_schema *blocks; /* ends with name NULL; or NULL */
	bool has_tags;	  /* takes `tags`, stack tags are merged in */
	bool is_foreign;  /* what it describes is never dmsl's own */
	bool is_built_in; /* served by the program whatever the provider */
	bool is_fixed;	  /* prevents replacing: the old data would be lost */
	/* All that it refers to and that is in a network is in the same. */
	bool is_in_network;
	/*
	 * No other has its name: in the account and region (""), or in what
	 * this attribute refers to. NULL: others may.
	 */
	const char *unique_in;
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
/*
 * The first rule of an attribute, or NULL: those of one attribute stand behind
 * each other. rules may be NULL.
 */
const struct attr_rule *schema_rule(const struct attr_rule *rules,
				    struct str attr);
/* "required", "optional, 5432 when not written; a change replaces": for people.
 */
struct str attr_how_given(const struct attr_schema *m, struct arena *a);

#endif
