#ifndef DMSL_ENGINE_JOURNAL_FRAME_H
#define DMSL_ENGINE_JOURNAL_FRAME_H

/*
 * The journal's file as a row of frames: pure functions over its bytes. What a
 * frame is, and when it is torn or damaged, is said at the top of journal.c.
 */

#include "lang/base/str.h"

#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;

#define FRAME_MAGIC "dmsl journal 1\n"

enum {
	FRAME_MAGIC_SIZE = sizeof(FRAME_MAGIC) - 1,
	FRAME_HEAD_SIZE = 61,
	FRAME_PAYLOAD_MOST = 64 << 20,
};

struct frame {
	uint64_t sequence;
	uint64_t durable; /* offset up to which the file was synced before */
	struct str payload;
};

struct frame_scan {
	struct str text;
	size_t at;	   /* behind the last good frame */
	uint64_t sequence; /* of the next frame */
};

/* CRC-32C (Castagnoli) of some bytes. */
uint32_t crc32c(struct str bytes);
void frame_write(const struct frame *f, struct buf *out);
/* Looks at the first line; an empty or cut one is an empty journal. */
int frame_scan_start(struct frame_scan *s, struct str text, struct error *err);
/*
 * 1: a frame; 0: the end, and bytes from `at` on are a torn tail; -1: damage
 * (ERROR_CORRUPT).
 */
int frame_scan_next(struct frame_scan *s, struct frame *out, struct error *err);

#endif
