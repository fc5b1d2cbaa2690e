"""Damaged images in QEMU: all of the plan that test_boots.py leaves out."""

import unittest

from boot_case import PARTS, QUICK_PARTS, BootCase, add_parts


class Boots(BootCase):
    pass


add_parts(Boots, sorted(set(range(PARTS)) - set(QUICK_PARTS)))


if __name__ == "__main__":
    unittest.main()
