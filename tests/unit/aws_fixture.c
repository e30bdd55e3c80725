#include <config.h>

#include "tests/unit/aws_fixture.h"

#include "lang/base/buf.h"
#include "lang/json.h"
#include "providers/aws/aws.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { POLLS_MAX = 60 };

struct value fixture_json(struct fixture *f, const char *text)
{
	struct error err = { 0 };
	struct value v;

	if (json_read(str_from(text), &f->arena, &v, &err) < 0)
		fail_msg("%s: %s", text, err.message);
	return v;
}

void fixture_open(struct fixture *f, const struct scripted_step *script,
		  const char *region, const char *type, const char *config)
{
	struct provider_setup setup = {
		.stack = STR("dev"),
		.stack_uid = STR("0123456789abcdef"),
		.is_write = true,
	};
	struct error err = { 0 };

	*f = (struct fixture){ .server = scripted_start(script) };
	setenv("AWS_ENDPOINT_URL", scripted_url(f->server), 1);
	setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
	setenv("AWS_REGION", region, 1);
	setenv("AWS_CONFIG_FILE", "/nonexistent", 1);
	setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent", 1);
	setenv("DMSL_AWS_POLL_MS", "1", 1);
	setup.config = value_map(NULL, 0, &f->arena);
	if (aws_provider.open(&setup, &f->site, &err) < 0)
		fail_msg("%s", err.message);
	f->call = (struct call){
		.self = f->site,
		.type = provider_type(&aws_provider, str_from(type)),
		.arena = &f->arena,
		.address = STR("main"),
		.name = STR("dev-main"),
		.run_id = STR("r1"),
		.token = STR(TOKEN),
		.config = fixture_json(f, config),
	};
	assert_non_null(f->call.type);
}

void fixture_close(struct fixture *f)
{
	aws_provider.close(f->site);
	scripted_stop(f->server);
	arena_release(&f->arena);
}

enum step fixture_run(struct fixture *f, enum verb verb)
{
	const struct resource_ops *ops = f->call.type->ops;
	struct call *c = &f->call;
	enum step step = STEP_PENDING;

	c->verb = verb;
	c->is_poll = false;
	c->memo = (struct str){ 0 };
	for (int i = 0; step == STEP_PENDING && i < POLLS_MAX; i++) {
		step = verb == VERB_CREATE   ? ops->create(c)
		       : verb == VERB_UPDATE ? ops->update(c)
		       : verb == VERB_READ   ? ops->read(c)
					     : ops->destroy(c);
		if (step == STEP_PENDING) {
			assert_true(c->poll_ms > 0);
			assert_true(c->waiting_for.n > 0);
		}
		c->is_poll = true;
	}
	return step;
}

void fixture_done(struct fixture *f, enum verb verb)
{
	enum step step = fixture_run(f, verb);

	if (step != STEP_DONE)
		print_error("%s (%s)\n", f->call.err.message, f->call.err.hint);
	assert_int_equal(step, STEP_DONE);
}

const char *fixture_result(struct fixture *f, const char *key)
{
	const struct value *v = value_get(f->call.result, key);
	const char *out;
	struct buf b;

	if (!v)
		return "(absent)";
	buf_init(&b, 10000);
	json_write(&b, *v, 0);
	out = str_c(buf_str(&b), &f->arena);
	buf_release(&b);
	return out;
}
