#include <config.h>

#include "lang/base/clock.h"

#include "lang/base/str.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

int64_t clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_ms(void)
{
	return clock_us() / 1000;
}

int64_t clock_wall(void)
{
	uint64_t fixed;

	if (str_to_u64(str_from(getenv("DMSL_TEST_TIME")), &fixed))
		return (int64_t)fixed;
	return (int64_t)time(NULL);
}

void clock_sleep_ms(int64_t ms)
{
	struct timespec left = { ms / 1000, ms % 1000 * 1000000 };

	if (ms <= 0)
		return;
	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}
