#ifndef DMSL_PROVIDERS_AWS_RDS_ADDRESS_H
#define DMSL_PROVIDERS_AWS_RDS_ADDRESS_H

/*
 * The private address of a cluster's writer, which the service does not tell.
 * It is that of the interface that RDS made for it; where several could be it,
 * or none is seen, what the cluster's name stands for. It changes with a
 * failover. Private to the folder.
 */

#include "engine/provider.h"

/* By any instance of the cluster; empty when there is none to be found yet. */
int rds_address(struct call *c, struct value instance, struct str *out);

#endif
