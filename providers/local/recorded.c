/*
 * Types that have nothing to run on this machine: a record with ids and
 * attributes as AWS would give them. All but the groups of databases are shown
 * as simulated.
 */
#include <config.h>

#include "providers/local/types.h"

#include "providers/local/database.h"
#include "providers/local/ids.h"
#include "providers/local/network.h"
#include "providers/local/object.h"
#include "providers/local/stack.h"

#include <stdlib.h>

static const struct recorded *kind_of(const struct call *c)
{
	return c->type->data;
}

static struct str arn(const struct call *c, const struct recorded *kind)
{
	return id_arn(
	    kind->arn_service, "",
	    str_fmt(c->arena, "%s/%.*s", kind->arn_kind, STR_ARG(c->id)),
	    c->arena);
}

/* Computed attributes, from the record alone. */
static void show(struct call *c, const struct record *r)
{
	static const char *const ips[] = { "public_ip", "private_ip" };
	static const char *const texts[] = { "name", "arn", "image" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (record_own(r, texts[i]).n)
			object_set(c, texts[i],
				   value_str(record_own(r, texts[i])));
	for (size_t i = 0; i < sizeof(ips) / sizeof(ips[0]); i++)
		if (record_own(r, ips[i]).n)
			object_set(c, ips[i], object_ip(record_own(r, ips[i])));
}

static int keep(struct call *c, struct record *r)
{
	const struct recorded *kind = kind_of(c);

	r->config = c->config;
	if (kind->arn_service)
		record_set(r, "arn", value_str(arn(c, kind)), c->arena);
	if (kind->fill && kind->fill(c, r) < 0)
		return -1;
	if (record_write(c->self, r, &c->err) < 0)
		return -1;
	show(c, r);
	return kind->apply ? kind->apply(c, r) : 0;
}

static struct str make_id(const struct call *c, struct str text)
{
	const struct recorded *kind = kind_of(c);

	return kind->prefix ? id_make(c->self, kind->prefix, text, c->arena)
			    : object_name(c, kind->name_max);
}

enum step recorded_create(struct call *c)
{
	const struct recorded *kind = kind_of(c);
	struct str name = { 0 };
	struct record r;

	if (kind->name_max) {
		name = object_name(c, kind->name_max);
		if (!name.n || name.n > kind->name_max)
			return call_fail(c, ERROR_INVALID,
					 "the name \"%.*s\" is longer than "
					 "%zu characters",
					 STR_ARG(name), kind->name_max);
	}
	if (record_begin(c, make_id, NULL, &r) < 0)
		return STEP_FAILED;
	if (name.n)
		record_set(&r, "name", value_str(name), c->arena);
	return object_end(keep(c, &r));
}

enum step recorded_read(struct call *c)
{
	struct record r;
	int rc = object_read(c, &r);

	if (rc > 0)
		show(c, &r);
	return object_end(rc);
}

enum step recorded_update(struct call *c)
{
	struct record r;

	if (record_renew(c, &r) < 0)
		return STEP_FAILED;
	return object_end(keep(c, &r));
}

enum step recorded_destroy(struct call *c)
{
	const struct recorded *kind = kind_of(c);
	struct record r;
	int rc = object_read(c, &r);

	if (rc <= 0)
		return object_end(rc);
	if (kind->empty && kind->empty(c, &r) < 0)
		return STEP_FAILED;
	return object_end(
	    record_remove(c->self, c->type->name, c->id, &c->err));
}

const struct resource_ops local_recorded_ops = {
	.read = recorded_read,
	.create = recorded_create,
	.update = recorded_update,
	.destroy = recorded_destroy,
	.recovery = 'T',
};

/* An address that is nobody's (RFC 5737). */
static int fill_elastic_ip(struct call *c, struct record *r)
{
	struct str hex = id_hash(c->self, "eip", c->id, 4, c->arena);
	unsigned long n = strtoul(hex.s, NULL, 16);

	record_set(r, "public_ip",
		   value_str(str_fmt(c->arena, "203.0.113.%lu", n % 254 + 1)),
		   c->arena);
	return 0;
}

static int fill_interface(struct call *c, struct record *r)
{
	struct str subnet = value_text(c->config, "subnet");
	struct str ip = value_text(c->config, "private_ip");
	struct network_owner me = { c->id, c->address };

	/* Noted before the address is taken, for destroy. */
	record_set(r, "subnet", value_str(subnet), c->arena);
	if (record_write(c->self, r, &c->err) < 0)
		return -1;
	if (ip.n ? network_reserve(c->self, subnet, me, ip, &c->err) < 0
		 : network_allocate(c->self, subnet, me, c->arena, &ip,
				    &c->err) < 0)
		return -1;
	record_set(r, "private_ip", value_str(ip), c->arena);
	return 0;
}

static int empty_interface(struct call *c, struct record *r)
{
	return network_free(c->self, record_own(r, "subnet"), c->id, &c->err);
}

static int fill_instance(struct call *c, struct record *r)
{
	struct str image = value_text(c->config, "image");

	if (!image.n)
		image = id_make(c->self, "ami-", STR("al2023"), c->arena);
	record_set(r, "image", value_str(image), c->arena);
	return 0;
}

/* A subnet group spans zones of one network. */
static int fill_subnet_group(struct call *c, struct record *r)
{
	struct str zone = { 0 }, vpc = { 0 };
	bool has_two = false;
	struct str *subnets;
	size_t n;

	(void)r;
	subnets = object_texts(c->config, "subnets", c->arena, &n);
	for (size_t i = 0; i < n; i++) {
		struct record subnet;

		if (record_read(c->self, "subnet", subnets[i], c->arena,
				&subnet, &c->err) < 0)
			return -1;
		if (i && !str_eq(vpc, value_text(subnet.config, "vpc")))
			return error_set(&c->err, ERROR_INVALID,
					 "the subnets of a subnet group are in "
					 "one network; these are in several");
		if (i && !str_eq(zone, value_text(subnet.config, "zone")))
			has_two = true;
		zone = value_text(subnet.config, "zone");
		vpc = value_text(subnet.config, "vpc");
	}
	if (!has_two)
		return error_set(&c->err, ERROR_INVALID,
				 "a subnet group needs subnets in two zones "
				 "at least");
	return 0;
}

/*
 * Running servers read their configuration again. What only a start takes waits
 * for the next one, as on AWS ("pending-reboot").
 */
static int apply_parameters(struct call *c, struct record *r)
{
	struct local *l = c->self;
	struct record *clusters;
	size_t n;

	if (record_list(l, "db_cluster", c->arena, &clusters, &n, &c->err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct server s;

		if (!str_eq(value_text(clusters[i].config, "parameter_group"),
			    r->id))
			continue;
		server_init(l, clusters[i].id, c->arena, &s);
		if (server_look(l, &s) == SERVER_READY &&
		    database_serve(l, &clusters[i], false, c->arena, &c->err) <
			0)
			return -1;
	}
	return 0;
}

const struct recorded recorded_internet_gateway = { .prefix = "igw-" };
const struct recorded recorded_elastic_ip = {
	.prefix = "eipalloc-",
	.fill = fill_elastic_ip,
};
const struct recorded recorded_nat_gateway = { .prefix = "nat-" };
const struct recorded recorded_route_table = { .prefix = "rtb-" };
const struct recorded recorded_security_group = {
	.prefix = "sg-",
	.name_max = 255,
};
const struct recorded recorded_security_group_rule = { .prefix = "sgr-" };
const struct recorded recorded_network_interface = {
	.prefix = "eni-",
	.fill = fill_interface,
	.empty = empty_interface,
};
const struct recorded recorded_iam_role = {
	.name_max = 64,
	.arn_service = "iam",
	.arn_kind = "role",
};
const struct recorded recorded_instance_profile = { .name_max = 128 };
const struct recorded recorded_instance = {
	.prefix = "i-",
	.fill = fill_instance,
};
const struct recorded recorded_log_group = { .name_max = 512 };
const struct recorded recorded_database = { .prefix = "db-" };
const struct recorded recorded_dms_certificate = { .name_max = 255 };
const struct recorded recorded_db_subnet_group = {
	.name_max = 255,
	.fill = fill_subnet_group,
};
const struct recorded recorded_db_parameter_group = { .name_max = 255 };
const struct recorded recorded_db_cluster_parameter_group = {
	.name_max = 255,
	.apply = apply_parameters,
};
