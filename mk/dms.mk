# What the area "dms" adds; folded into the folders' local.mk when it lands.
lang_liblang_a_SOURCES += lang/base/digest.c lang/base/digest.h

providers_libproviders_a_SOURCES += \
	providers/aws/aws.c providers/aws/aws.h \
	providers/aws/client.c providers/aws/client.h \
	providers/aws/dms.h \
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
