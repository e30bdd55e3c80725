# Unit tests are programs in TAP (cmocka), the rest are scripts in TAP.
TEST_EXTENSIONS = .sh
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
SH_LOG_COMPILER = $(SHELL)
AM_TESTS_ENVIRONMENT = CMOCKA_MESSAGE_OUTPUT=TAP; export CMOCKA_MESSAGE_OUTPUT; \
	DMSL_SRCDIR='$(abs_top_srcdir)'; export DMSL_SRCDIR; \
	DMSL_BUILDDIR='$(abs_top_builddir)'; export DMSL_BUILDDIR;

unit_libs = lang/liblang.a $(CMOCKA_LIBS) $(CJSON_LIBS) $(CRYPTO_LIBS)

check_PROGRAMS += tests/unit/base
TESTS += tests/unit/base
tests_unit_base_SOURCES = tests/unit/base.c
tests_unit_base_LDADD = $(unit_libs)
