#include <config.h>

#include "providers/local/ids.h"

#include "lang/base/arena.h"
#include "lang/base/digest.h"
#include "providers/local/stack.h"

struct str id_hash(const struct local *l, const char *label, struct str text,
		   size_t n, struct arena *a)
{
	struct str all =
	    str_fmt(a, "%.*s\n%s\n%.*s", STR_ARG(l->uid), label, STR_ARG(text));
	char hex[DIGEST_HEX_SIZE];

	digest_sha256_hex(all, hex);
	return str_dup(str_sub(str_from(hex), 0, n), a);
}

struct str id_make(const struct local *l, const char *prefix, struct str text,
		   struct arena *a)
{
	return str_fmt(a, "%s%.*s", prefix,
		       STR_ARG(id_hash(l, prefix, text, ID_HEX, a)));
}

struct str id_arn(const char *service, const char *region, struct str tail,
		  struct arena *a)
{
	return str_fmt(a, "arn:aws:%s:%s:" LOCAL_ACCOUNT ":%.*s", service,
		       region, STR_ARG(tail));
}
