/* vpc_endpoint: interfaces in subnets, or a route in tables. */
#include <config.h>

#include "providers/aws/parts.h"
#include "providers/aws/path.h"
#include "providers/aws/policy.h"

#include "lang/base/buf.h"

static const char *const ready[] = { "available", "pendingAcceptance", NULL };
static const char *const bad[] = { "failed", "rejected", "expired", "deleting",
				   NULL };
static const char *const gone[] = { "deleted", NULL };

static const struct aws_attr attrs[] = {
	{ "vpc", "VpcId", "vpcId", AWS_TEXT, AWS_CREATE, NULL },
	{ "subnets", "SubnetId", "subnetIdSet/item", AWS_TEXTS, AWS_CREATE,
	  NULL },
	{ "security_groups", "SecurityGroupId", "groupSet/item", AWS_TEXTS,
	  AWS_CREATE | AWS_UNREAD, "groupId" },
	{ "route_tables", "RouteTableId", "routeTableIdSet/item", AWS_TEXTS,
	  AWS_CREATE, NULL },
	{ 0 },
};

/*
 * A service that was made moments ago is Available and yet not known to those
 * who make endpoints. The token stays the same all the while.
 */
static const struct aws_retry retries[] = {
	{ VERB_CREATE, "Unavailable", NULL, 600, "the service to be usable" },
	{ VERB_CREATE, "InvalidServiceName", NULL, 600,
	  "the service to be usable" },
	{ VERB_CREATE, "InvalidParameter", "does not exist", 600,
	  "the service to be usable" },
	{ VERB_CREATE, "InvalidParameter", "conflicting DNS domain", 600,
	  "an earlier endpoint to give its name free" },
	{ VERB_CREATE, "InvalidSecurityGroupID.NotFound", NULL, 300,
	  "its security groups" },
	{ VERB_CREATE, "InvalidSubnetID.NotFound", NULL, 300, "its subnets" },
	{ VERB_CREATE, "InvalidSubnetId.NotFound", NULL, 300, "its subnets" },
	{ VERB_CREATE, "InvalidRouteTableID.NotFound", NULL, 300,
	  "its route tables" },
	{ VERB_CREATE, "InvalidRouteTableId.NotFound", NULL, 300,
	  "its route tables" },
	{ VERB_CREATE, "InvalidVpcID.NotFound", NULL, 300, "its network" },
	{ VERB_DESTROY, "*.NotFound", NULL, 0, NULL },
	{ 0 },
};

static bool is_gateway(const struct call *c)
{
	return str_is(value_text(c->config, "kind"), "gateway");
}

static struct str full_name(struct call *c, struct str of_aws)
{
	if (str_starts(of_aws, "com.") || str_starts(of_aws, "cn.com."))
		return of_aws;
	return str_fmt(c->arena, "com.amazonaws.%.*s.%.*s",
		       STR_ARG(aws_site_of(c)->region), STR_ARG(of_aws));
}

static struct str service_name(struct call *c)
{
	struct str own = value_text(c->config, "service");

	return own.n ? own : full_name(c, value_text(c->config, "aws_service"));
}

/* -- Zones: what the service would say in words that help nobody ---------- */

static int describe_subnets(struct call *c, struct value ids,
			    struct value *subnets)
{
	struct fields f = { 0 };
	struct value answer;

	field(&f, "SubnetId", ids);
	if (aws_look(c, &aws_ec2, "DescribeSubnets", &f, &answer) < 0)
		return -1;
	*subnets = aws_items(answer, "subnetSet/item", c->arena);
	return 0;
}

static int refuse_zone(struct call *c, struct value subnet, struct value zones)
{
	struct str zone = aws_text(subnet, "availabilityZone");
	struct buf list;

	buf_init(&list, 300);
	for (size_t i = 0; i < zones.as.list.n; i++)
		buf_fmt(&list, "%s%.*s", i ? ", " : "",
			STR_ARG(zones.as.list.items[i].as.text));
	error_set(&c->err, ERROR_INVALID,
		  "the service %.*s is not in zone %.*s, where subnet %.*s is",
		  STR_ARG(service_name(c)), STR_ARG(zone),
		  STR_ARG(aws_text(subnet, "subnetId")));
	error_hint(&c->err, "give the endpoint subnets in these zones only: %s",
		   list.data);
	buf_release(&list);
	return -1;
}

static int check_subnets(struct call *c, struct value subnets,
			 struct value zones)
{
	for (size_t i = 0; i < subnets.as.list.n; i++) {
		struct value one = subnets.as.list.items[i];
		struct str zone = aws_text(one, "availabilityZone");

		if (zones.as.list.n && !part_has(zones, zone))
			return refuse_zone(c, one, zones);
		for (size_t k = 0; k < i; k++)
			if (str_eq(aws_text(subnets.as.list.items[k],
					    "availabilityZone"),
				   zone))
				return error_set(
				    &c->err, ERROR_INVALID,
				    "two of the subnets are in zone %.*s; an "
				    "endpoint has one a zone",
				    STR_ARG(zone));
	}
	return 0;
}

static int refuse_service(struct call *c)
{
	c->err = (struct error){ 0 };
	error_set(&c->err, ERROR_INVALID,
		  "there is no service \"%.*s\" in this region",
		  STR_ARG(service_name(c)));
	return error_hint(&c->err,
			  "names are as in \"s3\", \"ssm\", \"dms\"; a full "
			  "name such as com.amazonaws.vpce.… is written as it "
			  "is");
}

/*
 * Before the create call: is there such a service, and is it where the subnets
 * are? A new service of one's own may not be known yet: the create call finds
 * out, and is repeated.
 */
static int check_service(struct call *c)
{
	struct value ids = part_wanted(c, "subnets");
	struct value answer, subnets, zones;
	struct fields f = { 0 };

	field(&f, "ServiceName", part_one(service_name(c), c->arena));
	if (aws_look(c, &aws_ec2, "DescribeVpcEndpointServices", &f, &answer) <
	    0) {
		if (!aws_is_refusal(c, "InvalidServiceName", NULL))
			return -1;
		if (value_text(c->config, "aws_service").n)
			return refuse_service(c);
		c->err = (struct error){ 0 };
		return 0;
	}
	if (is_gateway(c) || ids.as.list.n == 0)
		return 0;
	zones = part_set(aws_items(answer,
				   "serviceDetailSet/item/"
				   "availabilityZoneSet/item",
				   c->arena),
			 NULL, c->arena);
	if (describe_subnets(c, ids, &subnets) < 0) {
		if (!aws_is_refusal(c, "*.NotFound", NULL))
			return -1;
		c->err = (struct error){ 0 };
		return 0;
	}
	return check_subnets(c, subnets, zones);
}

/* -- The hooks ------------------------------------------------------------ */

static int fill(struct call *c, struct fields *input)
{
	const struct value *policy = value_get(c->config, "policy");

	/* A repetition must send the same, whatever is true by now. */
	if (!c->is_recovery && !c->is_poll && check_service(c) < 0)
		return -1;
	field_text(input, "ServiceName", service_name(c));
	field_text(input, "VpcEndpointType",
		   is_gateway(c) ? STR("Gateway") : STR("Interface"));
	if (!is_gateway(c))
		field(input, "PrivateDnsEnabled",
		      value_bool(value_true(c->config, "private_dns")));
	if (policy && !value_is_null(*policy))
		field_text(input, "PolicyDocument",
			   policy_text(*policy, c->arena));
	return 0;
}

static void change_set(struct call *c, struct fields *input, bool *send,
		       const char *attr, struct value now, const char *add_as,
		       const char *remove_as)
{
	struct value add, old;

	aws_differ(now, part_set(part_wanted(c, attr), NULL, c->arena),
		   c->arena, &add, &old);
	if (add.as.list.n)
		field(input, add_as, add);
	if (old.as.list.n)
		field(input, remove_as, old);
	*send |= add.as.list.n || old.as.list.n;
}

static void change_policy(struct call *c, struct value object,
			  struct fields *input, bool *send)
{
	const struct value *wanted = value_get(c->config, "policy");
	const struct value *was = value_get(c->prior, "policy");

	if (wanted && !value_is_null(*wanted)) {
		if (policy_is(*wanted, aws_text(object, "policyDocument"),
			      c->arena))
			return;
		field_text(input, "PolicyDocument",
			   policy_text(*wanted, c->arena));
	} else if (was && !value_is_null(*was)) {
		field(input, "ResetPolicy", value_bool(true));
	} else {
		return;
	}
	*send = true;
}

static int change(struct call *c, struct value object, struct fields *input,
		  bool *send)
{
	struct arena *a = c->arena;
	bool dns = value_true(c->config, "private_dns");

	if (is_gateway(c)) {
		change_set(
		    c, input, send, "route_tables",
		    part_set(aws_items(object, "routeTableIdSet/item", a), NULL,
			     a),
		    "AddRouteTableId", "RemoveRouteTableId");
	} else {
		change_set(
		    c, input, send, "subnets",
		    part_set(aws_items(object, "subnetIdSet/item", a), NULL, a),
		    "AddSubnetId", "RemoveSubnetId");
		/* Without any it has the network's default group. */
		if (part_wanted(c, "security_groups").as.list.n)
			change_set(
			    c, input, send, "security_groups",
			    part_set(aws_items(object, "groupSet/item", a),
				     "groupId", a),
			    "AddSecurityGroupId", "RemoveSecurityGroupId");
		if (dns !=
		    str_is(aws_text(object, "privateDnsEnabled"), "true")) {
			field(input, "PrivateDnsEnabled", value_bool(dns));
			*send = true;
		}
	}
	change_policy(c, object, input, send);
	return 0;
}

/*
 * Of all names the regional one: its first label begins with the id and says no
 * zone, so it ends in the id's own eight letters or digits:
 * vpce-0123-abcdefgh.…, not vpce-0123-abcdefgh-us-east-1a.… or the private
 * name.
 */
static struct str regional_name(struct value object, struct str id,
				struct arena *a)
{
	struct value list = aws_items(object, "dnsEntrySet/item", a);
	struct str best = { "", 0 };
	size_t dashes = 0;

	for (size_t i = 0; i < list.as.list.n; i++) {
		struct str name = aws_text(list.as.list.items[i], "dnsName");
		struct str rest = name;
		struct str label = str_cut(&rest, '.');
		size_t n = 0;

		if (label.n < id.n || memcmp(label.s, id.s, id.n) != 0)
			continue;
		for (size_t k = 0; k < label.n; k++)
			n += label.s[k] == '-';
		if (best.n == 0 || n < dashes) {
			best = name;
			dashes = n;
		}
	}
	return best;
}

static int find_prefix_list(struct call *c, struct str service, struct str *out)
{
	struct fields f = { 0 };
	struct value list;

	*out = value_text(c->prior, "prefix_list");
	if (out->n)
		return 0;
	aws_filter(&f, &aws_ec2, "prefix-list-name", service, c->arena);
	if (aws_look_all(c, &aws_ec2, "DescribePrefixLists", &f,
			 "prefixListSet/item", &list) < 0)
		return -1;
	for (size_t i = 0; i < list.as.list.n; i++)
		if (str_eq(aws_text(list.as.list.items[i], "prefixListName"),
			   service))
			*out = aws_text(list.as.list.items[i], "prefixListId");
	return 0;
}

/* com.amazonaws.REGION.dms as "dms"; empty: not one of AWS in this region. */
static struct str short_name(struct call *c, struct str name)
{
	struct str head = str_fmt(c->arena, "com.amazonaws.%.*s.",
				  STR_ARG(aws_site_of(c)->region));

	return str_starts(name, head.s) ? str_skip(name, head.n)
					: (struct str){ "", 0 };
}

/* What nothing is known of yet is shown as one would write it. */
static void show_service(struct call *c, struct value object,
			 struct fields *result)
{
	struct str name = aws_text(object, "serviceName");
	struct str written = value_text(c->prior, "aws_service");

	if (written.n && str_eq(full_name(c, written), name))
		return;
	if (written.n || (c->prior.kind != VALUE_MAP && short_name(c, name).n))
		part_drift(c, result, "aws_service",
			   value_str(short_name(c, name).n ? short_name(c, name)
							   : name),
			   false);
	else
		part_drift(c, result, "service", value_str(name), false);
}

static void show_policy(struct call *c, struct value object,
			struct fields *result)
{
	const struct value *was = value_get(c->prior, "policy");
	struct str text = aws_text(object, "policyDocument");
	struct value now;

	if (!was || value_is_null(*was) || policy_is(*was, text, c->arena))
		return;
	if (policy_read(text, c->arena, &now) == 0)
		field(result, "policy", now);
}

/* Without a word about groups it has the network's default one. */
static void show_groups(struct call *c, struct value object,
			struct fields *result)
{
	const struct value *was = value_get(c->prior, "security_groups");

	if (was && was->kind == VALUE_LIST && was->as.list.n == 0)
		return;
	part_drift(c, result, "security_groups",
		   part_set(aws_items(object, "groupSet/item", c->arena),
			    "groupId", c->arena),
		   false);
}

static int show(struct call *c, struct value object, struct fields *result)
{
	struct str type = aws_text(object, "vpcEndpointType");
	bool gateway = part_is_word(type, "Gateway");
	struct str list = { "", 0 };

	part_drift(c, result, "kind",
		   value_c(gateway ? "gateway" : "interface"), !gateway);
	show_service(c, object, result);
	show_policy(c, object, result);
	show_groups(c, object, result);
	if (!gateway)
		part_drift(c, result, "private_dns",
			   value_bool(str_is(
			       aws_text(object, "privateDnsEnabled"), "true")),
			   false);
	else if (find_prefix_list(c, aws_text(object, "serviceName"), &list) <
		 0)
		return -1;
	field_text(result, "dns_name", regional_name(object, c->id, c->arena));
	field_text(result, "prefix_list", list);
	return 0;
}

const struct aws_type aws_vpc_endpoint = {
	.service = &aws_ec2,
	.noun = "endpoint",
	.what = "vpc-endpoint",
	.describe = {
		.operation = "DescribeVpcEndpoints",
		.ids = "VpcEndpointId",
		.items = "vpcEndpointSet/item",
		.id = "vpcEndpointId",
		.has_tag_filter = true,
		.tagging = "ec2:vpc-endpoint",
	},
	.states = {
		.path = "state",
		.ready = ready,
		.bad = bad,
		.gone = gone,
		.broken = bad,
		.reason = "lastError/message",
		.create_s = 900,
		.destroy_s = 900,
	},
	.tags = AWS_TAGS_EC2,
	.create = "CreateVpcEndpoint",
	.created = "vpcEndpoint/vpcEndpointId",
	.token = "ClientToken",
	.update = "ModifyVpcEndpoint",
	.update_id = "VpcEndpointId",
	.destroy = "DeleteVpcEndpoints",
	.destroy_id = "VpcEndpointId",
	.destroy_is_list = true,
	.is_slow = true,
	.attrs = attrs,
	.retries = retries,
	.fill = fill,
	.change = change,
	.show = show,
};
