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

#include <stdint.h>

struct aws_client;

/* What ARNs are made of. */
struct dms_place {
	struct str partition; /* aws, aws-cn, … */
	struct str region, account;
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
	 * that, or a call of the client, is ERROR_UNAVAILABLE.
	 */
	int (*client)(void *self, bool may_start, struct aws_client **out,
		      struct error *err);
	/* Good as long as self. */
	int (*place)(void *self, struct dms_place *out, struct error *err);
	/* The value of a secret (resource type secret) by its id: JSON text. */
	int (*secret)(void *self, struct str id, struct arena *a,
		      struct str *json, struct error *err);
	/*
	 * MAY. The ARN of a role (resource type iam_role) by its id. Without
	 * it the service reads no secrets itself.
	 */
	int (*role)(void *self, struct str id, struct arena *a, struct str *arn,
		    struct error *err);
	/*
	 * MAY. The last n lines of a task's log, each with a newline; empty
	 * when there is none.
	 */
	int (*log_tail)(struct call *c, struct str group, struct str stream,
			size_t n, struct str *out);
	/* The service makes premigration assessments. */
	bool has_assessments;
	/* Every rule of a mapping; else mapping_check_local() says which. */
	bool has_all_rules;
	/* MAY. An interactive client of a DMS endpoint's database. */
	int (*session)(struct call *c, const struct dms_server *s,
		       struct session *out);
	/*
	 * The service is not a part of what is described, so it is not broken
	 * when it does not answer; and what is there it may show late.
	 */
	bool is_remote;
	int poll_ms; /* between polls of a wait: 15,000 on AWS, 100 here */
	/* MAY. What becomes of poll_ms: less, for emulators. */
	int64_t (*pace)(void *self, int64_t ms);
	/*
	 * "name/uid" of the stack, the value of the ownership tag dmsl:stack.
	 * MAY; without it ownership is judged by the address alone.
	 */
	struct str (*stack)(void *self);
	/* MAY. Put before each made-up name. */
	struct str (*prefix)(void *self);
	/* MAY. A map of tags of everything, under the block's own. */
	struct value (*tags)(void *self);
};

extern const struct resource_ops replication_subnet_group_ops;
extern const struct resource_ops replication_instance_ops;
extern const struct resource_ops dms_endpoint_ops;
extern const struct resource_ops dms_certificate_ops;
extern const struct resource_ops dms_task_ops;

/* AWS itself; self is a struct aws_site. */
extern const struct dms_host dms_aws_host;

#endif
