"""psql on the stack's workstation: the database's name leads to the server that
stands behind it, as the name would by DNS."""

import os
import re
import sys

import names

PSQL = "/usr/bin/psql"


def main():
    arguments = sys.argv[1:]
    text = " ".join(arguments)
    found = re.search(r"(?:^|\s)(?:-h\s*|--host[= ]|host='?|postgres(?:ql)?://(?:[^@/\s]*@)?)([\w.-]+)", text)
    host = found.group(1) if found else os.environ.get("PGHOST", "")
    server = names.server_of(host)
    if not server:
        sys.exit(f'psql: error: could not translate host name "{host}" to address: '
                 "Name or service not known")
    address, port, _ = server
    os.environ.update(PGHOSTADDR=address, PGPORT=port)
    moved = []
    for argument in arguments:
        if moved and moved[-1] in ("-p", "--port"):
            argument = port
        argument = re.sub(r"^(-p|--port=)\d+$", rf"\g<1>{port}", argument)
        argument = re.sub(r"\bport=\d+", f"port={port}", argument)
        argument = re.sub(r"^(postgres(?:ql)?://[^/?]*?):\d+(?=[/?]|$)", rf"\1:{port}", argument)
        moved.append(argument)
    os.execv(PSQL, [PSQL, *moved])


main()
