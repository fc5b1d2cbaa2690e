"""Writes small ELF64 executables byte by byte, for what no linker would make: kernels at any
address, of any size, with any request, with any flaw. Used by tests/boot, tests/image and
tests/bench. Written against the formats' descriptions, not with the project's C."""

import struct

ELF_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")
ET_EXEC, ET_DYN, EM_X86_64 = 2, 3, 62
PT_LOAD, PT_DYNAMIC, PT_NOTE, PT_TLS, PT_GNU_RELRO = 1, 2, 4, 7, 0x6474E552
X, W, R = 1, 2, 4
PAGE = 4096

# mov al, 10h; out 0F4h, al; cli; hlt; jmp -4: ends QEMU with the status for success.
EXIT_CODE = bytes.fromhex("b010 e6f4 fa f4 ebfc")

# struct boot_request of firstlight/boot_request.h, field by field.
REQUEST_FIELDS = (("version", "I"), ("size", "I"), ("required", "Q"), ("minimum_version", "I"),
                  ("flags", "I"), ("stack_size", "Q"), ("direct_map", "Q"),
                  ("recursive_slot", "I"), ("video", "I"), ("width", "I"), ("height", "I"),
                  ("depth", "I"), ("reserved", "I"), ("physical_alignment", "Q"))
REQUEST_SIZE = struct.calcsize("<" + "".join(form for _, form in REQUEST_FIELDS))
NO_DIRECT_MAP, NO_RANDOMISATION, AVOID_ISA_HOLE = 1, 2, 4  # flags
TEXT, FRAMEBUFFER, FRAMEBUFFER_REQUIRED = 0, 1, 2          # video
NOTE_NAME, NOTE_TYPE = b"Firstlight\0", 1

# Dynamic section and relocations (gABI chapter 5; AMD64 supplement 4.4).
DYNAMIC_ENTRY = struct.Struct("<QQ")
RELA = struct.Struct("<QQQ")
SYMBOL = struct.Struct("<IBBHQQ")
DT_NULL, DT_STRTAB, DT_SYMTAB, DT_RELA, DT_RELASZ, DT_RELAENT = 0, 5, 6, 7, 8, 9
DT_STRSZ, DT_SYMENT, DT_RELACOUNT = 10, 11, 0x6FFFFFF9
R_NONE, R_64, R_RELATIVE = 0, 1, 8
MASK_64 = (1 << 64) - 1


class Segment:
    """`memory` is the size in memory, at least that of `data`; `alignment` goes into p_align."""

    def __init__(self, address, flags, data, memory=None, alignment=PAGE):
        self.address, self.flags, self.data = address, flags, data
        self.memory = len(data) if memory is None else memory
        self.alignment = alignment


# ---- the boot request ----

def boot_request(tail=b"", **fields):
    """The structure: named fields of REQUEST_FIELDS, the others 0; `tail` is what a later version
    has behind them. version and size are right unless named."""
    values = {"version": 1, "size": REQUEST_SIZE + len(tail), **fields}
    unknown = set(values) - {name for name, _ in REQUEST_FIELDS}
    assert not unknown, f"no such field: {unknown}"
    return b"".join(struct.pack("<" + form, values.get(name, 0))
                    for name, form in REQUEST_FIELDS) + tail


def note(descriptor, name=NOTE_NAME, kind=NOTE_TYPE):
    """One ELF note, name and descriptor padded to 4 bytes."""
    return (struct.pack("<3I", len(name), len(descriptor), kind) + name + bytes(-len(name) % 4) +
            descriptor + bytes(-len(descriptor) % 4))


def request_note(**fields):
    """The note that asks for these fields: boot_request's arguments."""
    return note(boot_request(**fields))


# ---- relocations ----

def relocation(address, addend, kind=R_RELATIVE, symbol=0):
    """An entry of a DT_RELA table: the 8 bytes at `address`."""
    return RELA.pack(address, symbol << 32 | kind, addend & MASK_64)


class DynamicData:
    """Relocations, symbols and dynamic section one behind the other, to be the data of a segment
    (or its start) at `address`. `relocations` are entries (relocation()); `symbols` the values of
    symbols 1, 2, ..., None for one that is undefined; `extra` is pairs (tag, value) put in
    front."""

    def __init__(self, address, relocations, symbols=(), extra=()):
        table = b"".join(relocations)
        names = b"\0" + b"".join(b"s%d\0" % index for index in range(1, len(symbols) + 1))
        entries = bytes(SYMBOL.size) + b"".join(
            SYMBOL.pack(names.index(b"s%d\0" % index), 0x10, 0, 0 if value is None else 1,
                        value or 0, 0)
            for index, value in enumerate(symbols, 1))
        pairs = [*extra, (DT_RELA, address), (DT_RELASZ, len(table)), (DT_RELAENT, RELA.size),
                 (DT_SYMTAB, address + len(table)), (DT_SYMENT, SYMBOL.size),
                 (DT_STRTAB, address + len(table) + len(entries)), (DT_STRSZ, len(names)),
                 (DT_NULL, 0)]
        head = table + entries + names
        head += bytes(-len(head) % 8)
        dynamic = b"".join(DYNAMIC_ENTRY.pack(tag, value) for tag, value in pairs)
        self.data = head + dynamic
        self.place = (address + len(head), len(dynamic))  # for executable(dynamic=...)


# ---- the file ----

def _part_header(kind, flags, place, segments, offsets, alignment):
    """A program header of (address, size in the file, size in memory) inside a segment."""
    address, file_size, memory_size = place
    offset = 0
    for segment, start in zip(segments, offsets):
        if segment.address <= address < segment.address + max(segment.memory, 1):
            offset = start + address - segment.address
    return PROGRAM_HEADER.pack(kind, flags, offset, address, address, file_size, memory_size,
                               alignment)


def executable(segments, entry, request=None, notes=(), kind=ET_EXEC, dynamic=None, relro=None,
               tls=None, headers=()):
    """The file: headers, then each segment at an offset congruent to its address, then the notes.

    request  fields of the boot request as a dictionary, for a PT_NOTE segment
    notes    contents of further PT_NOTE segments, each bytes (note())
    kind     ET_DYN for a position-independent kernel
    dynamic  (address, size) for PT_DYNAMIC; see DynamicData
    relro    (address, size) for PT_GNU_RELRO
    tls      (address, file size, memory size, alignment) for PT_TLS
    headers  more program headers, as they are: tuples of PROGRAM_HEADER's fields

    Program headers: the segments in their order, notes, dynamic, RELRO, TLS, `headers`."""
    notes = ([request_note(**request)] if request is not None else []) + list(notes)
    count = (len(segments) + len(notes) + sum(part is not None for part in (dynamic, relro, tls)) +
             len(headers))
    image = bytearray(ELF_HEADER.size + count * PROGRAM_HEADER.size)
    identification = b"\x7fELF" + bytes([2, 1, 1, 0]) + bytes(8)
    image[:ELF_HEADER.size] = ELF_HEADER.pack(
        identification, kind, EM_X86_64, 1, entry, ELF_HEADER.size, 0, 0, ELF_HEADER.size,
        PROGRAM_HEADER.size, count, 0, 0, 0)
    table, offsets = [], []
    for segment in segments:
        image += bytes((segment.address - len(image)) % max(segment.alignment, PAGE))
        offsets.append(len(image))
        table.append(PROGRAM_HEADER.pack(
            PT_LOAD, segment.flags, len(image), segment.address, segment.address,
            len(segment.data), segment.memory, segment.alignment))
        image += segment.data
    for content in notes:
        image += bytes(-len(image) % 8)
        table.append(PROGRAM_HEADER.pack(PT_NOTE, R, len(image), 0, 0, len(content),
                                         len(content), 4))
        image += content
    if dynamic is not None:
        table.append(_part_header(PT_DYNAMIC, R | W, (*dynamic, dynamic[1]), segments, offsets, 8))
    if relro is not None:
        table.append(_part_header(PT_GNU_RELRO, R, (*relro, relro[1]), segments, offsets, 1))
    if tls is not None:
        table.append(_part_header(PT_TLS, R, tls[:3], segments, offsets, tls[3]))
    table += [PROGRAM_HEADER.pack(*header) for header in headers]
    image[ELF_HEADER.size:ELF_HEADER.size + count * PROGRAM_HEADER.size] = b"".join(table)
    return bytes(image)


def program_header_offset(index):
    return ELF_HEADER.size + index * PROGRAM_HEADER.size


def write_executable(path, segments, entry, **more):
    """executable(), into a file."""
    with open(path, "wb") as file:
        file.write(executable(segments, entry, **more))
    return path
