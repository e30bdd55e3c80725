#ifndef DMSL_LANG_FMT_H
#define DMSL_LANG_FMT_H

/*
 * The canonical form of a text: two spaces a level, one space around
 * operators, the "=" of neighbouring attributes in one column, comments and
 * groups between blank lines kept. Where a line ends is the writer's choice,
 * but for blocks: one whose items stand on several lines has its braces on
 * lines of their own. The meaning is the same, and the form of a form is
 * itself.
 */

struct arena;
struct buf;
struct diags;
struct source;

/*
 * Adds the canonical text to out; with mistakes in the text: findings, -1 and
 * nothing. Memory of the call is in the arena.
 */
int fmt_text(const struct source *s, struct arena *a, struct buf *out,
	     struct diags *d);

#endif
