#ifndef DMSL_ENGINE_JOURNAL_RECORD_H
#define DMSL_ENGINE_JOURNAL_RECORD_H

/* A journal's record to JSON and back; what journal.c and its reader share. */

#include "engine/journal.h"

struct buf;
struct codec;

enum { JOURNAL_MOST = 1 << 30 }; /* bytes of a file */

int journal_record_write(const struct journal_record *r, struct codec *c,
			 struct buf *out, struct error *err);
/*
 * The codec's uid is not that of a begin record which is just being read: such
 * a record holds no values.
 */
int journal_record_read(struct str payload, struct codec *c, struct arena *a,
			struct journal_record *out, struct error *err);

#endif
