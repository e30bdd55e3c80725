#include <config.h>

#include "providers/replicator/ledger.h"

#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/base/file.h"
#include "lang/base/vec.h"
#include "lang/json.h"
#include "providers/replicator/obj.h"

#include <fcntl.h>
#include <unistd.h>

enum { FILE_MAX = 64 << 20, LINE_MAX_BYTES = 4096 };

void ledger_init(struct ledger *l, const char *path)
{
	pthread_mutex_init(&l->lock, NULL);
	l->fd = -1;
	l->path = path;
}

void ledger_release(struct ledger *l)
{
	if (l->fd >= 0)
		close(l->fd);
	pthread_mutex_destroy(&l->lock);
}

static int append(struct ledger *l, struct str line, struct error *err)
{
	if (l->fd < 0) {
		l->fd = open(l->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
			     0600);
		if (l->fd < 0)
			return error_errno(err, "could not open \"%s\"",
					   l->path);
		/* A new line begins here, whatever a crash left behind. */
		if (file_write_all(l->fd, "\n", 1, err) < 0)
			return -1;
	}
	if (file_write_all(l->fd, line.s, line.n, err) < 0)
		return -1;
	if (fsync(l->fd) < 0)
		return error_errno(err, "could not sync \"%s\"", l->path);
	return 0;
}

int ledger_note(struct ledger *l, const struct ledger_entry *e,
		struct error *err)
{
	struct obj o = { .n = 0 };
	struct arena a = { 0 };
	struct buf line;
	int rc;

	obj_str(&o, "schema", e->schema);
	obj_str(&o, "table", e->table);
	obj_str(&o, "xid", e->xid);
	obj_int(&o, "rows", e->rows);
	buf_init(&line, LINE_MAX_BYTES);
	json_write(&line, obj_done(&o, &a), 0);
	buf_add_char(&line, '\n');
	pthread_mutex_lock(&l->lock);
	rc = append(l, buf_str(&line), err);
	pthread_mutex_unlock(&l->lock);
	buf_release(&line);
	arena_release(&a);
	return rc;
}

int ledger_read(const char *path, struct arena *a, struct ledger_entry **out,
		size_t *n, struct error *err)
{
	VEC(struct ledger_entry) entries = { 0 };
	struct str text;

	*out = NULL;
	*n = 0;
	if (access(path, F_OK) < 0)
		return 0;
	if (file_read(path, FILE_MAX, a, &text, err) < 0)
		return -1;
	while (text.n) {
		struct str line = str_cut(&text, '\n');
		struct error ignored = { 0 };
		struct ledger_entry *e;
		struct value v;

		if (!line.n || json_read(line, a, &v, &ignored) < 0)
			continue;
		e = vec_push(&entries);
		e->schema = value_text(v, "schema");
		e->table = value_text(v, "table");
		e->xid = value_text(v, "xid");
		e->rows = value_number(v, "rows", 0);
	}
	*n = entries.n;
	*out = vec_take(&entries, a);
	return 0;
}
