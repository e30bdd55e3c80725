#include <config.h>

#include "providers/aws/role_arn.h"

#include "providers/aws/fields.h"
#include "providers/aws/site.h"

int aws_role_arn(struct aws_site *w, struct str role, struct arena *a,
		 struct str *arn, struct error *err)
{
	struct fields f = { 0 };
	struct value answer;

	*arn = role;
	if (str_starts(role, "arn:"))
		return 0;
	field_text(&f, "RoleName", role);
	if (aws_ask(w->client, &aws_iam, "GetRole", fields_done(&f, a), a,
		    &answer, err) < 0)
		return -1;
	*arn = aws_text(answer, "Role/Arn");
	return 0;
}
