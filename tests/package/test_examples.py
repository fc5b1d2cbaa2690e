"""Boots each of the examples: by its own tests, or, where it waits for somebody, here."""

import unittest

from examples_case import ExamplesCase
from harness.picture import read_ppm
from harness.qemu import Qemu, STATUS_SUCCESS, ide_disk
from harness.qmp import QmpClosed

TYPED, ECHOED = ("h", "e", "l", "l", "o", "spc", "1", "ret", "esc"), "hello 1\n\nEscape"
SIZE = (800, 600)


class Examples(ExamplesCase):
    def test_each_that_ends_by_itself(self):
        said = self.build_examples()
        tests = self.run_tests()
        names = ["hello_c", "hello_cpp", "hello_asm", "module"]
        names += [] if "No example by gcc" in said else ["hello_gcc"]
        for name in names:
            self.assertRegex(tests, rf"{name} \.+ +Passed")

    def press(self, run, key):
        """Down and up at once: the release is there before the kernel has looked at the press."""
        try:
            run.qmp.execute("input-send-event", events=[
                {"type": "key", "data": {"down": down, "key": {"type": "qcode", "data": key}}}
                for down in (True, False)])
        except QmpClosed:  # Escape: QEMU may end before it answers
            self.assertEqual(key, TYPED[-1])

    def test_keyboard(self):
        """What is typed comes back, by interrupts."""
        self.build_examples()
        with Qemu(ide_disk(self.image("keyboard"))) as run:
            self.assertTrue(run.wait_until(lambda: "Type; Escape ends." in run.serial()),
                            run.report())
            for key in TYPED:
                self.press(run, key)
            run.wait()
            self.assertEqual(run.process.returncode, STATUS_SUCCESS, run.report())
            self.assertIn(ECHOED, run.serial())

    def test_framebuffer(self):
        """Red grows to the right, green downwards; blue is a disc."""
        self.build_examples()
        with Qemu(["-vga", "std", *ide_disk(self.image("framebuffer"))]) as run:
            self.assertTrue(run.wait_until(lambda: "drawn" in run.serial()), run.report())
            self.assertIn("drawn {}x{}".format(*SIZE), run.serial())
            path = str(self.folder / "screen.ppm")
            run.qmp.execute("screendump", filename=path)
            screen = read_ppm(path)
        width, height = screen.width, screen.height
        self.assertEqual((width, height), SIZE)

        def pixel(x, y):
            return tuple(screen.rows[y][3 * x:3 * x + 3])
        self.assertEqual(pixel(0, 0), (0, 0, 0))
        self.assertEqual(pixel(width - 1, 0), (255, 0, 0))
        self.assertEqual(pixel(0, height - 1), (0, 255, 0))
        self.assertEqual(pixel(width // 2, height // 2),
                         (width // 2 * 255 // (width - 1), height // 2 * 255 // (height - 1), 255))


if __name__ == "__main__":
    unittest.main()
