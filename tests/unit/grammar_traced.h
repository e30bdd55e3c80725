#ifndef DMSL_TESTS_UNIT_GRAMMAR_TRACED_H
#define DMSL_TESTS_UNIT_GRAMMAR_TRACED_H

/*
 * The parser once more, made so that it tells which rules of grammar.y it used.
 * A program that is linked with this has it in place of the library's.
 */

#include <stdbool.h>
#include <stddef.h>

/* Rules are numbered from 1. */
size_t grammar_rules(void);
bool grammar_used(size_t rule);
/* What it makes, and the line of grammar.y that it begins on. */
const char *grammar_rule_name(size_t rule);
unsigned grammar_rule_line(size_t rule);

#endif
