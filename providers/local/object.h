#ifndef DMSL_PROVIDERS_LOCAL_OBJECT_H
#define DMSL_PROVIDERS_LOCAL_OBJECT_H

/* What the functions of all types need: names, results, ends of a step. */

#include "engine/provider.h"

#include "providers/local/record.h"

/* The attribute `name`, or the default name cut to `most` bytes. */
struct str object_name(const struct call *c, size_t most);
/* Adds to the result. The last one of a key counts. */
void object_set(struct call *c, const char *key, struct value v);
struct value object_ip(struct str ip);
/* Texts as a list. */
struct value object_list(const struct str *items, size_t n, struct arena *a);
/* The texts of a list attribute. */
struct str *object_texts(struct value map, const char *key, struct arena *a,
			 size_t *n);

/*
 * For read: the record, or is_gone. 1: it is there; 0: gone, the call is done;
 * -1: err is set.
 */
int object_read(struct call *c, struct record *out);
/* STEP_DONE for 0, STEP_FAILED for less. */
enum step object_end(int rc);

#endif
