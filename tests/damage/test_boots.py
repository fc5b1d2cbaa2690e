"""Damaged images in QEMU: a tenth of the plan. test_boots_all.py boots the rest."""

import unittest

from boot_case import QUICK_PARTS, BootCase, add_parts


class Boots(BootCase):
    pass


add_parts(Boots, QUICK_PARTS)


if __name__ == "__main__":
    unittest.main()
