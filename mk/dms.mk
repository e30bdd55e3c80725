# What the area "dms" adds; folded into the folders' local.mk when it lands.
