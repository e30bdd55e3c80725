# What the area "values" adds; folded into the folders' local.mk when it lands.
lang_liblang_a_SOURCES += \
	lang/amount.c lang/amount.h \
	lang/cidr.c lang/cidr.h \
	lang/convert.c \
	lang/decimal.c lang/decimal.h \
	lang/intern.c lang/intern.h \
	lang/json.c lang/json.h \
	lang/order.c lang/order.h \
	lang/type.c lang/type.h \
	lang/utf8.c lang/utf8.h \
	lang/value.c lang/value.h
