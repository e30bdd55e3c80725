#include <config.h>

#include "providers/local/database.h"

#include "lang/base/arena.h"
#include "lang/base/clock.h"
#include "lang/base/error.h"
#include "providers/local/balancer.h"
#include "providers/local/network.h"
#include "providers/local/outside.h"
#include "providers/local/process.h"
#include "providers/local/stack.h"
#include "providers/pg/pg.h"
#include "providers/vault.h"

#include <openssl/crypto.h>

#include <pthread.h>

enum { START_WAIT_MS = 1500, UP_MS = 60000 };

static struct str vault_name(struct str cluster, struct arena *a)
{
	return str_fmt(a, "db-%.*s", STR_ARG(cluster));
}

int database_set_password(struct local *l, struct str cluster,
			  struct str password, struct error *err)
{
	unsigned char key[VAULT_KEY_BYTES];
	struct arena a = { 0 };
	int rc;

	rc = stack_vault_key(l, key, err);
	if (rc == 0) {
		stack_enter(l);
		rc = vault_put(stack_path(l, &a, "vault"), key,
			       vault_name(cluster, &a), password, err);
		stack_leave(l);
	}
	OPENSSL_cleanse(key, sizeof(key));
	arena_release(&a);
	return rc;
}

/* The master user's password; wipe it after use. */
static int master_password(struct local *l, struct str cluster, struct arena *a,
			   struct str *out, struct error *err)
{
	unsigned char key[VAULT_KEY_BYTES];
	int rc = stack_vault_key(l, key, err);

	if (rc == 0) {
		stack_enter(l);
		rc = vault_get(stack_path(l, a, "vault"), key,
			       vault_name(cluster, a), a, out, err);
		stack_leave(l);
	}
	OPENSSL_cleanse(key, sizeof(key));
	return rc;
}

int database_server(struct local *l, const struct record *cluster,
		    struct arena *a, struct server *out, struct error *err)
{
	struct str writer = record_own(cluster, "writer");
	struct record instance;
	struct error none;

	server_init(l, cluster->id, a, out);
	out->port = (int)value_number(cluster->config, "port", 5432);
	if (writer.n &&
	    record_read(l, "db_instance", writer, a, &instance, &none) == 0)
		network_loopback(l, record_own(&instance, "vpc"),
				 record_own(&instance, "private_ip"), a,
				 &out->address, &none);
	return server_find_programs(out, value_text(cluster->config, "version"),
				    a, err);
}

int database_target(void *self, struct str cluster_id, struct str database,
		    struct arena *a, struct pg_target *out, struct error *err)
{
	struct local *l = self;
	struct record cluster;
	struct server s;
	struct str password;

	if (outside_find(l, cluster_id, a, &cluster))
		return outside_target(l, &cluster, database, a, out, err);
	if (record_read(l, "db_cluster", cluster_id, a, &cluster, err) < 0 ||
	    database_server(l, &cluster, a, &s, err) < 0)
		return -1;
	if (!s.address.n || server_look(l, &s) != SERVER_READY) {
		error_set(err, ERROR_UNAVAILABLE,
			  "PostgreSQL of cluster \"%.*s\" is not running",
			  STR_ARG(cluster_id));
		return error_hint(err, "dmsl apply starts it again.");
	}
	if (master_password(l, cluster_id, a, &password, err) < 0)
		return -1;
	*out = (struct pg_target){
		.host = record_own(&cluster, "endpoint"),
		.hostaddr = s.address,
		.port = s.port,
		.database = str_dup(database, a),
		.user = value_text(cluster.config, "username"),
		.password = password,
		.ssl_mode = STR("verify-full"),
		.ca_file = str_from(stack_path(l, a, "tls/ca.crt")),
		.application = STR("dmsl"),
	};
	return 0;
}

static int configure(struct local *l, const struct record *cluster,
		     const struct server *s, struct arena *a, struct error *err)
{
	struct str group_id = value_text(cluster->config, "parameter_group");
	struct value parameters = value_map(NULL, 0, a);
	const struct value *declared;
	struct record group;
	struct str *names;
	size_t n;

	if (group_id.n) {
		if (record_read(l, "db_cluster_parameter_group", group_id, a,
				&group, err) < 0)
			return -1;
		declared = value_get(group.config, "parameters");
		if (declared && declared->kind == VALUE_MAP)
			parameters = *declared;
	}
	if (balancer_names(l, s->address, a, &names, &n, err) < 0)
		return -1;
	return server_configure(l, s, parameters, names, n, err);
}

int database_serve(struct local *l, const struct record *cluster,
		   bool may_start, struct arena *a, struct error *err)
{
	enum server_state state;
	struct str password;
	struct server s;
	int rc;

	if (database_server(l, cluster, a, &s, err) < 0)
		return -1;
	if (!s.address.n)
		return error_set(err, ERROR_CONFLICT,
				 "cluster \"%.*s\" has no instance",
				 STR_ARG(cluster->id));
	process_trim_log(l, s.name);
	state = server_look(l, &s);
	/* Asked to end, it may wait for its last client for ever. */
	if (state == SERVER_STOPPING && may_start) {
		if (server_stop(l, &s, err) < 0)
			return -1;
		state = SERVER_DOWN;
	}
	if (state == SERVER_DOWN || state == SERVER_STOPPING) {
		if (!may_start)
			return server_why_down(l, &s, err);
		if (!server_exists(l, &s))
			return error_set(err, ERROR_NOT_FOUND,
					 "the data of cluster \"%.*s\" are "
					 "gone",
					 STR_ARG(cluster->id));
		if (configure(l, cluster, &s, a, err) < 0 ||
		    server_start(l, &s, err) < 0)
			return -1;
	} else {
		if (configure(l, cluster, &s, a, err) < 0)
			return -1;
		server_reload(l, &s);
	}
	state = server_wait(l, &s, START_WAIT_MS);
	if (state == SERVER_DOWN || state == SERVER_STOPPING)
		return server_why_down(l, &s, err);
	if (state == SERVER_STARTING)
		return 0;
	if (master_password(l, cluster->id, a, &password, err) < 0)
		return -1;
	rc = server_provision(&s, value_text(cluster->config, "username"),
			      password, value_text(cluster->config, "database"),
			      err);
	OPENSSL_cleanse((char *)(uintptr_t)password.s, password.n);
	return rc < 0 ? -1 : 1;
}

int database_start(void *self, struct str cluster_id, struct arena *a,
		   struct error *err)
{
	struct local *l = self;
	int64_t end = clock_ms() + UP_MS;
	struct record cluster;
	int rc;

	if (outside_find(l, cluster_id, a, &cluster))
		return error_set(err, ERROR_UNAVAILABLE,
				 "%.*s is not dmsl's to start",
				 STR_ARG(cluster.address));
	rc = record_read(l, "db_cluster", cluster_id, a, &cluster, err);
	if (rc < 0)
		return -1;
	pthread_mutex_lock(&l->servers);
	while ((rc = database_serve(l, &cluster, true, a, err)) == 0)
		if (clock_ms() >= end) {
			rc = error_set(err, ERROR_TIMEOUT,
				       "PostgreSQL of cluster \"%.*s\" does "
				       "not come up",
				       STR_ARG(cluster_id));
			break;
		}
	pthread_mutex_unlock(&l->servers);
	return rc < 0 ? -1 : 0;
}
