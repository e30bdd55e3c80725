#ifndef DMSL_PROVIDERS_RETRY_H
#define DMSL_PROVIDERS_RETRY_H

/*
 * When to try again, and after how long. Pure: what fails, how often it failed
 * and a random number go in, a delay comes out. For calls that may be repeated:
 * those that read, and those that a token or a name protects.
 */

#include "lang/base/error.h"

#include <stdint.h>

struct retry {
	int attempts; /* the first one counted */
	int base_ms;  /* doubled with each failure; five times when throttled */
	int most_ms;
};

extern const struct retry retry_standard; /* 3 attempts, 1 s, 20 s at most */

/*
 * After the `failures`th failure (from 1): milliseconds to wait, or -1 when it
 * makes no sense to try again. The delay is a random part of the growing limit,
 * so that many who failed together do not come back together.
 */
int64_t retry_delay_ms(const struct retry *r, enum error_kind kind,
		       int failures, uint32_t random);

#endif
