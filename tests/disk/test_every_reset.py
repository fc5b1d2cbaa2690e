"""Resets at every read of a boot, and at many moments: as test_interrupted.py, which has a few of them, and
takes less long."""

import unittest

from test_interrupted import MOMENTS, READS, Reset


class ResetMany(Reset):
    def test_reads_virtio(self):
        self.check_reads("virtio_blk", range(1, READS + 1))

    def test_reads_ahci(self):
        self.check_reads("ahci", range(1, READS + 1))

    def test_moments_ide(self):
        self.check_moments("ide", MOMENTS)

    def test_moments_usb(self):
        self.check_moments("usb", MOMENTS)


if __name__ == "__main__":
    unittest.main()
