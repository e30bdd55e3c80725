# Unit tests are programs in TAP (cmocka), the rest are scripts in TAP.
TEST_EXTENSIONS = .sh
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
SH_LOG_COMPILER = $(SHELL)
AM_TESTS_ENVIRONMENT = CMOCKA_MESSAGE_OUTPUT=TAP; export CMOCKA_MESSAGE_OUTPUT; \
	DMSL_SRCDIR='$(abs_top_srcdir)'; export DMSL_SRCDIR; \
	DMSL_BUILDDIR='$(abs_top_builddir)'; export DMSL_BUILDDIR;

# Scripts that run a program of the unit tests.
unit_scripts = tests/replicator/aws-cli.sh
# What others run, once more: as an ordinary user, or to look at what is written.
# Of memory they find nothing else than tests/unit/local and tests/t/0900 do.
same_again = tests/unit/local-user.sh tests/t/0901-migration-user.sh \
	tests/t/0920-secrets.sh

# Unit tests: one program a module or part, in TAP (cmocka). The longest is first,
# since two run at once.
if HAVE_CMOCKA
unit_tests = \
	tests/crash/crash \
	tests/unit/apply \
	tests/unit/aws_faults \
	tests/unit/aws_identity \
	tests/unit/aws_data \
	tests/unit/aws_path \
	tests/unit/aws_client \
	tests/unit/aws_types \
	tests/unit/aws_protocol \
	tests/unit/aws_credentials \
	tests/unit/aws_resolve \
	tests/unit/apply_failures \
	tests/unit/aws_site \
	tests/unit/base \
	tests/unit/config \
	tests/unit/core_types \
	tests/unit/dms \
	tests/unit/dms_golden \
	tests/unit/dms_live \
	tests/unit/dms_tasks \
	tests/unit/dms_types \
	tests/unit/eval \
	tests/unit/execute \
	tests/unit/function_edges \
	tests/unit/functions \
	tests/unit/graph \
	tests/unit/http \
	tests/unit/journal \
	tests/unit/lang_golden \
	tests/unit/lang_values \
	tests/unit/local \
	tests/unit/lsp_position \
	tests/unit/opts \
	tests/unit/part \
	tests/unit/pg \
	tests/unit/plan \
	tests/unit/plan_declared \
	tests/unit/plan_joins \
	tests/unit/plan_life \
	tests/unit/plan_mistakes \
	tests/unit/plan_shown \
	tests/unit/promise \
	tests/unit/replicator \
	tests/unit/report \
	tests/unit/rule \
	tests/unit/schedule \
	tests/unit/seal \
	tests/unit/secrets \
	tests/unit/select \
	tests/unit/sign \
	tests/unit/sigv4 \
	tests/unit/sql_types \
	tests/unit/state \
	tests/unit/store \
	tests/unit/store_crash \
	tests/unit/syntax \
	tests/unit/value \
	tests/unit/vault \
	tests/unit/worker

check_PROGRAMS += $(unit_tests) tests/support/replicator tests/support/tokens tests/dmsl-test
TESTS += $(unit_tests) $(unit_scripts)

# Everything but the command line; a test of a lower layer links only that.
lang_libs = lang/liblang.a $(CMOCKA_LIBS) $(CJSON_LIBS) $(CRYPTO_LIBS) $(PCRE2_LIBS)
engine_libs = engine/libcommands.a engine/libengine.a lang/liblang.a \
	$(CMOCKA_LIBS) $(GIT2_LIBS) $(CJSON_LIBS) $(CRYPTO_LIBS) $(PCRE2_LIBS)
provider_libs = providers/libproviders.a engine/libengine.a lang/liblang.a \
	$(CMOCKA_LIBS) $(CJSON_LIBS) $(CRYPTO_LIBS) $(PCRE2_LIBS)
pg_server = tests/support/pg_server.c tests/support/pg_server.h
applied = tests/unit/applied.c tests/unit/applied.h tests/support/speed.c
planned = tests/unit/planned.c tests/unit/planned.h
scripted = tests/unit/scripted.c tests/unit/scripted.h
tracer = tests/support/tracer.c tests/support/tracer.h
# For programs whose time can run faster.
speed_flags = $(AM_LDFLAGS) -Wl,--wrap=poll -Wl,--wrap=clock_gettime

tests_unit_apply_SOURCES = tests/unit/apply.c $(applied)
tests_unit_apply_LDFLAGS = $(speed_flags)
tests_unit_apply_LDADD = $(engine_libs)
aws_fixture = tests/unit/aws_fixture.c tests/unit/aws_fixture.h $(scripted)
tests_unit_aws_faults_SOURCES = tests/unit/aws_faults.c $(aws_fixture)
tests_unit_aws_faults_LDADD = $(provider_libs)
tests_unit_aws_identity_SOURCES = tests/unit/aws_identity.c $(aws_fixture)
tests_unit_aws_identity_LDADD = $(provider_libs)
tests_unit_aws_data_SOURCES = tests/unit/aws_data.c $(aws_fixture)
tests_unit_aws_data_LDADD = $(provider_libs)
tests_unit_aws_path_SOURCES = tests/unit/aws_path.c $(aws_fixture)
tests_unit_aws_path_LDADD = $(provider_libs)
tests_unit_aws_client_SOURCES = tests/unit/aws_client.c $(scripted)
tests_unit_aws_client_LDADD = $(provider_libs)
tests_unit_aws_types_SOURCES = tests/unit/aws_types.c $(aws_fixture)
tests_unit_aws_types_LDADD = $(provider_libs)
tests_unit_aws_protocol_SOURCES = tests/unit/aws_protocol.c
tests_unit_aws_protocol_LDADD = $(provider_libs)
tests_unit_aws_credentials_SOURCES = tests/unit/aws_credentials.c $(scripted)
tests_unit_aws_credentials_LDADD = $(provider_libs)
tests_unit_aws_site_SOURCES = tests/unit/aws_site.c $(scripted)
tests_unit_aws_site_LDADD = $(provider_libs)
tests_unit_aws_resolve_SOURCES = tests/unit/aws_resolve.c
tests_unit_aws_resolve_LDADD = $(provider_libs)
tests_unit_apply_failures_SOURCES = tests/unit/apply_failures.c $(applied)
tests_unit_apply_failures_LDFLAGS = $(speed_flags)
tests_unit_apply_failures_LDADD = $(engine_libs)
tests_unit_base_SOURCES = tests/unit/base.c
tests_unit_base_LDADD = $(lang_libs)
tests_unit_config_SOURCES = tests/unit/config.c
tests_unit_config_LDADD = $(lang_libs)
tests_unit_core_types_SOURCES = tests/unit/core_types.c
tests_unit_core_types_LDADD = $(provider_libs)
tests_unit_dms_SOURCES = tests/unit/dms.c
tests_unit_dms_LDADD = $(lang_libs)
golden = tests/support/golden.c tests/support/golden.h
tests_unit_dms_golden_SOURCES = tests/unit/dms_golden.c $(golden)
tests_unit_dms_golden_LDADD = $(lang_libs)
tests_unit_dms_live_SOURCES = tests/unit/dms_live.c $(pg_server)
tests_unit_dms_live_LDADD = $(provider_libs)
dms_fixture = tests/unit/dms_fixture.c tests/unit/dms_fixture.h $(scripted)
tests_unit_dms_tasks_SOURCES = tests/unit/dms_tasks.c $(dms_fixture)
tests_unit_dms_tasks_LDADD = $(provider_libs)
tests_unit_dms_types_SOURCES = tests/unit/dms_types.c $(dms_fixture)
tests_unit_dms_types_LDADD = $(provider_libs)
shown = tests/support/shown.c tests/support/shown.h
tests_unit_eval_SOURCES = tests/unit/eval.c $(shown)
tests_unit_eval_LDADD = $(lang_libs)
tests_unit_execute_SOURCES = tests/unit/execute.c tests/support/speed.c
tests_unit_execute_LDFLAGS = $(speed_flags)
tests_unit_execute_LDADD = $(engine_libs)
evaluated = tests/unit/evaluated.c tests/unit/evaluated.h $(shown)
tests_unit_function_edges_SOURCES = tests/unit/function_edges.c $(evaluated)
tests_unit_function_edges_LDADD = $(lang_libs)
tests_unit_functions_SOURCES = tests/unit/functions.c $(evaluated)
tests_unit_functions_LDADD = $(lang_libs)
tests_unit_graph_SOURCES = tests/unit/graph.c
tests_unit_graph_LDADD = $(engine_libs)
tests_unit_http_SOURCES = tests/unit/http.c $(scripted)
tests_unit_http_LDADD = $(provider_libs)
tests_unit_journal_SOURCES = tests/unit/journal.c
tests_unit_journal_LDADD = $(engine_libs)
tests_unit_lang_golden_SOURCES = tests/unit/lang_golden.c $(golden) \
	tests/unit/grammar_traced.c tests/unit/grammar_traced.h
tests_unit_lang_golden_LDADD = $(lang_libs)
tests_unit_lang_values_SOURCES = tests/unit/lang_values.c $(golden)
tests_unit_lang_values_LDADD = $(lang_libs)
tests_unit_local_SOURCES = tests/unit/local.c
tests_unit_local_LDADD = $(provider_libs)
tests_unit_lsp_position_SOURCES = tests/unit/lsp_position.c
tests_unit_lsp_position_LDADD = $(engine_libs)
tests_unit_opts_SOURCES = tests/unit/opts.c
tests_unit_opts_LDADD = $(engine_libs)
tests_unit_part_SOURCES = tests/unit/part.c
tests_unit_part_LDADD = $(engine_libs)
tests_unit_pg_SOURCES = tests/unit/pg.c $(pg_server)
tests_unit_pg_LDADD = $(provider_libs)
tests_unit_plan_SOURCES = tests/unit/plan.c $(planned)
tests_unit_plan_LDADD = $(engine_libs)
tests_unit_plan_declared_SOURCES = tests/unit/plan_declared.c $(planned)
tests_unit_plan_declared_LDADD = $(engine_libs)
tests_unit_plan_joins_SOURCES = tests/unit/plan_joins.c $(planned)
tests_unit_plan_joins_LDADD = $(engine_libs)
tests_unit_plan_life_SOURCES = tests/unit/plan_life.c $(planned)
tests_unit_plan_life_LDADD = $(engine_libs)
tests_unit_plan_mistakes_SOURCES = tests/unit/plan_mistakes.c $(planned)
tests_unit_plan_mistakes_LDADD = $(engine_libs)
tests_unit_plan_shown_SOURCES = tests/unit/plan_shown.c
tests_unit_plan_shown_LDADD = $(engine_libs)
tests_unit_replicator_SOURCES = tests/unit/replicator.c $(pg_server)
tests_unit_replicator_LDADD = $(provider_libs)
tests_unit_promise_SOURCES = tests/unit/promise.c
tests_unit_promise_LDADD = $(engine_libs)
tests_unit_report_SOURCES = tests/unit/report.c
tests_unit_report_LDADD = $(engine_libs)
tests_unit_rule_SOURCES = tests/unit/rule.c
tests_unit_rule_LDADD = $(provider_libs)
tests_unit_schedule_SOURCES = tests/unit/schedule.c
tests_unit_schedule_LDADD = $(engine_libs)
tests_unit_seal_SOURCES = tests/unit/seal.c
tests_unit_seal_LDADD = $(engine_libs)
tests_unit_secrets_SOURCES = tests/unit/secrets.c
tests_unit_secrets_LDADD = $(engine_libs)
tests_unit_select_SOURCES = tests/unit/select.c
tests_unit_select_LDADD = $(engine_libs)
tests_unit_sign_SOURCES = tests/unit/sign.c
tests_unit_sign_LDADD = $(provider_libs)
tests_unit_sigv4_SOURCES = tests/unit/sigv4.c
tests_unit_sigv4_LDADD = $(provider_libs)
tests_unit_sql_types_SOURCES = tests/unit/sql_types.c $(pg_server)
tests_unit_sql_types_LDADD = $(provider_libs)
tests_unit_state_SOURCES = tests/unit/state.c
tests_unit_state_LDADD = $(engine_libs)
tests_unit_store_SOURCES = tests/unit/store.c
tests_unit_store_LDADD = $(engine_libs)
tests_unit_store_crash_SOURCES = tests/unit/store_crash.c $(tracer)
tests_unit_store_crash_LDADD = $(engine_libs)
tests_unit_syntax_SOURCES = tests/unit/syntax.c
tests_unit_syntax_LDADD = $(lang_libs)
tests_unit_value_SOURCES = tests/unit/value.c
tests_unit_value_LDADD = $(lang_libs)
tests_unit_vault_SOURCES = tests/unit/vault.c
tests_unit_vault_LDADD = $(provider_libs)
tests_unit_worker_SOURCES = tests/unit/worker.c
tests_unit_worker_LDADD = $(engine_libs)

# The program with the provider "cloud" instead of real ones.
cloud = tests/support/cloud.c tests/support/cloud.h \
	tests/support/cloud_service.c tests/support/cloud_service.h
tests_dmsl_test_SOURCES = tests/support/dmsl_test.c tests/support/speed.c $(cloud)
tests_dmsl_test_LDFLAGS = $(speed_flags)
tests_dmsl_test_LDADD = engine/libcommands.a engine/libengine.a \
	providers/libproviders.a lang/liblang.a \
	$(GIT2_LIBS) $(CJSON_LIBS) $(CRYPTO_LIBS) $(PCRE2_LIBS)

tests_crash_crash_SOURCES = tests/crash/crash.c $(tracer) \
	tests/support/cloud_service.c tests/support/cloud_service.h
tests_crash_crash_LDADD = $(lang_libs)

# Fuzz targets: here over their corpus, by "make fuzz" with libFuzzer.
fuzz_targets = tests/fuzz/aws_json tests/fuzz/aws_xml tests/fuzz/eval \
	tests/fuzz/mapping tests/fuzz/tables tests/fuzz/text
check_PROGRAMS += $(fuzz_targets)
TESTS += $(fuzz_targets)
fuzz_replay = tests/fuzz/replay.c tests/fuzz/answers.c tests/fuzz/answers.h
tests_fuzz_aws_json_SOURCES = tests/fuzz/aws_json.c $(fuzz_replay)
tests_fuzz_aws_json_LDADD = $(provider_libs)
tests_fuzz_aws_xml_SOURCES = tests/fuzz/aws_xml.c $(fuzz_replay)
tests_fuzz_aws_xml_LDADD = $(provider_libs)
tests_fuzz_eval_SOURCES = tests/fuzz/eval.c $(fuzz_replay)
tests_fuzz_eval_LDADD = $(provider_libs)
tests_fuzz_mapping_SOURCES = tests/fuzz/mapping.c $(fuzz_replay)
tests_fuzz_mapping_LDADD = $(provider_libs)
tests_fuzz_tables_SOURCES = tests/fuzz/tables.c $(fuzz_replay)
tests_fuzz_tables_LDADD = $(provider_libs)
tests_fuzz_text_SOURCES = tests/fuzz/text.c $(fuzz_replay)
tests_fuzz_text_LDADD = $(provider_libs)

tests_support_tokens_SOURCES = tests/support/tokens.c
tests_support_tokens_LDADD = $(lang_libs)
tests_support_replicator_SOURCES = tests/support/replicator.c
tests_support_replicator_LDADD = $(provider_libs)
endif

# Timed by hand, never in the tests: make bench BENCHFLAGS="--sizes 1000".
EXTRA_PROGRAMS = tests/bench/measure tests/bench/stages
tests_bench_measure_SOURCES = tests/bench/measure.c
tests_bench_stages_SOURCES = tests/bench/stages.c
tests_bench_stages_LDADD = $(dmsl_LDADD)
CLEANFILES = tests/bench/measure$(EXEEXT) tests/bench/stages$(EXEEXT)
.PHONY: bench
bench: dmsl tests/bench/measure$(EXEEXT) tests/bench/stages$(EXEEXT)
	python3 $(srcdir)/tests/bench/bench.py --dmsl ./dmsl \
		--measure tests/bench/measure$(EXEEXT) \
		--stages tests/bench/stages$(EXEEXT) $(BENCHFLAGS)
EXTRA_DIST += tests/bench/stack.py tests/bench/bench.py tests/bench/README

# Needs clang: each target for FUZZ_SECONDS in a build of its own. What it
# learns stays in fuzz/corpus-TARGET, what it finds in fuzz/found-*.
FUZZ_SECONDS = 60
FUZZ_TARGETS = aws_json aws_xml eval mapping tables text
FUZZ_CLANG = clang -g -O1 -fsanitize=fuzzer,address,undefined \
	-fno-sanitize-recover=undefined
.PHONY: fuzz
fuzz:
	$(MKDIR_P) fuzz
	cd fuzz && { test -e Makefile || '$(abs_srcdir)'/configure -q \
		CC='clang -fsanitize=fuzzer-no-link' --enable-asan --enable-ubsan \
		CFLAGS='-g -O1'; } && \
		$(MAKE) -s providers/libproviders.a engine/libengine.a lang/liblang.a
	set -e; cd fuzz; for target in $(FUZZ_TARGETS); do \
		$(MKDIR_P) "corpus-$$target"; \
		$(FUZZ_CLANG) -I. -I'$(abs_srcdir)' -DHAVE_CONFIG_H -o "fuzz-$$target" \
			'$(abs_srcdir)'/tests/fuzz/$$target.c \
			'$(abs_srcdir)'/tests/fuzz/answers.c \
			providers/libproviders.a engine/libengine.a lang/liblang.a \
			$(CJSON_LIBS) $(CRYPTO_LIBS) $(PCRE2_LIBS); \
		"./fuzz-$$target" -max_total_time=$(FUZZ_SECONDS) -max_len=65536 \
			-timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
			-artifact_prefix=found- "corpus-$$target" \
			'$(abs_srcdir)'/tests/fuzz/corpus/$$target; \
	done
EXTRA_DIST += tests/fuzz/corpus

# Habits: the same in the hook and in CI.
.PHONY: check-crash check-crash-aws check-headers check-layers check-lexer check-man check-shell check-style style hooks
# The long versions; they print how often they killed, and with what seed.
check-crash: tests/dmsl-test$(EXEEXT) tests/crash/crash$(EXEEXT)
	DMSL_BUILDDIR='$(abs_top_builddir)' DMSL_CRASH=long tests/crash/crash$(EXEEXT)
	DMSL_SRCDIR='$(abs_top_srcdir)' DMSL_BUILDDIR='$(abs_top_builddir)' \
		DMSL_PROPERTY_COUNT=$${DMSL_PROPERTY_COUNT-300} \
		$(SHELL) $(srcdir)/tests/property/property.sh
check-crash-aws: dmsl
	DMSL_SRCDIR='$(abs_top_srcdir)' DMSL_BUILDDIR='$(abs_top_builddir)' \
		DMSL_AWS_KILLS=$${DMSL_AWS_KILLS-300} \
		$(SHELL) $(srcdir)/tests/t/0104-aws-killed.sh
check-headers:
	DMSL_SRCDIR='$(abs_top_srcdir)' $(SHELL) $(srcdir)/tests/habits/headers.sh \
		$(CC) $(DEFS) -I'$(abs_top_builddir)' -I'$(abs_top_srcdir)' \
		$(AM_CFLAGS) $(GIT2_CFLAGS) $(PQ_CFLAGS) $(MICROHTTPD_CFLAGS) $(CJSON_CFLAGS) $(PCRE2_CFLAGS)
check-layers:
	$(SHELL) $(srcdir)/tests/habits/layers.sh $(srcdir)
# A rule that makes the scanner back up costs a tenth of its speed.
check-lexer:
	folder=$$(mktemp -d) && cd "$$folder" && \
		$(LEX) -b -o scanner.c '$(abs_srcdir)'/lang/lexer.l && \
		grep 'No backing up' lex.backup >/dev/null || \
		{ cat lex.backup; false; }; \
	result=$$?; rm -r "$$folder"; exit $$result
check-man: dmsl
	DMSL_SRCDIR='$(abs_top_srcdir)' DMSL_BUILDDIR='$(abs_top_builddir)' \
		$(SHELL) $(srcdir)/tests/habits/man.sh
check-shell:
	cd $(srcdir) && shellcheck -s sh -S warning -e SC2034 bootstrap .githooks/pre-commit \
		tests/*.sh tests/habits/*.sh tests/aws/*.sh tests/t/*.sh stacks/*.sh
check-style:
	cd $(srcdir) && git ls-files '*.[ch]' | xargs $(CLANG_FORMAT) --dry-run -Werror
style:
	cd $(srcdir) && git ls-files '*.[ch]' | xargs $(CLANG_FORMAT) -i
hooks:
	cd $(srcdir) && git config core.hooksPath .githooks

EXTRA_DIST += tests/support/scratch.h tests/check.sh tests/as-user.sh tests/demo.sh tests/check-plan-json.py \
	tests/console.py tests/editors.py tests/explain.py tests/find-secret.py tests/lsp.py \
	tests/lsp_client.py tests/lsp_texts.py tests/lsp_words.py tests/manual.py \
	tests/lib-stack.sh tests/habits/headers.sh tests/habits/layers.sh tests/habits/man.sh

# Commands and whole stacks, with the program that was built.
script_tests = \
	tests/t/0001-usage.sh \
	tests/t/0002-validate.sh \
	tests/t/0010-apply.sh \
	tests/t/0011-killed.sh \
	tests/t/0012-select.sh \
	tests/t/0013-shown.sh \
	tests/t/0012-cloud.sh \
	tests/property/property.sh \
	tests/t/0014-concurrent.sh \
	tests/t/0015-identity.sh \
	tests/t/0015-secrets.sh \
	tests/t/0017-sites.sh \
	tests/t/0101-aws-plain.sh \
	tests/t/0105-aws-import.sh \
	tests/t/0106-aws-reach.sh \
	tests/t/0107-aws-near.sh \
	tests/t/0106-aws-tasks.sh \
	tests/t/0106-aws-changes.sh \
	tests/t/0107-aws-existing.sh \
	tests/t/0108-server.sh \
	tests/t/0016-fmt.sh \
	tests/t/0019-words.sh \
	tests/t/0020-explain.sh \
	tests/t/0022-checks.sh \
	tests/t/0021-console.sh \
	tests/t/0022-manual.sh \
	tests/t/0021-lsp.sh \
	tests/t/0022-editors.sh \
	tests/t/0021-tables.sh \
	tests/t/0018-rebuild.sh \
	tests/t/0900-migration.sh \
	tests/t/0902-started.sh \
	tests/t/0903-tasks.sh \
	tests/t/0910-kill.sh
# Long scenarios on the stand-in for AWS, where most of the time is not dmsl's.
# tests/check.sh runs them, the stand-in's own tests and what is the same again in
# one build only, by "make check aws_scenarios= aws_tests= same_again=" in the other.
aws_scenarios = \
	tests/t/0100-aws-migration.sh \
	tests/t/0102-aws-auth.sh \
	tests/t/0103-aws-faults.sh \
	tests/t/0104-aws-killed.sh
TESTS += $(script_tests) $(same_again) $(aws_scenarios)
EXTRA_DIST += $(script_tests) $(same_again) $(aws_scenarios) $(unit_scripts) tests/lib.sh \
	tests/checks tests/dms tests/lang tests/property/property.py

# What stands in for AWS, and the tests of that.
aws_tests = tests/aws/server-test.sh tests/aws/reach-test.sh \
	tests/aws/proxy-test.sh tests/aws/lib-test.sh
TESTS += $(aws_tests)
EXTRA_DIST += $(aws_tests) tests/aws/census.py tests/aws/changes.dmsl \
	tests/aws/changes.py tests/aws/check_log.py tests/aws/cloud.dmsl tests/aws/dms.py \
	tests/aws/dms_load.py tests/aws/dms_tasks.py tests/aws/ec2.py tests/aws/elbv2.py \
	tests/aws/engine_versions.py tests/aws/graph.py tests/aws/hooks.py tests/aws/lib.sh \
	tests/aws/libpq.py tests/aws/names.py tests/aws/others.py tests/aws/paths.py \
	tests/aws/privatelink.py tests/aws/proxy.py tests/aws/proxy_test.py tests/aws/rds.py \
	tests/aws/reach.py tests/aws/reach_test.py tests/aws/requirements.txt \
	tests/aws/scenario.sh tests/aws/server.dmsl tests/aws/server.py \
	tests/aws/server_test.py tests/aws/shim_psql.py tests/aws/shim_secret.py \
	tests/aws/shims/aws tests/aws/shims/psql tests/aws/sql-near.dmsl tests/aws/sql.dmsl \
	tests/aws/stack.py tests/aws/tap.py tests/aws/use-venv.sh tests/aws/venv.sh \
	tests/aws/wire.py
