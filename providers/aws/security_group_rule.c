/*
 * security_group_rule: one permission with one other side. Its natural key is
 * all of it but the description: the service refuses a second one.
 */
#include <config.h>

#include "providers/aws/network.h"

#include <string.h>

enum { SEEN_S = 120, PORT_MAX = 65535 };

/* The other sides that a rule can have. */
static const struct side {
	const char *attr;      /* in the schema */
	const char *path;      /* in a description */
	const char *list, *in; /* parameters when it is made */
	const char *param;     /* parameter when it is changed */
} sides[] = {
	{ "cidr", "cidrIpv4", "IpRanges", "CidrIp", "CidrIpv4" },
	{ "cidr", "cidrIpv6", "Ipv6Ranges", "CidrIpv6", "CidrIpv6" },
	{ "group", "referencedGroupInfo/groupId", "Groups", "GroupId",
	  "ReferencedGroupId" },
	{ "prefix_list", "prefixListId", "PrefixListIds", "PrefixListId",
	  "PrefixListId" },
};

enum { N_SIDES = sizeof(sides) / sizeof(*sides), SIDE_V6 = 1 };

/* What a rule says, from either side, in the service's terms. */
struct rule {
	struct str protocol; /* tcp, udp, icmp, -1 */
	int64_t from, to;    /* of -1: both -1 */
	const struct side *side;
	struct str other;
	struct str description;
	bool is_egress;
};

/* -- as it is wanted and as it is shown -- */

/*
 * Ports that are not said are all of them. ICMP has a type and a code in their
 * place, and a code that is not said is any.
 */
static void set_ports(struct rule *r, struct value config)
{
	bool is_icmp = str_is(r->protocol, "icmp");
	int64_t first = is_icmp ? -1 : 0;

	if (str_is(r->protocol, "-1")) {
		r->from = r->to = -1;
		return;
	}
	r->from = value_number(config, "port", first);
	r->to = value_number(config, "to_port", INT64_MIN);
	if (r->to != INT64_MIN)
		return;
	if (is_icmp)
		r->to = -1;
	else
		r->to = value_number(config, "port", PORT_MAX);
}

static struct rule wanted_rule(struct value config)
{
	struct str protocol = value_text(config, "protocol");
	struct rule r = {
		.protocol = str_is(protocol, "all") ? STR("-1") : protocol,
		.description = value_text(config, "description"),
		.is_egress = str_is(value_text(config, "direction"), "egress"),
	};

	set_ports(&r, config);
	for (size_t i = 0; i < N_SIDES; i++) {
		struct str other = value_text(config, sides[i].attr);
		bool is_v6 = str_find(other, ':') >= 0;

		if (other.n == 0 || (i < 2 && is_v6 != (i == SIDE_V6)))
			continue;
		r.side = &sides[i];
		r.other = other;
	}
	return r;
}

static int64_t port_of(struct value object, const char *path)
{
	struct str s = aws_text(object, path);
	uint64_t n;

	return str_to_u64(s, &n) ? (int64_t)n : -1;
}

static struct rule shown_rule(struct value object)
{
	struct rule r = {
		.protocol = aws_text(object, "ipProtocol"),
		.from = port_of(object, "fromPort"),
		.to = port_of(object, "toPort"),
		.description = aws_text(object, "description"),
		.is_egress = str_is(aws_text(object, "isEgress"), "true"),
	};

	if (str_is(r.protocol, "-1"))
		r.from = r.to = -1;
	for (size_t i = 0; i < N_SIDES; i++) {
		struct str other = aws_text(object, sides[i].path);

		if (other.n == 0)
			continue;
		r.side = &sides[i];
		r.other = other;
	}
	return r;
}

static bool is_same_key(const struct rule *a, const struct rule *b)
{
	return str_eq(a->protocol, b->protocol) && a->from == b->from &&
	       a->to == b->to && a->side == b->side &&
	       str_eq(a->other, b->other) && a->is_egress == b->is_egress;
}

/* -- hooks -- */

static const char *operation(const struct call *c, enum verb verb)
{
	struct value v = verb == VERB_CREATE ? c->config : c->prior;
	bool is_egress = str_is(value_text(v, "direction"), "egress");

	if (verb == VERB_CREATE)
		return is_egress ? "AuthorizeSecurityGroupEgress"
				 : "AuthorizeSecurityGroupIngress";
	return is_egress ? "RevokeSecurityGroupEgress"
			 : "RevokeSecurityGroupIngress";
}

static int find(struct call *c, struct value *object)
{
	struct rule wanted = wanted_rule(c->config);
	struct fields f = { 0 };
	struct value list;

	*object = value_null();
	aws_filter(&f, &aws_ec2, "group-id",
		   value_text(c->config, "security_group"), c->arena);
	if (aws_look_all(c, &aws_ec2, "DescribeSecurityGroupRules", &f,
			 "securityGroupRuleSet/item", &list) < 0)
		return -1;
	for (size_t i = 0; i < list.as.list.n; i++) {
		struct rule r = shown_rule(list.as.list.items[i]);

		if (is_same_key(&r, &wanted))
			*object = list.as.list.items[i];
	}
	return 0;
}

/* All protocols together have no ports: -1 and -1. */
static void add_ports(struct fields *f, const struct rule *r, struct arena *a)
{
	field_text(f, "IpProtocol", r->protocol);
	field(f, "FromPort", value_int_in(r->from, a));
	field(f, "ToPort", value_int_in(r->to, a));
}

static int fill(struct call *c, struct fields *input)
{
	struct rule r = wanted_rule(c->config);
	struct fields permission = { 0 }, other = { 0 };

	if (!r.side)
		return error_set(&c->err, ERROR_INVALID,
				 "the rule has no other side: cidr, group or "
				 "prefix_list");
	field_text(&other, r.side->in, r.other);
	field_given(&other, "Description", r.description);
	add_ports(&permission, &r, c->arena);
	field_one(&permission, r.side->list, fields_done(&other, c->arena),
		  c->arena);
	field_text(input, "GroupId", value_text(c->config, "security_group"));
	field_one(input, "IpPermissions", fields_done(&permission, c->arena),
		  c->arena);
	return 0;
}

/* The whole rule is sent: what is left out would be taken away. */
static enum step settle(struct call *c, struct value object)
{
	struct rule wanted = wanted_rule(c->config), now = shown_rule(object);
	struct fields f = { 0 }, outer = { 0 }, inner = { 0 };
	struct value ignored;

	/* Nothing depends on words: they are sent once. */
	if (c->verb != VERB_UPDATE ||
	    (is_same_key(&wanted, &now) &&
	     (str_eq(wanted.description, now.description) ||
	      aws_has_begun(c, "rule"))))
		return STEP_DONE;
	if (!aws_is_patient(c, "rule", SEEN_S))
		return call_fail(c, ERROR_FAILED,
				 "security group rule %.*s does not change",
				 STR_ARG(c->id));
	add_ports(&inner, &wanted, c->arena);
	if (wanted.side)
		field_text(&inner, wanted.side->param, wanted.other);
	field_given(&inner, "Description", wanted.description);
	field_text(&outer, "SecurityGroupRuleId", c->id);
	field(&outer, "SecurityGroupRule", fields_done(&inner, c->arena));
	field_text(&f, "GroupId", value_text(c->config, "security_group"));
	field_one(&f, "SecurityGroupRule", fields_done(&outer, c->arena),
		  c->arena);
	if (aws_change(c, &aws_ec2, "ModifySecurityGroupRules", &f, &ignored) <
	    0)
		return aws_refused(c, NULL);
	return aws_wait(c, 0, "security group rule %.*s to change",
			STR_ARG(c->id));
}

static int leave(struct call *c, struct fields *input)
{
	field_text(input, "GroupId", value_text(c->prior, "security_group"));
	return 0;
}

static struct value port_value(int64_t port, struct arena *a)
{
	return port < 0 ? value_null() : value_int_in(port, a);
}

/* Attributes whose values depend on each other: shown only when they differ. */
static int show(struct call *c, struct value object, struct fields *result)
{
	struct rule now = shown_rule(object), known = wanted_rule(c->prior);
	bool is_new = c->prior.kind != VALUE_MAP;

	if (is_new)
		field_text(result, "direction",
			   now.is_egress ? STR("egress") : STR("ingress"));
	if (is_new || !str_eq(now.protocol, known.protocol))
		field_text(result, "protocol",
			   str_is(now.protocol, "-1") ? STR("all")
						      : now.protocol);
	if (is_new || now.from != known.from)
		field(result, "port", port_value(now.from, c->arena));
	if (is_new || now.to != known.to)
		field(result, "to_port", port_value(now.to, c->arena));
	if (!now.side ||
	    (now.side == known.side && str_eq(now.other, known.other)))
		return 0;
	if (known.side && strcmp(known.side->attr, now.side->attr) != 0)
		field(result, known.side->attr, value_null());
	field_text(result, now.side->attr, now.other);
	return 0;
}

static bool has(struct value config, const char *attr)
{
	const struct value *v = value_get(config, attr);

	return v && !value_is_null(*v);
}

/* A rule changes in place, but not the kind of its other side. */
static int plan(struct call *c, const char *action)
{
	static const char *const kinds[] = { "cidr", "group", "prefix_list" };
	struct rule wanted = wanted_rule(c->config);
	struct rule known = wanted_rule(c->prior);
	int n = 0;

	if (c->config.kind != VALUE_MAP)
		return 0;
	for (size_t i = 0; i < 3; i++)
		n += has(c->config, kinds[i]);
	if (n != 1) {
		error_set(&c->err, ERROR_INVALID,
			  "a rule has %s other side: cidr, group or "
			  "prefix_list",
			  n ? "more than one" : "no");
		return error_hint(&c->err, "say exactly one of them");
	}
	if (strcmp(action, "update") != 0 || !known.side)
		return 0;
	c->needs_replace = wanted.side ? wanted.side != known.side
				       : !has(c->config, known.side->attr);
	if (c->needs_replace)
		c->replace_reason = STR("the kind of the other side cannot "
					"change");
	return 0;
}

static const struct aws_attr attrs[] = {
	{ "security_group", NULL, "groupId", AWS_TEXT, AWS_SETTLE, NULL },
	{ "description", NULL, "description", AWS_TEXT, AWS_SETTLE, NULL },
	{ 0 },
};

const struct aws_type aws_security_group_rule = {
	.service = &aws_ec2,
	.noun = "security group rule",
	.what = "security-group-rule",
	.describe = {
		.operation = "DescribeSecurityGroupRules",
		.ids = "SecurityGroupRuleId",
		.filter = "security-group-rule-id",
		.items = "securityGroupRuleSet/item",
		.id = "securityGroupRuleId",
		.has_tag_filter = true,
	},
	.states = { .poll_s = 2 },
	.tags = AWS_TAGS_EC2,
	.create = "AuthorizeSecurityGroupIngress",
	.created = "securityGroupRuleSet/item/securityGroupRuleId",
	.destroy = "RevokeSecurityGroupIngress",
	.destroy_id = "SecurityGroupRuleId",
	.destroy_is_list = true,
	.attrs = attrs,
	.operation = operation,
	.find = find,
	.fill = fill,
	.settle = settle,
	.leave = leave,
	.show = show,
	.plan = plan,
};
