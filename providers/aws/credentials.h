#ifndef DMSL_PROVIDERS_AWS_CREDENTIALS_H
#define DMSL_PROVIDERS_AWS_CREDENTIALS_H

/*
 * Keys to sign requests with, from where the AWS tools take theirs, in the same
 * order. The first source that is configured counts; that it is broken is an
 * error and no reason to go on to the next. Keys that end are asked for anew in
 * time. Any thread may ask. Kept keys are overwritten when they are let go.
 */

#include "lang/base/str.h"

#include "providers/aws/resolve.h"

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct credentials;
struct error;

struct aws_keys {
	struct str access_key, secret_key;
	struct str session_token; /* empty: keys of a user */
	int64_t expires;	  /* seconds since 1970; 0: never */
};

/* A role to take on with what the chain gives. */
struct aws_role {
	struct str arn; /* empty: none */
	struct str external_id, session_name;
};

/* What it points to must outlive the credentials. */
struct credentials_setup {
	const struct aws_settings *settings;
	struct str region;
	struct aws_role role;
	struct str agent, ca_file; /* as in struct aws_source */
};

/* Looks at nothing yet. */
struct credentials *credentials_new(const struct credentials_setup *s);
void credentials_free(struct credentials *c);
/*
 * is_expired: a service said that the last ones have. The texts are copied into
 * the arena, which the caller wipes or keeps to itself.
 */
int credentials_get(struct credentials *c, bool is_expired, struct arena *a,
		    struct aws_keys *out, struct error *err);
/*
 * Where they come from, for people: "profile \"prod\" of the configuration
 * file", never a key.
 */
int credentials_source(struct credentials *c, struct arena *a, struct str *out,
		       struct error *err);
/* The region of the machine that this runs on, where it is one of EC2. */
int credentials_machine_region(const struct aws_settings *s, struct arena *a,
			       struct str *out, struct error *err);

#endif
