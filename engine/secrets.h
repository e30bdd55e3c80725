#ifndef DMSL_ENGINE_SECRETS_H
#define DMSL_ENGINE_SECRETS_H

/*
 * What a provider hears as a secret stays one when it comes back: in values
 * that were read, in what it made of them, in what it says about a failure.
 */

#include "lang/value.h"

struct arena;
struct call;

/*
 * `v` with the mark "secret" where `like` has it. Lists that have become longer
 * or shorter are secret as a whole, where an item of `like` was.
 */
struct value secrets_keep(struct value v, struct value like, struct arena *a);
/*
 * `v`, of the resource of that address, with the mark where it holds a secret
 * of `known`, wherever that stands.
 */
struct value secrets_find(struct value v, struct value known,
			  struct str address, struct arena *a);
/*
 * After a call: takes the secrets of its config and prior out of its texts, and
 * marks what holds one in its result. Not out of id and memo, of which later
 * calls go on. Secrets of very few bytes stand everywhere: they are left, and
 * so is what address, name or id show anyway.
 */
void secrets_hide(struct call *c);

#endif
