#ifndef DMSL_PROVIDERS_AWS_LOGS_H
#define DMSL_PROVIDERS_AWS_LOGS_H

/* Reading logs, for reports of failures: of a task, of an instance. */

#include "lang/base/str.h"

#include "providers/aws/type.h"

enum { LOGS_LINES_MAX = 200 };

/*
 * The last n lines (at most LOGS_LINES_MAX) of a stream, oldest first, each
 * with a newline; empty when the group or stream does not exist. DMS writes to
 * the group "dms-tasks-INSTANCE" and the stream "dms-task-TASK-RESOURCE-ID". An
 * empty stream: the one of the group that was written to last.
 */
int logs_tail(struct call *c, struct str group, struct str stream, size_t n,
	      struct str *out);

#endif
