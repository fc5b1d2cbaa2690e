"""The cases of lies.py that are quick, and show most, on QEMU."""

import unittest

from firmware_test import FirmwareTest, add_cases
from lies import GROUPS

add_cases(globals(), GROUPS, lambda case: case.quick, FirmwareTest.play)

if __name__ == "__main__":
    unittest.main()
