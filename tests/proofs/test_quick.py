"""The proofs in short: the smallest files, and that none of them rests on an assumption that README.md
does not name."""

import os
import re
import shutil
import tempfile
import unittest
from unittest import mock

import prove

# What ACSL takes for granted without a proof.
ASSUMPTION = re.compile(r"\b(?:admit|axiom|axiomatic|assumes\s+\\false)\b")
CHECKSUM = ("checksum.c", "checksum_portable.c")
CONTRACT = re.compile(r"/\*@\s*(?:requires|assigns|ensures)\b")
ANNOTATION = re.compile(r"/\*@.*?\*/|//@[^\n]*", re.DOTALL)


class Quick(unittest.TestCase):
    def test_checksum(self):
        prove.skip_without_provers()
        for name in CHECKSUM:
            goals, printed = prove.prove(name)
            self.assertEqual(prove.differences(name, goals), [], printed)

    def test_every_proved_file_has_a_test(self):
        with open(os.path.join(prove.HERE, "test_files.py"), encoding="utf-8") as file:
            tested = re.findall(r'self\.check\("(\w+\.[ch])"\)', file.read())
        self.assertEqual(sorted([*tested, *CHECKSUM]), sorted(prove.read_expected()))

    def test_every_function_is_listed(self):
        """Counted, or named as unproved; a new one may not stay unseen."""
        for name, functions in prove.read_expected().items():
            self.assertEqual(sorted(prove.defined_functions(name)), sorted(functions), name)

    def test_every_file_with_contracts_is_listed(self):
        """What nobody tries to prove must not look as if it were proved."""
        listed = prove.read_expected()
        for name in sorted(os.listdir(prove.LOAD)):
            with open(os.path.join(prove.LOAD, name), encoding="utf-8") as file:
                if name.endswith(".c") and CONTRACT.search(file.read()):
                    self.assertIn(name, listed)

    def test_a_prover_that_breaks_finds_no_fault(self):
        prove.skip_without_provers()
        with tempfile.TemporaryDirectory(prefix="firstlight-") as folder:
            broken = os.path.join(folder, prove.PROVER)
            with open(broken, "w", encoding="utf-8") as file:
                # Why3 asks what version it is.
                file.write(f"#!/bin/sh\ncase \"$*\" in *--version*) exec "
                           f"{shutil.which(prove.PROVER)} \"$@\";; esac\nexit 1\n")
            os.chmod(broken, 0o755)
            path = os.pathsep.join((folder, os.environ["PATH"]))
            with mock.patch.dict(os.environ, PATH=path), \
                    self.assertRaisesRegex(AssertionError, f"{prove.PROVER} failed"):
                prove.first_lost_goal("page.h", prove.LOAD, "page_round_up")

    def test_no_assumption_is_silent(self):
        with open(os.path.join(prove.HERE, "README.md"), encoding="utf-8") as file:
            named = file.read()
        for folder in (prove.LOAD, os.path.join(prove.HERE, "include")):
            for name in sorted(os.listdir(folder)):
                if not name.endswith((".c", ".h")):
                    continue
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    annotations = " ".join(ANNOTATION.findall(file.read()))
                if ASSUMPTION.search(annotations):
                    self.assertIn(f"`{name}`: assumes", named)


if __name__ == "__main__":
    unittest.main()
