/*
 * dms_endpoint here: the type that every provider shares, and besides, a way to
 * the database behind it for psql and for checks: by the address of the path's
 * near end, which the replication server uses too, with the secret's user.
 */
#include <config.h>

#include "providers/local/types.h"

#include "lang/base/file.h"
#include "lang/json.h"
#include "providers/aws/dms.h"
#include "providers/local/hosts.h"
#include "providers/local/stack.h"
#include "providers/pg/pg.h"
#include "providers/sql/sql.h"

enum { ROUTES_MAX = 1 << 20 };

/* The loopback address of a name of the stack; empty for any other name. */
static int find_route(struct local *l, struct str name, struct arena *a,
		      struct str *out, struct error *err)
{
	struct value routes;
	struct str text;

	if (file_read(stack_path(l, a, "routes.json"), ROUTES_MAX, a, &text,
		      err) < 0 ||
	    json_read(text, a, &routes, err) < 0)
		return error_add(err, "addresses of the stack's names");
	*out = value_text(routes, str_c(name, a));
	return 0;
}

static int find_login(struct call *c, struct pg_target *t)
{
	struct str secret = value_text(c->prior, "secret"), json;
	struct value login;

	t->user = value_text(c->prior, "username");
	t->password = value_text(c->prior, "password");
	if (!secret.n)
		return 0;
	if (local_dms_host.secret(c->self, secret, c->arena, &json, &c->err) <
	    0)
		return -1;
	if (json_read(json, c->arena, &login, &c->err) < 0 ||
	    login.kind != VALUE_MAP)
		/* The reader's words may quote the secret. */
		return error_set(&c->err, ERROR_INVALID, "secret \"%.*s\" is "
				 "no JSON object with username and password",
				 STR_ARG(secret));
	t->user = value_text(login, "username");
	t->password = value_text(login, "password");
	return 0;
}

static int find_target(struct call *c, struct pg_target *t)
{
	struct local *l = c->self;

	*t = (struct pg_target){
		.host = value_text(c->prior, "server"),
		.port = (int)value_number(c->prior, "port", 5432),
		.database = value_text(c->prior, "database"),
		.ssl_mode = STR("verify-full"),
		.ca_file = str_from(stack_path(l, c->arena, "tls/ca.crt")),
		.application = STR("dmsl"),
	};
	if (find_route(l, t->host, c->arena, &t->hostaddr, &c->err) < 0)
		return -1;
	/* A server outside of the stack has a certificate of its own. */
	if (!t->hostaddr.n)
		t->ssl_mode = STR("require");
	return find_login(c, t);
}

static int plan_endpoint(struct call *c, const char *action)
{
	return dms_endpoint_ops.plan ? dms_endpoint_ops.plan(c, action) : 0;
}

static enum step read_endpoint(struct call *c)
{
	return dms_endpoint_ops.read(c);
}

static enum step create_endpoint(struct call *c)
{
	return dms_endpoint_ops.create(c);
}

static enum step update_endpoint(struct call *c)
{
	return dms_endpoint_ops.update(c);
}

static enum step destroy_endpoint(struct call *c)
{
	return dms_endpoint_ops.destroy(c);
}

static enum step query_endpoint(struct call *c)
{
	struct pg_target t;

	if (find_target(c, &t) < 0)
		return STEP_FAILED;
	return sql_query(c, &t);
}

static int session_endpoint(struct call *c, struct session *out)
{
	struct pg_target t;

	if (find_target(c, &t) < 0)
		return -1;
	return sql_session(c, &t, out);
}

const struct resource_ops local_dms_endpoint_ops = {
	.plan = plan_endpoint,
	.read = read_endpoint,
	.create = create_endpoint,
	.update = update_endpoint,
	.destroy = destroy_endpoint,
	.query = query_endpoint,
	.session = session_endpoint,
	.recovery = 'N',
};
