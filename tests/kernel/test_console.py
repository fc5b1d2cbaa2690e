"""The console on VGA text and on a framebuffer: the same text, colours and scrolling. The picture of
the framebuffer is kept in the tree, where a person has looked at it."""

import os
import shutil
import tempfile
import unittest

from harness.environment import build_path
from harness.expect import check_halted, check_serial, fail
from harness.picture import read_png, read_ppm
from harness.qemu import Qemu, ide_disk

PICTURE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "console.png")
LIGHT_GREY = 0x07
PRINTABLE = ["".join(map(chr, range(first, min(first + 32, 127)))) for first in (32, 64, 96)]
# The rows from the bottom up; the last has the cursor.
ROWS = [*(" ".join(f"colour {i:<2}" for i in range(first, first + 4)) for first in range(0, 16, 4)),
        *PRINTABLE, "yes", "        tab     by tab", "back", f"{'a full line':>80}",
        "and the next", "on the screen only"]
SERIAL = ["^line 1 scrolls away$", "^line 40 scrolls away$",
          r"^colour 12 colour 13 colour 14 colour 15$", "^on COM1 only$", "^rows left 0$"]


class Console(unittest.TestCase):
    def run_kernel(self, name):
        image = build_path("tests", "kernel", f"{name}.bin")
        run = Qemu([*ide_disk(image), "-vga", "std"]).__enter__()
        self.addCleanup(run.__exit__)
        if not run.wait_until(lambda: "rows left" in run.serial()):
            fail(run, "the kernel did not come to its end")
        check_halted(run)
        check_serial(run, SERIAL)
        self.assertNotIn("screen only", run.serial())
        return run

    def test_text(self):
        screen = self.run_kernel("console_text").text_screen()
        first = 25 - len(ROWS)
        rows = [f"line {40 - first + i + 1} scrolls away" for i in range(first)] + ROWS
        for row, text in enumerate(rows):
            self.assertEqual(screen.row(row).rstrip(), text.rstrip(), screen.show())
        for i in range(16):
            row, column = first + i // 4, i % 4 * 10
            colour = bytes([(i + 1) % 8 << 4 | i]) * 9 + bytes([LIGHT_GREY])
            self.assertEqual(screen.attributes(row, column, 10), colour)

    def test_framebuffer(self):
        run = self.run_kernel("console_framebuffer")
        directory = tempfile.mkdtemp(prefix="firstlight-")
        self.addCleanup(shutil.rmtree, directory)
        path = os.path.join(directory, "console.ppm")
        run.screendump(path, "ppm")
        picture, kept = read_ppm(path), read_png(PICTURE)
        self.assertEqual((picture.width, picture.height), (kept.width, kept.height))
        self.assertEqual(picture.rows, kept.rows, "tests/kernel/console.png is another picture")


if __name__ == "__main__":
    unittest.main()
