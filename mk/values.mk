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
	lang/value.c lang/value.h
lang_liblang_a_SOURCES += \
	lang/func.c lang/func.h lang/func_impl.h \
	lang/func_data.c \
	lang/func_list.c \
	lang/func_net.c \
	lang/func_number.c \
	lang/func_text.c
lang_liblang_a_SOURCES += \
	lang/eval.c lang/eval.h lang/eval_impl.h \
	lang/eval_access.c \
	lang/eval_build.c \
	lang/eval_op.c
lang_liblang_a_SOURCES += \
	lang/dms/mapping.c lang/dms/mapping.h \
	lang/dms/mapping_compile.c \
	lang/dms/mapping_read.c \
	lang/dms/pattern.c lang/dms/pattern.h \
	lang/dms/settings.c lang/dms/settings.h \
	lang/dms/settings_compile.c \
	lang/dms/settings_table.c lang/dms/settings_table.h

check_PROGRAMS += tests/unit/eval
TESTS += tests/unit/eval
tests_unit_eval_SOURCES = tests/unit/eval.c
tests_unit_eval_LDADD = $(unit_libs)

check_PROGRAMS += tests/unit/dms
TESTS += tests/unit/dms
tests_unit_dms_SOURCES = tests/unit/dms.c
tests_unit_dms_LDADD = $(unit_libs)

check_PROGRAMS += tests/unit/value
TESTS += tests/unit/value
tests_unit_value_SOURCES = tests/unit/value.c
tests_unit_value_LDADD = $(unit_libs)
