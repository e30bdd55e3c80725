#ifndef DMSL_PROVIDERS_LOCAL_NETWORK_H
#define DMSL_PROVIDERS_LOCAL_NETWORK_H

/*
 * Addresses. Every VPC has a number n (0 to 238), one a VPC of the whole
 * machine; the address at offset x.y of its range is reached at 127.(16+n).x.y,
 * so that VPCs may have the same range. Whoever has a listener on
 * 127.(16+n).255.254, port 10127, has the number: HAProxy has it as long as the
 * stack runs; a socket of ours holds it until HAProxy takes it over.
 *
 * Addresses of a subnet are given out from its tenth upwards, beginning at a
 * place that follows from the owner's address in the stack: in whatever order
 * things are made, each gets the same one. Who has which is in the subnet's
 * record, "used", durable before an address is used.
 */

#include "lang/base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;
struct local;
struct record;

enum {
	NETWORK_NUMBERS = 239,
	NETWORK_PORT = 10127,
	/* Of the last two octets: these are ours, not a subnet's. */
	NETWORK_OWN_CLAIM = 0xfffe,
	NETWORK_OWN_REPLICATOR = 0xfffd,
	NETWORK_OWN_FIRST = 0xfff0,
};

struct range {
	uint32_t base;
	int bits;
};

bool range_parse(struct str text, struct range *out);
bool range_holds(struct range outer, struct range inner);
bool ip_parse(struct str text, uint32_t *out);
struct str network_ip_text(uint32_t ip, struct arena *a);

/* Who asks for an address. */
struct network_owner {
	struct str id;
	struct str address; /* in the stack */
};

struct network *network_open(void);
void network_close(struct network *n);

/*
 * A number for the VPC of this record: the one it has ("number"), else a free
 * one. It is held from here on. With may_move, a number that somebody else has
 * by now is given up for another one; the records only know addresses in the
 * VPC's own range, so that all follows when it is set up again.
 */
int network_claim(struct local *l, struct record *vpc, bool may_move,
		  int *number, struct error *err);
/*
 * For the balancer: between begin and end nobody on this machine may take a
 * number, and the sockets that hold ours are closed, so that HAProxy can take
 * over. Those that it did not take are held again afterwards.
 */
int network_hand_over(struct local *l, struct error *err);
void network_handed_over(struct local *l);
/* Forgets a number that is held for a VPC that goes. */
void network_drop(struct local *l, int number);

/* The loopback address of an address (or the same, when it is one already). */
int network_loopback(const struct local *l, struct str vpc, struct str ip,
		     struct arena *a, struct str *out, struct error *err);
/* An address of the subnet for the owner; the same one when it has one. */
int network_allocate(struct local *l, struct str subnet,
		     struct network_owner owner, struct arena *a,
		     struct str *ip, struct error *err);
/* Likewise, a certain one. ERROR_EXISTS when somebody else has it. */
int network_reserve(struct local *l, struct str subnet,
		    struct network_owner owner, struct str ip,
		    struct error *err);
/* Nothing there is success. */
int network_free(struct local *l, struct str subnet, struct str owner,
		 struct error *err);

/* Whether a socket can listen there; ERROR_CONFLICT when not. */
int network_test(struct str ip, int port, struct error *err);

#endif
