#ifndef DMSL_PROVIDERS_AWS_OWNED_H
#define DMSL_PROVIDERS_AWS_OWNED_H

#include "engine/provider.h"

/* provider.find_owned */
int aws_find_owned(void *self, struct str stack, struct arena *a,
		   struct owned_object **out, size_t *n, struct error *err);

#endif
