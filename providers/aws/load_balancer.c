/* load_balancer: a network load balancer; its id is the ARN. */
#include <config.h>

#include "providers/aws/elb.h"
#include "providers/aws/parts.h"
#include "providers/aws/path.h"

enum { INTERFACES_S = 600 };

static const char *const ready[] = { "active", "active_impaired", NULL };
static const char *const bad[] = { "failed", NULL };

static const struct aws_attr attrs[] = {
	{ "subnets", "Subnets", "AvailabilityZones/member", AWS_TEXTS,
	  AWS_CREATE, "SubnetId" },
	{ "security_groups", "SecurityGroups", "SecurityGroups/member",
	  AWS_TEXTS, AWS_CREATE, NULL },
	{ "dns_name", NULL, "DNSName", AWS_TEXT, 0, NULL },
	{ 0 },
};

static const struct aws_attr pairs[] = {
	{ "cross_zone", "load_balancing.cross_zone.enabled", "Value", AWS_BOOL,
	  0, NULL },
	{ "deletion_protection", "deletion_protection.enabled", "Value",
	  AWS_BOOL, 0, NULL },
	{ 0 },
};

static const char *const pair_fallbacks[] = { "false", "false" };

static const struct elb_attributes attributes = {
	.describe = "DescribeLoadBalancerAttributes",
	.modify = "ModifyLoadBalancerAttributes",
	.arn = "LoadBalancerArn",
	.attrs = pairs,
	.fallbacks = pair_fallbacks,
};

static const struct aws_retry retries[] = {
	{ VERB_CREATE, "InvalidSubnet", "not found", 120, "its subnets" },
	{ VERB_CREATE, "SubnetNotFound", NULL, 120, "its subnets" },
	{ VERB_DESTROY, "ResourceInUse", "associated with another service", 600,
	  "the endpoint service to let go of it" },
	{ VERB_DESTROY, "LoadBalancerNotFound", NULL, 0, NULL },
	{ 0 },
};

static int fill(struct call *c, struct fields *input)
{
	field_text(input, "Type", STR("network"));
	field_text(input, "Scheme",
		   value_true(c->config, "internal") ? STR("internal")
						     : STR("internet-facing"));
	return 0;
}

/* Sets that the service takes as a whole. */
static int set_subnets(struct call *c, struct value object)
{
	struct value now =
	    part_set(aws_items(object, "AvailabilityZones/member", c->arena),
		     "SubnetId", c->arena);
	struct value wanted =
	    part_set(part_wanted(c, "subnets"), NULL, c->arena);
	struct fields f = { 0 };
	struct value ignored;

	if (wanted.as.list.n == 0 || value_eq(now, wanted))
		return 0;
	field_text(&f, "LoadBalancerArn", c->id);
	field(&f, "Subnets", wanted);
	return aws_change(c, &aws_elbv2, "SetSubnets", &f, &ignored);
}

static struct str filter_word(const struct call *c)
{
	return value_true(c->config, "filter_endpoints") ? STR("on")
							 : STR("off");
}

static int set_groups(struct call *c, struct value object)
{
	static const char *const filter =
	    "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic";
	struct value now =
	    part_set(aws_items(object, "SecurityGroups/member", c->arena), NULL,
		     c->arena);
	struct value wanted = part_wanted(c, "security_groups");
	struct fields f = { 0 };
	struct value ignored;

	if (wanted.as.list.n == 0 ||
	    (value_eq(now, wanted) &&
	     str_eq(aws_text(object, filter), filter_word(c))))
		return 0;
	field_text(&f, "LoadBalancerArn", c->id);
	field(&f, "SecurityGroups", wanted);
	/*
	 * The service filters by default, by the addresses of the network that
	 * the endpoints are in: with ranges that overlap nobody means that.
	 */
	field_text(&f, filter, filter_word(c));
	return aws_change(c, &aws_elbv2, "SetSecurityGroups", &f, &ignored);
}

static enum step settle(struct call *c, struct value object)
{
	if (set_subnets(c, object) < 0 || set_groups(c, object) < 0)
		return aws_refused(c, NULL);
	return elb_settle(c, &attributes) < 0 ? aws_refused(c, NULL)
					      : STEP_DONE;
}

static int show(struct call *c, struct value object, struct fields *result)
{
	struct str filter = aws_text(
	    object, "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic");

	part_drift(c, result, "internal",
		   value_bool(str_is(aws_text(object, "Scheme"), "internal")),
		   false);
	if (filter.n)
		part_drift(c, result, "filter_endpoints",
			   value_bool(str_is(filter, "on")), true);
	return elb_show(c, &attributes, result);
}

static enum step unhook(struct call *c, struct value object)
{
	struct fields f = { 0 };
	struct value answer, list;

	(void)object;
	field_text(&f, "LoadBalancerArn", c->id);
	if (aws_look(c, &aws_elbv2, "DescribeLoadBalancerAttributes", &f,
		     &answer) < 0)
		return aws_refused(c, NULL);
	list = aws_items(answer, "Attributes/member", c->arena);
	for (size_t i = 0; i < list.as.list.n; i++) {
		struct value pair = list.as.list.items[i];

		if (!str_is(aws_text(pair, "Key"),
			    "deletion_protection.enabled") ||
		    !str_is(aws_text(pair, "Value"), "true"))
			continue;
		call_fail(c, ERROR_CONFLICT,
			  "the load balancer is protected against deletion");
		error_hint(&c->err, "set deletion_protection = false, apply "
				    "that, and then delete it");
		return STEP_FAILED;
	}
	return STEP_DONE;
}

/*
 * Its interfaces stay for some minutes and hold subnets and groups. They are
 * known by their description: "ELB net/NAME/ID", the end of the ARN.
 */
static enum step leave_interfaces(struct call *c)
{
	struct str id = c->id;
	struct fields f = { 0 };
	struct value list;
	ptrdiff_t at = str_find(id, '/');

	if (at < 0)
		return STEP_DONE;
	aws_filter(
	    &f, &aws_ec2, "description",
	    str_join(STR("ELB "), "", str_skip(id, (size_t)at + 1), c->arena),
	    c->arena);
	aws_filter(&f, &aws_ec2, "attachment.instance-owner-id",
		   STR("amazon-aws"), c->arena);
	if (aws_look_all(c, &aws_ec2, "DescribeNetworkInterfaces", &f,
			 "networkInterfaceSet/item", &list) < 0)
		return aws_refused(c, NULL);
	if (list.as.list.n == 0)
		return STEP_DONE;
	if (!aws_is_patient(c, "interfaces", INTERFACES_S)) {
		call_fail(c, ERROR_TIMEOUT,
			  "the load balancer is deleted, but after %d minutes "
			  "%zu of its network interfaces are still there",
			  INTERFACES_S / 60, list.as.list.n);
		error_hint(&c->err, "they go by themselves; run the command "
				    "again later");
		return STEP_FAILED;
	}
	return aws_wait(c, 5, "%zu of its network interfaces to go",
			list.as.list.n);
}

/* Groups can be changed, but not be given to a balancer that has none. */
static int plan(struct call *c, const char *action)
{
	const struct value *now = value_get(c->config, "security_groups");
	const struct value *was = value_get(c->prior, "security_groups");
	bool has = now && (!value_is_known(*now) || now->as.list.n);
	bool had = was && was->kind == VALUE_LIST && was->as.list.n;

	if (strcmp(action, "delete") == 0 || c->prior.kind != VALUE_MAP ||
	    has == had)
		return 0;
	c->needs_replace = true;
	c->replace_reason =
	    has ? STR("a load balancer without security groups cannot get any")
		: STR("a load balancer cannot lose its last security group");
	return 0;
}

const struct aws_type aws_load_balancer = {
	.service = &aws_elbv2,
	.noun = "load balancer",
	.describe = {
		.operation = "DescribeLoadBalancers",
		.ids = "LoadBalancerArns",
		.batch = 20,
		.items = "LoadBalancers/member",
		.id = "LoadBalancerArn",
		.name = "LoadBalancerName",
		.name_param = "Names",
		.tagging = "elasticloadbalancing:loadbalancer",
	},
	.states = {
		.path = "State/Code",
		.ready = ready,
		.bad = bad,
		.broken = bad,
		.reason = "State/Reason",
		.poll_s = 10,
		.create_s = 900,
	},
	.tags = AWS_TAGS_LIST,
	.tagging = &elb_tagging,
	.create = "CreateLoadBalancer",
	.created = "LoadBalancers/member/LoadBalancerArn",
	.is_upsert = true,
	.name = "Name",
	.name_max = 32,
	.name_chars = "-",
	.destroy = "DeleteLoadBalancer",
	.destroy_id = "LoadBalancerArn",
	.is_slow = true,
	.attrs = attrs,
	.retries = retries,
	.fill = fill,
	.settle = settle,
	.unhook = unhook,
	.show = show,
	.plan = plan,
	.after = leave_interfaces,
};
