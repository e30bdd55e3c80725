/*
 * iam_role, with its policies; its id is its name.
 *
 * DMS looks for three roles by fixed names. There is one of each in an account,
 * for all stacks, regions and people: one that is there already and lets DMS
 * take it is used as it is, and only what it lacks is attached. The tag
 * dmsl:stack says whose it is. Such a role is deleted only by the stack that
 * made it, and only when no replication instance is left in the region;
 * otherwise it stays, without the tags.
 */
#include <config.h>

#include "providers/aws/parts.h"
#include "providers/aws/path.h"
#include "providers/aws/policy.h"
#include "providers/aws/tags.h"

static const char dms_principal[] = "dms.amazonaws.com";

static const char *const account_wide[] = {
	"dms-access-for-endpoint",
	"dms-cloudwatch-logs-role",
	"dms-vpc-role",
};

static const struct aws_attr attrs[] = {
	{ "path", "Path", "Path", AWS_TEXT, AWS_CREATE, NULL },
	{ "description", "Description", "Description", AWS_TEXT,
	  AWS_CREATE | AWS_UPDATE, NULL },
	{ "max_session", "MaxSessionDuration", "MaxSessionDuration",
	  AWS_SECONDS, AWS_CREATE | AWS_UPDATE, NULL },
	{ "arn", NULL, "Arn", AWS_TEXT, 0, NULL },
	{ 0 },
};

static const struct aws_retry retries[] = {
	{ VERB_CREATE, "MalformedPolicyDocument", "invalid principal", 120,
	  "who may take the role, to be known everywhere" },
	{ VERB_CREATE, "NoSuchEntity", NULL, 120,
	  "the role to be known everywhere" },
	{ VERB_CREATE, "ConcurrentModification", NULL, 120,
	  "another change of the role" },
	{ VERB_UPDATE, "MalformedPolicyDocument", "invalid principal", 120,
	  "who may take the role, to be known everywhere" },
	{ VERB_UPDATE, "ConcurrentModification", NULL, 120,
	  "another change of the role" },
	{ VERB_DESTROY, "NoSuchEntity", NULL, 0, NULL },
	{ VERB_DESTROY, "DeleteConflict", NULL, 120,
	  "the role to be let go of" },
	{ VERB_DESTROY, "ConcurrentModification", NULL, 120,
	  "another change of the role" },
	{ 0 },
};

static const struct aws_tagging tagging = {
	.items = "Tags/member",
	.add = "TagRole",
	.remove = "UntagRole",
	.target = "RoleName",
	.tags = "Tags",
	.keys = "TagKeys",
};

static struct str role_name(const struct call *c, struct value object)
{
	return c->id.n ? c->id : aws_text(object, "RoleName");
}

/* -- Whose it is ---------------------------------------------------------- */

static bool is_account_wide(struct str name)
{
	for (size_t i = 0; i < sizeof(account_wide) / sizeof(account_wide[0]);
	     i++)
		if (str_is(name, account_wide[i]))
			return true;
	return false;
}

/* Whether a list of tags says that it belongs to the stack. */
static bool is_of_stack(struct call *c, struct value object)
{
	struct value tags =
	    tag_map(aws_items(object, "Tags/member", c->arena), c->arena);

	return str_eq(value_text(tags, "dmsl:stack"),
		      tag_text(aws_site_of(c)->stack, c->arena));
}

static bool is_shared(struct call *c, struct value object)
{
	return is_account_wide(role_name(c, object)) && !is_of_stack(c, object);
}

static bool may_adopt(struct call *c, struct value object)
{
	return is_account_wide(aws_text(object, "RoleName")) &&
	       policy_trusts(aws_text(object, "AssumeRolePolicyDocument"),
			     str_from(dms_principal), c->arena);
}

/* -- What is wanted ------------------------------------------------------- */

static struct value trust(struct call *c)
{
	const struct value *given = value_get(c->config, "trust");
	const struct value *services = value_get(c->config, "services");

	if (given && !value_is_null(*given))
		return *given;
	if (services && services->kind == VALUE_LIST)
		return policy_trust(*services, c->arena);
	return policy_trust(
	    part_one(value_text(c->config, "service"), c->arena), c->arena);
}

/* service-role/AmazonDMSVPCManagementRole: of AWS, in the region's partition */
static struct str policy_arn(struct call *c, struct str written)
{
	if (str_starts(written, "arn:"))
		return written;
	return str_fmt(c->arena, "arn:%.*s:iam::aws:policy/%.*s",
		       STR_ARG(aws_site_of(c)->partition), STR_ARG(written));
}

static struct value policy_arns(struct call *c, struct value list)
{
	size_t n = list.kind == VALUE_LIST ? list.as.list.n : 0;
	struct value *out = arena_new(c->arena, struct value, n + 1);

	for (size_t i = 0; i < n; i++)
		out[i] =
		    value_str(policy_arn(c, list.as.list.items[i].as.text));
	return part_set(value_list(out, n), NULL, c->arena);
}

static int check_policy(struct call *c, struct value v)
{
	struct str partition = aws_site_of(c)->partition;
	struct str rest, theirs;

	if (v.kind != VALUE_STRING || !str_starts(v.as.text, "arn:"))
		return 0;
	rest = v.as.text;
	str_cut(&rest, ':');
	theirs = str_cut(&rest, ':');
	if (str_eq(theirs, partition))
		return 0;
	error_set(&c->err, ERROR_INVALID,
		  "the policy \"%.*s\" is of the partition %.*s; this region "
		  "is in %.*s",
		  STR_ARG(v.as.text), STR_ARG(theirs), STR_ARG(partition));
	return error_hint(&c->err,
			  "write a policy of AWS without its ARN, as in "
			  "\"service-role/AmazonDMSVPCManagementRole\"");
}

static bool is_said(const struct call *c, const char *attr)
{
	const struct value *v = value_get(c->config, attr);

	return v && (value_is_unknown(*v) || !value_is_null(*v));
}

static int plan(struct call *c, const char *action)
{
	struct value list = part_wanted(c, "managed_policies");
	const struct value *boundary =
	    value_get(c->config, "permissions_boundary");
	int n = is_said(c, "service") + is_said(c, "services") +
		is_said(c, "trust");

	if (strcmp(action, "delete") == 0)
		return 0;
	if (n != 1) {
		error_set(&c->err, ERROR_INVALID, "%s",
			  n ? "who may take the role is said more than once"
			    : "nothing says who may take the role");
		return error_hint(&c->err, "write one of service, services and "
					   "trust");
	}
	for (size_t i = 0; i < list.as.list.n; i++)
		if (check_policy(c, list.as.list.items[i]) < 0)
			return -1;
	return boundary ? check_policy(c, *boundary) : 0;
}

static int fill(struct call *c, struct fields *input)
{
	struct str boundary = value_text(c->config, "permissions_boundary");

	field_text(input, "AssumeRolePolicyDocument",
		   policy_text(trust(c), c->arena));
	if (boundary.n)
		field_text(input, "PermissionsBoundary",
			   policy_arn(c, boundary));
	return 0;
}

/* -- Calls about one role ------------------------------------------------- */

static int change_role(struct call *c, const char *operation, const char *key,
		       struct str text, const char *document_key,
		       struct str document)
{
	struct fields f = { 0 };
	struct value ignored;

	field_text(&f, "RoleName", c->id);
	if (key)
		field_text(&f, key, text);
	if (document_key)
		field_text(&f, document_key, document);
	return aws_change(c, &aws_iam, operation, &f, &ignored);
}

static int list_of_role(struct call *c, const char *operation,
			const char *items, struct value *out)
{
	struct fields f = { 0 };

	field_text(&f, "RoleName", c->id);
	return aws_look_all(c, &aws_iam, operation, &f, items, out);
}

static int attached(struct call *c, struct value *arns)
{
	struct value list;

	if (list_of_role(c, "ListAttachedRolePolicies",
			 "AttachedPolicies/member", &list) < 0)
		return -1;
	*arns = part_set(list, "PolicyArn", c->arena);
	return 0;
}

static int inline_names(struct call *c, struct value *names)
{
	struct value list;

	if (list_of_role(c, "ListRolePolicies", "PolicyNames/member", &list) <
	    0)
		return -1;
	*names = part_set(list, NULL, c->arena);
	return 0;
}

/* Empty when there is none of the name. */
static int inline_text(struct call *c, struct str name, struct str *out)
{
	struct fields f = { 0 };
	struct value answer;

	*out = (struct str){ "", 0 };
	field_text(&f, "RoleName", c->id);
	field_text(&f, "PolicyName", name);
	if (aws_look(c, &aws_iam, "GetRolePolicy", &f, &answer) < 0) {
		if (!aws_is_refusal(c, "NoSuchEntity", NULL))
			return -1;
		c->err = (struct error){ 0 };
		return 0;
	}
	*out = aws_text(answer, "PolicyDocument");
	return 0;
}

/* -- Settling ------------------------------------------------------------- */

static int settle_trust(struct call *c, struct value object)
{
	struct str now = aws_text(object, "AssumeRolePolicyDocument");

	if (policy_is(trust(c), now, c->arena))
		return 0;
	return change_role(c, "UpdateAssumeRolePolicy", "PolicyDocument",
			   policy_text(trust(c), c->arena), NULL, STR(""));
}

static int settle_boundary(struct call *c, struct value object)
{
	struct str now =
	    aws_text(object, "PermissionsBoundary/PermissionsBoundaryArn");
	struct str wanted = value_text(c->config, "permissions_boundary");
	struct str was = value_text(c->prior, "permissions_boundary");

	if (wanted.n && !str_eq(policy_arn(c, wanted), now))
		return change_role(c, "PutRolePermissionsBoundary",
				   "PermissionsBoundary", policy_arn(c, wanted),
				   NULL, STR(""));
	if (!wanted.n && was.n && now.n)
		return change_role(c, "DeleteRolePermissionsBoundary", NULL,
				   STR(""), NULL, STR(""));
	return 0;
}

static int settle_managed(struct call *c, bool shared)
{
	struct value now, add, gone;

	if (attached(c, &now) < 0)
		return -1;
	aws_differ(now, policy_arns(c, part_wanted(c, "managed_policies")),
		   c->arena, &add, &gone);
	for (size_t i = 0; i < add.as.list.n; i++)
		if (change_role(c, "AttachRolePolicy", "PolicyArn",
				add.as.list.items[i].as.text, NULL,
				STR("")) < 0)
			return -1;
	for (size_t i = 0; !shared && i < gone.as.list.n; i++)
		if (change_role(c, "DetachRolePolicy", "PolicyArn",
				gone.as.list.items[i].as.text, NULL,
				STR("")) < 0)
			return -1;
	return 0;
}

static int settle_inline(struct call *c, bool shared)
{
	struct value wanted = part_wanted(c, "policy");
	struct value names, names_wanted, add, gone;

	if (inline_names(c, &names) < 0)
		return -1;
	for (size_t i = 0; i < wanted.as.list.n; i++) {
		struct value one = wanted.as.list.items[i];
		const struct value *document = value_get(one, "document");
		struct str name = value_text(one, "name"), now = { "", 0 };

		if (!document)
			continue;
		if (part_has(names, name) && inline_text(c, name, &now) < 0)
			return -1;
		if (!policy_is(*document, now, c->arena) &&
		    change_role(c, "PutRolePolicy", "PolicyName", name,
				"PolicyDocument",
				policy_text(*document, c->arena)) < 0)
			return -1;
	}
	names_wanted = part_set(wanted, "name", c->arena);
	aws_differ(names, names_wanted, c->arena, &add, &gone);
	for (size_t i = 0; !shared && i < gone.as.list.n; i++)
		if (change_role(c, "DeleteRolePolicy", "PolicyName",
				gone.as.list.items[i].as.text, NULL,
				STR("")) < 0)
			return -1;
	return 0;
}

static enum step settle(struct call *c, struct value object)
{
	bool shared = is_shared(c, object);

	if ((!shared &&
	     (settle_trust(c, object) < 0 || settle_boundary(c, object) < 0)) ||
	    settle_managed(c, shared) < 0 || settle_inline(c, shared) < 0)
		return aws_refused(c, NULL);
	return STEP_DONE;
}

/* -- Showing -------------------------------------------------------------- */

static void show_trust(struct call *c, struct value object,
		       struct fields *result)
{
	static const char *const said[] = { "trust", "services", "service" };
	struct str text = aws_text(object, "AssumeRolePolicyDocument");
	struct value now;

	if (policy_read(text, c->arena, &now) < 0)
		return;
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		const struct value *was = value_get(c->prior, said[i]);
		struct value as_trust;

		if (!was || value_is_null(*was))
			continue;
		as_trust = i == 0 ? *was
			   : i == 1
			       ? policy_trust(*was, c->arena)
			       : policy_trust(part_one(was->as.text, c->arena),
					      c->arena);
		/* Shown where it was said, so that it is set right there. */
		if (!policy_is(as_trust, text, c->arena))
			field(result, said[i],
			      i == 0   ? now
			      : i == 1 ? value_list(NULL, 0)
				       : value_str(policy_text(now, c->arena)));
		return;
	}
	field(result, "trust", now);
}

/* An ARN as it is, or would be, written. */
static struct value written_as(struct call *c, struct value known,
			       struct str arn)
{
	struct str head = policy_arn(c, STR(""));
	size_t n = known.kind == VALUE_LIST ? known.as.list.n : 0;

	for (size_t i = 0; i < n; i++)
		if (str_eq(policy_arn(c, known.as.list.items[i].as.text), arn))
			return known.as.list.items[i];
	return value_str(str_starts(arn, head.s) ? str_skip(arn, head.n) : arn);
}

static int show_managed(struct call *c, bool shared, struct fields *result)
{
	const struct value *was = value_get(c->prior, "managed_policies");
	struct value known = was ? *was : value_null(), now, *out;
	size_t n = 0;

	if (attached(c, &now) < 0)
		return -1;
	out = arena_new(c->arena, struct value, now.as.list.n + 1);
	for (size_t i = 0; i < now.as.list.n; i++) {
		struct value v =
		    written_as(c, known, now.as.list.items[i].as.text);

		if (!shared || known.kind != VALUE_LIST ||
		    part_has(known, v.as.text))
			out[n++] = v;
	}
	part_drift(c, result, "managed_policies",
		   part_set(value_list(out, n), NULL, c->arena), false);
	return 0;
}

static int policy_value(struct call *c, struct str name,
			const struct value *known, struct value *out)
{
	const struct value *document =
	    known ? value_get(*known, "document") : NULL;
	struct fields f = { 0 };
	struct value now;
	struct str text;

	if (inline_text(c, name, &text) < 0)
		return -1;
	if (document && policy_is(*document, text, c->arena)) {
		*out = *known;
		return 0;
	}
	if (policy_read(text, c->arena, &now) < 0)
		now = value_str(text);
	field(&f, "document", now);
	field_text(&f, "name", name);
	*out = fields_done(&f, c->arena);
	return 0;
}

/* In the order in which they are written, others behind them. */
static int show_inline(struct call *c, bool shared, struct fields *result)
{
	const struct value *was = value_get(c->prior, "policy");
	struct value known =
	    was && was->kind == VALUE_LIST ? *was : value_list(NULL, 0);
	struct value names, known_names, others, gone, *out;
	size_t n = 0;

	if (inline_names(c, &names) < 0)
		return -1;
	known_names = part_set(known, "name", c->arena);
	out = arena_new(c->arena, struct value,
			known.as.list.n + names.as.list.n + 1);
	for (size_t i = 0; i < known.as.list.n; i++) {
		const struct value *one = &known.as.list.items[i];
		struct str name = value_text(*one, "name");

		if (part_has(names, name) &&
		    policy_value(c, name, one, &out[n++]) < 0)
			return -1;
	}
	aws_differ(known_names, names, c->arena, &others, &gone);
	for (size_t i = 0; !shared && i < others.as.list.n; i++)
		if (policy_value(c, others.as.list.items[i].as.text, NULL,
				 &out[n++]) < 0)
			return -1;
	if (known.as.list.n || n)
		field(result, "policy", value_list(out, n));
	return 0;
}

static int show(struct call *c, struct value object, struct fields *result)
{
	struct str boundary =
	    aws_text(object, "PermissionsBoundary/PermissionsBoundaryArn");
	struct str was = value_text(c->prior, "permissions_boundary");
	bool shared = is_shared(c, object);

	if (!shared)
		show_trust(c, object, result);
	if (boundary.n ? !was.n || !str_eq(policy_arn(c, was), boundary)
		       : was.n > 0)
		part_drift(c, result, "permissions_boundary",
			   boundary.n ? value_str(boundary) : value_null(),
			   false);
	if (show_managed(c, shared, result) < 0)
		return -1;
	return show_inline(c, shared, result);
}

/* -- Taking it away ------------------------------------------------------- */

/* Whether the role stays: it is the account's, and others live on it. */
static int must_stay(struct call *c, struct value object, bool *out)
{
	struct fields f = { 0 };
	struct value list;

	*out = false;
	if (!is_account_wide(c->id))
		return 0;
	*out = true;
	if (!is_of_stack(c, object))
		return 0;
	if (aws_look_all(c, &aws_dms, "DescribeReplicationInstances", &f,
			 "ReplicationInstances", &list) < 0) {
		if (c->err.kind != ERROR_NOT_FOUND)
			return -1;
		c->err = (struct error){ 0 };
		list = value_list(NULL, 0);
	}
	*out = list.as.list.n > 0;
	return 0;
}

/* From now on it is the account's: no stack deletes it. */
static int give_up(struct call *c, struct value object)
{
	struct value tags =
	    tag_map(aws_items(object, "Tags/member", c->arena), c->arena);
	struct value *keys =
	    arena_new(c->arena, struct value, tags.as.map.n + 1);
	struct fields f = { 0 };
	struct value ignored;
	size_t n = 0;

	for (size_t i = 0; i < tags.as.map.n; i++)
		if (str_starts(tags.as.map.entries[i].key, "dmsl:"))
			keys[n++] = value_str(tags.as.map.entries[i].key);
	if (n == 0 || !is_of_stack(c, object))
		return 0;
	field_text(&f, "RoleName", c->id);
	field(&f, "TagKeys", value_list(keys, n));
	return aws_change(c, &aws_iam, "UntagRole", &f, &ignored);
}

static int drop_all(struct call *c, struct value list, const char *operation,
		    const char *key)
{
	for (size_t i = 0; i < list.as.list.n; i++)
		if (change_role(c, operation, key,
				list.as.list.items[i].as.text, NULL,
				STR("")) < 0)
			return -1;
	return 0;
}

/* Those of the stack let go of it; others are not ours to change. */
static int leave_profiles(struct call *c)
{
	struct value list;

	if (list_of_role(c, "ListInstanceProfilesForRole",
			 "InstanceProfiles/member", &list) < 0)
		return -1;
	for (size_t i = 0; i < list.as.list.n; i++) {
		struct str name =
		    aws_text(list.as.list.items[i], "InstanceProfileName");
		struct fields f = { 0 };
		struct value answer;

		field_text(&f, "InstanceProfileName", name);
		if (aws_look(c, &aws_iam, "GetInstanceProfile", &f, &answer) <
		    0)
			return -1;
		if (!is_of_stack(c, *aws_get(answer, "InstanceProfile"))) {
			error_set(&c->err, ERROR_CONFLICT,
				  "the role is in the instance profile "
				  "\"%.*s\", which is not of this stack",
				  STR_ARG(name));
			return error_hint(&c->err,
					  "take it out of there, or keep the "
					  "role (removed … { keep = true })");
		}
		if (change_role(c, "RemoveRoleFromInstanceProfile",
				"InstanceProfileName", name, NULL, STR("")) < 0)
			return -1;
	}
	return 0;
}

static enum step unhook(struct call *c, struct value object)
{
	struct value policies, names;
	bool stays;

	if (must_stay(c, object, &stays) < 0)
		return aws_refused(c, NULL);
	if (stays) {
		c->is_gone = true;
		return give_up(c, object) < 0 ? aws_refused(c, NULL)
					      : STEP_DONE;
	}
	if (attached(c, &policies) < 0 ||
	    drop_all(c, policies, "DetachRolePolicy", "PolicyArn") < 0 ||
	    inline_names(c, &names) < 0 ||
	    drop_all(c, names, "DeleteRolePolicy", "PolicyName") < 0 ||
	    leave_profiles(c) < 0)
		return aws_refused(c, NULL);
	return STEP_DONE;
}

const struct aws_type aws_iam_role = {
	.service = &aws_iam,
	.noun = "role",
	.describe = {
		.operation = "GetRole",
		.one = "RoleName",
		.items = "Role",
		.id = "RoleName",
		.name = "RoleName",
		.name_param = "RoleName",
	},
	/* Others ask other servers of the service. */
	.states = { .poll_s = 1, .seen_s = 120, .sights = 3 },
	.tags = AWS_TAGS_LIST,
	.tagging = &tagging,
	.create = "CreateRole",
	.created = "Role/RoleName",
	.name = "RoleName",
	.name_max = 64,
	.name_chars = "-_+=,.@",
	.update = "UpdateRole",
	.update_id = "RoleName",
	.destroy = "DeleteRole",
	.destroy_id = "RoleName",
	.attrs = attrs,
	.retries = retries,
	.fill = fill,
	.settle = settle,
	.unhook = unhook,
	.show = show,
	.plan = plan,
	.may_adopt = may_adopt,
};
