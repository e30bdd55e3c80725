#ifndef DMSL_TESTS_FUZZ_ANSWERS_H
#define DMSL_TESTS_FUZZ_ANSWERS_H

/* What holds of every answer that was taken, whatever its bytes. */

#include "lang/value.h"

#include <stddef.h>
#include <stdint.h>

/* Written and read again it is the same; paths into it lead somewhere. */
void check_answer(struct value v);

/* The entry point of a target, for libFuzzer and for the replay. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

#endif
