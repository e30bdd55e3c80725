#include <config.h>

#include "engine/journal_record.h"

#include "engine/codec.h"

#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/json.h"

#include <stddef.h>

static const char *const kinds[] = {
	[JOURNAL_BEGIN] = "begin",	 [JOURNAL_INTENT] = "intent",
	[JOURNAL_ACCEPTED] = "accepted", [JOURNAL_DONE] = "done",
	[JOURNAL_FAILED] = "failed",	 [JOURNAL_END] = "end",
};

enum { N_KINDS = sizeof(kinds) / sizeof(*kinds) };

/* The members that are text. */
static const struct {
	const char *name;
	size_t offset;
} texts[] = {
	{ "run_id", offsetof(struct journal_record, run_id) },
	{ "base_commit", offsetof(struct journal_record, base_commit) },
	{ "plan_hash", offsetof(struct journal_record, plan_hash) },
	{ "stack_uid", offsetof(struct journal_record, stack_uid) },
	{ "address", offsetof(struct journal_record, address) },
	{ "action", offsetof(struct journal_record, action) },
	{ "token", offsetof(struct journal_record, token) },
	{ "type", offsetof(struct journal_record, type) },
	{ "provider", offsetof(struct journal_record, provider) },
	{ "id", offsetof(struct journal_record, id) },
	{ "name", offsetof(struct journal_record, name) },
	{ "replace_when", offsetof(struct journal_record, replace_when) },
	{ "memo", offsetof(struct journal_record, memo) },
	{ "control", offsetof(struct journal_record, control) },
	{ "message", offsetof(struct journal_record, message) },
};

enum { N_TEXTS = sizeof(texts) / sizeof(*texts) };

static void write_name(struct buf *out, const char *name)
{
	buf_add_c(out, ",\"");
	buf_add_c(out, name);
	buf_add_c(out, "\":");
}

static void write_deps(const struct journal_record *r, struct buf *out)
{
	if (!r->n_deps)
		return;
	write_name(out, "deps");
	buf_add_char(out, '[');
	for (size_t i = 0; i < r->n_deps; i++) {
		if (i)
			buf_add_char(out, ',');
		json_write_string(out, r->deps[i]);
	}
	buf_add_char(out, ']');
}

/* Its address stands beside it when it is not the record's. */
static int write_resource(const struct journal_record *r, struct codec *c,
			  const struct state_resource *resource,
			  const char *name, struct buf *out, struct error *err)
{
	if (!resource)
		return 0;
	if (!str_eq(resource->address, r->address)) {
		buf_fmt(out, ",\"%s_address\":", name);
		json_write_string(out, resource->address);
	}
	write_name(out, name);
	return codec_write_resource(c, resource, 0, out, err);
}

/* What would be lost without a key must not look as if it were kept. */
static int check_seal(const struct journal_record *r, const struct codec *c,
		      struct error *err)
{
	if (c->seal || !(value_has_secret(r->config) ||
			 (r->prior && value_has_secret(r->prior->attrs)) ||
			 (r->resource && value_has_secret(r->resource->attrs))))
		return 0;
	return error_set(err, ERROR_INVALID,
			 "a secret of \"%.*s\" cannot be journaled without a "
			 "state key",
			 STR_ARG(r->address));
}

int journal_record_write(const struct journal_record *r, struct codec *c,
			 struct buf *out, struct error *err)
{
	if ((size_t)r->kind >= N_KINDS || !kinds[r->kind])
		BUG("journal record of kind %d", (int)r->kind);
	if (check_seal(r, c, err) < 0)
		return -1;
	buf_add_c(out, "{\"kind\":\"");
	buf_add_c(out, kinds[r->kind]);
	buf_add_char(out, '"');
	for (size_t i = 0; i < N_TEXTS; i++) {
		const struct str *text =
		    (const void *)((const char *)r + texts[i].offset);

		if (text->n == 0)
			continue;
		write_name(out, texts[i].name);
		json_write_string(out, *text);
	}
	if (r->recovery)
		buf_fmt(out, ",\"recovery\":\"%c\"", r->recovery);
	write_deps(r, out);
	if (r->config.kind == VALUE_MAP) {
		write_name(out, "config");
		if (codec_write(c, r->address, r->config, out, err) < 0)
			return error_add(err, "\"%.*s\"", STR_ARG(r->address));
	}
	if (write_resource(r, c, r->prior, "prior", out, err) < 0 ||
	    write_resource(r, c, r->resource, "resource", out, err) < 0)
		return -1;
	buf_add_char(out, '}');
	if (buf_is_full(out))
		return error_set(
		    err, ERROR_QUOTA,
		    "the journal record of \"%.*s\" is larger than "
		    "%zu bytes",
		    STR_ARG(r->address), out->max);
	return 0;
}

static int read_kind(struct value json, struct journal_record *r,
		     struct error *err)
{
	struct str name = value_text(json, "kind");
	struct str recovery = value_text(json, "recovery");

	for (size_t i = 0; i < N_KINDS; i++)
		if (kinds[i] && str_is(name, kinds[i]))
			r->kind = (enum journal_kind)i;
	if (!r->kind)
		return error_set(err, ERROR_CORRUPT, "has no known \"kind\"");
	r->recovery = recovery.n ? recovery.s[0] : '\0';
	return 0;
}

static int read_resource(const struct journal_record *r, struct codec *c,
			 struct value json, const char *name,
			 const char *address_name, struct arena *a,
			 struct state_resource **out, struct error *err)
{
	const struct value *v = value_get(json, name);
	struct str address;

	*out = NULL;
	if (!v)
		return 0;
	if (codec_text(json, address_name, &address, err) < 0)
		return -1;
	*out = arena_new(a, struct state_resource, 1);
	return codec_read_resource(c, address.n ? address : r->address, *v, a,
				   *out, err);
}

int journal_record_read(struct str payload, struct codec *c, struct arena *a,
			struct journal_record *out, struct error *err)
{
	static const char *const keys[] = {
		"kind",	     "run_id",		 "base_commit", "plan_hash",
		"stack_uid", "address",		 "action",	"token",
		"type",	     "provider",	 "id",		"memo",
		"message",   "recovery",	 "deps",	"config",
		"name",	     "replace_when",	 "prior",	"prior_address",
		"resource",  "resource_address", "control",	NULL,
	};
	const struct value *config;
	struct value json;

	*out = (struct journal_record){ 0 };
	if (json_read(payload, a, &json, err) < 0) {
		err->kind = ERROR_CORRUPT;
		return -1;
	}
	if (codec_only(json, keys, err) < 0 || read_kind(json, out, err) < 0)
		return -1;
	for (size_t i = 0; i < N_TEXTS; i++)
		if (codec_text(json, texts[i].name,
			       (void *)((char *)out + texts[i].offset),
			       err) < 0)
			return -1;
	if (codec_texts(json, "deps", a, &out->deps, &out->n_deps, err) < 0)
		return -1;
	config = value_get(json, "config");
	if (config &&
	    codec_read(c, out->address, *config, a, &out->config, err) < 0)
		return error_add(err, "\"config\" of \"%.*s\"",
				 STR_ARG(out->address));
	if (read_resource(out, c, json, "prior", "prior_address", a,
			  &out->prior, err) < 0 ||
	    read_resource(out, c, json, "resource", "resource_address", a,
			  &out->resource, err) < 0)
		return -1;
	return 0;
}
