#ifndef DMSL_PROVIDERS_LOCAL_STACK_H
#define DMSL_PROVIDERS_LOCAL_STACK_H

/*
 * The provider's instance: one stack on this machine. Everything of the stack
 * stands below one folder:
 *
 *	HOME/UID/             root's or the user's; others may only pass through
 *	  stack.json          the stack's name and file, for `local list`
 *	  objects/TYPE/ID.json  what exists (record.h)
 *	  run/NAME.pid        a process: pid, start time, boot (process.h)
 *	  log/NAME.log        what it writes
 *	  lock                held while shared files are changed
 *	  routes.json         names to loopback addresses, for the replicator
 *	  tls/ca.crt, ca.key  the stack's certificate authority
 *	  vault/              secrets, sealed
 *	  db/XXXXXXXXXXXX/    a PostgreSQL cluster (server.h)
 *	  path/               HAProxy's configuration and sockets (balancer.h)
 *	  replicator/         the replication server's data
 *
 * As root, servers run under an account without privileges, which owns vault,
 * db, path and replicator. Files in those are touched only between
 * stack_enter() and stack_leave(), with the account's rights: a link that a
 * server planted leads root nowhere.
 *
 * One struct local is shared by all threads; what is not constant is guarded by
 * `lock` or belongs to the module that names it.
 */

#include "lang/base/arena.h"
#include "lang/base/str.h"

#include "engine/provider.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { ACCOUNT_GROUPS_MAX = 64, VAULT_KEY_BYTES = 32 };

/* Whom servers run as. */
struct account {
	bool is_other; /* not we ourselves: we are root */
	uid_t uid;
	gid_t gid;
	gid_t groups[ACCOUNT_GROUPS_MAX];
	int n_groups;
	char name[64];
	char folder[200]; /* its home */
};

struct balancer;
struct hosts;
struct network;

struct local {
	struct arena arena; /* what lives as long as the instance */
	struct str stack;
	struct str uid;
	struct str owner; /* STACK/UID, noted on what is made */
	const char *home;
	const char *folder; /* NULL: the stack has no uid, so nothing exists */
	bool is_write;
	struct account account;
	int (*derive)(void *engine, const char *label, void *bytes, size_t n,
		      struct error *err);
	void *engine;
	pthread_mutex_t lock;
	pthread_mutex_t making;	    /* the folders */
	struct network *network;    /* network.c */
	struct balancer *balancer;  /* balancer.c */
	struct hosts *hosts;	    /* hosts.c */
	pthread_mutex_t replicator; /* held while one is started */
	pthread_mutex_t servers;    /* held while one is started to undo */
	pthread_mutex_t
	    configuring; /* held while a server's files are written */
};

int stack_open(const struct provider_setup *s, struct local **out,
	       struct error *err);
void stack_close(struct local *l);

/*
 * The folders of the stack, made when they are not there. Called before the
 * first write; cheap when they are there.
 */
int stack_make(struct local *l, struct error *err);
/* A folder below the stack's that belongs to the account. */
int stack_make_account_folder(const struct local *l, const char *path,
			      struct error *err);
/* And its end, with the account's rights as far as they go. */
int stack_remove_account_folder(const struct local *l, const char *path,
				struct error *err);
/* Removes the stack's folder, and HOME when it is empty and ours. */
int stack_remove(struct local *l, struct error *err);

/* FOLDER/… in the arena. */
char *stack_path(const struct local *l, struct arena *a, const char *format,
		 ...) __attribute__((format(printf, 3, 4)));

/* File access with the account's rights, for this thread. May not be nested. */
void stack_enter(const struct local *l);
void stack_leave(const struct local *l);

/*
 * The lock file of the stack, for changes of shared files that another process
 * may make too. Waits some seconds. Returns a descriptor for stack_unlock().
 */
int stack_lock(const struct local *l, struct error *err);
void stack_unlock(int fd);

/* Key of the vault; wipe it after use. */
int stack_vault_key(const struct local *l, unsigned char key[VAULT_KEY_BYTES],
		    struct error *err);

#endif
