/* internet_gateway: the object and its attachment to one VPC. */
#include <config.h>

#include "providers/aws/network.h"

enum { SEEN_S = 120, DETACH_S = 1200 };

static const struct aws_attr attrs[] = {
	{ "vpc", NULL, "attachmentSet/item/vpcId", AWS_TEXT, AWS_SETTLE, NULL },
	{ 0 },
};

static const struct aws_retry retries[] = {
	{ VERB_UPDATE, "DependencyViolation", NULL, DETACH_S,
	  "public addresses in the network to be gone" },
	{ VERB_UPDATE, "Gateway.NotAttached", NULL, 0, NULL },
	{ VERB_DESTROY, "DependencyViolation", NULL, DETACH_S,
	  "public addresses in the network to be gone" },
	{ VERB_DESTROY, "Gateway.NotAttached", NULL, 0, NULL },
	{ 0 },
};

static int send(struct call *c, const char *operation, struct str vpc)
{
	struct fields f = { 0 };
	struct value ignored;

	field_text(&f, "InternetGatewayId", c->id);
	field_text(&f, "VpcId", vpc);
	return aws_change(c, &aws_ec2, operation, &f, &ignored);
}

static struct str attached_to(struct value object)
{
	return aws_text(object, "attachmentSet/item/vpcId");
}

/* "available" is how an attached one is described. */
static bool is_attached(struct value object)
{
	struct str state = aws_text(object, "attachmentSet/item/state");

	return str_is(state, "available") || str_is(state, "attached");
}

static enum step settle(struct call *c, struct value object)
{
	struct str wanted = value_text(c->config, "vpc");
	struct str now = attached_to(object);

	if (str_eq(now, wanted) && is_attached(object))
		return STEP_DONE;
	if (!aws_is_patient(c, "attached", SEEN_S))
		return call_fail(c, ERROR_FAILED,
				 "internet gateway %.*s does not become "
				 "attached to %.*s",
				 STR_ARG(c->id), STR_ARG(wanted));
	if (now.n && !str_eq(now, wanted)) {
		if (send(c, "DetachInternetGateway", now) < 0) {
			enum step step = aws_refused(c, NULL);

			if (step != STEP_DONE)
				return step;
		}
	} else if (now.n == 0 && send(c, "AttachInternetGateway", wanted) < 0 &&
		   !aws_is_refusal(c, "Resource.AlreadyAssociated",
				   c->id.n ? str_c(c->id, c->arena) : NULL)) {
		return aws_refused(c, NULL);
	}
	c->err = (struct error){ 0 };
	return aws_wait(c, 0, "internet gateway %.*s to be attached",
			STR_ARG(c->id));
}

static enum step unhook(struct call *c, struct value object)
{
	struct str vpc = attached_to(object);

	if (vpc.n == 0 || send(c, "DetachInternetGateway", vpc) == 0)
		return STEP_DONE;
	return aws_refused(c, NULL);
}

const struct aws_type aws_internet_gateway = {
	.service = &aws_ec2,
	.noun = "internet gateway",
	.what = "internet-gateway",
	.describe = {
		.operation = "DescribeInternetGateways",
		.ids = "InternetGatewayId",
		.filter = "internet-gateway-id",
		.items = "internetGatewaySet/item",
		.id = "internetGatewayId",
		.has_tag_filter = true,
	},
	.states = { .poll_s = 2 },
	.tags = AWS_TAGS_EC2,
	.create = "CreateInternetGateway",
	.created = "internetGateway/internetGatewayId",
	.destroy = "DeleteInternetGateway",
	.destroy_id = "InternetGatewayId",
	.attrs = attrs,
	.retries = retries,
	.settle = settle,
	.unhook = unhook,
};
