#ifndef DMSL_LANG_DECIMAL_H
#define DMSL_LANG_DECIMAL_H

/*
 * Exact decimal numbers: at most 38 significant digits and a power of ten.
 * Sums, differences and products are exact or an error; only a quotient is
 * rounded (half to even, 38 digits). One number has one text: no zeros at
 * either end, no "-0", and an exponent only where the plain form would be long.
 */

#include "lang/base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct arena;

__extension__ typedef unsigned __int128 decimal_digits;

/* sign * digits * 10^exponent; zero has exponent 0 and no sign. */
struct decimal {
	decimal_digits digits;
	int32_t exponent;
	bool is_negative;
};

enum {
	DECIMAL_MAX_DIGITS = 38,
	DECIMAL_MAX_EXPONENT = 6000,
	DECIMAL_TEXT_MAX = 80, /* bytes of the longest text */
};

enum decimal_fault {
	DECIMAL_OK,
	DECIMAL_SYNTAX,	  /* not a number */
	DECIMAL_OVERFLOW, /* more than 38 digits, or too large or small */
	DECIMAL_DIVISION, /* by zero */
};

/* [-]digits[.digits][e[+-]digits], all of the text. */
enum decimal_fault decimal_read(struct str text, struct decimal *out);
struct decimal decimal_int(int64_t n);
struct str decimal_text(struct decimal d, struct arena *a);
/* A whole number that fits. */
bool decimal_to_int(struct decimal d, int64_t *out);
bool decimal_is_whole(struct decimal d);

/* -1, 0, 1 */
int decimal_cmp(struct decimal a, struct decimal b);
struct decimal decimal_negate(struct decimal d);
enum decimal_fault decimal_add(struct decimal a, struct decimal b,
			       struct decimal *out);
enum decimal_fault decimal_sub(struct decimal a, struct decimal b,
			       struct decimal *out);
enum decimal_fault decimal_mul(struct decimal a, struct decimal b,
			       struct decimal *out);
enum decimal_fault decimal_div(struct decimal a, struct decimal b,
			       struct decimal *out);
/* a - b * (a / b cut towards zero): the sign is a's. */
enum decimal_fault decimal_mod(struct decimal a, struct decimal b,
			       struct decimal *out);
/* The next whole number down or up; always fits. */
struct decimal decimal_floor(struct decimal d);
struct decimal decimal_ceil(struct decimal d);

/* For messages: "the result has more than 38 digits". */
const char *decimal_fault_text(enum decimal_fault f);

#endif
