# What the area "store" adds; folded into the folders' local.mk when it lands.
engine_libengine_a_SOURCES += \
	engine/address.c engine/address.h \
	engine/codec.c engine/codec.h \
	engine/journal.c engine/journal.h \
	engine/journal_frame.c engine/journal_frame.h \
	engine/journal_load.c \
	engine/journal_record.c engine/journal_record.h \
	engine/seal.c engine/seal.h \
	engine/state.c engine/state.h \
	engine/store.c engine/store.h engine/store_private.h \
	engine/store_git.c engine/store_git.h \
	engine/store_lease.c \
	engine/store_ref.c \
	engine/store_sign.c

store_libs = engine/libengine.a lang/liblang.a $(CMOCKA_LIBS) $(GIT2_LIBS) \
	$(CJSON_LIBS) $(CRYPTO_LIBS)

check_PROGRAMS += tests/unit/journal tests/unit/seal tests/unit/state \
	tests/unit/store tests/unit/store_crash
TESTS += tests/unit/journal tests/unit/seal tests/unit/state \
	tests/unit/store tests/unit/store_crash
tests_unit_store_SOURCES = tests/unit/store.c
tests_unit_store_LDADD = $(store_libs)
tests_unit_journal_SOURCES = tests/unit/journal.c
tests_unit_journal_LDADD = $(store_libs)
tests_unit_seal_SOURCES = tests/unit/seal.c
tests_unit_seal_LDADD = $(store_libs)
tests_unit_state_SOURCES = tests/unit/state.c
tests_unit_state_LDADD = $(store_libs)
tests_unit_store_crash_SOURCES = tests/unit/store_crash.c
tests_unit_store_crash_LDADD = $(store_libs)
