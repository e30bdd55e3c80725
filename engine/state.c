#include <config.h>

/*
 * The text of a state, format 2:
 *
 *	{
 *	  "format": 2,
 *	  "stack": "dev",
 *	  "uid": "0123456789abcdef",
 *	  "providers": {
 *	    "aws": "account 123456789012, region us-east-1"
 *	  },
 *	  "outputs": {
 *	    "endpoint": "127.17.1.9"
 *	  },
 *	  "resources": {
 *	    "network.dms/vpc.main": {
 *	      "type": "vpc",
 *	      "provider": "local",
 *	      "id": "vpc-0f3a",
 *	      "deps": [],
 *	      "attrs": {
 *	        "cidr": "10.0.0.0/16",
 *	        "tags": {"environment":"dev"}
 *	      }
 *	    }
 *	  }
 *	}
 *
 * "providers" stands there when one of them acts on an account: the one that
 * the resources are at. Resources are sorted by address, outputs and attributes
 * by name; an attribute is one line, whatever is inside it, so that git's line
 * by line comparison is one of attributes. "tainted", "prevent_destroy",
 * "keep_on_destroy" and "replace_when" (a digest) stand behind "id" when they
 * are set. In deps, direct dependencies only, "aurora.source/" is all inside of
 * that, and "subnet.part/" all instances. Values are in the notation of
 *codec.c, and the members of an object may come in any order when read.
 *
 * While a replacement that creates first is under way, the old object stands
 * beside the new one, at its address with "#" and 8 hex digits behind it.
 *
 * It is read as a stream, straight into resources: no tree of the whole text,
 * which would be several times as large, and no cache of it, which could be
 * stale or damaged and would save less than it costs to look after.
 *
 * A reader that meets a higher format number stops: a newer dmsl wrote it. In
 * format 1 all of deps were addresses, so it is read as it is, and becomes
 * format 2 when it is written next. A reader that knows format 1 alone would
 * take "aurora.source/" for something that is not there, and delete too early.
 */

#include "engine/state.h"

#include "engine/address.h"
#include "engine/codec.h"
#include "engine/joins.h"

#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/json.h"

#include <stdlib.h>
#include <string.h>

#define FORMAT_TEXT "2"
#define OLD_FORMAT  "1"

void state_init(struct state *s, struct arena *a)
{
	*s = (struct state){ .arena = a };
	s->outputs = value_map(NULL, 0, a);
	s->providers = value_map(NULL, 0, a);
}

void state_release(struct state *s)
{
	map_release(&s->resources);
}

struct state_resource *state_find(const struct state *s, struct str address)
{
	return map_get(&s->resources, address);
}

static int compare_texts(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Sorted and each once: the order of work may not show in the text. */
void state_sort_deps(struct state_resource *r)
{
	size_t n = 0;

	bool is_sorted = true;

	for (size_t i = 1; i < r->n_deps && is_sorted; i++)
		is_sorted = str_cmp(r->deps[i - 1], r->deps[i]) < 0;
	if (is_sorted)
		return;
	if (r->n_deps > 1)
		qsort(r->deps, r->n_deps, sizeof(*r->deps), compare_texts);
	for (size_t i = 0; i < r->n_deps; i++)
		if (n == 0 || !str_eq(r->deps[n - 1], r->deps[i]))
			r->deps[n++] = r->deps[i];
	r->n_deps = n;
}

void state_put(struct state *s, const struct state_resource *r)
{
	struct state_resource *copy =
	    arena_new(s->arena, struct state_resource, 1);
	struct str of;

	*copy = *r;
	copy->address = str_dup(r->address, s->arena);
	copy->type = str_dup(r->type, s->arena);
	copy->provider = str_dup(r->provider, s->arena);
	copy->id = str_dup(r->id, s->arena);
	copy->replace_when = str_dup(r->replace_when, s->arena);
	copy->attrs = value_copy(r->attrs, s->arena);
	copy->deps = arena_new(s->arena, struct str, r->n_deps);
	for (size_t i = 0; i < r->n_deps; i++)
		copy->deps[i] = str_dup(r->deps[i], s->arena);
	state_sort_deps(copy);
	s->has_deposed |= address_deposed(copy->address, &of);
	map_put(&s->resources, copy->address, copy);
}

void state_rename_deps(struct state *s, const struct map *moved)
{
	struct arena scratch = { 0 };
	size_t n = s->resources.n, n_all = 0;
	struct state_resource **users =
	    arena_new(&scratch, struct state_resource *, n + 1);
	struct rename *all = arena_new(&scratch, struct rename, n + 1);
	struct map from = { 0 };
	struct renames r;

	for (size_t i = 0; i < moved->n; i++)
		map_put(&from, *(const struct str *)moved->entries[i].value,
			(void *)&moved->entries[i].key);
	for (size_t i = 0; i < n; i++) {
		struct state_resource *one = s->resources.entries[i].value;
		const struct str *was;

		if (!one)
			continue;
		was = map_get(&from, one->address);
		users[n_all] = one;
		all[n_all++] =
		    (struct rename){ was ? *was : one->address, one->address };
	}
	renames_init(&r, all, n_all, users, n_all, s->arena);
	for (size_t i = 0; i < n_all; i++)
		if (renames_concern(&r, users[i]))
			renames_apply(&r, users[i]);
	renames_release(&r);
	map_release(&from);
	arena_release(&scratch);
}

void state_remove(struct state *s, struct str address)
{
	/* Maps forget nothing: the key stays, without a resource. */
	if (map_get(&s->resources, address))
		map_put(&s->resources, address, NULL);
}

/* That of another object is not taken, however small the chance. */
static struct str free_address(const struct state *s,
			       const struct state_resource *old)
{
	struct str salt = old->id;

	for (;;) {
		struct str address =
		    address_depose(s->arena, old->address, salt);
		const struct state_resource *other = state_find(s, address);

		if (!other || str_eq(other->id, old->id))
			return address;
		salt = str_fmt(s->arena, "%.*s+", STR_ARG(salt));
	}
}

struct state_resource *state_depose(struct state *s, struct str address)
{
	const struct state_resource *old = state_find(s, address);
	struct state_resource deposed;

	if (!old)
		return NULL;
	deposed = *old;
	deposed.address = free_address(s, old);
	/* That it was to be replaced was allowed. */
	deposed.prevent_destroy = deposed.keep_on_destroy = false;
	state_put(s, &deposed);
	return state_find(s, deposed.address);
}

void state_drop_kept(struct state *s)
{
	for (size_t i = 0; s->has_deposed && i < s->resources.n; i++) {
		const struct map_entry *e = &s->resources.entries[i];
		const struct state_resource *old = e->value, *now;
		struct str of;

		if (!old || !address_deposed(old->address, &of))
			continue;
		now = state_find(s, of);
		if (now && str_eq(now->id, old->id))
			state_remove(s, e->key);
	}
}

size_t state_count(const struct state *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->resources.n; i++)
		if (s->resources.entries[i].value)
			n++;
	return n;
}

static int compare_addresses(const void *a, const void *b)
{
	const struct state_resource *const *x = a;
	const struct state_resource *const *y = b;

	return str_cmp((*x)->address, (*y)->address);
}

struct state_resource **state_sorted(const struct state *s, struct arena *a,
				     size_t *n)
{
	struct state_resource **all =
	    arena_new(a, struct state_resource *, s->resources.n);
	bool is_sorted = true;

	*n = 0;
	for (size_t i = 0; i < s->resources.n; i++) {
		struct state_resource *r = s->resources.entries[i].value;

		if (!r)
			continue;
		is_sorted = is_sorted && (!*n || str_cmp(all[*n - 1]->address,
							 r->address) < 0);
		r->position = (uint32_t)*n;
		all[(*n)++] = r;
	}
	/* So it is read. */
	if (is_sorted)
		return all;
	qsort(all, *n, sizeof(struct state_resource *), compare_addresses);
	for (size_t i = 0; i < *n; i++)
		all[i]->position = (uint32_t)i;
	return all;
}

void state_copy(struct state *to, const struct state *from, struct arena *a)
{
	state_init(to, a);
	to->stack = str_dup(from->stack, a);
	to->uid = str_dup(from->uid, a);
	to->outputs = value_copy(from->outputs, a);
	to->providers = value_copy(from->providers, a);
	for (size_t i = 0; i < from->resources.n; i++)
		if (from->resources.entries[i].value)
			state_put(to, from->resources.entries[i].value);
}

static int write_resources(const struct state *s, struct codec *c,
			   struct buf *out, struct error *err)
{
	struct arena scratch = { 0 };
	size_t n;
	struct state_resource **all = state_sorted(s, &scratch, &n);
	int rc = 0;

	buf_add_char(out, '{');
	for (size_t i = 0; i < n && rc == 0; i++) {
		buf_add_c(out, i ? ",\n    " : "\n    ");
		json_write_string(out, all[i]->address);
		buf_add_c(out, ": ");
		rc = codec_write_resource(c, all[i], 4, out, err);
	}
	buf_add_c(out, n ? "\n  }" : "}");
	arena_release(&scratch);
	return rc;
}

static void write_providers(const struct state *s, struct buf *out)
{
	const struct value *all = &s->providers;

	if (all->kind != VALUE_MAP || !all->as.map.n)
		return;
	buf_add_c(out, ",\n  \"providers\": {");
	for (size_t i = 0; i < all->as.map.n; i++) {
		buf_add_c(out, i ? ",\n    " : "\n    ");
		json_write_string(out, all->as.map.entries[i].key);
		buf_add_c(out, ": ");
		json_write_string(out, all->as.map.entries[i].value.as.text);
	}
	buf_add_c(out, "\n  }");
}

int state_write(const struct state *s, const struct seal *seal, struct buf *out,
		struct error *err)
{
	struct codec c;
	int rc;

	codec_init(&c, seal, s->uid);
	buf_add_c(out, "{\n  \"format\": " FORMAT_TEXT ",\n  \"stack\": ");
	json_write_string(out, s->stack);
	buf_add_c(out, ",\n  \"uid\": ");
	json_write_string(out, s->uid);
	write_providers(s, out);
	buf_add_c(out, ",\n  \"outputs\": ");
	rc = codec_write_map(&c, STR("outputs"), s->outputs, 2, out, err);
	if (rc < 0)
		error_add(err, "outputs");
	buf_add_c(out, ",\n  \"resources\": ");
	if (rc == 0)
		rc = write_resources(s, &c, out, err);
	buf_add_c(out, "\n}\n");
	codec_release(&c);
	if (rc == 0 && buf_is_full(out))
		rc = error_set(err, ERROR_QUOTA,
			       "the state's text is larger than %zu bytes",
			       out->max);
	return rc;
}

static int check_format(struct value format, struct error *err)
{
	if (format.kind != VALUE_NUMBER)
		return error_set(err, ERROR_CORRUPT, "has no \"format\"");
	if (str_is(format.as.text, FORMAT_TEXT) ||
	    str_is(format.as.text, OLD_FORMAT))
		return 0;
	error_set(err, ERROR_INVALID,
		  "has format %.*s, and this dmsl knows formats " OLD_FORMAT
		  " to " FORMAT_TEXT,
		  STR_ARG(format.as.text));
	return error_hint(err, "Use the version of dmsl that wrote it; the "
			       "trailer Dmsl-Version of its commit names it.");
}

bool state_is_uid(struct str uid)
{
	size_t i = 0;

	while (i < uid.n && ((uid.s[i] >= '0' && uid.s[i] <= '9') ||
			     (uid.s[i] >= 'a' && uid.s[i] <= 'f')))
		i++;
	return i == uid.n && (uid.n == 0 || uid.n == 16);
}

static int check_uid(struct str uid, struct error *err)
{
	if (state_is_uid(uid))
		return 0;
	return error_set(err, ERROR_CORRUPT, "\"uid\" is not 16 hex digits");
}

/* An address, or one that a replacement left behind. */
static bool is_address(struct str s, struct arena *a, bool *is_deposed)
{
	struct str parent, type, name, key;
	bool has_key;

	*is_deposed = address_deposed(s, &s);
	return address_split(s, a, &parent, &type, &name, &has_key, &key);
}

/* What state_read() works with. */
struct reading {
	struct state *state;
	const struct seal *seal;
	struct json_stream *in;
	struct error *err;
	unsigned seen;	    /* members, by their place in the table */
	struct str unknown; /* the first that is none */
	/* Where what could not be read yet begins; 0: nowhere. */
	size_t outputs, resources;
};

static int corrupt(struct reading *r, const char *what)
{
	return error_set(r->err, ERROR_CORRUPT, "%s", what);
}

/*
 * Most are of the type, and at the provider, of the one before. Then they share
 * that text: it is looked at often, and theirs is far away in memory.
 */
static void share_texts(struct state_resource *r,
			const struct state_resource *before)
{
	if (str_eq(r->type, before->type))
		r->type = before->type;
	if (str_eq(r->provider, before->provider))
		r->provider = before->provider;
}

static int read_resources(struct reading *r, struct codec *c)
{
	struct state *s = r->state;
	const struct state_resource *before = NULL;
	struct arena scratch = { 0 };
	struct str key;
	int rc;

	if (json_stream_peek(r->in) != '{')
		return corrupt(r, "\"resources\" is not an object");
	rc = json_stream_enter(r->in);
	while (rc == 0 && (rc = json_stream_next(r->in, &key)) > 0) {
		struct state_resource *one =
		    arena_new(s->arena, struct state_resource, 1);
		bool is_deposed;

		if (!is_address(key, &scratch, &is_deposed))
			rc = error_set(r->err, ERROR_CORRUPT,
				       "\"%.*s\" is not an address",
				       STR_ARG(key));
		else
			rc = codec_stream_resource(c, key, r->in, s->arena, one,
						   r->err);
		if (rc < 0)
			break;
		s->has_deposed |= is_deposed;
		state_sort_deps(one);
		if (before)
			share_texts(one, before);
		before = one;
		if (map_put(&s->resources, key, one))
			rc = error_set(r->err, ERROR_CORRUPT,
				       "resource \"%.*s\" stands twice",
				       STR_ARG(key));
	}
	arena_release(&scratch);
	return rc;
}

static int read_outputs(struct reading *r, struct codec *c)
{
	struct state *s = r->state;
	struct value json;
	int rc;

	if (json_stream_peek(r->in) != '{')
		return corrupt(r, "\"outputs\" is not an object");
	if (json_stream_value(r->in, &json) < 0)
		return -1;
	rc = codec_read(c, STR("outputs"), json, s->arena, &s->outputs, r->err);
	if (rc == 0 && s->outputs.kind != VALUE_MAP)
		rc = corrupt(r, "is not an object");
	return rc < 0 ? error_add(r->err, "\"outputs\"") : 0;
}

/* Bits of reading.seen: in the order of the table of parts below. */
enum {
	FORMAT_SEEN = 1 << 0,
	UID_SEEN = 1 << 2,
	OUTPUTS_SEEN = 1 << 3,
	RESOURCES_SEEN = 1 << 4,
};

/* Sealed values are bound to the uid, and another format has other members. */
static bool can_read(const struct reading *r)
{
	return (r->seen & FORMAT_SEEN) && (r->seen & UID_SEEN);
}

static int read_format(struct reading *r)
{
	struct value v;

	if (json_stream_value(r->in, &v) < 0)
		return -1;
	return check_format(v, r->err);
}

static int read_text(struct reading *r, const char *name, struct str *out)
{
	struct value v;

	if (json_stream_value(r->in, &v) < 0)
		return -1;
	if (v.kind != VALUE_STRING)
		return error_set(r->err, ERROR_CORRUPT,
				 "\"%s\" is not a string", name);
	*out = v.as.text;
	return 0;
}

static int read_stack(struct reading *r)
{
	return read_text(r, "stack", &r->state->stack);
}

static int read_uid(struct reading *r)
{
	if (read_text(r, "uid", &r->state->uid) < 0)
		return -1;
	return check_uid(r->state->uid, r->err);
}

/* Reads a part with a codec that knows the uid. */
static int read_part(struct reading *r,
		     int (*read)(struct reading *r, struct codec *c))
{
	struct codec c;
	int rc;

	codec_init(&c, r->seal, r->state->uid);
	rc = read(r, &c);
	codec_release(&c);
	return rc;
}

/* Now, or when the whole text was seen. */
static int read_or_defer(struct reading *r, size_t *later,
			 int (*read)(struct reading *r, struct codec *c))
{
	if (can_read(r))
		return read_part(r, read);
	*later = json_stream_at(r->in);
	return json_stream_skip(r->in);
}

static int read_providers(struct reading *r)
{
	struct value v;

	if (json_stream_value(r->in, &v) < 0)
		return -1;
	if (v.kind != VALUE_MAP)
		return corrupt(r, "\"providers\" is not an object");
	for (size_t i = 0; i < v.as.map.n; i++)
		if (v.as.map.entries[i].value.kind != VALUE_STRING)
			return corrupt(r, "\"providers\" holds no strings");
	r->state->providers = v;
	return 0;
}

static int stream_outputs(struct reading *r)
{
	return read_or_defer(r, &r->outputs, read_outputs);
}

static int stream_resources(struct reading *r)
{
	return read_or_defer(r, &r->resources, read_resources);
}

static const struct {
	const char *name;
	int (*read)(struct reading *r);
} parts[] = {
	{ "format", read_format },
	{ "stack", read_stack },
	{ "uid", read_uid },
	{ "outputs", stream_outputs },
	{ "resources", stream_resources },
	{ "providers", read_providers },
};

enum { N_PARTS = sizeof(parts) / sizeof(*parts) };

static int read_entry(struct reading *r, struct str key)
{
	for (size_t i = 0; i < N_PARTS; i++) {
		if (!str_is(key, parts[i].name))
			continue;
		if (r->seen & 1U << i)
			return error_set(r->err, ERROR_CORRUPT,
					 "has \"%s\" twice", parts[i].name);
		r->seen |= 1U << i;
		return parts[i].read(r);
	}
	/* First the format: another one may have other members. */
	if (!(r->seen & FORMAT_SEEN)) {
		if (!r->unknown.n)
			r->unknown = key;
		return json_stream_skip(r->in);
	}
	return error_set(r->err, ERROR_CORRUPT,
			 "has an unknown member \"%.*s\"", STR_ARG(key));
}

static int read_later(struct reading *r, size_t at,
		      int (*read)(struct reading *r, struct codec *c))
{
	if (!at)
		return 0;
	json_stream_go(r->in, at);
	return read_part(r, read);
}

static int read_document(struct reading *r)
{
	struct str key;
	int rc;

	if (json_stream_peek(r->in) != '{')
		return corrupt(r, "is not an object");
	rc = json_stream_enter(r->in);
	while (rc == 0 && (rc = json_stream_next(r->in, &key)) > 0)
		rc = read_entry(r, key);
	if (rc == 0)
		rc = json_stream_end(r->in);
	if (rc < 0)
		return -1;
	if (!(r->seen & FORMAT_SEEN))
		return corrupt(r, "has no \"format\"");
	if (r->unknown.n)
		return error_set(r->err, ERROR_CORRUPT,
				 "has an unknown member \"%.*s\"",
				 STR_ARG(r->unknown));
	if (!(r->seen & RESOURCES_SEEN))
		return corrupt(r, "\"resources\" is not an object");
	if (!(r->seen & OUTPUTS_SEEN))
		return corrupt(r, "\"outputs\" is not an object");
	if (read_later(r, r->outputs, read_outputs) < 0)
		return -1;
	return read_later(r, r->resources, read_resources);
}

int state_read(struct state *s, struct str text, const struct seal *seal,
	       struct error *err)
{
	struct reading r = { .state = s, .seal = seal, .err = err };
	int rc;

	if (text.n == 0)
		return 0;
	r.in = json_stream_open(text, s->arena, err);
	rc = read_document(&r);
	if (rc < 0 && json_stream_is_broken(r.in))
		err->kind = ERROR_CORRUPT;
	json_stream_close(r.in);
	return rc < 0 ? error_add(err, "state") : 0;
}
