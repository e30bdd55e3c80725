/* endpoint_service, with those who may connect. */
#include <config.h>

#include "providers/aws/parts.h"
#include "providers/aws/path.h"
#include "providers/aws/tags.h"

enum { CONNECTIONS_S = 600, EFFECTS_MAX = 20 };

static const char *const ready[] = { "Available", NULL };
static const char *const bad[] = { "Failed", NULL };
static const char *const gone[] = { "Deleting", "Deleted", NULL };

static const struct aws_attr attrs[] = {
	{ "acceptance", "AcceptanceRequired", "acceptanceRequired", AWS_BOOL,
	  AWS_CREATE | AWS_UPDATE, NULL },
	{ "service_name", NULL, "serviceName", AWS_TEXT, 0, NULL },
	{ 0 },
};

static const struct aws_retry retries[] = {
	{ VERB_CREATE, "NetworkLoadBalancerNotFoundException", NULL, 120,
	  "its load balancer" },
	{ VERB_CREATE, "InvalidNetworkLoadBalancerArn.NotFound", NULL, 120,
	  "its load balancer" },
	{ VERB_CREATE, "InvalidParameter", "load balancer", 120,
	  "its load balancer" },
	{ VERB_DESTROY, "ExistingVpcEndpointConnections", NULL, 600,
	  "its endpoints to be cut off" },
	{ VERB_DESTROY, "*.NotFound", NULL, 0, NULL },
	{ 0 },
};

static int fill(struct call *c, struct fields *input)
{
	field(input, "NetworkLoadBalancerArn",
	      part_one(value_text(c->config, "load_balancer"), c->arena));
	return 0;
}

static struct value balancers_of(struct value object, struct arena *a)
{
	return part_set(aws_items(object, "networkLoadBalancerArnSet/item", a),
			NULL, a);
}

/* The new balancer is added in the call that takes the old one away. */
static int change(struct call *c, struct value object, struct fields *input,
		  bool *send)
{
	struct value wanted =
	    part_one(value_text(c->config, "load_balancer"), c->arena);
	struct value add, old;

	aws_differ(balancers_of(object, c->arena), wanted, c->arena, &add,
		   &old);
	if (add.as.list.n)
		field(input, "AddNetworkLoadBalancerArn", add);
	if (old.as.list.n)
		field(input, "RemoveNetworkLoadBalancerArn", old);
	*send |= add.as.list.n || old.as.list.n;
	return 0;
}

/* -- Who may connect ------------------------------------------------------ */

static bool is_account(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.s[i] < '0' || s.s[i] > '9')
			return false;
	return s.n == 12;
}

/* An account number stands for its root. */
static struct str principal(struct call *c, struct str written)
{
	if (!is_account(written))
		return written;
	return str_fmt(c->arena, "arn:%.*s:iam::%.*s:root",
		       STR_ARG(aws_site_of(c)->partition), STR_ARG(written));
}

static struct value principals(struct call *c, struct value list)
{
	struct value *out =
	    arena_new(c->arena, struct value, list.as.list.n + 1);

	for (size_t i = 0; i < list.as.list.n; i++)
		out[i] = value_str(principal(c, list.as.list.items[i].as.text));
	return part_set(value_list(out, list.as.list.n), NULL, c->arena);
}

static int describe_allowed(struct call *c, struct value *out)
{
	struct fields f = { 0 };
	struct value list;

	field_text(&f, "ServiceId", c->id);
	if (aws_look_all(c, &aws_ec2, "DescribeVpcEndpointServicePermissions",
			 &f, "allowedPrincipals/item", &list) < 0)
		return -1;
	*out = part_set(list, "principal", c->arena);
	return 0;
}

static enum step settle(struct call *c, struct value object)
{
	struct value now, add, old, ignored;
	struct fields f = { 0 };

	(void)object;
	if (describe_allowed(c, &now) < 0)
		return aws_refused(c, NULL);
	aws_differ(now, principals(c, part_wanted(c, "allowed_principals")),
		   c->arena, &add, &old);
	if (add.as.list.n == 0 && old.as.list.n == 0)
		return STEP_DONE;
	field_text(&f, "ServiceId", c->id);
	if (add.as.list.n)
		field(&f, "AddAllowedPrincipals", add);
	if (old.as.list.n)
		field(&f, "RemoveAllowedPrincipals", old);
	return aws_change(c, &aws_ec2, "ModifyVpcEndpointServicePermissions",
			  &f, &ignored) < 0
		   ? aws_refused(c, NULL)
		   : STEP_DONE;
}

static int show(struct call *c, struct value object, struct fields *result)
{
	const struct value *was = value_get(c->prior, "allowed_principals");
	struct value now, balancers = balancers_of(object, c->arena);

	if (balancers.as.list.n)
		part_drift(c, result, "load_balancer",
			   balancers.as.list.items[0], false);
	if (describe_allowed(c, &now) < 0)
		return -1;
	if (was && was->kind == VALUE_LIST &&
	    value_eq(principals(c, *was), now))
		return 0;
	part_drift(c, result, "allowed_principals", now, false);
	return 0;
}

/* -- Taking it away ------------------------------------------------------- */

/* Connections that hold the service, with what they are. */
static int connections(struct call *c, struct value *endpoints)
{
	static const char *const live[] = { "pendingAcceptance", "pending",
					    "available" };
	struct fields f = { 0 };
	struct value list, *kept;
	size_t n = 0;

	aws_filter(&f, &aws_ec2, "service-id", c->id, c->arena);
	if (aws_look_all(c, &aws_ec2, "DescribeVpcEndpointConnections", &f,
			 "vpcEndpointConnectionSet/item", &list) < 0)
		return -1;
	kept = arena_new(c->arena, struct value, list.as.list.n + 1);
	for (size_t i = 0; i < list.as.list.n; i++) {
		struct value item = list.as.list.items[i];
		struct str state = aws_text(item, "vpcEndpointState");

		for (size_t k = 0; k < sizeof(live) / sizeof(live[0]); k++)
			if (part_is_word(state, live[k]))
				kept[n++] =
				    value_str(aws_text(item, "vpcEndpointId"));
	}
	*endpoints = value_list(kept, n);
	return 0;
}

/*
 * Endpoints of this stack are gone by now; those of others keep the service
 * from being deleted until they are rejected.
 */
static enum step unhook(struct call *c, struct value object)
{
	struct value endpoints, ignored;
	struct fields f = { 0 };

	(void)object;
	if (connections(c, &endpoints) < 0)
		return aws_refused(c, NULL);
	if (endpoints.as.list.n == 0)
		return STEP_DONE;
	if (!aws_is_patient(c, "connections", CONNECTIONS_S)) {
		call_fail(c, ERROR_TIMEOUT,
			  "%zu endpoints are still connected, %.*s among them",
			  endpoints.as.list.n,
			  STR_ARG(endpoints.as.list.items[0].as.text));
		error_hint(&c->err, "ask their owners to delete them");
		return STEP_FAILED;
	}
	field_text(&f, "ServiceId", c->id);
	field(&f, "VpcEndpointId", endpoints);
	if (aws_change(c, &aws_ec2, "RejectVpcEndpointConnections", &f,
		       &ignored) < 0)
		return aws_refused(c, NULL);
	return aws_wait(c, 5, "%zu connected endpoints to be cut off",
			endpoints.as.list.n);
}

/* Those of this stack go before the service does; the others are cut off. */
static int plan(struct call *c, const char *action)
{
	struct str stack = tag_text(aws_site_of(c)->stack, c->arena);
	struct value endpoints, here, mine;
	struct fields f = { 0 };
	size_t n = 0;

	if (strcmp(action, "delete") != 0 && strcmp(action, "replace") != 0)
		return 0;
	aws_filter(&f, &aws_ec2, "service-name",
		   value_text(c->prior, "service_name"), c->arena);
	aws_filter(&f, &aws_ec2, "tag:dmsl:stack", stack, c->arena);
	if (connections(c, &endpoints) < 0 ||
	    aws_look_all(c, &aws_ec2, "DescribeVpcEndpoints", &f,
			 "vpcEndpointSet/item", &here) < 0)
		return -1;
	mine = part_set(here, "vpcEndpointId", c->arena);
	for (size_t i = 0; i < endpoints.as.list.n; i++) {
		struct str id = endpoints.as.list.items[i].as.text;

		if (!part_has(mine, id) && n++ < EFFECTS_MAX)
			call_effect(c, EFFECT_STOP,
				    "cut off endpoint %.*s, which is not of "
				    "this stack",
				    STR_ARG(id));
	}
	if (n > EFFECTS_MAX)
		call_effect(c, EFFECT_STOP, "cut off %zu endpoints more",
			    n - EFFECTS_MAX);
	return 0;
}

const struct aws_type aws_endpoint_service = {
	.service = &aws_ec2,
	.noun = "endpoint service",
	.what = "vpc-endpoint-service",
	.describe = {
		.operation = "DescribeVpcEndpointServiceConfigurations",
		.ids = "ServiceId",
		.items = "serviceConfigurationSet/item",
		.id = "serviceId",
		.has_tag_filter = true,
		.tagging = "ec2:vpc-endpoint-service",
	},
	.states = {
		.path = "serviceState",
		.ready = ready,
		.bad = bad,
		.gone = gone,
		.broken = bad,
	},
	.tags = AWS_TAGS_EC2,
	.create = "CreateVpcEndpointServiceConfiguration",
	.created = "serviceConfiguration/serviceId",
	.token = "ClientToken",
	.update = "ModifyVpcEndpointServiceConfiguration",
	.update_id = "ServiceId",
	.destroy = "DeleteVpcEndpointServiceConfigurations",
	.destroy_id = "ServiceId",
	.destroy_is_list = true,
	.is_slow = true,
	.attrs = attrs,
	.retries = retries,
	.fill = fill,
	.change = change,
	.settle = settle,
	.unhook = unhook,
	.plan = plan,
	.show = show,
};
