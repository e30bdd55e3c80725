#ifndef DMSL_ENGINE_IDENTITY_H
#define DMSL_ENGINE_IDENTITY_H

/*
 * Which places a state is about: the account and region of each provider that
 * has one. Recorded with the first commit, and in the journal before that; a
 * run that would act elsewhere is refused before it does or reads anything.
 */

#include "lang/base/str.h"

struct context;
struct error;

/* Asks the open providers, and holds it against the state. */
int identity_check(struct context *c, struct error *err);
/* Puts what the state's resources are about into the state. */
void identity_record(struct context *c);
/* For the journal, and back into a state that says nothing of it. */
struct str identity_write(struct context *c);
int identity_read(struct context *c, struct str text, struct error *err);

#endif
