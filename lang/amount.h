#ifndef DMSL_LANG_AMOUNT_H
#define DMSL_LANG_AMOUNT_H

/*
 * Durations and sizes as the language writes them.
 *
 *	500ms 30s 5m 1h30m 7d     milliseconds
 *	10B 64KiB 2MiB 20GiB 1TiB, 5kB 5KB 5MB 5GB 5TB     bytes
 */

#include "lang/base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct arena;

/* Numbers followed by units, each unit smaller than the one before. */
bool duration_read(struct str text, int64_t *milliseconds);
/* A number, with a fraction where bytes stay whole, and a unit: 1.5GiB. */
bool size_read(struct str text, int64_t *bytes);
struct str duration_text(int64_t milliseconds, struct arena *a);
/* In the largest binary unit that leaves no rest. */
struct str size_text(int64_t bytes, struct arena *a);

#endif
