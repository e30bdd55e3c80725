#include <config.h>

#include "providers/replicator/route.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/json.h"
#include "providers/replicator/server.h"
#include "providers/vault.h"

#include <arpa/inet.h>
#include <string.h>

enum { ROUTES_MAX = 4 << 20, PORT_DEFAULT = 5432 };

struct str route_secret_name(struct str endpoint_arn)
{
	return str_skip(endpoint_arn,
			(size_t)(str_rfind(endpoint_arn, ':') + 1));
}

char *route_secret_folder(const struct server *s, struct arena *a)
{
	return str_c(str_fmt(a, "%.*s/secrets", STR_ARG(s->config.folder)), a);
}

static void wipe(struct pg_target *t)
{
	/* The arena is ours; only its view is constant. */
	if (t->password.n)
		explicit_bzero((void *)(uintptr_t)t->password.s, t->password.n);
	t->password = (struct str){ 0 };
}

static bool is_ip(struct str name, struct arena *a)
{
	struct in_addr address;

	return inet_pton(AF_INET, str_c(name, a), &address) == 1;
}

static int find_address(struct server *s, struct str name, struct arena *a,
			struct str *out, struct error *err)
{
	struct value routes;
	struct str text;

	if (is_ip(name, a)) {
		*out = name;
		return 0;
	}
	if (s->config.routes_file.n &&
	    file_read(str_c(s->config.routes_file, a), ROUTES_MAX, a, &text,
		      err) == 0 &&
	    json_read(text, a, &routes, err) == 0) {
		const struct value *ip = value_get_str(routes, name);

		if (ip && ip->kind == VALUE_STRING && is_ip(ip->as.text, a)) {
			*out = ip->as.text;
			return 0;
		}
	}
	/* The words of libpq, which people look for. */
	memset(err, 0, sizeof(*err));
	error_set(err, ERROR_UNAVAILABLE,
		  "could not translate host name \"%.*s\" to address: Name or "
		  "service not known",
		  STR_ARG(name));
	return error_hint(err,
			  "the server name of an endpoint must be the name "
			  "of a private endpoint of the stack, or an IPv4 "
			  "address");
}

static struct str setting(struct value endpoint, const char *key)
{
	const struct value *settings =
	    value_get(endpoint, "PostgreSQLSettings");
	struct str text = value_text(endpoint, key);

	return text.n || !settings ? text : value_text(*settings, key);
}

/* Name, password and perhaps host and port out of a secret. */
static int read_secret(struct server *s, struct str arn, struct arena *a,
		       struct pg_target *out, struct error *err)
{
	static const char mark[] = ":secret:";
	struct str name = arn;
	struct value v;
	struct str text;

	for (size_t i = 0; i + sizeof(mark) - 1 <= arn.n; i++)
		if (memcmp(arn.s + i, mark, sizeof(mark) - 1) == 0)
			name = str_skip(arn, i + sizeof(mark) - 1);
	if (vault_get(str_c(s->config.vault, a), s->config.vault_key, name, a,
		      &text, err) < 0)
		return error_add(err, "Unable to find Secrets Manager secret");
	if (json_read(text, a, &v, err) < 0 || v.kind != VALUE_MAP) {
		/* The reader's message may quote what it read. */
		explicit_bzero((void *)(uintptr_t)text.s, text.n);
		return error_set(
		    err, ERROR_INVALID,
		    "Secrets Manager secret \"%.*s\" is not a JSON "
		    "object",
		    STR_ARG(name));
	}
	out->user = str_dup(value_text(v, "username"), a);
	out->password = str_dup(value_text(v, "password"), a);
	if (!out->host.n)
		out->host = str_dup(value_text(v, "host"), a);
	if (!out->port)
		out->port = (int)value_number(v, "port", 0);
	explicit_bzero((void *)(uintptr_t)text.s, text.n);
	if (!out->user.n || !out->password.n)
		return error_set(err, ERROR_INVALID,
				 "Secrets Manager secret \"%.*s\" must hold "
				 "\"username\" and \"password\"",
				 STR_ARG(name));
	return 0;
}

static int64_t port_of(struct value endpoint)
{
	const struct value *settings =
	    value_get(endpoint, "PostgreSQLSettings");
	int64_t port = value_number(endpoint, "Port", 0);

	return port || !settings ? port : value_number(*settings, "Port", 0);
}

static void choose_tls(struct server *s, struct str mode, struct pg_target *t,
		       struct arena *a)
{
	if (mode.n == 0 || str_is(mode, "none")) {
		t->ssl_mode = STR("disable");
		return;
	}
	t->ssl_mode = mode;
	if (!s->config.ca_file.n)
		return;
	t->ca_file = s->config.ca_file;
	/*
	 * "require" of the service trusts any certificate. Here the authority
	 * is known and its certificates carry the endpoint's name, so we check
	 * both where there is a name.
	 */
	if (str_is(mode, "require"))
		t->ssl_mode =
		    is_ip(t->host, a) ? STR("verify-ca") : STR("verify-full");
}

/* Everything pg_open() needs, in the arena; the password too: wipe it. */
static int find(struct server *s, struct value endpoint, struct arena *a,
		struct pg_target *out, struct error *err)
{
	struct str secret = setting(endpoint, "SecretsManagerSecretId");

	memset(out, 0, sizeof(*out));
	out->host = setting(endpoint, "ServerName");
	out->port = (int)port_of(endpoint);
	out->database = setting(endpoint, "DatabaseName");
	if (secret.n) {
		if (read_secret(s, secret, a, out, err) < 0)
			return -1;
	} else {
		out->user = setting(endpoint, "Username");
		if (value_true(endpoint, "_password") &&
		    vault_get(
			route_secret_folder(s, a), s->config.vault_key,
			route_secret_name(value_text(endpoint, "EndpointArn")),
			a, &out->password, err) < 0)
			return -1;
	}
	if (!out->port)
		out->port = PORT_DEFAULT;
	choose_tls(s, value_text(endpoint, "SslMode"), out, a);
	if (find_address(s, out->host, a, &out->hostaddr, err) < 0) {
		wipe(out);
		return -1;
	}
	return 0;
}

int route_open(struct server *s, struct value endpoint, const char *application,
	       struct pg **out, struct error *err)
{
	struct arena a = { 0 };
	struct pg_target t;
	int rc;

	*out = NULL;
	rc = find(s, endpoint, &a, &t, err);
	if (rc == 0) {
		t.application = str_from(application);
		rc = pg_open(&t, out, err);
	}
	wipe(&t);
	arena_release(&a);
	return rc;
}
