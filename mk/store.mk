# What the area "store" adds; folded into the folders' local.mk when it lands.
engine_libengine_a_SOURCES += \
	engine/address.c engine/address.h \
	engine/codec.c engine/codec.h \
	engine/seal.c engine/seal.h \
	engine/state.c engine/state.h \
	engine/store.c engine/store.h engine/store_private.h \
	engine/store_git.c engine/store_git.h \
	engine/store_lease.c \
	engine/store_ref.c \
	engine/store_sign.c
