/* vpc: what belongs to it (main route table, default group) goes with it. */
#include <config.h>

#include "providers/aws/network.h"

enum { SEEN_S = 120, DELETE_S = 300 };

#define SUPPORT	  "enableDnsSupport"
#define HOSTNAMES "enableDnsHostnames"

static const struct aws_attr attrs[] = {
	{ "cidr", "CidrBlock", "cidrBlock", AWS_TEXT, AWS_CREATE, NULL },
	{ "dns_support", NULL, SUPPORT, AWS_BOOL, AWS_SETTLE, NULL },
	{ "dns_hostnames", NULL, HOSTNAMES, AWS_BOOL, AWS_SETTLE, NULL },
	{ 0 },
};

static const struct aws_retry retries[] = {
	{ VERB_DESTROY, "DependencyViolation", NULL, DELETE_S,
	  "what is in the network to be gone" },
	{ 0 },
};

static const char *const ready[] = { "available", NULL };

/* One attribute a request, and none of them in the description. */
static int add_attribute(struct call *c, const char *name, struct value *object)
{
	struct fields f = { 0 };
	struct value answer;
	struct str shown;

	field_text(&f, "VpcId", aws_text(*object, "vpcId"));
	field_text(&f, "Attribute", str_from(name));
	if (aws_look(c, &aws_ec2, "DescribeVpcAttribute", &f, &answer) < 0)
		return -1;
	shown = aws_text(answer, str_fmt(c->arena, "%s/value", name).s);
	*object =
	    value_with(*object, str_from(name), value_str(shown), c->arena);
	return 0;
}

static int fetch(struct call *const *calls, struct value *objects, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (add_attribute(calls[i], SUPPORT, &objects[i]) == 0 &&
		    add_attribute(calls[i], HOSTNAMES, &objects[i]) == 0)
			continue;
		/* Gone between two looks: the next one sees it. */
		if (aws_is_refusal(calls[i], "*.NotFound", NULL)) {
			calls[i]->err = (struct error){ 0 };
			objects[i] = value_null();
			continue;
		}
		calls[0]->err = calls[i]->err;
		return -1;
	}
	return 0;
}

/* STEP_DONE: it is shown as wanted. */
static enum step set(struct call *c, struct value object, const char *attr,
		     const char *param, const char *path)
{
	bool wanted = value_true(c->config, attr);
	struct value ignored;
	struct fields f = { 0 };

	if (str_is(aws_text(object, path), wanted ? "true" : "false"))
		return STEP_DONE;
	if (!aws_is_patient(c, attr, SEEN_S))
		return call_fail(c, ERROR_FAILED,
				 "vpc %.*s does not take its \"%s\"",
				 STR_ARG(c->id), attr);
	field_text(&f, "VpcId", c->id);
	field(&f, param, value_bool(wanted));
	if (aws_change(c, &aws_ec2, "ModifyVpcAttribute", &f, &ignored) < 0)
		return aws_refused(c, NULL);
	return aws_wait(c, 0, "\"%s\" of vpc %.*s to change", attr,
			STR_ARG(c->id));
}

/* Names need the resolver: it is turned on before them, and off after. */
static enum step settle(struct call *c, struct value object)
{
	bool is_on = value_true(c->config, "dns_support");
	enum step step = STEP_DONE;

	for (int i = 0; i < 2 && step == STEP_DONE; i++)
		step = (i == 0) == is_on
			   ? set(c, object, "dns_support",
				 "EnableDnsSupport.Value", SUPPORT)
			   : set(c, object, "dns_hostnames",
				 "EnableDnsHostnames.Value", HOSTNAMES);
	return step;
}

const struct aws_type aws_vpc = {
	.service = &aws_ec2,
	.noun = "vpc",
	.what = "vpc",
	.describe = {
		.operation = "DescribeVpcs",
		.ids = "VpcId",
		.filter = "vpc-id",
		.items = "vpcSet/item",
		.id = "vpcId",
		.has_tag_filter = true,
	},
	.states = { .path = "state", .ready = ready, .poll_s = 2 },
	.tags = AWS_TAGS_EC2,
	.create = "CreateVpc",
	.created = "vpc/vpcId",
	.destroy = "DeleteVpc",
	.destroy_id = "VpcId",
	.holders = "vpc-id",
	.attrs = attrs,
	.retries = retries,
	.settle = settle,
	.fetch = fetch,
};
