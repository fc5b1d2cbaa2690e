"""Makes first inputs of the fuzz targets from what a build has made: `seeds.py BUILD FOLDER`. Only
for who begins a corpus anew; what fuzzing has found since is in corpus/."""

import os
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness.disk_image import checksum, word_sums

SECTOR = 512
STAGE2 = struct.Struct("<8s4I2HIQ")
ITEM = struct.Struct("<IIQQQQQQQIHHQ")
ITEM_LBA = 8
HEADER_BYTES = 48
CHECKSUM = 32  # in the header
FIRST_BLOCK = 6
STUB_STAGE2 = 12  # sectors of the loader that target_stage2.c puts in front
KERNEL, COMMAND_LINE, SYMBOLS, MODULE = 1, 2, 3, 4
MOST = 32768 - 1024


class Image:
    """A disk image that bootimage has written."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.bytes = file.read()
        fields = STAGE2.unpack_from(self.bytes, SECTOR)
        self.header_sectors, self.header_lba = fields[-2:]
        self.header = self.bytes[self.header_lba * SECTOR:][:self.header_sectors * SECTOR]
        count = struct.unpack_from("<I", self.header, 20)[0]
        self.items = [ITEM.unpack_from(self.header, HEADER_BYTES + i * ITEM.size)
                      for i in range(count)]

    def item(self, kind):
        for item in self.items:
            if item[0] == kind:
                return self.bytes[item[2] * SECTOR:][:item[3]]
        return b""

    def from_header(self, lba):
        """Header and items, the header at another LBA."""
        header = bytearray(self.header)
        for i, item in enumerate(self.items):
            struct.pack_into("<Q", header, HEADER_BYTES + i * ITEM.size + ITEM_LBA,
                             item[2] - self.header_lba + lba)
        header[CHECKSUM:HEADER_BYTES] = bytes(HEADER_BYTES - CHECKSUM)
        struct.pack_into("<QQ", header, CHECKSUM, *checksum(header))
        end = max(item[2] * SECTOR + item[3] for item in self.items)
        rest = self.bytes[(self.header_lba + self.header_sectors) * SECTOR:end]
        return bytes(header) + rest + bytes(-len(rest) % SECTOR)

    def small(self):
        """An image with as little stage 2 as the format allows."""
        lba = 1 + FIRST_BLOCK
        loader = bytearray(self.bytes[:lba * SECTOR])
        loader[3] |= 7  # padded: see target_inspect.c
        fields = list(STAGE2.unpack_from(loader, SECTOR))
        fields[3:5] = 0, 0  # of stage 2's rest, which is not there
        fields[6], fields[8] = FIRST_BLOCK, lba
        STAGE2.pack_into(loader, SECTOR, *fields)
        struct.pack_into("<II", loader, SECTOR + 8, *word_sums(loader[SECTOR + 16:]))
        return bytes(loader) + self.from_header(lba)


def images(build):
    for folder, _, names in os.walk(build):
        for name in sorted(names):
            if name.endswith(".bin") and "CMakeFiles" not in folder:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    start = file.read(SECTOR + 8)
                if start[SECTOR:] == b"1stLight":
                    yield name.removesuffix(".bin"), Image(path)


def note_segments(kernel):
    offset, = struct.unpack_from("<Q", kernel, 32)
    count, = struct.unpack_from("<H", kernel, 56)
    for i in range(count):
        fields = struct.unpack_from("<2I6Q", kernel, offset + i * 56)
        if fields[0] == 4:
            yield kernel[fields[2]:fields[2] + fields[5]]


def note():
    """A boot request: 16 KiB of stack, recursive slot 300, physical alignment 64 KiB."""
    request = struct.pack("<IIQIIQQIIIIIIQ", 1, 72, 0, 0, 0, 0x4000, 0, 300, 0, 0, 0, 0, 0, 0x10000)
    return struct.pack("<III12s", 11, len(request), 1, b"Firstlight") + request


def symbol_sections(file, text):
    """Appends .symtab and .strtab with names that share their ends; gives the headers' offset."""
    names = [b"", b"first", b"other_first", b"st", b"label", b"late"]
    table = b"\0".join(names) + b"\0"
    symbols = bytes(24)
    for i, name in enumerate(names[1:]):
        symbols += struct.pack("<IBBHQQ", table.index(name + b"\0"), 0x10 | 2 * (i % 3 != 2), 0, 1,
                               text + 8 * i, 8)
    at = len(file)
    file += symbols + table
    file += bytes(-len(file) % 8)
    headers = len(file)
    file += bytes(64)
    file += struct.pack("<IIQQQQIIQQ", 0, 2, 0, 0, at, len(symbols), 2, 0, 8, 24)
    file += struct.pack("<IIQQQQIIQQ", 0, 3, 0, 0, at + len(symbols), len(table), 0, 0, 1, 0)
    return headers


def position_independent():
    """A small kernel with all that bootimage knows: relocations of every kind in both tables,
    PT_TLS, PT_GNU_RELRO, a boot request, symbols."""
    symbols, relocations, request, text, data, end = 0x400, 0x600, 0x800, 0x1000, 0x2000, 0x2180
    headers = [(1, 4, 0, text, text, 4096), (1, 5, text, 0x100, 0x100, 4096),
               (1, 6, data, end - data, 0x1680, 4096), (2, 6, data, 0x100, 0x100, 8),
               (7, 4, data + 0x140, 0x10, 0x20, 16), (0x6474E552, 4, data, 0x1000, 0x1000, 1),
               (4, 4, request, len(note()), len(note()), 4)]
    dynamic = [(7, relocations), (8, 5 * 24), (9, 24), (23, relocations + 5 * 24), (2, 24), (20, 7),
               (6, symbols), (11, 24)]
    table = [(data + 0x100, 8, text), (data + 0x108, 8, data), (data + 0x110, 1 << 32 | 1, 4),
             (0, 0, 0), (data + 0x171, 8, 0x123), (data + 0x120, 2 << 32 | 1, 8)]
    file = bytearray(end)
    file[request:request + len(note())] = note()
    for i, (kind, flags, at, size, memory, alignment) in enumerate(headers):
        struct.pack_into("<2I6Q", file, 64 + i * 56, kind, flags, at, at, at, size, memory, alignment)
    struct.pack_into("<IBBHQQ", file, symbols + 24, 0, 0x10, 0, 1, data + 0x40, 0)
    struct.pack_into("<IBBHQQ", file, symbols + 48, 0, 0x10, 0, 0xFFF1, 0x1234, 0)
    for i, fields in enumerate(table):
        struct.pack_into("<QQQ", file, relocations + i * 24, *fields)
    for i, fields in enumerate(dynamic):
        struct.pack_into("<QQ", file, data + i * 16, *fields)
    sections = symbol_sections(file, text)
    struct.pack_into("<16sHHIQQQIHHHHHH", file, 0, b"\x7fELF\x02\x01\x01", 3, 62, 1, text, 64,
                     sections, 0, 64, 56, len(headers), 64, 3, 0)
    return bytes(file)


def image_with_everything(build, compression):
    """What bootimage makes of that kernel, with command lines and modules."""
    with tempfile.TemporaryDirectory() as folder:
        kernel, output = os.path.join(folder, "kernel"), os.path.join(folder, "image")
        with open(kernel, "wb") as file:
            file.write(position_independent())
        subprocess.run([os.path.join(build, "tools", "bootimage", "bootimage"), "create", "--kernel",
                        kernel, "--output", output, "--cmdline", "quiet seed=0x12", "--module",
                        f"one={kernel}", "--module-cmdline", "a b", "--module", f"two={__file__}",
                        "--compress", compression],
                       check=True)
        return Image(output)


def seeds(build):
    """Pairs of a target and an input."""
    for _, image in images(build):
        kernel = image.item(KERNEL)
        yield "image_header", struct.pack("<Q", image.header_lba) + image.header
        if image.item(SYMBOLS):
            yield "symbols", image.item(SYMBOLS)[:1023] + bytes(1)
        if len(kernel) > MOST:
            continue
        yield "kernel", kernel
        yield "create", kernel
        yield "relocate", bytes(9) + kernel
        for note in note_segments(kernel):
            yield "boot_request", struct.pack("<BBHH", 0, 4, 0, len(note)) + note
        if len(image.from_header(0)) < MOST:
            yield "stage2", b"\x05" + bytes(9) + bytes(2) + image.from_header(1 + STUB_STAGE2)
            yield "inspect", image.small()
    for folder, _, names in os.walk(build):
        for name in sorted(names):
            path = os.path.join(folder, name)
            if name.endswith(".elf") and os.path.getsize(path) < MOST:
                with open(path, "rb") as file:
                    yield "create", file.read()
    for compression in ("lz4", "none"):
        everything = image_with_everything(build, compression)
        yield "image_header", struct.pack("<Q", everything.header_lba) + everything.header
        yield "stage2", b"\x05" + bytes(9) + bytes(2) + everything.from_header(1 + STUB_STAGE2)
        yield "inspect", everything.small()
    yield "symbols", everything.item(SYMBOLS)
    for target, prefix in (("relocate", bytes(9)), ("kernel", b""), ("create", b"")):
        yield target, prefix + position_independent()
    yield "firmware_tables", (b"RSD PTR \x00FIRST \x00" + bytes(4)).ljust(48, b"\0")
    yield "firmware_tables", (b"RSD PTR \x00FIRST \x02" + bytes(4) + b"\x24").ljust(48, b"\0")
    yield "firmware_tables", (b"_SM_\x00\x1f\x02\x08" + bytes(8) + b"_DMI_").ljust(48, b"\0")
    yield "firmware_tables", (b"_SM3_\x00\x18\x03").ljust(48, b"\0")
    yield "command_line", b"quiet seed=0x1234 seed=18446744073709551615"
    yield "timeline", (b"boot timeline in microseconds, time-stamp counter at 2000000000 Hz\r\n"
                       b"       from        took       bytes     bytes/s  part        of\r\n"
                       b"0 500 - - step firmware and MBR\r\n500 40 - - step kernel\r\n"
                       b"510 20 1000 50000 read kernel\r\n530 9 2000 2000 decompress kernel\r\n"
                       b"0 540 - - total x\r\n")
    yield "timeline", (b"boot timeline in cycles of the time-stamp counter\n"
                       b" from took\n0 9 - - step x\n0 9 - - total x\n")
    for target in ("memory_map", "memory_claims", "firmware_memory", "handover", "message",
                   "video_mode"):
        yield target, bytes(range(256)) * 2


def main(build, folder):
    for number, (target, content) in enumerate(seeds(build)):
        os.makedirs(os.path.join(folder, target), exist_ok=True)
        with open(os.path.join(folder, target, f"seed{number}"), "wb") as file:
            file.write(content)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: seeds.py BUILD FOLDER")
    main(sys.argv[1], sys.argv[2])
