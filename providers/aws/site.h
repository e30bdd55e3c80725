#ifndef DMSL_PROVIDERS_AWS_SITE_H
#define DMSL_PROVIDERS_AWS_SITE_H

/*
 * One `provider aws` block of a stack: an account in a region, and what all its
 * resources share. The instance of the provider (call.self). Constant once
 * opened, but for what is found out at the first use, under its lock.
 */

#include "lang/base/str.h"
#include "lang/value.h"

#include "engine/schema.h"
#include "providers/aws/client.h"
#include "providers/aws/credentials.h"

#include <stdbool.h>
#include <stdint.h>

struct provider_setup;
struct site_own;

/* How SQL reaches databases: see reach.h. */
enum aws_reach {
	AWS_REACH_WORKSTATION,
	AWS_REACH_DATA_API,
	AWS_REACH_DIRECT,
};

struct aws_site {
	struct str region;    /* us-east-1 */
	struct str partition; /* aws, aws-cn, … */
	struct str suffix;    /* amazonaws.com */
	struct str stack;     /* "name/uid": the value of the tag dmsl:stack */
	struct str prefix;    /* put before each made-up name; may be empty */
	enum aws_reach reach;
	struct str workstation; /* address or instance id; may be empty */
	struct value tags;	/* map: tags of everything, under the block's */
	/*
	 * Milliseconds between polls of a wait that says `ms`: less where
	 * DMSL_AWS_POLL_MS says so (for emulators).
	 */
	int64_t (*pace)(const struct aws_site *w, int64_t ms);
	struct aws_client *client;
	struct credentials *credentials;
	struct reach_cache *reached;   /* of reach.c */
	struct reach_servers *servers; /* of reach_server.c */
	const struct aws_settings *settings;
	struct site_own *own;
};

/*
 * The account, twelve digits, asked once (GetCallerIdentity); an account other
 * than the declared one is ERROR_DENIED. Every function of a type calls this
 * before its first request that changes anything.
 */
int aws_account(struct aws_site *w, struct str *out, struct error *err);
/* The caller's ARN, by the same request. */
int aws_caller(struct aws_site *w, struct str *out, struct error *err);

/* The attributes of a `provider aws` block; end with name NULL. */
extern const struct attr_schema aws_site_attrs[];
/* Says nothing to AWS yet, unless only the machine knows its region. */
int aws_site_open(const struct provider_setup *s, struct aws_site **out,
		  struct error *err);
void aws_site_close(struct aws_site *w);

#endif
