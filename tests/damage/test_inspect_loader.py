"""What bootimage inspect says of a flipped bit of MBR and stage 2, code and messages included; and that
the command itself says what the library says, and with what status it ends."""

import os
import random
import shutil
import tempfile
import unittest

from boot_plan import all_boots
from damage import flip
from harness.disk_image import SECTOR, STAGE2_HEADER, STAGE2_LBA
from harness.environment import run_bootimage
from mbr_bytes import BOOT_SIGNATURE, END, PARTITION_ENTRY, PARTITIONS
from test_host import HostCase
from verdicts import INSPECT, verdicts_of

REST_SAMPLES = 3000
COMMAND_SAMPLES = 40
SEED = 3
STATUS_REFUSED = 1
# Of partition entry 1, by the byte.
ENTRY = ["active flag", *["first CHS address"] * 3, "type", *["last CHS address"] * 3,
         *["first LBA"] * 4, *["number of sectors"] * 4]
CHANGED = "the MBR is damaged, or an operating system has changed its disk signature"


def about_mbr(offset):
    """What inspect says of a byte of the MBR."""
    if offset >= BOOT_SIGNATURE:
        return "the MBR does not end with 55h AAh"
    if offset >= PARTITIONS + PARTITION_ENTRY:
        return "MBR: partition entries 2 to 4 are not empty"
    if offset >= PARTITIONS:
        return f"MBR: the {ENTRY[offset - PARTITIONS]} of partition entry 1 is wrong"
    return CHANGED


class InspectLoader(HostCase):
    kernel = "static"

    def check_bits(self, bits, expected):
        """`expected` gives the message for an offset and the damaged image."""
        bits = list(bits)
        damages = [flip(self.image, *bit) for bit in bits]
        for (offset, _), damage, verdict in zip(bits, damages,
                                                verdicts_of(self.image, damages, INSPECT)):
            self.check_told(damage, verdict, expected(offset, damage))

    def test_mbr_every_bit(self):
        self.check_bits(((offset, bit) for offset in range(END) for bit in range(8)),
                        lambda offset, _: about_mbr(offset))

    def about_first_block(self, offset, damage):
        start = STAGE2_LBA * SECTOR
        if offset >= start + STAGE2_HEADER.size:
            return "stage 2's first block is damaged: the checksum of 6 sectors from LBA 1"
        header = STAGE2_HEADER.unpack_from(damage.applied(self.image), start)
        if header[0] != b"1stLight":
            return "no Firstlight stage 2 at LBA 1"
        first, sectors = header[4], header[5]
        if first != self.image.first_block_sectors or not first <= sectors <= 64:
            return f"stage 2's header says {sectors} sectors, {first} of them its first block"
        return "stage 2's first block is damaged: the checksum of 6 sectors from LBA 1"

    def test_first_block_every_bit(self):
        start = STAGE2_LBA * SECTOR
        end = start + self.image.first_block_sectors * SECTOR
        self.check_bits(((offset, bit) for offset in range(start, end) for bit in range(8)),
                        self.about_first_block)

    def test_rest_sampled(self):
        numbers = random.Random(SEED)
        start = (STAGE2_LBA + self.image.first_block_sectors) * SECTOR
        end = (STAGE2_LBA + self.image.stage2_sectors) * SECTOR
        self.check_bits([(numbers.randrange(start, end), numbers.randrange(8))
                         for _ in range(REST_SAMPLES)],
                        lambda *_: "stage 2 behind its first block is damaged: the checksum of "
                        f"{(end - start) // SECTOR} sectors")


class Command(HostCase):
    """The program, with files."""
    kernel = "static"

    def setUp(self):
        super().setUp()
        self.folder = tempfile.mkdtemp(prefix="firstlight-")
        self.addCleanup(shutil.rmtree, self.folder)

    def inspect(self, data):
        path = os.path.join(self.folder, "damaged.bin")
        with open(path, "wb") as file:
            file.write(data)
        finished = run_bootimage("inspect", path)
        lines = [line.partition(f"{path}: ")[2] for line in finished.stderr.splitlines()]
        return finished.returncode, lines

    def test_says_the_same(self):
        self.assertEqual(self.inspect(self.image.data), (0, []))
        for boot in all_boots()[:COMMAND_SAMPLES]:
            verdict, = verdicts_of(boot.image, [boot.damage], INSPECT)
            status, lines = self.inspect(boot.damage.applied(boot.image))
            self.assertEqual(lines, verdict.problems, boot.damage.what)
            self.assertEqual(status, STATUS_REFUSED if lines else 0, boot.damage.what)
            self.assertTrue(lines or boot.asks_host, boot.damage.what)
            self.counts["told" if lines else "sound in itself"] += 1


if __name__ == "__main__":
    unittest.main()
