#include <config.h>

#include "providers/aws/decode.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/json.h"
#include "providers/aws/client.h"
#include "providers/aws/xml.h"

#include <string.h>

/* "ns#Code:http://…" is Code, and so is "Client.Code". */
static struct str plain_code(struct str code)
{
	ptrdiff_t hash;

	code = str_trim(code);
	code = str_cut(&code, ':');
	hash = str_rfind(code, '#');
	if (hash >= 0)
		code = str_skip(code, (size_t)hash + 1);
	if (str_starts(code, "Client.") || str_starts(code, "Server."))
		code = str_skip(code, 7);
	return code;
}

static struct aws_reason reason_in_xml(struct value error)
{
	struct aws_reason why = {
		.code = plain_code(aws_text(error, "Code")),
		.words = aws_text(error, "Message"),
	};

	/* Inside the answer to a batch, names begin with small letters. */
	if (why.code.n == 0)
		why.code = plain_code(aws_text(error, "code"));
	if (why.words.n == 0)
		why.words = aws_text(error, "message");
	return why;
}

static int decode_json(struct str body, struct arena *a, struct value *out,
		       struct error *err)
{
	struct error why = { 0 };

	*out = value_map(NULL, 0, a);
	if (str_trim(body).n == 0)
		return 0;
	if (json_read(str_dup(body, a), a, out, &why) < 0)
		return error_set(err, ERROR_CORRUPT,
				 "the answer is not JSON: %s", why.message);
	if (out->kind != VALUE_MAP)
		return error_set(err, ERROR_CORRUPT,
				 "the answer is a %s, not an object",
				 value_kind_name(*out));
	return 0;
}

static int decode_xml(const struct aws_service *s, const char *operation,
		      struct str body, struct arena *a, struct value *out,
		      struct aws_reason *why, struct error *err)
{
	struct str root = str_fmt(a, "%sResponse", operation);
	const struct value *result;
	struct xml x;

	if (xml_read(body, a, &x, err) < 0)
		return error_add(err, "the answer");
	/* Whoever answers to something else did not do this. */
	if (!str_eq(x.root, root))
		return error_set(
		    err, ERROR_CORRUPT, "the answer is <%.*s>, not <%.*s>",
		    STR_ARG(str_sub(x.root, 0, 100)), STR_ARG(root));
	*out = x.value;
	if (s->protocol == AWS_QUERY) {
		result = aws_get(x.value, str_fmt(a, "%sResult", operation).s);
		*out = result ? *result : value_null();
	} else {
		*why = reason_in_xml(
		    x.value.kind == VALUE_MAP &&
			    aws_get(x.value, "unsuccessful/item/error")
			? *aws_get(x.value, "unsuccessful/item/error")
			: value_null());
	}
	/* An operation that has nothing to say. */
	if (out->kind != VALUE_MAP)
		*out = value_map(NULL, 0, a);
	return 0;
}

int aws_decode_prepare(const struct aws_service *s, struct error *err)
{
	bool is_xml = s->protocol == AWS_QUERY || s->protocol == AWS_EC2;

	return is_xml ? xml_load(err) : 0;
}

int aws_decode(const struct aws_service *s, const char *operation,
	       struct str body, struct arena *a, struct value *out,
	       struct aws_reason *why, struct error *err)
{
	*why = (struct aws_reason){ 0 };
	*out = value_null();
	switch (s->protocol) {
	case AWS_JSON:
	case AWS_REST_JSON:
		return decode_json(body, a, out, err);
	case AWS_QUERY:
	case AWS_EC2:
		return decode_xml(s, operation, body, a, out, why, err);
	}
	return 0;
}

/* By what stands in it: JSON services are known to answer in XML, too. */
static struct aws_reason fault_in_xml(struct str body, struct arena *a)
{
	const struct value *error;
	struct error ignored;
	struct xml x;

	if (xml_read(body, a, &x, &ignored) < 0)
		return (struct aws_reason){ 0 };
	if (!str_is(x.root, "ErrorResponse") && !str_is(x.root, "Response"))
		return (struct aws_reason){ 0 };
	error = aws_get(x.value, "Error");
	if (!error)
		error = aws_get(x.value, "Errors/Error");
	return error ? reason_in_xml(*error) : (struct aws_reason){ 0 };
}

struct aws_reason aws_decode_fault(const struct aws_service *s, struct str body,
				   struct str type, struct arena *a)
{
	struct aws_reason why = { 0 };
	struct error ignored;
	struct value v;

	if (str_starts(str_trim(body), "<"))
		why = fault_in_xml(body, a);
	else if (s->protocol == AWS_JSON || s->protocol == AWS_REST_JSON) {
		if (decode_json(body, a, &v, &ignored) < 0)
			v = value_null();
		why.words = value_text(v, "message");
		if (why.words.n == 0)
			why.words = value_text(v, "Message");
		why.code = plain_code(value_text(v, "__type"));
		if (why.code.n == 0)
			why.code = plain_code(value_text(v, "code"));
	}
	if (type.n)
		why.code = plain_code(type);
	return why;
}
