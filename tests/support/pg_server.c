#include <config.h>

#include "tests/support/pg_server.h"

#include "lang/base/error.h"
#include "lang/base/file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *const folders[] = {
	"/usr/lib/postgresql/17/bin",
	"/usr/lib/postgresql/16/bin",
	"/usr/lib/postgresql/15/bin",
	"/usr/lib/postgresql/14/bin",
	"/usr/pgsql/bin",
	"/usr/local/pgsql/bin",
};

static const char *bin_folder(void)
{
	char path[200];

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(path, sizeof(path), "%s/initdb", folders[i]);
		if (access(path, X_OK) == 0)
			return folders[i];
	}
	return NULL;
}

bool pg_server_is_there(void)
{
	return bin_folder() != NULL;
}

/* PostgreSQL refuses to run as root. */
static const struct passwd *account(void)
{
	const struct passwd *p;

	if (geteuid() != 0)
		return getpwuid(geteuid());
	p = getpwnam("postgres");
	return p ? p : getpwnam("nobody");
}

/* In the child: becomes the account and runs the program; never returns. */
static void become(const struct passwd *p, const char *folder, char **argv)
{
	char log[128];
	int fd;

	snprintf(log, sizeof(log), "%s/log", folder);
	if (geteuid() == 0 && (setgroups(0, NULL) < 0 ||
			       setgid(p->pw_gid) < 0 || setuid(p->pw_uid) < 0))
		_exit(126);
	/* After the change of user, which would clear it. */
	prctl(PR_SET_PDEATHSIG, SIGINT);
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0 || chdir(folder) < 0)
		_exit(126);
	setenv("LC_ALL", "C", 1);
	execv(argv[0], argv);
	_exit(127);
}

static pid_t spawn(const struct pg_server *s, char **argv)
{
	const struct passwd *p = account();
	pid_t pid = fork();

	if (pid == 0)
		become(p, s->folder, argv);
	return pid;
}

static int free_port(const char *host)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int port = -1;

	inet_pton(AF_INET, host, &a.sin_addr);
	if (bind(fd, (struct sockaddr *)&a, n) == 0 &&
	    getsockname(fd, (struct sockaddr *)&a, &n) == 0)
		port = ntohs(a.sin_port);
	close(fd);
	return port;
}

static int write_password(const struct pg_server *s, const char *path)
{
	const struct passwd *p = account();
	struct error err = { 0 };
	struct str text = STR(PG_SERVER_PASSWORD "\n");

	(void)s;
	if (file_replace(path, text, 0600, &err) < 0)
		return -1;
	return geteuid() == 0 ? chown(path, p->pw_uid, p->pw_gid) : 0;
}

static int make_cluster(const struct pg_server *s, const char *bin)
{
	char program[256], data[128], password[128], option[160];
	char *argv[] = { program,
			 (char *)"-D",
			 data,
			 (char *)"-N",
			 (char *)"-A",
			 (char *)"scram-sha-256",
			 (char *)"-U",
			 (char *)"postgres",
			 option,
			 (char *)"--locale=C.UTF-8",
			 (char *)"--encoding=UTF8",
			 NULL };
	int status;
	pid_t pid;

	snprintf(program, sizeof(program), "%s/initdb", bin);
	snprintf(data, sizeof(data), "%s/data", s->folder);
	snprintf(password, sizeof(password), "%s/password", s->folder);
	snprintf(option, sizeof(option), "--pwfile=%s", password);
	if (write_password(s, password) < 0)
		return -1;
	pid = spawn(s, argv);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -1;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

static bool is_ready(const struct pg_server *s)
{
	char path[128], line[128];
	bool is_there = false;
	FILE *f;

	snprintf(path, sizeof(path), "%s/data/postmaster.pid", s->folder);
	f = fopen(path, "r");
	if (!f)
		return false;
	while (fgets(line, sizeof(line), f))
		is_there = is_there || strncmp(line, "ready", 5) == 0;
	fclose(f);
	return is_there;
}

static int run_server(struct pg_server *s, const char *bin)
{
	char program[256], data[128], listen_option[64], port_option[32];
	char *argv[] = {
		program,
		(char *)"-D",
		data,
		(char *)"-c",
		listen_option,
		(char *)"-c",
		port_option,
		(char *)"-c",
		(char *)"unix_socket_directories=",
		(char *)"-c",
		(char *)"fsync=off",
		(char *)"-c",
		(char *)"shared_buffers=32MB",
		NULL,
	};

	snprintf(program, sizeof(program), "%s/postgres", bin);
	snprintf(data, sizeof(data), "%s/data", s->folder);
	snprintf(listen_option, sizeof(listen_option), "listen_addresses=%s",
		 s->host);
	snprintf(port_option, sizeof(port_option), "port=%d", s->port);
	s->pid = spawn(s, argv);
	for (int i = 0; s->pid > 0 && i < 1000; i++) {
		struct timespec pause = { 0, 20 * 1000 * 1000 };

		if (is_ready(s))
			return 0;
		if (waitpid(s->pid, NULL, WNOHANG) == s->pid) {
			s->pid = 0;
			return -1;
		}
		nanosleep(&pause, NULL);
	}
	return -1;
}

int pg_server_start(struct pg_server *s)
{
	const char *bin = bin_folder();
	const struct passwd *p = account();

	memset(s, 0, sizeof(*s));
	if (!bin || !p || !scratch_folder(s->folder, "test"))
		return -1;
	if (geteuid() == 0 && chown(s->folder, p->pw_uid, p->pw_gid) < 0)
		return -1;
	/* An address of this process: two runs at once do not meet. */
	snprintf(s->host, sizeof(s->host), "127.%d.%d.%d",
		 80 + (int)(getpid() / 65025 % 100),
		 1 + (int)(getpid() / 255 % 255), 1 + (int)(getpid() % 254));
	s->port = free_port(s->host);
	if (make_cluster(s, bin) < 0 || run_server(s, bin) < 0) {
		fprintf(stderr, "could not start PostgreSQL; see %s/log\n",
			s->folder);
		return -1;
	}
	return 0;
}

int pg_server_use_tls(struct pg_server *s, const char *name)
{
	static const char script[] =
	    "set -e; cd '%s'; exec >>openssl.log 2>&1;"
	    "openssl ecparam -name prime256v1 -genkey -noout -out ca.key;"
	    "openssl req -x509 -new -key ca.key -subj /CN=test-ca -days 2"
	    " -out ca.crt;"
	    "openssl ecparam -name prime256v1 -genkey -noout -out "
	    "data/server.key;"
	    "openssl req -new -key data/server.key -subj /CN=server -out "
	    "server.csr;"
	    "printf 'subjectAltName=DNS:%s' >names;"
	    "openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key "
	    "-CAcreateserial -days 2 -extfile names -out data/server.crt;"
	    "chmod 600 data/server.key; chown --reference=data "
	    "data/server.key data/server.crt;"
	    "echo 'ssl = on' >>data/postgresql.conf;"
	    "sed -i 's/^host /hostssl /' data/pg_hba.conf";
	char command[2000];

	snprintf(command, sizeof(command), script, s->folder, name);
	if (system(command) != 0)
		return -1;
	return kill(s->pid, SIGHUP);
}

void pg_server_stop(struct pg_server *s)
{
	struct error err = { 0 };

	if (s->pid > 0) {
		kill(s->pid, SIGINT);
		waitpid(s->pid, NULL, 0);
		s->pid = 0;
	}
	if (s->folder[0] && file_remove_tree(s->folder, &err) < 0)
		fprintf(stderr, "%s\n", err.message);
}
