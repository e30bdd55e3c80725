#include <config.h>

#include "tests/support/tracer.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

enum { THREADS_MAX = 300, STATUS_NOT_TRACED = 77 };

/* The system calls that change what others see. */
static const long changing[] = {
	SYS_write,   SYS_pwrite64, SYS_fsync,	  SYS_fdatasync, SYS_ftruncate,
	SYS_flock,   SYS_renameat, SYS_renameat2, SYS_linkat,	 SYS_unlinkat,
	SYS_mkdirat, SYS_fchmod,
#ifdef SYS_rename
	SYS_rename,  SYS_link,	   SYS_unlink,	  SYS_mkdir,	 SYS_rmdir,
#endif
};

/* Of a thread that is in a system call: whether that is a changing one. */
struct thread {
	pid_t tid;
	bool is_changing;
};

static bool is_changing(uint64_t number, const __u64 *args)
{
	for (size_t i = 0; i < sizeof(changing) / sizeof(*changing); i++)
		if ((uint64_t)changing[i] == number)
			return true;
	/* What is opened to be read is no change. */
	if (number == SYS_openat)
		return (args[2] & O_CREAT) != 0;
#ifdef SYS_open
	if (number == SYS_open)
		return (args[1] & O_CREAT) != 0;
#endif
	return false;
}

static struct thread *thread_of(struct thread *all, pid_t tid)
{
	size_t i = 0;

	while (i < THREADS_MAX - 1 && all[i].tid && all[i].tid != tid)
		i++;
	all[i].tid = tid;
	return &all[i];
}

static void begin(const struct trace *t)
{
	if (ptrace(PTRACE_TRACEME, 0, 0, 0) < 0)
		_exit(STATUS_NOT_TRACED);
	raise(SIGSTOP);
	t->child(t->data);
	_exit(STATUS_NOT_TRACED);
}

/* Kills it and waits until all of it is gone. */
static void end(pid_t pid)
{
	int status;
	pid_t which;

	kill(pid, SIGKILL);
	do
		which = waitpid(-1, &status, __WALL);
	while (which > 0 && (which != pid || WIFSTOPPED(status)));
}

/* A stop at a system call: -1 when it cannot be looked at, 1 at the place. */
static int count(struct trace *t, struct thread *thread)
{
	struct ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, thread->tid, sizeof(info), &info) <
	    0)
		return -1;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		thread->is_changing =
		    is_changing(info.entry.nr, info.entry.args);
	if (!thread->is_changing)
		return 0;
	return ++t->seen == t->place;
}

enum trace_end trace_run(struct trace *t)
{
	struct thread threads[THREADS_MAX] = { 0 };
	pid_t pid = fork();

	t->seen = 0;
	t->status = 0;
	if (pid == 0)
		begin(t);
	if (pid < 0 || waitpid(pid, &t->status, 0) != pid ||
	    !WIFSTOPPED(t->status))
		return TRACE_IMPOSSIBLE;
	ptrace(PTRACE_SETOPTIONS, pid, 0,
	       PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACECLONE |
		   PTRACE_O_TRACEEXEC);
	ptrace(PTRACE_SYSCALL, pid, 0, 0);
	for (;;) {
		pid_t tid = waitpid(-1, &t->status, __WALL);
		int signal, rc = 0;

		if (tid < 0)
			return TRACE_IMPOSSIBLE;
		if (!WIFSTOPPED(t->status)) {
			if (tid == pid)
				return TRACE_ENDED;
			continue;
		}
		signal = WSTOPSIG(t->status);
		if (signal == (SIGTRAP | 0x80)) {
			rc = count(t, thread_of(threads, tid));
			signal = 0;
		} else if (t->status >> 16 || signal == SIGSTOP) {
			/* An event, or the first stop of a thread. */
			signal = 0;
		}
		if (rc) {
			end(pid);
			return rc < 0 ? TRACE_IMPOSSIBLE : TRACE_KILLED;
		}
		ptrace(PTRACE_SYSCALL, tid, 0, signal);
	}
}
