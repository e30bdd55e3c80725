#ifndef DMSL_PROVIDERS_AWS_AWS_H
#define DMSL_PROVIDERS_AWS_AWS_H

/*
 * The provider aws: its block is a struct aws_site (site.h), its types are
 * tables, one file a type or family.
 */

#include "engine/provider.h"

extern const struct provider aws_provider;

#endif
