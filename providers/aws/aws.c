#include <config.h>

#include "providers/aws/aws.h"

#define UNAVAILABLE "is not part of this version yet"

/* So that a stack for both providers is checked whole. */
static const struct attr_schema aws_config[] = {
	{ "region", "string", ATTR_OPTIONAL, NULL, "The region: us-east-1." },
	{ "account", "string", ATTR_OPTIONAL, NULL,
	  "Twelve digits; another account is refused." },
	{ "profile", "string", ATTR_OPTIONAL, NULL,
	  "A profile of the AWS configuration files." },
	{ 0 },
};

static const struct resource_type aws_types[] = {
	{ 0 },
};

static int aws_open(const struct provider_setup *s, void **self,
		    struct error *err)
{
	(void)s;
	*self = NULL;
	error_set(err, ERROR_UNAVAILABLE, "provider \"aws\" " UNAVAILABLE);
	return error_hint(err, "run the stack on this machine: --set on=local");
}

static void aws_close(void *self)
{
	(void)self;
}

const struct provider aws_provider = {
	.name = "aws",
	.config = aws_config,
	.types = aws_types,
	.open = aws_open,
	.close = aws_close,
	.unavailable = "it " UNAVAILABLE
		       "; run the stack on this machine with --set on=local",
};
