#include <config.h>

#include "providers/local/record.h"

#include "engine/provider.h"
#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/json.h"
#include "providers/local/ids.h"
#include "providers/local/stack.h"
#include "providers/types/types.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RECORD_MAX = 4 << 20, FILE_NAME_MAX = 200 };

static struct str file_name(const struct local *l, struct str id,
			    struct arena *a)
{
	struct buf b;
	struct str name;

	buf_init(&b, FILE_NAME_MAX);
	for (size_t i = 0; i < id.n; i++) {
		unsigned char c = (unsigned char)id.s[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || c == '-' || c == '_' ||
		    (c == '.' && i))
			buf_add_char(&b, (char)c);
		else
			buf_fmt(&b, "%%%02X", c);
	}
	if (buf_is_full(&b))
		name = id_hash(l, "record", id, 64, a);
	else
		name = str_dup(buf_str(&b), a);
	buf_release(&b);
	return name;
}

static char *file_path(const struct local *l, const char *type, struct str id,
		       struct arena *a)
{
	return stack_path(l, a, "objects/%s/%.*s.json", type,
			  STR_ARG(file_name(l, id, a)));
}

static int parse(const char *path, struct arena *a, struct record *out,
		 struct error *err)
{
	const struct value *part;
	struct value v;
	struct str text;

	if (file_read(path, RECORD_MAX, a, &text, err) < 0)
		return -1;
	if (json_read(text, a, &v, err) < 0) {
		err->kind = ERROR_CORRUPT;
		return error_add(err, "\"%s\"", path);
	}
	*out = (struct record){
		.type = value_text(v, "type"),
		.id = value_text(v, "id"),
		.address = value_text(v, "address"),
		.token = value_text(v, "token"),
		.config = value_map(NULL, 0, a),
		.own = value_map(NULL, 0, a),
	};
	if ((part = value_get(v, "config")) && part->kind == VALUE_MAP)
		out->config = *part;
	if ((part = value_get(v, "own")) && part->kind == VALUE_MAP)
		out->own = *part;
	if (!out->id.n || !out->type.n)
		return error_set(err, ERROR_CORRUPT,
				 "\"%s\" is not the record of an object", path);
	return 0;
}

int record_read(const struct local *l, const char *type, struct str id,
		struct arena *a, struct record *out, struct error *err)
{
	char *path;

	if (!l->folder || !id.n)
		return error_set(err, ERROR_NOT_FOUND,
				 "%s \"%.*s\" does not exist", type,
				 STR_ARG(id));
	path = file_path(l, type, id, a);
	if (access(path, F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR))
		return error_set(err, ERROR_NOT_FOUND,
				 "%s \"%.*s\" does not exist", type,
				 STR_ARG(id));
	return parse(path, a, out, err);
}

/* Without what must not be in a file. */
static struct value without_secrets(struct str type, struct value config,
				    struct arena *a)
{
	const struct type_schema *t = schema_find(type_schemas, type);
	struct value_entry *kept;
	size_t n = 0;

	if (config.kind != VALUE_MAP || !config.as.map.n)
		return value_map(NULL, 0, a);
	kept = arena_new(a, struct value_entry, config.as.map.n);
	for (size_t i = 0; i < config.as.map.n; i++) {
		const struct value_entry *e = &config.as.map.entries[i];
		const struct attr_schema *attr =
		    t ? schema_attr(t, e->key) : NULL;

		if (attr && (attr->flags & ATTR_SECRET))
			continue;
		kept[n++] = *e;
	}
	return value_map(kept, n, a);
}

int record_write(struct local *l, const struct record *r, struct error *err)
{
	struct arena a = { 0 };
	char *folder;
	struct buf b;
	int rc = -1;

	buf_init(&b, RECORD_MAX);
	if (stack_make(l, err) < 0)
		goto out;
	folder = stack_path(l, &a, "objects/%.*s", STR_ARG(r->type));
	if (mkdir(folder, 0700) < 0 && errno != EEXIST) {
		error_errno(err, "could not make folder \"%s\"", folder);
		goto out;
	}
	json_write(
	    &b,
	    value_map(
		(struct value_entry[]){
		    { STR("address"), value_str(r->address) },
		    { STR("config"), without_secrets(r->type, r->config, &a) },
		    { STR("id"), value_str(r->id) },
		    { STR("own"), r->own },
		    { STR("token"), value_str(r->token) },
		    { STR("type"), value_str(r->type) },
		},
		6, &a),
	    JSON_INDENT);
	buf_add_char(&b, '\n');
	if (buf_is_full(&b)) {
		error_set(err, ERROR_QUOTA, "a record is larger than %d bytes",
			  RECORD_MAX);
		goto out;
	}
	rc = file_replace(file_path(l, str_c(r->type, &a), r->id, &a),
			  buf_str(&b), 0600, err);
out:
	buf_release(&b);
	arena_release(&a);
	return rc;
}

int record_remove(const struct local *l, const char *type, struct str id,
		  struct error *err)
{
	struct arena a = { 0 };
	int rc = 0;

	if (l->folder && id.n) {
		char *path = file_path(l, type, id, &a);

		if (unlink(path) < 0 && errno != ENOENT && errno != ENOTDIR)
			rc = error_errno(err, "could not remove \"%s\"", path);
		else
			rc = 0;
	}
	arena_release(&a);
	return rc;
}

static int by_id(const void *a, const void *b)
{
	return str_cmp(((const struct record *)a)->id,
		       ((const struct record *)b)->id);
}

int record_list(const struct local *l, const char *type, struct arena *a,
		struct record **out, size_t *n, struct error *err)
{
	VEC(struct record) found = { 0 };
	struct dirent *entry;
	char *folder;
	DIR *d = NULL;
	int rc = 0;

	*out = NULL;
	*n = 0;
	if (!l->folder)
		return 0;
	folder = stack_path(l, a, "objects/%s", type);
	d = opendir(folder);
	if (!d && errno == ENOENT)
		return 0;
	if (!d)
		return error_errno(err, "could not open \"%s\"", folder);
	while (rc == 0 && (entry = readdir(d))) {
		struct record r;

		if (!str_ends(str_from(entry->d_name), ".json"))
			continue;
		rc = parse(str_fmt(a, "%s/%s", folder, entry->d_name).s, a, &r,
			   err);
		/* Removed between the two looks. */
		if (rc < 0 &&
		    access(str_fmt(a, "%s/%s", folder, entry->d_name).s, F_OK) <
			0)
			rc = 0;
		else if (rc == 0)
			*vec_push(&found) = r;
	}
	closedir(d);
	if (rc == 0) {
		*n = found.n;
		*out = vec_take(&found, a);
		qsort(*out, *n, sizeof(**out), by_id);
	} else {
		vec_release(&found);
	}
	return rc;
}

struct str record_own(const struct record *r, const char *key)
{
	return value_text(r->own, key);
}

void record_set(struct record *r, const char *key, struct value v,
		struct arena *a)
{
	r->own = value_with(r->own, str_from(key), v, a);
}

/* 1: this create's; 0: nothing is there; -1: c->err is set. */
static int look(struct call *c, struct str id, record_is_lost *is_lost,
		struct record *out)
{
	c->err = (struct error){ 0 };
	if (record_read(c->self, c->type->name, id, c->arena, out, &c->err) < 0)
		return c->err.kind == ERROR_NOT_FOUND ? 0 : -1;
	if (str_eq(out->address, c->address) &&
	    (str_eq(out->token, c->token) || (is_lost && is_lost(c, out))))
		return 1;
	error_set(&c->err, ERROR_EXISTS,
		  "%s \"%.*s\" exists already: it was made for %.*s",
		  c->type->name, STR_ARG(id), STR_ARG(out->address));
	error_hint(&c->err, "give one of them another name");
	return -1;
}

int record_begin(struct call *c, record_id *make, record_is_lost *is_lost,
		 struct record *out)
{
	struct str ids[2], text = c->address;
	struct str free_id = { 0 };

	if (stack_make(c->self, &c->err) < 0)
		return -1;
	ids[1] = make(c, text);
	if (c->token.n)
		text = str_fmt(c->arena, "%.*s\n%.*s", STR_ARG(text),
			       STR_ARG(c->token));
	ids[0] = make(c, text);
	/* Both, before one is taken: the second may be free only by now. */
	for (size_t i = 0; i < 2; i++) {
		int rc = look(c, ids[i], is_lost, out);

		if (rc < 0 && c->err.kind != ERROR_EXISTS)
			return -1;
		if (rc == 0)
			free_id = ids[i];
		if (rc <= 0)
			continue;
		c->id = ids[i];
		out->token = c->token;
		out->config = c->config;
		return 0;
	}
	if (!free_id.n)
		return -1;
	c->err = (struct error){ 0 };
	c->id = free_id;
	*out = (struct record){
		.type = str_from(c->type->name),
		.id = c->id,
		.address = c->address,
		.token = c->token,
		.config = c->config,
		.own = value_map(NULL, 0, c->arena),
	};
	return 0;
}

int record_renew(struct call *c, struct record *out)
{
	if (record_read(c->self, c->type->name, c->id, c->arena, out, &c->err) <
	    0)
		return -1;
	out->address = c->address;
	return 0;
}
