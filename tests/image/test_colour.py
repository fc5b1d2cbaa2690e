"""Colour: only where a person looks, or where it is asked for."""

import os
import pty
import subprocess
import unittest

from support import ImageCase

ESCAPE = "\x1b["


class Colour(ImageCase):
    def setUp(self):
        super().setUp()
        self.good = self.image()
        self.good.flip(self.good.kernel.lba)
        self.damaged = self.good.write(self.path("damaged.bin"))

    def run_tool(self, *arguments, terminal=False, **variables):
        """Standard output and error together, in a terminal or a file."""
        environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
        environment.update({"TERM": "xterm", **variables})
        command = [os.environ["FIRSTLIGHT_BOOTIMAGE"], *arguments]
        if not terminal:
            return subprocess.run(command, env=environment, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, check=False).stdout
        ours, theirs = pty.openpty()
        process = subprocess.Popen(command, env=environment, stdout=theirs, stderr=theirs)
        os.close(theirs)
        output = b""
        try:
            while part := os.read(ours, 4096):
                output += part
        except OSError:  # how Linux says that the other end is closed
            pass
        os.close(ours)
        process.wait()
        return output.decode().replace("\r\n", "\n")

    def check(self, coloured, *options, **variables):
        for arguments in (["inspect", self.damaged], ["verify", self.path("image.bin")],
                          ["inspect", self.path("none")]):
            output = self.run_tool(*arguments, *options, **variables)
            self.assertEqual(ESCAPE in output, coloured, output)
            self.assertTrue(output)

    def test_auto(self):
        for options in ([], ["--color=auto"], ["--color", "auto"]):
            self.check(False, *options)
            self.check(True, *options, terminal=True)

    def test_always(self):
        self.check(True, "--color=always", NO_COLOR="1")

    def test_never(self):
        self.check(False, "--color", "never", terminal=True)

    def test_no_color(self):
        self.check(False, terminal=True, NO_COLOR="1")
        self.check(True, terminal=True, NO_COLOR="")  # as no-color.org has it

    def test_terminal_without_colours(self):
        self.check(False, terminal=True, TERM="dumb")

    def test_same_text(self):
        plain = self.run_tool("inspect", self.damaged)
        coloured = self.run_tool("inspect", "--color=always", self.damaged)
        for code in ("0", "1", "32", "1;31"):
            coloured = coloured.replace(f"{ESCAPE}{code}m", "")
        self.assertEqual(coloured, plain)


if __name__ == "__main__":
    unittest.main()
