#ifndef DMSL_LANG_BASE_VEC_H
#define DMSL_LANG_BASE_VEC_H

/*
 * A growable array. A vector is any struct with the three members that VEC()
 * declares; all zero is empty. Its memory is malloc'ed: release it with
 * vec_release(), or seal it into an arena with vec_take().
 *
 *	VEC(int) numbers = { 0 };
 *	*vec_push(&numbers) = 5;
 */

#include "lang/base/arena.h"

#include <stdlib.h>
#include <string.h>

#define VEC(type)                                                              \
	struct {                                                               \
		type *items;                                                   \
		size_t n;                                                      \
		size_t room;                                                   \
	}

/* A pointer to a new zeroed last item; pointers to other items may move. */
#define vec_push(v)                                                            \
	((v)->items =                                                          \
	     vec_grow((v)->items, (v)->n, &(v)->room, sizeof(*(v)->items)),    \
	 &(v)->items[(v)->n++])

#define vec_release(v)                                                         \
	do {                                                                   \
		free((v)->items);                                              \
		memset((v), 0, sizeof(*(v)));                                  \
	} while (0)

/*
 * Copies the items into the arena, frees the vector's memory, gives the copy.
 * n still says how many there are; the vector may not be used for more.
 */
#define vec_take(v, arena)                                                     \
	vec_seal((v)->items, (v)->n, sizeof(*(v)->items), (arena))

static inline void *vec_grow(void *items, size_t n, size_t *room, size_t size)
{
	if (n == *room) {
		*room = *room ? *room * 2 : 8;
		items = xrealloc(items, *room, size);
	}
	memset((char *)items + n * size, 0, size);
	return items;
}

static inline void *vec_seal(void *items, size_t n, size_t size,
			     struct arena *a)
{
	void *copy = arena_alloc(a, n ? n : 1, size);

	if (n)
		memcpy(copy, items, n * size);
	free(items);
	return copy;
}

#endif
