#include <config.h>

#include "providers/pg/libpq.h"

#include "lang/base/library.h"

#include <stddef.h>

struct libpq libpq;

int load_libpq(struct error *err)
{
#define ENTRY(name) { "PQ" #name, offsetof(struct libpq, name) },
	static const struct library_function functions[] = { LIBPQ_FUNCTIONS(
	    ENTRY) };
#undef ENTRY
	static struct library library = {
		.file = LIBPQ_FILE,
		.functions = functions,
		.n_functions = sizeof(functions) / sizeof(*functions),
		.pointers = &libpq,
	};

	return library_load(&library, err);
}
