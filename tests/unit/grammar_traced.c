/* bison's trace goes through one function, which picks out the reductions. */
#include <config.h>

#define GRAMMAR_DEBUG 1
#define YYFPRINTF     note_trace

#include <stdio.h>

static int note_trace(FILE *out, const char *format, ...);

#include "lang/grammar.c"

#include "tests/unit/grammar_traced.h"

#include <stdarg.h>

static bool used[YYNRULES + 1];

static int note_trace(FILE *out, const char *format, ...)
{
	static const char reducing[] = "Reducing stack by rule %d";
	va_list args;

	(void)out;
	if (strncmp(format, reducing, strlen(reducing)) != 0)
		return 0;
	va_start(args, format);
	used[va_arg(args, int)] = true;
	va_end(args);
	return 0;
}

/* The parser traces when this is set, before anything of it runs. */
static __attribute__((constructor)) void trace(void)
{
	grammar_debug = 1;
}

/* Rule 0 of bison's tables is no rule; 1 is that the text ends. */
size_t grammar_rules(void)
{
	return YYNRULES - 1;
}

bool grammar_used(size_t rule)
{
	return used[rule];
}

const char *grammar_rule_name(size_t rule)
{
	return yysymbol_name((yysymbol_kind_t)yyr1[rule + 1]);
}

unsigned grammar_rule_line(size_t rule)
{
	return (unsigned)yyrline[rule + 1];
}
