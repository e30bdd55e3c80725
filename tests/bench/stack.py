#!/usr/bin/env python3
"""A stack of n resources without effect outside, about three references each.

stack.py [--for dmsl|opentofu] [--shape chain|fan|cross] N

The same resources in the same shape for either program: type `data` of dmsl,
`terraform_data` of OpenTofu. The same arguments give the same bytes.

chain  each refers to the three before it: a path through all of them
fan    each refers to three of one resource in a hundred, but for those
cross  each refers to three earlier ones anywhere
"""

import argparse
import sys

HUB = 100  # fan: one in so many is referred to


def scatter(i, k, below):
    """A number below `below` that looks random and is always the same."""
    x = (i * 2654435761 + k * 40503 + 12345) & 0xFFFFFFFF
    x ^= x >> 15
    x = (x * 2246822519) & 0xFFFFFFFF
    x ^= x >> 13
    return x % below


def chain(i, n):
    return range(max(0, i - 3), i)


def fan(i, n):
    hubs = (n + HUB - 1) // HUB
    return [] if i < hubs else [scatter(i, k, hubs) for k in range(3)]


def cross(i, n):
    return [scatter(i, k, i) for k in range(3)] if i else []


SHAPES = {"chain": chain, "fan": fan, "cross": cross}
FORMS = {
    "dmsl": (
        "stack bench { provider = core }\n",
        'data d%d {\n  value = { name = "resource %d"  uses = [%s] }\n}\n',
        "data.d%d.id",
    ),
    "opentofu": (
        "",
        'resource "terraform_data" "d%d" {\n'
        '  input = { name = "resource %d", uses = [%s] }\n}\n',
        "terraform_data.d%d.id",
    ),
}


def write(out, form, shape, n):
    head, resource, reference = FORMS[form]
    out.write(head)
    for i in range(n):
        # Each once: two references to one are one edge.
        uses = sorted(set(SHAPES[shape](i, n)))
        out.write(resource % (i, i, ", ".join(reference % u for u in uses)))


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--for", dest="form", choices=FORMS, default="dmsl")
    p.add_argument("--shape", choices=SHAPES, default="cross")
    p.add_argument("n", type=int)
    args = p.parse_args()
    write(sys.stdout, args.form, args.shape, args.n)


if __name__ == "__main__":
    main()
