#include <config.h>

#include "lang/base/arena.h"

#include "lang/base/pages.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ARENA_FIRST = 4 << 10, /* size of an arena's first block in bytes */
	ARENA_MOST = 8 << 20,  /* blocks double up to this size */
	ARENA_LARGE = 1 << 20, /* what has a place of its own if need be */
};

struct arena_block {
	struct arena_block *previous;
	size_t size;  /* usable bytes */
	size_t pages; /* 0, or what pages_new() gave it in bytes */
	alignas(max_align_t) char data[];
};

static _Noreturn void out_of_memory(size_t n, size_t size)
{
	fprintf(stderr, "dmsl: out of memory (%zu times %zu bytes)\n", n, size);
	exit(1);
}

void *xmalloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (!p)
		out_of_memory(1, size);
	pages_advise(p, size);
	return p;
}

void *xrealloc(void *p, size_t n, size_t size)
{
	if (size && n > SIZE_MAX / 2 / size)
		out_of_memory(n, size);
	p = realloc(p, n && size ? n * size : 1);
	if (!p)
		out_of_memory(n, size);
	pages_advise(p, n * size);
	return p;
}

static struct arena_block *block_new(struct arena *a, size_t need)
{
	size_t size = a->last ? a->last->size * 2 : ARENA_FIRST;
	struct arena_block *b;

	if (size > ARENA_MOST)
		size = ARENA_MOST;
	if (size < need)
		size = need;
	if (size >= PAGES_LEAST && size < SIZE_MAX / 2) {
		size_t all =
		    sizeof(*b) + need > size ? sizeof(*b) + size : size;

		b = pages_new(&all);
		if (!b)
			out_of_memory(1, size);
		b->pages = all;
		size = all - sizeof(*b);
	} else {
		b = calloc(1, sizeof(*b) + size);
		if (!b)
			out_of_memory(1, size);
	}
	b->size = size;
	a->total += size;
	return b;
}

void *arena_grow(struct arena *a, size_t n, size_t size)
{
	struct arena_block *last = a->last, *fresh;
	size_t bytes;

	if (size && n > SIZE_MAX / 2 / size)
		out_of_memory(n, size);
	bytes = n * size;
	fresh = block_new(a, bytes);
	if (last && bytes > ARENA_LARGE) {
		/* A large one stands behind the block in use. */
		fresh->previous = last->previous;
		last->previous = fresh;
		return fresh->data;
	}
	fresh->previous = last;
	a->last = fresh;
	a->next = fresh->data + bytes;
	a->end = fresh->data + fresh->size;
	return fresh->data;
}

void *arena_alloc(struct arena *a, size_t n, size_t size)
{
	return arena_alloc_aligned(a, n, size, alignof(max_align_t));
}

static void free_blocks(struct arena_block *b)
{
	while (b) {
		struct arena_block *previous = b->previous;

		if (b->pages)
			pages_free(b, b->pages);
		else
			free(b);
		b = previous;
	}
}

void arena_clear(struct arena *a)
{
	struct arena_block *b = a->last;

	if (!b)
		return;
	free_blocks(b->previous);
	memset(b->data, 0, (size_t)(a->next - b->data));
	b->previous = NULL;
	a->next = b->data;
	a->total = b->size;
}

void arena_release(struct arena *a)
{
	free_blocks(a->last);
	*a = (struct arena){ 0 };
}

void arena_wipe(struct arena *a)
{
	for (struct arena_block *b = a->last; b; b = b->previous)
		explicit_bzero(b->data, b->size);
	arena_release(a);
}
