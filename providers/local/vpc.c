/* vpc and subnet: ranges, and the loopback network that a VPC stands for. */
#include <config.h>

#include "providers/local/types.h"

#include "providers/local/balancer.h"
#include "providers/local/ids.h"
#include "providers/local/network.h"
#include "providers/local/object.h"
#include "providers/local/server.h"
#include "providers/local/stack.h"

/* Servers that run are bound to addresses of the number they know. */
static int is_lived_in(struct local *l, struct str vpc, struct arena *a,
		       bool *is, struct error *err)
{
	struct record *instances;
	struct server s;
	size_t n;

	*is = false;
	if (record_list(l, "db_instance", a, &instances, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n && !*is; i++) {
		server_init(l, value_text(instances[i].config, "cluster"), a,
			    &s);
		*is = str_eq(record_own(&instances[i], "vpc"), vpc) &&
		      server_look(l, &s) != SERVER_DOWN;
	}
	return 0;
}

static int claim(struct local *l, struct record *r, struct arena *a,
		 struct error *err)
{
	bool is_lived;
	int number;

	if (is_lived_in(l, r->id, a, &is_lived, err) < 0 ||
	    network_claim(l, r, !is_lived, &number, err) < 0)
		return -1;
	/* The number is durable before anything uses it. */
	record_set(r, "number", value_int(number), a);
	return record_write(l, r, err);
}

int vpc_claim_all(struct local *l, struct arena *a, struct error *err)
{
	int lock = stack_lock(l, err), rc = -1;
	struct record *vpcs;
	size_t n;

	if (lock < 0 || record_list(l, "vpc", a, &vpcs, &n, err) < 0)
		goto out;
	rc = 0;
	/* One without a number is just being made, by somebody else. */
	for (size_t i = 0; i < n && rc == 0; i++)
		if (value_number(vpcs[i].own, "number", -1) >= 0)
			rc = claim(l, &vpcs[i], a, err);
out:
	stack_unlock(lock);
	return rc;
}

static int keep_vpc(struct call *c, struct record *r)
{
	struct local *l = c->self;
	struct range range;

	if (!range_parse(value_text(c->config, "cidr"), &range) ||
	    range.bits < 16 || range.bits > 28)
		return error_set(&c->err, ERROR_INVALID,
				 "\"%.*s\" is not a range for a network: it "
				 "must be between /16 and /28",
				 STR_ARG(value_text(c->config, "cidr")));
	if (claim(l, r, c->arena, &c->err) < 0)
		return -1;
	return balancer_sync(l, &c->err);
}

static struct str vpc_id(const struct call *c, struct str text)
{
	return id_make(c->self, "vpc-", text, c->arena);
}

static enum step create_vpc(struct call *c)
{
	struct record r;

	if (record_begin(c, vpc_id, NULL, &r) < 0)
		return STEP_FAILED;
	return object_end(keep_vpc(c, &r));
}

static enum step read_vpc(struct call *c)
{
	struct record r;
	int rc = object_read(c, &r);

	if (rc > 0 && !balancer_is_up(c->self)) {
		c->is_broken = true;
		c->status = STR("down");
	}
	return object_end(rc);
}

static enum step update_vpc(struct call *c)
{
	struct local *l = c->self;
	struct record r;

	/*
	 * While HAProxy has the numbers, there is nothing to claim. It needs
	 * all of them: those of the other networks may have been lost too.
	 */
	if (!balancer_is_up(l) && vpc_claim_all(l, c->arena, &c->err) < 0)
		return STEP_FAILED;
	if (record_renew(c, &r) < 0)
		return STEP_FAILED;
	r.config = c->config;
	if (record_write(l, &r, &c->err) < 0)
		return STEP_FAILED;
	return object_end(balancer_sync(l, &c->err));
}

static enum step destroy_vpc(struct call *c)
{
	struct local *l = c->self;
	struct record r;
	int rc = object_read(c, &r);

	if (rc <= 0)
		return object_end(rc);
	if (record_remove(l, "vpc", c->id, &c->err) < 0)
		return STEP_FAILED;
	network_drop(l, (int)value_number(r.own, "number", -1));
	return object_end(balancer_sync(l, &c->err));
}

static int plan_vpc(struct call *c, const char *action)
{
	if (c->id.n && str_is(str_from(action), "update") &&
	    !balancer_is_up(c->self))
		call_effect(c, EFFECT_START, STR("paths"),
			    "start the paths of the stack");
	return 0;
}

const struct resource_ops local_vpc_ops = {
	.plan = plan_vpc,
	.read = read_vpc,
	.create = create_vpc,
	.update = update_vpc,
	.destroy = destroy_vpc,
	.recovery = 'T',
};

static int keep_subnet(struct call *c, struct record *r)
{
	struct str text = value_text(c->config, "cidr");
	struct local *l = c->self;
	struct range range, outer;
	struct record vpc;
	int rc;

	if (record_read(l, "vpc", value_text(c->config, "vpc"), c->arena, &vpc,
			&c->err) < 0)
		return -1;
	if (!range_parse(text, &range) || range.bits < 16 || range.bits > 28)
		return error_set(&c->err, ERROR_INVALID,
				 "\"%.*s\" is not a range for a subnet: it "
				 "must be between /16 and /28",
				 STR_ARG(text));
	if (!range_parse(value_text(vpc.config, "cidr"), &outer) ||
	    !range_holds(outer, range))
		return error_set(&c->err, ERROR_INVALID,
				 "the range %.*s is not inside that of %.*s, "
				 "%.*s",
				 STR_ARG(text), STR_ARG(vpc.address),
				 STR_ARG(value_text(vpc.config, "cidr")));
	/* Its record is also the list of its addresses (network.h). */
	pthread_mutex_lock(&l->lock);
	rc = record_write(l, r, &c->err);
	pthread_mutex_unlock(&l->lock);
	return rc;
}

static struct str subnet_id(const struct call *c, struct str text)
{
	return id_make(c->self, "subnet-", text, c->arena);
}

static enum step create_subnet(struct call *c)
{
	struct record r;

	if (record_begin(c, subnet_id, NULL, &r) < 0)
		return STEP_FAILED;
	return object_end(keep_subnet(c, &r));
}

static enum step read_subnet(struct call *c)
{
	struct record r;

	return object_end(object_read(c, &r));
}

static enum step update_subnet(struct call *c)
{
	struct record r;

	if (record_renew(c, &r) < 0)
		return STEP_FAILED;
	r.config = c->config;
	return object_end(keep_subnet(c, &r));
}

static enum step destroy_subnet(struct call *c)
{
	struct local *l = c->self;
	const struct value *used;
	struct record r;
	int rc = object_read(c, &r);

	if (rc <= 0)
		return object_end(rc);
	used = value_get(r.own, "used");
	if (used && used->kind == VALUE_MAP && used->as.map.n)
		return call_fail(
		    c, ERROR_CONFLICT,
		    "the subnet has dependencies: %.*s is used "
		    "by %.*s",
		    STR_ARG(used->as.map.entries[0].key),
		    STR_ARG(used->as.map.entries[0].value.as.text));
	return object_end(record_remove(l, "subnet", c->id, &c->err));
}

const struct resource_ops local_subnet_ops = {
	.read = read_subnet,
	.create = create_subnet,
	.update = update_subnet,
	.destroy = destroy_subnet,
	.recovery = 'T',
};
