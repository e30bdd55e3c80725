#include <config.h>

#include "engine/check.h"

#include "lang/ast.h"
#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/diag.h"
#include "lang/eval.h"
#include "lang/parse.h"

#include <string.h>

static bool has_reference(const struct type *t)
{
	if (t->kind == TYPE_REF)
		return true;
	for (size_t i = 0; t->parts && i < t->n; i++)
		if (has_reference(t->parts[i]))
			return true;
	return false;
}

/* The same type with a string for every reference. */
static const struct type *stored_type(const struct type *t, struct arena *a)
{
	static const struct type string_type = { .kind = TYPE_STRING };

	if (!has_reference(t))
		return t;
	if (t->kind == TYPE_REF)
		return &string_type;
	struct type *copy = arena_new(a, struct type, 1);

	*copy = *t;
	copy->parts = arena_new(a, const struct type *, t->n);
	for (size_t i = 0; i < t->n; i++)
		copy->parts[i] = stored_type(t->parts[i], a);
	return copy;
}

static bool no_name(struct eval *e, struct str name, struct value *out)
{
	(void)e, (void)name, (void)out;
	return false;
}

static bool no_reference(struct eval *e, const struct ast_expr *x,
			 struct value *out)
{
	(void)e, (void)x, (void)out;
	return false;
}

static void no_suggestion(struct eval *e, struct str wrong, struct str *near)
{
	(void)e, (void)wrong, (void)near;
}

int constant_value(struct str where, struct str text, const struct type *wanted,
		   struct arena *a, struct diags *d, struct value *out)
{
	struct eval e = {
		.arena = a,
		.diags = d,
		.name = no_name,
		.reference = no_reference,
		.suggest = no_suggestion,
	};
	size_t errors = d->n_errors;
	struct ast_expr *x = parse_expr(source_from(where, text, a), a, d);

	*out = value_null();
	if (d->n_errors > errors || !x)
		return -1;
	return eval_expr(&e, x, wanted, out);
}

static struct value fallback_value(const struct attr_schema *s,
				   const struct type *t, struct arena *a)
{
	struct diags d = { .arena = a };
	struct value v = value_null();

	if (s->fallback &&
	    constant_value(STR("schema"), str_from(s->fallback), t, a, &d, &v))
		BUG("fallback of \"%s\" in a schema: %s: %.*s", s->name,
		    s->fallback, STR_ARG(d.items[0]->message));
	diags_release(&d);
	return v;
}

static void attr_info_init(struct attr_info *info, const struct attr_schema *s,
			   const struct attr_rule *rules, struct arena *a)
{
	struct error err = { 0 };
	uint32_t at = 0;

	info->schema = s;
	info->name = str_from(s->name);
	info->type = type_parse(str_from(s->type), a, &at, &err);
	if (!info->type)
		BUG("type of \"%s\" in a schema: %s", s->name, err.message);
	info->has_reference = has_reference(info->type);
	info->stored = stored_type(info->type, a);
	info->fallback = fallback_value(s, info->type, a);
	info->rule = schema_rule(rules, info->name);
}

/* Every resource that has tags takes this beside what its table lists. */
static const struct attr_schema tags_schema = {
	"tags",
	"map(string)",
	ATTR_OPTIONAL,
	NULL,
	"Tags; those of the stack are merged in.",
};

static const struct attr_rule tags_rules[] = {
	{ .attr = "tags", .kind = RULE_TAGS },
	{ 0 },
};

static size_t count_attrs(const struct attr_schema *attrs)
{
	size_t n = 0;

	while (attrs && attrs[n].name)
		n++;
	return n;
}

static struct attr_info *attr_infos(const struct attr_schema *attrs,
				    const struct attr_rule *rules, size_t *n,
				    struct arena *a)
{
	*n = count_attrs(attrs);
	struct attr_info *infos = arena_new(a, struct attr_info, *n ? *n : 1);

	for (size_t i = 0; i < *n; i++)
		attr_info_init(&infos[i], &attrs[i], rules, a);
	return infos;
}

struct attr_info *check_attrs(const struct attr_schema *attrs, size_t *n,
			      struct arena *a)
{
	return attr_infos(attrs, NULL, n, a);
}

const struct attr_info *check_tags(struct arena *a)
{
	struct attr_info *info = arena_new(a, struct attr_info, 1);

	attr_info_init(info, &tags_schema, tags_rules, a);
	return info;
}

static void find_to_come(struct type_info *t, struct arena *a)
{
	struct value_entry *entries =
	    arena_new(a, struct value_entry, t->n + 1);
	size_t n = 0;
	struct value map;

	entries[n++] = (struct value_entry){ STR("id"), value_unknown() };
	for (size_t i = 0; i < t->n; i++) {
		unsigned flags = t->attrs[i].schema->flags;

		if (flags & ATTR_COMPUTED)
			entries[n++] = (struct value_entry){
				t->attrs[i].name,
				value_mark(value_unknown(), flags & ATTR_SECRET
								? MARK_SECRET
								: 0),
			};
	}
	map = value_map(entries, n, a);
	t->to_come = entries;
	t->n_to_come = map.as.map.n;
	memcpy(entries, map.as.map.entries, t->n_to_come * sizeof(*entries));
}

static struct type_info *type_info_new(const struct type_schema *s,
				       struct arena *a)
{
	struct type_info *t = arena_new(a, struct type_info, 1);
	bool adds_tags = s->has_tags && !schema_attr(s, STR("tags"));
	size_t n = count_attrs(s->attrs);

	t->schema = s;
	t->n = n + adds_tags;
	t->attrs = arena_new(a, struct attr_info, t->n ? t->n : 1);
	for (size_t i = 0; i < n; i++)
		attr_info_init(&t->attrs[i], &s->attrs[i], s->rules, a);
	if (adds_tags)
		attr_info_init(&t->attrs[n], &tags_schema, tags_rules, a);
	while (s->blocks && s->blocks[t->n_blocks].name)
		t->n_blocks++;
	t->blocks =
	    arena_new(a, struct block_info, t->n_blocks ? t->n_blocks : 1);
	for (size_t i = 0; i < t->n_blocks; i++) {
		struct block_info *b = &t->blocks[i];

		b->schema = &s->blocks[i];
		b->attrs = attr_infos(s->blocks[i].attrs, s->blocks[i].rules,
				      &b->n, a);
	}
	find_to_come(t, a);
	return t;
}

void catalog_init(struct catalog *c, const struct type_schema *const *table,
		  struct arena *a)
{
	*c = (struct catalog){ .arena = a };
	for (; table && *table; table++)
		map_put(&c->schemas, str_from((*table)->name), (void *)*table);
}

void catalog_release(struct catalog *c)
{
	map_release(&c->schemas);
	map_release(&c->types);
}

const struct type_info *catalog_type(struct catalog *c, struct str name)
{
	const struct type_schema *s;
	struct type_info *t;

	/* Mostly by the schema's own name, and often the same again. */
	if (c->last && c->last->schema->name == name.s)
		return c->last;
	t = map_get(&c->types, name);
	if (t) {
		c->last = t;
		return t;
	}
	s = map_get(&c->schemas, name);
	if (!s)
		return NULL;
	t = type_info_new(s, c->arena);
	map_put(&c->types, str_from(s->name), t);
	return t;
}

static const struct attr_info *find_attr(const struct attr_info *attrs,
					 size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(name, attrs[i].name))
			return &attrs[i];
	return NULL;
}

const struct attr_info *type_info_attr(const struct type_info *t,
				       struct str name)
{
	return find_attr(t->attrs, t->n, name);
}

const struct block_info *type_info_block(const struct type_info *t,
					 struct str name)
{
	for (size_t i = 0; i < t->n_blocks; i++)
		if (str_is(name, t->blocks[i].schema->name))
			return &t->blocks[i];
	return NULL;
}

bool check_is_common_attr(struct str name)
{
	return str_is(name, "depends_on") || str_is(name, "provider");
}

bool check_is_common_block(struct str name)
{
	return str_is(name, "lifecycle") || str_is(name, "timeouts");
}

static struct place place_of(const struct source *s, struct span span)
{
	return (struct place){ s, span };
}

void check_suggest(const struct suggest *s, struct diags *d, struct diag *to)
{
	if (s->best.n)
		diag_hint(d, to, "Did you mean \"%.*s\"?", STR_ARG(s->best));
}

/* The nearest name that a misspelt attribute may have meant; or empty. */
static struct str meant(const struct ast_attr *a, const struct check_target *t)
{
	struct suggest near = suggest_start(a->name);

	for (size_t i = 0; i < t->n; i++)
		suggest_try(&near, str_from(t->attrs[i].schema->name));
	for (size_t i = 0; t->type && i < t->type->n_blocks; i++)
		suggest_try(&near, str_from(t->type->blocks[i].schema->name));
	if (t->is_resource)
		suggest_try(&near, STR("depends_on"));
	return near.best;
}

static void unknown_attr(const struct ast_attr *a, const struct source *s,
			 const struct check_target *t, struct diags *d)
{
	struct suggest near = { .best = meant(a, t) };
	struct diag *to =
	    diag_error(d, "E0203", place_of(s, a->name_span),
		       "unrecognised attribute \"%.*s\" in "
		       "%s \"%.*s\"",
		       STR_ARG(a->name), t->kind, STR_ARG(t->name));

	check_suggest(&near, d, to);
}

/* Whether an attribute that is not known seems to be this one, misspelt. */
static bool is_misspelt(const struct ast_body *b, const struct check_target *t,
			struct str name)
{
	for (size_t i = 0; i < b->n_attrs; i++)
		if (!find_attr(t->attrs, t->n, b->attrs[i].name) &&
		    str_eq(meant(&b->attrs[i], t), name))
			return true;
	return false;
}

void check_repeated(const struct ast_body *b, const struct source *s,
		    struct diags *d)
{
	struct map seen = { 0 };

	for (size_t i = 0; i < b->n_attrs; i++) {
		struct ast_attr *a = &b->attrs[i];
		struct ast_attr *first = map_add(&seen, a->name, a);

		if (!first)
			continue;
		struct diag *to = diag_error(
		    d, "E0205", place_of(s, a->name_span),
		    "attribute \"%.*s\" is given twice", STR_ARG(a->name));

		diag_note(d, to, place_of(s, first->name_span), "first here");
	}
	map_release(&seen);
}

static void check_one_attr(const struct ast_attr *a, const struct source *s,
			   const struct check_target *t, struct diags *d)
{
	const struct attr_info *info = find_attr(t->attrs, t->n, a->name);

	if (!info) {
		if (t->is_resource && check_is_common_attr(a->name))
			return;
		unknown_attr(a, s, t, d);
		return;
	}
	if ((info->schema->flags & ATTR_COMPUTED) &&
	    !(info->schema->flags & ATTR_OPTIONAL)) {
		struct diag *to =
		    diag_error(d, "E0221", place_of(s, a->name_span),
			       "attribute \"%.*s\" of %s cannot be written",
			       STR_ARG(a->name), t->kind);

		diag_hint(d, to, "Its value is given by the provider.");
	}
	if (t->node && (str_is(a->name, t->node->schema->parent_attr) ||
			(t->node->schema->given &&
			 str_is(a->name, t->node->schema->given))))
		diag_error(d, "E0221", place_of(s, a->name_span),
			   "attribute \"%.*s\" is given by the block around it",
			   STR_ARG(a->name));
}

static bool is_given(const struct check_target *t, const char *name)
{
	const struct block_schema *b = t->node ? t->node->schema : NULL;

	return b && (strcmp(name, b->parent_attr) == 0 ||
		     (b->given && strcmp(name, b->given) == 0));
}

/* Whether a finding whose code begins like that lies in the body. */
static bool has_finding(const struct ast_body *b, const struct source *s,
			const struct diags *d, const char *code)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct diag *x = d->items[i];

		if (!strncmp(x->code, code, strlen(code)) &&
		    x->place.source == s &&
		    x->place.span.start >= b->span.start &&
		    x->place.span.start <= b->span.end)
			return true;
	}
	return false;
}

bool check_is_unclear(const struct ast_body *b, const struct source *s,
		      const struct diags *d)
{
	return d->n_errors &&
	       (has_finding(b, s, d, "E01") || has_finding(b, s, d, "E0203") ||
		has_finding(b, s, d, "E0222"));
}

static void check_missing(const struct ast_body *b, const struct source *s,
			  const struct check_target *t, struct diags *d)
{
	struct buf names, hint;
	struct diag *to;

	buf_init(&names, 4000);
	buf_init(&hint, 4000);
	for (size_t i = 0; i < t->n; i++) {
		const struct attr_schema *a = t->attrs[i].schema;
		struct str name = str_from(a->name);

		if (!(a->flags & ATTR_REQUIRED) || is_given(t, a->name) ||
		    ast_attr_find(b, name) || ast_block_find(b, name) ||
		    is_misspelt(b, t, name))
			continue;
		buf_fmt(&names, "%s\"%s\"", names.len ? " and no " : "",
			a->name);
		if (t->type && type_info_block(t->type, name))
			buf_fmt(&hint, "%s%s { … }", hint.len ? ", " : "",
				a->name);
		else
			buf_fmt(&hint, "%s%s = … (%s)", hint.len ? ", " : "",
				a->name, a->type);
	}
	/* What could not be read may have had it. */
	if (names.len && !has_finding(b, s, d, "E01")) {
		to = diag_error(d, "E0220", t->place, "%s \"%.*s\" has no %s",
				t->kind, STR_ARG(t->name), names.data);
		diag_hint(d, to, "Add %s.", hint.data);
	}
	buf_release(&names);
	buf_release(&hint);
}

static void check_block(const struct ast_body *body, size_t at,
			const struct source *s, const struct check_target *t,
			struct map *seen, struct diags *d)
{
	const struct ast_block *b = &body->blocks[at];
	struct place place = place_of(s, b->name_span);
	const struct block_info *info =
	    t->type ? type_info_block(t->type, b->name) : NULL;

	if (!info) {
		if (t->is_resource && check_is_common_block(b->name))
			return;
		struct suggest near = suggest_start(b->name);
		struct diag *to =
		    diag_error(d, "E0222", place,
			       "unrecognised block \"%.*s\" in "
			       "%s \"%.*s\"",
			       STR_ARG(b->name), t->kind, STR_ARG(t->name));

		for (size_t i = 0; t->type && i < t->type->n_blocks; i++)
			suggest_try(&near,
				    str_from(t->type->blocks[i].schema->name));
		check_suggest(&near, d, to);
		return;
	}
	if (info->schema->kind == BLOCK_LIST) {
		struct check_target inner = {
			.attrs = info->attrs,
			.n = info->n,
			.kind = "block",
			.name = b->name,
			.place = place,
		};

		check_body(&b->body, s, &inner, d);
		return;
	}
	/* A labelled block is found by name and label, the others by name. */
	struct str key = info->schema->kind == BLOCK_NODES
			     ? str_fmt(d->arena, "%.*s.%.*s", STR_ARG(b->name),
				       STR_ARG(b->label))
			     : b->name;
	const struct ast_block *first = map_put(seen, key, (void *)b);

	if (first) {
		struct diag *to =
		    diag_error(d, "E0205", place,
			       "block \"%.*s\" is given twice", STR_ARG(key));

		diag_note(d, to, place_of(s, first->name_span), "first here");
	}
	if (info->schema->kind == BLOCK_NODES && b->label.n == 0) {
		struct diag *to =
		    diag_error(d, "E0223", place, "block \"%.*s\" needs a name",
			       STR_ARG(b->name));

		diag_hint(d, to,
			  "Write %.*s NAME { … }; the name is part of "
			  "its address.",
			  STR_ARG(b->name));
	}
	if (info->schema->kind != BLOCK_NODES && ast_attr_find(body, b->name))
		diag_error(d, "E0205", place,
			   "\"%.*s\" is given as an attribute and as a block",
			   STR_ARG(b->name));
}

void check_body(const struct ast_body *b, const struct source *s,
		const struct check_target *t, struct diags *d)
{
	struct map seen = { 0 };

	check_repeated(b, s, d);
	for (size_t i = 0; i < b->n_attrs; i++)
		check_one_attr(&b->attrs[i], s, t, d);
	check_missing(b, s, t, d);
	for (size_t i = 0; i < b->n_blocks; i++)
		check_block(b, i, s, t, &seen, d);
	map_release(&seen);
}
