/* docs: what the tables of types and functions say. */
#include <config.h>

#include "engine/cmd/commands.h"
#include "engine/context.h"
#include "engine/rule.h"
#include "engine/schema.h"
#include "engine/setup.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/func.h"
#include "lang/json.h"
#include "lang/suggest.h"

#include <stdlib.h>
#include <string.h>

enum {
	TYPE_COLUMN = 26,
	FUNCTION_COLUMN = 34,
	JSON_MAX = 16 << 20,
};

struct args {
	bool json;
};

static void print_attrs(const struct attr_schema *m,
			const struct attr_rule *rules, const char *indent,
			struct arena *a)
{
	for (; m && m->name; m++) {
		struct str words = rules_print(rules, m, a);

		printf("%s%s : %s\n", indent, m->name, m->type);
		printf("%s    %s\n", indent, m->doc ? m->doc : "");
		if (words.n)
			printf("%s    Takes %.*s.\n", indent, STR_ARG(words));
		printf("%s    (%.*s)\n", indent, STR_ARG(attr_how_given(m, a)));
	}
}

static void print_block(const struct block_schema *b, struct arena *a)
{
	static const char *const forms[] = {
		[BLOCK_LIST] = "{ … }, repeated",
		[BLOCK_NODES] = "NAME { … }, each a resource of its own",
		[BLOCK_MAPPING] = "{ … }, or a DMS document",
		[BLOCK_SETTINGS] = "{ … }, or a DMS document",
	};

	printf("  %s %s\n      %s\n", b->name, forms[b->kind],
	       b->doc ? b->doc : "");
	if (b->node_type)
		printf("      (see %s)\n", b->node_type);
	print_attrs(b->attrs, b->rules, "      ", a);
}

static void print_choices(const struct attr_choice *c)
{
	for (; c && c->attrs[0]; c++) {
		printf("  %s one of",
		       c->kind == CHOICE_ONE ? "Exactly" : "At most");
		for (size_t i = 0; i < 4 && c->attrs[i]; i++)
			printf("%s %s", i ? "," : "", c->attrs[i]);
		printf(" is given.\n");
	}
}

static void print_type(const struct type_schema *t, struct arena *a)
{
	printf("%s (%s)\n\n%s\n\nAttributes\n", t->name, t->group, t->doc);
	print_attrs(t->attrs, t->rules, "  ", a);
	print_choices(t->choices);
	printf("  id : string\n      What it is called at the provider.\n"
	       "      (given by the provider)\n");
	if (t->has_tags)
		printf("  tags : map(string)\n      Tags; those of the stack "
		       "are added.\n      (optional)\n");
	if (t->blocks && t->blocks->name)
		printf("\nBlocks\n");
	for (const struct block_schema *b = t->blocks; b && b->name; b++)
		print_block(b, a);
	if (t->is_fixed)
		printf("\nA change that would replace it is refused: its data "
		       "would be lost.\n");
}

static void print_function(const struct func *f, struct arena *a)
{
	printf("%.*s\n\n%s\n\nExample\n  %s\n  gives %s\n",
	       STR_ARG(func_usage_in(f, true, a)), f->doc, f->example,
	       f->gives);
}

/* A name is at least that wide; an ellipsis is one character of three bytes. */
static void print_line(const char *name, int column, const char *doc)
{
	int extra = 0;

	for (const char *c = name; *c; c++)
		extra += ((unsigned char)*c & 0xc0) == 0x80;
	printf("  %-*s %s\n", column + extra, name, doc);
}

/* A group's types together, groups in the order of their first type. */
static void list_types(const struct type_schema *const *types)
{
	for (size_t i = 0; types[i]; i++) {
		bool is_first = true;

		for (size_t k = 0; k < i; k++)
			is_first &=
			    strcmp(types[k]->group, types[i]->group) != 0;
		if (!is_first)
			continue;
		printf("%s%s\n", i ? "\n" : "", types[i]->group);
		for (size_t k = i; types[k]; k++)
			if (strcmp(types[k]->group, types[i]->group) == 0)
				print_line(types[k]->name, TYPE_COLUMN,
					   types[k]->doc);
	}
}

static void list_functions(struct arena *a)
{
	printf("\nfunctions\n");
	for (const struct func *f = func_table; f->name; f++)
		print_line(func_usage_in(f, false, a).s, FUNCTION_COLUMN,
			   f->doc);
}

/* -- as JSON -- */

static struct value text_or_null(const char *s)
{
	return s ? value_c(s) : value_null();
}

static struct value attrs_json(const struct attr_schema *m,
			       const struct attr_rule *rules, struct arena *a)
{
	size_t n = 0;
	struct value *list;

	while (m && m[n].name)
		n++;
	list = arena_new(a, struct value, n + 1);
	for (size_t i = 0; i < n; i++) {
		unsigned flags = m[i].flags;
		struct str words = rules_print(rules, &m[i], a);
		const struct value_entry entries[] = {
			{ STR("name"), value_c(m[i].name) },
			{ STR("type"), value_c(m[i].type) },
			{ STR("doc"), text_or_null(m[i].doc) },
			{ STR("default"), text_or_null(m[i].fallback) },
			{ STR("required"), value_bool(flags & ATTR_REQUIRED) },
			{ STR("computed"), value_bool(flags & ATTR_COMPUTED) },
			{ STR("replaces"), value_bool(flags & ATTR_REPLACE) },
			{ STR("secret"), value_bool(flags & ATTR_SECRET) },
			{ STR("takes"),
			  words.n ? value_str(words) : value_null() },
		};

		list[i] =
		    value_map(entries, sizeof(entries) / sizeof(*entries), a);
	}
	return value_list(list, n);
}

static struct value blocks_json(const struct block_schema *b, struct arena *a)
{
	size_t n = 0;
	struct value *list;

	while (b && b[n].name)
		n++;
	list = arena_new(a, struct value, n + 1);
	for (size_t i = 0; i < n; i++) {
		const struct value_entry entries[] = {
			{ STR("name"), value_c(b[i].name) },
			{ STR("doc"), text_or_null(b[i].doc) },
			{ STR("type"), text_or_null(b[i].node_type) },
			{ STR("attributes"),
			  attrs_json(b[i].attrs, b[i].rules, a) },
		};

		list[i] =
		    value_map(entries, sizeof(entries) / sizeof(*entries), a);
	}
	return value_list(list, n);
}

static struct value type_json(const struct type_schema *t, struct arena *a)
{
	const struct value_entry entries[] = {
		{ STR("name"), value_c(t->name) },
		{ STR("group"), value_c(t->group) },
		{ STR("doc"), text_or_null(t->doc) },
		{ STR("attributes"), attrs_json(t->attrs, t->rules, a) },
		{ STR("blocks"), blocks_json(t->blocks, a) },
		{ STR("tags"), value_bool(t->has_tags) },
	};

	return value_map(entries, sizeof(entries) / sizeof(*entries), a);
}

static struct value function_json(const struct func *f, struct arena *a)
{
	const struct value_entry entries[] = {
		{ STR("name"), value_c(f->name) },
		{ STR("usage"), value_str(func_usage_in(f, true, a)) },
		{ STR("result"), value_c(f->result) },
		{ STR("doc"), value_c(f->doc) },
		{ STR("example"), value_c(f->example) },
		{ STR("gives"), value_c(f->gives) },
	};

	return value_map(entries, sizeof(entries) / sizeof(*entries), a);
}

static struct value all_json(const struct type_schema *const *types,
			     struct arena *a)
{
	struct value_entry entries[2] = { { STR("functions"), value_null() },
					  { STR("types"), value_null() } };
	size_t n_types = 0, n_functions = 0;
	struct value *list;

	while (types[n_types])
		n_types++;
	while (func_table[n_functions].name)
		n_functions++;
	list = arena_new(a, struct value, n_functions + 1);
	for (size_t i = 0; i < n_functions; i++)
		list[i] = function_json(&func_table[i], a);
	entries[0].value = value_list(list, n_functions);
	list = arena_new(a, struct value, n_types + 1);
	for (size_t i = 0; i < n_types; i++)
		list[i] = type_json(types[i], a);
	entries[1].value = value_list(list, n_types);
	return value_map(entries, 2, a);
}

static void print_json(struct value v)
{
	struct buf out;

	buf_init(&out, JSON_MAX);
	json_write(&out, v, JSON_INDENT);
	puts(out.data);
	buf_release(&out);
}

/* -- */

static int unknown(const struct context *c, struct str name, struct error *err)
{
	struct suggest s = suggest_start(name);

	for (size_t i = 0; c->schemas[i]; i++)
		suggest_try(&s, str_from(c->schemas[i]->name));
	for (const struct func *f = func_table; f->name; f++)
		suggest_try(&s, str_from(f->name));
	error_set(err, ERROR_NOT_FOUND,
		  "there is no resource type or function \"%.*s\"",
		  STR_ARG(name));
	if (s.best.n)
		return error_hint(err, "Did you mean \"%.*s\"?",
				  STR_ARG(s.best));
	return error_hint(err, "dmsl docs lists them.");
}

static int show(const struct context *c, const char *word, bool is_json,
		struct error *err)
{
	struct str name = str_from(word);
	const struct type_schema *t = schema_find(c->schemas, name);
	const struct func *f = func_find(name);

	if (!t && !f)
		return unknown(c, name, err);
	/* "secret" is both. */
	if (t && is_json)
		print_json(type_json(t, c->arena));
	else if (t)
		print_type(t, c->arena);
	if (t && f && !is_json)
		putchar('\n');
	if (f && !is_json)
		print_function(f, c->arena);
	else if (f && !t)
		print_json(function_json(f, c->arena));
	return 0;
}

static int run(struct context *c, void *data,
	       const struct option_list *operands)
{
	bool is_json = ((struct args *)data)->json;
	struct error err = { 0 };

	if (operands->n) {
		if (show(c, operands->items[0], is_json, &err) < 0)
			return setup_fail(c, &err);
	} else if (is_json) {
		print_json(all_json(c->schemas, c->arena));
	} else {
		list_types(c->schemas);
		list_functions(c->arena);
	}
	return STATUS_DONE;
}

static const struct option options[] = {
	OPTION(struct args, json, "json", NULL, "as JSON"),
	OPTION_END,
};

const struct command cmd_docs = {
	.name = "docs",
	.usage = "[TYPE | FUNCTION]",
	.summary = "list resource types and functions, or explain one",
	.options = options,
	.args_size = sizeof(struct args),
	.least = 0,
	.most = 1,
	.run = run,
};
