"""Every sector of an image with compressed items, and every bit of its header: as test_compressed.py,
which has a few bits, and takes less long."""

import unittest

import test_sectors
from damage import COMPRESSED
from test_host import HostCase


class CompressedHeader(HostCase):
    kernel = COMPRESSED

    def test_every_bit_repaired(self):
        self.check_header_fields()


class CompressedSectors(test_sectors.ItemSectors):
    kernel = COMPRESSED


if __name__ == "__main__":
    unittest.main()
