#ifndef DMSL_PROVIDERS_REPLICATOR_OBJ_H
#define DMSL_PROVIDERS_REPLICATOR_OBJ_H

/*
 * A JSON object being put together from members, for answers and for the book.
 * Texts are not copied: they must outlive the object.
 */

#include "lang/value.h"

enum { OBJ_MAX = 40 };

struct obj {
	struct value_entry entries[OBJ_MAX];
	size_t n;
};

void obj_value(struct obj *o, const char *key, struct value v);
void obj_str(struct obj *o, const char *key, struct str text);
void obj_c(struct obj *o, const char *key, const char *text);
void obj_int(struct obj *o, const char *key, int64_t n);
void obj_bool(struct obj *o, const char *key, bool b);
/* Left out when ms is 0; else seconds since 1970 with their fraction. */
void obj_time(struct obj *o, const char *key, int64_t ms, struct arena *a);
struct value obj_done(struct obj *o, struct arena *a);

#endif
