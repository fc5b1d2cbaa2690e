"""bootimage inspect: what it shows of a good image, and that it sees every damage."""

import os
import struct
import subprocess
import unittest

from elf_symbols import kernel_with_symbols
from harness.disk_image import SECTOR, DiskImage
from harness.elf_file import PAGE, R, W, X, Segment, executable
from harness.environment import create_image, run_bootimage
from support import BASE, REFUSED, SYSTEM, ImageCase, simple_kernel

PARTITIONS = 0x1BE


class Table(ImageCase):
    def rows(self, *arguments):
        """Lines of the first table, split at spaces: LBA, bytes, checksum, item."""
        self.image(*arguments)
        finished = run_bootimage("inspect", self.path("image.bin"))
        self.assertEqual((finished.returncode, finished.stderr), (0, ""))
        lines = finished.stdout.splitlines()
        first = next(i for i, line in enumerate(lines) if line.split()[:1] == ["LBA"]) + 1
        last = lines.index("", first)
        return finished.stdout, [line.split(maxsplit=3) for line in lines[first:last]]

    def test_every_part(self):
        image = self.image("quiet exit")
        output, rows = self.rows("quiet exit")
        signature, = struct.unpack_from("<I", image.data, 0x1B8)
        stage2_rest = 1 + image.first_block_sectors
        expected = [
            (0, 512, f"MBR, disk signature {signature:08x}"),
            (1, image.first_block_sectors * SECTOR, "stage 2, first block"),
            (stage2_rest, (image.header_lba - stage2_rest) * SECTOR, "stage 2, rest"),
            (image.header_lba, 512, "image header"),
            (image.items[0].lba, 10, 'command line "quiet exit"'),
            (image.kernel.lba, image.kernel.bytes, "kernel"),
            (image.used_sectors(), len(image.data) - image.used_sectors() * SECTOR, "padding"),
        ]
        self.assertEqual(rows, [[str(lba), str(size), "good", name]
                                for lba, size, name in expected])
        self.assertIn(f"{len(image.data)} bytes", output)
        self.assertIn("3 cylinders", output)

    def test_symbols_and_modules(self):
        source = self.write("kernel.elf", kernel_with_symbols([("f", BASE), ("g", BASE + 1)]))
        modules = [("first", self.write("1", b"x" * 513)), ("two words", self.write("2", b"y"), "a b")]
        image = DiskImage(create_image(source, self.path("image.bin"), modules=modules))
        finished = run_bootimage("inspect", self.path("image.bin"))
        self.assertEqual((finished.returncode, finished.stderr), (0, ""))
        rows = [line.split(maxsplit=3) for line in finished.stdout.splitlines()]
        for item, name in zip(image.items[1:], ("symbols of 2 functions", 'module "first"',
                                                'module "two words", command line "a b"')):
            self.assertIn([str(item.lba), str(item.bytes), "good", name], rows)
        for item, name, text in ((image.items[1], "symbols", "the table of symbols is damaged"),
                                 (image.items[2], 'module "first"', "module 1, first, is damaged"),
                                 (image.items[3], 'module "two', "module 2, two words, is damaged")):
            image.flip(item.lba)
            finished = run_bootimage("inspect", image.write(self.path("damaged.bin")))
            image.flip(item.lba)
            self.assertEqual(finished.returncode, 1)
            self.assertIn(text, finished.stderr)
            self.assertRegex(finished.stdout, rf"\bBAD +{name}")

    def segments(self, kernel):
        self.image(kernel=kernel)
        finished = run_bootimage("inspect", self.path("image.bin"))
        self.assertEqual((finished.returncode, finished.stderr), (0, ""))
        return finished.stdout, [line.split(maxsplit=6)
                                 for line in finished.stdout.splitlines() if " 0x" in line
                                 and line.split()[0].isdigit()]

    def test_segments(self):
        output, segments = self.segments(executable(
            [Segment(BASE, R | X, b"\xf4" * 5000), Segment(BASE + 2 * PAGE, R, b"r" * 10),
             Segment(BASE + 3 * PAGE, R | W, b"d" * 10, 9000),
             Segment(BASE + 9 * PAGE, R | W, b"", 77)], BASE + 3))
        self.assertIn(f"entry 0x{BASE + 3:016x}", output)
        self.assertEqual(segments, [
            ["0", f"0x{BASE:016x}", "5000", "5000", "4096", "r-x", "in place"],
            ["1", f"0x{BASE + 2 * PAGE:016x}", "10", "10", str(3 * PAGE), "r--", "in place"],
            ["2", f"0x{BASE + 3 * PAGE:016x}", "9000", "10", str(4 * PAGE), "rw-", "in place"],
            ["3", f"0x{BASE + 9 * PAGE:016x}", "77", "0", "0", "rw-", "zeros"],
        ])

    def test_copied_segments(self):
        # Much .bss in front of read-only bytes in its last page: no way to map that in place.
        bss = 0x20000
        _, segments = self.segments(executable(
            [Segment(BASE, R | X, b"\xf4"), Segment(BASE + PAGE, R | W, b"d", bss + 8),
             Segment(BASE + PAGE + bss + 64, R, b"r" * 10)], BASE))
        self.assertEqual([segment[6] for segment in segments], ["in place", "copied", "copied"])

    def test_text_cannot_reach_the_terminal(self):
        output, _ = self.rows('grüße "\\')
        self.assertIn(r'command line "gr\xc3\xbc\xc3\x9fe \x22\x5c"', output)

    def test_larger_disk(self):
        self.image()
        with open(self.path("image.bin"), "ab") as file:
            file.write(b"x" * 5000)
        finished = run_bootimage("inspect", self.path("image.bin"))
        self.assertEqual((finished.returncode, finished.stderr), (0, ""))
        self.assertIn("behind the image: 5000 bytes", finished.stdout)

    def test_full_standard_output(self):
        self.image()
        for arguments in (["inspect", self.path("image.bin")], ["--help"], ["--version"]):
            with open("/dev/full", "w") as full:
                finished = subprocess.run([os.environ["FIRSTLIGHT_BOOTIMAGE"], *arguments],
                                          stdout=full, stderr=subprocess.PIPE, text=True,
                                          check=False)
            self.assertEqual(finished.returncode, SYSTEM)
            self.assertIn("standard output", finished.stderr)


class Damage(ImageCase):
    """One bit changed, in each kind of sector."""

    def setUp(self):
        super().setUp()
        self.good = self.image("quiet")

    def check(self, lba, offset, item, *texts):
        """The row of `item` says BAD (None: no row), and a line on standard error says what."""
        data = bytearray(self.good.data)
        data[lba * SECTOR + offset] ^= 0x10
        path = self.write("damaged.bin", data)
        finished = run_bootimage("inspect", path)
        self.assertEqual(finished.returncode, 1, f"LBA {lba} byte {offset} is not missed")
        for line in finished.stderr.splitlines():
            self.assertTrue(line.startswith(f"bootimage: {path}: "), line)
        for text in texts:
            self.assertIn(text, finished.stderr)
        if item is not None:
            self.assertRegex(finished.stdout, rf"\bBAD +{item}")

    def test_mbr(self):
        for offset in (0x03, 0x1A, 0x3E, 0x80, 0xDA, 0x1B7):
            self.check(0, offset, "MBR", "the MBR is damaged")
        self.check(0, 510, "MBR", "55h AAh")

    def test_disk_signature(self):
        for offset in range(0x1B8, 0x1BC):
            self.check(0, offset, "MBR", "disk signature")

    def test_partition_table(self):
        fields = {0: "active flag", 1: "first CHS", 2: "first CHS", 3: "first CHS", 4: "type",
                  5: "last CHS", 6: "last CHS", 7: "last CHS", 8: "first LBA", 9: "first LBA",
                  10: "first LBA", 11: "first LBA", 12: "number of sectors",
                  15: "number of sectors", 16: "entries 2 to 4", 32: "entries 2 to 4",
                  63: "entries 2 to 4"}
        for offset, text in fields.items():
            self.check(0, PARTITIONS + offset, "MBR", text)

    def test_stage2_header(self):
        for offset in range(8):
            self.check(1, offset, None, "no Firstlight stage 2")
        for offset in range(8, 24):
            self.check(1, offset, None, "stage 2")
        for offset in range(24, 28):  # the two sizes
            self.check(1, offset, None, "stage 2")
        for offset in range(28, 40):  # where the image header is
            self.check(1, offset, "stage 2, first block", "first block is damaged")

    def test_stage2(self):
        for lba in range(1, 1 + self.good.first_block_sectors):
            self.check(lba, 100, "stage 2, first block", "first block is damaged")
        for lba in range(1 + self.good.first_block_sectors, self.good.header_lba):
            self.check(lba, 511, "stage 2, rest", "stage 2 behind its first block is damaged")

    def test_image_header(self):
        for offset in (*range(48), 48, 100, 175, 176, 511):
            self.check(self.good.header_lba, offset, "image header", "image header")

    def test_command_line(self):
        for offset in (0, 4, 5, 511):
            self.check(self.good.items[0].lba, offset, "command line",
                       "the command line is damaged")

    def test_kernel(self):
        for sector in range(self.good.kernel.sectors):
            self.check(self.good.kernel.lba + sector, sector * 17 % SECTOR, "kernel",
                       "the kernel is damaged")

    def test_padding(self):
        end = len(self.good.data) // SECTOR
        for lba in (self.good.used_sectors(), self.good.used_sectors() + 1, 2000, end - 1):
            self.check(lba, 511, "padding", "the padding is damaged")

    def test_sectors_of_another_image(self):
        other = self.image("exit", simple_kernel(2998))
        for lba in range(self.good.header_lba, self.good.used_sectors()):
            place = slice(lba * SECTOR, (lba + 1) * SECTOR)
            if self.good.data[place] != other.data[place]:
                data = bytearray(self.good.data)
                data[place] = other.data[place]
                finished = run_bootimage("inspect", self.write("mixed.bin", data))
                self.assertEqual(finished.returncode, 1, f"a stale sector {lba} is not missed")


class Truncation(ImageCase):
    def check(self, size, *texts):
        path = self.write("cut.bin", self.good.data[:size])
        finished = run_bootimage("inspect", path)
        self.assertEqual(finished.returncode, 1, f"{size} bytes")
        self.assertRegex(finished.stderr, r"\A(bootimage: .*\n)+\Z")
        for text in texts:
            self.assertIn(text, finished.stderr)

    def test_every_length_class(self):
        self.good = self.image("quiet")
        cut = "it is cut short"
        for size in (0, 1, 511):
            self.check(size, "the MBR takes 1 sectors", cut)
        for sectors in (1, 2, self.good.first_block_sectors, self.good.stage2_sectors):
            self.check(sectors * SECTOR, "stage 2 takes", cut)
        self.check(self.good.header_lba * SECTOR, "the image header takes", cut)
        self.check(self.good.items[0].lba * SECTOR, "the command line takes", cut)
        for sectors in (0, 1, 8, self.good.kernel.sectors - 1):
            self.check((self.good.kernel.lba + sectors) * SECTOR, "the kernel takes", cut)
        for size in (self.good.used_sectors() * SECTOR, len(self.good.data) - SECTOR,
                     len(self.good.data) - 1):
            self.check(size, "the padding takes", cut)


class NoImage(ImageCase):
    def test_other_files(self):
        self.check_one_line(run_bootimage("inspect", self.path("none")), SYSTEM, "No such file")
        self.check_one_line(run_bootimage("inspect", self.folder), SYSTEM, "Is a directory")
        os.mkfifo(self.path("pipe"))
        self.check_one_line(run_bootimage("inspect", self.path("pipe")), REFUSED, "is a pipe")
        for name, content in (("elf", simple_kernel()), ("zeros", bytes(100000)),
                              ("random", os.urandom(100000))):
            finished = run_bootimage("inspect", self.write(name, content))
            self.assertEqual(finished.returncode, 1)
            self.assertIn("no Firstlight stage 2 at LBA 1", finished.stderr)


if __name__ == "__main__":
    unittest.main()
