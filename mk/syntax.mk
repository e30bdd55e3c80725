# What the area "syntax" adds; folded into the folders' local.mk when it lands.
