#include <config.h>

#include "lang/base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int error_set(struct error *err, enum error_kind kind, const char *format, ...)
{
	va_list args;

	*err = (struct error){ .kind = kind };
	va_start(args, format);
	vsnprintf(err->message, sizeof(err->message), format, args);
	va_end(args);
	return -1;
}

static enum error_kind kind_of_errno(int number)
{
	switch (number) {
	case ENOENT:
		return ERROR_NOT_FOUND;
	case EEXIST:
		return ERROR_EXISTS;
	case EACCES:
	case EPERM:
		return ERROR_DENIED;
	case ETIMEDOUT:
		return ERROR_TIMEOUT;
	case ECONNREFUSED:
	case ECONNRESET:
	case EAGAIN:
		return ERROR_UNAVAILABLE;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return ERROR_QUOTA;
	case EINTR:
		return ERROR_INTERRUPTED;
	default:
		return ERROR_FAILED;
	}
}

int error_errno(struct error *err, const char *format, ...)
{
	int number = errno;
	va_list args;
	size_t n;

	*err = (struct error){ .kind = kind_of_errno(number) };
	va_start(args, format);
	vsnprintf(err->message, sizeof(err->message), format, args);
	va_end(args);
	n = strlen(err->message);
	snprintf(err->message + n, sizeof(err->message) - n, ": %s",
		 strerror(number));
	return -1;
}

int error_add(struct error *err, const char *format, ...)
{
	char old[sizeof(err->message)];
	va_list args;
	size_t n;

	memcpy(old, err->message, sizeof(old));
	va_start(args, format);
	vsnprintf(err->message, sizeof(err->message), format, args);
	va_end(args);
	n = strlen(err->message);
	snprintf(err->message + n, sizeof(err->message) - n, ": %s", old);
	return -1;
}

int error_hint(struct error *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(err->hint, sizeof(err->hint), format, args);
	va_end(args);
	return -1;
}

const char *error_kind_name(enum error_kind kind)
{
	switch (kind) {
	case ERROR_NONE:
		return "none";
	case ERROR_FAILED:
		return "failed";
	case ERROR_NOT_FOUND:
		return "not_found";
	case ERROR_EXISTS:
		return "exists";
	case ERROR_CONFLICT:
		return "conflict";
	case ERROR_DENIED:
		return "denied";
	case ERROR_INVALID:
		return "invalid";
	case ERROR_THROTTLED:
		return "throttled";
	case ERROR_TIMEOUT:
		return "timeout";
	case ERROR_UNAVAILABLE:
		return "unavailable";
	case ERROR_QUOTA:
		return "quota";
	case ERROR_CORRUPT:
		return "corrupt";
	case ERROR_INTERRUPTED:
		return "interrupted";
	}
	BUG("error kind %d", (int)kind);
}

void bug_at(const char *file, int line, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "dmsl: bug at %s:%d: ", file, line);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	abort();
}
