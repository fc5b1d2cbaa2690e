"""As test_compressed.py, on every drive and at more sectors of what is compressed, and takes longer."""

import unittest

import test_compressed
from places import SectorTest

PLACES = ["kernel_first", "kernel_middle", "kernel_last", "module_first", "module_transfer_end",
          "module_transfer_start", "module_middle", "module_last"]

FOR_EVER, ONCE = SectorTest.for_ever, SectorTest.once
SILENT_ONCE = test_compressed.CompressedTest.silent_once
SILENT_FOR_EVER = test_compressed.CompressedTest.silent_for_ever

for device in ("virtio_blk", "floppy"):
    for what, check in (("ForEver", FOR_EVER), ("Once", ONCE)):
        name = f"EveryCompressed{device.title().replace('_', '')}{what}"
        globals()[name] = test_compressed.compressed_tests(name, check, device, PLACES[::2])
EverySilentOnce = test_compressed.compressed_tests(
    "EveryCompressedSilentOnce", SILENT_ONCE, "ide", PLACES[1:6])
EverySilentForEver = test_compressed.compressed_tests(
    "EveryCompressedSilentForEver", SILENT_FOR_EVER, "ide", PLACES[::3])

if __name__ == "__main__":
    unittest.main()
