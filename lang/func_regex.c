/*
 * Functions on regular expressions, by PCRE2. A pattern may try many ways to
 * match; how many and in how much memory is limited, so that a slip is an error
 * and not a program that hangs. The limit counts what is done and not time: the
 * same text gives the same result on every machine.
 *
 * PCRE2's own limit begins anew at each character of the text. So patterns are
 * compiled with a callout before each of their parts, which we count. A part
 * such as a* may go far by itself, so the way between two callouts counts too.
 */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/base/vec.h"
#include "lang/func_impl.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum {
	PATTERN_MAX = 65536,  /* bytes */
	HEAP_MAX = 65536,     /* KiB, per match */
	TRIES_MAX = 10000000, /* of all matches of one call, and … */
	TRIES_PER_BYTE = 32,  /* … more for a long text */
	BYTES_PER_TRY = 16,   /* that one part of a pattern goes over */
};

struct regex {
	struct func_call *call;
	struct str text;
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *limits;
	size_t most, left; /* tries */
	size_t at;	   /* where the last callout was */
	size_t from;	   /* where the next match may begin */
	bool is_checked;   /* the text is known to be UTF-8 */
	bool is_done;
	const PCRE2_SIZE *ends; /* of the last match: begin and end of groups */
	uint32_t n_groups;	/* and the match itself */
};

static void regex_close(struct regex *r)
{
	r->call->left -= (r->most - r->left) / FUNC_READ_PER_STEP;
	pcre2_match_data_free(r->data);
	pcre2_match_context_free(r->limits);
	pcre2_code_free(r->code);
}

static pcre2_code *compile(struct str pattern, int *fault, size_t *at)
{
	pcre2_compile_context *c = pcre2_compile_context_create(NULL);
	pcre2_code *code;

	if (!c)
		return NULL;
	pcre2_set_max_pattern_length(c, PATTERN_MAX);
	code = pcre2_compile(
	    (PCRE2_SPTR)(pattern.n ? pattern.s : ""), pattern.n,
	    PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_AUTO_CALLOUT, fault, at,
	    c);
	pcre2_compile_context_free(c);
	return code;
}

static int count_try(pcre2_callout_block *block, void *data)
{
	struct regex *r = data;
	size_t at = block->current_position;
	size_t way = at > r->at ? at - r->at : r->at - at;
	size_t tries = 1 + way / BYTES_PER_TRY;

	r->at = at;
	if (r->left < tries) {
		r->left = 0;
		return PCRE2_ERROR_CALLOUT;
	}
	r->left -= tries;
	return 0;
}

/* As many as the text may take, or as the expression has steps left. */
static void set_limits(struct regex *r)
{
	size_t steps = r->call->left;

	r->most = TRIES_MAX + r->text.n * TRIES_PER_BYTE;
	if (steps < r->most / FUNC_READ_PER_STEP)
		r->most = steps * FUNC_READ_PER_STEP;
	r->left = r->most;
	pcre2_set_callout(r->limits, count_try, r);
	pcre2_set_match_limit(r->limits, UINT32_MAX);
	pcre2_set_depth_limit(r->limits, UINT32_MAX);
	pcre2_set_heap_limit(r->limits, HEAP_MAX);
}

/* Of the text and pattern that are the first two arguments. */
static int regex_open(struct regex *r, struct func_call *c)
{
	char message[256];
	int fault = 0;
	size_t at = 0;

	*r = (struct regex){ .call = c, .text = c->args[0].as.text };
	if (!r->text.s)
		r->text = STR("");
	r->code = compile(c->args[1].as.text, &fault, &at);
	if (!r->code) {
		pcre2_get_error_message(fault, (PCRE2_UCHAR *)message,
					sizeof(message));
		return func_fail(c, 1,
				 "the pattern is not a regular expression: %s, "
				 "at byte %zu",
				 message, at);
	}
	r->data = pcre2_match_data_create_from_pattern(r->code, NULL);
	r->limits = pcre2_match_context_create(NULL);
	if (!r->data || !r->limits)
		BUG("no memory for a regular expression");
	set_limits(r);
	r->ends = pcre2_get_ovector_pointer(r->data);
	r->n_groups = pcre2_get_ovector_count(r->data);
	return 0;
}

static int match_fault(struct regex *r, int fault)
{
	char message[256];

	regex_close(r);
	if (fault == PCRE2_ERROR_CALLOUT && r->call->left == 0) {
		r->call->is_spent = true;
		return -1;
	}
	if (fault == PCRE2_ERROR_CALLOUT || fault == PCRE2_ERROR_HEAPLIMIT)
		return func_fail(r->call, 1,
				 "the pattern can match in too many ways: it "
				 "was given up after %zu tries",
				 r->most - r->left);
	pcre2_get_error_message(fault, (PCRE2_UCHAR *)message, sizeof(message));
	return func_fail(r->call, 1, "%s", message);
}

/* Behind an empty match, which would be found again: the next character. */
static void step_over(struct regex *r)
{
	r->is_done = r->from >= r->text.n;
	r->from++;
	while (r->from < r->text.n && (r->text.s[r->from] & 0xc0) == 0x80)
		r->from++;
}

/* 1: the next match; 0: there is none; -1 with the reason, and r closed. */
static int regex_next(struct regex *r)
{
	/* Checked once: again for each match would be quadratic. */
	uint32_t options = r->is_checked ? PCRE2_NO_UTF_CHECK : 0;
	int found;

	if (r->is_done)
		return 0;
	found = pcre2_match(r->code, (PCRE2_SPTR)r->text.s, r->text.n, r->from,
			    options, r->data, r->limits);
	if (found == PCRE2_ERROR_NOMATCH)
		return 0;
	if (found < 0)
		return match_fault(r, found);
	r->is_checked = true;
	/* \K in a look-ahead can put the begin behind the end. */
	if (r->ends[0] > r->ends[1] || r->ends[0] < r->from) {
		regex_close(r);
		return func_fail(r->call, 1,
				 "the pattern begins a match behind its end");
	}
	r->from = r->ends[1];
	if (r->ends[0] == r->ends[1])
		step_over(r);
	return 1;
}

/* A group that took no part is empty. */
static struct str group(const struct regex *r, uint32_t n)
{
	if (n >= r->n_groups || r->ends[2 * n] == PCRE2_UNSET)
		return STR("");
	return str_sub(r->text, r->ends[2 * n], r->ends[2 * n + 1]);
}

/* The last match: all of it, then its groups. */
static struct value groups(const struct regex *r)
{
	struct value *items =
	    arena_new(r->call->arena, struct value, r->n_groups);

	for (uint32_t i = 0; i < r->n_groups; i++)
		items[i] = value_str(group(r, i));
	return value_list(items, r->n_groups);
}

int func_regex_match(struct func_call *c, struct value *out)
{
	struct regex r;
	int found;

	if (regex_open(&r, c) < 0)
		return -1;
	found = regex_next(&r);
	if (found < 0)
		return -1;
	*out = value_bool(found);
	regex_close(&r);
	return 0;
}

int func_regex_find(struct func_call *c, struct value *out)
{
	struct regex r;
	int found;

	if (regex_open(&r, c) < 0)
		return -1;
	found = regex_next(&r);
	if (found < 0)
		return -1;
	*out = found ? groups(&r) : value_null();
	regex_close(&r);
	return 0;
}

int func_regex_find_all(struct func_call *c, struct value *out)
{
	VEC(struct value) all = { 0 };
	struct regex r;
	int found;
	size_t n;

	if (regex_open(&r, c) < 0)
		return -1;
	while ((found = regex_next(&r)) > 0) {
		*vec_push(&all) = groups(&r);
		if (func_count(c, all.n * r.n_groups) < 0) {
			regex_close(&r);
			found = -1;
			break;
		}
	}
	if (found < 0) {
		vec_release(&all);
		return -1;
	}
	regex_close(&r);
	n = all.n;
	*out = value_list(vec_take(&all, c->arena), n);
	return 0;
}

/* $0, $12, ${name} and $$ in what stands for a match. */
static int add_replacement(struct regex *r, struct str new, struct buf *b)
{
	while (str_find(new, '$') >= 0) {
		size_t n = 0, digits = 0;

		buf_add_str(b, str_cut(&new, '$'));
		if (str_starts(new, "$")) {
			buf_add_char(b, '$');
			new = str_skip(new, 1);
			continue;
		}
		for (; digits < new.n &&digits < 3 && new.s[digits] >= '0' &&
		       new.s[digits] <= '9';
		     digits++)
			n = n * 10 + (size_t)(new.s[digits] - '0');
		if (digits == 0)
			return func_fail(r->call, 2,
					 "behind a $ stands the number of a "
					 "group; a $ itself is $$");
		if (n >= r->n_groups)
			return func_fail(r->call, 2,
					 "there is no group $%zu: the pattern "
					 "has %u",
					 n, (unsigned)r->n_groups - 1);
		buf_add_str(b, group(r, (uint32_t)n));
		new = str_skip(new, digits);
	}
	buf_add_str(b, new);
	return 0;
}

int func_regex_replace(struct func_call *c, struct value *out)
{
	size_t kept = 0; /* what stands before it is in the result */
	struct regex r;
	struct buf b;
	int found;

	if (regex_open(&r, c) < 0)
		return -1;
	buf_init(&b, FUNC_TEXT_MAX);
	while ((found = regex_next(&r)) > 0 && !buf_is_full(&b)) {
		buf_add_str(&b, str_sub(r.text, kept, r.ends[0]));
		kept = r.ends[1];
		if (add_replacement(&r, c->args[2].as.text, &b) < 0) {
			regex_close(&r);
			found = -1;
			break;
		}
	}
	if (found < 0) {
		buf_wipe(&b);
		return -1;
	}
	regex_close(&r);
	buf_add_str(&b, str_skip(r.text, kept));
	return func_text(c, &b, out);
}
