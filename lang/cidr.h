#ifndef DMSL_LANG_CIDR_H
#define DMSL_LANG_CIDR_H

/*
 * IPv4 addresses and blocks of them: 10.0.0.0/16. Four decimal numbers without
 * leading zeros; anything else (short forms, octal, hexadecimal) is refused,
 * because tools disagree on what it means.
 */

#include "lang/base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct arena;

struct cidr {
	uint32_t address; /* host order */
	uint8_t bits;	  /* 0 .. 32 */
};

bool ip_read(struct str text, uint32_t *out);
struct str ip_text(uint32_t ip, struct arena *a);

/* The host part may be set: cidr_is_network() tells. */
bool cidr_read(struct str text, struct cidr *out);
struct str cidr_text(struct cidr c, struct arena *a);
bool cidr_is_network(struct cidr c);
/* The same block with the host part cleared. */
struct cidr cidr_network(struct cidr c);
bool cidr_contains_ip(struct cidr c, uint32_t ip);
/* Whether the whole of inner lies in outer. */
bool cidr_contains_cidr(struct cidr outer, struct cidr inner);
bool cidr_overlaps(struct cidr a, struct cidr b);

#endif
