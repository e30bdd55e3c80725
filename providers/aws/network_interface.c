/* network_interface: an address for an instance. */
#include <config.h>

#include "providers/aws/network.h"

enum { DELETE_S = 600 };

static const struct aws_attr attrs[] = {
	{ "subnet", "SubnetId", "subnetId", AWS_TEXT, AWS_CREATE, NULL },
	{ "security_groups", "SecurityGroupId", "groupSet/item", AWS_TEXTS,
	  AWS_CREATE | AWS_UPDATE, "groupId" },
	{ "private_ip", "PrivateIpAddress", "privateIpAddress", AWS_TEXT,
	  AWS_CREATE, NULL },
	{ 0 },
};

static const struct aws_retry retries[] = {
	{ VERB_DESTROY, "InvalidNetworkInterface.InUse", NULL, DELETE_S,
	  "what uses the network interface to be gone" },
	{ VERB_DESTROY, "InvalidParameterValue", "currently in use", DELETE_S,
	  "what uses the network interface to be gone" },
	/* The first interface of an instance goes with it. */
	{ VERB_DESTROY, "OperationNotPermitted", NULL, DELETE_S,
	  "the network interface's instance to be gone" },
	{ VERB_DESTROY, "InvalidAttachmentID.NotFound", NULL, 0, NULL },
	{ 0 },
};

static const char *const ready[] = { "available", "in-use", "associated",
				     "attaching", NULL };

/* Its instance has ended; that it lets go of the interface may lag behind. */
static bool has_ended(struct call *c, struct str instance)
{
	struct error refusal = c->err;
	struct fields f = { 0 };
	struct value found = value_null();
	struct str state = { "", 0 };

	aws_filter(&f, &aws_ec2, "instance-id", instance, c->arena);
	if (aws_look(c, &aws_ec2, "DescribeInstances", &f, &found) == 0)
		state = aws_text(found, "reservationSet/item/instancesSet/item/"
					"instanceState/name");
	c->err = refusal;
	return str_is(state, "terminated");
}

static enum step unhook(struct call *c, struct value object)
{
	struct str instance = aws_text(object, "attachment/instanceId");
	struct str id = aws_text(object, "attachment/attachmentId");
	struct fields f = { 0 };
	struct value ignored;

	if (id.n == 0 || str_is(aws_text(object, "status"), "detaching"))
		return STEP_DONE;
	field_text(&f, "AttachmentId", id);
	field(&f, "Force", value_bool(true));
	if (aws_change(c, &aws_ec2, "DetachNetworkInterface", &f, &ignored) <
	    0) {
		/* The first interface cannot be detached, even then. */
		if (aws_is_refusal(c, "OperationNotPermitted", NULL) &&
		    instance.n && has_ended(c, instance)) {
			c->err = (struct error){ 0 };
			return STEP_DONE;
		}
		return aws_refused(c, NULL);
	}
	return aws_wait(c, 2, "network interface %.*s to be detached",
			STR_ARG(c->id));
}

const struct aws_type aws_network_interface = {
	.service = &aws_ec2,
	.noun = "network interface",
	.what = "network-interface",
	.describe = {
		.operation = "DescribeNetworkInterfaces",
		.ids = "NetworkInterfaceId",
		.filter = "network-interface-id",
		.items = "networkInterfaceSet/item",
		.id = "networkInterfaceId",
		.has_tag_filter = true,
	},
	.states = { .path = "status", .ready = ready, .poll_s = 3 },
	.tags = AWS_TAGS_EC2,
	.create = "CreateNetworkInterface",
	.created = "networkInterface/networkInterfaceId",
	.token = "ClientToken",
	.update = "ModifyNetworkInterfaceAttribute",
	.destroy = "DeleteNetworkInterface",
	.destroy_id = "NetworkInterfaceId",
	.attrs = attrs,
	.retries = retries,
	.unhook = unhook,
};
