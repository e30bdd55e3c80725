/*
 * DMSL_TEST_SPEED=N lets the engine's time run N times as fast, so that tests
 * of what is tried again need not wait.
 */
#include <config.h>

#include <poll.h>
#include <stdlib.h>
#include <time.h>

/* The linker puts these in the places of the functions without __wrap_. */
int __real_poll(struct pollfd *fds, nfds_t n, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout);
int __real_clock_gettime(clockid_t clock, struct timespec *out);
int __wrap_clock_gettime(clockid_t clock, struct timespec *out);

static long speed(void)
{
	const char *text = getenv("DMSL_TEST_SPEED");
	long n = text ? atol(text) : 1;

	return n > 0 ? n : 1;
}

int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout)
{
	long by = speed();

	if (timeout > 0)
		timeout = (int)((timeout + by - 1) / by);
	return __real_poll(fds, n, timeout);
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *out)
{
	int rc = __real_clock_gettime(clock, out);
	long by = speed();

	if (rc == 0 && clock == CLOCK_BOOTTIME && by > 1) {
		out->tv_nsec *= by;
		out->tv_sec = out->tv_sec * by + out->tv_nsec / 1000000000;
		out->tv_nsec %= 1000000000;
	}
	return rc;
}
