/*
 * The private way from one network to a server in another: load_balancer,
 * target_group, listener, endpoint_service, vpc_endpoint. Each keeps its record
 * and its addresses; the balancer makes paths of them.
 */
#include <config.h>

#include "providers/local/types.h"

#include "providers/local/balancer.h"
#include "providers/local/ids.h"
#include "providers/local/network.h"
#include "providers/local/object.h"
#include "providers/local/stack.h"

enum { ELB_NAME_MAX = 32, SUBNETS_MAX = 20, HASH_MAX = 16 };

/* Two subnets of one zone: AWS refuses that, so we do. */
static int check_zones(struct call *c, const struct str *subnets, size_t n)
{
	struct str zones[SUBNETS_MAX];
	struct record r;

	if (n > SUBNETS_MAX)
		return error_set(&c->err, ERROR_QUOTA, "more than %d subnets",
				 SUBNETS_MAX);
	for (size_t i = 0; i < n; i++) {
		if (record_read(c->self, "subnet", subnets[i], c->arena, &r,
				&c->err) < 0)
			return -1;
		zones[i] = value_text(r.config, "zone");
		for (size_t k = 0; k < i; k++)
			if (str_eq(zones[k], zones[i]))
				return error_set(&c->err, ERROR_INVALID,
						 "two of the subnets are in "
						 "zone %.*s; there may be one "
						 "a zone",
						 STR_ARG(zones[i]));
	}
	return 0;
}

static bool has(const struct str *list, size_t n, struct str item)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(list[i], item))
			return true;
	return false;
}

/*
 * An address in each subnet of the configuration, and none elsewhere: own
 * "subnets" (where it has some), "vpc", "addresses". What it had stays.
 */
static int keep_addresses(struct call *c, struct record *r)
{
	struct local *l = c->self;
	struct network_owner me = { r->id, c->address };
	size_t n, n_had;
	struct str *subnets = object_texts(c->config, "subnets", c->arena, &n);
	struct str *had = object_texts(r->own, "subnets", c->arena, &n_had);
	struct str *all = arena_new(c->arena, struct str, n + n_had + 1);
	struct str *ips = arena_new(c->arena, struct str, n + 1);
	size_t n_all = 0;

	if (check_zones(c, subnets, n) < 0)
		return -1;
	/* Noted before they are taken, so that destroy finds all of them. */
	for (size_t i = 0; i < n_had; i++)
		all[n_all++] = had[i];
	for (size_t i = 0; i < n; i++)
		if (!has(all, n_all, subnets[i]))
			all[n_all++] = subnets[i];
	record_set(r, "subnets", object_list(all, n_all, c->arena), c->arena);
	if (record_write(l, r, &c->err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct record subnet;

		if (record_read(l, "subnet", subnets[i], c->arena, &subnet,
				&c->err) < 0 ||
		    network_allocate(l, subnets[i], me, c->arena, &ips[i],
				     &c->err) < 0)
			return -1;
		record_set(r, "vpc",
			   value_str(value_text(subnet.config, "vpc")),
			   c->arena);
	}
	record_set(r, "addresses", object_list(ips, n, c->arena), c->arena);
	return record_write(l, r, &c->err);
}

/* After the balancer has let go of them: those that it has no more. */
static int drop_addresses(struct call *c, struct record *r, bool all)
{
	struct local *l = c->self;
	size_t n, n_had;
	struct str *subnets = object_texts(c->config, "subnets", c->arena, &n);
	struct str *had = object_texts(r->own, "subnets", c->arena, &n_had);
	bool is_other = false;

	for (size_t i = 0; i < n_had; i++) {
		if (!all && has(subnets, n, had[i]))
			continue;
		if (network_free(l, had[i], r->id, &c->err) < 0)
			return -1;
		is_other = true;
	}
	if (all || !is_other)
		return 0;
	record_set(r, "subnets", object_list(subnets, n, c->arena), c->arena);
	return record_write(l, r, &c->err);
}

static int take_down(struct call *c)
{
	struct local *l = c->self;
	struct record r;
	int rc = object_read(c, &r);

	if (rc <= 0)
		return rc;
	/*
	 * The listeners go first, while the record still says what is to be
	 * freed; without addresses, it is no part of a path.
	 */
	record_set(&r, "addresses", value_null(), c->arena);
	if (record_write(l, &r, &c->err) < 0 || balancer_sync(l, &c->err) < 0 ||
	    drop_addresses(c, &r, true) < 0)
		return -1;
	return record_remove(l, c->type->name, c->id, &c->err);
}

static enum step destroy_addressed(struct call *c)
{
	return object_end(take_down(c));
}

/* For what has no addresses of its own. */
static enum step destroy_plain(struct call *c)
{
	if (record_remove(c->self, c->type->name, c->id, &c->err) < 0)
		return STEP_FAILED;
	return object_end(balancer_sync(c->self, &c->err));
}

static int broken_when_down(struct call *c, int rc)
{
	if (rc > 0 && !balancer_is_up(c->self)) {
		c->is_broken = true;
		c->status = STR("down");
	}
	return rc;
}

/* -- load_balancer -- */

static void show_balancer(struct call *c, const struct record *r)
{
	object_set(c, "name", value_str(record_own(r, "name")));
	object_set(c, "dns_name", value_str(record_own(r, "dns_name")));
}

static struct str balancer_id(const struct call *c, struct str text)
{
	struct str name = object_name(c, ELB_NAME_MAX);
	struct str hash = id_hash(c->self, "lb", text, HASH_MAX, c->arena);

	return id_arn("elasticloadbalancing", LOCAL_REGION,
		      str_fmt(c->arena, "loadbalancer/net/%.*s/%.*s",
			      STR_ARG(name), STR_ARG(hash)),
		      c->arena);
}

static enum step create_balancer(struct call *c)
{
	struct local *l = c->self;
	struct str name = object_name(c, ELB_NAME_MAX);
	struct record r;
	struct str hash;

	if (name.n > ELB_NAME_MAX)
		return call_fail(c, ERROR_INVALID,
				 "the name \"%.*s\" is longer than %d "
				 "characters",
				 STR_ARG(name), ELB_NAME_MAX);
	if (record_begin(c, balancer_id, NULL, &r) < 0)
		return STEP_FAILED;
	hash = str_skip(c->id, (size_t)str_rfind(c->id, '/') + 1);
	record_set(&r, "name", value_str(name), c->arena);
	record_set(&r, "dns_name",
		   value_str(str_fmt(c->arena,
				     "%.*s-%.*s.elb." LOCAL_REGION ".localhost",
				     STR_ARG(name), STR_ARG(hash))),
		   c->arena);
	if (keep_addresses(c, &r) < 0)
		return STEP_FAILED;
	show_balancer(c, &r);
	return object_end(balancer_sync(l, &c->err));
}

static enum step read_balancer(struct call *c)
{
	struct record r;
	int rc = object_read(c, &r);

	if (rc > 0)
		show_balancer(c, &r);
	return object_end(rc);
}

static enum step update_balancer(struct call *c)
{
	struct record r;

	if (record_renew(c, &r) < 0)
		return STEP_FAILED;
	r.config = c->config;
	if (keep_addresses(c, &r) < 0 || balancer_sync(c->self, &c->err) < 0 ||
	    drop_addresses(c, &r, false) < 0)
		return STEP_FAILED;
	show_balancer(c, &r);
	return STEP_DONE;
}

const struct resource_ops local_load_balancer_ops = {
	.read = read_balancer,
	.create = create_balancer,
	.update = update_balancer,
	.destroy = destroy_addressed,
	.recovery = 'T',
};

/* -- target_group -- */

/* Addresses that are not in the group's network are an error, not silence. */
static int check_targets(struct call *c)
{
	size_t n;
	struct str *targets = object_texts(c->config, "targets", c->arena, &n);
	struct str address;

	for (size_t i = 0; i < n; i++)
		if (network_loopback(c->self, value_text(c->config, "vpc"),
				     targets[i], c->arena, &address,
				     &c->err) < 0)
			return -1;
	return 0;
}

static struct str group_id(const struct call *c, struct str text)
{
	struct str name = object_name(c, ELB_NAME_MAX);
	struct str hash = id_hash(c->self, "tg", text, HASH_MAX, c->arena);

	return id_arn("elasticloadbalancing", LOCAL_REGION,
		      str_fmt(c->arena, "targetgroup/%.*s/%.*s", STR_ARG(name),
			      STR_ARG(hash)),
		      c->arena);
}

static enum step create_group(struct call *c)
{
	struct local *l = c->self;
	struct str name = object_name(c, ELB_NAME_MAX);
	struct record r;

	if (check_targets(c) < 0 || record_begin(c, group_id, NULL, &r) < 0)
		return STEP_FAILED;
	record_set(&r, "name", value_str(name), c->arena);
	if (record_write(l, &r, &c->err) < 0)
		return STEP_FAILED;
	object_set(c, "name", value_str(name));
	return object_end(balancer_sync(l, &c->err));
}

static enum step read_group(struct call *c)
{
	struct record r;
	int rc = object_read(c, &r);

	if (rc > 0)
		object_set(c, "name", value_str(record_own(&r, "name")));
	return object_end(rc);
}

static enum step update_group(struct call *c)
{
	struct record r;

	if (check_targets(c) < 0 || record_renew(c, &r) < 0)
		return STEP_FAILED;
	r.config = c->config;
	if (record_write(c->self, &r, &c->err) < 0)
		return STEP_FAILED;
	object_set(c, "name", value_str(record_own(&r, "name")));
	return object_end(balancer_sync(c->self, &c->err));
}

const struct resource_ops local_target_group_ops = {
	.read = read_group,
	.create = create_group,
	.update = update_group,
	.destroy = destroy_plain,
	.recovery = 'T',
};

/* -- listener -- */

static int keep_listener(struct call *c, struct record *r)
{
	struct record other;

	if (record_read(c->self, "load_balancer",
			value_text(c->config, "load_balancer"), c->arena,
			&other, &c->err) < 0 ||
	    record_read(c->self, "target_group",
			value_text(c->config, "target_group"), c->arena, &other,
			&c->err) < 0)
		return -1;
	if (record_write(c->self, r, &c->err) < 0)
		return -1;
	return balancer_sync(c->self, &c->err);
}

/* loadbalancer/net/NAME/HASH -> listener/net/NAME/HASH/HASH */
static struct str listener_id(const struct call *c, struct str text)
{
	struct str hash = id_hash(c->self, "ls", text, HASH_MAX, c->arena);
	struct str balancer = value_text(c->config, "load_balancer");
	ptrdiff_t at = str_find(balancer, '/');

	return id_arn("elasticloadbalancing", LOCAL_REGION,
		      str_fmt(c->arena, "listener%.*s/%.*s",
			      STR_ARG(str_skip(balancer, at < 0 ? balancer.n
								: (size_t)at)),
			      STR_ARG(hash)),
		      c->arena);
}

static enum step create_listener(struct call *c)
{
	struct record r;

	if (record_begin(c, listener_id, NULL, &r) < 0)
		return STEP_FAILED;
	return object_end(keep_listener(c, &r));
}

static enum step read_listener(struct call *c)
{
	struct record r;

	return object_end(broken_when_down(c, object_read(c, &r)));
}

static enum step update_listener(struct call *c)
{
	struct record r;

	if (record_renew(c, &r) < 0)
		return STEP_FAILED;
	r.config = c->config;
	return object_end(keep_listener(c, &r));
}

const struct resource_ops local_listener_ops = {
	.read = read_listener,
	.create = create_listener,
	.update = update_listener,
	.destroy = destroy_plain,
	.recovery = 'T',
};

/* -- endpoint_service -- */

static void show_service(struct call *c)
{
	object_set(c, "service_name",
		   value_str(str_fmt(c->arena,
				     "com.amazonaws.vpce." LOCAL_REGION ".%.*s",
				     STR_ARG(c->id))));
}

static int keep_service(struct call *c, struct record *r)
{
	struct record balancer;

	if (record_read(c->self, "load_balancer",
			value_text(c->config, "load_balancer"), c->arena,
			&balancer, &c->err) < 0 ||
	    record_write(c->self, r, &c->err) < 0)
		return -1;
	show_service(c);
	return balancer_sync(c->self, &c->err);
}

static struct str new_service_id(const struct call *c, struct str text)
{
	return id_make(c->self, "vpce-svc-", text, c->arena);
}

static enum step create_service(struct call *c)
{
	struct record r;

	if (record_begin(c, new_service_id, NULL, &r) < 0)
		return STEP_FAILED;
	return object_end(keep_service(c, &r));
}

static enum step read_service(struct call *c)
{
	struct record r;
	int rc = object_read(c, &r);

	if (rc > 0)
		show_service(c);
	return object_end(rc);
}

static enum step update_service(struct call *c)
{
	struct record r;

	if (record_renew(c, &r) < 0)
		return STEP_FAILED;
	r.config = c->config;
	return object_end(keep_service(c, &r));
}

const struct resource_ops local_endpoint_service_ops = {
	.read = read_service,
	.create = create_service,
	.update = update_service,
	.destroy = destroy_plain,
	.recovery = 'T',
};

/* -- vpc_endpoint -- */

static bool is_gateway(const struct call *c)
{
	return str_is(value_text(c->config, "kind"), "gateway");
}

/* com.amazonaws.vpce.us-east-1.vpce-svc-0f… */
static struct str service_id(const struct call *c)
{
	struct str name = value_text(c->config, "service");
	ptrdiff_t dot = str_rfind(name, '.');

	return dot < 0 ? name : str_skip(name, (size_t)dot + 1);
}

static void show_endpoint(struct call *c, const struct record *r)
{
	object_set(c, "dns_name", value_str(record_own(r, "dns_name")));
	object_set(c, "prefix_list", value_str(record_own(r, "prefix_list")));
}

static struct str endpoint_dns_name(const struct call *c)
{
	if (value_text(c->config, "service").n)
		return str_fmt(c->arena,
			       "%.*s.%.*s." LOCAL_REGION ".vpce.localhost",
			       STR_ARG(c->id), STR_ARG(service_id(c)));
	return str_fmt(c->arena, "%.*s.%.*s." LOCAL_REGION ".vpce.localhost",
		       STR_ARG(c->id),
		       STR_ARG(value_text(c->config, "aws_service")));
}

static int keep_endpoint(struct call *c, struct record *r)
{
	struct local *l = c->self;
	struct record service;

	if (!value_text(c->config, "service").n ==
	    !value_text(c->config, "aws_service").n)
		return error_set(&c->err, ERROR_INVALID,
				 "an endpoint leads to exactly one of service "
				 "and aws_service");
	if (value_text(c->config, "service").n &&
	    record_read(l, "endpoint_service", service_id(c), c->arena,
			&service, &c->err) < 0)
		return -1;
	if (is_gateway(c)) {
		record_set(r, "dns_name", value_c(""), c->arena);
		record_set(r, "prefix_list",
			   value_str(id_make(
			       l, "pl-", value_text(c->config, "aws_service"),
			       c->arena)),
			   c->arena);
		if (record_write(l, r, &c->err) < 0)
			return -1;
		show_endpoint(c, r);
		return 0;
	}
	record_set(r, "dns_name", value_str(endpoint_dns_name(c)), c->arena);
	record_set(r, "prefix_list", value_c(""), c->arena);
	if (keep_addresses(c, r) < 0 || balancer_sync(l, &c->err) < 0 ||
	    drop_addresses(c, r, false) < 0)
		return -1;
	show_endpoint(c, r);
	return 0;
}

static struct str endpoint_id(const struct call *c, struct str text)
{
	return id_make(c->self, "vpce-", text, c->arena);
}

static enum step create_endpoint(struct call *c)
{
	struct record r;

	if (record_begin(c, endpoint_id, NULL, &r) < 0)
		return STEP_FAILED;
	return object_end(keep_endpoint(c, &r));
}

static enum step read_endpoint(struct call *c)
{
	struct record r;
	int rc = object_read(c, &r);

	if (rc > 0)
		show_endpoint(c, &r);
	/* Only to services of ours something is to be heard. */
	if (rc > 0 && value_text(r.config, "service").n)
		broken_when_down(c, rc);
	return object_end(rc);
}

static enum step update_endpoint(struct call *c)
{
	struct record r;

	if (record_renew(c, &r) < 0)
		return STEP_FAILED;
	r.config = c->config;
	return object_end(keep_endpoint(c, &r));
}

const struct resource_ops local_vpc_endpoint_ops = {
	.read = read_endpoint,
	.create = create_endpoint,
	.update = update_endpoint,
	.destroy = destroy_addressed,
	.recovery = 'T',
};
