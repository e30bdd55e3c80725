/*
 * Calls of operations for types: changes, looks, and what a refusal means: it
 * is done, it is to be waited out, or it failed and why.
 */
#include <config.h>

#include "providers/aws/type_impl.h"

#include "lang/base/buf.h"

#include <string.h>
#include <strings.h>

enum {
	/* What was just made may not be known everywhere yet. */
	NEW_PATIENCE_S = 180,
	BUSY_POLL_S = 5,
	HOLDERS_SHOWN = 5,
};

/* What a limit is called where it can be raised, and what is usual. */
static const struct {
	const char *code, *quota;
} quotas[] = {
	{ "AddressLimitExceeded", "EC2-VPC Elastic IPs (5 in a region)" },
	{ "DBClusterQuotaExceededFault", "DB clusters (40)" },
	{ "DBInstanceQuotaExceeded", "DB instances (40)" },
	{ "DBParameterGroupQuotaExceeded", "Parameter groups (50)" },
	{ "DBSubnetGroupQuotaExceeded", "DB subnet groups (50)" },
	{ "DBSubnetQuotaExceededFault", "Subnets per DB subnet group (20)" },
	{ "InstanceLimitExceeded", "Running instances of this family" },
	{ "InstanceQuotaExceeded", "DB instances (40)" },
	{ "InternetGatewayLimitExceeded",
	  "Internet gateways per Region (5, raised with VPCs per Region)" },
	{ "LimitExceeded", "IAM's quota of this kind of object" },
	{ "NatGatewayLimitExceeded", "NAT gateways per Availability Zone (5)" },
	{ "NetworkInterfaceLimitExceeded",
	  "Network interfaces per Region (5000)" },
	{ "ResourceQuotaExceededFault",
	  "the quota of AWS DMS for this kind of object" },
	{ "RouteLimitExceeded", "Routes per route table (50)" },
	{ "RouteTableLimitExceeded", "Route tables per VPC (200)" },
	{ "RulesPerSecurityGroupLimitExceeded",
	  "Inbound or outbound rules per security group (60)" },
	{ "SecurityGroupLimitExceeded", "VPC security groups per Region" },
	{ "SecurityGroupsPerInterfaceLimitExceeded",
	  "Security groups per network interface (5)" },
	{ "StorageQuotaExceeded", "Total storage for all DB instances" },
	{ "StorageQuotaExceededFault",
	  "the total storage of AWS DMS replication instances" },
	{ "SubnetLimitExceeded", "Subnets per VPC (200)" },
	{ "TagLimitExceeded", "Tags per resource (50)" },
	{ "TargetGroupAssociationLimit",
	  "Target groups per Network Load Balancer" },
	{ "TooManyListeners", "Listeners per Network Load Balancer (50)" },
	{ "TooManyLoadBalancers", "Network Load Balancers per Region (50)" },
	{ "TooManyTargetGroups", "Target Groups per Region (3000)" },
	{ "TooManyTargets", "Targets per target group" },
	{ "VcpuLimitExceeded", "Running On-Demand instances (vCPUs)" },
	{ "VpcEndpointLimitExceeded", "Interface VPC endpoints per VPC (50)" },
	{ "VpcLimitExceeded", "VPCs per Region (5)" },
};

struct aws_site *aws_site_of(const struct call *c)
{
	return c->self;
}

const struct aws_type *aws_type_of(const struct call *c)
{
	return c->type->data;
}

/* "Operation: Code: words" as the client makes it. */
static void parse_refusal(const struct call *c, struct aws_refusal *out)
{
	struct str rest = str_from(c->err.message), code;
	const char *at = strstr(c->err.message, ": ");

	*out = (struct aws_refusal){ 0 };
	if (!at)
		return;
	rest = str_skip(rest, (size_t)(at - c->err.message) + 2);
	at = strstr(rest.s, ": ");
	code = at ? str_sub(rest, 0, (size_t)(at - rest.s)) : rest;
	if (code.n == 0 || code.n >= sizeof(out->code) ||
	    str_find(code, ' ') >= 0)
		return;
	memcpy(out->code, code.s, code.n);
	rest = str_skip(rest, code.n + (at ? 2 : 0));
	if (rest.n >= sizeof(out->words))
		rest.n = sizeof(out->words) - 1;
	memcpy(out->words, rest.s, rest.n);
}

static bool has_text(const char *words, const char *text)
{
	size_t n = text ? strlen(text) : 0;

	if (n == 0)
		return true;
	for (; *words; words++)
		if (strncasecmp(words, text, n) == 0)
			return true;
	return false;
}

static bool matches(const struct aws_refusal *r, const char *code,
		    const char *text)
{
	bool is_end = code[0] == '*';

	if (!r->code[0] || (is_end ? !str_ends(str_from(r->code), code + 1)
				   : strcmp(r->code, code) != 0))
		return false;
	return has_text(r->words, text);
}

bool aws_is_refusal(const struct call *c, const char *code, const char *text)
{
	struct aws_refusal r;

	parse_refusal(c, &r);
	return matches(&r, code, text);
}

bool is_missing(const struct call *c)
{
	return c->err.kind == ERROR_NOT_FOUND ||
	       aws_is_refusal(c, "*.NotFound", NULL) ||
	       aws_is_refusal(c, "NatGatewayNotFound", NULL) ||
	       aws_is_refusal(c, "*.Malformed", NULL);
}

int change(struct call *c, const struct aws_service *s, const char *operation,
	   struct fields *input, bool is_safe, struct value *out)
{
	struct aws_site *w = aws_site_of(c);
	struct value in = fields_nested(input, c->arena);
	struct aws_how how = { .is_safe = is_safe };
	struct str account;

	*out = value_null();
	if (aws_account(w, &account, &c->err) < 0)
		return -1;
	return aws_do(w->client, s, operation, in, how, c->arena, out, &c->err);
}

int aws_change(struct call *c, const struct aws_service *s,
	       const char *operation, struct fields *input, struct value *out)
{
	return change(c, s, operation, input, true, out);
}

int aws_look(struct call *c, const struct aws_service *s, const char *operation,
	     struct fields *input, struct value *out)
{
	struct value in = fields_nested(input, c->arena);

	return aws_ask(aws_site_of(c)->client, s, operation, in, c->arena, out,
		       &c->err);
}

int aws_look_all(struct call *c, const struct aws_service *s,
		 const char *operation, struct fields *input, const char *path,
		 struct value *out)
{
	struct value in = fields_nested(input, c->arena);

	return aws_ask_all(aws_site_of(c)->client, s, operation, in, path,
			   c->arena, out, &c->err);
}

void aws_filter(struct fields *input, const struct aws_service *s,
		const char *name, struct str value, struct arena *a)
{
	bool is_ec2 = s->protocol == AWS_EC2;
	const char *key = is_ec2 ? "Filter" : "Filters";
	struct value *list;
	struct value_entry *there = NULL;
	struct fields f = { 0 };
	size_t n = 0;

	field(&f, "Name", value_c(name));
	field_one(&f, is_ec2 ? "Value" : "Values", value_str(value), a);
	for (size_t i = 0; i < input->list.n; i++)
		if (str_is(input->list.items[i].key, key))
			there = &input->list.items[i];
	if (there)
		n = there->value.as.list.n;
	list = arena_new(a, struct value, n + 1);
	if (n)
		memcpy(list, there->value.as.list.items, n * sizeof(*list));
	list[n] = fields_done(&f, a);
	if (there)
		there->value = value_list(list, n + 1);
	else
		field(input, key, value_list(list, n + 1));
}

/* "eni-1 (ELB net/x/1), eni-2 (RDSNetworkInterface) and 3 more" */
static struct str name_holders(struct call *c, struct value list)
{
	size_t n = list.as.list.n;
	struct str out;
	struct buf b;

	buf_init(&b, 800);
	for (size_t i = 0; i < n && i < HOLDERS_SHOWN; i++) {
		struct value item = list.as.list.items[i];
		struct str what = aws_text(item, "description");

		if (what.n == 0)
			what = aws_text(item, "interfaceType");
		buf_fmt(&b, "%s%.*s (%.*s)", i ? ", " : "",
			STR_ARG(aws_text(item, "networkInterfaceId")),
			STR_ARG(what.n ? what : STR("no description")));
	}
	if (n > HOLDERS_SHOWN)
		buf_fmt(&b, " and %zu more", n - HOLDERS_SHOWN);
	out = str_dup(buf_str(&b), c->arena);
	buf_release(&b);
	return out;
}

/*
 * Why it cannot be deleted: the service does not say what holds it, but
 * interfaces can be asked for. What cannot be found out is left unsaid.
 */
static void add_holders(struct call *c)
{
	const struct aws_type *t = aws_type_of(c);
	struct error refusal = c->err;
	struct fields f = { 0 };
	struct value list = value_null();
	struct str names;
	int result;

	if (!t->holders || c->verb != VERB_DESTROY || c->id.n == 0)
		return;
	aws_filter(&f, t->service, t->holders, c->id, c->arena);
	result = aws_look_all(c, t->service, "DescribeNetworkInterfaces", &f,
			      "networkInterfaceSet/item", &list);
	c->err = refusal;
	if (result < 0)
		return;
	if (list.as.list.n == 0) {
		error_hint(&c->err,
			   "no network interface holds it: look for what else "
			   "refers to it and was not made by this stack");
		return;
	}
	names = name_holders(c, list);
	error_add(&c->err, "%s %.*s is held by %.*s", t->noun, STR_ARG(c->id),
		  STR_ARG(names));
	error_hint(&c->err,
		   "delete what these interfaces belong to, or wait until the "
		   "service has taken them away, and apply again");
}

static void add_advice(struct call *c, const struct aws_refusal *r)
{
	for (size_t i = 0; i < sizeof(quotas) / sizeof(*quotas); i++) {
		if (strcmp(r->code, quotas[i].code) != 0)
			continue;
		c->err.kind = ERROR_QUOTA;
		error_hint(&c->err,
			   "the account's quota is used up: %s; delete what is "
			   "not needed, or ask for more in Service Quotas",
			   quotas[i].quota);
		return;
	}
	if (has_text(r->code, "Insufficient"))
		error_hint(&c->err,
			   "the region has no room for it now: try another "
			   "zone, class or subnet, or later");
	else if (has_text(r->code, "DependencyViolation"))
		add_holders(c);
	else if (has_text(r->code, "OptInRequired") ||
		 has_text(r->code, "PendingVerification"))
		error_hint(&c->err, "the account or region is not enabled for "
				    "this service yet");
}

static const struct aws_retry *retry_for(const struct call *c,
					 const struct aws_refusal *r)
{
	const struct aws_retry *row = aws_type_of(c)->retries;

	for (; row && row->code; row++)
		if (row->verb == c->verb && matches(r, row->code, row->text))
			return row;
	return NULL;
}

enum step aws_refused(struct call *c, const struct aws_refusal *r)
{
	static const struct aws_retry unknown_yet = {
		.seconds = NEW_PATIENCE_S,
		.waiting_for = "what it refers to, to be known everywhere",
	};
	const struct aws_retry *row;
	struct aws_refusal parsed;

	if (!r || !r->code[0]) {
		parse_refusal(c, &parsed);
		r = &parsed;
	}
	row = retry_for(c, r);
	if (!row && matches(r, "*.NotFound", NULL) &&
	    (c->verb == VERB_CREATE || c->verb == VERB_UPDATE))
		row = &unknown_yet;
	if (!row && matches(r, "ConcurrentTagAccess", NULL))
		row = &unknown_yet;
	if (row && row->seconds == 0) {
		c->err = (struct error){ 0 };
		return STEP_DONE;
	}
	if (row && aws_is_patient(c, r->code, row->seconds)) {
		c->err = (struct error){ 0 };
		return aws_wait(c, BUSY_POLL_S, "%s", row->waiting_for);
	}
	add_advice(c, r);
	return STEP_FAILED;
}
