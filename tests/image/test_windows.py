"""The tool that mingw builds, under Wine: what it makes and reads is the same as here, files are
replaced and left alone as here, and what Windows lacks is said."""

import os
import shutil
import subprocess
import tempfile
import unittest

from harness.environment import create_image, run_bootimage, skip_without
from support import OLD_CONTENT, REFUSED, SYSTEM, USAGE, ImageCase, simple_kernel
from tool_build import MINGW, build_tool

DEBIANS_WINE = "/usr/lib/wine/wine64"  # the package wine64 puts it outside PATH


class Windows(ImageCase):
    def setUp(self):
        super().setUp()
        skip_without(MINGW)
        self.wine = shutil.which("wine64") or shutil.which("wine") or DEBIANS_WINE
        skip_without(self.wine)
        place = tempfile.mkdtemp(prefix="firstlight-")
        self.addCleanup(shutil.rmtree, place)
        self.environment = {**os.environ, "WINEPREFIX": os.path.join(place, "prefix"),
                            "WINEDEBUG": "-all", "DISPLAY": ""}
        self.tool = build_tool(self, os.path.join(place, "bootimage.exe"), MINGW, "-static")
        # The first run sets Wine up, and tells so on standard error.
        subprocess.run([self.wine, self.tool, "--version"], env=self.environment, check=True,
                       capture_output=True)
        self.addCleanup(self.stop_wine)

    def stop_wine(self):
        server = os.path.join(os.path.dirname(os.path.realpath(self.wine)), "wineserver")
        if os.path.exists(server):
            subprocess.run([server, "-k"], env=self.environment, check=False, capture_output=True)

    def run_tool(self, *arguments):
        finished = subprocess.run([self.wine, self.tool, *arguments], cwd=self.folder,
                                  env=self.environment, capture_output=True, check=False)
        finished.stdout, finished.stderr = (stream.decode().replace("\r\n", "\n")
                                            for stream in (finished.stdout, finished.stderr))
        return finished

    def run_well(self, *arguments):
        finished = self.run_tool(*arguments)
        self.assertEqual((finished.returncode, finished.stderr), (0, ""))
        return finished.stdout

    def test_everything(self):
        """One test: setting Wine up takes longer than all of this."""
        self.write("kernel.elf", simple_kernel())
        self.write("module", bytes(range(256)) * 5)  # with 0Ah, 0Dh and 1Ah
        create_image(self.path("kernel.elf"), self.path("expected.img"), "quiet",
                     [("m", self.path("module"))])
        self.check_create()
        self.check_readers()
        self.check_extract()
        self.check_refusals()
        self.check_what_windows_lacks()

    def check_create(self):
        # Twice: the second time there is a file to replace.
        for _ in range(2):
            self.run_well("create", "--kernel", "kernel.elf", "--output", "image.img", "--cmdline",
                          "quiet", "--module", "m=module")
            self.assertEqual(self.read("image.img"), self.read("expected.img"))
        os.mkdir(self.path("folder"))
        self.run_well("create", "--kernel", "kernel.elf", "--output", r"folder\image.img")
        self.assertEqual(os.listdir(self.path("folder")), ["image.img"])

    def check_readers(self):
        self.assertEqual(self.run_well("verify", "image.img"),
                         run_bootimage("verify", self.path("image.img")).stdout
                         .replace(self.folder + "/", ""))
        for options in ([], ["--json"]):
            self.assertEqual(self.run_well("inspect", *options, "image.img"),
                             run_bootimage("inspect", *options, self.path("image.img")).stdout)
        image = self.disk_image_of("image.img")
        image.flip(image.kernel.lba)
        image.write(self.path("damaged.img"))
        self.check_one_line(self.run_tool("verify", "damaged.img"), REFUSED,
                            "the kernel is damaged")

    def disk_image_of(self, name):
        shutil.copy(self.path(name), self.path("image.bin"))
        return self.disk_image()

    def check_extract(self):
        self.run_well("extract", "image.img", "--module", "m=out", "--kernel", r"folder\k")
        self.assertEqual(self.read("out"), self.read("module"))
        self.check_one_line(self.run_tool("extract", "image.img", "--module", "m=out"), REFUSED,
                            "out: is there already")
        self.write("out", OLD_CONTENT)
        self.run_well("extract", "image.img", "--module", "m=out", "--force")
        self.assertEqual(self.read("out"), self.read("module"))
        self.run_well("extract", "image.img", "--all", "all")
        self.assertEqual(sorted(os.listdir(self.path("all"))),
                         ["cmdline.txt", "kernel.elf", "module-1-m"])
        self.assertEqual(self.read("all/module-1-m"), self.read("module"))

    def check_refusals(self):
        before = sorted(os.listdir(self.folder))
        self.check_one_line(self.run_tool("create", "--kernel", "module", "--output", "new"),
                            REFUSED, "module: ")
        self.check_one_line(self.run_tool("verify", "none"), SYSTEM, "none: cannot be read")
        self.check_one_line(self.run_tool("create", "--kernel", "kernel.elf", "--output",
                                          "KERNEL.ELF"), REFUSED, "is the kernel itself")
        self.check_one_line(self.run_tool("create", "--unknown"), USAGE, "unknown option")
        self.assertEqual(sorted(os.listdir(self.folder)), before)

    def check_what_windows_lacks(self):
        before = sorted(os.listdir(self.folder))
        for command in ("run", "test", "write"):
            self.check_one_line(self.run_tool(command, "image.img"), SYSTEM, "Windows")
        for variant, program in (("vhd", "qemu-img"), ("vmdk", "qemu-img"), ("iso", "xorriso")):
            self.check_one_line(self.run_tool("convert", "image.img", "--format", variant,
                                              "--output", "new"), SYSTEM, "Windows", program)
        self.run_well("convert", "image.img", "--format=raw", "--output=new")
        self.assertEqual(self.read("new"), self.read("image.img"))
        os.unlink(self.path("new"))
        self.assertEqual(sorted(os.listdir(self.folder)), before)


if __name__ == "__main__":
    unittest.main()
