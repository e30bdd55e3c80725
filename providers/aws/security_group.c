/*
 * security_group: a group without rules; its rules are resources of their own.
 * The service gives every new group a rule that lets everything out: it is
 * taken away before the group counts as made, so that what nobody declared is
 * not allowed.
 */
#include <config.h>

#include "providers/aws/network.h"

enum {
	NAME_MAX_BYTES = 255,
	SEEN_S = 120,
	DELETE_S = 900, /* interfaces of services linger */
	REVOKES = 20,	/* groups in a row */
};

static const struct aws_attr attrs[] = {
	{ "name", NULL, "groupName", AWS_TEXT, 0, NULL },
	{ "vpc", "VpcId", "vpcId", AWS_TEXT, AWS_CREATE, NULL },
	{ "description", "GroupDescription", "groupDescription", AWS_TEXT,
	  AWS_CREATE, NULL },
	{ 0 },
};

static const struct aws_retry retries[] = {
	{ VERB_DESTROY, "DependencyViolation", NULL, DELETE_S,
	  "what carries or names the security group to be gone" },
	{ VERB_DESTROY, "InvalidGroup.InUse", NULL, DELETE_S,
	  "what carries or names the security group to be gone" },
	{ VERB_DESTROY, "InvalidPermission.NotFound", NULL, 0, NULL },
	{ 0 },
};

static int find(struct call *c, struct value *object)
{
	struct fields f = { 0 };
	struct value list;

	*object = value_null();
	aws_filter(&f, &aws_ec2, "group-name", aws_name(c), c->arena);
	aws_filter(&f, &aws_ec2, "vpc-id", value_text(c->config, "vpc"),
		   c->arena);
	if (aws_look_all(c, &aws_ec2, "DescribeSecurityGroups", &f,
			 "securityGroupInfo/item", &list) < 0)
		return -1;
	if (list.as.list.n)
		*object = list.as.list.items[0];
	return 0;
}

/* Everything to everywhere, of one kind of address. */
static int revoke_default(struct call *c, const char *ranges, const char *cidr,
			  const char *everywhere)
{
	struct fields f = { 0 }, permission = { 0 }, range = { 0 };
	struct value ignored;

	field_text(&range, cidr, str_from(everywhere));
	field_text(&permission, "IpProtocol", STR("-1"));
	field_one(&permission, ranges, fields_done(&range, c->arena), c->arena);
	field_text(&f, "GroupId", c->id);
	field_one(&f, "IpPermissions", fields_done(&permission, c->arena),
		  c->arena);
	if (aws_change(c, &aws_ec2, "RevokeSecurityGroupEgress", &f, &ignored) <
		0 &&
	    !aws_is_refusal(c, "InvalidPermission.NotFound", NULL))
		return -1;
	c->err = (struct error){ 0 };
	return 0;
}

static bool lets_out(struct value object, const char *path,
		     const char *everywhere, struct arena *a)
{
	struct value list = aws_items(object, path, a);

	for (size_t i = 0; i < list.as.list.n; i++)
		if (str_is(list.as.list.items[i].as.text, everywhere))
			return true;
	return false;
}

/* Its own rules are made only after it, so that none of them is meant here. */
static enum step settle(struct call *c, struct value object)
{
	static const char path[] = "ipPermissionsEgress/item/ipRanges/item/"
				   "cidrIp";
	static const char path_v6[] = "ipPermissionsEgress/item/ipv6Ranges/"
				      "item/cidrIpv6";
	bool v4 = lets_out(object, path, "0.0.0.0/0", c->arena);
	bool v6 = lets_out(object, path_v6, "::/0", c->arena);

	if (c->verb != VERB_CREATE || (!v4 && !v6))
		return STEP_DONE;
	if (!aws_is_patient(c, "egress", SEEN_S))
		return call_fail(c, ERROR_FAILED,
				 "security group %.*s keeps the rule that lets "
				 "everything out",
				 STR_ARG(c->id));
	if ((v4 && revoke_default(c, "IpRanges", "CidrIp", "0.0.0.0/0") < 0) ||
	    (v6 && revoke_default(c, "Ipv6Ranges", "CidrIpv6", "::/0") < 0))
		return aws_refused(c, NULL);
	return aws_wait(c, 0, "the default rule of security group %.*s to go",
			STR_ARG(c->id));
}

/* Rules of one group that name ours. */
static int revoke_in(struct call *c, struct str group, bool is_egress)
{
	struct fields f = { 0 };
	struct value list, *ids, ignored;
	size_t n = 0;

	aws_filter(&f, &aws_ec2, "group-id", group, c->arena);
	if (aws_look_all(c, &aws_ec2, "DescribeSecurityGroupRules", &f,
			 "securityGroupRuleSet/item", &list) < 0)
		return -1;
	ids = arena_new(c->arena, struct value, list.as.list.n + 1);
	for (size_t i = 0; i < list.as.list.n; i++) {
		struct value rule = list.as.list.items[i];

		if (str_eq(aws_text(rule, "referencedGroupInfo/groupId"),
			   c->id) &&
		    str_is(aws_text(rule, "isEgress"),
			   is_egress ? "true" : "false"))
			ids[n++] =
			    value_str(aws_text(rule, "securityGroupRuleId"));
	}
	if (n == 0)
		return 0;
	field_text(&f, "GroupId", group);
	field(&f, "SecurityGroupRuleId", value_list(ids, n));
	return aws_change(c, &aws_ec2,
			  is_egress ? "RevokeSecurityGroupEgress"
				    : "RevokeSecurityGroupIngress",
			  &f, &ignored);
}

static int revoke_all(struct call *c, bool is_egress)
{
	struct fields f = { 0 };
	struct value list;

	aws_filter(&f, &aws_ec2,
		   is_egress ? "egress.ip-permission.group-id"
			     : "ip-permission.group-id",
		   c->id, c->arena);
	if (aws_look_all(c, &aws_ec2, "DescribeSecurityGroups", &f,
			 "securityGroupInfo/item", &list) < 0)
		return -1;
	for (size_t i = 0; i < list.as.list.n && i < REVOKES; i++) {
		struct str other = aws_text(list.as.list.items[i], "groupId");

		if (!str_eq(other, c->id) && revoke_in(c, other, is_egress) < 0)
			return -1;
	}
	return 0;
}

/*
 * The stack's own rules are gone by now. Rules of other groups that name this
 * one hold it, and mean nothing without it; they are looked for once it was
 * refused.
 */
static enum step unhook(struct call *c, struct value object)
{
	(void)object;
	if (!c->is_poll)
		return STEP_DONE;
	if (revoke_all(c, false) < 0 || revoke_all(c, true) < 0)
		return aws_refused(c, NULL);
	return STEP_DONE;
}

const struct aws_type aws_security_group = {
	.service = &aws_ec2,
	.noun = "security group",
	.what = "security-group",
	.describe = {
		.operation = "DescribeSecurityGroups",
		.ids = "GroupId",
		.filter = "group-id",
		.items = "securityGroupInfo/item",
		.id = "groupId",
		.name = "groupName",
		.name_filter = "group-name",
		.has_tag_filter = true,
	},
	.states = { .poll_s = 2, .sights = 3 },
	.tags = AWS_TAGS_EC2,
	.create = "CreateSecurityGroup",
	.created = "groupId",
	.name = "GroupName",
	.name_max = NAME_MAX_BYTES,
	.name_chars = "-_. :/()#,@[]+=&;{}!$*",
	.destroy = "DeleteSecurityGroup",
	.destroy_id = "GroupId",
	.holders = "group-id",
	.attrs = attrs,
	.retries = retries,
	.find = find,
	.settle = settle,
	.unhook = unhook,
};
