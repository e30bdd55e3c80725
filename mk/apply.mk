# What the area "apply" adds; folded into the folders' local.mk when it lands.
engine_libengine_a_SOURCES += \
	engine/worker.c engine/worker.h

check_PROGRAMS += tests/unit/worker
TESTS += tests/unit/worker
tests_unit_worker_SOURCES = tests/unit/worker.c
tests_unit_worker_LDADD = engine/libengine.a $(unit_libs)
# Uncomment when engine/main.c exists:
# bin_PROGRAMS += dmsl
# dmsl_SOURCES = engine/main.c
# dmsl_LDADD = engine/libengine.a providers/libproviders.a lang/liblang.a \
#	$(GIT2_LIBS) $(CURL_LIBS) $(PQ_LIBS) $(MICROHTTPD_LIBS) \
#	$(CJSON_LIBS) $(CRYPTO_LIBS)
