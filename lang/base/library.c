#include <config.h>

#include "lang/base/library.h"

#include "lang/base/error.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

/* Never closed: its threads and handlers may be anywhere. */
static int load(struct library *l, struct error *err)
{
	void *handle = dlopen(l->file, RTLD_NOW | RTLD_LOCAL);

	if (!handle)
		return error_set(err, ERROR_NOT_FOUND,
				 "could not load a library: %s", dlerror());
	for (size_t i = 0; i < l->n_functions; i++) {
		void *found = dlsym(handle, l->functions[i].name);

		if (!found)
			return error_set(err, ERROR_NOT_FOUND,
					 "library \"%s\" has no \"%s\"",
					 l->file, l->functions[i].name);
		/* POSIX has them alike; ISO C knows no cast from one to other.
		 */
		memcpy((char *)l->pointers + l->functions[i].offset, &found,
		       sizeof(found));
	}
	l->is_loaded = true;
	return 0;
}

int library_load(struct library *l, struct error *err)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	int rc = 0;

	pthread_mutex_lock(&lock);
	if (!l->is_loaded)
		rc = load(l, err);
	pthread_mutex_unlock(&lock);
	return rc;
}
