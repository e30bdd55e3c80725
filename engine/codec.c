#include <config.h>

/*
 * The notation: JSON (lang/json.h), in which a map of one key that begins with
 * "$" stands for what JSON cannot say:
 *
 *	{"$sealed":"BASE64"}  a secret; the text that was sealed (engine/seal.h)
 *	                      is the value in this notation, nothing hidden
 *	{"$secret":true}      a secret whose value is not here
 *	{"$unknown":true}     a value that is not known yet
 *
 * A key of a map that begins with "$" itself gets one more "$" in front. cidr,
 * ip, duration and size are text, a reference is its id: they come back as
 * strings, and the schema says what they are.
 */

#include "engine/codec.h"

#include "engine/seal.h"
#include "engine/state.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/json.h"

#include <stddef.h>
#include <string.h>

enum {
	PLACE_MOST = 1 << 20,
	PLAIN_MOST = 16 << 20,
	DEPTH_MOST = 190, /* json_read() takes 200, and we stand in an object */
};

void codec_init(struct codec *c, const struct seal *seal, struct str uid)
{
	*c = (struct codec){ .seal = seal };
	buf_init(&c->place, PLACE_MOST);
	buf_add_str(&c->place, uid);
	c->uid_size = c->place.len;
}

void codec_release(struct codec *c)
{
	buf_release(&c->place);
	vec_release(&c->texts);
}

/* Goes one step down; returns what leave() needs. */
static size_t enter(struct codec *c, struct str step)
{
	size_t back = c->place.len;

	buf_add_char(&c->place, '\0');
	buf_add_str(&c->place, step);
	c->depth++;
	return back;
}

static void leave(struct codec *c, size_t back)
{
	buf_cut(&c->place, back);
	c->depth--;
}

static size_t enter_item(struct codec *c, size_t index)
{
	size_t back = c->place.len;

	buf_add_char(&c->place, '\0');
	buf_fmt(&c->place, "[%zu]", index);
	c->depth++;
	return back;
}

static int check_depth(const struct codec *c, struct error *err)
{
	if (c->depth < DEPTH_MOST && !buf_is_full(&c->place))
		return 0;
	return error_set(err, ERROR_QUOTA,
			 "a value is nested deeper than %d levels", DEPTH_MOST);
}

static int write_value(struct codec *c, struct value v, struct buf *out,
		       struct error *err);

static void write_key(struct buf *out, struct str key)
{
	struct buf b;

	if (!str_starts(key, "$")) {
		json_write_string(out, key);
		return;
	}
	buf_init(&b, PLAIN_MOST);
	buf_add_char(&b, '$');
	buf_add_str(&b, key);
	json_write_string(out, buf_str(&b));
	buf_release(&b);
}

static int write_secret(struct codec *c, struct value v, struct buf *out,
			struct error *err)
{
	struct buf plain;
	int rc;

	if (!c->seal || value_is_unknown(v)) {
		buf_add_c(out, "{\"$secret\":true}");
		return 0;
	}
	buf_init(&plain, PLAIN_MOST);
	c->is_inside = true;
	rc = write_value(c, v, &plain, err);
	c->is_inside = false;
	if (rc == 0 && buf_is_full(&plain))
		rc = error_set(err, ERROR_QUOTA,
			       "a secret value is larger than %d bytes",
			       PLAIN_MOST);
	if (rc == 0) {
		buf_add_c(out, "{\"$sealed\":\"");
		rc = seal_value(c->seal, buf_str(&c->place), buf_str(&plain),
				out, err);
		buf_add_c(out, "\"}");
	}
	buf_wipe(&plain);
	return rc;
}

static int write_list(struct codec *c, struct value v, struct buf *out,
		      struct error *err)
{
	buf_add_char(out, '[');
	for (size_t i = 0; i < v.as.list.n; i++) {
		size_t back = enter_item(c, i);
		int rc;

		if (i)
			buf_add_char(out, ',');
		rc = write_value(c, v.as.list.items[i], out, err);
		leave(c, back);
		if (rc < 0)
			return -1;
	}
	buf_add_char(out, ']');
	return 0;
}

static int write_map(struct codec *c, struct value v, struct buf *out,
		     struct error *err)
{
	buf_add_char(out, '{');
	for (size_t i = 0; i < v.as.map.n; i++) {
		const struct value_entry *e = &v.as.map.entries[i];
		size_t back = enter(c, e->key);
		int rc;

		if (i)
			buf_add_char(out, ',');
		write_key(out, e->key);
		buf_add_char(out, ':');
		rc = write_value(c, e->value, out, err);
		leave(c, back);
		if (rc < 0)
			return -1;
	}
	buf_add_char(out, '}');
	return 0;
}

static int write_value(struct codec *c, struct value v, struct buf *out,
		       struct error *err)
{
	if (check_depth(c, err) < 0)
		return -1;
	if ((v.marks & MARK_SECRET) && !c->is_inside)
		return write_secret(c, v, out, err);
	if (v.marks & MARK_UNKNOWN) {
		buf_add_c(out, "{\"$unknown\":true}");
		return 0;
	}
	if (v.kind == VALUE_LIST)
		return write_list(c, v, out, err);
	if (v.kind == VALUE_MAP)
		return write_map(c, v, out, err);
	json_write(out, v, JSON_REVEAL);
	return 0;
}

static bool is_marked(struct str key)
{
	return key.n && key.s[0] == '$';
}

/*
 * Whether it is written as it stands: nothing is hidden, unknown or to be told
 * apart from the notation. Most values are, and then the place does not matter.
 */
static bool is_open(struct value v, int depth)
{
	if (v.marks || depth == DEPTH_MOST)
		return false;
	if (v.kind == VALUE_LIST) {
		for (size_t i = 0; i < v.as.list.n; i++)
			if (!is_open(v.as.list.items[i], depth + 1))
				return false;
	} else if (v.kind == VALUE_MAP) {
		for (size_t i = 0; i < v.as.map.n; i++)
			if (is_marked(v.as.map.entries[i].key) ||
			    !is_open(v.as.map.entries[i].value, depth + 1))
				return false;
	}
	return true;
}

/* One step below where the codec stands. */
static int write_below(struct codec *c, struct str step, struct value v,
		       struct buf *out, struct error *err)
{
	size_t back;
	int rc;

	if (is_open(v, c->depth + 1)) {
		json_write(out, v, JSON_REVEAL);
		return 0;
	}
	back = enter(c, step);
	rc = write_value(c, v, out, err);
	leave(c, back);
	return rc;
}

int codec_write(struct codec *c, struct str place, struct value v,
		struct buf *out, struct error *err)
{
	return write_below(c, place, v, out, err);
}

static bool is_special(struct value v)
{
	return v.kind == VALUE_MAP && v.as.map.n == 1 &&
	       is_marked(v.as.map.entries[0].key) &&
	       !str_starts(v.as.map.entries[0].key, "$$");
}

static int read_value(struct codec *c, struct value v, struct arena *a,
		      struct value *out, struct error *err);

static int read_sealed(struct codec *c, struct str sealed, struct arena *a,
		       struct value *out, struct error *err)
{
	struct value json;
	struct str plain;
	int rc;

	if (!c->seal) {
		*out = value_mark(value_unknown(), MARK_SECRET);
		return 0;
	}
	if (seal_open_value(c->seal, buf_str(&c->place), sealed, a, &plain,
			    err) < 0)
		return -1;
	/* No message of the reader: it might quote what it reads. */
	if (json_read(plain, a, &json, err) < 0)
		return error_set(err, ERROR_CORRUPT,
				 "a sealed value does not hold a value");
	c->is_inside = true;
	rc = read_value(c, json, a, out, err);
	c->is_inside = false;
	if (rc == 0)
		*out = value_mark(*out, MARK_SECRET);
	return rc;
}

static int read_special(struct codec *c, struct value v, struct arena *a,
			struct value *out, struct error *err)
{
	struct str key = v.as.map.entries[0].key;
	struct value in = v.as.map.entries[0].value;
	bool is_true = in.kind == VALUE_BOOL && in.as.boolean;

	if (str_is(key, "$sealed") && in.kind == VALUE_STRING && !c->is_inside)
		return read_sealed(c, in.as.text, a, out, err);
	if (str_is(key, "$secret") && is_true)
		*out = value_mark(value_unknown(), MARK_SECRET);
	else if (str_is(key, "$unknown") && is_true)
		*out = value_unknown();
	else
		return error_set(err, ERROR_CORRUPT,
				 "\"%.*s\" is not known here", STR_ARG(key));
	return 0;
}

static int read_list(struct codec *c, struct value v, struct arena *a,
		     struct value *out, struct error *err)
{
	struct value *items = arena_new(a, struct value, v.as.list.n);

	for (size_t i = 0; i < v.as.list.n; i++) {
		size_t back = enter_item(c, i);
		int rc = read_value(c, v.as.list.items[i], a, &items[i], err);

		leave(c, back);
		if (rc < 0)
			return error_add(err, "item %zu", i);
	}
	*out = value_list(items, v.as.list.n);
	return 0;
}

static int read_map(struct codec *c, struct value v, struct arena *a,
		    struct value *out, struct error *err)
{
	size_t n = v.as.map.n;
	struct value_entry *entries = arena_new(a, struct value_entry, n);

	for (size_t i = 0; i < n; i++) {
		struct str key = v.as.map.entries[i].key;
		size_t back;
		int rc;

		if (str_starts(key, "$$"))
			key = str_skip(key, 1);
		else if (str_starts(key, "$"))
			return error_set(err, ERROR_CORRUPT,
					 "\"%.*s\" stands beside other keys",
					 STR_ARG(key));
		back = enter(c, key);
		entries[i].key = key;
		rc = read_value(c, v.as.map.entries[i].value, a,
				&entries[i].value, err);
		leave(c, back);
		if (rc < 0)
			return error_add(err, "\"%.*s\"", STR_ARG(key));
	}
	*out = value_map(entries, n, a);
	return 0;
}

static int read_value(struct codec *c, struct value v, struct arena *a,
		      struct value *out, struct error *err)
{
	if (check_depth(c, err) < 0)
		return -1;
	if (is_special(v))
		return read_special(c, v, a, out, err);
	if (v.kind == VALUE_LIST)
		return read_list(c, v, a, out, err);
	if (v.kind == VALUE_MAP)
		return read_map(c, v, a, out, err);
	*out = v;
	return 0;
}

int codec_read(struct codec *c, struct str place, struct value json,
	       struct arena *a, struct value *out, struct error *err)
{
	size_t back;
	int rc;

	if (is_open(json, c->depth + 1)) {
		*out = json;
		return 0;
	}
	back = enter(c, place);
	rc = read_value(c, json, a, out, err);
	leave(c, back);
	return rc;
}

static void new_line(struct buf *out, size_t indent)
{
	static const char blanks[] = "\n                ";

	if (indent >= sizeof(blanks) - 1)
		BUG("an indent of %zu", indent);
	buf_add(out, blanks, 1 + indent);
}

int codec_write_map(struct codec *c, struct str place, struct value map,
		    size_t indent, struct buf *out, struct error *err)
{
	size_t back = enter(c, place);
	int rc = 0;

	buf_add_char(out, '{');
	for (size_t i = 0; map.kind == VALUE_MAP && i < map.as.map.n; i++) {
		const struct value_entry *e = &map.as.map.entries[i];

		if (i)
			buf_add_char(out, ',');
		new_line(out, indent + 2);
		write_key(out, e->key);
		buf_add_c(out, ": ");
		rc = write_below(c, e->key, e->value, out, err);
		if (rc < 0) {
			error_add(err, "\"%.*s\"", STR_ARG(e->key));
			break;
		}
	}
	if (map.kind == VALUE_MAP && map.as.map.n)
		new_line(out, indent);
	buf_add_char(out, '}');
	leave(c, back);
	return rc;
}

/* Writes `,"key":` in the one form or the other. */
static void write_member(struct buf *out, struct str key, size_t indent)
{
	if (out->data[out->len - 1] != '{')
		buf_add_char(out, ',');
	if (indent)
		new_line(out, indent + 2);
	buf_add_char(out, '"');
	buf_add_str(out, key);
	buf_add_c(out, indent ? "\": " : "\":");
}

enum member_kind { MEMBER_TEXT, MEMBER_FLAG, MEMBER_DEPS, MEMBER_ATTRS };

/* The members of a resource, in the order in which they are written. */
static const struct member {
	struct str name;
	enum member_kind kind;
	size_t offset;
	bool is_always; /* written even when it is empty */
} members[] = {
#define FIELD(f) offsetof(struct state_resource, f)
	{ STR_INIT("type"), MEMBER_TEXT, FIELD(type), true },
	{ STR_INIT("provider"), MEMBER_TEXT, FIELD(provider), true },
	{ STR_INIT("id"), MEMBER_TEXT, FIELD(id), true },
	{ STR_INIT("tainted"), MEMBER_FLAG, FIELD(is_tainted), false },
	{ STR_INIT("prevent_destroy"), MEMBER_FLAG, FIELD(prevent_destroy),
	  false },
	{ STR_INIT("keep_on_destroy"), MEMBER_FLAG, FIELD(keep_on_destroy),
	  false },
	{ STR_INIT("replace_when"), MEMBER_TEXT, FIELD(replace_when), false },
	{ STR_INIT("deps"), MEMBER_DEPS, FIELD(deps), true },
	{ STR_INIT("attrs"), MEMBER_ATTRS, FIELD(attrs), true },
#undef FIELD
};

enum { N_MEMBERS = sizeof(members) / sizeof(*members) };

static const void *field(const struct state_resource *r, const struct member *m)
{
	return (const char *)r + m->offset;
}

static bool is_written(const struct state_resource *r, const struct member *m)
{
	if (m->kind == MEMBER_FLAG)
		return *(const bool *)field(r, m);
	return m->is_always || ((const struct str *)field(r, m))->n > 0;
}

static void write_deps(const struct state_resource *r, struct buf *out)
{
	buf_add_char(out, '[');
	for (size_t i = 0; i < r->n_deps; i++) {
		if (i)
			buf_add_char(out, ',');
		json_write_string(out, r->deps[i]);
	}
	buf_add_char(out, ']');
}

static int write_attrs(struct codec *c, const struct state_resource *r,
		       size_t indent, struct buf *out, struct error *err)
{
	if (indent)
		return codec_write_map(c, r->address, r->attrs, indent + 2, out,
				       err);
	return codec_write(
	    c, r->address,
	    r->attrs.kind == VALUE_MAP ? r->attrs : value_map(NULL, 0, NULL),
	    out, err);
}

int codec_write_resource(struct codec *c, const struct state_resource *r,
			 size_t indent, struct buf *out, struct error *err)
{
	int rc = 0;

	buf_add_char(out, '{');
	for (const struct member *m = members; m < members + N_MEMBERS; m++) {
		if (!is_written(r, m))
			continue;
		write_member(out, m->name, indent);
		switch (m->kind) {
		case MEMBER_TEXT:
			json_write_string(out,
					  *(const struct str *)field(r, m));
			break;
		case MEMBER_FLAG:
			buf_add_c(out, "true");
			break;
		case MEMBER_DEPS:
			write_deps(r, out);
			break;
		case MEMBER_ATTRS:
			rc = write_attrs(c, r, indent, out, err);
			break;
		}
	}
	if (indent)
		new_line(out, indent);
	buf_add_char(out, '}');
	if (rc < 0)
		return error_add(err, "resource \"%.*s\"", STR_ARG(r->address));
	return 0;
}

int codec_text(struct value map, const char *key, struct str *out,
	       struct error *err)
{
	const struct value *v = value_get(map, key);

	*out = (struct str){ 0 };
	if (!v)
		return 0;
	if (v->kind != VALUE_STRING)
		return error_set(err, ERROR_CORRUPT, "\"%s\" is not a string",
				 key);
	*out = v->as.text;
	return 0;
}

int codec_texts(struct value map, const char *key, struct arena *a,
		struct str **out, size_t *n, struct error *err)
{
	const struct value *v = value_get(map, key);

	*out = NULL;
	*n = 0;
	if (!v)
		return 0;
	if (v->kind != VALUE_LIST)
		return error_set(err, ERROR_CORRUPT, "\"%s\" is not a list",
				 key);
	*n = v->as.list.n;
	*out = arena_new(a, struct str, *n);
	for (size_t i = 0; i < *n; i++) {
		if (v->as.list.items[i].kind != VALUE_STRING)
			return error_set(err, ERROR_CORRUPT,
					 "item %zu of \"%s\" is not a string",
					 i, key);
		(*out)[i] = v->as.list.items[i].as.text;
	}
	return 0;
}

int codec_only(struct value map, const char *const *keys, struct error *err)
{
	if (map.kind != VALUE_MAP)
		return error_set(err, ERROR_CORRUPT, "is not an object");
	for (size_t i = 0; i < map.as.map.n; i++) {
		struct str key = map.as.map.entries[i].key;
		const char *const *k = keys;

		while (*k && !str_is(key, *k))
			k++;
		if (!*k)
			return error_set(err, ERROR_CORRUPT,
					 "has an unknown member \"%.*s\"",
					 STR_ARG(key));
	}
	return 0;
}

static int read_text(const struct member *m, struct value v, struct str *out,
		     struct error *err)
{
	if (v.kind != VALUE_STRING)
		return error_set(err, ERROR_CORRUPT, "\"%.*s\" is not a string",
				 STR_ARG(m->name));
	*out = v.as.text;
	return 0;
}

static int read_flag(const struct member *m, struct value v, bool *out,
		     struct error *err)
{
	if (v.kind != VALUE_BOOL)
		return error_set(err, ERROR_CORRUPT,
				 "\"%.*s\" is not true or false",
				 STR_ARG(m->name));
	*out = v.as.boolean;
	return 0;
}

static int read_attrs(struct codec *c, struct value v, struct arena *a,
		      struct state_resource *out, struct error *err)
{
	if (v.kind != VALUE_MAP || is_special(v))
		return error_set(err, ERROR_CORRUPT,
				 "\"attrs\" is not an object");
	if (codec_read(c, out->address, v, a, &out->attrs, err) < 0)
		return error_add(err, "\"attrs\"");
	return 0;
}

static int no_list(const struct member *m, struct error *err)
{
	return error_set(err, ERROR_CORRUPT, "\"%.*s\" is not a list",
			 STR_ARG(m->name));
}

static int no_text_at(const struct member *m, size_t i, struct error *err)
{
	return error_set(err, ERROR_CORRUPT,
			 "item %zu of \"%.*s\" is not a string", i,
			 STR_ARG(m->name));
}

static int read_deps(const struct member *m, struct value v, struct arena *a,
		     struct state_resource *out, struct error *err)
{
	if (v.kind != VALUE_LIST)
		return no_list(m, err);
	out->n_deps = v.as.list.n;
	out->deps = arena_new(a, struct str, out->n_deps);
	for (size_t i = 0; i < out->n_deps; i++) {
		if (v.as.list.items[i].kind != VALUE_STRING)
			return no_text_at(m, i, err);
		out->deps[i] = v.as.list.items[i].as.text;
	}
	return 0;
}

static int read_member(struct codec *c, const struct member *m, struct value v,
		       struct arena *a, struct state_resource *out,
		       struct error *err)
{
	void *to = (char *)out + m->offset;

	switch (m->kind) {
	case MEMBER_TEXT:
		return read_text(m, v, to, err);
	case MEMBER_FLAG:
		return read_flag(m, v, to, err);
	case MEMBER_DEPS:
		return read_deps(m, v, a, out, err);
	case MEMBER_ATTRS:
		return read_attrs(c, v, a, out, err);
	}
	BUG("member of kind %d", (int)m->kind);
}

/* They stand in their order mostly: it is looked for from there on. */
static const struct member *find_member(struct str name, size_t from,
					struct error *err)
{
	for (size_t i = 0; i < N_MEMBERS; i++) {
		const struct member *m = &members[(from + i) % N_MEMBERS];

		if (str_eq(name, m->name))
			return m;
	}
	error_set(err, ERROR_CORRUPT, "has an unknown member \"%.*s\"",
		  STR_ARG(name));
	return NULL;
}

static int check_whole(const struct state_resource *r, struct error *err)
{
	if (r->type.n == 0)
		return error_set(err, ERROR_CORRUPT, "has no \"type\"");
	if (r->attrs.kind != VALUE_MAP)
		return error_set(err, ERROR_CORRUPT,
				 "\"attrs\" is not an object");
	return 0;
}

static int of_resource(struct str address, struct error *err)
{
	return error_add(err, "resource \"%.*s\"", STR_ARG(address));
}

int codec_read_resource(struct codec *c, struct str address, struct value json,
			struct arena *a, struct state_resource *out,
			struct error *err)
{
	*out = (struct state_resource){ .address = address };
	if (json.kind != VALUE_MAP) {
		error_set(err, ERROR_CORRUPT, "is not an object");
		return of_resource(address, err);
	}
	for (size_t i = 0; i < json.as.map.n; i++) {
		const struct value_entry *e = &json.as.map.entries[i];
		const struct member *m = find_member(e->key, i, err);

		if (!m || read_member(c, m, e->value, a, out, err) < 0)
			return of_resource(address, err);
	}
	return check_whole(out, err) < 0 ? of_resource(address, err) : 0;
}

/* One after the other: a list of values would take more than twice as much. */
static int stream_deps(struct codec *c, const struct member *m,
		       struct json_stream *in, struct arena *a,
		       struct state_resource *out, struct error *err)
{
	struct str key;
	struct value v;
	int rc;

	if (json_stream_peek(in) != '[')
		return json_stream_value(in, &v) < 0 ? -1 : no_list(m, err);
	if (json_stream_enter(in) < 0)
		return -1;
	c->texts.n = 0;
	while ((rc = json_stream_next(in, &key)) > 0) {
		if (json_stream_value(in, &v) < 0)
			return -1;
		if (v.kind != VALUE_STRING)
			return no_text_at(m, c->texts.n, err);
		*vec_push(&c->texts) = v.as.text;
	}
	out->n_deps = c->texts.n;
	out->deps = arena_new(a, struct str, out->n_deps);
	if (out->n_deps)
		memcpy(out->deps, c->texts.items,
		       out->n_deps * sizeof(*out->deps));
	return rc;
}

static int stream_member(struct codec *c, const struct member *m,
			 struct json_stream *in, struct arena *a,
			 struct state_resource *out, struct error *err)
{
	struct value v;

	if (m->kind == MEMBER_DEPS)
		return stream_deps(c, m, in, a, out, err);
	if (json_stream_value(in, &v) < 0)
		return -1;
	return read_member(c, m, v, a, out, err);
}

static int stream_members(struct codec *c, struct json_stream *in,
			  struct arena *a, struct state_resource *out,
			  struct error *err)
{
	unsigned seen = 0;
	size_t next = 0;
	struct str key;
	int rc;

	while ((rc = json_stream_next(in, &key)) > 0) {
		const struct member *m = find_member(key, next, err);

		if (!m)
			return -1;
		next = (size_t)(m - members);
		if (seen & 1U << next)
			return error_set(err, ERROR_CORRUPT,
					 "has \"%.*s\" twice",
					 STR_ARG(m->name));
		seen |= 1U << next++;
		if (stream_member(c, m, in, a, out, err) < 0)
			return -1;
	}
	return rc < 0 ? -1 : check_whole(out, err);
}

int codec_stream_resource(struct codec *c, struct str address,
			  struct json_stream *in, struct arena *a,
			  struct state_resource *out, struct error *err)
{
	int rc;

	*out = (struct state_resource){ .address = address };
	if (json_stream_peek(in) != '{')
		rc = error_set(err, ERROR_CORRUPT, "is not an object");
	else
		rc = json_stream_enter(in);
	if (rc == 0)
		rc = stream_members(c, in, a, out, err);
	return rc < 0 ? of_resource(address, err) : 0;
}
