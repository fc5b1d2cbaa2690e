"""A sector of every class that cannot be read: once, and the machine boots; for ever, and the line
names the part, the sector and the status. test_every_sector.py has the rest."""

import unittest

from places import SectorTest, sector_tests

CLASSES = ["first_block_0", "first_block_3", "stage2_first", "stage2_last", "header_middle",
           "command_line_last", "kernel_middle", "module_transfer_start", "symbols_last"]
FEW = ["first_block_0", "stage2_middle", "kernel_last"]
ON_FLOPPY = [*FEW, "header_first", "module_last"]

IdeForEver = sector_tests("IdeForEver", SectorTest.for_ever, "ide", CLASSES)
IdeOnce = sector_tests("IdeOnce", SectorTest.once, "ide", CLASSES)
VirtioForEver = sector_tests("VirtioForEver", SectorTest.for_ever, "virtio_blk", FEW)
VirtioOnce = sector_tests("VirtioOnce", SectorTest.once, "virtio_blk", FEW)
FloppyForEver = sector_tests("FloppyForEver", SectorTest.for_ever, "floppy", ON_FLOPPY)
FloppyOnce = sector_tests("FloppyOnce", SectorTest.once, "floppy", ON_FLOPPY)

if __name__ == "__main__":
    unittest.main()
