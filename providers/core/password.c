/*
 * random_password: letters and digits from the state key, the run and the
 * address. An interrupted step that is repeated gives the same password, here
 * and on any machine that has the key.
 */
#include <config.h>

#include "providers/core/core.h"

#include <openssl/crypto.h>

enum { LENGTH_MIN = 16, LENGTH_MAX = 128, CHUNK = 160 };

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

static int check_length(struct call *c, int64_t *length)
{
	const struct value *v = value_get(c->config, "length");

	*length = 32;
	if (!v || value_is_unknown(*v))
		return 0;
	*length = value_number(c->config, "length", 32);
	if (*length >= LENGTH_MIN && *length <= LENGTH_MAX)
		return 0;
	error_set(&c->err, ERROR_INVALID,
		  "a password cannot have %lld characters", (long long)*length);
	return error_hint(&c->err, "length is a whole number from %d to %d",
			  LENGTH_MIN, LENGTH_MAX);
}

/*
 * Of 256 bytes the upper eight are refused, so that each of the 62 characters
 * is as likely as any other.
 */
static int make_password(struct call *c, size_t length, char *out)
{
	unsigned char bytes[CHUNK];
	size_t n = 0;
	int result = 0;

	for (int round = 0; n < length && result == 0; round++) {
		struct str label = str_fmt(c->arena, "random_password %.*s %d",
					   STR_ARG(c->address), round);

		if (c->derive(c, label.s, false, bytes, CHUNK, &c->err) < 0)
			result = -1;
		for (size_t i = 0; result == 0 && i < CHUNK && n < length; i++)
			if (bytes[i] < 248)
				out[n++] = alphabet[bytes[i] % 62];
	}
	out[n] = '\0';
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return result;
}

static int password_plan(struct call *c, const char *action)
{
	int64_t length;

	(void)action;
	return check_length(c, &length);
}

static enum step password_read(struct call *c)
{
	c->result = c->prior;
	return STEP_DONE;
}

static enum step password_create(struct call *c)
{
	int64_t length;
	char *text;

	if (check_length(c, &length) < 0)
		return STEP_FAILED;
	text = arena_alloc(c->arena, (size_t)length + 1, 1);
	if (make_password(c, (size_t)length, text) < 0)
		return STEP_FAILED;
	c->id = core_id(c, "password");
	c->result = value_map(
	    &(struct value_entry){
		STR("result"),
		value_mark(value_c(text), MARK_SECRET),
	    },
	    1, c->arena);
	return STEP_DONE;
}

static enum step password_destroy(struct call *c)
{
	(void)c;
	return STEP_DONE;
}

const struct resource_ops random_password_ops = {
	.plan = password_plan,
	.read = password_read,
	.create = password_create,
	.destroy = password_destroy,
	.recovery = 'T',
};
