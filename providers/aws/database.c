#include <config.h>

#include "providers/aws/database.h"

#include "providers/aws/reach.h"

static struct str id_of(const struct call *c)
{
	return str_fmt(c->arena, "%.*s:%lld",
		       STR_ARG(value_text(c->config, "host")),
		       (long long)value_number(c->config, "port", 5432));
}

static enum step database_create(struct call *c)
{
	c->id = id_of(c);
	reach_server_know(c->self, c->id, c->config);
	return STEP_DONE;
}

static enum step database_update(struct call *c)
{
	reach_server_know(c->self, c->id, c->config);
	return STEP_DONE;
}

static void database_know(void *self, struct str id, struct value attrs)
{
	reach_server_know(self, id, attrs);
}

static struct sql_place place_of(const struct call *c)
{
	return (struct sql_place){ c->id, STR("postgres") };
}

static enum step database_query(struct call *c)
{
	return sql_ask(c, &aws_sql_host, place_of(c));
}

static int database_session(struct call *c, struct session *out)
{
	return sql_open_session(c, &aws_sql_host, place_of(c), out);
}

static enum step database_nothing(struct call *c)
{
	(void)c;
	return STEP_DONE;
}

static int database_plan(struct call *c, const char *action)
{
	const struct value *v = value_get(c->config, "port");
	int64_t port = value_number(c->config, "port", 5432);

	if (str_is(str_from(action), "delete") || !v || value_is_unknown(*v) ||
	    (port > 0 && port < 65536))
		return 0;
	return error_set(&c->err, ERROR_INVALID, "%lld is no port",
			 (long long)port);
}

const struct resource_ops database_ops = {
	.plan = database_plan,
	.read = database_nothing,
	.create = database_create,
	.update = database_update,
	.destroy = database_nothing,
	.know = database_know,
	.query = database_query,
	.session = database_session,
	.recovery = 'N',
};
