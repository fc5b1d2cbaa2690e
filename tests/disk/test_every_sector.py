"""Every sector of stage 2, and the first, middle and last of everything else, on every drive: as
test_sectors.py, which has a few of them, and takes less long."""

import unittest

from places import PLACES, SectorTest, rest_tests, sector_tests

SOME = ["first_block_0", "first_block_5", "stage2_first", "stage2_last", "header_first",
        "kernel_first", "module_transfer_end", "last_module_last"]

EveryIdeForEver = sector_tests("EveryIdeForEver", SectorTest.for_ever, "ide", PLACES)
EveryIdeOnce = sector_tests("EveryIdeOnce", SectorTest.once, "ide", PLACES)
RestIdeForEver = rest_tests("RestIdeForEver", SectorTest.for_ever, "ide")
RestIdeOnce = rest_tests("RestIdeOnce", SectorTest.once, "ide")
EveryVirtioForEver = sector_tests("EveryVirtioForEver", SectorTest.for_ever, "virtio_blk", PLACES)
EveryVirtioOnce = sector_tests("EveryVirtioOnce", SectorTest.once, "virtio_blk", PLACES)
EveryFloppyForEver = sector_tests("EveryFloppyForEver", SectorTest.for_ever, "floppy", PLACES)
EveryFloppyOnce = sector_tests("EveryFloppyOnce", SectorTest.once, "floppy", PLACES)
RestFloppyForEver = rest_tests("RestFloppyForEver", SectorTest.for_ever, "floppy")
AhciForEver = sector_tests("AhciForEver", SectorTest.for_ever, "ahci", SOME)
AhciOnce = sector_tests("AhciOnce", SectorTest.once, "ahci", SOME)
UsbForEver = sector_tests("UsbForEver", SectorTest.for_ever, "usb", SOME)
UsbOnce = sector_tests("UsbOnce", SectorTest.once, "usb", SOME)

if __name__ == "__main__":
    unittest.main()
