#ifndef DMSL_PROVIDERS_TYPES_TYPES_H
#define DMSL_PROVIDERS_TYPES_TYPES_H

/* The schemas of all resource types, one file a group; ends with NULL. */

#include "engine/schema.h"

extern const struct type_schema *const type_schemas[];

#endif
