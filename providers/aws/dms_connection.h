#ifndef DMSL_PROVIDERS_AWS_DMS_CONNECTION_H
#define DMSL_PROVIDERS_AWS_DMS_CONNECTION_H

/*
 * Tests of the connection from a replication instance to an endpoint. A task
 * starts only when both its endpoints were tested with success; a change of an
 * endpoint makes its tests worthless. Private to the folder.
 */

#include "engine/provider.h"

enum tested { TEST_GOOD, TEST_RUNS, TEST_BAD, TEST_ERROR };

/* The state of the last test; starts one where there is none. */
enum tested dms_test_look(struct call *c, struct str instance,
			  struct str endpoint, struct str *why);
/* One that runs already is as good. */
int dms_test_start(struct call *c, struct str instance, struct str endpoint);
/*
 * Seconds for which the result of the test before may still be shown, and after
 * which it makes sense to test again.
 */
int dms_test_pause(const struct call *c);
/* Fails with the service's words and what to do; side: "source". */
enum step dms_test_failed(struct call *c, const char *side, struct str why);

/*
 * Both connections of the task in c->config, its memo "test N T" from poll to
 * poll: N failures, the last at time T. A failure is looked at again some
 * times: names and health checks lag behind what they stand for.
 */
enum step dms_test_both(struct call *c);

#endif
