#ifndef DMSL_LANG_BASE_MAP_H
#define DMSL_LANG_BASE_MAP_H

/*
 * A hash map from text to pointers that keeps the order of insertion: walk
 * entries[0 .. n). Keys are not copied: they must live as long as the map.
 * All zero is empty; map_release() frees the table, not what it points to.
 * Nothing is ever removed.
 */

#include "lang/base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_entry {
	struct str key;
	void *value;
};

struct map_slot {
	uint32_t at; /* index into entries + 1; 0 is free */
	uint32_t hash;
};

struct map {
	struct map_entry *entries;
	size_t n;
	size_t room;		/* entries allocated */
	struct map_slot *slots; /* none while there are few entries */
	size_t n_slots;		/* a power of two */
};

/* The value, or NULL. */
void *map_get(const struct map *m, struct str key);
bool map_has(const struct map *m, struct str key);
/*
 * The same for n keys at once, n at most MAP_MANY: in a large map the waits for
 * memory are then one wait.
 */
enum { MAP_MANY = 64 };
void map_get_many(const struct map *m, const struct str *keys, size_t n,
		  void **values);
/* Makes an empty map ready for n keys, so that it need not grow by and by. */
void map_reserve(struct map *m, size_t n);
/* Sets the value of a key; returns the one that stood there, or NULL. */
void *map_put(struct map *m, struct str key, void *value);
/* Puts it where nothing stood; returns what stands there already, or NULL. */
void *map_add(struct map *m, struct str key, void *value);
void map_release(struct map *m);

#endif
