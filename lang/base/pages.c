#include <config.h>

#include "lang/base/pages.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED 1
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED 0
#endif

enum {
	HUGE = 2 << 20,	 /* of x86-64 and of most others */
	WHOLE = 1 << 16, /* a multiple of every page's size */
	PAGE = 4096,	 /* where pages are larger no advice is given */
};

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

/*
 * What was given back last stays ours, if it is the largest so far: clearing it
 * takes a tenth of the time in which the system gives and clears as much. Each
 * large part of a run, such as reading the text, is followed by one that fills
 * as much again.
 */
struct spare {
	size_t size;
};

static _Atomic(struct spare *) spare;

static void spare_put(void *p, size_t size)
{
	struct spare *s = p, *old = atomic_exchange(&spare, NULL);

	s->size = size;
	if (old && old->size > size) {
		s = old;
		old = p;
	}
	if (old)
		munmap(old, old->size);
	/* Another thread may have put one there in between. */
	old = atomic_exchange(&spare, s);
	if (old)
		munmap(old, old->size);
}

/* NULL: it is too small, or there is none. */
static void *spare_take(size_t size)
{
	struct spare *s = atomic_exchange(&spare, NULL);
	size_t all;

	if (!s)
		return NULL;
	all = s->size;
	if (all < size) {
		spare_put(s, all);
		return NULL;
	}
	if (all > size)
		spare_put((char *)s + size, all - size);
	return memset(s, 0, size);
}

static void *map(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* More than is needed, so that a huge page can begin where it begins. */
static void *map_aligned(size_t size)
{
	char *p = map(size + HUGE);
	size_t before;

	if (!p)
		return NULL;
	before = -(uintptr_t)p & (HUGE - 1);
	if (before)
		munmap(p, before);
	munmap(p + before + size, HUGE - before);
	pages_advise(p + before, size);
	return p + before;
}

void *pages_new(size_t *size)
{
	void *p;

	/* The sanitizer looks for pointers in what malloc() gave alone. */
	if (IS_SANITIZED)
		return calloc(1, *size);
	*size = round_up(*size, WHOLE);
	p = spare_take(*size);
	if (p)
		return p;
	/* One huge page, begun and not filled, is what a small stack takes. */
	return *size < 2 * HUGE ? map(*size) : map_aligned(*size);
}

void pages_free(void *p, size_t size)
{
	if (IS_SANITIZED)
		free(p);
	else
		spare_put(p, size);
}

void pages_advise(void *p, size_t size)
{
	uintptr_t from = (uintptr_t)p & ~(uintptr_t)(PAGE - 1);

	/* It is advice: where it cannot be followed, nothing is lost. */
	if (!IS_SANITIZED && size >= HUGE)
		madvise((void *)from, (uintptr_t)p - from + size,
			MADV_HUGEPAGE);
}
