/* elastic_ip: an address that stays when what uses it is replaced. */
#include <config.h>

#include "providers/aws/network.h"

enum { RELEASE_S = 300 };

static const struct aws_attr attrs[] = {
	{ "public_ip", NULL, "publicIp", AWS_TEXT, 0, NULL },
	{ 0 },
};

/* A NAT gateway that is going still holds its address. */
static const struct aws_retry retries[] = {
	{ VERB_DESTROY, "InvalidIPAddress.InUse", NULL, RELEASE_S,
	  "what uses the address to be gone" },
	{ VERB_DESTROY, "AuthFailure", "do not have permission", RELEASE_S,
	  "the NAT gateway of the address to be gone" },
	{ 0 },
};

static int fill(struct call *c, struct fields *input)
{
	(void)c;
	field_text(input, "Domain", STR("vpc"));
	return 0;
}

const struct aws_type aws_elastic_ip = {
	.service = &aws_ec2,
	.noun = "elastic ip",
	.what = "elastic-ip",
	.describe = {
		.operation = "DescribeAddresses",
		.ids = "AllocationId",
		.filter = "allocation-id",
		.items = "addressesSet/item",
		.id = "allocationId",
		.has_tag_filter = true,
	},
	.states = { .poll_s = 2 },
	.tags = AWS_TAGS_EC2,
	.create = "AllocateAddress",
	.created = "allocationId",
	.destroy = "ReleaseAddress",
	.destroy_id = "AllocationId",
	.attrs = attrs,
	.retries = retries,
	.fill = fill,
};
