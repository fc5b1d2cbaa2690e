"""The kernel's panic and ASSERT: the message on both consoles, and the end after it."""

import os
import shutil
import tempfile
import unittest

from harness import bochs
from harness.environment import build_path, create_image, skip_without
from harness.expect import check_halted, check_serial, expect_boot, fail
from harness.qemu import Qemu, ide_disk, option_value

STATUS_FAILURE = 35  # MACHINE_EXIT_FAILURE: 2 * 11h + 1
LIGHT_RED, LIGHT_GREY = 0x0C, 0x07
SOURCE = "tests/kernel/panic.c"
MESSAGE = rf"^panic: {SOURCE}:\d+: "


class Panic(unittest.TestCase):
    def image(self, word):
        directory = tempfile.mkdtemp(prefix="firstlight-")
        self.addCleanup(shutil.rmtree, directory)
        path = os.path.join(directory, f"{word}.bin")
        create_image(build_path("tests", "kernel", "starter_panic.elf"), path, word)
        return path

    def boot(self, word, serial, **settings):
        expect_boot([*ide_disk(self.image(word)), "-vga", "std"], serial, **settings)

    def test_without(self):
        self.boot("nothing", ["^no panic$"], absent=["^panic"])

    def test_panic(self):
        self.boot("panic", ["^half a line$", MESSAGE + "reason number 42$"],
                  status=STATUS_FAILURE)

    def test_backtrace(self):
        place = r"^  at [0-9a-f]{16} "
        self.boot("deep", [MESSAGE + "at the bottom of it$", place + r"third_function\+[0-9a-f]+$",
                           place + r"second_function\+", place + r"first_function\+",
                           place + r"kernel_main\+", place + r"_start\+"],
                  status=STATUS_FAILURE, absent=["and more"])

    def test_assert(self):
        self.boot("assert", [MESSAGE + "assertion failed: info->version == 0$"],
                  status=STATUS_FAILURE)

    def test_bochs(self):
        skip_without("bochs")
        bochs.expect_boot(self.image("panic"), [MESSAGE + "reason number 42$"])

    # Without a device that ends the machine the kernel halts, and the screen can be looked at.

    def halted(self, word):
        drive = f"format=raw,file={option_value(self.image(word))}"
        run = Qemu(["-drive", drive], bare=False).__enter__()
        self.addCleanup(run.__exit__)
        if not run.wait_until(lambda: "panic: " in run.serial()):
            fail(run, "no panic")
        check_halted(run)
        check_serial(run, [MESSAGE])
        return run

    def test_screen(self):
        screen = self.halted("panic").text_screen()
        self.assertEqual(screen.row(0).rstrip(), "half a line")
        self.assertEqual(screen.attributes(0), bytes([LIGHT_GREY]) * 80)
        line = screen.row(1).rstrip()
        self.assertRegex(line, MESSAGE + "reason number 42$")
        self.assertEqual(screen.attributes(1, 0, len(line)), bytes([LIGHT_RED]) * len(line))

    def test_scrolled_screen(self):
        screen = self.halted("low").text_screen()
        # 25 rows: the lines up to 40, an empty one, the message, two callers, and the cursor's own.
        self.assertEqual(screen.row(0).rstrip(), "line 21")
        self.assertEqual(screen.row(19).rstrip(), "line 40")
        self.assertEqual(screen.row(20).rstrip(), "")
        self.assertRegex(screen.row(21).rstrip(), MESSAGE + "at the bottom$")
        self.assertRegex(screen.row(23).rstrip(), r"^  at [0-9a-f]{16} _start\+")
        self.assertEqual(screen.row(24).rstrip(), "")


if __name__ == "__main__":
    unittest.main()
