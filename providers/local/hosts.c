#include <config.h>

#include "providers/local/hosts.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/clock.h"
#include "lang/base/digest.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/json.h"
#include "providers/local/database.h"
#include "providers/local/ids.h"
#include "providers/local/network.h"
#include "providers/local/process.h"
#include "providers/local/stack.h"
#include "providers/local/tls.h"
#include "providers/pg/pg.h"
#include "providers/vault.h"

#include <openssl/crypto.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum {
	ACCESS_BYTES = 10, /* 16 letters of base 32 */
	SECRET_BYTES = 30, /* 40 letters of base 64 */
	UP_MS = 15000,
	STOP_MS = 10000,
};

/* AKIA and 16 letters, 40 letters: as long as AWS's. */
static int make_keys(struct local *l, struct arena *a, struct aws_endpoint *out,
		     struct error *err)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
				      "abcdefghijklmnopqrstuvwxyz0189+/";
	unsigned char bytes[40];
	char *access = arena_new(a, char, 21), *secret;

	if (l->derive(l->engine, "dms access key", bytes, 16, err) < 0)
		return -1;
	memcpy(access, "AKIA", 4);
	for (size_t i = 0; i < 16; i++)
		access[4 + i] = letters[bytes[i] & 31];
	if (l->derive(l->engine, "dms secret key", bytes, sizeof(bytes), err) <
	    0)
		return -1;
	secret = arena_new(a, char, sizeof(bytes) + 1);
	for (size_t i = 0; i < sizeof(bytes); i++)
		secret[i] = letters[bytes[i] & 63];
	OPENSSL_cleanse(bytes, sizeof(bytes));
	out->access_key = (struct str){ access, 20 };
	out->secret_key = (struct str){ secret, sizeof(bytes) };
	out->region = STR(LOCAL_REGION);
	out->account = STR(LOCAL_ACCOUNT);
	return 0;
}

/* What the server told when it was ready; empty when that was another one. */
static struct str told_url(const struct local *l, const struct process *p,
			   struct arena *a)
{
	struct error none;
	struct str text;
	struct value v;

	stack_enter(l);
	if (file_read(stack_path(l, a, "replicator/replicator.json"), 65536, a,
		      &text, &none) < 0)
		text = (struct str){ 0 };
	stack_leave(l);
	if (!text.n || json_read(text, a, &v, &none) < 0)
		return (struct str){ 0 };
	if (p && value_number(v, "pid", 0) != p->pid)
		return (struct str){ 0 };
	return value_text(v, "url");
}

int hosts_look(struct local *l, struct arena *a, struct aws_endpoint *out,
	       struct error *err)
{
	struct process p;

	*out = (struct aws_endpoint){ 0 };
	if (make_keys(l, a, out, err) < 0)
		return -1;
	if (process_find(l, "replicator", &p))
		out->url = told_url(l, &p, a);
	return 0;
}

/*
 * In the network of a VPC of the stack; else in one that no VPC has, by the
 * stack's uid.
 */
static int listen_address(struct local *l, struct arena *a, struct str *out,
			  struct error *err)
{
	struct str hex = id_hash(l, "replicator", STR(""), 4, a);
	unsigned long tail = strtoul(hex.s, NULL, 16);
	int64_t least = NETWORK_NUMBERS;
	struct record *vpcs;
	size_t n;

	if (record_list(l, "vpc", a, &vpcs, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		int64_t number =
		    value_number(vpcs[i].own, "number", NETWORK_NUMBERS);

		if (number >= 0 && number < least)
			least = number;
	}
	if (least < NETWORK_NUMBERS)
		*out = network_ip_text((uint32_t)127 << 24 |
					   (uint32_t)(16 + least) << 16 |
					   NETWORK_OWN_REPLICATOR,
				       a);
	else
		*out = str_fmt(a, "127.15.%lu.%lu", tail >> 8,
			       (tail & 255) % 253 + 1);
	return 0;
}

/* The port that it had before, when that is free: addresses stay good. */
static int64_t same_port(const struct local *l, struct str ip, struct arena *a)
{
	struct str url = told_url(l, NULL, a);
	ptrdiff_t colon = str_rfind(url, ':');
	struct error none;
	uint64_t port;

	if (colon < 0 || !str_contains(url, ip) ||
	    !str_to_u64(str_skip(url, (size_t)colon + 1), &port) ||
	    port > 65535 || network_test(ip, (int)port, &none) < 0)
		return 0;
	return (int64_t)port;
}

/* The server's configuration: it holds keys, so it goes through a pipe. */
static int write_config(struct local *l, const struct aws_endpoint *keys,
			struct arena *a, struct buf *out, struct error *err)
{
	unsigned char key[VAULT_KEY_BYTES];
	char hex[2 * VAULT_KEY_BYTES + 1];
	struct str ip;

	if (listen_address(l, a, &ip, err) < 0 ||
	    stack_vault_key(l, key, err) < 0)
		return -1;
	digest_hex(key, sizeof(key), hex);
	OPENSSL_cleanse(key, sizeof(key));
	json_write(
	    out,
	    value_map(
		(struct value_entry[]){
		    { STR("access_key"), value_str(keys->access_key) },
		    { STR("account"), value_str(keys->account) },
		    { STR("ca_file"), value_c(stack_path(l, a, "tls/ca.crt")) },
		    { STR("folder"), value_c(stack_path(l, a, "replicator")) },
		    { STR("listen"), value_str(ip) },
		    { STR("port"), value_int(same_port(l, ip, a)) },
		    { STR("region"), value_str(keys->region) },
		    { STR("routes_file"),
		      value_c(stack_path(l, a, "routes.json")) },
		    { STR("secret_key"), value_str(keys->secret_key) },
		    { STR("vault"), value_c(stack_path(l, a, "vault")) },
		    { STR("vault_key"), value_c(hex) },
		},
		11, a),
	    JSON_REVEAL);
	buf_add_char(out, '\n');
	OPENSSL_cleanse(hex, sizeof(hex));
	return 0;
}

static int start(struct local *l, struct arena *a, struct aws_endpoint *out,
		 struct error *err)
{
	const char *argv[] = { "dmsl", "replicator", NULL };
	struct program p = {
		/* This very program, wherever it stands and whoever may look.
		 */
		.path = "/proc/self/exe",
		.argv = argv,
		.folder = stack_path(l, a, "replicator"),
	};
	int64_t end = clock_ms() + UP_MS;
	struct process started;
	struct buf input;
	struct str tail;
	int rc;

	if (stack_make(l, err) < 0 || tls_make_ca(l, err) < 0)
		return -1;
	buf_init(&input, 32768);
	rc = write_config(l, out, a, &input, err);
	p.input = buf_str(&input);
	if (rc == 0)
		rc = process_start(l, "replicator", &p, &started, err);
	buf_wipe(&input);
	if (rc < 0)
		return -1;
	while (!(out->url = told_url(l, &started, a)).n) {
		if (process_is_alive(&started) && clock_ms() < end) {
			clock_sleep_ms(10);
			continue;
		}
		tail = process_log_tail(l, "replicator", a);
		return error_set(err, ERROR_UNAVAILABLE,
				 "the replication server did not come up: "
				 "%.*s",
				 STR_ARG(tail));
	}
	return 0;
}

/* How the replication server is called: whether it may be started for it. */
struct way {
	struct local *local;
	bool may_start;
	struct aws_client *client;
};

struct hosts {
	struct way look, start;
};

static int endpoint(void *ctx, const struct aws_service *s, bool is_expired,
		    struct arena *a, struct aws_endpoint *out,
		    struct error *err)
{
	const struct way *w = ctx;
	struct local *l = w->local;
	int rc;

	(void)s;
	(void)is_expired;
	if (!l->folder)
		return error_set(err, ERROR_UNAVAILABLE,
				 "the replication server is not running");
	pthread_mutex_lock(&l->replicator);
	rc = hosts_look(l, a, out, err);
	if (rc == 0 && !out->url.n) {
		if (w->may_start)
			rc = start(l, a, out, err);
		else
			rc = error_set(err, ERROR_UNAVAILABLE,
				       "the replication server is not "
				       "running");
	}
	pthread_mutex_unlock(&l->replicator);
	return rc;
}

static void open_way(struct way *w, struct local *l, bool may_start)
{
	w->local = l;
	w->may_start = may_start;
	w->client = aws_client_new(&(struct aws_source){
	    .endpoint = endpoint,
	    .ctx = w,
	});
}

struct hosts *hosts_open(struct local *l)
{
	struct hosts *h = xmalloc(sizeof(*h));

	open_way(&h->look, l, false);
	open_way(&h->start, l, true);
	return h;
}

void hosts_close(struct hosts *h)
{
	if (!h)
		return;
	aws_client_free(h->look.client);
	aws_client_free(h->start.client);
	free(h);
}

static int client(void *self, bool may_start, struct aws_client **out,
		  struct error *err)
{
	const struct local *l = self;

	(void)err;
	*out = may_start ? l->hosts->start.client : l->hosts->look.client;
	return 0;
}

int hosts_start(struct local *l, struct arena *a, struct error *err)
{
	struct aws_endpoint e;

	return endpoint(&l->hosts->start, NULL, false, a, &e, err);
}

static int place(void *self, struct dms_place *out, struct error *err)
{
	(void)self;
	(void)err;
	*out = (struct dms_place){
		.partition = STR("aws"),
		.region = STR(LOCAL_REGION),
		.account = STR(LOCAL_ACCOUNT),
	};
	return 0;
}

int hosts_secret(void *self, struct str id, struct arena *a, struct str *json,
		 struct error *err)
{
	unsigned char key[VAULT_KEY_BYTES];
	struct local *l = self;
	struct record r;
	int rc;

	if (record_read(l, "secret", id, a, &r, err) < 0)
		return -1;
	rc = stack_vault_key(l, key, err);
	if (rc == 0) {
		stack_enter(l);
		rc = vault_get(stack_path(l, a, "vault"), key,
			       secret_vault_name(id, a), a, json, err);
		stack_leave(l);
		OPENSSL_cleanse(key, sizeof(key));
	}
	return rc;
}

int hosts_stop(struct local *l, struct error *err)
{
	return process_stop(l, "replicator", SIGTERM, SIGTERM, STOP_MS, err);
}

enum { ROUTES_BYTES_MAX = 16 << 20 };

/* By the endpoint's listener, as the replication server connects. */
static int session(struct call *c, const struct dms_server *server,
		   struct session *out)
{
	struct local *l = c->self;
	struct pg_target t = {
		.host = server->name,
		.port = server->port,
		.database = server->database,
		.user = server->user,
		.password = server->password,
		.ssl_mode = STR("verify-full"),
		.ca_file = str_from(stack_path(l, c->arena, "tls/ca.crt")),
	};
	struct value routes;
	struct str text;
	int rc;

	stack_enter(l);
	rc = file_read(stack_path(l, c->arena, "routes.json"), ROUTES_BYTES_MAX,
		       c->arena, &text, &c->err);
	stack_leave(l);
	if (rc < 0 || json_read(text, c->arena, &routes, &c->err) < 0)
		return -1;
	t.hostaddr = value_text(routes, str_c(server->name, c->arena));
	if (t.hostaddr.n == 0)
		return error_set(&c->err, ERROR_NOT_FOUND,
				 "no private path leads to \"%.*s\"",
				 STR_ARG(server->name));
	return sql_session(c, &t, out);
}

static struct str owner(void *self)
{
	const struct local *l = self;

	return l->owner;
}

const struct dms_host local_dms_host = {
	.client = client,
	.place = place,
	.secret = hosts_secret,
	.session = session,
	.stack = owner,
	.poll_ms = 100,
};

const struct sql_host local_sql_host = {
	.target = database_target,
	.start = database_start,
	.stack = owner,
};
