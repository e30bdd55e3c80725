/* Functions on files, marks and kinds of values. */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/decimal.h"
#include "lang/func_impl.h"
#include "lang/source.h"
#include "lang/utf8.h"

#include <string.h>

struct str func_path(struct func_call *c, struct str name)
{
	/* As people write it: not "./NAME". */
	if (str_starts(name, "/") || !c->source ||
	    str_is(c->source->folder, "."))
		return str_dup(name, c->arena);
	return str_join(c->source->folder, "/", name, c->arena);
}

int func_read_file(struct func_call *c, struct str name, bool is_secret,
		   struct str *text)
{
	struct error err = { 0 };

	if (name.n == 0 || memchr(name.s, '\0', name.n))
		return func_fail(c, 0, "the name of the file is empty");
	if (file_read(func_path(c, name).s, FUNC_TEXT_MAX, c->arena, text,
		      &err) < 0)
		return func_fail(c, 0, "%s",
				 is_secret ? "could not read the file"
					   : err.message);
	if (memchr(text->s, '\0', text->n) || utf8_check(*text) < text->n)
		return func_fail(c, 0, "the file is not text in UTF-8");
	return 0;
}

int func_file(struct func_call *c, struct value *out)
{
	struct str text;

	if (func_read_file(c, c->args[0].as.text,
			   c->args[0].marks & MARK_SECRET, &text) < 0)
		return -1;
	*out = value_str(text);
	return 0;
}

int func_coalesce(struct func_call *c, struct value *out)
{
	unsigned marks = 0;

	*out = value_null();
	for (size_t i = 0; i < c->n; i++) {
		*out = c->args[i];
		/* That a secret is null is not to be seen either. */
		marks |= out->marks & MARK_SECRET;
		/* Whether an unknown one is null will be known later. */
		if (!value_is_null(*out))
			break;
	}
	*out = value_mark(*out, marks);
	return 0;
}

int func_secret(struct func_call *c, struct value *out)
{
	*out = value_mark(c->args[0], MARK_SECRET);
	return 0;
}

/* Values are nested 200 deep at most. */
static struct value without_secret(struct value v, struct arena *a)
{
	v.marks &= (uint8_t)~MARK_SECRET;
	return value_each(v, without_secret, a);
}

int func_reveal(struct func_call *c, struct value *out)
{
	*out = without_secret(c->args[0], c->arena);
	return 0;
}

int func_type_of(struct func_call *c, struct value *out)
{
	*out = value_c(value_kind_name(c->args[0]));
	return 0;
}

int func_string(struct func_call *c, struct value *out)
{
	struct str text;

	if (!func_scalar_text(c->args[0], c->arena, &text))
		return func_fail(c, 0, "a %s is no text",
				 value_kind_name(c->args[0]));
	*out = value_str(text);
	return 0;
}

int func_number(struct func_call *c, struct value *out)
{
	enum decimal_fault fault;
	struct decimal d;

	*out = c->args[0];
	if (out->kind == VALUE_NUMBER)
		return 0;
	if (out->kind != VALUE_STRING)
		return func_fail(c, 0, "expected a string, found a %s",
				 value_kind_name(*out));
	fault = decimal_read(str_trim(out->as.text), &d);
	if (fault != DECIMAL_OK)
		return func_fail(c, 0, "%s",
				 fault == DECIMAL_SYNTAX
				     ? "the text is not a number"
				     : decimal_fault_text(fault));
	out->kind = VALUE_NUMBER;
	out->as.text = decimal_text(d, c->arena);
	return 0;
}
