# Manual pages.
dist_man_MANS += man/dmsl.1 man/dmsl.5
