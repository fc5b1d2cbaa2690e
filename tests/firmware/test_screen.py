"""Firmware that boots with another text mode than the one a kernel is promised."""

import unittest

from harness.environment import build_path
from harness.error_test import ErrorTest, VGA
from harness.expect import check_halted, fail
from harness.qemu import Qemu, ide_disk

BDA_SCREEN_ROWS = 0x484  # and the height of a character behind it
ROWS_SEEN = 0x4FE        # in option_rom/framework.inc


class Screen(ErrorTest):
    def test_50_rows(self):
        arguments = [*ide_disk(build_path("firstlight.bin")), *VGA, *self.option_rom("MACHINE_50_ROWS")]
        with Qemu(arguments) as run:
            if not run.wait_until(lambda: "usable memory" in run.serial()):
                fail(run, "the kernel did not come to its end")
            check_halted(run)
            self.assertEqual(run.physical_memory(ROWS_SEEN, 1)[0], 49, "the ROM got no 50 rows")
            self.assertEqual(tuple(run.physical_memory(BDA_SCREEN_ROWS, 2)), (24, 16))
            self.assertEqual(run.text_screen().row(0).rstrip(), "Hello World!")


if __name__ == "__main__":
    unittest.main()
