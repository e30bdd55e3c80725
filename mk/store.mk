# What the area "store" adds; folded into the folders' local.mk when it lands.
