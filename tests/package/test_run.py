"""The run target: a window where there is a display, else serial and the kernel's own status. And how the
debug target ends."""

import os
import stat
import subprocess
import tempfile
import unittest
from pathlib import Path

from harness.environment import build_path, skip_without
from harness.qemu import QEMU

# Longer than a boot takes, shorter than a person waits for an image that never ends.
SECONDS = 20
SECONDS_FOR_NO_END = 3
MACOS = ("-DCMAKE_HOST_APPLE=ON",) # what CMake says of itself there


def image():
    return build_path("firstlight.bin")


def run(exit_image=None, seconds=SECONDS, qemu_arguments=(), options=(), **environment):
    exit_image = exit_image or build_path("firstlight-exit.bin")
    inherited = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    tool = environment.pop("FIRSTLIGHT_BOOTIMAGE", os.environ["FIRSTLIGHT_BOOTIMAGE"])
    return subprocess.run(
        [os.environ["FIRSTLIGHT_CMAKE"], f"-DBOOTIMAGE={tool}",
         f"-DIMAGE={image()}", f"-DWITHOUT_DISPLAY={exit_image}", f"-DSECONDS={seconds}", *options,
         "-P", os.environ["FIRSTLIGHT_RUN_SCRIPT"], "--", *qemu_arguments],
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
        """A stand-in for the tool records its arguments: no window can be looked at here."""
        with tempfile.TemporaryDirectory() as folder:
            record = Path(folder, "arguments")
            stand_in = Path(folder, "bootimage")
            stand_in.write_text(f'#!/bin/sh\necho "$@" > "{record}"\n')
            stand_in.chmod(stand_in.stat().st_mode | stat.S_IXUSR)
            for options, environment in ((), {"DISPLAY": ":0"}), ((), {"WAYLAND_DISPLAY": ":0"}), (MACOS, {}):
                done = run(qemu_arguments=("-m", "1G"), options=options,
                           FIRSTLIGHT_BOOTIMAGE=str(stand_in), **environment)
                self.assertEqual(done.returncode, 0, done.stdout)
                self.assertEqual(record.read_text(), f"run {image()} --display -- -m 1G\n")


class Debug(unittest.TestCase):
    def test_fails_as_gdb_does(self):
        """A stand-in for gdb ends with a status of its own."""
        with tempfile.TemporaryDirectory() as folder:
            stand_in = Path(folder, "gdb")
            for status in 0, 3:
                stand_in.write_text(f"#!/bin/sh\nexit {status}\n")
                stand_in.chmod(stand_in.stat().st_mode | stat.S_IXUSR)
                done = subprocess.run(
                    [os.environ["FIRSTLIGHT_CMAKE"], f"-DBOOTIMAGE={os.environ['FIRSTLIGHT_BOOTIMAGE']}",
                     f"-DIMAGE={image()}", f"-DGDB_SCRIPT={__file__}", "-P",
                     Path(os.environ["FIRSTLIGHT_RUN_SCRIPT"]).with_name("Debug.cmake")],
                    env={**os.environ, "GDB": str(stand_in)}, text=True, stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
                self.assertEqual(done.returncode != 0, status != 0, done.stdout)
                self.assertEqual(f"gdb ended with status {status}" in done.stdout, status != 0)


if __name__ == "__main__":
    unittest.main()
