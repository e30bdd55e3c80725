#ifndef DMSL_LANG_BASE_LIBRARY_H
#define DMSL_LANG_BASE_LIBRARY_H

/*
 * A shared library that is loaded when it is needed first. Linked in, libcurl,
 * libpq and libmicrohttpd bring thirty others along, and to bind them all is
 * most of what the program takes to start; a plan mostly needs none.
 *
 * Who uses one keeps a struct of pointers to its functions, which is filled by
 * library_load(), and may call them when that has returned 0.
 */

#include <stdbool.h>
#include <stddef.h>

struct error;

struct library_function {
	const char *name;
	size_t offset; /* of the pointer in the struct */
};

struct library {
	const char *file; /* "libpq.so.5" */
	const struct library_function *functions;
	size_t n_functions;
	void *pointers; /* the struct */
	/* private */
	bool is_loaded;
};

/* Does nothing when it is there already; any thread may ask. */
int library_load(struct library *l, struct error *err);

#endif
