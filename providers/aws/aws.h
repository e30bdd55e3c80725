#ifndef DMSL_PROVIDERS_AWS_AWS_H
#define DMSL_PROVIDERS_AWS_AWS_H

/*
 * The provider aws. Its configuration is known, so that stacks that choose it
 * can be checked; it cannot be used yet and says so.
 */

#include "engine/provider.h"

extern const struct provider aws_provider;

#endif
