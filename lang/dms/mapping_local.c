#include <config.h>

#include "lang/dms/mapping_local.h"

#include "lang/base/error.h"

/* NULL: it is carried out. */
static const char *refused(const struct mapping_transformation *t)
{
	if (t->expression.n && str_is(t->action, "rename"))
		return "names that an expression computes are not made here";
	if (t->of.n)
		return "columns are not chosen by their DMS type here";
	if (str_is(t->action, "add-column"))
		return "columns are not computed here";
	if (str_is(t->action, "change-data-type"))
		return "types are not changed here";
	if (str_is(t->action, "define-primary-key"))
		return "keys that the source has not are not made here";
	if (str_starts(t->action, "data-masking-"))
		return "values are not masked here";
	return NULL;
}

static int refuse(struct error *err, const struct mapping_rule *rule,
		  struct str action, struct str schema, struct str table,
		  const char *why)
{
	error_set(err, ERROR_INVALID, "rule %llu (%.*s of %.*s.%.*s): %s",
		  (unsigned long long)rule->id, STR_ARG(action),
		  STR_ARG(schema), STR_ARG(table.n ? table : STR("%")), why);
	return error_hint(err,
			  "Leave the rule out where the provider is local: "
			  "only AWS DMS carries it out.");
}

static void advise(struct mapping_local *out, const char *text)
{
	out->advice[out->n_advice++] = text;
}

int mapping_check_local(const struct mapping *m, struct mapping_local *out,
			struct error *err)
{
	bool has_ranges = false, has_lobs = false, has_images = false;

	*out = (struct mapping_local){ 0 };
	for (size_t i = 0; i < m->n_selections; i++) {
		const struct mapping_selection *s = &m->selections[i];

		if (s->action != MAPPING_EXCLUDE && s->kind != MAPPING_TABLES)
			return refuse(err, &s->rule, STR("view"), s->schema,
				      s->table, "views are not loaded here");
	}
	for (size_t i = 0; i < m->n_transformations; i++) {
		const struct mapping_transformation *t = &m->transformations[i];
		const char *why = refused(t);

		if (why)
			return refuse(err, &t->rule, t->action, t->schema,
				      t->table, why);
		has_images |= str_is(t->action, "add-before-image-columns");
	}
	if (m->n_validations)
		return refuse(err, &m->validations[0].rule,
			      STR("override-validation-function"),
			      m->validations[0].schema, m->validations[0].table,
			      "values are compared as they are here");
	for (size_t i = 0; i < m->n_loads; i++) {
		has_ranges |= str_is(m->loads[i].parallel, "ranges");
		has_lobs |= m->loads[i].lobs.n > 0;
	}
	if (has_ranges)
		advise(out, "a table that AWS DMS loads by ranges is loaded as "
			    "one here; AWS DMS leaves out rows that have null "
			    "in a column of the ranges");
	if (has_lobs)
		advise(out, "large values are copied whole here, whatever a "
			    "rule says of the LOBs of a table");
	if (has_images)
		advise(out, "before-images are of changes, and no changes are "
			    "captured here: their columns are not made");
	return 0;
}
