/* random_password and data. */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/base/digest.h"
#include "providers/core/core.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* As the engine's: fixed by run (unless stable) and label. */
static int derive(struct call *c, const char *label, bool stable, void *bytes,
		  size_t n, struct error *err)
{
	unsigned char block[DIGEST_SIZE];

	(void)err;
	for (size_t i = 0; i < n; i++) {
		if (i % DIGEST_SIZE == 0)
			digest_sha256(
			    str_fmt(c->arena, "%.*s|%s|%zu",
				    STR_ARG(stable ? STR("") : c->run_id),
				    label, i),
			    block);
		((unsigned char *)bytes)[i] = block[i % DIGEST_SIZE];
	}
	return 0;
}

static struct call call(struct arena *a, const char *type, const char *run,
			const char *key, int64_t n)
{
	struct value_entry e = { str_from(key), value_int(n) };
	struct call c = {
		.arena = a,
		.type = provider_type(&core_provider, str_from(type)),
		.address = str_fmt(a, "%s.x", type),
		.run_id = str_from(run),
		.derive = derive,
		.config = value_map(&e, 1, a),
	};

	assert_non_null(c.type);
	return c;
}

static struct value password(struct arena *a, const char *run, int64_t length)
{
	struct call c = call(a, "random_password", run, "length", length);
	const struct value *v;

	assert_int_equal(c.type->ops->plan(&c, "create"), 0);
	assert_int_equal(c.type->ops->create(&c), STEP_DONE);
	assert_true(str_starts(c.id, "password-"));
	v = value_get(c.result, "result");
	assert_non_null(v);
	assert_true(v->marks & MARK_SECRET);
	return *v;
}

static void makes_the_same_password_again(void **state)
{
	struct arena a = { 0 };
	struct str one = password(&a, "r1", 128).as.text;
	bool seen[256] = { false };
	size_t n = 0;

	(void)state;
	assert_int_equal(one.n, 128);
	assert_true(str_eq(one, password(&a, "r1", 128).as.text));
	assert_false(str_eq(one, password(&a, "r2", 128).as.text));
	for (size_t i = 0; i < one.n; i++) {
		assert_non_null(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz0123456789",
				       one.s[i]));
		n += !seen[(unsigned char)one.s[i]];
		seen[(unsigned char)one.s[i]] = true;
	}
	assert_true(n > 40);
	arena_release(&a);
}

static void refuses_lengths(void **state)
{
	struct arena a = { 0 };

	(void)state;
	for (int64_t n = 15; n <= 129; n += 114) {
		struct call c = call(&a, "random_password", "r", "length", n);

		assert_int_equal(c.type->ops->plan(&c, "create"), -1);
		assert_int_equal(c.err.kind, ERROR_INVALID);
		assert_int_equal(c.type->ops->create(&c), STEP_FAILED);
	}
	arena_release(&a);
}

static void holds_data(void **state)
{
	struct arena a = { 0 };
	struct call c = call(&a, "data", "r1", "value", 7);
	struct str id;

	(void)state;
	assert_int_equal(c.type->ops->create(&c), STEP_DONE);
	id = c.id;
	assert_true(value_eq(c.result, c.config));
	assert_int_equal(c.type->ops->create(&c), STEP_DONE);
	assert_true(str_eq(id, c.id));
	c.prior = c.config;
	assert_int_equal(c.type->ops->read(&c), STEP_DONE);
	assert_false(c.is_gone || c.is_broken);
	assert_int_equal(c.type->ops->update(&c), STEP_DONE);
	assert_int_equal(c.type->ops->destroy(&c), STEP_DONE);
	/* A later run's is another object. */
	c.run_id = STR("r2");
	assert_int_equal(c.type->ops->create(&c), STEP_DONE);
	assert_false(str_eq(id, c.id));
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_the_same_password_again),
		cmocka_unit_test(refuses_lengths),
		cmocka_unit_test(holds_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
