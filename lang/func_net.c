/* Functions on addresses and blocks of them. */
#include <config.h>

#include "lang/base/arena.h"
#include "lang/cidr.h"
#include "lang/func_impl.h"

static struct cidr block(struct func_call *c, size_t arg)
{
	struct cidr out = { 0 };

	/* The signature has made sure that it is one. */
	cidr_read(c->args[arg].as.text, &out);
	return out;
}

int func_cidr_subnet(struct func_call *c, struct value *out)
{
	struct cidr from = block(c, 0);
	int64_t more, n;

	if (func_whole(c, 1, 0, 32 - from.bits, &more) < 0 ||
	    func_whole(c, 2, 0, ((int64_t)1 << more) - 1, &n) < 0)
		return -1;
	from.bits = (uint8_t)(from.bits + more);
	if (from.bits)
		from.address += (uint32_t)((uint64_t)n << (32 - from.bits));
	*out = (struct value){
		.kind = VALUE_CIDR,
		.as.text = cidr_text(from, c->arena),
	};
	return 0;
}

int func_cidr_host(struct func_call *c, struct value *out)
{
	struct cidr from = block(c, 0);
	int64_t size = (int64_t)1 << (32 - from.bits);
	int64_t n;

	if (func_whole(c, 1, -size, size - 1, &n) < 0)
		return -1;
	if (n < 0)
		n += size;
	*out = (struct value){
		.kind = VALUE_IP,
		.as.text = ip_text(from.address + (uint32_t)n, c->arena),
	};
	return 0;
}

int func_cidr_contains(struct func_call *c, struct value *out)
{
	struct value inner = c->args[1];
	struct cidr other;
	uint32_t ip;

	if ((inner.kind == VALUE_CIDR || inner.kind == VALUE_STRING) &&
	    cidr_read(inner.as.text, &other))
		*out = value_bool(cidr_contains_cidr(block(c, 0), other));
	else if ((inner.kind == VALUE_IP || inner.kind == VALUE_STRING) &&
		 ip_read(inner.as.text, &ip))
		*out = value_bool(cidr_contains_ip(block(c, 0), ip));
	else
		return func_fail(c, 1, "expected an ip or a cidr, found a %s",
				 value_kind_name(inner));
	return 0;
}

int func_cidr_overlaps(struct func_call *c, struct value *out)
{
	*out = value_bool(cidr_overlaps(block(c, 0), block(c, 1)));
	return 0;
}

int func_cidr_split(struct func_call *c, struct value *out)
{
	struct cidr whole = block(c, 0);
	uint64_t next = whole.address;
	uint64_t end = next + ((uint64_t)1 << (32 - whole.bits));
	struct value *items = arena_new(c->arena, struct value, c->n);

	for (size_t i = 1; i < c->n; i++) {
		struct cidr part = whole;
		int64_t more;
		uint64_t size;

		if (func_whole(c, i, 0, 32 - whole.bits, &more) < 0)
			return -1;
		part.bits = (uint8_t)(whole.bits + more);
		size = (uint64_t)1 << (32 - part.bits);
		/* A block begins at a multiple of its size. */
		next = (next + size - 1) & ~(size - 1);
		if (next + size > end)
			return func_fail(c, i,
					 "there is no room left for a block "
					 "of /%u",
					 (unsigned)part.bits);
		part.address = (uint32_t)next;
		items[i - 1] = (struct value){
			.kind = VALUE_CIDR,
			.as.text = cidr_text(part, c->arena),
		};
		next += size;
	}
	*out = value_list(items, c->n - 1);
	return 0;
}
