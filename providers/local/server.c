#include <config.h>

#include "providers/local/server.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/clock.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "providers/local/ids.h"
#include "providers/local/network.h"
#include "providers/local/process.h"
#include "providers/local/stack.h"
#include "providers/local/tls.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	CONF_MAX = 1 << 20,
	LEFT_OVER_MS = 5000,
	INITDB_MS = 120000,
	STOP_MS = 20000,
	FORMER_MS = 5000,
};

void server_init(const struct local *l, struct str cluster, struct arena *a,
		 struct server *out)
{
	struct str hash = id_hash(l, "cluster", cluster, 12, a);

	*out = (struct server){
		.cluster = str_dup(cluster, a),
		.name = str_fmt(a, "db-%.*s", STR_ARG(cluster)).s,
		.folder = stack_path(l, a, "db/%.*s", STR_ARG(hash)),
		.data = stack_path(l, a, "db/%.*s/data", STR_ARG(hash)),
	};
}

/* The majors that Debian's folders show, for a message. */
static struct str installed(struct arena *a)
{
	DIR *d = opendir("/usr/lib/postgresql");
	struct dirent *entry;
	struct buf b;
	struct str list;

	buf_init(&b, 200);
	while (d && (entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		buf_fmt(&b, "%s%s", b.len ? ", " : "", entry->d_name);
	}
	if (d)
		closedir(d);
	list = str_dup(buf_str(&b), a);
	buf_release(&b);
	return list;
}

int server_find_programs(struct server *s, struct str version, struct arena *a,
			 struct error *err)
{
	struct str rest = version;
	struct str major = str_cut(&rest, '.');
	const char *folders[4] = { 0 };
	const char *found;
	uint64_t n;

	if (!str_to_u64(major, &n) || n < 10 || n > 99)
		return error_set(err, ERROR_INVALID,
				 "\"%.*s\" is not a version of PostgreSQL",
				 STR_ARG(version));
	folders[0] =
	    str_fmt(a, "/usr/lib/postgresql/%.*s/bin", STR_ARG(major)).s;
	folders[1] = str_fmt(a, "/usr/pgsql-%.*s/bin", STR_ARG(major)).s;
	folders[2] = str_fmt(a, "/usr/local/pgsql-%.*s/bin", STR_ARG(major)).s;
	for (size_t i = 0; folders[i]; i++) {
		found = str_fmt(a, "%s/initdb", folders[i]).s;
		if (access(found, X_OK) == 0) {
			s->programs = folders[i];
			return 0;
		}
	}
	error_set(err, ERROR_FAILED,
		  "PostgreSQL %.*s is not installed on this machine%s%.*s",
		  STR_ARG(major), installed(a).n ? "; installed: " : "",
		  STR_ARG(installed(a)));
	return error_hint(err,
			  "Install it (Debian: apt install "
			  "postgresql-%.*s), or declare a version that is "
			  "there.",
			  STR_ARG(major));
}

bool server_exists(const struct local *l, const struct server *s)
{
	struct arena a = { 0 };
	bool is_there;

	(void)l;
	is_there = access(str_fmt(&a, "%s/PG_VERSION", s->data).s, F_OK) == 0;
	arena_release(&a);
	return is_there;
}

/*
 * Left-overs of an initdb that was interrupted: new.XXXXXXXX. It ended with the
 * run that began it; a child of its own may still write for a moment.
 */
static int try_remove_half_made(const struct local *l, const struct server *s,
				struct arena *a, struct error *err)
{
	struct dirent *entry;
	DIR *d;
	int rc = 0;

	stack_enter(l);
	d = opendir(s->folder);
	while (d && rc == 0 && (entry = readdir(d)))
		if (str_starts(str_from(entry->d_name), "new."))
			rc = file_remove_tree(
			    str_fmt(a, "%s/%s", s->folder, entry->d_name).s,
			    err);
	if (d)
		closedir(d);
	stack_leave(l);
	return rc;
}

static int remove_half_made(const struct local *l, const struct server *s,
			    struct arena *a, struct error *err)
{
	int64_t end = clock_ms() + LEFT_OVER_MS;

	while (try_remove_half_made(l, s, a, err) < 0) {
		if (clock_ms() >= end)
			return -1;
		clock_sleep_ms(50);
	}
	return 0;
}

static int run_initdb(struct local *l, const struct server *s,
		      const char *fresh, struct arena *a, struct error *err)
{
	/* It looks for the server beside itself, by its own first argument. */
	const char *path = str_fmt(a, "%s/initdb", s->programs).s;
	const char *argv[] = {
		path,
		"-D",
		fresh,
		"-N",
		"-U",
		"rdsadmin",
		"-E",
		"UTF8",
		"--locale=C.UTF-8",
		"--auth-local=peer",
		"--auth-host=reject",
		"--no-instructions",
		NULL,
	};
	struct program p = {
		.path = path,
		.argv = argv,
		.folder = s->folder,
	};
	struct buf output;
	struct str text;
	int status, rc;

	buf_init(&output, 16384);
	rc = process_run(l, &p, INITDB_MS, &output, &status, err);
	if (rc == 0 && status) {
		text = str_trim(buf_str(&output));
		/* The reason stands at the end. */
		if (text.n > 600)
			text = str_skip(text, text.n - 600);
		for (size_t i = 0; i < output.len; i++)
			if (output.data[i] == '\n')
				output.data[i] = ' ';
		rc = error_set(err, ERROR_FAILED, "initdb failed: %.*s",
			       STR_ARG(text));
	}
	buf_release(&output);
	return rc;
}

int server_make(struct local *l, const struct server *s, struct error *err)
{
	struct arena a = { 0 };
	char *fresh;
	int rc = -1, fd;

	if (server_exists(l, s))
		return 0;
	if (stack_make(l, err) < 0 ||
	    stack_make_account_folder(l, s->folder, err) < 0 ||
	    remove_half_made(l, s, &a, err) < 0)
		goto out;
	fresh = str_c(str_fmt(&a, "%s/new.%llx", s->folder,
			      (unsigned long long)clock_us()),
		      &a);
	if (run_initdb(l, s, fresh, &a, err) < 0)
		goto out;
	/* initdb -N syncs nothing; this does, and faster than file by file. */
	fd = open(s->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || syncfs(fd) < 0) {
		error_errno(err, "could not sync \"%s\"", s->folder);
		if (fd >= 0)
			close(fd);
		goto out;
	}
	close(fd);
	stack_enter(l);
	rc = rename(fresh, s->data);
	stack_leave(l);
	if (rc < 0)
		error_errno(err, "could not rename \"%s\"", fresh);
	else
		rc = file_sync(s->folder, err);
out:
	arena_release(&a);
	return rc;
}

static void add_setting(struct buf *b, struct str name, struct str value)
{
	buf_add_str(b, name);
	buf_add_c(b, " = '");
	for (size_t i = 0; i < value.n; i++) {
		if (value.s[i] == '\'' || value.s[i] == '\\')
			buf_add_char(b, value.s[i]);
		buf_add_char(b, value.s[i]);
	}
	buf_add_c(b, "'\n");
}

/* What the rehearsal itself steers; AWS does not let them be set either. */
static bool is_ours(struct str name)
{
	static const char *const names[] = {
		"cluster_name",
		"config_file",
		"data_directory",
		"external_pid_file",
		"hba_file",
		"ident_file",
		"listen_addresses",
		"password_encryption",
		"port",
		"unix_socket_directories",
		"unix_socket_permissions",
		"wal_level",
	};

	if (str_starts(name, "ssl") || str_starts(name, "unix_socket") ||
	    str_starts(name, "include"))
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_is(name, names[i]))
			return true;
	return false;
}

static bool is_name(struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.s[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		      c == '_' || (c == '.' && i)))
			return false;
	}
	return name.n > 0 && name.n < 64;
}

static int add_parameters(struct buf *b, struct value parameters,
			  struct error *err)
{
	for (size_t i = 0;
	     parameters.kind == VALUE_MAP && i < parameters.as.map.n; i++) {
		struct value_entry e = parameters.as.map.entries[i];

		/* The service's own: what they mean is done elsewhere. */
		if (str_starts(e.key, "rds.") || str_starts(e.key, "aurora") ||
		    str_starts(e.key, "apg_"))
			continue;
		if (!is_name(e.key) ||
		    memchr(e.value.as.text.s, '\n', e.value.as.text.n))
			return error_set(err, ERROR_INVALID,
					 "\"%.*s\" is not a server parameter",
					 STR_ARG(e.key));
		if (is_ours(e.key))
			return error_set(err, ERROR_INVALID,
					 "the parameter \"%.*s\" cannot be "
					 "modified",
					 STR_ARG(e.key));
		add_setting(b, e.key, e.value.as.text);
	}
	return 0;
}

static bool is_on(struct str text)
{
	return str_is(text, "1") || str_is(text, "on") || str_is(text, "true");
}

static int write_conf(struct local *l, const struct server *s,
		      struct value parameters, struct arena *a,
		      struct error *err)
{
	bool is_logical =
	    is_on(value_text(parameters, "rds.logical_replication"));
	struct buf b;
	int rc;

	buf_init(&b, CONF_MAX);
	buf_add_c(&b, "# Written by dmsl before each start.\n");
	add_setting(&b, STR("listen_addresses"), s->address);
	buf_fmt(&b, "port = %d\n", s->port);
	add_setting(&b, STR("unix_socket_directories"), str_from(s->folder));
	add_setting(&b, STR("cluster_name"), s->cluster);
	add_setting(&b, STR("ssl_cert_file"),
		    str_fmt(a, "%s/server.pem", s->folder));
	add_setting(&b, STR("ssl_key_file"),
		    str_fmt(a, "%s/server.pem", s->folder));
	buf_fmt(&b,
		"unix_socket_permissions = 0700\n"
		"ssl = on\n"
		"ssl_min_protocol_version = 'TLSv1.2'\n"
		"password_encryption = 'scram-sha-256'\n"
		"wal_level = %s\n"
		"max_connections = 200\n"
		"shared_buffers = 128MB\n"
		"max_wal_senders = 20\n"
		"max_replication_slots = 20\n"
		/*
		 * A rehearsal may lose the last moments in a power cut; it may
		 * not lose its order, so fsync stays on.
		 */
		"synchronous_commit = off\n"
		"timezone = 'UTC'\n"
		"log_timezone = 'UTC'\n"
		/* Statements may hold passwords; we show those that fail. */
		"log_min_error_statement = panic\n"
		"lc_messages = 'C'\n"
		"log_line_prefix = '%%m [%%p] %%q%%u@%%d '\n",
		is_logical ? "logical" : "replica");
	rc = add_parameters(&b, parameters, err);
	if (rc == 0 && buf_is_full(&b))
		rc = error_set(err, ERROR_QUOTA, "too many parameters");
	if (rc == 0) {
		stack_enter(l);
		rc = file_replace(str_fmt(a, "%s/postgresql.conf", s->data).s,
				  buf_str(&b), 0600, err);
		stack_leave(l);
	}
	buf_release(&b);
	return rc;
}

/* Who may come in: dmsl by the socket, users over TLS with a password. */
static int write_access(struct local *l, const struct server *s,
			struct arena *a, struct error *err)
{
	static const char hba[] =
	    "# Written by dmsl before each start.\n"
	    "local   all         rdsadmin  peer map=dmsl\n"
	    "hostssl all         rdsadmin  all reject\n"
	    "hostssl all         all       all scram-sha-256\n"
	    "hostssl replication all       all scram-sha-256\n";
	struct passwd entry, *found = NULL;
	char text[4096];
	struct str ident;
	int rc;

	if (getpwuid_r(geteuid(), &entry, text, sizeof(text), &found) != 0 ||
	    !found)
		return error_set(err, ERROR_UNAVAILABLE,
				 "the user of dmsl has no name");
	ident = str_fmt(a, "dmsl \"%s\" rdsadmin\n", found->pw_name);
	stack_enter(l);
	rc = file_replace(str_fmt(a, "%s/pg_hba.conf", s->data).s,
			  str_from(hba), 0600, err);
	if (rc == 0)
		rc = file_replace(str_fmt(a, "%s/pg_ident.conf", s->data).s,
				  ident, 0600, err);
	stack_leave(l);
	return rc;
}

static int certify(struct local *l, const struct server *s,
		   const struct str *names, size_t n_names, struct error *err)
{
	struct arena a = { 0 };
	int changed, rc;

	rc = tls_issue(l, str_fmt(&a, "%s/server.pem", s->folder).s, names,
		       n_names, &changed, err);
	if (rc == 0 && changed)
		server_reload(l, s);
	arena_release(&a);
	return rc;
}

int server_certify(struct local *l, const struct server *s,
		   const struct str *names, size_t n_names, struct error *err)
{
	int rc;

	pthread_mutex_lock(&l->configuring);
	rc = certify(l, s, names, n_names, err);
	pthread_mutex_unlock(&l->configuring);
	return rc;
}

int server_configure(struct local *l, const struct server *s,
		     struct value parameters, const struct str *names,
		     size_t n_names, struct error *err)
{
	struct arena a = { 0 };
	int rc = -1;

	pthread_mutex_lock(&l->configuring);
	if (write_conf(l, s, parameters, &a, err) == 0 &&
	    write_access(l, s, &a, err) == 0)
		rc = certify(l, s, names, n_names, err);
	pthread_mutex_unlock(&l->configuring);
	arena_release(&a);
	return rc;
}

/*
 * PostgreSQL takes a killed server for a running one until somebody has waited
 * for it, and so do we: its lock file also guards what its children may still
 * do.
 */
static void wait_for_former(const struct server *s, struct arena *a)
{
	int64_t end = clock_ms() + FORMER_MS;
	struct error none;
	struct str text;
	uint64_t pid;

	if (file_read(str_fmt(a, "%s/postmaster.pid", s->data).s, 4096, a,
		      &text, &none) < 0 ||
	    !str_to_u64(str_cut(&text, '\n'), &pid) || pid < 2 || pid > INT_MAX)
		return;
	while (clock_ms() < end && process_is_zombie((pid_t)pid))
		clock_sleep_ms(20);
}

int server_start(struct local *l, const struct server *s, struct error *err)
{
	struct arena a = { 0 };
	const char *path = str_fmt(&a, "%s/postgres", s->programs).s;
	const char *argv[] = { path, "-D", s->data, NULL };
	struct program p = {
		.path = path,
		.argv = argv,
		.folder = s->folder,
	};
	struct process started;
	int rc = -1;

	wait_for_former(s, &a);
	/* The server would start without an address that is taken. */
	if (network_test(s->address, s->port, err) == 0)
		rc = process_start(l, s->name, &p, &started, err);
	arena_release(&a);
	return rc;
}

enum server_state server_look(const struct local *l, const struct server *s)
{
	enum server_state state = SERVER_STARTING;
	struct arena a = { 0 };
	struct process p;
	struct error none;
	struct str text, line;
	uint64_t pid;

	if (!process_find(l, s->name, &p))
		return SERVER_DOWN;
	/* Its eighth line tells; the file may be of an earlier server. */
	if (file_read(str_fmt(&a, "%s/postmaster.pid", s->data).s, 4096, &a,
		      &text, &none) == 0 &&
	    str_to_u64(str_cut(&text, '\n'), &pid) && pid == (uint64_t)p.pid) {
		for (int i = 2; i < 8; i++)
			str_cut(&text, '\n');
		line = str_trim(str_cut(&text, '\n'));
		if (str_is(line, "ready"))
			state = SERVER_READY;
		else if (str_is(line, "stopping"))
			state = SERVER_STOPPING;
	}
	arena_release(&a);
	return state;
}

enum server_state server_wait(const struct local *l, const struct server *s,
			      int64_t ms)
{
	int64_t end = clock_ms() + ms;
	enum server_state state;

	while ((state = server_look(l, s)) == SERVER_STARTING &&
	       clock_ms() < end)
		clock_sleep_ms(10);
	return state;
}

int server_why_down(const struct local *l, const struct server *s,
		    struct error *err)
{
	struct arena a = { 0 };
	struct str tail = process_log_tail(l, s->name, &a);
	/* Processes of a killed server end within moments. */
	bool is_passing =
	    str_contains(tail, STR("pre-existing shared memory")) ||
	    str_contains(tail, STR("\"postmaster.pid\" already"));

	error_set(err, is_passing ? ERROR_UNAVAILABLE : ERROR_FAILED,
		  "PostgreSQL did not stay up: %.*s",
		  STR_ARG(tail.n ? tail : STR("its log is empty")));
	error_hint(err, "The log is log/%s.log in the stack's folder.",
		   s->name);
	arena_release(&a);
	return -1;
}

bool server_reload(const struct local *l, const struct server *s)
{
	struct process p;

	return process_find(l, s->name, &p) && process_signal(&p, SIGHUP);
}

int server_stop(const struct local *l, const struct server *s,
		struct error *err)
{
	return process_stop(l, s->name, SIGINT, SIGQUIT, STOP_MS, err);
}

int server_remove(const struct local *l, const struct server *s,
		  struct error *err)
{
	struct arena a = { 0 };
	int rc;

	rc = stack_remove_account_folder(l, s->folder, err);
	if (rc == 0 && l->folder)
		unlink(stack_path(l, &a, "log/%s.log", s->name));
	arena_release(&a);
	return rc;
}
