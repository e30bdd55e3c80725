/* VPCs and what is inside them. */
#include <config.h>

#include "providers/types/types.h"

static const struct attr_schema vpc_attrs[] = {
	{ "cidr", "cidr", ATTR_REQUIRED | ATTR_REPLACE, NULL,
	  "The range of its addresses." },
	{ "dns_support", "bool", ATTR_OPTIONAL, "true",
	  "Names are resolved inside." },
	{ "dns_hostnames", "bool", ATTR_OPTIONAL, "true",
	  "Instances get names; private DNS of endpoints needs it." },
	{ 0 },
};

static const struct attr_rule vpc_rules[] = {
	{ .attr = "cidr", .kind = RULE_RANGE, .least = 16, .most = 28 },
	{ 0 },
};

const struct type_schema vpc_schema = {
	.name = "vpc",
	.group = "network",
	.attrs = vpc_attrs,
	.rules = vpc_rules,
	.has_tags = true,
	.doc = "A private network. Several may have the same range.",
};

static const struct attr_schema subnet_attrs[] = {
	{ "vpc", "vpc", ATTR_REQUIRED | ATTR_REPLACE, NULL,
	  "The network it belongs to." },
	{ "cidr", "cidr", ATTR_REQUIRED | ATTR_REPLACE, NULL,
	  "Its part of the network's range." },
	{ "zone", "string", ATTR_REQUIRED | ATTR_REPLACE, NULL,
	  "The availability zone: us-east-1a." },
	{ "public", "bool", ATTR_OPTIONAL, "false",
	  "Instances get public addresses." },
	{ 0 },
};

static const struct attr_rule subnet_rules[] = {
	{ .attr = "cidr", .kind = RULE_RANGE, .least = 16, .most = 28 },
	{ 0 },
};

const struct type_schema subnet_schema = {
	.name = "subnet",
	.group = "network",
	.attrs = subnet_attrs,
	.rules = subnet_rules,
	.has_tags = true,
	.is_in_network = true,
	.doc = "A range of a network in one zone.",
};

static const struct attr_schema internet_gateway_attrs[] = {
	{ "vpc", "vpc", ATTR_REQUIRED, NULL, "The network it is attached to." },
	{ 0 },
};

const struct type_schema internet_gateway_schema = {
	.name = "internet_gateway",
	.group = "network",
	.attrs = internet_gateway_attrs,
	.has_tags = true,
	.is_in_network = true,
	.doc = "The way of public subnets to the internet.",
};

static const struct attr_schema elastic_ip_attrs[] = {
	{ "public_ip", "ip", ATTR_COMPUTED | ATTR_STABLE, NULL,
	  "The address." },
	{ 0 },
};

const struct type_schema elastic_ip_schema = {
	.name = "elastic_ip",
	.group = "network",
	.attrs = elastic_ip_attrs,
	.has_tags = true,
	.doc = "A fixed public address.",
};

static const struct attr_schema nat_gateway_attrs[] = {
	{ "subnet", "subnet", ATTR_REQUIRED | ATTR_REPLACE, NULL,
	  "The public subnet it stands in." },
	{ "elastic_ip", "elastic_ip", ATTR_REQUIRED | ATTR_REPLACE, NULL,
	  "Its public address." },
	{ 0 },
};

const struct type_schema nat_gateway_schema = {
	.name = "nat_gateway",
	.group = "network",
	.attrs = nat_gateway_attrs,
	.has_tags = true,
	.is_in_network = true,
	.doc = "The way of private subnets to the internet.",
};

static const struct attr_schema route_attrs[] = {
	{ "cidr", "cidr", ATTR_REQUIRED, NULL, "Where to." },
	{ "gateway", "internet_gateway | nat_gateway", ATTR_OPTIONAL, NULL,
	  "Through what." },
	{ "target", "string", ATTR_OPTIONAL, NULL,
	  "Through something else, by its id: tgw-…, pcx-…, vgw-…, eni-…." },
	{ 0 },
};

static const struct attr_schema route_table_attrs[] = {
	{ "vpc", "vpc", ATTR_REQUIRED | ATTR_REPLACE, NULL,
	  "The network it belongs to." },
	{ "subnets", "set(subnet)", ATTR_OPTIONAL, "[]",
	  "The subnets that use it." },
	{ 0 },
};

static const struct block_schema route_table_blocks[] = {
	{ .name = "route",
	  .kind = BLOCK_LIST,
	  .attrs = route_attrs,
	  .doc = "A route besides the one inside the network." },
	{ 0 },
};

const struct type_schema route_table_schema = {
	.name = "route_table",
	.group = "network",
	.attrs = route_table_attrs,
	.blocks = route_table_blocks,
	.has_tags = true,
	.is_in_network = true,
	.doc = "Routes of some subnets.",
};

static const struct attr_schema security_group_attrs[] = {
	{ "vpc", "vpc", ATTR_REQUIRED | ATTR_REPLACE, NULL,
	  "The network it belongs to." },
	{ "name", "string", ATTR_OPTIONAL | ATTR_COMPUTED | ATTR_REPLACE, NULL,
	  "Unique in the network; made from the address when not given." },
	{ "description", "string", ATTR_OPTIONAL | ATTR_REPLACE,
	  "\"Managed by dmsl\"", "For people." },
	{ 0 },
};

static const struct block_schema security_group_blocks[] = {
	{ .name = "ingress",
	  .kind = BLOCK_NODES,
	  .node_type = "security_group_rule",
	  .parent_attr = "security_group",
	  .given = "direction",
	  .doc = "What may come in." },
	{ .name = "egress",
	  .kind = BLOCK_NODES,
	  .node_type = "security_group_rule",
	  .parent_attr = "security_group",
	  .given = "direction",
	  .doc = "What may go out; nothing else may." },
	{ 0 },
};

static const struct attr_rule security_group_rules[] = {
	{ .attr = "name",
	  .kind = RULE_NAME,
	  .least = 1,
	  .most = 255,
	  .others = " ._-:/()#,@[]+=&;{}!$*",
	  .not_first = "sg-",
	  .not_name = "default" },
	{ .attr = "description",
	  .kind = RULE_NAME,
	  .least = 0,
	  .most = 255,
	  .others = " ._-:/()#,@[]+=&;{}!$*" },
	{ 0 },
};

const struct type_schema security_group_schema = {
	.name = "security_group",
	.group = "network",
	.attrs = security_group_attrs,
	.rules = security_group_rules,
	.blocks = security_group_blocks,
	.has_tags = true,
	.is_in_network = true,
	.unique_in = "vpc",
	.doc = "Who may talk to what carries it. Its rules are resources of "
	       "their own, so that groups may refer to each other.",
};

static const struct attr_schema security_group_rule_attrs[] = {
	{ "security_group", "security_group", ATTR_REQUIRED | ATTR_REPLACE,
	  NULL, "The group it belongs to." },
	{ "direction", "enum(ingress, egress)", ATTR_REQUIRED | ATTR_REPLACE,
	  NULL, "Whether it lets in or out." },
	{ "protocol", "enum(tcp, udp, icmp, all)", ATTR_OPTIONAL, "tcp",
	  "The protocol; all has no ports." },
	{ "port", "number", ATTR_OPTIONAL, NULL, "The port, or the first." },
	{ "to_port", "number", ATTR_OPTIONAL, NULL,
	  "The last port; port when not given." },
	{ "cidr", "cidr", ATTR_OPTIONAL, NULL, "The other side: a range." },
	{ "group", "security_group", ATTR_OPTIONAL, NULL,
	  "The other side: what carries this group." },
	{ "prefix_list", "string", ATTR_OPTIONAL, NULL,
	  "The other side: a service's prefix list." },
	{ "description", "string", ATTR_OPTIONAL, NULL, "For people." },
	{ 0 },
};

static const struct attr_rule security_group_rule_rules[] = {
	{ .attr = "port", .kind = RULE_RANGE, .least = -1, .most = 65535 },
	{ .attr = "to_port", .kind = RULE_RANGE, .least = -1, .most = 65535 },
	{ .attr = "description",
	  .kind = RULE_NAME,
	  .least = 0,
	  .most = 255,
	  .others = " ._-:/()#,@[]+=&;{}!$*" },
	{ 0 },
};

static const struct attr_choice security_group_rule_choices[] = {
	{ CHOICE_ONE, { "cidr", "group", "prefix_list" } },
	{ 0 },
};

const struct type_schema security_group_rule_schema = {
	.name = "security_group_rule",
	.group = "network",
	.attrs = security_group_rule_attrs,
	.rules = security_group_rule_rules,
	.choices = security_group_rule_choices,
	.has_tags = true,
	.doc = "One permission: exactly one of cidr, group and prefix_list.",
};

static const struct attr_schema network_interface_attrs[] = {
	{ "subnet", "subnet", ATTR_REQUIRED | ATTR_REPLACE, NULL,
	  "Where it stands." },
	{ "security_groups", "set(security_group)", ATTR_OPTIONAL, "[]",
	  "Who may talk to it." },
	{ "private_ip", "ip", ATTR_OPTIONAL | ATTR_COMPUTED | ATTR_REPLACE,
	  NULL, "Its address; a free one when not given." },
	{ 0 },
};

const struct type_schema network_interface_schema = {
	.name = "network_interface",
	.group = "network",
	.attrs = network_interface_attrs,
	.has_tags = true,
	.is_in_network = true,
	.doc = "An address in a subnet for an instance.",
};
