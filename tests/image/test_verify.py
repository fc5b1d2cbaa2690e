"""bootimage verify: one line for a good image, and every damage seen."""

import os
import unittest

from harness.environment import create_image, run_bootimage, skip_without
from support import REFUSED, SYSTEM, ImageCase, run_unprivileged, simple_kernel

SECTOR = 512


class Verify(ImageCase):
    def setUp(self):
        super().setUp()
        source = self.write("kernel.elf", simple_kernel())
        modules = [("a", self.write("a", b"x" * 700)), ("b", self.write("b", b"y"), "text")]
        create_image(source, self.path("image.bin"), "quiet", modules)
        self.good = self.disk_image()

    def verify(self, path=None):
        return run_bootimage("verify", path or self.path("image.bin"))

    def test_good(self):
        finished = self.verify()
        self.assertEqual((finished.returncode, finished.stderr), (0, ""))
        self.assertEqual(finished.stdout, f"{self.path('image.bin')}: good: MBR, stage 2, kernel, "
                                          f"2 modules, padding, {len(self.good.data)} bytes\n")

    def test_larger_disk(self):
        with open(self.path("image.bin"), "ab") as file:
            file.write(b"x" * 5000)
        finished = self.verify()
        self.assertEqual((finished.returncode, finished.stderr), (0, ""))
        self.assertIn("5000 bytes behind the image not looked at", finished.stdout)

    def test_name_with_a_newline(self):
        finished = self.verify(self.write("good\n: good", self.good.data))
        self.assertEqual((finished.returncode, finished.stderr), (0, ""))
        self.assertEqual(finished.stdout.count("\n"), 1)

    def test_every_part(self):
        """One bit in each sector up to the padding, and in some of that."""
        used = self.good.used_sectors()
        places = [*((lba, lba * 29 % SECTOR) for lba in range(used)), (0, 0x1B8), (0, 0x1BE + 8),
                  (used, 0), (len(self.good.data) // SECTOR - 1, 511)]
        for lba, offset in places:
            self.good.flip(lba, offset)
            path = self.good.write(self.path("damaged.bin"))
            self.good.flip(lba, offset)
            finished = self.verify(path)
            self.assertEqual(finished.returncode, REFUSED, f"LBA {lba} byte {offset} is not missed")
            self.assertEqual(finished.stdout, "")
            self.assertRegex(finished.stderr, r"\A(bootimage: [^\n]+\n)+\Z")
            for line in finished.stderr.splitlines():
                self.assertTrue(line.startswith(f"bootimage: {path}: "), line)

    def test_truncated(self):
        for size in (0, 1, SECTOR, self.good.kernel.lba * SECTOR, len(self.good.data) - 1):
            finished = self.verify(self.write("cut.bin", self.good.data[:size]))
            self.assertEqual((finished.returncode, finished.stdout), (REFUSED, ""))
            self.assertIn("it is cut short", finished.stderr)

    def test_same_words_as_inspect(self):
        self.good.flip(self.good.kernel.lba)
        self.good.flip(self.good.modules[1].lba)
        path = self.good.write(self.path("damaged.bin"))
        finished = self.verify(path)
        self.assertEqual(finished.stderr, run_bootimage("inspect", path).stderr)
        self.assertEqual(finished.stderr.count("\n"), 2)

    def test_unreadable(self):
        self.check_one_line(self.verify(self.path("none")), SYSTEM, "No such file")
        self.check_one_line(self.verify(self.folder), SYSTEM, "Is a directory")
        os.mkfifo(self.path("pipe"))
        self.check_one_line(self.verify(self.path("pipe")), REFUSED, "is a pipe")

    def test_not_allowed(self):
        skip_without("setpriv")
        os.chmod(self.path("image.bin"), 0)
        self.check_one_line(run_unprivileged("verify", self.path("image.bin")), SYSTEM,
                            "Permission denied")


if __name__ == "__main__":
    unittest.main()
