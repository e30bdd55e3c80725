# From configuration to committed state; owns the provider interface.
noinst_LIBRARIES += engine/libengine.a

engine_libengine_a_CPPFLAGS = $(AM_CPPFLAGS) $(GIT2_CFLAGS) $(CRYPTO_CFLAGS) \
	$(EDIT_CFLAGS)
engine_libengine_a_SOURCES = \
	engine/address.c engine/address.h \
	engine/addresses.c engine/addresses.h \
	engine/apply.c engine/apply.h \
	engine/attend.c engine/attend.h \
	engine/apply_graph.c engine/apply_graph.h \
	engine/calls.c engine/calls.h \
	engine/check.c engine/check.h \
	engine/checks.c engine/checks.h \
	engine/codec.c engine/codec.h \
	engine/commit.c engine/commit.h \
	engine/context.h \
	engine/diff.c engine/diff.h \
	engine/durations.c engine/durations.h \
	engine/edit.c engine/edit.h \
	engine/estimate.c engine/estimate.h \
	engine/execute.c engine/execute.h \
	engine/explain.c engine/explain.h \
	engine/expand.c engine/expand.h \
	engine/expand_ask.c engine/expand_ask.h \
	engine/expand_body.c \
	engine/expand_check.c \
	engine/expand_declared.c \
	engine/expand_deps.c \
	engine/expand_domain.c engine/expand_domain.h \
	engine/expand_domain_data.c \
	engine/expand_domain_one.c \
	engine/expand_domain_zone.c \
	engine/expand_document.c \
	engine/expand_life.c engine/expand_names.c \
	engine/expand_private.h \
	engine/expand_providers.c \
	engine/expand_rules.c \
	engine/expand_scope.c \
	engine/expand_trace.c \
	engine/expand_unused.c \
	engine/expand_wanted.c \
	engine/graph.c engine/graph.h \
	engine/identity.c engine/identity.h \
	engine/inputs.c engine/inputs.h \
	engine/joins.c engine/joins.h \
	engine/intent.c engine/intent.h \
	engine/journal.c engine/journal.h \
	engine/journal_frame.c engine/journal_frame.h \
	engine/journal_load.c \
	engine/journal_record.c engine/journal_record.h \
	engine/operation.c engine/operation.h \
	engine/left_out.c engine/left_out.h \
	engine/lines.c engine/lines.h \
	engine/load.c engine/load.h \
	engine/opts.c engine/opts.h \
	engine/plan.c engine/plan.h \
	engine/plan_body.c engine/plan_body.h \
	engine/plan_change.c engine/plan_change.h \
	engine/plan_compare.c \
	engine/plan_declared.c \
	engine/plan_delete.c \
	engine/plan_existing.c \
	engine/plan_drift.c \
	engine/plan_file.c \
	engine/plan_json.c \
	engine/plan_needs.c \
	engine/plan_print.c \
	engine/plan_private.h \
	engine/plan_refresh.c \
	engine/plan_select.c \
	engine/plan_step.c \
	engine/promise.c engine/promise.h \
	engine/provider.c engine/provider.h \
	engine/providers.h \
	engine/rebuild.c engine/rebuild.h \
	engine/recorded.c engine/recorded.h \
	engine/recover.c engine/recover.h \
	engine/refresh.c engine/refresh.h \
	engine/replace_when.c engine/replace_when.h \
	engine/report.c engine/report.h \
	engine/rule.c engine/rule.h \
	engine/schedule.c engine/schedule.h \
	engine/schema.c engine/schema.h \
	engine/seal.c engine/seal.h \
	engine/secrets.c engine/secrets.h \
	engine/select.c engine/select.h \
	engine/state.c engine/state.h \
	engine/store.c engine/store.h \
	engine/store_git.c engine/store_git.h \
	engine/store_lease.c \
	engine/store_private.h \
	engine/store_ref.c \
	engine/store_sign.c \
	engine/target.c engine/target.h \
	engine/worker.c engine/worker.h

# The command line is a library of its own above the engine: an archive knows
# its members by their last name, and cmd/plan.c is not plan.c.
noinst_LIBRARIES += engine/libcommands.a

engine_libcommands_a_CPPFLAGS = $(AM_CPPFLAGS)
engine_libcommands_a_SOURCES = \
	engine/cli.c engine/cli.h \
	engine/cmd/apply.c \
	engine/cmd/commands.h \
	engine/cmd/completion.c \
	engine/cmd/console.c \
	engine/cmd/destroy.c \
	engine/cmd/docs.c \
	engine/cmd/explain.c \
	engine/cmd/graph.c \
	engine/cmd/doctor.c \
	engine/cmd/import.c \
	engine/cmd/lsp.c \
	engine/cmd/fmt.c \
	engine/cmd/output.c \
	engine/cmd/plan.c \
	engine/cmd/psql.c \
	engine/cmd/recover.c \
	engine/cmd/show.c \
	engine/cmd/state.c \
	engine/cmd/task.c \
	engine/cmd/task_control.c \
	engine/cmd/validate.c \
	engine/cmd/version.c \
	engine/lsp/analysis.c engine/lsp/analysis.h \
	engine/lsp/complete.c \
	engine/lsp/cursor.c engine/lsp/cursor.h \
	engine/lsp/documents.c engine/lsp/documents.h \
	engine/lsp/findings.c engine/lsp/findings.h \
	engine/lsp/hover.c \
	engine/lsp/names.c engine/lsp/names.h \
	engine/lsp/names_expr.c \
	engine/lsp/names_impl.h \
	engine/lsp/names_types.c \
	engine/lsp/names_walk.c \
	engine/lsp/navigate.c \
	engine/lsp/outline.c \
	engine/lsp/position.c engine/lsp/position.h \
	engine/lsp/rename.c \
	engine/lsp/request.c engine/lsp/request.h \
	engine/lsp/rpc.c engine/lsp/rpc.h \
	engine/lsp/server.c engine/lsp/server.h \
	engine/lsp/task_settings.c engine/lsp/task_settings.h \
	engine/lsp/workspace.c engine/lsp/workspace.h \
	engine/runs.c engine/runs.h \
	engine/saved.c engine/saved.h \
	engine/facts.c engine/facts.h \
	engine/setup.c engine/setup.h \
	engine/show.c engine/show.h \
	engine/summary.c engine/summary.h

# What reads tokens: also for "make dmsl", which BUILT_SOURCES does not cover.
$(engine_libcommands_a_OBJECTS): lang/grammar.h
