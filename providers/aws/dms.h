#ifndef DMSL_PROVIDERS_AWS_DMS_H
#define DMSL_PROVIDERS_AWS_DMS_H

/*
 * The dms_* and replication_* types as clients of the DMS JSON 1.1 protocol:
 * the same code for AWS and for the local replication server. A provider lists
 * the types with `data` pointing to its struct dms_host.
 *
 * Ids: the ARN; of a replication_subnet_group, its identifier.
 */

#include "engine/provider.h"

/* Where a service is and how requests to it are signed. */
struct aws_endpoint {
	struct str url; /* http://127.17.255.253:8123 */
	struct str region;
	struct str access_key, secret_key, session_token;
	struct str account;
};

/* What a dms_endpoint connects to, for a client that goes the same way. */
struct dms_server {
	struct str name; /* resolved as the replication instance resolves it */
	int port;
	struct str database, user, password;
};

struct dms_host {
	/*
	 * The DMS service. may_start: start a local server that is down; else
	 * that is ERROR_UNAVAILABLE.
	 */
	int (*endpoint)(void *self, bool may_start, struct arena *a,
			struct aws_endpoint *out, struct error *err);
	/* The value of a secret (resource type secret) by its id: JSON text. */
	int (*secret)(void *self, struct str id, struct arena *a,
		      struct str *json, struct error *err);
	/* MAY. An interactive client of a DMS endpoint's database. */
	int (*session)(struct call *c, const struct dms_server *s,
		       struct session *out);
	int poll_ms; /* between polls of a wait: 15,000 on AWS, 100 here */
	/*
	 * "name/uid" of the stack, the value of the ownership tag dmsl:stack.
	 * MAY; without it ownership is judged by the address alone.
	 */
	struct str (*stack)(void *self);
};

extern const struct resource_ops replication_subnet_group_ops;
extern const struct resource_ops replication_instance_ops;
extern const struct resource_ops dms_endpoint_ops;
extern const struct resource_ops dms_task_ops;

#endif
