#ifndef DMSL_PROVIDERS_AWS_SECRET_H
#define DMSL_PROVIDERS_AWS_SECRET_H

/*
 * secret: a secret of Secrets Manager. Its value is sent and never read back;
 * only the types that need it in clear ask for it, by aws_secret_value().
 */

#include "providers/aws/type.h"

extern const struct aws_type aws_secret;
/* aws_ops_token, with advice where a deleted secret holds the name. */
extern const struct resource_ops aws_secret_ops;

/* The text it holds, marked by nobody: keep it out of everything. */
int aws_secret_value(struct aws_site *w, struct str id, struct arena *a,
		     struct str *out, struct error *err);

#endif
