/*
 * The rules of the schemas (engine/rule.h), asked of each attribute as it is
 * evaluated: a value that becomes known later is asked then.
 */
#include <config.h>

#include "engine/expand_private.h"

#include "lang/base/buf.h"

#include "engine/rule.h"

#include <string.h>

enum { WORDS_MOST = 2000 };

static void report(struct expander *x, struct str owner,
		   const struct attr_info *info, const struct attr_rule *rule,
		   struct place place, const char *why)
{
	const char *name = info->schema->name;
	struct buf words;
	struct diag *to;

	buf_init(&words, WORDS_MOST);
	rule_print(rule, info->schema->type, &words);
	if (rule->flags & RULE_WARNS)
		to = diag_warning(x->diags, "W0403", place, "\"%s\" of %.*s %s",
				  name, STR_ARG(owner), why);
	else
		to = diag_error(
		    x->diags, rule->kind == RULE_NAME ? "E0404" : "E0403",
		    place, "\"%s\" of %.*s %s", name, STR_ARG(owner), why);
	diag_hint(x->diags, to, "It takes %s.", words.data);
	buf_release(&words);
}

static int check(struct expander *x, struct str owner,
		 const struct attr_info *info, struct place place,
		 struct value v)
{
	const struct attr_rule *rule = info->rule;
	int result = 0;
	struct buf why;

	buf_init(&why, WORDS_MOST);
	for (; rule && rule->attr && str_is(info->name, rule->attr); rule++) {
		buf_clear(&why);
		/* A doubt adds nothing to a mistake. */
		if ((result && (rule->flags & RULE_WARNS)) ||
		    rule_keeps(rule, v, &why))
			continue;
		report(x, owner, info, rule, place, why.data);
		if (!(rule->flags & RULE_WARNS))
			result = -1;
	}
	buf_release(&why);
	return result;
}

int rules_check(struct expander *x, const struct resource *r,
		const struct attr_info *info, struct place place,
		struct value v)
{
	return check(x, r->address, info, place, v);
}

void rules_check_stack_tags(struct expander *x, struct place place)
{
	const struct attr_info *tags = check_tags(x->arena);

	check(x, str_fmt(x->arena, "stack \"%.*s\"", STR_ARG(x->e->stack)),
	      tags, place, x->e->stack_tags);
}
