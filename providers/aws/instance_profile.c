/* instance_profile: one role for instances; its id is its name. */
#include <config.h>

#include "providers/aws/parts.h"
#include "providers/aws/path.h"

static const struct aws_attr attrs[] = {
	{ 0 },
};

static const struct aws_retry retries[] = {
	{ VERB_CREATE, "NoSuchEntity", NULL, 120,
	  "the role to be known everywhere" },
	{ VERB_CREATE, "InvalidInput", "role", 120,
	  "the role to be known everywhere" },
	{ VERB_CREATE, "ConcurrentModification", NULL, 120,
	  "another change of the profile" },
	{ VERB_UPDATE, "NoSuchEntity", NULL, 120,
	  "the role to be known everywhere" },
	{ VERB_UPDATE, "ConcurrentModification", NULL, 120,
	  "another change of the profile" },
	/* The role that was taken out is still in, for some server. */
	{ VERB_UPDATE, "LimitExceeded", NULL, 60, "the old role to be out" },
	{ VERB_DESTROY, "NoSuchEntity", NULL, 0, NULL },
	{ VERB_DESTROY, "DeleteConflict", NULL, 120,
	  "the profile to be let go of" },
	{ 0 },
};

static const struct aws_tagging tagging = {
	.items = "Tags/member",
	.add = "TagInstanceProfile",
	.remove = "UntagInstanceProfile",
	.target = "InstanceProfileName",
	.tags = "Tags",
	.keys = "TagKeys",
};

static struct str role_of(struct value object)
{
	return aws_text(object, "Roles/member/RoleName");
}

static int change_role(struct call *c, const char *operation, struct str role)
{
	struct fields f = { 0 };
	struct value ignored;

	field_text(&f, "InstanceProfileName", c->id);
	field_text(&f, "RoleName", role);
	return aws_change(c, &aws_iam, operation, &f, &ignored);
}

/* A profile has one role at most: the old one goes first. */
static enum step settle(struct call *c, struct value object)
{
	struct str wanted = value_text(c->config, "role");
	struct str now = role_of(object);

	if (str_eq(now, wanted))
		return STEP_DONE;
	if (now.n && change_role(c, "RemoveRoleFromInstanceProfile", now) < 0 &&
	    !aws_is_refusal(c, "NoSuchEntity", NULL))
		return aws_refused(c, NULL);
	c->err = (struct error){ 0 };
	return change_role(c, "AddRoleToInstanceProfile", wanted) < 0
		   ? aws_refused(c, NULL)
		   : STEP_DONE;
}

static int show(struct call *c, struct value object, struct fields *result)
{
	part_drift(c, result, "role", value_str(role_of(object)), false);
	return 0;
}

static enum step unhook(struct call *c, struct value object)
{
	struct str role = role_of(object);

	if (role.n &&
	    change_role(c, "RemoveRoleFromInstanceProfile", role) < 0 &&
	    !aws_is_refusal(c, "NoSuchEntity", NULL))
		return aws_refused(c, NULL);
	c->err = (struct error){ 0 };
	return STEP_DONE;
}

const struct aws_type aws_instance_profile = {
	.service = &aws_iam,
	.noun = "instance profile",
	.describe = {
		.operation = "GetInstanceProfile",
		.one = "InstanceProfileName",
		.items = "InstanceProfile",
		.id = "InstanceProfileName",
		.name = "InstanceProfileName",
		.name_param = "InstanceProfileName",
	},
	.states = { .poll_s = 1, .seen_s = 120, .sights = 3 },
	.tags = AWS_TAGS_LIST,
	.tagging = &tagging,
	.create = "CreateInstanceProfile",
	.created = "InstanceProfile/InstanceProfileName",
	.name = "InstanceProfileName",
	.name_max = 128,
	.name_chars = "-_+=,.@",
	.destroy = "DeleteInstanceProfile",
	.destroy_id = "InstanceProfileName",
	.attrs = attrs,
	.retries = retries,
	.settle = settle,
	.unhook = unhook,
	.show = show,
};
