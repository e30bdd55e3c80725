#ifndef DMSL_PROVIDERS_LOCAL_HOSTS_H
#define DMSL_PROVIDERS_LOCAL_HOSTS_H

/*
 * What the types that are the same for every provider ask of this one: a
 * connection to a cluster, the DMS service (the replication server, started on
 * demand), the value of a secret.
 */

#include "providers/aws/client.h"
#include "providers/aws/dms.h"
#include "providers/sql/sql.h"

struct local;
struct hosts; /* one an instance of the provider */

struct hosts *hosts_open(struct local *l);
void hosts_close(struct hosts *h);

extern const struct dms_host local_dms_host;
extern const struct sql_host local_sql_host;

/*
 * The stack's keys and the address of its replication server; url is empty when
 * it does not run. Keys are secret.
 */
int hosts_look(struct local *l, struct arena *a, struct aws_endpoint *out,
	       struct error *err);
/* Starts the replication server when it does not run. */
int hosts_start(struct local *l, struct arena *a, struct error *err);
int hosts_stop(struct local *l, struct error *err);
/* dms_host.secret: the JSON of a secret of the stack; wipe it after use. */
int hosts_secret(void *self, struct str id, struct arena *a, struct str *json,
		 struct error *err);
/* The file of a secret in the vault: the last part of its ARN. */
struct str secret_vault_name(struct str id, struct arena *a);

#endif
