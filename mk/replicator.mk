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
	providers/replicator/load.c providers/replicator/load.h \
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
