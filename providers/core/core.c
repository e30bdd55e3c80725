#include <config.h>

#include "providers/core/core.h"

#include "lang/base/digest.h"

static const struct resource_type core_types[] = {
	{ .name = "random_password", .ops = &random_password_ops },
	{ .name = "data", .ops = &data_ops },
	{ 0 },
};

static const struct attr_schema core_config[] = {
	{ 0 },
};

/*
 * A replaced object has another id, so that what refers to it sees the change;
 * a repetition of the same step, which has the same run, has the same.
 */
struct str core_id(const struct call *c, const char *prefix)
{
	char hex[DIGEST_HEX_SIZE];
	struct str text = str_fmt(c->arena, "%.*s\n%.*s", STR_ARG(c->run_id),
				  STR_ARG(c->address));

	digest_sha256_hex(text, hex);
	return str_fmt(c->arena, "%s-%.16s", prefix, hex);
}

static int core_open(const struct provider_setup *s, void **self,
		     struct error *err)
{
	(void)s;
	(void)err;
	*self = NULL;
	return 0;
}

static void core_close(void *self)
{
	(void)self;
}

const struct provider core_provider = {
	.name = "core",
	.config = core_config,
	.types = core_types,
	.open = core_open,
	.close = core_close,
};
