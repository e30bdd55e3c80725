# Texts, values and diagnostics; knows no provider and no cloud.
noinst_LIBRARIES += lang/liblang.a

lang_liblang_a_CPPFLAGS = $(AM_CPPFLAGS) $(CJSON_CFLAGS) $(CRYPTO_CFLAGS)
lang_liblang_a_SOURCES = \
	lang/base/arena.c lang/base/arena.h \
	lang/base/buf.c lang/base/buf.h \
	lang/base/clock.c lang/base/clock.h \
	lang/base/error.c lang/base/error.h \
	lang/base/file.c lang/base/file.h \
	lang/base/map.c lang/base/map.h \
	lang/base/str.c lang/base/str.h \
	lang/base/vec.h
