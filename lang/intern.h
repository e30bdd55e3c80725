#ifndef DMSL_LANG_INTERN_H
#define DMSL_LANG_INTERN_H

#include "lang/base/str.h"

/*
 * A text that lives as long as the program and ends in NUL; the same text gives
 * the same pointer, from any thread. For few and short texts that are constants
 * in all but name: small numbers, names of types.
 */
const char *intern(struct str s);

#endif
