#include <config.h>

/*
 * The text of a state, format 1:
 *
 *	{
 *	  "format": 1,
 *	  "stack": "dev",
 *	  "uid": "0123456789abcdef",
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
 * Resources are sorted by address, outputs and attributes by name; an attribute
 * is one line, whatever is inside it, so that git's line by line comparison is
 * one of attributes. "tainted", "prevent_destroy" and "keep_on_destroy" stand
 * behind "id" when they are true, and "replace_when" with a digest where there
 * is one. Values are in the notation of codec.c, and the members of an object
 * may come in any order when read.
 *
 * While a replacement that creates first is under way, the old object stands
 * beside the new one, at its address with "#" and 8 hex digits behind it.
 *
 * A reader that meets another format number stops: a newer dmsl wrote it.
 */

#include "engine/state.h"

#include "engine/address.h"
#include "engine/codec.h"

#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/json.h"

#include <stdlib.h>
#include <string.h>

enum { FORMAT = 1 };

void state_init(struct state *s, struct arena *a)
{
	*s = (struct state){ .arena = a };
	s->outputs = value_map(NULL, 0, a);
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
	map_put(&s->resources, copy->address, copy);
}

void state_remove(struct state *s, struct str address)
{
	/* Maps forget nothing: the key stays, without a resource. */
	if (map_get(&s->resources, address))
		map_put(&s->resources, address, NULL);
}

void state_drop_kept(struct state *s)
{
	for (size_t i = 0; i < s->resources.n; i++) {
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

	*n = 0;
	for (size_t i = 0; i < s->resources.n; i++)
		if (s->resources.entries[i].value)
			all[(*n)++] = s->resources.entries[i].value;
	if (*n > 1)
		qsort(all, *n, sizeof(struct state_resource *),
		      compare_addresses);
	return all;
}

void state_copy(struct state *to, const struct state *from, struct arena *a)
{
	state_init(to, a);
	to->stack = str_dup(from->stack, a);
	to->uid = str_dup(from->uid, a);
	to->outputs = value_copy(from->outputs, a);
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

int state_write(const struct state *s, const struct seal *seal, struct buf *out,
		struct error *err)
{
	struct codec c;
	int rc;

	codec_init(&c, seal, s->uid);
	buf_fmt(out, "{\n  \"format\": %d,\n  \"stack\": ", FORMAT);
	json_write_string(out, s->stack);
	buf_add_c(out, ",\n  \"uid\": ");
	json_write_string(out, s->uid);
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

static int check_format(struct value json, struct error *err)
{
	const struct value *format = value_get(json, "format");

	if (!format || format->kind != VALUE_NUMBER)
		return error_set(err, ERROR_CORRUPT, "has no \"format\"");
	if (value_number(json, "format", 0) == FORMAT)
		return 0;
	error_set(err, ERROR_INVALID,
		  "has format %.*s, and this dmsl knows format %d",
		  STR_ARG(format->as.text), FORMAT);
	return error_hint(err, "Use the version of dmsl that wrote it; the "
			       "trailer Dmsl-Version of its commit names it.");
}

static int check_uid(struct str uid, struct error *err)
{
	size_t i = 0;

	while (i < uid.n && ((uid.s[i] >= '0' && uid.s[i] <= '9') ||
			     (uid.s[i] >= 'a' && uid.s[i] <= 'f')))
		i++;
	if (i == uid.n && (uid.n == 0 || uid.n == 16))
		return 0;
	return error_set(err, ERROR_CORRUPT, "\"uid\" is not 16 hex digits");
}

static int read_resources(struct state *s, struct codec *c, struct value all,
			  struct error *err)
{
	for (size_t i = 0; i < all.as.map.n; i++) {
		const struct value_entry *e = &all.as.map.entries[i];
		struct str address = e->key;
		struct str parent;
		struct str type;
		struct str name;
		struct str key;
		struct state_resource *r;
		bool has_key;

		address_deposed(e->key, &address);
		if (!address_split(address, s->arena, &parent, &type, &name,
				   &has_key, &key))
			return error_set(err, ERROR_CORRUPT,
					 "\"%.*s\" is not an address",
					 STR_ARG(e->key));
		r = arena_new(s->arena, struct state_resource, 1);
		if (codec_read_resource(c, e->key, e->value, s->arena, r, err) <
		    0)
			return -1;
		state_sort_deps(r);
		map_put(&s->resources, r->address, r);
	}
	return 0;
}

static int read_members(struct state *s, struct value json,
			const struct seal *seal, struct error *err)
{
	static const char *const keys[] = { "format",  "stack",	    "uid",
					    "outputs", "resources", NULL };
	const struct value *resources = value_get(json, "resources");
	const struct value *outputs = value_get(json, "outputs");
	struct codec c;
	int rc;

	/* First the format: another one may have other members. */
	if (json.kind != VALUE_MAP)
		return error_set(err, ERROR_CORRUPT, "is not an object");
	if (check_format(json, err) < 0 || codec_only(json, keys, err) < 0 ||
	    codec_text(json, "stack", &s->stack, err) < 0 ||
	    codec_text(json, "uid", &s->uid, err) < 0 ||
	    check_uid(s->uid, err) < 0)
		return -1;
	if (!resources || resources->kind != VALUE_MAP)
		return error_set(err, ERROR_CORRUPT,
				 "\"resources\" is not an object");
	if (!outputs || outputs->kind != VALUE_MAP)
		return error_set(err, ERROR_CORRUPT,
				 "\"outputs\" is not an object");
	codec_init(&c, seal, s->uid);
	rc = codec_read(&c, STR("outputs"), *outputs, s->arena, &s->outputs,
			err);
	if (rc == 0 && s->outputs.kind != VALUE_MAP)
		rc = error_set(err, ERROR_CORRUPT, "is not an object");
	if (rc < 0)
		error_add(err, "\"outputs\"");
	else
		rc = read_resources(s, &c, *resources, err);
	codec_release(&c);
	return rc;
}

int state_read(struct state *s, struct str text, const struct seal *seal,
	       struct error *err)
{
	struct value json;

	if (text.n == 0)
		return 0;
	/* Values point into the text: it must live as long as they do. */
	if (json_read(str_dup(text, s->arena), s->arena, &json, err) < 0) {
		err->kind = ERROR_CORRUPT;
		return error_add(err, "state");
	}
	if (read_members(s, json, seal, err) < 0)
		return error_add(err, "state");
	return 0;
}
