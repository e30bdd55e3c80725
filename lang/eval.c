#include <config.h>

#include "lang/eval.h"

#include "lang/amount.h"
#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/cidr.h"
#include "lang/decimal.h"
#include "lang/eval_impl.h"
#include "lang/func.h"
#include "lang/func_impl.h"

#include <stdarg.h>

enum {
	EVAL_DEPTH = 200,
	/* Values in a result: shared ones count each time they are seen. */
	EVAL_VALUES = 20000000,
};

struct place eval_place(struct evaluation *v, const struct ast_expr *x)
{
	return (struct place){
		.source = eval_source(v, x->source),
		.span = x->span,
	};
}

struct value eval_fail(struct evaluation *v, const struct ast_expr *x,
		       const char *code, const char *hint, const char *format,
		       ...)
{
	struct buf message;
	struct diag *d;
	va_list args;

	buf_init(&message, 4000);
	va_start(args, format);
	buf_vfmt(&message, format, args);
	va_end(args);
	d = diag_error(v->e->diags, code, eval_place(v, x), "%s", message.data);
	if (hint)
		diag_hint(v->e->diags, d, "%s", hint);
	if (v->template)
		diag_note(v->e->diags, d, v->called,
			  "the template is asked for here");
	buf_release(&message);
	v->has_failed = true;
	return value_unknown();
}

static struct value literal(struct evaluation *v, const struct ast_expr *x)
{
	struct value out = { 0 };
	enum decimal_fault fault;
	struct decimal d;
	struct cidr block;
	struct str right;
	uint32_t ip;

	switch (x->kind) {
	case EXPR_NUMBER:
		fault = decimal_read(ast_text(x), &d);
		/* The lexer has said so, and what would be right. */
		if (fault == DECIMAL_SYNTAX)
			return value_unknown();
		if (fault != DECIMAL_OK)
			return eval_fail(v, x, "E0255", NULL, "%s",
					 decimal_fault_text(fault));
		out.kind = VALUE_NUMBER;
		out.as.text = decimal_text(d, v->e->arena);
		return out;
	case EXPR_CIDR:
		if (!cidr_read(ast_text(x), &block))
			return eval_fail(v, x, "E0256",
					 "A block is four numbers up to 255 "
					 "and a length up to 32: 10.0.0.0/16.",
					 "\"%.*s\" is not a cidr",
					 STR_ARG(ast_text(x)));
		right = cidr_text(cidr_network(block), v->e->arena);
		if (!cidr_is_network(block))
			return eval_fail(
			    v, x, "E0256",
			    str_fmt(v->e->arena, "Write %.*s.", STR_ARG(right))
				.s,
			    "the cidr %.*s has host bits set",
			    STR_ARG(ast_text(x)));
		out.kind = VALUE_CIDR;
		out.as.text = right;
		return out;
	case EXPR_IP:
		if (!ip_read(ast_text(x), &ip))
			return eval_fail(v, x, "E0256",
					 "An address is four numbers up to "
					 "255: 10.0.0.1.",
					 "\"%.*s\" is not an ip",
					 STR_ARG(ast_text(x)));
		out.kind = VALUE_IP;
		out.as.text = ip_text(ip, v->e->arena);
		return out;
	case EXPR_DURATION:
		out.kind = VALUE_DURATION;
		if (!duration_read(ast_text(x), &out.as.amount))
			return eval_fail(v, x, "E0256",
					 "A duration is numbers with d, h, m, "
					 "s or ms, the largest first: 1h30m.",
					 "\"%.*s\" is not a duration",
					 STR_ARG(ast_text(x)));
		return out;
	default:
		out.kind = VALUE_SIZE;
		if (!size_read(ast_text(x), &out.as.amount))
			return eval_fail(v, x, "E0256",
					 "A size is a number with KiB, MiB, "
					 "GiB, TiB (or KB, MB, …): 20GiB.",
					 "\"%.*s\" is not a size",
					 STR_ARG(ast_text(x)));
		return out;
	}
}

static struct value condition(struct evaluation *v, const struct ast_expr *x,
			      const struct type *wanted)
{
	unsigned marks = 0;
	int chosen = eval_condition(v, x->left, &marks);

	if (chosen < 0)
		return value_mark(value_unknown(), marks);
	return value_mark(
	    eval_to(v, chosen ? x->right : ast_wide(x)->third, wanted), marks);
}

static struct value node(struct evaluation *v, const struct ast_expr *x,
			 const struct type *wanted)
{
	switch (x->kind) {
	case EXPR_ERROR:
		return value_unknown();
	case EXPR_NULL:
		return value_null();
	case EXPR_BOOL:
		return value_bool(x->boolean);
	case EXPR_STRING:
		return value_str(ast_text(x));
	case EXPR_NUMBER:
	case EXPR_CIDR:
	case EXPR_IP:
	case EXPR_DURATION:
	case EXPR_SIZE:
		return literal(v, x);
	case EXPR_TEMPLATE:
		return eval_template(v, x);
	case EXPR_NAME:
		return eval_name(v, x, wanted);
	case EXPR_ATTR:
		return eval_attr(v, x);
	case EXPR_INDEX:
		return eval_index(v, x);
	case EXPR_SPLAT:
		return eval_splat(v, x);
	case EXPR_CALL:
		return eval_call(v, x);
	case EXPR_LIST:
		return eval_list(v, x, wanted);
	case EXPR_MAP:
		return eval_map(v, x, wanted);
	case EXPR_UNARY:
		return eval_unary(v, x);
	case EXPR_BINARY:
		return eval_binary(v, x);
	case EXPR_COND:
		return condition(v, x, wanted);
	case EXPR_LIST_FOR:
		return eval_list_for(v, x, wanted);
	case EXPR_MAP_FOR:
		return eval_map_for(v, x, wanted);
	}
	BUG("expression of kind %d", (int)x->kind);
}

void eval_charge(struct evaluation *v, size_t steps)
{
	v->steps +=
	    steps < v->most_steps - v->steps ? steps : v->most_steps - v->steps;
}

struct value eval_spent(struct evaluation *v, const struct ast_expr *x)
{
	/* Once: what is left to do ends at this same test. */
	v->steps = v->most_steps;
	if (v->has_failed)
		return value_unknown();
	return eval_fail(v, x, "E0260",
			 "Look many things up in a map, or by functions on "
			 "whole lists such as intersect and subtract.",
			 "the expression takes more than %zu steps",
			 v->most_steps);
}

unsigned eval_marks(struct evaluation *v, struct value value)
{
	size_t most = (v->most_steps - v->steps) * FUNC_READ_PER_STEP;
	size_t left = most;
	unsigned marks = 0;

	func_marks(value, &left, &marks);
	eval_charge(v, (most - left) / FUNC_READ_PER_STEP);
	return marks;
}

struct value eval_node(struct evaluation *v, const struct ast_expr *x,
		       const struct type *wanted)
{
	struct value out;

	if (v->depth >= EVAL_DEPTH)
		return eval_fail(v, x, "E0260", NULL,
				 "the expression is nested more than %d deep",
				 EVAL_DEPTH);
	eval_charge(v, 1);
	if (v->steps >= v->most_steps)
		return eval_spent(v, x);
	v->depth++;
	out = node(v, x, wanted);
	v->depth--;
	v->touched |= out.marks & MARK_SECRET;
	/* A name alone is unknown, but nothing was to be done with it. */
	if (value_is_unknown(out) && x->kind != EXPR_NAME &&
	    x->kind != EXPR_ATTR)
		v->is_deferred = true;
	return out;
}

struct value eval_to(struct evaluation *v, const struct ast_expr *x,
		     const struct type *wanted)
{
	bool had_failed = v->has_failed;
	struct value in, out;
	struct buf why;

	v->has_failed = false;
	in = out = eval_node(v, x, wanted);
	if (v->has_failed)
		return value_unknown();
	v->has_failed = had_failed;
	if (!wanted || wanted->kind == TYPE_ANY)
		return out;
	buf_init(&why, 4000);
	if (type_convert(wanted, out, v->e->arena, &out, &why) < 0) {
		const char *hint = NULL;

		if ((wanted->kind == TYPE_LIST || wanted->kind == TYPE_SET) &&
		    in.kind != VALUE_LIST && in.kind != VALUE_MAP &&
		    why.data[0] == 'e' && x->kind != EXPR_LIST)
			hint = "A list of one stands in brackets: [ … ].";
		out = eval_fail(v, x, "E0250", hint, "%s", why.data);
	}
	buf_release(&why);
	return out;
}

int eval_condition(struct evaluation *v, const struct ast_expr *x,
		   unsigned *marks)
{
	struct value c = eval_node(v, x, NULL);

	*marks |= c.marks;
	if (value_is_unknown(c))
		return -1;
	if (c.kind != VALUE_BOOL) {
		eval_fail(v, x, "E0253", NULL,
			  "a condition is true or false, not a %s",
			  value_kind_name(c));
		return -1;
	}
	return c.as.boolean;
}

/*
 * Whether a value is nested no deeper and holds no more than what every later
 * walk over it can bear. A list of itself twice, fifty times over, takes fifty
 * lines to write and 2^50 steps to print.
 */
static bool is_bearable(struct value v, unsigned depth, size_t *count)
{
	if (depth > EVAL_DEPTH || ++*count > EVAL_VALUES)
		return false;
	if (v.kind == VALUE_LIST)
		for (size_t i = 0; i < v.as.list.n; i++)
			if (!is_bearable(v.as.list.items[i], depth + 1, count))
				return false;
	if (v.kind == VALUE_MAP)
		for (size_t i = 0; i < v.as.map.n; i++)
			if (!is_bearable(v.as.map.entries[i].value, depth + 1,
					 count))
				return false;
	return true;
}

int eval_expr(struct eval *e, const struct ast_expr *x,
	      const struct type *wanted, struct value *out)
{
	struct evaluation v = {
		.e = e,
		.lasting = e->diags->arena,
		.most_steps = e->most_steps ? e->most_steps : EVAL_STEPS,
	};
	size_t count = 0;

	*out = eval_to(&v, x, wanted);
	/* The last steps may have gone into a walk that did not see all. */
	if (v.steps >= v.most_steps)
		eval_spent(&v, x);
	if (!v.has_failed && v.has_built && !is_bearable(*out, 0, &count))
		eval_fail(&v, x, "E0260", NULL,
			  "the value is nested more than %d deep or has more "
			  "than %d parts",
			  EVAL_DEPTH, EVAL_VALUES);
	map_release(&v.templates);
	if (v.has_failed)
		*out = value_unknown();
	return v.has_failed ? -1 : 0;
}
