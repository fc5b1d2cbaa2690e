"""All other cases of lies.py on QEMU."""

import unittest

from firmware_test import FirmwareTest, add_cases
from lies import GROUPS

add_cases(globals(), GROUPS, lambda case: not case.quick, FirmwareTest.play)

if __name__ == "__main__":
    unittest.main()
