"""Which damages are booted in QEMU, and what each must end in: samples of every region and field, the
same in every run of one build. Used by test_boots.py and test_boots_all.py."""

import random
import re

from damage import (COMPRESSED, flip, flip_in_header, flip_in_item, flip_in_stage2_header,
                    make_image)
from fields import (BLOCK, DAMAGED_REST, HEADER_CHECKSUM, SAME, compressed_fields, damaged,
                    elf_fields, header_fields, header_refusal, stage2_header_fields)
from harness.disk_image import ITEM_LZ4, SECTOR, STAGE2_HEADER, STAGE2_LBA
from harness.environment import build_path
from mbr_bytes import ranges_of

SEED = 1
LOADER_DAMAGED = "^loader damaged$"
PAYLOAD_SAMPLES, PADDING_SAMPLES, ELF_SAMPLES = 10, 8, 20
COMPRESSED_SAMPLES = 4  # of each item, and of each chunk's block
FIRST_BLOCK_SAMPLES = 4  # of each sector
# Bits of the MBR by the range they lie in; every bit of those that are not named here.
MBR_SAMPLES = {"BPB": 24, "padding": 2, "stamped by firmware": 4, "disk signature": 4,
               "partition entry 1": 12, "partition entries 2 to 4": 6}
ACTIVE_FLAG, PARTITION_TYPE = 0x1BE, 0x1C2  # every bit of these, too

FIRMWARE_REFUSES, BOOTS_SAME = "firmware refuses", "boots the same"


class Boot:
    """A damage of an image. `ending` is FIRMWARE_REFUSES, BOOTS_SAME, or what the loader's line must
    match; `asks_host`: the host has the last word, and `ending` only says what it may be."""

    def __init__(self, image, damage, ending, field=None):
        self.image, self.damage, self.ending, self.field = image, damage, ending, field

    @property
    def asks_host(self):
        return self.field is not None


class _Plan:
    def __init__(self, kernel):
        self.image = make_image(kernel)
        self.numbers = random.Random(SEED)
        self.boots = []

    def add(self, damage, ending, field=None):
        self.boots.append(Boot(self.image, damage, ending, field))

    def any_bit(self, start, end):
        return self.numbers.randrange(start, end), self.numbers.randrange(8)

    def add_flips(self, count, start, end, ending):
        for _ in range(count):
            self.add(flip(self.image, *self.any_bit(start, end)), ending)

    def add_repaired(self, field, repair):
        """One bit of the field, its sums repaired."""
        bit = self.any_bit(field.offset, field.offset + field.size)
        self.add(repair(self.image, *bit), field.refusal, field)

    # ---- regions ----

    def mbr(self):
        for name, start, end in ranges_of(build_path("bootloader", "mbr", "mbr.map")):
            if name in ("code", "message") or start == end:
                continue
            ending = FIRMWARE_REFUSES if name == "55AAh" else BOOTS_SAME
            if name in MBR_SAMPLES:
                self.add_flips(MBR_SAMPLES[name], start, end, ending)
            else:
                for at in range(start * 8, end * 8):
                    self.add(flip(self.image, at // 8, at % 8), ending)
        for offset in (ACTIVE_FLAG, PARTITION_TYPE):
            for bit in range(8):
                self.add(flip(self.image, offset, bit), BOOTS_SAME)

    def stage2(self):
        rest = STAGE2_LBA + self.image.first_block_sectors
        header = STAGE2_LBA * SECTOR
        for start, end in ((0, 8), (8, 16), (16, STAGE2_HEADER.size)):  # signature, sums, the others
            self.add_flips(2, header + start, header + end, LOADER_DAMAGED)
        for lba in range(STAGE2_LBA, rest):
            self.add_flips(FIRST_BLOCK_SAMPLES, lba * SECTOR, (lba + 1) * SECTOR, LOADER_DAMAGED)
        for lba in range(rest, STAGE2_LBA + self.image.stage2_sectors):
            self.add_flips(1, lba * SECTOR, (lba + 1) * SECTOR, DAMAGED_REST)
        for field in stage2_header_fields():
            if field.is_for_c():
                self.add_repaired(field, flip_in_stage2_header)
            else:  # the host knows nothing of them
                bit = self.any_bit(field.offset, field.offset + field.size)
                self.add(flip_in_stage2_header(self.image, *bit), field.refusal or BOOTS_SAME)

    def header(self):
        for field in header_fields(self.image):
            bit = self.any_bit(field.offset, field.offset + field.size)
            damage = flip(self.image, *bit)
            self.add(damage, header_refusal(self.image, damage))
            if (field.region, field.name) != ("image header", HEADER_CHECKSUM):
                self.add_repaired(field, flip_in_header)

    def elf(self):
        kernel = self.image.kernel
        fields = elf_fields(self.image)
        for field in self.numbers.sample(fields, ELF_SAMPLES):
            bit = self.any_bit(field.offset, field.offset + field.size)
            self.add(flip(self.image, *bit), damaged(kernel))
        for field in fields:
            if field.name != "flags":  # without that flag a kernel moves at random
                self.add_repaired(field, lambda image, *bit: flip_in_item(image, kernel, *bit))

    def payload(self):
        for item in self.image.items:
            start = item.lba * SECTOR
            self.add_flips(PAYLOAD_SAMPLES, start, start + item.sectors * SECTOR, damaged(item))
        self.add_flips(PADDING_SAMPLES, self.image.used_sectors() * SECTOR, len(self.image.data),
                       BOOTS_SAME)


    def compressed(self):
        for item in self.image.items:
            if not item.flags & ITEM_LZ4:
                continue
            start = item.lba * SECTOR
            self.add_flips(COMPRESSED_SAMPLES, start, start + item.sectors * SECTOR, damaged(item))
            for field in compressed_fields(self.image, item):
                for _ in range(COMPRESSED_SAMPLES if field.name == BLOCK else 1):
                    self.add_repaired(field, lambda image, *bit, item=item: flip_in_item(
                        image, item, *bit))


def all_boots():
    static, moving, compressed = _Plan("static"), _Plan("pie"), _Plan(COMPRESSED)
    static.mbr()
    static.stage2()
    for plan in (static, moving):
        plan.header()
        plan.elf()
        plan.payload()
    compressed.compressed()
    boots = static.boots + moving.boots + compressed.boots
    random.Random(SEED).shuffle(boots)  # so that each part of the plan has something of everything
    return boots
