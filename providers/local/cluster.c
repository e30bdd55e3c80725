/*
 * db_cluster: a data directory, its master user and password. db_instance: the
 * server process on it. One instance a cluster: the writer.
 */
#include <config.h>

#include "providers/local/types.h"

#include "providers/local/balancer.h"
#include "providers/local/database.h"
#include "providers/local/ids.h"
#include "providers/local/network.h"
#include "providers/local/object.h"
#include "providers/local/stack.h"
#include "providers/local/tls.h"
#include "providers/pg/pg.h"
#include "providers/sql/sql.h"
#include "providers/vault.h"

#include <string.h>

enum { NAME_MAX_SIZE = 63, PASSWORD_MIN = 8, PASSWORD_MAX = 41 };

/* Identifiers are lower-case on AWS, whatever was asked for. */
static struct str identifier(const struct call *c)
{
	struct str name = object_name(c, NAME_MAX_SIZE);
	char *text = str_c(name, c->arena);

	for (char *p = text; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p + ('a' - 'A'));
	return (struct str){ text, name.n };
}

static int check_identifier(struct call *c, struct str name)
{
	bool is_good = name.n > 0 && name.n <= NAME_MAX_SIZE &&
		       name.s[0] >= 'a' && name.s[0] <= 'z' &&
		       name.s[name.n - 1] != '-' &&
		       !str_contains(name, STR("--"));

	for (size_t i = 0; i < name.n && is_good; i++)
		is_good = (name.s[i] >= 'a' && name.s[i] <= 'z') ||
			  (name.s[i] >= '0' && name.s[i] <= '9') ||
			  name.s[i] == '-';
	if (is_good)
		return 0;
	return error_set(&c->err, ERROR_INVALID,
			 "\"%.*s\" is not an identifier: 1 to %d letters, "
			 "digits and single hyphens, beginning with a letter",
			 STR_ARG(name), NAME_MAX_SIZE);
}

/* The rules of AWS, so that they are not met there for the first time. */
static int check_master(struct call *c)
{
	struct str user = value_text(c->config, "username");
	struct str password = value_text(c->config, "password");
	bool is_good = user.n >= 1 && user.n <= 63;

	for (size_t i = 0; i < user.n && is_good; i++) {
		char x = user.s[i];

		is_good = (x >= 'a' && x <= 'z') || (x >= 'A' && x <= 'Z') ||
			  (i && ((x >= '0' && x <= '9') || x == '_'));
	}
	if (!is_good || str_starts(user, "pg_") || str_starts(user, "rds") ||
	    str_is(user, "admin"))
		return error_set(&c->err, ERROR_INVALID,
				 "\"%.*s\" cannot be the master user's name: "
				 "it begins with a letter, holds letters, "
				 "digits and _, and is none of the service's "
				 "own (admin, rds…, pg_…)",
				 STR_ARG(user));
	is_good = password.n >= PASSWORD_MIN && password.n <= PASSWORD_MAX;
	for (size_t i = 0; i < password.n && is_good; i++)
		is_good = password.s[i] > ' ' && password.s[i] <= '~' &&
			  !strchr("/\"@", password.s[i]);
	if (!is_good)
		return error_set(&c->err, ERROR_INVALID,
				 "the master user's password must have %d to "
				 "%d printable ASCII characters without "
				 "blanks, \"/\", \"@\" and quotes",
				 PASSWORD_MIN, PASSWORD_MAX);
	return 0;
}

/* "aurora-postgresql15" for version 15.4 */
static int check_group(struct call *c)
{
	struct str id = value_text(c->config, "parameter_group");
	struct str version = value_text(c->config, "version");
	struct str major = str_cut(&version, '.');
	struct record group;
	struct str family;

	if (!id.n)
		return 0;
	if (record_read(c->self, "db_cluster_parameter_group", id, c->arena,
			&group, &c->err) < 0)
		return -1;
	family = value_text(group.config, "family");
	if (str_eq(family,
		   str_fmt(c->arena, "aurora-postgresql%.*s", STR_ARG(major))))
		return 0;
	return error_set(&c->err, ERROR_INVALID,
			 "the family \"%.*s\" of parameter group \"%.*s\" is "
			 "not that of version %.*s",
			 STR_ARG(family), STR_ARG(id), STR_ARG(major));
}

static void show_cluster(struct call *c, const struct record *r)
{
	object_set(c, "name", value_str(c->id));
	object_set(c, "endpoint", value_str(record_own(r, "endpoint")));
}

/* The identifier is the id. */
static struct str named(const struct call *c, struct str text)
{
	(void)text;
	return identifier(c);
}

/* -- db_cluster -- */

/* Without its data, the record is no cluster. */
static bool is_lost(struct call *c, const struct record *r)
{
	struct server s;

	server_init(c->self, r->id, c->arena, &s);
	return !server_exists(c->self, &s);
}

static enum step create_cluster(struct call *c)
{
	struct local *l = c->self;
	struct str id = identifier(c);
	struct record r, group;
	struct server s;

	if (check_identifier(c, id) < 0 || check_master(c) < 0 ||
	    check_group(c) < 0 ||
	    record_read(l, "db_subnet_group",
			value_text(c->config, "subnet_group"), c->arena, &group,
			&c->err) < 0)
		return STEP_FAILED;
	if (record_begin(c, named, is_lost, &r) < 0)
		return STEP_FAILED;
	record_set(
	    &r, "endpoint",
	    value_str(str_fmt(
		c->arena, "%.*s.cluster-%.*s." LOCAL_REGION ".rds.localhost",
		STR_ARG(id), STR_ARG(id_hash(l, "rds", id, 12, c->arena)))),
	    c->arena);
	server_init(l, id, c->arena, &s);
	if (server_find_programs(&s, value_text(c->config, "version"), c->arena,
				 &c->err) < 0 ||
	    record_write(l, &r, &c->err) < 0 ||
	    database_set_password(l, id, value_text(c->config, "password"),
				  &c->err) < 0 ||
	    tls_make_ca(l, &c->err) < 0 || server_make(l, &s, &c->err) < 0)
		return STEP_FAILED;
	show_cluster(c, &r);
	return STEP_DONE;
}

static enum step read_cluster(struct call *c)
{
	struct record r;
	int rc = object_read(c, &r);

	if (rc > 0) {
		show_cluster(c, &r);
		c->is_gone = is_lost(c, &r);
	}
	return object_end(rc);
}

/* What a running server takes only when it starts. */
static bool needs_restart(const struct call *c, const struct record *r)
{
	return value_number(c->config, "port", 5432) !=
		   value_number(r->config, "port", 5432) ||
	       !str_eq(value_text(c->config, "parameter_group"),
		       value_text(r->config, "parameter_group"));
}

static enum step update_cluster(struct call *c)
{
	struct local *l = c->self;
	struct str version, had;
	struct record r;
	struct server s;
	bool is_new;

	if (record_renew(c, &r) < 0 || check_master(c) < 0 ||
	    check_group(c) < 0)
		return STEP_FAILED;
	version = value_text(c->config, "version");
	had = value_text(r.config, "version");
	if (!str_eq(str_cut(&version, '.'), str_cut(&had, '.')))
		return call_fail(c, ERROR_INVALID,
				 "a major version cannot be upgraded here: "
				 "replace the cluster");
	/*
	 * "restart" stays in the record until the server was restarted, so
	 * that a crash between cannot forget it.
	 */
	is_new = needs_restart(c, &r) || value_true(r.own, "restart");
	record_set(&r, "restart", value_bool(is_new), c->arena);
	r.config = c->config;
	if (record_write(l, &r, &c->err) < 0 ||
	    database_set_password(l, c->id, value_text(c->config, "password"),
				  &c->err) < 0 ||
	    database_server(l, &r, c->arena, &s, &c->err) < 0)
		return STEP_FAILED;
	if (is_new && server_stop(l, &s, &c->err) < 0)
		return STEP_FAILED;
	/* A server that is down stays so: it is its instance's to start. */
	if (s.address.n && (is_new || server_look(l, &s) != SERVER_DOWN)) {
		int rc = database_serve(l, &r, true, c->arena, &c->err);

		if (rc < 0)
			return STEP_FAILED;
		if (rc == 0)
			return call_wait(c, 200, "PostgreSQL to start");
	}
	record_set(&r, "restart", value_bool(false), c->arena);
	if (is_new && record_write(l, &r, &c->err) < 0)
		return STEP_FAILED;
	show_cluster(c, &r);
	return object_end(is_new ? balancer_sync(l, &c->err) : 0);
}

static enum step destroy_cluster(struct call *c)
{
	struct local *l = c->self;
	struct arena *a = c->arena;
	struct record r, instance;
	struct error none;
	struct server s;
	int rc = object_read(c, &r);

	if (rc <= 0)
		return object_end(rc);
	if (value_true(r.config, "deletion_protection")) {
		call_fail(c, ERROR_CONFLICT,
			  "cluster \"%.*s\" is protected against deletion",
			  STR_ARG(c->id));
		error_hint(&c->err, "Set deletion_protection = false and "
				    "apply, then destroy it.");
		return STEP_FAILED;
	}
	if (record_own(&r, "writer").n &&
	    record_read(l, "db_instance", record_own(&r, "writer"), a,
			&instance, &none) == 0)
		return call_fail(c, ERROR_CONFLICT,
				 "cluster \"%.*s\" still has the instance "
				 "\"%.*s\"",
				 STR_ARG(c->id),
				 STR_ARG(record_own(&r, "writer")));
	server_init(l, c->id, a, &s);
	if (server_stop(l, &s, &c->err) < 0 ||
	    server_remove(l, &s, &c->err) < 0)
		return STEP_FAILED;
	stack_enter(l);
	rc = vault_remove(stack_path(l, a, "vault"),
			  str_fmt(a, "db-%.*s", STR_ARG(c->id)), &c->err);
	stack_leave(l);
	if (rc < 0)
		return STEP_FAILED;
	return object_end(record_remove(l, "db_cluster", c->id, &c->err));
}

static int plan_cluster(struct call *c, const char *action)
{
	struct error none;
	struct record r;
	struct server s;

	if (!c->id.n ||
	    record_read(c->self, "db_cluster", c->id, c->arena, &r, &none) < 0)
		return 0;
	if (str_is(str_from(action), "delete") ||
	    str_is(str_from(action), "replace")) {
		call_effect(c, EFFECT_DROP, STR("all databases"),
			    "drop all databases of cluster \"%.*s\"",
			    STR_ARG(c->id));
		return 0;
	}
	if (str_is(str_from(action), "update") &&
	    database_server(c->self, &r, c->arena, &s, &none) == 0 &&
	    server_look(c->self, &s) != SERVER_DOWN &&
	    (needs_restart(c, &r) || value_true(r.own, "restart")))
		call_effect(c, EFFECT_RESTART, STR("server"),
			    "restart PostgreSQL of cluster \"%.*s\"",
			    STR_ARG(c->id));
	return 0;
}

static enum step query_cluster(struct call *c)
{
	struct pg_target t;

	if (database_target(c->self, c->id, STR("postgres"), c->arena, &t,
			    &c->err) < 0)
		return STEP_FAILED;
	return sql_query(c, &t);
}

static int session_cluster(struct call *c, struct session *out)
{
	struct pg_target t;

	if (database_target(c->self, c->id, STR("postgres"), c->arena, &t,
			    &c->err) < 0)
		return -1;
	return sql_session(c, &t, out);
}

const struct resource_ops local_db_cluster_ops = {
	.plan = plan_cluster,
	.read = read_cluster,
	.create = create_cluster,
	.update = update_cluster,
	.destroy = destroy_cluster,
	.query = query_cluster,
	.session = session_cluster,
	.recovery = 'T',
};

/* -- db_instance -- */

/* The first subnet of the cluster's group. */
static int subnet_of(struct call *c, const struct record *cluster,
		     struct str *subnet, struct str *vpc)
{
	struct record group, place;
	struct str *subnets;
	size_t n;

	if (record_read(c->self, "db_subnet_group",
			value_text(cluster->config, "subnet_group"), c->arena,
			&group, &c->err) < 0)
		return -1;
	subnets = object_texts(group.config, "subnets", c->arena, &n);
	if (!n)
		return error_set(&c->err, ERROR_INVALID,
				 "subnet group \"%.*s\" has no subnet",
				 STR_ARG(group.id));
	*subnet = subnets[0];
	if (record_read(c->self, "subnet", *subnet, c->arena, &place, &c->err) <
	    0)
		return -1;
	*vpc = value_text(place.config, "vpc");
	return 0;
}

/* The instance becomes its cluster's writer; there is one. */
static int become_writer(struct call *c, struct str id, struct record *cluster)
{
	struct local *l = c->self;
	struct str writer;
	int rc;

	pthread_mutex_lock(&l->lock);
	rc = record_read(l, "db_cluster", value_text(c->config, "cluster"),
			 c->arena, cluster, &c->err);
	writer = rc == 0 ? record_own(cluster, "writer") : (struct str){ 0 };
	if (rc == 0 && writer.n && !str_eq(writer, id)) {
		rc = error_set(&c->err, ERROR_QUOTA,
			       "cluster \"%.*s\" has the instance \"%.*s\" "
			       "already: the local provider runs one instance "
			       "a cluster",
			       STR_ARG(cluster->id), STR_ARG(writer));
	} else if (rc == 0 && !writer.n) {
		record_set(cluster, "writer", value_str(id), c->arena);
		rc = record_write(l, cluster, &c->err);
	}
	pthread_mutex_unlock(&l->lock);
	return rc;
}

static void show_instance(struct call *c, const struct record *r)
{
	object_set(c, "name", value_str(c->id));
	/*
	 * As on AWS, the address in its network: the same on every machine.
	 * Whoever connects from outside goes by the endpoint's name.
	 */
	object_set(c, "address", object_ip(record_own(r, "private_ip")));
	object_set(c, "endpoint", value_str(record_own(r, "endpoint")));
}

/* Create, update, repair, and every poll of them. */
static enum step serve(struct call *c, struct record *r)
{
	struct local *l = c->self;
	struct network_owner me = { c->id, c->address };
	struct str subnet, vpc, ip;
	struct record cluster;
	int rc;

	if (become_writer(c, c->id, &cluster) < 0)
		return STEP_FAILED;
	if (!record_own(r, "private_ip").n) {
		if (subnet_of(c, &cluster, &subnet, &vpc) < 0)
			return STEP_FAILED;
		/* Noted first, so that destroy finds what was taken. */
		record_set(r, "subnet", value_str(subnet), c->arena);
		if (record_write(l, r, &c->err) < 0 ||
		    network_allocate(l, subnet, me, c->arena, &ip, &c->err) < 0)
			return STEP_FAILED;
		record_set(r, "vpc", value_str(vpc), c->arena);
		record_set(r, "private_ip", value_str(ip), c->arena);
	}
	if (!c->is_poll && record_write(l, r, &c->err) < 0)
		return STEP_FAILED;
	rc = database_serve(l, &cluster, !c->is_poll, c->arena, &c->err);
	if (rc < 0)
		return STEP_FAILED;
	if (rc == 0)
		return call_wait(c, 200, "PostgreSQL to start");
	show_instance(c, r);
	return object_end(balancer_sync(l, &c->err));
}

/* Its cluster is gone, or was made anew since. */
static bool has_no_cluster(struct call *c, const struct record *r)
{
	struct record cluster;
	struct error none = { 0 };

	if (record_read(c->self, "db_cluster", value_text(r->config, "cluster"),
			c->arena, &cluster, &none) < 0)
		return none.kind == ERROR_NOT_FOUND;
	return !str_eq(record_own(&cluster, "writer"), r->id);
}

static enum step create_instance(struct call *c)
{
	struct local *l = c->self;
	struct str id = identifier(c);
	struct record r;

	if (check_identifier(c, id) < 0)
		return STEP_FAILED;
	if (record_begin(c, named, has_no_cluster, &r) < 0)
		return STEP_FAILED;
	record_set(
	    &r, "endpoint",
	    value_str(str_fmt(
		c->arena, "%.*s.%.*s." LOCAL_REGION ".rds.localhost",
		STR_ARG(id), STR_ARG(id_hash(l, "rds", id, 12, c->arena)))),
	    c->arena);
	return serve(c, &r);
}

static enum step read_instance(struct call *c)
{
	struct local *l = c->self;
	struct record r, cluster;
	struct server s;
	enum server_state state;
	int rc = object_read(c, &r);

	if (rc <= 0)
		return object_end(rc);
	show_instance(c, &r);
	if (record_read(l, "db_cluster", value_text(r.config, "cluster"),
			c->arena, &cluster, &c->err) < 0) {
		c->is_gone = c->err.kind == ERROR_NOT_FOUND;
		if (c->is_gone)
			c->err = (struct error){ 0 };
		return c->is_gone ? STEP_DONE : STEP_FAILED;
	}
	server_init(l, cluster.id, c->arena, &s);
	state = server_look(l, &s);
	if (state == SERVER_DOWN || state == SERVER_STOPPING) {
		c->is_broken = true;
		c->status =
		    state == SERVER_DOWN ? STR("stopped") : STR("stopping");
	}
	return STEP_DONE;
}

static enum step update_instance(struct call *c)
{
	struct record r;

	if (record_renew(c, &r) < 0)
		return STEP_FAILED;
	r.config = c->config;
	return serve(c, &r);
}

static enum step destroy_instance(struct call *c)
{
	struct local *l = c->self;
	struct record r, cluster;
	struct error none = { 0 };
	struct server s;
	int rc = object_read(c, &r);

	if (rc <= 0)
		return object_end(rc);
	pthread_mutex_lock(&l->lock);
	rc = record_read(l, "db_cluster", value_text(r.config, "cluster"),
			 c->arena, &cluster, &none);
	if (rc == 0 && str_eq(record_own(&cluster, "writer"), c->id)) {
		server_init(l, cluster.id, c->arena, &s);
		rc = server_stop(l, &s, &c->err);
		record_set(&cluster, "writer", value_c(""), c->arena);
		if (rc == 0)
			rc = record_write(l, &cluster, &c->err);
	} else if (rc < 0 && none.kind == ERROR_NOT_FOUND) {
		rc = 0;
	} else if (rc < 0) {
		c->err = none;
	}
	pthread_mutex_unlock(&l->lock);
	if (rc < 0 ||
	    network_free(l, record_own(&r, "subnet"), c->id, &c->err) < 0 ||
	    record_remove(l, "db_instance", c->id, &c->err) < 0)
		return STEP_FAILED;
	return object_end(balancer_sync(l, &c->err));
}

static int plan_instance(struct call *c, const char *action)
{
	struct error none;
	struct record r;
	struct server s;
	enum server_state state;
	bool is_up;

	if (!c->id.n ||
	    record_read(c->self, "db_instance", c->id, c->arena, &r, &none) < 0)
		return 0;
	server_init(c->self, value_text(r.config, "cluster"), c->arena, &s);
	state = server_look(c->self, &s);
	is_up = state == SERVER_STARTING || state == SERVER_READY;
	if (str_is(str_from(action), "update") && !is_up)
		call_effect(c, EFFECT_START, STR("server"),
			    "start PostgreSQL of \"%.*s\"", STR_ARG(c->id));
	if ((str_is(str_from(action), "delete") ||
	     str_is(str_from(action), "replace")) &&
	    is_up)
		call_effect(c, EFFECT_STOP, STR("server"),
			    "stop PostgreSQL of \"%.*s\"", STR_ARG(c->id));
	return 0;
}

const struct resource_ops local_db_instance_ops = {
	.plan = plan_instance,
	.read = read_instance,
	.create = create_instance,
	.update = update_instance,
	.destroy = destroy_instance,
	.recovery = 'T',
};
