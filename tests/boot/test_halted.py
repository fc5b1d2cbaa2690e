"""What the loader does behind its last line: it halts, and whatever an NMI does to the CPU, it halts
again and says nothing more."""

import unittest

from harness.environment import stage2_symbol
from harness.error_test import VGA, ErrorTest
from harness.expect import check_error_line, check_halted, error_lines, fail
from harness.qemu import Qemu, ide_disk

NMIS = 3
STAGE2_ADDRESS = 0x8000
HALT = b"\xf4"


class Halted(ErrorTest):
    def check(self, pattern, *options):
        with Qemu([*ide_disk(self.written()), *VGA, *options]) as run:
            if not run.wait_until(lambda: error_lines(run.serial())):
                fail(run, "no error line")
            check_halted(run)
            place = run.instruction_pointer()
            self.assertEqual(run.physical_memory(place - 1, 1), HALT)
            for _ in range(NMIS):
                run.qmp.execute("inject-nmi")
                check_halted(run)
                self.assertEqual(run.instruction_pointer(), place)
            check_error_line(run, pattern)
            run.quit()

    def test_mbr(self):
        self.image.flip(1)
        self.check("loader damaged")

    def test_first_block(self):
        self.image.flip(self.rest_lba)
        self.check("stage 2 is damaged")

    def test_stage2(self):
        self.image.flip(self.image.header_lba)
        self.check("image header")

    def test_exception(self):
        """A page fault, which comes with an error code: the first C function is `jmp 2 GiB further`."""
        address = stage2_symbol("stage2_main")
        self.image.patch_stage2(address - STAGE2_ADDRESS, b"\xe9\xfb\xff\xff\x7f")
        self.check(rf"exception 14 in the loader, .*RIP {0x7FFFFFFF + address + 1:x}h")


if __name__ == "__main__":
    unittest.main()
