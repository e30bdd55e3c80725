#include <config.h>

#include "providers/local/outside.h"

#include "lang/base/arena.h"
#include "lang/json.h"
#include "providers/local/hosts.h"
#include "providers/local/record.h"
#include "providers/local/types.h"
#include "providers/pg/pg.h"
#include "providers/sql/sql.h"

bool outside_find(struct local *l, struct str id, struct arena *a,
		  struct record *out)
{
	struct error ignored;

	return record_read(l, "database", id, a, out, &ignored) == 0;
}

/* User and password of the secret, in a; what else was read of it is wiped. */
static int read_login(struct local *l, const struct record *r, struct str id,
		      struct arena *a, struct pg_target *out, struct error *err)
{
	struct arena clear = { 0 };
	struct error ignored;
	struct value json;
	struct str text;
	int result = hosts_secret(l, id, &clear, &text, err);

	if (result == 0) {
		/* A parser's words could quote it. */
		if (json_read(text, &clear, &json, &ignored) < 0 ||
		    value_text(json, "password").n == 0)
			result = error_set(err, ERROR_INVALID,
					   "the secret of %.*s does not hold a "
					   "username and a password",
					   STR_ARG(r->address));
		else {
			out->user = str_dup(value_text(json, "username"), a);
			out->password =
			    str_dup(value_text(json, "password"), a);
		}
	}
	arena_wipe(&clear);
	return result;
}

int outside_target(struct local *l, const struct record *r, struct str database,
		   struct arena *a, struct pg_target *out, struct error *err)
{
	struct str secret = value_text(r->config, "secret");

	if (secret.n == 0) {
		error_set(err, ERROR_INVALID, "%.*s names no secret",
			  STR_ARG(r->address));
		return error_hint(err, "SQL logs in as the user in its secret, "
				       "{ username, password }: set secret "
				       "there");
	}
	*out = (struct pg_target){
		.host = value_text(r->config, "host"),
		.port = (int)value_number(r->config, "port", 5432),
		.database = str_dup(database, a),
		.ssl_mode = pg_ssl_mode(value_text(r->config, "tls")),
		.application = STR("dmsl"),
	};
	return read_login(l, r, secret, a, out, err);
}

static int target(struct call *c, struct pg_target *out)
{
	struct record r;

	if (record_read(c->self, "database", c->id, c->arena, &r, &c->err) < 0)
		return -1;
	return outside_target(c->self, &r, STR("postgres"), c->arena, out,
			      &c->err);
}

static enum step query(struct call *c)
{
	struct pg_target t;

	return target(c, &t) < 0 ? STEP_FAILED : sql_query(c, &t);
}

static int session(struct call *c, struct session *out)
{
	struct pg_target t;

	return target(c, &t) < 0 ? -1 : sql_session(c, &t, out);
}

const struct resource_ops local_database_ops = {
	.read = recorded_read,
	.create = recorded_create,
	.update = recorded_update,
	.destroy = recorded_destroy,
	.query = query,
	.session = session,
	.recovery = 'T',
};
