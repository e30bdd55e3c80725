/*
 * The files. <folder>/calls.000001 and on: one line of JSON for each request
 * that was made, appended by one write under a lock:
 *
 *	call     "create", "describe", …
 *	type, address
 *	outcome  "ok" or the kind of the error
 *	fault    the fault that was injected, when one was
 *	made     the id of an object that this request made
 *	objects  the objects that it changed, as they are now; {"id", "gone"}
 *
 * The objects are what a replay of all lines gives, so that request, effect and
 * log are one atomic thing: a client that is killed leaves a whole line or a
 * part without a newline, which the next one cuts off. When a file may not grow
 * (RLIMIT_FSIZE of the client) the next number is begun: the service is another
 * machine, which the client's limits do not concern.
 *
 * Ids are <type>-<12 hex digits of the address>.<n>: the n-th object that was
 * made for this address, so that two runs can be compared.
 *
 * Faults. <folder>/faults, lines of words:
 *
 *	seed 7
 *	rate throttled 10              percent of the requests that change or
 *	                               search
 *	rate read unavailable 5        percent of the descriptions and finds
 *	most 2                         faults of one request for one address
 *	rule create box.a lost 1       the first one of these
 *	rule update * denied 2
 *	delay 3                        milliseconds that a request takes
 *
 * Kinds: throttled, unavailable, timeout, denied, failed, conflict, invalid
 * (without effect); lost (done, the answer is lost), late (done and told, and
 * then ERROR_FAILED). Whether a request fails depends on seed, request, address
 * and how many such requests there were before, never on the order of threads.
 */
#include <config.h>

#include "tests/support/cloud_service.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/clock.h"
#include "lang/base/digest.h"
#include "lang/base/file.h"
#include "lang/base/vec.h"
#include "lang/json.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 1 << 20, CALLS_MAX = 1 << 30, HEX_OF_ID = 12 };

struct rate {
	struct str kind;
	bool is_read;
	unsigned percent;
};

struct rule {
	struct str call, address, kind;
	uint64_t times;
};

struct faults {
	uint64_t seed, most, delay_ms;
	VEC(struct rate) rates;
	VEC(struct rule) rules;
};

struct cloud_service {
	pthread_mutex_t lock;
	struct arena arena;
	const char *folder;
	int lock_fd;
	struct faults faults;
	unsigned segment;	  /* the last one that was read; 0: none */
	off_t at;		  /* up to where */
	struct map objects;	  /* id -> struct cloud_object */
	struct map tokens, names; /* likewise */
	struct map intents;	  /* the first of those with the tag */
	struct map made, asked;	  /* counters: address; request and address */
	struct map faulted;
};

static const char *const request_names[] = {
	[CLOUD_CREATE] = "create", [CLOUD_DESCRIBE] = "describe",
	[CLOUD_SEARCH] = "search", [CLOUD_FIND] = "find",
	[CLOUD_UPDATE] = "update", [CLOUD_DESTROY] = "destroy",
	[CLOUD_RUN] = "run",
};

/* -- Objects ------------------------------------------------------------- */

static size_t counted(const struct map *m, struct str key)
{
	return (size_t)(uintptr_t)map_get(m, key);
}

static void count_up(struct cloud_service *s, struct map *m, struct str key)
{
	size_t n = counted(m, key) + 1;

	map_put(m, n == 1 ? str_dup(key, &s->arena) : key,
		(void *)(uintptr_t)n);
}

static bool is_there(const struct cloud_object *o)
{
	return o && o->value.kind == VALUE_MAP;
}

static void count_users(struct cloud_service *s, struct value object, int by)
{
	const struct value *attrs = value_get(object, "attrs");
	const struct value *uses = attrs ? value_get(*attrs, "uses") : NULL;

	if (!uses || uses->kind != VALUE_LIST)
		return;
	for (size_t i = 0; i < uses->as.list.n; i++) {
		struct cloud_object *o =
		    map_get(&s->objects, uses->as.list.items[i].as.text);

		if (o)
			o->n_users += (size_t)by;
	}
}

static void index_object(struct cloud_service *s, struct cloud_object *o)
{
	struct str token = value_text(o->value, "token");
	struct str name = value_text(o->value, "name");
	struct str intent = value_text(o->value, "intent");

	if (token.n)
		map_put(&s->tokens, token, o);
	if (name.n)
		map_put(&s->names, name, o);
	o->next_tagged = map_put(&s->intents, intent, o);
	count_up(s, &s->made, value_text(o->value, "address"));
}

static void put_object(struct cloud_service *s, struct value v)
{
	struct str id = value_text(v, "id");
	struct cloud_object *o = map_get(&s->objects, id);
	bool is_new = !o;

	v = value_copy(v, &s->arena);
	if (is_new) {
		o = arena_new(&s->arena, struct cloud_object, 1);
		o->id = value_text(v, "id");
		map_put(&s->objects, o->id, o);
	} else {
		count_users(s, o->value, -1);
	}
	o->value = value_true(v, "gone") ? value_null() : v;
	if (is_new)
		index_object(s, o);
	count_users(s, o->value, 1);
}

/* -- The files ----------------------------------------------------------- */

static struct str request_key(struct str call, struct str address,
			      struct arena *a)
{
	return str_fmt(a, "%.*s %.*s", STR_ARG(call), STR_ARG(address));
}

static void replay_line(struct cloud_service *s, struct value line)
{
	const struct value *objects = value_get(line, "objects");
	struct arena scratch = { 0 };
	struct str key = request_key(value_text(line, "call"),
				     value_text(line, "address"), &scratch);

	count_up(s, &s->asked, key);
	if (value_get(line, "fault"))
		count_up(s, &s->faulted, key);
	for (size_t i = 0; objects && i < objects->as.list.n; i++)
		put_object(s, objects->as.list.items[i]);
	arena_release(&scratch);
}

static int replay(struct cloud_service *s, struct str text, struct error *err)
{
	while (text.n) {
		struct arena scratch = { 0 };
		struct str line = str_cut(&text, '\n');
		struct value v;
		int rc = json_read(line, &scratch, &v, err);

		if (rc == 0)
			replay_line(s, v);
		arena_release(&scratch);
		if (rc < 0)
			return error_add(err, "the cloud's calls");
	}
	return 0;
}

static const char *segment_path(const struct cloud_service *s, unsigned n,
				struct arena *a)
{
	return str_fmt(a, "%s/calls.%06u", s->folder, n).s;
}

/* What stands behind `at` in the segment; a part of a line is cut off. */
static int read_segment(struct cloud_service *s, int fd, struct error *err)
{
	struct arena scratch = { 0 };
	struct stat st;
	char *text;
	size_t n;
	int rc = 0;

	if (fstat(fd, &st) < 0 || st.st_size - s->at > CALLS_MAX)
		return error_errno(err, "the cloud's calls");
	n = (size_t)(st.st_size - s->at);
	text = arena_alloc(&scratch, n + 1, 1);
	for (size_t got = 0; rc == 0 && got < n;) {
		ssize_t r = pread(fd, text + got, n - got, s->at + (off_t)got);

		if (r <= 0)
			rc = error_errno(err, "could not read the calls");
		got += r > 0 ? (size_t)r : 0;
	}
	while (rc == 0 && n && text[n - 1] != '\n')
		n--;
	if (rc == 0 && s->at + (off_t)n != st.st_size &&
	    ftruncate(fd, s->at + (off_t)n) < 0)
		rc = error_errno(err, "could not cut the calls");
	if (rc == 0)
		rc = replay(s, (struct str){ text, n }, err);
	if (rc == 0)
		s->at += (off_t)n;
	arena_release(&scratch);
	return rc;
}

/* Reads all that is new. Under the lock. */
static int catch_up(struct cloud_service *s, struct error *err)
{
	struct arena scratch = { 0 };
	int rc = 0;

	for (unsigned n = s->segment ? s->segment : 1; rc == 0; n++) {
		int fd = open(segment_path(s, n, &scratch), O_RDWR | O_CLOEXEC);

		if (fd < 0)
			break;
		if (n != s->segment) {
			s->segment = n;
			s->at = 0;
		}
		rc = read_segment(s, fd, err);
		close(fd);
	}
	arena_release(&scratch);
	return rc;
}

static int append_to(struct cloud_service *s, struct str line,
		     struct error *err)
{
	struct arena scratch = { 0 };
	int fd = open(segment_path(s, s->segment, &scratch),
		      O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	int rc = 0;

	arena_release(&scratch);
	if (fd < 0)
		return error_errno(err, "could not open the calls");
	if (file_write_all(fd, line.s, line.n, err) < 0) {
		int code = errno;

		rc = -1;
		if (ftruncate(fd, s->at) < 0)
			error_add(err, "and a part stays");
		errno = code;
	} else {
		s->at += (off_t)line.n;
	}
	close(fd);
	return rc;
}

static int append(struct cloud_service *s, struct str line, struct error *err)
{
	if (!s->segment) {
		s->segment = 1;
		s->at = 0;
	}
	if (append_to(s, line, err) == 0)
		return 0;
	if (errno != EFBIG)
		return -1;
	s->segment++;
	s->at = 0;
	return append_to(s, line, err);
}

static int take_lock(struct cloud_service *s, struct error *err)
{
	struct arena scratch = { 0 };

	if (s->lock_fd < 0) {
		if (file_make_folders(s->folder, 0700, err) < 0)
			return -1;
		s->lock_fd = open(str_fmt(&scratch, "%s/lock", s->folder).s,
				  O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		arena_release(&scratch);
	}
	while (s->lock_fd >= 0 && flock(s->lock_fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return error_errno(err, "could not lock the cloud");
	if (s->lock_fd < 0)
		return error_errno(err, "could not open the cloud's lock");
	return 0;
}

/* -- Faults -------------------------------------------------------------- */

static uint64_t number_of(struct str s)
{
	uint64_t n = 0;

	if (!str_to_u64(s, &n))
		BUG("faults: \"%.*s\" is no number", STR_ARG(s));
	return n;
}

static struct str next_word(struct str *line)
{
	struct str word;

	*line = str_trim(*line);
	word = str_cut(line, ' ');
	return word;
}

static void read_fault(struct faults *f, struct str line)
{
	struct str word = next_word(&line);

	if (str_is(word, "seed")) {
		f->seed = number_of(next_word(&line));
	} else if (str_is(word, "most")) {
		f->most = number_of(next_word(&line));
	} else if (str_is(word, "delay")) {
		f->delay_ms = number_of(next_word(&line));
	} else if (str_is(word, "rate")) {
		struct rate *r = vec_push(&f->rates);

		r->kind = next_word(&line);
		r->is_read = str_is(r->kind, "read");
		if (r->is_read)
			r->kind = next_word(&line);
		r->percent = (unsigned)number_of(next_word(&line));
	} else if (str_is(word, "rule")) {
		struct rule *r = vec_push(&f->rules);

		r->call = next_word(&line);
		r->address = next_word(&line);
		r->kind = next_word(&line);
		r->times = number_of(next_word(&line));
	} else if (word.n && word.s[0] != '#') {
		BUG("faults: unknown word \"%.*s\"", STR_ARG(word));
	}
}

static void read_faults(struct cloud_service *s)
{
	struct arena scratch = { 0 };
	struct error err;
	struct str text;

	s->faults.most = 2;
	if (file_read(str_fmt(&scratch, "%s/faults", s->folder).s, 1 << 20,
		      &s->arena, &text, &err) == 0)
		while (text.n)
			read_fault(&s->faults, str_cut(&text, '\n'));
	arena_release(&scratch);
}

static bool fits(struct str pattern, struct str text)
{
	if (str_ends(pattern, "*"))
		return text.n >= pattern.n - 1 &&
		       !memcmp(text.s, pattern.s, pattern.n - 1);
	return str_eq(pattern, text);
}

static struct str rated_fault(const struct cloud_service *s, struct str key,
			      bool is_read, size_t before, struct arena *a)
{
	unsigned at;

	if (counted(&s->faulted, key) >= s->faults.most)
		return (struct str){ 0 };
	at = (unsigned)(str_hash(str_fmt(a, "%llu %.*s %zu",
					 (unsigned long long)s->faults.seed,
					 STR_ARG(key), before)) %
			100);
	for (size_t i = 0; i < s->faults.rates.n; i++) {
		const struct rate *r = &s->faults.rates.items[i];

		if (r->is_read != is_read)
			continue;
		if (at < r->percent)
			return r->kind;
		at -= r->percent;
	}
	return (struct str){ 0 };
}

static bool is_after_effect(struct str fault)
{
	return str_is(fault, "lost") || str_is(fault, "late");
}

/* A service that knows the token or the name says so before anything else. */
static bool is_possible(const struct cloud_service *s,
			const struct cloud_query *q, struct str fault)
{
	if (str_is(fault, "conflict") || str_is(fault, "invalid") ||
	    str_is(fault, "failed") || str_is(fault, "late"))
		return q->request != CLOUD_CREATE ||
		       !((q->token.n && map_get(&s->tokens, q->token)) ||
			 is_there(q->name.n ? map_get(&s->names, q->name)
					    : NULL));
	return true;
}

/* A fault that this request would meet, or an empty text. */
static struct str drawn_fault(const struct cloud_service *s,
			      const struct cloud_query *q, struct arena *a)
{
	struct str call = str_from(request_names[q->request]);
	struct str key = request_key(call, q->address, a);
	size_t before = counted(&s->asked, key);
	bool is_read = q->request == CLOUD_DESCRIBE || q->request == CLOUD_FIND;

	for (size_t i = 0; i < s->faults.rules.n; i++) {
		const struct rule *r = &s->faults.rules.items[i];

		if (fits(r->call, call) && fits(r->address, q->address) &&
		    before < r->times)
			return r->kind;
	}
	return rated_fault(s, key, is_read, before, a);
}

static struct str choose_fault(const struct cloud_service *s,
			       const struct cloud_query *q, struct arena *a)
{
	struct str fault = drawn_fault(s, q, a);

	return is_possible(s, q, fault) ? fault : (struct str){ 0 };
}

static int fail_by(struct str fault, struct error *err)
{
	static const struct {
		const char *name;
		enum error_kind kind;
	} kinds[] = {
		{ "throttled", ERROR_THROTTLED },
		{ "unavailable", ERROR_UNAVAILABLE },
		{ "timeout", ERROR_TIMEOUT },
		{ "lost", ERROR_TIMEOUT },
		{ "denied", ERROR_DENIED },
		{ "failed", ERROR_FAILED },
		{ "late", ERROR_FAILED },
		{ "conflict", ERROR_CONFLICT },
		{ "invalid", ERROR_INVALID },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (str_is(fault, kinds[i].name))
			return error_set(err, kinds[i].kind,
					 "the cloud says %s", kinds[i].name);
	BUG("faults: unknown kind \"%.*s\"", STR_ARG(fault));
}

/* -- Requests ------------------------------------------------------------ */

struct answer {
	struct cloud_service *service;
	const struct cloud_query *query;
	struct arena *arena;
	VEC(struct value) objects; /* for the client */
	VEC(struct value) changed; /* for the log */
	struct str made;
};

static struct value set(struct value object, const char *key, struct value v,
			struct arena *a)
{
	return value_with(object, str_from(key), v, a);
}

static struct value begin_wait(struct value o, const char *status, int polls,
			       struct arena *a)
{
	o = set(o, "status", value_c(polls ? status : "available"), a);
	return set(o, "polls", value_int(polls), a);
}

static void changed(struct answer *an, struct value object)
{
	*vec_push(&an->changed) = object;
	if (!value_true(object, "gone"))
		*vec_push(&an->objects) = object;
}

static void make_object(struct answer *an)
{
	const struct cloud_query *q = an->query;
	struct arena *a = an->arena;
	size_t number = counted(&an->service->made, q->address) + 1;
	char hex[DIGEST_HEX_SIZE];
	struct value v;

	digest_sha256_hex(q->address, hex);
	an->made = str_fmt(a, "%.*s-%.*s.%zu", STR_ARG(q->type), HEX_OF_ID, hex,
			   number);
	v = value_map(
	    (struct value_entry[]){
		{ STR("id"), value_str(an->made) },
		{ STR("type"), value_str(q->type) },
		{ STR("name"), value_str(q->name) },
		{ STR("token"), value_str(q->token) },
		{ STR("stack"), value_str(q->stack) },
		{ STR("address"), value_str(q->address) },
		{ STR("intent"), value_str(q->intent) },
		{ STR("hidden"), value_int(q->is_hidden ? CLOUD_LAG : 0) },
		{ STR("attrs"), q->attrs },
		{ STR("runs"), value_int(0) },
		{ STR("loaded"), value_null() },
		{ STR("run_token"), value_str(STR("")) },
	    },
	    12, a);
	changed(an, begin_wait(v, "creating", q->is_slow ? CLOUD_POLLS : 0, a));
}

static int do_create(struct answer *an, struct error *err)
{
	const struct cloud_query *q = an->query;
	struct cloud_service *s = an->service;
	const struct cloud_object *o =
	    q->token.n ? map_get(&s->tokens, q->token) : NULL;

	if (o && !is_there(o))
		return error_set(err, ERROR_INVALID,
				 "the token was used for an object that is "
				 "gone");
	if (o) {
		*vec_push(&an->objects) = o->value;
		return 0;
	}
	if (q->name.n && is_there(map_get(&s->names, q->name)))
		return error_set(err, ERROR_EXISTS, "name \"%.*s\" is taken",
				 STR_ARG(q->name));
	make_object(an);
	return 0;
}

/* Something slow comes nearer to its end each time somebody looks. */
static struct value looked_at(struct value o, struct arena *a)
{
	int64_t polls = value_number(o, "polls", 0) - 1;

	o = set(o, "polls", value_int((int)polls), a);
	if (polls > 0)
		return o;
	if (str_is(value_text(o, "status"), "deleting"))
		return set(o, "gone", value_bool(true), a);
	return set(o, "status", value_c("available"), a);
}

static int do_describe(struct answer *an, struct error *err)
{
	const struct cloud_query *q = an->query;

	(void)err;
	for (size_t i = 0; i < q->n_ids; i++) {
		const struct cloud_object *o =
		    map_get(&an->service->objects, q->ids[i]);

		if (!is_there(o))
			continue;
		if (value_number(o->value, "polls", 0) > 0)
			changed(an, looked_at(o->value, an->arena));
		else
			*vec_push(&an->objects) = o->value;
	}
	return 0;
}

static int do_search(struct answer *an, struct error *err)
{
	const struct cloud_object *o =
	    map_get(&an->service->intents, an->query->intent);

	(void)err;
	for (; o; o = o->next_tagged) {
		int64_t hidden;
		struct value v = o->value;

		if (!is_there(o))
			continue;
		hidden = value_number(v, "hidden", 0);
		if (hidden > 0)
			*vec_push(&an->changed) = set(
			    v, "hidden", value_int((int)hidden - 1), an->arena);
		else
			*vec_push(&an->objects) = v;
	}
	return 0;
}

static int do_find(struct answer *an, struct error *err)
{
	const struct cloud_object *o =
	    map_get(&an->service->names, an->query->name);

	(void)err;
	if (is_there(o))
		*vec_push(&an->objects) = o->value;
	return 0;
}

static const struct cloud_object *the_object(struct answer *an,
					     struct error *err)
{
	const struct cloud_object *o =
	    map_get(&an->service->objects, an->query->ids[0]);

	if (is_there(o))
		return o;
	error_set(err, ERROR_NOT_FOUND, "there is no \"%.*s\"",
		  STR_ARG(an->query->ids[0]));
	return NULL;
}

static int do_update(struct answer *an, struct error *err)
{
	const struct cloud_object *o = the_object(an, err);
	struct value v;

	if (!o)
		return -1;
	v = set(o->value, "attrs", an->query->attrs, an->arena);
	if (an->query->is_slow)
		v = begin_wait(v, "changing", CLOUD_POLLS, an->arena);
	changed(an, v);
	return 0;
}

static int do_destroy(struct answer *an, struct error *err)
{
	const struct cloud_object *o = the_object(an, err);

	if (!o)
		return -1;
	if (o->n_users)
		return error_set(err, ERROR_CONFLICT,
				 "\"%.*s\" is in use by %zu others",
				 STR_ARG(o->id), o->n_users);
	if (an->query->is_slow)
		changed(an, begin_wait(o->value, "deleting", CLOUD_POLLS,
				       an->arena));
	else
		changed(an, set(o->value, "gone", value_bool(true), an->arena));
	return 0;
}

static int do_run(struct answer *an, struct error *err)
{
	const struct cloud_object *o = the_object(an, err);
	struct arena *a = an->arena;
	const struct value *work;
	struct value v;

	if (!o)
		return -1;
	v = o->value;
	if (str_eq(value_text(v, "run_token"), an->query->token)) {
		*vec_push(&an->objects) = v;
		return 0;
	}
	work = value_get(an->query->attrs, "work");
	v = set(v, "run_token", value_str(an->query->token), a);
	v = set(v, "runs", value_int_in(value_number(v, "runs", 0) + 1, a), a);
	v = set(v, "loaded", work ? *work : value_null(), a);
	changed(an, begin_wait(v, "running", CLOUD_POLLS, a));
	return 0;
}

static int (*const requests[])(struct answer *an, struct error *err) = {
	[CLOUD_CREATE] = do_create, [CLOUD_DESCRIBE] = do_describe,
	[CLOUD_SEARCH] = do_search, [CLOUD_FIND] = do_find,
	[CLOUD_UPDATE] = do_update, [CLOUD_DESTROY] = do_destroy,
	[CLOUD_RUN] = do_run,
};

static struct value log_line(const struct answer *an, struct str fault,
			     const char *outcome)
{
	const struct cloud_query *q = an->query;
	struct value_entry entries[8] = {
		{ STR("call"), value_c(request_names[q->request]) },
		{ STR("type"), value_str(q->type) },
		{ STR("address"), value_str(q->address) },
		{ STR("outcome"), value_c(outcome) },
		{ STR("objects"),
		  value_list(an->changed.items, an->changed.n) },
	};
	size_t n = 5;

	if (fault.n)
		entries[n++] =
		    (struct value_entry){ STR("fault"), value_str(fault) };
	if (an->made.n)
		entries[n++] =
		    (struct value_entry){ STR("made"), value_str(an->made) };
	if (q->n_ids)
		entries[n++] =
		    (struct value_entry){ STR("id"), value_str(q->ids[0]) };
	return value_map(entries, n, an->arena);
}

static int write_line(struct cloud_service *s, struct value line,
		      struct error *err)
{
	struct buf b;
	int rc;

	buf_init(&b, LINE_MAX_BYTES);
	json_write(&b, line, JSON_REVEAL);
	buf_add_char(&b, '\n');
	rc = buf_is_full(&b) ? error_set(err, ERROR_QUOTA, "too large")
			     : append(s, buf_str(&b), err);
	buf_release(&b);
	if (rc == 0)
		replay_line(s, line);
	return rc;
}

/* Under both locks. */
static int serve(struct cloud_service *s, const struct cloud_query *q,
		 struct arena *a, struct value *out, struct error *err)
{
	struct answer an = { .service = s, .query = q, .arena = a };
	struct str fault = choose_fault(s, q, a);
	struct error why = { 0 }, log_err = { 0 };
	int rc = 0;

	if (fault.n && !is_after_effect(fault))
		rc = fail_by(fault, &why);
	else
		rc = requests[q->request](&an, &why);
	if (rc == 0 && fault.n)
		rc = fail_by(fault, &why);
	if (write_line(
		s, log_line(&an, fault, rc ? error_kind_name(why.kind) : "ok"),
		&log_err) < 0) {
		/* Without the line there was no effect. */
		rc = -1;
		an.objects.n = 0;
		why = log_err;
		why.kind = ERROR_UNAVAILABLE;
	}
	if (rc < 0)
		*err = why;
	*out = value_list(NULL, 0);
	if (rc == 0 || str_is(fault, "late"))
		*out =
		    value_copy(value_list(an.objects.items, an.objects.n), a);
	vec_release(&an.objects);
	vec_release(&an.changed);
	return rc;
}

int cloud_ask(struct cloud_service *s, const struct cloud_query *q,
	      struct arena *a, struct value *out, struct error *err)
{
	int rc;

	*out = value_list(NULL, 0);
	clock_sleep_ms((int64_t)s->faults.delay_ms);
	pthread_mutex_lock(&s->lock);
	rc = take_lock(s, err);
	if (rc == 0) {
		rc = catch_up(s, err);
		if (rc == 0)
			rc = serve(s, q, a, out, err);
		flock(s->lock_fd, LOCK_UN);
	}
	pthread_mutex_unlock(&s->lock);
	clock_sleep_ms((int64_t)s->faults.delay_ms);
	return rc;
}

struct cloud_service *cloud_service_open(const char *folder)
{
	struct cloud_service *s = xmalloc(sizeof(*s));

	*s = (struct cloud_service){ .lock_fd = -1 };
	pthread_mutex_init(&s->lock, NULL);
	s->folder = str_c(str_from(folder), &s->arena);
	read_faults(s);
	return s;
}

void cloud_service_close(struct cloud_service *s)
{
	struct map *const maps[] = { &s->objects, &s->tokens, &s->names,
				     &s->intents, &s->made,   &s->asked,
				     &s->faulted };

	for (size_t i = 0; i < sizeof(maps) / sizeof(*maps); i++)
		map_release(maps[i]);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	vec_release(&s->faults.rates);
	vec_release(&s->faults.rules);
	pthread_mutex_destroy(&s->lock);
	arena_release(&s->arena);
	free(s);
}

int cloud_refresh(struct cloud_service *s, struct error *err)
{
	int rc;

	pthread_mutex_lock(&s->lock);
	rc = take_lock(s, err);
	if (rc == 0) {
		rc = catch_up(s, err);
		flock(s->lock_fd, LOCK_UN);
	}
	pthread_mutex_unlock(&s->lock);
	return rc;
}

const struct map *cloud_objects(const struct cloud_service *s)
{
	return &s->objects;
}

static int compare_objects(const void *a, const void *b)
{
	const struct cloud_object *const *x = a, *const *y = b;

	return str_cmp((*x)->id, (*y)->id);
}

int cloud_dump(struct cloud_service *s, struct buf *out, struct error *err)
{
	static const char *const keys[] = {
		"id",	 "type",   "name", "address", "stack",
		"attrs", "status", "runs", "loaded",
	};
	enum { N_KEYS = sizeof(keys) / sizeof(*keys) };
	const struct cloud_object **all;
	size_t n = 0;

	if (cloud_refresh(s, err) < 0)
		return -1;
	all = xrealloc(NULL, s->objects.n + 1, sizeof(struct cloud_object *));
	for (size_t i = 0; i < s->objects.n; i++)
		if (is_there(s->objects.entries[i].value))
			all[n++] = s->objects.entries[i].value;
	qsort(all, n, sizeof(*all), compare_objects);
	for (size_t i = 0; i < n; i++) {
		struct value_entry entries[N_KEYS];
		struct arena scratch = { 0 };

		for (size_t k = 0; k < N_KEYS; k++)
			entries[k] = (struct value_entry){
				str_from(keys[k]),
				*value_get(all[i]->value, keys[k]),
			};
		json_write(out, value_map(entries, N_KEYS, &scratch),
			   JSON_REVEAL);
		buf_add_char(out, '\n');
		arena_release(&scratch);
	}
	free(all);
	return 0;
}
