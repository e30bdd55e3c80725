#ifndef DMSL_PROVIDERS_SQL_INTENTS_H
#define DMSL_PROVIDERS_SQL_INTENTS_H

/*
 * The table dmsl.intents of a database: what fixture.c says of it, as SQL that
 * both ways of running it share. Private to this folder.
 */

#include "engine/provider.h"

#define INTENTS_LOCK "hashtextextended('dmsl.intents', 0)"

/* Schema and table, in a transaction of their own. */
#define INTENTS_MAKE                                                           \
	"DO $$ BEGIN "                                                         \
	"PERFORM set_config('lock_timeout', '30s', true); "                    \
	"IF to_regclass('dmsl.intents') IS NOT NULL THEN RETURN; END IF; "     \
	"PERFORM pg_advisory_xact_lock(" INTENTS_LOCK "); "                    \
	"CREATE SCHEMA IF NOT EXISTS dmsl; "                                   \
	"CREATE TABLE IF NOT EXISTS dmsl.intents ("                            \
	"token text PRIMARY KEY, stack text NOT NULL, address text NOT NULL, " \
	"sql_hash text NOT NULL, at timestamptz NOT NULL DEFAULT now(), "      \
	"UNIQUE (stack, address)); END $$"

/* Both again, when no row is left. */
#define INTENTS_DROP                                                           \
	"DO $$ BEGIN "                                                         \
	"PERFORM set_config('lock_timeout', '30s', true); "                    \
	"PERFORM pg_advisory_xact_lock(" INTENTS_LOCK "); "                    \
	"IF to_regclass('dmsl.intents') IS NULL THEN RETURN; END IF; "         \
	"IF EXISTS (SELECT FROM dmsl.intents) THEN RETURN; END IF; "           \
	"DROP TABLE dmsl.intents; "                                            \
	"IF NOT EXISTS (SELECT FROM pg_class WHERE "                           \
	"relnamespace = 'dmsl'::regnamespace) THEN "                           \
	"DROP SCHEMA dmsl; END IF; END $$"

/*
 * The row of a fixture: %.*s stack and %.*s 16 hex digits of its address'
 * SHA-256 as literals. Of the address when it was run: the resource may have
 * moved since.
 */
#define INTENTS_HASH                                                           \
	"left(encode(sha256(convert_to(address, 'UTF8')), 'hex'), 16)"
#define INTENTS_IS_THIS "stack = %.*s AND " INTENTS_HASH " = %.*s"

/* Sets c->err: other statements of the fixture are there already. */
void intents_refuse(struct call *c);

#endif
