"""bootimage create --compress: what it chooses, that inspect, verify and extract see through it, and
that damage inside compressed items is named. (tests/boot boots such images.)"""

import json
import random
import unittest

from harness.disk_image import ITEM_LZ4, SECTOR, DiskImage
from harness.environment import create_image, run_bootimage
from support import REFUSED, USAGE, ImageCase, simple_kernel

CHUNK = 127 * SECTOR
CHECKSUM_OFFSET, BLOCK_OFFSET = 8, 28  # in a compressed item: the checksum, the first block


def half_of_chance(seed, pieces):
    """Pieces of chance, each of them twice."""
    chance = random.Random(seed)
    return b"".join(chance.randbytes(chance.randrange(4, 120)) * 2 for _ in range(pieces))


class Compression(ImageCase):
    def setUp(self):
        super().setUp()
        self.kernel = self.write("kernel.elf", simple_kernel())
        self.content = half_of_chance(1, 3000)

    def create(self, *options, content=None):
        content = self.content if content is None else content
        create_image(self.kernel, self.path("image.bin"), options=options,
                     modules=[("packed", self.write("module", content)),
                              ("small", self.write("small", b"small"))])
        self.made = DiskImage(self.path("image.bin"))
        return self.made.modules[0]

    def run_on_image(self, command, *options):
        finished = run_bootimage(command, self.path("image.bin"), *options)
        self.assertEqual((finished.returncode, finished.stderr), (0, ""))
        return finished.stdout

    def test_auto(self):
        item = self.create()
        self.assertEqual([item.flags for item in self.made.items if item.flags], [ITEM_LZ4])
        self.assertLess(item.bytes, len(self.content) * 7 // 8)
        self.assertGreater(item.bytes, 2 * CHUNK)
        self.assertEqual(self.create("--compress", "auto").bytes, item.bytes)

    def test_auto_leaves_what_does_not_pay(self):
        for content in (bytes(CHUNK), random.Random(1).randbytes(1 << 20)):
            self.assertEqual(self.create(content=content).flags, 0)

    def test_none(self):
        item = self.create("--compress", "none")
        self.assertEqual((item.flags, item.bytes), (0, len(self.content)))

    def test_lz4(self):
        self.assertEqual(self.create("--compress", "lz4", content=bytes(5000)).flags, ITEM_LZ4)
        self.assertEqual(self.create("--compress", "lz4", content=b"one").flags, 0)

    def test_another_word(self):
        finished = run_bootimage("create", "--kernel", self.kernel, "--output", self.path("o"),
                                 "--compress", "zip")
        self.check_one_line(finished, USAGE, "--compress is auto, none or lz4, not 'zip'")

    def test_same_input_gives_same_bytes(self):
        self.create()
        first = bytes(self.made.data)
        self.create()
        self.assertEqual(first, bytes(self.made.data))

    def test_inspect(self):
        item = self.create()
        share = item.bytes * 100 // len(self.content)
        self.assertIn(f' {item.bytes}  good      module "packed", LZ4, {share} % of '
                      f"{len(self.content)} bytes\n", self.run_on_image("inspect"))
        parts = json.loads(self.run_on_image("inspect", "--json"))["parts"]
        packed, small = (part for part in parts if part["kind"] == "module")
        self.assertEqual((packed["compression"], packed["unpacked_bytes"], packed["bytes"]),
                         ("lz4", len(self.content), item.bytes))
        self.assertNotIn("compression", small)

    def test_verify_and_extract(self):
        self.create("--compress", "lz4")
        self.run_on_image("verify")
        self.run_on_image("extract", "--module", f"packed={self.path('out')}", "--kernel",
                          self.path("compressed"))
        self.assertEqual(self.read("out"), self.content)
        self.create("--compress", "none")
        self.run_on_image("extract", "--kernel", self.path("plain"))
        self.assertEqual(self.read("compressed"), self.read("plain"))

    def check_named(self, change, text):
        """`change` damages the first module; inspect and verify say what is wrong with it."""
        item = self.create()
        change(self.made, item)
        self.made.write(self.path("image.bin"))
        for command in ("inspect", "verify"):
            finished = run_bootimage(command, self.path("image.bin"))
            self.assertEqual(finished.returncode, REFUSED)
            self.assertIn(f"module 1, packed, is damaged{text}", finished.stderr)

    def test_every_chunk_damaged(self):
        sectors = self.create().sectors
        for sector in range(0, sectors, 41):
            self.check_named(lambda _, item, sector=sector:
                             self.made.flip(item.lba + sector, sector % SECTOR),
                             ": the checksum of")

    def test_damaged_below_its_checksum(self):
        """What is stored has its right checksum again."""
        self.check_named(lambda _, item: self.made.patch_item(item, CHECKSUM_OFFSET, b"12345678"),
                         " (checksum of what it unpacks to)")
        for size in (b"\0" * 8, b"\xFF" * 8, b"\1" + b"\0" * 7):
            self.check_named(lambda _, item, size=size: self.made.patch_item(item, 0, size),
                             " (LZ4)")
        self.check_named(lambda _, item: self.made.patch_item(item, CHUNK + 2, b"\1"), " (LZ4)")
        self.check_named(lambda _, item: self.made.patch_item(item, BLOCK_OFFSET, b"\xFF" * 3000),
                         " (LZ4)")


if __name__ == "__main__":
    unittest.main()
