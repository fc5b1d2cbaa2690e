"""MBR and first block against a scripted BIOS: every bit of the first block and of the rest of stage
2, and all of the MBR but its code, by the loader's own instructions."""

import random
import re
import unittest

from damage import flip_in_stage2_header, make_image
from fields import DAMAGED_REST, SAME, stage2_header_fields
from harness.disk_image import SECTOR, STAGE2_HEADER, STAGE2_LBA
from harness.environment import build_path, stage2_symbol
from mbr_bytes import ranges_of

try:
    from scripted_bios import LongModeCheck, ScriptedBios
except ImportError:
    ScriptedBios = None

STAGE2_ADDRESS = 0x8000
FIRST_BLOCK_ENTRY = STAGE2_ADDRESS + STAGE2_HEADER.size
DAMAGED = "firstlight: loader damaged"
SAMPLES = 3000
QUICK_STEP = 16  # the default run takes each such bit, from another one in each byte on
SEED = 7


class LoaderCase(unittest.TestCase):
    edd = True

    def setUp(self):
        if ScriptedBios is None:
            self.skipTest("Unicorn for Python is not installed: `sh tools/setup.sh` installs it")
        self.image = make_image("static")
        self.data = self.image.data
        self.machine = ScriptedBios(self.data, self.edd)
        self.check = LongModeCheck(stage2_symbol("check_rest"))
        self.flipped = 0

    def tearDown(self):
        print(f"{self.flipped} bits")

    def flipping(self, bits):
        """Each pair (offset, bit) in turn, flipped on the disk until the next."""
        for offset, bit in bits:
            self.data[offset] ^= 1 << bit
            yield f"byte {offset} bit {bit}"
            self.data[offset] ^= 1 << bit
            self.flipped += 1

    def check_refused(self, where, line):
        """This one line, and then a CPU that has halted with interrupts off."""
        lines = self.machine.lines()
        self.assertTrue(len(lines) == 1 and re.fullmatch(line, lines[0]), f"{where}: {lines}")
        self.assertFalse(self.machine.interrupts_on(), where)
        self.assertEqual(self.machine.cpu.mem_read(self.machine.address - 1, 1), b"\xf4", where)

    def check_reached(self, where, address):
        self.assertEqual(self.machine.address, address, f"{where}: {bytes(self.machine.screen)}")
        self.assertEqual(self.machine.lines(), [], where)

    def bits_of(self, lba, sectors, step=1):
        start, end = lba * SECTOR, (lba + sectors) * SECTOR
        return ((start + at // 8, at % 8) for at in range(0, (end - start) * 8, step))

    def sampled(self, lba, sectors):
        numbers = random.Random(SEED)
        return [(lba * SECTOR + numbers.randrange(sectors * SECTOR), numbers.randrange(8))
                for _ in range(SAMPLES)]

    def rest(self):
        first = self.image.first_block_sectors
        return STAGE2_LBA + first, self.image.stage2_sectors - first

    # ---- what each place must do ----

    def first_block_is_refused(self, bits):
        for where in self.flipping(bits):
            self.machine.boot(FIRST_BLOCK_ENTRY)
            self.check_refused(where, DAMAGED)

    def rest_passes(self, where):
        """Whether the first block, once it has read the rest, finds it whole. What it does then are
        boots in QEMU (test_boots.py): the line comes by way of long mode."""
        target = stage2_symbol("real_mode_main")
        self.machine.boot(target)
        self.check_reached(where, target)
        size = self.image.stage2_sectors * SECTOR
        self.check.write(STAGE2_ADDRESS, self.machine.cpu.mem_read(STAGE2_ADDRESS, size))
        return self.check.passes()

    def rest_is_refused(self, bits):
        for where in self.flipping(bits):
            self.assertFalse(self.rest_passes(where), where)

    def mbr_boots(self, bits):
        for where in self.flipping(bits):
            self.machine.boot(FIRST_BLOCK_ENTRY)
            self.check_reached(where, FIRST_BLOCK_ENTRY)


class Loader(LoaderCase):
    """The default run's part."""

    def test_undamaged(self):
        self.assertTrue(self.rest_passes("no damage"))
        start = STAGE2_LBA * SECTOR
        end = start + self.image.stage2_sectors * SECTOR
        memory = self.machine.cpu.mem_read(STAGE2_ADDRESS, end - start)
        differing = sum(a != b for a, b in zip(memory, self.data[start:end]))
        self.assertLess(differing, 40)  # the disk reader's variables

    def test_first_block(self):
        self.first_block_is_refused((offset, (bit + offset) % 8) for offset, bit in self.bits_of(
            STAGE2_LBA, self.image.first_block_sectors, QUICK_STEP))

    def test_rest_sampled(self):
        self.rest_is_refused(self.sampled(*self.rest()))

    def test_mbr_data(self):
        """Whatever firmware may overwrite or read in the MBR, and what is padding."""
        ranges = [span for name, *span in ranges_of(build_path("bootloader", "mbr", "mbr.map"))
                  if name not in ("code", "message")]
        self.mbr_boots((offset, bit) for start, end in ranges for offset in range(start, end)
                       for bit in range(8))

    def test_stage2_header_repaired(self):
        """The sums are right again: what the loader reads of its own header."""
        for field in stage2_header_fields():
            if field.is_for_c():
                continue  # test_host.py
            for offset, bit in field.bits():
                damage = flip_in_stage2_header(self.image, offset, bit)
                self.machine.data = damage.applied(self.image)
                self.assertIn((field.boots, field.refusal), ((SAME, None), (None, DAMAGED_REST)))
                self.assertEqual(self.rest_passes(damage.what), field.boots == SAME, damage.what)
                self.flipped += 1


class LoaderByCylinders(LoaderCase):
    """The same by CHS alone."""
    edd = False

    def test_first_block_sampled(self):
        self.first_block_is_refused(self.sampled(STAGE2_LBA, self.image.first_block_sectors))

    def test_rest_sampled(self):
        self.rest_is_refused(self.sampled(*self.rest()))


if __name__ == "__main__":
    unittest.main()
