/* What may be written at a place. */
#include <config.h>

#include "engine/expand.h"
#include "engine/lsp/analysis.h"
#include "engine/lsp/cursor.h"
#include "engine/lsp/names.h"
#include "engine/lsp/request.h"
#include "engine/lsp/task_settings.h"
#include "engine/lsp/workspace.h"
#include "engine/provider.h"
#include "engine/setup.h"
#include "lang/ast.h"
#include "lang/base/buf.h"
#include "lang/base/file.h"
#include "lang/config.h"
#include "lang/diag.h"
#include "lang/func.h"
#include "lang/json.h"
#include "lang/parse.h"
#include "lang/type.h"

enum { ITEMS_MAX = 5000 };

/* LSP 3.17, CompletionItemKind. */
enum kind {
	KIND_FUNCTION = 3,
	KIND_VARIABLE = 6,
	KIND_CLASS = 7,
	KIND_MODULE = 9,
	KIND_PROPERTY = 10,
	KIND_VALUE = 12,
	KIND_KEYWORD = 14,
	KIND_STRUCT = 22,
	KIND_MEMBER = 20,
};

struct completion {
	const struct request *request;
	struct target target;
	struct cursor cursor;
	struct names_env env;
	struct buf *out;
	struct map seen; /* labels */
	size_t n;
	bool is_cut;   /* there were more */
	bool is_named; /* "=" stands behind the word already */
};

struct item {
	struct str label, detail;
	const char *doc;    /* or NULL */
	const char *behind; /* what is written with it, or NULL */
	enum kind kind;
	bool is_first; /* before all others */
};

/* Where there is too much for an editor, what begins alike. */
static bool is_left_out(struct completion *c, struct str label)
{
	struct str text = c->target.source->text;
	struct str word =
	    str_sub(text, c->cursor.word.start, c->cursor.word.end);

	if (c->n < ITEMS_MAX / 2)
		return false;
	c->is_cut = true;
	return c->n >= ITEMS_MAX || !str_eq(str_sub(label, 0, word.n), word);
}

static void add(struct completion *c, const struct item *i)
{
	struct buf *out = c->out;

	if (map_has(&c->seen, i->label) || is_left_out(c, i->label))
		return;
	map_put(&c->seen, i->label, c);
	buf_add_c(out, c->n++ ? ",{\"label\":" : "{\"label\":");
	json_write_string(out, i->label);
	buf_fmt(out, ",\"kind\":%d", i->kind);
	if (i->detail.n) {
		buf_add_c(out, ",\"detail\":");
		json_write_string(out, i->detail);
	}
	if (i->doc && *i->doc) {
		buf_add_c(out, ",\"documentation\":");
		json_write_string(out, str_from(i->doc));
	}
	if (i->is_first) {
		buf_add_c(out, ",\"sortText\":");
		json_write_string(out, str_fmt(c->request->arena, " %.*s",
					       STR_ARG(i->label)));
	}
	buf_add_c(out, ",\"textEdit\":{\"range\":");
	reply_range(out, c->request, c->target.analysis,
		    (struct place){ c->target.source, c->cursor.word });
	buf_add_c(out, ",\"newText\":");
	json_write_string(
	    out, str_fmt(c->request->arena, "%.*s%s", STR_ARG(i->label),
			 i->behind && !c->is_named ? i->behind : ""));
	buf_add_c(out, "}}");
}

static void add_words(struct completion *c, const char *const *words,
		      enum kind kind)
{
	for (; *words; words++)
		add(c,
		    &(struct item){ .label = str_from(*words), .kind = kind });
}

/* -- Types ---------------------------------------------------------------- */

static void add_resource_types(struct completion *c)
{
	const struct type_schema *const *t = c->target.names->schemas;

	for (; *t; t++)
		add(c, &(struct item){ .label = str_from((*t)->name),
				       .detail = str_from((*t)->group),
				       .doc = (*t)->doc,
				       .kind = KIND_STRUCT });
}

/* Files of a folder are named for the component they declare. */
static void add_library(struct completion *c, struct str folder)
{
	struct arena *a = c->request->arena;
	struct str *names;
	size_t n = file_names(str_c(folder, a), ".dmsl", a, &names);

	for (size_t i = 0; i < n; i++)
		add(c, &(struct item){ .label = names[i],
				       .detail = STR("component"),
				       .kind = KIND_CLASS });
}

static void add_components(struct completion *c)
{
	const struct config *config = c->target.names->config;
	const struct map *known = &c->target.names->components;
	struct arena *a = c->request->arena;

	for (size_t i = 0; i < known->n; i++)
		add(c, &(struct item){ .label = known->entries[i].key,
				       .detail = STR("component"),
				       .kind = KIND_CLASS });
	add_library(
	    c, str_join(config->files[0]->source->folder, "/", STR("lib"), a));
	add_library(c, str_from(setup_library(a)));
}

static void complete_declaration(struct completion *c)
{
	static const char *const of_components[] = { "let", "output",
						     "existing", "check",
						     NULL };
	static const char *const of_files[] = {
		"param",    "let",     "stack", "provider", "component",
		"existing", "output",  "check", "use",	    "moved",
		"import",   "removed", NULL,
	};

	add_words(c, c->env.scope->component ? of_components : of_files,
		  KIND_KEYWORD);
	add_components(c);
	add_resource_types(c);
}

static void complete_type(struct completion *c)
{
	static const char *const words[] = {
		"string", "number", "bool",   "cidr", "ip",   "duration",
		"size",	  "json",   "any",    "enum", "list", "set",
		"map",	  "object", "secret", NULL,
	};

	add_words(c, words, KIND_KEYWORD);
	add_components(c);
	add_resource_types(c);
}

/* -- Attributes and blocks ------------------------------------------------ */

/* What the block around has already is not offered again. */
static bool is_written(const struct completion *c, struct str name)
{
	const struct ast_decl *d = c->env.decl;
	const struct ast_body *b = d ? &d->body : NULL;
	const struct ast_attr *a;

	for (size_t i = 0; b && i < c->cursor.n_blocks; i++) {
		const struct ast_body *in = NULL;

		for (size_t k = 0; k < b->n_blocks; k++)
			if (b->blocks[k].span.start <= c->cursor.word.start)
				in = &b->blocks[k].body;
		b = in;
	}
	a = b ? ast_attr_find(b, name) : NULL;
	return a && a->name_span.start != c->cursor.word.start;
}

static void add_attr(struct completion *c, const struct attr_schema *a)
{
	if (!(a->flags & (ATTR_REQUIRED | ATTR_OPTIONAL)) ||
	    is_written(c, str_from(a->name)))
		return;
	add(c, &(struct item){ .label = str_from(a->name),
			       .detail = str_from(a->type),
			       .doc = a->doc,
			       .behind = " = ",
			       .kind = KIND_PROPERTY,
			       .is_first = a->flags & ATTR_REQUIRED });
}

static void add_attrs(struct completion *c, const struct attr_schema *a)
{
	for (; a && a->name; a++)
		add_attr(c, a);
}

static void add_block(struct completion *c, struct str name, const char *doc)
{
	add(c, &(struct item){ .label = name,
			       .detail = STR("block"),
			       .doc = doc,
			       .behind = " ",
			       .kind = KIND_MODULE });
}

static const struct attr_schema common_attrs[] = {
	{ "depends_on", "list(any)", ATTR_OPTIONAL, NULL,
	  "What must be there before, though no value of it is used." },
	{ "provider", "any", ATTR_OPTIONAL, NULL,
	  "The account or region that serves it: aws.prod." },
	{ 0 },
};

static void complete_resource(struct completion *c, const struct type_schema *t)
{
	add_attrs(c, t->attrs);
	if (t->has_tags)
		add_attr(c, names_common_attr(t, STR("tags")));
	for (const struct block_schema *b = t->blocks; b && b->name; b++)
		add_block(c, str_from(b->name), b->doc);
	add_attrs(c, common_attrs);
	add_block(c, STR("lifecycle"), NULL);
	add_block(c, STR("timeouts"), NULL);
}

static void complete_arguments(struct completion *c,
			       const struct scope *component)
{
	const struct map *words = &component->words;

	for (size_t i = 0; i < words->n; i++) {
		const struct symbol *s = words->entries[i].value;

		if (s->kind != SYMBOL_PARAM || is_written(c, s->name))
			continue;
		add(c, &(struct item){ .label = s->name,
				       .detail = s->param->type.text,
				       .behind = " = ",
				       .kind = KIND_PROPERTY,
				       .is_first = !s->param->fallback });
	}
	add_attrs(c, common_attrs);
	add_block(c, STR("lifecycle"), NULL);
	add_block(c, STR("timeouts"), NULL);
}

static void complete_settings(struct completion *c, struct str block)
{
	struct task_setting s;

	for (size_t i = 0; task_setting_at(block, i, &s); i++)
		if (!is_written(c, s.name))
			add(c, &(struct item){ .label = s.name,
					       .detail = s.key,
					       .behind = " = ",
					       .kind = KIND_PROPERTY });
}

/* In a block of a resource; `inner` is the innermost. */
static void complete_block(struct completion *c, const struct type_schema *t)
{
	const struct cursor *at = &c->cursor;

	for (size_t i = 0; i < at->n_blocks; i++) {
		const struct block_schema *b =
		    t ? schema_block(t, at->blocks[i]) : NULL;
		bool is_last = i + 1 == at->n_blocks;

		if (!b) {
			add_attrs(c, expand_common_attrs(at->blocks[i], !t));
			return;
		}
		if (b->kind == BLOCK_NODES) {
			t = schema_find(c->target.names->schemas,
					str_from(b->node_type));
			if (is_last && t)
				complete_resource(c, t);
			continue;
		}
		if (b->kind == BLOCK_SETTINGS)
			complete_settings(c, is_last ? STR("")
						     : at->blocks[i + 1]);
		else if (is_last)
			add_attrs(c, b->attrs);
		return;
	}
}

/* The bodies that are no resource's. */
static const struct {
	const char *head;
	struct attr_schema attrs[4];
} bodies[] = {
	{ "stack",
	  { { "provider", "any", ATTR_REQUIRED, NULL, "local, or aws." },
	    { "tags", "map(string)", ATTR_OPTIONAL, NULL,
	      "Tags of all that takes some." } } },
	{ "param",
	  { { "description", "string", ATTR_OPTIONAL, NULL, "What it is." },
	    { "check", "bool", ATTR_OPTIONAL, NULL,
	      "What must be true of its value." },
	    { "message", "string", ATTR_OPTIONAL, NULL,
	      "What to say when it is not." } } },
	{ "output",
	  { { "depends_on", "list(any)", ATTR_OPTIONAL, NULL,
	      "What who uses it needs, too." } } },
	{ "check",
	  { { "on", "any", ATTR_REQUIRED, NULL, "The database to ask." },
	    { "query", "string", ATTR_REQUIRED, NULL, "What to ask it." },
	    { "expect", "any", ATTR_REQUIRED, NULL, "The right answer." } } },
	{ "removed",
	  { { "keep", "bool", ATTR_OPTIONAL, NULL,
	      "Whether the object stays, and is forgotten alone." } } },
};

static void complete_provider(struct completion *c)
{
	const struct provider *const *p = c->target.analysis->context.providers;

	for (; p && *p; p++)
		if (str_is(c->cursor.type, (*p)->name))
			add_attrs(c, (*p)->config);
}

static void complete_item(struct completion *c)
{
	const struct cursor *at = &c->cursor;
	const struct type_schema *t =
	    schema_find(c->target.names->schemas, at->type);
	const struct scope *component =
	    map_get(&c->target.names->scopes, at->type);

	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++)
		if (str_is(at->head, bodies[i].head)) {
			add_attrs(c, bodies[i].attrs);
			return;
		}
	if (str_is(at->head, "provider"))
		complete_provider(c);
	else if (at->n_blocks)
		complete_block(c, t);
	else if (t)
		complete_resource(c, t);
	else if (component)
		complete_arguments(c, component);
}

/* -- Values --------------------------------------------------------------- */

static void add_members(struct completion *c, const struct type *t)
{
	if (t->kind == TYPE_ENUM)
		for (size_t i = 0; i < t->n; i++)
			add(c, &(struct item){ .label = t->names[i],
					       .detail = STR("member"),
					       .kind = KIND_MEMBER,
					       .is_first = true });
	for (size_t i = 0; t->kind == TYPE_UNION && i < t->n; i++)
		add_members(c, t->parts[i]);
}

static const struct attr_schema *find_attr(const struct attr_schema *a,
					   struct str name)
{
	for (; a && a->name; a++)
		if (str_is(name, a->name))
			return a;
	return NULL;
}

/* What the attribute is whose value is written, or NULL. */
static const struct type *wanted_type(struct completion *c)
{
	const struct cursor *at = &c->cursor;
	struct names *n = c->target.names;
	const struct type_schema *t = schema_find(n->schemas, at->type);
	const struct scope *component = map_get(&n->scopes, at->type);
	const struct attr_schema *a = NULL;
	const struct symbol *s;

	if (!t && !component)
		return NULL;
	if (component && !t) {
		s = map_get(&component->words, at->attr);
		return s && s->param && !at->n_blocks
			   ? names_type(n, s->param->type.text)
			   : NULL;
	}
	for (size_t i = 0; i < at->n_blocks && t; i++) {
		const struct block_schema *b = schema_block(t, at->blocks[i]);

		if (b && b->kind == BLOCK_LIST)
			a = find_attr(b->attrs, at->attr);
		t = b && b->kind == BLOCK_NODES
			? schema_find(n->schemas, str_from(b->node_type))
			: NULL;
	}
	if (t)
		a = names_attr(t, at->attr);
	return a ? names_type(n, str_from(a->type)) : NULL;
}

static void add_wanted(struct completion *c)
{
	const struct type *t = wanted_type(c);

	if (c->cursor.is_inside || !t)
		return;
	if (c->cursor.is_in_list)
		t = t->kind == TYPE_LIST || t->kind == TYPE_SET ? t->parts[0]
								: NULL;
	if (t)
		add_members(c, t);
}

static void add_setting_words(struct completion *c)
{
	const struct cursor *at = &c->cursor;
	struct str *words, block;
	size_t n;

	if (at->n_blocks && str_is(at->blocks[at->n_blocks - 1], "settings"))
		block = STR("");
	else if (at->n_blocks > 1 &&
		 str_is(at->blocks[at->n_blocks - 2], "settings"))
		block = at->blocks[at->n_blocks - 1];
	else
		return;
	n = task_setting_words(block, at->attr, c->request->arena, &words);
	for (size_t i = 0; i < n; i++)
		add(c, &(struct item){ .label = words[i],
				       .kind = KIND_MEMBER,
				       .is_first = true });
}

static void add_symbol(struct completion *c, const struct symbol *s)
{
	if (s->place.source == c->target.source &&
	    s->place.span.start == c->cursor.word.start)
		return;
	add(c, &(struct item){
		   .label = s->name,
		   .detail = s->kind == SYMBOL_PARAM && s->param->type.text.n
				 ? s->param->type.text
			     : s->kind == SYMBOL_PARAM ? STR("param")
			     : s->kind == SYMBOL_LET   ? STR("let")
						       : STR("loop variable"),
		   .kind = KIND_VARIABLE });
}

/* What is written just now stands for nothing yet. */
static bool is_itself(const struct completion *c, const struct symbol *s)
{
	return s->decl == c->env.decl &&
	       s->decl->span.end >= c->cursor.word.end;
}

static void add_scope(struct completion *c)
{
	const struct scope *s = c->env.scope;

	for (const struct variables *v = c->env.variables; v; v = v->outer) {
		if (v->key)
			add_symbol(c, v->key);
		if (v->val)
			add_symbol(c, v->val);
	}
	for (size_t i = 0; i < s->words.n; i++)
		add_symbol(c, s->words.entries[i].value);
	for (size_t i = 0; i < s->resources.n; i++) {
		const struct symbol *r = s->resources.entries[i].value;

		if (!is_itself(c, r))
			add(c, &(struct item){ .label =
						   s->resources.entries[i].key,
					       .detail = r->decl->type,
					       .kind = KIND_VALUE });
	}
}

/* `provider` takes a provider, or one of its accounts. */
static void add_providers(struct completion *c)
{
	const struct provider *const *p = c->target.analysis->context.providers;
	const struct map *sites = &c->target.names->root->providers;

	if (!str_is(c->cursor.attr, "provider"))
		return;
	for (; p && *p; p++)
		if ((*p)->config)
			add(c, &(struct item){ .label = str_from((*p)->name),
					       .kind = KIND_MODULE,
					       .is_first = true });
	for (size_t i = 0; i < sites->n; i++)
		add(c, &(struct item){ .label = sites->entries[i].key,
				       .kind = KIND_MODULE,
				       .is_first = true });
}

static void complete_value(struct completion *c)
{
	static const char *const words[] = { "true", "false", "null", "not",
					     NULL };

	add_wanted(c);
	add_setting_words(c);
	add_providers(c);
	add_scope(c);
	for (const struct func *f = func_table; f->name; f++)
		add(c, &(struct item){
			   .label = str_from(f->name),
			   .detail = func_usage_in(f, true, c->request->arena),
			   .doc = f->doc,
			   .kind = KIND_FUNCTION });
	add_words(c, words, KIND_KEYWORD);
}

/* -- Behind a dot --------------------------------------------------------- */

static void add_member_attr(struct completion *c, const struct attr_schema *a)
{
	add(c, &(struct item){ .label = str_from(a->name),
			       .detail = str_from(a->type),
			       .doc = a->doc,
			       .kind = KIND_PROPERTY });
}

static void add_reference(struct completion *c, struct str type)
{
	const struct type_schema *schema =
	    schema_find(c->target.names->schemas, type);
	const struct scope *component = map_get(&c->target.names->scopes, type);

	if (schema) {
		for (const struct attr_schema *a = schema->attrs; a->name; a++)
			add_member_attr(c, a);
		add_member_attr(c, names_common_attr(schema, STR("id")));
		if (schema->has_tags)
			add_member_attr(c,
					names_common_attr(schema, STR("tags")));
		return;
	}
	for (size_t i = 0; component && i < component->outputs.n; i++)
		add(c,
		    &(struct item){ .label = component->outputs.entries[i].key,
				    .detail = STR("output"),
				    .kind = KIND_PROPERTY });
}

/* Types are as deep as they are written: 200 levels at most. */
static void add_members_of(struct completion *c, const struct type *t)
{
	if (t->kind == TYPE_REF)
		add_reference(c, t->name);
	for (size_t i = 0; t->kind == TYPE_UNION && i < t->n; i++)
		add_members_of(c, t->parts[i]);
	/* Behind [*]. */
	if (t->kind == TYPE_LIST)
		add_members_of(c, t->parts[0]);
	for (size_t i = 0; t->kind == TYPE_OBJECT && i < t->n; i++)
		add(c, &(struct item){ .label = t->names[i],
				       .kind = KIND_PROPERTY });
}

/* TYPE. or aws.: the names declared under it. */
static void add_named(struct completion *c, const struct map *in,
		      struct str first)
{
	for (size_t i = 0; i < in->n; i++) {
		const struct symbol *s = in->entries[i].value;
		struct str type = in->entries[i].key;

		if (str_eq(str_cut(&type, '.'), first) && !is_itself(c, s))
			add(c, &(struct item){ .label = s->name,
					       .detail = first,
					       .kind = KIND_VALUE });
	}
}

static void complete_member(struct completion *c)
{
	struct arena *a = c->request->arena;
	struct diags ignored = { .arena = a };
	const struct ast_expr *x =
	    parse_expr(source_from(STR(""), c->cursor.before, a), a, &ignored);
	const struct type *t;

	diags_release(&ignored);
	if (x->kind == EXPR_NAME && !names_word(&c->env, ast_text(x))) {
		add_named(c, &c->env.scope->resources, ast_text(x));
		add_named(c, &c->target.names->root->providers, ast_text(x));
		return;
	}
	t = names_type_of(c->target.names, &c->env, x);
	if (t)
		add_members_of(c, t);
}

/* ------------------------------------------------------------------------- */

static void complete_at(struct completion *c)
{
	static const char *const rules[] = { "include", "exclude", "rename",
					     NULL };

	switch (c->cursor.kind) {
	case CURSOR_NOTHING:
		break;
	case CURSOR_DECLARATION:
		complete_declaration(c);
		break;
	case CURSOR_RESOURCE:
		add_resource_types(c);
		break;
	case CURSOR_TYPE:
		complete_type(c);
		break;
	case CURSOR_ITEM:
		complete_item(c);
		break;
	case CURSOR_RULE:
		add_words(c, rules, KIND_KEYWORD);
		break;
	case CURSOR_VALUE:
		complete_value(c);
		break;
	case CURSOR_MEMBER:
		complete_member(c);
		break;
	}
}

/* Whether "=" or "{" stands behind the word. */
static bool is_followed(const struct target *t)
{
	struct str rest = str_skip(t->source->text, t->offset);
	size_t i = 0;

	while (i < rest.n && (rest.s[i] == ' ' || rest.s[i] == '\t'))
		i++;
	return i < rest.n && (rest.s[i] == '=' || rest.s[i] == '{');
}

int complete(const struct request *r, struct buf *out, struct error *err)
{
	struct completion c = { .request = r };
	struct buf items;

	if (request_target(r, &c.target, err) < 0)
		return -1;
	cursor_read(c.target.source, c.target.offset, r->arena, &c.cursor);
	names_env_at(c.target.names, c.target.source, c.cursor.word.start,
		     &c.env);
	c.is_named = is_followed(&c.target);
	buf_init(&items, out->max);
	c.out = &items;
	complete_at(&c);
	map_release(&c.seen);
	buf_fmt(out, "{\"isIncomplete\":%s,\"items\":[",
		c.is_cut ? "true" : "false");
	buf_add_str(out, buf_str(&items));
	buf_add_c(out, "]}");
	buf_release(&items);
	return 0;
}
