#include <config.h>

#include "lang/base/pages.h"

#include <stdint.h>
#include <stdlib.h>
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

/* More than is needed, so that a huge page can begin where it begins. */
static void *map_aligned(size_t size)
{
	size_t all = size + HUGE, before;
	char *p = mmap(NULL, all, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	before = -(uintptr_t)p & (HUGE - 1);
	if (before)
		munmap(p, before);
	munmap(p + before + size, HUGE - before);
	return p + before;
}

void *pages_new(size_t *size)
{
	void *p;

	/* The sanitizer looks for pointers in what malloc() gave alone. */
	if (IS_SANITIZED)
		return calloc(1, *size);
	*size = round_up(*size, WHOLE);
	p = map_aligned(*size);
	if (p)
		pages_advise(p, *size);
	return p;
}

void pages_free(void *p, size_t size)
{
	if (IS_SANITIZED)
		free(p);
	else
		munmap(p, size);
}

void pages_advise(void *p, size_t size)
{
	uintptr_t from = (uintptr_t)p & ~(uintptr_t)(PAGE - 1);

	/* It is advice: where it cannot be followed, nothing is lost. */
	if (!IS_SANITIZED && size >= PAGES_LEAST)
		madvise((void *)from, (uintptr_t)p - from + size,
			MADV_HUGEPAGE);
}
