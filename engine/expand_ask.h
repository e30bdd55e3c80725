#ifndef DMSL_ENGINE_EXPAND_ASK_H
#define DMSL_ENGINE_EXPAND_ASK_H

/*
 * Expressions that are not in the text of a stack, evaluated as if they stood
 * at its root: what the console does. An attribute is what is written; what
 * only a provider gives is what the state has, or unknown. Nothing outside is
 * asked. Without an expansion only the names that were added are known.
 */

#include "lang/base/map.h"
#include "lang/value.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct ast_expr;
struct context;
struct diags;
struct expansion;
struct object;

struct asking {
	struct expansion *e; /* NULL: no stack */
	struct arena *arena; /* of the names; lasts as long as this */
	struct map names;    /* added by the asker -> struct value */
	struct value *known; /* private: attributes by dense id */
};

/* e was checked and has no findings; it gets a lookup for as long as this. */
void asking_open(struct asking *q, struct context *c, struct expansion *e);
void asking_close(struct asking *q);
/* The value lives as long as a and x. -1 with findings in d. */
int asking_evaluate(struct asking *q, const struct ast_expr *x, struct arena *a,
		    struct diags *d, struct value *out);
/* A name that wins over one of the stack; v was evaluated in q->arena. */
void asking_add(struct asking *q, struct str name, struct value v);
/* Whether a bare word has a value. */
bool asking_has(const struct asking *q, struct str name);

/*
 * Each bare name and each TYPE.NAME that can be asked for; the names of what
 * is behind the dot of a value.
 */
void asking_names(const struct asking *q,
		  void (*found)(void *context, struct str name), void *context);
void asking_members(const struct asking *q, struct value v,
		    void (*found)(void *context, struct str name),
		    void *context);
/*
 * What a resource or a component is as a map: attributes that are not null, or
 * outputs. Any other value as it is.
 */
struct value asking_inside(struct asking *q, struct value v, struct arena *a,
			   struct diags *d);

#endif
