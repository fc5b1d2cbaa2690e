"""What stage 2's C and bootimage inspect make of damage within items that are stored compressed, on the
host. Their ELF headers are those of test_host.py."""

import random
import unittest

from damage import COMPRESSED, flip_in_item
from fields import BLOCK, compressed_fields
from harness.disk_image import ITEM_LZ4
from test_host import SEED, HostCase
from verdicts import verdicts_of

SAMPLES = 100  # of each item, and of each chunk's block


class Compressed(HostCase):
    kernel = COMPRESSED

    def setUp(self):
        super().setUp()
        self.compressed = [item for item in self.image.items if item.flags & ITEM_LZ4]

    def test_sampled_bits(self):
        self.check_damaged(self.compressed, SAMPLES)

    def test_sampled_bits_repaired(self):
        """Every bit of the numbers around the blocks, some of the blocks."""
        numbers = random.Random(SEED)
        for item in self.compressed:
            cases = []
            for field in compressed_fields(self.image, item):
                bits = list(field.bits())
                if field.name == BLOCK:
                    bits = numbers.sample(bits, SAMPLES)
                cases += [(field, flip_in_item(self.image, item, *bit)) for bit in bits]
            verdicts = verdicts_of(self.image, [damage for _, damage in cases])
            for (field, damage), verdict in zip(cases, verdicts):
                self.check_field(field, damage, verdict)


if __name__ == "__main__":
    unittest.main()
