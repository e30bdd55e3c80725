/*
 * credential_process: a program that prints keys. It is run without a shell;
 * its errors go where ours go, its output is read up to a limit, and its time
 * is bounded, though long: it may ask a person.
 */
#include <config.h>

#include "providers/aws/source.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/clock.h"
#include "lang/base/error.h"
#include "lang/base/vec.h"
#include "lang/json.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUTPUT_MAX = 64 << 10, TIME_MS = 180000, END_MS = 2000 };

/*
 * The words of a command line as a shell would cut it: quotes of both kinds,
 * backslashes; nothing else means anything. NULL: a quote does not end.
 */
static char **words_of(struct str text, struct arena *a)
{
	VEC(char *) words = { 0 };
	char *word = arena_new(a, char, text.n + 1);
	size_t n = 0;
	char quote = 0;
	bool is_word = false;

	for (size_t i = 0; i <= text.n; i++) {
		char c = i < text.n ? text.s[i] : ' ';
		bool is_blank = c == ' ' || c == '\t' || c == '\n';

		if (c == '\\' && quote != '\'' && i + 1 < text.n) {
			word[n++] = text.s[++i];
			is_word = true;
		} else if (quote && c == quote && i < text.n) {
			quote = 0;
		} else if (!quote && (c == '"' || c == '\'')) {
			quote = c;
			is_word = true;
		} else if (quote || !is_blank) {
			word[n++] = c;
			is_word = true;
		} else if (is_word) {
			*vec_push(&words) = str_c((struct str){ word, n }, a);
			n = 0;
			is_word = false;
		}
	}
	*vec_push(&words) = NULL;
	if (quote || words.n == 1) {
		vec_release(&words);
		return NULL;
	}
	return vec_take(&words, a);
}

static int start(char **argv, int out, pid_t *pid, struct error *err)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, restored;
	int rc;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	/* What this program does about signals is not that one's. */
	posix_spawnattr_init(&attributes);
	sigemptyset(&none);
	sigemptyset(&restored);
	sigaddset(&restored, SIGPIPE);
	sigaddset(&restored, SIGXFSZ);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &restored);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK |
						  POSIX_SPAWN_SETSIGDEF);
	rc = posix_spawnp(pid, argv[0], &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	if (rc == 0)
		return 0;
	errno = rc;
	return error_errno(err, "could not run \"%s\"", argv[0]);
}

/* Until it closes its output. */
static int collect(int in, struct buf *b, int64_t deadline, struct error *err)
{
	struct pollfd fd = { .fd = in, .events = POLLIN };

	for (;;) {
		int64_t left = deadline - clock_ms();
		char bytes[4096];
		ssize_t n;

		if (left <= 0)
			return error_set(err, ERROR_DENIED,
					 "it said nothing for %d seconds",
					 TIME_MS / 1000);
		if (poll(&fd, 1, (int)left) <= 0)
			continue;
		n = read(in, bytes, sizeof(bytes));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, "could not read its output");
		buf_add(b, bytes, (size_t)n);
		explicit_bzero(bytes, sizeof(bytes));
		if (n == 0)
			return 0;
		if (buf_is_full(b))
			return error_set(err, ERROR_QUOTA,
					 "it printed more than %d bytes",
					 OUTPUT_MAX);
	}
}

static int wait_for(pid_t pid, bool is_wanted, struct error *err)
{
	int64_t deadline = clock_ms() + (is_wanted ? END_MS : 0);
	int status = 0;
	pid_t done;

	while ((done = waitpid(pid, &status, WNOHANG)) == 0 &&
	       clock_ms() < deadline)
		clock_sleep_ms(5);
	if (done == 0) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
	if (is_wanted && !(WIFEXITED(status) && WEXITSTATUS(status) == 0))
		return error_set(err, ERROR_DENIED, "it failed (%s %d)",
				 WIFEXITED(status) ? "status" : "signal",
				 WIFEXITED(status) ? WEXITSTATUS(status)
						   : WTERMSIG(status));
	return 0;
}

static int run(char **argv, struct buf *b, struct error *err)
{
	struct error ignored;
	pid_t pid = 0;
	int ends[2], rc;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, "could not make a pipe");
	rc = start(argv, ends[1], &pid, err);
	close(ends[1]);
	if (rc == 0) {
		rc = collect(ends[0], b, clock_ms() + TIME_MS, err);
		if (rc == 0)
			rc = wait_for(pid, true, err);
		else
			wait_for(pid, false, &ignored);
	}
	close(ends[0]);
	return rc;
}

static int take(struct str text, struct arena *a, struct aws_keys *out,
		struct error *err)
{
	static const struct key_names names = {
		"AccessKeyId",
		"SecretAccessKey",
		"SessionToken",
		"Expiration",
	};
	struct error ignored;
	struct value v;

	/* The reader's words may repeat what was printed. */
	if (json_read(text, a, &v, &ignored) < 0)
		return error_set(err, ERROR_FAILED,
				 "what it printed is not JSON");
	if (value_number(v, "Version", 0) != 1)
		return error_set(err, ERROR_FAILED,
				 "its answer is not of Version 1");
	return keys_from_map(v, &names, out, err);
}

int keys_of_process(const struct credentials_setup *s,
		    const struct key_source *k, struct arena *a,
		    struct aws_keys *out, struct error *err)
{
	char **argv = words_of(k->command, a);
	struct buf b;
	int rc;

	(void)s;
	if (!argv)
		return error_set(err, ERROR_INVALID,
				 "it is empty, or a quote in it does not end");
	buf_init(&b, OUTPUT_MAX);
	rc = run(argv, &b, err);
	if (rc == 0)
		rc = take(str_dup(buf_str(&b), a), a, out, err);
	buf_wipe(&b);
	return rc;
}
