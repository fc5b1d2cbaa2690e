"""Kernels for the benchmark: any loader that is compared can start the same file. It is a Multiboot 1 and 2
kernel, entered in protected mode, and Firstlight's, entered in long mode: its few instructions mean the
same in both, and end QEMU at once. What makes it large is read by nobody. Used by contenders.py."""

import functools
import os
import random
import shutil
import struct

from harness.elf_file import EXIT_CODE, PAGE, PT_LOAD, R, Segment, X, executable

# Above what the loaders use themselves, in a place of the page that no code of theirs begins at by
# chance: the plugins take its address for the end of the boot.
KERNEL_ADDRESS = 0x4000000
ENTRY_OFFSET = 0xABD
KERNEL_ENTRY = KERNEL_ADDRESS + ENTRY_OFFSET
SEED = 1

# Multiboot Specification 0.6.96, 3.1: the address fields are there, because SYSLINUX's mboot.c32
# takes ELF files of 32 bits only.
MULTIBOOT1_MAGIC, MULTIBOOT1_ADDRESSES = 0x1BADB002, 1 << 16
# Multiboot2 Specification 2.0, 3.1: header, end tag.
MULTIBOOT2_MAGIC, MULTIBOOT2_I386, MULTIBOOT2_END_TAG = 0xE85250D6, 0, (0, 0, 8)
MULTIBOOT2_HEADER_BYTES = 16 + 8
WORD = 1 << 32


def multiboot1_header(address, end):
    """The header at this address, of a kernel whose file is to be loaded as it is up to `end`."""
    head = struct.pack("<3I", MULTIBOOT1_MAGIC, MULTIBOOT1_ADDRESSES,
                       -(MULTIBOOT1_MAGIC + MULTIBOOT1_ADDRESSES) % WORD)
    return head + struct.pack("<5I", address, KERNEL_ADDRESS, end, end, KERNEL_ENTRY)


def multiboot2_header():
    fields = (MULTIBOOT2_MAGIC, MULTIBOOT2_I386, MULTIBOOT2_HEADER_BYTES)
    return struct.pack("<4I", *fields, -sum(fields) % WORD) + struct.pack("<HHI",
                                                                          *MULTIBOOT2_END_TAG)


def kernel(data):
    """The ELF file of a kernel with this data, which no loader may leave out."""
    second = multiboot2_header()
    first = multiboot1_header(KERNEL_ADDRESS + len(second), KERNEL_ADDRESS + PAGE + len(data))
    code = (second + first).ljust(ENTRY_OFFSET, b"\0") + EXIT_CODE
    return executable([Segment(KERNEL_ADDRESS, R | X, code.ljust(PAGE, b"\0")),
                       Segment(KERNEL_ADDRESS + PAGE, R, data)], KERNEL_ENTRY)


# ---- what is in it ------------------------------------------------------------------------------

def incompressible(size):
    return random.Random(SEED).randbytes(size)


def _segments(path):
    """(code, read-only data) of an ELF file for 64 bits: the loadable segments with X, and those
    behind them with R only, so that a library's symbol names are not taken for data."""
    with open(path, "rb") as file:
        head = file.read(64)
        if head[:5] != b"\x7fELF\x02":
            return b"", b""
        table, = struct.unpack_from("<Q", head, 32)
        entry_bytes, count = struct.unpack_from("<HH", head, 54)
        code, data = b"", b""
        for index in range(count):
            file.seek(table + index * entry_bytes)
            kind, flags, offset, _, _, size = struct.unpack("<IIQQQQ", file.read(40))
            if kind != PT_LOAD:
                continue
            file.seek(offset)
            if flags & X:
                code += file.read(size)
            elif flags == R and code:
                data += file.read(size)
        return code, data


@functools.cache
def sources():
    """The programs whose code and text a real payload is made of; all of them are needed to build
    and to measure, and they are large."""
    clang = os.path.realpath(shutil.which("clang") or "")
    libraries = os.path.join(os.path.dirname(os.path.dirname(clang)), "lib")
    found = [os.path.realpath(shutil.which("qemu-system-x86_64") or "")]
    for prefix in ("libLLVM", "libclang-cpp"):
        names = sorted(name for name in os.listdir(libraries) if name.startswith(prefix) and
                       ".so" in name) if os.path.isdir(libraries) else []
        found += [os.path.realpath(os.path.join(libraries, name)) for name in names[:1]]
    return tuple(path for path in found if os.path.isfile(path))


@functools.cache
def _code_and_text():
    code, data = b"", b""
    for path in sources():
        more_code, more_data = _segments(path)
        code, data = code + more_code, data + more_data
    return code, data


def real(size):
    """Three quarters of machine code, one of read-only data: about what a kernel has. What is too short
    is taken again from its start, which is further away than LZ4 looks back."""
    code, data = _code_and_text()

    def cut(source, length):
        return (source * (length // len(source) + 1))[:length]
    # The code last: data may end with zeros, which no loader needs to read.
    return cut(data, size // 4) + cut(code, size - size // 4)


CONTENTS = {"incompressible": incompressible, "real": real}
