/*
 * nat_gateway: a public one. What failed or was deleted stays listed for about
 * an hour, costs nothing and is as good as gone.
 */
#include <config.h>

#include "providers/aws/network.h"

enum { CREATE_S = 600, DESTROY_S = 1800 };

static const struct aws_attr attrs[] = {
	{ "subnet", "SubnetId", "subnetId", AWS_TEXT, AWS_CREATE, NULL },
	{ "elastic_ip", "AllocationId",
	  "natGatewayAddressSet/item/allocationId", AWS_TEXT, AWS_CREATE,
	  NULL },
	{ 0 },
};

static const char *const ready[] = { "available", NULL };
static const char *const bad[] = { "failed", "deleting", "deleted", NULL };
static const char *const gone[] = { "failed", "deleted", NULL };

const struct aws_type aws_nat_gateway = {
	.service = &aws_ec2,
	.noun = "NAT gateway",
	.what = "natgateway",
	.describe = {
		.operation = "DescribeNatGateways",
		.ids = "NatGatewayId",
		.filter = "nat-gateway-id",
		.items = "natGatewaySet/item",
		.id = "natGatewayId",
		.has_tag_filter = true,
	},
	.states = {
		.path = "state",
		.ready = ready,
		.bad = bad,
		.gone = gone,
		.reason = "failureMessage",
		.poll_s = 10,
		.create_s = CREATE_S,
		.destroy_s = DESTROY_S,
	},
	.tags = AWS_TAGS_EC2,
	.create = "CreateNatGateway",
	.created = "natGateway/natGatewayId",
	.token = "ClientToken",
	.destroy = "DeleteNatGateway",
	.destroy_id = "NatGatewayId",
	.is_slow = true,
	.attrs = attrs,
};
