#ifndef DMSL_ENGINE_PROVIDER_H
#define DMSL_ENGINE_PROVIDER_H

/*
 * The interface between the engine and providers: all that a provider must know
 * of the engine. Types and a few helpers only.
 *
 * A provider is one constant struct provider; opened, it is an instance. Its
 * resource types are rows of functions. The functions run on worker threads,
 * several at once for different resources, never two for one resource. A
 * function may block for one call to the outside (seconds, bounded), not for a
 * wait: it returns STEP_PENDING and is called again at poll_ms.
 *
 * Exactly once. Before create, update, delete or run is first called, the
 * engine has made an intent durable; `token` is the same for every repetition
 * of that intent, in this process or after a crash. After a crash the engine
 * repeats the very same call with is_recovery set (and with id and memo, if a
 * pending step had told them); so it does when an attempt ended in
 * ERROR_TIMEOUT. So a function must reach the same end however
 * often it is begun, and must find what an earlier attempt made: by token, or
 * by name together with a mark that holds the token. It must never make a
 * second object. The address is no proof: what was made for it may have been
 * moved since, or stays until its replacement is there.
 */

#include "lang/base/arena.h"
#include "lang/base/error.h"
#include "lang/base/str.h"
#include "lang/base/vec.h"
#include "lang/value.h"

#include "engine/schema.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct resource_type;

/* Things that a plan says first (design: effects). */
enum effect_kind {
	EFFECT_TRUNCATE, /* rows of a table are removed */
	EFFECT_DROP,	 /* a table, schema, database or its rows are dropped */
	EFFECT_LOAD,	 /* rows are loaded */
	EFFECT_SQL,	 /* statements are run */
	EFFECT_RESTART,	 /* a server restarts or fails over */
	EFFECT_STOP,	 /* a server or task stops */
	EFFECT_START,	 /* something stopped is started again */
	EFFECT_CONNECT,	 /* a connection is opened to a database */
};

/*
 * Apply has an effect only where the plan showed one of its kind and object, or
 * of what the object is within. So an object is a name that can be told before
 * anything is known of the service, and is the same whenever it is told, within
 * its resource: no id, no count. Those go into the text, for people.
 */
struct effect {
	enum effect_kind kind;
	struct str object; /* "table sales.orders"; empty: not known yet which,
			    * so it may be any of that kind */
	struct str within; /* "table sales.%"; empty: nothing wider */
	struct str
	    text; /* "truncate sales.orders on target-db (1,000,000 rows)" */
};

enum step {
	STEP_DONE,
	STEP_PENDING, /* call again after poll_ms */
	STEP_FAILED,  /* err is set */
};

enum verb { VERB_READ, VERB_CREATE, VERB_UPDATE, VERB_DESTROY, VERB_RUN };

/*
 * One call of one function of one resource. What it points to is good until the
 * function returns; results must live in `arena`.
 */
struct call {
	/* -- given by the engine -- */
	void *self; /* the provider's instance */
	const struct resource_type *type;
	struct arena *arena; /* this call's; thread-private */
	struct str address;  /* aurora.source/db_cluster.main["a"] */
	struct str name;     /* a default name: address' last name, see below */
	struct str run_id;
	struct str token;    /* 64 hex digits; empty for read and plan */
	struct value config; /* map: what is wanted; references are ids */
	struct value prior;  /* map: attributes as last known; null: none */
	struct str id;	     /* of the existing object; empty before create */
	enum verb verb;	     /* which function it is; for poll_batch */
	bool is_poll;	     /* a pending step goes on */
	bool is_recovery;    /* after a crash, or an attempt without answer */
	struct str memo;     /* what the pending step left, or empty */
	int attempt;	     /* 0, or repetitions of this step so far */
	/* What is left of the time that its block allows; 0: none is said. */
	int64_t left_ms;
	/*
	 * n bytes that are the same for the same state key, label and run, on
	 * any machine (HKDF). With stable, the same for every run of the stack.
	 */
	int (*derive)(struct call *c, const char *label, bool stable,
		      void *bytes, size_t n, struct error *err);
	void *engine; /* for derive */
	/* -- for query -- */
	struct str sql;
	/* -- for control -- */
	struct str control;    /* what is asked for: "start" */
	struct value operands; /* list of texts: tables */

	/* -- results -- */
	/*
	 * After create, update, read, run: all attributes. The engine takes
	 * those that are ATTR_COMPUTED from here; others only from read, where
	 * they show drift. A missing key keeps what was known.
	 */
	struct value result;
	/*
	 * read: the object does not exist. The engine plans to create it.
	 */
	bool is_gone;
	/*
	 * read: exists, but is not running; `status` says what is wrong. The
	 * engine plans an update that repairs it.
	 */
	bool is_broken;
	struct str status;
	/* STEP_PENDING */
	int poll_ms;
	struct str waiting_for; /* "dms.t3.medium to become available" */
	/*
	 * What people should know when the run ends: what stays, until when.
	 * Told once the step is done, whichever of its calls said it. Of plan:
	 * a warning at the block.
	 */
	VEC(struct str) notices;
	/* plan: what else to do (see resource_ops.plan) */
	VEC(struct effect) effects;
	bool needs_run;
	struct str run_reason;
	bool needs_replace;
	struct str replace_reason;
	struct error err;
};

/* For psql: the program to become, without a secret in an argument. */
struct session {
	char **argv; /* ends with NULL */
	char **env;  /* "NAME=value" to add, ends with NULL; may hold secrets */
	bool is_closed; /* takes no further arguments */
};

struct resource_ops {
	/*
	 * MAY. Pure but for reads: with config (unknowns inside) and prior,
	 * adds effects, decides needs_run or needs_replace, and may set
	 * result to a map of computed attributes that are known already.
	 * `action` is what the engine found so far.
	 */
	int (*plan)(struct call *c, const char *action);
	/* MUST. Never changes anything. */
	enum step (*read)(struct call *c);
	/* MUST. Sets id as soon as it is known, also when pending. */
	enum step (*create)(struct call *c);
	/* MUST unless every attribute is ATTR_REPLACE. */
	enum step (*update)(struct call *c);
	/* MUST. Something that is not there is success. */
	enum step (*destroy)(struct call *c);
	/* MAY. The action `run`: load a task's tables. */
	enum step (*run)(struct call *c);
	/*
	 * MAY. As read, for many of one type at once, by as few requests as the
	 * service allows; outcomes[i] is that of calls[i]. None is pending.
	 */
	void (*read_batch)(struct call *const *calls, enum step *outcomes,
			   size_t n);
	/*
	 * MAY. As the polls (is_poll) of create, update, destroy and run (see
	 * call.verb), for many of one type at once.
	 */
	void (*poll_batch)(struct call *const *calls, enum step *outcomes,
			   size_t n);
	/*
	 * MAY. Finds the object that config describes (`existing`, import):
	 * sets id, or is_gone, and result. Without it, config must have an id,
	 * and read is called with it.
	 */
	enum step (*lookup)(struct call *c);
	/*
	 * MAY. After the state was lost, for what provider.find_owned did not
	 * tell: sets id to that of the object that has the name of config and
	 * the marks of this stack and address; else is_gone.
	 */
	enum step (*claim)(struct call *c);
	/* MAY. Runs c->sql, result = text of the first column, or null. */
	enum step (*query)(struct call *c);
	/* MAY. Facts about a running thing: table statistics. */
	enum step (*inspect)(struct call *c);
	/*
	 * MAY. What people ask of a running thing: start, stop, resume, reload,
	 * wait, assess. With VERB_READ it is only judged: the call fails when
	 * it cannot be done now, else adds its effects. With VERB_RUN it is
	 * carried out; result: facts to show, and computed attributes to keep;
	 * is_broken: it was done, and status says what is bad. What begins
	 * something that the state knows of has a token: after a crash the call
	 * is made once more with it and is_recovery, begins nothing itself, and
	 * tells what was begun, if anything. Of others it must be right to ask
	 * again, whatever the moment that they are cut off.
	 */
	enum step (*control)(struct call *c);
	/*
	 * MAY. Told of each of its resources that the state has, before the
	 * first call of a command, in the main thread: what calls of others,
	 * which have its id, need to know of it.
	 */
	void (*know)(void *self, struct str id, struct value attrs);
	/* MAY. An interactive client. Memory in c->arena. */
	int (*session)(struct call *c, struct session *out);
	/*
	 * How an unfinished create is recovered: 'T' by token, 'N' by name,
	 * 'Q' by tags. For the journal and messages; the engine repeats the
	 * call in each case.
	 */
	char recovery;
};

struct resource_type {
	const char *name; /* of a struct type_schema */
	const struct resource_ops *ops;
	const void *data; /* the implementation's own */
	/* Recorded only: shown as such in plan and summary. */
	bool is_simulated;
	/*
	 * Rank among ready steps: rough seconds that a create takes. Databases
	 * and replication instances first.
	 */
	int weight;
	/*
	 * Seconds that one operation may take when its block does not say; 0:
	 * four times the weight. Half an hour at least.
	 */
	int limit_s;
};

struct provider_setup {
	struct str stack;	 /* name */
	struct str stack_uid;	 /* 16 hex digits, random, kept in state */
	struct str stack_folder; /* of the stack file */
	struct value config;	 /* the provider block's attributes */
	bool is_write;		 /* the run may change things */
	struct str run_id;	 /* empty: the run changes nothing */
	/* As call.derive with stable; engine is passed through. */
	int (*derive)(void *engine, const char *label, void *bytes, size_t n,
		      struct error *err);
	void *engine;
};

/* An object that carries the ownership marks of a stack. */
struct owned_object {
	struct str uid; /* of the stack */
	struct str type, id;
	/* One that was too long for a mark is its SHA-256, 64 hex digits. */
	struct str address;
};

/* What `dmsl doctor` hands in: a resource of the stack, and whether it is. */
struct needed {
	struct str type, address;
	struct value config; /* unknowns inside */
	bool exists;
};

enum health { HEALTH_GOOD, HEALTH_DOUBT, HEALTH_BAD };

/* And what it is told. */
struct examined {
	enum health health;
	struct str subject, words;
	struct str hint; /* or empty */
};

struct provider {
	const char *name;		   /* "local" */
	const struct attr_schema *config;  /* ends with name NULL */
	const struct resource_type *types; /* ends with name NULL */
	/* Connects to nothing yet; *self is released by close. */
	int (*open)(const struct provider_setup *s, void **self,
		    struct error *err);
	void (*close)(void *self);
	/*
	 * MAY. The place that the instance acts on, in words: "account
	 * 123456789012, region us-east-1". Kept in the state; a run that says
	 * another one is refused. Asked once a command.
	 */
	int (*identity)(void *self, struct arena *a, struct str *out,
			struct error *err);
	/*
	 * MAY. Called at the end of an apply or destroy whose state holds no
	 * resource: removes what belongs to the stack as a whole (processes,
	 * folders). Not where it forgot objects that stay. Idempotent.
	 */
	int (*sweep)(void *self, struct error *err);
	/*
	 * MAY. After the state was lost: all objects with the marks of a stack
	 * of this name, whatever its uid, in *out of the arena.
	 */
	int (*find_owned)(void *self, struct str stack, struct arena *a,
			  struct owned_object **out, size_t *n,
			  struct error *err);
	/*
	 * MAY. Looks at everything that a stack with these resources needs of
	 * the world before the first call; changes nothing. *out of the arena.
	 */
	void (*examine)(void *self, const struct needed *needs, size_t n_needs,
			struct arena *a, struct examined **out, size_t *n);
	/*
	 * MAY. Subcommands of `dmsl NAME …` (local status, stop, logs, env);
	 * returns the exit status. argv[0] is the subcommand.
	 */
	int (*command)(void *self, int argc, char **argv, struct error *err);
	const char *command_usage;
};

const struct resource_type *provider_type(const struct provider *p,
					  struct str name);

/*
 * Adds an effect to a plan call, and returns it, good until the next is added.
 * The text is kept in the call's arena; object has to be good as long.
 */
struct effect *call_effect(struct call *c, enum effect_kind kind,
			   struct str object, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Adds to call.notices: a sentence without its full stop. */
void call_notice(struct call *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Sets waiting_for and poll_ms; returns STEP_PENDING. */
enum step call_wait(struct call *c, int poll_ms, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Sets err; returns STEP_FAILED. */
enum step call_fail(struct call *c, enum error_kind kind, const char *format,
		    ...) __attribute__((format(printf, 3, 4)));

#endif
