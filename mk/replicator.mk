# What the area "replicator" adds; folded into the folders' local.mk when it lands.
providers_libproviders_a_SOURCES += \
	providers/vault.c providers/vault.h \
	providers/pg/conn.h \
	providers/pg/pg.c providers/pg/pg.h
