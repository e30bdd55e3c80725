# Texts, values and diagnostics; knows no provider and no cloud.
noinst_LIBRARIES += lang/liblang.a

lang_liblang_a_CPPFLAGS = $(AM_CPPFLAGS) $(CJSON_CFLAGS) $(CRYPTO_CFLAGS) \
	$(PCRE2_CFLAGS) $(SQLITE3_CFLAGS)
lang_liblang_a_SOURCES = \
	lang/amount.c lang/amount.h \
	lang/ast.c lang/ast.h \
	lang/ast_dump.c \
	lang/base/arena.c lang/base/arena.h \
	lang/base/base64.c lang/base/base64.h \
	lang/base/pages.c lang/base/pages.h \
	lang/base/buf.c lang/base/buf.h \
	lang/base/clock.c lang/base/clock.h \
	lang/base/digest.c lang/base/digest.h \
	lang/base/error.c lang/base/error.h \
	lang/base/file.c lang/base/file.h \
	lang/base/library.c lang/base/library.h \
	lang/base/map.c lang/base/map.h \
	lang/base/str.c lang/base/str.h \
	lang/base/vec.h \
	lang/cidr.c lang/cidr.h \
	lang/config.c lang/config.h \
	lang/config_names.c lang/config_names.h \
	lang/convert.c \
	lang/decimal.c lang/decimal.h \
	lang/diag.c lang/diag.h \
	lang/diag_codes.h \
	lang/diag_print.c \
	lang/dms/document.c lang/dms/document.h \
	lang/dms/expression.c lang/dms/expression.h \
	lang/dms/mapping.c lang/dms/mapping.h \
	lang/dms/mapping_check.c \
	lang/dms/mapping_compile.c \
	lang/dms/mapping_local.c lang/dms/mapping_local.h \
	lang/dms/mapping_meaning.c \
	lang/dms/mapping_read.c \
	lang/dms/mapping_read_rules.c \
	lang/dms/mapping_reader.h \
	lang/dms/mapping_types.c lang/dms/mapping_types.h \
	lang/dms/mapping_write.c \
	lang/dms/pattern.c lang/dms/pattern.h \
	lang/dms/problem.c lang/dms/problem.h \
	lang/dms/settings.c lang/dms/settings.h \
	lang/dms/settings_check.c \
	lang/dms/settings_compile.c \
	lang/dms/settings_table.c lang/dms/settings_table.h \
	lang/eval.c lang/eval.h \
	lang/eval_access.c \
	lang/eval_build.c \
	lang/eval_call.c \
	lang/eval_impl.h \
	lang/eval_op.c \
	lang/eval_template.c \
	lang/fmt.c lang/fmt.h \
	lang/func.c lang/func.h \
	lang/func_code.c \
	lang/func_csv.c \
	lang/func_data.c \
	lang/func_format.c \
	lang/func_impl.h \
	lang/func_list.c \
	lang/func_map.c \
	lang/func_net.c \
	lang/func_number.c \
	lang/func_regex.c \
	lang/func_set.c \
	lang/func_table.c \
	lang/func_text.c \
	lang/grammar.y \
	lang/intern.c lang/intern.h \
	lang/json.c lang/json.h \
	lang/layout.c \
	lang/lexer.l \
	lang/literal.c lang/literal.h \
	lang/order.c lang/order.h \
	lang/parse.c lang/parse.h \
	lang/parse_nodes.c \
	lang/parse_rules.c \
	lang/parse_text.c \
	lang/parser.h \
	lang/refs.c lang/refs.h \
	lang/source.c lang/source.h \
	lang/suggest.c lang/suggest.h \
	lang/token.c lang/token.h \
	lang/type.c lang/type.h \
	lang/utf8.c lang/utf8.h \
	lang/value.c lang/value.h

# Also for "make lang/liblang.a", which BUILT_SOURCES does not cover.
BUILT_SOURCES += lang/grammar.h
$(lang_liblang_a_OBJECTS): lang/grammar.h

# Highlighting for editors.
editordir = $(pkgdatadir)/editor
dist_editor_DATA = lang/editor/dmsl.tmLanguage.json lang/editor/dmsl.vim
