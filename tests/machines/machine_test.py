"""Makes one test of each row of matrix.py and notes its result for the report. It boots two kernels:
the project's own, since the loader must find its disk, its memory and its way into the kernel
everywhere; and one that checks every promise of boot_info (tests/boot/kernels/boot_info.c), which
must mean the same everywhere. Used by test_machines.py and test_machines_full.py."""

import os
import re
import shutil
import tempfile
import unittest

import matrix
import results
from emulators import EMULATORS
from harness.environment import build_path

HELLO = ["^Hello World!$", "^first byte .* kind$", r"^usable memory: \d+ MiB"]
BOOT_INFO = ["^boot_info: as promised$"]
WARNING = r"^firstlight: warning: .*$"
NO_NX = "^firstlight: warning: this CPU lacks NX"
# RAM that firmware keeps, the hole below 1 MiB, and ranges cut to pages.
FIRMWARE_SHARE = 2 << 20
MIB = 1 << 20
TEXT_COLUMNS = 80
FLAG_NX = 1


class MachineTest(unittest.TestCase):
    def check(self, group, row):
        """The test of one row."""
        build = os.environ["FIRSTLIGHT_BUILD"]
        emulator = EMULATORS[row.emulator](row, self.addCleanup)
        missing = emulator.missing()
        if missing:
            results.write(build, group, row, results.SKIPPED, missing)
            self.skipTest(missing)
        # A test that is killed has failed.
        results.write(build, group, row, results.FAILED, "the test did not come to its end")
        try:
            said = self.refused(emulator) if row.refused else self.boots(emulator)
        except Exception as error:
            results.write(build, group, row, results.FAILED, str(error).split("\n", 1)[0])
            raise
        results.write(build, group, row, results.REFUSED if row.refused else results.PASSED, said)

    def directory(self):
        """A name for a folder that goes when the test ends."""
        parent = tempfile.mkdtemp(prefix="firstlight-")
        self.addCleanup(shutil.rmtree, parent)
        return os.path.join(parent, "media")

    def refused(self, emulator):
        return emulator.refuse(build_path(results.IMAGES[0]), self.directory())

    def boots(self, emulator):
        hello, boot_info = map(build_path, results.IMAGES)
        self.check_warnings(emulator.row, emulator.boot(hello, HELLO, self.directory()))
        text = emulator.boot(boot_info, BOOT_INFO, self.directory())
        self.check_warnings(emulator.row, text)
        return self.check_report(emulator.row, text)

    def check_warnings(self, row, text):
        """A warning that the row does not announce is a failure, and so is one that lacks."""
        warnings = re.findall(WARNING, text, re.MULTILINE)
        self.assertEqual(len(warnings), 0 if row.nx else 1, warnings)
        if warnings:
            self.assertRegex(warnings[0], NO_NX)

    def check_report(self, row, text):
        """What boot_info says of this machine is what the row says of it. Gives it in words."""
        words = dict(re.findall(r"^(\w+) ([0-9a-f]+)$", text, re.MULTILINE))
        said = {name: int(words[name], 16)
                for name in ("memory", "columns", "flags", "drive", "edd_version")}
        self.assertLessEqual(said["memory"], row.memory_size)
        self.assertGreater(said["memory"], max(0, row.memory_size - FIRMWARE_SHARE))
        self.assertEqual(said["columns"], TEXT_COLUMNS if row.text_mode else 0)
        self.assertEqual(bool(said["flags"] & FLAG_NX), row.nx)
        self.assertEqual(said["drive"], row.disk.drive)
        self.assertEqual(said["edd_version"] != 0, row.disk.edd)
        return (f"drive {said['drive']:02X}h, "
                + (f"EDD {said['edd_version'] >> 4}.{said['edd_version'] & 15}" if row.disk.edd
                   else "no EDD")
                + f", {said['memory'] // MIB} MiB of RAM"
                + ("" if row.nx else ", warns that the CPU lacks NX"))


def row_test(group, row):
    def test(self):
        self.check(group, row)
    return f"test_{row.name}", test


def test_classes(module, full):
    """A class for each group of the matrix, with a test for each row that is, or is not, for the
    preset `full` only."""
    classes = {}
    for group, rows in matrix.ROWS.items():
        names = [row.name for row in rows]
        assert len(set(names)) == len(names), f"two rows of {group} have the same name"
        tests = dict(row_test(group, row) for row in rows if row.full == full)
        classes[group] = type(group, (MachineTest,), {"__module__": module, **tests})
    return classes
