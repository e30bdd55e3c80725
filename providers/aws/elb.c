#include <config.h>

#include "providers/aws/elb.h"

#include "providers/aws/parts.h"

const struct aws_tagging elb_tagging = {
	.read = "DescribeTags",
	.items = "TagDescriptions/member/Tags/member",
	.add = "AddTags",
	.remove = "RemoveTags",
	.target = "ResourceArns",
	.is_list = true,
	.tags = "Tags",
	.keys = "TagKeys",
};

/* The pairs of the object c->id: a list of {Key, Value}. */
static int describe(struct call *c, const struct elb_attributes *t,
		    struct value *list)
{
	struct fields f = { 0 };
	struct value answer;

	*list = value_list(NULL, 0);
	field_text(&f, t->arn, c->id);
	if (aws_look(c, &aws_elbv2, t->describe, &f, &answer) < 0)
		return -1;
	*list = aws_items(answer, "Attributes/member", c->arena);
	return 0;
}

/* {Key, Value} of a row; null: the object does not have it. */
static struct value pair_of(struct value list, const char *key)
{
	for (size_t i = 0; i < list.as.list.n; i++)
		if (str_is(aws_text(list.as.list.items[i], "Key"), key))
			return list.as.list.items[i];
	return value_null();
}

static struct value pair(const char *key, struct value v, struct arena *a)
{
	struct fields f = { 0 };

	field_text(&f, "Key", str_from(key));
	field(&f, "Value", v);
	return fields_done(&f, a);
}

/* In the service's form; null: nothing is said of it. */
static struct value wanted(struct call *c, const struct elb_attributes *t,
			   size_t row)
{
	const struct aws_attr *m = &t->attrs[row];
	const struct value *now = value_get(c->config, m->attr);
	const struct value *was = value_get(c->prior, m->attr);

	if (now && !value_is_null(*now))
		return aws_param(m, *now, c->arena);
	if (was && !value_is_null(*was))
		return value_c(t->fallbacks[row]);
	return value_null();
}

static struct str plain(struct value v)
{
	if (v.kind == VALUE_BOOL)
		return v.as.boolean ? STR("true") : STR("false");
	return v.kind == VALUE_STRING || v.kind == VALUE_NUMBER ? v.as.text
								: STR("");
}

int elb_settle(struct call *c, const struct elb_attributes *t)
{
	VEC(struct value) pairs = { 0 };
	struct fields f = { 0 };
	struct value now, ignored;
	int result = 0;

	if (describe(c, t, &now) < 0)
		return -1;
	for (size_t i = 0; t->attrs[i].attr; i++) {
		struct value want = wanted(c, t, i);
		struct value is = pair_of(now, t->attrs[i].param);

		if (value_is_null(want) ||
		    str_eq(plain(want), aws_text(is, "Value")))
			continue;
		*vec_push(&pairs) =
		    pair(t->attrs[i].param, value_str(plain(want)), c->arena);
	}
	if (pairs.n) {
		field_text(&f, t->arn, c->id);
		field(&f, "Attributes", value_list(pairs.items, pairs.n));
		result = aws_change(c, &aws_elbv2, t->modify, &f, &ignored);
	}
	vec_release(&pairs);
	return result;
}

int elb_show(struct call *c, const struct elb_attributes *t,
	     struct fields *result)
{
	struct value list;

	if (describe(c, t, &list) < 0)
		return -1;
	for (size_t i = 0; t->attrs[i].attr; i++) {
		const struct aws_attr *m = &t->attrs[i];
		struct value is = pair_of(list, m->param);

		if (value_is_null(is))
			continue;
		part_drift(c, result, m->attr, aws_shown(m, is, c->arena),
			   str_is(aws_text(is, "Value"), t->fallbacks[i]));
	}
	return 0;
}
