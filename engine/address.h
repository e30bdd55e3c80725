#ifndef DMSL_ENGINE_ADDRESS_H
#define DMSL_ENGINE_ADDRESS_H

/*
 * aurora.source/db_cluster.main["a"]: the address of an instance. Parts are
 * joined by "/"; a part is TYPE.NAME or TYPE.NAME["KEY"], the key quoted as a
 * string of the language. Addresses order by their bytes.
 */

#include "lang/base/str.h"

#include <stdbool.h>

struct arena;

/* parent may be empty; has_key tells an empty key from none. */
struct str address_make(struct arena *a, struct str parent, struct str type,
			struct str name, bool has_key, struct str key);
/* The last part: its type, name, key. False: not an address. */
bool address_split(struct str address, struct arena *a, struct str *parent,
		   struct str *type, struct str *name, bool *has_key,
		   struct str *key);
/*
 * Whether it is what is left over from a replacement of another address: that
 * one with "#" and 8 hex digits behind it. *of is set only then.
 */
bool address_deposed(struct str address, struct str *of);
/*
 * The offset behind `from` where an address around this one ends: in front of
 * a "/" or "[" outside quotes, or of the "#" of an object that was replaced, or
 * at the end.
 */
size_t address_next_end(struct str address, size_t from);
/* The address of an object with this id that another takes the place of. */
struct str address_depose(struct arena *a, struct str address, struct str id);
/*
 * A default name for services: the types of components, the parts' names and
 * keys joined by "-", such as "dev-aurora-source-main-a", cut to `most` bytes
 * with a hash when it is longer; only letters, digits and hyphens.
 */
struct str address_default_name(struct arena *a, struct str stack,
				struct str address, size_t most);

#endif
