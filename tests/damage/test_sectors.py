"""Whole sectors of an image in the wrong place: each one zeroed, erased, stale, doubled by either
neighbour, exchanged with the next. On the host: stage 2's part by its own C, the loader's by its own
instructions, bootimage's by its own C."""

import unittest

from damage import Damage, make_image
from fields import damaged, header_refusal
from harness.disk_image import SECTOR, STAGE2_LBA
from test_host import HostCase, damage_of_item
from test_loader import DAMAGED, FIRST_BLOCK_ENTRY, LoaderCase
from verdicts import verdicts_of

ERASED = b"\xff" * SECTOR  # as flash memory has it


def sector(image, lba):
    return bytes(image.data[lba * SECTOR:(lba + 1) * SECTOR])


def wrong_sectors(image, lba, other):
    """Damages of one sector, those that change nothing left out. `other` is an image of another
    kernel: what may have been on the disk before."""
    here, before, behind = (sector(image, lba + step) for step in (0, -1, 1))
    contents = [("zeroed", bytes(SECTOR)), ("erased", ERASED), ("stale", sector(other, lba)),
                ("as the one before", before), ("as the next", behind)]
    damages = [Damage(f"LBA {lba} {what}", [(lba * SECTOR, content)])
               for what, content in contents if content != here]
    if here != behind:
        damages.append(Damage(f"LBA {lba} and {lba + 1} exchanged", [(lba * SECTOR, behind + here)]))
    return damages


class ItemSectors(HostCase):
    """Image header and items: what C reads."""
    kernel = "static"

    def expected(self, damage, lba):
        """Stage 2's line and inspect's: of the header if that changed, else of an item that did."""
        start = lba * SECTOR
        if lba == self.image.header_lba:
            if damage.what.endswith("stale"):  # sound in itself, but the items are not those it means
                return r" is damaged \(checksum\)", "is damaged: the checksum of"
            refusal = header_refusal(self.image, damage)
            return refusal, refusal
        (_, content), = damage.pieces
        items = [item for item in self.image.items
                 if start < (item.lba + item.sectors) * SECTOR
                 and start + len(content) > item.lba * SECTOR]
        return "|".join(map(damaged, items)), "|".join(map(damage_of_item, items))

    def test_every_sector(self):
        other = make_image("pie")
        cases = [(lba, damage) for lba in range(self.image.header_lba, self.image.used_sectors())
                 for damage in wrong_sectors(self.image, lba, other)]
        verdicts = verdicts_of(self.image, [damage for _, damage in cases])
        for (lba, damage), verdict in zip(cases, verdicts):
            line, problem = self.expected(damage, lba)
            self.check_refused(damage, verdict, line)
            self.check_told(damage, verdict, problem)


class PositionIndependentItemSectors(ItemSectors):
    kernel = "pie"


class LoaderSectors(LoaderCase):
    """Stage 2 itself: what MBR and first block read."""

    def setUp(self):
        super().setUp()
        self.damages = 0

    def tearDown(self):
        print(f"{self.damages} damages")

    def damaged(self, lba, sectors):
        """The machine's disk with each sector wrong in turn, in each way: what is wrong."""
        other = make_image("pie")
        for at in range(lba, lba + sectors):
            for damage in wrong_sectors(self.image, at, other):
                self.machine.data = damage.applied(self.image)
                yield damage.what
                self.damages += 1

    def test_first_block(self):
        for where in self.damaged(STAGE2_LBA, self.image.first_block_sectors):
            self.machine.boot(FIRST_BLOCK_ENTRY)
            self.check_refused(where, DAMAGED)

    def test_rest(self):
        for where in self.damaged(*self.rest()):
            self.assertFalse(self.rest_passes(where), where)


if __name__ == "__main__":
    unittest.main()
