#ifndef DMSL_ENGINE_SHOW_H
#define DMSL_ENGINE_SHOW_H

/*
 * State for people and as JSON; secrets are masked unless the caller reveals
 * them. Also tables of facts with aligned columns.
 */

#include "lang/value.h"

#include <stdbool.h>
#include <stdio.h>

struct state;
struct state_resource;

void show_resource(const struct state_resource *r, FILE *out);
void show_state(const struct state *s, FILE *out);
/* One value as JSON and a newline. */
void show_json(struct value v, bool reveal, FILE *out);
/* A string as it is, anything else as JSON; and a newline. */
void show_value(struct value v, bool reveal, FILE *out);
/* A resource as a value, for JSON. */
struct value show_resource_value(const struct state_resource *r,
				 struct arena *a);
/*
 * A list of maps as a table, numbers to the right. columns: the keys, ended by
 * NULL, which are also the titles; one that no row has is left out.
 */
void show_table(struct value rows, const char *const *columns, FILE *out);

#endif
