# What the area "plan" adds; folded into the folders' local.mk when it lands.
engine_libengine_a_SOURCES += \
	engine/calls.c engine/calls.h \
	engine/check.c engine/check.h \
	engine/diff.c engine/diff.h \
	engine/expand.c engine/expand.h engine/expand_private.h \
	engine/expand_body.c \
	engine/expand_deps.c \
	engine/expand_domain.c \
	engine/expand_providers.c engine/providers.h \
	engine/expand_scope.c \
	engine/expand_wanted.c \
	engine/graph.c engine/graph.h \
	engine/inputs.c engine/inputs.h \
	engine/plan.c engine/plan.h engine/plan_private.h \
	engine/plan_change.c engine/plan_change.h \
	engine/plan_delete.c \
	engine/plan_file.c \
	engine/plan_json.c \
	engine/plan_print.c \
	engine/plan_step.c \
	engine/refresh.c engine/refresh.h

check_PROGRAMS += tests/unit/graph
TESTS += tests/unit/graph
tests_unit_graph_SOURCES = tests/unit/graph.c
tests_unit_graph_LDADD = engine/libengine.a $(unit_libs)

check_PROGRAMS += tests/unit/plan
TESTS += tests/unit/plan
tests_unit_plan_SOURCES = tests/unit/plan.c
tests_unit_plan_LDADD = engine/libengine.a $(unit_libs)
