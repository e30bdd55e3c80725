# What the area "values" adds; folded into the folders' local.mk when it lands.
