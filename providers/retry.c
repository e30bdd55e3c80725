#include <config.h>

#include "providers/retry.h"

const struct retry retry_standard = {
	.attempts = 3,
	.base_ms = 1000,
	.most_ms = 20000,
};

static int64_t base_of(const struct retry *r, enum error_kind kind)
{
	switch (kind) {
	case ERROR_THROTTLED:
		return (int64_t)r->base_ms * 5;
	case ERROR_TIMEOUT:
	case ERROR_UNAVAILABLE:
		return r->base_ms;
	case ERROR_NONE:
	case ERROR_FAILED:
	case ERROR_NOT_FOUND:
	case ERROR_EXISTS:
	case ERROR_CONFLICT:
	case ERROR_DENIED:
	case ERROR_INVALID:
	case ERROR_QUOTA:
	case ERROR_CORRUPT:
	case ERROR_INTERRUPTED:
		return -1;
	}
	return -1;
}

int64_t retry_delay_ms(const struct retry *r, enum error_kind kind,
		       int failures, uint32_t random)
{
	int64_t limit = base_of(r, kind);

	if (limit < 0 || failures >= r->attempts)
		return -1;
	for (int i = 1; i < failures && limit < r->most_ms; i++)
		limit *= 2;
	if (limit > r->most_ms)
		limit = r->most_ms;
	return limit * (random >> 1) / (UINT32_MAX >> 1);
}
