"""Boots a compressed kernel with a compressed module where disks are read otherwise than by EDD or IDE's
emulation of QEMU: a floppy, a RAM disk without EDD, Bochs with its own BIOS."""

import os
import shutil
import tempfile
import unittest

import matrix
from emulators import EMULATORS
from harness.content import compressible, fnv
from harness.disk_image import ITEM_LZ4, DiskImage
from harness.environment import build_path, create_image

MODULE_BYTES = 300000  # some chunks of a compressed item, and fits a floppy
ROWS = {row.name: row for rows in matrix.ROWS.values() for row in rows}


class Compressed(unittest.TestCase):
    def check(self, name):
        emulator = EMULATORS[ROWS[name].emulator](ROWS[name], self.addCleanup)
        missing = emulator.missing()
        if missing:
            self.skipTest(missing)
        folder = tempfile.mkdtemp(prefix="firstlight-")
        self.addCleanup(shutil.rmtree, folder)
        module, image = os.path.join(folder, "module"), os.path.join(folder, "image.bin")
        data = compressible(MODULE_BYTES)
        with open(module, "wb") as file:
            file.write(data)
        create_image(build_path("tests", "boot", "boot_modules.elf"), image, "exit", [("packed", module)],
                     ["--compress", "lz4"])
        disk = DiskImage(image)
        self.assertTrue(disk.kernel.flags & disk.module("packed").flags & ITEM_LZ4)
        emulator.boot(image, [rf"^module \[packed\] \[\] {MODULE_BYTES} {fnv(data):016x}$"],
                      os.path.join(folder, "media"))

    def test_floppy(self):
        self.check("floppy_1440k")

    def test_memdisk_without_edd(self):
        self.check("memdisk_without_edd")

    def test_bochs(self):
        self.check("bochs_latest_disk")


if __name__ == "__main__":
    unittest.main()
