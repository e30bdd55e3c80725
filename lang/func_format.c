/* format(): a text with placeholders. */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/decimal.h"
#include "lang/func_impl.h"

/* A placeholder behind its "%": [0 or -][width]d or s. */
struct placeholder {
	bool has_zeros;
	bool is_left; /* the blanks follow */
	size_t width;
	char kind;
};

static struct str read_placeholder(struct str s, struct placeholder *p)
{
	*p = (struct placeholder){ 0 };
	if (s.n && s.s[0] == '0') {
		p->has_zeros = true;
		s = str_skip(s, 1);
	} else if (s.n && s.s[0] == '-') {
		p->is_left = true;
		s = str_skip(s, 1);
	}
	while (s.n && s.s[0] >= '0' && s.s[0] <= '9' && p->width < 1000) {
		p->width = p->width * 10 + (size_t)(s.s[0] - '0');
		s = str_skip(s, 1);
	}
	if (s.n) {
		p->kind = s.s[0];
		s = str_skip(s, 1);
	}
	return s;
}

static int add_placeholder(struct func_call *c, struct placeholder p,
			   size_t arg, struct buf *b)
{
	struct str text;
	struct decimal d;
	size_t n;

	if (arg >= c->n)
		return func_fail(c, c->n,
				 "the text has more placeholders than there "
				 "are values");
	if (!func_scalar_text(c->args[arg], c->arena, &text))
		return func_fail(c, arg, "a %s is no text",
				 value_kind_name(c->args[arg]));
	if (p.kind == 'd' &&
	    (c->args[arg].kind != VALUE_NUMBER ||
	     decimal_read(text, &d) != DECIMAL_OK || !decimal_is_whole(d)))
		return func_fail(c, arg, "%%d needs a whole number");
	if (p.kind == 'd' && p.has_zeros && text.n && text.s[0] == '-') {
		buf_add_char(b, '-');
		text = str_skip(text, 1);
		p.width -= p.width > 0;
	}
	n = func_count_chars(text);
	if (p.is_left)
		buf_add_str(b, text);
	for (; n < p.width; n++)
		buf_add_char(b, p.kind == 'd' && p.has_zeros ? '0' : ' ');
	if (!p.is_left)
		buf_add_str(b, text);
	return 0;
}

int func_format(struct func_call *c, struct value *out)
{
	struct str s = c->args[0].as.text;
	size_t arg = 1;
	struct buf b;

	buf_init(&b, FUNC_TEXT_MAX);
	while (str_find(s, '%') >= 0) {
		struct placeholder p;

		buf_add_str(&b, str_cut(&s, '%'));
		s = read_placeholder(s, &p);
		if (p.kind == '%') {
			buf_add_char(&b, '%');
			continue;
		}
		if (p.kind != 's' && p.kind != 'd') {
			func_fail(c, 0,
				  "a placeholder is %%s, %%d or %%%%, with a "
				  "width in between: %%05d, %%-8s");
			goto failed;
		}
		if (add_placeholder(c, p, arg++, &b) < 0)
			goto failed;
	}
	buf_add_str(&b, s);
	if (arg < c->n) {
		func_fail(c, arg, "there is no placeholder for this value");
		goto failed;
	}
	return func_text(c, &b, out);
failed:
	buf_wipe(&b);
	return -1;
}
