/* subnet. */
#include <config.h>

#include "providers/aws/network.h"

/* Interfaces of services linger: those of AWS DMS, RDS and balancers. */
enum { DELETE_S = 1200 };

static const struct aws_attr attrs[] = {
	{ "vpc", "VpcId", "vpcId", AWS_TEXT, AWS_CREATE, NULL },
	{ "cidr", "CidrBlock", "cidrBlock", AWS_TEXT, AWS_CREATE, NULL },
	{ "zone", "AvailabilityZone", "availabilityZone", AWS_TEXT, AWS_CREATE,
	  NULL },
	{ "public", "MapPublicIpOnLaunch", "mapPublicIpOnLaunch", AWS_BOOL,
	  AWS_ALONE, NULL },
	{ 0 },
};

static const struct aws_retry retries[] = {
	{ VERB_DESTROY, "DependencyViolation", NULL, DELETE_S,
	  "the subnet's network interfaces to be gone" },
	{ 0 },
};

static const char *const ready[] = { "available", NULL };
static const char *const bad[] = { "failed", "failed-insufficient-capacity",
				   NULL };

const struct aws_type aws_subnet = {
	.service = &aws_ec2,
	.noun = "subnet",
	.what = "subnet",
	.describe = {
		.operation = "DescribeSubnets",
		.ids = "SubnetId",
		.filter = "subnet-id",
		.items = "subnetSet/item",
		.id = "subnetId",
		.has_tag_filter = true,
	},
	.states = {
		.path = "state",
		.ready = ready,
		.bad = bad,
		.broken = bad,
		.poll_s = 2,
	},
	.tags = AWS_TAGS_EC2,
	.create = "CreateSubnet",
	.created = "subnet/subnetId",
	.update = "ModifySubnetAttribute",
	.destroy = "DeleteSubnet",
	.destroy_id = "SubnetId",
	.holders = "subnet-id",
	.attrs = attrs,
	.retries = retries,
};
