#ifndef DMSL_PROVIDERS_CORE_CORE_H
#define DMSL_PROVIDERS_CORE_CORE_H

/*
 * Types that the program serves itself: random_password, data. They have no
 * effect outside; their ids are made from run and address.
 */

#include "engine/provider.h"

extern const struct provider core_provider;

extern const struct resource_ops random_password_ops;
extern const struct resource_ops data_ops;

/* "password-" or another prefix and 16 hex digits that run and address fix. */
struct str core_id(const struct call *c, const char *prefix);

#endif
