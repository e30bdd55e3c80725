# Manual pages.
dist_man_MANS += man/dmsl.1 man/dmsl.5 man/dmsl-aws.7
