#include <config.h>

#include "lang/cidr.h"

#include "lang/base/arena.h"

/* A number of at most three digits without a leading zero. */
static bool read_number(struct str s, uint32_t most, uint32_t *out)
{
	uint64_t n;

	if (s.n == 0 || s.n > 3 || (s.n > 1 && s.s[0] == '0') ||
	    !str_to_u64(s, &n) || n > most)
		return false;
	*out = (uint32_t)n;
	return true;
}

bool ip_read(struct str text, uint32_t *out)
{
	uint32_t ip = 0;

	for (int i = 0; i < 4; i++) {
		uint32_t part;

		if (i < 3 && str_find(text, '.') < 0)
			return false;
		if (!read_number(i < 3 ? str_cut(&text, '.') : text, 255,
				 &part))
			return false;
		ip = ip << 8 | part;
	}
	*out = ip;
	return true;
}

struct str ip_text(uint32_t ip, struct arena *a)
{
	return str_fmt(a, "%u.%u.%u.%u", ip >> 24, ip >> 16 & 255,
		       ip >> 8 & 255, ip & 255);
}

bool cidr_read(struct str text, struct cidr *out)
{
	uint32_t bits;

	if (str_find(text, '/') < 0 ||
	    !ip_read(str_cut(&text, '/'), &out->address) ||
	    !read_number(text, 32, &bits))
		return false;
	out->bits = (uint8_t)bits;
	return true;
}

struct str cidr_text(struct cidr c, struct arena *a)
{
	return str_fmt(a, "%u.%u.%u.%u/%u", c.address >> 24,
		       c.address >> 16 & 255, c.address >> 8 & 255,
		       c.address & 255, (unsigned)c.bits);
}

static uint32_t cidr_mask(struct cidr c)
{
	return c.bits ? UINT32_MAX << (32 - c.bits) : 0;
}

bool cidr_is_network(struct cidr c)
{
	return (c.address & ~cidr_mask(c)) == 0;
}

struct cidr cidr_network(struct cidr c)
{
	c.address &= cidr_mask(c);
	return c;
}

bool cidr_contains_ip(struct cidr c, uint32_t ip)
{
	return ((c.address ^ ip) & cidr_mask(c)) == 0;
}

bool cidr_contains_cidr(struct cidr outer, struct cidr inner)
{
	return inner.bits >= outer.bits &&
	       cidr_contains_ip(outer, inner.address);
}

bool cidr_overlaps(struct cidr a, struct cidr b)
{
	return cidr_contains_cidr(a, cidr_network(b)) ||
	       cidr_contains_cidr(b, cidr_network(a));
}
