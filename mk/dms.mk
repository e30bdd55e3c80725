# What the area "dms" adds; folded into the folders' local.mk when it lands.
lang_liblang_a_SOURCES += lang/base/digest.c lang/base/digest.h

providers_libproviders_a_SOURCES += \
	providers/aws/aws.c providers/aws/aws.h \
	providers/aws/client.c providers/aws/client.h \
	providers/aws/dms.h \
	providers/aws/dms_call.c providers/aws/dms_call.h \
	providers/aws/dms_effects.c \
	providers/aws/dms_endpoint.c \
	providers/aws/dms_instance.c \
	providers/aws/dms_load.c \
	providers/aws/dms_subnet_group.c \
	providers/aws/dms_task.c providers/aws/dms_task.h \
	providers/aws/sigv4.c providers/aws/sigv4.h \
	providers/http.c providers/http.h \
	providers/retry.c providers/retry.h \
	providers/core/core.c providers/core/core.h \
	providers/core/data.c \
	providers/core/password.c \
	providers/sql/connect.c providers/sql/connect.h \
	providers/sql/database.c \
	providers/sql/fixture.c \
	providers/sql/query.c \
	providers/sql/split.c providers/sql/split.h \
	providers/sql/sql.h

check_PROGRAMS += tests/unit/sigv4 tests/unit/http
TESTS += tests/unit/sigv4 tests/unit/http
tests_unit_sigv4_SOURCES = tests/unit/sigv4.c
tests_unit_sigv4_LDADD = providers/libproviders.a lang/liblang.a \
	$(CMOCKA_LIBS) $(CRYPTO_LIBS)
tests_unit_http_SOURCES = tests/unit/http.c \
	tests/unit/scripted.c tests/unit/scripted.h
tests_unit_http_LDADD = providers/libproviders.a lang/liblang.a \
	$(CMOCKA_LIBS) $(CURL_LIBS) $(CRYPTO_LIBS)

check_PROGRAMS += tests/unit/sql_types
TESTS += tests/unit/sql_types
tests_unit_sql_types_SOURCES = tests/unit/sql_types.c \
	tests/support/pg_server.c tests/support/pg_server.h
tests_unit_sql_types_LDADD = providers/libproviders.a engine/libengine.a \
	lang/liblang.a $(CMOCKA_LIBS) $(PQ_LIBS) $(CRYPTO_LIBS)

check_PROGRAMS += tests/unit/dms_types
TESTS += tests/unit/dms_types
tests_unit_dms_types_SOURCES = tests/unit/dms_types.c \
	tests/unit/scripted.c tests/unit/scripted.h
tests_unit_dms_types_LDADD = providers/libproviders.a engine/libengine.a \
	lang/liblang.a $(CMOCKA_LIBS) $(CURL_LIBS) $(CRYPTO_LIBS) $(CJSON_LIBS)

# The same types against the real replication server.
check_PROGRAMS += tests/unit/dms_live
TESTS += tests/unit/dms_live
tests_unit_dms_live_SOURCES = tests/unit/dms_live.c \
	tests/support/pg_server.c tests/support/pg_server.h
tests_unit_dms_live_LDADD = providers/libproviders.a engine/libengine.a \
	lang/liblang.a $(CMOCKA_LIBS) $(CURL_LIBS) $(PQ_LIBS) $(CRYPTO_LIBS) \
	$(CJSON_LIBS)

check_PROGRAMS += tests/unit/core_types
TESTS += tests/unit/core_types
tests_unit_core_types_SOURCES = tests/unit/core_types.c
tests_unit_core_types_LDADD = providers/libproviders.a engine/libengine.a \
	lang/liblang.a $(CMOCKA_LIBS) $(CRYPTO_LIBS)
