#ifndef DMSL_PROVIDERS_AWS_DMS_CHANGE_H
#define DMSL_PROVIDERS_AWS_DMS_CHANGE_H

/*
 * The change of an endpoint that tasks use: the service refuses it while one of
 * them runs. They are stopped, the endpoint is changed, its connections are
 * tested again, and they go on. Private to the folder.
 */

#include "engine/provider.h"

/* Adds the stops and starts that a change means. */
void dms_change_effects(struct call *c);
/* The change was refused: begins to stop the tasks; fails when none runs. */
enum step dms_change_begin(struct call *c);
/* A poll of what has begun; false: nothing has. */
bool dms_change_goes_on(const struct call *c);
enum step dms_change_go_on(struct call *c, int (*modify)(struct call *c));

#endif
