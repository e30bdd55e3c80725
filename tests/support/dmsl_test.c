/*
 * The program with the test provider "cloud" beside the built-in core types,
 * and a command of its own to look at that cloud and to change it behind the
 * engine's back:
 *
 *	dmsl-test cloud objects FOLDER
 *	dmsl-test cloud set FOLDER ID ATTRIBUTE JSON
 *	dmsl-test cloud delete FOLDER ID
 *
 * DMSL_TEST_SPEED is heeded: see speed.c.
 */
#include <config.h>

#include "engine/cli.h"
#include "engine/schema.h"
#include "lang/base/arena.h"
#include "lang/base/buf.h"
#include "lang/base/error.h"
#include "lang/json.h"
#include "providers/core/core.h"
#include "providers/types/types.h"

#include "tests/support/cloud.h"
#include "tests/support/cloud_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

/* -- Looking at the cloud ------------------------------------------------ */

static int print_objects(struct cloud_service *s, struct error *err)
{
	struct buf b;
	int rc;

	buf_init(&b, 1 << 30);
	rc = cloud_dump(s, &b, err);
	if (rc == 0)
		fwrite(b.data, 1, b.len, stdout);
	buf_release(&b);
	return rc;
}

/* Somebody else did it: the request is tagged as nobody's. */
static int change(struct cloud_service *s, enum cloud_request request,
		  const char *id, const char *attr, const char *json,
		  struct error *err)
{
	struct arena a = { 0 };
	struct str ids[] = { str_from(id) };
	const struct cloud_object *o;
	struct cloud_query q = {
		.request = request,
		.address = STR("outside"),
		.ids = ids,
		.n_ids = 1,
	};
	struct value v, ignored;
	int rc = cloud_refresh(s, err);

	o = rc == 0 ? map_get(cloud_objects(s), ids[0]) : NULL;
	if (rc == 0 && (!o || o->value.kind != VALUE_MAP))
		rc = error_set(err, ERROR_NOT_FOUND, "there is no %s", id);
	if (rc == 0 && attr) {
		rc = json_read(str_from(json), &a, &v, err);
		if (rc == 0)
			q.attrs = value_with(*value_get(o->value, "attrs"),
					     str_from(attr), v, &a);
	}
	if (rc == 0)
		rc = cloud_ask(s, &q, &a, &ignored, err);
	arena_release(&a);
	return rc;
}

static int cloud_main(int argc, char **argv)
{
	struct cloud_service *s;
	struct error err = { 0 };
	int rc;

	if (argc < 3) {
		fprintf(stderr, "usage: dmsl-test cloud COMMAND FOLDER...\n");
		return 64;
	}
	s = cloud_service_open(argv[2]);
	if (!strcmp(argv[1], "objects") && argc == 3)
		rc = print_objects(s, &err);
	else if (!strcmp(argv[1], "set") && argc == 6)
		rc = change(s, CLOUD_UPDATE, argv[3], argv[4], argv[5], &err);
	else if (!strcmp(argv[1], "delete") && argc == 4)
		rc = change(s, CLOUD_DESTROY, argv[3], NULL, NULL, &err);
	else
		rc = error_set(&err, ERROR_INVALID, "wrong usage");
	cloud_service_close(s);
	if (rc < 0)
		fprintf(stderr, "dmsl-test: %s\n", err.message);
	return rc < 0;
}

/* -- The program --------------------------------------------------------- */

static const struct type_schema *schemas[16];

static bool is_type(struct str name)
{
	return schema_find(schemas, name) != NULL;
}

int main(int argc, char **argv)
{
	static const struct provider *const providers[] = {
		&core_provider,
		&cloud_provider,
		NULL,
	};
	const struct cli cli = {
		.providers = providers,
		.schemas = schemas,
		.is_type = is_type,
	};
	size_t n = 0;

	schemas[n++] = &data_schema;
	schemas[n++] = &random_password_schema;
	for (size_t i = 0; cloud_schemas[i]; i++)
		schemas[n++] = cloud_schemas[i];
	/* As the program does it: what is traced must be alike. */
	prctl(PR_SET_DUMPABLE, 0);
	if (argc > 1 && !strcmp(argv[1], "cloud"))
		return cloud_main(argc - 1, argv + 1);
	return cli_main(&cli, argc, argv);
}
