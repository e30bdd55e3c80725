#ifndef DMSL_TESTS_FUZZ_ANSWERS_H
#define DMSL_TESTS_FUZZ_ANSWERS_H

/* What holds of every answer that was taken, whatever its bytes. */

#include "lang/value.h"

#include <stddef.h>
#include <stdint.h>

struct aws_service;

/*
 * The body of an answer is a value or an error that says why. A value written
 * and read again is the same, and paths into it lead somewhere.
 */
void check_decoding(const struct aws_service *s, struct str body);

/* The entry point of a target, for libFuzzer and for the replay. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

#endif
