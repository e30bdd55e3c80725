/* listener: a port of a load balancer; its id is the ARN. */
#include <config.h>

#include "providers/aws/elb.h"
#include "providers/aws/parts.h"
#include "providers/aws/path.h"

enum { HEALTH_S = 300 };

static const struct aws_attr attrs[] = {
	{ "load_balancer", "LoadBalancerArn", "LoadBalancerArn", AWS_TEXT,
	  AWS_CREATE, NULL },
	{ "port", "Port", "Port", AWS_NUMBER, AWS_CREATE | AWS_UPDATE, NULL },
	{ 0 },
};

static const struct aws_attr pairs[] = {
	{ "idle_timeout", "tcp.idle_timeout.seconds", "Value", AWS_SECONDS, 0,
	  NULL },
	{ 0 },
};

static const char *const pair_fallbacks[] = { "350" };

static const struct elb_attributes attributes = {
	.describe = "DescribeListenerAttributes",
	.modify = "ModifyListenerAttributes",
	.arn = "ListenerArn",
	.attrs = pairs,
	.fallbacks = pair_fallbacks,
};

static const struct aws_retry retries[] = {
	{ VERB_CREATE, "TargetGroupNotFound", NULL, 60, "its target group" },
	{ VERB_CREATE, "LoadBalancerNotFound", NULL, 60, "its load balancer" },
	{ VERB_UPDATE, "TargetGroupNotFound", NULL, 60, "its target group" },
	{ VERB_DESTROY, "ResourceInUse", NULL, 120, "the listener to be idle" },
	{ VERB_DESTROY, "ListenerNotFound", NULL, 0, NULL },
	{ VERB_DESTROY, "LoadBalancerNotFound", NULL, 0, NULL },
	{ 0 },
};

/* A listener has no name: balancer and port are its key. */
static int find(struct call *c, struct value *object)
{
	struct str port = value_text(c->config, "port");
	struct fields f = { 0 };
	struct value list;

	*object = value_null();
	field_text(&f, "LoadBalancerArn",
		   value_text(c->config, "load_balancer"));
	if (aws_look_all(c, &aws_elbv2, "DescribeListeners", &f,
			 "Listeners/member", &list) < 0)
		return -1;
	for (size_t i = 0; i < list.as.list.n; i++)
		if (str_eq(aws_text(list.as.list.items[i], "Port"), port))
			*object = list.as.list.items[i];
	return 0;
}

/* All connections go to the one group. */
static void forward(struct call *c, struct fields *input)
{
	struct value *action = arena_new(c->arena, struct value, 1);
	struct fields f = { 0 };

	field_text(&f, "Type", STR("forward"));
	field_text(&f, "TargetGroupArn", value_text(c->config, "target_group"));
	*action = fields_done(&f, c->arena);
	field(input, "DefaultActions", value_list(action, 1));
}

static int fill(struct call *c, struct fields *input)
{
	field_text(input, "Protocol", STR("TCP"));
	forward(c, input);
	return 0;
}

/* The group that it forwards to. */
static struct str group_of(struct value object, struct arena *a)
{
	struct value actions = aws_items(object, "DefaultActions/member", a);

	return actions.as.list.n
		   ? aws_text(actions.as.list.items[0], "TargetGroupArn")
		   : STR("");
}

static int change(struct call *c, struct value object, struct fields *input,
		  bool *send)
{
	if (str_eq(group_of(object, c->arena),
		   value_text(c->config, "target_group")))
		return 0;
	forward(c, input);
	*send = true;
	return 0;
}

/* Why no target gets connections, for people. */
static enum step report(struct call *c, struct value list)
{
	struct value first = list.as.list.items[0];

	call_fail(c, ERROR_TIMEOUT,
		  "none of the %zu targets answers the balancer's checks: "
		  "%.*s port %.*s: %.*s (%.*s)",
		  list.as.list.n, STR_ARG(aws_text(first, "Target/Id")),
		  STR_ARG(aws_text(first, "Target/Port")),
		  STR_ARG(aws_text(first, "TargetHealth/Description")),
		  STR_ARG(aws_text(first, "TargetHealth/Reason")));
	error_hint(&c->err,
		   "the target's security group must let in the port from the "
		   "subnets of the load balancer; is the server up, and is the "
		   "target's zone one of the balancer's");
	return STEP_FAILED;
}

/*
 * What connects through a new listener must not come before there is somebody
 * to talk to: health is checked only once there is a listener.
 */
static enum step wait_for_health(struct call *c)
{
	struct fields f = { 0 };
	struct value answer, list;

	field_text(&f, "TargetGroupArn", value_text(c->config, "target_group"));
	if (aws_look(c, &aws_elbv2, "DescribeTargetHealth", &f, &answer) < 0)
		return aws_refused(c, NULL);
	list = aws_items(answer, "TargetHealthDescriptions/member", c->arena);
	for (size_t i = 0; i < list.as.list.n; i++)
		if (str_is(
			aws_text(list.as.list.items[i], "TargetHealth/State"),
			"healthy"))
			return STEP_DONE;
	if (list.as.list.n == 0)
		return STEP_DONE;
	if (!aws_is_patient(c, "health", HEALTH_S))
		return report(c, list);
	return aws_wait(c, 5, "a target to answer the balancer's checks");
}

static enum step settle(struct call *c, struct value object)
{
	const struct value *now = value_get(c->config, "idle_timeout");
	const struct value *was = value_get(c->prior, "idle_timeout");

	(void)object;
	if (((now && !value_is_null(*now)) || (was && !value_is_null(*was))) &&
	    elb_settle(c, &attributes) < 0)
		return aws_refused(c, NULL);
	return c->verb == VERB_CREATE ? wait_for_health(c) : STEP_DONE;
}

static int show(struct call *c, struct value object, struct fields *result)
{
	const struct value *was = value_get(c->prior, "idle_timeout");

	part_drift(c, result, "target_group",
		   value_str(group_of(object, c->arena)), false);
	if (c->prior.kind == VALUE_MAP && (!was || value_is_null(*was)))
		return 0;
	return elb_show(c, &attributes, result);
}

const struct aws_type aws_listener = {
	.service = &aws_elbv2,
	.noun = "listener",
	.describe = {
		.operation = "DescribeListeners",
		.ids = "ListenerArns",
		.batch = 20,
		.items = "Listeners/member",
		.id = "ListenerArn",
		.tagging = "elasticloadbalancing:listener",
	},
	.states = { .seen_s = 120 },
	.tags = AWS_TAGS_LIST,
	.tagging = &elb_tagging,
	.create = "CreateListener",
	.created = "Listeners/member/ListenerArn",
	.is_upsert = true,
	.update = "ModifyListener",
	.update_id = "ListenerArn",
	.destroy = "DeleteListener",
	.destroy_id = "ListenerArn",
	.attrs = attrs,
	.retries = retries,
	.find = find,
	.fill = fill,
	.change = change,
	.settle = settle,
	.show = show,
};
