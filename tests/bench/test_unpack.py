"""What bench-unpack runs, on a small kernel: no figure is judged."""

import unittest

import contents
from boot_cost import MIB
from unpack_speed import measure


class Unpack(unittest.TestCase):
    def test_small_kernel(self):
        stored, unpacked, seconds = measure(contents.real(MIB))
        self.assertLess(stored, MIB)
        self.assertGreater(unpacked, MIB)
        self.assertGreater(seconds, 0)


if __name__ == "__main__":
    unittest.main()
