#ifndef DMSL_PROVIDERS_AWS_FIELDS_H
#define DMSL_PROVIDERS_AWS_FIELDS_H

/* Maps being built: the members of a request or of a result. */

#include "lang/base/vec.h"
#include "lang/value.h"

struct arena;

struct fields {
	VEC(struct value_entry) list;
};

void field(struct fields *f, const char *key, struct value v);
void field_text(struct fields *f, const char *key, struct str text);
/* Nothing when the text is empty. */
void field_given(struct fields *f, const char *key, struct str text);
/* A list of this one value. */
void field_one(struct fields *f, const char *key, struct value v,
	       struct arena *a);
/* The map; the fields are used up. */
struct value fields_done(struct fields *f, struct arena *a);

#endif
