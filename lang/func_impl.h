#ifndef DMSL_LANG_FUNC_IMPL_H
#define DMSL_LANG_FUNC_IMPL_H

/* What the files with functions share; only func*.c and eval*.c include it. */

#include "lang/func.h"

#include <stdint.h>

enum {
	/* Items that are read in the time that a step takes. */
	FUNC_READ_PER_STEP = 8,
	/* Bytes of text that are read in the time of an item. */
	FUNC_BYTES_PER_READ = 32,
	/* Bytes of text that a step makes. */
	FUNC_TEXT_PER_STEP = 32,
};

/* Says why and at which argument; returns -1. */
int func_fail(struct func_call *c, size_t arg, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A whole number from an argument, within bounds. */
int func_whole(struct func_call *c, size_t arg, int64_t least, int64_t most,
	       int64_t *out);
/* -1 where a result of n items is too long. */
int func_count(struct func_call *c, size_t n);
/*
 * Hands a built text over as the result, or says that it is too long; the
 * buffer is released in any case.
 */
int func_text(struct func_call *c, struct buf *b, struct value *out);
/* The text of a scalar as a template writes it; false for other kinds. */
bool func_scalar_text(struct value v, struct arena *a, struct str *out);
/* Characters of a text. */
size_t func_count_chars(struct str s);
/* Both numbers, strings, durations or sizes: they have an order. */
bool func_is_comparable(struct value a, struct value b);
/*
 * Or's in the marks of a value and of all inside it, each of which takes one
 * of *left, and a long text more; false when that is not enough.
 */
bool func_marks(struct value v, size_t *left, unsigned *marks);
/* The path of a file beside the text of the call. */
struct str func_path(struct func_call *c, struct str name);
/*
 * Reads such a file: UTF-8 of at most FUNC_TEXT_MAX bytes. A name that
 * is_secret is in no message.
 */
int func_read_file(struct func_call *c, struct str name, bool is_secret,
		   struct str *text);

/* func_text.c */
int func_contains_text(struct func_call *c, struct value *out);
int func_ends_with(struct func_call *c, struct value *out);
int func_indent(struct func_call *c, struct value *out);
int func_join(struct func_call *c, struct value *out);
int func_lower(struct func_call *c, struct value *out);
int func_repeat(struct func_call *c, struct value *out);
int func_replace(struct func_call *c, struct value *out);
int func_split(struct func_call *c, struct value *out);
int func_starts_with(struct func_call *c, struct value *out);
int func_substr(struct func_call *c, struct value *out);
int func_trim(struct func_call *c, struct value *out);
int func_trim_prefix(struct func_call *c, struct value *out);
int func_trim_suffix(struct func_call *c, struct value *out);
int func_upper(struct func_call *c, struct value *out);

/* func_format.c */
int func_format(struct func_call *c, struct value *out);

/* func_regex.c */
int func_regex_find(struct func_call *c, struct value *out);
int func_regex_find_all(struct func_call *c, struct value *out);
int func_regex_match(struct func_call *c, struct value *out);
int func_regex_replace(struct func_call *c, struct value *out);

/* func_list.c */
int func_all(struct func_call *c, struct value *out);
int func_any(struct func_call *c, struct value *out);
int func_chunk(struct func_call *c, struct value *out);
int func_combinations(struct func_call *c, struct value *out);
int func_compact(struct func_call *c, struct value *out);
int func_concat(struct func_call *c, struct value *out);
int func_contains(struct func_call *c, struct value *out);
int func_flatten(struct func_call *c, struct value *out);
int func_index_of(struct func_call *c, struct value *out);
int func_length(struct func_call *c, struct value *out);
int func_one(struct func_call *c, struct value *out);
int func_range(struct func_call *c, struct value *out);
int func_reverse(struct func_call *c, struct value *out);
int func_slice(struct func_call *c, struct value *out);
int func_sort(struct func_call *c, struct value *out);

/* func_map.c */
int func_keys(struct func_call *c, struct value *out);
int func_lookup(struct func_call *c, struct value *out);
int func_merge(struct func_call *c, struct value *out);
int func_values(struct func_call *c, struct value *out);
int func_zipmap(struct func_call *c, struct value *out);

/* func_set.c */
int func_distinct(struct func_call *c, struct value *out);
int func_intersect(struct func_call *c, struct value *out);
int func_subtract(struct func_call *c, struct value *out);
int func_union(struct func_call *c, struct value *out);

/* func_number.c */
int func_abs(struct func_call *c, struct value *out);
int func_ceil(struct func_call *c, struct value *out);
int func_floor(struct func_call *c, struct value *out);
int func_max(struct func_call *c, struct value *out);
int func_min(struct func_call *c, struct value *out);
int func_pow(struct func_call *c, struct value *out);
int func_round(struct func_call *c, struct value *out);
int func_sum(struct func_call *c, struct value *out);

/* func_net.c */
int func_cidr_contains(struct func_call *c, struct value *out);
int func_cidr_host(struct func_call *c, struct value *out);
int func_cidr_overlaps(struct func_call *c, struct value *out);
int func_cidr_split(struct func_call *c, struct value *out);
int func_cidr_subnet(struct func_call *c, struct value *out);

/* func_code.c */
int func_base64_decode(struct func_call *c, struct value *out);
int func_base64_encode(struct func_call *c, struct value *out);
int func_json_decode(struct func_call *c, struct value *out);
int func_json_encode(struct func_call *c, struct value *out);
int func_sha256(struct func_call *c, struct value *out);
int func_url_decode(struct func_call *c, struct value *out);
int func_url_encode(struct func_call *c, struct value *out);

/* func_csv.c */
int func_csv_decode(struct func_call *c, struct value *out);

/* func_data.c */
int func_coalesce(struct func_call *c, struct value *out);
int func_file(struct func_call *c, struct value *out);
int func_number(struct func_call *c, struct value *out);
int func_reveal(struct func_call *c, struct value *out);
int func_secret(struct func_call *c, struct value *out);
int func_string(struct func_call *c, struct value *out);
int func_type_of(struct func_call *c, struct value *out);

#endif
