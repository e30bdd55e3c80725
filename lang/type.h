#ifndef DMSL_LANG_TYPE_H
#define DMSL_LANG_TYPE_H

/*
 * Types of params and attributes, in one notation everywhere:
 *
 *	string number bool cidr ip duration size json any
 *	enum(a, b)  list(T)  set(T)  map(T)  object({a: T, b?: T})
 *	NAME        a reference to a resource type or component
 *	A | B       several will do
 *
 * An object converts to a reference type of its name and stays an object; the
 * engine turns it into the resource's id when the value goes to a provider.
 */

#include "lang/base/str.h"
#include "lang/value.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct buf;
struct error;

enum type_kind {
	TYPE_ANY,
	TYPE_STRING,
	TYPE_NUMBER,
	TYPE_BOOL,
	TYPE_CIDR,
	TYPE_IP,
	TYPE_DURATION,
	TYPE_SIZE,
	TYPE_JSON, /* canonical JSON text; lists and maps are encoded */
	TYPE_ENUM,
	TYPE_LIST,
	TYPE_SET,
	TYPE_MAP,
	TYPE_OBJECT,
	TYPE_REF,
	TYPE_UNION,
};

struct type {
	enum type_kind kind;
	struct str name;	   /* TYPE_REF */
	struct str *names;	   /* TYPE_ENUM members, TYPE_OBJECT members */
	bool *optional;		   /* TYPE_OBJECT */
	const struct type **parts; /* item, member or alternative types */
	size_t n;
};

/*
 * Parses a type. On a mistake returns NULL, fills err, and sets *at to the
 * offset in the text.
 */
const struct type *type_parse(struct str text, struct arena *a, uint32_t *at,
			      struct error *err);
void type_print(const struct type *t, struct buf *out);

/*
 * Converts a value. Unknown converts to anything; null too (whether an
 * attribute may be absent is the schema's business). On failure returns -1 and
 * writes the reason: `expected a cidr, found a string`; where the value is a
 * list or map, the path to the item too.
 */
int type_convert(const struct type *t, struct value in, struct arena *a,
		 struct value *out, struct buf *why);

/* The types that are one word; ends with NULL. For suggestions. */
extern const char *const type_words[];

#endif
