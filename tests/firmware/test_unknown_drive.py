"""Firmware that cannot tell what drive it boots from: a floppy's geometry, or a disk without EDD that
is asked for a sector which only EDD could name."""

import struct
import unittest

from harness.disk_image import FLOPPY_1440K
from harness.error_test import ErrorTest, VGA
from harness.expect import expect_boot
from harness.option_rom import tells
from harness.qemu import option_value

HEADER_LBA_OFFSET = 32  # in stage 2's header


class UnknownDrive(ErrorTest):
    def test_floppy_without_geometry(self):
        """AH=08h fails: the loader takes it for one of 1.44 MB, and looks what is in it."""
        floppy = option_value(self.image.write(self.path("floppy.bin"), FLOPPY_1440K))
        expect_boot(["-drive", f"if=floppy,format=raw,snapshot=on,file={floppy}", *VGA,
                     *self.option_rom("DISK_GEOMETRY_FAILS", "HANDED_OVER=0"), *self.told_to()],
                    ["^Hello World!$"])
        played, broken = tells(self.told())
        self.assertGreater(played, 0, "the ROM did not play its part")
        self.assertEqual(broken, 0)

    def test_sector_that_chs_cannot_name(self):
        for lba in (1 << 32, 100_000_000):
            with self.subTest(lba=lba):
                self.image.patch_stage2(HEADER_LBA_OFFSET, struct.pack("<Q", lba))
                self.refused(f"image header.*LBA {lba}", *self.option_rom("DISK_EDD_FAILS"))


if __name__ == "__main__":
    unittest.main()
