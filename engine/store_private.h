#ifndef DMSL_ENGINE_STORE_PRIVATE_H
#define DMSL_ENGINE_STORE_PRIVATE_H

/* What store.c, store_ref.c, store_lease.c and store_sign.c share. */

#include "engine/store_git.h"

#include "lang/base/arena.h"
#include "lang/base/str.h"

#include <stdint.h>

struct error;

struct store {
	struct arena arena; /* of all texts here */
	struct repo *repo;
	const char *stack_path; /* absolute */
	struct str stack;
	const char *branch; /* refs/heads/dmsl/state */
	const char *path;   /* dev.dmstate.json */
	const char *lease;  /* refs/dmsl/lease/dev */
	const char *folder, *stack_folder;
	char note[500];
	struct repo_oid held; /* the blob of our lease, or empty */
	struct str held_run;
	int64_t lease_ms; /* 0: the default */
	int64_t deadline_ms;
};

/*
 * As repo_move_ref(), durable against a kill in its middle: waits while the ref
 * is locked, and removes a lock that a killed dmsl left behind. Fails with
 * ERROR_CONFLICT when the ref is not at `from`, else for good.
 */
int store_move_ref(struct store *s, const char *ref,
		   const struct repo_oid *from, const struct repo_oid *to,
		   const char *why, struct error *err);

/* How commits are to be signed, by git's configuration. */
struct signer {
	struct str program;
	struct str format; /* openpgp, x509, ssh */
	struct str key;
};

/* Whether the configuration asks for signatures; -1: for one we cannot make. */
int store_signer(struct store *s, struct str committer, struct arena *a,
		 bool *is_wanted, struct signer *out, struct error *err);
/* repo_commit.sign; data is a struct signer. */
int store_sign(void *data, struct str text, struct arena *a,
	       struct str *signature, struct error *err);

#endif
