"""The sections of an ELF64 file by name. Used by the tests that look into debug information."""

import struct

from harness.elf_file import ELF_HEADER

SECTION_HEADER = struct.Struct("<IIQQQQIIQQ")
SHT_NOBITS = 8
SHF_COMPRESSED = 0x800


def sections(data):
    """[(name, bytes)] of all sections that have bytes in the file; none if `data` is no ELF64 file."""
    if data[:5] != b"\x7fELF\x02":
        return []
    fields = ELF_HEADER.unpack_from(data)
    offset, count, names_index = fields[6], fields[12], fields[13]
    headers = [SECTION_HEADER.unpack_from(data, offset + index * SECTION_HEADER.size)
               for index in range(count)]
    names = headers[names_index][4]
    found = []
    for name, kind, flags, _, start, size, *_ in headers:
        assert not flags & SHF_COMPRESSED, "a compressed section: its text is not to be seen"
        if kind != SHT_NOBITS:
            end = data.index(b"\0", names + name)
            found.append((data[names + name:end].decode(), data[start:start + size]))
    return found
