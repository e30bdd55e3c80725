/*
 * A plan for programs, in the shape of Terraform's plan representation (format
 * 1.2), so that policy and summary tools can read it:
 *
 *	resource_changes	every resource, unchanged ones too
 *	resource_drift		what was changed outside
 *	output_changes
 *	planned_values		what will be, by module
 *	prior_state		what is, by module
 *	checks			the stack's, whose outcome is known after apply
 *
 * A component instance is a module, a step's parent block too; the name of a
 * component's type is part of it: aurora.source/db_cluster.main is db_cluster
 * "main" in module "aurora.source". "effects", "stack", "base_commit",
 * "dmsl_version", and of a change "reason", "runs" and "simulated" are ours. No
 * secret is in it: a sensitive value is left out, and marked under
 * before_/after_sensitive.
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

/* The parts of a map that carry the mark: {} where none does. */
static void write_parts(struct buf *b, struct value v, unsigned mark)
{
	if (value_marks(v) & mark)
		write_marks(b, v, mark);
	else
		buf_add_c(b, "{}");
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

/* -- Steps ---------------------------------------------------------------- */

static const char *actions_of(const struct plan_step *s)
{
	switch (s->action) {
	case ACTION_CREATE:
		return "[\"create\"]";
	case ACTION_UPDATE:
		return "[\"update\"]";
	case ACTION_REPLACE:
		return s->creates_first ? "[\"create\",\"delete\"]"
					: "[\"delete\",\"create\"]";
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

/* Those of Terraform's words that say what ours mean; NULL: none does. */
static const char *action_reason(const struct plan *p,
				 const struct plan_step *s)
{
	switch (s->action) {
	case ACTION_REPLACE:
		if (s->prior && s->prior->is_tainted)
			return "replace_because_tainted";
		for (size_t i = 0; i < s->n_changes; i++)
			if (s->changes[i].forces_replace)
				return "replace_because_cannot_update";
		return str_contains(s->reason, STR("--replace"))
			   ? "replace_by_request"
			   : "replace_by_triggers";
	case ACTION_DELETE:
	case ACTION_FORGET:
		return p->is_destroy || s->resource
			   ? NULL
			   : "delete_because_no_resource_config";
	case ACTION_READ:
		return "read_because_config_unknown";
	case ACTION_NONE:
	case ACTION_CREATE:
	case ACTION_UPDATE:
	case ACTION_RUN:
		break;
	}
	return NULL;
}

struct named {
	struct str address; /* without what tells an old object apart */
	struct str module, type, name, key;
	struct str deposed; /* 8 hex digits; empty: it is the address' own */
	bool has_key;
};

static struct named split(struct str address, const struct type_schema *t,
			  struct arena *a)
{
	enum { MARK_LENGTH = 9 }; /* "#" and 8 hex digits, see state.h */
	struct named n = { .address = address };

	if (address.n > MARK_LENGTH && address.s[address.n - 1] != ']' &&
	    address.s[address.n - MARK_LENGTH] == '#') {
		n.deposed = str_skip(address, address.n - MARK_LENGTH + 1);
		address = n.address =
		    str_sub(address, 0, address.n - MARK_LENGTH);
	}
	if (!address_split(address, a, &n.module, &n.type, &n.name, &n.has_key,
			   &n.key))
		n.name = address;
	if (t)
		n.type = str_from(t->name);
	return n;
}

/* What resource_changes, planned_values and prior_state begin alike. */
static void write_name(struct buf *b, const struct context *c,
		       const struct plan_step *s, const struct named *n)
{
	text(b, "address", n->address, true);
	text(b, "mode", s->is_existing ? STR("data") : STR("managed"), false);
	text(b, "type", n->type, false);
	text(b, "name", n->name, false);
	if (n->has_key)
		text(b, "index", n->key, false);
	text(b, "provider_name", str_from(c->open[s->provider].title), false);
}

static void write_paths(struct buf *b, const struct plan_step *s)
{
	bool first = true;

	key(b, "replace_paths", false);
	buf_add_char(b, '[');
	for (size_t i = 0; i < s->n_changes; i++) {
		if (!s->changes[i].forces_replace)
			continue;
		if (!first)
			buf_add_char(b, ',');
		first = false;
		buf_add_char(b, '[');
		json_write_string(b, s->changes[i].attr);
		buf_add_char(b, ']');
	}
	buf_add_char(b, ']');
}

struct writer {
	struct buf *out;
	const struct plan *plan;
	const struct context *context;
	struct arena arena; /* until the JSON is written */
};

/* The id is an attribute as the others: else it would seem to come anew. */
static struct value with_id(struct value attrs, struct str id, struct arena *a)
{
	if (attrs.kind != VALUE_MAP || !id.n || value_get(attrs, "id"))
		return attrs;
	return value_with(attrs, STR("id"), value_str(id), a);
}

static struct value before_of(struct writer *w, const struct plan_step *s)
{
	return s->prior ? with_id(s->prior->attrs, s->prior->id, &w->arena)
			: value_null();
}

/* What stays has its id; one that is made anew gets another. */
static struct value after_of(struct writer *w, const struct plan_step *s)
{
	bool stays = s->prior && s->action != ACTION_REPLACE &&
		     s->action != ACTION_CREATE;

	if (s->action == ACTION_DELETE || s->action == ACTION_FORGET)
		return value_null();
	return stays ? with_id(plan_after(s), s->prior->id, &w->arena)
		     : plan_after(s);
}

static void write_step(struct writer *w, const struct plan_step *s)
{
	struct named name = split(s->address, s->schema, &w->arena);
	const char *reason = action_reason(w->plan, s);
	struct buf *b = w->out;

	buf_add_char(b, '{');
	write_name(b, w->context, s, &name);
	if (name.module.n)
		text(b, "module_address", name.module, false);
	if (name.deposed.n)
		text(b, "deposed", name.deposed, false);
	if (s->moved_from.n)
		text(b, "previous_address", s->moved_from, false);
	key(b, "change", false);
	write_change(b, actions_of(s), before_of(w, s), after_of(w, s));
	if (s->action == ACTION_REPLACE)
		write_paths(b, s);
	if (s->import_id.n) {
		key(b, "importing", false);
		buf_add_char(b, '{');
		text(b, "id", s->import_id, true);
		buf_add_char(b, '}');
	}
	buf_add_char(b, '}');
	if (reason)
		text(b, "action_reason", str_from(reason), false);
	if (s->reason.n)
		text(b, "reason", s->reason, false);
	if (s->runs)
		buf_add_c(b, ",\"runs\":true");
	if (s->is_left_out)
		buf_add_c(b, ",\"left_out\":true");
	if (s->type && s->type->is_simulated)
		buf_add_c(b, ",\"simulated\":true");
	buf_add_char(b, '}');
}

static void write_steps(struct writer *w, const char *name,
			const struct plan_step *steps, size_t n)
{
	key(w->out, name, false);
	buf_add_char(w->out, '[');
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_add_char(w->out, ',');
		write_step(w, &steps[i]);
	}
	buf_add_char(w->out, ']');
}

/* -- Values by module ----------------------------------------------------- */

struct module {
	struct str address;
	struct module *first, *last, *next; /* children; the next beside it */
	struct module_resource *resources, *last_resource;
};

struct module_resource {
	const struct plan_step *step;
	struct named name;
	struct value values;
	struct module_resource *next;
};

/* The module of an address, and those above it, made at first use. */
static void make_modules(struct map *all, struct str address, struct arena *a)
{
	struct module *m = map_get(all, address), *child = NULL;

	/* From the inside out, until one is there already. */
	for (;;) {
		bool is_there = m != NULL;
		struct named n;

		if (!is_there) {
			m = arena_new(a, struct module, 1);
			m->address = address;
			map_put(all, address, m);
		}
		if (child) {
			if (m->last)
				m->last->next = child;
			else
				m->first = child;
			m->last = child;
		}
		if (is_there || address.n == 0)
			return;
		child = m;
		n = split(address, NULL, a);
		address = n.module;
		m = map_get(all, address);
	}
}

static struct module *enter_module(struct map *all, struct str address,
				   struct arena *a)
{
	struct module *m = map_get(all, address);

	if (m)
		return m;
	make_modules(all, address, a);
	return map_get(all, address);
}

static void add_resource(struct map *all, const struct plan_step *s,
			 struct value values, struct arena *a)
{
	struct module_resource *r = arena_new(a, struct module_resource, 1);
	struct module *m;

	r->step = s;
	r->name = split(s->address, s->schema, a);
	r->values = values;
	m = enter_module(all, r->name.module, a);
	if (m->last_resource)
		m->last_resource->next = r;
	else
		m->resources = r;
	m->last_resource = r;
}

static void write_resources(struct writer *w, const struct module *m)
{
	struct buf *b = w->out;

	key(b, "resources", m->address.n == 0);
	buf_add_char(b, '[');
	for (const struct module_resource *r = m->resources; r; r = r->next) {
		if (r != m->resources)
			buf_add_char(b, ',');
		buf_add_char(b, '{');
		write_name(b, w->context, r->step, &r->name);
		buf_add_c(b, ",\"schema_version\":0");
		key(b, "values", false);
		write_known(b, r->values);
		key(b, "sensitive_values", false);
		write_parts(b, r->values, MARK_SECRET);
		buf_add_char(b, '}');
	}
	buf_add_char(b, ']');
}

/* As deep as components are nested, which the language bounds. */
static void write_module(struct writer *w, const struct module *m)
{
	struct buf *b = w->out;

	buf_add_char(b, '{');
	if (m->address.n)
		text(b, "address", m->address, true);
	write_resources(w, m);
	if (m->first) {
		key(b, "child_modules", false);
		buf_add_char(b, '[');
		for (const struct module *c = m->first; c; c = c->next) {
			if (c != m->first)
				buf_add_char(b, ',');
			write_module(w, c);
		}
		buf_add_char(b, ']');
	}
	buf_add_char(b, '}');
}

static void write_output_values(struct writer *w, bool is_prior)
{
	const struct plan *p = w->plan;
	struct buf *b = w->out;
	bool first = true;

	key(b, "outputs", true);
	buf_add_char(b, '{');
	for (size_t i = 0; i < p->n_outputs; i++) {
		const struct plan_output *o = &p->outputs[i];
		struct value v = is_prior ? o->old : o->new;

		if (value_is_null(v))
			continue;
		key(b, str_c(o->name, &w->arena), first);
		first = false;
		buf_fmt(b, "{\"sensitive\":%s",
			value_has_secret(v) ? "true" : "false");
		if (!value_is_unknown(v)) {
			key(b, "value", false);
			write_known(b, v);
		}
		buf_add_char(b, '}');
	}
	buf_add_char(b, '}');
}

/* {"outputs":…,"root_module":…} of what is, or of what will be. */
static void write_values(struct writer *w, bool is_prior)
{
	const struct plan *p = w->plan;
	struct map all = { 0 };

	enter_module(&all, (struct str){ 0 }, &w->arena);
	for (size_t i = 0; i < p->n_steps; i++) {
		const struct plan_step *s = &p->steps[i];
		struct value v = is_prior ? before_of(w, s) : after_of(w, s);

		if (!value_is_null(v))
			add_resource(&all, s, v, &w->arena);
	}
	buf_add_char(w->out, '{');
	write_output_values(w, is_prior);
	key(w->out, "root_module", false);
	write_module(w, map_get(&all, (struct str){ 0 }));
	buf_add_char(w->out, '}');
	map_release(&all);
}

/* -- The rest ------------------------------------------------------------- */

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
			text(b, "object", s->effects[k].object, false);
			text(b, "text", s->effects[k].text, false);
			buf_add_char(b, '}');
		}
	}
	buf_add_char(b, ']');
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

static void write_checks(struct buf *b, const struct plan *p)
{
	key(b, "checks", false);
	buf_add_char(b, '[');
	for (size_t i = 0; i < p->n_checks; i++) {
		if (i)
			buf_add_char(b, ',');
		buf_add_c(b, "{\"address\":{\"kind\":\"check\"");
		text(b, "name", p->checks[i].name, false);
		buf_add_c(b, "},\"status\":\"unknown\",\"instances\":[]}");
	}
	buf_add_char(b, ']');
}

static bool has_left_out(const struct plan *p)
{
	for (size_t i = 0; i < p->n_steps; i++)
		if (p->steps[i].is_left_out)
			return true;
	return false;
}

void plan_write_json(const struct plan *p, const struct context *c,
		     struct buf *out)
{
	struct writer w = { .out = out, .plan = p, .context = c };

	buf_add_c(out, "{\"format_version\":\"1.2\"");
	text(out, "dmsl_version", STR(PACKAGE_VERSION), false);
	text(out, "stack", p->stack, false);
	text(out, "base_commit", p->base_commit, false);
	buf_fmt(out, ",\"applyable\":%s,\"complete\":%s,\"errored\":false",
		p->is_empty ? "false" : "true",
		has_left_out(p) ? "false" : "true");
	write_effects(out, p);
	write_steps(&w, "resource_changes", p->steps, p->n_steps);
	write_steps(&w, "resource_drift", p->drift, p->n_drift);
	write_outputs(out, p);
	key(out, "planned_values", false);
	write_values(&w, false);
	buf_add_c(out, ",\"prior_state\":{\"format_version\":\"1.0\"");
	key(out, "values", false);
	write_values(&w, true);
	buf_add_char(out, '}');
	write_checks(out, p);
	buf_add_c(out, "}\n");
	arena_release(&w.arena);
}
