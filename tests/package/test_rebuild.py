"""Rebuilds are exact: what a touched file is part of is made again, and nothing else.

Builds a copy of the tree in a temporary folder, touches one file at a time, and compares what Ninja
would do with what it should do.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CMAKE, SOURCE = sys.argv.pop(1), Path(sys.argv.pop(1))

# What the copy of the tree has besides: a module, and an image that it is part of.
MODULE, IMAGE_WITH_MODULE = "module.txt", "with-module.bin"
MORE_IMAGES = f"""
firstlight_add_image(with_module_bin KERNEL firstlight_kernel OUTPUT {IMAGE_WITH_MODULE}
  MODULES first={MODULE})
"""

IMAGES = {"firstlight.bin", "firstlight-exit.bin", IMAGE_WITH_MODULE}
OUTPUT = "-DOUTPUT="  # what the build's CMake scripts are told
TOOL = {"embedded_stage2.c", "bootimage"} | IMAGES
STAGE2 = {"stage2.elf", "stage2.bin"} | TOOL
MBR_TWIN = {"mbr.elf", "mbr-linked.bin"}  # for the debugger
MBR = {"mbr.bin", "mbr.o", "embedded_mbr.c", "bootimage"} | MBR_TWIN | IMAGES

# All C of stage 2 in one file, as assembly text with packed messages, and how they are packed.
PACKED = "bootloader/stage2/packed/*.s.o"

# Touched file -> the files made again, compiler's objects by the name of their source.
CASES = {
    "bootloader/mbr/mbr.asm": MBR,
    "bootloader/mbr/mbr.ld": {"mbr.ld"} | MBR_TWIN,
    "bootloader/stage2/uart.inc": {"first_block.o"} | STAGE2 | MBR,
    "bootloader/stage2/disk_reader.inc": {"first_block.o"} | STAGE2,
    "bootloader/stage2/stage2.ld": {"stage2.ld"} | STAGE2,
    "bootloader/bios/a20.c": {"whole.c", PACKED} | STAGE2,
    "kernel/kernel.ld": {"firstlight-kernel.elf"} | IMAGES,
    "kernel/main.c": {"main.c", "firstlight-kernel.elf"} | IMAGES,
    "tools/bootimage/create.c": {"create.c", "bootimage"} | IMAGES,
    MODULE: {IMAGE_WITH_MODULE},
}


class Rebuild(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="firstlight rebuild ")
        cls.source = Path(cls.folder.name, "source")
        cls.build = Path(cls.folder.name, "build")
        shutil.copytree(SOURCE, cls.source, ignore=shutil.ignore_patterns("build", ".git"))
        Path(cls.source, MODULE).write_text("a module\n")
        with open(cls.source / "CMakeLists.txt", "a") as lists:
            lists.write(MORE_IMAGES)
        cls.run_cmake("--preset", "release", "-B", str(cls.build), "-DBUILD_TESTING=OFF")
        cls.run_cmake("--build", str(cls.build))

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def run_cmake(cls, *arguments):
        done = subprocess.run([CMAKE, *arguments], cwd=cls.source, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
        if done.returncode != 0:
            raise AssertionError(f"cmake {' '.join(arguments)} failed:\n{done.stdout}")
        return done.stdout

    def made_again(self):
        """Builds, and returns the names of the files that were made."""
        made = set()
        for line in self.run_cmake("--build", str(self.build), "--verbose").splitlines():
            step = re.match(r"\[\d+/\d+\] (.*)", line)
            if not step:
                continue
            words = shlex.split(step.group(1))
            outputs = [value for option, value in zip(words, words[1:])
                       if option in ("-o", "--output")]
            outputs += [word.removeprefix(OUTPUT) for word in words if word.startswith(OUTPUT)]
            made |= {re.sub(r"\.c\.o$", ".c", os.path.basename(output)) for output in outputs}
        return made

    def expand(self, expected):
        """With the names of the files in the place of PACKED."""
        if PACKED not in expected:
            return expected
        packed = {path.name for path in self.build.glob(PACKED)}
        self.assertIn("whole.c.s.o", packed)
        return expected - {PACKED} | packed

    def test_nothing_touched(self):
        self.assertIn("no work to do", self.run_cmake("--build", str(self.build)))

    def test_one_file_touched(self):
        for name, expected in CASES.items():
            with self.subTest(touched=name):
                os.utime(self.source / name)
                self.assertEqual(self.made_again(), self.expand(expected))

    def test_shared_number_changed(self):
        """A number of a C header reaches the assembly that uses it, and only that."""
        header = self.source / "bootloader/memory_layout.h"
        text = header.read_text()
        self.change(header, text, "IDENTITY_TABLES_COUNT   16", "IDENTITY_TABLES_COUNT   15")
        made = self.made_again()
        self.assertIn("whole.c", made)
        self.assertNotIn("mbr.bin", made)
        self.change(header, text, "0x7E00", "0x7E10")
        self.assertIn("mbr.bin", self.made_again())

    def change(self, header, text, old, new):
        self.assertIn(old, text)
        header.write_text(text.replace(old, new))


if __name__ == "__main__":
    unittest.main()
