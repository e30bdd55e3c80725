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
	engine/plan_delete.c \
	engine/plan_file.c \
	engine/plan_json.c \
	engine/plan_print.c \
	engine/plan_step.c \
	engine/refresh.c engine/refresh.h
