/* Types that the program serves itself, whatever the provider. */
#include <config.h>

#include "providers/types/types.h"

static const struct attr_schema random_password_attrs[] = {
	{ "length", "number", ATTR_OPTIONAL | ATTR_REPLACE, "32",
	  "How many characters." },
	{ "result", "string", ATTR_COMPUTED | ATTR_STABLE | ATTR_SECRET, NULL,
	  "The password: letters and digits." },
	{ 0 },
};

static const struct attr_rule random_password_rules[] = {
	{ .attr = "length", .kind = RULE_RANGE, .least = 16, .most = 128 },
	{ 0 },
};

const struct type_schema random_password_schema = {
	.name = "random_password",
	.group = "built in",
	.attrs = random_password_attrs,
	.rules = random_password_rules,
	.is_built_in = true,
	.doc = "A generated password. The same after a crash, on any machine.",
};

static const struct attr_schema data_attrs[] = {
	{ "value", "any", ATTR_REQUIRED, NULL, "The value that is held." },
	{ "triggers", "any", ATTR_OPTIONAL | ATTR_REPLACE, NULL,
	  "A change of these replaces the resource." },
	{ 0 },
};

const struct type_schema data_schema = {
	.name = "data",
	.group = "built in",
	.attrs = data_attrs,
	.is_built_in = true,
	.doc = "Holds a value; replaced when its triggers change.",
};
