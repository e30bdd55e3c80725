#include <config.h>

#include "engine/journal_frame.h"

#include "lang/base/buf.h"
#include "lang/base/error.h"

#include <stdbool.h>
#include <string.h>

enum { SECTOR = 512 };

#ifdef __x86_64__
/* The processor has an instruction for just this sum. */
__attribute__((target("sse4.2"))) static uint32_t
crc_by_processor(struct str bytes, uint32_t crc)
{
	uint64_t wide = crc;
	size_t i = 0;

	for (; bytes.n - i >= 8; i += 8) {
		uint64_t w;

		memcpy(&w, bytes.s + i, 8);
		wide = __builtin_ia32_crc32di(wide, w);
	}
	crc = (uint32_t)wide;
	for (; i < bytes.n; i++)
		crc = __builtin_ia32_crc32qi(crc, (unsigned char)bytes.s[i]);
	return crc;
}
#endif

static uint32_t crc_by_table(struct str bytes, uint32_t crc)
{
	/* Four bits a step: of the polynomial 0x82f63b78, bits reversed. */
	static const uint32_t table[16] = {
		0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1,
		0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
		0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
		0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
	};

	for (size_t i = 0; i < bytes.n; i++) {
		crc ^= (unsigned char)bytes.s[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return crc;
}

uint32_t crc32c(struct str bytes)
{
	const uint32_t start = 0xffffffff;

#ifdef __x86_64__
	if (__builtin_cpu_supports("sse4.2"))
		return ~crc_by_processor(bytes, start);
#endif
	return ~crc_by_table(bytes, start);
}

static void add_hex(struct buf *out, uint64_t n, int digits, char after)
{
	char text[17];

	for (int i = digits; i-- > 0; n >>= 4)
		text[i] = "0123456789abcdef"[n & 15];
	text[digits] = after;
	buf_add(out, text, (size_t)digits + 1);
}

void frame_write(const struct frame *f, struct buf *out)
{
	size_t start = out->len;

	add_hex(out, f->sequence, 16, ' ');
	add_hex(out, f->payload.n, 8, ' ');
	add_hex(out, f->durable, 16, ' ');
	add_hex(out, crc32c(f->payload), 8, ' ');
	add_hex(out,
		crc32c((struct str){ out->data + start, out->len - start }), 8,
		'\n');
	buf_add_str(out, f->payload);
	buf_add_char(out, '\n');
}

static bool read_hex(struct str s, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.s[i];

		if (c >= '0' && c <= '9')
			*out = *out << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			*out = *out << 4 | (uint64_t)(c - 'a' + 10);
		else
			return false;
	}
	return true;
}

struct head {
	uint64_t sequence, size, durable, payload_crc;
};

static bool read_head(struct str text, struct head *h)
{
	static const struct {
		size_t at, n;
		char after;
	} fields[] = {
		{ 0, 16, ' ' }, { 17, 8, ' ' },	 { 26, 16, ' ' },
		{ 43, 8, ' ' }, { 52, 8, '\n' },
	};
	uint64_t values[5];

	if (text.n < FRAME_HEAD_SIZE)
		return false;
	for (size_t i = 0; i < 5; i++)
		if (text.s[fields[i].at + fields[i].n] != fields[i].after ||
		    !read_hex(
			str_sub(text, fields[i].at, fields[i].at + fields[i].n),
			&values[i]))
			return false;
	*h = (struct head){ values[0], values[1], values[2], values[3] };
	return values[4] == crc32c(str_sub(text, 0, 52)) &&
	       h->size <= FRAME_PAYLOAD_MOST;
}

int frame_scan_start(struct frame_scan *s, struct str text, struct error *err)
{
	size_t n = text.n < FRAME_MAGIC_SIZE ? text.n : FRAME_MAGIC_SIZE;
	size_t zeros = 0;

	*s = (struct frame_scan){ .text = text, .sequence = 1 };
	while (zeros < text.n && text.s[zeros] == '\0')
		zeros++;
	/* Nothing was ever synced: the file was just being made. */
	if (zeros == text.n)
		return 0;
	if (memcmp(text.s, FRAME_MAGIC, n) != 0)
		return error_set(err, ERROR_CORRUPT,
				 "it does not begin with \"%.*s\"",
				 FRAME_MAGIC_SIZE - 1, FRAME_MAGIC);
	if (n == FRAME_MAGIC_SIZE)
		s->at = n;
	return 0;
}

/*
 * Whether there is a sector from `at` on that was never written: a power cut
 * may leave such behind, also in front of sectors that were.
 */
static bool has_hole(struct str text, size_t at)
{
	while (at < text.n) {
		size_t end = (at / SECTOR + 1) * SECTOR;

		if (end > text.n)
			end = text.n;
		while (at < end && text.s[at] == '\0')
			at++;
		if (at == end)
			return true;
		at = end;
	}
	return false;
}

/* Whether a frame behind `at` says that `at` had been synced before. */
static bool was_durable(struct str text, size_t at)
{
	for (size_t i = at + 1; i + FRAME_HEAD_SIZE <= text.n; i++) {
		struct head h;

		/* Blanks stand at fixed places: look at two before the rest. */
		if (text.s[i + 16] == ' ' && text.s[i + 25] == ' ' &&
		    read_head(str_skip(text, i), &h) && h.durable > at)
			return true;
	}
	return false;
}

static int damaged(const struct frame_scan *s, struct error *err)
{
	return error_set(err, ERROR_CORRUPT,
			 "record %llu, at byte %zu, is not what was written",
			 (unsigned long long)s->sequence, s->at);
}

int frame_scan_next(struct frame_scan *s, struct frame *out, struct error *err)
{
	struct str rest = str_skip(s->text, s->at);
	struct head h;
	bool is_head;

	/* A kill tears within the last write: the file simply ends. */
	if (rest.n < FRAME_HEAD_SIZE)
		return 0;
	is_head = read_head(rest, &h) && h.sequence == s->sequence;
	if (is_head && rest.n < FRAME_HEAD_SIZE + h.size + 1)
		return was_durable(s->text, s->at) ? damaged(s, err) : 0;
	if (is_head) {
		out->sequence = h.sequence;
		out->durable = h.durable;
		out->payload = str_sub(rest, FRAME_HEAD_SIZE,
				       FRAME_HEAD_SIZE + (size_t)h.size);
		if (crc32c(out->payload) == h.payload_crc &&
		    rest.s[FRAME_HEAD_SIZE + h.size] == '\n') {
			s->at += FRAME_HEAD_SIZE + (size_t)h.size + 1;
			s->sequence++;
			return 1;
		}
	}
	if (has_hole(s->text, s->at) && !was_durable(s->text, s->at))
		return 0;
	return damaged(s, err);
}
