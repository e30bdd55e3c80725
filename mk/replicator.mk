# What the area "replicator" adds; folded into the folders' local.mk when it lands.
