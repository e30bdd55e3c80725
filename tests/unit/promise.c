/* What was shown of effects, and which of them may be had for that. */
#include <config.h>

#include "engine/promise.h"

#include "engine/plan.h"
#include "engine/provider.h"
#include "lang/base/clock.h"
#include "lang/base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct effect orders = {
	.kind = EFFECT_TRUNCATE,
	.object = STR_INIT("table sales.orders"),
	.within = STR_INIT("table sales.%"),
	.text = STR_INIT("truncate sales.orders on db (5 rows)"),
};
static const struct effect pattern = {
	.kind = EFFECT_TRUNCATE,
	.object = STR_INIT("table sales.%"),
	.text = STR_INIT("truncate sales.% on db"),
};
static const struct effect parts = {
	.kind = EFFECT_TRUNCATE,
	.object = STR_INIT("table sales.parts"),
	.within = STR_INIT("table sales.%"),
	.text = STR_INIT("truncate sales.parts on db"),
};
static const struct effect elsewhere = {
	.kind = EFFECT_TRUNCATE,
	.object = STR_INIT("table shop.orders"),
	.within = STR_INIT("table shop.%"),
	.text = STR_INIT("truncate shop.orders on db"),
};
static const struct effect load_orders = {
	.kind = EFFECT_LOAD,
	.object = STR_INIT("table sales.orders"),
	.text = STR_INIT("load sales.orders"),
};
static const struct effect any_table = {
	.kind = EFFECT_TRUNCATE,
	.text = STR_INIT("truncate the selected tables"),
};

/* NULL: nothing is refused; else what the refusal says. */
static const char *refusal(const struct effect *shown, const struct effect *now)
{
	static struct error err;
	struct effect copy = *now, first = *shown;
	struct plan_step step = { .effects = &first, .n_effects = 1 };
	struct call c = { 0 };

	c.effects.items = &copy;
	c.effects.n = 1;
	err = (struct error){ 0 };
	if (promise_check_call(&step, &c, &err) == 0)
		return NULL;
	assert_int_equal(err.kind, ERROR_CONFLICT);
	return err.message;
}

static void the_same_object_is_kept(void **state)
{
	struct effect now = orders;

	(void)state;
	/* How it is told does not matter, nor how it was found. */
	now.text = STR("truncate sales.orders on db (6 rows)");
	assert_null(refusal(&orders, &now));
	now.within = STR("");
	assert_null(refusal(&orders, &now));
}

static void another_object_of_the_kind_is_refused(void **state)
{
	(void)state;
	assert_string_equal(refusal(&orders, &parts),
			    "it would now truncate sales.parts on db, which "
			    "the plan did not show");
	assert_non_null(refusal(&orders, &elsewhere));
	assert_non_null(refusal(&load_orders, &orders));
	assert_non_null(refusal(&orders, &load_orders));
	/* Now nobody knows which. */
	assert_non_null(refusal(&orders, &any_table));
}

static void what_is_wider_stands_for_what_is_in_it(void **state)
{
	(void)state;
	assert_null(refusal(&pattern, &orders));
	assert_null(refusal(&pattern, &parts));
	assert_non_null(refusal(&pattern, &elsewhere));
	assert_non_null(refusal(&pattern, &load_orders));
	/* Of a task that is made anew the tables are not known any more. */
	assert_null(refusal(&orders, &pattern));
	assert_non_null(refusal(&elsewhere, &pattern));
	/* What was not known when the plan was made. */
	assert_null(refusal(&any_table, &orders));
	assert_null(refusal(&any_table, &elsewhere));
	assert_non_null(refusal(&any_table, &load_orders));
}

/* Sixty thousand tables are not compared each with each. */
static void many_are_looked_up(void **state)
{
	enum { MANY = 60000 };
	struct arena a = { 0 };
	struct plan_step step = { .n_effects = MANY };
	struct call c = { 0 };
	struct error err = { 0 };
	int64_t begun = clock_ms();

	(void)state;
	step.effects = arena_new(&a, struct effect, MANY);
	for (size_t i = 0; i < MANY; i++) {
		step.effects[i] = orders;
		step.effects[i].object = str_fmt(&a, "table s.t%zu", i);
	}
	c.effects.items = arena_new(&a, struct effect, MANY);
	c.effects.n = MANY;
	for (size_t i = 0; i < MANY; i++)
		c.effects.items[i] = step.effects[MANY - 1 - i];
	assert_int_equal(promise_check_call(&step, &c, &err), 0);
	c.effects.items[MANY - 1] = elsewhere;
	assert_int_equal(promise_check_call(&step, &c, &err), -1);
	/* Each with each would take half a minute. */
	assert_true(clock_ms() - begun < 10000);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_object_is_kept),
		cmocka_unit_test(another_object_of_the_kind_is_refused),
		cmocka_unit_test(what_is_wider_stands_for_what_is_in_it),
		cmocka_unit_test(many_are_looked_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
