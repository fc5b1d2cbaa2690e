"""Disks that fail, or lie, within a kernel and a module that are stored compressed: once, and the machine
boots; for ever, and the line names the part as it lies on the disk. test_every_compressed.py has the
rest."""

import functools
import unittest

from disk_test import LARGE, LARGE_BYTES, TRANSFER_SECTORS, content
from harness.content import fnv
from harness.disk_image import ITEM_LZ4
from harness.expect import check_serial
from harness.option_rom import tells
from places import SectorTest, sector_tests

COMPRESSED = ("--compress", "lz4")
CHUNKS = 3  # of the module, at least


@functools.cache
def module_sum():
    return fnv(content()[:LARGE_BYTES])


class CompressedTest(SectorTest):
    options = COMPRESSED

    def setUp(self):
        super().setUp()
        module = self.image.module(LARGE)
        self.assertTrue(self.image.kernel.flags & module.flags & ITEM_LZ4)
        self.assertGreater(module.sectors, CHUNKS * TRANSFER_SECTORS)

    def check_booted(self, run):
        failed = super().check_booted(run)
        check_serial(run, [rf"^module \[{LARGE}\] .* {LARGE_BYTES} {module_sum():016x}$"])
        return failed

    def silent(self, device, lba, *definitions):
        """QEMU's options for a disk that reads nothing of this sector, and reports success."""
        rom = self.option_rom(f"DISK_SILENT={lba}", "DISK_SILENT_COUNT=1", *definitions)
        return [*self.drive(device, self.medium(device)), *rom, *self.told_to()]

    def check_played(self):
        played, broken = tells(self.told())
        self.assertGreater(played, 0, "no read was silent")
        self.assertEqual(broken, 0, "the loader broke a rule that the ROM watches over")

    def silent_once(self, device, lba):
        self.boots(self.silent(device, lba, "DISK_SILENT_TIMES=1"))
        self.check_played()

    def silent_for_ever(self, device, lba):
        self.ends_in(self.damaged(lba, device), self.silent(device, lba))
        self.check_played()


def compressed_tests(name, check, device, places):
    return sector_tests(name, check, device, places, CompressedTest)


IdeForEver = compressed_tests("CompressedIdeForEver", SectorTest.for_ever, "ide",
                              ["kernel_last", "module_transfer_start"])
IdeOnce = compressed_tests("CompressedIdeOnce", SectorTest.once, "ide", ["kernel_first", "module_middle"])
SilentOnce = compressed_tests("CompressedSilentOnce", CompressedTest.silent_once, "ide",
                              ["kernel_first", "module_first", "module_middle", "module_last"])
SilentForEver = compressed_tests("CompressedSilentForEver", CompressedTest.silent_for_ever, "ide",
                                 ["kernel_last", "module_middle"])

if __name__ == "__main__":
    unittest.main()
