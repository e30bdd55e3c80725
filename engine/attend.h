#ifndef DMSL_ENGINE_ATTEND_H
#define DMSL_ENGINE_ATTEND_H

/*
 * Stays with one call until its end, as long as that takes, and shows what it
 * waits for. An interrupt ends the waiting, not what was begun: the call is not
 * made again. A second one ends the program.
 */

#include "engine/provider.h"

struct engine_call;
struct error;
struct report;

/* The call's outcome; interrupted: STEP_FAILED with ERROR_INTERRUPTED. */
enum step attend(struct engine_call *e, struct report *r, size_t node);

#endif
