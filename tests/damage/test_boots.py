"""Damaged images in QEMU: a tenth of the plan, and that the plan is as long as was promised.
test_boots_all.py boots the rest."""

import unittest

from boot_case import QUICK_PARTS, BootCase, add_parts
from boot_plan import all_boots

BOOTS_LEAST = 500


class Boots(BootCase):
    pass


class Plan(unittest.TestCase):
    def test_length(self):
        boots = all_boots()
        self.assertGreaterEqual(len(boots), BOOTS_LEAST)


add_parts(Boots, QUICK_PARTS)


if __name__ == "__main__":
    unittest.main()
