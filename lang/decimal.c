#include <config.h>

#include "lang/decimal.h"

#include "lang/base/arena.h"
#include "lang/base/error.h"

#include <string.h>

/*
 * Digits stay below 10^38 between calls. 128 bits hold a little more than
 * 3 * 10^38, so the sum of two such numbers fits before it is trimmed.
 */
#define DIGITS_ALL_ONES (~(decimal_digits)0)
#define TEN_TO_19	((decimal_digits)10000000000000000000u)
#define TEN_TO_38	(TEN_TO_19 * TEN_TO_19)

/* Divides by ten; gives the rest. Most numbers fit the machine's division. */
static unsigned cut_digit(decimal_digits *d)
{
	uint64_t small = (uint64_t)*d;
	unsigned rest;

	if (*d == small) {
		*d = small / 10;
		return (unsigned)(small % 10);
	}
	rest = (unsigned)(*d % 10);
	*d /= 10;
	return rest;
}

static int count_digits(decimal_digits d)
{
	int n = 0;

	for (; d; cut_digit(&d))
		n++;
	return n;
}

/* Canonical form of a result, or a fault when it does not fit. */
static enum decimal_fault settle(decimal_digits digits, int64_t exponent,
				 bool is_negative, struct decimal *out)
{
	*out = (struct decimal){ 0 };
	if (digits == 0)
		return DECIMAL_OK;
	for (decimal_digits less = digits; cut_digit(&less) == 0; exponent++)
		digits = less;
	if (digits >= TEN_TO_38 || exponent > DECIMAL_MAX_EXPONENT ||
	    exponent < -DECIMAL_MAX_EXPONENT)
		return DECIMAL_OVERFLOW;
	*out = (struct decimal){
		.digits = digits,
		.exponent = (int32_t)exponent,
		.is_negative = is_negative,
	};
	return DECIMAL_OK;
}

/* digits * 10^n; false when it does not fit 128 bits. */
static bool scale_up(decimal_digits *digits, int64_t n)
{
	if (*digits == 0)
		return true;
	for (; n > 0; n--) {
		if (*digits > DIGITS_ALL_ONES / 10)
			return false;
		*digits *= 10;
	}
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static enum decimal_fault read_exponent(struct str s, size_t *at, int64_t *out)
{
	bool is_negative = false;
	size_t start;
	int64_t n = 0;

	if (*at < s.n && (s.s[*at] == '+' || s.s[*at] == '-'))
		is_negative = s.s[(*at)++] == '-';
	start = *at;
	for (; *at < s.n && is_digit(s.s[*at]); ++*at)
		if (n < 100000)
			n = n * 10 + (s.s[*at] - '0');
	if (*at == start)
		return DECIMAL_SYNTAX;
	*out += is_negative ? -n : n;
	return DECIMAL_OK;
}

/*
 * Reads digits; zeros behind the last other digit only move the exponent, so
 * that 1.000 and 1000 are as short as they can be. Adds the places of a
 * fraction to *exponent as negative ones.
 */
static bool read_digits(struct str s, size_t *at, bool is_fraction,
			struct decimal *d, int64_t *exponent, int64_t *zeros,
			bool *is_over)
{
	size_t start = *at;

	for (; *at < s.n && is_digit(s.s[*at]); ++*at) {
		int digit = s.s[*at] - '0';

		if (is_fraction)
			--*exponent;
		if (digit == 0) {
			if (d->digits)
				++*zeros;
			continue;
		}
		if (!scale_up(&d->digits, *zeros + 1) ||
		    d->digits > DIGITS_ALL_ONES - 9)
			*is_over = true;
		d->digits += (unsigned)digit;
		if (d->digits >= TEN_TO_38) {
			*is_over = true;
			d->digits = 1;
		}
		*zeros = 0;
	}
	return *at > start;
}

enum decimal_fault decimal_read(struct str text, struct decimal *out)
{
	struct decimal d = { 0 };
	int64_t exponent = 0;
	int64_t zeros = 0;
	size_t at = 0;
	bool is_over = false;

	*out = d;
	if (text.n > (1 << 20))
		return DECIMAL_OVERFLOW;
	if (text.n && text.s[0] == '-') {
		d.is_negative = true;
		at++;
	}
	if (!read_digits(text, &at, false, &d, &exponent, &zeros, &is_over))
		return DECIMAL_SYNTAX;
	if (at < text.n && text.s[at] == '.') {
		at++;
		if (!read_digits(text, &at, true, &d, &exponent, &zeros,
				 &is_over))
			return DECIMAL_SYNTAX;
	}
	if (at < text.n && (text.s[at] == 'e' || text.s[at] == 'E')) {
		at++;
		if (read_exponent(text, &at, &exponent) != DECIMAL_OK)
			return DECIMAL_SYNTAX;
	}
	if (at != text.n)
		return DECIMAL_SYNTAX;
	if (is_over)
		return DECIMAL_OVERFLOW;
	return settle(d.digits, exponent + zeros, d.is_negative, out);
}

struct decimal decimal_int(int64_t n)
{
	struct decimal d;
	uint64_t size = n < 0 ? (uint64_t)0 - (uint64_t)n : (uint64_t)n;

	if (settle(size, 0, n < 0, &d) != DECIMAL_OK)
		BUG("an integer of 64 bits is no decimal");
	return d;
}

struct str decimal_text(struct decimal d, struct arena *a)
{
	char digits[DECIMAL_TEXT_MAX];
	char text[DECIMAL_TEXT_MAX];
	int n = count_digits(d.digits);
	int point = n + d.exponent; /* digits before the decimal point */
	int at = 0;

	if (d.digits == 0)
		return STR("0");
	for (int i = n; i-- > 0;)
		digits[i] = (char)('0' + (int)cut_digit(&d.digits));
	if (d.is_negative)
		text[at++] = '-';
	if (point > DECIMAL_MAX_DIGITS || point < -20) {
		text[at++] = digits[0];
		if (n > 1) {
			text[at++] = '.';
			memcpy(text + at, digits + 1, (size_t)n - 1);
			at += n - 1;
		}
		return str_fmt(a, "%.*se%d", at, text, point - 1);
	}
	if (point <= 0) {
		text[at++] = '0';
		text[at++] = '.';
		for (int i = point; i < 0; i++)
			text[at++] = '0';
	}
	for (int i = 0; i < n || i < point; i++) {
		if (i == point && i > 0)
			text[at++] = '.';
		text[at++] = i < n ? digits[i] : '0';
	}
	return str_dup((struct str){ text, (size_t)at }, a);
}

static bool decimal_is_zero(struct decimal d)
{
	return d.digits == 0;
}

bool decimal_is_whole(struct decimal d)
{
	return d.exponent >= 0;
}

bool decimal_to_int(struct decimal d, int64_t *out)
{
	decimal_digits limit = (decimal_digits)INT64_MAX + d.is_negative;

	if (d.exponent < 0 || d.exponent > 19 ||
	    !scale_up(&d.digits, d.exponent) || d.digits > limit)
		return false;
	if (!d.is_negative)
		*out = (int64_t)d.digits;
	else if (d.digits > INT64_MAX)
		*out = INT64_MIN;
	else
		*out = -(int64_t)d.digits;
	return true;
}

static int cmp_size(struct decimal a, struct decimal b)
{
	int top_a, top_b;

	if (a.digits == 0 || b.digits == 0)
		return (a.digits > 0) - (b.digits > 0);
	top_a = count_digits(a.digits) + a.exponent;
	top_b = count_digits(b.digits) + b.exponent;
	if (top_a != top_b)
		return top_a < top_b ? -1 : 1;
	/* As many digits before the point: at most 37 places to even out. */
	scale_up(&a.digits, (int64_t)a.exponent - b.exponent);
	scale_up(&b.digits, (int64_t)b.exponent - a.exponent);
	return (a.digits > b.digits) - (a.digits < b.digits);
}

int decimal_cmp(struct decimal a, struct decimal b)
{
	if (a.is_negative != b.is_negative)
		return a.is_negative ? -1 : 1;
	return a.is_negative ? cmp_size(b, a) : cmp_size(a, b);
}

struct decimal decimal_negate(struct decimal d)
{
	d.is_negative = d.digits && !d.is_negative;
	return d;
}

enum decimal_fault decimal_add(struct decimal a, struct decimal b,
			       struct decimal *out)
{
	int64_t exponent = a.exponent < b.exponent ? a.exponent : b.exponent;

	*out = (struct decimal){ 0 };
	if (decimal_is_zero(a) || decimal_is_zero(b)) {
		*out = decimal_is_zero(a) ? b : a;
		return DECIMAL_OK;
	}
	if (!scale_up(&a.digits, a.exponent - exponent) ||
	    !scale_up(&b.digits, b.exponent - exponent))
		return DECIMAL_OVERFLOW;
	if (a.is_negative == b.is_negative) {
		if (a.digits > DIGITS_ALL_ONES - b.digits)
			return DECIMAL_OVERFLOW;
		return settle(a.digits + b.digits, exponent, a.is_negative,
			      out);
	}
	if (a.digits >= b.digits)
		return settle(a.digits - b.digits, exponent, a.is_negative,
			      out);
	return settle(b.digits - a.digits, exponent, b.is_negative, out);
}

enum decimal_fault decimal_sub(struct decimal a, struct decimal b,
			       struct decimal *out)
{
	return decimal_add(a, decimal_negate(b), out);
}

/*
 * The product has up to 76 digits, of which trailing zeros may go. So it is
 * formed in limbs of nine digits, stripped of zeros, and only then must fit.
 */
enum decimal_fault decimal_mul(struct decimal a, struct decimal b,
			       struct decimal *out)
{
	enum { LIMBS = 5, BASE = 1000000000 };
	uint64_t x[LIMBS], y[LIMBS], product[2 * LIMBS] = { 0 };
	int64_t exponent = (int64_t)a.exponent + b.exponent;
	decimal_digits digits = 0;
	int zeros = 0;

	if (a.digits <= UINT64_MAX && b.digits <= UINT64_MAX)
		return settle(a.digits * b.digits, exponent,
			      a.is_negative != b.is_negative, out);
	for (int i = 0; i < LIMBS; i++) {
		x[i] = (uint64_t)(a.digits % BASE);
		y[i] = (uint64_t)(b.digits % BASE);
		a.digits /= BASE;
		b.digits /= BASE;
	}
	for (int i = 0; i < LIMBS; i++) {
		uint64_t carry = 0;

		for (int k = 0; k < LIMBS; k++) {
			carry += product[i + k] + x[i] * y[k];
			product[i + k] = carry % BASE;
			carry /= BASE;
		}
		product[i + LIMBS] = carry;
	}
	/* Decimal digit p of the product is digit p % 9 of limb p / 9. */
	for (int p = 2 * LIMBS * 9; p-- > 0;) {
		uint64_t limb = product[p / 9];

		for (int i = 0; i < p % 9; i++)
			limb /= 10;
		limb %= 10;
		if (limb == 0) {
			zeros += digits != 0;
			continue;
		}
		if (!scale_up(&digits, zeros + 1) ||
		    digits > DIGITS_ALL_ONES - limb)
			return DECIMAL_OVERFLOW;
		digits += limb;
		zeros = 0;
	}
	return settle(digits, exponent + zeros, a.is_negative != b.is_negative,
		      out);
}

/*
 * 10 * rest / by, for rest < by < 10^38: the quotient's digit; *rest becomes
 * the remainder. 10 * rest does not fit 128 bits, so it is formed by doubling
 * and adding, reduced at each step: 10 is 1010 in binary.
 */
static unsigned next_digit(decimal_digits *rest, decimal_digits by)
{
	static const bool bits[] = { false, true, false };
	decimal_digits r = *rest;
	unsigned digit = 0;

	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		r *= 2;
		digit *= 2;
		if (r >= by) {
			r -= by;
			digit++;
		}
		if (!bits[i])
			continue;
		r += *rest;
		if (r >= by) {
			r -= by;
			digit++;
		}
	}
	*rest = r;
	return digit;
}

enum decimal_fault decimal_div(struct decimal a, struct decimal b,
			       struct decimal *out)
{
	decimal_digits limit = TEN_TO_38 / 10;
	decimal_digits quotient, rest;
	int64_t exponent = (int64_t)a.exponent - b.exponent;

	*out = (struct decimal){ 0 };
	if (decimal_is_zero(b))
		return DECIMAL_DIVISION;
	quotient = a.digits / b.digits;
	rest = a.digits % b.digits;
	while (rest && quotient < limit) {
		quotient = quotient * 10 + next_digit(&rest, b.digits);
		exponent--;
	}
	/* rest < 10^38, so doubling it fits. */
	if (rest * 2 > b.digits || (rest * 2 == b.digits && quotient % 2))
		quotient++;
	return settle(quotient, exponent, a.is_negative != b.is_negative, out);
}

enum decimal_fault decimal_mod(struct decimal a, struct decimal b,
			       struct decimal *out)
{
	decimal_digits rest;

	*out = (struct decimal){ 0 };
	if (decimal_is_zero(b))
		return DECIMAL_DIVISION;
	if (cmp_size(a, b) < 0) {
		*out = a;
		return DECIMAL_OK;
	}
	if (a.exponent < b.exponent) {
		/* a is at least b, so b's digits fit at a's exponent. */
		if (!scale_up(&b.digits, (int64_t)b.exponent - a.exponent))
			BUG("a smaller number has more digits");
		b.exponent = a.exponent;
	}
	rest = a.digits % b.digits;
	for (int64_t i = (int64_t)a.exponent - b.exponent; i > 0 && rest; i--)
		next_digit(&rest, b.digits);
	return settle(rest, b.exponent, a.is_negative, out);
}

/* Cut towards zero; says whether something was cut off. */
static struct decimal cut(struct decimal d, bool *was_cut)
{
	struct decimal whole;

	*was_cut = d.exponent < 0;
	for (; d.exponent < 0 && d.digits; d.exponent++)
		cut_digit(&d.digits);
	if (settle(d.digits, d.digits ? d.exponent : 0, d.is_negative,
		   &whole) != DECIMAL_OK)
		BUG("a number cut to a whole one does not fit");
	return whole;
}

struct decimal decimal_floor(struct decimal d)
{
	bool was_cut;
	struct decimal whole = cut(d, &was_cut);

	/* What had a fraction has at most 37 digits before it. */
	if (was_cut && d.is_negative &&
	    decimal_sub(whole, decimal_int(1), &whole) != DECIMAL_OK)
		BUG("a number cut to a whole one does not fit");
	return whole;
}

struct decimal decimal_ceil(struct decimal d)
{
	return decimal_negate(decimal_floor(decimal_negate(d)));
}

const char *decimal_fault_text(enum decimal_fault f)
{
	switch (f) {
	case DECIMAL_OK:
		return "no fault";
	case DECIMAL_SYNTAX:
		return "not a number";
	case DECIMAL_OVERFLOW:
		return "the number has more than 38 digits";
	case DECIMAL_DIVISION:
		return "division by zero";
	}
	BUG("fault %d", (int)f);
}
