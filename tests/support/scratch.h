#ifndef DMSL_TESTS_SUPPORT_SCRATCH_H
#define DMSL_TESTS_SUPPORT_SCRATCH_H

#include <stdio.h>
#include <stdlib.h>

/* With what is in it, as sockets, a path must not be longer than 107. */
enum { SCRATCH_MAX = 64 };

/*
 * Makes a folder of a test's own in $TMPDIR, or in /tmp where there is none or
 * its name is long. Gives the path, NULL when it could not be made.
 */
static inline char *scratch_folder(char path[SCRATCH_MAX], const char *name)
{
	const char *top = getenv("TMPDIR");
	int n = top && top[0] == '/' ? snprintf(path, SCRATCH_MAX,
						"%s/dmsl-%s-XXXXXX", top, name)
				     : SCRATCH_MAX;

	if (n >= SCRATCH_MAX)
		snprintf(path, SCRATCH_MAX, "/tmp/dmsl-%s-XXXXXX", name);
	return mkdtemp(path);
}

#endif
