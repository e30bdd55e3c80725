# What the area "apply" adds; folded into the folders' local.mk when it lands.
# The command line is a library of its own above the engine: an archive knows
# its members by their last name, and cmd/plan.c is not plan.c.
noinst_LIBRARIES += engine/libcommands.a
engine_libcommands_a_CPPFLAGS = $(AM_CPPFLAGS)
engine_libcommands_a_SOURCES = \
	engine/cli.c engine/cli.h \
	engine/cmd/apply.c \
	engine/cmd/commands.h \
	engine/cmd/destroy.c \
	engine/cmd/output.c \
	engine/cmd/plan.c \
	engine/cmd/psql.c \
	engine/cmd/show.c \
	engine/cmd/state.c \
	engine/cmd/task.c \
	engine/cmd/validate.c \
	engine/cmd/version.c \
	engine/runs.c engine/runs.h \
	engine/saved.c engine/saved.h \
	engine/setup.c engine/setup.h \
	engine/show.c engine/show.h

engine_libengine_a_SOURCES += \
	engine/apply.c engine/apply.h \
	engine/apply_graph.c engine/apply_graph.h \
	engine/checks.c engine/checks.h \
	engine/execute.c engine/execute.h \
	engine/opts.c engine/opts.h \
	engine/recover.c engine/recover.h \
	engine/report.c engine/report.h \
	engine/schedule.c engine/schedule.h \
	engine/target.c engine/target.h \
	engine/worker.c engine/worker.h

providers_libproviders_a_SOURCES += providers/builtin.c providers/builtin.h

bin_PROGRAMS += dmsl
dmsl_SOURCES = engine/main.c
dmsl_LDADD = engine/libcommands.a engine/libengine.a \
	providers/libproviders.a lang/liblang.a \
	$(GIT2_LIBS) $(CURL_LIBS) $(PQ_LIBS) $(MICROHTTPD_LIBS) \
	$(CJSON_LIBS) $(CRYPTO_LIBS)

check_PROGRAMS += tests/unit/worker
TESTS += tests/unit/worker
tests_unit_worker_SOURCES = tests/unit/worker.c
tests_unit_worker_LDADD = engine/libengine.a $(unit_libs)

check_PROGRAMS += tests/unit/schedule
TESTS += tests/unit/schedule
tests_unit_schedule_SOURCES = tests/unit/schedule.c
tests_unit_schedule_LDADD = engine/libengine.a $(unit_libs)

check_PROGRAMS += tests/unit/opts
TESTS += tests/unit/opts
tests_unit_opts_SOURCES = tests/unit/opts.c
tests_unit_opts_LDADD = engine/libengine.a $(unit_libs)

dist_man_MANS += man/dmsl.1

command_tests = \
	tests/t/0001-usage.sh \
	tests/t/0002-validate.sh \
	tests/t/0010-apply.sh \
	tests/t/0011-killed.sh
TESTS += $(command_tests)
EXTRA_DIST += tests/lib.sh $(command_tests)

check_PROGRAMS += tests/unit/apply
TESTS += tests/unit/apply
tests_unit_apply_SOURCES = tests/unit/apply.c
tests_unit_apply_LDADD = engine/libcommands.a engine/libengine.a \
	lang/liblang.a $(GIT2_LIBS) $(CMOCKA_LIBS) $(CJSON_LIBS) $(CRYPTO_LIBS)
