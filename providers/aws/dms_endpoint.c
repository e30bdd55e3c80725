/* dms_endpoint: a database as the replication instance sees it. */
#include <config.h>

#include "providers/aws/dms_call.h"

#include "lang/base/buf.h"
#include "lang/json.h"
#include "providers/aws/dms_change.h"

enum {
	NAME_MAX_BYTES = 255,
	PATIENCE_S = 300,
	ROLE_PATIENCE_S = 120,
	OPTIONS_MAX = 65536
};

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

/* The service reads the secret itself. */
static bool is_by_reference(const struct call *c)
{
	const struct dms_host *host = c->type->data;

	return host->role && value_text(c->config, "secret").n &&
	       value_text(c->config, "secret_access_role").n;
}

/*
 * Such a secret must say where the server is. Who may not read it is told so by
 * the connection test.
 */
static int check_reference(struct call *c)
{
	const struct dms_host *host = c->type->data;
	struct str server = value_text(c->config, "server"), json;
	struct error ignored = { 0 };
	struct value v;

	if (host->secret(c->self, value_text(c->config, "secret"), c->arena,
			 &json, &ignored) < 0)
		return 0;
	if (json_read(json, c->arena, &v, &ignored) < 0 ||
	    !value_text(v, "username").n || !value_text(v, "password").n ||
	    !value_text(v, "host").n || !value_get(v, "port")) {
		error_set(&c->err, ERROR_INVALID,
			  "a secret that the service reads itself must hold "
			  "username, password, host and port");
		return error_hint(&c->err,
				  "add them to the value of the secret, or "
				  "leave secret_access_role out");
	}
	if (!str_eq(value_text(v, "host"), server))
		return error_set(&c->err, ERROR_INVALID,
				 "the host in the secret is not the "
				 "endpoint's server %.*s",
				 STR_ARG(server));
	return 0;
}

static int add_reference(struct call *c, struct fields *settings)
{
	const struct dms_host *host = c->type->data;
	struct str arn;

	if (check_reference(c) < 0 ||
	    host->role(c->self, value_text(c->config, "secret_access_role"),
		       c->arena, &arn, &c->err) < 0)
		return -1;
	field_text(settings, "SecretsManagerSecretId",
		   value_text(c->config, "secret"));
	field_text(settings, "SecretsManagerAccessRoleArn", arn);
	return 0;
}

/* What is written of PostgreSQLSettings. */
static int find_options(struct call *c, struct value attrs, struct value *out)
{
	struct str text = str_trim(value_text(attrs, "options"));

	*out = value_map(NULL, 0, c->arena);
	if (!text.n)
		return 0;
	if (json_read(text, c->arena, out, &c->err) < 0)
		return error_add(&c->err, "the options of a dms_endpoint");
	if (out->kind == VALUE_MAP)
		return 0;
	return error_set(&c->err, ERROR_INVALID,
			 "the options of a dms_endpoint are no JSON object");
}

static int add_settings(struct call *c, struct fields *f)
{
	struct fields settings = { 0 };
	struct value options;

	if (find_options(c, c->config, &options) < 0)
		return -1;
	for (size_t i = 0; i < options.as.map.n; i++)
		*vec_push(&settings.list) = options.as.map.entries[i];
	if (is_by_reference(c) && add_reference(c, &settings) < 0) {
		vec_release(&settings.list);
		return -1;
	}
	if (settings.list.n)
		field(f, "PostgreSQLSettings",
		      fields_done(&settings, c->arena));
	return 0;
}

static int add_common(struct call *c, struct fields *f)
{
	field_text(f, "EngineName", theirs_of(value_text(c->config, "engine")));
	field_text(f, "DatabaseName", value_text(c->config, "database"));
	field_text(f, "SslMode", theirs_of(value_text(c->config, "ssl")));
	field_given(f, "CertificateArn", value_text(c->config, "certificate"));
	if (add_settings(c, f) < 0)
		return -1;
	if (is_by_reference(c))
		return 0;
	field_text(f, "ServerName", value_text(c->config, "server"));
	field(f, "Port", value_int(value_number(c->config, "port", 5432)));
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
	return dms_call(c, true, "ModifyEndpoint", fields_done(&f, c->arena),
			&ignored);
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

static enum step refused(struct call *c, struct str name)
{
	if (c->err.kind == ERROR_EXISTS)
		return adopt(c, name);
	/* The role that reads the secret was made moments ago. */
	if (c->err.kind == ERROR_DENIED && is_by_reference(c) &&
	    !str_contains(str_from(c->err.message),
			  STR("is not authorized to perform")) &&
	    dms_is_patient(c, "role", ROLE_PATIENCE_S)) {
		c->err = (struct error){ 0 };
		return dms_wait(c, "the secret's role to be known");
	}
	return STEP_FAILED;
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
	field_given(&f, "KmsKeyId", value_text(c->config, "kms_key"));
	field(&f, "Tags", dms_tags(c));
	if (dms_call(c, true, "CreateEndpoint", fields_done(&f, c->arena),
		     &answer) < 0)
		return refused(c, name);
	endpoint = value_get(answer, "Endpoint");
	if (!endpoint)
		return call_fail(c, ERROR_FAILED,
				 "the service answered without an endpoint");
	c->id = value_text(*endpoint, "EndpointArn");
	if (str_is(value_text(*endpoint, "Status"), "active"))
		return done(c, *endpoint);
	return dms_wait(c, "the endpoint to become active");
}

/* Only what was written is compared: the service fills in the rest. */
static void show_options(struct call *c, struct value endpoint,
			 struct fields *f)
{
	const struct value *now = value_get(endpoint, "PostgreSQLSettings");
	struct error before = c->err;
	struct value options, actual;
	struct buf b;

	if (find_options(c, c->prior, &options) < 0 || !now) {
		c->err = before;
		return;
	}
	actual = options;
	for (size_t i = 0; i < options.as.map.n; i++) {
		struct value_entry e = options.as.map.entries[i];
		const struct value *v = value_get_str(*now, e.key);

		if (v && !value_is_null(*v) && !value_eq(*v, e.value))
			actual = value_with(actual, e.key, *v, c->arena);
	}
	if (value_eq(actual, options))
		return;
	buf_init(&b, OPTIONS_MAX);
	json_write(&b, actual, 0);
	field_text(f, "options", str_dup(buf_str(&b), c->arena));
	buf_release(&b);
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
	/* Of one that reads a secret the service does not tell the server. */
	if (value_text(e, "ServerName").n) {
		dms_drift(c, &f, "server",
			  value_str(value_text(e, "ServerName")));
		if (value_number(e, "Port", 0) !=
		    value_number(c->prior, "port", 0))
			field(&f, "port",
			      value_int(value_number(e, "Port", 0)));
	}
	if (value_text(c->prior, "certificate").n)
		dms_drift(c, &f, "certificate",
			  value_str(value_text(e, "CertificateArn")));
	show_options(c, e, &f);
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
		"engine",      "server",   "port",
		"database",    "secret",   "secret_access_role",
		"username",    "password", "ssl",
		"certificate", "options",
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
	enum step step;

	if (dms_change_goes_on(c)) {
		step = dms_change_go_on(c, modify);
		if (step != STEP_DONE)
			return step;
	} else if (c->is_poll) {
		return wait_active(c);
	} else if (find(c, true, "endpoint-arn", c->id, &endpoint) < 0) {
		return STEP_FAILED;
	} else if ((is_changed(c) ||
		    str_is(value_text(endpoint, "Status"), "failed")) &&
		   modify(c) < 0) {
		return c->err.kind == ERROR_CONFLICT ? dms_change_begin(c)
						     : STEP_FAILED;
	}
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

static bool is_given(const struct call *c, const char *attr)
{
	const struct value *v = value_get(c->config, attr);

	return v && !value_is_null(*v);
}

static int check_certificate(struct call *c)
{
	const struct dms_host *host = c->type->data;
	struct str ssl = value_text(c->config, "ssl");
	struct value ignored;

	if (find_options(c, c->config, &ignored) < 0)
		return -1;
	/* Elsewhere the service knows its own authorities. */
	if (!host->role || !str_starts(ssl, "verify") ||
	    is_given(c, "certificate"))
		return 0;
	error_set(&c->err, ERROR_INVALID, "ssl = %.*s needs a certificate",
		  STR_ARG(ssl));
	return error_hint(&c->err,
			  "certificate = dms_certificate.NAME, with the "
			  "authorities of the database's certificate");
}

static void give_advice(struct call *c)
{
	const struct dms_host *host = c->type->data;

	if (!host->role)
		return;
	if (is_given(c, "secret") && is_given(c, "secret_access_role"))
		call_notice(c, "AWS DMS reads the secret itself: the "
			       "replication instance's network needs a "
			       "vpc_endpoint for secretsmanager with private "
			       "names, and its security group must let 443 "
			       "out");
	if (str_is(value_text(c->config, "ssl"), "verify_full"))
		call_notice(c, "with verify_full the server's certificate must "
			       "hold the name that the endpoint connects to; "
			       "behind a private endpoint it does not: use "
			       "verify_ca");
}

static int endpoint_plan(struct call *c, const char *action)
{
	const struct value *secret = value_get(c->config, "secret");
	const struct value *user = value_get(c->config, "username");
	const struct value *password = value_get(c->config, "password");
	bool has_secret = secret && !value_is_null(*secret);
	bool has_login = user && !value_is_null(*user) && password &&
			 !value_is_null(*password);

	if (str_is(str_from(action), "delete"))
		return 0;
	if (str_is(str_from(action), "update") && is_changed(c))
		dms_change_effects(c);
	if (!str_is(str_from(action), "none"))
		give_advice(c);
	if (has_secret || has_login)
		return check_certificate(c);
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

static enum step endpoint_lookup(struct call *c)
{
	static const struct dms_found how = {
		"endpoint",  "DescribeEndpoints", "endpoint-id",
		"Endpoints", "EndpointArn",	  NULL,
	};

	return dms_lookup(c, &how, endpoint_read);
}

const struct resource_ops dms_endpoint_ops = {
	.lookup = endpoint_lookup,
	.plan = endpoint_plan,
	.read = endpoint_read,
	.create = endpoint_create,
	.update = endpoint_update,
	.destroy = endpoint_destroy,
	.session = endpoint_session,
	.recovery = 'N',
};
