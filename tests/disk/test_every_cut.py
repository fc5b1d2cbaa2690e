"""Disks cut at every boundary between the image's parts, in every way: as test_truncated.py, which has a few
of them, and takes less long."""

import unittest

from test_truncated import CUTS, FLOPPY, LOAD_ORDER, truncation_tests

# What is cut within the MBR, firmware refuses.
BOUNDARIES = [(part, cut) for part in LOAD_ORDER for cut, offset in CUTS.items()
              if part != "first block" or offset >= 0]
# Other disks than IDE's and floppies must have 1008 sectors, or SeaBIOS does not boot from them.
LARGE_DISK_BOUNDARIES = [("small", cut) for cut in CUTS]

EveryCutIde = truncation_tests("EveryCutIde", "ide", BOUNDARIES)
EveryCutFloppy = truncation_tests("EveryCutFloppy", FLOPPY, BOUNDARIES)
EveryCutVirtio = truncation_tests("EveryCutVirtio", "virtio_blk", LARGE_DISK_BOUNDARIES)
EveryCutAhci = truncation_tests("EveryCutAhci", "ahci", LARGE_DISK_BOUNDARIES)
EveryCutUsb = truncation_tests("EveryCutUsb", "usb", LARGE_DISK_BOUNDARIES)

if __name__ == "__main__":
    unittest.main()
