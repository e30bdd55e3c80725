#ifndef DMSL_PROVIDERS_LOCAL_PROCESS_H
#define DMSL_PROVIDERS_LOCAL_PROCESS_H

/*
 * Processes: servers that outlive dmsl, and tools that it waits for. A server
 * is known by its pid file run/NAME.pid:
 *
 *	PID START BOOT-ID
 *
 * START is field 22 of /proc/PID/stat. The process writes the line itself
 * before it becomes the server, so there is no instant at which it runs and is
 * not known. A pid that was given to another process, or that is from before a
 * reboot, never matches and is never signalled.
 *
 * No argument and no variable of the environment holds a secret; a secret goes
 * in through standard input.
 */

#include "lang/base/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct arena;
struct buf;
struct error;
struct local;

struct program {
	const char *path;	 /* of the executable */
	const char *const *argv; /* ends with NULL */
	const char *folder;	 /* to work in */
	struct str input;	 /* standard input, 32 KiB at most */
	bool as_self;		 /* not under the account of the servers */
};

struct process {
	pid_t pid;
	unsigned long long start;
};

/* Starts NAME in the background; its output is appended to log/NAME.log. */
int process_start(const struct local *l, const char *name,
		  const struct program *p, struct process *out,
		  struct error *err);
/* The running process of that name; false when there is none. */
bool process_find(const struct local *l, const char *name, struct process *out);
bool process_is_alive(const struct process *p);
/* Ended, but nobody has waited for it yet. */
bool process_is_zombie(pid_t pid);
/* False when it was not there any more. */
bool process_signal(const struct process *p, int signal);
/*
 * Ends NAME: `signal`, after ms `harder`, at last SIGKILL; waits until it is
 * gone and removes the pid file. Nothing there is success.
 */
int process_stop(const struct local *l, const char *name, int signal,
		 int harder, int64_t ms, struct error *err);
/*
 * Runs a tool to its end. Both outputs are added to `output`; status is that of
 * waitpid(). After timeout_ms it is killed: ERROR_TIMEOUT.
 */
int process_run(const struct local *l, const struct program *p,
		int64_t timeout_ms, struct buf *output, int *status,
		struct error *err);
/*
 * Cuts log/NAME.log when it has grown beyond some megabytes. Servers append, so
 * they go on at its new end.
 */
void process_trim_log(const struct local *l, const char *name);
/* The end of log/NAME.log, for messages; one line, empty when there is none. */
struct str process_log_tail(const struct local *l, const char *name,
			    struct arena *a);
/* An executable in one of the folders or on PATH; NULL when there is none. */
const char *process_program(const char *name, const char *const *folders,
			    struct arena *a);

#endif
