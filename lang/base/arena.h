#ifndef DMSL_LANG_BASE_ARENA_H
#define DMSL_LANG_BASE_ARENA_H

/*
 * Memory by lifetime. What is allocated from an arena is zeroed, aligned for
 * any type, and lives until the arena is released. Allocation does not fail:
 * out of memory, or a size that overflows, ends the program with a message,
 * which the journal makes as safe as a power cut.
 *
 * An arena belongs to one thread at a time.
 */

#include <stddef.h>
#include <stdint.h>

struct arena_block;

/* All zero is an empty arena. */
struct arena {
	struct arena_block *last; /* the block that is being filled */
	char *next, *end;	  /* of it: what is free */
	size_t total;		  /* bytes taken from the system */
};

/* What a new block is begun for, or takes for itself. */
void *arena_grow(struct arena *a, size_t n, size_t size);

/* The number of values and their size are multiplied with a check. */
#define arena_new(a, type, n)                                                  \
	((type *)arena_alloc_aligned((a), (n), sizeof(type), _Alignof(type)))

/* Aligned for any type; arena_new() wastes less. */
void *arena_alloc(struct arena *a, size_t n, size_t size);
/* align: a power of two, at most that of max_align_t. */
static inline void *arena_alloc_aligned(struct arena *a, size_t n, size_t size,
					size_t align)
{
	size_t gap = -(uintptr_t)a->next & (align - 1);
	size_t room = (size_t)(a->end - a->next);
	char *p;

	/* Sizes are constants nearly always, and this some instructions. */
	if (gap >= room || n > (room - gap) / size)
		return arena_grow(a, n, size);
	p = a->next + gap;
	a->next = p + n * size;
	return p;
}

/*
 * Forgets everything and keeps a block for what comes next: for scratch that is
 * filled again and again.
 */
void arena_clear(struct arena *a);
/* Frees everything; the arena is empty and usable afterwards. */
void arena_release(struct arena *a);
/* As arena_release(), and overwrites all of it first: for secrets. */
void arena_wipe(struct arena *a);

/* malloc'ed memory with the same end when there is none. The caller frees. */
void *xmalloc(size_t size);
void *xrealloc(void *p, size_t n, size_t size);

#endif
