/* secret: a value in the vault. Its record says that it exists, not what. */
#include <config.h>

#include "providers/local/types.h"

#include "lang/base/buf.h"
#include "lang/json.h"
#include "providers/local/hosts.h"
#include "providers/local/ids.h"
#include "providers/local/object.h"
#include "providers/local/stack.h"
#include "providers/vault.h"

#include <openssl/crypto.h>

#include <unistd.h>

enum { NAME_MAX_SIZE = 160 };

struct str secret_vault_name(struct str id, struct arena *a)
{
	ptrdiff_t at = str_rfind(id, ':');
	char *name = str_c(at < 0 ? id : str_skip(id, (size_t)at + 1), a);

	for (char *p = name; *p; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		      (*p >= '0' && *p <= '9') || *p == '-' || *p == '_' ||
		      *p == '.'))
			*p = '_';
	return str_from(name);
}

static int put(struct call *c)
{
	const struct value *value = value_get(c->config, "value");
	unsigned char key[VAULT_KEY_BYTES];
	struct local *l = c->self;
	struct buf text;
	int rc;

	if (!value || !value_is_known(*value))
		return error_set(&c->err, ERROR_INVALID,
				 "the secret has no value");
	buf_init(&text, VAULT_VALUE_MAX);
	json_write(&text, *value, JSON_REVEAL);
	if (buf_is_full(&text))
		rc = error_set(&c->err, ERROR_QUOTA,
			       "a secret may have %d bytes", VAULT_VALUE_MAX);
	else
		rc = stack_vault_key(l, key, &c->err);
	if (rc == 0) {
		stack_enter(l);
		rc = vault_put(stack_path(l, c->arena, "vault"), key,
			       secret_vault_name(c->id, c->arena),
			       buf_str(&text), &c->err);
		stack_leave(l);
		OPENSSL_cleanse(key, sizeof(key));
	}
	buf_wipe(&text);
	return rc;
}

static struct str secret_id(const struct call *c, struct str text)
{
	struct str name = object_name(c, NAME_MAX_SIZE);

	return id_arn(
	    "secretsmanager", LOCAL_REGION,
	    str_fmt(c->arena, "secret:%.*s-%.*s", STR_ARG(name),
		    STR_ARG(id_hash(c->self, "secret", text, 6, c->arena))),
	    c->arena);
}

/* Its value is not in the vault any more. */
static bool is_lost(struct call *c, const struct record *r)
{
	return access(stack_path(c->self, c->arena, "vault/%.*s.secret",
				 STR_ARG(secret_vault_name(r->id, c->arena))),
		      F_OK) < 0;
}

static enum step create_secret(struct call *c)
{
	struct str name = object_name(c, NAME_MAX_SIZE);
	struct record r;

	if (!name.n || name.n > NAME_MAX_SIZE)
		return call_fail(c, ERROR_INVALID,
				 "the name of a secret has 1 to %d characters",
				 NAME_MAX_SIZE);
	if (record_begin(c, secret_id, is_lost, &r) < 0)
		return STEP_FAILED;
	record_set(&r, "name", value_str(name), c->arena);
	/* The record first: what has none would be left over. */
	if (record_write(c->self, &r, &c->err) < 0 || put(c) < 0)
		return STEP_FAILED;
	object_set(c, "name", value_str(name));
	return STEP_DONE;
}

static enum step read_secret(struct call *c)
{
	struct record r;
	int rc = object_read(c, &r);

	if (rc > 0) {
		object_set(c, "name", value_str(record_own(&r, "name")));
		c->is_gone = is_lost(c, &r);
	}
	return object_end(rc);
}

static enum step update_secret(struct call *c)
{
	struct record r;

	if (record_renew(c, &r) < 0)
		return STEP_FAILED;
	r.config = c->config;
	if (put(c) < 0 || record_write(c->self, &r, &c->err) < 0)
		return STEP_FAILED;
	object_set(c, "name", value_str(record_own(&r, "name")));
	return STEP_DONE;
}

static enum step destroy_secret(struct call *c)
{
	struct local *l = c->self;
	int rc = 0;

	if (l->folder) {
		stack_enter(l);
		rc = vault_remove(stack_path(l, c->arena, "vault"),
				  secret_vault_name(c->id, c->arena), &c->err);
		stack_leave(l);
	}
	if (rc < 0)
		return STEP_FAILED;
	return object_end(record_remove(l, "secret", c->id, &c->err));
}

const struct resource_ops local_secret_ops = {
	.read = read_secret,
	.create = create_secret,
	.update = update_secret,
	.destroy = destroy_secret,
	.recovery = 'T',
};
