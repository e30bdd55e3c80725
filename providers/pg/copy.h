#ifndef DMSL_PROVIDERS_PG_COPY_H
#define DMSL_PROVIDERS_PG_COPY_H

/*
 * A stream of rows from one server's COPY … TO STDOUT into another's COPY …
 * FROM STDIN, as it comes: never more than one row and two buffers are held.
 */

#include <stdbool.h>
#include <stdint.h>

struct error;
struct pg;

/* Whose fault an end was. */
enum copy_side { COPY_NEITHER, COPY_SOURCE, COPY_TARGET };

struct copy {
	struct pg *from, *to;
	const char *from_sql, *to_sql;
	/*
	 * Called about every 64 KB with the rows and bytes so far; true: stop.
	 * May be NULL.
	 */
	bool (*watch)(void *data, int64_t rows, int64_t bytes);
	void *data;
	/* Out: rows as the target counted them, bytes sent, who failed. */
	int64_t rows, bytes;
	enum copy_side failed;
};

/*
 * Both connections are ready for the next statement afterwards, unless they
 * were lost (ERROR_UNAVAILABLE). ERROR_CONFLICT: the copy may be done again, in
 * a new transaction.
 */
int copy_run(struct copy *c, struct error *err);

#endif
