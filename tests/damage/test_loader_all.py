"""Every bit of stage 2, which takes a minute: the default run of test_loader.py takes a part."""

import unittest

from harness.disk_image import SECTOR, STAGE2_LBA
from harness.environment import stage2_symbol
from test_loader import MBR_ADDRESS, STAGE2_ADDRESS, LoaderCase

RETURN_ADDRESS = 0x600  # where the loader has nothing


class EveryBit(LoaderCase):
    def test_first_block(self):
        """From the MBR on: it reads, sums and refuses."""
        self.first_block_is_refused(self.bits_of(STAGE2_LBA, self.image.first_block_sectors))
        self.assertEqual(self.flipped, self.image.first_block_sectors * SECTOR * 8)

    def test_rest(self):
        """The check alone, on stage 2 as a whole boot has left it in memory; what follows it,
        test_loader.py sees on samples."""
        target, check = stage2_symbol("real_mode_main"), stage2_symbol("check_rest")
        machine = self.machine
        machine.boot(target)
        self.check_reached("no damage", target)
        stack = MBR_ADDRESS - 2
        machine.cpu.mem_write(stack, RETURN_ADDRESS.to_bytes(2, "little"))
        machine.run(check, RETURN_ADDRESS, stack)
        self.check_reached("no damage", RETURN_ADDRESS)
        self.assertTrue(machine.zero_flag())
        lba, sectors = self.rest()
        for offset, bit in self.bits_of(lba, sectors):
            address = STAGE2_ADDRESS + offset - STAGE2_LBA * SECTOR
            byte = self.data[offset]
            machine.cpu.mem_write(address, bytes([byte ^ 1 << bit]))
            machine.run(check, RETURN_ADDRESS, stack)
            if machine.address != RETURN_ADDRESS or machine.zero_flag():
                self.fail(f"byte {offset} bit {bit}: not seen")
            machine.cpu.mem_write(address, bytes([byte]))
            self.flipped += 1
        self.assertEqual(self.flipped, sectors * SECTOR * 8)


if __name__ == "__main__":
    unittest.main()
