#include <config.h>

#include "providers/aws/xml.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/base/library.h"
#include "lang/base/map.h"
#include "lang/base/vec.h"

#include <expat.h>

#include <stdlib.h>
#include <string.h>

enum {
	DEPTH_MAX = 64,
	ELEMENTS_MAX = 4 << 20,
	PIECE = 1 << 20, /* expat counts in int */
};

/* libexpat's functions, without their "XML_": see lang/base/library.h. */
#define EXPAT_FUNCTIONS(F)                                                     \
	F(ErrorString)                                                         \
	F(GetCurrentLineNumber)                                                \
	F(GetErrorCode)                                                        \
	F(Parse)                                                               \
	F(ParserCreate)                                                        \
	F(ParserFree)                                                          \
	F(SetCharacterDataHandler)                                             \
	F(SetElementHandler)                                                   \
	F(SetStartDoctypeDeclHandler)                                          \
	F(SetUserData)                                                         \
	F(StopParser)

struct expat {
#define MEMBER(name) __typeof__(XML_##name) *name;
	EXPAT_FUNCTIONS(MEMBER)
#undef MEMBER
};

static struct expat expat;

int xml_load(struct error *err)
{
#define ENTRY(name) { "XML_" #name, offsetof(struct expat, name) },
	static const struct library_function functions[] = { EXPAT_FUNCTIONS(
	    ENTRY) };
#undef ENTRY
	static struct library library = {
		.file = LIBEXPAT_FILE,
		.functions = functions,
		.n_functions = sizeof(functions) / sizeof(*functions),
		.pointers = &expat,
	};

	return library_load(&library, err);
}

/* A finished child of an element that is still open. */
struct child {
	struct str name;
	size_t at; /* its place among its siblings */
	struct value value;
};

struct level {
	struct str name;
	size_t first; /* of its children */
};

struct reader {
	XML_Parser parser;
	struct arena *arena;
	struct level open[DEPTH_MAX];
	int depth;
	VEC(struct child) children; /* of all open elements, outer ones first */
	struct buf text;	    /* since the last tag */
	struct map names;	    /* each element name once */
	size_t n_elements;
	struct xml *out;
	struct error *err; /* what stopped it; kind NONE: the parser */
};

static void stop(struct reader *r, enum error_kind kind, const char *why)
{
	if (r->err->kind == ERROR_NONE)
		error_set(r->err, kind, "%s", why);
	expat.StopParser(r->parser, XML_FALSE);
}

/* The name without its prefix, the same memory for all of one name. */
static struct str name_of(struct reader *r, const char *raw)
{
	const char *colon = strrchr(raw, ':');
	struct str name = str_from(colon ? colon + 1 : raw);
	struct str *known = map_get(&r->names, name);

	if (!known) {
		known = arena_new(r->arena, struct str, 1);
		*known = str_dup(name, r->arena);
		map_put(&r->names, *known, known);
	}
	return *known;
}

static void on_start(void *data, const char *name, const char **attributes)
{
	struct reader *r = data;

	(void)attributes;
	if (r->depth == DEPTH_MAX || ++r->n_elements > ELEMENTS_MAX) {
		stop(r, ERROR_QUOTA, "XML that is too deep or too large");
		return;
	}
	r->open[r->depth++] = (struct level){
		.name = name_of(r, name),
		.first = r->children.n,
	};
	buf_clear(&r->text);
}

static int order_children(const void *a, const void *b)
{
	const struct child *x = a, *y = b;
	int order = str_cmp(x->name, y->name);

	return order ? order : (x->at > y->at) - (x->at < y->at);
}

/* Those of one name: the value itself, or a list. */
static struct value together(const struct child *c, size_t n, struct arena *a)
{
	struct value *items;

	if (n == 1)
		return c[0].value;
	items = arena_new(a, struct value, n);
	for (size_t i = 0; i < n; i++)
		items[i] = c[i].value;
	return value_list(items, n);
}

static struct value map_of(struct child *c, size_t n, struct arena *a)
{
	struct value_entry *entries;
	size_t n_entries = 0, run;

	for (size_t i = 0; i < n; i++)
		c[i].at = i;
	qsort(c, n, sizeof(*c), order_children);
	for (size_t i = 0; i < n; i++)
		n_entries += i == 0 || !str_eq(c[i].name, c[i - 1].name);
	entries = arena_new(a, struct value_entry, n_entries);
	n_entries = 0;
	for (size_t i = 0; i < n; i += run) {
		for (run = 1; i + run < n; run++)
			if (!str_eq(c[i].name, c[i + run].name))
				break;
		entries[n_entries++] = (struct value_entry){
			c[i].name,
			together(&c[i], run, a),
		};
	}
	return value_sorted(entries, n_entries);
}

/* Between the tags of an empty element that was laid out for people. */
static bool is_layout(struct str text)
{
	return str_find(text, '\n') >= 0 && str_trim(text).n == 0;
}

static void on_end(void *data, const char *name)
{
	struct reader *r = data;
	struct level *level = &r->open[--r->depth];
	size_t n = r->children.n - level->first;
	struct str text = buf_str(&r->text);
	struct value v;

	(void)name;
	if (n)
		v = map_of(&r->children.items[level->first], n, r->arena);
	else if (is_layout(text))
		v = value_c("");
	else
		v = value_str(str_dup(text, r->arena));
	buf_clear(&r->text);
	r->children.n = level->first;
	if (r->depth)
		*vec_push(&r->children) =
		    (struct child){ .name = level->name, .value = v };
	else
		*r->out = (struct xml){ level->name, v };
}

static void on_text(void *data, const char *text, int n)
{
	struct reader *r = data;

	buf_add(&r->text, text, (size_t)n);
}

static void on_doctype(void *data, const char *name, const char *system,
		       const char *public, int has_internal)
{
	(void)name;
	(void)system;
	(void)public;
	(void)has_internal;
	stop(data, ERROR_CORRUPT, "XML with a document type");
}

static int parse(struct reader *r, struct str text)
{
	bool is_last = false;

	for (size_t i = 0; !is_last; i += PIECE) {
		struct str piece = str_sub(text, i, i + PIECE);

		is_last = i + PIECE >= text.n;
		if (expat.Parse(r->parser, piece.s ? piece.s : "", (int)piece.n,
				is_last) == XML_STATUS_OK)
			continue;
		if (r->err->kind != ERROR_NONE)
			return -1;
		return error_set(
		    r->err, ERROR_CORRUPT, "line %lu is not XML: %s",
		    (unsigned long)expat.GetCurrentLineNumber(r->parser),
		    expat.ErrorString(expat.GetErrorCode(r->parser)));
	}
	return 0;
}

int xml_read(struct str text, struct arena *a, struct xml *out,
	     struct error *err)
{
	struct reader r = { .arena = a, .out = out, .err = err };
	int rc;

	*out = (struct xml){ .value = value_null() };
	*err = (struct error){ 0 };
	if (xml_load(err) < 0)
		return -1;
	r.parser = expat.ParserCreate("UTF-8");
	if (!r.parser)
		BUG("expat gives no parser");
	buf_init(&r.text, text.n);
	expat.SetUserData(r.parser, &r);
	expat.SetElementHandler(r.parser, on_start, on_end);
	expat.SetCharacterDataHandler(r.parser, on_text);
	expat.SetStartDoctypeDeclHandler(r.parser, on_doctype);
	rc = parse(&r, text);
	expat.ParserFree(r.parser);
	buf_wipe(&r.text);
	vec_release(&r.children);
	map_release(&r.names);
	return rc;
}
