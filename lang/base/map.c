#include <config.h>

#include "lang/base/map.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"

#include <stdlib.h>
#include <string.h>

/* So many are found by looking at all of them: most maps hold no more. */
enum { FEW = 8 };

/*
 * Eight bytes at a time. Not str_hash(): that one makes names that last, this
 * one is asked millions of times.
 */
static uint32_t hash_of(struct str key)
{
	const uint64_t factor = 0x9e3779b97f4a7c15u;
	uint64_t h = key.n * factor, word;

	for (; key.n >= 8; key.s += 8, key.n -= 8) {
		memcpy(&word, key.s, 8);
		h = (h ^ word) * factor;
		h ^= h >> 32;
	}
	if (key.n) {
		word = 0;
		memcpy(&word, key.s, key.n);
		h = (h ^ word) * factor;
		h ^= h >> 32;
	}
	h *= factor;
	return (uint32_t)(h >> 32);
}

/* The slot of a key: where it stands, or the free one where it belongs. */
static struct map_slot *find(const struct map *m, struct str key, uint32_t hash)
{
	size_t mask = m->n_slots - 1;
	size_t i = hash & mask;

	/* Keys are looked at only where their hashes are the same. */
	while (m->slots[i].at &&
	       (m->slots[i].hash != hash ||
		!str_eq(m->entries[m->slots[i].at - 1].key, key)))
		i = (i + 1) & mask;
	return &m->slots[i];
}

static void grow(struct map *m, size_t n_slots)
{
	struct map_slot *old = m->slots;

	if (n_slots > UINT32_MAX)
		BUG("map of %zu entries", m->n);
	m->slots = xrealloc(NULL, n_slots, sizeof(*m->slots));
	memset(m->slots, 0, n_slots * sizeof(*m->slots));
	for (size_t k = 0; k < m->n_slots; k++) {
		size_t i = old[k].hash & (n_slots - 1);

		if (!old[k].at)
			continue;
		while (m->slots[i].at)
			i = (i + 1) & (n_slots - 1);
		m->slots[i] = old[k];
	}
	m->n_slots = n_slots;
	free(old);
}

/* From here on there are too many to look at them all. */
static void make_slots(struct map *m)
{
	grow(m, 4 * FEW);
	for (size_t i = 0; i < m->n; i++) {
		uint32_t hash = hash_of(m->entries[i].key);

		*find(m, m->entries[i].key, hash) =
		    (struct map_slot){ (uint32_t)i + 1, hash };
	}
}

static struct map_entry *entry(const struct map *m, struct str key)
{
	uint32_t at;

	if (m->n_slots) {
		at = find(m, key, hash_of(key))->at;
		return at ? &m->entries[at - 1] : NULL;
	}
	for (size_t i = 0; i < m->n; i++)
		if (str_eq(m->entries[i].key, key))
			return &m->entries[i];
	return NULL;
}

void *map_get(const struct map *m, struct str key)
{
	struct map_entry *e = entry(m, key);

	return e ? e->value : NULL;
}

/* Where the search for a key begins: most end there. */
static const struct map_slot *first_slot(const struct map *m, uint32_t hash)
{
	return &m->slots[hash & (m->n_slots - 1)];
}

void map_get_many(const struct map *m, const struct str *keys, size_t n,
		  void **values)
{
	uint32_t hashes[MAP_MANY], at;

	if (n > MAP_MANY)
		BUG("%zu keys at once", n);
	for (size_t i = 0; m->n_slots && i < n; i++) {
		hashes[i] = hash_of(keys[i]);
		__builtin_prefetch(first_slot(m, hashes[i]));
	}
	for (size_t i = 0; m->n_slots && i < n; i++) {
		at = first_slot(m, hashes[i])->at;
		if (at)
			__builtin_prefetch(&m->entries[at - 1]);
	}
	for (size_t i = 0; m->n_slots && i < n; i++) {
		at = first_slot(m, hashes[i])->at;
		if (at) {
			__builtin_prefetch(m->entries[at - 1].key.s);
			__builtin_prefetch(m->entries[at - 1].value);
		}
	}
	for (size_t i = 0; i < n; i++) {
		at = m->n_slots ? find(m, keys[i], hashes[i])->at : 0;
		values[i] = m->n_slots ? (at ? m->entries[at - 1].value : NULL)
				       : map_get(m, keys[i]);
	}
}

bool map_has(const struct map *m, struct str key)
{
	return entry(m, key) != NULL;
}

static struct map_entry *add(struct map *m, struct str key)
{
	if (m->n == m->room) {
		m->room = m->room ? m->room * 2 : FEW;
		m->entries = xrealloc(m->entries, m->room, sizeof(*m->entries));
	}
	m->entries[m->n] = (struct map_entry){ .key = key };
	return &m->entries[m->n++];
}

/* The entry of a key, made if there is none. */
static struct map_entry *take(struct map *m, struct str key)
{
	struct map_slot *slot;
	struct map_entry *e;
	uint32_t hash;

	if (!m->n_slots && m->n < FEW) {
		e = entry(m, key);
		return e ? e : add(m, key);
	}
	if (!m->n_slots)
		make_slots(m);
	if ((m->n + 1) * 4 > m->n_slots * 3)
		grow(m, m->n_slots * 2);
	hash = hash_of(key);
	slot = find(m, key, hash);
	if (slot->at)
		return &m->entries[slot->at - 1];
	*slot = (struct map_slot){ (uint32_t)m->n + 1, hash };
	return add(m, key);
}

void map_reserve(struct map *m, size_t n)
{
	size_t n_slots = 4 * FEW;

	if (m->n)
		BUG("map of %zu entries is made ready", m->n);
	if (n <= FEW)
		return;
	while (n * 4 > n_slots * 3)
		n_slots *= 2;
	grow(m, n_slots);
	m->entries = xrealloc(m->entries, n, sizeof(*m->entries));
	m->room = n;
}

void *map_put(struct map *m, struct str key, void *value)
{
	struct map_entry *e = take(m, key);
	void *old = e->value;

	e->value = value;
	return old;
}

void *map_add(struct map *m, struct str key, void *value)
{
	struct map_entry *e = take(m, key);
	void *old = e->value;

	if (!old)
		e->value = value;
	return old;
}

void map_release(struct map *m)
{
	free(m->entries);
	free(m->slots);
	*m = (struct map){ 0 };
}
