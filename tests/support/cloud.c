#include <config.h>

#include "tests/support/cloud.h"

#include "engine/provider.h"
#include "engine/schema.h"
#include "lang/base/digest.h"
#include "lang/base/error.h"

#include "tests/support/cloud_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POLL_MS = 5 };

/* -- Schemas ------------------------------------------------------------- */

#define ANY_OF_US "list(box | disk | net | job | slow)"

#define COMMON_ATTRS                                                           \
	{ "size", "number", ATTR_OPTIONAL, "1", "Changed in place." },         \
	    { "label", "string", ATTR_OPTIONAL | ATTR_REPLACE, NULL,           \
	      "Changed by a new object." },                                    \
	    { "uses", ANY_OF_US, ATTR_OPTIONAL | ATTR_REPLACE, "[]",           \
	      "What cannot be destroyed while this object is there." },        \
	    { "sees", "any", ATTR_OPTIONAL, NULL,                              \
	      "Any value; changed in place." },                                \
	    { "keep", "duration", ATTR_OPTIONAL, NULL,                         \
	      "The service keeps the milliseconds; changed in place." },       \
	    { "secret", "string", ATTR_OPTIONAL | ATTR_SECRET, NULL,           \
	      "The service keeps its digest." },                               \
	    { "stamp", "string", ATTR_COMPUTED, NULL,                          \
	      "Made of id and size." },                                        \
	{                                                                      \
		"arn", "string", ATTR_COMPUTED | ATTR_STABLE, NULL,            \
		    "Made of the id."                                          \
	}
#define NAME_ATTR                                                              \
	{                                                                      \
		"name", "string",                                              \
		    ATTR_OPTIONAL | ATTR_COMPUTED | ATTR_REPLACE, NULL,        \
		    "Unique at the service."                                   \
	}

static const struct attr_schema plain_attrs[] = {
	COMMON_ATTRS,
	{ 0 },
};

static const struct attr_schema named_attrs[] = {
	COMMON_ATTRS,
	NAME_ATTR,
	{ 0 },
};

static const struct attr_schema job_attrs[] = {
	COMMON_ATTRS,
	NAME_ATTR,
	{ "work", "string", ATTR_OPTIONAL | ATTR_LOCAL, NULL,
	  "What a run loads; a change runs it again." },
	{ "loaded", "string", ATTR_COMPUTED, NULL, "What it loaded last." },
	{ "runs", "number", ATTR_COMPUTED, NULL, "How often it ran." },
	{ 0 },
};

static const struct type_schema box_schema = {
	.name = "box",
	.group = "test",
	.attrs = plain_attrs,
	.doc = "Made with a client token.",
};
static const struct type_schema disk_schema = {
	.name = "disk",
	.group = "test",
	.attrs = named_attrs,
	.doc = "Made with a unique name.",
};
static const struct type_schema net_schema = {
	.name = "net",
	.group = "test",
	.attrs = plain_attrs,
	.doc = "Has nothing but tags.",
};
static const struct type_schema job_schema = {
	.name = "job",
	.group = "test",
	.attrs = job_attrs,
	.doc = "Can be run.",
};
static const struct type_schema slow_schema = {
	.name = "slow",
	.group = "test",
	.attrs = plain_attrs,
	.doc = "Takes its time.",
};

const struct type_schema *const cloud_schemas[] = {
	&box_schema, &disk_schema, &net_schema, &job_schema, &slow_schema, NULL,
};

/* -- The client ---------------------------------------------------------- */

struct client {
	struct cloud_service *service;
	struct str stack; /* name/uid */
	struct arena arena;
};

enum recovery_class { BY_TOKEN = 'T', BY_NAME = 'N', BY_TAG = 'Q' };

struct kind {
	enum recovery_class class;
	bool is_slow;
};

static const struct kind *kind_of(const struct call *c)
{
	return c->type->data;
}

/* The attribute "keep", if it is given; only ever a duration. */
static bool duration_of(struct value attrs, int64_t *ms)
{
	const struct value *v = value_get(attrs, "keep");

	if (!v || value_is_null(*v))
		return false;
	if (v->kind != VALUE_DURATION)
		BUG("a provider was given a %s for a duration",
		    value_kind_name(*v));
	*ms = v->as.amount;
	return true;
}

/* What the service is to keep: what is wanted, secrets as their digest. */
static struct value wanted(const struct call *c)
{
	static const char *const keys[] = { "size", "label", "uses", "sees" };
	struct value v = value_map(NULL, 0, c->arena);
	struct str secret = value_text(c->config, "secret");
	char hex[DIGEST_HEX_SIZE];
	int64_t ms;

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		const struct value *w = value_get(c->config, keys[i]);

		if (w)
			v = value_with(v, str_from(keys[i]), *w, c->arena);
	}
	if (duration_of(c->config, &ms))
		v = value_with(v, STR("keep"), value_int_in(ms, c->arena),
			       c->arena);
	if (secret.n) {
		digest_sha256_hex(secret, hex);
		v = value_with(v, STR("digest"),
			       value_str(str_dup(str_from(hex), c->arena)),
			       c->arena);
	}
	return v;
}

static struct cloud_query query_of(struct call *c, enum cloud_request request)
{
	const struct client *client = c->self;
	int64_t ignored;

	duration_of(c->prior, &ignored);
	return (struct cloud_query){
		.request = request,
		.type = str_from(c->type->name),
		.address = c->address,
		.stack = client->stack,
		.intent = c->token,
		.ids = &c->id,
		.n_ids = c->id.n ? 1 : 0,
		.is_slow = kind_of(c)->is_slow,
	};
}

/* The first object of the answer, or null. */
static int ask(struct call *c, const struct cloud_query *q, struct value *out)
{
	const struct client *client = c->self;
	struct value all;
	int rc = cloud_ask(client->service, q, c->arena, &all, &c->err);

	*out = all.as.list.n ? all.as.list.items[0] : value_null();
	return rc;
}

static bool has_attr(const struct call *c, const char *name)
{
	for (size_t i = 0; cloud_schemas[i]; i++)
		if (!strcmp(cloud_schemas[i]->name, c->type->name))
			return schema_attr(cloud_schemas[i], str_from(name));
	return false;
}

static void take_object(struct call *c, struct value object)
{
	static const char *const of_attrs[] = { "size", "label", "uses",
						"sees" };
	static const char *const of_object[] = { "name", "runs", "loaded" };
	struct value v = value_map(NULL, 0, c->arena);
	const struct value attrs = *value_get(object, "attrs");
	struct str id = value_text(object, "id");

	for (size_t i = 0; i < sizeof(of_attrs) / sizeof(*of_attrs); i++) {
		const struct value *w = value_get(attrs, of_attrs[i]);

		if (w)
			v = value_with(v, str_from(of_attrs[i]), *w, c->arena);
	}
	for (size_t i = 0; i < sizeof(of_object) / sizeof(*of_object); i++)
		if (has_attr(c, of_object[i]))
			v = value_with(v, str_from(of_object[i]),
				       *value_get(object, of_object[i]),
				       c->arena);
	if (value_get(attrs, "keep"))
		v = value_with(v, STR("keep"),
			       (struct value){
				   .kind = VALUE_DURATION,
				   .as.amount = value_number(attrs, "keep", 0),
			       },
			       c->arena);
	v = value_with(
	    v, STR("stamp"),
	    value_str(str_fmt(c->arena, "%.*s size %lld", STR_ARG(id),
			      (long long)value_number(attrs, "size", 0))),
	    c->arena);
	v = value_with(
	    v, STR("arn"),
	    value_str(str_fmt(c->arena, "arn:cloud:%.*s", STR_ARG(id))),
	    c->arena);
	c->id = id;
	c->result = v;
}

/* Done when the object is ready; else it is looked at again. */
static enum step settle(struct call *c, struct value object)
{
	struct str status = value_text(object, "status");

	take_object(c, object);
	if (str_is(status, "available"))
		return STEP_DONE;
	return call_wait(c, POLL_MS, "%.*s, which is %.*s", STR_ARG(c->id),
			 STR_ARG(status));
}

static enum step look(struct call *c)
{
	struct cloud_query q = query_of(c, CLOUD_DESCRIBE);
	struct value object;

	if (ask(c, &q, &object) < 0)
		return STEP_FAILED;
	if (value_is_null(object))
		return call_fail(c, ERROR_NOT_FOUND, "\"%.*s\" is gone",
				 STR_ARG(c->id));
	return settle(c, object);
}

/* -- Create -------------------------------------------------------------- */

static enum step send_create(struct call *c, struct cloud_query *q)
{
	struct value object;
	int rc;

	q->attrs = wanted(c);
	rc = ask(c, q, &object);
	if (rc < 0 && c->err.kind == ERROR_EXISTS) {
		/* By whom? Perhaps by an earlier attempt of this very step. */
		struct cloud_query find = query_of(c, CLOUD_FIND);

		find.name = q->name;
		if (ask(c, &find, &object) < 0)
			return STEP_FAILED;
		if (value_is_null(object) ||
		    !str_eq(value_text(object, "intent"), c->token))
			return call_fail(c, ERROR_EXISTS,
					 "name \"%.*s\" is taken by another",
					 STR_ARG(q->name));
		c->err = (struct error){ 0 };
		rc = 0;
	}
	if (rc < 0) {
		/* Known to be there, though not whole. */
		if (!value_is_null(object))
			c->id = value_text(object, "id");
		return STEP_FAILED;
	}
	return settle(c, object);
}

static struct str name_wanted(const struct call *c)
{
	struct str name = value_text(c->config, "name");

	return name.n ? name : c->name;
}

/*
 * Class Q. What an attempt without an answer made is searched for until the
 * service must know of it; memo says how often it was.
 */
static enum step create_by_tag(struct call *c)
{
	struct cloud_query q = query_of(c, CLOUD_SEARCH);
	struct value object;
	int searched = 0;

	if (c->is_poll && !c->attempt)
		sscanf(c->memo.n ? str_c(c->memo, c->arena) : "", "search %d",
		       &searched);
	else if (!c->is_recovery && !c->attempt)
		searched = CLOUD_LAG + 1;
	if (searched <= CLOUD_LAG) {
		if (ask(c, &q, &object) < 0)
			return STEP_FAILED;
		if (!value_is_null(object))
			return settle(c, object);
		c->memo = str_fmt(c->arena, "search %d", searched + 1);
		return call_wait(c, POLL_MS, "the search to know new objects");
	}
	q.request = CLOUD_CREATE;
	q.is_hidden = true;
	return send_create(c, &q);
}

static enum step cloud_create(struct call *c)
{
	struct cloud_query q = query_of(c, CLOUD_CREATE);

	if (c->id.n)
		return look(c);
	switch (kind_of(c)->class) {
	case BY_TOKEN:
		q.token = c->token;
		return send_create(c, &q);
	case BY_NAME:
		q.name = name_wanted(c);
		return send_create(c, &q);
	case BY_TAG:
		return create_by_tag(c);
	}
	return STEP_FAILED;
}

/* -- The rest ------------------------------------------------------------ */

static void take_read(struct call *c, struct value object)
{
	if (value_is_null(object))
		c->is_gone = true;
	else
		take_object(c, object);
}

static enum step cloud_read(struct call *c)
{
	struct cloud_query q = query_of(c, CLOUD_DESCRIBE);
	struct value object;

	if (ask(c, &q, &object) < 0)
		return STEP_FAILED;
	take_read(c, object);
	return STEP_DONE;
}

static enum step cloud_update(struct call *c)
{
	struct cloud_query q = query_of(c, CLOUD_UPDATE);
	struct value object;

	if (c->is_poll)
		return look(c);
	q.attrs = wanted(c);
	if (ask(c, &q, &object) < 0)
		return STEP_FAILED;
	return settle(c, object);
}

static enum step gone_or_wait(struct call *c, struct value object)
{
	if (value_is_null(object))
		return STEP_DONE;
	return call_wait(c, POLL_MS, "%.*s to be gone", STR_ARG(c->id));
}

static enum step cloud_destroy(struct call *c)
{
	struct cloud_query q =
	    query_of(c, c->is_poll ? CLOUD_DESCRIBE : CLOUD_DESTROY);
	struct value object;

	if (ask(c, &q, &object) == 0)
		return gone_or_wait(c, object);
	if (c->err.kind != ERROR_NOT_FOUND)
		return STEP_FAILED;
	c->err = (struct error){ 0 };
	return STEP_DONE;
}

static enum step cloud_run(struct call *c)
{
	struct cloud_query q = query_of(c, CLOUD_RUN);
	struct value object;

	if (c->is_poll)
		return look(c);
	q.token = c->token;
	/* What is loaded is no attribute of the object. */
	q.attrs = c->config;
	if (ask(c, &q, &object) < 0)
		return STEP_FAILED;
	return settle(c, object);
}

static int job_plan(struct call *c, const char *action)
{
	const struct value *work = value_get(c->config, "work");
	struct str loaded = value_text(c->prior, "loaded");
	bool is_new = !strcmp(action, "create") || !strcmp(action, "replace");

	if (!strcmp(action, "delete") || !strcmp(action, "replace")) {
		if (loaded.n)
			call_effect(c, EFFECT_DROP, loaded, "drop %.*s of %.*s",
				    STR_ARG(loaded), STR_ARG(c->address));
		if (!strcmp(action, "delete"))
			return 0;
	}
	if (!work || value_is_null(*work) ||
	    (!is_new && !value_is_unknown(*work) &&
	     str_eq(work->as.text, loaded)))
		return 0;
	if (loaded.n && !is_new)
		call_effect(c, EFFECT_TRUNCATE, loaded, "truncate %.*s of %.*s",
			    STR_ARG(loaded), STR_ARG(c->address));
	call_effect(c, EFFECT_LOAD,
		    value_is_unknown(*work) ? STR("") : work->as.text,
		    "load %s into %.*s",
		    value_is_unknown(*work) ? "what is known then"
					    : str_c(work->as.text, c->arena),
		    STR_ARG(c->address));
	c->needs_run = true;
	c->run_reason = STR("there is work to do");
	return 0;
}

static enum step cloud_lookup(struct call *c)
{
	struct cloud_query q = query_of(c, CLOUD_DESCRIBE);
	struct str id = value_text(c->config, "id");
	struct value object;

	if (id.n) {
		q.ids = &id;
		q.n_ids = 1;
	} else {
		q.request = CLOUD_FIND;
		q.name = value_text(c->config, "name");
		if (!q.name.n)
			return call_fail(c, ERROR_INVALID,
					 "neither an id nor a name is given");
	}
	if (ask(c, &q, &object) < 0)
		return STEP_FAILED;
	take_read(c, object);
	return STEP_DONE;
}

/* One request for the objects of all calls; NULL values: gone. */
static int ask_all(struct call *const *calls, size_t n, struct value *objects)
{
	const struct client *client = calls[0]->self;
	struct arena *a = calls[0]->arena;
	struct str *ids = arena_new(a, struct str, n);
	struct cloud_query q = query_of(calls[0], CLOUD_DESCRIBE);
	struct error err = { 0 };
	struct value all;
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		ids[i] = calls[i]->id;
		objects[i] = value_null();
	}
	q.ids = ids;
	q.n_ids = n;
	if (cloud_ask(client->service, &q, a, &all, &err) < 0) {
		for (size_t i = 0; i < n; i++)
			calls[i]->err = err;
		return -1;
	}
	/* The answer keeps the order and leaves out what is gone. */
	for (size_t i = 0; i < n && at < all.as.list.n; i++)
		if (str_eq(value_text(all.as.list.items[at], "id"), ids[i]))
			objects[i] = value_copy(all.as.list.items[at++],
						calls[i]->arena);
	return 0;
}

static void slow_read_batch(struct call *const *calls, enum step *outcomes,
			    size_t n)
{
	struct value *objects = arena_new(calls[0]->arena, struct value, n);
	int rc = ask_all(calls, n, objects);

	for (size_t i = 0; i < n; i++) {
		outcomes[i] = rc < 0 ? STEP_FAILED : STEP_DONE;
		if (rc == 0)
			take_read(calls[i], objects[i]);
	}
}

static void slow_poll_batch(struct call *const *calls, enum step *outcomes,
			    size_t n)
{
	struct value *objects = arena_new(calls[0]->arena, struct value, n);
	int rc = ask_all(calls, n, objects);

	for (size_t i = 0; i < n; i++) {
		struct call *c = calls[i];

		if (rc < 0)
			outcomes[i] = STEP_FAILED;
		else if (c->verb == VERB_DESTROY)
			outcomes[i] = gone_or_wait(c, objects[i]);
		else if (value_is_null(objects[i]))
			outcomes[i] =
			    call_fail(c, ERROR_NOT_FOUND, "\"%.*s\" is gone",
				      STR_ARG(c->id));
		else
			outcomes[i] = settle(c, objects[i]);
	}
}

/* -- Tables -------------------------------------------------------------- */

#define COMMON_OPS                                                             \
	.read = cloud_read, .create = cloud_create, .update = cloud_update,    \
	.destroy = cloud_destroy, .lookup = cloud_lookup

static const struct resource_ops box_ops = { COMMON_OPS, .recovery = 'T' };
static const struct resource_ops disk_ops = { COMMON_OPS, .recovery = 'N' };
static const struct resource_ops net_ops = { COMMON_OPS, .recovery = 'Q' };
static const struct resource_ops job_ops = {
	COMMON_OPS,
	.plan = job_plan,
	.run = cloud_run,
	.recovery = 'N',
};
static const struct resource_ops slow_ops = {
	COMMON_OPS,
	.read_batch = slow_read_batch,
	.poll_batch = slow_poll_batch,
	.recovery = 'T',
};

static const struct kind by_token = { .class = BY_TOKEN };
static const struct kind by_name = { .class = BY_NAME };
static const struct kind by_tag = { .class = BY_TAG };
static const struct kind by_token_slowly = { .class = BY_TOKEN,
					     .is_slow = true };

static const struct resource_type types[] = {
	{ .name = "box", .ops = &box_ops, .data = &by_token },
	{ .name = "disk", .ops = &disk_ops, .data = &by_name },
	{ .name = "net", .ops = &net_ops, .data = &by_tag },
	{ .name = "job", .ops = &job_ops, .data = &by_name, .weight = 10 },
	{ .name = "slow",
	  .ops = &slow_ops,
	  .data = &by_token_slowly,
	  .weight = 60 },
	{ 0 },
};

static const struct attr_schema config[] = {
	{ "folder", "string", ATTR_OPTIONAL, NULL, "Where the service is." },
	{ 0 },
};

static int open_client(const struct provider_setup *s, void **self,
		       struct error *err)
{
	struct client *client = xmalloc(sizeof(*client));
	const char *folder = getenv("DMSL_CLOUD");
	struct str said = value_text(s->config, "folder");
	struct arena scratch = { 0 };

	(void)err;
	*client = (struct client){ 0 };
	client->stack = str_fmt(&client->arena, "%.*s/%.*s", STR_ARG(s->stack),
				STR_ARG(s->stack_uid));
	if (said.n)
		folder = str_c(said, &scratch);
	else if (!folder || !*folder)
		folder =
		    str_fmt(&scratch, "%.*s/cloud", STR_ARG(s->stack_folder)).s;
	client->service = cloud_service_open(folder);
	arena_release(&scratch);
	*self = client;
	return 0;
}

static void close_client(void *self)
{
	struct client *client = self;

	cloud_service_close(client->service);
	arena_release(&client->arena);
	free(client);
}

static int identity(void *self, struct arena *a, struct str *out,
		    struct error *err)
{
	const char *account = getenv("DMSL_CLOUD_ACCOUNT");

	(void)self;
	(void)err;
	*out = account ? str_fmt(a, "account %s", account) : (struct str){ 0 };
	return 0;
}

/*
 * Of jobs nothing can be told: as of what carries no marks. Of boxes also those
 * that were in their place are told, though they are gone, and one with a mark
 * that somebody else has written.
 */
static int find_owned(void *self, struct str stack, struct arena *a,
		      struct owned_object **out, size_t *n, struct error *err)
{
	const struct client *client = self;
	const struct map *objects;

	if (cloud_refresh(client->service, err) < 0)
		return -1;
	objects = cloud_objects(client->service);
	*out = arena_new(a, struct owned_object, 2 * objects->n + 1);
	(*out)[0] = (struct owned_object){ .uid = STR("somebody"),
					   .type = STR("box"),
					   .id = STR("box-x"),
					   .address = STR("box.x") };
	*n = 1;
	for (size_t i = 0; i < objects->n; i++) {
		const struct cloud_object *o = objects->entries[i].value;
		struct str mark = value_text(o->value, "stack");
		struct str type = value_text(o->value, "type");

		if (value_is_null(o->value) || str_is(type, "job") ||
		    !str_eq(str_cut(&mark, '/'), stack))
			continue;
		struct owned_object told = {
			.uid = str_dup(mark, a),
			.type = str_dup(type, a),
			.id = STR("box-gone"),
			.address = str_dup(value_text(o->value, "address"), a),
		};

		if (str_is(type, "box"))
			(*out)[(*n)++] = told;
		told.id = str_dup(o->id, a);
		(*out)[(*n)++] = told;
	}
	return 0;
}

const struct provider cloud_provider = {
	.name = "cloud",
	.config = config,
	.types = types,
	.open = open_client,
	.close = close_client,
	.identity = identity,
	.find_owned = find_owned,
};
