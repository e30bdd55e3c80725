#ifndef DMSL_TESTS_SUPPORT_CLOUD_H
#define DMSL_TESTS_SUPPORT_CLOUD_H

/*
 * The provider "cloud" of the tests, with resource types of its own over
 * cloud_service.h:
 *
 *	box    class T: a client token makes creates exactly once
 *	disk   class N: a unique name and an ownership tag
 *	net    class Q: found by its intent tag only, and late
 *	job    as disk; has `run`, with effects
 *	slow   as box; create, update and destroy are waited for; batches
 *
 * DMSL_CLOUD_ACCOUNT says which account it is, if any.
 *
 * The service's folder is what the provider block's `folder` says, else
 * DMSL_CLOUD, else "cloud" beside the stack file.
 */

extern const struct provider cloud_provider;
/* NULL ends it. */
extern const struct type_schema *const cloud_schemas[];

#endif
