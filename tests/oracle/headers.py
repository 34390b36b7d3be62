#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Compares how the crates and the oracle judge headers that were changed somewhere.

  KEYSTRAND_HEADERS=FILE cargo test -p kms-core --test mutants -- --ignored write_headers
  headers.py FILE

Each line of FILE is a verdict (ok, or the party of the refusal) and a header in hex. Both must take the
same headers; where several rules are broken at once the parties may differ (docs/format.md 9).
"""
import sys
from collections import Counter

from ks1 import HARD_RECIPIENTS, Ks1Error, parse_header


def verdict(header):
    try:
        parse_header(header, HARD_RECIPIENTS)
    except Ks1Error as e:
        return e.party
    return "ok"


def main(path):
    seen, differ = Counter(), 0
    with open(path, encoding="ascii") as lines:
        for line in lines:
            crate, _, header = line.rstrip("\n").partition(" ")
            oracle = verdict(bytes.fromhex(header))
            seen[crate, oracle] += 1
            if (crate == "ok") != (oracle == "ok"):
                differ += 1
                print(f"DIFFERENT crate {crate}, oracle {oracle}: {header[:2000]}")
    for (crate, oracle), count in seen.most_common():
        print(f"{count:8} crate {crate}, oracle {oracle}")
    print(f"{seen.total()} headers, {differ} judged differently")
    return 1 if differ or not seen else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]) if len(sys.argv) == 2 else print(__doc__) or 2)
