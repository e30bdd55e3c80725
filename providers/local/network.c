#include <config.h>

#include "providers/local/network.h"

#include "lang/base/arena.h"
#include "lang/base/clock.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/value.h"
#include "providers/local/balancer.h"
#include "providers/local/record.h"
#include "providers/local/stack.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { MACHINE_LOCK_MS = 30000, FIRST_FREE = 10 };

struct network {
	int held[NETWORK_NUMBERS]; /* sockets that hold numbers; -1 */
	bool is_wanted[NETWORK_NUMBERS];
	int machine_lock;
};

struct network *network_open(void)
{
	struct network *n = xmalloc(sizeof(*n));

	for (int i = 0; i < NETWORK_NUMBERS; i++) {
		n->held[i] = -1;
		n->is_wanted[i] = false;
	}
	n->machine_lock = -1;
	return n;
}

void network_close(struct network *n)
{
	if (!n)
		return;
	for (int i = 0; i < NETWORK_NUMBERS; i++)
		if (n->held[i] >= 0)
			close(n->held[i]);
	if (n->machine_lock >= 0)
		close(n->machine_lock);
	free(n);
}

bool ip_parse(struct str text, uint32_t *out)
{
	char copy[INET_ADDRSTRLEN];
	struct in_addr in;

	if (!text.n || text.n >= sizeof(copy))
		return false;
	memcpy(copy, text.s, text.n);
	copy[text.n] = '\0';
	if (inet_pton(AF_INET, copy, &in) != 1)
		return false;
	*out = ntohl(in.s_addr);
	return true;
}

struct str network_ip_text(uint32_t ip, struct arena *a)
{
	return str_fmt(a, "%u.%u.%u.%u", ip >> 24, ip >> 16 & 255,
		       ip >> 8 & 255, ip & 255);
}

bool range_parse(struct str text, struct range *out)
{
	struct str ip = str_cut(&text, '/');
	uint64_t bits;

	if (!ip_parse(ip, &out->base) || !str_to_u64(text, &bits) || bits > 32)
		return false;
	out->bits = (int)bits;
	return true;
}

static uint32_t range_size(struct range r)
{
	return r.bits ? (uint32_t)1 << (32 - r.bits) : 0xffffffff;
}

bool range_holds(struct range outer, struct range inner)
{
	return inner.bits >= outer.bits && inner.base >= outer.base &&
	       inner.base - outer.base < range_size(outer);
}

/* A listening socket, or -1 with errno. */
static int listen_at(uint32_t ip, int port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(ip),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1, e;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 &&
	    listen(fd, 1) == 0)
		return fd;
	e = errno;
	close(fd);
	errno = e;
	return -1;
}

int network_test(struct str ip, int port, struct error *err)
{
	uint32_t n;
	int fd;

	if (!ip_parse(ip, &n) || port < 1 || port > 65535)
		return error_set(err, ERROR_INVALID,
				 "%.*s:%d is not an address", STR_ARG(ip),
				 port);
	fd = listen_at(n, port);
	if (fd < 0 && errno == EADDRINUSE) {
		error_set(err, ERROR_CONFLICT,
			  "%.*s:%d is in use by another program", STR_ARG(ip),
			  port);
		return error_hint(err,
				  "A server that listens on all "
				  "addresses (0.0.0.0:%d) has this one too: "
				  "let it listen on localhost only, stop it, "
				  "or choose another port in the stack.",
				  port);
	}
	if (fd < 0)
		return error_errno(err, "could not listen on %.*s:%d",
				   STR_ARG(ip), port);
	close(fd);
	return 0;
}

static uint32_t claim_ip(int number)
{
	return (uint32_t)127 << 24 | (uint32_t)(16 + number) << 16 |
	       NETWORK_OWN_CLAIM;
}

/*
 * One name for the machine, whoever runs dmsl and wherever its home is: the
 * name goes with the process that has it.
 */
static int take_machine_lock(struct error *err)
{
	static const char name[] = "\0dmsl-network-numbers";
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int64_t end = clock_ms() + MACHINE_LOCK_MS;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return error_errno(err, "could not make a socket");
	memcpy(at.sun_path, name, sizeof(name) - 1);
	while (bind(fd, (struct sockaddr *)&at,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
				sizeof(name) - 1)) < 0) {
		if (errno != EADDRINUSE || clock_ms() > end) {
			error_errno(err, "could not get the machine's lock "
					 "for network numbers");
			close(fd);
			return -1;
		}
		clock_sleep_ms(5);
	}
	return fd;
}

/* Numbers that stopped stacks of this home have in their records. */
static void note_others(const struct local *l, bool *taken)
{
	DIR *d = opendir(l->home);
	struct dirent *entry;

	while (d && (entry = readdir(d))) {
		struct arena a = { 0 };
		struct local other = *l;
		struct record *vpcs;
		struct error none;
		size_t n = 0;

		if (strlen(entry->d_name) == 16 && entry->d_name[0] != '.' &&
		    !str_is(l->uid, entry->d_name)) {
			other.folder =
			    str_fmt(&a, "%s/%s", l->home, entry->d_name).s;
			if (record_list(&other, "vpc", &a, &vpcs, &n, &none) <
			    0)
				n = 0;
		}
		for (size_t i = 0; i < n; i++) {
			int64_t number =
			    value_number(vpcs[i].own, "number", -1);

			if (number >= 0 && number < NETWORK_NUMBERS)
				taken[number] = true;
		}
		arena_release(&a);
	}
	if (d)
		closedir(d);
}

/*
 * Numbers where something listens, though nobody may hold them just now: the
 * databases of a stack whose HAProxy was killed still have its addresses. A
 * line of /proc/net/tcp is "N: address:port remote:port state", the address as
 * the machine holds it; 0A is a listener.
 */
static void note_lived_in(bool *taken)
{
	FILE *f = fopen("/proc/net/tcp", "re");
	char line[512];

	while (f && fgets(line, sizeof(line), f)) {
		unsigned ip, port, state;

		if (sscanf(line, " %*u: %x:%x %*x:%*x %x", &ip, &port,
			   &state) != 3 ||
		    state != 0x0a)
			continue;
		ip = ntohl(ip);
		if (ip >> 24 == 127 && (ip >> 16 & 255) >= 16 &&
		    (ip >> 16 & 255) - 16 < NETWORK_NUMBERS)
			taken[(ip >> 16 & 255) - 16] = true;
	}
	if (f)
		fclose(f);
}

static int claim_free(struct local *l, int *number, struct error *err)
{
	bool taken[NETWORK_NUMBERS] = { 0 };

	note_others(l, taken);
	note_lived_in(taken);
	/* First those that nobody has, then those of stacks that are down. */
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < NETWORK_NUMBERS; i++) {
			int fd;

			if (l->network->is_wanted[i] ||
			    taken[i] != (round == 1))
				continue;
			fd = listen_at(claim_ip(i), NETWORK_PORT);
			if (fd < 0)
				continue;
			l->network->held[i] = fd;
			l->network->is_wanted[i] = true;
			*number = i;
			return 0;
		}
	}
	return error_set(err, ERROR_QUOTA,
			 "all %d network numbers of this machine are taken",
			 NETWORK_NUMBERS);
}

static int claim_locked(struct local *l, struct record *vpc, bool may_move,
			int *number, struct error *err)
{
	int64_t known = value_number(vpc->own, "number", -1);
	char bind[40];
	int fd;

	if (known < 0 || known >= NETWORK_NUMBERS)
		return claim_free(l, number, err);
	*number = (int)known;
	l->network->is_wanted[known] = true;
	if (l->network->held[known] >= 0)
		return 0;
	snprintf(bind, sizeof(bind), "127.%d.255.254:%d", 16 + *number,
		 NETWORK_PORT);
	if (balancer_holds(l, bind))
		return 0;
	fd = listen_at(claim_ip(*number), NETWORK_PORT);
	if (fd < 0 && errno == EADDRINUSE && may_move) {
		l->network->is_wanted[known] = false;
		return claim_free(l, number, err);
	}
	if (fd < 0 && errno == EADDRINUSE) {
		error_set(err, ERROR_CONFLICT,
			  "the network 127.%d.0.0/16 of %.*s is taken by "
			  "another stack or program",
			  16 + *number, STR_ARG(vpc->address));
		return error_hint(err,
				  "Databases of this stack still run "
				  "there: after dmsl local stop, dmsl apply "
				  "gives the network another number.");
	}
	if (fd < 0)
		return error_errno(err, "could not listen on 127.%d.255.254",
				   16 + *number);
	l->network->held[known] = fd;
	return 0;
}

int network_claim(struct local *l, struct record *vpc, bool may_move,
		  int *number, struct error *err)
{
	int lock = take_machine_lock(err);
	int rc;

	if (lock < 0)
		return -1;
	pthread_mutex_lock(&l->lock);
	rc = claim_locked(l, vpc, may_move, number, err);
	pthread_mutex_unlock(&l->lock);
	close(lock);
	return rc;
}

int network_hand_over(struct local *l, struct error *err)
{
	int lock = take_machine_lock(err);

	if (lock < 0)
		return -1;
	pthread_mutex_lock(&l->lock);
	l->network->machine_lock = lock;
	for (int i = 0; i < NETWORK_NUMBERS; i++) {
		if (l->network->held[i] < 0)
			continue;
		close(l->network->held[i]);
		l->network->held[i] = -1;
	}
	pthread_mutex_unlock(&l->lock);
	return 0;
}

void network_handed_over(struct local *l)
{
	pthread_mutex_lock(&l->lock);
	for (int i = 0; i < NETWORK_NUMBERS; i++)
		if (l->network->is_wanted[i] && l->network->held[i] < 0)
			l->network->held[i] =
			    listen_at(claim_ip(i), NETWORK_PORT);
	if (l->network->machine_lock >= 0)
		close(l->network->machine_lock);
	l->network->machine_lock = -1;
	pthread_mutex_unlock(&l->lock);
}

void network_drop(struct local *l, int number)
{
	if (number < 0 || number >= NETWORK_NUMBERS)
		return;
	pthread_mutex_lock(&l->lock);
	if (l->network->held[number] >= 0)
		close(l->network->held[number]);
	l->network->held[number] = -1;
	l->network->is_wanted[number] = false;
	pthread_mutex_unlock(&l->lock);
}

int network_loopback(const struct local *l, struct str vpc, struct str ip,
		     struct arena *a, struct str *out, struct error *err)
{
	struct record r;
	struct range range;
	uint32_t n;
	int64_t number;

	if (!ip_parse(ip, &n))
		return error_set(err, ERROR_INVALID,
				 "\"%.*s\" is not an IPv4 address",
				 STR_ARG(ip));
	if (n >> 24 == 127) {
		*out = str_dup(ip, a);
		return 0;
	}
	if (record_read(l, "vpc", vpc, a, &r, err) < 0)
		return -1;
	number = value_number(r.own, "number", -1);
	if (!range_parse(value_text(r.config, "cidr"), &range) || number < 0)
		return error_set(err, ERROR_CORRUPT,
				 "the record of vpc \"%.*s\" is damaged",
				 STR_ARG(vpc));
	if (!range_holds(range, (struct range){ n, 32 }))
		return error_set(err, ERROR_INVALID,
				 "%.*s is not an address of %.*s, %.*s",
				 STR_ARG(ip), STR_ARG(r.address),
				 STR_ARG(value_text(r.config, "cidr")));
	*out = network_ip_text((uint32_t)127 << 24 |
				   (uint32_t)(16 + number) << 16 |
				   ((n - range.base) & 0xffff),
			       a);
	return 0;
}

/* The subnet with its range and that of its VPC; lock held. */
static int read_subnet(const struct local *l, struct str id, struct arena *a,
		       struct record *subnet, struct range *range,
		       uint32_t *vpc_base, struct error *err)
{
	struct record vpc;
	struct range outer;

	if (record_read(l, "subnet", id, a, subnet, err) < 0 ||
	    record_read(l, "vpc", value_text(subnet->config, "vpc"), a, &vpc,
			err) < 0)
		return -1;
	if (!range_parse(value_text(subnet->config, "cidr"), range) ||
	    !range_parse(value_text(vpc.config, "cidr"), &outer))
		return error_set(err, ERROR_CORRUPT,
				 "the record of subnet \"%.*s\" is damaged",
				 STR_ARG(id));
	*vpc_base = outer.base;
	return 0;
}

static struct value used_of(const struct record *subnet, struct arena *a)
{
	const struct value *used = value_get(subnet->own, "used");

	return used && used->kind == VALUE_MAP ? *used : value_map(NULL, 0, a);
}

static int save_used(struct local *l, struct record *subnet, struct value used,
		     struct arena *a, struct error *err)
{
	record_set(subnet, "used", used, a);
	return record_write(l, subnet, err);
}

/* ip: the one that is wanted, or empty, and then the one that it became. */
static int take(struct local *l, struct str subnet_id, struct network_owner who,
		struct arena *a, struct str *ip, struct error *err)
{
	struct str owner = who.id;
	struct record subnet;
	struct range range;
	struct value used;
	const struct value *holder;
	uint32_t base = 0, n, room, begin;

	if (read_subnet(l, subnet_id, a, &subnet, &range, &base, err) < 0)
		return -1;
	used = used_of(&subnet, a);
	if (ip->n) {
		holder = value_get_str(used, *ip);
		if (holder && !str_eq(holder->as.text, owner))
			return error_set(err, ERROR_EXISTS,
					 "the address %.*s is taken by %.*s",
					 STR_ARG(*ip),
					 STR_ARG(holder->as.text));
		if (!ip_parse(*ip, &n) ||
		    !range_holds(range, (struct range){ n, 32 }))
			return error_set(
			    err, ERROR_INVALID,
			    "%.*s is not an address of %.*s, "
			    "%.*s",
			    STR_ARG(*ip), STR_ARG(subnet.address),
			    STR_ARG(value_text(subnet.config, "cidr")));
		if (holder)
			return 0;
		return save_used(l, &subnet,
				 value_with(used, *ip, value_str(owner), a), a,
				 err);
	}
	for (size_t i = 0; i < used.as.map.n; i++) {
		if (!str_eq(used.as.map.entries[i].value.as.text, owner))
			continue;
		*ip = str_dup(used.as.map.entries[i].key, a);
		return 0;
	}
	/* The last address of a range is never given out. */
	room = range_size(range) > FIRST_FREE + 1
		   ? range_size(range) - FIRST_FREE - 1
		   : 0;
	begin = room ? (uint32_t)(str_hash(who.address) % room) : 0;
	for (uint32_t i = 0; i < room; i++) {
		n = range.base + FIRST_FREE + (begin + i) % room;
		if (((n - base) & 0xffff) >= NETWORK_OWN_FIRST)
			continue;
		*ip = network_ip_text(n, a);
		if (value_get_str(used, *ip))
			continue;
		return save_used(l, &subnet,
				 value_with(used, *ip, value_str(owner), a), a,
				 err);
	}
	return error_set(err, ERROR_QUOTA, "no address is free in %.*s",
			 STR_ARG(subnet.address));
}

int network_allocate(struct local *l, struct str subnet,
		     struct network_owner owner, struct arena *a,
		     struct str *ip, struct error *err)
{
	int rc;

	*ip = (struct str){ 0 };
	pthread_mutex_lock(&l->lock);
	rc = take(l, subnet, owner, a, ip, err);
	pthread_mutex_unlock(&l->lock);
	return rc;
}

int network_reserve(struct local *l, struct str subnet,
		    struct network_owner owner, struct str ip,
		    struct error *err)
{
	struct arena a = { 0 };
	int rc;

	pthread_mutex_lock(&l->lock);
	rc = take(l, subnet, owner, &a, &ip, err);
	pthread_mutex_unlock(&l->lock);
	arena_release(&a);
	return rc;
}

int network_free(struct local *l, struct str subnet_id, struct str owner,
		 struct error *err)
{
	struct value_entry *kept;
	struct arena a = { 0 };
	struct record subnet;
	struct value used;
	size_t n = 0;
	int rc;

	pthread_mutex_lock(&l->lock);
	rc = record_read(l, "subnet", subnet_id, &a, &subnet, err);
	if (rc < 0) {
		rc = err->kind == ERROR_NOT_FOUND ? 0 : -1;
		goto out;
	}
	used = used_of(&subnet, &a);
	kept = arena_new(&a, struct value_entry, used.as.map.n + 1);
	for (size_t i = 0; i < used.as.map.n; i++)
		if (!str_eq(used.as.map.entries[i].value.as.text, owner))
			kept[n++] = used.as.map.entries[i];
	if (n < used.as.map.n)
		rc = save_used(l, &subnet, value_map(kept, n, &a), &a, err);
out:
	pthread_mutex_unlock(&l->lock);
	arena_release(&a);
	return rc;
}
