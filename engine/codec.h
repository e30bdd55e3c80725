#ifndef DMSL_ENGINE_CODEC_H
#define DMSL_ENGINE_CODEC_H

/*
 * Values and resources as canonical JSON with secrets sealed, and back: what
 * the state's text and the journal share. The notation is described at the top
 * of codec.c.
 *
 * A codec knows where it is (stack uid, address, attribute, item); the place is
 * authenticated with each sealed value, so that one cannot be moved elsewhere.
 * Who declares a codec releases it.
 */

#include "lang/base/buf.h"
#include "lang/base/str.h"
#include "lang/base/vec.h"
#include "lang/value.h"

#include <stdbool.h>

struct arena;
struct error;
struct json_stream;
struct seal;
struct state_resource;

struct codec {
	const struct seal *seal; /* may be NULL */
	struct buf place;	 /* uid NUL address NUL attribute … */
	size_t uid_size;	 /* of place: the uid alone */
	bool is_inside;		 /* of a sealed value: nothing is hidden */
	int depth;
	VEC(struct str) texts; /* a list that is being read */
};

void codec_init(struct codec *c, const struct seal *seal, struct str uid);
void codec_release(struct codec *c);

/*
 * A value, on one line. place: where it stands, below the uid. Without a seal a
 * secret is written as {"$secret":true}. A full buffer is the caller's to see.
 */
int codec_write(struct codec *c, struct str place, struct value v,
		struct buf *out, struct error *err);
/*
 * What json_read() made of such a text. Without a seal a sealed value becomes
 * secret and unknown. Shares memory with the input.
 */
int codec_read(struct codec *c, struct str place, struct value json,
	       struct arena *a, struct value *out, struct error *err);

/* One map entry a line, the last line indented by `indent` blanks. */
int codec_write_map(struct codec *c, struct str place, struct value map,
		    size_t indent, struct buf *out, struct error *err);

/*
 * A resource without its address, in the state's form when indent is not 0, on
 * one line otherwise.
 */
int codec_write_resource(struct codec *c, const struct state_resource *r,
			 size_t indent, struct buf *out, struct error *err);
/* What it points to lives in the arena and in the input. */
int codec_read_resource(struct codec *c, struct str address, struct value json,
			struct arena *a, struct state_resource *out,
			struct error *err);

/* The same from a text that is read piece by piece. */
int codec_stream_resource(struct codec *c, struct str address,
			  struct json_stream *in, struct arena *a,
			  struct state_resource *out, struct error *err);

/* Members of a JSON object that must be text; *out is empty when absent. */
int codec_text(struct value map, const char *key, struct str *out,
	       struct error *err);
int codec_texts(struct value map, const char *key, struct arena *a,
		struct str **out, size_t *n, struct error *err);
/* Refuses members that are not in the list, which ends with NULL. */
int codec_only(struct value map, const char *const *keys, struct error *err);

#endif
