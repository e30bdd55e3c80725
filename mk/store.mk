# What the area "store" adds; folded into the folders' local.mk when it lands.
engine_libengine_a_SOURCES += \
	engine/address.c engine/address.h \
	engine/codec.c engine/codec.h \
	engine/seal.c engine/seal.h \
	engine/state.c engine/state.h
