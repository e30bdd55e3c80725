#include <config.h>

#include "providers/aws/secret.h"

#include "lang/base/buf.h"
#include "lang/base/clock.h"
#include "lang/json.h"

#include <time.h>

enum {
	VALUE_MAX = 65536,
	FORCED_S = 120, /* until the name of one deleted for good is free */
	DAYS_MIN = 7,
	DAYS_MAX = 30,
	DAY_S = 86400,
};

static const struct aws_attr attrs[] = {
	{ "name", NULL, "Name", AWS_TEXT, 0, NULL },
	{ "description", "Description", "Description", AWS_TEXT,
	  AWS_CREATE | AWS_UPDATE, NULL },
	/* An alias comes back as the key's ARN. */
	{ "kms_key", "KmsKeyId", NULL, AWS_TEXT,
	  AWS_CREATE | AWS_UPDATE | AWS_UNREAD, NULL },
	{ 0 },
};

static const char *const ready[] = { "active", NULL };
static const char *const gone[] = { "deleted", NULL };

static const struct aws_retry retries[] = {
	{ VERB_CREATE, "InvalidRequestException", "scheduled for deletion",
	  FORCED_S, "the name, which a deleted secret still has, to be free" },
	{ VERB_DESTROY, "InvalidRequestException", "scheduled for deletion", 0,
	  NULL },
	{ VERB_DESTROY, "InvalidRequestException", "marked for deletion", 0,
	  NULL },
	{ 0 },
};

static const struct aws_tagging tagging = {
	.items = "Tags",
	.add = "TagResource",
	.remove = "UntagResource",
	.target = "SecretId",
	.tags = "Tags",
	.keys = "TagKeys",
	.arn = "ARN",
};

int aws_secret_value(struct aws_site *w, struct str id, struct arena *a,
		     struct str *out, struct error *err)
{
	struct fields f = { 0 };
	struct value answer;

	field_text(&f, "SecretId", id);
	if (aws_ask(w->client, &aws_secrets, "GetSecretValue",
		    fields_done(&f, a), a, &answer, err) < 0)
		return -1;
	*out = aws_text(answer, "SecretString");
	if (out->n)
		return 0;
	return error_set(err, ERROR_INVALID,
			 "the secret \"%.*s\" holds no text", STR_ARG(id));
}

/* SecretString: the map as JSON, marked secret. */
static int add_value(struct call *c, struct fields *input)
{
	const struct value *v = value_get(c->config, "value");
	struct buf b;

	if (!v || v->kind != VALUE_MAP)
		return 0;
	buf_init(&b, VALUE_MAX);
	json_write(&b, *v, JSON_REVEAL);
	if (buf_is_full(&b)) {
		buf_wipe(&b);
		return error_set(&c->err, ERROR_INVALID,
				 "the value of a secret may have 64 KiB");
	}
	field(
	    input, "SecretString",
	    value_mark(value_str(str_dup(buf_str(&b), c->arena)), MARK_SECRET));
	buf_wipe(&b);
	return 0;
}

static bool has_changed(const struct call *c, const char *attr)
{
	const struct value *was = value_get(c->prior, attr);
	const struct value *is = value_get(c->config, attr);

	return !value_eq(was ? *was : value_null(), is ? *is : value_null());
}

/* A new version. Its token makes a repetition find the one that it made. */
static enum step settle(struct call *c, struct value object)
{
	struct fields f = { 0 };
	struct value ignored;

	(void)object;
	if (c->verb != VERB_UPDATE || !has_changed(c, "value"))
		return STEP_DONE;
	field_text(&f, "SecretId", c->id);
	field_text(&f, "ClientRequestToken", c->token);
	if (add_value(c, &f) < 0) {
		vec_release(&f.list);
		return STEP_FAILED;
	}
	if (aws_change(c, &aws_secrets, "PutSecretValue", &f, &ignored) < 0)
		return aws_refused(c, NULL);
	return STEP_DONE;
}

/* "2026-01-31" */
static struct str day_after(int64_t days, struct arena *a)
{
	time_t at = (time_t)(clock_wall() + days * DAY_S);
	struct tm utc;

	gmtime_r(&at, &utc);
	return str_fmt(a, "%04d-%02d-%02d", utc.tm_year + 1900, utc.tm_mon + 1,
		       utc.tm_mday);
}

static int leave(struct call *c, struct fields *input)
{
	int64_t days = value_number(c->prior, "recovery_days", DAYS_MIN);

	if (days == 0) {
		field(input, "ForceDeleteWithoutRecovery", value_bool(true));
		return 0;
	}
	field(input, "RecoveryWindowInDays", value_int(days));
	call_notice(c,
		    "the secret can be restored until %.*s (aws secretsmanager "
		    "restore-secret --secret-id %.*s); until then its name is "
		    "taken",
		    STR_ARG(day_after(days, c->arena)), STR_ARG(c->id));
	return 0;
}

/* One that was deleted is shown until its recovery window ends. */
static int fetch(struct call *const *calls, struct value *objects, size_t n)
{
	for (size_t i = 0; i < n; i++)
		objects[i] = value_with(objects[i], STR("State"),
					aws_get(objects[i], "DeletedDate")
					    ? value_c("deleted")
					    : value_c("active"),
					calls[i]->arena);
	return 0;
}

static int plan(struct call *c, const char *action)
{
	const struct value *v = value_get(c->config, "recovery_days");
	int64_t days = value_number(c->config, "recovery_days", DAYS_MIN);

	if (str_is(str_from(action), "delete") || !v || value_is_unknown(*v) ||
	    days == 0 || (days >= DAYS_MIN && days <= DAYS_MAX))
		return 0;
	error_set(&c->err, ERROR_INVALID,
		  "recovery_days of a secret cannot be %lld", (long long)days);
	return error_hint(&c->err, "7 to 30 days, or 0: deleted for good at "
				   "once");
}

const struct aws_type aws_secret = {
	.service = &aws_secrets,
	.noun = "secret",
	.describe = {
		.operation = "DescribeSecret",
		.one = "SecretId",
		.items = "",
		.id = "ARN",
		.name = "Name",
		.name_param = "SecretId",
		.tagging = "secretsmanager:secret",
	},
	.states = {
		.path = "State",
		.ready = ready,
		.gone = gone,
		.poll_s = 2,
	},
	.tags = AWS_TAGS_LIST,
	.tagging = &tagging,
	.create = "CreateSecret",
	.created = "ARN",
	.token = "ClientRequestToken",
	.name = "Name",
	.name_max = 512,
	.name_chars = "-_/",
	.update = "UpdateSecret",
	.update_id = "SecretId",
	.destroy = "DeleteSecret",
	.destroy_id = "SecretId",
	.attrs = attrs,
	.retries = retries,
	.fill = add_value,
	.settle = settle,
	.leave = leave,
	.fetch = fetch,
	.plan = plan,
};

/* -- the functions: those of all types, and advice -- */

static enum step create(struct call *c)
{
	enum step step = aws_ops_token.create(c);

	if (step == STEP_FAILED &&
	    (aws_is_refusal(c, "InvalidRequestException",
			    "scheduled for deletion") ||
	     aws_is_refusal(c, "ResourceExistsException", NULL)))
		error_hint(&c->err,
			   "another secret has the name \"%.*s\", perhaps one "
			   "that was deleted and can still be restored: choose "
			   "another name, or restore it (aws secretsmanager "
			   "restore-secret --secret-id NAME) and take it over "
			   "with `import`",
			   STR_ARG(aws_name(c)));
	return step;
}

static enum step read(struct call *c)
{
	return aws_ops_token.read(c);
}

static enum step update(struct call *c)
{
	return aws_ops_token.update(c);
}

static enum step destroy(struct call *c)
{
	return aws_ops_token.destroy(c);
}

static enum step lookup(struct call *c)
{
	return aws_ops_token.lookup(c);
}

static int plan_secret(struct call *c, const char *action)
{
	return aws_ops_token.plan ? aws_ops_token.plan(c, action) : 0;
}

const struct resource_ops aws_secret_ops = {
	.plan = plan_secret,
	.read = read,
	.create = create,
	.update = update,
	.destroy = destroy,
	.lookup = lookup,
	.recovery = 'T',
};
