# What the area "plan" adds; folded into the folders' local.mk when it lands.
