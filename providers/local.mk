# Each folder implements engine/provider.h or serves those that do.
noinst_LIBRARIES += providers/libproviders.a

providers_libproviders_a_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS) $(PQ_CFLAGS) \
	$(MICROHTTPD_CFLAGS) $(CJSON_CFLAGS) $(CRYPTO_CFLAGS)
providers_libproviders_a_SOURCES = \
	providers/types/core.c \
	providers/types/data.c \
	providers/types/dms.c \
	providers/types/identity.c \
	providers/types/network.c \
	providers/types/path.c \
	providers/types/sql.c \
	providers/types/types.c providers/types/types.h
