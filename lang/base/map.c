#include <config.h>

#include "lang/base/map.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"

#include <stdlib.h>
#include <string.h>

/* The slot of a key: where it stands, or the free one where it belongs. */
static size_t find(const struct map *m, struct str key)
{
	size_t mask = m->n_slots - 1;
	size_t i = str_hash(key) & mask;

	while (m->slots[i] && !str_eq(m->entries[m->slots[i] - 1].key, key))
		i = (i + 1) & mask;
	return i;
}

static void grow(struct map *m)
{
	size_t n_slots = m->n_slots ? m->n_slots * 2 : 16;

	if (n_slots > UINT32_MAX)
		BUG("map of %zu entries", m->n);
	free(m->slots);
	m->slots = xrealloc(NULL, n_slots, sizeof(*m->slots));
	memset(m->slots, 0, n_slots * sizeof(*m->slots));
	m->n_slots = n_slots;
	for (size_t i = 0; i < m->n; i++)
		m->slots[find(m, m->entries[i].key)] = (uint32_t)i + 1;
}

static struct map_entry *entry(const struct map *m, struct str key)
{
	uint32_t at;

	if (m->n == 0)
		return NULL;
	at = m->slots[find(m, key)];
	return at ? &m->entries[at - 1] : NULL;
}

void *map_get(const struct map *m, struct str key)
{
	struct map_entry *e = entry(m, key);

	return e ? e->value : NULL;
}

bool map_has(const struct map *m, struct str key)
{
	return entry(m, key) != NULL;
}

void *map_put(struct map *m, struct str key, void *value)
{
	struct map_entry *e = entry(m, key);

	if (e) {
		void *old = e->value;

		e->value = value;
		return old;
	}
	if ((m->n + 1) * 4 > m->n_slots * 3)
		grow(m);
	if (m->n == m->room) {
		m->room = m->room ? m->room * 2 : 8;
		m->entries = xrealloc(m->entries, m->room, sizeof(*m->entries));
	}
	m->entries[m->n] = (struct map_entry){ key, value };
	m->slots[find(m, key)] = (uint32_t)m->n + 1;
	m->n++;
	return NULL;
}

void map_release(struct map *m)
{
	free(m->entries);
	free(m->slots);
	*m = (struct map){ 0 };
}
