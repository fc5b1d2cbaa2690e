"""Kernels for the benchmark: any loader that is compared can start the same file. It is a Multiboot 1 and 2
kernel, entered in protected mode, and Firstlight's, entered in long mode: its few instructions mean the
same in both, and end QEMU at once. What makes it large (contents.py) is read by nobody. Used by
contenders.py and measure.py."""

import struct

from harness.elf_file import EXIT_CODE, PAGE, R, Segment, X, executable

# Above what the loaders use themselves, in a place of the page that no code of theirs begins at by
# chance: the plugins take its address for the end of the boot.
KERNEL_ADDRESS = 0x4000000
ENTRY_OFFSET = 0xABD
KERNEL_ENTRY = KERNEL_ADDRESS + ENTRY_OFFSET

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
