#ifndef DMSL_PROVIDERS_LOCAL_LOCAL_H
#define DMSL_PROVIDERS_LOCAL_LOCAL_H

/*
 * The provider "local": the rehearsal on this machine. Real PostgreSQL servers,
 * real TCP paths, a real replication server, on loopback and in one folder.
 * stack.h describes the folder.
 */

#include "engine/provider.h"

extern const struct provider local_provider;

#endif
