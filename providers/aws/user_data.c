#include <config.h>

#include "providers/aws/user_data.h"

#include "lang/base/base64.h"

struct str user_data_sent(struct str text, struct arena *a)
{
	return base64_encode(text, a);
}

struct str user_data_shown(struct str sent, struct arena *a)
{
	struct str text;

	return base64_decode(sent, a, &text) == 0 && text.n ? text : sent;
}

bool user_data_is(struct str text, struct str sent, struct arena *a)
{
	return str_eq(user_data_sent(text, a), sent);
}
