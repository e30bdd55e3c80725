#ifndef DMSL_PROVIDERS_AWS_SOURCE_H
#define DMSL_PROVIDERS_AWS_SOURCE_H

/*
 * The sources of keys, one row of functions each. Private to credentials.c and
 * the files that implement them.
 */

#include "lang/value.h"

#include "providers/aws/credentials.h"

#include <stdint.h>

struct http_request;
struct http_response;
struct key_source;

typedef int key_fetch(const struct credentials_setup *s,
		      const struct key_source *k, struct arena *a,
		      struct aws_keys *out, struct error *err);

/* What is configured; which members count, the function knows. */
struct key_source {
	key_fetch *fetch;
	struct str from;	 /* for people */
	bool is_fixed;		 /* nothing better comes of asking again */
	bool is_lenient;	 /* goes on with old keys when it is silent */
	bool is_guess;		 /* nobody said that it is there */
	struct aws_keys keys;	 /* written somewhere */
	struct key_source *base; /* whose keys ask for the role */
	struct aws_role role;
	struct str mfa_serial;
	int64_t seconds;       /* that the role is wanted for; 0: default */
	struct str token_file; /* web identity */
	struct str command;    /* credential_process */
	struct str sso_session, sso_start_url, sso_region;
	struct str sso_account, sso_role;
};

key_fetch keys_written;	     /* credentials.c */
key_fetch keys_of_role;	     /* role.c: STS */
key_fetch keys_of_identity;  /* role.c: STS, with a web identity */
key_fetch keys_of_sso;	     /* sso.c */
key_fetch keys_of_process;   /* process.c */
key_fetch keys_of_container; /* metadata.c */
key_fetch keys_of_machine;   /* metadata.c */

/* Keys as a JSON object names them; keys that are missing are an error. */
struct key_names {
	const char *access_key, *secret_key, *session_token, *expires;
};
int keys_from_map(struct value map, const struct key_names *names,
		  struct aws_keys *out, struct error *err);
/* http_send(), repeated while the service is not at its best. */
int keys_send(const struct http_request *q, struct arena *a,
	      struct http_response *out, struct error *err);
/* 2024-01-31T12:00:00Z, with a fraction or an offset; 0: not a time. */
int64_t keys_time(struct str text);

#endif
