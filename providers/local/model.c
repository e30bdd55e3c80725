#include <config.h>

#include "providers/local/model.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/base/map.h"
#include "lang/base/vec.h"
#include "providers/local/network.h"
#include "providers/local/object.h"
#include "providers/local/record.h"

#include <stdio.h>
#include <stdlib.h>

struct listing {
	struct record *items;
	size_t n;
	struct map by_id;
};

enum {
	OF_VPC,
	OF_BALANCER,
	OF_GROUP,
	OF_LISTENER,
	OF_SERVICE,
	OF_ENDPOINT,
	OF_CLUSTER,
	OF_INSTANCE,
	N_LISTINGS,
};

static const char *const types[N_LISTINGS] = {
	[OF_VPC] = "vpc",
	[OF_BALANCER] = "load_balancer",
	[OF_GROUP] = "target_group",
	[OF_LISTENER] = "listener",
	[OF_SERVICE] = "endpoint_service",
	[OF_ENDPOINT] = "vpc_endpoint",
	[OF_CLUSTER] = "db_cluster",
	[OF_INSTANCE] = "db_instance",
};

struct builder {
	const struct local *l;
	struct arena *a;
	struct listing of[N_LISTINGS];
	/* load balancer id -> the first of its listeners' routes; chained */
	struct map first_route;
	size_t *next_route; /* index + 1 */
	VEC(int) numbers;
	VEC(struct route) routes;
	VEC(struct name_route) names;
	/* "address:port" -> struct reach_names */
	struct map reached;
};

struct reach_names {
	VEC(struct str) names;
};

static const struct record *find(const struct builder *b, int listing,
				 struct str id)
{
	return map_get(&b->of[listing].by_id, id);
}

/* The loopback addresses of the balancer's or endpoint's own ones. */
static int listen_of(const struct builder *b, const struct record *r,
		     struct str **out, size_t *n, struct error *err)
{
	struct str *ips = object_texts(r->own, "addresses", b->a, n);

	*out = arena_new(b->a, struct str, *n + 1);
	for (size_t i = 0; i < *n; i++)
		if (network_loopback(b->l, record_own(r, "vpc"), ips[i], b->a,
				     &(*out)[i], err) < 0)
			return error_add(err, "%.*s", STR_ARG(r->address));
	return 0;
}

/* A name that HAProxy takes: an ARN's tail without its slashes. */
static struct str plain_name(struct arena *a, const char *prefix, struct str id,
			     int port)
{
	struct str name = str_fmt(a, "%s_%.*s_%d", prefix, STR_ARG(id), port);
	char *text = str_c(name, a);

	for (char *p = text; *p; p++)
		if (*p == '/' || *p == ':')
			*p = '_';
	return (struct str){ text, name.n };
}

static void add_name(struct builder *b, struct str name, struct str address)
{
	if (name.n && address.n)
		*vec_push(&b->names) = (struct name_route){ name, address };
}

/* Notes that a name leads to every one of a route's targets. */
static void note_reached(struct builder *b, const struct route *r,
			 struct str name)
{
	for (size_t i = 0; name.n && i < r->n_to; i++) {
		struct str key =
		    str_fmt(b->a, "%.*s:%d", STR_ARG(r->to[i]), r->to_port);
		struct reach_names *n = map_get(&b->reached, key);

		if (!n) {
			n = arena_new(b->a, struct reach_names, 1);
			map_put(&b->reached, key, n);
		}
		*vec_push(&n->names) = name;
	}
}

static int add_listener(struct builder *b, const struct record *r,
			struct error *err)
{
	struct str balancer_id = value_text(r->config, "load_balancer");
	const struct record *balancer = find(b, OF_BALANCER, balancer_id);
	const struct record *group =
	    find(b, OF_GROUP, value_text(r->config, "target_group"));
	struct route *route;
	struct str *targets;
	size_t n;

	/* Half of it is still being made. */
	if (!balancer || !group)
		return 0;
	targets = object_texts(group->config, "targets", b->a, &n);
	if (n > MODEL_TARGETS_MAX)
		return error_set(err, ERROR_QUOTA,
				 "%.*s has more than %d targets",
				 STR_ARG(group->address), MODEL_TARGETS_MAX);
	route = vec_push(&b->routes);
	route->port = (int)value_number(r->config, "port", 0);
	route->name = plain_name(b->a, "listener", r->id, route->port);
	route->dns_name = record_own(balancer, "dns_name");
	if (listen_of(b, balancer, &route->from, &route->n_from, err) < 0)
		return -1;
	route->to_port = (int)value_number(group->config, "port", 0);
	route->to = arena_new(b->a, struct str, n + 1);
	for (size_t i = 0; i < n; i++)
		if (network_loopback(b->l, value_text(group->config, "vpc"),
				     targets[i], b->a, &route->to[i], err) < 0)
			return error_add(err, "%.*s", STR_ARG(group->address));
	route->n_to = n;
	if (route->n_from)
		add_name(b, route->dns_name, route->from[0]);
	note_reached(b, route, route->dns_name);
	return 0;
}

static void chain_listener(struct builder *b, const struct record *r,
			   size_t index)
{
	struct str key = value_text(r->config, "load_balancer");
	uintptr_t first = (uintptr_t)map_get(&b->first_route, key);

	b->next_route[index] = (size_t)first;
	map_put(&b->first_route, key, (void *)(uintptr_t)(index + 1));
}

/* com.amazonaws.vpce.us-east-1.vpce-svc-0f…: the last part is the id. */
static struct str service_id(struct str name)
{
	ptrdiff_t dot = str_rfind(name, '.');

	return dot < 0 ? name : str_skip(name, (size_t)dot + 1);
}

static int add_endpoint(struct builder *b, const struct record *r,
			struct error *err)
{
	const struct record *service =
	    find(b, OF_SERVICE, service_id(value_text(r->config, "service")));
	struct str dns_name = record_own(r, "dns_name");
	size_t n_from, at;
	struct str *from;

	if (listen_of(b, r, &from, &n_from, err) < 0)
		return -1;
	if (n_from)
		add_name(b, dns_name, from[0]);
	if (!service || !n_from)
		return 0;
	at = (size_t)(uintptr_t)map_get(
	    &b->first_route, value_text(service->config, "load_balancer"));
	while (at) {
		struct route behind = b->routes.items[at - 1];
		struct route *route = vec_push(&b->routes);

		*route = (struct route){
			.name =
			    plain_name(b->a, "endpoint", r->id, behind.port),
			.dns_name = dns_name,
			.from = from,
			.n_from = n_from,
			.port = behind.port,
			.to = behind.from,
			.n_to = behind.n_from,
			.to_port = behind.port,
		};
		note_reached(b, &behind, dns_name);
		at = b->next_route[at - 1];
	}
	return 0;
}

static int add_instance(struct builder *b, const struct record *r,
			struct reach *out, struct error *err)
{
	struct str cluster_id = value_text(r->config, "cluster");
	const struct record *cluster = find(b, OF_CLUSTER, cluster_id);
	struct reach_names *led;
	struct str key;

	out->cluster = cluster_id;
	if (record_own(r, "private_ip").n &&
	    network_loopback(b->l, record_own(r, "vpc"),
			     record_own(r, "private_ip"), b->a, &out->address,
			     err) < 0)
		return error_add(err, "%.*s", STR_ARG(r->address));
	out->port =
	    cluster ? (int)value_number(cluster->config, "port", 5432) : 5432;
	key = str_fmt(b->a, "%.*s:%d", STR_ARG(out->address), out->port);
	led = map_get(&b->reached, key);
	out->names = arena_new(b->a, struct str, 3 + (led ? led->names.n : 0));
	if (out->address.n)
		out->names[out->n_names++] = out->address;
	if (cluster) {
		out->names[out->n_names++] = record_own(cluster, "endpoint");
		add_name(b, record_own(cluster, "endpoint"), out->address);
	}
	out->names[out->n_names++] = record_own(r, "endpoint");
	add_name(b, record_own(r, "endpoint"), out->address);
	for (size_t i = 0; led && i < led->names.n; i++)
		out->names[out->n_names++] = led->names.items[i];
	return 0;
}

static int read_all(struct builder *b, struct error *err)
{
	for (int i = 0; i < N_LISTINGS; i++) {
		struct listing *at = &b->of[i];

		if (record_list(b->l, types[i], b->a, &at->items, &at->n, err) <
		    0)
			return -1;
		for (size_t k = 0; k < at->n; k++)
			map_put(&at->by_id, at->items[k].id, &at->items[k]);
	}
	return 0;
}

static int build(struct builder *b, struct model *out, struct error *err)
{
	struct listing *at;

	if (read_all(b, err) < 0)
		return -1;
	for (size_t i = 0; i < b->of[OF_VPC].n; i++) {
		int64_t n =
		    value_number(b->of[OF_VPC].items[i].own, "number", -1);

		if (n >= 0)
			*vec_push(&b->numbers) = (int)n;
	}
	at = &b->of[OF_LISTENER];
	b->next_route = arena_new(b->a, size_t, at->n + 1);
	for (size_t i = 0; i < at->n; i++) {
		size_t before = b->routes.n;

		if (add_listener(b, &at->items[i], err) < 0)
			return -1;
		if (b->routes.n > before)
			chain_listener(b, &at->items[i], before);
	}
	at = &b->of[OF_ENDPOINT];
	for (size_t i = 0; i < at->n; i++)
		if (add_endpoint(b, &at->items[i], err) < 0)
			return -1;
	at = &b->of[OF_INSTANCE];
	out->reaches = arena_new(b->a, struct reach, at->n + 1);
	for (size_t i = 0; i < at->n; i++)
		if (add_instance(b, &at->items[i], &out->reaches[i], err) < 0)
			return -1;
	out->n_reaches = at->n;
	return 0;
}

int model_build(const struct local *l, struct arena *a, struct model *out,
		struct error *err)
{
	struct builder b = { .l = l, .a = a };
	int rc;

	*out = (struct model){ 0 };
	rc = build(&b, out, err);
	out->n_numbers = b.numbers.n;
	out->numbers = vec_take(&b.numbers, a);
	out->n_routes = b.routes.n;
	out->routes = vec_take(&b.routes, a);
	out->n_names = b.names.n;
	out->names = vec_take(&b.names, a);
	for (size_t i = 0; i < b.reached.n; i++) {
		struct reach_names *n = b.reached.entries[i].value;

		vec_release(&n->names);
	}
	map_release(&b.reached);
	map_release(&b.first_route);
	for (int i = 0; i < N_LISTINGS; i++)
		map_release(&b.of[i].by_id);
	return rc;
}
