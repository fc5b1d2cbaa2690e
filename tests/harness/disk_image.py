"""Reads and damages disk images the way image/image_format.h lays them out, and makes media of them.
Used by tests/boot and tests/machines. Written against the format's description, not with the
project's C, so that the two check each other."""

import os
import shutil
import struct
import subprocess

from harness.qemu import option_value

SECTOR = 512
STAGE2_LBA = 1
STAGE2_HEADER = struct.Struct("<8s2IQ2HIQ")
IMAGE_HEADER = struct.Struct("<8s4IQ2Q")
IMAGE_CHECKSUM_OFFSET = 32  # in IMAGE_HEADER
ITEM = struct.Struct("<2I2Q2Q3QI2HQ")
ITEM_KERNEL, ITEM_COMMAND_LINE, ITEM_SYMBOLS, ITEM_MODULE = 1, 2, 3, 4
ALIGNMENT_REQUIRED, AVOID_ISA_HOLE = 1, 2  # flags of a kernel item
ITEM_LZ4 = 4  # flag of a kernel or a module
SYMBOLS_HEADER = struct.Struct("<2I")
SYMBOL = struct.Struct("<2I")
CHECKSUM_GROUP = 64
CHECKSUM_LANE_FACTOR = 0x9E3779B97F4A7C15
FIRST_BLOCK_SUMS_OFFSET, REST_SUM_OFFSET = 8, 16  # in STAGE2_HEADER
MASK_32 = (1 << 32) - 1
MASK_64 = (1 << 64) - 1

FLOPPY_1440K = 1440 * 1024
FLOPPY_2880K = 2880 * 1024


def lanes(data):
    """Per lane the two sums that bootloader/load/checksum.h defines, of whole sectors."""
    words = struct.unpack(f"<{len(data) // 8}Q", data)
    sums = []
    for lane in (0, 1):
        one = other = 0
        for group in range(lane, len(words), CHECKSUM_GROUP // 8):
            one += words[group] + words[group + 2] + words[group + 6]
            one, other = (one + other + words[group + 4]) & MASK_64, one & MASK_64
        sums.append((one, other))
    return sums


def checksum(data):
    """(sum, weighted_sum) of whole sectors, as bootloader/load/checksum.h defines it."""
    (even, even_weighted), (odd, odd_weighted) = lanes(data)
    return ((even + (odd + odd_weighted) * CHECKSUM_LANE_FACTOR) & MASK_64,
            (even_weighted + odd * CHECKSUM_LANE_FACTOR + len(data)) & MASK_64)


def word_sums(data):
    """(sum, weighted_sum) of 32-bit words, as image_format.h defines struct word_sums."""
    total = weighted = 0
    for (word,) in struct.iter_unpack("<I", data):
        total = (total + word) & MASK_32
        weighted = (weighted + total) & MASK_32
    return total, weighted


def rest_sum(data):
    """Of whole sectors, as image_format.h defines rest_sum of struct stage2_header."""
    (even, even_weighted), (odd, odd_weighted) = lanes(data)
    weighted = (even_weighted + odd) & MASK_64
    return (even + odd + odd_weighted + (weighted << 32 | weighted >> 32)) & MASK_64


class Item:
    def __init__(self, fields):
        (self.kind, self.flags, self.lba, self.bytes, self.sum, self.weighted_sum,
         self.memory_bytes, self.memory_alignment, self.memory_phase, self.text_offset,
         self.name_bytes, self.command_line_bytes, self.physical_address) = fields
        self.sectors = -(-self.bytes // SECTOR)

    def pack(self):
        return ITEM.pack(self.kind, self.flags, self.lba, self.bytes, self.sum,
                         self.weighted_sum, self.memory_bytes, self.memory_alignment,
                         self.memory_phase, self.text_offset, self.name_bytes,
                         self.command_line_bytes, self.physical_address)


class DiskImage:
    """An image in memory: look, change, write elsewhere."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = bytearray(file.read())
        (signature, *_, self.first_block_sectors, self.stage2_sectors,
         self.header_sectors, self.header_lba) = STAGE2_HEADER.unpack_from(
             self.data, STAGE2_LBA * SECTOR)
        assert signature == b"1stLight", f"{path}: no stage 2 at LBA {STAGE2_LBA}"
        (magic, _, self.header_bytes, item_size, item_count, self.sectors, *_
         ) = IMAGE_HEADER.unpack_from(self.data, self.header_lba * SECTOR)
        assert magic == b"1stImage" and item_size == ITEM.size, f"{path}: no image header"
        self.items = [self._unpack_item(index) for index in range(item_count)]
        assert self.sectors * SECTOR == len(self.data), f"{path}: image_sectors lies"

    def _item_offset(self, index):
        return self.header_lba * SECTOR + IMAGE_HEADER.size + index * ITEM.size

    def _unpack_item(self, index):
        """An item, its name and command line read from the header's texts (b"" without)."""
        item = Item(ITEM.unpack_from(self.data, self._item_offset(index)))
        start = self.header_lba * SECTOR + item.text_offset
        item.name = bytes(self.data[start:start + item.name_bytes])
        start += item.name_bytes + 1
        item.command_line = bytes(self.data[start:start + item.command_line_bytes])
        return item

    def find(self, kind):
        """The one item of a kind; None when there is none."""
        return next((item for item in self.items if item.kind == kind), None)

    @property
    def kernel(self):
        return self.find(ITEM_KERNEL)

    @property
    def modules(self):
        return [item for item in self.items if item.kind == ITEM_MODULE]

    def module(self, name):
        """The first module of this name."""
        return next(item for item in self.modules if item.name == name.encode())

    def content(self, item):
        """An item's bytes, without the zeros behind them."""
        return bytes(self.data[item.lba * SECTOR:item.lba * SECTOR + item.bytes])

    def symbols(self):
        """The table of symbols as pairs (offset, name), in its order; [] without."""
        item = self.find(ITEM_SYMBOLS)
        if item is None:
            return []
        table = self.content(item)
        count, names_size = SYMBOLS_HEADER.unpack_from(table)
        names = table[SYMBOLS_HEADER.size + count * SYMBOL.size:]
        assert len(names) == names_size and names[-1] == 0, "names_bytes lies"
        return [(offset, names[name:names.index(b"\0", name)].decode())
                for offset, name in (SYMBOL.unpack_from(table, SYMBOLS_HEADER.size + i * SYMBOL.size)
                                     for i in range(count))]

    def used_sectors(self):
        """Up to the end of the last item; behind it there is only padding."""
        return max(item.lba + item.sectors for item in self.items)

    def needed_sectors(self):
        """The LBAs that a boot reads: all but the padding."""
        ranges = [(0, 1), (STAGE2_LBA, self.stage2_sectors),
                  (self.header_lba, self.header_sectors)]
        ranges += [(item.lba, item.sectors) for item in self.items]
        return {lba for first, count in ranges for lba in range(first, first + count)}

    # ---- damage ----

    def flip(self, lba, offset=0):
        """Inverts one bit in the middle of a byte."""
        self.data[lba * SECTOR + offset] ^= 0x10

    def kernel_bytes(self):
        return self.content(self.kernel)

    def patch_item(self, item, offset, replacement):
        """Changes bytes of an item and repairs every checksum above it: what is refused then is
        refused for its meaning."""
        start = item.lba * SECTOR
        self.data[start + offset:start + offset + len(replacement)] = replacement
        item.sum, item.weighted_sum = checksum(
            bytes(self.data[start:start + item.sectors * SECTOR]))
        self.repair_header()

    def patch_kernel(self, offset, replacement):
        self.patch_item(self.kernel, offset, replacement)

    def repair_header(self):
        """Writes the items back and computes the image header's own checksum anew."""
        for index, item in enumerate(self.items):
            offset = self._item_offset(index)
            self.data[offset:offset + ITEM.size] = item.pack()
        start = self.header_lba * SECTOR
        field = start + IMAGE_CHECKSUM_OFFSET
        self.data[field:field + 16] = bytes(16)
        sums = checksum(bytes(self.data[start:start + self.header_bytes]))
        self.data[field:field + 16] = struct.pack("<2Q", *sums)

    def patch_header(self, offset, replacement):
        """Changes bytes of the image header and repairs its checksum."""
        start = self.header_lba * SECTOR + offset
        self.data[start:start + len(replacement)] = replacement
        self.items = [self._unpack_item(index) for index in range(len(self.items))]
        self.repair_header()

    def patch_stage2(self, offset, replacement):
        """Changes bytes of stage 2, counted from its first, and repairs its sums."""
        start = STAGE2_LBA * SECTOR
        first_end = start + self.first_block_sectors * SECTOR
        self.data[start + offset:start + offset + len(replacement)] = replacement
        rest = rest_sum(self.data[first_end:start + self.stage2_sectors * SECTOR])
        struct.pack_into("<Q", self.data, start + REST_SUM_OFFSET, rest)
        first = word_sums(self.data[start + REST_SUM_OFFSET:first_end])
        struct.pack_into("<2I", self.data, start + FIRST_BLOCK_SUMS_OFFSET, *first)

    # ---- media ----

    def write(self, path, size=None):
        """The image, cut or padded to `size` bytes; what boot needs must fit."""
        if size is not None and size < self.used_sectors() * SECTOR:
            raise ValueError(f"the image uses {self.used_sectors()} sectors, "
                             f"the medium has {size // SECTOR}")
        with open(path, "wb") as file:
            file.write(self.data if size is None else self.data[:size])
            if size is not None:
                file.truncate(size)
        return path

    def truncated_to(self, path, sectors):
        """The image with the rest of the disk missing, needed or not."""
        with open(path, "wb") as file:
            file.write(self.data[:sectors * SECTOR])
        return path


def power_of_two_size(size):
    """What an SD card's size must be."""
    return 1 << (size - 1).bit_length()


def boot_iso(image, directory, *options):
    """A CD that boots the image by El Torito, in the way that genisoimage's options name."""
    tree = os.path.join(directory, "tree")
    os.mkdir(tree)
    shutil.copy(image, os.path.join(tree, "disk.bin"))
    iso = os.path.join(directory, "disk.iso")
    subprocess.run(["genisoimage", "-quiet", *options, "-b", "disk.bin", "-o", iso, tree],
                   check=True, capture_output=True)
    return iso


def hard_disk_iso(image, directory):
    """The image as a hard disk's, which firmware emulates."""
    return boot_iso(image, directory, "-hard-disk-boot")


def no_emulation_iso(image, directory):
    """The image's first 2048 bytes as a program: behind them there are sectors of that size."""
    return boot_iso(image, directory, "-no-emul-boot", "-boot-load-size", "4")


def error_rule(lba, once=False):
    """A blkdebug rule: reading this sector fails, always or the first time."""
    return ("[inject-error]\n" 'event = "read_aio"\n' f'sector = "{lba}"\n'
            f'once = "{"on" if once else "off"}"\n')


def faulty_file(image, rules, directory):
    """The name under which QEMU opens an image on which `rules` (error_rule) fail."""
    path = os.path.join(directory, "blkdebug.conf")
    with open(path, "w") as file:
        file.write("\n".join(rules))
    return f"blkdebug:{path}:{image}"


def faulty_ide_disk(image, rules, directory):
    """QEMU's options for an IDE disk on which `rules` fail."""
    file = option_value(faulty_file(image, rules, directory))
    return ["-drive", f"if=ide,file={file},format=raw"]
