"""Ways to damage an image: a bit, with or without the checksums above it repaired, or whole sectors.
A damage is what differs from the undamaged image; it is applied to a copy, or handed to the host
program that gives verdicts (verdicts.py)."""

import os
import struct
import tempfile

from harness.content import compressible
from harness.disk_image import (FIRST_BLOCK_SUMS_OFFSET, IMAGE_CHECKSUM_OFFSET, IMAGE_HEADER, ITEM,
                                ITEM_COMMAND_LINE, ITEM_KERNEL, ITEM_LZ4, ITEM_MODULE, ITEM_SYMBOLS, MASK_32,
                                REST_SUM_OFFSET, SECTOR, STAGE2_HEADER, STAGE2_LBA, DiskImage,
                                checksum, word_sums)
from harness.environment import build_path, create_image

ITEM_CHECKSUM_OFFSET = 24  # in ITEM
COMMAND_LINE = "a command line"
MODULES = (("first", 5000, "words for the first"), ("second", 300, ""))
# An image whose kernel and first module are compressed, the module into two chunks.
COMPRESSED, COMPRESSED_KERNEL = "compressed", "static"
COMPRESSED_MODULES = (("first", 115000, "words for the first"), ("second", 300, ""))
COMPRESSED_CHUNK = 127  # sectors


def _write_modules(folder, modules):
    """What create_image wants of them."""
    for seed, (name, size, words) in enumerate(modules, 1):
        path = os.path.join(folder, name)
        with open(path, "wb") as file:
            file.write(compressible(size, seed))
        yield (name, path, *([words] if words else []))


def make_image(name):
    """An image of the kernel damage_NAME with every kind of item; or the one that is COMPRESSED."""
    kernel, modules, compress = name, MODULES, "none"
    if name == COMPRESSED:
        kernel, modules, compress = COMPRESSED_KERNEL, COMPRESSED_MODULES, "lz4"
    with tempfile.TemporaryDirectory(prefix="firstlight-") as folder:
        image = DiskImage(create_image(build_path("tests", "damage", f"damage_{kernel}.elf"),
                                       os.path.join(folder, "image.bin"), COMMAND_LINE,
                                       list(_write_modules(folder, modules)),
                                       ("--compress", compress)))
    assert [item.flags & ITEM_LZ4 != 0 for item in (image.kernel, *image.modules)] == [
        name == COMPRESSED, name == COMPRESSED, False]
    return image


class Damage:
    """`pieces` are pairs (offset in the image, other bytes)."""

    def __init__(self, what, pieces):
        self.what, self.pieces = what, pieces

    def applied(self, image):
        """The image's bytes with this damage."""
        data = bytearray(image.data)
        for offset, replacement in self.pieces:
            data[offset:offset + len(replacement)] = replacement
        return data


def flip(image, offset, bit):
    """One bit, and nothing repaired."""
    return Damage(f"byte {offset} ({offset // SECTOR}:{offset % SECTOR}) bit {bit}",
                  [(offset, bytes([image.data[offset] ^ 1 << bit]))])


def _repaired_header(image, header):
    """The piece that replaces the image header."""
    field = slice(IMAGE_CHECKSUM_OFFSET, IMAGE_CHECKSUM_OFFSET + 16)
    header[field] = bytes(16)
    header[field] = struct.pack("<2Q", *checksum(header))
    return image.header_lba * SECTOR, bytes(header)


def _header(image):
    start = image.header_lba * SECTOR
    return bytearray(image.data[start:start + image.header_sectors * SECTOR])


def flip_in_header(image, offset, bit):
    """One bit of the image header, whose checksum is repaired."""
    header = _header(image)
    header[offset - image.header_lba * SECTOR] ^= 1 << bit
    return Damage(f"header byte {offset - image.header_lba * SECTOR} bit {bit}, repaired",
                  [_repaired_header(image, header)])


def flip_in_item(image, item, offset, bit):
    """One bit of an item, whose checksum and that of the image header are repaired."""
    start = item.lba * SECTOR
    content = bytearray(image.data[start:start + item.sectors * SECTOR])
    content[offset - start] ^= 1 << bit
    header = _header(image)
    field = IMAGE_HEADER.size + image.items.index(item) * ITEM.size + ITEM_CHECKSUM_OFFSET
    header[field:field + 16] = struct.pack("<2Q", *checksum(content))
    return Damage(f"item at {item.lba}, byte {offset - start} bit {bit}, repaired",
                  [(offset, content[offset - start:offset - start + 1]),
                   _repaired_header(image, header)])


def flip_in_stage2_header(image, offset, bit):
    """One bit of stage 2's header behind the first block's sums, which are repaired."""
    start = STAGE2_LBA * SECTOR
    block = bytearray(image.data[start:start + image.first_block_sectors * SECTOR])
    block[offset - start] ^= 1 << bit
    struct.pack_into("<2I", block, FIRST_BLOCK_SUMS_OFFSET, *word_sums(block[REST_SUM_OFFSET:]))
    end = FIRST_BLOCK_SUMS_OFFSET + 8
    return Damage(f"stage 2's header, byte {offset - start} bit {bit}, repaired",
                  [(offset, block[offset - start:offset - start + 1]),
                   (start + FIRST_BLOCK_SUMS_OFFSET, bytes(block[FIRST_BLOCK_SUMS_OFFSET:end]))])


def item_name(item):
    """What stage 2 calls it."""
    return {ITEM_KERNEL: "kernel", ITEM_COMMAND_LINE: "command line", ITEM_SYMBOLS: "symbols",
            ITEM_MODULE: item.name.decode()}[item.kind]


# ---- the disk signature -----------------------------------------------------------------------

SIGNATURE_OFFSET, PARTITIONS_OFFSET, PARTITIONS_END = 0x1B8, 0x1BE, 0x1FE


def stored_disk_signature(data):
    return struct.unpack_from("<I", data, SIGNATURE_OFFSET)[0]


def disk_signature(data):
    """What the content of an image gives, by image/README.md."""
    masked = bytearray(data[:SECTOR])
    masked[SIGNATURE_OFFSET:SIGNATURE_OFFSET + 4] = bytes(4)
    masked[PARTITIONS_OFFSET:PARTITIONS_END] = bytes(PARTITIONS_END - PARTITIONS_OFFSET)
    stage2 = STAGE2_LBA * SECTOR
    header = STAGE2_HEADER.unpack_from(data, stage2)[-1] * SECTOR
    total, weighted = word_sums(
        masked + data[stage2 + FIRST_BLOCK_SUMS_OFFSET:stage2 + REST_SUM_OFFSET + 8] +
        data[header + IMAGE_CHECKSUM_OFFSET:header + IMAGE_CHECKSUM_OFFSET + 16])
    return (total + 2 * weighted) & MASK_32 or 1
