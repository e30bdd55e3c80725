#ifndef DMSL_PROVIDERS_REPLICATOR_REPLICATOR_H
#define DMSL_PROVIDERS_REPLICATOR_REPLICATOR_H

/*
 * `dmsl replicator`: a server that speaks the protocol of AWS DMS on loopback
 * and moves the rows itself. It reads one JSON object from standard input, so
 * that no secret stands in an argument or in the environment:
 *
 *	{"listen": "127.17.255.253", "port": 0, "folder": "…",
 *	 "access_key": "…", "secret_key": "…", "region": "us-east-1",
 *	 "account": "000000000000", "vault": "…", "vault_key": "<64 hex
 *digits>", "routes_file": "…", "ca_file": "…"}
 *
 * When it is ready it writes FOLDER/replicator.json: {"pid": …, "started": …,
 * "url": "http://…"}. It logs to FOLDER/replicator.log, ends on SIGTERM within
 * seconds, and outlives its parent. The folder holds all of its state and is
 * locked: a second server on it fails.
 */

int replicator_main(int argc, char **argv);

#endif
