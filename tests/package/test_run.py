"""The run target: a window where there is a display, else serial and the kernel's own status."""

import os
import stat
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CMAKE, SOURCE, IMAGE, EXIT_IMAGE = sys.argv[1:5]
del sys.argv[1:5]

# Longer than a boot takes, shorter than a person waits for an image that never ends.
SECONDS = 20
SECONDS_FOR_NO_END = 3


def run(image=IMAGE, exit_image=EXIT_IMAGE, seconds=SECONDS, **environment):
    inherited = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    return subprocess.run(
        [CMAKE, f"-DIMAGE={image}", f"-DEXIT_IMAGE={exit_image}", f"-DSECONDS={seconds}",
         "-P", f"{SOURCE}/cmake/Run.cmake"],
        env={**inherited, **environment}, text=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)


class Run(unittest.TestCase):
    def test_without_display_prints_serial_and_succeeds(self):
        done = run()
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("Hello World!", done.stdout)

    def test_empty_display_counts_as_none(self):
        self.assertEqual(run(DISPLAY="").returncode, 0)

    def test_kernel_that_never_ends_fails(self):
        done = run(exit_image=IMAGE, seconds=SECONDS_FOR_NO_END)
        self.assertNotEqual(done.returncode, 0, done.stdout)

    def test_disk_without_loader_fails(self):
        with tempfile.NamedTemporaryFile() as disk:
            disk.truncate(2 * 1024 * 1024)
            done = run(exit_image=disk.name, seconds=SECONDS_FOR_NO_END)
        self.assertNotEqual(done.returncode, 0, done.stdout)

    def test_with_display_opens_a_window(self):
        """A stand-in for QEMU records its arguments: no window can be looked at here."""
        with tempfile.TemporaryDirectory() as folder:
            record = Path(folder, "arguments")
            stand_in = Path(folder, "qemu-system-x86_64")
            stand_in.write_text(f'#!/bin/sh\necho "$@" > {record}\n')
            stand_in.chmod(stand_in.stat().st_mode | stat.S_IXUSR)
            path = f"{folder}:{os.environ['PATH']}"
            for variable in ("DISPLAY", "WAYLAND_DISPLAY"):
                done = run(PATH=path, **{variable: ":0"})
                self.assertEqual(done.returncode, 0, done.stdout)
                self.assertEqual(record.read_text(), f"-drive format=raw,file={IMAGE}\n")


if __name__ == "__main__":
    unittest.main()
