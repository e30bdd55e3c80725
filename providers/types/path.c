/* The private way from one network to a server in another. */
#include <config.h>

#include "providers/types/types.h"

static const struct attr_schema load_balancer_attrs[] = {
	{ "name", "string", ATTR_OPTIONAL | ATTR_COMPUTED | ATTR_REPLACE, NULL,
	  "Unique in the region; made from the address when not given." },
	{ "subnets", "list(subnet)", ATTR_REQUIRED, NULL,
	  "One a zone; it has an address in each." },
	{ "internal", "bool", ATTR_OPTIONAL | ATTR_REPLACE, "true",
	  "Reachable from inside only." },
	{ "cross_zone", "bool", ATTR_OPTIONAL, "true",
	  "Every zone reaches targets in all: a database with one writer "
	  "needs it." },
	{ "security_groups", "set(security_group)", ATTR_OPTIONAL, NULL,
	  "Who may talk to it; cannot be given to a balancer that has none, "
	  "nor all be taken away." },
	{ "filter_endpoints", "bool", ATTR_OPTIONAL, NULL,
	  "With security groups: they judge what comes through endpoints too, "
	  "by the addresses of the other network. Off when not given." },
	{ "deletion_protection", "bool", ATTR_OPTIONAL, NULL,
	  "It cannot be deleted until this is false." },
	{ "dns_name", "string", ATTR_COMPUTED | ATTR_STABLE, NULL,
	  "Its name." },
	{ 0 },
};

static const struct attr_rule load_balancer_rules[] = {
	{ .attr = "name",
	  .kind = RULE_NAME,
	  .least = 1,
	  .most = 32,
	  .others = "-",
	  .flags = RULE_INNER_HYPHENS,
	  .not_first = "internal-" },
	{ .attr = "subnets",
	  .kind = RULE_RANGE,
	  .least = 1,
	  .most = INT64_MAX },
	{ 0 },
};

const struct type_schema load_balancer_schema = {
	.name = "load_balancer",
	.group = "path",
	.attrs = load_balancer_attrs,
	.rules = load_balancer_rules,
	.has_tags = true,
	.is_in_network = true,
	.unique_in = "",
	.doc = "A network load balancer (TCP).",
};

static const struct attr_schema target_group_attrs[] = {
	{ "name", "string", ATTR_OPTIONAL | ATTR_COMPUTED | ATTR_REPLACE, NULL,
	  "Unique in the region; made from the address when not given." },
	{ "vpc", "vpc", ATTR_REQUIRED | ATTR_REPLACE, NULL,
	  "The network of its targets." },
	{ "port", "number", ATTR_REQUIRED | ATTR_REPLACE, NULL,
	  "The targets' port." },
	{ "targets", "set(ip)", ATTR_OPTIONAL, "[]",
	  "Addresses that connections go to." },
	{ "health_interval", "duration", ATTR_OPTIONAL, "10s",
	  "Time between checks whether a target answers." },
	{ "healthy_after", "number", ATTR_OPTIONAL, NULL,
	  "Good checks in a row until a target gets connections." },
	{ "unhealthy_after", "number", ATTR_OPTIONAL, NULL,
	  "Failed checks in a row until it gets no more." },
	{ "deregistration_delay", "duration", ATTR_OPTIONAL, NULL,
	  "How long connections to a target that is taken away may go on." },
	{ "preserve_client_ip", "bool", ATTR_OPTIONAL, NULL,
	  "Targets see the client's address; not possible through "
	  "endpoints." },
	{ 0 },
};

static const struct attr_rule target_group_rules[] = {
	{ .attr = "name",
	  .kind = RULE_NAME,
	  .least = 1,
	  .most = 32,
	  .others = "-",
	  .flags = RULE_INNER_HYPHENS },
	{ .attr = "port", .kind = RULE_RANGE, .least = 1, .most = 65535 },
	{ .attr = "health_interval",
	  .kind = RULE_RANGE,
	  .least = 5 * SECOND,
	  .most = 300 * SECOND },
	{ .attr = "healthy_after", .kind = RULE_RANGE, .least = 2, .most = 10 },
	{ .attr = "unhealthy_after",
	  .kind = RULE_RANGE,
	  .least = 2,
	  .most = 10 },
	{ .attr = "deregistration_delay",
	  .kind = RULE_RANGE,
	  .least = 0,
	  .most = 3600 * SECOND },
	{ 0 },
};

const struct type_schema target_group_schema = {
	.name = "target_group",
	.group = "path",
	.attrs = target_group_attrs,
	.rules = target_group_rules,
	.has_tags = true,
	.is_in_network = true,
	.unique_in = "",
	.doc = "Where a listener sends its connections, targets inside.",
};

static const struct attr_schema listener_attrs[] = {
	{ "load_balancer", "load_balancer", ATTR_REQUIRED | ATTR_REPLACE, NULL,
	  "The balancer that listens." },
	{ "port", "number", ATTR_REQUIRED, NULL, "The port it listens on." },
	{ "target_group", "target_group", ATTR_REQUIRED, NULL,
	  "Where connections go." },
	{ "idle_timeout", "duration", ATTR_OPTIONAL, NULL,
	  "After so long without a byte a connection is cut; 350s when not "
	  "given." },
	{ 0 },
};

static const struct attr_rule listener_rules[] = {
	{ .attr = "port", .kind = RULE_RANGE, .least = 1, .most = 65535 },
	{ .attr = "idle_timeout",
	  .kind = RULE_RANGE,
	  .least = 60 * SECOND,
	  .most = 6000 * SECOND },
	{ 0 },
};

const struct type_schema listener_schema = {
	.name = "listener",
	.group = "path",
	.attrs = listener_attrs,
	.rules = listener_rules,
	.has_tags = true,
	.is_in_network = true,
	.doc = "A port of a load balancer.",
};

static const struct attr_schema endpoint_service_attrs[] = {
	{ "load_balancer", "load_balancer", ATTR_REQUIRED, NULL,
	  "The balancer in front of what is offered." },
	{ "acceptance", "bool", ATTR_OPTIONAL, "false",
	  "Each endpoint must be accepted by hand." },
	{ "allowed_principals", "set(string)", ATTR_OPTIONAL, "[]",
	  "Who may connect besides the own account: account numbers, ARNs of "
	  "roles or users, or \"*\" for everybody." },
	{ "service_name", "string", ATTR_COMPUTED | ATTR_STABLE, NULL,
	  "What endpoints name." },
	{ 0 },
};

const struct type_schema endpoint_service_schema = {
	.name = "endpoint_service",
	.group = "path",
	.attrs = endpoint_service_attrs,
	.has_tags = true,
	.doc = "A service that other networks reach by an endpoint.",
};

static const struct attr_schema vpc_endpoint_attrs[] = {
	{ "vpc", "vpc", ATTR_REQUIRED | ATTR_REPLACE, NULL,
	  "The network that uses the service." },
	{ "kind", "enum(interface, gateway)", ATTR_OPTIONAL | ATTR_REPLACE,
	  "interface", "Addresses in subnets, or routes." },
	{ "service", "string", ATTR_OPTIONAL | ATTR_REPLACE, NULL,
	  "The name of an endpoint service." },
	{ "aws_service", "string", ATTR_OPTIONAL | ATTR_REPLACE, NULL,
	  "Instead of service: one of AWS in this region, such as \"dms\"." },
	{ "subnets", "list(subnet)", ATTR_OPTIONAL, "[]",
	  "One a zone (interface)." },
	{ "security_groups", "set(security_group)", ATTR_OPTIONAL, "[]",
	  "Who may talk to it (interface)." },
	{ "route_tables", "set(route_table)", ATTR_OPTIONAL, "[]",
	  "Tables that get its route (gateway)." },
	{ "private_dns", "bool", ATTR_OPTIONAL, "false",
	  "The service's own name leads here." },
	{ "policy", "json", ATTR_OPTIONAL, NULL,
	  "Who may do what through it (services of AWS); everything when not "
	  "given." },
	{ "dns_name", "string", ATTR_COMPUTED | ATTR_STABLE, NULL,
	  "Its name; empty for a gateway." },
	{ "prefix_list", "string", ATTR_COMPUTED | ATTR_STABLE, NULL,
	  "The service's addresses, for rules (gateway)." },
	{ 0 },
};

static const struct attr_choice vpc_endpoint_choices[] = {
	{ CHOICE_ONE, { "service", "aws_service" } },
	{ 0 },
};

const struct type_schema vpc_endpoint_schema = {
	.name = "vpc_endpoint",
	.group = "path",
	.attrs = vpc_endpoint_attrs,
	.choices = vpc_endpoint_choices,
	.has_tags = true,
	.is_in_network = true,
	.doc = "The near end of a private path to a service.",
};
