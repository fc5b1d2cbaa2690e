"""Kernels with section headers: a symbol table, and sections of other names. Used by the tests of
the symbols item and of the boot request's note."""

import struct

from harness.elf_file import ELF_HEADER, PAGE, R, X, Segment, executable
from support import BASE

SECTION_HEADER = struct.Struct("<IIQQQQIIQQ")
SYMBOL = struct.Struct("<IBBHQQ")
SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB, SHT_NOTE = 1, 2, 3, 7
LOCAL, GLOBAL, WEAK = 0, 1, 2
NOTYPE, OBJECT, FUNC, SECTION, FILE = 0, 1, 2, 3, 4
UNDEFINED, ABSOLUTE = 0, 0xFFF1


def symbol(name, address, kind=FUNC, binding=GLOBAL, section=1):
    return name, address, kind, binding, section


def with_sections(kernel, sections):
    """The ELF file with these sections behind it: (name, type, content or (offset, size), sh_link,
    sh_entsize). Section 0 and the names' section, the last one, are added."""
    kernel = bytearray(kernel)
    names = b"\0"
    headers = [bytes(SECTION_HEADER.size)]
    for name, kind, content, link, entry_size in [*sections, (".shstrtab", SHT_STRTAB, b"", 0, 0)]:
        name_offset = len(names)
        names += name.encode() + b"\0"
        if name == ".shstrtab":
            content = names
        if isinstance(content, tuple):
            offset, size = content
        else:
            kernel += bytes(-len(kernel) % 8)
            offset, size = len(kernel), len(content)
            kernel += content
        headers.append(SECTION_HEADER.pack(name_offset, kind, 0, 0, offset, size, link, 0, 1,
                                           entry_size))
    kernel += bytes(-len(kernel) % 8)
    header = list(ELF_HEADER.unpack_from(kernel))
    header[6], header[11:14] = len(kernel), (SECTION_HEADER.size, len(headers), len(headers) - 1)
    kernel[:ELF_HEADER.size] = ELF_HEADER.pack(*header)
    return bytes(kernel + b"".join(headers))


def symbol_sections(symbols):
    """.symtab and .strtab, sections 1 and 2, of symbol()s or pairs (name, address)."""
    names, table = b"\0", bytes(SYMBOL.size)
    for entry in symbols:
        name, address, kind, binding, section = entry if len(entry) == 5 else symbol(*entry)
        table += SYMBOL.pack(len(names) if name else 0, binding << 4 | kind, 0, section, address, 0)
        names += name.encode() + b"\0" if name else b""
    return [(".symtab", SHT_SYMTAB, table, 2, SYMBOL.size), (".strtab", SHT_STRTAB, names, 0, 0)]


def kernel_with_symbols(symbols, segments=None):
    segments = segments or [Segment(BASE, R | X, b"\xf4" * 2 * PAGE)]
    return with_sections(executable(segments, segments[0].address), symbol_sections(symbols))
