#ifndef DMSL_PROVIDERS_LOCAL_BALANCER_H
#define DMSL_PROVIDERS_LOCAL_BALANCER_H

/*
 * The paths of a stack: one HAProxy whose configuration follows, as a whole,
 * from the records. A connection to an endpoint's address goes to the addresses
 * of the balancer behind its service, from there to the listener's targets, as
 * on AWS. HAProxy also holds the numbers of the stack's VPCs (network.h).
 *
 * The same pass writes routes.json (names to loopback addresses) and sees to it
 * that a server's certificate carries the names that lead to it.
 */

#include "lang/base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct error;
struct local;

struct balancer;

struct balancer *balancer_open(void);
void balancer_close(struct balancer *b);

/*
 * Makes what runs agree with the records. Calls from several threads become
 * one pass where they can. When it returns 0, all listeners answer.
 */
int balancer_sync(struct local *l, struct error *err);
/* Whether HAProxy runs with the configuration as written last. */
bool balancer_is_up(const struct local *l);
/* Whether HAProxy runs and listens there, as far as was seen last. */
bool balancer_holds(const struct local *l, const char *bind);
int balancer_stop(struct local *l, struct error *err);
/* The names that lead to a server at this loopback address. */
int balancer_names(const struct local *l, struct str address, struct arena *a,
		   struct str **names, size_t *n, struct error *err);

#endif
