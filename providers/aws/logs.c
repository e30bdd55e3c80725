#include <config.h>

#include "providers/aws/logs.h"

#include "lang/base/buf.h"

enum { TEXT_MAX = 64 * 1024, LINE_MAX_BYTES = 2000 };

/* Nothing is there to be read: no failure. */
static int absent(struct call *c)
{
	if (!aws_is_refusal(c, "ResourceNotFoundException", NULL))
		return -1;
	c->err = (struct error){ 0 };
	return 0;
}

static int last_stream(struct call *c, struct str group, struct str *out)
{
	const struct value *list;
	struct fields f = { 0 };
	struct value answer;

	field(&f, "descending", value_bool(true));
	field(&f, "limit", value_int(1));
	field_text(&f, "logGroupName", group);
	field_text(&f, "orderBy", STR("LastEventTime"));
	if (aws_look(c, &aws_logs, "DescribeLogStreams", &f, &answer) < 0)
		return absent(c);
	list = aws_get(answer, "logStreams");
	if (list && list->kind == VALUE_LIST && list->as.list.n)
		*out = aws_text(list->as.list.items[0], "logStreamName");
	return 0;
}

/* A line as it is; what comes from a service never reaches a terminal raw. */
static void add_line(struct buf *b, struct str line)
{
	line = str_sub(str_trim(line), 0, LINE_MAX_BYTES);
	for (size_t i = 0; i < line.n; i++) {
		unsigned char ch = (unsigned char)line.s[i];

		buf_add_char(b, ch < 0x20 || ch == 0x7f ? ' ' : line.s[i]);
	}
	buf_add_char(b, '\n');
}

int logs_tail(struct call *c, struct str group, struct str stream, size_t n,
	      struct str *out)
{
	struct fields f = { 0 };
	struct value answer, list;
	struct buf b;

	*out = (struct str){ "", 0 };
	if (stream.n == 0 && last_stream(c, group, &stream) < 0)
		return -1;
	if (stream.n == 0)
		return 0;
	n = n < LOGS_LINES_MAX ? n : LOGS_LINES_MAX;
	field(&f, "limit", value_int_in((int64_t)n, c->arena));
	field_text(&f, "logGroupName", group);
	field_text(&f, "logStreamName", stream);
	field(&f, "startFromHead", value_bool(false));
	if (aws_look(c, &aws_logs, "GetLogEvents", &f, &answer) < 0)
		return absent(c);
	list = aws_items(answer, "events", c->arena);
	buf_init(&b, TEXT_MAX);
	for (size_t i = list.as.list.n > n ? list.as.list.n - n : 0;
	     i < list.as.list.n; i++)
		add_line(&b, aws_text(list.as.list.items[i], "message"));
	*out = str_dup(buf_str(&b), c->arena);
	buf_release(&b);
	return 0;
}
