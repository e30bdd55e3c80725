#include <config.h>

#include "providers/local/process.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/clock.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "providers/local/stack.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	INPUT_MAX = 32768, /* fits into a pipe that nobody reads yet */
	LOG_KEEP = 8 << 20,
	TAIL = 700,
};

/*
 * Everything that a child needs, made before the fork: between fork and exec
 * only calls that are safe in a child of a threaded process.
 */
struct child {
	const char *path;
	const char *const *argv;
	const char *const *env;
	const char *folder;
	const struct account *account; /* NULL: stays what it is */
	int in, out;
	int pid_file;	     /* -1: none */
	const char *boot_id; /* what ends the line of the pid file */
	int report;	     /* errno, when the exec fails */
	pid_t dies_with;     /* that parent; 0: outlives it */
};

/* Decimal digits of n at the end of text; returns where they begin. */
static char *digits(char *end, unsigned long long n)
{
	do
		*--end = (char)('0' + n % 10);
	while (n /= 10);
	return end;
}

/* Field 22 of a line of /proc/PID/stat; 0 when it is not one, or a zombie. */
static unsigned long long start_of(const char *text)
{
	const char *p = strrchr(text, ')');
	unsigned long long n = 0;

	/* Behind the name: a blank, the state (field 3), the others. */
	if (!p || p[1] != ' ' || p[2] == 'Z' || p[2] == 'X')
		return 0;
	p += 2;
	for (int field = 3; field < 22; field++) {
		p = strchr(p, ' ');
		if (!p)
			return 0;
		p++;
	}
	for (; *p >= '0' && *p <= '9'; p++)
		n = n * 10 + (unsigned long long)(*p - '0');
	return n;
}

static unsigned long long read_start(const char *path)
{
	char text[2048];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	return start_of(text);
}

static int write_pid(int fd, const char *boot_id)
{
	char text[160], number[32];
	char *end = number + sizeof(number);
	char *from = digits(end, (unsigned long long)getpid());
	size_t n = 0;

	memcpy(text + n, from, (size_t)(end - from));
	n += (size_t)(end - from);
	text[n++] = ' ';
	from = digits(end, read_start("/proc/self/stat"));
	memcpy(text + n, from, (size_t)(end - from));
	n += (size_t)(end - from);
	text[n++] = ' ';
	for (; *boot_id && n < sizeof(text) - 1; boot_id++)
		text[n++] = *boot_id;
	text[n++] = '\n';
	errno = ENOSPC; /* what a short write stands for */
	return write(fd, text, n) == (ssize_t)n ? 0 : -1;
}

/*
 * The raw calls: the library's are made to reach the other threads, which are
 * not there any more.
 */
static int become(const struct account *account)
{
	if (!account || !account->is_other)
		return 0;
	if (syscall(SYS_setgroups, account->n_groups, account->groups) < 0 ||
	    syscall(SYS_setresgid, account->gid, account->gid, account->gid) <
		0 ||
	    syscall(SYS_setresuid, account->uid, account->uid, account->uid) <
		0)
		return -1;
	return 0;
}

_Noreturn static void be_child(const struct child *c)
{
	struct sigaction plain = { .sa_handler = SIG_DFL };
	sigset_t none;
	int report = c->report, e;

	/* Workers block signals, and the program may catch some. */
	for (int s = 1; s < NSIG; s++)
		if (s != SIGKILL && s != SIGSTOP)
			sigaction(s, &plain, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (c->pid_file >= 0 && write_pid(c->pid_file, c->boot_id) < 0)
		goto fail;
	if (dup2(c->in, 0) < 0 || dup2(c->out, 1) < 0 || dup2(c->out, 2) < 0)
		goto fail;
	/* The report stands at 3 and closes with the exec. */
	if (c->report >= 0) {
		if (c->report != 3 && dup2(c->report, 3) < 0)
			goto fail;
		report = 3;
		fcntl(3, F_SETFD, FD_CLOEXEC);
	}
	close_range(c->report >= 0 ? 4 : 3, ~0U, 0);
	umask(077);
	if (become(c->account) < 0 || chdir(c->folder) < 0)
		goto fail;
	/* After the change of user, which takes it back. */
	if (c->dies_with) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* It may have ended before. */
		if (getppid() != c->dies_with)
			_exit(127);
	}
	execve(c->path, (char *const *)c->argv, (char *const *)c->env);
fail:
	e = errno;
	if (report >= 0 && write(report, &e, sizeof(e)) < 0)
		_exit(126);
	_exit(127);
}

static const char **make_env(const struct local *l, const struct program *p,
			     struct arena *a)
{
	const char **env = arena_new(a, const char *, 8);
	size_t n = 0;

	env[n++] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
		   "/sbin:/bin";
	env[n++] = "LC_ALL=C";
	env[n++] = "TZ=UTC";
	env[n++] = str_fmt(a, "HOME=%s", p->folder).s;
	env[n++] = str_fmt(a, "USER=%s", l->account.name).s;
	return env;
}

/* A pipe that holds the input already; its reading end. */
static int make_input(struct str input, struct error *err)
{
	int ends[2];

	if (!input.n) {
		int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			error_errno(err, "could not open \"/dev/null\"");
		return fd;
	}
	if (input.n > INPUT_MAX) {
		error_set(err, ERROR_QUOTA,
			  "an input of %zu bytes is too large", input.n);
		return -1;
	}
	if (pipe2(ends, O_CLOEXEC) < 0) {
		error_errno(err, "could not make a pipe");
		return -1;
	}
	if (file_write_all(ends[1], input.s, input.n, err) < 0) {
		close(ends[0]);
		ends[0] = -1;
	}
	close(ends[1]);
	return ends[0];
}

static const char *boot_id(struct arena *a)
{
	struct error none;
	struct str text;

	if (file_read("/proc/sys/kernel/random/boot_id", 100, a, &text, &none) <
	    0)
		return "-";
	return str_c(str_trim(text), a);
}

static pid_t wait_for(pid_t pid, int *status)
{
	pid_t got;

	do
		got = waitpid(pid, status, 0);
	while (got < 0 && errno == EINTR);
	return got;
}

/* The log is cut to nothing when it has grown beyond all interest. */
static int open_log(const char *path, struct error *err)
{
	struct stat info;
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (fd < 0) {
		error_errno(err, "could not open \"%s\"", path);
		return -1;
	}
	if (fstat(fd, &info) == 0 && info.st_size > LOG_KEEP &&
	    ftruncate(fd, 0) < 0) {
		error_errno(err, "could not cut \"%s\"", path);
		close(fd);
		return -1;
	}
	return fd;
}

/* Twice forked: the server's parent is init, not us. */
static int fork_twice(struct child *c, int report_from, struct error *err)
{
	pid_t pid = fork();
	int status = 0, failure = 0;
	ssize_t n;

	if (pid < 0)
		return error_errno(err, "could not start \"%s\"", c->path);
	if (pid == 0) {
		setsid();
		pid = fork();
		if (pid == 0)
			be_child(c);
		_exit(pid < 0 ? 1 : 0);
	}
	close(c->report);
	c->report = -1;
	wait_for(pid, &status);
	if (status)
		return error_set(err, ERROR_FAILED,
				 "could not start \"%s\": no process", c->path);
	do
		n = read(report_from, &failure, sizeof(failure));
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)sizeof(failure)) {
		errno = failure;
		return error_errno(err, "could not start \"%s\"", c->path);
	}
	return 0;
}

int process_start(const struct local *l, const char *name,
		  const struct program *p, struct process *out,
		  struct error *err)
{
	struct arena a = { 0 };
	struct child c = {
		.path = p->path,
		.argv = p->argv,
		.env = make_env(l, p, &a),
		.folder = p->folder,
		.account = p->as_self ? NULL : &l->account,
		.in = -1,
		.out = -1,
		.pid_file = -1,
		.report = -1,
		.boot_id = boot_id(&a),
	};
	char *pid_path = stack_path(l, &a, "run/%s.pid", name);
	int ends[2] = { -1, -1 };
	int rc = -1;

	c.in = make_input(p->input, err);
	if (c.in < 0)
		goto out;
	c.out = open_log(stack_path(l, &a, "log/%s.log", name), err);
	if (c.out < 0)
		goto out;
	c.pid_file =
	    open(pid_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (c.pid_file < 0) {
		error_errno(err, "could not open \"%s\"", pid_path);
		goto out;
	}
	if (pipe2(ends, O_CLOEXEC) < 0) {
		error_errno(err, "could not make a pipe");
		goto out;
	}
	c.report = ends[1];
	rc = fork_twice(&c, ends[0], err);
	if (rc == 0 && !process_find(l, name, out))
		/* It ended at once; who asked looks at the log. */
		*out = (struct process){ 0 };
out:
	if (c.report >= 0)
		close(c.report);
	if (ends[0] >= 0)
		close(ends[0]);
	if (c.in >= 0)
		close(c.in);
	if (c.out >= 0)
		close(c.out);
	if (c.pid_file >= 0)
		close(c.pid_file);
	arena_release(&a);
	return rc;
}

bool process_is_alive(const struct process *p)
{
	char path[64];

	if (p->pid <= 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)p->pid);
	return p->start && read_start(path) == p->start;
}

bool process_is_zombie(pid_t pid)
{
	char path[64], text[512];
	const char *state;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	state = strrchr(text, ')');
	return state && state[1] == ' ' && state[2] == 'Z';
}

bool process_find(const struct local *l, const char *name, struct process *out)
{
	struct arena a = { 0 };
	unsigned long pid = 0;
	struct error none;
	struct str text;
	char boot[100];
	bool is_alive = false;

	*out = (struct process){ 0 };
	if (l->folder &&
	    file_read(stack_path(l, &a, "run/%s.pid", name), 400, &a, &text,
		      &none) == 0 &&
	    sscanf(text.s, "%lu %llu %99s", &pid, &out->start, boot) == 3 &&
	    strcmp(boot, boot_id(&a)) == 0) {
		out->pid = (pid_t)pid;
		is_alive = process_is_alive(out);
	}
	arena_release(&a);
	return is_alive;
}

bool process_signal(const struct process *p, int signal)
{
	/* The descriptor pins the process; then the look at it holds. */
	int fd = p->pid > 0 ? (int)syscall(SYS_pidfd_open, p->pid, 0) : -1;
	bool was_there;

	if (fd < 0)
		return p->pid > 0 && errno == ENOSYS && process_is_alive(p) &&
		       kill(p->pid, signal) == 0;
	was_there = process_is_alive(p) &&
		    syscall(SYS_pidfd_send_signal, fd, signal, NULL, 0) == 0;
	close(fd);
	return was_there;
}

static bool wait_gone(const struct process *p, int64_t ms)
{
	int64_t end = clock_ms() + ms;
	int64_t pause = 1;

	while (process_is_alive(p)) {
		if (clock_ms() >= end)
			return false;
		clock_sleep_ms(pause);
		if (pause < 20)
			pause *= 2;
	}
	return true;
}

int process_stop(const struct local *l, const char *name, int signal,
		 int harder, int64_t ms, struct error *err)
{
	struct arena a = { 0 };
	struct process p;
	int rc = 0;

	if (process_find(l, name, &p)) {
		process_signal(&p, signal);
		if (!wait_gone(&p, ms)) {
			process_signal(&p, harder);
			if (!wait_gone(&p, 5000)) {
				process_signal(&p, SIGKILL);
				if (!wait_gone(&p, 5000))
					rc = error_set(
					    err, ERROR_TIMEOUT,
					    "process %ld (%s) does not end",
					    (long)p.pid, name);
			}
		}
	}
	if (rc == 0 && l->folder)
		unlink(stack_path(l, &a, "run/%s.pid", name));
	arena_release(&a);
	return rc;
}

/* Reads until the end or the deadline; 1 when time ran out. */
static int drain(int fd, int64_t end, struct buf *output)
{
	char text[4096];

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left = end - clock_ms();
		ssize_t n;

		if (left <= 0)
			return 1;
		if (poll(&p, 1, left > 1000 ? 1000 : (int)left) <= 0)
			continue;
		n = read(fd, text, sizeof(text));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		buf_add(output, text, (size_t)n);
	}
}

int process_run(const struct local *l, const struct program *p,
		int64_t timeout_ms, struct buf *output, int *status,
		struct error *err)
{
	struct arena a = { 0 };
	struct child c = {
		.path = p->path,
		.argv = p->argv,
		.env = make_env(l, p, &a),
		.folder = p->folder,
		.account = p->as_self ? NULL : &l->account,
		.in = -1,
		.out = -1,
		.pid_file = -1,
		.report = -1,
		.dies_with = getpid(),
	};
	int64_t end = clock_ms() + timeout_ms;
	int ends[2] = { -1, -1 };
	int rc = -1;
	pid_t pid;

	c.in = make_input(p->input, err);
	if (c.in < 0)
		goto out;
	if (pipe2(ends, O_CLOEXEC) < 0) {
		error_errno(err, "could not make a pipe");
		goto out;
	}
	c.out = ends[1];
	pid = fork();
	if (pid == 0) {
		/* A group of its own, so that all of it can be ended. */
		setpgid(0, 0);
		be_child(&c);
	}
	if (pid < 0) {
		error_errno(err, "could not start \"%s\"", p->path);
		goto out;
	}
	close(c.out);
	c.out = -1;
	rc = 0;
	if (drain(ends[0], end, output)) {
		kill(-pid, SIGKILL);
		kill(pid, SIGKILL);
		rc = error_set(err, ERROR_TIMEOUT,
			       "\"%s\" did not end within %lld s", p->path,
			       (long long)(timeout_ms / 1000));
	}
	wait_for(pid, status);
	if (rc == 0 && WIFEXITED(*status) && WEXITSTATUS(*status) == 127)
		rc = error_set(err, ERROR_UNAVAILABLE, "could not start \"%s\"",
			       p->path);
out:
	if (c.out >= 0)
		close(c.out);
	if (ends[0] >= 0)
		close(ends[0]);
	if (c.in >= 0)
		close(c.in);
	arena_release(&a);
	return rc;
}

void process_trim_log(const struct local *l, const char *name)
{
	struct arena a = { 0 };
	char *path = stack_path(l, &a, "log/%s.log", name);
	struct error none;
	int fd = access(path, F_OK) == 0 ? open_log(path, &none) : -1;

	if (fd >= 0)
		close(fd);
	arena_release(&a);
}

struct str process_log_tail(const struct local *l, const char *name,
			    struct arena *a)
{
	int fd =
	    open(stack_path(l, a, "log/%s.log", name), O_RDONLY | O_CLOEXEC);
	char *text = arena_new(a, char, TAIL + 1);
	struct str tail;
	ssize_t n = 0;
	off_t size;

	if (fd < 0)
		return (struct str){ 0 };
	size = lseek(fd, 0, SEEK_END);
	if (size > 0)
		n = pread(fd, text, TAIL, size > TAIL ? size - TAIL : 0);
	close(fd);
	if (n <= 0)
		return (struct str){ 0 };
	tail = (struct str){ text, (size_t)n };
	if (size > TAIL)
		str_cut(&tail, '\n');
	tail = str_dup(str_trim(tail), a);
	for (size_t i = 0; i < tail.n; i++)
		if ((unsigned char)tail.s[i] < ' ')
			((char *)(uintptr_t)tail.s)[i] = ' ';
	return tail;
}

static const char *in_folder(struct str folder, const char *name,
			     struct arena *a)
{
	const char *path = str_fmt(a, "%.*s/%s", STR_ARG(folder), name).s;

	return access(path, X_OK) == 0 ? path : NULL;
}

const char *process_program(const char *name, const char *const *folders,
			    struct arena *a)
{
	struct str path = str_from(getenv("PATH"));
	const char *found;

	for (; folders && *folders; folders++)
		if ((found = in_folder(str_from(*folders), name, a)))
			return found;
	while (path.n) {
		struct str folder = str_cut(&path, ':');

		if (folder.n && folder.s[0] == '/' &&
		    (found = in_folder(folder, name, a)))
			return found;
	}
	return NULL;
}
