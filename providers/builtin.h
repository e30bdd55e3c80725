#ifndef DMSL_PROVIDERS_BUILTIN_H
#define DMSL_PROVIDERS_BUILTIN_H

/* The providers and resource types that the program is linked with. */

#include "lang/base/str.h"

#include <stdbool.h>

struct provider;
struct type_schema;

extern const struct provider *const builtin_providers[]; /* NULL ends it */
extern const struct type_schema *const *const builtin_schemas;

bool builtin_is_type(struct str name);
/* dmsl replicator: the replication server. */
int builtin_replicator(int argc, char **argv);

#endif
