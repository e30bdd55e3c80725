"""Which PostgreSQL stands behind a cluster. The file $DMSL_MOTO_DATABASES has one line
for each server there is, NAME ADDRESS:PORT ADMIN: the name is the cluster's endpoint,
"free", or "host:" and the name of a server that is no cluster; the admin is a superuser
that needs no password. A cluster that is created takes the first free one, and gives it
back, empty, when it is deleted."""

import os

LISTING = os.environ.get("DMSL_MOTO_DATABASES", "")


def lines():
    if not os.path.exists(LISTING):
        return []
    with open(LISTING, encoding="utf-8") as file:
        return [line.split() for line in file]


def server_of(name):
    """(address, port, admin) of the server behind a cluster's endpoint, or None."""
    for taken_by, address, admin in lines():
        if taken_by == name:
            host, port = address.rsplit(":", 1)
            return host, port, admin
    return None


def rename(old, new):
    """The first server of the one name has the other from now on."""
    held = lines()
    for line in held:
        if line[0] == old:
            line[0] = new
            break
    else:
        return
    with open(LISTING + ".new", "w", encoding="utf-8") as file:
        file.writelines(" ".join(line) + "\n" for line in held)
    os.rename(LISTING + ".new", LISTING)
