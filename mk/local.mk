# What the area "local" adds; folded into the folders' local.mk when it lands.
providers_libproviders_a_SOURCES += \
	providers/local/balancer.c providers/local/balancer.h \
	providers/local/cluster.c \
	providers/local/command.c providers/local/command.h \
	providers/local/database.c providers/local/database.h \
	providers/local/hosts.c providers/local/hosts.h \
	providers/local/ids.c providers/local/ids.h \
	providers/local/local.c providers/local/local.h \
	providers/local/model.c providers/local/model.h \
	providers/local/network.c providers/local/network.h \
	providers/local/object.c providers/local/object.h \
	providers/local/path.c \
	providers/local/process.c providers/local/process.h \
	providers/local/provision.c \
	providers/local/record.c providers/local/record.h \
	providers/local/recorded.c \
	providers/local/scram.c providers/local/scram.h \
	providers/local/secret.c \
	providers/local/server.c providers/local/server.h \
	providers/local/stack.c providers/local/stack.h \
	providers/local/tls.c providers/local/tls.h \
	providers/local/types.h \
	providers/local/vpc.c

check_PROGRAMS += tests/unit/local
TESTS += tests/unit/local
tests_unit_local_SOURCES = tests/unit/local.c
tests_unit_local_LDADD = providers/libproviders.a engine/libengine.a \
	$(unit_libs) $(CURL_LIBS) $(PQ_LIBS)
TESTS += tests/unit/local-user.sh
EXTRA_DIST += tests/unit/local-user.sh
