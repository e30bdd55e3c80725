"""Where a PostgreSQL stands behind a cluster: the file $DMSL_MOTO_DATABASES has one line
each, PATTERN ADDRESS:PORT ADMIN; the pattern is for cluster endpoint names, as in a
shell, and the admin a superuser that needs no password."""

import fnmatch
import os


def server_of(name):
    """(address, port, admin) of the PostgreSQL behind a cluster's name, or None."""
    listing = os.environ.get("DMSL_MOTO_DATABASES")
    if listing and os.path.exists(listing):
        with open(listing, encoding="utf-8") as lines:
            for line in lines:
                pattern, address, admin = line.split()
                if fnmatch.fnmatch(name, pattern):
                    host, port = address.rsplit(":", 1)
                    return host, port, admin
    return None
