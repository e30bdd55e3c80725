/* log_group: known by its name. */
#include <config.h>

#include "providers/aws/parts.h"
#include "providers/aws/path.h"

static const struct aws_attr attrs[] = {
	{ "kms_key", "kmsKeyId", "kmsKeyId", AWS_TEXT, AWS_CREATE, NULL },
	{ 0 },
};

static const struct aws_retry retries[] = {
	{ VERB_CREATE, "OperationAbortedException", NULL, 120,
	  "another change of the log group" },
	{ VERB_UPDATE, "OperationAbortedException", NULL, 120,
	  "another change of the log group" },
	{ VERB_DESTROY, "OperationAbortedException", NULL, 120,
	  "another change of the log group" },
	{ VERB_DESTROY, "ResourceNotFoundException", NULL, 0, NULL },
	{ 0 },
};

static const struct aws_tagging tagging = {
	.read = "ListTagsForResource",
	.items = "tags",
	.add = "TagResource",
	.remove = "UntagResource",
	.target = "resourceArn",
	.tags = "tags",
	.keys = "tagKeys",
	.arn = "logGroupArn", /* without the end ":*" that `arn` has */
};

static int call_group(struct call *c, const char *operation, const char *key,
		      struct value v)
{
	struct fields f = { 0 };
	struct value ignored;

	field_text(&f, "logGroupName", c->id);
	if (key)
		field(&f, key, v);
	return aws_change(c, &aws_logs, operation, &f, &ignored);
}

static int settle_retention(struct call *c, struct value object)
{
	struct str wanted = value_text(c->config, "retention_days");
	struct str was = value_text(c->prior, "retention_days");
	struct str now = aws_text(object, "retentionInDays");
	const struct value *days = value_get(c->config, "retention_days");

	if (wanted.n && !str_eq(wanted, now))
		return call_group(c, "PutRetentionPolicy", "retentionInDays",
				  *days);
	if (!wanted.n && was.n && now.n)
		return call_group(c, "DeleteRetentionPolicy", NULL,
				  value_null());
	return 0;
}

static int settle_key(struct call *c, struct value object)
{
	struct str wanted = value_text(c->config, "kms_key");
	struct str was = value_text(c->prior, "kms_key");
	struct str now = aws_text(object, "kmsKeyId");

	if (wanted.n && !str_eq(wanted, now))
		return call_group(c, "AssociateKmsKey", "kmsKeyId",
				  value_str(wanted));
	if (!wanted.n && was.n && now.n)
		return call_group(c, "DisassociateKmsKey", NULL, value_null());
	return 0;
}

static enum step settle(struct call *c, struct value object)
{
	if (settle_retention(c, object) < 0 || settle_key(c, object) < 0)
		return aws_refused(c, NULL);
	return STEP_DONE;
}

static int show(struct call *c, struct value object, struct fields *result)
{
	const struct value *days = aws_get(object, "retentionInDays");

	part_drift(c, result, "retention_days", days ? *days : value_null(),
		   false);
	return 0;
}

const struct aws_type aws_log_group = {
	.service = &aws_logs,
	.noun = "log group",
	.describe = {
		.operation = "DescribeLogGroups",
		.one = "logGroupNamePrefix",
		.items = "logGroups",
		.id = "logGroupName",
		.name = "logGroupName",
		.name_param = "logGroupNamePrefix",
	},
	.tags = AWS_TAGS_MAP,
	.tagging = &tagging,
	.create = "CreateLogGroup",
	.name = "logGroupName",
	.name_max = 512,
	.name_chars = "-_/#.",
	.destroy = "DeleteLogGroup",
	.destroy_id = "logGroupName",
	.attrs = attrs,
	.retries = retries,
	.settle = settle,
	.show = show,
};
