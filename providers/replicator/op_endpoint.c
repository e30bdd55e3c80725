#include <config.h>

#include "providers/replicator/ops.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "providers/replicator/fault.h"
#include "providers/replicator/obj.h"
#include "providers/replicator/route.h"
#include "providers/replicator/server.h"
#include "providers/vault.h"

#include <string.h>

/*
 * An endpoint's password goes to the server's own secret store before the
 * endpoint is saved with the mark that it has one. Deleting goes the other way
 * round: first the book, so that an endpoint never refers to a secret that is
 * gone. A kill between the two leaves a secret that nothing refers to; the
 * server removes such when it starts.
 */

enum { ENDPOINTS_MAX = 1000 };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct op_filter filters[] = {
	{ "endpoint-arn", "EndpointArn", false },
	{ "endpoint-type", "EndpointType", true },
	{ "endpoint-id", "EndpointIdentifier", true },
	{ "engine-name", "EngineName", false },
};

static const struct {
	const char *name;
	const char *shown;
} engines[] = {
	{ "postgres", "PostgreSQL" },
	{ "aurora-postgresql", "Aurora PostgreSQL" },
	{ "aurora-postgresql-serverless",
	  "Amazon Aurora PostgreSQL Serverless" },
};

static const char *const ssl_modes[] = { "none", "require", "verify-ca",
					 "verify-full" };

/* The connection's parts, which may also stand in PostgreSQLSettings. */
static const char *const parts[] = { "ServerName", "Port", "DatabaseName",
				     "Username" };

/* Texts that are kept as they came. */
static const char *const texts[] = { "SslMode", "CertificateArn",
				     "ExtraConnectionAttributes", "KmsKeyId" };

static int check_engine(struct value *v, struct arena *a, struct fault *f)
{
	struct str name = value_text(*v, "EngineName");

	for (size_t i = 0; i < COUNT(engines); i++) {
		if (!str_is(name, engines[i].name))
			continue;
		*v = value_with(*v, STR("EngineDisplayName"),
				value_c(engines[i].shown), a);
		return 0;
	}
	return fault_set(f, "InvalidParameterValueException",
			 "Invalid engine name: '%.*s'; this server knows "
			 "postgres and aurora-postgresql.",
			 STR_ARG(name));
}

static int check_ssl(struct value v, struct fault *f)
{
	struct str mode = value_text(v, "SslMode");

	for (size_t i = 0; i < COUNT(ssl_modes); i++)
		if (str_is(mode, ssl_modes[i]))
			return 0;
	return fault_set(f, "InvalidParameterValueException",
			 "Invalid SSL mode: '%.*s'; one of none, require, "
			 "verify-ca, verify-full.",
			 STR_ARG(mode));
}

static int check_connection(struct value v, bool has_password, struct fault *f)
{
	const struct value *settings = value_get(v, "PostgreSQLSettings");
	bool has_secret =
	    settings && value_text(*settings, "SecretsManagerSecretId").n;
	int64_t port = value_number(v, "Port", 0);

	if (has_secret && (has_password || value_text(v, "Username").n))
		return fault_set(f, "InvalidParameterCombinationException",
				 "SecretsManagerSecretId excludes Username and "
				 "Password.");
	if (!has_secret && value_text(v, "ServerName").n == 0)
		return fault_set(f, "InvalidParameterValueException",
				 "ServerName is required without "
				 "SecretsManagerSecretId.");
	if (!has_secret && value_text(v, "Username").n == 0)
		return fault_set(f, "InvalidParameterValueException",
				 "Username is required without "
				 "SecretsManagerSecretId.");
	if (port < 0 || port > 65535)
		return fault_set(f, "InvalidParameterValueException",
				 "Port must be between 1 and 65535.");
	return 0;
}

/* Settings without the password: one by one over the old, or instead of them.
 */
static struct value merge_settings(struct value old, struct value in,
				   struct arena *a)
{
	const struct value *given = value_get(in, "PostgreSQLSettings");
	struct value out = old;

	if (value_true(in, "ExactSettings") || out.kind != VALUE_MAP)
		out = value_map(NULL, 0, a);
	if (!given || given->kind != VALUE_MAP)
		return old.kind == VALUE_MAP ? old : out;
	for (size_t i = 0; i < given->as.map.n; i++) {
		struct value_entry e = given->as.map.entries[i];

		if (!str_is(e.key, "Password") && !value_is_null(e.value))
			out = value_with(out, e.key, e.value, a);
	}
	return out;
}

/* The password of a call, wherever it stands. */
static struct str password_of(struct value in)
{
	const struct value *settings = value_get(in, "PostgreSQLSettings");
	struct str password = value_text(in, "Password");

	if (!password.n && settings)
		password = value_text(*settings, "Password");
	return password;
}

/* Lays the members of a call over an endpoint. */
static int merge(struct value in, struct value *v, struct arena *a,
		 struct fault *f)
{
	const struct value *old = value_get(*v, "PostgreSQLSettings");
	struct value settings =
	    merge_settings(old ? *old : value_null(), in, a);

	for (size_t i = 0; i < COUNT(texts); i++) {
		const struct value *given = value_get(in, texts[i]);

		if (given && given->kind == VALUE_STRING)
			*v = value_with(*v, str_from(texts[i]), *given, a);
	}
	/* Told in one place, shown in both, as the service does. */
	for (size_t i = 0; i < COUNT(parts); i++) {
		struct str key = str_from(parts[i]);
		const struct value *given = value_get(in, parts[i]);
		const struct value *in_settings =
		    value_get(in, "PostgreSQLSettings");

		if ((!given || value_is_null(*given)) && in_settings)
			given = value_get(*in_settings, parts[i]);
		if (!given || value_is_null(*given))
			continue;
		if (given->kind != VALUE_STRING && given->kind != VALUE_NUMBER)
			return fault_set(f, "SerializationException",
					 "'%s' is of the wrong type: %s",
					 parts[i], value_kind_name(*given));
		*v = value_with(*v, key, *given, a);
		settings = value_with(settings, key, *given, a);
	}
	*v = value_with(*v, STR("PostgreSQLSettings"), settings, a);
	return check_ssl(*v, f);
}

static int save_password(struct server *s, struct str arn, struct str password,
			 struct arena *a, struct fault *f)
{
	struct error err = { 0 };

	if (vault_put(route_secret_folder(s, a), s->config.vault_key,
		      route_secret_name(arn), password, &err) < 0)
		return fault_internal(f, &err);
	return 0;
}

static struct value passing(const struct item *item, const char *status,
			    struct arena *a)
{
	struct value v = op_public(value_copy(item->v, a), a);

	return op_answer("Endpoint",
			 value_with(v, STR("Status"), value_c(status), a), a);
}

int op_create_endpoint(struct server *s, struct value in, struct arena *a,
		       struct value *out, struct fault *f)
{
	static const char key[] = "EndpointIdentifier";
	struct obj o = { .n = 0 };
	struct str id, type, engine, resource, arn;
	struct str password = password_of(in);
	struct value v, tags;

	if (op_need(in, key, &id, f) < 0 || op_check_id(key, id, 255, f) < 0 ||
	    op_need(in, "EndpointType", &type, f) < 0 ||
	    op_need(in, "EngineName", &engine, f) < 0 ||
	    op_resource_id(in, a, &resource, f) < 0 ||
	    op_read_tags(value_null(), value_get(in, "Tags"), a, &tags, f) < 0)
		return -1;
	id = op_lower(id, a);
	arn = server_arn(s, "endpoint", resource, a);
	type = op_lower(type, a);
	if (!str_is(type, "source") && !str_is(type, "target"))
		return fault_set(f, "InvalidParameterValueException",
				 "Invalid endpoint type: '%.*s'; source or "
				 "target.",
				 STR_ARG(type));
	if (book_find(&s->book, BOOK_ENDPOINT, key, id) ||
	    book_find(&s->book, BOOK_ENDPOINT, "EndpointArn", arn))
		return fault_set(f, "ResourceAlreadyExistsFault",
				 "Endpoint '%.*s' already exists.",
				 STR_ARG(id));
	if (s->book.n[BOOK_ENDPOINT] >= ENDPOINTS_MAX)
		return fault_set(f, "ResourceQuotaExceededFault",
				 "At most %d endpoints are allowed.",
				 ENDPOINTS_MAX);
	obj_str(&o, key, id);
	obj_str(&o, "EndpointArn", arn);
	obj_c(&o, "EndpointType", str_is(type, "source") ? "SOURCE" : "TARGET");
	obj_str(&o, "EngineName", engine);
	obj_c(&o, "Status", "active");
	obj_c(&o, "SslMode", "none");
	obj_bool(&o, "IsReadOnly", false);
	obj_value(&o, "_tags", tags);
	obj_bool(&o, "_password", password.n > 0);
	v = obj_done(&o, a);
	if (check_engine(&v, a, f) < 0 || merge(in, &v, a, f) < 0 ||
	    check_connection(v, password.n > 0, f) < 0)
		return -1;
	if (password.n && save_password(s, arn, password, a, f) < 0)
		return -1;
	*out = passing(book_add(&s->book, BOOK_ENDPOINT, v), "active", a);
	return 0;
}

static int need_endpoint(struct server *s, struct value in, struct item **out,
			 struct fault *f)
{
	struct str arn;

	if (op_need(in, "EndpointArn", &arn, f) < 0)
		return -1;
	*out = book_find(&s->book, BOOK_ENDPOINT, "EndpointArn", arn);
	if (!*out)
		return fault_set(f, "ResourceNotFoundFault",
				 "Endpoint '%.*s' not found.", STR_ARG(arn));
	return 0;
}

static struct item *task_of(struct server *s, struct str arn)
{
	struct item *task =
	    book_find(&s->book, BOOK_TASK, "SourceEndpointArn", arn);

	return task ? task
		    : book_find(&s->book, BOOK_TASK, "TargetEndpointArn", arn);
}

static bool is_in_use(struct server *s, struct str arn)
{
	for (struct item *i = s->book.first[BOOK_TASK]; i; i = i->next) {
		struct str status = value_text(i->v, "Status");

		if (!str_is(status, "running") && !str_is(status, "starting") &&
		    !str_is(status, "stopping"))
			continue;
		if (str_eq(value_text(i->v, "SourceEndpointArn"), arn) ||
		    str_eq(value_text(i->v, "TargetEndpointArn"), arn))
			return true;
	}
	return false;
}

static void forget_tests(struct server *s, struct str arn)
{
	struct item *connection;

	while ((connection =
		    book_find(&s->book, BOOK_CONNECTION, "EndpointArn", arn)))
		book_remove(&s->book, BOOK_CONNECTION, connection);
}

int op_modify_endpoint(struct server *s, struct value in, struct arena *a,
		       struct value *out, struct fault *f)
{
	static const char key[] = "EndpointIdentifier";
	struct str password = password_of(in);
	struct str id = value_text(in, key);
	struct str engine = value_text(in, "EngineName");
	struct item *item;
	struct value v;
	struct str arn;

	if (need_endpoint(s, in, &item, f) < 0)
		return -1;
	v = value_copy(item->v, a);
	arn = value_text(v, "EndpointArn");
	if (is_in_use(s, arn))
		return fault_set(f, "InvalidResourceStateFault",
				 "Endpoint '%.*s' is used by a task that runs; "
				 "stop the task first.",
				 STR_ARG(arn));
	if (id.n) {
		struct item *other;

		if (op_check_id(key, id, 255, f) < 0)
			return -1;
		id = op_lower(id, a);
		other = book_find(&s->book, BOOK_ENDPOINT, key, id);
		if (other && other != item)
			return fault_set(f, "ResourceAlreadyExistsFault",
					 "Endpoint '%.*s' already exists.",
					 STR_ARG(id));
		v = value_with(v, str_from(key), value_str(id), a);
	}
	if (engine.n)
		v = value_with(v, STR("EngineName"), value_str(engine), a);
	if (check_engine(&v, a, f) < 0 || merge(in, &v, a, f) < 0 ||
	    check_connection(v, password.n > 0 || value_true(v, "_password"),
			     f) < 0)
		return -1;
	if (password.n) {
		if (save_password(s, arn, password, a, f) < 0)
			return -1;
		v = value_with(v, STR("_password"), value_bool(true), a);
	}
	item_replace(item, v);
	/* What was tested is not what is there now. */
	forget_tests(s, arn);
	*out = passing(item, "modifying", a);
	return 0;
}

int op_delete_endpoint(struct server *s, struct value in, struct arena *a,
		       struct value *out, struct fault *f)
{
	struct error err = { 0 };
	struct item *item;
	bool has_password;
	struct str arn;

	if (need_endpoint(s, in, &item, f) < 0)
		return -1;
	arn = str_dup(value_text(item->v, "EndpointArn"), a);
	if (task_of(s, arn))
		return fault_set(f, "InvalidResourceStateFault",
				 "Endpoint '%.*s' is used by a replication "
				 "task; delete the task first.",
				 STR_ARG(arn));
	*out = passing(item, "deleting", a);
	has_password = value_true(item->v, "_password");
	forget_tests(s, arn);
	book_remove(&s->book, BOOK_ENDPOINT, item);
	if (!has_password)
		return 0;
	if (book_save(&s->book, &err) < 0 ||
	    vault_remove(route_secret_folder(s, a), route_secret_name(arn),
			 &err) < 0)
		return fault_internal(f, &err);
	return 0;
}

int op_describe_endpoints(struct server *s, struct value in, struct arena *a,
			  struct value *out, struct fault *f)
{
	static const struct op_list list = {
		.kind = BOOK_ENDPOINT,
		.member = "Endpoints",
		.filters = filters,
		.n_filters = COUNT(filters),
		.what = "Endpoints",
	};

	return op_list(s, &list, in, a, out, f);
}
