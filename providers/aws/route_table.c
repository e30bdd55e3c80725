/*
 * route_table: with its routes and the subnets that use it. Routes that others
 * put there (the local one, gateway endpoints, propagation) are left alone.
 */
#include <config.h>

#include "providers/aws/network.h"

#include "lang/base/vec.h"
#include "providers/aws/tags.h"

enum {
	SEEN_S = 180,
	DELETE_S = 300,
	CHANGES = 8, /* calls in a row before the engine has its turn */
};

static const struct aws_attr attrs[] = {
	{ "vpc", "VpcId", "vpcId", AWS_TEXT, AWS_CREATE, NULL },
	{ "subnets", NULL, "associationSet/item", AWS_TEXTS, AWS_SETTLE,
	  "subnetId" },
	{ 0 },
};

static const struct aws_retry retries[] = {
	{ VERB_DESTROY, "DependencyViolation", NULL, DELETE_S,
	  "what uses the route table to be gone" },
	/* Gateways that were just made. */
	{ VERB_CREATE, "NatGatewayNotFound", NULL, SEEN_S,
	  "the NAT gateway to be known" },
	{ VERB_UPDATE, "NatGatewayNotFound", NULL, SEEN_S,
	  "the NAT gateway to be known" },
	{ 0 },
};

/* What a route leads through, by the beginning of its id. */
static const struct target {
	const char *prefix, *param, *path;
} targets[] = {
	{ "igw-", "GatewayId", "gatewayId" },
	{ "vgw-", "GatewayId", "gatewayId" },
	{ "nat-", "NatGatewayId", "natGatewayId" },
	{ "tgw-", "TransitGatewayId", "transitGatewayId" },
	{ "pcx-", "VpcPeeringConnectionId", "vpcPeeringConnectionId" },
	{ "vpce-", "VpcEndpointId", "gatewayId" },
	{ "eigw-", "EgressOnlyInternetGatewayId",
	  "egressOnlyInternetGatewayId" },
	{ "lgw-", "LocalGatewayId", "localGatewayId" },
	{ "i-", "InstanceId", "instanceId" },
	{ "eni-", "NetworkInterfaceId", "networkInterfaceId" },
};

enum { N_TARGETS = sizeof(targets) / sizeof(*targets) };

static const struct target *target_of(struct str id)
{
	for (size_t i = 0; i < N_TARGETS; i++)
		if (str_starts(id, targets[i].prefix))
			return &targets[i];
	return NULL;
}

/* -- routes -- */

static struct value routes_of(struct value config)
{
	const struct value *list = value_get(config, "route");

	return list && list->kind == VALUE_LIST ? *list : value_list(NULL, 0);
}

static struct str through(struct value route)
{
	struct str id = value_text(route, "gateway");

	return id.n ? id : value_text(route, "target");
}

static struct str shown_cidr(struct value item)
{
	struct str cidr = aws_text(item, "destinationCidrBlock");

	return cidr.n ? cidr : aws_text(item, "destinationIpv6CidrBlock");
}

static struct str shown_target(struct value item)
{
	for (size_t i = 0; i < N_TARGETS; i++) {
		struct str id = aws_text(item, targets[i].path);

		if (id.n)
			return id;
	}
	return (struct str){ "", 0 };
}

/* Made by hand or by us: what a table may declare. */
static bool is_made(struct value item)
{
	struct str origin = aws_text(item, "origin");

	return shown_cidr(item).n &&
	       !str_is(aws_text(item, "gatewayId"), "local") &&
	       (origin.n == 0 || str_is(origin, "CreateRoute"));
}

static const struct value *find_route(struct value list, struct str cidr,
				      bool is_shown)
{
	for (size_t i = 0; i < list.as.list.n; i++) {
		const struct value *v = &list.as.list.items[i];

		if (str_eq(is_shown ? shown_cidr(*v) : value_text(*v, "cidr"),
			   cidr))
			return v;
	}
	return NULL;
}

/* Leads where it should: an interface's route names its instance, too. */
static bool leads_to(struct value item, struct str id)
{
	const struct target *t = target_of(id);

	return t && str_eq(aws_text(item, t->path), id);
}

static int send_route(struct call *c, const char *operation, struct str cidr,
		      struct str id)
{
	const struct target *t = target_of(id);
	bool is_v6 = str_find(cidr, ':') >= 0;
	struct fields f = { 0 };
	struct value ignored;

	field_text(&f, "RouteTableId", c->id);
	field_text(&f,
		   is_v6 ? "DestinationIpv6CidrBlock" : "DestinationCidrBlock",
		   cidr);
	if (t)
		field_text(&f, t->param, id);
	return aws_change(c, &aws_ec2, operation, &f, &ignored);
}

/* The number of changes made, or -1. */
static int add_routes(struct call *c, struct value wanted, struct value shown)
{
	int n = 0;

	for (size_t i = 0; i < wanted.as.list.n && n < CHANGES; i++) {
		struct value r = wanted.as.list.items[i];
		struct str cidr = value_text(r, "cidr");
		const struct value *now = find_route(shown, cidr, true);
		int failed;

		if (now && leads_to(*now, through(r)))
			continue;
		n++;
		failed = send_route(c, now ? "ReplaceRoute" : "CreateRoute",
				    cidr, through(r));
		/* An earlier attempt whose effect is not shown yet. */
		if (failed && aws_is_refusal(c, "RouteAlreadyExists", NULL)) {
			c->err = (struct error){ 0 };
			failed =
			    send_route(c, "ReplaceRoute", cidr, through(r));
		}
		if (failed)
			return -1;
	}
	return n;
}

static int remove_routes(struct call *c, struct value wanted,
			 struct value shown)
{
	int n = 0;

	for (size_t i = 0; i < shown.as.list.n && n < CHANGES; i++) {
		struct value item = shown.as.list.items[i];
		struct str cidr = shown_cidr(item);

		if (!is_made(item) || find_route(wanted, cidr, false))
			continue;
		n++;
		if (send_route(c, "DeleteRoute", cidr, STR("")) == 0)
			continue;
		if (!aws_is_refusal(c, "InvalidRoute.NotFound", NULL))
			return -1;
		c->err = (struct error){ 0 };
	}
	return n;
}

/* -- associations -- */

/* How a subnet is associated now, explicitly; null when it is not. */
static int find_association(struct call *c, struct str subnet,
			    struct value *table, struct str *id)
{
	struct value list;
	struct fields f = { 0 };

	*id = (struct str){ "", 0 };
	aws_filter(&f, &aws_ec2, "association.subnet-id", subnet, c->arena);
	if (aws_look_all(c, &aws_ec2, "DescribeRouteTables", &f,
			 "routeTableSet/item", &list) < 0)
		return -1;
	for (size_t i = 0; i < list.as.list.n; i++) {
		struct value all = aws_items(list.as.list.items[i],
					     "associationSet/item", c->arena);

		for (size_t k = 0; k < all.as.list.n; k++) {
			struct value item = all.as.list.items[k];

			if (!str_eq(aws_text(item, "subnetId"), subnet))
				continue;
			*table = list.as.list.items[i];
			*id = aws_text(item, "routeTableAssociationId");
		}
	}
	return 0;
}

/* A subnet changes between tables of the stack, but is not taken away. */
static int check_owner(struct call *c, struct value table, struct str subnet)
{
	struct value tags =
	    tag_map(aws_items(table, "tagSet/item", c->arena), c->arena);

	if (str_eq(value_text(tags, "dmsl:stack"),
		   tag_text(aws_site_of(c)->stack, c->arena)))
		return 0;
	error_set(&c->err, ERROR_CONFLICT,
		  "subnet %.*s uses the route table %.*s, which is not this "
		  "stack's",
		  STR_ARG(subnet), STR_ARG(aws_text(table, "routeTableId")));
	return error_hint(&c->err, "disassociate it there, or leave the subnet "
				   "out of \"subnets\"");
}

static int associate(struct call *c, struct str subnet)
{
	struct value table = value_null(), ignored;
	struct fields f = { 0 };
	struct str id;

	if (find_association(c, subnet, &table, &id) < 0)
		return -1;
	field_text(&f, "RouteTableId", c->id);
	if (id.n && str_eq(aws_text(table, "routeTableId"), c->id)) {
		vec_release(&f.list);
		return 0;
	}
	if (id.n) {
		if (check_owner(c, table, subnet) < 0) {
			vec_release(&f.list);
			return -1;
		}
		field_text(&f, "AssociationId", id);
		return aws_change(c, &aws_ec2, "ReplaceRouteTableAssociation",
				  &f, &ignored);
	}
	field_text(&f, "SubnetId", subnet);
	return aws_change(c, &aws_ec2, "AssociateRouteTable", &f, &ignored);
}

static int disassociate(struct call *c, struct str id)
{
	struct fields f = { 0 };
	struct value ignored;

	field_text(&f, "AssociationId", id);
	if (aws_change(c, &aws_ec2, "DisassociateRouteTable", &f, &ignored) ==
	    0)
		return 0;
	if (!aws_is_refusal(c, "InvalidAssociationID.NotFound", NULL))
		return -1;
	c->err = (struct error){ 0 };
	return 0;
}

static struct value subnets_of(struct value object, struct arena *a)
{
	return aws_shown(&attrs[1], object, a);
}

static bool has_text(struct value list, struct str text)
{
	for (size_t i = 0; i < list.as.list.n; i++)
		if (str_eq(list.as.list.items[i].as.text, text))
			return true;
	return false;
}

/* Takes away those whose subnet is in `gone`. The number taken, or -1. */
static int remove_associations(struct call *c, struct value object,
			       struct value gone)
{
	struct value all = aws_items(object, "associationSet/item", c->arena);
	int n = 0;

	for (size_t i = 0; i < all.as.list.n && n < CHANGES; i++) {
		struct value item = all.as.list.items[i];

		if (!has_text(gone, aws_text(item, "subnetId")))
			continue;
		n++;
		if (disassociate(c, aws_text(item, "routeTableAssociationId")) <
		    0)
			return -1;
	}
	return n;
}

static int set_associations(struct call *c, struct value object)
{
	const struct value *wanted = value_get(c->config, "subnets");
	struct value add, gone;
	int n;

	aws_differ(subnets_of(object, c->arena),
		   wanted ? *wanted : value_null(), c->arena, &add, &gone);
	n = remove_associations(c, object, gone);
	for (size_t i = 0; n >= 0 && i < add.as.list.n && n < CHANGES; i++, n++)
		if (associate(c, add.as.list.items[i].as.text) < 0)
			return -1;
	return n;
}

/* -- hooks -- */

static enum step settle(struct call *c, struct value object)
{
	struct value wanted = routes_of(c->config);
	struct value shown = aws_items(object, "routeSet/item", c->arena);
	int (*const steps[])(struct call * c, struct value wanted,
			     struct value shown) = { add_routes,
						     remove_routes };
	int n = set_associations(c, object);

	for (int i = 0; n == 0 && i < 2; i++)
		n = steps[i](c, wanted, shown);
	if (n < 0)
		return aws_refused(c, NULL);
	if (n == 0)
		return STEP_DONE;
	if (!aws_is_patient(c, "routes", SEEN_S))
		return call_fail(c, ERROR_FAILED,
				 "route table %.*s does not take its routes "
				 "and subnets",
				 STR_ARG(c->id));
	return aws_wait(c, 0, "routes and subnets of route table %.*s",
			STR_ARG(c->id));
}

static enum step unhook(struct call *c, struct value object)
{
	int n = remove_associations(c, object, subnets_of(object, c->arena));

	if (n < 0)
		return aws_refused(c, NULL);
	return n == CHANGES ? aws_wait(c, 0,
				       "subnets to leave route table "
				       "%.*s",
				       STR_ARG(c->id))
			    : STEP_DONE;
}

/* A route as the language says it; kept as it was written where it is so. */
static struct value said(struct value known, struct value item, struct arena *a)
{
	struct str id = shown_target(item);
	struct fields f = { 0 };
	bool is_gateway = str_starts(id, "igw-") || str_starts(id, "nat-");

	if (!value_is_null(known) && leads_to(item, through(known)))
		return known;
	field_text(&f, "cidr", shown_cidr(item));
	field_text(&f, is_gateway ? "gateway" : "target", id);
	return fields_done(&f, a);
}

static int show(struct call *c, struct value object, struct fields *result)
{
	struct value shown = aws_items(object, "routeSet/item", c->arena);
	struct value known = routes_of(c->prior), *out;
	size_t n = 0;

	out = arena_new(c->arena, struct value,
			known.as.list.n + shown.as.list.n + 1);
	/* As they were written first, then those that nobody wrote. */
	for (size_t i = 0; i < known.as.list.n; i++) {
		struct value r = known.as.list.items[i];
		const struct value *now =
		    find_route(shown, value_text(r, "cidr"), true);

		if (now && is_made(*now))
			out[n++] = said(r, *now, c->arena);
	}
	for (size_t i = 0; i < shown.as.list.n; i++) {
		struct value item = shown.as.list.items[i];

		if (is_made(item) &&
		    !find_route(known, shown_cidr(item), false))
			out[n++] = said(value_null(), item, c->arena);
	}
	if (n || known.as.list.n)
		field(result, "route", value_list(out, n));
	return 0;
}

static int plan(struct call *c, const char *action)
{
	struct value routes = routes_of(c->config);

	(void)action;
	for (size_t i = 0; i < routes.as.list.n; i++) {
		struct value r = routes.as.list.items[i];
		struct str target = value_text(r, "target");
		const struct value *gateway = value_get(r, "gateway");
		bool has_gateway = gateway && !value_is_null(*gateway);

		if (!value_is_known(r))
			continue;
		if (has_gateway == (target.n > 0)) {
			error_set(&c->err, ERROR_INVALID,
				  "the route to %.*s has %s",
				  STR_ARG(value_text(r, "cidr")),
				  has_gateway ? "a gateway and a target"
					      : "neither gateway nor target");
			return error_hint(&c->err, "say exactly one of them");
		}
		if (target.n && !target_of(target))
			return error_set(&c->err, ERROR_INVALID,
					 "the target \"%.*s\" of a route is no "
					 "id of a gateway, connection, "
					 "interface or instance",
					 STR_ARG(target));
	}
	return 0;
}

const struct aws_type aws_route_table = {
	.service = &aws_ec2,
	.noun = "route table",
	.what = "route-table",
	.describe = {
		.operation = "DescribeRouteTables",
		.ids = "RouteTableId",
		.filter = "route-table-id",
		.items = "routeTableSet/item",
		.id = "routeTableId",
		.has_tag_filter = true,
	},
	.states = { .poll_s = 2, .sights = 2 },
	.tags = AWS_TAGS_EC2,
	.create = "CreateRouteTable",
	.created = "routeTable/routeTableId",
	.token = "ClientToken",
	.destroy = "DeleteRouteTable",
	.destroy_id = "RouteTableId",
	.attrs = attrs,
	.retries = retries,
	.settle = settle,
	.unhook = unhook,
	.show = show,
	.plan = plan,
};
