#ifndef DMSL_PROVIDERS_VAULT_H
#define DMSL_PROVIDERS_VAULT_H

/*
 * The local secret store: a folder with one file a secret, mode 0600, AES-256-
 * GCM under a key that is handed in and never written. Shared by the local
 * provider, which writes secrets, and the replicator, which reads them. The
 * format stands at the top of vault.c.
 */

#include "lang/base/str.h"

struct arena;
struct error;

enum { VAULT_KEY_SIZE = 32, VAULT_VALUE_MAX = 65536 };

/* name: letters, digits, "-", "_", "." */
int vault_put(const char *folder, const unsigned char key[VAULT_KEY_SIZE],
	      struct str name, struct str value, struct error *err);
int vault_get(const char *folder, const unsigned char key[VAULT_KEY_SIZE],
	      struct str name, struct arena *a, struct str *value,
	      struct error *err);
int vault_remove(const char *folder, struct str name, struct error *err);

#endif
