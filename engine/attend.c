#include <config.h>

#include "engine/attend.h"

#include "lang/base/clock.h"

#include "engine/calls.h"
#include "engine/context.h"
#include "engine/report.h"
#include "engine/store.h"

#include <signal.h>

enum { LOOK_MS = 100 };

static volatile sig_atomic_t is_interrupted;

static void take_interrupt(int signal)
{
	(void)signal;
	is_interrupted = 1;
}

static void rest(const struct engine_call *e, struct report *r)
{
	int64_t end = clock_ms() + call_pause_ms(e);

	while (!is_interrupted && clock_ms() < end) {
		int64_t left = end - clock_ms();

		report_tick(r);
		clock_sleep_ms(left < LOOK_MS ? left : LOOK_MS);
	}
}

static enum step stay(struct engine_call *e, struct report *r, size_t node)
{
	static const int signals[] = { SIGINT, SIGTERM };
	/* The second of a kind ends the program. */
	struct sigaction take = { .sa_handler = take_interrupt,
				  .sa_flags = (int)SA_RESETHAND | SA_RESTART },
			 before[2];

	is_interrupted = 0;
	for (size_t i = 0; i < 2; i++)
		sigaction(signals[i], &take, &before[i]);
	for (;;) {
		struct context *c = e->context;

		/* Whoever takes long keeps what keeps others out. */
		if (c->has_lease && store_hold(c->store, &e->call.err) < 0) {
			e->outcome = STEP_FAILED;
			break;
		}
		if (call_run_once(e) != STEP_PENDING)
			break;
		report_waiting(r, node, e->call.waiting_for);
		rest(e, r);
		if (is_interrupted) {
			e->outcome = call_fail(&e->call, ERROR_INTERRUPTED,
					       "stopped waiting for %.*s",
					       STR_ARG(e->call.waiting_for));
			break;
		}
		e->call.is_poll = true;
	}
	for (size_t i = 0; i < 2; i++)
		sigaction(signals[i], &before[i], NULL);
	return e->outcome;
}

enum step attend(struct engine_call *e, struct report *r, size_t node)
{
	enum step outcome = stay(e, r, node);

	report_end(r, node, outcome == STEP_FAILED ? &e->call.err : NULL);
	return outcome;
}
