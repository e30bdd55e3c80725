#include <config.h>

#include "providers/types/types.h"

#include <stddef.h>

const struct type_schema *const type_schemas[] = {
	NULL,
};
