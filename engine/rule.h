#ifndef DMSL_ENGINE_RULE_H
#define DMSL_ENGINE_RULE_H

/*
 * Rules of attributes (struct attr_rule): whether a value keeps one, and the
 * words for it.
 */

#include "lang/value.h"

#include <stdbool.h>

struct arena;
struct attr_rule;
struct attr_schema;
struct buf;

/*
 * Whether a value keeps a rule: what is null or unknown does. Otherwise `why`
 * says what is wrong with it, as words behind its name: "is 70000". Nothing of
 * a secret is told.
 */
bool rule_keeps(const struct attr_rule *r, struct value v, struct buf *why);

/*
 * What the rule asks for: "1 to 65535", "1 to 63 letters, digits and \"-\",
 * beginning with a letter". `type` is the attribute's, in the language.
 */
void rule_print(const struct attr_rule *r, const char *type, struct buf *out);

/*
 * All that these rules (NULL: none) ask for of an attribute, as the words
 * behind "Takes"; empty: nothing is known to be refused. In the arena.
 */
struct str rules_print(const struct attr_rule *rules,
		       const struct attr_schema *m, struct arena *a);

#endif
