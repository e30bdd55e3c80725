#include <config.h>

#include "tests/unit/sql_server.h"

#include "lang/base/arena.h"
#include "lang/base/clock.h"
#include "lang/base/error.h"
#include "lang/base/file.h"

#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct sql_server {
	char folder[64];
	char bin[256];
	uid_t uid;
	gid_t gid;
	pid_t pid;
};

/* The newest installed version's programs. */
static bool find_programs(struct sql_server *s)
{
	glob_t found;
	bool ok;

	ok = glob("/usr/lib/postgresql/*/bin/initdb", 0, NULL, &found) == 0 &&
	     found.gl_pathc > 0;
	if (ok) {
		snprintf(s->bin, sizeof(s->bin), "%s",
			 found.gl_pathv[found.gl_pathc - 1]);
		*strrchr(s->bin, '/') = '\0';
	}
	globfree(&found);
	return ok;
}

static void choose_account(struct sql_server *s)
{
	const struct passwd *account = NULL;

	s->uid = getuid();
	s->gid = getgid();
	if (s->uid != 0)
		return;
	account = getpwnam("postgres");
	if (!account)
		account = getpwnam("nobody");
	assert_non_null(account);
	s->uid = account->pw_uid;
	s->gid = account->pw_gid;
}

static pid_t spawn(struct sql_server *s, char *const argv[])
{
	pid_t pid = fork();
	int null;

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	null = open("/dev/null", O_RDWR);
	if (null < 0 || chdir(s->folder) != 0 ||
	    (getuid() == 0 && (setgroups(0, NULL) != 0 ||
			       setgid(s->gid) != 0 || setuid(s->uid) != 0)))
		_exit(126);
	dup2(null, 0);
	dup2(null, 1);
	dup2(null, 2);
	setenv("LC_ALL", "C", 1);
	execv(argv[0], argv);
	_exit(127);
}

struct pg_target sql_server_target(const struct sql_server *s,
				   const char *database)
{
	return (struct pg_target){
		.host = str_from(s->folder),
		.port = 5432,
		.database = str_from(database),
		.user = STR("tester"),
		.password = STR("not used"),
		.ssl_mode = STR("disable"),
	};
}

static void wait_ready(struct sql_server *s)
{
	struct pg_target t = sql_server_target(s, "postgres");
	struct error err = { 0 };

	for (int i = 0; i < 300; i++) {
		struct pg *c;

		if (pg_open(&t, &c, &err) == 0) {
			pg_close(c);
			return;
		}
		assert_int_equal(waitpid(s->pid, NULL, WNOHANG), 0);
		clock_sleep_ms(50);
	}
	fail_msg("the server did not start: %s", err.message);
}

struct sql_server *sql_server_start(void)
{
	struct sql_server *s = calloc(1, sizeof(*s));
	char program[300], data[100];
	int status;

	if (!find_programs(s)) {
		free(s);
		return NULL;
	}
	choose_account(s);
	snprintf(s->folder, sizeof(s->folder), "/tmp/dmsl-sql-XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	assert_int_equal(chown(s->folder, s->uid, s->gid), 0);
	snprintf(data, sizeof(data), "%s/data", s->folder);
	snprintf(program, sizeof(program), "%s/initdb", s->bin);
	char *initdb[] = { program, (char[]){ "-N" }, (char[]){ "-D" }, data,
			   (char[]){ "-U" }, (char[]){ "tester" },
			   (char[]){ "--auth=trust" },
			   (char[]){ "--locale=C" },
			   (char[]){ "--encoding=UTF8" }, NULL };
	assert_int_equal(waitpid(spawn(s, initdb), &status, 0) > 0, 1);
	assert_int_equal(status, 0);
	snprintf(program, sizeof(program), "%s/postgres", s->bin);
	char sockets[120];
	snprintf(sockets, sizeof(sockets), "unix_socket_directories=%s",
		 s->folder);
	char *postgres[] = { program, (char[]){ "-D" }, data,
			     (char[]){ "-c" }, (char[]){ "listen_addresses=" },
			     (char[]){ "-c" }, sockets, (char[]){ "-c" },
			     (char[]){ "fsync=off" }, NULL };
	s->pid = spawn(s, postgres);
	wait_ready(s);
	return s;
}

const char *sql_server_ask(const struct sql_server *s, const char *database,
			   const char *sql, struct arena *a)
{
	struct pg_target t = sql_server_target(s, database);
	struct pg_result r = { 0 };
	struct error err = { 0 };
	struct pg *c;

	if (pg_open(&t, &c, &err) < 0)
		fail_msg("%s", err.message);
	if (pg_query(c, sql, 0, NULL, a, &r, &err) < 0)
		fail_msg("%s: %s", sql, err.message);
	pg_close(c);
	return r.n_rows && r.n_columns ? r.cells[0].s : NULL;
}

void sql_server_stop(struct sql_server *s)
{
	struct error err;

	kill(s->pid, SIGQUIT);
	waitpid(s->pid, NULL, 0);
	file_remove_tree(s->folder, &err);
	free(s);
}
