# What the area "syntax" adds; folded into the folders' local.mk when it lands.
lang_liblang_a_SOURCES += \
	lang/ast.c lang/ast.h lang/ast_dump.c \
	lang/config.c lang/config.h \
	lang/config_names.c lang/config_names.h \
	lang/diag.c lang/diag.h lang/diag_codes.h lang/diag_print.c \
	lang/grammar.y \
	lang/layout.c \
	lang/lexer.l \
	lang/parse.c lang/parse.h lang/parse_nodes.c lang/parse_text.c \
	lang/parser.h \
	lang/refs.c lang/refs.h \
	lang/source.c lang/source.h \
	lang/suggest.c lang/suggest.h \
	lang/token.c lang/token.h \
	lang/utf8.c lang/utf8.h

# Also for "make lang/liblang.a", which BUILT_SOURCES does not cover.
BUILT_SOURCES += lang/grammar.h
$(lang_liblang_a_OBJECTS): lang/grammar.h
CLEANFILES += lang/grammar.c lang/grammar.h lang/lexer.c

check_PROGRAMS += tests/unit/lang_golden
TESTS += tests/unit/lang_golden
tests_unit_lang_golden_SOURCES = tests/unit/lang_golden.c
tests_unit_lang_golden_LDADD = $(unit_libs)
EXTRA_DIST += tests/lang

check_PROGRAMS += tests/unit/config tests/unit/syntax
TESTS += tests/unit/config tests/unit/syntax
tests_unit_config_SOURCES = tests/unit/config.c
tests_unit_config_LDADD = $(unit_libs)
tests_unit_syntax_SOURCES = tests/unit/syntax.c
tests_unit_syntax_LDADD = $(unit_libs)
