/* Operators. */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/decimal.h"
#include "lang/eval_impl.h"
#include "lang/func_impl.h"
#include "lang/order.h"

static const char *op_text(enum ast_op op)
{
	switch (op) {
	case AST_OP_NONE:
		break;
	case AST_NOT:
		return "not";
	case AST_NEGATE:
	case AST_SUB:
		return "-";
	case AST_OR:
		return "or";
	case AST_AND:
		return "and";
	case AST_EQ:
		return "==";
	case AST_NE:
		return "!=";
	case AST_LT:
		return "<";
	case AST_LE:
		return "<=";
	case AST_GT:
		return ">";
	case AST_GE:
		return ">=";
	case AST_ADD:
		return "+";
	case AST_MUL:
		return "*";
	case AST_DIV:
		return "/";
	case AST_MOD:
		return "%";
	}
	BUG("operator %d", (int)op);
}

static struct decimal decimal_of(struct value v)
{
	struct decimal d =
	    decimal_int(v.kind == VALUE_NUMBER ? 0 : v.as.amount);

	if (v.kind == VALUE_NUMBER && decimal_read(v.as.text, &d) != DECIMAL_OK)
		BUG("\"%.*s\" is no number", STR_ARG(v.as.text));
	return d;
}

static struct value mismatch(struct evaluation *v, const struct ast_expr *x,
			     struct value a, struct value b)
{
	const char *hint = NULL;

	if (x->op == AST_ADD &&
	    (a.kind == VALUE_STRING || b.kind == VALUE_STRING))
		hint = "Texts are joined in a template: \"${a}${b}\".";
	if (x->op == AST_ADD && a.kind == VALUE_LIST && b.kind == VALUE_LIST)
		hint = "Lists are joined by concat(a, b).";
	if (x->op == AST_ADD && a.kind == VALUE_MAP && b.kind == VALUE_MAP)
		hint = "Maps are joined by merge(a, b).";
	return eval_fail(
	    v, x, "E0253", hint, "operator \"%s\" does not go with %s and %s",
	    op_text(x->op), value_kind_name(a), value_kind_name(b));
}

/* A result in milliseconds, bytes or as a number. */
static struct value finish(struct evaluation *v, const struct ast_expr *x,
			   enum value_kind kind, enum decimal_fault fault,
			   struct decimal d)
{
	struct value out = { .kind = (uint8_t)kind };

	if (fault != DECIMAL_OK)
		return eval_fail(v, x, "E0255", NULL, "%s",
				 decimal_fault_text(fault));
	if (kind == VALUE_NUMBER) {
		out.as.text = decimal_text(d, v->e->arena);
		return out;
	}
	if (decimal_is_whole(d) && decimal_to_int(d, &out.as.amount))
		return out;
	if (decimal_is_whole(d))
		return eval_fail(v, x, "E0255", NULL, "the %s is too large",
				 kind == VALUE_SIZE ? "size" : "duration");
	return eval_fail(v, x, "E0255", NULL,
			 "the result is not a whole number of %s",
			 kind == VALUE_SIZE ? "bytes" : "milliseconds");
}

static bool is_amount(struct value v)
{
	return v.kind == VALUE_SIZE || v.kind == VALUE_DURATION;
}

/*
 * number op number; amounts of one kind added, subtracted and divided (a
 * number); an amount times or divided by a number.
 */
static struct value arithmetic(struct evaluation *v, const struct ast_expr *x,
			       struct value a, struct value b)
{
	bool is_same = a.kind == b.kind;
	bool are_numbers = is_same && a.kind == VALUE_NUMBER;
	bool are_amounts = is_same && is_amount(a);
	enum value_kind kind = (enum value_kind)a.kind;
	enum decimal_fault fault;
	struct decimal d;

	switch (x->op) {
	case AST_ADD:
	case AST_SUB:
		if (!are_numbers && !are_amounts)
			return mismatch(v, x, a, b);
		fault = (x->op == AST_ADD ? decimal_add : decimal_sub)(
		    decimal_of(a), decimal_of(b), &d);
		break;
	case AST_MUL:
		if (is_amount(b) && a.kind == VALUE_NUMBER)
			kind = (enum value_kind)b.kind;
		else if (!are_numbers &&
			 !(is_amount(a) && b.kind == VALUE_NUMBER))
			return mismatch(v, x, a, b);
		fault = decimal_mul(decimal_of(a), decimal_of(b), &d);
		break;
	case AST_DIV:
		if (are_amounts)
			kind = VALUE_NUMBER;
		else if (!are_numbers &&
			 !(is_amount(a) && b.kind == VALUE_NUMBER))
			return mismatch(v, x, a, b);
		fault = decimal_div(decimal_of(a), decimal_of(b), &d);
		break;
	default:
		if (!are_numbers)
			return mismatch(v, x, a, b);
		fault = decimal_mod(decimal_of(a), decimal_of(b), &d);
		break;
	}
	return finish(v, x, kind, fault, d);
}

/* Kinds that are written as text too: a cidr equals its text. */
static bool is_textual(struct value v)
{
	return v.kind == VALUE_STRING || v.kind == VALUE_CIDR ||
	       v.kind == VALUE_IP || is_amount(v);
}

static struct value equality(struct evaluation *v, const struct ast_expr *x,
			     struct value a, struct value b)
{
	bool is_equal;

	if (a.kind == b.kind || value_is_null(a) || value_is_null(b)) {
		is_equal = value_eq(a, b);
	} else if (is_textual(a) && is_textual(b) &&
		   (a.kind == VALUE_STRING || b.kind == VALUE_STRING)) {
		struct str s, t;

		func_scalar_text(a, v->e->arena, &s);
		func_scalar_text(b, v->e->arena, &t);
		is_equal = str_eq(s, t);
	} else {
		return eval_fail(v, x, "E0253",
				 "Convert one side: number(…), string(…).",
				 "a %s never equals a %s", value_kind_name(a),
				 value_kind_name(b));
	}
	return value_bool(is_equal == (x->op == AST_EQ));
}

static struct value order(struct evaluation *v, const struct ast_expr *x,
			  struct value a, struct value b)
{
	int cmp;

	if (!func_is_comparable(a, b))
		return mismatch(v, x, a, b);
	cmp = value_cmp(a, b);
	switch (x->op) {
	case AST_LT:
		return value_bool(cmp < 0);
	case AST_LE:
		return value_bool(cmp <= 0);
	case AST_GT:
		return value_bool(cmp > 0);
	default:
		return value_bool(cmp >= 0);
	}
}

/*
 * The right side is looked at only when the left does not decide, or is not
 * known: `false and unknown` and `unknown and false` are both false.
 */
static struct value logic(struct evaluation *v, const struct ast_expr *x)
{
	int deciding = x->op == AST_OR;
	unsigned marks = 0;
	int a = eval_condition(v, x->left, &marks);
	bool had_failed = v->has_failed;
	int b;

	marks &= MARK_SECRET;
	if (a == deciding)
		return value_mark(value_bool(a), marks);
	b = eval_condition(v, x->right, &marks);
	/* Once the left is known, the right may not be looked at. */
	v->is_unsure |= a < 0 && v->has_failed && !had_failed;
	marks &= MARK_SECRET;
	/* What decides now is a mistake later if the other is no bool. */
	v->is_deferred |= a < 0;
	if (b == deciding)
		return value_mark(value_bool(b), marks);
	if (a < 0 || b < 0)
		return value_mark(value_unknown(), marks);
	return value_mark(value_bool(b), marks);
}

struct value eval_binary(struct evaluation *v, const struct ast_expr *x)
{
	struct value a, b, out;
	unsigned marks;

	if (x->op == AST_AND || x->op == AST_OR)
		return logic(v, x);
	a = eval_node(v, x->left, NULL);
	b = eval_node(v, x->right, NULL);
	marks = eval_marks(v, a) | eval_marks(v, b);
	if (marks & MARK_UNKNOWN)
		return value_mark(value_unknown(), marks);
	if (x->op == AST_EQ || x->op == AST_NE)
		out = equality(v, x, a, b);
	else if (x->op == AST_LT || x->op == AST_LE || x->op == AST_GT ||
		 x->op == AST_GE)
		out = order(v, x, a, b);
	else
		out = arithmetic(v, x, a, b);
	return value_mark(out, marks);
}

struct value eval_unary(struct evaluation *v, const struct ast_expr *x)
{
	struct value a = eval_node(v, x->left, NULL);
	struct value out;

	if (value_is_unknown(a))
		return a;
	if (x->op == AST_NOT && a.kind == VALUE_BOOL)
		out = value_bool(!a.as.boolean);
	else if (x->op == AST_NEGATE && a.kind == VALUE_NUMBER)
		out = finish(v, x, VALUE_NUMBER, DECIMAL_OK,
			     decimal_negate(decimal_of(a)));
	else if (x->op == AST_NEGATE && is_amount(a) && a.as.amount > INT64_MIN)
		out =
		    (struct value){ .kind = a.kind, .as.amount = -a.as.amount };
	else
		return eval_fail(v, x, "E0253", NULL,
				 "operator \"%s\" does not go with %s",
				 op_text(x->op), value_kind_name(a));
	return value_mark(out, a.marks);
}
