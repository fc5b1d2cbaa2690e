"""A kernel that fills every frame of the allocator's, with little memory and more."""

import re
import unittest

from harness.environment import build_path
from harness.expect import expect_boot
from harness.qemu import ide_disk

FRAMES_A_MIB = 256
# What the first MiB and the firmware's tables at the end take, and the loader and its kernel.
MIB_NOT_USABLE = 4


class Frames(unittest.TestCase):
    def fill(self, mib):
        image = build_path("tests", "kernel", "frames.bin")
        text = expect_boot([*ide_disk(image), "-m", str(mib)], [r"^all \d+ frames$"],
                           absent=["panic"])
        frames = int(re.search(r"all (\d+) frames", text).group(1))
        self.assertLess(frames, mib * FRAMES_A_MIB)
        self.assertGreater(frames, (mib - MIB_NOT_USABLE) * FRAMES_A_MIB)

    def test_16_mib(self):
        self.fill(16)

    def test_256_mib(self):
        self.fill(256)


if __name__ == "__main__":
    unittest.main()
