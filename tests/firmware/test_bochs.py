"""The cases of lies.py on Bochs, which enforces what QEMU does not: segment limits, for one."""

import unittest

from firmware_test import FirmwareTest, add_cases
from lies import GROUPS

add_cases(globals(), GROUPS, lambda case: case.bochs, FirmwareTest.play_on_bochs)

if __name__ == "__main__":
    unittest.main()
