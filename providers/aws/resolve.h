#ifndef DMSL_PROVIDERS_AWS_RESOLVE_H
#define DMSL_PROVIDERS_AWS_RESOLVE_H

/*
 * Which partition a region belongs to, which region is meant, and the URL of a
 * service there: pure functions of the environment, the configuration files and
 * the provider's block.
 */

#include "lang/base/str.h"

#include "providers/aws/service.h"

#include <stdbool.h>

struct arena;
struct error;
struct profiles;

/* What was said, and where to look for what was not. */
struct aws_settings {
	const char *const *env;
	const struct profiles *profiles;
	struct str profile; /* the one that counts */
	/* The block names it: keys of the environment do not count. */
	bool is_profile_given;
	struct str endpoint; /* of the block: for every service; or empty */
};

struct aws_partition {
	const char *name;
	const char *suffix;	 /* amazonaws.com */
	const char *dual_suffix; /* NULL: no dual-stack endpoints */
	const char *iam_host;
	const char *iam_region; /* that requests to IAM are signed with */
};

/* Where a service is, and the region that requests are signed with. */
struct aws_location {
	struct str url;
	struct str region;
};

/* The profile by option, environment or default. */
struct str aws_profile_name(const char *const *env, struct str given);
/* A setting of the environment, else of the profile; empty: neither. */
struct str aws_setting(const struct aws_settings *s, const char *variable,
		       const char *key);
bool aws_setting_true(const struct aws_settings *s, const char *variable,
		      const char *key);

/* Of a region that nobody knows: aws. */
const struct aws_partition *aws_partition_of(struct str region);
/* Letters, digits and dashes: it becomes part of a host's name. */
bool aws_is_region(struct str s);
/* The first that is said; *out is empty when none is. */
int aws_region(const struct aws_settings *s, struct str declared,
	       struct str *out, struct error *err);
int aws_locate(const struct aws_settings *s, const struct aws_service *service,
	       struct str region, struct arena *a, struct aws_location *out,
	       struct error *err);

#endif
