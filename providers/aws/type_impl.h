#ifndef DMSL_PROVIDERS_AWS_TYPE_IMPL_H
#define DMSL_PROVIDERS_AWS_TYPE_IMPL_H

/* What the files type*.c have in common. Private to them. */

#include "providers/aws/type.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* -- type_memo.c: what a pending step leaves: "made=1700000000 sights=2" -- */

uint64_t memo_get(const struct call *c, const char *key);
void memo_set(struct call *c, const char *key, uint64_t n);
/* Sets it to the time. */
void memo_start(struct call *c, const char *key);
/* Seconds since then; -1: it was not started. */
int64_t memo_age(const struct call *c, const char *key);

/* -- type_value.c -- */

/* Both say the same thing, by the attribute's form. */
bool value_says(const struct aws_attr *m, struct value a, struct value b,
		struct arena *arena);
/* "Ebs.VolumeSize" becomes a member of a member; the fields are used up. */
struct value fields_nested(struct fields *f, struct arena *a);

/* -- type_tags.c -- */

/* The tags of an object as a map; may ask. */
int object_tags(struct call *c, struct value object, struct value *out);
/* Whether the object is what this very step made. */
int object_is_ours(struct call *c, struct value object, bool *out);
/* Adds the tags of a create. */
void add_tags(struct call *c, struct fields *input);
int sync_tags(struct call *c, struct value object);
/* read: tags that differ from those last known; may set is_broken. */
int show_tags(struct call *c, struct value object, struct fields *result);

/* -- type_call.c -- */

/* As aws_change; is_safe: a lost attempt may be repeated. */
int change(struct call *c, const struct aws_service *s, const char *operation,
	   struct fields *input, bool is_safe, struct value *out);
/* After -1 of a call: what it refers to is not there, or never was an id. */
bool is_missing(const struct call *c);

/* -- type_find.c -- */

struct str state_of(const struct aws_type *t, struct value object);
/* NULL: no. */
bool is_among(const char *const *states, struct str state);
bool is_gone_state(const struct aws_type *t, struct value object);
/*
 * The objects of n calls of one type by their ids, by few requests; null where
 * there is none. Each lives in the arena of its call. -1 with calls[0]->err.
 */
int find_all(struct call *const *calls, struct value *objects, size_t n);
/* Class N: by the natural key of config; null when there is none. */
int find_named(struct call *c, struct value *out);
/* The id of an object by its ARN; empty: it is not there. */
int find_id(struct call *c, struct str arn, struct str *id);
/* What carries this step's dmsl:intent; null when none is seen. */
int find_marked(struct call *c, struct value *out);
/* Items that are looked for by config: tags, name, or none of them. */
int find_candidates(struct call *c, struct value *out);

/* -- type_read.c -- */

/* The result of a step that is done: all that is shown. */
enum step show_all(struct call *c, struct value object);
void read_calls(struct call *const *calls, enum step *outcomes, size_t n);
enum step look_up(struct call *c);
enum step claim(struct call *c);

/* -- type_make.c -- */

/* A create without an object yet; pending once its id is known. */
enum step make(struct call *c);

#endif
