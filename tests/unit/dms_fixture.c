#include <config.h>

#include "tests/unit/dms_fixture.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/json.h"
#include "providers/aws/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct scripted *server;
struct aws_client *dms;

static int endpoint(void *ctx, const struct aws_service *service,
		    bool is_expired, struct arena *a, struct aws_endpoint *out,
		    struct error *err)
{
	(void)ctx;
	(void)service;
	(void)is_expired;
	(void)a;
	if (!server)
		return error_set(err, ERROR_UNAVAILABLE, "it is down");
	*out = (struct aws_endpoint){
		.url = str_from(scripted_url(server)),
		.region = STR("us-east-1"),
		.access_key = STR("AKIDEXAMPLE"),
		.secret_key = STR("secret"),
		.account = STR("000000000000"),
	};
	return 0;
}

/* self is the scripted server. */
static int client(void *self, bool may_start, struct aws_client **out,
		  struct error *err)
{
	(void)may_start;
	(void)err;
	server = self;
	*out = dms;
	return 0;
}

static int place(void *self, struct dms_place *out, struct error *err)
{
	(void)self;
	(void)err;
	*out = (struct dms_place){
		.partition = STR("aws"),
		.region = STR("us-east-1"),
		.account = STR("000000000000"),
	};
	return 0;
}

static int secret(void *self, struct str id, struct arena *a, struct str *json,
		  struct error *err)
{
	(void)self;
	(void)a;
	if (str_is(id, "broken"))
		*json = STR("{\"password\":s3ntinel}");
	else if (str_is(id, "arn:secret"))
		*json = STR("{\"username\":\"master\","
			    "\"password\":\"s3ntinel\"}");
	else
		return error_set(err, ERROR_NOT_FOUND, "no such secret");
	return 0;
}

static struct str stack(void *self)
{
	(void)self;
	return STR("dev/0123456789abcdef");
}

const struct dms_host host = {
	.client = client,
	.place = place,
	.secret = secret,
	.poll_ms = 10,
	.stack = stack,
};

const struct resource_type group_type = {
	.name = "replication_subnet_group",
	.ops = &replication_subnet_group_ops,
	.data = &host,
};
const struct resource_type instance_type = {
	.name = "replication_instance",
	.ops = &replication_instance_ops,
	.data = &host,
};
const struct resource_type endpoint_type = {
	.name = "dms_endpoint",
	.ops = &dms_endpoint_ops,
	.data = &host,
};
const struct resource_type task_type = {
	.name = "dms_task",
	.ops = &dms_task_ops,
	.data = &host,
};

struct value json(const char *text, struct arena *a)
{
	struct error err = { 0 };
	struct value v;

	if (json_read(str_from(text), a, &v, &err) < 0)
		fail_msg("%s: %s", text, err.message);
	return v;
}

struct call call(struct scripted *s, struct arena *a,
		 const struct resource_type *type, const char *address,
		 const char *config)
{
	struct call c = {
		.self = s,
		.type = type,
		.arena = a,
		.address = str_from(address),
		.name = STR("Dev-Main--a"),
		.token = STR(TOKEN),
		.config = json(config, a),
	};

	c.prior = c.config;
	return c;
}

void is(enum step step, enum step wanted, const struct call *c)
{
	if (step != wanted)
		print_error("%s (%s)\n", c->err.message, c->err.hint);
	assert_int_equal(step, wanted);
}

enum step finish(struct call *c, enum step (*f)(struct call *c))
{
	enum step step = f(c);

	for (int i = 0; step == STEP_PENDING && i < 50; i++) {
		assert_true(c->poll_ms > 0);
		assert_true(c->waiting_for.n > 0);
		c->is_poll = true;
		step = f(c);
	}
	return step;
}

const char *text(struct value map, const char *key)
{
	static char out[200];
	const struct value *v = value_get(map, key);

	if (!v || v->kind != VALUE_STRING)
		return "(none)";
	snprintf(out, sizeof(out), "%.*s", STR_ARG(v->as.text));
	return out;
}

void step_on(struct call *c, enum step wanted)
{
	is(c->type->ops->update(c), wanted, c);
	c->is_poll = true;
}

int open_client(void **state)
{
	(void)state;
	dms = aws_client_new(&(struct aws_source){ .endpoint = endpoint });
	return 0;
}

int close_client(void **state)
{
	(void)state;
	aws_client_free(dms);
	return 0;
}
