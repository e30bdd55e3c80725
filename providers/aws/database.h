#ifndef DMSL_PROVIDERS_AWS_DATABASE_H
#define DMSL_PROVIDERS_AWS_DATABASE_H

/*
 * database: a PostgreSQL server that is there already. Nothing is made, read or
 * deleted for it: it only names what others connect to. The id is HOST:PORT.
 */

#include "engine/provider.h"

extern const struct resource_ops database_ops;

#endif
