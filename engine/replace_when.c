#include <config.h>

#include "engine/replace_when.h"

#include "engine/context.h"
#include "engine/seal.h"
#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/digest.h"
#include "lang/base/error.h"
#include "lang/json.h"

enum { VALUES_MOST = 1 << 26 };

int replace_when_digest(const struct context *c, struct value v,
			struct arena *a, struct str *out, struct error *err)
{
	bool is_secret = value_has_secret(v);
	char hex[DIGEST_HEX_SIZE > 65 ? DIGEST_HEX_SIZE : 65];
	struct buf text;
	int result = 0;

	if (is_secret && !c->seal)
		return 0;
	*out = (struct str){ 0 };
	if (value_is_null(v))
		return 0;
	buf_init(&text, VALUES_MOST);
	/* Not of the address, which may change while the values do not. */
	buf_fmt(&text, "replace_when\n%.*s\n", STR_ARG(c->state.uid));
	json_write(&text, v, JSON_REVEAL);
	if (buf_is_full(&text))
		result = error_set(err, ERROR_QUOTA,
				   "the values of replace_when are larger than "
				   "%d bytes",
				   VALUES_MOST);
	else if (is_secret)
		result = seal_hash(c->seal, buf_str(&text), hex, err);
	else
		digest_sha256_hex(buf_str(&text), hex);
	if (result == 0)
		*out = str_fmt(a, "%s:%s", is_secret ? "hmac" : "sha256", hex);
	buf_wipe(&text);
	return result;
}
