"""Floppies with fewer sectors a track than their drive can read."""

import unittest

from harness.disk_image import FLOPPY_1440K
from harness.error_test import ErrorTest, VGA
from harness.expect import expect_boot
from harness.qemu import option_value

FLOPPY_720K = 720 * 1024
HELLO = "^Hello World!$"


class FloppyFormat(ErrorTest):
    """AH=08h tells of the drive; the medium holds less."""

    def check(self, size, drive_type):
        floppy = option_value(self.image.write(self.path("floppy.bin"), size))
        expect_boot(["-drive", f"if=none,id=floppy,format=raw,file={floppy}", "-device",
                     f"floppy,drive=floppy,drive-type={drive_type}", "-boot", "a", *VGA], [HELLO])

    def test_1440k_in_2880k_drive(self):
        self.check(FLOPPY_1440K, 288)

    def test_720k_in_1440k_drive(self):
        self.check(FLOPPY_720K, 144)


if __name__ == "__main__":
    unittest.main()
