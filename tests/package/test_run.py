"""The run target: a window where there is a display, else serial and the kernel's own status."""

import os
import stat
import subprocess
import tempfile
import unittest
from pathlib import Path

from harness.environment import build_path, skip_without
from harness.qemu import QEMU, option_value

# Longer than a boot takes, shorter than a person waits for an image that never ends.
SECONDS = 20
SECONDS_FOR_NO_END = 3


def image():
    return build_path("firstlight.bin")


def run(exit_image=None, seconds=SECONDS, **environment):
    exit_image = exit_image or build_path("firstlight-exit.bin")
    inherited = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    return subprocess.run(
        [os.environ["FIRSTLIGHT_CMAKE"], f"-DIMAGE={image()}", f"-DEXIT_IMAGE={exit_image}",
         f"-DSECONDS={seconds}", "-P", os.environ["FIRSTLIGHT_RUN_SCRIPT"]],
        env={**inherited, **environment}, text=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)


class WithoutDisplay(unittest.TestCase):
    def setUp(self):
        skip_without(QEMU)

    def check_failed(self, done):
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertIn("the kernel did not report success", done.stdout)

    def test_prints_serial_and_succeeds(self):
        done = run()
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("Hello World!", done.stdout)

    def test_empty_display_counts_as_none(self):
        done = run(DISPLAY="")
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_kernel_that_never_ends_fails(self):
        self.check_failed(run(exit_image=image(), seconds=SECONDS_FOR_NO_END))

    def test_disk_without_loader_fails(self):
        with tempfile.NamedTemporaryFile() as disk:
            disk.truncate(2 * 1024 * 1024)
            self.check_failed(run(exit_image=disk.name, seconds=SECONDS_FOR_NO_END))


class WithDisplay(unittest.TestCase):
    def test_opens_a_window(self):
        """A stand-in for QEMU records its arguments: no window can be looked at here."""
        with tempfile.TemporaryDirectory() as folder:
            record = Path(folder, "arguments")
            stand_in = Path(folder, "qemu-system-x86_64")
            stand_in.write_text(f'#!/bin/sh\necho "$@" > "{record}"\n')
            stand_in.chmod(stand_in.stat().st_mode | stat.S_IXUSR)
            path = f"{folder}:{os.environ['PATH']}"
            for variable in ("DISPLAY", "WAYLAND_DISPLAY"):
                done = run(PATH=path, **{variable: ":0"})
                self.assertEqual(done.returncode, 0, done.stdout)
                self.assertEqual(record.read_text(),
                                 f"-drive format=raw,file={option_value(image())}\n")


if __name__ == "__main__":
    unittest.main()
