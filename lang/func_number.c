/* Functions on numbers, and on what else can be compared or added. */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/base/error.h"
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

int func_round(struct func_call *c, struct value *out)
{
	struct decimal d = read(c->args[0]);
	bool is_negative = d.is_negative;
	struct decimal whole, rest;
	int64_t digits = 0;

	if (c->n > 1 && func_whole(c, 1, 0, DECIMAL_MAX_DIGITS, &digits) < 0)
		return -1;
	*out = number(d, c->arena);
	if (d.exponent >= -digits)
		return 0;
	/* As a whole number of what is kept; its fraction decides. */
	d.is_negative = false;
	d.exponent += (int32_t)digits;
	whole = decimal_floor(d);
	if (decimal_sub(d, whole, &rest) != DECIMAL_OK)
		BUG("a fraction has more digits than its number");
	if (decimal_cmp(rest, (struct decimal){ 5, -1, false }) >= 0 &&
	    decimal_add(whole, decimal_int(1), &whole) != DECIMAL_OK)
		BUG("a rounded number has more digits than before");
	if (whole.digits) {
		whole.exponent -= (int32_t)digits;
		whole.is_negative = is_negative;
	}
	*out = number(whole, c->arena);
	return 0;
}

int func_pow(struct func_call *c, struct value *out)
{
	struct decimal base = read(c->args[0]), power = decimal_int(1);
	enum decimal_fault fault = DECIMAL_OK;
	int64_t n, left;

	if (func_whole(c, 1, -DECIMAL_MAX_EXPONENT, DECIMAL_MAX_EXPONENT, &n) <
	    0)
		return -1;
	for (left = n < 0 ? -n : n; left && fault == DECIMAL_OK; left /= 2) {
		if (left % 2)
			fault = decimal_mul(power, base, &power);
		if (left > 1 && fault == DECIMAL_OK)
			fault = decimal_mul(base, base, &base);
	}
	if (n < 0 && fault == DECIMAL_OK)
		fault = decimal_div(decimal_int(1), power, &power);
	if (fault != DECIMAL_OK)
		return func_fail(c, c->n, "%s", decimal_fault_text(fault));
	*out = number(power, c->arena);
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
		if (v.as.amount > 0 ? out->as.amount > INT64_MAX - v.as.amount
				    : out->as.amount < INT64_MIN - v.as.amount)
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
