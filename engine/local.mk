# From configuration to committed state; owns the provider interface.
noinst_LIBRARIES += engine/libengine.a

engine_libengine_a_CPPFLAGS = $(AM_CPPFLAGS) $(GIT2_CFLAGS) $(CRYPTO_CFLAGS)
engine_libengine_a_SOURCES = \
	engine/provider.c engine/provider.h \
	engine/schema.c engine/schema.h
