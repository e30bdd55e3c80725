#ifndef DMSL_PROVIDERS_AWS_PROFILE_H
#define DMSL_PROVIDERS_AWS_PROFILE_H

/*
 * The AWS configuration files, ~/.aws/config and ~/.aws/credentials, and the
 * environment: what is written there, not what it means. Constant once read.
 * The texts hold secrets: profiles_free() overwrites them, and no message
 * repeats a line.
 */

#include "lang/base/str.h"

#include <stdbool.h>

struct error;
struct profiles;

/* "NAME=value" texts, ending with NULL, as environ; an empty value is none. */
struct str env_get(const char *const *env, const char *name);
/* "true", in any case of letters. */
bool setting_true(struct str value);

enum profile_part {
	PROFILE_CONFIG,	     /* [default], [profile NAME] */
	PROFILE_CREDENTIALS, /* [NAME] of the file for credentials */
	PROFILE_SSO_SESSION, /* [sso-session NAME] */
	PROFILE_SERVICES,    /* [services NAME] */
};

/* What is not there is empty. */
struct profiles *profiles_new(void);
void profiles_free(struct profiles *p);
/*
 * Adds a file's text; `file` is for messages. Keys below a key (indented lines
 * behind "dms =") are "dms.endpoint_url".
 */
int profiles_read(struct profiles *p, struct str text, const char *file,
		  bool is_credentials, struct error *err);
/* Both files, where the environment says; a file that is not there is empty. */
int profiles_load(struct profiles *p, const char *const *env,
		  struct error *err);

bool profiles_has(const struct profiles *p, enum profile_part part,
		  struct str name);
/* Empty when there is none. */
struct str profiles_get(const struct profiles *p, enum profile_part part,
			struct str name, const char *key);
/* Whether either file has the profile, and its value: credentials first. */
bool profile_exists(const struct profiles *p, struct str name);
struct str profile_get(const struct profiles *p, struct str name,
		       const char *key);

/* A file below ~/.aws, or where `variable` of the environment says. */
struct arena;
const char *profile_file(const char *const *env, const char *variable,
			 const char *below, struct arena *a);

#endif
