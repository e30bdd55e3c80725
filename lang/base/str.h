#ifndef DMSL_LANG_BASE_STR_H
#define DMSL_LANG_BASE_STR_H

/*
 * A view of bytes: pointer and length, owning nothing. It need not end in NUL
 * unless the function that made it says so. Text is UTF-8.
 */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct arena;

struct str {
	const char *s; /* may be NULL when n is 0 */
	size_t n;
};

/* For printf: printf("%.*s", STR_ARG(name)). */
#define STR_ARG(x) (int)(x).n, (x).s ? (x).s : ""
/* A view of a string literal; STR_INIT in initialisers of constants. */
#define STR(literal) ((struct str){ "" literal, sizeof(literal) - 1 })
#define STR_INIT(literal)                                                      \
	{                                                                      \
		"" literal, sizeof(literal) - 1                                \
	}

/*
 * These three are asked millions of times, mostly with a literal whose length
 * is known when the program is made.
 */

/* A view of a C string; NULL gives an empty view. */
static inline struct str str_from(const char *s)
{
	return (struct str){ s, s ? strlen(s) : 0 };
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.n == b.n &&
	       (a.s == b.s || a.n == 0 || memcmp(a.s, b.s, a.n) == 0);
}

static inline bool str_is(struct str a, const char *b)
{
	return str_eq(a, str_from(b));
}

/* Order of bytes, as memcmp; a prefix comes first. */
int str_cmp(struct str a, struct str b);
bool str_starts(struct str s, const char *prefix);
bool str_ends(struct str s, const char *suffix);
/* The view without the first n bytes (or empty), from a to b (clamped). */
struct str str_skip(struct str s, size_t n);
struct str str_sub(struct str s, size_t a, size_t b);
/* Without blanks, tabs and newlines at both ends. */
struct str str_trim(struct str s);
/* Index of the first or last c, or -1. */
ptrdiff_t str_find(struct str s, char c);
ptrdiff_t str_rfind(struct str s, char c);
bool str_contains(struct str s, struct str part);
/*
 * Cuts *s at the first c: returns what stood before it and leaves what stands
 * behind it. Without c, returns all and leaves an empty view.
 */
struct str str_cut(struct str *s, char c);
/* Decimal digits only, all of s; false when not, or when out of range. */
bool str_to_u64(struct str s, uint64_t *out);

/* Copies in the arena; both end in NUL (not counted). */
struct str str_dup(struct str s, struct arena *a);
char *str_c(struct str s, struct arena *a);
/* One behind the other, with `between` in the middle. */
struct str str_join(struct str first, const char *between, struct str second,
		    struct arena *a);
/* A copy that is malloc'ed and ends in NUL, and its end. */
struct str str_keep(struct str s);
void str_drop(struct str s);
/* `mark` and two hexadecimal digits are that byte, all else is itself. */
struct str str_unescape(struct str s, char mark, struct arena *a);
struct str str_fmt(struct arena *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
struct str str_vfmt(struct arena *a, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* FNV-1a with a final mix; for tables, not for secrets. */
uint64_t str_hash(struct str s);

#endif
