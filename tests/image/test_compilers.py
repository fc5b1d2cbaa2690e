"""The host tool must build without a warning with the compilers its users have, and what they build
must make the same images."""

import os
import shutil
import subprocess
import unittest

from harness.environment import build_path, create_image, run_bootimage, skip_without
from support import ImageCase, simple_kernel

WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wshadow", "-Wvla", "-Wconversion",
            "-Wno-sign-conversion", "-Wmissing-prototypes", "-Wstrict-prototypes"]


class Tool(ImageCase):
    def build(self, compiler, *options):
        """Compiles and links the tool's whole list of sources."""
        skip_without(compiler)
        with open(build_path("tests", "image", "tool_build.txt")) as file:
            arguments = file.read().split("\n")
        tool = self.path("bootimage.exe")
        built = subprocess.run([compiler, "-std=c17", "-O2", *WARNINGS, *options, *arguments,
                                "-o", tool], capture_output=True, text=True, check=False)
        self.assertEqual((built.returncode, built.stderr), (0, ""))
        return tool

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
        self.check_same_image(self.build("gcc"))

    def test_builds_with_mingw(self):
        tool = self.build("x86_64-w64-mingw32-gcc", "-static")
        with open(tool, "rb") as file:
            self.assertEqual(file.read(2), b"MZ")
        wine = shutil.which("wine") or shutil.which("wine64")
        if wine:
            os.environ["WINEPREFIX"] = self.path("wine")
            os.environ["WINEDEBUG"] = "-all"
            self.check_same_image(wine, tool)


if __name__ == "__main__":
    unittest.main()
