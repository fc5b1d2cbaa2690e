"""The targets `run`, of the project's own kernel, and `debug`: a window where there is a display, else the
serial line of a kernel that ends by itself. And how the debug target ends."""

import os
import re
import shlex
import stat
import unittest

from consumer import PackageCase, cmake, run_command
from harness.environment import build_path, skip_without
from harness.qemu import QEMU


def run_target(**environment):
    """The command of the target, alone: nothing is built."""
    build = os.environ["FIRSTLIGHT_BUILD"]
    listed = run_command("ninja", "-C", build, "-t", "commands", "run").stdout
    command = re.sub(r"^cd \S+ && ", "", listed.splitlines()[-1])
    return run_command(*shlex.split(command), cwd=build, environment=environment)


def stand_in(path, text):
    """Makes a shell script to be run instead of another program."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


class Run(PackageCase):
    def test_without_a_display(self):
        skip_without(QEMU)
        done = run_target(DISPLAY="")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("Hello World!", done.stdout)

    def test_in_a_window(self):
        """A stand-in for QEMU records its arguments: no window can be looked at here."""
        record = self.folder / "arguments"
        qemu = stand_in(self.folder / "qemu", f'printf "%s\\n" "$@" > "{record}"')
        run_target(DISPLAY=":0", QEMU=qemu)
        arguments = record.read_text().splitlines()
        self.assertIn(f"format=raw,file={build_path('firstlight.bin')}", arguments)
        self.assertNotIn("-display", arguments)


class Debug(PackageCase):
    def test_fails_as_gdb_does(self):
        """A stand-in for gdb ends with a status of its own."""
        for status in 0, 3:
            done = cmake(f"-DBOOTIMAGE={os.environ['FIRSTLIGHT_BOOTIMAGE']}",
                         f"-DIMAGE={build_path('firstlight.bin')}", f"-DGDB_SCRIPT={__file__}", "-P",
                         os.environ["FIRSTLIGHT_DEBUG_SCRIPT"],
                         environment={"GDB": stand_in(self.folder / "gdb", f"exit {status}")})
            self.assertEqual(done.returncode != 0, status != 0, done.stdout)
            self.assertEqual(f"gdb ended with status {status}" in done.stdout, status != 0)


if __name__ == "__main__":
    unittest.main()
