"""The host tool must build without a warning with the compilers its users have, and what they build
must make the same images. What mingw builds is run by test_windows.py."""

import subprocess
import unittest

from harness.environment import create_image, run_bootimage
from support import ImageCase, simple_kernel
from tool_build import MINGW, build_tool


class Tool(ImageCase):
    def check_same_image(self, *command):
        kernel = self.write("kernel.elf", simple_kernel())
        create_image(kernel, self.path("expected.bin"), "quiet")
        # Twice: the second time there is a file to replace.
        for _ in range(2):
            made = subprocess.run(
                [*command, "create", "--kernel", "kernel.elf", "--output", "image.bin",
                 "--cmdline", "quiet"], cwd=self.folder, capture_output=True, text=True,
                check=False)
            self.assertEqual(made.returncode, 0, made.stderr)
            self.assertEqual(self.read("image.bin"), self.read("expected.bin"))
        inspected = subprocess.run([*command, "inspect", "image.bin"], cwd=self.folder,
                                   capture_output=True, text=True, check=False)
        self.assertEqual(inspected.returncode, 0, inspected.stderr)
        self.assertEqual(inspected.stdout.split(),
                         run_bootimage("inspect", self.path("image.bin")).stdout.split())

    def test_builds_with_gcc(self):
        self.check_same_image(build_tool(self, self.path("bootimage"), "gcc"))

    def test_builds_with_mingw(self):
        tool = build_tool(self, self.path("bootimage.exe"), MINGW, "-static")
        with open(tool, "rb") as file:
            self.assertEqual(file.read(2), b"MZ")


if __name__ == "__main__":
    unittest.main()
