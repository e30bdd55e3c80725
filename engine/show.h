#ifndef DMSL_ENGINE_SHOW_H
#define DMSL_ENGINE_SHOW_H

/*
 * State for people and as JSON; secrets are masked unless the caller reveals
 * them. Also tables of facts with aligned columns.
 */

#include "lang/value.h"

#include "engine/plan.h"

#include <stdbool.h>
#include <stdio.h>

struct state;
struct state_resource;

void show_resource(const struct state_resource *r, FILE *out);
/*
 * All resources: a summary is their addresses and how many there are of each
 * type, in full also what they depend on, and texts by their lines.
 */
void show_state(const struct state *s, enum plan_detail detail, FILE *out);
/* A saved plan, whose text it is; as a summary without values. */
void show_plan(struct str text, enum plan_detail detail, FILE *out);
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
