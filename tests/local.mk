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

# Habits: the same in the hook and in CI.
.PHONY: check-headers check-layers check-man check-shell check-style style hooks
check-headers:
	DMSL_SRCDIR='$(abs_top_srcdir)' $(SHELL) $(srcdir)/tests/habits/headers.sh \
		$(CC) $(DEFS) -I'$(abs_top_builddir)' -I'$(abs_top_srcdir)' \
		$(AM_CFLAGS) $(GIT2_CFLAGS) $(PQ_CFLAGS) $(MICROHTTPD_CFLAGS) $(CJSON_CFLAGS)
check-layers:
	$(SHELL) $(srcdir)/tests/habits/layers.sh $(srcdir)
check-man: dmsl
	DMSL_SRCDIR='$(abs_top_srcdir)' DMSL_BUILDDIR='$(abs_top_builddir)' \
		$(SHELL) $(srcdir)/tests/habits/man.sh
check-shell:
	cd $(srcdir) && shellcheck -s sh -S warning -e SC2034 bootstrap .githooks/pre-commit \
		tests/*.sh tests/habits/*.sh tests/t/*.sh stacks/*.sh
check-style:
	cd $(srcdir) && git ls-files '*.[ch]' | xargs $(CLANG_FORMAT) --dry-run -Werror
style:
	cd $(srcdir) && git ls-files '*.[ch]' | xargs $(CLANG_FORMAT) -i
hooks:
	cd $(srcdir) && git config core.hooksPath .githooks

EXTRA_DIST += tests/check.sh tests/as-user.sh tests/find-secret.py tests/lib-stack.sh tests/habits/headers.sh \
	tests/habits/layers.sh tests/habits/man.sh

# Commands and whole stacks, with the program that was built.
stack_tests = \
	tests/t/0900-migration.sh \
	tests/t/0901-migration-user.sh \
	tests/t/0910-kill.sh \
	tests/t/0920-secrets.sh
TESTS += $(stack_tests)
EXTRA_DIST += $(stack_tests)
