#ifndef DMSL_PROVIDERS_AWS_TAGS_H
#define DMSL_PROVIDERS_AWS_TAGS_H

/*
 * Tags: the user's, and the marks of ownership dmsl:stack, dmsl:address and
 * dmsl:intent, which every create carries. As maps they are plain; services
 * want lists of keys and values.
 */

#include "lang/base/str.h"
#include "lang/value.h"

#include "engine/provider.h"

#include <stdbool.h>

struct arena;

/*
 * A text as the value of a tag: characters that it may not hold are written as
 * =XX, "=" itself too; what is longer than a tag can be is known by its
 * SHA-256.
 */
struct str tag_text(struct str s, struct arena *a);
/* Back; a SHA-256 stays one. */
struct str tag_untext(struct str s, struct arena *a);
/*
 * All that an object should carry: `defaults` under the tags of its config, and
 * the marks; stack is "name/uid" or empty. Without dmsl:intent.
 */
struct value tags_wanted(const struct call *c, struct str stack,
			 struct value defaults);
/* The same with dmsl:intent, if there is a token: for a create. */
struct value tags_of_create(const struct call *c, struct str stack,
			    struct value defaults);
/* [{"Key": k, "Value": v}, …] and back; "key" and "value" are read, too. */
struct value tag_list(struct value map, struct arena *a);
struct value tag_map(struct value list, struct arena *a);
/* Those that are the user's to see. */
struct value tags_user(struct value all, struct arena *a);
/* To make `wanted` of `there`: a map to set and a list of keys to take away. */
void tags_differ(struct value there, struct value wanted, struct arena *a,
		 struct value *set, struct value *gone);

#endif
