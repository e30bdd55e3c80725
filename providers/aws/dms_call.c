#include <config.h>

#include "providers/aws/dms_call.h"

#include "lang/base/buf.h"
#include "lang/base/clock.h"
#include "lang/base/digest.h"
#include "providers/aws/client.h"
#include "providers/aws/tags.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	DELETE_PATIENCE_S = 300,
	/* What is not seen is looked for once more, after so long. */
	SECOND_LOOK_MS = 1500,
};

static const struct dms_host *host_of(const struct call *c)
{
	return c->type->data;
}

/* What a limit is called where it can be raised, by what is made. */
static const struct {
	const char *operation, *quota;
} quotas[] = {
	{ "CreateEndpoint", "Endpoints (1000), and 100 an instance" },
	{ "CreateReplicationInstance", "Replication instances (60)" },
	{ "CreateReplicationSubnetGroup", "Subnet groups (60)" },
	{ "CreateReplicationTask", "Tasks (600), and 100 an instance" },
	{ "ImportCertificate", "Certificates (100)" },
};

static void add_advice(struct call *c, const char *operation)
{
	struct str words = str_from(c->err.message);

	if (c->err.kind != ERROR_QUOTA)
		return;
	if (str_contains(words, STR("InsufficientResourceCapacity"))) {
		error_hint(&c->err, "the region has no room for it now: try "
				    "another class or zone, or later");
		return;
	}
	if (str_contains(words, STR("StorageQuotaExceeded"))) {
		error_hint(&c->err,
			   "the account's quota of AWS DMS is used up: Total "
			   "storage for replication instances (30 TB)");
		return;
	}
	for (size_t i = 0; i < sizeof(quotas) / sizeof(*quotas); i++)
		if (str_is(str_from(operation), quotas[i].operation))
			error_hint(&c->err,
				   "the account's quota of AWS DMS is used up: "
				   "%s; delete what is not needed, or ask for "
				   "more in Service Quotas",
				   quotas[i].quota);
}

/* Every create has a name, so all may be repeated. */
int dms_call(struct call *c, bool may_start, const char *operation,
	     struct value input, struct value *out)
{
	struct aws_client *client;

	*out = value_null();
	if (host_of(c)->client(c->self, may_start, &client, &c->err) < 0)
		return -1;
	if (aws_do(client, &aws_dms, operation, input,
		   (struct aws_how){ .is_safe = true }, c->arena, out,
		   &c->err) == 0)
		return 0;
	add_advice(c, operation);
	return -1;
}

int dms_call_all(struct call *c, bool may_start, const char *operation,
		 struct value input, const char *member, struct value *out)
{
	struct aws_client *client;

	*out = value_null();
	if (host_of(c)->client(c->self, may_start, &client, &c->err) < 0)
		return -1;
	return aws_ask_all(client, &aws_dms, operation, input, member, c->arena,
			   out, &c->err);
}

struct value dms_filter(const char *name, struct str value, struct arena *a)
{
	struct value *values = arena_new(a, struct value, 1);
	struct value *filter = arena_new(a, struct value, 1);
	struct value_entry parts[2] = { { STR("Name"), value_c(name) },
					{ STR("Values"), value_null() } };
	struct value_entry outer = { STR("Filters"), value_null() };

	values[0] = value_str(value);
	parts[1].value = value_list(values, 1);
	filter[0] = value_map(parts, 2, a);
	outer.value = value_list(filter, 1);
	return value_map(&outer, 1, a);
}

static int look(struct call *c, bool may_start, const char *operation,
		struct value input, const char *member, struct value *out)
{
	const struct value *list;
	struct value answer;

	*out = value_null();
	if (dms_call(c, may_start, operation, input, &answer) < 0) {
		if (c->err.kind != ERROR_NOT_FOUND)
			return -1;
		c->err = (struct error){ 0 };
		return 0;
	}
	list = value_get(answer, member);
	if (list && list->kind == VALUE_LIST && list->as.list.n)
		*out = list->as.list.items[0];
	return 0;
}

/* Whether "not there" ends the matter: then one look is not enough. */
static bool is_final(const struct call *c)
{
	return host_of(c)->is_remote &&
	       (c->verb == VERB_READ ||
		(c->verb == VERB_DESTROY && !c->is_poll));
}

int dms_find(struct call *c, bool may_start, const char *operation,
	     struct value input, const char *member, struct value *out)
{
	if (look(c, may_start, operation, input, member, out) < 0)
		return -1;
	if (!value_is_null(*out) || !is_final(c))
		return 0;
	clock_sleep_ms(host_of(c)->pace
			   ? host_of(c)->pace(c->self, SECOND_LOOK_MS)
			   : SECOND_LOOK_MS);
	return look(c, may_start, operation, input, member, out);
}

enum step dms_read_failed(struct call *c)
{
	if (host_of(c)->is_remote ||
	    (c->err.kind != ERROR_UNAVAILABLE && c->err.kind != ERROR_TIMEOUT))
		return STEP_FAILED;
	c->is_broken = true;
	c->status =
	    str_fmt(c->arena, "the service does not run: %s", c->err.message);
	c->err = (struct error){ 0 };
	return STEP_DONE;
}

/*
 * Letters, digits and single hyphens, a letter first, none at the end, in lower
 * case: what every identifier of the service may be and is stored as.
 */
static struct str make_identifier(struct str text, size_t most, struct arena *a)
{
	struct buf b;
	struct str out;

	buf_init(&b, most);
	for (size_t i = 0; i < text.n; i++) {
		char ch = text.s[i];
		bool is_letter;

		if (ch >= 'A' && ch <= 'Z')
			ch = (char)(ch + 'a' - 'A');
		is_letter = ch >= 'a' && ch <= 'z';
		if (b.len == 0 && !is_letter) {
			if (ch < '0' || ch > '9')
				continue;
			buf_add_c(&b, "d");
		}
		if (is_letter || (ch >= '0' && ch <= '9'))
			buf_add_char(&b, ch);
		else if (b.len && b.data[b.len - 1] != '-')
			buf_add_char(&b, '-');
	}
	if (b.is_over || b.len == 0) {
		char hex[DIGEST_HEX_SIZE];
		struct str head = str_sub(buf_str(&b), 0, most - 10);

		digest_sha256_hex(text, hex);
		while (head.n && head.s[head.n - 1] == '-')
			head.n--;
		out = str_fmt(a, "%.*s-%.8s",
			      STR_ARG(head.n ? head : STR("dmsl")), hex);
		buf_release(&b);
		return out;
	}
	while (b.len && b.data[b.len - 1] == '-')
		b.len--;
	out = str_dup(buf_str(&b), a);
	buf_release(&b);
	return out;
}

struct str dms_identifier(struct call *c, size_t most)
{
	struct str name = value_text(c->config, "name");

	struct str prefix = { "", 0 };

	if (name.n)
		return name;
	if (host_of(c)->prefix)
		prefix = host_of(c)->prefix(c->self);
	return make_identifier(
	    str_fmt(c->arena, "%.*s%.*s", STR_ARG(prefix), STR_ARG(c->name)),
	    most, c->arena);
}

void dms_name_field(struct call *c, struct fields *f, struct str name)
{
	if (value_text(c->config, "name").n == 0)
		field_text(f, "name", name);
}

void dms_drift(struct call *c, struct fields *f, const char *attr,
	       struct value actual)
{
	const struct value *known = value_get(c->prior, attr);

	if (!known || value_is_null(*known)) {
		/* Nothing wanted and nothing there. */
		if ((actual.kind == VALUE_LIST && actual.as.list.n == 0) ||
		    (actual.kind == VALUE_MAP && actual.as.map.n == 0))
			return;
	} else if (value_eq(*known, actual)) {
		return;
	}
	field(f, attr, actual);
}

static struct str stack_of(const struct call *c)
{
	return host_of(c)->stack ? host_of(c)->stack(c->self)
				 : (struct str){ "", 0 };
}

static struct value tags_of_all(const struct call *c)
{
	return host_of(c)->tags ? host_of(c)->tags(c->self) : value_null();
}

struct value dms_tags(struct call *c)
{
	return tag_list(tags_of_create(c, stack_of(c), tags_of_all(c)),
			c->arena);
}

int dms_read_tags(struct call *c, bool may_start, struct str arn,
		  struct value *out)
{
	const struct value *list;
	struct fields f = { 0 };
	struct value answer;

	*out = value_null();
	field_text(&f, "ResourceArn", arn);
	if (dms_call(c, may_start, "ListTagsForResource",
		     fields_done(&f, c->arena), &answer) < 0)
		return -1;
	list = value_get(answer, "TagList");
	*out = tag_map(list ? *list : value_null(), c->arena);
	return 0;
}

struct value dms_user_tags(struct value all, struct arena *a)
{
	return tags_user(all, a);
}

int dms_adopt(struct call *c, const char *what, struct str name, struct str arn)
{
	struct value tags;

	if (dms_read_tags(c, true, arn, &tags) < 0)
		return -1;
	if (str_eq(value_text(tags, "dmsl:stack"),
		   tag_text(stack_of(c), c->arena)) &&
	    str_eq(value_text(tags, "dmsl:intent"), c->token))
		return 0;
	error_set(&c->err, ERROR_EXISTS,
		  "%s \"%.*s\" exists and was not made by this resource", what,
		  STR_ARG(name));
	return error_hint(&c->err,
			  "give it another name, or delete the other one if "
			  "nobody needs it");
}

int dms_sync_tags(struct call *c, struct str arn)
{
	struct value there, set, gone, ignored;
	struct fields request = { 0 };
	int result = 0;

	if (dms_read_tags(c, true, arn, &there) < 0)
		return -1;
	tags_differ(there, tags_wanted(c, stack_of(c), tags_of_all(c)),
		    c->arena, &set, &gone);
	if (set.as.map.n) {
		field_text(&request, "ResourceArn", arn);
		field(&request, "Tags", tag_list(set, c->arena));
		result = dms_call(c, true, "AddTagsToResource",
				  fields_done(&request, c->arena), &ignored);
	}
	if (result == 0 && gone.as.list.n) {
		field_text(&request, "ResourceArn", arn);
		field(&request, "TagKeys", gone);
		result = dms_call(c, true, "RemoveTagsFromResource",
				  fields_done(&request, c->arena), &ignored);
	}
	return result;
}

int dms_poll_ms(const struct call *c)
{
	const struct dms_host *h = host_of(c);
	int ms = h->poll_ms > 0 ? h->poll_ms : 1000;

	return h->pace ? (int)h->pace(c->self, ms) : ms;
}

enum step dms_wait(struct call *c, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	c->waiting_for = str_vfmt(c->arena, format, args);
	va_end(args);
	c->poll_ms = dms_poll_ms(c);
	return STEP_PENDING;
}

bool dms_is_patient(struct call *c, const char *phase, int64_t seconds)
{
	struct str rest = c->memo;
	struct str head = str_cut(&rest, ' ');
	uint64_t since;
	int64_t now = clock_wall();

	if (str_is(head, phase) && str_to_u64(rest, &since))
		return now - (int64_t)since <= seconds;
	c->memo = str_fmt(c->arena, "%s %lld", phase, (long long)now);
	return true;
}

enum step dms_delete(struct call *c, const char *operation, const char *arn,
		     const char *gone, const char *busy)
{
	struct fields f = { 0 };
	struct value ignored;

	field_text(&f, arn, c->id);
	if (dms_call(c, true, operation, fields_done(&f, c->arena), &ignored) ==
	    0)
		return dms_wait(c, "%s", gone);
	if (c->err.kind == ERROR_NOT_FOUND) {
		c->err = (struct error){ 0 };
		return STEP_DONE;
	}
	if (c->err.kind == ERROR_CONFLICT &&
	    dms_is_patient(c, "delete", DELETE_PATIENCE_S)) {
		c->err = (struct error){ 0 };
		return dms_wait(c, "%s", busy);
	}
	return STEP_FAILED;
}

struct str dms_count(int64_t n, struct arena *a)
{
	char digits[32], out[48];
	int len = snprintf(digits, sizeof(digits), "%lld", (long long)n);
	int at = 0;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0 && digits[i - 1] != '-')
			out[at++] = ',';
		out[at++] = digits[i];
	}
	out[at] = '\0';
	return str_dup(str_from(out), a);
}

static int carries(struct call *c, const struct dms_found *how, struct str id,
		   struct value wanted, bool *out)
{
	struct str arn = id;
	struct value tags;

	*out = false;
	if ((how->arn && how->arn(c, id, &arn) < 0) ||
	    dms_read_tags(c, false, arn, &tags) < 0)
		return -1;
	for (size_t i = 0; i < wanted.as.map.n; i++) {
		struct value_entry e = wanted.as.map.entries[i];
		const struct value *v = value_get_str(tags, e.key);

		if (!v || !value_eq(*v, e.value))
			return 0;
	}
	*out = true;
	return 0;
}

/*
 * The one that carries all of these tags, empty when there is none. The service
 * has no filter for them, so the tags of each object are asked for.
 */
static int find_tagged(struct call *c, const struct dms_found *how,
		       struct value wanted, struct str *out)
{
	struct value list;
	bool is_it;

	*out = (struct str){ "", 0 };
	if (dms_call_all(c, false, how->operation, value_map(NULL, 0, c->arena),
			 how->member, &list) < 0) {
		if (c->err.kind != ERROR_NOT_FOUND)
			return -1;
		c->err = (struct error){ 0 };
		return 0;
	}
	for (size_t i = 0; i < list.as.list.n; i++) {
		struct str id = value_text(list.as.list.items[i], how->id);

		if (carries(c, how, id, wanted, &is_it) < 0)
			return -1;
		if (!is_it)
			continue;
		if (out->n) {
			call_fail(c, ERROR_CONFLICT,
				  "%.*s and %.*s carry these tags",
				  STR_ARG(*out), STR_ARG(id));
			return error_hint(&c->err,
					  "say more of it, or give the id of "
					  "the one that is meant");
		}
		*out = id;
	}
	return 0;
}

/* As names are stored. */
static struct str lower_case(struct str name, struct arena *a)
{
	char *lower = str_c(name, a);

	for (char *p = lower; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return (struct str){ lower, name.n };
}

enum step dms_lookup(struct call *c, const struct dms_found *how,
		     enum step (*read)(struct call *c))
{
	struct str id = value_text(c->config, "id");
	struct str name = value_text(c->config, "name");
	const struct value *tags = value_get(c->config, "tags");
	struct value object;

	if (id.n == 0)
		id = c->id;
	if (id.n == 0 && name.n) {
		if (dms_find(c, false, how->operation,
			     dms_filter(how->filter, lower_case(name, c->arena),
					c->arena),
			     how->member, &object) < 0)
			return STEP_FAILED;
		id = value_text(object, how->id);
	} else if (id.n == 0 && tags && tags->kind == VALUE_MAP &&
		   tags->as.map.n) {
		if (find_tagged(c, how, *tags, &id) < 0)
			return STEP_FAILED;
	} else if (id.n == 0) {
		call_fail(c, ERROR_INVALID, "nothing says which %s is meant",
			  how->noun);
		error_hint(&c->err, "give its id, its name or its tags");
		return STEP_FAILED;
	}
	if (id.n == 0) {
		c->is_gone = true;
		return STEP_DONE;
	}
	c->id = id;
	return read(c);
}
