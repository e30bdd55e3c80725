#include <config.h>

#include "providers/local/ids.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "providers/local/stack.h"

#include <openssl/evp.h>

struct str id_hash(const struct local *l, const char *label,
		   struct str address, size_t n, struct arena *a)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char sum[EVP_MAX_MD_SIZE];
	struct str text = str_fmt(a, "%.*s\n%s\n%.*s", STR_ARG(l->uid), label,
				  STR_ARG(address));
	char *hex = arena_new(a, char, 65);
	unsigned size = 0;

	if (EVP_Digest(text.s, text.n, sum, &size, EVP_sha256(), NULL) != 1 ||
	    size != 32)
		BUG("SHA-256 is not there");
	for (size_t i = 0; i < 32; i++) {
		hex[2 * i] = digits[sum[i] >> 4];
		hex[2 * i + 1] = digits[sum[i] & 15];
	}
	return str_dup((struct str){ hex, n < 64 ? n : 64 }, a);
}

struct str id_make(const struct local *l, const char *prefix,
		   struct str address, struct arena *a)
{
	return str_fmt(a, "%s%.*s", prefix,
		       STR_ARG(id_hash(l, prefix, address, ID_HEX, a)));
}

struct str id_arn(const char *service, const char *region, struct str tail,
		  struct arena *a)
{
	return str_fmt(a, "arn:aws:%s:%s:" LOCAL_ACCOUNT ":%.*s", service,
		       region, STR_ARG(tail));
}
