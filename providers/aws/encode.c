#include <config.h>

#include "providers/aws/encode.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/json.h"

#include <string.h>

/* The largest inputs are table mappings and certificates. */
enum { BODY_MAX = 8 << 20, DEPTH_MAX = 32 };

#define FORM "application/x-www-form-urlencoded; charset=utf-8"

/* -- JSON -- */

static struct value without_nulls(struct value v, struct arena *a)
{
	struct value_entry *entries;
	size_t n = 0;

	if (v.kind == VALUE_LIST)
		return value_each(v, without_nulls, a);
	if (v.kind != VALUE_MAP)
		return v;
	entries = arena_new(a, struct value_entry, v.as.map.n + 1);
	for (size_t i = 0; i < v.as.map.n; i++) {
		struct value_entry e = v.as.map.entries[i];

		if (value_is_null(e.value))
			continue;
		e.value = without_nulls(e.value, a);
		entries[n++] = e;
	}
	return value_mark(value_sorted(entries, n), v.marks);
}

static void write_json(struct buf *out, struct value input, struct arena *a)
{
	if (value_is_null(input))
		buf_add_c(out, "{}");
	else
		json_write(out, without_nulls(input, a), JSON_REVEAL);
}

/* -- forms -- */

/* Where in a form a value stands: "Filter.1.Value.2", part by part. */
struct place {
	const struct place *outer;
	struct str name; /* empty: the number */
	size_t number;
};

static void add_encoded(struct buf *b, struct str s)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.s[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || (c && strchr("-._~", c))) {
			buf_add_char(b, (char)c);
		} else {
			buf_add_char(b, '%');
			buf_add_char(b, hex[c >> 4]);
			buf_add_char(b, hex[c & 15]);
		}
	}
}

static void add_place(struct buf *b, const struct place *p)
{
	if (p->outer) {
		add_place(b, p->outer);
		buf_add_char(b, '.');
	}
	if (p->name.n)
		add_encoded(b, p->name);
	else
		buf_fmt(b, "%zu", p->number);
}

static void add_text(struct buf *b, const struct place *p, struct str text)
{
	buf_add_char(b, '&');
	add_place(b, p);
	buf_add_char(b, '=');
	add_encoded(b, text);
}

static const char *item_name(const struct aws_service *s, struct str list)
{
	for (const struct aws_list_item *l = s->lists; l && l->list; l++)
		if (str_is(list, l->list))
			return l->item;
	return "member";
}

static int add_value(struct buf *b, const struct aws_service *s,
		     const struct place *p, struct value v, int depth,
		     struct error *err);

static int add_list(struct buf *b, const struct aws_service *s,
		    const struct place *p, struct value v, int depth,
		    struct error *err)
{
	struct place item = { p, { "", 0 }, 0 },
		     number = { &item, { "", 0 }, 0 };
	/* EC2's lists are flat. */
	struct place *last = s->protocol == AWS_EC2 ? &item : &number;

	if (last == &number) {
		item.name = str_from(item_name(s, p->name));
		/* An empty list clears; EC2 knows none. */
		if (v.as.list.n == 0)
			add_text(b, p, (struct str){ "", 0 });
	}
	for (size_t i = 0; i < v.as.list.n; i++) {
		last->number = i + 1;
		if (add_value(b, s, last, v.as.list.items[i], depth, err) < 0)
			return -1;
	}
	return 0;
}

static int add_map(struct buf *b, const struct aws_service *s,
		   const struct place *p, struct value v, int depth,
		   struct error *err)
{
	for (size_t i = 0; i < v.as.map.n; i++) {
		struct place member = { p, v.as.map.entries[i].key, 0 };

		if (add_value(b, s, &member, v.as.map.entries[i].value, depth,
			      err) < 0)
			return -1;
	}
	return 0;
}

static int add_value(struct buf *b, const struct aws_service *s,
		     const struct place *p, struct value v, int depth,
		     struct error *err)
{
	if (value_is_null(v))
		return 0;
	if (depth == DEPTH_MAX)
		return error_set(err, ERROR_QUOTA,
				 "the input is nested deeper than %d levels",
				 DEPTH_MAX);
	switch ((enum value_kind)v.kind) {
	case VALUE_NULL:
	case VALUE_DURATION:
	case VALUE_SIZE:
	case VALUE_OBJECT:
		BUG("a %s has no form in a request", value_kind_name(v));
	case VALUE_BOOL:
		add_text(b, p, v.as.boolean ? STR("true") : STR("false"));
		return 0;
	case VALUE_NUMBER:
	case VALUE_STRING:
	case VALUE_CIDR:
	case VALUE_IP:
		add_text(b, p, v.as.text);
		return 0;
	case VALUE_LIST:
		return add_list(b, s, p, v, depth + 1, err);
	case VALUE_MAP:
		return add_map(b, s, p, v, depth + 1, err);
	}
	return 0;
}

static int write_form(struct buf *b, const struct aws_service *s,
		      const char *operation, struct value input,
		      struct error *err)
{
	buf_fmt(b, "Action=%s&Version=%s", operation, s->version);
	return input.kind == VALUE_MAP ? add_map(b, s, NULL, input, 0, err) : 0;
}

/* -- all -- */

static void find_route(const struct aws_service *s, const char *operation,
		       struct aws_request *out)
{
	for (const struct aws_route *r = s->routes; r && r->operation; r++)
		if (strcmp(r->operation, operation) == 0) {
			out->method = str_from(r->method);
			out->path = str_from(r->path);
			return;
		}
	BUG("%s of %s has no route", operation, s->name);
}

int aws_encode(const struct aws_service *s, const char *operation,
	       struct value input, struct arena *a, struct aws_request *out,
	       struct error *err)
{
	int rc = 0;

	*out = (struct aws_request){ .method = STR("POST") };
	buf_init(&out->body, BODY_MAX);
	switch (s->protocol) {
	case AWS_JSON:
		out->content_type = STR("application/x-amz-json-1.1");
		out->target = str_fmt(a, "%s%s", s->target, operation);
		write_json(&out->body, input, a);
		break;
	case AWS_REST_JSON:
		out->content_type = STR("application/json");
		find_route(s, operation, out);
		write_json(&out->body, input, a);
		break;
	case AWS_QUERY:
	case AWS_EC2:
		out->content_type = STR(FORM);
		rc = write_form(&out->body, s, operation, input, err);
		break;
	}
	if (rc == 0 && buf_is_full(&out->body))
		rc = error_set(err, ERROR_QUOTA,
			       "the request is larger than %d MiB",
			       BODY_MAX >> 20);
	if (rc < 0)
		buf_wipe(&out->body);
	return rc;
}
