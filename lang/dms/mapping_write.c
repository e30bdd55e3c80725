/* A struct mapping as the document that AWS DMS takes. */
#include <config.h>

#include "lang/dms/mapping.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/json.h"

enum { DOCUMENT_MAX = 64 << 20, KEYS_MAX = 16 };

/* An object that is being filled; keys are sorted when it is done. */
struct object_writer {
	struct arena *arena;
	struct value_entry entries[KEYS_MAX];
	size_t n;
};

static void put(struct object_writer *w, const char *key, struct value v)
{
	if (w->n == KEYS_MAX)
		BUG("an object has more than %d keys", KEYS_MAX);
	w->entries[w->n++] = (struct value_entry){ str_from(key), v };
}

static void put_text(struct object_writer *w, const char *key, struct str text)
{
	put(w, key, value_str(text));
}

static void put_given(struct object_writer *w, const char *key, struct str text)
{
	if (text.n)
		put_text(w, key, text);
}

static struct value done(struct object_writer *w)
{
	return value_map(w->entries, w->n, w->arena);
}

static struct value texts(const struct str *items, size_t n, struct arena *a)
{
	struct value *out = arena_new(a, struct value, n + 1);

	for (size_t i = 0; i < n; i++)
		out[i] = value_str(items[i]);
	return value_list(out, n);
}

static struct object_writer begin_rule(const struct mapping_rule *rule,
				       const char *type, struct arena *a)
{
	struct object_writer w = { .arena = a };
	struct str id = str_fmt(a, "%llu", (unsigned long long)rule->id);

	put_text(&w, "rule-id", id);
	put_text(&w, "rule-name", rule->name.n ? rule->name : id);
	put(&w, "rule-type", value_c(type));
	return w;
}

static struct value write_condition(const struct mapping_condition *c,
				    struct arena *a)
{
	struct object_writer w = { .arena = a };
	bool is_range = str_ends(c->op, "between");

	put_text(&w, "filter-operator", c->op);
	if (is_range) {
		put_text(&w, "start-value", c->value);
		put_text(&w, "end-value", c->value2);
	} else if (!str_is(c->op, "null") && !str_is(c->op, "notnull")) {
		put_text(&w, "value", c->value);
	}
	return done(&w);
}

static struct value write_filters(const struct mapping_selection *s,
				  struct arena *a)
{
	struct value *filters = arena_new(a, struct value, s->n_filters + 1);
	size_t at = 0;

	for (size_t i = 0; i < s->n_filters; i++) {
		size_t n = s->filter_ends[i] - at;
		struct value *conditions = arena_new(a, struct value, n + 1);
		struct object_writer w = { .arena = a };

		put_text(&w, "column-name", s->conditions[at].column);
		for (size_t k = 0; k < n; k++)
			conditions[k] =
			    write_condition(&s->conditions[at + k], a);
		put(&w, "filter-conditions", value_list(conditions, n));
		put(&w, "filter-type", value_c("source"));
		filters[i] = done(&w);
		at = s->filter_ends[i];
	}
	return value_list(filters, s->n_filters);
}

static struct value write_selection(const struct mapping_selection *s,
				    struct arena *a)
{
	static const char *const actions[] = {
		[MAPPING_INCLUDE] = "include",
		[MAPPING_EXCLUDE] = "exclude",
		[MAPPING_EXPLICIT] = "explicit",
	};
	struct object_writer w = begin_rule(&s->rule, "selection", a);
	struct object_writer locator = { .arena = a };

	put_text(&locator, "schema-name", s->schema);
	put_text(&locator, "table-name", s->table);
	if (s->kind != MAPPING_TABLES)
		put(&locator, "table-type",
		    value_c(s->kind == MAPPING_VIEWS ? "view" : "all"));
	put(&w, "rule-action", value_c(actions[s->action]));
	put(&w, "object-locator", done(&locator));
	put(&w, "filters", write_filters(s, a));
	if (s->load_order)
		put(&w, "load-order", value_int_in(s->load_order, a));
	return done(&w);
}

static struct value write_type(const struct mapping_type *t, struct arena *a)
{
	struct object_writer w = { .arena = a };

	put_text(&w, "type", t->name);
	if (t->length >= 0)
		put(&w, "length", value_int_in(t->length, a));
	if (t->precision >= 0)
		put(&w, "precision", value_int_in(t->precision, a));
	if (t->scale >= 0)
		put(&w, "scale", value_int_in(t->scale, a));
	return done(&w);
}

static struct value write_key(const struct mapping_transformation *t,
			      struct arena *a)
{
	struct object_writer w = { .arena = a };

	put_text(&w, "name", t->key);
	if (t->is_unique)
		put(&w, "origin", value_c("unique-index"));
	put(&w, "columns", texts(t->columns, t->n_columns, a));
	return done(&w);
}

static struct value write_image(const struct mapping_transformation *t,
				struct arena *a)
{
	struct object_writer w = { .arena = a };

	put_text(&w, "column-prefix", t->prefix);
	put_text(&w, "column-suffix", t->suffix);
	put_text(&w, "column-filter", t->filter);
	return done(&w);
}

static struct value write_transformation(const struct mapping_transformation *t,
					 struct arena *a)
{
	static const char *const targets[] = {
		[MAPPING_SCHEMA] = "schema",
		[MAPPING_TABLE] = "table",
		[MAPPING_COLUMN] = "column",
	};
	struct object_writer w = begin_rule(&t->rule, "transformation", a);
	struct object_writer locator = { .arena = a };

	put_text(&locator, "schema-name", t->schema);
	put_given(&locator, "table-name", t->table);
	put_given(&locator, "column-name", t->column);
	put_given(&locator, "data-type", t->of);
	put_text(&w, "rule-action", t->action);
	put(&w, "rule-target", value_c(targets[t->target]));
	put(&w, "object-locator", done(&locator));
	put_given(&w, "value", t->value);
	put_given(&w, "old-value", t->old_value);
	put_given(&w, "expression", t->expression);
	if (t->type.name.n)
		put(&w, "data-type", write_type(&t->type, a));
	if (str_is(t->action, "define-primary-key"))
		put(&w, "primary-key-def", write_key(t, a));
	if (str_is(t->action, "add-before-image-columns"))
		put(&w, "before-image-def", write_image(t, a));
	return done(&w);
}

static struct value write_parallel(const struct mapping_load *l,
				   struct arena *a)
{
	struct value *boundaries =
	    arena_new(a, struct value, l->n_boundaries + 1);
	struct object_writer w = { .arena = a };

	put_text(&w, "type", l->parallel);
	if (!str_is(l->parallel, "ranges"))
		return done(&w);
	for (size_t i = 0; i < l->n_boundaries; i++)
		boundaries[i] =
		    texts(l->boundaries[i].values, l->boundaries[i].n, a);
	put(&w, "columns", texts(l->columns, l->n_columns, a));
	put(&w, "boundaries", value_list(boundaries, l->n_boundaries));
	return done(&w);
}

static struct value write_load(const struct mapping_load *l, struct arena *a)
{
	struct object_writer w = begin_rule(&l->rule, "table-settings", a);
	struct object_writer locator = { .arena = a }, lobs = { .arena = a };

	put_text(&locator, "schema-name", l->schema);
	put_text(&locator, "table-name", l->table);
	put(&w, "object-locator", done(&locator));
	if (l->parallel.n)
		put(&w, "parallel-load", write_parallel(l, a));
	if (l->lobs.n) {
		put_text(&lobs, "mode", l->lobs);
		if (!str_is(l->lobs, "none"))
			put_text(&lobs, "bulk-max-size",
				 str_fmt(a, "%lld", (long long)l->lob_kb));
		put(&w, "lob-settings", done(&lobs));
	}
	return done(&w);
}

static struct value write_validation(const struct mapping_validation *v,
				     struct arena *a)
{
	struct object_writer w = begin_rule(&v->rule, "validation", a);
	struct object_writer locator = { .arena = a };

	put_text(&locator, "schema-name", v->schema);
	put_text(&locator, "table-name", v->table);
	put_text(&locator, "column-name", v->column);
	put_given(&locator, "data-type", v->of);
	put(&w, "rule-action", value_c("override-validation-function"));
	put(&w, "rule-target", value_c("column"));
	put(&w, "object-locator", done(&locator));
	put_given(&w, "source-function", v->source);
	put_given(&w, "target-function", v->target);
	return done(&w);
}

struct str mapping_write(const struct mapping *m, struct arena *a)
{
	struct value *rules = arena_new(a, struct value, m->n + 1);
	struct value_entry all = { .key = STR("rules") };
	struct str out;
	struct buf text;

	for (size_t i = 0; i < m->n_selections; i++)
		rules[m->selections[i].rule.index] =
		    write_selection(&m->selections[i], a);
	for (size_t i = 0; i < m->n_transformations; i++)
		rules[m->transformations[i].rule.index] =
		    write_transformation(&m->transformations[i], a);
	for (size_t i = 0; i < m->n_loads; i++)
		rules[m->loads[i].rule.index] = write_load(&m->loads[i], a);
	for (size_t i = 0; i < m->n_validations; i++)
		rules[m->validations[i].rule.index] =
		    write_validation(&m->validations[i], a);
	all.value = value_list(rules, m->n);
	buf_init(&text, DOCUMENT_MAX);
	json_write(&text, value_map(&all, 1, a), 0);
	out = buf_is_full(&text) ? STR("") : str_dup(buf_str(&text), a);
	buf_release(&text);
	return out;
}
