"""That the rows with GRUB are what matrix.py says of them: it leaves A20 off, as seen at the MBR's
first instruction."""

import os
import re
import shutil
import tempfile
import unittest

import matrix
import media
from harness.disk_image import SECTOR
from harness.environment import build_path, skip_without
from harness.gdb_stub import GdbStub
from harness.qemu import Qemu
from machine import qemu_arguments

BOOT_SECTOR = 0x7C00


class Grub(unittest.TestCase):
    def a20(self, run):
        return re.search(r"\bA20=(\d)", run.registers()).group(1)

    def test_leaves_a20_off(self):
        row = next(row for row in matrix.ROWS["Firmware"] if row.name == "grub")
        for need in row.needs:
            skip_without(need)
        directory = tempfile.mkdtemp(prefix="firstlight-")
        self.addCleanup(shutil.rmtree, directory)
        image, stub = build_path("firstlight-exit.bin"), os.path.join(directory, "gdb")
        grub = media.FIRMWARE[row.firmware.medium](directory)
        with open(image, "rb") as file:
            mbr = file.read(SECTOR)
        with Qemu([*qemu_arguments(row, image, grub), "-snapshot", "-gdb",
                   f"unix:{stub},server=on,wait=off"], started=False) as run:
            gdb = GdbStub(stub, run.timeout)
            self.addCleanup(gdb.close)
            gdb.run_to(BOOT_SECTOR)
            self.assertNotEqual(gdb.memory(BOOT_SECTOR, SECTOR), mbr)
            self.assertEqual(self.a20(run), "1", "SeaBIOS starts GRUB's boot sector with A20 on")
            gdb.step()
            gdb.run_to(BOOT_SECTOR)
            # What firmware may stamp lies behind the first bytes.
            self.assertEqual(gdb.memory(BOOT_SECTOR, 3), mbr[:3])
            self.assertEqual(self.a20(run), "0")


if __name__ == "__main__":
    unittest.main()
