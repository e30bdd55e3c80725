#include <config.h>

#include "lang/dms/mapping_types.h"

#include "lang/suggest.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { ANYWHERE = ON_SCHEMA | ON_TABLE | ON_COLUMN };

static const struct mapping_action_info actions[] = {
	{ "rename", ANYWHERE | NEEDS_VALUE | MAY_HAVE_EXPRESSION },
	{ "convert-lowercase", ANYWHERE },
	{ "convert-uppercase", ANYWHERE },
	{ "add-prefix", ANYWHERE | NEEDS_VALUE },
	{ "add-suffix", ANYWHERE | NEEDS_VALUE },
	{ "remove-prefix", ANYWHERE | NEEDS_VALUE },
	{ "remove-suffix", ANYWHERE | NEEDS_VALUE },
	{ "replace-prefix", ANYWHERE | NEEDS_VALUE | NEEDS_OLD_VALUE },
	{ "replace-suffix", ANYWHERE | NEEDS_VALUE | NEEDS_OLD_VALUE },
	{ "remove-column", ON_COLUMN },
	{ "include-column", ON_COLUMN },
	{ "add-column", ON_COLUMN | NO_COLUMN | NEEDS_VALUE | NEEDS_EXPRESSION |
			    NEEDS_DATA_TYPE },
	{ "change-data-type", ON_COLUMN | NEEDS_DATA_TYPE },
	{ "define-primary-key", ON_TABLE | NEEDS_KEY },
	{ "add-before-image-columns", ON_COLUMN | NO_COLUMN | NEEDS_IMAGE },
	{ "data-masking-digits-mask", ON_COLUMN | NEEDS_VALUE },
	{ "data-masking-digits-randomize", ON_COLUMN },
	{ "data-masking-hash-mask", ON_COLUMN },
};

static const struct mapping_operator operators[] = {
	{ "eq", "=", "eq", 1, false },
	{ "noteq", "!=", "noteq", 1, true },
	{ "gte", ">=", "gte", 1, false },
	{ "lte", "<=", "lte", 1, false },
	{ "ste", NULL, "lte", 1, false },
	{ "between", "between", "between", 2, false },
	{ "notbetween", "not between", "notbetween", 2, true },
	{ "null", "is null", "null", 0, false },
	{ "notnull", "is not null", "notnull", 0, true },
};

static const struct mapping_type_info types[] = {
	{ "bytes", SIZE_LENGTH, false },
	{ "date", 0, false },
	{ "time", 0, false },
	{ "datetime", SIZE_SCALE, false },
	{ "int1", 0, false },
	{ "int2", 0, false },
	{ "int4", 0, false },
	{ "int8", 0, false },
	{ "numeric", SIZE_PRECISION | SIZE_SCALE, false },
	{ "real4", 0, false },
	{ "real8", 0, false },
	{ "string", SIZE_LENGTH, false },
	{ "uint1", 0, false },
	{ "uint2", 0, false },
	{ "uint4", 0, false },
	{ "uint8", 0, false },
	{ "wstring", SIZE_LENGTH, false },
	{ "blob", 0, false },
	{ "nclob", 0, false },
	{ "clob", 0, false },
	{ "boolean", 0, false },
	{ "set", 0, true },
	{ "list", 0, true },
	{ "map", 0, true },
	{ "tuple", 0, true },
};

const struct mapping_action_info *mapping_action_find(struct str name)
{
	for (size_t i = 0; i < COUNT(actions); i++)
		if (str_is(name, actions[i].name))
			return &actions[i];
	return NULL;
}

struct str mapping_action_near(struct str name)
{
	struct suggest near = suggest_start(name);

	for (size_t i = 0; i < COUNT(actions); i++)
		suggest_try(&near, str_from(actions[i].name));
	return near.best;
}

const struct mapping_operator *mapping_operator_find(struct str name)
{
	for (size_t i = 0; i < COUNT(operators); i++)
		if (str_is(name, operators[i].name))
			return &operators[i];
	return NULL;
}

const struct mapping_operator *mapping_operator_written(struct str text)
{
	for (size_t i = 0; i < COUNT(operators); i++)
		if (operators[i].written && str_is(text, operators[i].written))
			return &operators[i];
	return NULL;
}

const struct mapping_type_info *mapping_type_find(struct str name)
{
	for (size_t i = 0; i < COUNT(types); i++)
		if (str_is(name, types[i].name))
			return &types[i];
	return NULL;
}

struct str mapping_type_near(struct str name)
{
	struct suggest near = suggest_start(name);

	for (size_t i = 0; i < COUNT(types); i++)
		suggest_try(&near, str_from(types[i].name));
	return near.best;
}
