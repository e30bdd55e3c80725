#include <config.h>

#include "providers/replicator/fault.h"

#include "lang/base/error.h"

#include <stdarg.h>
#include <stdio.h>

int fault_set(struct fault *f, const char *type, const char *format, ...)
{
	va_list args;

	f->type = type;
	f->status = 400;
	va_start(args, format);
	vsnprintf(f->message, sizeof(f->message), format, args);
	va_end(args);
	return -1;
}

int fault_internal(struct fault *f, const struct error *err)
{
	fault_set(f, "InternalFailure", "%s", err->message);
	f->status = 500;
	return -1;
}
