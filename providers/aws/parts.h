#ifndef DMSL_PROVIDERS_AWS_PARTS_H
#define DMSL_PROVIDERS_AWS_PARTS_H

/* Small parts of requests and answers that several types need. */

#include "providers/aws/type.h"

/* A list of one text. */
struct value part_one(struct str text, struct arena *a);
/*
 * An attribute as the service has it, for a result: only when something was
 * said of it and it is different; for an object that nothing is known of yet,
 * unless the service made it so by itself (is_default).
 */
void part_drift(struct call *c, struct fields *result, const char *attr,
		struct value now, bool is_default);
/*
 * A text under a path of each member, sorted and unique; without a path, the
 * members that are texts, addresses or numbers.
 */
struct value part_set(struct value list, const char *path, struct arena *a);
/* Whether a list or set has the text. */
bool part_has(struct value list, struct str text);
/* Equal, whatever the case of letters. */
bool part_is_word(struct str text, const char *word);
/* The set or list of an attribute; an empty one when nothing is said. */
struct value part_wanted(const struct call *c, const char *attr);

#endif
