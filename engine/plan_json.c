/*
 * A plan for programs, in the shape of Terraform's plan representation, so that
 * policy and summary tools can read it. "effects" is ours. No secret is in it:
 * a sensitive value is left out, and marked under before_/after_sensitive.
 */
#include <config.h>

#include "engine/plan_private.h"

#include "lang/base/buf.h"
#include "lang/json.h"

#include "engine/address.h"

static void key(struct buf *b, const char *name, bool first)
{
	if (!first)
		buf_add_char(b, ',');
	buf_fmt(b, "\"%s\":", name);
}

static void text(struct buf *b, const char *name, struct str s, bool first)
{
	key(b, name, first);
	json_write_string(b, s);
}

/* -- Values: what is known, and which parts are unknown or secret --------- */

/* Known parts; unknown ones and secrets are null. */
static void write_known(struct buf *b, struct value v)
{
	bool first = true;

	if (v.marks) {
		buf_add_c(b, "null");
		return;
	}
	if (v.kind == VALUE_LIST) {
		buf_add_char(b, '[');
		for (size_t i = 0; i < v.as.list.n; i++) {
			if (i)
				buf_add_char(b, ',');
			write_known(b, v.as.list.items[i]);
		}
		buf_add_char(b, ']');
	} else if (v.kind == VALUE_MAP) {
		buf_add_char(b, '{');
		for (size_t i = 0; i < v.as.map.n; i++) {
			const struct value_entry *e = &v.as.map.entries[i];

			/* As Terraform: what is unknown is not there. */
			if (value_is_unknown(e->value))
				continue;
			if (!first)
				buf_add_char(b, ',');
			first = false;
			json_write_string(b, e->key);
			buf_add_char(b, ':');
			write_known(b, e->value);
		}
		buf_add_char(b, '}');
	} else {
		json_write(b, v, 0);
	}
}

/*
 * true where the value carries the mark, otherwise the parts that do: {} and []
 * of the same shape, as far as there is a mark in them.
 */
static void write_marks(struct buf *b, struct value v, unsigned mark)
{
	bool first = true;

	if (v.marks & mark) {
		buf_add_c(b, "true");
	} else if (v.kind == VALUE_LIST && (value_marks(v) & mark)) {
		buf_add_char(b, '[');
		for (size_t i = 0; i < v.as.list.n; i++) {
			if (i)
				buf_add_char(b, ',');
			write_marks(b, v.as.list.items[i], mark);
		}
		buf_add_char(b, ']');
	} else if (v.kind == VALUE_MAP) {
		buf_add_char(b, '{');
		for (size_t i = 0; i < v.as.map.n; i++) {
			const struct value_entry *e = &v.as.map.entries[i];

			if (!(value_marks(e->value) & mark))
				continue;
			if (!first)
				buf_add_char(b, ',');
			first = false;
			json_write_string(b, e->key);
			buf_add_char(b, ':');
			write_marks(b, e->value, mark);
		}
		buf_add_char(b, '}');
	} else {
		buf_add_c(b, "false");
	}
}

static void write_change(struct buf *b, const char *actions,
			 struct value before, struct value after)
{
	buf_fmt(b, "{\"actions\":%s,\"before\":", actions);
	write_known(b, before);
	key(b, "after", false);
	write_known(b, after);
	key(b, "after_unknown", false);
	write_marks(b, after, MARK_UNKNOWN);
	key(b, "before_sensitive", false);
	write_marks(b, before, MARK_SECRET);
	key(b, "after_sensitive", false);
	write_marks(b, after, MARK_SECRET);
}

/* -- Parts ---------------------------------------------------------------- */

static const char *actions_of(enum action a)
{
	switch (a) {
	case ACTION_CREATE:
		return "[\"create\"]";
	case ACTION_UPDATE:
		return "[\"update\"]";
	case ACTION_REPLACE:
		return "[\"delete\",\"create\"]";
	case ACTION_DELETE:
		return "[\"delete\"]";
	case ACTION_FORGET:
		return "[\"forget\"]";
	case ACTION_READ:
		return "[\"read\"]";
	case ACTION_NONE:
	case ACTION_RUN:
		break;
	}
	return "[\"no-op\"]";
}

static void write_effects(struct buf *b, const struct plan *p)
{
	bool first = true;

	key(b, "effects", false);
	buf_add_char(b, '[');
	for (size_t i = 0; i < p->n_steps; i++) {
		const struct plan_step *s = &p->steps[i];

		for (size_t k = 0; k < s->n_effects; k++) {
			if (!first)
				buf_add_char(b, ',');
			first = false;
			buf_add_char(b, '{');
			text(b, "address", s->address, true);
			text(b, "kind",
			     str_from(effect_name(s->effects[k].kind)), false);
			text(b, "text", s->effects[k].text, false);
			buf_add_char(b, '}');
		}
	}
	buf_add_char(b, ']');
}

static struct str last_name(const struct plan *p, struct str address)
{
	struct str parent, type, name, k;
	bool has_key;

	if (!address_split(address, p->arena, &parent, &type, &name, &has_key,
			   &k))
		return address;
	return name;
}

static void write_step(struct buf *b, const struct plan *p,
		       const struct context *c, const struct plan_step *s)
{
	bool goes = s->action == ACTION_DELETE || s->action == ACTION_FORGET;
	struct value before = s->prior ? s->prior->attrs : value_null();
	struct value after = goes ? value_null() : s->after;

	buf_add_char(b, '{');
	text(b, "address", s->address, true);
	text(b, "mode", STR("managed"), false);
	text(b, "type", str_from(s->schema->name), false);
	text(b, "name", last_name(p, s->address), false);
	text(b, "provider_name", str_from(c->open[s->provider].provider->name),
	     false);
	key(b, "change", false);
	write_change(b, actions_of(s->action), before, after);
	key(b, "replace_paths", false);
	buf_add_char(b, '[');
	for (size_t i = 0, n = 0; i < s->n_changes; i++) {
		if (!s->changes[i].forces_replace)
			continue;
		if (n++)
			buf_add_char(b, ',');
		buf_add_char(b, '[');
		json_write_string(b, s->changes[i].attr);
		buf_add_char(b, ']');
	}
	buf_add_c(b, "]}");
	if (s->reason.n)
		text(b, "action_reason", s->reason, false);
	if (s->runs)
		buf_add_c(b, ",\"runs\":true");
	if (s->type && s->type->is_simulated)
		buf_add_c(b, ",\"simulated\":true");
	buf_add_char(b, '}');
}

static void write_outputs(struct buf *b, const struct plan *p)
{
	key(b, "output_changes", false);
	buf_add_char(b, '{');
	for (size_t i = 0; i < p->n_outputs; i++) {
		const struct plan_output *o = &p->outputs[i];
		bool same =
		    !value_is_unknown(o->new) && value_eq(o->old, o->new);

		if (i)
			buf_add_char(b, ',');
		json_write_string(b, o->name);
		buf_add_char(b, ':');
		write_change(b,
			     same		     ? "[\"no-op\"]"
			     : value_is_null(o->old) ? "[\"create\"]"
			     : value_is_null(o->new) ? "[\"delete\"]"
						     : "[\"update\"]",
			     o->old, o->new);
		buf_add_char(b, '}');
	}
	buf_add_char(b, '}');
}

void plan_write_json(const struct plan *p, const struct context *c,
		     struct buf *out)
{
	buf_add_c(out, "{\"format_version\":\"1.2\"");
	text(out, "dmsl_version", STR(PACKAGE_VERSION), false);
	text(out, "stack", p->stack, false);
	text(out, "base_commit", p->base_commit, false);
	buf_fmt(out, ",\"applyable\":%s", plan_is_empty(p) ? "false" : "true");
	write_effects(out, p);
	key(out, "resource_changes", false);
	buf_add_char(out, '[');
	for (size_t i = 0; i < p->n_steps; i++) {
		if (i)
			buf_add_char(out, ',');
		write_step(out, p, c, &p->steps[i]);
	}
	buf_add_char(out, ']');
	write_outputs(out, p);
	buf_add_c(out, "}\n");
}
