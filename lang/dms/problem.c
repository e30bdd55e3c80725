#include <config.h>

#include "lang/dms/problem.h"

#include "lang/base/arena.h"

#include <stdarg.h>

int dms_report(struct dms_report *r, struct dms_problem p, const char *format,
	       ...)
{
	va_list args;

	va_start(args, format);
	p.message = str_vfmt(r->arena, format, args);
	va_end(args);
	r->n_errors += p.code[0] == 'E';
	r->add(r, &p);
	return -1;
}

const char *dms_path(struct dms_report *r, const char *format, ...)
{
	struct str text;
	va_list args;

	va_start(args, format);
	text = str_vfmt(r->arena, format, args);
	va_end(args);
	return text.s;
}
