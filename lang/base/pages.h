#ifndef DMSL_LANG_BASE_PAGES_H
#define DMSL_LANG_BASE_PAGES_H

/*
 * Memory that is large and will all be used. A stack of 100,000 resources needs
 * some hundred MB; at 4 KB a fault, getting them is a quarter of the time of a
 * plan. So they are asked for in huge pages, where the system has any.
 */

#include <stddef.h>

enum { PAGES_LEAST = 64 << 10 }; /* below this it is not worth it */

/* Zeroed memory of at least *size bytes, which is set to what it is. */
void *pages_new(size_t *size);
/* One piece is kept to be given out again. */
void pages_free(void *p, size_t size);
/* The same for memory that stands elsewhere; small sizes are left alone. */
void pages_advise(void *p, size_t size);

#endif
