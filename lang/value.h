#ifndef DMSL_LANG_VALUE_H
#define DMSL_LANG_VALUE_H

/*
 * Values of expressions, attributes and state. A value is small, is passed by
 * value, and is never changed once made; what it points to lives in some arena.
 * value_copy() moves one to a longer-lived arena.
 *
 * Two marks follow a value through every expression:
 *   unknown  known only after apply; the value has no content (kind NULL)
 *   secret   must not be shown, stored or logged in clear
 * A list or map with an unknown item is itself known; value_is_known() looks
 * inside. A secret inside a list or map marks only the item.
 */

#include "lang/base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct object;

enum value_kind {
	VALUE_NULL,
	VALUE_BOOL,
	VALUE_NUMBER,	/* text: canonical exact decimal, 38 digits at most */
	VALUE_STRING,	/* text */
	VALUE_CIDR,	/* text: canonical, host bits zero: 10.0.0.0/16 */
	VALUE_IP,	/* text: canonical */
	VALUE_DURATION, /* amount: milliseconds */
	VALUE_SIZE,	/* amount: bytes */
	VALUE_LIST,	/* items (sets too: sorted and unique) */
	VALUE_MAP,	/* entries sorted by key (objects of types too) */
	VALUE_OBJECT,	/* a resource or component instance, by reference */
};

enum value_mark { MARK_UNKNOWN = 1, MARK_SECRET = 2 };

struct value {
	uint8_t kind;  /* enum value_kind */
	uint8_t marks; /* enum value_mark, or'ed */
	union {
		bool boolean;
		struct str text;
		int64_t amount;
		struct {
			const struct value *items;
			size_t n;
		} list;
		struct {
			const struct value_entry *entries;
			size_t n;
		} map;
		const struct object *object;
	} as;
};

struct value_entry {
	struct str key;
	struct value value;
};

/*
 * What a reference stands for. Attributes are asked for by name, so that the
 * outputs of a component are evaluated only when used.
 */
struct object {
	/* false: there is no such attribute or output. */
	bool (*get)(const struct object *o, struct str name, struct arena *a,
		    struct value *out);
	void *data; /* of whoever made it */
	bool is_component;
	struct str type;    /* "vpc", "aurora" */
	struct str address; /* aurora.source/db_cluster.main["a"] */
};

struct value value_null(void);
struct value value_unknown(void);
struct value value_bool(bool b);
/*
 * The text of value_int() lives as long as the program: for small and few
 * numbers. For counters and the like, value_int_in().
 */
struct value value_int(int64_t n);
struct value value_int_in(int64_t n, struct arena *a);
struct value value_str(struct str s); /* not copied */
struct value value_c(const char *s);  /* not copied; NULL gives null */
struct value value_list(const struct value *items, size_t n);
struct value value_mark(struct value v, unsigned marks);
/* Entries that are sorted by key already, and unique: not copied. */
struct value value_sorted(const struct value_entry *entries, size_t n);
/* Makes a map of entries in any order, keys unique (the last one wins). */
struct value value_map(const struct value_entry *entries, size_t n,
		       struct arena *a);

bool value_is_null(struct value v); /* known and null */
bool value_is_unknown(struct value v);
bool value_is_known(struct value v);   /* and all inside it */
bool value_has_secret(struct value v); /* or anything inside it */
/* All marks of the value and what is inside it. */
unsigned value_marks(struct value v);

/* The value of a key; NULL when there is none or v is not a map. */
const struct value *value_get(struct value v, const char *key);
const struct value *value_get_str(struct value v, struct str key);
/* Text of a string, number, cidr, ip under a key; empty when absent or null. */
struct str value_text(struct value map, const char *key);
/* Whole number under a key, or `otherwise`. Sizes and durations: the amount. */
int64_t value_number(struct value map, const char *key, int64_t otherwise);
bool value_true(struct value map, const char *key);
/* A map with one key set or replaced. */
struct value value_with(struct value map, struct str key, struct value v,
			struct arena *a);

/* Same content; marks do not count, but unknown equals only unknown. */
bool value_eq(struct value a, struct value b);
/* Everything but struct objects, which stay where they are. */
struct value value_copy(struct value v, struct arena *a);
/*
 * A list or map with each member changed, keys and marks as they were; any
 * other value itself.
 */
struct value value_each(struct value v,
			struct value (*change)(struct value v, struct arena *a),
			struct arena *a);
/* "string", "list", … for messages; an object gives its type. */
const char *value_kind_name(struct value v);

/* VALUE_DURATION and VALUE_SIZE as the language writes them: 1h30m, 20GiB. */
struct str value_amount_text(struct value v, struct arena *a);

#endif
