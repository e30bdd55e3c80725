/* dms_endpoint: a database as the replication instance sees it. */
#include <config.h>

#include "providers/aws/dms_call.h"

#include "lang/json.h"

enum { NAME_MAX_BYTES = 255, PATIENCE_S = 300 };

/* Members of enums as the service spells them, and back. */
static const struct {
	const char *ours, *theirs;
} spellings[] = {
	{ "aurora_postgresql", "aurora-postgresql" },
	{ "postgres", "postgres" },
	{ "none", "none" },
	{ "require", "require" },
	{ "verify_ca", "verify-ca" },
	{ "verify_full", "verify-full" },
};

static struct str theirs_of(struct str ours)
{
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++)
		if (str_is(ours, spellings[i].ours))
			return str_from(spellings[i].theirs);
	return ours;
}

static struct str ours_of(struct str theirs)
{
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++)
		if (str_is(theirs, spellings[i].theirs))
			return str_from(spellings[i].ours);
	return theirs;
}

static int find(struct call *c, bool may_start, const char *by,
		struct str value, struct value *out)
{
	return dms_find(c, may_start, "DescribeEndpoints",
			dms_filter(by, value, c->arena), "Endpoints", out);
}

/* User and password: written in the block, or held by the secret. */
static int find_login(struct call *c, struct str *user, struct str *password)
{
	const struct dms_host *host = c->type->data;
	struct str secret = value_text(c->config, "secret");

	*user = value_text(c->config, "username");
	*password = value_text(c->config, "password");
	if (secret.n) {
		struct str json;
		struct error ignored;
		struct value v;

		if (host->secret(c->self, secret, c->arena, &json, &c->err) < 0)
			return error_add(&c->err, "could not read the secret");
		/* What the reader says may quote the text. */
		if (json_read(json, c->arena, &v, &ignored) < 0 ||
		    value_text(v, "username").n == 0 ||
		    value_text(v, "password").n == 0)
			return error_set(
			    &c->err, ERROR_INVALID,
			    "the secret does not hold username and "
			    "password");
		if (user->n == 0)
			*user = value_text(v, "username");
		if (password->n == 0)
			*password = value_text(v, "password");
	}
	return 0;
}

static int add_login(struct call *c, struct fields *f)
{
	struct str user, password;

	if (find_login(c, &user, &password) < 0)
		return -1;
	field_given(f, "Username", user);
	if (password.n)
		field(f, "Password",
		      value_mark(value_str(password), MARK_SECRET));
	return 0;
}

static int add_common(struct call *c, struct fields *f)
{
	field_text(f, "EngineName", theirs_of(value_text(c->config, "engine")));
	field_text(f, "ServerName", value_text(c->config, "server"));
	field(f, "Port", value_int(value_number(c->config, "port", 5432)));
	field_text(f, "DatabaseName", value_text(c->config, "database"));
	field_text(f, "SslMode", theirs_of(value_text(c->config, "ssl")));
	return add_login(c, f);
}

static enum step done(struct call *c, struct value endpoint)
{
	struct fields f = { 0 };

	dms_name_field(c, &f, value_text(endpoint, "EndpointIdentifier"));
	c->result = fields_done(&f, c->arena);
	return STEP_DONE;
}

static enum step wait_active(struct call *c)
{
	struct value endpoint;
	struct str status;

	if (find(c, true, "endpoint-arn", c->id, &endpoint) < 0)
		return STEP_FAILED;
	if (value_is_null(endpoint)) {
		if (dms_is_patient(c, "seen", PATIENCE_S))
			return dms_wait(c, "the endpoint to be seen");
		return call_fail(c, ERROR_NOT_FOUND, "the endpoint is gone");
	}
	status = value_text(endpoint, "Status");
	if (str_is(status, "active"))
		return done(c, endpoint);
	if (str_is(status, "failed"))
		return call_fail(c, ERROR_FAILED, "the endpoint failed");
	return dms_wait(c, "the endpoint to become active (%.*s)",
			STR_ARG(status));
}

static int modify(struct call *c)
{
	struct fields f = { 0 };
	struct value ignored;

	field_text(&f, "EndpointArn", c->id);
	if (add_common(c, &f) < 0) {
		vec_release(&f.list);
		return -1;
	}
	if (dms_call(c, true, "ModifyEndpoint", fields_done(&f, c->arena),
		     &ignored) < 0) {
		if (c->err.kind == ERROR_CONFLICT)
			error_hint(&c->err, "stop the task that uses it first: "
					    "dmsl task stop");
		return -1;
	}
	return 0;
}

static enum step adopt(struct call *c, struct str name)
{
	struct value endpoint;
	struct str arn;

	c->err = (struct error){ 0 };
	if (find(c, true, "endpoint-id", name, &endpoint) < 0)
		return STEP_FAILED;
	if (value_is_null(endpoint) ||
	    str_is(value_text(endpoint, "Status"), "deleting"))
		return dms_wait(c, "an earlier endpoint %.*s to be gone",
				STR_ARG(name));
	arn = value_text(endpoint, "EndpointArn");
	if (dms_adopt(c, "endpoint", name, arn) < 0)
		return STEP_FAILED;
	c->id = arn;
	/* The earlier attempt may have had another password to tell. */
	if (modify(c) < 0)
		return STEP_FAILED;
	return wait_active(c);
}

static enum step endpoint_create(struct call *c)
{
	struct str name = dms_identifier(c, NAME_MAX_BYTES);
	const struct value *endpoint;
	struct fields f = { 0 };
	struct value answer;

	if (c->id.n)
		return wait_active(c);
	field_text(&f, "EndpointIdentifier", name);
	field_text(&f, "EndpointType", value_text(c->config, "role"));
	if (add_common(c, &f) < 0) {
		vec_release(&f.list);
		return STEP_FAILED;
	}
	field(&f, "Tags", dms_tags(c));
	if (dms_call(c, true, "CreateEndpoint", fields_done(&f, c->arena),
		     &answer) < 0)
		return c->err.kind == ERROR_EXISTS ? adopt(c, name)
						   : STEP_FAILED;
	endpoint = value_get(answer, "Endpoint");
	if (!endpoint)
		return call_fail(c, ERROR_FAILED,
				 "the service answered without an endpoint");
	c->id = value_text(*endpoint, "EndpointArn");
	if (str_is(value_text(*endpoint, "Status"), "active"))
		return done(c, *endpoint);
	return dms_wait(c, "the endpoint to become active");
}

static enum step endpoint_read(struct call *c)
{
	struct value e, tags;
	struct fields f = { 0 };
	struct str user = value_text(c->prior, "username");
	struct str status;

	if (find(c, false, "endpoint-arn", c->id, &e) < 0)
		return dms_read_failed(c);
	status = value_text(e, "Status");
	if (value_is_null(e) || str_is(status, "deleting")) {
		c->is_gone = true;
		return STEP_DONE;
	}
	if (dms_read_tags(c, false, c->id, &tags) < 0)
		return dms_read_failed(c);
	/* The password is never told: its drift cannot be seen. */
	dms_drift(c, &f, "engine",
		  value_str(ours_of(value_text(e, "EngineName"))));
	dms_drift(c, &f, "server", value_str(value_text(e, "ServerName")));
	if (value_number(e, "Port", 0) != value_number(c->prior, "port", 0))
		field(&f, "port", value_int(value_number(e, "Port", 0)));
	dms_drift(c, &f, "database", value_str(value_text(e, "DatabaseName")));
	dms_drift(c, &f, "ssl", value_str(ours_of(value_text(e, "SslMode"))));
	if (user.n)
		dms_drift(c, &f, "username",
			  value_str(value_text(e, "Username")));
	dms_drift(c, &f, "tags", dms_user_tags(tags, c->arena));
	c->result = fields_done(&f, c->arena);
	if (str_is(status, "failed")) {
		c->is_broken = true;
		c->status = STR("failed");
	}
	return STEP_DONE;
}

/* Whether the service has to be told; tags are apart. */
static bool is_changed(struct call *c)
{
	static const char *const attrs[] = {
		"engine", "server",   "port",	  "database",
		"secret", "username", "password", "ssl",
	};

	for (size_t i = 0; i < sizeof(attrs) / sizeof(attrs[0]); i++) {
		const struct value *was = value_get(c->prior, attrs[i]);
		const struct value *is = value_get(c->config, attrs[i]);

		if (!value_eq(was ? *was : value_null(),
			      is ? *is : value_null()))
			return true;
	}
	return false;
}

/*
 * A modification makes the service forget its connection tests, and is refused
 * while a task runs: a changed tag shall do neither.
 */
static enum step endpoint_update(struct call *c)
{
	struct value endpoint;

	if (c->is_poll)
		return wait_active(c);
	if (find(c, true, "endpoint-arn", c->id, &endpoint) < 0)
		return STEP_FAILED;
	if ((is_changed(c) ||
	     str_is(value_text(endpoint, "Status"), "failed")) &&
	    modify(c) < 0)
		return STEP_FAILED;
	if (dms_sync_tags(c, c->id) < 0)
		return STEP_FAILED;
	return wait_active(c);
}

static enum step endpoint_destroy(struct call *c)
{
	struct value endpoint;

	if (find(c, true, "endpoint-arn", c->id, &endpoint) < 0)
		return STEP_FAILED;
	if (value_is_null(endpoint))
		return STEP_DONE;
	if (str_is(value_text(endpoint, "Status"), "deleting"))
		return dms_wait(c, "the endpoint to be gone");
	return dms_delete(c, "DeleteEndpoint", "EndpointArn",
			  "the endpoint to be gone",
			  "tasks of the endpoint to be gone");
}

static int endpoint_plan(struct call *c, const char *action)
{
	const struct value *secret = value_get(c->config, "secret");
	const struct value *user = value_get(c->config, "username");
	const struct value *password = value_get(c->config, "password");
	bool has_secret = secret && !value_is_null(*secret);
	bool has_login = user && !value_is_null(*user) && password &&
			 !value_is_null(*password);

	if (str_is(str_from(action), "delete") || has_secret || has_login)
		return 0;
	error_set(&c->err, ERROR_INVALID,
		  "a dms_endpoint needs a secret, or username and password");
	return error_hint(&c->err, "write secret = aurora.NAME.secret");
}

/* psql by the way that the replication instance goes. */
static int endpoint_session(struct call *c, struct session *out)
{
	const struct dms_host *host = c->type->data;
	struct dms_server server = {
		.name = value_text(c->config, "server"),
		.port = (int)value_number(c->config, "port", 5432),
		.database = value_text(c->config, "database"),
	};

	if (!host->session)
		return error_set(&c->err, ERROR_INVALID,
				 "this provider opens no client on a DMS "
				 "endpoint");
	if (find_login(c, &server.user, &server.password) < 0)
		return -1;
	return host->session(c, &server, out);
}

const struct resource_ops dms_endpoint_ops = {
	.plan = endpoint_plan,
	.read = endpoint_read,
	.create = endpoint_create,
	.update = endpoint_update,
	.destroy = endpoint_destroy,
	.session = endpoint_session,
	.recovery = 'N',
};
