/*
 * Keys of a role, from STS: asked for with other keys (AssumeRole), or with a
 * token that another identity provider has signed (AssumeRoleWithWebIdentity).
 */
#include <config.h>

#include "providers/aws/source.h"

#include "lang/base/arena.h"
#include "lang/base/clock.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "providers/aws/client.h"
#include "providers/aws/fields.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum {
	TOKEN_MAX = 64 << 10,
	CODE_MAX = 64,
	SESSION_MAX = 64,
	MFA_DIGITS = 6,
	CHAIN_SECONDS = 3600, /* that a role may be asked for by a role */
};

/* What a client of STS asks while it calls. */
struct asker {
	const struct credentials_setup *setup;
	struct aws_keys keys; /* empty: the call is not signed */
};

static int endpoint(void *ctx, const struct aws_service *s, bool is_expired,
		    struct arena *a, struct aws_endpoint *out,
		    struct error *err)
{
	const struct asker *asker = ctx;
	struct aws_location l;

	if (is_expired)
		return error_set(err, ERROR_DENIED,
				 "the credentials that ask for the role have "
				 "expired");
	if (aws_locate(asker->setup->settings, s, asker->setup->region, a, &l,
		       err) < 0)
		return -1;
	*out = (struct aws_endpoint){
		.url = l.url,
		.region = l.region,
		.access_key = asker->keys.access_key,
		.secret_key = asker->keys.secret_key,
		.session_token = asker->keys.session_token,
	};
	return 0;
}

static int ask(struct asker *asker, const char *operation, struct value input,
	       struct arena *a, struct aws_keys *out, struct error *err)
{
	static const struct key_names names = {
		"AccessKeyId",
		"SecretAccessKey",
		"SessionToken",
		"Expiration",
	};
	const struct aws_source source = {
		.endpoint = endpoint,
		.ctx = asker,
		.agent = asker->setup->agent,
		.ca_file = asker->setup->ca_file,
	};
	struct aws_client *client = aws_client_new(&source);
	const struct aws_how how = {
		.is_safe = true,
		.is_unsigned = !asker->keys.access_key.n,
	};
	const struct value *credentials;
	struct value answer;
	int rc =
	    aws_do(client, &aws_sts, operation, input, how, a, &answer, err);

	aws_client_free(client);
	if (rc < 0)
		return -1;
	credentials = aws_get(answer, "Credentials");
	return keys_from_map(credentials ? *credentials : value_null(), &names,
			     out, err);
}

/* A session's name as AWS takes it; the default says whose it is. */
static struct str session_name(struct str said, struct arena *a)
{
	if (said.n)
		return said;
	return str_fmt(a, "dmsl-%lld", (long long)clock_wall());
}

static int read_code(int tty, struct str serial, char *code, struct error *err)
{
	char text[256];
	int n =
	    snprintf(text, sizeof(text), "MFA code of %.*s: ", STR_ARG(serial));
	ssize_t got;

	if (n <= 0 || (size_t)n >= sizeof(text) ||
	    file_write_all(tty, text, (size_t)n, err) < 0)
		return error_add(err, "asking for an MFA code");
	got = read(tty, code, CODE_MAX - 1);
	if (got <= 0)
		return error_set(err, ERROR_DENIED, "no MFA code was given");
	code[got] = '\0';
	return 0;
}

static int add_mfa(const struct key_source *k, struct fields *input,
		   struct arena *a, struct error *err)
{
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	char code[CODE_MAX] = "";
	struct str digits;
	uint64_t n;
	int rc;

	if (tty < 0) {
		error_set(err, ERROR_DENIED,
			  "role %.*s wants an MFA code (mfa_serial), and there "
			  "is no terminal to ask for it",
			  STR_ARG(k->role.arn));
		return error_hint(err,
				  "Get temporary credentials first and hand "
				  "them over in AWS_ACCESS_KEY_ID, "
				  "AWS_SECRET_ACCESS_KEY and "
				  "AWS_SESSION_TOKEN.");
	}
	rc = read_code(tty, k->mfa_serial, code, err);
	close(tty);
	if (rc < 0)
		return -1;
	digits = str_trim(str_from(code));
	if (digits.n != MFA_DIGITS || !str_to_u64(digits, &n))
		return error_set(err, ERROR_DENIED, "an MFA code has %d digits",
				 MFA_DIGITS);
	field_text(input, "SerialNumber", k->mfa_serial);
	field_text(input, "TokenCode", str_dup(digits, a));
	return 0;
}

static int check_session(struct str name, struct error *err)
{
	bool is_good = name.n >= 2 && name.n <= SESSION_MAX;

	for (size_t i = 0; is_good && i < name.n; i++) {
		char c = name.s[i];

		is_good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			  (c >= '0' && c <= '9') ||
			  str_find(STR("_+=,.@-"), c) >= 0;
	}
	return is_good ? 0
		       : error_set(err, ERROR_INVALID,
				   "a role's session name has 2 to %d "
				   "letters, digits or _+=,.@-",
				   SESSION_MAX);
}

static void add_role(const struct key_source *k, struct str session,
		     struct fields *input, struct arena *a)
{
	field_text(input, "RoleArn", k->role.arn);
	field_text(input, "RoleSessionName", session);
	field_given(input, "ExternalId", k->role.external_id);
	if (k->seconds)
		field(input, "DurationSeconds", value_int_in(k->seconds, a));
}

int keys_of_role(const struct credentials_setup *s, const struct key_source *k,
		 struct arena *a, struct aws_keys *out, struct error *err)
{
	struct str session = session_name(k->role.session_name, a);
	struct asker asker = { .setup = s };
	struct fields input = { 0 };

	if (check_session(session, err) < 0)
		return -1;
	if (k->base->fetch == keys_of_role && k->seconds > CHAIN_SECONDS)
		return error_set(err, ERROR_INVALID,
				 "role %.*s is asked for by another role: at "
				 "most %d seconds (duration_seconds)",
				 STR_ARG(k->role.arn), CHAIN_SECONDS);
	if (k->base->fetch(s, k->base, a, &asker.keys, err) < 0)
		return error_add(err, "credentials from %.*s",
				 STR_ARG(k->base->from));
	add_role(k, session, &input, a);
	if (k->mfa_serial.n && add_mfa(k, &input, a, err) < 0) {
		vec_release(&input.list);
		return -1;
	}
	return ask(&asker, "AssumeRole", fields_done(&input, a), a, out, err);
}

int keys_of_identity(const struct credentials_setup *s,
		     const struct key_source *k, struct arena *a,
		     struct aws_keys *out, struct error *err)
{
	struct str session = session_name(k->role.session_name, a);
	struct asker asker = { .setup = s };
	struct fields input = { 0 };
	struct str token;

	/* Others write it anew from time to time: read each time. */
	if (check_session(session, err) < 0 ||
	    file_read(str_c(k->token_file, a), TOKEN_MAX, a, &token, err) < 0)
		return -1;
	add_role(k, session, &input, a);
	field(&input, "WebIdentityToken",
	      value_mark(value_str(str_trim(token)), MARK_SECRET));
	return ask(&asker, "AssumeRoleWithWebIdentity", fields_done(&input, a),
		   a, out, err);
}
