#ifndef DMSL_LANG_BASE_CLOCK_H
#define DMSL_LANG_BASE_CLOCK_H

/*
 * Time. Durations and deadlines are milliseconds of a clock that only goes
 * forward and counts while the machine sleeps (CLOCK_BOOTTIME). The time of day
 * is only for people and for protocols that ask for it.
 */

#include <stdint.h>

/* Milliseconds since some fixed point; never goes back. */
int64_t clock_ms(void);
/* Microseconds of the same clock, for measuring. */
int64_t clock_us(void);
/* Seconds since 1970 by the wall clock; DMSL_TEST_TIME fixes it in tests. */
int64_t clock_wall(void);
void clock_sleep_ms(int64_t ms);

#endif
