#include <config.h>

#include "providers/aws/policy.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/json.h"
#include "providers/aws/fields.h"
#include "providers/aws/parts.h"

enum { POLICY_MAX = 256 * 1024 };

struct str policy_text(struct value policy, struct arena *a)
{
	struct str out;
	struct buf b;

	if (policy.kind == VALUE_STRING)
		return policy.as.text;
	buf_init(&b, POLICY_MAX);
	json_write(&b, policy, 0);
	out = str_dup(buf_str(&b), a);
	buf_release(&b);
	return out;
}

int policy_read(struct str text, struct arena *a, struct value *out)
{
	struct error ignored = { 0 };

	text = str_trim(text);
	if (!str_starts(text, "{") && !str_starts(text, "["))
		text = str_unescape(text, '%', a);
	return json_read(text, a, out, &ignored);
}

/* -- The one form of all that mean the same ------------------------------- */

/* An account's root is the account: arn:aws:iam::123456789012:root. */
static struct value text_of(struct value v)
{
	struct str rest, part[6];

	if (v.kind == VALUE_BOOL)
		return value_c(v.as.boolean ? "true" : "false");
	if (v.kind == VALUE_NUMBER)
		return value_str(v.as.text);
	if (v.kind != VALUE_STRING || !str_starts(v.as.text, "arn:") ||
	    !str_ends(v.as.text, ":root"))
		return v;
	rest = v.as.text;
	for (size_t i = 0; i < 6; i++)
		part[i] = str_cut(&rest, ':');
	return str_is(part[2], "iam") && str_is(part[5], "root")
		   ? value_str(part[4])
		   : v;
}

/* One text or several, in any order. */
static struct value as_set(struct value v, struct arena *a)
{
	size_t n = v.kind == VALUE_LIST ? v.as.list.n : 1;
	struct value *out = arena_new(a, struct value, n + 1);

	for (size_t i = 0; i < n; i++)
		out[i] = text_of(v.kind == VALUE_LIST ? v.as.list.items[i] : v);
	return part_set(value_list(out, n), NULL, a);
}

static struct value each_set(struct value map, struct arena *a)
{
	struct fields f = { 0 };

	if (map.kind != VALUE_MAP)
		return map;
	for (size_t i = 0; i < map.as.map.n; i++)
		*vec_push(&f.list) = (struct value_entry){
			map.as.map.entries[i].key,
			as_set(map.as.map.entries[i].value, a),
		};
	return fields_done(&f, a);
}

static struct value principal_of(struct value v, struct arena *a)
{
	struct fields f = { 0 };

	if (v.kind == VALUE_MAP)
		return each_set(v, a);
	field(&f, "AWS", as_set(v, a));
	return fields_done(&f, a);
}

static struct value conditions_of(struct value v, struct arena *a)
{
	struct fields f = { 0 };

	if (v.kind != VALUE_MAP)
		return v;
	for (size_t i = 0; i < v.as.map.n; i++)
		*vec_push(&f.list) = (struct value_entry){
			v.as.map.entries[i].key,
			each_set(v.as.map.entries[i].value, a),
		};
	return fields_done(&f, a);
}

static struct value statement_of(struct value v, struct arena *a)
{
	struct fields f = { 0 };

	if (v.kind != VALUE_MAP)
		return v;
	for (size_t i = 0; i < v.as.map.n; i++) {
		struct value_entry e = v.as.map.entries[i];

		if (str_ends(e.key, "Principal"))
			e.value = principal_of(e.value, a);
		else if (str_is(e.key, "Condition"))
			e.value = conditions_of(e.value, a);
		else if (!str_is(e.key, "Sid") && !str_is(e.key, "Effect"))
			e.value = as_set(e.value, a);
		/* The service may give back an empty one that was not sent. */
		if (!str_is(e.key, "Sid") || e.value.kind != VALUE_STRING ||
		    e.value.as.text.n)
			*vec_push(&f.list) = e;
	}
	return fields_done(&f, a);
}

static struct value statements_of(struct value policy, struct arena *a)
{
	const struct value *v = value_get(policy, "Statement");
	size_t n = !v ? 0 : v->kind == VALUE_LIST ? v->as.list.n : 1;
	struct value *out = arena_new(a, struct value, n + 1);

	for (size_t i = 0; i < n; i++)
		out[i] = statement_of(
		    v->kind == VALUE_LIST ? v->as.list.items[i] : *v, a);
	return value_list(out, n);
}

static struct value canonical(struct value policy, struct arena *a)
{
	if (policy.kind != VALUE_MAP)
		return policy;
	return value_with(policy, STR("Statement"), statements_of(policy, a),
			  a);
}

bool policy_is(struct value policy, struct str text, struct arena *a)
{
	struct value theirs;

	if (policy.kind == VALUE_STRING &&
	    policy_read(policy.as.text, a, &policy) < 0)
		return false;
	return policy_read(text, a, &theirs) == 0 &&
	       value_eq(canonical(policy, a), canonical(theirs, a));
}

/* -- Trust ---------------------------------------------------------------- */

struct value policy_trust(struct value services, struct arena *a)
{
	struct fields statement = { 0 }, policy = { 0 };
	struct value *list = arena_new(a, struct value, 1);
	struct value_entry service = { STR("Service"), services };

	if (services.kind == VALUE_LIST && services.as.list.n == 1)
		service.value = services.as.list.items[0];
	field_text(&statement, "Action", STR("sts:AssumeRole"));
	field_text(&statement, "Effect", STR("Allow"));
	field(&statement, "Principal", value_map(&service, 1, a));
	*list = fields_done(&statement, a);
	field(&policy, "Statement", value_list(list, 1));
	field_text(&policy, "Version", STR("2012-10-17"));
	return fields_done(&policy, a);
}

bool policy_trusts(struct str text, struct str service, struct arena *a)
{
	struct value policy, list;

	if (policy_read(text, a, &policy) < 0)
		return false;
	list = statements_of(policy, a);
	for (size_t i = 0; i < list.as.list.n; i++) {
		struct value one = list.as.list.items[i];
		const struct value *who = value_get(one, "Principal");
		const struct value *action = value_get(one, "Action");
		const struct value *services =
		    who ? value_get(*who, "Service") : NULL;

		if (str_is(value_text(one, "Effect"), "Allow") &&
		    !value_get(one, "Condition") && services &&
		    part_has(*services, service) && action &&
		    part_has(*action, STR("sts:AssumeRole")))
			return true;
	}
	return false;
}
