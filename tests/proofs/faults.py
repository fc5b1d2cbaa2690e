"""Faults seeded to see that the proofs can fail. Used by test_faults.py: each is put into a copy of
load, and the named function must lose a goal."""

from collections import namedtuple

Fault = namedtuple("Fault", "file function what old new")

FAULTS = [
    Fault("checksum.c", "add_block", "one word more than a block has",
          "i < sizeof words / sizeof words[0]", "i <= sizeof words / sizeof words[0]"),
    Fault("checksum.c", "checksum_add", "one block more than there are bytes",
          "done < bytes;", "done <= bytes;"),
]
