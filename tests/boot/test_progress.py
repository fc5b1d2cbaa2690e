"""A load of more than a second says how far it is, on a line of its own; a fast one says nothing."""

import os
import re
import tempfile
import unittest

from harness.disk_image import DiskImage, SECTOR
from harness.environment import UNCOMPRESSED, build_path, create_image
from harness.expect import check_halted, expect_boot, fail
from harness.qemu import Qemu, ide_disk, option_value

MODULE_BYTES = 4 << 20
BYTES_PER_SECOND = 1 << 20  # four seconds of it
LINE = r"\rloading slow: (\d+) %"


class Progress(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="firstlight-")
        self.addCleanup(folder.cleanup)
        module = os.path.join(folder.name, "module")
        with open(module, "wb") as file:
            file.write(bytes(i % 251 for i in range(251)) * (MODULE_BYTES // 251))
        self.image = create_image(build_path("kernel", "firstlight-kernel.elf"),
                                  os.path.join(folder.name, "disk.bin"), "exit",
                                  [("slow", module)], UNCOMPRESSED)

    def slow_disk(self):
        return ["-drive", f"format=raw,file={option_value(self.image)},if=none,id=disk,"
                f"throttling.bps-total={BYTES_PER_SECOND}", "-device", "virtio-blk-pci,drive=disk"]

    def test_slow_disk(self):
        serial = expect_boot(self.slow_disk(), [LINE, r"^Hello World!$"])
        told = [int(per_cent) for per_cent in re.findall(LINE, serial, re.MULTILINE)]
        self.assertGreaterEqual(len(told), 2, serial)
        self.assertEqual(told, sorted(told))
        self.assertLessEqual(told[-1], 100)
        self.assertGreater(told[-1], 50)

    def test_fast_disk(self):
        expect_boot(ide_disk(build_path("firstlight-exit.bin")), [r"^Hello World!$"],
                    absent=["loading"])

    def test_screen(self):
        """One line, replaced each time; the kernel's text begins below it."""
        with Qemu([*self.slow_disk(), "-vga", "std"]) as run:
            if not run.wait_until(lambda: len(re.findall("loading slow", run.serial())) >= 2):
                fail(run, "no progress on serial")
            self.assertEqual(run.text_screen().show().count("loading slow: "), 1)
            run.kill()

    def test_error_has_its_own_line(self):
        """A module that is damaged in its last sector: told after all of it was read."""
        image = DiskImage(self.image)
        image.flip(image.module("slow").lba + MODULE_BYTES // SECTOR - 2)
        image.write(self.image)
        with Qemu(self.slow_disk()) as run:
            if not run.wait_until(lambda: "write the image again" in run.serial()):
                fail(run, "no error")
            check_halted(run)
            self.assertRegex(run.serial(), LINE)
            self.assertRegex(run.serial(), r"(?m)^firstlight: slow is damaged \(checksum\)")
            run.quit()


if __name__ == "__main__":
    unittest.main()
