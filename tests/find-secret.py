#!/usr/bin/env python3
"""Searches bytes for a secret: find-secret.py PATH... with the secret in the
environment variable SECRET. Looks into every file below each path, and into the
inflated objects and packs of every git repository there, for the secret in
clear, base64 (each alignment), hex, URL and JSON form. Prints where it stands;
exits 1 when it was found, 0 when not."""

import base64
import json
import os
import subprocess
import sys
import urllib.parse


def forms(secret):
    raw = secret.encode()
    found = {raw, raw.hex().encode(), raw.hex().upper().encode()}
    found.add(urllib.parse.quote(secret, safe="").encode())
    found.add(urllib.parse.quote_plus(secret).encode())
    found.add(json.dumps(secret)[1:-1].encode())
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + raw)
        # Without the characters that neighbours have a part in.
        start = (0, 2, 3)[shift]
        end = len(text) - (0 if (shift + len(raw)) % 3 == 0 else 4)
        found.add(text[start:end])
        found.add(text[start:end].replace(b"+", b"-").replace(b"/", b"_"))
    return found


def objects(repository):
    """All objects of a repository, inflated."""
    listing = subprocess.run(
        ["git", "-C", repository, "cat-file", "--batch-all-objects", "--batch"],
        capture_output=True, check=True)
    return listing.stdout


def main():
    wanted = forms(os.environ["SECRET"])
    hits = 0

    def search(name, content):
        nonlocal hits
        for form in wanted:
            if form in content:
                print(f"{name}: holds the secret")
                hits += 1
                return

    for path in sys.argv[1:]:
        if os.path.isfile(path):
            with open(path, "rb") as file:
                search(path, file.read())
            continue
        for folder, _, names in os.walk(path):
            if "HEAD" in names and "config" in names and os.path.isdir(folder + "/objects"):
                search(folder + " (objects)", objects(folder))
            for name in names:
                full = os.path.join(folder, name)
                if os.path.isfile(full) and not os.path.islink(full):
                    with open(full, "rb") as file:
                        search(full, file.read())
    return 1 if hits else 0


sys.exit(main())
