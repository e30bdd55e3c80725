/* Functions on numbers, and on what else can be compared or added. */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/decimal.h"
#include "lang/func_impl.h"
#include "lang/order.h"

static struct decimal read(struct value v)
{
	struct decimal d;

	/* Every number was read before it became a value. */
	if (decimal_read(v.as.text, &d) != DECIMAL_OK)
		d = decimal_int(0);
	return d;
}

static struct value number(struct decimal d, struct arena *a)
{
	return (struct value){
		.kind = VALUE_NUMBER,
		.as.text = decimal_text(d, a),
	};
}

int func_abs(struct func_call *c, struct value *out)
{
	struct decimal d = read(c->args[0]);

	*out = number(d.is_negative ? decimal_negate(d) : d, c->arena);
	return 0;
}

int func_ceil(struct func_call *c, struct value *out)
{
	*out = number(decimal_ceil(read(c->args[0])), c->arena);
	return 0;
}

int func_floor(struct func_call *c, struct value *out)
{
	*out = number(decimal_floor(read(c->args[0])), c->arena);
	return 0;
}

/* The arguments, or the items of the only one when that is a list. */
static const struct value *operands(struct func_call *c, size_t *n)
{
	*n = c->n;
	if (c->n == 1 && c->args[0].kind == VALUE_LIST) {
		*n = c->args[0].as.list.n;
		return c->args[0].as.list.items;
	}
	return c->args;
}

/* The one of them that is furthest in a direction: -1 least, 1 most. */
static int extreme(struct func_call *c, int direction, struct value *out)
{
	size_t n;
	const struct value *items = operands(c, &n);

	if (n == 0)
		return func_fail(c, 0, "the list is empty");
	for (size_t i = 0; i < n; i++) {
		if (!func_is_comparable(items[0], items[i]))
			return func_fail(c, i,
					 "a %s and a %s cannot be compared",
					 value_kind_name(items[0]),
					 value_kind_name(items[i]));
		if (i == 0 || value_cmp(items[i], *out) * direction > 0)
			*out = items[i];
	}
	return 0;
}

int func_max(struct func_call *c, struct value *out)
{
	return extreme(c, 1, out);
}

int func_min(struct func_call *c, struct value *out)
{
	return extreme(c, -1, out);
}

static int sum_amounts(struct func_call *c, struct value list,
		       struct value *out)
{
	*out = list.as.list.items[0];
	for (size_t i = 1; i < list.as.list.n; i++) {
		struct value v = list.as.list.items[i];

		if (v.kind != out->kind)
			return func_fail(c, 0, "a %s and a %s cannot be added",
					 value_kind_name(*out),
					 value_kind_name(v));
		if (v.as.amount > INT64_MAX - out->as.amount)
			return func_fail(c, 0, "the sum is too large");
		out->as.amount += v.as.amount;
	}
	return 0;
}

int func_sum(struct func_call *c, struct value *out)
{
	struct value list = c->args[0];
	struct decimal total = decimal_int(0);
	enum decimal_fault fault;

	if (list.as.list.n && (list.as.list.items[0].kind == VALUE_SIZE ||
			       list.as.list.items[0].kind == VALUE_DURATION))
		return sum_amounts(c, list, out);
	for (size_t i = 0; i < list.as.list.n; i++) {
		struct value v = list.as.list.items[i];

		if (v.kind != VALUE_NUMBER)
			return func_fail(c, 0, "item %zu is a %s, not a number",
					 i, value_kind_name(v));
		fault = decimal_add(total, read(v), &total);
		if (fault != DECIMAL_OK)
			return func_fail(c, 0, "%s", decimal_fault_text(fault));
	}
	*out = number(total, c->arena);
	return 0;
}
