#ifndef DMSL_PROVIDERS_AWS_ROLE_ARN_H
#define DMSL_PROVIDERS_AWS_ROLE_ARN_H

/* Roles as other services want them: an iam_role's id is its name. */

#include "lang/base/str.h"

struct arena;
struct aws_site;
struct error;

/* What is an ARN already stays. */
int aws_role_arn(struct aws_site *w, struct str role, struct arena *a,
		 struct str *arn, struct error *err);

#endif
