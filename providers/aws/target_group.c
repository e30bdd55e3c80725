/* target_group, with the registration of its targets; its id is the ARN. */
#include <config.h>

#include "providers/aws/elb.h"
#include "providers/aws/parts.h"
#include "providers/aws/path.h"

#include "lang/cidr.h"

enum { HEALTH_S = 180, TIMEOUT_S = 10 };

static const struct aws_attr attrs[] = {
	{ "vpc", "VpcId", "VpcId", AWS_TEXT, AWS_CREATE, NULL },
	{ "port", "Port", "Port", AWS_NUMBER, AWS_CREATE, NULL },
	{ "health_interval", "HealthCheckIntervalSeconds",
	  "HealthCheckIntervalSeconds", AWS_SECONDS, AWS_CREATE | AWS_UPDATE,
	  NULL },
	{ "healthy_after", "HealthyThresholdCount", "HealthyThresholdCount",
	  AWS_NUMBER, AWS_CREATE | AWS_UPDATE, NULL },
	{ "unhealthy_after", "UnhealthyThresholdCount",
	  "UnhealthyThresholdCount", AWS_NUMBER, AWS_CREATE | AWS_UPDATE,
	  NULL },
	{ 0 },
};

static const struct aws_attr pairs[] = {
	{ "deregistration_delay", "deregistration_delay.timeout_seconds",
	  "Value", AWS_SECONDS, 0, NULL },
	{ "preserve_client_ip", "preserve_client_ip.enabled", "Value", AWS_BOOL,
	  0, NULL },
	{ 0 },
};

static const char *const pair_fallbacks[] = { "300", "false" };

static const struct elb_attributes attributes = {
	.describe = "DescribeTargetGroupAttributes",
	.modify = "ModifyTargetGroupAttributes",
	.arn = "TargetGroupArn",
	.attrs = pairs,
	.fallbacks = pair_fallbacks,
};

static const struct aws_retry retries[] = {
	{ VERB_CREATE, "InvalidTarget", NULL, 120, "its targets' network" },
	{ VERB_DESTROY, "ResourceInUse", NULL, 300,
	  "its listener to let go of it" },
	{ VERB_DESTROY, "TargetGroupNotFound", NULL, 0, NULL },
	{ 0 },
};

static int fill(struct call *c, struct fields *input)
{
	int64_t interval = value_number(c->config, "health_interval", 0) / 1000;

	field_text(input, "Protocol", STR("TCP"));
	field_text(input, "TargetType", STR("ip"));
	field_text(input, "HealthCheckProtocol", STR("TCP"));
	/* A check must have ended when the next begins. */
	if (interval > 0 && interval < TIMEOUT_S)
		field(input, "HealthCheckTimeoutSeconds",
		      value_int_in(interval, c->arena));
	return 0;
}

static int change(struct call *c, struct value object, struct fields *input,
		  bool *send)
{
	int64_t interval = value_number(c->config, "health_interval", 0) / 1000;
	uint64_t timeout = 0;

	(void)send;
	if (interval > 0 && interval < TIMEOUT_S &&
	    str_to_u64(aws_text(object, "HealthCheckTimeoutSeconds"),
		       &timeout) &&
	    timeout > (uint64_t)interval)
		field(input, "HealthCheckTimeoutSeconds",
		      value_int_in(interval, c->arena));
	return 0;
}

/* -- Targets -------------------------------------------------------------- */

/* What the group knows of each target that is not on its way out. */
static int describe_health(struct call *c, struct value *list)
{
	struct fields f = { 0 };
	struct value answer, all, *kept;
	size_t n = 0;

	field_text(&f, "TargetGroupArn", c->id);
	if (aws_look(c, &aws_elbv2, "DescribeTargetHealth", &f, &answer) < 0)
		return -1;
	all = aws_items(answer, "TargetHealthDescriptions/member", c->arena);
	kept = arena_new(c->arena, struct value, all.as.list.n + 1);
	for (size_t i = 0; i < all.as.list.n; i++) {
		struct value item = all.as.list.items[i];

		if (!str_ends(aws_text(item, "TargetHealth/State"),
			      "draining") &&
		    !str_is(aws_text(item, "TargetHealth/Reason"),
			    "Target.NotRegistered"))
			kept[n++] = item;
	}
	*list = value_list(kept, n);
	return 0;
}

/* The blocks of the group's network. */
static int describe_blocks(struct call *c, struct value *blocks)
{
	struct fields f = { 0 };
	struct value answer;

	field(&f, "VpcId", part_one(value_text(c->config, "vpc"), c->arena));
	if (aws_look(c, &aws_ec2, "DescribeVpcs", &f, &answer) < 0)
		return -1;
	*blocks = aws_items(answer, "vpcSet/item/cidrBlockAssociationSet/item",
			    c->arena);
	if (blocks->as.list.n == 0)
		*blocks = aws_items(answer, "vpcSet/item", c->arena);
	return 0;
}

static bool is_inside(struct value blocks, struct str target)
{
	struct cidr block;
	uint32_t ip;

	if (!ip_read(target, &ip))
		return true;
	for (size_t i = 0; i < blocks.as.list.n; i++)
		if (cidr_read(aws_text(blocks.as.list.items[i], "cidrBlock"),
			      &block) &&
		    cidr_contains_ip(block, ip))
			return true;
	return blocks.as.list.n == 0;
}

/* RegisterTargets and DeregisterTargets; the list has no end of its own. */
static int send_targets(struct call *c, const char *operation,
			struct value targets, struct value zones)
{
	struct value *list =
	    arena_new(c->arena, struct value, targets.as.list.n + 1);
	struct value ignored;
	struct fields f = { 0 };

	for (size_t i = 0; i < targets.as.list.n; i++) {
		struct fields t = { 0 };

		field_text(&t, "Id", targets.as.list.items[i].as.text);
		field_given(&t, "AvailabilityZone",
			    zones.as.list.items[i].as.text);
		list[i] = fields_done(&t, c->arena);
	}
	field_text(&f, "TargetGroupArn", c->id);
	field(&f, "Targets", value_list(list, targets.as.list.n));
	return aws_change(c, &aws_elbv2, operation, &f, &ignored);
}

/* An address that is not of the network is in no zone of it. */
static int add_targets(struct call *c, struct value add)
{
	struct value *zones =
	    arena_new(c->arena, struct value, add.as.list.n + 1);
	struct value blocks;

	if (describe_blocks(c, &blocks) < 0)
		return -1;
	for (size_t i = 0; i < add.as.list.n; i++)
		zones[i] = is_inside(blocks, add.as.list.items[i].as.text)
			       ? value_c("")
			       : value_c("all");
	return send_targets(c, "RegisterTargets", add,
			    value_list(zones, add.as.list.n));
}

static int drop_targets(struct call *c, struct value gone, struct value health)
{
	struct value *zones =
	    arena_new(c->arena, struct value, gone.as.list.n + 1);

	for (size_t i = 0; i < gone.as.list.n; i++) {
		zones[i] = value_c("");
		for (size_t k = 0; k < health.as.list.n; k++) {
			struct value item = health.as.list.items[k];

			if (str_eq(aws_text(item, "Target/Id"),
				   gone.as.list.items[i].as.text) &&
			    str_is(aws_text(item, "Target/AvailabilityZone"),
				   "all"))
				zones[i] = value_c("all");
		}
	}
	return send_targets(c, "DeregisterTargets", gone,
			    value_list(zones, gone.as.list.n));
}

/* Whether connections could go to a wanted target, or to none anyway. */
static bool is_served(struct value health, struct value wanted)
{
	for (size_t i = 0; i < health.as.list.n; i++) {
		struct value item = health.as.list.items[i];
		struct str state = aws_text(item, "TargetHealth/State");

		if (part_has(wanted, aws_text(item, "Target/Id")) &&
		    (str_is(state, "healthy") || str_is(state, "unused") ||
		     str_is(state, "unavailable")))
			return true;
	}
	return wanted.as.list.n == 0;
}

/*
 * New ones are registered first. The old ones go when a new one answers, so
 * that there is always somebody to connect to; but not after HEALTH_S: after a
 * failover the old one may be up and read-only.
 */
static enum step settle_targets(struct call *c)
{
	struct value wanted =
	    part_set(part_wanted(c, "targets"), NULL, c->arena);
	struct value health, now, add, gone;

	if (describe_health(c, &health) < 0)
		return aws_refused(c, NULL);
	now = part_set(health, "Target/Id", c->arena);
	aws_differ(now, wanted, c->arena, &add, &gone);
	if (add.as.list.n && add_targets(c, add) < 0)
		return aws_refused(c, NULL);
	if (gone.as.list.n == 0)
		return STEP_DONE;
	if ((add.as.list.n || !is_served(health, wanted)) &&
	    aws_is_patient(c, "health", HEALTH_S))
		return aws_wait(c, 5, "a new target to answer");
	return drop_targets(c, gone, health) < 0 ? aws_refused(c, NULL)
						 : STEP_DONE;
}

static enum step settle(struct call *c, struct value object)
{
	(void)object;
	if (elb_settle(c, &attributes) < 0)
		return aws_refused(c, NULL);
	return settle_targets(c);
}

static int show(struct call *c, struct value object, struct fields *result)
{
	struct value health;

	(void)object;
	if (elb_show(c, &attributes, result) < 0 ||
	    describe_health(c, &health) < 0)
		return -1;
	part_drift(c, result, "targets",
		   part_set(health, "Target/Id", c->arena), false);
	return 0;
}

const struct aws_type aws_target_group = {
	.service = &aws_elbv2,
	.noun = "target group",
	.describe = {
		.operation = "DescribeTargetGroups",
		.ids = "TargetGroupArns",
		.batch = 20,
		.items = "TargetGroups/member",
		.id = "TargetGroupArn",
		.name = "TargetGroupName",
		.name_param = "Names",
		.tagging = "elasticloadbalancing:targetgroup",
	},
	.tags = AWS_TAGS_LIST,
	.tagging = &elb_tagging,
	.create = "CreateTargetGroup",
	.created = "TargetGroups/member/TargetGroupArn",
	.is_upsert = true,
	.name = "Name",
	.name_max = 32,
	.name_chars = "-",
	.update = "ModifyTargetGroup",
	.update_id = "TargetGroupArn",
	.destroy = "DeleteTargetGroup",
	.destroy_id = "TargetGroupArn",
	.attrs = attrs,
	.retries = retries,
	.fill = fill,
	.change = change,
	.settle = settle,
	.show = show,
};
