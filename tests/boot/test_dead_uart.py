"""A COM1 that never takes a byte: no emulator has one, so the loader is made to read another register
for the line status. Its message is on the screen all the same, and in bounded time."""

import time
import unittest

from harness.disk_image import SECTOR, STAGE2_LBA
from harness.error_test import ErrorTest, VGA
from harness.expect import check_halted, fail
from harness.qemu import Qemu, ide_disk

# What a wait for the transmitter is made of: mov dx, 3FDh; xor cx, cx; in al, dx; test al, 20h. The
# register at 3F9h, which enables interrupts, reads as 0.
LINE_STATUS_WAIT = bytes.fromhex("bafd0331c9eca820")
DEAD_WAIT = bytes.fromhex("baf90331c9eca820")
SECONDS = 30.0  # it takes about 1


class DeadUart(ErrorTest):
    def shown(self, pattern):
        """The run, halted, with an error line on the screen."""
        run = Qemu([*ide_disk(self.written()), *VGA]).__enter__()
        self.addCleanup(run.__exit__)
        begin = time.monotonic()
        if not run.wait_until(lambda: pattern in run.text_screen().text(), SECONDS):
            fail(run, f"no error line on the screen:\n{run.text_screen().show()}")
        check_halted(run)
        print(f"{time.monotonic() - begin:.1f} s")
        screen = run.text_screen().text()
        self.assertEqual(screen.count("firstlight: "), 1, run.text_screen().show())
        return run

    def test_stage2(self):
        """The first byte that is not taken is the last that is tried."""
        self.patch_stage2_once(LINE_STATUS_WAIT, DEAD_WAIT)
        kernel = self.image.kernel
        self.image.flip(kernel.lba + kernel.sectors // 2, 77)
        run = self.shown("firmware read without error: write the image again")
        self.assertIn("firstlight: kernel is damaged (checksum): ", run.text_screen().text())
        self.assertEqual(run.serial(), "")

    def test_mbr(self):
        mbr = self.image.data[:SECTOR]
        self.assertEqual(mbr.count(LINE_STATUS_WAIT), 1)
        start = mbr.index(LINE_STATUS_WAIT)
        self.image.data[start:start + len(DEAD_WAIT)] = DEAD_WAIT
        self.image.flip(STAGE2_LBA)
        self.shown("firstlight: loader damaged")


if __name__ == "__main__":
    unittest.main()
