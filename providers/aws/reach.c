#include <config.h>

#include "providers/aws/reach.h"

#include "lang/base/clock.h"
#include "lang/base/map.h"
#include "lang/json.h"
#include "providers/aws/fields.h"
#include "providers/aws/rds.h"
#include "providers/aws/rds_address.h"
#include "providers/aws/secret.h"
#include "providers/aws/tags.h"
#include "providers/aws/type.h"
#include "providers/pg/pg.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { FRESH_MS = 60000 };

struct entry {
	int64_t cluster_at, way_at; /* by clock_ms(); 0: never */
	struct reach_cluster cluster;
	struct reach_way way;
};

/* Entries by cluster; what they hold lives as long as the site. */
struct reach_cache {
	pthread_mutex_t lock;
	struct arena arena;
	struct map entries;
};

struct reach_cache *reach_cache_new(void)
{
	struct reach_cache *k = xrealloc(NULL, 1, sizeof(*k));

	*k = (struct reach_cache){ 0 };
	pthread_mutex_init(&k->lock, NULL);
	return k;
}

void reach_cache_free(struct reach_cache *k)
{
	if (!k)
		return;
	map_release(&k->entries);
	arena_release(&k->arena);
	pthread_mutex_destroy(&k->lock);
	free(k);
}

enum step reach_wait(struct call *c, int ms, const char *format, ...)
{
	struct aws_site *w = c->self;
	va_list args;

	va_start(args, format);
	c->waiting_for = str_vfmt(c->arena, format, args);
	va_end(args);
	c->poll_ms = (int)w->pace(w, ms);
	return STEP_PENDING;
}

static const char *const running[] = {
	"available",
	"backing-up",
	"configuring-enhanced-monitoring",
	"configuring-iam-database-auth",
	"configuring-log-exports",
	"maintenance",
	"modifying",
	"renaming",
	"resetting-master-credentials",
	"storage-optimization",
	"upgrading",
	NULL,
};

static bool runs(struct str status)
{
	for (size_t i = 0; running[i]; i++)
		if (str_is(status, running[i]))
			return true;
	return false;
}

static int describe(struct aws_site *w, const struct aws_service *s,
		    const char *operation, struct fields *f, const char *path,
		    struct arena *a, struct value *out, struct error *err)
{
	return aws_ask_all(w->client, s, operation, fields_done(f, a), path, a,
			   out, err);
}

/* The tag that says where the master user's password stands. */
static struct str secret_of(struct value cluster, struct arena *a)
{
	struct value tags = tag_map(aws_items(cluster, "TagList/Tag", a), a);
	struct str named = value_text(tags, REACH_TAG_SECRET);

	return named.n ? named
		       : aws_text(cluster, "MasterUserSecret/SecretArn");
}

static int find_vpc(struct aws_site *w, struct str group, struct arena *a,
		    struct str *out, struct error *err)
{
	struct fields f = { 0 };
	struct value groups;

	field_text(&f, "DBSubnetGroupName", group);
	if (describe(w, &aws_rds, "DescribeDBSubnetGroups", &f,
		     "DBSubnetGroups/DBSubnetGroup", a, &groups, err) < 0)
		return -1;
	*out = groups.as.list.n ? aws_text(groups.as.list.items[0], "VpcId")
				: STR("");
	return 0;
}

static int ask_cluster(struct aws_site *w, struct str cluster, struct arena *a,
		       struct reach_cluster *out, struct error *err)
{
	struct fields f = { 0 };
	struct value found, k;
	struct str port;
	uint64_t number = 0;

	*out = (struct reach_cluster){ 0 };
	field_text(&f, "DBClusterIdentifier", cluster);
	if (describe(w, &aws_rds, "DescribeDBClusters", &f,
		     "DBClusters/DBCluster", a, &found, err) < 0)
		return -1;
	if (found.as.list.n == 0)
		return error_set(err, ERROR_NOT_FOUND,
				 "cluster \"%.*s\" is gone", STR_ARG(cluster));
	k = found.as.list.items[0];
	if (!runs(aws_text(k, "Status")))
		return error_set(err, ERROR_UNAVAILABLE,
				 "cluster \"%.*s\" is %.*s", STR_ARG(cluster),
				 STR_ARG(aws_text(k, "Status")));
	port = aws_text(k, "Port");
	str_to_u64(port, &number);
	out->id = cluster;
	out->arn = aws_text(k, "DBClusterArn");
	out->secret = secret_of(k, a);
	out->endpoint = aws_text(k, "Endpoint");
	out->port = number && number < 65536 ? (int)number : 5432;
	out->ssl_mode = STR("require");
	out->has_data_api = str_is(aws_text(k, "HttpEndpointEnabled"), "true");
	if (out->secret.n == 0) {
		error_set(err, ERROR_INVALID,
			  "cluster \"%.*s\" does not say in which secret its "
			  "master user stands",
			  STR_ARG(cluster));
		return error_hint(err, "set secret in its db_cluster block");
	}
	return find_vpc(w, aws_text(k, "DBSubnetGroup"), a, &out->vpc, err);
}

/* The cluster's entry; under the lock. */
static struct entry *entry_of(struct reach_cache *k, struct str cluster)
{
	struct entry *e = map_get(&k->entries, cluster);

	if (!e) {
		e = arena_new(&k->arena, struct entry, 1);
		map_put(&k->entries, str_dup(cluster, &k->arena), e);
	}
	return e;
}

static bool is_fresh(int64_t at)
{
	return at && clock_ms() - at < FRESH_MS;
}

/* ERROR_NOT_FOUND: it is gone; ERROR_UNAVAILABLE: it does not run. */
static int cluster_find(struct aws_site *w, struct str cluster, struct arena *a,
			struct reach_cluster *out, struct error *err)
{
	struct reach_cache *k = w->reached;
	struct entry *e;
	bool is_known;

	if (reach_is_server(cluster))
		return reach_server_find(w, cluster, out, err);
	pthread_mutex_lock(&k->lock);
	e = entry_of(k, cluster);
	is_known = is_fresh(e->cluster_at);
	if (is_known)
		*out = e->cluster;
	pthread_mutex_unlock(&k->lock);
	if (is_known)
		return 0;
	if (ask_cluster(w, cluster, a, out, err) < 0)
		return -1;
	pthread_mutex_lock(&k->lock);
	e->cluster_at = clock_ms();
	e->cluster = (struct reach_cluster){
		.id = str_dup(out->id, &k->arena),
		.arn = str_dup(out->arn, &k->arena),
		.secret = str_dup(out->secret, &k->arena),
		.endpoint = str_dup(out->endpoint, &k->arena),
		.vpc = str_dup(out->vpc, &k->arena),
		.port = out->port,
		.has_data_api = out->has_data_api,
		.ssl_mode = out->ssl_mode,
	};
	pthread_mutex_unlock(&k->lock);
	return 0;
}

/* User name and password in its JSON; texts in the arena. */
static int secret_read(struct aws_site *w, struct str secret, struct arena *a,
		       struct str *user, struct str *password,
		       struct error *err)
{
	struct error ignored;
	struct str text;
	struct value json;

	if (aws_secret_value(w, secret, a, &text, err) < 0)
		return -1;
	/* A parser's words could quote it. */
	if (json_read(text, a, &json, &ignored) < 0 ||
	    value_text(json, "password").n == 0)
		return error_set(err, ERROR_INVALID,
				 "secret %.*s does not hold a username and a "
				 "password in JSON",
				 STR_ARG(secret));
	*user = value_text(json, "username");
	*password = value_text(json, "password");
	return 0;
}

/* -- the workstation -- */

static int no_workstation(struct error *err, const char *what)
{
	error_set(err, ERROR_UNAVAILABLE, "%s", what);
	return error_hint(err,
			  "SQL in a private network is run from a host in it: "
			  "declare a workstation, name one with workstation in "
			  "the provider block, or set reach there");
}

/* Its address may say so; any other instance will not do. */
static bool is_workstation(const struct aws_site *w, struct value instance,
			   struct arena *a)
{
	struct str address = value_text(
	    tag_map(aws_items(instance, "tagSet/item", a), a), "dmsl:address");

	if (w->workstation.n)
		return str_eq(w->workstation,
			      aws_text(instance, "instanceId")) ||
		       str_eq(tag_text(w->workstation, a), address);
	return str_contains(address, STR("workstation"));
}

static int find_workstation(struct aws_site *w, struct arena *a,
			    struct value *out, struct error *err)
{
	struct fields f = { 0 };
	struct value found;
	size_t n = 0;

	if (str_starts(w->workstation, "i-"))
		aws_filter(&f, &aws_ec2, "instance-id", w->workstation, a);
	else
		aws_filter(&f, &aws_ec2, "tag:dmsl:stack",
			   tag_text(w->stack, a), a);
	if (describe(w, &aws_ec2, "DescribeInstances", &f,
		     "reservationSet/item", a, &found, err) < 0)
		return -1;
	for (size_t i = 0; i < found.as.list.n; i++) {
		struct value all =
		    aws_items(found.as.list.items[i], "instancesSet/item", a);

		for (size_t j = 0; j < all.as.list.n; j++) {
			struct value one = all.as.list.items[j];

			if (!is_workstation(w, one, a) ||
			    !str_is(aws_text(one, "instanceState/name"),
				    "running"))
				continue;
			*out = one;
			n++;
		}
	}
	if (n == 0)
		return no_workstation(err, "no workstation of the stack runs");
	if (n == 1)
		return 0;
	error_set(err, ERROR_INVALID, "the stack has %zu workstations", n);
	return error_hint(err, "say which one with workstation in the provider "
			       "block: an address, or an instance's id");
}

static int find_writer(struct call *c, struct str cluster, struct str *out)
{
	struct value found, writer = value_null();

	if (rds_cluster(c, cluster, &found) < 0)
		return -1;
	*out = rds_writer(found, c->arena);
	if (out->n && rds_instance(c, *out, &writer) < 0)
		return -1;
	if (value_is_null(writer))
		*out = STR("");
	else if (rds_address(c, writer, out) < 0)
		return -1;
	if (out->n)
		return 0;
	return error_set(
	    &c->err, ERROR_UNAVAILABLE,
	    "cluster \"%.*s\" has no writer whose address is known",
	    STR_ARG(cluster));
}

static int has_target(struct call *c, struct str group, struct str address,
		      bool *out)
{
	struct fields f = { 0 };
	struct value answer, all;

	field_text(&f, "TargetGroupArn", group);
	if (aws_look(c, &aws_elbv2, "DescribeTargetHealth", &f, &answer) < 0)
		return -1;
	all = aws_items(answer, "TargetHealthDescriptions/member", c->arena);
	for (size_t i = 0; i < all.as.list.n; i++)
		*out |= str_eq(aws_text(all.as.list.items[i], "Target/Id"),
			       address);
	return 0;
}

/*
 * Whether an endpoint service leads to the writer: its balancer has a target
 * group in the cluster's network, on the cluster's port, with the writer's
 * address. Another cluster may stand in that network on that port.
 */
static int leads_to(struct call *c, struct value service,
		    const struct reach_cluster *k, struct str writer, bool *out)
{
	struct value balancers =
	    aws_items(service, "networkLoadBalancerArnSet/item", c->arena);

	*out = false;
	for (size_t i = 0; i < balancers.as.list.n; i++) {
		struct fields f = { 0 };
		struct value groups;

		if (balancers.as.list.items[i].kind != VALUE_STRING)
			continue;
		field_text(&f, "LoadBalancerArn",
			   balancers.as.list.items[i].as.text);
		if (aws_look_all(c, &aws_elbv2, "DescribeTargetGroups", &f,
				 "TargetGroups/member", &groups) < 0)
			return -1;
		for (size_t j = 0; j < groups.as.list.n; j++) {
			struct value group = groups.as.list.items[j];
			uint64_t port = 0;

			str_to_u64(aws_text(group, "Port"), &port);
			if (str_eq(aws_text(group, "VpcId"), k->vpc) &&
			    port == (uint64_t)k->port &&
			    has_target(c, aws_text(group, "TargetGroupArn"),
				       writer, out) < 0)
				return -1;
		}
	}
	return 0;
}

static struct value find_service(struct value services, struct str name)
{
	for (size_t i = 0; i < services.as.list.n; i++)
		if (str_eq(aws_text(services.as.list.items[i], "serviceName"),
			   name))
			return services.as.list.items[i];
	return value_null();
}

/* vpce-0abc-xyz.vpce-svc-….us-east-1.vpce.amazonaws.com: the first is for all
 * zones. */
static struct str endpoint_name(struct value endpoint, struct arena *a)
{
	struct value entries = aws_items(endpoint, "dnsEntrySet/item", a);

	return entries.as.list.n ? aws_text(entries.as.list.items[0], "dnsName")
				 : STR("");
}

/* An endpoint in the workstation's network that leads to the writer. */
static int find_path(struct call *c, struct str vpc,
		     const struct reach_cluster *k, struct str *server)
{
	struct fields f = { 0 };
	struct value endpoints, services;
	struct str writer;

	aws_filter(&f, &aws_ec2, "vpc-id", vpc, c->arena);
	if (find_writer(c, k->id, &writer) < 0 ||
	    aws_look_all(c, &aws_ec2, "DescribeVpcEndpoints", &f,
			 "vpcEndpointSet/item", &endpoints) < 0 ||
	    aws_look_all(c, &aws_ec2,
			 "DescribeVpcEndpointServiceConfigurations", &f,
			 "serviceConfigurationSet/item", &services) < 0)
		return -1;
	for (size_t i = 0; i < endpoints.as.list.n; i++) {
		struct value endpoint = endpoints.as.list.items[i];
		struct value service =
		    find_service(services, aws_text(endpoint, "serviceName"));
		bool is_one;

		if (value_is_null(service) ||
		    !str_is(aws_text(endpoint, "state"), "available"))
			continue;
		if (leads_to(c, service, k, writer, &is_one) < 0)
			return -1;
		*server = endpoint_name(endpoint, c->arena);
		if (is_one && server->n)
			return 0;
	}
	error_set(&c->err, ERROR_UNAVAILABLE,
		  "no path leads from the workstation's network %.*s to the "
		  "writer of cluster \"%.*s\", %.*s",
		  STR_ARG(vpc), STR_ARG(k->id), STR_ARG(writer));
	return error_hint(&c->err,
			  "declare a private_path to the cluster, and let what "
			  "is run depend on it; after a failover, apply moves "
			  "its target to the new writer");
}

static int ask_way(struct call *c, const struct reach_cluster *k,
		   struct reach_way *out)
{
	struct value host = value_null();
	struct str vpc;

	*out = (struct reach_way){ 0 };
	if (find_workstation(c->self, c->arena, &host, &c->err) < 0)
		return -1;
	out->instance = aws_text(host, "instanceId");
	out->server = k->endpoint;
	out->port = k->port;
	vpc = aws_text(host, "vpcId");
	if (str_eq(vpc, k->vpc))
		return 0;
	if (k->is_server) {
		error_set(&c->err, ERROR_UNAVAILABLE,
			  "the workstation %.*s stands in network %.*s, and "
			  "%.*s is reached from %.*s",
			  STR_ARG(out->instance), STR_ARG(vpc), STR_ARG(k->id),
			  STR_ARG(k->vpc));
		return error_hint(&c->err,
				  "set network in its database block to where "
				  "the workstation stands");
	}
	return find_path(c, vpc, k, &out->server);
}

int reach_way_find(struct call *c, const struct reach_cluster *k,
		   struct reach_way *out)
{
	struct reach_cache *cache = ((struct aws_site *)c->self)->reached;
	struct entry *e;
	bool is_known;

	pthread_mutex_lock(&cache->lock);
	e = entry_of(cache, k->id);
	is_known = is_fresh(e->way_at);
	if (is_known)
		*out = e->way;
	pthread_mutex_unlock(&cache->lock);
	if (is_known)
		return 0;
	if (ask_way(c, k, out) < 0)
		return -1;
	pthread_mutex_lock(&cache->lock);
	e->way_at = clock_ms();
	e->way = (struct reach_way){
		.instance = str_dup(out->instance, &cache->arena),
		.server = str_dup(out->server, &cache->arena),
		.port = out->port,
	};
	pthread_mutex_unlock(&cache->lock);
	return 0;
}

const char *reach_state_of(struct str words)
{
	static const struct {
		const char *start, *end, *state;
	} known[] = {
		{ "database \"", "\" does not exist", "3D000" },
		{ "role \"", "\" does not exist", "28000" },
		{ "password authentication failed", "", "28P01" },
		{ "no pg_hba.conf entry", "", "28000" },
		{ "permission denied for database", "", "42501" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (str_starts(words, known[i].start) &&
		    str_contains(words, str_from(known[i].end)))
			return known[i].state;
	return "";
}

/* -- the host of providers/sql -- */

static int sql_target_of(void *self, struct str cluster, struct str database,
			 struct arena *a, struct pg_target *out,
			 struct error *err)
{
	struct aws_site *w = self;
	struct reach_cluster k;

	if (cluster_find(w, cluster, a, &k, err) < 0)
		return -1;
	*out = (struct pg_target){
		.host = k.endpoint,
		.port = k.port,
		.database = str_dup(database, a),
		.ssl_mode = k.ssl_mode,
	};
	return secret_read(w, k.secret, a, &out->user, &out->password, err);
}

static struct str sql_stack_of(void *self)
{
	return ((struct aws_site *)self)->stack;
}

static bool sql_is_remote_of(void *self, struct str cluster)
{
	struct aws_site *w = self;
	struct reach_cluster k;
	struct error ignored;

	if (w->reach == AWS_REACH_DIRECT)
		return false;
	return !reach_is_server(cluster) ||
	       (reach_server_find(w, cluster, &k, &ignored) == 0 && k.vpc.n);
}

static int refuse_data_api(struct error *err)
{
	error_set(err, ERROR_INVALID,
		  "the Data API serves clusters of Aurora alone");
	return error_hint(err, "SQL on another server in a network needs reach "
			       "= workstation or direct in the provider block");
}

static enum step sql_run_of(struct call *c, const struct sql_job *job,
			    struct str *memo, struct sql_answer *out)
{
	struct aws_site *w = c->self;
	struct reach_cluster k;

	if (cluster_find(w, job->at.cluster, c->arena, &k, &c->err) < 0)
		return STEP_FAILED;
	if (w->reach == AWS_REACH_DATA_API && k.is_server) {
		refuse_data_api(&c->err);
		return STEP_FAILED;
	}
	if (w->reach == AWS_REACH_DATA_API)
		return reach_data_run(c, &k, job, out);
	return reach_ssm_run(c, &k, job, memo, out);
}

static int sql_session_of(struct call *c, struct sql_place at,
			  struct session *out)
{
	struct aws_site *w = c->self;
	struct reach_cluster k;

	if (w->reach == AWS_REACH_DATA_API) {
		error_set(&c->err, ERROR_INVALID,
			  "the Data API has no sessions");
		return error_hint(&c->err, "psql needs reach = workstation or "
					   "direct in the provider block");
	}
	if (cluster_find(w, at.cluster, c->arena, &k, &c->err) < 0)
		return -1;
	return reach_ssm_session(c, &k, at.database, out);
}

const struct sql_host aws_sql_host = {
	.target = sql_target_of,
	.stack = sql_stack_of,
	.is_remote = sql_is_remote_of,
	.run = sql_run_of,
	.session = sql_session_of,
};
