#include <config.h>

#include "providers/builtin.h"

#include "providers/aws/aws.h"
#include "providers/core/core.h"
#include "providers/local/local.h"
#include "providers/replicator/replicator.h"
#include "providers/types/types.h"

#include <stddef.h>

/* One row a provider. */
const struct provider *const builtin_providers[] = {
	&core_provider,
	&local_provider,
	&aws_provider,
	NULL,
};

const struct type_schema *const *const builtin_schemas = type_schemas;

bool builtin_is_type(struct str name)
{
	return schema_find(type_schemas, name) != NULL;
}

int builtin_replicator(int argc, char **argv)
{
	return replicator_main(argc, argv);
}
