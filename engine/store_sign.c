#include <config.h>

/*
 * Signatures as git makes them, by the same programs: libgit2 makes none. The
 * commit's text goes to the program's standard input, the signature comes from
 * its standard output, what it says to standard error goes into our message.
 */

#include "engine/store_private.h"

#include "lang/base/buf.h"
#include "lang/base/clock.h"
#include "lang/base/error.h"
#include "lang/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	SIGNATURE_MOST = 64 * 1024,
	WAIT_MS = 300000, /* somebody may have to type a passphrase */
};

extern char **environ;

static const struct {
	const char *format, *setting, *program;
} formats[] = {
	{ "openpgp", "gpg.openpgp.program", "gpg" },
	{ "x509", "gpg.x509.program", "gpgsm" },
	{ "ssh", "gpg.ssh.program", "ssh-keygen" },
};

/* "~/.ssh/key": git expands it for paths, and people write it. */
static struct str expand_home(struct str path, struct arena *a)
{
	const char *home = getenv("HOME");

	if (!str_starts(path, "~/") || !home)
		return path;
	return str_fmt(a, "%s%.*s", home, STR_ARG(str_skip(path, 1)));
}

int store_signer(struct store *s, struct str committer, struct arena *a,
		 bool *is_wanted, struct signer *out, struct error *err)
{
	size_t n = sizeof(formats) / sizeof(*formats);
	size_t i = 0;

	*is_wanted = repo_setting_is_true(s->repo, "commit.gpgsign");
	*out = (struct signer){ 0 };
	if (!*is_wanted)
		return 0;
	if (!repo_setting(s->repo, "gpg.format", a, &out->format))
		out->format = STR("openpgp");
	while (i < n && !str_is(out->format, formats[i].format))
		i++;
	if (i == n)
		return error_set(err, ERROR_INVALID,
				 "git's gpg.format is \"%.*s\", which dmsl "
				 "cannot sign",
				 STR_ARG(out->format));
	if (!repo_setting(s->repo, formats[i].setting, a, &out->program) &&
	    (i != 0 || !repo_setting(s->repo, "gpg.program", a, &out->program)))
		out->program = str_from(formats[i].program);
	if (repo_setting(s->repo, "user.signingkey", a, &out->key))
		out->key = expand_home(out->key, a);
	else if (str_is(out->format, "ssh")) {
		error_set(err, ERROR_INVALID,
			  "git is to sign by ssh, and has no user.signingkey");
		return error_hint(err, "Run: git config user.signingkey "
				       "~/.ssh/id_ed25519.pub");
	} else {
		out->key = committer;
	}
	return 0;
}

struct child {
	pid_t pid;
	int in, out, err; /* our ends */
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int start(const char **argv, struct child *c, struct error *err)
{
	posix_spawn_file_actions_t actions;
	int in[2] = { -1, -1 };
	int out[2] = { -1, -1 };
	int say[2] = { -1, -1 };
	int code;

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 ||
	    pipe2(say, O_CLOEXEC) < 0) {
		code = errno;
	} else {
		posix_spawn_file_actions_init(&actions);
		posix_spawn_file_actions_adddup2(&actions, in[0], 0);
		posix_spawn_file_actions_adddup2(&actions, out[1], 1);
		posix_spawn_file_actions_adddup2(&actions, say[1], 2);
		/* posix_spawn() changes no argument, whatever its type says. */
		code = posix_spawnp(&c->pid, argv[0], &actions, NULL,
				    (char *const *)argv, environ);
		posix_spawn_file_actions_destroy(&actions);
	}
	close_fd(&in[0]);
	close_fd(&out[1]);
	close_fd(&say[1]);
	*c = (struct child){ c->pid, in[1], out[0], say[0] };
	if (code == 0)
		return 0;
	close_fd(&c->in);
	close_fd(&c->out);
	close_fd(&c->err);
	errno = code;
	return error_errno(err, "could not start \"%s\"", argv[0]);
}

static void read_some(int *fd, struct buf *to)
{
	char bytes[4096];
	ssize_t n = read(*fd, bytes, sizeof(bytes));

	if (n > 0)
		buf_add(to, bytes, (size_t)n);
	else if (n == 0 || (errno != EINTR && errno != EAGAIN))
		close_fd(fd);
}

static void write_some(int *fd, struct str *text)
{
	ssize_t n = write(*fd, text->s, text->n);

	if (n > 0)
		*text = str_skip(*text, (size_t)n);
	if (text->n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
		close_fd(fd);
}

/* Feeds and reads the child until it has closed both ends. */
static int talk(struct child *c, struct str text, struct buf *out,
		struct buf *say, struct error *err)
{
	int64_t until = clock_ms() + WAIT_MS;

	/* So that a child which reads nothing cannot hold us for ever. */
	fcntl(c->in, F_SETFL, O_NONBLOCK);
	while (c->out >= 0 || c->err >= 0) {
		struct pollfd fds[] = {
			{ .fd = c->in, .events = POLLOUT },
			{ .fd = c->out, .events = POLLIN },
			{ .fd = c->err, .events = POLLIN },
		};
		int64_t left = until - clock_ms();

		if (left <= 0)
			return error_set(err, ERROR_TIMEOUT,
					 "no signature came in %d s",
					 WAIT_MS / 1000);
		if (poll(fds, 3, (int)left) < 0 && errno != EINTR)
			return error_errno(err, "could not wait");
		if (fds[0].revents)
			write_some(&c->in, &text);
		if (fds[1].revents)
			read_some(&c->out, out);
		if (fds[2].revents)
			read_some(&c->err, say);
	}
	return 0;
}

/* The last line that the program said, for our message. */
static struct str last_line(const struct buf *say)
{
	struct str text = str_trim(buf_str(say));
	ptrdiff_t at = str_rfind(text, '\n');

	return str_trim(str_skip(text, (size_t)(at + 1)));
}

static int run(const char **argv, struct str text, struct buf *out,
	       struct error *err)
{
	struct child c = { .in = -1, .out = -1, .err = -1 };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction before;
	struct buf say;
	int status = 0;
	int rc;

	if (start(argv, &c, err) < 0)
		return -1;
	buf_init(&say, SIGNATURE_MOST);
	/* A child that does not read all is its own message. */
	sigaction(SIGPIPE, &ignore, &before);
	rc = talk(&c, text, out, &say, err);
	sigaction(SIGPIPE, &before, NULL);
	close_fd(&c.in);
	close_fd(&c.out);
	close_fd(&c.err);
	if (rc < 0)
		kill(c.pid, SIGKILL);
	while (waitpid(c.pid, &status, 0) < 0 && errno == EINTR)
		;
	if (rc == 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
		rc = error_set(err, ERROR_DENIED, "\"%s\" failed: %.*s",
			       argv[0], STR_ARG(last_line(&say)));
	buf_release(&say);
	return rc;
}

/* A public key given as text needs a file; removed when done. */
static int write_key(struct str key, char *path, struct error *err)
{
	int fd = mkostemp(path, O_CLOEXEC);
	int rc;

	if (fd < 0)
		return error_errno(err, "could not create \"%s\"", path);
	rc = file_write_all(fd, key.s, key.n, err);
	close(fd);
	return rc;
}

static int sign_by_ssh(const struct signer *g, struct str text, struct arena *a,
		       struct buf *out, struct error *err)
{
	char path[] = "/tmp/dmsl-key-XXXXXX";
	struct str key = g->key;
	bool is_text = str_starts(key, "ssh-") || str_starts(key, "key::");
	const char *argv[] = {
		str_c(g->program, a), "-Y", "sign", "-n", "git", "-f",
		str_c(key, a),	      NULL, NULL
	};
	int rc;

	if (!is_text)
		return run(argv, text, out, err);
	if (str_starts(key, "key::"))
		key = str_skip(key, 5);
	rc = write_key(key, path, err);
	/* -U: the private half is with the agent. */
	argv[6] = path;
	argv[7] = "-U";
	if (rc == 0)
		rc = run(argv, text, out, err);
	unlink(path);
	return rc;
}

int store_sign(void *data, struct str text, struct arena *a,
	       struct str *signature, struct error *err)
{
	const struct signer *g = data;
	const char *argv[] = { str_c(g->program, a), "-bsau", str_c(g->key, a),
			       NULL };
	struct buf out;
	int rc;

	buf_init(&out, SIGNATURE_MOST);
	if (str_is(g->format, "ssh"))
		rc = sign_by_ssh(g, text, a, &out, err);
	else
		rc = run(argv, text, &out, err);
	if (rc == 0 && (out.len == 0 || buf_is_full(&out)))
		rc = error_set(err, ERROR_FAILED, "\"%.*s\" gave no signature",
			       STR_ARG(g->program));
	if (rc == 0)
		*signature = str_dup(buf_str(&out), a);
	buf_release(&out);
	if (rc < 0) {
		error_add(err, "could not sign the commit");
		error_hint(err, "git is configured to sign (commit.gpgsign). "
				"Make \"git commit -S\" work, then run this "
				"again: nothing is lost.");
	}
	return rc;
}
