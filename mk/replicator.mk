# What the area "replicator" adds; folded into the folders' local.mk when it lands.
providers_libproviders_a_SOURCES += \
	providers/vault.c providers/vault.h \
	providers/pg/conn.h \
	providers/pg/copy.c providers/pg/copy.h \
	providers/pg/pg.c providers/pg/pg.h \
	providers/replicator/book.c providers/replicator/book.h \
	providers/replicator/catalog.c providers/replicator/catalog.h \
	providers/replicator/fault.c providers/replicator/fault.h \
	providers/replicator/front.c providers/replicator/front.h \
	providers/replicator/ledger.c providers/replicator/ledger.h \
	providers/replicator/load.c providers/replicator/load.h \
	providers/replicator/mover.c providers/replicator/mover.h \
	providers/replicator/obj.c providers/replicator/obj.h \
	providers/replicator/op_connection.c \
	providers/replicator/op_endpoint.c \
	providers/replicator/op_instance.c \
	providers/replicator/op_tags.c \
	providers/replicator/op_task.c \
	providers/replicator/ops.c providers/replicator/ops.h \
	providers/replicator/progress.c providers/replicator/progress.h \
	providers/replicator/replicator.c providers/replicator/replicator.h \
	providers/replicator/route.c providers/replicator/route.h \
	providers/replicator/run.c providers/replicator/run.h \
	providers/replicator/server.h \
	providers/replicator/session.c providers/replicator/session.h \
	providers/replicator/sign.c providers/replicator/sign.h \
	providers/replicator/unit.c providers/replicator/unit.h

replicator_test_libs = providers/libproviders.a lang/liblang.a $(CMOCKA_LIBS) \
	$(PQ_LIBS) $(MICROHTTPD_LIBS) $(CURL_LIBS) $(CJSON_LIBS) $(CRYPTO_LIBS)

check_PROGRAMS += tests/unit/sign tests/unit/replicator
TESTS += tests/unit/sign tests/unit/replicator
tests_unit_sign_SOURCES = tests/unit/sign.c
tests_unit_sign_LDADD = $(replicator_test_libs)
tests_unit_replicator_SOURCES = tests/unit/replicator.c \
	tests/support/pg_server.c tests/support/pg_server.h
tests_unit_replicator_LDADD = $(replicator_test_libs)

check_PROGRAMS += tests/support/replicator
tests_support_replicator_SOURCES = tests/support/replicator.c
tests_support_replicator_LDADD = $(replicator_test_libs)
TESTS += tests/replicator/aws-cli.sh
EXTRA_DIST += tests/replicator/aws-cli.sh

check_PROGRAMS += tests/unit/pg tests/unit/vault
TESTS += tests/unit/pg tests/unit/vault
tests_unit_pg_SOURCES = tests/unit/pg.c \
	tests/support/pg_server.c tests/support/pg_server.h
tests_unit_pg_LDADD = $(replicator_test_libs)
tests_unit_vault_SOURCES = tests/unit/vault.c
tests_unit_vault_LDADD = $(replicator_test_libs)
