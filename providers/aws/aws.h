#ifndef DMSL_PROVIDERS_AWS_AWS_H
#define DMSL_PROVIDERS_AWS_AWS_H

#include "engine/provider.h"

extern const struct provider aws_provider;

#endif
