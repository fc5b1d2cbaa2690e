"""Every bit of stage 2, which takes a minute: the default run of test_loader.py takes a part."""

import unittest

from harness.disk_image import SECTOR, STAGE2_LBA
from test_loader import STAGE2_ADDRESS, LoaderCase


class EveryBit(LoaderCase):
    def test_first_block(self):
        """From the MBR on: it reads, sums and refuses."""
        self.first_block_is_refused(self.bits_of(STAGE2_LBA, self.image.first_block_sectors))
        self.assertEqual(self.flipped, self.image.first_block_sectors * SECTOR * 8)

    def test_rest(self):
        """The check alone, on stage 2 as a whole boot has left it in memory; what leads to it,
        test_loader.py sees on samples."""
        self.assertTrue(self.rest_passes("no damage"))
        lba, sectors = self.rest()
        for offset, bit in self.bits_of(lba, sectors):
            address = STAGE2_ADDRESS + offset - STAGE2_LBA * SECTOR
            byte = self.data[offset]
            self.check.write(address, [byte ^ 1 << bit])
            if self.check.passes():
                self.fail(f"byte {offset} bit {bit}: not seen")
            self.check.write(address, [byte])
            self.flipped += 1
        self.assertTrue(self.check.passes())
        self.assertEqual(self.flipped, sectors * SECTOR * 8)


if __name__ == "__main__":
    unittest.main()
