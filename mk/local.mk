# What the area "local" adds; folded into the folders' local.mk when it lands.
